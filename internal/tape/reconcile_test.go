package tape

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"marque/internal/money"
)

// tapeOf plays loans of an invented lender month by month under a rule: one
// payment a month, about thirty days apart, from 2018 to 2021.
func tapeOf(lender string, loans, months int, rule func(year int) Rule, dated bool) []Record {
	rnd := rand.New(rand.NewPCG(5, 11))
	var out []Record
	for n := range loans {
		balance := money.Cents(1_200_000 + rnd.IntN(2_500_000))
		rate := money.Rate(290+rnd.IntN(1200)) * money.RateScale / 10_000
		payment := level(balance, rate, 72)
		paid := money.NewDate(2018, 1, 3+rnd.IntN(20))
		fraction := int64(rnd.IntN(cent)) - cent/2 // of a cent, when the rule carries it
		for m := range months {
			next := money.NewDate(2018, 2+m, 3+rnd.IntN(20))
			r := rule(next.Year())
			i, err := r.accrual(rate).Interest(balance, paid, next)
			if err != nil {
				panic(err)
			}
			interest := i.Round(r.Rounding)
			if r.Carried {
				fraction += i.Micros()
				interest = money.Cents(math.Floor(float64(fraction)/cent + 0.5))
				fraction -= int64(interest) * cent
			}
			principal := payment - interest
			l := &Loan{
				AssetType: "T", Position: Position{Asset: fmt.Sprint(lender, n)}, Originator: lender,
				PeriodEnd: next.MonthEnd(), Rate: Opt[money.Rate]{rate, true},
				BeginBalance: Opt[money.Cents]{balance, true}, EndBalance: Opt[money.Cents]{balance - principal, true},
				InterestPaid: Opt[money.Cents]{interest, true}, PrincipalPaid: Opt[money.Cents]{principal, true}, OtherPaid: Opt[money.Cents]{0, true},
				TotalPaid: Opt[money.Cents]{payment, true}, ScheduledPayment: Opt[money.Cents]{payment, true},
			}
			if dated {
				l.PaidThrough = next
			}
			out = append(out, Record{Loan: l})
			balance, paid = balance-principal, next
		}
	}
	return out
}

func reconcile(recs []Record) Lender {
	r := NewReconciler()
	for i := range recs { // newest first: the order of the files is no one's promise
		r.Add(recs[len(recs)-1-i])
	}
	return r.Report().Lenders[0]
}

func TestEachLendersRuleIsFound(t *testing.T) {
	for _, want := range []Rule{
		{DayCount: money.Actual365, Rounding: money.HalfUp, FactorDecimals: 0},
		{DayCount: money.Actual365, Rounding: money.Truncate, FactorDecimals: 0},
		{DayCount: money.Actual365, Rounding: money.Truncate, FactorDecimals: 8},
		{DayCount: money.Actual366, Rounding: money.HalfUp, FactorDecimals: 0},
		{DayCount: money.ActualActual, Rounding: money.HalfUp, FactorDecimals: 0},
		{DayCount: money.ActualActual, Rounding: money.Up, FactorDecimals: 0},
		{DayCount: money.Actual360, Rounding: money.HalfUp, FactorDecimals: 0},
		{DayCount: money.Thirty360, Rounding: money.HalfUp, FactorDecimals: 0},
	} {
		l := reconcile(tapeOf("Marque Financial", 20, 40, func(int) Rule { return want }, true))
		if l.Dated.Best.Rule != want || l.Dated.Best.Exact != l.Dated.Tested || l.Dated.Tested != 20*39 {
			t.Errorf("%v: found %+v of %d", want, l.Dated.Best, l.Dated.Tested)
		}
		if l.Split.Matched != 800 || l.Roll.Matched != 800 {
			t.Error(l.Split, l.Roll)
		}
	}
}

// A lender that carries the fraction of a cent misses a quarter of its months
// when each is looked at alone, and none when a loan's months are looked at
// together.
func TestALenderThatCarriesTheFractionOfACentIsFound(t *testing.T) {
	want := Rule{DayCount: money.ActualActual, Rounding: money.HalfUp, Carried: true}
	l := reconcile(tapeOf("Marque Financial", 40, 40, func(int) Rule { return want }, true))
	if l.Dated.Best.Rule != want {
		t.Fatalf("found %+v", l.Dated.Best)
	}
	if alone := l.Dated.Ranking[1]; alone.Carried || alone.Exact > l.Dated.Tested*80/100 || l.Dated.Best.Exact < l.Dated.Tested*97/100 {
		t.Errorf("carried %d, each month alone %d, of %d", l.Dated.Best.Exact, alone.Exact, l.Dated.Tested)
	}
}

func TestARuleIsFoundWithoutDates(t *testing.T) {
	for _, want := range []Rule{
		{DayCount: money.Actual365, Rounding: money.HalfUp, FactorDecimals: 0},
		{DayCount: money.Actual365, Rounding: money.Truncate, FactorDecimals: 8},
		{DayCount: money.Actual366, Rounding: money.HalfUp, FactorDecimals: 0},
		{DayCount: money.Actual360, Rounding: money.HalfUp, FactorDecimals: 0},
	} {
		l := reconcile(tapeOf("Marque Financial", 40, 30, func(int) Rule { return want }, false))
		if l.Dated.Tested != 0 || l.Implied.Best.Rule != want || l.Implied.Best.Exact != l.Implied.Tested || l.Implied.Tested < 1000 {
			t.Errorf("%v: found %+v of %d", want, l.Implied.Best, l.Implied.Tested)
		}
	}
}

func TestALenderThatChangedItsRule(t *testing.T) {
	before, after := Rule{DayCount: money.Actual365, Rounding: money.Truncate, FactorDecimals: 8}, Rule{DayCount: money.Actual366, Rounding: money.HalfUp, FactorDecimals: 0}
	l := reconcile(tapeOf("Marque Financial", 40, 34, func(year int) Rule {
		if year < 2020 {
			return before
		}
		return after
	}, true))
	found := map[int]Rule{}
	for _, y := range l.Years {
		found[y.Year] = y.Fit.Best.Rule
	}
	if found[2018] != before || found[2019] != before || found[2020] != after {
		t.Error(found)
	}
	if l.ExactByYear != l.Dated.Tested || l.Dated.Best.Exact == l.Dated.Tested {
		t.Error(l.ExactByYear, l.Dated)
	}
}

func TestMonthsThatCannotBeTestedAreCountedByReason(t *testing.T) {
	recs := tapeOf("Marque Financial", 1, 12, func(int) Rule { return Rule{DayCount: money.Actual365, Rounding: money.HalfUp, FactorDecimals: 0} }, true)
	at := func(i int) *Loan { return recs[i].Loan }
	at(2).InterestPaid.V = 0
	at(4).Rate, at(3).Rate = Opt[money.Rate]{}, Opt[money.Rate]{}
	at(6).BeginBalance.V += 100
	at(8).PrincipalPaid.V = 0
	at(10).PaidThrough = at(9).PaidThrough
	recs = append(recs, Record{Lease: &Lease{}})
	l := reconcile(recs)
	got := map[string]int{}
	for _, o := range l.LeftOut {
		got[o.Reason] = o.Months
	}
	want := map[string]int{
		"no interest collected": 1, "the balance does not begin where the month before ended": 1,
		"no principal collected: the interest may not be paid in full": 1, "the paid-through date did not move": 1,
		"no rate, or a rate of zero": 1, "first record of the loan, or no paid-through date": 1,
	}
	for reason, n := range want {
		if got[reason] != n {
			t.Errorf("%s: %d, want %d (%v)", reason, got[reason], n, got)
		}
	}
}

func TestAPostingDateOneDayOffIsMadeUpNextMonth(t *testing.T) {
	recs := tapeOf("Marque Financial", 10, 24, func(int) Rule { return Rule{DayCount: money.Actual365, Rounding: money.HalfUp, FactorDecimals: 0} }, true)
	for n := range 10 {
		recs[n*24+9].Loan.PaidThrough++
	}
	l := reconcile(recs)
	if l.Explained.DateOff != 20 || l.Explained.Unexplained != 0 || l.Dated.Best.Exact != 10*23-20 {
		t.Errorf("%+v %+v", l.Explained, l.Dated.Best)
	}
}

func TestFlatFilesWithElementNames(t *testing.T) {
	file := `asset_id,deal,assetNumber,reportingPeriodEndingDate,originatorName,subvented,reportingPeriodInterestRatePercentage,reportingPeriodBeginningLoanBalanceAmount,actualInterestCollectedAmount,interestPaidThroughDate,zeroBalanceCode,chargedoffPrincipalAmount
X-1,2026-1,0,07-31-2026,Marque Financial,1; 2,0.09370000000000001,9881.790000000001,74.04000000000001,07-18-2026,-,-12.5
X-2,2026-1,0,2026-07-31,Marque Financial,-,7.5e-02,100,1,7/8/2026,1.0,0
X-3,2026-1,0,07-31-2026,Marque Financial,,0.05,100.004,1,07-18-2026,9,0
`
	var recs []Record
	var errs []string
	for rec, err := range ReadFlat(strings.NewReader(file), "flat.csv") {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		recs = append(recs, rec)
	}
	if len(recs) != 2 || len(errs) != 2 || !strings.Contains(errs[0], "flat.csv:4: record 3 (X-3): reportingPeriodBeginningLoanBalanceAmount") {
		t.Fatal(recs, errs)
	}
	a, b := recs[0].Loan, recs[1].Loan
	if a.Asset != "X-1" || a.Rate.V != 93_700_000_000 || a.BeginBalance.V != 988_179 || a.InterestPaid.V != 74_04 || a.ChargedOff.V != -12_50 {
		t.Errorf("%+v", a)
	}
	if b.PeriodEnd != day("2026-07-31") || b.PaidThrough != day("2026-07-08") || b.Rate.V != 75_000_000_000 || len(b.ZeroCodes) != 1 {
		t.Errorf("%+v", b)
	}
	var none bytes.Buffer
	for _, err := range ReadFlat(strings.NewReader("a,b\n1,2\n"), "flat.csv") {
		fmt.Fprint(&none, err)
	}
	if !strings.Contains(none.String(), "no EX-102 element names") {
		t.Error(none.String())
	}
}

func BenchmarkReconcile(b *testing.B) {
	for _, dated := range []bool{true, false} {
		recs := tapeOf("Marque Financial", 5000, 40, func(int) Rule { return Rule{DayCount: money.Actual365, Rounding: money.HalfUp, FactorDecimals: 0} }, dated)
		b.Run(fmt.Sprintf("dated=%t", dated), func(b *testing.B) {
			for b.Loop() {
				reconcile(recs)
			}
			b.ReportMetric(float64(len(recs))*float64(b.N)/b.Elapsed().Seconds(), "loan-months/s")
		})
	}
}
