package contract

import (
	"fmt"

	"marque/internal/money"
)

// LeaseItem is a named amount: a fee, a product, a wear charge.
type LeaseItem struct {
	What   string
	Amount money.Cents
}

// LeaseOffer is a lease as it is put together at the dealer's desk: what goes
// into the cost, what reduces it, and what is paid at signing. Payments are in
// advance: the first is due at signing.
type LeaseOffer struct {
	AgreedValue         money.Cents // of the vehicle
	Capitalized         []LeaseItem // fees and products paid for over the lease
	PriorBalance        money.Cents // of an earlier loan or lease
	Cash, Trade, Rebate money.Cents // the capitalized cost reduction; a trade that is worth less than its debt is PriorBalance

	Residual     money.Cents
	Term         int
	MoneyFactor  money.Rate
	Payment      money.Cents // instead of the factor, as in LeaseQuote
	SinglePay    bool
	Price        money.Cents // for the taxes on the price
	TaxRate      money.Rate
	TaxMethod    TaxMethod
	TaxReduction bool
	Rounding     money.Rounding

	Signing         []LeaseItem // fees paid at signing and not capitalized: title, registration
	SecurityDeposit money.Cents
	DispositionFee  money.Cents // due at the end, part of the total of payments
	Deposits        SecurityDeposits
}

// SecurityDeposits are several deposits in place of one: a lender's program that
// lowers the money factor for each. Each is the base payment rounded up to a
// multiple of Step.
type SecurityDeposits struct {
	Number    int
	FactorCut money.Rate // off the money factor, for each
	Step      money.Cents
}

// LeaseDisclosure is what 12 CFR 1013.4 (b), (c), (e) and (f) ask to be shown,
// each amount with its reason. Cost sums to GrossCapCost; Signing and Paid each
// sum to DueAtSigning.
type LeaseDisclosure struct {
	LeaseFigures
	GrossCapCost, CapReduction money.Cents
	SecurityDeposit            money.Cents
	DueAtSigning               money.Cents // 1013.4(b)
	WillHavePaid               money.Cents // 1013.4(e): the total of payments by the end of the lease
	Cost                       []Why       // gross capitalized cost, itemized on request (1013.4(f)(1))
	Payment                    []Why       // how the payment is found, in the order of 1013.4(f)
	Signing                    []Why       // amount due at lease signing or delivery
	Paid                       []Why       // how it will be paid
}

// Quote is the arithmetic of the offer: sums made, deposits' factor cut applied.
func (o *LeaseOffer) Quote() (LeaseQuote, error) {
	bad := func(field, reason string) (LeaseQuote, error) { return LeaseQuote{}, &TermsError{field, reason} }
	fields := []struct {
		field  string
		amount money.Cents
	}{
		{"agreed_value", o.AgreedValue}, {"prior_balance", o.PriorBalance}, {"reductions.cash", o.Cash}, {"reductions.trade", o.Trade},
		{"reductions.rebate", o.Rebate}, {"security_deposit", o.SecurityDeposit}, {"disposition_fee", o.DispositionFee}, {"deposits.step", o.Deposits.Step},
	}
	gross := o.AgreedValue + o.PriorBalance
	for _, list := range []struct {
		field string
		items []LeaseItem
	}{{"capitalised_items", o.Capitalized}, {"signing_items", o.Signing}} {
		if len(list.items) > 100 {
			return bad(list.field, "more than a hundred")
		}
		for i, item := range list.items {
			at := fmt.Sprintf("%s[%d].", list.field, i)
			if item.What == "" {
				return bad(at+"what", "is needed")
			}
			fields = append(fields, struct {
				field  string
				amount money.Cents
			}{at + "amount", item.Amount})
		}
	}
	for _, f := range fields {
		if f.amount < 0 || f.amount > money.MaxAmount {
			return bad(f.field, "must be an amount from zero")
		}
	}
	for _, item := range o.Capitalized {
		gross += item.Amount
	}
	d := o.Deposits
	if d.Number < 0 || d.Number > 100 {
		return bad("deposits.number", "must be 0 to 100")
	}
	if d.Number > 0 && o.SecurityDeposit > 0 {
		return bad("security_deposit", "give security_deposit or deposits")
	}
	cut := money.Rate(d.Number) * d.FactorCut
	if d.FactorCut < 0 || d.FactorCut > money.RateScale || cut > o.MoneyFactor {
		return bad("deposits.factor_cut", "is more than the money factor in all")
	}
	return LeaseQuote{
		GrossCapCost: gross, CapReduction: o.Cash + o.Trade + o.Rebate, Residual: o.Residual, Price: o.Price, Term: o.Term,
		MoneyFactor: o.MoneyFactor - cut, Payment: o.Payment, SinglePay: o.SinglePay,
		TaxRate: o.TaxRate, TaxMethod: o.TaxMethod, TaxReduction: o.TaxReduction, Rounding: o.Rounding,
	}, nil
}

// deposit is what is held for the offer: the one deposit, or the several.
func (o *LeaseOffer) deposit(base money.Cents) money.Cents {
	if o.Deposits.Number == 0 {
		return o.SecurityDeposit
	}
	if step := o.Deposits.Step; step > 0 {
		base = (base + step - 1) / step * step
	}
	return base * money.Cents(o.Deposits.Number)
}

// Disclose works the offer out and itemizes it. Errors are *TermsError.
func (o *LeaseOffer) Disclose() (LeaseDisclosure, error) {
	q, err := o.Quote()
	if err != nil {
		return LeaseDisclosure{}, err
	}
	f, err := q.Figures()
	if err != nil {
		return LeaseDisclosure{}, err
	}
	d := LeaseDisclosure{LeaseFigures: f, GrossCapCost: q.GrossCapCost, CapReduction: q.CapReduction, SecurityDeposit: o.deposit(f.BasePayment)}
	if d.SecurityDeposit > money.MaxAmount {
		return LeaseDisclosure{}, &TermsError{"deposits.step", "the deposits would be out of range"}
	}
	d.Cost = o.costWords()
	d.Payment = d.paymentWords(&q)
	d.Signing = o.signingWords(&d)
	d.DueAtSigning = total(d.Signing)
	d.Paid = o.paidWords(d.DueAtSigning)
	d.WillHavePaid = d.DueAtSigning - d.SecurityDeposit + f.TotalOfPayments - f.Payment + o.DispositionFee
	return d, nil
}

func (o *LeaseOffer) costWords() []Why {
	var b because
	b.add("Agreed value of the vehicle", o.AgreedValue, RuleAgreedValue)
	for _, item := range o.Capitalized {
		b.add(item.What, item.Amount, RuleCapitalizedItem)
	}
	b.add("Balance of an earlier loan or lease", o.PriorBalance, RulePriorBalance)
	return b
}

// paymentWords is the progression of 1013.4(f). It speaks of the rent charge and
// never of a yearly cost in percent (1013.4(s)).
func (d *LeaseDisclosure) paymentWords(q *LeaseQuote) []Why {
	months := Figure{"months", fmt.Sprint(q.Term)}
	payments := Figure{"payments", fmt.Sprint(q.payments())}
	var b because
	b.add("Gross capitalized cost", d.GrossCapCost, RuleGrossCost)
	b.add("Capitalized cost reduction", -d.CapReduction, RuleReduction)
	if taxed := d.AdjustedCapCost - d.GrossCapCost + d.CapReduction; taxed != 0 {
		b.add("Tax added to the cost", taxed, RuleTaxInCost, Figure{"tax", q.TaxRate.Percent()})
	}
	b.add("Adjusted capitalized cost", d.AdjustedCapCost, RuleAdjustedCost)
	b.add("Residual value", -q.Residual, RuleResidual)
	b.add("Depreciation", d.Depreciation, RuleDepreciation)
	if q.Payment > 0 {
		b.add("Rent charge", d.RentCharge, RuleRentByPayments, payments)
	} else {
		b.add("Rent charge", d.RentCharge, RuleRentByFactor,
			Figure{"cost plus residual", (d.AdjustedCapCost + q.Residual).USD()}, Figure{"money factor", q.MoneyFactor.String()}, months)
	}
	b.add("Total of base payments", d.Depreciation+d.RentCharge, RuleTotalBase)
	b.add("Base payment", d.BasePayment, RuleBasePayment, payments)
	b.add("Tax on each payment", d.Tax, RulePaymentTax, Figure{"tax", q.TaxRate.Percent()})
	what := "Monthly payment"
	if q.SinglePay {
		what = "Single payment"
	}
	b.add(what, d.LeaseFigures.Payment, RuleWholePayment)
	return b
}

func (o *LeaseOffer) signingWords(d *LeaseDisclosure) []Why {
	var b because
	b.add("Capitalized cost reduction", d.CapReduction, RuleSigningReduction)
	first := "First monthly payment"
	if o.SinglePay {
		first = "Single payment"
	}
	b.add(first, d.LeaseFigures.Payment, RuleSigningPayment)
	b.add("Refundable security deposit", d.SecurityDeposit, RuleSigningDeposit)
	b.add("Tax at signing", d.DueAtSigningTax, RuleSigningTax, Figure{"tax", o.TaxRate.Percent()})
	for _, item := range o.Signing {
		b.add(item.What, item.Amount, RuleSigningItem)
	}
	return b
}

func (o *LeaseOffer) paidWords(due money.Cents) []Why {
	var b because
	b.add("Net trade-in allowance", o.Trade, RuleTradeIn)
	b.add("Rebates and noncash credits", o.Rebate, RuleRebates)
	b.add("Amount to be paid in cash", due-o.Trade-o.Rebate, RuleCash)
	return b
}

// Terms are what is kept of the offer for servicing. Miles, odometer and the
// fees of the lease's end are for the caller to add.
func (o *LeaseOffer) Terms(d *LeaseDisclosure, signed money.Date) LeaseTerms {
	return LeaseTerms{
		CapitalizedCost: d.AdjustedCapCost, Residual: o.Residual, Term: o.Term, Start: signed,
		BasePayment: d.BasePayment, MonthlyTax: d.Tax, TaxMethod: o.TaxMethod, TaxRate: o.TaxRate,
		MoneyFactor: o.MoneyFactor - money.Rate(o.Deposits.Number)*o.Deposits.FactorCut, SinglePay: o.SinglePay,
		CapReduction: o.Cash + o.Trade, SecurityDeposit: d.SecurityDeposit, DispositionFee: o.DispositionFee,
	}
}
