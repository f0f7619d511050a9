package servicing

import (
	"context"
	"encoding/json"
	"fmt"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Outgoing is one message that waits to leave the process.
type Outgoing struct {
	ID       string
	Attempts int            // begun so far
	Created  money.Instant  // when it was enqueued
	Expires  money.Instant  // from then on it is of no use and is not sent; 0 for never
	Notice   billing.Notice // with address and name filled in
	// Unreadable is why its content cannot be read; it cannot be sent, and does
	// not stop the others.
	Unreadable error
	row        *store.Notice
}

// Outbox lists messages whose time has come, oldest first, with the addresses
// they go to as they are now.
func (s *Service) Outbox(ctx context.Context, actor identity.Actor, limit int) ([]Outgoing, error) {
	return s.OutboxAfter(ctx, actor, Outgoing{}, limit)
}

// OutboxAfter goes on where a list ended. A message that was claimed or put off
// meanwhile is not in it; one that the list passed is found from the start again.
func (s *Service) OutboxAfter(ctx context.Context, actor identity.Actor, after Outgoing, limit int) (out []Outgoing, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	now := s.clock()
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueuedNotices(now, after.row, limit)
		if err != nil {
			return err
		}
		for _, r := range rows {
			o := Outgoing{ID: r.ID, Attempts: r.Attempts, Created: r.Created, Expires: r.ExpiresAt, row: r}
			if err := address(tx, r, &o.Notice); err != nil {
				o.Unreadable = fmt.Errorf("read notice %s: %w", r.ID, err)
			}
			out = append(out, o)
		}
		return nil
	})
	return out, err
}

// address reads a message and says where it goes: to the address it was written
// for, else to where the person is reached now.
func address(tx *store.Tx, r *store.Notice, n *billing.Notice) error {
	if err := json.Unmarshal([]byte(r.Content), n); err != nil {
		return err
	}
	n.To = n.Address
	if r.CustomerID == "" {
		return nil
	}
	person, err := tx.Customer(r.CustomerID)
	if err != nil {
		return err
	}
	if n.Name == "" {
		n.Name = person.FirstName
	}
	if n.Language == "" {
		n.Language = person.Language
	}
	switch {
	case n.To != "":
	case n.Channel == billing.ByText:
		n.To = person.Phone
	default:
		n.To = person.Email
	}
	return nil
}

// Claim takes a message for one attempt and holds it for the time that an
// attempt may last; false when another process has it.
func (s *Service) Claim(ctx context.Context, actor identity.Actor, o Outgoing, hold money.Instant) (claimed bool, err error) {
	if err := system(actor); err != nil {
		return false, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		claimed, err = tx.ClaimNotice(o.row, s.clock()+hold)
		return err
	})
	return claimed, err
}

// Outcome is how an attempt to send a message ended.
type Outcome string

// The outcomes. A message that is to be tried again stays queued.
const (
	OutcomeSent    Outcome = "sent"
	OutcomeFailed  Outcome = "failed"
	OutcomeExpired Outcome = "expired"
	OutcomeRetry   Outcome = "retry"
)

// Record writes how an attempt ended. reason holds no personal data.
func (s *Service) Record(ctx context.Context, actor identity.Actor, o Outgoing, outcome Outcome, reason string, next money.Instant) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if outcome == OutcomeRetry {
			tx.DelayNotice(o.ID, cut(reason, 300), next)
			return nil
		}
		at := money.Instant(0)
		if outcome == OutcomeSent {
			at = s.clock()
		}
		tx.FinishNotice(o.ID, string(outcome), cut(reason, 300), at, o.Notice.Secret())
		return nil
	})
}

// FileToDrop is a file that was cut for the bank and has not left yet.
type FileToDrop struct {
	ID, Name string
	Content  []byte
	Entries  int
	Total    money.Cents
}

// FilesToDrop lists the files that have not left yet, oldest first.
func (s *Service) FilesToDrop(ctx context.Context, actor identity.Actor) (out []FileToDrop, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.ACHFilesToDrop()
		for _, f := range rows {
			out = append(out, FileToDrop{f.ID, f.Name, []byte(f.Content), f.Entries, f.Total})
		}
		return err
	})
	return out, err
}

// Dropped writes that a file has left.
func (s *Service) Dropped(ctx context.Context, actor identity.Actor, f FileToDrop) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.DropACHFile(f.ID, s.clock())
		tx.Audit(s.clock(), actor.String(), "drop_file", "", f.Name)
		return nil
	})
}
