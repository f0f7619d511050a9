package tape

import (
	"slices"

	"marque/internal/money"
)

// Rule is a way to compute interest that lenders use.
type Rule struct {
	DayCount       money.DayCount `json:"day_count"`
	Rounding       money.Rounding `json:"rounding"`
	FactorDecimals int            `json:"factor_decimals,omitempty"`
	// Carried: what rounding gives or takes at one payment is made up at the next.
	Carried bool `json:"fraction_carried,omitempty"`
}

// The candidates, plainest first: where two do as well, the plainer is taken,
// so that actual/actual is named only for months that tell it from a fixed
// year. A rule's place is (factor*roundings + rounding)*dayCounts + dayCount.
var (
	ruleFactors   = []int{0, 8, 6, 7, 9, 10}
	ruleRoundings = []money.Rounding{money.HalfUp, money.Truncate, money.HalfEven, money.Up}
	ruleDayCounts = []money.DayCount{money.Actual365, money.Actual366, money.ActualActual, money.Thirty360, money.Actual360}
	ruleCount     = len(ruleFactors) * len(ruleRoundings) * len(ruleDayCounts)
)

func ruleAt(i int) Rule {
	days, rest := i%len(ruleDayCounts), i/len(ruleDayCounts)
	return Rule{DayCount: ruleDayCounts[days], Rounding: ruleRoundings[rest%len(ruleRoundings)], FactorDecimals: ruleFactors[rest/len(ruleRoundings)]}
}

func (r Rule) accrual(rate money.Rate) money.Accrual {
	return money.Accrual{Rate: rate, DayCount: r.DayCount, FactorDecimals: r.FactorDecimals}
}

// charge is one month's interest as the tape reports it.
type charge struct {
	balance money.Cents
	rate    money.Rate
	// Interest is paid through from before this month and through to after it.
	// Where one of them is not known the number of days is sought.
	from, to  money.Date
	year      int // the month's, for where neither is known; 0: nor is that
	interest  money.Cents
	paid      money.Cents
	scheduled money.Cents
	single    bool // at most one and a half scheduled payments
	// byMonth: where days are sought under 30/360 only whole months are, as the
	// tape has no dates that tell days of thirty-day months from actual days.
	byMonth bool
}

func (c *charge) dated() bool { return c.from != 0 && c.to != 0 }

// cent is a cent in the millionths that Interest.Micros counts.
const cent = 1_000_000

// maxSoughtDays is the longest time that is looked for when a date is not known.
const maxSoughtDays = 150

// over is the interest of a whole number of days that ends, or begins, on the
// date that is known.
func (c *charge) over(a money.Accrual, days int) (money.Interest, error) {
	switch {
	case a.DayCount == money.Thirty360: // days of thirty-day months
	case c.to != 0:
		return a.Interest(c.balance, c.to-money.Date(days), c.to)
	case c.from != 0:
		return a.Interest(c.balance, c.from, c.from+money.Date(days))
	case a.DayCount == money.ActualActual && c.year > 0 && leapYear(c.year):
		a.DayCount = money.Actual366
	}
	return a.OverDays(c.balance, days)
}

// spans gives the exact interest that a rule may be held to: between the two
// dates, or for each whole number of days that comes within a cent or so of
// what was charged. Where nothing comes near there is none.
func (c *charge) spans(a money.Accrual, out []money.Interest) []money.Interest {
	out = out[:0]
	want := int64(c.interest) * cent
	if c.dated() {
		if i, err := a.Interest(c.balance, c.from, c.to); err == nil && near(i.Micros()-want, cent) {
			out = append(out, i)
		}
		return out
	}
	day, err := a.PerDiem(c.balance, c.to)
	if err != nil || day.Micros() == 0 {
		return out
	}
	guess := want / day.Micros()
	rest := want - guess*day.Micros()
	// Only the leap year of actual/actual lets a day weigh other than this one.
	if a.DayCount != money.ActualActual && !near(rest, cent+guess+1) && !near(rest-day.Micros(), cent+guess+1) {
		return out
	}
	for d := max(1, guess-1); d <= min(guess+2, maxSoughtDays); d++ {
		if c.byMonth && a.DayCount == money.Thirty360 && d%30 != 0 {
			continue
		}
		if i, err := c.over(a, int(d)); err == nil && near(i.Micros()-want, cent) {
			out = append(out, i)
		}
	}
	return out
}

func near(x, within int64) bool { return x <= within && x >= -within }

// exactRules marks for every rule whether it gives the reported interest. The
// exact interest is computed once for each factor and day count.
func (c *charge) exactRules(hit []bool) {
	n := len(ruleDayCounts)
	var room [4]money.Interest
	for f, factor := range ruleFactors {
		for d, dayCount := range ruleDayCounts {
			at := f*len(ruleRoundings)*n + d
			spans := c.spans(money.Accrual{Rate: c.rate, DayCount: dayCount, FactorDecimals: factor}, room[:])
			for k, rounding := range ruleRoundings {
				hit[at+k*n] = slices.ContainsFunc(spans, func(i money.Interest) bool { return i.Round(rounding) == c.interest })
			}
		}
	}
}

// nearest is the interest that a rule gives between the dates or, where days
// are sought, for the whole number of days that comes closest to the charge.
func (c *charge) nearest(r Rule) (best money.Interest, ok bool) {
	a := r.accrual(c.rate)
	if c.dated() {
		i, err := a.Interest(c.balance, c.from, c.to)
		return i, err == nil
	}
	day, err := a.PerDiem(c.balance, c.to)
	if err != nil || day.Micros() == 0 {
		return best, false
	}
	guess := int(int64(c.interest) * cent / day.Micros())
	least := int64(0)
	for d := max(1, guess-1); d <= min(guess+2, maxSoughtDays); d++ {
		if c.byMonth && a.DayCount == money.Thirty360 && d%30 != 0 {
			continue
		}
		i, err := c.over(a, d)
		if err != nil {
			continue
		}
		off := i.Micros() - int64(c.interest)*cent
		if off = max(off, -off); !ok || off < least {
			best, least, ok = i, off, true
		}
	}
	return best, ok
}

// tellingPerDiem is the least interest a day from which days can be read: where
// a day is a few cents, every amount fits some number of them.
const tellingPerDiem money.Cents = 50

func (c *charge) telling() bool {
	day, err := money.Accrual{Rate: c.rate, DayCount: money.Actual365}.OverDays(c.balance, 1)
	return err == nil && day.Round(money.Truncate) >= tellingPerDiem
}

// chance is the share, in millionths, of amounts that some whole number of days
// fits to the cent whatever the rule.
func (c *charge) chance() int64 {
	day, err := money.Accrual{Rate: c.rate, DayCount: money.Actual365}.OverDays(c.balance, 1)
	if err != nil || c.dated() {
		return 0
	}
	return cent * cent / max(cent, day.Micros())
}

func leapYear(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func abs(c money.Cents) money.Cents { return max(c, -c) }

// effectiveDate is the day to which the rule's interest from a date is what was
// charged, within a cent where a fraction is carried; zero when there is none.
// A day has about one chance in its interest in cents to fit by accident.
func (c *charge) effectiveDate(r Rule, from money.Date) money.Date {
	a := r.accrual(c.rate)
	day, err := a.PerDiem(c.balance, from)
	if err != nil || day.Round(money.Truncate) < tellingPerDiem {
		return 0
	}
	guess := from + money.Date(min(int64(c.interest)*cent/day.Micros(), maxSoughtDays))
	for to := max(from+1, guess-1); to <= guess+2; to++ {
		i, err := a.Interest(c.balance, from, to)
		if err == nil && to <= c.to+31 && r.gives(i, c.interest) {
			return to
		}
	}
	return 0
}

// gives says whether a rule may give this amount for this exact interest.
func (r Rule) gives(i money.Interest, amount money.Cents) bool {
	if r.Carried {
		return near(i.Micros()-int64(amount)*cent, cent)
	}
	return i.Round(r.Rounding) == amount
}

// twoPayments says whether the month's interest is exact when the money came as
// two payments, one of them the scheduled payment or half, on a day that is
// sought. With thirty days to choose from, some fit by chance.
func (c *charge) twoPayments(r Rule) bool {
	if c.paid <= c.scheduled || !c.dated() {
		return false
	}
	a := r.accrual(c.rate)
	for _, first := range [3]money.Cents{c.scheduled, c.paid - c.scheduled, c.paid / 2} {
		if first <= 0 || first >= c.paid {
			continue
		}
		for on := c.from + 1; on < c.to; on++ {
			i1, err := a.Interest(c.balance, c.from, on)
			if err != nil || i1.Round(r.Rounding) > first {
				continue
			}
			one := i1.Round(r.Rounding)
			i2, err := a.Interest(c.balance-first+one, on, c.to)
			if err == nil && one+i2.Round(r.Rounding) == c.interest {
				return true
			}
		}
	}
	return false
}
