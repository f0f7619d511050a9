package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"marque/internal/pgtest"
	"marque/internal/servicing"
)

// onBoth runs a road on both databases.
func onBoth(t *testing.T, road func(*testing.T, *openCompanyForTest)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); road(t, startCompany(t, "")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); road(t, startCompany(t, pgtest.URL(t))) })
}

// jordan is the example's borrower, who has set up online access with text
// messages, and signs in.
type jordan struct {
	t        *testing.T
	c        *openCompanyForTest
	b        *browser
	password string
	key      string   // of the authenticator app
	saved    []string // codes
}

func newJordan(t *testing.T, c *openCompanyForTest) *jordan {
	t.Helper()
	c.importExample(t)
	c.cycle(t, "2026-02-14")
	ctx, src := t.Context(), servicing.Source{IP: "192.0.2.9", UserAgent: pocket}
	flow, err := c.service.StartActivation(ctx, servicing.ActivationRequest{AccountNumber: "LN-100245", SSN4: "6789", ZIP: "33602", By: servicing.ByText}, src)
	if err != nil {
		t.Fatal(err)
	}
	code := c.sent(t, jordansPhone, func() {})
	if err := c.service.ProveActivation(ctx, flow, code, src); err != nil {
		t.Fatal(err)
	}
	if _, err := c.service.FinishActivation(ctx, flow, jordansMail, password, src); err != nil {
		t.Fatal(err)
	}
	c.later(time.Hour)
	return &jordan{t: t, c: c, b: newBrowser(t, c.base), password: password}
}

// typesPassword leads to the second step.
func (j *jordan) typesPassword() {
	j.t.Helper()
	j.b.open("/sign-in")
	j.b.fill("username", jordansMail)
	j.b.fill("password", j.password)
	j.b.press("Sign in")
	j.b.reads("One more step")
}

func (j *jordan) signsInByText() {
	j.t.Helper()
	j.typesPassword()
	if strings.Contains(j.b.textNow(), "Get a code by text message") {
		j.b.press("Get a code by text message")
	}
	j.types("code", j.c.sent(j.t, jordansPhone, func() { j.b.press("Send me a code") }), "Sign in")
	j.b.reads("Jordan Reyes")
}

func (j *jordan) types(field, value, button string) {
	j.t.Helper()
	j.b.fill(field, value)
	j.b.press(button)
}

// appCode is what another program makes of the key.
func (j *jordan) appCode() string {
	j.t.Helper()
	at := j.c.now().Time().UTC().Format("2006-01-02 15:04:05 UTC")
	out, err := exec.Command("oathtool", "--totp", "--base32", "--now", at, j.key).Output()
	if err != nil {
		j.t.Fatalf("oathtool (package oathtool): %v", err)
	}
	return strings.TrimSpace(string(out))
}

// setsUpApp reads the key off the page, as a person who types it.
func (j *jordan) setsUpApp() {
	j.t.Helper()
	if j.b.path() != "/security/second-step" {
		j.b.open("/security/second-step")
	}
	j.b.press("Authenticator app")
	j.key = ask(j.b, chromedp.Evaluate[string](`document.querySelector(".secret .code").textContent.replace(/\s/g, "")`))
	j.types("code", "000000", "Turn on")
	j.b.reads("another look")
	j.types("code", j.appCode(), "Turn on")
}

func (j *jordan) makesSavedCodes() {
	j.t.Helper()
	j.b.open("/security/saved-codes")
	if strings.Contains(j.b.textNow(), "Make new codes") {
		j.b.press("Make new codes")
	} else {
		j.b.press("Make saved codes")
	}
	j.b.reads("Your saved codes")
	j.saved = ask(j.b, chromedp.Evaluate[[]string](`[...document.querySelectorAll(".codes li")].map(l => l.textContent.trim())`))
	if len(j.saved) != 10 {
		j.t.Fatalf("%d saved codes", len(j.saved))
	}
}

func (j *jordan) savedCode() string {
	code := j.saved[0]
	j.saved = j.saved[1:]
	return code
}

// signsInByApp waits for a code that was not used before.
func (j *jordan) signsInByApp() {
	j.t.Helper()
	j.c.later(time.Minute)
	j.typesPassword()
	if strings.Contains(j.b.textNow(), "Use your authenticator app") {
		j.b.press("Use your authenticator app")
	}
	j.types("code", j.appCode(), "Sign in")
	j.b.reads("Jordan Reyes")
}

func TestAnAuthenticatorAppAndSavedCodesInABrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, c *openCompanyForTest) {
		j := newJordan(t, c)
		b := j.b
		j.signsInByText()
		j.setsUpApp()
		b.open("/security")
		b.reads("Authenticator app", "Text message")
		j.makesSavedCodes()
		b.signOut()

		j.signsInByApp()
		used := j.appCode()
		b.signOut()
		j.typesPassword()
		if strings.Contains(b.textNow(), "Use your authenticator app") {
			b.press("Use your authenticator app")
		}
		j.types("code", used, "Sign in")
		b.reads("another look", "That code is not right")
		b.press("Use a saved code")
		code := j.savedCode()
		j.types("code", strings.ToLower(code), "Sign in")
		b.reads("Jordan Reyes")
		b.signOut()
		j.typesPassword()
		b.press("Use a saved code")
		j.types("code", code, "Sign in")
		b.reads("another look", "used before")
		c.mail(t, "", `9 saved codes|9 of your saved codes|9 are left|9 left`)
	})
}

// authenticator gives the browser one that always says yes.
func (b *browser) authenticator() {
	b.t.Helper()
	yes := webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{Protocol: "ctap2", Transport: "internal",
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}}
	ask(b, func(ctx context.Context, t *chromedp.Target) (webauthn.AddVirtualAuthenticatorResult, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return webauthn.AddVirtualAuthenticatorResult{}, err
		}
		return cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, yes)
	})
}

func TestAPasskeyInABrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, c *openCompanyForTest) {
		j := newJordan(t, c)
		b := j.b
		j.signsInByText()
		b.authenticator()
		b.open("/security/second-step")
		b.press("Add a passkey")
		b.reads("Passkey")
		b.open("/security")
		b.reads("Passkey on")
		// Signed out, the browser offers the passkey in the username field of the page
		// that follows, and this one says yes at once.
		b.do(chromedp.Evaluate[chromedp.Void](`setTimeout(() => document.querySelector('form[action="/sign-out"]').requestSubmit(), 0)`))
		b.arrives("/")
		b.reads("Jordan Reyes")

		// Five minutes later a new bank account asks for it again.
		c.later(6 * time.Minute)
		b.open("/payment-methods/new")
		b.reads("Confirm that it is you")
		b.press("Use your passkey")
		b.reads("Routing number")
	})
}

// arrives waits for a page that a script leads to.
func (b *browser) arrives(path string) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if !strings.HasPrefix(b.textNow(), path+"\n") || !ask(b, chromedp.Evaluate[bool](`document.readyState === "complete"`)) {
			continue
		}
		// A script may lead on once more: the page must be the same a moment later.
		was := ask(b, chromedp.Evaluate[float64](`performance.timeOrigin`))
		time.Sleep(500 * time.Millisecond)
		if ask(b, chromedp.Evaluate[float64](`performance.timeOrigin`)) == was {
			return
		}
	}
	b.t.Fatalf("never came to %s:\n%s", path, b.textNow())
}

// newPassword chooses one that was not used before.
func (j *jordan) newPassword() {
	j.t.Helper()
	j.password = fmt.Sprintf("%s %d", password, time.Now().UnixNano()%1_000_000)
	if ask(j.b, chromedp.Evaluate[bool](`!!document.querySelector('input[name="password_again"]')`)) {
		j.b.fill("password_again", j.password)
	}
	j.b.fill("password", j.password)
}

// lost begins a way back.
func (j *jordan) lost(goal string) {
	j.t.Helper()
	j.c.later(25 * time.Hour) // holds and counts of the way before are over
	j.b.open("/recover?goal=" + goal)
	j.types("username", jordansMail, "Continue")
}

// shows one proof.
func (j *jordan) shows(way string) {
	j.t.Helper()
	j.b.open("/recover/proofs?way=" + way)
	switch way {
	case "email_code":
		j.types("code", j.c.sent(j.t, jordansMail, func() { j.b.press("Send me a code") }), "Continue")
	case "text_code":
		j.types("code", j.c.sent(j.t, jordansPhone, func() { j.b.press("Send me a code") }), "Continue")
	case "totp":
		j.types("code", j.appCode(), "Continue")
	case "saved_code":
		j.types("code", j.savedCode(), "Continue")
	case "password":
		j.types("password", j.password, "Continue")
	case "passkey":
		j.b.press("Use your passkey")
	}
}

// Each way back is walked to its end: the password, the second step, both, and a
// lock, with what the table of recovery asks for.
func TestEveryWayBackInABrowser(t *testing.T) {
	j := newJordan(t, startCompany(t, ""))
	b, c := j.b, j.c
	j.signsInByText()
	j.setsUpApp()
	j.makesSavedCodes()
	b.signOut()

	for _, proofs := range [][]string{{"email_code", "totp"}, {"text_code", "totp"}, {"email_code", "saved_code"}} {
		j.lost("password")
		for i, way := range proofs {
			if i == 1 {
				b.reads("One thing more is needed")
			}
			j.shows(way)
		}
		b.reads("Choose a new password", "cannot be changed until")
		j.newPassword()
		b.press("Set this password")
		b.reads("Your new password is set")
		j.signsInByApp()
		c.later(6 * time.Minute)
		b.open("/payment-methods/new")
		b.reads("hold") // changes wait, and pages say so
		b.signOut()
	}
	c.mail(t, "", `cannot be changed until`)

	for _, proofs := range [][]string{{"password", "saved_code"}, {"password", "email_code"}} {
		j.lost("factor")
		for _, way := range proofs {
			j.shows(way)
		}
		b.press("Set up a new second step")
		b.reads("Set up a new one in place of the second step you lost")
		j.setsUpApp()
		b.reads("Your new second step is set up")
		j.signsInByApp()
		c.later(25 * time.Hour)
		j.signsInByApp()
		j.makesSavedCodes()
		b.signOut()
	}

	j.lost("both")
	j.shows("email_code")
	j.shows("saved_code")
	b.reads("Lost your password and your phone")
	j.newPassword()
	b.press("Set this password")
	b.reads("Set up a new one in place of the second step you lost")
	j.setsUpApp()
	b.reads("Your new second step is set up")
	j.signsInByApp()
	b.signOut()

	c.later(25 * time.Hour)
	b.open("/recover/username")
	b.fill("account_number", "LN-100245")
	b.fill("ssn4", "6789")
	b.fill("zip", "33602")
	b.choose("by", "email")
	b.press("Send me my username")
	b.reads("Look at your messages")
	c.mail(t, "Your username", jordansMail)

	// "This was not me" locks, from a message that any mail program may look at.
	link := c.mail(t, "", `/not-me/[0-9A-Za-z]+`)
	b.open(link)
	b.reads("Was this not you?")
	b.press("This was not me: lock my access")
	b.reads("Your access is locked")
	b.open("/sign-in")
	b.fill("username", jordansMail)
	b.fill("password", j.password)
	b.press("Sign in")
	b.reads("Your access is locked, so nobody can sign in")
	j.lost("unlock")
	j.shows("email_code")
	j.shows("totp")
	b.press("Unlock my access")
	b.reads("Your access is open")
	c.later(time.Minute)
	j.typesPassword()
	j.types("code", j.appCode(), "Sign in")
	b.reads("Choose a new one to go on")
	old := j.password
	j.newPassword()
	b.fill("current", old)
	b.press("Change password")
	b.open("/")
	b.reads("Jordan Reyes", "$462.87")
}

// skip lets time pass for the browser and for the company, as when the lid of a
// laptop was shut.
func (j *jordan) skip(d time.Duration) {
	j.t.Helper()
	j.c.later(d)
	j.b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`sleep(%d)`, d.Milliseconds())))
}

const warningOpen = `document.getElementById("session-warning").open`

func (b *browser) until(script string) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ask(b, chromedp.Evaluate[bool](script)) {
			return
		}
	}
	b.t.Fatalf("never: %s\n%s", script, b.textNow())
}

func TestAPersonIsWarnedBeforeTheSessionEnds(t *testing.T) {
	j := newJordan(t, startCompany(t, ""))
	b, c := j.b, j.c
	const asleep = `(() => { const now = Date.now.bind(Date); let ahead = 0; Date.now = () => now() + ahead;
		window.sleep = ms => { ahead += ms; document.dispatchEvent(new Event("visibilitychange")); }; })()`
	ask(b, func(ctx context.Context, t *chromedp.Target) (page.AddScriptToEvaluateOnNewDocumentResult, error) {
		return cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: asleep})
	})
	j.signsInByText()
	b.open("/payments")
	j.skip(12*time.Minute + 50*time.Second)
	b.until("!" + warningOpen)
	j.skip(15 * time.Second)
	b.until(warningOpen)
	b.reads("Two minutes left")
	b.look()
	// By keyboard alone: the dialog has the focus, and its button keeps the session.
	b.do(chromedp.KeyEvent("\r"))
	b.until("!" + warningOpen)
	c.later(10 * time.Minute)
	b.open("/payments")
	b.reads("Jordan Reyes")

	j.skip(13*time.Minute + time.Second)
	b.until(warningOpen)
	j.skip(2 * time.Minute)
	b.arrives("/sign-in")
	b.reads("You were signed out because nothing happened for a while")

	// Twelve hours after signing in it is over, whatever is done.
	j.signsInByText()
	for range 51 {
		c.later(14 * time.Minute)
		b.download("/help")
	}
	b.open("/payments")
	j.skip(4*time.Minute + 5*time.Second)
	b.until(warningOpen)
	b.reads("a sign-in lasts only so long")
	j.skip(2 * time.Minute)
	b.arrives("/sign-in")
}
