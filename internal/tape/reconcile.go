package tape

import (
	"cmp"
	"slices"
	"strings"

	"marque/internal/money"
)

// Reconciler compares the interest that lenders report with what the engine's
// rules give. Loans are added month by month in any order; Report finds each
// lender's rule. It keeps about 130 bytes for each loan-month.
//
// A month is tested when interest and principal were collected and the balance
// begins where the last record ended. Where the paid-through dates before and
// after it are known, the days between the two are the days of interest and
// there is nothing left to choose: a match says that balance, rate, days, day
// count and rounding are all right. Where one of them is not known (the loan's
// first record, a payoff, a file without dates) a month of about one scheduled
// payment is tested for a whole number of days that gives the interest to the
// cent. That is weaker, and counted apart.
type Reconciler struct {
	assets  map[string]int32
	names   []string // of the assets
	lenders []int32  // of the assets: where a record names no lender
	months  []loanMonth
	lender  map[string]int32
	refused int
	leases  int
}

// absentCents stands for an amount that the record leaves out.
const absentCents = money.Cents(-1 << 63)

func kept(o Opt[money.Cents]) money.Cents {
	if !o.OK {
		return absentCents
	}
	return o.V
}

type loanMonth struct {
	rate                         money.Rate // 0 where the file has none
	begin, end                   money.Cents
	interest, principal, other   money.Cents
	total, scheduled, adjustment money.Cents // 0 where the file has none
	chargedOff, fees             money.Cents // likewise
	asset, lender, order         int32
	month                        Month
	through                      money.Date
	extended, modified, closed   bool
}

// NewReconciler starts an empty comparison.
func NewReconciler() *Reconciler {
	return &Reconciler{assets: map[string]int32{}, lender: map[string]int32{}}
}

// Refused counts a record that could not be read.
func (r *Reconciler) Refused() { r.refused++ }

// Add takes one record. Leases bear no interest here and are only counted. The
// lender is the originator, else the servicer, else who the asset's other
// records name.
func (r *Reconciler) Add(rec Record) {
	l := rec.Loan
	if l == nil {
		r.leases++
		return
	}
	asset, known := r.assets[l.AssetType+"\x00"+l.Asset]
	if !known {
		key := l.AssetType + "\x00" + l.Asset
		asset = int32(len(r.names))
		r.assets[key] = asset
		r.names = append(r.names, key[len(l.AssetType)+1:])
		r.lenders = append(r.lenders, -1)
	}
	m := loanMonth{
		asset: asset, lender: -1, order: int32(len(r.months)),
		rate:  l.Rate.or(l.NextRate).or(l.OriginalRate).V,
		begin: kept(l.BeginBalance), end: kept(l.EndBalance),
		interest: kept(l.InterestPaid), principal: kept(l.PrincipalPaid), other: kept(l.OtherPaid),
		total: l.TotalPaid.V, scheduled: l.ScheduledPayment.V, adjustment: l.Adjustment.V,
		chargedOff: l.ChargedOff.V, fees: l.FeesOutstanding.V, through: l.PaidThrough,
		extended: l.MonthsExtended != 0, modified: l.Modified, closed: len(l.ZeroCodes) > 0,
	}
	if name := cmp.Or(l.Originator, l.Servicer); name != "" {
		n, ok := r.lender[name]
		if !ok {
			n = int32(len(r.lender))
			r.lender[strings.Clone(name)] = n
		}
		m.lender, r.lenders[asset] = n, n
	}
	if !l.InterestPaid.OK && l.TotalPaid.OK && l.PrincipalPaid.OK {
		m.interest = l.TotalPaid.V - l.PrincipalPaid.V - l.OtherPaid.V
	}
	if !l.TotalPaid.OK {
		m.total = l.InterestPaid.V + l.PrincipalPaid.V + l.OtherPaid.V
	}
	if m.begin == absentCents && l.EndBalance.OK && l.PrincipalPaid.OK {
		m.begin = m.end + m.principal + m.chargedOff
	}
	m.month = l.PaidMonth
	for _, d := range [...]money.Date{l.PaidThrough, l.PeriodBegin, l.PeriodEnd} {
		if d != 0 {
			m.month = MonthOf(d)
		}
	}
	r.months = append(r.months, m)
}

// Reconciliation is the whole report.
type Reconciliation struct {
	LoanMonths int      `json:"loan_months"`
	Leases     int      `json:"lease_records"`
	Refused    int      `json:"records_refused"`
	Lenders    []Lender `json:"lenders"`
}

// Report finds the rules. Lenders come in the order they were first met. Of
// each, the misfits of so many loans are listed, those with most of them first.
func (r *Reconciler) Report(misfits int) Reconciliation {
	unnamed := false
	for i := range r.months {
		m := &r.months[i]
		if m.lender < 0 {
			m.lender = r.lenders[m.asset]
		}
		if m.lender < 0 {
			m.lender, unnamed = int32(len(r.lender)), true
		}
	}
	names := make([]string, len(r.lender), len(r.lender)+1)
	for name, n := range r.lender {
		names[n] = name
	}
	if unnamed {
		names = append(names, "(not named)")
	}
	slices.SortFunc(r.months, func(a, b loanMonth) int {
		return cmp.Or(cmp.Compare(a.lender, b.lender), cmp.Compare(a.asset, b.asset), cmp.Compare(a.month, b.month), cmp.Compare(a.order, b.order))
	})
	out := Reconciliation{LoanMonths: len(r.months), Leases: r.leases, Refused: r.refused, Lenders: []Lender{}}
	for rest := r.months; len(rest) > 0; {
		n := rest[0].lender
		end := slices.IndexFunc(rest, func(m loanMonth) bool { return m.lender != n })
		if end < 0 {
			end = len(rest)
		}
		t := lenderTape{months: rest[:end], names: r.names, dateless: true}
		for i := 1; i < end && t.dateless; i++ {
			t.dateless = rest[i].asset != rest[i-1].asset || rest[i].through == 0 || rest[i-1].through == 0
		}
		l := t.report(misfits)
		l.Name = names[n]
		out.Lenders = append(out.Lenders, l)
		rest = rest[end:]
	}
	return out
}

// lenderTape is one lender's months, each loan's in order of time.
type lenderTape struct {
	months   []loanMonth
	names    []string
	undated  bool // paid-through dates are not gone by: they do not bound the interest
	dateless bool // there are no two of them in a row
}

// Why a month is not tested.
const (
	noInterest   = "no interest collected"
	takenBack    = "interest taken back: a payment reversed"
	noRate       = "no rate, or a rate of zero"
	noBalance    = "no balance at the beginning"
	noPrincipal  = "no principal collected: the interest may not be paid in full"
	twice        = "two records for one month"
	notRolled    = "the balance does not begin where the month before ended"
	rateChanged  = "the rate changed"
	notMoved     = "the paid-through date did not move"
	manyUndated  = "no dates, and more than one scheduled payment"
	smallUndated = "no dates, and under 50 cents of interest a day: any number of days would fit"
	leapJanuary  = "no dates, in the January that begins or follows a leap year: the days of each year are not known"
)

// each gives every month with its charge, or why it is not tested.
func (t *lenderTape) each(f func(m, before *loanMonth, c *charge, left string)) {
	var c charge
	var paidTo money.Date
	for i := range t.months {
		m := &t.months[i]
		var before *loanMonth
		if i > 0 && t.months[i-1].asset == m.asset {
			before = &t.months[i-1]
		} else {
			paidTo = 0
		}
		left := t.charge(&c, m, before, paidTo)
		f(m, before, &c, left)
		if m.through != 0 {
			paidTo = m.through
		} else if m.interest != absentCents && m.interest != 0 {
			paidTo = 0
		}
	}
}

func (t *lenderTape) charge(c *charge, m, before *loanMonth, paidTo money.Date) (left string) {
	*c = charge{
		balance: m.begin, rate: m.rate, from: paidTo, to: m.through, year: int(m.month) / 12,
		interest: m.interest, paid: m.total, scheduled: m.scheduled,
		single: m.scheduled <= 0 || 2*m.total <= 3*m.scheduled, byMonth: t.dateless || t.undated,
	}
	if t.undated {
		c.from, c.to = 0, 0
	}
	if c.rate == 0 && before != nil {
		c.rate = before.rate // payoffs leave their rate out
	}
	if c.balance == absentCents && before != nil {
		c.balance = before.end
	}
	if left := m.unfit(before, c); left != "" {
		return left
	}
	if c.dated() {
		if c.to <= c.from {
			return notMoved
		}
		return ""
	}
	switch payoff := m.closed && m.end == 0; {
	case !c.single && !payoff:
		return manyUndated
	case !c.telling():
		return smallUndated
	case m.month != 0 && c.from == 0 && c.to == 0 && m.month%12 == 0 && leapYear(c.year) != leapYear(c.year-1):
		return leapJanuary
	}
	return ""
}

func (m *loanMonth) unfit(before *loanMonth, c *charge) string {
	switch {
	case c.interest == absentCents || c.interest == 0:
		return noInterest
	case c.interest < 0:
		return takenBack
	case c.rate == 0:
		return noRate
	case c.balance == absentCents || c.balance <= 0:
		return noBalance
	case m.principal != absentCents && m.principal <= 0:
		return noPrincipal
	}
	if before == nil {
		return ""
	}
	moved := before.end != absentCents && before.end != c.balance
	switch gap := before.month == 0 || m.month-before.month != 1; {
	case before.month != 0 && before.month == m.month:
		return twice
	case before.rate != 0 && before.rate != c.rate:
		return rateChanged
	case moved && gap:
		c.from = 0 // something was paid in a month that is not here
	case moved:
		return notRolled
	}
	return ""
}

// Share is a part of a whole.
type Share struct {
	Matched int `json:"matched"`
	Of      int `json:"of"`
}

// figures checks the split of the payment and the balance's roll.
func (m *loanMonth) figures(split, roll *Share) {
	if m.interest != absentCents && m.principal != absentCents && m.other != absentCents {
		split.Of++
		if m.interest+m.principal+m.other == m.total {
			split.Matched++
		}
	}
	if m.begin != absentCents && m.end != absentCents && m.principal != absentCents {
		roll.Of++
		plain := m.begin - m.principal
		for _, end := range [...]money.Cents{plain, plain - m.chargedOff} {
			// Files sign the adjustment either way.
			if m.end == end || m.end == end-m.adjustment || m.end == end+m.adjustment {
				roll.Matched++
				break
			}
		}
	}
}
