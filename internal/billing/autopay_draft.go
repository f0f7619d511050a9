package billing

import (
	"marque/internal/contract"
	"marque/internal/money"
)

// Why says in one word why a draft is what it is, or is not made.
type Why string

// Why a draft is not the usual amount.
const (
	WhyRest Why = "partly_paid" // what a payment left of the instalment
	WhyLast Why = "last"        // all that is left
)

// Why nothing is drafted.
const (
	WhyPaid        Why = "paid"          // by a payment, posted or on its way
	WhyNothingDue  Why = "nothing_due"   // no instalment falls due before the next draft
	WhyPayoff      Why = "payoff_coming" // a payoff is scheduled for no later than the due date
	WhyClosed      Why = "closed"        // nothing is owed
	WhyAccelerated Why = "accelerated"   // all of it is due
	WhyRepossessed Why = "repossessed"   // or sold
	WhyChargedOff  Why = "charged_off"   //
	WhyLeaseEnded  Why = "lease_ended"   //
	WhyBankruptcy  Why = "bankruptcy"    //
	WhyHold        Why = "hold"          // the customer asked to be left alone
	WhyNotTold     Why = "not_told"      // its notice was not sent in time
)

// Draft is one amount that autopay takes on one date. Amount is zero when it
// takes nothing, and Why says why.
type Draft struct {
	Date       money.Date
	Due        money.Date // the due date it is for; zero for a fixed amount
	Amount     money.Cents
	Instalment money.Cents // the part that the instalment asks for
	Why        Why

	principal bool // what is beyond the instalment reduces principal
}

// Ask is the payment that the draft makes. What it takes counts for instalments,
// and an extra reduces principal: were it to pay ahead, the next draft would be
// smaller by as much. Behind, it counts for what is past due.
func (d Draft) Ask() Ask {
	a := Ask{Kind: AmountDue, Amount: d.Amount, Date: d.Date}
	if d.principal {
		a.Kind, a.Extra = AmountOther, ExtraPrincipal
	}
	return a
}

// AutopayStops says why a contract as it stands is not drafted at all; empty when
// it is. Bankruptcy and a wish to be left alone last while they last; the rest is
// for good.
func AutopayStops(t *contract.Terms, s *contract.State) Why {
	switch {
	case s.IsChargedOff:
		return WhyChargedOff
	case s.Closed(t):
		return WhyClosed
	case s.Repossessed || s.Sold:
		return WhyRepossessed
	case s.Accelerated != 0:
		return WhyAccelerated
	case s.Ended:
		return WhyLeaseEnded
	case s.Bankruptcy:
		return WhyBankruptcy
	case s.CeaseContact:
		return WhyHold
	}
	return ""
}

// DraftAmount is what a plan takes on one of its dates from the account as it
// stands. It never takes what is past due, nor fees, nor more than what closes the
// account: the borrower agreed to one amount, and money that came back is not
// asked for again by itself.
//
// A draft of instalments takes what those due from its date to the day before the
// rhythm's next date still ask for, less what is on its way to them, and the
// extra; nothing when that is paid. The last instalment is whatever is left. A
// fixed amount goes on when the account is paid ahead, and to the last fee: until
// paid off is what was agreed.
func (p AutopayPlan) DraftAmount(t *contract.Terms, s contract.State, coming Coming, on money.Date) (Draft, error) {
	later, payoff, err := receive(t, &s, coming.sorted(), on)
	if err != nil {
		return Draft{}, err
	}
	if why := AutopayStops(t, &s); why != "" {
		return Draft{Date: on, Why: why}, nil
	}
	if payoff {
		return Draft{Date: on, Why: WhyPayoff}, nil
	}
	closing, err := s.ClosingAmount(t, on)
	if err != nil {
		return Draft{}, err
	}
	if p.Fixed == 0 {
		until := on + 1 // where the rhythm's next date begins another draft's instalments
		if p.Rhythm != EachDueDate {
			until = p.following(t, &s, on)
		}
		return draftInstalments(t, &s, later, p.Extra, closing, on, until)
	}
	d := Draft{Date: on, Amount: min(p.Fixed, closing)}
	if d.Instalment = d.Amount; d.Amount == closing {
		d.Why = WhyLast
	}
	return d, nil
}

func draftInstalments(t *contract.Terms, s *contract.State, coming Coming, extra, closing money.Cents, on, until money.Date) (Draft, error) {
	before, through := s.DueThrough(t, on-1), s.DueThrough(t, until-1)
	if before == through {
		return Draft{Date: on, Why: WhyNothingDue}, nil
	}
	d := Draft{Date: on, Due: s.DueDate(t, through)}
	due, err := s.Due(t, on)
	if err != nil {
		return d, err
	}
	payoff, err := s.Payoff(t, on)
	if err != nil {
		return d, err
	}
	all := min(closing, payoff.Total-payoff.Fees-due.PastDue)
	want, usual := all, s.Asked(through)-s.Asked(before)
	if through < s.Payments {
		want = min(all, s.Asked(through)-s.Credited-due.PastDue)
	}
	behind := due.PastDue
	for _, a := range coming {
		switch {
		case a.Date > d.Due:
		case a.Kind == AmountPayoff:
			d.Why = WhyPayoff
			return d, nil
		case a.Extra != ExtraPrincipalOnly: // what is past due is paid first
			first := min(behind, a.Amount)
			want, behind = want-(a.Amount-first), behind-first
		}
	}
	if want <= 0 {
		d.Why = WhyPaid
		return d, nil
	}
	d.Instalment, d.Amount = want, min(want+extra, all)
	d.principal = d.Amount > want && due.PastDue == 0 && through == before+1
	switch {
	case d.Amount == all && due.PastDue == 0:
		d.Why = WhyLast
	case want < usual:
		d.Why = WhyRest
	}
	return d, nil
}

// receive puts payments on their way that count by a day on the account, and
// gives the later ones; payoff says that one of them is to close it.
func receive(t *contract.Terms, s *contract.State, coming Coming, on money.Date) (later Coming, payoff bool, err error) {
	for i, a := range coming {
		if a.Date > on {
			return coming[i:], false, nil
		}
		if a.Kind == AmountPayoff {
			return nil, true, nil
		}
		a.Date = max(a.Date, s.LastEvent)
		owed, err := s.Payoff(t, a.Date)
		if err != nil {
			return nil, false, err
		}
		if a.Amount = min(a.Amount, owed.Total); a.Amount <= 0 {
			continue
		}
		if _, err := s.Apply(t, a.Event()); err != nil {
			return nil, false, err
		}
	}
	return nil, false, nil
}

// NextDraft is the first draft after a day that takes something, as things stand.
// When none will come, its Amount is zero and Why says why, if the contract and
// not the plan is the reason.
func (p AutopayPlan) NextDraft(t *contract.Terms, s *contract.State, coming Coming, made int, after money.Date) (Draft, error) {
	for {
		on := p.Next(t, s, made, after)
		if on.IsZero() {
			return Draft{Why: AutopayStops(t, s)}, nil
		}
		d, err := p.DraftAmount(t, *s, coming, on)
		if err != nil || d.Amount > 0 || (d.Why != WhyPaid && d.Why != WhyNothingDue) {
			return d, err
		}
		after = on
	}
}

// Drafts are those after a day through another, as things stand: what is on its
// way comes in, each draft is made, and nothing else happens.
func (p AutopayPlan) Drafts(t *contract.Terms, s contract.State, coming Coming, made int, after, through money.Date) ([]Draft, error) {
	var out []Draft
	coming = coming.sorted()
	for {
		on := p.Next(t, &s, made, after)
		if on.IsZero() || on > through {
			return out, nil
		}
		d, err := p.DraftAmount(t, s, coming, on)
		if err != nil {
			return nil, err
		}
		later, payoff, err := receive(t, &s, coming, on)
		if err != nil || payoff {
			return out, err
		}
		if coming, after = later, on; d.Amount == 0 {
			if AutopayStops(t, &s) != "" {
				return out, nil
			}
			continue
		}
		if _, err := s.Apply(t, d.event(&s)); err != nil {
			return nil, err
		}
		out, made = append(out, d), made+1
	}
}

// event is the draft as the account's fold takes it, not before its last event.
func (d Draft) event(s *contract.State) contract.Event {
	e := d.Ask().Event()
	e.Date = max(e.Date, s.LastEvent)
	return e
}

// Short is the first due date, within a year after a day, on which a plan's drafts
// leave something of its instalment unpaid, and how much: a warning for those who
// choose a rhythm or an amount of their own. None: zero.
func (p AutopayPlan) Short(t *contract.Terms, s contract.State, coming Coming, after money.Date) (due money.Date, missing money.Cents, err error) {
	drafts, err := p.Drafts(t, s, coming, 0, after, after+366)
	if err != nil {
		return 0, 0, err
	}
	coming = coming.sorted()
	for n := s.DueThrough(t, after) + 1; n <= s.Payments; n++ {
		on := s.DueDate(t, n)
		if on > after+366 {
			break
		}
		later, payoff, err := receive(t, &s, coming, on)
		if err != nil || payoff {
			return 0, 0, err
		}
		for coming = later; len(drafts) > 0 && drafts[0].Date <= on; drafts = drafts[1:] {
			if _, err := s.Apply(t, drafts[0].event(&s)); err != nil {
				return 0, 0, err
			}
		}
		d, err := s.Due(t, on)
		if err != nil {
			return 0, 0, err
		}
		if d.Upcoming == on && d.UpcomingAmount > 0 {
			return on, d.UpcomingAmount, nil
		}
	}
	return 0, 0, nil
}
