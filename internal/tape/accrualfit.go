package tape

import (
	"cmp"
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

// rules are the candidates, plainest first: where two do as well, the plainer
// is taken. A rule's place is (factor*roundings + rounding)*dayCounts + dayCount.
var (
	ruleFactors   = []int{0, 8, 6, 7, 9, 10}
	ruleRoundings = []money.Rounding{money.HalfUp, money.Truncate, money.HalfEven, money.Up}
	ruleDayCounts = []money.DayCount{money.Actual365, money.ActualActual, money.Actual366, money.Actual360, money.Thirty360}
)

func ruleAt(i int) Rule {
	days, rest := i%len(ruleDayCounts), i/len(ruleDayCounts)
	return Rule{DayCount: ruleDayCounts[days], Rounding: ruleRoundings[rest%len(ruleRoundings)], FactorDecimals: ruleFactors[rest/len(ruleRoundings)]}
}

func ruleCount() int { return len(ruleFactors) * len(ruleRoundings) * len(ruleDayCounts) }

func (r Rule) accrual(rate money.Rate) money.Accrual {
	return money.Accrual{Rate: rate, DayCount: r.DayCount, FactorDecimals: r.FactorDecimals}
}

// charge is one month's interest as the tape reports it.
type charge struct {
	asset     int
	balance   money.Cents
	rate      money.Rate
	from, to  money.Date // paid-through dates; from is zero where they are not known
	interest  money.Cents
	paid      money.Cents
	scheduled money.Cents
	year      int
	single    bool // about one scheduled payment or less
}

// maxImpliedDays is the longest time that is looked for when no dates are known.
const maxImpliedDays = 120

// off is the reported interest less the rule's, in cents. Without dates it is
// the least over whole numbers of days, which are returned too.
func (c *charge) off(r Rule) (diff money.Cents, days int) {
	a := r.accrual(c.rate)
	if c.from != 0 {
		i, err := a.Interest(c.balance, c.from, c.to)
		if err != nil {
			return money.MaxAmount, 0
		}
		return c.interest - i.Round(r.Rounding), r.DayCount.Days(c.from, c.to)
	}
	diff = money.MaxAmount
	for _, f := range c.fitting(a) {
		if x := c.interest - f.interest.Round(r.Rounding); abs(x) < abs(diff) {
			diff, days = x, f.days
		}
	}
	return diff, days
}

// span is a number of days and its interest.
type span struct {
	days     int
	interest money.Interest
}

// fitting gives the spans next to the charge, when no dates are known.
func (c *charge) fitting(a money.Accrual) (out []span) {
	if a.DayCount == money.ActualActual && leapYear(c.year) {
		a.DayCount = money.Actual366
	}
	const long = 1000
	thousand, err := a.OverDays(c.balance, long)
	if err != nil || thousand.Round(money.Truncate) == 0 {
		return nil
	}
	guess := int(c.interest * long / thousand.Round(money.Truncate))
	for d := max(1, guess-1); d <= min(guess+2, maxImpliedDays); d++ {
		if i, err := a.OverDays(c.balance, d); err == nil {
			out = append(out, span{d, i})
		}
	}
	return out
}

// exactRules marks for every rule whether it gives the reported interest. The
// exact interest is computed once for each factor and day count.
func (c *charge) exactRules(hit []bool) {
	n := len(ruleDayCounts)
	for f, factor := range ruleFactors {
		for d, dayCount := range ruleDayCounts {
			at := f*len(ruleRoundings)*n + d
			a := money.Accrual{Rate: c.rate, DayCount: dayCount, FactorDecimals: factor}
			var spans []span
			if c.from != 0 {
				if i, err := a.Interest(c.balance, c.from, c.to); err == nil {
					spans = []span{{0, i}}
				}
			} else if dayCount != money.Thirty360 { // without dates it cannot be told from actual/360
				spans = c.fitting(a)
			}
			for k, rounding := range ruleRoundings {
				hit[at+k*n] = slices.ContainsFunc(spans, func(s span) bool { return s.interest.Round(rounding) == c.interest })
			}
		}
	}
}

func leapYear(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func abs(c money.Cents) money.Cents { return max(c, -c) }

// Score is how many months a rule reproduces.
type Score struct {
	Rule
	Exact   int `json:"exact"`
	Within1 int `json:"within_1_cent"`
	Within2 int `json:"within_2_cents"`
}

// Fit is the rule that reproduces most months of a set, or the plainest of those
// within one in a hundred of it; Ranking has it first, then the best rule for
// every other day count and every other rounding.
type Fit struct {
	Tested  int     `json:"tested"`
	Best    Score   `json:"best"`
	Ranking []Score `json:"ranking"`
}

// tieShare: rules within one in a hundred of the best count as equal to it, so
// that an odd rule is not found by chance.
const tieShare = 100

// tally counts exact months by rule.
type tally struct {
	tested int
	exact  []int
}

func (t *tally) add(hit []bool) {
	if t.exact == nil {
		t.exact = make([]int, len(hit))
	}
	t.tested++
	for i, h := range hit {
		if h {
			t.exact[i]++
		}
	}
}

// best is the first rule, in order of preference, that is not worse than any
// other by more than the tie share. prefer is a rule tried before the others.
func (t *tally) best(prefer int) int {
	if t.tested == 0 {
		return 0
	}
	enough := slices.Max(t.exact) - t.tested/tieShare
	if prefer >= 0 && t.exact[prefer] >= enough {
		return prefer
	}
	return slices.IndexFunc(t.exact, func(n int) bool { return n >= enough })
}

// ranked lists the best rule, then the best with every other day count, then
// with every other rounding; most months first.
func (t *tally) ranked(best int) []int {
	var order []int
	keep := func(like func(Rule) bool) {
		top := -1
		for i, n := range t.exact {
			if like(ruleAt(i)) && (top < 0 || n > t.exact[top]) {
				top = i
			}
		}
		if top >= 0 && t.exact[top] > 0 {
			order = append(order, top)
		}
	}
	b := ruleAt(best)
	for _, d := range ruleDayCounts {
		if d != b.DayCount {
			keep(func(r Rule) bool { return r.DayCount == d })
		}
	}
	for _, m := range ruleRoundings {
		if m != b.Rounding {
			keep(func(r Rule) bool { return r.Rounding == m && r.DayCount == b.DayCount })
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.exact[b], t.exact[a]) })
	return append([]int{best}, order...)
}

func score(charges []*charge, rule int) Score {
	s := Score{Rule: ruleAt(rule)}
	for _, c := range charges {
		x, _ := c.off(s.Rule)
		if x == 0 {
			s.Exact++
		}
		if abs(x) <= 1 {
			s.Within1++
		}
		if abs(x) <= 2 {
			s.Within2++
		}
	}
	return s
}

func fit(charges []*charge, t *tally) (Fit, int) {
	f := Fit{Tested: t.tested}
	if t.tested == 0 {
		return f, 0
	}
	best := t.best(-1)
	for _, i := range t.ranked(best) {
		f.Ranking = append(f.Ranking, score(charges, i))
	}
	f.Best = f.Ranking[0]
	return f, best
}

// cent is a cent in the millionths that fractions are followed in.
const cent = 1_000_000

// carried counts the dated months that are exact to the cent when the fraction
// of a cent that one payment leaves is carried to the next. The fraction at the
// start of a run of months is not reported: the first month must be exact
// without one, and then all the months of the run must fit one and the same
// fraction. That is one unknown for a whole run, and a rule without carrying
// does not fit it.
func carried(charges []*charge, rule Rule) (exact int) {
	least, most := int64(-cent/2), int64(cent/2) // the fraction is between these
	if rule.Rounding == money.Truncate {
		least, most = 0, cent
	}
	low, high := least, most
	var before *charge
	for _, c := range charges {
		i, err := rule.accrual(c.rate).Interest(c.balance, c.from, c.to)
		if err != nil {
			before = nil
			continue
		}
		more := i.Micros() - int64(c.interest)*cent // the new fraction is the old one and this
		run := before != nil && before.asset == c.asset && before.to == c.from
		before = c
		if run && max(low+more, least) <= min(high+more, most) {
			low, high = max(low+more, least), min(high+more, most)
			exact++
			continue
		}
		low, high = least, most
		if i.Round(rule.Rounding) == c.interest {
			exact++
		}
		low, high = max(low+more, least), min(high+more, most)
		if low > high {
			low, high, before = least, most, nil
		}
	}
	return exact
}

// withCarrying puts the rule first with its fraction carried, when that
// reproduces more months than the tie share.
func (f *Fit) withCarrying(charges []*charge) {
	rule := f.Best.Rule
	rule.Carried = true
	n := carried(charges, rule)
	if n <= f.Best.Exact+f.Tested/tieShare {
		return
	}
	f.Best = Score{Rule: rule, Exact: n, Within1: max(n, f.Best.Within1), Within2: max(n, f.Best.Within2)}
	f.Ranking = append([]Score{f.Best}, f.Ranking...)
}

// Explained sorts the dated months that the best rule misses.
type Explained struct {
	// DateOff: exact for a whole number of days that ends on another day than
	// the paid-through date, or begins where such a month ended. The date
	// reported is the posting date; interest runs to the effective date, and
	// the next month makes the difference up.
	DateOff int `json:"paid_through_date_off"`
	// TwoPayments: exact when the month's money came as two payments, one of
	// them the scheduled payment or half, on a day that is looked for. Some fit by chance.
	TwoPayments int `json:"two_payments"`
	Within2     int `json:"within_2_cents"`
	Unexplained int `json:"unexplained"`
}

// explain looks at the charges of each asset in order of time.
func explain(charges []*charge, rule Rule) Explained {
	var e Explained
	last, effective := -1, money.Date(0)
	for _, c := range charges {
		from := c.from
		if c.asset == last && effective != 0 {
			from = effective
		}
		last, effective = c.asset, 0
		x, _ := c.off(rule)
		if x == 0 {
			continue
		}
		if to := c.effectiveDate(rule, from); to != 0 {
			e.DateOff++
			effective = to
		} else if to := c.effectiveDate(rule, c.from); to != 0 {
			e.DateOff++
			effective = to
		} else if c.twoPayments(rule) {
			e.TwoPayments++
		} else if abs(x) <= 2 {
			e.Within2++
		} else {
			e.Unexplained++
		}
	}
	return e
}

// effectiveDate is the day nearest the reported one to which the rule's
// interest is exactly what was charged. Interest of less than half a dollar a
// day says nothing: there every amount fits some day.
func (c *charge) effectiveDate(rule Rule, from money.Date) money.Date {
	if day, err := rule.accrual(c.rate).PerDiem(c.balance, c.to); err != nil || day.Round(money.Truncate) < tellingPerDiem {
		return 0
	}
	for k := range money.Date(maxImpliedDays) {
		for _, to := range [2]money.Date{c.to - k, c.to + k} {
			if to <= from || to > c.to+31 {
				continue
			}
			i, err := rule.accrual(c.rate).Interest(c.balance, from, to)
			if err == nil && i.Round(rule.Rounding) == c.interest {
				return to
			}
		}
	}
	return 0
}

// tellingPerDiem is the least interest a day from which days can be read.
const tellingPerDiem money.Cents = 50

func (c *charge) twoPayments(rule Rule) bool {
	if c.single {
		return false
	}
	a := rule.accrual(c.rate)
	for _, first := range [3]money.Cents{c.scheduled, c.paid - c.scheduled, c.paid / 2} {
		if first <= 0 || first >= c.paid {
			continue
		}
		for on := c.from + 1; on < c.to; on++ {
			i1, err := a.Interest(c.balance, c.from, on)
			if err != nil || i1.Round(rule.Rounding) > first {
				continue
			}
			one := i1.Round(rule.Rounding)
			i2, err := a.Interest(c.balance-first+one, on, c.to)
			if err == nil && one+i2.Round(rule.Rounding) == c.interest {
				return true
			}
		}
	}
	return false
}
