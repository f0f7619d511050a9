package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// The days of the company that is killed. On dueDay there is something of every
// kind to do; by lastDay nothing is on its way any more.
var (
	openDay = money.NewDate(2026, 2, 17)
	dueDay  = money.NewDate(2026, 2, 20)
	lastDay = money.NewDate(2026, 3, 6)
)

// The bank sends these accounts' debits of 120.00, which settle on 2026-02-18,
// back on dueDay.
var bouncing = []string{"12340474", "12340315"}

// payer is a borrower, with a session in a browser.
type payer struct {
	contracts []string
	customer  string
	method    string
	card      string // one that the processor keeps
	token     string
}

// town is a company that has not been killed yet, to be copied.
type town struct {
	program  string
	dir      string // data, and then bank, inbox and door as they were left
	database string // of the template; empty is SQLite in the data folder
	payers   []*payer
	server   *sshServer // of the bank; nil shares the data folder's ach
}

// world is one copy of the company, with a bank, an inbox and borrowers around it.
type world struct {
	*town
	t         *testing.T
	dir       string
	data      string
	database  string
	rail      string // the bank's end of where files pass
	bank      *sandbox.Bank
	inbox     *sandbox.Inbox
	processor *sandbox.Processor
	paid      bool // on the processor's page
	journal   journal
	kills     int
	mu        sync.Mutex
	found     []string // what the outside has to complain about
}

// journal is what the borrowers have been told.
type journal struct {
	mu    sync.Mutex
	acked map[string]told // by the form's key
	asked map[string]int  // forms of each customer that were sent until they were answered
	open  map[string]bool // keys of forms whose sender gave up without an answer
}

type told struct {
	contract, payment string
	amount            money.Cents
	cancelled         bool
}

func (w *world) complain(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = append(w.found, fmt.Sprintf(format, args...))
}

// faultyProgram is the program with its points, and plainProgram as it is, each
// built once for all tests.
func faultyProgram(t *testing.T) string { return faulty.program(t, "-tags", "faults") }
func plainProgram(t *testing.T) string  { return plain.program(t) }

var faulty, plain building

type building struct {
	once sync.Once
	dir  string
	err  error
}

func (b *building) program(t *testing.T, how ...string) string {
	t.Helper()
	b.once.Do(func() {
		if b.dir, b.err = os.MkdirTemp("", "marque-program-"); b.err == nil {
			b.err = build(filepath.Join(b.dir, "marque"), how...)
		}
	})
	if b.err != nil {
		t.Fatal(b.err)
	}
	return filepath.Join(b.dir, "marque")
}

// sweeping takes the programs away after the tests.
type sweeping struct{ *testing.M }

func (m sweeping) Run() int {
	status := m.M.Run()
	for _, b := range []*building{&faulty, &plain} {
		if b.dir == "" {
			continue
		}
		if err := os.RemoveAll(b.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	return status
}

func build(program string, how ...string) error {
	if out, err := exec.Command("go", append(append([]string{"build", "-o", program}, how...), ".")...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// newTown makes the company: thirteen contracts, three on autopay and due on
// dueDay, three late by then, three whose statement closes then, and four that are
// paid by hand, two of them one person's. Four payments are made on openDay.
func newTown(t *testing.T, program, database string) *town {
	t.Helper()
	w := &town{program: program, dir: t.TempDir(), database: database}
	data := filepath.Join(w.dir, "data")
	settings := `{"payments": {"cut_off": "", "banking_days": true}, "mail": {"quiet_hours": "off"}}`
	if err := errors.Join(os.MkdirAll(data, 0o700), os.WriteFile(filepath.Join(data, "marque.json"), []byte(settings), 0o600)); err != nil {
		t.Fatal(err)
	}
	c, err := openCompany(t.Context(), &Globals{Data: data, Database: database}, "", io.Discard, now)
	if err != nil {
		t.Fatal(err)
	}
	knowsEveryAccount(t, c)
	due := []string{"2026-02-20", "2026-02-09", "2026-02-13", "2026-02-26", "2026-02-26"}
	rows := exampleRows(t, 13, func(i int, set func(column, value string)) {
		set("account_number", fmt.Sprintf("LN-%04d", i))
		set("customer_id", fmt.Sprintf("C-%04d", min(i, 11)))
		set("first_due_date", due[i/3])
	})
	_, err = c.service.Board(t.Context(), operator, tape.ReadCSV(strings.NewReader(strings.Join(rows, "")), "town.csv", c.config.boarding()), false)
	if err == nil {
		_, err = c.service.OpenDay(t.Context(), operator, 0, openDay)
	}
	if err == nil {
		err = w.settleIn(t.Context(), c)
	}
	if err == nil {
		err = w.savesACard(t, c, 10)
	}
	if err := errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *town) settleIn(ctx context.Context, c *company) error {
	var all []*store.Contract
	err := c.db.Update(ctx, func(tx *store.Tx) (err error) {
		if all, err = tx.ContractsAfter("", 100); err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b *store.Contract) int { return strings.Compare(a.AccountNumber, b.AccountNumber) })
		w.payers = nil
		for i, k := range all {
			if i == 12 {
				w.payers[11].contracts = append(w.payers[11].contracts, k.ID)
				break
			}
			p := &payer{contracts: []string{k.ID}, customer: k.CustomerID, token: identity.NewToken()}
			w.payers = append(w.payers, p)
			owner := identity.Customer(identity.CustomerID(k.CustomerID)).String()
			tx.InsertLogin(&store.Login{Owner: owner, Realm: "customer", Username: fmt.Sprintf("jordan%d@mail.example", i), PasswordHash: "none", Created: now()})
			tx.InsertSession(&store.Session{TokenHash: tx.Keys().Hash("session", p.token), ID: store.NewID(), Owner: owner, Scope: string(identity.ScopeFull), Level: 2,
				FactorAt: now(), Created: now(), Seen: now(), Ends: now().Add(12 * time.Hour)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, p := range w.payers {
		number := fmt.Sprint(12340000 + i)
		if at := i - 7; at >= 0 && at < len(bouncing) {
			number = bouncing[at]
		}
		b, err := c.service.AddBankAccount(ctx, p.actor(), servicing.BankAccountRequest{Key: "k", Holder: "Jordan Reyes", Type: "checking", Routing: "011000028", Account: number, AccountAgain: number})
		if err != nil {
			return err
		}
		p.method = string(b.ID)
		if i < 3 {
			if err := enrollFault(ctx, c, p); err != nil {
				return err
			}
		}
	}
	pay := func(i int, key string, amount money.Cents, on money.Date) error {
		p := w.payers[i]
		_, err := c.service.SubmitPayment(ctx, p.actor(), servicing.PaymentRequest{Key: key, Contract: servicing.ContractID(p.contracts[0]), Kind: billing.AmountOther,
			Amount: amount, Date: on, Method: servicing.MethodID(p.method)}, servicing.Source{})
		return err
	}
	return errors.Join(pay(7, "a", 120_00, openDay), pay(8, "a", 120_00, openDay), pay(10, "a", 75_00, openDay), pay(6, "a", 75_00, openDay),
		pay(6, "b", 80_00, dueDay), pay(9, "b", 90_00, dueDay))
}

func enrollFault(ctx context.Context, c *company, p *payer) error {
	_, err := c.service.EnrollAutopay(ctx, p.actor(), servicing.AutopayRequest{Key: "k", Contract: servicing.ContractID(p.contracts[0]), Method: servicing.MethodID(p.method),
		Signed: servicing.AutopayWord}, servicing.Source{})
	return err
}

func (p *payer) actor() identity.Actor {
	return identity.Customer(identity.CustomerID(p.customer)).With(identity.Standing{Level: 2, FactorAt: now()})
}

// copy makes a world of its own from the company.
func (tn *town) copy(t *testing.T) *world {
	t.Helper()
	at := *tn
	if tn.database != "" {
		at.database = copyDatabase(t, tn.database)
	}
	return at.world(t)
}

// world is the company's files copied, and its database as it is.
func (tn *town) world(t *testing.T) *world {
	t.Helper()
	w := &world{town: tn, t: t, dir: t.TempDir()}
	w.data = filepath.Join(w.dir, "data")
	w.journal = journal{acked: map[string]told{}, asked: map[string]int{}, open: map[string]bool{}}
	err := os.CopyFS(w.dir, os.DirFS(tn.dir))
	err = errors.Join(err, filepath.WalkDir(w.data, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			err = os.Chmod(name, 0o600) // CopyFS keeps no modes
		}
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	w.database = tn.database
	if w.inbox, err = sandbox.OpenInbox(filepath.Join(w.dir, "inbox")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.inbox.Close() }) // the test is over
	w.rail = filepath.Join(w.data, "ach")
	if tn.server != nil {
		w.rail = filepath.Join(w.dir, "door")
	}
	w.processor = openProcessor(t, w.dir)
	t.Cleanup(func() { _ = w.processor.Close() }) // as above
	w.keepSettings()
	if w.bank, err = sandbox.OpenBank(filepath.Join(w.dir, "bank"), w.rail, 1, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// mailHouse is the folder shared with who prints and mails letters.
func (w *world) mailHouse() string { return filepath.Join(w.dir, "mailhouse") }

// bounces leaves a report of a message that never was where mail comes back.
func (w *world) bounces() {
	w.t.Helper()
	const report = "From: mailer-daemon@mail.example\r\nSubject: failure\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; x@mail.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" +
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <0193a5b0-0000-7000-8000-000000000001@lender.example>\r\n\r\n--b--\r\n"
	dir := filepath.Join(w.dir, "bounces")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "1"), []byte(report), 0o600)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) keepSettings() {
	w.t.Helper()
	w.bounces()
	settings := map[string]any{"payments": map[string]any{"cut_off": "", "banking_days": true}}
	host, port := w.inbox.Address()
	settings["smtp"] = map[string]any{"host": host, "port": port, "tls": "plain"}
	settings["mail"] = map[string]any{"quiet_hours": "off", "bounces": filepath.Join(w.dir, "bounces")}
	settings["mail_house"] = map[string]any{"folder": w.mailHouse()}
	settings["cards"] = cardSettingsFor(w.t, w.data, w.processor)
	if w.server != nil {
		settings["bank"] = map[string]any{"sftp": w.server.settings(w.rail)}
	}
	b, err := json.Marshal(settings)
	if err == nil {
		err = os.WriteFile(filepath.Join(w.data, "marque.json"), b, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// begin makes the company as an operation finds it.
func (tn *town) begin(t *testing.T, op operation) *town {
	t.Helper()
	at := *tn
	if op.sftp {
		at.server = openSSHServer(t)
	}
	if op.before == nil {
		return &at
	}
	w := at.copy(t)
	op.before(t, w)
	for _, what := range w.found {
		t.Fatal(what)
	}
	at.dir, at.database = w.dir, w.database
	return &at
}

// command is the program with something wrong with it.
func (w *world) command(fault, seen string, args ...string) *exec.Cmd {
	cmd := exec.Command(w.program, append([]string{"--data", w.data}, args...)...)
	cmd.Env = append(os.Environ(), "MARQUE_DATABASE="+w.database, "MARQUE_FAULT="+fault, "MARQUE_FAULT_SEEN="+seen, "MARQUE_LISTEN=127.0.0.1:0")
	return cmd
}

// passesDay runs the program's day and says whether it died of the fault.
func (w *world) passesDay(fault, seen string, from, through money.Date) (died bool) {
	w.t.Helper()
	out, err := w.command(fault, seen, "cycle", "--date", from.String(), "--through", through.String()).CombinedOutput()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ended && exit.ExitCode() == 137:
		return true
	case ended && strings.Contains(string(out), "injected fault"), ended && strings.Contains(string(out), "need a person"):
		return true
	case err != nil:
		w.complain("the day: %v\n%s", err, out)
	}
	return false
}

// process is the program, serving.
type process struct {
	cmd  *exec.Cmd
	base string
	done chan struct{}
}

var whereItServes = regexp.MustCompile(`at (http://[0-9.:]+),`)

func (w *world) serve(fault, seen string) *process {
	w.t.Helper()
	s := &process{cmd: w.command(fault, seen, "serve"), done: make(chan struct{})}
	var said bytes.Buffer
	s.cmd.Stderr = &said
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		if m := whereItServes.FindStringSubmatch(lines.Text()); m != nil {
			s.base = m[1]
		}
	}
	go func() {
		_ = s.cmd.Wait() // killed
		close(s.done)
	}()
	if s.base == "" && fault == "" {
		s.kill()
		w.t.Fatalf("does not serve: %q %s", lines.Text(), said.String())
	}
	return s
}

func (s *process) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

// dead says whether the process has ended by itself.
func (s *process) dead() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

var errUnanswered = errors.New("no answer")

// send is a browser that sends a form once and does not follow.
func (p *payer) send(base, path string, form url.Values) (status int, to, page string, err error) {
	req, err := http.NewRequest(http.MethodPost, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.AddCookie(&http.Cookie{Name: "marque", Value: p.token})
	res, err := oneShot.Do(req)
	if err != nil {
		return 0, "", "", errors.Join(errUnanswered, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, "", "", errors.Join(errUnanswered, err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(b), nil
}

var oneShot = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// settle lets the company go on without any fault until lastDay, with the bank and
// its people at work, and everything that waits sent.
func (w *world) settle() {
	w.t.Helper()
	ctx := w.t.Context()
	// A claim on a message outlives its process: its time passes.
	clock := func() money.Instant { return now().Add(5 * time.Minute) }
	c, err := openCompany(ctx, &Globals{Data: w.data, Database: w.database}, "", io.Discard, clock)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			w.t.Error(err)
		}
	}()
	post, err := c.config.post(c.brand)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.cardsGoOn(ctx, c); err != nil {
		w.complain("cards: %v", err)
	}
	r := c.runner(post)
	day, err := c.service.Today(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for ; day <= lastDay; day++ {
		w.bankWorks(day)
		r.Progress = func(d cycle.Day) {
			for _, p := range d.Problems {
				if strings.Contains(p, rail.ErrUnclear.Error()) && w.server != nil {
					w.asksTheBank()
					continue
				}
				w.complain("%s: a person is needed: %s", d.Date, p)
			}
		}
		if err := r.Run(ctx, day, day); err != nil && !errors.Is(err, cycle.ErrProblems) {
			w.complain("%s: %v", day, err)
			return
		}
	}
	w.bankTakes()
	if _, err := r.Papers.Run(ctx); err != nil {
		w.complain("papers: %v", err)
	}
	if _, err := r.Deliver(ctx); err != nil {
		w.complain("deliver: %v", err)
	}
}

// bankWorks is a morning at the bank.
func (w *world) bankWorks(day money.Date) {
	w.bankTakes()
	if day.BankingDay() {
		if _, err := w.bank.Morning(day); err != nil {
			w.complain("bank: %v", err)
		}
	}
}

// bankTakes takes what waits at the bank's door, and complains of what it has
// seen before: a second file would debit everybody twice.
func (w *world) bankTakes() {
	names, err := os.ReadDir(filepath.Join(w.rail, "out"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.complain("bank: %v", err)
	}
	for _, n := range names {
		if _, _, known := w.bank.File(n.Name()); known && !strings.HasPrefix(n.Name(), ".") {
			w.complain("bank: the file %s came twice", n.Name())
		}
	}
	if err := w.bank.Take(); err != nil {
		w.complain("bank: %v", err)
	}
}

// asksTheBank is the person whom the program asks when it cannot know whether the
// bank has a file.
func (w *world) asksTheBank() {
	names, err := os.ReadDir(filepath.Join(w.data, "ach", "sending"))
	for _, n := range names {
		at := filepath.Join(w.data, "ach", "sending", n.Name())
		if _, _, has := w.bank.File(n.Name()); has {
			err = errors.Join(err, os.Rename(at, filepath.Join(w.data, "ach", "sent", n.Name())))
		} else {
			err = errors.Join(err, os.Remove(at))
		}
	}
	if err != nil {
		w.complain("%v", err)
	}
}

// mails are the messages that arrived, by their own ids.
func (w *world) mails() map[string]int {
	count := map[string]int{}
	names, err := filepath.Glob(filepath.Join(w.dir, "inbox", "*.eml"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		if m := messageID.FindSubmatch(b); m != nil {
			count[string(m[1])]++
		}
	}
	return count
}

var messageID = regexp.MustCompile(`(?im)^Message-ID: <([^@>]+)@`)
