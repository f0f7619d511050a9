package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/pgtest"
	"marque/internal/rail"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// till is two of the lender's processes over one database, with the sandbox's
// processor of cards outside, and time in the test's hands.
type till struct {
	testing.TB
	services  []*servicing.Service
	workers   []*cycle.Cards
	runner    *cycle.Runner
	processor *sandbox.Processor
	hook      *httptest.Server
	raw       *sql.DB
	log       *syncBuffer
	ahead     atomic.Int64 // of the machine's clock
	contract  servicing.ContractID
	payer     identity.Actor
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (l *till) clock() money.Instant {
	return money.InstantOf(time.Now().Add(time.Duration(l.ahead.Load())))
}

func (l *till) pass(d time.Duration) { l.ahead.Add(int64(d)) }

func (l *till) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

var tillLender = billing.Lender{Name: "Kestrane Motor Finance", ShortName: "KESTRANE", ODFI: "004000006", OriginID: "9000000001"}

func openTill(t testing.TB, database string) *till {
	t.Helper()
	l := &till{TB: t, log: &syncBuffer{}}
	address, driver := filepath.Join(t.TempDir(), "marque.db"), "sqlite"
	if database == "postgres" {
		address, driver = pgtest.URL(t), "pgx"
	}
	keys, err := store.LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	l.must(err)
	log := slog.New(slog.NewTextHandler(l.log, nil))
	today := func() money.Date {
		day, err := l.services[0].Today(context.Background())
		l.must(err)
		return day
	}
	l.processor, err = sandbox.OpenProcessor(sandbox.ProcessorConfig{Dir: t.TempDir(), Today: today, Now: func() time.Time { return l.clock().Time() }})
	l.must(err)
	t.Cleanup(func() { l.must(l.processor.Close()) })
	key, secret := l.processor.Credentials()
	for i := range 2 {
		db, err := store.Open(t.Context(), address, keys)
		l.must(err)
		t.Cleanup(func() { l.must(db.Close()) })
		if i == 0 {
			l.must(db.Migrate(t.Context()))
		}
		rules := servicing.DefaultRules
		rules.Cards.On = true
		svc := servicing.New(db, tillLender, rules, l.clock)
		client, err := rail.NewCards(rail.CardConfig{Key: key, BaseURL: l.processor.Address(), WebhookSecrets: []string{secret}, Timeout: 250 * time.Millisecond})
		l.must(err)
		l.services = append(l.services, svc)
		l.workers = append(l.workers, &cycle.Cards{Service: svc, Processor: client, Log: log, Clock: l.clock})
	}
	mux := http.NewServeMux()
	mux.Handle(cycle.HookPath, l.workers[1].Hook())
	l.hook = httptest.NewServer(mux)
	t.Cleanup(l.hook.Close)
	l.processor.SendEventsTo(l.hook.URL + "/webhooks/card")
	var example bytes.Buffer
	l.must(tape.WriteExample(&example))
	_, err = l.services[0].Board(t.Context(), operator, tape.ReadCSV(&example, "example.csv", tape.DefaultBoardingRules()), false)
	l.must(err)
	_, err = l.services[0].OpenDay(t.Context(), operator, 0, money.NewDate(2026, 2, 26))
	l.must(err)
	l.raw, err = sql.Open(driver, address)
	l.must(err)
	t.Cleanup(func() { l.must(l.raw.Close()) })
	var customer string
	l.must(l.raw.QueryRow(`SELECT id, customer_id FROM contract WHERE kind = 'loan' ORDER BY account_number LIMIT 1`).Scan(&l.contract, &customer))
	l.payer = identity.Customer(identity.CustomerID(customer))
	l.payer.Standing.FactorAt = l.clock()
	l.runner = &cycle.Runner{Service: l.services[0], Rail: rail.Folder{Dir: t.TempDir()}, Log: log, Clock: l.clock, Cards: l.workers[0]}
	return l
}

func (l *till) request(amount money.Cents) servicing.CardRequest {
	l.Helper()
	day, err := l.services[0].Today(l.Context())
	l.must(err)
	return servicing.CardRequest{PaymentRequest: servicing.PaymentRequest{Key: servicing.NewKey(), Contract: l.contract, Kind: billing.AmountOther, Amount: amount, Date: day},
		Back: "http://127.0.0.1:9/accounts/x/payments/{id}/card"}
}

func (l *till) start(req servicing.CardRequest) servicing.PaymentID {
	l.Helper()
	p, err := l.services[0].StartCardPayment(l.Context(), l.payer, req, servicing.Source{})
	l.must(err)
	return p.ID
}

func (l *till) payment(id servicing.PaymentID) servicing.CardStatus {
	l.Helper()
	st, err := l.services[1].CardStatus(l.Context(), l.payer, l.contract, id)
	l.must(err)
	return st
}

// work lets both processes do what is due, and time pass, until something holds.
func (l *till) work(until func() bool) {
	l.Helper()
	for range 400 {
		var both sync.WaitGroup
		for _, w := range l.workers {
			both.Go(func() {
				if _, err := w.Once(l.Context()); err != nil {
					l.Error(err)
				}
			})
		}
		both.Wait()
		if until() {
			return
		}
		l.pass(5 * time.Second)
		time.Sleep(time.Millisecond)
	}
	l.Fatalf("it did not come to an end:\n%s", l.log)
}

func (l *till) is(id servicing.PaymentID, want ...billing.PaymentState) func() bool {
	return func() bool {
		st := l.payment(id).State
		for _, w := range want {
			if st == w {
				return true
			}
		}
		return false
	}
}

func (l *till) hasPage(id servicing.PaymentID) func() bool {
	return func() bool { return l.payment(id).Page != "" }
}

// type fills in a card on the processor's page.
func (l *till) types(page, number string) {
	l.Helper()
	form := url.Values{"number": {number}, "expiry": {"04 / 40"}, "code": {"123"}, "zip": {"00501"}}
	r, err := http.NewRequestWithContext(l.Context(), http.MethodPost, page, strings.NewReader(form.Encode()))
	l.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	still := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := still.Do(r)
	l.must(err)
	_, err = io.Copy(io.Discard, res.Body)
	l.must(err)
	l.must(res.Body.Close())
}

// count is how many rows a query counts.
func (l *till) count(query string, args ...any) (n int) {
	l.Helper()
	l.must(l.raw.QueryRow(query, args...).Scan(&n))
	return n
}

// booksAgree sets our books, the processor's, and what stands on the payments
// beside each other: each payment that stands was charged once, nothing else was,
// and every figure of ours follows from its events.
func (l *till) booksAgree() {
	l.Helper()
	res, err := l.services[0].Verify(l.Context(), operator, nil)
	l.must(err)
	for _, f := range res.Findings {
		l.Error(f)
	}
	theirs := map[string]money.Cents{}
	for _, c := range l.processor.Book() {
		if theirs[c.PaymentID] != 0 {
			l.Errorf("payment %s was charged twice", c.PaymentID)
		}
		if theirs[c.PaymentID] = c.Amount - c.Refunded; c.Disputed {
			theirs[c.PaymentID] = 0
		}
	}
	rows, err := l.raw.Query(`SELECT id, state, amount FROM payment WHERE rail = 'card'`)
	l.must(err)
	defer func() { l.must(rows.Close()) }()
	for rows.Next() {
		var id, state string
		var amount money.Cents
		l.must(rows.Scan(&id, &state, &amount))
		if state != "settled" {
			amount = 0
		}
		if theirs[id] != amount {
			l.Errorf("payment %s is %s with %s, and the processor has %s", id, state, amount, theirs[id])
		}
		delete(theirs, id)
	}
	l.must(rows.Err())
	for id, amount := range theirs {
		l.Errorf("the processor charged %s for %s, which is no payment here", amount, id)
	}
	var transit, owed money.Cents
	l.must(l.raw.QueryRow(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM posting WHERE account = 'card_in_transit'`).Scan(&transit))
	l.must(l.raw.QueryRow(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM payment WHERE rail = 'card' AND state = 'settled'`).Scan(&owed))
	var paidOut money.Cents
	l.must(l.raw.QueryRow(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM card_payout_line WHERE posted_at > 0`).Scan(&paidOut))
	if transit != owed-paidOut {
		l.Errorf("%s in transit; %s charged and %s paid out", transit, owed, paidOut)
	}
}

// onBothTills runs a test over each database.
func onBothTills(t *testing.T, test func(t *testing.T, l *till)) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) { test(t, openTill(t, database)) })
	}
}

func TestFiftyConfirmationsByCardChargeOnce(t *testing.T) {
	onBothTills(t, func(t *testing.T, l *till) {
		req := l.request(450_00)
		ids := make([]servicing.PaymentID, 50)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				p, err := l.services[i%2].StartCardPayment(t.Context(), l.payer, req, servicing.Source{})
				if err != nil {
					t.Error(err)
				}
				ids[i] = p.ID
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("two payments: %s and %s", id, ids[0])
			}
		}
		l.work(l.hasPage(ids[0]))
		page := l.payment(ids[0]).Page
		for range 20 { // a double click, and tabs
			all.Go(func() { l.types(page, "4242 4242 4242 4242") })
		}
		all.Wait()
		l.work(l.is(ids[0], billing.Settled))
		receipts := map[string]bool{}
		for i := range 2 {
			r, err := l.services[i].PrintReceipt(t.Context(), l.payer, l.contract, ids[0])
			l.must(err)
			receipts[string(r.Content)] = true
		}
		if n := l.processor.Charges()[string(ids[0])]; n != 1 || len(receipts) != 1 || l.count(`SELECT COUNT(*) FROM payment`) != 1 {
			t.Errorf("%d charges, %d receipts", n, len(receipts))
		}
		l.booksAgree()
	})
}

// Each trouble that the processor can have ends right: the payer is charged once
// or not at all, reads nothing that is not known, and three sets of books agree.
func TestTroubleWithTheCardProcessorEndsRight(t *testing.T) {
	requests := []sandbox.Trouble{sandbox.Well, sandbox.Slow, sandbox.Busy, sandbox.Broken, sandbox.BrokenAfter, sandbox.Hanging, sandbox.Dropping}
	for i, how := range requests {
		for _, saved := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, saved card %t", how, saved), func(t *testing.T) {
				t.Parallel()
				l := openTill(t, []string{"sqlite", "postgres"}[i%2])
				req := l.request(450_00)
				if saved {
					req.Method = l.saveCard()
				}
				l.processor.Misbehave(how, 0, 400*time.Millisecond)
				id := l.start(req)
				rounds := 0
				l.neverFailed(id, func() bool { rounds++; return rounds > 5 })
				l.processor.Misbehave(sandbox.Well, 0, 0)
				l.neverFailed(id, func() bool { return l.payment(id).Page != "" || l.payment(id).State == billing.Settled })
				if !saved {
					l.types(l.payment(id).Page, "4242 4242 4242 4242")
				}
				l.work(l.is(id, billing.Settled))
				if n := l.processor.Charges()[string(id)]; n != 1 {
					t.Errorf("charged %d times", n)
				}
				l.booksAgree()
			})
		}
	}
}

// neverFailed works until something holds, and fails when the payment is told as
// refused or canceled meanwhile.
func (l *till) neverFailed(id servicing.PaymentID, until func() bool) {
	l.Helper()
	l.work(func() bool {
		if st := l.payment(id); st.State == billing.Refused || st.State == billing.Cancelled || st.Cancellable && st.State == billing.Unknown {
			l.Fatalf("while nobody knows, the payer reads: %s, %q", st.State, st.Reason)
		}
		return until()
	})
}

// saveCard puts a card on file by the processor's page.
func (l *till) saveCard() servicing.MethodID {
	l.Helper()
	made, err := l.services[0].SaveCard(l.Context(), l.payer, servicing.SaveCardRequest{Key: servicing.NewKey(), Back: "http://127.0.0.1:9/cards/{id}"})
	l.must(err)
	now := func() servicing.CardSetup {
		out, err := l.services[0].CardSetup(l.Context(), l.payer, made.ID)
		l.must(err)
		return out
	}
	l.work(func() bool { return now().Page != "" })
	l.types(now().Page, "4242 4242 4242 4242")
	l.work(func() bool { return now().State == "saved" })
	return now().Method.ID
}

func TestTroubleWithTheProcessorsEventsEndsRight(t *testing.T) {
	events := []sandbox.Trouble{sandbox.Well, sandbox.Twice, sandbox.Never, sandbox.Hundredfold, sandbox.Backwards, sandbox.BeforeReply, sandbox.Forged, sandbox.Stale,
		sandbox.Unknown, sandbox.LiesPaid}
	for i, how := range events {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			l := openTill(t, []string{"sqlite", "postgres"}[i%2])
			l.processor.MisbehaveEvents(how)
			left := l.start(l.request(11_00))
			id := l.start(l.request(450_00))
			l.work(func() bool { return l.hasPage(id)() && l.hasPage(left)() })
			if st := l.payment(id).State; st != billing.Submitted {
				t.Errorf("before anybody has paid it is %s", st)
			}
			l.types(l.payment(id).Page, "4242 4242 4242 4242")
			l.work(l.is(id, billing.Settled))
			if st := l.payment(left).State; st != billing.Submitted {
				t.Errorf("the page that nobody paid on is %s", st)
			}
			kept := l.count(`SELECT COUNT(*) FROM processor_event`)
			told := strings.Count(l.log.String(), "an event that is not the card processor's")
			switch how {
			case sandbox.Forged, sandbox.Stale:
				if kept != 0 || told == 0 {
					t.Errorf("%d events kept, %d alarms", kept, told)
				}
			case sandbox.Never:
			default:
				quiet, stop := context.WithTimeout(t.Context(), 10*time.Second)
				defer stop()
				l.must(l.processor.Quiet(quiet))
				if kept = l.count(`SELECT COUNT(*) FROM processor_event`); kept == 0 || told != 0 {
					t.Errorf("%d events kept, %d alarms", kept, told)
				}
			}
			l.pass(2 * time.Hour) // the other page runs out
			l.work(l.is(left, billing.Cancelled))
			l.booksAgree()
		})
	}
}

func TestAnAmountThatTheProcessorLiesAbout(t *testing.T) {
	onBothTills(t, func(t *testing.T, l *till) {
		id := l.start(l.request(450_00))
		l.work(l.hasPage(id))
		l.processor.Misbehave(sandbox.LiesAmount, 0, 0)
		l.types(l.payment(id).Page, "4242 4242 4242 4242")
		l.work(l.is(id, billing.Unknown))
		if n := l.count(`SELECT COUNT(*) FROM exception WHERE kind = 'card_difference'`); n != 1 {
			t.Errorf("%d differences for a person", n)
		}
		if n := l.count(`SELECT COUNT(*) FROM event`); n != 0 {
			t.Errorf("%d events posted", n)
		}
		l.processor.Misbehave(sandbox.Well, 0, 0)
		l.work(l.is(id, billing.Settled))
		l.booksAgree()
	})
}

// A disputed charge, one given back at the processor behind our back, a card that
// declines later, and what was paid out: a day sets it all right though no event
// came.
func TestADayFindsWhatNoEventTold(t *testing.T) {
	onBothTills(t, func(t *testing.T, l *till) {
		l.processor.MisbehaveEvents(sandbox.Never)
		paid := map[string]servicing.PaymentID{}
		for i, what := range []string{"kept", "disputed", "won", "given back"} {
			id := l.start(l.request(100_00 + money.Cents(i)))
			l.work(l.hasPage(id))
			l.types(l.payment(id).Page, "4242 4242 4242 4242")
			l.work(l.is(id, billing.Settled))
			paid[what] = id
		}
		intent := map[string]string{}
		for _, c := range l.processor.Book() {
			intent[c.PaymentID] = c.IntentID
		}
		l.must(l.processor.Dispute(intent[string(paid["disputed"])]))
		l.must(l.processor.Dispute(intent[string(paid["won"])]))
		l.must(l.processor.GiveBack(intent[string(paid["given back"])]))
		day := func(on money.Date) {
			t.Helper()
			l.pass(24 * time.Hour)
			_, err := l.processor.Morning(on)
			l.must(err)
			if err := l.runner.Run(t.Context(), on, on); err != nil {
				t.Fatalf("%v\n%s", err, l.log)
			}
		}
		day(money.NewDate(2026, 2, 26))
		for what, want := range map[string]billing.PaymentState{"kept": billing.Settled, "disputed": billing.Returned, "won": billing.Returned, "given back": billing.Reversed} {
			if st := l.payment(paid[what]).State; st != want {
				t.Errorf("what was %s is %s", what, st)
			}
		}
		l.booksAgree()
		l.must(l.processor.Decide(intent[string(paid["won"])], true))
		for on := money.NewDate(2026, 2, 27); on <= money.NewDate(2026, 3, 6); on++ {
			day(on)
		}
		if st := l.payment(paid["won"]).State; st != billing.Settled {
			t.Errorf("the dispute was won, and it is %s", st)
		}
		l.booksAgree()
		var cash, costs, theirs money.Cents
		l.must(l.raw.QueryRow(`SELECT CAST(SUM(amount) AS BIGINT) FROM posting WHERE account = 'cash'`).Scan(&cash))
		l.must(l.raw.QueryRow(`SELECT CAST(SUM(amount) AS BIGINT) FROM posting WHERE account = 'card_costs'`).Scan(&costs))
		for _, p := range l.processor.Payouts() {
			theirs += p.Amount
		}
		if cash != theirs || costs <= 0 {
			t.Errorf("%s in cash, %s paid out; the processor kept %s", cash, theirs, costs)
		}
	})
}

func TestTheDoorForEvents(t *testing.T) {
	l := openTill(t, "sqlite")
	send := func(signature string, body []byte) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.hook.URL+"/webhooks/card", bytes.NewReader(body))
		l.must(err)
		r.Header.Set("Stripe-Signature", signature)
		res, err := http.DefaultClient.Do(r)
		l.must(err)
		l.must(res.Body.Close())
		return res.StatusCode
	}
	for what, c := range map[string]struct {
		signature string
		body      []byte
		want      int
	}{
		"nothing":       {"", []byte("{}"), http.StatusBadRequest},
		"a made-up one": {fmt.Sprintf("t=%d,v1=%064d", l.clock().Time().Unix(), 0), []byte(`{"id":"evt_1","object":"event"}`), http.StatusBadRequest},
		"too long":      {"t=1,v1=00", make([]byte, 300<<10), http.StatusRequestEntityTooLarge},
	} {
		if got := send(c.signature, c.body); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
	if n := l.count(`SELECT COUNT(*) FROM processor_event`); n != 0 {
		t.Errorf("%d events kept", n)
	}
	if n := strings.Count(l.log.String(), "level=ERROR"); n != 2 {
		t.Errorf("%d alarms in the log", n)
	}
}

// One process is slow, its claim ends, and another takes the same task up: both
// ask, by the same key.
func TestTwoProcessesThatBothAskChargeOnce(t *testing.T) {
	onBothTills(t, func(t *testing.T, l *till) {
		req := l.request(450_00)
		req.Method = l.saveCard()
		l.processor.Misbehave(sandbox.Slow, 1, 150*time.Millisecond)
		id := l.start(req)
		var first sync.WaitGroup
		first.Go(func() {
			if _, err := l.workers[0].Once(t.Context()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(60 * time.Millisecond)
		l.pass(4 * time.Minute)
		if _, err := l.workers[1].Once(t.Context()); err != nil {
			t.Error(err)
		}
		first.Wait()
		l.work(l.is(id, billing.Settled))
		if n := l.processor.Charges()[string(id)]; n != 1 {
			t.Errorf("charged %d times", n)
		}
		l.booksAgree()
	})
}

func TestSettingsForCards(t *testing.T) {
	dir := t.TempDir()
	secret := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sound := cardSettings{Processor: stripe, KeyFile: secret("key", "sk_live_0a1b2c3d4e5f6g7h8i9j\n", 0o600),
		WebhookSecretFile: secret("hook", "whsec_0a1b2c3d4e5f6g7h8i9j\nwhsec_9j8i7h6g5f4e3d2c1b0a\n", 0o600)}
	check := func(s cardSettings) error {
		c := Config{Cards: s}
		return errors.Join(s.checkShape(), c.checkCards())
	}
	if err := errors.Join(check(sound), check(cardSettings{})); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*cardSettings){
		"an unknown processor":      func(s *cardSettings) { s.Processor = "acme" },
		"no processor":              func(s *cardSettings) { s.Processor = "" },
		"no key":                    func(s *cardSettings) { s.KeyFile = "" },
		"no secret":                 func(s *cardSettings) { s.WebhookSecretFile = "" },
		"a key that others read":    func(s *cardSettings) { s.KeyFile = secret("open", "sk_live_0a1b2c3d4e5f6g7h8i9j", 0o644) },
		"an empty key":              func(s *cardSettings) { s.KeyFile = secret("empty", "\n", 0o600) },
		"a placeholder":             func(s *cardSettings) { s.KeyFile = secret("placeholder", "xxxxxxxxxxxxxxxxxxxx", 0o600) },
		"plain HTTP to another":     func(s *cardSettings) { s.BaseURL = "http://processor.example" },
		"a fee in no state":         func(s *cardSettings) { s.ConvenienceFee.Amount = 3_50 },
		"a fee in what is no state": func(s *cardSettings) { s.ConvenienceFee.Amount, s.ConvenienceFee.States = 3_50, []string{"ZZ"} },
		"a fee of a hundred":        func(s *cardSettings) { s.ConvenienceFee.Amount, s.ConvenienceFee.States = 100_00, []string{"TX"} },
	} {
		s := sound
		if change(&s); check(s) == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
