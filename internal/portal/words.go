package portal

import (
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// vehicleName is the car as its owner calls it: "2023 Halden Orla".
func vehicleName(v servicing.Vehicle) string {
	name := strings.TrimSpace(v.Make + " " + v.Model)
	if name == "" {
		return "Your vehicle"
	}
	if v.Year > 0 {
		return fmt.Sprintf("%d %s", v.Year, name)
	}
	return name
}

// ends is the last four characters of an account number, which is as much of
// it as a page shows.
func ends(s string) string {
	if len(s) > 4 {
		s = s[len(s)-4:]
	}
	return s
}

func methodName(m servicing.Method) string {
	name := m.Type + " ••" + m.Last4
	if m.Kind == billing.CardMethod {
		name = cardBrand(m)
	}
	if m.Nickname != "" && !m.Theirs {
		name = m.Nickname + " (" + name + ")"
	}
	if m.Theirs {
		return "the other borrower's " + name
	}
	return name
}

// endedWords says that a returned payment turned autopay off, until it is on
// again; nothing when none did.
func endedWords(c servicing.Card) string {
	e := c.AutopayEnded
	if e == nil || c.Autopay != nil || c.Closed || c.Held {
		return ""
	}
	why := strings.TrimSuffix(e.Reason, ".")
	if why == "" {
		why = "your bank returned a payment"
	}
	return fmt.Sprintf("Autopay was turned off on %s because %s.", e.On.Short(), why)
}

// endedMethod is the bank account that autopay failed with, which is not the
// one to offer first.
func endedMethod(c servicing.Card) servicing.MethodID {
	if endedWords(c) == "" {
		return ""
	}
	return c.AutopayEnded.Method.ID
}

// firstMethod is the bank account to choose beforehand.
func firstMethod(c servicing.Card, list []servicing.Method) string {
	for _, m := range list {
		if m.ID != endedMethod(c) && m.Validation == billing.Validated {
			return string(m.ID)
		}
	}
	return newMethod
}

// bankDays says when the bank sees a payment that is dated on a day that banks
// are closed; nothing on a banking day. The payment goes to the bank on the
// first banking day, which takes it on the next.
func bankDays(d money.Date) string {
	if d.BankingDay() {
		return ""
	}
	sent := sentOn(d)
	return fmt.Sprintf("It counts on %s. Banks are closed that day: yours sees it on %s and takes it by %s.", d.Short(), sent.Short(), sent.AddBankingDays(1).Short())
}

// sentOn is the day that a payment goes to the bank: the first banking day on
// or after its date.
func sentOn(d money.Date) money.Date {
	if d.BankingDay() {
		return d
	}
	return d.AddBankingDays(1)
}

// kindName names a contract by what it is.
func kindName(k contract.Kind) string {
	if k == contract.Lease {
		return "Lease"
	}
	return "Loan"
}

// balanceName is what the balance is called: a lease has no principal to a
// customer, only payments still to make.
func balanceName(k contract.Kind) string {
	if k == contract.Lease {
		return "Payments left to make"
	}
	return "Principal balance"
}

// payoffName is what would close the contract today; a lease is not bought by it.
func payoffName(c servicing.Card) string {
	switch {
	case c.ChargedOff:
		return "Still owed"
	case c.Kind == contract.Lease:
		return "All that is left to pay"
	}
	return "Payoff amount today"
}

// status is a state as a tag shows it: the kind gives colour and shape.
type status struct{ Kind, Word string }

var paymentStatus = map[billing.PaymentState]status{
	billing.Created:    {"wait", "Being confirmed"},
	billing.Unknown:    {"wait", "Being confirmed"},
	billing.Scheduled:  {"wait", "Scheduled"},
	billing.Authorised: {"wait", "Processing"},
	billing.Submitted:  {"wait", "Sent to your bank"},
	billing.Settled:    {"good", "Paid"},
	billing.Returned:   {"bad", "Returned"},
	billing.Cancelled:  {"plain", "Canceled"},
	billing.Reversed:   {"plain", "Given back"},
	billing.Refused:    {"bad", "Not made"},
}

func statusOf(s billing.PaymentState) status {
	if st, ok := paymentStatus[s]; ok {
		return st
	}
	return status{"plain", string(s)}
}

func fees(a contract.Allocation) money.Cents { return a.LateFee + a.OtherFee }

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

var dayCountWords = map[money.DayCount]string{
	money.Actual365:    "365",
	money.Actual366:    "366",
	money.Actual360:    "360",
	money.ActualActual: "365, or 366 in a leap year",
	money.Thirty360:    "360, with every month counted as 30 days",
}

func dayCountWord(d money.DayCount) string { return dayCountWords[d] }
