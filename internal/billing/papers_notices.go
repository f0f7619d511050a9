package billing

import (
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
)

// LateNotice tells that a payment has not come and that the contract's late fee was
// charged. It goes out with the first late fee of an instalment: lenders write once
// the days of grace are over, and not on the day after the due date, when most
// money is on its way. A contract without a late fee has no late notice. None goes
// to a customer who is to be left alone.
type LateNotice struct {
	Letter
	Instalment int         `json:"instalment"`
	DueDate    money.Date  `json:"due_date"` // since when it is past due
	DaysLate   int         `json:"days_late"`
	Unpaid     money.Cents `json:"unpaid"` // of the instalment, when the fee was charged
	Fee        money.Cents `json:"fee"`
	FeeOn      money.Date  `json:"fee_on"`
	GraceDays  int         `json:"grace_days"`
	Law        string      `json:"law,omitempty"` // that bounds the fee, beside the contract

	PastDue   money.Cents `json:"past_due"`   // of all instalments
	FeesDue   money.Cents `json:"fees_due"`   // of all kinds, Fee among them
	AmountNow money.Cents `json:"amount_now"` // what brings the account up to date
	NextDue   money.Date  `json:"next_due,omitzero"`
	Next      money.Cents `json:"next"` // then due in addition
	Autopay   bool        `json:"autopay"`
}

// LateInput is all that a late notice is made from.
type LateInput struct {
	Letter  Letter // on the fee's day
	Terms   *contract.Terms
	State   contract.State // after the fee
	Event   contract.Event // the fee
	Autopay bool
}

// MakeLateNotice tells of a late fee that was charged on the letter's day. One of an
// instalment that is not past due is an error.
func MakeLateNotice(in LateInput) (LateNotice, error) {
	t, s, e := in.Terms, &in.State, &in.Event
	due, err := s.Due(t, in.Letter.Date)
	if err != nil {
		return LateNotice{}, err
	}
	law, err := t.FeeLaw()
	if err != nil {
		return LateNotice{}, err
	}
	out := LateNotice{
		Letter: in.Letter, Instalment: e.Instalment, DueDate: s.DueDate(t, e.Instalment), Fee: e.Amount, FeeOn: e.Date, GraceDays: t.GraceDays, Law: law.Source,
		Unpaid: min(s.PaymentOf(e.Instalment), s.Asked(e.Instalment)-s.Credited, due.PastDue), PastDue: due.PastDue, FeesDue: due.Fees, AmountNow: due.PastDue + due.Fees,
		NextDue: due.Upcoming, Next: due.UpcomingAmount, Autopay: in.Autopay,
	}
	out.DaysLate = int(in.Letter.Date - out.DueDate)
	if e.Kind != contract.LateCharge || out.DaysLate <= 0 || out.Unpaid <= 0 {
		return LateNotice{}, fmt.Errorf("late notice of %s: instalment %d is not past due: %+v", in.Letter.AccountNumber, e.Instalment, due)
	}
	return out, nil
}

// ReturnNotice tells that a payment came back, why, and what follows.
type ReturnNotice struct {
	Letter
	Rail         Rail        `json:"rail"`
	PaidOn       money.Date  `json:"paid_on"` // the day it had counted
	Amount       money.Cents `json:"amount"`
	Confirmation string      `json:"confirmation"`
	Method       string      `json:"method"`
	ReturnedOn   money.Date  `json:"returned_on"`
	Code         string      `json:"code"`   // of the return; empty by card
	Reason       string      `json:"reason"` // in English, to finish "Your bank returned this payment: "
	Autopay      bool        `json:"autopay"`

	Fee       money.Cents `json:"fee"`           // for the return; zero: none was charged
	Law       string      `json:"law,omitempty"` // that bounds the fee, beside the contract
	Again     money.Date  `json:"again,omitzero"`
	Stopped   bool        `json:"stopped"`    // nothing more is drawn from the bank account
	Reopened  bool        `json:"reopened"`   // the account had been paid off
	Balance   money.Cents `json:"balance"`    // principal, now
	PastDue   money.Cents `json:"past_due"`   // of instalments
	FeesDue   money.Cents `json:"fees_due"`   // of all kinds, Fee among them
	AmountNow money.Cents `json:"amount_now"` // what brings the account up to date
	NextDue   money.Date  `json:"next_due,omitzero"`
	Next      money.Cents `json:"next"`
}

// Owes fills in what is owed on the letter's day.
func (n *ReturnNotice) Owes(d contract.Due) {
	n.PastDue, n.FeesDue, n.AmountNow = d.PastDue, d.Fees, d.PastDue+d.Fees
	n.NextDue, n.Next = d.Upcoming, d.UpcomingAmount
}

// Changed is a figure before and after a change.
type Changed[T any] struct {
	Was T `json:"was"`
	Is  T `json:"is"`
}

// ChangeNotice tells what an agreement or the law changed on an account: each
// figure that is another one now, as it was and as it is. What did not change is
// nil.
type ChangeNotice struct {
	Letter
	Change       contract.EventKind    `json:"change"`
	From         money.Date            `json:"from"` // the day the change counts from
	Instalment   int                   `json:"instalment,omitempty"`
	DueDate      *Changed[money.Date]  `json:"due_date,omitempty"` // of the next payment
	Payment      *Changed[money.Cents] `json:"payment,omitempty"`
	PaymentFrom  money.Date            `json:"payment_from,omitzero"` // due date of the first payment of the new amount
	Rate         *Changed[money.Rate]  `json:"annual_rate,omitempty"`
	PaymentsLeft *Changed[int]         `json:"payments_left,omitempty"`
	Maturity     *Changed[money.Date]  `json:"maturity,omitempty"` // due date of the last payment
	DueDay       int                   `json:"due_day,omitempty"`  // of the month, of later payments
	ExtraDays    int                   `json:"extra_days,omitempty"`
	Extra        money.Cents           `json:"extra_interest,omitempty"` // about what ExtraDays cost, on today's principal
	Forgiven     money.Cents           `json:"interest_forgiven,omitempty"`
	FeesBack     money.Cents           `json:"fees_back,omitempty"` // late fees that were taken off with it
}

// ChangeInput is all that a change notice is made from.
type ChangeInput struct {
	Letter        Letter
	Terms         *contract.Terms
	Before, After contract.State
	Event         contract.Event
	Allocation    contract.Allocation // of the event
	FeesBack      money.Cents
}

// changeLetters are the changes that a letter is written about.
var changeLetters = map[contract.EventKind]bool{
	contract.DueDateChange: true, contract.Deferral: true, contract.ReAge: true, contract.RateChange: true, contract.Modification: true,
	contract.Service: true, contract.ServiceEnd: true, contract.LeaseExtension: true,
}

// MakeChangeNotice sets an account before an event beside the account after it.
// False: the event is none that a letter is written about, or has changed nothing.
func MakeChangeNotice(in ChangeInput) (out ChangeNotice, changed bool, err error) {
	t, was, is, e := in.Terms, &in.Before, &in.After, &in.Event
	if !changeLetters[e.Kind] || was.Payments == 0 || is.Payments == 0 {
		return out, false, nil
	}
	out = ChangeNotice{Letter: in.Letter, Change: e.Kind, From: e.Date, Forgiven: in.Allocation.InterestForgiven, FeesBack: in.FeesBack,
		Rate: differs(was.Rate, is.Rate), Maturity: differs(was.Maturity(t), is.Maturity(t))}
	paid := min(was.Paid(), is.Paid())
	out.PaymentsLeft = differs(max(0, was.Payments-paid), max(0, is.Payments-paid))
	for n := paid + 1; n <= min(was.Payments, is.Payments); n++ {
		if d := differs(was.DueDate(t, n), is.DueDate(t, n)); out.DueDate == nil && d != nil {
			out.Instalment, out.DueDate = n, d
			if err := out.extra(t, is); err != nil {
				return out, false, err
			}
		}
		// The last payment is whatever is left, before and after.
		if p := differs(was.PaymentOf(n), is.PaymentOf(n)); out.Payment == nil && p != nil && is.DueDate(t, n) >= e.Date {
			out.Payment, out.PaymentFrom = p, is.DueDate(t, n)
		}
	}
	if e.Kind == contract.DueDateChange {
		out.DueDay = e.DueDay
	}
	changed = out.DueDate != nil || out.Payment != nil || out.Rate != nil || out.PaymentsLeft != nil || out.Maturity != nil || out.Forgiven != 0 || out.FeesBack != 0
	return out, changed, nil
}

// extra is the interest of the days by which a due date moves, on the principal of
// the day.
func (out *ChangeNotice) extra(t *contract.Terms, s *contract.State) error {
	d := out.DueDate
	if d.Is < d.Was || t.Kind != contract.Loan {
		return nil
	}
	i, err := money.Accrual{Rate: s.Rate, DayCount: t.DayCount, FactorDecimals: t.FactorDecimals}.Interest(s.Principal, d.Was, d.Is)
	if err != nil {
		return err
	}
	out.ExtraDays, out.Extra = t.DayCount.Days(d.Was, d.Is), i.Round(t.Rounding)
	return nil
}

func differs[T comparable](was, is T) *Changed[T] {
	if was == is {
		return nil
	}
	return &Changed[T]{was, is}
}
