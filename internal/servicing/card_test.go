package servicing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// byCard asks to pay another amount today on the processor's page.
func (o *office) byCard(a *account, amount money.Cents) servicing.CardRequest {
	req := o.request(a, amount)
	req.Method = ""
	return servicing.CardRequest{PaymentRequest: req, Back: "https://pay.example/accounts/x/payments/{id}/card"}
}

func (o *office) startCard(a *account, amount money.Cents) servicing.Payment {
	o.Helper()
	p := got(o.StartCardPayment(ctx, a.actor, o.byCard(a, amount), src))(o)
	a.paid = append(a.paid, p.ID)
	return p
}

// tasks are what the worker would take out now.
func (o *office) tasks() []servicing.CardTask {
	o.Helper()
	return got(o.CardWork(ctx, system, 100))(o)
}

func (o *office) oneTask() servicing.CardTask {
	o.Helper()
	all := o.tasks()
	if len(all) != 1 {
		o.Fatalf("%d tasks, want 1: %+v", len(all), all)
	}
	return all[0]
}

// chargedPayment is one that was made on the page and charged.
func (o *office) chargedPayment(a *account, amount money.Cents) (servicing.Payment, servicing.CardTask) {
	o.Helper()
	p := o.startCard(a, amount)
	t := o.oneTask()
	must(o, o.CardStarted(ctx, system, t, "cs_"+t.ID, "https://processor.example/pay/"+t.ID))
	must(o, o.CardSeen(ctx, system, t, chargedOf(t.ID, amount)))
	return got(o.Payment(ctx, a.actor, a.id, p.ID))(o), t
}

func chargedOf(payment string, amount money.Cents) servicing.CardAnswer {
	return servicing.CardAnswer{SessionID: "cs_" + payment, IntentID: "pi_" + payment,
		Facts: billing.CardFacts{Opened: true, Charged: amount, ChargedAt: 5, Brand: "visa", Last4: "4242", Funding: "debit"}}
}

func with(a servicing.CardAnswer, f billing.CardFacts) servicing.CardAnswer {
	a.Facts = a.Facts.Join(f)
	return a
}

// sums are what the ledger holds of a contract.
func (o *office) sums(a *account) map[string]money.Cents {
	o.Helper()
	rows := got(o.raw.Query(`SELECT account, CAST(SUM(amount) AS BIGINT) FROM posting WHERE contract_id = $1 GROUP BY account`, string(a.id)))(o)
	defer rows.Close()
	out := map[string]money.Cents{}
	for rows.Next() {
		var account string
		var amount money.Cents
		must(o, rows.Scan(&account, &amount))
		out[account] = amount
	}
	must(o, rows.Err())
	return out
}

func (o *office) holds(a *account, account string, want string) {
	o.Helper()
	if is := o.sums(a)[account]; is != cents(want) {
		o.Errorf("%s: %s, want %s", account, is, want)
	}
}

func (o *office) stands(a *account, p servicing.PaymentID, want billing.PaymentState) servicing.Payment {
	o.Helper()
	is := got(o.Payment(ctx, a.actor, a.id, p))(o)
	if is.State != want {
		o.Errorf("the payment is %s, want %s (%s)", is.State, want, is.Reason)
	}
	return is
}

func TestAPaymentByCardCountsWhenTheCardIsCharged(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-15"))
		review := got(o.ReviewCard(ctx, a.actor, o.byCard(a, 450_00).PaymentRequest))(t)
		p := o.startCard(a, 450_00)
		if p.State != billing.Created || p.Event != 0 || p.Method.Kind != billing.CardMethod {
			t.Fatalf("kept as %+v", p)
		}
		o.holds(a, "principal", "24000.00")
		o.verify()

		task := o.oneTask()
		if task.Kind != servicing.TaskPage || task.ID != string(p.ID) || task.Amount != 450_00 || task.Again || !task.MayAsk ||
			task.Back != "https://pay.example/accounts/x/payments/"+string(p.ID)+"/card" {
			t.Fatalf("task %+v", task)
		}
		if more := o.tasks(); len(more) != 0 {
			t.Fatalf("claimed twice: %+v", more)
		}
		must(t, o.CardStarted(ctx, system, task, "cs_1", "https://processor.example/pay/1"))
		o.stands(a, p.ID, billing.Submitted)
		if st := got(o.CardStatus(ctx, a.actor, a.id, p.ID))(t); st.Page != "https://processor.example/pay/1" {
			t.Errorf("the page is %q", st.Page)
		}
		must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 450_00)))
		done := o.stands(a, p.ID, billing.Settled)
		if done.Allocation != review.Plan.Allocation || done.BalanceAfter != review.Plan.BalanceAfter || done.Method.Last4 != "4242" {
			t.Errorf("reviewed %+v, done %+v", review.Plan, done)
		}
		o.holds(a, "card_in_transit", "450.00")
		o.holds(a, "cash", "0.00")
		o.expect(1, "receipts in the mail", `SELECT COUNT(*) FROM notice WHERE kind = 'payment_received'`)
		if st := got(o.CardStatus(ctx, a.actor, a.id, p.ID))(t); st.Page != "" {
			t.Errorf("a paid page is offered: %q", st.Page)
		}
		o.verify()
	})
}

func TestFiftyConfirmationsByCardAreOneRequest(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		other := o.service(o.open(o.url))
		req := o.byCard(a, 450_00)
		answers := make([]servicing.Payment, 50)
		atOnce(50, func(i int) {
			svc := o.Service
			if i%2 == 1 {
				svc = other
			}
			var err error
			if answers[i], err = svc.StartCardPayment(ctx, a.actor, req, src); err != nil {
				t.Error(err)
			}
		})
		for i, p := range answers {
			if p != answers[0] {
				t.Errorf("confirmation %d was answered %+v, the first %+v", i, p, answers[0])
			}
		}
		o.expect(1, "payments", `SELECT COUNT(*) FROM payment`)
		o.expect(1, "charges", `SELECT COUNT(*) FROM card_charge`)
		claimed := make([]int, 20)
		atOnce(20, func(i int) {
			svc := o.Service
			if i%2 == 1 {
				svc = other
			}
			work, err := svc.CardWork(ctx, system, 10)
			if err != nil {
				t.Error(err)
			}
			claimed[i] = len(work)
		})
		sum := 0
		for _, n := range claimed {
			sum += n
		}
		if sum != 1 {
			t.Errorf("claimed %d times", sum)
		}
		o.verify()
	})
}

// A key stands for its inputs, whichever way the payment was to be made.
func TestACardsKeyStandsForItsInputs(t *testing.T) {
	o := newOffice(t, freshSQLite(t))
	a := o.take("L1", loan())
	req := o.byCard(a, 450_00)
	made := got(o.StartCardPayment(ctx, a.actor, req, src))(t)
	for what, change := range map[string]func(*servicing.CardRequest){
		"amount": func(r *servicing.CardRequest) { r.Amount++ },
		"fee":    func(r *servicing.CardRequest) { r.Fee++ },
		"kind":   func(r *servicing.CardRequest) { r.Kind = billing.AmountDue },
	} {
		r := req
		change(&r)
		if _, err := o.StartCardPayment(ctx, a.actor, r, src); outcome(err) != "refused key_reused" {
			t.Errorf("another %s: %s", what, outcome(err))
		}
	}
	bank := req.PaymentRequest
	bank.Method = a.bank
	if _, err := o.SubmitPayment(ctx, a.actor, bank, src); outcome(err) != "refused key_reused" {
		t.Errorf("from a bank account: %s", outcome(err))
	}
	if again := got(o.StartCardPayment(ctx, a.actor, req, src))(t); again != made {
		t.Errorf("again: %+v", again)
	}
}

// Nobody knows whether it was done: it is asked again by the same key, and never
// told as failed.
func TestALostAnswerIsUnknownUntilTheProcessorSays(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p := o.startCard(a, 450_00)
		first := o.oneTask()
		must(t, o.CardUnanswered(ctx, system, first))
		is := o.stands(a, p.ID, billing.Unknown)
		if is.Cancellable || is.Reason != "" {
			t.Errorf("told as %+v", is)
		}
		if _, err := o.CancelPayment(ctx, a.actor, a.id, p.ID); outcome(err) != "refused too_late" {
			t.Errorf("cancelled while nobody knows: %s", outcome(err))
		}
		if len(o.tasks()) != 0 {
			t.Error("tried again at once")
		}
		o.wait(5 * time.Second)
		again := o.oneTask()
		if again.ID != first.ID || !again.Again || !again.MayAsk || again.Expires != first.Expires || again.Amount != first.Amount {
			t.Errorf("asked first as %+v, then as %+v", first, again)
		}
		must(t, o.CardSeen(ctx, system, again, chargedOf(again.ID, 450_00)))
		o.stands(a, p.ID, billing.Settled)
		o.verify()
	})
}

// A process that died with a task in its hands: another finds it when the claim
// is over, and knows that it may have been done.
func TestATaskWhoseProcessDiedIsFoundAgain(t *testing.T) {
	o := newOffice(t, freshSQLite(t))
	a := o.take("L1", loan())
	o.startCard(a, 450_00)
	first := o.oneTask()
	o.wait(2 * time.Minute)
	if len(o.tasks()) != 0 {
		t.Fatal("taken away from who works on it")
	}
	o.wait(2 * time.Minute)
	if again := o.oneTask(); again.ID != first.ID || !again.Again || again.Asked != first.Asked {
		t.Errorf("first %+v, again %+v", first, again)
	}
	o.wait(23 * time.Hour)
	if late := o.oneTask(); late.MayAsk {
		t.Error("asked by a key that the processor has forgotten")
	}
}

func TestACardThatSaysNo(t *testing.T) {
	o := newOffice(t, freshSQLite(t))
	a := o.take("L1", loan())
	p := o.startCard(a, 450_00)
	must(t, o.CardRefused(ctx, system, o.oneTask(), "insufficient_funds", "The card does not have enough money or credit for this payment."))
	is := o.stands(a, p.ID, billing.Refused)
	if is.Reason != "The card does not have enough money or credit for this payment." {
		t.Errorf("the reason is %q", is.Reason)
	}
	left := o.startCard(a, 450_00)
	task := o.oneTask()
	must(t, o.CardStarted(ctx, system, task, "cs", "https://processor.example/pay/1"))
	must(t, o.CardSeen(ctx, system, task, servicing.CardAnswer{Facts: billing.CardFacts{Opened: true, Expired: true}}))
	if is := o.stands(a, left.ID, billing.Cancelled); is.Reason != "You left the card page before paying. Nothing was charged." {
		t.Errorf("the reason is %q", is.Reason)
	}
	o.holds(a, "principal", "24000.00")
	o.verify()
}

// Five answers about one payment, in each of their 120 orders, some of them twice,
// end in one state with one set of books.
func TestAnswersInAnyOrderEndInOneState(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		n := 0
		every := 1
		if o.db.Name() == "postgres" {
			every = 11
		}
		orders(5, func(order []int) {
			if n++; n%every != 0 {
				return
			}
			a := o.take(fmt.Sprintf("L%d", n), loan())
			p := o.startCard(a, 450_00)
			task := o.oneTask()
			charged := chargedOf(task.ID, 450_00)
			disputed := billing.CardFacts{DisputeID: "dp_" + task.ID, Dispute: billing.DisputeOpen, DisputeAmount: 450_00, DisputeCode: "fraudulent"}
			won := disputed
			won.Dispute = billing.DisputeWon
			answers := []servicing.CardAnswer{
				{SessionID: charged.SessionID, Facts: billing.CardFacts{Opened: true}},
				{SessionID: charged.SessionID, IntentID: charged.IntentID, Facts: billing.CardFacts{Opened: true, Processing: true}},
				charged, with(charged, disputed), with(charged, won),
			}
			for i, k := range order {
				must(t, o.CardSeen(ctx, system, task, answers[k]))
				if i%2 == 0 {
					must(t, o.CardSeen(ctx, system, task, answers[order[i/2]]))
				}
			}
			if is := got(o.Payment(ctx, a.actor, a.id, p.ID))(t); is.State != billing.Settled || is.ReturnCode != "" {
				t.Fatalf("in the order %v: %+v", order, is)
			}
			if sums := o.sums(a); sums["card_in_transit"] != 450_00 || sums["principal"] >= 24_000_00 || sums["suspense"] != 0 {
				t.Fatalf("in the order %v: %v", order, sums)
			}
		})
		o.expect(n/every, "disputes to look at", `SELECT COUNT(*) FROM exception WHERE kind = 'dispute'`)
		o.verify()
	})
}

// orders calls fn with each order of the first n numbers.
func orders(n int, fn func([]int)) {
	var all func(order []int)
	all = func(order []int) {
		if len(order) == n {
			fn(order)
			return
		}
		for k := range n {
			if !slices.Contains(order, k) {
				all(append(order[:len(order):len(order)], k))
			}
		}
	}
	all(nil)
}

// An amount that was not asked for is never applied: a person must look, and gives
// it back.
func TestAnotherAmountIsNeverApplied(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p := o.startCard(a, 450_00)
		task := o.oneTask()
		must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 451_00)))
		o.stands(a, p.ID, billing.Unknown)
		o.expect(1, "differences", `SELECT COUNT(*) FROM exception WHERE kind = 'card_difference' AND amount = 45100`)
		o.holds(a, "principal", "24000.00")
		o.verify()
		// It was a lie: the next answer is right.
		must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 450_00)))
		o.stands(a, p.ID, billing.Settled)
		o.verify()
	})
}

// A charge of a payment that had ended is not applied either, and the payer reads
// what happened.
func TestAChargeOfAPaymentThatHadEnded(t *testing.T) {
	o := newOffice(t, freshSQLite(t))
	a := o.take("L1", loan())
	p := o.startCard(a, 450_00)
	task := o.oneTask()
	must(t, o.CardStarted(ctx, system, task, "cs", "https://processor.example/pay/1"))
	must(t, o.CardSeen(ctx, system, task, servicing.CardAnswer{Facts: billing.CardFacts{Expired: true}}))
	must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 450_00)))
	if is := o.stands(a, p.ID, billing.Cancelled); is.Reason != "This payment had ended, and the card was charged $450.00 all the same. It does not count on your account: we will give it back, or call you about it." {
		t.Errorf("the payer reads %q", is.Reason)
	}
	o.expect(1, "items", `SELECT COUNT(*) FROM exception WHERE kind = 'card_difference'`)
	o.holds(a, "principal", "24000.00")
	o.verify()
}

func TestCancellingACardPayment(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		early := o.startCard(a, 450_00)
		if p := got(o.CancelPayment(ctx, a.actor, a.id, early.ID))(t); p.State != billing.Cancelled || len(o.tasks()) != 0 {
			t.Errorf("before it left: %+v", p)
		}
		p := o.startCard(a, 450_00)
		task := o.oneTask()
		must(t, o.CardStarted(ctx, system, task, "cs", "https://processor.example/pay/1"))
		if p := got(o.CancelPayment(ctx, a.actor, a.id, p.ID))(t); p.State != billing.Submitted {
			t.Errorf("its page is still open, and it is %s", p.State)
		}
		if st := got(o.CardStatus(ctx, a.actor, a.id, p.ID))(t); !st.Closing || st.Page != "" {
			t.Errorf("%+v", st)
		}
		if closing := o.oneTask(); !closing.Close || closing.MayAsk {
			t.Errorf("%+v", closing)
		}
		must(t, o.CardSeen(ctx, system, task, servicing.CardAnswer{Facts: billing.CardFacts{Opened: true, Expired: true}}))
		if is := o.stands(a, p.ID, billing.Cancelled); is.Reason != "You canceled it. The card was not charged." {
			t.Errorf("the reason is %q", is.Reason)
		}
		o.verify()
	})
}

// A charge is posted in full although the account has been paid meanwhile: what
// it no longer needs stays its owner's.
func TestAChargeOfAnAccountThatWasPaidMeanwhile(t *testing.T) {
	o := newOffice(t, freshSQLite(t))
	a := o.take("L1", loan())
	p := o.startCard(a, 450_00)
	task := o.oneTask()
	o.pay(a, got(o.Card(ctx, a.actor, a.id))(t).Payoff.Total)
	must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 450_00)))
	o.stands(a, p.ID, billing.Settled)
	o.holds(a, "unapplied", "-450.00")
	o.holds(a, "card_in_transit", "450.00")
	o.verify()
}

func TestADisputeTakesAPaymentBackAndAWonOneBringsItAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-15"))
		card := o.saveCard(a)
		got(o.EnrollAutopay(ctx, o.fresh(a.actor), autopayBy(a, card), src))(t)
		req := o.byCard(a, 450_00)
		req.Method = card
		p := got(o.StartCardPayment(ctx, a.actor, req, src))(t)
		task := o.oneTask()
		if task.Kind != servicing.TaskSaved || task.Token != "pm_1" || task.Processor != "cus_1" {
			t.Fatalf("%+v", task)
		}
		must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 450_00)))
		charged := o.sums(a)
		o.to(day("2026-02-20"))
		disputed := billing.CardFacts{DisputeID: "dp_1", Dispute: billing.DisputeOpen, DisputeAmount: 450_00, DisputeCode: "fraudulent"}
		must(t, o.CardSeen(ctx, system, task, with(chargedOf(task.ID, 450_00), disputed)))
		is := o.stands(a, p.ID, billing.Returned)
		if is.ReturnCode != "dispute" || is.ReturnedOn != day("2026-02-20") {
			t.Errorf("%+v", is)
		}
		o.holds(a, "principal", "24000.00")
		o.holds(a, "card_in_transit", "0.00")
		if got(o.Card(ctx, a.actor, a.id))(t).Autopay != nil {
			t.Error("autopay draws from a disputed card")
		}
		req.Key = servicing.NewKey()
		if _, err := o.StartCardPayment(ctx, a.actor, req, src); outcome(err) != "refused card_stopped" {
			t.Errorf("a disputed card is charged again: %s", outcome(err))
		}
		o.verify()
		disputed.Dispute = billing.DisputeWon
		must(t, o.CardSeen(ctx, system, task, with(chargedOf(task.ID, 450_00), disputed)))
		o.stands(a, p.ID, billing.Settled)
		for account, amount := range charged {
			o.holds(a, account, amount.String())
		}
		o.verify()
	})
}

// saveCard puts a card on file.
func (o *office) saveCard(a *account) servicing.MethodID {
	o.Helper()
	req := servicing.SaveCardRequest{Key: servicing.NewKey(), Back: "https://pay.example/cards/{id}"}
	made := got(o.SaveCard(ctx, o.fresh(a.actor), req))(o)
	if again := got(o.SaveCard(ctx, o.fresh(a.actor), req))(o); again.ID != made.ID {
		o.Errorf("the same key made another: %+v", again)
	}
	t := o.oneTask()
	must(o, o.CardStarted(ctx, system, t, "cs_setup", "https://processor.example/pay/setup"))
	must(o, o.CardSeen(ctx, system, t, savedAnswer("4242", "pm_1")))
	must(o, o.CardSeen(ctx, system, t, savedAnswer("4242", "pm_1")))
	out := got(o.CardSetup(ctx, a.actor, made.ID))(o)
	if out.State != "saved" || out.Method.Last4 != "4242" || out.Method.Validation != billing.Validated {
		o.Errorf("%+v", out)
	}
	return out.Method.ID
}

func savedAnswer(last4, token string) servicing.CardAnswer {
	return servicing.CardAnswer{SessionID: "cs_setup", Saved: &servicing.SavedCard{Brand: "visa", Last4: last4, Funding: "credit", ExpMonth: 4, ExpYear: 2040, Processor: "cus_1", Token: token}}
}

func autopayBy(a *account, m servicing.MethodID) servicing.AutopayRequest {
	return servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: m, Signed: servicing.AutopayWord}
}

func TestASavedCardIsReplacedWithAllThatDrawsFromIt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		card := o.saveCard(a)
		later := o.byCard(a, 100_00)
		later.Method, later.Date = card, o.day+20
		p := got(o.StartCardPayment(ctx, a.actor, later, src))(t)
		if p.State != billing.Scheduled || len(o.tasks()) != 0 {
			t.Fatalf("%+v", p)
		}
		made := got(o.SaveCard(ctx, o.fresh(a.actor), servicing.SaveCardRequest{Key: servicing.NewKey(), Replaces: card}))(t)
		task := o.oneTask()
		if task.Processor != "cus_1" {
			t.Errorf("another customer at the processor: %+v", task)
		}
		must(t, o.CardSeen(ctx, system, task, savedAnswer("0341", "pm_2")))
		if is := got(o.CardSetup(ctx, a.actor, made.ID))(t); is.Method.ID != card || is.Method.Last4 != "0341" {
			t.Errorf("%+v", is)
		}
		o.to(later.Date)
		o.closeDay()
		charge := o.oneTask()
		if charge.ID != string(p.ID) || charge.Token != "pm_2" || charge.Amount != 100_00 {
			t.Errorf("%+v", charge)
		}
		must(t, o.CardSeen(ctx, system, charge, chargedOf(charge.ID, 100_00)))
		o.stands(a, p.ID, billing.Settled)
		o.verify()
	})
}

func TestAutopayByCardIsChargedOnItsDay(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		card := o.saveCard(a)
		got(o.EnrollAutopay(ctx, o.fresh(a.actor), autopayBy(a, card), src))(t)
		first := got(o.Card(ctx, a.actor, a.id))(t).Autopay.NextDate
		o.to(first)
		o.closeDay()
		task := o.oneTask()
		if task.Kind != servicing.TaskSaved || task.Amount != 450_00 {
			t.Fatalf("%+v", task)
		}
		o.closeDay()
		if len(o.tasks()) != 0 {
			t.Error("charged twice")
		}
		must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 450_00)))
		o.expect(1, "autopay told", `SELECT COUNT(*) FROM notice WHERE kind = 'autopay_drawn'`)
		o.holds(a, "card_in_transit", "450.00")
		o.verify()
	})
}

func TestAFeeForPayingByCard(t *testing.T) {
	o := newOffice(t, freshSQLite(t))
	rules := openAccounts
	rules.Cards.Fee, rules.Cards.FeeStates = 3_50, []string{"TX"}
	o.Service = servicing.New(o.db, lender, rules, func() money.Instant { return money.Instant(o.clock.Load()) })
	terms := loan()
	terms.LateFee = contract.LateFee{}
	terms.FeeState, terms.FeeStateConfirmed = "TX", true
	texas, ohio := o.take("L1", terms), o.take("L2", loan())
	if r := got(o.ReviewCard(ctx, ohio.actor, o.byCard(ohio, 450_00).PaymentRequest))(t); r.Fee != 0 {
		t.Errorf("a fee where none is turned on: %s", r.Fee)
	}
	req := o.byCard(texas, 450_00)
	if _, err := o.StartCardPayment(ctx, texas.actor, req, src); outcome(err) != "refused amount_changed" {
		t.Errorf("a fee that was not reviewed: %s", outcome(err))
	}
	r := got(o.ReviewCard(ctx, texas.actor, req.PaymentRequest))(t)
	req.Fee = r.Fee
	p := got(o.StartCardPayment(ctx, texas.actor, req, src))(t)
	task := o.oneTask()
	if r.Fee != 3_50 || r.Total != 453_50 || task.Amount != 453_50 {
		t.Fatalf("%+v %+v", r, task)
	}
	must(t, o.CardSeen(ctx, system, task, chargedOf(task.ID, 453_50)))
	if is := o.stands(texas, p.ID, billing.Settled); is.Amount != 450_00 || is.Fee != 3_50 {
		t.Errorf("%+v", is)
	}
	o.holds(texas, "card_in_transit", "453.50")
	o.holds(texas, "convenience_fee_income", "-3.50")
	o.verify()
	must(t, o.CardSeen(ctx, system, task, with(chargedOf(task.ID, 453_50), billing.CardFacts{Refunded: 453_50})))
	o.stands(texas, p.ID, billing.Reversed)
	o.holds(texas, "card_in_transit", "0.00")
	o.holds(texas, "convenience_fee_income", "0.00")
	o.verify()
}

func TestARefundNeedsTwoPeople(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p, _ := o.chargedPayment(a, 450_00)
		ada := o.founder()
		agent, boss := ada.hires("Kim", identity.RoleAgent), ada.hires("Lee", identity.RoleSupervisor)
		if _, err := o.AskRefund(ctx, a.actor, p.ID, "charged by mistake"); err == nil {
			t.Error("a customer asks for it")
		}
		id := got(o.AskRefund(ctx, agent.fresh(), p.ID, "charged by mistake"))(t)
		if _, err := o.AskRefund(ctx, boss.fresh(), p.ID, "charged by mistake"); outcome(err) != "refused refund_asked" {
			t.Errorf("asked twice: %s", outcome(err))
		}
		if len(o.tasks()) != 0 {
			t.Fatal("money leaves before anybody has agreed")
		}
		hash := ""
		for _, ap := range got(o.ListApprovals(ctx, boss.actor()))(t) {
			if ap.ID == id {
				hash = ap.Hash
			}
		}
		if err := o.DecideApproval(ctx, agent.fresh(), id, hash, true, agent.from()); err == nil {
			t.Error("who asked has agreed")
		}
		must(t, o.DecideApproval(ctx, boss.fresh(), id, hash, true, boss.from()))
		task := o.oneTask()
		if task.Kind != servicing.TaskRefund || task.Amount != 450_00 || task.IntentID != "pi_"+string(p.ID) || task.ID == string(p.ID) {
			t.Fatalf("%+v", task)
		}
		must(t, o.CardUnanswered(ctx, system, task))
		o.stands(a, p.ID, billing.Settled)
		o.wait(time.Minute)
		again := o.oneTask()
		if again.ID != task.ID || !again.Again {
			t.Errorf("%+v", again)
		}
		must(t, o.RefundSeen(ctx, system, again, "re_1", servicing.RefundPending))
		must(t, o.RefundSeen(ctx, system, again, "re_1", servicing.RefundDone))
		must(t, o.RefundSeen(ctx, system, again, "re_1", servicing.RefundPending))
		o.stands(a, p.ID, billing.Reversed)
		o.holds(a, "principal", "24000.00")
		o.holds(a, "card_in_transit", "0.00")
		o.verify()
		must(t, o.RefundSeen(ctx, system, again, "re_1", servicing.RefundFailed))
		o.stands(a, p.ID, billing.Settled)
		o.holds(a, "card_in_transit", "450.00")
		o.expect(1, "refunds to look at", `SELECT COUNT(*) FROM exception WHERE once LIKE 'refund:%'`)
		o.verify()
	})
}

func TestWhatTheProcessorPaysOutGoesToCashOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p, _ := o.chargedPayment(a, 450_00)
		payout := servicing.CardPayout{ID: "po_1", Arrival: o.day, Amount: 436_35 + 10_00, Lines: []servicing.CardPayoutLine{
			{ID: "txn_1", Kind: "charge", PaymentID: string(p.ID), Amount: 450_00, Fee: 13_65, Net: 436_35},
			{ID: "txn_2", Kind: "charge", PaymentID: "another", Source: "ch_2", Amount: 10_00, Net: 10_00},
		}}
		for range 2 {
			must(t, o.KeepPayout(ctx, system, payout))
			if _, waiting, err := o.PostPayouts(ctx, system); err != nil || len(waiting) != 0 {
				t.Fatal(waiting, err)
			}
		}
		o.holds(a, "card_in_transit", "0.00")
		o.holds(a, "cash", "436.35")
		o.holds(a, "card_costs", "13.65")
		o.expect(1, "charges that are not ours", `SELECT COUNT(*) FROM exception WHERE kind = 'unknown_charge' AND amount = 1000`)
		o.expect(0, "differences", `SELECT COUNT(*) FROM exception WHERE kind = 'settlement_difference'`)
		o.verify()
		must(t, o.KeepPayout(ctx, system, servicing.CardPayout{ID: "po_2", Arrival: o.day, Amount: 5_00}))
		o.expect(1, "differences", `SELECT COUNT(*) FROM exception WHERE kind = 'settlement_difference'`)
	})
}

// An event is kept first, applied from its table, and only ever a reason to look.
func TestEventsAreKeptAndAppliedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p := o.startCard(a, 450_00)
		task := o.oneTask()
		must(t, o.CardStarted(ctx, system, task, "cs", "https://processor.example/pay/1"))
		e := servicing.ProcessorEvent{ID: "evt_1", Type: "charge.succeeded", About: servicing.AboutCharged, PaymentID: string(p.ID), Amount: 450_00, Body: []byte(`{"id":"evt_1"}`)}
		for i := range 3 {
			if fresh := got(o.ReceiveEvent(ctx, system, e))(t); fresh != (i == 0) {
				t.Errorf("time %d: fresh %t", i, fresh)
			}
		}
		if len(o.tasks()) != 0 {
			t.Fatal("looked at before the event was applied")
		}
		if n := got(o.ApplyEvents(ctx, system))(t); n != 1 {
			t.Errorf("applied %d", n)
		}
		o.stands(a, p.ID, billing.Submitted) // the event's word is not the truth
		if look := o.oneTask(); look.ID != string(p.ID) || !look.Again {
			t.Errorf("%+v", look)
		}
		for _, e := range []servicing.ProcessorEvent{{ID: "evt_2", Type: "never.heard.of"}, {ID: "evt_3", Type: "charge.succeeded", About: servicing.AboutCharged, IntentID: "pi_else", Amount: 7_00},
			{ID: "evt_4", Type: "charge.succeeded", About: servicing.AboutUnreadable, Body: []byte("{")}} {
			got(o.ReceiveEvent(ctx, system, e))(t)
		}
		for range 20 {
			got(o.ApplyEvents(ctx, system))(t)
			o.wait(2 * time.Minute)
		}
		if n := got(o.EventCounts(ctx, system))(t); n["applied"] != 1 || n["ignored"] != 1 || n["failed"] != 2 || n["new"] != 0 {
			t.Errorf("%v", n)
		}
		o.expect(1, "charges that are not ours", `SELECT COUNT(*) FROM exception WHERE kind = 'unknown_charge' AND amount = 700`)
		o.verify()
	})
}
