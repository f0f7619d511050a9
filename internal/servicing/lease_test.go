package servicing_test

import (
	"slices"
	"testing"

	"marque/internal/contract"
	"marque/internal/servicing"
)

// The Federal Reserve's constant-yield example (18,800 less to 12,350 over 48
// payments of 244.69), on the books with a tax of 10.00 on each payment: its
// balance after twelve payments, its miles, and what leaving it costs.
func TestALeaseOnTheBooks(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		terms := loan()
		terms.Kind, terms.Rate, terms.LateFee = contract.Lease, 0, contract.LateFee{}
		terms.Start, terms.FirstDue, terms.Payments, terms.Payment, terms.Tax = day("2026-01-15"), day("2026-02-15"), 47, 254_69, 10_00
		terms.Principal = 47 * 244_69
		terms.LeaseTerms = &contract.LeaseTerms{
			CapitalizedCost: 18_800_00, Residual: 12_350_00, Term: 48, MilesPerYear: 12_000, ExcessMile: 20, Start: day("2026-01-15"),
			BasePayment: 244_69, MonthlyTax: 10_00, DispositionFee: 395_00, PurchaseFee: 300_00, EarlyTerminationFee: 200_00, SecurityDeposit: 250_00,
		}
		a := o.take("L1", terms)
		o.to(day("2026-01-20"))
		for range 11 {
			card := got(o.Card(ctx, a.actor, a.id))(t)
			o.to(card.Due.NextDate)
			p := o.pay(a, 254_69)
			if p.Allocation.Tax != 10_00 || p.Allocation.Principal != 244_69 || p.Allocation.Interest != 0 {
				t.Fatalf("a rental went to %+v", p.Allocation)
			}
		}
		o.to(day("2026-12-20"))
		odometer := contract.Event{Kind: contract.Odometer, Date: o.day, Miles: 14_000}
		got(o.PostEvent(ctx, system, servicing.EventRequest{Key: "miles", Contract: a.id, Event: odometer}))(t)
		odometer.Miles = 13_000
		if _, err := o.PostEvent(ctx, system, servicing.EventRequest{Key: "fewer miles", Contract: a.id, Event: odometer}); outcome(err) != "refused event_refused" {
			t.Errorf("an odometer that runs backwards: %v", err)
		}
		v := got(o.Lease(ctx, a.actor, a.id))(t)
		if len(v.Missing) > 0 || v.Standing.Month != 12 || v.Standing.PastDue != 0 {
			t.Fatalf("%+v, missing %v", v.Standing, v.Missing)
		}
		balance := v.Rows[11].Balance
		if v.BuyOut == nil || v.BuyOut.Total != balance+300_00-250_00 {
			t.Errorf("to buy: %+v, balance %s", v.BuyOut, balance)
		}
		if v.EndEarly == nil || !slices.ContainsFunc(v.EndEarly.Items, func(w contract.Why) bool { return w.Amount == 395_00 }) {
			t.Errorf("to end early: %+v", v.EndEarly)
		}
		if m := v.Mileage; m == nil || m.Driven != 14_000 || m.Over <= 0 || m.Charge <= 0 || len(v.Method) == 0 {
			t.Errorf("miles: %+v", m)
		}
		end := v.EndEarly.Total - v.EndEarly.Account
		r := got(o.PostEvent(ctx, system, servicing.EventRequest{Key: "end", Contract: a.id, Event: contract.Event{Kind: contract.LeaseEnd, Date: o.day, Amount: end}}))(t)
		if r.State.Principal != 0 || r.State.OtherFees != end || r.Allocation.Principal != 36*244_69 {
			t.Errorf("after the end: %+v, %+v", r.Allocation, r.State)
		}
		o.verify()
	})
}
