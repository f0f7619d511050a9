package servicing

import (
	"context"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// ExceptionItem is something that came from outside, or that the day could not
// do, and that a person must look at. It is kept until somebody clears it, and
// for ever after with who did and how.
type ExceptionItem struct {
	ID              string
	Kind            billing.ExceptionKind
	Contract        ContractID
	Payment         PaymentID
	Customer        identity.CustomerID
	Reference, Code string
	Amount          money.Cents
	Reason          string
	OpenedOn        money.Date // the business date
	Opened          money.Instant
	ClearedBy       string // a name, or the system's; empty while open
	Cleared         money.Instant
	Note            string // how it was dealt with
}

// ToDo is what is to be done about it.
func (e ExceptionItem) ToDo() string { return billing.WhatToDo(e.Kind, e.Code) }

// ExceptionFilter says which exception items are listed.
type ExceptionFilter struct {
	Kind    billing.ExceptionKind // empty for all
	Cleared bool                  // those that somebody cleared, newest first, not those that are open, oldest first
	After   string                // the id of the last one seen
	Limit   int
}

// exception opens an exception item, once for each thing.
func (s *Service) exception(tx *store.Tx, on money.Date, e *store.Exception) error {
	e.ID, e.OpenedOn, e.Opened = store.NewID(), on, s.clock()
	return tx.OpenException(e)
}

// deskOrSystem lets the system in, and staff who have a duty.
func deskOrSystem(actor identity.Actor, d identity.Duty) error {
	if actor.IsSystem() {
		return nil
	}
	return duty(actor, d)
}

// Exceptions lists exception items.
func (s *Service) Exceptions(ctx context.Context, actor identity.Actor, f ExceptionFilter) (out []ExceptionItem, err error) {
	if err := deskOrSystem(actor, identity.DutyExceptions); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Exceptions(f.Kind, f.Cleared, f.After, f.Limit)
		if err != nil {
			return err
		}
		known := names{}
		for _, e := range rows {
			item, err := exceptionItem(tx, e, known)
			if err != nil {
				return err
			}
			out = append(out, item)
		}
		return nil
	})
	return out, err
}

// Exception is one exception item.
func (s *Service) Exception(ctx context.Context, actor identity.Actor, id string) (item ExceptionItem, err error) {
	if err := deskOrSystem(actor, identity.DutyExceptions); err != nil {
		return item, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		e, err := tx.Exception(id)
		if err != nil {
			return err
		}
		item, err = exceptionItem(tx, e, names{})
		return err
	})
	return item, err
}

// OpenExceptionCounts counts the open items of each kind.
func (s *Service) OpenExceptionCounts(ctx context.Context, actor identity.Actor) (counts map[billing.ExceptionKind]int, err error) {
	if err := deskOrSystem(actor, identity.DutyExceptions); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		counts, err = tx.CountExceptions()
		return err
	})
	return counts, err
}

func exceptionItem(tx *store.Tx, e *store.Exception, known names) (ExceptionItem, error) {
	item := ExceptionItem{ID: e.ID, Kind: e.Kind, Contract: ContractID(e.ContractID), Payment: PaymentID(e.PaymentID), Customer: identity.CustomerID(e.CustomerID),
		Reference: e.Reference, Code: e.Code, Amount: e.Amount, Reason: e.Reason, OpenedOn: e.OpenedOn, Opened: e.Opened,
		ClearedBy: e.ClearedBy, Cleared: e.Cleared, Note: e.Note}
	if id, ok := identity.OwnerStaff(e.ClearedBy); ok {
		var err error
		if item.ClearedBy, err = known.of(tx, id); err != nil {
			return item, err
		}
	}
	return item, nil
}

// ClearException writes how somebody has dealt with an item. One that another has
// cleared stays as it is: false.
func (s *Service) ClearException(ctx context.Context, actor identity.Actor, id, note string) (cleared bool, err error) {
	if err := deskOrSystem(actor, identity.DutyClear); err != nil {
		return false, err
	}
	if note = strings.TrimSpace(note); note == "" {
		return false, refuse("note_missing", "note", "Say how it was dealt with.")
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		e, err := tx.Exception(id)
		if err != nil {
			return err
		}
		cleared, err = tx.ClearException(id, actor.String(), s.clock(), cut(note, 1000))
		if err == nil && cleared {
			tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: "clear_exception", Subject: e.CustomerID, Reason: note, Detail: string(e.Kind) + " " + id})
		}
		return err
	})
	return cleared, err
}
