package contract

import (
	"math/big"

	"marque/internal/money"
)

// TaxMethod names when and on what a lease's tax is charged.
type TaxMethod string

// The tax methods. Which of them a state uses is a setting, not a fact kept here.
const (
	TaxNone         TaxMethod = "none"
	TaxOnPayment    TaxMethod = "on_payment"    // rate × base payment, with every payment
	TaxUpfrontTotal TaxMethod = "upfront_total" // rate × all base payments, at signing
	TaxUpfrontPrice TaxMethod = "upfront_price" // rate × price, at signing
	TaxCapitalised  TaxMethod = "capitalised"   // rate × price (gross cost when no price is given), added to the cost
)

// LeaseQuote is what a lease's payment is worked out from: by money factor, or,
// when Payment is given and the factor is not, by the payment itself.
type LeaseQuote struct {
	GrossCapCost, CapReduction, Residual, Price money.Cents
	Term                                        int        // months
	MoneyFactor                                 money.Rate // rent per month on cost plus residual; yearly rate / 24
	Payment                                     money.Cents
	// SinglePay: the whole of the base payments is one payment at signing. Its
	// lower rent comes from a money factor of its own, which is given here.
	SinglePay bool
	TaxRate   money.Rate
	TaxMethod TaxMethod
	// TaxReduction taxes the capitalized cost reduction at signing as well, as
	// some states do that tax the payments.
	TaxReduction bool
	Rounding     money.Rounding
}

// LeaseFigures are the disclosures of 12 CFR 1013.4(f) and the tax on them.
type LeaseFigures struct {
	AdjustedCapCost          money.Cents
	Depreciation, RentCharge money.Cents // over the whole term
	BasePayment, Tax         money.Cents // monthly; of the one payment of a single-pay lease
	Payment                  money.Cents // monthly, tax included
	DueAtSigningTax          money.Cents
	TotalOfPayments          money.Cents // all monthly payments; what else is paid at signing stands apart
}

func (q *LeaseQuote) payments() int {
	if q.SinglePay {
		return 1
	}
	return q.Term
}

func (q *LeaseQuote) check() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	for _, a := range []struct {
		field  string
		amount money.Cents
	}{{"gross_cap_cost", q.GrossCapCost}, {"cap_reduction", q.CapReduction}, {"residual", q.Residual}, {"price", q.Price}, {"payment", q.Payment}} {
		if a.amount < 0 || a.amount > money.MaxAmount {
			return bad(a.field, "must be an amount from zero")
		}
	}
	if q.Term < 1 || q.Term > 1200 {
		return bad("term", "must be 1 to 1200")
	}
	if q.MoneyFactor < 0 || q.MoneyFactor > money.RateScale {
		return bad("money_factor", "must be a fraction from 0 to 1")
	}
	if q.TaxRate < 0 || q.TaxRate > money.RateScale {
		return bad("tax_rate", "must be a fraction from 0 to 1")
	}
	if _, err := money.ParseRounding(string(q.Rounding)); err != nil {
		return bad("rounding", err.Error())
	}
	return nil
}

// Figures works the lease out: depreciation = adjusted cost − residual; rent =
// (adjusted cost + residual) × money factor each month; base payment = both over
// the number of payments, rounded once. From a given payment the rent is what
// the base payments leave after depreciation. Errors are *TermsError.
func (q *LeaseQuote) Figures() (LeaseFigures, error) {
	bad := func(field, reason string) (LeaseFigures, error) { return LeaseFigures{}, &TermsError{field, reason} }
	if err := q.check(); err != nil {
		return LeaseFigures{}, err
	}
	tax := func(on money.Cents) money.Cents { return periodInterest(on, q.TaxRate, 1, q.Rounding) }
	f := LeaseFigures{AdjustedCapCost: q.GrossCapCost - q.CapReduction}
	if q.TaxMethod == TaxCapitalised {
		on := q.Price
		if on == 0 {
			on = q.GrossCapCost
		}
		f.AdjustedCapCost += tax(on)
	}
	if f.AdjustedCapCost <= 0 {
		return bad("cap_reduction", "leaves no cost to lease")
	}
	f.Depreciation = f.AdjustedCapCost - q.Residual
	payments := money.Cents(q.payments())
	if q.Payment > 0 {
		f.BasePayment = q.Payment
		f.RentCharge = f.BasePayment*payments - f.Depreciation
		if f.RentCharge < 0 {
			return bad("payment", "does not cover the depreciation")
		}
	} else if err := q.byFactor(&f); err != nil {
		return LeaseFigures{}, err
	}
	switch q.TaxMethod {
	case TaxNone, TaxCapitalised:
	case TaxOnPayment:
		f.Tax = tax(f.BasePayment)
	case TaxUpfrontTotal:
		f.DueAtSigningTax = tax(f.BasePayment * payments)
	case TaxUpfrontPrice:
		if q.Price <= 0 {
			return bad("price", "is needed to tax the price")
		}
		f.DueAtSigningTax = tax(q.Price)
	default:
		return bad("tax_method", "one of none, on_payment, upfront_total, upfront_price, capitalised")
	}
	if q.TaxReduction {
		if q.TaxMethod != TaxOnPayment {
			return bad("tax_on_reduction", "goes with tax on each payment only")
		}
		f.DueAtSigningTax = tax(q.CapReduction)
	}
	f.Payment = f.BasePayment + f.Tax
	f.TotalOfPayments = f.Payment * payments
	return f, nil
}

// byFactor finds rent and base payment from the money factor.
func (q *LeaseQuote) byFactor(f *LeaseFigures) error {
	months, scale := big.NewInt(int64(q.Term)), big.NewInt(int64(money.RateScale))
	rent := big.NewInt(int64(f.AdjustedCapCost + q.Residual))
	rent.Mul(rent, big.NewInt(int64(q.MoneyFactor))).Mul(rent, months)
	total := big.NewInt(int64(f.Depreciation))
	total.Mul(total, scale).Add(total, rent)
	if total.Sign() <= 0 {
		return &TermsError{"residual", "leaves nothing to pay"}
	}
	charge := quotient(rent, scale, q.Rounding)
	base := quotient(total, big.NewInt(0).Mul(big.NewInt(int64(q.payments())), scale), q.Rounding)
	if !charge.IsInt64() || !base.IsInt64() || money.Cents(max(charge.Int64(), base.Int64())) > money.MaxAmount {
		return &TermsError{"gross_cap_cost", "the payment would be out of range"}
	}
	f.RentCharge, f.BasePayment = money.Cents(charge.Int64()), money.Cents(base.Int64())
	return nil
}

// ConstantYield is the lease seen as the regulation's constant-yield method sees
// it, payments in advance: the yearly rate implicit in cost, payments and
// residual, unrounded until the end, and the adjusted lease balance after some
// months. Each month's rent is earned on the balance less the payment just made
// and rounded to the cent, as published schedules do. After the last month the
// balance may so miss the residual by some cents: LeaseTerms.Schedule settles
// them in its last row. A lease whose payments carry no rent has the rate zero.
func (q *LeaseQuote) ConstantYield(f LeaseFigures, after int) (money.Rate, money.Cents, error) {
	if after < 0 || after > q.Term {
		return 0, 0, &TermsError{"after_payments", "must be 0 to term"}
	}
	y := leaseYield{f.AdjustedCapCost, q.Residual, f.BasePayment, q.Term, q.payments()}
	i, err := y.implicit()
	if err != nil {
		return 0, 0, err
	}
	balance := f.AdjustedCapCost
	if after > 0 {
		if err := y.steady(i); err != nil {
			return 0, 0, err
		}
	}
	for n := 1; n <= after; n++ {
		balance = y.month(n, balance, i).Balance
	}
	rate, err := rateOf(i.Mul(i, float(12)))
	return rate, balance, err
}

// leaseYield is a lease as flows: the cost now, level payments at the start of
// the first months, and the residual at the end.
type leaseYield struct {
	cost, residual, payment money.Cents
	term, payments          int
}

// implicit is the monthly rate at which the flows are worth nothing; zero when
// they hold no rent. ErrAPR when the first payment is as much as the cost.
//
// The worth is a polynomial in the discount of one month with positive
// coefficients but for the cost: rising and convex, so that Newton's steps from
// a discount of one, where the worth is the rent, fall to the root without fail.
func (y leaseYield) implicit() (*big.Float, error) {
	if y.payment*money.Cents(y.payments)+y.residual <= y.cost {
		return float(0), nil
	}
	if y.payment >= y.cost {
		return nil, ErrAPR
	}
	payment, discount, step := float(int64(y.payment)), float(1), float(0)
	small := new(big.Float).SetMantExp(float(1), -100)
	for range 1000 {
		worth, slope := float(int64(y.residual)), float(0)
		for k := y.term - 1; k >= 0; k-- {
			slope.Add(step.Mul(slope, discount), worth)
			worth.Mul(worth, discount)
			if k < y.payments {
				worth.Add(worth, payment)
			}
		}
		step.Quo(worth.Sub(worth, float(int64(y.cost))), slope)
		discount.Sub(discount, step)
		if step.Cmp(small) < 0 {
			i := float(1)
			return i.Sub(i.Quo(i, discount), float(1)), nil
		}
	}
	return nil, ErrAPR
}

// steady refuses a lease so dear and long that half a cent of rounding a month
// could move its balance by a thousand dollars: no lease that anybody signs.
func (y leaseYield) steady(i *big.Float) error {
	if i.Sign() == 0 {
		return nil
	}
	grown := float(1)
	grown = power(grown.Add(grown, i), y.term)
	drift := float(0).Sub(grown, float(1))
	if drift.Quo(drift, i).Cmp(float(2*1000_00)) > 0 {
		return &TermsError{"term", "the rent grows beyond what a schedule in cents can follow"}
	}
	return nil
}

// month is one month of the schedule: its payment comes off the balance first,
// then the month's rent is earned on the rest and rounded half up to the cent.
func (y leaseYield) month(n int, balance money.Cents, i *big.Float) LeaseRow {
	row := LeaseRow{N: n}
	if n <= y.payments {
		row.Payment = y.payment
	}
	on := balance - row.Payment
	row.Rent = share(on, i)
	row.Balance = on + row.Rent
	row.Depreciation = row.Payment - row.Rent
	return row
}

var halfCent = float(0).SetRat(big.NewRat(1, 2))

// share is an amount times a fraction, to the cent. Rounding alone can make the
// amount negative, by cents, at the end of a lease without a residual.
func share(amount money.Cents, i *big.Float) money.Cents {
	if amount <= 0 {
		return 0
	}
	part := float(int64(amount))
	cents, _ := part.Mul(part, i).Add(part, halfCent).Int64() // steady keeps the balance, and so this, in range
	return money.Cents(cents)
}
