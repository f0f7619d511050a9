package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// A run of business days that is killed again and again ends where an
// undisturbed twin does: same accounts, same statements, each payment in exactly
// one file, and books that agree.
func TestDaysKilledInTheMiddleEndLikeTheirTwin(t *testing.T) {
	program := plainProgram(t)
	calm, killed := filepath.Join(t.TempDir(), "calm"), filepath.Join(t.TempDir(), "killed")
	manyContracts(t, calm)
	if err := os.CopyFS(killed, os.DirFS(calm)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(killed, "keys.json"), 0o600); err != nil { // CopyFS keeps no modes
		t.Fatal(err)
	}
	cycle := func(data string) *exec.Cmd {
		return exec.Command(program, "--data", data, "cycle", "--date", "2026-02-10", "--through", "2026-04-10")
	}
	start := time.Now()
	if out, err := cycle(calm).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(start)
	start = time.Now()
	if out, err := cycle(calm).CombinedOutput(); err != nil { // nothing is left to do: what starting takes
		t.Fatalf("%v\n%s", err, out)
	}
	starting := time.Since(start)
	whole -= starting

	seed := time.Now().UnixNano()
	chance := rand.New(rand.NewPCG(uint64(seed), 1))
	kills := 0
	for done := false; !done; {
		cmd := cycle(killed)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop := time.AfterFunc(starting+whole/30+time.Duration(chance.Int64N(int64(whole/6))), func() { _ = cmd.Process.Kill() }) // it may have ended
		err := cmd.Wait()
		stop.Stop()
		done = err == nil
		if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
			t.Fatal(err)
		}
		if !done {
			kills++
		}
		if kills > 200 {
			t.Fatalf("seed %d: does not get through", seed)
		}
	}
	if kills < 3 {
		t.Fatalf("seed %d: killed only %d times", seed, kills)
	}
	want, got := books(t, calm), books(t, killed)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("seed %d, %d kills: the books differ (-undisturbed +killed):\n%s", seed, kills, diff)
	}
	t.Logf("%d kills over %s of work", kills, whole.Round(time.Millisecond))
}

// manyContracts makes a company whose days have all kinds of work.
func manyContracts(t *testing.T, data string) {
	t.Helper()
	ctx := context.Background()
	c, err := openCompany(ctx, &Globals{Data: data}, "", io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	knowsEveryAccount(t, c)
	var example, file bytes.Buffer
	if err := tape.WriteExample(&example); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&example).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	w := csv.NewWriter(&file)
	_ = w.Write(rows[0]) // Flush and Error follow
	for i := range 60 {
		row := slices.Clone(rows[1])
		row[column("account_number")], row[column("customer_id")] = fmt.Sprintf("LN-%04d", i), fmt.Sprintf("C-%04d", i)
		row[column("first_due_date")] = fmt.Sprintf("2026-02-%02d", 11+i%15)
		_ = w.Write(row) // Flush and Error follow
	}
	if w.Flush(); w.Error() != nil {
		t.Fatal(w.Error())
	}
	if _, err := c.service.Board(ctx, operator, tape.ReadCSV(&file, "many.csv", c.config.boarding()), false); err != nil {
		t.Fatal(err)
	}
	day := money.NewDate(2026, 2, 10)
	if _, err := c.service.OpenDay(ctx, operator, 0, day); err != nil {
		t.Fatal(err)
	}
	err = c.db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ContractsAfter("", 100)
		if err != nil {
			return err
		}
		for i, k := range all {
			if err := habits(ctx, c, i, k, day); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
}

// knowsEveryAccount gives a company a provider that says of every bank account
// that it is open.
func knowsEveryAccount(t *testing.T, c *company) {
	t.Helper()
	c.checkAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		return servicing.AccountOpen, nil
	}
	if err := c.at(c.config.BaseURL, c.config.Console.BaseURL); err != nil {
		t.Fatal(err)
	}
}

// habits: a third on autopay, a third with payments scheduled ahead, a third late.
func habits(ctx context.Context, c *company, i int, k *store.Contract, day money.Date) error {
	if i%3 == 2 {
		return nil
	}
	who := identity.Customer(identity.CustomerID(k.CustomerID)).With(identity.Standing{Level: 2, FactorAt: now()})
	b, err := c.service.AddBankAccount(ctx, who, servicing.BankAccountRequest{Key: "k", Holder: "Jordan Reyes", Type: "checking", Routing: "011000028", Account: fmt.Sprint(12340000 + i), AccountAgain: fmt.Sprint(12340000 + i)})
	if err != nil {
		return err
	}
	if i%3 == 0 {
		_, err = c.service.EnrollAutopay(ctx, who, servicing.AutopayRequest{Key: "k", Contract: servicing.ContractID(k.ID), Method: b.ID, Signed: servicing.AutopayWord}, servicing.Source{})
		return err
	}
	for n := range 2 {
		_, err = c.service.SubmitPayment(ctx, who, servicing.PaymentRequest{Key: fmt.Sprint(n), Contract: servicing.ContractID(k.ID), Kind: billing.AmountOther,
			Amount: 462_87, Date: billing.PayDays{Banking: true}.Next(day + money.Date(10+i%7+25*n)), Method: b.ID}, servicing.Source{})
		if err != nil {
			return err
		}
	}
	return nil
}

// books is all of a company that does not depend on chance or on the clock.
func books(t *testing.T, data string) []string {
	t.Helper()
	ctx := context.Background()
	c, err := openCompany(ctx, &Globals{Data: data}, "", io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.service.Verify(ctx, operator, c.archive.Check)
	if err != nil || res.Differing != 0 {
		t.Errorf("%s: %+v, %v", data, res, err)
	}
	var lines []string
	err = c.db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.ContractsAfter("", 1000)
		if err != nil {
			return err
		}
		for _, k := range all {
			state, err := json.Marshal(k.State)
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s %d %d", k.AccountNumber, state, k.StatementOn, k.LateFeeOn, k.DraftOn, k.LastEvent, k.LastEntry))
			statements, err := tx.Statements(k.ID)
			if err != nil {
				return err
			}
			for _, s := range statements {
				d, err := tx.Document(k.ID, s.DocumentID)
				if err != nil {
					return err
				}
				said, err := saidOnPaper(tx, c, d)
				if err != nil {
					return err
				}
				lines = append(lines, k.AccountNumber+" statement "+said)
			}
			payments, err := tx.PaymentsOfContract(k.ID)
			if err != nil {
				return err
			}
			for _, p := range payments {
				lines = append(lines, fmt.Sprintf("%s payment %s %s %s", k.AccountNumber, p.Date, p.Amount, p.State))
			}
		}
		return nil
	})
	if err := errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return append(lines, filesToBank(t, filepath.Join(data, "ach", "out"))...)
}

// filesToBank reads what the bank got: each day's debits and their total, with no
// trace number twice.
func filesToBank(t *testing.T, dir string) (out []string) {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	traces := map[ach.TraceNumber]bool{}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name.Name()))
		if err != nil {
			t.Fatal(err)
		}
		f, err := ach.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", name.Name(), err)
		}
		for _, batch := range f.Batches {
			for _, e := range batch.Entries {
				if traces[e.Trace] {
					t.Errorf("trace %s is in two places", e.Trace)
				}
				traces[e.Trace] = true
			}
		}
		out = append(out, fmt.Sprintf("%s %d %s", name.Name(), f.Control.EntryAddendaCount, f.Control.TotalDebit))
	}
	return out
}
