package servicing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
)

// provider gives the office a provider of account checks, or none, and another
// way to check accounts.
func (o *office) provider(answer servicing.AccountAnswer, err error, by billing.ValidatedBy) {
	rules := servicing.DefaultRules
	rules.ValidateBy = by
	rules.CheckAccount = func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error) { return answer, err }
	if answer == "" && err == nil {
		rules.CheckAccount = nil
	}
	o.Service = servicing.New(o.db, lender, rules, o.instant)
}

// unsure is a borrower in an office whose provider is unsure, with an account to
// be checked beside the one that is ready.
func (o *office) unsure(by billing.ValidatedBy) (*account, servicing.Method) {
	o.Helper()
	a := o.take("L1", loan())
	o.provider(servicing.AccountUnsure, nil, by)
	return a, got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest("5550006617")))(o)
}

// deposits are what a check's micro-entries brought, read from the file as the
// borrower reads them at the bank.
func (o *office) deposits(number string) (amounts []money.Cents, traces []ach.TraceNumber) {
	o.Helper()
	for _, f := range got(o.FilesToDrop(ctx, system))(o) {
		file := got(ach.Read(bytes.NewReader(f.Content)))(o)
		for _, b := range file.Batches {
			for _, e := range b.Entries {
				if e.Account != number {
					continue
				}
				traces = append(traces, e.Trace)
				if e.TransactionCode.Credit() {
					amounts = append(amounts, e.Amount)
					if b.Header.EntryDescription != "ACCTVERIFY" || b.Header.SEC != ach.PPD || e.Amount < 1 || e.Amount > 99 {
						o.Errorf("a micro-entry in %+v: %s", b.Header, e.Amount)
					}
				}
			}
		}
	}
	return amounts, traces
}

func (o *office) say(a *account, m servicing.MethodID, first, second money.Cents) error {
	_, err := o.ConfirmAmounts(ctx, a.actor, servicing.AmountsRequest{Key: servicing.NewKey(), Method: m, First: first, Second: second})
	return err
}

func (o *office) standing(a *account, id servicing.MethodID) servicing.Method {
	o.Helper()
	for _, m := range got(o.Methods(ctx, a.actor))(o) {
		if m.ID == id {
			return m
		}
	}
	o.Fatalf("no method %s", id)
	return servicing.Method{}
}

// wrong are two amounts that are not these.
func wrong(amounts []money.Cents) (money.Cents, money.Cents) {
	a, b := money.Cents(1), money.Cents(2)
	for slices.Contains(amounts, a) || slices.Contains(amounts, b) {
		a, b = a+2, b+2
	}
	return a, b
}

func TestTwoDepositsCheckAnAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		if m.Validation != billing.Validating || m.Check == nil || m.Check.State != billing.CheckWaiting || m.Check.Way != billing.ByMicroEntries {
			t.Fatalf("added: %+v %+v", m, m.Check)
		}
		a.bank = m.ID
		if _, err := o.SubmitPayment(ctx, a.actor, o.request(a, 5_00), src); outcome(err) != "refused method_unchecked" {
			t.Errorf("paid before the check: %s", outcome(err))
		}
		if err := o.say(a, m.ID, 17, 42); outcome(err) != "refused too_early" {
			t.Errorf("before the file: %s", outcome(err))
		}
		o.to(o.day + 1) // Friday, 16 January; Monday is a holiday
		amounts, _ := o.deposits("5550006617")
		if len(amounts) != 2 || amounts[0] == amounts[1] {
			t.Fatalf("deposits %v", amounts)
		}
		c := o.standing(a, m.ID).Check
		if c.There != day("2026-01-16") || c.EndsOn != day("2026-01-30") || !c.Open || c.Left != 3 {
			t.Errorf("sent: %+v", c)
		}
		x, y := wrong(amounts)
		if err := o.say(a, m.ID, x, y); outcome(err) != "refused amounts_wrong" {
			t.Errorf("wrong: %s", outcome(err))
		}
		if err := o.say(a, m.ID, 1_17, 42); outcome(err) != "refused amount_range" || o.standing(a, m.ID).Check.Left != 2 {
			t.Errorf("a dollar costs no try: %s", outcome(err))
		}
		must(t, o.say(a, m.ID, amounts[1], amounts[0]))
		if m := o.standing(a, m.ID); m.Validation != billing.Validated || m.CheckedBy != billing.ByMicroEntries {
			t.Errorf("said: %+v", m)
		}
		o.pay(a, 5_00)
		for _, kind := range []billing.NoticeKind{billing.NoticeCheckSent, billing.NoticeCheckPassed} {
			if len(o.messages(kind)) != 1 {
				t.Errorf("%d messages %s", len(o.messages(kind)), kind)
			}
		}
		// The amounts stand nowhere in the clear, and not at all once it is over.
		if rows := o.rows(`SELECT amount FROM ach_entry WHERE kind = 'micro_credit' AND amount <> 0`); len(rows) > 0 {
			t.Errorf("%q", rows)
		}
		if rows := o.rows(`SELECT amounts FROM account_check WHERE amounts <> ''`); len(rows) > 0 {
			t.Errorf("%q", rows)
		}
		o.verify()
	})
}

func TestThreeTriesAndNoFourth(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		o.to(o.day + 1)
		amounts, _ := o.deposits("5550006617")
		x, y := wrong(amounts)
		key := servicing.NewKey()
		for range 3 { // the same try, sent three times
			_, err := o.ConfirmAmounts(ctx, a.actor, servicing.AmountsRequest{Key: key, Method: m.ID, First: y, Second: x})
			if outcome(err) != "refused amounts_wrong" || !strings.Contains(err.Error(), "2 more times") {
				t.Errorf("the same try: %v", err)
			}
		}
		if _, err := o.ConfirmAmounts(ctx, a.actor, servicing.AmountsRequest{Key: key, Method: m.ID, First: amounts[0], Second: amounts[1]}); outcome(err) != "refused key_reused" {
			t.Errorf("the key with other amounts: %s", outcome(err))
		}
		for _, want := range []string{"refused amounts_wrong", "refused no_tries"} {
			if err := o.say(a, m.ID, x, y); outcome(err) != want {
				t.Errorf("%s, want %s", outcome(err), want)
			}
		}
		if err := o.say(a, m.ID, amounts[0], amounts[1]); outcome(err) != "refused no_tries" {
			t.Errorf("the fourth, which is right: %s", outcome(err))
		}
		if m := o.standing(a, m.ID); m.Validation != billing.NotValid || !m.Check.MayAgain || m.Check.Reason != billing.CheckTries {
			t.Errorf("%+v %+v", m, m.Check)
		}
		// A new check has new amounts; the same key starts one.
		for range 2 {
			m = got(o.StartAccountCheck(ctx, o.fresh(a.actor), "again", m.ID))(t)
		}
		if m.Validation != billing.Validating || m.Check.Left != 3 {
			t.Errorf("again: %+v", m)
		}
		if n := len(o.rows(`SELECT id FROM account_check`)); n != 2 {
			t.Errorf("%d checks", n)
		}
	})
}

func TestFiftyGuessesAtOnceAreThree(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		o.to(o.day + 1)
		amounts, _ := o.deposits("5550006617")
		var wg sync.WaitGroup
		answers := make([]string, 50)
		for i := range answers {
			wg.Go(func() {
				x, y := money.Cents(i+1), money.Cents(99)
				if slices.Contains(amounts, x) || slices.Contains(amounts, y) {
					x, y = wrong(amounts)
				}
				answers[i] = outcome(o.say(a, m.ID, x, y))
			})
		}
		wg.Wait()
		compared := 0
		for _, answer := range answers {
			if answer != "refused amounts_wrong" && answer != "refused no_tries" {
				t.Error(answer)
			}
		}
		must(t, o.raw.QueryRow(`SELECT COUNT(*) FROM account_check_try WHERE outcome <> ''`).Scan(&compared))
		if compared != 3 {
			t.Errorf("%d were compared", compared)
		}
		if m := o.standing(a, m.ID); m.Validation != billing.NotValid {
			t.Errorf("%+v", m)
		}
	})
}

// A process that is killed between counting and comparing has used the try, and
// the same form sent again is compared after all; the day ends what is left over.
func TestATryThatWasCutOffIsNotLostAndNotFree(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		o.to(o.day + 1)
		amounts, _ := o.deposits("5550006617")
		x, y := wrong(amounts)
		o.force(`UPDATE account_check SET tries = 2`)
		if err := o.say(a, m.ID, x, y); outcome(err) != "refused no_tries" {
			t.Errorf("the third: %s", outcome(err))
		}
		o.force(`UPDATE account_check SET state = 'passed', tries = 3, reason = ''`)
		o.force(`UPDATE payment_method SET validation = 'pending' WHERE id = $1`, string(m.ID))
		o.force(`UPDATE account_check SET state = 'sent', ended_at = 0, amounts = 'gone'`)
		o.to(o.day + 1)
		if m := o.standing(a, m.ID); m.Validation != billing.NotValid || m.Check.Reason != billing.CheckTries {
			t.Errorf("%+v %+v", m, m.Check)
		}
	})
}

func TestDepositsThatNobodyNamesExpire(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		o.to(day("2026-01-30"))
		amounts, _ := o.deposits("5550006617")
		if c := o.standing(a, m.ID).Check; !c.Open {
			t.Errorf("on the last day: %+v", c)
		}
		o.to(day("2026-01-31"))
		if err := o.say(a, m.ID, amounts[0], amounts[1]); outcome(err) != "refused check_expired" {
			t.Errorf("after it: %s", outcome(err))
		}
		if m := o.standing(a, m.ID); m.Validation != billing.NotValid || !m.Check.MayAgain {
			t.Errorf("%+v", m)
		}
		if len(o.messages(billing.NoticeCheckFailed)) != 1 {
			t.Error("nobody was told")
		}
	})
}

func TestAPrenoteThatDoesNotComeBackChecksAnAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure(billing.ByPrenote)
		o.to(day("2026-01-16"))
		for _, f := range got(o.FilesToDrop(ctx, system))(t) {
			file := got(ach.Read(bytes.NewReader(f.Content)))(t)
			if e := file.Batches[0].Entries[0]; e.TransactionCode != ach.CheckingPrenoteDebit || e.Amount != 0 || file.Batches[0].Header.SEC != ach.WEB {
				t.Errorf("%+v", e)
			}
		}
		// Effective on Friday the 16th; the 19th is a holiday: three banking days.
		if c := o.standing(a, m.ID).Check; c.EndsOn != day("2026-01-22") {
			t.Errorf("%+v", c)
		}
		o.to(day("2026-01-22"))
		if m := o.standing(a, m.ID); m.Validation != billing.Validating {
			t.Errorf("on the third banking day: %s", m.Validation)
		}
		if err := o.say(a, m.ID, 17, 42); outcome(err) != "refused no_check" {
			t.Errorf("amounts of a prenote: %s", outcome(err))
		}
		o.to(day("2026-01-23"))
		if m := o.standing(a, m.ID); m.Validation != billing.Validated || m.CheckedBy != billing.ByPrenote {
			t.Errorf("after it: %+v", m)
		}
	})
}

func TestAReturnedDepositFailsTheCheck(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		o.to(o.day + 1)
		amounts, traces := o.deposits("5550006617")
		back := returnFile(o, o.day, "A", returned{traces[0], "R03", amounts[0]}, returned{traces[1], "R03", amounts[1]})
		for range 2 {
			res := got(o.ReadReturns(ctx, system, "r", back))(t)
			if !res.Known && (res.Returned != 2 || len(res.Aside) != 0) {
				t.Errorf("%+v", res)
			}
		}
		if m := o.standing(a, m.ID); m.Validation != billing.NotValid || m.StopCode != "R03" || m.Check.MayAgain {
			t.Errorf("%+v %+v", m, m.Check)
		}
		if err := o.say(a, m.ID, amounts[0], amounts[1]); outcome(err) != "refused no_check" {
			t.Errorf("said after it came back: %s", outcome(err))
		}
		if _, err := o.StartAccountCheck(ctx, o.fresh(a.actor), servicing.NewKey(), m.ID); outcome(err) != "refused check_again" {
			t.Errorf("again: %s", outcome(err))
		}
		if n := len(o.messages(billing.NoticeCheckFailed)); n != 1 {
			t.Errorf("told %d times", n)
		}
		o.verify()
	})
}

// A return that comes after the amounts were said stops the account.
func TestADepositThatComesBackLateStopsTheAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		o.to(o.day + 1)
		amounts, traces := o.deposits("5550006617")
		must(t, o.say(a, m.ID, amounts[0], amounts[1]))
		got(o.ReadReturns(ctx, system, "r", returnFile(o, o.day, "A", returned{traces[1], "R02", amounts[1]})))(t)
		if m := o.standing(a, m.ID); m.Validation != billing.Stopped || m.StopCode != "R02" {
			t.Errorf("%+v", m)
		}
		a.bank = m.ID
		if _, err := o.SubmitPayment(ctx, a.actor, o.request(a, 5_00), src); outcome(err) != "refused method_stopped" {
			t.Errorf("paid: %s", outcome(err))
		}
	})
}

func TestTheProviderDecidesAndDoesNotKeepAnybodyOut(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		for i, c := range []struct {
			answer servicing.AccountAnswer
			err    error
			want   billing.Validation
		}{
			{servicing.AccountOpen, nil, billing.Validated},
			{servicing.AccountUnsure, nil, billing.Validating},
			{"", errors.New("away"), billing.Validating},
			{"perhaps", nil, billing.Validating},
			{"", nil, billing.Validating},
		} {
			o.provider(c.answer, c.err, "")
			o.wait(25 * 60 * 60 * 1e9)
			m := got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest(fmt.Sprintf("55500066%02d", i))))(t)
			if m.Validation != c.want {
				t.Errorf("%q, %v: %s", c.answer, c.err, m.Validation)
			}
		}
		o.provider(servicing.AccountClosed, nil, "")
		if _, err := o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest("5550006699")); outcome(err) != "refused account_unknown" {
			t.Errorf("closed: %s", outcome(err))
		}
	})
}

// Adding accounts is no way to try numbers with the provider, nor to have the
// lender pay out deposits.
func TestAccountsAndChecksAreLimited(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.provider(servicing.AccountUnsure, nil, "")
		checks := map[billing.Validation]int{}
		refusals := 0
		for i := range 12 {
			m, err := o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest(fmt.Sprintf("55500066%02d", i)))
			if err == nil {
				checks[m.Validation]++
			} else if refusals++; outcome(err) != "refused too_many" {
				t.Error(outcome(err))
			}
		}
		if checks[billing.Validating] != 3 || checks[billing.Unvalidated] != 6 || refusals != 3 { // one more was added at the start
			t.Errorf("%v, %d refused", checks, refusals)
		}
		for _, m := range got(o.Methods(ctx, a.actor))(t) {
			if m.Validation == billing.Unvalidated {
				if _, err := o.StartAccountCheck(ctx, o.fresh(a.actor), servicing.NewKey(), m.ID); outcome(err) != "refused too_many" {
					t.Errorf("a fourth check: %s", outcome(err))
				}
				break
			}
		}
	})
}

// eachOnBoth runs cases by name, each in a fresh office, on each database.
func eachOnBoth(t *testing.T, names []string, test func(t *testing.T, o *office, name string)) {
	t.Helper()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			for _, name := range names {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					url := freshSQLite(t)
					if database == "postgres" {
						url = freshPostgres(t)
					}
					test(t, newOffice(t, url), name)
				})
			}
		})
	}
}

// force writes past the store. On SQLite a transaction that has just been refused
// may still be on its way out.
func (o *office) force(query string, args ...any) {
	o.Helper()
	var err error
	for range 100 {
		if _, err = o.raw.Exec(query, args...); err == nil || !strings.Contains(err.Error(), "locked") {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	must(o, err)
}
