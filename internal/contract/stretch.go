package contract

import (
	"slices"

	"marque/internal/money"
)

// Stretch is a run of instalments that keep one rhythm and one amount. A
// contract begins with one, or with one for each step of its terms; a change of
// due date, a deferral or a new payment begins another.
type Stretch struct {
	From    int         `json:"from"` // number of its first instalment
	Due     money.Date  `json:"due"`  // due date of that instalment
	Day     int         `json:"day"`  // day of the month that later ones keep
	Payment money.Cents `json:"payment"`
	Before  money.Cents `json:"before"` // what all earlier instalments ask for together
}

// stretches are the terms' own.
func (t *Terms) stretches() []Stretch {
	day := t.DueDay
	if day == 0 {
		day = t.FirstDue.Day()
	}
	plan := append(make([]Stretch, 0, 1+len(t.Steps)), Stretch{From: 1, Due: t.FirstDue, Day: day, Payment: t.Payment})
	for _, s := range t.Steps {
		last := &plan[len(plan)-1]
		if s.From == last.From {
			last.Payment = s.Payment
			continue
		}
		ahead := s.From - last.From
		plan = append(plan, Stretch{s.From, t.after(last.Due, day, ahead), day, s.Payment, last.Before + money.Cents(ahead)*last.Payment})
	}
	return plan
}

// after is the due date n periods after one that keeps a day of the month.
func (t *Terms) after(due money.Date, day, n int) money.Date {
	if n == 0 {
		return due
	}
	switch per := t.perYear(); per {
	case 13, 26, 52:
		return due + money.Date(364/per*n)
	case 24:
		// A day up to the 15th is followed by the day fifteen later, a later one by
		// the day fifteen earlier in the next month. A rhythm may begin with either.
		other := day + 15
		if day > 15 {
			other = day - 15
		}
		if d := due.Day(); d != day && due == due.AddMonths(0, other) {
			day, other = other, day
		}
		switch {
		case n%2 == 0:
			return due.AddMonths(n/2, day)
		case day < other:
			return due.AddMonths(n/2, other)
		}
		return due.AddMonths(n/2+1, other)
	default:
		return due.AddMonths(t.monthsAhead(due, n)*(12/per), day)
	}
}

// monthsAhead is how many months on the n-th monthly due date lies, when some
// months of the year are skipped.
func (t *Terms) monthsAhead(due money.Date, n int) int {
	skipped := len(t.SkipMonths)
	if skipped == 0 {
		return n
	}
	months := n / (12 - skipped) * 12
	_, month, _ := due.Civil()
	for left := n % (12 - skipped); left > 0; {
		months++
		if !slices.Contains(t.SkipMonths, (month-1+months)%12+1) {
			left--
		}
	}
	return months
}

// through is how many instalments of a rhythm that starts at due fall on or
// before a date, at most limit.
func (t *Terms) through(due money.Date, day int, on money.Date, limit int) int {
	if on < due || limit <= 0 {
		return 0
	}
	per := t.perYear()
	if per == 12 && len(t.SkipMonths) == 0 {
		return min(monthsThrough(due, day, on), limit)
	}
	var n int // a guess that is right or one or two too few or too many
	switch per {
	case 13, 26, 52:
		n = int(on-due)/(364/per) + 1
	default:
		y1, m1, _ := due.Civil()
		y2, m2, _ := on.Civil()
		months := (y2-y1)*12 + m2 - m1
		switch {
		case per == 24:
			n = 2*months + 2
		case len(t.SkipMonths) > 0:
			n = months*(12-len(t.SkipMonths))/12 + 1
		default:
			n = months/(12/per) + 1
		}
	}
	n = min(n, limit)
	for n < limit && t.after(due, day, n) <= on {
		n++
	}
	for n > 0 && t.after(due, day, n-1) > on {
		n--
	}
	return n
}

// monthsThrough counts monthly due dates from one up to a date not before it. It
// is asked for at every payment, so that it looks at months, not at dates.
func monthsThrough(due money.Date, day int, on money.Date) int {
	y1, m1, _ := due.Civil()
	y2, m2, d2 := on.Civil()
	n := (y2-y1)*12 + m2 - m1
	if n == 0 || d2 >= day || (d2 >= 28 && on == on.MonthEnd()) {
		n++
	}
	return n
}

// at is the stretch of instalment n.
func (s *State) at(n int) *Stretch {
	i := len(s.Plan) - 1
	for i > 0 && s.Plan[i].From > n {
		i--
	}
	return &s.Plan[i]
}

// DueDate is the due date of instalment n, counted from 1. The due day comes
// back after a shorter month.
func (s *State) DueDate(t *Terms, n int) money.Date {
	p := s.at(n)
	return t.after(p.Due, p.Day, n-p.From)
}

// DueThrough is how many instalments have a due date on or before the date.
func (s *State) DueThrough(t *Terms, on money.Date) int {
	i := len(s.Plan) - 1
	for i > 0 && s.Plan[i].Due > on {
		i--
	}
	p, last := &s.Plan[i], s.Payments
	if i+1 < len(s.Plan) {
		last = s.Plan[i+1].From - 1
	}
	return min(p.From-1+t.through(p.Due, p.Day, on, last-p.From+1), s.Payments)
}

// PaymentOf is what instalment n asks for; the last one asks for whatever is left.
func (s *State) PaymentOf(n int) money.Cents { return s.at(n).Payment }

// Asked is what instalments 1 to n ask for together, without the last one's rest.
func (s *State) Asked(n int) money.Cents {
	if n <= 0 {
		return 0
	}
	p := s.at(n)
	return p.Before + money.Cents(n-p.From+1)*p.Payment
}

// before is what all instalments before n ask for together.
func (s *State) before(n int) money.Cents {
	p := s.at(n)
	return p.Before + money.Cents(n-p.From)*p.Payment
}

// Paid is how many instalments have been paid in full.
func (s *State) Paid() int {
	i := len(s.Plan) - 1
	for i > 0 && s.Plan[i].Before > s.Credited {
		i--
	}
	p, n := &s.Plan[i], 0
	if s.Credited >= p.Before {
		n = int((s.Credited - p.Before) / p.Payment)
	}
	if n += p.From - 1; i+1 < len(s.Plan) {
		n = min(n, s.Plan[i+1].From-1)
	}
	return min(n, s.Payments)
}

// DueDate is the due date of instalment n as first agreed.
func (t *Terms) DueDate(n int) money.Date {
	s := State{Plan: t.stretches()}
	return s.DueDate(t, n)
}

// DueThrough is how many instalments had a due date on or before the date, as
// first agreed.
func (t *Terms) DueThrough(on money.Date) int {
	s := State{Plan: t.stretches(), Payments: t.Payments}
	return s.DueThrough(t, on)
}
