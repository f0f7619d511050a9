package portal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
)

func TestThePasswordIsChanged(t *testing.T) {
	l := openLender(t)
	b, seed := l.guarded(t, "770001001", "4321")
	other := l.signedInAnew(t, "maya@mail.example", seed)
	_, _, page := b.visit(t, "/security/password")
	whole(t, "password", page)
	const next = "orchard engine seven tides"
	for _, bad := range []struct{ current, next, says string }{
		{"", next, "Enter the password you have now."},
		{ownPassword, "", "Choose a password."},
		{"not it, not it", next, "That is not your password."},
		{ownPassword, "short", "Use at least 8 characters. A short sentence works well. This one has 5. Letters"},
		{ownPassword, "password1", "Password strength: Very easy to guess"},
	} {
		_, status, page := b.send(t, "/security/password", values("current", bad.current, "password", bad.next, "password_again", bad.next))
		if bad.next != "short" {
			says(t, page, bad.says)
		} else {
			says(t, page, "Use at least 8 characters.")
		}
		if status != http.StatusUnprocessableEntity || bad.next != "" && strings.Contains(page, bad.next+`"`) {
			t.Errorf("%q: %d, or it is sent back", bad.next, status)
		}
	}
	_, _, page = b.send(t, "/security/password", values("current", ownPassword, "password", next, "password_again", "orchard engine"))
	says(t, page, "The two passwords are not the same.", "At least 8 characters.")
	at, _, page := b.send(t, "/security/password", values("current", ownPassword, "password", next, "password_again", next))
	says(t, page, "Your password was changed.", "Changed today, 10:01 a.m. EST")
	if at != "/security?done=password" {
		t.Errorf("went to %s", at)
	}
	if at, _, _ := other.visit(t, "/security"); !strings.HasPrefix(at, "/sign-in") {
		t.Errorf("the other session is at %s", at)
	}
}

func TestAPasswordThatOthersKnowIsChangedFirst(t *testing.T) {
	s := maya
	s.Actor.Standing.MustChange = true
	page := render(t, "password", nil, ownPasswordPage{Page: alone(page(s, "Choose a new password", "security")), IsForced: true})
	says(t, page, "Choose a new password", "may be known to somebody else", "Sign out")
	if strings.Contains(page, `class="places"`) || strings.Contains(page, "Cancel") {
		t.Error("the page leads elsewhere")
	}
}

func TestQuestionsAreThereOnlyWhereTheLenderHasThem(t *testing.T) {
	off, _ := openLender(t).guarded(t, "770001001", "4321")
	if _, status, _ := off.visit(t, "/security/questions"); status != http.StatusNotFound {
		t.Errorf("off: %d", status)
	}
	if status, _ := off.asked(t, http.MethodPost, "/security/questions", values("question1", "first-pet", "question2", "dream-job", "question3", "first-trip",
		"answer1", "anchor willow", "answer2", "copper violin", "answer3", "silent meadow")); status != http.StatusNotFound {
		t.Errorf("set while off: %d", status)
	}
	_, _, page := off.visit(t, "/security")
	saysNot(t, page, "Security questions")

	l := openLenderWith(t, withQuestions())
	b, _ := l.guarded(t, "770001001", "4321")
	_, _, page = b.visit(t, "/security/questions")
	if n := strings.Count(words(page), "two words that nobody can look up"); n != 3 {
		t.Errorf("%d answers are offered", n)
	}
	form := values("question1", "first-pet", "question2", "first-pet", "question3", "first-trip", "answer1", "Rex", "answer2", "copper violin", "answer3", "silent meadow")
	_, status, page := b.send(t, "/security/questions", form)
	says(t, page, "Choose three different questions.", "Type each answer again")
	if status != http.StatusUnprocessableEntity || strings.Contains(page, "copper violin") || !strings.Contains(page, `<option value="first-pet" selected>`) {
		t.Errorf("%d, or answers are sent back, or questions are lost", status)
	}
	form.Set("question2", "dream-job")
	_, _, page = b.send(t, "/security/questions", form)
	says(t, page, "Use at least 4 letters or digits.")
	if !strings.Contains(page, `id="answer1-error"`) {
		t.Error("the error stands beside no field")
	}
	form.Set("answer1", "anchor willow")
	at, _, page := b.send(t, "/security/questions", form)
	says(t, page, "Your security questions were saved.", "3 answers are on file")
	if at != "/security?done=answers" {
		t.Errorf("went to %s", at)
	}
	_, _, page = b.visit(t, "/security/questions")
	says(t, page, "What you save here takes their place.")
	saysNot(t, page, "anchor willow")
}

func TestACodeThatCameTooLateForTheFactorBeginsAnew(t *testing.T) {
	l := openLender(t)
	b, seed := l.guarded(t, "770001001", "4321")
	at, _, _ := b.send(t, "/profile/email", values("email", "m.okafor@mail.example"))
	code := l.code(t)
	_, _, app := b.visit(t, "/security/second-step/app")
	l.now = l.now.Add(identity.FreshFor + time.Minute)
	next, _, page := b.send(t, at, values("code", code))
	at = next
	if at != "/confirm?next=%2Fprofile%2Femail" {
		t.Fatalf("went to %s: %s", at, words(page))
	}
	confirm := func(page string) (string, string) {
		form := formOf(t, page, "/confirm")
		form.Set("code", l.appCode(t, `data-copy="`+seed+`"`))
		at, _, page := b.send(t, "/confirm", form)
		return at, page
	}
	if at, page = confirm(page); at != "/profile/email" {
		t.Fatalf("confirmed, it went to %s: %s", at, words(page))
	}

	l.now = l.now.Add(identity.FreshFor + time.Minute)
	form := formOf(t, app, "/security/second-step/app")
	form.Set("code", l.appCode(t, app))
	_, _, page = b.send(t, "/security/second-step/app", form)
	at, page = confirm(page)
	says(t, page, "there is a new code to scan")
	if at != "/security/second-step/app" {
		t.Errorf("went to %s", at)
	}

	l.now = l.now.Add(identity.FreshFor + time.Minute)
	_, _, page = b.send(t, "/profile/phone", values("phone", "614 555 0133"))
	at, page = confirm(page)
	says(t, page, "to (614) 555-0133") // a form without secrets goes on by itself
	if !strings.HasPrefix(at, "/profile/phone/") {
		t.Errorf("went to %s", at)
	}

	l.now = l.now.Add(identity.FreshFor + time.Minute)
	_, _, page = b.send(t, "/security/password", values("current", ownPassword, "password", "orchard engine seven tides"))
	says(t, page, "Confirm that it is you")
	if strings.Contains(page, ownPassword) || strings.Contains(page, "orchard") {
		t.Error("a password stands in the page")
	}
	at, page = confirm(page)
	says(t, page, "Change your password")
	if at != "/security/password" {
		t.Errorf("went to %s", at)
	}
}
