package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"marque/internal/billing"
	"marque/internal/identity"
)

var payLink = regexp.MustCompile(`href="(/customers/[^"]+/accounts/[^"]+/pay)"`)

// typed are the hidden fields of the review's form, with what the agent adds.
func (c *clerk) typed(more ...string) []string {
	c.d.t.Helper()
	out := more
	for _, name := range []string{"how", "amount", "extra", "reviewed", "date", "method", "proof", "key", "read"} {
		out = append(out, name, c.hidden(name))
	}
	return out
}

// account opens Maya on the desk and finds where her account is paid.
func (c *clerk) account() (maya, pay string) {
	c.d.t.Helper()
	maya = "/customers/" + string(c.d.who)
	c.open(maya)
	c.send(maya+"/view", "reason", why)
	m := payLink.FindStringSubmatch(c.page)
	if m == nil {
		c.d.t.Fatalf("no payment to take:\n%s", c.page)
	}
	return maya, m[1]
}

func TestAnAgentTakesAPaymentByPhone(t *testing.T) {
	d := openDesk(t)
	_, agent, boss := d.staffed()
	maya, pay := agent.account()
	agent.open(pay)
	agent.expect(pay, "Take a payment from Maya Okafor", "The caller is not verified for this", "Amount due $479.84 by Dec 15, 2026", "$100.00 for Nov 22, 2026")
	if strings.Contains(agent.page, "Go on to the words to read") || strings.Contains(agent.page, "signed form") {
		t.Error("a form before the caller is known")
	}
	agent.send(maya+"/check", "purpose", "payment", "method", "text")
	agent.send(agent.at, "code", d.code())
	agent.open(pay)
	agent.expect(pay, "Checking ••2916", "The call is recorded", "A written notice", "the customer adds it on the website", "Repeated payments are not made here")
	for _, never := range []string{"231380104", "70031842916", `type="password"`, "Card number"} {
		if strings.Contains(agent.page, never) {
			t.Errorf("the form shows %s", never)
		}
	}
	key, method := agent.hidden("key"), regexp.MustCompile(`<option value="([^"]+)"[^>]*>Checking`).FindStringSubmatch(agent.page)[1]
	form := func(pairs ...string) []string {
		return append([]string{"key", key, "method", method, "date", "2026-12-01", "proof", "recording", "extra", ""}, pairs...)
	}
	agent.send(pay+"/review", form("how", "other", "amount", "x")...)
	if agent.expect(pay+"/review", "One thing needs another look", `value="x"`); agent.status != http.StatusUnprocessableEntity {
		t.Error(agent.status)
	}
	agent.send(pay+"/review", form("how", "other", "amount", "99999")...)
	agent.expect(pay+"/review", "needs another look", `value="99999"`)
	agent.send(pay+"/review", form("how", "other", "amount", "200")...)
	agent.expect(pay+"/review", "Read all of this to the caller", "This is Kestrane Motor Finance. Today is Nov 22, 2026. This call is recorded.", "one payment of $200.00 by ACH debit from your checking account ending in 2916, on or after Dec 1, 2026",
		"call (800) 555-0142", "I read all of this, and Maya Okafor agreed.", "Principal", "Take $200.00")
	agent.send(pay+"/confirm", agent.typed("reference", "REC-7781")...)
	agent.expect(pay+"/confirm", "Check the box once you have read all of it", `value="REC-7781"`, "Read all of this to the caller")
	agent.send(pay+"/confirm", agent.typed("reference", "4111 1111 1111 1111", "agreed", "yes")...)
	if agent.expect(pay+"/confirm", "card number"); strings.Contains(agent.page, "4111") {
		t.Error("a card number is shown again")
	}
	twice := agent.typed("reference", "REC-7781", "agreed", "yes")
	agent.send(pay+"/confirm", twice...)
	made := agent.at
	agent.expect(made, "Payment scheduled", "Confirmation number, to read out", "Recorded call", "REC-7781", "by Dana Colleague", "What was agreed to")
	if agent.send(pay+"/confirm", twice...); agent.at != made {
		t.Errorf("the same form again led to %s", agent.at)
	}
	if all, err := d.svc.Payments(ctx, identity.Customer(d.who)); err != nil || len(all) != 2 || !all[0].Phone {
		t.Errorf("%+v, %v", all, err)
	}

	// Another page, the same amount for the same day.
	agent.open(pay)
	key = agent.hidden("key")
	agent.send(pay+"/review", form("how", "other", "amount", "200")...)
	agent.expect(pay+"/review", "There is such a payment already")
	agent.send(pay+"/confirm", agent.typed("reference", "REC-7782", "agreed", "yes")...)
	agent.expect(pay+"/confirm", "There is a payment of $200.00 for that day already")
	agent.send(pay+"/review", append(agent.typed(), "change", "yes")...)
	agent.expect(pay+"/review", "Take a payment from Maya Okafor", `value="200.00"`)

	agent.open(maya)
	agent.expect(maya, "by phone", "Dana Colleague: took a payment by phone")
	agent.send(made + "/cancel")
	agent.expect(made, "Payment canceled", "Nothing is taken from the bank account")

	// A supervisor has the form on paper, and nobody has called.
	_, pay = boss.account()
	boss.open(pay)
	boss.expect(pay, "A signed form on paper", "The caller is not verified for this")
	key = boss.hidden("key")
	paper := form("how", "due")
	paper[7] = "form"
	boss.send(pay+"/review", paper...)
	boss.expect(pay+"/review", "Check the form and confirm", "The form’s reference")
	boss.send(pay+"/confirm", boss.typed("reference", "F-0815", "agreed", "yes", "signed", "2026-11-20")...)
	boss.expect(boss.at, "Payment scheduled", "Signed form", "F-0815", "signed Nov 20, 2026")
	if n, err := d.svc.Outbox(ctx, system, 100); err != nil || len(n) == 0 {
		t.Error(err)
	}
}

func TestWhoTakesNoPaymentsSeesNoForm(t *testing.T) {
	d := openDesk(t)
	admin, agent, _ := d.staffed()
	_, pay := agent.account()
	uma := admin.invites("Uma", identity.RoleAuditor)
	uma.open("/customers/" + string(d.who))
	uma.send("/customers/"+string(d.who)+"/view", "reason", why)
	if payLink.MatchString(uma.page) {
		t.Error("an auditor is offered to take a payment")
	}
	if uma.open(pay); uma.status != http.StatusForbidden {
		t.Errorf("%d", uma.status)
	}
	if uma.send(pay+"/confirm", "how", "due", "proof", "recording", "method", "x", "date", "2026-12-01"); uma.status != http.StatusForbidden {
		t.Errorf("%d", uma.status)
	}
	list, err := d.svc.Payments(ctx, identity.Customer(d.who))
	must(t, err)
	uma.open(strings.TrimSuffix(pay, "pay") + "payments/" + string(list[0].ID))
	uma.expect(uma.at, "Payment received", "$100.00")
	if strings.Contains(uma.page, "Cancel this payment") {
		t.Error("an auditor is offered to cancel")
	}
}

func TestThePagesOfAPaymentByPhoneAreAccessible(t *testing.T) {
	d := openDesk(t)
	_, agent, boss := d.staffed()
	maya, pay := agent.account()
	b := openTab(t, d)
	b.as(agent)
	b.visit(pay)
	b.check("phone-unknown")
	agent.send(maya+"/check", "purpose", "payment", "method", "text")
	agent.send(agent.at, "code", d.code())
	b.visit(pay)
	b.check("phone")
	// From here on the keyboard alone, and no script of ours.
	b.says(`(document.querySelector("input[name=how][value=other]").click(), document.querySelector("#amount").value = "200", document.querySelector("main form:not(.visually-hidden)").submit())`)
	b.until(`document.querySelector(".script") !== null`, "true")
	b.check("phone-review")
	b.says(`document.querySelectorAll("main form")[1].submit()`)
	b.until(`document.querySelector(".error-summary") !== null`, "true")
	b.check("phone-refused")
	b.says(`(document.querySelector("#agreed").checked = true, document.querySelector("#reference").value = "REC-7781", document.querySelectorAll("main form")[1].submit())`)
	b.until(`/payments/.test(location.pathname)`, "true")
	b.check("phone-done")
	boss.account()
	b.as(boss)
	b.visit(pay)
	b.check("phone-paper")
	b.visit(maya)
	b.check("phone-customer")
	if list, err := d.svc.Payments(ctx, identity.Customer(d.who)); err != nil || len(list) != 2 || list[0].State != billing.Scheduled && list[0].State != billing.Authorised {
		t.Errorf("%+v, %v", list, err)
	}
}

func (b *tab) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.site + path))
}
