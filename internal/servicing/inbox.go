package servicing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// InboxMessage is a message as it stands in a customer's inbox, without secrets.
type InboxMessage struct {
	ID     string
	Kind   billing.NoticeKind
	Notice billing.Notice // with the name and the language filled in
	At     money.Instant
	Read   bool
	Resent int
	Ways   []MessageWay // where else it went, oldest first; only of one that is read
	Again  bool         // it can be sent again
}

// MessageWay is where a message went and what became of it there.
type MessageWay struct {
	Channel, Where string // the address as it may be shown
	At             money.Instant
	Outcome        string // sent, failed, expired, bounced or queued
	Reason         string
}

// InboxCursor is a place in an inbox: the last message that was seen. The zero value
// is before the newest.
type InboxCursor struct {
	At money.Instant
	ID string
}

// Inbox lists the acting customer's messages from a place on, newest first, and
// where the list goes on; none: the zero cursor.
func (s *Service) Inbox(ctx context.Context, actor identity.Actor, from InboxCursor, limit int) (out []InboxMessage, next InboxCursor, err error) {
	who, err := customer(actor)
	if err != nil {
		return nil, next, err
	}
	if from.At == 0 {
		from.At = s.clock() + 1
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out, next, err = s.inbox(tx, who, from, limit)
		return err
	})
	return out, next, err
}

func (s *Service) inbox(tx *store.Tx, who string, from InboxCursor, limit int) (out []InboxMessage, next InboxCursor, err error) {
	p, err := tx.Customer(who)
	if err != nil {
		return nil, next, err
	}
	rows, err := tx.Inbox(who, from.At, from.ID, limit+1)
	if err != nil {
		return nil, next, err
	}
	for i, row := range rows {
		if i == limit {
			next = InboxCursor{rows[i-1].Created, rows[i-1].ID}
			break
		}
		m, err := inboxMessage(row, p)
		if err != nil {
			return nil, next, err
		}
		out = append(out, m)
	}
	return out, next, nil
}

func readNotice(row *store.Notice) (n billing.Notice, err error) {
	if err := json.Unmarshal([]byte(row.Content), &n); err != nil {
		return n, fmt.Errorf("read notice %s: %w", row.ID, err)
	}
	n, _ = n.Kept()
	return n, nil
}

func inboxMessage(row *store.Notice, p *store.Customer) (InboxMessage, error) {
	n, err := readNotice(row)
	if err != nil {
		return InboxMessage{}, err
	}
	if n.Name == "" {
		n.Name = p.FirstName
	}
	if n.Language == "" {
		n.Language = p.Language
	}
	return InboxMessage{ID: row.ID, Kind: n.Kind, Notice: n, At: row.Created, Read: row.Read > 0, Resent: row.Resent}, nil
}

// UnreadMessages counts the acting customer's messages that were not opened.
func (s *Service) UnreadMessages(ctx context.Context, actor identity.Actor) (n int, err error) {
	who, err := customer(actor)
	if err != nil {
		return 0, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		n, err = tx.Unread(who)
		return err
	})
	return n, err
}

// ReadMessage opens one of the acting customer's messages, and says where else it
// went.
func (s *Service) ReadMessage(ctx context.Context, actor identity.Actor, id string) (out InboxMessage, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		out, err = s.message(tx, who, id)
		if err == nil && !out.Read {
			tx.ReadNotice(id, who, s.clock())
		}
		return err
	})
	return out, err
}

func (s *Service) message(tx *store.Tx, who, id string) (out InboxMessage, err error) {
	row, err := tx.Notice(id)
	if err != nil {
		return out, err
	}
	if row.CustomerID != who || row.SaidID != row.ID || row.Content == "" {
		return out, ErrNotFound
	}
	p, err := tx.Customer(who)
	if err != nil {
		return out, err
	}
	if out, err = inboxMessage(row, p); err != nil {
		return out, err
	}
	out.Ways, err = s.waysOf(tx, row)
	out.Again = mayGoAgain(row)
	return out, err
}

// waysOf is where a message went, and where it is on its way to.
func (s *Service) waysOf(tx *store.Tx, row *store.Notice) (out []MessageWay, err error) {
	tries, err := tx.Tries(row.SaidID, true)
	if err != nil {
		return nil, err
	}
	for _, t := range tries {
		out = append(out, MessageWay{t.Channel, t.Masked, t.At, t.Outcome, t.Reason})
	}
	rows, err := tx.SaidTogether(row.SaidID)
	for _, r := range rows {
		if r.State == noticeQueued { // without a channel while its way is not chosen yet
			out = append(out, MessageWay{Channel: r.Channel, At: r.TryAt, Outcome: noticeQueued})
		}
	}
	return out, err
}

// mayGoAgain says whether a message can be asked for again: it went out or failed,
// and is still of use.
func mayGoAgain(row *store.Notice) bool {
	e, known := billing.EventOf(billing.NoticeKind(row.Kind))
	return known && e.Life == 0 && e.Group != billing.AboutSecurity && row.State != noticeQueued && e.Ways.Has(billing.ByEmail)
}

// SendAgain sends one of the acting customer's messages once more, by e-mail or
// else by text message. resent is how often it had been sent again when the page was made: the
// same form twice sends once. So many a day are enough.
func (s *Service) SendAgain(ctx context.Context, actor identity.Actor, id string, resent int) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	if may, err := s.again(ctx, who, id, resent); err != nil || !may {
		return err
	}
	if err := s.attempt(ctx, "send_again", who); err != nil {
		if errors.Is(err, errStopped) {
			return refuse("too_many", "", "You have asked for many messages again today. Read them here, or call us at %s.", s.lender.Phone)
		}
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		r, err := s.reached(tx, who)
		if err != nil {
			return err
		}
		row, err := tx.Notice(id)
		if err != nil {
			return err
		}
		e, _ := billing.EventOf(billing.NoticeKind(row.Kind))
		way := billing.ByEmail
		if r.person.Email == "" || r.noMail {
			way = s.instead(r, e, billing.ByEmail, billing.ByPaper)
		}
		if way == "" {
			return refuse("no_address", "", "There is no address on file that works. Add or correct your e-mail address under Profile.")
		}
		_, err = tx.SendNoticeAgain(id, who, resent, way, s.clock())
		if err == nil {
			s.auditAccess(tx, actor.String(), "send_again", "")
		}
		return err
	})
}

// again says whether there is something to be sent again; false when it was.
func (s *Service) again(ctx context.Context, who, id string, resent int) (may bool, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Notice(id)
		switch {
		case err != nil:
			return err
		case row.CustomerID != who || row.SaidID != row.ID || row.Content == "":
			return ErrNotFound
		case row.Resent != resent:
			return nil
		case !mayGoAgain(row):
			return refuse("not_again", "", "This message is on its way already, or is of no use any more.")
		}
		may = true
		return nil
	})
	return may, err
}

// StatementsTold lists the newest messages that a statement is ready, with where
// each of them went, for somebody who has not seen them.
func (s *Service) StatementsTold(ctx context.Context, actor identity.Actor) (out []InboxMessage, err error) {
	who, err := customer(actor)
	if err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.InboxOf(who, string(billing.NoticeStatementReady), statementsTold)
		if err != nil {
			return err
		}
		for _, row := range rows {
			m, err := s.message(tx, who, row.ID)
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

// statementsTold is a year of them.
const statementsTold = 12
