package servicing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// reversalApproval is what one member of staff asks another to agree to: that a
// debit that should never have been sent goes back.
const reversalApproval = "reversal"

// ReversalReasons are the only ones for which an entry may be reversed (Nacha
// Operating Rules, subsection 2.9). That somebody has thought better of it is none.
var ReversalReasons = []Choice{
	{"duplicate", "The same payment was sent twice"},
	{"amount", "The amount was not what was authorized"},
	{"receiver", "It was drawn from somebody else's account"},
	{"date", "It was sent earlier than authorized"},
}

// ReversalRequest asks that a debit go back to its customer.
type ReversalRequest struct {
	Contract ContractID
	Payment  PaymentID
	Why      string // of ReversalReasons
	Reason   string // what happened, in the words of who asks
}

// Reversible is a payment that may be reversed, and until when.
type Reversible struct {
	Payment  Payment
	Customer identity.CustomerID
	By       money.Date // the last day on which the file may be cut
}

// ReadReversible shows staff a payment and until when its reversal is in time.
func (s *Service) ReadReversible(ctx context.Context, actor identity.Actor, id ContractID, payment PaymentID) (out Reversible, err error) {
	if err := duty(actor, identity.DutyReverse); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		p, entry, err := s.reversible(tx, id, payment)
		if err != nil {
			return err
		}
		out.Customer, out.By = identity.CustomerID(p.CustomerID), entry.Effective.AddBankingDays(billing.ReversalDays-1)
		out.Payment, err = s.payment(tx, p, identity.System("reversal"))
		return err
	})
	return out, err
}

// AskReversal asks a second person to agree that an erroneous debit is reversed:
// a credit of the same amount goes to the same bank account with the next file,
// and the payment comes off the account.
func (s *Service) AskReversal(ctx context.Context, actor identity.Actor, req ReversalRequest) (approval string, err error) {
	if err := duty(actor, identity.DutyReverse); err != nil {
		return "", err
	}
	if _, known := chosen(ReversalReasons, []string{req.Why}); !known {
		return "", refuse("why", "why", "Choose what was wrong with the payment.")
	}
	reason, err := reasonFor(req.Reason)
	if err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		p, _, err := s.reversible(tx, req.Contract, req.Payment)
		if err != nil {
			return err
		}
		approval = s.ask(tx, actor, reversalApproval, p.CustomerID, strings.Join([]string{"payment", p.ContractID, p.ID, req.Why}, ":"), reason)
		return nil
	})
	return approval, err
}

// reversible is a payment with the entry that drew it, if a reversal that goes
// with the next file is in time.
func (s *Service) reversible(tx *store.Tx, id ContractID, payment PaymentID) (*store.Payment, *store.ACHEntry, error) {
	p, err := tx.Payment(string(id), string(payment))
	if err != nil {
		return nil, nil, err
	}
	if p.Rail != billing.ACH || !p.Rail.MayBecome(p.State, billing.Reversed) {
		return nil, nil, refuse("not_reversible", "", "Only a payment that was sent to the bank and has not come back can be reversed.")
	}
	entry, err := debitOf(tx, p)
	if err != nil {
		return nil, nil, err
	}
	on, err := today(tx)
	if err != nil {
		return nil, nil, err
	}
	// A reversal settles no earlier than what it reverses.
	if settles := max(cutDay(on).AddBankingDays(1), entry.Effective); !billing.MayReverse(entry.Effective, settles) {
		return nil, nil, refuse("reversal_late", "", "A reversal has to be with the bank within %d banking days of %s, when the payment settled. It is too late for that.", billing.ReversalDays, entry.Effective.Long())
	}
	return p, entry, nil
}

// cutDay is the day of the next file to the bank.
func cutDay(on money.Date) money.Date {
	if on.BankingDay() {
		return on
	}
	return on.AddBankingDays(1)
}

// reverse does what was agreed to. The credit goes with the next file, which is
// made from the payment's state.
func (s *Service) reverse(tx *store.Tx, actor identity.Actor, a *store.Approval) error {
	used, err := tx.UseApproval(a, s.clock())
	if err != nil || !used {
		return absentOr(err, errChanged)
	}
	id, payment, why := ofReversal(a)
	c, err := tx.TakeContract(string(id), "")
	if err != nil {
		return err
	}
	p, entry, err := s.reversible(tx, id, payment)
	if err != nil {
		return err
	}
	day, err := today(tx)
	if err != nil {
		return err
	}
	was := p.State
	p.State, p.Reason = billing.Reversed, why
	if err := tx.SavePayment(p, was); err != nil {
		return moved(err)
	}
	tx.Audit(s.clock(), actor.String(), "reverse_payment", c.ID, p.ID+" "+a.ID)
	if err := s.unpost(tx, c, p, was, day, actor); err != nil {
		return err
	}
	m, err := tx.Method(p.CustomerID, p.MethodID)
	if err != nil {
		return err
	}
	n := s.paymentNotice(billing.NoticePaymentReversed, c, p, m)
	n.Reason, n.Balance, n.Again = why, c.State.Principal, max(cutDay(day).AddBankingDays(1), entry.Effective)
	return s.tell(tx, c, p.CustomerID, p.ID, n)
}

// ofReversal is which payment an approval is about, and what was wrong with it.
func ofReversal(a *store.Approval) (id ContractID, payment PaymentID, why string) {
	part := strings.Split(a.Detail, ":")
	if len(part) != 4 {
		return "", "", ""
	}
	if i := slices.IndexFunc(ReversalReasons, func(c Choice) bool { return c.ID == part[3] }); i >= 0 {
		why = ReversalReasons[i].Words
	}
	return ContractID(part[1]), PaymentID(part[2]), why
}

// reversalWords says what would be reversed.
func reversalWords(tx *store.Tx, a *store.Approval) (string, error) {
	id, payment, why := ofReversal(a)
	p, err := tx.Payment(string(id), string(payment))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Payment %s of %s, dated %s. %s.", p.Confirmation, p.Amount.USD(), p.Date.Long(), why), nil
}

// reversals puts the credits for reversed payments into the file. One that is no
// longer in time is left to a person: the account has given the money back.
func (c *fileCut) reversals() error {
	payments, err := c.tx.ReversalsToSend()
	if err != nil {
		return err
	}
	for _, p := range payments {
		debit, err := debitOf(c.tx, p)
		if err != nil {
			return err
		}
		effective := max(c.on.AddBankingDays(1), debit.Effective)
		m, err := c.tx.Method(p.CustomerID, p.MethodID)
		if err != nil {
			return err
		}
		entry, err := c.entry(m, ach.CheckingCredit, p.Amount)
		if err == nil && !billing.MayReverse(debit.Effective, effective) {
			err = fmt.Errorf("the payment settled on %s, and a reversal comes too late", debit.Effective)
		}
		if err != nil {
			c.res.Aside = append(c.res.Aside, fmt.Sprintf("reversal of payment %s of contract %s: %v", p.ID, p.ContractID, err))
			if err := c.s.exception(c.tx, c.on, &store.Exception{Once: "reversal:" + p.ID, Kind: billing.ReversalFailed, ContractID: p.ContractID, PaymentID: p.ID,
				CustomerID: p.CustomerID, Reference: debit.Trace, Amount: p.Amount, Reason: err.Error()}); err != nil {
				return err
			}
			continue
		}
		entry.IndividualID, entry.Discretionary = strings.ReplaceAll(p.Confirmation, "-", ""), "S"
		row := &store.ACHEntry{Kind: billing.EntryReversal, ContractID: p.ContractID, PaymentID: p.ID, CustomerID: p.CustomerID, MethodID: p.MethodID}
		if err := c.add(batchOf{ach.SEC(p.SEC), ach.ReversalOfEntry, effective}, entry, row); err != nil {
			return err
		}
	}
	return nil
}
