package contract

import "marque/internal/money"

// till hands a payment's money out, bucket by bucket, and notes each step when
// somebody wants to know why.
type till struct {
	left money.Cents
	why  *recorder
}

// take gives what is wanted or what is left of the money.
func (p *till) take(bucket Bucket, rule Rule, want money.Cents) money.Cents {
	got := max(0, min(p.left, want))
	if p.why != nil && want > 0 {
		p.why.step(bucket, rule, want, got, p.left)
	}
	p.left -= got
	return got
}

// pay runs the waterfall. Money first goes through the contract's order, with
// principal limited to what the instalments billed by then still ask for; what
// is left after fees reduces principal further; what is left after that is held
// unapplied.
//
// Billed are the instalments whose due date has passed and the next one. Money
// that clears what is past due but cannot pay the next one whole goes to fees
// before it. Extra chooses otherwise: see the choices.
func (s *State) pay(t *Terms, e *Event, why *recorder) (Allocation, error) {
	if why != nil {
		if err := why.interest(s, t, e.Date); err != nil {
			return Allocation{}, err
		}
	}
	if err := s.accrue(t, e.Date); err != nil {
		return Allocation{}, err
	}
	owed := s.Accrued.Round(t.Rounding)
	p := &till{left: e.Amount, why: why}
	var a Allocation
	credited, paid := money.Cents(0), s.Paid()
	switch past, next := s.billed(t, e.Date); {
	case s.IsChargedOff:
		s.recoverLoss(p, &a)
		s.Sold = s.Sold || e.Kind == Sale
	case e.Kind == Sale:
		credited = s.proceeds(t, p, &a)
	case e.PrincipalOnly && past <= 0 && t.Kind == Loan:
		a.Principal = p.take(Principal, RulePrincipalOnly, s.Principal)
		a.Interest = p.take(Interest, RuleAccrued, s.Accrued.Round(t.Rounding))
		s.takeFees(p, &a)
	default:
		credited = s.waterfall(t, p, &a, s.choice(t, e), e.Amount, owed, past, next)
	}
	a.Unapplied = p.left
	if why != nil && p.left > 0 {
		why.step("unapplied", RuleHeld, p.left, p.left, p.left)
	}

	if a.Interest == owed && !t.CarryFraction {
		s.Accrued = money.Interest{} // as settle would, which is asked for less
	} else {
		s.settle(t, a.Interest)
	}
	s.Principal -= a.Principal
	s.LateFees -= a.LateFee
	s.OtherFees -= a.OtherFee
	s.TaxPaid += a.Tax
	s.Unapplied += a.Unapplied
	s.InterestPaid += a.Interest
	if s.Credited += credited; s.Paid() > paid {
		s.FeesAhead = 0
	}
	s.FeesAhead += a.LateFee + a.OtherFee
	s.forgiveRest(t, e, &a, why)
	return a, nil
}

// choice is what becomes of extra money. A lease has no principal to reduce; an
// insurer's money and money meant for principal pay no instalment ahead.
func (s *State) choice(t *Terms, e *Event) Extra {
	switch {
	case t.Kind == Lease:
		return Prepay
	case e.Source == FromInsurer, e.PrincipalOnly: // the latter when something is past due after all
		return Reduce
	case e.Extra != "":
		return e.Extra
	case t.Extra != "":
		return t.Extra
	}
	return Prepay
}

// waterfall applies money in the contract's order and gives what of it counts
// towards instalments.
func (s *State) waterfall(t *Terms, p *till, a *Allocation, extra Extra, amount, interest, past, next money.Cents) (credited money.Cents) {
	all := s.Principal + s.taxLeft(t)
	billed := next
	if extra == PayFees || (past > 0 && amount < next) {
		billed = past
	}
	if p.why != nil {
		p.why.billed(s, t, billed == next)
	}
	billed = max(0, min(billed-interest, all))
	rent := money.Cents(0) // principal, with a lease's tax in it
	for _, b := range t.Application {
		switch b {
		case Interest:
			a.Interest = p.take(Interest, RuleAccrued, interest)
		case Principal:
			rent = p.take(Principal, RuleBilled, billed)
		case LateFees:
			if extra != Reduce {
				a.LateFee = p.take(LateFees, RuleFees, s.LateFees)
			}
		case OtherFees:
			if extra != Reduce {
				a.OtherFee = p.take(OtherFees, RuleFees, s.OtherFees)
			}
		}
	}
	credited = a.Interest + rent
	rule := RuleAhead
	if extra == Reduce {
		rule, credited = RuleReduce, min(credited, max(0, next)) // nor does its interest pay a later instalment
	}
	further := p.take(Principal, rule, all-rent)
	if rent += further; extra != Reduce {
		credited += further
	}
	s.takeFees(p, a)
	a.Tax = s.taxIn(t, rent)
	a.Principal = rent - a.Tax
	return credited
}

func (s *State) takeFees(p *till, a *Allocation) {
	a.LateFee += p.take(LateFees, RuleFees, s.LateFees-a.LateFee)
	a.OtherFee += p.take(OtherFees, RuleFees, s.OtherFees-a.OtherFee)
}

// proceeds applies the price of a repossessed vehicle: its costs, which stand
// among the other fees, then the debt (UCC 9-615).
//
// What goes to a lease's rentals counts for them, so that their tax is told apart.
func (s *State) proceeds(t *Terms, p *till, a *Allocation) (credited money.Cents) {
	a.OtherFee = p.take(OtherFees, RuleProceeds, s.OtherFees)
	a.Interest = p.take(Interest, RuleProceeds, s.Accrued.Round(t.Rounding))
	rent := p.take(Principal, RuleProceeds, s.Principal+s.taxLeft(t))
	a.Tax = s.taxIn(t, rent)
	a.Principal = rent - a.Tax
	a.LateFee = p.take(LateFees, RuleProceeds, s.LateFees)
	s.Sold = true
	if t.Kind == Lease {
		credited = rent
	}
	return credited
}

// recoverLoss applies money to a balance that was charged off.
func (s *State) recoverLoss(p *till, a *Allocation) {
	a.Recovered = p.take("recovered", RuleRecovered, s.ChargedOff+s.ChargedInterest)
	book := min(a.Recovered, s.ChargedOff)
	s.ChargedOff -= book
	s.ChargedInterest -= a.Recovered - book
	s.takeFees(p, a)
}

// forgiveRest closes an account of which no more than the contract's tolerance
// is left, or that was paid what a quote in force asked for.
func (s *State) forgiveRest(t *Terms, e *Event, a *Allocation, why *recorder) {
	if s.Quote == nil && s.Principal > t.CloseTolerance {
		return
	}
	rest, rule := s.Owed(t), RuleTolerance
	if rest == 0 || s.IsChargedOff {
		return
	}
	if rest > t.CloseTolerance {
		if rule = RuleQuoted; !s.quoteMet(t, e) {
			return
		}
	}
	tax := s.taxLeft(t)
	forgiven := Allocation{
		Principal: s.Principal, LateFee: s.LateFees, OtherFee: s.OtherFees, Tax: tax, Forgiven: s.Principal + s.LateFees + s.OtherFees + tax,
		InterestForgiven: s.Accrued.Round(t.Rounding),
	}
	if why != nil {
		why.step("forgiven", rule, rest, rest, 0)
	}
	*a = a.Plus(forgiven)
	s.Principal, s.LateFees, s.OtherFees, s.Accrued = 0, 0, 0, money.Interest{}
	s.TaxPaid += tax
}

// billed is what instalments ask for on a date and have not had: those whose due
// date has passed, and those with the next, which may be due that day.
func (s *State) billed(t *Terms, on money.Date) (past, next money.Cents) {
	if s.Accelerated != 0 || s.Ended || s.Sold {
		return money.MaxAmount, money.MaxAmount
	}
	n := s.DueThrough(t, on-1)
	ask := func(n int) money.Cents {
		if n >= s.Payments {
			return money.MaxAmount // the last instalment is whatever is left
		}
		return max(0, s.Asked(n)-s.Credited)
	}
	return ask(n), ask(n + 1)
}

// taxLeft is the tax of the rentals still to come: of none after a charge-off.
func (s *State) taxLeft(t *Terms) money.Cents {
	if s.IsChargedOff {
		return 0
	}
	return max(0, t.Tax*money.Cents(s.Payments)-s.TaxPaid)
}

// taxIn is the tax in money that goes to rentals: each rental's own part of it
// is paid before its tax.
func (s *State) taxIn(t *Terms, rent money.Cents) money.Cents {
	if t.Tax == 0 {
		return 0
	}
	upTo := func(credited money.Cents) money.Cents {
		over := credited % t.Payment
		return credited/t.Payment*t.Tax + max(0, over-(t.Payment-t.Tax))
	}
	tax := upTo(s.Credited+rent) - upTo(s.Credited)
	return min(max(tax, rent-s.Principal), s.taxLeft(t))
}
