package tape

import (
	"maps"
	"slices"

	"marque/internal/money"
)

// Count is how many months a rule was held to and how near it came.
type Count struct {
	Tested  int `json:"tested"`
	Exact   int `json:"exact"`
	Within1 int `json:"within_1_cent"`
	Within2 int `json:"within_2_cents"`
}

func (n *Count) add(off money.Cents, exact bool) {
	n.Tested++
	if exact {
		n.Exact++
		off = 0
	}
	if abs(off) <= 1 {
		n.Within1++
	}
	if abs(off) <= 2 {
		n.Within2++
	}
}

// Score is a rule and the months it gives to the cent.
type Score struct {
	Rule
	Exact int `json:"exact"`
}

// Year is one calendar year of a period, by the reporting month.
type Year struct {
	Year int `json:"year"`
	// DaysInYear is what the period's rule divides by in this year.
	DaysInYear int `json:"days_in_year"`
	Count
	// Own is the rule that would give clearly most of this year alone, each
	// month by itself; else the period's.
	Own Score `json:"best_rule_of_the_year_alone"`
}

// Period is a run of months under one rule.
type Period struct {
	From    string `json:"from"` // a month, YYYY-MM; empty where the tape has no months
	Through string `json:"through"`
	Rule
	// SameHere are the other day counts that give exactly as many of these
	// months: the tape cannot tell them apart.
	SameHere []money.DayCount `json:"same_in_this_period"`
	Count
	Years []Year `json:"years"`
}

// YearEnd holds the dated months that run over a 1 January between a leap year
// and another, and how many come within a cent by each way to count them.
type YearEnd struct {
	Months  int `json:"months"`
	Split   int `json:"each_day_over_its_own_year"`
	NewYear int `json:"all_over_the_year_it_ends_in"`
	OldYear int `json:"all_over_the_year_it_begins_in"`
	Fixed   int `json:"all_over_365"`
}

// Lender is what was found for one originator.
type Lender struct {
	Name       string `json:"lender"`
	Loans      int    `json:"loans"`
	LoanMonths int    `json:"loan_months"`

	// OneRule is the one rule that gives most of all months, Periods the rules
	// found where another fits clearly better for a time.
	OneRule Score    `json:"best_single_rule"`
	Periods []Period `json:"periods"`
	Changed bool     `json:"rule_changed"`

	// All tested months, each by its period's rule; of them Dated lie between
	// two paid-through dates, Single are dated and of about one scheduled
	// payment, and for Sought the number of days was looked for.
	All    Count `json:"all"`
	Dated  Count `json:"dated"`
	Single Count `json:"dated_single_payment"`
	Sought Count `json:"days_sought"`
	// ByChance is how many of Sought would be exact under any rule at all.
	ByChance int `json:"days_sought_exact_by_chance"`
	// DateOff counts dated months that are exact on another day than the
	// paid-through date.
	DateOff int `json:"dated_exact_on_another_day"`
	// SingleCeiling is the most that any one rule gives of Single.
	SingleCeiling Score `json:"dated_single_payment_best_single_rule"`
	// DatesIgnored: the paid-through dates do not bound the interest, so that
	// days were sought in every month.
	DatesIgnored bool    `json:"dates_ignored"`
	YearEnd      YearEnd `json:"year_end"`

	Ranking []Score  `json:"ranking"`
	Reasons []Reason `json:"reasons"`
	Misfits []Misfit `json:"misfits"`

	Split Share `json:"split"`        // interest + principal + other = total paid
	Roll  Share `json:"balance_roll"` // begin - principal (- charge-off, ± adjustment) = end
}

// counted is the first pass over a lender's months: every rule on every month.
type counted struct {
	loans              int
	byMonth            map[Month]*tally
	all, dated, single *tally
	chance             int64
	split, roll        Share
	yearEnd            []charge
}

func (t *lenderTape) count() *counted {
	n := &counted{byMonth: map[Month]*tally{}, all: newTally(), dated: newTally(), single: newTally()}
	hit := make([]bool, ruleCount)
	t.each(func(m, before *loanMonth, c *charge, left string) {
		if before == nil {
			n.loans++
		}
		m.figures(&n.split, &n.roll)
		if left != "" {
			return
		}
		c.exactRules(hit)
		if n.byMonth[m.month] == nil {
			n.byMonth[m.month] = newTally()
		}
		n.byMonth[m.month].add(hit)
		n.all.add(hit)
		if !c.dated() {
			n.chance += c.chance()
			return
		}
		n.dated.add(hit)
		if c.single {
			n.single.add(hit)
		}
		if y := c.from.Year(); y != c.to.Year() && leapYear(y) != leapYear(c.to.Year()) {
			n.yearEnd = append(n.yearEnd, *c)
		}
	})
	return n
}

// goesByDates says whether the paid-through dates bound the interest. Where
// they are due dates, or posting dates that are mostly a day off, months are
// matched better by whole days that are sought.
func (n *counted) goesByDates(sought *counted) bool {
	by, without := slices.Max(n.dated.exact), slices.Max(sought.all.exact)
	return sought.all.tested == 0 || by*sought.all.tested*2 >= without*n.dated.tested
}

func (t *lenderTape) report(misfits int) Lender {
	n := t.count()
	ignored := false
	if most := slices.Max(n.dated.exact); n.dated.tested >= 10 && most*2 < n.dated.tested {
		t.undated = true
		if sought := t.count(); n.goesByDates(sought) {
			t.undated = false
		} else {
			n, ignored = sought, true
		}
	}
	l := Lender{
		Loans: n.loans, LoanMonths: len(t.months), DatesIgnored: ignored, Split: n.split, Roll: n.roll,
		ByChance: int(n.chance / cent), Periods: []Period{}, Ranking: []Score{},
	}
	parts := stretches(n.byMonth)
	l.Changed = len(parts) > 1
	rules := t.carrying(parts)
	got := t.measure(parts, rules, true, misfits)
	l.All, l.Dated, l.Single, l.Sought = got.all, got.dated, got.single, got.sought
	l.DateOff, l.Reasons, l.Misfits = got.dateOff, got.listed(), got.loans
	if len(parts) == 0 {
		return l
	}
	for k, s := range parts {
		l.Periods = append(l.Periods, s.period(rules[k], got.periods[k], got.years[k], n.byMonth))
	}
	usual := n.all.best(-1)
	l.OneRule = Score{ruleAt(usual), n.all.exact[usual]}
	if !l.Changed {
		usual = parts[0].rule
		l.OneRule = Score{rules[0], got.all.Exact}
		if rules[0].Carried {
			l.Ranking = append(l.Ranking, l.OneRule)
		}
	}
	for _, i := range n.all.ranked(usual) {
		l.Ranking = append(l.Ranking, Score{ruleAt(i), n.all.exact[i]})
	}
	top := n.single.best(-1)
	l.SingleCeiling = Score{ruleAt(top), slices.Max(n.single.exact)}
	if n.single.exact[top] < l.SingleCeiling.Exact {
		top = slices.Index(n.single.exact, l.SingleCeiling.Exact)
		l.SingleCeiling.Rule = ruleAt(top)
	}
	for i := range n.yearEnd {
		l.YearEnd.add(&n.yearEnd[i], rules)
	}
	return l
}

// carrying gives each stretch its rule, with the fraction of a cent carried
// where that gives more months, by over one in a hundred, and where nearly all
// months within a cent keep to one fraction: stray cents do not.
func (t *lenderTape) carrying(parts []stretch) []Rule {
	plain, carried := make([]Rule, len(parts)), make([]Rule, len(parts))
	for k, s := range parts {
		plain[k] = ruleAt(s.rule)
		carried[k] = plain[k]
		carried[k].Carried = true
	}
	without, with := t.measure(parts, plain, false, 0), t.measure(parts, carried, false, 0)
	for k := range parts {
		n, runs := without.periods[k], with.runs[k]
		if with.periods[k].Exact > n.Exact+max(1, n.Tested/100) && runs.Matched*10 >= runs.Of*9 {
			plain[k].Carried = true
		}
	}
	return plain
}

func (s *stretch) period(r Rule, n Count, years map[int]*Count, byMonth map[Month]*tally) Period {
	p := Period{Rule: r, Count: n, Years: []Year{}, SameHere: []money.DayCount{}}
	if s.through != 0 {
		p.From, p.Through = s.from.iso(), s.through.iso()
	}
	of := s.rule % len(ruleDayCounts)
	for d, dayCount := range ruleDayCounts {
		if d != of && s.tally.exact[s.rule-of+d] == s.tally.exact[s.rule] {
			p.SameHere = append(p.SameHere, dayCount)
		}
	}
	for _, y := range slices.Sorted(maps.Keys(years)) {
		own := newTally()
		for m, t := range byMonth {
			if int(m)/12 == y && m >= s.from && m <= s.through {
				own.join(t)
			}
		}
		best := s.rule
		if slices.Max(own.exact) > own.exact[best]+changeCost(own.tested) {
			best = own.best(-1)
		}
		days := money.Accrual{DayCount: r.DayCount}.Basis(money.NewDate(max(y, 1), 7, 1))
		p.Years = append(p.Years, Year{Year: y, DaysInYear: days, Count: *years[y], Own: Score{ruleAt(best), own.exact[best]}})
	}
	return p
}

// add counts one month over each basis, by any period's factor and rounding: a
// rule may change on that very day.
func (e *YearEnd) add(c *charge, rules []Rule) {
	e.Months++
	hits := func(d money.DayCount) int {
		for _, r := range rules {
			r.DayCount = d
			if i, ok := c.nearest(r); ok && abs(c.interest-i.Round(r.Rounding)) <= 1 {
				return 1
			}
		}
		return 0
	}
	over365, over366 := hits(money.Actual365), hits(money.Actual366)
	e.Split += hits(money.ActualActual)
	e.Fixed += over365
	if leapYear(c.to.Year()) {
		e.NewYear, e.OldYear = e.NewYear+over366, e.OldYear+over365
	} else {
		e.NewYear, e.OldYear = e.NewYear+over365, e.OldYear+over366
	}
}
