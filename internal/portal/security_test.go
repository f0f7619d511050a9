package portal

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

const ownPassword = "violet lantern harbor nine"

var home = servicing.Source{IP: "192.0.2.7", UserAgent: "Mozilla/5.0 (Linux; Android 15) Chrome/131.0 Mobile Safari/537.36"}

// enrolling is a browser at the end of activation by e-mail: it may bind a second
// factor and nothing else.
func (l *lender) enrolling(t testing.TB, number, ssn4 string) *browser {
	t.Helper()
	ctx := context.Background()
	flow, err := l.svc.StartActivation(ctx, servicing.ActivationRequest{AccountNumber: number, SSN4: ssn4, ZIP: "43000", By: servicing.ByEmail}, home)
	must(t, err)
	must(t, l.svc.ProveActivation(ctx, flow, l.code(t), home))
	name, err := l.svc.ActivationName(ctx, flow)
	must(t, err)
	entry, err := l.svc.FinishActivation(ctx, flow, name, ownPassword, home)
	must(t, err)
	b := l.browser(t)
	b.hold(t, entry.Session)
	return b
}

// guarded is a browser whose owner has just set up an authenticator app, and the
// app's key.
func (l *lender) guarded(t testing.TB, number, ssn4 string) (b *browser, seed string) {
	t.Helper()
	b = l.enrolling(t, number, ssn4)
	_, _, page := b.visit(t, "/security/second-step/app")
	form := formOf(t, page, "/security/second-step/app")
	form.Set("code", l.appCode(t, page))
	if at, _, page := b.send(t, "/security/second-step/app", form); at != "/activate/done" {
		t.Fatalf("setting up the app went to %s: %s", at, words(page))
	}
	return b, appKey.FindStringSubmatch(page)[1]
}

var appKey = regexp.MustCompile(`data-copy="([A-Z2-7]{32})"`)

func (b *browser) addApp(t testing.TB) (string, int, string) {
	t.Helper()
	_, _, page := b.visit(t, "/security/second-step/app")
	form := formOf(t, page, "/security/second-step/app")
	form.Set("code", b.l.appCode(t, page))
	return b.send(t, "/security/second-step/app", form)
}

// appCode is what an app shows that was set up from the page.
func (l *lender) appCode(t testing.TB, page string) string {
	t.Helper()
	key := appKey.FindStringSubmatch(page)
	if key == nil {
		t.Fatalf("no key on the page: %s", words(page))
	}
	code, err := totp.GenerateCode(key[1], l.now.Time())
	must(t, err)
	return code
}

// asked sends a form without following where it leads.
func (b *browser) asked(t testing.TB, method, path string, form url.Values) (int, string) {
	t.Helper()
	stay := *b.Client
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := http.NewRequest(method, b.l.URL+path, strings.NewReader(form.Encode()))
	must(t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := stay.Do(r)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode, resp.Header.Get("Location")
}

func wrongCode(right string) string {
	if right == "000000" {
		return "000001"
	}
	return "000000"
}

func TestAfterActivationTheSecondStepIsSetUpAndCodesAreOffered(t *testing.T) {
	l := openLender(t)
	b := l.enrolling(t, "770001001", "4321")
	for _, path := range []string{"/security", "/profile", "/security/password", "/security/saved-codes"} {
		_, status, page := b.visit(t, path)
		says(t, page, "First set up your second step")
		if status != http.StatusForbidden || strings.Contains(page, `class="places"`) {
			t.Errorf("%s: %d: %s", path, status, words(page))
		}
	}
	if _, err := l.svc.Security(context.Background(), b.signedIn(t).Actor); !errors.Is(err, servicing.ErrForbidden) {
		t.Errorf("the session reads who signed in: %v", err)
	}
	_, _, page := b.visit(t, "/security/second-step")
	says(t, page, "Set up a second step", "One thing is left", "Authenticator app", "Text message", "Not now? Sign out")
	if strings.Contains(page, `class="places"`) || strings.Contains(page, `href="/profile"`) || strings.Contains(page, "Passkey") {
		t.Error("the page leads elsewhere, or offers what this address does not have")
	}
	whole(t, "second-step", page)

	_, _, page = b.visit(t, "/security/second-step/app")
	whole(t, "second-step-app", page)
	key, form := appKey.FindString(page), formOf(t, page, "/security/second-step/app")
	right := l.appCode(t, page)
	for _, bad := range []struct{ code, says string }{{"", "Enter the six digits"}, {wrongCode(right), "That code is not right."}} {
		form.Set("code", bad.code)
		_, status, page := b.send(t, "/security/second-step/app", form)
		says(t, page, bad.says)
		if status != http.StatusUnprocessableEntity || appKey.FindString(page) != key || !strings.Contains(page, `id="code-error"`) {
			t.Errorf("%q: %d, or the setup is lost", bad.code, status)
		}
	}
	form.Set("code", right[:3]+" "+right[3:])
	at, _, page := b.send(t, "/security/second-step/app", form)
	if at != "/activate/done" {
		t.Fatalf("went to %s: %s", at, words(page))
	}
	says(t, page, "Online access is on", "Get saved codes")
	_, _, page = b.visit(t, "/security/saved-codes")
	says(t, page, "for the day your phone is lost")
	whole(t, "saved-codes", page)
	once := formOf(t, page, "/security/saved-codes")
	_, status, page := b.send(t, "/security/saved-codes", once)
	says(t, page, "They are shown this once.")
	codes := regexp.MustCompile(`<b class="code">([A-Z2-7-]{34})</b>`).FindAllStringSubmatch(page, -1)
	if status != http.StatusOK || len(codes) != 10 {
		t.Errorf("%d: %d codes", status, len(codes))
	}
	whole(t, "saved-codes-made", page)
	_, status, page = b.send(t, "/security/saved-codes", once)
	says(t, page, "These codes were made already", "Make new codes")
	if status != http.StatusUnprocessableEntity || formOf(t, page, "/security/saved-codes").Get("key") == once.Get("key") {
		t.Errorf("the same form twice: %d, or its key is used again", status)
	}
	_, _, page = b.visit(t, "/security/saved-codes")
	says(t, page, "You have 10 codes left.")
	if strings.Contains(page, codes[0][1]) {
		t.Error("a code is shown twice")
	}
	_, _, page = b.visit(t, "/security")
	says(t, page, "your password, and a second step with your authenticator app.", "10 codes left", "This one", "Signed in with account details, e-mail code and password")
	whole(t, "security", page)
}

func TestTooManyWrongCodesBeginTheSetupAnew(t *testing.T) {
	l := openLender(t)
	b := l.enrolling(t, "770001001", "4321")
	_, _, page := b.visit(t, "/security/second-step/app")
	key, form := appKey.FindString(page), formOf(t, page, "/security/second-step/app")
	form.Set("code", wrongCode(l.appCode(t, page)))
	for range identity.CodeTries + 1 {
		_, _, page = b.send(t, "/security/second-step/app", form)
	}
	says(t, page, "there is a new code to scan")
	if appKey.FindString(page) == key {
		t.Error("the old setup goes on")
	}
	form = formOf(t, page, "/security/second-step/app")
	form.Set("code", l.appCode(t, page))
	if at, _, page := b.send(t, "/security/second-step/app", form); at != "/activate/done" {
		t.Errorf("the new setup went to %s: %s", at, words(page))
	}
}

// theirOwn are the forms that ask for no fresh factor: they take something away
// from whoever may be in, or can be taken back and say so by message.
var theirOwn = []string{"POST /security/sessions/{id}/end", "POST /security/sessions/end-others", "POST /security/devices/{id}/forget",
	"POST /profile/language", "POST /profile/paperless", "POST /profile/paperless/withdraw"}

func TestEveryChangeAsksForAFreshFactor(t *testing.T) {
	l := openLenderWith(t, withQuestions())
	b, _ := l.guarded(t, "770001001", "4321")
	p, _ := testPortal(t, "")
	const id = "00000000-0000-7000-8000-000000000000"
	fill := strings.NewReplacer("{id}", id, "{change}", id)
	for _, fresh := range []bool{true, false} {
		for _, r := range p.routes() {
			method, pattern, _ := strings.Cut(r.pattern, " ")
			if method != http.MethodPost || !strings.HasPrefix(pattern, "/security") && !strings.HasPrefix(pattern, "/profile") || slices.Contains(theirOwn, r.pattern) {
				continue
			}
			path := fill.Replace(pattern)
			if fresh && path == "/security/saved-codes" {
				continue // needs nothing else, and makes them
			}
			at, _, page := b.send(t, path, values("code", "12345678"))
			asks := strings.Contains(page, "Confirm that it is you")
			if asks == fresh {
				t.Errorf("%s, fresh %t: at %s: %s", r.pattern, fresh, at, words(page))
			}
			if !asks {
				continue
			}
			if next := formOf(t, page, "/confirm").Get("next"); next == "/" || pageFor(next) != next {
				t.Errorf("%s comes back to %q", r.pattern, next)
			}
		}
		l.now = l.now.Add(identity.FreshFor)
	}
	_, page, _ := b.visit(t, "/security")
	if page != http.StatusOK {
		t.Errorf("looking asks for more: %d", page)
	}
}

func TestOneLooksAtAndEndsOnlyOnesOwn(t *testing.T) {
	l := openLender(t)
	maya, seed := l.guarded(t, "770001001", "4321")
	theo, _ := l.guarded(t, "770001002", "4322")
	other := l.signedInAnew(t, "maya@mail.example", seed)
	_, _, page := other.visit(t, "/security")
	ids := regexp.MustCompile(`/security/(?:sessions|devices|second-step)/([0-9a-f-]{36})/(?:end|forget|remove)`)
	mine := slices.Compact(slices.Sorted(slices.Values(ids.FindAllString(page, -1))))
	if len(mine) < 3 {
		t.Fatalf("sessions, devices and second steps: %q", mine)
	}
	l.now = l.now.Add(time.Minute)
	maya.visit(t, "/profile/email")
	at, _, page := maya.send(t, "/profile/email", values("email", "maya.okafor@mail.example"))
	if !strings.HasPrefix(at, "/profile/email/") {
		t.Fatalf("the change went to %s: %s", at, words(page))
	}
	code := l.code(t)
	for _, path := range append(mine, at) {
		nobody := regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(path, "00000000-0000-7000-8000-000000000000")
		for _, path := range []string{path, nobody} {
			if status, to := theo.asked(t, http.MethodPost, path, values("code", code)); status != http.StatusNotFound {
				t.Errorf("POST %s: %d %s", path, status, to)
			}
		}
	}
	for _, path := range mine {
		if strings.HasSuffix(path, "/remove") {
			if status, _ := theo.asked(t, http.MethodGet, path, nil); status != http.StatusNotFound {
				t.Errorf("GET %s: %d", path, status)
			}
		}
	}
	if status, _ := theo.asked(t, http.MethodGet, at, nil); status != http.StatusNotFound {
		t.Errorf("GET %s: %d", at, status)
	}
	if _, status, _ := maya.visit(t, at); status != http.StatusOK {
		t.Errorf("her own change: %d", status)
	}
}

// signedInAnew signs in from another device, with the app that was set up.
func (l *lender) signedInAnew(t testing.TB, name, seed string) *browser {
	t.Helper()
	ctx := context.Background()
	l.now = l.now.Add(time.Minute) // a code works once
	away := servicing.Source{IP: "198.51.100.20", UserAgent: "Mozilla/5.0 (Windows NT 10.0) Firefox/133.0"}
	entry, err := l.svc.SignIn(ctx, name, ownPassword, away)
	must(t, err)
	if entry.Flow == "" {
		t.Fatal("a second step was not asked for")
	}
	code, err := totp.GenerateCode(seed, l.now.Time())
	must(t, err)
	entry, err = l.svc.ProveSignIn(ctx, entry.Flow, servicing.App, code, false, away)
	must(t, err)
	b := l.browser(t)
	b.hold(t, entry.Session)
	return b
}

func TestSessionsAndDevicesEndAsAsked(t *testing.T) {
	l := openLender(t)
	maya, seed := l.guarded(t, "770001001", "4321")
	other := l.signedInAnew(t, "maya@mail.example", seed)
	_, _, page := maya.visit(t, "/security")
	whole(t, "security", page)
	says(t, page, "Firefox on a computer", "Sign out everywhere else", "Chrome on a phone", "Signed in with password and app code.", "today, 10:01 a.m. EST",
		"A device that has not been used for this account before.", "A network that has not been used for this account before.", "Unusual", "Not me")
	if n := strings.Count(words(page), "The password was right"); n != 0 {
		t.Errorf("one sign-in stands %d times more", n)
	}
	end := regexp.MustCompile(`/security/sessions/[0-9a-f-]{36}/end`).FindAllString(page, -1)
	if len(end) != 1 {
		t.Fatalf("%d sessions can be ended here", len(end))
	}
	at, _, page := maya.send(t, end[0], nil)
	says(t, page, "That session was ended.")
	if !strings.HasPrefix(at, "/security?done=ended") {
		t.Errorf("ending went to %s", at)
	}
	if at, _, _ := other.visit(t, "/security"); !strings.HasPrefix(at, "/sign-in") {
		t.Errorf("the ended session is at %s", at)
	}
	if status, _ := maya.asked(t, http.MethodPost, end[0], nil); status != http.StatusNotFound {
		t.Errorf("ending twice: %d", status)
	}

	third := l.signedInAnew(t, "maya@mail.example", seed)
	_, _, page = maya.visit(t, "/security/not-me")
	says(t, page, "Sign out everybody else", "Choose a new password", "call us at (800) 555-0142")
	whole(t, "security-not-me", page)
	if at, _, _ := maya.send(t, "/security/sessions/end-others", nil); at != "/security?done=others" {
		t.Errorf("went to %s", at)
	}
	if at, _, _ := third.visit(t, "/security"); !strings.HasPrefix(at, "/sign-in") {
		t.Errorf("the other session is at %s", at)
	}

	fourth := l.signedInAnew(t, "maya@mail.example", seed)
	_, _, page = fourth.visit(t, "/security")
	forget := regexp.MustCompile(`/security/devices/[0-9a-f-]{36}/forget`).FindString(page)
	if at, _, page := fourth.send(t, forget, nil); at != "/security?done=forgot" || strings.Contains(page, forget) {
		t.Errorf("forgetting went to %s", at)
	}
	here := regexp.MustCompile(`[0-9a-f-]{36}`)
	_, _, page = maya.visit(t, "/security")
	id := here.FindString(regexp.MustCompile(`/security/sessions/[0-9a-f-]{36}/end`).FindString(page))
	if at, _, _ := fourth.send(t, "/security/sessions/"+id+"/end", nil); at != "/sign-in?why=out" {
		t.Errorf("ending this session went to %s", at)
	}
}

// made is the passkey that a browser makes for the question on a page.
func (ph *keyring) made(t testing.TB, page string) string {
	t.Helper()
	m := questionOf.FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no passkey is asked for: %s", words(page))
	}
	o, err := virtualwebauthn.ParseAttestationOptions(html.UnescapeString(m[1]))
	must(t, err)
	return virtualwebauthn.CreateAttestationResponse(kestrane, ph.device, ph.key, *o)
}

func withQuestions() servicing.Rules {
	rules := openAccounts
	rules.Access.Questions = servicing.QuestionsAgent
	return rules
}

func TestAPasskeyIsAddedAndRemoved(t *testing.T) {
	l := openLenderWith(t, passkeyRules(t))
	b, _ := l.guarded(t, "770001001", "4321")
	ph := &keyring{virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	_, _, page := b.visit(t, "/security/second-step")
	says(t, page, "The easiest and the safest")
	whole(t, "second-step", page)
	form := formOf(t, page, "/security/second-step/passkey")
	_, status, again := b.send(t, "/security/second-step/passkey", form)
	says(t, again, "Your browser sent no passkey.")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	form.Set("credential", `{"id":"x"}`)
	_, _, again = b.send(t, "/security/second-step/passkey", form)
	says(t, again, "That passkey did not work here.")
	form = formOf(t, again, "/security/second-step/passkey")
	form.Set("credential", ph.made(t, again))
	at, _, page := b.send(t, "/security/second-step/passkey", form)
	if at != "/security?done=added" {
		t.Fatalf("went to %s: %s", at, words(page))
	}
	says(t, page, "The second step was added.", "a second step with your authenticator app or a passkey.", "Passkey on")
	remove := regexp.MustCompile(`/security/second-step/[0-9a-f-]{36}/remove`).FindAllString(page, -1)
	if len(remove) != 2 {
		t.Fatalf("%d can be removed", len(remove))
	}
	for i, path := range remove {
		_, _, page = b.visit(t, path)
		whole(t, "second-step-remove", page)
		at, status, page = b.send(t, path, nil)
		switch {
		case i == 0 && at != "/security?done=removed":
			t.Errorf("removing went to %s: %s", at, words(page))
		case i == 1 && status != http.StatusUnprocessableEntity:
			t.Errorf("the last one: %d", status)
		}
	}
	says(t, page, "This is your only second step. Add another one first")
}

var ownScripts = regexp.MustCompile(`<script (?:src="/assets/[^"]*" defer|type="application/json")>`)

// whole is sound for a page with scripts: only files of ours, and data.
func whole(t testing.TB, name, page string) {
	t.Helper()
	sound(t, name, ownScripts.ReplaceAllString(page, ""))
}

func TestAPhoneIsAddedWithTheCodeSentToIt(t *testing.T) {
	l := openLender(t)
	b, _ := l.guarded(t, "770001001", "4321")
	_, _, page := b.visit(t, "/security/second-step/phone")
	whole(t, "second-step-phone", page)
	for number, want := range map[string]string{"": "Enter a phone number.", "911": "Enter a phone number in the United States or Canada"} {
		_, status, page := b.send(t, "/security/second-step/phone", values("phone", number))
		says(t, page, want)
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, `id="phone-error"`) {
			t.Errorf("%q: %d", number, status)
		}
	}
	_, _, page = b.send(t, "/security/second-step/phone", values("phone", "614 555 0121"))
	says(t, page, "to (614) 555-0121", "Send another code")
	whole(t, "second-step-phone-code", page)
	form := formOf(t, page, "/security/second-step/phone/code")
	form.Set("code", wrongCode(l.code(t)))
	_, status, page := b.send(t, "/security/second-step/phone/code", form)
	says(t, page, "That code is not the one we sent.", "to (614) 555-0121")
	if status != http.StatusUnprocessableEntity || formOf(t, page, "/security/second-step/phone/code").Get("box") != form.Get("box") {
		t.Errorf("%d, or the run is lost", status)
	}
	form.Set("code", l.code(t))
	at, _, page := b.send(t, "/security/second-step/phone/code", form)
	says(t, page, "Text message to •••• 21", "your authenticator app or a text message")
	if at != "/security?done=added" {
		t.Errorf("went to %s", at)
	}
}

func TestAfterARecoveryANewFactorIsBoundAndOneSignsInAnew(t *testing.T) {
	l := openLender(t)
	b, _ := l.guarded(t, "770001001", "4321")
	l.now = l.now.Add(10 * 24 * time.Hour)
	ctx := context.Background()
	flow, err := l.svc.StartRecovery(ctx, identity.GoalFactor, "maya@mail.example", home)
	must(t, err)
	_, err = l.svc.ProveRecovery(ctx, flow, identity.ProofPassword, ownPassword, home)
	must(t, err)
	must(t, l.svc.SendRecoveryCode(ctx, flow, servicing.ByEmail, home))
	_, err = l.svc.ProveRecovery(ctx, flow, identity.ProofEmailCode, l.code(t), home)
	must(t, err)
	entry, err := l.svc.FinishRecovery(ctx, flow, "", home)
	must(t, err)
	b.hold(t, entry.Session)
	_, _, page := b.visit(t, "/security/second-step")
	says(t, page, "Set up a new second step", "in place of the second step you lost")
	saysNot(t, page, "We send a code to your phone")
	whole(t, "second-step", page)
	if _, status, _ := b.visit(t, "/security/second-step/phone"); status != http.StatusNotFound {
		t.Errorf("a phone can be added: %d", status)
	}
	_, status, page := b.visit(t, "/security")
	says(t, page, "First set up your second step")
	if status != http.StatusForbidden {
		t.Errorf("the session sees more: %d: %s", status, words(page))
	}
	if at, _, page := b.addApp(t); at != "/sign-in?why=restored" {
		t.Errorf("went to %s: %s", at, words(page))
	}
}

func TestASignInIsSaidInWords(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	must(t, err)
	at := func(day, hour, minute int) money.Instant {
		return money.InstantOf(time.Date(2026, 11, day, hour, minute, 0, 0, zone))
	}
	for moment, want := range map[money.Instant]string{at(22, 9, 14): "today, 9:14 a.m. CST", at(21, 23, 59): "yesterday, 11:59 p.m. CST", at(20, 12, 0): "Nov 20, 2026, 12:00 p.m. CST", 0: ""} {
		if got := clockWords(moment, at(22, 10, 0), zone); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	visit := servicing.PastVisit{At: at(21, 9, 14), Device: "Chrome on a phone", Near: "near Dallas, TX", Outcome: "in", Method: "password text_code"}
	if row := newVisitRow(visit, "yesterday"); row.Where != "Chrome on a phone, near Dallas, TX" || row.What != "Signed in with password and text code" || row.IsUnusual || row.Signals != nil {
		t.Errorf("%+v", row)
	}
	visit.Signals = []identity.Signal{identity.NewDevice, identity.ImpossibleTravel}
	if row := newVisitRow(visit, ""); !row.IsUnusual || len(row.Signals) != 2 || row.Signals[1] != identity.ImpossibleTravel.Words() {
		t.Errorf("%+v", row)
	}
	for outcome, want := range map[string]string{"wrong_password": "wrong password", "wrong_factor": "(app code) was not", "waiting": "was not shown", "locked": "locked", "recovery": "Got back in", "": "Nobody got in"} {
		visit.Outcome, visit.Method = outcome, "totp"
		if row := newVisitRow(visit, ""); !strings.Contains(row.What, want) {
			t.Errorf("%s: %s", outcome, row.What)
		}
	}
	waiting := servicing.PastVisit{At: at(21, 9, 13), Device: "Chrome on a phone", Near: "near Dallas, TX", Outcome: "waiting"}
	in := waiting
	in.At, in.Outcome = at(21, 9, 14), "in"
	late := in
	late.At = at(21, 10, 14)
	if !finished([]servicing.PastVisit{in}, waiting) || finished([]servicing.PastVisit{late}, waiting) || finished(nil, waiting) {
		t.Error("a sign-in that went on is another row, or one that did not is none")
	}
}

func TestHeldChangesAreSaidOnSecurity(t *testing.T) {
	page := render(t, "security", nil, newSecurityPage(maya, servicing.Security{HeldUntil: money.InstantOf(time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)), Username: "maya@mail.example"}, time.UTC))
	says(t, page, "Some changes have to wait", "cannot be changed until Nov 23, 2026, 10:00 a.m. EST", "Only your password guards your account.", "No sign-ins yet.")
}
