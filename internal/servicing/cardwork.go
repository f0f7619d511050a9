package servicing

import (
	"context"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// CardTaskKind says what somebody has to ask the processor for.
type CardTaskKind string

// The kinds of task.
const (
	TaskPage   CardTaskKind = "page"   // a page to pay on
	TaskSaved  CardTaskKind = "saved"  // the charge of a saved card
	TaskSetup  CardTaskKind = "setup"  // a page to save a card on
	TaskRefund CardTaskKind = "refund" // money back
)

// CardTask is one thing to take to the processor. ID is its key there, and stays
// so: a task that comes again is the same request, never a new one.
type CardTask struct {
	Kind                CardTaskKind
	ID                  string
	Contract            ContractID
	Customer            identity.CustomerID
	Amount              money.Cents
	Description, Back   string
	Processor, Token    string // the processor's names for the customer and the card
	SessionID, IntentID string
	RefundID            string
	Asked, Expires      money.Instant
	Again               bool // it was asked for before: look before asking
	MayAsk              bool // the processor still knows the key, so that asking again cannot do it twice
	Close               bool // the page is to be closed
}

const (
	taskLease = 3 * time.Minute // longer than a task can take
	// keyLife is how long a request may be made again with its key: the processor
	// forgets keys after a day.
	keyLife = 22 * time.Hour
	// latestPage is how long before a page runs out it can still be made.
	latestPage = 31 * time.Minute
)

// CardWork claims what somebody has to take to the processor now. A claim ends by
// itself, so that what was being done when a process died is found again; two
// processes that both do it use the same key.
func (s *Service) CardWork(ctx context.Context, actor identity.Actor, limit int) (out []CardTask, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	if any, err := s.hasCardWork(ctx); err != nil || !any {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		out = nil
		now := s.clock()
		until := now.Add(taskLease)
		charges, err := tx.ChargeWork(now, limit)
		if err != nil {
			return err
		}
		for _, c := range charges {
			if ok, err := tx.ClaimCharge(c, until, now); err != nil || !ok {
				return err
			}
			t := CardTask{Kind: CardTaskKind(c.Kind), ID: c.PaymentID, Contract: ContractID(c.ContractID), Customer: identity.CustomerID(c.CustomerID), Amount: c.Amount,
				Description: c.Description, Back: c.Back, Processor: c.Processor, Token: c.Token, SessionID: c.SessionID, IntentID: c.IntentID, Close: c.Close != 0}
			out = append(out, t.asked(c.Asked, c.Expires, now))
		}
		setups, err := tx.SetupWork(now, limit)
		if err != nil {
			return err
		}
		for _, c := range setups {
			if ok, err := tx.ClaimSetup(c, until, now); err != nil || !ok {
				return err
			}
			t := CardTask{Kind: TaskSetup, ID: c.ID, Customer: identity.CustomerID(c.CustomerID), Back: c.Back, Processor: c.Processor, SessionID: c.SessionID}
			out = append(out, t.asked(c.Asked, c.Expires, now))
		}
		refunds, err := tx.RefundWork(now, limit)
		if err != nil {
			return err
		}
		for _, r := range refunds {
			if ok, err := tx.ClaimRefund(r, until, now); err != nil || !ok {
				return err
			}
			ch, err := tx.Charge(r.PaymentID)
			if err != nil {
				return err
			}
			t := CardTask{Kind: TaskRefund, ID: r.ID, Contract: ContractID(r.ContractID), Customer: identity.CustomerID(r.CustomerID), Amount: r.Amount, IntentID: ch.IntentID,
				SessionID: ch.SessionID, RefundID: r.ProcessorID}
			out = append(out, t.asked(r.Asked, 0, now))
		}
		return nil
	})
	return out, err
}

func (t CardTask) asked(at, expires, now money.Instant) CardTask {
	t.Again, t.Asked, t.Expires = at != 0, at, expires
	if !t.Again {
		t.Asked = now
	}
	t.MayAsk = now < t.Asked.Add(keyLife)
	if t.Kind == TaskPage || t.Kind == TaskSetup {
		t.MayAsk = t.MayAsk && now.Add(latestPage) < expires && !t.Close
	}
	return t
}

// hasCardWork looks without holding anything.
func (s *Service) hasCardWork(ctx context.Context) (any bool, err error) {
	now := s.clock()
	err = s.db.View(ctx, func(tx *store.Tx) error {
		charges, err := tx.ChargeWork(now, 1)
		if err != nil || len(charges) > 0 {
			any = len(charges) > 0
			return err
		}
		setups, err := tx.SetupWork(now, 1)
		if err != nil || len(setups) > 0 {
			any = len(setups) > 0
			return err
		}
		refunds, err := tx.RefundWork(now, 1)
		any = len(refunds) > 0
		return err
	})
	return any, err
}

// backOff is when a task is tried again that got no answer.
func backOff(attempts int, now money.Instant) money.Instant {
	return now.Add(min(time.Second<<min(attempts, 12), 10*time.Minute))
}

// lookAgain is when an open page is looked at again, if nothing tells of it
// before: soon at first, then each few minutes, and once when its time is over.
func lookAgain(attempts int, expires, now money.Instant) money.Instant {
	next := now.Add(min(10*time.Second<<min(attempts, 8), 5*time.Minute))
	if over := expires.Add(5 * time.Second); now < over && next > over {
		return over
	}
	return next
}

// takeTask runs fn on a task's payment and charge, with the contract's row held.
func (s *Service) takeTask(ctx context.Context, actor identity.Actor, t CardTask, fn func(*store.Tx, *store.Contract, *store.Payment, *store.CardCharge) error) error {
	return s.take(ctx, actor, t.Contract, func(tx *store.Tx, c *store.Contract) error {
		ch, err := tx.Charge(t.ID)
		if err != nil {
			return err
		}
		p, err := tx.Payment(c.ID, ch.PaymentID)
		if err != nil {
			return err
		}
		return fn(tx, c, p, ch)
	})
}

// CardStarted writes that the processor has made the page of a task.
func (s *Service) CardStarted(ctx context.Context, actor identity.Actor, t CardTask, session, url string) error {
	if t.Kind == TaskSetup {
		return s.takeSetup(ctx, actor, t, func(tx *store.Tx, c *store.CardSetup) error {
			if c.State == "created" || c.State == "unknown" {
				c.State, c.SessionID, c.PageURL, c.TryAt = "open", session, url, lookAgain(0, c.Expires, s.clock())
			}
			return nil
		})
	}
	return s.takeTask(ctx, actor, t, func(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge) error {
		now := s.clock()
		ch.SessionID, ch.PageURL, ch.TryAt = session, url, lookAgain(0, ch.Expires, now)
		if p.State == billing.Cancelled || ch.Close != 0 { // asked for while it was being cancelled
			ch.Close, ch.TryAt = now, now
		}
		return s.learn(tx, c, p, ch, billing.CardFacts{Opened: true}, actor)
	})
}

// CardUnanswered writes that it is not known whether a task was done. It is asked
// again, by the same key; nobody is told that it failed.
func (s *Service) CardUnanswered(ctx context.Context, actor identity.Actor, t CardTask) error {
	switch t.Kind {
	case TaskSetup:
		return s.takeSetup(ctx, actor, t, func(tx *store.Tx, c *store.CardSetup) error {
			if c.TryAt = backOff(c.Attempts, s.clock()); c.State == "created" {
				c.State = "unknown"
			}
			return nil
		})
	case TaskRefund:
		return s.takeRefund(ctx, actor, t, func(tx *store.Tx, c *store.Contract, r *store.Refund) error {
			if r.TryAt = backOff(r.Attempts, s.clock()); r.State == "agreed" {
				r.State = "unknown"
			}
			return nil
		})
	}
	return s.takeTask(ctx, actor, t, func(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge) error {
		if p.State == billing.Created || p.State == billing.Submitted && ch.SessionID == "" {
			was := p.State
			p.State = billing.Unknown
			if err := tx.SavePayment(p, was); err != nil {
				return err
			}
			tx.Audit(s.clock(), actor.String(), "card_unanswered", c.ID, p.ID)
		}
		ch.TryAt = backOff(ch.Attempts, s.clock())
		tx.SaveCharge(ch)
		return nil
	})
}

// CardLater puts a task off that was certainly not done: nothing changes.
func (s *Service) CardLater(ctx context.Context, actor identity.Actor, t CardTask) error {
	switch t.Kind {
	case TaskSetup:
		return s.takeSetup(ctx, actor, t, func(tx *store.Tx, c *store.CardSetup) error {
			c.TryAt = backOff(c.Attempts, s.clock())
			return nil
		})
	case TaskRefund:
		return s.takeRefund(ctx, actor, t, func(tx *store.Tx, c *store.Contract, r *store.Refund) error {
			r.TryAt = backOff(r.Attempts, s.clock())
			return nil
		})
	}
	return s.takeTask(ctx, actor, t, func(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge) error {
		ch.TryAt = backOff(ch.Attempts, s.clock())
		tx.SaveCharge(ch)
		return nil
	})
}

// CardNothing writes that the processor has nothing of a task, though it was asked
// for, and that it is too late to ask again: it was not done, and never will be.
func (s *Service) CardNothing(ctx context.Context, actor identity.Actor, t CardTask) error {
	switch t.Kind {
	case TaskSetup:
		return s.CardSeen(ctx, actor, t, CardAnswer{Facts: billing.CardFacts{Expired: true}})
	case TaskRefund:
		return s.RefundSeen(ctx, actor, t, "", RefundFailed)
	case TaskSaved:
		return s.CardSeen(ctx, actor, t, CardAnswer{Facts: billing.CardFacts{Failed: true, Reason: "The card’s bank could not be reached."}})
	}
	return s.CardSeen(ctx, actor, t, CardAnswer{Facts: billing.CardFacts{Expired: true}})
}

// CardRefused writes that the processor will not do a task. Nothing was charged.
// reason is what a borrower may read.
func (s *Service) CardRefused(ctx context.Context, actor identity.Actor, t CardTask, code, reason string) error {
	if t.Kind == TaskRefund {
		return s.RefundSeen(ctx, actor, t, "", RefundFailed)
	}
	return s.CardSeen(ctx, actor, t, CardAnswer{Facts: billing.CardFacts{Failed: true, Decline: code, Reason: reason}})
}
