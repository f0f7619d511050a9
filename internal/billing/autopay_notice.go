package billing

import (
	"marque/internal/contract"
	"marque/internal/money"
)

// Days of notice before a draft: of its amount by 12 CFR 1005.10(d)(1), of
// another date by the Nacha Operating Rules (2.3.2.7). They are counted to the
// date on which the draft counts, which is never later than the day the bank sees
// it.
const (
	AmountNoticeDays = 10
	DateNoticeDays   = 7
)

// Told is one notice of a draft: its date, its exact amount, and the day the
// notice was sent.
type Told struct {
	Date   money.Date
	Amount money.Cents
	Sent   money.Date
}

// Given is what the borrower has agreed to and has been drawn so far.
type Given struct {
	Agreed   money.Cents // each draft, as the authorisation has it
	Signed   money.Date  // the day it was signed
	First    money.Date  // the first draft as the authorisation shows it
	FirstFor money.Cents // and its amount
	Previous money.Cents // the draft before this one; zero: none
	Moved    bool        // the draft's date is not where what was agreed to put it
}

// Need is the notice that a draft needs: for its amount, its date, or not at all.
type Need struct {
	Amount, Date bool
	By           money.Date // the last day to send it
}

// None says that no notice is needed.
func (n Need) None() bool { return !n.Amount && !n.Date }

// NoticeNeeded says whether a draft needs a written notice of its amount and
// date, and by when. The first draft, on the date and of the amount that the
// authorisation shows, needs none: the borrower has just signed it.
//
// An amount needs one when it differs from the amount agreed to or from the draft
// before, and not only from both, which is how the rule is written. A borrower who
// chose a range needs one outside it; one who chose to be told every time needs
// one every time, but for drafts of the amount agreed to that come so soon after
// signing that no notice could be in time.
func (p AutopayPlan) NoticeNeeded(g Given, d Draft) Need {
	if d.Date == g.First && d.Amount == g.FirstFor {
		return Need{}
	}
	n := Need{Date: g.Moved}
	switch p.Tell {
	case TellEvery:
		n.Amount = d.Amount != g.Agreed || d.Date-AmountNoticeDays > g.Signed
	case TellOutside:
		n.Amount = d.Amount < p.Least || d.Amount > p.Most
	default:
		n.Amount = d.Amount != g.Agreed || (g.Previous > 0 && d.Amount != g.Previous)
	}
	switch {
	case n.Amount:
		n.By = d.Date - AmountNoticeDays
	case n.Date:
		n.By = d.Date - DateNoticeDays
	}
	return n
}

// Covered says whether a draft may be sent: it needs no notice, or one of exactly
// this amount and date was sent in time. WhyNotTold otherwise.
func (p AutopayPlan) Covered(g Given, d Draft, told []Told) Why {
	need := p.NoticeNeeded(g, d)
	if need.None() {
		return ""
	}
	for _, n := range told {
		if n.Date == d.Date && n.Amount == d.Amount && n.Sent <= need.By {
			return ""
		}
	}
	return WhyNotTold
}

// ToTell are the drafts that come within some days after a day and lack a notice
// that they need and that can still be sent in time. Each supposes that those
// before it are made.
func (p AutopayPlan) ToTell(t *contract.Terms, s contract.State, coming Coming, made int, g Given, told []Told, today money.Date, ahead int) ([]Draft, error) {
	drafts, err := p.Drafts(t, s, coming, made, today, today+money.Date(ahead))
	if err != nil {
		return nil, err
	}
	var out []Draft
	for _, d := range drafts {
		if need := p.NoticeNeeded(g, d); !need.None() && today <= need.By && p.Covered(g, d, told) != "" {
			out = append(out, d)
		}
		g.Previous, g.Moved = d.Amount, false
	}
	return out, nil
}
