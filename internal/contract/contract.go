// Package contract is the engine: terms and effective-dated events in, the
// whole state of the account out. It is pure. It knows no database, no clock
// and no person; dates are arguments and money is exact.
//
// An account is a fold over its events. Each payment first pays the interest
// accrued to its date, then principal, then fees, in the order that the
// contract publishes; interest is kept unrounded and rounded once, when a
// payment is posted. A payment that came back is left out of the fold, so that
// the account stands as if it had never been made. Interest is earned on
// principal only: never on interest, never on fees.
//
// Loans accrue daily simple interest. A lease is serviced as level rentals: its
// principal is the rent still to come and its rate is zero.
package contract

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"marque/internal/money"
)

// Kind tells loans from leases.
type Kind string

// The kinds of contract.
const (
	Loan  Kind = "loan"
	Lease Kind = "lease"
)

// Bucket is a place that a payment's money can go.
type Bucket string

// The buckets of the payment application order.
const (
	Interest  Bucket = "interest"
	Principal Bucket = "principal"
	LateFees  Bucket = "late_fee"
	OtherFees Bucket = "other_fee"
)

// DefaultApplication pays interest, then principal, then fees. Fees come last
// because taking them before interest and principal has been found unfair where
// the contract did not say so (CFPB supervisory findings, 2023 and 2024).
var DefaultApplication = []Bucket{Interest, Principal, LateFees, OtherFees}

// Terms are what the parties agreed. They do not change; what changes them
// later is an event.
type Terms struct {
	Kind      Kind           `json:"kind"`
	Principal money.Cents    `json:"principal"` // amount financed, or the rent of all payments of a lease
	Rate      money.Rate     `json:"annual_rate"`
	DayCount  money.DayCount `json:"day_count"`
	Rounding  money.Rounding `json:"rounding"`

	// FactorDecimals cuts the daily factor rate/basis to so many decimals; 0 leaves it whole.
	FactorDecimals int `json:"factor_decimals,omitempty"`

	Start    money.Date `json:"start_date"` // interest accrues from here
	FirstDue money.Date `json:"first_due_date"`
	// DueDay is the day of the month that later due dates keep; 0 means FirstDue's.
	DueDay   int         `json:"due_day,omitempty"`
	Payments int         `json:"n_payments"`
	Payment  money.Cents `json:"payment"` // each payment; the last one is whatever is left

	Application []Bucket    `json:"application"`
	GraceDays   int         `json:"grace_days"`
	LateFee     LateFee     `json:"late_fee"`
	ReturnedFee money.Cents `json:"returned_fee"`

	LeaseTerms *LeaseTerms `json:"lease,omitempty"`
	Brought    Brought     `json:"brought,omitzero"`
}

// Brought is what a contract taken over from other books brings with it beyond
// its principal: late fees unpaid there, and the last instalment that they or
// their absence have settled, so that none is charged twice.
type Brought struct {
	LateFees    money.Cents `json:"late_fees,omitempty"`
	LateThrough int         `json:"late_through,omitempty"`
}

// LateFee is the charge for an instalment still unpaid after the days of grace:
// a flat amount, or a percentage of the unpaid part of the instalment with an
// optional minimum (Flat) and cap. The zero value charges nothing.
type LateFee struct {
	Flat    money.Cents `json:"flat,omitempty"`
	Percent money.Rate  `json:"percent,omitempty"`
	Cap     money.Cents `json:"cap,omitempty"`
}

// LeaseTerms are kept with a lease and shown; the level rental is what is serviced.
type LeaseTerms struct {
	CapitalizedCost money.Cents `json:"capitalized_cost"`
	Residual        money.Cents `json:"residual"`
	Term            int         `json:"term"`
	MilesPerYear    int         `json:"miles_per_year,omitempty"`
}

// ErrTerms is wrapped by every error of Validate.
var ErrTerms = errors.New("terms")

// TermsError says which term is wrong and why.
type TermsError struct{ Field, Reason string }

func (e *TermsError) Error() string { return "terms: " + e.Field + ": " + e.Reason }
func (e *TermsError) Unwrap() error { return ErrTerms }

// Validate refuses terms that the engine does not understand: the first reason, as a *TermsError.
func (t *Terms) Validate() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	if t.Kind != Loan && t.Kind != Lease {
		return bad("kind", fmt.Sprintf("loan or lease, not %q", t.Kind))
	}
	if t.Principal <= 0 || t.Principal > money.MaxAmount {
		return bad("principal", "must be more than zero")
	}
	if t.Rate < 0 || t.Rate > 10*money.RateScale {
		return bad("annual_rate", "must be a fraction from 0 to 10")
	}
	if t.Kind == Lease && t.Rate != 0 {
		return bad("annual_rate", "a lease has no rate here")
	}
	if _, err := money.ParseDayCount(string(t.DayCount)); err != nil {
		return bad("day_count", err.Error())
	}
	if _, err := money.ParseRounding(string(t.Rounding)); err != nil {
		return bad("rounding", err.Error())
	}
	if t.FactorDecimals < 0 || t.FactorDecimals > 12 {
		return bad("factor_decimals", "must be 0 to 12")
	}
	if t.Start.IsZero() || t.FirstDue.IsZero() {
		return bad("first_due_date", "start_date and first_due_date are needed")
	}
	if t.DueDay < 0 || t.DueDay > 31 {
		return bad("due_day", "must be 1 to 31")
	}
	if t.Payments < 1 || t.Payments > 1200 {
		return bad("n_payments", "must be 1 to 1200")
	}
	if t.Payment <= 0 || t.Payment > money.MaxAmount {
		return bad("payment", "must be more than zero")
	}
	if t.GraceDays < 0 || t.Brought.LateFees < 0 || t.ReturnedFee < 0 || t.LateFee.Flat < 0 || t.LateFee.Percent < 0 || t.LateFee.Cap < 0 {
		return bad("late_fee", "fees and days of grace are not negative")
	}
	return validApplication(t.Application)
}

func validApplication(order []Bucket) error {
	seen := map[Bucket]bool{}
	for _, b := range order {
		if !slices.Contains(DefaultApplication, b) || seen[b] {
			return &TermsError{"application", fmt.Sprintf("%q is unknown or stands twice", b)}
		}
		seen[b] = true
	}
	if !seen[Interest] || !seen[Principal] {
		return &TermsError{"application", "interest and principal must be in the order"}
	}
	return nil
}

// Accrual is how the contract's interest grows.
func (t *Terms) Accrual() money.Accrual {
	return money.Accrual{Rate: t.Rate, DayCount: t.DayCount, FactorDecimals: t.FactorDecimals}
}

// DueDate is the due date of instalment n, counted from 1. The due day comes
// back after a shorter month.
func (t *Terms) DueDate(n int) money.Date {
	if n == 1 {
		return t.FirstDue
	}
	day := t.DueDay
	if day == 0 {
		day = t.FirstDue.Day()
	}
	return t.FirstDue.AddMonths(n-1, day)
}

// DueThrough is how many instalments have a due date on or before the date.
func (t *Terms) DueThrough(on money.Date) int {
	if on < t.FirstDue {
		return 0
	}
	y1, m1, _ := t.FirstDue.Civil()
	y2, m2, _ := on.Civil()
	n := (y2-y1)*12 + m2 - m1 + 1
	if n > t.Payments {
		return t.Payments
	}
	if t.DueDate(n) > on {
		n--
	}
	return n
}

// EventKind names what happened.
type EventKind string

// The kinds of event.
const (
	Payment     EventKind = "payment"
	Reversal    EventKind = "reversal" // a payment came back: Reverses names it
	LateCharge  EventKind = "late_fee" // for the instalment in Instalment
	ReturnedFee EventKind = "returned_fee"
)

// Event is something that happened to a contract on an effective date. Seq is
// its place in the contract's own numbering, from 1, in the order it was posted.
type Event struct {
	Seq        int
	Kind       EventKind
	Date       money.Date
	Amount     money.Cents
	Instalment int
	Reverses   int
}

// Allocation is where an event's money went, or what it charged (negative: a
// fee raises what is owed). For a payment the five parts sum to its amount.
type Allocation struct {
	Principal money.Cents `json:"principal"`
	Interest  money.Cents `json:"interest"`
	LateFee   money.Cents `json:"late_fee"`
	OtherFee  money.Cents `json:"other_fee"`
	Unapplied money.Cents `json:"unapplied"`
}

// Total is the sum of the parts.
func (a Allocation) Total() money.Cents {
	return a.Principal + a.Interest + a.LateFee + a.OtherFee + a.Unapplied
}

// Minus is the difference part by part.
func (a Allocation) Minus(b Allocation) Allocation {
	return Allocation{a.Principal - b.Principal, a.Interest - b.Interest, a.LateFee - b.LateFee, a.OtherFee - b.OtherFee, a.Unapplied - b.Unapplied}
}

// Plus is the sum part by part.
func (a Allocation) Plus(b Allocation) Allocation { return a.Minus(Allocation{}.Minus(b)) }

// State is the whole account after some events.
type State struct {
	Through   money.Date     `json:"through"` // interest has been accrued to here
	Accrued   money.Interest `json:"accrued"` // exact, unpaid at Through
	Principal money.Cents    `json:"principal"`
	LateFees  money.Cents    `json:"late_fees"`
	OtherFees money.Cents    `json:"other_fees"`
	Unapplied money.Cents    `json:"unapplied"` // money held that nothing was owed for

	// Credited is the principal and interest paid so far: what satisfies
	// instalments. Fees have no part in it, so that an instalment paid in full
	// is never late because of an earlier fee (16 CFR 444.4).
	Credited     money.Cents `json:"credited"`
	InterestPaid money.Cents `json:"interest_paid"`
	// FeesAhead is what fees took from payments since the last instalment was
	// paid in full: an instalment short of no more than that is not late.
	FeesAhead   money.Cents `json:"fees_ahead,omitempty"`
	LateThrough int         `json:"late_through"` // last instalment that a late fee was charged for
	LastEvent   money.Date  `json:"last_event"`
}

// Open is the state before any event.
func (t *Terms) Open() State {
	return State{Through: t.Start, Principal: t.Principal, LateFees: t.Brought.LateFees, LateThrough: t.Brought.LateThrough}
}

// ErrEvent says that an event cannot be folded: an unknown kind, an amount that
// is not positive, a date before the contract's start, or a reversal of
// something that is not an unreversed payment.
var ErrEvent = errors.New("event")

// Fold is the account as of a date: it replays the events up to then and
// accrues interest to it. Allocations come in the order the events were given;
// those of later events are empty.
func Fold(t *Terms, events []Event, asOf money.Date) (State, []Allocation, error) {
	var known []Event
	var at []int
	for i, e := range events {
		if e.Date <= asOf {
			known, at = append(known, e), append(at, i)
		}
	}
	s, part, err := Replay(t, known)
	if err != nil {
		return State{}, nil, err
	}
	out := make([]Allocation, len(events))
	for k, i := range at {
		out[i] = part[k]
	}
	return s, out, s.accrue(t, asOf)
}

// Replay applies all events in order of effective date, then of Seq, and stops
// at the last one: the state that is kept with a contract. Allocations come in
// the order the events were given.
//
// A reversed payment is skipped wherever it stands; its allocation is empty, as
// if it had not been made.
func Replay(t *Terms, events []Event) (State, []Allocation, error) {
	order, reversed, err := inOrder(events)
	if err != nil {
		return State{}, nil, err
	}
	s := t.Open()
	out := make([]Allocation, len(events))
	for _, i := range order {
		if e := events[i]; reversed[e.Seq] && e.Kind == Payment {
			s.LastEvent = max(s.LastEvent, e.Date)
		} else if out[i], err = s.Apply(t, e); err != nil {
			return State{}, nil, err
		}
	}
	return s, out, nil
}

// inOrder sorts events for the fold and finds which payments came back.
func inOrder(events []Event) (order []int, reversed map[int]bool, err error) {
	order = make([]int, len(events))
	payments := make(map[int]bool)
	for i, e := range events {
		order[i] = i
		if e.Kind == Payment {
			payments[e.Seq] = true
		}
	}
	for _, e := range events {
		if e.Kind != Reversal {
			continue
		}
		if !payments[e.Reverses] || reversed[e.Reverses] {
			return nil, nil, fmt.Errorf("%w: reversal of %d, which is not a payment that stands", ErrEvent, e.Reverses)
		}
		if reversed == nil {
			reversed = make(map[int]bool)
		}
		reversed[e.Reverses] = true
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(events[a].Date, events[b].Date), cmp.Compare(events[a].Seq, events[b].Seq))
	})
	return order, reversed, nil
}

// Apply adds one event that is not earlier than any before it. It is one step
// of Fold, exported so that the common case, the next event in time, needs no
// history. A Reversal cannot be applied in one step: fold again.
func (s *State) Apply(t *Terms, e Event) (Allocation, error) {
	if e.Date < s.LastEvent || e.Date < t.Start {
		return Allocation{}, fmt.Errorf("%w: %s on %s is before %s", ErrEvent, e.Kind, e.Date, max(s.LastEvent, t.Start))
	}
	if e.Kind == Reversal {
		s.LastEvent = e.Date
		return Allocation{}, nil
	}
	if e.Amount <= 0 || e.Amount > money.MaxAmount {
		return Allocation{}, fmt.Errorf("%w: %s of %s", ErrEvent, e.Kind, e.Amount)
	}
	s.LastEvent = e.Date
	switch e.Kind {
	case Payment:
		return s.pay(t, e)
	case LateCharge:
		held := s.charge(&s.LateFees, e.Amount)
		s.LateThrough = max(s.LateThrough, e.Instalment)
		return Allocation{LateFee: held - e.Amount, Unapplied: -held}, nil
	case ReturnedFee:
		held := s.charge(&s.OtherFees, e.Amount)
		return Allocation{OtherFee: held - e.Amount, Unapplied: -held}, nil
	}
	return Allocation{}, fmt.Errorf("%w: unknown kind %q", ErrEvent, e.Kind)
}

// charge adds a fee, of which money held unapplied pays what it can: held.
func (s *State) charge(fees *money.Cents, amount money.Cents) (held money.Cents) {
	held = min(s.Unapplied, amount)
	s.Unapplied -= held
	*fees += amount - held
	return held
}

// accrue brings interest forward to a date.
func (s *State) accrue(t *Terms, to money.Date) error {
	if to <= s.Through {
		return nil
	}
	i, err := t.Accrual().Interest(s.Principal, s.Through, to)
	if err != nil {
		return err
	}
	s.Accrued, s.Through = s.Accrued.Add(i), to
	return nil
}

// pay runs the waterfall. Money first goes through the contract's order, with
// principal limited to what the instalments billed by then still ask for; what
// is left after fees reduces principal further; what is left after that is held
// unapplied.
//
// Billed are the instalments whose due date has passed and the next one. Money
// that clears what is past due but cannot pay the next one whole goes to fees
// before it.
func (s *State) pay(t *Terms, e Event) (Allocation, error) {
	if err := s.accrue(t, e.Date); err != nil {
		return Allocation{}, err
	}
	left := e.Amount
	take := func(want money.Cents) money.Cents {
		got := max(0, min(left, want))
		left -= got
		return got
	}
	interest := s.Accrued.Round(t.Rounding)
	past, next := s.billed(t, e.Date)
	billed := next
	if past > 0 && e.Amount < next {
		billed = past
	}
	billed = max(0, min(billed-interest, s.Principal))
	paid := s.Credited / t.Payment
	var a Allocation
	for _, b := range t.Application {
		switch b {
		case Interest:
			a.Interest = take(interest)
		case Principal:
			a.Principal = take(billed)
		case LateFees:
			a.LateFee = take(s.LateFees)
		case OtherFees:
			a.OtherFee = take(s.OtherFees)
		}
	}
	a.Principal += take(s.Principal - a.Principal)
	a.LateFee += take(s.LateFees - a.LateFee)
	a.OtherFee += take(s.OtherFees - a.OtherFee)
	a.Unapplied = left

	s.Accrued = s.Accrued.Paid(a.Interest, t.Rounding)
	s.Principal -= a.Principal
	s.LateFees -= a.LateFee
	s.OtherFees -= a.OtherFee
	s.Unapplied += a.Unapplied
	s.InterestPaid += a.Interest
	s.Credited += a.Interest + a.Principal
	if s.Credited/t.Payment > paid {
		s.FeesAhead = 0
	}
	s.FeesAhead += a.LateFee + a.OtherFee
	return a, nil
}

// billed is what instalments ask for on a date and have not had: those whose due
// date has passed, and those with the next, which may be due that day.
func (s *State) billed(t *Terms, on money.Date) (past, next money.Cents) {
	n := t.DueThrough(on - 1)
	ask := func(n int) money.Cents {
		if n >= t.Payments {
			return money.MaxAmount // the last instalment is whatever is left
		}
		return max(0, money.Cents(n)*t.Payment-s.Credited)
	}
	return ask(n), ask(n + 1)
}
