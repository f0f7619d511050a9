package rail

import (
	"context"
	"fmt"
	"time"

	stripe "github.com/stripe/stripe-go/v84"

	"marque/internal/money"
)

// RefundRequest gives money of a charge back.
type RefundRequest struct {
	Key      string // kept by the caller before the call; never used for anything else
	IntentID string
	Amount   money.Cents
}

// Refund is money on its way back to a card.
type Refund struct {
	ID, IntentID string
	Amount       money.Cents
	State        RefundState
}

// RefundState is where it stands. A refund that failed has not reached the card,
// and its money is with us again.
type RefundState string

const (
	RefundPending RefundState = "pending"
	RefundDone    RefundState = "done"
	RefundFailed  RefundState = "failed"
)

// Refund gives part of a charge, or all of it, back to the card.
func (c *Cards) Refund(ctx context.Context, r RefundRequest) (out Refund, err error) {
	if r.Key == "" || r.IntentID == "" || r.Amount <= 0 {
		return Refund{}, fmt.Errorf("refund %s of charge %q: %w", r.Amount, r.IntentID, errKey)
	}
	p := &stripe.RefundCreateParams{PaymentIntent: stripe.String(r.IntentID), Amount: stripe.Int64(int64(r.Amount)), Reason: stripe.String("requested_by_customer")}
	p.IdempotencyKey = stripe.String(r.Key)
	err = c.ask(ctx, fmt.Sprintf("refund %s of charge %s", r.Amount, r.IntentID), func(ctx context.Context) error {
		said, err := c.api.V1Refunds.Create(ctx, p)
		if err != nil {
			return err
		}
		out, err = refundOf(said)
		if err == nil && out.IntentID != r.IntentID {
			return unreadable("a refund of another charge")
		}
		return err
	})
	return out, err
}

// RefundState asks where a refund stands.
func (c *Cards) RefundState(ctx context.Context, id string) (out Refund, err error) {
	err = c.ask(ctx, "look at refund "+id, func(ctx context.Context) error {
		said, err := c.api.V1Refunds.Retrieve(ctx, id, nil)
		if err != nil {
			return err
		}
		out, err = refundOf(said)
		return err
	})
	return out, err
}

// Refunds lists the refunds of a charge, newest first.
func (c *Cards) Refunds(ctx context.Context, intentID string) (all []Refund, err error) {
	p := &stripe.RefundListParams{PaymentIntent: stripe.String(intentID)}
	p.Limit = stripe.Int64(100)
	err = c.ask(ctx, "list refunds of charge "+intentID, func(ctx context.Context) error {
		for said, err := range c.api.V1Refunds.List(ctx, p) {
			if err != nil {
				return err
			}
			one, err := refundOf(said)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	return all, err
}

func refundOf(r *stripe.Refund) (Refund, error) {
	if r.ID == "" || r.Currency != stripe.CurrencyUSD {
		return Refund{}, unreadable("a refund without a name or in another currency")
	}
	out := Refund{ID: r.ID, Amount: money.Cents(r.Amount)}
	if r.PaymentIntent != nil {
		out.IntentID = r.PaymentIntent.ID
	}
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		out.State = RefundDone
	case stripe.RefundStatusPending, stripe.RefundStatusRequiresAction:
		out.State = RefundPending
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		out.State = RefundFailed
	default:
		return Refund{}, unreadable("a refund in no known state")
	}
	return out, nil
}

// Payout is money that the processor sends to our bank.
type Payout struct {
	ID      string
	Arrival money.Date // when it is in the bank, as far as the processor knows
	Amount  money.Cents
	State   PayoutState
}

// PayoutState is where it stands.
type PayoutState string

const (
	PayoutOnTheWay PayoutState = "on_the_way"
	PayoutPaid     PayoutState = "paid" // as told; the bank's statement says whether it came
	PayoutFailed   PayoutState = "failed"
)

// PayoutLine is one movement that a payout is made of. Net is what it adds.
type PayoutLine struct {
	ID                  string
	Kind                LineKind
	Amount, Fee, Net    money.Cents
	PaymentID, IntentID string // of charges, refunds and disputes
	Source              string // the processor's name for the charge, refund or dispute
	At                  money.Instant
}

// LineKind is what moved.
type LineKind string

const (
	LineCharge  LineKind = "charge"
	LineRefund  LineKind = "refund"
	LineDispute LineKind = "dispute" // also the money of a dispute that was won, and its fee
	LineOther   LineKind = "other"   // fees and corrections of the processor
)

// Payouts lists the payouts that arrive from one day to another, both included,
// newest first.
func (c *Cards) Payouts(ctx context.Context, from, to money.Date) (all []Payout, err error) {
	p := &stripe.PayoutListParams{ArrivalDateRange: &stripe.RangeQueryParams{GreaterThanOrEqual: from.Time().Unix(), LesserThan: (to + 1).Time().Unix()}}
	p.Limit = stripe.Int64(100)
	err = c.ask(ctx, fmt.Sprintf("list payouts from %s to %s", from, to), func(ctx context.Context) error {
		for said, err := range c.api.V1Payouts.List(ctx, p) {
			if err != nil {
				return err
			}
			one, err := payoutOf(said)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	return all, err
}

func payoutOf(p *stripe.Payout) (Payout, error) {
	if p.ID == "" || p.Currency != stripe.CurrencyUSD {
		return Payout{}, unreadable("a payout without a name or in another currency")
	}
	out := Payout{ID: p.ID, Arrival: money.DateOf(time.Unix(p.ArrivalDate, 0).UTC()), Amount: money.Cents(p.Amount)}
	switch p.Status {
	case stripe.PayoutStatusPaid:
		out.State = PayoutPaid
	case stripe.PayoutStatusPending, stripe.PayoutStatusInTransit:
		out.State = PayoutOnTheWay
	case stripe.PayoutStatusFailed, stripe.PayoutStatusCanceled:
		out.State = PayoutFailed
	default:
		return Payout{}, unreadable("a payout in no known state")
	}
	return out, nil
}

// PayoutLines lists what a payout contains; their Net adds up to its amount.
func (c *Cards) PayoutLines(ctx context.Context, id string) (all []PayoutLine, err error) {
	p := &stripe.BalanceTransactionListParams{Payout: stripe.String(id)}
	p.Limit = stripe.Int64(100)
	p.AddExpand("data.source")
	err = c.ask(ctx, "list what payout "+id+" contains", func(ctx context.Context) error {
		for said, err := range c.api.V1BalanceTransactions.List(ctx, p) {
			if err != nil {
				return err
			}
			if said.Type == stripe.BalanceTransactionTypePayout {
				continue // the payout itself, which takes the sum away
			}
			if said.Currency != stripe.CurrencyUSD {
				return unreadable("a movement in another currency")
			}
			all = append(all, lineOf(said))
		}
		return nil
	})
	return all, err
}

func lineOf(t *stripe.BalanceTransaction) PayoutLine {
	l := PayoutLine{ID: t.ID, Kind: LineOther, Amount: money.Cents(t.Amount), Fee: money.Cents(t.Fee), Net: money.Cents(t.Net), At: seconds(t.Created)}
	s := t.Source
	if s == nil {
		return l
	}
	l.Source = s.ID
	var intent *stripe.PaymentIntent
	var charge *stripe.Charge
	switch {
	case s.Charge != nil:
		l.Kind, charge, intent = LineCharge, s.Charge, s.Charge.PaymentIntent
	case s.Refund != nil:
		l.Kind, charge, intent = LineRefund, s.Refund.Charge, s.Refund.PaymentIntent
	case s.Dispute != nil:
		l.Kind, charge, intent = LineDispute, s.Dispute.Charge, s.Dispute.PaymentIntent
	}
	if intent != nil {
		l.IntentID = intent.ID
	}
	if charge != nil {
		l.PaymentID = charge.Metadata[metaPayment]
	}
	return l
}
