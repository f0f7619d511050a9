package sandbox

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"marque/internal/ach"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/tape"
)

// Role is a part that a customer plays for the person who tries the lender out.
// Nobody else acts for a customer with a role once history is over.
type Role string

// The roles. Each is played by one customer.
const (
	Everyone     Role = ""
	Current      Role = "current"  // a loan on autopay, never late, owed together with a co-borrower
	PastDue      Role = "past due" // a loan whose last instalment was missed
	Lessee       Role = "lease"    // a lease, paid by hand
	NotActivated Role = "newcomer" // a new loan, no online access yet
)

// Customer is an invented person with contracts and a bank account.
type Customer struct {
	Number     string // the same for all of the customer's contracts
	Role       Role
	Person     tape.Person
	CoBorrower *tape.Person // owes the contracts together with the customer; nil for nobody
	Bank       Account
	Contracts  []Contract
}

// Account is a bank account to pay from.
type Account struct{ Type, Routing, Number string }

// Next is the account that the customer opens after this one was closed.
func (a Account) Next() Account {
	h := fnv.New64a()
	h.Write([]byte(a.Number))
	sum := h.Sum64()
	a.Number = fmt.Sprintf("%08d%02d", sum%90_000_000+10_000_000, 10+sum/90_000_000%80)
	return a
}

// Contract is one loan or lease as it comes on the books on a day, and how its
// customer pays.
type Contract struct {
	Boards  money.Date // the first day on the books
	Loan    tape.Boarding
	Autopay bool
	seed    uint64
	role    Role
	through money.Date
}

// FewestCustomers is the number of roles.
const FewestCustomers = 4

// Portfolio invents n customers with about 1.3 contracts each, a fifth of them
// leases. From is the day on which the books open: contracts made before it come
// with what is left of them, the others on their own day up to through. Amounts,
// rates and terms of loans are spread as measured in public securitisations
// (Form ABS-EE): new cars like Ally 2017-3, used cars like Ally 2019-3.
func Portfolio(seed uint64, n int, from, through money.Date) ([]Customer, error) {
	if n < FewestCustomers {
		return nil, fmt.Errorf("a portfolio has at least %d customers", FewestCustomers)
	}
	if through < from+60 {
		return nil, fmt.Errorf("a portfolio's history has at least 60 days, not %s to %s", from, through)
	}
	m := &maker{rand: rand.New(rand.NewPCG(seed, 0x73616e64)), from: from, through: through, mail: map[string]int{}}
	roles := []Role{Current, PastDue, Lessee, NotActivated}
	out := make([]Customer, n)
	for i := range out {
		c := &out[i]
		c.Number, c.Person = fmt.Sprintf("C-%05d", 10_001+i), m.person()
		c.Bank = m.account()
		if i < len(roles) {
			c.Role = roles[i]
		}
		for range m.contracts(c.Role) {
			k, err := m.contract(c)
			if err != nil {
				return nil, fmt.Errorf("make up a contract for %s: %w", c.Number, err)
			}
			c.Contracts = append(c.Contracts, k)
		}
	}
	m.rand = rand.New(rand.NewPCG(seed, 0x686f6d65)) // one more household moves nobody else
	for i := range out {
		if c := &out[i]; c.Role == Current || (c.Role == Everyone && m.rand.IntN(100) < 20) {
			m.together(c)
		}
	}
	return out, nil
}

// maker draws everything from one source, in one order.
type maker struct {
	rand          *rand.Rand
	from, through money.Date
	mail          map[string]int
	serial        int
}

func (m *maker) contracts(role Role) int {
	if role != Everyone {
		return 1
	}
	switch n := m.rand.IntN(100); {
	case n < 74:
		return 1
	case n < 96:
		return 2
	}
	return 3
}

// routings pass the checksum and begin with 80, the prefix of travelers checks:
// no bank that keeps accounts has them.
var routings = []string{"80001423", "80004042", "80007331"}

func (m *maker) account() Account {
	dfi := pick(m.rand, routings)
	digit, _ := ach.CheckDigit(dfi)                                                                                                                         // eight digits, by the list above
	a := Account{Type: "checking", Routing: dfi + string(digit), Number: fmt.Sprintf("%08d%02d", 10_000_000+m.rand.Int64N(89_999_999), 10+m.rand.IntN(80))} // the bank knows those that end in 01 to 97
	if m.rand.IntN(10) == 0 {
		a.Type = "savings"
	}
	return a
}

// spread is a distribution by its least value, its 5th, 50th and 95th
// percentiles and its greatest, even between them.
type spread [5]int64

func (s spread) draw(r *rand.Rand) int64 {
	at := [5]int64{0, 500, 5000, 9500, 10000}
	u := r.Int64N(10000)
	k := 0
	for u >= at[k+1] {
		k++
	}
	return s[k] + (s[k+1]-s[k])*(u-at[k])/(at[k+1]-at[k])
}

// segment is a kind of loan: amount in dollars, yearly rate in hundredths of a
// percent, and the reported terms with their shares. A reported term of 73 is 72
// payments, the first a month or a month and a half after signing.
type segment struct {
	amount, rate spread
	terms        [][2]int // reported term, share in hundredths
}

var (
	newCars = segment{
		amount: spread{9_500, 14_500, 25_500, 48_800, 66_000}, rate: spread{99, 290, 550, 970, 1390},
		terms: [][2]int{{73, 64}, {74, 9}, {76, 9}, {77, 8}, {61, 7}, {49, 3}},
	}
	usedCars = segment{
		amount: spread{5_200, 8_000, 14_200, 23_800, 33_000}, rate: spread{290, 490, 820, 1300, 1790},
		terms: [][2]int{{73, 84}, {61, 11}, {49, 5}},
	}
	// Leases have no public measure here: capitalized cost in dollars, yearly
	// rate in hundredths of a percent, residual in thousandths of the cost.
	leaseCost     = spread{21_000, 26_500, 36_500, 61_000, 84_000}
	leaseRate     = spread{120, 240, 480, 780, 990}
	leaseResidual = spread{480, 520, 580, 640, 680}
)

// leaseTax is an invented state's use tax on each payment.
const leaseTax = 625 * money.RateScale / 10_000

func (m *maker) contract(c *Customer) (Contract, error) {
	k := Contract{role: c.Role, through: m.through, seed: m.rand.Uint64(), Autopay: m.rand.IntN(100) < 45}
	b := &k.Loan
	m.serial++
	b.AccountNumber = fmt.Sprintf("40%05d%03d", 10_000+m.rand.IntN(90_000), m.serial%1000)
	b.Position = tape.Position{File: "sandbox", Number: m.serial, Line: m.serial, Asset: b.AccountNumber}
	b.CustomerID, b.Person, b.State = c.Number, &c.Person, c.Person.State
	lease := m.rand.IntN(100) < 20
	switch c.Role {
	case Current:
		lease, k.Autopay = false, true
	case PastDue, NotActivated:
		lease, k.Autopay = false, false
	case Lessee:
		lease, k.Autopay = true, false
	}
	made, due := m.signing(c.Role, lease)
	b.OriginalDate = made
	b.Terms = contract.Terms{
		DayCount: money.Actual365, Rounding: money.HalfUp, Application: contract.DefaultApplication, GraceDays: 10,
		Start: made, FirstDue: due, DueDay: due.Day(),
	}
	var err error
	if lease {
		err = m.lease(b)
	} else {
		err = m.loan(b)
	}
	if err != nil {
		return k, err
	}
	b.OriginalAmount = b.Terms.Principal
	if lease {
		b.OriginalAmount = b.Terms.Payment * money.Cents(b.OriginalTerm)
	}
	k.Boards = made
	if made < m.from {
		k.Boards = m.from
		err = season(b, m.from)
	}
	b.AsOf = b.Terms.Start
	return k, err
}

// signing is the day a contract was made, and its first due date.
func (m *maker) signing(role Role, lease bool) (made, due money.Date) {
	switch role {
	case Current:
		made = m.from - 230
	case PastDue: // an instalment 20 days ago, and the one before that 50 days ago
		due = (m.through - 20).AddMonths(-17, (m.through - 20).Day())
		return due - 30, due
	case Lessee:
		due = (m.through + 12).AddMonths(-15, (m.through + 12).Day())
		return due - 30, due
	case NotActivated:
		return m.through - 24, m.through + 6
	default:
		if m.rand.IntN(100) < 62 {
			age := 40 * 30
			if lease { // an older one would be over before history is
				age /= 3
			}
			made = m.from - money.Date(10+m.rand.IntN(age))
		} else {
			made = m.from + money.Date(1+m.rand.IntN(int(m.through-m.from)-8))
		}
	}
	due = made.AddMonths(1, made.Day())
	if m.rand.IntN(2) == 0 {
		due += 15
	}
	return made, due
}

func (m *maker) loan(b *tape.Boarding) error {
	kind, year := newCars, b.OriginalDate.Year()
	isNew := m.rand.IntN(100) < 65
	if !isNew {
		kind, year = usedCars, year-2-m.rand.IntN(6)
	}
	t := &b.Terms
	t.Kind = contract.Loan
	t.Principal = money.Cents(kind.amount.draw(m.rand) * 100)
	t.Rate = money.RateScale / 10_000 * money.Rate(kind.rate.draw(m.rand))
	b.OriginalRate, b.OriginalTerm = t.Rate, drawTerm(m.rand, kind.terms)
	t.Payments = b.OriginalTerm - 1
	t.LateFee, t.ReturnedFee = contract.LateFee{Percent: money.RateScale / 20, Cap: 25_00}, 15_00
	odd := max(0, int(t.FirstDue-t.Start)-31)
	b.Vehicle = m.vehicle(year, isNew)
	var err error
	t.Payment, err = contract.LevelPayment(t.Principal, t.Rate, t.Payments, 12, odd, 0, t.DayCount, t.Rounding)
	return err
}

func drawTerm(r *rand.Rand, terms [][2]int) int {
	n := r.IntN(100)
	for _, t := range terms {
		if n -= t[1]; n < 0 {
			return t[0]
		}
	}
	return terms[0][0]
}

// lease makes level rentals; the first was paid at signing and is not ours.
func (m *maker) lease(b *tape.Boarding) error {
	t := &b.Terms
	t.Kind = contract.Lease
	cost := money.Cents(leaseCost.draw(m.rand) * 100)
	terms := contract.LeaseTerms{CapitalizedCost: cost, Residual: cost / 1000 * money.Cents(leaseResidual.draw(m.rand)),
		Term: pick(m.rand, []int{24, 36, 36, 36, 36, 36, 39}), MilesPerYear: pick(m.rand, []int{10_000, 12_000, 12_000, 15_000})}
	quote := contract.LeaseQuote{GrossCapCost: cost, Residual: terms.Residual, Term: terms.Term,
		MoneyFactor: money.RateScale / 10_000 * money.Rate(leaseRate.draw(m.rand)) / 24,
		TaxMethod:   contract.TaxOnPayment, TaxRate: leaseTax, Rounding: money.HalfUp}
	f, err := quote.Figures()
	if err != nil {
		return err
	}
	terms.Start, terms.BasePayment, terms.MonthlyTax, terms.MoneyFactor = b.OriginalDate, f.BasePayment, f.Tax, quote.MoneyFactor
	terms.TaxMethod, terms.TaxRate = quote.TaxMethod, quote.TaxRate
	terms.ExcessMile, terms.Odometer = 20, 5+m.rand.IntN(60)
	terms.DispositionFee, terms.PurchaseFee, terms.EarlyTerminationFee = 395_00, 300_00, 250_00
	t.LeaseTerms, t.Payments, t.Payment, t.Tax = &terms, terms.Term-1, f.Payment, f.Tax
	t.Principal = f.BasePayment * money.Cents(t.Payments)
	t.LateFee, t.ReturnedFee = contract.LateFee{Flat: 25_00}, 20_00
	b.OriginalTerm = terms.Term
	b.Vehicle = m.vehicle(b.OriginalDate.Year(), true)
	return nil
}

// season leaves of a contract what is still to pay on a day, as if every
// instalment before it had been paid when due.
func season(b *tape.Boarding, on money.Date) error {
	t := &b.Terms
	paid := t.DueThrough(on)
	if rest := t.Payments - paid; rest < 4 { // nearly over: as if made later
		move := 4 - rest
		t.FirstDue = t.FirstDue.AddMonths(move, t.DueDay)
		b.OriginalDate = b.OriginalDate.AddMonths(move, b.OriginalDate.Day())
		t.Start = b.OriginalDate
		if t.LeaseTerms != nil {
			t.LeaseTerms.Start = b.OriginalDate
		}
		paid -= move
	}
	if paid <= 0 {
		return nil
	}
	if t.Kind == contract.Lease {
		t.Principal -= (t.Payment - t.Tax) * money.Cents(paid)
		t.Start, t.FirstDue, t.Payments = t.DueDate(paid), t.DueDate(paid+1), t.Payments-paid
		return nil
	}
	p := contract.Plan{Principal: t.Principal, Accrual: t.Accrual(), Rounding: t.Rounding, Start: t.Start, First: t.FirstDue, DueDay: t.DueDay,
		Payments: t.Payments, PerYear: 12, Method: contract.Daily, Payment: t.Payment}
	rows, err := p.Schedule(nil)
	if err != nil {
		return err
	}
	t.Principal, t.Start, t.FirstDue = rows[paid-1].Balance, rows[paid-1].Date, t.DueDate(paid+1)
	t.Payments -= paid
	return nil
}
