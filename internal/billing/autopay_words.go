package billing

import (
	"fmt"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
)

// AutopayVersion names the wording of AutopayTerms.Text. Another wording has
// another name; what was agreed to is kept as text with the name it had.
const AutopayVersion = "autopay-2"

// AutopayTerms are what an autopay authorisation says.
type AutopayTerms struct {
	Lender, Phone string
	From          string // "take payments from my checking account ending in 4821 (routing number 026009593)"
	AccountEnds   string
	Kind          contract.Kind
	Plan          AutopayPlan
	First         Draft
	Agreed        money.Cents
	ReturnedFee   money.Cents
	Retries       string // how a returned payment is tried again, as a sentence without its full stop; empty when it is not
}

// Text is the written authorisation for recurring payments (Reg E, 12 CFR
// 1005.10(b) and (d)): who, from where, when, how much, for how long, which notice,
// how to stop, and the customer's assent.
func (a AutopayTerms) Text() string {
	said := []string{
		fmt.Sprintf("I authorize %s to %s for account ending in %s, %s, starting %s.", a.Lender, a.From, a.AccountEnds, a.Plan.When(), a.First.Date.Long()),
		a.amount(),
		a.Plan.howLong(),
		a.Plan.told(a.Agreed),
		"If a payment must be told to me first and was not, it is not taken, and I make it myself.",
		"If a day is not a banking day, my bank sees the payment on the next one.",
		fmt.Sprintf("I can change, pause or turn off autopay in my account, or by calling %s, until the day's payments are sent to the banks.", a.Phone),
		"I can also stop a payment by telling my bank at least 3 business days before.",
		"If my bank returns a payment, it will be taken off my account again" + returned(a.ReturnedFee) + a.Retries + ".",
		"I can print or save a copy of this authorization.",
	}
	return strings.Join(said, " ")
}

func (a AutopayTerms) amount() string {
	first := fmt.Sprintf("The first payment is %s.", a.First.Amount.USD())
	if a.First.Amount <= 0 {
		first = "The payment of that day is already made."
	}
	if a.Plan.Fixed > 0 {
		return fmt.Sprintf("Each payment is %s, and the last one is whatever is left. %s It is taken also when my account is paid ahead.", a.Plan.Fixed.USD(), first)
	}
	what, extra := "the monthly payment due", ""
	switch {
	case a.Kind == contract.Lease:
		what = "the monthly lease payment due"
	case a.Plan.Extra > 0:
		extra = fmt.Sprintf(" and %s extra, which reduces my principal", a.Plan.Extra.USD())
	}
	if a.Plan.Rhythm != EachDueDate {
		what += " next"
	}
	return fmt.Sprintf("Each payment is %s%s: %s in all as a rule. %s What I pay myself before that day is not taken again, and the last payment is whatever is left. Amounts past due, late fees and other fees are not taken.",
		what, extra, a.Agreed.USD(), first)
}

func returned(fee money.Cents) string {
	if fee == 0 {
		return ""
	}
	return fmt.Sprintf(", and a returned payment fee of %s may be added", fee.USD())
}

// When says the rhythm: "on each due date", "on the 1st and the 15th of each
// month".
func (p AutopayPlan) When() string {
	switch p.Rhythm {
	case EachDueDate:
		return "on each due date"
	case Monthly:
		return "on " + dayWords(p.Day) + " of each month"
	case TwiceMonthly:
		return "on " + dayWords(min(p.Day, p.Second)) + " and " + dayWords(max(p.Day, p.Second)) + " of each month"
	case Weekly:
		return "each " + p.Weekday.String()
	case EveryTwoWeeks:
		return "every two weeks on " + p.Anchor.Weekday().String()
	}
	return ""
}

func dayWords(day int) string {
	switch {
	case day == LastDay:
		return "the last day"
	case day%10 == 1 && day != 11:
		return fmt.Sprintf("the %dst", day)
	case day%10 == 2 && day != 12:
		return fmt.Sprintf("the %dnd", day)
	case day%10 == 3 && day != 13:
		return fmt.Sprintf("the %drd", day)
	}
	return fmt.Sprintf("the %dth", day)
}

// Until says how long: "until the account is paid off".
func (p AutopayPlan) Until() string {
	var until []string
	if p.Count > 0 {
		until = append(until, fmt.Sprintf("for %d payments", p.Count))
	}
	if !p.LastDate.IsZero() {
		until = append(until, "until "+p.LastDate.Long())
	}
	if len(until) == 0 {
		return "until the account is paid off"
	}
	return strings.Join(until, ", ")
}

func (p AutopayPlan) howLong() string {
	if p.Count == 0 && p.LastDate.IsZero() {
		return "Autopay goes on until the account is paid off."
	}
	return "Autopay goes on " + p.Until() + ", or until the account is paid off before that."
}

// ToldWhen says which payments are told beforehand.
func (p AutopayPlan) ToldWhen() string {
	switch {
	case p.Tell == TellEvery:
		return "before every payment"
	case p.Tell == TellOutside && p.Least == 0:
		return fmt.Sprintf("before a payment of more than %s", p.Most.USD())
	case p.Tell == TellOutside:
		return fmt.Sprintf("before a payment of less than %s or more than %s", p.Least.USD(), p.Most.USD())
	}
	return "before a payment that differs from the usual one"
}

func (p AutopayPlan) told(agreed money.Cents) string {
	const right = "I have the right to be told in writing, at least 10 days before, of the date and amount of any payment that differs from the one before it or from "
	switch p.Tell {
	case TellEvery:
		return right + agreed.USD() + ". I choose to be told at least 10 days before every payment."
	case TellOutside:
		return right + agreed.USD() + ". I choose to be told only " + p.ToldWhen() + "."
	}
	return right + agreed.USD() + "."
}
