package contract_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

func plan() contract.Plan {
	return contract.Plan{
		Principal: 24_000_00, Accrual: money.Accrual{Rate: rate("0.059"), DayCount: money.Actual365}, Rounding: money.HalfUp,
		Start: date("2026-01-15"), First: date("2026-02-15"), Payments: 60, PerYear: 12, Method: contract.Daily,
	}
}

// Published payments: Federal Reserve's leasing guide (18,800), a US loan
// engine's documentation (10,000), Wikipedia's mortgage (200,000).
func TestLevelPayment(t *testing.T) {
	for _, c := range []struct {
		principal, rate string
		n, odd          int
		balloon, want   string
	}{
		{"18800", "0.09", 48, 0, "0", "467.84"},
		{"10000", "0.10", 36, 0, "0", "322.67"},
		{"200000", "0.065", 360, 0, "0", "1264.14"},
		{"12000", "0", 48, 0, "0", "250.00"},
		{"12000", "0", 48, 30, "2400", "200.00"},
		{"10000", "0.12", 1, 0, "0", "10100.00"},
		{"10000", "0.12", 1, 73, "0", "10342.40"}, // (10,000 + 2.4 %) × 1.01
		{"10000", "0.12", 12, 0, "10000", "100.00"},
	} {
		got, err := contract.LevelPayment(cents(c.principal), rate(c.rate), c.n, 12, c.odd, cents(c.balloon), money.Actual365, money.HalfUp)
		if err != nil || got != cents(c.want) {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
	var wrong *contract.TermsError
	if _, err := contract.LevelPayment(100_00, 0, 12, 13, 0, 0, money.Actual365, money.HalfUp); !errors.As(err, &wrong) || wrong.Field != "periods_per_year" {
		t.Errorf("13 periods a year: %v", err)
	}
}

// 1,000 at 10 % from 2019-01-01 in 12 payments of 87.90, the last 87.85, total
// interest 54.75: actual/365, interest first (shermanloan/scejson-doc, published).
func TestDailySchedule(t *testing.T) {
	p := plan()
	p.Principal, p.Accrual.Rate, p.Start, p.First, p.Payments = 1000_00, rate("0.10"), date("2019-01-01"), date("2019-02-01"), 12
	rows, err := p.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	var interest money.Cents
	for _, r := range rows {
		interest += r.Interest
	}
	first, last := rows[0], rows[11]
	if first.Payment != 87_90 || first.Interest != 8_49 || last.Payment != 87_85 || last.Balance != 0 || interest != 54_75 {
		t.Errorf("first %+v, last %+v, interest %s", first, last, interest)
	}
}

func TestPaymentDates(t *testing.T) {
	for _, c := range []struct {
		perYear int
		first   string
		want    []string
	}{
		{12, "2027-12-31", []string{"2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"}},
		{26, "2026-02-20", []string{"2026-03-06", "2026-03-20"}},
		{52, "2026-12-30", []string{"2027-01-06", "2027-01-13"}},
		{24, "2026-02-01", []string{"2026-02-16", "2026-03-01", "2026-03-16"}},
		{24, "2026-01-15", []string{"2026-01-30", "2026-02-15", "2026-02-28", "2026-03-15", "2026-03-30"}},
		{24, "2026-12-20", []string{"2027-01-05", "2027-01-20", "2027-02-05"}},
		{4, "2026-11-30", []string{"2027-02-28", "2027-05-30"}},
		{2, "2026-08-31", []string{"2027-02-28", "2027-08-31"}},
		{1, "2028-02-29", []string{"2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"}},
	} {
		p := plan()
		p.Start, p.First, p.PerYear, p.Payments = date(c.first)-10, date(c.first), c.perYear, len(c.want)+1
		rows, err := p.Schedule(nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.want {
			if rows[i+1].Date != date(want) {
				t.Errorf("%d a year from %s: payment %d on %s, want %s", c.perYear, c.first, i+2, rows[i+1].Date, want)
			}
		}
	}
}

// A payment of 100.00 does not cover the first month's 120.26: the rest waits,
// the balance stays, and the last payment takes it all.
func TestUnpaidInterestIsCarriedAndEarnsNothing(t *testing.T) {
	p := plan()
	p.Payment, p.Payments = 100_00, 3
	rows, err := p.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Balance != 24_000_00 || rows[1].Balance != 24_000_00 {
		t.Errorf("interest joined the balance: %+v", rows)
	}
	// 24,000 × 5.9 % / 365 × 90 days = 349.15
	if sum := rows[0].Interest + rows[1].Interest + rows[2].Interest; sum != 349_15 || rows[2].Balance != 0 {
		t.Errorf("interest %s, last %+v", sum, rows[2])
	}
}

func TestEveryScheduleEndsAtZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plan()
		p.Principal = money.Cents(rapid.IntRange(1000_00, 100_000_00).Draw(t, "principal"))
		p.Accrual.Rate = money.Rate(rapid.Int64Range(0, 400).Draw(t, "rate")) * money.RateScale / 1000
		p.Accrual.DayCount = rapid.SampledFrom([]money.DayCount{money.Actual365, money.ActualActual, money.Thirty360}).Draw(t, "day count")
		p.Rounding = rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Truncate, money.Up}).Draw(t, "rounding")
		p.PerYear = rapid.SampledFrom([]int{1, 2, 4, 12, 24, 26, 52}).Draw(t, "per year")
		p.Payments = rapid.IntRange(1, 84).Draw(t, "payments")
		p.Method = rapid.SampledFrom([]contract.Method{contract.ByPeriod, contract.Daily}).Draw(t, "method")
		p.Balloon = p.Principal / 100 * money.Cents(rapid.IntRange(0, 50).Draw(t, "balloon"))
		payment, err := p.LevelPayment()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := p.Schedule(nil)
		if err != nil {
			t.Fatal(err)
		}
		balance := p.Principal
		for _, r := range rows {
			balance -= r.Principal
			if r.Payment != r.Interest+r.Principal || r.Balance != balance || r.Principal < 0 || r.Interest < 0 {
				t.Fatalf("row does not add up: %+v, balance %s", r, balance)
			}
		}
		last := rows[len(rows)-1]
		off := last.Payment - payment - p.Balloon
		if balance != 0 || len(rows) == p.Payments && p.Accrual.Rate <= money.RateScale/10 && p.PerYear >= 12 && max(off, -off) > money.Cents(3*p.Payments) {
			t.Fatalf("ends at %s; last %s, level %s, balloon %s", balance, last.Payment, payment, p.Balloon)
		}
	})
}

// The rest of a contract starts with what its oldest instalment is missing, and
// agrees with the schedule while the borrower pays on time.
func TestRemaining(t *testing.T) {
	terms := loan()
	terms.Payment = 463_00
	s, _, err := contract.Fold(&terms, []contract.Event{{Seq: 1, Kind: contract.Payment, Date: date("2026-02-15"), Amount: 563_00}}, date("2026-02-20"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := terms.Remaining(s, date("2026-02-20"))
	if err != nil {
		t.Fatal(err)
	}
	// 23,557.26 × 5.9 % / 365 × 28 days = 106.62
	if r := rows[0]; r.N != 2 || r.Date != date("2026-03-15") || r.Payment != 363_00 || r.Interest != 106_62 {
		t.Errorf("first row %+v", r)
	}
	if r := rows[len(rows)-1]; r.Balance != 0 || r.N > 60 {
		t.Errorf("last row %+v", r)
	}

	p := plan()
	p.Payment = 463_00
	schedule, err := p.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := terms.Remaining(terms.Open(), terms.Start)
	if err != nil {
		t.Fatal(err)
	}
	for i := range schedule {
		if fresh[i] != schedule[i] {
			t.Fatalf("row %d: %+v, schedule %+v", i+1, fresh[i], schedule[i])
		}
	}
	if paid, err := terms.Remaining(contract.State{Through: terms.Start}, terms.Start); err != nil || len(paid) != 0 {
		t.Errorf("a paid contract has rows: %+v, %v", paid, err)
	}
}
