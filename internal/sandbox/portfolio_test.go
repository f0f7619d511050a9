package sandbox

import (
	"slices"
	"strings"
	"testing"

	"marque/internal/ach"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/tape"
)

var (
	opens = money.NewDate(2024, 11, 20)
	ends  = money.NewDate(2026, 11, 20)
)

func crowd(t *testing.T, n int) []Customer {
	t.Helper()
	all, err := Portfolio(7, n, opens, ends)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Figures are those measured on Form ABS-EE filings: Ally 2017-3 new cars and
// Ally 2019-3 used cars.
func TestLoansAreSpreadAsMeasured(t *testing.T) {
	amounts, rates, payments := map[bool][]int64{}, map[bool][]int64{}, map[bool][]int64{}
	contracts, leases, of73 := 0, 0, 0
	all := crowd(t, 6000)
	for _, c := range all {
		for _, k := range c.Contracts {
			contracts++
			b := k.Loan
			if b.Terms.Kind == contract.Lease {
				leases++
				continue
			}
			if b.OriginalTerm == 73 {
				of73++
			}
			rates[b.Vehicle.New] = append(rates[b.Vehicle.New], int64(b.OriginalRate/(money.RateScale/10_000)))
			payments[b.Vehicle.New] = append(payments[b.Vehicle.New], int64(b.Terms.Payment/100))
			amounts[b.Vehicle.New] = append(amounts[b.Vehicle.New], int64(b.OriginalAmount/100))
		}
	}
	near := func(what string, got, want, percent int64) {
		t.Helper()
		if d := got - want; d*100 > want*percent || -d*100 > want*percent {
			t.Errorf("%s: %d, measured %d", what, got, want)
		}
	}
	quantiles := func(what string, v []int64, p5, p50, p95, percent int64) {
		t.Helper()
		slices.Sort(v)
		near(what+" 5%", v[len(v)/20], p5, percent)
		near(what+" median", v[len(v)/2], p50, percent)
		near(what+" 95%", v[len(v)*19/20], p95, percent)
	}
	quantiles("new, amount", amounts[true], 14_500, 25_500, 48_800, 6)
	quantiles("used, amount", amounts[false], 8_000, 14_200, 23_800, 6)
	quantiles("new, rate", rates[true], 290, 550, 970, 6)
	quantiles("used, rate", rates[false], 490, 820, 1300, 6)
	slices.Sort(payments[true])
	slices.Sort(payments[false])
	near("new, payment", payments[true][len(payments[true])/2], 419, 10)
	near("used, payment", payments[false][len(payments[false])/2], 251, 10)
	near("contracts of 100 customers", int64(contracts*100/len(all)), 130, 3)
	near("leases in 1000 contracts", int64(leases*1000/contracts), 200, 10)
	near("terms of 73 in 1000 loans", int64(of73*1000/(contracts-leases)), 710, 5)
	for state, share := range map[string]int64{"FL": 140, "TX": 110, "CA": 100, "IL": 60} {
		n := 0
		for _, c := range all {
			if c.Person.State == state {
				n++
			}
		}
		near(state+" in 1000", int64(n*1000/len(all)), share, 15)
	}
}

// The measure is the Ally panel of 196,048 loan-months.
func TestBorrowersPayAsMeasured(t *testing.T) {
	var kinds [6]int
	var steps [6][6]int
	months, autopay, late, behind := 0, 0, 0, 0
	for _, c := range crowd(t, 6000) {
		for _, k := range c.Contracts {
			if c.Role != Everyone {
				continue
			}
			if k.Autopay {
				autopay++
			}
			last, day, paid, due := -1, k.Boards, money.Cents(0), money.Cents(0)
			for _, m := range k.Months() {
				if m.Due > ends {
					break
				}
				kinds[m.Kind]++
				months++
				if last >= 0 {
					steps[last][m.Kind]++
				}
				last = int(m.Kind)
				due += k.Loan.Terms.Payment
				if k.Autopay && m.Kind != Payoff {
					paid += k.Loan.Terms.Payment
				}
				if m.Act != nil {
					paid += m.Act.Amount
				}
				if m.Kind != Payoff && paid < due-100 {
					behind++
				}
				if m.Act == nil {
					continue
				}
				if m.Act.Date <= day {
					t.Fatalf("%s pays on %s after %s", k.Loan.AccountNumber, m.Act.Date, day)
				}
				if day = m.Act.Date; day > m.Due+10 {
					late++
				}
			}
		}
	}
	share := func(n, of int) int { return n * 1000 / max(of, 1) }
	for kind, want := range map[MonthKind]int{Exact: 568, Over: 224, None: 90, Double: 62, Partial: 40, Payoff: 16} {
		if got := share(kinds[kind], months); got < want-25 || got > want+25 {
			t.Errorf("months of kind %d: %d in 1000, measured %d", kind, got, want)
		}
	}
	sum := func(row [6]int) (n int) {
		for _, v := range row {
			n += v
		}
		return n
	}
	// The steps are held less closely than the shares: who is behind here catches
	// up sooner than the panel, so that the sandbox is not full of late fees.
	for _, s := range []struct {
		from, to MonthKind
		want     int
	}{{Exact, Exact, 900}, {Exact, None, 37}, {Exact, Double, 20}, {Exact, Payoff, 15}, {None, None, 310}, {None, Double, 290}, {None, Over, 170}, {None, Exact, 150}, {Double, None, 310}, {Double, Exact, 260}} {
		if got := share(steps[s.from][s.to], sum(steps[s.from])); got < s.want-115 || got > s.want+115 {
			t.Errorf("from kind %d to %d: %d in 1000, measured %d", s.from, s.to, got, s.want)
		}
	}
	if n := share(behind, months); n > 130 {
		t.Errorf("%d of 1000 months end behind", n)
	}
	t.Logf("of %d months: %v; late by more than ten days %d, behind %d in 1000", months, kinds, share(late, months), share(behind, months))
}

func TestEverybodyIsInvented(t *testing.T) {
	emails, numbers := map[string]bool{}, map[string]bool{}
	for _, c := range crowd(t, 1500) {
		p := c.Person
		if emails[p.Email] || !strings.HasSuffix(p.Email, ".example") || tape.CheckEmail(p.Email) != nil {
			t.Errorf("e-mail %s", p.Email)
		}
		emails[p.Email] = true
		if phone, err := tape.Phone(p.Phone); err != nil || phone != p.Phone || !strings.HasPrefix(p.Phone[5:], "55501") {
			t.Errorf("phone %s: %v", p.Phone, err)
		}
		if ssn, err := tape.SSN(p.SSN); err != nil || ssn != p.SSN || len(ssn) != 4 {
			t.Errorf("SSN %s: %v", p.SSN, err)
		}
		if err := tape.CheckZIP(p.ZIP); err != nil {
			t.Errorf("ZIP %s: %v", p.ZIP, err)
		}
		for _, a := range []Account{c.Bank, c.Bank.Next()} {
			if _, err := ach.ParseRouting(a.Routing); err != nil || !strings.HasPrefix(a.Routing, "80") || len(a.Number) != 10 {
				t.Errorf("bank account %+v: %v", a, err)
			}
		}
		for _, k := range c.Contracts {
			if numbers[k.Loan.AccountNumber] {
				t.Errorf("account %s stands twice", k.Loan.AccountNumber)
			}
			numbers[k.Loan.AccountNumber] = true
			if err := k.Loan.Terms.Validate(); err != nil {
				t.Errorf("account %s: %v", k.Loan.AccountNumber, err)
			}
			if err := tape.CheckVIN(k.Loan.Vehicle.VIN); err != nil {
				t.Errorf("VIN %s: %v", k.Loan.Vehicle.VIN, err)
			}
			if k.Loan.Terms.Start > k.Boards || k.Boards < opens || k.Boards > ends {
				t.Errorf("account %s comes on the books on %s, made %s", k.Loan.AccountNumber, k.Boards, k.Loan.Terms.Start)
			}
		}
	}
}

func TestTheSameSeedGivesTheSamePeople(t *testing.T) {
	a, b := crowd(t, 50), crowd(t, 50)
	for i := range a {
		if a[i].Person != b[i].Person || a[i].Bank != b[i].Bank || len(a[i].Contracts) != len(b[i].Contracts) ||
			a[i].Contracts[0].Loan.Terms.Payment != b[i].Contracts[0].Loan.Terms.Payment {
			t.Fatalf("%d differ: %+v, %+v", i, a[i], b[i])
		}
	}
	if _, err := Portfolio(1, 3, opens, ends); err == nil {
		t.Error("three customers cannot play four roles")
	}
}

// One in five households owes together, and who is current does.
func TestSomeOweTogether(t *testing.T) {
	all := crowd(t, 2000)
	n, mails := 0, map[string]bool{}
	for _, c := range all {
		mails[c.Person.Email] = true
		for _, k := range c.Contracts {
			if k.Loan.CoBorrower != c.CoBorrower {
				t.Fatalf("%s: a contract's co-borrower is not the household's", c.Number)
			}
		}
		if p := c.CoBorrower; p != nil {
			n++
			if mails[p.Email] || p.Street != c.Person.Street || p.FirstName == c.Person.FirstName {
				t.Errorf("%+v lives with %+v", *p, c.Person)
			}
			mails[p.Email] = true
		}
		if (c.Role == Current) != (c.Role != Everyone && c.CoBorrower != nil) {
			t.Errorf("%s: %v", c.Role, c.CoBorrower)
		}
	}
	if n < 340 || n > 460 {
		t.Errorf("%d of %d households owe together", n, len(all))
	}
}
