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

// LateFee is the late fee that the contract allows on a day, and the instalment
// it is for. None (zero) when every instalment past its grace is paid or has
// had its fee: one fee for an instalment, and never because an earlier fee is
// unpaid or took money from a payment (16 CFR 444.4).
func LateFee(t *contract.Terms, s contract.State, on money.Date) (instalment int, fee money.Cents) {
	if n, fee := nextLateFee(t, s); n > 0 && on > t.DueDate(n)+money.Date(t.GraceDays) {
		return n, fee
	}
	return 0, 0
}

// nextLateFee is the first instalment that a fee can still be charged for. One
// so nearly paid that its fee rounds to nothing has none.
func nextLateFee(t *contract.Terms, s contract.State) (instalment int, fee money.Cents) {
	if s.Principal == 0 {
		return 0, 0
	}
	for n := max(int(s.Credited/t.Payment), s.LateThrough) + 1; n <= t.Payments; n++ {
		unpaid := min(t.Payment, money.Cents(n)*t.Payment-s.Credited, s.Principal)
		if unpaid <= s.FeesAhead {
			continue // all that it lacks went to earlier fees
		}
		if fee = lateFeeOn(t, unpaid); fee > 0 {
			return n, fee
		}
	}
	return 0, 0
}

// lateFeeOn is the contract's late fee on an unpaid amount, rounded down: the
// percentage, at least the flat amount, at most the cap.
func lateFeeOn(t *contract.Terms, unpaid money.Cents) money.Cents {
	fee := t.LateFee.Flat
	if t.LateFee.Percent > 0 {
		fee = max(fee, money.Cents(int64(unpaid)*(int64(t.LateFee.Percent)/1_000_000)/1_000_000))
	}
	if t.LateFee.Cap > 0 {
		fee = min(fee, t.LateFee.Cap)
	}
	return fee
}

// LateFeeOn is the first day on which LateFee may charge the next fee; zero
// when no further instalment can be late.
func LateFeeOn(t *contract.Terms, s contract.State) money.Date {
	if n, _ := nextLateFee(t, s); n > 0 {
		return t.DueDate(n) + money.Date(t.GraceDays) + 1
	}
	return 0
}
