package main

import (
	"fmt"
	"slices"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
)

// eventForm is an event kind with the fields it may carry beside kind and date.
type eventForm struct {
	kind   contract.EventKind
	fields string
}

// eventForms lists every kind of event that calc reads, in the order of
// docs/calc.md. A name ending in "?" may be left out.
var eventForms = []eventForm{
	{contract.Payment, "amount source? extra? principal_only?"},
	{contract.Reversal, "reverses amount?"},
	{contract.LateCharge, "amount instalment?"},
	{contract.ReturnedFee, "amount"},
	{contract.OtherCharge, "amount"},
	{contract.Waiver, "of amount? instalment?"},
	{contract.Refund, "amount"},
	{contract.RateChange, "annual_rate payment?"},
	{contract.Service, "annual_rate? payment?"},
	{contract.ServiceEnd, ""},
	{contract.DueDateChange, "due_day instalment?"},
	{contract.Deferral, "months instalment?"},
	{contract.ReAge, ""},
	{contract.Modification, "annual_rate? n_payments? payment? first_due_date? due_day?"},
	{contract.Acceleration, ""},
	{contract.TotalLoss, ""},
	{contract.Repossession, ""},
	{contract.Sale, "amount"},
	{contract.ChargeOff, ""},
	{contract.HoldBegins, "hold"},
	{contract.HoldEnds, "hold"},
	{contract.PayoffQuote, "good_through amount?"},
	{contract.Odometer, "miles"},
	{contract.LeaseExtension, "months disclosed?"},
	{contract.LeaseEnd, "amount?"},
}

// readEvent reads one event. Its place in the list, from 1, is the number by
// which a reversal names it.
func readEvent(text []byte, at int) (contract.Event, *problem) {
	o, fault := parseObject(text, fmt.Sprintf("events[%d].", at))
	if fault != nil {
		return contract.Event{}, fault
	}
	return readEventOf(o, at)
}

func readEventOf(o *object, at int) (contract.Event, *problem) {
	e := contract.Event{Seq: at + 1, Kind: contract.EventKind(o.str("kind")), Date: o.date("date")}
	form := slices.IndexFunc(eventForms, func(f eventForm) bool { return f.kind == e.Kind })
	if form < 0 {
		fault := o.fault
		if fault == nil || fault.field != o.path+"kind" {
			fault = &problem{"unknown_kind", o.path + "kind", fmt.Sprintf("%q is not known", string(e.Kind))}
		}
		o.abandon(fault)
		return e, o.done()
	}
	for _, name := range strings.Fields(eventForms[form].fields) {
		name, optional := strings.CutSuffix(name, "?")
		if o.has(name) || !optional {
			readEventField(o, &e, name)
		}
	}
	return e, o.done()
}

func readEventField(o *object, e *contract.Event, name string) {
	switch name {
	case "amount":
		if e.Amount = o.cents(name); e.Amount == 0 && o.fault == nil {
			o.invalid(name, "must be more than zero")
		}
	case "payment":
		e.Payment = positive(o, name)
	case "annual_rate":
		r := o.rate(name)
		e.Rate = &r
	case "reverses":
		e.Reverses = o.whole(name, 1, 1<<31-1)
	case "instalment":
		e.Instalment = o.whole(name, 1, 1200)
	case "n_payments":
		e.Payments = o.whole(name, 1, 1200)
	case "miles":
		e.Miles = o.whole(name, 0, 2_000_000)
	case "months":
		e.Months = o.whole(name, 1, 24)
	case "due_day":
		e.DueDay = o.whole(name, 1, 31)
	case "first_due_date":
		e.FirstDue = o.date(name)
	case "good_through":
		e.GoodThrough = o.date(name)
	case "source":
		e.Source = contract.Source(o.str(name))
	case "extra":
		e.Extra = contract.Extra(o.str(name))
	case "disclosed":
		e.Disclosed = o.truth(name)
	case "principal_only":
		e.PrincipalOnly = o.truth(name)
	case "of":
		e.Of = contract.Bucket(o.str(name))
	case "hold":
		e.Hold = contract.Hold(o.str(name))
	default:
		panic("calc: event field " + name) // eventForms names only fields that are read here
	}
}

// readLateFee reads a contract's late fee: {flat, percent, cap}.
func readLateFee(o *object) contract.LateFee {
	if !o.has("late_fee") {
		return contract.LateFee{}
	}
	in := o.object("late_fee")
	f := contract.LateFee{Flat: in.cents("flat", "0"), Percent: in.rate("percent", "0"), Cap: in.cents("cap", "0")}
	if fault := in.done(); fault != nil && o.fault == nil {
		o.abandon(fault)
	}
	return f
}

// readSteps reads changes of the payment: [{from, payment}].
func readSteps(o *object) (steps []contract.Step) {
	o.each("steps", func(in *object) {
		steps = append(steps, contract.Step{From: in.whole("from", 1, 1200), Payment: in.cents("payment")})
	})
	return steps
}

// writeAllocation writes where an event's money went. The parts that most
// events have come always, the others when there are any.
func writeAllocation(a *answer, n contract.Allocation) {
	a.cents("principal", n.Principal)
	a.cents("interest", n.Interest)
	a.cents("late_fee", n.LateFee)
	a.cents("other_fee", n.OtherFee)
	a.cents("unapplied", n.Unapplied)
	for _, part := range []struct {
		name   string
		amount money.Cents
	}{
		{"tax", n.Tax}, {"recovered", n.Recovered}, {"forgiven", n.Forgiven},
		{"interest_forgiven", n.InterestForgiven}, {"charged_off", n.ChargedOff},
	} {
		if part.amount != 0 {
			a.cents(part.name, part.amount)
		}
	}
}

func writeWhy(a *answer, why []contract.Why) {
	a.open("why")
	for _, w := range why {
		a.item()
		a.plain("what", w.What)
		a.cents("amount", w.Amount)
		a.plain("rule", string(w.Rule))
		a.text("clause", w.Clause)
		a.name("figures")
		a.b = append(a.b, '{')
		for _, f := range w.Figures {
			a.text(f.Name, f.Value)
		}
		a.itemEnd()
		if len(w.Spans) > 0 {
			writeSpans(a, w.Spans)
		}
		a.itemEnd()
	}
	a.close()
}

func writeSpans(a *answer, spans []contract.Span) {
	a.open("spans")
	for _, s := range spans {
		a.item()
		a.date("from", s.From)
		a.date("to", s.To)
		a.whole("days", s.Days)
		a.cents("balance", s.Balance)
		a.plain("annual_rate", s.Rate.String())
		a.whole("basis", s.Basis)
		a.plain("per_diem", s.PerDiem.Decimal(6))
		a.plain("interest", s.Interest.Decimal(6))
		a.itemEnd()
	}
	a.close()
}
