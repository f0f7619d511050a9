package contract

import "marque/internal/money"

// Payoff is the amount that closes the account on a date, in its parts.
type Payoff struct {
	On        money.Date
	Principal money.Cents // on a lease the base rent still to come
	Tax       money.Cents // on that rent
	Interest  money.Cents // to the date, rounded once
	Fees      money.Cents
	Total     money.Cents
	PerDiem   money.Interest // one more day's interest, unrounded
}

// Payoff quotes the account on a date not before its last event. A payment of
// Total that day leaves nothing owed. What is left of a balance charged off is
// its Principal.
func (s *State) Payoff(t *Terms, on money.Date) (Payoff, error) {
	interest, err := s.InterestTo(t, on)
	if err != nil {
		return Payoff{}, err
	}
	perDiem, err := t.accrualAt(s.Rate).PerDiem(s.Principal, on)
	if err != nil {
		return Payoff{}, err
	}
	p := Payoff{On: on, Principal: s.Principal + s.ChargedOff + s.ChargedInterest, Tax: s.taxLeft(t), Interest: interest, Fees: s.LateFees + s.OtherFees, PerDiem: perDiem}
	p.Total = p.Principal + p.Tax + p.Interest + p.Fees
	return p, nil
}

// ClosingAmount is the least that closes the account on a day: the payoff, or
// what a quote in force promised.
func (s *State) ClosingAmount(t *Terms, on money.Date) (money.Cents, error) {
	p, err := s.Payoff(t, on)
	if q := s.Quote; err == nil && q != nil && on >= q.Date && on <= q.GoodThrough {
		promised, err := q.On(t, on)
		return min(p.Total, promised, q.Total), err
	}
	return p.Total, err
}

// PayoffTable quotes every day from one date through another.
func (s *State) PayoffTable(t *Terms, from, through money.Date) ([]Payoff, error) {
	var table []Payoff
	for day := from; day <= through; day++ {
		p, err := s.Payoff(t, day)
		if err != nil {
			return nil, err
		}
		table = append(table, p)
	}
	return table, nil
}

// Span is one stretch of interest that can be checked by hand: balance × rate ÷
// basis × days.
type Span struct {
	From     money.Date     `json:"from"`
	To       money.Date     `json:"to"`
	Days     int            `json:"days"`
	Balance  money.Cents    `json:"balance"`
	Rate     money.Rate     `json:"annual_rate"`
	Basis    int            `json:"basis"` // days in the year
	PerDiem  money.Interest `json:"per_diem"`
	Interest money.Interest `json:"interest"`
}

// Spans explains the interest that accrues on the present principal from the
// last event to a date, one span for each length of year it lies in.
func (s *State) Spans(t *Terms, to money.Date) ([]Span, error) { return s.spans(t, s.Through, to) }

func (s *State) spans(t *Terms, from, to money.Date) ([]Span, error) {
	a := t.accrualAt(s.Rate)
	var out []Span
	for from < to && s.Principal > 0 {
		end := to
		if t.DayCount == money.ActualActual {
			end = min(to, money.NewDate(from.Year()+1, 1, 1))
		}
		i, err := a.Interest(s.Principal, from, end)
		if err != nil {
			return nil, err
		}
		day, err := a.PerDiem(s.Principal, from)
		if err != nil {
			return nil, err
		}
		out = append(out, Span{from, end, t.DayCount.Days(from, end), s.Principal, s.Rate, a.Basis(from), day, i})
		from = end
	}
	return out, nil
}

// Accruals explains all interest that accrued between two dates, one span for
// each balance, rate and length of year.
func Accruals(t *Terms, events []Event, from, to money.Date) ([]Span, error) {
	s := t.Open()
	var out []Span
	add := func(until money.Date) error {
		spans, err := s.spans(t, max(s.Through, from), until)
		out = append(out, spans...)
		return err
	}
	err := s.walk(t, events, func(_ int, e *Event) error {
		if e.Date > to {
			return nil
		}
		was := s
		if _, err := s.apply(t, e, nil); err != nil {
			return err
		}
		if s.Through == was.Through {
			return nil // it did not look at interest
		}
		until := s.Through
		s, was = was, s
		err := add(until)
		s = was
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, add(to)
}
