package contract_test

import (
	"errors"
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

// series is n monthly or weekly payments from a date.
func series(first string, n int, amount string, step func(money.Date, int) money.Date) (flows []contract.Flow) {
	for i := range n {
		flows = append(flows, contract.Flow{Date: step(date(first), i), Amount: cents(amount)})
	}
	return flows
}

func monthly(every int) func(money.Date, int) money.Date {
	return func(d money.Date, i int) money.Date { return d.AddMonths(every*i, d.Day()) }
}

func weekly(every int) func(money.Date, int) money.Date {
	return func(d money.Date, i int) money.Date { return d + money.Date(7*every*i) }
}

// The examples of Regulation Z, Appendix J (c)(1), with the unit-period found by
// the regulation's own rule; the last is a half-year loan due at month ends.
func TestAPRAppendixJ(t *testing.T) {
	for _, c := range []struct {
		on, amount string
		payments   []contract.Flow
		unit       contract.UnitPeriod
		want       string // percent, two decimals
	}{
		{"1978-01-10", "5000", series("1978-02-10", 24, "230", monthly(1)), contract.UnitPeriod{Kind: contract.Months, Multiple: 1}, "9.69%"},
		{"1978-02-10", "6000", series("1978-04-01", 36, "200", monthly(1)), contract.UnitPeriod{Kind: contract.Months, Multiple: 1}, "11.82%"},
		{"1978-05-23", "10000", series("1978-10-01", 40, "385", monthly(3)), contract.UnitPeriod{Kind: contract.Months, Multiple: 3}, "8.97%"},
		{"1978-03-20", "500", series("1978-04-21", 30, "17.60", weekly(1)), contract.UnitPeriod{Kind: contract.Weeks, Multiple: 1}, "14.96%"},
		{"1978-01-10", "1000", series("1980-01-10", 1, "1240", monthly(1)), contract.UnitPeriod{Kind: contract.Years, Multiple: 1}, "11.36%"},
		{"1978-07-15", "1000", series("1978-10-15", 1, "1044", monthly(1)), contract.UnitPeriod{Kind: contract.Months, Multiple: 3}, "17.60%"},
		{"1978-01-03", "1000", series("1978-09-15", 1, "1080", monthly(1)), contract.UnitPeriod{Kind: contract.Days, Multiple: 255}, "11.45%"},
		{"2026-04-27", "99000", series("2026-10-31", 6, "19700", monthly(6)), contract.UnitPeriod{Kind: contract.Months, Multiple: 6}, "10.57%"},
	} {
		advance := []contract.Flow{{Date: date(c.on), Amount: cents(c.amount)}}
		unit := contract.FindUnitPeriod(advance, c.payments)
		got, err := contract.APR(advance, c.payments, unit)
		if shown := (got + 50_000_000) / 100_000_000 * 100_000_000; err != nil || unit != c.unit || shown.Percent() != c.want {
			t.Errorf("%s of %s: %s by %v, %v, want %s by %v", c.on, c.amount, shown.Percent(), unit, err, c.want, c.unit)
		}
	}
}

// Where counting goes wrong: leap days, month ends, half months, multiples of a
// week, years that begin in mid-year. Two dates and what Appendix J (b)(5) makes
// of the time between, as a payment of 10 % more than the advance.
func TestAPRCountsTime(t *testing.T) {
	for _, c := range []struct {
		from, to string
		unit     contract.UnitPeriod
		want     string // 10 % over the units between, times the units of a year
	}{
		{"2026-01-31", "2026-02-28", contract.UnitPeriod{Kind: contract.Months, Multiple: 1}, "120.00%"}, // month end to month end
		{"2024-02-29", "2025-02-28", contract.UnitPeriod{Kind: contract.Years, Multiple: 1}, "10.00%"},
		{"2024-02-28", "2025-02-28", contract.UnitPeriod{Kind: contract.Years, Multiple: 1}, "10.00%"},
		{"2025-12-31", "2026-06-30", contract.UnitPeriod{Kind: contract.Months, Multiple: 6}, "20.00%"},
		{"2026-01-30", "2026-02-28", contract.UnitPeriod{Kind: contract.Days, Multiple: 29}, "125.86%"}, // 365/29
		{"2026-01-15", "2026-02-28", contract.UnitPeriod{Kind: contract.Days, Multiple: 44}, "82.95%"},
		{"2024-01-01", "2024-12-31", contract.UnitPeriod{Kind: contract.Days, Multiple: 365}, "10.00%"},
		{"2026-01-01", "2026-01-29", contract.UnitPeriod{Kind: contract.Days, Multiple: 28}, "130.36%"},
	} {
		advance, payment := []contract.Flow{{Date: date(c.from), Amount: 100_00}}, []contract.Flow{{Date: date(c.to), Amount: 110_00}}
		unit := contract.FindUnitPeriod(advance, payment)
		got, err := contract.APR(advance, payment, unit)
		if shown := (got + 50_000_000) / 100_000_000 * 100_000_000; err != nil || unit != c.unit || shown.Percent() != c.want {
			t.Errorf("%s to %s: %s by %v, %v, want %s by %v", c.from, c.to, shown.Percent(), unit, err, c.want, c.unit)
		}
	}
}

func TestUnitPeriods(t *testing.T) {
	unit := func(kind contract.PeriodKind, n int) contract.UnitPeriod {
		return contract.UnitPeriod{Kind: kind, Multiple: n}
	}
	for _, c := range []struct {
		on       string
		payments []contract.Flow
		want     contract.UnitPeriod
	}{
		{"2026-01-31", series("2026-02-28", 12, "100", func(d money.Date, i int) money.Date { return d.AddMonths(i, 31) }), unit(contract.Months, 1)},
		{"2023-11-15", series("2024-02-29", 5, "100", func(d money.Date, i int) money.Date { return d.AddMonths(3*i, 29) }), unit(contract.Months, 3)},
		{"2026-01-20", series("2026-02-01", 6, "100", weekly(2)), unit(contract.Weeks, 2)},
		{"2026-01-20", series("2026-02-01", 6, "100", weekly(4)), unit(contract.Weeks, 4)}, // February's is also a month
		{"2024-02-29", series("2025-02-28", 3, "500", monthly(12)), unit(contract.Years, 1)},
		// no interval twice: 40 and 61 days on the average are nearest to seven weeks
		{"2026-01-01", []contract.Flow{{Date: date("2026-02-10"), Amount: 1}, {Date: date("2026-04-12"), Amount: 1}}, unit(contract.Weeks, 7)},
	} {
		if u := contract.FindUnitPeriod([]contract.Flow{{Date: date(c.on), Amount: 1000_00}}, c.payments); u != c.want {
			t.Errorf("from %s, first on %s: %v, want %v", c.on, c.payments[0].Date, u, c.want)
		}
	}
}

// A year and a half in years: what is left is six twelfths, not 181 or 184 days.
func TestWholeMonthsOfAYearAreTwelfths(t *testing.T) {
	advance := []contract.Flow{{Date: date("2026-01-10"), Amount: 1000_00}}
	payment := []contract.Flow{{Date: date("2027-07-10"), Amount: 1155_00}} // 1.1 × 1.05
	got, err := contract.APR(advance, payment, contract.UnitPeriod{Kind: contract.Years, Multiple: 1})
	if err != nil || got != rate("0.1") {
		t.Errorf("%s, %v", got.Percent(), err)
	}
}

// Two advances, each counted from the first one: 1,000 at once and 1,000 a month
// later, repaid with 1,020 and 1,010 a month apart, at 1 % a month.
func TestSeveralAdvances(t *testing.T) {
	advances := []contract.Flow{{Date: date("2026-01-15"), Amount: 1000_00}, {Date: date("2026-02-15"), Amount: 1000_00}}
	payments := []contract.Flow{{Date: date("2026-03-15"), Amount: 1020_10}, {Date: date("2026-03-15"), Amount: 1010_00}}
	got, err := contract.APR(advances, payments, contract.FindUnitPeriod(advances, payments))
	if err != nil || got != rate("0.12") {
		t.Errorf("%s, %v", got.Percent(), err)
	}
}

// A payment millennia away at an absurd rate is settled at once.
func TestFarAwayFlowsAreCheap(t *testing.T) {
	advances := []contract.Flow{{Date: date("0001-01-01"), Amount: 1}}
	payments := []contract.Flow{{Date: date("0001-01-02"), Amount: 100_000_000_00}, {Date: date("9999-12-31"), Amount: 1}}
	if _, err := contract.APR(advances, payments, contract.UnitPeriod{Kind: contract.Days, Multiple: 1}); err != nil && !errors.Is(err, contract.ErrAPR) {
		t.Error(err)
	}
}

func TestSemiMonthlyUnitPeriod(t *testing.T) {
	advance := []contract.Flow{{Date: date("2026-01-01"), Amount: 1000_00}}
	var payments []contract.Flow
	for _, d := range []string{"2026-01-15", "2026-01-31", "2026-02-15", "2026-02-28", "2026-03-15", "2026-03-31"} {
		payments = append(payments, contract.Flow{Date: date(d), Amount: 170_00})
	}
	if u := contract.FindUnitPeriod(advance, payments); u != (contract.UnitPeriod{Kind: contract.SemiMonths, Multiple: 1}) {
		t.Errorf("unit-period %v", u)
	}
}

func TestNoRateRepaysTooLittle(t *testing.T) {
	advance := []contract.Flow{{Date: date("2026-01-01"), Amount: 1000_00}}
	if _, err := contract.APR(advance, series("2026-02-01", 2, "400", monthly(1)), contract.UnitPeriod{Kind: contract.Months, Multiple: 1}); !errors.Is(err, contract.ErrAPR) {
		t.Errorf("%v", err)
	}
}

// 45,000 to 27,000 over 36 months at 0.00185: 500.00 + 133.20 = 633.20.
func TestLeaseFigures(t *testing.T) {
	q := contract.LeaseQuote{
		GrossCapCost: 46_000_00, CapReduction: 1_000_00, Residual: 27_000_00, Price: 44_000_00, Term: 36,
		MoneyFactor: rate("0.00185"), TaxRate: rate("0.08"), Rounding: money.HalfUp,
	}
	for method, want := range map[contract.TaxMethod]contract.LeaseFigures{
		contract.TaxNone:         {BasePayment: 633_20, Payment: 633_20},
		contract.TaxOnPayment:    {BasePayment: 633_20, Tax: 50_66, Payment: 683_86},
		contract.TaxUpfrontTotal: {BasePayment: 633_20, Payment: 633_20, DueAtSigningTax: 1823_62},
		contract.TaxUpfrontPrice: {BasePayment: 633_20, Payment: 633_20, DueAtSigningTax: 3520_00},
		// 3,520.00 more cost: 97.78 of depreciation and 6.51 of rent a month
		contract.TaxCapitalised: {BasePayment: 737_49, Payment: 737_49},
	} {
		q.TaxMethod = method
		got, err := q.Figures()
		if err != nil {
			t.Fatal(err)
		}
		if got.BasePayment != want.BasePayment || got.Tax != want.Tax || got.Payment != want.Payment || got.DueAtSigningTax != want.DueAtSigningTax {
			t.Errorf("%s: %+v", method, got)
		}
	}
}

// The Federal Reserve's leasing guide: 18,800 to 12,350 in 48 payments of 244.69
// in advance, rent charge 5,295.12, implicit rate 8.497 %, 18,686.70 after one month.
func TestConstantYield(t *testing.T) {
	q := contract.LeaseQuote{GrossCapCost: 18_800_00, Residual: 12_350_00, Term: 48, Payment: 244_69, TaxMethod: contract.TaxNone, Rounding: money.HalfUp}
	f, err := q.Figures()
	if err != nil || f.RentCharge != 5295_12 {
		t.Fatalf("%+v, %v", f, err)
	}
	for after, want := range map[int]money.Cents{0: 18_800_00, 1: 18_686_70, 2: 18_572_60} {
		r, balance, err := q.ConstantYield(f, after)
		if err != nil || balance != want || r/10_000_000 != 8497 {
			t.Errorf("after %d: %s at %s, %v", after, balance, r, err)
		}
	}
}
