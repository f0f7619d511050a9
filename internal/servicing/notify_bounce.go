package servicing

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// BouncedMail is what a mail server says of a message that it could not deliver
// after all.
type BouncedMail struct {
	MessageID string // Outgoing.MessageID
	Gone      bool   // the address itself is no good
	Why       string // without personal data
}

// Bounced takes note that an e-mail came back. When the address is no good nothing
// more is sent there until its owner says otherwise; the message goes by another
// way, where there is one. false means that there is no such message, or that it
// is known already.
func (s *Service) Bounced(ctx context.Context, actor identity.Actor, b BouncedMail) (taken bool, err error) {
	if err := system(actor); err != nil {
		return false, err
	}
	id, number, again := strings.Cut(b.MessageID, againMark)
	sent := 0
	if again {
		if sent, err = strconv.Atoi(number); err != nil {
			return false, nil
		}
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		taken = false
		row, err := tx.Notice(id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		reason := cut("came back "+b.Why, 300)
		if taken, err = tx.BounceTry(id, sent, reason); err != nil || !taken {
			return err
		}
		return s.bounced(tx, row, sent, b.Gone, reason)
	})
	return taken, err
}

func (s *Service) bounced(tx *store.Tx, row *store.Notice, sent int, gone bool, reason string) error {
	if gone {
		tries, err := tx.Tries(row.ID, false)
		if err != nil {
			return err
		}
		for _, t := range tries {
			if t.Channel == billing.ByEmail && t.Copy == sent {
				tx.MarkFailing(t.Channel, t.AddressHash, reason, s.clock())
			}
		}
	}
	if row.State != noticeSent || row.Channel != billing.ByEmail || row.Resent != sent {
		return nil // it is on its way again, or went by another way meanwhile
	}
	n, err := readNotice(row)
	if err != nil {
		return err
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	way, at, err := s.fallBack(tx, row, n)
	if err != nil {
		return err
	}
	if way == "" {
		tx.FailNotice(row.ID, reason)
		return nil
	}
	tx.MoveNotice(row.ID, noticeSent, way, at, reason)
	return nil
}

// UnreachableAt says at which e-mail address, masked, the acting customer could not
// be reached; empty when all is well.
func (s *Service) UnreachableAt(ctx context.Context, actor identity.Actor) (shown string, err error) {
	who, err := customer(actor)
	if err != nil {
		return "", err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Customer(who)
		if err != nil || p.Email == "" {
			return err
		}
		since, err := tx.FailingSince(billing.ByEmail, p.Email)
		if since > 0 {
			shown = identity.MaskEmail(p.Email)
		}
		return err
	})
	return shown, err
}

// TryEmailAgain counts on the acting customer's e-mail address again.
func (s *Service) TryEmailAgain(ctx context.Context, actor identity.Actor) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		p, err := tx.Customer(who)
		if err != nil || p.Email == "" {
			return err
		}
		tx.ClearFailing(billing.ByEmail, p.Email)
		s.auditAccess(tx, actor.String(), "email_again", "")
		return nil
	})
}
