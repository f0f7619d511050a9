// Package billing decides: what is due and past due, which late fee the
// contract allows, how a payment would be applied, which state a payment may
// move to, and what a statement says. It is pure: terms, state and a date in,
// a plan or a refusal out. It posts nothing and knows no database.
package billing

import (
	"fmt"

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

// Refusal is a reason not to do what was asked, in words that a borrower may
// read. Code is for programs; Field names the input it is about.
type Refusal struct{ Code, Field, Message string }

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

func refuse(code, field, format string, args ...any) error {
	return &Refusal{code, field, fmt.Sprintf(format, args...)}
}

// DaysAhead is how far ahead a payment may be scheduled.
const DaysAhead = 60

// MinPayment is the smallest payment taken.
const MinPayment money.Cents = 1_00

// Extra is what a customer wants done with money beyond what is billed; empty
// leaves it to the contract.
type Extra string

// The choices. The first three are the contract's own.
const (
	ExtraPrepay        = Extra(contract.Prepay)
	ExtraPrincipal     = Extra(contract.Reduce)
	ExtraFees          = Extra(contract.PayFees)
	ExtraPrincipalOnly = Extra("principal_only") // the whole payment, and never the month's
)

// Ask is the payment that a person asks for. Amount is the one typed, or the one
// reviewed.
type Ask struct {
	Kind   AmountKind
	Amount money.Cents
	Date   money.Date
	Extra  Extra
}

// Event is the payment as the account's fold takes it.
func (a Ask) Event() contract.Event {
	e := contract.Event{Kind: contract.Payment, Date: a.Date, Amount: a.Amount}
	switch {
	case a.Extra == ExtraPrincipalOnly:
		e.PrincipalOnly = true
	case a.Kind == AmountDue: // it is what instalments ask for, and counts for them
		e.Extra = contract.Prepay
	default:
		e.Extra = contract.Extra(a.Extra)
	}
	return e
}

// Plan is how a payment would be applied: what the review shows, and what is
// posted when nothing changes before then.
type Plan struct {
	Ask
	Allocation   contract.Allocation
	Why          []contract.Why  // each step of the application
	Spans        []contract.Span // the interest in words: balance × rate ÷ days in the year × days
	Carried      money.Cents     // interest that was unpaid before the spans
	BalanceAfter money.Cents     // principal
	PayoffAfter  money.Cents     // what would close the account that day, after the payment
	DueAfter     contract.Due
	Closes       bool
}

// Decide plans a payment for one of the days that are open. The plan is made by
// the function that will apply the payment.
func Decide(t *contract.Terms, s contract.State, ask Ask, days PayDays) (Plan, error) {
	earliest := max(days.Today, t.Start, s.LastEvent)
	if err := days.refuse(ask.Date, earliest); err != nil {
		return Plan{}, err
	}
	payoff, err := s.Payoff(t, ask.Date)
	if err != nil {
		return Plan{}, err
	}
	if payoff.Total <= 0 {
		return Plan{}, refuse("nothing_owed", "", "There is nothing left to pay on this account.")
	}
	// The amount due is what is due now, whatever day is chosen: a later day does
	// not bring the next payments in.
	due, err := s.Due(t, earliest)
	if err != nil {
		return Plan{}, err
	}
	then, err := s.Due(t, ask.Date)
	if err != nil {
		return Plan{}, err
	}
	if err := allowedExtra(t, &s, ask, then); err != nil {
		return Plan{}, err
	}
	closing, err := s.ClosingAmount(t, ask.Date)
	if err != nil {
		return Plan{}, err
	}
	if ask.Amount, err = chosenAmount(ask.Kind, ask.Amount, due, payoff, closing); err != nil {
		return Plan{}, err
	}
	return plan(t, s, ask, payoff)
}

func allowedExtra(t *contract.Terms, s *contract.State, ask Ask, due contract.Due) error {
	switch ask.Extra {
	case "", ExtraPrepay, ExtraPrincipal, ExtraFees:
	case ExtraPrincipalOnly:
		switch {
		case t.Kind == contract.Lease || s.IsChargedOff:
			return refuse("extra", "extra", "This account has no principal to pay down.")
		case due.PastDue > 0:
			return refuse("principal_only_past_due", "extra", "%s is past due on that day. Pay that first; then you can pay extra to principal only.", due.PastDue.USD())
		case ask.Kind != AmountOther:
			return refuse("principal_only_amount", "extra", "To pay principal only, choose another amount and type it in.")
		case ask.Amount > s.Principal:
			return refuse("principal_only_high", "amount", "That is more than your principal, %s.", s.Principal.USD())
		}
	default:
		return refuse("extra", "extra", "Choose what extra money should do.")
	}
	return nil
}

func chosenAmount(kind AmountKind, asked money.Cents, due contract.Due, payoff contract.Payoff, closing money.Cents) (money.Cents, error) {
	switch kind {
	case AmountPayoff:
		return closing, nil
	case AmountDue:
		if due.Amount() <= 0 {
			return 0, refuse("nothing_due", "amount", "Nothing is due right now. You can still pay another amount.")
		}
		return min(due.Amount(), closing), nil
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

func plan(t *contract.Terms, s contract.State, ask Ask, payoff contract.Payoff) (Plan, error) {
	p := Plan{Ask: ask, Carried: s.Accrued.Round(t.Rounding)}
	var err error
	if p.Spans, err = s.Spans(t, ask.Date); err != nil {
		return Plan{}, err
	}
	var after contract.State
	if after, p.Allocation, p.Why, err = s.Preview(t, ask.Event()); err != nil {
		return Plan{}, err
	}
	left, err := after.Payoff(t, ask.Date)
	if err != nil {
		return Plan{}, err
	}
	p.BalanceAfter, p.PayoffAfter, p.Closes = after.Principal, left.Total, left.Total == 0
	p.DueAfter, err = after.Due(t, ask.Date)
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
