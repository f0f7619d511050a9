package contract

import "marque/internal/money"

// maxExtension is how many months a lease may be extended by, in all, without new
// disclosures (12 CFR 1013.5).
const maxExtension = 6

// Refuse gives the first reason not to let an event happen now, as an
// *EventError that names the field; nil when there is none. History is not
// judged: what was right on its day stays, even when a later reversal would
// make it wrong.
func (s *State) Refuse(t *Terms, e *Event) error {
	if err := e.Check(t); err != nil {
		return err
	}
	c := *s
	if err := c.accrue(t, e.Date); err != nil {
		return err
	}
	return c.refuse(t, e)
}

func (s *State) refuse(t *Terms, e *Event) error {
	switch e.Kind {
	case Payment:
		if !e.PrincipalOnly {
			return nil
		}
		if t.Kind == Lease {
			return e.bad("principal_only", "is for a loan")
		}
		if past, _ := s.billed(t, e.Date); past > 0 {
			return e.bad("principal_only", "is allowed only when nothing is past due")
		}
	case LateCharge, ReturnedFee:
		return s.refuseFee(t, e)
	case Waiver:
		owed := map[Bucket]money.Cents{LateFees: s.LateFees, OtherFees: s.OtherFees, Interest: s.Accrued.Round(t.Rounding)}[e.Of]
		if e.Amount > owed {
			return e.bad("amount", "is more than the %s owed", owed)
		}
	case Refund:
		if e.Amount > s.Unapplied {
			return e.bad("amount", "is more than the %s held", s.Unapplied)
		}
	case Sale:
		if !s.Repossessed {
			return e.bad("kind", "a sale follows a repossession")
		}
	case HoldEnds:
		if (e.Hold == Bankruptcy && !s.Bankruptcy) || (e.Hold == CeaseContact && !s.CeaseContact) {
			return e.bad("hold", "there is no such hold")
		}
	default:
		return s.refuseChange(t, e)
	}
	return nil
}

func (s *State) refuseChange(t *Terms, e *Event) error {
	switch e.Kind {
	case Reversal, HoldBegins, TotalLoss, Repossession, OtherCharge, Odometer:
		if e.Kind == Odometer && e.Miles < s.Odometer.Miles {
			return e.bad("miles", "is less than the %d read on %s", s.Odometer.Miles, s.Odometer.Date)
		}
		return nil
	}
	if s.IsChargedOff {
		return e.bad("kind", "the account has been charged off")
	}
	if s.Owed(t) == 0 && e.Kind != LeaseEnd && e.Kind != LeaseExtension {
		return e.bad("kind", "nothing is owed any more")
	}
	switch e.Kind {
	case Service:
		if s.Service != nil {
			return e.bad("kind", "the rate is capped already since %s", s.Service.Since)
		}
	case ServiceEnd:
		if s.Service == nil {
			return e.bad("kind", "no cap is in force")
		}
	case DueDateChange, Deferral, ReAge:
		return s.refuseMove(t, e)
	case Modification:
		if n := s.Paid(); n > 0 && !e.FirstDue.IsZero() && e.FirstDue <= s.DueDate(t, n) {
			return e.bad("first_due_date", "must be after %s, the due date of the last instalment paid", s.DueDate(t, n))
		}
	case LeaseEnd, LeaseExtension:
		if s.Ended {
			return e.bad("kind", "the lease has ended")
		}
		if e.Kind == LeaseExtension && s.Extended+e.Months > maxExtension && !e.Disclosed {
			return e.bad("disclosed", "an extension of more than %d months in all needs new disclosures (12 CFR 1013.5)", maxExtension)
		}
	}
	return nil
}

func (s *State) refuseMove(t *Terms, e *Event) error {
	if e.Instalment > s.Payments {
		return e.bad("instalment", "the contract has %d", s.Payments)
	}
	if e.Instalment > 0 && e.Instalment <= s.Paid() {
		return e.bad("instalment", "%d is paid", e.Instalment)
	}
	if s.Accelerated != 0 {
		return e.bad("kind", "all of it is due since %s", s.Accelerated)
	}
	if e.Kind != DueDateChange {
		return nil
	}
	if past, _ := s.billed(t, e.Date); past > 0 {
		return e.bad("kind", "the due date can be changed when nothing is past due")
	}
	if s.nextDue(t, e.Date) >= s.Payments {
		return e.bad("kind", "the last payment's due date stays")
	}
	return nil
}

// refuseFee holds a fee against the law of the contract's state and against the
// rules that hold everywhere. A late fee that names no instalment is judged by
// the law only where the contract names its state, for the oldest one unpaid.
func (s *State) refuseFee(t *Terms, e *Event) error {
	law, err := t.FeeLaw()
	if err != nil {
		return e.bad("kind", "%s", err)
	}
	if e.Kind == LateCharge && s.Service != nil {
		return e.bad("kind", "no late fee beside interest capped for military service (50 USC 3937)")
	}
	c, judged := s.lateCharge(t, e)
	if e.Kind == LateCharge && !judged && t.FeeState == "" {
		return nil
	}
	if e.Instalment > s.Payments {
		return e.bad("instalment", "the contract has %d", s.Payments)
	}
	if err := law.Refuse(c); err != nil {
		return e.bad("amount", "%s", err)
	}
	return nil
}

// lateCharge is the charge that a fee event asks for; whether it is about a
// named instalment, or about a debt that was called.
func (s *State) lateCharge(t *Terms, e *Event) (c Charge, judged bool) {
	n := e.Instalment
	if n == 0 {
		n = min(s.Paid()+1, s.Payments)
	}
	called := s.Accelerated != 0 || s.Repossessed || s.IsChargedOff
	return Charge{
		Kind: e.Kind, Amount: e.Amount, Instalment: s.PaymentOf(n), Unpaid: min(s.PaymentOf(n), s.Asked(n)-s.Credited, s.Principal+s.taxLeft(t)+s.Accrued.Round(t.Rounding)),
		DaysLate: int(e.Date - s.DueDate(t, n)), FeesTook: s.FeesAhead, Charged: n <= s.LateThrough, Accelerated: called,
	}, e.Instalment > 0 || called
}
