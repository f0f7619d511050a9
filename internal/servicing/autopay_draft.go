package servicing

import (
	"context"
	"errors"
	"fmt"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// DraftAutopay draws what a plan takes on a date that has come. The date is the
// payment's key, so that running the day twice draws once. A draft that needs a
// notice and has not had it in time is not made, and the customer is told so. By
// bank it is posted and goes out with the day's file; by card it is kept for the
// processor to be asked.
func (s *Service) DraftAutopay(ctx context.Context, actor identity.Actor, id ContractID, on money.Date) error {
	return s.take(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if c.DraftOn.IsZero() || c.DraftOn > on {
			return nil
		}
		in, err := tx.Autopay(c.ID)
		if err != nil {
			return fmt.Errorf("contract %s has a draft date and no autopay: %w", c.ID, err)
		}
		coming, err := comingTo(tx, c)
		if err != nil {
			return err
		}
		d, err := in.Plan.DraftAmount(&c.Terms, c.State, coming, c.DraftOn)
		if err != nil {
			return err
		}
		why := d.Why
		if d.Amount > 0 {
			told, err := tx.AutopayNotices(in, d.Date)
			if err != nil {
				return err
			}
			why = in.Plan.Covered(given(in), d, told)
		}
		if d.Amount == 0 || why != "" {
			return s.passOver(tx, c, in, d, why, on, actor)
		}
		b, err := tx.Method(in.CustomerID, in.MethodID)
		if err != nil {
			return err
		}
		if reason := undrawable(b, on); reason != "" {
			return s.endAutopay(tx, c, reason, actor)
		}
		return fault.After(s.draft(tx, c, in, b, d, on, actor), "draft.before_commit")
	})
}

// given is what an authorisation has agreed to and drawn.
func given(in *store.Autopay) billing.Given {
	return billing.Given{Agreed: in.Agreed, Signed: in.SignedOn, First: in.FirstDate, FirstFor: in.FirstAmount, Previous: in.Previous, Moved: in.Moved}
}

// endedByMethod begins the reason of an enrolment whose method cannot be drawn from.
const endedByMethod = "method: "

// undrawable says why autopay ends instead of drawing from a method; empty when it
// may draw.
func undrawable(b *store.Method, on money.Date) string {
	switch {
	case b.Validation == billing.Stopped:
		return endedByReturn + billing.ReturnReason(b.StopCode)
	case b.Validation != billing.Validated || b.Removed != 0:
		return endedByMethod + "the account to pay from could not be checked"
	case b.Kind == billing.CardMethod && on > money.NewDate(b.ExpYear, b.ExpMonth+1, 0):
		return endedByMethod + "the card has expired"
	}
	return ""
}

// draft makes a draft's payment and moves on to the next date.
func (s *Service) draft(tx *store.Tx, c *store.Contract, in *store.Autopay, b *store.Method, d billing.Draft, on money.Date, actor identity.Actor) error {
	day, err := today(tx)
	if err != nil {
		return err
	}
	ask, key := d.Ask(), draftKey(c, d.Date)
	p := &store.Payment{
		ContractID: c.ID, ID: store.NewID(), Key: key, InputHash: inputHash(key), CustomerID: in.CustomerID, MethodID: b.ID,
		AgreementID: in.AgreementID, Confirmation: confirmation(), Kind: ask.Kind, Extra: ask.Extra, Autopay: true,
		Rail: b.Kind.Rail(), Attempt: 1, MadeBy: actor.String(), Amount: d.Amount, Date: on, CreatedOn: day, Created: s.clock(),
	}
	in.Made, in.Previous, in.Moved = in.Made+1, d.Amount, false
	if p.Rail == billing.Card { // posted, and told, once it is charged
		p.State = billing.Created
		if err := tx.InsertPayment(p); err != nil {
			return err
		}
		s.chargeSaved(tx, c, p, b)
		return s.nextDate(tx, c, in, on, actor)
	}
	p.SEC = string(ach.WEB)
	if err := s.postPayment(tx, c, p, on, actor); err != nil {
		return err
	}
	if err := tx.InsertPayment(p); err != nil {
		return err
	}
	if err := s.tell(tx, c, p.CustomerID, p.ID, s.paymentNotice(billing.NoticeAutopayDrawn, c, p, b)); err != nil {
		return err
	}
	return s.nextDate(tx, c, in, on, actor)
}

// passOver moves on from a date that takes nothing. One that should have been
// told and was not is the customer's to pay, and they are told that.
func (s *Service) passOver(tx *store.Tx, c *store.Contract, in *store.Autopay, d billing.Draft, why billing.Why, on money.Date, actor identity.Actor) error {
	if why == billing.WhyNotTold {
		b, err := tx.Method(in.CustomerID, in.MethodID)
		if err != nil {
			return err
		}
		tx.Audit(s.clock(), actor.String(), "autopay_not_told", c.ID, in.ID+" "+d.Date.String()+" "+d.Amount.String())
		err = s.notify(tx, in.CustomerID, in.ID+":"+d.Date.String(), billing.Notice{
			Kind: billing.NoticeAutopayNotTaken, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Amount: d.Amount, Date: d.Date, DueDate: d.Due, Method: describe(b),
		}, 0)
		if err != nil {
			return err
		}
		in.Moved = false
	}
	return s.nextDate(tx, c, in, on, actor)
}

// nextDate sets the date of the next draft after a day, and ends an authorisation
// that has come to its own end.
func (s *Service) nextDate(tx *store.Tx, c *store.Contract, in *store.Autopay, after money.Date, actor identity.Actor) error {
	c.DraftOn = in.Plan.Next(&c.Terms, &c.State, in.Made, after)
	in.LookOn = nextLook(c, in, after)
	tx.SaveAutopay(in)
	if c.DraftOn.IsZero() && c.Status == "open" && (in.Plan.Over(in.Made, after) || lastDateNear(c, in, after)) {
		return s.endAutopay(tx, c, endedAsAgreed, actor)
	}
	return s.save(tx, c)
}

// endedAsAgreed is the reason of an authorisation that reached its count or its
// last date.
const endedAsAgreed = "as agreed"

// lastDateNear says that no draft comes after a day only because the last date
// lies before the next one.
func lastDateNear(c *store.Contract, in *store.Autopay, after money.Date) bool {
	open := in.Plan
	open.LastDate = 0
	return !in.Plan.LastDate.IsZero() && !open.Next(&c.Terms, &c.State, in.Made, after).IsZero()
}

// moveDrafts follows what an event did to the due dates, in the transaction of the
// event: before is the account before it. c is changed and not saved.
//
// A due date that has moved moves its draft, which is then told at least seven
// days before, and a draft to be left out. A deferral gives a rhythm of the
// customer's own its free months; one that is taken back takes them away.
func (s *Service) moveDrafts(tx *store.Tx, c *store.Contract, before *contract.State, day money.Date) error {
	in, err := tx.Autopay(c.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	n := max(1, min(c.State.Paid()+1, before.Payments, c.State.Payments))
	was, now := before.DueDate(&c.Terms, n), c.State.DueDate(&c.Terms, n)
	switch by := now - was; {
	case by >= 28 && in.PausedBy != "customer":
		if p := in.Plan.Deferred(day-1, now); p != in.Plan {
			in.Plan, in.PausedBy = p, "deferral"
		}
	case by <= -28 && in.PausedBy == "deferral":
		in.Plan, in.PausedBy = in.Plan.Resume(), ""
	}
	if skip := in.Plan.Skip; !skip.IsZero() {
		k := before.DueThrough(&c.Terms, skip)
		if k >= 1 && before.DueDate(&c.Terms, k) == skip {
			if to := c.State.DueDate(&c.Terms, k); to-skip < 28 {
				in.Plan = in.Plan.Moved(skip, to)
			}
		}
	}
	after, err := lastDrawn(tx, c, day)
	if err != nil {
		return err
	}
	drawn := c.DraftOn
	c.DraftOn = in.Plan.Next(&c.Terms, &c.State, in.Made, after)
	if in.Plan.Rhythm == billing.EachDueDate && !drawn.IsZero() && drawn != c.DraftOn && !c.DraftOn.IsZero() {
		k := before.DueThrough(&c.Terms, c.DraftOn)
		in.Moved = k < 1 || before.DueDate(&c.Terms, k) != c.DraftOn
	}
	in.LookOn = max(day, 1) // what is told is told anew
	tx.SaveAutopay(in)
	return nil
}
