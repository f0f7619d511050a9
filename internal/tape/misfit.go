package tape

import (
	"cmp"
	"maps"
	"slices"

	"marque/internal/money"
)

// Reason is why months are not shown to the cent: why the rule misses a month
// that was tested, or why a month was not tested.
type Reason struct {
	Reason string `json:"reason"`
	Tested bool   `json:"tested"`
	Months int    `json:"months"`
	Loans  int    `json:"loans"`
}

// Misfit is a loan with months in which interest was collected and is not
// shown to the cent.
type Misfit struct {
	Asset  string        `json:"asset"`
	Tested int           `json:"tested"`
	Exact  int           `json:"exact"`
	Months []MisfitMonth `json:"months"`
}

// MisfitMonth is one such month.
type MisfitMonth struct {
	Month    string      `json:"month"`
	Reason   string      `json:"reason"`
	Tested   bool        `json:"tested"`
	Reported money.Cents `json:"interest_reported"`
	// Given is the rule's interest; absent where the month was not tested.
	Given *money.Cents `json:"interest_by_rule,omitempty"`
	From  money.Date   `json:"paid_through_before,omitzero"`
	To    money.Date   `json:"paid_through,omitzero"`
	// FitsTo is the day on which the interest would be exact, if that was found.
	FitsTo money.Date `json:"exact_on,omitzero"`
}

// Why the rule misses a month, in the order they are looked for.
const (
	centsOff     = "one or two cents off"
	dateOff      = "re-dated: exact on another day than the paid-through date"
	madeUp       = "re-dated: exact from the day to which the month before was"
	caughtUp     = "a catch-up: exact with what the month before left unpaid"
	feeInside    = "a fee counted as interest: the difference is the other amount collected or the drop in fees"
	charged      = "a charge-off"
	extension    = "an extension"
	adjusted     = "an adjustment of principal"
	credit       = "a credit balance"
	twoSplit     = "two payments: exact with one on a day that is sought (weaker)"
	severalPaid  = "more than one payment, and less interest than one would bear: the days are not known"
	afterMissed  = "a catch-up after a month without, or with too little, interest"
	modified     = "a modification"
	closing      = "the loan was paid off or closed"
	morePaid     = "more than the scheduled payment was paid: perhaps in more than one payment"
	notExplained = "no reason seen"
)

// measured is what a pass under the found rules gives.
type measured struct {
	all, dated, single, sought Count
	periods                    []Count
	years                      []map[int]*Count
	runs                       []Share // months within a cent that could go on with a carried fraction, and did
	dateOff                    int
	reasons                    map[string]*Reason
	lastLoan                   map[string]int32 // of a reason: to count each loan once
	loans                      []Misfit
	room                       int
}

// walk follows one loan from month to month.
type walk struct {
	asset   int32
	end     money.Date // the day to which interest is really paid, as far as seen
	unpaid  int64      // millionths of a cent that earlier months left
	missed  bool       // the month before had no interest
	carry   carry
	misfits Misfit
}

// carry follows the fraction of a cent, in millionths, that one payment leaves
// to the next. The fraction at the start of a run of months is not reported:
// the first month must be exact without one, and then all the months of the run
// must fit one and the same fraction. That is one unknown for a whole run, and
// a rule without carrying does not fit it.
type carry struct {
	part      int // the stretch the run lies in
	month     Month
	to        money.Date
	running   bool
	low, high int64
}

// fits adds a month whose exact interest is more than the charge by so much;
// held says that it went on with the run.
func (f *carry) fits(more int64, r Rule) (held bool) {
	least, most := int64(-cent/2), int64(cent/2)
	if r.Rounding == money.Truncate {
		least, most = 0, cent
	}
	if f.running {
		if low, high := max(f.low+more, least), min(f.high+more, most); low <= high {
			f.low, f.high = low, high
			return true
		}
	}
	f.low, f.high = max(least+more, least), min(most+more, most)
	f.running = f.low <= f.high
	return false
}

// next says whether the month goes on where the last one tested ended.
func (f *carry) next(part int, m *loanMonth, c *charge) {
	follows := m.month-f.month == 1 || (c.dated() && c.from == f.to)
	f.running = f.running && part == f.part && follows
	f.part, f.month, f.to = part, m.month, c.to
}

// measure goes through all months under the rules. Unless it is to explain, it
// only counts.
func (t *lenderTape) measure(parts []stretch, rules []Rule, explain bool, room int) *measured {
	out := &measured{
		periods: make([]Count, len(parts)), years: make([]map[int]*Count, len(parts)), runs: make([]Share, len(parts)),
		reasons: map[string]*Reason{}, lastLoan: map[string]int32{}, loans: []Misfit{}, room: room,
	}
	for k := range out.years {
		out.years[k] = map[int]*Count{}
	}
	var w walk
	t.each(func(m, before *loanMonth, c *charge, left string) {
		if before == nil {
			out.keep(&w.misfits)
			w = walk{asset: m.asset, misfits: Misfit{Asset: t.names[m.asset]}}
		}
		if left != "" {
			if explain && len(parts) > 0 {
				w.untested(m, c, left, rules[stretchOf(parts, m.month)])
			}
			if explain {
				out.because(&w, m, c, left, nil, 0)
			}
			return
		}
		k := stretchOf(parts, m.month)
		i, ok := c.nearest(rules[k])
		off := c.interest - i.Round(rules[k].Rounding)
		exact := ok && off == 0
		if rules[k].Carried {
			w.carry.next(k, m, c)
			was, more := w.carry.running, i.Micros()-int64(c.interest)*cent
			held := w.carry.fits(more, rules[k])
			exact = exact || held
			if was && near(more, cent) {
				out.runs[k].Of++
				if held {
					out.runs[k].Matched++
				}
			}
		}
		out.tally(m, c, k, off, exact)
		w.misfits.Tested++
		to := c.to
		if exact {
			w.misfits.Exact++
		} else if explain {
			reason, on := w.explain(m, c, rules[k], i, off)
			given := i.Round(rules[k].Rounding)
			out.because(&w, m, c, reason, &given, on)
			if on != 0 {
				to = on
			}
		}
		w.end, w.unpaid, w.missed = to, 0, false
	})
	out.keep(&w.misfits)
	return out
}

func (o *measured) tally(m *loanMonth, c *charge, part int, off money.Cents, exact bool) {
	year := o.years[part][int(m.month)/12]
	if year == nil {
		year = &Count{}
		o.years[part][int(m.month)/12] = year
	}
	counts := []*Count{&o.all, &o.periods[part], year}
	switch {
	case !c.dated():
		counts = append(counts, &o.sought)
	case c.single:
		counts = append(counts, &o.dated, &o.single)
	default:
		counts = append(counts, &o.dated)
	}
	for _, n := range counts {
		n.add(off, exact)
	}
}

// untested keeps count of what a month leaves unpaid that is not held to the
// rule: interest that accrued and was not covered, or was paid ahead of the date.
func (w *walk) untested(m *loanMonth, c *charge, left string, r Rule) {
	switch {
	case left == noInterest:
		w.missed = true
		return // the date may move; interest is paid no further
	case left == noPrincipal && c.dated() && c.to > c.from:
		if w.end != 0 {
			c.from = w.end
		}
		if i, err := r.accrual(c.rate).Interest(c.balance, c.from, c.to); err == nil {
			w.unpaid += i.Micros() - int64(c.interest)*cent
		}
	case left == notMoved:
		w.unpaid -= int64(c.interest) * cent
	default:
		w.unpaid = 0
	}
	w.end, w.missed = m.through, false
	w.carry.running = false
}

// explain says why a rule misses a month and, if there is one, the day on which
// the interest is exact.
func (w *walk) explain(m *loanMonth, c *charge, r Rule, i money.Interest, off money.Cents) (reason string, on money.Date) {
	if abs(off) <= 2 {
		return centsOff, 0
	}
	if c.dated() {
		if reason, on := w.onAnotherDay(c, r); reason != "" {
			return reason, on
		}
	}
	other := m.other
	if other == absentCents {
		other = 0
	}
	switch {
	case w.unpaid != 0 && near(i.Micros()+w.unpaid-int64(c.interest)*cent, 2*cent):
		return caughtUp, 0
	case other > 0 && abs(off) == other:
		return feeInside, 0
	case m.chargedOff != 0:
		return charged, 0
	case m.adjustment != 0:
		return adjusted, 0
	case m.end != absentCents && m.end < 0:
		return credit, 0
	case m.extended:
		return extension, 0
	case c.twoPayments(r):
		return twoSplit, 0
	case !c.single && off < 0:
		return severalPaid, 0
	case w.missed || w.unpaid != 0:
		return afterMissed, 0
	case m.modified:
		return modified, 0
	case m.closed:
		return closing, 0
	case c.scheduled > 0 && c.paid > c.scheduled:
		return morePaid, 0
	}
	return notExplained, 0
}

// onAnotherDay: the date reported is the posting date, or was moved in a month
// without interest; interest runs to the effective date, and the next month
// makes the difference up.
func (w *walk) onAnotherDay(c *charge, r Rule) (string, money.Date) {
	if w.end != 0 && w.end != c.from && w.end < c.to {
		i, err := r.accrual(c.rate).Interest(c.balance, w.end, c.to)
		if err == nil && r.gives(i, c.interest) {
			return madeUp, c.to
		}
		if to := c.effectiveDate(r, w.end); to != 0 {
			return dateOff, to
		}
	}
	if to := c.effectiveDate(r, c.from); to != 0 {
		return dateOff, to
	}
	return "", 0
}

// because counts a reason and lists the month with its loan.
func (o *measured) because(w *walk, m *loanMonth, c *charge, reason string, given *money.Cents, on money.Date) {
	n := o.reasons[reason]
	if n == nil {
		n = &Reason{Reason: reason, Tested: given != nil}
		o.reasons[reason] = n
		o.lastLoan[reason] = -1
	}
	n.Months++
	if o.lastLoan[reason] != w.asset {
		o.lastLoan[reason] = w.asset
		n.Loans++
	}
	if reason == dateOff || reason == madeUp {
		o.dateOff++
	}
	if o.room == 0 || (given == nil && !doubtful(reason)) {
		return
	}
	w.misfits.Months = append(w.misfits.Months, MisfitMonth{
		Month: m.month.iso(), Reason: reason, Tested: given != nil, Reported: c.interest, Given: given,
		From: c.from, To: c.to, FitsTo: on,
	})
}

// doubtful: interest was collected, and something in the records stands against it.
func doubtful(reason string) bool {
	switch reason {
	case takenBack, noPrincipal, twice, notRolled, rateChanged, notMoved:
		return true
	}
	return false
}

// keep holds on to the loans with most misfits.
func (o *measured) keep(m *Misfit) {
	if len(m.Months) == 0 {
		return
	}
	at := len(o.loans)
	for at > 0 && len(o.loans[at-1].Months) < len(m.Months) {
		at--
	}
	if at < o.room {
		o.loans = slices.Insert(o.loans, at, *m)[:min(len(o.loans)+1, o.room)]
	}
}

// listed gives the reasons: of tested months first, then by months.
func (o *measured) listed() []Reason {
	out := []Reason{}
	for _, name := range slices.Sorted(maps.Keys(o.reasons)) {
		out = append(out, *o.reasons[name])
	}
	slices.SortStableFunc(out, func(a, b Reason) int {
		if a.Tested != b.Tested {
			if a.Tested {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Months, a.Months)
	})
	return out
}
