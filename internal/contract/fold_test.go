package contract_test

import (
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

// The figures above must be able to fail: three ways that other systems do it,
// each of which gives other cents.
func TestTheFiguresTellTheVariantsApart(t *testing.T) {
	split := func(change func(*contract.Terms)) (contract.State, contract.Allocation) {
		terms := loan()
		change(&terms)
		s, a, err := contract.Fold(&terms, []contract.Event{
			{Seq: 1, Kind: contract.LateCharge, Date: date("2026-02-26"), Amount: 22_50},
			{Seq: 2, Kind: contract.Payment, Date: date("2026-02-27"), Amount: 450_00},
		}, date("2026-02-27"))
		if err != nil {
			t.Fatal(err)
		}
		return s, a[1]
	}
	ours, right := split(func(*contract.Terms) {})
	if right != (contract.Allocation{Interest: 166_82, Principal: 283_18}) || ours.LateFees != 22_50 {
		t.Fatalf("ours: %+v", right)
	}
	for name, change := range map[string]func(*contract.Terms){
		"fees first": func(t *contract.Terms) {
			t.Application = []contract.Bucket{contract.LateFees, contract.OtherFees, contract.Interest, contract.Principal}
		},
		"a year of 360 days":     func(t *contract.Terms) { t.DayCount = money.Actual360 },
		"per diem factor cut":    func(t *contract.Terms) { t.FactorDecimals = 5 },
		"interest cut, not half": func(t *contract.Terms) { t.Rounding = money.Truncate },
	} {
		if _, got := split(change); got == right {
			t.Errorf("%s gives the same split %+v", name, got)
		}
	}
}

// anyLife draws terms and events in order of date, none of them a reversal.
func anyLife(t *rapid.T) (contract.Terms, []contract.Event) {
	terms := loan()
	terms.Principal = money.Cents(rapid.IntRange(500_00, 80_000_00).Draw(t, "principal"))
	terms.Rate = money.Rate(rapid.Int64Range(0, 300_000_000).Draw(t, "rate")) * 1000
	terms.DayCount = rapid.SampledFrom([]money.DayCount{money.Actual365, money.ActualActual, money.Actual360, money.Thirty360}).Draw(t, "day count")
	terms.Rounding = rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Truncate, money.Up}).Draw(t, "rounding")
	terms.Payment = money.Cents(rapid.IntRange(50_00, 3_000_00).Draw(t, "payment"))
	on := terms.Start
	var events []contract.Event
	for n := range rapid.IntRange(0, 40).Draw(t, "events") {
		on += money.Date(rapid.IntRange(0, 60).Draw(t, "days"))
		kind := rapid.SampledFrom([]contract.EventKind{contract.Payment, contract.Payment, contract.Payment, contract.LateCharge, contract.ReturnedFee}).Draw(t, "kind")
		events = append(events, contract.Event{Seq: n + 1, Kind: kind, Date: on, Amount: money.Cents(rapid.IntRange(1, 5_000_00).Draw(t, "amount"))})
	}
	return terms, events
}

func TestWhateverHappensTheCentsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		step := terms.Open()
		var paid, fees, split, interest money.Cents
		for _, e := range events {
			a, err := step.Apply(&terms, e)
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind == contract.Payment {
				paid, split, interest = paid+e.Amount, split+a.Total(), interest+a.Interest
				if a.Total() != e.Amount || min(a.Interest, a.Principal, a.LateFee, a.OtherFee, a.Unapplied) < 0 {
					t.Fatalf("payment of %s went to %+v", e.Amount, a)
				}
			} else {
				fees += e.Amount
			}
			if min(step.Principal, step.LateFees, step.OtherFees, step.Unapplied) < 0 {
				t.Fatalf("a negative balance: %+v", step)
			}
		}
		owed := terms.Principal - step.Principal + interest + fees - step.LateFees - step.OtherFees + step.Unapplied
		if paid != owed || split != paid {
			t.Fatalf("paid %s, split %s, accounted for %s", paid, split, owed)
		}
		last := max(step.LastEvent, step.Through)
		whole, _, err := contract.Fold(&terms, events, last)
		if err != nil {
			t.Fatal(err)
		}
		due, err := step.InterestTo(&terms, last)
		if err != nil || due != whole.Accrued.Round(terms.Rounding) {
			t.Fatalf("interest step by step %s, from scratch %s, %v", due, whole.Accrued.Round(terms.Rounding), err)
		}
		whole.Accrued, whole.Through = step.Accrued, step.Through
		if !whole.Equal(&step) {
			t.Fatalf("step by step %+v, from scratch %+v", step, whole)
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

func TestAReversalUndoesItsPaymentWholly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		events = append(events, contract.Event{Seq: len(events) + 1, Kind: contract.Payment, Date: terms.Start + 3000, Amount: 450_00})
		at := rapid.IntRange(0, len(events)-1).Draw(t, "which")
		events[at].Kind = contract.Payment
		last := events[len(events)-1].Date + 3
		without := append(append([]contract.Event{}, events[:at]...), events[at+1:]...)
		want, _, err := contract.Fold(&terms, without, last)
		if err != nil {
			t.Fatal(err)
		}
		with := append(events, contract.Event{Seq: len(events) + 1, Kind: contract.Reversal, Date: last, Reverses: at + 1})
		got, _, err := contract.Fold(&terms, with, last)
		got.LastEvent = want.LastEvent
		if err != nil || !got.Equal(&want) {
			t.Fatalf("after the reversal %+v, without the payment %+v, %v", got, want, err)
		}
	})
}
