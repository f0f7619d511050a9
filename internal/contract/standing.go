package contract

import "marque/internal/money"

// leaseAsServiced is a lease's terms with what an older book may not have said
// filled in from the contract: payments are in advance, so that the first of the
// Payments left is month Term−Payments+1.
func (t *Terms) leaseAsServiced() (LeaseTerms, error) {
	if t.Kind != Lease || t.LeaseTerms == nil {
		return LeaseTerms{}, &TermsError{"lease", "the contract has no lease terms"}
	}
	l := *t.LeaseTerms
	if l.Start.IsZero() && t.Payments <= l.Term {
		day := t.DueDay
		if day == 0 {
			day = t.FirstDue.Day()
		}
		l.Start = t.FirstDue.AddMonths(t.Payments-l.Term, day)
	}
	if l.BasePayment == 0 {
		l.BasePayment, l.MonthlyTax = t.Payment-t.Tax, t.Tax
	}
	return l, nil
}

// Lease gives a lease's terms and how its account stands on a day not before its
// last event: what the balance, an early end and a purchase are worked out from.
// Errors are *TermsError.
func (s *State) Lease(t *Terms, on money.Date) (LeaseTerms, LeaseStanding, error) {
	l, err := t.leaseAsServiced()
	if err != nil {
		return l, LeaseStanding{}, err
	}
	due := s.DueThrough(t, on)
	asked := s.Asked(due)
	before := l.Term - t.Payments // months whose payment was due before the contract came to these books
	return l, LeaseStanding{
		On: on, Month: min(max(0, before)+due, l.Term), MonthFrom: s.DueDate(t, max(1, due)), MonthTo: s.DueDate(t, due+1),
		PastDue: max(0, asked-s.Credited), Fees: s.LateFees + s.OtherFees, Held: max(0, s.Credited-asked) + s.Unapplied,
		Deposit: l.SecurityDeposit, Extended: s.Extended,
	}, nil
}

// Readings are the odometer readings among a lease's events that stand, in order
// of date.
func Readings(t *Terms, events []Event) (out []Reading, err error) {
	s := t.Open()
	err = s.walk(t, events, func(_ int, e *Event) error {
		if e.Kind == Odometer {
			out = append(out, Reading{e.Date, e.Miles})
		}
		return nil
	})
	return out, err
}
