package billing

import (
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
)

// PaidInFull is the proof that an account is paid off, and, as a lien release,
// the cover that goes with the title.
type PaidInFull struct {
	Letter
	OriginalDate   money.Date          `json:"original_date"`
	OriginalAmount money.Cents         `json:"original_amount"` // of a lease zero
	PaidOn         money.Date          `json:"paid_on"`
	How            contract.Source     `json:"how,omitempty"`          // of the payment that closed it; empty when none did
	Method         string              `json:"method,omitempty"`       // "checking ending in 4821"
	Confirmation   string              `json:"confirmation,omitempty"` // of that payment
	Amount         money.Cents         `json:"amount"`
	Applied        contract.Allocation `json:"applied"`  // where Amount went
	Owed           money.Cents         `json:"owed"`     // before it: what it paid and what was forgiven beside it
	Balance        money.Cents         `json:"balance"`  // after it: zero
	Refund         money.Cents         `json:"refund"`   // of the customer's, that we hold and send back
	Refunded       money.Cents         `json:"refunded"` // that was sent back already
	// FinalOn is the first day on which no bank can take back any of the money that
	// paid the account. Until then a payment that comes back opens it again.
	FinalOn money.Date `json:"final_on"`
	// Title says that the title goes to the customer: of a loan whose vehicle was
	// not sold, taken back or lost.
	Title   bool         `json:"title"`
	State   string       `json:"state,omitempty"` // where the customer lives, as its two letters
	Release TitleRelease `json:"release,omitzero"`
}

// IsFinal says whether the money was final on the letter's day.
func (p *PaidInFull) IsFinal() bool { return p.FinalOn <= p.Date }

// TitleRelease is the day by which the lien is released, and the law that sets it;
// without one the lender waits until the money is final.
type TitleRelease struct {
	By  money.Date `json:"by"`
	Law string     `json:"law,omitempty"`
}

// titleLaws are the states whose time for the release of a paid lien is known, in
// banking days after the debt is satisfied. Money that came as one of AtOnce counts
// as cleared when it is received, and other money when it has cleared.
var titleLaws = map[string]struct {
	source string
	days   int
	atOnce []contract.Source
}{
	"MO": {"Mo. Rev. Stat. 301.640", 5, []contract.Source{contract.FromCash, contract.FromWire}},
	"NY": {"N.Y. Veh. & Traf. Law 2121", 0, []contract.Source{contract.FromCash, contract.FromWire, contract.FromInsurer}},
}

// ReleaseTitle says by when the lien on a vehicle is released whose loan was paid:
// by the law of the customer's state where it is known, counted from the day the
// money was received or had cleared, and otherwise when the money is final. A bank
// debit counts as cleared when the ordinary time for its return has passed, and not
// only when nobody can dispute it any more: where a law is known it leaves no more.
func ReleaseTitle(state string, how contract.Source, paid, cleared, final money.Date) TitleRelease {
	law, known := titleLaws[state]
	if !known {
		return TitleRelease{By: max(paid, final)}
	}
	from := max(paid, cleared)
	for _, s := range law.atOnce {
		if s == how {
			from = paid
		}
	}
	return TitleRelease{By: from.AddBankingDays(law.days), Law: law.source}
}

// PaidInput is all that a paid-in-full letter is made from.
type PaidInput struct {
	Letter         Letter
	Terms          *contract.Terms
	State          contract.State // on the letter's day
	Lines          []Line         // the whole journal's
	OriginalDate   money.Date
	OriginalAmount money.Cents
	Method         string
	Confirmation   string
	HomeState      string
	Cleared        money.Date // when the ordinary time for a return of the last payment has passed
	FinalOn        money.Date // when no payment on the account can come back any more
}

// MakePaidInFull proves an account paid: the line that closed it, and nothing owed
// after it. An account with anything owed, or on which nothing was ever paid, is an
// error.
func MakePaidInFull(in PaidInput) (PaidInFull, error) {
	bad := func(format string, args ...any) (PaidInFull, error) {
		return PaidInFull{}, fmt.Errorf("paid in full "+in.Letter.AccountNumber+": "+format, args...)
	}
	t, s := in.Terms, &in.State
	payoff, err := s.Payoff(t, in.Letter.Date)
	if err != nil {
		return PaidInFull{}, err
	}
	if payoff.Total != 0 || !s.Closed(t) {
		return bad("%s is owed", payoff.Total)
	}
	last := closing(in.Lines)
	if last == nil {
		return bad("nothing has paid it")
	}
	out := PaidInFull{
		Letter: in.Letter, OriginalDate: in.OriginalDate, PaidOn: last.Entry.Effective, Amount: last.Amount, Applied: last.Allocation,
		Balance: payoff.Total, Refund: s.RefundDue(t), FinalOn: max(in.FinalOn, last.Entry.Effective), State: in.HomeState,
		Title: t.Kind == contract.Loan && !s.Sold && !s.Repossessed && !s.TotalLoss,
	}
	a := last.Allocation
	out.Owed = a.Total() - a.Unapplied + a.Forgiven + a.ChargedOff
	if out.Amount != a.Total() || out.Owed-a.Forgiven-a.ChargedOff+a.Unapplied != out.Amount {
		return bad("%s is not what it was applied to: %+v", out.Amount, a)
	}
	if t.Kind == contract.Loan {
		out.OriginalAmount = in.OriginalAmount
	}
	if last.Event.Kind == contract.Payment {
		out.How, out.Method, out.Confirmation = last.Event.Source, in.Method, in.Confirmation
		if out.How == "" {
			out.How = contract.FromACH
		}
	}
	for i := range in.Lines {
		if l := &in.Lines[i]; l.Event.Kind == contract.Refund {
			out.Refunded -= l.Amount
		}
	}
	if out.Title {
		out.Release = ReleaseTitle(in.HomeState, out.How, out.PaidOn, in.Cleared, out.FinalOn)
	}
	return out, nil
}

// closing is the line that brought what is owed to nothing: the last one posted
// that paid or took off any of it.
func closing(lines []Line) *Line {
	for i := len(lines) - 1; i >= 0; i-- {
		a := lines[i].Allocation
		if a.Principal+a.Interest+a.LateFee+a.OtherFee+a.Tax+a.Recovered > 0 {
			return &lines[i]
		}
	}
	return nil
}

// ClosingPayment is the id of the payment that closed an account; empty when
// something else did.
func ClosingPayment(lines []Line) string {
	if l := closing(lines); l != nil {
		return l.PaymentID
	}
	return ""
}
