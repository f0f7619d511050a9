package portal

import (
	"fmt"
	"slices"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
)

// step is one thing that an event did, as a sentence, with the rule or the law
// behind it in small print.
type step struct{ Words, Clause string }

// stepsOf puts the engine's steps into sentences, in the order they were taken.
// What the money did not reach is said once.
func stepsOf(kind contract.Kind, why []contract.Why) []step {
	var out []step
	seen := map[string]bool{}
	closes := slices.ContainsFunc(why, func(w contract.Why) bool {
		return w.Rule == contract.RuleTolerance || w.Rule == contract.RuleQuoted
	})
	for _, w := range why {
		if w.Amount == 0 && seen[w.What] {
			continue
		}
		seen[w.What] = true
		if paysOff(w) || (closes && isExtra(w)) { // nothing is left to be paid ahead
			out = append(out, step{Words: restWords(kind, w)})
			continue
		}
		if words := stepWords(kind, w); words != "" {
			out = append(out, step{words, clauseWords(kind, w)})
		}
	}
	return out
}

// isExtra says that a step is money beyond what is due.
func isExtra(w contract.Why) bool {
	return w.Rule == contract.RuleAhead || w.Rule == contract.RuleReduce
}

// paysOff says that a step pays all that is left beyond what is due.
func paysOff(w contract.Why) bool {
	return isExtra(w) && w.Amount > 0 && w.Amount == amountOf(figure(w, "owed"))
}

// restWords is the step of a payment that leaves no later payment to make.
func restWords(kind contract.Kind, w contract.Why) string {
	what := "the principal"
	if kind == contract.Lease {
		what = "the lease payments"
	}
	if paysOff(w) {
		return w.Amount.USD() + " pays off the rest of " + what + "."
	}
	return w.Amount.USD() + " pays toward the rest of " + what + "."
}

// stepWords is one step of a payment's application; nothing for what is no such
// step.
func stepWords(kind contract.Kind, w contract.Why) string {
	got, owed := w.Amount.USD(), dollars(figure(w, "owed"))
	rest := amountOf(figure(w, "owed")) - w.Amount
	lease := kind == contract.Lease
	switch w.Rule {
	case contract.RuleAccrued:
		return interestStep(w, rest)
	case contract.RuleBilled:
		what := billedWords(kind, w)
		switch {
		case w.Amount == 0:
			return capital(fmt.Sprintf("%s, %s, is not paid by this.", what, owed))
		case rest > 0:
			return fmt.Sprintf("%s pays part of %s; %s of it stays unpaid.", got, what, rest.USD())
		}
		return fmt.Sprintf("%s pays %s.", got, what)
	case contract.RuleFees:
		fee := bucketWord(kind, w.What)
		switch {
		case w.Amount == 0:
			return capital(fmt.Sprintf("%s of %s are not paid by this.", fee, owed))
		case rest > 0:
			return fmt.Sprintf("%s pays part of the %s; %s stays unpaid.", got, fee, rest.USD())
		}
		return fmt.Sprintf("%s pays %s.", got, fee)
	case contract.RuleAhead:
		if lease {
			return got + " pays the next lease payments ahead."
		}
		return got + " lowers principal and pays the next payments ahead."
	case contract.RuleReduce:
		return got + " lowers principal now. No later payment counts as paid."
	case contract.RulePrincipalOnly:
		return got + " goes to principal only, as chosen. It pays nothing of the month’s payment."
	case contract.RuleHeld:
		return got + " is more than was owed. It is held for you and will be given back."
	case contract.RuleProceeds:
		if w.Amount == 0 {
			return ""
		}
		if w.What == string(contract.OtherFees) {
			return got + " of the price pays the costs of the sale and other fees."
		}
		return fmt.Sprintf("%s of the price pays %s.", got, bucketWord(kind, w.What))
	case contract.RuleRecovered:
		return got + " pays toward the balance that was charged off."
	case contract.RuleTolerance:
		return got + " that is left is forgiven, because it is too small to ask for. You do not owe it."
	case contract.RuleQuoted:
		return got + " that is left is forgiven, because the payoff amount we quoted arrived in time. You do not owe it."
	case contract.RuleTaxed:
		return got + " of it is tax on the lease payments."
	}
	return ""
}

func interestStep(w contract.Why, rest money.Cents) string {
	since, sum := "the interest", ""
	if len(w.Spans) > 0 {
		since = "the interest since " + w.Spans[0].From.Long()
	}
	if len(w.Spans) == 1 {
		s := w.Spans[0]
		sum = fmt.Sprintf(": %s × %s ÷ %d × %s", s.Balance.USD(), s.Rate.Percent(), s.Basis, days(s.Days))
	} else if len(w.Spans) > 1 {
		sum = fmt.Sprintf(", in %d stretches that the table below shows", len(w.Spans))
	}
	if figure(w, "unpaid_before") != "" {
		since = strings.Replace(since, "the interest", "interest left unpaid before, and the interest", 1)
	}
	switch {
	case w.Amount == 0:
		return capital(fmt.Sprintf("%s, %s, is not paid by this and stays owed.", since, rest.USD()))
	case rest > 0:
		return fmt.Sprintf("%s pays part of %s%s. %s of it stays unpaid.", w.Amount.USD(), since, sum, rest.USD())
	}
	return fmt.Sprintf("%s pays %s%s.", w.Amount.USD(), since, sum)
}

// billedWords names the payments that were asked for by then.
func billedWords(kind contract.Kind, w contract.Why) string {
	due := figure(w, "due_date")
	switch {
	case kind == contract.Lease && due != "":
		return "the lease payment due " + longDate(due)
	case kind == contract.Lease:
		return "the lease payments due"
	case due != "":
		return "the principal in the payment due " + longDate(due)
	}
	return "the principal in the payments due"
}

// clauses are the rules in small print. Those without one need none.
var clauses = map[contract.Rule]string{
	contract.RuleAccrued:       "Simple interest: each day on unpaid principal, never on interest or on fees.",
	contract.RuleBilled:        "Your contract’s order: what is past due, and the next payment, come before anything extra.",
	contract.RuleFees:          "Your contract’s order. A payment made in full is not late because a fee is unpaid (16 CFR 444.4).",
	contract.RuleAhead:         "Extra money lowers principal and counts toward the next payments.",
	contract.RuleReduce:        "Extra money lowers principal now and counts toward no later payment.",
	contract.RulePrincipalOnly: "Possible when nothing is past due.",
	contract.RuleProceeds:      "First the costs of the sale, then what is owed (UCC 9-615).",
	contract.RuleTolerance:     "Your contract lets go of so small a balance.",
	contract.RuleQuoted:        "A payoff quote is kept through its last day.",
	contract.RuleTaxed:         "Part of each lease payment is tax, which we pass on.",
	contract.RuleCharge:        "A fee that your contract allows.",
}

func clauseWords(kind contract.Kind, w contract.Why) string {
	if kind == contract.Lease && w.Rule == contract.RuleAhead {
		return "Money beyond what is due pays the next lease payments."
	}
	if w.Rule == contract.RuleCharge && w.Clause != "a fee the contract allows" {
		return "Allowed by your contract, within " + w.Clause + "."
	}
	return clauses[w.Rule]
}

// bucketWord is what a part of a payment is called.
func bucketWord(kind contract.Kind, bucket string) string {
	switch bucket {
	case string(contract.Interest):
		return "interest"
	case string(contract.Principal):
		if kind == contract.Lease {
			return "lease payments"
		}
		return "principal"
	case string(contract.LateFees):
		return "late fees"
	case string(contract.OtherFees):
		return "other fees"
	case "unapplied":
		return "held for you"
	case "recovered":
		return "balance charged off"
	}
	return bucket // forgiven, tax
}

func figure(w contract.Why, name string) string {
	for _, f := range w.Figures {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// The figures are the engine's own words: one that cannot be read stays as it is
// written.

func amountOf(s string) money.Cents {
	c, err := money.ParseCents(s)
	if err != nil {
		return 0
	}
	return c
}

func dollars(s string) string {
	c, err := money.ParseCents(s)
	if err != nil {
		return s
	}
	return c.USD()
}

func longDate(s string) string {
	d, err := money.ParseDate(s)
	if err != nil {
		return s
	}
	return d.Long()
}

func percentOf(s string) string {
	r, err := money.ParseRate(s)
	if err != nil {
		return s
	}
	return r.Percent()
}

// moneyRow is one step of a payment in figures.
type moneyRow struct {
	To         string
	Left, Owed string
	Paid       money.Cents
}

// changeRow is a figure before and after a change.
type changeRow struct{ Name, Before, After string }

// figures are an explanation's numbers as tables.
type figures struct {
	Money   []moneyRow
	Spans   []contract.Span
	Changed []changeRow
	Facts   []changeRow // with nothing before
}

// Any says that there is something to show.
func (f figures) Any() bool {
	return len(f.Money) > 0 || len(f.Spans) > 0 || len(f.Changed) > 0 || len(f.Facts) > 0
}

func figuresOf(kind contract.Kind, why []contract.Why) (f figures) {
	for _, w := range why {
		f.Spans = append(f.Spans, w.Spans...)
		again := w.Amount == 0 && slices.ContainsFunc(f.Money, func(r moneyRow) bool { return r.To == capital(bucketWord(kind, w.What)) })
		if figure(w, "owed") != "" && !again {
			f.Money = append(f.Money, moneyRow{capital(bucketWord(kind, w.What)), dollars(figure(w, "money_left")), dollars(figure(w, "owed")), w.Amount})
		}
		for _, x := range w.Figures {
			f.add(kind, w, x)
		}
	}
	return f
}

func (f *figures) add(kind contract.Kind, w contract.Why, x contract.Figure) {
	switch {
	case x.Name == "owed" || x.Name == "money_left" || strings.HasSuffix(x.Name, "_before") && x.Name != "unpaid_before":
		return
	case x.Name == "due_date" && w.Rule == contract.RuleBilled: // in the sentence
		return
	}
	row := changeRow{Name: figureName(kind, x.Name), After: figureValue(x.Name, x.Value)}
	if was := figure(w, x.Name+"_before"); was != "" {
		row.Before = figureValue(x.Name, was)
		f.Changed = append(f.Changed, row)
		return
	}
	f.Facts = append(f.Facts, row)
}

var figureNames = map[string]string{
	"annual_rate":          "Interest rate",
	"charged_off":          "Charged off",
	"days_late":            "Days late",
	"due_date":             "Due date",
	"extra_days":           "Days in between",
	"extra_interest":       "Interest for those days",
	"fees":                 "Fees",
	"forgiven":             "Forgiven",
	"good_through":         "Good through",
	"grace_days":           "Days of grace",
	"instalment":           "Payment number",
	"interest":             "Interest",
	"interest_forgiven":    "Interest forgiven",
	"late_fees":            "Late fees",
	"maturity":             "Last payment due",
	"n_payments":           "Number of payments",
	"other_fees":           "Other fees",
	"paid_from_money_held": "Paid from money we held for you",
	"payment":              "Payment",
	"principal":            "Principal",
	"tax_of_each_payment":  "Tax in each payment",
	"unpaid":               "Unpaid part of the payment",
	"unpaid_before":        "Interest left unpaid before",
}

func figureName(kind contract.Kind, name string) string {
	if kind == contract.Lease && name == "principal" {
		return "Lease payments"
	}
	if words, ok := figureNames[name]; ok {
		return words
	}
	return capital(strings.ReplaceAll(name, "_", " "))
}

func figureValue(name, value string) string {
	switch name {
	case "annual_rate":
		return percentOf(value)
	case "due_date", "maturity", "good_through":
		return longDate(value)
	case "instalment", "grace_days", "extra_days", "n_payments", "days_late":
		return value
	case "unpaid_before": // exact, to a millionth of a dollar
		return "$" + value
	}
	return dollars(value)
}
