package servicing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/store"
)

// external sets what has left for each payment beside what the payment says: one
// debit where it was sent and none where it was not, for its amount; what came
// back and what was given back, never more than once; and a returned debit
// presented again within its rules.
func (a *audit) external(payments []*store.Payment, entries []*store.ACHEntry, rows []store.Event) {
	byID := map[string]*store.Payment{}
	for _, p := range payments {
		byID[p.ID] = p
	}
	debits, reversals := map[string]*store.ACHEntry{}, map[string]*store.ACHEntry{}
	for _, e := range entries {
		what := "ACH entry " + e.Trace
		p := byID[e.PaymentID]
		if p == nil {
			a.find(what, "sent", "no payment has it")
			continue
		}
		same(a, what+" amount", e.Amount, p.Amount)
		same(a, what+" customer", e.CustomerID, p.CustomerID)
		into := debits
		if e.Kind == billing.EntryReversal {
			into = reversals
		}
		if into[p.ID] != nil {
			a.find("payment "+p.ID, "two entries, "+into[p.ID].Trace+" and "+e.Trace, "one")
		}
		into[p.ID] = e
	}
	for _, p := range payments {
		a.lawful(p)
		if p.Rail == billing.ACH {
			a.sent(p, debits[p.ID], reversals[p.ID])
		}
		if p.RetryOf != "" {
			a.retry(p, byID, debits)
		}
	}
	a.undoneOnce(rows)
}

// lawful says whether a payment's state is one of its rail, with what the state
// asks for, and that somebody asked for it.
func (a *audit) lawful(p *store.Payment) {
	what := "payment " + p.ID
	reached := p.Rail.First(p.State)
	for _, from := range billing.States {
		reached = reached || p.Rail.MayBecome(from, p.State)
	}
	if !reached {
		a.find(what+" state", p.State, "no state of "+string(p.Rail))
	}
	if p.MadeBy == "" {
		a.find(what+" was made by", "nobody", "somebody")
	}
	same(a, what+" has a return code", p.ReturnCode != "", p.State == billing.Returned)
}

// sent holds a payment by bank against the entries that were made for it.
func (a *audit) sent(p *store.Payment, debit, reversal *store.ACHEntry) {
	what := "payment " + p.ID
	switch p.State {
	case billing.Submitted, billing.Settled, billing.Returned, billing.Reversed:
		if debit == nil {
			a.find(what+" ("+string(p.State)+")", "sent", "no entry in any file")
			return
		}
	default:
		if debit != nil {
			a.find(what+" ("+string(p.State)+")", "not sent", "entry "+debit.Trace)
		}
		if reversal != nil {
			a.find(what+" ("+string(p.State)+")", "not reversed", "entry "+reversal.Trace)
		}
		return
	}
	kind := billing.EntryDebit
	if p.Attempt > 1 {
		kind = billing.EntryRetry
	}
	same(a, what+" kind of entry", debit.Kind, kind)
	same(a, what+" file", p.FileID, debit.FileID)
	same(a, what+" authorised by", p.SEC, debit.SEC)
	same(a, what+" return", p.ReturnCode, debit.ReturnCode)
	same(a, what+" returned on", p.ReturnedOn, debit.ReturnedOn)
	if reversal == nil {
		return
	}
	if p.State != billing.Reversed && p.State != billing.Returned {
		a.find(what+" ("+string(p.State)+")", "not reversed", "entry "+reversal.Trace)
	}
	if !billing.MayReverse(debit.Effective, reversal.Effective) {
		a.find(what+" reversal", reversal.Effective, "within "+fmt.Sprint(billing.ReversalDays)+" banking days of "+debit.Effective.String())
	}
}

// retry holds a payment that presents a returned one again against the rules.
func (a *audit) retry(p *store.Payment, byID map[string]*store.Payment, debits map[string]*store.ACHEntry) {
	what := "payment " + p.ID
	of := byID[p.RetryOf]
	if of == nil {
		a.find(what+" presents again", p.RetryOf, "no such payment")
		return
	}
	same(a, what+" attempt", p.Attempt, of.Attempt+1)
	same(a, what+" amount of what it presents again", p.Amount, of.Amount)
	if of.State != billing.Returned || !billing.ReturnRule(of.ReturnCode).Retry {
		a.find(what+" presents again", "what lacked money", string(of.State)+" "+of.ReturnCode)
	}
	first := of
	for n := 0; first.RetryOf != "" && byID[first.RetryOf] != nil && n <= billing.MaxRetries; n++ {
		first = byID[first.RetryOf]
	}
	if again, at := debits[p.ID], debits[first.ID]; again != nil && at != nil && again.Effective > at.Effective+billing.RetryDays {
		a.find(what+" presented again on", again.Effective, "within "+fmt.Sprint(billing.RetryDays)+" days of "+at.Effective.String())
	}
}

// undoneOnce says that nothing is taken back more than once, nor for more than it
// was.
func (a *audit) undoneOnce(rows []store.Event) {
	amounts, undone := map[int]money.Cents{}, map[int]bool{}
	for _, e := range rows {
		amounts[e.Seq] = e.Amount
		if e.Actor == "" {
			a.find(fmt.Sprintf("event %d was made by", e.Seq), "nobody", "somebody")
		}
		if e.Kind != contract.Reversal {
			continue
		}
		what := fmt.Sprintf("event %d", e.Reverses)
		if undone[e.Reverses] {
			a.find(what, "taken back twice", "once")
		}
		undone[e.Reverses] = true
		if e.PaymentID != "" {
			same(a, what+" taken back", e.Amount, amounts[e.Reverses])
		}
	}
}

// files proves every file to the bank, one at a time: its content is what was
// hashed, adds up by itself, and holds each entry that is said to be in it once,
// for its amount, and no other.
func (s *Service) files(ctx context.Context, res *VerifyResult) error {
	for after := ""; ; {
		err := s.db.View(ctx, func(tx *store.Tx) error {
			f, err := tx.ACHFileAfter(after)
			if err != nil {
				return err
			}
			entries, err := tx.ACHEntriesOfFile(f.ID)
			if err != nil {
				return err
			}
			after = f.ID
			res.Files++
			a := &audit{c: &store.Contract{}, res: res}
			a.file(f, entries)
			if a.differs {
				res.FilesDiffering++
			}
			return nil
		})
		if err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			return fmt.Errorf("verify files to the bank: %w", err)
		}
	}
}

func (a *audit) file(f *store.ACHFile, entries []*store.ACHEntry) {
	what := "file " + f.Name
	sum := sha256.Sum256([]byte(f.Content))
	same(a, what+" content", f.Hash, hex.EncodeToString(sum[:]))
	same(a, what+" number of entries", f.Entries, len(entries))
	said := map[string]*store.ACHEntry{}
	for _, e := range entries {
		said[e.Trace] = e
	}
	held := ach.NewScanner(strings.NewReader(f.Content))
	for held.Scan() {
		e := held.Entry()
		row := said[string(e.Trace)]
		if row == nil {
			a.find(what+" entry "+string(e.Trace), "in the file", "nobody has it")
			continue
		}
		delete(said, string(e.Trace))
		name := what + " entry " + row.Trace
		if row.Kind == billing.EntryMicroCredit { // kept without its amount, which only its receiver may know
			same(a, name+" is less than a dollar", e.Amount >= 1 && e.Amount < 1_00 && row.Amount == 0, true)
		} else {
			same(a, name+" amount", row.Amount, e.Amount)
		}
		same(a, name+" effective date", row.Effective, held.Batch().EffectiveDate)
		same(a, name+" entry class", row.SEC, string(held.Batch().SEC))
		debit := row.Kind != billing.EntryReversal && row.Kind != billing.EntryMicroCredit
		same(a, name+" is a debit", debit, e.TransactionCode.Debit())
	}
	if err := held.Err(); err != nil {
		a.find(what, "kept", err)
		return
	}
	for trace := range said {
		a.find(what+" entry "+trace, "sent", "not in the file")
	}
	same(a, what+" total of debits", f.Total, held.Control().TotalDebit)
}
