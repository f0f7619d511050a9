package servicing

import (
	"context"
	"fmt"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// refundApproval is the approval of money that goes back to a card.
const refundApproval = "refund"

// RefundState is where a refund stands at the processor.
type RefundState string

// The states. A refund that failed has not reached the card, and its money is
// with us again.
const (
	RefundPending RefundState = "pending"
	RefundDone    RefundState = "done"
	RefundFailed  RefundState = "failed"
)

// AskRefund asks a second person to agree that all of a card payment goes back to
// the card. It leaves once somebody else has agreed.
func (s *Service) AskRefund(ctx context.Context, actor identity.Actor, payment PaymentID, reason string) (approval string, err error) {
	if err := s.freshDuty(actor, identity.DutyRefund); err != nil {
		return "", err
	}
	if reason, err = reasonFor(reason); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		ch, err := tx.Charge(string(payment))
		if err != nil {
			return err
		}
		c, err := tx.TakeContract(ch.ContractID, "")
		if err != nil {
			return err
		}
		if ch, err = tx.Charge(string(payment)); err != nil { // as it is now that the contract is held
			return err
		}
		p, err := tx.Payment(c.ID, ch.PaymentID)
		if err != nil {
			return err
		}
		amount := max(ch.Facts.Charged, ch.Facts.Differs)
		switch {
		case amount == 0 || ch.IntentID == "":
			return refuse("not_charged", "", "The card has not been charged, so there is nothing to give back.")
		case ch.Facts.Refunded > ch.Facts.Unrefunded:
			return refuse("refunded", "", "Money of this payment was given back already.")
		case p.State == billing.Returned:
			return refuse("disputed", "", "The payment is disputed: the card’s bank has its money. Answer the dispute at the processor.")
		}
		if err := s.dropOldAsk(tx, ch.PaymentID); err != nil {
			return err
		}
		b, err := methodOf(tx, p)
		if err != nil {
			return err
		}
		detail := fmt.Sprintf("Give %s back to the %s: payment %s of %s.", amount.USD(), describe(b), p.Confirmation, p.Date.Long())
		approval = s.ask(tx, actor, refundApproval, p.CustomerID, detail, reason)
		tx.InsertRefund(&store.Refund{ID: store.NewID(), ContractID: c.ID, PaymentID: p.ID, CustomerID: p.CustomerID, Amount: amount, ApprovalID: approval,
			Reason: reason, AskedBy: actor.String(), Created: s.clock()})
		return nil
	})
	if isConflict(err) {
		return "", refuse("refund_asked", "", "Somebody has asked for this refund already.")
	}
	return approval, err
}

// dropOldAsk ends what was asked for and not agreed to in time.
func (s *Service) dropOldAsk(tx *store.Tx, payment string) error {
	all, err := tx.RefundsOf(payment)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.State != "asked" {
			continue
		}
		a, err := tx.Approval(r.ApprovalID)
		if err != nil {
			return err
		}
		if a.Expires <= s.clock() {
			r.State = "refused"
			tx.SaveRefund(r)
		}
	}
	return nil
}

// refundDecided lets a refund leave that a second person has agreed to, or ends it.
func (s *Service) refundDecided(tx *store.Tx, a *store.Approval, by identity.Actor, agree bool) error {
	r, err := tx.RefundByApproval(a.ID)
	if err != nil {
		return err
	}
	if r.State != "asked" {
		return errChanged
	}
	if r.State = "refused"; agree {
		r.State, r.AgreedBy, r.TryAt = "agreed", by.String(), s.clock()
	}
	tx.SaveRefund(r)
	return nil
}

// takeRefund changes a refund for the system, with its contract's row held.
func (s *Service) takeRefund(ctx context.Context, actor identity.Actor, t CardTask, fn func(*store.Tx, *store.Contract, *store.Refund) error) error {
	return s.take(ctx, actor, t.Contract, func(tx *store.Tx, c *store.Contract) error {
		r, err := tx.Refund(t.ID)
		if err != nil {
			return err
		}
		if err := fn(tx, c, r); err != nil {
			return err
		}
		tx.SaveRefund(r)
		return nil
	})
}

// refundAnswers are the states of a refund in order: what was told once stays true.
var refundAnswers = map[string]int{"pending": 1, "done": 2, "failed": 3}

// RefundSeen takes note of where a refund stands: the payment is taken off the
// account when the processor has taken it, and counts again when it did not arrive.
func (s *Service) RefundSeen(ctx context.Context, actor identity.Actor, t CardTask, processorID string, state RefundState) error {
	return s.takeRefund(ctx, actor, t, func(tx *store.Tx, c *store.Contract, r *store.Refund) error {
		now := s.clock()
		if r.ProcessorID == "" {
			r.ProcessorID = processorID
		}
		if state == RefundPending {
			r.TryAt = now.Add(lookAtRefunds)
		} else {
			r.TryAt = 0
		}
		if refundAnswers[string(state)] <= refundAnswers[r.State] {
			return nil
		}
		was := r.State
		r.State = string(state)
		p, err := tx.Payment(c.ID, r.PaymentID)
		if err != nil {
			return err
		}
		ch, err := tx.Charge(p.ID)
		if err != nil {
			return err
		}
		facts := billing.CardFacts{Refunded: r.Amount}
		if state == RefundFailed {
			if facts.Unrefunded = r.Amount; was != "pending" && was != "done" {
				facts = billing.CardFacts{} // nothing ever left
			}
			day, err := today(tx)
			if err != nil {
				return err
			}
			err = s.exception(tx, day, &store.Exception{
				Once: "refund:" + r.ID, Kind: billing.CardDifference, ContractID: c.ID, PaymentID: p.ID, CustomerID: p.CustomerID, Reference: r.ProcessorID, Amount: r.Amount,
				Reason: "a refund did not reach the card: give the money back another way",
			})
			if err != nil {
				return err
			}
		}
		return s.learn(tx, c, p, ch, facts, actor)
	})
}

// lookAtRefunds is how often one that is on its way is looked at.
const lookAtRefunds = 6 * time.Hour
