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
// upcoming, not past due.
func (s *State) Due(t *Terms, on money.Date) (Due, error) {
	d := Due{AsOf: on, Fees: s.LateFees + s.OtherFees}
	if s.Principal == 0 && s.Accrued.Round(t.Rounding) == 0 {
		return d, nil
	}
	d.Instalment = min(int(s.Credited/t.Payment)+1, t.Payments)
	d.NextDate = t.DueDate(d.Instalment)
	left, err := s.principalAndInterest(t, on)
	if err != nil {
		return Due{}, err
	}
	passed := t.DueThrough(on - 1)
	if d.NextDate < on {
		d.DaysPastDue = int(on - d.NextDate)
		d.PastDue = left
		if passed < t.Payments {
			d.PastDue = min(left, money.Cents(passed)*t.Payment-s.Credited)
		}
	}
	if left == d.PastDue && passed >= t.Payments {
		return d, nil // matured: all of it is past due
	}
	n := max(passed+1, d.Instalment)
	d.Upcoming = t.DueDate(n)
	whole, err := s.principalAndInterest(t, d.Upcoming)
	if err != nil {
		return Due{}, err
	}
	d.UpcomingAmount = whole - d.PastDue
	if n < t.Payments {
		d.UpcomingAmount = min(d.UpcomingAmount, money.Cents(n)*t.Payment-s.Credited-d.PastDue)
	}
	return d, nil
}

// principalAndInterest is what would clear principal and interest on a date.
func (s *State) principalAndInterest(t *Terms, on money.Date) (money.Cents, error) {
	c := *s
	if err := c.accrue(t, on); err != nil {
		return 0, err
	}
	return c.Principal + c.Accrued.Round(t.Rounding), nil
}

// InterestTo is the rounded interest unpaid on a date.
func (s *State) InterestTo(t *Terms, on money.Date) (money.Cents, error) {
	c := *s
	if err := c.accrue(t, on); err != nil {
		return 0, err
	}
	return c.Accrued.Round(t.Rounding), nil
}

// Payoff is the amount that closes the account on a date, in its parts.
type Payoff struct {
	On        money.Date
	Principal money.Cents
	Interest  money.Cents // to the date, rounded once
	Fees      money.Cents
	Total     money.Cents
	PerDiem   money.Interest // one more day's interest, unrounded
}

// Payoff quotes the account on a date not before its last event. A payment of
// Total that day leaves nothing owed.
func (s *State) Payoff(t *Terms, on money.Date) (Payoff, error) {
	interest, err := s.InterestTo(t, on)
	if err != nil {
		return Payoff{}, err
	}
	perDiem, err := t.Accrual().PerDiem(s.Principal, on)
	if err != nil {
		return Payoff{}, err
	}
	p := Payoff{On: on, Principal: s.Principal, Interest: interest, Fees: s.LateFees + s.OtherFees, PerDiem: perDiem}
	p.Total = p.Principal + p.Interest + p.Fees
	return p, nil
}

// Span is one stretch of interest that can be checked by hand: balance × rate ÷
// basis × days.
type Span struct {
	From, To money.Date
	Days     int
	Balance  money.Cents
	Rate     money.Rate
	Basis    int // days in the year
	PerDiem  money.Interest
	Interest money.Interest
}

// Spans explains the interest that accrues on the present principal from the
// last payment to a date, one span for each length of year it lies in.
func (s *State) Spans(t *Terms, to money.Date) ([]Span, error) {
	return t.spans(s.Principal, s.Through, to)
}

func (t *Terms) spans(balance money.Cents, from, to money.Date) ([]Span, error) {
	a := t.Accrual()
	var out []Span
	for from < to {
		end := to
		if t.DayCount == money.ActualActual {
			end = min(to, money.NewDate(from.Year()+1, 1, 1))
		}
		i, err := a.Interest(balance, from, end)
		if err != nil {
			return nil, err
		}
		day, err := a.PerDiem(balance, from)
		if err != nil {
			return nil, err
		}
		out = append(out, Span{from, end, t.DayCount.Days(from, end), balance, t.Rate, a.Basis(from), day, i})
		from = end
	}
	return out, nil
}

// Accruals explains all interest that accrued between two dates, one span for
// each balance and length of year.
func Accruals(t *Terms, events []Event, from, to money.Date) ([]Span, error) {
	order, reversed, err := inOrder(events)
	if err != nil {
		return nil, err
	}
	s := t.Open()
	var out []Span
	for _, i := range order {
		e := events[i]
		if e.Date > to || e.Kind == Reversal || (e.Kind == Payment && reversed[e.Seq]) {
			continue
		}
		if e.Kind == Payment && e.Date > from {
			spans, err := t.spans(s.Principal, max(s.Through, from), e.Date)
			if err != nil {
				return nil, err
			}
			out = append(out, spans...)
		}
		if _, err := s.Apply(t, e); err != nil {
			return nil, err
		}
	}
	spans, err := t.spans(s.Principal, max(s.Through, from), to)
	return append(out, spans...), err
}
