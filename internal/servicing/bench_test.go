package servicing_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/archive"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/servicing"
	"marque/internal/tape"
)

func benchBoth(b *testing.B, bench func(b *testing.B, o *office)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, newOffice(b, freshSQLite(b))) })
	b.Run("postgres", func(b *testing.B) { bench(b, newOffice(b, freshPostgres(b))) })
}

// share does n pieces of work with so many workers.
func share(workers, n int, do func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// portfolio makes n loans with a borrower each, falling due on days 1 to 28 in
// turn. One in ten may have a late fee the day after.
func portfolio(n int) func(func(tape.Boarding, error) bool) {
	return func(yield func(tape.Boarding, error) bool) {
		for i := range n {
			t := loan()
			t.Start, t.FirstDue = day("2026-06-30"), money.NewDate(2026, 7, 1+i%28)
			if t.GraceDays = 0; i/28%10 != 0 {
				t.LateFee.Percent = 0
			}
			b := boarding(fmt.Sprintf("%07d", i), t)
			b.Person.SSN = fmt.Sprintf("2%08d", i+10001)
			if !yield(b, nil) {
				return
			}
		}
	}
}

// boardMany takes a portfolio on, and gives those who are to pay a bank account.
func (o *office) boardMany(n int, payer func(i int) bool) []*account {
	o.Helper()
	if res := got(o.Board(ctx, system, portfolio(n), false))(o); res.Contracts != n {
		o.Fatalf("boarded %+v", res)
	}
	o.day = got(o.OpenDay(ctx, system, 0, day("2026-06-30")))(o)
	rows := got(o.raw.Query(`SELECT id, account_number, customer_id FROM contract ORDER BY account_number`))(o)
	var all []*account
	for i := 0; rows.Next(); i++ {
		a := &account{}
		var customer string
		must(o, rows.Scan(&a.id, &a.number, &customer))
		if a.actor = identity.Customer(identity.CustomerID(customer)); payer(i) {
			all = append(all, a)
		}
	}
	must(o, rows.Err())
	must(o, share(16, len(all), func(i int) error {
		m, err := o.AddBankAccount(ctx, all[i].actor, bankRequest(bankAccount))
		all[i].bank = m.ID
		return err
	}))
	return all
}

// Every payment is durable when it is answered, and goes to the next of 2,000
// contracts.
func BenchmarkSubmitPayment(b *testing.B) {
	benchBoth(b, func(b *testing.B, o *office) {
		accounts := o.boardMany(2000, func(int) bool { return true })
		var turn atomic.Int64
		for _, workers := range []int{1, 16} {
			b.Run(fmt.Sprintf("workers-%d", workers), func(b *testing.B) {
				must(b, share(workers, b.N, func(int) error {
					a := accounts[int(turn.Add(1))%len(accounts)]
					_, err := o.SubmitPayment(ctx, a.actor, o.request(a, 10_00), src)
					return err
				}))
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
			})
		}
	})
}

// Business days over 100,000 contracts as the cycle runs them, from 2 July on:
// each has 3,571 statements and 360 late fees, the first three 1,190 autopay
// drafts and their file to the bank.
func BenchmarkCycleDay100k(b *testing.B) {
	benchBoth(b, func(b *testing.B, o *office) {
		accounts := o.boardMany(100_000, func(i int) bool { return i%28 >= 1 && i%28 <= 3 && i/28%3 == 0 })
		must(b, share(16, len(accounts), func(i int) error {
			a := accounts[i]
			_, err := o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: "k", Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src)
			return err
		}))
		runner := cycle.Runner{Service: o.Service, Rail: rail.Folder{Dir: b.TempDir()}, Log: slog.New(slog.DiscardHandler)}
		one := func() int {
			d := got(runner.Day(ctx, o.day))(b)
			if len(d.Problems) > 0 {
				b.Fatalf("%+v", d)
			}
			o.day = got(o.OpenDay(ctx, system, o.day, o.day+1))(b)
			return d.Statements + d.Drafted + d.LateFees
		}
		for o.day < day("2026-07-02") {
			one()
		}
		done := 0
		for b.Loop() {
			done += one()
		}
		b.ReportMetric(float64(done)/float64(b.N), "contracts/day")
	})
}

// The statements of contracts that are all due on one day: frozen, set as pages,
// kept durably in a folder, and named in the database. -borrowers says how many.
func BenchmarkStatementRun(b *testing.B) {
	benchBoth(b, func(b *testing.B, o *office) {
		n := *borrowers
		same := func(yield func(tape.Boarding, error) bool) {
			for c, err := range portfolio(n) {
				c.Terms.FirstDue = day("2026-07-23")
				c.Terms.Start = day("2026-06-23")
				if !yield(c, err) {
					return
				}
			}
		}
		if res := got(o.Board(ctx, system, same, false))(b); res.Contracts != n {
			b.Fatalf("%+v", res)
		}
		o.day = got(o.OpenDay(ctx, system, 0, day("2026-07-01")))(b)
		log := slog.New(slog.DiscardHandler)
		files := got(archive.New(ctx, b.TempDir()))(b)
		runner := cycle.Runner{Service: o.Service, Rail: rail.Folder{Dir: b.TempDir()}, Log: log, Papers: &cycle.Papers{Service: o.Service, Archive: files, Log: log}}
		done, papers := 0, 0
		for b.Loop() {
			for done == 0 || papers < done {
				d := got(runner.Day(ctx, o.day))(b)
				if len(d.Problems) > 0 {
					b.Fatalf("%+v", d.Problems[:1])
				}
				done, papers = done+d.Statements, papers+d.Papers
				o.day = got(o.OpenDay(ctx, system, o.day, o.day+1))(b)
			}
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(papers)/b.Elapsed().Seconds(), "statements/s")
		b.ReportMetric(float64(m.Sys)/1e6, "MB")
	})
}

// Boarding with borrowers, whose personal data is encrypted.
func BenchmarkBoard(b *testing.B) {
	benchBoth(b, func(b *testing.B, o *office) {
		var peak atomic.Uint64
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapInuse))
				}
			}
		})
		n := 0
		for b.Loop() {
			res, err := o.Board(ctx, system, portfolio(20_000), true)
			must(b, err)
			n += res.Contracts
		}
		close(stop)
		wg.Wait()
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		b.ReportMetric(float64(peak.Load())/1e6, "peak-MB")
	})
}

// The borrower's first page: a contract with autopay and a year of payments.
func BenchmarkOverview(b *testing.B) {
	benchBoth(b, func(b *testing.B, o *office) {
		a := o.take("L1", loan())
		got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: "k", Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src))(b)
		o.to(day("2027-01-20"))
		for b.Loop() {
			if v := got(o.Overview(ctx, a.actor))(b); len(v.Contracts) != 1 || v.Contracts[0].LastPayment == nil {
				b.Fatalf("%+v", v)
			}
		}
	})
}

// Proving the books of 2,000 contracts with a payment each.
func BenchmarkVerify(b *testing.B) {
	benchBoth(b, func(b *testing.B, o *office) {
		accounts := o.boardMany(2000, func(int) bool { return true })
		must(b, share(16, len(accounts), func(i int) error {
			_, err := o.SubmitPayment(ctx, accounts[i].actor, o.request(accounts[i], 450_00), src)
			return err
		}))
		n := 0
		for b.Loop() {
			res := got(o.Verify(ctx, system, nil))(b)
			if n += res.Contracts; res.Differing != 0 {
				b.Fatal(res.Findings)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "contracts/s")
	})
}
