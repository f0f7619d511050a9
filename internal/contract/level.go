package contract

import (
	"math/big"
	"math/bits"
	"slices"

	"marque/internal/money"
)

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

// LevelPayment is the payment that the plan leaves to be found: the exact one
// that repays it on its own dates, rounded by the plan's payment rounding; its
// given payment when nothing is left to find. By days that is, without balloon
// and steps, P·∏(1+rₖ) / Σ∏(1+rⱼ) over the real factors between the dates; odd
// days folded into a plan by periods add to the amount financed, as in
// LevelPayment of the package. Errors are *TermsError.
func (p *Plan) LevelPayment() (money.Cents, error) {
	var room [128]Row
	var c course
	if err := c.lay(p, room[:0]); err != nil {
		return 0, err
	}
	return c.level()
}

// level finds the payment by fixed-point numbers where these are sure of the
// cent, else by whole numbers of any length.
func (c *course) level() (money.Cents, error) {
	if c.Payment > 0 && !slices.ContainsFunc(c.Steps, PaymentStep.open) {
		return c.Payment, nil
	}
	if payment, sure := c.nearLevel(); sure {
		return payment, nil
	}
	return c.exactLevel()
}

// weight of a row in the repayment: so many times the payment to be found, and
// an amount that is known.
type weight struct {
	times money.Rate
	known money.Cents
}

// weights gives the rows' weights, in order.
type weights struct {
	*course
	now  weight
	step int
}

func (c *course) weights() weights {
	s := weights{course: c, now: weight{known: c.Payment}}
	if c.Payment == 0 {
		s.now.times = money.RateScale
	}
	return s
}

func (s *weights) at(i int) weight {
	if i == s.Payments {
		return weight{known: s.Balloon}
	}
	for s.step < len(s.Steps) && s.Steps[s.step].From <= i+1 {
		switch step := s.Steps[s.step]; {
		case step.open():
			s.now = weight{times: money.RateScale}
		case step.Payment > 0:
			s.now = weight{known: step.Payment}
		case s.Payment > 0:
			s.now = weight{known: s.ratioOf(s.Payment, step.Ratio)}
		default:
			s.now = weight{times: step.Ratio}
		}
		s.step++
	}
	if i == len(s.rows)-1 {
		return weight{s.now.times, s.now.known + s.Balloon}
	}
	return s.now
}

// earning is what one cent earns in a row, in 2⁻⁶⁴, and how much may be missing
// of it; not ok when the cent earns another one.
type earning struct {
	fraction, missing uint64
	ok                bool
}

func (c *course) earns(i int, from money.Date) (e earning) {
	if whole := c.whole(i); whole > 0 {
		var over uint64
		over, e.fraction = bits.Mul64(c.period, uint64(whole))
		e.missing, e.ok = uint64(whole), (c.period != 0 || c.Accrual.Rate == 0) && over == 0
	} else {
		e.fraction, e.missing, e.ok = c.meter.Fraction(from, c.rows[i].Date)
	}
	return e
}

// Units of nearLevel.
const (
	growthBits = 61 // growth of a cent, less than 8
	paidBits   = 53 // payments grown, less than 2048
	knownBits  = 24 // cents, less than 2⁴⁰

	maxMissing = 1 << (64 - paidBits) // of a row's fraction, in 2⁻⁶⁴
)

// nearLevel finds the payment in words of 64 bits, and is sure of it when no
// rounding boundary lies inside the bound on what it may have lost. After the
// rows the balance is principal·growth − known − payment·paid. Growth and paid
// are one or more from their first row; a row takes from paid one unit by the
// product, one by a weight that is a ratio, and by the fraction at most one part
// in 2⁵³, so that n rows take at most 3n such parts of it; from growth and known
// they take at most n each beside units.
func (c *course) nearLevel() (payment money.Cents, sure bool) {
	r, multiple := c.paymentRounding()
	if multiple > 1 || (c.OddFirst == Folded && c.oddTo != 0) {
		return 0, false
	}
	var (
		growth      = uint64(1) << growthBits
		known, paid uint64
		plain       = len(c.Steps) == 0 && c.Payment == 0
		due         = c.weights()
		from        = c.even
	)
	for i := range c.rows {
		e := c.earns(i, from)
		if !e.ok || e.missing > maxMissing {
			return 0, false
		}
		if i < len(c.earned) && c.start == c.even {
			c.earned[i], c.known = e, i+1
		}
		from = c.rows[i].Date
		times, amount := uint64(1)<<paidBits, uint64(0)
		if !plain || i >= c.Payments-1 {
			s := due.at(i)
			times, _ = bits.Div64(uint64(s.times)>>(64-paidBits), uint64(s.times)<<paidBits, uint64(money.RateScale))
			if amount = uint64(s.known) << knownBits; amount>>knownBits != uint64(s.known) {
				return 0, false
			}
		}
		g, _ := bits.Mul64(growth, e.fraction)
		p, _ := bits.Mul64(paid, e.fraction)
		k, _ := bits.Mul64(known, e.fraction)
		var o1, o2, o3, o4, o5 uint64
		growth, o1 = bits.Add64(growth, g, 0)
		paid, o2 = bits.Add64(paid, p, 0)
		paid, o3 = bits.Add64(paid, times, 0)
		known, o4 = bits.Add64(known, k, 0)
		known, o5 = bits.Add64(known, amount, 0)
		if o1|o2|o3|o4|o5 != 0 {
			return 0, false
		}
	}
	if paid>>paidBits == 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(c.Principal), growth)
	all := hi<<(64-growthBits) | lo>>growthBits // whole cents, were nothing known
	lo, borrow := bits.Sub64(lo, known<<(growthBits-knownBits), 0)
	hi, borrow = bits.Sub64(hi, known>>(64-growthBits+knownBits), borrow)
	if borrow != 0 {
		return 0, false
	}
	const shift = 64 - growthBits + paidBits // to 2⁻⁶⁴ of a cent
	q, rest := bits.Div64(hi>>(64-shift), hi<<shift|lo>>(64-shift), paid)
	f, _ := bits.Div64(rest, lo<<shift, paid)

	// Lost: 5n parts in 2⁵³ of what the payment would be were nothing known, one
	// more for good measure, and of the known amounts a unit in a row, grown eight
	// times at most.
	n := uint64(len(c.rows) + 1)
	over, off := bits.Mul64(n*6<<(64-paidBits), all/(paid>>paidBits)+2)
	if known > 0 {
		off += n << (64 - knownBits + 4)
	}
	if over != 0 || off >= 1<<63 {
		return 0, false
	}
	payment, sure = cutOf(r).near(q, f, off)
	return payment, sure && payment > 0 && payment <= money.MaxAmount
}

// cut is a rounding of fractions of 2⁻⁶⁴: the boundary between down and up, none
// when all go one way.
type cut struct {
	boundary uint64
	up       bool
}

func cutOf(r money.Rounding) cut {
	switch r {
	case money.HalfUp, money.HalfEven:
		return cut{boundary: 1 << 63}
	case money.Up:
		return cut{up: true}
	}
	return cut{}
}

// near rounds q + fraction/2⁶⁴, known to within off/2⁶⁴, when all that it may be
// rounds alike; an exact half is never sure.
func (k cut) near(q, fraction, off uint64) (c money.Cents, sure bool) {
	past := fraction - k.boundary // how far beyond the boundary, around the whole
	if k.up || past < k.boundary {
		q++
	}
	return money.Cents(q), past > off && -past > off
}

// exactLevel is nearLevel in whole numbers: the balance after k rows is
// (owed − payment·paid) / scale, paid counted in parts of RateScale.
func (c *course) exactLevel() (money.Cents, error) {
	owed, paid, scale := big.NewInt(int64(c.Principal)), new(big.Int), big.NewInt(1)
	num, den, add := new(big.Int), new(big.Int), new(big.Int)
	factor := func(one money.Interest) { // num/den is one cent with its interest
		hi, lo := one.Count()
		den.SetUint64(money.InterestUnit)
		num.SetUint64(hi).Lsh(num, 64).Add(num, add.SetUint64(lo)).Add(num, den)
	}
	if c.OddFirst == Folded && c.oddTo != 0 {
		odd, err := c.meter.Interest(1, c.start, c.oddTo)
		if err != nil {
			return 0, &TermsError{"annual_rate", err.Error()}
		}
		factor(odd)
		owed.Mul(owed, num)
		scale.Set(den)
	}
	due, from := c.weights(), c.even
	for i := range c.rows {
		if whole := c.whole(i); whole > 0 {
			den.SetUint64(uint64(money.RateScale) * uint64(c.PerYear))
			num.Add(den, add.SetInt64(int64(c.Accrual.Rate)*int64(whole)))
		} else {
			one, err := c.meter.Interest(1, from, c.rows[i].Date)
			if err != nil {
				return 0, &TermsError{"annual_rate", err.Error()}
			}
			factor(one)
		}
		from = c.rows[i].Date
		scale.Mul(scale, den)
		s := due.at(i)
		owed.Mul(owed, num).Sub(owed, add.Mul(add.SetInt64(int64(s.known)), scale))
		paid.Mul(paid, num).Add(paid, add.Mul(add.SetInt64(int64(s.times)), scale))
	}
	r, multiple := c.paymentRounding()
	owed.Mul(owed, add.SetInt64(int64(money.RateScale)))
	q, err := levelCents(owed, paid.Mul(paid, add.SetInt64(int64(multiple))), r)
	if q *= multiple; q > money.MaxAmount {
		return 0, &TermsError{"payment_multiple", "the payment would be out of range"}
	}
	return q, err
}

// levelCents rounds an exact payment to cents and refuses what is no payment.
func levelCents(num, den *big.Int, r money.Rounding) (money.Cents, error) {
	if num.Sign() <= 0 {
		return 0, &TermsError{"balloon", "balloon and steps leave nothing for the payments to repay"}
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
