package export_test

import (
	"slices"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/export"
	"marque/internal/ledger"
	"marque/internal/money"
)

// book is an account kept as the servicing ledger keeps it: each event is folded
// with all before it, and what that changes is posted.
type book struct {
	terms    contract.Terms
	events   []contract.Event
	posted   map[int]contract.Allocation
	journal  []ledger.Entry
	payments map[int]billing.LinePayment
	state    contract.State
}

func open(terms contract.Terms) *book {
	return &book{terms: terms, posted: map[int]contract.Allocation{}, payments: map[int]billing.LinePayment{}, state: terms.Open()}
}

// add posts an event. False when the account refuses it; then nothing changed.
func (b *book) add(e contract.Event) bool {
	e.Seq = len(b.events) + 1
	events := append(slices.Clone(b.events), e)
	state, now, err := contract.Replay(&b.terms, events)
	if err != nil {
		return false
	}
	b.events, b.state = events, state
	if e.Kind == contract.Payment {
		b.payments[e.Seq] = billing.LinePayment{ID: "p"}
	}
	for i, of := range b.events {
		postings := billing.Postings(b.terms.Kind, &of, now[i].Minus(b.posted[of.Seq]))
		if len(postings) == 0 {
			continue
		}
		entry := ledger.Entry{ID: len(b.journal) + 2, Kind: ledger.Correction, Event: of.Seq, Effective: max(e.Date, of.Date), Posted: money.InstantOf(max(e.Date, of.Date).Time()), Postings: postings}
		if of.Seq == e.Seq {
			entry.Kind, entry.Effective = ledger.Posted, e.Date
		}
		b.journal = append(b.journal, entry)
		b.posted[of.Seq] = billing.Booked(now[i])
	}
	return true
}

func (b *book) history() []billing.HistoryLine {
	return billing.History(&b.terms, billing.Lines(b.journal, b.events, b.payments))
}

// account is the whole history's head.
func (b *book) account() export.Account {
	a := export.Account{Lender: "Kestrane Motor Finance", Number: "770001014821", Kind: b.terms.Kind, Vehicle: "2023 Halden Orla",
		From: b.terms.Start, Through: day("2026-11-22"), AsOf: day("2026-11-22"), Whole: true, Opening: billing.Opened(&b.terms), QuickenID: "12345"}
	a.Closing = a.Opening
	if h := b.history(); len(h) > 0 {
		a.Closing = h[len(h)-1].Owed
	}
	return a
}

func day(s string) money.Date {
	d, err := money.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func loan() contract.Terms {
	return contract.Terms{
		Kind: contract.Loan, Principal: 30_000_00, Rate: 59_900_000_000, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: day("2024-11-15"), FirstDue: day("2024-12-15"), Payments: 60, Payment: 579_84,
		Application: contract.DefaultApplication, GraceDays: 10, LateFee: contract.LateFee{Percent: 50_000_000_000, Cap: 25_00}, ReturnedFee: 20_00,
	}
}

func lease() contract.Terms {
	return contract.Terms{
		Kind: contract.Lease, Principal: 36 * 412_50, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: day("2025-06-03"), FirstDue: day("2025-06-03"), Payments: 36, Payment: 412_50 + 28_88, Tax: 28_88,
		Application: contract.DefaultApplication, LateFee: contract.LateFee{Flat: 15_00}, GraceDays: 10,
		LeaseTerms: &contract.LeaseTerms{Residual: 19_400_00, Term: 36, MilesPerYear: 12000},
	}
}

// stories are invented histories that together have every kind of line.
func stories(t testing.TB) map[string]*book {
	t.Helper()
	out := map[string]*book{}
	tell := func(name string, terms contract.Terms, events ...contract.Event) {
		b := open(terms)
		for _, e := range events {
			if !b.add(e) {
				t.Fatalf("%s: %+v is refused", name, e)
			}
		}
		out[name] = b
	}
	pay := func(on string, amount money.Cents) contract.Event {
		return contract.Event{Kind: contract.Payment, Date: day(on), Amount: amount}
	}
	from := func(s contract.Source, e contract.Event) contract.Event { e.Source = s; return e }
	fee := func(k contract.EventKind, on string, amount money.Cents, n int) contract.Event {
		return contract.Event{Kind: k, Date: day(on), Amount: amount, Instalment: n}
	}
	tell("nothing yet", loan())
	tell("a quiet loan", loan(), pay("2024-12-15", 579_84), pay("2025-01-15", 579_84), pay("2025-02-17", 579_84))
	tell("a loan with troubles", loan(),
		pay("2024-12-15", 579_84), pay("2025-01-15", 579_84), contract.Event{Kind: contract.Reversal, Date: day("2025-01-20"), Reverses: 2},
		fee(contract.ReturnedFee, "2025-01-20", 20_00, 0), fee(contract.LateCharge, "2025-01-26", 25_00, 2),
		from(contract.FromCheck, pay("2025-02-10", 1_204_68)),
		contract.Event{Kind: contract.Waiver, Date: day("2025-02-12"), Amount: 20_00, Of: contract.OtherFees},
		from(contract.FromCard, pay("2025-02-01", 100_00)), // dated back: what came later is applied again
		contract.Event{Kind: contract.Payment, Date: day("2025-03-01"), Amount: 1_000_00, PrincipalOnly: true},
		fee(contract.OtherCharge, "2025-03-05", 35_00, 0), contract.Event{Kind: contract.Reversal, Date: day("2025-03-06"), Reverses: 10},
		from(contract.FromInsurer, pay("2025-04-01", 800_00)))
	payoff := open(loan())
	payoff.add(pay("2024-12-15", 579_84))
	owed, err := payoff.state.Payoff(&payoff.terms, day("2025-01-10"))
	if err != nil {
		t.Fatal(err)
	}
	tell("a loan paid off, too much of it", loan(), pay("2024-12-15", 579_84), from(contract.FromWire, pay("2025-01-10", owed.Total+50_00)),
		contract.Event{Kind: contract.Refund, Date: day("2025-01-15"), Amount: 50_00})
	tell("a loan lost", loan(), pay("2024-12-15", 579_84), fee(contract.LateCharge, "2025-01-26", 25_00, 2),
		contract.Event{Kind: contract.Repossession, Date: day("2025-05-20")}, contract.Event{Kind: contract.Sale, Date: day("2025-06-20"), Amount: 18_000_00},
		contract.Event{Kind: contract.ChargeOff, Date: day("2025-07-01")}, from(contract.FromCash, pay("2025-08-01", 250_00)))
	tell("a lease", lease(), pay("2025-06-03", 441_38), pay("2025-07-03", 441_38), fee(contract.LateCharge, "2025-08-14", 15_00, 3), pay("2025-08-20", 456_38),
		pay("2025-09-03", 441_38), contract.Event{Kind: contract.Reversal, Date: day("2025-09-08"), Reverses: 5})
	tell("a lease that ends", lease(), pay("2025-06-03", 441_38), contract.Event{Kind: contract.LeaseEnd, Date: day("2025-09-03"), Amount: 2_000_00}, pay("2025-09-20", 500_00))
	return out
}

// sums are what every form must add up to.
type sums struct{ interest, rent, tax, fees, bank, owed money.Cents }

// sumsOf adds up the journal's allocations themselves.
func sumsOf(b *book) (s sums) {
	for _, a := range b.posted {
		s.interest += a.Interest
		s.tax += a.Tax
	}
	s.owed = b.state.LateFees + b.state.OtherFees - b.state.Unapplied
	for _, a := range b.posted {
		s.owed += a.ChargedOff - a.Recovered
	}
	if b.terms.Kind == contract.Loan {
		s.owed += b.state.Principal
	}
	for i := range b.events {
		e, a := &b.events[i], b.posted[b.events[i].Seq]
		switch e.Kind {
		case contract.Payment, contract.Refund:
			if e.Source != contract.FromInsurer {
				s.bank -= a.Total()
			}
			if b.terms.Kind == contract.Lease {
				s.rent += a.Principal
			}
		case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge:
			s.fees -= a.Total()
		}
	}
	return s
}
