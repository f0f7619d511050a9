package main

import (
	"slices"
	"strconv"

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
		e, fault := readEvent(item, i)
		if fault != nil {
			o.abandon(fault)
			return f
		}
		if err := e.Check(&f.terms); err != nil {
			p := refuse("", err)
			o.abandon(&problem{"invalid_value", p.field, p.message})
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
		Rate:           readRate(o),
		DayCount:       o.dayCount(),
		Rounding:       o.rounding(),
		FactorDecimals: o.whole("factor_decimals", 0, 12, 0),
		CarryFraction:  o.truth("carry_fraction"),
		Start:          o.date("start_date"),
		FirstDue:       o.date("first_due_date"),
		DueDay:         o.whole("due_day", 1, 31, 0),
		PerYear:        o.whole("periods_per_year", 1, 52, 12),
		SkipMonths:     readMonths(o),
		Payments:       o.whole("n_payments", 1, 1200),
		Payment:        positive(o, "payment"),
		Steps:          readSteps(o),
		Balloon:        o.cents("balloon", "0"),
		Tax:            o.cents("payment_tax", "0"),
		Application:    contract.DefaultApplication,
		Extra:          contract.Extra(o.str("extra", "")),
		GraceDays:      o.whole("grace_days", 0, 366, 0),
		LateFee:        readLateFee(o),
		ReturnedFee:    o.cents("returned_fee", "0"),
		CloseTolerance: o.cents("close_tolerance", "0"),
		FeeState:       o.str("fee_state", ""), FeeStateConfirmed: o.truth("fee_state_confirmed"),
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

// readRate reads the yearly rate; a lease has none.
func readRate(o *object) money.Rate {
	if o.str("kind", string(contract.Loan)) == string(contract.Lease) {
		return o.rate("annual_rate", "0")
	}
	return o.rate("annual_rate")
}

// readMonths reads the months of the year in which nothing falls due.
func readMonths(o *object) (months []int) {
	for _, item := range o.list("skip_months") {
		n, err := strconv.Atoi(string(item))
		if err != nil {
			o.invalid("skip_months", "must be a list of months, 1 to 12")
			return nil
		}
		months = append(months, n)
	}
	return months
}

// answerFold applies the events and judges each before it does: what could not
// be done on its day is an error that names the event.
func answerFold(o *object, a *answer) *problem {
	explain := o.truth("explain")
	f := readFolded(o)
	if fault := o.done(); fault != nil {
		return fault
	}
	s, allocations, err := contract.Judge(&f.terms, f.events, f.asOf)
	if err != nil {
		return refuse("terms.", err)
	}
	due, err := s.Due(&f.terms, f.asOf)
	if err != nil {
		return refuse("terms.", err)
	}
	var why [][]contract.Why
	if explain {
		if why, err = f.explain(); err != nil {
			return refuse("terms.", err)
		}
	}
	a.open("events")
	for i, n := range allocations {
		a.item()
		writeAllocation(a, n)
		if explain {
			writeWhy(a, why[i])
		}
		a.itemEnd()
	}
	a.close()
	a.name("state")
	a.b = append(a.b, '{')
	writeState(a, &f.terms, &s, due, explain)
	if explain {
		spans, err := contract.Accruals(&f.terms, f.known(), f.lastEvent(), f.asOf)
		if err != nil {
			return refuse("terms.", err)
		}
		writeSpans(a, spans)
	}
	a.itemEnd()
	return nil
}

// known are the events up to as_of.
func (f *folded) known() []contract.Event {
	return slices.DeleteFunc(slices.Clone(f.events), func(e contract.Event) bool { return e.Date > f.asOf })
}

func (f *folded) lastEvent() money.Date {
	last := f.terms.Start
	for _, e := range f.known() {
		last = max(last, e.Date)
	}
	return last
}

// explain says why each event did what it did; nothing for one later than as_of.
func (f *folded) explain() ([][]contract.Why, error) {
	known, err := contract.ExplainAll(&f.terms, f.known())
	if err != nil {
		return nil, err
	}
	why := make([][]contract.Why, len(f.events))
	for i := range f.events {
		if f.events[i].Date <= f.asOf {
			why[i], known = known[0], known[1:]
		}
	}
	return why, nil
}

// writeState writes the fields every account has, more of them when the whole is
// asked for, then those that an event of its own has made.
func writeState(a *answer, t *contract.Terms, s *contract.State, due contract.Due, whole bool) {
	a.cents("principal", s.Principal)
	a.cents("accrued_interest", s.Accrued.Round(t.Rounding))
	a.cents("late_fees", s.LateFees)
	a.cents("other_fees", s.OtherFees)
	a.cents("unapplied", s.Unapplied)
	a.date("next_due_date", due.NextDate)
	a.cents("past_due", due.PastDue)
	if whole {
		a.whole("days_past_due", due.DaysPastDue)
		a.plain("annual_rate", s.Rate.String())
		a.cents("payment", s.PaymentOf(max(1, min(s.Paid()+1, s.Payments))))
		a.whole("n_payments", s.Payments)
		a.date("maturity_date", s.Maturity(t))
	}
	if refund := s.RefundDue(t); refund > 0 {
		a.cents("refund_due", refund)
	}
	if s.IsChargedOff {
		a.cents("charged_off", s.ChargedOff+s.ChargedInterest)
	}
	if !s.Accelerated.IsZero() {
		a.date("accelerated_on", s.Accelerated)
	}
	for _, flag := range []struct {
		name string
		on   bool
	}{
		{"total_loss", s.TotalLoss}, {"repossessed", s.Repossessed}, {"sold", s.Sold}, {"bankruptcy", s.Bankruptcy},
		{"cease_contact", s.CeaseContact}, {"scra", s.Service != nil}, {"ended", s.Ended},
	} {
		if flag.on {
			a.raw(flag.name, []byte("true"))
		}
	}
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
	s, _, err := contract.Judge(&f.terms, f.events, f.asOf)
	if err != nil {
		return refuse("terms.", err)
	}
	table, err := s.PayoffTable(&f.terms, f.asOf, through)
	if err != nil {
		return refuse("terms.", err)
	}
	p := table[0]
	a.cents("principal", p.Principal)
	a.cents("interest", p.Interest)
	a.cents("fees", p.Fees)
	if p.Tax > 0 {
		a.cents("tax", p.Tax)
	}
	a.cents("total", p.Total)
	a.plain("per_diem", p.PerDiem.Decimal(6))
	if s.Unapplied > 0 {
		a.cents("unapplied", s.Unapplied)
	}
	a.open("table")
	for _, p := range table {
		a.item()
		a.date("date", p.On)
		a.cents("total", p.Total)
		a.itemEnd()
	}
	a.close()
	return nil
}
