package sandbox

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/money"
	"marque/internal/rail"
)

// lane is a lender's client and the processor it talks with, and what the lender
// has been told.
type lane struct {
	*rail.Cards
	p    *Processor
	dir  string
	hook *httptest.Server
	ends money.Instant // of pages: the same inputs for the same key

	mu      sync.Mutex
	told    []rail.Event
	refused []error
}

var cardDay = money.NewDate(2026, 3, 4)

func newLane(t *testing.T) *lane {
	t.Helper()
	l := &lane{dir: t.TempDir(), ends: money.InstantOf(time.Now().Add(time.Hour))}
	l.hook = httptest.NewServer(http.HandlerFunc(l.listen))
	l.open(t)
	t.Cleanup(func() {
		if err := l.p.Close(); err != nil {
			t.Error(err)
		}
		l.hook.Close()
	})
	return l
}

func (l *lane) open(t *testing.T) {
	t.Helper()
	p, err := OpenProcessor(ProcessorConfig{Dir: l.dir, Today: func() money.Date { return cardDay }})
	if err != nil {
		t.Fatal(err)
	}
	key, secret := p.Credentials()
	c, err := rail.NewCards(rail.CardConfig{Key: key, BaseURL: p.Address(), WebhookSecrets: []string{secret}, Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	l.p, l.Cards = p, c
	l.mu.Unlock()
	p.SendEventsTo(l.hook.URL)
}

func (l *lane) listen(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	var e rail.Event
	if err == nil {
		e, err = l.Event(r.Header.Get("Stripe-Signature"), body, money.InstantOf(time.Now()))
	}
	if err != nil {
		l.refused = append(l.refused, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	l.told = append(l.told, e)
}

// heard waits until every event has arrived, and lists the types.
func (l *lane) heard(t *testing.T) (types []string) {
	t.Helper()
	if err := l.p.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.told {
		types = append(types, e.Type)
	}
	return types
}

func (l *lane) page(t *testing.T, id string, save bool) rail.Checkout {
	t.Helper()
	out, err := l.Checkout(t.Context(), rail.CheckoutRequest{Key: "page-" + id, PaymentID: id, Amount: 45000, Description: "Payment to Kestrane",
		SuccessURL: "https://kestrane.example/done?page={CHECKOUT_SESSION_ID}", CancelURL: "https://kestrane.example/back", ExpiresAt: l.ends, SaveCard: save})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// typed is what somebody fills in on the page.
func typed(number string) url.Values {
	return url.Values{"number": {number}, "expiry": {"04 / 40"}, "code": {"123"}, "zip": {"00501"}}
}

var still = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// fill sends the form of a page, and gives the status, where it leads and what it says.
func fill(t *testing.T, address string, form url.Values) (int, string, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := still.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(body)
}

func (l *lane) look(t *testing.T, a rail.Ask) rail.Seen {
	t.Helper()
	seen, err := l.Look(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// saved is a card that a customer has saved by paying with it.
func (l *lane) saved(t *testing.T, id, number string) rail.Card {
	t.Helper()
	page := l.page(t, id, true)
	if status, to, _ := fill(t, page.URL, typed(number)); status != http.StatusSeeOther || strings.Contains(to, "/check") {
		t.Fatalf("%d to %s", status, to)
	}
	card := l.look(t, rail.Ask{SessionID: page.ID}).Card
	if card.Token == "" || card.Customer == "" {
		t.Fatalf("card %+v", card)
	}
	return card
}

func (l *lane) charge(t *testing.T, id string, card rail.Card) (rail.Seen, error) {
	t.Helper()
	return l.Charge(t.Context(), rail.ChargeRequest{Key: "charge-" + id, PaymentID: id, Amount: 45000, Customer: card.Customer, Method: card.Token, Description: "Autopay"})
}

func TestAPaymentOnThePageChargesTheCardOnce(t *testing.T) {
	l := newLane(t)
	page := l.page(t, "p-1", false)
	if again := l.page(t, "p-1", false); again != page {
		t.Errorf("the same key gives another page: %+v, %+v", page, again)
	}
	if seen := l.look(t, rail.Ask{SessionID: page.ID, PaymentID: "p-1"}); seen.State != rail.Open || seen.Amount != 45000 || seen.Charged != 0 {
		t.Errorf("before: %+v", seen)
	}
	var wait sync.WaitGroup
	for range 20 { // an impatient finger
		wait.Go(func() {
			if status, to, _ := fill(t, page.URL, typed("4242 4242 4242 4242")); status != http.StatusSeeOther || to != "https://kestrane.example/done?page="+page.ID {
				t.Errorf("%d to %q", status, to)
			}
		})
	}
	wait.Wait()
	seen := l.look(t, rail.Ask{SessionID: page.ID, PaymentID: "p-1"})
	if seen.State != rail.Charged || seen.Amount != 45000 || seen.Charged != 45000 || seen.ChargedAt == 0 || seen.IntentID == "" ||
		seen.Card.Brand != "visa" || seen.Card.Last4 != "4242" || seen.Card.Funding != "credit" || seen.Card.ExpMonth != 4 || seen.Card.ExpYear != 2040 {
		t.Errorf("after: %+v", seen)
	}
	if n := l.p.Charges()["p-1"]; n != 1 {
		t.Errorf("charged %d times", n)
	}
	if found := l.look(t, rail.Ask{PaymentID: "p-1", Since: seen.ChargedAt}); found.IntentID != seen.IntentID || found.State != rail.Charged {
		t.Errorf("found by our own name: %+v", found)
	}
	want := []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated", "checkout.session.completed"}
	if got := l.heard(t); !slices.Equal(got, want) || len(l.refused) != 0 {
		t.Errorf("heard %v, refused %v", got, l.refused)
	}
	for _, e := range l.told {
		if e.Seen.PaymentID != "p-1" || e.Type != "payment_intent.created" && e.Seen.State != rail.Charged {
			t.Errorf("%s: %+v", e.Type, e.Seen)
		}
	}
	if err := l.CloseCheckout(t.Context(), "close-1", page.ID); !isRefusal(err) {
		t.Errorf("a page that was paid on is closed: %v", err)
	}
}

// Two forms that were both let in while the page was open.
func TestTwoFormsAtOnceChargeOnce(t *testing.T) {
	l := newLane(t)
	v := newPayView(l.p.findPage(l.page(t, "p-1", false).ID))
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(typed("4242424242424242").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	card, ok := v.read(r, time.Now())
	if !ok {
		t.Fatal("not read")
	}
	for range 2 {
		w := httptest.NewRecorder()
		l.p.settle(w, r, v, func(s *payPage) string { return l.p.take(s, card) })
		if w.Code != http.StatusSeeOther {
			t.Errorf("%d", w.Code)
		}
	}
	if n := l.p.Charges()["p-1"]; n != 1 {
		t.Errorf("charged %d times", n)
	}
}

func isRefusal(err error) bool {
	var r *rail.Refusal
	return errors.As(err, &r)
}

func TestADeclinedCardCanBeReplacedOnThePage(t *testing.T) {
	l := newLane(t)
	for number, want := range map[string]string{"4000000000000002": "generic_decline", "4000 0000 0000 9995": "insufficient_funds", "4000-0000-0000-0069": "expired_card", "4000000000000127": "incorrect_cvc", "4000000000009979": "stolen_card"} {
		id := "p-" + want
		page := l.page(t, id, false)
		if status, _, body := fill(t, page.URL, typed(number)); status != http.StatusPaymentRequired || !strings.Contains(body, "The card was not charged") {
			t.Fatalf("%s: %d %s", want, status, body)
		}
		seen := l.look(t, rail.Ask{SessionID: page.ID})
		if seen.State != rail.Open || seen.Decline != want || seen.Reason != rail.DeclineReason(want) || seen.Charged != 0 || l.p.Charges()[id] != 0 {
			t.Errorf("%s: %+v", want, seen)
		}
		if status, _, _ := fill(t, page.URL, typed("4000056655665556")); status != http.StatusSeeOther {
			t.Errorf("%s, then another card: %d", want, status)
		}
		if seen = l.look(t, rail.Ask{IntentID: seen.IntentID}); seen.State != rail.Charged || seen.Decline != "" || seen.Card.Funding != "debit" || l.p.Charges()[id] != 1 {
			t.Errorf("%s, then another card: %+v", want, seen)
		}
	}
}

func TestWhatIsTypedWronglyIsSaidBesideItsField(t *testing.T) {
	l := newLane(t)
	page := l.page(t, "p-1", false)
	for name, c := range map[string]struct{ field, value, says string }{
		"no number":        {"number", "", "Type a card number"},
		"a wrong digit":    {"number", "4242424242424241", "a digit is different"},
		"not a test card":  {"number", "4111111111111111", "not a test card"},
		"no date":          {"expiry", "", "Type the month and the year"},
		"a 13th month":     {"expiry", "13 / 40", "Type the month and the year"},
		"a date long past": {"expiry", "01/20", "This date has passed"},
		"two digits":       {"code", "12", "Type 3 digits"},
		"letters":          {"zip", "abcde", "Type 5 digits"},
	} {
		form := typed("4242424242424242")
		form.Set(c.field, c.value)
		status, _, body := fill(t, page.URL, form)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, c.says) || strings.Count(body, `aria-invalid="true"`) != 1 {
			t.Errorf("%s: %d", name, status)
		}
		if strings.Contains(body, "4111111111111111") || strings.Contains(body, `value="123"`) {
			t.Errorf("%s: what was typed is shown again", name)
		}
	}
	if l.p.Charges()["p-1"] != 0 {
		t.Error("charged")
	}
	r, err := http.NewRequest(http.MethodPost, page.URL, strings.NewReader(typed("4242424242424242").Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, err := still.Do(r); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %v, %v", res, err)
	}
}

func TestABankCanAskWhetherItIsThem(t *testing.T) {
	for answer, want := range map[string]rail.ChargeState{"yes": rail.Charged, "no": rail.Open} {
		l := newLane(t)
		page := l.page(t, "p-1", true)
		status, to, _ := fill(t, page.URL, typed("4000002760003184"))
		if status != http.StatusSeeOther || !strings.HasSuffix(to, "/check") || l.p.Charges()["p-1"] != 0 {
			t.Fatalf("%d to %s", status, to)
		}
		for range 2 { // a double click
			fill(t, l.p.Address()+to, url.Values{"answer": {answer}})
		}
		seen := l.look(t, rail.Ask{SessionID: page.ID})
		if seen.State != want || (l.p.Charges()["p-1"] == 1) != (want == rail.Charged) {
			t.Errorf("%s: %+v", answer, seen)
		}
		if want != rail.Charged {
			continue
		}
		var no *rail.Refusal
		if _, err := l.charge(t, "p-2", seen.Card); !errors.As(err, &no) || no.Code != "authentication_required" || no.IntentID == "" {
			t.Errorf("charged while they are away: %v", err)
		}
	}
}

func TestASavedCardIsChargedAndForgotten(t *testing.T) {
	l := newLane(t)
	card := l.saved(t, "p-1", "5555555555554444")
	seen, err := l.charge(t, "p-2", card)
	if err != nil || seen.State != rail.Charged || seen.Charged != 45000 || seen.PaymentID != "p-2" || seen.Card.Last4 != "4444" || seen.ChargedAt == 0 {
		t.Fatalf("%+v, %v", seen, err)
	}
	if err := l.ForgetCard(t.Context(), "forget-1", card.Token); err != nil {
		t.Fatal(err)
	}
	if _, err := l.charge(t, "p-3", card); !isRefusal(err) || l.p.Charges()["p-3"] != 0 {
		t.Errorf("a forgotten card: %v", err)
	}
	late := l.saved(t, "p-4", "4000000000000341")
	var no *rail.Refusal
	for range 2 { // the answer stays the same
		if _, err := l.charge(t, "p-5", late); !errors.As(err, &no) || no.Code != "generic_decline" || no.Reason == "" {
			t.Errorf("declined later: %v", err)
		}
	}
	if seen := l.look(t, rail.Ask{IntentID: no.IntentID}); seen.State != rail.Failed || seen.Decline != "generic_decline" || seen.PaymentID != "p-5" {
		t.Errorf("declined later: %+v", seen)
	}
}

func TestACardIsSavedWithoutPaying(t *testing.T) {
	l := newLane(t)
	r := rail.SetupRequest{Key: "setup-1", Reference: "m-1", SuccessURL: "https://kestrane.example/done", CancelURL: "https://kestrane.example/back", ExpiresAt: money.InstantOf(time.Now().Add(time.Hour))}
	page, err := l.SetupCard(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := fill(t, page.URL, typed("4000000000009995")); status != http.StatusPaymentRequired {
		t.Errorf("a card that does not work: %d", status)
	}
	if status, _, _ := fill(t, page.URL, typed("4000056655665556")); status != http.StatusSeeOther {
		t.Fatalf("%d", status)
	}
	seen := l.look(t, rail.Ask{SessionID: page.ID, PaymentID: "m-1"})
	if seen.State != rail.Saved || seen.Charged != 0 || seen.Card.Funding != "debit" || seen.Card.Token == "" || seen.Card.Customer == "" || len(l.p.Charges()) != 0 {
		t.Fatalf("%+v", seen)
	}
	if got, err := l.charge(t, "p-1", seen.Card); err != nil || got.State != rail.Charged {
		t.Errorf("%+v, %v", got, err)
	}
	r.Key, r.Customer = "setup-2", seen.Card.Customer // another card of the same person
	if again, err := l.SetupCard(t.Context(), r); err != nil || again.Customer != seen.Card.Customer {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestAClosedOrLatePageCannotBePaidOn(t *testing.T) {
	l := newLane(t)
	page := l.page(t, "p-1", false)
	fill(t, page.URL, typed("4000000000000002"))
	for range 2 { // the same key
		if err := l.CloseCheckout(t.Context(), "close-1", page.ID); err != nil {
			t.Fatal(err)
		}
	}
	late := l.page(t, "p-2", false)
	l.p.mu.Lock()
	l.p.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	l.p.mu.Unlock()
	for id, page := range map[string]rail.Checkout{"p-1": page, "p-2": late} {
		if status, _, body := fill(t, page.URL, typed("4242424242424242")); status != http.StatusConflict || !strings.Contains(body, "This page has closed") {
			t.Errorf("%s: %d", id, status)
		}
		if seen := l.look(t, rail.Ask{SessionID: page.ID}); seen.State != rail.Expired || l.p.Charges()[id] != 0 {
			t.Errorf("%s: %+v", id, seen)
		}
	}
}

func TestTheProcessorKnowsItsBooksWhenItIsOpenedAgain(t *testing.T) {
	l := newLane(t)
	card := l.saved(t, "p-1", "4242424242424242")
	first, err := l.charge(t, "p-2", card)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.refundSome(t, first); err != nil {
		t.Fatal(err)
	}
	before := l.p.Book()
	l.heard(t)
	if err := l.p.Close(); err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(l.dir, "journal.jsonl")
	f, err := os.OpenFile(journal, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"kind":"charge","value":{"id":"ch_cut`); err != nil { // killed while it wrote
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	l.open(t)
	if after := l.p.Book(); !slices.Equal(before, after) || len(after) != 2 || after[1].Refunded != 1000 {
		t.Errorf("\n%+v\n%+v", before, after)
	}
	again, err := l.charge(t, "p-2", card)
	if err != nil || again != first || l.p.Charges()["p-2"] != 1 {
		t.Errorf("the same key: %+v, %v", again, err)
	}
}

// refundSome refunds a little of a charge, so that there is a change to remember.
func (l *lane) refundSome(t *testing.T, seen rail.Seen) error {
	t.Helper()
	_, err := l.Refund(t.Context(), rail.RefundRequest{Key: "refund-" + seen.PaymentID, IntentID: seen.IntentID, Amount: 1000})
	return err
}

// A number that is typed goes nowhere: not to disk, nor into an answer or event.
func TestNoCardNumberIsKept(t *testing.T) {
	l := newLane(t)
	for i, c := range testCards {
		page := l.page(t, "p-"+string(rune('a'+i)), true)
		fill(t, page.URL, typed(c.Number))
	}
	fill(t, l.page(t, "p-z", true).URL, typed("4111111111111111"))
	l.heard(t)
	err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, number := range []string{"4111111111111111", "4242424242424242", "4242 4242 4242 4242", "5555555555554444", "4000000000009995"} {
			if strings.Contains(string(content), number) {
				t.Errorf("%s holds %s", path, number)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
