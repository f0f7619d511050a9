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
	TaxRate                                     money.Rate
	TaxMethod                                   TaxMethod
	Rounding                                    money.Rounding
}

// LeaseFigures are the disclosures of 12 CFR 1013.4(f) and the tax on them.
type LeaseFigures struct {
	AdjustedCapCost          money.Cents
	Depreciation, RentCharge money.Cents // over the whole term
	BasePayment, Tax         money.Cents // monthly
	Payment                  money.Cents // monthly, tax included
	DueAtSigningTax          money.Cents
	TotalOfPayments          money.Cents // all monthly payments; what is paid at signing stands apart
}

// Figures works the lease out: depreciation = adjusted cost − residual; rent =
// (adjusted cost + residual) × money factor each month; base payment = both over
// the months, rounded once. From a given payment the rent is what the base
// payments leave after depreciation. Errors are *TermsError.
func (q *LeaseQuote) Figures() (LeaseFigures, error) {
	bad := func(field, reason string) (LeaseFigures, error) { return LeaseFigures{}, &TermsError{field, reason} }
	if q.Term < 1 || q.Term > 1200 {
		return bad("term", "must be 1 to 1200")
	}
	if q.MoneyFactor > money.RateScale {
		return bad("money_factor", "must be a fraction from 0 to 1")
	}
	if q.TaxRate > money.RateScale {
		return bad("tax_rate", "must be a fraction from 0 to 1")
	}
	if _, err := money.ParseRounding(string(q.Rounding)); err != nil {
		return bad("rounding", err.Error())
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
	if q.Payment > 0 {
		f.BasePayment = q.Payment
		f.RentCharge = f.BasePayment*money.Cents(q.Term) - f.Depreciation
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
		f.DueAtSigningTax = tax(f.BasePayment * money.Cents(q.Term))
	case TaxUpfrontPrice:
		if q.Price <= 0 {
			return bad("price", "is needed to tax the price")
		}
		f.DueAtSigningTax = tax(q.Price)
	default:
		return bad("tax_method", "one of none, on_payment, upfront_total, upfront_price, capitalised")
	}
	f.Payment = f.BasePayment + f.Tax
	f.TotalOfPayments = f.Payment * money.Cents(q.Term)
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
	base := quotient(total, months.Mul(months, scale), q.Rounding)
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
// and rounded to the cent, as published schedules do, so that the last balance
// may miss the residual by some cents.
func (q *LeaseQuote) ConstantYield(f LeaseFigures, after int) (money.Rate, money.Cents, error) {
	if after < 0 || after > q.Term {
		return 0, 0, &TermsError{"after_payments", "must be 0 to term"}
	}
	flows := []timed{{amount: -f.AdjustedCapCost}}
	for n := range q.Term {
		flows = append(flows, timed{amount: f.BasePayment, whole: n})
	}
	flows = append(flows, timed{amount: q.Residual, whole: q.Term})
	i, err := solve(flows)
	if err != nil {
		return 0, 0, err
	}
	half, balance := float(0).SetRat(big.NewRat(1, 2)), f.AdjustedCapCost
	for range after {
		balance -= f.BasePayment
		rent := float(int64(balance))
		cents, _ := rent.Mul(rent, i).Add(rent, half).Int64()
		balance += money.Cents(cents)
	}
	rate, err := rateOf(i.Mul(i, float(12)))
	return rate, balance, err
}
