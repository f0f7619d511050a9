package servicing_test

import (
	"fmt"
	"slices"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// Events that staff put on a contract, told as in stories: "event L1 KIND
// [NAME VALUE]… on D", with "from D2" for an earlier effective date.
var changeStories = map[string]string{
	// 24,000.00 × 5.90 % ÷ 365 × 31 = 120.26 until 15 February. Service began on 1
	// February: from then on 6 % would cap a higher rate; this one is capped at 3 %
	// by the order. 17 days at 5.90 % are 65.95 and 14 at 3 % 27.62.
	"military service told of later goes back to its start": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted interest 120.26 principal 329.74
		event    L1 scra annual_rate 0.03 from 2026-02-01 on 2026-02-20 -> accepted
		told     L1 on 2026-02-20 -> account_changed
		balance  L1 on 2026-02-20  principal 23643.57
		ledger   L1 on 2026-02-20  interest_income -93.57  principal 23643.57
		event    L1 scra on 2026-02-21 -> refused event_refused`,

	"late fees charged since the service began are taken back": `
		contract L1 loan 24000.00 9.90% 60 months of 510.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 25.50
		event    L1 scra from 2026-02-01 on 2026-03-02 -> accepted
		balance  L1 on 2026-03-02  fees 0.00  principal 24000.00
		late fee L1 on 2026-03-26 -> none`,

	"a deferral moves the due date, interest goes on and no late fee is charged in it": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		event    L1 deferral months 2 on 2026-01-25 -> accepted
		due      L1 on 2026-03-01  next 2026-04-15  past 0.00
		autopay  L1 on 2026-03-01  next 2026-04-15  amount 450.00
		late fee L1 on 2026-03-01 -> none
		statement L1 on 2026-03-25  due 2026-04-15  amount 450.00  accrued 267.68
		payment  L1 drawn on 2026-04-16  amount 450.00  interest 349.15  principal 100.85`,

	"another due day, its extra days shown": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 due_date_change due_day 28 on 2026-01-20 -> accepted
		due      L1 on 2026-02-20  next 2026-02-28  past 0.00
		due      L1 on 2026-03-05  next 2026-02-28  past 450.00
		event    L1 due_date_change due_day 5 on 2026-03-05 -> refused event_refused`,

	"money by check, a waiver, and a fee that should not have been": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 22.50
		event    L1 payment source check amount 450.00 on 2026-02-27 -> accepted
		balance  L1 on 2026-02-27  principal 23716.82  fees 22.50
		event    L1 waiver of late_fee amount 30.00 on 2026-02-28 -> refused event_refused
		event    L1 waiver of late_fee amount 12.50 on 2026-02-28 -> accepted
		balance  L1 on 2026-02-28  fees 10.00
		event    L1 other_fee amount 35.00 on 2026-03-01 -> accepted
		event    L1 reversal reverses 4 on 2026-03-02 -> accepted
		balance  L1 on 2026-03-02  fees 10.00
		late fee L1 on 2026-03-10 -> none`,

	"a check posted late takes its own date, across a statement": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		statement L1 on 2026-02-22  ending 24000.00  past 450.00
		late fee L1 on 2026-02-26 -> 22.50
		event    L1 payment source check amount 450.00 from 2026-02-15 on 2026-03-02 -> accepted
		event    L1 reversal reverses 1 on 2026-03-02 -> accepted
		balance  L1 on 2026-03-02  principal 23670.26  fees 0.00
		late fee L1 on 2026-03-03 -> none
		statement L1 on 2026-03-25  beginning 24000.00  ending 23670.26  principal 329.74`,

	"the quoted payoff closes the account though a fee came in between": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		quote    L1 through 2026-02-25 on 2026-02-15 -> accepted total 24159.06
		event    L1 other_fee amount 30.00 on 2026-02-18 -> accepted
		pay      L1 24159.06 on 2026-02-25 -> accepted
		balance  L1 on 2026-02-25  principal 0.00  fees 0.00  closed true`,

	"a day after the quote has run out the fee is owed": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		quote    L1 through 2026-02-25 on 2026-02-15 -> accepted total 24159.06
		event    L1 other_fee amount 30.00 on 2026-02-18 -> accepted
		pay      L1 24159.06 on 2026-02-26 -> accepted
		balance  L1 on 2026-02-26  closed false  payoff 33.88`,

	"a returned payment ends the quote": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		quote    L1 through 2026-02-25 on 2026-02-16 -> accepted total 23708.52
		return   L1 R01 on 2026-02-18 -> reversed fee 15.00
		pay      L1 23708.52 on 2026-02-25 -> accepted
		balance  L1 on 2026-02-25  closed false`,

	"charge-off, recovery, and a payment from before that came back": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		event    L1 charge_off on 2026-02-20 -> accepted
		balance  L1 on 2026-02-20  principal 0.00
		ledger   L1 on 2026-02-20  principal 0.00  charge_offs 23670.26
		statement L1 on 2026-02-22 -> none
		event    L1 payment source check amount 1000.00 on 2026-03-01 -> accepted
		ledger   L1 on 2026-03-01  recoveries -1000.00
		return   L1 R10 on 2026-03-05 -> reversed fee 0.00
		ledger   L1 on 2026-03-05  charge_offs 24000.00  recoveries -1000.00  principal 0.00
		autopay  L1 starts on 2026-03-05 -> refused method_stopped`,

	"a hold stops drafts and notices, and what the customer does is still told": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		event    L1 hold hold bankruptcy on 2026-01-24 -> accepted
		told     L1 on 2026-02-17 -> autopay_on
		balance  L1 on 2026-02-17  principal 24000.00
		late fee L1 on 2026-02-26 -> 22.50
		told     L1 on 2026-02-26 -> autopay_on
		pay      L1 450.00 on 2026-02-27 -> accepted
		told     L1 on 2026-02-27 -> payment_received
		event    L1 hold_end hold bankruptcy on 2026-03-01 -> accepted
		payment  L1 drawn on 2026-03-16  amount 450.00`,

	"overpaid by check, and sent back": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 payment source wire amount 24500.00 on 2026-02-15 -> accepted
		balance  L1 on 2026-02-15  principal 0.00  unapplied 379.74  closed true
		event    L1 refund amount 400.00 on 2026-02-16 -> refused event_refused
		event    L1 refund amount 379.74 on 2026-02-16 -> accepted
		ledger   L1 on 2026-02-16  unapplied 0.00  refunds_payable -379.74`,

	"a quote falls with the payment that it counted on": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 23900.00 on 2026-01-20 -> accepted
		quote    L1 through 2026-01-20 on 2026-01-20 -> accepted total 119.40
		pay      L1 payoff on 2026-01-20 -> accepted amount 119.40
		cancel   L1 #1 on 2026-01-20 -> accepted
		balance  L1 on 2026-01-20  closed false  payoff 23900.00`,

	"what was promised closes the account, and no more is asked": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		quote    L1 through 2026-02-25 on 2026-02-15 -> accepted total 24159.06
		event    L1 other_fee amount 30.00 on 2026-02-18 -> accepted
		pay      L1 payoff on 2026-02-25 -> accepted amount 24159.06
		balance  L1 on 2026-02-25  closed true`,

	"what happens once is not undone by an earlier date": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 charge_off on 2026-02-20 -> accepted
		event    L1 charge_off from 2026-02-18 on 2026-02-21 -> refused event_refused
		contract L2 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L2 payment source wire amount 24500.00 from 2026-02-15 on 2026-02-21 -> accepted
		event    L2 refund amount 379.74 on 2026-02-21 -> accepted
		event    L2 refund amount 379.74 from 2026-02-16 on 2026-02-21 -> refused event_refused`,

	"a bank return cannot be taken back at the desk": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		return   L1 #1 R01 on 2026-02-18 -> reversed fee 15.00
		event    L1 reversal reverses 2 on 2026-02-19 -> refused reverses`,

	"an account opened again by an earlier date has its next statement": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 payment source check amount 24200.00 on 2026-02-10 -> accepted
		told     L1 on 2026-02-10 -> account_changed
		statement L1 on 2026-02-22  ending 0.00
		event    L1 reversal reverses 1 from 2026-02-12 on 2026-03-01 -> accepted
		statement L1 on 2026-03-25  ending 24000.00`,

	"a return moves the draft with the due date it moves": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		pay      L1 450.00 on 2026-02-12 -> accepted
		event    L1 deferral months 2 on 2026-02-16 -> accepted
		autopay  L1 on 2026-02-16  next 2026-05-15
		return   L1 #1 R09 on 2026-02-17 -> reversed fee 15.00
		autopay  L1 on 2026-02-17  next 2026-04-15  amount 450.00`,

	"autopay goes on with the instalments that an extension adds": `
		contract L1 lease 2 months of 399.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		event    L1 lease_extension months 3 on 2026-03-20 -> accepted
		autopay  L1 on 2026-03-20  next 2026-04-15  amount 399.00`,

	"a deferral taken back brings no late fees at once": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 deferral months 3 on 2026-02-10 -> accepted
		event    L1 reversal reverses 1 on 2026-04-20 -> accepted
		told     L1 on 2026-04-20 -> account_changed
		late fee L1 on 2026-04-21 -> none
		late fee L1 on 2026-04-26 -> none
		late fee L1 on 2026-05-26 -> 22.50`,

	"payments to come are taken back when the account has come to its end": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		schedule L1 450.00 for 2026-03-01 on 2026-02-20 -> accepted
		event    L1 charge_off on 2026-02-21 -> accepted
		payment  L1 on 2026-02-21  state cancelled`,

	"fees are the contract's own": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		event    L1 returned_fee amount 150.00 on 2026-02-18 -> refused amount
		event    L1 late_fee amount 22.50 on 2026-02-26 -> refused instalment
		event    L1 rate_change annual_rate 4.9 on 2026-02-26 -> refused annual_rate`,

	"a refund of money that then came back is owed again": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		event    L1 payment source wire amount 24000.00 on 2026-02-15 -> accepted
		balance  L1 on 2026-02-15  principal 0.00  unapplied 329.74  closed true
		event    L1 refund amount 329.74 on 2026-02-16 -> accepted
		return   L1 R10 on 2026-02-20 -> reversed fee 0.00
		balance  L1 on 2026-02-20  principal 450.00  unapplied 0.00  closed false
		ledger   L1 on 2026-02-20  refunds_payable -329.74  unapplied 0.00`,
}

func TestChangeStories(t *testing.T) { tellAll(t, changeStories) }

// event L1 scra annual_rate 0.03 from 2026-02-01 on 2026-02-20 -> accepted
func (s *teller) event(words, want []string) {
	a := s.account(words)
	e := contract.Event{Kind: contract.EventKind(words[1]), Date: s.day}
	for rest := words[2:]; len(rest) >= 2; rest = rest[2:] {
		s.field(&e, rest[0], rest[1])
	}
	req := servicing.EventRequest{Key: servicing.NewKey(), Contract: a.id, Event: e}
	preview, err := s.PreviewEvent(ctx, system, req)
	if err != nil {
		s.compare(want, outcome(err), nil)
		if _, again := s.PostEvent(ctx, system, req); outcome(again) != outcome(err) {
			s.Errorf("%s\n\tpreviewed %s, posted %s", s.line, outcome(err), outcome(again))
		}
		return
	}
	r, err := s.PostEvent(ctx, system, req)
	s.compare(want, outcome(err), nil)
	if err == nil && e.Kind == contract.Service { // it takes late fees back, too
		preview.State = r.State
	}
	if err == nil && (r.Allocation != preview.Allocation || !r.State.Equal(&preview.State)) {
		s.Errorf("%s\n\tpreviewed %+v, done %+v", s.line, preview, r)
	}
	if twice := got(s.PostEvent(ctx, system, req))(s); !twice.Repeated || twice.Event.Seq != r.Event.Seq {
		s.Errorf("%s\n\tthe same key did %+v", s.line, twice.Event)
	}
	if req.Event.Amount++; outcome(func() error { _, err := s.PostEvent(ctx, system, req); return err }()) != "refused key_reused" {
		s.Errorf("%s\n\tthe same key with another amount was taken", s.line)
	}
}

func (s *teller) field(e *contract.Event, name, value string) {
	s.Helper()
	number := func() (n int) {
		if _, err := fmt.Sscan(value, &n); err != nil {
			s.Fatalf("%s: %v", s.line, err)
		}
		return n
	}
	switch name {
	case "from":
		e.Date = day(value)
	case "amount":
		e.Amount = cents(value)
	case "annual_rate":
		r := got(money.ParseRate(value))(s)
		e.Rate = &r
	case "payment":
		e.Payment = cents(value)
	case "months":
		e.Months = number()
	case "due_day":
		e.DueDay = number()
	case "reverses":
		e.Reverses = number()
	case "source":
		e.Source = contract.Source(value)
	case "of":
		e.Of = contract.Bucket(value)
	case "hold":
		e.Hold = contract.Hold(value)
	default:
		s.Fatalf("%s: no field %s", s.line, name)
	}
}

// quote L1 through 2026-02-25 on 2026-02-15 -> accepted total 24159.06
func (s *teller) quote(words, want []string) {
	a := s.account(words)
	req := servicing.PayoffRequest{Key: servicing.NewKey(), Contract: a.id, GoodThrough: day(words[2])}
	l, err := s.QuotePayoff(ctx, a.actor, req)
	s.compare(want, outcome(err), map[string]any{"total": l.Total, "days": len(l.Table)})
	if err == nil {
		kept := got(s.PayoffLetter(ctx, a.actor, a.id))(s)
		again := got(s.QuotePayoff(ctx, a.actor, req))(s)
		if kept.Total != l.Total || again.Total != l.Total || l.Table[len(l.Table)-1].Total != l.Total || l.Principal+l.Interest+l.LateFees+l.OtherFees != l.Total {
			s.Errorf("%s\n\t%+v", s.line, l)
		}
	}
}

// told L1 on D -> KIND: the last message queued for the customer.
func (s *teller) told(words, want []string) {
	s.account(words)
	var kind string
	must(s, s.raw.QueryRow(`SELECT kind FROM notice ORDER BY created_at DESC, id DESC LIMIT 1`).Scan(&kind))
	s.compare(want, kind, nil)
}

// A customer chooses what extra money does; the review says what is then posted.
func TestExtraMoneyGoesWhereItIsSent(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		for i, c := range []struct {
			extra     billing.Extra
			next      string
			principal money.Cents
		}{
			{"", "2026-05-15", 879_74}, {billing.ExtraPrepay, "2026-05-15", 879_74},
			{billing.ExtraPrincipal, "2026-03-15", 879_74}, {billing.ExtraPrincipalOnly, "2026-02-15", 1000_00},
		} {
			a := o.take(fmt.Sprintf("L%d", i), loan())
			o.to(day("2026-02-15"))
			req := o.request(a, 1000_00)
			req.Extra, req.Date = c.extra, o.day
			review := got(o.ReviewPayment(ctx, a.actor, req))(t)
			p := got(o.SubmitPayment(ctx, a.actor, review.Request, src))(t)
			card := got(o.Card(ctx, a.actor, a.id))(t)
			if p.Allocation != review.Plan.Allocation || p.Allocation.Principal != c.principal || card.Due.NextDate != review.Plan.DueAfter.NextDate {
				t.Errorf("%s: reviewed %+v, done %+v", c.extra, review.Plan, p)
			}
			if c.extra == billing.ExtraPrepay && card.Due.NextDate != day("2026-04-15") || c.extra == billing.ExtraPrincipal && card.Due.NextDate != day("2026-03-15") {
				t.Errorf("%s: next due %s", c.extra, card.Due.NextDate)
			}
			why := got(o.Explain(ctx, a.actor, a.id, p.Event))(t)
			var said money.Cents
			for _, w := range why.Why {
				said += w.Amount
			}
			if said != p.Amount || !slices.ContainsFunc(why.Why, func(w contract.Why) bool { return len(w.Spans) > 0 || c.extra == billing.ExtraPrincipalOnly }) {
				t.Errorf("%s: explained %+v", c.extra, why.Why)
			}
		}
	})
}
