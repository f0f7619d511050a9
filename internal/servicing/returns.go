package servicing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/fault"
	"marque/internal/identity"
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
			repeated := res.Repeated
			err := s.returned(tx, actor, &returns[i], day, &res)
			if err == nil && res.Repeated == repeated {
				err = s.expectReturn(tx, &returns[i], name, day)
			}
			if err := fault.After(err, "returns.after_entry"); err != nil {
				return fmt.Errorf("return of %s: %w", returns[i].Trace, err)
			}
		}
		for i := range changes {
			if err := s.changed(tx, actor, &changes[i], day, &res); err != nil {
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
	about := "" // of the same entry's return for the same reason one item, whatever file it comes in
	if e.Kind == billing.ChangeNotApplied {
		about = e.Content
	}
	e.Once = inputHash(e.Reference, e.Code, e.Amount, about)
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
		e.Kind, e.Reason = billing.DishonoredReturn, "the originating bank refuses a return: "+r.Code.Name()
	case r.Code.Contested():
		e.Kind, e.Reason = billing.ContestedReturn, "the customer's bank insists on a return that was dishonored: "+r.Code.Name()
	case entry == nil:
		e.Reason = "no entry has this trace number"
	case entry.ReturnCode != "":
		res.Repeated++
		return nil
	case entry.PaymentID == "":
		return s.checkReturned(tx, actor, entry, r, day, res)
	case entry.Amount != r.Amount:
		e.Kind, e.Reason = billing.ReturnDiffers, "the amount is not the entry's"
	case entry.Kind == billing.EntryReversal:
		return s.reversalCameBack(tx, actor, entry, string(r.Code), day, res)
	case !billing.ReturnRule(string(r.Code)).Reverse:
		e.Kind, e.Reason = billing.ReturnDiffers, "the code is not one for a debit"
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
	return s.takeBack(tx, actor, c, p, entry, string(r.Code), day)
}

// reversalCameBack keeps that the customer's bank did not take the money of a
// reversal: the account has given it back already, and the customer has not got it.
func (s *Service) reversalCameBack(tx *store.Tx, actor identity.Actor, entry *store.ACHEntry, code string, day money.Date, res *ReturnsResult) error {
	back, err := tx.ReturnACHEntry(entry.Trace, code, day)
	if err != nil {
		return err
	}
	if !back {
		res.Repeated++
		return nil
	}
	tx.Audit(s.clock(), actor.String(), "reversal_returned", entry.ContractID, entry.PaymentID+" "+code)
	res.Aside = append(res.Aside, AsideItem{entry.Trace, code, reversalReturned, entry.Amount})
	return s.exception(tx, day, &store.Exception{Once: onceReturned + entry.Trace, Kind: billing.ReversalFailed, ContractID: entry.ContractID, PaymentID: entry.PaymentID,
		CustomerID: entry.CustomerID, Reference: entry.Trace, Code: code, Amount: entry.Amount, Reason: reversalReturned})
}

const reversalReturned = "the customer's bank did not take the money of a reversal"
