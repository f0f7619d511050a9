package portal

import (
	"errors"
	"net/http"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// togetherPage asks what each account gets, out of one bank account.
type togetherPage struct {
	web.Page
	Lines    []togetherLine
	Methods  []web.Option
	First    money.Date
	Last     money.Date
	DateHint string
	Late     string
	NotMade  bool
}

// togetherLine is one account in the form: a box to put an amount in.
type togetherLine struct {
	Name, Label string
	Field       string // the box's name
	Hint        string // what is due
	OnItsWay    []string
}

func amountField(id servicing.ContractID) string { return "amount-" + string(id) }

func (p *portal) showTogether(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.askTogether(w, r, s, nil, false)
}

// askTogether shows the form: empty boxes filled with what is due, or as it was
// typed.
func (p *portal) askTogether(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, notMade bool) error {
	options, err := p.payable(r, s)
	if err != nil {
		return err
	}
	if len(options) < 2 {
		http.Redirect(w, r, "/payments", http.StatusSeeOther)
		return nil
	}
	b := page(s, "Pay several accounts", "payments")
	b.Layout, b.Back, b.BusinessDate = "flow", "/payments", options[0].Date
	v := togetherPage{Page: b, NotMade: notMade, First: options[0].First, Last: options[0].Last, DateHint: dateHint(options[0]), Late: cutOffWords(options[0])}
	typed := form
	if typed == nil {
		typed = web.NewForm("key", servicing.NewKey(), "date", options[0].First.String(), "method", firstMethod(options[0].Card, options[0].Methods))
	}
	for _, o := range options {
		l := togetherLine{Name: vehicleName(o.Vehicle), Label: kindName(o.Kind) + " ••" + ends(o.AccountNumber), Field: amountField(o.ID), OnItsWay: onItsWay(o.Waiting)}
		due := o.Due.Amount()
		switch {
		case o.Due.PastDue > 0:
			l.Hint = (o.Due.PastDue + o.Due.Fees).USD() + " is past due."
		case due > 0 && !o.Due.Upcoming.IsZero():
			l.Hint = due.USD() + " is due " + o.Due.Upcoming.Long() + "."
		default:
			l.Hint = "Nothing is due right now."
		}
		if form == nil && due > 0 && len(o.Waiting) == 0 && o.Autopay == nil {
			typed.Set(l.Field, min(due, o.Payoff.Total).String())
		}
		v.Lines = append(v.Lines, l)
	}
	for _, m := range options[0].Methods {
		v.Methods = append(v.Methods, methodOption(m))
	}
	v.Form = typed
	return p.show(w, r, "together", form, v)
}

// payable are the accounts on which there is something to pay.
func (p *portal) payable(r *http.Request, s servicing.Session) (out []servicing.PayOptions, err error) {
	o, err := p.svc.Overview(r.Context(), s.Actor)
	if err != nil {
		return nil, err
	}
	for _, c := range o.Contracts {
		if c.Closed || c.Held || c.Payoff.Total <= 0 {
			continue
		}
		options, err := p.svc.PayOptions(r.Context(), s.Actor, c.ID)
		if err != nil {
			return nil, found(err)
		}
		out = append(out, options)
	}
	return out, nil
}

// readTogether makes a request of the form. Boxes that were left empty are
// accounts that get nothing.
func readTogether(form *web.Form, options []servicing.PayOptions) servicing.TogetherRequest {
	req := servicing.TogetherRequest{Key: form.Value("key")}
	for _, o := range options {
		if form.Value(amountField(o.ID)) == "" {
			continue
		}
		if amount := form.Cents(amountField(o.ID)); amount > 0 {
			req.Lines = append(req.Lines, servicing.TogetherLine{Contract: o.ID, Kind: billing.AmountOther, Amount: amount})
		}
	}
	if len(req.Lines) == 0 && form.OK() {
		form.Error(amountField(options[0].ID), "Enter an amount for at least one account.")
	}
	if req.Date = form.Date("date"); !req.Date.IsZero() {
		form.Set("date", req.Date.String())
	}
	req.Method = servicing.MethodID(form.Need("method", "Choose the bank account to pay from."))
	return req
}

// toldLine notes a refusal on the form: beside the box of its account when it is
// about one.
func toldLine(form *web.Form, err error) error {
	if line, ok := errors.AsType[*servicing.LineRefusal](err); ok {
		form.Error(amountField(line.Contract), line.Message)
		return nil
	}
	return told(form, err, nil)
}

type togetherReview struct {
	web.Page
	Rows       []togetherRow
	Total      money.Cents
	Date       money.Date
	Bank       string
	MethodName string
	Authorizes []string
	OnItsWay   []string
	Carry      []hidden
}

type togetherRow struct {
	Name, Href string
	Amount     money.Cents
	Parts      []part
	After      money.Cents
	AfterName  string
	Pay        servicing.Payment
	Status     status
}

// reviewTogether shows what each account gets and how it is applied.
func (p *portal) reviewTogether(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, req, err := p.together(r, s)
	if err != nil {
		return err
	}
	if form.Has("change") || !form.OK() {
		return p.askTogether(w, r, s, form, false)
	}
	t, err := p.svc.ReviewTogether(r.Context(), s.Actor, req)
	if err != nil {
		if err := toldLine(form, err); err != nil {
			return err
		}
		return p.askTogether(w, r, s, form, false)
	}
	if t.Group != "" {
		http.Redirect(w, r, "/pay/done/"+t.Group, http.StatusSeeOther)
		return nil
	}
	return p.show(w, r, "together-review", nil, newTogetherReview(s, t, req, form))
}

// together reads the form for the accounts that are the person's.
func (p *portal) together(r *http.Request, s servicing.Session) (*web.Form, servicing.TogetherRequest, error) {
	form, err := web.ReadForm(r)
	if err != nil {
		return nil, servicing.TogetherRequest{}, err
	}
	options, err := p.payable(r, s)
	if err != nil {
		return nil, servicing.TogetherRequest{}, err
	}
	if len(options) == 0 {
		return nil, servicing.TogetherRequest{}, web.NotFound()
	}
	return form, readTogether(form, options), nil
}

func newTogetherReview(s servicing.Session, t servicing.Together, req servicing.TogetherRequest, form *web.Form) togetherReview {
	b := page(s, "Review your payments", "payments")
	b.Layout, b.Form = "flow", form
	v := togetherReview{Page: b, Total: t.Total, Date: req.Date, Bank: bankDays(req.Date),
		Carry: []hidden{{"key", req.Key}, {"date", req.Date.String()}, {"method", string(req.Method)}}}
	for _, one := range t.Reviews {
		kind := one.Card.Kind
		v.Rows = append(v.Rows, togetherRow{Name: vehicleName(one.Card.Vehicle) + " ••" + ends(one.Card.AccountNumber), Amount: one.Plan.Amount,
			Parts: parts(kind, one.Plan.Allocation, one.Plan.Spans, one.Plan.Carried, unpaidInterest(one.Plan)), After: one.Plan.BalanceAfter, AfterName: balanceName(kind)})
		v.MethodName = capital(methodName(one.Method))
		v.Authorizes = append(v.Authorizes, one.Authorizes)
		v.OnItsWay = append(v.OnItsWay, onItsWay(one.Waiting)...)
		v.Carry = append(v.Carry, hidden{amountField(one.Card.ID), one.Plan.Amount.String()})
	}
	return v
}

// confirmTogether makes the payments. The same form again gives the same ones.
func (p *portal) confirmTogether(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, req, err := p.together(r, s)
	if err != nil {
		return err
	}
	if !form.OK() {
		return p.askTogether(w, r, s, form, true)
	}
	made, err := p.svc.SubmitTogether(r.Context(), s.Actor, req, p.source(r))
	if err != nil {
		if err := toldLine(form, err); err != nil {
			return err
		}
		freshKeyIfUsed(form, err)
		return p.askTogether(w, r, s, form, true)
	}
	http.Redirect(w, r, "/pay/done/"+made.Group, http.StatusSeeOther)
	return nil
}

type togetherDone struct {
	web.Page
	Rows       []togetherRow
	Total      money.Cents
	Date       money.Date
	MethodName string
	Scheduled  bool
}

// togetherMade shows the payments that were made in one go, as they stand.
func (p *portal) togetherMade(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	t, err := p.svc.Together(r.Context(), s.Actor, r.PathValue("group"))
	if err != nil {
		return found(err)
	}
	o, err := p.svc.Overview(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	names := map[servicing.ContractID]string{}
	for _, c := range o.Contracts {
		names[c.ID] = vehicleName(c.Vehicle) + " ••" + ends(c.AccountNumber)
	}
	b := page(s, "Your payments", "payments")
	b.Layout = "flow"
	first := t.Payments[0]
	v := togetherDone{Page: b, Total: t.Total, Date: first.Date, MethodName: capital(methodName(first.Method)), Scheduled: first.State == billing.Scheduled}
	for _, pay := range t.Payments {
		v.Rows = append(v.Rows, togetherRow{Name: names[pay.Contract], Href: paymentHref(pay), Amount: pay.Amount, Pay: pay, Status: statusOfPayment(pay)})
	}
	return p.show(w, r, "together-done", nil, v)
}
