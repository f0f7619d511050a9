package contract_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

// A story is lines of events and questions.
//
// An event is "what [argument] on DATE", then what only its kind needs, then
// where its money went in the end, after all the events above the next question:
// parts that are not named were zero. Events are numbered from 1 in the order
// written, which is not always the order of their dates. "refused FIELD" before
// an event says that it may not happen, and why; it does not.
//
// A question is "what ... on DATE", then every word of the answer.
type story struct {
	t      teller
	fold   engine
	terms  contract.Terms
	events []contract.Event
	said   map[int]string // what the story says of where an event's money went
}

// teller is told of every figure that differs.
type teller interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

type engine func(*contract.Terms, []contract.Event, money.Date) (contract.State, []contract.Allocation, error)

// play runs a story and compares every figure it states.
func play(t teller, fold engine, terms contract.Terms, text string) {
	t.Helper()
	if err := terms.Validate(); err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, fold: fold, terms: terms, said: map[int]string{}}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if rest, refused := strings.CutPrefix(line, "refused "); refused {
			s.refuse(rest)
		} else if !s.happens(line) {
			s.ask(line)
		}
	}
	if len(s.said) > 0 {
		t.Errorf("the story ends without a question after event %d", len(s.events))
	}
}

var kinds = map[string]contract.EventKind{
	"pay": contract.Payment, "reverse": contract.Reversal, "late": contract.LateCharge, "fee": contract.ReturnedFee, "charge": contract.OtherCharge,
	"waive": contract.Waiver, "refund": contract.Refund, "rate": contract.RateChange, "service": contract.Service, "service-ends": contract.ServiceEnd,
	"due-day": contract.DueDateChange, "defer": contract.Deferral, "re-age": contract.ReAge, "modify": contract.Modification,
	"accelerate": contract.Acceleration, "total-loss": contract.TotalLoss, "repossess": contract.Repossession, "sell": contract.Sale,
	"charge-off": contract.ChargeOff, "hold": contract.HoldBegins, "hold-ends": contract.HoldEnds, "quote": contract.PayoffQuote,
	"extend": contract.LeaseExtension, "end": contract.LeaseEnd,
}

// event reads an event's line; whether it is one, and what is left of the line.
func (s *story) event(line string) (e contract.Event, said string, ok bool) {
	head, tail, _ := strings.Cut(line, " on ")
	w := strings.Fields(head)
	kind, known := kinds[w[0]]
	if !known {
		return e, "", false
	}
	words := strings.Fields(tail)
	e = contract.Event{Seq: len(s.events) + 1, Kind: kind, Date: date(words[0])}
	if len(w) > 1 {
		s.argument(&e, w[1])
	}
	for words = words[1:]; len(words) > 0 && option(&e, words); words = words[2:] {
	}
	return e, strings.Join(words, " "), true
}

// argument is the word after the kind.
func (s *story) argument(e *contract.Event, arg string) {
	switch e.Kind {
	case contract.Reversal:
		e.Reverses = number(arg)
	case contract.Deferral, contract.LeaseExtension:
		e.Months = number(arg)
	case contract.DueDateChange:
		e.DueDay = number(arg)
	case contract.RateChange:
		r := rate(arg)
		e.Rate = &r
	case contract.HoldBegins, contract.HoldEnds:
		e.Hold = contract.Hold(arg)
	default:
		e.Amount = cents(arg)
	}
}

// option reads two words that only some kinds need.
func option(e *contract.Event, words []string) bool {
	value := ""
	if len(words) > 1 {
		value = words[1]
	}
	switch words[0] {
	case "choice":
		if value == "only" {
			e.PrincipalOnly = true
		} else {
			e.Extra = contract.Extra(value)
		}
	case "from":
		e.Source = contract.Source(value)
	case "of":
		e.Of = contract.Bucket(value)
	case "instalment":
		e.Instalment = number(value)
	case "payments":
		e.Payments = number(value)
	case "payment":
		e.Payment = cents(value)
	case "first":
		e.FirstDue = date(value)
	case "day":
		e.DueDay = number(value)
	case "at":
		r := rate(value)
		e.Rate = &r
	case "good":
		e.GoodThrough = date(value)
	default:
		return false
	}
	return true
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func (s *story) happens(line string) bool {
	s.t.Helper()
	e, said, ok := s.event(line)
	if ok {
		s.events = append(s.events, e)
		if said != "" {
			s.said[len(s.events)-1] = said
		}
	}
	return ok
}

func (s *story) refuse(line string) {
	s.t.Helper()
	field, line, _ := strings.Cut(line, " ")
	e, _, _ := s.event(line)
	state, _, err := s.fold(&s.terms, s.events, e.Date)
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	before := state
	err = state.Refuse(&s.terms, &e)
	if bad, ok := err.(*contract.EventError); !ok || bad.Field != field {
		s.t.Errorf("%s: %v, want a refusal of %s", line, err, field)
	}
	if !state.Equal(&before) {
		s.t.Errorf("%s: to judge it changed the account", line)
	}
}

// ask answers a question about a day, after everything that was known by then.
func (s *story) ask(line string) {
	s.t.Helper()
	head, tail, _ := strings.Cut(line, " on ")
	q, words := strings.Fields(head), strings.Fields(tail)
	if len(words) == 0 {
		s.t.Fatalf("what does %q say?", line)
	}
	on := date(words[0])
	state, split, err := s.fold(&s.terms, s.events, on)
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	for i := range s.events {
		if said, ok := s.said[i]; ok && parts(split[i]) != said {
			s.t.Errorf("event %d on %s went to %s, want %s", i+1, s.events[i].Date, parts(split[i]), said)
		}
	}
	clear(s.said)
	if got, want := strings.Join(strings.Fields(s.answer(&state, q, on)), " "), strings.Join(words[1:], " "); got != want {
		s.t.Errorf("%s on %s: %s, want %s", head, on, got, want)
	}
}

func (s *story) answer(state *contract.State, q []string, on money.Date) string {
	terms := &s.terms
	switch q[0] {
	case "balance":
		interest, err := state.InterestTo(terms, on)
		return s.must(err, fmt.Sprintf("principal %s interest %s fees %s", state.Principal, interest, state.LateFees+state.OtherFees))
	case "held":
		return fmt.Sprintf("%s refund %s", state.Unapplied, state.RefundDue(terms))
	case "lost":
		return (state.ChargedOff + state.ChargedInterest).String()
	case "due":
		d, err := state.Due(terms, on)
		return s.must(err, fmt.Sprintf("next %s past %s", d.NextDate, d.PastDue))
	case "bill":
		d, err := state.Due(terms, on)
		return s.must(err, fmt.Sprintf("%s past %s next %s fees %s in all %s", d.Upcoming, d.PastDue, d.UpcomingAmount, d.Fees, d.Amount()))
	case "payoff":
		p, err := state.Payoff(terms, on)
		return s.must(err, p.Total.String())
	case "per-diem":
		p, err := state.Payoff(terms, on)
		return s.must(err, p.PerDiem.Decimal(6))
	case "dates": // "dates 3 to 5": of those instalments
		var out []string
		for n := number(q[1]); n <= number(q[3]); n++ {
			out = append(out, state.DueDate(terms, n).String())
		}
		return strings.Join(out, " ")
	case "payment": // "payment 7": of that instalment
		return state.PaymentOf(number(q[1])).String()
	case "last": // the last instalment, if every one is paid on its day
		rows, err := terms.Remaining(*state, on)
		if s.must(err, ""); len(rows) == 0 {
			return "none"
		}
		r := rows[len(rows)-1]
		return fmt.Sprintf("%d %s %s", r.N, r.Date, r.Payment)
	case "annual":
		return state.Rate.String()
	case "maturity":
		return state.Maturity(terms).String()
	case "flags":
		return strings.Join(flags(state), " ")
	}
	s.t.Fatalf("what does %q ask?", q)
	return ""
}

func (s *story) must(err error, answer string) string {
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

func flags(s *contract.State) (out []string) {
	for name, on := range map[string]bool{
		"accelerated": s.Accelerated != 0, "total-loss": s.TotalLoss, "repossessed": s.Repossessed, "sold": s.Sold, "bankruptcy": s.Bankruptcy,
		"cease": s.CeaseContact, "ended": s.Ended, "charged-off": s.IsChargedOff, "service": s.Service != nil,
	} {
		if on {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// parts says where money went: every part that is not zero.
func parts(a contract.Allocation) string {
	var out []string
	for _, p := range []struct {
		name   string
		amount money.Cents
	}{
		{"interest", a.Interest}, {"principal", a.Principal}, {"tax", a.Tax}, {"late", a.LateFee}, {"other", a.OtherFee}, {"held", a.Unapplied},
		{"recovered", a.Recovered}, {"forgiven", a.Forgiven}, {"charged-off", a.ChargedOff}, {"interest-forgiven", a.InterestForgiven},
	} {
		if p.amount != 0 {
			out = append(out, p.name, p.amount.String())
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, " ")
}

func TestStories(t *testing.T) {
	for name, text := range stories {
		t.Run(name, func(t *testing.T) { play(t, contract.Fold, loan(), text) })
	}
}

// The loan of these stories is 24,000.00 at 5.90 %, 450.00 a month from 15
// February 2026, actual/365: a day on the whole principal costs 3.879452.
var stories = map[string]string{
	"a payment that came back leaves the account as if it had not been made": `
		pay     450.00 on 2026-02-15
		balance on 2026-02-15  principal 23670.26  interest 0.00  fees 0.00
		reverse 1 on 2026-02-18
		fee     15.00 on 2026-02-18
		balance on 2026-02-18  principal 24000.00  interest 131.90  fees 15.00
		due     on 2026-02-18  next 2026-02-15  past 450.00`,

	"an early payment saves interest, and the next period is longer": `
		pay     450.00 on 2026-02-05  interest 81.47  principal 368.53
		pay     450.00 on 2026-03-15  interest 145.16  principal 304.84
		balance on 2026-03-15  principal 23326.63  interest 0.00  fees 0.00
		due     on 2026-03-15  next 2026-04-15  past 0.00`,

	"a late payment costs the days, and the instalment is past due until then": `
		due     on 2026-02-15  next 2026-02-15  past 0.00
		due     on 2026-02-16  next 2026-02-15  past 450.00
		pay     450.00 on 2026-03-01  interest 174.58  principal 275.42
		due     on 2026-03-01  next 2026-03-15  past 0.00`,

	"a partial payment pays interest first and leaves the rest past due": `
		pay     100.00 on 2026-02-15  interest 100.00
		balance on 2026-02-15  principal 24000.00  interest 20.26  fees 0.00
		due     on 2026-02-16  next 2026-02-15  past 350.00
		pay     350.00 on 2026-02-20  interest 39.66  principal 310.34
		due     on 2026-02-20  next 2026-03-15  past 0.00`,

	"three instalments at once are paid ahead and past due is none": `
		pay     1350.00 on 2026-02-15  interest 120.26  principal 1229.74
		due     on 2026-04-16  next 2026-05-15  past 0.00`,

	"a late fee waits until the instalment has had its money, and does not make it late": `
		late    22.50 on 2026-02-26  instalment 1
		pay     450.00 on 2026-02-27  interest 166.82  principal 283.18
		balance on 2026-02-27  principal 23716.82  interest 0.00  fees 22.50
		due     on 2026-03-14  next 2026-03-15  past 0.00`,

	"the payoff amount closes the account": `
		pay     450.00 on 2026-02-15
		payoff  on 2026-03-05  23739.13
		pay     23739.13 on 2026-03-05  interest 68.87  principal 23670.26
		balance on 2026-03-05  principal 0.00  interest 0.00  fees 0.00`,

	"money beyond the payoff is held, and pays a fee that comes later": `
		pay     24130.26 on 2026-02-15  interest 120.26  principal 24000.00  held 10.00
		balance on 2026-02-15  principal 0.00  interest 0.00  fees 0.00
		held    on 2026-02-15  10.00 refund 10.00
		fee     15.00 on 2026-02-18  other -5.00 held -10.00
		balance on 2026-02-18  principal 0.00  interest 0.00  fees 5.00`,

	"money held when nothing is owed is given back, and no more than is held": `
		pay     24130.26 on 2026-02-15
		refused amount refund 10.01 on 2026-03-01
		refund  10.00 on 2026-03-01  held -10.00
		held    on 2026-03-01  0.00 refund 0.00`,

	"a payment posted late takes its own date and moves what came after": `
		pay     450.00 on 2026-03-15  interest 107.13  principal 342.87
		pay     450.00 on 2026-02-15  interest 120.26  principal 329.74
		balance on 2026-03-15  principal 23327.39  interest 0.00  fees 0.00`,

	// 24,000.00 × 59 days = 228.89 of interest until 15 March.
	"a payment found after the statement of its month is entered on its own date": `
		due     on 2026-02-25  next 2026-02-15  past 450.00
		late    22.50 on 2026-02-26  instalment 1
		pay     450.00 on 2026-03-15  interest 228.89  principal 221.11
		due     on 2026-03-16  next 2026-03-15  past 450.00
		pay     450.00 on 2026-02-14  interest 116.38  principal 333.62
		reverse 1 on 2026-03-20
		due     on 2026-03-20  next 2026-04-15  past 0.00
		balance on 2026-03-20  principal 23327.32  interest 18.85  fees 0.00`,

	"a late fee taken back is not charged again for the same instalment": `
		late    22.50 on 2026-02-26  instalment 1
		reverse 1 on 2026-02-27
		balance on 2026-02-27  principal 24000.00  interest 166.82  fees 0.00
		refused amount late 22.50 on 2026-02-28  instalment 1`,

	"a reversal taken back leaves the payment standing": `
		pay     450.00 on 2026-02-15
		reverse 1 on 2026-02-18
		reverse 2 on 2026-02-20
		balance on 2026-02-20  principal 23670.26  interest 19.13  fees 0.00
		due     on 2026-02-20  next 2026-03-15  past 0.00`,

	// 800.00 beyond the month's 450.00: the choice decides what April asks for.
	"extra money pays the next instalments ahead": `
		pay     1250.00 on 2026-02-15  choice prepay  interest 120.26  principal 1129.74
		bill    on 2026-02-20  2026-04-15 past 0.00 next 100.00 fees 0.00 in all 100.00`,

	"extra money reduces principal and the due date stays": `
		pay     1250.00 on 2026-02-15  choice principal  interest 120.26  principal 1129.74
		bill    on 2026-02-20  2026-03-15 past 0.00 next 450.00 fees 0.00 in all 450.00`,

	// 22,870.26 × 13 days = 48.06 of interest, paid with extra money and no part of April.
	"extra money in two payments reduces principal and the due date stays": `
		pay     1250.00 on 2026-02-15  choice principal  interest 120.26  principal 1129.74
		pay     450.00 on 2026-02-28  choice principal  interest 48.06  principal 401.94
		pay     500.00 on 2026-03-05  choice principal  interest 18.16  principal 481.84
		bill    on 2026-03-06  2026-04-15 past 0.00 next 450.00 fees 0.00 in all 450.00`,

	"extra money pays fees before the next instalment": `
		fee     15.00 on 2026-01-20
		late    22.50 on 2026-02-26  instalment 1
		pay     450.00 on 2026-02-27
		pay     300.00 on 2026-03-01  choice fees  interest 7.67  principal 254.83 late 22.50 other 15.00
		bill    on 2026-03-02  2026-03-15 past 0.00 next 187.50 fees 0.00 in all 187.50`,

	"extra money that reduces principal leaves fees for last": `
		fee     15.00 on 2026-01-20
		pay     1250.00 on 2026-02-15  choice principal  interest 120.26  principal 1129.74
		balance on 2026-02-15  principal 22870.26  interest 0.00  fees 15.00`,

	"money for principal only is never the month's payment, and pays no interest": `
		refused principal_only  pay 500.00 on 2026-02-16  choice only
		pay     450.00 on 2026-02-15
		pay     500.00 on 2026-02-25  choice only  principal 500.00
		balance on 2026-02-25  principal 23170.26  interest 38.26  fees 0.00
		bill    on 2026-02-25  2026-03-15 past 0.00 next 450.00 fees 0.00 in all 450.00`,

	"a fee waived is owed no more; no more than is owed can be waived": `
		fee     15.00 on 2026-02-18
		refused amount waive 15.01 on 2026-02-19  of other_fee
		waive   5.00 on 2026-02-19  of other_fee  other 5.00 forgiven 5.00
		waive   131.90 on 2026-02-18  of interest  interest-forgiven 131.90
		balance on 2026-02-19  principal 24000.00  interest 3.88  fees 10.00`,

	"a waiver taken back is owed again": `
		fee     15.00 on 2026-02-18
		waive   15.00 on 2026-02-19  of other_fee
		reverse 2 on 2026-02-20
		balance on 2026-02-20  principal 24000.00  interest 139.66  fees 15.00`,

	"a late fee given up before it is charged is not charged": `
		waive   0.00 on 2026-02-20  of late_fee  instalment 1
		refused amount late 22.50 on 2026-02-28  instalment 1`,

	"a fee taken back sets free the money that paid it": `
		fee     15.00 on 2026-02-01
		pay     24135.26 on 2026-02-15  interest 120.26 principal 24000.00 other 15.00
		held    on 2026-02-15  0.00 refund 0.00
		reverse 1 on 2026-02-20
		held    on 2026-02-20  15.00 refund 15.00`,

	// The payoff of 23,739.13 bounced; 7 more days at 3.826151 a day.
	"a payoff that bounced opens the account again": `
		pay     450.00 on 2026-02-15
		pay     23739.13 on 2026-03-05
		due     on 2026-03-06  next  past 0.00
		reverse 2 on 2026-03-12
		fee     15.00 on 2026-03-12
		balance on 2026-03-12  principal 23670.26  interest 95.65  fees 15.00
		due     on 2026-03-16  next 2026-03-15  past 450.00`,

	// 24,000.00 and 41 days = 159.06.
	"a quoted payoff that comes in time closes the account, whatever came between": `
		quote   on 2026-02-15  good 2026-02-25
		payoff  on 2026-02-25  24159.06
		fee     15.00 on 2026-02-20
		pay     24159.06 on 2026-02-25  interest 159.06 principal 24000.00 other 15.00 forgiven 15.00
		payoff  on 2026-02-26  0.00`,

	"a quoted payoff in time on an earlier day needs no more than that day's figure": `
		quote   on 2026-02-15  good 2026-02-25
		fee     15.00 on 2026-02-18
		pay     24139.66 on 2026-02-20  interest 139.66 principal 24000.00 other 15.00 forgiven 15.00
		payoff  on 2026-02-20  0.00`,

	"a quoted payoff that comes a day late leaves a day's interest and the fee": `
		quote   on 2026-02-15  good 2026-02-25
		fee     15.00 on 2026-02-20
		pay     24159.06 on 2026-02-26  interest 162.94 principal 23981.12 other 15.00
		payoff  on 2026-02-26  18.88`,

	"a quote counts no more after a payment that it counted on came back": `
		pay     450.00 on 2026-02-15
		quote   on 2026-02-16  good 2026-02-25
		reverse 1 on 2026-02-18
		pay     23708.52 on 2026-02-25
		payoff  on 2026-02-25  450.54`,
}
