package contract

import (
	"errors"
	"fmt"

	"marque/internal/money"
)

// LeaseSettlement is what ends a lease: items that sum to Total. A negative
// total is a refund.
type LeaseSettlement struct {
	Items []Why
	Total money.Cents
	// Account is the part of Total that the account owed before: payments past
	// due, fees and charges passed on, less money held. The rest is what the end
	// itself charges, or, below zero, gives back.
	Account money.Cents
	// Later are the days within the quote's validity on which another payment
	// comes due, and the total from then on if it is not paid.
	Later []LeaseTotal
}

// LeaseTotal is the total of a settlement from a day on.
type LeaseTotal struct {
	On    money.Date
	Total money.Cents
}

// Due is what the customer owes, Refund what comes back: one of them is zero.
func (s *LeaseSettlement) Due() money.Cents { return max(0, s.Total) }

// Refund is the other side of Due.
func (s *LeaseSettlement) Refund() money.Cents { return max(0, -s.Total) }

// LeasePayoff asks what ends a lease before its time, or what buys the vehicle
// then or at the end. GoodThrough is the last day of the quote; zero is the
// standing's own day.
type LeasePayoff struct {
	GoodThrough  money.Date
	BuyOut       bool        // the customer buys; else the vehicle comes back
	Realized     money.Cents // returned: the price, appraisal or wholesale value credited for it
	Adjustment   money.Cents // to the depreciation taken, either sign: raises the balance when positive
	Odometer     int         // returned, under LeaseRules.MilesEarly
	QuoteFee     money.Cents
	OtherFee     money.Cents
	OfficialFees money.Cents // title and registration of a purchase
	PurchaseTax  money.Rate  // on what the purchase costs, its fee included
}

// Payoff is an early end or a purchase by the adjusted lease balance. The same
// balance, less the vehicle's value, is an early return; with the purchase fee
// and tax, a buy-out, which in the last month is the purchase at lease end for
// the residual. Returning then is Return, not this.
//
// The charge for ending early is the balance less the vehicle's value, and the
// early termination fee; LeaseRules.CapCharge limits both together.
func (l *LeaseTerms) Payoff(s LeaseStanding, p LeasePayoff) (LeaseSettlement, error) {
	bad := func(field, reason string) (LeaseSettlement, error) {
		return LeaseSettlement{}, &TermsError{field, reason}
	}
	if err := s.check(l); err != nil {
		return LeaseSettlement{}, err
	}
	if err := p.check(l); err != nil {
		return LeaseSettlement{}, err
	}
	if p.BuyOut && l.NoPurchase {
		return bad("buy_out", "the lease has no purchase option")
	}
	if !p.BuyOut && s.Month == l.Term {
		return bad("buy_out", "every payment has come due: this is a return at the end of the lease")
	}
	if p.GoodThrough != 0 && (p.GoodThrough < s.On || p.GoodThrough > s.On+366) {
		return bad("good_through", "must be within a year from the quote's date")
	}
	rows, err := l.Schedule(make([]LeaseRow, 0, l.Term))
	if err != nil {
		return LeaseSettlement{}, err
	}
	var out LeaseSettlement
	if out.Items, err = l.payoffItems(rows, s, p); err != nil {
		return LeaseSettlement{}, err
	}
	out.Total, out.Account = total(out.Items), s.account()
	if p.GoodThrough == 0 || s.MonthTo.IsZero() {
		return out, nil
	}
	for s.Month < l.Term && s.MonthTo <= p.GoodThrough {
		if !p.BuyOut && s.Month+1 == l.Term {
			return bad("good_through", "every payment will have come due by then")
		}
		s.On, s.MonthFrom, s.MonthTo = s.MonthTo, s.MonthTo, s.MonthTo.AddMonths(1, s.dueDay())
		s.Month++
		if !l.SinglePay {
			s.PastDue += l.Monthly()
		}
		items, err := l.payoffItems(rows, s, p)
		if err != nil {
			return LeaseSettlement{}, err
		}
		out.Later = append(out.Later, LeaseTotal{s.On, total(items)})
	}
	return out, nil
}

// dueDay is the day of the month that due dates keep: 31, 28, 31.
func (s *LeaseStanding) dueDay() int {
	if s.MonthTo == s.MonthTo.MonthEnd() {
		return max(s.MonthTo.Day(), s.MonthFrom.Day())
	}
	return s.MonthTo.Day()
}

func (p *LeasePayoff) check(l *LeaseTerms) error {
	for _, a := range []struct {
		field  string
		amount money.Cents
	}{{"realized_value", p.Realized}, {"quote_fee", p.QuoteFee}, {"other_fee", p.OtherFee}, {"official_fees", p.OfficialFees}} {
		if a.amount < 0 || a.amount > money.MaxAmount {
			return &TermsError{a.field, "must be an amount from zero"}
		}
	}
	if p.Adjustment > l.CapitalizedCost || p.Adjustment < -l.CapitalizedCost {
		return &TermsError{"depreciation_adjustment", "is more than the capitalized cost"}
	}
	if p.PurchaseTax < 0 || p.PurchaseTax > money.RateScale {
		return &TermsError{"purchase_tax", "must be a fraction from 0 to 1"}
	}
	if p.BuyOut && p.Realized != 0 {
		return &TermsError{"realized_value", "belongs to a vehicle that is returned"}
	}
	return nil
}

func (l *LeaseTerms) payoffItems(rows []LeaseRow, s LeaseStanding, p LeasePayoff) ([]Why, error) {
	balance := l.CapitalizedCost
	if s.Month > 0 {
		balance = rows[s.Month-1].Balance
	}
	var b because
	if s.Month == l.Term {
		b.add("Purchase price", balance, RulePurchasePrice)
	} else {
		b.add("Adjusted lease balance", balance, RuleLeaseBalance,
			Figure{"adjusted capitalized cost", l.CapitalizedCost.USD()}, Figure{"depreciation so far", (l.CapitalizedCost - balance).USD()}, Figure{"months", fmt.Sprint(s.Month)})
	}
	b.add("Adjustment of depreciation", p.Adjustment, RuleAdjustment)
	if p.BuyOut {
		l.buyOut(&b, s, p)
		return b, nil
	}
	return b, l.giveBack(&b, s, p)
}

func (l *LeaseTerms) buyOut(b *because, s LeaseStanding, p LeasePayoff) {
	price := max(0, total(*b)) + l.PurchaseFee
	b.add("Purchase option fee", l.PurchaseFee, RulePurchaseFee)
	b.add("Tax on the purchase", periodInterest(price, p.PurchaseTax, 1, money.HalfUp), RulePurchaseTax,
		Figure{"taxed", price.USD()}, Figure{"tax", p.PurchaseTax.Percent()})
	b.add("Official fees", p.OfficialFees, RuleOfficialFees)
	if l.Rules.FeeOnBuyOut && s.Month < l.Term {
		b.add("Early termination fee", l.EarlyTerminationFee, RuleEarlyFee)
	}
	s.owed(b)
	p.fees(b)
	s.given(b)
}

func (p *LeasePayoff) fees(b *because) {
	b.add("Quote fee", p.QuoteFee, RuleQuoteFee)
	b.add("Other fee", p.OtherFee, RuleOtherFee)
}

// giveBack is the early end with the vehicle returned.
func (l *LeaseTerms) giveBack(b *because, s LeaseStanding, p LeasePayoff) error {
	balance := total(*b)
	b.add("Early termination fee", l.EarlyTerminationFee, RuleEarlyFee)
	b.add("Disposition fee", l.DispositionFee, RuleDisposition)
	s.owed(b)
	p.fees(b)
	if l.Rules.MilesEarly {
		over, err := l.usage(p.Odometer, l.allowedBy(s))
		if err != nil {
			return err
		}
		*b = append(*b, over...)
	}
	credit := p.Realized
	if most := max(0, total(*b)) + l.unusedSinglePay(s); !l.Rules.PaySurplus && credit > most {
		credit = most
	}
	b.add("Value credited for the vehicle", -credit, RuleRealized, Figure{"value of the vehicle", p.Realized.USD()})
	if l.Rules.CapCharge {
		limit := l.Monthly() * money.Cents(l.Term-s.Month)
		if l.SinglePay {
			limit = 0
		}
		charge := max(0, balance+l.EarlyTerminationFee-credit)
		b.add("Limit on the charge", min(0, limit-charge), RuleChargeLimit,
			Figure{"payments still to come", limit.USD()}, Figure{"charge without the limit", charge.USD()})
	}
	s.given(b)
	return nil
}

// unusedSinglePay is the part of a single payment for the months not begun.
func (l *LeaseTerms) unusedSinglePay(s LeaseStanding) money.Cents {
	if !l.SinglePay {
		return 0
	}
	return portion(l.BasePayment+l.MonthlyTax, l.Term-s.Month, l.Term, money.HalfUp)
}

// allowedBy is the mileage allowance to the day, or by whole months when the
// lease's calendar is not known.
func (l *LeaseTerms) allowedBy(s LeaseStanding) int {
	if l.Start.IsZero() {
		return (l.Allowance(0)*s.Month + l.Term - 1) / l.Term
	}
	return l.allowed(s.On, s.Extended)
}

// LeaseReturn is the vehicle coming back at the end of the lease.
type LeaseReturn struct {
	Odometer int
	Wear     []LeaseItem // beyond the lease's standard, each with its own words
}

// Return settles a lease whose vehicle comes back at its end. Payments that had
// not yet come due are owed all the same: a lease ends a little early when the
// remaining payments are paid.
func (l *LeaseTerms) Return(s LeaseStanding, r LeaseReturn) (LeaseSettlement, error) {
	if err := s.check(l); err != nil {
		return LeaseSettlement{}, err
	}
	var b because
	if !l.SinglePay {
		b.add("Payments still to come", l.Monthly()*money.Cents(l.Term-s.Month), RulePaymentsToCome,
			Figure{"payments", fmt.Sprint(l.Term - s.Month)}, Figure{"each", l.Monthly().USD()})
	}
	s.owed(&b)
	over, err := l.usage(r.Odometer, l.Allowance(s.Extended))
	if err != nil {
		return LeaseSettlement{}, err
	}
	b = append(b, over...)
	if err := wear(&b, r.Wear); err != nil {
		return LeaseSettlement{}, err
	}
	b.add("Disposition fee", l.DispositionFee, RuleDisposition)
	s.given(&b)
	return s.settled(b), nil
}

func wear(b *because, items []LeaseItem) error {
	if len(items) > 1000 {
		return &TermsError{"wear", "more than a thousand"}
	}
	for i, w := range items {
		if w.What == "" || w.Amount <= 0 || w.Amount > money.MaxAmount {
			return &TermsError{fmt.Sprintf("wear[%d]", i), "needs words and an amount above zero"}
		}
		b.add(w.What, w.Amount, RuleWear)
	}
	return nil
}

// ErrNewDisclosures refuses an extension past six months in all for which the
// disclosures of a new lease have not been given (12 CFR 1013.5). A deferral of
// payments, with or without a fee, is no extension and never needs them.
var ErrNewDisclosures = errors.New("an extension of more than six months needs new disclosures")

// ExtensionTerms is a lease going on after its scheduled end at the same
// payment. All of it is rent: the residual stays what it was.
type ExtensionTerms struct {
	Months         int
	Payment        money.Cents // each month, tax included
	Tax            money.Cents // part of Payment
	Total          money.Cents
	Miles          int        // added to the allowance
	End            money.Date // the new end; zero when the lease's start is not known
	NewDisclosures bool       // these months and those before them are more than six
}

// Extend extends a lease by some months. Already counts the months of extension
// since disclosures were last given, month to month or otherwise; disclosed says
// that they are given now. Without them, a seventh month is ErrNewDisclosures,
// and the extension comes with the refusal.
func (l *LeaseTerms) Extend(s LeaseStanding, months, already int, disclosed bool) (ExtensionTerms, error) {
	if err := s.check(l); err != nil {
		return ExtensionTerms{}, err
	}
	if months < 1 || months > 60 {
		return ExtensionTerms{}, &TermsError{"months", "must be 1 to 60"}
	}
	if already < 0 || already > 1200 {
		return ExtensionTerms{}, &TermsError{"already", "must be a number of months"}
	}
	e := ExtensionTerms{
		Months: months, Payment: l.Monthly(), Tax: l.MonthlyTax,
		Miles:          l.Allowance(s.Extended+months) - l.Allowance(s.Extended),
		NewDisclosures: already+months > 6,
	}
	if l.SinglePay {
		e.Tax = portion(l.MonthlyTax, 1, l.Term, money.HalfUp)
	}
	e.Total = e.Payment * money.Cents(months)
	if !l.Start.IsZero() {
		e.End = l.End(s.Extended + months)
	}
	if e.NewDisclosures && !disclosed {
		return e, ErrNewDisclosures
	}
	return e, nil
}
