package billing

import (
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// NextClosing is the first statement closing date after a day: so many days
// before a due date, and monthly in the same way after the last one while
// something is still owed.
func NextClosing(t *contract.Terms, s *contract.State, after money.Date, daysBefore int) money.Date {
	for n := s.DueThrough(t, after+money.Date(daysBefore)) + 1; ; n++ {
		if closing := s.DueDate(t, n) - money.Date(daysBefore); closing > after {
			return closing
		}
	}
}

// Line is one journal entry as history and statements show it.
type Line struct {
	Entry      ledger.Entry
	Kind       string // the event's kind, payment_returned, payment_canceled, taken_back, or correction
	Amount     money.Cents
	Allocation contract.Allocation
	Balance    money.Cents // principal after it
	PaymentID  string
	// Confirmation is the payment's number as its customer knows it.
	Confirmation string
	Event        contract.Event
}

// LinePayment is the payment behind an event.
type LinePayment struct {
	ID           string
	Confirmation string
	Canceled     bool // by the customer, before it was sent to the bank
}

// Lines turns a contract's journal into what a person reads, oldest first.
// Boarding and settlement entries move nothing that a borrower owes and have no
// line. payments are those behind the events.
func Lines(entries []ledger.Entry, events []contract.Event, payments map[int]LinePayment) []Line {
	by, reversed := map[int]*contract.Event{}, map[int]bool{}
	for i := range events {
		by[events[i].Seq] = &events[i]
	}
	for i := len(events) - 1; i >= 0; i-- { // one that is itself taken back takes nothing back
		if e := &events[i]; e.Kind == contract.Reversal && !reversed[e.Seq] {
			reversed[e.Reverses] = true
		}
	}
	var balance money.Cents
	var out []Line
	for _, e := range entries {
		a := Allocated(e.Postings)
		balance -= a.Principal
		if e.Event == 0 || e.Kind == ledger.Settlement {
			continue
		}
		l := Line{Entry: e, Amount: a.Total(), Allocation: a, Balance: balance, PaymentID: payments[e.Event].ID, Confirmation: payments[e.Event].Confirmation}
		if of := by[e.Event]; of != nil {
			l.Event = *of
		}
		payment := l.Event.Kind == contract.Payment
		switch {
		case e.Kind == ledger.Posted:
			l.Kind = string(l.Event.Kind)
		case reversed[e.Event] && payment && a.Total() < 0 && payments[e.Event].Canceled:
			l.Kind = "payment_canceled"
		case reversed[e.Event] && payment && a.Total() < 0 && l.PaymentID != "":
			l.Kind = "payment_returned"
		case reversed[e.Event] && (!payment || l.PaymentID == ""):
			l.Kind = "taken_back"
		default:
			l.Kind = "correction"
		}
		out = append(out, l)
	}
	return out
}

// lineText says what a line is in a borrower's words.
func lineText(l Line) string {
	switch l.Kind {
	case "payment":
		switch l.Event.Source {
		case contract.FromCheck, contract.FromWire, contract.FromCash:
			return "Payment received by " + string(l.Event.Source)
		case contract.FromInsurer:
			return "Payment received from an insurer"
		}
		return "Payment received"
	case "payment_canceled":
		return "Payment canceled"
	case "payment_returned":
		return "Payment returned by the bank"
	case "late_fee":
		return "Late fee"
	case "returned_fee":
		return "Returned payment fee"
	case "other_fee":
		return "Other fee"
	case "waiver":
		return "Fee forgiven"
	case "refund":
		return "Refund"
	case "sale":
		return "Vehicle sold"
	case "charge_off":
		return "Balance charged off"
	case "lease_extension":
		return "Lease extended"
	case "lease_end":
		return "Lease ended"
	case "taken_back":
		return "Taken back"
	}
	return "Earlier payment applied again"
}

// StatementInput is all that a statement is made from.
type StatementInput struct {
	Lender        Lender
	Recipient     Recipient
	AccountNumber string
	Vehicle       string
	Terms         *contract.Terms
	State         contract.State
	Events        []contract.Event
	Lines         []Line     // the whole journal's lines
	Previous      *Statement // nil for the first
	PreviousEntry int        // last journal entry that the previous statement knew
	Opening       money.Date // for the first statement; later ones open after the previous closing
	Closing       money.Date
	DueDate       money.Date
	Original      money.Cents // the loan as it was made, and its payments; zero: the terms' own
	OriginalTerm  int
	Autopay       *NextDraft
	AutopayText   string
}

// MakeStatement freezes a statement as of its closing date. Its ending balance
// is its beginning balance less what was applied to principal, and the account's
// own; anything else is an error.
func MakeStatement(in StatementInput) (Statement, error) {
	t, s := in.Terms, in.State
	due, err := s.Due(t, in.Closing)
	if err != nil {
		return Statement{}, err
	}
	interest, err := s.InterestTo(t, in.Closing)
	if err != nil {
		return Statement{}, err
	}
	payoff, err := s.Payoff(t, in.Closing)
	if err != nil {
		return Statement{}, err
	}
	out := Statement{
		Lender: in.Lender, Recipient: in.Recipient, Kind: t.Kind, AccountNumber: in.AccountNumber, Vehicle: in.Vehicle,
		Rate: s.Rate, DayCount: string(t.DayCount), Opening: in.Opening, Closing: in.Closing, DueDate: in.DueDate,
		BeginningBalance: t.Principal, EndingBalance: s.Principal, InterestAccrued: interest,
		FeesOutstanding: s.LateFees + s.OtherFees, Unapplied: s.Unapplied,
		RegularPayment: s.PaymentOf(max(1, min(s.DueThrough(t, in.Closing)+1, s.Payments))), PastDue: due.PastDue, DaysPastDue: due.DaysPastDue, FeesDue: due.Fees, AmountDue: due.PastDue + due.Fees,
		PayoffToday: payoff.Total, Autopay: in.Autopay, AutopayText: in.AutopayText, Bankruptcy: s.Bankruptcy, Messages: in.Lender.Messages,
	}
	if due.Upcoming <= in.DueDate { // what is paid ahead is not asked for again
		out.AmountDue += due.UpcomingAmount
	}
	if err := out.addStanding(in); err != nil {
		return Statement{}, err
	}
	var accruedBefore money.Cents
	if p := in.Previous; p != nil {
		out.Opening, out.BeginningBalance, accruedBefore = p.Closing+1, p.EndingBalance, p.InterestAccrued
	}
	out.addLines(in)
	out.FinanceCharge = out.InterestPaid + interest - accruedBefore
	if n, fee := nextLateFee(t, s); n > 0 && s.DueDate(t, n) <= in.DueDate {
		out.LateAfter, out.LateFee = s.DueDate(t, n)+money.Date(t.GraceDays), fee
	}
	if err := out.addInterest(in); err != nil {
		return Statement{}, err
	}
	return out, out.Check()
}

// addStanding says how far the account has come and where it leads.
func (out *Statement) addStanding(in StatementInput) error {
	t, s := in.Terms, in.State
	law, err := t.FeeLaw()
	if err != nil {
		return err
	}
	out.Clauses = &FeeClauses{GraceDays: t.GraceDays, LateFee: t.LateFee, ReturnedFee: t.ReturnedFee, Law: law.Source}
	out.PaymentsLeft, out.Maturity = paymentsLeft(&s), s.Maturity(t)
	out.Payments = max(0, in.OriginalTerm-t.Payments) + s.Payments
	if t.Kind == contract.Lease {
		return out.addMiles(in)
	}
	if out.Original = in.Original; out.Original == 0 {
		out.Original = t.Principal
	}
	if s.Principal == 0 {
		return nil
	}
	through := max(in.Closing, in.DueDate)
	later, err := s.Payoff(t, through)
	out.Payoff = &StatementPayoff{GoodThrough: through, Total: later.Total, PerDiem: later.PerDiem.Decimal(6)}
	return err
}

// addMiles takes in a lease's end and how its miles stand. A lease taken over
// from other books may lack the terms for it; then nothing is said.
func (out *Statement) addMiles(in StatementInput) error {
	l, _, err := in.State.Lease(in.Terms, in.Closing)
	if err != nil || l.Start.IsZero() || l.Term == 0 {
		return nil // the terms are not there
	}
	out.Maturity = l.End(in.State.Extended)
	if l.MilesPerYear == 0 {
		return nil
	}
	var known []contract.Event
	for _, e := range in.Events {
		if e.Date <= in.Closing {
			known = append(known, e)
		}
	}
	readings, err := contract.Readings(in.Terms, known)
	if err != nil {
		return err
	}
	out.Miles = &StatementMiles{Allowance: l.Allowance(in.State.Extended), ExcessMile: l.ExcessMile}
	if len(readings) == 0 {
		return nil
	}
	m, err := l.Mileage(readings, in.State.Extended)
	if err != nil {
		return nil // readings that contradict each other say nothing of a pace; a person looks at them elsewhere
	}
	*out.Miles = StatementMiles{On: m.On, Driven: m.Driven, Allowed: m.Allowed, Allowance: m.Allowance, Paced: m.Paced, PerYear: m.PerYear,
		AllowedPerYear: m.AllowedPerYear, Projected: m.Projected, Excess: m.Excess, ExcessMile: l.ExcessMile, Charge: m.Charge}
	return nil
}

// addLines takes in what was posted since the previous statement, and sums the
// calendar year.
func (out *Statement) addLines(in StatementInput) {
	for _, l := range in.Lines {
		if l.Entry.Effective.Year() == in.Closing.Year() {
			year := l.Paid()
			out.InterestPaidYear += year.Interest
			out.PrincipalPaidYear += year.Principal
			out.FeesPaidYear += year.LateFee + year.OtherFee
		}
		if l.Entry.ID <= in.PreviousEntry {
			continue
		}
		out.Lines = append(out.Lines, statementLine(in, l))
		paid := l.Paid()
		out.InterestPaid += paid.Interest
		out.FeesPaid += paid.LateFee + paid.OtherFee
		out.TaxPaid += l.Allocation.Tax
		switch l.Kind {
		case "payment", "sale":
			out.PrincipalPaid += paid.Principal
			out.Adjustments -= l.Allocation.Principal - paid.Principal
		case "late_fee", "returned_fee", "other_fee":
			out.FeesCharged -= l.Amount
		case "taken_back":
			out.Adjustments -= l.Allocation.Principal
			switch l.Event.Kind {
			case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge:
				out.FeesCharged -= l.Amount
			}
		default:
			out.Adjustments -= l.Allocation.Principal
		}
		out.FeesForgiven += l.forgivenFees()
	}
}

func statementLine(in StatementInput, l Line) StatementLine {
	out := StatementLine{Date: l.Entry.Effective, Kind: l.Kind, Text: lineText(l), Amount: l.Amount, Allocation: l.Allocation,
		Event: l.Event.Kind, Source: l.Event.Source, Confirmation: l.Confirmation}
	if l.Event.Date != l.Entry.Effective {
		out.EventDate = l.Event.Date
	}
	if l.Event.Kind == contract.LateCharge && l.Event.Instalment > 0 {
		out.Instalment = in.State.DueDate(in.Terms, l.Event.Instalment)
	}
	return out
}

// Paid is the part of a line that money paid: nothing of a charge, a waiver, or
// what was forgiven or charged off beside it. Corrections of payments and money
// that came back count as paid, less.
func (l *Line) Paid() contract.Allocation {
	switch l.Kind {
	case "payment", "payment_returned", "payment_canceled", "sale":
	case "taken_back", "correction":
		if l.Event.Kind != contract.Payment && l.Event.Kind != contract.Sale {
			return contract.Allocation{}
		}
	default:
		return contract.Allocation{}
	}
	a := l.Allocation
	fees := l.forgivenFees()
	a.Principal -= a.Forgiven - fees
	late := fees
	if a.LateFee >= 0 {
		late = min(fees, a.LateFee)
	}
	a.LateFee -= late
	a.OtherFee -= fees - late
	a.Forgiven = 0
	return a
}

// forgivenFees is the part of what a line forgave that was fees.
func (l *Line) forgivenFees() money.Cents {
	fees := l.Allocation.LateFee + l.Allocation.OtherFee
	if l.Allocation.Forgiven < 0 { // what was forgiven is owed again
		return max(l.Allocation.Forgiven, min(fees, 0))
	}
	return min(l.Allocation.Forgiven, max(fees, 0))
}

func (out *Statement) addInterest(in StatementInput) error {
	spans, err := contract.Accruals(in.Terms, in.Events, out.Opening-1, in.Closing)
	if err != nil {
		return err
	}
	out.InterestLines = InterestLines(spans)
	var sum money.Interest
	for _, s := range spans {
		sum = sum.Add(s.Interest)
	}
	// Rounding at each payment may leave a cent or two; more than that belongs
	// to earlier periods, which a return or a correction has changed.
	if d, n := out.FinanceCharge-sum.Round(in.Terms.Rounding), money.Cents(len(out.InterestLines)); d > n || -d > n {
		out.FinanceAdjustment = d
	}
	return nil
}

// InterestLines puts spans into the form that papers show. Spans without
// interest are left out.
func InterestLines(spans []contract.Span) (out []InterestLine) {
	for _, s := range spans {
		if s.Interest.IsZero() {
			continue
		}
		out = append(out, InterestLine{s.From, s.To, s.Days, s.Balance, s.Rate, s.Basis, s.PerDiem.Decimal(6), s.Interest.Decimal(4)})
	}
	return out
}

func paymentsLeft(s *contract.State) int {
	if s.Principal == 0 {
		return 0
	}
	return max(1, s.Payments-s.Paid())
}
