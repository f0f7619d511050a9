package money

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// cents rounds an exact amount by name, the way it is taught: the oracle.
func (r Rounding) of(x *big.Rat) Cents {
	down := new(big.Int).Quo(x.Num(), x.Denom())
	rest := new(big.Rat).Sub(x, new(big.Rat).SetInt(down))
	half := rest.Cmp(big.NewRat(1, 2))
	up := r == Up && rest.Sign() > 0 || r == HalfUp && half >= 0 || r == HalfEven && (half > 0 || half == 0 && down.Bit(0) == 1)
	if up {
		down.Add(down, big.NewInt(1))
	}
	return Cents(down.Int64())
}

func basisOf(d DayCount) int64 {
	switch d {
	case Actual366:
		return 366
	case Actual360, Thirty360:
		return 360
	}
	return 365
}

type interestRule func(a Accrual, balance Cents, days int, r Rounding) Cents

// against holds a rule beside exact fractions and counts where it differs.
func against(t *rapid.T, rule interestRule, wrong *int) {
	a := Accrual{
		Rate:           Rate(rapid.Int64Range(0, 40_000).Draw(t, "rate, hundredths of a percent")) * RateScale / 1_000_000,
		DayCount:       rapid.SampledFrom([]DayCount{Actual365, Actual366, Actual360}).Draw(t, "year"),
		FactorDecimals: rapid.SampledFrom([]int{0, 0, 6, 8, 10, 12}).Draw(t, "factor decimals"),
	}
	balance := Cents(rapid.Int64Range(1, 200_000_00).Draw(t, "balance"))
	days := rapid.IntRange(1, 2000).Draw(t, "days")
	round := rapid.SampledFrom([]Rounding{HalfUp, HalfEven, Truncate, Up}).Draw(t, "rounding")

	factor := big.NewRat(int64(a.Rate), int64(RateScale)*basisOf(a.DayCount))
	if n := a.FactorDecimals; n > 0 {
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
		cut := new(big.Int).Quo(new(big.Int).Mul(factor.Num(), scale), factor.Denom())
		factor = new(big.Rat).SetFrac(cut, scale)
	}
	want := round.of(new(big.Rat).Mul(factor, big.NewRat(int64(balance)*int64(days), 1)))
	if rule(a, balance, days, round) != want {
		*wrong++
	}
}

func exact(a Accrual, balance Cents, days int, r Rounding) Cents {
	from := NewDate(2025, 1, 1)
	i, err := a.Interest(balance, from, from+Date(days))
	if err != nil {
		panic(err)
	}
	return i.Round(r)
}

func TestInterestIsExactToTheCent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wrong := 0
		if against(t, exact, &wrong); wrong > 0 {
			t.Fatal("differs from the fraction")
		}
	})
	for name, rule := range map[string]interestRule{
		"rounds each day": func(a Accrual, balance Cents, days int, r Rounding) Cents {
			return Cents(days) * exact(a, balance, 1, r)
		},
		"rounds half up always": func(a Accrual, balance Cents, days int, _ Rounding) Cents { return exact(a, balance, days, HalfUp) },
		"forgets to cut the factor": func(a Accrual, balance Cents, days int, r Rounding) Cents {
			a.FactorDecimals = 0
			return exact(a, balance, days, r)
		},
		"counts a day too many": func(a Accrual, balance Cents, days int, r Rounding) Cents { return exact(a, balance, days+1, r) },
	} {
		wrong := 0
		rapid.Check(t, func(t *rapid.T) { against(t, rule, &wrong) })
		if wrong == 0 {
			t.Errorf("a rule that %s passes", name)
		}
	}
}

// Interest over a span is the sum over its parts, whatever the year's length.
func TestInterestAddsUpOverSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Accrual{Rate: Rate(rapid.Int64Range(1, 4000).Draw(t, "rate")) * RateScale / 10_000, DayCount: ActualActual}
		from := NewDate(2023, 1, 1) + Date(rapid.IntRange(0, 700).Draw(t, "from"))
		mid := from + Date(rapid.IntRange(0, 800).Draw(t, "mid"))
		to := mid + Date(rapid.IntRange(0, 800).Draw(t, "to"))
		of := func(from, to Date) Interest {
			i, err := a.Interest(24_000_00, from, to)
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		if of(from, mid).Add(of(mid, to)) != of(from, to) {
			t.Fatalf("%s to %s to %s", from, mid, to)
		}
	})
}

func TestPayingInterestKeepsTheExactRest(t *testing.T) {
	a := Accrual{Rate: 59 * RateScale / 1000, DayCount: Actual365}
	i, err := a.Interest(24_000_00, NewDate(2026, 1, 15), NewDate(2026, 2, 15)) // 120.263013…
	if err != nil {
		t.Fatal(err)
	}
	if rest := i.Paid(100_00, HalfUp); rest.Decimal(6) != "20.263014" {
		t.Errorf("after 100.00: %s", rest.Decimal(6))
	}
	if rest := i.Paid(120_26, HalfUp); !rest.IsZero() {
		t.Errorf("after all of it: %s", rest.Decimal(6))
	}
	text, err := i.MarshalText()
	var back Interest
	if err != nil || back.UnmarshalText(text) != nil || back != i {
		t.Errorf("%s came back as %v", text, back)
	}
	if err := back.UnmarshalText([]byte("12")); err == nil {
		t.Error("half of an amount was read")
	}
	if _, err := (Accrual{Rate: 10 * RateScale, DayCount: Actual360}).Interest(1<<62, 1, 1_000_000); !errors.Is(err, ErrInterestRange) {
		t.Errorf("more than can be held: %v", err)
	}
}

func TestAmountsAsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"612.4": "612.40", "$1,234.56": "1234.56", " 300 ": "300.00", "$ 5": "5.00", ".5": "0.50", "7.": "7.00", "-3": "-3.00", "0": "0.00",
		"1,234,567.89": "1234567.89", "9999999999.99": "9999999999.99",
		"": "", "abc": "", "1,23": "", "12,345,6": "", ",123": "", "1.234": "", "1e3": "", "0x10": "", "٣٠٠": "", "３００": "", "1 000": "", "--5": "", "+5": "",
		"10000000000": "", "1.2.3": "", "$": "", ".": "", "NaN": "", "1\x00": "",
	} {
		got, err := ParseDollars(typed)
		if (err == nil) != (want != "") || (err == nil && got.String() != want) || (err != nil && !errors.Is(err, ErrAmount)) {
			t.Errorf("%q: %s, %v", typed, got, err)
		}
	}
}

func TestAmountsAndRatesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Cents(rapid.Int64Range(-int64(MaxAmount), int64(MaxAmount)).Draw(t, "cents"))
		if back, err := ParseCents(c.String()); err != nil || back != c {
			t.Fatalf("%s: %v", c, err)
		}
		if back, err := ParseDollars(c.USD()); err != nil || back != c {
			t.Fatalf("%s: %s, %v", c.USD(), back, err)
		}
		r := Rate(rapid.Int64Range(0, int64(999*RateScale)).Draw(t, "rate"))
		if back, err := ParseRate(r.String()); err != nil || back != r {
			t.Fatalf("%s: %v", r, err)
		}
		n := rapid.IntRange(1, 100).Draw(t, "parts")
		var sum, least, most Cents
		for i, part := range c.Split(n) {
			if i == 0 {
				least, most = part, part
			}
			sum, least, most = sum+part, min(least, part), max(most, part)
		}
		if sum != c || most-least > 1 {
			t.Fatalf("%s in %d parts: %s, from %s to %s", c, n, sum, least, most)
		}
	})
	for _, s := range []string{"", "-", "1.", ".5", "1,000", "+1", "1e2", "0.001", "10000000000", " 1"} {
		if c, err := ParseCents(s); err == nil {
			t.Errorf("%q is %s", s, c)
		}
	}
	for r, want := range map[Rate]string{695 * RateScale / 10_000: "6.95%", 5999 * RateScale / 100_000: "5.999%", 0: "0.00%", RateScale / 10: "10.00%"} {
		if r.Percent() != want {
			t.Errorf("%s: %s, want %s", r, r.Percent(), want)
		}
	}
}

func TestDueDaysComeBackAfterAShortMonth(t *testing.T) {
	d := NewDate(2027, 10, 31)
	for i, want := range []string{"2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"} {
		if got := d.AddMonths(i+1, 31).String(); got != want {
			t.Errorf("%d months on: %s, want %s", i+1, got, want)
		}
	}
}

func TestBankingDaysAreCountedForward(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-02-13", 1, "2026-02-17"}, // over a weekend and Presidents' Day
		{"2026-02-14", 1, "2026-02-17"}, {"2026-02-17", 2, "2026-02-19"}, {"2026-12-24", 1, "2026-12-28"}, {"2026-12-31", 1, "2027-01-04"},
		{"2026-02-14", 0, "2026-02-14"},
	} {
		from, err := ParseDate(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := from.AddBankingDays(c.n).String(); got != c.want {
			t.Errorf("%d after %s: %s, want %s", c.n, c.from, got, c.want)
		}
	}
}

// A meter counts as its accrual does, and its fraction of a cent is the exact
// one but for what it says may be missing.
func TestAMeterCountsAsItsAccrual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Accrual{
			Rate:           Rate(rapid.Int64Range(0, int64(maxRate)-1).Draw(t, "rate")),
			DayCount:       rapid.SampledFrom([]DayCount{Actual365, Actual366, Actual360, ActualActual, Thirty360}).Draw(t, "day count"),
			FactorDecimals: rapid.SampledFrom([]int{0, 0, 5, 12}).Draw(t, "factor decimals"),
		}
		m, err := a.Meter()
		if err != nil {
			t.Fatal(err)
		}
		from := NewDate(2023, 6, 1)
		for range rapid.IntRange(1, 6).Draw(t, "spans") {
			to := from + Date(rapid.IntRange(-40, 1500).Draw(t, "days"))
			balance := Cents(rapid.Int64Range(-5, int64(MaxAmount)).Draw(t, "balance"))
			got, err1 := m.Interest(balance, from, to)
			want, err2 := a.Interest(balance, from, to)
			if got != want || (err1 == nil) != (err2 == nil) {
				t.Fatalf("%s to %s: %v, %v by the meter, %v, %v by the accrual", from, to, got, err1, want, err2)
			}
			f, missing, ok := m.Fraction(from, to)
			one, err := a.Interest(1, from, to)
			if small := err == nil && one.hi == 0 && one.lo < InterestUnit/2; ok && to < from || !ok && to > from && small {
				t.Fatalf("%s to %s: fraction %v of %v", from, to, ok, one)
			}
			if ok && err == nil {
				// f/2⁶⁴ ≤ one/unit ≤ (f+missing)/2⁶⁴, in whole numbers
				exact := new(big.Int).Lsh(new(big.Int).Add(new(big.Int).Lsh(new(big.Int).SetUint64(one.hi), 64), new(big.Int).SetUint64(one.lo)), 64)
				unit := new(big.Int).SetUint64(InterestUnit)
				low := new(big.Int).Mul(new(big.Int).SetUint64(f), unit)
				high := new(big.Int).Add(low, unit.Mul(unit, new(big.Int).SetUint64(missing)))
				if to > from && (exact.Cmp(low) < 0 || exact.Cmp(high) > 0) {
					t.Fatalf("%s to %s: %d missing %d of %v", from, to, f, missing, one)
				}
			}
			if to > from {
				from = to
			}
		}
	})
	for _, r := range []Rate{-1, maxRate} {
		if _, err := (Accrual{Rate: r, DayCount: Actual365}).Interest(1, 1, 2); !errors.Is(err, ErrInterestRange) {
			t.Errorf("a rate of %d: %v", r, err)
		}
	}
}
