package rail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync/atomic"

	stripe "github.com/stripe/stripe-go/v84"
)

var (
	// ErrUnanswered says that it is not known whether it happened: the answer did
	// not come, came too late, or cannot be read. Look before asking again.
	ErrUnanswered = errors.New("the card processor has not answered; it is not known whether it was done")
	// ErrBusy says that it has certainly not happened: the processor could not be
	// reached, or had no time. Ask again later with the same key.
	ErrBusy = errors.New("the card processor could not be asked")
	// ErrKey says that the key we ask with is not accepted. Nothing happened, and
	// nothing will until somebody mends the settings.
	ErrKey = errors.New("the card processor does not accept our key")
	// ErrKeyUsed says that the key of the request was used for other inputs.
	ErrKeyUsed = errors.New("this key was used for another request")
	// ErrNothing says that the processor has nothing of that name. What was asked
	// for a moment ago may still appear.
	ErrNothing = errors.New("the card processor has nothing of it")
)

// Refusal is a no that stays: a declined card, or a request that the processor
// will not do. Nothing was charged.
type Refusal struct {
	Code     string // as the processor names it: insufficient_funds
	Reason   string // what the borrower may read
	IntentID string // empty when nothing was begun
	Request  string // the processor's name for the request, for its support
}

func (r *Refusal) Error() string { return "the card processor refused: " + r.Code }

// unreadable is an answer that says nothing we can go by.
func unreadable(what string) error { return fmt.Errorf("%w: %s", ErrUnanswered, what) }

// journey is what became of one request.
type journey struct {
	sent   atomic.Bool  // a connection was had, so that something may have arrived
	status atomic.Int64 // of the answer
}

type journeyKey struct{}

// ask makes one request, in the time there is, and tells what became of it. The
// library's own errors hold answers, so that none is passed on.
func (c *Cards) ask(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	j := &journey{}
	ctx = context.WithValue(ctx, journeyKey{}, j)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { j.sent.Store(true) }})
	if err := do(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, j.became(err))
	}
	return nil
}

func (j *journey) became(err error) error {
	status := int(j.status.Load())
	var said *stripe.Error
	if !errors.As(err, &said) {
		said = &stripe.Error{}
	}
	switch {
	case errors.Is(err, ErrUnanswered):
		return err
	case !j.sent.Load():
		return ErrBusy
	case status == http.StatusTooManyRequests:
		return ErrBusy
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return ErrKey
	case status == http.StatusNotFound && said.Code == stripe.ErrorCodeResourceMissing:
		return ErrNothing
	case status == http.StatusBadRequest && said.Type == stripe.ErrorTypeIdempotency:
		return ErrKeyUsed
	case status == http.StatusPaymentRequired && said.Type == stripe.ErrorTypeCard,
		status == http.StatusBadRequest && said.Type == stripe.ErrorTypeInvalidRequest:
		return refusal(said)
	case status != 0:
		return fmt.Errorf("%w: status %d", ErrUnanswered, status)
	}
	return ErrUnanswered
}

func refusal(said *stripe.Error) *Refusal {
	r := &Refusal{Code: string(said.DeclineCode), Request: said.RequestID}
	if r.Code == "" {
		r.Code = string(said.Code)
	}
	if r.Code == "" {
		r.Code = string(said.Type)
	}
	if said.PaymentIntent != nil {
		r.IntentID = said.PaymentIntent.ID
	}
	r.Reason = DeclineReason(r.Code)
	return r
}

// DeclineReason says to a borrower why a card was not charged. Cards reported as
// lost or stolen, and suspected fraud, read as any other no: who holds the card
// may be who stole it (Stripe, "Decline codes").
func DeclineReason(code string) string {
	switch code {
	case "insufficient_funds":
		return "The card does not have enough money or credit for this payment."
	case "expired_card", "invalid_expiry_month", "invalid_expiry_year":
		return "The card has expired, or its expiration date was typed differently."
	case "incorrect_cvc", "invalid_cvc":
		return "The security code does not match the card."
	case "incorrect_number", "invalid_number", "invalid_account", "new_account_information_available":
		return "The card’s bank does not know this card."
	case "incorrect_zip", "incorrect_address":
		return "The billing address does not match the card."
	case "card_velocity_exceeded", "withdrawal_count_limit_exceeded", "amount_too_large":
		return "The payment is over the card’s limit."
	case "authentication_required", "authentication_not_handled", "payment_intent_authentication_failure", "setup_intent_authentication_failure":
		return "The card’s bank wants to check that it is you, and could not."
	case "card_not_supported", "currency_not_supported", "transaction_not_allowed", "service_not_allowed", "not_permitted", "restricted_card":
		return "The card cannot be used for this kind of payment."
	case "issuer_not_available", "processing_error", "try_again_later", "reenter_transaction":
		return "The card’s bank could not be reached."
	case "amount_too_small":
		return "The amount is too small for a card."
	case "payment_method_unactivated", "resource_missing", "payment_method_unexpected_state", "payment_intent_unexpected_state":
		return "The saved card can no longer be used."
	}
	return "The card’s bank said no. It can tell you why: its number is on the back of the card."
}

// longestAnswer of the processor; its lists are the longest, at 100 entries a page.
const longestAnswer = 8 << 20

// wire carries requests. It takes out what the library tells about the machine it
// runs on, and keeps the transport from sending a request a second time by itself
// on a new connection.
type wire struct{ http.RoundTripper }

func newWire() wire {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	return wire{t}
}

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("X-Stripe-Client-User-Agent")
	r.Header.Del("X-Stripe-Client-Telemetry")
	r.GetBody = nil
	res, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if j, ok := r.Context().Value(journeyKey{}).(*journey); ok {
		j.status.Store(int64(res.StatusCode))
	}
	res.Body = http.MaxBytesReader(nil, res.Body, longestAnswer)
	return res, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
