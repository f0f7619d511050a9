package billing

import (
	"cmp"
	"fmt"
	"slices"

	"marque/internal/contract"
	"marque/internal/money"
)

// HistoryPaper is everything that moved on an account between two dates, by
// effective date: with its split, and the balance after it.
type HistoryPaper struct {
	Letter
	From    money.Date      `json:"from"`
	Through money.Date      `json:"through"`
	Opening HistoryStanding `json:"opening"` // at the beginning of From
	Closing HistoryStanding `json:"closing"` // at the end of Through
	Lines   []PrintedLine   `json:"lines"`
	Total   HistoryTotal    `json:"total"`
}

// HistoryStanding is what the books hold of an account: interest is not among it,
// since it is posted when it is paid.
type HistoryStanding struct {
	Principal money.Cents `json:"principal"` // of a lease the base rent still to come
	Fees      money.Cents `json:"fees"`      // charged and not paid
	Held      money.Cents `json:"held"`      // of the customer's, for which nothing was owed
}

// PrintedLine is one line. Amount is as on a statement: payments positive, charges
// and payments that came back negative. Source is how a payment came; Of is what
// a line is about that takes something back or applies it again.
type PrintedLine struct {
	Date       money.Date          `json:"date"`
	Kind       string              `json:"kind"`
	Source     contract.Source     `json:"source,omitempty"`
	Of         contract.EventKind  `json:"of,omitempty"`
	Amount     money.Cents         `json:"amount"`
	Allocation contract.Allocation `json:"allocation"`
	Balance    money.Cents         `json:"balance"` // principal after it
}

// HistoryTotal sums the lines: Received less Returned is Interest, Principal, Fees,
// Tax and Held that money paid.
type HistoryTotal struct {
	Received  money.Cents `json:"received"`
	Returned  money.Cents `json:"returned"` // payments that came back or were taken back
	Interest  money.Cents `json:"interest"`
	Principal money.Cents `json:"principal"`
	Fees      money.Cents `json:"fees"`
	Tax       money.Cents `json:"tax"`
	Other     money.Cents `json:"other"`   // held for later, or recovered on a balance written off, less what was forgiven beside a payment
	Charged   money.Cents `json:"charged"` // fees, less those taken back
	Refunded  money.Cents `json:"refunded"`
}

// HistoryInput is all that a history is made from.
type HistoryInput struct {
	Letter        Letter
	Terms         *contract.Terms
	State         contract.State // after all of Lines
	Lines         []Line         // the whole journal's
	From, Through money.Date
}

// MakeHistory takes the lines of a span of dates, oldest first; those of one day
// stand as they were posted. A line that was posted late stands at its effective
// date, so that the balances beside it are those by date. It is an error when all
// lines together do not lead to the account's state, or when those of the span do
// not add up.
func MakeHistory(in HistoryInput) (HistoryPaper, error) {
	bad := func(format string, args ...any) (HistoryPaper, error) {
		return HistoryPaper{}, fmt.Errorf("history of "+in.Letter.AccountNumber+": "+format, args...)
	}
	if in.From > in.Through {
		return bad("%s is after %s", in.From, in.Through)
	}
	lines := slices.Clone(in.Lines)
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(a.Entry.Effective, b.Entry.Effective) })
	open := in.Terms.Open()
	now := HistoryStanding{open.Principal, open.LateFees + open.OtherFees, open.Unapplied}
	out := HistoryPaper{Letter: in.Letter, From: in.From, Through: in.Through, Opening: now, Closing: now}
	for i := range lines {
		l := &lines[i]
		now.add(l.Allocation)
		switch on := l.Entry.Effective; {
		case on < in.From:
			out.Opening, out.Closing = now, now
		case on <= in.Through:
			out.Closing = now
			h := PrintedLine{Date: on, Kind: l.Kind, Source: l.Event.Source, Amount: l.Amount, Allocation: l.Allocation, Balance: now.Principal}
			if string(l.Event.Kind) != l.Kind {
				h.Of = l.Event.Kind
			}
			out.Lines = append(out.Lines, h)
			out.Total.add(l)
		}
	}
	if s := &in.State; now != (HistoryStanding{s.Principal, s.LateFees + s.OtherFees, s.Unapplied}) {
		return bad("all lines lead to %+v, and the account has %s, %s and %s", now, s.Principal, s.LateFees+s.OtherFees, s.Unapplied)
	}
	if t := out.Total; t.Received-t.Returned != t.Interest+t.Principal+t.Fees+t.Tax+t.Other {
		return bad("%s - %s is not what it paid: %+v", t.Received, t.Returned, t)
	}
	moved := HistoryStanding{out.Opening.Principal, out.Opening.Fees, out.Opening.Held}
	for _, l := range out.Lines {
		moved.add(l.Allocation)
	}
	if moved != out.Closing {
		return bad("the lines lead from %+v to %+v, not %+v", out.Opening, moved, out.Closing)
	}
	return out, nil
}

func (h *HistoryStanding) add(a contract.Allocation) {
	h.Principal -= a.Principal
	h.Fees -= a.LateFee + a.OtherFee
	h.Held += a.Unapplied
}

func (t *HistoryTotal) add(l *Line) {
	switch l.Event.Kind {
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge:
		t.Charged -= l.Amount
	case contract.Refund:
		t.Refunded -= l.Amount
	case contract.Payment, contract.Sale:
		switch { // one that is applied again moves nothing in or out
		case l.Amount > 0:
			t.Received += l.Amount
		default:
			t.Returned -= l.Amount
		}
		a := l.Allocation
		t.Interest += a.Interest
		t.Principal += a.Principal
		t.Fees += a.LateFee + a.OtherFee
		t.Tax += a.Tax
		t.Other += a.Unapplied + a.Recovered - a.Forgiven - a.ChargedOff
	}
}
