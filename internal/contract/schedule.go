package contract

import (
	"fmt"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"marque/internal/money"
)

// Method names how the interest of a schedule is counted.
type Method string

// The methods. ByPeriod charges rate / periods-in-a-year on every row, whatever
// its dates. Daily charges the days between the dates, by the day count.
const (
	ByPeriod Method = "period"
	Daily    Method = "daily"
)

// Plan is what a schedule is made from.
type Plan struct {
	Principal money.Cents
	Accrual   money.Accrual // ByPeriod uses its Rate only
	Rounding  money.Rounding
	Start     money.Date // interest accrues from here
	First     money.Date // first payment
	DueDay    int        // day of the month later dates keep; 0 means First's
	Payments  int
	PerYear   int // 1, 2, 4, 12 by months; 24 twice a month; 26 and 52 by weeks
	Method    Method
	Payment   money.Cents // 0: the level payment is found
	Balloon   money.Cents // paid with the last payment, in addition
}

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
	if p.Method != ByPeriod && p.Method != Daily {
		return bad("method", fmt.Sprintf("period or daily, not %q", p.Method))
	}
	if p.Start.IsZero() || p.First.IsZero() {
		return bad("first_payment_date", "start_date and first_payment_date are needed")
	}
	if p.First < p.Start {
		return bad("first_payment_date", "is before start_date")
	}
	if p.DueDay < 0 || p.DueDay > 31 {
		return bad("due_day", "must be 1 to 31")
	}
	if p.Payment < 0 || p.Payment > money.MaxAmount {
		return bad("payment", "must be more than zero")
	}
	if err := validLevel(p.Principal, p.Accrual.Rate, p.Payments, p.PerYear, p.Balloon, p.Rounding); err != nil {
		return err
	}
	if p.First.Year()+p.Payments/p.PerYear >= 9999 {
		return bad("n_payments", "the last payment falls after the year 9999")
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
	case 1, 2, 4, 12, 24, 26, 52:
	default:
		return bad("periods_per_year", "one of 1, 2, 4, 12, 24, 26, 52")
	}
	if balloon < 0 || balloon > money.MaxAmount {
		return bad("balloon", "must not be negative")
	}
	if _, err := money.ParseRounding(string(r)); err != nil {
		return bad("rounding", err.Error())
	}
	return nil
}

// LevelPayment is the payment that repays a principal in n equal payments at
// rate/perYear a period, by the exact annuity formula, rounded once by name.
// Odd days before the first period add their simple interest, rate × days over
// the day count's year, to the amount financed (365 days under actual/actual,
// as no dates are known). A balloon is paid with the last payment, in addition.
// Errors are *TermsError.
func LevelPayment(principal money.Cents, rate money.Rate, n, perYear, oddDays int, balloon money.Cents, dc money.DayCount, r money.Rounding) (money.Cents, error) {
	if err := validLevel(principal, rate, n, perYear, balloon, r); err != nil {
		return 0, err
	}
	if oddDays < 0 || oddDays > 3660 {
		return 0, &TermsError{"odd_days", "must be 0 to 3660"}
	}
	if _, err := money.ParseDayCount(string(dc)); err != nil {
		return 0, &TermsError{"day_count", err.Error()}
	}
	// financed/one is the principal with the odd days' interest, exact.
	one := big.NewInt(int64(money.RateScale))
	one.Mul(one, big.NewInt(int64(money.Accrual{DayCount: dc}.Basis(0))))
	financed := big.NewInt(int64(rate))
	financed.Mul(financed, big.NewInt(int64(oddDays))).Add(financed, one).Mul(financed, big.NewInt(int64(principal)))
	later := big.NewInt(int64(balloon))
	later.Mul(later, one)

	num, den := financed.Sub(financed, later), one.Mul(one, big.NewInt(int64(n)))
	if rate != 0 {
		// with 1+i = grown/base: (financed·(1+i)^n − balloon)·i / ((1+i)^n − 1)
		periods, base := big.NewInt(int64(n)), big.NewInt(int64(money.RateScale)*int64(perYear))
		grown := new(big.Int).Add(base, big.NewInt(int64(rate)))
		grown.Exp(grown, periods, nil)
		flat := new(big.Int).Exp(base, periods, nil)
		num.Add(num, later).Mul(num, grown).Sub(num, later.Mul(later, flat)).Mul(num, big.NewInt(int64(rate)))
		den.Div(den, periods).Mul(den, base).Mul(den, grown.Sub(grown, flat))
	}
	return levelCents(num, den, r)
}

// LevelPayment is the exact level payment of the plan, rounded by its rounding:
// the annuity formula by period; by days, P·∏(1+rₖ) / Σ∏(1+rⱼ) over the real
// factors between the dates.
func (p *Plan) LevelPayment() (money.Cents, error) {
	if err := p.Validate(); err != nil {
		return 0, err
	}
	if p.Method == ByPeriod {
		return LevelPayment(p.Principal, p.Accrual.Rate, p.Payments, p.PerYear, 0, p.Balloon, p.Accrual.DayCount, p.Rounding)
	}
	// After k payments the balance is (owed − payment·paid) / unit^k, in whole numbers.
	unit := units(money.FromCents(1))
	owed, paid, scale := big.NewInt(int64(p.Principal)), new(big.Int), big.NewInt(1)
	factor, dates, from := new(big.Int), p.dates(), p.Start
	for n := 1; n <= p.Payments; n++ {
		date := dates.next()
		i, err := p.Accrual.Interest(1, from, date)
		if err != nil {
			return 0, &TermsError{"annual_rate", err.Error()}
		}
		factor.Add(unit, units(i))
		owed.Mul(owed, factor)
		scale.Mul(scale, unit)
		paid.Mul(paid, factor).Add(paid, scale)
		from = date
	}
	return levelCents(owed.Sub(owed, scale.Mul(scale, big.NewInt(int64(p.Balloon)))), paid, p.Rounding)
}

// units counts an exact interest in its own smallest unit.
func units(i money.Interest) *big.Int {
	text, errText := i.MarshalText()
	high, low, _ := strings.Cut(string(text), ".")
	hi, errHi := strconv.ParseUint(high, 16, 64)
	lo, errLo := strconv.ParseUint(low, 16, 64)
	if errText != nil || errHi != nil || errLo != nil {
		panic("contract: exact interest " + string(text)) // it is written and read by this program only
	}
	n := new(big.Int).SetUint64(hi)
	return n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(lo))
}

// levelCents rounds an exact payment to cents and refuses what is no payment.
func levelCents(num, den *big.Int, r money.Rounding) (money.Cents, error) {
	if num.Sign() <= 0 {
		return 0, &TermsError{"balloon", "leaves nothing for the payments to repay"}
	}
	q := quotient(num, den, r)
	if !q.IsInt64() || money.Cents(q.Int64()) > money.MaxAmount || q.Sign() == 0 {
		return 0, &TermsError{"principal", "the payment would be out of range"}
	}
	return money.Cents(q.Int64()), nil
}

// quotient rounds num/den, both positive, by name.
func quotient(num, den *big.Int, r money.Rounding) *big.Int {
	q, rest := new(big.Int).QuoRem(num, den, new(big.Int))
	half := rest.Lsh(rest, 1).Cmp(den)
	if (r == money.HalfUp && half >= 0) || (r == money.Up && rest.Sign() > 0) ||
		(r == money.HalfEven && (half > 0 || (half == 0 && q.Bit(0) == 1))) {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// Schedule appends the plan's rows to rows and returns them. Interest is
// rounded once a row. A payment smaller than the interest pays interest only:
// what is left unpaid is carried to the next rows, earns nothing and never joins
// the balance. The last payment is whatever is left, so that the last balance
// is zero; when the payments clear the loan early, the schedule ends early.
func (p *Plan) Schedule(rows []Row) ([]Row, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	payment := p.Payment
	if payment == 0 {
		var err error
		if payment, err = p.LevelPayment(); err != nil {
			return nil, err
		}
	}
	var (
		dates   = p.dates()
		from    = p.Start
		balance = p.Principal
		owed    money.Cents    // interest, rounded, unpaid
		accrued money.Interest // the same before rounding, daily method
	)
	for n := 1; n <= p.Payments; n++ {
		date := dates.next()
		if p.Method == ByPeriod {
			owed += periodInterest(balance, p.Accrual.Rate, p.PerYear, p.Rounding)
		} else {
			i, err := p.Accrual.Interest(balance, from, date)
			if err != nil {
				return nil, &TermsError{"annual_rate", err.Error()}
			}
			accrued = accrued.Add(i)
			owed = accrued.Round(p.Rounding)
		}
		pay := payment
		if all := balance + owed; n == p.Payments || pay > all {
			pay = all
		}
		interest := min(pay, owed)
		owed, accrued = owed-interest, accrued.Paid(interest, p.Rounding)
		balance -= pay - interest
		rows = append(rows, Row{n, date, pay, interest, pay - interest, balance})
		if balance == 0 && owed == 0 {
			break
		}
		from = date
	}
	return rows, nil
}

// periodInterest is balance × rate / periods in a year, rounded. The bounds of
// Validate keep the quotient inside 64 bits.
func periodInterest(balance money.Cents, rate money.Rate, perYear int, r money.Rounding) money.Cents {
	d := uint64(money.RateScale) * uint64(perYear)
	hi, lo := bits.Mul64(uint64(balance), uint64(rate))
	q, rest := bits.Div64(hi, lo, d)
	if (r == money.HalfUp && rest >= d-rest) || (r == money.Up && rest > 0) ||
		(r == money.HalfEven && (rest > d-rest || (rest == d-rest && q&1 == 1))) {
		q++
	}
	return money.Cents(q)
}

// dueDates steps through a plan's dates. Monthly dates keep their day of the
// month and fall on the last day of a shorter one: 31, 28, 31. Twice a month
// means the first date's day and the day fifteen later: the 1st and the 16th,
// the 15th and the 30th; a first date after the 15th is followed by the day
// fifteen earlier in the next month (the 20th, then the 5th).
type dueDates struct {
	every       int // days between dates; 0 when they go by months
	months      int // between dates; 0 for twice a month
	date        money.Date
	year, month int
	monthStart  money.Date
	day, other  int // days of the month; other is the second of a pair
	second      bool
	started     bool
}

func (p *Plan) dates() dueDates {
	d := dueDates{date: p.First}
	switch p.PerYear {
	case 26:
		d.every = 14
	case 52:
		d.every = 7
	case 24:
	default:
		d.months = 12 / p.PerYear
	}
	d.year, d.month, d.day = p.First.Civil()
	d.monthStart = p.First - money.Date(d.day-1)
	if p.DueDay != 0 {
		d.day = p.DueDay
	}
	if d.other = d.day + 15; d.day > 15 {
		d.other = d.day - 15
	}
	return d
}

func (d *dueDates) next() money.Date {
	if !d.started {
		d.started = true
		return d.date
	}
	if d.every > 0 {
		d.date += money.Date(d.every)
		return d.date
	}
	months, day := d.months, d.day
	if months == 0 {
		d.second = !d.second
		if d.second {
			day = d.other
		}
		if d.second == (d.other < d.day) {
			months = 1
		}
	}
	for range months {
		d.monthStart += money.Date(d.monthLength())
		if d.month++; d.month > 12 {
			d.year, d.month = d.year+1, 1
		}
	}
	d.date = d.monthStart + money.Date(min(day, d.monthLength())-1)
	return d.date
}

func (d *dueDates) monthLength() int {
	switch d.month {
	case 2:
		if d.year%4 == 0 && (d.year%100 != 0 || d.year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
