package portal

import (
	"slices"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// ledgerLoan is $24,000.00 at 5.90 %, actual/365, from Jan 15, 2026: 31 days of
// interest are $120.26.
func ledgerLoan() contract.Terms {
	t := loanTerms()
	t.Principal, t.Rate, t.Payment = 24_000_00, 59_000_000_000, 462_87
	t.Start, t.FirstDue = money.NewDate(2026, 1, 15), money.NewDate(2026, 2, 15)
	return t
}

// explained is what servicing says of one event among others.
func explained(t testing.TB, terms contract.Terms, seq int, events ...contract.Event) servicing.Explanation {
	t.Helper()
	for i := range events {
		events[i].Seq = i + 1
	}
	_, allocations, err := contract.Replay(&terms, events)
	must(t, err)
	why, err := contract.Explain(&terms, events, seq)
	must(t, err)
	return servicing.Explanation{Event: events[seq-1], Allocation: allocations[seq-1], Why: why,
		Undone: slices.ContainsFunc(events, func(e contract.Event) bool { return e.Kind == contract.Reversal && e.Reverses == seq })}
}

func on(month, day int) money.Date { return money.NewDate(2026, month, day) }

func cardOf(t testing.TB, terms contract.Terms, events ...contract.Event) servicing.Account {
	t.Helper()
	for i := range events {
		events[i].Seq = i + 1
	}
	s, _, err := contract.Replay(&terms, events)
	must(t, err)
	a := servicing.Account{Date: today, Terms: terms}
	a.Card = servicing.Card{ID: "k5", Kind: terms.Kind, AccountNumber: "77000154821", Vehicle: orla, Original: terms.Principal}
	a.YTD.Year = today.Year()
	return settle(t, a, s)
}

func pay(day money.Date, amount money.Cents) contract.Event {
	return contract.Event{Kind: contract.Payment, Date: day, Amount: amount}
}

func historyOf(t testing.TB, terms contract.Terms, seq int, events ...contract.Event) string {
	t.Helper()
	return render(t, "history", nil, newHistoryPage(maya, cardOf(t, terms, events...).Card, explained(t, terms, seq, events...)))
}

func TestAPaymentIsExplainedStepByStep(t *testing.T) {
	page := historyOf(t, ledgerLoan(), 1, pay(on(2, 15), 600_00))
	says(t, page, "Date Feb 15, 2026", "Amount $600.00", "Where the money went interest $120.26 principal $479.74",
		"$120.26 pays the interest since Jan 15, 2026: $24,000.00 × 5.90% ÷ 365 × 31 days.", "$342.61 pays the principal in the payment",
		"$137.13 lowers principal and pays the next payments ahead.", "Simple interest: each day on unpaid principal, never on interest or on fees.",
		"Principal $479.74 $342.61 $342.61", "Jan 15 to Feb 15, 2026 $24,000.00 × 5.90% ÷ 365 × 31 days $120.2630")
}

func TestAPaymentTooSmallSaysWhatStaysUnpaid(t *testing.T) {
	late := contract.Event{Kind: contract.LateCharge, Date: on(2, 26), Amount: 23_14, Instalment: 1}
	page := historyOf(t, ledgerLoan(), 2, late, pay(on(2, 26), 100_00))
	says(t, page, "$100.00 pays part of the interest since Jan 15, 2026: $24,000.00 × 5.90% ÷ 365 × 42 days. $62.94 of it stays unpaid.",
		"is not paid by this.", "Late fees of $23.14 are not paid by this.")
	page = historyOf(t, ledgerLoan(), 3, late, pay(on(2, 26), 100_00), pay(on(2, 28), 50_00))
	says(t, page, "Interest left unpaid before")
}

func TestEveryRuleOfTheEngineHasWords(t *testing.T) {
	owed := []contract.Figure{{Name: "owed", Value: "25.00"}, {Name: "money_left", Value: "100.00"}}
	for _, rule := range []contract.Rule{contract.RuleAccrued, contract.RuleBilled, contract.RuleFees, contract.RuleAhead, contract.RuleReduce, contract.RulePrincipalOnly,
		contract.RuleHeld, contract.RuleProceeds, contract.RuleRecovered, contract.RuleTolerance, contract.RuleQuoted, contract.RuleTaxed} {
		for _, kind := range []contract.Kind{contract.Loan, contract.Lease} {
			got := stepsOf(kind, []contract.Why{{What: string(contract.LateFees), Amount: 25_00, Rule: rule, Figures: owed}})
			if len(got) != 1 || !strings.HasPrefix(got[0].Words, "$25.00 ") || !strings.HasSuffix(got[0].Words, ".") {
				t.Errorf("%s, %s: %+v", kind, rule, got)
			}
		}
	}
}

func TestExtraMoneyIsExplainedAsItWasChosen(t *testing.T) {
	with := func(x billing.Extra, amount money.Cents) contract.Event {
		return billing.Ask{Date: on(2, 15), Amount: amount, Extra: x}.Event()
	}
	says(t, historyOf(t, ledgerLoan(), 1, with(billing.ExtraPrincipal, 600_00)), "$137.13 lowers principal now. No later payment counts as paid.")
	page := historyOf(t, ledgerLoan(), 1, with(billing.ExtraPrincipalOnly, 500_00))
	says(t, page, "Payment to principal only", "$500.00 goes to principal only, as chosen.", "is not paid by this and stays owed.")
	terms := ledgerLoan()
	s := terms.Open()
	payoff, err := s.Payoff(&terms, on(2, 15))
	must(t, err)
	says(t, historyOf(t, terms, 1, pay(on(2, 15), payoff.Total+5_00)), "$5.00 is more than was owed. It is held for you and will be given back.", "held for you $5.00")
	terms.CloseTolerance = 1_00
	says(t, historyOf(t, terms, 1, pay(on(2, 15), payoff.Total-3)), "$0.03 that is left is forgiven, because it is too small to ask for.", "forgiven −$0.03")
	quote := contract.Event{Kind: contract.PayoffQuote, Date: on(2, 10), GoodThrough: on(2, 20)}
	says(t, historyOf(t, terms, 1, quote), "We quoted", "good through Feb 20, 2026.", "Good through Feb 20, 2026")
}

func TestALeasePaymentIsExplainedWithoutInterest(t *testing.T) {
	terms := leaseTerms()
	terms.Tax, terms.Principal = 12_50, 36*400_00
	page := historyOf(t, terms, 1, pay(money.NewDate(2025, 6, 3), 412_50))
	says(t, page, "lease payments $400.00 tax $12.50", "$412.50 pays the lease payment", "$12.50 of it is tax on the lease payments.", "Tax in each payment $12.50")
	saysNot(t, page, "nterest", "rincipal", "APR", "%")
}

func TestAPaymentTakenBackSaysSo(t *testing.T) {
	back := contract.Event{Kind: contract.Reversal, Date: on(2, 18), Reverses: 1}
	page := historyOf(t, ledgerLoan(), 1, pay(on(2, 15), 462_87), back)
	says(t, page, "This was taken back. Your account now stands as if it had never been.")
	saysNot(t, page, "Where the money went", "Step by step")
	page = historyOf(t, ledgerLoan(), 2, pay(on(2, 15), 462_87), back)
	says(t, page, "Entry taken back", "See what was taken back")
	if !strings.Contains(page, `href="/accounts/k5/history/1"`) {
		t.Error("what was taken back is not linked")
	}
	a := cardOf(t, ledgerLoan(), pay(on(2, 15), 462_87), back)
	p := paid(billing.Returned)
	p.Event = 1
	page = render(t, "payment", nil, newPaymentPage(maya, a.Card, p, explained(t, a.Terms, 1, pay(on(2, 15), 462_87), back)))
	says(t, page, "This payment was taken back. Your account now stands as if it had never been made.")
}

func TestThePaymentPageExplainsAndSaysWhenItsPartsHaveMoved(t *testing.T) {
	event := pay(on(2, 15), 462_87)
	a, x := cardOf(t, ledgerLoan(), event), explained(t, ledgerLoan(), 1, event)
	p := paid(billing.Settled)
	p.Event, p.Allocation, p.Extra = 1, x.Allocation, billing.ExtraPrincipal
	page := render(t, "payment", nil, newPaymentPage(maya, a.Card, p, x))
	says(t, page, "How it was applied", "$120.26 pays the interest since Jan 15, 2026", "Principal balance after", "Extra money Lowers principal now")
	saysNot(t, page, "its parts changed")
	p.Allocation.Interest++
	page = render(t, "payment", nil, newPaymentPage(maya, a.Card, p, x))
	says(t, page, "Something with an earlier date was posted after this payment, so its parts changed.")
	saysNot(t, page, "Principal balance after")
}

// Every kind of event has its own words, on a loan and on a lease, and no lease
// page speaks of interest.
func TestEveryKindOfEventHasItsPage(t *testing.T) {
	rate := money.Rate(40_000_000_000)
	behind := contract.Event{Kind: contract.LateCharge, Date: on(2, 26), Amount: 23_14, Instalment: 1}
	gone := contract.Event{Kind: contract.Repossession, Date: on(6, 1)}
	lease := func(e contract.Event) []contract.Event { e.Date = on(6, 10); return []contract.Event{e} }
	for _, c := range []struct {
		events []contract.Event // the last is explained
		lease  bool
		says   []string
	}{
		{[]contract.Event{{Kind: contract.Payment, Source: contract.FromCheck, Date: on(2, 15), Amount: 462_87}}, false, []string{"Payment by check"}},
		{[]contract.Event{{Kind: contract.Payment, Source: contract.FromCard, Date: on(2, 15), Amount: 462_87}}, false, []string{"Payment by card"}},
		{[]contract.Event{{Kind: contract.Payment, Source: contract.FromWire, Date: on(2, 15), Amount: 462_87}}, false, []string{"Payment by wire"}},
		{[]contract.Event{{Kind: contract.Payment, Source: contract.FromCash, Date: on(2, 15), Amount: 462_87}}, false, []string{"Payment in cash"}},
		{[]contract.Event{{Kind: contract.Payment, Source: contract.FromInsurer, Date: on(2, 15), Amount: 5_000_00}}, false, []string{"Payment from the insurance company", "lowers principal now"}},
		{[]contract.Event{behind}, false, []string{"Late fee", "Of the payment due Feb 15, 2026, $462.87 was not paid by the end of the 10 days of grace. A late fee of $23.14 was added.", "A fee that your contract allows."}},
		{[]contract.Event{{Kind: contract.ReturnedFee, Date: on(2, 20), Amount: 15_00}}, false, []string{"Returned payment fee", "Your bank returned a payment, and a fee of $15.00 was added."}},
		{[]contract.Event{{Kind: contract.OtherCharge, Date: on(2, 20), Amount: 15_00}}, false, []string{"Other fee", "A fee of $15.00 was added"}},
		{[]contract.Event{behind, {Kind: contract.Waiver, Of: contract.LateFees, Date: on(3, 1), Amount: 23_14}}, false, []string{"Late fee forgiven", "We took off $23.14 of late fees. You do not owe it."}},
		{[]contract.Event{{Kind: contract.Waiver, Of: contract.Interest, Date: on(3, 1), Amount: 20_00}}, false, []string{"Interest forgiven", "We took off $20.00 of interest."}},
		{[]contract.Event{{Kind: contract.Refund, Date: on(3, 1), Amount: 5_00}}, false, []string{"Refund", "We are sending you back $5.00"}},
		{[]contract.Event{{Kind: contract.RateChange, Rate: &rate, Date: on(3, 1)}}, false, []string{"Interest rate changed", "from 5.90% to 4.00%", "Interest rate 5.90% 4.00%"}},
		{[]contract.Event{{Kind: contract.Service, Rate: &rate, Date: on(3, 1)}}, false, []string{"Interest capped for military service", "Because of your military service your interest rate is 4.00%", "50 USC 3937"}},
		{[]contract.Event{{Kind: contract.Service, Date: on(3, 1)}}, false, []string{"already at or below the cap"}},
		{[]contract.Event{{Kind: contract.Service, Rate: &rate, Date: on(3, 1)}, {Kind: contract.ServiceEnd, Date: on(9, 1)}}, false, []string{"Military service cap ended", "Your rate is 5.90% from Sep 1, 2026."}},
		{[]contract.Event{pay(on(2, 15), 462_87), {Kind: contract.DueDateChange, DueDay: 25, Date: on(3, 1)}}, false, []string{"Due date changed", "Your payment that was due Mar 15, 2026 is now due Mar 25, 2026.", "Due date Mar 15, 2026 Mar 25, 2026"}},
		{[]contract.Event{pay(on(2, 15), 462_87), {Kind: contract.Deferral, Months: 1, Date: on(3, 1)}}, false, []string{"Payments moved to later", "is now due Apr 15, 2026.", "Interest goes on each day"}},
		{[]contract.Event{{Kind: contract.ReAge, Date: on(3, 1)}}, false, []string{"Past due payments moved to later", "is now due Mar 15, 2026."}},
		{[]contract.Event{{Kind: contract.Modification, Rate: &rate, Payments: 72, Date: on(3, 1)}}, false, []string{"Terms changed", "Your rate is now 4.00%."}},
		{[]contract.Event{{Kind: contract.Acceleration, Date: on(6, 1)}}, false, []string{"Whole balance became due", "call us and we will talk through what is possible"}},
		{[]contract.Event{{Kind: contract.TotalLoss, Date: on(6, 1)}}, false, []string{"Vehicle reported a total loss"}},
		{[]contract.Event{gone}, false, []string{"Vehicle taken back", "call us"}},
		{[]contract.Event{gone, {Kind: contract.Sale, Date: on(6, 20), Amount: 15_000_00}}, false, []string{"Vehicle sold", "of the price pays interest", "of the price pays principal", "UCC 9-615"}},
		{[]contract.Event{{Kind: contract.ChargeOff, Date: on(6, 1)}}, false, []string{"Balance charged off", "It is still owed.", "Amount $24,000.00"}},
		{[]contract.Event{{Kind: contract.ChargeOff, Date: on(6, 1)}, pay(on(7, 1), 100_00)}, false, []string{"$100.00 pays toward the balance that was charged off.", "toward the balance charged off $100.00"}},
		{[]contract.Event{{Kind: contract.HoldBegins, Hold: contract.Bankruptcy, Date: on(6, 1)}}, false, []string{"Notices paused", "Nothing that you owe changed."}},
		{[]contract.Event{{Kind: contract.HoldBegins, Hold: contract.Bankruptcy, Date: on(6, 1)}, {Kind: contract.HoldEnds, Hold: contract.Bankruptcy, Date: on(7, 1)}}, false, []string{"Notices on again"}},
		{lease(contract.Event{Kind: contract.Odometer, Miles: 12_345}), true, []string{"Odometer reading", "12,345 miles"}},
		{lease(contract.Event{Kind: contract.LeaseExtension, Months: 3}), true, []string{"Lease extended", "by 3 months", "Number of payments 36 39"}},
		{lease(contract.Event{Kind: contract.LeaseEnd, Amount: 395_00}), true, []string{"Lease ended", "Your lease ended on Jun 10, 2026.", "Lease payments that were not due yet are canceled."}},
		{lease(contract.Event{Kind: contract.ChargeOff}), true, []string{"Balance charged off", "No more late fees are added."}},
		{lease(contract.Event{Kind: contract.DueDateChange, DueDay: 20}), true, []string{"Due date changed"}},
	} {
		terms := ledgerLoan()
		if c.lease {
			terms = leaseTerms()
		}
		last := c.events[len(c.events)-1]
		page := historyOf(t, terms, len(c.events), c.events...)
		says(t, page, c.says...)
		saysNot(t, page, "ankruptcy", "instalment", "_")
		if c.lease {
			saysNot(t, page, "nterest", "rincipal", "APR", "%")
		}
		if billing.KindTitle(string(last.Kind)) == string(last.Kind) {
			t.Errorf("%s has no words in the history", last.Kind)
		}
	}
}

func TestThePayPageOffersWhatExtraMoneyDoes(t *testing.T) {
	a := current(t)
	o := optionsOf(a, checking)
	o.Extra = contract.Reduce
	form := firstPayForm(o)
	page := render(t, "pay", nil, newPayPage(maya, o, form))
	says(t, page, "If that is more than what is due, what should the rest do?", "Pay next payments ahead", "Lower my principal now", "All of it to principal", "nothing of the payment due Dec 15")
	saysNot(t, page, "Pay fees first")
	if !strings.Contains(page, `name="extra" value="principal" id="extra-1" checked`) {
		t.Errorf("what the contract says is not chosen:\n%s", page)
	}
	o.Extra = contract.PayFees
	if got := firstPayForm(o).Value("extra"); got != "prepay" {
		t.Errorf("without fees: %q", got)
	}
	o = optionsOf(behind(t), checking)
	o.Extra = contract.PayFees
	page = render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o)))
	says(t, page, "Pay fees first $25.00 in fees is paid before any payment that is not due yet.")
	saysNot(t, page, "All of it to principal")
	if !strings.Contains(page, `value="fees" id="extra-2" checked`) {
		t.Errorf("fees are not chosen:\n%s", page)
	}
	l := optionsOf(lease(t), checking)
	saysNot(t, render(t, "pay", nil, newPayPage(maya, l, firstPayForm(l))), "what should the rest do")
}

func TestTheReviewNamesWhatExtraMoneyDoes(t *testing.T) {
	a := current(t)
	review := func(x billing.Extra, amount money.Cents) string {
		plan, err := billing.Decide(&a.Terms, a.State, billing.Ask{Kind: billing.AmountOther, Amount: amount, Date: today, Extra: x}, billing.AnyDay(today))
		must(t, err)
		req := servicing.PaymentRequest{Key: "key1", Contract: a.ID, Kind: billing.AmountOther, Amount: amount, Date: today, Method: checking.ID, Extra: x}
		return render(t, "review", nil, newReviewPage(maya, servicing.PaymentReview{Request: req, Method: checking, Card: a.Card, Plan: plan, Authorizes: "I authorize"}, web.NewForm()))
	}
	page := review(billing.ExtraPrepay, 1_300_00)
	says(t, page, "Extra money Pays next payments ahead", "Due date after Feb 15, 2027 instead of Dec 15, 2026", "lowers principal and pays the next payments ahead.")
	if n := strings.Count(page, `name="extra" value="prepay"`); n != 1 {
		t.Errorf("the choice is confirmed in %d places", n)
	}
	says(t, review(billing.ExtraPrincipal, 1_300_00), "Extra money Lowers principal now", "lowers principal now. No later payment counts as paid.")
	says(t, review(billing.ExtraPrincipalOnly, 1_300_00), "All of it goes to principal", "Due date after Dec 15, 2026, as before", "$1,300.00 goes to principal only")
}

func TestARefusedChoiceOfExtraMoneyStandsBesideIt(t *testing.T) {
	form, req := read1(t, "how", "other", "amount", "250", "extra", "principal_only", "date", "2026-12-20", "method", "b1", "key", "k")
	if req.Extra != billing.ExtraPrincipalOnly || !form.OK() {
		t.Fatalf("%+v", req)
	}
	a := current(t)
	no := &servicing.Refusal{Code: "principal_only_past_due", Field: "extra", Message: "$579.84 is past due. Pay that first; then you can pay extra to principal only."}
	must(t, told(form, no, payFieldNames(form)))
	page := render(t, "pay", form, newPayPage(maya, optionsOf(a, checking), form))
	says(t, page, "$579.84 is past due. Pay that first; then you can pay extra to principal only.")
	for _, kept := range []string{`id="extra-error"`, `value="principal_only" id="extra-2" checked`, `value="250"`, `value="2026-12-20"`} {
		if !strings.Contains(page, kept) {
			t.Errorf("no %s on\n%s", kept, page)
		}
	}
	if _, req := read1(t, "how", "due", "amount", "", "extra", "principal_only", "date", "2026-12-20", "method", "b1", "key", "k"); req.Extra != "" {
		t.Errorf("a choice beside another amount counts: %q", req.Extra)
	}
}

func TestThePayoffPage(t *testing.T) {
	a := current(t)
	page := render(t, "payoff", nil, newPayoffPage(maya, a, nil, nil))
	says(t, page, "Payoff amount today", a.Payoff.Total.USD()+" pays this account off today, Nov 22, 2026. Each day after that adds $3.13 of interest until a payment is made.", "Get a payoff quote", "From Nov 22, 2026 to Dec 22, 2026.")
	if !strings.Contains(page, `value="2026-12-02"`) {
		t.Errorf("ten days ahead is not offered:\n%s", page)
	}
	table, err := a.State.PayoffTable(&a.Terms, today, today+10)
	must(t, err)
	spans, err := a.State.Spans(&a.Terms, today+10)
	must(t, err)
	last := table[10]
	l := billing.PayoffLetter{Lender: billing.Lender{Name: "Kestrane Motor Finance"}, Made: today, GoodThrough: today + 10, Principal: last.Principal, Interest: last.Interest,
		Total: last.Total, PerDiem: last.PerDiem.Decimal(6), InterestLines: billing.InterestLines(spans),
		Pending:   []billing.PayoffPayment{{Date: today, Amount: 100_00, Confirmation: "7K2-MQX-44P"}},
		Scheduled: []billing.PayoffPayment{{Date: today + 20, Amount: 200_00, Confirmation: "9TT-2RW-A5B"}}}
	for _, p := range table {
		l.Table = append(l.Table, billing.PayoffDay{Date: p.On, Total: p.Total})
	}
	page = render(t, "payoff", nil, newPayoffPage(maya, a, &l, nil))
	says(t, page, last.Total.USD()+" pays this account off if it arrives by Dec 2, 2026.", "Interest to Dec 2, 2026 "+last.Interest.USD(), "Payoff letter (PDF)", "Each day adds $3.12",
		"Counted in already, but not cleared", "7K2-MQX-44P", "Scheduled and not counted.", "P.O. Box 5512", "By wire", "nothing more is owed and the account is closed", "of interest in 10 days. Only the part that grows is drawn.")
	if n := strings.Count(page, `<td class="head">`); n != 11 {
		t.Errorf("%d days", n)
	}
	saysNot(t, page, "Something was posted")
	l.Table[0].Total += 25_00
	says(t, render(t, "payoff", nil, newPayoffPage(maya, a, &l, nil)), "Something was posted on your account since this quote was made")
	form := web.NewForm("good_through", "soon", "key", "k")
	form.Error("good_through", "Enter a date that exists, like 12/15/2026.")
	page = render(t, "payoff", form, newPayoffPage(maya, a, nil, form))
	if !strings.Contains(page, `value="soon"`) || !strings.Contains(page, `name="key" value="k"`) {
		t.Errorf("what was typed is lost:\n%s", page)
	}
	says(t, render(t, "payoff", nil, newPayoffPage(maya, closed(t), nil, nil)), "There is nothing left to pay on this account.")
}

func accountText(t testing.TB, a servicing.Account) string {
	t.Helper()
	v := newAccountPage(maya, a)
	return render(t, "account", nil, v)
}

func TestTheAccountPageSaysWhatIsInForceAndWhatWasAgreed(t *testing.T) {
	rate := money.Rate(40_000_000_000)
	says(t, accountText(t, cardOf(t, ledgerLoan(), contract.Event{Kind: contract.RateChange, Rate: &rate, Payment: 440_00, Date: on(2, 1)}, pay(on(2, 15), 462_87))),
		"Rate 4.00% a year (first agreed: 5.90%)", "Regular payment $440.00 a month (first agreed: $462.87)")
	terms := ledgerLoan()
	terms.Extra = contract.Reduce
	says(t, accountText(t, cardOf(t, terms, contract.Event{Kind: contract.Service, Rate: &rate, Date: on(2, 1)})),
		"Because of your military service your interest is capped at 4.00% a year since Feb 1, 2026. Interest above that is forgiven",
		"4.00% a year, capped for military service; your contract’s own is 5.90%", "Extra money Pays what is billed, then lowers principal; no later payment counts as paid.")
	defer1 := contract.Event{Kind: contract.Deferral, Months: 1, Date: on(3, 1)}
	a := cardOf(t, ledgerLoan(), pay(on(2, 15), 462_87), defer1)
	a.Changes = []servicing.Explanation{explained(t, ledgerLoan(), 2, pay(on(2, 15), 462_87), defer1)}
	a.History = []servicing.HistoryRow{{Effective: on(2, 15), Kind: "payment", Amount: 462_87, Balance: 23_657_39, Event: 1}}
	page := accountText(t, a)
	says(t, page, "Due dates Your payment that was due Mar 15, 2026 is now due Apr 15, 2026.", "Mar 1, 2026 Payments moved to later Why?", "Feb 15, 2026 Payment Why?")
	if strings.Index(page, "/history/2") > strings.Index(page, "/history/1") {
		t.Error("the newest line does not stand first")
	}
}

func TestChargedOffAndCalledAccountsSpeakCalmly(t *testing.T) {
	a := cardOf(t, ledgerLoan(), contract.Event{Kind: contract.ChargeOff, Date: on(9, 1)})
	const still = "This balance was charged off, and $24,888.39 is still owed."
	page := accountText(t, a)
	says(t, page, still, "No more interest and no late fees are added.", "Charged off", "Make a payment")
	saysNot(t, page, "Up to date", "Past due", "paid in full", "Principal balance $")
	page = render(t, "overview", nil, newOverview(maya, overviewOf(a), nil))
	says(t, page, still)
	saysNot(t, page, "Up to date", "repaid", "100%")
	if e := firstPayForm(optionsOf(a, checking)); e.Value("how") != howOther || e.Value("extra") != "" {
		t.Errorf("paying a balance that was charged off: %v", e)
	}

	a = cardOf(t, ledgerLoan(), contract.Event{Kind: contract.Acceleration, Date: on(9, 1)})
	all := a.Payoff.Total.USD()
	page = accountText(t, a)
	says(t, page, "All that is left to pay, "+all+", is due now.", "On Sep 1, 2026 the whole balance became due, as your contract allows.")
	saysNot(t, page, "up to date", "Past due since")
	o := optionsOf(a, checking)
	page = render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o)))
	saysNot(t, page, "Brings the account up to date", "what should the rest do")

	a = cardOf(t, ledgerLoan(), contract.Event{Kind: contract.HoldBegins, Hold: contract.Bankruptcy, Date: on(9, 1)})
	page = accountText(t, a)
	says(t, page, "This page is for your information. It is not a request for payment.")
	saysNot(t, page, "ankruptcy", "late fee may be charged from")
}
