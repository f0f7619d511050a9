package console

import (
	"net/http"
	"net/url"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// exceptionsPage lists what a person must look at.
type exceptionsPage struct {
	web.Page
	Items   []servicing.ExceptionItem
	Kinds   []kindCount
	Kind    billing.ExceptionKind
	Cleared bool
	Open    int    // all kinds
	More    string // the address of the next page; empty on the last
}

// kindCount is a kind of item of which some are open.
type kindCount struct {
	Kind billing.ExceptionKind
	Name string
	Open int
	Href string
}

const exceptionsShown = 50

// exceptionsAt is the address of a list of items.
func exceptionsAt(kind billing.ExceptionKind, cleared bool, after string) string {
	q := url.Values{}
	if kind != "" {
		q.Set("kind", string(kind))
	}
	if cleared {
		q.Set("cleared", "1")
	}
	if after != "" {
		q.Set("after", after)
	}
	return (&url.URL{Path: "/exceptions", RawQuery: q.Encode()}).String()
}

func (c *console) exceptions(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	q := r.URL.Query()
	p := exceptionsPage{Page: page(s, "Exceptions", "exceptions"), Kind: billing.ExceptionKind(q.Get("kind")), Cleared: q.Get("cleared") == "1"}
	if p.Kind != "" && p.Kind.Name() == "" {
		return web.NotFound()
	}
	counts, err := c.svc.OpenExceptionCounts(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	for _, k := range billing.ExceptionKinds {
		if n := counts[k]; n > 0 {
			p.Kinds, p.Open = append(p.Kinds, kindCount{k, k.Name(), n, exceptionsAt(k, false, "")}), p.Open+n
		}
	}
	p.Items, err = c.svc.Exceptions(r.Context(), s.Actor, servicing.ExceptionFilter{Kind: p.Kind, Cleared: p.Cleared, After: q.Get("after"), Limit: exceptionsShown + 1})
	if err != nil {
		return err
	}
	if len(p.Items) > exceptionsShown {
		p.Items = p.Items[:exceptionsShown]
		p.More = exceptionsAt(p.Kind, p.Cleared, p.Items[exceptionsShown-1].ID)
	}
	if q.Get("done") == "cleared" {
		p.Notice = "Cleared. It stays in the list of cleared items with your reason."
	}
	return c.show(w, r, "exceptions", nil, p)
}

// Other is the address of the list of the other state.
func (p exceptionsPage) Other() string { return exceptionsAt(p.Kind, !p.Cleared, "") }

// exceptionPage is one item with what to do about it.
type exceptionPage struct {
	web.Page
	Item     servicing.ExceptionItem
	MayClear bool
	MayView  bool
	CodeName string
}

func (c *console) exceptionItem(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.exceptionForm(w, r, s, nil)
}

func (c *console) exceptionForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	item, err := c.svc.Exception(r.Context(), s.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := exceptionPage{Page: page(s, item.Kind.Name(), "exceptions"), Item: item, CodeName: billing.ReturnReason(item.Code),
		MayClear: item.Cleared == 0 && s.Actor.Role.Has(identity.DutyClear), MayView: item.Customer != "" && s.Actor.Role.Has(identity.DutyView)}
	p.Layout, p.Back, p.Form = "flow", "/exceptions", form
	return c.show(w, r, "exception", form, p)
}

func (c *console) clearException(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	cleared, err := c.svc.ClearException(r.Context(), s.Actor, r.PathValue("id"), form.Value("note"))
	if err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.exceptionForm(w, r, s, form)
	}
	if !cleared { // a colleague was quicker: show who, and how
		return see(w, r, "/exceptions/"+url.PathEscape(r.PathValue("id")))
	}
	return see(w, r, "/exceptions?done=cleared")
}

// ratesPage shows the return rates as the network counts them.
type ratesPage struct {
	web.Page
	From, To money.Date
	Rows     []rateRow
}

type rateRow struct {
	Of, Rate, Half, Level string
	Returned, Debits      int64
	Word, Tone            string
}

func (c *console) rates(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	rates, err := c.svc.ReturnRates(r.Context(), s.Actor, 0)
	if err != nil {
		return err
	}
	p := ratesPage{Page: page(s, "Return rates", "exceptions"), From: rates.From, To: rates.To}
	p.Back = "/exceptions"
	for _, rate := range rates.Rates {
		row := rateRow{Of: capital(rate.Level.Words()), Rate: rate.Percent(), Level: rate.Level.Percent(), Returned: rate.Returned, Debits: rate.Debits, Word: "Below half of the level", Tone: "good"}
		switch {
		case rate.Alarm() && rate.Breach():
			row.Word, row.Tone = "Above the level", "bad"
		case rate.Alarm():
			row.Word, row.Tone = "Above half of the level", "warn"
		}
		p.Rows = append(p.Rows, row)
	}
	return c.show(w, r, "rates", nil, p)
}

// reversePage asks to reverse one payment.
type reversePage struct {
	customerPage
	What  servicing.Reversible
	Whys  []web.Option
	Until money.Date
}

func (c *console) showReverse(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.reverseForm(w, r, s, nil)
}

func (c *console) reverseForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	about, err := c.about(r, s, form)
	if err != nil {
		return err
	}
	what, err := c.svc.ReadReversible(r.Context(), s.Actor, servicing.ContractID(r.PathValue("contract")), servicing.PaymentID(r.PathValue("payment")))
	if err != nil {
		return err
	}
	if string(what.Customer) != r.PathValue("id") {
		return web.NotFound()
	}
	p := reversePage{customerPage: about, What: what, Until: what.By}
	for _, why := range servicing.ReversalReasons {
		p.Whys = append(p.Whys, web.Option{Value: why.ID, Label: why.Words})
	}
	p.Title, p.Back, p.Layout = "Reverse a payment", href(r), "flow"
	return c.show(w, r, "reverse", form, p)
}

func (c *console) askReverse(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	_, err = c.svc.AskReversal(r.Context(), s.Actor, servicing.ReversalRequest{Contract: servicing.ContractID(r.PathValue("contract")),
		Payment: servicing.PaymentID(r.PathValue("payment")), Why: form.Value("why"), Reason: form.Value("reason")})
	if err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.reverseForm(w, r, s, form)
	}
	return see(w, r, "/approvals?done=asked")
}

// Reversible says whether a payment may be reversed, as far as its state says.
func (customerPage) Reversible(p servicing.Payment) bool {
	return p.Rail == billing.ACH && p.Rail.MayBecome(p.State, billing.Reversed)
}
