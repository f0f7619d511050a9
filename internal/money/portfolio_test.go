package money

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func drawPortfolio(t *rapid.T) *Portfolio {
	p := &Portfolio{
		DayCount:       rapid.SampledFrom([]DayCount{Actual365, Actual366, Actual360, ActualActual, Thirty360}).Draw(t, "day count"),
		FactorDecimals: rapid.SampledFrom([]int{0, 0, 0, 8, 12}).Draw(t, "factor decimals"),
		Rounding:       rapid.SampledFrom([]Rounding{HalfUp, HalfEven, Truncate, Up}).Draw(t, "rounding"),
	}
	owing := rapid.Bool().Draw(t, "interest owed from before")
	for range rapid.IntRange(0, 20).Draw(t, "loans") {
		p.Balances = append(p.Balances, Cents(rapid.Int64Range(-100, int64(MaxAmount)).Draw(t, "balance")))
		p.Rates = append(p.Rates, rapid.OneOf(rapid.SampledFrom([]Rate{0, RateScale / 2, RateScale}), rapid.Custom(func(t *rapid.T) Rate {
			return Rate(rapid.Int64Range(0, 40_000).Draw(t, "rate")) * RateScale / 100_000
		})).Draw(t, "rate"))
		p.Through = append(p.Through, NewDate(2024, 12, 31)+Date(rapid.IntRange(-800, 40).Draw(t, "through")))
		if owing {
			p.Owed = append(p.Owed, Interest{lo: rapid.Uint64().Draw(t, "owed")})
		}
	}
	return p
}

// A portfolio's accrued interest is its loans', each counted by itself.
func TestAPortfolioAccruesAsItsLoansDo(t *testing.T) {
	on := NewDate(2024, 12, 31)
	rapid.Check(t, func(t *rapid.T) {
		p := drawPortfolio(t)
		accrued := make([]Cents, len(p.Balances))
		total, err := p.AccruedAt(on, accrued)
		if err != nil {
			t.Fatal(err)
		}
		var sum Cents
		for i, got := range accrued {
			one, err := Accrual{p.Rates[i], p.DayCount, p.FactorDecimals}.Interest(p.Balances[i], p.Through[i], on)
			if err != nil {
				t.Fatal(err)
			}
			if p.Owed != nil {
				one = one.Add(p.Owed[i])
			}
			if want := one.Round(p.Rounding); got != want {
				t.Fatalf("row %d: %s, by itself %s", i, got, want)
			}
			sum += got
		}
		if total != sum {
			t.Fatalf("total %s, rows %s", total, sum)
		}
	})
}

// Half a cent and a cent and a half exactly: 0.50 and 1.50 for a day at 1 % a day.
func TestAPortfolioRoundsHalvesByName(t *testing.T) {
	daily := 365 * RateScale / 100
	for r, want := range map[Rounding][2]Cents{HalfUp: {1, 2}, HalfEven: {0, 2}, Truncate: {0, 1}, Up: {1, 2}} {
		p := Portfolio{DayCount: Actual365, Rounding: r, Balances: []Cents{50, 150}, Rates: []Rate{daily, daily}, Through: []Date{1, 1}}
		accrued := make([]Cents, 2)
		if _, err := p.AccruedAt(2, accrued); err != nil || accrued[0] != want[0] || accrued[1] != want[1] {
			t.Errorf("%s: %v, %v", r, accrued, err)
		}
	}
}

func TestAPortfolioRefusesWhatItCannotCount(t *testing.T) {
	good := Portfolio{DayCount: Actual365, Rounding: HalfUp, Balances: []Cents{100}, Rates: []Rate{1}, Through: []Date{1}}
	if _, err := good.AccruedAt(2, nil); err == nil {
		t.Error("no room for the answer")
	}
	for name, p := range map[string]Portfolio{
		"a rate below zero":   {Rates: []Rate{-1}, Balances: good.Balances},
		"a rate of a million": {Rates: []Rate{1_000_000 * RateScale}, Balances: good.Balances},
		"a balance too great": {Rates: []Rate{RateScale}, Balances: []Cents{1 << 62}},
	} {
		p.DayCount, p.Rounding, p.Through = Actual365, HalfUp, good.Through
		if _, err := p.AccruedAt(1_000_000, make([]Cents, 1)); !errors.Is(err, ErrInterestRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A million loans at a month end: 15,000 to 45,000, 2 % to 22 %, 1 to 30 days.
func monthEnd() (*Portfolio, Date, []Cents) {
	const n = 1 << 20
	on := NewDate(2026, 6, 30)
	p := &Portfolio{Balances: make([]Cents, n), Rates: make([]Rate, n), Through: make([]Date, n), Rounding: HalfUp}
	for i := range n {
		p.Balances[i] = Cents(15_000_00 + i*7919%30_000_00)
		p.Rates[i] = Rate(200+i*104729%2000) * RateScale / 10_000
		p.Through[i] = on - 1 - Date(i%30)
	}
	return p, on, make([]Cents, n)
}

func BenchmarkPortfolioInterest(b *testing.B) {
	p, on, accrued := monthEnd()
	loans := func(b *testing.B) {
		b.ReportMetric(float64(b.N)*float64(len(accrued))/b.Elapsed().Seconds()/1e6, "Mloans/s")
	}
	for _, dc := range []DayCount{Actual365, ActualActual, Thirty360} {
		b.Run(string(dc), func(b *testing.B) {
			p.DayCount = dc
			for b.Loop() {
				if _, err := p.AccruedAt(on, accrued); err != nil {
					b.Fatal(err)
				}
			}
			loans(b)
		})
	}
	// The least that could be done: no range checks, no choice of anything, and
	// right only while balance × rate × days stays inside 63 bits.
	b.Run("bare loop", func(b *testing.B) {
		const year = 365 * int64(RateScale)
		var total Cents
		for b.Loop() {
			for i, balance := range p.Balances {
				accrued[i] = Cents((int64(balance)*int64(p.Rates[i]/1000)*int64(on-p.Through[i]) + year/2000) / (year / 1000))
				total += accrued[i]
			}
		}
		if total == 0 {
			b.Fatal("nothing accrued")
		}
		loans(b)
	})
}
