package servicing

import (
	"errors"
	"fmt"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// Who owes a contract together sees all of it and may pay it. A debit belongs to
// who authorized it from their own bank account: nobody else on the contract may
// stop it, put another in its place, or read the authorization. The one who is
// not asked would otherwise find a payment missing that they count on (Reg E, 12
// CFR 1005.2(m) and 1005.10: the authorization and its end are the account
// holder's).

// authorized says whether a debit is the actor's to stop: their own, or any for
// the system.
func authorized(payer string, by identity.Actor) bool {
	who, is := by.CustomerID()
	return !is || string(who) == payer
}

// addressed is whom a contract's papers are made out to: all who owe it, at the
// borrower's address. Empty when nobody is known.
func addressed(tx *store.Tx, c *store.Contract) (r billing.Recipient, err error) {
	parties, err := tx.Parties(c.ID)
	if err != nil {
		return r, err
	}
	for i, p := range parties {
		person, err := tx.Customer(p.CustomerID)
		if err != nil {
			return r, err
		}
		if one := recipient(person); i == 0 {
			r = one
		} else {
			r.Name += " and " + one.Name
		}
	}
	return r, nil
}

// tell enqueues a notice about a contract for each of those who owe it, each once.
// payer is who made the payment or the enrollment it is about, empty when it is
// about neither: the others are told in words of their own, without what is the
// payer's.
func (s *Service) tell(tx *store.Tx, c *store.Contract, payer, once string, n billing.Notice) error {
	parties := c.Parties
	if parties == nil {
		var err error
		if parties, err = tx.Parties(c.ID); err != nil {
			return err
		}
	}
	for _, p := range parties {
		said, about := n, once+":"+p.CustomerID
		if payer != "" && payer != p.CustomerID {
			person, err := tx.Customer(payer)
			if err != nil {
				return err
			}
			said, about = byAnother(n, person.FirstName+" "+person.LastName), string(n.Kind)+":"+about
		}
		if n.Kind == billing.NoticeStatementReady {
			// Without online access there is nowhere to read it: that statement goes
			// by post.
			if _, err := tx.LoginOf(identity.Customer(identity.CustomerID(p.CustomerID)).String()); errors.Is(err, store.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		if err := s.notify(tx, p.CustomerID, about, said, 0); err != nil {
			return err
		}
	}
	return nil
}

// byAnother says what another borrower did, to one who owes the same contract.
func byAnother(n billing.Notice, name string) billing.Notice {
	amount, on := n.Amount.USD(), ""
	if !n.Date.IsZero() {
		on = " on " + n.Date.Long()
	}
	words := ""
	switch n.Kind {
	case billing.NoticePaymentReceived:
		words = fmt.Sprintf("%s made a payment of %s%s.", name, amount, on)
	case billing.NoticePhonePayment:
		words = fmt.Sprintf("%s told us by phone to take a payment of %s%s.", name, amount, on)
	case billing.NoticePaymentScheduled:
		words = fmt.Sprintf("%s scheduled a payment of %s%s.", name, amount, on)
	case billing.NoticePaymentCancelled:
		words = fmt.Sprintf("The payment of %s by %s%s was canceled.", amount, name, on)
	case billing.NoticePaymentReturned:
		words = fmt.Sprintf("The bank returned the payment of %s by %s%s. It no longer counts on this account.", amount, name, on)
	case billing.NoticePaymentReversed:
		words = fmt.Sprintf("A payment of %s by %s%s should not have been taken. It goes back and no longer counts on this account.", amount, name, on)
	case billing.NoticeAutopayOn:
		words = fmt.Sprintf("%s turned on autopay. The first payment is %s%s.", name, amount, on)
	case billing.NoticeAutopayOff:
		words = fmt.Sprintf("Autopay by %s is off. The payments are still due each month.", name)
	case billing.NoticeAutopayDrawn:
		words = fmt.Sprintf("Autopay by %s made a payment of %s%s.", name, amount, on)
	default:
		return n
	}
	return billing.Notice{
		Kind: billing.NoticeAccountChanged, Lease: n.Lease, AccountEnds: n.AccountEnds, Vehicle: n.Vehicle, Date: n.Date,
		Fee: n.Fee, PastDue: n.PastDue, AmountDue: n.AmountDue, DueDate: n.DueDate, Text: words,
	}
}
