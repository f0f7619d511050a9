package console

import (
	"net/http"

	"marque/internal/billing"
	"marque/internal/servicing"
	"marque/internal/web"
)

// refundPage asks that a card payment be given back. A second person must agree.
type refundPage struct {
	customerPage
	Pay  servicing.TakenPayment
	Href string
}

func (c *console) showRefund(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.refundForm(w, r, s, nil)
}

func (c *console) refundForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	pay, err := c.svc.TakenPayment(r.Context(), s.Actor, id(r), account(r), servicing.PaymentID(r.PathValue("payment")))
	if err != nil {
		return err
	}
	about, err := c.aboutPayment(r, s, form)
	if err != nil {
		return err
	}
	p := refundPage{customerPage: about, Pay: pay, Href: takenHref(r, pay.ID)}
	if !p.Refundable(pay.Payment) {
		return web.NotFound()
	}
	p.Title, p.Back, p.Layout = "Give back a card payment", p.Href, "flow"
	return c.show(w, r, "refund", form, p)
}

func (c *console) askRefund(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	// Whose payment it is, and that this customer's page is open, is looked at first.
	pay, err := c.svc.TakenPayment(r.Context(), s.Actor, id(r), account(r), servicing.PaymentID(r.PathValue("payment")))
	if err != nil {
		return err
	}
	if _, err := c.svc.AskRefund(r.Context(), s.Actor, pay.ID, form.Value("reason")); err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.refundForm(w, r, s, form)
	}
	return see(w, r, "/approvals?done=asked")
}

// Refundable says whether a payment may be given back, as far as its state says.
func (customerPage) Refundable(p servicing.Payment) bool {
	return p.Rail == billing.Card && p.State == billing.Settled
}

// From names what a payment came from.
func (customerPage) From(m servicing.Method) string {
	if m.Kind == billing.CardMethod {
		if m.Last4 == "" {
			return "Card"
		}
		return capital(m.Brand) + " ••" + m.Last4
	}
	return m.Type + " ••" + m.Last4
}
