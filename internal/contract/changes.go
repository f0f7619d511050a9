package contract

import (
	"slices"

	"marque/internal/money"
)

// ServiceRate is the cap on interest during military service (50 USC 3937).
const ServiceRate = 6 * money.RateScale / 100

// change applies an event that is neither a payment nor a charge.
func (s *State) change(t *Terms, e *Event) (a Allocation, err error) {
	switch e.Kind {
	case Waiver, Refund, RateChange, Service, ServiceEnd, Modification, ChargeOff:
		if err := s.accrue(t, e.Date); err != nil {
			return a, err
		}
	}
	switch e.Kind {
	case Reversal:
		s.Quote = nil // what was quoted counted on what came back
	case Waiver:
		return s.waive(t, e), nil
	case Refund:
		return s.giveBack(t, e), nil
	case RateChange:
		s.agree(*e.Rate)
		if e.Payment > 0 {
			s.recast(t, s.nextDue(t, e.Date), e.Payment)
			s.afterService()
		}
	case Service:
		return a, s.serve(t, e)
	case ServiceEnd:
		s.serviceEnds(t, e)
	case DueDateChange:
		n := s.moves(t, e, s.nextDue(t, e.Date))
		s.shift(t, n, firstOn(s.DueDate(t, n), e.DueDay), e.DueDay)
	case Deferral:
		s.postpone(t, s.moves(t, e, s.Paid()+1), e.Months)
	case ReAge:
		n, due := s.Paid()+1, s.DueThrough(t, e.Date-1)
		if n <= due {
			next, day := s.DueDate(t, due+1), s.at(due+1).Day
			s.shift(t, n, t.after(next, day, t.through(next, day, e.Date-1, 1<<16)), day)
		}
	case Modification:
		return a, s.modify(t, e)
	case Acceleration:
		s.Accelerated = e.Date
	case TotalLoss:
		s.TotalLoss = true
	case Repossession:
		s.Repossessed = true
	case ChargeOff:
		if s.IsChargedOff {
			return a, nil
		}
		a = Allocation{Principal: s.Principal, LateFee: s.LateFees, OtherFee: s.OtherFees, ChargedOff: s.Principal + s.LateFees + s.OtherFees}
		s.ChargedOff, s.ChargedInterest, s.IsChargedOff = a.ChargedOff, s.Accrued.Round(t.Rounding), true
		s.Principal, s.LateFees, s.OtherFees, s.Accrued, s.Ahead = 0, 0, 0, money.Interest{}, money.Interest{}
	case HoldBegins, HoldEnds:
		if e.Hold == Bankruptcy {
			s.Bankruptcy = e.Kind == HoldBegins
		} else {
			s.CeaseContact = e.Kind == HoldBegins
		}
	case PayoffQuote:
		return a, s.quote(t, e)
	case Odometer:
		s.Odometer = Reading{e.Date, e.Miles}
	case LeaseExtension:
		base := s.at(s.Payments).Payment - t.Tax
		s.Payments += e.Months
		s.Extended += e.Months
		a.Principal = -base * money.Cents(e.Months)
		s.Principal -= a.Principal
	case LeaseEnd:
		return s.endLease(t, e), nil
	}
	return a, nil
}

func (s *State) waive(t *Terms, e *Event) (a Allocation) {
	switch e.Of {
	case LateFees:
		a.LateFee = min(e.Amount, s.LateFees)
		s.LateFees -= a.LateFee
		s.LateThrough = max(s.LateThrough, e.Instalment)
	case OtherFees:
		a.OtherFee = min(e.Amount, s.OtherFees)
		s.OtherFees -= a.OtherFee
	case Interest:
		a.InterestForgiven = min(e.Amount, s.Accrued.Round(t.Rounding))
		s.Accrued = s.Accrued.Paid(a.InterestForgiven, t.Rounding)
	}
	a.Forgiven = a.LateFee + a.OtherFee
	return a
}

// giveBack pays money held back to the customer. What turns out not to have been
// theirs, because a payment from before has come back since, is owed again: on a
// loan as principal, on a lease as a charge.
func (s *State) giveBack(t *Terms, e *Event) (a Allocation) {
	held := min(e.Amount, s.Unapplied)
	s.Unapplied -= held
	a.Unapplied = -held
	switch rest := e.Amount - held; {
	case s.IsChargedOff, t.Kind == Lease:
		s.OtherFees += rest
		a.OtherFee = -rest
	default:
		s.Principal += rest
		a.Principal = -rest
	}
	return a
}

// nextDue is the first instalment with a due date after a day.
func (s *State) nextDue(t *Terms, on money.Date) int {
	return max(1, min(s.DueThrough(t, on)+1, s.Payments))
}

// moves is the first instalment that a change of dates moves: the one it names,
// or the usual one.
func (s *State) moves(t *Terms, e *Event, usual int) int {
	n := usual
	if e.Instalment > 0 {
		n = e.Instalment
	}
	return max(1, min(n, s.Payments))
}

// firstOn is the first date on or after another that lies on a day of the month.
func firstOn(from money.Date, day int) money.Date {
	d := from.AddMonths(0, day)
	if d < from {
		d = from.AddMonths(1, day)
	}
	return d
}

// shift moves instalment n to another due date and those after it along, each
// with its amount.
func (s *State) shift(t *Terms, n int, due money.Date, day int) {
	p := s.at(n)
	was := s.Plan
	plan := make([]Stretch, 0, len(was)+1)
	for _, q := range was {
		if q.From < n {
			plan = append(plan, q)
		}
	}
	plan = append(plan, Stretch{n, due, day, p.Payment, s.before(n)})
	for _, q := range was {
		if q.From > n {
			plan = append(plan, Stretch{q.From, t.after(due, day, q.From-n), day, q.Payment, q.Before})
		}
	}
	s.Plan = plan
}

// postpone moves instalment n and those after it on by months; a rhythm that is
// not by months by as many of its own periods as cover them. Each keeps its day.
func (s *State) postpone(t *Terms, n, months int) {
	p, due := *s.at(n), s.DueDate(t, n)
	move := func(due money.Date, day int) money.Date {
		return max(due.AddMonths(months, day), due.AddMonths(months, due.Day()))
	}
	if t.perYear() > 12 || len(t.SkipMonths) > 0 {
		periods := t.through(due, p.Day, due.AddMonths(months, due.Day())-1, 1<<16)
		move = func(due money.Date, day int) money.Date { return t.after(due, day, periods) }
	}
	was, before := s.Plan, s.before(n)
	s.replan(Stretch{n, move(due, p.Day), p.Day, p.Payment, before})
	for _, q := range was {
		if q.From > n {
			q.Due = move(q.Due, q.Day)
			s.Plan = append(s.Plan, q)
		}
	}
}

// recast gives instalment n and all after it another payment.
func (s *State) recast(t *Terms, n int, payment money.Cents) {
	p := s.at(n)
	s.replan(Stretch{n, t.after(p.Due, p.Day, n-p.From), p.Day, payment, s.before(n)})
}

// replan begins a new stretch, the last one, at its instalment. States that
// share the plan keep theirs.
func (s *State) replan(p Stretch) {
	kept := s.Plan
	for len(kept) > 0 && kept[len(kept)-1].From >= p.From {
		kept = kept[:len(kept)-1]
	}
	s.Plan = append(slices.Clone(kept), p)
}

// level is the payment that repays what is owed over the instalments from n on
// at the rate in force, interest from a date. What is past due is asked for by
// earlier instalments; what was paid ahead, by none.
func (s *State) level(t *Terms, from money.Date, n, payments int, first money.Date, day int, steps ...PaymentStep) (money.Cents, error) {
	left := max(1, min(s.Principal+s.Accrued.Round(t.Rounding)-(s.before(n)-s.Credited), money.MaxAmount))
	balloon := min(t.Balloon, left-1)
	if left-balloon <= money.Cents(payments) {
		return 1, nil
	}
	if t.perYear() > 12 {
		day = 0 // a plan counts weeks, or the pair of days, from its first date
	}
	p := Plan{
		Principal: left, Accrual: t.accrualAt(s.Rate), Rounding: t.Rounding, Start: from, First: first, DueDay: day,
		Payments: payments, PerYear: t.perYear(), SkipMonths: t.SkipMonths, Method: Daily, Balloon: balloon,
		Steps: steps,
	}
	return p.LevelPayment()
}

// reprice gives the instalments from n on other payments; dates stay. They
// change at n and at the stretches given that begin later.
func (s *State) reprice(t *Terms, n int, payment func(n int) money.Cents, plans ...[]Stretch) {
	was, from := *s, []int{n}
	for _, plan := range plans {
		for _, p := range plan {
			if p.From > n && p.From <= s.Payments {
				from = append(from, p.From)
			}
		}
	}
	slices.Sort(from)
	for _, k := range slices.Compact(from) {
		s.replan(Stretch{k, was.DueDate(t, k), was.at(k).Day, payment(k), s.before(k)})
	}
}

// stepsFrom are the payments after instalment n that differ from its own, as
// ratios of it.
func (s *State) stepsFrom(n int) (steps []PaymentStep) {
	first, last := s.PaymentOf(n), s.PaymentOf(n)
	for _, p := range s.Plan {
		if p.From > n && p.From <= s.Payments && p.Payment != last {
			ratio := mulDiv(min(p.Payment, 100*first), int64(money.RateScale), int64(first), money.Truncate) // a plan has no larger one
			steps, last = append(steps, PaymentStep{From: p.From - n + 1, Ratio: max(1, money.Rate(ratio))}), p.Payment
		}
	}
	return steps
}

// serve caps the rate and lowers the payments, each in its proportion, so that
// the account ends when it would have. What was paid above the cap since then
// goes to principal, because the event takes effect on the day that service
// began: the difference is forgiven, not deferred.
func (s *State) serve(t *Terms, e *Event) error {
	limit := money.Rate(ServiceRate)
	if e.Rate != nil {
		limit = *e.Rate
	}
	if s.Service != nil || s.Principal == 0 || s.IsChargedOff {
		return nil
	}
	n := s.nextDue(t, e.Date)
	s.Service = &ServiceCap{Since: e.Date, Limit: limit, Rate: s.Rate, Plan: s.Plan, Lowered: n}
	if s.Rate <= limit {
		return nil // nothing to lower; the cap stands over rates agreed later
	}
	s.Rate = limit
	payment := e.Payment
	if payment == 0 {
		if s.DueDate(t, n) <= e.Date {
			return nil // no instalment is to come
		}
		var err error
		if payment, err = s.level(t, e.Date, n, s.Payments-n+1, s.DueDate(t, n), s.at(n).Day, s.stepsFrom(n)...); err != nil {
			return e.bad("payment", "%s", err)
		}
	}
	old, first := State{Plan: s.Plan}, s.PaymentOf(n)
	s.reprice(t, n, func(k int) money.Cents {
		was := old.PaymentOf(k)
		if payment >= first {
			return was
		}
		return max(1, mulDiv(was, int64(payment), int64(first), money.HalfUp))
	}, s.Plan)
	return nil
}

// agree sets the rate agreed; the cap for military service stands over it.
func (s *State) agree(r money.Rate) {
	if s.Rate = r; s.Service != nil {
		c := *s.Service
		c.Rate, s.Rate, s.Service = r, min(r, c.Limit), &c
	}
}

// afterService keeps payments agreed during the service for after it.
func (s *State) afterService() {
	if s.Service != nil {
		c := *s.Service
		c.Plan, s.Service = s.Plan, &c
	}
}

// serviceEnds brings back the contract's rate, and its payments from the next
// instalment on.
func (s *State) serviceEnds(t *Terms, e *Event) {
	if s.Service == nil {
		return
	}
	was := s.Service
	s.Rate, s.Service = was.Rate, nil
	s.LateThrough = max(s.LateThrough, s.DueThrough(t, e.Date)) // what fell due under the cap has no late fee
	n := s.nextDue(t, e.Date)
	old := State{Plan: was.Plan}
	s.reprice(t, n, old.PaymentOf, s.Plan, was.Plan)
}

// modify gives what is left a new rate, term or payment, from the first
// instalment not yet paid: what was past due is part of it.
func (s *State) modify(t *Terms, e *Event) error {
	if s.Principal == 0 {
		return nil
	}
	s.Accelerated = 0 // the new terms take its place
	if e.Rate != nil {
		s.agree(*e.Rate)
	}
	n := min(s.Paid()+1, s.Payments)
	left, first, day := s.Payments-n+1, e.FirstDue, e.DueDay
	if e.Payments > 0 {
		left = e.Payments
	}
	if first.IsZero() {
		first = s.DueDate(t, max(n, s.nextDue(t, e.Date-1)))
		if first < e.Date {
			first = s.at(n).Due.AddMonths(0, s.at(n).Day)
			for first < e.Date {
				first = t.after(first, s.at(n).Day, 1)
			}
		}
		if day == 0 {
			day = s.at(n).Day
		}
	}
	if day == 0 {
		day = first.Day()
	}
	payment := e.Payment
	if payment == 0 {
		before := s.Credited
		s.Credited = s.before(n) // the part of an instalment that was paid has reduced principal
		var err error
		payment, err = s.level(t, e.Date, n, left, first, day)
		if s.Credited = before; err != nil {
			return e.bad("payment", "%s", err)
		}
	}
	s.Payments = n - 1 + left
	s.replan(Stretch{n, first, day, payment, s.Credited})
	s.afterService()
	return nil
}

// endLease cancels the rentals that are not due yet and charges what its end
// costs. Rentals due and unpaid stay owed; money for a part of one that is
// cancelled is held.
func (s *State) endLease(t *Terms, e *Event) (a Allocation) {
	if s.Ended {
		return a
	}
	n := s.DueThrough(t, e.Date)
	unpaid, over := max(0, s.Asked(n)-s.Credited), s.Credited-s.Asked(n)
	if n == s.Payments {
		over = 0
	}
	s.Payments, s.Ended = n, true
	base := max(0, min(s.Principal, unpaid-s.taxLeft(t)))
	a.Principal = s.Principal - base
	s.Principal = base
	if over > 0 {
		a.Tax, a.Unapplied = -max(0, s.TaxPaid-t.Tax*money.Cents(n)), over
		s.TaxPaid += a.Tax
		s.Credited -= over
		s.Unapplied += over
	}
	if e.Amount > 0 {
		held := s.charge(&s.OtherFees, e.Amount)
		a.OtherFee, a.Unapplied = held-e.Amount, a.Unapplied-held
	}
	return a
}

// quote keeps what was quoted, so that a payment in time closes the account.
func (s *State) quote(t *Terms, e *Event) error {
	now := *s
	if err := now.accrue(t, e.Date); err != nil {
		return err
	}
	q := &Quote{Seq: e.Seq, Date: e.Date, GoodThrough: e.GoodThrough, Principal: s.Principal + s.taxLeft(t), Fees: s.LateFees + s.OtherFees, Accrued: now.Accrued, Rate: s.Rate}
	var err error
	if q.Total = e.Amount; q.Total == 0 {
		var p Payoff
		p, err = s.Payoff(t, e.GoodThrough)
		q.Total = p.Total
	}
	s.Quote = q
	return err
}

// On is the quoted total on a day.
func (q *Quote) On(t *Terms, on money.Date) (money.Cents, error) {
	i, err := t.accrualAt(q.Rate).Interest(q.Principal, q.Date, on)
	return q.Principal + q.Fees + q.Accrued.Add(i).Round(t.Rounding), err
}

// quoteMet says whether a payment reaches, in time, what was quoted for its day
// or for the quote's last day.
func (s *State) quoteMet(t *Terms, e *Event) bool {
	q := s.Quote
	if q == nil || e.Kind != Payment || e.Date < q.Date || e.Date > q.GoodThrough {
		return false
	}
	that, err := q.On(t, e.Date)
	return err == nil && e.Amount >= min(that, q.Total)
}
