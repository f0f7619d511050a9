package sandbox

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/smtp"
	"net/textproto"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// post sends a text as a lender's program does.
func (x *Texts) post(t *testing.T, account, token string, form url.Values) (status int, answer struct {
	SID  string `json:"sid"`
	Code int    `json:"code"`
}, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.Address()+"/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(account, token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return 0, answer, err
	}
	defer res.Body.Close()
	return res.StatusCode, answer, json.NewDecoder(res.Body).Decode(&answer)
}

func text(to, body string) url.Values {
	return url.Values{"To": {to}, "From": {SandboxNumber}, "Body": {body}}
}

func TestATextLandsBesideTheMailAndStaysThere(t *testing.T) {
	s := newStand(t)
	s.texts.Now = func() time.Time { return time.Date(2026, 3, 4, 17, 0, 0, 0, time.UTC) }
	account, token := s.texts.Credentials()
	status, answer, err := s.texts.post(t, account, token, text("+12025550143", "Kestrane: 481516 is your code to <sign in>."))
	if err != nil || status != http.StatusCreated || len(answer.SID) != 34 {
		t.Fatalf("%d %+v, %v", status, answer, err)
	}
	host, port := s.inbox.Address()
	letter := "From: help@kestrane.example\r\nTo: mei.sato@mail.example\r\nSubject: Your statement is ready\r\nDate: Wed, 04 Mar 2026 11:00:00 -0500\r\n\r\nYour statement is ready.\r\n"
	if err := smtp.SendMail(net.JoinHostPort(host, strconv.Itoa(port)), nil, "help@kestrane.example", []string{"mei.sato@mail.example"}, []byte(letter)); err != nil {
		t.Fatal(err)
	}
	s.shows(t, "/sandbox/inbox", "481516 is your code to &lt;sign in&gt;.", "Text message</span>", "E-mail</span>", "Your statement is ready", "2 messages")
	s.shows(t, "/sandbox/inbox?find=(202)+555-0143", "481516", "1 message,")
	s.shows(t, "/sandbox/inbox?kind=email", "Your statement is ready", "1 message,")
	s.shows(t, "/sandbox/inbox?kind=text", "481516", "1 message,")
	s.shows(t, "/sandbox/inbox?find=481516&kind=email", "No message matches")
	s.shows(t, "/sandbox/texts/0000001", "Kestrane: 481516 is your code to &lt;sign in&gt;.", "(202) 555-0143", "Mar 4, 2026, 12:00 p.m. EST", "43 characters")
	again, err := OpenTexts(filepath.Join(s.dir, "texts"))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if m := again.Messages(""); len(m) != 1 || m[0].SID != answer.SID {
		t.Errorf("opened again: %+v", m)
	}
}

func TestTheProviderRefusesWhatTwilioRefuses(t *testing.T) {
	s := newStand(t)
	account, token := s.texts.Credentials()
	for name, c := range map[string]struct {
		account, token string
		form           url.Values
		status, code   int
	}{
		"wrong token":   {account, "guess", text("+12025550143", "Hello"), 401, 20003},
		"wrong account": {"AC1", token, text("+12025550143", "Hello"), 401, 20003},
		"no number":     {account, token, text("2025550143", "Hello"), 400, 21211},
		"no sender":     {account, token, url.Values{"To": {"+12025550143"}, "Body": {"Hello"}}, 400, 21603},
		"no words":      {account, token, text("+12025550143", " "), 400, 21602},
		"too long":      {account, token, text("+12025550143", strings.Repeat("a", 1601)), 400, 21617},
	} {
		if status, answer, err := s.texts.post(t, c.account, c.token, c.form); err != nil || status != c.status || answer.Code != c.code {
			t.Errorf("%s: %d %+v, %v", name, status, answer, err)
		}
	}
	if m := s.texts.Messages(""); len(m) > 0 {
		t.Errorf("%d were taken", len(m))
	}
}

func TestTheProviderMisbehavesWhenTold(t *testing.T) {
	for trouble, want := range map[Trouble]struct {
		status, kept int
		fails        bool
	}{
		Slow: {201, 1, false}, Busy: {429, 0, false}, Broken: {500, 0, false}, Refusing: {400, 0, false},
		Hanging: {0, 0, true}, Dropping: {0, 1, true}, Twice: {201, 2, false},
	} {
		t.Run(string(trouble), func(t *testing.T) {
			s := newStand(t)
			s.texts.Misbehave(trouble, 50*time.Millisecond)
			account, token := s.texts.Credentials()
			status, _, err := s.texts.post(t, account, token, text("+12025550143", "Hello"))
			if status != want.status || err != nil != want.fails || len(s.texts.Messages("")) != want.kept {
				t.Errorf("%d, %v, %d kept", status, err, len(s.texts.Messages("")))
			}
		})
	}
}

func TestTheInboxMisbehavesWhenTold(t *testing.T) {
	for trouble, want := range map[Trouble]struct{ code, kept int }{
		Slow: {0, 1}, Busy: {451, 0}, Broken: {421, 0}, Refusing: {550, 0}, Hanging: {-1, 0}, Dropping: {-1, 1},
	} {
		t.Run(string(trouble), func(t *testing.T) {
			s := newStand(t)
			s.inbox.Misbehave(trouble, 50*time.Millisecond)
			host, port := s.inbox.Address()
			conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			err = func() error {
				c, err := smtp.NewClient(conn, host)
				if err != nil {
					return err
				}
				if err := errors.Join(c.Mail("help@kestrane.example"), c.Rcpt("mei.sato@mail.example")); err != nil {
					return err
				}
				w, err := c.Data()
				if err != nil {
					return err
				}
				if _, err := w.Write([]byte("Subject: Hello\r\n\r\nHello\r\n")); err != nil {
					return err
				}
				return w.Close()
			}()
			code := 0
			if answered := (*textproto.Error)(nil); errors.As(err, &answered) {
				code = answered.Code
			} else if err != nil {
				code = -1
			}
			if code != want.code || len(s.inbox.Messages("")) != want.kept {
				t.Errorf("answered %d, %v, %d kept", code, err, len(s.inbox.Messages("")))
			}
		})
	}
}
