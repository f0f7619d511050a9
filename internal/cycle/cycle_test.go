package cycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/pgtest"
	"marque/internal/rail"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// lenderAt makes a company with the example portfolio; time is in the caller's hands.
func lenderAt(t *testing.T, url string, now *money.Instant) (*Runner, *[]Day) {
	t.Helper()
	return lenderWith(t, url, now, func(*servicing.Rules) {})
}

func lenderWith(t *testing.T, url string, now *money.Instant, change func(*servicing.Rules)) (*Runner, *[]Day) {
	t.Helper()
	rules := openAccounts
	change(&rules)
	ctx := t.Context()
	keys, err := store.LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, url, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	clock := func() money.Instant { return *now }
	svc := servicing.New(db, billing.Lender{Name: "Kestrane", ODFI: "004000006", OriginID: "9000000001", ShortName: "KESTRANE"}, rules, clock)
	var example bytes.Buffer
	if err := tape.WriteExample(&example); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Board(ctx, actor, tape.ReadCSV(&example, "example.csv", tape.DefaultBoardingRules()), false); err != nil {
		t.Fatal(err)
	}
	var days []Day
	return &Runner{Service: svc, Rail: rail.Folder{Dir: t.TempDir()}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: clock,
		Progress: func(d Day) { days = append(days, d) }}, &days
}

func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "marque.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.URL(t)) })
}

func TestABrokenFileFromTheBankIsPutAsideAndTheDayGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		now := money.Instant(1)
		r, days := lenderAt(t, url, &now)
		in := filepath.Join(r.Rail.(rail.Folder).Dir, "in")
		if err := errors.Join(os.MkdirAll(in, 0o700), os.WriteFile(filepath.Join(in, "broken.ach"), []byte("101 not a file"), 0o600)); err != nil {
			t.Fatal(err)
		}
		day := money.NewDate(2026, 2, 26)
		if err := r.Run(t.Context(), day, day); !errors.Is(err, ErrProblems) {
			t.Errorf("got %v", err)
		}
		if d := (*days)[0]; d.LateFees != 2 || len(d.Problems) != 1 {
			t.Errorf("%+v", d)
		}
		if _, err := os.Stat(filepath.Join(in, "refused", "broken.ach")); err != nil {
			t.Error(err)
		}
		if open, err := r.Service.Today(t.Context()); err != nil || open != day+1 {
			t.Errorf("open day %s, %v", open, err)
		}
		if err := r.Run(t.Context(), day, day); err != nil || len(*days) != 1 {
			t.Errorf("the closed day again: %d days, %v", len(*days), err)
		}
	})
}

// A mail server that is away for a while gets each message once it is back; one
// that refuses for good is not asked again.
func TestMessagesWaitForAServerThatIsAway(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		now := money.InstantOf(time.Date(2026, 2, 26, 18, 0, 0, 0, time.UTC)) // by day, wherever they live
		r, _ := lenderAt(t, url, &now)
		day := money.NewDate(2026, 2, 26)
		if err := r.Run(t.Context(), day, day); err != nil {
			t.Fatal(err)
		}
		away, tries, got := true, 0, map[string]int{}
		var mu sync.Mutex
		r.Mail = func(_ context.Context, o servicing.Outgoing) error {
			mu.Lock()
			defer mu.Unlock()
			tries++
			if away {
				return fmt.Errorf("dial: connection refused")
			}
			got[o.ID]++
			return nil
		}
		deliver := func() (sent int) {
			t.Helper()
			sent, err := r.Deliver(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return sent
		}
		if sent := deliver(); sent != 0 || tries != 3 { // a late fee on each contract; two owe the lease
			t.Fatalf("%d sent in %d tries", sent, tries)
		}
		if deliver(); tries != 3 {
			t.Errorf("asked again at once: %d tries", tries)
		}
		away = false
		now += money.Instant(time.Hour.Microseconds())
		if sent := deliver(); sent != 3 || len(got) != 3 {
			t.Errorf("%d sent, %v", sent, got)
		}
		now += money.Instant(time.Hour.Microseconds())
		if sent := deliver(); sent != 0 {
			t.Errorf("sent again: %d", sent)
		}
		if _, err := r.Service.Verify(t.Context(), identity.System("test"), nil); err != nil {
			t.Error(err)
		}
	})
}

// openAccounts are the rules of a lender whose provider knows every bank account.
var openAccounts = func() servicing.Rules {
	rules := servicing.DefaultRules
	rules.CheckAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		return servicing.AccountOpen, nil
	}
	return rules
}()
