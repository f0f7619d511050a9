package contract_test

import (
	"errors"
	"testing"

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
	if _, err := contract.LevelPayment(100_00, 0, 12, 14, 0, 0, money.Actual365, money.HalfUp); !errors.As(err, &wrong) || wrong.Field != "periods_per_year" {
		t.Errorf("14 periods a year: %v", err)
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

// 10,000 at 6 % over 24 months from 1 January, first payment 15 February: 14 odd
// days, 23.01 of interest. The figures are worked in fractions outside the engine.
func TestOddFirstPeriod(t *testing.T) {
	for _, c := range []struct {
		method                  contract.Method
		odd                     contract.OddFirst
		start                   string
		payment, first, charged string // the level payment; payment and interest of the first row
	}{
		{contract.Daily, "", "2026-01-01", "444.16", "444.16", "73.97"},
		{contract.Daily, contract.Folded, "2026-01-01", "444.16", "444.16", "73.97"},
		{contract.Daily, contract.PaidFirst, "2026-01-01", "443.15", "466.16", "73.97"},
		{contract.Daily, contract.Waived, "2026-01-01", "443.15", "443.15", "50.96"},
		{contract.ByPeriod, "", "2026-01-01", "443.21", "443.21", "50.00"},
		{contract.ByPeriod, contract.Folded, "2026-01-01", "444.23", "444.23", "73.01"},
		{contract.ByPeriod, contract.PaidFirst, "2026-01-01", "443.21", "466.22", "73.01"},
		{contract.ByPeriod, contract.Waived, "2026-01-01", "443.21", "443.21", "50.00"},
		// ten days short of a month, 21 days are charged
		{contract.ByPeriod, "", "2026-01-25", "443.21", "443.21", "50.00"},
		{contract.ByPeriod, contract.Waived, "2026-01-25", "442.52", "442.52", "34.52"},
		{contract.Daily, contract.PaidFirst, "2026-01-25", "442.42", "442.42", "34.52"},
	} {
		p := plan()
		p.Principal, p.Accrual.Rate, p.Payments, p.Method, p.OddFirst = 10_000_00, rate("0.06"), 24, c.method, c.odd
		p.Start, p.First = date(c.start), date("2026-02-15")
		payment, err := p.LevelPayment()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := p.Schedule(nil)
		if err != nil {
			t.Fatal(err)
		}
		if payment != cents(c.payment) || rows[0].Payment != cents(c.first) || rows[0].Interest != cents(c.charged) {
			t.Errorf("%s %q from %s: %s, first row %s with interest %s", c.method, c.odd, c.start, payment, rows[0].Payment, rows[0].Interest)
		}
		sound(t, &p, rows)
	}
}

// A captive's deferred residual: 30,000 at 4.9 %, 36 payments and 15,000 with the
// last of them or a month after it.
func TestBalloon(t *testing.T) {
	p := plan()
	p.Principal, p.Accrual.Rate, p.Payments, p.Method, p.Balloon = 30_000_00, rate("0.049"), 36, contract.ByPeriod, 15_000_00
	for on, want := range map[string]struct {
		payment, final string
		rows           int
	}{
		"":           {"510.14", "15510.12", 36},
		"2029-01-15": {"510.14", "15510.12", 36}, // the day of the last payment
		"2029-02-15": {"511.72", "14999.90", 37},
	} {
		if p.BalloonOn = 0; on != "" {
			p.BalloonOn = date(on)
		}
		payment, err := p.LevelPayment()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := p.Schedule(nil)
		if err != nil {
			t.Fatal(err)
		}
		if last := rows[len(rows)-1]; payment != cents(want.payment) || last.Payment != cents(want.final) || len(rows) != want.rows {
			t.Errorf("balloon on %q: %s, last %+v", on, payment, last)
		}
		sound(t, &p, rows)
	}
	for _, on := range []string{"2029-01-14", "2026-01-01"} {
		p.BalloonOn = date(on)
		var wrong *contract.TermsError
		if _, err := p.Schedule(nil); !errors.As(err, &wrong) || wrong.Field != "balloon_date" {
			t.Errorf("balloon on %s: %v", on, err)
		}
	}
}

// No payment in June and July: August's row has three months' interest.
func TestSkippedMonths(t *testing.T) {
	p := plan()
	p.Principal, p.Accrual.Rate, p.Payments, p.Method, p.SkipMonths = 3000_00, rate("0.12"), 12, contract.ByPeriod, []int{6, 7}
	p.Start, p.First = date("2026-01-01"), date("2026-02-01")
	rows, err := p.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := rows[4]; rows[0].Payment != 269_97 || r.Date != date("2026-08-01") || r.N != 5 || r.Interest != (3*rows[3].Balance+50)/100 || rows[11].Date != date("2027-03-01") {
		t.Errorf("payment %s, August %+v, last %+v", rows[0].Payment, r, rows[11])
	}
	sound(t, &p, rows)
}

// 10,000 at 6 % over 24 months, payments that change after a year.
func TestStepPayments(t *testing.T) {
	for _, c := range []struct {
		payment, step, ratio string
		first, thirteenth    string
	}{
		{"300.00", "", "", "300.00", "595.24"},     // the rest is found
		{"", "", "1.10", "422.70", "464.97"},       // a tenth more
		{"400.00", "", "1.25", "400.00", "500.00"}, // of a payment that is given
		{"", "595.24", "", "300.00", "595.24"},
		{"400.00", "450.00", "", "400.00", "450.00"},
	} {
		p := plan()
		p.Principal, p.Accrual.Rate, p.Payments, p.Method = 10_000_00, rate("0.06"), 24, contract.ByPeriod
		s := contract.PaymentStep{From: 13}
		if c.payment != "" {
			p.Payment = cents(c.payment)
		}
		if c.step != "" {
			s.Payment = cents(c.step)
		}
		if c.ratio != "" {
			s.Ratio = rate(c.ratio)
		}
		p.Steps = []contract.PaymentStep{s}
		rows, err := p.Schedule(nil)
		if err != nil {
			t.Fatal(err)
		}
		if rows[0].Payment != cents(c.first) || rows[11].Payment != cents(c.first) || rows[12].Payment != cents(c.thirteenth) {
			t.Errorf("%+v: %s, then %s", c, rows[0].Payment, rows[12].Payment)
		}
		sound(t, &p, rows)
	}
}

// A reported portfolio truncates its payments (World Omni Select 2020-A); a
// payment rounded up to five dollars is repaid with a smaller last one.
func TestPaymentRoundingAndMultiple(t *testing.T) {
	for _, c := range []struct {
		rounding     money.Rounding
		multiple     money.Cents
		payment, end string
	}{{"", 0, "443.21", "443.11"}, {money.Truncate, 0, "443.20", "443.38"}, {"", 5_00, "445.00", "399.41"}, {money.HalfUp, 5_00, "445.00", "399.41"}, {money.Truncate, 5_00, "440.00", "521.52"}} {
		p := plan()
		p.Principal, p.Accrual.Rate, p.Payments, p.Method = 10_000_00, rate("0.06"), 24, contract.ByPeriod
		p.PaymentRounding, p.PaymentMultiple = c.rounding, c.multiple
		rows, err := p.Schedule(nil)
		if err != nil {
			t.Fatal(err)
		}
		if last := rows[len(rows)-1]; rows[0].Payment != cents(c.payment) || last.Payment != cents(c.end) {
			t.Errorf("%q to %s: %s, last %s", c.rounding, c.multiple, rows[0].Payment, last.Payment)
		}
		sound(t, &p, rows)
	}
}

func TestPlansThatAreRefused(t *testing.T) {
	for field, change := range map[string]func(*contract.Plan){
		"odd_first_period": func(p *contract.Plan) { p.OddFirst = "added" },
		"factor_decimals":  func(p *contract.Plan) { p.Accrual.FactorDecimals = 13 },
		"due_day":          func(p *contract.Plan) { p.PerYear, p.DueDay = 26, 15 },
		"payment_multiple": func(p *contract.Plan) { p.PaymentMultiple = -1 },
		"payment_rounding": func(p *contract.Plan) { p.PaymentRounding = "down" },
		"steps[0].from":    func(p *contract.Plan) { p.Steps = []contract.PaymentStep{{From: 1}} },
		"steps[1].from":    func(p *contract.Plan) { p.Steps = []contract.PaymentStep{{From: 9}, {From: 9}} },
		"steps[0].payment": func(p *contract.Plan) { p.Steps = []contract.PaymentStep{{From: 9, Payment: -1}} },
		"steps[0].ratio":   func(p *contract.Plan) { p.Steps = []contract.PaymentStep{{From: 9, Payment: 1, Ratio: 1}} },
		"skip_months":      func(p *contract.Plan) { p.SkipMonths = []int{2} },
		"balloon_date":     func(p *contract.Plan) { p.BalloonOn = date("2040-01-01") },
		"balloon":          func(p *contract.Plan) { p.Balloon = 2 * p.Principal },
		"n_payments":       func(p *contract.Plan) { p.SkipMonths, p.Payments, p.First = []int{1}, 1200, date("8990-02-15") },
		"principal":        func(p *contract.Plan) { p.Principal, p.Payments = 1, 60 },
	} {
		p := plan()
		change(&p)
		var wrong *contract.TermsError
		if _, err := p.Schedule(nil); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
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
