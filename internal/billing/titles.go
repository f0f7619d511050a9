package billing

import "marque/internal/contract"

// titles are the lines of an account's history: every kind of event, and what a
// later entry does to an earlier one.
var titles = map[string]string{
	"payment":          "Payment",
	"payment_returned": "Payment returned by the bank",
	"payment_canceled": "Payment canceled",
	"correction":       "Correction",
	"reversal":         "Entry taken back",
	"taken_back":       "Taken back",

	"late_fee":     "Late fee",
	"returned_fee": "Returned payment fee",
	"other_fee":    "Other fee",
	"waiver":       "Fee forgiven",
	"refund":       "Refund",

	"rate_change":     "Interest rate changed",
	"scra":            "Interest capped for military service",
	"scra_end":        "Military service cap ended",
	"due_date_change": "Due date changed",
	"deferral":        "Payments moved to later",
	"re_age":          "Past due payments moved to later",
	"modification":    "Terms changed",

	"acceleration": "Whole balance became due",
	"total_loss":   "Vehicle reported a total loss",
	"repossession": "Vehicle taken back",
	"sale":         "Vehicle sold",
	"charge_off":   "Balance charged off",
	"hold":         "Notices paused",
	"hold_end":     "Notices on again",

	"payoff_quote":    "Payoff quote",
	"odometer":        "Odometer reading",
	"lease_extension": "Lease extended",
	"lease_end":       "Lease ended",
}

var paymentTitles = map[contract.Source]string{
	contract.FromCard: "Payment by card", contract.FromCheck: "Payment by check", contract.FromWire: "Payment by wire",
	contract.FromCash: "Payment in cash", contract.FromInsurer: "Payment from the insurance company", contract.FromACH: "Payment", "": "Payment",
}

// KindTitle is what a kind of line says happened, in a few words; the kind itself
// when there are none for it.
func KindTitle(kind string) string {
	if w, ok := titles[kind]; ok {
		return w
	}
	return kind
}

// EventTitle is what happened in a few words: the same in a history, in what is
// made from it, and on the event's page.
func EventTitle(e contract.Event) string {
	switch {
	case e.Kind == contract.Payment && e.PrincipalOnly:
		return "Payment to principal only"
	case e.Kind == contract.Payment:
		return paymentTitles[e.Source]
	case e.Kind == contract.Waiver && e.Of == contract.Interest:
		return "Interest forgiven"
	case e.Kind == contract.Waiver && e.Of == contract.LateFees:
		return "Late fee forgiven"
	}
	return KindTitle(string(e.Kind))
}

// Title is what a line says happened by itself, without the lines around it. What
// undoes or changes an earlier event names that event and its day.
func (l *Line) Title() string {
	switch l.Kind {
	case "payment_returned", "payment_canceled":
		return KindTitle(l.Kind)
	case "correction":
		if l.Event.Kind == "" {
			return KindTitle(l.Kind)
		}
		return "Correction: " + EventTitle(l.Event) + " of " + l.Event.Date.Long()
	case "taken_back":
		return "Taken back: " + EventTitle(l.Event) + " of " + l.Event.Date.Long()
	}
	if l.Event.Kind == "" {
		return KindTitle(l.Kind)
	}
	return EventTitle(l.Event)
}
