package servicing

import (
	"context"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// CardAnswer is what the processor says of a task, asked by us. Saved is the card
// that was saved, of a task to save one.
type CardAnswer struct {
	SessionID, IntentID string
	PageURL             string            // of a page that can still be used
	Facts               billing.CardFacts // Charged as told, whatever was asked for
	Saved               *SavedCard
}

// SavedCard is a card that the processor keeps. There is no number.
type SavedCard struct {
	Brand, Last4, Funding string
	ExpMonth, ExpYear     int
	Processor, Token      string
}

// CardSeen takes note of what the processor says of a payment by card, and does
// what follows: answers are merged, so that they may come in any order, late and
// more than once.
func (s *Service) CardSeen(ctx context.Context, actor identity.Actor, t CardTask, a CardAnswer) error {
	if t.Kind == TaskSetup {
		return s.setupSeen(ctx, actor, t, a)
	}
	return s.takeTask(ctx, actor, t, func(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge) error {
		if ch.IntentID == "" {
			ch.IntentID = a.IntentID
		}
		if ch.SessionID == "" {
			ch.SessionID = a.SessionID
		}
		if ch.PageURL == "" {
			ch.PageURL = a.PageURL
		}
		// Another amount than was asked for is never posted.
		if a.Facts.Charged != 0 && a.Facts.Charged != ch.Amount {
			a.Facts.Charged, a.Facts.Differs = 0, a.Facts.Charged
		}
		now := s.clock()
		switch after := ch.Facts.Join(a.Facts); {
		case after.Over():
			ch.TryAt = 0
		case after.Differs > 0:
			ch.TryAt = backOff(ch.Attempts, now)
		default:
			ch.TryAt = lookAgain(ch.Attempts, ch.Expires, now)
		}
		return fault.After(s.learn(tx, c, p, ch, a.Facts, actor), "card.before_post_commit")
	})
}

// learn merges facts into what is known of a payment, saves it, and brings the
// payment to where they put it.
func (s *Service) learn(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge, facts billing.CardFacts, actor identity.Actor) error {
	before := ch.Facts
	ch.Facts = ch.Facts.Join(facts)
	tx.SaveCharge(ch)
	day, err := today(tx)
	if err != nil {
		return err
	}
	if err := s.cardItems(tx, p, ch, before, day); err != nil {
		return err
	}
	to := ch.Facts.State()
	for {
		next := billing.CardStep(p.State, to)
		if next == p.State {
			return nil
		}
		if next == "" {
			return s.cardAstray(tx, p, ch, day)
		}
		if err := s.cardBecomes(tx, c, p, ch, next, day, actor); err != nil {
			return err
		}
	}
}

// cardItems opens what a person must look at, each once.
func (s *Service) cardItems(tx *store.Tx, p *store.Payment, ch *store.CardCharge, before billing.CardFacts, day money.Date) error {
	f := &ch.Facts
	item := store.Exception{Kind: billing.CardDifference, ContractID: p.ContractID, PaymentID: p.ID, CustomerID: p.CustomerID, Reference: ch.IntentID}
	if f.Differs > 0 && before.Differs != f.Differs {
		e := item
		e.Once, e.Amount = "card_differs:"+p.ID, f.Differs
		e.Reason = fmt.Sprintf("the processor says that %s was charged; %s was asked for, and nothing else is posted", f.Differs, ch.Amount)
		if err := s.exception(tx, day, &e); err != nil {
			return err
		}
	}
	if f.DisputeID != "" && before.DisputeID != f.DisputeID {
		e := item
		e.Kind, e.Once, e.Amount, e.Reference, e.Code = billing.Dispute, "dispute:"+f.DisputeID, f.DisputeAmount, f.DisputeID, f.DisputeCode
		e.Reason = billing.DisputeReason(f.DisputeCode) + ": answer it at the processor before its day"
		if err := s.exception(tx, day, &e); err != nil {
			return err
		}
	}
	if f.Refunded > before.Refunded {
		refunds, err := tx.RefundsOf(p.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(refunds, func(r *store.Refund) bool { return r.Asked != 0 }) {
			e := item
			e.Once, e.Amount = "card_refund:"+p.ID, f.Refunded
			e.Reason = fmt.Sprintf("%s of %s was given back at the processor, and nobody asked for it here", f.Refunded, ch.Amount)
			return s.exception(tx, day, &e)
		}
	}
	return nil
}

// cardAstray is money that was charged for a payment which had ended. It is not
// applied: a person gives it back, or takes it in by hand. The payer is told.
func (s *Service) cardAstray(tx *store.Tx, p *store.Payment, ch *store.CardCharge, day money.Date) error {
	f := &ch.Facts
	money := max(f.Charged, f.Differs)
	if money == 0 { // older news
		return nil
	}
	words := fmt.Sprintf("This payment had ended, and the card was charged %s all the same. It does not count on your account: we will give it back, or call you about it.", money.USD())
	if f.Refunded-f.Unrefunded >= money {
		words = fmt.Sprintf("This payment had ended, and the card was charged all the same. We gave %s back to the card.", money.USD())
	}
	if p.Reason != words {
		p.Reason = words
		if err := tx.SavePayment(p, p.State); err != nil {
			return err
		}
	}
	return s.exception(tx, day, &store.Exception{
		Once: "card_late:" + p.ID, Kind: billing.CardDifference, ContractID: p.ContractID, PaymentID: p.ID, CustomerID: p.CustomerID, Reference: ch.IntentID, Amount: money,
		Reason: "charged for a payment that was " + string(p.State) + ": give it back",
	})
}

// cardBecomes moves a payment one step.
func (s *Service) cardBecomes(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge, next billing.PaymentState, day money.Date, actor identity.Actor) error {
	was := p.State
	p.State = next
	switch {
	case next == billing.Settled && p.EventSeq == 0:
		return s.cardCharged(tx, c, p, ch, was, day, actor)
	case next == billing.Settled:
		return s.cardRestored(tx, c, p, ch, was, day, actor)
	case next == billing.Returned || next == billing.Reversed:
		return s.cardTakenBack(tx, c, p, ch, was, day, actor)
	case next == billing.Refused:
		p.Reason = ch.Facts.Reason
		if p.Reason == "" {
			p.Reason = "The card was not charged."
		}
	case next == billing.Cancelled:
		switch p.Reason = "You left the card page before paying. Nothing was charged."; {
		case ch.Facts.Differs > 0:
			p.Reason = "The card was charged another amount than you agreed to. We gave it back."
		case ch.Close != 0:
			p.Reason = "You canceled it. The card was not charged."
		}
	}
	if err := tx.SavePayment(p, was); err != nil {
		return err
	}
	if next == billing.Submitted || next == billing.Unknown {
		return nil
	}
	action := "card_refused"
	if next == billing.Cancelled {
		action = "card_cancelled"
	}
	tx.Audit(s.clock(), actor.String(), action, c.ID, p.ID)
	if ch.Kind != "saved" || held(c) {
		return nil // who pays on a page sees it there
	}
	b, err := methodOf(tx, p)
	if err != nil {
		return err
	}
	n := s.paymentNotice(billing.NoticePaymentCancelled, c, p, b)
	n.Reason = p.Reason
	return s.tell(tx, c, p.CustomerID, p.ID, n)
}

// cardCharged posts a payment whose card was charged, in full and as of the day it
// was made for, whatever the account has become: what it no longer needs is kept
// for its owner as unapplied.
func (s *Service) cardCharged(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge, was billing.PaymentState, day money.Date, actor identity.Actor) error {
	on := min(p.Date, day)
	e := billing.Ask{Kind: p.Kind, Amount: p.Amount, Date: on, Extra: p.Extra}.Event()
	e.Source = contract.FromCard
	spans, err := c.State.Spans(&c.Terms, max(on, c.State.LastEvent))
	if err != nil {
		return err
	}
	if e.PrincipalOnly && p.Amount > c.State.Principal {
		e.PrincipalOnly = false // less is owed now than when it was asked for
	}
	a, err := s.post(tx, c, e, cause{payment: p.ID}, actor)
	if err != nil {
		return err
	}
	p.EventSeq, p.Reason = c.LastEvent, ""
	p.Plan = store.PaymentPlan{Allocation: a, BalanceAfter: c.State.Principal, Interest: billing.InterestLines(spans)}
	if err := tx.SavePayment(p, was); err != nil {
		return err
	}
	if err := s.cardFeeMoves(tx, c, p, day, false); err != nil {
		return err
	}
	tx.Audit(s.clock(), actor.String(), "card_charged", c.ID, p.ID)
	b, err := methodOf(tx, p)
	if err != nil {
		return err
	}
	kind := billing.NoticePaymentReceived
	if p.Autopay {
		kind = billing.NoticeAutopayDrawn
	}
	if err := s.tell(tx, c, p.CustomerID, p.ID, s.paymentNotice(kind, c, p, b)); err != nil || c.Status != "paid" {
		return err
	}
	return s.paidOff(tx, c, p, p.ID, on)
}

// cardFeeMoves books the fee for the way of paying, or takes it back.
func (s *Service) cardFeeMoves(tx *store.Tx, c *store.Contract, p *store.Payment, day money.Date, back bool) error {
	if p.ConvenienceFee == 0 {
		return nil
	}
	from, to := ledger.ConvenienceFees, ledger.CardTransit
	if back {
		from, to = to, from
	}
	if err := s.settle(tx, c, p.EventSeq, day, ledger.Move(from, to, p.ConvenienceFee)); err != nil {
		return err
	}
	return s.save(tx, c)
}

// cardTakenBack reverses a payment that was disputed or given back.
func (s *Service) cardTakenBack(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge, was billing.PaymentState, day money.Date, actor identity.Actor) error {
	f, paid := &ch.Facts, c.Status == "paid"
	if p.State == billing.Returned {
		p.ReturnCode, p.ReturnedOn = "dispute", day
	}
	if err := tx.SavePayment(p, was); err != nil {
		return err
	}
	back := contract.Event{Kind: contract.Reversal, Date: max(day, p.Date), Amount: p.Amount, Reverses: p.EventSeq}
	if _, err := s.post(tx, c, back, cause{payment: p.ID}, actor); err != nil {
		return err
	}
	if err := s.cardFeeMoves(tx, c, p, day, true); err != nil {
		return err
	}
	b, err := methodOf(tx, p)
	if err != nil {
		return err
	}
	action := "payment_returned"
	if p.State == billing.Reversed {
		action = "payment_reversed"
	}
	tx.Audit(s.clock(), actor.String(), action, c.ID, p.ID+" "+f.DisputeCode)
	if p.State == billing.Reversed {
		if held(c) {
			return nil
		}
		return s.tell(tx, c, "", p.ID+":refund", billing.Notice{Kind: billing.NoticeAccountChanged, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Date: day,
			Text: fmt.Sprintf("We gave the payment of %s from %s back to the %s. It no longer counts on this account.", p.Amount.USD(), p.Date.Long(), describe(b))})
	}
	if err := s.stopCard(tx, c, p, actor); err != nil {
		return err
	}
	d, err := due(c, day)
	if err != nil || held(c) {
		return err
	}
	n := s.paymentNotice(billing.NoticePaymentReturned, c, p, b)
	n.Reason, n.Balance = billing.DisputeReason(f.DisputeCode), c.State.Principal
	n.PastDue, n.AmountDue, n.DueDate = d.PastDue+d.Fees, d.UpcomingAmount, d.Upcoming
	if err := s.returnLetter(tx, c, p, n, p.ID+":"+f.DisputeID, day, paid); err != nil {
		return err
	}
	return s.tell(tx, c, p.CustomerID, p.ID+":"+f.DisputeID, n)
}

// stopCard keeps a card that was disputed from being charged again, and ends the
// autopay that draws from it.
func (s *Service) stopCard(tx *store.Tx, c *store.Contract, p *store.Payment, actor identity.Actor) error {
	if p.MethodID == "" {
		return nil
	}
	b, err := tx.TakeMethod(p.CustomerID, p.MethodID)
	if err != nil {
		return err
	}
	b.Validation, b.StopCode = billing.Stopped, "dispute"
	tx.SaveMethod(b)
	in, err := tx.Autopay(c.ID)
	if err != nil || in.MethodID != p.MethodID || in.CustomerID != p.CustomerID {
		return absent(err)
	}
	return s.endAutopay(tx, c, endedByReturn+"the card payment was disputed", actor)
}

// cardRestored lets a payment count again: its dispute was won, or its refund did
// not arrive. What took it back is itself taken back.
func (s *Service) cardRestored(tx *store.Tx, c *store.Contract, p *store.Payment, ch *store.CardCharge, was billing.PaymentState, day money.Date, actor identity.Actor) error {
	rows, err := tx.Events(c.ID)
	if err != nil {
		return err
	}
	reversal, at := 0, money.Date(0)
	for _, e := range rows {
		if e.Kind == contract.Reversal && e.Reverses == p.EventSeq && !undone(plain(rows), e.Seq) {
			reversal, at = e.Seq, e.Date
		}
	}
	if reversal == 0 {
		return fmt.Errorf("payment %s is %s and nothing takes it back", p.ID, was)
	}
	p.ReturnCode, p.ReturnedOn = "", 0
	if err := tx.SavePayment(p, was); err != nil {
		return err
	}
	again := contract.Event{Kind: contract.Reversal, Date: max(day, at), Amount: p.Amount, Reverses: reversal}
	if _, err := s.post(tx, c, again, cause{payment: p.ID}, actor); err != nil {
		return err
	}
	if err := s.cardFeeMoves(tx, c, p, day, false); err != nil {
		return err
	}
	tx.Audit(s.clock(), actor.String(), "payment_restored", c.ID, p.ID)
	if held(c) {
		return nil
	}
	return s.tell(tx, c, "", p.ID+":restored:"+ch.Facts.DisputeID, billing.Notice{Kind: billing.NoticeAccountChanged, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Date: day,
		Text: fmt.Sprintf("The card payment of %s from %s counts on this account again.", p.Amount.USD(), p.Date.Long())})
}
