package tape

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"marque/internal/money"
)

const jan2018 = Month(2018 * 12)

func reconcile(recs []Record) Lender {
	r := NewReconciler()
	for i := range recs { // newest first: the order of the files is no one's promise
		r.Add(recs[len(recs)-1-i])
	}
	return r.Report(20).Lenders[0]
}

var usRules = []Rule{
	{DayCount: money.Actual365, Rounding: money.HalfUp},
	{DayCount: money.Actual365, Rounding: money.Truncate},
	{DayCount: money.Actual365, Rounding: money.Truncate, FactorDecimals: 8},
	{DayCount: money.Actual365, Rounding: money.HalfUp, FactorDecimals: 6},
	{DayCount: money.Actual366, Rounding: money.HalfUp},
	{DayCount: money.ActualActual, Rounding: money.HalfUp},
	{DayCount: money.ActualActual, Rounding: money.Up},
	{DayCount: money.ActualActual, Rounding: money.Truncate, FactorDecimals: 8},
	{DayCount: money.Actual360, Rounding: money.HalfUp},
}

func oneRule(t *testing.T, l Lender, want Rule) Period {
	t.Helper()
	if len(l.Periods) != 1 || l.Changed || l.Periods[0].Rule != want || l.OneRule.Rule != want {
		t.Fatalf("want %+v all the time, found %+v in %+v", want, l.OneRule, l.Periods)
	}
	return l.Periods[0]
}

func TestEachLendersRuleIsFound(t *testing.T) {
	for _, want := range append([]Rule{{DayCount: money.Thirty360, Rounding: money.HalfUp}}, usRules...) {
		l := reconcile(invented{name: "Marque", loans: 20, first: jan2018, months: 40, rule: always(want)}.tape())
		p := oneRule(t, l, want)
		if p.Exact != p.Tested || l.Dated.Exact != 20*39 || l.Sought.Exact != 20 || len(p.SameHere) != 0 && want.DayCount != money.ActualActual {
			t.Errorf("%v: %+v of all, %+v dated, same %v", want, p.Count, l.Dated, p.SameHere)
		}
		if l.Split.Matched != 800 || l.Roll.Matched != 800 || len(l.Misfits) != 0 {
			t.Error(l.Split, l.Roll, l.Misfits)
		}
	}
}

// Customers pay twice, late, in part, nothing, or all at once, and dates are off
// by a day: the rule is found all the same, no month of one dated payment is
// lost to it that another rule has, and most of the rest is explained.
func TestTheRuleIsFoundAmongLivelyCustomers(t *testing.T) {
	for _, want := range usRules {
		l := reconcile(invented{name: "Marque", loans: 100, first: jan2018, months: 40, rule: always(want)}.lively().tape())
		oneRule(t, l, want)
		if l.Single.Exact < l.SingleCeiling.Exact || l.Single.Exact*100 < l.Single.Tested*89 {
			t.Errorf("%v: %+v of one payment, ceiling %+v", want, l.Single, l.SingleCeiling)
		}
		if (l.Dated.Exact+l.DateOff)*100 < l.Dated.Tested*91 {
			t.Errorf("%v: re-dated %d of %+v", want, l.DateOff, l.Dated)
		}
		unseen := 0
		for _, r := range l.Reasons {
			if r.Reason == notExplained || r.Reason == morePaid {
				unseen += r.Months
			}
		}
		if unseen*100 > l.All.Tested {
			t.Errorf("%v: %d of %d without a reason: %+v", want, unseen, l.All.Tested, l.Reasons)
		}
	}
}

func TestTheRuleIsFoundWithoutDates(t *testing.T) {
	for _, want := range usRules {
		for _, s := range []style{{without: "interestPaidThroughDate"}, {date: "month", extra: true, monthly: true, padded: true}} {
			l := reconcileFiles(t, s.files(invented{name: "Marque", loans: 60, first: jan2018, months: 40, rule: always(want)}.lively().tape()))
			oneRule(t, l, want)
			if l.Dated.Tested != 0 || l.Sought.Tested < 1500 || l.Sought.Exact*100 < l.Sought.Tested*97 || l.ByChance*50 > l.Sought.Tested {
				t.Errorf("%v %+v: %+v", want, s, l.Sought)
			}
		}
	}
}

func reconcileFiles(t *testing.T, files []string) Lender {
	t.Helper()
	r := NewReconciler()
	for _, f := range files {
		for rec, err := range ReadFlat(strings.NewReader(f), "tape.csv") {
			if err != nil {
				t.Fatal(err)
			}
			r.Add(rec)
		}
	}
	return r.Report(5).Lenders[0]
}

// A rate by the month is thirty days over 360 whatever the month.
func TestARateByTheMonthWithoutDates(t *testing.T) {
	recs := invented{name: "Marque", loans: 40, first: jan2018, months: 20, rule: always(Rule{DayCount: money.Thirty360, Rounding: money.HalfUp})}.tape()
	for _, rec := range recs {
		l := rec.Loan
		i, err := money.Accrual{Rate: l.Rate.V, DayCount: money.Thirty360}.OverDays(l.BeginBalance.V, 30)
		if err != nil {
			t.Fatal(err)
		}
		l.EndBalance.V += i.Round(money.HalfUp) - l.InterestPaid.V
		l.InterestPaid.V, l.PaidThrough = i.Round(money.HalfUp), 0
	}
	l := reconcile(recs)
	if p := l.Periods[0]; p.DayCount != money.Thirty360 || !slices.Equal(p.SameHere, []money.DayCount{money.Actual360}) {
		t.Errorf("%+v", p)
	}
}

// Dates, columns and files as they come: the same figures each time.
func TestTheWayATapeIsWrittenChangesNothing(t *testing.T) {
	recs := invented{name: "Marque", loans: 40, first: jan2018, months: 30, rule: always(Rule{DayCount: money.ActualActual, Rounding: money.HalfUp})}.lively().tape()
	want := reconcile(recs)
	for _, s := range []style{
		{date: "us"}, {date: "iso", extra: true}, {padded: true}, {monthly: true},
		{without: "reportingPeriodBeginningLoanBalanceAmount"}, {without: "totalActualAmountPaid"}, {without: "actualInterestCollectedAmount"},
		{without: "assetTypeNumber"},
	} {
		l := reconcileFiles(t, s.files(recs))
		oneRule(t, l, want.OneRule.Rule)
		if l.All != want.All || l.Dated != want.Dated || l.Single != want.Single {
			t.Errorf("%+v: %+v, want %+v", s, l.All, want.All)
		}
	}
}

// One file of one month: the days follow from the interest and end on the
// paid-through date. In a leap year 366 and actual/actual are one.
func TestOneMonthAlone(t *testing.T) {
	for _, year := range []Month{2020 * 12, 2021 * 12} {
		want := Rule{DayCount: money.Actual366, Rounding: money.HalfUp}
		if year != 2020*12 {
			want.DayCount = money.Actual365
		}
		v := invented{name: "Marque", loans: 3000, first: year + 6, months: 1, rule: always(want), stray: 400}.lively()
		l := reconcile(v.tape())
		p := oneRule(t, l, want)
		if !slices.Equal(p.SameHere, []money.DayCount{money.ActualActual}) || l.Dated.Tested != 0 || l.Sought.Exact*100 < l.Sought.Tested*55 || l.Sought.Within2*100 < l.Sought.Tested*98 {
			t.Errorf("%+v same %v, %+v", p.Rule, p.SameHere, l.Sought)
		}
	}
}

// A lender that carries the fraction of a cent misses a quarter of its months
// when each is looked at alone, and none when a loan's months are looked at
// together. Stray cents are no carried fraction.
func TestALenderThatCarriesTheFractionOfACentIsFound(t *testing.T) {
	want := Rule{DayCount: money.ActualActual, Rounding: money.HalfUp, Carried: true}
	v := invented{name: "Marque", loans: 40, first: jan2018, months: 40, rule: always(want)}
	l := reconcile(v.tape())
	oneRule(t, l, want)
	if alone := l.Ranking[1]; alone.Carried || alone.Exact > l.All.Tested*80/100 || l.All.Exact < l.All.Tested*97/100 {
		t.Errorf("carried %d, each month alone %d, of %d", l.All.Exact, alone.Exact, l.All.Tested)
	}
	lively := reconcile(v.lively().tape())
	oneRule(t, lively, want)
	if lively.Single.Exact < lively.SingleCeiling.Exact*125/100 {
		t.Errorf("%+v, ceiling %+v", lively.Single, lively.SingleCeiling)
	}
	v.rule, v.stray, v.months = always(Rule{DayCount: money.ActualActual, Rounding: money.HalfUp}), 400, 3
	v.loans = 600
	oneRule(t, reconcile(v.tape()), Rule{DayCount: money.Actual365, Rounding: money.HalfUp})
}

// A lender that cut its daily factor to eight decimals and its interest to the
// cent until 2019, then rounded, over 366 days in 2020 and 365 again from 2021.
func changing(on money.Date) Rule {
	switch y := on.Year(); {
	case y < 2020:
		return Rule{DayCount: money.Actual365, Rounding: money.Truncate, FactorDecimals: 8}
	case y == 2020:
		return Rule{DayCount: money.Actual366, Rounding: money.HalfUp}
	}
	return Rule{DayCount: money.Actual365, Rounding: money.HalfUp}
}

func TestALenderThatChangedItsRule(t *testing.T) {
	recs := invented{name: "Marque", loans: 60, first: jan2018 - 6, months: 60, rule: changing}.lively().tape()
	l := reconcile(recs)
	got := []string{}
	for _, p := range l.Periods {
		got = append(got, fmt.Sprint(p.From, p.Through, p.Rule))
	}
	want := []string{
		"2017-072019-12{actual/365 truncate 8 false}", "2020-012020-12{actual/366 half_up 0 false}", "2021-012022-06{actual/365 half_up 0 false}",
	}
	if !slices.Equal(got, want) || !l.Changed || l.Single.Exact*10 < l.SingleCeiling.Exact*13 {
		t.Errorf("%q: %+v, ceiling %+v", got, l.Single, l.SingleCeiling)
	}
	if y := l.YearEnd; y.Months < 50 || y.NewYear*10 < y.Months*8 || y.Split*5 > y.Months {
		t.Errorf("%+v", y)
	}
	// Without dates 366 in the leap year and 365 after it is actual/actual.
	for _, rec := range recs {
		rec.Loan.PaidThrough = 0
	}
	l = reconcile(recs)
	if len(l.Periods) != 2 || l.Periods[0].Rule != changing(day("2019-06-01")) || l.Periods[0].Through != "2019-12" ||
		l.Periods[1].Rule != (Rule{DayCount: money.ActualActual, Rounding: money.HalfUp}) || l.Periods[1].Years[0].DaysInYear != 366 || l.Periods[1].Years[1].DaysInYear != 365 {
		t.Errorf("%+v", l.Periods)
	}
}

func TestARuleThatChangesWithinAYear(t *testing.T) {
	l := reconcile(invented{name: "Marque", loans: 60, first: jan2018, months: 30, rule: func(on money.Date) Rule {
		if on < day("2019-04-01") {
			return Rule{DayCount: money.Actual365, Rounding: money.Truncate}
		}
		return Rule{DayCount: money.Actual365, Rounding: money.HalfUp}
	}}.lively().tape())
	if len(l.Periods) != 2 || l.Periods[0].Through != "2019-03" || l.Periods[0].Rounding != money.Truncate || l.Periods[1].Rounding != money.HalfUp {
		t.Errorf("%+v", l.Periods)
	}
}

// Days over the two years' own lengths at 1 January tell actual/actual from a
// year that is fixed, even in five months.
func TestTheYearEndTellsTheSplitFromAFixedYear(t *testing.T) {
	for _, dc := range []money.DayCount{money.ActualActual, money.Actual365} {
		v := invented{name: "Marque", loans: 30, first: 2016*12 + 10, months: 5, rule: always(Rule{DayCount: dc, Rounding: money.HalfUp})}.lively()
		l := reconcile(v.tape())
		if p := oneRule(t, l, v.rule(0)); len(p.SameHere) != 0 {
			t.Error(p.SameHere)
		}
		y := l.YearEnd
		if y.Months < 25 || dc == money.ActualActual && y.Split*10 < y.Months*8 || dc == money.Actual365 && y.Fixed*10 < y.Months*8 {
			t.Errorf("%s: %+v", dc, y)
		}
		v.first, v.months = jan2018, 25 // one month of them in a leap year
		oneRule(t, reconcile(v.tape()), v.rule(0))
	}
}

func TestDatesThatDoNotBoundTheInterestAreNotGoneBy(t *testing.T) {
	want := Rule{DayCount: money.Actual365, Rounding: money.HalfUp}
	recs := invented{name: "Marque", loans: 40, first: jan2018, months: 24, rule: always(want), redated: 1000}.tape()
	l := reconcile(recs)
	oneRule(t, l, want)
	if !l.DatesIgnored || l.Dated.Tested != 0 || l.Sought.Exact != l.Sought.Tested {
		t.Errorf("%+v %+v", l.Dated, l.Sought)
	}
}

func reasonsOf(l Lender) map[string]int {
	got := map[string]int{}
	for _, r := range l.Reasons {
		got[r.Reason] = r.Months
	}
	return got
}

func expect(t *testing.T, l Lender, want map[string]int) {
	t.Helper()
	got := reasonsOf(l)
	for reason, n := range want {
		if got[reason] != n {
			t.Errorf("%s: %d, want %d (%v)", reason, got[reason], n, got)
		}
	}
}

func plainTape(loans, months int) []Record {
	return invented{name: "Marque", loans: loans, first: jan2018, months: months, rule: always(Rule{DayCount: money.Actual365, Rounding: money.HalfUp})}.tape()
}

func TestMonthsThatCannotBeTestedAreCountedByReason(t *testing.T) {
	recs := plainTape(1, 16)
	at := func(i int) *Loan { return recs[i].Loan }
	at(2).InterestPaid.V = 0
	at(4).Rate, at(3).Rate = Opt[money.Rate]{}, Opt[money.Rate]{}
	at(6).BeginBalance.V += 100
	at(8).PrincipalPaid.V = 0
	at(10).PaidThrough = at(9).PaidThrough
	at(12).Rate.V += money.RateScale / 100
	at(14).InterestPaid.V = -500
	l := reconcile(append(recs, Record{Lease: &Lease{}}))
	expect(t, l, map[string]int{noInterest: 1, notRolled: 1, noPrincipal: 1, notMoved: 1, noRate: 1, rateChanged: 2, takenBack: 1})
}

// Each misfit is told by what the records show of it.
func TestMisfitsSayWhy(t *testing.T) {
	recs := plainTape(60, 12)
	k := 0
	on := func(change func(*Loan)) {
		change(recs[12*k+5].Loan)
		k++
	}
	on(func(l *Loan) { l.InterestPaid.V += 2; l.PrincipalPaid.V -= 2 })
	on(func(l *Loan) { l.InterestPaid.V += 25_00; l.OtherPaid.V = 25_00 })
	on(func(l *Loan) { l.InterestPaid.V += 7_13; l.ChargedOff.V = 100_00 })
	on(func(l *Loan) { l.InterestPaid.V += 7_13; l.Adjustment.V = 7_13 })
	on(func(l *Loan) { l.InterestPaid.V += 7_13; l.EndBalance.V = -1 })
	on(func(l *Loan) { l.InterestPaid.V += 7_13; l.MonthsExtended = 2 })
	on(func(l *Loan) { l.InterestPaid.V += 7_13; l.Modified = true })
	on(func(l *Loan) { l.InterestPaid.V += 7_13 })
	on(func(l *Loan) { l.PaidThrough++ }) // and the month after makes it up
	l := reconcile(recs)
	expect(t, l, map[string]int{
		centsOff: 1, feeInside: 1, charged: 1, adjusted: 1, credit: 1, extension: 1, modified: 1, notExplained: 1, dateOff: 1, madeUp: 1,
	})
	if l.DateOff != 2 || len(l.Misfits) != 9+0 && len(l.Misfits) != 10 {
		t.Errorf("%d re-dated, %d misfits", l.DateOff, len(l.Misfits))
	}
	first := l.Misfits[0]
	if len(first.Months) != 2 || first.Months[0].FitsTo != first.Months[0].To-1 || *first.Months[0].Given == first.Months[0].Reported || first.Months[0].Month != "2018-06" {
		t.Errorf("%+v", first)
	}
	if few := func() int {
		r := NewReconciler()
		for _, rec := range recs {
			r.Add(rec)
		}
		return len(r.Report(3).Lenders[0].Misfits)
	}(); few != 3 {
		t.Error(few)
	}
}

// A payment that does not cover the interest leaves the rest to the next one.
func TestACatchUpIsExactWithWhatWasLeftUnpaid(t *testing.T) {
	v := invented{name: "Marque", loans: 30, first: jan2018, months: 24, rule: always(Rule{DayCount: money.Actual365, Rounding: money.HalfUp}), interestOnly: 40}
	l := reconcile(v.tape())
	got := reasonsOf(l)
	if short := got[noPrincipal]; short < 10 || got[caughtUp] < short*3/4 || got[notExplained] > 1 {
		t.Error(got)
	}
}

// Where a month's file is missing, what was paid in it is not known: the next
// month's days are sought, back from its own date.
func TestAMonthThatIsMissing(t *testing.T) {
	recs := slices.DeleteFunc(plainTape(20, 12), func(r Record) bool { return MonthOf(r.Loan.PeriodEnd) == jan2018+6 })
	l := reconcile(recs)
	if l.All.Exact != 20*11 || l.Sought.Tested != 2*20 || l.Dated.Tested != 9*20 {
		t.Errorf("%+v %+v", l.Dated, l.Sought)
	}
}

func TestTwoPaymentsAreSeen(t *testing.T) {
	v := invented{name: "Marque", loans: 60, first: jan2018, months: 24, rule: always(Rule{DayCount: money.Actual365, Rounding: money.HalfUp}), twoPayments: 60}
	got := reasonsOf(reconcile(v.tape()))
	if got[twoSplit] < 50 || got[notExplained]+got[morePaid] > 3 {
		t.Error(got)
	}
}

// Two lenders in one tape, one of whom is not named in every record.
func TestLendersAreKeptApart(t *testing.T) {
	a := invented{name: "Marque", loans: 20, first: jan2018, months: 30, rule: always(usRules[0])}.tape()
	b := invented{name: "Halden", loans: 20, first: jan2018, months: 30, rule: always(usRules[4])}.tape()
	b[3].Loan.Originator = ""
	r := NewReconciler()
	for i := range a {
		r.Add(a[i])
		r.Add(b[i])
	}
	got := r.Report(0)
	if len(got.Lenders) != 2 || got.LoanMonths != 1200 || got.Lenders[1].LoanMonths != 600 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []Rule{usRules[0], usRules[4]} {
		oneRule(t, got.Lenders[i], want)
	}
}

func TestFlatFilesWithElementNames(t *testing.T) {
	file := `asset_id,deal,AssetNumber,reportingPeriodEndingDate,originatorName,subvented,reportingPeriodInterestRatePercentage,reportingPeriodBeginningLoanBalanceAmount,actualInterestCollectedAmount,interestPaidThroughDate,zeroBalanceCode,chargedoffPrincipalAmount
X-1,2026-1,0,07-31-2026,Marque Financial,1; 2,0.09370000000000001,9881.790000000001,74.04000000000001,07-18-2026,-,-12.5
X-2,2026-1,0,2026-07-31,Marque Financial,-,7.5e-02,100,1,7/8/2026,1.0,0
X-3,2026-1,0,07-31-2026,Marque Financial,,0.05,100.004,1,07-18-2026,9,0
X-4,2026-1,0,07-2026,Marque Financial,7,7.5 %,"$ 1,234.50",(1.25),07-2026,,0
X-5,2026-1,0,7-5-2026 00:00:00,Marque Financial,7,0.05,"1,2345",1,07-18-2026,,0
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
	if len(recs) != 3 || len(errs) != 3 || !strings.Contains(errs[0], "flat.csv:4: record 3 (X-3): reportingPeriodBeginningLoanBalanceAmount") || !strings.Contains(errs[2], `(X-5): reportingPeriodBeginningLoanBalanceAmount: "1,2345" is not a number`) {
		t.Fatal(recs, errs)
	}
	a, b, c := recs[0].Loan, recs[1].Loan, recs[2].Loan
	if a.Asset != "X-1" || a.Rate.V != 93_700_000_000 || a.BeginBalance.V != 988_179 || a.InterestPaid.V != 74_04 || a.ChargedOff.V != -12_50 {
		t.Errorf("%+v", a)
	}
	if b.PeriodEnd != day("2026-07-31") || b.PaidThrough != day("2026-07-08") || b.Rate.V != 75_000_000_000 || len(b.ZeroCodes) != 1 {
		t.Errorf("%+v", b)
	}
	if c.PeriodEnd != day("2026-07-31") || c.PaidThrough != 0 || c.PaidMonth != 2026*12+6 || c.Rate.V != 75_000_000_000 || c.BeginBalance.V != 1234_50 || c.InterestPaid.V != -1_25 {
		t.Errorf("%+v", c)
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
		recs := invented{name: "Marque", loans: 5000, first: jan2018, months: 40, rule: always(usRules[0])}.lively().tape()
		for _, rec := range recs {
			if !dated {
				rec.Loan.PaidThrough = 0
			}
		}
		b.Run(fmt.Sprintf("dated=%t", dated), func(b *testing.B) {
			for b.Loop() {
				reconcile(recs)
			}
			b.ReportMetric(float64(len(recs))*float64(b.N)/b.Elapsed().Seconds(), "loan-months/s")
		})
	}
}
