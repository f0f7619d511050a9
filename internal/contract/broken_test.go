package contract_test

import (
	"slices"
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

// broken are engines that are wrong in one way each, as other systems are.
var broken = map[string]engine{
	"fees first": ofTerms(func(t *contract.Terms) {
		t.Application = []contract.Bucket{contract.LateFees, contract.OtherFees, contract.Interest, contract.Principal}
	}),
	"principal before interest": ofTerms(func(t *contract.Terms) {
		t.Application = []contract.Bucket{contract.Principal, contract.Interest, contract.LateFees, contract.OtherFees}
	}),
	"a year of 360 days":              ofTerms(func(t *contract.Terms) { t.DayCount = money.Actual360 }),
	"months of thirty days":           ofTerms(func(t *contract.Terms) { t.DayCount = money.Thirty360 }),
	"the daily factor cut":            ofTerms(func(t *contract.Terms) { t.FactorDecimals = 5 }),
	"interest cut to the cent":        ofTerms(func(t *contract.Terms) { t.Rounding = money.Truncate }),
	"fractions never carried":         ofTerms(func(t *contract.Terms) { t.CarryFraction = false }),
	"small balances kept":             ofTerms(func(t *contract.Terms) { t.CloseTolerance = 0 }),
	"skipped months not skipped":      ofTerms(func(t *contract.Terms) { t.SkipMonths = nil }),
	"steps forgotten":                 ofTerms(func(t *contract.Terms) { t.Steps = nil }),
	"a lease's tax taken for rent":    ofTerms(func(t *contract.Terms) { t.Tax = 0 }),
	"principal only counts as paid":   ofEvents(func(e *contract.Event, _ []contract.Event) { e.PrincipalOnly = false }),
	"every choice pays ahead":         ofEvents(func(e *contract.Event, _ []contract.Event) { e.Extra = contract.Prepay }),
	"the insurer's money pays ahead":  ofEvents(func(e *contract.Event, _ []contract.Event) { e.Source = "" }),
	"a sale is a payment":             ofEvents(becomes(contract.Sale, contract.Payment)),
	"a charge-off only marks":         ofEvents(becomes(contract.ChargeOff, contract.TotalLoss)),
	"no deferral":                     ofEvents(becomes(contract.Deferral, contract.TotalLoss)),
	"no re-age":                       ofEvents(becomes(contract.ReAge, contract.TotalLoss)),
	"no acceleration":                 ofEvents(becomes(contract.Acceleration, contract.TotalLoss)),
	"no kept quotes":                  ofEvents(becomes(contract.PayoffQuote, contract.TotalLoss)),
	"a lease's end cancels nothing":   ofEvents(becomes(contract.LeaseEnd, contract.OtherCharge)),
	"service from the day it is told": ofEvents(func(e *contract.Event, all []contract.Event) { told(e, all, contract.Service) }),
	"payments from the day of posting": ofEvents(func(e *contract.Event, all []contract.Event) {
		told(e, all, contract.Payment)
	}),
	"a return is a charge": ofEvents(func(e *contract.Event, all []contract.Event) {
		if e.Kind == contract.Reversal && all[e.Reverses-1].Kind == contract.Payment {
			e.Kind, e.Amount = contract.OtherCharge, all[e.Reverses-1].Amount
		}
	}),
	"the payment stays as it was in service": ofEvents(func(e *contract.Event, _ []contract.Event) {
		if six := money.Rate(contract.ServiceRate); e.Kind == contract.Service {
			e.Kind, e.Rate = contract.RateChange, &six
		}
	}),
	"interest on fees": func(t *contract.Terms, events []contract.Event, on money.Date) (contract.State, []contract.Allocation, error) {
		s, split, err := contract.Fold(t, events, on)
		for _, e := range events {
			if e.Kind == contract.LateCharge || e.Kind == contract.ReturnedFee {
				more, _ := t.Accrual().Interest(e.Amount, e.Date, on)
				s.Accrued = s.Accrued.Add(more)
			}
		}
		return s, split, err
	},
	"interest rounded every day": func(t *contract.Terms, events []contract.Event, on money.Date) (contract.State, []contract.Allocation, error) {
		s, split, err := contract.Fold(t, events, on)
		if day, _ := t.Accrual().PerDiem(s.Principal, on); !s.Accrued.IsZero() && !day.IsZero() {
			s.Accrued = money.FromCents(day.Round(t.Rounding) * money.Cents(on-s.LastEvent))
		}
		return s, split, err
	},
}

func ofTerms(change func(*contract.Terms)) engine {
	return func(t *contract.Terms, events []contract.Event, on money.Date) (contract.State, []contract.Allocation, error) {
		wrong := *t
		change(&wrong)
		return contract.Fold(&wrong, events, on)
	}
}

func ofEvents(change func(e *contract.Event, all []contract.Event)) engine {
	return func(t *contract.Terms, events []contract.Event, on money.Date) (contract.State, []contract.Allocation, error) {
		wrong := slices.Clone(events)
		for i := range wrong {
			change(&wrong[i], events)
		}
		return contract.Fold(t, wrong, on)
	}
}

func becomes(kind, other contract.EventKind) func(*contract.Event, []contract.Event) {
	return func(e *contract.Event, _ []contract.Event) {
		if e.Kind == kind {
			e.Kind = other
		}
	}
}

// told moves an event to the latest day that was known when it was written.
func told(e *contract.Event, all []contract.Event, kind contract.EventKind) {
	for _, f := range all[:e.Seq-1] {
		if e.Kind == kind {
			e.Date = max(e.Date, f.Date)
		}
	}
}

// counter counts what a story finds wrong.
type counter struct{ found int }

func (c *counter) Helper()               {}
func (c *counter) Errorf(string, ...any) { c.found++ }
func (c *counter) Fatalf(string, ...any) { c.found++; panic(c) }
func (c *counter) Fatal(...any)          { c.found++; panic(c) }

func (c *counter) hear(fold engine, terms contract.Terms, text string) {
	defer func() {
		if r := recover(); r != nil && r != any(c) {
			panic(r)
		}
	}()
	play(c, fold, terms, text)
}

// The stories must be able to fail: each of these engines is caught by some of
// them.
func TestTheStoriesTellWrongEnginesApart(t *testing.T) {
	for name, fold := range broken {
		c := &counter{}
		for _, text := range stories {
			c.hear(fold, loan(), text)
		}
		for _, s := range changes {
			c.hear(fold, s.terms, s.text)
		}
		if c.found == 0 {
			t.Errorf("no story notices an engine with %s", name)
		}
	}
}
