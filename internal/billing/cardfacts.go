package billing

import (
	"cmp"

	"marque/internal/money"
)

// DisputeState is where a cardholder's complaint to their bank stands. Later ones
// outweigh those before: what the processor once told stays true when an older
// answer comes after it.
type DisputeState string

// The states, each weightier than the one before.
const (
	NoDispute      DisputeState = ""
	DisputeInquiry DisputeState = "inquiry" // a question; no money has moved
	DisputeOpen    DisputeState = "open"    // the money is taken back until it is decided
	DisputeLost    DisputeState = "lost"
	DisputeWon     DisputeState = "won" // by us: the money is back
)

var disputeWeight = map[DisputeState]int{NoDispute: 0, DisputeInquiry: 1, DisputeOpen: 2, DisputeLost: 3, DisputeWon: 4}

// CardFacts is what is known of a card payment at the processor. Facts are never
// taken back: two sets of them are merged by Join, in whatever order and however
// often they come, to one result. What follows from them is State.
type CardFacts struct {
	Opened     bool // there is a page, or a charge that was begun
	Processing bool
	Charged    money.Cents // what was asked for, or nothing
	Differs    money.Cents // another amount that was told as charged; it is never posted
	ChargedAt  money.Instant
	Failed     bool // it will not be charged any more: declined
	Expired    bool // it will not be charged any more: the page's time is over
	Refunded   money.Cents
	Unrefunded money.Cents // of it, what did not reach the card and is with us again

	DisputeID     string
	Dispute       DisputeState
	DisputeAmount money.Cents
	DisputeCode   string // why, as the processor names it

	Decline, Reason       string // the processor's code, and what a borrower may read
	Brand, Last4, Funding string // of the card that was charged
}

// Join merges what two answers tell.
func (f CardFacts) Join(g CardFacts) CardFacts {
	f.Opened, f.Processing = f.Opened || g.Opened, f.Processing || g.Processing
	f.Failed, f.Expired = f.Failed || g.Failed, f.Expired || g.Expired
	f.Charged, f.Differs = max(f.Charged, g.Charged), max(f.Differs, g.Differs)
	f.ChargedAt = first(f.ChargedAt, g.ChargedAt)
	f.Refunded, f.Unrefunded = max(f.Refunded, g.Refunded), max(f.Unrefunded, g.Unrefunded)
	if disputeOrder(f, g) < 0 {
		f.DisputeID, f.Dispute, f.DisputeAmount, f.DisputeCode = g.DisputeID, g.Dispute, g.DisputeAmount, g.DisputeCode
	}
	if cmp.Or(cmp.Compare(f.Decline, g.Decline), cmp.Compare(f.Reason, g.Reason)) < 0 {
		f.Decline, f.Reason = g.Decline, g.Reason
	}
	if cmp.Or(cmp.Compare(f.Last4, g.Last4), cmp.Compare(f.Brand, g.Brand), cmp.Compare(f.Funding, g.Funding)) < 0 {
		f.Brand, f.Last4, f.Funding = g.Brand, g.Last4, g.Funding
	}
	return f
}

func disputeOrder(f, g CardFacts) int {
	return cmp.Or(cmp.Compare(disputeWeight[f.Dispute], disputeWeight[g.Dispute]), cmp.Compare(f.DisputeID, g.DisputeID),
		cmp.Compare(f.DisputeAmount, g.DisputeAmount), cmp.Compare(f.DisputeCode, g.DisputeCode))
}

// first is the earlier of two moments that are known.
func first(a, b money.Instant) money.Instant {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// State is where the facts put a payment; empty when they say nothing yet. Money
// that was charged outweighs all else; of an amount that was not asked for it is
// not known what it is.
func (f CardFacts) State() PaymentState {
	switch {
	case f.Charged > 0 && f.Refunded-f.Unrefunded >= f.Charged:
		return Reversed
	case f.Charged > 0 && (f.Dispute == DisputeOpen || f.Dispute == DisputeLost):
		return Returned
	case f.Charged > 0:
		return Settled
	case f.Differs > 0 && f.Refunded-f.Unrefunded >= f.Differs:
		return Cancelled // given back
	case f.Differs > 0:
		return Unknown
	case f.Failed:
		return Refused
	case f.Expired:
		return Cancelled
	case f.Opened, f.Processing:
		return Submitted
	}
	return ""
}

// Over says that the facts leave nothing to wait for, as far as it was asked for.
func (f CardFacts) Over() bool {
	return f.Charged > 0 || f.Differs == 0 && (f.Failed || f.Expired) || f.Differs > 0 && f.State() == Cancelled
}

// CardStep is the next state on the way of a card payment from one state to the
// one that the facts give; the same when it is there, and empty when there is no
// way: money was charged for a payment that had ended.
func CardStep(from, to PaymentState) PaymentState {
	switch {
	case from == to, to == "":
		return from
	case Card.MayBecome(from, to):
		return to
	case to == Submitted: // older news
		return from
	case (to == Returned || to == Reversed) && (Card.MayBecome(from, Settled)):
		return Settled
	case to == Unknown && (from == Settled || from == Returned || from == Reversed):
		return from
	}
	return ""
}

// DisputeReason says in plain words why a card payment was disputed.
func DisputeReason(code string) string {
	switch code {
	case "fraudulent", "unrecognized":
		return "the cardholder told the card’s bank that the payment was not theirs"
	case "duplicate":
		return "the cardholder told the card’s bank that it was charged twice"
	case "credit_not_processed":
		return "the cardholder told the card’s bank that money was to be given back"
	}
	return "the cardholder disputed it with the card’s bank"
}
