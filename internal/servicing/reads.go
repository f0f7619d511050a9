package servicing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// view runs a read on one of the actor's contracts.
func (s *Service) view(ctx context.Context, actor identity.Actor, id ContractID, fn func(*store.Tx, *store.Contract) error) error {
	who, err := owner(actor)
	if err != nil {
		return err
	}
	return s.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Contract(string(id), who)
		if err != nil {
			return err
		}
		return fn(tx, c)
	})
}

// Overview is the customer's first page.
func (s *Service) Overview(ctx context.Context, actor identity.Actor) (o Overview, err error) {
	who, err := customer(actor)
	if err != nil {
		return o, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if o.Date, err = today(tx); err != nil {
			return err
		}
		person, err := tx.Customer(who)
		if err != nil {
			return err
		}
		o.FirstName = person.FirstName
		contracts, err := tx.ContractsOf(who)
		if err != nil {
			return err
		}
		for _, c := range contracts {
			card, err := s.card(tx, c, o.Date, actor)
			if err != nil {
				return err
			}
			o.Contracts = append(o.Contracts, card)
		}
		return nil
	})
	return o, err
}

// Card is one of the actor's contracts in short.
func (s *Service) Card(ctx context.Context, actor identity.Actor, id ContractID) (card Card, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		card, err = s.card(tx, c, day, actor)
		return err
	})
	return card, err
}

// card is a contract in short, as an actor may see it.
func (s *Service) card(tx *store.Tx, c *store.Contract, day money.Date, by identity.Actor) (Card, error) {
	card := Card{
		ID: ContractID(c.ID), Kind: c.Kind, AccountNumber: c.AccountNumber,
		Vehicle: Vehicle{c.VehicleYear, c.VehicleMake, c.VehicleModel, c.VIN},
		Closed:  c.Status == "paid", ChargedOff: c.State.IsChargedOff, Called: !c.State.Accelerated.IsZero(), Held: held(c), Ended: c.State.Ended, Balance: c.State.Principal,
		Original: c.OriginalAmount, Paid: max(0, c.OriginalAmount-c.State.Principal),
	}
	if c.Kind == contract.Lease { // what is repaid of a lease is rent
		base := c.Terms.Payment - c.Terms.Tax
		card.Paid = base*money.Cents(max(0, c.OriginalTerm-c.Terms.Payments)) + c.State.Credited - c.State.TaxPaid
		card.Original = card.Paid + c.State.Principal
	}
	var err error
	if card.Due, err = due(c, day); err != nil {
		return card, err
	}
	if card.Payoff, err = c.State.Payoff(&c.Terms, day); err != nil {
		return card, err
	}
	card.LateFeeOn = c.LateFeeOn
	if card.Autopay, err = s.autopay(tx, c, by); err != nil {
		return card, err
	}
	if card.Autopay == nil {
		if card.AutopayEnded, err = autopayEnd(tx, c, by); err != nil {
			return card, err
		}
	}
	payments, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return card, err
	}
	for _, p := range payments {
		if p.State != billing.Scheduled && (card.LastPayment != nil || p.State == billing.Cancelled) {
			continue
		}
		v, err := s.payment(tx, p, by)
		if err != nil {
			return card, err
		}
		if p.State == billing.Scheduled {
			card.Scheduled = append(card.Scheduled, v)
		} else {
			card.LastPayment = &v
		}
	}
	slices.Reverse(card.Scheduled)
	return card, nil
}

// autopayEnd is why the last enrolment ended, when a returned payment ended it.
func autopayEnd(tx *store.Tx, c *store.Contract, by identity.Actor) (*AutopayEnd, error) {
	last, err := tx.LastAutopay(c.ID)
	if err != nil {
		return nil, absent(err)
	}
	reason, returned := strings.CutPrefix(last.EndReason, endedByReturn)
	if !returned {
		if reason, returned = strings.CutPrefix(last.EndReason, endedByMethod); !returned {
			return nil, nil
		}
	}
	b, err := tx.Method(last.CustomerID, last.MethodID)
	if err != nil {
		return nil, err
	}
	return &AutopayEnd{money.DateOf(last.Ended.Time()), reason, shown(b, by)}, nil
}

// Account is a contract's own page.
func (s *Service) Account(ctx context.Context, actor identity.Actor, id ContractID) (a Account, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if a.Date, err = today(tx); err != nil {
			return err
		}
		if a.Card, err = s.card(tx, c, a.Date, actor); err != nil {
			return err
		}
		a.Terms, a.State = c.Terms, c.State
		a.Origin = Origin{c.OriginalDate, c.OriginalAmount, c.OriginalTerm, c.OriginalRate}
		if a.Spans, err = c.State.Spans(&c.Terms, a.Date); err != nil {
			return err
		}
		if a.Remaining, err = c.Terms.Remaining(c.State, a.Date); err != nil {
			return err
		}
		events, err := tx.Events(c.ID)
		if err != nil {
			return err
		}
		journal, err := tx.Entries(c.ID, 0)
		if err != nil {
			return err
		}
		of, err := linePayments(tx, c)
		if err != nil {
			return err
		}
		a.YTD.Year = a.Date.Year()
		for _, l := range billing.Lines(journal, plain(events), of) {
			a.History = append(a.History, HistoryRow{l.Entry.Effective, l.Entry.Posted, l.Kind, l.Amount, l.Allocation, l.Balance, PaymentID(l.PaymentID), l.Entry.Event, l.Event.Source, l.Event.PrincipalOnly})
			if l.Entry.Effective.Year() != a.YTD.Year {
				continue
			}
			paid := l.Paid()
			a.YTD.Interest += paid.Interest
			a.YTD.Principal += paid.Principal
			a.YTD.Fees += paid.LateFee + paid.OtherFee
		}
		slices.Reverse(a.History)
		a.Changes, err = changes(c, plain(events), journal)
		return err
	})
	return a, err
}

// changes explains the events that posted nothing, newest first. Holds are the
// lender's own matter.
func changes(c *store.Contract, events []contract.Event, journal []ledger.Entry) (out []Explanation, err error) {
	posted := map[int]bool{}
	for _, e := range journal {
		posted[e.Event] = true
	}
	silent := slices.ContainsFunc(events, func(e contract.Event) bool { return !posted[e.Seq] })
	if !silent {
		return nil, nil
	}
	why, err := contract.ExplainAll(&c.Terms, events)
	if err != nil {
		return nil, fmt.Errorf("explain contract %s: %w", c.ID, err)
	}
	for i, e := range events {
		switch e.Kind {
		case contract.Reversal, contract.HoldBegins, contract.HoldEnds, contract.Payment:
			continue
		}
		if !posted[e.Seq] {
			out = append(out, Explanation{Event: e, Why: why[i], Undone: undone(events, e.Seq)})
		}
	}
	slices.Reverse(out)
	return out, nil
}

// undone says whether an event was taken back, and that was not taken back in
// its turn.
func undone(events []contract.Event, seq int) bool {
	return slices.ContainsFunc(events, func(e contract.Event) bool {
		return e.Kind == contract.Reversal && e.Reverses == seq && !undone(events, e.Seq)
	})
}

// Explain says why an event on an account did what it did, by the fold that did
// it. ErrNotFound when there is no such event.
func (s *Service) Explain(ctx context.Context, actor identity.Actor, id ContractID, seq int) (x Explanation, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		rows, err := tx.Events(c.ID)
		if err != nil {
			return err
		}
		events := plain(rows)
		i := slices.IndexFunc(events, func(e contract.Event) bool { return e.Seq == seq })
		if i < 0 {
			return ErrNotFound
		}
		_, allocations, err := contract.Replay(&c.Terms, events)
		if err != nil {
			return fmt.Errorf("fold contract %s: %w", c.ID, err)
		}
		x.Event, x.Allocation = events[i], allocations[i]
		x.Undone = undone(events, seq)
		x.Why, err = contract.Explain(&c.Terms, events, seq)
		return err
	})
	return x, err
}

// linePayments are the payments behind a contract's events.
func linePayments(tx *store.Tx, c *store.Contract) (map[int]billing.LinePayment, error) {
	rows, err := tx.PaymentsOfContract(c.ID)
	out := make(map[int]billing.LinePayment, len(rows))
	for _, p := range rows {
		if p.EventSeq != 0 {
			out[p.EventSeq] = billing.LinePayment{ID: p.ID, Confirmation: p.Confirmation, Canceled: p.State == billing.Cancelled}
		}
	}
	return out, err
}

// Payments lists all payments on the contracts that the customer owes, newest
// first, whoever made them.
func (s *Service) Payments(ctx context.Context, actor identity.Actor) (out []Payment, err error) {
	who, err := customer(actor)
	if err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out, err = s.paymentsOf(tx, who, actor)
		return err
	})
	return out, err
}

// paymentsOf are a customer's payments as an actor may see them.
func (s *Service) paymentsOf(tx *store.Tx, who string, by identity.Actor) (out []Payment, err error) {
	all, err := tx.PaymentsOfCustomer(who)
	if err != nil {
		return nil, err
	}
	accounts := map[string]*store.Method{}
	for _, p := range all {
		b := accounts[p.MethodID]
		if b == nil || p.MethodID == "" {
			if b, err = methodOf(tx, p); err != nil {
				return nil, fmt.Errorf("payment %s: read its bank account: %w", p.ID, err)
			}
			accounts[p.MethodID] = b
		}
		out = append(out, view(p, b, by))
	}
	return out, nil
}

// Payment is one payment.
func (s *Service) Payment(ctx context.Context, actor identity.Actor, id ContractID, payment PaymentID) (out Payment, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, string(payment))
		if err != nil {
			return err
		}
		if out, err = s.payment(tx, p, actor); err == nil && billing.ReturnedFeeAllowed(p.ReturnCode) {
			out.ReturnFee = c.Terms.ReturnedFee
		}
		return err
	})
	return out, err
}

func (s *Service) payment(tx *store.Tx, p *store.Payment, by identity.Actor) (Payment, error) {
	b, err := methodOf(tx, p)
	if err != nil {
		return Payment{}, err
	}
	return view(p, b, by), nil
}

func view(p *store.Payment, b *store.Method, by identity.Actor) Payment {
	v := Payment{
		ID: PaymentID(p.ID), Contract: ContractID(p.ContractID), Confirmation: p.Confirmation, Group: p.Group, Kind: p.Kind, Extra: p.Extra, Autopay: p.Autopay, Rail: p.Rail, State: p.State, Reason: p.Reason,
		Amount: p.Amount, Date: p.Date, Created: p.Created, Method: shown(b, by), Allocation: p.Plan.Allocation, BalanceAfter: p.Plan.BalanceAfter,
		ReturnCode: p.ReturnCode, ReturnedOn: p.ReturnedOn, Fee: p.ConvenienceFee, Cancellable: p.Rail.MayBecome(p.State, billing.Cancelled) && p.State != billing.Unknown && authorized(p.CustomerID, by), Event: p.EventSeq,
	}
	if p.Rail == billing.ACH && !p.SettlesOn.IsZero() {
		v.SettlesOn, v.FinalOn = p.SettlesOn, p.SettlesOn+billing.UnauthorisedWindow
	}
	if p.ReturnCode != "" {
		v.ReturnReason = returnReason(p)
	}
	v.Phone, v.Form = p.SEC == string(ach.TEL), p.SEC == string(ach.PPD)
	return v
}

// receipt is the proof of one payment, made out to one who owes the contract. The
// words that another borrower agreed to name their bank account, and stay theirs.
func (s *Service) receipt(tx *store.Tx, c *store.Contract, p *store.Payment, who string) (r billing.Receipt, err error) {
	b, err := methodOf(tx, p)
	if err != nil {
		return r, err
	}
	g, err := tx.Agreement(c.ID, p.AgreementID)
	if err != nil {
		return r, err
	}
	person, err := tx.Customer(who)
	if err != nil {
		return r, err
	}
	r = billing.Receipt{
		Lender: s.lender, Recipient: recipient(person), Kind: c.Kind, AccountNumber: c.AccountNumber, Vehicle: vehicle(c),
		Confirmation: p.Confirmation, Rail: p.Rail, State: p.State, Amount: p.Amount, Date: p.Date, Made: p.Created, Method: describe(b),
		Allocation: p.Plan.Allocation, Spans: p.Plan.Interest, BalanceAfter: p.Plan.BalanceAfter, Authorization: g.Text, Autopay: p.Autopay,
		ReturnedOn: p.ReturnedOn,
	}
	if p.CustomerID != who {
		r.Authorization = ""
	}
	if p.ReturnCode != "" {
		r.ReturnReason = returnReason(p)
	}
	return r, nil
}

// Statement is one statement as it was frozen.
func (s *Service) Statement(ctx context.Context, actor identity.Actor, id ContractID, closing money.Date) (out billing.Statement, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		row, err := tx.Statement(c.ID, closing)
		if err != nil {
			return err
		}
		return snapshot(tx, c.ID, row.DocumentID, &out)
	})
	return out, err
}
