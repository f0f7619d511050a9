package contract

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"marque/internal/money"
)

// EventKind names what happened.
type EventKind string

// The kinds of event.
const (
	Payment  EventKind = "payment"
	Reversal EventKind = "reversal" // an event is taken back: Reverses names it

	LateCharge  EventKind = "late_fee" // for the instalment in Instalment
	ReturnedFee EventKind = "returned_fee"
	OtherCharge EventKind = "other_fee"
	Waiver      EventKind = "waiver" // of late fees, other fees or interest, named in Of; of an instalment's late fee before it is charged
	Refund      EventKind = "refund" // of money held unapplied

	RateChange    EventKind = "rate_change"
	Service       EventKind = "scra"     // military service begins: the rate is capped and the payment lowered (50 USC 3937)
	ServiceEnd    EventKind = "scra_end" // the contract's rate and payment come back
	DueDateChange EventKind = "due_date_change"
	Deferral      EventKind = "deferral"     // due dates of what is unpaid move on by months; interest goes on
	ReAge         EventKind = "re_age"       // what is past due moves on to the next due date
	Modification  EventKind = "modification" // a new term, rate or payment for what is left

	Acceleration EventKind = "acceleration" // all of it is due now
	TotalLoss    EventKind = "total_loss"
	Repossession EventKind = "repossession"
	Sale         EventKind = "sale" // proceeds of the repossessed vehicle
	ChargeOff    EventKind = "charge_off"
	HoldBegins   EventKind = "hold" // stops notices and drafts: Hold says why
	HoldEnds     EventKind = "hold_end"

	PayoffQuote EventKind = "payoff_quote"

	Odometer       EventKind = "odometer" // a reading of a leased vehicle, in miles
	LeaseExtension EventKind = "lease_extension"
	LeaseEnd       EventKind = "lease_end" // rentals to come are cancelled, Amount is charged
)

// Kinds lists every kind of event.
var Kinds = []EventKind{
	Payment, Reversal, LateCharge, ReturnedFee, OtherCharge, Waiver, Refund,
	RateChange, Service, ServiceEnd, DueDateChange, Deferral, ReAge, Modification,
	Acceleration, TotalLoss, Repossession, Sale, ChargeOff, HoldBegins, HoldEnds,
	PayoffQuote, Odometer, LeaseExtension, LeaseEnd,
}

// Source is how a payment came.
type Source string

// The sources of a payment; empty is ACH.
const (
	FromACH     Source = "ach"
	FromCard    Source = "card"
	FromCheck   Source = "check"
	FromWire    Source = "wire"
	FromCash    Source = "cash"
	FromInsurer Source = "insurer" // pays once and pays no instalment ahead (CFPB supervisory findings, 2018)
)

// Hold is a reason to leave a customer alone.
type Hold string

// The holds.
const (
	Bankruptcy   Hold = "bankruptcy"
	CeaseContact Hold = "cease_contact"
)

// Event is something that happened to a contract on an effective date. Seq is
// its place in the contract's own numbering, from 1, in the order it was posted.
type Event struct {
	Seq        int         `json:"-"`
	Kind       EventKind   `json:"-"`
	Date       money.Date  `json:"-"`
	Amount     money.Cents `json:"-"`
	Instalment int         `json:"-"` // what a late fee is for; the first that a change moves
	Reverses   int         `json:"-"`

	Source        Source      `json:"source,omitempty"`
	Extra         Extra       `json:"extra,omitempty"` // empty: as the contract says
	PrincipalOnly bool        `json:"principal_only,omitempty"`
	Of            Bucket      `json:"of,omitempty"`
	Rate          *money.Rate `json:"annual_rate,omitempty"`
	Payment       money.Cents `json:"payment,omitempty"`    // from the change on; 0: the level payment of what is left, or as it was
	Payments      int         `json:"n_payments,omitempty"` // left after a modification; 0: as many as were left
	FirstDue      money.Date  `json:"first_due_date,omitempty"`
	DueDay        int         `json:"due_day,omitempty"`
	Months        int         `json:"months,omitempty"`
	Hold          Hold        `json:"hold,omitempty"`
	GoodThrough   money.Date  `json:"good_through,omitempty"`
	Miles         int         `json:"miles,omitempty"`
	Disclosed     bool        `json:"disclosed,omitempty"` // new disclosures were given for a lease's extension
}

// Plain is the event without what only some kinds need.
func (e *Event) Plain() Event {
	return Event{Seq: e.Seq, Kind: e.Kind, Date: e.Date, Amount: e.Amount, Instalment: e.Instalment, Reverses: e.Reverses}
}

// ErrEvent is wrapped by every *EventError.
var ErrEvent = errors.New("event")

// EventError says that an event cannot be folded, or is refused: which, the
// field that is wrong, and why.
type EventError struct {
	Seq    int
	Kind   EventKind
	Field  string
	Reason string
}

func (e *EventError) Error() string {
	return fmt.Sprintf("event %d, %s: %s: %s", e.Seq, e.Kind, e.Field, e.Reason)
}
func (e *EventError) Unwrap() error { return ErrEvent }

func (e *Event) bad(field, format string, args ...any) error {
	return &EventError{e.Seq, e.Kind, field, fmt.Sprintf(format, args...)}
}

// changes says whether a kind moves no money by itself.
func (k EventKind) changes() bool {
	switch k {
	case Payment, LateCharge, ReturnedFee, OtherCharge, Waiver, Refund, Sale:
		return false
	}
	return true
}

// Check refuses an event that makes no sense whatever the account's state: an
// unknown kind, an amount out of range, a field it needs and lacks.
func (e *Event) Check(t *Terms) error {
	if e.Date < t.Start {
		return e.bad("date", "is before the contract's start, %s", t.Start)
	}
	if e.Date > t.Start+150*366 {
		return e.bad("date", "is more than 150 years after the contract's start")
	}
	if e.Amount < 0 || e.Amount > money.MaxAmount || e.Payment < 0 || e.Payment > money.MaxAmount {
		return e.bad("amount", "must not be negative or more than %s", money.MaxAmount)
	}
	if !e.Kind.changes() && e.Amount == 0 && !(e.Kind == Waiver && e.Instalment > 0) {
		return e.bad("amount", "must be more than zero")
	}
	if e.Rate != nil && (*e.Rate < 0 || *e.Rate > maxRate) {
		return e.bad("annual_rate", "must be a fraction from 0 to 10")
	}
	switch e.Extra {
	case "", Prepay, Reduce, PayFees:
	default:
		return e.bad("extra", "prepay, principal or fees, not %q", e.Extra)
	}
	return e.checkKind(t)
}

func (e *Event) checkKind(t *Terms) error {
	loanOnly := false
	switch e.Kind {
	case Reversal, LateCharge, ReturnedFee, OtherCharge, Refund, ReAge, Acceleration, TotalLoss, Repossession, Sale, ChargeOff:
	case Payment:
		switch e.Source {
		case "", FromACH, FromCard, FromCheck, FromWire, FromCash, FromInsurer:
		default:
			return e.bad("source", "one of ach, card, check, wire, cash, insurer")
		}
	case Waiver:
		if e.Of != LateFees && e.Of != OtherFees && e.Of != Interest {
			return e.bad("of", "one of late_fee, other_fee, interest")
		}
	case RateChange:
		if loanOnly = true; e.Rate == nil {
			return e.bad("annual_rate", "is needed")
		}
	case Service, ServiceEnd, Modification:
		loanOnly = true
	case DueDateChange:
		if e.DueDay < 1 || e.DueDay > 28 {
			return e.bad("due_day", "must be 1 to 28")
		}
		if per := t.perYear(); per > 12 || len(t.SkipMonths) > 0 {
			return e.bad("kind", "the due day can be changed where payments are monthly")
		}
	case Deferral, LeaseExtension:
		if e.Months < 1 || e.Months > 24 {
			return e.bad("months", "must be 1 to 24")
		}
		if e.Kind == LeaseExtension && t.Kind != Lease {
			return e.bad("kind", "is for a lease")
		}
	case HoldBegins, HoldEnds:
		if e.Hold != Bankruptcy && e.Hold != CeaseContact {
			return e.bad("hold", "bankruptcy or cease_contact")
		}
	case PayoffQuote:
		if e.GoodThrough < e.Date || e.GoodThrough > e.Date+60 {
			return e.bad("good_through", "must be from the quote's date to 60 days later")
		}
	case Odometer, LeaseEnd:
		if e.Miles < 0 || e.Miles > 2_000_000 {
			return e.bad("miles", "must be 0 to 2000000")
		}
		if t.Kind != Lease {
			return e.bad("kind", "is for a lease")
		}
	default:
		return e.bad("kind", "%q is not known", string(e.Kind))
	}
	if loanOnly && t.Kind != Loan {
		return e.bad("kind", "is for a loan")
	}
	return e.checkCounts(t)
}

func (e *Event) checkCounts(t *Terms) error {
	if e.Instalment < 0 || e.Instalment > 1200 {
		return e.bad("instalment", "must be 1 to 1200")
	}
	if e.Payments < 0 || e.Payments > 1200 {
		return e.bad("n_payments", "must be 1 to 1200")
	}
	if !e.FirstDue.IsZero() && (e.FirstDue < e.Date || e.FirstDue > e.Date+366) {
		return e.bad("first_due_date", "must be within a year after the event's date")
	}
	if len(t.SkipMonths) > 0 && !e.FirstDue.IsZero() {
		if _, month, _ := e.FirstDue.Civil(); slices.Contains(t.SkipMonths, month) {
			return e.bad("first_due_date", "lies in a month that is skipped")
		}
	}
	return nil
}

// inOrder sorts events for the fold and finds which are taken back. A reversal
// that is itself taken back leaves what it reversed standing.
func inOrder(events []Event) (order []int, void []bool, err error) {
	order = make([]int, len(events))
	void = make([]bool, len(events))
	inSeq, inDate, reversals := true, true, false
	for i := range events {
		order[i] = i
		reversals = reversals || events[i].Kind == Reversal
		if i > 0 {
			inSeq = inSeq && events[i-1].Seq < events[i].Seq
			inDate = inDate && events[i-1].Date <= events[i].Date
		}
	}
	if reversals {
		if err := voided(events, void); err != nil {
			return nil, nil, err
		}
	}
	if !inSeq || !inDate {
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(events[a].Date, events[b].Date), cmp.Compare(events[a].Seq, events[b].Seq))
		})
	}
	return order, void, nil
}

// numbered finds the event with a number; -1 when there is none. Most histories
// are numbered as they stand.
func numbered(events []Event, seq int) int {
	if seq > 0 && seq <= len(events) && events[seq-1].Seq == seq {
		return seq - 1
	}
	for i := range events {
		if events[i].Seq == seq {
			return i
		}
	}
	return -1
}

// voided marks the events that are taken back, the latest reversal first.
func voided(events []Event, void []bool) error {
	var reversals []int
	quotes := false
	for i := range events {
		switch events[i].Kind {
		case Reversal:
			reversals = append(reversals, i)
		case PayoffQuote:
			quotes = true
		}
	}
	slices.SortFunc(reversals, func(a, b int) int { return cmp.Compare(events[b].Seq, events[a].Seq) })
	for _, i := range reversals {
		if void[i] {
			continue
		}
		e := &events[i]
		target := numbered(events, e.Reverses)
		switch {
		case target < 0 || e.Reverses >= e.Seq:
			return e.bad("reverses", "%d is not an event before it", e.Reverses)
		case void[target]:
			return e.bad("reverses", "event %d has been taken back already", e.Reverses)
		case events[target].Date > e.Date:
			return e.bad("date", "is before the event it takes back")
		case e.Amount != 0 && e.Amount != events[target].Amount:
			return e.bad("amount", "is not the amount of the event it takes back, %s: a part cannot be taken back", events[target].Amount)
		}
		void[target] = true
		if quotes && events[target].Kind == Payment {
			lapse(events, void, events[target].Seq, e.Seq)
		}
	}
	return nil
}

// lapse voids the payoff quotes made after a payment and before it was taken
// back: they counted on it.
func lapse(events []Event, void []bool, paid, back int) {
	for i := range events {
		if e := &events[i]; e.Kind == PayoffQuote && e.Seq > paid && e.Seq < back {
			void[i] = true
		}
	}
}
