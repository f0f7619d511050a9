package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// toAutopayReview goes from autopay's page by way of a new bank account to the
// review.
func (b *browser) toAutopayReview(t testing.TB, account string) string {
	t.Helper()
	_, _, page := b.send(t, account+"/autopay/review", values("method", "new"))
	form := formOf(t, page, account+"/autopay/bank-account")
	for i := 0; i < len(bankFields); i += 2 {
		form.Set(bankFields[i], bankFields[i+1])
	}
	_, _, page = b.send(t, account+"/autopay/bank-account", form)
	return page
}

// Each step asks one thing, keeps what the others said, and comes back to the
// review; what is signed is what the review showed. No script is run.
func TestAutopayIsChosenStepByStep(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	review := account + "/autopay/review"
	page := b.toAutopayReview(t, account)
	step := func(change string, answers ...string) {
		t.Helper()
		form := formOf(t, page, review)
		if change != "" {
			form.Set("change", change)
			_, _, page = b.send(t, review, form)
			form = formOf(t, page, review)
		}
		for i := 0; i < len(answers); i += 2 {
			form.Set(answers[i], answers[i+1])
		}
		_, _, page = b.send(t, review, form)
	}
	step("amount", "extra", "25.00")
	says(t, page, "The payment due and $25.00 extra", "and $25.00 extra, which reduces my principal")
	step("when", "rhythm", "monthly")
	says(t, page, "Which day?", "The last day of the month")
	step("", "day", "10")
	says(t, page, "On the 10th of each month", "First payment Dec 10, 2026", "$25.00 extra", "on the 10th of each month, starting Dec 10, 2026")
	step("until", "last_date", "2026-11-01")
	says(t, page, "How long?", "Choose a last day that is still to come.")
	step("", "last_date", "", "count", "x")
	says(t, page, "Enter a number of payments, like 12.")
	step("", "count", "12")
	says(t, page, "For 12 payments", "The payment due and $25.00 extra")
	step("tell", "tell", "every")
	says(t, page, "Before every payment", "I choose to be told at least 10 days before every payment.")

	step("when", "rhythm", "every_two_weeks")
	says(t, page, "Which day?", "First payment")
	step("", "anchor", "2026-11-27")
	says(t, page, "How much each time?", "Your payment of $579.84 a month comes to $267.62 each time.")
	step("", "fixed", "100.00")
	says(t, page, "Every two weeks on Friday", "$100.00 each time", "This is less than your payments: $2,600.00 in a year, and $6,958.08 comes due.")
	step("amount", "fixed", "0.10")
	says(t, page, "How much each time?", "The smallest payment is $1.00.")
	step("", "fixed", "270.00")
	says(t, page, "$270.00 each time", "First payment Nov 27, 2026")

	agree := formOf(t, page, account+"/autopay/agree")
	agree.Set("signed", "Maya")
	_, status, page2 := b.send(t, account+"/autopay/agree", agree)
	if says(t, page2, "Autopay has not changed yet.", "$270.00 each time"); status != http.StatusUnprocessableEntity {
		t.Errorf("signed with half a name: %d", status)
	}
	agree.Set("signed", "MAYA OKAFOR")
	if at, _, page := b.send(t, account+"/autopay/agree", agree); at != account+"/autopay?done=on" {
		t.Fatalf("signing went to %s: %s", at, words(page))
	}
	_, _, page = b.visit(t, account+"/autopay")
	says(t, page, "Autopay is on: $270.00 on Nov 27, 2026", "Next payments Nov 27", "Dec 11", "Dec 25", "For 12 payments", "Before every payment", "What you agreed to on Nov 22, 2026")

	// Back to the due date: what the other rhythm needed is gone.
	step("when", "rhythm", "due_date")
	says(t, page, "Review your change", "On each due date", "First payment Dec 15, 2026 Amount $579.84")
	agree = formOf(t, page, account+"/autopay/agree")
	agree.Set("signed", "agree")
	_, _, page = b.send(t, account+"/autopay/agree", agree)
	says(t, page, "Autopay is on: $579.84 on Dec 15, 2026", "What you agreed to before", "Authorization of Nov 22, 2026 (PDF) every two weeks on Friday, kept until Nov 22, 2028")
	_, rest, _ := strings.Cut(page, "authorization.pdf?of=")
	earlier, _, _ := strings.Cut(rest, `"`)
	for path, want := range map[string]int{"?of=" + earlier: http.StatusOK, "": http.StatusOK, "?of=nothing": http.StatusNotFound} {
		if _, status, pdf := b.visit(t, account+"/autopay/authorization.pdf"+path); status != want || (want == http.StatusOK) != strings.HasPrefix(pdf, "%PDF-") {
			t.Errorf("%q: %d", path, status)
		}
	}
}

func TestAutopayIsPausedResumedAndSkipped(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	account := b.account(t)
	for _, path := range []string{"/pause", "/skip", "/off"} {
		if at, _, _ := b.visit(t, account+"/autopay"+path); at != account+"/autopay" {
			t.Errorf("%s with autopay off: %s", path, at)
		}
	}
	_, status, page := b.send(t, account+"/autopay/pause", nil)
	if status != http.StatusSeeOther && status != http.StatusOK && status != http.StatusUnprocessableEntity {
		t.Errorf("paused while off: %d %s", status, words(page))
	}
	agree := formOf(t, b.toAutopayReview(t, account), account+"/autopay/agree")
	agree.Set("signed", "agree")
	b.send(t, account+"/autopay/agree", agree)

	_, _, page = b.visit(t, account+"/autopay/skip")
	says(t, page, "Skip the next payment?", "Autopay will not take $579.84 on Dec 15, 2026.")
	skip := formOf(t, page, account+"/autopay/skip")
	at, _, page := b.send(t, account+"/autopay/skip", skip)
	if says(t, page, "One payment is left out.", "The payment of Dec 15, 2026 is left out.", "Autopay is on: $579.84 on Jan 15, 2027"); at != account+"/autopay?done=skipped" {
		t.Errorf("skipping went to %s", at)
	}
	skip.Set("date", "2026-12-16")
	if _, status, page := b.send(t, account+"/autopay/skip", skip); status != http.StatusUnprocessableEntity {
		t.Errorf("a date that is none: %d %s", status, words(page))
	}
	_, _, page = b.send(t, account+"/autopay/skip", url.Values{})
	says(t, page, "No payment is left out.", "Autopay is on: $579.84 on Dec 15, 2026")

	_, _, page = b.send(t, account+"/autopay/pause", values("until", "2026-11-20"))
	says(t, page, "Pause autopay?", "Choose a day from Nov 23, 2026 to")
	_, _, page = b.send(t, account+"/autopay/pause", values("until", "2027-01-01"))
	says(t, page, "Autopay is paused, and begins again on Jan 1, 2027.", "Resume autopay")
	_, _, page = b.send(t, account+"/autopay/resume", nil)
	says(t, page, "Autopay goes on.", "Autopay is on: $579.84 on Dec 15, 2026")
	_, _, page = b.send(t, account+"/autopay/pause", nil)
	says(t, page, "Autopay is paused until you resume it.")
	_, _, page = b.visit(t, "/payments")
	says(t, page, "Autopay is paused.")
	saysNot(t, page, "Autopay is on")
}

// What a plan leaves unpaid is said before it is signed.
func TestAPlanThatFallsShortSaysSo(t *testing.T) {
	a := lease(t)
	due := a.Due.Upcoming
	review := func(change func(v *servicing.AutopayReview)) string {
		v := servicing.AutopayReview{Contract: a.Card, Method: checking, FirstDate: due, FirstAmount: 412_50, Authorization: "I authorize", Name: "Maya Okafor",
			Plan: billing.AutopayPlan{Rhythm: billing.Weekly, Fixed: 100_00}, YearDrafts: 5_200_00, YearDue: 4_950_00}
		change(&v)
		return render(t, "autopay-review", nil, newAutopayReviewPage(maya, v, web.NewForm("method", "b1")))
	}
	saysNot(t, review(func(*servicing.AutopayReview) {}), "short", "missing", "yours to")
	says(t, review(func(v *servicing.AutopayReview) { v.ShortOn, v.ShortBy, v.FirstDate = due, 412_50, due+3 }), "comes before autopay begins. $412.50 of it is yours to make.")
	says(t, review(func(v *servicing.AutopayReview) { v.ShortOn, v.ShortBy = due, 12_50 }), "these payments are $12.50 short of what is due. A larger amount, or an earlier day, avoids that.")
	says(t, review(func(v *servicing.AutopayReview) { v.ShortOn, v.ShortBy, v.YearDrafts = due, 12_50, 4_000_00 }), "This is less than your payments: $4,000.00 in a year")
	says(t, review(func(v *servicing.AutopayReview) { v.Contract.Due.PastDue = 412_50 }), "$412.50 is past due now. Autopay does not take it: it stays yours to pay.")
	if row := planRows(a.Card, billing.AutopayPlan{Rhythm: billing.EachDueDate}, checking)[2]; row.Change != "" {
		t.Error("a lease is offered an extra amount")
	}
}

func TestThePagesOfAPlanAreFilledInFromIt(t *testing.T) {
	plan := billing.AutopayPlan{Rhythm: billing.TwiceMonthly, Day: 1, Second: 15, Fixed: 290_00, Count: 12, LastDate: money.NewDate(2027, 6, 30), Tell: billing.TellOutside, Most: 300_00}
	form := web.NewForm()
	for _, h := range planForm(&servicing.Autopay{Plan: plan, Method: checking, Agreed: 290_00}) {
		form.Set(h.Name, h.Value)
	}
	if back, open := readPlan(form, current(t).Card); open != "" || back != plan {
		t.Errorf("%+v %q", back, open)
	}
	plan.Most = 290_00
	for _, h := range planForm(&servicing.Autopay{Plan: plan, Method: checking, Agreed: 290_00}) {
		form.Set(h.Name, h.Value)
	}
	if back, open := readPlan(form, current(t).Card); open != "" || back.Tell != "" {
		t.Errorf("the usual range is not left to the new terms: %+v %q", back, open)
	}
}
