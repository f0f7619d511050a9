package rail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/money"
)

// officialMock builds and starts Stripe's own mock server, which checks every
// request against Stripe's published description of its interface. It has a
// module of its own, so that what it needs is not ours.
func officialMock(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "stripe-mock")
	build := exec.Command("go", "build", "-o", program, "github.com/stripe/stripe-mock")
	build.Dir = "stripemock"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build stripe-mock: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	mock := exec.Command(program, "-http-addr", address, "-strict-version-check=false")
	out, err := mock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := mock.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = mock.Process.Kill() // it ends in no other way
		_ = mock.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Listening") {
			break
		}
	}
	go func() {
		for lines.Scan() { // so that it can go on writing
			_ = lines.Text()
		}
	}()
	return "http://" + address
}

func cards(t *testing.T, base string) *Cards {
	t.Helper()
	c, err := NewCards(CardConfig{Key: "sk_test_123", BaseURL: base, WebhookSecrets: []string{secret, "whsec_the_one_that_comes"}, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const secret = "whsec_the_one_that_goes"

// The mock answers with examples of its own, so that only the shapes of requests
// and answers are proven here; what they mean is proven against the sandbox.
func TestStripesOwnMockTakesEveryRequest(t *testing.T) {
	base := officialMock(t)
	c := cards(t, base)
	ctx := t.Context()
	soon := money.InstantOf(time.Now().Add(time.Hour))
	for _, row := range []struct {
		name  string
		ask   func() error
		finds string // what we say to the mock's example, where it is not one we would believe
	}{
		{"a page to pay on", func() error {
			_, err := c.Checkout(ctx, CheckoutRequest{Key: "k1", PaymentID: "p-1", Amount: 45000, Description: "Payment for contract 1001", SuccessURL: "https://pay.example/done?page={CHECKOUT_SESSION_ID}", CancelURL: "https://pay.example/back", ExpiresAt: soon, SaveCard: true})
			return err
		}, ""},
		{"a page to pay on, for somebody known", func() error {
			_, err := c.Checkout(ctx, CheckoutRequest{Key: "k2", PaymentID: "p-2", Amount: 100, Customer: "cus_1", Description: "Payment", SuccessURL: "https://pay.example/done", CancelURL: "https://pay.example/back", ExpiresAt: soon})
			return err
		}, ""},
		{"a page to save a card on", func() error {
			_, err := c.SetupCard(ctx, SetupRequest{Key: "k3", Reference: "m-1", SuccessURL: "https://pay.example/done", CancelURL: "https://pay.example/back", ExpiresAt: soon})
			return err
		}, ""},
		{"a charge", func() error {
			_, err := c.Charge(ctx, ChargeRequest{Key: "k4", PaymentID: "p-3", Amount: 45000, Customer: "cus_1", Method: "pm_1", Description: "Autopay"})
			return err
		}, "about another payment"},
		{"a page that is closed", func() error { return c.CloseCheckout(ctx, "k5", "cs_1") }, "not closed"},
		{"a card that is removed", func() error { return c.ForgetCard(ctx, "k6", "pm_1") }, ""},
		{"a look at a page", func() error { _, err := c.Look(ctx, Ask{SessionID: "cs_1"}); return err }, "another currency"},
		{"a look at a charge", func() error { _, err := c.Look(ctx, Ask{IntentID: "pi_1"}); return err }, ""},
		{"a search", func() error { _, err := c.Look(ctx, Ask{PaymentID: "p-4", Since: soon}); return err }, "has nothing of it"},
		{"a search among theirs", func() error { _, err := c.Look(ctx, Ask{PaymentID: "p-4", Customer: "cus_1", Since: soon}); return err }, "has nothing of it"},
		{"a refund", func() error {
			_, err := c.Refund(ctx, RefundRequest{Key: "k7", IntentID: "pi_1", Amount: 100})
			return err
		}, ""},
		{"a look at a refund", func() error { _, err := c.RefundState(ctx, "re_1"); return err }, ""},
		{"a list of refunds", func() error { _, err := c.Refunds(ctx, "pi_1"); return err }, ""},
		{"payouts", func() error {
			_, err := c.Payouts(ctx, money.NewDate(2026, 3, 2), money.NewDate(2026, 3, 6))
			return err
		}, ""},
		{"what a payout contains", func() error { _, err := c.PayoutLines(ctx, "po_1"); return err }, ""},
		{"events", func() error { _, err := c.Events(ctx, soon); return err }, ""},
	} {
		err := row.ask()
		var refused *Refusal
		if errors.As(err, &refused) || (err == nil) != (row.finds == "") || err != nil && !strings.Contains(err.Error(), row.finds) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	res, err := http.Post(base+"/v1/refunds", "application/x-www-form-urlencoded", strings.NewReader("no_such_field=1"))
	if err != nil || res.StatusCode < 400 {
		t.Errorf("the mock takes anything: %v, %v", res, err)
	}
}

// A processor that answers badly.
func TestWhatIsKnownAfterABadAnswer(t *testing.T) {
	errorOf := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, status) }
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"no answer":      {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ErrUnanswered},
		"a dropped line": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ErrUnanswered},
		"an answer cut short": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "900")
			_, _ = w.Write([]byte(`{"id":"pi_1"`))
		}, ErrUnanswered},
		"no JSON":         {errorOf(200, "<h1>Welcome</h1>"), ErrUnanswered},
		"an empty object": {errorOf(200, "{}"), ErrUnanswered},
		"an endless answer": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(endless{}, longestAnswer+1))
		}, ErrUnanswered},
		"another payment":             {errorOf(200, `{"id":"pi_1","object":"payment_intent","status":"succeeded","currency":"usd","amount":100,"metadata":{"payment_id":"p-9"}}`), ErrUnanswered},
		"another currency":            {errorOf(200, `{"id":"pi_1","object":"payment_intent","status":"succeeded","currency":"jpy","amount":100,"metadata":{"payment_id":"p-1"}}`), ErrUnanswered},
		"a state nobody knows":        {errorOf(200, `{"id":"pi_1","object":"payment_intent","status":"dreaming","currency":"usd","amount":100,"metadata":{"payment_id":"p-1"}}`), ErrUnanswered},
		"500":                         {errorOf(500, `{"error":{"type":"api_error","message":"card 4242424242424242"}}`), ErrUnanswered},
		"502 of something between":    {errorOf(502, "<h1>Bad gateway</h1>"), ErrUnanswered},
		"409, the first is under way": {errorOf(409, `{"error":{"type":"idempotency_error"}}`), ErrUnanswered},
		"somewhere else": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		}, ErrUnanswered},
		"429":                       {errorOf(429, `{"error":{"type":"invalid_request_error","code":"rate_limit"}}`), ErrBusy},
		"429 of something between":  {errorOf(429, "slow down"), ErrBusy},
		"401":                       {errorOf(401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_live_***"}}`), ErrKey},
		"403":                       {errorOf(403, `{"error":{"type":"invalid_request_error"}}`), ErrKey},
		"the key with other inputs": {errorOf(400, `{"error":{"type":"idempotency_error"}}`), ErrKeyUsed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := atomic.Int64{}
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if h := r.Header; h.Get("X-Stripe-Client-User-Agent") != "" || h.Get("X-Stripe-Client-Telemetry") != "" || h.Get("Idempotency-Key") != "k1" {
					t.Errorf("headers %v", h)
				}
				_, _ = io.Copy(io.Discard, r.Body)
				c.answer(w, r)
			}))
			defer s.Close()
			p, err := NewCards(CardConfig{Key: "sk_test_123", BaseURL: s.URL, Timeout: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Charge(t.Context(), ChargeRequest{Key: "k1", PaymentID: "p-1", Amount: 100, Customer: "cus_1", Method: "pm_1"})
			if !errors.Is(err, c.want) || asked.Load() != 1 {
				t.Errorf("%v after %d requests, want %v after one", err, asked.Load(), c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "4242") || strings.Contains(err.Error(), "sk_live") || strings.Contains(err.Error(), "h1")) {
				t.Errorf("the error repeats the answer: %v", err)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Nobody listens there: it has certainly not happened.
func TestAnUnreachableProcessorHasDoneNothing(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	c := cards(t, s.URL)
	_, err := c.Charge(t.Context(), ChargeRequest{Key: "k1", PaymentID: "p-1", Amount: 100, Customer: "cus_1", Method: "pm_1"})
	if !errors.Is(err, ErrBusy) || errors.Is(err, ErrUnanswered) {
		t.Error(err)
	}
}

// A connection that was kept open and ends with the request is not replaced by a
// second request, as Go does by itself where a request has an idempotency key.
func TestARequestIsNotSentTwiceByTheTransport(t *testing.T) {
	asked := atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if asked.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(`{"id":"pi_1","object":"payment_intent","status":"succeeded","currency":"usd","amount":100,"metadata":{"payment_id":"p-1"}}`))
	}))
	defer s.Close()
	c := cards(t, s.URL)
	r := ChargeRequest{Key: "k1", PaymentID: "p-1", Amount: 100, Customer: "cus_1", Method: "pm_1"}
	if _, err := c.Charge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Charge(t.Context(), r); !errors.Is(err, ErrUnanswered) || asked.Load() != 2 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

func TestADeclineIsToldInPlainWords(t *testing.T) {
	for code, want := range map[string]string{"insufficient_funds": "not have enough money", "expired_card": "expired", "stolen_card": "bank said no", "fraudulent": "bank said no", "some_new_code": "bank said no", "authentication_required": "check that it is you"} {
		if got := DeclineReason(code); !strings.Contains(got, want) || !strings.HasSuffix(got, ".") {
			t.Errorf("%s: %q", code, got)
		}
	}
}

func TestSettingsThatCannotBeRightAreRefused(t *testing.T) {
	ok := CardConfig{Key: "sk_test_123", Timeout: time.Second}
	for name, bad := range map[string]func(*CardConfig){
		"no key":            func(c *CardConfig) { c.Key = "" },
		"no time":           func(c *CardConfig) { c.Timeout = 0 },
		"no encryption":     func(c *CardConfig) { c.BaseURL = "http://cards.example" },
		"no address":        func(c *CardConfig) { c.BaseURL = "cards.example" },
		"a secret to guess": func(c *CardConfig) { c.WebhookSecrets = []string{"whsec"} },
	} {
		c := ok
		bad(&c)
		if _, err := NewCards(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if s := fmt.Sprintf("%v %+v", ok, ok); strings.Contains(s, "sk_test") {
		t.Errorf("a log would show %s", s)
	}
}
