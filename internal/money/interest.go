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
	y1, m1, d1 := from.Civil()
	y2, m2, d2 := to.Civil()
	// NASD rule: both on the last of February, then the second counts as 30;
	// the first on the last of February counts as 30; then the usual 31sts.
	if m1 == 2 && from.MonthEnd() == from {
		if m2 == 2 && to.MonthEnd() == to {
			d2 = 30
		}
		d1 = 30
	}
	if d2 == 31 && d1 >= 30 {
		d2 = 30
	}
	if d1 == 31 {
		d1 = 30
	}
	return (y2-y1)*360 + (m2-m1)*30 + d2 - d1
}

// lcmDays is divisible by 360, 365 and 366, so that interest over any of them
// has one denominator and sums stay exact.
const lcmDays = 1_603_080

// interestUnit is the denominator of Interest: 10⁻¹² of a cent (Rate's scale)
// over the common multiple of the days in a year.
const interestUnit = uint64(RateScale) * lcmDays

// Interest is an exact, unrounded, non-negative amount of interest: a 128-bit
// count of 1/(10¹² × 1,603,080) cents. The zero value is no interest.
type Interest struct{ hi, lo uint64 }

// ErrInterestRange says that an accrual is beyond what Interest can hold or
// Cents can express: more than about ninety trillion dollars.
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
	if balance <= 0 || a.Rate == 0 || to <= from {
		return Interest{}, nil
	}
	if a.DayCount != ActualActual {
		return a.overDays(balance, a.DayCount.Days(from, to), a.basis(from))
	}
	var sum Interest
	for from < to {
		end := min(NewDate(from.Year()+1, 1, 1), to)
		part, err := a.overDays(balance, int(end-from), a.basis(from))
		if err != nil {
			return Interest{}, err
		}
		sum, from = sum.Add(part), end
	}
	return sum, nil
}

// OverDays is the interest for a number of days when no dates are known. Under
// actual/actual a year is taken to have 365 days.
func (a Accrual) OverDays(balance Cents, days int) (Interest, error) {
	if balance <= 0 || days <= 0 {
		return Interest{}, nil
	}
	return a.overDays(balance, days, a.basis(0))
}

// PerDiem is one day's exact interest on a balance, for the year that on lies in.
func (a Accrual) PerDiem(balance Cents, on Date) (Interest, error) {
	if balance <= 0 {
		return Interest{}, nil
	}
	return a.overDays(balance, 1, a.basis(on))
}

// Basis is the number of days in the year that a day's interest is counted over.
func (a Accrual) Basis(on Date) int { return int(a.basis(on)) }

func (a Accrual) basis(on Date) uint64 {
	switch a.DayCount {
	case Actual365:
		return 365
	case Actual366:
		return 366
	case Actual360, Thirty360:
		return 360
	case ActualActual:
		if on != 0 && leap(on.Year()) {
			return 366
		}
		return 365
	}
	panic("money: day count " + string(a.DayCount))
}

func (a Accrual) overDays(balance Cents, days int, basis uint64) (Interest, error) {
	if days <= 0 {
		return Interest{}, nil
	}
	perDay := uint64(a.Rate) // numerator over interestUnit, for one cent for one day
	mult := lcmDays / basis
	if a.FactorDecimals > 0 && a.FactorDecimals < 12 {
		cut := uint64(1)
		for i := a.FactorDecimals; i < 12; i++ {
			cut *= 10
		}
		perDay, mult = perDay/(basis*cut)*cut, lcmDays
	} else if a.FactorDecimals == 12 {
		perDay, mult = perDay/basis, lcmDays
	}
	over, scaled := bits.Mul64(perDay, mult*uint64(days))
	if over != 0 || mult > ^uint64(0)/uint64(days) {
		return wide(balance, perDay, mult, uint64(days))
	}
	hi, lo := bits.Mul64(uint64(balance), scaled)
	if hi >= maxHi {
		return Interest{}, ErrInterestRange
	}
	return Interest{hi, lo}, nil
}

// maxHi bounds an Interest so that it can be rounded to Cents.
const maxHi = interestUnit / 4

// wide is the slow way for factors whose product passes 64 bits.
func wide(balance Cents, perDay, mult, days uint64) (Interest, error) {
	sum := Interest{0, uint64(balance)}
	for _, f := range []uint64{perDay, mult, days} {
		h1, l1 := bits.Mul64(sum.lo, f)
		h2, l2 := bits.Mul64(sum.hi, f)
		hi, carry := bits.Add64(l2, h1, 0)
		if h2 != 0 || carry != 0 || hi >= maxHi {
			return Interest{}, ErrInterestRange
		}
		sum = Interest{hi, l1}
	}
	return sum, nil
}

// Add is the exact sum.
func (i Interest) Add(j Interest) Interest {
	lo, carry := bits.Add64(i.lo, j.lo, 0)
	hi, _ := bits.Add64(i.hi, j.hi, carry)
	return Interest{hi, lo}
}

// Round gives whole cents.
func (i Interest) Round(r Rounding) Cents { return Cents(r.quotient(i.hi, i.lo, interestUnit)) }

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
	hi, lo := bits.Mul64(uint64(c), interestUnit)
	l, borrow := bits.Sub64(i.lo, lo, 0)
	h, _ := bits.Sub64(i.hi, hi, borrow)
	return Interest{h, l}
}

// FromCents is a whole amount of interest, exact.
func FromCents(c Cents) Interest {
	if c <= 0 {
		return Interest{}
	}
	hi, lo := bits.Mul64(uint64(c), interestUnit)
	return Interest{hi, lo}
}

// IsZero says that there is none.
func (i Interest) IsZero() bool { return i == Interest{} }

// Decimal is the amount in dollars with so many decimals (two to twelve), half
// up: the per diem "3.282192" with six.
func (i Interest) Decimal(places int) string {
	// dollars × 10^places = cents × 10^(places-2); scale the denominator instead.
	d := interestUnit
	for range places - 2 {
		d /= 10
	}
	q := HalfUp.quotient(i.hi, i.lo, d)
	s := fmt.Sprintf("%0*d", places+1, q)
	return s[:len(s)-places] + "." + s[len(s)-places:]
}

// Micros is the amount in millionths of a cent, half up.
func (i Interest) Micros() int64 { return HalfUp.quotient(i.hi, i.lo, interestUnit/1_000_000) }

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
