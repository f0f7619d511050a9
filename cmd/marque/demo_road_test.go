package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"marque/internal/billing"
	"marque/internal/sandbox"
)

// demoForTest is a demo that is served, as its visitors find it.
type demoForTest struct {
	*demo
	base, console string
	said          *bytes.Buffer
}

func serveDemo(t *testing.T) *demoForTest {
	t.Helper()
	cmd := smallDemo()
	cmd.Listen, cmd.ConsoleListen = "127.0.0.1:0", "127.0.0.1:0"
	doors, err := cmd.listen()
	if err != nil {
		t.Fatal(err)
	}
	cmd.base, cmd.console = doors[0].base, doors[1].base
	g := &Globals{Data: filepath.Join(t.TempDir(), "data")}
	if err := cmd.make(t.Context(), g, streams{out: io.Discard, err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	d, err := openDemo(t.Context(), &cmd, g, g.Data, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	said := &bytes.Buffer{}
	go func() { ended <- cmd.serve(ctx, d, doors, streams{out: said, err: io.Discard}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		closeDemo(t, d)
	})
	return &demoForTest{d, cmd.base, cmd.console, said}
}

// who is the one of the sandbox's people whose description has these words.
func (d *demoForTest) who(t *testing.T, words string) sandbox.SignIn {
	t.Helper()
	for _, in := range d.state.SignIns {
		if strings.Contains(in.Who, words) {
			return in
		}
	}
	t.Fatalf("nobody is %s", words)
	return sandbox.SignIn{}
}

var inTags = regexp.MustCompile(`\b[0-9]{6}(?:[0-9]{2})?\b`)

// newest is the code that the sandbox's inbox shows for somebody, who asks for it
// by doing something. kind is email or text.
func (d *demoForTest) newest(t *testing.T, b *browser, kind, to string, do func()) string {
	t.Helper()
	count := func() (n int, code string) {
		if kind == "text" {
			all := d.texts.Messages(to)
			for i := len(all) - 1; i >= 0; i-- {
				if c := inTags.FindString(all[i].Body); c != "" {
					n, code = n+1, c
				}
			}
			return n, code
		}
		all := d.inbox.Messages(to)
		for i := len(all) - 1; i >= 0; i-- {
			m, _, err := d.inbox.Read(all[i].ID)
			if err != nil {
				t.Fatal(err)
			}
			if c := inTags.FindString(m.Text); c != "" {
				n, code = n+1, c
			}
		}
		return n, code
	}
	before, _ := count()
	do()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if n, code := count(); n > before {
			return code
		}
	}
	b.t.Fatalf("no code came to %s", to)
	return ""
}

// atDesk signs a member of staff in at the console, with the code that the
// sandbox's page shows.
func (d *demoForTest) atDesk(t *testing.T, words string) *browser {
	t.Helper()
	in := d.who(t, words)
	b := newBrowser(t, d.console)
	b.base = d.base
	b.open("/sandbox/")
	code := ask(b, chromedp.Evaluate[string](fmt.Sprintf(`[...document.querySelectorAll("section.card")].find(s => s.textContent.includes(%q)).querySelector(".facts .code").textContent`, in.Username)))
	b.base = d.console
	b.open("/sign-in")
	b.fill("username", in.Username)
	b.fill("password", in.Password)
	b.press("Go on")
	b.reads("One more step")
	b.fill("code", code)
	b.press("Go on")
	if strings.Contains(b.textNow(), "another look") { // the code changed while it was typed
		b.fill("code", sandbox.AppCode(in.Key, time.Now()))
		b.press("Go on")
	}
	return b
}

// find opens a customer's account at the desk.
func (b *browser) find(email string) {
	b.t.Helper()
	b.open("/")
	b.fill("q", email)
	b.press("Search")
	b.leaving(chromedp.Click(`main table td a`))
}

// verify asks the caller for a code that goes to the telephone on file.
func (d *demoForTest) verify(t *testing.T, b *browser, in sandbox.SignIn, purpose string) {
	t.Helper()
	b.find(in.Username)
	b.reads("Verify the caller", "Look at the account")
	b.do(chromedp.SetValue(`select[name="purpose"]`, purpose))
	b.choose("method", "text")
	b.fill("code", d.newest(t, b, "text", in.Phone, func() { b.press("Ask the caller") }))
	b.press("Check the code")
	b.reads("Passed")
	if strings.Contains(b.textNow(), "Open the account") {
		b.fill("reason", "The caller asks")
		b.press("Open the account")
	}
}

// The demo, as a visitor tries it out: the people's page, a locked account that
// two members of staff open, and somebody who lost both.
func TestTheDemoTriedOut(t *testing.T) {
	d := serveDemo(t)
	b := newBrowser(t, d.base)
	b.open("/sandbox/")
	b.reads("People to be", "Authenticator app shows", "At the lender")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("main details").forEach(d => d.open = true)`))
	b.look()
	late := d.who(t, "last payment was missed")
	b.open("/sign-in")
	b.fill("username", late.Username)
	b.fill("password", late.Password)
	b.press("Sign in")
	b.fill("code", sandbox.AppCode(late.Key, time.Now()))
	b.press("Sign in")
	b.open("/security")
	b.reads("near ", "Authenticator app")
	b.signOut()

	locked := d.who(t, "locked")
	agent := d.atDesk(t, "An agent")
	supervisor := d.atDesk(t, "A supervisor")
	d.verify(t, agent, locked, billing.CallerUnlock)
	agent.reads("Nobody gets in")
	agent.press("Unlock sign-in")
	agent.fill("reason", "The caller has locked it by mistake")
	agent.press("Unlock")
	agent.reads("Ask a supervisor to agree first")
	agent.fill("reason", "The caller has locked it by mistake")
	agent.press("Ask a supervisor")
	supervisor.open("/approvals")
	supervisor.reads("The caller has locked it by mistake")
	supervisor.press("Agree")
	agent.find(locked.Username)
	agent.press("Unlock sign-in")
	agent.fill("reason", "The caller has locked it by mistake")
	agent.press("Unlock")
	b.open("/sign-in")
	b.fill("username", locked.Username)
	b.fill("password", locked.Password)
	b.press("Sign in")
	b.fill("code", d.newest(t, b, "text", locked.Phone, func() { b.press("Send me a code") }))
	b.press("Sign in")
	b.reads("Choose a new one to go on")
	b.signOut()

	// Lost both: two members of staff, and a code to the address on file.
	current := d.who(t, "current, on autopay")
	d.verify(t, agent, current, billing.CallerRecovery)
	agent.press("Help the customer back in")
	agent.choose("documents", "license")
	agent.choose("documents", "contract")
	agent.choose("facts", "account")
	agent.choose("facts", "vin")
	agent.choose("facts", "payment")
	agent.fill("reason", "Phone stolen, password forgotten")
	agent.press("Ask a supervisor")
	supervisor.open("/approvals")
	supervisor.reads("Phone stolen, password forgotten")
	supervisor.press("Agree")
	b.open("/recover?goal=both")
	b.fill("username", current.Username)
	b.press("Continue")
	b.open("/recover/proofs?way=email_code")
	b.fill("code", d.newest(t, b, "email", current.Username, func() { b.press("Send me a code") }))
	b.press("Continue")
	b.reads("cannot be changed until")
	b.fill("password", "nine quiet herons on a roof")
	b.fill("password_again", "nine quiet herons on a roof")
	b.press("Set this password")
	b.reads("in place of the second step you lost")

	auditor := d.atDesk(t, "An auditor")
	auditor.find(current.Username)
	auditor.press("Who saw this customer")
	auditor.reads("Theo Marchetti")

	// By number the portal answers too, without passkeys.
	host, port, err := net.SplitHostPort(strings.TrimPrefix(d.base, "http://"))
	if err != nil || host != "localhost" {
		t.Fatalf("%s: %v", d.base, err)
	}
	b.signOut()
	b.open("/sign-in")
	b.reads("Sign in with a passkey")
	b.base = "http://127.0.0.1:" + port
	b.open("/sign-in")
	if strings.Contains(b.textNow(), "passkey") {
		t.Error("127.0.0.1 offers passkeys")
	}
}
