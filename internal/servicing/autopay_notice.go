package servicing

import (
	"context"
	"errors"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// How many days before a draft it is looked at for its notice: some days before the
// last one, so that a day on which nothing runs is no harm, and on the last one
// again, for what has changed since.
const (
	firstLook = billing.AmountNoticeDays + 3
	lastLook  = billing.AmountNoticeDays
)

// TellAutopay sends the notices that the drafts of the next days need, of their
// exact dates and amounts (12 CFR 1005.10(d)(1)), to who gave the authorisation.
// Run again it sends nothing twice.
func (s *Service) TellAutopay(ctx context.Context, actor identity.Actor, id ContractID, on money.Date) error {
	return s.take(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		in, err := tx.Autopay(c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil || in.LookOn.IsZero() || in.LookOn > on {
			return err
		}
		coming, err := comingTo(tx, c)
		if err != nil {
			return err
		}
		told, err := tx.AutopayNotices(in, on)
		if err != nil {
			return err
		}
		drafts, err := in.Plan.ToTell(&c.Terms, c.State, coming, in.Made, given(in), told, on, firstLook)
		if err != nil {
			return err
		}
		for _, d := range drafts {
			if err := s.tellDraft(tx, c, in, d, on, actor); err != nil {
				return err
			}
		}
		in.LookOn = nextLook(c, in, on)
		tx.SaveAutopay(in)
		return nil
	})
}

func (s *Service) tellDraft(tx *store.Tx, c *store.Contract, in *store.Autopay, d billing.Draft, on money.Date, actor identity.Actor) error {
	b, err := tx.Method(in.CustomerID, in.MethodID)
	if err != nil {
		return err
	}
	once := in.ID + ":" + d.Date.String() + ":" + d.Amount.String() + ":" + on.String()
	tx.InsertAutopayNotice(in, billing.Told{Date: d.Date, Amount: d.Amount, Sent: on}, string(billing.NoticeAutopayComing)+":"+once)
	tx.Audit(s.clock(), actor.String(), "autopay_told", c.ID, in.ID+" "+d.Date.String()+" "+d.Amount.String())
	return s.notify(tx, in.CustomerID, once, billing.Notice{
		Kind: billing.NoticeAutopayComing, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Amount: d.Amount, Date: d.Date, Method: describe(b),
		Balance: in.Agreed, Reason: string(d.Why),
	}, 0)
}

// nextLook is the first day after another on which a plan's drafts are looked at;
// none: zero.
func nextLook(c *store.Contract, in *store.Autopay, after money.Date) (look money.Date) {
	if c.DraftOn.IsZero() {
		return 0
	}
	for on, made := c.DraftOn, in.Made; !on.IsZero() && (look.IsZero() || on-firstLook <= look); made++ {
		for _, day := range []money.Date{on - firstLook, on - lastLook} {
			if day > after && (look.IsZero() || day < look) {
				look = day
			}
		}
		on = in.Plan.Next(&c.Terms, &c.State, made+1, on)
	}
	return look
}
