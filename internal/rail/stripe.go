package rail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	stripe "github.com/stripe/stripe-go/v84"

	"marque/internal/money"
)

// Cards charges cards through Stripe. A card number never comes near it: people
// type it on the processor's own page, and what comes back is a token.
//
// It never tries twice by itself. Whoever calls keeps the key of a request before
// it is made, and after ErrUnanswered looks before it asks again with that key:
// the processor gives the first answer again for a day, and forgets after that.
// An answer of "500" is also given again, so looking is what settles it.
type Cards struct {
	api     *stripe.Client
	secrets []string
	timeout time.Duration
}

// CardConfig is how the processor is reached.
type CardConfig struct {
	Key string
	// BaseURL is where the processor's interface stands; empty is Stripe's own.
	BaseURL string
	// WebhookSecrets sign the events. There are two while one replaces another.
	WebhookSecrets []string
	// Timeout of one request. What has no answer by then is ErrUnanswered.
	Timeout time.Duration
}

// String keeps the keys out of every log.
func (CardConfig) String() string { return "card processor" }

// NewCards checks a configuration; it asks the processor nothing.
func NewCards(c CardConfig) (*Cards, error) {
	if c.Key == "" {
		return nil, errors.New("card processor: no key")
	}
	if c.Timeout < time.Second/100 || c.Timeout > 5*time.Minute {
		return nil, fmt.Errorf("card processor: a timeout of %s is not between 10ms and 5m", c.Timeout)
	}
	base := stripe.APIURL
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
			return nil, fmt.Errorf("card processor: %q is no https address, nor one of this machine", c.BaseURL)
		}
		base = c.BaseURL
	}
	for _, s := range c.WebhookSecrets {
		if len(s) < 16 {
			return nil, errors.New("card processor: a secret for events is shorter than 16 characters")
		}
	}
	// The library would try again by itself, report timings and log answers.
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(base), MaxNetworkRetries: stripe.Int64(0), EnableTelemetry: stripe.Bool(false),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		HTTPClient: &http.Client{Transport: newWire(), CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	})
	return &Cards{
		api:     stripe.NewClient(c.Key, stripe.WithBackends(&stripe.Backends{API: backend, Connect: backend, Uploads: backend, MeterEvents: backend})),
		secrets: c.WebhookSecrets, timeout: c.Timeout,
	}, nil
}

// What is written on everything at the processor, so that it can be found and
// told apart. A payment on the page may be tried again there after a decline; one
// that we made may not.
const (
	metaPayment = "payment_id"
	metaOrigin  = "origin"
	fromPage    = "page"
	fromUs      = "saved_card"
)

// CheckoutRequest asks for a page on which somebody pays once by card.
type CheckoutRequest struct {
	Key         string // kept by the caller before the call; never used for anything else
	PaymentID   string
	Amount      money.Cents
	Customer    string // the processor's name for them; empty the first time
	Description string // what is paid, as the page shows it
	SuccessURL  string // {CHECKOUT_SESSION_ID} in it becomes the page's id
	CancelURL   string
	ExpiresAt   money.Instant // 30 minutes to 24 hours ahead
	SaveCard    bool          // with the consent to charge it again
}

// SetupRequest asks for a page on which somebody saves a card and pays nothing.
type SetupRequest struct {
	Key, Reference, Customer, SuccessURL, CancelURL string
	ExpiresAt                                       money.Instant
}

// Checkout is a page at the processor.
type Checkout struct {
	ID, URL   string
	ExpiresAt money.Instant
	Customer  string // empty until the page is used, when there was none
}

// Checkout makes a page to pay on.
func (c *Cards) Checkout(ctx context.Context, r CheckoutRequest) (Checkout, error) {
	if err := r.check(); err != nil {
		return Checkout{}, fmt.Errorf("make page to pay %s: %w", r.PaymentID, err)
	}
	meta := map[string]string{metaPayment: r.PaymentID, metaOrigin: fromPage}
	p := page(r.Customer, r.SuccessURL, r.CancelURL, r.ExpiresAt)
	p.Mode, p.SubmitType = stripe.String(string(stripe.CheckoutSessionModePayment)), stripe.String("pay")
	p.ClientReferenceID, p.Metadata = stripe.String(r.PaymentID), meta
	p.LineItems = []*stripe.CheckoutSessionCreateLineItemParams{{Quantity: stripe.Int64(1), PriceData: &stripe.CheckoutSessionCreateLineItemPriceDataParams{
		Currency: stripe.String(string(stripe.CurrencyUSD)), UnitAmount: stripe.Int64(int64(r.Amount)),
		ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: stripe.String(r.Description)},
	}}}
	p.PaymentIntentData = &stripe.CheckoutSessionCreatePaymentIntentDataParams{Description: stripe.String(r.Description), Metadata: meta}
	if r.SaveCard {
		p.PaymentIntentData.SetupFutureUsage = stripe.String("off_session")
		if r.Customer == "" {
			p.CustomerCreation = stripe.String("always")
		}
	}
	p.IdempotencyKey = stripe.String(r.Key)
	return c.makePage(ctx, p, r.PaymentID)
}

// SetupCard makes a page to save a card on. Reference comes back as Seen's
// PaymentID.
func (c *Cards) SetupCard(ctx context.Context, r SetupRequest) (Checkout, error) {
	if !reference.MatchString(r.Reference) || r.Key == "" {
		return Checkout{}, fmt.Errorf("make page to save a card for %q: %w", r.Reference, errKey)
	}
	meta := map[string]string{metaPayment: r.Reference, metaOrigin: fromPage}
	p := page(r.Customer, r.SuccessURL, r.CancelURL, r.ExpiresAt)
	p.Mode = stripe.String(string(stripe.CheckoutSessionModeSetup))
	p.ClientReferenceID, p.Metadata = stripe.String(r.Reference), meta
	p.SetupIntentData = &stripe.CheckoutSessionCreateSetupIntentDataParams{Metadata: meta}
	if r.Customer == "" {
		p.CustomerCreation = stripe.String("always")
	}
	p.IdempotencyKey = stripe.String(r.Key)
	return c.makePage(ctx, p, r.Reference)
}

func page(customer, success, cancel string, expires money.Instant) *stripe.CheckoutSessionCreateParams {
	p := &stripe.CheckoutSessionCreateParams{
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		SuccessURL:         stripe.String(success), CancelURL: stripe.String(cancel), ExpiresAt: stripe.Int64(expires.Time().Unix()),
		WalletOptions: &stripe.CheckoutSessionCreateWalletOptionsParams{Link: &stripe.CheckoutSessionCreateWalletOptionsLinkParams{Display: stripe.String("never")}},
	}
	if customer != "" {
		p.Customer = stripe.String(customer)
	}
	return p
}

func (c *Cards) makePage(ctx context.Context, p *stripe.CheckoutSessionCreateParams, about string) (out Checkout, err error) {
	err = c.ask(ctx, "make page for "+about, func(ctx context.Context) error {
		s, err := c.api.V1CheckoutSessions.Create(ctx, p)
		if err != nil {
			return err
		}
		if u, err := url.Parse(s.URL); s.ID == "" || err != nil || u.Host == "" {
			return unreadable("a page without an address")
		}
		out = Checkout{ID: s.ID, URL: s.URL, ExpiresAt: seconds(s.ExpiresAt)}
		if s.Customer != nil {
			out.Customer = s.Customer.ID
		}
		return nil
	})
	return out, err
}

// CloseCheckout ends a page on which nobody has paid, so that it cannot be paid
// on in an old tab. One that was paid on, or is over, is a Refusal: look at it.
func (c *Cards) CloseCheckout(ctx context.Context, key, sessionID string) error {
	if key == "" || sessionID == "" {
		return fmt.Errorf("close page %q: %w", sessionID, errKey)
	}
	p := &stripe.CheckoutSessionExpireParams{}
	p.IdempotencyKey = stripe.String(key)
	return c.ask(ctx, "close page "+sessionID, func(ctx context.Context) error {
		s, err := c.api.V1CheckoutSessions.Expire(ctx, sessionID, p)
		if err == nil && s.Status != stripe.CheckoutSessionStatusExpired {
			return unreadable("a closed page that is not closed")
		}
		return err
	})
}

// ChargeRequest charges a saved card while its owner is away.
type ChargeRequest struct {
	Key         string // kept by the caller before the call; never used for anything else
	PaymentID   string
	Amount      money.Cents
	Customer    string
	Method      string // the card's token
	Description string
}

// Charge charges a saved card. A decline is a *Refusal; the payment is over then.
func (c *Cards) Charge(ctx context.Context, r ChargeRequest) (seen Seen, err error) {
	if err := (CheckoutRequest{Key: r.Key, PaymentID: r.PaymentID, Amount: r.Amount}).check(); err != nil {
		return Seen{}, fmt.Errorf("charge card for %s: %w", r.PaymentID, err)
	}
	if r.Customer == "" || r.Method == "" {
		return Seen{}, fmt.Errorf("charge card for %s: no card", r.PaymentID)
	}
	p := &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(int64(r.Amount)), Currency: stripe.String(string(stripe.CurrencyUSD)),
		Customer: stripe.String(r.Customer), PaymentMethod: stripe.String(r.Method), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		Confirm: stripe.Bool(true), OffSession: stripe.Bool(true), ErrorOnRequiresAction: stripe.Bool(true),
		Description: stripe.String(r.Description), Metadata: map[string]string{metaPayment: r.PaymentID, metaOrigin: fromUs},
		Expand: stripe.StringSlice([]string{"latest_charge"}),
	}
	p.IdempotencyKey = stripe.String(r.Key)
	err = c.ask(ctx, "charge card for "+r.PaymentID, func(ctx context.Context) error {
		i, err := c.api.V1PaymentIntents.Create(ctx, p)
		if err != nil {
			return err
		}
		seen, err = seenIntent(i)
		if err == nil && seen.PaymentID != r.PaymentID {
			return unreadable("an answer about another payment")
		}
		return err
	})
	return seen, err
}

// ForgetCard takes a saved card away at the processor.
func (c *Cards) ForgetCard(ctx context.Context, key, token string) error {
	if key == "" || token == "" {
		return fmt.Errorf("forget card %q: %w", token, errKey)
	}
	p := &stripe.PaymentMethodDetachParams{}
	p.IdempotencyKey = stripe.String(key)
	return c.ask(ctx, "forget card "+token, func(ctx context.Context) error {
		_, err := c.api.V1PaymentMethods.Detach(ctx, token, p)
		return err
	})
}

// reference is what may be written on things at the processor: its search has a
// language of its own, with quotes.
var reference = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,200}$`)

var errKey = errors.New("no key, or no name that can be searched for")

func (r CheckoutRequest) check() error {
	if r.Key == "" || !reference.MatchString(r.PaymentID) {
		return errKey
	}
	if r.Amount <= 0 {
		return fmt.Errorf("amount %s", r.Amount)
	}
	return nil
}

func seconds(unix int64) money.Instant {
	if unix == 0 {
		return 0
	}
	return money.InstantOf(time.Unix(unix, 0))
}
