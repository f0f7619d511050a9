package cycle

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/notice"
	"marque/internal/store"
)

// reportOf is a delivery status notification as a mail server writes it (RFC 3464,
// after the example of its appendix).
func reportOf(id, action, status string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: Mail Delivery Subsystem <mailer-daemon@mail.example>
To: help@kestrane.example
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="RAA14128.773615765/mail.example"

--RAA14128.773615765/mail.example

The original message was received. Address unknown.

--RAA14128.773615765/mail.example
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; jordan@mail.example
Action: %s
Status: %s
Diagnostic-Code: smtp; 550 no such user

--RAA14128.773615765/mail.example
Content-Type: message/rfc822

From: help@kestrane.example
To: jordan@mail.example
Message-ID: <%s@kestrane.example>
Subject: Your statement is ready

Your statement is ready.
--RAA14128.773615765/mail.example--
`, action, status, id), "\n", "\r\n")
}

func TestMailThatCameBackIsTakenInOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		m := newMailroom(t, url)
		r := m.runner()
		r.Bounces = t.TempDir()
		maildir := filepath.Join(r.Bounces, "new")
		drop := func(name, content string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(maildir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.MkdirAll(maildir, 0o700); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			m.queue(billing.Notice{Kind: billing.NoticePaymentReceived, Amount: 100, Address: "jordan@mail.example"}, 0)
		}
		if sent, err := r.Deliver(t.Context()); err != nil || sent != 3 {
			t.Fatalf("%d sent, %v", sent, err)
		}
		drop("1", reportOf("N-00001", "failed", "5.1.1"))
		drop("2", reportOf("N-00001", "failed", "5.1.1")) // the same again
		drop("3", reportOf("N-00002", "delayed", "4.4.1"))
		drop("4", reportOf("not-ours", "failed", "5.1.1"))
		drop("5", "From: x@mail.example\r\nSubject: I am away\r\n\r\nUntil Monday.\r\n")
		drop(".6", "half a fi")
		taken, err := r.Bounced(t.Context())
		if err != nil || taken != 1 {
			t.Errorf("%d taken, %v", taken, err)
		}
		for id, want := range map[string]string{"N-00001": "failed", "N-00002": "sent", "N-00003": "sent"} {
			if state, _, _ := m.state(id); state != want {
				t.Errorf("%s is %s, want %s", id, state, want)
			}
		}
		for dir, want := range map[string]int{"read": 4, "aside": 1, "new": 1} {
			if files, err := os.ReadDir(filepath.Join(r.Bounces, dir)); err != nil || len(files) != want {
				t.Errorf("%s: %d files, %v", dir, len(files), err)
			}
		}
		err = m.db.View(t.Context(), func(tx *store.Tx) error {
			if since, err := tx.FailingSince(billing.ByEmail, "jordan@mail.example"); err != nil || since == 0 {
				t.Errorf("the address is not marked: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		m.queue(billing.Notice{Kind: billing.NoticePaymentReceived, Amount: 100, Address: "jordan@mail.example"}, 0)
		if sent, err := r.Deliver(t.Context()); err != nil || sent != 0 {
			t.Errorf("%d more sent to an address that fails, %v", sent, err)
		}
	})
}

// A person replies STOP on the telephone; the provider's signed request ends what
// goes there before it is answered.
func TestAReplyOfStopIsHeardFromTheProviderOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		m := newMailroom(t, url)
		r := m.runner()
		_, token := m.texts.Credentials()
		hook := &TextHook{Service: m.svc, Token: token, Log: r.Log}
		mux := http.NewServeMux()
		mux.Handle(TextHookPath, hook)
		server := httptest.NewServer(mux)
		t.Cleanup(server.Close)
		hook.Address = server.URL + "/webhooks/text"
		m.texts.SendRepliesTo(hook.Address)
		const number = "+12025550143"
		if err := m.texts.Reply(t.Context(), number, "Stop"); err != nil {
			t.Fatal(err)
		}
		m.queue(codeTo(number, "481516"), 0)
		m.later(1e9)
		if _, err := r.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := m.texts.Messages(number)
		if len(got) != 1 || !strings.Contains(got[0].Body, "You will get no more texts from us") {
			t.Errorf("the telephone shows %+v", got)
		}
		if err := m.texts.Reply(t.Context(), number, "start"); err != nil {
			t.Fatal(err)
		}
		for name, spoil := range map[string]func(*http.Request){
			"no signature":        func(q *http.Request) { q.Header.Del("X-Twilio-Signature") },
			"another's signature": func(q *http.Request) { q.Header.Set("X-Twilio-Signature", "c2lnbmVkIGJ5IHNvbWVib2R5IGVsc2U=") },
		} {
			q := httptest.NewRequest(http.MethodPost, hook.Address, strings.NewReader(form(number, "STOP").Encode()))
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q.Header.Set("X-Twilio-Signature", "x")
			spoil(q)
			w := httptest.NewRecorder()
			if hook.ServeHTTP(w, q); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		err := m.db.View(t.Context(), func(tx *store.Tx) error {
			if since, err := tx.TextsStopped(number); err != nil || since != 0 {
				t.Errorf("stopped by nobody: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func form(from, body string) url.Values {
	return url.Values{"MessageSid": {"SM1"}, "From": {from}, "Body": {body}}
}

// The figures of the provider's own example (Twilio, "Security": validating
// requests).
func TestASignatureIsTheProvidersOwn(t *testing.T) {
	example := url.Values{"Digits": {"1234"}, "To": {"+18005551212"}, "From": {"+14158675309"}, "Caller": {"+14158675309"}, "CallSid": {"CA1234567890ABCDE"}}
	const address, token, signature = "https://mycompany.com/myapp.php?foo=1&bar=2", "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8="
	if !notice.Signed(token, signature, address, example) {
		t.Error("the example is refused")
	}
	if notice.Signed("", signature, address, example) || notice.Signed("12346", signature, address, example) || notice.Signed(token, signature, address+"0", example) {
		t.Error("another's passes")
	}
	example.Set("Digits", "1235")
	if notice.Signed(token, signature, address, example) {
		t.Error("another form passes")
	}
}
