package servicing_test

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/servicing"
	"marque/internal/tape"
)

var borrowers = flag.Int("borrowers", 62, "how many borrowers TestAYearOfBorrowers has; make year takes 10,000")

// yearStart and yearEnd hold a leap day, two changes of the clocks, every holiday
// of the banks and every end of a month.
var yearStart, yearEnd = day("2027-07-01"), day("2028-07-01")

// payer is one borrower of the year: on autopay, or paying by hand as borrowers
// were seen to (196,048 loan-months of one lender: 57 % the instalment to the
// cent, 22 % more, 9 % nothing, 6 % twice or more, 4 % less).
type payer struct {
	account
	dueDay  int
	autopay bool
	plan    billing.AutopayPlan
}

// A year of borrowers through the business day itself. What must be drafted is
// computed here again by civil dates alone.
func TestAYearOfBorrowers(t *testing.T) {
	o := newOffice(t, freshSQLite(t))
	all := o.yearOfPayers(*borrowers)
	chance := rand.New(rand.NewPCG(20270701, 366))
	runner := cycle.Runner{Service: o.Service, Rail: rail.Folder{Dir: t.TempDir()}, Log: slog.New(slog.DiscardHandler)}
	back := 0
	for o.day < yearEnd {
		o.clock.Store(int64(money.InstantOf(o.day.Time().Add(15 * time.Hour))))
		must(t, share(8, len(all), func(i int) error { return o.payByHand(&all[i], o.day) }))
		back += o.bankReturns(chance)
		d := got(runner.Day(ctx, o.day))(t)
		if len(d.Problems) > 0 {
			t.Fatalf("%s: %q", o.day, d.Problems)
		}
		if o.day == o.day.MonthEnd() {
			o.verify()
		}
		o.day = got(o.OpenDay(ctx, system, o.day, o.day+1))(t)
	}
	o.draftsAreRight(all)
	o.entriesAreRight()
	t.Logf("%d borrowers, %s payments, %d returned, %s notices of drafts", len(all), o.rows(`SELECT COUNT(*) FROM payment`), back, o.rows(`SELECT COUNT(*) FROM autopay_notice`))
}

func (o *office) yearOfPayers(n int) (all []payer) {
	o.Helper()
	res := got(o.Board(ctx, system, func(yield func(tape.Boarding, error) bool) {
		for i := range n {
			terms := loan()
			terms.Start, terms.FirstDue, terms.DueDay = yearStart-10, money.NewDate(2027, 7, 1+i%31), 1+i%31
			terms.Payment = 463_19
			b := boarding(fmt.Sprintf("%07d", i), terms)
			b.Person.SSN = fmt.Sprintf("2%08d", i+10001)
			if !yield(b, nil) {
				return
			}
		}
	}, false))(o)
	if res.Contracts != n {
		o.Fatalf("boarded %+v", res)
	}
	o.day = got(o.OpenDay(ctx, system, 0, yearStart-10))(o)
	for o.day < yearStart {
		o.day = got(o.OpenDay(ctx, system, o.day, o.day+1))(o)
	}
	o.clock.Store(int64(money.InstantOf(o.day.Time().Add(14 * time.Hour))))
	rows := got(o.raw.Query(`SELECT id, account_number, customer_id FROM contract ORDER BY account_number`))(o)
	for i := 0; rows.Next(); i++ {
		p := payer{dueDay: 1 + i%31, autopay: i%2 == 0}
		var customer string
		must(o, rows.Scan(&p.id, &p.number, &customer))
		p.actor = identity.Customer(identity.CustomerID(customer))
		switch i / 2 % 5 {
		case 1:
			p.plan = billing.AutopayPlan{Extra: 20_00, Tell: billing.TellDiffers}
		case 2:
			p.plan = billing.AutopayPlan{Rhythm: billing.Monthly, Day: 31, Tell: billing.TellDiffers}
		case 3:
			p.plan = billing.AutopayPlan{Rhythm: billing.EveryTwoWeeks, Anchor: yearStart + 8, Fixed: 231_60, Tell: billing.TellDiffers}
		}
		all = append(all, p)
	}
	must(o, rows.Err())
	must(o, share(8, len(all), func(i int) error {
		m, err := o.AddBankAccount(ctx, o.fresh(all[i].actor), bankRequest(fmt.Sprintf("77%08d", i)))
		if err != nil {
			return err
		}
		if all[i].bank = m.ID; all[i].autopay {
			_, err = o.EnrollAutopay(ctx, o.fresh(all[i].actor), servicing.AutopayRequest{Key: "k", Contract: all[i].id, Method: m.ID, Signed: "agree", Plan: all[i].plan}, src)
		}
		return err
	}))
	return all
}

// dueIn is the due date in a month: the due day, or the month's last.
func dueIn(day int, month money.Date) money.Date {
	y, m, _ := month.Civil()
	return money.NewDate(y, m, min(day, month.MonthEnd().Day()))
}

// payByHand pays on the due date as borrowers do.
func (o *office) payByHand(p *payer, on money.Date) error {
	if p.autopay || on != dueIn(p.dueDay, on) {
		return nil
	}
	amount := money.Cents(463_19)
	r := rand.New(rand.NewPCG(uint64(on), uint64(p.dueDay)<<32|uint64(len(p.number))<<24|uint64(p.number[6])))
	switch n := r.IntN(1000); {
	case n < 575:
	case n < 800:
		amount += money.Cents(r.IntN(440_00))
	case n < 890:
		return nil
	case n < 952:
		amount *= 2
	default:
		amount = 1_00 + money.Cents(r.IntN(460_00))
	}
	req := servicing.PaymentRequest{Key: servicing.NewKey(), Contract: p.id, Kind: billing.AmountOther, Amount: amount, Date: on, Method: p.bank}
	_, err := o.SubmitPayment(ctx, p.actor, req, src)
	return err
}

// bankReturns sends back one in a hundred of what was sent two days before.
func (o *office) bankReturns(chance *rand.Rand) int {
	o.Helper()
	rows := got(o.raw.Query(`SELECT trace, amount FROM ach_entry WHERE effective = $1 AND return_code = '' ORDER BY trace`, o.day.String()))(o)
	var all []returned
	for rows.Next() {
		r := returned{code: "R01"}
		must(o, rows.Scan(&r.trace, &r.amount))
		if chance.IntN(100) == 0 {
			all = append(all, r)
		}
	}
	must(o, rows.Err())
	if len(all) == 0 {
		return 0
	}
	res := got(o.ReadReturns(ctx, system, "returns-"+o.day.String(), returnFile(o, o.day, "A", all...)))(o)
	if res.Returned != len(all) {
		o.Fatalf("%+v", res)
	}
	return len(all)
}

// draftsAreRight sets every draft beside the dates that its plan has by the
// calendar alone: none is missing, none is there twice, none is on another date,
// and none of another amount than was agreed to has gone without its notice.
func (o *office) draftsAreRight(all []payer) {
	o.Helper()
	drafted := map[servicing.ContractID]map[money.Date]int{}
	rows := got(o.raw.Query(`SELECT p.contract_id, p.date, p.amount, a.agreed, a.first_date,
		(SELECT COUNT(*) FROM autopay_notice n WHERE n.contract_id = p.contract_id AND n.draft_on = p.date AND n.amount = p.amount AND n.sent_on <= n.draft_on)
		FROM payment p JOIN autopay a ON a.contract_id = p.contract_id AND a.agreement_id = p.agreement_id WHERE p.autopay = 1`))(o)
	for rows.Next() {
		var id servicing.ContractID
		var on, first money.Date
		var amount, agreed money.Cents
		var told int
		must(o, rows.Scan(&id, &on, &amount, &agreed, &first, &told))
		if drafted[id] == nil {
			drafted[id] = map[money.Date]int{}
		}
		if drafted[id][on]++; drafted[id][on] > 1 {
			o.Errorf("contract %s is drafted twice on %s", id, on)
		}
		if amount > agreed && on != first && told == 0 {
			o.Errorf("contract %s: %s on %s, agreed to %s, and not told", id, amount, on, agreed)
		}
	}
	must(o, rows.Err())
	for i := range all {
		p := &all[i]
		if !p.autopay {
			continue
		}
		want := p.dates()
		for on := range want {
			if drafted[p.id][on] == 0 {
				o.Errorf("contract %s (%+v): no draft on %s", p.number, p.plan, on)
			}
		}
		for on := range drafted[p.id] {
			if !want[on] {
				o.Errorf("contract %s (%+v): a draft on %s", p.number, p.plan, on)
			}
		}
	}
}

// dates are the dates on which a plan drafts in the year, by the calendar alone.
func (p *payer) dates() map[money.Date]bool {
	out := map[money.Date]bool{}
	for on := yearStart; on < yearEnd; on++ {
		switch p.plan.Rhythm {
		case billing.Monthly:
			out[on] = on == on.MonthEnd()
		case billing.EveryTwoWeeks:
			out[on] = on >= p.plan.Anchor && (on-p.plan.Anchor)%14 == 0
		default:
			out[on] = on == dueIn(p.dueDay, on)
		}
		if !out[on] {
			delete(out, on)
		}
	}
	return out
}

// entriesAreRight looks at what went to the bank: only on days on which banks
// settle, each payment once.
func (o *office) entriesAreRight() {
	o.Helper()
	rows := got(o.raw.Query(`SELECT DISTINCT effective FROM ach_entry`))(o)
	for rows.Next() {
		var on money.Date
		must(o, rows.Scan(&on))
		if !on.BankingDay() {
			o.Errorf("entries settle on %s, when banks are closed", on)
		}
	}
	must(o, rows.Err())
	o.expect(0, "payments with two entries", `SELECT COUNT(*) FROM (SELECT payment_id FROM ach_entry WHERE payment_id <> '' GROUP BY payment_id HAVING COUNT(*) > 1) AS twice`)
	o.expect(0, "payments that went without an entry", `SELECT COUNT(*) FROM payment p WHERE rail = 'ach' AND state IN ('submitted', 'settled', 'returned')
		AND NOT EXISTS (SELECT 1 FROM ach_entry e WHERE e.payment_id = p.id)`)
}
