package contract_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

// oracle is a loan kept by hand, from the published rules and with decimal
// fractions, a day at a time. It shares nothing with the engine but the date's
// arithmetic of the calendar:
//
//   - each day costs balance × rate ÷ days of the year, and is never rounded;
//   - a payment first pays the interest so far, rounded to the cent, then the
//     instalments whose due date has passed and the next one, then late fees,
//     then other fees, then further principal; the rest is held;
//   - money that clears what is past due and cannot pay the next instalment
//     whole pays fees before it;
//   - a month's instalment is due on its own date; a deferral moves those unpaid.
type oracle struct {
	terms     *contract.Terms
	day       money.Date
	rate      *big.Rat
	accrued   *big.Rat // cents
	principal int64
	late      int64
	other     int64
	held      int64
	counted   int64        // what instalments have had
	due       []money.Date // of every instalment
	agreed    int          // day of the month
	asks      []int64      // each instalment
}

func newOracle(t *contract.Terms) *oracle {
	o := &oracle{terms: t, day: t.Start, rate: fraction(t.Rate), accrued: new(big.Rat), principal: int64(t.Principal)}
	year, month, day := t.FirstDue.Civil()
	if t.DueDay > 0 {
		day = t.DueDay
	}
	o.agreed = day
	for n := range t.Payments {
		d := money.NewDate(year, month+n, 1)
		d = min(d+money.Date(day-1), money.NewDate(year, month+n+1, 1)-1)
		if n == 0 {
			d = t.FirstDue
		}
		o.due = append(o.due, d)
		o.asks = append(o.asks, int64(t.Payment))
	}
	return o
}

func fraction(r money.Rate) *big.Rat { return big.NewRat(int64(r), int64(money.RateScale)) }

func leapYear(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// until lives through the days before a date.
func (o *oracle) until(d money.Date) {
	for ; o.day < d; o.day++ {
		basis := int64(365)
		switch o.terms.DayCount {
		case money.Actual360:
			basis = 360
		case money.Actual366:
			basis = 366
		case money.ActualActual:
			if leapYear(o.day.Year()) {
				basis = 366
			}
		}
		cost := new(big.Rat).Mul(o.rate, big.NewRat(o.principal, basis))
		o.accrued.Add(o.accrued, cost)
	}
}

// interest is what has accrued, in whole cents.
func (o *oracle) interest() int64 {
	q, rest := new(big.Int).QuoRem(o.accrued.Num(), o.accrued.Denom(), new(big.Int))
	half := new(big.Rat).SetFrac(rest, o.accrued.Denom()).Cmp(big.NewRat(1, 2))
	up := false
	switch o.terms.Rounding {
	case money.HalfUp:
		up = half >= 0
	case money.HalfEven:
		up = half > 0 || (half == 0 && q.Bit(0) == 1)
	case money.Up:
		up = rest.Sign() > 0
	}
	if up {
		return q.Int64() + 1
	}
	return q.Int64()
}

// askedBy is what the first n instalments ask for; all of them ask for everything.
func (o *oracle) askedBy(n int) int64 {
	if n >= len(o.asks) {
		return 1 << 60
	}
	sum := int64(0)
	for _, a := range o.asks[:n] {
		sum += a
	}
	return sum
}

// paid is how many instalments have had their money.
func (o *oracle) paid() int {
	n, sum := 0, int64(0)
	for n < len(o.asks) && sum+o.asks[n] <= o.counted {
		sum += o.asks[n]
		n++
	}
	return n
}

func (o *oracle) dueBefore(d money.Date) (n int) {
	for n < len(o.due) && o.due[n] < d {
		n++
	}
	return n
}

// happens applies one event and says where its money went.
func (o *oracle) happens(e contract.Event) (split contract.Allocation) {
	o.until(e.Date)
	switch e.Kind {
	case contract.Payment:
		return o.receives(int64(e.Amount), e)
	case contract.LateCharge, contract.ReturnedFee:
		amount := int64(e.Amount)
		from := min(o.held, amount)
		o.held -= from
		if e.Kind == contract.LateCharge {
			o.late += amount - from
			return contract.Allocation{LateFee: money.Cents(from - amount), Unapplied: money.Cents(-from)}
		}
		o.other += amount - from
		return contract.Allocation{OtherFee: money.Cents(from - amount), Unapplied: money.Cents(-from)}
	case contract.RateChange:
		o.rate = fraction(*e.Rate)
	case contract.Deferral:
		from := min(o.paid(), len(o.due)-1)
		for k := from; k < len(o.due); k++ {
			y, m, day := o.due[k].Civil()
			day = max(day, o.agreed) // a shorter month hides the agreed day
			first := money.NewDate(y, m+e.Months, 1)
			o.due[k] = min(first+money.Date(day-1), money.NewDate(y, m+e.Months+1, 1)-1)
		}
	}
	return split
}

// receives hands out a payment's money.
func (o *oracle) receives(left int64, e contract.Event) (a contract.Allocation) {
	take := func(want int64) int64 {
		got := max(0, min(left, want))
		left -= got
		return got
	}
	passed := o.dueBefore(e.Date)
	past, next := max(0, o.askedBy(passed)-o.counted), max(0, o.askedBy(passed+1)-o.counted)
	if e.PrincipalOnly && past == 0 {
		principal := take(o.principal)
		interest := take(o.interest())
		late, other := take(o.late), take(o.other)
		o.settles(interest)
		o.principal, o.late, o.other, o.held = o.principal-principal, o.late-late, o.other-other, o.held+left
		return contract.Allocation{Principal: money.Cents(principal), Interest: money.Cents(interest), LateFee: money.Cents(late), OtherFee: money.Cents(other), Unapplied: money.Cents(left)}
	}
	bill := next
	if (past > 0 && left < next) || (e.Extra == contract.PayFees && !e.PrincipalOnly) {
		bill = past
	}
	interest := take(o.interest())
	principal := take(min(o.principal, bill-o.interest()))
	counts := interest + principal
	late, other := int64(0), int64(0)
	if e.Extra == contract.Reduce || e.PrincipalOnly { // what was meant for principal pays no later instalment
		counts = min(counts, next)
		principal += take(o.principal - principal)
		late, other = take(o.late), take(o.other)
	} else {
		late, other = take(o.late), take(o.other)
		more := take(o.principal - principal)
		principal, counts = principal+more, counts+more
	}
	o.settles(interest)
	o.counted += counts
	o.principal, o.late, o.other, o.held = o.principal-principal, o.late-late, o.other-other, o.held+left
	return contract.Allocation{Principal: money.Cents(principal), Interest: money.Cents(interest), LateFee: money.Cents(late), OtherFee: money.Cents(other), Unapplied: money.Cents(left)}
}

// settles pays interest; paid whole, the fraction of a cent is settled with it.
func (o *oracle) settles(cents int64) {
	if cents >= o.interest() {
		o.accrued = new(big.Rat)
		return
	}
	o.accrued.Sub(o.accrued, big.NewRat(cents, 1))
}

// live leaves out what was taken back and puts the rest in order of date.
func live(events []contract.Event) []contract.Event {
	gone := map[int]bool{}
	for i := len(events) - 1; i >= 0; i-- {
		if e := events[i]; e.Kind == contract.Reversal && !gone[e.Seq] {
			gone[e.Reverses] = true
		}
	}
	var out []contract.Event
	for _, e := range events {
		if !gone[e.Seq] && e.Kind != contract.Reversal {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b contract.Event) int { return int(a.Date - b.Date) })
	return out
}

// oracleLife draws a monthly loan and what happens to it, back-dated events and
// reversals of every kind among them.
func oracleLife(t *rapid.T) (contract.Terms, []contract.Event) {
	terms := loan()
	terms.Start = date("2004-01-01") + money.Date(rapid.IntRange(0, 36*365).Draw(t, "start"))
	terms.FirstDue = terms.Start + money.Date(rapid.IntRange(1, 75).Draw(t, "first due"))
	if rapid.Bool().Draw(t, "other day") {
		terms.DueDay = rapid.IntRange(1, 31).Draw(t, "due day")
	}
	terms.Principal = money.Cents(rapid.IntRange(500_00, 80_000_00).Draw(t, "principal"))
	terms.Rate = money.Rate(rapid.Int64Range(0, 300_000).Draw(t, "rate")) * 1_000_000
	terms.DayCount = rapid.SampledFrom([]money.DayCount{money.Actual365, money.ActualActual, money.Actual360, money.Actual366}).Draw(t, "day count")
	terms.Rounding = rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Truncate, money.Up}).Draw(t, "rounding")
	terms.Payments = rapid.IntRange(1, 84).Draw(t, "payments")
	terms.Payment = max(1, terms.Principal/money.Cents(terms.Payments)*money.Cents(rapid.IntRange(80, 150).Draw(t, "percent"))/100)
	var events []contract.Event
	on := terms.Start
	for n := range rapid.IntRange(0, 50).Draw(t, "events") {
		on += money.Date(rapid.IntRange(0, 50).Draw(t, "days"))
		e := contract.Event{Seq: n + 1, Date: max(terms.Start, on-money.Date(rapid.SampledFrom([]int{0, 0, 0, 0, 5, 70}).Draw(t, "back")))}
		e.Kind = rapid.SampledFrom([]contract.EventKind{
			contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.LateCharge, contract.ReturnedFee,
			contract.RateChange, contract.Deferral, contract.Reversal,
		}).Draw(t, "kind")
		switch e.Kind {
		case contract.Payment:
			e.Amount = terms.Payment
			if rapid.Bool().Draw(t, "odd") {
				e.Amount = money.Cents(rapid.IntRange(1, 4*int(terms.Payment)).Draw(t, "amount"))
			}
			e.Extra = rapid.SampledFrom([]contract.Extra{"", "", contract.Prepay, contract.Reduce, contract.PayFees}).Draw(t, "extra")
			e.PrincipalOnly = rapid.IntRange(0, 9).Draw(t, "only") == 0
		case contract.LateCharge, contract.ReturnedFee:
			e.Amount = money.Cents(rapid.IntRange(1, 100_00).Draw(t, "fee"))
		case contract.RateChange:
			r := money.Rate(rapid.Int64Range(0, 300_000).Draw(t, "new rate")) * 1_000_000
			e.Rate = &r
		case contract.Deferral:
			e.Months = rapid.IntRange(1, 3).Draw(t, "months")
		case contract.Reversal:
			e.Date, e.Reverses = on, rapid.IntRange(0, n).Draw(t, "which")
			if _, _, err := contract.Replay(&terms, append(events, e)); err != nil {
				continue // what has been taken back already stays so
			}
		}
		events = append(events, e)
	}
	return terms, events
}

func TestTheOracleAgreesToTheCent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := oracleLife(t)
		last := terms.Start
		for _, e := range events {
			last = max(last, e.Date)
		}
		last += money.Date(rapid.IntRange(0, 100).Draw(t, "later"))
		s, split, err := contract.Fold(&terms, events, last)
		if err != nil {
			t.Fatal(err)
		}
		o := newOracle(&terms)
		for _, e := range live(events) {
			want := o.happens(e)
			at := slices.IndexFunc(events, func(f contract.Event) bool { return f.Seq == e.Seq })
			if split[at] != want {
				t.Fatalf("%+v went to %s, the oracle says %s", e, parts(split[at]), parts(want))
			}
		}
		o.until(last)
		got := []int64{int64(s.Principal), int64(s.Accrued.Round(terms.Rounding)), int64(s.LateFees), int64(s.OtherFees), int64(s.Unapplied), int64(s.Credited), int64(s.Paid())}
		want := []int64{o.principal, o.interest(), o.late, o.other, o.held, o.counted, int64(o.paid())}
		if !slices.Equal(got, want) {
			t.Fatalf("principal, interest, late, other, held, counted, paid: %v, the oracle says %v", got, want)
		}
		for n, d := range o.due {
			if got := s.DueDate(&terms, n+1); got != d {
				t.Fatalf("instalment %d is due %s, the oracle says %s", n+1, got, d)
			}
		}
		o.compareDue(t, &s, last)
	})
}

// compareDue compares what is past due, since when, and how much is billed next.
func (o *oracle) compareDue(t *rapid.T, s *contract.State, on money.Date) {
	d, err := s.Due(o.terms, on)
	if err != nil {
		t.Fatal(err)
	}
	all := o.principal + o.interest()
	past := min(all, max(0, o.askedBy(o.dueBefore(on))-o.counted))
	if all == 0 {
		if d.NextDate != 0 || d.Amount() != money.Cents(o.late+o.other) {
			t.Fatalf("nothing is left but %+v", d)
		}
		return
	}
	next := o.due[min(o.paid(), len(o.due)-1)]
	if next >= on {
		past = 0
	}
	if int64(d.PastDue) != past || d.NextDate != next || (past > 0) != (d.DaysPastDue > 0) || (past > 0 && d.DaysPastDue != int(on-next)) {
		t.Fatalf("due %+v on %s, the oracle says %d past due since %s", d, on, past, next)
	}
}
