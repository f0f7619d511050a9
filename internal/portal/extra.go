package portal

import (
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/servicing"
	"marque/internal/web"
)

// extraChoices are what a customer can have done with money beyond what is due:
// none where there is no such choice, on a lease and when all of it is due.
func extraChoices(c servicing.Card) []web.Option {
	due := c.Due
	if c.Kind == contract.Lease || due.Upcoming.IsZero() || c.ChargedOff {
		return nil
	}
	next := "The due date moves on when a whole payment is covered."
	out := []web.Option{
		{Value: string(billing.ExtraPrepay), Label: "Pay next payments ahead", Hint: "The rest lowers your principal and counts toward your next payments. " + next},
		{Value: string(billing.ExtraPrincipal), Label: "Lower my principal now", Hint: "Pays what is billed, then lowers your principal, so less interest adds up. No later payment counts as paid."},
	}
	if due.Fees > 0 {
		out = append(out, web.Option{Value: string(billing.ExtraFees), Label: "Pay fees first",
			Hint: fmt.Sprintf("%s in fees is paid before any payment that is not due yet. What is left pays your next payments ahead.", due.Fees.USD())})
	}
	if due.PastDue == 0 {
		out = append(out, web.Option{Value: string(billing.ExtraPrincipalOnly), Label: "All of it to principal",
			Hint: fmt.Sprintf("The whole amount lowers your principal. It pays no interest and nothing of the payment due %s, which you still make.", due.Upcoming.Short())})
	}
	return out
}

// firstExtra is the choice that the contract makes where nobody chooses.
func firstExtra(c servicing.Card, says contract.Extra) string {
	choices := extraChoices(c)
	if len(choices) == 0 {
		return ""
	}
	if slices.ContainsFunc(choices, func(o web.Option) bool { return o.Value == string(says) }) {
		return string(says)
	}
	return string(billing.ExtraPrepay)
}

var extraNames = map[billing.Extra]string{
	billing.ExtraPrepay:        "Pays next payments ahead",
	billing.ExtraPrincipal:     "Lowers principal now",
	billing.ExtraFees:          "Pays fees first",
	billing.ExtraPrincipalOnly: "All of it goes to principal",
}

// dueAfter says where a payment leaves the due date: of the oldest payment that
// is not paid in full.
func dueAfter(before, after contract.Due) string {
	switch {
	case after.NextDate.IsZero():
		return ""
	case after.NextDate > before.NextDate:
		return after.NextDate.Long() + " instead of " + before.NextDate.Long()
	}
	return after.NextDate.Long() + ", as before"
}

// extraWords says what the contract does with money beyond what is due.
func extraWords(t contract.Terms) string {
	if t.Kind == contract.Lease {
		return "Pays the next lease payments ahead."
	}
	const orChoose = " You can choose otherwise each time you pay."
	switch t.Extra {
	case contract.Reduce:
		return "Pays what is billed, then lowers principal; no later payment counts as paid." + orChoose
	case contract.PayFees:
		return "Pays fees first, then pays the next payments ahead." + orChoose
	}
	return "Lowers principal and pays the next payments ahead; the due date moves on when a whole payment is covered." + orChoose
}
