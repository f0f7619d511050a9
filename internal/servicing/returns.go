package servicing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// ReturnsResult says what a file from the bank did.
type ReturnsResult struct {
	File     string
	Known    bool // the file was read before: nothing was done
	Returned int
	Repeated int // returns of payments that had come back already
	Changes  int // notifications of change, kept aside for a person
	Aside    []AsideItem
}

// FileRefused says that a file from the bank is not sound. Nothing of it was
// applied.
type FileRefused struct {
	Name   string
	Reason error
}

func (e *FileRefused) Error() string { return "file " + e.Name + " refused: " + e.Reason.Error() }
func (e *FileRefused) Unwrap() error { return e.Reason }

// AsideItem is a record that nothing here answers to. It is kept, not lost.
type AsideItem struct {
	Trace, Code, Reason string
	Amount              money.Cents
	Kept                money.Instant
}

// Asides lists the records from the bank that are kept aside, oldest first.
func (s *Service) Asides(ctx context.Context, actor identity.Actor) (out []AsideItem, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.ACHAsides()
		for _, a := range rows {
			out = append(out, AsideItem{a.Trace, a.Code, a.Reason, a.Amount, a.Kept})
		}
		return err
	})
	return out, err
}

// ReadReturns applies a file of returns from the bank: all of it or nothing. A
// file with a wrong hash, count or total is refused whole. The same file again,
// or the same return in another file, changes nothing. A return for an unknown
// trace number is kept aside and reported.
func (s *Service) ReadReturns(ctx context.Context, actor identity.Actor, name string, content []byte) (res ReturnsResult, err error) {
	if err := system(actor); err != nil {
		return res, err
	}
	f, err := ach.Read(bytes.NewReader(content))
	if err != nil {
		return res, &FileRefused{name, err}
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		res = ReturnsResult{File: name}
		known, err := tx.ACHRead(hash)
		if err != nil {
			return err
		}
		if known {
			res.Known = true
			return nil
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		returns, changes := ach.Returns(f), ach.Changes(f)
		for i := range returns {
			if err := s.returned(tx, actor, hash, &returns[i], day, &res); err != nil {
				return fmt.Errorf("return of %s: %w", returns[i].Trace, err)
			}
		}
		for i := range changes {
			if err := s.changed(tx, hash, &changes[i], &res); err != nil {
				return err
			}
		}
		tx.InsertACHRead(hash, name, day, s.clock(), len(returns)+len(changes))
		tx.Audit(s.clock(), actor.String(), "read_returns", "", name)
		return nil
	})
	return res, err
}

func (s *Service) aside(tx *store.Tx, hash string, trace ach.TraceNumber, code string, amount money.Cents, reason, content string, res *ReturnsResult) error {
	res.Aside = append(res.Aside, AsideItem{string(trace), code, reason, amount, s.clock()})
	return tx.InsertACHAside(&store.ACHAside{
		ID: store.NewID(), Once: inputHash(trace, code, amount, content), Hash: hash, Trace: string(trace), Code: code,
		Amount: amount, Reason: reason, Content: content, Kept: s.clock(),
	})
}

// returned takes one payment back.
func (s *Service) returned(tx *store.Tx, actor identity.Actor, hash string, r *ach.Return, day money.Date, res *ReturnsResult) error {
	whole := fmt.Sprintf("%+v", *r)
	if r.Code.Dishonored() || r.Code.Contested() {
		return s.aside(tx, hash, r.Trace, string(r.Code), r.Amount, "a dishonored or contested return needs a person", whole, res)
	}
	found, err := tx.PaymentByTrace(string(r.Trace))
	if errors.Is(err, store.ErrNotFound) {
		return s.aside(tx, hash, r.Trace, string(r.Code), r.Amount, "no payment has this trace number", whole, res)
	}
	if err != nil {
		return err
	}
	c, err := tx.TakeContract(found.ContractID, "")
	if err != nil {
		return err
	}
	p, err := tx.Payment(c.ID, found.ID) // again, now that the row is held
	if err != nil {
		return err
	}
	switch {
	case p.State == billing.Returned:
		res.Repeated++
		return nil
	case p.Amount != r.Amount:
		return s.aside(tx, hash, r.Trace, string(r.Code), r.Amount, "the amount is not the payment's", whole, res)
	}
	res.Returned++
	return s.takeBack(tx, actor, c, p, r.Code, day)
}

// endedByReturn begins the reason of an enrolment that a returned payment ended.
const endedByReturn = "returned: "

// takeBack reverses a returned payment on the business date, charges the
// returned-payment fee if the contract has one and the reason allows it, ends
// autopay where the reason says that the next draft would come back too, and
// tells the customer.
func (s *Service) takeBack(tx *store.Tx, actor identity.Actor, c *store.Contract, p *store.Payment, code ach.ReturnCode, day money.Date) error {
	was := p.State
	p.State, p.ReturnCode, p.ReturnedOn = billing.Returned, string(code), day
	if err := tx.SavePayment(p, was); err != nil {
		return err
	}
	if was == billing.Settled {
		if err := s.settle(tx, c, p.EventSeq, day, ledger.Move(ledger.Cash, ledger.Transit, p.Amount)); err != nil {
			return err
		}
	}
	if _, err := s.post(tx, c, contract.Event{Kind: contract.Reversal, Date: day, Amount: p.Amount, Reverses: p.EventSeq}, cause{payment: p.ID}, actor); err != nil {
		return err
	}
	var fee money.Cents
	if billing.ReturnedFeeAllowed(string(code)) && c.Terms.ReturnedFee > 0 {
		fee = c.Terms.ReturnedFee
		if _, err := s.post(tx, c, contract.Event{Kind: contract.ReturnedFee, Date: day, Amount: fee}, cause{payment: p.ID}, actor); err != nil {
			return err
		}
	}
	if billing.ReturnEndsAutopay(string(code)) {
		if err := s.endAutopay(tx, c, endedByReturn+billing.ReturnReason(string(code)), actor); err != nil {
			return err
		}
	}
	b, err := tx.BankAccount(p.CustomerID, p.BankAccountID)
	if err != nil {
		return err
	}
	d, err := due(c, day)
	if err != nil {
		return err
	}
	tx.Audit(s.clock(), actor.String(), "payment_returned", c.ID, p.ID+" "+string(code))
	if held(c) {
		return nil
	}
	n := s.paymentNotice(billing.NoticePaymentReturned, c, p, b)
	n.Fee, n.Reason, n.Balance = fee, billing.ReturnReason(string(code)), c.State.Principal
	n.PastDue, n.AmountDue, n.DueDate = d.PastDue+d.Fees, d.UpcomingAmount, d.Upcoming
	return s.tell(tx, c, p.CustomerID, p.ID, n)
}

// changed keeps a notification of change for a person to act on before the next
// entry to that account.
func (s *Service) changed(tx *store.Tx, hash string, ch *ach.Change, res *ReturnsResult) error {
	res.Changes++
	return s.aside(tx, hash, ch.Trace, string(ch.Code), 0, "the bank asks for a correction: "+ch.Code.Name(), fmt.Sprintf("%+v", *ch), res)
}
