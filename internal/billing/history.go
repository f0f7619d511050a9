package billing

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
)

// HistoryLine is a line in its place by the day it counts for. Its Balance is the
// principal, or the lease payments still to make, after it in that order.
type HistoryLine struct {
	Line
	// Owed is what the account stands at in the borrower's own books after it: of a
	// loan principal, fees and what is left of a charged-off balance, less money
	// held; of a lease the same without rent, which is owed month by month. Interest
	// counts when it is paid.
	Owed money.Cents
}

// Key names a line for good: its entry's number on the contract.
func (l *HistoryLine) Key() string { return strconv.Itoa(l.Entry.ID) }

// Shown is the amount that stands at a line's end: the money that moved or the
// charge, and for what was given up or charged off how much.
func (l *Line) Shown() money.Cents {
	if l.Amount == 0 {
		return l.Allocation.Forgiven + l.Allocation.ChargedOff
	}
	return l.Amount
}

// Opened is what an account stood at in the borrower's books when it came on ours.
func Opened(t *contract.Terms) money.Cents {
	open := t.Open()
	return open.LateFees - Settles(t.Kind, contract.Allocation{Principal: -open.Principal})
}

// Settles is how much less the borrower's own books owe after an allocation.
func Settles(kind contract.Kind, a contract.Allocation) money.Cents {
	less := a.LateFee + a.OtherFee + a.Unapplied - a.ChargedOff + a.Recovered
	if kind == contract.Loan { // rent to come is in nobody's books but the lender's
		less += a.Principal
	}
	return less
}

// History puts a journal's lines in order of the days they count for, and within
// a day as they were posted, with the balances that follow from that order. The
// last balance is the account's.
func History(t *contract.Terms, lines []Line) []HistoryLine {
	out := make([]HistoryLine, len(lines))
	for i, l := range lines {
		out[i].Line = l
	}
	slices.SortStableFunc(out, func(a, b HistoryLine) int {
		return cmp.Or(cmp.Compare(a.Entry.Effective, b.Entry.Effective), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	balance, owed := t.Principal, Opened(t)
	for i := range out {
		l := &out[i]
		balance -= l.Allocation.Principal
		owed -= Settles(t.Kind, l.Allocation)
		l.Balance, l.Owed = balance, owed
	}
	return out
}

// HistoryGroup is a kind of line that people look for.
type HistoryGroup string

// The groups; empty is all of them.
const (
	GroupPayments    HistoryGroup = "payments"
	GroupReturned    HistoryGroup = "returned" // payments that came back, or were canceled
	GroupFees        HistoryGroup = "fees"     // charged, forgiven, taken back
	GroupCorrections HistoryGroup = "corrections"
	GroupChanges     HistoryGroup = "changes" // of the account, whether or not money moved
)

// HistoryGroups lists them.
var HistoryGroups = []HistoryGroup{GroupPayments, GroupReturned, GroupFees, GroupCorrections, GroupChanges}

// GroupOf is the group of a kind of line about an event of a kind.
func GroupOf(line string, event contract.EventKind) HistoryGroup {
	switch line {
	case "payment_returned", "payment_canceled":
		return GroupReturned
	case "correction":
		return GroupCorrections
	}
	switch event {
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge, contract.Waiver:
		return GroupFees
	case contract.Payment, contract.Sale, contract.Refund:
		if line == "taken_back" {
			return GroupReturned
		}
		return GroupPayments
	}
	return GroupChanges
}

// HistoryFilter chooses from a history. Its zero value chooses all.
type HistoryFilter struct {
	Text          string     // words that a line must all have, in any order and case
	From, Through money.Date // both days belong to it; zero is open
	Group         HistoryGroup
}

// Whole says that what is chosen has no gap: by dates, if at all.
func (f HistoryFilter) Whole() bool { return len(f.words()) == 0 && f.Group == "" }

func (f HistoryFilter) words() []string { return strings.Fields(strings.ToLower(f.Text)) }

// Within says that a day lies in the filter's days.
func (f HistoryFilter) Within(d money.Date) bool {
	return (f.From.IsZero() || d >= f.From) && (f.Through.IsZero() || d <= f.Through)
}

// Has says whether something of a group on a day, that says all this, is chosen.
// Days and amounts are found in every form in which pages show them.
func (f HistoryFilter) Has(day money.Date, group HistoryGroup, amount money.Cents, says ...string) bool {
	if !f.Within(day) || (f.Group != "" && f.Group != group) {
		return false
	}
	words := f.words()
	if len(words) == 0 {
		return true
	}
	says = append(says, day.Long(), day.Time().Month().String(), day.String())
	if amount != 0 {
		says = append(says, amount.USD(), amount.String())
	}
	text := strings.ToLower(strings.Join(says, "\n"))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}
