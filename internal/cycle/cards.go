package cycle

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"marque/internal/billing"
	"marque/internal/fault"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/servicing"
)

// Bell tells the worker that takes card payments to the processor that there is
// something to do. Rung again before it is heard it rings once.
type Bell chan struct{}

// NewBell makes one.
func NewBell() Bell { return make(Bell, 1) }

// Ring never waits.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// Cards takes what the verbs have written about cards to the processor and writes
// what it says by other verbs. The first try and every one after a crash, a lost
// answer or an outage are the same code: what was asked for before is looked at
// before it is asked for again, always by the same key. Two processes that both
// do it charge once.
type Cards struct {
	Service   *servicing.Service
	Processor *rail.Cards
	Log       *slog.Logger
	Clock     func() money.Instant
	Bell      Bell // nil is never rung

	keyTold sync.Once
}

const (
	cardWorkers = 16
	cardLook    = time.Second // how often work is looked for that nobody rang for
	lastWord    = 10 * time.Second
	settleTime  = 10 * money.Instant(60_000_000) // after a page's end, in which a request may still arrive
)

// Run works until the context ends, then waits for what is under way.
func (w *Cards) Run(ctx context.Context) {
	slots := make(chan struct{}, cardWorkers)
	var work sync.WaitGroup
	defer work.Wait()
	freed := NewBell()
	for ctx.Err() == nil {
		tasks, err := w.next(ctx, cardWorkers-len(slots))
		if err != nil && ctx.Err() == nil {
			w.Log.Error("card payments", "error", err)
		}
		for _, t := range tasks {
			slots <- struct{}{}
			work.Go(func() {
				w.one(ctx, t)
				<-slots
				freed.Ring()
			})
		}
		select {
		case <-ctx.Done():
		case <-w.Bell:
		case <-freed:
		case <-time.After(cardLook):
		}
	}
}

func (w *Cards) next(ctx context.Context, free int) ([]servicing.CardTask, error) {
	if _, err := w.Service.ApplyEvents(ctx, actor); err != nil {
		return nil, err
	}
	if free <= 0 {
		return nil, nil
	}
	return w.Service.CardWork(ctx, actor, free)
}

// Once does all that is due now, side by side, and gives how many tasks that was.
func (w *Cards) Once(ctx context.Context) (done int, err error) {
	for {
		tasks, err := w.next(ctx, cardWorkers)
		if err != nil || len(tasks) == 0 {
			return done, err
		}
		var work sync.WaitGroup
		for _, t := range tasks {
			work.Go(func() { w.one(ctx, t) })
		}
		work.Wait()
		done += len(tasks)
	}
}

// one does a task. What could not be written down is found again when its claim
// is over.
func (w *Cards) one(ctx context.Context, t servicing.CardTask) {
	err := w.do(ctx, t)
	if err != nil && ctx.Err() == nil {
		w.Log.Error("card payment", "task", string(t.Kind), "id", t.ID, "error", err)
	}
}

func (w *Cards) do(ctx context.Context, t servicing.CardTask) error {
	// What the processor said is written down though the process is stopping.
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Hour)
	defer cancel()
	if t.Kind == servicing.TaskRefund {
		return w.refund(ctx, keep, t)
	}
	s := w.Service
	if t.Close && t.SessionID != "" {
		if err := w.Processor.CloseCheckout(ctx, t.ID+":close", t.SessionID); err != nil {
			if no := (*rail.Refusal)(nil); !errors.As(err, &no) { // a refusal: it is over, and the look says how
				return w.unsure(keep, t, err)
			}
		}
	}
	if t.Again {
		seen, err := w.Processor.Look(ctx, rail.Ask{SessionID: t.SessionID, IntentID: t.IntentID, PaymentID: t.ID, Customer: t.Processor, Since: t.Asked})
		switch {
		case err == nil:
			if err := fault.Point("card.after_look"); err != nil {
				return err
			}
			return s.CardSeen(keep, actor, t, answerOf(seen))
		case !errors.Is(err, rail.ErrNothing):
			return w.unsure(keep, t, err)
		case !t.MayAsk && t.Kind != servicing.TaskSaved && w.Clock() < t.Expires+settleTime:
			return s.CardLater(keep, actor, t) // it may still arrive
		}
	}
	if !t.MayAsk {
		return s.CardNothing(keep, actor, t)
	}
	return w.ask(ctx, keep, t)
}

// ask makes a task's request.
func (w *Cards) ask(ctx, keep context.Context, t servicing.CardTask) error {
	s, p := w.Service, w.Processor
	var page rail.Checkout
	err := fault.Point("card.before_call")
	if err != nil {
		return err
	}
	switch t.Kind {
	case servicing.TaskPage:
		page, err = p.Checkout(ctx, rail.CheckoutRequest{Key: t.ID, PaymentID: t.ID, Amount: t.Amount, Customer: t.Processor, Description: t.Description,
			SuccessURL: t.Back + "?from=page", CancelURL: t.Back + "?from=left", ExpiresAt: t.Expires})
	case servicing.TaskSetup:
		page, err = p.SetupCard(ctx, rail.SetupRequest{Key: t.ID, Reference: t.ID, Customer: t.Processor,
			SuccessURL: t.Back + "?from=page", CancelURL: t.Back + "?from=left", ExpiresAt: t.Expires})
	case servicing.TaskSaved:
		seen, err := p.Charge(ctx, rail.ChargeRequest{Key: t.ID, PaymentID: t.ID, Amount: t.Amount, Customer: t.Processor, Method: t.Token, Description: t.Description})
		if err := fault.After(err, "card.after_charge"); err != nil {
			return w.refused(keep, t, err)
		}
		return s.CardSeen(keep, actor, t, answerOf(seen))
	}
	if err := fault.After(err, "card.after_page"); err != nil {
		return w.refused(keep, t, err)
	}
	return s.CardStarted(keep, actor, t, page.ID, page.URL)
}

// refused writes a no of the processor, and else what is not known.
func (w *Cards) refused(ctx context.Context, t servicing.CardTask, err error) error {
	if no := (*rail.Refusal)(nil); errors.As(err, &no) {
		w.Log.Info("card refused", "task", string(t.Kind), "id", t.ID, "code", no.Code, "request", no.Request)
		return w.Service.CardRefused(ctx, actor, t, no.Code, no.Reason)
	}
	return w.unsure(ctx, t, err)
}

// unsure writes that a task was not done, or that nobody knows whether it was.
func (w *Cards) unsure(ctx context.Context, t servicing.CardTask, err error) error {
	switch {
	case errors.Is(err, rail.ErrBusy):
		return w.Service.CardLater(ctx, actor, t)
	case errors.Is(err, rail.ErrKey):
		w.keyTold.Do(func() {
			w.Log.Error("the card processor does not accept our key: no card can be charged until the settings are mended")
		})
		return w.Service.CardLater(ctx, actor, t)
	case errors.Is(err, rail.ErrKeyUsed):
		w.Log.Error("a card payment's key was used for another request", "id", t.ID)
	default:
		w.Log.Warn("the card processor has not answered", "task", string(t.Kind), "id", t.ID, "why", err)
	}
	return w.Service.CardUnanswered(ctx, actor, t)
}

// answerOf is what the processor says, as the verbs take it.
func answerOf(seen rail.Seen) servicing.CardAnswer {
	a := servicing.CardAnswer{SessionID: seen.SessionID, IntentID: seen.IntentID, PageURL: seen.PageURL}
	f := &a.Facts
	f.Opened, f.Processing = true, seen.State == rail.Processing
	f.Failed, f.Expired = seen.State == rail.Failed, seen.State == rail.Expired
	f.DisputeID, f.Dispute, f.DisputeAmount, f.DisputeCode = seen.Dispute.ID, billing.DisputeState(seen.Dispute.State), seen.Dispute.Amount, seen.Dispute.Code
	f.Refunded = seen.Refunded
	if f.Failed || f.Expired {
		f.Decline, f.Reason = seen.Decline, seen.Reason
	}
	switch seen.State {
	case rail.Charged:
		f.Charged, f.ChargedAt = cmp.Or(seen.Charged, seen.Amount), seen.ChargedAt
		f.Brand, f.Last4, f.Funding = seen.Card.Brand, seen.Card.Last4, seen.Card.Funding
	case rail.Saved:
		c := seen.Card
		a.Saved = &servicing.SavedCard{Brand: c.Brand, Last4: c.Last4, Funding: c.Funding, ExpMonth: c.ExpMonth, ExpYear: c.ExpYear, Processor: c.Customer, Token: c.Token}
	}
	return a
}

var refundStates = map[rail.RefundState]servicing.RefundState{
	rail.RefundPending: servicing.RefundPending, rail.RefundDone: servicing.RefundDone, rail.RefundFailed: servicing.RefundFailed,
}

// refund gives money back once: what was asked for before is looked for among the
// refunds of the charge.
func (w *Cards) refund(ctx, keep context.Context, t servicing.CardTask) error {
	s := w.Service
	if t.RefundID != "" {
		r, err := w.Processor.RefundState(ctx, t.RefundID)
		if err != nil {
			return w.unsure(keep, t, err)
		}
		return s.RefundSeen(keep, actor, t, r.ID, refundStates[r.State])
	}
	if t.Again {
		all, err := w.Processor.Refunds(ctx, t.IntentID)
		if err != nil {
			return w.unsure(keep, t, err)
		}
		for _, r := range all {
			if r.State != rail.RefundFailed && r.Amount == t.Amount {
				return s.RefundSeen(keep, actor, t, r.ID, refundStates[r.State])
			}
		}
		if !t.MayAsk {
			return s.CardNothing(keep, actor, t)
		}
	}
	r, err := w.Processor.Refund(ctx, rail.RefundRequest{Key: t.ID, IntentID: t.IntentID, Amount: t.Amount})
	if err != nil {
		return w.refused(keep, t, err)
	}
	return s.RefundSeen(keep, actor, t, r.ID, refundStates[r.State])
}

// How far back a day looks for events that did not arrive, and for payouts. The
// processor keeps events for 30 days.
const (
	eventsBack  = 7 * 24 * time.Hour
	payoutsBack = 45
)

// Day sets the processor's list against ours: events that did not arrive are
// taken in, payments that are not over are looked at, and what was paid out goes
// from transit to cash. A processor that is away leaves it for the next day.
func (w *Cards) Day(ctx context.Context, d *Day) error {
	problem := func(what string, err error) {
		d.Problems = append(d.Problems, what+": "+err.Error())
		w.Log.Error(what, "date", d.Date.String(), "error", err)
	}
	events, err := w.Processor.Events(ctx, w.Clock().Add(-eventsBack))
	if err != nil {
		problem("events of the card processor", err)
	}
	for _, e := range events {
		body, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("keep event %s: %w", e.ID, err)
		}
		if _, err := w.Service.ReceiveEvent(ctx, actor, told(e, body)); err != nil {
			return err
		}
	}
	if _, err := w.Service.WakeOpenCards(ctx, actor); err != nil {
		return err
	}
	if _, err := w.Once(ctx); err != nil {
		return err
	}
	payouts, err := w.Processor.Payouts(ctx, d.Date-payoutsBack, d.Date)
	if err != nil {
		problem("payouts of the card processor", err)
	}
	for _, p := range payouts {
		if err := w.payout(ctx, p); err != nil {
			problem("payout "+p.ID, err)
		}
	}
	posted, waiting, err := w.Service.PostPayouts(ctx, actor)
	d.PaidOut += posted
	for _, ref := range waiting {
		problem("payout", fmt.Errorf("of payment %s of contract %s, which is not in its account", ref.ID, ref.ContractID))
	}
	return err
}

func (w *Cards) payout(ctx context.Context, p rail.Payout) error {
	if p.State != rail.PayoutPaid {
		return nil
	}
	known, err := w.Service.KnownPayout(ctx, actor, p.ID)
	if err != nil || known {
		return err
	}
	lines, err := w.Processor.PayoutLines(ctx, p.ID)
	if err != nil {
		return err
	}
	out := servicing.CardPayout{ID: p.ID, Arrival: p.Arrival, Amount: p.Amount}
	for _, l := range lines {
		out.Lines = append(out.Lines, servicing.CardPayoutLine{ID: l.ID, Kind: string(l.Kind), PaymentID: l.PaymentID, IntentID: l.IntentID, Source: l.Source,
			Amount: l.Amount, Fee: l.Fee, Net: l.Net})
	}
	return w.Service.KeepPayout(ctx, actor, out)
}
