package servicing

import (
	"context"
	"errors"
	"fmt"

	"marque/internal/identity"
	"marque/internal/store"
)

// sealPage is how many audit rows are sealed in one transaction.
const sealPage = 500

// SealAudit puts what the audit trail has gained at the end of its chain, and
// says how many rows. Two processes that seal at once each seal what the other
// has not.
func (s *Service) SealAudit(ctx context.Context, actor identity.Actor) (sealed int, err error) {
	if err := system(actor); err != nil {
		return 0, err
	}
	for tries := 0; ; {
		n := 0
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			n, err = tx.SealAudit(sealPage)
			return err
		})
		if isConflict(err) && tries < 20 { // the other one was first
			tries++
			continue
		}
		if err != nil {
			return sealed, fmt.Errorf("seal audit rows: %w", err)
		}
		if sealed += n; n < sealPage {
			return sealed, nil
		}
	}
}

// AuditHead is the end of the audit trail's chain. Kept somewhere else, it
// proves later that nothing before it was changed.
type AuditHead struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// AuditHead reads the end of the chain; zero before anything is sealed.
func (s *Service) AuditHead(ctx context.Context, actor identity.Actor) (h AuditHead, err error) {
	if err := system(actor); err != nil {
		return h, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		l, err := tx.AuditHead()
		h = AuditHead{l.Seq, l.Hash}
		return err
	})
	return h, err
}

// AuditProof is what VerifyAudit found.
type AuditProof struct {
	Sealed   int64  `json:"sealed"`   // rows of the chain that are sound, up to the first that is not
	Unsealed int    `json:"unsealed"` // rows that are not in the chain yet
	Broken   string `json:"broken,omitempty"`
}

// walkPage is how many links are checked in one read.
const walkPage = 5000

// VerifyAudit walks the chain from its beginning and names the first row that was
// changed, is missing or was inserted. heads are ends of the chain as they were
// kept elsewhere: each must still stand in it, which a chain written anew from
// some row on cannot do.
func (s *Service) VerifyAudit(ctx context.Context, actor identity.Actor, heads []AuditHead) (p AuditProof, err error) {
	if err := system(actor); err != nil {
		return p, err
	}
	var from store.Link
	for {
		var last store.Link
		var broken *store.AuditBreak
		err := s.db.View(ctx, func(tx *store.Tx) error {
			last, broken, err = tx.WalkAudit(from, walkPage)
			return err
		})
		if err != nil {
			return p, fmt.Errorf("verify the audit trail: %w", err)
		}
		p.Sealed = last.Seq
		if broken != nil {
			p.Broken = fmt.Sprintf("audit row %d (%s): %s", broken.Seq, broken.AuditID, broken.What)
			return p, nil
		}
		if last.Seq == from.Seq {
			break
		}
		from = last
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		for _, h := range heads {
			l, err := tx.AuditLink(h.Seq)
			if errors.Is(err, store.ErrNotFound) || (err == nil && l.Hash != h.Hash) {
				p.Broken = fmt.Sprintf("audit row %d (%s): not what was kept outside: the chain was written anew or cut", h.Seq, l.AuditID)
				return nil
			}
			if err != nil {
				return err
			}
		}
		stray, err := tx.StrayAudit()
		if err != nil {
			return err
		}
		if stray != nil {
			p.Broken = fmt.Sprintf("audit row (%s): %s", stray.AuditID, stray.What)
		}
		p.Unsealed, err = tx.CountUnsealed()
		return err
	})
	return p, err
}

// AuditRow is a line of the audit trail.
type AuditRow = store.AuditRow

// AuditPage is how many lines of the audit trail are read at once.
const AuditPage = 200

// AuditOf answers who did or saw what about a customer, when and why, newest
// first: a page, from before the row with the id before. number is the lender's
// own for the customer, or the customer's id.
func (s *Service) AuditOf(ctx context.Context, actor identity.Actor, number, before string) (out []AuditRow, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		subject := number
		if person, err := tx.CustomerByNumber(number); err == nil {
			subject = person.ID
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		} else if _, err := tx.Customer(number); err != nil {
			return err
		}
		out, err = tx.AuditOf(subject, before, AuditPage)
		return err
	})
	return out, err
}

// AuditBy answers what an actor, as "staff:17", did and read, newest first; a
// page as AuditOf's.
func (s *Service) AuditBy(ctx context.Context, actor identity.Actor, by, before string) (out []AuditRow, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out, err = tx.AuditBy(by, before, AuditPage)
		return err
	})
	return out, err
}
