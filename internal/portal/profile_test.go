package portal

import (
	"bytes"
	"context"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/servicing"
)

func TestHowOneIsReachedIsChangedWithACodeAtTheNewPlace(t *testing.T) {
	l := openLender(t)
	b, _ := l.guarded(t, "770001001", "4321")
	_, _, page := b.visit(t, "/profile")
	whole(t, "profile", page)
	says(t, page, "Maya Okafor To change your name, call us at (800) 555-0142", "maya@mail.example", "Phone (614) 555-0101 Change", "12 Elm Street Maren Falls, OH 43000", "English", "Off: statements and letters come on paper")
	for _, c := range []struct{ kind, bad, badSays, same, value, shown, done string }{
		{"email", "maya at mail", "", "Maya@Mail.example", "m.okafor@mail.example", "m.okafor@mail.example", "Your e-mail address was changed. We told the old address too."},
		{"phone", "911", "United States or Canada", "", "614-555-0133", "(614) 555-0133", "Your phone number was changed. We told the old number too."},
	} {
		path := "/profile/" + c.kind
		_, _, page := b.visit(t, path)
		whole(t, c.kind, page)
		for _, typed := range []string{"", c.bad, c.same} {
			if typed == "" && c.same == "" && c.bad == "" {
				continue
			}
			_, status, page := b.send(t, path, values(c.kind, typed))
			if status != http.StatusUnprocessableEntity || !strings.Contains(page, `id="`+c.kind+`-error"`) || !strings.Contains(page, `value="`+typed+`"`) {
				t.Errorf("%s %q: %d, or what was typed is lost: %s", c.kind, typed, status, words(page))
			}
		}
		at, _, page := b.send(t, path, values(c.kind, c.value))
		if !regexp.MustCompile(`^` + path + `/[0-9a-f-]{36}$`).MatchString(at) {
			t.Fatalf("went to %s: %s", at, words(page))
		}
		says(t, page, "to "+c.shown, "Until you type it nothing is changed.", "Send another code")
		whole(t, "contact-code", page)
		code := l.code(t)
		for typed, want := range map[string]string{"": "Enter the code we sent.", strings.Repeat("0", len(code)): "That code is not the one we sent."} {
			_, status, page := b.send(t, at, values("code", typed))
			says(t, page, want, "to "+c.shown)
			if status != http.StatusUnprocessableEntity {
				t.Errorf("%q: %d", typed, status)
			}
		}
		_, _, page = b.visit(t, "/profile")
		saysNot(t, page, c.shown)
		other := "/profile/phone"
		if c.kind == "phone" {
			other = "/profile/email"
		}
		if _, status, _ := b.visit(t, other+strings.TrimPrefix(at, path)); status != http.StatusNotFound {
			t.Errorf("a change of another kind: %d", status)
		}
		done, _, page := b.send(t, at, values("code", " "+code+" "))
		says(t, page, c.done, c.shown)
		if done != "/profile?done="+c.kind {
			t.Errorf("went to %s", done)
		}
		if _, status, _ := b.visit(t, at); status != http.StatusNotFound {
			t.Errorf("a change that is made: %d", status)
		}
	}
}

func TestThePostalAddressAndTheLanguageAreChanged(t *testing.T) {
	l := openLender(t)
	b, _ := l.guarded(t, "770001001", "4321")
	_, _, page := b.visit(t, "/profile/address")
	whole(t, "address", page)
	if !strings.Contains(page, `value="12 Elm Street"`) || !strings.Contains(page, `<option value="OH" selected>Ohio</option>`) {
		t.Error("the address on file is not in the form")
	}
	_, status, page := b.send(t, "/profile/address", values("street", "", "city", "Alder Falls", "state", "", "zip", "123"))
	says(t, page, "3 things need another look", "Enter the street and number.", "Choose the state.", "Enter a ZIP code")
	if status != http.StatusUnprocessableEntity || !strings.Contains(page, `value="Alder Falls"`) || !strings.Contains(page, `value="123"`) {
		t.Errorf("%d, or what was typed is lost", status)
	}
	at, _, page := b.send(t, "/profile/address", values("street", "4 Quarry Road, Apt 2", "city", "Alder Falls", "state", "OR", "zip", "97000"))
	says(t, page, "Your postal address was changed.", "4 Quarry Road, Apt 2 Alder Falls, OR 97000")
	if at != "/profile?done=address" {
		t.Errorf("went to %s", at)
	}
	_, _, page = b.visit(t, "/profile/language")
	whole(t, "language", page)
	if _, status, page := b.send(t, "/profile/language", values("language", "tlh")); status != http.StatusUnprocessableEntity {
		t.Errorf("%d: %s", status, words(page))
	}
	_, _, page = b.send(t, "/profile/language", values("language", "es"))
	says(t, page, "The language of your messages was changed.", "Spanish")
	_, status, page = b.send(t, "/profile/address", values("street", "4 Quarry Road, Apt 2", "city", "Alder Falls", "state", "OR", "zip", "97000"))
	says(t, page, "Nothing to change: that is the address we have.")
	if status != http.StatusOK {
		t.Errorf("the same address: %d", status)
	}
}

func TestEveryStateOnAFormIsAState(t *testing.T) {
	if len(states) != 1+51+8+3 {
		t.Errorf("%d choices", len(states))
	}
	for _, o := range states[1:] {
		if p := identity.PostalProblem("1 Elm Street", "Maren Falls", o.Value, "43000"); len(p) > 0 || o.Label == "" {
			t.Errorf("%+v: %v", o, p)
		}
	}
}

func TestPaperlessIsAgreedToWithTheWordAndTakenBackAtOnce(t *testing.T) {
	l := openLender(t)
	b, _ := l.guarded(t, "770001001", "4321")
	l.now = l.now.Add(identity.FreshFor) // no fresh factor is asked for: it can be taken back
	_, _, page := b.visit(t, "/profile/paperless")
	whole(t, "paperless", page)
	says(t, page, "You may have your statements, notices and letters on paper.", "open the sample (PDF)")
	resp, err := b.Get(l.URL + "/profile/paperless/sample.pdf")
	must(t, err)
	_, status, pdf := read3(t, resp)
	if status != http.StatusOK || resp.Header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("the sample: %d", status)
	}
	word := regexp.MustCompile(`came from:\s+(\S+)`).FindStringSubmatch(pdfText(t, pdf))
	if word == nil {
		t.Fatal("no word in the sample")
	}
	for typed, want := range map[string]string{"": "Open the sample and type the word", "xylophone": "That is not the word in the sample."} {
		_, status, page := b.send(t, "/profile/paperless", values("word", typed))
		says(t, page, want)
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, `id="word-error"`) {
			t.Errorf("%q: %d", typed, status)
		}
	}
	at, _, page := b.send(t, "/profile/paperless", values("word", strings.ToUpper(word[1])))
	says(t, page, "Paperless is on.", "On since Nov 22, 2026")
	if at != "/profile?done=paperless" {
		t.Errorf("went to %s", at)
	}
	_, _, page = b.visit(t, "/profile/paperless")
	says(t, page, "Turn paperless off", "an e-mail to maya@mail.example")
	whole(t, "paperless on", page)
	_, _, page = b.send(t, "/profile/paperless/withdraw", nil)
	says(t, page, "Paperless is off.", "Off: statements and letters come on paper")
}

func pdfText(t testing.TB, pdf string) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewBufferString(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext, of the package poppler-utils: %v", err)
	}
	return string(out)
}

func TestWhileChangesAreHeldContactDataStays(t *testing.T) {
	l := openLender(t)
	l.guarded(t, "770001001", "4321")
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
	b := l.browser(t)
	b.hold(t, entry.Session)
	_, _, page := b.visit(t, "/security/second-step/app")
	seed := appKey.FindStringSubmatch(page)[1]
	form := formOf(t, page, "/security/second-step/app")
	form.Set("code", l.appCode(t, page))
	b.send(t, "/security/second-step/app", form)
	b = l.signedInAnew(t, "maya@mail.example", seed)
	_, _, page = b.visit(t, "/profile")
	says(t, page, "Some changes have to wait", "cannot be changed until Dec 3, 2026, 10:00 a.m. EST")
	for _, path := range []string{"/profile/email", "/profile/phone", "/profile/address"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if status, _ := b.asked(t, method, path, values("email", "thief@mail.example")); status != http.StatusForbidden {
				t.Errorf("%s %s: %d", method, path, status)
			}
		}
	}
	_, _, page = b.visit(t, "/profile/email")
	says(t, page, "This is on hold", "cannot be changed until Dec 3, 2026")
	whole(t, "held", page)
}
