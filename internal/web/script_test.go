package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// tab is a real Chromium with one tab over the guide, with an authenticator
// that always says yes.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu   sync.Mutex
	sent map[string][]string // what came to each address, by field credential or form-token
}

func openTab(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no Chromium: install the package chromium")
	}
	b := &tab{t: t, sent: map[string][]string{}}
	site := testSite(t, "", io.Discard)
	mux := http.NewServeMux()
	mux.Handle("/", guide(t, site))
	for _, address := range []string{"/stay", "/security/passkeys", "/sign-in/passkey", "/sign-out"} {
		mux.Handle("POST "+address, site.Handle(func(w http.ResponseWriter, r *http.Request) error {
			f, err := ReadForm(r)
			if err != nil {
				return err
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			b.sent[address] = append(b.sent[address], f.Raw("credential"))
			w.WriteHeader(http.StatusNoContent)
			return nil
		}))
	}
	s := httptest.NewServer(site.Serve(mux))
	t.Cleanup(s.Close)
	b.base = strings.Replace(s.URL, "127.0.0.1", "localhost", 1) // a passkey belongs to a name
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-dev-shm-usage", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stopTab := chromedp.NewContext(alloc)
	t.Cleanup(stopTab)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as this context
		t.Fatalf("start Chromium: %v", err)
	}
	b.ctx = ctx
	b.do(chromedp.EmulateViewport(390, 900))
	yes := webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{Protocol: "ctap2", Transport: "internal",
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}}
	if _, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) (webauthn.AddVirtualAuthenticatorResult, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return webauthn.AddVirtualAuthenticatorResult{}, err
		}
		return cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, yes)
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

func (b *tab) says(script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+script+")"))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return s
}

// until waits for a script's answer.
func (b *tab) until(script, want string) {
	b.t.Helper()
	got := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = b.says(script); got == want {
			return
		}
	}
	b.t.Fatalf("%s is %q, want %q", script, got, want)
}

func (b *tab) got(address string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent[address]
}

// accessible holds the page as it stands against the rules that a program can check.
func (b *tab) accessible() {
	b.t.Helper()
	axe, err := os.ReadFile("../../cmd/marque/testdata/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.Evaluate[chromedp.Void](string(axe)))
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
		r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target.join(" ")).join(", ")))`, chromedp.EvalAwaitPromise))
	if err != nil || len(found) > 0 {
		b.t.Errorf("%v %q", err, found)
	}
	if wide := b.says(`document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide != "0" {
		b.t.Errorf("%s pixels too wide on a phone", wide)
	}
}

const dialogOpen = `document.getElementById("session-warning").open`

func TestAPasskeyIsMadeAndUsed(t *testing.T) {
	b := openTab(t)
	b.open("/access")
	b.until(`document.querySelector("[data-passkey=create]").hidden`, "false")
	b.until(`document.querySelector("[data-no-passkey]").hidden`, "true")
	b.accessible()
	b.do(chromedp.Click(`[data-passkey=create] button`))
	created := b.credential("/security/passkeys", "webauthn.create")
	if created.Response["attestationObject"] == "" {
		t.Errorf("%+v", created)
	}
	b.open("/access")
	b.do(chromedp.Click(`[data-passkey=get] button`))
	used := b.credential("/sign-in/passkey", "webauthn.get")
	if used.ID != created.ID || used.Response["signature"] == "" || used.Response["userHandle"] != "AQID" || used.Response["authenticatorData"] == "" {
		t.Errorf("%+v", used)
	}
}

type credential struct {
	ID, RawID, Type string
	Response        map[string]any
}

func (b *tab) credential(address, kind string) (c credential) {
	b.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(b.got(address)) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("nothing came to %s: %s", address, b.says(`Array.from(document.querySelectorAll("[data-passkey] [role=alert]")).map(e => e.textContent).join("|")`))
		}
	}
	if err := json.Unmarshal([]byte(b.got(address)[0]), &c); err != nil {
		b.t.Fatalf("%s: %v", b.got(address)[0], err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(fmt.Sprint(c.Response["clientDataJSON"]))
	if err != nil {
		b.t.Fatal(err)
	}
	var data struct{ Type, Challenge, Origin string }
	if err := json.Unmarshal(raw, &data); err != nil || data.Type != kind || data.Challenge != "AAEC_-8" || data.Origin != b.base || c.ID != c.RawID {
		b.t.Errorf("%s: %v", raw, err)
	}
	return c
}

func TestAPersonIsToldBeforeTheSessionEndsAndCanStay(t *testing.T) {
	b := openTab(t)
	b.open("/access?idle=122")
	b.until(dialogOpen, "false")
	b.until(dialogOpen, "true")
	b.until(`document.querySelector("#session-warning [data-said]").textContent`, "Two minutes left")
	b.accessible()
	if n := len(b.got("/stay")); n != 0 {
		t.Fatalf("%d requests kept the session without anybody's will", n)
	}
	b.do(chromedp.Click(`#session-warning [data-stay]`))
	b.until(dialogOpen, "false")
	if n := len(b.got("/stay")); n != 1 {
		t.Errorf("%d requests", n)
	}
	b.until(dialogOpen, "true") // the new two minutes begin
}

func TestWhatWasTypedOutlivesTheSession(t *testing.T) {
	b := openTab(t)
	b.open("/access?ends=4")
	// So short a session has its warning over the page at once: typed by script.
	b.says(`(f => { f.value = "Maya's phone"; f.dispatchEvent(new Event("input", {bubbles: true})) })(document.querySelector("input[name=name]"))`)
	b.until(`document.getElementById("session-title").textContent`, "You are signed out")
	if got := b.says(`document.querySelector("input[name=name]").value + " " + location.pathname`); got != "Maya's phone /access" {
		t.Errorf("%q", got)
	}
	if got := b.says(`(a => a.hidden + a.target + a.pathname)(document.querySelector("#session-warning [data-sign-in]"))`); got != "false_blank/signin" {
		t.Errorf("%q", got)
	}
	b.accessible()
	b.do(chromedp.Click(`#session-warning [data-close]`))
	b.until(dialogOpen, "false")

	b.open("/access?ends=2")
	b.until(`location.pathname`, "/signin")
}

func TestShowPasswordIsThereOnlyWithAScript(t *testing.T) {
	b := openTab(t)
	b.open("/access")
	b.until(`document.querySelector("[data-show]").hidden`, "false")
	b.do(chromedp.SendKeys(`input[name=password]`, "winter ferry"), chromedp.Click(`[data-show] input`))
	b.until(`document.getElementById("password").type`, "text")
	b.do(chromedp.Click(`[data-show] input`))
	b.until(`document.getElementById("password").type + document.getElementById("password").value`, "passwordwinter ferry")
	if paste := b.says(`["onpaste", "oncopy"].some(n => document.getElementById("password")[n])`); paste != "false" {
		t.Error("pasting is watched")
	}
	b.open("/signin")
	b.until(`document.querySelector("[data-show]").hidden`, "true") // the page does not load the script
}
