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
// do, and that a person must look at. It is kept until somebody clears it.
type ExceptionItem struct {
	ID              string
	Kind            billing.ExceptionKind
	Contract        ContractID
	Payment         PaymentID
	Reference, Code string
	Amount          money.Cents
	Reason          string
	Opened          money.Instant
}

// exception opens an exception item, once for each thing.
func (s *Service) exception(tx *store.Tx, on money.Date, e *store.Exception) error {
	e.ID, e.OpenedOn, e.Opened = store.NewID(), on, s.clock()
	return tx.OpenException(e)
}

// Exceptions lists the exception items that nobody has cleared, oldest first,
// from the one after the given id on.
func (s *Service) Exceptions(ctx context.Context, actor identity.Actor, after string, limit int) (out []ExceptionItem, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.OpenExceptions(after, limit)
		for _, e := range rows {
			out = append(out, ExceptionItem{e.ID, e.Kind, ContractID(e.ContractID), PaymentID(e.PaymentID), e.Reference, e.Code, e.Amount, e.Reason, e.Opened})
		}
		return err
	})
	return out, err
}

// ClearException writes how somebody has dealt with an item. Cleared again it
// changes nothing.
func (s *Service) ClearException(ctx context.Context, actor identity.Actor, id, note string) error {
	if err := system(actor); err != nil {
		return err
	}
	if note = strings.TrimSpace(note); note == "" {
		return refuse("note_missing", "note", "Say how it was dealt with.")
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		e, err := tx.Exception(id)
		if err != nil {
			return err
		}
		cleared, err := tx.ClearException(id, actor.String(), s.clock(), note)
		if err == nil && cleared {
			tx.Audit(s.clock(), actor.String(), "clear_exception", e.ContractID, id)
		}
		return err
	})
}
