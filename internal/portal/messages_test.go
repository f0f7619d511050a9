package portal

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// sends delivers what waits, as if the servers had taken it, and gives the last of
// a kind.
func (l *lender) sends(t testing.TB, kind string) (last servicing.Outgoing) {
	t.Helper()
	ctx, system := context.Background(), identity.System("test")
	l.now++
	list, err := l.svc.Outbox(ctx, system, 100)
	must(t, err)
	for _, o := range list {
		claimed, err := l.svc.Claim(ctx, system, o, money.Instant(60e6))
		must(t, err)
		if claimed {
			must(t, l.svc.Record(ctx, system, o, servicing.OutcomeSent, "", 0))
		}
		if string(o.Notice.Kind) == kind {
			last = o
		}
	}
	return last
}

// paid makes a payment and gives the message about it.
func (b *browser) paid(t testing.TB) servicing.Outgoing {
	t.Helper()
	account := b.account(t)
	b.l.sends(t, "")
	if at, _, page := b.send(t, account+"/pay/confirm", b.toReview(t, account)); !strings.Contains(at, "/payments/") {
		t.Fatalf("the payment ended at %s: %s", at, words(page))
	}
	return b.l.sends(t, "payment_received")
}

func TestTheInboxSaysWhatWasSentAndSendsItAgain(t *testing.T) {
	l := openLender(t)
	b, other := l.activated(t, "770001001", "4321"), l.activated(t, "770001002", "4322")
	m := b.paid(t)
	_, _, page := b.visit(t, "/messages")
	says(t, page, "Messages", "not read yet", "We received your payment", "New")
	saysNot(t, page, "Your code")
	at := regexp.MustCompile(`/messages/[0-9a-f-]{36}`).FindString(page[strings.Index(page, "We received your payment")-400:])
	_, status, page := b.visit(t, "/messages/"+m.ID)
	if status != http.StatusOK || at == "" {
		t.Fatalf("%d, the list leads to %q", status, at)
	}
	says(t, page, "We received your payment of", "E-mail", "m•••a@mail.example", "Sent", "Send it again")
	form := formOf(t, page, "/messages/"+m.ID+"/again")
	for range 2 { // pressed twice
		_, _, page = b.send(t, "/messages/"+m.ID+"/again", form)
		says(t, page, "We are sending it again.")
	}
	if again := l.sends(t, "payment_received"); again.ID != m.ID || again.Resent != 1 {
		t.Errorf("sent again: %s, %d", again.ID, again.Resent)
	}
	if again := l.sends(t, "payment_received"); again.ID != "" {
		t.Error("sent once more")
	}
	for _, path := range []string{"/messages/" + m.ID, "/messages/0193a5b0-0000-7000-8000-000000000001", "/messages?before=x", "/messages?before=12-"} {
		if _, status, _ := other.visit(t, path); path[9] == '/' && status != http.StatusNotFound {
			t.Errorf("%s by another: %d", path, status)
		}
	}
	if _, status, _ := other.send(t, "/messages/"+m.ID+"/again", values("resent", "1")); status != http.StatusNotFound {
		t.Errorf("another's sent again: %d", status)
	}
}

func TestWhatOneWantsToBeToldIsOneForm(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	_, _, page := b.visit(t, "/messages/settings")
	says(t, page, "Which messages you get", "Reminders", "Sign-in and security", "You do not have to agree in order to get or keep a loan or a lease.", "Reply STOP", "Eastern")
	form := formOf(t, page, "/messages/settings")
	form["email"] = []string{"security", "account", "title", "reminders"}
	form["text"] = []string{"security", "reminders"}
	form.Set("from", "1260")
	form.Set("to", "480")
	form.Set("zone", "America/Chicago")
	at, status, page := b.send(t, "/messages/settings", form)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("texts without the words: %d at %s", status, at)
	}
	says(t, page, "read the words below and check the box")
	if !strings.Contains(page, `name="text" value="reminders" checked`) || strings.Contains(page, `name="email" value="payments" checked`) {
		t.Error("what was chosen is lost")
	}
	form.Set("agree", "yes")
	if at, _, page = b.send(t, "/messages/settings", form); at != "/messages/settings?done=saved" {
		t.Fatalf("%s: %s", at, words(page))
	}
	says(t, page, "Your choices were saved.", "You agreed to text messages at")
	form["email"] = []string{"account", "title", "reminders"}
	if _, status, page = b.send(t, "/messages/settings", form); status != http.StatusUnprocessableEntity {
		t.Errorf("security off: %d", status)
	}
	says(t, page, "cannot be turned off")
	if m := b.paid(t); m.ID != "" {
		t.Errorf("payments are off, and one was told by %s", m.Notice.Channel)
	}
	_, _, page = b.send(t, "/messages/settings/texts-off", url.Values{})
	says(t, page, "Text messages are off.")
}

// A mail provider's POST comes with no cookie and from no page of ours; what a
// person presses comes from the page that the link shows.
func TestALinkInAMailEndsMailsLikeIt(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	path, ok := strings.CutPrefix(b.paid(t).Unsubscribe, "https://pay.kestrane.example")
	if !ok {
		t.Fatal("the message has no address to end it")
	}
	stranger := l.browser(t)
	for range 2 {
		_, status, page := stranger.visit(t, path)
		if status != http.StatusOK {
			t.Fatalf("%d: %s", status, words(page))
		}
		says(t, page, "End these e-mails?", "no more e-mails about payments")
	}
	provider := &http.Client{}
	post := func(path, body string) int {
		t.Helper()
		resp, err := provider.Post(l.URL+path, "application/x-www-form-urlencoded", strings.NewReader(body))
		must(t, err)
		must(t, resp.Body.Close())
		return resp.StatusCode
	}
	for what, c := range map[string]struct {
		path, body string
		want       int
	}{
		"another form": {path, "x=1", http.StatusBadRequest}, "a forged link": {path[:len(path)-1] + "g", "List-Unsubscribe=One-Click", http.StatusNotFound},
		"another address": {"/messages/settings/texts-off", "List-Unsubscribe=One-Click", http.StatusForbidden},
	} {
		if got := post(c.path, c.body); got != c.want {
			t.Errorf("%s: %d", what, got)
		}
	}
	for range 2 {
		if got := post(path, "List-Unsubscribe=One-Click"); got != http.StatusOK {
			t.Errorf("the provider's own: %d", got)
		}
	}
	_, _, page := stranger.visit(t, path)
	says(t, page, "These e-mails are off")
	_, _, page = b.visit(t, "/messages/settings")
	if strings.Contains(page, `name="email" value="payments" checked`) || !strings.Contains(page, `name="email" value="statements" checked`) {
		t.Error("the switch does not show it, or another went with it")
	}
	if _, status, _ := stranger.visit(t, "/unsubscribe/x_y"); status != http.StatusNotFound {
		t.Errorf("a link of nobody's: %d", status)
	}
}

func TestMailThatComesBackIsSaidAtSignIn(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	m := b.paid(t)
	_, err := l.svc.Bounced(context.Background(), identity.System("test"), servicing.BouncedMail{MessageID: m.MessageID(), Gone: true, Why: "5.1.1"})
	must(t, err)
	_, _, page := b.visit(t, "/")
	says(t, page, "We could not reach you at m•••a@mail.example.", "Mend it")
	_, _, page = b.visit(t, "/messages/"+m.ID)
	says(t, page, "Came back")
	_, _, page = b.visit(t, "/messages/not-there")
	says(t, page, "Statement not there?", "came back, so we stopped writing there.", "No statement was told yet")
	_, _, page = b.send(t, "/messages/not-there/email", url.Values{})
	says(t, page, "We will write to this address again.")
	_, _, page = b.visit(t, "/")
	saysNot(t, page, "could not reach you")
}
