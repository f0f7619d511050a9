package portal

import (
	"fmt"
	"net/http"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type paymentPage struct {
	web.Page
	Pay         servicing.Payment
	Heading     string
	Good        bool // shown as a confirmation
	Returned    bool
	Status      status
	Next        string
	Parts       []part
	Steps       []step
	Figures     figures
	IsUndone    bool   // taken back after it was posted
	IsMoved     bool   // its parts are others now than when it was posted
	Extra       string // what extra money does, as chosen
	Why         string // where its history explains it
	BalanceName string
	HasPaper    bool
	From        string
	PayHref     string
	Href        string
	Account     string
	IsPlanned   bool
	Also        string // that autopay will draw as well, before this payment counts
	Once        string // and how to pay only once
	AutopayHref string
	Final       string // until when the money can still go back
	GroupHref   string // of the payments made in one go
}

func (p *portal) payment(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	pay, card, err := p.paymentAndCard(r, s)
	if err != nil {
		return err
	}
	if waits := pay.State == billing.Created || pay.State == billing.Submitted || pay.State == billing.Unknown; waits && pay.Rail == billing.Card {
		http.Redirect(w, r, paymentHref(pay)+"/card", http.StatusSeeOther)
		return nil
	}
	var x servicing.Explanation
	if pay.Event > 0 {
		if x, err = p.svc.Explain(r.Context(), s.Actor, pay.Contract, pay.Event); err != nil {
			return found(err)
		}
	}
	return p.show(w, r, "payment", nil, newPaymentPage(s, card, pay, x))
}

func (p *portal) paymentAndCard(r *http.Request, s servicing.Session) (servicing.Payment, servicing.Card, error) {
	id := servicing.ContractID(r.PathValue("id"))
	pay, err := p.svc.Payment(r.Context(), s.Actor, id, servicing.PaymentID(r.PathValue("payment")))
	if err != nil {
		return pay, servicing.Card{}, found(err)
	}
	card, err := p.svc.Card(r.Context(), s.Actor, id)
	return pay, card, found(err)
}

// newPaymentPage shows a payment with its explanation, which is empty until it
// is posted.
func newPaymentPage(s servicing.Session, card servicing.Card, pay servicing.Payment, x servicing.Explanation) paymentPage {
	heading, words := paymentWords(pay)
	b := about(page(s, heading, "payments"), card)
	b.Layout = "flow"
	v := paymentPage{Page: b, Pay: pay, Returned: pay.State == billing.Returned, PayHref: accountHref(pay.Contract) + "/pay", Heading: heading, Next: words, Status: statusOfPayment(pay),
		Good:  pay.State != billing.Returned && pay.State != billing.Cancelled && pay.State != billing.Refused && pay.State != billing.Reversed,
		Parts: parts(card.Kind, pay.Allocation, nil, 0, 0), BalanceName: balanceName(card.Kind),
		HasPaper: pay.Event > 0 || pay.State == billing.Scheduled, From: capital(methodName(pay.Method)),
		Href: paymentHref(pay), Account: vehicleName(card.Vehicle) + ", " + kindWord(card.Kind) + " ••" + ends(card.AccountNumber),
		IsPlanned: pay.State == billing.Scheduled,
	}
	v.Extra = extraNames[pay.Extra]
	if pay.Group != "" {
		v.GroupHref = "/pay/done/" + pay.Group
	}
	switch {
	case pay.State == billing.Submitted:
		v.Final = "Not yet. Your bank can send it back until " + pay.SettlesOn.Long() + "."
	case pay.State == billing.Settled && pay.Rail == billing.ACH && card.Due.AsOf <= pay.FinalOn:
		v.Final = "Yes, unless your bank tells us by " + pay.FinalOn.Long() + " that you did not authorize it."
	case pay.State == billing.Settled:
		v.Final = "Yes."
	}
	if v.IsPlanned && !pay.Autopay {
		v.AutopayHref = accountHref(pay.Contract) + "/autopay"
		if v.Also = alsoDrawn(card, pay.Date); v.Also != "" && pay.Extra != billing.ExtraPrincipalOnly {
			v.Once = "To pay only once, cancel this payment or turn autopay off."
		}
	}
	switch {
	case pay.Event == 0:
	case x.Undone:
		v.IsUndone, v.Why = true, historyHref(pay.Contract, pay.Event)
	default:
		v.IsMoved = x.Allocation != pay.Allocation
		v.Parts, v.Steps, v.Figures = parts(card.Kind, x.Allocation, nil, 0, 0), stepsOf(card.Kind, x.Why), figuresOf(card.Kind, x.Why)
	}
	if !pay.Rail.Posts(pay.State) && !v.IsPlanned {
		v.Parts, v.Steps, v.Figures = nil, nil, figures{}
	}
	return v
}

func kindWord(k contract.Kind) string {
	if k == contract.Lease {
		return "lease"
	}
	return "loan"
}

// paymentWords says where a payment stands and what happens next.
func paymentWords(p servicing.Payment) (heading, next string) {
	if p.Rail == billing.Card {
		return cardWords(p)
	}
	from, sent := methodName(p.Method), sentOn(p.Date)
	switch p.State {
	case billing.Scheduled:
		next = fmt.Sprintf("On %s we will ask your bank for %s from %s. Have the money there that day. We will send you an e-mail when the payment is made.", sent.Long(), p.Amount.USD(), from)
		if words := bankDays(p.Date); words != "" {
			next += " " + words
		}
		if p.Cancellable {
			next += " You can cancel until then."
		}
		return "Payment scheduled", next
	case billing.Authorised:
		next = fmt.Sprintf("It counts on your account from %s. Your bank sees it on %s and takes %s from %s by %s; keep the money there until then.",
			p.Date.Long(), sent.Short(), p.Amount.USD(), from, sent.AddBankingDays(1).Short())
		return "Payment received", next
	case billing.Submitted:
		return "Payment sent to your bank", fmt.Sprintf("It counts on your account from %s. Your bank will take %s from %s within a banking day or two; keep the money there until it does. It is complete on %s if your bank has not sent it back by then.",
			p.Date.Long(), p.Amount.USD(), from, p.SettlesOn.Long())
	case billing.Settled:
		return "Payment complete", fmt.Sprintf("It counts on your account from %s. There is nothing more to do.", p.Date.Long())
	case billing.Reversed:
		return "Payment given back", fmt.Sprintf("We took this payment by mistake and are giving %s back to %s. It no longer counts on your account.", p.Amount.USD(), from)
	case billing.Refused:
		next = "This payment was not made and nothing was taken."
		if p.Reason != "" {
			next += " " + p.Reason
		}
		return "Payment not made", next
	case billing.Returned:
		next = "Your bank returned this payment."
		if p.ReturnReason != "" {
			next = "Your bank returned this payment: " + p.ReturnReason
			if last := next[len(next)-1]; last != '.' {
				next += "."
			}
		}
		next += " It no longer counts on your account, and the amount is owed again."
		if p.ReturnFee > 0 {
			next += fmt.Sprintf(" A %s fee was added on %s.", p.ReturnFee.USD(), p.ReturnedOn.Short())
		}
		return "Payment returned by the bank", next
	case billing.Cancelled:
		return "Payment canceled", "Nothing was taken from your bank account for this payment. What was due is still due."
	}
	return "Payment", ""
}

func (p *portal) receiptPDF(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	d, err := p.svc.PrintReceipt(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")), servicing.PaymentID(r.PathValue("payment")))
	if err != nil {
		return found(err)
	}
	return p.sendDocument(w, r, d, inline)
}

type cancelPage struct {
	web.Page
	Pay      servicing.Payment
	From     string
	Href     string
	StillDue bool
	Due      money.Date
}

func (p *portal) showCancel(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showCancelForm(w, r, s, nil)
}

func (p *portal) showCancelForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	pay, card, err := p.paymentAndCard(r, s)
	if err != nil {
		return err
	}
	if !pay.Cancellable && form.OK() {
		http.Redirect(w, r, paymentHref(pay), http.StatusSeeOther)
		return nil
	}
	return p.show(w, r, "payment-cancel", form, newCancelPage(s, card, pay, form))
}

func newCancelPage(s servicing.Session, card servicing.Card, pay servicing.Payment, form *web.Form) cancelPage {
	b := about(page(s, "Cancel a payment", "payments"), card)
	b.Layout, b.Back, b.Form = "flow", paymentHref(pay), form
	v := cancelPage{Page: b, Pay: pay, From: methodName(pay.Method), StillDue: card.Due.Amount() > 0, Href: paymentHref(pay)}
	if card.Due.PastDue == 0 { // else some of it is due already
		v.Due = card.Due.Upcoming
	}
	return v
}

func (p *portal) cancelPayment(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	pay, err := p.svc.CancelPayment(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")), servicing.PaymentID(r.PathValue("payment")))
	if err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showCancelForm(w, r, s, form)
	}
	http.Redirect(w, r, paymentHref(pay), http.StatusSeeOther)
	return nil
}
