package portal

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

var (
	tags   = regexp.MustCompile(`(?s)<head>.*?</head>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// words is a page as it is read: its text, in one line.
func words(page string) string {
	return spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(page, " ")), " ")
}

// inertScripts are what the policy lets by: files of our own, and data.
var inertScripts = regexp.MustCompile(`<script src="/assets/[a-z0-9.]+" defer></script>|<script type="application/json">`)

func render(t testing.TB, name string, form *web.Form, data any) string {
	t.Helper()
	p, _ := testPortal(t, "")
	w := httptest.NewRecorder()
	must(t, p.show(w, httptest.NewRequest(http.MethodGet, "/", nil), name, form, data))
	want := http.StatusOK
	if !form.OK() {
		want = http.StatusUnprocessableEntity
	}
	if w.Code != want {
		t.Errorf("%s: status %d, want %d", name, w.Code, want)
	}
	sound(t, name, w.Body.String())
	return w.Body.String()
}

// sound checks what holds for every page: one h1, no id twice, every table with
// a caption and every input with a label.
func sound(t testing.TB, name, page string) {
	t.Helper()
	if n := strings.Count(page, "<h1"); n != 1 {
		t.Errorf("%s has %d h1", name, n)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if seen[m[1]] {
			t.Errorf("%s: id %q stands twice", name, m[1])
		}
		seen[m[1]] = true
	}
	if strings.Count(page, "<table") != strings.Count(page, "<caption") {
		t.Errorf("%s: a table without a caption", name)
	}
	for _, m := range regexp.MustCompile(`<th[ >][^>]*`).FindAllString(page, -1) {
		if !strings.Contains(m, "scope=") {
			t.Errorf("%s: a heading cell without its scope: %s", name, m)
		}
	}
	for _, m := range regexp.MustCompile(` (?:for|aria-labelledby|aria-describedby|form)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !seen[id] {
				t.Errorf("%s: %s names no id", name, m[0])
			}
		}
	}
	if strings.Contains(page, "style=") || strings.Contains(inertScripts.ReplaceAllString(page, ""), "<script") {
		t.Errorf("%s: the policy allows no inline style and no script", name)
	}
}

func says(t testing.TB, page string, want ...string) {
	t.Helper()
	text := words(page)
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the page does not say %q:\n%s", w, text)
		}
	}
}

func saysNot(t testing.TB, page string, bad ...string) {
	t.Helper()
	text := words(page)
	for _, w := range bad {
		if strings.Contains(text, w) {
			t.Errorf("the page says %q:\n%s", w, text)
		}
	}
}

func get(address string) *http.Request { return httptest.NewRequest(http.MethodGet, address, nil) }

func TestOverviewOfOneWithAutopay(t *testing.T) {
	page := render(t, "overview", nil, newOverview(maya, overviewOf(current(t)), nil))
	says(t, page, "Amount due $579 .84 by Dec 15, 2026", "$579.84 is due on Dec 15. Autopay will pay it from checking ••4821.",
		"2023 Halden Orla", "Up to date", "Principal balance", "principal repaid (", "Payment complete", "Make another payment", "Payoff amount today "+current(t).Payoff.Total.USD())
	saysNot(t, page, "Past due")
}

func TestOverviewOfOnePastDueSaysWhatToPayAndWhatHappensThen(t *testing.T) {
	a := behind(t)
	page := render(t, "overview", nil, newOverview(maya, overviewOf(a), nil))
	now := (a.Due.PastDue + a.Due.Fees).USD()
	says(t, page, "Past due now $1,184 .68 the oldest part since Oct 15, 2026",
		"$1,159.68 is past due (the oldest part since Oct 15), and $25.00 in fees is unpaid. Paying "+now+" today brings the account up to date.",
		"The next payment of $579.84 is due on Dec 15.", "Pay "+now, "A late fee may be charged from "+(today+5).Short())
	saysNot(t, page, "!")
}

func TestOverviewOfALeaseSaysNothingOfInterest(t *testing.T) {
	page := render(t, "overview", nil, newOverview(maya, overviewOf(lease(t)), nil))
	says(t, page, "Lease ••4821", "Payments left to make", "in lease payments made", "Autopay Off", "Pay $412.50")
	saysNot(t, page, "interest", "APR", "principal", "Principal")
}

func TestOverviewOfSeveralOfAClosedAndOfNone(t *testing.T) {
	page := render(t, "overview", nil, newOverview(maya, overviewOf(closed(t), lease(t)), nil))
	says(t, page, "This account is paid in full. You owe nothing more.", "Closed", "2025 Aldon Sela")
	page = render(t, "overview", nil, newOverview(maya, overviewOf(), nil))
	says(t, page, "No account is linked to your sign-in", "(800) 555-0142")
}

func TestAScheduledPaymentThatCoversTheAmountDueIsSaidAndNotAskedForAgain(t *testing.T) {
	c := current(t).Card
	c.Autopay = nil
	p := paid(billing.Scheduled)
	p.Date = money.NewDate(2026, 12, 1)
	c.Scheduled = []servicing.Payment{p}
	if r := read(c); r.Sentence != "$579.84 is due on Dec 15. Your payment of $579.84 from checking ••4821 is scheduled for Dec 1." || !r.Quiet {
		t.Errorf("%+v", r)
	}
	c.Scheduled[0].Amount = 100_00
	if r := read(c); r.Quiet || r.Button != "Pay $579.84" {
		t.Errorf("a part payment hides the amount due: %+v", r)
	}
	c.Scheduled[0].Amount, c.Scheduled[0].Date = 579_84, money.NewDate(2026, 12, 20)
	if r := read(c); r.Quiet {
		t.Errorf("a payment after the due date hides it: %+v", r)
	}
}

func TestAutopayThatLeavesFeesDoesNotHideThem(t *testing.T) {
	c := current(t).Card
	c.Due.Fees = 25_00
	if r := read(c); r.Quiet || !strings.Contains(r.Sentence, "The payment of $579.84 is due on Dec 15, and $25.00 in fees is unpaid. Autopay will pay $579.84 on Dec 15 from checking ••4821. It does not pay the fees.") {
		t.Errorf("%+v", r)
	}
}

func TestFeesStandApartWhereThePaymentIsListed(t *testing.T) {
	c := current(t).Card
	c.Autopay, c.Due.Fees = nil, 7_76
	r := read(c)
	var sum money.Cents
	for _, e := range next(c) {
		sum += e.Amount
	}
	if r.Amount != 587_60 || sum != r.Amount {
		t.Errorf("the headline is %s, what comes next %s", r.Amount, sum)
	}
}

func TestOneInstalmentPastDueIsSinceOneDay(t *testing.T) {
	a := accountAfter(t, "k2", loanTerms(), orla, 23)
	r := read(a.Card)
	if r.When != "since Nov 15, 2026" || !strings.HasPrefix(r.Sentence, "$579.84 is past due since Nov 15. Paying $579.84 today") {
		t.Errorf("%+v", r)
	}
	v := newAccountPage(maya, a)
	page := render(t, "account", nil, v)
	says(t, page, "Past due now $579.84", "Next payment (Dec 15, 2026) $579.84", "Nov 15, 2026 Past due, if paid today")
	saysNot(t, page, "Amount due")
	if n := strings.Count(words(page), "if paid today"); n != 1 {
		t.Errorf("%d rows are past due", n)
	}
}

func TestAutopayEndedByAReturnIsSaidUntilItIsOnAgain(t *testing.T) {
	a := current(t)
	a.AutopayEnded = &servicing.AutopayEnd{On: today, Reason: "the bank account is closed", Method: checking}
	const told = "Autopay was turned off on Nov 22 because the bank account is closed."
	saysNot(t, render(t, "overview", nil, newOverview(maya, overviewOf(a), nil)), "turned off")
	a.Autopay = nil
	v := newAccountPage(maya, a)
	other := checking
	other.ID, other.Last4 = "b2", "7007"
	methods := []servicing.Method{checking, other}
	auto := newAutopayPage(maya, a.Card, methods, nil)
	for name, page := range map[string]string{
		"overview": render(t, "overview", nil, newOverview(maya, overviewOf(a), nil)),
		"account":  render(t, "account", nil, v),
		"autopay":  render(t, "autopay", nil, auto),
	} {
		if text := words(page); !strings.Contains(text, told) || !strings.Contains(text, "Choose another account") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if auto.Form.Value("method") != "b2" || firstPayForm(optionsOf(a, methods...)).Value("method") != "b2" {
		t.Error("the account that failed is chosen beforehand")
	}
	if m := firstPayForm(optionsOf(a, checking)).Value("method"); m != newMethod {
		t.Errorf("chosen beforehand: %s", m)
	}
}

func TestAutopayOfAPaymentMadeAheadSaysWhatItTakesFirst(t *testing.T) {
	a := accountAfter(t, "k1", loanTerms(), orla, 25)
	due := money.NewDate(2027, 1, 15)
	v := servicing.AutopayReview{Contract: a.Card, Method: checking, FirstDate: due, FirstAmount: 579_84, Authorization: "I authorize"}
	says(t, render(t, "autopay-review", nil, newAutopayReviewPage(maya, v, web.NewForm())), "First payment Jan 15, 2027", "Amount $579.84")
	a.Autopay = &servicing.Autopay{Method: checking, Since: today, NextDate: due, NextAmount: 579_84, Authorization: "I authorize"}
	says(t, render(t, "autopay", nil, newAutopayPage(maya, a.Card, nil, nil)), "Autopay is on: $579.84 on Jan 15, 2027 from checking ••4821.")
}

// Another borrower's autopay is told of, and is not this one's to read or stop.
func TestAutopayOfAnotherBorrower(t *testing.T) {
	a := current(t)
	a.Autopay = &servicing.Autopay{Method: servicing.Method{Type: "checking", Last4: "4821", Theirs: true}, Since: today, NextDate: a.Due.Upcoming, NextAmount: a.Due.UpcomingAmount}
	page := render(t, "autopay", nil, newAutopayPage(maya, a.Card, nil, nil))
	says(t, page, "from the other borrower's checking ••4821.", "Only they can turn it off.")
	if strings.Contains(page, "authorization.pdf") || strings.Contains(page, "/off") {
		t.Error(page)
	}
}

func TestAReturnedPaymentSaysItsFeeAndStandsOnItsReturnsDay(t *testing.T) {
	c, p := current(t).Card, paid(billing.Returned)
	p.ReturnFee = 15_00
	says(t, render(t, "payment", nil, newPaymentPage(maya, c, p, servicing.Explanation{})), "A $15.00 fee was added on Nov 18.")
	c.LastPayment = &p
	if e := lately(c, nil)[0]; e.Date != p.ReturnedOn || e.What != "Payment returned by the bank" {
		t.Errorf("%+v", e)
	}
}

func TestAPaymentOnABankHolidaySaysWhenTheBankSeesIt(t *testing.T) {
	thanksgiving := money.NewDate(2026, 11, 26)
	v := reviewOf(t, current(t), billing.AmountOther, 100_00, thanksgiving)
	says(t, render(t, "review", nil, newReviewPage(maya, v, web.NewForm())),
		"It counts on Nov 26. Banks are closed that day: yours sees it on Nov 27 and takes it by Nov 30.")
}

func TestReviewOfLessThanTheInterestSaysWhatStaysUnpaid(t *testing.T) {
	a := behind(t)
	v := reviewOf(t, a, billing.AmountOther, 50_00, today)
	all := a.Payoff.Interest
	page := render(t, "review", nil, newReviewPage(maya, v, web.NewForm()))
	says(t, page, "$50.00 of "+all.USD()+" interest ("+(all-50_00).USD()+" of it stays unpaid).", "Why "+all.USD()+" interest?",
		"Still past due $1,109.68", "Fees still unpaid $25.00", "Next payment (Dec 15, 2026) $579.84")
}

func TestReviewOfAPayoffForALaterDayPromisesNothing(t *testing.T) {
	page := render(t, "review", nil, newReviewPage(maya, reviewOf(t, current(t), billing.AmountPayoff, 0, today+10), web.NewForm()))
	says(t, page, "Nothing is left to pay, as things stand today. A late fee or another charge added before Dec 2, 2026 would be left over.")
	saysNot(t, page, "paid in full")
}

func TestAccountPageOfALoan(t *testing.T) {
	a := current(t)
	v := newAccountPage(maya, a)
	page := render(t, "account", nil, v)
	says(t, page, "Payoff amount today "+a.Payoff.Total.USD(), "× 5.99% ÷ 365 × 7 days", "Rate 5.99% a year, fixed",
		"Number of payments 60 Term 60 months", "Interest since Nov 15, 2026", "$0.00 fees charged, $0.00 fees paid.",
		"5.00% of the unpaid part of the payment, at most $25.00, when a payment is more than 10 days late",
		"Interest, then principal, then late fees, then other fees", "Regular payment $579.84 a month", "Extra money Lowers principal and pays the next payments ahead", "36 payments left", "In 2026 so far:", "Planned")
	if n := strings.Count(page, `data-label="Interest"`); n != latestHistory+len(a.Remaining) {
		t.Errorf("%d rows split interest, want %d", n, latestHistory+len(a.Remaining))
	}
}

func TestAccountPageOfALeaseNeverSpeaksOfARate(t *testing.T) {
	v := newAccountPage(maya, lease(t))
	page := render(t, "account", nil, v)
	says(t, page, "All that is left to pay", "Residual value $19,400.00", "Miles a year 12,000", "It does not buy the vehicle.")
	saysNot(t, page, "APR", "Rate", "nterest", "rincipal", "%")
}

func TestAccountPagesBehindClosedAndNew(t *testing.T) {
	for name, a := range map[string]servicing.Account{"behind": behind(t), "closed": closed(t), "new": accountAfter(t, "k4", loanTerms(), orla, 0)} {
		v := newAccountPage(maya, a)
		page := render(t, "account", nil, v)
		switch name {
		case "new":
			says(t, page, "No payments yet")
		case "closed":
			says(t, page, "paid in full")
			saysNot(t, page, "Payments still to come")
		}
	}
}

func TestTheChartEndsWhereThePlanEnds(t *testing.T) {
	a := current(t)
	c := balanceChart(a)
	if !strings.HasPrefix(c.Past, "M0 ") || !strings.HasSuffix(c.Planned, "L640 200") {
		t.Errorf("past %s\nplanned %s", c.Past, c.Planned)
	}
	last := c.Rows[len(c.Rows)-1]
	if !last.Planned || last.Balance != 0 || last.Date != a.Remaining[len(a.Remaining)-1].Date {
		t.Errorf("last row %+v", last)
	}
	if empty := balanceChart(servicing.Account{Date: today}); empty.Past != "" {
		t.Errorf("a chart of nothing: %+v", empty)
	}
}

func TestPayPageOffersFigures(t *testing.T) {
	o := optionsOf(current(t), checking)
	page := render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o)))
	says(t, page, "Amount due Due Dec 15, 2026 $579.84", "Another amount", "Payoff amount", o.Payoff.Total.USD(), "Checking ••4821", "Nothing is charged until you confirm")
	if !strings.Contains(page, `value="due" id="how" checked`) || !strings.Contains(page, `min="2026-11-22" max="2027-01-21"`) {
		t.Errorf("the amount due is not chosen, or the days are not bounded:\n%s", page)
	}
	o = optionsOf(behind(t))
	page = render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o)))
	says(t, page, "Past due now With $25.00 in fees. Brings the account up to date.", "A checking or savings account")
	o = optionsOf(closed(t), checking)
	says(t, render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o))), "There is nothing to pay")
}

func TestReviewShowsTheSplitToTheCent(t *testing.T) {
	a := current(t)
	v := reviewOf(t, a, billing.AmountDue, 0, money.NewDate(2026, 12, 15))
	form := web.NewForm("how", "due", "date", "2026-12-15", "method", "b1", "key", "key1")
	page := render(t, "review", nil, newReviewPage(maya, v, form))
	al := v.Plan.Allocation
	says(t, page, al.Interest.USD()+" interest for 30 days at $"+v.Plan.Spans[0].PerDiem.Decimal(2)+" a day, "+al.Principal.USD()+" principal.",
		"Principal balance after "+v.Plan.BalanceAfter.USD(), "Pay $579.84", "I authorize", "÷ 365 × 30 days")
	saysNot(t, page, "You already have this payment")
	if al.Interest+al.Principal != 579_84 {
		t.Errorf("the split does not sum: %+v", al)
	}
	if n := strings.Count(page, `name="key" value="key1"`); n != 2 {
		t.Errorf("the key stands in %d forms, want both", n)
	}
	v.SameDay = []servicing.Payment{paid(billing.Authorised)}
	says(t, render(t, "review", nil, newReviewPage(maya, v, form)), "You already have this payment", "K7QM2D9X", "Yes, make another payment of $579.84")
}

func TestReviewOfALeasePaymentHasNoInterest(t *testing.T) {
	a := lease(t)
	v := reviewOf(t, a, billing.AmountDue, 0, today)
	page := render(t, "review", nil, newReviewPage(maya, v, web.NewForm()))
	says(t, page, "$412.50 lease payments.", "Payments left to make after")
	saysNot(t, page, "nterest", "rincipal")
}

func TestReviewOfAPayoffClosesTheAccount(t *testing.T) {
	v := reviewOf(t, current(t), billing.AmountPayoff, 0, today)
	says(t, render(t, "review", nil, newReviewPage(maya, v, web.NewForm())), "The account is paid in full once the payment clears.", "Principal balance after $0.00")
}

func TestPaymentPageInEveryState(t *testing.T) {
	card := current(t).Card
	want := map[billing.PaymentState][]string{
		billing.Scheduled:  {"Payment scheduled", "How it will be applied", "Cancel this payment", "Receipt (PDF)"},
		billing.Authorised: {"Payment received", "How it was applied", "sees it on Nov 16 and takes $579.84 from checking ••4821 by Nov 17; keep the money there", "Cancel this payment"},
		billing.Submitted:  {"Payment sent to your bank", "within a banking day or two"},
		billing.Settled:    {"Payment complete", "There is nothing more to do."},
		billing.Returned:   {"Payment returned by the bank", "there was not enough money in the account.", "Pay again", "on Nov 18, 2026"},
		billing.Cancelled:  {"Payment canceled", "Nothing was taken"},
	}
	for state, lines := range want {
		page := render(t, "payment", nil, newPaymentPage(maya, card, paid(state), servicing.Explanation{}))
		says(t, page, append(lines, "K7QM2D9X", "$579.84", "Checking ••4821")...)
		if state == billing.Settled || state == billing.Returned {
			saysNot(t, page, "Cancel this payment")
		}
		if state == billing.Returned || state == billing.Cancelled {
			saysNot(t, page, "applied")
		}
	}
	says(t, render(t, "payment-cancel", nil, newCancelPage(maya, card, paid(billing.Authorised), nil)), "Cancel this payment?", "What was due stays due: the due date is Dec 15, 2026.")
}

func TestPaymentsPage(t *testing.T) {
	o := overviewOf(current(t), lease(t))
	other := paid(billing.Returned)
	other.Contract, other.Date = "k3", money.NewDate(2025, 7, 1)
	list := []servicing.Payment{paid(billing.Settled), other}
	v, err := newPaymentsPage(maya, o, list, nil, get("/payments"))
	must(t, err)
	page := render(t, "payments", nil, v)
	says(t, page, "2 payments, newest first.", "Autopay is on: $579.84 on Dec 15, 2026 from checking ••4821.", "Autopay is off.", "Returned", "Paid")
	v, err = newPaymentsPage(maya, o, list, nil, get("/payments?account=k3&year=2025"))
	must(t, err)
	if len(v.Rows) != 1 || v.Rows[0].Contract != "k3" {
		t.Errorf("filtered: %+v", v.Rows)
	}
	v, err = newPaymentsPage(maya, o, list, nil, get("/payments?account=k3&year=2026"))
	must(t, err)
	says(t, render(t, "payments", nil, v), "No payment matches.")
	v, err = newPaymentsPage(maya, o, list, nil, get("/payments?year=abc"))
	must(t, err)
	if len(v.Rows) != 2 || v.Year != "" {
		t.Errorf("a year that is none filters: %+v", v.Rows)
	}
	if _, err := newPaymentsPage(maya, o, list, nil, get("/payments?account=k9")); err == nil {
		t.Error("another's account is a filter")
	}
	v, err = newPaymentsPage(maya, o, nil, nil, get("/payments"))
	must(t, err)
	says(t, render(t, "payments", nil, v), "No payments yet")
}

func TestAutopayPages(t *testing.T) {
	on, off := current(t), lease(t)
	says(t, render(t, "autopay", nil, newAutopayPage(maya, on.Card, nil, nil)), "Autopay is on: $579.84", "What you agreed to on Jan 3, 2025", "I authorize", "Turn off autopay")
	says(t, render(t, "autopay", nil, newAutopayPage(maya, off.Card, []servicing.Method{checking}, nil)), "Checking ••4821", "Another bank account", "Review autopay")
	says(t, render(t, "autopay", nil, newAutopayPage(maya, closed(t).Card, nil, nil)), "This account is closed")
	says(t, render(t, "autopay-off", nil, newAutopayPage(maya, on.Card, nil, nil)), "Turn off autopay?", "Your next payment of $579.84 is due on Dec 15, 2026")
	v := servicing.AutopayReview{Contract: off.Card, Method: checking, FirstDate: off.Due.Upcoming, FirstAmount: 412_50, Authorization: "I authorize Kestrane"}
	form := web.NewForm("method", "b1", "key", "k")
	form.Error("signed", "To sign, type your name. Autopay has not changed yet.")
	says(t, render(t, "autopay-review", form, newAutopayReviewPage(maya, v, form)), "First payment Dec 3, 2026", "I authorize Kestrane", "Autopay has not changed yet.")
}

func TestBankAccountPages(t *testing.T) {
	says(t, render(t, "methods", nil, newMethodsPage(maya, []servicing.Method{checking})), "Checking ••4821", "Ready to pay from")
	says(t, render(t, "methods", nil, newMethodsPage(maya, nil)), "No payment method yet")
	says(t, render(t, "bank-account", nil, newBankAccountAlone(maya, nil)), "Where the numbers are on a check", "Nine digits.")
	says(t, render(t, "method-remove", nil, newMethodFormPage(maya, servicing.MethodDetail{Method: checking}, "Remove", nil)), "Remove Checking ••4821?")
}

func TestDocumentsAndStatements(t *testing.T) {
	o := overviewOf(current(t), lease(t))
	papers := []servicing.Document{
		{Contract: "k1", ID: "d3", Kind: billing.DocStatement, Day: money.NewDate(2026, 11, 24), Hash: "h", Size: 40_000},
		{Contract: "k1", ID: "d2", Kind: billing.DocReceipt, Day: money.NewDate(2026, 11, 15)},
		{Contract: "k2", ID: "d1", Kind: billing.DocStatement, Day: money.NewDate(2021, 3, 4), Hash: "h", Size: 1_250_000, Imported: true},
	}
	list := func(query string) string {
		t.Helper()
		v, rows, err := newDocumentsPage(maya, o, papers, httptest.NewRequest("GET", "/documents"+query, nil))
		must(t, err)
		v.Rows, v.Pages.Total = rows, len(rows)
		return render(t, "documents", nil, v)
	}
	says(t, list(""), "3 documents, newest first.", "Nov 24, 2026", "Receipt", "from before you were with us", "Download all 3 as one file", "about 1.2 MB")
	page := list("?kind=statement&year=2026&account=k1")
	says(t, page, "1 document, newest first.", "Download it as one file", "about 40 KB")
	if !strings.Contains(page, `href="/documents/all.zip?account=k1&amp;kind=statement&amp;year=2026"`) {
		t.Errorf("the file of all is not of what the filter leaves:\n%s", page)
	}
	says(t, list("?year=2019"), "No document matches.")
	for _, query := range []string{"?kind=secret", "?account=k9"} {
		if _, _, err := newDocumentsPage(maya, o, papers, httptest.NewRequest("GET", "/documents"+query, nil)); err == nil {
			t.Errorf("%s was taken", query)
		}
	}
	papers = nil
	says(t, list(""), "No documents yet", "before the payment due on Dec 15, 2026")

	page = render(t, "statement", nil, newStatementPage(maya, "/accounts/k1/statements/2026-11-24", statementOf(contract.Loan)))
	says(t, page, "Beginning balance $19,542.20", "Principal paid −$480.40", "Ending balance $19,061.80", "Finance charge for the period: $96.10", "$28.1540", "Payment, thank you", "A late fee of $25.00 may be added if $579.84 is not paid by Dec 25, 2026.")
	page = render(t, "statement", nil, newStatementPage(maya, "/x", statementOf(contract.Lease)))
	saysNot(t, page, "nterest", "rincipal", "APR", "%")
}

func TestPagesForTheSignedOut(t *testing.T) {
	page := render(t, "welcome", nil, signInPage{Page: web.Page{Title: "Welcome", Layout: "narrow"}})
	says(t, page, "Sign in", "Activate online access", "Forgot your password?", "More help signing in")
	if !strings.Contains(page, `autocomplete="current-password"`) || !strings.Contains(page, `autocomplete="username"`) {
		t.Error("a password manager cannot find the fields")
	}
	says(t, render(t, "activate", nil, factsForActivation(nil)), "We never ask for the whole number.", "Step 1 of 4", "Use your date of birth instead")
	says(t, render(t, "activate-code", nil, newCodePage(nil, "text", false)), "If what you typed matches our records", "by text message to the phone")
	p, _ := testPortal(t, "")
	v := p.newPasswordPage(nil)
	v.Username = "maya@mail.example"
	page = render(t, "activate-password", nil, v)
	says(t, page, "At least 8 characters.")
	if !strings.Contains(page, `value="maya@mail.example"`) || strings.Count(page, `autocomplete="new-password"`) != 2 {
		t.Errorf("the username is not offered, or the fields are not named:\n%s", page)
	}
	saysNot(t, render(t, "help", nil, helpPage{Page: web.Page{Title: "Help"}, In: true, Lease: true}), "nterest")
	says(t, render(t, "help", nil, helpPage{Page: web.Page{Title: "Help"}}), "How is interest counted?", "(800) 555-0142", "We never ask for your password, for a code, or for your full Social Security number", "A statement does not appear")
}

func byCardPaid(state billing.PaymentState) servicing.Payment {
	p := paid(state)
	p.Rail, p.Method, p.ReturnCode, p.ReturnReason, p.ReturnedOn = billing.Card, servicing.Method{Kind: billing.CardMethod, Brand: "visa", Last4: "4242"}, "", "", 0
	p.Cancellable = state == billing.Submitted
	return p
}

func TestAPaymentByCardInEveryState(t *testing.T) {
	card := current(t).Card
	for state, lines := range map[billing.PaymentState][]string{
		billing.Scheduled: {"Payment scheduled", "we will charge $579.84 to Visa card ••4242"},
		billing.Settled:   {"Payment received", "Your card was charged $579.84."},
		billing.Returned:  {"Payment disputed", "took the money back"},
		billing.Reversed:  {"Payment given back", "We gave $579.84 back to Visa card ••4242."},
		billing.Refused:   {"Payment not made", "Nothing was charged."},
		billing.Cancelled: {"Payment canceled", "Nothing was charged"},
	} {
		page := render(t, "payment", nil, newPaymentPage(maya, card, byCardPaid(state), servicing.Explanation{}))
		says(t, page, append(lines, "K7QM2D9X", "$579.84")...)
	}
}

// While nobody knows whether the card was charged, nobody is told that it failed,
// nor asked to pay again.
func TestThePageBetweenOursAndTheCardCompanys(t *testing.T) {
	card := current(t).Card
	const at = "https://cards.example/pay/1"
	for what, c := range map[string]struct {
		st        servicing.CardStatus
		from      string
		going     bool
		says, not []string
	}{
		"getting ready": {servicing.CardStatus{Payment: byCardPaid(billing.Created)}, "", true, []string{"getting the card page ready", "Nothing has been charged."}, []string{"Go to the card page"}},
		"on the way":    {servicing.CardStatus{Payment: byCardPaid(billing.Submitted), Page: at, Total: 579_84}, "", true, []string{"Go to the card page", "pay $579.84"}, nil},
		"left":          {servicing.CardStatus{Payment: byCardPaid(billing.Submitted), Page: at}, "left", false, []string{"You left the card page. Nothing has been charged.", "Cancel this payment"}, nil},
		"back":          {servicing.CardStatus{Payment: byCardPaid(billing.Submitted), Page: at}, "page", false, []string{"being confirmed", "You do not need to pay again"}, []string{"failed", "try again"}},
		"unknown":       {servicing.CardStatus{Payment: byCardPaid(billing.Unknown)}, "", false, []string{"being confirmed", "You do not need to pay again"}, []string{"failed", "try again", "Cancel this payment"}},
		"being closed":  {servicing.CardStatus{Payment: byCardPaid(billing.Submitted), Closing: true}, "", false, []string{"We are canceling this payment"}, []string{"Cancel this payment"}},
	} {
		page := render(t, "card-payment", nil, newCardPage(maya, card, c.st, c.from, c.going))
		says(t, page, append(c.says, "$579.84", "K7QM2D9X")...)
		saysNot(t, page, c.not...)
		if strings.Contains(page, `type="text"`) {
			t.Errorf("%s: there is something to type", what)
		}
	}
}

func TestThePayPageOffersCardsWhereTheyAreTaken(t *testing.T) {
	a := current(t)
	o := optionsOf(a, checking, servicing.Method{ID: "c1", Kind: billing.CardMethod, Brand: "visa", Last4: "4242", ExpMonth: 4, ExpYear: 2030})
	saysNot(t, render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o))), "Debit or credit card", "4242")
	o.Cards, o.CardFee = true, 3_50
	says(t, render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o))), "Debit or credit card", "Visa card ••4242", "Expires 04/2030", "There is a fee of $3.50; paying from a bank account is free.")
	says(t, render(t, "cards", nil, newCardsPage(maya, o.Methods)), "Visa card ••4242", "Replace", "Remove", "04/2030")
	saysNot(t, render(t, "cards", nil, newCardsPage(maya, nil)), "4242")
}
