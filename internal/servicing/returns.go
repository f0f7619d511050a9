package servicing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/fault"
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
	Repeated int // returns of entries that had come back already
	Changes  int // notifications of change
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

// AsideItem is a record that nothing here answers to. It is kept as an exception
// item, not lost.
type AsideItem struct {
	Trace, Code, Reason string
	Amount              money.Cents
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
			if err := fault.After(s.returned(tx, actor, &returns[i], day, &res), "returns.after_entry"); err != nil {
				return fmt.Errorf("return of %s: %w", returns[i].Trace, err)
			}
		}
		for i := range changes {
			if err := s.changed(tx, &changes[i], day, &res); err != nil {
				return err
			}
		}
		tx.InsertACHRead(hash, name, day, s.clock(), len(returns)+len(changes))
		tx.Audit(s.clock(), actor.String(), "read_returns", "", name)
		return fault.Point("returns.before_commit")
	})
	return res, err
}

// aside keeps a record that needs a person.
func (s *Service) aside(tx *store.Tx, res *ReturnsResult, day money.Date, e store.Exception) error {
	res.Aside = append(res.Aside, AsideItem{e.Reference, e.Code, e.Reason, e.Amount})
	e.Once = inputHash(e.Reference, e.Code, e.Amount, e.Content)
	return s.exception(tx, day, &e)
}

// returned takes one entry back.
func (s *Service) returned(tx *store.Tx, actor identity.Actor, r *ach.Return, day money.Date, res *ReturnsResult) error {
	e := store.Exception{Kind: billing.UnknownReturn, Reference: string(r.Trace), Code: string(r.Code), Amount: r.Amount, Content: fmt.Sprintf("%+v", *r)}
	if err := tx.Flush(); err != nil { // what this file has already brought back
		return err
	}
	entry, err := tx.ACHEntry(string(r.Trace))
	if absent(err) != nil {
		return err
	}
	if entry != nil {
		e.ContractID, e.PaymentID, e.CustomerID = entry.ContractID, entry.PaymentID, entry.CustomerID
	}
	switch {
	case r.Code.Dishonored():
		e.Kind, e.Reason = billing.DishonoredReturn, "the originating bank refuses a return"
	case r.Code.Contested():
		e.Kind, e.Reason = billing.ContestedReturn, "the customer's bank insists on a return that was dishonored"
	case entry == nil:
		e.Reason = "no entry has this trace number"
	case entry.ReturnCode != "":
		res.Repeated++
		return nil
	case entry.Amount != r.Amount:
		e.Kind, e.Reason = billing.ReturnDiffers, "the amount is not the entry's"
	case entry.PaymentID == "":
		e.Reason = "an entry that tests an account came back"
	}
	if e.Reason != "" {
		return s.aside(tx, res, day, e)
	}
	c, err := tx.TakeContract(entry.ContractID, "")
	if err != nil {
		return err
	}
	p, err := tx.Payment(c.ID, entry.PaymentID)
	if err != nil {
		return err
	}
	if !p.Rail.MayBecome(p.State, billing.Returned) {
		e.Kind, e.Reason = billing.ReturnDiffers, "the payment is "+string(p.State)
		return s.aside(tx, res, day, e)
	}
	back, err := tx.ReturnACHEntry(entry.Trace, string(r.Code), day)
	if err != nil {
		return err
	}
	if !back { // another file brought it at the same moment
		res.Repeated++
		return nil
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
	b, err := tx.Method(p.CustomerID, p.MethodID)
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
func (s *Service) changed(tx *store.Tx, ch *ach.Change, day money.Date, res *ReturnsResult) error {
	res.Changes++
	return s.aside(tx, res, day, store.Exception{Kind: billing.ChangeNotApplied, Reference: string(ch.Trace), Code: string(ch.Code),
		Reason: "the bank asks for a correction: " + ch.Code.Name(), Content: fmt.Sprintf("%+v", *ch)})
}
