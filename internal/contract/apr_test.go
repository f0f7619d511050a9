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
