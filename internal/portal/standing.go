package portal

import (
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// allDue says that nothing is left to come: all of it is due, after the last due
// date or because the contract was called.
func allDue(c servicing.Card) bool {
	return c.Called || (c.Due.PastDue > 0 && c.Due.Upcoming.IsZero())
}

// fromInsurer is what an insurance company paid, and the day of its last payment;
// nothing of what was taken back.
func fromInsurer(history []servicing.HistoryRow) (sum money.Cents, on money.Date) {
	undone := map[int]bool{}
	for _, h := range history {
		undone[h.Event] = undone[h.Event] || isUndoing(h.Kind)
		if h.Kind == string(contract.Payment) && h.Source == contract.FromInsurer && !undone[h.Event] {
			sum, on = sum+h.Amount, max(on, h.Effective)
		}
	}
	return sum, on
}

// forInformation stands where somebody is to be asked for nothing.
const forInformation = "This page is for your information. It is not a request for payment."

// standing says what sets an account apart from an ordinary one: only what is
// so, and what can be done.
func standing(t contract.Terms, s contract.State, history []servicing.HistoryRow) []string {
	var out []string
	add := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	const call = "Call us and we will talk through what is possible."
	if c := s.Service; c != nil {
		out = append(out, fmt.Sprintf("Because of your military service your interest is capped at %s a year since %s. Interest above that is forgiven: you do not owe it later.", s.Rate.Percent(), c.Since.Long()))
	}
	add(s.Accelerated != 0 && !s.IsChargedOff && !s.Closed(&t), "On %s the whole balance became due, as your contract allows. %s", s.Accelerated.Long(), call)
	ordinary := s.Accelerated == 0 && !s.IsChargedOff && !s.Closed(&t)
	insurer, on := fromInsurer(history)
	switch {
	case !s.TotalLoss:
	case insurer > 0 && ordinary:
		add(true, "Your vehicle was reported a total loss, and the insurance company paid %s on %s. What is left is still owed: your payments stay due on their dates.", insurer.USD(), on.Long())
	case insurer > 0:
		add(true, "Your vehicle was reported a total loss, and the insurance company paid %s on %s.", insurer.USD(), on.Long())
	case ordinary:
		add(true, "Your vehicle was reported a total loss. Your payments stay due on their dates until the insurance company has paid.")
	default:
		add(true, "Your vehicle was reported a total loss.")
	}
	add(s.Repossessed && !s.Sold, "Your vehicle was taken back. You may be able to get it again: call us and we will tell you what it takes.")
	add(s.Sold, "Your vehicle was sold, and the price was applied to what you owe.")
	add(s.Ended, "Your lease has ended.")
	switch {
	case s.Unapplied > 0 && s.RefundDue(&t) > 0:
		add(true, "We hold %s that you paid beyond what you owed. We will give it back.", s.Unapplied.USD())
	case s.Unapplied > 0:
		add(true, "We hold %s for you that nothing was owed for when it came.", s.Unapplied.USD())
	}
	return out
}

// readChargedOff is the reading of a balance that was charged off.
func readChargedOff(c servicing.Card) reading {
	return reading{Label: "Still owed", Amount: c.Payoff.Total, Status: status{"plain", "Charged off"}, Button: "Make a payment", Quiet: true,
		Sentence: fmt.Sprintf("This balance was charged off, and %s is still owed.", c.Payoff.Total.USD()),
		Detail:   nothingAdded(c.Kind) + " You can pay any part of it here, or call us to talk through what is possible."}
}

// readAllDue is the reading when there is no next payment to wait for.
func readAllDue(c servicing.Card) reading {
	r := reading{Label: "All that is left", Amount: c.Payoff.Total, When: "due now", Status: status{"warn", "Due"}, Button: "Pay " + c.Payoff.Total.USD(),
		Sentence: fmt.Sprintf("All that is left to pay, %s, is due now.", c.Payoff.Total.USD()),
		Detail:   "If paying all of it is hard, call us and we will talk through what is possible."}
	if words, _ := coming(c); words != "" {
		r.Sentence += " " + words
	}
	return r
}

// readHeld is the reading for whoever is to be left alone: it names no amount
// and asks for nothing.
func readHeld(c servicing.Card) reading {
	r := reading{Status: status{"plain", "For information"}, Sentence: forInformation, Button: payButton(c.Payoff.Total, "Make a payment"), Quiet: true}
	if c.Autopay != nil {
		r.Detail = "Autopay is paused: it takes nothing from your bank account."
	}
	return r
}

// rateWords is the rate in force, and the one first agreed where it differs.
func rateWords(t contract.Terms, s contract.State) string {
	switch {
	case s.Service != nil:
		return fmt.Sprintf("%s a year, capped for military service; your contract’s own is %s", s.Rate.Percent(), s.Service.Rate.Percent())
	case s.Rate != t.Rate:
		return fmt.Sprintf("%s a year (first agreed: %s)", s.Rate.Percent(), t.Rate.Percent())
	}
	return t.Rate.Percent() + " a year, fixed"
}

// paymentWord is the payment in force, and the one first agreed where it differs.
func paymentWord(t contract.Terms, s contract.State) string {
	now := paymentInForce(s)
	words := now.USD() + " " + everyWords(t.PerYear)
	if len(t.Steps) == 0 && now != t.Payment {
		words += fmt.Sprintf(" (first agreed: %s)", t.Payment.USD())
	}
	return words
}

func paymentInForce(s contract.State) money.Cents {
	return s.PaymentOf(max(1, min(s.Paid()+1, s.Payments)))
}

func everyWords(perYear int) string {
	return map[int]string{1: "a year", 2: "every six months", 4: "every three months", 0: "a month", 12: "a month", 24: "twice a month",
		26: "every two weeks", 52: "a week"}[perYear]
}

// datesMoved is the last change of due dates in a sentence; empty when they are
// as first agreed, or as a later change of the terms has set them.
func datesMoved(kind contract.Kind, changes []servicing.Explanation) string {
	for _, x := range changes {
		switch x.Event.Kind {
		case contract.Modification:
			if !x.Undone {
				return ""
			}
		case contract.DueDateChange, contract.Deferral, contract.ReAge:
			if words := billing.ChangeWords(kind, x.Event, nil, x.Why); words != "" && !x.Undone {
				return words
			}
		}
	}
	return ""
}

// lineTitle is what a line of the history says happened.
func lineTitle(h servicing.HistoryRow) string {
	if h.Kind == string(contract.Payment) {
		return billing.EventTitle(contract.Event{Kind: contract.Payment, Source: h.Source, PrincipalOnly: h.PrincipalOnly})
	}
	return billing.KindTitle(h.Kind)
}

// rowAmount is what a line shows at its end: the money that moved or the charge,
// and for what was given up or charged off how much.
func rowAmount(h servicing.HistoryRow) money.Cents {
	if h.Amount == 0 {
		return h.Allocation.Forgiven + h.Allocation.ChargedOff
	}
	return h.Amount
}

func changeLine(id servicing.ContractID, x servicing.Explanation) historyRow {
	what := billing.EventTitle(x.Event)
	if x.Event.Kind == contract.Odometer {
		what += ": " + thousands(x.Event.Miles) + " miles"
	}
	if x.Undone {
		what += " (taken back)"
	}
	return historyRow{HistoryRow: servicing.HistoryRow{Effective: x.Event.Date, Kind: string(x.Event.Kind), Event: x.Event.Seq}, What: what, Why: historyHref(id, x.Event.Seq)}
}

// feesCharged sums a year's fees, less those taken back.
func feesCharged(history []servicing.HistoryRow, year int) (sum money.Cents) {
	isFee := map[int]bool{}
	for _, h := range slices.Backward(history) {
		switch h.Kind {
		case string(contract.LateCharge), string(contract.ReturnedFee), string(contract.OtherCharge):
			isFee[h.Event] = true
		case "taken_back":
		default:
			continue
		}
		if isFee[h.Event] && h.Effective.Year() == year {
			sum -= h.Amount
		}
	}
	return sum
}
