package billing

import (
	"fmt"

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
	Event      contract.Event
}

// LinePayment is the payment behind an event.
type LinePayment struct {
	ID           string
	Canceled     bool // by the customer, before it was sent to the bank
	Confirmation string
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
		l := Line{Entry: e, Amount: a.Total(), Allocation: a, Balance: balance, PaymentID: payments[e.Event].ID}
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
		PayoffToday: payoff.Total, AutopayText: in.AutopayText,
	}
	if due.Upcoming <= in.DueDate { // what is paid ahead is not asked for again
		out.AmountDue += due.UpcomingAmount
	}
	out.PaymentsLeft = paymentsLeft(&s)
	var accruedBefore money.Cents
	if p := in.Previous; p != nil {
		out.Opening, out.BeginningBalance, accruedBefore = p.Closing+1, p.EndingBalance, p.InterestAccrued
	}
	out.addLines(in)
	out.FinanceCharge = out.InterestPaid + interest - accruedBefore
	if n, fee := nextLateFee(t, s); n > 0 && s.DueDate(t, n) <= in.DueDate {
		out.LateAfter, out.LateFee = s.DueDate(t, n)+money.Date(t.GraceDays), fee
	}
	if out.BeginningBalance-out.PrincipalPaid+out.Adjustments != out.EndingBalance {
		return Statement{}, fmt.Errorf("statement closing %s: %s - %s + %s is not %s", in.Closing,
			out.BeginningBalance, out.PrincipalPaid, out.Adjustments, out.EndingBalance)
	}
	return out, out.addInterest(in)
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
		out.Lines = append(out.Lines, StatementLine{l.Entry.Effective, l.Kind, lineText(l), l.Amount, l.Allocation})
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
	if d := out.FinanceCharge - sum.Round(in.Terms.Rounding); d > money.Cents(len(spans)) || -d > money.Cents(len(spans)) {
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
		out = append(out, InterestLine{s.From, s.To, s.Days, s.Balance, s.Basis, s.PerDiem.Decimal(6), s.Interest.Decimal(4)})
	}
	return out
}

func paymentsLeft(s *contract.State) int {
	if s.Principal == 0 {
		return 0
	}
	return max(1, s.Payments-s.Paid())
}
