package portal

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"marque/internal/identity"
	"marque/internal/servicing"
)

var kestrane = virtualwebauthn.RelyingParty{ID: "pay.kestrane.example", Name: "Kestrane", Origin: "https://pay.kestrane.example"}

func passkeyRules(t testing.TB) servicing.Rules {
	t.Helper()
	keys, err := identity.NewPasskeys(kestrane.ID, kestrane.Name, []string{kestrane.Origin})
	must(t, err)
	rules := openAccounts
	rules.Access.Passkeys = keys
	return rules
}

// keyring holds one passkey, as a person's device does.
type keyring struct {
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
}

// passkey binds one for who is signed in.
func (b *browser) passkey(t testing.TB) *keyring {
	t.Helper()
	ctx := context.Background()
	call, err := b.l.svc.StartPasskey(ctx, b.signedIn(t).Actor)
	must(t, err)
	o, err := virtualwebauthn.ParseAttestationOptions(call.Options)
	must(t, err)
	ph := &keyring{key: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)}
	ph.device = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(o.UserID), BackupEligible: true, BackupState: true})
	entry, err := b.l.svc.FinishPasskey(ctx, b.signedIn(t).Actor, call.Box, "", virtualwebauthn.CreateAttestationResponse(kestrane, ph.device, ph.key, *o), servicing.Source{IP: "127.0.0.1"})
	must(t, err)
	b.hold(t, entry.Session)
	return ph
}

var questionOf = regexp.MustCompile(`(?s)<script type="application/json">(.*?)</script>`)

// answer is what a browser makes of the question on a page.
func (ph *keyring) answer(t testing.TB, page string) string {
	t.Helper()
	m := questionOf.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no passkey is asked for: %s", words(page))
	}
	o, err := virtualwebauthn.ParseAssertionOptions(html.UnescapeString(m[1]))
	must(t, err)
	return virtualwebauthn.CreateAssertionResponse(kestrane, ph.device, ph.key, *o)
}

func TestAPasskeySignsInConfirmsAndBringsBack(t *testing.T) {
	l := openLenderWith(t, passkeyRules(t))
	first := l.activated(t, "770001001", "4321")
	if _, page := l.knocking(t, "maya@mail.example"); questionOf.MatchString(page) {
		t.Error("a passkey is asked for, and there is none")
	}
	ph := first.passkey(t)

	// Alone, without a username.
	b := l.browser(t)
	_, _, page := b.visit(t, "/sign-in?next=%2Fpayments")
	form := formOf(t, page, "/sign-in/passkey")
	form.Set("credential", ph.answer(t, page))
	if at, _, page := b.send(t, "/sign-in/passkey", form); at != "/payments" {
		t.Fatalf("the passkey led to %s: %s", at, words(page))
	}
	if _, status, page := l.browser(t).send(t, "/sign-in/passkey", form); status != http.StatusUnprocessableEntity {
		t.Errorf("the same answer again: %d %s", status, words(page))
	}

	// After the password, as the best second step there is.
	c, page := l.knocking(t, "maya@mail.example")
	says(t, page, "Use the fingerprint, face or PIN", "Get a code by text message")
	if at, page := c.second(t, page, "credential", ph.answer(t, page)); at != "/" {
		t.Fatalf("as second step it led to %s: %s", at, words(page))
	}

	// Before something about money.
	l.now = l.now.Add(identity.FreshFor)
	_, _, page = b.visit(t, "/payment-methods/new")
	sound(t, "confirm", page)
	form = formOf(t, page, "/confirm")
	form.Set("credential", ph.answer(t, page))
	if at, _, page := b.send(t, "/confirm", form); at != "/payment-methods/new" {
		t.Fatalf("confirming led to %s: %s", at, words(page))
	}

	// And on the way back.
	l.now = l.now.Add(8 * 24 * time.Hour)
	d := l.recovering(t, identity.GoalPassword, "maya@mail.example")
	d.shows(t, identity.ProofTextCode, "")
	_, _, page = d.visit(t, "/recover/proofs?way=passkey")
	sound(t, "recover-proofs", page)
	form = formOf(t, page, "/recover/proofs")
	form.Set("credential", "{}")
	_, _, page = d.send(t, "/recover/proofs", form)
	says(t, page, "That passkey did not work here.")
	form = formOf(t, page, "/recover/proofs")
	form.Set("credential", ph.answer(t, page))
	if at, _, page := d.send(t, "/recover/proofs", form); at != "/recover/finish" {
		t.Errorf("on the way back it led to %s: %s", at, words(page))
	}
}
