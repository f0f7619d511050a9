package rail

import (
	"cmp"
	"context"
	"fmt"
	"time"

	stripe "github.com/stripe/stripe-go/v84"

	"marque/internal/money"
)

// ChargeState is where a card payment stands at the processor. Charged is final
// and outweighs all others; failed and expired are final unless a charge turns
// up; an open page may be tried again after a decline.
type ChargeState string

const (
	Open       ChargeState = "open"
	Processing ChargeState = "processing"
	Charged    ChargeState = "charged"
	Failed     ChargeState = "failed"
	Expired    ChargeState = "expired"
	Saved      ChargeState = "saved" // a card was saved and nothing was to be paid
)

// DisputeState is where a cardholder's complaint to their bank stands.
type DisputeState string

const (
	NoDispute      DisputeState = ""
	DisputeInquiry DisputeState = "inquiry" // a question; no money has moved
	DisputeOpen    DisputeState = "open"    // the money was taken back until it is decided
	DisputeWon     DisputeState = "won"     // by us: the money is back
	DisputeLost    DisputeState = "lost"
)

// Dispute is a cardholder's complaint.
type Dispute struct {
	ID     string
	State  DisputeState
	Amount money.Cents
	Code   string // why, in the processor's words: fraudulent, duplicate
}

// Card is a saved card, or the one that was charged. There is no number.
type Card struct {
	Brand, Last4      string
	ExpMonth, ExpYear int
	Funding           string // credit, debit, prepaid, unknown
	Token, Customer   string // to charge it again, when it was saved
}

// Seen is what the processor says of a payment. What an answer or an event does
// not tell is zero there: a later look tells more, never less.
type Seen struct {
	PaymentID, SessionID, IntentID string
	PageURL                        string // of a page that can still be used
	State                          ChargeState
	Amount, Charged, Refunded      money.Cents // asked for; taken; given back of it
	Dispute                        Dispute
	Decline, Reason                string // of the last attempt: the processor's code, and what a borrower may read
	Card                           Card
	ChargedAt                      money.Instant
}

// Ask names what is looked for: the page or the charge by the processor's name
// for it, or, when no name came back, the payment by ours.
type Ask struct {
	SessionID, IntentID string
	PaymentID           string
	Customer            string        // with PaymentID, where known: their payments are listed, which is exact
	Since               money.Instant // with PaymentID: when it was first asked for
}

// Look asks the processor what it knows now. ErrNothing by our own name is no
// proof while the request may still be on its way, or the processor's search
// behind: ask again after some minutes, and make the request again with its key.
func (c *Cards) Look(ctx context.Context, a Ask) (seen Seen, err error) {
	switch {
	case a.SessionID != "":
		err = c.ask(ctx, "look at page "+a.SessionID, func(ctx context.Context) error {
			seen, err = c.lookSession(ctx, a.SessionID)
			return err
		})
	case a.IntentID != "":
		err = c.ask(ctx, "look at charge "+a.IntentID, func(ctx context.Context) error {
			seen, err = c.lookIntent(ctx, a.IntentID)
			return err
		})
	case reference.MatchString(a.PaymentID) && a.Since > 0:
		return c.find(ctx, a)
	default:
		return Seen{}, fmt.Errorf("look at payment %q: %w", a.PaymentID, errKey)
	}
	if err == nil && a.PaymentID != "" && seen.PaymentID != a.PaymentID {
		return Seen{}, fmt.Errorf("look at payment %s: %w", a.PaymentID, unreadable("what was found is another payment’s"))
	}
	return seen, err
}

func (c *Cards) lookSession(ctx context.Context, id string) (Seen, error) {
	p := &stripe.CheckoutSessionRetrieveParams{}
	for _, e := range []string{"payment_intent.latest_charge", "payment_intent.payment_method", "setup_intent.payment_method"} {
		p.AddExpand(e)
	}
	s, err := c.api.V1CheckoutSessions.Retrieve(ctx, id, p)
	if err != nil {
		return Seen{}, err
	}
	if s.ID != id {
		return Seen{}, unreadable("another page")
	}
	seen, err := seenSession(s)
	if err != nil {
		return Seen{}, err
	}
	return c.withDispute(ctx, seen, s.PaymentIntent)
}

func (c *Cards) lookIntent(ctx context.Context, id string) (Seen, error) {
	p := &stripe.PaymentIntentRetrieveParams{}
	p.AddExpand("latest_charge")
	p.AddExpand("payment_method")
	i, err := c.api.V1PaymentIntents.Retrieve(ctx, id, p)
	if err != nil {
		return Seen{}, err
	}
	if i.ID != id {
		return Seen{}, unreadable("another charge")
	}
	seen, err := seenIntent(i)
	if err != nil {
		return Seen{}, err
	}
	return c.withDispute(ctx, seen, i)
}

// withDispute asks for the disputes of a charge that has one.
func (c *Cards) withDispute(ctx context.Context, seen Seen, i *stripe.PaymentIntent) (Seen, error) {
	if i == nil || i.LatestCharge == nil || !i.LatestCharge.Disputed {
		return seen, nil
	}
	p := &stripe.DisputeListParams{PaymentIntent: stripe.String(i.ID)}
	for d, err := range c.api.V1Disputes.List(ctx, p) {
		if err != nil {
			return Seen{}, err
		}
		if seen.Dispute.ID == "" { // newest first
			seen.Dispute = disputeOf(d)
		}
	}
	return seen, nil
}

// find looks for a payment by our own name: among the charges, and where there is
// none among the pages, since one that nobody has paid on has no charge.
func (c *Cards) find(ctx context.Context, a Ask) (seen Seen, err error) {
	var session, intent string
	err = c.ask(ctx, "look for payment "+a.PaymentID, func(ctx context.Context) error {
		if a.Customer != "" {
			intent, err = c.listIntents(ctx, a)
		} else {
			intent, err = c.searchIntents(ctx, a.PaymentID)
		}
		if intent == "" && err == nil {
			session, err = c.findSession(ctx, a)
		}
		return err
	})
	switch {
	case err != nil:
		return Seen{}, err
	case session != "":
		return c.Look(ctx, Ask{SessionID: session, PaymentID: a.PaymentID})
	case intent != "":
		return c.Look(ctx, Ask{IntentID: intent, PaymentID: a.PaymentID})
	}
	return Seen{}, fmt.Errorf("look for payment %s: %w", a.PaymentID, ErrNothing)
}

// since leaves room for two clocks that differ.
func since(a Ask) int64 { return a.Since.Add(-10 * time.Minute).Time().Unix() }

// findSession looks among the pages that a key can have made: it makes none after
// a day.
func (c *Cards) findSession(ctx context.Context, a Ask) (string, error) {
	p := &stripe.CheckoutSessionListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since(a), LesserThanOrEqual: a.Since.Add(25 * time.Hour).Time().Unix()}}
	p.Limit = stripe.Int64(100)
	if a.Customer != "" {
		p.Customer = stripe.String(a.Customer)
	}
	for s, err := range c.api.V1CheckoutSessions.List(ctx, p) {
		if err != nil {
			return "", err
		}
		if s.ClientReferenceID == a.PaymentID {
			return s.ID, nil
		}
	}
	return "", nil
}

func (c *Cards) listIntents(ctx context.Context, a Ask) (string, error) {
	p := &stripe.PaymentIntentListParams{Customer: stripe.String(a.Customer), CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since(a)}}
	p.Limit = stripe.Int64(100)
	for i, err := range c.api.V1PaymentIntents.List(ctx, p) {
		if err != nil {
			return "", err
		}
		if i.Metadata[metaPayment] == a.PaymentID {
			return i.ID, nil
		}
	}
	return "", nil
}

func (c *Cards) searchIntents(ctx context.Context, paymentID string) (string, error) {
	p := &stripe.PaymentIntentSearchParams{}
	p.Query = fmt.Sprintf("metadata['%s']:'%s'", metaPayment, paymentID)
	for i, err := range c.api.V1PaymentIntents.Search(ctx, p) {
		if err != nil {
			return "", err
		}
		if i.Metadata[metaPayment] == paymentID {
			return i.ID, nil
		}
	}
	return "", nil
}

func seenSession(s *stripe.CheckoutSession) (Seen, error) {
	seen := Seen{State: Open}
	var err error
	if s.PaymentIntent != nil {
		if s.PaymentIntent.Status != "" { // the whole intent, not its name alone
			if seen, err = seenIntent(s.PaymentIntent); err != nil {
				return Seen{}, err
			}
		}
		seen.IntentID = s.PaymentIntent.ID
	}
	if seen.PaymentID != "" && seen.PaymentID != s.ClientReferenceID || s.Metadata[metaPayment] != s.ClientReferenceID {
		return Seen{}, unreadable("a page with two payments")
	}
	seen.SessionID, seen.PaymentID, seen.PageURL = s.ID, s.ClientReferenceID, s.URL
	if s.Customer != nil {
		seen.Card.Customer = s.Customer.ID
	}
	if s.Mode == stripe.CheckoutSessionModeSetup {
		return seenSetup(s, seen), nil
	}
	if s.Currency != stripe.CurrencyUSD {
		return Seen{}, unreadable("a page in another currency")
	}
	seen.Amount = money.Cents(s.AmountTotal)
	if seen.State == Charged {
		return seen, nil
	}
	switch {
	case s.Status == stripe.CheckoutSessionStatusExpired:
		seen.State = Expired
	case s.Status == stripe.CheckoutSessionStatusOpen:
		seen.State = Open
	case s.Status != stripe.CheckoutSessionStatusComplete:
		return Seen{}, unreadable("a page in no known state")
	case s.PaymentStatus == stripe.CheckoutSessionPaymentStatusPaid:
		seen.State, seen.Charged = Charged, cmp.Or(seen.Charged, money.Cents(s.AmountTotal))
	default:
		seen.State = Processing
	}
	return seen, nil
}

func seenSetup(s *stripe.CheckoutSession, seen Seen) Seen {
	switch s.Status {
	case stripe.CheckoutSessionStatusComplete:
		seen.State = Saved
	case stripe.CheckoutSessionStatusExpired:
		seen.State = Expired
	}
	if s.SetupIntent != nil && s.SetupIntent.PaymentMethod != nil {
		customer := seen.Card.Customer
		seen.Card = cardOf(s.SetupIntent.PaymentMethod)
		seen.Card.Customer = cmp.Or(seen.Card.Customer, customer)
	}
	return seen
}

func seenIntent(i *stripe.PaymentIntent) (Seen, error) {
	if i.ID == "" || i.Currency != stripe.CurrencyUSD {
		return Seen{}, unreadable("a charge without a name or in another currency")
	}
	seen := Seen{PaymentID: i.Metadata[metaPayment], IntentID: i.ID, Amount: money.Cents(i.Amount)}
	if ch := i.LatestCharge; ch != nil && ch.Status != "" {
		if of, err := seenCharge(ch); err == nil {
			seen = of
			seen.PaymentID, seen.IntentID, seen.Amount = i.Metadata[metaPayment], i.ID, money.Cents(i.Amount)
		}
	}
	if e := i.LastPaymentError; e != nil {
		r := refusal(e)
		seen.Decline, seen.Reason = r.Code, r.Reason
	}
	if i.PaymentMethod != nil && i.PaymentMethod.Card != nil {
		seen.Card = cardOf(i.PaymentMethod)
	}
	if i.Customer != nil {
		seen.Card.Customer = i.Customer.ID
	}
	var err error
	seen.State, err = stateOf(i)
	if seen.Charged = 0; seen.State == Charged {
		seen.Charged, seen.Decline, seen.Reason = money.Cents(i.AmountReceived), "", ""
	}
	return seen, err
}

func stateOf(i *stripe.PaymentIntent) (ChargeState, error) {
	onPage := i.Metadata[metaOrigin] == fromPage
	switch i.Status {
	case stripe.PaymentIntentStatusSucceeded:
		return Charged, nil
	case stripe.PaymentIntentStatusProcessing, stripe.PaymentIntentStatusRequiresCapture:
		return Processing, nil
	case stripe.PaymentIntentStatusCanceled:
		if onPage {
			return Expired, nil
		}
		return Failed, nil
	case stripe.PaymentIntentStatusRequiresPaymentMethod:
		if !onPage && i.LastPaymentError != nil {
			return Failed, nil
		}
		return Open, nil
	case stripe.PaymentIntentStatusRequiresAction, stripe.PaymentIntentStatusRequiresConfirmation:
		return Open, nil
	}
	return "", unreadable("a charge in no known state")
}

func seenCharge(ch *stripe.Charge) (Seen, error) {
	if ch.ID == "" || ch.Currency != stripe.CurrencyUSD {
		return Seen{}, unreadable("a charge without a name or in another currency")
	}
	seen := Seen{PaymentID: ch.Metadata[metaPayment], Amount: money.Cents(ch.Amount), Refunded: money.Cents(ch.AmountRefunded)}
	if ch.PaymentIntent != nil {
		seen.IntentID = ch.PaymentIntent.ID
	}
	if d := ch.PaymentMethodDetails; d != nil && d.Card != nil {
		seen.Card = Card{Brand: string(d.Card.Brand), Last4: d.Card.Last4, ExpMonth: int(d.Card.ExpMonth), ExpYear: int(d.Card.ExpYear), Funding: string(d.Card.Funding), Token: ch.PaymentMethod}
	}
	if ch.Customer != nil {
		seen.Card.Customer = ch.Customer.ID
	}
	switch {
	case ch.Status == stripe.ChargeStatusSucceeded && ch.Captured:
		seen.State, seen.Charged, seen.ChargedAt = Charged, money.Cents(ch.AmountCaptured), seconds(ch.Created)
	case ch.Status == stripe.ChargeStatusSucceeded, ch.Status == stripe.ChargeStatusPending:
		seen.State = Processing
	case ch.Status == stripe.ChargeStatusFailed:
		seen.State = Failed
		if ch.Metadata[metaOrigin] == fromPage {
			seen.State = Open
		}
		seen.Decline = ch.FailureCode
		if ch.Outcome != nil && ch.Outcome.Reason != "" {
			seen.Decline = ch.Outcome.Reason
		}
		seen.Reason = DeclineReason(seen.Decline)
	default:
		return Seen{}, unreadable("a charge in no known state")
	}
	return seen, nil
}

func cardOf(m *stripe.PaymentMethod) Card {
	card := Card{Token: m.ID}
	if m.Customer != nil {
		card.Customer = m.Customer.ID
	}
	if m.Card != nil {
		card.Brand, card.Last4, card.Funding = string(m.Card.Brand), m.Card.Last4, string(m.Card.Funding)
		card.ExpMonth, card.ExpYear = int(m.Card.ExpMonth), int(m.Card.ExpYear)
	}
	return card
}

func disputeOf(d *stripe.Dispute) Dispute {
	out := Dispute{ID: d.ID, Amount: money.Cents(d.Amount), Code: string(d.Reason), State: DisputeOpen}
	switch d.Status {
	case stripe.DisputeStatusWon:
		out.State = DisputeWon
	case stripe.DisputeStatusLost:
		out.State = DisputeLost
	case stripe.DisputeStatusWarningNeedsResponse, stripe.DisputeStatusWarningUnderReview, stripe.DisputeStatusWarningClosed, stripe.DisputeStatusPrevented:
		out.State = DisputeInquiry
	}
	return out
}
