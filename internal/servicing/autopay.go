package servicing

import (
	"context"
	"errors"
	"fmt"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// AutopayRequest asks for autopay on a contract, or for other terms of it. A plan
// without a rhythm is the usual one: each due date, what is due, until paid off.
type AutopayRequest struct {
	Key      string
	Contract ContractID
	Method   MethodID
	Plan     billing.AutopayPlan
	Signed   string // the signature: one's own name, or the word that the page shows
}

// AutopayWord signs in the place of a name.
const AutopayWord = "agree"

// planned fills in what a request leaves open: the due dates, and to be told of
// what is beyond the amount agreed to. A pause goes on under other terms; a draft
// to be left out was one of the plan before.
func planned(tx *store.Tx, c *store.Contract, p billing.AutopayPlan) (plan billing.AutopayPlan, pausedBy string, err error) {
	if p.Rhythm == "" {
		p.Rhythm = billing.EachDueDate
	}
	if p.Tell == "" {
		p.Tell, p.Least, p.Most = billing.TellOutside, 0, p.Agreed(&c.State)
	}
	p = p.Resume()
	p.Skip = 0
	was, err := tx.Autopay(c.ID)
	if err != nil {
		return p, "", absent(err)
	}
	p.PausedFrom, p.PausedUntil = was.Plan.PausedFrom, was.Plan.PausedUntil
	return p, was.PausedBy, nil
}

// ReviewAutopay shows what enrolling would agree to. Nothing is written, and
// Signed is not looked at.
func (s *Service) ReviewAutopay(ctx context.Context, actor identity.Actor, req AutopayRequest) (r AutopayReview, err error) {
	who, err := customer(actor)
	if err != nil {
		return r, err
	}
	err = s.own(ctx, actor, req.Contract, func(tx *store.Tx, c *store.Contract) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		b, err := s.usable(tx.Method, who, req.Method)
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
		if r.Plan, _, err = planned(tx, c, req.Plan); err != nil {
			return err
		}
		coming, err := comingTo(tx, c)
		if err != nil {
			return err
		}
		first, err := s.firstDraft(tx, c, r.Plan, coming, day)
		if err != nil {
			return err
		}
		r.FirstDate, r.FirstAmount, r.Agreed = first.Date, first.Amount, r.Plan.Agreed(&c.State)
		r.Authorization = s.autopayTerms(c, b, r.Plan, first).Text()
		r.YearDrafts, r.YearDue = r.Plan.Year(&c.Terms, &c.State)
		if r.ShortOn, r.ShortBy, err = r.Plan.Short(&c.Terms, c.State, coming, day-1); err != nil {
			return err
		}
		person, err := tx.Customer(who)
		r.Name = person.FirstName + " " + person.LastName
		return err
	})
	return r, asRefusal(err)
}

// autopayKey begins the keys of autopay's own payments: one for each contract
// and draft date, so that running a day twice draws once.
const autopayKey = "autopay:"

func draftKey(c *store.Contract, on money.Date) string { return autopayKey + c.ID + ":" + on.String() }

// firstDraft is the first draft that a new plan makes: the next of its dates that
// has something to draw and has not been drawn.
func (s *Service) firstDraft(tx *store.Tx, c *store.Contract, plan billing.AutopayPlan, coming billing.Coming, day money.Date) (d billing.Draft, err error) {
	if c.Status != "open" {
		return d, refuse("closed", "", "This account is paid off, so there is nothing for autopay to pay.")
	}
	switch billing.AutopayStops(&c.Terms, &c.State) {
	case "":
	case billing.WhyBankruptcy, billing.WhyHold:
		return d, refuse("held", "", "Autopay is paused for this account. You can make a payment yourself whenever you want to.")
	default:
		return d, refuse("called", "", "Autopay pays one payment a month, and all of this account is due now. Call us.")
	}
	if err := plan.Check(&c.Terms, &c.State, day); err != nil {
		return d, err
	}
	after, err := lastDrawn(tx, c, day)
	if err != nil {
		return d, err
	}
	d, err = plan.NextDraft(&c.Terms, &c.State, coming, 0, after)
	if err == nil && d.Date.IsZero() {
		switch {
		case !plan.PausedFrom.IsZero():
			err = refuse("paused", "", "Autopay is paused. Go back, and resume it first.")
		case !plan.LastDate.IsZero():
			err = refuse("last_date", "last_date", "There is no payment date by then. Choose a later last day.")
		default:
			err = refuse("matured", "", "The last due date has passed. Pay what is left once, or call us.")
		}
	}
	return d, err
}

// lastDrawn is the day after which the next draft comes: yesterday, or today when
// today's has been made.
func lastDrawn(tx *store.Tx, c *store.Contract, day money.Date) (money.Date, error) {
	_, err := tx.Draft(c.ID, draftKey(c, day))
	if err == nil {
		return day, nil
	}
	return day - 1, absent(err)
}

// comingTo are the payments that were agreed to and do not stand on the account.
func comingTo(tx *store.Tx, c *store.Contract) (out billing.Coming, err error) {
	all, err := tx.PaymentsOfContract(c.ID)
	for _, p := range all {
		switch p.State {
		case billing.Scheduled, billing.Created, billing.Unknown:
		case billing.Submitted:
			if p.Rail != billing.Card {
				continue
			}
		default:
			continue
		}
		out = append(out, billing.Ask{Kind: p.Kind, Amount: p.Amount, Date: p.Date, Extra: p.Extra})
	}
	return out, err
}

func (s *Service) autopayTerms(c *store.Contract, b *store.Method, plan billing.AutopayPlan, first billing.Draft) billing.AutopayTerms {
	from := fmt.Sprintf("take payments from my %s account ending in %s (routing number %s)", b.Type, b.Last4, b.Routing)
	if b.Kind == billing.CardMethod {
		from = fmt.Sprintf("charge payments to my %s card ending in %s", b.Brand, b.Last4)
	}
	return billing.AutopayTerms{
		Lender: s.lender.Name, Phone: s.lender.Phone, From: from, AccountEnds: accountEnds(c.AccountNumber), Kind: c.Kind,
		Plan: plan, First: first, Agreed: plan.Agreed(&c.State), ReturnedFee: c.Terms.ReturnedFee, Retries: s.retryWords(),
	}
}

// signs says whether what was typed is a signature: one's own name, however it is
// spelled, or the word shown.
func signs(typed string, person *store.Customer) bool {
	typed = identity.NormalAnswer(typed)
	return typed == AutopayWord || (typed != "" && typed == identity.NormalAnswer(person.FirstName+" "+person.LastName))
}

// EnrollAutopay turns autopay on, or gives it other terms, and keeps the written
// authorisation. It takes the place of the customer's own earlier one, never of
// another borrower's. A pause goes on under the new terms.
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
		hash := inputHash(who, req.Method, fmt.Sprintf("%+v", req.Plan))
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
	return out, asRefusal(err)
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
	person, err := tx.Customer(who)
	if err != nil {
		return err
	}
	if err := autopayIsFree(tx, c, who); err != nil {
		return err
	}
	plan, pausedBy, err := planned(tx, c, req.Plan)
	if err != nil {
		return err
	}
	coming, err := comingTo(tx, c)
	if err != nil {
		return err
	}
	first, err := s.firstDraft(tx, c, plan, coming, day)
	if err != nil {
		return err
	}
	if !signs(req.Signed, person) {
		return refuse("signature", "signed", "To sign, type your name as it stands here, %s %s, or the word %s. Autopay has not changed yet.", person.FirstName, person.LastName, AutopayWord)
	}

	// --- decided; what follows applies ---
	if _, err := tx.EndAutopay(c.ID, s.clock(), "replaced", keepFrom(day)); err != nil {
		return err
	}
	terms := s.autopayTerms(c, b, plan, first)
	a := &store.Autopay{
		ContractID: c.ID, ID: store.NewID(), Key: req.Key, InputHash: hash, CustomerID: who, MethodID: b.ID,
		AgreementID: s.agree(tx, c, who, "autopay", terms.Text(), src), Version: billing.AutopayVersion, Signed: cut(req.Signed, 200), Session: actor.Standing.Session,
		Plan: plan, Agreed: terms.Agreed, FirstDate: first.Date, FirstAmount: first.Amount, SignedOn: day, PausedBy: pausedBy, Started: s.clock(),
	}
	c.DraftOn = plan.Next(&c.Terms, &c.State, 0, first.Date-1)
	a.LookOn = nextLook(c, a, day-1)
	tx.InsertAutopay(a)
	tx.Audit(a.Started, actor.String(), "autopay_on", c.ID, a.ID)
	if err := s.save(tx, c); err != nil {
		return err
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	g, err := tx.Agreement(c.ID, a.AgreementID)
	if err != nil {
		return err
	}
	if _, err := s.authorizationPaper(tx, c, a, g); err != nil {
		return err
	}
	return s.tell(tx, c, who, a.ID, billing.Notice{
		Kind: billing.NoticeAutopayOn, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Amount: first.Amount, Date: first.Date, Method: describe(b), Text: terms.Text(),
	})
}

// keepFrom is until when an authorisation that ends on a day is kept (12 CFR
// 1005.13(b)(1): two years).
func keepFrom(day money.Date) money.Date { return day.AddMonths(24, day.Day()) }

// autopayIsFree refuses to put an enrolment in the place of another borrower's.
func autopayIsFree(tx *store.Tx, c *store.Contract, who string) error {
	in, err := tx.Autopay(c.ID)
	if err == nil && in.CustomerID != who {
		return refuse("autopay_taken", "", "The other borrower on this account pays it by autopay. Only they can change that or turn it off. Call us if you need help.")
	}
	return absent(err)
}

// CancelAutopay turns autopay off, by who turned it on. A draft that has not left
// for the bank is canceled with it.
func (s *Service) CancelAutopay(ctx context.Context, actor identity.Actor, id ContractID) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.takeOwn(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if err := autopayIsFree(tx, c, who); err != nil {
			return err
		}
		if _, err := tx.Autopay(c.ID); err != nil {
			return absent(err) // off already
		}
		if err := s.endAutopay(tx, c, "by the customer", actor); err != nil {
			return err
		}
		return s.cancelDrafts(tx, c, who, actor)
	})
}

// cancelDrafts takes back what autopay has drawn and what has not left yet.
func (s *Service) cancelDrafts(tx *store.Tx, c *store.Contract, who string, actor identity.Actor) error {
	all, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return err
	}
	for _, p := range all {
		if !stoppable(p) || p.CustomerID != who {
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

// stoppable says that a payment is autopay's and has not left: the file is not
// cut, the processor has not been asked.
func stoppable(p *store.Payment) bool {
	return p.Autopay && (p.State == billing.Authorised || p.State == billing.Created)
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
	day, err := today(tx)
	if err != nil {
		return err
	}
	now := s.clock()
	if _, err := tx.EndAutopay(c.ID, now, reason, keepFrom(day)); err != nil {
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

// shownDrafts is how many of the next drafts are listed.
const shownDrafts = 3

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
	out := &Autopay{Method: shown(b, by), Since: money.DateOf(in.Started.Time()), Plan: in.Plan, Agreed: in.Agreed, Made: in.Made, Authorization: g.Text}
	if out.Method.Theirs {
		out.Authorization = "" // it names their bank
	}
	if c.DraftOn.IsZero() {
		return out, nil
	}
	coming, err := comingTo(tx, c)
	if err != nil {
		return nil, err
	}
	next, err := in.Plan.NextDraft(&c.Terms, &c.State, coming, in.Made, c.DraftOn-1)
	if err != nil || next.Date.IsZero() {
		return out, err
	}
	out.NextDate, out.NextAmount, out.Why = next.Date, next.Amount, next.Why
	if next.Amount > 0 {
		out.Coming, err = in.Plan.Drafts(&c.Terms, c.State, coming, in.Made, next.Date-1, next.Date.AddMonths(shownDrafts, next.Date.Day()))
		out.Coming = out.Coming[:min(len(out.Coming), shownDrafts)]
	}
	return out, err
}

// AutopayPapers lists what a customer has agreed to on a contract, newest first,
// while it is kept.
func (s *Service) AutopayPapers(ctx context.Context, actor identity.Actor, id ContractID) (out []AutopayRecord, err error) {
	who, err := customer(actor)
	if err != nil {
		return nil, err
	}
	err = s.own(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		all, err := tx.Autopays(c.ID)
		for _, a := range all {
			if a.CustomerID == who && (a.Ended == 0 || a.KeepUntil >= day) {
				out = append(out, AutopayRecord{ID: a.ID, Agreed: money.DateOf(a.Started.Time()), InForce: a.Ended == 0, KeepUntil: a.KeepUntil, When: a.Plan.When()})
			}
		}
		return err
	})
	return out, err
}

// authorization is a customer's own: the one in force, or another by its id.
func authorization(tx *store.Tx, c *store.Contract, who, which string) (in *store.Autopay, err error) {
	if which == "" {
		in, err = tx.Autopay(c.ID)
	} else {
		in, err = tx.AutopayByID(c.ID, which)
	}
	if err == nil && in.CustomerID != who {
		err = ErrNotFound
	}
	return in, err
}

func (s *Service) authorized(tx *store.Tx, c *store.Contract, in *store.Autopay, g *store.Agreement) (p billing.AutopayPaper, err error) {
	b, err := tx.Method(in.CustomerID, in.MethodID)
	if err != nil {
		return p, err
	}
	person, err := tx.Customer(in.CustomerID)
	if err != nil {
		return p, err
	}
	p = billing.AutopayPaper{
		Lender: s.lender, Recipient: recipient(person), AccountNumber: c.AccountNumber, Vehicle: vehicle(c), Method: describe(b),
		Text: g.Text, Agreed: g.Agreed, FirstDate: in.FirstDate, FirstAmount: in.FirstAmount, Version: in.Version, Signed: in.Signed, Hash: g.Hash,
	}
	if in.Ended != 0 {
		p.Ended = money.DateOf(in.Ended.Time())
	}
	return p, nil
}
