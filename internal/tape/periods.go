package tape

import (
	"cmp"
	"slices"
)

// tally counts exact months by rule.
type tally struct {
	tested int
	exact  []int
}

func newTally() *tally { return &tally{exact: make([]int, ruleCount)} }

func (t *tally) add(hit []bool) {
	t.tested++
	for i, h := range hit {
		if h {
			t.exact[i]++
		}
	}
}

func (t *tally) join(u *tally) {
	t.tested += u.tested
	for i, n := range u.exact {
		t.exact[i] += n
	}
}

// slack is how many months a plainer rule may lose to an odder one of the same
// day count and still be named: so many fit by accident.
func (t *tally) slack() int { return min(1+t.tested/500, t.tested/50) }

// best is the day count of the rule that gives most months to the cent, and of
// its rules the plainest that is not clearly worse. prefer is a rule that is
// taken when it is as good; -1 for none.
func (t *tally) best(prefer int) int {
	most := slices.Max(t.exact)
	if prefer >= 0 && t.exact[prefer] >= most-t.slack() {
		return prefer
	}
	days := -1
	for d := range ruleDayCounts {
		for i := d; i < ruleCount; i += len(ruleDayCounts) {
			if t.exact[i] == most && days < 0 {
				days = d
			}
		}
	}
	for i := days; i < ruleCount; i += len(ruleDayCounts) {
		if t.exact[i] >= most-t.slack() {
			return i
		}
	}
	return days
}

// ranked lists the best rule, then the best with every other day count, then
// with every other rounding and with the factor cut otherwise; most months first.
func (t *tally) ranked(best int) []int {
	var order []int
	keep := func(like func(Rule) bool) {
		top := -1
		for i, n := range t.exact {
			if like(ruleAt(i)) && (top < 0 || n > t.exact[top]) {
				top = i
			}
		}
		if top >= 0 && t.exact[top] > 0 && !slices.Contains(order, top) {
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
	for _, f := range ruleFactors {
		if f != b.FactorDecimals {
			keep(func(r Rule) bool {
				return r.FactorDecimals == f && r.DayCount == b.DayCount && r.Rounding == b.Rounding
			})
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.exact[b], t.exact[a]) })
	return append([]int{best}, order...)
}

// stretch is a run of months under one rule.
type stretch struct {
	from, through Month // the first is the month after the stretch before
	rule          int
	tally         *tally
}

// stretches parts the months of a lender where another rule fits clearly better:
// of all ways to give each month a rule it takes the one with most months to
// the cent, where each change of rule costs as many as changeCost says.
func stretches(byMonth map[Month]*tally) []stretch {
	var months []Month
	all := newTally()
	for m, t := range byMonth {
		months = append(months, m)
		all.join(t)
	}
	slices.Sort(months)
	if len(months) == 0 {
		return nil
	}
	cost := changeCost(all.tested)
	score := make([]int, ruleCount)
	came := make([][]int16, len(months)) // the rule of the month before
	for k, m := range months {
		top := 0
		for i := range score {
			if score[i] > score[top] {
				top = i
			}
		}
		was := score[top]
		came[k] = make([]int16, ruleCount)
		for i := range score {
			came[k][i] = int16(i)
			if score[i] < was-cost {
				score[i], came[k][i] = was-cost, int16(top)
			}
			score[i] += byMonth[m].exact[i]
		}
	}
	rule := int16(0)
	for i := range score {
		if score[i] > score[rule] {
			rule = int16(i)
		}
	}
	var out []stretch
	for k := len(months) - 1; k >= 0; k-- {
		if len(out) == 0 || out[len(out)-1].rule != int(rule) {
			out = append(out, stretch{through: months[k], rule: int(rule), tally: newTally()})
		}
		s := &out[len(out)-1]
		s.from = months[k]
		s.tally.join(byMonth[months[k]])
		rule = came[k][rule]
	}
	slices.Reverse(out)
	return named(out)
}

// changeCost is how many months to the cent a change of rule must gain.
func changeCost(tested int) int { return 8 + tested/200 }

// named gives each stretch the plainest rule that fits it and joins neighbors
// that have the same.
func named(parts []stretch) []stretch {
	out := parts[:0]
	for _, s := range parts {
		s.rule = s.tally.best(-1)
		if n := len(out); n > 0 && out[n-1].rule == s.rule {
			out[n-1].through = s.through
			out[n-1].tally.join(s.tally)
			continue
		} else if n > 0 && out[n-1].through != 0 {
			s.from = out[n-1].through + 1
		}
		out = append(out, s)
	}
	return out
}

// stretchOf finds the stretch a month lies in; months before the first belong
// to it, months between two to the later.
func stretchOf(all []stretch, m Month) int {
	for i := range all {
		if m <= all[i].through {
			return i
		}
	}
	return len(all) - 1
}
