package money

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// DayCount names how days and years are counted when interest accrues.
type DayCount string

// The day counts. Actual days between civil dates, or months of thirty days.
const (
	Actual365    DayCount = "actual/365"
	Actual366    DayCount = "actual/366"
	Actual360    DayCount = "actual/360"
	ActualActual DayCount = "actual/actual" // each day over its own year's length: 366 inside leap years
	Thirty360    DayCount = "30/360"        // US rule, end of February included
)

// ParseDayCount reads one of the five names.
func ParseDayCount(s string) (DayCount, error) {
	switch d := DayCount(s); d {
	case Actual365, Actual366, Actual360, ActualActual, Thirty360:
		return d, nil
	}
	return "", fmt.Errorf("day_count is one of actual/365, actual/366, actual/actual, actual/360, 30/360: %q", s)
}

// Days counts the days from one date to another: the first day counts, the
// last does not. It is negative when the dates are the other way round.
func (dc DayCount) Days(from, to Date) int {
	if dc != Thirty360 {
		return int(to - from)
	}
	y2, m2, d2 := to.Civil()
	return thirty(from, y2, m2, d2, lastOfFebruary(y2, m2, d2))
}

// thirty is 30/360 to a date given by its parts. NASD rule: both on the last of
// February, then the second counts as 30; the first on the last of February
// counts as 30; then the usual 31sts.
func thirty(from Date, y2, m2, d2 int, last bool) int {
	y1, m1, d1 := from.Civil()
	if lastOfFebruary(y1, m1, d1) {
		if last {
			d2 = 30
		}
		d1 = 30
	}
	if d2 == 31 && d1 >= 30 {
		d2 = 30
	}
	return (y2-y1)*360 + (m2-m1)*30 + d2 - min(d1, 30)
}

func lastOfFebruary(y, m, d int) bool { return m == 2 && (d == 29 || d == 28 && !leap(y)) }

// lcmDays is divisible by 360, 365 and 366, so that interest over any of them
// has one denominator and sums stay exact.
const lcmDays = 1_603_080

// InterestUnit is the denominator of Interest: 10⁻¹² of a cent (Rate's scale)
// over the common multiple of the days in a year.
const InterestUnit = uint64(RateScale) * lcmDays

// Interest is an exact, unrounded, non-negative amount of interest: a 128-bit
// count of 1/(10¹² × 1,603,080) cents. The zero value is no interest.
type Interest struct{ hi, lo uint64 }

// ErrInterestRange says that an accrual is beyond what Interest holds: more than
// about ninety trillion dollars. A thousand such amounts can still be added.
var ErrInterestRange = errors.New("interest out of range")

// Accrual says how interest grows: yearly rate, day count, and whether the
// daily factor rate/basis is first cut (truncated) to a number of decimals, as
// some lenders' systems do. FactorDecimals 0 means that it is not cut.
type Accrual struct {
	Rate           Rate
	DayCount       DayCount
	FactorDecimals int
}

// Interest on a balance from one date to another, exact. A balance of zero or
// less and an empty span accrue nothing. Spans under actual/actual are split at
// 1 January; each day counts over the length of the year it lies in.
func (a Accrual) Interest(balance Cents, from, to Date) (Interest, error) {
	if a.DayCount == ActualActual {
		m, err := a.Meter()
		if err != nil {
			return Interest{}, err
		}
		return m.Interest(balance, from, to)
	}
	if balance <= 0 || to <= from {
		return Interest{}, nil
	}
	return a.OverDays(balance, a.DayCount.Days(from, to))
}

// OverDays is the interest for a number of days when no dates are known. Under
// actual/actual a year is taken to have 365 days.
func (a Accrual) OverDays(balance Cents, days int) (Interest, error) {
	if balance <= 0 || days <= 0 {
		return Interest{}, nil
	}
	daily, err := a.daily(a.DayCount.basis())
	if err != nil {
		return Interest{}, err
	}
	return charge(balance, daily, uint64(days))
}

// PerDiem is one day's exact interest on a balance, for the year that on lies in.
func (a Accrual) PerDiem(balance Cents, on Date) (Interest, error) {
	if balance <= 0 {
		return Interest{}, nil
	}
	daily, err := a.daily(uint64(a.Basis(on)))
	if err != nil {
		return Interest{}, err
	}
	return charge(balance, daily, 1)
}

// Basis is the number of days in the year that a day's interest is counted over.
func (a Accrual) Basis(on Date) int {
	if a.DayCount == ActualActual && on != 0 && leap(on.Year()) {
		return 366
	}
	return int(a.DayCount.basis())
}

// basis is the year's length; a common year's under actual/actual.
func (dc DayCount) basis() uint64 {
	switch dc {
	case Actual365, ActualActual:
		return 365
	case Actual366:
		return 366
	case Actual360, Thirty360:
		return 360
	}
	panic("money: day count " + string(dc))
}

// maxRate bounds the rates that accrue: a hundred thousand percent.
const maxRate = 1000 * RateScale

// daily is one cent's interest for a day of a year of so many days, counted in
// InterestUnit.
func (a Accrual) daily(basis uint64) (uint64, error) {
	if a.Rate < 0 || a.Rate >= maxRate {
		return 0, ErrInterestRange
	}
	if a.FactorDecimals > 0 && a.FactorDecimals <= 12 {
		cut := uint64(1)
		for i := a.FactorDecimals; i < 12; i++ {
			cut *= 10
		}
		return uint64(a.Rate) / (basis * cut) * cut * lcmDays, nil
	}
	switch basis {
	case 366:
		return uint64(a.Rate) * (lcmDays / 366), nil
	case 360:
		return uint64(a.Rate) * (lcmDays / 360), nil
	}
	return uint64(a.Rate) * (lcmDays / 365), nil
}

// Meter is an Accrual with its names looked up, for counting many spans. It
// remembers the calendar year that it counted in last, so it is used through a
// pointer and by one goroutine at a time.
type Meter struct {
	common, leap  day
	years, thirty bool // actual/actual; 30/360
	year, next    Date // 1 January of the year counted in last and of the one after
}

// day is what one cent earns in a day: exactly, in InterestUnit, and in 2⁻⁶⁴ of
// a cent, rounded down.
type day struct{ units, fraction uint64 }

// Meter looks an accrual's names up once. A rate below zero or of a thousand
// times one and more is ErrInterestRange.
func (a Accrual) Meter() (m Meter, err error) {
	m.years, m.thirty = a.DayCount == ActualActual, a.DayCount == Thirty360
	if m.common, err = a.day(a.DayCount.basis()); err == nil && m.years {
		m.leap, err = a.day(366)
	}
	return m, err
}

func (a Accrual) day(basis uint64) (day, error) {
	units, err := a.daily(basis)
	if err != nil {
		return day{}, err
	}
	f, _ := bits.Div64(units%InterestUnit, 0, InterestUnit) // the whole is refused by Fraction
	return day{units, f}, nil
}

// Interest is Accrual.Interest.
func (m *Meter) Interest(balance Cents, from, to Date) (Interest, error) {
	if balance <= 0 || to <= from {
		return Interest{}, nil
	}
	if m.years {
		return m.byYear(balance, from, to)
	}
	days := int(to) - int(from)
	if m.thirty {
		days = max(0, Thirty360.Days(from, to))
	}
	return charge(balance, m.common.units, uint64(days))
}

// Fraction is what one cent earns from one date to another, in 2⁻⁶⁴ of a cent,
// and how much may be missing of it for rounding down. It is false when the
// cent earns another one or the dates are not in order.
func (m *Meter) Fraction(from, to Date) (f, missing uint64, ok bool) {
	if m.years {
		return m.fractionByYear(from, to)
	}
	days := int(to) - int(from)
	if m.thirty {
		days = max(0, Thirty360.Days(from, to))
	}
	over, f := bits.Mul64(m.common.fraction, uint64(days))
	return f, uint64(days), over == 0 && to >= from && m.common.units < InterestUnit
}

func (m *Meter) fractionByYear(from, to Date) (f, missing uint64, ok bool) {
	if from >= m.year && to <= m.next && from <= to {
		_, d := m.inYear(from, to)
		over, f := bits.Mul64(d.fraction, uint64(to-from))
		return f, uint64(to - from), over == 0 && m.common.units < InterestUnit
	}
	ok = to >= from && m.common.units < InterestUnit
	for missing = uint64(to - from); ok && from < to; {
		end, d := m.inYear(from, to)
		over, part := bits.Mul64(d.fraction, uint64(end-from))
		var carry uint64
		f, carry = bits.Add64(f, part, 0)
		from, ok = end, over|carry == 0
	}
	return f, missing, ok
}

// inYear is where a span leaves the calendar year it begins in, and a day of
// that year.
func (m *Meter) inYear(from, to Date) (Date, day) {
	if from < m.year || from >= m.next {
		y := from.Year()
		m.year, m.next = NewDate(y, 1, 1), NewDate(y+1, 1, 1)
	}
	if m.next-m.year == 366 {
		return min(m.next, to), m.leap
	}
	return min(m.next, to), m.common
}

func (m *Meter) byYear(balance Cents, from, to Date) (sum Interest, err error) {
	for from < to {
		end, d := m.inYear(from, to)
		part, err := charge(balance, d.units, uint64(end-from))
		if err != nil {
			return Interest{}, err
		}
		sum, from = sum.Add(part), end
	}
	return sum, nil
}

// charge is balance × daily × days.
func charge(balance Cents, daily, days uint64) (Interest, error) {
	over, each := bits.Mul64(daily, days)
	hi, lo := bits.Mul64(uint64(balance), each)
	if over != 0 {
		h2, l2 := bits.Mul64(uint64(balance), over)
		var carry uint64
		if hi, carry = bits.Add64(hi, l2, 0); h2 != 0 || carry != 0 {
			return Interest{}, ErrInterestRange
		}
	}
	if hi >= maxHi {
		return Interest{}, ErrInterestRange
	}
	return Interest{hi, lo}, nil
}

// maxHi bounds one accrual to 2⁵³ cents, so that sums of them round to Cents.
const maxHi = InterestUnit >> 11

// Add is the exact sum.
func (i Interest) Add(j Interest) Interest {
	lo, carry := bits.Add64(i.lo, j.lo, 0)
	hi, _ := bits.Add64(i.hi, j.hi, carry)
	return Interest{hi, lo}
}

// Round gives whole cents.
func (i Interest) Round(r Rounding) Cents { return Cents(r.quotient(i.hi, i.lo, InterestUnit)) }

// Less compares exactly.
func (i Interest) Less(j Interest) bool {
	return i.hi < j.hi || (i.hi == j.hi && i.lo < j.lo)
}

// Paid takes whole cents away and keeps the exact rest. Paying at least the
// rounded amount leaves nothing: the fraction of a cent that rounding gave or
// took is settled with it.
func (i Interest) Paid(c Cents, r Rounding) Interest {
	if c >= i.Round(r) {
		return Interest{}
	}
	hi, lo := bits.Mul64(uint64(c), InterestUnit)
	l, borrow := bits.Sub64(i.lo, lo, 0)
	h, _ := bits.Sub64(i.hi, hi, borrow)
	return Interest{h, l}
}

// FromCents is a whole amount of interest, exact.
func FromCents(c Cents) Interest {
	if c <= 0 {
		return Interest{}
	}
	hi, lo := bits.Mul64(uint64(c), InterestUnit)
	return Interest{hi, lo}
}

// Count is the exact amount in units of 1/InterestUnit cents.
func (i Interest) Count() (hi, lo uint64) { return i.hi, i.lo }

// IsZero says that there is none.
func (i Interest) IsZero() bool { return i == Interest{} }

// Decimal is the amount in dollars with so many decimals (two to twelve), half
// up: the per diem "3.282192" with six.
func (i Interest) Decimal(places int) string {
	// dollars × 10^places = cents × 10^(places-2); scale the denominator instead.
	d := InterestUnit
	for range places - 2 {
		d /= 10
	}
	q := HalfUp.quotient(i.hi, i.lo, d)
	s := fmt.Sprintf("%0*d", places+1, q)
	return s[:len(s)-places] + "." + s[len(s)-places:]
}

// Micros is the amount in millionths of a cent, half up.
func (i Interest) Micros() int64 { return HalfUp.quotient(i.hi, i.lo, InterestUnit/1_000_000) }

// MarshalText writes the exact count as two hexadecimal words.
func (i Interest) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%x.%x", i.hi, i.lo), nil
}

// UnmarshalText reads what MarshalText writes.
func (i *Interest) UnmarshalText(b []byte) error {
	if n, err := fmt.Sscanf(strings.Replace(string(b), ".", " ", 1), "%x %x", &i.hi, &i.lo); err != nil || n != 2 {
		return fmt.Errorf("read exact interest %q", b)
	}
	return nil
}
