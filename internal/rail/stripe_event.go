package rail

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v84"
	"github.com/stripe/stripe-go/v84/webhook"

	"marque/internal/money"
)

var (
	// ErrSignature says that an event was not signed by the processor.
	ErrSignature = errors.New("the event is not signed by the card processor")
	// ErrStale says that it was signed too long ago, or ahead of our clock: it may
	// have been kept and sent again by somebody else.
	ErrStale = errors.New("the event was signed at another time")
	// ErrUnreadable says that a signed event cannot be read.
	ErrUnreadable = errors.New("the event cannot be read")
)

// eventWindow is how far the time of a signature may be from ours.
const eventWindow = 5 * time.Minute

// Event is something that the processor tells by itself. It is told at least
// once, late, and in any order, so it is a reason to look rather than the truth.
type Event struct {
	ID, Type string
	Created  money.Instant
	About    EventKind
	Seen     Seen   // AboutCharge, AboutPage; of AboutDispute the intent and the dispute
	Refund   Refund // AboutRefund
	Payout   Payout // AboutPayout
}

// EventKind is what an event is about; empty for what does not concern us.
type EventKind string

const (
	AboutNothing EventKind = ""
	AboutPage    EventKind = "page"
	AboutCharge  EventKind = "charge"
	AboutRefund  EventKind = "refund"
	AboutDispute EventKind = "dispute"
	AboutPayout  EventKind = "payout"
)

// Event checks the Stripe-Signature header of a request's raw body and reads it.
// The library compares with the machine's clock and lets the future pass, so the
// header is read here. With ErrUnreadable the event has its ID where there is one.
func (c *Cards) Event(header string, body []byte, now money.Instant) (Event, error) {
	at, signatures, err := signature(header)
	if err != nil {
		return Event{}, err
	}
	signed := false
	for _, secret := range c.secrets {
		want := webhook.ComputeSignature(at, body, secret)
		for _, s := range signatures {
			signed = hmac.Equal(want, s) || signed
		}
	}
	if !signed {
		return Event{}, ErrSignature
	}
	if off := now.Time().Sub(at); off > eventWindow || off < -eventWindow {
		return Event{}, ErrStale
	}
	var e stripe.Event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" || e.Object != "event" {
		return Event{}, ErrUnreadable
	}
	return eventOf(&e)
}

// mostSignatures that a header may hold: each costs a comparison.
const mostSignatures = 16

// signature reads "t=1495999758,v1=ABC,v1=DEF,v0=GHI".
func signature(header string) (at time.Time, all [][]byte, err error) {
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			unix, err := strconv.ParseInt(value, 10, 64)
			if err != nil || !at.IsZero() {
				return at, nil, ErrSignature
			}
			at = time.Unix(unix, 0)
		case "v1":
			if s, err := hex.DecodeString(value); err == nil && len(all) < mostSignatures {
				all = append(all, s)
			}
		}
	}
	if at.IsZero() || len(all) == 0 {
		return at, nil, ErrSignature
	}
	return at, all, nil
}

// Events lists what happened since, oldest first, for when events did not arrive.
// The processor keeps them for 30 days. One that cannot be read is left out and
// named in the error, beside the others.
func (c *Cards) Events(ctx context.Context, since money.Instant) (all []Event, err error) {
	p := &stripe.EventListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Time().Unix()}}
	p.Limit = stripe.Int64(100)
	var bad error
	err = c.ask(ctx, "list events", func(ctx context.Context) error {
		for e, err := range c.api.V1Events.List(ctx, p) {
			if err != nil {
				return err
			}
			one, err := eventOf(e)
			if err != nil {
				bad = errors.Join(bad, err)
				continue
			}
			all = append(all, one)
		}
		return nil
	})
	slices.Reverse(all)
	return all, errors.Join(err, bad)
}

func eventOf(e *stripe.Event) (out Event, err error) {
	out = Event{ID: e.ID, Type: string(e.Type), Created: seconds(e.Created)}
	if e.Data == nil {
		return out, fmt.Errorf("event %s: %w", e.ID, ErrUnreadable)
	}
	switch {
	case strings.HasPrefix(out.Type, "checkout.session."):
		out.About = AboutPage
		out.Seen, err = read(e, seenSession)
	case strings.HasPrefix(out.Type, "payment_intent."):
		out.About = AboutCharge
		out.Seen, err = read(e, seenIntent)
	case strings.HasPrefix(out.Type, "charge.dispute."):
		out.About = AboutDispute
		out.Seen, err = read(e, seenDispute)
	case strings.HasPrefix(out.Type, "refund."), strings.HasPrefix(out.Type, "charge.refund."):
		out.About = AboutRefund
		out.Refund, err = read(e, refundOf)
	case strings.HasPrefix(out.Type, "charge."):
		out.About = AboutCharge
		out.Seen, err = read(e, seenCharge)
	case strings.HasPrefix(out.Type, "payout."):
		out.About = AboutPayout
		out.Payout, err = read(e, payoutOf)
	}
	if err != nil {
		out.About = AboutNothing
	}
	return out, err
}

func read[Object, Said any](e *stripe.Event, say func(*Object) (Said, error)) (said Said, err error) {
	var o Object
	if err = json.Unmarshal(e.Data.Raw, &o); err == nil {
		said, err = say(&o)
	}
	if err != nil {
		return said, fmt.Errorf("event %s of type %s: %w", e.ID, e.Type, ErrUnreadable)
	}
	return said, nil
}

func seenDispute(d *stripe.Dispute) (Seen, error) {
	if d.ID == "" || d.PaymentIntent == nil || d.Currency != stripe.CurrencyUSD {
		return Seen{}, unreadable("a dispute of no charge")
	}
	return Seen{IntentID: d.PaymentIntent.ID, Dispute: disputeOf(d)}, nil
}
