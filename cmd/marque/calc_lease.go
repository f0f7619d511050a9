package main

import (
	"marque/internal/contract"
	"marque/internal/money"
)

func answerLease(o *object, a *answer) *problem {
	q := contract.LeaseQuote{
		GrossCapCost: o.cents("gross_cap_cost"),
		CapReduction: o.cents("cap_reduction", "0"),
		Residual:     o.cents("residual"),
		Term:         o.whole("term", 1, 1200),
		Price:        o.cents("price", "0"),
		TaxRate:      o.rate("tax_rate", "0"),
		TaxMethod:    contract.TaxMethod(o.str("tax_method", string(contract.TaxNone))),
		Rounding:     o.rounding(),
	}
	yield := !o.has("money_factor")
	if yield {
		if q.Payment = positive(o, "payment"); q.Payment == 0 {
			o.wrong("missing_field", "money_factor", "money_factor or payment is needed")
		}
	} else {
		q.MoneyFactor = o.rate("money_factor")
		if o.has("payment") {
			o.invalid("payment", "give money_factor or payment")
		}
	}
	after := -1
	if o.has("after_payments") {
		after = o.whole("after_payments", 0, q.Term)
	}
	if fault := o.done(); fault != nil {
		return fault
	}
	f, err := q.Figures()
	if err != nil {
		return refuse("", err)
	}
	a.cents("adjusted_cap_cost", f.AdjustedCapCost)
	a.cents("depreciation", f.Depreciation)
	a.cents("rent_charge", f.RentCharge)
	a.cents("base_payment", f.BasePayment)
	a.cents("tax", f.Tax)
	a.cents("payment", f.Payment)
	a.cents("due_at_signing_tax", f.DueAtSigningTax)
	a.cents("total_of_payments", f.TotalOfPayments)
	if !yield && after < 0 {
		return nil
	}
	var rate money.Rate
	var balance money.Cents
	if rate, balance, err = q.ConstantYield(f, max(after, 0)); err != nil {
		return refuse("", err)
	}
	a.plain("implicit_rate", decimals((int64(rate)+500_000)/1_000_000, 6))
	if after >= 0 {
		a.cents("adjusted_lease_balance", balance)
	}
	return nil
}
