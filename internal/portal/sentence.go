package portal

import (
	"fmt"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// reading is the one thing to know about a contract, and the one thing to do.
type reading struct {
	Label    string // over the figure: "Amount due"
	Amount   money.Cents
	When     string // beside the figure: "by Dec 15, 2026"
	Sentence string
	Detail   string // what happens next if nothing is done
	Status   status
	Button   string // "" when there is nothing to pay
	Quiet    bool   // the button is an offer, not the thing to do
}

// read says in one sentence what is true of a contract on a day. Every branch
// uses only what the card states, so that the sentence cannot promise more.
func read(c servicing.Card) reading {
	due := c.Due
	switch {
	case c.Closed:
		if clearing(c) {
			return reading{Status: status{"wait", "Processing"}, Sentence: closedSentence(c)}
		}
		return reading{Status: status{"plain", "Closed"}, Sentence: closedSentence(c)}
	case c.Held:
		return readHeld(c)
	case c.ChargedOff:
		return readChargedOff(c)
	case allDue(c):
		return readAllDue(c)
	case due.PastDue > 0:
		return readPastDue(c)
	case due.Amount() <= 0:
		return reading{Label: "Amount due", Sentence: "Nothing is due right now.", Status: status{"good", "Up to date"},
			Button: payButton(c.Balance, "Make a payment"), Quiet: true}
	}
	r := reading{Label: "Amount due", Amount: due.Amount(), When: "by " + due.Upcoming.Long(), Status: status{"good", "Up to date"},
		Sentence: fmt.Sprintf("%s is due on %s.", due.Amount().USD(), due.Upcoming.Short()), Button: "Pay " + due.Amount().USD()}
	if due.Upcoming.IsZero() {
		r.When, r.Sentence = "", fmt.Sprintf("%s in fees is due.", due.Amount().USD())
	}
	if due.Fees > 0 && !due.Upcoming.IsZero() {
		r.Sentence = fmt.Sprintf("The payment of %s is due on %s, and %s in fees is unpaid.", due.UpcomingAmount.USD(), due.Upcoming.Short(), due.Fees.USD())
	}
	words, covered := coming(c)
	if words != "" {
		r.Sentence += " " + words
	}
	if covered {
		r.Button, r.Quiet = "Make another payment", true
	}
	return r
}

func payButton(balance money.Cents, words string) string {
	if balance <= 0 {
		return ""
	}
	return words
}

// clearing says that an account is closed by a payment that can still be
// canceled or come back.
func clearing(c servicing.Card) bool {
	p := c.LastPayment
	return c.Closed && p != nil && (p.State == billing.Authorised || p.State == billing.Submitted)
}

func closedSentence(c servicing.Card) string {
	if clearing(c) {
		return fmt.Sprintf("This account will be paid in full once your payment of %s clears. You have nothing more to do.", c.LastPayment.Amount.USD())
	}
	if c.Kind == contract.Lease {
		return "Every lease payment and fee is paid."
	}
	if c.Balance == 0 {
		return "This account is paid in full. You owe nothing more."
	}
	return "This account is closed."
}

func readPastDue(c servicing.Card) reading {
	due := c.Due
	now := due.PastDue + due.Fees
	r := reading{
		Label: "Past due now", Amount: now, When: "since " + due.NextDate.Long(),
		Status: status{"warn", "Past due"}, Button: "Pay " + now.USD(),
		Sentence: fmt.Sprintf("%s is past due %s", due.PastDue.USD(), pastDueSince(due, due.NextDate.Short())),
	}
	if severalPastDue(due) || due.Fees > 0 {
		r.When = "the oldest part since " + due.NextDate.Long()
	}
	if due.Fees > 0 {
		r.Sentence += fmt.Sprintf(", and %s in fees is unpaid", due.Fees.USD())
	}
	r.Sentence += fmt.Sprintf(". Paying %s today brings the account up to date.", now.USD())
	if due.UpcomingAmount > 0 {
		r.Sentence += fmt.Sprintf(" The next payment of %s is due on %s.", due.UpcomingAmount.USD(), due.Upcoming.Short())
	}
	if words, _ := coming(c); words != "" {
		r.Sentence += " " + words
	}
	if c.Kind == contract.Loan {
		r.Detail = "While an amount is past due, interest keeps adding up each day."
	}
	if !c.LateFeeOn.IsZero() {
		r.Detail = strings.TrimSpace(r.Detail + fmt.Sprintf(" A late fee may be charged from %s.", c.LateFeeOn.Short()))
	}
	return r
}

// severalPastDue says that the past due amount began on more than one day: a
// due date lies between the oldest and the one to come. After the last due date
// it may also have been that one alone.
func severalPastDue(d contract.Due) bool {
	if d.Upcoming.IsZero() {
		return d.PastDue > 0 && d.NextDate.AddMonths(1, d.NextDate.Day()) < d.AsOf
	}
	months := 12*(d.Upcoming.Year()-d.NextDate.Year()) + int(d.Upcoming.Time().Month()-d.NextDate.Time().Month())
	return d.PastDue > 0 && months > 1
}

func pastDueSince(d contract.Due, since string) string {
	if severalPastDue(d) {
		return "(the oldest part since " + since + ")"
	}
	return "since " + since
}

// draw is what autopay takes next as things stand.
type draw struct {
	Date   money.Date
	Amount money.Cents
	Method servicing.Method
}

// nextDraw is autopay's next draw; zero when none is to come. What is paid ahead,
// or is on its way, the card has taken off already.
func nextDraw(c servicing.Card) draw {
	a := c.Autopay
	if a == nil || a.NextDate.IsZero() || c.Held || c.Closed || c.Ended || allDue(c) {
		return draw{}
	}
	for _, p := range c.Scheduled {
		if p.Autopay {
			return draw{} // it is listed by itself
		}
	}
	if a.NextAmount <= 0 {
		return draw{}
	}
	return draw{a.NextDate, a.NextAmount, a.Method}
}

// alsoDrawn says that autopay will draw as well when a payment is for the day of
// its next draw or a later one; empty when it will not.
func alsoDrawn(c servicing.Card, on money.Date) string {
	d := nextDraw(c)
	if d.Date.IsZero() || d.Date > on {
		return ""
	}
	return fmt.Sprintf("Autopay will also take %s on %s from %s.", d.Amount.USD(), d.Date.Short(), methodName(d.Method))
}

// coming says what will be paid without anything more being done, and whether
// that covers the amount due in time.
func coming(c servicing.Card) (words string, covered bool) {
	var first *servicing.Payment
	var total money.Cents
	for i := range c.Scheduled {
		p := &c.Scheduled[i]
		if p.Date <= c.Due.Upcoming {
			total += p.Amount
		}
		if first == nil || p.Date < first.Date {
			first = p
		}
	}
	if first != nil {
		who := "Your payment"
		if first.Autopay {
			who = "An autopay payment"
		}
		words = fmt.Sprintf("%s of %s from %s is scheduled for %s.", who, first.Amount.USD(), methodName(first.Method), first.Date.Short())
		if d := nextDraw(c); !d.Date.IsZero() {
			words += fmt.Sprintf(" Autopay will take %s on %s from %s.", d.Amount.USD(), d.Date.Short(), methodName(d.Method))
			if d.Date <= c.Due.Upcoming {
				total += d.Amount
			}
		}
		return words, total >= c.Due.Amount()
	}
	d := nextDraw(c)
	if d.Date.IsZero() {
		return "", false
	}
	if d.Date == c.Due.Upcoming && d.Amount == c.Due.Amount() {
		return fmt.Sprintf("Autopay will pay it from %s.", methodName(d.Method)), true
	}
	words = fmt.Sprintf("Autopay will pay %s on %s from %s.", d.Amount.USD(), d.Date.Short(), methodName(d.Method))
	switch due := c.Due; {
	case due.PastDue > 0:
		words += " It does not pay what is past due, or fees."
	case due.Fees > 0:
		words += " It does not pay the fees."
	}
	return words, false
}

// event is one thing that happened, or will.
type event struct {
	Date   money.Date
	What   string
	Amount money.Cents
	Href   string
}

// mostLately is how many things that happened stand on the overview.
const mostLately = 3

// lately is the last payment and where it stands, with the last of those that
// came otherwise, newest first.
func lately(c servicing.Card, other []paymentRow) []event {
	out := lastPayment(c)
	for _, p := range other {
		what := p.What
		if p.Status != statusOf(billing.Settled) {
			what += " (taken back)"
		}
		out = append(out, event{p.Date, what, p.Amount, p.Href})
	}
	slices.SortStableFunc(out, func(a, b event) int { return int(b.Date - a.Date) })
	return out[:min(len(out), mostLately)]
}

func lastPayment(c servicing.Card) []event {
	p := c.LastPayment
	if p == nil {
		return nil
	}
	words := map[billing.PaymentState]string{
		billing.Returned:   "Payment returned by the bank",
		billing.Settled:    "Payment complete",
		billing.Cancelled:  "Payment canceled",
		billing.Authorised: "Payment received",
		billing.Submitted:  "Payment sent to your bank",
	}
	what, ok := words[p.State]
	if !ok {
		what = "Payment"
	}
	on := p.Date
	if p.State == billing.Returned && !p.ReturnedOn.IsZero() {
		on = p.ReturnedOn
	}
	return []event{{on, what, p.Amount, paymentHref(*p)}}
}

// next lists what will happen on the account, soonest first. Of whoever is to be
// left alone nothing is asked: only what they scheduled themselves is listed.
func next(c servicing.Card) []event {
	var out []event
	for _, p := range c.Scheduled {
		what := "Payment from " + methodName(p.Method)
		if p.Autopay {
			what = "Autopay from " + methodName(p.Method)
		}
		out = append(out, event{p.Date, what, p.Amount, paymentHref(p)})
	}
	if c.Held {
		return out
	}
	if d := nextDraw(c); !d.Date.IsZero() {
		out = append(out, event{d.Date, "Autopay from " + methodName(d.Method), d.Amount, accountHref(c.ID) + "/autopay"})
	}
	if c.Due.UpcomingAmount > 0 {
		out = append(out, event{Date: c.Due.Upcoming, What: "Payment due", Amount: c.Due.UpcomingAmount})
		if c.Due.Fees > 0 && c.Due.PastDue == 0 {
			out = append(out, event{Date: c.Due.Upcoming, What: "Unpaid fees", Amount: c.Due.Fees})
		}
	}
	slices.SortStableFunc(out, func(a, b event) int { return int(a.Date - b.Date) })
	return out
}
