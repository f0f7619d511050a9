package billing_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

var onDueDates = billing.AutopayPlan{Rhythm: billing.EachDueDate, Tell: billing.TellDiffers}

func onDay(n int) billing.AutopayPlan {
	return billing.AutopayPlan{Rhythm: billing.Monthly, Day: n, Tell: billing.TellDiffers}
}

func fridays(amount money.Cents) billing.AutopayPlan {
	return billing.AutopayPlan{Rhythm: billing.Weekly, Weekday: time.Friday, Fixed: amount, Tell: billing.TellDiffers}
}

func extra(p billing.AutopayPlan, more money.Cents) billing.AutopayPlan {
	p.Extra = more
	return p
}

func pay(amount money.Cents, on string) contract.Event {
	return contract.Event{Kind: contract.Payment, Date: day(on), Amount: amount}
}

// Each case is what else can happen to an account with autopay, and what the
// draft is then. The loan's instalments of 450.00 fall due on the 15th, from
// February 2026; the lease's on the day its terms say.
func TestAutopayNextToEverythingElse(t *testing.T) {
	paidOn := func(dates ...string) (out []contract.Event) {
		for _, d := range dates {
			out = append(out, pay(450_00, d))
		}
		return out
	}
	short := loan()
	short.Payments = 2 // the second is all that is left
	fee := contract.Event{Kind: contract.LateCharge, Date: day("2026-02-26"), Amount: 22_50, Instalment: 1}
	change := func(kind contract.EventKind, on string) contract.Event {
		return contract.Event{Kind: kind, Date: day(on)}
	}
	hold := func(h contract.Hold) contract.Event {
		return contract.Event{Kind: contract.HoldBegins, Date: day("2026-02-20"), Hold: h}
	}
	ask := func(kind billing.AmountKind, amount money.Cents, on string) billing.Coming {
		return billing.Coming{{Kind: kind, Amount: amount, Date: day(on)}}
	}
	for _, c := range []struct {
		name   string
		terms  contract.Terms
		plan   billing.AutopayPlan
		events []contract.Event
		coming billing.Coming
		on     string
		want   money.Cents
		why    billing.Why
	}{
		{"nothing else", loan(), onDueDates, nil, nil, "2026-02-15", 450_00, ""},
		{"with an extra", loan(), extra(onDueDates, 50_00), nil, nil, "2026-02-15", 500_00, ""},
		{"an extra does not make the next draft smaller", loan(), extra(onDueDates, 50_00), []contract.Event{
			{Kind: contract.Payment, Date: day("2026-02-15"), Amount: 500_00, Extra: contract.Reduce}}, nil, "2026-03-15", 500_00, ""},
		{"on another day, before the due date", loan(), onDay(10), nil, nil, "2026-02-10", 450_00, ""},
		{"on another day, for the next due date", loan(), onDay(20), paidOn("2026-02-15"), nil, "2026-02-20", 450_00, ""},
		{"no due date before the next draft", loan(), onDay(10), nil, nil, "2026-01-10", 0, billing.WhyNothingDue},

		{"paid by hand before the draft", loan(), onDueDates, paidOn("2026-02-10"), nil, "2026-02-15", 0, billing.WhyPaid},
		{"paid by hand, with an extra agreed to", loan(), extra(onDueDates, 50_00), paidOn("2026-02-10"), nil, "2026-02-15", 0, billing.WhyPaid},
		{"paid by hand before a draft on another day", loan(), onDay(10), paidOn("2026-02-05"), nil, "2026-02-10", 0, billing.WhyPaid},
		{"paid in part by hand", loan(), onDueDates, []contract.Event{pay(300_00, "2026-02-10")}, nil, "2026-02-15", 150_00, billing.WhyRest},
		{"paid in part by hand, with an extra", loan(), extra(onDueDates, 50_00), []contract.Event{pay(300_00, "2026-02-10")}, nil, "2026-02-15", 200_00, billing.WhyRest},
		{"more than the instalment by hand: nothing this time", loan(), onDueDates, []contract.Event{pay(600_00, "2026-02-10")}, nil, "2026-02-15", 0, billing.WhyPaid},
		{"and the rest the next time", loan(), onDueDates, []contract.Event{pay(600_00, "2026-02-10")}, nil, "2026-03-15", 300_00, billing.WhyRest},
		{"paid ahead by three", loan(), onDueDates, []contract.Event{pay(1350_00, "2026-02-10")}, nil, "2026-04-15", 0, billing.WhyPaid},
		{"and drafted again after them", loan(), onDueDates, []contract.Event{pay(1350_00, "2026-02-10")}, nil, "2026-05-15", 450_00, ""},
		{"principal only by hand pays no instalment", loan(), onDueDates, []contract.Event{
			{Kind: contract.Payment, Date: day("2026-02-10"), Amount: 450_00, PrincipalOnly: true}}, nil, "2026-02-15", 450_00, ""},
		{"a payment of one's own rhythm goes on when paid by hand", loan(), fridays(110_00), paidOn("2026-02-10"), nil, "2026-02-13", 110_00, ""},

		{"a payment scheduled for the same due date", loan(), onDueDates, nil, ask(billing.AmountOther, 450_00, "2026-02-15"), "2026-02-15", 0, billing.WhyPaid},
		{"a payment scheduled for part of it", loan(), onDueDates, nil, ask(billing.AmountOther, 200_00, "2026-02-14"), "2026-02-15", 250_00, billing.WhyRest},
		{"a payment scheduled between the draft and the due date", loan(), onDay(10), nil, ask(billing.AmountDue, 450_00, "2026-02-12"), "2026-02-10", 0, billing.WhyPaid},
		{"a payment scheduled between them that pays what is past due", loan(), onDay(10), nil, ask(billing.AmountOther, 450_00, "2026-03-12"), "2026-03-10", 450_00, ""},
		{"and a part of this one", loan(), onDay(10), nil, ask(billing.AmountOther, 600_00, "2026-03-12"), "2026-03-10", 300_00, billing.WhyRest},
		{"a payment scheduled after the due date is for the next", loan(), onDueDates, nil, ask(billing.AmountOther, 450_00, "2026-02-16"), "2026-02-15", 450_00, ""},
		{"principal only is scheduled", loan(), onDay(10), nil, billing.Coming{{Kind: billing.AmountOther, Amount: 450_00, Date: day("2026-02-12"), Extra: billing.ExtraPrincipalOnly}}, "2026-02-10", 450_00, ""},

		{"past due is left alone", loan(), onDueDates, nil, nil, "2026-03-15", 450_00, ""},
		{"fees are left alone", loan(), onDueDates, append(paidOn("2026-02-25"), fee), nil, "2026-03-15", 450_00, ""},
		{"a payment that came back is not drafted again", loan(), onDueDates, []contract.Event{
			{Seq: 1, Kind: contract.Payment, Date: day("2026-02-15"), Amount: 450_00},
			{Seq: 2, Kind: contract.Reversal, Date: day("2026-02-18"), Reverses: 1}}, nil, "2026-03-15", 450_00, ""},

		{"deferred by a month: nothing in the free month", loan(), onDay(10), []contract.Event{
			{Kind: contract.Deferral, Date: day("2026-02-01"), Months: 1}}, nil, "2026-02-10", 0, billing.WhyNothingDue},
		{"and the instalment on its new date", loan(), onDueDates, []contract.Event{
			{Kind: contract.Deferral, Date: day("2026-02-01"), Months: 1}}, nil, "2026-03-15", 450_00, ""},
		{"the due date moved to the 25th", loan(), onDueDates, append(paidOn("2026-02-15"),
			contract.Event{Kind: contract.DueDateChange, Date: day("2026-03-01"), DueDay: 25}), nil, "2026-03-25", 450_00, ""},
		{"and a draft on the 20th is for it", loan(), onDay(20), append(paidOn("2026-02-15"),
			contract.Event{Kind: contract.DueDateChange, Date: day("2026-03-01"), DueDay: 25}), nil, "2026-03-20", 450_00, ""},

		{"a payoff scheduled for the due date", loan(), onDueDates, nil, ask(billing.AmountPayoff, 24_120_26, "2026-02-15"), "2026-02-15", 0, billing.WhyPayoff},
		{"a payoff scheduled between the draft and the due date", loan(), onDay(10), nil, ask(billing.AmountPayoff, 24_120_26, "2026-02-14"), "2026-02-10", 0, billing.WhyPayoff},
		{"a payoff scheduled after the due date takes that much less", loan(), onDueDates, nil, ask(billing.AmountPayoff, 24_140_00, "2026-02-20"), "2026-02-15", 450_00, ""},
		{"a payoff scheduled, in a rhythm of one's own", loan(), fridays(110_00), nil, ask(billing.AmountPayoff, 24_120_26, "2026-02-13"), "2026-02-13", 0, billing.WhyPayoff},
		{"a payoff quote alone changes nothing", loan(), onDueDates, []contract.Event{
			{Kind: contract.PayoffQuote, Date: day("2026-02-10"), GoodThrough: day("2026-02-20"), Amount: 24_139_66}}, nil, "2026-02-15", 450_00, ""},
		{"paid off", loan(), onDueDates, []contract.Event{pay(24_100_87, "2026-02-10")}, nil, "2026-02-15", 0, billing.WhyClosed},

		// 23,670.26 and 107.13 of interest over 28 days; 24,000.00 and 228.89 over 59,
		// less February's 450.00.
		{"the last payment is whatever is left", short, onDueDates, paidOn("2026-02-15"), nil, "2026-03-15", 23_777_39, billing.WhyLast},
		{"with what is past due left out of it", short, onDueDates, nil, nil, "2026-03-15", 23_778_89, ""},
		{"an extra takes no more than is left", loan(), extra(onDueDates, 450_00), append(paidOn("2026-02-15"),
			contract.Event{Kind: contract.Payment, Date: day("2026-02-15"), Amount: 23_230_26, PrincipalOnly: true}), nil, "2026-03-15", 441_99, billing.WhyLast},
		{"a fixed amount takes no more than is left, fees and all", loan(), fridays(500_00), []contract.Event{pay(24_000_00, "2026-02-15"), fee}, nil, "2026-02-27", 142_99, billing.WhyLast},

		{"bankruptcy", loan(), onDueDates, []contract.Event{hold(contract.Bankruptcy)}, nil, "2026-03-15", 0, billing.WhyBankruptcy},
		{"the customer asked to be left alone", loan(), fridays(110_00), []contract.Event{hold(contract.CeaseContact)}, nil, "2026-03-13", 0, billing.WhyHold},
		{"bankruptcy over", loan(), onDueDates, []contract.Event{hold(contract.Bankruptcy), {Kind: contract.HoldEnds, Date: day("2026-02-21"), Hold: contract.Bankruptcy}}, nil, "2026-03-15", 450_00, ""},
		{"charged off", loan(), onDueDates, []contract.Event{change(contract.ChargeOff, "2026-02-20")}, nil, "2026-03-15", 0, billing.WhyChargedOff},
		{"accelerated", loan(), fridays(110_00), []contract.Event{change(contract.Acceleration, "2026-02-20")}, nil, "2026-03-13", 0, billing.WhyAccelerated},
		{"repossessed", loan(), onDueDates, []contract.Event{change(contract.Repossession, "2026-02-20")}, nil, "2026-03-15", 0, billing.WhyRepossessed},
		{"a total loss leaves the payments due", loan(), onDueDates, append(paidOn("2026-02-15"), change(contract.TotalLoss, "2026-02-20")), nil, "2026-03-15", 450_00, ""},
		{"the lease has ended", leaseTerms(), onDueDates, []contract.Event{{Kind: contract.LeaseEnd, Date: day("2026-03-01"), Amount: 100_00}}, nil, "2026-03-15", 0, billing.WhyLeaseEnded},
	} {
		s, _, err := contract.Replay(&c.terms, numbered(c.events))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		d, err := c.plan.DraftAmount(&c.terms, s, c.coming, day(c.on))
		if err != nil || d.Amount != c.want || d.Why != c.why {
			t.Errorf("%s: %s %q, want %s %q, %v", c.name, d.Amount, d.Why, c.want, c.why, err)
		}
	}
}

// numbered gives events the numbers of their order.
func numbered(events []contract.Event) []contract.Event {
	for i := range events {
		events[i].Seq = i + 1
	}
	return events
}

func TestADeferralGivesARhythmOfOnesOwnItsFreeMonth(t *testing.T) {
	terms := loan()
	p := fridays(110_00)
	s := terms.Open()
	if _, err := s.Apply(&terms, contract.Event{Kind: contract.Deferral, Date: day("2026-02-05"), Months: 2}); err != nil {
		t.Fatal(err)
	}
	due := s.DueDate(&terms, 1) // 15 April
	p = p.Deferred(day("2026-02-05"), due)
	if got := p.Next(&terms, &s, 0, day("2026-02-05")); got != day("2026-03-20") {
		t.Errorf("drafts again on %s", got)
	}
	if whole := onDueDates.Deferred(day("2026-02-05"), due); whole != onDueDates {
		t.Errorf("%+v", whole)
	}
	paused := fridays(110_00)
	paused.PausedFrom = day("2026-02-01")
	if got := paused.Deferred(day("2026-02-05"), due); got != paused {
		t.Errorf("a pause without an end was given one: %+v", got)
	}
}

func TestADraftToLeaveOutMovesWithItsDueDate(t *testing.T) {
	terms := loan()
	s := terms.Open()
	p := onDueDates
	p.Skip = day("2026-03-15")
	if _, err := s.Apply(&terms, contract.Event{Kind: contract.DueDateChange, Date: day("2026-02-20"), DueDay: 25}); err != nil {
		t.Fatal(err)
	}
	p = p.Moved(day("2026-03-15"), s.DueDate(&terms, 2))
	if got := p.Next(&terms, &s, 0, day("2026-02-20")); got != day("2026-04-25") {
		t.Errorf("drafts next on %s", got)
	}
}

func TestTheNextDraftIsTheNextThatTakesSomething(t *testing.T) {
	terms := loan()
	s := terms.Open()
	if _, err := s.Apply(&terms, pay(1000_00, "2026-02-10")); err != nil {
		t.Fatal(err)
	}
	d, err := onDueDates.NextDraft(&terms, &s, nil, 0, day("2026-02-10"))
	if err != nil || d.Date != day("2026-04-15") || d.Amount != 350_00 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := s.Apply(&terms, contract.Event{Kind: contract.HoldBegins, Hold: contract.Bankruptcy, Date: day("2026-03-01")}); err != nil {
		t.Fatal(err)
	}
	if d, err = onDueDates.NextDraft(&terms, &s, nil, 0, day("2026-03-01")); err != nil || d.Amount != 0 || d.Why != billing.WhyBankruptcy {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAYearOfDraftsAgainstAYearOfInstalments(t *testing.T) {
	terms := loan()
	s := terms.Open()
	for _, c := range []struct {
		plan   billing.AutopayPlan
		drafts money.Cents
		short  string
		by     money.Cents
	}{
		{onDueDates, 5400_00, "", 0},
		{extra(onDay(10), 25_00), 5700_00, "", 0},
		{fridays(110_00), 5720_00, "2026-02-15", 10_00}, // four Fridays before the first due date
		{fridays(115_00), 5980_00, "", 0},
		{fridays(100_00), 5200_00, "2026-02-15", 50_00},
		{billing.AutopayPlan{Rhythm: billing.EveryTwoWeeks, Anchor: day("2026-01-30"), Fixed: 225_00}, 5850_00, "", 0},
		{billing.AutopayPlan{Rhythm: billing.TwiceMonthly, Day: 1, Second: 20, Fixed: 225_00}, 5400_00, "", 0},
		{billing.AutopayPlan{Rhythm: billing.TwiceMonthly, Day: 1, Second: 20, Fixed: 224_00}, 5376_00, "2026-02-15", 2_00},
	} {
		drafts, instalments := c.plan.Year(&terms, &s)
		due, by, err := c.plan.Short(&terms, s, nil, day("2026-01-16"))
		if err != nil || drafts != c.drafts || instalments != 5400_00 || due.String() != c.short || by != c.by {
			t.Errorf("%+v: %s a year, short on %s by %s, %v", c.plan, drafts, due, by, err)
		}
	}
}

// Nothing is taken beyond what closes the account, and in the end nothing is
// owed: the last odd payment is drafted too.
func TestAllDraftsTogetherPayTheLoanAndNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := anyLoan(t)
		today := day("2026-01-20")
		p := plans(t, &terms, today)
		if p.Fixed > 0 { // enough to pay the loan at all
			p.Fixed = max(p.Fixed, 150_00)
		}
		s := terms.Open()
		byHand := rapid.MapOf(rapid.IntRange(0, 100), rapid.IntRange(1, 900_00)).Draw(t, "by hand")
		var made, dates int
		var last money.Date
		for on := p.Next(&terms, &s, made, today); !on.IsZero() && made < 5000; on = p.Next(&terms, &s, made, on) {
			dates++
			owed, err := s.Payoff(&terms, on)
			if err != nil {
				t.Fatal(err)
			}
			if by := min(money.Cents(byHand[dates]), owed.Total); by > 0 {
				if _, err := s.Apply(&terms, contract.Event{Kind: contract.Payment, Date: on, Amount: by}); err != nil {
					t.Fatal(err)
				}
			}
			d, err := p.DraftAmount(&terms, s, nil, on)
			if err != nil {
				t.Fatal(err)
			}
			if d.Why == billing.WhyClosed {
				break
			}
			closing, err := s.ClosingAmount(&terms, on)
			if err != nil {
				t.Fatal(err)
			}
			if d.Amount < 0 || d.Amount > closing || d.Amount > max(p.Fixed, p.Extra+d.Instalment) {
				t.Fatalf("%+v drafts %+v of %s", p, d, closing)
			}
			if d.Amount == 0 {
				continue
			}
			a, err := s.Apply(&terms, d.Ask().Event())
			if err != nil {
				t.Fatal(err)
			}
			if a.Unapplied != 0 {
				t.Fatalf("%s was held of %+v", a.Unapplied, d)
			}
			made, last = made+1, on
			if due, err := s.Due(&terms, on); err != nil || (p.Rhythm == billing.EachDueDate && due.PastDue+due.Fees > 0) {
				t.Fatalf("%+v, %v", due, err)
			}
		}
		if p.Rhythm == billing.Monthly && p.Fixed == 0 { // what fell due before the first draft is the borrower's own
			due, err := s.Due(&terms, s.Maturity(&terms)+1)
			if err != nil || due.PastDue > 2*265_00 {
				t.Fatalf("%+v leaves %+v, %v", p, due, err)
			}
			return
		}
		if !s.Closed(&terms) {
			t.Fatalf("%+v leaves %s after %d drafts, the last on %s", p, s.Owed(&terms), made, last)
		}
	})
}

func TestDraftsForeseenAreTheDraftsThatCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := anyLoan(t)
		today := day("2026-01-20")
		p := plans(t, &terms, today)
		coming := billing.Coming{
			{Kind: billing.AmountOther, Amount: 120_00, Date: today + money.Date(rapid.IntRange(1, 60).Draw(t, "second"))},
			{Kind: billing.AmountOther, Amount: 300_00, Date: today + money.Date(rapid.IntRange(1, 60).Draw(t, "first"))},
		}
		s := terms.Open()
		foreseen, err := p.Drafts(&terms, s, coming, 0, today, today+200)
		if err != nil {
			t.Fatal(err)
		}
		for day := today + 1; day <= today+200; day++ {
			var left billing.Coming
			for _, a := range coming {
				if a.Date > day {
					left = append(left, a)
				} else if _, err := s.Apply(&terms, a.Event()); err != nil {
					t.Fatal(err)
				}
			}
			coming = left
			if p.Next(&terms, &s, 0, day-1) != day {
				continue
			}
			d, err := p.DraftAmount(&terms, s, coming, day)
			if err != nil {
				t.Fatal(err)
			}
			if d.Amount == 0 {
				continue
			}
			if len(foreseen) == 0 || foreseen[0] != d {
				t.Fatalf("%+v was drafted, %+v foreseen", d, foreseen)
			}
			foreseen = foreseen[1:]
			if _, err := s.Apply(&terms, d.Ask().Event()); err != nil {
				t.Fatal(err)
			}
		}
		if len(foreseen) > 0 {
			t.Fatalf("foreseen and not drafted: %+v", foreseen)
		}
	})
}
