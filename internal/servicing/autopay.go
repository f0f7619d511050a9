package servicing

import (
	"context"
	"errors"
	"fmt"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// AutopayRequest asks for autopay on a contract.
type AutopayRequest struct {
	Key      string
	Contract ContractID
	Method   MethodID
}

// ReviewAutopay shows what enrolling would agree to.
func (s *Service) ReviewAutopay(ctx context.Context, actor identity.Actor, id ContractID, bank MethodID) (r AutopayReview, err error) {
	who, err := customer(actor)
	if err != nil {
		return r, err
	}
	err = s.own(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		b, err := s.usable(tx.Method, who, bank)
		if err == nil {
			err = autopayIsFree(tx, c, who)
		}
		if err != nil {
			return err
		}
		if r.Contract, err = s.card(tx, c, day, actor); err != nil {
			return err
		}
		r.Method = method(b)
		if r.FirstDate, r.FirstAmount, err = firstDraft(tx, c, day); err != nil {
			return err
		}
		r.Authorization = s.autopayAgreement(c, b, r.FirstDate)
		return nil
	})
	return r, err
}

// autopayKey begins the keys of autopay's own payments: one for each contract
// and due date, so that running a day twice draws once.
const autopayKey = "autopay:"

func draftKey(c *store.Contract, due money.Date) string {
	return autopayKey + c.ID + ":" + due.String()
}

// firstDraft is the next due date that has something to draw and has not been
// drawn, and what would be drawn then as things stand.
func firstDraft(tx *store.Tx, c *store.Contract, day money.Date) (money.Date, money.Cents, error) {
	if c.Status != "open" {
		return 0, 0, refuse("closed", "", "This account is paid off, so there is nothing for autopay to pay.")
	}
	if !c.State.Accelerated.IsZero() || c.State.Ended || c.State.Repossessed || c.State.Sold {
		return 0, 0, refuse("called", "", "Autopay pays one payment a month, and all of this account is due now. Call us.")
	}
	on, err := nextDraft(tx, c, day)
	if err != nil {
		return 0, 0, err
	}
	if on.IsZero() {
		return 0, 0, refuse("matured", "", "The last due date has passed. Pay what is left once, or call us.")
	}
	amount, err := draftAmount(c, on)
	for err == nil && amount == 0 { // paid ahead
		later := dueOnOrAfter(c, on+1)
		if later.IsZero() {
			break
		}
		on = later
		amount, err = draftAmount(c, on)
	}
	return on, amount, err
}

// nextDraft is the first due date on or after an open day that has not been
// drawn; none after the last instalment.
func nextDraft(tx *store.Tx, c *store.Contract, day money.Date) (money.Date, error) {
	on := dueOnOrAfter(c, day)
	if on != day {
		return on, nil
	}
	_, err := tx.Draft(c.ID, draftKey(c, day))
	if err == nil {
		return dueOnOrAfter(c, day+1), nil
	}
	return on, absent(err)
}

func dueOnOrAfter(c *store.Contract, day money.Date) money.Date {
	n := c.State.DueThrough(&c.Terms, day-1) + 1
	if n > c.State.Payments {
		return 0
	}
	return c.State.DueDate(&c.Terms, n)
}

// draftAmount is what autopay draws on a due date: what the instalment of that
// date still asks for. What is past due, and fees, are not drawn: the customer
// was told the one amount, and money that came back is not asked for again by
// itself. The last draft is all that is left.
func draftAmount(c *store.Contract, on money.Date) (money.Cents, error) {
	d, err := due(c, on)
	if err != nil || d.Upcoming != on {
		return 0, err
	}
	return d.UpcomingAmount, nil
}

// autopayAgreement is the written authorisation for recurring debits (Reg E, 12
// CFR 1005.10(b)): who, what, when, how to stop, and the customer's assent.
func (s *Service) autopayAgreement(c *store.Contract, b *store.Method, first money.Date) string {
	what := "my monthly payment"
	if c.Kind == contract.Lease {
		what = "my monthly lease payment"
	}
	return fmt.Sprintf("I authorize %s to take %s from my %s account ending in %s (routing number %s) on each due date, starting %s, for account ending in %s. "+
		"The amount is the payment due that day, %s as a rule; the last payment is whatever is left. Amounts past due, late fees and other fees are not taken. "+
		"My statement tells me the amount and the date at least 10 days before. If a due date is not a banking day, my bank sees the payment on the next one. "+
		"I can turn autopay off in my account, or by calling %s, until the day's payments are sent to the banks. I can also stop a payment by telling my bank at least 3 business days before. "+
		"If my bank returns a payment, it will be taken off my account again%s. I can print or save a copy of this authorization.",
		s.lender.Name, what, b.Type, b.Last4, b.Routing, first.Long(), accountEnds(c.AccountNumber), c.State.PaymentOf(c.State.DueThrough(&c.Terms, first-1)+1).USD(), s.lender.Phone, returnedFeeWords(c.Terms.ReturnedFee))
}

// EnrollAutopay turns autopay on and keeps the written authorisation. It takes
// the place of the customer's own earlier one, never of another borrower's.
func (s *Service) EnrollAutopay(ctx context.Context, actor identity.Actor, req AutopayRequest, src Source) (out Autopay, err error) {
	if !goodKey(req.Key) {
		return out, refuse("key_missing", "", "Start again from your account.")
	}
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	if err := s.mayDo(actor, identity.ActAutopay); err != nil {
		return out, err
	}
	err = s.takeOwn(ctx, actor, req.Contract, func(tx *store.Tx, c *store.Contract) error {
		hash := inputHash(who, req.Method)
		known, err := tx.AutopayByKey(c.ID, req.Key)
		if err == nil && known.InputHash != hash {
			return errKeyReused
		}
		if errors.Is(err, store.ErrNotFound) {
			err = s.enroll(tx, c, who, req, hash, actor, src)
		}
		if err != nil {
			return err
		}
		if err := tx.Flush(); err != nil {
			return err
		}
		in, err := s.autopay(tx, c, actor)
		if err == nil && in == nil {
			return errChanged // enrolled by this key, and ended since
		}
		if err == nil {
			out = *in
		}
		return err
	})
	return out, err
}

func (s *Service) enroll(tx *store.Tx, c *store.Contract, who string, req AutopayRequest, hash string, actor identity.Actor, src Source) error {
	day, err := today(tx)
	if err != nil {
		return err
	}
	b, err := s.usable(tx.KeepMethod, who, req.Method)
	if err != nil {
		return err
	}
	if err := autopayIsFree(tx, c, who); err != nil {
		return err
	}
	first, amount, err := firstDraft(tx, c, day)
	if err != nil {
		return err
	}
	now := s.clock()
	if _, err := tx.EndAutopay(c.ID, now, "replaced"); err != nil {
		return err
	}
	text := s.autopayAgreement(c, b, first)
	a := &store.Autopay{
		ContractID: c.ID, ID: store.NewID(), Key: req.Key, InputHash: hash, CustomerID: who, MethodID: b.ID,
		AgreementID: s.agree(tx, c, who, "autopay", text, src), FirstDate: first, FirstAmount: amount, Started: now,
	}
	tx.InsertAutopay(a)
	c.DraftOn = first
	tx.Audit(now, actor.String(), "autopay_on", c.ID, a.ID)
	if err := s.save(tx, c); err != nil {
		return err
	}
	return s.tell(tx, c, who, a.ID, billing.Notice{
		Kind: billing.NoticeAutopayOn, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Amount: amount, Date: first, Method: describe(b), Text: text,
	})
}

// autopayIsFree refuses to put an enrolment in the place of another borrower's.
func autopayIsFree(tx *store.Tx, c *store.Contract, who string) error {
	in, err := tx.Autopay(c.ID)
	if err == nil && in.CustomerID != who {
		return refuse("autopay_taken", "", "The other borrower on this account pays it by autopay from their bank account. Only they can turn that off. Call us if you need help.")
	}
	return absent(err)
}

// CancelAutopay turns autopay off, by who turned it on. What has been drafted
// already stays.
func (s *Service) CancelAutopay(ctx context.Context, actor identity.Actor, id ContractID) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.takeOwn(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if err := autopayIsFree(tx, c, who); err != nil {
			return err
		}
		return s.endAutopay(tx, c, "by the customer", actor)
	})
}

// endAutopay ends an enrolment, if there is one, and tells the customer.
func (s *Service) endAutopay(tx *store.Tx, c *store.Contract, reason string, actor identity.Actor) error {
	in, err := tx.Autopay(c.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	now := s.clock()
	if _, err := tx.EndAutopay(c.ID, now, reason); err != nil {
		return err
	}
	c.DraftOn = 0
	if err := s.save(tx, c); err != nil {
		return err
	}
	tx.Audit(now, actor.String(), "autopay_off", c.ID, in.ID)
	if _, own := actor.CustomerID(); held(c) && !own {
		return nil
	}
	return s.tell(tx, c, in.CustomerID, in.ID, billing.Notice{
		Kind: billing.NoticeAutopayOff, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Reason: reason,
	})
}

// autopay is the enrolment in force as an actor may see it; nil when off.
func (s *Service) autopay(tx *store.Tx, c *store.Contract, by identity.Actor) (*Autopay, error) {
	in, err := tx.Autopay(c.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := tx.Method(in.CustomerID, in.MethodID)
	if err != nil {
		return nil, err
	}
	g, err := tx.Agreement(c.ID, in.AgreementID)
	if err != nil {
		return nil, err
	}
	out := &Autopay{Method: shown(b, by), Since: money.DateOf(in.Started.Time()), NextDate: c.DraftOn, Authorization: g.Text}
	if out.Method.Theirs {
		out.Authorization = "" // it names their bank
	}
	if !c.DraftOn.IsZero() {
		out.NextAmount, err = draftAmount(c, c.DraftOn)
	}
	return out, err
}

// AutopayPaper is the written authorisation in force, for who gave it to keep;
// ErrNotFound for anyone else.
func (s *Service) AutopayPaper(ctx context.Context, actor identity.Actor, id ContractID) (p billing.AutopayPaper, err error) {
	who, err := customer(actor)
	if err != nil {
		return p, err
	}
	err = s.own(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		in, err := tx.Autopay(c.ID)
		if err == nil && in.CustomerID != who {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		g, err := tx.Agreement(c.ID, in.AgreementID)
		if err != nil {
			return err
		}
		b, err := tx.Method(who, in.MethodID)
		if err != nil {
			return err
		}
		person, err := tx.Customer(who)
		if err != nil {
			return err
		}
		p = billing.AutopayPaper{
			Lender: s.lender, Recipient: recipient(person), AccountNumber: c.AccountNumber, Vehicle: vehicle(c), Method: describe(b),
			Text: g.Text, Agreed: g.Agreed, FirstDate: in.FirstDate, FirstAmount: in.FirstAmount,
		}
		return nil
	})
	return p, err
}
