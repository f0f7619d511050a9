package contract

import (
	"math/big"

	"marque/internal/money"
)

// LeaseRow is one month of a lease by the constant-yield method, payments in
// advance. The payment, without tax, pays Rent and Depreciation; Balance is the
// adjusted lease balance while the month runs; Earned is the rent of all months
// up to this one: unearned rent is the whole rent charge less Earned.
type LeaseRow struct {
	N            int         `json:"n"`
	Payment      money.Cents `json:"payment"`
	Rent         money.Cents `json:"rent"`
	Depreciation money.Cents `json:"depreciation"`
	Balance      money.Cents `json:"balance"`
	Earned       money.Cents `json:"rent_earned"`
}

// Schedule appends the lease's months to rows. Rent is a constant share of the
// balance left by each payment, found unrounded from cost, payments and residual
// and rounded half up each month. The last row takes what rounding left, so that
// the balance ends at the residual to the cent, depreciation sums to cost less
// residual and rent to the payments less depreciation. A single-pay lease has
// one payment and rent every month.
//
// Errors are *TermsError, or ErrAPR when the first payment is as much as the cost.
func (l *LeaseTerms) Schedule(rows []LeaseRow) ([]LeaseRow, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	if l.CapitalizedCost == 0 {
		return nil, &TermsError{"capitalized_cost", "is needed"}
	}
	if l.BasePayment == 0 {
		return nil, &TermsError{"base_payment", "is needed"}
	}
	y := leaseYield{l.CapitalizedCost, l.Residual, l.BasePayment, l.Term, l.payments()}
	if rent := y.payment*money.Cents(y.payments) + y.residual - y.cost; rent < -money.Cents(y.payments) {
		return nil, &TermsError{"base_payment", "does not cover the depreciation"}
	}
	i, err := y.implicit()
	if err != nil {
		return nil, err
	}
	if err := y.steady(i); err != nil {
		return nil, err
	}
	balance, earned := y.cost, money.Cents(0)
	for n := 1; n <= y.term; n++ {
		row := y.month(n, balance, i)
		if off := y.residual - row.Balance; n == y.term {
			row.Rent, row.Depreciation, row.Balance = row.Rent+off, row.Depreciation-off, y.residual
		}
		balance, earned = row.Balance, earned+row.Rent
		row.Earned = earned
		rows = append(rows, row)
	}
	return rows, nil
}

func (l *LeaseTerms) payments() int {
	if l.SinglePay {
		return 1
	}
	return l.Term
}

// RentCharge is the rent of the whole lease: the base payments less depreciation.
func (l *LeaseTerms) RentCharge() money.Cents {
	return l.BasePayment*money.Cents(l.payments()) + l.Residual - l.CapitalizedCost
}

// AfterMonths is the schedule's row of a month; month 0 is the day of signing,
// before the first payment.
func (l *LeaseTerms) AfterMonths(n int) (LeaseRow, error) {
	rows, err := l.Schedule(make([]LeaseRow, 0, l.Term))
	if err != nil {
		return LeaseRow{}, err
	}
	if n < 0 || n > l.Term {
		return LeaseRow{}, &TermsError{"month", "must be 0 to the term"}
	}
	if n == 0 {
		return LeaseRow{Balance: l.CapitalizedCost}, nil
	}
	return rows[n-1], nil
}

// BalanceOn is the adjusted lease balance on a date by the lease's own calendar:
// that of the last payment come due, whether or not it was paid. It does not
// change between due dates.
func (l *LeaseTerms) BalanceOn(on money.Date) (LeaseRow, error) {
	s, err := l.Standing(on)
	if err != nil {
		return LeaseRow{}, err
	}
	return l.AfterMonths(s.Month)
}

// mulDiv is a × b / c with every factor positive, rounded by name.
func mulDiv(a money.Cents, b, c int64, r money.Rounding) money.Cents {
	n := big.NewInt(int64(a))
	return money.Cents(quotient(n.Mul(n, big.NewInt(b)), big.NewInt(c), r).Int64())
}
