package servicing_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
)

// Where the money of each event stands, told as in stories: "clear L1 2" says
// that the bank has moved the money of event 2.
var bookStories = map[string]string{
	"a check waits in transit, clears, and bounces": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 payment source check amount 450.00 on 2026-02-15 -> accepted
		ledger   L1 on 2026-02-15  check_in_transit 450.00  cash 0.00  principal 23670.26  interest_income -120.26
		clear    L1 1 on 2026-02-17 -> accepted
		ledger   L1 on 2026-02-17  check_in_transit 0.00  cash 450.00
		clear    L1 1 on 2026-02-18 -> accepted
		ledger   L1 on 2026-02-18  check_in_transit 0.00  cash 450.00
		verify
		event    L1 reversal reverses 1 on 2026-02-20 -> accepted
		ledger   L1 on 2026-02-20  check_in_transit -450.00  cash 450.00  principal 24000.00  interest_income 0.00
		verify
		clear    L1 1 on 2026-02-21 -> accepted
		ledger   L1 on 2026-02-21  check_in_transit 0.00  cash 0.00`,

	"each road has its account": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		event    L1 payment source wire amount 100.00 on 2026-02-16 -> accepted
		event    L1 payment source cash amount 50.00 on 2026-02-16 -> accepted
		event    L1 payment source insurer amount 25.00 on 2026-02-16 -> accepted
		ledger   L1 on 2026-02-16  ach_in_transit 450.00  wire_in_transit 100.00  cash 50.00  check_in_transit 25.00
		clear    L1 1 on 2026-02-16 -> refused event
		clear    L1 3 on 2026-02-16 -> accepted
		clear    L1 9 on 2026-02-16 -> refused event
		ledger   L1 on 2026-02-24  ach_in_transit 0.00  cash 500.00  suspense 0.00
		return   L1 R10 on 2026-03-02 -> reversed fee 0.00
		ledger   L1 on 2026-03-02  ach_in_transit 0.00  cash 50.00  wire_in_transit 100.00`,

	"fees are income when charged, a waiver is an expense": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 22.50
		event    L1 other_fee amount 35.00 on 2026-02-27 -> accepted
		ledger   L1 on 2026-02-27  late_fees 22.50  late_fee_income -22.50  other_fees 35.00  other_fee_income -35.00
		event    L1 waiver of late_fee amount 12.50 on 2026-02-28 -> accepted
		ledger   L1 on 2026-02-28  late_fees 10.00  late_fee_income -22.50  forgiven 12.50
		verify
		event    L1 reversal reverses 3 on 2026-03-01 -> accepted
		event    L1 reversal reverses 1 on 2026-03-01 -> accepted
		ledger   L1 on 2026-03-01  late_fees 0.00  late_fee_income 0.00  forgiven 0.00`,

	"a loss and what comes back of it": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 other_fee amount 35.00 on 2026-02-20 -> accepted
		event    L1 charge_off on 2026-02-24 -> accepted
		ledger   L1 on 2026-02-24  principal 0.00  other_fees 0.00  charge_offs 24035.00  interest_income 0.00  other_fee_income -35.00
		event    L1 payment source check amount 1000.00 on 2026-03-01 -> accepted
		ledger   L1 on 2026-03-01  recoveries -1000.00  check_in_transit 1000.00  charge_offs 24035.00
		clear    L1 3 on 2026-03-02 -> accepted
		verify
		event    L1 reversal reverses 2 on 2026-03-05 -> accepted
		ledger   L1 on 2026-03-05  recoveries 0.00  charge_offs 0.00  cash 1000.00  other_fees 0.00  principal 23209.58`,

	"a vehicle is sold and pays the debt": `
		contract L1 loan 9000.00 5.90% 36 months of 273.00 from 2026-01-15
		event    L1 repossession on 2026-02-20 -> accepted
		event    L1 other_fee amount 600.00 on 2026-02-20 -> accepted
		event    L1 sale amount 9800.00 on 2026-03-01 -> accepted
		ledger   L1 on 2026-03-01  principal 0.00  other_fees 0.00  wire_in_transit 9800.00  unapplied -134.53
		event    L1 refund amount 134.53 on 2026-03-02 -> accepted
		ledger   L1 on 2026-03-02  unapplied 0.00  refunds_payable -134.53  cash 0.00
		clear    L1 4 on 2026-03-03 -> accepted
		clear    L1 3 on 2026-03-03 -> accepted
		ledger   L1 on 2026-03-03  refunds_payable 0.00  wire_in_transit 0.00  cash 9665.47
		clear    L1 4 on 2026-03-04 -> accepted
		ledger   L1 on 2026-03-04  cash 9665.47`,
}

func TestBookStories(t *testing.T) {
	tellAll(t, bookStories, func(o *office) {
		o.asOfEachDay()
		o.trialAgrees()
	})
}

// clear L1 2 on D -> accepted
func (s *teller) clear(words, want []string) {
	var event int
	if _, err := fmt.Sscan(words[1], &event); err != nil {
		s.Fatalf("%s: %v", s.line, err)
	}
	_, err := s.ClearEvent(ctx, system, s.account(words).id, event, s.day)
	s.compare(want, outcome(err), nil)
}

// history is every contract with its events.
func (o *office) history() (contracts []*store.Contract, events map[string][]contract.Event) {
	o.Helper()
	must(o, o.db.View(ctx, func(tx *store.Tx) (err error) {
		if contracts, err = tx.ContractsAfter("", 1000); err == nil {
			events, err = tx.EventsBetween(contracts[0].ID, contracts[len(contracts)-1].ID)
		}
		return err
	}))
	return contracts, events
}

// asOfEachDay holds the ledger by effective date against the fold, on every day
// there has been.
func (o *office) asOfEachDay() {
	o.Helper()
	contracts, events := o.history()
	for _, c := range contracts {
		for on := c.Terms.Start; on <= o.day; on++ {
			s, _, err := contract.Fold(&c.Terms, events[c.ID], on)
			must(o, err)
			for account, want := range map[ledger.Account]money.Cents{
				ledger.Principal: s.Principal, ledger.LateFees: s.LateFees, ledger.OtherFees: s.OtherFees, ledger.Unapplied: -s.Unapplied, ledger.InterestEarn: -s.InterestPaid,
			} {
				var is int64
				must(o, o.raw.QueryRow(`SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM posting p JOIN entry e ON e.contract_id = p.contract_id AND e.id = p.entry_id
					WHERE p.contract_id = $1 AND p.account = $2 AND e.effective <= $3`, c.ID, string(account), on.String()).Scan(&is))
				if money.Cents(is) != want {
					o.Errorf("%s on %s: %s in the ledger, %s by the fold", account, on, money.Cents(is), want)
				}
			}
		}
	}
}

// trialAgrees holds the trial balance and the journal against the postings
// themselves, and the accrued interest against each contract's own.
func (o *office) trialAgrees() {
	o.Helper()
	b := got(o.TrialBalance(ctx, system, servicing.Period{Through: o.day}))(o)
	journal, entries := ledger.Balances{}, 0
	last := money.Date(0)
	must(o, o.Journal(ctx, system, 0, o.day, func(e *servicing.JournalEntry) error {
		if e.Effective < last {
			o.Errorf("entry %d of %s after %s", e.ID, e.Effective, last)
		}
		last, entries = e.Effective, entries+1
		if (e.Event > 0) != (e.EventKind != "") || e.AccountNumber == "" || e.Posted == 0 {
			o.Errorf("%+v", e)
		}
		journal.Add(e.Postings)
		return e.Check()
	}))
	o.expect(entries, "entries", `SELECT COUNT(*) FROM entry`)
	for _, l := range b.Lines {
		var is int64
		must(o, o.raw.QueryRow(`SELECT CAST(SUM(amount) AS BIGINT) FROM posting WHERE account = $1`, string(l.Account)).Scan(&is))
		if money.Cents(is) != l.Balance || journal[l.Account] != l.Balance {
			o.Errorf("%s: %s in the trial balance, %s posted, %s in the journal", l.Account, l.Balance, money.Cents(is), journal[l.Account])
		}
		delete(journal, l.Account)
	}
	if len(journal) > 0 {
		o.Errorf("in the journal and not in the trial balance: %v", journal)
	}
	contracts, events := o.history()
	for _, on := range []money.Date{o.day, o.day - 10, o.day - 40} {
		var want money.Cents
		for _, c := range contracts {
			if on < c.Terms.Start {
				continue
			}
			s, _, err := contract.Fold(&c.Terms, events[c.ID], on)
			must(o, err)
			want += s.Accrued.Round(c.Terms.Rounding)
		}
		if is := got(o.AccruedInterest(ctx, system, on))(o); is.Interest != want || is.On != on {
			o.Errorf("accrued on %s: %+v, the contracts say %s", on, is, want)
		}
	}
}

// Three loans of 24,000.00 at 5.90 %: 120.26 of interest to 15 February, then
// 3.826152 a day on 23,670.26 and 3.879452 on the two that did not pay.
func TestTheMonthEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		accounts := o.takeAll(boarding("L1", loan()), boarding("L2", loan()), boarding("L3", loan()))
		o.to(day("2026-02-15"))
		o.pay(accounts[0], 450_00)
		o.to(day("2026-03-10"))
		month := got(o.TrialBalance(ctx, system, servicing.Period{From: day("2026-02-01"), Through: day("2026-02-28")}))(t)
		want := map[ledger.Account]servicing.TrialLine{
			ledger.Cash:          {Debit: 450_00, Balance: 450_00},
			ledger.Transit:       {Debit: 450_00, Credit: 450_00},
			ledger.Principal:     {Opening: 72_000_00, Credit: 329_74, Balance: 71_670_26},
			ledger.LateFees:      {Debit: 45_00, Balance: 45_00},
			ledger.PortfolioFund: {Opening: -72_000_00, Balance: -72_000_00},
			ledger.InterestEarn:  {Credit: 120_26, Balance: -120_26},
			ledger.LateFeeEarn:   {Credit: 45_00, Balance: -45_00},
		}
		for _, l := range month.Lines {
			w := want[l.Account]
			if l.Opening != w.Opening || l.Debit != w.Debit || l.Credit != w.Credit || l.Balance != w.Balance {
				t.Errorf("%+v", l)
			}
			delete(want, l.Account)
		}
		if len(want) > 0 || month.Total.Debit != month.Total.Credit || month.Lines[0].Account != ledger.Cash {
			t.Errorf("%+v; not there: %v", month, want)
		}
		// 13 days × 3.826152 = 49.74; 44 days × 3.879452 = 170.70, twice.
		a := month.Accrued
		if a.Interest != 49_74+2*170_70 || a.Contracts != 3 || len(a.ByRule) != 1 || a.ByRule[0].Principal != 71_670_26 || a.ByRule[0].DayCount != money.Actual365 {
			t.Errorf("%+v", a)
		}
		o.trialAgrees()

		// By the day of writing nothing was there before the office opened.
		none := got(o.TrialBalance(ctx, system, servicing.Period{Through: day("2026-01-01"), Posted: true}))(t)
		all := got(o.TrialBalance(ctx, system, servicing.Period{From: day("2026-01-02"), Through: day("2027-01-01"), Posted: true}))(t)
		if len(none.Lines) != 0 || len(all.Lines) != 7 || all.Total.Debit != all.Total.Credit {
			t.Errorf("%+v, %+v", none, all)
		}

		// A posting lost on the way is seen at once.
		o.unlock()
		_, err := o.raw.Exec(`DELETE FROM posting WHERE account = 'interest_income'`)
		must(t, err)
		if _, err := o.TrialBalance(ctx, system, servicing.Period{Through: o.day}); !errors.Is(err, ledger.ErrUnbalanced) {
			t.Errorf("half an entry: %v", err)
		}
	})
}

// The lease of 31,500.00 with a residual of 18,900.00: rentals, tax, a rental
// that comes back, and the end.
func TestALeaseInTheBooks(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		terms := loan()
		terms.Kind, terms.Rate, terms.LateFee = contract.Lease, 0, contract.LateFee{}
		terms.Payment, terms.Tax, terms.Payments, terms.Principal = 423_04, 25_04, 36, 36*398_00
		terms.LeaseTerms = &contract.LeaseTerms{CapitalizedCost: 31_500_00, Residual: 18_900_00, Term: 36, BasePayment: 398_00, Start: terms.Start}
		rows := got(terms.LeaseTerms.Schedule(nil))(t)
		a := o.take("L1", terms)
		holds := func(want map[ledger.Account]money.Cents) {
			t.Helper()
			o.verify()
			b := got(o.TrialBalance(ctx, system, servicing.Period{Through: o.day}))(t)
			for _, l := range b.Lines {
				if w, asked := want[l.Account]; asked && w != l.Balance {
					t.Errorf("%s is %s, want %s", l.Account, l.Balance, w)
				}
				delete(want, l.Account)
			}
			for account, w := range want {
				if w != 0 {
					t.Errorf("%s is not there, want %s", account, w)
				}
			}
		}
		holds(map[ledger.Account]money.Cents{ledger.LeaseReceivable: 14_328_00, ledger.Residual: 18_900_00, ledger.UnearnedRent: -1_728_00, ledger.PortfolioFund: -31_500_00})
		o.to(day("2026-02-15"))
		first := o.pay(a, 423_04)
		o.to(day("2026-03-15"))
		o.pay(a, 423_04)
		two := map[ledger.Account]money.Cents{
			ledger.LeaseReceivable: 13_532_00, ledger.RentEarn: -rows[1].Earned, ledger.UnearnedRent: rows[1].Earned - 1_728_00, ledger.SalesTax: -50_08, ledger.AccruedInterest: 0,
		}
		holds(two)
		o.to(day("2026-03-20"))
		o.bringBack(first.ID, "R10")
		holds(map[ledger.Account]money.Cents{
			ledger.LeaseReceivable: 13_930_00, ledger.RentEarn: -rows[0].Earned, ledger.UnearnedRent: rows[0].Earned - 1_728_00, ledger.SalesTax: -25_04,
		})
		// One rental is past due and stays owed; what has come due counts as earned.
		o.to(day("2026-04-01"))
		got(o.PostEvent(ctx, system, servicing.EventRequest{Key: servicing.NewKey(), Contract: a.id, Event: contract.Event{Kind: contract.LeaseEnd, Date: o.day, Amount: 500_00}}))(t)
		balance := rows[1].Balance - 398_00 // without the rental that stays owed
		holds(map[ledger.Account]money.Cents{
			ledger.LeaseReceivable: 398_00, ledger.Residual: 0, ledger.UnearnedRent: 0, ledger.RentEarn: -rows[1].Earned,
			ledger.LeaseTermination: balance + 398_00 - 500_00, ledger.OtherFees: 500_00,
		})
		o.trialAgrees()

		check := contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: o.day, Amount: 5_00}
		r := got(o.PostEvent(ctx, system, servicing.EventRequest{Key: "check", Contract: a.id, Event: check}))(t)
		if _, err := o.ClearEvent(ctx, system, a.id, r.Event.Seq, o.day-1); outcome(err) != "refused date_past" {
			t.Errorf("a check that clears before it came: %s", outcome(err))
		}
	})
}

// With any other account in the table, verify finds what was posted by it.
func TestABrokenTableFailsVerify(t *testing.T) {
	for i, row := range billing.Table {
		var story string
		switch row.Kind {
		case contract.Payment:
			story = "event L1 payment source " + string(row.Source) + " amount 450.00 on 2026-02-15"
			if row.Source == contract.FromACH {
				story = "pay L1 450.00 on 2026-02-15"
			} else if row.Source == contract.FromCard {
				continue // no verb takes a card yet
			}
		case contract.Sale:
			story = "event L1 repossession on 2026-02-15\nevent L1 sale amount 450.00 on 2026-02-15"
		case contract.LateCharge:
			story = "late fee L1 on 2026-02-26"
		case contract.OtherCharge:
			story = "event L1 other_fee amount 35.00 on 2026-02-15"
		case contract.ReturnedFee:
			story = "pay L1 450.00 on 2026-02-15\nreturn L1 R01 on 2026-02-18"
		case contract.Refund:
			story = "event L1 payment source wire amount 25000.00 on 2026-02-15\nevent L1 refund amount 5.00 on 2026-02-16"
		default:
			continue
		}
		t.Run(row.Words, func(t *testing.T) {
			defer func() { billing.Table[i] = row }()
			for _, other := range []ledger.Account{ledger.Suspense, ledger.Recoveries, ledger.Cash, ledger.CardTransit, ledger.PortfolioFund} {
				if other == row.Other {
					continue
				}
				billing.Table[i].Other = other
				s := &teller{office: newOffice(t, freshSQLite(t)), accounts: map[string]*account{}}
				s.wrong = func(string, ...any) {}
				for line := range strings.Lines("contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15\n" + story) {
					s.line = strings.TrimSpace(line)
					s.one()
				}
				res := got(s.Verify(ctx, system, nil))(t)
				if res.Differing != 1 {
					t.Errorf("on %s instead of %s: %+v", other, row.Other, res.Findings)
				}
			}
		})
	}
}

// A month end over 20,000 loans, most of them with a payment since.
func BenchmarkMonthEnd(b *testing.B) {
	benchBoth(b, func(b *testing.B, o *office) {
		const loans = 20_000
		accounts := o.boardMany(loans, func(i int) bool { return i%4 == 0 })
		must(b, share(16, len(accounts), func(i int) error {
			_, err := o.SubmitPayment(ctx, accounts[i].actor, o.request(accounts[i], 10_00), src)
			return err
		}))
		b.Run("accrued-from-states", func(b *testing.B) {
			for b.Loop() {
				got(o.AccruedInterest(ctx, system, o.day+30))(b)
			}
			b.ReportMetric(float64(b.N)*loans/b.Elapsed().Seconds(), "contracts/s")
		})
		later := got(o.OpenDay(ctx, system, o.day, o.day+5))(b)
		must(b, share(16, len(accounts), func(i int) error {
			req := o.request(accounts[i], 10_00)
			req.Date = later
			_, err := o.SubmitPayment(ctx, accounts[i].actor, req, src)
			return err
		}))
		b.Run("accrued-from-histories", func(b *testing.B) {
			for b.Loop() {
				got(o.AccruedInterest(ctx, system, o.day))(b)
			}
			b.ReportMetric(float64(b.N)*loans/b.Elapsed().Seconds(), "contracts/s")
		})
		entries := 0
		must(b, o.raw.QueryRow(`SELECT COUNT(*) FROM entry`).Scan(&entries))
		b.Run("journal", func(b *testing.B) {
			for b.Loop() {
				must(b, o.Journal(ctx, system, 0, later, func(*servicing.JournalEntry) error { return nil }))
			}
			b.ReportMetric(float64(b.N*entries)/b.Elapsed().Seconds(), "entries/s")
		})
		b.Run("sums", func(b *testing.B) {
			for b.Loop() {
				must(b, o.db.View(ctx, func(tx *store.Tx) error {
					_, err := tx.TrialByEffective(0, later)
					return err
				}))
			}
			b.ReportMetric(float64(b.N*entries)/b.Elapsed().Seconds(), "entries/s")
		})
	})
}
