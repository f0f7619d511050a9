package contract

import "marque/internal/money"

// LeaseTerms are what the parties to a lease agreed beyond its payments. The
// level rental is what is serviced day by day; these are what the balance, the
// miles and the end of the lease are worked out from.
//
// A lease taken over from other books may lack the later ones: what needs a term
// that is not there says so, naming it.
type LeaseTerms struct {
	CapitalizedCost money.Cents `json:"capitalized_cost"` // adjusted: gross less the reduction
	Residual        money.Cents `json:"residual"`         // also the purchase price at the end
	Term            int         `json:"term"`             // months; payments, too, unless SinglePay
	MilesPerYear    int         `json:"miles_per_year,omitempty"`

	// Start is when the lease was signed and the first payment was due; the
	// payment of month n is due n−1 months later.
	Start       money.Date  `json:"lease_start_date,omitzero"`
	BasePayment money.Cents `json:"base_payment,omitempty"` // without tax
	MonthlyTax  money.Cents `json:"monthly_tax,omitempty"`
	TaxMethod   TaxMethod   `json:"tax_method,omitempty"`
	TaxRate     money.Rate  `json:"tax_rate,omitempty"`
	MoneyFactor money.Rate  `json:"money_factor,omitempty"`
	SinglePay   bool        `json:"single_pay,omitempty"` // BasePayment and MonthlyTax are of the one payment
	// CapReduction is what the customer paid toward the cost in advance: cash and
	// net trade-in.
	CapReduction money.Cents `json:"cap_reduction,omitempty"`

	MilesPurchased int         `json:"miles_purchased,omitempty"` // over the whole term, bought at signing
	ExcessMile     money.Cents `json:"excess_mile,omitempty"`     // charge for a mile over the allowance
	Odometer       int         `json:"odometer,omitempty"`        // at the start

	SecurityDeposit     money.Cents `json:"security_deposit,omitempty"`
	DispositionFee      money.Cents `json:"disposition_fee,omitempty"`
	PurchaseFee         money.Cents `json:"purchase_option_fee,omitempty"`
	NoPurchase          bool        `json:"no_purchase_option,omitempty"`
	EarlyTerminationFee money.Cents `json:"early_termination_fee,omitempty"`
	Rules               LeaseRules  `json:"rules,omitzero"`
}

// LeaseRules are the lender's settings for the end of a lease. The zero value
// charges least.
type LeaseRules struct {
	// CapCharge: the balance less the vehicle's value, with the early termination
	// fee, is not more than the payments still to come (Conn. Gen. Stat. 42-421(b)
	// requires it of closed-end leases).
	CapCharge bool `json:"cap_charge,omitempty"`
	// MilesEarly charges miles over the allowance to date when a lease ends early,
	// too. New York does not allow it where the vehicle is not bought (Pers. Prop.
	// Law 341(1)(b)).
	MilesEarly bool `json:"miles_early,omitempty"`
	// FeeOnBuyOut charges the early termination fee also when the customer buys.
	FeeOnBuyOut bool `json:"fee_on_buy_out,omitempty"`
	// PaySurplus pays out what the vehicle brings beyond all that is owed. Without
	// it the vehicle's value pays what is owed and no more, except that the unused
	// part of a single payment comes back in any case.
	PaySurplus bool `json:"pay_surplus,omitempty"`
}

// maxMiles bounds odometers and allowances.
const maxMiles = 9_999_999

// Validate gives the first reason to refuse the terms, as a *TermsError. Terms
// that are missing are not refused here.
func (l *LeaseTerms) Validate() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	for _, a := range []struct {
		field  string
		amount money.Cents
	}{
		{"capitalized_cost", l.CapitalizedCost}, {"residual", l.Residual}, {"base_payment", l.BasePayment}, {"monthly_tax", l.MonthlyTax},
		{"cap_reduction", l.CapReduction}, {"excess_mile", l.ExcessMile}, {"security_deposit", l.SecurityDeposit},
		{"disposition_fee", l.DispositionFee}, {"purchase_option_fee", l.PurchaseFee}, {"early_termination_fee", l.EarlyTerminationFee},
	} {
		if a.amount < 0 || a.amount > money.MaxAmount {
			return bad(a.field, "must be an amount from zero")
		}
	}
	if l.ExcessMile > 100_00 {
		return bad("excess_mile", "is the charge for one mile")
	}
	for _, m := range []struct {
		field string
		miles int
	}{{"miles_per_year", l.MilesPerYear}, {"miles_purchased", l.MilesPurchased}, {"odometer", l.Odometer}} {
		if m.miles < 0 || m.miles > maxMiles {
			return bad(m.field, "must be a number of miles from zero")
		}
	}
	if l.Term < 1 || l.Term > 1200 {
		return bad("term", "must be 1 to 1200")
	}
	if l.TaxRate < 0 || l.TaxRate > money.RateScale {
		return bad("tax_rate", "must be a fraction from 0 to 1")
	}
	if l.MoneyFactor < 0 || l.MoneyFactor > money.RateScale {
		return bad("money_factor", "must be a fraction from 0 to 1")
	}
	switch l.TaxMethod {
	case "", TaxNone, TaxOnPayment, TaxUpfrontTotal, TaxUpfrontPrice, TaxCapitalised:
		return nil
	}
	return bad("tax_method", "one of none, on_payment, upfront_total, upfront_price, capitalised")
}

// Monthly is the payment of a month with its tax; of a single-pay lease the
// month's part of it, rounded half up.
func (l *LeaseTerms) Monthly() money.Cents {
	if l.SinglePay {
		return portion(l.BasePayment+l.MonthlyTax, 1, l.Term, money.HalfUp)
	}
	return l.BasePayment + l.MonthlyTax
}

// DueDate is when the payment of month n, counted from 1, is due by the lease's
// own calendar; month Term+1 would begin when the lease ends.
func (l *LeaseTerms) DueDate(n int) money.Date { return l.Start.AddMonths(n-1, l.Start.Day()) }

// End is the scheduled end, with the months that the lease was extended by.
func (l *LeaseTerms) End(extended int) money.Date { return l.DueDate(l.Term + extended + 1) }

// LeaseStanding is a lease's account on a day, as its events have made it.
type LeaseStanding struct {
	On                 money.Date
	Month              int        // months begun: those whose payment has come due, 0 to Term
	MonthFrom, MonthTo money.Date // the month that On lies in: its due date and the next
	PastDue            money.Cents
	Fees               money.Cents // late, returned and other fees unpaid
	PassThrough        money.Cents // property tax, tickets and tolls that were charged on, unpaid
	Held               money.Cents // paid ahead, or held unapplied
	Deposit            money.Cents // security deposit held
	Extended           int         // months by which the lease was extended
}

// Standing is a lease's account on a day when every payment due was made on its
// date and nothing else happened.
func (l *LeaseTerms) Standing(on money.Date) (LeaseStanding, error) {
	if err := l.dated(); err != nil {
		return LeaseStanding{}, err
	}
	if on < l.Start {
		return LeaseStanding{}, &TermsError{"on", "is before the lease began"}
	}
	y1, m1, _ := l.Start.Civil()
	y2, m2, _ := on.Civil()
	n := (y2-y1)*12 + m2 - m1 + 1
	if l.DueDate(n) > on {
		n--
	}
	return LeaseStanding{
		On: on, Month: min(n, l.Term), MonthFrom: l.DueDate(n), MonthTo: l.DueDate(n + 1), Deposit: l.SecurityDeposit,
	}, nil
}

func (l *LeaseTerms) dated() error {
	if l.Start.IsZero() {
		return &TermsError{"lease_start_date", "is needed"}
	}
	return l.Validate()
}

func (s *LeaseStanding) check(l *LeaseTerms) error {
	if err := l.Validate(); err != nil {
		return err
	}
	for _, a := range []struct {
		field  string
		amount money.Cents
	}{{"past_due", s.PastDue}, {"fees", s.Fees}, {"pass_through", s.PassThrough}, {"held", s.Held}, {"deposit", s.Deposit}} {
		if a.amount < 0 || a.amount > money.MaxAmount {
			return &TermsError{a.field, "must be an amount from zero"}
		}
	}
	if s.Month < 0 || s.Month > l.Term {
		return &TermsError{"month", "must be 0 to the term"}
	}
	if s.Extended < 0 || s.Extended > 1200 || (s.Extended > 0 && s.Month < l.Term) {
		return &TermsError{"extended", "must be a number of months after the term"}
	}
	return nil
}

// owed adds what the account owes apart from balance and end-of-lease charges,
// and given what it holds for the customer.
func (s *LeaseStanding) owed(b *because) {
	b.add("Past-due payments", s.PastDue, RulePastDue)
	b.add("Fees", s.Fees, RuleUnpaidFees)
	b.add("Taxes and charges passed on", s.PassThrough, RulePassedOn)
}

func (s *LeaseStanding) given(b *because) {
	b.add("Security deposit", -s.Deposit, RuleDepositBack)
	b.add("Money already received", -s.Held, RuleReceived)
}

func (s *LeaseStanding) account() money.Cents { return s.PastDue + s.Fees + s.PassThrough - s.Held }

func (s *LeaseStanding) settled(items []Why) LeaseSettlement {
	return LeaseSettlement{Items: items, Total: total(items), Account: s.account()}
}

// portion is amount × part / whole, rounded by name; amounts and whole positive.
func portion(amount money.Cents, part, whole int, r money.Rounding) money.Cents {
	if part <= 0 {
		return 0
	}
	return mulDiv(amount, int64(part), int64(whole), r)
}
