package rail

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var asked = Account{"231380104", "70031842916", "checking", "Jordan Avery"}

func TestTheProviderIsAskedAndAnswers(t *testing.T) {
	for body, want := range map[string]string{
		`{"status":"open"}`: "open", `{"status":"closed","reason":"x"}`: "closed", `{"status":"unsure"}`: "unsure",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var a Account
			if err := json.NewDecoder(r.Body).Decode(&a); err != nil || a != asked || r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer k3y" {
				t.Errorf("asked %+v with %q: %v", a, r.Header.Get("Authorization"), err)
			}
			_, _ = w.Write([]byte(body)) // the client has gone
		}))
		c, err := NewAccountChecker(s.URL, "k3y")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Check(t.Context(), asked); err != nil || got != want {
			t.Errorf("%s: %q, %v", body, got, err)
		}
		s.Close()
	}
}

// An answer that is none is an error, and no error holds what was asked.
func TestAProviderThatDoesNotAnswerIsAnError(t *testing.T) {
	elsewhere := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer thief.Close()
	for name, h := range map[string]http.HandlerFunc{
		"an error":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no JSON":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("70031842916?")) },
		"another word": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status":"OPEN"}`)) },
		"without end": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", longestCheck+9)))
		},
		"somewhere else": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		},
		"no answer": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Second):
			}
		},
	} {
		s := httptest.NewServer(h)
		c, err := NewAccountChecker(s.URL, "k3y")
		if err != nil {
			t.Fatal(err)
		}
		c.client.Timeout = 200 * time.Millisecond
		got, err := c.Check(t.Context(), asked)
		if err == nil || got != "" {
			t.Errorf("%s: %q", name, got)
		} else if strings.Contains(err.Error(), asked.Number) || strings.Contains(err.Error(), "k3y") {
			t.Errorf("%s: the error tells: %v", name, err)
		}
		s.Close()
	}
	if elsewhere > 0 {
		t.Error("the question went on to another server")
	}
	for _, bad := range []string{"", "ftp://check.example/", "check.example"} {
		if _, err := NewAccountChecker(bad, "k3y"); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
	if _, err := NewAccountChecker("https://check.example/", ""); err == nil {
		t.Error("no key")
	}
}
