package paper

import (
	"slices"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// broken are makers of statements that are wrong in one way each.
var broken = map[string]func(*billing.StatementInput){
	"every statement is the first": func(in *billing.StatementInput) { in.Previous = nil },
	"lines stand on two statements": func(in *billing.StatementInput) {
		in.PreviousEntry = max(0, in.PreviousEntry-1)
	},
	"corrections are left out": func(in *billing.StatementInput) {
		in.Lines = slices.DeleteFunc(in.Lines, func(l billing.Line) bool { return l.Kind == "correction" || l.Kind == "payment_returned" })
	},
	"a sent statement is made anew": func(in *billing.StatementInput) {
		if in.Previous != nil {
			s := *in.Previous
			s.EndingBalance = in.State.Principal
			in.Previous = &s
		}
	},
	"the balance of another day": func(in *billing.StatementInput) { in.State.Principal -= 1_00 },
	"fees are forgotten":         func(in *billing.StatementInput) { in.State.OtherFees = 0 },
	"a day too many": func(in *billing.StatementInput) {
		in.Closing++
	},
	"a year of 360 days": func(in *billing.StatementInput) {
		t := *in.Terms
		t.DayCount = money.Actual360
		in.Terms = &t
	},
}

// counted keeps a judge's words.
type counted struct{ found int }

func (c *counted) Fatal(...any)          { c.found++; panic(c) }
func (c *counted) Fatalf(string, ...any) { c.found++; panic(c) }

// caught says whether a year of statements by a maker is noticed.
func caught(t *testing.T, spoil func(*billing.StatementInput)) (found bool) {
	c := &counted{}
	defer func() {
		if r := recover(); r != nil && r != any(c) {
			panic(r)
		}
		found = found || c.found > 0
	}()
	a := &account{terms: contract.Terms{Kind: contract.Loan, Principal: 24_000_00, Rate: 59_000_000_000, DayCount: money.Actual365, Rounding: money.HalfUp, Start: d(2026, 1, 15), FirstDue: d(2026, 2, 15),
		Payments: 60, Payment: 462_87, Application: contract.DefaultApplication, GraceDays: 10, ReturnedFee: 20_00}, payments: map[int]billing.LinePayment{}, posted: map[int]contract.Allocation{}}
	a.state = a.terms.Open()
	story := []contract.Event{
		{Kind: contract.Payment, Date: d(2026, 2, 15), Amount: 462_87}, {Kind: contract.Payment, Date: d(2026, 3, 15), Amount: 462_87},
		{Kind: contract.Reversal, Date: d(2026, 3, 18), Reverses: 2}, {Kind: contract.ReturnedFee, Date: d(2026, 3, 18), Amount: 20_00},
		{Kind: contract.Payment, Date: d(2026, 4, 2), Amount: 300_00}, {Kind: contract.Payment, Date: d(2026, 3, 20), Amount: 500_00, Source: contract.FromCheck},
	}
	posted := []money.Date{d(2026, 2, 15), d(2026, 3, 15), d(2026, 3, 18), d(2026, 3, 18), d(2026, 4, 2), d(2026, 4, 5)}
	var previous *billing.Statement
	known, next := 0, 0
	for _, closing := range []money.Date{d(2026, 2, 25), d(2026, 3, 17), d(2026, 4, 1), d(2026, 4, 25)} {
		for ; next < len(story) && posted[next] <= closing; next++ {
			if !a.happen(story[next]) {
				t.Fatalf("%+v did not happen", story[next])
			}
		}
		in := a.input(closing, previous, known)
		spoil(&in)
		s, err := billing.MakeStatement(in)
		if err != nil {
			return true
		}
		s.Closing = closing
		a.agrees(c, &s, previous)
		previous, known = &s, len(a.journal)
	}
	return false
}

func TestHistoriesTellWrongStatementsApart(t *testing.T) {
	if caught(t, func(*billing.StatementInput) {}) {
		t.Error("the right one is found wrong")
	}
	for name, spoil := range broken {
		if !caught(t, spoil) {
			t.Errorf("nothing notices that %s", name)
		}
	}
}
