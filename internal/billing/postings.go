package billing

import (
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// Postings gives the journal postings for an event's allocation, or for the
// difference between two: receivables fall by what was applied to them, and the
// account on the event's other side takes the total.
func Postings(kind contract.EventKind, a contract.Allocation) []ledger.Posting {
	counter := ledger.Transit
	switch kind {
	case contract.LateCharge:
		counter = ledger.LateFeeEarn
	case contract.ReturnedFee:
		counter = ledger.OtherFeeEarn
	}
	return ledger.Nonzero([]ledger.Posting{
		{Account: counter, Amount: a.Total()},
		{Account: ledger.Principal, Amount: -a.Principal},
		{Account: ledger.InterestEarn, Amount: -a.Interest},
		{Account: ledger.LateFees, Amount: -a.LateFee},
		{Account: ledger.OtherFees, Amount: -a.OtherFee},
		{Account: ledger.Unapplied, Amount: -a.Unapplied},
	})
}

// Allocated reads an allocation back from postings: the inverse of Postings.
func Allocated(ps []ledger.Posting) (a contract.Allocation) {
	for _, p := range ps {
		switch p.Account {
		case ledger.Principal:
			a.Principal -= p.Amount
		case ledger.InterestEarn:
			a.Interest -= p.Amount
		case ledger.LateFees:
			a.LateFee -= p.Amount
		case ledger.OtherFees:
			a.OtherFee -= p.Amount
		case ledger.Unapplied:
			a.Unapplied -= p.Amount
		}
	}
	return a
}

// Difference is one figure that the books and the fold disagree about.
type Difference struct {
	Account ledger.Account `json:"account"`
	Ledger  money.Cents    `json:"ledger"`
	Fold    money.Cents    `json:"fold"`
}

// Differences sets a contract's ledger balances beside the state its events
// fold to. On sound books there are none.
func Differences(b ledger.Balances, s *contract.State) (out []Difference) {
	for _, d := range []Difference{
		{ledger.Principal, b[ledger.Principal], s.Principal},
		{ledger.LateFees, b[ledger.LateFees], s.LateFees},
		{ledger.OtherFees, b[ledger.OtherFees], s.OtherFees},
		{ledger.Unapplied, b[ledger.Unapplied], -s.Unapplied},
		{ledger.InterestEarn, b[ledger.InterestEarn], -s.InterestPaid},
	} {
		if d.Ledger != d.Fold {
			out = append(out, d)
		}
	}
	return out
}
