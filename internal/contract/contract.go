// Package contract is the engine: terms and effective-dated events in, the
// whole state of the account and its explanation out. It is pure. It knows no
// database, no clock and no person; dates are arguments and money is exact.
//
// An account is a fold over its events. Each payment first pays the interest
// accrued to its date, then principal, then fees, in the order that the
// contract publishes; interest is kept unrounded and rounded once, when a
// payment is posted. An event that is taken back, a returned payment or a fee
// that should not have been, is left out of the fold, so that the account stands
// as if it had never been. Interest is earned on principal only: never on
// interest, never on fees.
//
// Loans accrue daily simple interest. A lease is serviced by its rentals: its
// principal is the base rent still to come and its rate is zero; what it earns
// and what ends it are worked out by the constant-yield method.
//
// The files: terms.go what was agreed; event.go what can happen; stretch.go due
// dates and amounts; pay.go the waterfall; changes.go every other event; due.go
// and payoff.go what is owed; explain.go why.
package contract

import (
	"cmp"
	"errors"
	"reflect"
	"slices"

	"marque/internal/money"
)

// Allocation is where an event's money went, or what it charged (negative: a
// fee raises what is owed). For a payment, the parts less what was forgiven sum
// to its amount.
type Allocation struct {
	Principal money.Cents `json:"principal"`
	Interest  money.Cents `json:"interest"`
	LateFee   money.Cents `json:"late_fee"`
	OtherFee  money.Cents `json:"other_fee"`
	Unapplied money.Cents `json:"unapplied"`

	Tax       money.Cents `json:"tax,omitempty"`       // collected for the taxing authority
	Recovered money.Cents `json:"recovered,omitempty"` // on a balance charged off
	// Forgiven is what the parts took from what was owed without money for it: a
	// waiver, a small balance, the rest of a payoff that was quoted for less.
	Forgiven   money.Cents `json:"forgiven,omitempty"`
	ChargedOff money.Cents `json:"charged_off,omitempty"` // principal and fees taken off the books as lost
	// InterestForgiven is interest given up. It was never in the books, so that it
	// stands beside the parts.
	InterestForgiven money.Cents `json:"interest_forgiven,omitempty"`
}

// Total is the money that moved, or the charge: the sum of the parts less what
// was forgiven or charged off.
func (a Allocation) Total() money.Cents {
	return a.Principal + a.Interest + a.LateFee + a.OtherFee + a.Unapplied + a.Tax + a.Recovered - a.Forgiven - a.ChargedOff
}

// Minus is the difference part by part.
func (a Allocation) Minus(b Allocation) Allocation {
	return Allocation{
		a.Principal - b.Principal, a.Interest - b.Interest, a.LateFee - b.LateFee, a.OtherFee - b.OtherFee, a.Unapplied - b.Unapplied,
		a.Tax - b.Tax, a.Recovered - b.Recovered, a.Forgiven - b.Forgiven, a.ChargedOff - b.ChargedOff,
		a.InterestForgiven - b.InterestForgiven,
	}
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

	// Ahead is the fraction of a cent that payments have paid beyond what accrued,
	// where the contract carries it.
	Ahead money.Interest `json:"ahead,omitzero"`

	// Credited is the principal and interest paid so far: what satisfies
	// instalments. Fees have no part in it, so that an instalment paid in full
	// is never late because of an earlier fee (16 CFR 444.4); nor has money that
	// reduced principal only.
	Credited     money.Cents `json:"credited"`
	InterestPaid money.Cents `json:"interest_paid"`
	TaxPaid      money.Cents `json:"tax_paid,omitempty"`
	// FeesAhead is what fees took from payments since the last instalment was
	// paid in full: an instalment short of no more than that is not late.
	FeesAhead   money.Cents `json:"fees_ahead,omitempty"`
	LateThrough int         `json:"late_through"` // last instalment that a late fee was charged for
	LastEvent   money.Date  `json:"last_event"`

	// In force: the terms' own until an event changes them.
	Rate     money.Rate `json:"rate"`
	Payments int        `json:"payments"`
	Plan     []Stretch  `json:"plan"` // never changed in place: states share it

	Service      *ServiceCap `json:"scra,omitempty"`
	Quote        *Quote      `json:"quote,omitempty"`
	Accelerated  money.Date  `json:"accelerated,omitzero"` // since when all of it is due; zero: it is not
	TotalLoss    bool        `json:"total_loss,omitempty"`
	Repossessed  bool        `json:"repossessed,omitempty"`
	Sold         bool        `json:"sold,omitempty"`
	Bankruptcy   bool        `json:"bankruptcy,omitempty"`
	CeaseContact bool        `json:"cease_contact,omitempty"`
	Ended        bool        `json:"ended,omitempty"`           // a lease that has come to its end
	Extended     int         `json:"extended_months,omitempty"` // of a lease, in all
	Odometer     Reading     `json:"odometer,omitzero"`         // the last reading
	IsChargedOff bool        `json:"is_charged_off,omitempty"`
	ChargedOff   money.Cents `json:"charged_off,omitempty"` // principal and fees charged off and not recovered
	// ChargedInterest is the interest unpaid at the charge-off and not recovered.
	ChargedInterest money.Cents `json:"charged_off_interest,omitempty"`
}

// ServiceCap is what the cap of the Servicemembers Civil Relief Act replaced.
type ServiceCap struct {
	Since   money.Date `json:"since"`
	Limit   money.Rate `json:"limit"`
	Rate    money.Rate `json:"rate"`
	Plan    []Stretch  `json:"plan"`
	Lowered int        `json:"lowered"` // first instalment with the lowered payment
}

// Quote is a payoff quote that is kept: a payment that reaches it in time closes
// the account.
type Quote struct {
	Seq         int            `json:"seq"`
	Date        money.Date     `json:"date"`
	GoodThrough money.Date     `json:"good_through"`
	Total       money.Cents    `json:"total"` // on GoodThrough
	Principal   money.Cents    `json:"principal"`
	Fees        money.Cents    `json:"fees"`
	Accrued     money.Interest `json:"accrued"` // on Date
	Rate        money.Rate     `json:"rate"`
}

// Reading is a leased vehicle's odometer on a date, in miles.
type Reading struct {
	Date  money.Date `json:"date"`
	Miles int        `json:"miles"`
}

// Open is the state before any event.
func (t *Terms) Open() State {
	return State{
		Through: t.Start, Principal: t.Principal, LateFees: t.Brought.LateFees, LateThrough: t.Brought.LateThrough,
		Rate: t.Rate, Payments: t.Payments, Plan: t.stretches(),
	}
}

// Equal compares two states wholly.
func (s *State) Equal(o *State) bool { return reflect.DeepEqual(s, o) }

// Fold is the account as of a date: it replays the events up to then and
// accrues interest to it. Allocations come in the order the events were given;
// those of later events are empty.
func Fold(t *Terms, events []Event, asOf money.Date) (State, []Allocation, error) {
	s, out := t.Open(), make([]Allocation, len(events))
	known, later := events, false
	for i := range events {
		later = later || events[i].Date > asOf
	}
	if later { // a later event is not known yet: nor is the reversal that takes an earlier one back
		known = slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.Date > asOf })
	}
	part := out
	if later {
		part = make([]Allocation, len(known))
	}
	err := s.walk(t, known, func(i int, e *Event) (err error) {
		part[i], err = s.apply(t, e, nil)
		return err
	})
	if err != nil {
		return State{}, nil, err
	}
	if later {
		k := 0
		for i := range events {
			if events[i].Date <= asOf {
				out[i] = part[k]
				k++
			}
		}
	}
	return s, out, s.accrue(t, asOf)
}

// Judge folds as Fold does, and first refuses what Allow refuses, event by event
// in the order in which they were posted.
func Judge(t *Terms, events []Event, asOf money.Date) (State, []Allocation, error) {
	posted := slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.Date > asOf })
	slices.SortStableFunc(posted, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
	s := t.Open()
	for i := range posted {
		e := &posted[i]
		var err error
		if e.Kind != Reversal && e.Date >= s.LastEvent {
			if err = s.Refuse(t, e); err == nil {
				_, err = s.apply(t, e, nil)
			}
		} else if _, err = Allow(t, posted[:i], e); err == nil {
			s, _, err = Replay(t, posted[:i+1])
		}
		if err != nil {
			return State{}, nil, err
		}
	}
	return Fold(t, events, asOf)
}

// Allow says whether an event may be added to a history, as an *EventError: it is
// refused on the account as it stood on the event's date, and also when it is one
// of those that happen but once and makes another of its kind wrong that came
// later. What was right when it was posted is not wrong because of what came
// later. then is the account as it stood.
func Allow(t *Terms, history []Event, e *Event) (then State, err error) {
	known := slices.DeleteFunc(slices.Clone(history), func(b Event) bool { return b.Date > e.Date })
	if then, _, err = Replay(t, known); err != nil {
		return then, err
	}
	if err := then.Refuse(t, e); err != nil {
		return then, err
	}
	switch e.Kind {
	case ChargeOff, LeaseEnd, Refund, Sale, LateCharge:
	default:
		return then, nil
	}
	after, err := refusals(t, append(slices.Clone(history), *e), e)
	if err != nil || len(after) == 0 {
		return then, err
	}
	before, err := refusals(t, history, e)
	if err != nil {
		return then, err
	}
	for seq, why := range after {
		if before[seq] == nil {
			return then, e.bad("date", "makes event %d wrong, which came later: %s", seq, why.Reason)
		}
	}
	return then, nil
}

// refusals are the reasons against the events of one's own kind that follow it in
// order of date.
func refusals(t *Terms, events []Event, from *Event) (map[int]*EventError, error) {
	s, out := t.Open(), map[int]*EventError{}
	err := s.walk(t, events, func(_ int, e *Event) error {
		later := e.Date > from.Date || (e.Date == from.Date && e.Seq > from.Seq)
		var why *EventError
		if e.Kind == from.Kind && later && errors.As(s.Refuse(t, e), &why) {
			out[e.Seq] = why
		}
		_, err := s.apply(t, e, nil)
		return err
	})
	return out, err
}

// Replay applies all events in order of effective date, then of Seq, and stops
// at the last one: the state that is kept with a contract. Allocations come in
// the order the events were given.
//
// An event that is taken back is skipped wherever it stands; its allocation is
// empty, as if it had never been.
func Replay(t *Terms, events []Event) (State, []Allocation, error) {
	s, out := t.Open(), make([]Allocation, len(events))
	err := s.walk(t, events, func(i int, e *Event) (err error) {
		out[i], err = s.apply(t, e, nil)
		return err
	})
	if err != nil {
		return State{}, nil, err
	}
	return s, out, nil
}

// walk visits the events that stand, in order; those taken back only move the
// date of the last event on.
func (s *State) walk(t *Terms, events []Event, visit func(i int, e *Event) error) error {
	order, void, err := inOrder(events)
	if err != nil {
		return err
	}
	for _, i := range order {
		e := &events[i]
		if !void[i] {
			if err := visit(i, e); err != nil {
				return err
			}
			continue
		}
		if err := e.Check(t); err != nil {
			return err
		}
		s.LastEvent = max(s.LastEvent, e.Date)
		if e.Kind == LateCharge { // a late fee taken back is not charged again
			s.LateThrough = max(s.LateThrough, e.Instalment)
		}
	}
	return nil
}

// Apply adds one event that is not earlier than any before it. It is one step
// of Fold, exported so that the common case, the next event in time, needs no
// history. A Reversal cannot be applied in one step: fold again. Errors are
// *EventError, or an accrual out of range.
//
// Apply does what can be done with an event and does not judge it: a waiver of
// more than is owed waives what is owed. Refuse judges.
func (s *State) Apply(t *Terms, e Event) (Allocation, error) { return s.apply(t, &e, nil) }

func (s *State) apply(t *Terms, e *Event, why *recorder) (Allocation, error) {
	if err := e.Check(t); err != nil {
		return Allocation{}, err
	}
	if e.Date < s.LastEvent {
		return Allocation{}, e.bad("date", "is before %s, the last event's", s.LastEvent)
	}
	s.LastEvent = e.Date
	switch e.Kind {
	case Payment, Sale:
		return s.pay(t, e, why)
	case LateCharge:
		s.LateThrough = max(s.LateThrough, e.Instalment)
		held := s.charge(&s.LateFees, e.Amount)
		return Allocation{LateFee: held - e.Amount, Unapplied: -held}, nil
	case ReturnedFee, OtherCharge:
		held := s.charge(&s.OtherFees, e.Amount)
		return Allocation{OtherFee: held - e.Amount, Unapplied: -held}, nil
	}
	return s.change(t, e)
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
	a := t.accrualAt(s.Rate)
	i, err := a.Interest(s.Principal, s.Through, to)
	if err != nil {
		return err
	}
	if s.Through = to; !s.Ahead.IsZero() {
		paid := s.Ahead
		if i.Less(paid) {
			paid = i
		}
		i, s.Ahead = i.Minus(paid), s.Ahead.Minus(paid)
	}
	s.Accrued = s.Accrued.Add(i)
	return nil
}

// settle takes whole cents from the accrued interest.
func (s *State) settle(t *Terms, c money.Cents) {
	if t.CarryFraction {
		if paid := money.FromCents(c); s.Accrued.Less(paid) {
			s.Ahead, s.Accrued = s.Ahead.Add(paid.Minus(s.Accrued)), money.Interest{}
			return
		}
		s.Accrued = s.Accrued.Minus(money.FromCents(c))
		return
	}
	s.Accrued = s.Accrued.Paid(c, t.Rounding)
}

// Owed is everything that is owed at Through, without what was charged off.
func (s *State) Owed(t *Terms) money.Cents {
	return s.Principal + s.taxLeft(t) + s.Accrued.Round(t.Rounding) + s.LateFees + s.OtherFees
}

// Closed says that nothing is owed any more.
func (s *State) Closed(t *Terms) bool { return s.Owed(t) == 0 && s.ChargedOff+s.ChargedInterest == 0 }

// RefundDue is the money to be given back: what is held when nothing is owed.
func (s *State) RefundDue(t *Terms) money.Cents {
	if s.Closed(t) {
		return s.Unapplied
	}
	return 0
}
