package servicing_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

var lender = billing.Lender{
	Portal: "https://pay.kestrane.example",
	Name:   "Marque Financial", ShortName: "MARQUE FINANCIAL", Address: []string{"1 Example Plaza", "Springfield, IL 62701"},
	Phone: "(800) 555-0100", OriginID: "1234567890", ODFI: "121042882",
}

var (
	system = identity.System("test")
	src    = servicing.Source{IP: "192.0.2.7", UserAgent: "test"}
	ctx    = context.Background()
)

// What must stand in no table as it is typed. The routing number and the last
// four digits are shown to the customer and may.
const (
	bankRouting = "231380104"
	bankAccount = "70031842916"
	nationalID  = "219099873"
	birthDate   = "1979-04-23"
)

// office is a lender's whole back office on one database.
type office struct {
	testing.TB
	*servicing.Service
	db    *store.DB
	raw   *sql.DB // the database itself, past the store and its guards
	url   string
	keys  *store.Keys
	clock atomic.Int64
	day   money.Date
}

// onBoth runs a test in a fresh office on each database, on both at once.
func onBoth(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	for database, url := range map[string]func(testing.TB) string{"sqlite": freshSQLite, "postgres": freshPostgres} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			test(t, newOffice(t, url(t)))
		})
	}
}

func newOffice(t testing.TB, url string) *office {
	t.Helper()
	keys, err := store.LoadKeys(filepath.Join(t.TempDir(), "keys.json"))
	must(t, err)
	o := &office{TB: t, url: url, keys: keys}
	o.clock.Store(int64(money.InstantOf(time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC))))
	o.db = o.open(url)
	must(t, o.db.Migrate(ctx))
	o.Service = o.service(o.db)
	driver, at := "sqlite", url+"?_pragma=busy_timeout(10000)"
	if o.db.Name() == "postgres" {
		driver, at = "pgx", url
	}
	o.raw, err = sql.Open(driver, at)
	must(t, err)
	t.Cleanup(func() { must(t, o.raw.Close()) })
	return o
}

func (o *office) open(url string) *store.DB {
	o.Helper()
	db, err := store.Open(ctx, url, o.keys)
	must(o, err)
	o.Cleanup(func() { must(o, db.Close()) })
	return db
}

func (o *office) service(db *store.DB) *servicing.Service {
	return servicing.New(db, lender, openAccounts, func() money.Instant { return money.Instant(o.clock.Load()) })
}

func (o *office) wait(d time.Duration) { o.clock.Add(d.Microseconds()) }

// fresh is the actor in a session that showed a second factor just now.
func (o *office) fresh(a identity.Actor) identity.Actor {
	if a.Kind != identity.KindCustomer {
		return a
	}
	a.Standing.FactorAt = money.Instant(o.clock.Load())
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func got[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// outcome is "accepted", or "refused" and the refusal's code.
func outcome(err error) string {
	if err == nil {
		return "accepted"
	}
	if r, ok := err.(*servicing.Refusal); ok {
		return "refused " + r.Code
	}
	return "fault: " + err.Error()
}

func day(s string) money.Date {
	d, err := money.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func cents(s string) money.Cents {
	c, err := money.ParseCents(s)
	if err != nil {
		panic(err)
	}
	return c
}

// loan is 24,000.00 at 5.90 % over 60 months of 450.00 from 15 January 2026, with
// a late fee of 5 % after ten days and 15.00 for a payment that comes back.
func loan() contract.Terms {
	return contract.Terms{
		Kind: contract.Loan, Principal: 24_000_00, Rate: 59 * money.RateScale / 1000, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: day("2026-01-15"), FirstDue: day("2026-02-15"), Payments: 60, Payment: 450_00, Application: contract.DefaultApplication,
		GraceDays: 10, LateFee: contract.LateFee{Percent: 5 * money.RateScale / 100}, ReturnedFee: 15_00,
	}
}

// boarding is a contract as a portfolio brings it, with its own customer.
func boarding(number string, t contract.Terms) tape.Boarding {
	return tape.Boarding{
		Position: tape.Position{File: "portfolio.csv", Number: 1, Line: 2, Asset: number}, AccountNumber: number, CustomerID: "C" + number,
		Person: &tape.Person{
			FirstName: "Jordan", LastName: "Avery", Email: "jordan." + number + "@mail.example", Phone: "+12025550143", SSN: nationalID,
			BirthDate: day(birthDate), Street: "12 Sample Street", City: "Springfield", State: "IL", ZIP: "62701",
		},
		Terms: t, AsOf: t.Start, Vehicle: tape.Vehicle{Year: 2026, Make: "HALDEN", Model: "FJORD"},
		OriginalDate: t.Start, OriginalAmount: t.Principal, OriginalTerm: t.Payments, OriginalRate: t.Rate,
	}
}

// account is a contract with its borrower and a bank account to pay from.
type account struct {
	number string
	id     servicing.ContractID
	actor  identity.Actor
	bank   servicing.MethodID
	paid   []servicing.PaymentID // in the order they were made
}

// take boards a contract, opens the business day if none is open, and adds a
// bank account.
func (o *office) take(number string, t contract.Terms) *account {
	o.Helper()
	return o.takeAll(boarding(number, t))[0]
}

func (o *office) takeAll(boardings ...tape.Boarding) (out []*account) {
	o.Helper()
	res, err := o.Board(ctx, system, func(yield func(tape.Boarding, error) bool) {
		for _, b := range boardings {
			if !yield(b, nil) {
				return
			}
		}
	}, false)
	must(o, err)
	if res.Contracts != len(boardings) {
		o.Fatalf("boarded %d of %d", res.Contracts, len(boardings))
	}
	if o.day.IsZero() {
		o.day = got(o.OpenDay(ctx, system, 0, boardings[0].AsOf))(o)
	}
	for _, b := range boardings {
		a := &account{number: b.AccountNumber}
		var customer string
		must(o, o.raw.QueryRow(`SELECT id, customer_id FROM contract WHERE account_number = $1`, b.AccountNumber).Scan(&a.id, &customer))
		a.actor = identity.Customer(identity.CustomerID(customer))
		a.bank = got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest(bankAccount)))(o).ID
		out = append(out, a)
	}
	return out
}

func bankRequest(number string) servicing.BankAccountRequest {
	return servicing.BankAccountRequest{Key: servicing.NewKey(), Holder: "Jordan Avery", Type: "checking", Routing: bankRouting, Account: number, AccountAgain: number}
}

// request asks to pay another amount today.
func (o *office) request(a *account, amount money.Cents) servicing.PaymentRequest {
	return servicing.PaymentRequest{Key: servicing.NewKey(), Contract: a.id, Kind: billing.AmountOther, Amount: amount, Date: o.day, Method: a.bank}
}

func (o *office) pay(a *account, amount money.Cents) servicing.Payment {
	o.Helper()
	return got(o.SubmitPayment(ctx, a.actor, o.request(a, amount), src))(o)
}

// closeDay does the day's work in the order of the business day.
func (o *office) closeDay() {
	o.Helper()
	must(o, closeDay(o.Service, o.day))
}

func closeDay(s *servicing.Service, on money.Date) error {
	w, err := s.DayWork(ctx, system, on)
	for _, m := range w.Checks {
		err = first(err, func() error { return s.FinishCheck(ctx, system, m, on) })
	}
	if err == nil {
		w, err = s.DayWork(ctx, system, on)
	}
	for _, m := range w.Moves {
		err = first(err, func() error { return s.TakePlace(ctx, system, m) })
	}
	for _, p := range w.Scheduled {
		err = first(err, func() error { return s.ReleasePayment(ctx, system, p, on) })
	}
	for _, c := range w.Drafts {
		err = first(err, func() error { return s.DraftAutopay(ctx, system, c, on) })
	}
	if err == nil {
		w, err = s.DayWork(ctx, system, on)
	}
	for _, c := range w.Telling {
		err = first(err, func() error { return s.TellAutopay(ctx, system, c, on) })
	}
	for _, c := range w.LateFees {
		err = first(err, func() error { return s.ChargeLateFees(ctx, system, c, on) })
	}
	for _, p := range w.Settling {
		err = first(err, func() error { return s.SettlePayment(ctx, system, p, on) })
	}
	for _, c := range w.Statements {
		err = first(err, func() error { return s.CutStatement(ctx, system, c, on) })
	}
	for _, c := range w.Papers {
		err = first(err, func() error { return s.MakePapers(ctx, system, c, on) })
	}
	if on.BankingDay() {
		err = first(err, func() error { _, err := s.CutFile(ctx, system, on); return err })
	}
	return err
}

func first(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

// to closes every day before a date and opens it.
func (o *office) to(date money.Date) {
	o.Helper()
	if date < o.day {
		o.Fatalf("the business day is already %s", o.day)
	}
	for o.day < date {
		o.closeDay()
		o.wait(24 * time.Hour)
		o.day = got(o.OpenDay(ctx, system, o.day, o.day+1))(o)
	}
}

// trace is the number that a payment was sent to the bank under.
func (o *office) trace(p servicing.PaymentID) ach.TraceNumber {
	o.Helper()
	var t string
	must(o, o.raw.QueryRow(`SELECT trace FROM ach_entry WHERE payment_id = $1`, string(p)).Scan(&t))
	return ach.TraceNumber(t)
}

// returned is one entry that the bank sends back.
type returned struct {
	trace  ach.TraceNumber
	code   ach.ReturnCode
	amount money.Cents
}

// returnFile is a file of returns as the bank would write it.
func returnFile(t testing.TB, made money.Date, modifier string, all ...returned) []byte {
	t.Helper()
	b := ach.Batch{Header: ach.BatchHeader{
		ServiceClass: ach.DebitsOnly, CompanyName: lender.ShortName, CompanyID: lender.OriginID, SEC: ach.WEB,
		EntryDescription: "AUTO PYMT", EffectiveDate: made, OriginatorStatus: "1", ODFI: bankRouting[:8], BatchNumber: 1,
	}}
	for i, r := range all {
		trace := ach.TraceNumber(fmt.Sprintf("%s%07d", bankRouting[:8], i+1))
		b.Entries = append(b.Entries, ach.Entry{
			TransactionCode: ach.CheckingReturnOrChangeDebit, RDFI: ach.RoutingNumber(lender.ODFI), Account: bankAccount, Amount: r.amount,
			Name: "JORDAN AVERY", Trace: trace,
			Return: &ach.ReturnAddenda{Code: r.code, OriginalTrace: r.trace, OriginalRDFI: bankRouting[:8], Trace: trace},
		})
	}
	var out bytes.Buffer
	must(t, ach.Write(&out, &ach.File{Header: ach.FileHeader{
		ImmediateDestination: lender.ODFI, ImmediateOrigin: bankRouting, CreationDate: made, FileIDModifier: modifier,
		DestinationName: lender.ShortName, OriginName: "SETTLING BANK",
	}, Batches: []ach.Batch{b}}))
	return out.Bytes()
}

func (o *office) bringBack(p servicing.PaymentID, code ach.ReturnCode) servicing.ReturnsResult {
	o.Helper()
	var amount money.Cents
	must(o, o.raw.QueryRow(`SELECT amount FROM payment WHERE id = $1`, string(p)).Scan(&amount))
	file := returnFile(o, o.day, "A", returned{o.trace(p), code, amount})
	return got(o.ReadReturns(ctx, system, "returns-"+o.day.String()+"-"+string(code)+".ach", file))(o)
}

// verify proves the books and fails the test with every figure that differs.
func (o *office) verify() servicing.VerifyResult {
	o.Helper()
	res := got(o.Verify(ctx, system, nil))(o)
	for _, f := range res.Findings {
		o.Error(f)
	}
	var sum int64
	must(o, o.raw.QueryRow(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM posting`).Scan(&sum))
	if sum != 0 {
		o.Errorf("all postings together are %s, not zero", money.Cents(sum))
	}
	return res
}

// rows reads a query's rows as text.
func (o *office) rows(query string, args ...any) (out []string) {
	o.Helper()
	r := got(o.raw.Query(query, args...))(o)
	columns := got(r.Columns())(o)
	for r.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(o, r.Scan(into...))
		line := ""
		for i, v := range values {
			line += columns[i] + "=" + v.String + " "
		}
		out = append(out, line)
	}
	must(o, r.Err())
	return out
}

// posted is everything that may never change once it is written.
func (o *office) posted() (out []string) {
	o.Helper()
	for _, table := range []string{"event", "entry", "posting", "statement", "agreement"} {
		for _, row := range o.rows(`SELECT * FROM ` + table) {
			out = append(out, table+": "+row)
		}
	}
	slices.Sort(out)
	return out
}

// missing lists what was in before and is not in after; both are sorted.
func missing(before, after []string) (out []string) {
	for _, row := range before {
		if _, found := slices.BinarySearch(after, row); !found {
			out = append(out, row)
		}
	}
	return out
}

// openAccounts are the rules of a lender whose provider knows every bank account.
var openAccounts = func() servicing.Rules {
	rules := servicing.DefaultRules
	rules.CheckAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) {
		return servicing.AccountOpen, nil
	}
	rules.Cards.On = true
	return rules
}()
