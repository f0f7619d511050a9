package servicing

import (
	"context"
	"errors"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// PayoffRequest asks for a payoff quote that is good through a day.
type PayoffRequest struct {
	Key         string
	Contract    ContractID
	GoodThrough money.Date
}

// PayoffDays is how far ahead a payoff quote may be good.
const PayoffDays = 30

// quotesADay is how many quotes are kept for one account on one day.
const quotesADay = 10

// QuotePayoff makes a payoff quote and keeps it: a payment of the quoted amount
// that arrives in time closes the account, whatever was found in between. The
// letter is frozen as quoted. The same key gives the quote that was made.
func (s *Service) QuotePayoff(ctx context.Context, actor identity.Actor, req PayoffRequest) (l billing.PayoffLetter, err error) {
	if !goodKey(req.Key) {
		return l, refuse("key_missing", "", "Start again from your account.")
	}
	err = s.takeOwn(ctx, actor, req.Contract, func(tx *store.Tx, c *store.Contract) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		known, err := tx.PayoffQuoteByKey(c.ID, req.Key)
		if err == nil && known.GoodThrough != req.GoodThrough {
			return errKeyReused
		}
		if errors.Is(err, store.ErrNotFound) {
			known, err = s.payoffQuote(tx, c, req, day, cause{}, actor)
		}
		if err != nil {
			return err
		}
		if err := tx.Flush(); err != nil {
			return err
		}
		return snapshot(tx, c.ID, known.DocumentID, &l)
	})
	return l, err
}

func (s *Service) payoffQuote(tx *store.Tx, c *store.Contract, req PayoffRequest, day money.Date, by cause, actor identity.Actor) (*store.PayoffQuote, error) {
	switch {
	case c.Kind == contract.Lease:
		return nil, refuse("lease", "", "Call us for what it costs to end or buy out your lease.")
	case c.Status != "open":
		return nil, refuse("nothing_owed", "", "There is nothing left to pay off on this account.")
	case req.GoodThrough < day || req.GoodThrough > day+PayoffDays:
		return nil, refuse("good_through", "good_through", "Choose a day from %s to %s.", day.Long(), (day + PayoffDays).Long())
	}
	history, err := tx.Events(c.ID)
	if err != nil {
		return nil, err
	}
	made := 0
	for _, h := range history {
		if h.Kind == contract.PayoffQuote && h.Date == day {
			made++
		}
	}
	if made >= quotesADay {
		return nil, refuse("too_many", "good_through", "You have asked for %d payoff letters today. Use the last one, or ask again tomorrow.", made)
	}
	letter, err := s.payoffLetter(tx, c, req.GoodThrough, day)
	if err != nil {
		return nil, err
	}
	e := contract.Event{Kind: contract.PayoffQuote, Date: day, Amount: letter.Total, GoodThrough: req.GoodThrough}
	if _, err := s.post(tx, c, e, by, actor); err != nil {
		return nil, err
	}
	code := identity.NewLetterCode()
	if s.lender.Portal != "" {
		letter.Code, letter.CheckAt = code, s.lender.Portal+PayoffCheckPath
	}
	d, err := s.freeze(tx, c, paper{kind: billing.DocPayoffLetter, day: day, about: strconv.Itoa(c.LastEvent), snapshot: letter})
	if err != nil {
		return nil, err
	}
	q := &store.PayoffQuote{ContractID: c.ID, EventSeq: c.LastEvent, Key: req.Key, GoodThrough: req.GoodThrough, Total: letter.Total,
		CodeHash: letterCodeHash(tx, code), DocumentID: d.ID}
	tx.InsertPayoffQuote(q)
	tx.Audit(s.clock(), actor.String(), "payoff_quote", c.ID, req.GoodThrough.String())
	return q, nil
}

// deskQuote makes a quote that was asked for at the desk; e becomes its event.
func (s *Service) deskQuote(tx *store.Tx, c *store.Contract, e *contract.Event, day money.Date, by cause, actor identity.Actor) error {
	q, err := s.payoffQuote(tx, c, PayoffRequest{Key: "desk:" + by.key, Contract: ContractID(c.ID), GoodThrough: e.GoodThrough}, day, by, actor)
	if err == nil {
		e.Amount = q.Total
	}
	return err
}

// payoffLetter freezes what would close the account on each day through one.
// Payments on their way are counted in and stand apart: when one comes back, the
// quote falls.
func (s *Service) payoffLetter(tx *store.Tx, c *store.Contract, through, day money.Date) (*billing.PayoffLetter, error) {
	table, err := c.State.PayoffTable(&c.Terms, day, through)
	if err != nil {
		return nil, err
	}
	spans, err := c.State.Spans(&c.Terms, through)
	if err != nil {
		return nil, err
	}
	last := table[len(table)-1]
	l := &billing.PayoffLetter{
		Lender: s.lender, AccountNumber: c.AccountNumber, Vehicle: vehicle(c), VIN: c.VIN, Made: day, GoodThrough: through,
		Principal: last.Principal, Interest: last.Interest, LateFees: c.State.LateFees, OtherFees: c.State.OtherFees, Total: last.Total,
		PerDiem: last.PerDiem.Decimal(6), Carried: c.State.Accrued.Round(c.Terms.Rounding), InterestLines: billing.InterestLines(spans),
	}
	for _, p := range table {
		l.Table = append(l.Table, billing.PayoffDay{Date: p.On, Total: p.Total})
	}
	if l.Recipient, err = addressed(tx, c); err != nil {
		return nil, err
	}
	payments, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range payments {
		switch p.State {
		case billing.Authorised, billing.Submitted:
			l.Pending = append(l.Pending, billing.PayoffPayment{Date: p.Date, Amount: p.Amount, Confirmation: p.Confirmation})
		case billing.Scheduled:
			l.Scheduled = append(l.Scheduled, billing.PayoffPayment{Date: p.Date, Amount: p.Amount, Confirmation: p.Confirmation})
		}
	}
	return l, nil
}

// PayoffLetter is the quote in force, as it was frozen; ErrNotFound when there
// is none or it has run out.
func (s *Service) PayoffLetter(ctx context.Context, actor identity.Actor, id ContractID) (l billing.PayoffLetter, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		row, err := quoteInForce(tx, c)
		if err != nil {
			return err
		}
		return snapshot(tx, c.ID, row.DocumentID, &l)
	})
	return l, err
}

// quoteInForce is the quote that a payment could still meet.
func quoteInForce(tx *store.Tx, c *store.Contract) (*store.PayoffQuote, error) {
	day, err := today(tx)
	if err != nil {
		return nil, err
	}
	q := c.State.Quote
	if q == nil || q.GoodThrough < day || c.Status != "open" {
		return nil, ErrNotFound
	}
	return tx.PayoffQuote(c.ID, q.Seq)
}
