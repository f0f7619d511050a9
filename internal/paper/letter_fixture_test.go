package paper

import (
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

func headed(kind contract.Kind, on money.Date) billing.Letter {
	l := billing.Letter{Lender: harbor, Recipient: maria, Kind: kind, AccountNumber: "4400-118-2204", Vehicle: "2026 Vento Lumen", VIN: "1HZ0LMN24P0008812", Date: on}
	l.Lender.Agency = []string{"Federal Trade Commission", "Equal Credit Opportunity", "Washington, DC 20580"}
	return l
}

// loanTerms are 24,000.00 at 5.90 % over 60 months of 450.00 from 15 January 2026.
func loanTerms() *contract.Terms {
	return &contract.Terms{Kind: contract.Loan, Principal: 24_000_00, Rate: 59 * money.RateScale / 1000, DayCount: money.Actual365, Rounding: money.HalfUp,
		Start: d(2026, 1, 15), FirstDue: d(2026, 2, 15), Payments: 60, Payment: 450_00, Application: contract.DefaultApplication,
		GraceDays: 10, LateFee: contract.LateFee{Percent: 5 * money.RateScale / 100}, FeeState: "TX"}
}

func leaseTerms() *contract.Terms {
	return &contract.Terms{Kind: contract.Lease, Principal: 36 * 600_00, DayCount: money.Actual365, Rounding: money.HalfUp, Start: d(2026, 1, 15), FirstDue: d(2026, 1, 15),
		Payments: 36, Payment: 633_20, Tax: 33_20, Application: contract.DefaultApplication, GraceDays: 10,
		LeaseTerms: &contract.LeaseTerms{CapitalizedCost: 45_000_00, Residual: 27_000_00, Term: 36, Start: d(2026, 1, 15), BasePayment: 600_00, MonthlyTax: 33_20,
			MilesPerYear: 12_000, ExcessMile: 25, Odometer: 12, DispositionFee: 395_00, PurchaseFee: 150_00, SecurityDeposit: 500_00}}
}

// story is an account and its lines after some events, none of them taken back.
func story(t testing.TB, terms *contract.Terms, on money.Date, events ...contract.Event) (contract.State, []billing.Line) {
	t.Helper()
	for i := range events {
		events[i].Seq = i + 1
	}
	s, a, err := contract.Fold(terms, events, on)
	if err != nil {
		t.Fatal(err)
	}
	balance := terms.Principal
	var lines []billing.Line
	for i, e := range events {
		if balance -= a[i].Principal; a[i] != (contract.Allocation{}) {
			lines = append(lines, billing.Line{Entry: ledger.Entry{ID: i + 2, Event: e.Seq, Effective: e.Date}, Kind: string(e.Kind), Amount: a[i].Total(), Allocation: a[i], Balance: balance, Event: e})
		}
	}
	return s, lines
}

func payments(terms *contract.Terms, n int) (out []contract.Event) {
	for i := range n {
		out = append(out, contract.Event{Kind: contract.Payment, Date: terms.DueDate(i + 1), Amount: terms.Payment})
	}
	return out
}

func must[T any](t testing.TB) func(T, error) *T {
	return func(v T, err error) *T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
}

func loanEvents() []contract.Event {
	terms := loanTerms()
	return append(payments(terms, 8),
		contract.Event{Kind: contract.LateCharge, Date: d(2026, 10, 1), Amount: 22_50, Instalment: 9},
		contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: d(2026, 10, 5), Amount: 922_50})
}

func schedule(t testing.TB) *billing.SchedulePaper {
	terms := loanTerms()
	s, lines := story(t, terms, d(2026, 11, 23), loanEvents()...)
	return must[billing.SchedulePaper](t)(billing.MakeSchedule(billing.ScheduleInput{Letter: headed(terms.Kind, d(2026, 11, 23)), Terms: terms, State: s, Lines: lines, OriginalDate: terms.Start, OriginalAmount: terms.Principal}))
}

func leaseSchedule(t testing.TB) *billing.SchedulePaper {
	terms := leaseTerms()
	s, lines := story(t, terms, d(2026, 11, 23), payments(terms, 11)...)
	return must[billing.SchedulePaper](t)(billing.MakeSchedule(billing.ScheduleInput{Letter: headed(terms.Kind, d(2026, 11, 23)), Terms: terms, State: s, Lines: lines, OriginalDate: terms.Start, OriginalAmount: 45_000_00}))
}

func history(t testing.TB) *billing.HistoryPaper {
	terms := loanTerms()
	s, lines := story(t, terms, d(2026, 11, 23), loanEvents()...)
	return must[billing.HistoryPaper](t)(billing.MakeHistory(billing.HistoryInput{Letter: headed(terms.Kind, d(2026, 11, 23)), Terms: terms, State: s, Lines: lines, From: d(2026, 3, 1), Through: d(2026, 11, 23)}))
}

func leaseHistory(t testing.TB) *billing.HistoryPaper {
	terms := leaseTerms()
	s, lines := story(t, terms, d(2026, 11, 23), append(payments(terms, 11), contract.Event{Kind: contract.OtherCharge, Date: d(2026, 11, 20), Amount: 48_00})...)
	return must[billing.HistoryPaper](t)(billing.MakeHistory(billing.HistoryInput{Letter: headed(terms.Kind, d(2026, 11, 23)), Terms: terms, State: s, Lines: lines, From: d(2026, 1, 15), Through: d(2026, 11, 23)}))
}

func yearsInterest(t testing.TB) *billing.InterestSummary {
	terms := loanTerms()
	_, lines := story(t, terms, d(2027, 1, 5), payments(terms, 11)...)
	return must[billing.InterestSummary](t)(billing.MakeInterestSummary(billing.InterestInput{Letter: headed(terms.Kind, d(2027, 1, 5)), Year: 2026, Terms: terms, Lines: lines,
		OriginalDate: terms.Start, OriginalAmount: terms.Principal, VehicleYear: 2026, VehicleMake: "Vento", VehicleModel: "Lumen", LastEntry: 12}))
}

func interestSoFar(t testing.TB) *billing.InterestSummary {
	terms := loanTerms()
	_, lines := story(t, terms, d(2026, 4, 1), payments(terms, 2)...)
	return must[billing.InterestSummary](t)(billing.MakeInterestSummary(billing.InterestInput{Letter: headed(terms.Kind, d(2026, 4, 1)), Year: 2026, Terms: terms, Lines: lines,
		OriginalDate: d(2024, 6, 1), OriginalAmount: 31_000_00, VehicleYear: 2024, VehicleMake: "Vento", VehicleModel: "Lumen", LastEntry: 3}))
}

func paid(t testing.TB, home string) *billing.PaidInFull {
	terms := loanTerms()
	s, lines := story(t, terms, d(2026, 11, 23), append(payments(terms, 9), contract.Event{Kind: contract.Payment, Date: d(2026, 11, 23), Amount: 21_500_00})...)
	return must[billing.PaidInFull](t)(billing.MakePaidInFull(billing.PaidInput{Letter: headed(terms.Kind, d(2026, 11, 23)), Terms: terms, State: s, Lines: lines, OriginalDate: terms.Start, OriginalAmount: terms.Principal,
		Method: "checking ending in 4821", Confirmation: "7KM-2PQ-XW4", HomeState: home, Cleared: d(2026, 11, 27), FinalOn: d(2027, 1, 26)}))
}

func leaseEnd(t testing.TB) *billing.LeaseEndPacket {
	terms := leaseTerms()
	s, _ := story(t, terms, d(2028, 10, 17), payments(terms, 34)...)
	return must[billing.LeaseEndPacket](t)(billing.MakeLeaseEnd(billing.LeaseEndInput{Letter: headed(terms.Kind, d(2028, 10, 17)), Terms: terms, State: s, Readings: []contract.Reading{{Date: d(2028, 9, 15), Miles: 35_012}}}))
}

func late(t testing.TB) *billing.LateNotice {
	terms := loanTerms()
	fee := contract.Event{Kind: contract.LateCharge, Date: d(2026, 11, 26), Amount: 20_00, Instalment: 10, Seq: 11}
	s, _ := story(t, terms, d(2026, 11, 26), append(payments(terms, 9), contract.Event{Kind: contract.Payment, Date: d(2026, 11, 14), Amount: 50_00}, fee)...)
	return must[billing.LateNotice](t)(billing.MakeLateNotice(billing.LateInput{Letter: headed(terms.Kind, d(2026, 11, 26)), Terms: terms, State: s, Event: fee, Autopay: true}))
}

func returned() *billing.ReturnNotice {
	n := &billing.ReturnNotice{Letter: headed(contract.Loan, d(2026, 11, 18)), Rail: billing.ACH, PaidOn: d(2026, 11, 15), Amount: 450_00, Confirmation: "7KM-2PQ-XW4", Method: "checking ending in 4821",
		ReturnedOn: d(2026, 11, 18), Code: "R01", Reason: billing.ReturnReason("R01"), Fee: 15_00, Again: d(2026, 11, 25), Balance: 20_850_12}
	n.Owes(contract.Due{PastDue: 450_00, Fees: 15_00, Upcoming: d(2026, 12, 15), UpcomingAmount: 450_00})
	return n
}

func stopped() *billing.ReturnNotice {
	n := returned()
	n.Code, n.Reason, n.Fee, n.Again, n.Stopped, n.Reopened, n.Autopay = "R02", billing.ReturnReason("R02"), 0, 0, true, true, true
	n.FeesDue, n.AmountNow = 0, n.PastDue
	return n
}

func change(t testing.TB, e contract.Event) *billing.ChangeNotice {
	terms := loanTerms()
	terms.Rate = 12 * money.RateScale / 100
	terms.Payment = 534_00
	before, _ := story(t, terms, e.Date, payments(terms, 2)...)
	after, lines := story(t, terms, e.Date, append(payments(terms, 2), e)...)
	in := billing.ChangeInput{Letter: headed(terms.Kind, e.Date), Terms: terms, Before: before, After: after, Event: e}
	if n := len(lines); lines[n-1].Event.Kind == e.Kind {
		in.Allocation = lines[n-1].Allocation
	}
	n, changed, err := billing.MakeChangeNotice(in)
	if err != nil || !changed {
		t.Fatalf("%v %v", changed, err)
	}
	return &n
}

func adverse(t testing.TB) *billing.AdverseNotice {
	return must[billing.AdverseNotice](t)(billing.MakeAdverseNotice(billing.AdverseNotice{Letter: headed(contract.Loan, d(2026, 11, 23)), Request: billing.AskedDeferral, AskedOn: d(2026, 11, 9),
		Reasons: []billing.AdverseReason{billing.ReasonPaidLate, billing.ReasonRecent, billing.ReasonCreditReport},
		Report: &billing.CreditReport{Agency: "Lindgate Credit Bureau", Address: []string{"PO Box 100", "Springfield, IL 62701"}, Phone: "(800) 555-0160", Score: 610, Lowest: 300, Highest: 850,
			ScoredOn: d(2026, 11, 12), Factors: []string{"Serious delinquency", "Too many accounts with balances"}}}))
}

func message() *billing.MessagePaper {
	return &billing.MessagePaper{Letter: headed(contract.Loan, d(2026, 11, 23)), Subject: "Your phone number changed",
		Paragraphs: []string{"The phone number on your account was changed on our website.", "If this was not you, call us right away."},
		Facts:      []billing.MessageFact{{Name: "New number", Value: "ends in 21"}, {Name: "When", Value: "Nov 23, 2026, 2:05 PM PST"}}}
}
