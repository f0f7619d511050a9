package sandbox

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/money"
	"marque/internal/rail"
)

// hurried is the lane's client with little time.
func (l *lane) hurried(t *testing.T) *rail.Cards {
	t.Helper()
	key, secret := l.p.Credentials()
	c, err := rail.NewCards(rail.CardConfig{Key: key, BaseURL: l.p.Address(), WebhookSecrets: []string{secret}, Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every trouble meets a charge. What the client says, what was charged by then,
// what a look finds, and what the same key gives when the trouble is over.
func TestWhateverTheTroubleAChargeIsMadeOnceAndFound(t *testing.T) {
	l := newLane(t)
	card := l.saved(t, "p-0", "4242424242424242")
	hurried := l.hurried(t)
	for how, c := range map[Trouble]struct {
		want  error
		times int   // charged when the answer is in, or is not
		again error // of the same key
	}{
		Slow:        {rail.ErrUnanswered, 0, nil}, // done or not when nobody listens any more: see below
		Busy:        {rail.ErrBusy, 0, nil},
		Broken:      {rail.ErrUnanswered, 0, nil},
		BrokenAfter: {rail.ErrUnanswered, 1, rail.ErrUnanswered}, // the first answer is given for ever
		Hanging:     {rail.ErrUnanswered, 1, nil},
		Dropping:    {rail.ErrUnanswered, 1, nil},
	} {
		id := "p-" + string(how)
		r := rail.ChargeRequest{Key: "charge-" + id, PaymentID: id, Amount: 45000, Customer: card.Customer, Method: card.Token, Description: "Autopay"}
		asked := money.InstantOf(time.Now())
		l.p.Misbehave(how, 1, 10*time.Second)
		_, err := hurried.Charge(t.Context(), r)
		if !errors.Is(err, c.want) || how != Slow && l.p.Charges()[id] != c.times {
			t.Errorf("%s: %v, charged %d times", how, err, l.p.Charges()[id])
		}
		l.p.Misbehave(Well, 0, 0)
		_, err = l.Look(t.Context(), rail.Ask{PaymentID: id, Customer: card.Customer, Since: asked})
		if how != Slow && errors.Is(err, rail.ErrNothing) != (c.times == 0) {
			t.Errorf("%s: a look: %v", how, err)
		}
		for range 3 {
			seen, err := l.Charge(t.Context(), r)
			if !errors.Is(err, c.again) || err == nil && (seen.State != rail.Charged || seen.PaymentID != id) {
				t.Errorf("%s: the same key: %+v, %v", how, seen, err)
			}
		}
		for _, by := range []rail.Ask{{PaymentID: id, Customer: card.Customer, Since: asked}, {PaymentID: id, Since: asked}} {
			if seen := l.look(t, by); seen.State != rail.Charged || seen.Charged != 45000 {
				t.Errorf("%s: in the end %+v", how, seen)
			}
		}
		if n := l.p.Charges()[id]; n != 1 {
			t.Errorf("%s: charged %d times", how, n)
		}
	}
}

func TestATroubleMeetsLooksToo(t *testing.T) {
	l := newLane(t)
	page := l.page(t, "p-1", false)
	for how, want := range map[Trouble]error{Busy: rail.ErrBusy, Broken: rail.ErrUnanswered} {
		l.p.Misbehave(how, 0, 0)
		if _, err := l.Look(t.Context(), rail.Ask{SessionID: page.ID}); !errors.Is(err, want) {
			t.Errorf("%s: %v", how, err)
		}
	}
	l.p.Misbehave(Well, 0, 0)
	for name, ask := range map[string]rail.Ask{
		"no such page":          {SessionID: "cs_test_none"},
		"no such charge":        {IntentID: "pi_test_none"},
		"no such payment":       {PaymentID: "p-9", Since: money.InstantOf(time.Now())},
		"a payment of somebody": {PaymentID: "p-1", Customer: "cus_test_none", Since: money.InstantOf(time.Now())},
	} {
		if _, err := l.Look(t.Context(), ask); !errors.Is(err, rail.ErrNothing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if seen := l.look(t, rail.Ask{PaymentID: "p-1", Since: money.InstantOf(time.Now())}); seen.SessionID != page.ID {
		t.Errorf("a page that nobody has paid on: %+v", seen)
	}
	if _, err := l.Look(t.Context(), rail.Ask{SessionID: page.ID, PaymentID: "p-2"}); !errors.Is(err, rail.ErrUnanswered) {
		t.Errorf("a page of another payment: %v", err)
	}
}

func TestOneKeyStandsForOneRequest(t *testing.T) {
	l := newLane(t)
	card := l.saved(t, "p-0", "4242424242424242")
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if seen, err := l.charge(t, "p-1", card); err != nil || seen.State != rail.Charged {
				t.Errorf("%+v, %v", seen, err)
			}
		})
	}
	wait.Wait()
	if n := l.p.Charges()["p-1"]; n != 1 {
		t.Errorf("50 at once charge %d times", n)
	}
	r := rail.ChargeRequest{Key: "charge-p-1", PaymentID: "p-1", Amount: 45001, Customer: card.Customer, Method: card.Token, Description: "Autopay"}
	if _, err := l.Charge(t.Context(), r); !errors.Is(err, rail.ErrKeyUsed) || l.p.Charges()["p-1"] != 1 {
		t.Errorf("the same key for another amount: %v", err)
	}
	stranger, err := rail.NewCards(rail.CardConfig{Key: "sk_test_of_somebody_else", BaseURL: l.p.Address(), Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Charge(t.Context(), r); !errors.Is(err, rail.ErrKey) {
		t.Errorf("a wrong key: %v", err)
	}
}

func TestALieAboutTheAmountIsSeen(t *testing.T) {
	l := newLane(t)
	card := l.saved(t, "p-0", "4242424242424242")
	l.p.Misbehave(LiesAmount, 0, 0)
	seen, err := l.charge(t, "p-1", card)
	if err != nil || seen.Amount != 45000 || seen.Charged != 45100 {
		t.Errorf("%+v, %v", seen, err)
	}
	if b := l.p.Book(); b[len(b)-1].Amount != 45000 {
		t.Errorf("the processor’s own book: %+v", b)
	}
}

func TestEventsArriveInEveryTroubleThatLetsThem(t *testing.T) {
	five := []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated", "checkout.session.completed"}
	backwards := slices.Clone(five)
	slices.Reverse(backwards)
	repeat := func(n int) (all []string) {
		for _, e := range five {
			all = append(all, slices.Repeat([]string{e}, n)...)
		}
		return all
	}
	strange := []string{}
	for _, e := range five {
		strange = append(strange, "moon.full", e)
	}
	for how, want := range map[Trouble][]string{Well: five, Never: nil, Twice: repeat(2), Hundredfold: repeat(100), Backwards: backwards, BeforeReply: five, Unknown: strange} {
		l := newLane(t)
		l.p.MisbehaveEvents(how)
		page := l.page(t, "p-1", false)
		fill(t, page.URL, typed("4242424242424242"))
		if how == BeforeReply {
			l.mu.Lock()
			if len(l.told) != 5 {
				t.Errorf("before the reply: %d events", len(l.told))
			}
			l.mu.Unlock()
		}
		if got := l.heard(t); !slices.Equal(got, want) || len(l.refused) > 0 {
			t.Errorf("%s: heard %v, refused %v", how, got, l.refused)
		}
		l.p.MisbehaveEvents(Well)
		all, err := l.Events(t.Context(), money.InstantOf(time.Now().Add(-time.Hour)))
		if err != nil || len(all) != 5 || all[4].Seen.State != rail.Charged {
			t.Errorf("%s: asked for, %d events, %v", how, len(all), err)
		}
		if how == Never {
			l.p.ResendAll()
			if got := l.heard(t); !slices.Equal(got, five) {
				t.Errorf("sent again: %v", got)
			}
		}
	}
}

func TestEventsThatCannotBeBelievedComeAgain(t *testing.T) {
	for how, want := range map[Trouble]error{Forged: rail.ErrSignature, Stale: rail.ErrStale} {
		l := newLane(t)
		l.p.MisbehaveEvents(how)
		fill(t, l.page(t, "p-1", false).URL, typed("4242424242424242"))
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			l.mu.Lock()
			n := len(l.refused)
			l.mu.Unlock()
			if n >= 5 {
				break
			}
		}
		l.p.MisbehaveEvents(Well)
		got := l.heard(t)
		slices.Sort(got)
		if len(slices.Compact(got)) != 5 || len(l.refused) < 5 {
			t.Errorf("%s: heard %v", how, got)
		}
		for _, err := range l.refused {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", how, err)
			}
		}
	}
}

// An event says that somebody has paid, and a look says that nobody has.
func TestALookFindsOutAnEventThatLies(t *testing.T) {
	l := newLane(t)
	l.p.MisbehaveEvents(LiesPaid)
	page := l.page(t, "p-1", false)
	if got := l.heard(t); len(got) != 2 || l.told[0].Seen.State != rail.Charged || l.told[1].Seen.PaymentID != "p-1" {
		t.Fatalf("heard %v", l.told)
	}
	if seen := l.look(t, rail.Ask{SessionID: page.ID}); seen.State != rail.Open || seen.Charged != 0 {
		t.Errorf("%+v", seen)
	}
	if _, err := l.Look(t.Context(), rail.Ask{IntentID: l.told[1].Seen.IntentID}); !errors.Is(err, rail.ErrNothing) {
		t.Errorf("the charge that never was: %v", err)
	}
}

func TestMoneyGoesBackToTheCard(t *testing.T) {
	l := newLane(t)
	seen := l.look(t, rail.Ask{SessionID: func() string {
		page := l.page(t, "p-1", false)
		fill(t, page.URL, typed("4242424242424242"))
		return page.ID
	}()})
	ask := func(key string, amount money.Cents) (rail.Refund, error) {
		return l.Refund(t.Context(), rail.RefundRequest{Key: key, IntentID: seen.IntentID, Amount: amount})
	}
	l.p.Misbehave(Dropping, 1, 0)
	if _, err := ask("r-1", 1000); !errors.Is(err, rail.ErrUnanswered) {
		t.Errorf("%v", err)
	}
	part, err := ask("r-1", 1000)
	if err != nil || part.State != rail.RefundDone || part.Amount != 1000 {
		t.Fatalf("%+v, %v", part, err)
	}
	if again, err := l.RefundState(t.Context(), part.ID); err != nil || again != part {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := ask("r-2", 44001); !isRefusal(err) {
		t.Errorf("more than is left: %v", err)
	}
	if _, err := ask("r-3", 44000); err != nil {
		t.Error(err)
	}
	var no *rail.Refusal
	if _, err := ask("r-4", 1); !errors.As(err, &no) || no.Code != "charge_already_refunded" {
		t.Errorf("nothing is left: %v", err)
	}
	if all, err := l.Refunds(t.Context(), seen.IntentID); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	if seen := l.look(t, rail.Ask{IntentID: seen.IntentID}); seen.State != rail.Charged || seen.Refunded != 45000 {
		t.Errorf("%+v", seen)
	}
	l.heard(t)
	if n := len(l.told); l.told[n-2].Refund.Amount != 44000 || l.told[n-2].About != rail.AboutRefund || l.told[n-1].Seen.Refunded != 45000 {
		t.Errorf("%+v", l.told[n-2:])
	}
}

func TestADisputeIsSeenAndDecided(t *testing.T) {
	for want, wins := range map[rail.DisputeState]bool{rail.DisputeWon: true, rail.DisputeLost: false} {
		l := newLane(t)
		card := l.saved(t, "p-0", "4242424242424242")
		seen, err := l.charge(t, "p-1", card)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.p.Dispute(seen.IntentID); err != nil {
			t.Fatal(err)
		}
		if got := l.look(t, rail.Ask{IntentID: seen.IntentID}); got.Dispute.State != rail.DisputeOpen || got.Dispute.Amount != 45000 || got.State != rail.Charged {
			t.Errorf("%+v", got)
		}
		if err := l.p.Dispute(seen.IntentID); err == nil {
			t.Error("disputed twice")
		}
		if _, err := l.Refund(t.Context(), rail.RefundRequest{Key: "r", IntentID: seen.IntentID, Amount: 1}); !isRefusal(err) {
			t.Errorf("refunded while it is disputed: %v", err)
		}
		if err := l.p.Decide(seen.IntentID, wins); err != nil {
			t.Fatal(err)
		}
		if got := l.look(t, rail.Ask{IntentID: seen.IntentID}); got.Dispute.State != want {
			t.Errorf("%+v", got)
		}
		l.heard(t)
		last := l.told[len(l.told)-1]
		if last.Type != "charge.dispute.closed" || last.Seen.Dispute.State != want || last.Seen.IntentID != seen.IntentID {
			t.Errorf("%+v", last)
		}
	}
}

func TestAPayoutAddsUpToWhatItContains(t *testing.T) {
	l := newLane(t)
	card := l.saved(t, "p-0", "4242424242424242")
	for i := range 120 { // more than a page of the list
		if _, err := l.charge(t, "p-"+strconv.Itoa(i+1), card); err != nil {
			t.Fatal(err)
		}
	}
	seen, err := l.charge(t, "p-1", card)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.refundSome(t, seen); err != nil {
		t.Fatal(err)
	}
	for day := cardDay; day < cardDay+2; day++ {
		if out, err := l.p.Morning(day); err != nil || out != nil {
			t.Errorf("%s: %+v, %v", day, out, err)
		}
	}
	if out, err := l.p.Morning(money.NewDate(2026, 3, 7)); err != nil || out != nil {
		t.Errorf("on a Saturday: %+v, %v", out, err)
	}
	out, err := l.p.Morning(cardDay + 2)
	if err != nil || out == nil {
		t.Fatalf("%+v, %v", out, err)
	}
	// 450.00 at 2.9 % and 0.30 is 13.35; 121 charges less a refund of 10.00.
	if want := 121*(money.Cents(45000)-1335) - 1000; out.Amount != want {
		t.Errorf("%s, want %s", out.Amount, want)
	}
	if twice, err := l.p.Morning(cardDay + 2); err != nil || twice != nil {
		t.Errorf("twice: %+v, %v", twice, err)
	}
	all, err := l.Payouts(t.Context(), cardDay, cardDay+2)
	if err != nil || len(all) != 1 || all[0] != (rail.Payout{ID: out.ID, Arrival: cardDay + 2, Amount: out.Amount, State: rail.PayoutPaid}) {
		t.Fatalf("%+v, %v", all, err)
	}
	if none, err := l.Payouts(t.Context(), cardDay, cardDay+1); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	lines, err := l.PayoutLines(t.Context(), out.ID)
	if err != nil || len(lines) != 122 || out.Lines != 122 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	var sum money.Cents
	kinds := map[rail.LineKind]int{}
	for _, line := range lines {
		sum += line.Net
		kinds[line.Kind]++
		if line.IntentID == "" || line.Kind == rail.LineCharge && line.PaymentID == "" || line.Net != line.Amount-line.Fee {
			t.Errorf("%+v", line)
		}
	}
	if sum != out.Amount || kinds[rail.LineCharge] != 121 || kinds[rail.LineRefund] != 1 {
		t.Errorf("%s, %v", sum, kinds)
	}
	if err := l.p.Dispute(seen.IntentID); err != nil {
		t.Fatal(err)
	}
	if out, err := l.p.PayOutNow(); err != nil || out != nil {
		t.Errorf("nothing but a dispute: %+v, %v", out, err)
	}
}

func TestTheOperatorSeesAndMakesTrouble(t *testing.T) {
	l := newLane(t)
	s := newStandWith(t, l.p)
	s.shows(t, "/sandbox/", "Charges, disputes, payouts")
	s.shows(t, "/sandbox/cards", "No charges yet", "has charged 0 cards")
	s.shows(t, "/sandbox/cards/events", "No events yet")
	page := l.page(t, "p-1", false)
	fill(t, page.URL, typed("4000000000000002"))
	fill(t, page.URL, typed("4242424242424242"))
	intent := l.look(t, rail.Ask{SessionID: page.ID}).IntentID
	do := func(path string, form url.Values) {
		t.Helper()
		if res, err := postForm(s.URL+path, form); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", path, res, err)
		}
	}
	s.shows(t, "/sandbox/cards", "Payment to Kestrane", "Visa ••4242", "Declined", "Charged", "$450.00", "has charged 1 card;")
	s.shows(t, "/sandbox/cards/"+intent, "Dispute it as the cardholder", "Refund it at the processor", "$13.35")
	for range 2 { // a double click
		do("/sandbox/cards/"+intent, url.Values{"do": {"dispute"}})
	}
	s.shows(t, "/sandbox/cards/"+intent, "Disputed", "Let the lender win")
	do("/sandbox/cards/"+intent, url.Values{"do": {"win"}})
	s.shows(t, "/sandbox/cards/"+intent, "Charged")
	do("/sandbox/cards", url.Values{"do": {"payout"}})
	s.shows(t, "/sandbox/cards", "Newest payouts", "$421.65") // 450.00 less 13.35 and the dispute’s 15.00
	l.heard(t)
	s.shows(t, "/sandbox/cards/events", "checkout.session.completed", "payout.paid", "taken")
	do("/sandbox/cards", url.Values{"do": {"trouble"}, "requests": {"busy"}, "events": {"never"}})
	s.shows(t, "/sandbox/cards", `value="busy" selected`, `value="never" selected`)
	if _, err := l.Look(t.Context(), rail.Ask{SessionID: page.ID}); !errors.Is(err, rail.ErrBusy) {
		t.Error(err)
	}
	do("/sandbox/cards", url.Values{"do": {"trouble"}, "requests": {""}, "events": {""}})
	do("/sandbox/cards", url.Values{"do": {"resend"}})
	other := l.page(t, "p-2", false)
	fill(t, other.URL, typed("4242424242424242"))
	intent = l.look(t, rail.Ask{SessionID: other.ID}).IntentID
	do("/sandbox/cards/"+intent, url.Values{"do": {"refund"}})
	s.shows(t, "/sandbox/cards/"+intent, "Refunded")
	if heard := l.heard(t); !slices.Contains(heard[len(heard)-8:], "charge.refunded") {
		t.Errorf("%v", heard)
	}
	res, err := http.Get(s.URL + "/sandbox/cards/pi_none")
	if err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("%v, %v", res, err)
	}
}

// The page may be shown before anybody has typed, and says where it leads.
func TestThePageSaysWhatItIs(t *testing.T) {
	l := newLane(t)
	page := l.page(t, "p-1", false)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, page.URL, nil)
	l.p.handler().ServeHTTP(w, r)
	for _, want := range []string{"$450.00", "Payment to Kestrane", processorName, "Never type a real card number", "https://kestrane.example/back", "4000 0027 6000 3184"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("does not say %q", want)
		}
	}
	if p := w.Header().Get("Content-Security-Policy"); !strings.Contains(p, "form-action 'self' https://kestrane.example;") || !strings.Contains(p, "default-src 'none'") {
		t.Errorf("policy %q", p)
	}
}
