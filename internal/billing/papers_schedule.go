package billing

import (
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
)

// SchedulePaper is a contract as it stands: what has been paid, and what is left
// if every payment comes on its due date. It is not the schedule as signed: extra,
// late and returned payments and agreed changes are in it. A lease has a schedule
// of its payments, without rate and without interest.
type SchedulePaper struct {
	Letter
	Rate           money.Rate     `json:"annual_rate"` // in force; zero on a lease, and not printed there
	DayCount       string         `json:"day_count"`
	OriginalDate   money.Date     `json:"original_date"`
	OriginalAmount money.Cents    `json:"original_amount"` // amount financed; of a lease zero
	OpenedOn       money.Date     `json:"opened_on"`       // since when these books have kept the account
	Opening        money.Cents    `json:"opening"`         // principal then, or base rent to come
	Balance        money.Cents    `json:"balance"`         // principal on Date
	RegularPayment money.Cents    `json:"regular_payment"`
	Maturity       money.Date     `json:"maturity"` // due date of the last payment
	Posted         []SchedulePaid `json:"posted"`
	Projected      []ScheduleDue  `json:"projected"`

	Paid ScheduleTotal `json:"paid"` // of Posted
	Left ScheduleTotal `json:"left"` // of Projected: no fee that may still come
}

// SchedulePaid is one thing that was posted and that paid or moved the balance.
// Its amount is Interest, Principal, Fees, Tax and Other together.
type SchedulePaid struct {
	Date      money.Date  `json:"date"`
	Kind      string      `json:"kind"` // as of a Line
	Amount    money.Cents `json:"amount"`
	Interest  money.Cents `json:"interest"`
	Principal money.Cents `json:"principal"`
	Fees      money.Cents `json:"fees"`
	Tax       money.Cents `json:"tax"`
	Other     money.Cents `json:"other"`   // held, recovered, less what was forgiven or written off
	Balance   money.Cents `json:"balance"` // principal after it
}

// ScheduleDue is one payment still to come: Amount is Interest, Principal and Tax.
type ScheduleDue struct {
	N         int         `json:"n"` // of the contract's instalments
	Date      money.Date  `json:"date"`
	Amount    money.Cents `json:"amount"`
	Interest  money.Cents `json:"interest"`
	Principal money.Cents `json:"principal"`
	Tax       money.Cents `json:"tax"`
	Balance   money.Cents `json:"balance"`
}

// ScheduleTotal sums rows.
type ScheduleTotal struct {
	Amount    money.Cents `json:"amount"`
	Interest  money.Cents `json:"interest"`
	Principal money.Cents `json:"principal"`
	Fees      money.Cents `json:"fees"`
	Tax       money.Cents `json:"tax"`
	Other     money.Cents `json:"other"`
}

// ScheduleInput is all that a schedule is made from.
type ScheduleInput struct {
	Letter         Letter
	Terms          *contract.Terms
	State          contract.State
	Lines          []Line // the whole journal's
	OriginalDate   money.Date
	OriginalAmount money.Cents
}

// MakeSchedule sets what was posted, in the order in which it was posted, before
// what is to come from Letter.Date on. It is an error when the rows do not lead
// from the opening balance to today's and from there to zero.
func MakeSchedule(in ScheduleInput) (SchedulePaper, error) {
	t, s := in.Terms, &in.State
	out := SchedulePaper{
		Letter: in.Letter, DayCount: string(t.DayCount), OriginalDate: in.OriginalDate, OpenedOn: t.Start, Opening: t.Principal, Balance: s.Principal,
		RegularPayment: s.PaymentOf(max(1, min(s.Paid()+1, s.Payments))), Maturity: s.Maturity(t),
	}
	if t.Kind == contract.Loan {
		out.Rate, out.OriginalAmount = s.Rate, in.OriginalAmount
	}
	for i := range in.Lines {
		out.addPosted(&in.Lines[i])
	}
	if out.Opening-out.Paid.Principal != out.Balance {
		return SchedulePaper{}, fmt.Errorf("schedule of %s: %s - %s is not %s", in.Letter.AccountNumber, out.Opening, out.Paid.Principal, out.Balance)
	}
	rows, err := t.Remaining(*s, in.Letter.Date)
	if err != nil {
		return SchedulePaper{}, err
	}
	balance := out.Balance
	for _, r := range rows {
		d := ScheduleDue{r.N, r.Date, r.Payment, r.Interest, r.Principal, r.Payment - r.Interest - r.Principal, r.Balance}
		out.Projected = append(out.Projected, d)
		out.Left.Amount += d.Amount
		out.Left.Interest += d.Interest
		out.Left.Principal += d.Principal
		out.Left.Tax += d.Tax
		if balance -= d.Principal; balance != d.Balance || d.Tax < 0 {
			return SchedulePaper{}, fmt.Errorf("schedule of %s: payment %d leaves %s and not %s", in.Letter.AccountNumber, d.N, balance, d.Balance)
		}
	}
	if balance != 0 {
		return SchedulePaper{}, fmt.Errorf("schedule of %s: %s is left after the last payment", in.Letter.AccountNumber, balance)
	}
	return out, nil
}

// addPosted takes in a line that paid something or moved the balance. A fee that
// was charged or forgiven does neither.
func (out *SchedulePaper) addPosted(l *Line) {
	a := l.Allocation
	if l.Paid() == (contract.Allocation{}) && a.Principal == 0 && a.Interest == 0 {
		return
	}
	p := SchedulePaid{
		Date: l.Entry.Effective, Kind: l.Kind, Amount: l.Amount, Interest: a.Interest, Principal: a.Principal, Fees: a.LateFee + a.OtherFee, Tax: a.Tax,
		Other: a.Unapplied + a.Recovered - a.Forgiven - a.ChargedOff, Balance: l.Balance,
	}
	out.Posted = append(out.Posted, p)
	out.Paid.Amount += p.Amount
	out.Paid.Interest += p.Interest
	out.Paid.Principal += p.Principal
	out.Paid.Fees += p.Fees
	out.Paid.Tax += p.Tax
	out.Paid.Other += p.Other
}
