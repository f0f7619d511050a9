package contract_test

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

// drawPlan is any plan that the engine takes, to 100 million and 600 payments.
func drawPlan(t *rapid.T, most int) contract.Plan {
	p := plan()
	p.Principal = money.Cents(rapid.Int64Range(100_00, 100_000_000_00).Draw(t, "principal"))
	p.Accrual.Rate = money.Rate(rapid.Int64Range(0, 4000).Draw(t, "rate")) * money.RateScale / 10_000
	p.Accrual.DayCount = rapid.SampledFrom([]money.DayCount{money.Actual365, money.Actual366, money.Actual360, money.ActualActual, money.Thirty360}).Draw(t, "day count")
	p.Accrual.FactorDecimals = rapid.SampledFrom([]int{0, 0, 8}).Draw(t, "factor decimals")
	roundings := []money.Rounding{money.HalfUp, money.HalfEven, money.Truncate, money.Up}
	p.Rounding = rapid.SampledFrom(roundings).Draw(t, "rounding")
	p.PaymentRounding = rapid.SampledFrom(append(roundings, "", "")).Draw(t, "payment rounding")
	p.PaymentMultiple = rapid.SampledFrom([]money.Cents{0, 0, 1, 5_00}).Draw(t, "multiple")
	p.PerYear = rapid.SampledFrom([]int{1, 2, 3, 4, 6, 12, 12, 12, 13, 24, 26, 52}).Draw(t, "per year")
	p.Payments = rapid.IntRange(1, most).Draw(t, "payments")
	p.Method = rapid.SampledFrom([]contract.Method{contract.ByPeriod, contract.Daily}).Draw(t, "method")
	p.OddFirst = rapid.SampledFrom([]contract.OddFirst{"", contract.Folded, contract.PaidFirst, contract.Waived}).Draw(t, "odd first period")
	p.Start = date("2000-01-01") + money.Date(rapid.IntRange(0, 40*365).Draw(t, "start"))
	p.First = p.Start + money.Date(rapid.IntRange(0, 90).Draw(t, "days to the first payment"))
	if p.First == p.First.MonthEnd() && (p.PerYear <= 12 || p.PerYear == 24) {
		p.DueDay = rapid.SampledFrom([]int{0, 30, 31}).Draw(t, "due day")
		if p.DueDay < p.First.Day() {
			p.DueDay = 0
		}
	}
	for m := range 12 {
		if rapid.IntRange(0, 9).Draw(t, "skip") == 9 && m+1 != month(p.First) {
			p.SkipMonths = append(p.SkipMonths, m+1)
		}
	}
	if rapid.Bool().Draw(t, "balloon") {
		p.Balloon = p.Principal / 100 * money.Cents(rapid.IntRange(1, 50).Draw(t, "balloon percent"))
	}
	for from := 1; len(p.Steps) < 3 && rapid.IntRange(0, 3).Draw(t, "step") == 3; {
		if from += rapid.IntRange(1, 30).Draw(t, "step after"); from > p.Payments {
			break
		}
		s := contract.PaymentStep{From: from}
		switch rapid.IntRange(0, 2).Draw(t, "step kind") {
		case 1:
			s.Payment = max(1, p.Principal/money.Cents(2*p.Payments))
		case 2:
			s.Ratio = money.Rate(rapid.IntRange(1, 200).Draw(t, "ratio percent")) * money.RateScale / 100
		}
		p.Steps = append(p.Steps, s)
	}
	if rapid.Bool().Draw(t, "payment given") {
		p.Payment = max(1, p.Principal/money.Cents(p.Payments))
	}
	return p
}

func month(d money.Date) int { _, m, _ := d.Civil(); return m }

// teacher works a plan out slowly in fractions, the way it would be taught. It
// knows the calendar and nothing else of the engine.
type teacher struct {
	contract.Plan
	dates []money.Date
}

func teach(p contract.Plan) *teacher {
	w := &teacher{Plan: p, dates: []money.Date{p.First}}
	day := p.First.Day()
	if p.DueDay != 0 {
		day = p.DueDay
	}
	open := func(d money.Date) bool { return !slices.Contains(p.SkipMonths, month(d)) }
	for k := 1; len(w.dates) <= p.Payments; k++ {
		var next []money.Date
		switch p.PerYear {
		case 13, 26, 52:
			next = []money.Date{p.First + money.Date(k*364/p.PerYear)}
		case 24:
			other := day + 15
			if day > 15 {
				other = day - 15
			}
			next = []money.Date{p.First.AddMonths(k-1, min(day, other)), p.First.AddMonths(k-1, max(day, other))}
		default:
			next = []money.Date{p.First.AddMonths(k*12/p.PerYear, day)}
		}
		for _, d := range next {
			if d > p.First && open(d) {
				w.dates = append(w.dates, d)
			}
		}
	}
	w.dates = w.dates[:p.Payments+1] // one more, where a balloon may fall
	return w
}

func rat(n, d int64) *big.Rat { return big.NewRat(n, d) }
func (w *teacher) rate() *big.Rat {
	return rat(int64(w.Accrual.Rate), int64(money.RateScale))
}

// byDays is what one cent earns between two dates.
func (w *teacher) byDays(from, to money.Date) *big.Rat {
	daily := func(basis int64) *big.Rat {
		f := new(big.Rat).Quo(w.rate(), rat(basis, 1))
		if n := w.Accrual.FactorDecimals; n > 0 {
			scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
			cut := new(big.Int).Mul(f.Num(), scale)
			f.SetFrac(cut.Quo(cut, f.Denom()), scale)
		}
		return f
	}
	times := func(f *big.Rat, days int) *big.Rat { return f.Mul(f, rat(int64(max(0, days)), 1)) }
	switch w.Accrual.DayCount {
	case money.Actual365:
		return times(daily(365), int(to-from))
	case money.Actual366:
		return times(daily(366), int(to-from))
	case money.Actual360:
		return times(daily(360), int(to-from))
	case money.Thirty360:
		return times(daily(360), money.Thirty360.Days(from, to))
	}
	common, leap := 0, 0
	for d := from; d < to; d++ {
		if y := d.Year(); money.NewDate(y+1, 1, 1)-money.NewDate(y, 1, 1) == 366 {
			leap++
		} else {
			common++
		}
	}
	return new(big.Rat).Add(times(daily(365), common), times(daily(366), leap))
}

// byPeriods is what one cent earns between two due dates.
func (w *teacher) byPeriods(n int) *big.Rat {
	return new(big.Rat).Mul(w.rate(), rat(int64(n), int64(w.PerYear)))
}

// periodsBefore counts the due dates, skipped ones too, after one and to another.
func (w *teacher) periodsBefore(from, to money.Date) int {
	all := w.Plan
	all.SkipMonths, all.Payments = nil, 60
	all.First, all.DueDay = from, max(from.Day(), w.DueDay, w.First.Day())
	if w.PerYear > 12 {
		all.DueDay = 0
	}
	for n, d := range teach(all).dates {
		if d >= to-3 {
			return n
		}
	}
	panic("no such date")
}

// regular is the date one period before the first payment.
func (w *teacher) regular() money.Date {
	day := max(w.First.Day(), w.DueDay)
	switch w.PerYear {
	case 13, 26, 52:
		return w.First - money.Date(364/w.PerYear)
	case 24:
		if day > 15 {
			return w.First.AddMonths(0, day-15)
		}
		return w.First.AddMonths(-1, day+15)
	}
	return w.First.AddMonths(-12/w.PerYear, day)
}

func cut(x *big.Rat, r money.Rounding) money.Cents {
	down := new(big.Int).Quo(x.Num(), x.Denom())
	rest := new(big.Rat).Sub(x, new(big.Rat).SetInt(down))
	half := rest.Cmp(rat(1, 2))
	if r == money.Up && rest.Sign() > 0 || r == money.HalfUp && half >= 0 || r == money.HalfEven && (half > 0 || half == 0 && down.Bit(0) == 1) {
		down.Add(down, big.NewInt(1))
	}
	return money.Cents(down.Int64())
}

func (w *teacher) payment(x *big.Rat) money.Cents {
	r, m := w.PaymentRounding, max(1, w.PaymentMultiple)
	if r == "" {
		if r = w.Rounding; m > 1 {
			r = money.Up
		}
	}
	return cut(new(big.Rat).Quo(x, rat(int64(m), 1)), r) * m
}

// row is what a row is charged: one cent's interest, and apart from it the odd
// days' by periods.
type charged struct{ one, odd, level *big.Rat }

func (w *teacher) charge(n int, rows []money.Date) charged {
	c := charged{odd: new(big.Rat)}
	from := w.Start
	if n > 0 {
		from = rows[n-1]
	}
	regular, named := w.regular(), w.OddFirst != ""
	switch {
	case n == 0 && w.Method == contract.Daily && w.OddFirst == contract.Waived:
		c.one = w.byDays(max(from, regular), rows[0])
	case n == 0 && w.Method == contract.Daily && w.OddFirst == contract.PaidFirst && regular > from:
		c.one, c.odd, c.level = w.byDays(from, rows[0]), w.byDays(from, regular), w.byDays(regular, rows[0])
	case w.Method == contract.Daily:
		c.one = w.byDays(from, rows[n])
	case n == 0 && named && from > regular:
		c.one = w.byDays(from, rows[0])
	case n == 0:
		if c.one = w.byPeriods(1); named && w.OddFirst != contract.Waived {
			c.odd = w.byDays(from, regular)
		}
	case n == w.Payments && rows[n] != w.dates[n]:
		c.one = w.byDays(from, rows[n])
	default:
		c.one = w.byPeriods(w.periodsBefore(from, rows[n]))
	}
	if c.level == nil {
		c.level = c.one
	}
	return c
}

// work gives the payment found (or given) and the rows.
func (w *teacher) work() (money.Cents, []contract.Row) {
	rows := slices.Clone(w.dates[:w.Payments])
	if w.BalloonOn > rows[w.Payments-1] {
		rows = append(rows, w.BalloonOn)
	}
	last := len(rows) - 1
	// What is due in each row: so many times x, and so much.
	type due struct {
		times *big.Rat
		fixed money.Cents
	}
	dues := make([]due, len(rows))
	x1 := due{rat(1, 1), 0}
	now := x1
	if w.Payment > 0 {
		now = due{new(big.Rat), w.Payment}
	}
	base := now
	for i := range dues {
		for _, s := range w.Steps {
			switch {
			case s.From != i+1:
			case s.Payment > 0:
				now = due{new(big.Rat), s.Payment}
			case s.Ratio == 0:
				now = x1
			default:
				ratio := rat(int64(s.Ratio), int64(money.RateScale))
				now = due{new(big.Rat).Mul(base.times, ratio), w.payment(new(big.Rat).Mul(ratio, rat(int64(base.fixed), 1)))}
			}
		}
		dues[i] = now
	}
	if last == w.Payments {
		dues[last] = due{new(big.Rat), 0}
	}
	// worth at the end: principal − fixed amounts = x × times, all with interest
	owed, known, times := rat(int64(w.Principal), 1), new(big.Rat), new(big.Rat)
	if w.Method == contract.ByPeriod && w.OddFirst == contract.Folded {
		owed.Mul(owed, new(big.Rat).Add(rat(1, 1), w.charge(0, rows).odd))
	}
	for i := range rows {
		f := new(big.Rat).Add(rat(1, 1), w.charge(i, rows).level)
		owed.Mul(owed, f)
		known.Add(known.Mul(known, f), rat(int64(dues[i].fixed), 1))
		times.Add(times.Mul(times, f), dues[i].times)
	}
	known.Add(known, rat(int64(w.Balloon), 1))
	x := w.Payment
	if times.Sign() > 0 {
		worth := owed.Sub(owed, known)
		if worth.Sign() <= 0 {
			return 0, nil
		}
		if x = w.payment(worth.Quo(worth, times)); x == 0 || x > money.MaxAmount {
			return 0, nil
		}
	}

	var out []contract.Row
	balance, unpaid, owes := w.Principal, new(big.Rat), money.Cents(0)
	for i, on := range rows {
		c := w.charge(i, rows)
		of := func(one *big.Rat) *big.Rat { return new(big.Rat).Mul(one, rat(int64(balance), 1)) }
		odd := cut(of(c.odd), w.Rounding)
		if w.Method == contract.Daily {
			unpaid.Add(unpaid, of(c.one))
			owes = cut(unpaid, w.Rounding)
		} else {
			owes += cut(of(c.one), w.Rounding) + odd
		}
		pay := w.payment(new(big.Rat).Mul(dues[i].times, rat(int64(x), 1))) + dues[i].fixed
		if w.OddFirst == contract.PaidFirst {
			pay += odd
		}
		if i == last || pay > balance+owes {
			pay = balance + owes
		}
		interest := min(pay, owes)
		if owes -= interest; owes == 0 {
			unpaid = new(big.Rat)
		} else {
			unpaid.Sub(unpaid, rat(int64(interest), 1))
		}
		balance -= pay - interest
		out = append(out, contract.Row{N: i + 1, Date: on, Payment: pay, Interest: interest, Principal: pay - interest, Balance: balance})
		if balance == 0 && owes == 0 {
			break
		}
	}
	return x, out
}

// Whatever the plan, payment and rows are those of the slow way, the balance
// ends at zero and the dates go forward.
func TestSchedulesAgreeWithFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t, 40)
		w := teach(p)
		if p.Balloon > 0 {
			if end := w.dates[p.Payments-1]; rapid.Bool().Draw(t, "balloon apart") {
				p.BalloonOn = rapid.SampledFrom([]money.Date{w.dates[p.Payments], end + 17, end}).Draw(t, "balloon on")
				w.BalloonOn = p.BalloonOn
			}
		}
		want, rows := w.work()
		got, err := p.LevelPayment()
		if want == 0 {
			var terms *contract.TermsError
			if !errors.As(err, &terms) {
				t.Fatalf("no payment is possible, got %s, %v", got, err)
			}
			return
		}
		if err != nil || got != want {
			t.Fatalf("payment %s, %v; by fractions %s", got, err, want)
		}
		schedule, err := p.Schedule(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(schedule, rows) {
			for i := range schedule {
				if i >= len(rows) || schedule[i] != rows[i] {
					t.Fatalf("row %+v\nof %d; by fractions %+v of %d", schedule[i], len(schedule), rows[min(i, len(rows)-1)], len(rows))
				}
			}
		}
		sound(t, &p, schedule)
	})
}

type failer interface{ Fatalf(string, ...any) }

// sound is what holds of every schedule.
func sound(t failer, p *contract.Plan, rows []contract.Row) {
	balance, from := p.Principal, p.Start
	for i, r := range rows {
		balance -= r.Principal
		if r.N != i+1 || r.Payment != r.Interest+r.Principal || r.Balance != balance || r.Principal < 0 || r.Interest < 0 {
			t.Fatalf("row does not add up: %+v, balance %s", r, balance)
		}
		if r.Date < from || (i > 0 && r.Date == from) {
			t.Fatalf("row %d on %s after %s", r.N, r.Date, from)
		}
		from = r.Date
	}
	if balance != 0 {
		t.Fatalf("ends at %s", balance)
	}
}

// To 100 million and 600 payments, 40 years on, and from every due day.
func TestLongSchedulesAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t, 600)
		rows, err := p.Schedule(nil)
		var terms *contract.TermsError
		if errors.As(err, &terms) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		sound(t, &p, rows)
	})
}

// reader reads numbers and plans from bytes as they come, most within reason.
type reader []byte

func (r *reader) number(below int64) int64 {
	var n uint64
	for range 8 {
		if len(*r) > 0 {
			n, *r = n<<8|uint64((*r)[0]), (*r)[1:]
		}
	}
	if n>>60 == 15 { // now and then anything at all
		return int64(n << 4)
	}
	return int64(n % uint64(below))
}

func (r *reader) plan() contract.Plan {
	one := func(names ...string) string { return names[uint64(r.number(int64(len(names))))%uint64(len(names))] }
	p := contract.Plan{
		Principal: money.Cents(r.number(100_000_000_00)), Accrual: money.Accrual{
			Rate:           money.Rate(r.number(11 * int64(money.RateScale))),
			DayCount:       money.DayCount(one("actual/365", "actual/366", "actual/360", "actual/actual", "30/360", "")),
			FactorDecimals: int(r.number(14)),
		},
		Rounding: money.Rounding(one("half_up", "half_even", "truncate", "up", "down")),
		Start:    money.Date(r.number(3_652_059)), DueDay: int(r.number(33)), Payments: int(r.number(1300)),
		PerYear: []int{12, 12, 24, 26, 52, 1, 4, 13, 7}[uint64(r.number(9))%9], Method: contract.Method(one("daily", "period", "monthly")),
		OddFirst: contract.OddFirst(one("", "folded", "paid_first", "waived", "lost")), Payment: money.Cents(r.number(1_000_000_00)),
		PaymentRounding: money.Rounding(one("", "up", "truncate")), PaymentMultiple: money.Cents(r.number(1000)),
	}
	if r.number(2) == 0 {
		p.Payment, p.DueDay = 0, 0
	}
	p.First = p.Start + money.Date(r.number(4000))
	for range r.number(3) % 4 {
		p.SkipMonths = append(p.SkipMonths, int(r.number(14)))
		p.Steps = append(p.Steps, contract.PaymentStep{From: int(r.number(600)), Payment: money.Cents(r.number(2) * r.number(1_000_000)), Ratio: money.Rate(r.number(2) * r.number(int64(money.RateScale)))})
	}
	if r.number(2) == 1 {
		p.Balloon, p.BalloonOn = money.Cents(r.number(100_000_000_00)), p.First+money.Date(r.number(20_000))
	}
	return p
}

// Whatever bytes come, a plan is refused by field or its schedule is sound.
func FuzzPlan(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 200))
	f.Add([]byte("\x00\x00\x00\x00\x00\x24\x9f\x00\x00\x00\x00\x0d\xbc\xac\x8e\x00 a seed that fills the principal and the rate"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := reader(data)
		p := in.plan()
		rows, err := p.Schedule(nil)
		var terms *contract.TermsError
		if errors.As(err, &terms) && terms.Field != "" {
			return
		}
		if err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		sound(t, &p, rows)
	})
}

// Whatever flows come, there is a rate or a reason.
func FuzzAPR(f *testing.F) {
	f.Add([]byte("advance and payments"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := reader(data)
		flows := func(n int64) (list []contract.Flow) {
			for range n % 8 {
				list = append(list, contract.Flow{Date: money.Date(in.number(3_652_059)), Amount: money.Cents(in.number(100_000_000_00))})
			}
			return list
		}
		advances, payments := flows(in.number(4)), flows(in.number(8))
		unit := contract.FindUnitPeriod(advances, payments)
		if in.number(3) == 0 {
			unit = contract.UnitPeriod{Kind: []contract.PeriodKind{contract.Days, contract.Weeks, contract.SemiMonths, contract.Months, contract.Years, "hour"}[uint64(in.number(6))%6], Multiple: int(in.number(60))}
		}
		var terms *contract.TermsError
		if apr, err := contract.APR(advances, payments, unit); err != nil && !errors.As(err, &terms) && !errors.Is(err, contract.ErrAPR) || apr < 0 {
			t.Fatalf("%v %v: %s, %v", advances, payments, apr, err)
		}
	})
}
