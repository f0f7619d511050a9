package rail

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v84/webhook"

	"marque/internal/money"
)

const charged = `{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1772640000,"data":{"object":{"id":"pi_1","object":"payment_intent","status":"succeeded","currency":"usd","amount":45000,"amount_received":45000,"metadata":{"payment_id":"p-1","origin":"page"}}}}`

func sign(at time.Time, body, secret string) string {
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(webhook.ComputeSignature(at, []byte(body), secret)))
}

func TestOnlyTheProcessorIsBelieved(t *testing.T) {
	c := cards(t, "https://cards.example")
	now := time.Unix(1772640000, 0)
	good := sign(now, charged, secret)
	for name, row := range map[string]struct {
		header, body string
		want         error
	}{
		"signed":                        {good, charged, nil},
		"signed by the other secret":    {sign(now, charged, "whsec_the_one_that_comes"), charged, nil},
		"signed by both":                {good + ",v1=" + strings.Repeat("00", 32) + ",v0=x", charged, nil},
		"signed by somebody else":       {sign(now, charged, "whsec_of_somebody_else"), charged, ErrSignature},
		"one byte changed":              {good, strings.Replace(charged, "45000", "45001", 1), ErrSignature},
		"the time changed":              {strings.Replace(good, "t=1772640000", "t=1772640001", 1), charged, ErrSignature},
		"two times":                     {good + ",t=1772640000", charged, ErrSignature},
		"no time":                       {good[strings.Index(good, "v1"):], charged, ErrSignature},
		"the old scheme only":           {strings.Replace(good, "v1=", "v0=", 1), charged, ErrSignature},
		"an empty signature":            {"t=1772640000,v1=", charged, ErrSignature},
		"no header":                     {"", charged, ErrSignature},
		"five minutes old":              {sign(now.Add(-5*time.Minute), charged, secret), charged, nil},
		"five minutes and a second old": {sign(now.Add(-5*time.Minute-time.Second), charged, secret), charged, ErrStale},
		"five minutes ahead":            {sign(now.Add(5*time.Minute), charged, secret), charged, nil},
		"more than that ahead":          {sign(now.Add(5*time.Minute+time.Second), charged, secret), charged, ErrStale},
		"old and wrong":                 {sign(now.Add(-time.Hour), charged, "whsec_of_somebody_else"), charged, ErrSignature},
		"no event":                      {sign(now, "{}", secret), "{}", ErrUnreadable},
		"no JSON":                       {sign(now, "hello", secret), "hello", ErrUnreadable},
	} {
		e, err := c.Event(row.header, []byte(row.body), money.InstantOf(now))
		if !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
		if (e.ID == "evt_1") != (row.want == nil) {
			t.Errorf("%s: event %+v", name, e)
		}
	}
}

func TestWithoutASecretNothingIsSigned(t *testing.T) {
	c, err := NewCards(CardConfig{Key: "sk_test_123", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1772640000, 0)
	if _, err := c.Event(sign(now, charged, ""), []byte(charged), money.InstantOf(now)); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
}

func TestAnEventSaysWhatItIsAbout(t *testing.T) {
	c := cards(t, "https://cards.example")
	now := time.Unix(1772640000, 0)
	event := func(kind, object string) string {
		return fmt.Sprintf(`{"id":"evt_1","object":"event","type":%q,"created":1772640000,"data":{"object":%s}}`, kind, object)
	}
	const page = `"client_reference_id":"p-1","metadata":{"payment_id":"p-1"},"currency":"usd","amount_total":45000,"mode":"payment","payment_intent":"pi_1","id":"cs_1"`
	for name, row := range map[string]struct {
		body  string
		about EventKind
		want  Seen
	}{
		"charged":              {charged, AboutCharge, Seen{PaymentID: "p-1", IntentID: "pi_1", State: Charged, Amount: 45000, Charged: 45000}},
		"paid on the page":     {event("checkout.session.completed", `{"status":"complete","payment_status":"paid",`+page+`}`), AboutPage, Seen{PaymentID: "p-1", SessionID: "cs_1", IntentID: "pi_1", State: Charged, Amount: 45000, Charged: 45000}},
		"the page ran out":     {event("checkout.session.expired", `{"status":"expired","payment_status":"unpaid",`+page+`}`), AboutPage, Seen{PaymentID: "p-1", SessionID: "cs_1", IntentID: "pi_1", State: Expired, Amount: 45000}},
		"declined on the page": {event("payment_intent.payment_failed", `{"id":"pi_1","status":"requires_payment_method","currency":"usd","amount":45000,"metadata":{"payment_id":"p-1","origin":"page"},"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}}`), AboutCharge, Seen{PaymentID: "p-1", IntentID: "pi_1", State: Open, Amount: 45000, Decline: "insufficient_funds", Reason: DeclineReason("insufficient_funds")}},
		"declined by itself":   {event("payment_intent.payment_failed", `{"id":"pi_1","status":"requires_payment_method","currency":"usd","amount":45000,"metadata":{"payment_id":"p-1","origin":"saved_card"},"last_payment_error":{"type":"card_error","code":"expired_card"}}`), AboutCharge, Seen{PaymentID: "p-1", IntentID: "pi_1", State: Failed, Amount: 45000, Decline: "expired_card", Reason: DeclineReason("expired_card")}},
		"refunded in part":     {event("charge.refunded", `{"id":"ch_1","status":"succeeded","captured":true,"currency":"usd","amount":45000,"amount_captured":45000,"amount_refunded":1000,"created":1772640000,"payment_intent":"pi_1","metadata":{"payment_id":"p-1"}}`), AboutCharge, Seen{PaymentID: "p-1", IntentID: "pi_1", State: Charged, Amount: 45000, Charged: 45000, Refunded: 1000, ChargedAt: money.InstantOf(now)}},
		"disputed":             {event("charge.dispute.created", `{"id":"dp_1","status":"needs_response","currency":"usd","amount":45000,"reason":"fraudulent","charge":"ch_1","payment_intent":"pi_1"}`), AboutDispute, Seen{IntentID: "pi_1", Dispute: Dispute{ID: "dp_1", State: DisputeOpen, Amount: 45000, Code: "fraudulent"}}},
		"a dispute lost":       {event("charge.dispute.closed", `{"id":"dp_1","status":"lost","currency":"usd","amount":45000,"reason":"fraudulent","charge":"ch_1","payment_intent":"pi_1"}`), AboutDispute, Seen{IntentID: "pi_1", Dispute: Dispute{ID: "dp_1", State: DisputeLost, Amount: 45000, Code: "fraudulent"}}},
		"a question":           {event("charge.dispute.created", `{"id":"dp_1","status":"warning_needs_response","currency":"usd","amount":45000,"payment_intent":"pi_1"}`), AboutDispute, Seen{IntentID: "pi_1", Dispute: Dispute{ID: "dp_1", State: DisputeInquiry, Amount: 45000}}},
		"something new":        {event("moon.full", `{"id":"moon_1"}`), AboutNothing, Seen{}},
		"something of others":  {event("customer.created", `{"id":"cus_1"}`), AboutNothing, Seen{}},
	} {
		e, err := c.Event(sign(now, row.body, secret), []byte(row.body), money.InstantOf(now))
		if err != nil || e.ID != "evt_1" || e.About != row.about || e.Seen != row.want || e.Created != money.InstantOf(now) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, e, row.want)
		}
	}
	for name, body := range map[string]string{
		"another currency":    event("payment_intent.succeeded", `{"id":"pi_1","status":"succeeded","currency":"eur","amount":1}`),
		"no object":           `{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}`,
		"two payments":        event("checkout.session.completed", `{"id":"cs_1","status":"complete","payment_status":"paid","client_reference_id":"p-1","metadata":{"payment_id":"p-2"},"currency":"usd"}`),
		"a number for a word": event("refund.updated", `{"id":1}`),
	} {
		e, err := c.Event(sign(now, body, secret), []byte(body), money.InstantOf(now))
		if !errors.Is(err, ErrUnreadable) || e.ID != "evt_1" || e.About != AboutNothing {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func FuzzEvent(f *testing.F) {
	f.Add("t=1772640000,v1=00", charged)
	c, err := NewCards(CardConfig{Key: "sk_test_123", WebhookSecrets: []string{secret}, Timeout: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	now := time.Unix(1772640000, 0)
	f.Fuzz(func(t *testing.T, header, body string) {
		if _, err := c.Event(header, []byte(body), money.InstantOf(now)); err == nil {
			t.Error("taken without its signature")
		}
		e, err := c.Event(sign(now, body, secret), []byte(body), money.InstantOf(now))
		if err == nil && e.ID == "" {
			t.Error("an event without a name")
		}
	})
}
