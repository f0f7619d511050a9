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
)

// A story is told in lines, each a thing that happens on a date or a question:
//
//	contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
//	pay      L1 450.00 on 2026-02-15 -> accepted
//	balance  L1 on 2026-02-18  principal 24000.00  interest 131.90
//
// A date later than the line before closes every business day in between. What
// follows the date, or the arrow, is compared with the books: of pairs only
// those that are written. After each story nothing posted may have been edited
// and the books are verified.
func TestStories(t *testing.T) { tellAll(t, stories) }

// tellAll tells each story on both databases, and asks more of the office in the end.
func tellAll(t *testing.T, stories map[string]string, then ...func(*office)) {
	for _, database := range []string{"sqlite", "postgres"} {
		for name, text := range stories {
			t.Run(database+"/"+strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				url := freshSQLite(t)
				if database == "postgres" {
					url = freshPostgres(t)
				}
				o := newOffice(t, url)
				tell(o, text)
				for _, more := range then {
					more(o)
				}
			})
		}
	}
}

type teller struct {
	*office
	accounts map[string]*account
	line     string
	was      []string
	wrong    func(format string, args ...any) // what disagrees with the story
	vary     func(*contract.Terms)            // nil leaves the terms as told
}

func tell(o *office, text string) {
	o.Helper()
	s := &teller{office: o, accounts: map[string]*account{}, wrong: o.Errorf}
	for line := range strings.Lines(text) {
		if s.line = strings.TrimSpace(line); s.line != "" {
			s.one()
		}
	}
	s.books()
}

// line taken apart: words before the date, the date, and what is expected.
func (s *teller) one() {
	s.Helper()
	said, want, _ := strings.Cut(s.line, "->")
	words := strings.Fields(said)
	if i := slices.Index(words, "on"); i > 0 && words[0] != "contract" {
		s.to(day(words[i+1]))
		if rest := words[i+2:]; len(rest) > 0 {
			want = strings.Join(rest, " ")
		}
		words = words[:i]
	}
	tellings[words[0]](s, words[1:], strings.Fields(want))
}

// compare holds facts against what is written: a first word without a value, and
// pairs.
func (s *teller) compare(want []string, outcome string, facts map[string]any) {
	s.Helper()
	if outcome != "" && len(want) > 0 {
		n := len(strings.Fields(outcome))
		if got := strings.Join(want[:min(n, len(want))], " "); got != outcome {
			s.wrong("%s\n\tthe books say: %s %v", s.line, outcome, facts)
			return
		}
		want = want[n:]
	}
	for ; len(want) >= 2; want = want[2:] {
		if is, known := facts[want[0]]; !known || fmt.Sprint(is) != want[1] {
			s.wrong("%s\n\tthe books say: %s %v (known %t)", s.line, want[0], is, known)
		}
	}
}

func (s *teller) account(words []string) *account {
	a := s.accounts[words[0]]
	if a == nil {
		s.Fatalf("%s\n\tno contract %s", s.line, words[0])
	}
	return a
}

// nth is the payment that "#2" names, else the last.
func (s *teller) nth(a *account, words []string) servicing.PaymentID {
	for _, w := range words {
		if n, ok := strings.CutPrefix(w, "#"); ok {
			return a.paid[int(n[0]-'1')]
		}
	}
	return a.paid[len(a.paid)-1]
}

var tellings map[string]func(s *teller, words, want []string)

func init() {
	tellings = map[string]func(*teller, []string, []string){
		"contract": (*teller).contract, "pay": (*teller).pay, "schedule": (*teller).schedule, "cancel": (*teller).cancel,
		"return": (*teller).comesBack, "late": (*teller).lateFee, "statement": (*teller).statement, "balance": (*teller).balance,
		"due": (*teller).due, "payment": (*teller).payment, "autopay": (*teller).autopay, "ledger": (*teller).ledger, "verify": (*teller).verified,
		"event": (*teller).event, "quote": (*teller).quote, "told": (*teller).told, "clear": (*teller).clear,
		"opened": (*teller).opened, "final": (*teller).final,
		"plan": (*teller).plan, "payoff": (*teller).payoff, "drafts": (*teller).drafts, "notices": (*teller).notices,
	}
}

// contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
// contract L1 lease 36 months of 399.00 from 2026-01-15
func (s *teller) contract(words, _ []string) {
	at := func(word string, step int) string { return words[slices.Index(words, word)+step] }
	t := loan()
	if words[1] == "lease" {
		t.Kind, t.Rate, t.LateFee = contract.Lease, 0, contract.LateFee{}
	} else {
		rate, err := money.ParseRate("0.0" + strings.ReplaceAll(strings.TrimSuffix(words[3], "%"), ".", ""))
		must(s, err)
		t.Principal, t.Rate = cents(words[2]), rate
	}
	if _, err := fmt.Sscan(at("months", -1), &t.Payments); err != nil {
		s.Fatalf("%s: %v", s.line, err)
	}
	t.Payment, t.Start = cents(at("of", 1)), day(at("from", 1))
	t.FirstDue = t.Start.AddMonths(1, t.Start.Day())
	if t.Kind == contract.Lease {
		t.Principal = t.Payment * money.Cents(t.Payments)
	}
	if s.vary != nil {
		s.vary(&t)
	}
	s.accounts[words[0]] = s.take(words[0], t)
}

func (s *teller) submit(a *account, kind billing.AmountKind, amount money.Cents, on money.Date) (servicing.Payment, error) {
	s.Helper()
	req := servicing.PaymentRequest{Key: servicing.NewKey(), Contract: a.id, Kind: kind, Amount: amount, Date: on, Method: a.bank}
	review, err := s.ReviewPayment(ctx, a.actor, req)
	if err != nil {
		return servicing.Payment{}, err
	}
	p, err := s.SubmitPayment(ctx, a.actor, review.Request, src)
	if err == nil {
		a.paid = append(a.paid, p.ID)
		if p.Allocation != review.Plan.Allocation || p.BalanceAfter != review.Plan.BalanceAfter {
			s.Errorf("%s\n\treviewed %+v, done %+v", s.line, review.Plan, p)
		}
	}
	return p, err
}

// pay L1 450.00 on D, pay L1 due on D, pay L1 payoff on D
func (s *teller) pay(words, want []string) {
	kind, amount := billing.AmountOther, money.Cents(0)
	if k := billing.AmountKind(words[1]); k == billing.AmountDue || k == billing.AmountPayoff {
		kind = k
	} else {
		amount = cents(words[1])
	}
	p, err := s.submit(s.account(words), kind, amount, s.day)
	s.compare(want, outcome(err), paymentFacts(p))
}

// schedule L1 450.00 for 2026-03-01 on 2026-02-20
func (s *teller) schedule(words, want []string) {
	p, err := s.submit(s.account(words), billing.AmountOther, cents(words[1]), day(words[3]))
	s.compare(want, outcome(err), paymentFacts(p))
}

func (s *teller) cancel(words, want []string) {
	a := s.account(words)
	p, err := s.CancelPayment(ctx, a.actor, a.id, s.nth(a, words))
	s.compare(want, outcome(err), paymentFacts(p))
}

// payment L1 #1 on D  state settled
func (s *teller) payment(words, want []string) {
	a := s.account(words)
	if slices.Contains(words, "drawn") {
		all := got(s.Payments(ctx, a.actor))(s)
		a.paid = append(a.paid, all[0].ID)
	}
	s.compare(want, "", paymentFacts(got(s.Payment(ctx, a.actor, a.id, s.nth(a, words)))(s)))
}

func paymentFacts(p servicing.Payment) map[string]any {
	a := p.Allocation
	return map[string]any{
		"state": p.State, "amount": p.Amount, "date": p.Date, "interest": a.Interest, "principal": a.Principal, "fees": a.LateFee + a.OtherFee,
		"code": p.ReturnCode, "balance": p.BalanceAfter, "autopay": p.Autopay,
	}
}

// return L1 #1 R01 on D -> reversed fee 15.00
func (s *teller) comesBack(words, want []string) {
	a := s.account(words)
	before := s.facts(a)
	res := s.bringBack(s.nth(a, words), ach.ReturnCode(words[len(words)-1]))
	did := "nothing"
	if res.Returned == 1 {
		did = "reversed"
	} else if len(res.Aside) > 0 {
		did = "aside"
	}
	after := s.facts(a)
	s.compare(want, did, map[string]any{"fee": after["returned"].(money.Cents) - before["returned"].(money.Cents)})
}

// late fee L1 on D -> 22.50, or none
func (s *teller) lateFee(words, want []string) {
	a := s.account(words[1:])
	s.closeDay()
	charged := "none"
	for _, h := range got(s.Account(ctx, a.actor, a.id))(s).History {
		if h.Kind == "late_fee" && h.Effective == s.day {
			charged = (-h.Amount).String()
		}
	}
	s.compare(want, charged, nil)
}

// autopay L1 starts on D, autopay L1 stops on D, autopay L1 on D next D amount 450.00
func (s *teller) autopay(words, want []string) {
	a := s.account(words)
	switch words[len(words)-1] {
	case "starts":
		_, err := s.EnrollAutopay(ctx, s.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src)
		s.compare(want, outcome(err), nil)
	case "stops":
		s.compare(want, outcome(s.CancelAutopay(ctx, a.actor, a.id)), nil)
	default:
		in := got(s.Card(ctx, a.actor, a.id))(s).Autopay
		if in == nil {
			s.compare(want, "off", nil)
			return
		}
		s.compare(want, "", map[string]any{"next": in.NextDate, "amount": in.NextAmount})
	}
}

// statement L1 on D  beginning 24000.00 ... : the one that closes that day
func (s *teller) statement(words, want []string) {
	a := s.account(words)
	s.closeDay()
	st, err := s.Statement(ctx, a.actor, a.id, s.day)
	if err != nil {
		s.compare(want, "none", nil)
		return
	}
	if s.day != st.Closing || st.BeginningBalance-st.PrincipalPaid+st.Adjustments != st.EndingBalance {
		s.Errorf("%s\n\tdoes not add up: %+v", s.line, st)
	}
	s.compare(want, "", map[string]any{
		"beginning": st.BeginningBalance, "ending": st.EndingBalance, "principal": st.PrincipalPaid, "adjustments": st.Adjustments,
		"interest": st.InterestPaid, "accrued": st.InterestAccrued, "finance": st.FinanceCharge, "charged": st.FeesCharged, "fees": st.FeesPaid,
		"outstanding": st.FeesOutstanding, "past": st.PastDue, "amount": st.AmountDue, "due": st.DueDate, "lines": len(st.Lines),
		"opening": st.Opening, "payoff": st.PayoffToday, "left": st.PaymentsLeft,
	})
}

func (s *teller) facts(a *account) map[string]any {
	s.Helper()
	v := got(s.Account(ctx, a.actor, a.id))(s)
	facts := map[string]any{"principal": v.State.Principal, "interest": v.Payoff.Interest, "fees": v.Payoff.Fees, "payoff": v.Payoff.Total,
		"unapplied": v.State.Unapplied, "closed": v.Closed, "left": len(v.Remaining)}
	var fees money.Cents
	for _, h := range v.History {
		if h.Kind == "returned_fee" {
			fees -= h.Amount
		}
	}
	facts["returned"] = fees
	return facts
}

func (s *teller) balance(words, want []string) {
	s.compare(want, "", s.facts(s.account(words)))
}

func (s *teller) due(words, want []string) {
	a := s.account(words)
	d := got(s.Card(ctx, a.actor, a.id))(s).Due
	s.compare(want, "", map[string]any{"next": d.NextDate, "past": d.PastDue, "days": d.DaysPastDue, "upcoming": d.UpcomingAmount, "amount": d.Amount()})
}

// ledger L1 on D  principal 24000.00 cash 0.00
func (s *teller) ledger(words, want []string) {
	a := s.account(words)
	facts := map[string]any{}
	for ; len(want) >= 2; want = want[2:] {
		var sum int64
		must(s, s.raw.QueryRow(`SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM posting WHERE contract_id = $1 AND account = $2`, string(a.id), want[0]).Scan(&sum))
		facts[want[0]] = money.Cents(sum)
		s.compare(want[:2], "", facts)
	}
}

func (s *teller) verified(_, _ []string) { s.books() }

// books proves the ledger, and that nothing posted so far was edited.
func (s *teller) books() {
	s.Helper()
	now := s.posted()
	for _, row := range missing(s.was, now) {
		s.Errorf("%s\n\tno longer stands as it was posted: %s", s.line, row)
	}
	s.was = now
	s.verify()
}

// The figures in the stories are not easily met by chance: with another rounding,
// another year, another order of application, other days of grace or another fee,
// some of them no longer agree.
func TestStoriesNoticeAnotherEngine(t *testing.T) {
	for name, vary := range map[string]func(*contract.Terms){
		"rounding down":       func(t *contract.Terms) { t.Rounding = money.Truncate },
		"a year of 366 days":  func(t *contract.Terms) { t.DayCount = money.Actual366 },
		"a day less of grace": func(t *contract.Terms) { t.GraceDays-- },
		"no returned fee":     func(t *contract.Terms) { t.ReturnedFee = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := &teller{office: newOffice(t, freshSQLite(t)), accounts: map[string]*account{}, vary: vary}
			wrong := 0
			s.wrong = func(string, ...any) { wrong++ }
			for line := range strings.Lines(`
				contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
				late fee L1 on 2026-02-25 -> none
				late fee L1 on 2026-02-26 -> 22.50
				pay      L1 450.00 on 2026-03-01 -> accepted interest 174.58 principal 275.42 fees 0.00
				pay      L1 450.00 on 2026-03-15 -> accepted interest 53.69 principal 396.31
				pay      L1 due on 2026-04-10 -> accepted amount 472.50 interest 98.03 principal 351.97 fees 22.50
				return   L1 R01 on 2026-04-14 -> reversed fee 15.00`) {
				if s.line = strings.TrimSpace(line); s.line != "" {
					s.one()
				}
			}
			if s.books(); wrong == 0 {
				t.Error("every figure agrees")
			}
		})
	}
}
