package portal

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"marque/internal/identity"
	"marque/internal/servicing"
)

// knocking is a browser that is not known, at the sign-in page with the right
// password sent; page is what came.
func (l *lender) knocking(t testing.TB, name string) (*browser, string) {
	t.Helper()
	b := l.browser(t)
	at, _, page := b.send(t, "/sign-in", values("username", name, "password", password))
	if at != "/sign-in/second" {
		t.Fatalf("the password led to %s: %s", at, words(page))
	}
	return b, page
}

// texted asks for a code on the page of the second step, and reads it off the phone.
func (b *browser) texted(t testing.TB, page string) string {
	t.Helper()
	form := formOf(t, page, "/sign-in/second")
	form.Set("send", "yes")
	form.Set("way", "text")
	_, status, page := b.send(t, "/sign-in/second", form)
	if status != http.StatusOK {
		t.Fatalf("asking for a text: %d", status)
	}
	says(t, page, "We sent a code to the phone ending in 0")
	return b.l.code(t)
}

// second sends the second step.
func (b *browser) second(t testing.TB, page string, pairs ...string) (at, after string) {
	t.Helper()
	form := formOf(t, page, "/sign-in/second")
	form.Del("send")
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	at, _, after = b.send(t, "/sign-in/second", form)
	return at, after
}

// signedIn is the session that a browser holds.
func (b *browser) signedIn(t testing.TB) servicing.Session {
	t.Helper()
	s, err := b.l.svc.Session(context.Background(), b.token(t))
	must(t, err)
	return s
}

// token is the secret of the session that a browser holds.
func (b *browser) token(t testing.TB) string {
	t.Helper()
	at, err := url.Parse(b.l.URL)
	must(t, err)
	for _, c := range b.Jar.Cookies(at) {
		if c.Name == "marque" {
			return c.Value
		}
	}
	t.Fatal("nobody is signed in")
	return ""
}

// app sets up an authenticator app for who is signed in, and gives what makes
// its codes. The session is another one after it.
func (b *browser) app(t testing.TB) (code func() string) {
	t.Helper()
	ctx := context.Background()
	s := b.signedIn(t)
	setup, err := b.l.svc.StartApp(ctx, s.Actor)
	must(t, err)
	code = func() string {
		c, err := totp.GenerateCode(setup.Seed, b.l.now.Time())
		must(t, err)
		return c
	}
	entry, err := b.l.svc.FinishApp(ctx, s.Actor, setup.Box, "", code(), servicing.Source{IP: "127.0.0.1"})
	must(t, err)
	b.hold(t, entry.Session)
	b.l.now = b.l.now.Add(time.Minute)
	return code
}

// hold gives a browser a session made elsewhere.
func (b *browser) hold(t testing.TB, token string) {
	t.Helper()
	at, err := url.Parse(b.l.URL)
	must(t, err)
	b.Jar.SetCookies(at, []*http.Cookie{{Name: "marque", Value: token, Path: "/"}})
}

func (b *browser) savedCodes(t testing.TB) []string {
	t.Helper()
	codes, err := b.l.svc.MakeSavedCodes(context.Background(), b.signedIn(t).Actor, servicing.NewKey(), servicing.Source{IP: "127.0.0.1"})
	must(t, err)
	return codes
}

func TestSigningInTakesTwoStepsAndADeviceIsRemembered(t *testing.T) {
	l := openLender(t)
	l.activated(t, "770001001", "4321")
	b, page := l.knocking(t, "maya@mail.example")
	says(t, page, "We send a code to the phone ending in 01.", "I lost my phone or app")
	if at, _, _ := b.visit(t, "/payments"); at != "/sign-in?next=%2Fpayments" {
		t.Errorf("with the password alone /payments went to %s", at)
	}
	code := b.texted(t, page)
	at, page := b.second(t, page, "way", "text", "code", "000000", "sent", "yes")
	says(t, page, "That code is not the one we sent.", "We sent a code to the phone ending in 01.")
	if at != "/sign-in/second" || strings.Contains(page, "000000") {
		t.Errorf("a wrong code led to %s", at)
	}
	if at, page = b.second(t, page, "way", "text", "code", code, "trust", "yes"); at != "/" {
		t.Fatalf("the right one led to %s: %s", at, words(page))
	}
	says(t, page, "2023 Halden Orla")
	b.send(t, "/sign-out", nil)
	if at, _, page := b.send(t, "/sign-in", values("username", "maya", "password", password)); at != "/sign-in" {
		t.Errorf("half a name went to %s: %s", at, words(page))
	}
	if at, _, page := b.send(t, "/sign-in", values("username", "Maya@Mail.example", "password", password)); at != "/" {
		t.Errorf("the device that was remembered was asked again: %s: %s", at, words(page))
	}
}

func TestTooManyWrongCodesAndTheSignInBeginsAgain(t *testing.T) {
	l := openLender(t)
	l.activated(t, "770001001", "4321")
	b, page := l.knocking(t, "maya@mail.example")
	code := b.texted(t, page)
	at := ""
	for range 6 {
		at, page = b.second(t, page, "way", "text", "code", "000000", "sent", "yes")
		if at != "/sign-in/second" {
			break
		}
	}
	if at != "/sign-in?why=again" {
		t.Fatalf("six wrong codes led to %s", at)
	}
	says(t, page, "Start again with your username and password.")
	if at, _, _ := b.send(t, "/sign-in/second", values("way", "text", "code", code)); at != "/sign-in?why=again" {
		t.Errorf("the right code after it led to %s", at)
	}
}

func TestTheSecondStepOffersWhatThereIs(t *testing.T) {
	l := openLender(t)
	first := l.activated(t, "770001001", "4321")
	code := first.app(t)
	saved := first.savedCodes(t)
	b, page := l.knocking(t, "maya@mail.example")
	says(t, page, "from your authenticator app", "Get a code by text message (phone ending in 01)", "Use a saved code")
	_, _, page = b.send(t, "/sign-in/second", values("way", "saved_code"))
	says(t, page, "Saved code", "Use your authenticator app")
	if at, page := b.second(t, page, "code", strings.ToLower(saved[0])); at != "/" {
		t.Fatalf("a saved code led to %s: %s", at, words(page))
	}
	b, page = l.knocking(t, "maya@mail.example")
	_, page = b.second(t, page, "way", "saved_code", "code", saved[0])
	says(t, page, "or it was used before")
	if at, page := b.second(t, page, "way", "totp", "code", code()); at != "/" {
		t.Fatalf("the app led to %s: %s", at, words(page))
	}
}

func TestActivationByEMailEndsWithASecondStep(t *testing.T) {
	l := openLender(t)
	b := l.browser(t)
	born := values("account_number", "770001001", "zip", "43000", "birth_date", "4/2/1990", "by", "email")
	if at, _, page := b.send(t, "/activate", born); at != "/activate/code?by=email" {
		t.Fatalf("went to %s: %s", at, words(page))
	}
	first := l.code(t)
	l.now = l.now.Add(time.Minute)
	at, _, page := b.send(t, "/activate/code/send", values("by", "email"))
	says(t, page, "Another code is on its way")
	if at != "/activate/code?again=yes&by=email" || l.code(t) == first {
		t.Errorf("asking again led to %s, or sent nothing", at)
	}
	_, status, page := b.send(t, "/activate/code", values("code", "00000000", "by", "email"))
	says(t, page, "That code is not the one we sent.")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	b.send(t, "/activate/code", values("code", l.code(t)))
	_, _, page = b.send(t, "/activate/password", values("username", "maya@mail.example", "password", "aaaaaaaaaaaa", "password_again", "aaaaaaaaaaaa"))
	says(t, page, "easy to guess", "Password strength:")
	if strings.Contains(page, "aaaaaaaaaaaa") {
		t.Error("the password comes back")
	}
	at, _, _ = b.send(t, "/activate/password", values("username", "maya@mail.example", "password", password, "password_again", password))
	if at != secondStepPage {
		t.Errorf("went to %s", at)
	}
	for _, path := range []string{"/", "/payments", "/payment-methods/new", "/activate/done"} {
		_, status, page := b.visit(t, path)
		if status != http.StatusForbidden || !strings.Contains(page, `href="`+secondStepPage+`"`) {
			t.Errorf("%s without a second step: %d", path, status)
		}
		sound(t, path, page)
	}
	if _, status, _ := b.visit(t, "/help"); status != http.StatusOK {
		t.Errorf("help: %d", status)
	}
	b.app(t)
	_, _, page = b.visit(t, "/activate/done")
	says(t, page, "Online access is on", "Get saved codes")
}

func TestWithoutASecondStepTheWayToOneIsShown(t *testing.T) {
	l := openLender(t)
	b := l.browser(t)
	b.send(t, "/activate", values("account_number", "770001001", "ssn4", "4321", "zip", "43000", "by", "email"))
	b.send(t, "/activate/code", values("code", l.code(t)))
	b.send(t, "/activate/password", values("username", "maya@mail.example", "password", password, "password_again", password))
	_, page := l.knocking(t, "maya@mail.example") // another day, the second step was never set up
	says(t, page, "You have no second step yet", "Set up a second step")
}

func TestConfirmingComesBackWithWhatWasTyped(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	_, _, page := b.visit(t, account+"/pay")
	form := formOf(t, page, account+"/pay/review")
	for _, v := range [][2]string{{"how", "other"}, {"amount", "12.34"}, {"date", "2026-11-22"}, {"method", "new"}} {
		form.Set(v[0], v[1])
	}
	l.now = l.now.Add(identity.FreshFor)
	_, _, page = b.send(t, account+"/pay/review", form)
	says(t, page, "Confirm that it is you", "phone ending in 01")
	sound(t, "confirm", page)
	ask := formOf(t, page, "/confirm")
	_, _, page = b.send(t, "/confirm", ask)
	says(t, page, "We sent a code to the phone ending in 01.")
	ask = formOf(t, page, "/confirm")
	ask.Set("code", "000000")
	_, status, page := b.send(t, "/confirm", ask)
	says(t, page, "That code is not the one we sent.")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	before := b.token(t)
	ask = formOf(t, page, "/confirm")
	ask.Set("code", l.code(t))
	at, _, page := b.send(t, "/confirm", ask)
	says(t, page, "Add a bank account")
	if at != account+"/pay/review" || !strings.Contains(page, `name="amount" value="12.34"`) || before == b.token(t) {
		t.Errorf("went to %s, or the amount is lost, or the token is the old one:\n%s", at, page)
	}

	// The form itself, five minutes later: the name is kept, the number is not.
	form = formOf(t, page, account+"/pay/bank-account")
	for i := 0; i < len(bankFields); i += 2 {
		form.Set(bankFields[i], bankFields[i+1])
	}
	l.now = l.now.Add(identity.FreshFor)
	_, _, page = b.send(t, account+"/pay/bank-account", form)
	says(t, page, "Confirm that it is you")
	if strings.Contains(page, "0001234821") || !strings.Contains(page, `name="holder" value="Maya Okafor"`) {
		t.Error("the account number stands on the page, or the name is lost")
	}
	_, _, page = b.send(t, "/confirm", formOf(t, page, "/confirm"))
	ask = formOf(t, page, "/confirm")
	ask.Set("code", l.code(t))
	at, status, page = b.send(t, "/confirm", ask)
	says(t, page, "Type it again")
	if at != account+"/pay/bank-account" || status != http.StatusUnprocessableEntity || !strings.Contains(page, `value="Maya Okafor"`) || !strings.Contains(page, `name="amount" value="12.34"`) {
		t.Errorf("%d at %s", status, at)
	}
}

func TestConfirmingLeadsOnlyToOurOwnPages(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	if at, _, page := b.visit(t, "/payment-methods/new"); at != "/payment-methods/new" {
		t.Fatalf("just confirmed, and asked again at %s: %s", at, words(page))
	}
	l.now = l.now.Add(identity.FreshFor)
	at, _, page := b.visit(t, "/payment-methods/new")
	if at != "/confirm?next=%2Fpayment-methods%2Fnew" {
		t.Fatalf("went to %s", at)
	}
	if at, _, _ := b.visit(t, "/payment-methods"); at != "/payment-methods" {
		t.Errorf("reading asks too: %s", at)
	}
	p, _ := testPortal(t, "")
	for _, to := range append([]string{"/sign-out", "/sign-in", "/confirm", "/recover", "/session/stay", "/payments", "", "/payment-methods/../sign-out", "/payment-methods/new?x=1", "/not-me/abc"}, elsewhere...) {
		if got := p.formPath(to); got != "" {
			t.Errorf("a form is sent on to %q", got)
		}
	}
	for _, to := range []string{"/payment-methods/new", "/accounts/k1/autopay/agree", "/payment-methods/b1/remove"} {
		if p.formPath(to) != to {
			t.Errorf("a form is not sent on to %q", to)
		}
	}
	_, _, page = b.send(t, "/confirm", formOf(t, page, "/confirm"))
	ask := formOf(t, page, "/confirm")
	ask.Set("to", "//evil.example/x")
	ask.Set("next", "https://evil.example/")
	ask.Set("code", l.code(t))
	if at, _, _ := b.send(t, "/confirm", ask); at != "/" {
		t.Errorf("went to %s", at)
	}
}

// A route that is added without saying what it needs is a route that reads; one
// that says it is held to it here, before its handler runs.
func TestEveryRouteAsksForWhatItNeeds(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	id := strings.TrimPrefix(b.account(t), "/accounts/")
	fill := strings.NewReplacer("{id}", id, "{payment}", "p1", "{closing}", "2026-11-24", "{event}", "3", "{change}", "c1")
	l.now = l.now.Add(identity.FreshFor)
	p, _ := testPortal(t, "")
	asked := 0
	for _, r := range p.routes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		if r.mine == nil || r.act == "" {
			continue
		}
		st := identity.Standing{FactorAt: l.now.Add(-identity.FreshFor)}
		wants := st.May(r.act, l.now) == identity.AskFactor
		page, at := "", ""
		if method == http.MethodGet {
			at, _, page = b.visit(t, fill.Replace(path))
		} else if wants {
			at, _, page = b.send(t, fill.Replace(path), nil)
		} else {
			continue // it would do what it does
		}
		if got := strings.Contains(page, "<h1>Confirm that it is you"); got != wants {
			t.Errorf("%s: asks to confirm: %t, at %s", r.pattern, got, at)
		}
		if wants {
			asked++
		}
	}
	if asked < 8 {
		t.Errorf("%d routes ask for a fresh factor", asked)
	}
}

func TestTheSessionIsTimedAndStays(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	_, _, page := b.visit(t, "/payments")
	for _, want := range []string{`data-idle-seconds="900"`, `data-ends-seconds="43200"`, `data-stay="/session/stay"`, "Are you still there?"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	for range 3 {
		l.now = l.now.Add(14 * time.Minute)
		if _, status, body := b.send(t, "/session/stay", nil); status != http.StatusNoContent || body != "" {
			t.Fatalf("staying: %d", status)
		}
	}
	_, _, page = b.visit(t, "/payments")
	if !strings.Contains(page, `data-ends-seconds="40680"`) {
		t.Error("the end has moved")
	}
	l.now = l.now.Add(15 * time.Minute)
	if at, _, _ := b.send(t, "/session/stay", nil); !strings.HasPrefix(at, "/sign-in?") {
		t.Errorf("too late, staying went to %s", at)
	}
}

func TestALinkFromAMessageChangesNothingUntilItsButtonIsPressed(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	link := ""
	list, err := l.svc.Outbox(context.Background(), identity.System("test"), 100)
	must(t, err)
	for _, o := range list {
		if o.Notice.Link != "" {
			link = o.Notice.Link
		}
	}
	if link == "" {
		t.Fatal("no message has a link")
	}
	mail := l.browser(t)
	for range 3 {
		at, status, page := mail.visit(t, link)
		says(t, page, "Online access to your account was turned on.", "This was not me: lock my access")
		if at != link || status != http.StatusOK {
			t.Errorf("%d at %s", status, at)
		}
		sound(t, "not-me", page)
	}
	if at, _, _ := b.visit(t, "/payments"); at != "/payments" {
		t.Fatal("looking at the link signed somebody out")
	}
	at, _, page := mail.send(t, link, nil)
	says(t, page, "Your access is locked", "Unlock your access")
	if at != "/not-me/done" {
		t.Errorf("went to %s", at)
	}
	if at, _, _ := b.visit(t, "/payments"); !strings.HasPrefix(at, "/sign-in?") {
		t.Errorf("still signed in: %s", at)
	}
	if _, status, page := mail.visit(t, link); status != http.StatusGone || !strings.Contains(page, "This link no longer works") {
		t.Errorf("used again: %d", status)
	}
	_, _, page = l.browser(t).send(t, "/sign-in", values("username", "maya@mail.example", "password", password))
	says(t, page, "Your access is locked")
}

func TestPasswordManagersFindThePage(t *testing.T) {
	_, h := testPortal(t, "")
	w := recorded(h, get("/.well-known/change-password"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != passwordPage {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
}

func TestEveryCookieIsBoundToTheHost(t *testing.T) {
	for _, base := range []string{"", "https://pay.kestrane.example"} {
		p, _ := testPortal(t, base)
		for _, name := range []string{"marque", signInRun, activationRun, recoveryRun, deviceCookie} {
			w := recorded(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { p.keep(w, name, "secret") }), get("/"))
			c := w.Result().Cookies()[0]
			if strings.HasPrefix(c.Name, "__Host-") != (base != "") || c.Secure != (base != "") || c.Path != "/" || c.Domain != "" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || (c.MaxAge > 0) != (name == deviceCookie) {
				t.Errorf("%q: %+v", base, c)
			}
		}
	}
}

func TestPasskeysAreOfferedWhereTheAddressHasThem(t *testing.T) {
	l := openLenderWith(t, passkeyRules(t))
	b := l.browser(t)
	for _, path := range []string{"/", "/sign-in?next=%2Fpayments"} {
		_, _, page := b.visit(t, path)
		sound(t, path, page)
		if !strings.Contains(page, `data-passkey="get"`) || !strings.Contains(page, `autocomplete="username webauthn"`) || strings.Index(page, "data-passkey") > strings.Index(page, `name="password"`) {
			t.Errorf("%s does not offer a passkey first", path)
		}
		form := formOf(t, page, "/sign-in/passkey")
		form.Set("credential", `{"id":"x"}`)
		_, status, page := b.send(t, "/sign-in/passkey", form)
		says(t, page, "That passkey did not work here.")
		if status != http.StatusUnprocessableEntity || form.Get("box") == formOf(t, page, "/sign-in/passkey").Get("box") {
			t.Errorf("%s: %d, or the same question again", path, status)
		}
	}
	_, _, page := b.send(t, "/sign-in/passkey", values("box", "old", "credential", "{}"))
	says(t, page, "This page was open for too long.")
}

// sameWords takes out of a page what differs each time.
var sameWords = regexp.MustCompile(`name="form-token" value="[^"]*"|[0-9A-Z]{4}-[0-9A-Z]{4}`)

func bare(page string) string { return sameWords.ReplaceAllString(page, "") }

func TestNoStepTellsWhoHasAnAccount(t *testing.T) {
	rules := openAccounts
	rules.Access.Questions = servicing.QuestionsRecovery
	l := openLenderWith(t, rules)
	l.activated(t, "770001001", "4321")
	l.now = l.now.Add(time.Hour)
	type step struct {
		path string
		form url.Values // nil: a GET
	}
	send := func(who [2]string) (out []string) {
		b := l.browser(t)
		for _, s := range []step{
			{"/sign-in", values("username", who[0], "password", "not the password at all")},
			{"/sign-in/second", nil},
			{"/activate", values("account_number", who[1], "ssn4", "4321", "zip", "43000", "by", "text")},
			{"/activate/code", values("code", "000000", "by", "text")},
			{"/activate/code/send", values("by", "email")},
			{"/recover/username", values("account_number", who[1], "ssn4", "4321", "zip", "43000", "by", "email")},
			{"/recover", values("goal", "password", "username", who[0])},
			{"/recover/proofs", values("way", "email_code", "send", "yes")},
			{"/recover/proofs", values("way", "email_code", "sent", "yes", "code", "00000000")},
			{"/recover/proofs", values("way", "text_code", "sent", "yes", "code", "000000")},
			{"/recover/proofs", values("way", "totp", "code", "000000")},
			{"/recover/questions", values("answer-first-pet", "x")},
			{"/recover/finish", nil},
			{"/recover", values("goal", "factor", "username", who[0])},
			{"/recover/proofs", values("way", "password", "password", "not the password at all")},
			{"/recover", values("goal", "both", "username", who[0])},
			{"/recover/proofs", values("way", "saved_code", "code", "AAAA-BBBB")},
			{"/recover", values("goal", "unlock", "username", who[0])},
			{"/recover/proofs", values("way", "totp", "code", "000000")},
		} {
			var at, page string
			var status int
			if s.form == nil {
				at, status, page = b.visit(t, s.path)
			} else {
				at, status, page = b.send(t, s.path, s.form)
			}
			page = strings.ReplaceAll(strings.ReplaceAll(bare(page), who[0], "NAME"), who[1], "NUMBER")
			out = append(out, s.path+" "+s.form.Get("way")+" leads to "+at+", "+http.StatusText(status)+"\n"+page)
		}
		return out
	}
	known, unknown := send([2]string{"maya@mail.example", "770001001"}), send([2]string{"nobody@mail.example", "999999999"})
	for i := range known {
		if known[i] != unknown[i] {
			t.Errorf("known: %s\nunknown: %s", known[i], unknown[i])
		}
	}
}
