package contract_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

func date(s string) money.Date {
	d, err := money.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func cents(s string) money.Cents {
	c, err := money.ParseCents(s)
	if err != nil {
		panic(err)
	}
	return c
}

func rate(s string) money.Rate {
	r, err := money.ParseRate(s)
	if err != nil {
		panic(err)
	}
	return r
}

// loan is 24,000.00 at 5.90 % over 60 months of 450.00, from 15 January 2026.
func loan() contract.Terms {
	return contract.Terms{
		Kind: contract.Loan, Principal: 24_000_00, Rate: rate("0.059"), DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: date("2026-01-15"), FirstDue: date("2026-02-15"), Payments: 60, Payment: 450_00,
		Application: contract.DefaultApplication,
	}
}

// Due on the 31st: the last day of a shorter month, and the 31st again after it.
func TestDueDayComesBackAfterFebruary(t *testing.T) {
	terms := loan()
	terms.FirstDue = date("2026-01-31")
	for n, want := range []string{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"} {
		if got := terms.DueDate(n + 1); got != date(want) {
			t.Errorf("instalment %d is due %s, want %s", n+1, got, want)
		}
	}
	if n := terms.DueThrough(date("2026-02-28")); n != 2 {
		t.Errorf("%d instalments due through 28 February, want 2", n)
	}
}

// 20,000 at 5.99 %: 17 days of 2027 over 365 and 14 of 2028 over 366 make
// 55.7973 + 45.8251 = 101.62; over 365 throughout it would be 101.75.
func TestActualActualAcrossNewYear(t *testing.T) {
	terms := loan()
	terms.Principal, terms.Rate, terms.DayCount, terms.Start = 20_000_00, rate("0.0599"), money.ActualActual, date("2027-12-15")
	for dc, want := range map[money.DayCount]money.Cents{money.ActualActual: 101_62, money.Actual365: 101_75} {
		terms.DayCount = dc
		s, _, err := contract.Fold(&terms, nil, date("2028-01-15"))
		if err != nil || s.Accrued.Round(money.HalfUp) != want {
			t.Errorf("%s: %s, %v, want %s", dc, s.Accrued.Round(money.HalfUp), err, want)
		}
	}
}

func TestAPaymentOfThePayoffLeavesNothing(t *testing.T) {
	terms := loan()
	for _, on := range []string{"2026-02-01", "2026-07-04", "2030-12-31", "2033-01-01"} {
		events := []contract.Event{
			{Seq: 1, Kind: contract.Payment, Date: date("2026-01-20"), Amount: 1_00},
			{Seq: 2, Kind: contract.LateCharge, Date: date("2026-01-25"), Amount: 22_50},
		}
		s, _, err := contract.Fold(&terms, events, date(on))
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Payoff(&terms, date(on))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, contract.Event{Seq: 3, Kind: contract.Payment, Date: date(on), Amount: p.Total})
		s, _, err = contract.Fold(&terms, events, date(on)+30)
		if err != nil || s.Principal != 0 || !s.Accrued.IsZero() || s.LateFees != 0 || s.Unapplied != 0 {
			t.Errorf("after the payoff on %s: %+v, %v", on, s, err)
		}
	}
}

// anyTerms draws a contract: both kinds, every day count, rounding, rhythm and due
// day, over forty years.
func anyTerms(t *rapid.T) contract.Terms {
	terms := loan()
	terms.Start = date("2000-01-01") + money.Date(rapid.IntRange(0, 40*365).Draw(t, "start"))
	terms.FirstDue = terms.Start + money.Date(rapid.IntRange(0, 80).Draw(t, "first due"))
	terms.PerYear = rapid.SampledFrom([]int{12, 12, 12, 12, 24, 26, 52, 4, 2, 1}).Draw(t, "a year")
	if terms.PerYear <= 12 && rapid.Bool().Draw(t, "other day") {
		terms.DueDay = rapid.IntRange(1, 31).Draw(t, "due day")
	}
	terms.Payments = rapid.IntRange(1, 84).Draw(t, "payments")
	terms.Principal = money.Cents(rapid.IntRange(500_00, 80_000_00).Draw(t, "principal"))
	terms.Rate = money.Rate(rapid.Int64Range(0, 300_000).Draw(t, "rate")) * 1_000_000
	terms.DayCount = rapid.SampledFrom([]money.DayCount{money.Actual365, money.ActualActual, money.Actual360, money.Thirty360, money.Actual366}).Draw(t, "day count")
	terms.Rounding = rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Truncate, money.Up}).Draw(t, "rounding")
	terms.CarryFraction = rapid.Bool().Draw(t, "carry")
	terms.Payment = terms.Principal/money.Cents(terms.Payments)*money.Cents(rapid.IntRange(90, 160).Draw(t, "percent"))/100 + 1
	terms.Extra = rapid.SampledFrom([]contract.Extra{"", contract.Prepay, contract.Reduce, contract.PayFees}).Draw(t, "extra")
	terms.CloseTolerance = rapid.SampledFrom([]money.Cents{0, 0, 5_00}).Draw(t, "tolerance")
	if rapid.IntRange(0, 4).Draw(t, "lease") == 0 {
		terms.Kind, terms.Rate, terms.Tax = contract.Lease, 0, terms.Payment/20
		terms.Principal = (terms.Payment - terms.Tax) * money.Cents(terms.Payments)
	}
	for from := 1; rapid.IntRange(0, 3).Draw(t, "step") == 0; {
		if from += rapid.IntRange(0, 20).Draw(t, "steps on"); from > terms.Payments || terms.Kind == contract.Lease {
			break
		}
		terms.Steps = append(terms.Steps, contract.Step{From: from, Payment: terms.Payment * money.Cents(rapid.IntRange(50, 150).Draw(t, "of the payment")) / 100})
		from++
	}
	if months := rapid.SampledFrom([][]int{nil, nil, {7}, {1, 12}, {6, 7, 8}}).Draw(t, "skipped"); terms.PerYear == 12 {
		terms.SkipMonths = months
		for terms.Validate() != nil {
			terms.FirstDue += 28
		}
	}
	if err := terms.Validate(); err != nil {
		t.Fatalf("%+v: %v", terms, err)
	}
	return terms
}

// anyEvent draws what may happen next, of every kind but a reversal.
func anyEvent(t *rapid.T, terms *contract.Terms, seq int, on money.Date) contract.Event {
	pay := int(terms.Payment)
	e := contract.Event{Seq: seq, Date: on}
	e.Kind = rapid.SampledFrom([]contract.EventKind{
		contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.LateCharge, contract.ReturnedFee,
		contract.OtherCharge, contract.Waiver, contract.Refund, contract.RateChange, contract.Service, contract.ServiceEnd, contract.DueDateChange, contract.Deferral,
		contract.ReAge, contract.Modification, contract.Acceleration, contract.TotalLoss, contract.Repossession, contract.Sale, contract.ChargeOff,
		contract.HoldBegins, contract.HoldEnds, contract.PayoffQuote, contract.LeaseExtension, contract.LeaseEnd,
	}).Draw(t, "kind")
	rare := func() bool { return rapid.IntRange(0, 3).Draw(t, "rare") == 0 }
	switch e.Kind {
	case contract.Payment:
		e.Amount = terms.Payment
		if rare() {
			e.Amount = money.Cents(rapid.IntRange(1, 60*pay).Draw(t, "amount"))
		}
		e.Extra = rapid.SampledFrom([]contract.Extra{"", "", contract.Prepay, contract.Reduce, contract.PayFees}).Draw(t, "choice")
		e.Source = rapid.SampledFrom([]contract.Source{"", contract.FromCheck, contract.FromInsurer}).Draw(t, "source")
		e.PrincipalOnly = rare()
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge, contract.Waiver, contract.Refund:
		e.Amount = money.Cents(rapid.IntRange(1, 60_00).Draw(t, "amount"))
		e.Of = rapid.SampledFrom([]contract.Bucket{contract.LateFees, contract.OtherFees, contract.Interest}).Draw(t, "of")
	case contract.Sale:
		e.Amount = money.Cents(rapid.IntRange(1, 60*pay).Draw(t, "amount"))
	case contract.RateChange, contract.Modification:
		if r := money.Rate(rapid.Int64Range(0, 300_000).Draw(t, "new rate")) * 1_000_000; e.Kind == contract.RateChange || rare() {
			e.Rate = &r
		}
		if rare() {
			e.Payment = money.Cents(rapid.IntRange(1, 2*pay).Draw(t, "new payment"))
		}
		if rare() {
			e.Payments = rapid.IntRange(1, 90).Draw(t, "new payments")
		}
		if rare() {
			e.FirstDue = on + money.Date(rapid.IntRange(0, 60).Draw(t, "new first"))
		}
	case contract.DueDateChange:
		e.DueDay = rapid.IntRange(1, 28).Draw(t, "new day")
	case contract.Deferral, contract.LeaseExtension:
		e.Months = rapid.IntRange(1, 6).Draw(t, "months")
	case contract.HoldBegins, contract.HoldEnds:
		e.Hold = rapid.SampledFrom([]contract.Hold{contract.Bankruptcy, contract.CeaseContact}).Draw(t, "hold")
	case contract.PayoffQuote:
		e.GoodThrough = on + money.Date(rapid.IntRange(0, 30).Draw(t, "good"))
	case contract.LeaseEnd:
		e.Amount = money.Cents(rapid.IntRange(0, 500_00).Draw(t, "amount"))
	}
	return e
}

// anyLife draws a contract and what happened to it, in order: nothing that would
// be refused on its day, and no reversal.
func anyLife(t *rapid.T) (contract.Terms, []contract.Event) {
	terms := anyTerms(t)
	on, s := terms.Start, terms.Open()
	var events []contract.Event
	for range rapid.IntRange(0, 40).Draw(t, "events") {
		on += money.Date(rapid.IntRange(0, 45).Draw(t, "days"))
		e := anyEvent(t, &terms, len(events)+1, on)
		if s.Refuse(&terms, &e) != nil {
			continue
		}
		if _, err := s.Apply(&terms, e); err != nil {
			t.Fatalf("%+v was not refused and then: %v", e, err)
		}
		events = append(events, e)
	}
	return terms, events
}

func replay(t *rapid.T, terms *contract.Terms, events []contract.Event) (contract.State, []contract.Allocation) {
	s, split, err := contract.Replay(terms, events)
	if err != nil {
		t.Fatal(err)
	}
	return s, split
}

// A state kept as text between any two events, and the events given in any
// order: the account is the same.
func TestTheFoldDoesNotDependOnHowEventsCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		step := terms.Open()
		for _, e := range events {
			if _, err := step.Apply(&terms, e); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(step)
			var read contract.State
			if err == nil {
				err = json.Unmarshal(text, &read)
			}
			if err != nil || !read.Equal(&step) {
				t.Fatalf("%v: %s is read as %+v, not %+v", err, text, read, step)
			}
			step = read
		}
		want, split := replay(t, &terms, events)
		if len(events) > 0 && !want.Equal(&step) {
			t.Fatalf("step by step %+v, from scratch %+v", step, want)
		}
		mixed := rapid.Permutation(events).Draw(t, "order")
		got, other := replay(t, &terms, mixed)
		if !got.Equal(&want) {
			t.Fatalf("in another order %+v, in order %+v", got, want)
		}
		for i, e := range mixed {
			if other[i] != split[e.Seq-1] {
				t.Fatalf("%+v went to %+v, in order %+v", e, other[i], split[e.Seq-1])
			}
		}
	})
}

// Every change of a balance is a part of the event's allocation, no balance is
// negative, and the parts sum to the event's money.
func TestWhateverHappensTheCentsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		s := terms.Open()
		var in, out, all money.Cents
		var sum contract.Allocation
		for _, e := range events {
			was := s
			a, err := s.Apply(&terms, e)
			if err != nil {
				t.Fatal(err)
			}
			moved := contract.Allocation{
				Principal: was.Principal - s.Principal, LateFee: was.LateFees - s.LateFees, OtherFee: was.OtherFees - s.OtherFees,
				Unapplied: s.Unapplied - was.Unapplied, Tax: s.TaxPaid - was.TaxPaid, Interest: s.InterestPaid - was.InterestPaid,
			}
			parts := a
			parts.Recovered, parts.Forgiven, parts.ChargedOff, parts.InterestForgiven = 0, 0, 0, 0
			if moved != parts {
				t.Fatalf("%+v went to %+v and changed %+v", e, a, moved)
			}
			if min(s.Principal, s.LateFees, s.OtherFees, s.Unapplied, s.Credited, s.TaxPaid, s.ChargedOff, s.ChargedInterest, s.FeesAhead) < 0 {
				t.Fatalf("a negative balance after %+v: %+v", e, s)
			}
			if lost := s.ChargedOff + s.ChargedInterest; e.Kind != contract.ChargeOff && lost != was.ChargedOff+was.ChargedInterest-a.Recovered {
				t.Fatalf("%+v recovered %s of %s, %s is left", e, a.Recovered, was.ChargedOff+was.ChargedInterest, lost)
			}
			checkTotal(t, &terms, &e, a)
			switch e.Kind {
			case contract.Payment, contract.Sale:
				in += e.Amount
				if min(a.Interest, a.Principal, a.LateFee, a.OtherFee, a.Unapplied, a.Tax, a.Recovered, a.Forgiven) < 0 {
					t.Fatalf("%+v went to %+v", e, a)
				}
			case contract.Refund:
				out += e.Amount
			}
			sum = sum.Plus(a)
			all += a.Total()
		}
		if sum.Principal != terms.Principal-s.Principal || sum.Total() != all {
			t.Fatalf("%s of %s repaid, %s left", sum.Principal, terms.Principal, s.Principal)
		}
		if s.Closed(&terms) && terms.Kind == contract.Loan && sum.Principal != terms.Principal {
			t.Fatalf("closed with %s of %s accounted for", sum.Principal, terms.Principal)
		}
	})
}

// checkTotal says what an event's parts sum to: its money, its charge, or nothing.
func checkTotal(t *rapid.T, terms *contract.Terms, e *contract.Event, a contract.Allocation) {
	want := money.Cents(0)
	switch e.Kind {
	case contract.Payment, contract.Sale:
		want = e.Amount
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge, contract.Refund:
		want = -e.Amount
	case contract.LeaseExtension:
		if want = a.Principal; want >= 0 || want%money.Cents(e.Months) != 0 {
			t.Fatalf("%+v charged %s", e, -want)
		}
	case contract.LeaseEnd:
		want = a.Principal + a.Tax + a.Unapplied + a.OtherFee
	}
	if a.Total() != want {
		t.Fatalf("%+v went to %+v: %s, want %s", e, a, a.Total(), want)
	}
}

func TestPayingThePayoffClosesTheAccount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		s, _ := replay(t, &terms, events)
		on := max(s.LastEvent, terms.Start) + money.Date(rapid.IntRange(0, 400).Draw(t, "later"))
		p, err := s.Payoff(&terms, on)
		if err != nil {
			t.Fatal(err)
		}
		if p.Total == 0 {
			if !s.Closed(&terms) {
				t.Fatalf("nothing to pay and not closed: %+v", s)
			}
			return
		}
		if q := s.Quote; q != nil && s.Through == q.Date && q.Date == s.LastEvent && events[len(events)-1].Kind == contract.PayoffQuote {
			if on, err := s.Payoff(&terms, q.GoodThrough); err != nil || on.Total != q.Total {
				t.Fatalf("quoted %+v, the payoff is %+v, %v", q, on, err)
			}
		}
		held := s.Unapplied
		a, err := s.Apply(&terms, contract.Event{Seq: 100, Kind: contract.Payment, Date: on, Amount: p.Total, PrincipalOnly: rapid.Bool().Draw(t, "only"),
			Extra: rapid.SampledFrom([]contract.Extra{"", contract.Prepay, contract.Reduce, contract.PayFees}).Draw(t, "choice")})
		if err != nil || !s.Closed(&terms) || s.Unapplied != held || a.Forgiven+a.InterestForgiven != 0 {
			t.Fatalf("after %s: %+v, left %+v, %v", p.Total, a, s, err)
		}
		d, err := s.Due(&terms, on+400)
		if err != nil || d.Amount() != 0 || d.NextDate != 0 {
			t.Fatalf("after the payoff %+v is due, %v", d, err)
		}
	})
}

func TestPayingTheAmountDueLeavesNothingPastDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		s, _ := replay(t, &terms, events)
		on := max(s.LastEvent, terms.Start) + money.Date(rapid.IntRange(0, 200).Draw(t, "later"))
		d, err := s.Due(&terms, on)
		if err != nil || d.Amount() < 0 || d.PastDue < 0 || d.UpcomingAmount < 0 {
			t.Fatalf("%+v, %v", d, err)
		}
		if (d.PastDue > 0) != (d.DaysPastDue > 0) && s.Accelerated == 0 && !s.Ended && !s.Sold {
			t.Fatalf("past due and days past due do not agree: %+v", d)
		}
		if d.Upcoming != 0 && d.Upcoming < on {
			t.Fatalf("upcoming in the past: %+v", d)
		}
		interest, err := s.InterestTo(&terms, on)
		if err != nil || d.Amount() == 0 || s.IsChargedOff || interest > d.PastDue+d.UpcomingAmount {
			return // interest beyond what is billed comes before fees
		}
		if _, err := s.Apply(&terms, contract.Event{Seq: 100, Kind: contract.Payment, Date: on, Amount: d.Amount(), Extra: contract.Prepay}); err != nil {
			t.Fatal(err)
		}
		after, err := s.Due(&terms, on)
		if err != nil || after.PastDue != 0 || after.Fees != 0 || (after.NextDate != 0 && after.NextDate < on) {
			t.Fatalf("paid %+v, left %+v, %v in %+v", d, after, err, s)
		}
		if d.Upcoming != 0 && !after.NextDate.IsZero() && after.NextDate <= d.Upcoming && s.DueThrough(&terms, d.Upcoming) < s.Payments {
			t.Fatalf("paid %+v and the same date is due: %+v in %+v", d, after, s)
		}
	})
}

func TestDueDatesAndDueThroughAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		s, _ := replay(t, &terms, events)
		var before money.Date
		for n := 1; n <= s.Payments; n++ {
			due := s.DueDate(&terms, n)
			if due <= before {
				t.Fatalf("instalment %d is due %s, the one before %s: %+v", n, due, before, s.Plan)
			}
			if got := s.DueThrough(&terms, due); got != n {
				t.Fatalf("instalment %d is due %s, when %d are due: %+v", n, due, got, s.Plan)
			}
			if got := s.DueThrough(&terms, due-1); got != n-1 {
				t.Fatalf("instalment %d is due %s, the day before %d are due: %+v", n, due, got, s.Plan)
			}
			if _, month, _ := due.Civil(); slices.Contains(terms.SkipMonths, month) {
				t.Fatalf("instalment %d is due %s, in a month that is skipped: %+v", n, due, s.Plan)
			}
			before = due
		}
		if s.DueThrough(&terms, before+100_000) != s.Payments || (s.Payments > 0 && s.Maturity(&terms) != before) {
			t.Fatalf("%d of %d are due in the end", s.DueThrough(&terms, before+100_000), s.Payments)
		}
	})
}

func TestPaidAndAskedAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		s, _ := replay(t, &terms, events)
		n := s.Paid()
		if s.Asked(n) > s.Credited || (n < s.Payments && s.Asked(n+1) <= s.Credited) {
			t.Fatalf("%d paid of %d with %s: they ask for %s, with the next %s: %+v", n, s.Payments, s.Credited, s.Asked(n), s.Asked(n+1), s.Plan)
		}
		for k := 1; k <= s.Payments; k++ {
			if s.Asked(k) < s.Asked(k-1)+s.PaymentOf(k) {
				t.Fatalf("%d ask for %s, one less for %s: %+v", k, s.Asked(k), s.Asked(k-1), s.Plan)
			}
		}
	})
}

func TestInterestNeverFallsWhileNothingIsPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		last := terms.Start
		if len(events) > 0 {
			last = events[len(events)-1].Date
		}
		s, _, err := contract.Fold(&terms, events, last)
		if err != nil {
			t.Fatal(err)
		}
		var before money.Cents
		for _, gap := range []money.Date{0, 1, 2, 27, 31, 59, 366, 400} {
			i, err := s.InterestTo(&terms, last+gap)
			if err != nil || i < before {
				t.Fatalf("%s days on: %s after %s, %v", gap, i, before, err)
			}
			before = i
		}
	})
}

// An event of any kind taken back: the account stands as if it had never been.
// What was quoted on it counts no more, and its late fee stays charged once.
func TestAReversalLeavesWhatWasThereBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		if len(events) == 0 {
			return
		}
		at := rapid.IntRange(0, len(events)-1).Draw(t, "which")
		last := events[len(events)-1].Date + money.Date(rapid.IntRange(0, 30).Draw(t, "days later"))
		without := slices.Delete(slices.Clone(events), at, at+1)
		want, _, errWant := contract.Fold(&terms, without, last)
		with := append(slices.Clone(events), contract.Event{Seq: len(events) + 1, Kind: contract.Reversal, Date: last, Reverses: events[at].Seq})
		got, split, err := contract.Fold(&terms, with, last)
		if (err == nil) != (errWant == nil) || err != nil {
			t.Fatalf("taken back: %v, never there: %v", err, errWant)
		}
		got.LastEvent, got.LateThrough, got.Quote = want.LastEvent, want.LateThrough, want.Quote
		if !got.Equal(&want) || split[at] != (contract.Allocation{}) {
			t.Fatalf("after the reversal of %+v: %+v, without it %+v", events[at], got, want)
		}
		again := append(with, contract.Event{Seq: len(events) + 2, Kind: contract.Reversal, Date: last, Reverses: len(events) + 1})
		got, _, err = contract.Fold(&terms, again, last)
		whole, _, errWhole := contract.Fold(&terms, events, last)
		if err != nil || errWhole != nil {
			t.Fatal(err, errWhole)
		}
		got.LastEvent, got.Quote = whole.LastEvent, whole.Quote
		if !got.Equal(&whole) {
			t.Fatalf("the reversal taken back: %+v, before it %+v", got, whole)
		}
	})
}
