package money

import (
	"fmt"
	"math/bits"
)

// Portfolio is the interest of many loans that share one policy, a column for
// each fact: row n of every column is one loan. The columns hold what a month
// end needs to know of a contract: its principal, its rate, the date through
// which interest has been counted, and the exact interest owed at that date.
type Portfolio struct {
	DayCount       DayCount
	FactorDecimals int
	Rounding       Rounding

	Balances []Cents
	Rates    []Rate
	Through  []Date
	Owed     []Interest // nil when no loan owes interest from before Through
}

// AccruedAt writes each loan's accrued interest at a date, in whole cents, and
// gives their sum. A loan's figure is what it owed and the Accrual.Interest from
// Through to the date, added exactly and rounded once: the same as the loan by
// itself would show. Through on or after the date adds nothing. Columns of
// different lengths, a rate outside 0 to 1000 and an amount beyond range are
// errors that name the row; what was written is then not to be used.
func (p *Portfolio) AccruedAt(on Date, accrued []Cents) (total Cents, err error) {
	n := len(p.Balances)
	if len(p.Rates) != n || len(p.Through) != n || len(accrued) != n || (p.Owed != nil && len(p.Owed) != n) {
		return 0, fmt.Errorf("accrue portfolio: %d balances, %d rates, %d dates, %d owed, room for %d",
			n, len(p.Rates), len(p.Through), len(p.Owed), len(accrued))
	}
	// Days of one length, the factor not cut, are one product; spans over a new
	// year under actual/actual and cut factors go the way of a single loan.
	accrual := Accrual{DayCount: p.DayCount, FactorDecimals: p.FactorDecimals}
	since, perDay := Date(0), lcmDays/uint64(accrual.Basis(on))
	by30, last := p.DayCount == Thirty360, false
	y, m, d := on.Civil()
	switch {
	case p.FactorDecimals != 0:
		since = on
	case p.DayCount == ActualActual:
		since = NewDate(y, 1, 1)
	case by30:
		last = lastOfFebruary(y, m, d)
	}
	lift, even := p.Rounding.lift()
	for i, balance := range p.Balances {
		rate, through := p.Rates[i], p.Through[i]
		var hi, lo uint64
		if balance > 0 && through < on {
			if through >= since && uint64(rate) < uint64(maxRate) {
				days := int(on) - int(through)
				if by30 {
					days = max(0, thirty(through, y, m, d, last))
				}
				var over, scaled uint64
				over, scaled = bits.Mul64(uint64(rate)*perDay, uint64(days))
				hi, lo = bits.Mul64(uint64(balance), scaled)
				if over != 0 {
					hi = maxHi
				}
			} else {
				accrual.Rate = rate
				one, err := accrual.Interest(balance, through, on)
				if err != nil {
					return 0, fmt.Errorf("accrue portfolio: row %d: %w", i, err)
				}
				hi, lo = one.hi, one.lo
			}
			if hi >= maxHi {
				return 0, fmt.Errorf("accrue portfolio: row %d: %w", i, ErrInterestRange)
			}
		}
		var carry uint64
		if p.Owed != nil {
			lo, carry = bits.Add64(lo, p.Owed[i].lo, 0)
			hi += p.Owed[i].hi + carry
		}
		lo, carry = bits.Add64(lo, lift, 0)
		hi += carry
		if hi >= InterestUnit/4 {
			return 0, fmt.Errorf("accrue portfolio: row %d: %w", i, ErrInterestRange)
		}
		q, rest := bits.Div64(hi, lo, InterestUnit)
		if even && rest == 0 && q&1 == 1 {
			q--
		}
		accrued[i] = Cents(q)
		if total += Cents(q); total < 0 {
			return 0, fmt.Errorf("accrue portfolio: sum at row %d: %w", i, ErrInterestRange)
		}
	}
	return total, nil
}

// lift is what is added to a count of InterestUnit so that cutting it rounds by
// name; even says that an exact half, now a whole cent, goes to the even one.
func (r Rounding) lift() (units uint64, even bool) {
	switch r {
	case Truncate:
		return 0, false
	case HalfUp:
		return InterestUnit / 2, false
	case HalfEven:
		return InterestUnit / 2, true
	case Up:
		return InterestUnit - 1, false
	}
	panic("money: rounding " + string(r))
}
