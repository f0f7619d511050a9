package contract

import (
	"fmt"
	"math/bits"
	"slices"

	"marque/internal/money"
)

// Method names how the interest of a schedule is counted.
type Method string

// The methods. ByPeriod charges rate / periods-in-a-year for every period,
// whatever its dates. Daily charges the days between the dates, by the day count.
const (
	ByPeriod Method = "period"
	Daily    Method = "daily"
)

// OddFirst names what becomes of the odd days: those by which the first period
// is longer than the others. A first period that is shorter is charged for its
// own days, whatever the name.
type OddFirst string

// The ways of an odd first period. With none named, Daily folds the odd days in
// and ByPeriod charges the first period like any other.
const (
	Folded    OddFirst = "folded"     // their interest is spread over the payments
	PaidFirst OddFirst = "paid_first" // their interest comes on top of the first payment
	Waived    OddFirst = "waived"     // they bear no interest
)

// Plan is what a schedule is made from.
type Plan struct {
	Principal money.Cents
	Accrual   money.Accrual // ByPeriod uses its Rate only, and the day count for odd days
	Rounding  money.Rounding
	Start     money.Date // interest accrues from here
	First     money.Date // first payment
	DueDay    int        // day of the month later dates keep; 0 means First's
	Payments  int        // how many payments are made; skipped months are not counted
	PerYear   int        // 1, 2, 3, 4, 6, 12 by months; 24 twice a month; 13, 26, 52 by weeks
	Method    Method
	OddFirst  OddFirst

	Payment         money.Cents    // 0: the level payment is found
	PaymentRounding money.Rounding // of a payment that is found; none means Rounding, or Up when there is a multiple
	PaymentMultiple money.Cents    // a payment that is found is rounded to a multiple of this; 0 means cents
	Steps           []PaymentStep  // payments that differ from a number on
	SkipMonths      []int          // months (1 to 12) in which no payment falls; interest goes on

	Balloon   money.Cents // paid with the last payment, in addition
	BalloonOn money.Date  // or on a later date of its own
}

// PaymentStep is another payment from number From on: an amount, or a ratio of
// the plan's payment, or with neither the payment that is found.
type PaymentStep struct {
	From    int
	Payment money.Cents
	Ratio   money.Rate
}

func (s PaymentStep) open() bool { return s.Payment == 0 && s.Ratio == 0 }

// Row is one payment of a schedule. Payment is Interest plus Principal; Balance
// is the principal left after it.
type Row struct {
	N                                     int
	Date                                  money.Date
	Payment, Interest, Principal, Balance money.Cents
}

// Validate gives the first reason to refuse a plan, as a *TermsError.
func (p *Plan) Validate() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	if _, err := money.ParseDayCount(string(p.Accrual.DayCount)); err != nil {
		return bad("day_count", err.Error())
	}
	if p.Accrual.FactorDecimals < 0 || p.Accrual.FactorDecimals > 12 {
		return bad("factor_decimals", "must be 0 to 12")
	}
	if p.Method != ByPeriod && p.Method != Daily {
		return bad("method", fmt.Sprintf("period or daily, not %q", p.Method))
	}
	switch p.OddFirst {
	case "", Folded, PaidFirst, Waived:
	default:
		return bad("odd_first_period", fmt.Sprintf("folded, paid_first or waived, not %q", p.OddFirst))
	}
	if p.Start <= 0 || p.First <= 0 {
		return bad("first_payment_date", "start_date and first_payment_date are needed")
	}
	if p.First < p.Start {
		return bad("first_payment_date", "is before start_date")
	}
	if p.DueDay < 0 || p.DueDay > 31 {
		return bad("due_day", "must be 1 to 31")
	}
	if p.DueDay != 0 && (p.PerYear > 12 && p.PerYear != 24 || p.PerYear == 24 && p.keptDay() != p.DueDay) {
		return bad("due_day", "payments by weeks keep none, and payments twice a month keep that of the first one")
	}
	if err := validLevel(p.Principal, p.Accrual.Rate, p.Payments, p.PerYear, p.Balloon, p.Rounding); err != nil {
		return err
	}
	if err := p.validPayments(); err != nil {
		return err
	}
	years := p.Payments / p.PerYear
	if len(p.SkipMonths) > 0 {
		years = p.Payments // at worst one payment falls in a year
	}
	if p.First.Year()+years >= 9999 {
		return bad("n_payments", "the last payment falls after the year 9999")
	}
	return nil
}

func (p *Plan) validPayments() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	if p.Payment < 0 || p.Payment > money.MaxAmount {
		return bad("payment", "must be more than zero")
	}
	if p.PaymentMultiple < 0 || p.PaymentMultiple > 10_000_00 {
		return bad("payment_multiple", "must be more than zero and at most 10000.00")
	}
	if p.PaymentRounding != "" {
		if _, err := money.ParseRounding(string(p.PaymentRounding)); err != nil {
			return bad("payment_rounding", err.Error())
		}
	}
	after := 1
	for i, s := range p.Steps {
		at := fmt.Sprintf("steps[%d].", i)
		if s.From <= after || s.From > p.Payments {
			return bad(at+"from", "steps begin at payment 2 or later, in order, and not after the last payment")
		}
		if s.Payment < 0 || s.Payment > money.MaxAmount {
			return bad(at+"payment", "must be more than zero")
		}
		if s.Ratio < 0 || s.Ratio > 100*money.RateScale || (s.Ratio != 0 && s.Payment != 0) {
			return bad(at+"ratio", "more than 0 and at most 100, and not beside a payment")
		}
		after = s.From
	}
	for i, m := range p.SkipMonths {
		if m < 1 || m > 12 || slices.Contains(p.SkipMonths[:i], m) {
			return bad("skip_months", "months are 1 to 12, each once")
		}
	}
	if len(p.SkipMonths) > 0 && p.skipped(p.First) {
		return bad("skip_months", "the first payment falls in a skipped month")
	}
	if p.BalloonOn != 0 && (p.Balloon == 0 || p.BalloonOn < p.First) {
		return bad("balloon_date", "needs a balloon, and comes with the last payment or later")
	}
	return nil
}

func validLevel(principal money.Cents, rate money.Rate, n, perYear int, balloon money.Cents, r money.Rounding) error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	if principal <= 0 || principal > money.MaxAmount {
		return bad("principal", "must be more than zero")
	}
	if rate < 0 || rate > 10*money.RateScale {
		return bad("annual_rate", "must be a fraction from 0 to 10")
	}
	if n < 1 || n > 1200 {
		return bad("n_payments", "must be 1 to 1200")
	}
	switch perYear {
	case 1, 2, 3, 4, 6, 12, 13, 24, 26, 52:
	default:
		return bad("periods_per_year", "one of 1, 2, 3, 4, 6, 12, 13, 24, 26, 52")
	}
	if balloon < 0 || balloon > money.MaxAmount {
		return bad("balloon", "must not be negative")
	}
	if _, err := money.ParseRounding(string(r)); err != nil {
		return bad("rounding", err.Error())
	}
	return nil
}

// course is a plan with its dates laid out.
type course struct {
	*Plan
	rows  []Row
	meter money.Meter
	// Interest is counted from start. The level payment is found as if from
	// even, the odd days between the two being paid first; they are the same
	// day otherwise.
	start, even money.Date
	oddTo       money.Date // by periods: the odd days end and the first period begins
	first, last int        // by periods: whole periods in the first and the last row; 0 is counted by days
	period      uint64     // by periods: what a cent earns in one, in 2⁻⁶⁴ and rounded down; 0 when it is a cent or more
	byDays      bool

	earned [80]earning // of the first rows, kept from finding the payment
	known  int         // how many of them
}

// lay checks the plan and lays out its rows in the room given.
func (c *course) lay(p *Plan, room []Row) error {
	if err := p.Validate(); err != nil {
		return err
	}
	c.Plan, c.start, c.even, c.first, c.last, c.byDays = p, p.Start, p.Start, 1, 1, p.Method == Daily
	if year := uint64(money.RateScale) * uint64(p.PerYear); uint64(p.Accrual.Rate) < year {
		c.period, _ = bits.Div64(uint64(p.Accrual.Rate), 0, year)
	}
	var err error
	if c.meter, err = p.Accrual.Meter(); err != nil {
		return &TermsError{"annual_rate", err.Error()}
	}
	c.oddPeriod()
	n := p.Payments
	if p.BalloonOn != 0 {
		n++
	}
	c.rows = slices.Grow(room, n)[:n]
	dates := p.dates()
	for i := range p.Payments {
		c.rows[i].N, c.rows[i].Date = i+1, p.due(&dates)
	}
	if p.BalloonOn == 0 {
		return nil
	}
	end := c.rows[p.Payments-1].Date
	switch next := p.due(&dates); {
	case p.BalloonOn < end:
		return &TermsError{"balloon_date", "comes with the last payment or later"}
	case p.BalloonOn == end:
		c.rows = c.rows[:p.Payments]
		return nil
	case p.BalloonOn != next:
		c.last = 0
	case len(p.SkipMonths) > 0:
		c.last = p.periods(end, next)
	}
	c.rows[p.Payments] = Row{N: n, Date: p.BalloonOn}
	return nil
}

// oddPeriod settles from when the first row is charged, and how.
func (c *course) oddPeriod() {
	if c.OddFirst == "" || (c.byDays && c.OddFirst == Folded) {
		return
	}
	regular := c.regularStart()
	switch {
	case c.Start > regular:
		c.first = 0
	case c.Start == regular:
	case c.OddFirst == Waived:
		c.start, c.even = regular, regular
	case c.byDays:
		c.even = regular
	default:
		c.oddTo = regular
	}
}

// whole is, by periods, how many of them row i is charged for; 0 is counted by days.
func (c *course) whole(i int) int {
	switch {
	case c.byDays:
		return 0
	case i == 0:
		return c.first
	case i == c.Payments:
		return c.last
	case len(c.SkipMonths) > 0:
		return c.periods(c.rows[i-1].Date, c.rows[i].Date)
	}
	return 1
}

// oddInterest is the odd days' interest when it is a figure of its own: paid
// first, or folded into a schedule by periods.
func (c *course) oddInterest() (money.Cents, error) {
	to := max(c.even, c.oddTo)
	i, err := c.meter.Interest(c.Principal, c.start, to)
	return i.Round(c.Rounding), err
}

// Schedule appends the plan's rows to rows and returns them. Interest is
// rounded once a row; by periods, the odd days' interest once more by itself. A
// payment smaller than the interest pays interest only: what is left unpaid is
// carried to the next rows, earns nothing and never joins the balance. The last
// row is whatever is left, so that the last balance is zero; when the payments
// clear the loan early, the schedule ends early.
func (p *Plan) Schedule(rows []Row) ([]Row, error) {
	var c course
	if err := c.lay(p, rows[len(rows):]); err != nil {
		return nil, err
	}
	level, err := c.level()
	if err != nil {
		return nil, err
	}
	n, err := c.roll(level)
	if err != nil {
		return nil, &TermsError{"annual_rate", err.Error()}
	}
	return append(rows, c.rows[:n]...), nil
}

// roll fills the rows, and says how many it took to repay the loan.
func (c *course) roll(level money.Cents) (int, error) {
	odd, err := c.oddInterest()
	if err != nil {
		return 0, err
	}
	var (
		from    = c.start
		balance = c.Principal
		owed    money.Cents    // interest, rounded, unpaid
		accrued money.Interest // the same before rounding, when it is counted by days
		due     = c.payments(level)
		round   = cutOf(c.Rounding)
	)
	for i := range c.rows {
		row, pay := &c.rows[i], due.now
		if len(c.Steps) > 0 {
			pay = due.at(row.N)
		}
		// What one cent earns settles the balance's cents, unless a rounding
		// boundary lies inside what may be missing of it.
		var e earning
		if i < c.known {
			e = c.earned[i]
		} else {
			e = c.earns(i, from)
		}
		q, part := bits.Mul64(uint64(balance), e.fraction)
		if near, sure := round.near(q, part, uint64(balance)*e.missing); sure && e.ok && owed == 0 && e.missing <= maxMissing {
			owed = near
		} else if whole := c.whole(i); whole > 0 {
			owed += periodInterest(balance, c.Accrual.Rate*money.Rate(whole), c.PerYear, c.Rounding)
		} else {
			one, err := c.meter.Interest(balance, from, row.Date)
			if err != nil {
				return 0, err
			}
			if c.byDays {
				accrued = accrued.Add(one)
				owed = accrued.Round(c.Rounding)
			} else {
				owed += one.Round(c.Rounding)
			}
		}
		if i == 0 && odd > 0 {
			if c.oddTo != 0 {
				owed += odd
			}
			if c.OddFirst == PaidFirst {
				pay += odd
			}
		}
		if all := balance + owed; i == len(c.rows)-1 || pay > all {
			pay = all
		}
		interest := min(pay, owed)
		if owed -= interest; owed == 0 {
			accrued = money.Interest{}
		} else if c.byDays {
			if accrued.IsZero() { // only its cents are known yet
				if accrued, err = c.meter.Interest(balance, from, row.Date); err != nil {
					return 0, err
				}
			}
			accrued = accrued.Paid(interest, c.Rounding)
		}
		balance -= pay - interest
		row.Payment, row.Interest, row.Principal, row.Balance = pay, interest, pay-interest, balance
		if balance == 0 && owed == 0 {
			return i + 1, nil
		}
		from = row.Date
	}
	return len(c.rows), nil
}

// dues gives the payments of a plan by number, in order.
type dues struct {
	*Plan
	level, now money.Cents
	step       int
}

func (p *Plan) payments(level money.Cents) dues {
	d := dues{Plan: p, level: level, now: p.Payment}
	if d.now == 0 {
		d.now = level
	}
	return d
}

func (d *dues) at(n int) money.Cents {
	for d.step < len(d.Steps) && d.Steps[d.step].From <= n {
		switch s := d.Steps[d.step]; {
		case s.Payment > 0:
			d.now = s.Payment
		case s.Ratio > 0:
			base := d.Payment
			if base == 0 {
				base = d.level
			}
			d.now = d.ratioOf(base, s.Ratio)
		default:
			d.now = d.level
		}
		d.step++
	}
	return d.now
}

// ratioOf is a ratio of a payment, rounded as payments are.
func (p *Plan) ratioOf(base money.Cents, ratio money.Rate) money.Cents {
	r, multiple := p.paymentRounding()
	hi, lo := bits.Mul64(uint64(base), uint64(ratio))
	return divide(hi, lo, uint64(money.RateScale)*uint64(multiple), r) * multiple
}

// paymentRounding is how payments are rounded, and to multiples of what.
func (p *Plan) paymentRounding() (money.Rounding, money.Cents) {
	switch {
	case p.PaymentRounding != "":
		return p.PaymentRounding, max(1, p.PaymentMultiple)
	case p.PaymentMultiple > 1:
		return money.Up, p.PaymentMultiple
	}
	return p.Rounding, 1
}

// periodInterest is balance × rate / periods in a year, rounded. The bounds of
// Validate keep the quotient inside 64 bits.
func periodInterest(balance money.Cents, rate money.Rate, perYear int, r money.Rounding) money.Cents {
	hi, lo := bits.Mul64(uint64(balance), uint64(rate))
	return divide(hi, lo, uint64(money.RateScale)*uint64(perYear), r)
}

// divide rounds a quotient by name; the quotient must fit 63 bits.
func divide(hi, lo, d uint64, r money.Rounding) money.Cents {
	q, rest := bits.Div64(hi, lo, d)
	if (r == money.HalfUp && rest >= d-rest) || (r == money.Up && rest > 0) ||
		(r == money.HalfEven && (rest > d-rest || (rest == d-rest && q&1 == 1))) {
		q++
	}
	return money.Cents(q)
}
