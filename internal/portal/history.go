package portal

import (
	"fmt"
	"net/http"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type historyPage struct {
	web.Page
	Title     string // of what happened; the page's own says whose it is
	On        money.Date
	Amount    money.Cents
	IsUndone  bool
	Corrected *correction // when it stands differently than it was first posted
	IsPayment bool        // money that came in: it has parts and steps
	IsLease   bool
	Words     string
	Clause    string
	Parts     []part
	Steps     []step
	Figures   figures
	Undid     string // the page of what this took back
	Href      string // of the account
}

// history explains one line of an account's history.
func (p *portal) history(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	seq, err := strconv.Atoi(r.PathValue("event"))
	if err != nil || strconv.Itoa(seq) != r.PathValue("event") {
		return web.NotFound()
	}
	id := servicing.ContractID(r.PathValue("id"))
	x, err := p.svc.Explain(r.Context(), s.Actor, id, seq)
	if err != nil {
		return found(err)
	}
	a, err := p.svc.Account(r.Context(), s.Actor, id)
	if err != nil {
		return found(err)
	}
	v := newHistoryPage(s, a.Card, x)
	if !x.Undone {
		v.Corrected = lastCorrection(a, seq)
	}
	return p.show(w, r, "history", nil, v)
}

func newHistoryPage(s servicing.Session, card servicing.Card, x servicing.Explanation) historyPage {
	title := billing.EventTitle(x.Event)
	v := historyPage{Page: about(page(s, title, "overview"), card), Title: title, On: x.Event.Date, Amount: shownAmount(x),
		IsUndone: x.Undone, IsPayment: x.Event.Kind == contract.Payment || x.Event.Kind == contract.Sale, IsLease: card.Kind == contract.Lease,
		Words: eventWords(card.Kind, x), Figures: figuresOf(card.Kind, x.Why), Href: accountHref(card.ID)}
	v.Layout, v.Back, v.BusinessDate = "flow", v.Href+"#history", card.Due.AsOf
	if v.IsPayment {
		v.Parts, v.Steps = parts(card.Kind, x.Allocation, nil, 0, 0), stepsOf(card.Kind, x.Why)
	} else {
		v.Clause = eventClause(card.Kind, x)
	}
	switch x.Event.Kind {
	case contract.DueDateChange, contract.Deferral, contract.ReAge: // what the days in between cost is never folded away
		v.Figures.Changed, v.Figures.Facts = append(v.Figures.Changed, v.Figures.Facts...), nil
	}
	if x.Event.Kind == contract.Reversal {
		v.Undid = historyHref(card.ID, x.Event.Reverses)
	}
	return v
}

func historyHref(id servicing.ContractID, event int) string {
	return accountHref(id) + "/history/" + strconv.Itoa(event)
}

// shownAmount is the money or the charge of an event; zero for one without.
func shownAmount(x servicing.Explanation) money.Cents {
	e := x.Event
	switch e.Kind {
	case contract.Payment, contract.Sale, contract.LateCharge, contract.ReturnedFee, contract.OtherCharge, contract.Waiver, contract.Refund:
		return e.Amount
	case contract.PayoffQuote:
		if len(x.Why) > 0 {
			return x.Why[0].Amount
		}
		return e.Amount
	case contract.ChargeOff:
		return x.Allocation.ChargedOff
	case contract.LeaseEnd:
		return e.Amount
	}
	return 0
}

// eventWords says in a sentence or two what an event did.
func eventWords(kind contract.Kind, x servicing.Explanation) string {
	e := x.Event
	if x.Undone {
		return "This was taken back. Your account now stands as if it had never been."
	}
	figures := contract.Why{}
	for _, w := range x.Why {
		figures.Figures = append(figures.Figures, w.Figures...)
	}
	switch e.Kind {
	case contract.LateCharge:
		due, unpaid, grace := figure(figures, "due_date"), figure(figures, "unpaid"), figure(figures, "grace_days")
		if due == "" {
			break
		}
		words := fmt.Sprintf("Of the payment due %s, %s was not paid", longDate(due), dollars(unpaid))
		if grace != "" && grace != "0" {
			words += fmt.Sprintf(" by the end of the %s days of grace", grace)
		}
		return words + fmt.Sprintf(". A late fee of %s was added.", e.Amount.USD())
	case contract.ReturnedFee:
		return fmt.Sprintf("Your bank returned a payment, and a fee of %s was added.", e.Amount.USD())
	case contract.Waiver:
		if e.Amount == 0 {
			return "No late fee will be charged for this payment."
		}
	case contract.Payment:
		if e.Source == contract.FromInsurer {
			return "The insurance company paid this on your account. It pays what is due and lowers what you owe; it pays no later payment ahead."
		}
		return ""
	case contract.Sale:
		return "The vehicle was sold, and the price was applied to what is owed."
	case contract.Service:
		if len(x.Why) > 0 && figure(figures, "annual_rate") == "" {
			return "Your rate was already at or below the cap for military service, so nothing changed."
		}
	case contract.Acceleration:
		return "From this day the whole balance is due, as your contract allows. If paying it is hard, call us and we will talk through what is possible."
	case contract.TotalLoss:
		return "The vehicle was reported a total loss. Payments stay due until the insurance company has paid."
	case contract.Repossession:
		return "The vehicle was taken back. You may be able to get it back: call us and we will tell you what it takes."
	case contract.ChargeOff:
		return "We took this balance off our books as a loss. It is still owed. " + nothingAdded(kind)
	case contract.HoldBegins:
		return "From this day we pause notices and automatic payments. Nothing that you owe changed."
	case contract.HoldEnds:
		return "From this day notices can be sent again. Nothing that you owe changed."
	case contract.PayoffQuote:
		if through := figure(figures, "good_through"); through != "" {
			return fmt.Sprintf("We quoted %s to pay off the account, good through %s.", x.Why[0].Amount.USD(), longDate(through))
		}
		return "We quoted a payoff amount."
	case contract.Odometer:
		return fmt.Sprintf("The odometer showed %s miles.", thousands(e.Miles))
	case contract.Reversal:
		return "An earlier entry was taken back, for instance because the bank returned a payment. Your account stands as if that entry had never been."
	}
	if words := billing.ChangeWords(kind, e, nil, x.Why); words != "" {
		return words
	}
	switch e.Kind {
	case contract.DueDateChange:
		return fmt.Sprintf("Payments still to come are due on day %d of the month.", e.DueDay)
	case contract.Deferral:
		return fmt.Sprintf("Payments still to come are due %s later.", months(e.Months))
	case contract.ReAge:
		return "What was past due is now due with the next payment."
	}
	return "Nothing that you owe changed."
}

// eventClause is the rule or the law behind an event that is not a payment.
func eventClause(kind contract.Kind, x servicing.Explanation) string {
	switch x.Event.Kind {
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge:
		for _, w := range x.Why {
			return clauseWords(kind, w)
		}
	case contract.Service, contract.ServiceEnd:
		return "Servicemembers Civil Relief Act (50 USC 3937): interest above the cap is forgiven, not put off."
	case contract.DueDateChange, contract.Deferral, contract.ReAge:
		if kind == contract.Loan {
			return "Interest goes on each day between the old due date and the new one."
		}
	case contract.RateChange, contract.Modification, contract.LeaseExtension:
		return "A change of your contract’s terms."
	case contract.PayoffQuote:
		return clauses[contract.RuleQuoted]
	case contract.LeaseEnd:
		return "Lease payments that were not due yet are canceled."
	}
	return ""
}

// nothingAdded is what a charge-off means for what is owed.
func nothingAdded(kind contract.Kind) string {
	if kind == contract.Lease {
		return "No more late fees are added."
	}
	return "No more interest and no late fees are added."
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
