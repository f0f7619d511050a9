package servicing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// A card payment is kept as created before anything leaves. From then on its id is
// the key of every request about it: whoever takes it to the processor, however
// often and after whatever went wrong, asks for the same thing. It is posted when
// the processor has said, asked by us, that the card was charged.

// CardRules are the lender's settings for payments by card.
type CardRules struct {
	On bool
	// Fee is what a one-time payment by card costs beside its amount, in the states
	// where the lender has turned such fees on; zero is none anywhere.
	Fee       money.Cents
	FeeStates []string
	// Wake tells the worker of this process that there is something to take out. It
	// must not block; nil leaves the worker to look by itself.
	Wake func()
}

// TakesCards says whether people can pay by card.
func (s *Service) TakesCards() bool { return s.rules.Cards.On }

// wake is called when a transaction that made work has been committed.
func (s *Service) wake(err error) error {
	if err == nil && s.rules.Cards.Wake != nil {
		s.rules.Cards.Wake()
	}
	return err
}

// pageLife is how long a page to pay on can be used. The processor takes half an
// hour to a day, counted from when it makes the page.
const pageLife = time.Hour

// CardRequest asks for a payment by card: with Method on a card that is saved,
// without on the processor's page.
type CardRequest struct {
	PaymentRequest
	Fee  money.Cents // as reviewed
	Back string      // where the page leads back to; {id} in it becomes the payment's
}

// CardReview is what a payment by card would do.
type CardReview struct {
	PaymentReview
	Fee, Total money.Cents // Total is what the card is charged
}

// cardFee is what paying once by card costs on a contract.
func (s *Service) cardFee(c *store.Contract) money.Cents {
	fee := s.rules.Cards.Fee
	if fee <= 0 || contract.ConvenienceFee(c.Terms.FeeState, s.rules.Cards.FeeStates) != nil {
		return 0
	}
	return fee
}

// cardAgreement is what a customer agrees to by confirming one payment by card.
func (s *Service) cardAgreement(c *store.Contract, b *store.Method, amount, fee money.Cents, date money.Date) string {
	how, when := "on the card that I enter on the next page", ""
	if b != nil {
		how = "my " + describe(b)
	}
	if !date.IsZero() {
		when = " on " + date.Long()
	}
	words := fmt.Sprintf("I authorize %s to charge one payment of %s %s%s for account ending in %s.", s.lender.Name, (amount + fee).USD(), how, when, accountEnds(c.AccountNumber))
	if fee > 0 {
		words += fmt.Sprintf(" Of it, %s is a fee for paying by card; paying from a bank account is free.", fee.USD())
	}
	return words + " If the charge is disputed or given back, the payment is taken off my account again."
}

// ReviewCard shows what a payment by card would do, without doing any of it.
func (s *Service) ReviewCard(ctx context.Context, actor identity.Actor, req PaymentRequest) (r CardReview, err error) {
	who, err := customer(actor)
	if err != nil {
		return r, err
	}
	err = s.own(ctx, actor, req.Contract, func(tx *store.Tx, c *store.Contract) error {
		if p, err := tx.PaymentByKey(who, req.Key); err == nil {
			made, err := s.payment(tx, p, actor)
			r.Made = &made
			return err
		} else if absent(err) != nil {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		b, err := s.cardToCharge(tx.Method, who, req, day)
		if err != nil {
			return err
		}
		if r.Plan, err = decideCard(c, req, day); err != nil {
			return err
		}
		req.Amount, r.Fee = r.Plan.Amount, s.cardFee(c)
		r.Request, r.Total = req, req.Amount+r.Fee
		if r.Card, err = s.card(tx, c, day, actor); err != nil {
			return err
		}
		r.Method = Method{Kind: billing.CardMethod}
		if b != nil {
			r.Method = method(b)
		}
		r.Authorizes = s.cardAgreement(c, b, req.Amount, r.Fee, laterThan(req.Date, day))
		if r.Waiting, err = s.waiting(tx, c, actor); err != nil {
			return err
		}
		for _, p := range r.Waiting {
			if p.Date == req.Date && p.Amount == req.Amount {
				r.SameDay = append(r.SameDay, p)
			}
		}
		charged, err := s.settledToday(tx, c, req, actor)
		r.SameDay = append(r.SameDay, charged...)
		return err
	})
	return r, err
}

// decideCard plans a payment by card: cards know no cut-off and no banks' holidays.
func decideCard(c *store.Contract, req PaymentRequest, day money.Date) (billing.Plan, error) {
	p, err := billing.Decide(&c.Terms, c.State, req.ask(), billing.AnyDay(day))
	return p, asRefusal(err)
}

// laterThan is a date when it is after the day, and otherwise none.
func laterThan(date, day money.Date) money.Date {
	if date > day {
		return date
	}
	return 0
}

// cardToCharge is the saved card of a request; nil for the processor's page, on
// which people pay at once.
func (s *Service) cardToCharge(read func(customer, id string) (*store.Method, error), who string, req PaymentRequest, day money.Date) (*store.Method, error) {
	if !s.rules.Cards.On {
		return nil, refuse("cards_off", "method", "Cards cannot be used here. Choose a bank account.")
	}
	if req.Method == "" {
		if req.Date > day {
			return nil, refuse("card_date", "date", "A card is charged right away. Choose %s, or pay from a bank account or a saved card on a later day.", day.Long())
		}
		return nil, nil
	}
	b, err := read(who, string(req.Method))
	if errors.Is(err, store.ErrNotFound) || err == nil && (b.Removed != 0 || b.Kind != billing.CardMethod) {
		return nil, refuse("method_gone", "method", "Choose one of your cards, or use another.")
	}
	if err != nil {
		return nil, err
	}
	return b, chargeable(b, req.Date)
}

// chargeable refuses a card that cannot be charged on a day: expired, or disputed.
func chargeable(b *store.Method, on money.Date) error {
	y, m, _ := on.Civil()
	switch {
	case b.Validation != billing.Validated:
		return refuse("card_stopped", "method", "The %s can no longer be charged. Use another card.", describe(b))
	case b.ExpYear < y || b.ExpYear == y && b.ExpMonth < int(m):
		return refuse("card_expired", "method", "The %s will have expired by then. Replace it with the new card.", describe(b))
	}
	return nil
}

// StartCardPayment keeps a payment by card, to be taken to the processor at once:
// nothing has been charged when it returns. The same key with the same inputs
// gives the payment that it made, however often it comes.
func (s *Service) StartCardPayment(ctx context.Context, actor identity.Actor, req CardRequest, src Source) (out Payment, err error) {
	if !goodKey(req.Key) {
		return out, refuse("key_missing", "", "Start again from your account.")
	}
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.takeOwn(ctx, actor, req.Contract, func(tx *store.Tx, c *store.Contract) error {
		hash := inputHash("card", who, c.ID, req.Kind, req.Amount, req.Fee, req.Date, req.Method, req.Extra)
		if p, err := tx.PaymentByKey(who, req.Key); err == nil {
			if p.InputHash != hash {
				return errKeyReused
			}
			out, err = s.payment(tx, p, actor)
			return err
		} else if absent(err) != nil {
			return err
		}
		p, err := s.startCard(tx, c, who, req, actor, src)
		if err != nil {
			return err
		}
		p.Key, p.InputHash = req.Key, hash
		if err := tx.InsertPayment(p); err != nil {
			return err
		}
		if p.State == billing.Created {
			if err := s.askCard(tx, c, p, req.Back); err != nil {
				return err
			}
		}
		out, err = s.payment(tx, p, actor)
		return err
	})
	if isConflict(err) { // the key made a payment on another contract at the same moment
		return out, errKeyReused
	}
	return out, fault.After(s.wake(err), "card.after_intent_commit")
}

// startCard decides and applies; the payment's row is the caller's to insert.
func (s *Service) startCard(tx *store.Tx, c *store.Contract, who string, req CardRequest, actor identity.Actor, src Source) (*store.Payment, error) {
	day, err := today(tx)
	if err != nil {
		return nil, err
	}
	b, err := s.cardToCharge(tx.TakeMethod, who, req.PaymentRequest, day)
	if err != nil {
		return nil, err
	}
	plan, err := decideCard(c, req.PaymentRequest, day)
	if err != nil {
		return nil, err
	}
	fee := s.cardFee(c)
	if plan.Amount != req.Amount || fee != req.Fee {
		return nil, refuse("amount_changed", "amount", "The amount has changed to %s since you opened the page. Check it and confirm again.", (plan.Amount + fee).USD())
	}

	// --- decided; what follows applies ---
	now := s.clock()
	p := &store.Payment{
		ContractID: c.ID, ID: store.NewID(), CustomerID: who, Confirmation: confirmation(), Kind: req.Kind, Extra: req.Extra, Rail: billing.Card, Attempt: 1,
		State: billing.Created, Amount: plan.Amount, ConvenienceFee: fee, Date: req.Date, MadeBy: actor.String(), CreatedOn: day, Created: now,
		Plan:        store.PaymentPlan{Allocation: plan.Allocation, BalanceAfter: plan.BalanceAfter, Interest: billing.InterestLines(plan.Spans)},
		AgreementID: s.agree(tx, c, who, "payment", s.cardAgreement(c, b, plan.Amount, fee, laterThan(req.Date, day)), src),
	}
	if b != nil {
		p.MethodID = b.ID
	}
	tx.Audit(now, actor.String(), "pay_by_card", c.ID, p.ID)
	if b == nil {
		b = &store.Method{Kind: billing.CardMethod}
	}
	if req.Date > day {
		p.State = billing.Scheduled
		return p, s.tell(tx, c, who, p.ID, s.paymentNotice(billing.NoticePaymentScheduled, c, p, b))
	}
	return p, nil
}

// askCard writes what is to be asked of the processor for a payment that was just
// kept: a page, or the charge of its saved card.
func (s *Service) askCard(tx *store.Tx, c *store.Contract, p *store.Payment, back string) error {
	if p.MethodID != "" {
		b, err := tx.Method(p.CustomerID, p.MethodID)
		if err == nil {
			s.chargeSaved(tx, c, p, b)
		}
		return err
	}
	now := s.clock()
	tx.InsertCharge(&store.CardCharge{
		ContractID: c.ID, PaymentID: p.ID, CustomerID: p.CustomerID, Kind: "page", Amount: p.Amount + p.ConvenienceFee,
		Description: s.lender.Name + ", account ending in " + accountEnds(c.AccountNumber), Back: strings.ReplaceAll(back, "{id}", p.ID),
		Expires: now.Add(pageLife), TryAt: now,
	})
	return nil
}

// chargeSaved writes that a saved card is to be charged for a payment that was
// just kept, or whose day has come: the worker takes it to the processor.
func (s *Service) chargeSaved(tx *store.Tx, c *store.Contract, p *store.Payment, b *store.Method) {
	now := s.clock()
	tx.InsertCharge(&store.CardCharge{
		ContractID: c.ID, PaymentID: p.ID, CustomerID: p.CustomerID, Kind: "saved", Amount: p.Amount + p.ConvenienceFee,
		Description: s.lender.Name + ", account ending in " + accountEnds(c.AccountNumber), Processor: b.Processor, Token: b.Token,
		Expires: now.Add(pageLife), TryAt: now,
	})
}

// releaseCard lets a payment by a saved card, whose day has come, be taken to the
// processor: never for more than is owed that day. With a card that cannot be
// charged any more it is over.
func (s *Service) releaseCard(tx *store.Tx, c *store.Contract, p *store.Payment, b *store.Method, owed money.Cents, on money.Date, actor identity.Actor) error {
	if chargeable(b, on) != nil || b.Removed != 0 {
		p.State, p.Reason = billing.Refused, "The "+describe(b)+" can no longer be charged."
		if err := tx.SavePayment(p, billing.Scheduled); err != nil {
			return err
		}
		n := s.paymentNotice(billing.NoticePaymentCancelled, c, p, b)
		n.Reason = p.Reason
		return s.tell(tx, c, p.CustomerID, p.ID, n)
	}
	p.State, p.Amount, p.Date = billing.Created, min(p.Amount, owed), on
	if err := tx.SavePayment(p, billing.Scheduled); err != nil {
		return err
	}
	tx.Audit(s.clock(), actor.String(), "release_card", c.ID, p.ID)
	s.chargeSaved(tx, c, p, b)
	return nil
}

// CardStatus is where a payment by card stands at the processor.
type CardStatus struct {
	Payment
	Page    string // where the payer goes on; empty when there is no such place, or it is somebody else's
	Closing bool   // its page is being closed because the payer asked for it
	Total   money.Cents
}

// CardStatus says where a payment by card stands.
func (s *Service) CardStatus(ctx context.Context, actor identity.Actor, id ContractID, payment PaymentID) (out CardStatus, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, string(payment))
		if err != nil || p.Rail != billing.Card {
			return errors.Join(err, notCard(p))
		}
		if out.Payment, err = s.payment(tx, p, actor); err != nil {
			return err
		}
		out.Total = p.Amount + p.ConvenienceFee
		ch, err := tx.Charge(p.ID)
		if err != nil {
			return absent(err) // scheduled
		}
		waits := p.State == billing.Created || p.State == billing.Submitted
		out.Closing = waits && ch.Close != 0
		if waits && !out.Closing && p.CustomerID == who && ch.Expires > s.clock() {
			out.Page = ch.PageURL
		}
		return nil
	})
	return out, err
}

func notCard(p *store.Payment) error {
	if p == nil {
		return nil
	}
	return ErrNotFound
}

// CardBack is called when somebody comes back from the processor's page: the
// processor is asked at once how it went.
func (s *Service) CardBack(ctx context.Context, actor identity.Actor, id ContractID, payment PaymentID) error {
	err := s.takeOwn(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, string(payment))
		if err != nil {
			return err
		}
		if p.Rail == billing.Card && (p.State == billing.Submitted || p.State == billing.Unknown) {
			tx.WakeCharge(p.ID, s.clock())
		}
		return nil
	})
	return s.wake(err)
}

// cancelCard takes back a payment by card. One that nobody has been asked for yet
// is over at once; of one with a page the page is closed first, and until the
// processor has said so it may still be paid.
func (s *Service) cancelCard(tx *store.Tx, c *store.Contract, p *store.Payment, actor identity.Actor) error {
	was := p.State
	if !p.Rail.MayBecome(was, billing.Cancelled) || was == billing.Unknown {
		return refuse("too_late", "", "This payment can no longer be canceled: the card has been charged, or is being charged now. You have not been charged twice. Call us if you need help.")
	}
	ch, err := tx.Charge(p.ID)
	if absent(err) != nil {
		return err
	}
	alone := ch == nil
	if !alone {
		if alone, err = tx.DropCharge(p.ID); err != nil {
			return err
		}
	}
	now := s.clock()
	switch {
	case alone:
		p.State, p.Reason = billing.Cancelled, "You canceled it. The card was not charged."
		if err := tx.SavePayment(p, was); err != nil {
			return moved(err)
		}
	case ch.Kind != "page":
		return refuse("too_late", "", "The card is being charged right now, so this payment can no longer be canceled. Call us if you need help.")
	case ch.Close == 0:
		ch.Close, ch.TryAt = now, now
		tx.SaveCharge(ch)
	}
	tx.Audit(now, actor.String(), "cancel_payment", c.ID, p.ID)
	return nil
}

// cardName is a card as people know it: "Visa card ending in 4242".
func cardName(brand, last4 string) string {
	name := map[string]string{"visa": "Visa card", "mastercard": "Mastercard", "amex": "American Express card", "discover": "Discover card",
		"diners": "Diners Club card", "jcb": "JCB card", "unionpay": "UnionPay card"}[brand]
	if name == "" {
		name = "card"
	}
	if last4 == "" {
		return name
	}
	return name + " ending in " + last4
}

// methodOf is what a payment is made by. Of a card that was typed on the
// processor's page only what the charge tells is known.
func methodOf(tx *store.Tx, p *store.Payment) (*store.Method, error) {
	if p.MethodID != "" || p.Rail != billing.Card {
		return tx.Method(p.CustomerID, p.MethodID)
	}
	b := &store.Method{CustomerID: p.CustomerID, Kind: billing.CardMethod}
	ch, err := tx.Charge(p.ID)
	if err != nil {
		return b, absent(err)
	}
	b.Brand, b.Last4, b.Funding = ch.Facts.Brand, ch.Facts.Last4, ch.Facts.Funding
	return b, nil
}

// returnReason says in plain words why a payment was taken back by the bank of
// who made it.
func returnReason(p *store.Payment) string {
	if p.Rail == billing.Card {
		return "the payment was disputed with the card’s bank"
	}
	return billing.ReturnReason(p.ReturnCode)
}
