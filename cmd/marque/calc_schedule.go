package main

import (
	"marque/internal/contract"
	"marque/internal/money"
)

// maxDays is a thousand years: enough for any question, and no overflow.
const maxDays = 365_250

// answerInterest: between dates, or for a number of days (from, when given, says
// which years they lie in). The per diem is that of the first day.
func answerInterest(o *object, a *answer) *problem {
	balance := o.cents("balance")
	accrual := money.Accrual{Rate: o.rate("annual_rate"), DayCount: o.dayCount(), FactorDecimals: o.whole("factor_decimals", 0, 12, 0)}
	rounding := o.rounding()
	var from, to money.Date
	var days int
	if o.has("days") {
		days = o.whole("days", 0, maxDays)
		if o.has("to") {
			o.invalid("to", "give days, or from and to")
		}
		if o.has("from") {
			from = o.date("from")
			to = from + money.Date(days)
		}
	} else if from, to = o.date("from"), o.date("to"); to < from {
		o.invalid("to", "is before from")
	}
	if fault := o.done(); fault != nil {
		return fault
	}
	var sum money.Interest
	var err error
	if o.has("days") && (from.IsZero() || accrual.DayCount != money.ActualActual) {
		sum, err = accrual.OverDays(balance, days)
	} else {
		days = accrual.DayCount.Days(from, to)
		sum, err = accrual.Interest(balance, from, to)
	}
	if err != nil {
		return refuse("", err)
	}
	day, err := accrual.PerDiem(balance, from)
	if err != nil {
		return refuse("", err)
	}
	a.whole("days", days)
	a.cents("interest", sum.Round(rounding))
	a.plain("per_diem", day.Decimal(6))
	return nil
}

func answerPayment(o *object, a *answer) *problem {
	principal, rate := o.cents("principal"), o.rate("annual_rate")
	n, perYear := o.whole("n_payments", 1, 1200), o.whole("periods_per_year", 1, 52, 12)
	odd, balloon := o.whole("odd_days", 0, 3660, 0), o.cents("balloon", "0")
	dayCount, rounding := o.dayCount(), o.rounding()
	if fault := o.done(); fault != nil {
		return fault
	}
	payment, err := contract.LevelPayment(principal, rate, n, perYear, odd, balloon, dayCount, rounding)
	if err != nil {
		return refuse("", err)
	}
	a.cents("payment", payment)
	return nil
}

func answerSchedule(o *object, a *answer) *problem {
	p := contract.Plan{
		Principal: o.cents("principal"),
		Accrual:   money.Accrual{Rate: o.rate("annual_rate"), DayCount: o.dayCount(), FactorDecimals: o.whole("factor_decimals", 0, 12, 0)},
		Rounding:  o.rounding(),
		Start:     o.date("start_date"),
		First:     o.date("first_payment_date"),
		DueDay:    o.whole("due_day", 1, 31, 0),
		Payments:  o.whole("n_payments", 1, 1200),
		PerYear:   o.whole("periods_per_year", 1, 52, 12),
		Method:    contract.Method(o.str("method", string(contract.ByPeriod))),
		OddFirst:  contract.OddFirst(o.str("odd_first_period", "")),

		Payment:         positive(o, "payment"),
		PaymentRounding: money.Rounding(o.str("payment_rounding", "")),
		PaymentMultiple: positive(o, "payment_multiple"),
		Steps:           readPaymentSteps(o),
		SkipMonths:      readMonths(o),
		Balloon:         o.cents("balloon", "0"),
	}
	if o.has("balloon_date") {
		p.BalloonOn = o.date("balloon_date")
	}
	disclose := o.truth("apr")
	if fault := o.done(); fault != nil {
		return fault
	}
	payment, err := p.LevelPayment()
	if err != nil {
		return refuse("", err)
	}
	rows, err := p.Schedule(make([]contract.Row, 0, p.Payments+1))
	if err != nil {
		return refuse("", err)
	}
	a.cents("payment", payment)
	writeRows(a, rows)
	if !disclose {
		return nil
	}
	financed := []contract.Flow{{Date: p.Start, Amount: p.Principal}}
	payments := make([]contract.Flow, 0, len(rows))
	for _, r := range rows {
		if r.Payment > 0 {
			payments = append(payments, contract.Flow{Date: r.Date, Amount: r.Payment})
		}
	}
	rate, err := contract.APR(financed, payments, contract.FindUnitPeriod(financed, payments))
	if err != nil {
		return refuse("", err)
	}
	answerDisclosure(a, rate, p.Principal, sumFlows(payments))
	return nil
}

func writeRows(a *answer, rows []contract.Row) {
	a.open("rows")
	var interest money.Cents
	for _, r := range rows {
		interest += r.Interest
		a.item()
		a.whole("n", r.N)
		a.date("date", r.Date)
		a.cents("payment", r.Payment)
		a.cents("interest", r.Interest)
		a.cents("principal", r.Principal)
		a.cents("balance", r.Balance)
		a.itemEnd()
	}
	a.close()
	a.cents("total_interest", interest)
	a.cents("final_payment", rows[len(rows)-1].Payment)
}

// readPaymentSteps reads the payments that change from a number on.
func readPaymentSteps(o *object) (steps []contract.PaymentStep) {
	o.each("steps", func(in *object) {
		s := contract.PaymentStep{From: in.whole("from", 2, 1200), Payment: positive(in, "payment")}
		if in.has("ratio") {
			if s.Ratio = in.rate("ratio"); s.Ratio == 0 {
				in.invalid("ratio", "must be more than zero")
			}
		}
		steps = append(steps, s)
	})
	return steps
}

// positive is an optional amount that is more than zero when it is given.
func positive(o *object, name string) money.Cents {
	if !o.has(name) {
		return 0
	}
	c := o.cents(name)
	if c == 0 {
		o.invalid(name, "must be more than zero")
	}
	return c
}
