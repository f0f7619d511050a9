package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"marque/internal/sandbox"
)

// until waits for the browser to stand on a page, through those that it is led
// past.
func (b *browser) standsAt(what string, holds func(address string) bool) {
	b.t.Helper()
	address := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.readyState === "complete" ? document.location.href : ""`)); err == nil && s != "" {
			if address = s; holds(s) {
				return
			}
		}
	}
	b.t.Fatalf("%s: the browser stands at %s\n%s", what, address, b.textNow())
}

// A borrower pays by card: on the card company's own page, without a script of
// ours, and once, whatever they press then.
func TestPayingByCardInABrowser(t *testing.T) {
	d := serveDemo(t)
	b := newBrowser(t, d.base)
	late := d.who(t, "last payment was missed")
	b.open("/sign-in")
	b.fill("username", late.Username)
	b.fill("password", late.Password)
	b.press("Sign in")
	b.fill("code", sandbox.AppCode(late.Key, time.Now()))
	b.press("Sign in")
	b.open("/payments")
	b.press("Make a payment")
	b.choose("how", "other")
	b.fill("amount", "123.45")
	b.choose("method", "card")
	b.press("Review payment")
	b.reads("A card is charged right away.", "We never see the number.", "I authorize")
	atProcessor := func(address string) bool { return strings.HasPrefix(address, d.processor.Address()+"/pay/") }
	b.do(chromedp.Click(`//main//button[contains(., "Go on to the card page")]`))
	b.standsAt("to the card page", atProcessor)
	b.look()
	b.reads("$123.45")

	// Left, and gone back to.
	b.do(chromedp.Click(`p.back a`))
	b.standsAt("left", func(address string) bool { return strings.Contains(address, "/card?from=left") })
	b.look()
	b.reads("You left the card page. Nothing has been charged.", "Cancel this payment")
	b.press("Go to the card page")
	b.standsAt("to the card page again", atProcessor)
	for name, value := range map[string]string{"number": "4242 4242 4242 4242", "expiry": "04 / 40", "code": "123", "zip": "00501"} {
		b.fill(name, value)
	}
	b.do(chromedp.Click(`main form button`))
	b.standsAt("paid", func(address string) bool {
		return strings.HasPrefix(address, d.base) && strings.Contains(address, "/payments/") && !strings.Contains(address, "/card")
	})
	b.look()
	b.reads("Payment received", "Your card was charged $123.45.", "Visa card ••4242", "Paid")

	// Refresh, back, and the old page.
	paid := b.path()
	b.open(paid)
	b.do(chromedp.Evaluate[chromedp.Void](`setTimeout(() => history.back(), 0)`))
	b.standsAt("back", func(address string) bool { return address != d.base+paid })
	b.open(paid + "/card?go=on")
	b.standsAt("what was paid on", func(address string) bool { return address == d.base+paid })
	charges := 0
	for _, n := range d.processor.Charges() {
		charges += n
	}
	if charges != 1 {
		t.Errorf("%d charges", charges)
	}
	booksAgree(t, d.demo)
}
