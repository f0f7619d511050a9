package servicing

import (
	"context"
	"errors"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// printed is the paper about something, made now when there is none yet.
func (s *Service) printed(tx *store.Tx, c *store.Contract, p paper, make func() (any, error)) (*store.Document, error) {
	d, err := tx.DocumentOnce(c.ID, string(p.kind)+":"+p.about)
	if !errors.Is(err, ErrNotFound) {
		return d, err
	}
	if p.snapshot, err = make(); err != nil {
		return nil, err
	}
	return s.freeze(tx, c, p)
}

// print runs a verb that makes sure of a paper, and gives it to be opened.
func (s *Service) print(ctx context.Context, actor identity.Actor, id ContractID, fn func(tx *store.Tx, c *store.Contract, who string) (*store.Document, error)) (out DueDocument, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.takeOwn(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		d, err := fn(tx, c, who)
		if err != nil {
			return err
		}
		if err := tx.Flush(); err != nil {
			return err
		}
		out, err = documentToOpen(tx, c, who, DocumentID(d.ID))
		return err
	})
	return out, err
}

// StatementDocument is the paper of the statement that closed on a day.
func (s *Service) StatementDocument(ctx context.Context, actor identity.Actor, id ContractID, closing money.Date) (out DueDocument, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		row, err := tx.Statement(c.ID, closing)
		if err == nil {
			out, err = documentToOpen(tx, c, who, DocumentID(row.DocumentID))
		}
		return err
	})
	return out, err
}

// PayoffDocument is the letter of the quote in force; ErrNotFound when there is
// none or it has run out.
func (s *Service) PayoffDocument(ctx context.Context, actor identity.Actor, id ContractID) (out DueDocument, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		q, err := quoteInForce(tx, c)
		if err == nil {
			out, err = documentToOpen(tx, c, who, DocumentID(q.DocumentID))
		}
		return err
	})
	return out, err
}

// PrintReceipt is the paper of a payment as it stands: a confirmation while it is
// scheduled, a receipt from then on, and another when it came to nothing. Each
// borrower has their own, and one that was made stays as it was.
func (s *Service) PrintReceipt(ctx context.Context, actor identity.Actor, id ContractID, payment PaymentID) (DueDocument, error) {
	return s.print(ctx, actor, id, func(tx *store.Tx, c *store.Contract, who string) (*store.Document, error) {
		p, err := tx.Payment(c.ID, string(payment))
		if err != nil {
			return nil, err
		}
		return s.receiptPaper(tx, c, p, who)
	})
}

func (s *Service) receiptPaper(tx *store.Tx, c *store.Contract, p *store.Payment, who string) (*store.Document, error) {
	day, err := today(tx)
	if err != nil {
		return nil, err
	}
	kind, stage := billing.DocReceipt, "made"
	switch p.State {
	case billing.Scheduled:
		kind, stage = billing.DocConfirmation, "scheduled"
	case billing.Returned, billing.Reversed, billing.Cancelled, billing.Refused:
		stage = string(p.State)
	}
	return s.printed(tx, c, paper{kind: kind, customer: who, day: day, about: p.ID + ":" + stage + ":" + who}, func() (any, error) {
		return s.receipt(tx, c, p, who)
	})
}

// PrintAuthorization is the paper of an authorisation to draw, for who gave it:
// the one in force, or another by its id. ErrNotFound for anyone else.
func (s *Service) PrintAuthorization(ctx context.Context, actor identity.Actor, id ContractID, which string) (DueDocument, error) {
	return s.print(ctx, actor, id, func(tx *store.Tx, c *store.Contract, who string) (*store.Document, error) {
		in, err := authorization(tx, c, who, which)
		if err != nil {
			return nil, err
		}
		g, err := tx.Agreement(c.ID, in.AgreementID)
		if err != nil {
			return nil, err
		}
		return s.authorizationPaper(tx, c, in, g)
	})
}

// authorizationPaper is made when it is given, and again once it has ended.
func (s *Service) authorizationPaper(tx *store.Tx, c *store.Contract, in *store.Autopay, g *store.Agreement) (*store.Document, error) {
	about := in.ID
	if in.Ended != 0 {
		about += ":ended"
	}
	return s.printed(tx, c, paper{kind: billing.DocAuthorization, customer: in.CustomerID, day: in.SignedOn, about: about}, func() (any, error) {
		return s.authorized(tx, c, in, g)
	})
}
