package sandbox

import (
	"math/rand/v2"

	"marque/internal/money"
)

// MonthKind says how an instalment's month went.
type MonthKind int

// The kinds of month, as they are told apart in lenders' monthly records: the
// scheduled payment exactly, up to 1.95 times it, nothing, about twice it or
// more, less than it, and all that was owed.
const (
	Exact MonthKind = iota
	Over
	None
	Double
	Partial
	Payoff
)

// habit gives, for each kind of month, the next month's kind in thousandths.
type habit [5][6]int

// Borrowers on autopay and those who pay by hand, before steady. Together, 45 of
// 100 on autopay, they give the measured shares of months (Ally panel, 196,048
// loan-months: exact 56.8 %, over 22.4, none 9.0, double 6.2, partial 4.0, payoff
// 1.65) and roughly the measured steps from one to the next.
var (
	onAutopay = habit{
		Exact:  {945, 26, 0, 13, 0, 16},
		Over:   {800, 180, 0, 10, 0, 10},
		None:   {1000, 0, 0, 0, 0, 0},
		Double: {900, 80, 0, 10, 0, 10},
	}
	byHand = habit{
		Exact:   {475, 290, 115, 60, 45, 15},
		Over:    {10, 770, 85, 75, 45, 15},
		None:    {0, 230, 520, 180, 55, 15},
		Double:  {130, 290, 280, 200, 85, 15},
		Partial: {60, 160, 150, 90, 525, 15},
	}
)

// Act is what a borrower does on a day.
type Act struct {
	Date   money.Date
	Kind   MonthKind   // Payoff pays all that is owed
	Amount money.Cents // of one payment; 0 for Payoff
}

// Month is one instalment's month: its kind, and what is done by hand for it.
// On autopay an exact month needs nothing.
type Month struct {
	Due  money.Date
	Kind MonthKind
	Act  *Act
}

// Months tells how the borrower pays, instalment by instalment, up to the payoff
// or the end of the contract. It is the same whenever it is asked.
func (k *Contract) Months() []Month {
	t := &k.Loan.Terms
	if k.role != Everyone {
		return k.played()
	}
	r := rand.New(rand.NewPCG(k.seed, 1))
	h, kind := byHand, Exact
	if k.Autopay {
		h = onAutopay
	}
	early := 1 + r.IntN(6) // this borrower's habit, in days before the due date
	var out []Month
	var ahead int64 // thousandths of an instalment paid ahead; negative is behind
	last := k.Boards
	for n := 1; n <= t.Payments; n++ {
		kind = steady(r, h.next(r, kind), ahead, k.Autopay)
		m := Month{Due: t.DueDate(n), Kind: kind}
		share := shareOf(r, kind, k.Autopay)
		if share > 0 || kind == Payoff {
			on := max(m.Due-money.Date(early)+jitter(r, k.Autopay), last+1)
			last = on
			m.Act = &Act{Date: on, Kind: kind, Amount: roundDollars(t.Payment, share)}
		}
		ahead += share - 1000
		if k.Autopay {
			ahead = 0
		}
		out = append(out, m)
		if kind == Payoff {
			break
		}
	}
	return out
}

func (h *habit) next(r *rand.Rand, from MonthKind) MonthKind {
	n := r.IntN(1000)
	for kind, share := range h[from] {
		if n -= share; n < 0 {
			return MonthKind(kind)
		}
	}
	return Exact
}

// steady lets a borrower by hand act on where the account stands, within the
// shares of months: who is behind catches up, the surer the further; who is paid
// ahead is the one who skips a month, and does not pay ahead for ever.
func steady(r *rand.Rand, k MonthKind, ahead int64, autopay bool) MonthKind {
	chance := r.IntN(100) // drawn always, so that the months after do not shift
	switch {
	case autopay || k == Payoff:
		return k
	case ahead <= -1900, ahead <= -900 && k != None && chance < 75:
		return Double
	case ahead < 0 && k == Partial:
		return Exact
	case ahead < 900 && k == None && chance < 65:
		return Exact
	case ahead >= 0 && ahead < 900 && k == Double && chance < 10:
		return Over
	case ahead >= 900 && (k == Over || k == Exact) && chance < 36, ahead >= 4000 && k != Partial:
		return None
	}
	return k
}

// shareOf is what is paid by hand, in thousandths of the instalment.
func shareOf(r *rand.Rand, k MonthKind, autopay bool) int64 {
	switch k {
	case Exact:
		if autopay {
			return 0
		}
		return 1000
	case Over:
		if autopay { // a little more, beside the draft
			return int64(100 + r.IntN(500))
		}
		return int64(1030 + r.IntN(600))
	case Double:
		if autopay {
			return 1000
		}
		return 2000
	case Partial:
		return int64(400 + r.IntN(500))
	}
	return 0
}

// jitter spreads the days between payments: most on the habit's day, a standard
// deviation near four days, and few late enough for a fee.
func jitter(r *rand.Rand, autopay bool) money.Date {
	n := r.IntN(100)
	switch {
	case n < 60:
		return money.Date(r.IntN(3) - 1)
	case n < 82:
		return money.Date(r.IntN(4) - 4)
	case n < 96 || autopay:
		return money.Date(2 + r.IntN(5))
	}
	return money.Date(10 + r.IntN(12))
}

// roundDollars is a share of a payment: whole instalments to the cent, other
// amounts in whole dollars as people choose them.
func roundDollars(payment money.Cents, share int64) money.Cents {
	amount := payment * money.Cents(share) / 1000
	if share%1000 == 0 {
		return amount
	}
	return max(amount/100, 1) * 100
}

// played is the months of a customer with a role: on time until history's last
// weeks.
func (k *Contract) played() []Month {
	t := &k.Loan.Terms
	var out []Month
	for n := 1; n <= t.Payments && t.DueDate(n) <= k.through; n++ {
		m := Month{Due: t.DueDate(n), Kind: Exact}
		missed := k.role == NotActivated || (k.role == PastDue && m.Due > k.through-35)
		switch {
		case missed:
			m.Kind = None
		case !k.Autopay:
			m.Act = &Act{Date: max(m.Due-2, k.Boards), Kind: Exact, Amount: t.Payment}
		}
		out = append(out, m)
	}
	return out
}
