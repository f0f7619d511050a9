package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"marque/internal/servicing"
	"marque/internal/web"
)

type paymentsPage struct {
	web.Page
	Contracts []autopayLine
	Rows      []paymentRow
	Pages     web.Pages
	Any       bool // there are payments, though the filter may leave none
	Several   bool // more than one contract: say which
	Together  bool // more than one of them can be paid
	Account   string
	Year      string
	accounts  []web.Option
	years     []web.Option
}

type autopayLine struct {
	Vehicle, Label, Words, Href, PayHref string
	On, Closed, Held, Ended              bool
}

type paymentRow struct {
	servicing.Payment
	What, Vehicle, From, Href string
	Status                    status
}

const paymentRows = 24

func (p *portal) payments(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	o, err := p.svc.Overview(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	list, err := p.svc.Payments(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	var other []paymentRow
	for _, c := range o.Contracts {
		a, err := p.svc.Account(r.Context(), s.Actor, c.ID)
		if err != nil {
			return found(err)
		}
		other = append(other, outside(a)...)
	}
	v, err := newPaymentsPage(s, o, list, other, r)
	if err != nil {
		return err
	}
	return p.show(w, r, "payments", nil, v)
}

// newPaymentsPage lists payments made here or by autopay with those that came
// otherwise, newest first by the dates that they count for.
func newPaymentsPage(s servicing.Session, o servicing.Overview, list []servicing.Payment, other []paymentRow, r *http.Request) (paymentsPage, error) {
	q := r.URL.Query()
	v := paymentsPage{Page: page(s, "Payments", "payments"), Any: len(list)+len(other) > 0, Several: len(o.Contracts) > 1,
		Account: q.Get("account"), Year: q.Get("year"), accounts: []web.Option{{Value: "", Label: "All accounts"}}}
	v.BusinessDate = o.Date
	vehicles := map[servicing.ContractID]string{}
	known, payable := v.Account == "", 0
	for _, c := range o.Contracts {
		name := vehicleName(c.Vehicle)
		vehicles[c.ID] = name
		v.Contracts = append(v.Contracts, newAutopayLine(c))
		v.accounts = append(v.accounts, web.Option{Value: string(c.ID), Label: name + " ••" + ends(c.AccountNumber)})
		known = known || v.Account == string(c.ID)
		if !c.Closed && !c.Held && c.Payoff.Total > 0 {
			payable++
		}
	}
	v.Together = payable > 1
	if !known {
		return v, web.NotFound()
	}
	all := slices.Clone(other)
	for _, pay := range list {
		what := "Payment"
		if pay.Autopay {
			what = "Autopay"
		} else if pay.Phone {
			what = "Payment by phone"
		}
		all = append(all, paymentRow{Payment: pay, What: what, Vehicle: vehicles[pay.Contract],
			From: capital(methodName(pay.Method)), Href: paymentHref(pay), Status: statusOfPayment(pay)})
	}
	slices.SortStableFunc(all, func(a, b paymentRow) int { return cmp.Compare(b.Date, a.Date) })
	years := map[int]bool{}
	for _, pay := range all {
		years[pay.Date.Year()] = true
	}
	v.years, v.Year = yearOptions(years, v.Year)
	var kept []paymentRow
	for _, pay := range all {
		if (v.Account == "" || v.Account == string(pay.Contract)) && (v.Year == "" || v.Year == strconv.Itoa(pay.Date.Year())) {
			kept = append(kept, pay)
		}
	}
	var err error
	if v.Pages, err = web.Paginate(r.URL, len(kept), paymentRows); err != nil {
		return v, err
	}
	v.Rows = kept[v.Pages.Offset:min(v.Pages.Offset+v.Pages.Limit, len(kept))]
	return v, nil
}

func newAutopayLine(c servicing.Card) autopayLine {
	l := autopayLine{Vehicle: vehicleName(c.Vehicle), Label: kindName(c.Kind) + " ••" + ends(c.AccountNumber),
		Href: accountHref(c.ID) + "/autopay", PayHref: accountHref(c.ID) + "/pay", Closed: c.Closed, On: c.Autopay != nil, Words: "Autopay is off."}
	if a := c.Autopay; a != nil {
		l.Words = "Autopay is on, from " + methodName(a.Method) + "."
		if !a.NextDate.IsZero() && a.NextAmount > 0 {
			l.Words = "Autopay is on: " + a.NextAmount.USD() + " on " + a.NextDate.Long() + " from " + methodName(a.Method) + "."
		} else if !a.Plan.PausedFrom.IsZero() {
			l.Words = "Autopay is paused."
		}
	} else if words := endedWords(c); words != "" {
		l.Words = words
	}
	switch {
	case c.Ended && !c.Closed:
		l.Words, l.Ended = "The lease has ended.", true
	case clearing(c):
		l.Words = closedSentence(c)
	case c.Closed:
		l.Words = "This account is closed."
	case c.Held:
		if l.Held = true; l.On {
			l.Words = "Autopay is paused."
		}
	}
	return l
}

// AccountField and YearField are the filter's choices, filled in from the address.
func (v paymentsPage) AccountField() web.Field {
	return web.Field{Name: "account", Label: "Account", Value: v.Account, Options: v.accounts}
}

// YearField is the choice of year.
func (v paymentsPage) YearField() web.Field {
	return web.Field{Name: "year", Label: "Year", Value: v.Year, Options: v.years}
}
