package billing_test

import (
	"testing"

	"pgregory.net/rapid"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

func day(s string) money.Date {
	d, err := money.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// loan is 24,000.00 at 5.90 % over 60 months of 450.00 from 15 January 2026.
func loan() contract.Terms {
	return contract.Terms{
		Kind: contract.Loan, Principal: 24_000_00, Rate: 59 * money.RateScale / 1000, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: day("2026-01-15"), FirstDue: day("2026-02-15"), Payments: 60, Payment: 450_00, Application: contract.DefaultApplication,
		GraceDays: 10, LateFee: contract.LateFee{Percent: percent(5)},
	}
}

func percent(n int64) money.Rate { return money.Rate(n) * money.RateScale / 100 }

type lateFee func(t *contract.Terms, s contract.State, on money.Date) (int, money.Cents)

// lateFees holds a rule against what it must charge and lists where it differs.
func lateFees(rule lateFee, differs func(name string, n int, fee money.Cents)) {
	for _, c := range []struct {
		name     string
		fee      contract.LateFee
		credited money.Cents // principal and interest paid so far
		through  int         // last instalment that had its fee
		on       string
		n        int
		want     money.Cents
	}{
		{"before the due date", contract.LateFee{Percent: percent(5)}, 0, 0, "2026-02-14", 0, 0},
		{"on the last day of grace", contract.LateFee{Percent: percent(5)}, 0, 0, "2026-02-25", 0, 0},
		{"the day after grace", contract.LateFee{Percent: percent(5)}, 0, 0, "2026-02-26", 1, 22_50},
		{"on what is unpaid", contract.LateFee{Percent: percent(5)}, 400_00, 0, "2026-02-26", 1, 2_50},
		{"rounded down", contract.LateFee{Percent: percent(5)}, 310_05, 0, "2026-02-26", 1, 6_99},
		{"paid in full", contract.LateFee{Percent: percent(5)}, 450_00, 0, "2026-02-26", 0, 0},
		{"paid, but for a fee of less than a cent", contract.LateFee{Percent: percent(5)}, 449_90, 0, "2026-02-26", 0, 0},
		{"had its fee", contract.LateFee{Percent: percent(5)}, 0, 1, "2026-03-25", 0, 0},
		{"the next instalment too", contract.LateFee{Percent: percent(5)}, 0, 1, "2026-03-26", 2, 22_50},
		{"the first of two", contract.LateFee{Percent: percent(5)}, 0, 0, "2026-03-26", 1, 22_50},
		{"at least the flat amount", contract.LateFee{Percent: percent(5), Flat: 25_00}, 0, 0, "2026-02-26", 1, 25_00},
		{"at most the cap", contract.LateFee{Percent: percent(10), Cap: 30_00}, 0, 0, "2026-02-26", 1, 30_00},
		{"flat alone", contract.LateFee{Flat: 15_00}, 449_90, 0, "2026-02-26", 1, 15_00},
		{"none agreed", contract.LateFee{}, 0, 0, "2026-02-26", 0, 0},
		{"a cap alone is no fee", contract.LateFee{Cap: 15_00}, 0, 0, "2026-02-26", 0, 0},
		{"paid ahead", contract.LateFee{Percent: percent(5)}, 1350_00, 0, "2026-04-30", 0, 0},
	} {
		t := loan()
		t.LateFee = c.fee
		s := t.Open()
		s.Credited, s.LateThrough = c.credited, c.through
		if n, fee := rule(&t, s, day(c.on)); n != c.n || fee != c.want {
			differs(c.name, n, fee)
		}
	}
}

func TestLateFees(t *testing.T) {
	lateFees(billing.LateFee, func(name string, n int, fee money.Cents) { t.Errorf("%s: %s for instalment %d", name, fee, n) })
	broken := map[string]lateFee{
		"takes the last day of grace": func(t *contract.Terms, s contract.State, on money.Date) (int, money.Cents) {
			return billing.LateFee(t, s, on+1)
		},
		"forgets that the fee was charged": func(t *contract.Terms, s contract.State, on money.Date) (int, money.Cents) {
			s.LateThrough = 0
			return billing.LateFee(t, s, on)
		},
		"charges on the whole instalment": func(t *contract.Terms, s contract.State, on money.Date) (int, money.Cents) {
			s.Credited -= s.Credited % t.Payment
			return billing.LateFee(t, s, on)
		},
		"rounds up": func(t *contract.Terms, s contract.State, on money.Date) (int, money.Cents) {
			n, fee := billing.LateFee(t, s, on)
			if unpaid := int64(money.Cents(n)*t.Payment - s.Credited); n > 0 && t.LateFee.Percent > 0 && unpaid*5%100 != 0 {
				fee++
			}
			return n, fee
		},
	}
	for name, rule := range broken {
		n := 0
		lateFees(rule, func(string, int, money.Cents) { n++ })
		if n == 0 {
			t.Errorf("a rule that %s passes", name)
		}
	}
}

// The day's work is found by LateFeeOn and done by LateFee: where they disagree a
// contract would be looked at for ever, or never.
func TestAFeeIsChargedFirstOnTheDayThatIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := loan()
		terms.GraceDays = rapid.IntRange(0, 20).Draw(t, "grace")
		terms.LateFee = contract.LateFee{
			Percent: percent(rapid.Int64Range(0, 10).Draw(t, "percent")), Flat: money.Cents(rapid.Int64Range(0, 1).Draw(t, "flat")) * 15_00,
			Cap: money.Cents(rapid.Int64Range(0, 1).Draw(t, "cap")) * 20_00,
		}
		s := terms.Open()
		s.Principal = money.Cents(rapid.Int64Range(0, 24_000_00).Draw(t, "principal"))
		s.Credited = money.Cents(rapid.Int64Range(0, 27_500_00).Draw(t, "credited"))
		s.LateThrough = rapid.IntRange(0, 60).Draw(t, "late through")
		on := billing.LateFeeOn(&terms, s)
		if on.IsZero() {
			if n, fee := billing.LateFee(&terms, s, day("2099-01-01")); n != 0 {
				t.Fatalf("%s for %d, and no day for it", fee, n)
			}
			return
		}
		n, fee := billing.LateFee(&terms, s, on)
		if n <= s.LateThrough || fee <= 0 {
			t.Fatalf("nothing to charge on %s: %s for %d", on, fee, n)
		}
		if early, _ := billing.LateFee(&terms, s, on-1); early != 0 {
			t.Fatalf("charged a day before %s", on)
		}
		// Charged once, the same instalment has no other.
		if _, err := s.Apply(&terms, contract.Event{Kind: contract.LateCharge, Date: on, Amount: fee, Instalment: n}); err != nil {
			t.Fatal(err)
		}
		if again, _ := billing.LateFee(&terms, s, on); again == n {
			t.Fatalf("instalment %d has two fees", n)
		}
	})
}

func TestWhichReturnsBearAFeeAndWhichEndAutopay(t *testing.T) {
	for code, want := range map[string]struct{ fee, ends bool }{
		"R01": {true, false}, "R09": {true, false}, "R02": {false, true}, "R03": {false, true}, "R04": {false, true}, "R07": {false, true},
		"R08": {false, false}, "R10": {false, true}, "R16": {false, true}, "R20": {false, true}, "R29": {false, true}, "R99": {false, false}, "": {false, false},
	} {
		if fee, ends := billing.ReturnedFeeAllowed(code), billing.ReturnEndsAutopay(code); fee != want.fee || ends != want.ends {
			t.Errorf("%s: fee %t, ends autopay %t", code, fee, ends)
		}
		if billing.ReturnReason(code) == "" {
			t.Errorf("%s has no words", code)
		}
	}
}
