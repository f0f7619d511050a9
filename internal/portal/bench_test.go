package portal

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/pgtest"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
	"marque/internal/web"
)

// BenchmarkDashboardPage is the overview of a signed-in customer over HTTP:
// session, reads and page. The database is SQLite in a file.
func BenchmarkDashboardPage(b *testing.B) {
	l := openLender(b)
	p := l.activated(b, "770001001", "4321")
	b.ReportAllocs()
	for b.Loop() {
		if _, status, page := p.visit(b, "/"); status != 200 || len(page) < 2000 {
			b.Fatalf("%d, %d bytes", status, len(page))
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}

// payer is a signed-in borrower with a contract and a bank account.
type payer struct {
	contract servicing.ContractID
	bank     servicing.MethodID
	session  string
}

// till is a portal on a loopback port with many borrowers signed in.
type till struct {
	address string
	day     money.Date
	payers  []payer
	turn    atomic.Int64
}

func openTill(b *testing.B, location string, borrowers int) *till {
	b.Helper()
	was := debug.SetGCPercent(400) // as the command serves
	b.Cleanup(func() { debug.SetGCPercent(was) })
	ctx, system := b.Context(), identity.System("test")
	keys, err := store.LoadKeys(filepath.Join(b.TempDir(), "keys.json"))
	must(b, err)
	db, err := store.Open(ctx, location, keys)
	must(b, err)
	b.Cleanup(func() { must(b, db.Close()) })
	must(b, db.Migrate(ctx))
	clock := func() money.Instant { return money.InstantOf(time.Now()) }
	svc := servicing.New(db, billing.Lender{Name: "Kestrane Motor Finance", Phone: "(800) 555-0142"}, servicing.DefaultRules, clock)
	_, err = svc.OpenDay(ctx, system, 0, today)
	must(b, err)
	res, err := svc.Board(ctx, system, func(yield func(tape.Boarding, error) bool) {
		for i := range borrowers {
			terms := loanTerms()
			terms.Start, terms.FirstDue, terms.Principal, terms.Payments = money.NewDate(2026, 11, 15), money.NewDate(2026, 12, 15), 19_061_54, 36
			number := fmt.Sprintf("77%07d", i)
			if !yield(tape.Boarding{
				AccountNumber: number, CustomerID: number, Terms: terms, AsOf: terms.Start,
				Person: &tape.Person{FirstName: "Maya", LastName: "Okafor", Email: number + "@mail.example", Phone: "+16145550101", SSN: fmt.Sprintf("2%08d", i+10001),
					BirthDate: money.NewDate(1990, 4, 2), Street: "12 Elm Street", City: "Maren Falls", State: "OH", ZIP: "43000"},
				Vehicle: tape.Vehicle{Year: 2023, Make: "Halden", Model: "Orla"}, OriginalAmount: 30_000_00, OriginalDate: money.NewDate(2024, 11, 15), OriginalTerm: 60,
			}, nil) {
				return
			}
		}
	}, false)
	must(b, err)
	if res.Contracts != borrowers {
		b.Fatalf("boarded %+v", res)
	}
	t := &till{day: today}
	for i := range borrowers {
		t.payers = append(t.payers, signInPayer(b, db, fmt.Sprintf("77%07d", i), clock()))
	}
	brand, err := web.LoadBrand(web.DefaultBrand())
	must(b, err)
	h, err := New(svc, brand, Options{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Now: time.Now})
	must(b, err)
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	t.address = server.Listener.Addr().String()
	return t
}

// signInPayer gives a borrower a checked bank account, and a session as signing in
// makes it; the password and the code are left out for time.
func signInPayer(b *testing.B, db *store.DB, number string, now money.Instant) payer {
	b.Helper()
	p := payer{session: identity.NewToken() + identity.NewToken(), bank: servicing.MethodID(store.NewID())}
	must(b, db.Update(b.Context(), func(tx *store.Tx) error {
		c, err := tx.ContractByNumber(number)
		if err != nil {
			return err
		}
		p.contract = servicing.ContractID(c.ID)
		owner := identity.Customer(identity.CustomerID(c.CustomerID)).String()
		tx.InsertLogin(&store.Login{Owner: owner, Realm: "customer", Username: "u" + number, PasswordHash: "none", Created: now})
		tx.InsertSession(&store.Session{TokenHash: tx.Keys().Hash("session", p.session), ID: store.NewID(), Owner: owner, Scope: string(identity.ScopeFull), Level: 2,
			Method: "password text", FactorAt: now, IP: "127.0.0.1", UserAgent: "bench", Created: now, Seen: now, Ends: now.Add(identity.TotalLimit)})
		return tx.InsertMethod(&store.Method{CustomerID: c.CustomerID, ID: string(p.bank), Key: servicing.NewKey(), Kind: billing.Bank, Type: "checking", Holder: "Maya Okafor",
			Routing: "231380104", Number: "70031842916", Hash: "hash", Last4: "2916", Validation: billing.Validated, ValidatedBy: billing.ByProvider, Validated: now, Created: now})
	}))
	return p
}

// teller is one keep-alive connection. It does no more than a load driver must,
// so that what is measured is the portal.
type teller struct {
	conn net.Conn
	in   *bufio.Reader
	out  bytes.Buffer
}

// confirm posts the review page's form for the next borrower, with a new key.
func (t *till) confirm(w *teller) error {
	p := t.payers[int(t.turn.Add(1))%len(t.payers)]
	body := url.Values{"how": {"other"}, "amount": {"10.00"}, "extra": {""}, "reviewed": {"yes"}, "date": {t.day.String()},
		"method": {string(p.bank)}, "key": {servicing.NewKey()}}.Encode()
	w.out.Reset()
	fmt.Fprintf(&w.out, "POST %s/pay/confirm HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36\r\n"+
		"Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nCookie: marque=%s\r\n\r\n%s",
		accountHref(p.contract), t.address, len(body), p.session, body)
	if _, err := w.conn.Write(w.out.Bytes()); err != nil {
		return err
	}
	status, location, err := w.answer()
	if err != nil || status != "303" || !strings.HasPrefix(location, accountHref(p.contract)+"/payments/") {
		return fmt.Errorf("answered %q, %q (%v)", status, location, err)
	}
	return nil
}

// answer reads a response to its end.
func (w *teller) answer() (status, location string, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := w.in.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case first:
			_, line, _ = strings.Cut(line, " ")
			status, _, _ = strings.Cut(line, " ")
		case name == "Location":
			location = value
		case name == "Content-Length":
			if length, err = strconv.Atoi(value); err != nil {
				return "", "", err
			}
		case line == "":
			_, err := w.in.Discard(length)
			return status, location, err
		}
	}
}

// run makes n payments with so many connections: as fast as they are answered, or
// at a rate a second, when an answer's time counts from the moment at which it
// should have been asked for. It gives the times in order.
func (t *till) run(b *testing.B, workers, n, rate int) []time.Duration {
	b.Helper()
	times := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	begun := time.Now()
	for range workers {
		conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", t.address)
		must(b, err)
		wg.Go(func() {
			w := &teller{conn: conn, in: bufio.NewReader(conn)}
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				asked := time.Now()
				if rate > 0 {
					asked = begun.Add(time.Duration(i) * time.Second / time.Duration(rate))
					time.Sleep(time.Until(asked))
				}
				if err := t.confirm(w); err != nil {
					b.Error(err)
					break
				}
				times[i] = time.Since(asked)
			}
			_ = conn.Close() // everything was answered
		})
	}
	wg.Wait()
	slices.Sort(times)
	return times
}

// BenchmarkConfirmPayment posts one-time payments end to end: a signed-in
// borrower's form over HTTP, answered with the way to the receipt when the
// payment is on disk. Each goes to the next of 1,000 borrowers. The last line is
// how long an answer takes at a steady 1,250 a second.
func BenchmarkConfirmPayment(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			location := filepath.Join(b.TempDir(), "marque.db")
			if kind == "postgres" {
				location = pgtest.URL(b)
			}
			t := openTill(b, location, 1000)
			for _, load := range []struct{ workers, rate int }{{16, 0}, {64, 0}, {64, 1250}} {
				name := fmt.Sprintf("workers-%d", load.workers)
				if load.rate > 0 {
					name = fmt.Sprintf("at-%d-a-second", load.rate)
				}
				b.Run(name, func(b *testing.B) {
					times := t.run(b, load.workers, b.N, load.rate)
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
					b.ReportMetric(times[len(times)/2].Seconds()*1000, "p50-ms")
					b.ReportMetric(times[len(times)*99/100].Seconds()*1000, "p99-ms")
				})
			}
		})
	}
}
