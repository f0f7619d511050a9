package main

import (
	"errors"

	"marque/internal/contract"
	"marque/internal/money"
)

// leaseQuestion is a lease put together, and what is asked of it beyond its
// figures: each ask is an object of its own, nil when it is not there.
type leaseQuestion struct {
	offer                      contract.LeaseOffer
	terms                      *object
	afterPayments              int // -1: not asked
	itemise, schedule, explain bool
	asks                       []leaseAsk
}

type leaseAsk struct {
	name string
	in   *object
	run  func(*object, *contract.LeaseTerms, *answer) *problem
}

var leaseAsks = []leaseAsk{
	{name: "mileage", run: answerMileage},
	{name: "early_termination", run: answerEarlyTermination},
	{name: "buy_out", run: answerBuyOut},
	{name: "lease_end", run: answerLeaseEnd},
	{name: "extension", run: answerExtension},
	{name: "service_end", run: answerServiceEnd},
}

func answerLease(o *object, a *answer) *problem {
	ask := readLease(o)
	if fault := o.done(); fault != nil {
		return fault
	}
	d, err := ask.offer.Disclose()
	if err != nil {
		return refuse("", err)
	}
	f := d.LeaseFigures
	a.cents("adjusted_cap_cost", f.AdjustedCapCost)
	a.cents("depreciation", f.Depreciation)
	a.cents("rent_charge", f.RentCharge)
	a.cents("base_payment", f.BasePayment)
	a.cents("tax", f.Tax)
	a.cents("payment", f.Payment)
	a.cents("due_at_signing_tax", f.DueAtSigningTax)
	a.cents("total_of_payments", f.TotalOfPayments)
	if fault := ask.yield(f, a); fault != nil {
		return fault
	}
	if ask.itemise {
		a.disclosure(&d)
	}
	return ask.served(&d, a)
}

func readLease(o *object) *leaseQuestion {
	q := &leaseQuestion{afterPayments: -1}
	f := &q.offer
	f.AgreedValue, f.Capitalized, f.PriorBalance = readCost(o)
	f.Cash, f.Trade, f.Rebate = readReductions(o)
	f.Residual, f.Term, f.Price = o.cents("residual"), o.whole("term", 1, 1200), o.cents("price", "0")
	f.TaxRate, f.TaxMethod = o.rate("tax_rate", "0"), contract.TaxMethod(o.str("tax_method", string(contract.TaxNone)))
	f.Rounding = o.rounding()
	if !o.has("money_factor") {
		if f.Payment = positive(o, "payment"); f.Payment == 0 {
			o.wrong("missing_field", "money_factor", "money_factor or payment is needed")
		}
	} else {
		f.MoneyFactor = o.rate("money_factor")
		if o.has("payment") {
			o.invalid("payment", "give money_factor or payment")
		}
	}
	if o.has("after_payments") {
		q.afterPayments = o.whole("after_payments", 0, f.Term)
	}
	f.SinglePay, f.TaxReduction = o.truth("single_pay"), o.truth("tax_on_reduction")
	f.Signing, f.SecurityDeposit, f.DispositionFee = readItems(o, "signing_items"), o.cents("security_deposit", "0"), o.cents("disposition_fee", "0")
	if d := o.inside("deposits"); d != nil {
		f.Deposits = contract.SecurityDeposits{Number: d.whole("number", 1, 100), FactorCut: d.rate("factor_cut"), Step: d.cents("step", "0")}
		o.finish(d)
	}
	q.itemise, q.schedule, q.explain = o.truth("itemise"), o.truth("schedule"), o.truth("explain")
	q.terms = o.inside("terms")
	for _, ask := range leaseAsks {
		if ask.in = o.inside(ask.name); ask.in != nil {
			q.asks = append(q.asks, ask)
		}
	}
	return q
}

// readCost reads the gross cost, whole or in its parts.
func readCost(o *object) (value money.Cents, items []contract.LeaseItem, prior money.Cents) {
	items, prior = readItems(o, "capitalised_items"), o.cents("prior_balance", "0")
	if !o.has("agreed_value") && len(items) == 0 && prior == 0 {
		return o.cents("gross_cap_cost"), nil, 0
	}
	if o.has("gross_cap_cost") {
		o.invalid("gross_cap_cost", "give gross_cap_cost or its parts")
	}
	return o.cents("agreed_value"), items, prior
}

func readReductions(o *object) (cash, trade, rebate money.Cents) {
	in := o.inside("reductions")
	if in == nil {
		return o.cents("cap_reduction", "0"), 0, 0
	}
	if o.has("cap_reduction") {
		o.invalid("cap_reduction", "give cap_reduction or its parts")
	}
	cash, trade, rebate = in.cents("cash", "0"), in.cents("trade", "0"), in.cents("rebate", "0")
	o.finish(in)
	return cash, trade, rebate
}

func readItems(o *object, name string) (items []contract.LeaseItem) {
	o.each(name, func(in *object) {
		items = append(items, contract.LeaseItem{What: in.str("what"), Amount: in.cents("amount")})
	})
	return items
}

// inside is a field that is an object, or nil when it is absent.
func (o *object) inside(name string) *object {
	if !o.has(name) {
		return nil
	}
	return o.object(name)
}

// finish takes what is wrong inside an object for the whole.
func (o *object) finish(in *object) {
	if fault := in.done(); fault != nil && o.fault == nil {
		o.abandon(fault)
	}
}

// yield answers with the constant-yield figures: always when the payment is
// given, and when a balance is asked for.
func (q *leaseQuestion) yield(f contract.LeaseFigures, a *answer) *problem {
	if q.offer.Payment == 0 && q.afterPayments < 0 {
		return nil
	}
	quote, err := q.offer.Quote()
	if err != nil {
		return refuse("", err)
	}
	rate, balance, err := quote.ConstantYield(f, max(q.afterPayments, 0))
	if err != nil {
		return refuse("", err)
	}
	a.plain("implicit_rate", decimals((int64(rate)+500_000)/1_000_000, 6))
	if q.afterPayments >= 0 {
		a.cents("adjusted_lease_balance", balance)
	}
	return nil
}

func (a *answer) disclosure(d *contract.LeaseDisclosure) {
	a.cents("gross_cap_cost", d.GrossCapCost)
	a.cents("security_deposit", d.SecurityDeposit)
	a.cents("due_at_signing", d.DueAtSigning)
	a.cents("will_have_paid", d.WillHavePaid)
	a.start("items")
	a.why("cost", d.Cost)
	a.why("payment", d.Payment)
	a.why("signing", d.Signing)
	a.why("paid", d.Paid)
	a.itemEnd()
}

// served answers what is asked of the lease in life.
func (q *leaseQuestion) served(d *contract.LeaseDisclosure, a *answer) *problem {
	if q.terms == nil && len(q.asks) == 0 && !q.schedule && !q.explain {
		return nil
	}
	l, fault := readLeaseTerms(&q.offer, d, q.terms)
	if fault != nil {
		return fault
	}
	if q.schedule {
		rows, err := l.Schedule(nil)
		if err != nil {
			return refuseLease("", err)
		}
		a.leaseRows(rows)
	}
	for _, ask := range q.asks {
		a.start(ask.name)
		if fault := ask.run(ask.in, &l, a); fault != nil {
			return fault
		}
		a.itemEnd()
	}
	if q.explain {
		paragraphs, err := l.ExplainMethod()
		if err != nil {
			return refuseLease("", err)
		}
		a.open("method")
		for _, p := range paragraphs {
			a.words(p)
		}
		a.close()
	}
	return nil
}

func readLeaseTerms(offer *contract.LeaseOffer, d *contract.LeaseDisclosure, in *object) (contract.LeaseTerms, *problem) {
	l := offer.Terms(d, 0)
	if in == nil {
		return l, nil
	}
	if in.has("start_date") {
		l.Start = in.date("start_date")
	}
	l.MilesPerYear, l.MilesPurchased = in.whole("miles_per_year", 0, 1_000_000, 0), in.whole("miles_purchased", 0, 1_000_000, 0)
	l.ExcessMile, l.Odometer = in.cents("excess_mile", "0"), in.whole("odometer", 0, 9_999_999, 0)
	l.PurchaseFee, l.NoPurchase = in.cents("purchase_option_fee", "0"), in.truth("no_purchase_option")
	l.EarlyTerminationFee = in.cents("early_termination_fee", "0")
	l.Rules = contract.LeaseRules{
		CapCharge: in.truth("cap_charge"), MilesEarly: in.truth("miles_early"), FeeOnBuyOut: in.truth("fee_on_buy_out"), PaySurplus: in.truth("pay_surplus"),
	}
	if fault := in.done(); fault != nil {
		return l, fault
	}
	if err := l.Validate(); err != nil {
		return l, refuseLease("", err)
	}
	return l, nil
}

// refuseLease names the field where the question has it: what the lease's terms
// lack stands in terms or at the top, the rest under the ask's own path.
func refuseLease(path string, err error) *problem {
	var terms *contract.TermsError
	if errors.Is(err, contract.ErrAPR) {
		return &problem{"no_solution", "payment", err.Error()}
	}
	if errors.As(err, &terms) {
		switch terms.Field {
		case "lease_start_date":
			return &problem{"missing_field", "terms.start_date", terms.Reason}
		case "miles_per_year", "miles_purchased", "excess_mile":
			return &problem{"invalid_value", "terms." + terms.Field, terms.Reason}
		case "base_payment", "capitalized_cost", "term":
			path = ""
		}
	}
	return refuse(path, err)
}
