package tape

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"marque/internal/money"
)

// invented is a lender that never was: its rule, and how its customers and its
// records behave. Chances are in a thousand loan-months.
type invented struct {
	name   string
	loans  int
	first  Month
	months int
	rule   func(on money.Date) Rule

	twoPayments, missed, interestOnly, payoff, fee, extension int
	redated                                                   int // the reported date is a day off
	stray                                                     int // a cent or two too many or too few
}

func always(r Rule) func(money.Date) Rule { return func(money.Date) Rule { return r } }

// lively customers: what the monthly files of real lenders show.
func (v invented) lively() invented {
	v.twoPayments, v.missed, v.interestOnly, v.payoff, v.fee, v.extension, v.redated = 60, 50, 15, 12, 20, 8, 30
	return v
}

func some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// loanLife is one loan on the lender's own books.
type loanLife struct {
	rnd      *rand.Rand
	balance  money.Cents
	rate     money.Rate
	payment  money.Cents
	paidTo   money.Date
	unpaid   money.Cents
	fraction int64
}

// pay takes one payment and gives its interest; a payment of zero pays all.
func (l *loanLife) pay(r Rule, on money.Date, amount money.Cents, stray int) (interest, principal money.Cents) {
	i, err := r.accrual(l.rate).Interest(l.balance, l.paidTo, on)
	if err != nil {
		panic(err)
	}
	due := i.Round(r.Rounding)
	if r.Carried {
		l.fraction += i.Micros()
		due = money.Cents((l.fraction + cent/2) / cent)
		l.fraction -= int64(due) * cent
	}
	if l.rnd.IntN(1000) < stray {
		due += money.Cents([]int{-2, -1, 1, 2}[l.rnd.IntN(4)])
	}
	due += l.unpaid
	if amount == 0 || amount > l.balance+due {
		amount = l.balance + due
	}
	interest = min(due, amount)
	principal = amount - interest
	l.unpaid, l.balance, l.paidTo = due-interest, l.balance-principal, on
	return interest, principal
}

// tape plays the loans month by month.
func (v invented) tape() (out []Record) {
	rnd := rand.New(rand.NewPCG(5, 11))
	for n := range v.loans {
		l := loanLife{rnd: rnd, balance: money.Cents(1_200_000 + rnd.IntN(2_500_000)), rate: money.Rate(290+rnd.IntN(1200)) * money.RateScale / 10_000}
		l.payment = level(l.balance, l.rate, 72)
		l.paidTo = v.first.First() - 1 - money.Date(rnd.IntN(20))
		l.fraction = int64(rnd.IntN(cent)) - cent/2
		for m := range v.months {
			rec := v.month(&l, v.first+Month(m))
			rec.AssetType, rec.Asset, rec.Originator = "T", fmt.Sprintf("%s-%04d", v.name, n), v.name
			out = append(out, Record{Loan: rec})
			if l.balance == 0 {
				break
			}
		}
	}
	return out
}

func (v invented) month(l *loanLife, month Month) *Loan {
	on := month.First() + money.Date(2+l.rnd.IntN(14))
	rec := &Loan{
		PeriodBegin: month.First(), PeriodEnd: month.First().MonthEnd(),
		Rate: some(l.rate), BeginBalance: some(l.balance), ScheduledPayment: some(l.payment), OtherPaid: some(money.Cents(0)),
	}
	chance := l.rnd.IntN(1000)
	is := func(share int) bool { chance -= share; return chance < 0 && chance >= -share }
	var interest, principal money.Cents
	pay := func(on money.Date, amount money.Cents) {
		i, p := l.pay(v.rule(on), on, amount, v.stray)
		interest, principal = interest+i, principal+p
	}
	switch {
	case is(v.missed):
	case is(v.extension):
		rec.MonthsExtended, rec.Modified = 1, true
	case is(v.interestOnly):
		pay(on, l.payment/8)
	case is(v.payoff):
		pay(on, 0)
	case is(v.twoPayments):
		pay(on, l.payment+1000)
		pay(on+money.Date(1+l.rnd.IntN(10)), l.payment)
	case is(v.fee):
		pay(on, l.payment)
		rec.OtherPaid.V = 2500
	default:
		pay(on, l.payment)
	}
	rec.EndBalance, rec.InterestPaid, rec.PrincipalPaid = some(l.balance), some(interest), some(principal)
	rec.TotalPaid = some(interest + principal + rec.OtherPaid.V)
	rec.PaidThrough = l.paidTo
	if l.balance == 0 {
		rec.ZeroCodes, rec.PaidThrough = []int{1}, 0
	} else if interest > 0 && l.rnd.IntN(1000) < v.redated {
		rec.PaidThrough += money.Date(l.rnd.IntN(2)*2 - 1)
	}
	return rec
}

// style is how a copy of the records is written.
type style struct {
	date    string // "us", "iso" or "month" for paid-through dates
	without string // a column that is left out
	padded  bool   // blanks and commas in numbers
	extra   bool   // columns that are not elements
	monthly bool   // one file for each month
}

// files writes loans as CSV with EX-102 element names.
func (s style) files(recs []Record) (files []string) {
	byMonth := map[Month]*strings.Builder{}
	var order []Month
	for _, rec := range recs {
		l, key := rec.Loan, Month(0)
		if s.monthly {
			key = MonthOf(l.PeriodEnd)
		}
		b := byMonth[key]
		if b == nil {
			b = &strings.Builder{}
			byMonth[key] = b
			order = append(order, key)
			s.row(b, func(name, _ string) string { return name }, l)
		}
		s.row(b, func(_, value string) string { return value }, l)
	}
	for i := range order { // newest first: the order of the files is no one's promise
		files = append(files, byMonth[order[len(order)-1-i]].String())
	}
	return files
}

func (s style) row(b *strings.Builder, pick func(name, value string) string, l *Loan) {
	put := func(name, value string) {
		if name != s.without {
			b.WriteString(`"` + pick(name, value) + `",`)
		}
	}
	day := func(d money.Date, monthOnly bool) string {
		y, m, dd := d.Civil()
		switch {
		case d == 0:
			return ""
		case monthOnly:
			return fmt.Sprintf("%02d-%04d", m, y)
		case s.date == "iso":
			return d.String()
		}
		return fmt.Sprintf("%02d-%02d-%04d", m, dd, y)
	}
	amount := func(o Opt[money.Cents]) string {
		if !s.padded {
			return o.V.String()
		}
		return "  " + strings.TrimPrefix(o.V.USD(), "$") + " "
	}
	if s.extra {
		put("row", "17")
	}
	put("assetTypeNumber", l.AssetType)
	put("assetNumber", l.Asset)
	put("reportingPeriodEndingDate", day(l.PeriodEnd, false))
	put("originatorName", l.Originator)
	put("reportingPeriodBeginningLoanBalanceAmount", amount(l.BeginBalance))
	put("reportingPeriodInterestRatePercentage", l.Rate.V.String())
	put("reportingPeriodActualEndBalanceAmount", amount(l.EndBalance))
	put("reportingPeriodScheduledPaymentAmount", amount(l.ScheduledPayment))
	put("totalActualAmountPaid", amount(l.TotalPaid))
	put("actualInterestCollectedAmount", amount(l.InterestPaid))
	put("actualPrincipalCollectedAmount", amount(l.PrincipalPaid))
	put("actualOtherCollectedAmount", amount(l.OtherPaid))
	put("interestPaidThroughDate", day(l.PaidThrough, s.date == "month"))
	put("zeroBalanceCode", strings.Trim(fmt.Sprint(l.ZeroCodes), "[]"))
	b.WriteString("end\n")
}
