// Package ledger is the double-entry bookkeeping: accounts, entries, and one
// invariant, that the postings of an entry sum to zero. Debits are positive and
// credits negative. Nothing posted is ever edited: a correction is a new entry
// that names the one it corrects.
//
// The chart of accounts is in chart.go. The package knows no payments, no
// customers and no database. Every posting belongs to one contract; the balance
// of an account is a sum over postings, so that no shared row is ever written.
package ledger

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"marque/internal/money"
)

// Posting moves an amount on one account: debit positive, credit negative.
type Posting struct {
	Account Account
	Amount  money.Cents
}

// EntryKind says why an entry was made.
type EntryKind string

// The kinds of entry.
const (
	Boarding   EntryKind = "boarding"   // a contract came onto the books
	Posted     EntryKind = "event"      // an event's own entry
	Correction EntryKind = "correction" // the difference that a later fold made to an earlier event
	Settlement EntryKind = "settlement" // the bank settled, or took a settled payment back
)

// Entry is one journal entry of a contract.
type Entry struct {
	ID        int // the contract's own numbering, from 1
	Kind      EntryKind
	Event     int // the event it posts or corrects; 0 for none
	Corrects  int // the entry it corrects; 0 for none
	Effective money.Date
	Posted    money.Instant
	Postings  []Posting
}

// ErrUnbalanced says that an entry's postings do not sum to zero, or that there are none.
var ErrUnbalanced = errors.New("entry does not balance")

// Check refuses an entry that is empty, does not sum to zero, posts zero, or
// posts twice to one account.
func (e *Entry) Check() error {
	var sum money.Cents
	seen := map[Account]bool{}
	for _, p := range e.Postings {
		if p.Amount == 0 || seen[p.Account] || p.Amount == math.MinInt64 {
			return fmt.Errorf("%w: %s %s", ErrUnbalanced, p.Account, p.Amount)
		}
		seen[p.Account] = true
		sum += p.Amount
	}
	if sum != 0 || len(e.Postings) == 0 {
		return fmt.Errorf("%w: off by %s", ErrUnbalanced, sum)
	}
	return nil
}

// Move is a transfer from one account to another.
func Move(from, to Account, amount money.Cents) []Posting {
	return Nonzero([]Posting{{to, amount}, {from, -amount}})
}

// Nonzero drops postings of nothing.
func Nonzero(ps []Posting) []Posting {
	return slices.DeleteFunc(ps, func(p Posting) bool { return p.Amount == 0 })
}

// Balances sums postings by account.
type Balances map[Account]money.Cents

// Add counts an entry's postings.
func (b Balances) Add(ps []Posting) {
	for _, p := range ps {
		b[p.Account] += p.Amount
	}
}
