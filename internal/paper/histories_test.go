package paper

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// account is a contract in the making: what happened, and the journal that was
// posted for it, only ever added to.
type account struct {
	terms    contract.Terms
	events   []contract.Event
	payments map[int]billing.LinePayment
	journal  []ledger.Entry
	posted   map[int]contract.Allocation
	state    contract.State
}

// happen posts an event, and for every event that it changes the difference. It
// is false when the event cannot happen.
func (a *account) happen(e contract.Event) bool {
	e.Seq = len(a.events) + 1
	events := append(slices.Clone(a.events), e)
	state, now, err := contract.Replay(&a.terms, events)
	if err != nil {
		return false
	}
	var entries []ledger.Entry
	for i := range events {
		of := &events[i]
		postings := billing.Postings(a.terms.Kind, of, now[i].Minus(a.posted[of.Seq]))
		if len(postings) == 0 {
			continue
		}
		entry := ledger.Entry{Kind: ledger.Correction, Event: of.Seq, Effective: max(e.Date, of.Date), Postings: postings}
		if of.Seq == e.Seq {
			entry.Kind, entry.Effective = ledger.Posted, e.Date
		}
		a.posted[of.Seq] = billing.Booked(now[i])
		entries = append(entries, entry)
	}
	first := func(x ledger.Entry) int {
		if x.Event == e.Seq || x.Event == e.Reverses {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(entries, func(x, y ledger.Entry) int { return cmp.Compare(first(x), first(y)) })
	for _, entry := range entries {
		entry.ID = len(a.journal) + 1
		a.journal = append(a.journal, entry)
	}
	if e.Kind == contract.Payment {
		a.payments[e.Seq] = billing.LinePayment{ID: fmt.Sprint("p", e.Seq), Confirmation: fmt.Sprintf("C%04d", e.Seq)}
	}
	a.events, a.state = events, state
	return true
}

func anyAccount(t *rapid.T) *account {
	terms := contract.Terms{
		Kind: contract.Loan, Principal: money.Cents(rapid.IntRange(500_00, 80_000_00).Draw(t, "principal")), Rate: money.Rate(rapid.Int64Range(0, 290_000).Draw(t, "rate")) * 1_000_000,
		DayCount: rapid.SampledFrom([]money.DayCount{money.Actual365, money.ActualActual, money.Actual360, money.Thirty360}).Draw(t, "day count"),
		Rounding: rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Truncate, money.Up}).Draw(t, "rounding"), CarryFraction: rapid.Bool().Draw(t, "carry"),
		Start: d(2023, 1, 1) + money.Date(rapid.IntRange(0, 700).Draw(t, "start")), Payments: rapid.IntRange(3, 72).Draw(t, "payments"), Application: contract.DefaultApplication,
		GraceDays: 10, LateFee: contract.LateFee{Percent: 50_000_000_000, Cap: 30_00}, ReturnedFee: 20_00, CloseTolerance: rapid.SampledFrom([]money.Cents{0, 5_00}).Draw(t, "tolerance"),
	}
	terms.FirstDue = terms.Start + money.Date(rapid.IntRange(20, 50).Draw(t, "first due"))
	terms.Payment = terms.Principal/money.Cents(terms.Payments)*money.Cents(rapid.IntRange(100, 140).Draw(t, "percent"))/100 + 1
	if rapid.IntRange(0, 3).Draw(t, "lease") == 0 {
		terms.Kind, terms.Rate, terms.Tax = contract.Lease, 0, terms.Payment/20
		terms.Principal = (terms.Payment - terms.Tax) * money.Cents(terms.Payments)
		terms.LeaseTerms = &contract.LeaseTerms{CapitalizedCost: terms.Principal * 2, Residual: terms.Principal + terms.Principal/20, Term: terms.Payments, Start: terms.Start, MilesPerYear: rapid.SampledFrom([]int{0, 12_000}).Draw(t, "miles"), ExcessMile: 25, BasePayment: terms.Payment - terms.Tax, MonthlyTax: terms.Tax}
	}
	if err := terms.Validate(); err != nil {
		t.Fatalf("%+v: %v", terms, err)
	}
	return &account{terms: terms, payments: map[int]billing.LinePayment{}, posted: map[int]contract.Allocation{}, state: terms.Open()}
}

// anything is what may happen on a day, some of it dated earlier.
func (a *account) anything(t *rapid.T, on money.Date) {
	n := func(from, to int) int { return rapid.IntRange(from, to).Draw(t, "n") }
	e := contract.Event{Date: on, Kind: rapid.SampledFrom([]contract.EventKind{
		contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.Reversal, contract.Reversal, contract.LateCharge, contract.ReturnedFee, contract.OtherCharge,
		contract.Waiver, contract.Refund, contract.RateChange, contract.DueDateChange, contract.Deferral, contract.Modification, contract.Service, contract.ServiceEnd, contract.HoldBegins, contract.HoldEnds,
		contract.Odometer, contract.LeaseExtension, contract.LeaseEnd, contract.ChargeOff, contract.Sale, contract.Acceleration,
	}).Draw(t, "kind")}
	switch e.Kind {
	case contract.Payment:
		e.Amount, e.Source = a.terms.Payment, rapid.SampledFrom([]contract.Source{contract.FromACH, contract.FromCheck, contract.FromInsurer}).Draw(t, "source")
		if n(0, 3) == 0 {
			e.Amount = money.Cents(n(1, 3*int(a.terms.Payment)))
		}
		if n(0, 4) == 0 { // a check that came days before it was posted
			e.Date = max(a.terms.Start, on-money.Date(n(0, 60)))
		}
	case contract.Reversal:
		if len(a.events) == 0 {
			return
		}
		of := a.events[n(0, len(a.events)-1)]
		switch of.Kind {
		case contract.Payment, contract.LateCharge, contract.ReturnedFee, contract.OtherCharge, contract.Waiver:
			e.Reverses = of.Seq
		default:
			return
		}
		if slices.ContainsFunc(a.events, func(r contract.Event) bool { return r.Reverses == of.Seq }) {
			return
		}
	case contract.LateCharge:
		e.Amount, e.Instalment = money.Cents(n(1, 30_00)), max(1, a.state.DueThrough(&a.terms, on))
	case contract.ReturnedFee, contract.OtherCharge, contract.Waiver, contract.Refund, contract.LeaseEnd:
		e.Amount = money.Cents(n(1, 60_00))
		e.Of = rapid.SampledFrom([]contract.Bucket{contract.LateFees, contract.OtherFees, contract.Interest}).Draw(t, "of")
	case contract.Sale:
		e.Amount = money.Cents(n(1, 20*int(a.terms.Payment)))
	case contract.RateChange, contract.Modification:
		r := money.Rate(n(0, 290_000)) * 1_000_000
		e.Rate = &r
	case contract.DueDateChange:
		e.DueDay = n(1, 28)
	case contract.Deferral, contract.LeaseExtension:
		e.Months = n(1, 3)
	case contract.HoldBegins, contract.HoldEnds:
		e.Hold = contract.Bankruptcy
	case contract.Odometer:
		e.Miles = a.state.Odometer.Miles + n(0, 3_000)
	}
	if e.Kind != contract.Reversal && e.Date == on && a.state.Refuse(&a.terms, &e) != nil {
		return
	}
	a.happen(e)
}

// cut is the statement of a day, made as the cycle makes it.
func (a *account) cut(closing money.Date, previous *billing.Statement, known int) (billing.Statement, error) {
	return billing.MakeStatement(a.input(closing, previous, known))
}

func (a *account) input(closing money.Date, previous *billing.Statement, known int) billing.StatementInput {
	in := billing.StatementInput{
		Lender: harbor, Recipient: maria, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen", Terms: &a.terms, State: a.state, Events: a.events,
		Lines: billing.Lines(a.journal, a.events, a.payments), Previous: previous, PreviousEntry: known, Opening: min(a.terms.Start, closing), Closing: closing, DueDate: closing + 15,
	}
	if n := a.state.DueThrough(&a.terms, closing) + 1; n <= a.state.Payments {
		in.DueDate = a.state.DueDate(&a.terms, n)
	}
	return in
}

// judge is a test, or what counts in its place.
type judge interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

// TestRandomHistories lives through accounts with payments, returns, corrections
// across statements, fees, changes and ends, cuts a statement every month, and
// holds each against the one before it and against the fold. Of one in a hundred
// the pages are read back. CONTRIBUTING.md names the run over 10,000.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(t2 *rapid.T) {
		a := anyAccount(t2)
		read := rapid.IntRange(0, 99).Draw(t2, "read back") == 99
		last := rapid.IntRange(1, 14).Draw(t2, "months")
		var previous *billing.Statement
		var known int
		var financed, interest money.Cents
		on := a.terms.Start
		for month := range last {
			closing := on.AddMonths(1, 17)
			for range rapid.IntRange(0, 5).Draw(t2, "events") {
				on = min(closing, on+money.Date(rapid.IntRange(0, 15).Draw(t2, "days")))
				a.anything(t2, on)
			}
			on = closing
			s, err := a.cut(closing, previous, known)
			if err != nil {
				t2.Fatalf("%v\n%+v\n%+v", err, a.terms, a.events)
			}
			a.agrees(t2, &s, previous)
			financed, interest = financed+s.FinanceCharge, interest+s.InterestPaid
			if interest != a.state.InterestPaid || financed != interest+s.InterestAccrued {
				t2.Fatalf("%s: interest paid %s, in the fold %s; charged %s with %s unpaid", closing, interest, a.state.InterestPaid, financed, s.InterestAccrued)
			}
			if read && month == last-1 {
				readBack(t, t2, &s)
			}
			previous, known = &s, len(a.journal)
		}
	})
}

// agrees holds a statement against the one before and the account's state.
func (a *account) agrees(t judge, s, previous *billing.Statement) {
	begins, opens := a.terms.Principal, min(a.terms.Start, s.Closing)
	if previous != nil {
		begins, opens = previous.EndingBalance, previous.Closing+1
	}
	if s.BeginningBalance != begins || s.Opening != opens {
		t.Fatalf("%s opens %s with %s; the one before closed with %s", s.Closing, s.Opening, s.BeginningBalance, begins)
	}
	accrued, err := a.state.InterestTo(&a.terms, s.Closing)
	if err != nil {
		t.Fatal(err)
	}
	due, err := a.state.Due(&a.terms, s.Closing)
	if err != nil {
		t.Fatal(err)
	}
	payoff, err := a.state.Payoff(&a.terms, s.Closing)
	if err != nil {
		t.Fatal(err)
	}
	if s.EndingBalance != a.state.Principal || s.FeesOutstanding != a.state.LateFees+a.state.OtherFees || s.Unapplied != a.state.Unapplied ||
		s.InterestAccrued != accrued || s.PastDue != due.PastDue || s.FeesDue != due.Fees || s.PayoffToday != payoff.Total {
		t.Fatalf("%s is not what the account is: %+v\n%+v", s.Closing, s, a.state)
	}
	if p := s.Payoff; p != nil {
		if later, err := a.state.Payoff(&a.terms, p.GoodThrough); err != nil || later.Total != p.Total {
			t.Fatalf("payoff through %s: %s, in the fold %s, %v", p.GoodThrough, p.Total, later.Total, err)
		}
	}
	var sum contract.Allocation
	for _, l := range s.Lines {
		sum = sum.Plus(l.Allocation)
	}
	if s.BeginningBalance-sum.Principal != s.EndingBalance {
		t.Fatalf("%s: the lines take %s from %s to %s", s.Closing, sum.Principal, s.BeginningBalance, s.EndingBalance)
	}
}

// readBack sets a statement from its frozen form and reads its pages: each fact,
// in its place.
func readBack(t *testing.T, t2 *rapid.T, s *billing.Statement) {
	content, err := json.Marshal(s)
	if err != nil {
		t2.Fatal(err)
	}
	b, err := PDF(billing.DocStatement, billing.English, content)
	if err != nil {
		t2.Fatal(err)
	}
	noOverlap(t, b)
	got := read(t, b)
	facts := []string{"Closing date " + s.Closing.Long(), "Amount due " + s.AmountDue.USD()}
	if s.PastDue > 0 {
		facts = append(facts, s.PastDue.USD())
	}
	facts = append(facts, "Account summary", "Beginning balance, "+s.Opening.Long()+" "+s.BeginningBalance.USD(), billing.USD(-s.PrincipalPaid), "Ending balance, "+s.Closing.Long()+" "+s.EndingBalance.USD())
	inOrder(t, got, append(facts, "Payments received and how they were applied")...)
	for _, of := range []func(*billing.StatementLine) bool{isMoney, isFee, func(l *billing.StatementLine) bool { return !isMoney(l) && !isFee(l) }} {
		var lines []string
		for i := range s.Lines {
			if l := &s.Lines[i]; of(l) {
				lines = append(lines, l.Date.Long(), billing.USD(l.Shown()))
			}
		}
		inOrder(t, got, lines...)
	}
	var interest []string
	for _, l := range s.InterestLines {
		interest = append(interest, l.From.Long()+" "+l.To.Long()+" "+l.Balance.USD()+" ", "$"+l.PerDiem, fmt.Sprint(l.Days), "$"+l.Amount)
	}
	inOrder(t, got, interest...)
	inOrder(t, got, "Fees charged in this period "+s.FeesCharged.USD(), "Fees paid in this period "+billing.USD(s.FeesPaid), "Fees not paid yet on "+s.Closing.Long()+" "+s.FeesOutstanding.USD())
	if p := s.Payoff; p != nil {
		inOrder(t, got, "On "+s.Closing.Long()+" "+s.PayoffToday.USD(), "Good through "+p.GoodThrough.Long()+" "+p.Total.USD())
	}
}
