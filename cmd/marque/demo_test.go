package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/pgtest"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
)

func smallDemo() DemoCmd {
	return DemoCmd{Customers: 20, Seed: 3, Months: 6, Date: money.NewDate(2026, 6, 15), base: "http://localhost:8080"}
}

func makeDemo(t *testing.T, cmd DemoCmd, g *Globals) (*demo, string) {
	t.Helper()
	var out bytes.Buffer
	if err := cmd.make(t.Context(), g, streams{out: &out, err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	return openMade(t, g), out.String()
}

func openMade(t *testing.T, g *Globals) *demo {
	t.Helper()
	d, err := openDemo(t.Context(), &DemoCmd{}, g, g.Data, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.people.resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func closeDemo(t *testing.T, d *demo) {
	t.Helper()
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
}

// booksAgree proves every contract from its events, and that all entries sum to
// zero.
func booksAgree(t *testing.T, d *demo) servicing.VerifyResult {
	t.Helper()
	res, err := d.service.Verify(t.Context(), operator, nil)
	if err != nil || len(res.Findings) > 0 {
		t.Fatalf("%v, %v", res.Findings, err)
	}
	var sum money.Cents
	err = d.db.View(t.Context(), func(tx *store.Tx) error {
		contracts, err := tx.ContractsAfter("", 10_000)
		for _, c := range contracts {
			entries, e := tx.Entries(c.ID, 0)
			err = errors.Join(err, e)
			for _, e := range entries {
				for _, p := range e.Postings {
					sum += p.Amount
				}
			}
		}
		return err
	})
	if err != nil || sum != 0 {
		t.Errorf("the ledger sums to %s, %v", sum, err)
	}
	return res
}

func TestDemoMakesACompanyWhoseBooksAgree(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { demoRoad(t, &Globals{Data: filepath.Join(t.TempDir(), "data")}) })
	t.Run("postgres", func(t *testing.T) { demoRoad(t, &Globals{Data: t.TempDir(), Database: pgtest.URL(t)}) })
}

func demoRoad(t *testing.T, g *Globals) {
	ctx := t.Context()
	d, said := makeDemo(t, smallDemo(), g)
	if !strings.Contains(said, "2026-05 · ") || strings.Count(said, "\n") > 10 {
		t.Errorf("progress: %s", said)
	}
	res := booksAgree(t, d)
	if res.Contracts < 20 || res.Payments < 60 || res.Statements < 60 {
		t.Errorf("not alive: %+v", res)
	}
	everyoneGetsIn(t, d)
	standing(t, d)

	// The bank sends an entry back, and the next day reverses the payment.
	var sent sandbox.BankEntry
	for _, f := range d.bank.Files() {
		_, entries, _ := d.bank.File(f.Name)
		for _, e := range entries {
			if e.Code == "" {
				sent = e
			}
		}
		if sent.Trace != "" {
			break
		}
	}
	day, err := d.service.Today(ctx)
	if err != nil || day != smallDemo().Date {
		t.Fatalf("business date %s, %v", day, err)
	}
	if err := d.bank.Return(sent.Trace, "R01", day); err != nil {
		t.Fatal(err)
	}
	closeDemo(t, d)

	// Run again, it goes on where it was.
	d, said = makeDemo(t, smallDemo(), g)
	if said != "" {
		t.Errorf("made again: %s", said)
	}
	defer closeDemo(t, d)
	if err := d.people.forward(ctx, day); err != nil {
		t.Fatal(err)
	}
	if today, err := d.service.Today(ctx); err != nil || today != day+1 {
		t.Errorf("business date %s, %v", today, err)
	}
	err = d.db.View(ctx, func(tx *store.Tx) error {
		e, err := tx.ACHEntry(string(sent.Trace))
		if err != nil {
			return err
		}
		p, err := tx.Payment(e.ContractID, e.PaymentID)
		if err == nil && (p.State != billing.Returned || p.ReturnCode != "R01" || p.ReturnedOn != day) {
			t.Errorf("the payment is %s, %s on %s", p.State, p.ReturnCode, p.ReturnedOn)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := d.people.forward(ctx, day+32); err != nil {
		t.Fatal(err)
	}
	if after := booksAgree(t, d); after.Payments <= res.Payments {
		t.Errorf("nobody pays any more: %d payments, then %d", res.Payments, after.Payments)
	}
}

// everyoneGetsIn signs in as each of those who can be tried out, with what the
// sandbox's page shows, and looks at what their past left behind.
func everyoneGetsIn(t *testing.T, d *demo) {
	t.Helper()
	signals := map[identity.Signal]bool{}
	for _, in := range d.state.SignIns {
		if in.Staff {
			atTheConsole(t, d, in)
			continue
		}
		src := servicing.Source{IP: "127.0.0.1", UserAgent: laptop}
		entry, err := d.service.SignIn(t.Context(), in.Username, in.Password, src)
		if in.Password == "" || strings.Contains(in.Who, "locked") {
			if err == nil || in.Password != "" && !isRefusal(err, "locked") {
				t.Errorf("%s: %v", in.Who, err)
			}
			continue
		}
		if err != nil || entry.Session != "" {
			t.Fatalf("%s came in with a password alone, or not with the right one: %v", in.Who, err)
		}
		kind, code := servicing.App, sandbox.AppCode(in.Key, time.Now())
		if in.Key == "" {
			kind = servicing.Text
			if err := d.service.SendSignInText(t.Context(), entry.Flow, src); err != nil {
				t.Fatal(err)
			}
			if _, err := d.runner(d.post).Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			code = someDigits.FindString(d.texts.Messages(in.Phone)[0].Body)
		}
		if entry, err = d.service.ProveSignIn(t.Context(), entry.Flow, kind, code, false, src); err != nil {
			t.Fatalf("%s: %v", in.Who, err)
		}
		s, err := d.service.Session(t.Context(), entry.Session)
		if err != nil {
			t.Fatalf("%s: %v", in.Who, err)
		}
		own, err := d.service.Security(t.Context(), s.Actor)
		if err != nil || len(own.Visits) < 2 || own.Visits[len(own.Visits)-1].Near == "" || len(own.Devices) < 2 || (in.Key == "") != (own.SavedCodes == 0) {
			t.Errorf("%s: %+v, %v", in.Who, own, err)
		}
		for _, v := range own.Visits {
			for _, sig := range v.Signals {
				signals[sig] = true
			}
		}
	}
	if !signals[identity.ImpossibleTravel] {
		t.Errorf("nothing unusual is in anybody's past: %v", signals)
	}
}

// atTheConsole signs in as a member of staff, who has a second factor always.
func atTheConsole(t *testing.T, d *demo, in sandbox.SignIn) {
	t.Helper()
	src := servicing.Source{IP: "127.0.0.1", UserAgent: laptop}
	entry, err := d.service.StaffSignIn(t.Context(), in.Username, in.Password, src)
	if err == nil {
		entry, err = d.service.ProveStaff(t.Context(), entry.Flow, sandbox.AppCode(in.Key, time.Now()), src)
	}
	if err == nil {
		_, err = d.service.StaffSession(t.Context(), entry.Session)
	}
	if err != nil {
		t.Errorf("%s: %v", in.Who, err)
	}
}

// standing checks that those who can be tried out are what they are said to be.
func standing(t *testing.T, d *demo) {
	t.Helper()
	cards := map[sandbox.Role]servicing.Card{}
	for i := range d.people.all {
		c := &d.people.all[i]
		if c.Role == sandbox.Everyone {
			continue
		}
		var o servicing.Overview
		err := d.db.View(t.Context(), func(tx *store.Tx) error {
			k, err := tx.ContractByNumber(c.Contracts[0].Loan.AccountNumber)
			if err == nil {
				o, err = d.service.Overview(t.Context(), identity.Customer(identity.CustomerID(k.CustomerID)))
			}
			return err
		})
		if err != nil || len(o.Contracts) != 1 {
			t.Fatalf("%s: %+v, %v", c.Role, o, err)
		}
		cards[c.Role] = o.Contracts[0]
	}
	if c := cards[sandbox.Current]; c.Autopay == nil || c.Due.PastDue != 0 || c.Autopay.NextDate.IsZero() {
		t.Errorf("current: %+v", c)
	}
	if c := cards[sandbox.PastDue]; c.Due.PastDue == 0 || c.Autopay != nil {
		t.Errorf("past due: %+v", c.Due)
	}
	if c := cards[sandbox.Lessee]; c.Kind != "lease" || c.Due.PastDue != 0 || c.LastPayment == nil {
		t.Errorf("lease: %+v", c)
	}
	if c := cards[sandbox.NotActivated]; c.LastPayment != nil || c.Due.PastDue != 0 {
		t.Errorf("newcomer: %+v", c)
	}
}

func TestDemoLeavesOtherCompaniesAlone(t *testing.T) {
	g := &Globals{Data: t.TempDir()}
	c, err := openCompany(t.Context(), g, "", io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.service.OpenDay(t.Context(), operator, 0, money.NewDate(2026, 1, 5)); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	cmd := smallDemo()
	if err := cmd.make(t.Context(), g, streams{out: io.Discard}); !errors.Is(err, errNotDemo) {
		t.Errorf("a company of its own: %v", err)
	}
	files := &Globals{Data: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(files.Data, "ach", "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := cmd.make(t.Context(), files, streams{out: io.Discard}); !errors.Is(err, errNotDemo) {
		t.Errorf("files of another company: %v", err)
	}
}

func TestDemoRefusesHalfADatabase(t *testing.T) {
	g := &Globals{Data: t.TempDir(), Database: pgtest.URL(t)}
	ctx, stop := context.WithCancel(t.Context())
	cmd := smallDemo()
	stopped := stopWriter{stop: stop}
	if err := cmd.make(ctx, g, streams{out: &stopped, err: io.Discard}); err == nil {
		t.Fatal("was not stopped")
	}
	err := cmd.make(t.Context(), g, streams{out: io.Discard, err: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "drop the database") {
		t.Errorf("half a demo: %v", err)
	}
}

// stopWriter stops the run at its second line.
type stopWriter struct {
	lines int
	stop  func()
}

func (w *stopWriter) Write(b []byte) (int, error) {
	if w.lines++; w.lines == 2 {
		w.stop()
	}
	return len(b), nil
}

// The program itself is killed in the middle of the history, started again,
// asked to stop, and started once more.
func TestDemoSurvivesBeingKilled(t *testing.T) {
	program := plainProgram(t)
	data := filepath.Join(t.TempDir(), "data")
	start := func() (*exec.Cmd, *bufio.Scanner) {
		c := exec.Command(program, "demo", "--data", data, "--listen", "127.0.0.1:0", "--console-listen", "127.0.0.1:0", "--customers", "30", "--months", "8")
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill() }) // after a failed test only: else it has ended
		return c, bufio.NewScanner(out)
	}
	until := func(lines *bufio.Scanner, words string) (said string) {
		t.Helper()
		for lines.Scan() {
			said += lines.Text() + "\n"
			if strings.Contains(lines.Text(), words) {
				return said
			}
		}
		t.Fatalf("never said %q: %s", words, said)
		return ""
	}
	c, lines := start()
	until(lines, " contracts · ")
	until(lines, " contracts · ")
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Fatal("was not killed")
	}
	if exists(filepath.Join(data, "marque.db")) {
		t.Fatal("half a company stands in its place")
	}
	for run, want := range []bool{true, false} {
		c, lines = start()
		said := until(lines, "Stop with Ctrl-C")
		if strings.Contains(said, "Made in") != want {
			t.Errorf("run %d: %s", run, said)
		}
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run %d ended with %v", run, err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("did not stop")
		}
	}
}

func TestACompanyIsPutInItsPlaceInTwoTries(t *testing.T) {
	g := &Globals{Data: t.TempDir()}
	d, _ := makeDemo(t, DemoCmd{Customers: 5, Seed: 3, Months: 3, Date: money.NewDate(2026, 6, 15), base: "http://localhost:8080"}, g)
	closeDemo(t, d)
	work := filepath.Join(g.Data, seedingFolder)
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	// As if the first try had ended after two of the parts.
	for _, name := range []string{"keys.json", "marque.db-wal", "marque.db"} {
		if err := os.Rename(filepath.Join(g.Data, name), filepath.Join(work, name)); err != nil && name != "marque.db-wal" {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(work, finished), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d, said := makeDemo(t, smallDemo(), g)
	defer closeDemo(t, d)
	if said != "" || d.state.Customers != 5 || exists(work) {
		t.Errorf("%q, %+v", said, d.state)
	}
	booksAgree(t, d)
}
