package portal

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// away are the rules of a lender whose provider does not answer.
var away = func() servicing.Rules {
	rules := servicing.DefaultRules
	rules.CheckAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		return "", errors.New("away")
	}
	return rules
}()

// deposits closes a day and reads at the bank what its file brought.
func (l *lender) deposits(t *testing.T) (out []money.Cents) {
	t.Helper()
	ctx, system := context.Background(), identity.System("test")
	day, err := l.svc.Today(ctx)
	must(t, err)
	for !day.BankingDay() {
		day, err = l.svc.OpenDay(ctx, system, day, day+1)
		must(t, err)
	}
	_, err = l.svc.CutFile(ctx, system, day)
	must(t, err)
	_, err = l.svc.OpenDay(ctx, system, day, day.AddBankingDays(1))
	must(t, err)
	files, err := l.svc.FilesToDrop(ctx, system)
	must(t, err)
	f, err := ach.Read(bytes.NewReader(files[0].Content))
	must(t, err)
	for _, e := range f.Batches[0].Entries {
		out = append(out, e.Amount)
	}
	return out
}

func TestAnAccountIsCheckedOnTheWayToAPayment(t *testing.T) {
	l := openLenderWith(t, away)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	_, _, page := b.visit(t, account+"/pay")
	form := formOf(t, page, account+"/pay/review")
	form.Set("how", "due")
	form.Set("date", today.String())
	form.Set("method", "new")
	_, _, page = b.send(t, account+"/pay/review", form)
	form = formOf(t, page, account+"/pay/bank-account")
	for i := 0; i < len(bankFields); i += 2 {
		form.Set(bankFields[i], bankFields[i+1])
	}
	at, _, page := b.send(t, account+"/pay/bank-account", form)
	check := regexp.MustCompile(`^/payment-methods/[0-9a-f-]{36}/check`).FindString(at)
	if check == "" {
		t.Fatalf("adding went to %s: %s", at, words(page))
	}
	says(t, page, "No payment was made", "You have not been charged", "Being checked", "Two small deposits marked ACCTVERIFY", "Pay from another account")
	amounts := l.deposits(t)

	// Chosen for a payment it leads here again, and not to a dead end.
	_, _, page = b.visit(t, account+"/pay")
	form = formOf(t, page, account+"/pay/review")
	form.Set("how", "due")
	day, err := l.svc.Today(context.Background())
	must(t, err)
	form.Set("date", day.String())
	form.Set("method", strings.Split(check, "/")[2])
	if at, _, page = b.send(t, account+"/pay/review", form); !strings.HasPrefix(at, check) {
		t.Fatalf("paying went to %s: %s", at, words(page))
	}
	says(t, page, "Type the two amounts", "You can try 3 times.", "You have not been charged")

	say := func(first, second string) (string, int, string) {
		_, _, page := b.visit(t, check)
		form := formOf(t, page, check)
		form.Set("first", first)
		form.Set("second", second)
		return b.send(t, check, form)
	}
	cents := func(c money.Cents) string { return c.String() }
	if _, status, page := say("17", cents(amounts[1])); status != http.StatusUnprocessableEntity || !strings.Contains(page, `value="17"`) {
		t.Errorf("dollars: %d", status)
	} else {
		says(t, page, "For 17 cents, type 0.17.", "You can try 3 times.")
	}
	if _, status, page := say(cents(amounts[0]), cents(amounts[0])); status != http.StatusUnprocessableEntity {
		t.Errorf("wrong: %d", status)
	} else {
		says(t, page, "These are not the amounts. You can try 2 more times.")
	}
	if at, _, page := say(cents(amounts[1]), cents(amounts[0])); !strings.HasSuffix(at, "?done=checked") {
		t.Errorf("right went to %s: %s", at, words(page))
	} else {
		says(t, page, "The account is checked. You can pay from it now.", "Ready to pay from")
	}
}

func TestAMethodIsNamedReplacedAndRemoved(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	_, _, page := b.visit(t, "/bank-accounts/new")
	form := formOf(t, page, "/payment-methods/new")
	for i := 0; i < len(bankFields); i += 2 {
		form.Set(bankFields[i], bankFields[i+1])
	}
	if at, _, page := b.send(t, "/payment-methods/new", form); at != "/payment-methods?done=added" {
		t.Fatalf("adding went to %s: %s", at, words(page))
	}
	_, _, page = b.visit(t, "/bank-accounts")
	one := regexp.MustCompile(`/payment-methods/[0-9a-f-]{36}`).FindString(page)
	if _, status, page := b.send(t, one+"/name", values("nickname", "My 12345678")); status != http.StatusUnprocessableEntity || !strings.Contains(page, "My 12345678") {
		t.Errorf("a number for a name: %d", status)
	}
	_, _, page = b.send(t, one+"/name", values("nickname", "Household"))
	says(t, page, "The nickname is saved.", "Household (checking ••4821)")
	_, _, page = b.send(t, one+"/first", nil)
	says(t, page, "This is the one we offer first now.")
	_, _, page = b.visit(t, one+"/replace")
	says(t, page, "Replace Household (checking ••4821)")
	form = formOf(t, page, one+"/replace")
	for i := 0; i < len(bankFields); i += 2 {
		form.Set(bankFields[i], strings.ReplaceAll(bankFields[i+1], "4821", "4822"))
	}
	if at, _, page := b.send(t, one+"/replace", form); at != "/payment-methods?done=replaced" || !strings.Contains(page, "4822") || strings.Contains(page, "4821") {
		t.Errorf("replacing went to %s: %s", at, words(page))
	}
	_, _, page = b.visit(t, "/payment-methods")
	one = regexp.MustCompile(`/payment-methods/[0-9a-f-]{36}`).FindString(page)
	_, _, page = b.visit(t, one+"/remove")
	says(t, page, "Remove Checking ••4822?")
	if at, _, _ := b.send(t, one+"/remove", nil); at != "/payment-methods?done=removed" {
		t.Errorf("removing went to %s", at)
	}
	if _, status, _ := b.visit(t, one); status != http.StatusNotFound {
		t.Errorf("after it: %d", status)
	}
}

// The pages say where each state stands and what comes next.
func TestEachStateOfAMethodHasItsWords(t *testing.T) {
	there, ends := money.NewDate(2026, 11, 25), money.NewDate(2026, 12, 9)
	with := func(v billing.Validation, c *servicing.AccountCheck) servicing.Method {
		m := checking
		m.Validation, m.Check, m.StopCode = v, c, "R03"
		return m
	}
	var all []servicing.Method
	for _, c := range []struct {
		m    servicing.Method
		says string
	}{
		{with(billing.Validated, nil), "Ready to pay from"},
		{with(billing.Unvalidated, nil), "Check it before you pay from it."},
		{with(billing.Validating, &servicing.AccountCheck{Way: billing.ByMicroEntries, State: billing.CheckWaiting, There: there}), "in your account by Nov 25, 2026. Then type both amounts here."},
		{with(billing.Validating, &servicing.AccountCheck{Way: billing.ByMicroEntries, State: billing.CheckSent, There: there, EndsOn: ends, Open: true, Left: 2}), "Type both amounts by Dec 9, 2026."},
		{with(billing.Validating, &servicing.AccountCheck{Way: billing.ByPrenote, State: billing.CheckSent, There: there, EndsOn: ends}), "Ready on Dec 9, 2026, unless your bank sends our test entry back."},
		{with(billing.NotValid, &servicing.AccountCheck{State: billing.CheckFailed, Reason: billing.CheckTries, MayAgain: true}), "The amounts were wrong three times. You can start a new check."},
		{with(billing.NotValid, &servicing.AccountCheck{State: billing.CheckFailed, Reason: "R03"}), "a digit may be wrong"},
		{with(billing.Stopped, nil), "Cannot be used"},
		{servicing.Method{ID: "c1", Kind: billing.CardMethod, Brand: "visa", Last4: "4242", ExpMonth: 3, ExpYear: 2029, Validation: billing.Validated}, "Good through 03/2029."},
	} {
		page := render(t, "method-check", nil, newMethodFormPage(maya, servicing.MethodDetail{Method: c.m}, "Check", nil))
		if c.m.Check == nil || !c.m.Check.Open {
			says(t, page, c.says)
		}
		all = append(all, c.m)
		keepShot(t, "method-check-"+string(c.m.Validation), page)
	}
	page := render(t, "methods", nil, newMethodsPage(maya, all))
	says(t, page, "Good through 03/2029.", "Type both amounts by Dec 9, 2026.")
	keepShot(t, "methods", page)
	d := servicing.MethodDetail{Method: all[0], Others: all[:1], Uses: []servicing.MethodUse{{Vehicle: orla, Account: "1001"}, {Vehicle: orla, Account: "1001", Payment: &servicing.Payment{Amount: 450_00, Date: ends}}}}
	keepShot(t, "method", render(t, "method", nil, newMethodPage(maya, d)))
	page = render(t, "method-remove", nil, newMethodFormPage(maya, d, "Remove", nil))
	says(t, page, "Autopay for 2023 Halden Orla ••1001", "$450.00 on Dec 9, 2026", "Draw them from")
	keepShot(t, "method-remove", page)
}

// keepShot leaves a page for a look at it: MARQUE_PAGES names a folder.
func keepShot(t *testing.T, name, page string) {
	t.Helper()
	if dir := os.Getenv("MARQUE_PAGES"); dir != "" {
		must(t, os.WriteFile(dir+"/"+name+".html", []byte(page), 0o600))
	}
}
