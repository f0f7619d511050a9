package servicing

import (
	"cmp"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// cause is what an event came from: a payment, or a request with a key.
type cause struct{ payment, key, hash string }

// post adds an event to a contract whose row is held, and posts its entry. The
// next event in time is one step of the fold; anything else, an earlier date or
// a reversal, folds the whole history again and posts the differences. c is
// changed and saved.
func (s *Service) post(tx *store.Tx, c *store.Contract, e contract.Event, by cause, actor identity.Actor) (contract.Allocation, error) {
	now := s.clock()
	e.Seq = c.LastEvent + 1
	row := store.Event{Event: e, PaymentID: by.payment, Key: by.key, InputHash: by.hash, Posted: now, Actor: actor.String()}
	if e.Kind == contract.Reversal || e.Date < c.State.LastEvent {
		return s.refold(tx, c, row)
	}
	before, status := c.State, c.Status
	a, err := c.State.Apply(&c.Terms, e)
	if err != nil {
		return contract.Allocation{}, err
	}
	c.LastEvent = e.Seq
	postings := billing.Rent(billing.Postings(c.Kind, &e, a), &c.Terms, &before, &c.State)
	if len(postings) > 0 { // many events move no money
		c.LastEntry++
		err = tx.InsertEntry(c.ID, &ledger.Entry{ID: c.LastEntry, Kind: ledger.Posted, Event: e.Seq, Effective: e.Date, Posted: now, Postings: postings})
		if err != nil {
			return contract.Allocation{}, err
		}
	}
	if err := tx.InsertEvent(c.ID, row); err != nil {
		return contract.Allocation{}, err
	}
	return a, s.moveOn(tx, c, &before, status)
}

// moveOn saves a contract after an event, with the dates on which the cycle looks
// at it again where the event has moved them: another plan, or an account that is
// open again.
func (s *Service) moveOn(tx *store.Tx, c *store.Contract, before *contract.State, status string) error {
	refresh(c, s.rules)
	reopened := status != "open" && c.Status == "open"
	if c.Status != "open" || (!reopened && before.Payments == c.State.Payments && slices.Equal(before.Plan, c.State.Plan)) {
		return tx.SaveContract(c)
	}
	day, err := today(tx)
	if err != nil {
		return err
	}
	// A statement that was cut for a date that has moved stays as it is.
	after := day - 1
	if last, err := tx.LastStatement(c.ID); err == nil {
		after = max(after, last.Closing)
	} else if err := absent(err); err != nil {
		return err
	}
	c.StatementOn = billing.NextClosing(&c.Terms, &c.State, after, s.rules.StatementDays)
	c.PapersOn = nextPapers(c, day-1, 0)
	if err := s.moveDrafts(tx, c, before, day); err != nil { // also while there was nothing to draw
		return err
	}
	return tx.SaveContract(c)
}

// refold replays the whole history with one more event and posts, for every
// event whose allocation is now another, the difference as a new entry that
// names the one it corrects. Nothing posted changes.
func (s *Service) refold(tx *store.Tx, c *store.Contract, row store.Event) (contract.Allocation, error) {
	if err := tx.Flush(); err != nil { // what this transaction posted is history too
		return contract.Allocation{}, err
	}
	history, err := tx.Events(c.ID)
	if err != nil {
		return contract.Allocation{}, err
	}
	journal, err := tx.Entries(c.ID, 0)
	if err != nil {
		return contract.Allocation{}, err
	}
	events := append(plain(history), row.Event)
	state, allocations, err := contract.Replay(&c.Terms, events)
	if err != nil {
		return contract.Allocation{}, err
	}
	posted, first := postedSoFar(journal)
	entries := rent(differences(c.Kind, events, allocations, posted, first, row), c, &state, row)
	for i := range entries {
		c.LastEntry++
		entries[i].ID = c.LastEntry
		if err := tx.InsertEntry(c.ID, &entries[i]); err != nil {
			return contract.Allocation{}, err
		}
	}
	before, status := c.State, c.Status
	c.State, c.LastEvent = state, row.Seq
	if err := tx.InsertEvent(c.ID, row); err != nil {
		return contract.Allocation{}, err
	}
	return allocations[len(allocations)-1], s.moveOn(tx, c, &before, status)
}

func differences(kind contract.Kind, events []contract.Event, now []contract.Allocation, was map[int]contract.Allocation, first map[int]int, row store.Event) (out []ledger.Entry) {
	for i, e := range events {
		postings := billing.Postings(kind, &e, now[i].Minus(was[e.Seq]))
		if len(postings) == 0 {
			continue
		}
		// A correction counts from the day of what caused it, and never before the
		// event that it corrects.
		why, effective := ledger.Correction, max(row.Date, e.Date)
		if e.Seq == row.Seq {
			why, effective = ledger.Posted, e.Date
		}
		out = append(out, ledger.Entry{Kind: why, Event: e.Seq, Corrects: first[e.Seq], Effective: effective, Posted: row.Posted, Postings: postings})
	}
	// What caused the corrections stands first.
	slices.SortStableFunc(out, func(a, b ledger.Entry) int {
		return cmp.Compare(rank(a, row), rank(b, row))
	})
	return out
}

// rent adds to the first entry what a lease has earned, or earned no longer.
func rent(entries []ledger.Entry, c *store.Contract, now *contract.State, row store.Event) []ledger.Entry {
	if len(entries) == 0 {
		entries = append(entries, ledger.Entry{Kind: ledger.Posted, Event: row.Seq, Effective: row.Date, Posted: row.Posted})
	}
	if entries[0].Postings = billing.Rent(entries[0].Postings, &c.Terms, &c.State, now); len(entries[0].Postings) == 0 {
		return entries[1:]
	}
	return entries
}

func rank(e ledger.Entry, row store.Event) int {
	if e.Event == row.Seq || e.Event == row.Reverses {
		return 0
	}
	return 1
}

// postedSoFar sums what the journal says about each event, and names the entry
// that first posted it.
func postedSoFar(journal []ledger.Entry) (sum map[int]contract.Allocation, first map[int]int) {
	sum, first = map[int]contract.Allocation{}, map[int]int{}
	for _, e := range journal {
		if e.Kind == ledger.Posted || e.Kind == ledger.Correction {
			sum[e.Event] = sum[e.Event].Plus(billing.Allocated(e.Postings))
		}
		if e.Kind == ledger.Posted {
			first[e.Event] = e.ID
		}
	}
	return sum, first
}

func plain(rows []store.Event) []contract.Event {
	out := make([]contract.Event, len(rows))
	for i, r := range rows {
		out[i] = r.Event
	}
	return out
}

// settle moves money between the bank's side accounts; no event stands behind it.
func (s *Service) settle(tx *store.Tx, c *store.Contract, event int, on money.Date, postings []ledger.Posting) error {
	c.LastEntry++
	return tx.InsertEntry(c.ID, &ledger.Entry{ID: c.LastEntry, Kind: ledger.Settlement, Event: event, Effective: on, Posted: s.clock(), Postings: postings})
}

// save writes a contract with what follows from its state: whether it is paid,
// and the days on which the cycle has to look at it.
func (s *Service) save(tx *store.Tx, c *store.Contract) error {
	refresh(c, s.rules)
	return tx.SaveContract(c)
}

func refresh(c *store.Contract, r Rules) {
	c.Status = "open"
	switch {
	case c.State.Closed(&c.Terms):
		c.Status = "paid"
	case c.State.IsChargedOff:
		c.Status = "charged_off"
	}
	c.LateFeeOn = billing.LateFeeOn(&c.Terms, c.State)
	if c.Status != "open" {
		c.DraftOn = 0
	}
	if c.Status == "charged_off" {
		c.StatementOn = 0
	}
}

// due is what a contract owes on a day, with the contract named in any error.
func due(c *store.Contract, on money.Date) (contract.Due, error) {
	d, err := c.State.Due(&c.Terms, on)
	if err != nil {
		return d, fmt.Errorf("contract %s: %w", c.ID, err)
	}
	return d, nil
}
