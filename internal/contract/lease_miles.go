package contract

import (
	"fmt"
	"strconv"

	"marque/internal/money"
)

// Mileage is how a lease's miles stand and where they lead: everything that a
// page draws, and the table behind the drawing. Miles are since the start.
type Mileage struct {
	On, End        money.Date     // the last reading; the scheduled end
	Allowance      int            // of the whole lease, purchased miles counted
	Purchased      int            // part of Allowance
	Driven         int            // to the last reading
	Allowed        int            // to the last reading, rounded up
	Over           int            // Driven less Allowed; negative: miles in hand
	Paced          bool           // a reading after the first day exists: the figures below are known
	PerYear        int            // miles driven in a year at the pace so far
	AllowedPerYear int            // the allowance over the same year
	Projected      int            // miles at the end, at the pace so far
	Excess         int            // Projected beyond Allowance
	Charge         money.Cents    // for Excess
	Points         []MileagePoint // start, readings, and the projection to the end
	Why            []Why          // the charge, when there is one
}

// MileagePoint is one point of the drawing: miles driven beside miles allowed.
type MileagePoint struct {
	On              money.Date
	Driven, Allowed int
	Projected       bool
}

// Allowance is the miles of the whole lease: the yearly allowance over its
// months and those it was extended by, rounded up, and the purchased miles.
func (l *LeaseTerms) Allowance(extended int) int {
	return (l.MilesPerYear*(l.Term+extended)+11)/12 + l.MilesPurchased
}

// allowed is the allowance by the days gone, rounded up; all of it at the end.
func (l *LeaseTerms) allowed(on money.Date, extended int) int {
	gone, all := int(on-l.Start), int(l.End(extended)-l.Start)
	if gone >= all {
		return l.Allowance(extended)
	}
	return (l.Allowance(extended)*gone + all - 1) / all
}

// Mileage works out allowance, pace and projection from odometer readings in
// order of date. The pace is that of all days since the start, rounded half up.
// Errors are *TermsError naming the term or the reading.
func (l *LeaseTerms) Mileage(readings []Reading, extended int) (Mileage, error) {
	if err := l.dated(); err != nil {
		return Mileage{}, err
	}
	if l.MilesPerYear == 0 {
		return Mileage{}, &TermsError{"miles_per_year", "the lease has no mileage allowance"}
	}
	if extended < 0 || extended > 1200 {
		return Mileage{}, &TermsError{"extended", "must be a number of months"}
	}
	if len(readings) == 0 {
		return Mileage{}, &TermsError{"readings", "at least one is needed"}
	}
	m := Mileage{End: l.End(extended), Allowance: l.Allowance(extended), Purchased: l.MilesPurchased}
	m.Points = append(m.Points, MileagePoint{On: l.Start})
	last := Reading{l.Start, l.Odometer}
	for i, r := range readings {
		at := fmt.Sprintf("readings[%d].", i)
		if r.Date < last.Date {
			return Mileage{}, &TermsError{at + "date", "is before the reading before it"}
		}
		if r.Miles < last.Miles || r.Miles > maxMiles {
			return Mileage{}, &TermsError{at + "odometer", "is less than the reading before it, or too large"}
		}
		if last = r; r.Date > l.Start {
			m.Points = append(m.Points, MileagePoint{On: r.Date, Driven: r.Miles - l.Odometer, Allowed: l.allowed(r.Date, extended)})
		}
	}
	m.On, m.Driven, m.Allowed = last.Date, last.Miles-l.Odometer, l.allowed(last.Date, extended)
	m.Over = m.Driven - m.Allowed
	if last.Date > l.Start {
		l.project(&m, int(last.Date-l.Start))
	}
	return m, nil
}

func (l *LeaseTerms) project(m *Mileage, days int) {
	all := int(m.End - l.Start)
	half := func(n, d int) int { return (2*n + d) / (2 * d) }
	m.Paced, m.PerYear, m.AllowedPerYear = true, half(m.Driven*365, days), half(m.Allowance*365, all)
	if m.Projected = m.Driven; m.On < m.End {
		m.Projected = half(m.Driven*all, days)
		m.Points = append(m.Points, MileagePoint{m.End, m.Projected, m.Allowance, true})
	}
	m.Excess = max(0, m.Projected-m.Allowance)
	m.Charge = money.Cents(m.Excess) * l.ExcessMile
	m.Why = l.excessMiles(m.Projected, m.Allowance, "Projected charge for excess miles", RuleProjectedMiles)
}

// excessMiles is the charge for miles beyond an allowance, as an item or none.
func (l *LeaseTerms) excessMiles(driven, allowance int, what string, rule Rule) []Why {
	var b because
	over := max(0, driven-allowance)
	figures := []Figure{{"miles driven", miles(driven)}, {"miles allowed", miles(allowance)}, {"miles over", miles(over)}, {"charge for a mile", l.ExcessMile.USD()}}
	if l.MilesPurchased > 0 {
		figures = append(figures, Figure{"purchased miles in the allowance", miles(l.MilesPurchased)})
	}
	b.add(what, money.Cents(over)*l.ExcessMile, rule, figures...)
	return b
}

// usage is the charge for miles at the end of a lease; the odometer is needed
// when the lease charges for miles.
func (l *LeaseTerms) usage(odometer, allowance int) ([]Why, error) {
	if l.MilesPerYear == 0 || l.ExcessMile == 0 {
		return nil, nil
	}
	if odometer < l.Odometer || odometer > maxMiles {
		return nil, &TermsError{"odometer", "is needed, and is not less than at the start"}
	}
	return l.excessMiles(odometer-l.Odometer, allowance, "Excess miles", RuleExcessMiles), nil
}

// miles writes a number of miles with its commas.
func miles(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
