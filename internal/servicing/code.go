package servicing

import (
	"context"
	"errors"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Channel is the way a code goes.
type Channel string

// The channels.
const (
	ByEmail Channel = "email"
	ByText  Channel = "text"
)

// asking is what a one-time code is good for: nothing else, and nowhere else.
type asking struct {
	purpose string // sign_in, activation, recovery, confirm, contact, factor, caller
	binding string // the run, the session or the agent's call it belongs to
	owner   string // empty when nobody matched: all goes as if somebody had
	name    string // what nobody was named by: tries are counted by it as by an owner
	device  string // that has signed the owner in, on the way back
	kind    billing.NoticeKind
	about   string // billing's purpose of a caller's code
	staff   string // who asks for it on somebody's behalf: counted in place of the network
}

// way keeps counts apart where one person could use up another's: signing in,
// confirming in a session, binding a new address, an agent's call, and the way back,
// which is open to whoever knows a name, from each device that has signed the owner
// in apart.
func (a asking) way() string {
	switch a.purpose {
	case "recovery", "activation":
		return " back" + a.device
	case "confirm":
		return " confirm"
	case "contact", "factor":
		return " new"
	case "caller":
		return " caller"
	}
	return " in"
}

// sendCode makes a code, keeps its hash and puts the message in the queue. It is
// the only maker of codes. address is where it goes; without one, or beyond the
// caps, nothing is sent and the answer is the same.
func (s *Service) sendCode(ctx context.Context, a asking, by Channel, address string, src Source) error {
	source := identity.SourceBucket(src.IP)
	if a.staff != "" {
		source = a.staff
	}
	// Somebody who presses twice is told to wait; all other caps are silent.
	if err := s.attempt(ctx, "again", a.purpose+a.binding+string(by)); err != nil {
		if _, over := asRefused(err); over {
			return refuse("too_soon", "code", "We sent a code a moment ago. It can take a minute to arrive. If none comes, wait 20 seconds and ask again.")
		}
		return err
	}
	if by == ByText {
		var err error
		if by, address, err = s.ifTextsStopped(ctx, a, address); err != nil {
			return err
		}
	}
	caps := [][2]string{{"mail_source", source}, {"mail_account", a.whose()}}
	if by == ByText {
		// For nobody there is as much to count, so that the answer takes as long; it
		// takes nothing from those who are somebody.
		number, part, all := "nobody "+a.binding, "nobody "+a.binding, "nobody "+a.binding
		if a.owner != "" && address != "" {
			number, part, all = address, area(address), ""
		}
		caps = [][2]string{{"text_source", source}, {"text_account", a.whose()},
			{"text_number", number + a.way()}, {"text_area", part}, {"text_all", all}}
	}
	may, err := s.within(ctx, caps...)
	if err != nil || !may {
		return err
	}
	code := identity.NewCode()
	if by == ByEmail {
		code = identity.NewMailCode()
	}
	now := s.clock()
	return s.db.Update(ctx, func(tx *store.Tx) error {
		row := &store.Code{ID: store.NewID(), Purpose: a.purpose, Binding: a.binding, Channel: string(by), Sent: now, Expires: now.Add(identity.CodeLife)}
		row.Hash = codeHash(tx, a, code)
		if address != "" {
			row.Owner = a.owner
		}
		tx.InsertCode(row)
		if row.Owner == "" {
			return nil
		}
		n := billing.Notice{Kind: a.kind, Code: code, Channel: string(by), Address: address, Purpose: a.about}
		return s.notifyOwner(tx, a.owner, row.ID, n, money.Instant(identity.CodeLife.Microseconds()))
	})
}

// whose is the account that tries and messages are counted for, or what nobody's
// was named by.
func (a asking) whose() string {
	switch {
	case a.owner != "":
		return a.owner + a.way()
	case a.name != "":
		return "nobody " + a.name + a.way()
	}
	return "nobody " + a.binding + a.way()
}

// area is the part of a telephone number that many share.
func area(number string) string { return number[:min(len(number), 5)] }

func codeHash(tx *store.Tx, a asking, code string) string {
	return tx.Keys().Hash("code", a.purpose+" "+a.binding+" "+code)
}

var errCode = &Refusal{"code_wrong", "code", "That code is not the one we sent. Check the newest message from us, or ask for a new code."}

// checkCode checks a code and uses it up. It is the only checker of codes. Tries
// are counted for the code and for the account before anything is compared.
func (s *Service) checkCode(ctx context.Context, a asking, code string) (by Channel, err error) {
	code = digits(code)
	if len(code) != identity.TextCodeDigits && len(code) != identity.MailCodeDigits {
		return "", refuse("code_wrong", "code", "Enter the code from our message: only digits.")
	}
	whose := a.whose()
	if err := s.attempt(ctx, "code", a.purpose+a.binding); err != nil {
		if errors.Is(err, errStopped) {
			return "", errFlow
		}
		return "", err
	}
	// A guess at a code that was never sent costs its owner nothing.
	live := false
	err = s.db.View(ctx, func(tx *store.Tx) error {
		live, err = tx.LiveCode(a.purpose, a.binding, s.clock())
		return err
	})
	if err != nil {
		return "", err
	}
	if live {
		err = s.attempt(ctx, "code_of", whose)
	}
	if err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		channel, err := tx.SpendCode(a.purpose, a.binding, codeHash(tx, a, code), s.clock())
		if errors.Is(err, store.ErrNotFound) {
			return errCode
		}
		by = Channel(channel)
		if err == nil {
			forgiveIn(tx, "code_of", whose)
		}
		return err
	})
	return by, err
}

// digits drops what people type between digits.
func digits(s string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(s))
}
