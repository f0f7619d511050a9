package main

import (
	"fmt"

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
		Accrual:   money.Accrual{Rate: o.rate("annual_rate"), DayCount: o.dayCount()},
		Rounding:  o.rounding(),
		Start:     o.date("start_date"),
		First:     o.date("first_payment_date"),
		Payments:  o.whole("n_payments", 1, 1200),
		PerYear:   o.whole("periods_per_year", 1, 52, 12),
		Method:    contract.Method(o.str("method", string(contract.ByPeriod))),
		Payment:   positive(o, "payment"),
		Balloon:   o.cents("balloon", "0"),
	}
	if fault := o.done(); fault != nil {
		return fault
	}
	if p.Payment == 0 {
		var err error
		if p.Payment, err = p.LevelPayment(); err != nil {
			return refuse("", err)
		}
	}
	rows, err := p.Schedule(make([]contract.Row, 0, p.Payments))
	if err != nil {
		return refuse("", err)
	}
	a.cents("payment", p.Payment)
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
	return nil
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

// folded is what fold and payoff share: a contract and its events.
type folded struct {
	terms  contract.Terms
	events []contract.Event
	asOf   money.Date
}

func readFolded(o *object) (f folded) {
	var fault *problem
	if f.terms, fault = readTerms(o.object("terms")); fault != nil {
		o.abandon(fault)
		return f
	}
	for i, item := range o.list("events") {
		e, fault := readEvent(item, i, &f.terms)
		if fault != nil {
			o.abandon(fault)
			return f
		}
		f.events = append(f.events, e)
	}
	f.asOf = o.date("as_of")
	return f
}

// readTerms reads a contract's terms. Application absent is the default order,
// payment absent the level payment of the contract's own dates.
func readTerms(o *object) (contract.Terms, *problem) {
	t := contract.Terms{
		Kind:           contract.Kind(o.str("kind", string(contract.Loan))),
		Principal:      o.cents("principal"),
		Rate:           o.rate("annual_rate"),
		DayCount:       o.dayCount(),
		Rounding:       o.rounding(),
		FactorDecimals: o.whole("factor_decimals", 0, 12, 0),
		Start:          o.date("start_date"),
		FirstDue:       o.date("first_due_date"),
		DueDay:         o.whole("due_day", 1, 31, 0),
		Payments:       o.whole("n_payments", 1, 1200),
		Payment:        positive(o, "payment"),
		Application:    contract.DefaultApplication,
	}
	if o.has("application") {
		t.Application = nil
		for _, b := range o.list("application") {
			if b[0] != '"' {
				o.invalid("application", "must be a list of names in quotes")
				break
			}
			t.Application = append(t.Application, contract.Bucket(unquote(b)))
		}
	}
	if o.fault == nil && t.FirstDue < t.Start {
		o.invalid("first_due_date", "is before start_date")
	}
	if fault := o.done(); fault != nil {
		return t, fault
	}
	if t.Payment == 0 {
		var err error
		if t.Payment, err = t.LevelPayment(); err != nil {
			return t, refuse(o.path, err)
		}
	}
	if err := t.Validate(); err != nil {
		return t, refuse(o.path, err)
	}
	return t, nil
}

// readEvent reads one event. A reversal names the payment it takes back by its
// place in the list, from 1.
func readEvent(text []byte, at int, t *contract.Terms) (contract.Event, *problem) {
	o, fault := parseObject(text, fmt.Sprintf("events[%d].", at))
	if fault != nil {
		return contract.Event{}, fault
	}
	e := contract.Event{Seq: at + 1, Date: o.date("date")}
	switch kind := o.str("kind"); kind {
	case "payment", "late_fee", "returned_fee":
		e.Kind = contract.EventKind(kind)
	case "other_fee":
		e.Kind = contract.ReturnedFee // one bucket holds every fee that is not for lateness
	case "reversal":
		e.Kind = contract.Reversal
	default:
		o.invalid("kind", "one of payment, reversal, late_fee, returned_fee, other_fee")
	}
	if e.Kind == contract.Reversal {
		e.Reverses = o.whole("reverses", 1, 1<<31-1)
		if o.has("amount") {
			e.Amount = o.cents("amount")
		}
	} else if e.Amount = o.cents("amount"); e.Amount == 0 {
		o.invalid("amount", "must be more than zero")
	}
	if e.Kind == contract.LateCharge {
		e.Instalment = o.whole("instalment", 1, t.Payments, 0)
	}
	if o.fault == nil && e.Date < t.Start {
		o.invalid("date", "is before start_date")
	}
	return e, o.done()
}

func answerFold(o *object, a *answer) *problem {
	f := readFolded(o)
	if fault := o.done(); fault != nil {
		return fault
	}
	s, allocations, err := contract.Fold(&f.terms, f.events, f.asOf)
	if err != nil {
		return refuse("", err)
	}
	due, err := s.Due(&f.terms, f.asOf)
	if err != nil {
		return refuse("", err)
	}
	a.open("events")
	for _, n := range allocations {
		a.item()
		a.cents("principal", n.Principal)
		a.cents("interest", n.Interest)
		a.cents("late_fee", n.LateFee)
		a.cents("other_fee", n.OtherFee)
		a.cents("unapplied", n.Unapplied)
		a.itemEnd()
	}
	a.close()
	a.name("state")
	a.b = append(a.b, '{')
	a.cents("principal", s.Principal)
	a.cents("accrued_interest", s.Accrued.Round(f.terms.Rounding))
	a.cents("late_fees", s.LateFees)
	a.cents("other_fees", s.OtherFees)
	a.cents("unapplied", s.Unapplied)
	a.date("next_due_date", due.NextDate)
	a.cents("past_due", due.PastDue)
	a.itemEnd()
	return nil
}

// answerPayoff quotes as_of, and a table of every day from then through
// good_through (as_of when absent; a year at most).
func answerPayoff(o *object, a *answer) *problem {
	f := readFolded(o)
	through := f.asOf
	if o.has("good_through") {
		through = o.date("good_through")
	}
	if o.fault == nil && (through < f.asOf || through > f.asOf+366) {
		o.invalid("good_through", "must be from as_of to 366 days later")
	}
	if fault := o.done(); fault != nil {
		return fault
	}
	s, _, err := contract.Fold(&f.terms, f.events, f.asOf)
	if err != nil {
		return refuse("", err)
	}
	p, err := s.Payoff(&f.terms, f.asOf)
	if err != nil {
		return refuse("", err)
	}
	a.cents("principal", p.Principal)
	a.cents("interest", p.Interest)
	a.cents("fees", p.Fees)
	a.cents("total", p.Total)
	a.plain("per_diem", p.PerDiem.Decimal(6))
	a.open("table")
	for day := f.asOf; day <= through; day++ {
		if p, err = s.Payoff(&f.terms, day); err != nil {
			return refuse("", err)
		}
		a.item()
		a.date("date", day)
		a.cents("total", p.Total)
		a.itemEnd()
	}
	a.close()
	return nil
}
