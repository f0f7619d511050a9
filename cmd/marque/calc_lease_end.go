package main

import (
	"encoding/json"
	"errors"

	"marque/internal/contract"
	"marque/internal/money"
)

// leaseStanding reads a lease's account on a day, named as a date or as the number of
// payments come due.
func leaseStanding(o *object, l *contract.LeaseTerms) contract.LeaseStanding {
	s := contract.LeaseStanding{Deposit: l.SecurityDeposit}
	var err error
	switch {
	case o.has("on") && o.has("after_payments"):
		o.invalid("after_payments", "give on or after_payments")
	case o.has("on"):
		if on := o.date("on"); o.fault == nil {
			s, err = l.Standing(on)
		}
	case l.Start.IsZero():
		s.Month = o.whole("after_payments", 0, l.Term)
	default:
		if n := o.whole("after_payments", 1, l.Term); o.fault == nil {
			s, err = l.Standing(l.DueDate(n))
		}
	}
	if err != nil {
		o.abandon(refuseLease(o.path, err))
	}
	s.PastDue, s.Fees, s.PassThrough, s.Held = o.cents("past_due", "0"), o.cents("fees", "0"), o.cents("pass_through", "0"), o.cents("held", "0")
	if o.has("deposit") {
		s.Deposit = o.cents("deposit")
	}
	s.Extended = o.whole("extended", 0, 1200, 0)
	return s
}

func answerEarlyTermination(o *object, l *contract.LeaseTerms, a *answer) *problem {
	s := leaseStanding(o, l)
	p := contract.LeasePayoff{Realized: o.cents("realized_value"), Odometer: o.whole("odometer", 0, 9_999_999, 0)}
	return answerPayoffOf(o, l, a, s, p)
}

func answerBuyOut(o *object, l *contract.LeaseTerms, a *answer) *problem {
	s := leaseStanding(o, l)
	p := contract.LeasePayoff{BuyOut: true, PurchaseTax: o.rate("purchase_tax", "0"), OfficialFees: o.cents("official_fees", "0")}
	return answerPayoffOf(o, l, a, s, p)
}

func answerPayoffOf(o *object, l *contract.LeaseTerms, a *answer, s contract.LeaseStanding, p contract.LeasePayoff) *problem {
	p.QuoteFee, p.OtherFee = o.cents("quote_fee", "0"), o.cents("other_fee", "0")
	p.Adjustment = signed(o, "depreciation_adjustment")
	if o.has("good_through") {
		if p.GoodThrough = o.date("good_through"); s.On.IsZero() {
			o.invalid("good_through", "needs terms.start_date")
		}
	}
	if fault := o.done(); fault != nil {
		return fault
	}
	got, err := l.Payoff(s, p)
	if err != nil {
		return refuseLease(o.path, err)
	}
	a.settlement(&got)
	return nil
}

// signed is an amount that may be less than zero; absent it is zero.
func signed(o *object, name string) money.Cents {
	text := o.str(name, "0")
	if o.fault != nil {
		return 0
	}
	c, err := money.ParseCents(text)
	if err != nil {
		o.invalid(name, err.Error())
	}
	return c
}

func answerLeaseEnd(o *object, l *contract.LeaseTerms, a *answer) *problem {
	s := leaseStanding(o, l)
	r := contract.LeaseReturn{Odometer: o.whole("odometer", 0, 9_999_999, 0), Wear: readItems(o, "wear")}
	if fault := o.done(); fault != nil {
		return fault
	}
	got, err := l.Return(s, r)
	if err != nil {
		return refuseLease(o.path, err)
	}
	a.settlement(&got)
	return nil
}

func answerServiceEnd(o *object, l *contract.LeaseTerms, a *answer) *problem {
	e := contract.ServiceReturn{Notice: o.date("notice"), Returned: o.date("returned"), Odometer: o.whole("odometer", 0, 9_999_999, 0), Wear: readItems(o, "wear")}
	var s contract.LeaseStanding
	if o.fault == nil {
		var err error
		if s, err = l.Standing(e.Ends()); err != nil {
			return refuseLease(o.path, err)
		}
	}
	s.PastDue, s.Fees, s.PassThrough, s.Held = o.cents("past_due", "0"), o.cents("fees", "0"), o.cents("pass_through", "0"), o.cents("held", "0")
	s.Extended = o.whole("extended", 0, 1200, 0)
	if fault := o.done(); fault != nil {
		return fault
	}
	got, err := l.EndForService(s, e)
	if err != nil {
		return refuseLease(o.path, err)
	}
	a.date("ends", e.Ends())
	a.date("refund_by", e.RefundBy())
	a.settlement(&got)
	return nil
}

func answerExtension(o *object, l *contract.LeaseTerms, a *answer) *problem {
	s := contract.LeaseStanding{Month: l.Term, Extended: o.whole("extended", 0, 1200, 0)}
	months, already, disclosed := o.whole("months", 1, 60), o.whole("already", 0, 1200, s.Extended), o.truth("disclosed")
	if fault := o.done(); fault != nil {
		return fault
	}
	e, err := l.Extend(s, months, already, disclosed)
	if err != nil && !errors.Is(err, contract.ErrNewDisclosures) {
		return refuseLease(o.path, err)
	}
	a.truth("allowed", err == nil)
	a.truth("new_disclosures", e.NewDisclosures)
	a.cents("payment", e.Payment)
	a.cents("total", e.Total)
	a.whole("miles", e.Miles)
	a.date("end", e.End)
	return nil
}

func answerMileage(o *object, l *contract.LeaseTerms, a *answer) *problem {
	var readings []contract.Reading
	o.each("readings", func(in *object) {
		readings = append(readings, contract.Reading{Date: in.date("date"), Miles: in.whole("odometer", 0, 9_999_999)})
	})
	extended := o.whole("extended", 0, 1200, 0)
	if fault := o.done(); fault != nil {
		return fault
	}
	m, err := l.Mileage(readings, extended)
	if err != nil {
		return refuseLease(o.path, err)
	}
	a.date("on", m.On)
	a.date("end", m.End)
	a.whole("allowance", m.Allowance)
	a.whole("purchased", m.Purchased)
	a.whole("driven", m.Driven)
	a.whole("allowed_to_date", m.Allowed)
	a.whole("over", m.Over)
	if m.Paced {
		a.whole("pace_per_year", m.PerYear)
		a.whole("allowed_per_year", m.AllowedPerYear)
		a.whole("projected", m.Projected)
		a.whole("projected_excess", m.Excess)
		a.cents("projected_charge", m.Charge)
	}
	a.open("points")
	for _, p := range m.Points {
		a.item()
		a.date("date", p.On)
		a.whole("driven", p.Driven)
		a.whole("allowed", p.Allowed)
		a.truth("projected", p.Projected)
		a.itemEnd()
	}
	a.close()
	a.why("items", m.Why)
	return nil
}

func (a *answer) settlement(s *contract.LeaseSettlement) {
	a.cents("total", s.Total)
	a.cents("due", s.Due())
	a.cents("refund", s.Refund())
	a.cents("account", s.Account)
	a.why("items", s.Items)
	if len(s.Later) == 0 {
		return
	}
	a.open("later")
	for _, t := range s.Later {
		a.item()
		a.date("date", t.On)
		a.cents("total", t.Total)
		a.itemEnd()
	}
	a.close()
}

func (a *answer) leaseRows(rows []contract.LeaseRow) {
	a.open("rows")
	for _, r := range rows {
		a.item()
		a.whole("n", r.N)
		a.cents("payment", r.Payment)
		a.cents("rent", r.Rent)
		a.cents("depreciation", r.Depreciation)
		a.cents("balance", r.Balance)
		a.cents("rent_earned", r.Earned)
		a.itemEnd()
	}
	a.close()
}

// why writes items with their reasons; figures are as they are shown.
func (a *answer) why(name string, items []contract.Why) {
	a.open(name)
	for _, w := range items {
		a.item()
		a.text("what", w.What)
		a.cents("amount", w.Amount)
		a.plain("rule", string(w.Rule))
		a.text("words", w.Rule.Words())
		a.text("clause", w.Clause)
		a.open("figures")
		for _, f := range w.Figures {
			a.item()
			a.text("name", f.Name)
			a.text("value", f.Value)
			a.itemEnd()
		}
		a.close()
		a.itemEnd()
	}
	a.close()
}

// start begins an object that is a field; itemEnd ends it.
func (a *answer) start(name string) { a.name(name); a.b = append(a.b, '{') }

func (a *answer) truth(name string, yes bool) {
	if yes {
		a.raw(name, []byte("true"))
	} else {
		a.raw(name, []byte("false"))
	}
}

// words is a string in a list.
func (a *answer) words(text string) {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("quote a string: " + err.Error()) // a string always marshals
	}
	a.comma()
	a.b = append(a.b, quoted...)
}
