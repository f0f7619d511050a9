package billing_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// constants are the values of a type's constants as the contract's source
// declares them.
func constants(t *testing.T, of string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../contract/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil || fmt.Sprint(v.Type) != of {
			return true
		}
		value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, value)
		return true
	})
	return out
}

func TestEveryEventHasItsRow(t *testing.T) {
	kinds, sources := constants(t, "EventKind"), constants(t, "Source")
	if len(kinds) < 20 || len(sources) < 5 {
		t.Fatalf("the source names %q and %q", kinds, sources)
	}
	rows := map[string]int{}
	for _, r := range billing.Table {
		rows[string(r.Kind)+" "+string(r.Source)]++
		e := contract.Event{Kind: r.Kind, Source: r.Source}
		if got := billing.Other(&e); got != r.Other {
			t.Errorf("%s: the other side is %s, in the table %s", r.Words, got, r.Other)
		}
		all := slices.Concat(r.Debit, r.Credit)
		if posts := r.Other != ledger.Suspense; posts != slices.Contains(all, r.Other) {
			t.Errorf("%s: %s is not among its accounts", r.Words, r.Other)
		}
		for _, a := range all {
			if _, charted := ledger.Of(a); !charted {
				t.Errorf("%s: %s is not in the chart", r.Words, a)
			}
		}
	}
	for _, k := range kinds {
		if contract.EventKind(k) == contract.Payment {
			for _, s := range sources {
				if rows[k+" "+s] != 1 {
					t.Errorf("payment by %s has %d rows", s, rows[k+" "+s])
				}
			}
			continue
		}
		if rows[k+" "] != 1 {
			t.Errorf("%s has %d rows", k, rows[k+" "])
		}
	}
	if len(billing.Table) != len(kinds)-1+len(sources) {
		t.Errorf("%d rows for %d kinds and %d sources", len(billing.Table), len(kinds), len(sources))
	}
}

func allocation(t *rapid.T, label string) contract.Allocation {
	part := func(name string) money.Cents {
		return money.Cents(rapid.Int64Range(-1_000_000_00, 1_000_000_00).Draw(t, label+" "+name))
	}
	return contract.Allocation{
		Principal: part("principal"), Interest: part("interest"), LateFee: part("late fee"), OtherFee: part("other fee"), Unapplied: part("unapplied"),
		Tax: part("tax"), Recovered: part("recovered"), Forgiven: part("forgiven"), ChargedOff: part("charged off"), InterestForgiven: part("interest forgiven"),
	}
}

func TestEveryRowBalancesAndReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allocation(t, "an allocation's")
		for _, kind := range []contract.Kind{contract.Loan, contract.Lease} {
			for _, r := range billing.Table {
				ps := billing.Postings(kind, &contract.Event{Kind: r.Kind, Source: r.Source}, a)
				if e := (ledger.Entry{Postings: ps}); len(ps) > 0 {
					if err := e.Check(); err != nil {
						t.Fatalf("%s: %v", r.Words, err)
					}
				} else if billing.Booked(a) != (contract.Allocation{}) {
					t.Fatalf("%s: %+v posts nothing", r.Words, a)
				}
				if back := billing.Allocated(ps); back != billing.Booked(a) {
					t.Fatalf("%s: %+v came back as %+v", r.Words, a, back)
				}
			}
		}
	})
}

func TestWhatTheTableDoesNotKnowGoesToSuspense(t *testing.T) {
	for _, e := range []contract.Event{{Kind: "gift"}, {Kind: contract.Payment, Source: "pigeon"}, {Kind: contract.RateChange}} {
		ps := billing.Postings(contract.Loan, &e, contract.Allocation{Principal: 5_00})
		if !slices.Equal(ps, ledger.Move(ledger.Principal, ledger.Suspense, 5_00)) {
			t.Errorf("%s: %v", e.Kind, ps)
		}
	}
}

// books is what a journal kept by this package would hold after a history.
func books(t *rapid.T, terms *contract.Terms, events []contract.Event) (ledger.Balances, contract.State, []contract.Allocation) {
	b, s := ledger.Balances{}, terms.Open()
	b.Add(billing.Opening(terms))
	allocations := make([]contract.Allocation, len(events))
	for i := range events {
		before := s
		var err error
		if allocations[i], err = s.Apply(terms, events[i]); err != nil {
			t.Fatalf("%+v: %v", events[i], err)
		}
		ps := billing.Rent(billing.Postings(terms.Kind, &events[i], allocations[i]), terms, &before, &s)
		e := ledger.Entry{Postings: ps}
		if err := e.Check(); err != nil && len(ps) > 0 {
			t.Fatalf("%+v: %v", events[i], err)
		}
		if allocations[i] != (contract.Allocation{}) {
			sides(t, terms.Kind, &events[i], allocations[i])
		}
		b.Add(ps)
	}
	return b, s, allocations
}

// sides holds what an event first posts against the side that the table shows.
func sides(t *rapid.T, kind contract.Kind, e *contract.Event, a contract.Allocation) {
	source := e.Source
	if e.Kind == contract.Payment && source == "" {
		source = contract.FromACH
	}
	i := slices.IndexFunc(billing.Table, func(r billing.Row) bool { return r.Kind == e.Kind && r.Source == source })
	for _, p := range billing.Postings(kind, e, a) {
		on := p.Account
		if on == ledger.LeaseReceivable {
			on = ledger.Principal
		}
		shown := billing.Table[i].Credit
		if p.Amount > 0 {
			shown = billing.Table[i].Debit
		}
		if !slices.Contains(shown, on) {
			// A lease's end gives up rentals to come, gives back part of one that was
			// paid, and charges: any of them may be more.
			if e.Kind == contract.LeaseEnd && (on == ledger.LeaseTermination || on == ledger.Principal) {
				continue
			}
			t.Fatalf("%+v posts %s on %s: the table shows it on the other side, or not at all", *e, p.Amount, p.Account)
		}
	}
}

func leaseTerms() contract.Terms {
	t := loan()
	t.Kind, t.Rate, t.LateFee = contract.Lease, 0, contract.LateFee{Flat: 25_00}
	t.Payment, t.Tax, t.Payments = 423_04, 25_04, 36
	t.Principal, t.FirstDue = 398_00*36, t.Start
	t.LeaseTerms = &contract.LeaseTerms{CapitalizedCost: 31_500_00, Residual: 18_900_00, Term: 36, BasePayment: 398_00, Start: t.Start}
	return t
}

func history(t *rapid.T, terms *contract.Terms) (events []contract.Event) {
	kinds := []contract.EventKind{
		contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.LateCharge, contract.ReturnedFee, contract.OtherCharge,
		contract.Waiver, contract.Refund, contract.Repossession, contract.Sale, contract.ChargeOff, contract.PayoffQuote,
	}
	if terms.Kind == contract.Lease {
		kinds = append(kinds, contract.LeaseExtension, contract.LeaseEnd)
	} else {
		kinds = append(kinds, contract.RateChange, contract.Service, contract.Modification)
	}
	on := terms.Start
	for i := range rapid.IntRange(1, 60).Draw(t, "events") {
		on += money.Date(rapid.IntRange(0, 40).Draw(t, "days"))
		e := contract.Event{
			Seq: i + 1, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Date: on,
			Amount: money.Cents(rapid.Int64Range(1, int64(3*terms.Payment)).Draw(t, "amount")),
		}
		switch e.Kind {
		case contract.Payment:
			e.Source = rapid.SampledFrom([]contract.Source{"", contract.FromACH, contract.FromCard, contract.FromCheck, contract.FromWire, contract.FromCash, contract.FromInsurer}).Draw(t, "source")
			if rapid.IntRange(0, 15).Draw(t, "large") == 0 {
				e.Amount *= 40
			}
		case contract.Waiver:
			e.Of = rapid.SampledFrom([]contract.Bucket{contract.LateFees, contract.OtherFees, contract.Interest}).Draw(t, "of")
		case contract.RateChange:
			rate := money.Rate(rapid.Int64Range(0, int64(money.RateScale/10)).Draw(t, "rate"))
			e.Rate = &rate
		case contract.PayoffQuote:
			e.Amount, e.GoodThrough = 0, on+10
		case contract.LeaseExtension:
			e.Amount, e.Months = 0, rapid.IntRange(1, 6).Draw(t, "months")
		case contract.Service, contract.Modification, contract.Repossession, contract.ChargeOff:
			e.Amount = 0
		}
		events = append(events, e)
	}
	return events
}

// Whatever happens to a contract, its accounts are what its events fold to, and
// nothing is left in suspense.
func TestTheBooksAgreeWithAnyHistory(t *testing.T) {
	for name, terms := range map[string]contract.Terms{"loan": loan(), "lease": leaseTerms()} {
		t.Run(name, func(t *testing.T) {
			terms.CloseTolerance = 5_00
			rapid.Check(t, func(t *rapid.T) {
				events := history(t, &terms)
				b, s, allocations := books(t, &terms, events)
				for _, d := range billing.Differences(b, &terms, &s, events, allocations) {
					t.Fatalf("%+v", d)
				}
				var sum money.Cents
				for _, amount := range b {
					sum += amount
				}
				if sum != 0 || b[ledger.Suspense] != 0 {
					t.Fatalf("all accounts together %s, in suspense %s", sum, b[ledger.Suspense])
				}
			})
		})
	}
}

// A lease of 31,500.00 that leaves 18,900.00 after 36 rentals of 398.00: its rent
// charge is 36 × 398.00 − 12,600.00 = 1,728.00.
func TestALeaseEarnsItsRentAsRentalsArePaid(t *testing.T) {
	terms := leaseTerms()
	b, s := ledger.Balances{}, terms.Open()
	b.Add(billing.Opening(&terms))
	for account, want := range map[ledger.Account]money.Cents{
		ledger.LeaseReceivable: 14_328_00, ledger.Residual: 18_900_00, ledger.UnearnedRent: -1_728_00, ledger.PortfolioFund: -31_500_00,
	} {
		if b[account] != want {
			t.Errorf("at the start: %s %s, want %s", account, b[account], want)
		}
	}
	rows, err := terms.LeaseTerms.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	on := terms.Start
	for n := 1; n <= 36; n++ {
		before := s
		e := contract.Event{Seq: n, Kind: contract.Payment, Date: on, Amount: terms.Payment}
		a, err := s.Apply(&terms, e)
		if err != nil {
			t.Fatal(err)
		}
		b.Add(billing.Rent(billing.Postings(terms.Kind, &e, a), &terms, &before, &s))
		if b[ledger.RentEarn] != -rows[n-1].Earned || b[ledger.SalesTax] != -25_04*money.Cents(n) {
			t.Fatalf("after %d rentals: rent %s, want %s; tax %s", n, -b[ledger.RentEarn], rows[n-1].Earned, -b[ledger.SalesTax])
		}
		// Receivable and residual less unearned rent is the lease balance.
		if net := b[ledger.LeaseReceivable] + b[ledger.Residual] + b[ledger.UnearnedRent]; net != rows[n-1].Balance {
			t.Fatalf("after %d rentals: net investment %s, lease balance %s", n, net, rows[n-1].Balance)
		}
		on = on.AddMonths(1, on.Day())
	}
	if b[ledger.RentEarn] != -1_728_00 || b[ledger.UnearnedRent] != 0 || b[ledger.LeaseReceivable] != 0 || b[ledger.Residual] != 18_900_00 {
		t.Errorf("at the end: %v", b)
	}
	before := s
	e := contract.Event{Seq: 37, Kind: contract.LeaseEnd, Date: on, Amount: 395_00}
	a, err := s.Apply(&terms, e)
	if err != nil {
		t.Fatal(err)
	}
	b.Add(billing.Rent(billing.Postings(terms.Kind, &e, a), &terms, &before, &s))
	if b[ledger.Residual] != 0 || b[ledger.LeaseTermination] != 18_900_00-395_00 || b[ledger.OtherFees] != 395_00 {
		t.Errorf("after the vehicle came back: %v", b)
	}
}

// A lease taken over after 12 of its 36 rentals stands at the balance of its own
// schedule; one of which only the rentals are known stands at those.
func TestALeaseTakenOverStandsAtItsBalance(t *testing.T) {
	terms := leaseTerms()
	rows, err := terms.LeaseTerms.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	terms.Payments, terms.Principal = 24, 24*398_00
	b := ledger.Balances{}
	b.Add(billing.Opening(&terms))
	if b[ledger.PortfolioFund] != -rows[11].Balance || b[ledger.UnearnedRent] != -(1_728_00-rows[11].Earned) {
		t.Errorf("%v, want %s and %s", b, rows[11].Balance, 1_728_00-rows[11].Earned)
	}
	terms.LeaseTerms = nil
	b = ledger.Balances{}
	b.Add(billing.Opening(&terms))
	if len(b) != 2 || b[ledger.LeaseReceivable] != 24*398_00 {
		t.Errorf("%v", b)
	}
}

// The tables of docs/books.md, as the code has them.
func TestTheDocumentShowsTheTable(t *testing.T) {
	var chart, table strings.Builder
	chart.WriteString("| account | class | name in the books | what it holds |\n|---|---|---|---|\n")
	for _, c := range ledger.Chart {
		fmt.Fprintf(&chart, "| %s | %s | `%s` | %s |\n", c.Name, c.Class, c.Account, c.Says)
	}
	names := func(all []ledger.Account) string {
		var out []string
		for _, a := range all {
			c, _ := ledger.Of(a)
			out = append(out, c.Name)
		}
		return strings.Join(out, "; ")
	}
	table.WriteString("| event | debit | credit |\n|---|---|---|\n")
	var silent []string
	for _, r := range billing.Table {
		if len(r.Debit) == 0 {
			silent = append(silent, r.Words)
			continue
		}
		fmt.Fprintf(&table, "| %s (`%s`) | %s | %s |\n", r.Words, r.Kind, names(r.Debit), names(r.Credit))
	}
	doc, err := os.ReadFile("../../docs/books.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{chart.String(), table.String(), "Nothing by themselves: " + strings.Join(silent, ", ") + "."} {
		if !strings.Contains(string(doc), part) {
			t.Errorf("docs/books.md does not say:\n%s", part)
		}
	}
}
