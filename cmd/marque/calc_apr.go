package main

import (
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
)

func answerAPR(o *object, a *answer) *problem {
	advances, payments := readFlows(o, "advances"), readFlows(o, "payments")
	var unit contract.UnitPeriod
	if o.has("unit_period") {
		u := o.object("unit_period")
		unit = contract.UnitPeriod{Kind: contract.PeriodKind(u.str("kind")), Multiple: u.whole("multiple", 1, 366, 1)}
		if fault := u.done(); fault != nil && o.fault == nil {
			o.abandon(fault)
		}
	}
	if fault := o.done(); fault != nil {
		return fault
	}
	if unit.Multiple == 0 {
		unit = contract.FindUnitPeriod(advances, payments)
	}
	rate, err := contract.APR(advances, payments, unit)
	if err != nil {
		return refuse("", err)
	}
	answerDisclosure(a, rate, sumFlows(advances), sumFlows(payments))
	return nil
}

func sumFlows(flows []contract.Flow) (sum money.Cents) {
	for _, f := range flows {
		sum += f.Amount
	}
	return sum
}

// answerDisclosure writes the four figures of 12 CFR 1026.18(b), (d), (e), (h):
// the advances are the amount financed, and what the payments are more than they
// is the finance charge.
func answerDisclosure(a *answer, apr money.Rate, financed, payments money.Cents) {
	a.plain("apr", decimals((int64(apr)+500_000)/1_000_000, 4)) // 10⁻¹² of one to 10⁻⁴ of a percent
	a.cents("amount_financed", financed)
	a.cents("finance_charge", payments-financed)
	a.cents("total_of_payments", payments)
}

// readFlows reads a list of dated amounts that must not be empty.
func readFlows(o *object, name string) (flows []contract.Flow) {
	if len(o.list(name)) == 0 {
		o.wrong("missing_field", name, "at least one is needed")
	}
	o.each(name, func(in *object) {
		flows = append(flows, contract.Flow{Date: in.date("date"), Amount: positive(in, "amount")})
		if !in.has("amount") {
			in.wrong("missing_field", "amount", "is needed")
		}
	})
	return flows
}

// decimals writes n, a count of 10^-places, as a plain decimal.
func decimals(n int64, places int) string {
	s := fmt.Sprintf("%0*d", places+1, n)
	return s[:len(s)-places] + "." + s[len(s)-places:]
}
