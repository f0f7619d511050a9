package portal

import (
	"context"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// recovering is a browser that is not known, on the way back to a goal.
func (l *lender) recovering(t testing.TB, goal identity.Goal, name string) *browser {
	t.Helper()
	l.now = l.now.Add(time.Minute)
	b := l.browser(t)
	_, _, page := b.visit(t, "/recover?goal="+string(goal))
	form := formOf(t, page, "/recover")
	form.Set("username", name)
	if at, _, page := b.send(t, "/recover", form); at != "/recover/proofs" {
		t.Fatalf("%s went to %s: %s", goal, at, words(page))
	}
	return b
}

// shows shows one thing more, and gives where it led.
func (b *browser) shows(t testing.TB, way identity.Proof, value string) (at, page string) {
	t.Helper()
	_, _, page = b.visit(t, "/recover/proofs?way="+string(way))
	form := formOf(t, page, "/recover/proofs")
	if form.Get("way") != string(way) {
		t.Fatalf("%s cannot be shown: %s", way, words(page))
	}
	switch way {
	case identity.ProofEmailCode, identity.ProofTextCode:
		b.l.now = b.l.now.Add(time.Minute)
		at, _, page = b.send(t, "/recover/proofs", form)
		says(t, page, "If we have this account, we sent a code")
		if at != "/recover/proofs?sent=yes&way="+string(way) {
			t.Fatalf("asking for a code went to %s", at)
		}
		form = formOf(t, page, "/recover/proofs")
		form.Set("code", b.l.code(t))
	case identity.ProofPassword:
		form.Set("password", value)
	default:
		form.Set("code", value)
	}
	at, _, page = b.send(t, "/recover/proofs", form)
	return at, page
}

const newer = "quiet copper meadow seven"

// finish sets a new password at the end of the way.
func (b *browser) finish(t testing.TB, pairs ...string) (at, page string) {
	t.Helper()
	at, _, page = b.send(t, "/recover/finish", values(pairs...))
	return at, page
}

func TestAForgottenPasswordComesBackByCodeAndApp(t *testing.T) {
	l := openLender(t)
	old := l.activated(t, "770001001", "4321")
	code := old.app(t)
	l.now = l.now.Add(8 * 24 * time.Hour) // the addresses on file have settled
	b := l.recovering(t, identity.GoalPassword, "maya@mail.example")
	at, page := b.shows(t, identity.ProofEmailCode, "")
	says(t, page, "Shown so far", "Code by e-mail", "from your authenticator app")
	saysNot(t, page, "Get a code by text")
	if at != "/recover/proofs" {
		t.Errorf("one code led to %s", at)
	}
	if at, _, _ := b.visit(t, "/recover/finish"); at != "/recover/proofs" {
		t.Errorf("one code is enough: %s", at)
	}
	_, page = b.shows(t, identity.ProofTOTP, "000000")
	says(t, page, "That did not match.")
	if at, page = b.shows(t, identity.ProofTOTP, code()); at != "/recover/finish" {
		t.Fatalf("the app led to %s: %s", at, words(page))
	}
	until := l.now.Add(identity.HoldAfterRecovery)
	says(t, page, "cannot be changed until", until.Time().Format("Jan 2, 2006"))
	_, page = b.finish(t, "password", "hunter2", "password_again", "hunter3")
	says(t, page, "The two passwords are not the same.", "Password strength:")
	_, page = b.finish(t, "password", password, "password_again", password)
	says(t, page, "That is the password you had.")
	at, page = b.finish(t, "password", newer, "password_again", newer)
	says(t, page, "Your new password is set", "Sign in with it now.", "cannot be changed until")
	sound(t, "recover-done", page)
	if at != "/recover/finish" {
		t.Errorf("went to %s", at)
	}
	if at, _, page := b.send(t, "/recover/finish", values("password", newer, "password_again", newer)); at != "/help-signing-in?why=ended" {
		t.Errorf("sent again it went to %s: %s", at, words(page))
	}
	if at, _, _ := b.visit(t, "/payments"); at != "/sign-in?next=%2Fpayments" {
		t.Errorf("a recovery signs in: %s", at)
	}
	if at, _, _ := old.visit(t, "/payments"); !strings.HasPrefix(at, "/sign-in?") {
		t.Errorf("the old session goes on: %s", at)
	}

	// Signed in, changes to money are held, with the reason and the time.
	at, _, page = b.send(t, "/sign-in", values("username", "maya@mail.example", "password", newer))
	if at != "/sign-in/second" {
		t.Fatalf("the new password led to %s: %s", at, words(page))
	}
	l.now = l.now.Add(time.Minute)
	if at, page = b.second(t, page, "way", "totp", "code", code()); at != "/" {
		t.Fatalf("the app led to %s: %s", at, words(page))
	}
	for _, path := range []string{"/payment-methods/new"} {
		_, status, page := b.visit(t, path)
		says(t, page, "This is on hold", "You can add a bank account after", "it cannot wait, call us")
		if status != http.StatusForbidden {
			t.Errorf("%s: %d", path, status)
		}
		sound(t, path, page)
	}
}

func TestALostPhoneIsReplacedByPasswordAndCode(t *testing.T) {
	for name, way := range map[string]identity.Proof{"by e-mail": identity.ProofEmailCode, "by saved code": identity.ProofSavedCode} {
		l := openLender(t)
		saved := l.activated(t, "770001001", "4321").savedCodes(t)
		l.now = l.now.Add(8 * 24 * time.Hour)
		b := l.recovering(t, identity.GoalFactor, "maya@mail.example")
		_, page := b.shows(t, identity.ProofPassword, "not the password at all")
		says(t, page, "That did not match.")
		if at, page := b.shows(t, identity.ProofPassword, password); at != "/recover/proofs" {
			t.Fatalf("%s: the password led to %s: %s", name, at, words(page))
		}
		at, page := b.shows(t, way, saved[0])
		if at != "/recover/finish" {
			t.Fatalf("%s led to %s: %s", name, at, words(page))
		}
		says(t, page, "You set up a new second step on the next page.")
		if at, _ = b.finish(t); at != secondStepPage {
			t.Errorf("%s: went on to %s", name, at)
		}
		if _, status, page := b.visit(t, "/payments"); status != http.StatusForbidden || !strings.Contains(page, secondStepPage) {
			t.Errorf("%s: the session that was given back reads payments: %d", name, status)
		}
		if at, _, _ := b.visit(t, "/sign-in"); at != secondStepPage {
			t.Errorf("%s: the way on leads to %s", name, at)
		}
	}
}

func TestWhoLostEverythingComesBackWithASavedCodeOrTheAgents(t *testing.T) {
	l := openLender(t)
	saved := l.activated(t, "770001001", "4321").savedCodes(t)
	l.now = l.now.Add(8 * 24 * time.Hour)
	b := l.recovering(t, identity.GoalBoth, "maya@mail.example")
	_, page := b.shows(t, identity.ProofTextCode, "")
	says(t, page, "Saved code", "Step 3 of 5", "Do you have no saved code? Then we cannot do it online. Call us at", "Two of us make sure that it is you", "(800) 555-0142", "Monday to Friday")
	if at, page := b.shows(t, identity.ProofSavedCode, saved[1]); at != "/recover/finish" {
		t.Fatalf("the saved code led to %s: %s", at, words(page))
	}
	if at, page := b.finish(t, "password", newer, "password_again", newer); at != secondStepPage {
		t.Errorf("went on to %s: %s", at, words(page))
	}
}

func TestALockIsOpenedWithACodeAndTheSecondStep(t *testing.T) {
	l := openLender(t)
	maya := l.activated(t, "770001001", "4321")
	code := maya.app(t)
	l.now = l.now.Add(time.Minute)
	maya.savedCodes(t) // a later message: the button in one takes back what came after it
	l.now = l.now.Add(8 * 24 * time.Hour)
	link := ""
	list, err := l.svc.Outbox(context.Background(), identity.System("test"), 100)
	must(t, err)
	for _, o := range list {
		if o.Notice.Link != "" {
			link = o.Notice.Link
		}
	}
	l.browser(t).send(t, link, nil)
	b := l.recovering(t, identity.GoalUnlock, "maya@mail.example")
	b.shows(t, identity.ProofEmailCode, "")
	if at, page := b.shows(t, identity.ProofTOTP, code()); at != "/recover/finish" {
		t.Fatalf("the app led to %s: %s", at, words(page))
	}
	_, page := b.finish(t)
	says(t, page, "Your access is open", "Sign in as usual.")

	// The password was one that somebody else may know: it has to be a new one.
	_, _, page = b.send(t, "/sign-in", values("username", "maya@mail.example", "password", password))
	l.now = l.now.Add(time.Minute)
	if at, page := b.second(t, page, "way", "totp", "code", code()); at != passwordPage {
		t.Fatalf("signing in led to %s: %s", at, words(page))
	}
	for _, path := range []string{"/", "/payments", "/payment-methods/new"} {
		if at, _, _ := b.visit(t, path); at != passwordPage {
			t.Errorf("%s led to %s", path, at)
		}
	}
}

func TestAUsernameIsSentAndNothingSaid(t *testing.T) {
	l := openLender(t)
	l.activated(t, "770001001", "4321")
	b := l.browser(t)
	at, _, page := b.send(t, "/recover/username", values("account_number", "770001001", "ssn4", "4321", "zip", "43000", "by", "email"))
	says(t, page, "If what you typed matches our records")
	if at != "/recover/username?sent=yes" {
		t.Errorf("went to %s", at)
	}
	list, err := l.svc.Outbox(context.Background(), identity.System("test"), 100)
	must(t, err)
	sent := ""
	for _, o := range list {
		if o.Notice.Username != "" {
			sent = o.Notice.Username
		}
	}
	if sent != "maya@mail.example" {
		t.Errorf("sent %q", sent)
	}
	if strings.Contains(page, "maya@") {
		t.Error("the page says the username")
	}
}

func TestSecurityQuestionsStandBeforeTheRest(t *testing.T) {
	rules := openAccounts
	rules.Access.Questions = servicing.QuestionsRecovery
	l := openLenderWith(t, rules)
	maya := l.activated(t, "770001001", "4321")
	_, err := maya.l.svc.Security(context.Background(), maya.signedIn(t).Actor)
	must(t, err)
	ids := []string{identity.Questions()[0].ID, identity.Questions()[1].ID, identity.Questions()[2].ID}
	answers := []string{"Harrow Lane by the mill", "Marzipan the third", "Lindqvist of Oslo"}
	must(t, l.svc.SetQuestions(context.Background(), maya.signedIn(t).Actor, ids, answers, servicing.Source{}))
	saved := maya.savedCodes(t)
	l.now = l.now.Add(8 * 24 * time.Hour)
	b := l.recovering(t, identity.GoalBoth, "maya@mail.example")
	_, page := b.shows(t, identity.ProofEmailCode, "")
	for _, q := range identity.Questions()[:3] {
		if !strings.Contains(html.UnescapeString(page), q.Text) {
			t.Fatalf("not asked: %s: %s", q.Text, words(page))
		}
	}
	sound(t, "recover-questions", page)
	form := formOf(t, page, "/recover/questions")
	for i, id := range ids {
		form.Set("answer-"+id, strings.ToUpper(answers[i]))
	}
	form.Set("answer-"+ids[0], "Elm")
	_, status, page := b.send(t, "/recover/questions", form)
	says(t, page, "That did not match.")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	form.Set("answer-"+ids[0], answers[0])
	if at, _, page := b.send(t, "/recover/questions", form); at != "/recover/proofs" || !strings.Contains(page, "Saved code") {
		t.Fatalf("the answers led to %s: %s", at, words(page))
	}
	if at, page := b.shows(t, identity.ProofSavedCode, saved[0]); at != "/recover/finish" {
		t.Errorf("the saved code led to %s: %s", at, words(page))
	}
}

func TestEveryPageOfTheWayInIsSound(t *testing.T) {
	p, h := testPortal(t, "")
	for _, path := range []string{"/", "/sign-in", "/activate", "/activate/code", "/help-signing-in", "/help-signing-in?why=ended", "/recover?goal=password", "/recover?goal=factor",
		"/recover?goal=both", "/recover?goal=unlock", "/recover/username", "/recover/username?sent=yes", "/not-me/done"} {
		r := get(path)
		r.AddCookie(&http.Cookie{Name: activationRun, Value: "x"})
		w := recorded(h, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
		sound(t, path, w.Body.String())
	}
	for goal := range losses {
		for proofs := identity.Proofs(""); ; {
			state := servicing.Recovery{Goal: goal, Proofs: proofs, Next: identity.Proving(goal, proofs)}
			for _, way := range state.Next {
				for _, sent := range []bool{false, true} {
					v := newProofsPage(state, string(way), nil)
					v.Sent = sent
					says(t, render(t, "recover-proofs", nil, v), "(800) 555-0142")
				}
			}
			if len(state.Next) == 0 {
				says(t, render(t, "recover-proofs", nil, newProofsPage(state, "", nil)), "(800) 555-0142")
				break
			}
			proofs = proofs.And(state.Next[0])
		}
		state := servicing.Recovery{Goal: goal, NewPassword: goal == identity.GoalPassword, HeldUntil: money.InstantOf(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))}
		render(t, "recover-finish", nil, p.newFinishPage(state, nil))
	}
}

func TestACodeThatIsNoneIsSaidBeforeATryIsCounted(t *testing.T) {
	for _, c := range []struct {
		way   identity.Proof
		code  string
		wrong bool
	}{
		{identity.ProofEmailCode, "12", true}, {identity.ProofEmailCode, "1234 5678", false}, {identity.ProofEmailCode, "123456", false},
		{identity.ProofTextCode, "12a456", true}, {identity.ProofTOTP, "12345678", true}, {identity.ProofTOTP, "123 456", false}, {identity.ProofSavedCode, "12", false},
	} {
		if got := codeProblem(string(c.way), c.code); (got != "") != c.wrong || c.wrong && !strings.Contains(got, "only digits") {
			t.Errorf("%s %q: %q", c.way, c.code, got)
		}
	}
}
