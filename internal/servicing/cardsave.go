package servicing

import (
	"context"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// SaveCardRequest asks for a page on which a card is saved and nothing is paid.
type SaveCardRequest struct {
	Key      string
	Replaces MethodID // the card whose place the new one takes: autopay and what is scheduled follow
	Back     string   // where the page leads back to; {id} in it becomes the setup's
}

// CardSetup is a card that is being saved.
type CardSetup struct {
	ID     string
	State  string // created, open, unknown, saved, cancelled or refused
	Page   string // where it goes on
	Reason string
	Method Method // once it is saved
}

// Over says that nothing more is to come.
func (c CardSetup) Over() bool {
	return c.State == "saved" || c.State == "cancelled" || c.State == "refused"
}

// SaveCard asks for a page to save a card on. The same key with the same inputs
// gives the same page.
func (s *Service) SaveCard(ctx context.Context, actor identity.Actor, req SaveCardRequest) (out CardSetup, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	if err := s.mayDo(actor, identity.ActBankAccounts); err != nil {
		return out, err
	}
	switch {
	case !goodKey(req.Key):
		return out, refuse("key_missing", "", "Start again from your account.")
	case !s.rules.Cards.On:
		return out, refuse("cards_off", "", "Cards cannot be used here.")
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		hash := inputHash("card_setup", who, req.Replaces)
		if c, err := tx.SetupByKey(who, req.Key); err == nil {
			if c.InputHash != hash {
				return errKeyReused
			}
			out, err = setup(tx, c)
			return err
		} else if absent(err) != nil {
			return err
		}
		now := s.clock()
		c := &store.CardSetup{CustomerID: who, ID: store.NewID(), Key: req.Key, InputHash: hash, Replaces: string(req.Replaces), State: "created",
			Expires: now.Add(pageLife), TryAt: now, Created: now}
		c.Back = strings.ReplaceAll(req.Back, "{id}", c.ID)
		all, err := tx.Methods(who)
		if err != nil {
			return err
		}
		known := req.Replaces == ""
		for _, b := range all {
			if b.Kind == billing.CardMethod && b.Processor != "" {
				c.Processor = b.Processor
			}
			known = known || b.ID == c.Replaces && b.Kind == billing.CardMethod && b.Removed == 0
		}
		if !known {
			return ErrNotFound
		}
		tx.InsertSetup(c)
		tx.Audit(now, actor.String(), "save_card", "", c.ID)
		out, err = setup(tx, c)
		return err
	})
	if isConflict(err) { // another request made it at the same moment
		return s.SaveCard(ctx, actor, req)
	}
	return out, s.wake(err)
}

// CardSetup says where a card that is being saved stands.
func (s *Service) CardSetup(ctx context.Context, actor identity.Actor, id string) (out CardSetup, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Setup(id)
		if err == nil && c.CustomerID != who {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if out, err = setup(tx, c); c.Expires <= s.clock() {
			out.Page = ""
		}
		return err
	})
	return out, err
}

// CardSetupBack is called when somebody comes back from the page: the processor is
// asked at once.
func (s *Service) CardSetupBack(ctx context.Context, actor identity.Actor, id string) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.Setup(id)
		if err == nil && c.CustomerID != who {
			err = ErrNotFound
		}
		if err == nil {
			tx.WakeSetup(id, s.clock())
		}
		return err
	})
	return s.wake(err)
}

func setup(tx *store.Tx, c *store.CardSetup) (out CardSetup, err error) {
	out = CardSetup{ID: c.ID, State: c.State, Reason: c.Reason}
	switch c.State {
	case "open":
		out.Page = c.PageURL
	case "saved":
		b, err := tx.Method(c.CustomerID, c.MethodID)
		if err != nil {
			return out, err
		}
		out.Method = method(b)
	}
	return out, nil
}

// takeSetup changes one for the system, with its row held.
func (s *Service) takeSetup(ctx context.Context, actor identity.Actor, t CardTask, fn func(*store.Tx, *store.CardSetup) error) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.TakeSetup(t.ID)
		if err != nil {
			return err
		}
		if err := fn(tx, c); err != nil {
			return err
		}
		tx.SaveSetup(c)
		return nil
	})
}

// setupSeen takes note of how saving a card went. The card is put on file once.
func (s *Service) setupSeen(ctx context.Context, actor identity.Actor, t CardTask, a CardAnswer) error {
	return s.takeSetup(ctx, actor, t, func(tx *store.Tx, c *store.CardSetup) error {
		now := s.clock()
		if c.SessionID == "" {
			c.SessionID = a.SessionID
		}
		if c.PageURL == "" {
			c.PageURL = a.PageURL
		}
		switch {
		case c.State == "saved":
			c.TryAt = 0
		case a.Saved != nil && a.Saved.Token != "":
			c.TryAt = 0
			return s.putOnFile(tx, c, a.Saved, actor, now)
		case a.Facts.Failed && c.State != "cancelled":
			c.State, c.TryAt, c.Reason = "refused", 0, a.Facts.Reason
		case a.Facts.Expired && c.State != "refused":
			c.State, c.TryAt, c.Reason = "cancelled", 0, "You left the card page before saving a card."
		case c.State == "created" || c.State == "unknown" || c.State == "open":
			c.State, c.TryAt = "open", lookAgain(c.Attempts, c.Expires, now)
		}
		return nil
	})
}

// putOnFile keeps the saved card as a payment method, or in the place of the one
// that it replaces.
func (s *Service) putOnFile(tx *store.Tx, c *store.CardSetup, card *SavedCard, actor identity.Actor, now money.Instant) error {
	b := &store.Method{CustomerID: c.CustomerID, ID: store.NewID(), Key: "card:" + c.ID, InputHash: c.InputHash, Kind: billing.CardMethod, Created: now}
	if c.Replaces != "" {
		old, err := tx.TakeMethod(c.CustomerID, c.Replaces)
		if err != nil {
			return err
		}
		if old.Removed == 0 {
			b = old
		}
	}
	b.Brand, b.Last4, b.Funding, b.ExpMonth, b.ExpYear = card.Brand, card.Last4, card.Funding, card.ExpMonth, card.ExpYear
	b.Processor, b.Token, b.StopCode = card.Processor, card.Token, ""
	b.Validation, b.ValidatedBy, b.Validated = billing.Validated, billing.ByProcessor, now
	if b.ID == c.Replaces {
		tx.SaveMethod(b)
	} else if err := tx.InsertMethod(b); err != nil {
		return err
	}
	c.State, c.MethodID, c.Reason = "saved", b.ID, ""
	tx.Audit(now, actor.String(), "card_saved", "", b.ID)
	return s.notify(tx, c.CustomerID, c.ID, billing.Notice{Kind: billing.NoticeBankAccountAdded, Method: describe(b)}, 0)
}
