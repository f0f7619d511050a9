package portal

import (
	"context"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// backdated is a loan with three payments on their due dates, and a check of the
// first month that was posted after them: the books hold the check, and then a
// correction of each payment after it.
func backdated(t testing.TB) servicing.Account {
	t.Helper()
	terms := ledgerLoan()
	events := []contract.Event{pay(on(2, 15), 462_87), pay(on(3, 15), 462_87), pay(on(4, 15), 462_87), {Kind: contract.Payment, Source: contract.FromCheck, Date: on(2, 20), Amount: 1_000_00}}
	a := cardOf(t, terms, events...)
	_, before, err := contract.Replay(&terms, events[:3])
	must(t, err)
	_, after, err := contract.Replay(&terms, events)
	must(t, err)
	posted := func(d money.Date) money.Instant { return money.InstantOf(d.Time().Add(15 * time.Hour)) }
	var rows []servicing.HistoryRow
	add := func(i int, kind string, was contract.Allocation, posts money.Date, effective money.Date) {
		al := after[i].Minus(was)
		if posts != on(5, 1) {
			al = before[i]
		}
		rows = append([]servicing.HistoryRow{{Event: i + 1, Kind: kind, Effective: effective, Posted: posted(posts), Allocation: al, Amount: al.Total(), Source: events[i].Source}}, rows...)
	}
	for i := range 3 {
		add(i, "payment", contract.Allocation{}, events[i].Date, events[i].Date)
	}
	add(3, "payment", contract.Allocation{}, on(5, 1), on(2, 20))
	for i := 1; i < 3; i++ {
		add(i, "correction", before[i], on(5, 1), events[i].Date)
	}
	a.History = rows
	return a
}

func TestABackDatedPaymentStandsAtItsDateAndItsCorrectionsBesideWhatTheyCorrect(t *testing.T) {
	a := backdated(t)
	var got []string
	for _, r := range merged(a) {
		got = append(got, r.Effective.Short()+" "+r.What)
	}
	want := []string{
		"Apr 15 Payment", "Apr 15 applied anew because of “payment by check” of Feb 20, 2026",
		"Mar 15 Payment", "Mar 15 applied anew because of “payment by check” of Feb 20, 2026",
		"Feb 20 Payment by check", "Feb 15 Payment",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	page := accountText(t, a)
	says(t, page, "Corrected on May 1, 2026", "Balance after", a.State.Principal.USD())
	if c := lastCorrection(a, 2); c == nil || c.Cause != "“payment by check” of Feb 20, 2026" {
		t.Errorf("%+v", c)
	}
	if c := lastCorrection(a, 1); c != nil {
		t.Errorf("what came before the check was corrected: %+v", c)
	}
}

func TestTheBalanceOverTimeIsAsItNowStandsAndNeverASawtooth(t *testing.T) {
	a := backdated(t)
	points := pastPoints(a)
	for i := 1; i < len(points); i++ {
		if points[i].balance > points[i-1].balance || points[i].date < points[i-1].date {
			t.Errorf("the line goes from %v to %v", points[i-1], points[i])
		}
	}
	if n := len(points); points[n-2].balance != a.State.Principal || points[n-2].date != on(4, 15) {
		t.Errorf("the last entry leaves %v, the account %s", points[n-2], a.State.Principal)
	}
	if rows := merged(a); rows[1].Balance != a.State.Principal || !rows[0].BalanceMoved || rows[1].BalanceMoved {
		t.Errorf("newest rows %+v", rows[:2])
	}
}

func TestAReturnedPaymentLeavesTheBalanceToItsReturn(t *testing.T) {
	a := cardOf(t, ledgerLoan())
	al := contract.Allocation{Interest: 120_26, Principal: 342_61}
	a.History = []servicing.HistoryRow{
		{Event: 1, Kind: "payment_returned", PaymentID: "p1", Effective: on(2, 18), Amount: -462_87, Allocation: contract.Allocation{}.Minus(al)},
		{Event: 1, Kind: "payment", PaymentID: "p1", Effective: on(2, 15), Amount: 462_87, Allocation: al},
	}
	rows := merged(a)
	if rows[0].What != "Payment returned by the bank" || rows[0].Effective != on(2, 18) || rows[0].Balance != 24_000_00 || rows[0].BalanceMoved {
		t.Errorf("%+v", rows[0])
	}
	if rows[1].What != "Payment" || !rows[1].BalanceMoved {
		t.Errorf("%+v", rows[1])
	}
}

func TestMoneyThatCameByCheckIsListedWithThePayments(t *testing.T) {
	a := backdated(t)
	rows := outside(a)
	if len(rows) != 4 || rows[0].What != "Payment by check" || rows[0].From != "Check" {
		t.Fatalf("%+v", rows)
	}
	p := paid("settled")
	p.Date = on(3, 1)
	v, err := newPaymentsPage(maya, overviewOf(a), []servicing.Payment{p}, rows, get("/payments"))
	must(t, err)
	var dates []string
	for _, r := range v.Rows {
		dates = append(dates, r.Date.Short())
	}
	if got := strings.Join(dates, ", "); got != "Apr 15, Mar 15, Mar 1, Feb 20, Feb 15" {
		t.Errorf("payments of %s", got)
	}
	says(t, render(t, "payments", nil, v), "5 payments, newest first.", "Payment by check")
	a.History = append([]servicing.HistoryRow{{Event: 4, Kind: "taken_back", Effective: on(6, 1), Amount: -1_000_00}}, a.History...)
	if rows := outside(a); rows[0].Status.Word != "Taken back" {
		t.Errorf("%+v", rows[0])
	}
}

func TestAutopayIsNamedWhenTheCustomerIsPaidAheadAndBesideALaterPayment(t *testing.T) {
	a := accountAfter(t, "k1", loanTerms(), orla, 25)
	due := money.NewDate(2026, 12, 15)
	a.Autopay = &servicing.Autopay{Method: checking, Since: today, NextDate: due.AddMonths(1, 15), NextAmount: 579_84} // the one before is paid already
	if r := read(a.Card); !r.Quiet || r.Sentence != "$579.84 is due on Jan 15. Autopay will pay it from checking ••4821." {
		t.Errorf("%+v", r)
	}
	if n := next(a.Card); len(n) != 2 || !strings.HasPrefix(n[0].What, "Autopay") || n[0].Date != money.NewDate(2027, 1, 15) {
		t.Errorf("%+v", n)
	}
	c := current(t)
	v := newReviewPage(maya, reviewOf(t, c, "other", 100_00, due), nil)
	says(t, render(t, "review", nil, v), "Autopay will also take $579.84 on Dec 15 from checking ••4821.", "To pay only once, choose a payment date before Dec 15")
	saysNot(t, render(t, "review", nil, newReviewPage(maya, reviewOf(t, c, "other", 100_00, due-1), nil)), "also take")
	p := paid("scheduled")
	p.Date = due + 5
	says(t, render(t, "payment", nil, newPaymentPage(maya, c.Card, p, servicing.Explanation{})), "Autopay will also take $579.84 on Dec 15", "cancel this payment or turn autopay off")
	c.Scheduled = []servicing.Payment{p}
	c.Scheduled[0].Amount, c.Scheduled[0].Date, c.Autopay.NextAmount = 100_00, due-5, 479_84
	if r := read(c.Card); !r.Quiet || !strings.HasSuffix(r.Sentence, "Autopay will take $479.84 on Dec 15 from checking ••4821.") {
		t.Errorf("%+v", r)
	}
}

func TestAnAccountIsPaidInFullOnceItsLastPaymentClears(t *testing.T) {
	a := closed(t)
	p := paid("authorised")
	a.LastPayment = &p
	page := render(t, "overview", nil, newOverview(maya, overviewOf(a), nil))
	says(t, page, "This account will be paid in full once your payment of $579.84 clears.", "Processing")
	saysNot(t, page, "is paid in full")
	p.State = "settled"
	says(t, render(t, "overview", nil, newOverview(maya, overviewOf(a), nil)), "This account is paid in full.")
}

func TestAPaymentThatPaysAllPaysNothingAhead(t *testing.T) {
	v := reviewOf(t, current(t), "payoff", 0, today)
	page := render(t, "review", nil, newReviewPage(maya, v, nil))
	says(t, page, "pays off the rest of the principal.")
	saysNot(t, page, "payments ahead")
}

func TestAReviewThatMeetsAQuoteSaysThatItCloses(t *testing.T) {
	l := openLender(t)
	b := l.activated(t, "770001001", "4321")
	list, err := l.svc.FindContract(context.Background(), identity.System("test"), "770001001")
	must(t, err)
	at := "/accounts/" + string(list)
	b.send(t, at+"/payoff", values("good_through", "2026-12-02", "key", servicing.NewKey()))
	_, _, page := b.visit(t, at+"/pay")
	says(t, page, "We quoted $", "good through Dec 2, 2026", "See the quote")

	a := current(t)
	table, err := a.State.PayoffTable(&a.Terms, today, today+10)
	must(t, err)
	kept := billing.PayoffLetter{Made: today, GoodThrough: today + 10, Total: table[10].Total}
	for _, p := range table {
		kept.Table = append(kept.Table, billing.PayoffDay{Date: p.On, Total: p.Total})
	}
	for day, want := range map[money.Date]bool{today: true, today + 10: true, today + 11: false} {
		v := reviewOf(t, a, billing.AmountPayoff, 0, day)
		r := newReviewPage(maya, v, nil)
		if r.Quoted = closesAsQuoted(v, &kept); (r.Quoted != "") != want {
			t.Errorf("on %s: %q", day, r.Quoted)
		}
		if want {
			page := render(t, "review", nil, r)
			says(t, page, "The account is closed, as quoted on Nov 22, 2026.")
			saysNot(t, page, "would be left over")
		}
	}
	if closesAsQuoted(reviewOf(t, a, billing.AmountOther, 500_00, today), &kept) != "" {
		t.Error("a part of it closes the account")
	}
}

func TestAnEndedLeaseHasNothingToCome(t *testing.T) {
	a, _ := leaseOf(t, reserveLease(), 12)
	s := a.State
	_, err := s.Apply(&a.Terms, contract.Event{Kind: contract.LeaseEnd, Date: today, Amount: 395_00})
	must(t, err)
	a = settle(t, a, s)
	a.Card.Ended = true
	a, v := viewLease(t, a, contract.Reading{Date: on(3, 15), Miles: 3_600}, contract.Reading{Date: on(11, 15), Miles: 14_000})
	v.Ended = true
	page := leaseText(t, a, v)
	says(t, page, "This lease has ended.", "14,000")
	saysNot(t, page, "to come", "pace", "Turn on autopay", "would cost")
	for _, page := range []string{accountText(t, a), render(t, "overview", nil, newOverview(maya, overviewOf(a), nil))} {
		saysNot(t, page, "Turn on autopay", "still to come")
	}
	says(t, render(t, "autopay", nil, newAutopayPage(maya, a.Card, nil, nil)), "this lease has ended")
}

func TestWordsChangeOnceTheInsurerHasPaid(t *testing.T) {
	loss := contract.Event{Kind: contract.TotalLoss, Date: on(3, 1)}
	paid := contract.Event{Kind: contract.Payment, Source: contract.FromInsurer, Date: on(3, 20), Amount: 15_000_00}
	a := cardOf(t, ledgerLoan(), loss, paid)
	a.History = []servicing.HistoryRow{{Event: 2, Kind: "payment", Source: contract.FromInsurer, Effective: on(3, 20), Amount: 15_000_00}}
	page := accountText(t, a)
	says(t, page, "the insurance company paid $15,000.00 on Mar 20, 2026. What is left is still owed")
	saysNot(t, page, "until the insurance company has paid")
}

func TestContractFactsOfAContractThatCameLater(t *testing.T) {
	a := current(t)
	a.Origin.Term = 72
	says(t, accountText(t, a), "Number of payments 60 left when the contract came to us Term 72 months")
}
