package servicing

import (
	"context"
	"strings"
	"unicode/utf8"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// SentMessage is a message to a customer as staff see it: what it was about and
// where it went, never what it says.
type SentMessage struct {
	Kind billing.NoticeKind
	At   money.Instant
	Read bool // in the inbox
	Ways []MessageWay
}

// sentMessages is how many messages staff see of a customer.
const sentMessages = 100

// MessagesTo lists the newest messages to a customer for a member of staff who has
// the account open, with where each went and with what result. It is a row of the
// audit trail.
func (s *Service) MessagesTo(ctx context.Context, actor identity.Actor, customer identity.CustomerID) (out []SentMessage, err error) {
	if _, err := s.lookAt(ctx, actor, customer, "read_messages"); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Inbox(string(customer), s.clock()+1, "", sentMessages)
		if err != nil {
			return err
		}
		for _, row := range rows {
			ways, err := s.waysOf(tx, row)
			if err != nil {
				return err
			}
			out = append(out, SentMessage{Kind: billing.NoticeKind(row.Kind), At: row.Created, Read: row.Read > 0, Ways: ways})
		}
		return nil
	})
	return out, err
}

// longestMessage is as much as a message from staff may say, in characters.
const longestMessage = 2000

// WriteTo puts a message from staff into a customer's inbox and tells the customer
// by the ways they chose that there is one. The same key again writes nothing more.
func (s *Service) WriteTo(ctx context.Context, actor identity.Actor, customer identity.CustomerID, key, text string) error {
	if err := duty(actor, identity.DutyVerify); err != nil { // who talks with customers
		return err
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch {
	case text == "":
		return refuse("text", "text", "Write a message.")
	case utf8.RuneCountInString(text) > longestMessage:
		return refuse("text", "text", "Write at most %d characters.", longestMessage)
	case key == "":
		return refuse("key", "", "Open the page again and write there.")
	}
	if _, err := s.lookAt(ctx, actor, customer, "write_message"); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		return s.notify(tx, string(customer), actor.ID+":"+key, billing.Notice{Kind: billing.NoticeSupportMessage, Text: text}, 0)
	})
}
