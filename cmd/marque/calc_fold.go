package main

import (
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
)

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
		e.Kind = contract.OtherCharge
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
