package servicing_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// Autopay beside everything else that happens to an account, told like the other
// stories:
//
//	plan    L1 monthly 10 extra 50.00 tell every on 2026-01-20 -> accepted
//	plan    L1 pause 2026-05-01 on 2026-03-01 -> accepted
//	drafts  L1 on 2026-04-01  2026-02-10 500.00 2026-03-10 500.00
//	notices L1 on 2026-04-01  2026-04-15 475.00 by 2026-04-02
var autopayStories = map[string]string{
	"on the 10th, with an extra that pays down principal": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 monthly 10 extra 50.00 on 2026-01-20 -> accepted next 2026-02-10 amount 500.00
		payment  L1 drawn on 2026-02-11  amount 500.00  interest 100.87  principal 399.13  autopay true
		due      L1 on 2026-02-16  next 2026-03-15  past 0.00  amount 450.00
		plan     L1 on 2026-02-16  next 2026-03-10  amount 500.00
		drafts   L1 on 2026-04-11  2026-02-10 500.00 2026-03-10 500.00 2026-04-10 500.00
		notices  L1 on 2026-04-11`,

	"the last day of each month": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 monthly 31 on 2026-01-20 -> accepted next 2026-01-31
		drafts   L1 on 2026-05-01  2026-01-31 450.00 2026-02-28 450.00 2026-03-31 450.00 2026-04-30 450.00`,

	"every Friday, and on a holiday too": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 weekly 5 fixed 115.00 on 2026-06-15 -> accepted next 2026-06-19
		drafts   L1 on 2026-07-11  2026-06-19 115.00 2026-06-26 115.00 2026-07-03 115.00 2026-07-10 115.00`,

	"three payments, and then it is off": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 two_weeks 2026-01-30 fixed 225.00 count 3 on 2026-01-20 -> accepted next 2026-01-30
		told     L1 on 2026-02-28 -> autopay_off
		plan     L1 on 2026-02-28 off
		drafts   L1 on 2026-05-01  2026-01-30 225.00 2026-02-13 225.00 2026-02-27 225.00`,

	"until a date": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date until 2026-03-20 on 2026-01-20 -> accepted
		drafts   L1 on 2026-03-16  2026-02-15 450.00 2026-03-15 450.00
		plan     L1 on 2026-03-16 off`,

	"a pause keeps the payments due, and resuming goes on with the next": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		plan     L1 pause on 2026-03-01 -> accepted
		plan     L1 on 2026-03-02  next none
		due      L1 on 2026-03-20  next 2026-03-15  past 450.00
		plan     L1 resume on 2026-04-01 -> accepted next 2026-04-15
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-04-15 450.00
		plan     L1 pause 2026-06-16 on 2026-05-01 -> accepted next 2026-07-15
		drafts   L1 on 2026-07-16  2026-02-15 450.00 2026-04-15 450.00 2026-07-15 450.00
		plan     L1 pause 2026-07-16 on 2026-07-16 -> refused until
		plan     L1 pause 2027-07-18 on 2026-07-16 -> refused until`,

	"one is skipped, and taken back in time": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 skip 2026-02-15 on 2026-01-20 -> refused autopay_off
		plan     L1 due_date on 2026-01-20 -> accepted
		plan     L1 skip 2026-02-14 on 2026-01-21 -> refused changed
		plan     L1 skip 2026-02-15 on 2026-01-21 -> accepted next 2026-03-15
		plan     L1 skip 2026-02-15 on 2026-01-21 -> accepted next 2026-03-15
		plan     L1 skip on 2026-01-22 -> accepted next 2026-02-15
		plan     L1 skip 2026-03-15 on 2026-02-20 -> accepted next 2026-04-15
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-04-15 450.00`,

	"other terms are signed anew, and a pause goes on under them": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		plan     L1 pause 2026-03-01 on 2026-01-25 -> accepted
		plan     L1 monthly 5 extra 25.00 unsigned on 2026-01-30 -> refused signature
		plan     L1 monthly 5 extra 25.00 on 2026-01-30 -> accepted next 2026-03-05 amount 475.00
		drafts   L1 on 2026-03-06  2026-03-05 475.00
		plan     L1 monthly 32 on 2026-03-06 -> refused day
		plan     L1 weekly 5 fixed 0.50 on 2026-03-06 -> refused amount_low
		plan     L1 weekly 5 fixed 110.00 tell outside 50.00 on 2026-03-06 -> refused range`,

	"paid by hand before the draft, in full, in part and more": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		pay      L1 450.00 on 2026-02-10 -> accepted
		pay      L1 300.00 on 2026-03-10 -> accepted
		pay      L1 600.00 on 2026-04-10 -> accepted
		drafts   L1 on 2026-06-16  2026-03-15 150.00 2026-05-15 300.00 2026-06-15 450.00
		due      L1 on 2026-06-16  past 0.00`,

	"a payment scheduled for the due date is not taken twice": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 monthly 10 on 2026-01-20 -> accepted next 2026-02-10
		schedule L1 450.00 for 2026-02-14 on 2026-02-01 -> accepted
		plan     L1 on 2026-02-02  next 2026-03-10  amount 450.00
		drafts   L1 on 2026-03-11  2026-03-10 450.00
		due      L1 on 2026-03-11  next 2026-04-15  past 0.00`,

	"a payoff that is scheduled is not drafted into": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 monthly 10 on 2026-01-20 -> accepted
		payoff   L1 for 2026-03-12 on 2026-03-01 -> accepted
		drafts   L1 on 2026-03-13  2026-02-10 450.00
		balance  L1 on 2026-03-13  principal 0.00  closed true`,

	"a deferral gives a rhythm of one's own its free months, and gives them back": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 weekly 5 fixed 115.00 on 2026-02-01 -> accepted
		event    L1 deferral months 2 on 2026-02-10 -> accepted
		plan     L1 on 2026-02-10  next 2026-03-20
		drafts   L1 on 2026-03-21  2026-02-06 115.00 2026-03-20 115.00
		event    L1 deferral months 2 on 2026-03-21 -> accepted
		event    L1 reversal reverses 4 on 2026-03-22 -> accepted
		plan     L1 on 2026-03-22  next 2026-03-27`,

	"a deferral moves a draft of the due date, and what was deferred is not drafted": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		event    L1 deferral months 1 on 2026-02-20 -> accepted
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-04-15 450.00
		notices  L1 on 2026-04-16`,

	"a due date that moves is told a week before, and a skip moves with it": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		event    L1 due_date_change due_day 25 on 2026-02-01 -> accepted
		notices  L1 on 2026-02-03  2026-02-25 450.00 by none
		drafts   L1 on 2026-02-26  2026-02-25 450.00
		notices  L1 on 2026-02-26  2026-02-25 450.00 by 2026-02-12
		plan     L1 skip 2026-03-25 on 2026-02-27 -> accepted
		event    L1 due_date_change due_day 28 on 2026-03-01 -> accepted
		drafts   L1 on 2026-04-29  2026-02-25 450.00 2026-04-28 450.00`,

	"a due date that moves within the week is not drafted, and that is said": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		event    L1 due_date_change due_day 18 on 2026-02-12 -> accepted
		told     L1 on 2026-02-19 -> autopay_not_taken
		drafts   L1 on 2026-03-19  2026-03-18 450.00`,

	"a higher payment is told ten days before": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		event    L1 modification payment 475.00 on 2026-02-20 -> accepted
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-03-15 475.00 2026-04-15 475.00
		notices  L1 on 2026-04-16  2026-03-15 475.00 by 2026-03-02 2026-04-15 475.00 by 2026-04-02`,

	"a higher payment that comes too late to be told is not drafted": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		event    L1 modification payment 475.00 on 2026-03-10 -> accepted
		told     L1 on 2026-03-16 -> autopay_not_taken
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-04-15 475.00
		due      L1 on 2026-04-16  past 475.00`,

	"a higher payment within the range that was chosen needs no notice": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date tell outside 500.00 on 2026-01-20 -> accepted
		event    L1 modification payment 475.00 on 2026-03-10 -> accepted
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-03-15 475.00 2026-04-15 475.00
		notices  L1 on 2026-04-16`,

	"told every time": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date tell every on 2026-01-20 -> accepted
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-03-15 450.00 2026-04-15 450.00
		notices  L1 on 2026-04-16  2026-03-15 450.00 by 2026-03-02 2026-04-15 450.00 by 2026-04-02`,

	"told every time, and paid in part after that: the rest is not taken": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date tell every on 2026-01-20 -> accepted
		pay      L1 200.00 on 2026-03-08 -> accepted
		told     L1 on 2026-03-16 -> autopay_not_taken
		drafts   L1 on 2026-04-16  2026-02-15 450.00 2026-04-15 450.00`,

	"the last odd payment is told and drafted": `
		contract L1 loan 1200.00 6.00% 3 months of 300.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		drafts   L1 on 2026-04-16  2026-02-15 300.00 2026-03-15 300.00 2026-04-15 613.40
		notices  L1 on 2026-04-16  2026-04-15 613.40 by 2026-04-02
		balance  L1 on 2026-04-16  principal 0.00  closed true`,

	"bankruptcy rests the drafts, and they go on after it": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 weekly 5 fixed 115.00 on 2026-02-01 -> accepted
		event    L1 hold hold bankruptcy on 2026-02-10 -> accepted
		event    L1 hold_end hold bankruptcy on 2026-03-01 -> accepted
		drafts   L1 on 2026-03-07  2026-02-06 115.00 2026-03-06 115.00`,

	"a charge-off turns it off": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 weekly 5 fixed 115.00 on 2026-02-01 -> accepted
		event    L1 charge_off on 2026-02-10 -> accepted
		plan     L1 on 2026-02-10 off
		drafts   L1 on 2026-03-07  2026-02-06 115.00`,

	"an acceleration turns it off": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-02-01 -> accepted
		event    L1 acceleration on 2026-02-10 -> accepted
		plan     L1 due_date on 2026-02-10 -> refused called
		drafts   L1 on 2026-03-16`,

	"a lease's payments, and its end": `
		contract L1 lease 36 months of 399.00 from 2026-01-15
		plan     L1 monthly 10 extra 5.00 on 2026-01-20 -> refused extra
		plan     L1 monthly 10 on 2026-01-20 -> accepted next 2026-02-10 amount 399.00
		event    L1 lease_end amount 0.00 on 2026-03-01 -> accepted
		plan     L1 on 2026-03-01 off
		drafts   L1 on 2026-03-16  2026-02-10 399.00`,

	"a draft that came back is not taken again with the next": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		plan     L1 due_date on 2026-01-20 -> accepted
		payment  L1 drawn on 2026-02-17  amount 450.00
		return   L1 R01 on 2026-02-20 -> reversed fee 15.00
		drafts   L1 on 2026-03-16  2026-02-15 450.00 2026-03-15 450.00
		due      L1 on 2026-03-16  past 450.00`,
}

func TestAutopayStories(t *testing.T) { tellAll(t, autopayStories) }

// planOf reads the words of a plan.
func (s *teller) planOf(words []string) (p billing.AutopayPlan, signed string) {
	signed = servicing.AutopayWord
	for i := 0; i < len(words); i++ {
		next := func() string { i++; return words[i] }
		switch words[i] {
		case "due_date":
			p.Rhythm = billing.EachDueDate
		case "monthly":
			p.Rhythm, p.Day = billing.Monthly, got(strconv.Atoi(next()))(s)
		case "weekly":
			p.Rhythm, p.Weekday = billing.Weekly, time.Weekday(got(strconv.Atoi(next()))(s))
		case "two_weeks":
			p.Rhythm, p.Anchor = billing.EveryTwoWeeks, day(next())
		case "extra":
			p.Extra = cents(next())
		case "fixed":
			p.Fixed = cents(next())
		case "count":
			p.Count = got(strconv.Atoi(next()))(s)
		case "until":
			p.LastDate = day(next())
		case "unsigned":
			signed = "no"
		case "tell":
			if p.Tell = billing.Tell(next()); p.Tell == billing.TellOutside {
				p.Most = cents(next())
			}
		default:
			s.Fatalf("%s: %q", s.line, words[i])
		}
	}
	return p, signed
}

func (s *teller) plan(words, want []string) {
	a := s.account(words)
	var err error
	switch rest := words[1:]; {
	case len(rest) == 0 && len(want) > 0 && want[0] == "off":
		if got(s.Card(ctx, a.actor, a.id))(s).Autopay != nil {
			s.wrong("%s\n\tit is on", s.line)
		}
		return
	case len(rest) == 0:
	case rest[0] == "pause" && len(rest) == 1:
		err = s.PauseAutopay(ctx, a.actor, a.id, 0)
	case rest[0] == "pause":
		err = s.PauseAutopay(ctx, a.actor, a.id, day(rest[1]))
	case rest[0] == "resume":
		err = s.ResumeAutopay(ctx, a.actor, a.id)
	case rest[0] == "skip" && len(rest) == 1:
		err = s.SkipAutopay(ctx, a.actor, a.id, 0)
	case rest[0] == "skip":
		err = s.SkipAutopay(ctx, a.actor, a.id, day(rest[1]))
	default:
		req := servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank}
		req.Plan, req.Signed = s.planOf(rest)
		review, reviewed := s.ReviewAutopay(ctx, a.actor, req)
		if _, err = s.EnrollAutopay(ctx, s.fresh(a.actor), req, src); err == nil && reviewed != nil || (err != nil && reviewed == nil && outcome(err) != "refused signature") {
			s.wrong("%s\n\treviewed %s, signed %s", s.line, outcome(reviewed), outcome(err))
		}
		if in := got(s.Card(ctx, a.actor, a.id))(s).Autopay; err == nil && (in.NextDate != review.FirstDate || in.NextAmount != review.FirstAmount || in.Authorization != review.Authorization) {
			s.wrong("%s\n\treviewed %+v\n\tsigned %+v", s.line, review, in)
		}
	}
	facts := map[string]any{"next": "none"}
	if in := got(s.Card(ctx, a.actor, a.id))(s).Autopay; in != nil && !in.NextDate.IsZero() {
		facts = map[string]any{"next": in.NextDate, "amount": in.NextAmount}
	}
	said := outcome(err)
	if len(words) == 1 {
		said = ""
	}
	s.compare(want, said, facts)
}

// payoff L1 for 2026-03-12 on 2026-03-01
func (s *teller) payoff(words, want []string) {
	p, err := s.submit(s.account(words), billing.AmountPayoff, 0, day(words[2]))
	s.compare(want, outcome(err), paymentFacts(p))
}

// drafts are all that autopay has drawn, but what was canceled.
func (s *teller) drafts(words, want []string) {
	a := s.account(words)
	s.same(want, s.list(`SELECT date, amount FROM payment WHERE contract_id = $1 AND autopay = 1 AND state <> 'cancelled' ORDER BY date`, a))
}

// notices are the drafts that were told, with the day of the telling.
func (s *teller) notices(words, want []string) {
	if len(want) > 0 && want[len(want)-1] == "none" {
		want = nil
	}
	a := s.account(words)
	s.same(want, s.list(`SELECT draft_on, amount, sent_on FROM autopay_notice WHERE contract_id = $1 ORDER BY draft_on, sent_on`, a))
}

func (s *teller) same(want, is []string) {
	s.Helper()
	if !slices.Equal(want, is) {
		s.wrong("%s\n\tthe books say: %s", s.line, strings.Join(is, " "))
	}
}

func (s *teller) list(query string, a *account) (out []string) {
	s.Helper()
	rows := got(s.raw.Query(query, string(a.id)))(s)
	columns := got(rows.Columns())(s)
	for rows.Next() {
		var date, sent string
		var amount money.Cents
		into := []any{&date, &amount, &sent}[:len(columns)]
		must(s, rows.Scan(into...))
		if out = append(out, date, amount.String()); sent != "" {
			out = append(out, "by", sent)
		}
	}
	must(s, rows.Err())
	must(s, rows.Close())
	return out
}

// A draft is canceled until its file is cut: what autopay drew on a Saturday goes
// out on Monday, and on Sunday turning autopay off takes it back.
func TestTurningAutopayOffTakesBackWhatHasNotLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		terms := loan()
		terms.FirstDue = day("2026-02-14") // a Saturday
		a := o.take("L1", terms)
		late := o.take("L2", terms)
		for _, x := range []*account{a, late} {
			got(o.EnrollAutopay(ctx, o.fresh(x.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: x.id, Method: x.bank, Signed: "Jordan  AVERY"}, src))(t)
		}
		o.to(day("2026-02-15"))
		must(t, o.CancelAutopay(ctx, a.actor, a.id))
		must(t, o.CancelAutopay(ctx, a.actor, a.id))
		o.to(day("2026-02-18")) // Monday was a holiday, the file was cut on Tuesday
		must(t, o.CancelAutopay(ctx, late.actor, late.id))
		states := o.rows(`SELECT state FROM payment ORDER BY id`)
		if !slices.Equal(states, []string{"state=cancelled ", "state=submitted "}) {
			t.Errorf("%q", states)
		}
		o.to(day("2026-03-20"))
		o.expect(2, "drafts", `SELECT COUNT(*) FROM payment WHERE autopay = 1`)
		if d := got(o.Card(ctx, a.actor, a.id))(t).Due; d.PastDue != 900_00 {
			t.Errorf("past due %s", d.PastDue)
		}
		o.verify()
	})
}

// What was agreed to stays for two years after it ended: the text, its version and
// hash, who signed how, when, and in which session; and who gave it can read it.
func TestAnAuthorisationIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		actor := o.fresh(a.actor)
		actor.Standing.Session = "session-1"
		enroll := func(signed string) error {
			_, err := o.EnrollAutopay(ctx, actor, servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: signed}, src)
			return err
		}
		for _, wrong := range []string{"", " ", "Jordan", "yes", "Alex Avery", "agreed"} {
			if err := enroll(wrong); outcome(err) != "refused signature" {
				t.Errorf("signed %q: %s", wrong, outcome(err))
			}
		}
		must(t, enroll("jordan avery"))
		first := got(o.AutopayPapers(ctx, a.actor, a.id))(t)[0].ID
		must(t, enroll("Agree"))
		must(t, o.CancelAutopay(ctx, a.actor, a.id))
		papers := got(o.AutopayPapers(ctx, a.actor, a.id))(t)
		if len(papers) != 2 || papers[0].InForce || papers[1].ID != first || papers[1].KeepUntil != day("2028-01-15") {
			t.Fatalf("%+v", papers)
		}
		p := says[billing.AutopayPaper](o, got(o.PrintAuthorization(ctx, a.actor, a.id, first))(t))
		if p.Signed != "jordan avery" || p.Version != billing.AutopayVersion || len(p.Hash) != 64 || p.Ended.IsZero() || !strings.Contains(p.Text, "I authorize") {
			t.Errorf("%+v", p)
		}
		if _, err := o.PrintAuthorization(ctx, a.actor, a.id, ""); err == nil {
			t.Error("an ended authorization is given as the one in force")
		}
		o.expect(2, "signed in the session", `SELECT COUNT(*) FROM autopay a JOIN agreement g ON g.contract_id = a.contract_id AND g.id = a.agreement_id
			WHERE a.session = 'session-1' AND g.ip <> '' AND g.agreed_at > 0`)
		if sent := o.messages(billing.NoticeAutopayOn); len(sent) != 2 || sent[0].Text != p.Text {
			t.Errorf("the copies sent: %+v", sent)
		}
		o.verify()

		_, err := o.raw.Exec(`UPDATE autopay SET keep_until = '2027-01-14' WHERE id = '` + first + `'`)
		must(t, err)
		if res := got(o.Verify(ctx, system, nil))(t); res.Differing != 1 || !strings.Contains(res.Findings[0].What, "is kept until") {
			t.Errorf("kept too short: %+v", res.Findings)
		}
		for _, change := range []string{`UPDATE agreement SET text = text || '.'`, `DELETE FROM agreement`} {
			if _, err := o.raw.Exec(change); err == nil {
				t.Errorf("%s was done", change)
			}
		}
	})
}

// A draft on a card is kept for the processor and is on the account only once it
// is charged; an expired card, or an account that was stopped, ends autopay.
func TestAutopayFromACard(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		who, _ := a.actor.CustomerID()
		_, err := o.raw.Exec(`UPDATE payment_method SET kind = 'card', type = '', account = '', account_hash = '', routing = '', brand = 'Visa', funding = 'debit', exp_month = 3, exp_year = 2026,
			processor = 'test', token = 'pm_1', last4 = '4242', validated_by = 'processor' WHERE customer_id = $1`, string(who))
		must(t, err)
		in := got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: "agree"}, src))(t)
		if !strings.Contains(in.Authorization, "charge payments to my Visa card ending in 4242") {
			t.Error(in.Authorization)
		}
		o.to(day("2026-02-16"))
		if rows := o.rows(`SELECT rail, sec, state, amount, event_seq FROM payment`); !slices.Equal(rows, []string{"rail=card sec= state=created amount=45000 event_seq=0 "}) {
			t.Fatalf("%q", rows)
		}
		if next := got(o.Card(ctx, a.actor, a.id))(t).Autopay; next.NextDate != day("2026-03-15") || next.NextAmount != 450_00 {
			t.Errorf("%+v", next)
		}
		o.to(day("2026-04-16")) // the card is good through March
		if card := got(o.Card(ctx, a.actor, a.id))(t); card.Autopay != nil || card.AutopayEnded == nil || card.AutopayEnded.Reason != "the card has expired" {
			t.Errorf("%+v %+v", card.Autopay, card.AutopayEnded)
		}
	})
}

// A notice that could not be delivered is none.
func TestANoticeThatFailedIsNone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		for _, number := range []string{"L1", "L2"} {
			a := o.take(number, loan())
			got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: "agree",
				Plan: billing.AutopayPlan{Tell: billing.TellEvery}}, src))(t)
		}
		o.to(day("2026-03-10"))
		_, err := o.raw.Exec(`UPDATE notice SET state = 'failed' WHERE kind = 'autopay_coming' AND customer_id = (SELECT customer_id FROM contract WHERE account_number = 'L1')`)
		must(t, err)
		o.to(day("2026-03-16"))
		want := []string{"account_number=L1 date=2026-02-15 ", "account_number=L2 date=2026-02-15 ", "account_number=L2 date=2026-03-15 "}
		if is := o.rows(`SELECT account_number, date FROM payment JOIN contract ON contract.id = contract_id ORDER BY date, account_number`); !slices.Equal(is, want) {
			t.Errorf("%q", is)
		}
	})
}

// A year of many plans beside what happens to accounts: no draft twice, none on a
// date that the plan does not have, none on a paused or skipped one, and none
// that differs without its notice at least ten days before, or seven for a date.
func TestAYearOfAutopay(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		type walker struct {
			*account
			plan billing.AutopayPlan
		}
		var all []*walker
		for i, p := range []billing.AutopayPlan{
			{}, {Tell: billing.TellDiffers}, {Tell: billing.TellEvery}, {Extra: 25_00, Tell: billing.TellDiffers},
			{Rhythm: billing.Monthly, Day: 31, Tell: billing.TellDiffers}, {Rhythm: billing.Monthly, Day: 10, Tell: billing.TellEvery},
			{Rhythm: billing.TwiceMonthly, Day: 15, Second: 31, Fixed: 240_00}, {Rhythm: billing.Weekly, Weekday: time.Friday, Fixed: 115_00, Tell: billing.TellEvery},
			{Rhythm: billing.EveryTwoWeeks, Anchor: day("2026-01-30"), Fixed: 225_00, Tell: billing.TellDiffers},
		} {
			terms := loan()
			if i == 1 {
				terms.Principal, terms.Payments = 4_800_00, 11 // ends within the year, with an odd payment
			}
			w := &walker{o.take(fmt.Sprintf("L%d", i+1), terms), p}
			all = append(all, w)
			got(o.EnrollAutopay(ctx, o.fresh(w.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: w.id, Method: w.bank, Signed: "agree", Plan: p}, src))(t)
		}
		happen := func(on string, do func(w *walker) error) {
			o.to(day(on))
			for _, w := range all {
				if err := do(w); err != nil && !strings.HasPrefix(outcome(err), "refused") {
					t.Fatalf("%s on %s: %v", w.number, on, err)
				}
			}
		}
		event := func(e contract.Event) func(w *walker) error {
			return func(w *walker) error {
				e.Date = o.day
				_, err := o.PostEvent(ctx, system, servicing.EventRequest{Key: servicing.NewKey(), Contract: w.id, Event: e})
				return err
			}
		}
		byHand := func(amount money.Cents) func(w *walker) error {
			return func(w *walker) error {
				_, err := o.SubmitPayment(ctx, w.actor, o.request(w.account, amount), src)
				return err
			}
		}
		happen("2026-03-05", byHand(120_00))
		happen("2026-04-02", func(w *walker) error {
			in := got(o.Card(ctx, w.actor, w.id))(t).Autopay
			return o.SkipAutopay(ctx, w.actor, w.id, in.NextDate)
		})
		happen("2026-05-04", event(contract.Event{Kind: contract.Deferral, Months: 1}))
		happen("2026-06-20", event(contract.Event{Kind: contract.DueDateChange, DueDay: 22}))
		happen("2026-07-03", byHand(450_00))
		happen("2026-08-01", func(w *walker) error { return o.PauseAutopay(ctx, w.actor, w.id, day("2026-09-01")) })
		rate := money.Rate(7 * money.RateScale / 100)
		happen("2026-10-09", event(contract.Event{Kind: contract.RateChange, Rate: &rate, Payment: 470_00}))
		o.to(day("2027-01-16"))

		dates := map[string]bool{}
		drafts := 0
		rows := got(o.raw.Query(`SELECT p.contract_id, p.date, p.amount, a.agreed, a.tell, a.most, a.first_date,
			(SELECT COUNT(*) FROM autopay_notice n WHERE n.contract_id = p.contract_id AND n.draft_on = p.date AND n.amount = p.amount),
			(SELECT MIN(sent_on) FROM autopay_notice n WHERE n.contract_id = p.contract_id AND n.draft_on = p.date AND n.amount = p.amount)
			FROM payment p JOIN autopay a ON a.contract_id = p.contract_id AND a.agreement_id = p.agreement_id WHERE p.autopay = 1 AND p.state <> 'cancelled' ORDER BY p.contract_id, p.date`))(t)
		previous := map[string]money.Cents{}
		for rows.Next() {
			var id, tell string
			var on, first, sent money.Date
			var amount, agreed, most money.Cents
			var told int
			must(t, rows.Scan(&id, &on, &amount, &agreed, &tell, &most, &first, &told, &sent))
			drafts++
			if dates[id+on.String()] {
				t.Errorf("%s was drafted twice on %s", id, on)
			}
			dates[id+on.String()] = true
			if on >= day("2026-08-01") && on < day("2026-09-01") {
				t.Errorf("drafted on %s, while paused", on)
			}
			needs := amount != agreed || (previous[id] != 0 && amount != previous[id])
			switch tell {
			case "every":
				needs = on-10 > day("2026-01-15")
			case "outside":
				needs = amount > most
			}
			if needs && on != first && (told == 0 || sent > on-10) {
				t.Errorf("%s of %s on %s (%s, agreed %s, before it %s): told %d times, first on %s", id, amount, on, tell, agreed, previous[id], told, sent)
			}
			previous[id] = amount
		}
		must(t, rows.Err())
		must(t, rows.Close())
		for _, w := range all {
			for on := day("2026-01-15"); on < day("2027-01-15"); on++ {
				if !dates[string(w.id)+on.String()] {
					continue
				}
				_, m, d := on.Civil()
				ok := true
				switch w.plan.Rhythm {
				case billing.Monthly:
					ok = d == min(w.plan.Day, on.MonthEnd().Day())
				case billing.TwiceMonthly:
					ok = d == 15 || on == on.MonthEnd()
				case billing.Weekly:
					ok = on.Weekday() == time.Friday
				case billing.EveryTwoWeeks:
					ok = (on-w.plan.Anchor)%14 == 0
				default:
					ok = d == 15 && m < 7 || d == 22 && m >= 6
				}
				if !ok {
					t.Errorf("%s drafted on %s", w.number, on)
				}
			}
		}
		if drafts < 130 {
			t.Errorf("%d drafts in the year", drafts)
		}
		o.verify()
		t.Logf("%d drafts, %s notices", drafts, o.rows(`SELECT COUNT(*) FROM autopay_notice`))
	})
}

// A rhythm of one's own ends with the account: the last draft is what is left.
func TestAFixedDraftEndsWithTheAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		terms := loan()
		terms.Principal, terms.Payments, terms.Payment = 1_000_00, 3, 340_00
		a := o.take("L1", terms)
		got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: "agree",
			Plan: billing.AutopayPlan{Rhythm: billing.Weekly, Weekday: time.Friday, Fixed: 300_00}}, src))(t)
		o.to(day("2026-03-20"))
		s := &teller{office: o, wrong: o.Errorf}
		want := []string{"2026-01-16", "300.00", "2026-01-23", "300.00", "2026-01-30", "300.00", "2026-02-06", "101.51"}
		if is := s.list(`SELECT date, amount FROM payment WHERE contract_id = $1 ORDER BY date`, a); !slices.Equal(is, want) {
			t.Errorf("%s", is)
		}
		if card := got(o.Card(ctx, a.actor, a.id))(t); !card.Closed {
			t.Errorf("%+v", card)
		}
		o.verify()
	})
}

// What changes between a notice and the last day for one is told again.
func TestANoticeIsOfWhatIsDrafted(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: "agree",
			Plan: billing.AutopayPlan{Tell: billing.TellEvery}}, src))(t)
		o.to(day("2026-03-04")) // told on the 2nd
		o.pay(a, 200_00)
		o.to(day("2026-03-16"))
		s := &teller{office: o, wrong: o.Errorf}
		want := []string{"2026-03-15", "450.00", "by", "2026-03-02", "2026-03-15", "250.00", "by", "2026-03-05"}
		if is := s.list(`SELECT draft_on, amount, sent_on FROM autopay_notice WHERE contract_id = $1 AND draft_on < '2026-04-01' ORDER BY sent_on`, a); !slices.Equal(is, want) {
			t.Errorf("told %s", is)
		}
		if is := s.list(`SELECT date, amount FROM payment WHERE contract_id = $1 AND autopay = 1 ORDER BY date`, a); !slices.Equal(is, []string{"2026-02-15", "450.00", "2026-03-15", "250.00"}) {
			t.Errorf("drafted %s", is)
		}
	})
}
