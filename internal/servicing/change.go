package servicing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// EventRequest puts an event on a contract: a fee, a waiver, money that came by
// check, a change of terms, a hold. Payments through the bank have verbs of
// their own.
type EventRequest struct {
	Key      string
	Contract ContractID
	Event    contract.Event // Seq is given here
}

// EventResult is what an event does, or did.
type EventResult struct {
	Event      contract.Event
	Allocation contract.Allocation
	Why        []contract.Why
	Terms      contract.Terms
	State      contract.State // as of the business date
	Due        contract.Due
	Repeated   bool // the key had made it before: nothing was done
	// Corrections are the events before it that are now applied otherwise, and by
	// how much.
	Corrections []Correction
}

// Correction is what another event changed in how one was applied.
type Correction struct {
	Event contract.Event
	By    contract.Allocation
}

// FindContract names the contract with an account number.
func (s *Service) FindContract(ctx context.Context, actor identity.Actor, number string) (id ContractID, err error) {
	if err := system(actor); err != nil {
		return "", err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.ContractByNumber(number)
		if err == nil {
			id = ContractID(c.ID)
		}
		return err
	})
	return id, err
}

// PreviewEvent shows what an event would do, by the functions that will do it.
// Nothing is written. An event that cannot be is a *Refusal.
func (s *Service) PreviewEvent(ctx context.Context, actor identity.Actor, req EventRequest) (r EventResult, err error) {
	if err := system(actor); err != nil {
		return r, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Contract(string(req.Contract), "")
		if err != nil {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		history, err := tx.Events(c.ID)
		if err != nil {
			return err
		}
		req.Event.Seq = c.LastEvent + 1
		if err := judge(c, plain(history), req.Event, day); err != nil {
			return err
		}
		r, err = outcome(c, append(plain(history), req.Event), req.Event.Seq, day)
		return err
	})
	return r, err
}

// PostEvent puts an event on a contract, at any date up to the business date. An
// earlier date folds the history again and posts the differences, also across
// statements that were sent. The same key with the same event gives what it did
// the first time.
func (s *Service) PostEvent(ctx context.Context, actor identity.Actor, req EventRequest) (r EventResult, err error) {
	if !goodKey(req.Key) {
		return r, refuse("key_missing", "key", "Every event needs a key of its own.")
	}
	form, err := json.Marshal(req.Event)
	if err != nil {
		return r, fmt.Errorf("read event %s: %w", req.Event.Kind, err)
	}
	e := req.Event
	hash := inputHash(e.Kind, e.Date, e.Amount, e.Instalment, e.Reverses, string(form))
	err = s.take(ctx, actor, req.Contract, func(tx *store.Tx, c *store.Contract) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		history, err := tx.Events(c.ID)
		if err != nil {
			return err
		}
		if known := slices.IndexFunc(history, func(h store.Event) bool { return h.Key == req.Key }); known >= 0 {
			if history[known].InputHash != hash {
				return refuse("key_reused", "key", "The key was used for another event, number %d of this contract.", history[known].Seq)
			}
			r, err = outcome(c, plain(history), history[known].Seq, day)
			r.Repeated = true
			return err
		}
		e.Seq = c.LastEvent + 1
		if err := judge(c, plain(history), e, day); err != nil {
			return err
		}
		wasPaid := c.Status == "paid"
		if e.Kind == contract.PayoffQuote {
			if err := s.deskQuote(tx, c, &e, day, cause{key: req.Key, hash: hash}, actor); err != nil {
				return err
			}
		} else if _, err := s.post(tx, c, e, cause{key: req.Key, hash: hash}, actor); err != nil {
			return err
		}
		tx.Audit(s.clock(), actor.String(), "event", c.ID, string(e.Kind))
		events := append(plain(history), e)
		if e.Kind == contract.Service {
			if events, err = s.uncharge(tx, c, events, e.Date, day, actor); err != nil {
				return err
			}
		}
		if r, err = outcome(c, events, e.Seq, day); err != nil {
			return err
		}
		return s.followUp(tx, c, wasPaid, plain(history), e, r, day, actor)
	})
	return r, err
}

// uncharge takes back the late fees charged since military service began: the
// Act counts them as interest, which is capped from that day (50 USC 3937).
func (s *Service) uncharge(tx *store.Tx, c *store.Contract, events []contract.Event, since, day money.Date, actor identity.Actor) ([]contract.Event, error) {
	for _, fee := range events {
		if fee.Kind != contract.LateCharge || fee.Date < since || undone(events, fee.Seq) {
			continue
		}
		back := contract.Event{Kind: contract.Reversal, Date: day, Amount: fee.Amount, Reverses: fee.Seq}
		if _, err := s.post(tx, c, back, cause{}, actor); err != nil {
			return nil, err
		}
		back.Seq = c.LastEvent
		events = append(events, back)
	}
	return events, nil
}

// byBank says whether a payment came through a verb of its own, with a row that
// says where it stands.
func byBank(e *contract.Event) bool {
	return e.Kind == contract.Payment && (e.Source == "" || e.Source == contract.FromACH || e.Source == contract.FromCard)
}

// judge refuses an event that may not happen, on the account as it stood on the
// event's date.
func judge(c *store.Contract, history []contract.Event, e contract.Event, day money.Date) error {
	switch {
	case e.Date > day:
		return refuse("date_future", "date", "The date is after the business date, %s.", day)
	case byBank(&e):
		return refuse("source", "source", "Say how the money came: check, wire, cash or insurer. Bank and card payments are made by paying.")
	case e.Kind == contract.PayoffQuote && (e.Date != day || e.Amount != 0):
		return refuse("date", "date", "A payoff quote is made on the business date, %s, and finds its own amount.", day)
	}
	for seq, kind := e.Reverses, e.Kind; kind == contract.Reversal; { // a reversal of a reversal ends at what was first taken back
		i := slices.IndexFunc(history, func(h contract.Event) bool { return h.Seq == seq })
		if i < 0 {
			break
		}
		if byBank(&history[i]) {
			return refuse("reverses", "reverses", "A bank payment is cancelled, or returned by the bank.")
		}
		seq, kind = history[i].Reverses, history[i].Kind
	}
	then, err := contract.Allow(&c.Terms, history, &e)
	if err != nil {
		return asEventRefusal(err)
	}
	return agreed(&c.Terms, &then, &e)
}

// agreed refuses what the contract does not provide for: a fee that is not its
// own, or a rate that was likely meant as a percentage.
func agreed(t *contract.Terms, s *contract.State, e *contract.Event) error {
	switch e.Kind {
	case contract.LateCharge:
		if e.Instalment == 0 {
			return refuse("instalment", "instalment", "Say which instalment the late fee is for.")
		}
		unpaid := min(s.PaymentOf(e.Instalment), s.Asked(e.Instalment)-s.Credited)
		if most := t.LateFee.On(unpaid); e.Amount > most {
			return refuse("amount", "amount", "The contract's late fee on the %s unpaid is %s.", unpaid.USD(), most.USD())
		}
	case contract.ReturnedFee:
		if e.Amount > t.ReturnedFee {
			return refuse("amount", "amount", "The contract's fee for a returned payment is %s.", t.ReturnedFee.USD())
		}
	}
	if e.Rate != nil && *e.Rate > money.RateScale {
		return refuse("annual_rate", "annual_rate", "The rate is a fraction: 0.049 is 4.9 percent.")
	}
	return nil
}

func asEventRefusal(err error) error {
	if e, ok := errors.AsType[*contract.EventError](err); ok {
		return &Refusal{"event_refused", e.Field, e.Reason}
	}
	return err
}

// outcome is what an event among others does, and the account after all of them.
func outcome(c *store.Contract, events []contract.Event, seq int, day money.Date) (r EventResult, err error) {
	state, allocations, err := contract.Fold(&c.Terms, events, day)
	if err != nil {
		return r, fmt.Errorf("fold contract %s: %w", c.ID, err)
	}
	i := slices.IndexFunc(events, func(e contract.Event) bool { return e.Seq == seq })
	r = EventResult{Event: events[i], Allocation: allocations[i], Terms: c.Terms, State: state}
	if r.Corrections, err = corrections(c, events, i, allocations); err != nil {
		return r, err
	}
	if r.Why, err = contract.Explain(&c.Terms, events, seq); err != nil {
		return r, err
	}
	r.Due, err = state.Due(&c.Terms, day)
	return r, err
}

// corrections sets how the events were applied before one of them beside how they
// are applied with it.
func corrections(c *store.Contract, events []contract.Event, i int, now []contract.Allocation) (out []Correction, err error) {
	_, was, err := contract.Replay(&c.Terms, events[:i])
	if err != nil {
		return nil, fmt.Errorf("fold contract %s: %w", c.ID, err)
	}
	for k := range was {
		if by := now[k].Minus(was[k]); by != (contract.Allocation{}) {
			out = append(out, Correction{events[k], by})
		}
	}
	return out, nil
}

// followUp does what an event brings with it: the dates on which the cycle looks
// at the contract again, autopay that must not draw any more, and word to the
// customer.
func (s *Service) followUp(tx *store.Tx, c *store.Contract, wasPaid bool, history []contract.Event, e contract.Event, r EventResult, day money.Date, actor identity.Actor) error {
	switch e.Kind {
	case contract.ChargeOff, contract.Acceleration, contract.Repossession, contract.TotalLoss, contract.LeaseEnd:
		if err := s.endAutopay(tx, c, "the account changed", actor); err != nil {
			return err
		}
	}
	switch e.Kind {
	case contract.ChargeOff, contract.Repossession, contract.LeaseEnd:
		if err := s.cancelScheduled(tx, c, actor); err != nil {
			return err
		}
	}
	taken := (*contract.Event)(nil)
	if i := slices.IndexFunc(history, func(h contract.Event) bool { return e.Kind == contract.Reversal && h.Seq == e.Reverses }); i >= 0 {
		taken = &history[i]
		if err := s.spareLateFees(tx, c, taken.Kind, day, actor); err != nil {
			return err
		}
	}
	if c.Status == "paid" && !wasPaid {
		if err := s.paidOff(tx, c, nil, fmt.Sprintf("%s:%d", c.ID, e.Seq), day); err != nil {
			return err
		}
	}
	if held(c) {
		return nil
	}
	if err := s.changeLetter(tx, c, history, e, r.Allocation, day); err != nil {
		return err
	}
	dueNext, pastDue := r.Due.UpcomingAmount, r.Due.PastDue
	if pastDue > 0 {
		pastDue += r.Due.Fees
	} else {
		dueNext += r.Due.Fees
	}
	words := billing.ChangeWords(c.Kind, e, taken, r.Why)
	if words == "" {
		return nil
	}
	return s.tell(tx, c, "", fmt.Sprintf("%s:%d", c.ID, e.Seq), billing.Notice{
		Kind: billing.NoticeAccountChanged, Lease: c.Kind == contract.Lease, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Date: e.Date,
		AmountDue: dueNext, PastDue: pastDue, DueDate: r.Due.Upcoming, Text: words,
	})
}

// cancelScheduled takes back the payments that were to come on an account that
// has come to its end.
func (s *Service) cancelScheduled(tx *store.Tx, c *store.Contract, actor identity.Actor) error {
	payments, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return err
	}
	for _, p := range payments {
		if p.State != billing.Scheduled {
			continue
		}
		if err := s.cancel(tx, c, p, actor); err != nil {
			return err
		}
		b, err := methodOf(tx, p)
		if err != nil {
			return err
		}
		if err := s.tell(tx, c, p.CustomerID, p.ID, s.paymentNotice(billing.NoticePaymentCancelled, c, p, b)); err != nil {
			return err
		}
	}
	return nil
}

// spareLateFees passes over the late fees of what fell due while something stood
// that is now taken back: nobody could have known that it was due.
func (s *Service) spareLateFees(tx *store.Tx, c *store.Contract, taken contract.EventKind, day money.Date, actor identity.Actor) error {
	switch taken {
	case contract.Deferral, contract.DueDateChange, contract.ReAge, contract.Modification, contract.Acceleration, contract.Repossession, contract.ChargeOff, contract.Service:
	default:
		return nil
	}
	n := c.State.DueThrough(&c.Terms, day)
	if n <= c.State.LateThrough {
		return nil
	}
	_, err := s.post(tx, c, contract.Event{Kind: contract.Waiver, Date: day, Of: contract.LateFees, Instalment: n}, cause{}, actor)
	return err
}

// held says whether a contract's customer is to be left alone: no drafts and no
// notices but about what they do themselves.
func held(c *store.Contract) bool { return c.State.Bankruptcy || c.State.CeaseContact }
