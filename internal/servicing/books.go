package servicing

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// Period asks the books about some days, both ends included. A zero From is the
// beginning. Posted looks at when entries were written instead of the day that
// they count for.
type Period struct {
	From, Through money.Date
	Posted        bool
}

// TrialLine is one account in a trial balance: what it held before the period,
// what was debited and credited within it, and what it holds at its end. Debit
// balances are positive.
type TrialLine struct {
	Account ledger.Account `json:"account"`
	Class   ledger.Class   `json:"class"`
	Name    string         `json:"name"`
	Opening money.Cents    `json:"opening"`
	Debit   money.Cents    `json:"debit"`
	Credit  money.Cents    `json:"credit"`
	Balance money.Cents    `json:"balance"`
}

// TrialBalance is every account of the chart that was ever posted to, and beside
// them the interest that has accrued and is not posted.
type TrialBalance struct {
	Lines   []TrialLine
	Total   TrialLine       // of all lines: Debit equals Credit, Opening and Balance are zero
	Accrued AccruedInterest // zero when the period is by posting: interest accrues by effective date
}

// TrialBalance sums the ledger through a day. Sums that do not balance are an
// error, ledger.ErrUnbalanced.
func (s *Service) TrialBalance(ctx context.Context, actor identity.Actor, p Period) (out TrialBalance, err error) {
	if err := system(actor); err != nil {
		return out, err
	}
	var totals []store.AccountTotal
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if p.Posted {
			totals, err = tx.TrialByPosted(startOf(p.From), startOf(p.Through+1))
		} else {
			totals, err = tx.TrialByEffective(p.From, p.Through)
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("trial balance through %s: %w", p.Through, err)
	}
	for _, t := range totals {
		c, charted := ledger.Of(t.Account)
		if !charted {
			return out, fmt.Errorf("trial balance through %s: account %s is not in the chart", p.Through, t.Account)
		}
		l := TrialLine{t.Account, c.Class, c.Name, t.Opening, t.Debit, t.Credit, t.Opening + t.Debit - t.Credit}
		out.Lines = append(out.Lines, l)
		out.Total.Opening += l.Opening
		out.Total.Debit += l.Debit
		out.Total.Credit += l.Credit
		out.Total.Balance += l.Balance
	}
	if out.Total.Debit != out.Total.Credit || out.Total.Opening != 0 {
		return out, fmt.Errorf("trial balance through %s: %w: opening %s, debits %s, credits %s", p.Through, ledger.ErrUnbalanced,
			out.Total.Opening, out.Total.Debit, out.Total.Credit)
	}
	place := func(l TrialLine) int {
		return slices.IndexFunc(ledger.Chart, func(c ledger.Charted) bool { return c.Account == l.Account })
	}
	slices.SortFunc(out.Lines, func(a, b TrialLine) int { return cmp.Compare(place(a), place(b)) })
	if p.Posted {
		return out, nil // interest accrues by effective date only
	}
	out.Accrued, err = s.AccruedInterest(ctx, actor, p.Through)
	return out, err
}

// startOf is the first instant of a day, in UTC; of no day the first of all.
func startOf(d money.Date) money.Instant {
	if d.IsZero() {
		return 0
	}
	return money.InstantOf(d.Time())
}

// AccruedInterest is the interest that all contracts have earned by the end of a
// day and not been paid: what an accrual entry at a month's end is made from. It
// is computed, never posted, and so takes itself back the next day.
type AccruedInterest struct {
	On        money.Date    `json:"on"`
	Contracts int           `json:"contracts"` // that interest has accrued on
	Interest  money.Cents   `json:"interest"`
	ByRule    []AccruedRule `json:"by_day_count"`
}

// AccruedRule is the part of it on contracts that count days alike.
type AccruedRule struct {
	DayCount  money.DayCount `json:"day_count"`
	Contracts int            `json:"contracts"`
	Principal money.Cents    `json:"principal"`
	Interest  money.Cents    `json:"interest"`
}

// AccruedInterest computes each contract's accrued interest on a day, rounded as
// the contract rounds, and sums it. A contract whose kept state is no later than
// the day needs no history; of the others the events up to the day are folded,
// so that a day long past comes out as it stood, with what was back-dated since.
// Memory does not grow with the number of contracts.
func (s *Service) AccruedInterest(ctx context.Context, actor identity.Actor, on money.Date) (out AccruedInterest, err error) {
	if err := system(actor); err != nil {
		return out, err
	}
	out.On = on
	rules := map[money.DayCount]*AccruedRule{}
	for after, more := "", true; more; {
		err := s.db.View(ctx, func(tx *store.Tx) error {
			page, err := tx.ContractsAfter(after, WorkPage)
			if more = len(page) > 0; !more || err != nil {
				return err
			}
			after = page[len(page)-1].ID
			return accruePage(tx, page, on, rules)
		})
		if err != nil {
			return out, fmt.Errorf("accrued interest on %s: %w", on, err)
		}
	}
	for _, r := range rules {
		out.ByRule = append(out.ByRule, *r)
		out.Contracts += r.Contracts
		out.Interest += r.Interest
	}
	slices.SortFunc(out.ByRule, func(a, b AccruedRule) int { return cmp.Compare(a.DayCount, b.DayCount) })
	return out, nil
}

func accruePage(tx *store.Tx, page []*store.Contract, on money.Date, rules map[money.DayCount]*AccruedRule) (err error) {
	var histories map[string][]contract.Event
	columns := map[accrualPolicy]*money.Portfolio{}
	for _, c := range page {
		if c.Terms.Start > on {
			continue
		}
		state := c.State
		if state.LastEvent > on {
			if histories == nil {
				if histories, err = tx.EventsBetween(page[0].ID, page[len(page)-1].ID); err != nil {
					return err
				}
			}
			if state, _, err = contract.Fold(&c.Terms, histories[c.ID], on); err != nil {
				return fmt.Errorf("contract %s: %w", c.ID, err)
			}
		}
		if !state.Ahead.IsZero() { // a fraction paid beyond what accrued comes off the next interest
			interest, err := state.InterestTo(&c.Terms, on)
			if err != nil {
				return fmt.Errorf("contract %s: %w", c.ID, err)
			}
			accrued(rules, c.Terms.DayCount, state.Principal, interest)
			continue
		}
		policy := accrualPolicy{c.Terms.DayCount, c.Terms.FactorDecimals, c.Terms.Rounding}
		p := columns[policy]
		if p == nil {
			p = &money.Portfolio{DayCount: policy.dayCount, FactorDecimals: policy.factorDecimals, Rounding: policy.rounding}
			columns[policy] = p
		}
		p.Balances, p.Rates = append(p.Balances, state.Principal), append(p.Rates, state.Rate)
		p.Through, p.Owed = append(p.Through, state.Through), append(p.Owed, state.Accrued)
	}
	for policy, p := range columns {
		cents := make([]money.Cents, len(p.Balances))
		if _, err := p.AccruedAt(on, cents); err != nil {
			return err
		}
		for i, interest := range cents {
			accrued(rules, policy.dayCount, p.Balances[i], interest)
		}
	}
	return nil
}

// accrualPolicy is what contracts have in common whose interest is worked out
// together.
type accrualPolicy struct {
	dayCount       money.DayCount
	factorDecimals int
	rounding       money.Rounding
}

func accrued(rules map[money.DayCount]*AccruedRule, dayCount money.DayCount, principal, interest money.Cents) {
	if interest == 0 {
		return
	}
	r := rules[dayCount]
	if r == nil {
		r = &AccruedRule{DayCount: dayCount}
		rules[dayCount] = r
	}
	r.Contracts++
	r.Principal += principal
	r.Interest += interest
}

// JournalEntry is an entry of the journal with its contract.
type JournalEntry = store.JournalEntry

// Journal calls fn with every entry that counts within a period, in order of
// effective date, then of contract and number. The whole comes from one moment;
// memory does not grow with its length. fn must not keep an entry's postings.
func (s *Service) Journal(ctx context.Context, actor identity.Actor, from, through money.Date, fn func(*JournalEntry) error) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.View(ctx, func(tx *store.Tx) error { return tx.EachEntry(from, through, fn) })
}

// ClearEvent moves the money of one event to or from cash, once the bank has: of
// a check, a card payment, a wire or a vehicle's price that came without a
// payment of ours, and of a refund that was paid out. When such money was taken
// back, by a reversal, it moves the cash back. Run again it changes nothing.
func (s *Service) ClearEvent(ctx context.Context, actor identity.Actor, id ContractID, event int, on money.Date) (moved money.Cents, err error) {
	err = s.take(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		day, err := today(tx)
		if err != nil {
			return err
		}
		if on > day {
			return refuse("date_future", "date", "The date is after the business date, %s.", day)
		}
		rows, err := tx.Events(c.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(r store.Event) bool { return r.Seq == event })
		if i < 0 || !billing.Clears(&rows[i].Event) || byPayment(&rows[i]) {
			return refuse("event", "event", "Event %d of this contract is not money that is cleared by hand.", event)
		}
		if on < rows[i].Date {
			return refuse("date_past", "date", "The money cannot clear before %s.", rows[i].Date.Long())
		}
		journal, err := tx.Entries(c.ID, 0)
		if err != nil {
			return err
		}
		other := billing.Other(&rows[i].Event)
		waiting := eventHolds(journal, event, other, ledger.Posted, ledger.Correction, ledger.Settlement)
		if waiting == 0 || other == ledger.Cash {
			return nil
		}
		tx.Audit(s.clock(), actor.String(), "clear_event", c.ID, fmt.Sprintf("event %d, %s", event, waiting))
		if err := s.settle(tx, c, event, on, ledger.Move(other, ledger.Cash, waiting)); err != nil {
			return err
		}
		moved = waiting
		return s.save(tx, c)
	})
	return moved, err
}

// byPayment says whether a payment of ours stands behind an event: the payment's
// state tells where its money is.
func byPayment(e *store.Event) bool {
	return e.Kind == contract.Payment && (e.PaymentID != "" || byBank(&e.Event))
}

// road is where an event's money stands until the bank has moved it. It is said
// here again, without the table of postings, so that verify does not ask the
// table about itself.
func road(e *contract.Event) ledger.Account {
	switch {
	case e.Kind == contract.Refund:
		return ledger.RefundsPayable
	case e.Kind == contract.Sale, e.Source == contract.FromWire:
		return ledger.WireTransit
	case e.Source == contract.FromCard:
		return ledger.CardTransit
	case e.Source == contract.FromCheck, e.Source == contract.FromInsurer:
		return ledger.CheckTransit
	case e.Source == contract.FromCash:
		return ledger.Cash
	}
	return ledger.Transit
}

// eventHolds is what an event's entries, those of some kinds, left on an account.
func eventHolds(journal []ledger.Entry, event int, account ledger.Account, kinds ...ledger.EntryKind) (amount money.Cents) {
	for _, e := range journal {
		if e.Event != event || !slices.Contains(kinds, e.Kind) {
			continue
		}
		for _, p := range e.Postings {
			if p.Account == account {
				amount += p.Amount
			}
		}
	}
	return amount
}

// cleared proves the money of events that no payment stands behind: they put what
// the fold says came or went on its road's account, and what was settled since is
// between that and cash. It gives what the accounts hold of it.
func (a *audit) cleared(rows []store.Event, journal []ledger.Entry, allocations []contract.Allocation) ledger.Balances {
	want := ledger.Balances{}
	for i := range rows {
		e := &rows[i]
		if !billing.Clears(&e.Event) || byPayment(e) {
			continue
		}
		way, total := road(&e.Event), allocations[i].Total()
		same(a, fmt.Sprintf("money of event %d", e.Seq), eventHolds(journal, e.Seq, way, ledger.Posted, ledger.Correction), total)
		settled := eventHolds(journal, e.Seq, ledger.Cash, ledger.Settlement)
		want[way] += total - settled
		want[ledger.Cash] += settled
	}
	return want
}
