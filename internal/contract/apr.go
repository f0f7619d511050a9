package contract

import (
	"cmp"
	"errors"
	"math/big"
	"slices"

	"marque/internal/money"
)

// Flow is money on a date: an advance or a payment.
type Flow struct {
	Date   money.Date
	Amount money.Cents
}

// UnitPeriod is the unit in which Regulation Z measures time: a kind and how
// many of it.
type UnitPeriod struct {
	Kind     PeriodKind
	Multiple int
}

// PeriodKind is a standard interval of time.
type PeriodKind string

// The standard intervals of 12 CFR 1026, Appendix J (b)(3).
const (
	Days       PeriodKind = "day"
	Weeks      PeriodKind = "week"
	SemiMonths PeriodKind = "semimonth"
	Months     PeriodKind = "month"
	Years      PeriodKind = "year"
)

// Validate refuses a unit-period longer than a year, as a *TermsError.
func (u UnitPeriod) Validate() error {
	most, ok := map[PeriodKind]int{Days: 366, Weeks: 52, SemiMonths: 24, Months: 12, Years: 1}[u.Kind]
	if !ok {
		return &TermsError{"unit_period.kind", "one of day, week, semimonth, month, year"}
	}
	if u.Multiple < 1 || u.Multiple > most {
		return &TermsError{"unit_period.multiple", "a unit-period is not longer than a year"}
	}
	return nil
}

// days is the unit's length as the regulation compares them, months as 30.
func (u UnitPeriod) days() int {
	return u.Multiple * map[PeriodKind]int{Days: 1, Weeks: 7, SemiMonths: 15, Months: 30, Years: 365}[u.Kind]
}

// perYear is how many units a year has.
func (u UnitPeriod) perYear() *big.Rat {
	n := map[PeriodKind]int64{Days: 365, Weeks: 52, SemiMonths: 24, Months: 12, Years: 1}[u.Kind]
	return big.NewRat(n, int64(u.Multiple))
}

// ErrAPR says that no annual percentage rate solves the flows.
var ErrAPR = errors.New("no rate repays the advances with these payments")

// APR is the annual percentage rate by the actuarial method of Regulation Z,
// 12 CFR 1026, Appendix J (b)(8): the yearly rate at which the advances equal
// the payments, each taken back to the first advance over whole unit-periods at
// compound and the fraction at simple interest. Rounded half up to 10⁻¹².
func APR(advances, payments []Flow, u UnitPeriod) (money.Rate, error) {
	if err := u.Validate(); err != nil {
		return 0, err
	}
	if len(advances) == 0 || len(payments) == 0 {
		return 0, &TermsError{"payments", "at least one advance and one payment are needed"}
	}
	first, anchor := advances[0].Date, anchorDay(advances, payments)
	for _, a := range advances {
		first = min(first, a.Date)
	}
	flows := make([]timed, 0, len(advances)+len(payments))
	add := func(list []Flow, field string, sign money.Cents) error {
		for _, f := range list {
			if f.Amount <= 0 || f.Date < first {
				return &TermsError{field, "amounts are more than zero and dates not before the first advance"}
			}
			whole, rest := u.count(first, f.Date, anchor)
			flows = append(flows, timed{sign * f.Amount, whole, rest})
		}
		return nil
	}
	if err := add(advances, "advances", -1); err != nil {
		return 0, err
	}
	if err := add(payments, "payments", 1); err != nil {
		return 0, err
	}
	i, err := solve(flows)
	if err != nil {
		return 0, err
	}
	return rateOf(i.Mul(i, float(0).SetRat(u.perYear())))
}

// rateOf rounds a yearly rate half up to Rate's decimals.
func rateOf(r *big.Float) (money.Rate, error) {
	n, _ := r.Mul(r, float(int64(money.RateScale))).Add(r, float(0).SetRat(big.NewRat(1, 2))).Int(nil)
	if !n.IsInt64() {
		return 0, ErrAPR
	}
	return money.Rate(n.Int64()), nil
}

// anchorDay is the day of the month that payments keep, so that a payment on 28
// February in a series of 31sts counts as a month's last day. Payments all on
// the last days of months keep the last day, from an advance on a last day too,
// unless one day of the month is that of all of them and of the advance.
func anchorDay(advances, payments []Flow) (day int) {
	ends, same := true, true
	for _, p := range payments {
		day = max(day, p.Date.Day())
		ends = ends && p.Date == p.Date.MonthEnd()
		same = same && p.Date.Day() == advances[0].Date.Day()
	}
	if ends && !same {
		return 31
	}
	return day
}

// count measures from one date to a later one: whole units and the fraction
// left, by Appendix J (b)(5). Months are counted back from the later date and
// the days left are thirtieths of a month. What is left of years is twelfths
// when it is whole months, else 365ths by its days.
func (u UnitPeriod) count(from, to money.Date, anchor int) (whole int, rest *big.Rat) {
	span, unit := int(to-from), u.days()
	switch u.Kind {
	case SemiMonths, Months:
		months, left := monthsBack(from, to, anchor)
		span = 30*months + left
	case Years:
		months, left := monthsBack(from, to, anchor)
		whole = months / 12
		if left == 0 {
			return whole, big.NewRat(int64(months%12), 12)
		}
		return whole, big.NewRat(int64(back(to, 12*whole, anchor)-from), 365)
	}
	return span / unit, big.NewRat(int64(span%unit), int64(unit))
}

// monthsBack counts full months back from the later date, and the days left.
func monthsBack(from, to money.Date, anchor int) (months, left int) {
	y1, m1, _ := from.Civil()
	y2, m2, _ := to.Civil()
	months = (y2-y1)*12 + m2 - m1
	if months > 0 && back(to, months, anchor) < from {
		months--
	}
	return months, int(back(to, months, anchor) - from)
}

func back(d money.Date, months, anchor int) money.Date {
	day := d.Day()
	if d == d.MonthEnd() {
		day = max(day, anchor)
	}
	return d.AddMonths(-months, day)
}

// FindUnitPeriod finds the unit-period by Appendix J (b)(4): the most frequent
// common interval of a year or less, the shorter of two as frequent; with none,
// the average interval taken to the nearest standard one. One advance and one
// payment have their term as the unit, up to a year.
func FindUnitPeriod(advances, payments []Flow) UnitPeriod {
	if len(advances) == 0 || len(payments) == 0 {
		return UnitPeriod{Days, 1}
	}
	anchor := anchorDay(advances, payments)
	dates := make([]money.Date, 0, len(advances)+len(payments))
	for _, f := range append(slices.Clone(advances), payments...) {
		dates = append(dates, f.Date)
	}
	slices.Sort(dates)
	dates = slices.Compact(dates)
	if len(dates) < 2 {
		return UnitPeriod{Days, 1}
	}
	if len(dates) == 2 {
		return term(dates[0], dates[1], anchor)
	}
	if twiceAMonth(payments) {
		return UnitPeriod{SemiMonths, 1}
	}
	seen := map[UnitPeriod]int{}
	for i := 1; i < len(dates); i++ {
		seen[interval(dates[i-1], dates[i], anchor)]++
	}
	var best UnitPeriod
	for u, n := range seen {
		if n < 2 || u.Validate() != nil {
			continue
		}
		if n > seen[best] || (n == seen[best] && u.days() < best.days()) {
			best = u
		}
	}
	if best.Multiple > 0 {
		return best
	}
	return nearest(int(dates[len(dates)-1]-dates[0]), len(dates)-1)
}

// term is the unit of a single advance and a single payment.
func term(from, to money.Date, anchor int) UnitPeriod {
	months, left := monthsBack(from, to, anchor)
	switch {
	case months >= 12 || to-from > 365:
		return UnitPeriod{Years, 1}
	case left == 0:
		return UnitPeriod{Months, months}
	}
	return UnitPeriod{Days, int(to - from)}
}

func interval(from, to money.Date, anchor int) UnitPeriod {
	months, left := monthsBack(from, to, anchor)
	days := int(to - from)
	switch {
	case left == 0 && months == 12:
		return UnitPeriod{Years, 1}
	case left == 0 && months > 0:
		return UnitPeriod{Months, months}
	case days%7 == 0:
		return UnitPeriod{Weeks, days / 7}
	}
	return UnitPeriod{Days, days}
}

// twiceAMonth sees payments on two days of every month, about fifteen apart.
func twiceAMonth(payments []Flow) bool {
	if len(payments) < 3 {
		return false
	}
	sorted := slices.SortedFunc(slices.Values(payments), func(a, b Flow) int { return cmp.Compare(a.Date, b.Date) })
	for i := 1; i < len(sorted); i++ {
		if gap := sorted[i].Date - sorted[i-1].Date; gap < 13 || gap > 18 {
			return false
		}
		if i > 1 {
			if a, b := sorted[i-2].Date, sorted[i].Date; a.Day() != b.Day() && a != a.MonthEnd() && b != b.MonthEnd() {
				return false
			}
		}
	}
	return true
}

// nearest is the standard interval nearest to span/n days, the shorter of two.
func nearest(span, n int) UnitPeriod {
	candidates := []UnitPeriod{{Days, 1}, {SemiMonths, 1}, {Years, 1}}
	for m := 1; m <= 52; m++ {
		candidates = append(candidates, UnitPeriod{Weeks, m})
		if m < 12 {
			candidates = append(candidates, UnitPeriod{Months, m})
		}
	}
	off := func(u UnitPeriod) int { d := span - n*u.days(); return max(d, -d) }
	return slices.MinFunc(candidates, func(a, b UnitPeriod) int {
		return cmp.Or(cmp.Compare(off(a), off(b)), cmp.Compare(a.days(), b.days()))
	})
}

// timed is an amount at a number of unit-periods from now.
type timed struct {
	amount money.Cents // advances negative, payments positive
	whole  int
	rest   *big.Rat // fraction of a unit, nil for none
}

const precision = 160 // bits; cents to ten billion over 1,200 periods lose none of the four decimals shown

func float(n int64) *big.Float { return new(big.Float).SetPrec(precision).SetInt64(n) }

// solve finds the rate per unit at which the flows are worth nothing, zero or
// more: Newton's step while it stays inside the bracket, else its middle.
func solve(flows []timed) (*big.Float, error) {
	slices.SortStableFunc(flows, func(a, b timed) int { return cmp.Compare(a.whole, b.whole) })
	low, high, i := float(0), float(1), float(0)
	worth, slope := present(flows, i)
	if worth.Sign() == 0 {
		return i, nil
	}
	if worth.Sign() < 0 {
		return nil, ErrAPR
	}
	for n := 0; ; n++ {
		if w, _ := present(flows, high); w.Sign() < 0 {
			break
		}
		if n == 40 {
			return nil, ErrAPR
		}
		high.Mul(high, float(2))
	}
	small := new(big.Float).SetMantExp(float(1), -100)
	for range 300 {
		next := float(0)
		if slope.Sign() != 0 {
			next.Sub(i, next.Quo(worth, slope))
		}
		if next.Cmp(low) <= 0 || next.Cmp(high) >= 0 {
			next.Quo(next.Add(low, high), float(2))
		}
		step := float(0).Sub(next, i)
		i = next
		worth, slope = present(flows, i)
		if worth.Sign() == 0 || step.Abs(step).Cmp(small) < 0 {
			return i, nil
		}
		if worth.Sign() > 0 {
			low.Set(i)
		} else {
			high.Set(i)
		}
	}
	return nil, ErrAPR
}

// present is the flows' present value at a rate per unit, and its derivative.
func present(flows []timed, i *big.Float) (worth, slope *big.Float) {
	worth, slope = float(0), float(0)
	grow := float(1)
	grow.Add(grow, i)
	shrink := float(1)
	shrink.Quo(shrink, grow)
	factor, at := float(1), 0
	for _, f := range flows {
		factor.Mul(factor, power(shrink, f.whole-at))
		at = f.whole
		v := float(int64(f.amount))
		v.Mul(v, factor)
		pull := float(int64(f.whole))
		pull.Mul(pull, shrink)
		if f.rest != nil && f.rest.Sign() != 0 {
			part := float(0).SetRat(f.rest)
			odd := float(0).Mul(part, i)
			odd.Add(odd, float(1))
			v.Quo(v, odd)
			pull.Add(pull, part.Quo(part, odd))
		}
		pull.Mul(pull, v)
		plus(worth, v)
		plus(slope, pull.Neg(pull))
	}
	return worth, slope
}

// plus adds v to sum. Beside the other, a number a hundred orders below it is
// nothing; big.Float would line up all the bits in between, millions of them
// for a payment centuries away at an absurd rate.
func plus(sum, v *big.Float) {
	if sum.Sign() != 0 && v.Sign() != 0 {
		above := sum.MantExp(nil) - v.MantExp(nil)
		if above > 2*precision {
			return
		}
		if above < -2*precision {
			sum.Set(v)
			return
		}
	}
	sum.Add(sum, v)
}

func power(x *big.Float, n int) *big.Float {
	if n == 1 {
		return x
	}
	y := float(1)
	for square := float(0).Set(x); n > 0; n >>= 1 {
		if n&1 == 1 {
			y.Mul(y, square)
		}
		square.Mul(square, square)
	}
	return y
}
