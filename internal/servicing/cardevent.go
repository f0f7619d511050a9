package servicing

import (
	"context"
	"time"

	"marque/internal/billing"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// ProcessorEvent is something that the processor of cards told by itself: whoever
// hands it in has checked its signature. Which payment it is about is its own
// word; what it says of that payment is a reason to ask, not the truth.
type ProcessorEvent struct {
	ID, Type            string
	About               EventAbout
	PaymentID, IntentID string // our name, the processor's name
	Amount              money.Cents
	Body                []byte // as it came
}

// EventAbout says what an event is about.
type EventAbout string

// What events are about.
const (
	AboutNothing      EventAbout = "" // of ours
	AboutPage         EventAbout = "page"
	AboutCharge       EventAbout = "charge"
	AboutCharged      EventAbout = "charged" // says that money was taken
	AboutRefund       EventAbout = "refund"
	AboutDispute      EventAbout = "dispute"
	AboutPayout       EventAbout = "payout"
	AboutFailedPayout EventAbout = "payout_failed"
	AboutUnreadable   EventAbout = "unreadable"
)

// ReceiveEvent keeps an event as it came, before anything is done about it. One
// whose name is known changes nothing.
func (s *Service) ReceiveEvent(ctx context.Context, actor identity.Actor, e ProcessorEvent) (fresh bool, err error) {
	if err := system(actor); err != nil {
		return false, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		fresh, err = tx.InsertProcessorEvent(&store.ProcessorEvent{ID: e.ID, Type: cut(e.Type, 100), About: string(e.About), PaymentID: cut(e.PaymentID, 200),
			IntentID: cut(e.IntentID, 200), Amount: e.Amount, Body: string(e.Body), Received: s.clock()})
		return err
	})
	return fresh, fault.After(s.wake(err), "webhook.after_store_before_reply")
}

const (
	eventPage = 200
	// eventTries is how often a payment is looked for that an event is about: the
	// event can come before the answer that names it.
	eventTries = 8
)

// ApplyEvents does what follows from events that were kept: the payments that they
// are about are looked at. It finds them in their table, so that none is lost when
// a process dies, and gives how many it was done with.
func (s *Service) ApplyEvents(ctx context.Context, actor identity.Actor) (done int, err error) {
	if err := system(actor); err != nil {
		return 0, err
	}
	var all []*store.ProcessorEvent
	err = s.db.View(ctx, func(tx *store.Tx) error {
		all, err = tx.NewProcessorEvents(s.clock(), eventPage)
		return err
	})
	if err != nil || len(all) == 0 {
		return 0, err
	}
	for _, e := range all {
		err := s.db.Update(ctx, func(tx *store.Tx) error { return fault.After(s.applyEvent(tx, e), "event.before_apply_commit") })
		if err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

func (s *Service) applyEvent(tx *store.Tx, e *store.ProcessorEvent) error {
	now := s.clock()
	finish := func(state, reason string) error {
		_, err := tx.FinishProcessorEvent(e.ID, state, reason, now)
		return err
	}
	switch EventAbout(e.About) {
	case AboutNothing, AboutPayout: // payouts are read with the day
		return finish("ignored", "")
	case AboutUnreadable, AboutFailedPayout:
		reason := "an event of the card processor that cannot be read: " + e.Type
		if e.About == string(AboutFailedPayout) {
			reason = "the card processor's payout did not reach our bank"
		}
		if err := s.eventItem(tx, billing.SettlementDifference, e, reason); err != nil {
			return err
		}
		return finish("failed", reason)
	}
	ch, err := chargeOf(tx, e)
	if err != nil {
		return err
	}
	if ch != nil {
		tx.WakeCharge(ch.PaymentID, now)
		refunds, err := tx.RefundsOf(ch.PaymentID)
		if err != nil {
			return err
		}
		for _, r := range refunds {
			if r.State == "pending" || r.State == "done" {
				r.TryAt = now
				tx.SaveRefund(r)
			}
		}
		return finish("applied", "")
	}
	if _, err := tx.Setup(e.PaymentID); err == nil {
		tx.WakeSetup(e.PaymentID, now)
		return finish("applied", "")
	} else if absent(err) != nil {
		return err
	}
	if e.Attempts+1 < eventTries {
		tx.DelayProcessorEvent(e.ID, "no payment of this name yet", now.Add(min(time.Second<<e.Attempts, time.Minute)))
		return nil
	}
	if a := EventAbout(e.About); a == AboutCharge || a == AboutPage {
		return finish("ignored", "not of a payment here")
	}
	reason := "the card processor tells of money that is no payment's here: " + e.Type
	if err := s.eventItem(tx, billing.UnknownCharge, e, reason); err != nil {
		return err
	}
	return finish("failed", reason)
}

// chargeOf finds the payment that an event is about; nil when there is none.
func chargeOf(tx *store.Tx, e *store.ProcessorEvent) (*store.CardCharge, error) {
	if e.PaymentID != "" {
		if ch, err := tx.Charge(e.PaymentID); absent(err) != nil || err == nil {
			return ch, err
		}
	}
	if e.IntentID == "" {
		return nil, nil
	}
	ch, err := tx.ChargeByIntent(e.IntentID)
	return ch, absent(err)
}

func (s *Service) eventItem(tx *store.Tx, kind billing.ExceptionKind, e *store.ProcessorEvent, reason string) error {
	day, err := today(tx)
	if err != nil {
		return err
	}
	once := e.IntentID
	if once == "" {
		once = e.ID
	}
	return s.exception(tx, day, &store.Exception{Once: string(kind) + ":" + once, Kind: kind, Reference: once, Amount: e.Amount, Reason: reason, Content: e.Body})
}

// EventCounts says how many events of the processor stand where.
func (s *Service) EventCounts(ctx context.Context, actor identity.Actor) (out map[string]int, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out, err = tx.CountProcessorEvents()
		return err
	})
	return out, err
}

// WakeOpenCards has every payment by card that is not over looked at now, as the
// day does when no events came.
func (s *Service) WakeOpenCards(ctx context.Context, actor identity.Actor) (n int, err error) {
	if err := system(actor); err != nil {
		return 0, err
	}
	for after := ""; ; {
		var page []*store.CardCharge
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			if page, err = tx.OpenCharges(after, WorkPage); err != nil {
				return err
			}
			for _, ch := range page {
				tx.WakeCharge(ch.PaymentID, s.clock())
			}
			return nil
		})
		if err != nil || len(page) == 0 {
			return n, err
		}
		n, after = n+len(page), page[len(page)-1].PaymentID
	}
}
