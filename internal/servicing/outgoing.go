package servicing

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Outgoing is one message that waits to leave the process.
type Outgoing struct {
	ID       string
	Attempts int            // begun so far
	Resent   int            // how often its customer asked for it again
	Created  money.Instant  // when it was enqueued
	Expires  money.Instant  // from then on it is of no use and is not sent; 0 for never
	Notice   billing.Notice // with its way, address and name filled in
	// Unsubscribe is the address at which messages like it are ended; empty for what
	// must be sent.
	Unsubscribe string
	// Blocked is why it must not go where it would: OutcomeStopped or OutcomeGone.
	Blocked Outcome
	// Unreadable is why its content cannot be read; it cannot be sent, and does
	// not stop the others.
	Unreadable error
	row        *store.Notice
}

// MessageID is what the message is known by outside: the same at each attempt, and
// another when its customer asked for it again, lest it be taken for one that came.
func (o *Outgoing) MessageID() string {
	if o.Resent == 0 {
		return o.ID
	}
	return o.ID + againMark + strconv.Itoa(o.Resent)
}

// againMark stands between a message's id and which of those sent again it is; no
// id holds it.
const againMark = "_"

// Outbox lists messages whose time has come, oldest first, with the addresses
// they go to as they are now.
func (s *Service) Outbox(ctx context.Context, actor identity.Actor, limit int) ([]Outgoing, error) {
	return s.OutboxAfter(ctx, actor, Outgoing{}, limit)
}

// OutboxAfter goes on where a list ended. A message that was claimed or put off
// meanwhile is not in it; one that the list passed is found from the start again.
// Messages whose way is still to be chosen are given one first.
func (s *Service) OutboxAfter(ctx context.Context, actor identity.Actor, after Outgoing, limit int) (out []Outgoing, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	if err := s.route(ctx); err != nil {
		return nil, err
	}
	now := s.clock()
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueuedNotices(now, after.row, limit)
		if err != nil {
			return err
		}
		for _, r := range rows {
			o := Outgoing{ID: r.ID, Attempts: r.Attempts, Resent: r.Resent, Created: r.Created, Expires: r.ExpiresAt, row: r}
			if err := s.address(tx, &o); err != nil {
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
func (s *Service) address(tx *store.Tx, o *Outgoing) (err error) {
	n := &o.Notice
	if err := json.Unmarshal([]byte(o.row.Content), n); err != nil {
		return err
	}
	n.To, n.Channel = n.Address, o.row.Channel
	if o.row.CustomerID != "" {
		if err := addressTo(tx, o.row.CustomerID, n); err != nil {
			return err
		}
	}
	if e, known := billing.EventOf(n.Kind); known && !e.Required && n.Channel == billing.ByEmail && s.lender.Portal != "" {
		o.Unsubscribe = s.lender.Portal + "/unsubscribe/" + s.unsubscribeToken(o.ID)
	}
	o.Blocked, err = blocked(tx, *n)
	return err
}

func addressTo(tx *store.Tx, customer string, n *billing.Notice) error {
	person, err := tx.Customer(customer)
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
	case n.Channel == billing.ByPaper:
		n.To = person.Street
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

// The outcomes. A message that is to be tried again stays queued; one that failed
// by its way goes by another where there is one.
const (
	OutcomeSent    Outcome = "sent"
	OutcomeFailed  Outcome = "failed"
	OutcomeGone    Outcome = "gone"    // failed, and so will all that goes to this address
	OutcomeStopped Outcome = "stopped" // failed: the number has sent STOP
	OutcomeExpired Outcome = "expired"
	OutcomeRetry   Outcome = "retry"
)

// Record writes how an attempt ended. reason holds no personal data.
func (s *Service) Record(ctx context.Context, actor identity.Actor, o Outgoing, outcome Outcome, reason string, next money.Instant) error {
	if err := system(actor); err != nil {
		return err
	}
	reason = cut(reason, 300)
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if outcome == OutcomeRetry {
			tx.DelayNotice(o.ID, reason, next)
			return nil
		}
		return s.record(tx, actor, o, outcome, reason)
	})
}

func (s *Service) record(tx *store.Tx, actor identity.Actor, o Outgoing, outcome Outcome, reason string) error {
	now, state, sent := s.clock(), string(outcome), money.Instant(0)
	switch outcome {
	case OutcomeSent:
		sent = now
	case OutcomeGone, OutcomeStopped:
		state = noticeFailed
	}
	hash := ""
	if o.Notice.To != "" && o.Notice.Channel != billing.ByPaper {
		hash = tx.AddressHash(o.Notice.Channel, o.Notice.To)
	}
	tx.InsertTry(&store.NoticeTry{NoticeID: o.ID, Channel: o.Notice.Channel, Masked: masked(o.Notice.Channel, o.Notice.To), AddressHash: hash, Copy: o.Resent,
		At: now, Outcome: state, Reason: reason})
	switch {
	case outcome == OutcomeGone && o.Blocked == "":
		tx.MarkFailing(o.Notice.Channel, hash, reason, now)
	case outcome == OutcomeStopped && o.Blocked == "":
		if err := s.stopNumber(tx, o.Notice.To, "said to the provider", actor); err != nil {
			return err
		}
	}
	if state == noticeFailed {
		if err := tx.Flush(); err != nil {
			return err
		}
		way, at, err := s.fallBack(tx, o.row, o.Notice)
		if err != nil {
			return err
		}
		if way != "" {
			tx.MoveNotice(o.ID, noticeQueued, way, at, reason)
			return nil
		}
	}
	if !o.Notice.Secret() {
		return tx.FinishNotice(o.ID, state, reason, sent, false, "")
	}
	kept, err := keptContent(o.row.Content)
	if err != nil {
		return err
	}
	return tx.FinishNotice(o.ID, state, reason, sent, true, kept)
}

// keptContent is a message's content without its secrets; empty when nothing is
// left of it.
func keptContent(content string) (string, error) {
	var n billing.Notice
	if err := json.Unmarshal([]byte(content), &n); err != nil {
		return "", fmt.Errorf("read notice: %w", err)
	}
	kept, some := n.Kept()
	if !some {
		return "", nil
	}
	b, err := json.Marshal(&kept)
	return string(b), err
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
