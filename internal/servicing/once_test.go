package servicing_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/tape"
)

// atOnce runs n calls that wait for each other before they begin.
func atOnce(n int, do func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	wg.Wait()
}

func (o *office) count(query string, args ...any) (n int) {
	o.Helper()
	must(o, o.raw.QueryRow(query, args...).Scan(&n))
	return n
}

func (o *office) expect(want int, what, query string, args ...any) {
	o.Helper()
	if n := o.count(query, args...); n != want {
		o.Errorf("%s: %d, want %d", what, n, want)
	}
}

func TestFiftyConfirmationsAreOnePayment(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		req := o.request(a, 450_00)
		answers := make([]servicing.Payment, 50)
		atOnce(50, func(i int) {
			var err error
			if answers[i], err = o.SubmitPayment(ctx, a.actor, req, src); err != nil {
				t.Error(err)
			}
		})
		for i, p := range answers {
			if p != answers[0] || p.Amount != 450_00 || p.State != billing.Authorised {
				t.Errorf("confirmation %d was answered %+v, the first %+v", i, p, answers[0])
			}
		}
		o.expect(1, "payments", `SELECT COUNT(*) FROM payment`)
		o.expect(1, "events", `SELECT COUNT(*) FROM event`)
		o.expect(1, "agreements", `SELECT COUNT(*) FROM agreement`)
		o.expect(1, "receipts in the mail", `SELECT COUNT(*) FROM notice WHERE kind = 'payment_received'`)
		o.verify()
	})
}

func TestAKeyStandsForItsInputs(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		other := got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest("5550001112")))(t).ID
		req := o.request(a, 450_00)
		made := got(o.SubmitPayment(ctx, a.actor, req, src))(t)
		for what, change := range map[string]func(*servicing.PaymentRequest){
			"amount": func(r *servicing.PaymentRequest) { r.Amount++ },
			"date":   func(r *servicing.PaymentRequest) { r.Date++ },
			"method": func(r *servicing.PaymentRequest) { r.Method = other },
			"kind":   func(r *servicing.PaymentRequest) { r.Kind = billing.AmountDue },
		} {
			r := req
			change(&r)
			if _, err := o.SubmitPayment(ctx, a.actor, r, src); outcome(err) != "refused key_reused" {
				t.Errorf("another %s: %s", what, outcome(err))
			}
		}
		if again := got(o.SubmitPayment(ctx, a.actor, req, src))(t); again != made {
			t.Errorf("the same again: %+v, first %+v", again, made)
		}
		_, err := o.SubmitPayment(ctx, a.actor, servicing.PaymentRequest{Contract: a.id, Kind: billing.AmountOther, Amount: 1_00, Date: o.day, Method: a.bank}, src)
		if outcome(err) != "refused key_missing" {
			t.Errorf("no key: %s", outcome(err))
		}
		o.expect(1, "payments", `SELECT COUNT(*) FROM payment`)

		// The same holds for autopay and for a bank account.
		enrol := servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}
		atOnce(10, func(int) {
			if _, err := o.EnrollAutopay(ctx, o.fresh(a.actor), enrol, src); err != nil {
				t.Error(err)
			}
		})
		enrol.Method = other
		if _, err := o.EnrollAutopay(ctx, o.fresh(a.actor), enrol, src); outcome(err) != "refused key_reused" {
			t.Errorf("autopay: %s", outcome(err))
		}
		o.expect(1, "enrolments", `SELECT COUNT(*) FROM autopay`)
		add := bankRequest("9998887776")
		atOnce(6, func(int) {
			if _, err := o.AddBankAccount(ctx, o.fresh(a.actor), add); err != nil {
				t.Error(err)
			}
		})
		o.expect(3, "bank accounts", `SELECT COUNT(*) FROM payment_method`)
	})
}

func TestSixteenWorkersLoseNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-01-20"))
		var mu sync.Mutex
		var applied, principal money.Cents
		atOnce(16, func(w int) {
			for i := w; i < 200; i += 16 {
				p, err := o.SubmitPayment(ctx, a.actor, o.request(a, 10_00), src)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				applied += p.Allocation.Total()
				principal += p.Allocation.Principal
				mu.Unlock()
			}
		})
		acc := got(o.Account(ctx, a.actor, a.id))(t)
		if applied != 2000_00 || acc.State.Principal != 24_000_00-principal || acc.State.Credited != 2000_00 {
			t.Errorf("applied %s, %s of it to principal, and %s is left", applied, principal, acc.State.Principal)
		}
		// Five days' interest of 3.879452 are paid first.
		if acc.State.InterestPaid != 19_40 || acc.State.Principal != 22_019_40 {
			t.Errorf("interest %s, principal left %s", acc.State.InterestPaid, acc.State.Principal)
		}
		o.expect(200, "events", `SELECT MAX(seq) FROM event`)
		o.expect(201, "entries", `SELECT MAX(id) FROM entry`)
		if res := o.verify(); res.Payments != 200 || res.Entries != 201 {
			t.Errorf("%+v", res)
		}
	})
}

func TestAPaymentIsCancelledOrSentNeverBoth(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		var all []tape.Boarding
		for i := range 16 {
			all = append(all, boarding(fmt.Sprintf("L%d", i), loan()))
		}
		accounts := o.takeAll(all...)
		payments := make([]servicing.Payment, len(accounts))
		for i, a := range accounts {
			payments[i] = o.pay(a, 450_00)
		}
		results := make([]string, len(accounts)+2)
		atOnce(len(results), func(i int) {
			var err error
			if i >= len(accounts) { // two processes cut the file
				_, err = o.CutFile(ctx, system, o.day)
			} else {
				_, err = o.CancelPayment(ctx, accounts[i].actor, accounts[i].id, payments[i].ID)
			}
			results[i] = outcome(err)
		})
		cancelled := 0
		for i, a := range accounts {
			p := got(o.Payment(ctx, a.actor, a.id, payments[i].ID))(t)
			switch {
			case results[i] == "accepted" && p.State == billing.Cancelled:
				cancelled++
			case (results[i] == "refused too_late" || results[i] == "refused changed") && p.State == billing.Submitted:
			default:
				t.Errorf("payment %d: %s and %s", i, results[i], p.State)
			}
		}
		for _, r := range results[len(accounts):] {
			if r != "accepted" {
				t.Errorf("cut: %s", r)
			}
		}
		entries, total := 0, money.Cents(0)
		for _, f := range got(o.FilesToDrop(ctx, system))(t) {
			entries, total = entries+f.Entries, total+f.Total
		}
		if entries != len(accounts)-cancelled || total != money.Cents(entries)*450_00 {
			t.Errorf("%d cancelled and %d entries of %s in the file", cancelled, entries, total)
		}
		o.verify()
	})
}

func TestAReturnIsTakenOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p := o.pay(a, 450_00)
		o.to(o.day + 4)
		back := returned{o.trace(p.ID), "R01", 450_00}
		file := returnFile(t, o.day, "A", back)
		results := make([]servicing.ReturnsResult, 8)
		atOnce(8, func(i int) {
			var err error
			if results[i], err = o.ReadReturns(ctx, system, "a.ach", file); err != nil {
				t.Error(err)
			}
		})
		applied := 0
		for _, r := range results {
			applied += r.Returned
		}
		if applied != 1 {
			t.Errorf("taken back %d times", applied)
		}
		was := o.posted()
		if r := got(o.ReadReturns(ctx, system, "a again.ach", file))(t); !r.Known || r.Returned+r.Repeated != 0 {
			t.Errorf("the same file again: %+v", r)
		}
		if r := got(o.ReadReturns(ctx, system, "b.ach", returnFile(t, o.day, "B", back)))(t); r.Known || r.Returned != 0 || r.Repeated != 1 {
			t.Errorf("the same return in another file: %+v", r)
		}
		if now := o.posted(); !slices.Equal(was, now) {
			t.Errorf("posted again: %q", missing(now, was))
		}
		o.expect(1, "fees", `SELECT COUNT(*) FROM event WHERE kind = 'returned_fee'`)
		o.expect(1, "letters", `SELECT COUNT(*) FROM notice WHERE kind = 'payment_returned'`)
		o.verify()
	})
}

// A draft and a payment by hand of one account come back together.
func TestTwoReturnsOfOneContractInOneFile(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p, q := o.pay(a, 450_00), o.pay(a, 100_00)
		o.to(o.day + 4)
		file := returnFile(t, o.day, "A", returned{o.trace(p.ID), "R01", 450_00}, returned{o.trace(q.ID), "R01", 100_00})
		if r := got(o.ReadReturns(ctx, system, "two.ach", file))(t); r.Returned != 2 {
			t.Errorf("%+v", r)
		}
		o.expect(2, "reversals", `SELECT COUNT(*) FROM event WHERE kind = 'reversal'`)
		o.verify()
	})
}

// A customer's key cannot stand in the way of the system's own.
func TestAKeyLikeTheSystemsIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		req := o.request(a, 1_00)
		req.Key = "autopay:" + string(a.id) + ":2026-02-15"
		if _, err := o.SubmitPayment(ctx, a.actor, req, src); outcome(err) != "refused key_missing" {
			t.Errorf("a key of the system's: %s", outcome(err))
		}
	})
}

// One bank account that cannot be read keeps its own payment back and no other.
func TestOneBadEntryDoesNotStopTheFile(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, b := o.take("L1", loan()), o.take("L2", loan())
		bad, good := o.pay(a, 100_00), o.pay(b, 200_00)
		if _, err := o.raw.Exec(`UPDATE payment_method SET account = 'spoiled' WHERE id = $1`, string(a.bank)); err != nil {
			t.Fatal(err)
		}
		res := got(o.CutFile(ctx, system, o.day))(t)
		if res.Entries != 1 || res.Total != 200_00 || len(res.Aside) != 1 || !strings.Contains(res.Aside[0], string(bad.ID)) {
			t.Errorf("%+v", res)
		}
		o.expect(1, "sent", `SELECT COUNT(*) FROM payment WHERE state = 'submitted' AND id = '`+string(good.ID)+`'`)
		o.expect(1, "waiting", `SELECT COUNT(*) FROM payment WHERE state = 'authorised' AND id = '`+string(bad.ID)+`'`)
		o.verify()
	})
}

func TestWhatNothingAnswersToIsKeptAside(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p := o.pay(a, 450_00)
		o.to(o.day + 4)
		unknown := returned{"121042889999999", "R01", 77_14}
		wrong := returned{o.trace(p.ID), "R01", 450_01}
		for i, modifier := range []string{"A", "B"} {
			r := got(o.ReadReturns(ctx, system, modifier, returnFile(t, o.day, modifier, unknown, wrong)))(t)
			if r.Returned != 0 || len(r.Aside) != 2 || r.Aside[0].Trace != string(unknown.trace) || r.Aside[0].Code != "R01" {
				t.Errorf("file %d: %+v", i, r)
			}
		}
		o.expect(2, "kept aside", `SELECT COUNT(*) FROM exception`)
		if got(o.Payment(ctx, a.actor, a.id, p.ID))(t).State == billing.Returned {
			t.Error("a return of another amount was applied")
		}
		o.verify()
	})
}

func TestAFaultyFileIsRefusedWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p := o.pay(a, 450_00)
		o.to(o.day + 4)
		good := returnFile(t, o.day, "A", returned{o.trace(p.ID), "R01", 450_00})
		lines := strings.Split(string(good), "\n")
		was := o.everything()
		for name, bad := range map[string][]byte{
			"entry hash":     bytes.Replace(good, []byte("82250000020012104288"), []byte("82250000020012104289"), 1),
			"amount":         bytes.Replace(good, []byte("0000045000"), []byte("0000045001"), 1),
			"cut short":      good[:len(good)/2],
			"control gone":   []byte(strings.Join(append(slices.Clone(lines[:4]), lines[5:]...), "\n")),
			"not NACHA":      []byte("<xml/>"),
			"nothing at all": nil,
		} {
			if bytes.Equal(bad, good) {
				t.Fatalf("%s: nothing was broken in\n%s", name, good)
			}
			_, err := o.ReadReturns(ctx, system, "bad.ach", bad)
			if refused, ok := errors.AsType[*servicing.FileRefused](err); !ok || refused.Name != "bad.ach" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if now := o.everything(); !slices.Equal(was, now) {
			t.Errorf("something changed: %q", missing(now, was))
		}
		if r := got(o.ReadReturns(ctx, system, "good.ach", good))(t); r.Returned != 1 {
			t.Errorf("the sound file: %+v", r)
		}
	})
}

// tables lists the database's tables.
func (o *office) tables() (out []string) {
	o.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`
	if o.db.Name() == "postgres" {
		query = `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name`
	}
	for _, row := range o.rows(query) {
		out = append(out, strings.TrimSpace(strings.TrimPrefix(row, "name=")))
	}
	return out
}

// everything is every row of every table.
func (o *office) everything() (out []string) {
	o.Helper()
	for _, table := range o.tables() {
		for _, row := range o.rows(`SELECT * FROM ` + table) {
			out = append(out, table+": "+row)
		}
	}
	slices.Sort(out)
	return out
}

func TestTwoProcessesDoTheDayOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		var all []tape.Boarding
		for i := range 6 {
			all = append(all, boarding(fmt.Sprintf("L%d", i), loan()))
		}
		accounts := o.takeAll(all...)
		o.to(day("2026-01-24"))
		for i, a := range accounts { // two pay by autopay, two by hand ahead of time, two not at all
			switch i % 3 {
			case 0:
				got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src))(t)
			case 1:
				req := o.request(a, 450_00)
				req.Date = day("2026-02-13")
				got(o.SubmitPayment(ctx, a.actor, req, src))(t)
			}
		}
		other := o.service(o.open(o.url))
		for o.day <= day("2026-02-27") {
			errs := make([]error, 4)
			atOnce(4, func(i int) {
				s := o.Service
				if i%2 == 1 {
					s = other
				}
				errs[i] = closeDay(s, o.day)
				if errs[i] == nil {
					_, errs[i] = s.OpenDay(ctx, system, o.day, o.day+1)
				}
			})
			must(t, errors.Join(errs...))
			o.day++
			if open := got(o.Today(ctx))(t); open != o.day {
				t.Fatalf("the open day is %s, want %s", open, o.day)
			}
		}
		o.expect(4, "payments", `SELECT COUNT(*) FROM payment`)
		o.expect(4, "payments settled", `SELECT COUNT(*) FROM payment WHERE state = 'settled'`)
		o.expect(4, "payment events", `SELECT COUNT(*) FROM event WHERE kind = 'payment'`)
		o.expect(2, "late fees", `SELECT COUNT(*) FROM event WHERE kind = 'late_fee'`)
		o.expect(12, "statements", `SELECT COUNT(*) FROM statement`)
		o.expect(4, "entries in files", `SELECT CAST(SUM(entries) AS BIGINT) FROM ach_file`)
		o.verify()
	})
}

func TestADryRunKeepsNothingAndABadRecordKeepsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		two := func(yield func(tape.Boarding, error) bool) {
			_ = yield(boarding("L1", loan()), nil) && yield(boarding("L2", loan()), nil)
		}
		was := o.everything()
		if res := got(o.Board(ctx, system, two, true))(t); res.Contracts != 2 || res.Principal != 48_000_00 {
			t.Errorf("%+v", res)
		}
		_, err := o.Board(ctx, system, func(yield func(tape.Boarding, error) bool) {
			for range 2 {
				if !yield(boarding("L1", loan()), nil) {
					return
				}
			}
		}, false)
		if located, ok := errors.AsType[*tape.Error](err); !ok || located.Field != "account_number" {
			t.Errorf("a number twice: %v", err)
		}
		if now := o.everything(); !slices.Equal(was, now) {
			t.Errorf("something remained: %q", missing(now, was))
		}
		o.takeAll(boarding("L1", loan()), boarding("L2", loan()))
		if o.verify().Contracts != 2 {
			t.Error("the real run did not board both")
		}
	})
}

func TestTheBusinessDateMovesOnceAndNeverBack(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		first := day("2026-01-15")
		if _, err := o.Today(ctx); !errors.Is(err, servicing.ErrNoBusinessDate) {
			t.Errorf("before any: %v", err)
		}
		atOnce(8, func(int) { got(o.OpenDay(ctx, system, 0, first))(t) })
		for next := first; next < first+5; next++ {
			atOnce(8, func(int) {
				if open := got(o.OpenDay(ctx, system, next, next+1))(t); open != next+1 {
					t.Errorf("opened %s after %s", open, next)
				}
			})
		}
		for _, from := range []money.Date{0, first, first + 4, first + 9} {
			if open := got(o.OpenDay(ctx, system, from, first+1))(t); open != first+5 {
				t.Errorf("moved from %s to %s", from, open)
			}
		}
	})
}
