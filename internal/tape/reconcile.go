package tape

import (
	"cmp"
	"maps"
	"slices"

	"marque/internal/money"
)

// Reconciler compares the interest that lenders report with what the engine's
// rules give. Loans are added month by month in any order; Report finds each
// lender's rule. It keeps about 150 bytes for each loan-month.
//
// A month is tested when it follows the month before it, interest and principal
// were collected, and the balance begins where the last one ended. Where both
// months have a paid-through date, the days between the two are the days of
// interest and there is nothing left to choose: a match says that balance, rate,
// days, day count and rounding are all right. Where a lender reports no dates,
// a month of about one scheduled payment is tested for a whole number of days
// that gives the interest to the cent. That is weaker, and reported apart.
type Reconciler struct {
	assets  map[string]int
	months  []loanMonth
	lenders map[string]int
	names   []string
	refused int
	leases  int
}

type loanMonth struct {
	asset, lender, order         int
	month                        Month
	rate                         money.Rate // 0 where the file has none
	begin, end                   Opt[money.Cents]
	interest, principal, other   Opt[money.Cents]
	total, scheduled, adjustment money.Cents
	chargedOff                   money.Cents
	through                      money.Date
}

// NewReconciler starts an empty comparison.
func NewReconciler() *Reconciler {
	return &Reconciler{assets: map[string]int{}, lenders: map[string]int{}}
}

// Refused counts a record that could not be read.
func (r *Reconciler) Refused() { r.refused++ }

// Add takes one record. Leases bear no interest here and are only counted.
func (r *Reconciler) Add(rec Record) {
	l := rec.Loan
	if l == nil {
		r.leases++
		return
	}
	lender := cmp.Or(l.Originator, l.Servicer, "(not named)")
	if _, ok := r.lenders[lender]; !ok {
		r.lenders[lender] = len(r.names)
		r.names = append(r.names, lender)
	}
	key := l.AssetType + "\x00" + l.Asset
	if _, ok := r.assets[key]; !ok {
		r.assets[key] = len(r.assets)
	}
	m := loanMonth{
		asset: r.assets[key], lender: r.lenders[lender], order: len(r.months),
		rate:  l.Rate.or(l.NextRate).V,
		begin: l.BeginBalance, end: l.EndBalance,
		interest: l.InterestPaid, principal: l.PrincipalPaid, other: l.OtherPaid,
		total: l.TotalPaid.V, scheduled: l.ScheduledPayment.V, adjustment: l.Adjustment.V, chargedOff: l.ChargedOff.V,
		through: l.PaidThrough,
	}
	if !l.TotalPaid.OK {
		m.total = l.InterestPaid.V + l.PrincipalPaid.V + l.OtherPaid.V
	}
	if !l.PeriodEnd.IsZero() {
		m.month = MonthOf(l.PeriodEnd)
	}
	r.months = append(r.months, m)
}

// Share is a part of a whole.
type Share struct {
	Matched int `json:"matched"`
	Of      int `json:"of"`
}

// LeftOut is why months were not tested, and how many.
type LeftOut struct {
	Reason string `json:"reason"`
	Months int    `json:"months"`
}

// Year is one calendar year's fit, by the date interest is paid through.
type Year struct {
	Year  int  `json:"year"`
	Fit   Fit  `json:"fit"`
	Dated bool `json:"dated"`
}

// Lender is what was found for one originator.
type Lender struct {
	Name       string `json:"lender"`
	Loans      int    `json:"loans"`
	LoanMonths int    `json:"loan_months"`

	// Dated holds the months between two paid-through dates, Single those of
	// them with at most one and a half scheduled payments, Implied the months
	// whose days were looked for (only when no month is dated).
	Dated   Fit `json:"dated"`
	Single  Fit `json:"dated_single_payment"`
	Implied Fit `json:"implied_days"`
	// ImpliedPlausible counts exact implied months of 25 to 38 days.
	ImpliedPlausible int `json:"implied_days_25_to_38"`

	Explained Explained `json:"dated_not_exact"`
	Years     []Year    `json:"years"`
	// Changed: no one rule does as well as each year's own.
	Changed bool `json:"rule_changed"`
	// ExactByYear is the exact months when each year has its own best rule.
	ExactByYear int       `json:"exact_with_each_years_rule"`
	LeftOut     []LeftOut `json:"left_out"`

	Split Share `json:"split"`        // interest + principal + other = total paid
	Roll  Share `json:"balance_roll"` // begin - principal (- charge-off, ± adjustment) = end
}

// Rule is the lender's rule as found, from dated months when there are any.
func (l *Lender) Rule() (Fit, bool) {
	if l.Dated.Tested > 0 {
		return l.Dated, true
	}
	return l.Implied, false
}

// Reconciliation is the whole report.
type Reconciliation struct {
	LoanMonths int      `json:"loan_months"`
	Leases     int      `json:"lease_records"`
	Refused    int      `json:"records_refused"`
	Lenders    []Lender `json:"lenders"`
}

// Report finds the rules. Lenders come in the order they were first met.
func (r *Reconciler) Report() Reconciliation {
	slices.SortFunc(r.months, func(a, b loanMonth) int {
		return cmp.Or(cmp.Compare(a.asset, b.asset), cmp.Compare(a.month, b.month), cmp.Compare(a.order, b.order))
	})
	works := make([]lenderWork, len(r.names))
	for i := range works {
		works[i].leftOut = map[string]int{}
	}
	for i := range r.months {
		m := &r.months[i]
		var before *loanMonth
		if i > 0 && r.months[i-1].asset == m.asset {
			before = &r.months[i-1]
		}
		works[m.lender].add(m, before)
	}
	out := Reconciliation{LoanMonths: len(r.months), Leases: r.leases, Refused: r.refused, Lenders: []Lender{}}
	for i := range works {
		l := works[i].report()
		l.Name = r.names[i]
		out.Lenders = append(out.Lenders, l)
	}
	return out
}

type lenderWork struct {
	loans, months  int
	dated, implied []*charge
	leftOut        map[string]int
	split, roll    Share
}

func (w *lenderWork) add(m, before *loanMonth) {
	w.months++
	if before == nil {
		w.loans++
	}
	w.figures(m)
	rate := m.rate
	if rate == 0 && before != nil {
		rate = before.rate // payoffs leave their rate out
	}
	c := &charge{
		asset: m.asset, balance: m.begin.V, rate: rate, interest: m.interest.V, paid: m.total, scheduled: m.scheduled,
		year: int(m.month) / 12, single: m.scheduled <= 0 || 2*m.total <= 3*m.scheduled,
	}
	if reason := m.unfit(before, c); reason != "" {
		w.leftOut[reason]++
		return
	}
	if before == nil || before.through == 0 || m.through == 0 {
		if c.year == 0 && m.through != 0 {
			c.year = m.through.Year()
		}
		w.implied = append(w.implied, c)
		return
	}
	if m.through <= before.through {
		w.leftOut["the paid-through date did not move"]++
		return
	}
	c.from, c.to, c.year = before.through, m.through, m.through.Year()
	w.dated = append(w.dated, c)
}

// unfit says why a month's interest cannot be tested; empty when it can.
func (m *loanMonth) unfit(before *loanMonth, c *charge) string {
	switch {
	case !m.interest.OK || m.interest.V == 0:
		return "no interest collected"
	case m.interest.V < 0:
		return "interest taken back"
	case c.rate == 0:
		return "no rate, or a rate of zero"
	case !m.begin.OK || m.begin.V <= 0:
		return "no balance at the beginning"
	case m.principal.OK && m.principal.V <= 0:
		return "no principal collected: the interest may not be paid in full"
	case before != nil && before.month != 0 && before.month == m.month:
		return "two records for one month"
	case before != nil && before.month != 0 && m.month-before.month != 1:
		return "the month before is missing"
	case before != nil && before.end.OK && before.end.V != m.begin.V:
		return "the balance does not begin where the month before ended"
	case before != nil && before.rate != 0 && before.rate != c.rate:
		return "the rate changed"
	}
	return ""
}

// figures checks the split of the payment and the balance's roll.
func (w *lenderWork) figures(m *loanMonth) {
	if m.interest.OK && m.principal.OK && m.other.OK {
		w.split.Of++
		if m.interest.V+m.principal.V+m.other.V == m.total {
			w.split.Matched++
		}
	}
	if m.begin.OK && m.end.OK && m.principal.OK {
		w.roll.Of++
		plain := m.begin.V - m.principal.V
		for _, end := range [...]money.Cents{plain, plain - m.chargedOff} {
			// Files sign the adjustment either way.
			if m.end.V == end || m.end.V == end-m.adjustment || m.end.V == end+m.adjustment {
				w.roll.Matched++
				break
			}
		}
	}
}

// telling keeps the charges from whose amount days can be read, and says why
// the others cannot be.
func (w *lenderWork) telling() []*charge {
	var out []*charge
	for _, c := range w.implied {
		day, err := money.Accrual{Rate: c.rate, DayCount: money.Actual365}.OverDays(c.balance, 1)
		switch {
		case len(w.dated) > 0:
			w.leftOut["first record of the loan, or no paid-through date"]++
		case !c.single:
			w.leftOut["no dates, and more than one scheduled payment"]++
		case err != nil || day.Round(money.Truncate) < tellingPerDiem:
			w.leftOut["no dates, and under 50 cents of interest a day: any number of days would fit"]++
		default:
			out = append(out, c)
		}
	}
	return out
}

func (w *lenderWork) report() Lender {
	l := Lender{Loans: w.loans, LoanMonths: w.months, Split: w.split, Roll: w.roll}
	implied := w.telling()
	hit := make([]bool, ruleCount())
	var dated, single, undated tally
	years := map[int]*tally{}
	byYear := map[int][]*charge{}
	count := func(c *charge, t *tally) {
		c.exactRules(hit)
		t.add(hit)
		if c.single && c.from != 0 {
			single.add(hit)
		}
		if years[c.year] == nil {
			years[c.year] = &tally{}
		}
		years[c.year].add(hit)
		byYear[c.year] = append(byYear[c.year], c)
	}
	for _, c := range w.dated {
		count(c, &dated)
	}
	for _, c := range implied {
		count(c, &undated)
	}
	var best int
	if len(w.dated) > 0 {
		l.Dated, best = fit(w.dated, &dated)
		l.Explained = explain(w.dated, l.Dated.Best.Rule)
		ones := slices.DeleteFunc(slices.Clone(w.dated), func(c *charge) bool { return !c.single })
		l.Single, _ = fit(ones, &single)
		l.Dated.withCarrying(w.dated)
		l.Single.withCarrying(ones)
	} else {
		l.Implied, best = fit(implied, &undated)
		for _, c := range implied {
			if x, days := c.off(l.Implied.Best.Rule); x == 0 && days >= 25 && days <= 38 {
				l.ImpliedPlausible++
			}
		}
	}
	found, _ := l.Rule()
	sum := 0
	for _, t := range years {
		sum += slices.Max(t.exact)
	}
	if l.Changed = sum > found.Best.Exact+found.Tested/tieShare; l.Changed {
		best = -1
	}
	for _, y := range slices.Sorted(maps.Keys(years)) {
		t := years[y]
		mine := t.best(best)
		f := Fit{Tested: t.tested}
		for _, i := range t.ranked(mine) {
			f.Ranking = append(f.Ranking, score(byYear[y], i))
		}
		f.Best = f.Ranking[0]
		if found.Best.Carried {
			f.withCarrying(byYear[y])
		}
		l.ExactByYear += f.Best.Exact
		l.Years = append(l.Years, Year{Year: y, Fit: f, Dated: len(w.dated) > 0})
	}
	for _, reason := range slices.Sorted(maps.Keys(w.leftOut)) {
		l.LeftOut = append(l.LeftOut, LeftOut{reason, w.leftOut[reason]})
	}
	slices.SortStableFunc(l.LeftOut, func(a, b LeftOut) int { return cmp.Compare(b.Months, a.Months) })
	return l
}
