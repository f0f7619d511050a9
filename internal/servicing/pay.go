package servicing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// PayOptions is what can be chosen for a payment.
func (s *Service) PayOptions(ctx context.Context, actor identity.Actor, id ContractID) (o PayOptions, err error) {
	who, err := customer(actor)
	if err != nil {
		return o, err
	}
	err = s.own(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if o.Date, err = today(tx); err != nil {
			return err
		}
		if o.Card, err = s.card(tx, c, o.Date, actor); err != nil {
			return err
		}
		days := s.payDays(o.Date)
		o.First, o.Last, o.Extra, o.Days = days.First, days.Last(), c.Terms.Extra, days
		o.CutOff = s.rules.Paying
		if o.Waiting, err = s.waiting(tx, c, actor); err != nil {
			return err
		}
		if o.StatementBalance, err = statementBalance(tx, c); err != nil {
			return err
		}
		o.Cards, o.CardFee = s.rules.Cards.On, s.cardFee(c)
		o.Methods, err = methods(tx, who)
		return err
	})
	return o, err
}

// ReviewPayment shows what a payment would do, without doing any of it.
func (s *Service) ReviewPayment(ctx context.Context, actor identity.Actor, req PaymentRequest) (r PaymentReview, err error) {
	who, err := customer(actor)
	if err != nil {
		return r, err
	}
	err = s.own(ctx, actor, req.Contract, func(tx *store.Tx, c *store.Contract) error {
		if p, err := tx.PaymentByKey(who, req.Key); err == nil {
			made, err := s.payment(tx, p, actor)
			r.Made = &made
			return err
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		if r.Plan, err = s.decide(tx, c, req, day); err != nil {
			return err
		}
		req.Amount = r.Plan.Amount
		r.Request = req
		if r.Card, err = s.card(tx, c, day, actor); err != nil {
			return err
		}
		b, err := s.account(tx.Method, who, req.Method)
		if err != nil {
			return err
		}
		r.Method = method(b)
		r.Authorizes = s.paymentAgreement(c, b, r.Plan.Amount, req.Date)
		if r.Waiting, err = s.waiting(tx, c, actor); err != nil {
			return err
		}
		for _, p := range r.Waiting {
			if p.Date == req.Date && p.Amount == req.Amount {
				r.SameDay = append(r.SameDay, p)
			}
		}
		settled, err := s.settledToday(tx, c, req, actor)
		r.SameDay = append(r.SameDay, settled...)
		return err
	})
	return r, err
}

// decide plans a payment on the account as it stands. Payments that are
// scheduled before it are not counted: they have not been made yet.
func (s *Service) decide(tx *store.Tx, c *store.Contract, req PaymentRequest, day money.Date) (billing.Plan, error) {
	p, err := billing.Decide(&c.Terms, c.State, req.ask(), s.payDays(day))
	return p, asRefusal(err)
}

// payDays are the days that a payment made now can count for.
func (s *Service) payDays(today money.Date) billing.PayDays {
	zone := s.rules.Paying.Zone
	if zone == nil {
		zone = time.UTC
	}
	at := s.clock().Time().In(zone)
	return billing.OpenAt(today, money.NewDate(at.Year(), int(at.Month()), at.Day()), at.Hour()*60+at.Minute(), s.rules.Paying.CutOff, s.rules.Paying.BankingDays)
}

// waiting are the payments on a contract whose money is still on its way, the
// next first: what a person must know of before paying again.
func (s *Service) waiting(tx *store.Tx, c *store.Contract, by identity.Actor) (out []Payment, err error) {
	all, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		switch p.State {
		case billing.Created, billing.Scheduled, billing.Authorised, billing.Submitted, billing.Unknown:
			v, err := s.payment(tx, p, by)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b Payment) int { return cmp.Compare(a.Date, b.Date) })
	return out, nil
}

// settledToday are payments of the amount and for the day asked for that have
// been charged already.
func (s *Service) settledToday(tx *store.Tx, c *store.Contract, req PaymentRequest, by identity.Actor) (out []Payment, err error) {
	all, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.State == billing.Settled && p.Date == req.Date && p.Amount == req.Amount {
			v, err := s.payment(tx, p, by)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// statementBalance is what is left of the amount due of the last statement, after
// the payments since it closed; zero without a statement.
func statementBalance(tx *store.Tx, c *store.Contract) (money.Cents, error) {
	last, err := tx.LastStatement(c.ID)
	if err != nil {
		return 0, absent(err)
	}
	events, err := tx.Events(c.ID)
	if err != nil {
		return 0, err
	}
	left, history := last.AmountDue, plain(events)
	for _, e := range history {
		if e.Kind == contract.Payment && e.Date > last.Closing && !undone(history, e.Seq) {
			left -= e.Amount
		}
	}
	return max(0, left), nil
}

// usable is a bank account that the customer has and has not removed. read is how
// it is read: taking its row, when something is about to be made that draws from it.
func (s *Service) usable(read func(customer, id string) (*store.Method, error), who string, id MethodID) (*store.Method, error) {
	if id == "" {
		return nil, refuse("method_missing", "method", "Choose the bank account to pay from.")
	}
	b, err := read(who, string(id))
	if errors.Is(err, store.ErrNotFound) || (err == nil && b.Removed != 0) {
		return nil, refuse("method_gone", "method", "Choose one of your bank accounts, or add one.")
	}
	if err != nil {
		return nil, err
	}
	return b, drawable(b)
}

// account is a bank account that a single payment can be drawn from: by card one
// pays in another way.
func (s *Service) account(read func(customer, id string) (*store.Method, error), who string, id MethodID) (*store.Method, error) {
	b, err := s.usable(read, who, id)
	if err == nil && b.Kind != billing.Bank {
		return nil, refuse("method_card", "method", "Choose one of your bank accounts, or pay by card.")
	}
	return b, err
}

// drawable refuses a bank account that no debit may go to: one that nobody has
// shown to be there yet, or one whose bank has said that the next would come back.
func drawable(b *store.Method) error {
	switch b.Validation {
	case billing.Validated:
		return nil
	case billing.Stopped:
		if b.Kind == billing.CardMethod {
			return refuse("card_stopped", "method", "The %s can no longer be charged. Choose another way to pay.", describe(b))
		}
	}
	switch b.Validation {
	case billing.Stopped:
		return refuse("method_stopped", "method", "Your bank sent back a payment from the account ending in %s: %s. Choose another account, or add it again with the right numbers.", b.Last4, billing.ReturnReason(b.StopCode))
	case billing.NotValid:
		return refuse("method_failed", "method", "We could not check the account ending in %s with your bank. Choose another account, or add it again.", b.Last4)
	}
	return refuse("method_unchecked", "method", "The account ending in %s is not checked yet. Check it first; it takes one or two banking days.", b.Last4)
}

// paymentAgreement is what a customer agrees to by confirming one payment.
func (s *Service) paymentAgreement(c *store.Contract, b *store.Method, amount money.Cents, date money.Date) string {
	return fmt.Sprintf("I authorize %s to take one payment of %s from my %s account ending in %s (routing number %s) on or after %s for account ending in %s. "+
		"I can cancel it here until it is sent to my bank. If my bank returns it, it will be taken off my account again%s.",
		s.lender.Name, amount.USD(), b.Type, b.Last4, b.Routing, date.Long(), accountEnds(c.AccountNumber), returnedFeeWords(c.Terms.ReturnedFee)+s.retryWords())
}

func returnedFeeWords(fee money.Cents) string {
	if fee == 0 {
		return ""
	}
	return " and a returned payment fee of " + fee.USD() + " may be charged"
}

// SubmitPayment makes a payment. For today it is posted at once and goes to the
// bank with the day's file; for a later day it is kept until then. The same key
// with the same inputs gives the payment that it made, however often it comes.
func (s *Service) SubmitPayment(ctx context.Context, actor identity.Actor, req PaymentRequest, src Source) (out Payment, err error) {
	if !goodKey(req.Key) {
		return out, refuse("key_missing", "", "Start again from your account.")
	}
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.db.UpdateOn(ctx, string(req.Contract), func(tx *store.Tx) error {
		c, err := tx.TakeContractToPay(string(req.Contract), who, req.Key, string(req.Method), settingDate)
		if err != nil {
			return err
		}
		hash := inputHash(who, c.ID, req.Kind, req.Amount, req.Date, req.Method, req.Extra, req.SameDay)
		if p, err := tx.PaymentByKey(who, req.Key); err == nil {
			if p.InputHash != hash {
				return errKeyReused
			}
			out, err = s.payment(tx, p, actor)
			return err
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		p, b, err := s.submit(tx, c, who, req, actor, src)
		if err != nil {
			return err
		}
		p.Key, p.InputHash = req.Key, hash
		if err := tx.InsertPayment(p); err != nil {
			return err
		}
		out = view(p, b, actor)
		return fault.Point("pay.before_commit")
	})
	if isConflict(err) { // the key made a payment on another contract at the same moment
		return out, errKeyReused
	}
	return out, fault.After(err, "pay.after_commit_before_reply")
}

// goodKey says whether a key can be a customer's: the system's own begin with
// "autopay:" or "retry:".
func goodKey(key string) bool {
	return key != "" && len(key) <= 255 && !strings.HasPrefix(key, autopayKey) && !strings.HasPrefix(key, retryKey)
}

// submit decides and applies; the payment's row is the caller's to insert.
func (s *Service) submit(tx *store.Tx, c *store.Contract, who string, req PaymentRequest, actor identity.Actor, src Source) (*store.Payment, *store.Method, error) {
	return s.submitAs(tx, c, who, req, actor, consent{
		keep: func(b *store.Method, amount money.Cents) string {
			return s.agree(tx, c, who, "payment", s.paymentAgreement(c, b, amount, req.Date), src)
		},
		told: func(n billing.Notice) billing.Notice { return n },
	})
}

// consent is how a payment was agreed to: keep keeps the words and names them, and
// told is what the customer is told of it.
type consent struct {
	keep func(*store.Method, money.Cents) string
	told func(billing.Notice) billing.Notice
}

func (s *Service) submitAs(tx *store.Tx, c *store.Contract, who string, req PaymentRequest, actor identity.Actor, by consent) (*store.Payment, *store.Method, error) {
	day, err := today(tx)
	if err != nil {
		return nil, nil, err
	}
	plan, err := s.decide(tx, c, req, day)
	if err != nil {
		return nil, nil, err
	}
	// What was reviewed is what is paid: an amount due or a payoff that has
	// changed since is shown again, never taken.
	if plan.Amount != req.Amount {
		return nil, nil, refuse("amount_changed", "amount", "The amount has changed to %s since you opened the page. Check it and confirm again.", plan.Amount.USD())
	}
	b, err := s.account(tx.KeepMethod, who, req.Method)
	if err != nil {
		return nil, nil, err
	}
	if req.SameDay {
		if err := s.maySettleToday(req.Date, day, plan.Amount); err != nil {
			return nil, nil, err
		}
	}

	// --- decided; what follows applies ---
	now := s.clock()
	agreement := by.keep(b, plan.Amount)
	p := &store.Payment{
		ContractID: c.ID, ID: store.NewID(), CustomerID: who, MethodID: b.ID, AgreementID: agreement,
		Confirmation: confirmation(), Kind: req.Kind, Extra: req.Extra, Rail: billing.ACH, SEC: string(ach.WEB), SameDay: req.SameDay, Attempt: 1,
		State: billing.Scheduled, Amount: plan.Amount, Date: req.Date, MadeBy: actor.String(),
		Plan:      store.PaymentPlan{Allocation: plan.Allocation, BalanceAfter: plan.BalanceAfter, Interest: billing.InterestLines(plan.Spans)},
		CreatedOn: day, Created: now,
	}
	kind := billing.NoticePaymentScheduled
	if req.Date <= day {
		kind = billing.NoticePaymentReceived
		if err := s.postPayment(tx, c, p, day, actor); err != nil {
			return nil, nil, err
		}
	}
	tx.Audit(now, actor.String(), "pay", c.ID, p.ID)
	return p, b, s.tell(tx, c, p.CustomerID, p.ID, by.told(s.paymentNotice(kind, c, p, b)))
}

func (s *Service) paymentNotice(kind billing.NoticeKind, c *store.Contract, p *store.Payment, b *store.Method) billing.Notice {
	return billing.Notice{
		Kind: kind, Lease: c.Kind == contract.Lease, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Amount: p.Amount, Date: p.Date, Method: describe(b),
		Confirmation: p.Confirmation, Allocation: p.Plan.Allocation, Balance: p.Plan.BalanceAfter,
	}
}

// agree keeps the words that were agreed to.
func (s *Service) agree(tx *store.Tx, c *store.Contract, who, kind, text string, src Source) string {
	id, sum := store.NewID(), sha256.Sum256([]byte(text))
	tx.InsertAgreement(&store.Agreement{ContractID: c.ID, ID: id, CustomerID: who, Kind: kind, Text: text, Hash: hex.EncodeToString(sum[:]),
		IP: src.IP, UserAgent: cut(src.UserAgent, 300), Agreed: s.clock()})
	return id
}

func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

// postPayment posts a payment's event and makes it ready for the bank. p is
// changed and not saved.
func (s *Service) postPayment(tx *store.Tx, c *store.Contract, p *store.Payment, on money.Date, actor identity.Actor) error {
	spans, err := c.State.Spans(&c.Terms, on)
	if err != nil {
		return err
	}
	a, err := s.post(tx, c, billing.Ask{Kind: p.Kind, Amount: p.Amount, Date: on, Extra: p.Extra}.Event(), cause{payment: p.ID}, actor)
	if err != nil {
		return err
	}
	p.State, p.Date, p.EventSeq = billing.Authorised, on, c.LastEvent
	p.Plan = store.PaymentPlan{Allocation: a, BalanceAfter: c.State.Principal, Interest: billing.InterestLines(spans)}
	if c.Status == "paid" {
		return s.paidOff(tx, c, p, p.ID, on)
	}
	return nil
}

// CancelPayment takes back a payment that has not been sent to the bank, by who
// made it. One that was posted already is reversed; no fee is charged.
func (s *Service) CancelPayment(ctx context.Context, actor identity.Actor, id ContractID, payment PaymentID) (out Payment, err error) {
	err = s.takeOwn(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, string(payment))
		if err != nil {
			return err
		}
		if p.State == billing.Cancelled {
			out, err = s.payment(tx, p, actor)
			return err
		}
		if !authorized(p.CustomerID, actor) {
			return refuse("not_yours", "", "The other borrower on this account set up this payment, so only they can cancel it. Call us if you need help.")
		}
		if err := s.cancel(tx, c, p, actor); err != nil {
			return err
		}
		b, err := methodOf(tx, p)
		if err != nil {
			return err
		}
		if out = view(p, b, actor); p.State != billing.Cancelled { // a card's page is being closed
			return nil
		}
		return fault.After(s.tell(tx, c, p.CustomerID, p.ID, s.paymentNotice(billing.NoticePaymentCancelled, c, p, b)), "cancel.before_commit")
	})
	return out, fault.After(s.wake(err), "cancel.after_commit_before_reply")
}

func (s *Service) cancel(tx *store.Tx, c *store.Contract, p *store.Payment, actor identity.Actor) error {
	was := p.State
	if p.Rail == billing.Card && was != billing.Scheduled {
		return s.cancelCard(tx, c, p, actor)
	}
	if !p.Rail.MayBecome(was, billing.Cancelled) {
		return refuse("too_late", "", "This payment has already gone to your bank and can no longer be cancelled. You have not been charged twice. Call us if you need help.")
	}
	day, err := today(tx)
	if err != nil {
		return err
	}
	p.State = billing.Cancelled
	if err := tx.SavePayment(p, was); err != nil {
		return moved(err)
	}
	tx.Audit(s.clock(), actor.String(), "cancel_payment", c.ID, p.ID)
	if was == billing.Authorised {
		_, err = s.post(tx, c, contract.Event{Kind: contract.Reversal, Date: day, Amount: p.Amount, Reverses: p.EventSeq}, cause{payment: p.ID}, actor)
	}
	return err
}

// moved tells a payment that another transaction has moved on meanwhile.
func moved(err error) error {
	if errors.Is(err, store.ErrMoved) {
		return errChanged
	}
	return err
}
