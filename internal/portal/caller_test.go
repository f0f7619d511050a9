package portal

import (
	"context"
	"net/http"
	"testing"

	"github.com/pquerna/otp/totp"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
)

// agent is a member of staff, invited by the first administrator.
func (l *lender) agent(t testing.TB) identity.Actor {
	t.Helper()
	ctx, from := context.Background(), servicing.Source{IP: "198.51.100.9", UserAgent: "desk"}
	enrol := func(token, name string) (identity.Actor, string) {
		e, err := l.svc.AcceptInvite(ctx, token, name, "a desk with a view of the sea", from)
		must(t, err)
		who, err := l.svc.StaffSession(ctx, e.Session)
		must(t, err)
		setup, err := l.svc.StartApp(ctx, who.Actor)
		must(t, err)
		code, err := totp.GenerateCode(setup.Seed, l.now.Time())
		must(t, err)
		e, err = l.svc.FinishApp(ctx, who.Actor, setup.Box, "", code, from)
		must(t, err)
		who, err = l.svc.StaffSession(ctx, e.Session)
		must(t, err)
		return who.Actor, setup.Seed
	}
	token, err := l.svc.FoundAdministrator(ctx, identity.System("test"), "Ada Founder")
	must(t, err)
	admin, _ := enrol(token, "ada.desk")
	token, err = l.svc.Invite(ctx, admin, "", "Noor Colleague", identity.RoleAgent)
	must(t, err)
	a, _ := enrol(token, "noor.desk")
	return a
}

func TestTheCallerAnswersOnTheScreen(t *testing.T) {
	ctx := context.Background()
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	agent, who := l.agent(t), identity.CustomerID(b.signedIn(t).Actor.ID)
	must(t, l.svc.OpenView(ctx, agent, who, "ticket 4711, asked about a fee"))
	_, _, page := b.visit(t, "/on-the-phone")
	says(t, page, "Nobody is asking", "hang up and call us")

	check, err := l.svc.StartCallerCheck(ctx, agent, who, billing.CallerAccount, servicing.CallerOnScreen)
	must(t, err)
	_, _, page = b.visit(t, "/")
	says(t, page, "Noor is asking whether you are on the phone with us.")
	_, _, page = b.visit(t, "/on-the-phone")
	says(t, page, "Noor has somebody on the phone to talk about your account, and asks whether it is you.")
	whole(t, "on-the-phone", page)
	form := formOf(t, page, "/on-the-phone")
	form.Set("answer", "yes")
	_, status, page := b.send(t, "/on-the-phone", form)
	if says(t, page, "Enter the number that the person on the phone reads to you."); status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", status)
	}
	wrong := "10"
	if check.Number == wrong {
		wrong = "11"
	}
	form = formOf(t, page, "/on-the-phone")
	form.Set("answer", "yes")
	form.Set("number", wrong)
	_, _, page = b.send(t, "/on-the-phone", form)
	says(t, page, "That is not the number.")

	// Somebody else who is signed in cannot answer for them.
	other := l.activated(t, "770001002", "4322")
	theirs := values("id", form.Get("id"), "answer", "yes", "number", check.Number)
	if _, status, _ := other.send(t, "/on-the-phone", theirs); status != http.StatusNotFound {
		t.Errorf("another's prompt: %d", status)
	}
	form.Set("number", check.Number)
	if at, _, _ := b.send(t, "/on-the-phone", form); at != "/?done=caller" {
		t.Errorf("went to %s", at)
	}
	_, _, page = b.visit(t, "/on-the-phone")
	says(t, page, "Nobody is asking")
	if at, _, _ := b.send(t, "/on-the-phone", form); at == "/?done=caller" {
		t.Error("answered twice")
	}
}
