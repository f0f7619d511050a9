package portal

import (
	"net/http"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type autopayPage struct {
	web.Page
	servicing.Card
	Words, OffWords string // when on
	Ended           string // that a returned payment turned it off
	AllDue          bool
	Why             string // it cannot be turned on
	Methods         []web.Option
	Href            string
	Facts           []planRow // what was agreed to, when on
	Plan            []hidden
	Paused          string
	Skipped         string
	CanSkip         bool
	Papers          []servicing.AutopayRecord // earlier ones
}

// planRow is a line of what autopay does, and the page that changes it.
type planRow struct {
	Label, Value, Note string
	Change             string // the step's name; empty: it cannot be changed by itself
}

func (p *portal) autopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	v, err := p.autopayChoice(r, s, nil)
	if err != nil {
		return err
	}
	papers, err := p.svc.AutopayPapers(r.Context(), s.Actor, v.Card.ID)
	if err != nil {
		return found(err)
	}
	for _, a := range papers {
		if !a.InForce {
			v.Papers = append(v.Papers, a)
		}
	}
	v.Notice = autopayDone(v.Card.Autopay, r.URL.Query().Get("done"))
	return p.show(w, r, "autopay", nil, v)
}

// autopayDone says what a form has just done; nothing at an old address, when it is
// no longer so.
func autopayDone(a *servicing.Autopay, done string) string {
	switch {
	case a == nil && done == "off":
		return "Autopay is off. Payments are now yours to make."
	case a == nil:
		return ""
	case done == "on":
		return "Autopay is on. We sent you a copy of what you agreed to."
	case done == "paused" && !a.Plan.PausedFrom.IsZero():
		return "Autopay is paused."
	case done == "resumed" && a.Plan.PausedFrom.IsZero():
		return "Autopay goes on."
	case done == "skipped" && !a.Plan.Skip.IsZero():
		return "One payment is left out."
	case done == "kept" && a.Plan.Skip.IsZero():
		return "No payment is left out."
	}
	return ""
}

func (p *portal) autopayChoice(r *http.Request, s servicing.Session, form *web.Form) (autopayPage, error) {
	card, err := p.svc.Card(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return autopayPage{}, found(err)
	}
	list, err := p.svc.Methods(r.Context(), s.Actor)
	if err != nil {
		return autopayPage{}, err
	}
	return newAutopayPage(s, card, list, form), nil
}

func newAutopayPage(s servicing.Session, card servicing.Card, list []servicing.Method, form *web.Form) autopayPage {
	b := about(page(s, "Autopay", "payments"), card)
	b.Layout, b.Back, b.Form = "flow", accountHref(card.ID), form
	v := autopayPage{Page: b, Card: card, Ended: endedWords(card), AllDue: allDue(card) || card.Ended, Href: accountHref(card.ID) + "/autopay"}
	if v.Why = "It pays one payment each month, and all of this account is due now. Call us and we will talk through what is possible."; card.Held {
		v.Why = "It is paused for this account. You can make a payment yourself whenever you want to."
	}
	if card.Ended {
		v.Why = "It pays the lease payment each month, and this lease has ended."
	}
	if card.Autopay != nil {
		v.on(card)
	}
	for _, m := range list {
		v.Methods = append(v.Methods, methodOption(m))
	}
	v.Methods = append(v.Methods, web.Option{Value: newMethod, Label: "Another bank account", Hint: "You add it on the next page."})
	if len(list) == 0 {
		v.Methods[0].Label = "A checking or savings account"
	}
	if v.Form == nil {
		v.Form = web.NewForm("method", firstMethod(card, list))
	}
	if v.Plan = carry(v.Form, planFields); card.Autopay != nil {
		v.Plan = planForm(card.Autopay)
	}
	return v
}

// on fills in what a page says of autopay that is on.
func (v *autopayPage) on(card servicing.Card) {
	a := card.Autopay
	v.Words = newAutopayLine(card).Words
	v.OffWords = "Autopay will no longer pay from " + methodName(a.Method) + "."
	if card.Due.UpcomingAmount > 0 {
		v.OffWords += " Your next payment of " + card.Due.UpcomingAmount.USD() + " is due on " + card.Due.Upcoming.Long() + ", and it will be yours to make."
	}
	v.Facts = planRows(card, a.Plan, a.Method)
	if p := a.Plan; !p.PausedFrom.IsZero() && (p.PausedUntil.IsZero() || p.PausedUntil > card.Due.AsOf) {
		v.Paused = "Autopay is paused until you resume it."
		if !p.PausedUntil.IsZero() {
			v.Paused = "Autopay is paused, and begins again on " + p.PausedUntil.Long() + "."
		}
	}
	if skip := a.Plan.Skip; skip >= card.Due.AsOf {
		v.Skipped = "The payment of " + skip.Long() + " is left out. It is yours to make."
	}
	v.CanSkip = v.Paused == "" && v.Skipped == "" && a.NextAmount > 0
}

type autopayReviewPage struct {
	web.Page
	Review   servicing.AutopayReview
	First    money.Date
	Amount   money.Cents
	Href     string
	Rows     []planRow
	Plan     []hidden
	Changing bool   // autopay is on already
	Behind   string // the plan brings less than is due
	Hint     string
}

func (p *portal) reviewAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return p.showAutopayReview(w, r, s, form)
}

// showAutopayReview leads through the steps that are still open, or that a person
// wants to change, and then shows what would be agreed to.
func (p *portal) showAutopayReview(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	id := servicing.ContractID(r.PathValue("id"))
	method := form.Need("method", "Choose the bank account to pay from.")
	if method == newMethod {
		return p.show(w, r, "bank-account", nil, newBankAccountToAutopay(s, id, form))
	}
	card, err := p.svc.Card(r.Context(), s.Actor, id)
	if err != nil {
		return found(err)
	}
	if want := form.Value("change"); want == "method" {
		return p.showAutopayMethods(w, r, s, card, form)
	} else if _, ok := steps[want]; ok && method != "" {
		return p.showStep(w, r, s, card, want, form, nil)
	}
	if method == "" {
		return p.showAutopayMethods(w, r, s, card, form)
	}
	plan, open := readPlan(form, card)
	if open != "" {
		return p.showStep(w, r, s, card, open, form, form)
	}
	v, err := p.svc.ReviewAutopay(r.Context(), s.Actor, servicing.AutopayRequest{Contract: id, Method: servicing.MethodID(method), Plan: plan})
	if err == nil {
		return p.show(w, r, "autopay-review", form, newAutopayReviewPage(s, v, form))
	}
	if err := told(form, err, planErrors); err != nil {
		return err
	}
	if step := stepOf(form); step != "" {
		return p.showStep(w, r, s, card, step, form, form)
	}
	return p.showAutopayMethods(w, r, s, card, form)
}

// showAutopayMethods asks from where to pay, also while autopay is on.
func (p *portal) showAutopayMethods(w http.ResponseWriter, r *http.Request, s servicing.Session, card servicing.Card, form *web.Form) error {
	list, err := p.svc.Methods(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	v := newAutopayPage(s, card, list, form)
	v.Card.Autopay, v.Back, v.Plan = nil, v.Href, carry(form, planFields)
	return p.show(w, r, "autopay", form, v)
}

func newAutopayReviewPage(s servicing.Session, v servicing.AutopayReview, form *web.Form) autopayReviewPage {
	b := about(page(s, "Review autopay", "payments"), v.Contract)
	href := accountHref(v.Contract.ID) + "/autopay"
	b.Layout, b.Back, b.Form = "flow", href, form
	if form.Value("key") == "" {
		form.Set("key", servicing.NewKey())
	}
	out := autopayReviewPage{Page: b, Review: v, First: v.FirstDate, Amount: v.FirstAmount, Href: href,
		Rows: planRows(v.Contract, v.Plan, v.Method), Plan: carry(form, planFields), Changing: v.Contract.Autopay != nil, Behind: behindWords(v),
		Hint: v.Name + ", or the word " + servicing.AutopayWord + "."}
	return out
}

// behindWords warns of a plan that leaves something of a payment unpaid.
func behindWords(v servicing.AutopayReview) string {
	due := v.Contract.Due
	switch {
	case due.PastDue > 0:
		return due.PastDue.USD() + " is past due now. Autopay does not take it: it stays yours to pay."
	case v.ShortOn.IsZero():
		return ""
	case v.ShortOn == due.Upcoming && v.FirstDate > v.ShortOn:
		return "The payment due on " + v.ShortOn.Long() + " comes before autopay begins. " + v.ShortBy.USD() + " of it is yours to make."
	case v.YearDrafts < v.YearDue:
		return "This is less than your payments: " + v.YearDrafts.USD() + " in a year, and " + v.YearDue.USD() + " comes due. On " + v.ShortOn.Long() + " the first " + v.ShortBy.USD() + " would be missing."
	}
	return "On " + v.ShortOn.Long() + " these payments are " + v.ShortBy.USD() + " short of what is due. A larger amount, or an earlier day, avoids that."
}

func (p *portal) enrollAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.ContractID(r.PathValue("id"))
	card, err := p.svc.Card(r.Context(), s.Actor, id)
	if err != nil {
		return found(err)
	}
	plan, open := readPlan(form, card)
	if open != "" {
		return p.showAutopayReview(w, r, s, form)
	}
	_, err = p.svc.EnrollAutopay(r.Context(), s.Actor, servicing.AutopayRequest{Key: form.Value("key"), Contract: id,
		Method: servicing.MethodID(form.Value("method")), Plan: plan, Signed: form.Value("signed")}, p.source(r))
	switch {
	case refusedAs(err, "signature"):
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showAutopayReview(w, r, s, form)
	case err != nil:
		if err := told(form, err, planErrors); err != nil {
			return err
		}
		if step := stepOf(form); step != "" {
			return p.showStep(w, r, s, card, step, form, form)
		}
		v, err := p.autopayChoice(r, s, form)
		if err != nil {
			return err
		}
		return p.show(w, r, "autopay", form, v)
	}
	http.Redirect(w, r, accountHref(id)+"/autopay?done=on", http.StatusSeeOther)
	return nil
}

// autopayPDF is the authorisation in force, or an earlier one by its id.
func (p *portal) autopayPDF(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	d, err := p.svc.PrintAuthorization(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")), r.URL.Query().Get("of"))
	if err != nil {
		return found(err)
	}
	return p.sendDocument(w, r, d, inline)
}

func (p *portal) showAutopayOff(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showAutopaySwitch(w, r, s, "autopay-off", "Turn off autopay", nil)
}

func (p *portal) cancelAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.switchAutopay(w, r, s, "autopay-off", "Turn off autopay", "off", func(id servicing.ContractID, _ *web.Form) error {
		return p.svc.CancelAutopay(r.Context(), s.Actor, id)
	})
}

func (p *portal) showAutopayPause(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showAutopaySwitch(w, r, s, "autopay-pause", "Pause autopay", nil)
}

func (p *portal) pauseAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.switchAutopay(w, r, s, "autopay-pause", "Pause autopay", "paused", func(id servicing.ContractID, form *web.Form) error {
		var until money.Date
		if form.Value("until") != "" {
			if until = form.Date("until"); !form.OK() {
				return nil
			}
		}
		return p.svc.PauseAutopay(r.Context(), s.Actor, id, until)
	})
}

func (p *portal) resumeAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.switchAutopay(w, r, s, "autopay-pause", "Pause autopay", "resumed", func(id servicing.ContractID, _ *web.Form) error {
		return p.svc.ResumeAutopay(r.Context(), s.Actor, id)
	})
}

func (p *portal) showAutopaySkip(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showAutopaySwitch(w, r, s, "autopay-skip", "Skip one payment", nil)
}

// skipAutopay leaves out the payment of the form's date; without one it leaves out
// none.
func (p *portal) skipAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	done := "skipped"
	if form.Value("date") == "" {
		done = "kept"
	}
	return p.switchAutopay(w, r, s, "autopay-skip", "Skip one payment", done, func(id servicing.ContractID, form *web.Form) error {
		var date money.Date
		if done == "skipped" {
			if date = form.Date("date"); !form.OK() {
				return nil
			}
		}
		return p.svc.SkipAutopay(r.Context(), s.Actor, id, date)
	})
}

// showAutopaySwitch shows the page that asks before autopay's dates change.
func (p *portal) showAutopaySwitch(w http.ResponseWriter, r *http.Request, s servicing.Session, name, title string, form *web.Form) error {
	card, err := p.svc.Card(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	if card.Autopay == nil {
		http.Redirect(w, r, accountHref(card.ID)+"/autopay", http.StatusSeeOther)
		return nil
	}
	v := newAutopayPage(s, card, nil, form)
	v.Title, v.Back = title, v.Href
	if name == "autopay-skip" && !v.CanSkip && form.OK() {
		http.Redirect(w, r, v.Href, http.StatusSeeOther)
		return nil
	}
	return p.show(w, r, name, form, v)
}

// switchAutopay does what such a page asked about, and goes back to autopay's page.
func (p *portal) switchAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session, name, title, done string, do func(servicing.ContractID, *web.Form) error) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.ContractID(r.PathValue("id"))
	if err := do(id, form); err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	if !form.OK() {
		return p.showAutopaySwitch(w, r, s, name, title, form)
	}
	http.Redirect(w, r, accountHref(id)+"/autopay?done="+done, http.StatusSeeOther)
	return nil
}

// planRows says what a plan does, each line with the step that changes it.
func planRows(c servicing.Card, plan billing.AutopayPlan, m servicing.Method) []planRow {
	amount := planRow{Label: "Amount", Value: "The payment due", Note: "Not what is past due, and no fees.", Change: "amount"}
	switch {
	case plan.Fixed > 0:
		amount.Value, amount.Note = plan.Fixed.USD()+" each time", "The last payment is whatever is left."
	case plan.Extra > 0:
		amount.Value = "The payment due and " + plan.Extra.USD() + " extra"
	case c.Kind == "lease":
		amount.Change = ""
	}
	return []planRow{
		{Label: "Pay from", Value: capital(methodName(m)), Note: m.Holder, Change: "method"},
		{Label: "When", Value: capital(plan.When()), Change: "when"},
		amount,
		{Label: "How long", Value: capital(plan.Until()), Change: "until"},
		{Label: "We tell you first", Value: capital(plan.ToldWhen()), Note: "At least 10 days before.", Change: "tell"},
	}
}
