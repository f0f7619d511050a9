package billing

import "slices"

// Rail is the way that a payment's money takes.
type Rail string

// The rails.
const (
	ACH  Rail = "ach"
	Card Rail = "card"
)

// PaymentState is where a payment stands. There is one machine for all rails;
// docs/payments.md draws it, and the schema's CHECKs hold it.
type PaymentState string

// The states.
const (
	Created    PaymentState = "created"    // by card: kept, and not yet taken to the processor
	Scheduled  PaymentState = "scheduled"  // for a later day; nothing posted yet
	Authorised PaymentState = "authorised" // by bank: posted; waits for the day's file
	Submitted  PaymentState = "submitted"  // by bank: in a file to the bank; by card: the processor has it
	Unknown    PaymentState = "unknown"    // by card: the processor did not answer; it is asked again, and nothing is charged anew
	Settled    PaymentState = "settled"    // by bank: the window for ordinary returns has passed; by card: charged, and posted
	Returned   PaymentState = "returned"   // by the customer's bank, or by a dispute with the card's
	Reversed   PaymentState = "reversed"   // given back by the lender: an erroneous entry, or a refund
	Cancelled  PaymentState = "cancelled"  // before it left
	Refused    PaymentState = "refused"    // by the processor, or by a rule, before any money moved
)

// States are all states, in the order of a payment's life.
var States = []PaymentState{Created, Scheduled, Authorised, Submitted, Unknown, Settled, Returned, Reversed, Cancelled, Refused}

var moves = map[Rail]map[PaymentState][]PaymentState{
	ACH: {
		Scheduled:  {Authorised, Cancelled, Refused},
		Authorised: {Submitted, Cancelled, Refused},
		Submitted:  {Settled, Returned, Reversed},
		Settled:    {Returned, Reversed}, // an unauthorised debit comes back up to 60 days later
		Reversed:   {Returned},           // the debit came back after all: its reversal is what stands out
	},
	Card: {
		Scheduled: {Created, Cancelled, Refused},
		Created:   {Submitted, Unknown, Settled, Cancelled, Refused},
		Submitted: {Settled, Unknown, Cancelled, Refused}, // cancelled: the page was left, or its time ran out
		Unknown:   {Submitted, Settled, Cancelled, Refused},
		Settled:   {Returned, Reversed},
		Returned:  {Settled}, // a dispute that was won
		Reversed:  {Settled}, // a refund that did not reach the card: its money is with us again
	},
}

// MayBecome says whether a payment on a rail may move from one state to another.
func (r Rail) MayBecome(from, to PaymentState) bool { return slices.Contains(moves[r][from], to) }

// First says whether a payment on a rail may begin in a state.
func (r Rail) First(s PaymentState) bool {
	return s == Scheduled || (r == ACH && s == Authorised) || (r == Card && s == Created)
}

// Posts says whether a payment in this state stands in the account's events: by
// bank from the moment it is authorised, subject to return; by card from the
// moment it is charged.
func (r Rail) Posts(s PaymentState) bool {
	return s == Settled || (r == ACH && (s == Authorised || s == Submitted))
}

// UnauthorisedWindow is how many days after its settlement a consumer's bank can
// send a debit back as unauthorised (Nacha Operating Rules, extended return).
const UnauthorisedWindow = 60

// MethodKind says what a payment method is.
type MethodKind string

// The kinds.
const (
	Bank       MethodKind = "bank"
	CardMethod MethodKind = "card"
)

// Rail is the rail that a method pays by.
func (k MethodKind) Rail() Rail {
	if k == CardMethod {
		return Card
	}
	return ACH
}

// Validation says how far it is known that a bank account is there and can be
// debited. No debit that was authorised on the web goes to an account that is
// not validated (Nacha Operating Rules, WEB account validation).
type Validation string

// The states of validation.
const (
	Unvalidated Validation = "none"
	Validating  Validation = "pending"
	Validated   Validation = "validated"
	NotValid    Validation = "failed"
	Stopped     Validation = "stopped" // a return or the bank's notice says that the next debit would come back
)

// ValidatedBy says how an account was validated.
type ValidatedBy string

// The ways.
const (
	ByMicroEntries ValidatedBy = "micro_entries"
	ByPrenote      ValidatedBy = "prenote"
	ByPriorEntry   ValidatedBy = "prior_entry"
	ByProvider     ValidatedBy = "provider"
	ByProcessor    ValidatedBy = "processor" // a card: the processor has taken it
)

// EntryKind says what an ACH entry is for.
type EntryKind string

// The kinds of entry.
const (
	EntryDebit       EntryKind = "debit"
	EntryRetry       EntryKind = "retry"
	EntryPrenote     EntryKind = "prenote"
	EntryMicroCredit EntryKind = "micro_credit"
	EntryMicroDebit  EntryKind = "micro_debit"
	EntryReversal    EntryKind = "reversal"
)

// ExceptionKind says why a person must look at something.
type ExceptionKind string

// The kinds of exception item.
const (
	UnknownReturn        ExceptionKind = "unknown_return"
	ReturnDiffers        ExceptionKind = "return_differs"
	DishonoredReturn     ExceptionKind = "dishonored_return"
	ContestedReturn      ExceptionKind = "contested_return"
	ChangeNotApplied     ExceptionKind = "change"
	QuarantinedEntry     ExceptionKind = "quarantined_entry"
	UnauthorizedItem     ExceptionKind = "unauthorized_return"
	LateReturn           ExceptionKind = "late_return"
	ReturnedItem         ExceptionKind = "returned_payment" // a return that asks a person to do something
	ReversalFailed       ExceptionKind = "reversal_failed"
	RateAlarm            ExceptionKind = "return_rate"
	SettlementDifference ExceptionKind = "settlement_difference"
	CardDifference       ExceptionKind = "card_difference"
	Dispute              ExceptionKind = "dispute"
	UnknownCharge        ExceptionKind = "unknown_charge"
	ScreenedPayment      ExceptionKind = "screened_payment"
	PaperNotSet          ExceptionKind = "paper_not_set" // a document that could not be made
)
