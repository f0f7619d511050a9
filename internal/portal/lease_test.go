package portal

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// reserveLease is the Federal Reserve's constant-yield example ($18,800 less to
// $12,350 over 48 payments of $244.69), with a tax of $10.00 on each payment and
// the fees, the deposit and the miles of a lease.
func reserveLease() contract.Terms {
	t := leaseTerms()
	t.Start, t.FirstDue, t.Payments, t.Payment, t.Tax, t.Principal = money.NewDate(2025, 12, 15), money.NewDate(2025, 12, 15), 48, 254_69, 10_00, 48*244_69
	t.LeaseTerms = &contract.LeaseTerms{
		CapitalizedCost: 18_800_00, Residual: 12_350_00, Term: 48, MilesPerYear: 12_000, MilesPurchased: 1_000, ExcessMile: 20, Start: money.NewDate(2025, 12, 15),
		BasePayment: 244_69, MonthlyTax: 10_00, DispositionFee: 395_00, PurchaseFee: 300_00, EarlyTerminationFee: 200_00, SecurityDeposit: 250_00,
	}
	return t
}

// leaseOf is a lease on the books whose first payments were made, as servicing
// shows it, after some events.
func leaseOf(t testing.TB, terms contract.Terms, payments int, readings ...contract.Reading) (servicing.Account, servicing.LeaseView) {
	t.Helper()
	return viewLease(t, accountAfter(t, "k3", terms, sela, payments), readings...)
}

func viewLease(t testing.TB, a servicing.Account, readings ...contract.Reading) (servicing.Account, servicing.LeaseView) {
	t.Helper()
	v := servicing.LeaseView{Card: a.Card, Date: a.Date}
	missing := func(err error) bool {
		if e, ok := errors.AsType[*contract.TermsError](err); ok {
			v.Missing = append(v.Missing, e.Field)
		} else {
			must(t, err)
		}
		return err != nil
	}
	var err error
	if v.Terms, v.Standing, err = a.State.Lease(&a.Terms, a.Date); missing(err) {
		return a, v
	}
	v.Ends = v.Terms.End(a.State.Extended)
	if m, err := v.Terms.Mileage(readings, a.State.Extended); !missing(err) {
		v.Mileage = &m
	}
	if a.State.Ended {
		return a, v
	}
	if v.Rows, err = v.Terms.Schedule(nil); missing(err) {
		return a, v
	}
	if v.Method, err = v.Terms.ExplainMethod(); missing(err) {
		return a, v
	}
	odometer := v.Terms.Odometer
	if len(readings) > 0 {
		odometer = readings[len(readings)-1].Miles
	}
	if x, err := v.Terms.Payoff(v.Standing, contract.LeasePayoff{BuyOut: true}); !missing(err) {
		v.BuyOut = &x
	}
	if v.Standing.Month < v.Terms.Term {
		if x, err := v.Terms.Payoff(v.Standing, contract.LeasePayoff{Odometer: odometer}); !missing(err) {
			v.EndEarly = &x
		}
		return a, v
	}
	if x, err := v.Terms.Return(v.Standing, contract.LeaseReturn{Odometer: odometer}); !missing(err) {
		v.Return = &x
	}
	return a, v
}

func leaseText(t testing.TB, a servicing.Account, v servicing.LeaseView) string {
	t.Helper()
	page := render(t, "lease", nil, newLeasePage(maya, a, v))
	neverAYearlyCost(t, "lease", page)
	return page
}

// costOfMoney are the words that a lease never uses of itself (12 CFR 1013.4(s)).
// APR is looked for in capitals only: April is Apr.
var costOfMoney = regexp.MustCompile(`APR|(?i:\b(interest|rates?|percent|percentage|annual)\b)`)

func neverAYearlyCost(t testing.TB, name, page string) {
	t.Helper()
	if at := costOfMoney.FindStringIndex(page); at != nil {
		t.Errorf("%s says %q: …%s…", name, page[at[0]:at[1]], page[max(0, at[0]-80):min(len(page), at[1]+80)])
	}
}

func TestTheLeasePage(t *testing.T) {
	a, v := leaseOf(t, reserveLease(), 12, contract.Reading{Date: on(3, 15), Miles: 3_600}, contract.Reading{Date: on(11, 15), Miles: 14_000})
	page := leaseText(t, a, v)
	balance := v.Rows[11].Balance
	says(t, page, "12 of 48 months have begun, and 36 are to come. The lease ends on Dec 15, 2029.",
		"Payment each month $254.69 $244.69 base, $10.00 tax", "Months begun 12 of 48 36 to come", "Lease balance "+balance.USD(),
		v.BuyOut.Due().USD()+" buys the vehicle today, Nov 22, 2026.", "Tax on the purchase and official fees", "Purchase option fee The fee for buying the vehicle. 12 CFR 1013.4(i) $300.00", "Security deposit The deposit that we hold comes back to you. 12 CFR 1013.4(b) −$250.00",
		v.EndEarly.Due().USD()+" ends the lease today, before what the vehicle brings.", "You pay, before what the vehicle brings "+v.EndEarly.Due().USD(), "This is not yet what you would pay.", "Adjusted lease balance The adjusted capitalized cost less the depreciation of the months so far, by the constant-yield method. Adjusted capitalized cost $18,800.00, depreciation so far "+(18_800_00-balance).USD()+", months 12. 12 CFR 1013.4(g)",
		"Return it at the end You make the payments still to come", "Projected charge for excess miles", "Wear beyond the standard of your lease",
		"By Nov 15, 2026 you had driven 14,000 miles: 2,", "more than your allowance to that day.", "Miles for the whole lease 49,000 12,000 a year and 1,000 bought when you signed", "A mile over costs $0.20",
		"Pace so far "+thousands(v.Mileage.PerYear)+" a year", "At this pace, miles over the allowance would cost "+v.Mileage.Charge.USD()+" at the end.", "Charge for a mile $0.20",
		"Lease balance by months", "Month 48 Nov 15, 2029", "Rent charge", "Depreciation",
		"How the lease balance and an early end are worked out", "by the constant-yield method.", "You may have to pay a substantial charge if you end this lease early.")
	if n := strings.Count(page, `<tr class="planned"><td class="head">Month`); n != 36 || strings.Count(page, `<td class="head">Month`) != 48 {
		t.Errorf("%d months are planned", n)
	}
	saysNot(t, page, "_", "Call us for this figure", "quote")
	if !strings.Contains(page, `href="#method"`) || !strings.Contains(page, `id="method"`) {
		t.Error("the method is not found from the figures")
	}
}

func TestALeaseWithoutAReadingSaysSoKindly(t *testing.T) {
	a, v := leaseOf(t, reserveLease(), 12)
	page := leaseText(t, a, v)
	says(t, page, "No reading yet. Tell us what the odometer shows, and this page will show how your miles stand and where they lead. Call us at (800) 555-0142", "Miles for the whole lease 49,000", v.EndEarly.Due().USD()+" ends the lease today")
	saysNot(t, page, "readings", "Driven", "miles-chart")
	terms := reserveLease()
	terms.LeaseTerms.Rules.MilesEarly, terms.LeaseTerms.Odometer = true, 12
	a, v = leaseOf(t, terms, 12)
	if v.EndEarly != nil { // as servicing has it: nothing was read, so it asks with zero
		x := slices.Clone(v.Missing)
		v.EndEarly, v.Missing = nil, append(x, "odometer")
	}
	says(t, leaseText(t, a, v), "This figure counts your miles, and we have no odometer reading yet. Call us for this figure.")
}

func TestALeaseOfWhichLittleIsKnown(t *testing.T) {
	terms := reserveLease()
	terms.LeaseTerms.CapitalizedCost, terms.LeaseTerms.MilesPerYear, terms.LeaseTerms.ExcessMile = 0, 0, 0
	a, v := leaseOf(t, terms, 12)
	page := leaseText(t, a, v)
	says(t, page, "12 of 48 months have begun", "Call us for this figure.", "We have no mile allowance for this lease here")
	saysNot(t, page, "capitalized_cost", "miles_per_year", "Lease balance by months", "worked out", "$0.00")
	terms.LeaseTerms = nil
	a, v = leaseOf(t, terms, 12)
	says(t, leaseText(t, a, v), "We do not have all the terms of this lease here.", "Call us for this figure.")
	terms = reserveLease()
	terms.LeaseTerms.ExcessMile, terms.LeaseTerms.NoPurchase = 0, true
	a, v = leaseOf(t, terms, 12, contract.Reading{Date: on(11, 15), Miles: 14_000})
	page = leaseText(t, a, v)
	says(t, page, "Call us for the charge for a mile over the allowance.", "Your lease has no option to buy the vehicle.")
	saysNot(t, page, "would cost $0.00")
}

func TestTheMilesOfACarefulDriver(t *testing.T) {
	a, v := leaseOf(t, reserveLease(), 12, contract.Reading{Date: on(11, 15), Miles: 6_000})
	page := leaseText(t, a, v)
	says(t, page, "fewer than your allowance to that day.", "to spare")
	saysNot(t, page, "would cost", "Projected charge")
	a, v = leaseOf(t, reserveLease(), 12, contract.Reading{Date: money.NewDate(2025, 12, 15), Miles: 0})
	says(t, leaseText(t, a, v), "Once there is a reading after the first day")
}

func TestTheEndOfALease(t *testing.T) {
	terms := reserveLease()
	terms.Start = money.NewDate(2022, 12, 15) // 48 months later is Dec 15, 2026
	terms.FirstDue, terms.LeaseTerms.Start = terms.Start, terms.Start
	const n = 48
	a, v := leaseOf(t, terms, n, contract.Reading{Date: on(11, 15), Miles: 52_000})
	page := leaseText(t, a, v)
	if v.Return == nil || v.Standing.Month != 48 {
		t.Fatalf("%+v", v.Standing)
	}
	says(t, page, "The last of 48 months has begun.", "Purchase price", v.Return.Due().USD()+" is to pay when you return the vehicle.", "Excess miles", "$600.00", "Miles are counted as of Nov 15, 2026.")
	saysNot(t, page, "End the lease early", "Call us for this figure")

	terms.LeaseTerms.DispositionFee = 0
	a, v = leaseOf(t, terms, n, contract.Reading{Date: on(11, 15), Miles: 49_000})
	says(t, leaseText(t, a, v), "Returning the vehicle leaves $250.00 that comes back to you.", "Comes back to you $250.00")

	end := contract.Event{Kind: contract.LeaseEnd, Date: today, Amount: 395_00}
	s := a.State
	_, err := s.Apply(&terms, end)
	must(t, err)
	a, v = viewLease(t, settle(t, a, s), contract.Reading{Date: on(11, 15), Miles: 49_000})
	page = leaseText(t, a, v)
	says(t, page, "This lease has ended.", "Your lease has ended.")
	saysNot(t, page, "What it costs to leave", "Lease balance")
}

func TestALeaseThatWasCalledOrHeldAsksForNothing(t *testing.T) {
	for _, e := range []contract.Event{{Kind: contract.Acceleration}, {Kind: contract.ChargeOff}, {Kind: contract.TotalLoss}} {
		a := accountAfter(t, "k3", reserveLease(), sela, 11)
		e.Date = today
		s := a.State
		_, err := s.Apply(&a.Terms, e)
		must(t, err)
		a, v := viewLease(t, settle(t, a, s))
		page := leaseText(t, a, v)
		says(t, page, "What it costs depends on where your account stands now. Call us")
		saysNot(t, page, "buys the vehicle today")
		neverAYearlyCost(t, "account", accountText(t, a))
	}
	a, v := viewLease(t, held(t, accountAfter(t, "k3", reserveLease(), sela, 11)))
	says(t, leaseText(t, a, v), forInformation, "buys the vehicle today")
}

func held(t testing.TB, a servicing.Account) servicing.Account {
	t.Helper()
	s := a.State
	_, err := s.Apply(&a.Terms, contract.Event{Kind: contract.HoldBegins, Hold: contract.CeaseContact, Date: today})
	must(t, err)
	return settle(t, a, s)
}

// Whoever is to be left alone sees what there is to see and is asked for nothing.
func TestAHeldAccountIsNotAskedToPay(t *testing.T) {
	demands := []string{"Amount due", "Past due", "past due", "is due", "Pay $", "late fee may", "Turn on autopay", "Autopay will", "due by", "Payment due"}
	a := held(t, behind(t))
	a.Autopay = &servicing.Autopay{Method: checking, NextDate: a.Due.Upcoming, NextAmount: 579_84}
	for name, page := range map[string]string{"overview": render(t, "overview", nil, newOverview(maya, overviewOf(a), nil)), "account": accountText(t, a)} {
		says(t, page, forInformation, "Make a payment", "paused")
		saysNot(t, page, demands...)
		if strings.Contains(page, `class="button" href`) {
			t.Errorf("%s: paying is the thing to do", name)
		}
	}
	says(t, accountText(t, a), "Not paid so far $1,159.68", "Unpaid fees $25.00", "Payment of Dec 15, 2026 in your contract $579.84")
	o := optionsOf(a, checking)
	page := render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o)))
	says(t, page, "You are not being asked to pay.", "Not paid so far", "Not paid so far and next payment")
	saysNot(t, page, "Past due", "Amount due", "Pay $")
	if !strings.Contains(page, `value="other" id="how-2" checked`) {
		t.Error("an amount is suggested")
	}
	if !strings.Contains(page, `min="2026-11-22" max="2026-11-22"`) {
		t.Error("a later day can be chosen")
	}
	list, err := newPaymentsPage(maya, overviewOf(a), nil, nil, get("/payments"))
	must(t, err)
	page = render(t, "payments", nil, list)
	saysNot(t, page, demands...)
	says(t, render(t, "autopay", nil, newAutopayPage(maya, a.Card, nil, nil)), "Autopay is paused.")
	a.Autopay = nil
	says(t, render(t, "autopay", nil, newAutopayPage(maya, a.Card, nil, nil)), "Autopay is not possible right now", "It is paused for this account.")
}

func TestACalledAccountOffersNoAutopay(t *testing.T) {
	a := cardOf(t, ledgerLoan(), contract.Event{Kind: contract.Acceleration, Date: on(9, 1)})
	saysNot(t, render(t, "overview", nil, newOverview(maya, overviewOf(a), nil)), "Turn on autopay")
	saysNot(t, accountText(t, a), "Turn on autopay")
	says(t, render(t, "autopay", nil, newAutopayPage(maya, a.Card, nil, nil)), "all of this account is due now")
}

func TestNoPageOfALeaseNamesAYearlyCost(t *testing.T) {
	a, v := leaseOf(t, reserveLease(), 12, contract.Reading{Date: on(11, 15), Miles: 14_000})
	event := contract.Event{Kind: contract.Payment, Date: a.Due.Upcoming, Amount: 254_69}
	p := paid(billing.Settled)
	p.Contract, p.Amount, p.Event = "k3", 254_69, 1
	p.Allocation = contract.Allocation{Principal: 244_69, Tax: 10_00}
	o := optionsOf(a, checking)
	st := statementOf(contract.Lease)
	st.Lines[0].Allocation = p.Allocation
	payment := render(t, "payment", nil, newPaymentPage(maya, a.Card, p, explained(t, a.Terms, 1, event)))
	says(t, payment, "lease payments $244.69", "tax $10.00")
	for name, page := range map[string]string{
		"lease":     leaseText(t, a, v),
		"account":   accountText(t, a),
		"overview":  render(t, "overview", nil, newOverview(maya, overviewOf(a), nil)),
		"pay":       render(t, "pay", nil, newPayPage(maya, o, firstPayForm(o))),
		"review":    render(t, "review", nil, newReviewPage(maya, reviewOf(t, a, billing.AmountDue, 0, today), web.NewForm())),
		"payment":   payment,
		"history":   historyOf(t, reserveLease(), 1, event),
		"statement": render(t, "statement", nil, newStatementPage(maya, "/x", st)),
		"help":      render(t, "help", nil, helpPage{Page: web.Page{Title: "Help"}, In: true, Lease: true}),
	} {
		neverAYearlyCost(t, name, page)
	}
}

func TestHistorySaysHowMoneyCameAndHowMilesStand(t *testing.T) {
	a := lease(t)
	a.History = []servicing.HistoryRow{
		{Effective: on(6, 5), Kind: "payment_canceled", Amount: -412_50, Event: 4, PaymentID: "p4"},
		{Effective: on(6, 4), Kind: "taken_back", Amount: -412_50, Event: 3, Allocation: contract.Allocation{Unapplied: -412_50}},
		{Effective: on(6, 3), Kind: "payment", Source: contract.FromCheck, Amount: 412_50, Event: 3},
		{Effective: on(5, 3), Kind: "late_fee", Amount: -15_00, Event: 2, Allocation: contract.Allocation{LateFee: -15_00}},
	}
	read := contract.Event{Seq: 5, Kind: contract.Odometer, Date: on(6, 10), Miles: 14_000}
	given := contract.Event{Seq: 6, Kind: contract.Waiver, Of: contract.LateFees, Date: on(6, 11), Instalment: 3}
	a.Changes = []servicing.Explanation{{Event: given}, {Event: read}}
	page := accountText(t, a)
	says(t, page, "Payment by check", "Payment canceled", "Taken back", "Odometer reading: 14,000 miles", "Jun 11, 2026 Late fee forgiven", "$15.00 fees charged")
}
