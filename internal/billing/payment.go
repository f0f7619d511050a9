// Package billing decides: what is due and past due, which late fee the
// contract allows, how a payment would be applied, which state a payment may
// move to, and what a statement says. It is pure: terms, state and a date in,
// a plan or a refusal out. It posts nothing and knows no database.
package billing

import (
	"fmt"
	"slices"

	"marque/internal/contract"
	"marque/internal/money"
)

// AmountKind says how a payment's amount was chosen.
type AmountKind string

// The kinds of amount.
const (
	AmountDue    AmountKind = "due"
	AmountOther  AmountKind = "other"
	AmountPayoff AmountKind = "payoff"
)

// PaymentState is where a payment stands on its way through the bank.
type PaymentState string

// The states. A payment counts on the account from pending on, and stops
// counting when it is cancelled or returned.
const (
	Scheduled PaymentState = "scheduled" // for a later day; nothing posted yet
	Pending   PaymentState = "pending"   // posted; waits for the day's file
	Sent      PaymentState = "sent"      // in a file to the bank
	Settled   PaymentState = "settled"   // the bank's return window for ordinary returns has passed
	Returned  PaymentState = "returned"
	Cancelled PaymentState = "cancelled"
)

var moves = map[PaymentState][]PaymentState{
	Scheduled: {Pending, Cancelled},
	Pending:   {Sent, Cancelled},
	Sent:      {Settled, Returned},
	Settled:   {Returned}, // an unauthorised debit comes back up to 60 days later
}

// MayBecome says whether a payment in one state may move to another.
func (s PaymentState) MayBecome(next PaymentState) bool { return slices.Contains(moves[s], next) }

// Posts says whether a payment in this state stands in the account's events.
func (s PaymentState) Posts() bool { return s == Pending || s == Sent || s == Settled }

// Refused is a reason not to do what was asked, in words that a borrower may
// read. Code is for programs; Field names the input it is about.
type Refused struct{ Code, Field, Message string }

func (r *Refused) Error() string { return r.Code + ": " + r.Message }

func refuse(code, field, format string, args ...any) error {
	return &Refused{code, field, fmt.Sprintf(format, args...)}
}

// DaysAhead is how far ahead a payment may be scheduled.
const DaysAhead = 60

// MinPayment is the smallest payment taken.
const MinPayment money.Cents = 1_00

// Plan is how a payment would be applied: what the review shows, and what is
// posted when nothing changes before then.
type Plan struct {
	Kind         AmountKind
	Amount       money.Cents
	Date         money.Date
	Allocation   contract.Allocation
	Spans        []contract.Span // the interest in words: balance × rate ÷ days in the year × days
	Carried      money.Cents     // interest left unpaid by the payment before
	BalanceAfter money.Cents     // principal
	PayoffAfter  money.Cents     // what would close the account that day, after the payment
	DueAfter     contract.Due
	Closes       bool
}

// Decide plans a payment made on a date. today is the business date: the
// earliest day that a payment can count for, unless the contract came later.
// asked is the amount typed, or reviewed.
func Decide(t *contract.Terms, s contract.State, kind AmountKind, asked money.Cents, date, today money.Date) (Plan, error) {
	first := max(today, t.Start, s.LastEvent)
	switch {
	case date.IsZero():
		return Plan{}, refuse("date_missing", "date", "Choose a payment date.")
	case date < first:
		return Plan{}, refuse("date_past", "date", "Choose %s or a later day.", first.Long())
	case date > today+DaysAhead:
		return Plan{}, refuse("date_far", "date", "Choose a day no later than %s.", (today + DaysAhead).Long())
	}
	payoff, err := s.Payoff(t, date)
	if err != nil {
		return Plan{}, err
	}
	if payoff.Total <= 0 {
		return Plan{}, refuse("nothing_owed", "", "There is nothing left to pay on this account.")
	}
	due, err := s.Due(t, date)
	if err != nil {
		return Plan{}, err
	}
	amount, err := chosenAmount(kind, asked, due, payoff)
	if err != nil {
		return Plan{}, err
	}
	return plan(t, s, kind, amount, date, payoff)
}

func chosenAmount(kind AmountKind, asked money.Cents, due contract.Due, payoff contract.Payoff) (money.Cents, error) {
	switch kind {
	case AmountPayoff:
		return payoff.Total, nil
	case AmountDue:
		if due.Amount() <= 0 {
			return 0, refuse("nothing_due", "amount", "Nothing is due right now. You can still pay another amount.")
		}
		return min(due.Amount(), payoff.Total), nil
	case AmountOther:
		switch {
		case asked <= 0:
			return 0, refuse("amount_low", "amount", "Enter an amount above zero, like 250.00.")
		case asked < MinPayment && asked < payoff.Total:
			return 0, refuse("amount_low", "amount", "The smallest payment is %s.", MinPayment.USD())
		case asked > payoff.Total:
			return 0, refuse("amount_high", "amount", "That is more than you owe. Your payoff amount for %s is %s.", payoff.On.Long(), payoff.Total.USD())
		}
		return asked, nil
	}
	return 0, refuse("amount_kind", "amount", "Choose what to pay: the amount due, another amount, or the payoff amount.")
}

func plan(t *contract.Terms, s contract.State, kind AmountKind, amount money.Cents, date money.Date, payoff contract.Payoff) (Plan, error) {
	p := Plan{Kind: kind, Amount: amount, Date: date, Carried: s.Accrued.Round(t.Rounding)}
	var err error
	if p.Spans, err = s.Spans(t, date); err != nil {
		return Plan{}, err
	}
	after := s
	if p.Allocation, err = after.Apply(t, contract.Event{Kind: contract.Payment, Date: date, Amount: amount}); err != nil {
		return Plan{}, err
	}
	p.BalanceAfter, p.PayoffAfter, p.Closes = after.Principal, payoff.Total-amount, payoff.Total == amount
	p.DueAfter, err = after.Due(t, date)
	return p, err
}

// LateFee is the late fee that the contract and the law of its state allow on a
// day, and the instalment it is for. None (zero) when every instalment past its
// grace is paid or has had its fee: one fee for an instalment, and never because
// an earlier fee is unpaid or took money from a payment (16 CFR 444.4). An
// instalment with no fee (zero) is one whose time for it has passed by law: it is
// to be passed over.
func LateFee(t *contract.Terms, s contract.State, on money.Date) (instalment int, fee money.Cents) {
	n, fee := nextLateFee(t, s)
	if n == 0 || on <= s.DueDate(t, n)+money.Date(t.GraceDays) {
		return 0, 0
	}
	if law, err := t.FeeLaw(); err != nil || (law.PostWithin > 0 && on > s.DueDate(t, n)+money.Date(law.PostWithin)) {
		return n, 0
	}
	return n, fee
}

// nextLateFee is the first instalment that a fee can still be charged for. One
// so nearly paid that its fee rounds to nothing has none. No fee follows an
// acceleration, a repossession, a charge-off or the end of a lease, nor the cap
// of interest for military service, which counts fees as interest (50 USC 3937).
func nextLateFee(t *contract.Terms, s contract.State) (instalment int, fee money.Cents) {
	if s.Principal == 0 || s.Accelerated != 0 || s.Repossessed || s.IsChargedOff || s.Ended || s.Service != nil {
		return 0, 0
	}
	law, err := t.FeeLaw()
	if err != nil {
		return 0, 0 // the terms were refused when the contract came in; without its law no fee is charged
	}
	for n := max(s.Paid(), s.LateThrough) + 1; n <= s.Payments; n++ {
		whole := s.PaymentOf(n)
		unpaid := min(whole, s.Asked(n)-s.Credited, s.Principal)
		if unpaid <= s.FeesAhead {
			continue // all that it lacks went to earlier fees
		}
		if fee = min(t.LateFee.On(unpaid), law.MaxLateFee(whole, unpaid)); fee > 0 {
			return n, fee
		}
	}
	return 0, 0
}

// LateFeeOn is the first day on which LateFee may charge the next fee; zero
// when no further instalment can be late.
func LateFeeOn(t *contract.Terms, s contract.State) money.Date {
	if n, _ := nextLateFee(t, s); n > 0 {
		return s.DueDate(t, n) + money.Date(t.GraceDays) + 1
	}
	return 0
}

// PaidInItsTime says whether an instalment's own payment came before its days of
// grace ended, whatever is unpaid before it: some states then allow no late fee
// for it (14A O.S. 2-203).
func PaidInItsTime(t *contract.Terms, s *contract.State, events []contract.Event, n int) bool {
	law, err := t.FeeLaw()
	if err != nil || !law.CurrentFirst {
		return false
	}
	var previous money.Date
	if n > 1 {
		previous = s.DueDate(t, n-1)
	}
	return law.Received(events, previous, s.DueDate(t, n)) >= s.PaymentOf(n)
}
