package notice

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const sid = "ACd0c0ffee00000000000000000000beef"

// provider answers as it is told and keeps what it was sent.
type provider struct {
	answer func(http.ResponseWriter, *http.Request)

	mu   sync.Mutex
	got  []url.Values
	path string
	auth bool
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.got, p.path, p.auth = append(p.got, r.PostForm), r.Method+" "+r.URL.Path, user == sid && password == "correct horse"
	p.mu.Unlock()
	p.answer(w, r)
}

func (p *provider) open(t *testing.T, timeout time.Duration) *Texter {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	x, err := NewTexter(TextConfig{BaseURL: server.URL, AccountSID: sid, AuthToken: "correct horse", From: "+18005550100", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.client.CloseIdleConnections)
	return x
}

func says(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestATextIsSentAsTheProviderWantsIt(t *testing.T) {
	p := &provider{answer: says(201, `{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued"}`)}
	got, err := p.open(t, 0).Send(t.Context(), "+12025550143", "Kestrane: 481516 is your code & more.")
	if err != nil || got != "SM0123456789abcdef0123456789abcdef" {
		t.Fatalf("%q, %v", got, err)
	}
	if p.path != "POST /2010-04-01/Accounts/"+sid+"/Messages.json" || !p.auth {
		t.Errorf("%s, signed in %t", p.path, p.auth)
	}
	if want := (url.Values{"To": {"+12025550143"}, "From": {"+18005550100"}, "Body": {"Kestrane: 481516 is your code & more."}}); fmt.Sprint(p.got[0]) != fmt.Sprint(want) {
		t.Errorf("sent %v", p.got[0])
	}
}

func TestAnswersOfTheProvider(t *testing.T) {
	for name, c := range map[string]struct {
		answer    func(http.ResponseWriter, *http.Request)
		permanent bool
	}{
		"not a number":             {says(400, `{"code":21211,"message":"The 'To' number +12025550143 is not a valid phone number.","status":400}`), true},
		"said STOP":                {says(400, `{"code":21610,"message":"unsubscribed","status":400}`), true},
		"our sender is wrong":      {says(400, `{"code":21606,"message":"From","status":400}`), false},
		"bad request without code": {says(400, `nonsense`), false},
		"wrong token":              {says(401, `{"code":20003,"message":"Authenticate","status":401}`), false},
		"no such account":          {says(404, `{"code":20404,"status":404}`), false},
		"too many at once":         {says(429, `{"code":20429,"status":429}`), false},
		"broken":                   {says(500, `oops`), false},
		"away":                     {says(503, ``), false},
		"created without a SID":    {says(201, `{}`), false},
		"a page from a box":        {says(200, `<html>Sign in to the Wi-Fi</html>`), false},
		"endless":                  {says(201, `{"x":"`+strings.Repeat("a", 1<<20)+`","sid":"SM1"}`), false},
		"sends us elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
		}, false},
		"drops the line": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{answer: c.answer}
			_, err := p.open(t, 0).Send(t.Context(), "+12025550143", "Kestrane: 481516 is your code.")
			if err == nil || Permanent(err) != c.permanent {
				t.Fatalf("permanent %t, want %t: %v", Permanent(err), c.permanent, err)
			}
			for _, secret := range []string{"2025550143", "481516", "correct horse"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error says %q: %v", secret, err)
				}
			}
			if strings.Contains(err.Error(), "127.0.0.1:1") {
				t.Errorf("went where it was sent: %v", err)
			}
		})
	}
}

func TestAProviderThatHangs(t *testing.T) {
	for name, send := range map[string]func(*Texter) error{
		"own timeout": func(x *Texter) error { _, err := x.Send(t.Context(), "+12025550143", "Hello"); return err },
		"caller's context": func(x *Texter) error {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, err := x.Send(ctx, "+12025550143", "Hello")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			p := &provider{answer: func(http.ResponseWriter, *http.Request) { <-release }}
			timeout := 200 * time.Millisecond
			if name != "own timeout" {
				timeout = time.Minute
			}
			x := p.open(t, timeout)
			t.Cleanup(func() { close(release) })
			start := time.Now()
			if err := send(x); err == nil || Permanent(err) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("waited %s", took)
			}
		})
	}
}

func TestANumberThatIsNoneGoesNowhere(t *testing.T) {
	p := &provider{answer: says(201, `{"sid":"SM1"}`)}
	x := p.open(t, 0)
	for _, to := range []string{"", "2025550143", "(202) 555-0143", "+1202555014x", "+12025550143\r\n", "maria@customer.example", "+12025550143&From=+1"} {
		if _, err := x.Send(t.Context(), to, "Hello"); !Permanent(err) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if _, err := x.Send(t.Context(), "+12025550143", " "); !Permanent(err) || len(p.got) != 0 {
		t.Errorf("no words: %v, %d sent", err, len(p.got))
	}
}

func TestTextSettings(t *testing.T) {
	good := TextConfig{AccountSID: sid, AuthToken: "x", From: "+18005550100"}
	if x, err := NewTexter(good); err != nil || x.to != "https://api.twilio.com/2010-04-01/Accounts/"+sid+"/Messages.json" {
		t.Fatalf("%v, %v", x, err)
	}
	for name, spoil := range map[string]func(*TextConfig){
		"no account":         func(c *TextConfig) { c.AccountSID = "" },
		"a path as account":  func(c *TextConfig) { c.AccountSID = "../x" },
		"no token":           func(c *TextConfig) { c.AuthToken = "" },
		"no sender":          func(c *TextConfig) { c.From = "" },
		"two senders":        func(c *TextConfig) { c.MessagingService = "MG1" },
		"sender no number":   func(c *TextConfig) { c.From = "Kestrane" },
		"token unguarded":    func(c *TextConfig) { c.BaseURL = "http://sms.provider.example" },
		"user in address":    func(c *TextConfig) { c.BaseURL = "https://u:p@sms.provider.example" },
		"no host":            func(c *TextConfig) { c.BaseURL = "https://" },
		"another protocol":   func(c *TextConfig) { c.BaseURL = "file:///etc/passwd" },
		"host like this one": func(c *TextConfig) { c.BaseURL = "http://127.0.0.1.evil.example" },
	} {
		c := good
		if spoil(&c); func() error { _, err := NewTexter(c); return err }() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := good
	c.BaseURL = "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	x, err := NewTexter(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Send(t.Context(), "+12025550143", "Hello"); err == nil || Permanent(err) {
		t.Errorf("a provider that is not there: %v", err)
	}
}
