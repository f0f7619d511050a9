package contract

import "marque/internal/money"

// Due is what an account owes and when, on one day.
type Due struct {
	AsOf money.Date

	// NextDate is the due date of the oldest instalment not yet paid in full;
	// zero when nothing is left to pay. When the account is behind it lies in
	// the past, as lenders report it.
	NextDate   money.Date
	Instalment int // its number, from 1

	PastDue     money.Cents // unpaid parts of instalments whose due date has passed
	DaysPastDue int         // since NextDate

	// Upcoming is the first due date on or after AsOf whose instalment is not
	// paid in full, and UpcomingAmount what that instalment still asks for.
	Upcoming       money.Date
	UpcomingAmount money.Cents

	Fees money.Cents // late and other fees, unpaid
}

// Amount is the amount due: past due, the upcoming instalment, and fees.
func (d Due) Amount() money.Cents { return d.PastDue + d.UpcomingAmount + d.Fees }

// Due finds what is owed on a day. An instalment due on the day itself is
// upcoming, not past due. After an acceleration all of it is past due.
func (s *State) Due(t *Terms, on money.Date) (Due, error) {
	d := Due{AsOf: on, Fees: s.LateFees + s.OtherFees}
	left, err := s.instalmentsLeft(t, on)
	if err != nil || left == 0 {
		return d, err
	}
	d.Instalment = max(1, min(s.Paid()+1, s.Payments))
	d.NextDate = s.DueDate(t, d.Instalment)
	if s.Accelerated != 0 || s.Ended || s.Sold {
		if s.Accelerated != 0 {
			d.NextDate = min(d.NextDate, s.Accelerated)
		}
		d.NextDate = min(d.NextDate, on)
		d.PastDue, d.DaysPastDue = left, int(on-d.NextDate)
		return d, nil
	}
	passed := s.DueThrough(t, on-1)
	if d.NextDate < on {
		d.DaysPastDue = int(on - d.NextDate)
		d.PastDue = left
		if passed < s.Payments {
			d.PastDue = max(0, min(left, s.Asked(passed)-s.Credited))
		}
	}
	if left == d.PastDue && passed >= s.Payments {
		return d, nil // matured: all of it is past due
	}
	n := max(passed+1, d.Instalment)
	d.Upcoming = s.DueDate(t, n)
	whole, err := s.instalmentsLeft(t, d.Upcoming)
	if err != nil {
		return Due{}, err
	}
	d.UpcomingAmount = whole - d.PastDue
	if n < s.Payments {
		d.UpcomingAmount = max(0, min(d.UpcomingAmount, s.Asked(n)-s.Credited-d.PastDue))
	}
	return d, nil
}

// instalmentsLeft is what would clear principal, interest and a lease's tax on a date.
func (s *State) instalmentsLeft(t *Terms, on money.Date) (money.Cents, error) {
	interest, err := s.InterestTo(t, on)
	return s.Principal + s.taxLeft(t) + interest, err
}

// InterestTo is the rounded interest unpaid on a date.
func (s *State) InterestTo(t *Terms, on money.Date) (money.Cents, error) {
	c := *s
	if err := c.accrue(t, on); err != nil {
		return 0, err
	}
	return c.Accrued.Round(t.Rounding), nil
}

// Maturity is the due date of the last instalment.
func (s *State) Maturity(t *Terms) money.Date { return s.DueDate(t, max(1, s.Payments)) }
