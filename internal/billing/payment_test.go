package billing_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

func TestDecide(t *testing.T) {
	today := day("2026-02-15")
	for _, c := range []struct {
		name   string
		kind   billing.AmountKind
		asked  money.Cents
		date   money.Date
		want   string // the refusal's code
		amount money.Cents
	}{
		{"the amount due", billing.AmountDue, 0, today, "", 450_00},
		{"another amount", billing.AmountOther, 100_00, today, "", 100_00},
		{"the payoff", billing.AmountPayoff, 0, today, "", 24_120_26},
		{"the payoff a day later", billing.AmountPayoff, 0, today + 1, "", 24_124_14},
		{"all of it by hand", billing.AmountOther, 24_120_26, today, "", 24_120_26},
		{"a cent too much", billing.AmountOther, 24_120_27, today, "amount_high", 0},
		{"nothing", billing.AmountOther, 0, today, "amount_low", 0},
		{"less than nothing", billing.AmountOther, -5_00, today, "amount_low", 0},
		{"99 cents", billing.AmountOther, 99, today, "amount_low", 0},
		{"no such kind", "most", 5_00, today, "amount_kind", 0},
		{"yesterday", billing.AmountOther, 5_00, today - 1, "date_past", 0},
		{"no day", billing.AmountOther, 5_00, 0, "date_missing", 0},
		{"60 days on", billing.AmountOther, 5_00, today + 60, "", 5_00},
		{"61 days on", billing.AmountOther, 5_00, today + 61, "date_far", 0},
	} {
		terms := loan()
		p, err := billing.Decide(&terms, terms.Open(), billing.Ask{Kind: c.kind, Amount: c.asked, Date: c.date}, billing.AnyDay(today))
		code := ""
		if r, ok := errors.AsType[*billing.Refusal](err); ok {
			code = r.Code
			if r.Message == "" {
				t.Errorf("%s: no words", c.name)
			}
		} else if err != nil {
			t.Fatal(err)
		}
		if code != c.want || p.Amount != c.amount {
			t.Errorf("%s: %q, %s", c.name, code, p.Amount)
		}
	}
	terms := loan()
	paid := terms.Open()
	paid.Principal = 0
	if _, err := billing.Decide(&terms, paid, billing.Ask{Kind: billing.AmountOther, Amount: 5_00, Date: today}, billing.AnyDay(today)); err == nil {
		t.Error("a payment on nothing owed")
	}
	small := terms.Open()
	small.Principal, small.Through = 40, today
	if p, err := billing.Decide(&terms, small, billing.Ask{Kind: billing.AmountOther, Amount: 40, Date: today}, billing.AnyDay(today)); err != nil || !p.Closes {
		t.Errorf("the last 40 cents: %+v, %v", p, err)
	}
}

// Whatever is paid goes somewhere, and a plan is what posting it does.
func TestAPlanIsWhatIsPosted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := loan()
		terms.Principal = money.Cents(rapid.Int64Range(1_00, 80_000_00).Draw(t, "principal"))
		terms.Rate = money.Rate(rapid.Int64Range(0, 3000).Draw(t, "rate")) * money.RateScale / 10_000
		terms.Rounding = rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Truncate, money.Up}).Draw(t, "rounding")
		s := terms.Open()
		s.LateFees = money.Cents(rapid.Int64Range(0, 100_00).Draw(t, "late fees"))
		s.OtherFees = money.Cents(rapid.Int64Range(0, 100_00).Draw(t, "other fees"))
		date := terms.Start + money.Date(rapid.IntRange(0, 400).Draw(t, "days"))
		payoff, err := s.Payoff(&terms, date)
		if err != nil {
			t.Fatal(err)
		}
		amount := money.Cents(rapid.Int64Range(1_00, max(1_00, int64(payoff.Total))).Draw(t, "amount"))
		p, err := billing.Decide(&terms, s, billing.Ask{Kind: billing.AmountOther, Amount: amount, Date: date}, billing.AnyDay(date))
		if err != nil {
			t.Fatal(err)
		}
		a := p.Allocation
		if a.Total() != amount || a.Unapplied != 0 || min(a.Principal, a.Interest, a.LateFee, a.OtherFee) < 0 {
			t.Fatalf("%s was applied %+v", amount, a)
		}
		if p.BalanceAfter != s.Principal-a.Principal || p.PayoffAfter != payoff.Total-amount || p.Closes != (amount == payoff.Total) {
			t.Fatalf("%+v", p)
		}
		after := s
		if posted, err := after.Apply(&terms, contract.Event{Kind: contract.Payment, Date: date, Amount: amount}); err != nil || posted != a {
			t.Fatalf("posted %+v, planned %+v, %v", posted, a, err)
		}
		if left, err := after.Payoff(&terms, date); err != nil || left.Total != p.PayoffAfter {
			t.Fatalf("%s is left, planned %s, %v", left.Total, p.PayoffAfter, err)
		}
	})
}

// Posted money never moves back to a state without an event, and what has ended
// stays so.
func TestAPaymentMovesOnlyForward(t *testing.T) {
	for _, rail := range []billing.Rail{billing.ACH, billing.Card} {
		for _, from := range billing.States {
			for _, to := range billing.States {
				if !rail.MayBecome(from, to) {
					continue
				}
				ended := from == billing.Cancelled || from == billing.Refused
				unposted := rail.Posts(from) && !rail.Posts(to) && to != billing.Returned && to != billing.Reversed && to != billing.Cancelled && to != billing.Refused
				if from == to || ended || rail.First(to) && rail.Posts(from) || unposted {
					t.Errorf("%s: %s may become %s", rail, from, to)
				}
			}
		}
	}
	for _, c := range []struct {
		rail billing.Rail
		road []billing.PaymentState
	}{
		{billing.ACH, []billing.PaymentState{billing.Scheduled, billing.Authorised, billing.Submitted, billing.Settled, billing.Returned}},
		{billing.ACH, []billing.PaymentState{billing.Authorised, billing.Submitted, billing.Reversed, billing.Returned}},
		{billing.Card, []billing.PaymentState{billing.Scheduled, billing.Created, billing.Submitted, billing.Unknown, billing.Settled, billing.Returned, billing.Settled, billing.Reversed}},
	} {
		if !c.rail.First(c.road[0]) {
			t.Errorf("%s does not begin %s", c.rail, c.road[0])
		}
		for i, to := range c.road[1:] {
			if !c.rail.MayBecome(c.road[i], to) {
				t.Errorf("%s: %s may not become %s", c.rail, c.road[i], to)
			}
		}
	}
}

func TestClosingDatesAreSoManyDaysBeforeADueDate(t *testing.T) {
	terms := loan()
	state := terms.Open()
	for _, c := range []struct{ after, want string }{
		{"2026-01-15", "2026-01-25"}, {"2026-01-24", "2026-01-25"}, {"2026-01-25", "2026-02-22"}, {"2026-02-22", "2026-03-25"},
		{"2031-02-22", "2031-03-25"}, // after the last instalment it goes on by the month
	} {
		if got := billing.NextClosing(&terms, &state, day(c.after), 21); got != day(c.want) {
			t.Errorf("after %s: %s, want %s", c.after, got, c.want)
		}
	}
	terms.FirstDue, terms.DueDay = day("2026-01-31"), 31
	state = terms.Open()
	on := day("2026-01-01")
	for range 70 {
		next := billing.NextClosing(&terms, &state, on, 21)
		if next <= on || next > on+52 {
			t.Fatalf("after %s: %s", on, next)
		}
		if due := next + 21; due.MonthEnd() != due && due.Day() != 31 {
			t.Fatalf("%s is no due date", due)
		}
		on = next
	}
}
