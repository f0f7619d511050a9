package portal

import (
	"bytes"
	"net/http"

	"marque/internal/money"
	"marque/internal/notice"
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
}

func (p *portal) autopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	v, err := p.autopayChoice(r, s, nil)
	if err != nil {
		return err
	}
	switch r.URL.Query().Get("done") {
	case "on":
		v.Notice = "Autopay is on. We sent you a copy of what you agreed to."
	case "off":
		v.Notice = "Autopay is off. Payments are now yours to make."
	}
	if (v.Card.Autopay == nil) == (r.URL.Query().Get("done") == "on") {
		v.Notice = "" // an old address: say nothing that is no longer so
	}
	return p.show(w, r, "autopay", nil, v)
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
		v.Words = newAutopayLine(card).Words
		v.OffWords = "Autopay will no longer pay from " + methodName(card.Autopay.Method) + "."
		if card.Due.UpcomingAmount > 0 {
			v.OffWords += " Your next payment of " + card.Due.UpcomingAmount.USD() + " is due on " + card.Due.Upcoming.Long() + ", and it will be yours to make."
		}
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
	return v
}

type autopayReviewPage struct {
	web.Page
	Review     servicing.AutopayReview
	First      money.Date
	Amount     money.Cents
	Paid       string // that the payment of the first date is paid already
	MethodName string
	Key        string
	Href       string
}

func (p *portal) reviewAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return p.showAutopayReview(w, r, s, form)
}

func (p *portal) showAutopayReview(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	id := servicing.ContractID(r.PathValue("id"))
	method := form.Need("method", "Choose the bank account to pay from.")
	if method == newMethod {
		return p.show(w, r, "bank-account", nil, newBankAccountToAutopay(s, id, web.NewForm()))
	}
	if method != "" {
		v, err := p.svc.ReviewAutopay(r.Context(), s.Actor, id, servicing.MethodID(method))
		if err == nil {
			return p.show(w, r, "autopay-review", form, newAutopayReviewPage(s, v, form))
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	v, err := p.autopayChoice(r, s, form)
	if err != nil {
		return err
	}
	return p.show(w, r, "autopay", form, v)
}

func newAutopayReviewPage(s servicing.Session, v servicing.AutopayReview, form *web.Form) autopayReviewPage {
	b := about(page(s, "Review autopay", "payments"), v.Contract)
	href := accountHref(v.Contract.ID) + "/autopay"
	b.Layout, b.Back, b.Form = "flow", href, form
	key := form.Value("key")
	if key == "" {
		key = servicing.NewKey()
	}
	out := autopayReviewPage{Page: b, Review: v, First: v.FirstDate, Amount: v.FirstAmount, MethodName: capital(methodName(v.Method)), Key: key, Href: href}
	if due := v.Contract.Due; v.FirstAmount <= 0 && due.Upcoming > v.FirstDate {
		out.First, out.Amount = due.Upcoming, due.UpcomingAmount
		out.Paid = "(the payment of " + v.FirstDate.Short() + " is already paid)"
	}
	return out
}

func (p *portal) enrollAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.ContractID(r.PathValue("id"))
	if form.Value("agree") != "yes" {
		form.Error("agree", "Check the box to agree. Autopay is not on yet.")
		return p.showAutopayReview(w, r, s, form)
	}
	_, err = p.svc.EnrollAutopay(r.Context(), s.Actor, servicing.AutopayRequest{Key: form.Value("key"), Contract: id,
		Method: servicing.MethodID(form.Value("method"))}, p.source(r))
	if err != nil {
		if err := told(form, err, nil); err != nil {
			return err
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

func (p *portal) autopayPDF(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	paper, err := p.svc.AutopayPaper(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	var out bytes.Buffer
	if err := notice.AutopayPDF(&out, paper); err != nil {
		return err
	}
	return sendPDF(w, r, "autopay-authorization.pdf", &out)
}

func (p *portal) showAutopayOff(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showAutopayOffForm(w, r, s, nil)
}

func (p *portal) showAutopayOffForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	card, err := p.svc.Card(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	if card.Autopay == nil {
		http.Redirect(w, r, accountHref(card.ID)+"/autopay", http.StatusSeeOther)
		return nil
	}
	v := newAutopayPage(s, card, nil, form)
	v.Title, v.Back = "Turn off autopay", v.Href
	return p.show(w, r, "autopay-off", form, v)
}

func (p *portal) cancelAutopay(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.ContractID(r.PathValue("id"))
	if err := p.svc.CancelAutopay(r.Context(), s.Actor, id); err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showAutopayOffForm(w, r, s, form)
	}
	http.Redirect(w, r, accountHref(id)+"/autopay?done=off", http.StatusSeeOther)
	return nil
}
