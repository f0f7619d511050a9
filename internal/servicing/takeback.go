package servicing

import (
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// endedByReturn begins the reason of an enrolment that a returned payment ended.
const endedByReturn = "returned: "

// onceReturned begins the name of the exception item about a returned entry.
const onceReturned = "return:"

// takeBack does what a return code asks for: the payment is reversed on the
// business date, whatever has become of the account since; the returned-payment
// fee is charged if the contract has one and the reason allows it; a bank account
// that cannot be drawn on, or that nobody may draw on any more, is stopped with
// all that waits to be drawn from it; a debit that lacked money may be tried
// again; a person is asked to look where there is something to decide; and the
// customer is told.
func (s *Service) takeBack(tx *store.Tx, actor identity.Actor, c *store.Contract, p *store.Payment, entry *store.ACHEntry, code string, day money.Date) error {
	was, status := p.State, c.Status
	p.State, p.ReturnCode, p.ReturnedOn = billing.Returned, code, day
	if err := tx.SavePayment(p, was); err != nil {
		return err
	}
	tx.Audit(s.clock(), actor.String(), "payment_returned", c.ID, p.ID+" "+code)
	if err := s.unpost(tx, c, p, was, day, actor); err != nil {
		return err
	}
	var fee money.Cents
	// A debit presented again that comes back once more bears no second fee.
	if billing.ReturnedFeeAllowed(code) && c.Terms.ReturnedFee > 0 && c.Status == "open" && p.Attempt == 1 {
		fee = c.Terms.ReturnedFee
		if _, err := s.post(tx, c, contract.Event{Kind: contract.ReturnedFee, Date: day, Amount: fee}, cause{payment: p.ID}, actor); err != nil {
			return err
		}
	}
	if err := s.stopDrawing(tx, actor, c, p, code); err != nil {
		return err
	}
	again, err := s.retryReturned(tx, actor, c, p, day)
	if err != nil {
		return err
	}
	if err := s.askToLook(tx, c, p, entry, was, status, day); err != nil {
		return err
	}
	if held(c) {
		return nil
	}
	b, err := tx.Method(p.CustomerID, p.MethodID)
	if err != nil {
		return err
	}
	d, err := due(c, day)
	if err != nil {
		return err
	}
	n := s.paymentNotice(billing.NoticePaymentReturned, c, p, b)
	n.Fee, n.Reason, n.Balance, n.Again = fee, billing.ReturnReason(code), c.State.Principal, again
	n.PastDue, n.AmountDue, n.DueDate = d.PastDue+d.Fees, d.UpcomingAmount, d.Upcoming
	if err := s.returnLetter(tx, c, p, n, p.ID, day, status == "paid"); err != nil {
		return err
	}
	return s.tell(tx, c, p.CustomerID, p.ID, n)
}

// unpost takes a payment's event off the account, and its money out of where it
// stood: of a settled one out of cash. One that is reversed has none any more.
func (s *Service) unpost(tx *store.Tx, c *store.Contract, p *store.Payment, was billing.PaymentState, day money.Date, actor identity.Actor) error {
	if !p.Rail.Posts(was) {
		return nil
	}
	if was == billing.Settled {
		if err := s.settle(tx, c, p.EventSeq, day, ledger.Move(ledger.Cash, ledger.Transit, p.Amount)); err != nil {
			return err
		}
	}
	_, err := s.post(tx, c, contract.Event{Kind: contract.Reversal, Date: day, Amount: p.Amount, Reverses: p.EventSeq}, cause{payment: p.ID}, actor)
	return err
}

// stopDrawing stops a bank account whose next debit would come back too, or for
// which the authorization is over (R05, R07, R10, R29): autopay ends on every
// contract that draws from it, and payments that have not gone to the bank are
// cancelled, each with word to the customer. After an R11 the authorization
// stands and only this contract's autopay ends: what it draws is not what was
// authorized.
func (s *Service) stopDrawing(tx *store.Tx, actor identity.Actor, c *store.Contract, p *store.Payment, code string) error {
	rule := billing.ReturnRule(code)
	why := endedByReturn + rule.Reason
	if !rule.StopsAccount && !rule.EndsAuthorization {
		if !billing.ReturnEndsAutopay(code) {
			return nil
		}
		in, err := tx.Autopay(c.ID)
		if err != nil || in.CustomerID != p.CustomerID || in.MethodID != p.MethodID {
			return absent(err)
		}
		return s.endAutopay(tx, c, why, actor)
	}
	m, err := tx.TakeMethod(p.CustomerID, p.MethodID)
	if err != nil {
		return err
	}
	// Of several codes the first in their order stays, in whatever order they came.
	if m.Removed == 0 && (m.Validation != billing.Stopped || code < m.StopCode) {
		m.Validation, m.StopCode, m.IsDefault = billing.Stopped, code, false
		tx.SaveMethod(m)
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	one := func(id string) (*store.Contract, error) {
		if id == c.ID {
			return c, nil
		}
		return tx.TakeContract(id, "")
	}
	contracts, err := tx.AutopaysOn(p.CustomerID, p.MethodID)
	if err != nil {
		return err
	}
	for _, id := range contracts {
		other, err := one(id)
		if err != nil {
			return err
		}
		if err := s.endAutopay(tx, other, why, actor); err != nil {
			return err
		}
		if err := tx.Flush(); err != nil {
			return err
		}
	}
	waiting, err := tx.PaymentsWaitingOn(p.CustomerID, p.MethodID)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		other, err := one(w.ContractID)
		if err != nil {
			return err
		}
		w.Reason = rule.Reason
		if err := s.cancel(tx, other, w, actor); err != nil {
			return err
		}
		if held(other) {
			continue
		}
		n := s.paymentNotice(billing.NoticePaymentCancelled, other, w, m)
		n.Reason = rule.Reason
		if err := s.tell(tx, other, w.CustomerID, w.ID, n); err != nil {
			return err
		}
	}
	return nil
}

// askToLook opens an exception item about a return where there is something for a
// person to decide.
func (s *Service) askToLook(tx *store.Tx, c *store.Contract, p *store.Payment, entry *store.ACHEntry, was billing.PaymentState, status string, day money.Date) error {
	rule := billing.ReturnRule(p.ReturnCode)
	e := store.Exception{Once: onceReturned + entry.Trace, ContractID: c.ID, PaymentID: p.ID, CustomerID: p.CustomerID, Reference: entry.Trace, Code: p.ReturnCode, Amount: p.Amount}
	var late []string
	last := entry.Effective.AddBankingDays(s.rules.SettleDays + 1)
	if rule.Class == billing.UnauthorizedReturn {
		last = billing.LastReturn(entry.Effective)
	}
	if day > last {
		late = append(late, fmt.Sprintf("it came %d days after it settled, which is too late: our bank may dishonor it (R68) within five banking days", day-entry.Effective))
	}
	switch status {
	case "paid":
		late = append(late, "the account was paid off and is open again: keep the title")
	case "charged_off":
		late = append(late, "the account is charged off: tell who collects it")
	}
	if c.State.Sold {
		late = append(late, "the vehicle is sold: count the deficiency again")
	}
	if was == billing.Reversed {
		late = append(late, "its reversal was sent: the customer has the money twice, and our bank may dishonor the return (R62)")
	}
	switch {
	case len(late) > 0:
		e.Kind = billing.LateReturn
	case rule.Class == billing.UnauthorizedReturn:
		e.Kind = billing.UnauthorizedItem
	case rule.Exception || rule.StopsAccount || rule.EndsAuthorization:
		e.Kind = billing.ReturnedItem
	default:
		return nil
	}
	e.Reason = strings.Join(append([]string{rule.Reason}, late...), "; ")
	return s.exception(tx, day, &e)
}
