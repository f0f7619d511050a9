package servicing

import (
	"context"
	"errors"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// maxPause is how long autopay may be paused, in days. Longer than that is turning
// it off.
const maxPause = 366

// PauseAutopay leaves drafts out from today until a day on which they begin again,
// or until resumed when there is none. The payments stay due.
func (s *Service) PauseAutopay(ctx context.Context, actor identity.Actor, id ContractID, until money.Date) error {
	return s.changeDates(ctx, actor, id, "autopay_paused", func(in *store.Autopay, c *store.Contract, day money.Date) (string, error) {
		if !until.IsZero() && (until <= day || until > day+maxPause) {
			return "", refuse("until", "until", "Choose a day from %s to %s.", (day + 1).Long(), (day + maxPause).Long())
		}
		in.Plan.PausedFrom, in.Plan.PausedUntil, in.PausedBy = day, until, "customer"
		if until.IsZero() {
			return "Autopay is paused until you resume it. Your payments stay due on their dates, and they are yours to make.", nil
		}
		return "Autopay is paused, and begins again on " + until.Long() + ". Payments due before that are yours to make.", nil
	})
}

// ResumeAutopay ends a pause today.
func (s *Service) ResumeAutopay(ctx context.Context, actor identity.Actor, id ContractID) error {
	return s.changeDates(ctx, actor, id, "autopay_resumed", func(in *store.Autopay, _ *store.Contract, _ money.Date) (string, error) {
		if in.Plan.PausedFrom.IsZero() {
			return "", nil
		}
		in.Plan, in.PausedBy = in.Plan.Resume(), ""
		return "Autopay goes on.", nil
	})
}

// SkipAutopay leaves one draft out: the next, whose date says which was meant. No
// date takes a skip back.
func (s *Service) SkipAutopay(ctx context.Context, actor identity.Actor, id ContractID, date money.Date) error {
	return s.changeDates(ctx, actor, id, "autopay_skipped", func(in *store.Autopay, c *store.Contract, _ money.Date) (string, error) {
		switch {
		case date.IsZero() && in.Plan.Skip.IsZero(), !date.IsZero() && in.Plan.Skip == date:
			return "", nil
		case date.IsZero():
			was := in.Plan.Skip
			in.Plan.Skip = 0
			return "Autopay makes the payment of " + was.Long() + " after all.", nil
		case in.Plan.Next(&c.Terms, &c.State, in.Made, date-1) != date:
			return "", errChanged
		}
		in.Plan.Skip = date
		return "Autopay leaves out the payment of " + date.Long() + ". It stays due, and it is yours to make. After that autopay goes on.", nil
	})
}

// changeDates changes which dates draft, by who gave the authorisation. change
// gives the words that the customer is told, none when nothing changes.
func (s *Service) changeDates(ctx context.Context, actor identity.Actor, id ContractID, what string, change func(*store.Autopay, *store.Contract, money.Date) (string, error)) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.takeOwn(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if err := autopayIsFree(tx, c, who); err != nil {
			return err
		}
		in, err := tx.Autopay(c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return refuse("autopay_off", "", "Autopay is off. Turn it on first.")
		}
		if err != nil {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		words, err := change(in, c, day)
		if err != nil || words == "" {
			return err
		}
		after, err := lastDrawn(tx, c, day)
		if err != nil {
			return err
		}
		c.DraftOn = 0
		if c.Status == "open" {
			c.DraftOn = in.Plan.Next(&c.Terms, &c.State, in.Made, after)
		}
		if in.LookOn = 0; !c.DraftOn.IsZero() {
			in.LookOn = day
		}
		tx.SaveAutopay(in)
		if err := s.save(tx, c); err != nil {
			return err
		}
		now := s.clock()
		tx.Audit(now, actor.String(), what, c.ID, in.ID)
		b, err := tx.Method(who, in.MethodID)
		if err != nil {
			return err
		}
		return s.notify(tx, who, in.ID+":"+store.NewID(), billing.Notice{
			Kind: billing.NoticeAutopayChanged, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Method: describe(b), Text: words,
		}, 0)
	})
}
