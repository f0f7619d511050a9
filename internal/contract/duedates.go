package contract

import (
	"slices"

	"marque/internal/money"
)

// dueDates steps through a plan's dates. Monthly dates keep their day of the
// month and fall on the last day of a shorter one: 31, 28, 31. Twice a month
// means the first date's day and the day fifteen later: the 1st and the 16th,
// the 15th and the 30th; a first date after the 15th is followed by the day
// fifteen earlier in the next month (the 20th, then the 5th).
type dueDates struct {
	every       int // days between dates; 0 when they go by months
	months      int // between dates; 0 for twice a month
	date        money.Date
	year, month int
	monthStart  money.Date
	day, other  int // days of the month; other is the second of a pair
	second      bool
	started     bool
}

func (p *Plan) dates() dueDates {
	d := dueDates{date: p.First}
	switch p.PerYear {
	case 13, 26, 52:
		d.every = 364 / p.PerYear
	case 24:
	default:
		d.months = 12 / p.PerYear
	}
	d.year, d.month, d.day = p.First.Civil()
	d.monthStart = p.First - money.Date(d.day-1)
	if p.DueDay != 0 {
		d.day = p.DueDay
	}
	if d.other = d.day + 15; d.day > 15 {
		d.other = d.day - 15
	}
	return d
}

func (d *dueDates) next() money.Date {
	if !d.started {
		d.started = true
		return d.date
	}
	if d.every > 0 {
		d.date += money.Date(d.every)
		return d.date
	}
	months, day := d.months, d.day
	if months == 0 {
		d.second = !d.second
		if d.second {
			day = d.other
		}
		if d.second == (d.other < d.day) {
			months = 1
		}
	}
	for range months {
		d.monthStart += d.monthLength()
		if d.month++; d.month > 12 {
			d.year, d.month = d.year+1, 1
		}
	}
	d.date = d.monthStart + min(money.Date(day), d.monthLength()) - 1
	return d.date
}

var monthLengths = [...]money.Date{1: 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func (d *dueDates) monthLength() money.Date {
	if d.month == 2 && d.year%4 == 0 && (d.year%100 != 0 || d.year%400 == 0) {
		return 29
	}
	return monthLengths[d.month]
}

// regularStart is where the first period would begin if it were as long as the
// others: one period before the first payment, on the day that due dates keep.
func (p *Plan) regularStart() money.Date {
	d, day := p.dates(), p.keptDay()
	switch {
	case d.every > 0:
		return p.First - money.Date(d.every)
	case d.months > 0:
		return p.First.AddMonths(-d.months, day)
	case day > 15:
		return p.First.AddMonths(0, day-15)
	}
	return p.First.AddMonths(-1, day+15)
}

// keptDay is the day of the month of the due dates, where the first payment
// falls on it or on the last day of a month too short for it.
func (p *Plan) keptDay() int {
	if day := p.First.Day(); p.DueDay < day || p.First != p.First.MonthEnd() {
		return day
	}
	return p.DueDay
}

// due is the next date that is not in a skipped month.
func (p *Plan) due(d *dueDates) money.Date {
	date := d.next()
	for len(p.SkipMonths) > 0 && p.skipped(date) {
		date = d.next()
	}
	return date
}

// skipped says whether no payment falls in the date's month.
func (p *Plan) skipped(on money.Date) bool {
	_, m, _ := on.Civil()
	return slices.Contains(p.SkipMonths, m)
}

// periods is how many whole periods lie between two due dates of the plan.
func (p *Plan) periods(from, to money.Date) int {
	d := p.dates()
	switch {
	case d.every > 0:
		return int(to-from) / d.every
	case d.months > 0:
		y1, m1, _ := from.Civil()
		y2, m2, _ := to.Civil()
		return ((y2-y1)*12 + m2 - m1) / d.months
	}
	return (int(to-from)*24 + 182) / 365 // half months are 13 to 18 days, a year has 24
}
