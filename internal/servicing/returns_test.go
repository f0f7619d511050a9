package servicing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/tape"
)

// Interest on 24,000.00 at 5.90 % over 365 days is 3.879452 a day: 356.91 for 92
// days, 415.10 for 107. 60 days after Wednesday 18 February is Sunday 19 April; the
// banking day after it is Monday the 20th.
var lateStories = map[string]string{
	"not authorized, and said so on the last day but one": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted interest 120.26 principal 329.74
		statement L1 on 2026-02-22  ending 23670.26
		statement L1 on 2026-03-25  ending 23670.26
		return   L1 R10 on 2026-04-17 -> reversed fee 0.00
		balance  L1 on 2026-04-17  principal 24000.00  interest 356.91  fees 22.50
		due      L1 on 2026-04-17  past 1350.00
		balance  L1 on 2026-04-18  principal 24000.00  interest 360.79  fees 22.50
		statement L1 on 2026-04-24  beginning 23670.26  adjustments 329.74  ending 24000.00  interest -120.26
		opened   L1 unauthorized_return R10 on 2026-04-25`,

	"not authorized, and too late": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		return   L1 R10 on 2026-05-02 -> reversed fee 0.00
		opened   L1 late_return R10 on 2026-05-02
		balance  L1 on 2026-05-02  principal 24000.00  interest 415.10`,

	"a payoff that comes back after the account was closed": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 payoff on 2026-02-15 -> accepted amount 24120.26
		final    L1 on 2026-02-16  is false
		final    L1 on 2026-02-18  is true  on 2026-04-21
		statement L1 on 2026-02-22  ending 0.00
		statement L1 on 2026-03-25 -> none
		return   L1 R10 on 2026-04-17 -> reversed fee 0.00
		balance  L1 on 2026-04-17  principal 24000.00  interest 356.91  closed false
		opened   L1 late_return R10 on 2026-04-17
		balance  L1 on 2026-04-18  fees 45.00
		statement L1 on 2026-04-24  beginning 0.00  ending 24000.00
		autopay  L1 starts on 2026-04-24 -> refused method_stopped`,

	"a payment that comes back after the charge-off": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted principal 329.74
		event    L1 charge_off on 2026-03-20 -> accepted
		return   L1 R10 on 2026-04-10 -> reversed fee 0.00
		opened   L1 late_return R10 on 2026-04-10
		ledger   L1 on 2026-04-10  cash 0.00  ach_in_transit 0.00`,

	"stopped at the bank, and not tried again": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		return   L1 R08 on 2026-02-19 -> reversed fee 0.00
		opened   L1 none on 2026-02-19
		pay      L1 450.00 on 2026-02-20 -> accepted`,

	"revoked: autopay and what was scheduled end with it": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		payment  L1 drawn on 2026-02-16  amount 450.00
		schedule L1 300.00 for 2026-03-02 on 2026-02-17 -> accepted
		return   L1 #1 R07 on 2026-02-20 -> reversed fee 0.00
		autopay  L1 on 2026-02-20 -> off
		payment  L1 #2 on 2026-02-20  state cancelled
		opened   L1 unauthorized_return R07 on 2026-02-20
		pay      L1 450.00 on 2026-02-20 -> refused method_stopped`,

	"what has not gone to the bank yet does not go": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		pay      L1 100.00 on 2026-02-19 -> accepted
		return   L1 #1 R02 on 2026-02-19 -> reversed fee 0.00
		payment  L1 #2 on 2026-02-20  state cancelled
		balance  L1 on 2026-02-20  principal 24000.00
		opened   L1 returned_payment R02 on 2026-02-20`,
}

func TestLateReturnsOpenWhatTheyTouch(t *testing.T) { tellAll(t, lateStories) }

// opened L1 late_return R10 on D: the open items about a contract; none
func (s *teller) opened(words, _ []string) {
	s.Helper()
	want := strings.Join(words[1:], " ")
	var got []string
	for _, e := range s.exceptions() {
		if e.Contract == s.account(words).id {
			got = append(got, string(e.Kind)+" "+e.Code)
		}
	}
	if is := strings.Join(got, ", "); is != want && (want != "none" || is != "") {
		s.wrong("%s\n\topen are: %s", s.line, is)
	}
}

func (s *teller) final(words, want []string) {
	s.Helper()
	on, final, err := s.FundsFinal(ctx, system, s.account(words).id)
	must(s, err)
	s.compare(want, "", map[string]any{"is": final, "on": on})
}

func (o *office) exceptions() []servicing.ExceptionItem {
	o.Helper()
	return got(o.Exceptions(ctx, system, servicing.ExceptionFilter{Limit: 500}))(o)
}

// with gives the office other rules.
func (o *office) with(change func(*servicing.Rules)) {
	rules := openAccounts
	change(&rules)
	o.Service = servicing.New(o.db, lender, rules, func() money.Instant { return money.Instant(o.clock.Load()) })
}

func (o *office) state(a *account, p servicing.PaymentID) billing.PaymentState {
	o.Helper()
	return got(o.Payment(ctx, a.actor, a.id, p))(o).State
}

// Every return code does what the table says, on a payment with autopay and a
// payment scheduled from the same bank account.
func TestEveryReturnCodeDoesWhatTheTableSays(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.Returns = servicing.Returns{Retry: 2, RetryAfter: 3} })
		var rules []billing.Return
		var all []tape.Boarding
		for _, r := range billing.ReturnRules() {
			if r.Reverse {
				rules = append(rules, r)
				all = append(all, boarding("L"+r.Code, loan()))
			}
		}
		accounts := o.takeAll(all...)
		paid, ahead := map[string]servicing.PaymentID{}, map[string]servicing.PaymentID{}
		var back []returned
		for i, r := range rules {
			a := accounts[i]
			got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: "k", Contract: a.id, Method: a.bank}, src))(t)
			paid[r.Code] = o.pay(a, 450_00).ID
			req := o.request(a, 100_00)
			req.Date += 20
			ahead[r.Code] = got(o.SubmitPayment(ctx, a.actor, req, src))(t).ID
		}
		o.to(o.day + 5)
		for _, r := range rules {
			back = append(back, returned{o.trace(paid[r.Code]), ach.ReturnCode(r.Code), 450_00})
		}
		if res := got(o.ReadReturns(ctx, system, "all", returnFile(t, o.day, "A", back...)))(t); res.Returned != len(rules) {
			t.Fatalf("%+v", res)
		}
		open := map[servicing.ContractID]billing.ExceptionKind{}
		for _, e := range o.exceptions() {
			open[e.Contract] = e.Kind
			if e.ToDo() == "" {
				t.Errorf("%s %s: nothing to do", e.Kind, e.Code)
			}
		}
		for i, r := range rules {
			a, stops := accounts[i], r.StopsAccount || r.EndsAuthorization
			p := got(o.Payment(ctx, a.actor, a.id, paid[r.Code]))(t)
			if p.State != billing.Returned || p.ReturnCode != r.Code || p.ReturnReason != r.Reason || (p.ReturnFee == 15_00) != r.Fee {
				t.Errorf("%s: %+v", r.Code, p)
			}
			var validation, code string
			must(t, o.raw.QueryRow(`SELECT validation, stop_code FROM payment_method WHERE id = $1`, string(a.bank)).Scan(&validation, &code))
			if (validation == "stopped") != stops || stops && code != r.Code {
				t.Errorf("%s: the bank account is %s %s", r.Code, validation, code)
			}
			if card := got(o.Card(ctx, a.actor, a.id))(t); (card.Autopay == nil) != (stops || r.Class == billing.UnauthorizedReturn) {
				t.Errorf("%s: autopay is %+v", r.Code, card.Autopay)
			}
			if is := o.state(a, ahead[r.Code]); (is == billing.Cancelled) != stops {
				t.Errorf("%s: what was scheduled is %s", r.Code, is)
			}
			retries := o.count(`SELECT COUNT(*) FROM payment WHERE contract_id = $1 AND retry_of <> ''`, string(a.id))
			if (retries == 1) != (r.Code == "R01" || r.Code == "R09") {
				t.Errorf("%s: tried again %d times", r.Code, retries)
			}
			want := billing.ExceptionKind("")
			switch {
			case r.Class == billing.UnauthorizedReturn:
				want = billing.UnauthorizedItem
			case r.Exception || stops:
				want = billing.ReturnedItem
			}
			if open[a.id] != want {
				t.Errorf("%s: open is %q, want %q", r.Code, open[a.id], want)
			}
		}
		o.verify()
	})
}

// permutations calls do with every order of n things.
func permutations(n int, do func([]int)) {
	order := make([]int, 0, n)
	var rec func()
	rec = func() {
		if len(order) == n {
			do(order)
			return
		}
		for i := range n {
			if !slices.Contains(order, i) {
				order = append(order, i)
				rec()
				order = order[:len(order)-1]
			}
		}
	}
	rec()
}

// Four returns about two borrowers in every order, each in a file of its own, and
// then all again in one beside an entry that nobody knows: one state.
func TestReturnsInAnyOrderEndInOneState(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.Returns = servicing.Returns{Retry: 2, RetryAfter: 3} })
		var all []tape.Boarding
		for i := range 24 {
			all = append(all, boarding(fmt.Sprintf("A%02d", i), loan()), boarding(fmt.Sprintf("B%02d", i), loan()))
		}
		accounts := o.takeAll(all...)
		o.to(day("2026-02-15"))
		var paid [24][4]servicing.PaymentID
		for i := range paid {
			a, b := accounts[2*i], accounts[2*i+1]
			paid[i] = [4]servicing.PaymentID{o.pay(a, 450_00).ID, o.pay(a, 100_00).ID, o.pay(b, 450_00).ID, o.pay(b, 100_00).ID}
			for _, x := range []*account{a, b} {
				req := o.request(x, 50_00)
				req.Date += 20
				got(o.SubmitPayment(ctx, x.actor, req, src))(t)
			}
		}
		o.to(day("2026-02-20"))
		i, states := 0, map[string][]int{}
		permutations(4, func(order []int) {
			back := []returned{{o.trace(paid[i][0]), "R01", 450_00}, {o.trace(paid[i][1]), "R02", 100_00}, {o.trace(paid[i][2]), "R10", 450_00}, {o.trace(paid[i][3]), "R04", 100_00}}
			for n, at := range order {
				name := fmt.Sprintf("%d-%d", i, n)
				file := returnFile(t, o.day, string("ABCDEFGH"[n]), back[at])
				got(o.ReadReturns(ctx, system, name, file))(t)
				if twice := got(o.ReadReturns(ctx, system, name+" again", file))(t); !twice.Known {
					t.Errorf("the same file twice: %+v", twice)
				}
			}
			back = append(back, returned{ach.TraceNumber(fmt.Sprintf("1210428899999%02d", i)), "R03", 1_00})
			if res := got(o.ReadReturns(ctx, system, fmt.Sprintf("%d all", i), returnFile(t, o.day, "Z", back...)))(t); res.Returned != 0 || res.Repeated != 4 || len(res.Aside) != 1 {
				t.Errorf("all again in one file: %+v", res)
			}
			is := o.settledState(accounts[2*i]) + o.settledState(accounts[2*i+1])
			states[is] = append(states[is], i)
			i++
		})
		if len(states) != 1 {
			t.Errorf("%d states", len(states))
			for is, orders := range states {
				t.Errorf("orders %v:\n%s", orders, is)
			}
		}
		if n := len(o.exceptions()); n != 24*4 {
			t.Errorf("%d exception items, want one for each return that stops an account and each that nobody knows", n)
		}
		o.verify()
	})
}

// settledState is all that an account comes to, without names and numbers.
func (o *office) settledState(a *account) string {
	o.Helper()
	acc := got(o.Account(ctx, a.actor, a.id))(o)
	var out []string
	for _, p := range got(o.Payments(ctx, a.actor))(o) {
		if p.State != billing.Cancelled {
			out = append(out, fmt.Sprintf("%s %s %s %s\n", p.Amount, p.State, p.ReturnCode, p.ReturnFee))
		}
	}
	slices.Sort(out)
	m := o.rows(`SELECT validation, stop_code FROM payment_method WHERE id = $1`, string(a.bank))
	items := o.rows(`SELECT kind, code, amount FROM exception WHERE contract_id = $1 ORDER BY kind, code`, string(a.id))
	return fmt.Sprintf("principal %s interest %s fees %s due %+v autopay %v\n%v %v\n%s", acc.State.Principal, acc.Payoff.Interest, acc.Payoff.Fees, acc.Due, acc.Autopay, m, items, strings.Join(out, ""))
}

// comesIn signs a colleague in on another day.
func (c *colleague) comesIn() {
	c.Helper()
	c.token = c.signInDesk().Session
}

// An item is cleared once, with a reason, by somebody whose role includes it.
func TestAnExceptionItemIsClearedOnceWithAReason(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, _, agent, boss := o.desk()
		p := o.pay(a, 450_00)
		o.to(o.day + 5)
		o.bringBack(p.ID, "R10")
		agent.comesIn()
		boss.comesIn()
		item := o.exceptions()[0]
		if seen := got(o.Exception(ctx, agent.actor(), item.ID))(t); seen.Reason == "" || seen.Amount != 450_00 || !strings.Contains(seen.ToDo(), "authorization") {
			t.Errorf("%+v", seen)
		}
		if _, err := o.ClearException(ctx, agent.actor(), item.ID, "called"); err != servicing.ErrForbidden {
			t.Errorf("an agent: %v", err)
		}
		if _, err := o.ClearException(ctx, boss.actor(), item.ID, " "); outcome(err) != "refused note_missing" {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := o.Exceptions(ctx, a.actor, servicing.ExceptionFilter{Limit: 1}); err != servicing.ErrForbidden {
			t.Errorf("a borrower: %v", err)
		}
		done := make([]bool, 4)
		atOnce(4, func(i int) {
			done[i] = got(o.ClearException(ctx, boss.actor(), item.ID, fmt.Sprintf("called, %d", i)))(t)
		})
		if n := len(slices.DeleteFunc(slices.Clone(done), func(d bool) bool { return !d })); n != 1 {
			t.Errorf("cleared %d times", n)
		}
		if left := o.exceptions(); len(left) != 0 {
			t.Errorf("%+v", left)
		}
		was := got(o.Exceptions(ctx, boss.actor(), servicing.ExceptionFilter{Cleared: true, Limit: 10}))(t)
		if len(was) != 1 || was[0].ClearedBy != "Sam Colleague" || !strings.HasPrefix(was[0].Note, "called, ") {
			t.Errorf("%+v", was)
		}
		got(o.ReadReturns(ctx, system, "again", returnFile(t, o.day, "C", returned{o.trace(p.ID), "R10", 450_00})))(t)
		if left := o.exceptions(); len(left) != 0 {
			t.Errorf("open again: %+v", left)
		}
		o.verify()
	})
}

// Retries.

func (o *office) retries(a *account) (out []servicing.Payment) {
	o.Helper()
	for _, row := range o.rows(`SELECT id FROM payment WHERE contract_id = $1 AND retry_of <> '' ORDER BY attempt`, string(a.id)) {
		out = append(out, got(o.Payment(ctx, a.actor, a.id, servicing.PaymentID(strings.TrimSpace(strings.TrimPrefix(row, "id=")))))(o))
	}
	return out
}

func TestADebitThatLackedMoneyIsTriedTwiceMoreAndNeverAThirdTime(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.Returns = servicing.Returns{Retry: 2, RetryAfter: 3} })
		a := o.take("L1", loan())
		o.to(day("2026-02-16"))
		p := o.pay(a, 450_00)
		o.to(day("2026-02-19"))
		o.bringBack(p.ID, "R01")
		again := o.retries(a)[0]
		if again.State != billing.Scheduled || again.Date != day("2026-02-23") || again.Amount != 450_00 || !again.Cancellable {
			t.Fatalf("%+v", again)
		}
		o.to(day("2026-02-24"))
		if cut := o.readBack("2026-02-23-A.ach"); cut.Batches[0].Header.EntryDescription != "RETRY PYMT" || cut.Batches[0].Entries[0].Amount != 450_00 {
			t.Errorf("%+v", cut.Batches)
		}
		o.to(day("2026-02-26"))
		o.bringBack(again.ID, "R09")
		third := o.retries(a)[1]
		o.to(day("2026-03-05"))
		o.bringBack(third.ID, "R01")
		o.to(day("2026-03-12"))
		if n := len(o.retries(a)); n != 2 {
			t.Errorf("tried again %d times", n)
		}
		o.expect(3, "debits sent", `SELECT COUNT(*) FROM ach_entry`)
		o.expect(1, "fees", `SELECT COUNT(*) FROM event WHERE kind = 'returned_fee'`)
		o.expect(2, "told before", `SELECT COUNT(*) FROM payment p WHERE retry_of <> '' AND EXISTS (SELECT 1 FROM notice n WHERE n.kind = 'payment_returned' AND n.created_at <= p.created_at AND n.once LIKE '%' || p.retry_of || '%')`)
		o.verify()
	})
}

// A retry is for who has not paid, wants it still, and can be drawn from.
func TestARetryIsOffWhenThingsHaveChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		on := func(r *servicing.Rules) { r.Returns = servicing.Returns{Retry: 1, RetryAfter: 5} }
		changes := []struct {
			what string
			do   func(*account)
			want billing.PaymentState
		}{
			{"nothing", func(*account) {}, billing.Submitted},
			{"paid by hand", func(a *account) { o.pay(a, 450_00) }, billing.Cancelled},
			{"a payment arranged", func(a *account) {
				req := o.request(a, 450_00)
				req.Date += 30
				got(o.SubmitPayment(ctx, a.actor, req, src))(t)
			}, billing.Cancelled},
			{"cancelled by the borrower", func(a *account) { got(o.CancelPayment(ctx, a.actor, a.id, o.retries(a)[0].ID))(t) }, billing.Cancelled},
			{"autopay off", func(a *account) { must(t, o.CancelAutopay(ctx, a.actor, a.id)) }, billing.Cancelled},
			{"bankruptcy", func(a *account) {
				got(o.PostEvent(ctx, system, servicing.EventRequest{Key: "h", Contract: a.id, Event: contract.Event{Kind: contract.HoldBegins, Date: o.day, Hold: contract.Bankruptcy}}))(t)
			}, billing.Cancelled},
			{"paid off", func(a *account) {
				req := o.request(a, 0)
				req.Kind, req.Amount = billing.AmountPayoff, got(o.Account(ctx, a.actor, a.id))(t).Payoff.Total
				got(o.SubmitPayment(ctx, a.actor, req, src))(t)
			}, billing.Cancelled},
		}
		var all []tape.Boarding
		for i := range changes {
			all = append(all, boarding(fmt.Sprintf("L%d", i), loan()))
		}
		accounts := o.takeAll(all...)
		o.with(on)
		for _, a := range accounts {
			got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: "k", Contract: a.id, Method: a.bank}, src))(t)
		}
		o.to(day("2026-02-19"))
		for _, a := range accounts {
			o.bringBack(got(o.Payments(ctx, a.actor))(t)[0].ID, "R01")
		}
		for i, c := range changes {
			c.do(accounts[i])
		}
		o.to(day("2026-02-26"))
		for i, c := range changes {
			if r := o.retries(accounts[i]); len(r) != 1 || r[0].State != c.want {
				t.Errorf("%s: %+v", c.what, r)
			}
		}
		o.with(func(*servicing.Rules) {}) // off: an authorization does not speak of it, and nothing is tried
		a := accounts[0]
		if words := got(o.ReviewPayment(ctx, a.actor, o.request(a, 1_00)))(t).Authorizes; strings.Contains(words, "tried") {
			t.Error(words)
		}
		o.bringBack(o.retries(a)[0].ID, "R01")
		o.with(on)
		if words := got(o.ReviewPayment(ctx, a.actor, o.request(a, 1_00)))(t).Authorizes; !strings.Contains(words, "it may be tried once more within 180 days") {
			t.Error(words)
		}
		if n := len(o.retries(a)); n != 1 {
			t.Errorf("tried %d times", n)
		}
		o.verify()
	})
}

// Reversals.

func TestAReversalNeedsTwoPeopleAndFiveBankingDays(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, boss := o.desk()
		o.to(day("2026-02-16"))
		twice := o.pay(a, 450_00)
		o.pay(a, 450_00)
		o.to(day("2026-02-19"))
		agent.comesIn()
		boss.comesIn()
		ask := servicing.ReversalRequest{Contract: a.id, Payment: twice.ID, Why: "duplicate", Reason: "sent twice by the branch"}
		for _, wrong := range []servicing.ReversalRequest{{Contract: a.id, Payment: twice.ID, Why: "regret", Reason: "changed mind"}, {Contract: a.id, Payment: twice.ID, Why: "amount"}} {
			if _, err := o.AskReversal(ctx, agent.actor(), wrong); !strings.HasPrefix(outcome(err), "refused") {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
		approval := got(o.AskReversal(ctx, agent.actor(), ask))(t)
		if o.state(a, twice.ID) == billing.Reversed {
			t.Fatal("reversed by one person")
		}
		shown := got(o.ListApprovals(ctx, boss.actor()))(t)[0]
		if shown.ID != approval || !shown.MayAgree || !strings.Contains(shown.Detail, "$450.00") || !strings.Contains(shown.Detail, "sent twice") {
			t.Errorf("%+v", shown)
		}
		if err := o.DecideApproval(ctx, agent.fresh(), approval, shown.Hash, true, agent.from()); err == nil {
			t.Error("who asked agreed")
		}
		must(t, o.DecideApproval(ctx, boss.fresh(), approval, shown.Hash, true, boss.from()))
		if is := o.state(a, twice.ID); is != billing.Reversed {
			t.Errorf("agreed, and %s", is)
		}
		o.expect(1, "told", `SELECT COUNT(*) FROM notice WHERE kind = 'payment_reversed' AND customer_id = '`+string(who)+`'`)
		if err := o.DecideApproval(ctx, boss.fresh(), approval, shown.Hash, true, boss.from()); err == nil {
			t.Error("agreed twice")
		}
		o.to(day("2026-02-21"))
		f := o.readBack("2026-02-19-A.ach")
		e := f.Batches[0].Entries[0]
		if h := f.Batches[0].Header; len(f.Batches) != 1 || h.EntryDescription != "REVERSAL" || h.ServiceClass != ach.CreditsOnly || e.TransactionCode != ach.CheckingCredit ||
			e.Amount != 450_00 || e.Account != bankAccount || f.Control.TotalDebit != 0 || h.EffectiveDate != day("2026-02-20") {
			t.Errorf("%+v %+v", h, e)
		}
		o.expect(1, "reversals sent", `SELECT COUNT(*) FROM ach_entry WHERE kind = 'reversal'`)
		o.verify()

		// The bank does not take it: somebody has to see to it that the customer gets it.
		var trace string
		must(t, o.raw.QueryRow(`SELECT trace FROM ach_entry WHERE kind = 'reversal'`).Scan(&trace))
		got(o.ReadReturns(ctx, system, "r", returnFile(t, o.day, "R", returned{ach.TraceNumber(trace), "R02", 450_00})))(t)
		if open := o.exceptions(); len(open) != 1 || open[0].Kind != billing.ReversalFailed {
			t.Errorf("%+v", open)
		}
		// And the debit comes back after all: the account has nothing more to give.
		debit := o.rows(`SELECT trace FROM ach_entry WHERE kind = 'debit' AND payment_id = $1`, string(twice.ID))[0]
		was := o.count(`SELECT COUNT(*) FROM event`)
		got(o.ReadReturns(ctx, system, "d", returnFile(t, o.day, "D", returned{ach.TraceNumber(strings.TrimSpace(strings.TrimPrefix(debit, "trace="))), "R10", 450_00})))(t)
		if o.count(`SELECT COUNT(*) FROM event`) != was || o.state(a, twice.ID) != billing.Returned {
			t.Errorf("%s, %d events of %d", o.state(a, twice.ID), o.count(`SELECT COUNT(*) FROM event`), was)
		}
		if open := o.exceptions(); len(open) != 2 || !strings.Contains(open[1].Reason, "R62") {
			t.Errorf("%+v", open)
		}
		o.verify()

		// Settled on Wednesday the 18th: with the bank by the 25th, so cut by the 24th.
		late := got(o.Payments(ctx, a.actor))(t)
		other := late[slices.IndexFunc(late, func(p servicing.Payment) bool { return p.ID != twice.ID })]
		o.to(day("2026-02-24"))
		agent.comesIn()
		if by := got(o.ReadReversible(ctx, agent.actor(), a.id, other.ID))(t).By; by != day("2026-02-23") && by != day("2026-02-24") {
			t.Errorf("by %s", by)
		}
		o.to(day("2026-02-26"))
		agent.comesIn()
		if _, err := o.AskReversal(ctx, agent.actor(), servicing.ReversalRequest{Contract: a.id, Payment: other.ID, Why: "amount", Reason: "typed wrongly"}); outcome(err) != "refused reversal_late" {
			t.Errorf("after five banking days: %v", err)
		}
	})
}

// Rates: 200 debits, of which one and then two come back as not authorized.
func TestReturnRatesAlarmOnceForEachCrossing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		var paid []servicing.PaymentID
		for range 250 {
			paid = append(paid, o.pay(a, 2_00).ID)
		}
		o.to(o.day + 5)
		watch := func() []string { return got(o.WatchRates(ctx, system, o.day))(t) }
		o.bringBack(paid[0], "R11")
		if said := watch(); len(said) != 0 { // one is 0.4 %, and one is no alarm
			t.Errorf("%q", said)
		}
		o.bringBack(paid[1], "R11")
		said := watch()
		if len(said) != 2 || !strings.Contains(said[0], "unauthorized debits: 0.80 %, above half of the network's level of 0.5 % (2 of 250 in 60 days)") || !strings.Contains(said[1], "above the network's level") {
			t.Errorf("%q", said)
		}
		o.bringBack(paid[2], "R11")
		if again := watch(); len(again) != 0 {
			t.Errorf("said again: %q", again)
		}
		r := got(o.ReturnRates(ctx, system, 0))(t)
		if r.Rates[0].Returned != 3 || r.Rates[0].Debits != 250 || r.Rates[2].Returned != 3 || len(r.Alarms()) != 1 {
			t.Errorf("%+v", r)
		}
		n := 0
		for _, e := range o.exceptions() {
			if e.Kind == billing.RateAlarm {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d items", n)
		}
		if later := got(o.ReturnRates(ctx, system, o.day+60))(t); later.Rates[2].Debits != 0 {
			t.Errorf("%+v", later)
		}
	})
}

// The file.

func TestASameDayPaymentGoesWithTheSameDayFile(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		big := loan()
		big.Principal, big.Payment = 3_000_000_00, 60_000_00
		a := o.take("L1", big)
		o.to(day("2026-02-10"))
		quick := o.request(a, 450_00)
		quick.SameDay = true
		if _, err := o.SubmitPayment(ctx, a.actor, quick, src); outcome(err) != "refused same_day" {
			t.Errorf("where the lender has no such window: %v", err)
		}
		o.with(func(r *servicing.Rules) { r.SameDay = true })
		for amount, want := range map[money.Cents]string{1_000_000_01: "refused same_day_amount", 1_000_000_00: "accepted"} {
			req := o.request(a, amount)
			req.SameDay = true
			if _, err := o.SubmitPayment(ctx, a.actor, req, src); outcome(err) != want {
				t.Errorf("%s: %v", amount, err)
			}
		}
		o.pay(a, 450_00)
		first := got(o.CutWindow(ctx, system, o.day, servicing.SameDayWindow))(t)
		second := got(o.CutFile(ctx, system, o.day))(t)
		if first.Entries != 1 || first.Total != 1_000_000_00 || second.Entries != 1 || second.Total != 450_00 || first.File == second.File {
			t.Errorf("%+v %+v", first, second)
		}
		if h := o.readBack(first.File).Batches[0].Header; h.EffectiveDate != o.day {
			t.Errorf("%+v", h)
		}
		if h := o.readBack(second.File).Batches[0].Header; h.EffectiveDate != o.day+1 {
			t.Errorf("%+v", h)
		}
		o.verify()
	})
}

func TestAnEntryOnPaperNeedsASignedForm(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.pay(a, 450_00)
		if _, err := o.raw.Exec(`UPDATE payment SET sec = 'PPD'`); err != nil {
			t.Fatal(err)
		}
		cut := got(o.CutFile(ctx, system, o.day))(t)
		if cut.Entries != 0 || len(cut.Aside) != 1 || !strings.Contains(cut.Aside[0], "signed form") {
			t.Errorf("%+v", cut)
		}
		must(t, o.db.Update(ctx, func(tx *store.Tx) error {
			tx.InsertAgreement(&store.Agreement{ContractID: string(a.id), ID: "paper", CustomerID: a.actor.ID, Kind: "signed_form", Text: "form 12", Hash: "h", Agreed: 1})
			return nil
		}))
		if _, err := o.raw.Exec(`UPDATE payment SET agreement_id = 'paper'`); err != nil {
			t.Fatal(err)
		}
		cut = got(o.CutFile(ctx, system, o.day))(t)
		if h := o.readBack(cut.File).Batches[0].Header; h.SEC != ach.PPD {
			t.Errorf("%+v", h)
		}
	})
}

// The last of an originating bank's trace numbers is given, and none twice.
func TestATraceNumberIsNeverGivenAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		accounts := o.takeAll(boarding("L1", loan()), boarding("L2", loan()), boarding("L3", loan()))
		must(t, o.db.Update(ctx, func(tx *store.Tx) error {
			tx.SetSetting("ach_trace:"+lender.ODFI[:8], "9999997")
			return nil
		}))
		p, q := o.pay(accounts[0], 450_00), o.pay(accounts[1], 450_00)
		got(o.CutFile(ctx, system, o.day))(t)
		if a, b := o.trace(p.ID), o.trace(q.ID); a != "121042889999998" || b != "121042889999999" {
			t.Errorf("%s %s", a, b)
		}
		o.pay(accounts[2], 450_00)
		if _, err := o.CutFile(ctx, system, o.day); err == nil || !strings.Contains(err.Error(), "all trace numbers") {
			t.Errorf("past the last: %v", err)
		}
		o.expect(2, "entries", `SELECT COUNT(*) FROM ach_entry`)
		o.expect(1, "still waiting", `SELECT COUNT(*) FROM payment WHERE state = 'authorised'`)
	})
}

// Two windows are cut at the same moment: two names, and nothing in both.
func TestTwoCutsAtOnceHaveTwoNames(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.SameDay = true })
		a := o.take("L1", loan())
		o.to(day("2026-02-10"))
		for i := range 20 {
			req := o.request(a, 10_00+money.Cents(i))
			req.SameDay = i%2 == 0
			got(o.SubmitPayment(ctx, a.actor, req, src))(t)
		}
		cuts := make([]servicing.CutResult, 6)
		atOnce(len(cuts), func(i int) {
			w := servicing.StandardWindow
			if i%2 == 0 {
				w = servicing.SameDayWindow
			}
			var err error
			if cuts[i], err = o.CutWindow(ctx, system, o.day, w); err != nil {
				t.Error(err)
			}
		})
		names, entries := map[string]bool{}, 0
		for _, c := range cuts {
			if c.File != "" {
				if names[c.File] {
					t.Errorf("%s twice", c.File)
				}
				names[c.File] = true
				entries += c.Entries
			}
		}
		if entries != 20 || len(names) == 0 {
			t.Errorf("%d entries in %v", entries, names)
		}
		o.expect(20, "trace numbers", `SELECT COUNT(DISTINCT trace) FROM ach_entry`)
		o.verify()
	})
}
