package money

import (
	"testing"
	"time"
)

// Every day of eight hundred years, against the standard library.
func TestCivilDatesAgreeWithTheCalendar(t *testing.T) {
	for d := NewDate(1600, 1, 1); d < NewDate(2400, 1, 1); d++ {
		want := time.Date(1600, 1, 1+int(d-NewDate(1600, 1, 1)), 0, 0, 0, 0, time.UTC)
		y, m, day := d.Civil()
		if y != want.Year() || m != int(want.Month()) || day != want.Day() || d.Weekday() != want.Weekday() || NewDate(y, m, day) != d || d.Time() != want {
			t.Fatalf("%s: %d-%d-%d %s", want, y, m, day, d.Weekday())
		}
	}
	for _, c := range [][3]int{{2026, 14, 31}, {2026, -3, 0}, {2024, 0, 29}, {2026, 3, -5}} {
		if got, want := NewDate(c[0], c[1], c[2]), DateOf(time.Date(c[0], time.Month(c[1]), c[2], 0, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("%v: %s, want %s", c, got, want)
		}
	}
}

// 20,000 at 5.99 %: 3.282192 a day over 365, 3.273224 over 366; 101.75 for 31
// days (a worked check of the trade, see docs/rules.md).
func TestPerDiemAndMonth(t *testing.T) {
	rate, _ := ParseRate("0.0599")
	from := NewDate(2026, 1, 15)
	for _, c := range []struct {
		dc      DayCount
		perDiem string
		month   Cents
	}{{Actual365, "3.282192", 101_75}, {Actual366, "3.273224", 101_47}} {
		a := Accrual{Rate: rate, DayCount: c.dc}
		day, _ := a.PerDiem(20_000_00, from)
		sum, _ := a.Interest(20_000_00, from, from+31)
		if day.Decimal(6) != c.perDiem || sum.Round(HalfUp) != c.month {
			t.Errorf("%s: %s a day and %s, want %s and %s", c.dc, day.Decimal(6), sum.Round(HalfUp), c.perDiem, c.month)
		}
	}
}

// Ally to 2019: the daily factor cut to eight decimals, the product cut to cents.
func TestDailyFactorCut(t *testing.T) {
	rate, _ := ParseRate("0.0729")
	a := Accrual{Rate: rate, DayCount: Actual365, FactorDecimals: 8}
	i, _ := a.Interest(15_800_00, NewDate(2018, 3, 1), NewDate(2018, 4, 1))
	// 0.0729/365 = 0.000199726… → 0.00019972; × 15,800 × 31 = 97.822856
	if got := i.Decimal(6); got != "97.822856" {
		t.Errorf("interest %s", got)
	}
}

func TestReserveBanksDoNotMoveASaturdayHoliday(t *testing.T) {
	for day, open := range map[string]bool{
		"2026-07-03": true, "2026-07-04": false, "2027-06-18": true, "2027-12-24": true, "2027-12-31": true,
		"2027-07-05": false, "2022-12-26": false, "2023-01-02": false, "2026-11-26": false, "2026-06-19": false,
		"2020-06-19": true,
	} {
		d, _ := ParseDate(day)
		if d.BankingDay() != open {
			t.Errorf("%s: banking day %v, want %v", day, d.BankingDay(), open)
		}
	}
}
