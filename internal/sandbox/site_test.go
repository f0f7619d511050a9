package sandbox

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/money"
	"marque/internal/web"
)

type stand struct {
	*httptest.Server
	inbox *Inbox
	texts *Texts
	bank  *Bank
	day   atomic.Int64
	dir   string
}

func newStand(t *testing.T) *stand {
	t.Helper()
	return newStandWith(t, nil)
}

func newStandWith(t *testing.T, cards *Processor) *stand {
	t.Helper()
	s := &stand{dir: t.TempDir()}
	s.day.Store(int64(money.NewDate(2026, 3, 4)))
	s.bank = openBank(t, s.dir, nil)
	var err error
	if s.inbox, err = OpenInbox(filepath.Join(s.dir, "inbox")); err != nil {
		t.Fatal(err)
	}
	if s.texts, err = OpenTexts(filepath.Join(s.dir, "texts")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.inbox.Close(), s.texts.Close()); err != nil {
			t.Error(err)
		}
	})
	brand, err := web.LoadBrand(web.DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	err = Register(mux, Options{
		Lender: brand, Inbox: s.inbox, Texts: s.texts, Bank: s.bank, Cards: cards, Base: t.Context(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
		Today: func(context.Context) (money.Date, error) { return money.Date(s.day.Load()), nil },
		Forward: func(_ context.Context, through money.Date) error {
			s.day.Store(int64(through + 1))
			return nil
		},
		SignIns: []SignIn{{Who: "A customer with a lease", Username: "a@mail.example", Password: "winter ferry with no timetable"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *stand) shows(t *testing.T, path string, want ...string) {
	t.Helper()
	res, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, res.Status, err)
	}
	for _, w := range append(want, "not the lender’s site") {
		if !strings.Contains(string(b), w) {
			t.Errorf("%s does not say %q", path, w)
		}
	}
}

func TestAMessageLandsInTheInboxAndStaysThere(t *testing.T) {
	s := newStand(t)
	s.shows(t, "/sandbox/inbox", "No messages yet")
	letter := "From: Kestrane <help@kestrane.example>\r\nTo: <mei.sato@mail.example>\r\nSubject: =?UTF-8?q?Your_code_=E2=80=93_soon?=\r\nDate: Wed, 04 Mar 2026 12:00:00 -0500\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
		"Your code is 123456=2E\r\n\r\nDo not share it <ever>.\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Your code is <b>123456</b></p>\r\n--b--\r\n"
	host, port := s.inbox.Address()
	err := smtp.SendMail(net.JoinHostPort(host, strconv.Itoa(port)), nil, "help@kestrane.example", []string{"mei.sato@mail.example"}, []byte(letter))
	if err != nil {
		t.Fatal(err)
	}
	s.shows(t, "/sandbox/inbox", "Your code – soon", "mei.sato@mail.example", "1 message")
	s.shows(t, "/sandbox/inbox?find=SATO", "Your code – soon")
	s.shows(t, "/sandbox/inbox?find=nobody", "No message matches")
	s.shows(t, "/sandbox/inbox/0000001", "Your code is 123456.", "Do not share it &lt;ever&gt;.", "Mar 4, 2026, 12:00 p.m. EST")
	again, err := OpenInbox(filepath.Join(s.dir, "inbox"))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if m := again.Messages(""); len(m) != 1 || m[0].Subject != "Your code – soon" {
		t.Errorf("opened again: %+v", m)
	}
	res, err := http.Get(s.URL + "/sandbox/inbox/0000001/as-sent")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if p := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "sandbox; default-src 'none'") {
		t.Errorf("policy of a message %q", p)
	}
}

// postForm sends a form as a page of the sandbox does.
func postForm(address string, form url.Values) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return http.DefaultClient.Do(r)
}

func TestTheBankPagesSendAnEntryBack(t *testing.T) {
	s := newStand(t)
	s.shows(t, "/sandbox/bank", "No files yet")
	name := leaveFile(t, filepath.Join(s.dir, "rail"), money.NewDate(2026, 3, 3), 1, 2)
	s.shows(t, "/sandbox/bank", name, "$800.01")
	s.shows(t, "/sandbox/bank/"+name, "AALIYAH OSEI", "K00000001", "Taken")
	entry := s.URL + "/sandbox/bank/" + name + "/004000000000002"
	res, err := postForm(entry, url.Values{"code": {"R99"}})
	if err != nil || res.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("an unknown reason: %v, %v", res.Status, err)
	}
	for range 2 { // a double click
		if res, err = postForm(entry, url.Values{"code": {"R01"}}); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", res.Status, err)
		}
	}
	s.shows(t, "/sandbox/bank/"+name, "Back R01")
	if back := returnsIn(t, s.dir); len(back) != 1 {
		t.Errorf("%d returns", len(back))
	}
}

func TestTheCalendarMovesOncePerForm(t *testing.T) {
	s := newStand(t)
	s.shows(t, "/sandbox/calendar", "Mar 4, 2026", "Forward one day, to Mar 5", "Forward one month, to Apr 4")
	s.shows(t, "/sandbox/", "A customer with a lease", "winter ferry with no timetable")
	for range 3 {
		if _, err := postForm(s.URL+"/sandbox/calendar", url.Values{"by": {"month"}, "from": {"2026-03-04"}}); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); s.day.Load() == int64(money.NewDate(2026, 3, 4)) && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	s.shows(t, "/sandbox/calendar", "Apr 4, 2026")
}
