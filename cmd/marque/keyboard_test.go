package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tabTo presses Tab until the focus is on a field of this name, or on a button,
// link or box with these words, and it can be seen there.
func (b *browser) tabTo(what string) {
	b.t.Helper()
	const focused = `(e => e && e !== document.body ? [e.name || "", e.textContent.trim().replace(/\s+/g, " "), e.labels && e.labels[0] ? e.labels[0].textContent.trim() : "",
		getComputedStyle(e).outlineStyle !== "none" || getComputedStyle(e.closest(".input, .choice, label") || e).outlineStyle !== "none" || e.closest(".input, .choice") ? "seen" : "unseen"] : ["", "", "", "seen"])(document.activeElement)`
	for range 80 {
		b.do(chromedp.KeyEvent("\t"))
		at := ask(b, chromedp.Evaluate[[]string](focused))
		if at[0] == what || strings.HasPrefix(at[1], what) || strings.HasPrefix(at[2], what) {
			if at[3] != "seen" {
				b.t.Errorf("%s: the focus on %q cannot be seen", b.path(), what)
			}
			return
		}
	}
	b.t.Fatalf("the Tab key does not come to %q\n%s", what, b.textNow())
}

// keys types; enter presses Enter and waits for the page that follows.
func (b *browser) keys(text string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(text))
}

func (b *browser) enter() {
	b.t.Helper()
	b.leaving(chromedp.KeyEvent("\r"))
}

// Signing in, the second step, confirming and a way back with the keyboard alone.
func TestTheWaysInByKeyboardAlone(t *testing.T) {
	j := newJordan(t, startCompany(t, ""))
	b, c := j.b, j.c
	signIn := func() {
		t.Helper()
		b.open("/sign-in")
		b.tabTo("username")
		b.keys(jordansMail)
		b.tabTo("password")
		b.keys(j.password)
		b.enter()
		b.reads("One more step")
		b.tabTo("Send me a code")
		code := c.sent(t, jordansPhone, b.enter)
		b.tabTo("code")
		b.keys(code)
		b.enter()
		b.reads("Jordan Reyes")
	}
	signIn()

	c.later(6 * time.Minute)
	b.open("/payment-methods")
	b.tabTo("Add a bank account")
	b.enter()
	b.reads("Confirm that it is you")
	b.tabTo("Send me a code")
	code := c.sent(t, jordansPhone, b.enter)
	b.tabTo("code")
	b.keys("111111")
	b.enter()
	b.reads("another look")
	b.tabTo("code")
	b.do(chromedp.KeyEvent("\u0001"), chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`))
	b.keys(code)
	b.enter()
	b.reads("Routing number")

	// An authenticator app, so that there is something to come back with.
	c.later(time.Minute)
	b.open("/security/second-step")
	b.tabTo("Authenticator app")
	b.enter()
	j.key = ask(b, chromedp.Evaluate[string](`document.querySelector(".secret .code").textContent.replace(/\s/g, "")`))
	b.tabTo("code")
	b.keys(j.appCode())
	b.enter()
	b.signOut()

	c.later(25 * time.Hour)
	b.open("/sign-in")
	b.tabTo("Forgot your password?")
	b.enter()
	b.tabTo("username")
	b.keys(jordansMail)
	b.enter()
	b.tabTo("Send me a code")
	code = c.sent(t, jordansMail, b.enter)
	b.tabTo("code")
	b.keys(code)
	b.enter()
	b.reads("One thing more is needed")
	b.tabTo("Use a saved code") // there are none: back to the app
	b.enter()
	b.tabTo("Use your authenticator app")
	b.enter()
	b.tabTo("code")
	b.keys(j.appCode())
	b.enter()
	j.password = fmt.Sprint(password, " again")
	b.tabTo("password")
	b.keys(j.password)
	b.tabTo("password_again")
	b.keys(j.password)
	b.enter()
	b.reads("Your new password is set")
}
