package contract_test

import (
	"encoding/json"
	"errors"
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

// Whatever is refused is refused by name.
func TestLeaseTermsAreRefusedByName(t *testing.T) {
	for field, change := range map[string]func(*contract.LeaseTerms){
		"residual":         func(l *contract.LeaseTerms) { l.Residual = -1 },
		"disposition_fee":  func(l *contract.LeaseTerms) { l.DispositionFee = money.MaxAmount + 1 },
		"excess_mile":      func(l *contract.LeaseTerms) { l.ExcessMile = 100_01 },
		"miles_per_year":   func(l *contract.LeaseTerms) { l.MilesPerYear = -1 },
		"odometer":         func(l *contract.LeaseTerms) { l.Odometer = 10_000_000 },
		"term":             func(l *contract.LeaseTerms) { l.Term = 0 },
		"tax_rate":         func(l *contract.LeaseTerms) { l.TaxRate = money.RateScale + 1 },
		"money_factor":     func(l *contract.LeaseTerms) { l.MoneyFactor = -1 },
		"tax_method":       func(l *contract.LeaseTerms) { l.TaxMethod = "sometimes" },
		"capitalized_cost": func(l *contract.LeaseTerms) { l.CapitalizedCost = 0 },
		"base_payment":     func(l *contract.LeaseTerms) { l.BasePayment = 100_00 },
	} {
		l := fed()
		change(&l)
		_, err := l.Schedule(nil)
		named(t, err, field)
	}
	l := fed()
	l.BasePayment = 0
	_, err := l.AfterMonths(1)
	named(t, err, "base_payment")
	l = fed()
	_, err = l.AfterMonths(49)
	named(t, err, "month")
	_, err = l.BalanceOn(date("2026-01-30"))
	named(t, err, "on")
	if row, err := l.AfterMonths(0); err != nil || row.Balance != 18_800_00 {
		t.Errorf("at signing %s, %v", row.Balance, err)
	}
	l.Start = 0
	_, err = l.Mileage([]contract.Reading{{Date: date("2027-01-30")}}, 0)
	named(t, err, "lease_start_date")
	l = fed()
	l.CapitalizedCost, l.BasePayment = 244_69, 244_69
	if _, err := l.Schedule(nil); !errors.Is(err, contract.ErrAPR) {
		t.Errorf("a first payment of the whole cost: %v", err)
	}
	l = contract.LeaseTerms{CapitalizedCost: 100_000_00, Residual: 90_000_00, Term: 600, BasePayment: 10_000_00}
	_, err = l.Schedule(nil)
	named(t, err, "term")
}

func named(t *testing.T, err error, field string) {
	t.Helper()
	var terms *contract.TermsError
	if !errors.As(err, &terms) || terms.Field != field {
		t.Errorf("%v does not name %s", err, field)
	}
}

func TestLeaseQuotesAreRefusedByName(t *testing.T) {
	for field, change := range map[string]func(*contract.LeaseOffer){
		"agreed_value":                func(o *contract.LeaseOffer) { o.AgreedValue = -1 },
		"capitalised_items[0].amount": func(o *contract.LeaseOffer) { o.Capitalized[0].Amount = -1 },
		"signing_items[1].what":       func(o *contract.LeaseOffer) { o.Signing[1].What = "" },
		"gross_cap_cost":              func(o *contract.LeaseOffer) { o.PriorBalance = money.MaxAmount },
		"cap_reduction":               func(o *contract.LeaseOffer) { o.Cash = 40_000_00 },
		"residual":                    func(o *contract.LeaseOffer) { o.Residual = 90_000_00 },
		"term":                        func(o *contract.LeaseOffer) { o.Term = 1201 },
		"money_factor":                func(o *contract.LeaseOffer) { o.MoneyFactor = 2 * money.RateScale },
		"tax_rate":                    func(o *contract.LeaseOffer) { o.TaxRate = -1 },
		"tax_method":                  func(o *contract.LeaseOffer) { o.TaxMethod = "" },
		"price":                       func(o *contract.LeaseOffer) { o.TaxMethod = contract.TaxUpfrontPrice },
		"tax_on_reduction":            func(o *contract.LeaseOffer) { o.TaxMethod, o.TaxReduction = contract.TaxNone, true },
		"rounding":                    func(o *contract.LeaseOffer) { o.Rounding = "down" },
		"payment":                     func(o *contract.LeaseOffer) { o.MoneyFactor, o.Payment = 0, 100_00 },
		"deposits.number":             func(o *contract.LeaseOffer) { o.Deposits.Number = -1 },
		"security_deposit":            func(o *contract.LeaseOffer) { o.Deposits.Number = 2 },
	} {
		o := offer()
		change(&o)
		_, err := o.Disclose()
		named(t, err, field)
	}
}

func TestLeaseEndsAreRefusedByName(t *testing.T) {
	l := fed()
	s := standing(t, l, "2027-01-10")
	payoff := func(field string, s contract.LeaseStanding, p contract.LeasePayoff) {
		t.Helper()
		_, err := l.Payoff(s, p)
		named(t, err, field)
	}
	payoff("realized_value", s, contract.LeasePayoff{BuyOut: true, Realized: 1})
	payoff("quote_fee", s, contract.LeasePayoff{QuoteFee: -1})
	payoff("depreciation_adjustment", s, contract.LeasePayoff{Adjustment: 19_000_00})
	payoff("purchase_tax", s, contract.LeasePayoff{BuyOut: true, PurchaseTax: -1})
	payoff("good_through", s, contract.LeasePayoff{GoodThrough: s.On - 1})
	payoff("good_through", standing(t, l, "2029-12-01"), contract.LeasePayoff{GoodThrough: date("2029-12-31")})
	payoff("buy_out", standing(t, l, "2030-01-01"), contract.LeasePayoff{})
	for field, change := range map[string]func(*contract.LeaseStanding){
		"past_due": func(s *contract.LeaseStanding) { s.PastDue = -1 },
		"month":    func(s *contract.LeaseStanding) { s.Month = 49 },
		"extended": func(s *contract.LeaseStanding) { s.Extended = 1 },
	} {
		s := s
		change(&s)
		payoff(field, s, contract.LeasePayoff{})
	}
	_, err := l.Return(s, contract.LeaseReturn{Odometer: 12, Wear: []contract.LeaseItem{{"", 1}}})
	named(t, err, "wear[0]")
	_, err = l.Extend(s, 0, 0, false)
	named(t, err, "months")
	for field, e := range map[string]contract.ServiceReturn{
		"notice":   {Notice: date("2025-01-01"), Returned: s.On},
		"returned": {Notice: s.On - 16, Returned: s.On},
		"on":       {Notice: s.On, Returned: s.On - 1},
	} {
		if field == "on" {
			e.Notice++
		}
		_, err := l.EndForService(s, e)
		named(t, err, field)
	}
}

// A lease kept before these terms existed reads as it did.
func TestOldLeaseTermsReadBack(t *testing.T) {
	old := `{"capitalized_cost":"31500.00","residual":"18900.00","term":36,"miles_per_year":12000}`
	var l contract.LeaseTerms
	if err := json.Unmarshal([]byte(old), &l); err != nil || l != (contract.LeaseTerms{CapitalizedCost: 31_500_00, Residual: 18_900_00, Term: 36, MilesPerYear: 12_000}) {
		t.Errorf("%+v %v", l, err)
	}
	if text, err := json.Marshal(l); err != nil || string(text) != old {
		t.Errorf("%s %v", text, err)
	}
	l = fed()
	l.Rules.CapCharge, l.TaxMethod, l.TaxRate = true, contract.TaxOnPayment, rate("0.0725")
	text, err := json.Marshal(l)
	var back contract.LeaseTerms
	if err != nil || json.Unmarshal(text, &back) != nil || back != l {
		t.Errorf("%s %v", text, err)
	}
}
