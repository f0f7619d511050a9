package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// quoteDays is how far ahead a payoff quote is offered at first: long enough for
// a check in the mail.
const quoteDays = 10

type payoffPage struct {
	web.Page
	servicing.Account
	IsChargedOff bool
	PayoffName   string
	Words        string // today's payoff in a sentence
	Why          web.Why
	Key          string
	DateAsText   bool // what was typed is not a date that a date field can hold
	DateHint     string
	Last         money.Date // the latest day that can be chosen
	Quote        *quote
	Href         string
}

// quote is the payoff quote in force as the page shows it.
type quote struct {
	billing.PayoffLetter
	Days    string // what each day adds
	Chart   payoffChart
	IsMoved bool // something was posted since, so that today's amount is another
}

func (p *portal) payoff(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.showPayoff(w, r, s, nil)
}

// showPayoff leads to the lease's own page when there is nothing to pay off but a
// lease to end.
func (p *portal) showPayoff(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	a, err := p.svc.Account(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	if a.Kind == contract.Lease {
		http.Redirect(w, r, accountHref(a.ID)+"/lease#leave", http.StatusSeeOther)
		return nil
	}
	kept, err := p.keptQuote(r, s, a.ID)
	if err != nil {
		return err
	}
	v := newPayoffPage(s, a, kept, form)
	if kept != nil && r.URL.Query().Get("done") == "quoted" {
		v.Notice = "Your payoff quote is ready. We keep to it through " + kept.GoodThrough.Long() + "."
	}
	return p.show(w, r, "payoff", form, v)
}

// keptQuote is the payoff quote in force; nil when there is none.
func (p *portal) keptQuote(r *http.Request, s servicing.Session, id servicing.ContractID) (*billing.PayoffLetter, error) {
	l, err := p.svc.PayoffLetter(r.Context(), s.Actor, id)
	switch {
	case err == nil:
		return &l, nil
	case errors.Is(err, servicing.ErrNotFound):
		return nil, nil
	}
	return nil, err
}

// quotedWords is the payoff quote in force in a sentence; empty without one.
func (p *portal) quotedWords(r *http.Request, s servicing.Session, id servicing.ContractID) (string, error) {
	l, err := p.keptQuote(r, s, id)
	if l == nil {
		return "", err
	}
	return fmt.Sprintf("We quoted %s to pay this account off, good through %s. What is quoted for an earlier day is enough on that day.", l.Total.USD(), l.GoodThrough.Long()), nil
}

// closesAsQuoted says that a payment reaches in time what was quoted, whatever
// is found before its day; empty when it does not.
func closesAsQuoted(v servicing.PaymentReview, kept *billing.PayoffLetter) string {
	if kept == nil || v.Plan.Date > kept.GoodThrough {
		return ""
	}
	for _, d := range kept.Table {
		if d.Date == v.Plan.Date && v.Plan.Amount >= min(d.Total, kept.Total) {
			return fmt.Sprintf("The account is closed, as quoted on %s. Nothing more is owed, even if another charge is added before then.", kept.Made.Long())
		}
	}
	return ""
}

func newPayoffPage(s servicing.Session, a servicing.Account, kept *billing.PayoffLetter, form *web.Form) payoffPage {
	if form == nil {
		form = web.NewForm("good_through", (a.Date + quoteDays).String(), "key", servicing.NewKey())
	}
	b := about(page(s, "Payoff", "overview"), a.Card)
	b.Layout, b.Back, b.Form, b.BusinessDate = "flow", accountHref(a.ID), form, a.Date
	v := payoffPage{Page: b, Account: a, IsChargedOff: a.ChargedOff, PayoffName: payoffName(a.Card), Words: payoffWords(a),
		Why: whyPayoff(a.Kind, a.Payoff, a.Spans, a.State.Accrued.Round(a.Terms.Rounding)), Key: form.Value("key"), Last: a.Date + servicing.PayoffDays,
		DateHint: fmt.Sprintf("From %s to %s. Leave time for a check to arrive.", a.Date.Long(), (a.Date + servicing.PayoffDays).Long()), Href: accountHref(a.ID)}
	_, err := money.ParseDate(form.Value("good_through"))
	v.DateAsText = err != nil && form.Value("good_through") != ""
	if kept != nil {
		v.Quote = &quote{PayoffLetter: *kept, Days: dayWords(*kept), Chart: chartPayoff(kept.Table)}
		for _, d := range kept.Table {
			v.Quote.IsMoved = v.Quote.IsMoved || (d.Date == a.Date && d.Total != a.Payoff.Total)
		}
	}
	return v
}

// payoffWords is today's payoff in a sentence.
func payoffWords(a servicing.Account) string {
	switch {
	case a.Payoff.Total <= 0:
		return "There is nothing left to pay on this account."
	case a.Payoff.PerDiem.IsZero():
		return fmt.Sprintf("%s pays this account off.", a.Payoff.Total.USD())
	}
	return fmt.Sprintf("%s pays this account off today, %s. Each day after that adds $%s of interest until a payment is made.",
		a.Payoff.Total.USD(), a.Payoff.On.Long(), a.Payoff.PerDiem.Decimal(2))
}

func dayWords(l billing.PayoffLetter) string {
	whole, cents, _ := strings.Cut(l.PerDiem, ".")
	if strings.Trim(whole+cents, "0") == "" {
		return "No interest is added from day to day."
	}
	return fmt.Sprintf("Each day adds $%s of interest. It is rounded to the cent once, in each day’s total.", l.PerDiem)
}

// quotePayoff makes a payoff quote and leads to it. The same form again gives
// the quote that it made.
func (p *portal) quotePayoff(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.ContractID(r.PathValue("id"))
	req := servicing.PayoffRequest{Key: form.Value("key"), Contract: id, GoodThrough: form.Date("good_through")}
	if !form.OK() {
		return p.showPayoff(w, r, s, form)
	}
	form.Set("good_through", req.GoodThrough.String())
	if _, err := p.svc.QuotePayoff(r.Context(), s.Actor, req); err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		freshKeyIfUsed(form, err)
		return p.showPayoff(w, r, s, form)
	}
	http.Redirect(w, r, accountHref(id)+"/payoff?done=quoted", http.StatusSeeOther)
	return nil
}

// payoffPDF sends the quote in force as a letter.
func (p *portal) payoffPDF(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	d, err := p.svc.PayoffDocument(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	return p.sendDocument(w, r, d, inline)
}

// payoffChart is a payoff amount from day to day: a line over the part that
// grows, which its words put in figures.
type payoffChart struct {
	Line    string // the d of an SVG path; empty when there is nothing to draw
	Low     int    // where it begins
	Summary string
}

func chartPayoff(table []billing.PayoffDay) payoffChart {
	if len(table) < 3 {
		return payoffChart{}
	}
	first, last := table[0], table[len(table)-1]
	grown := last.Total - first.Total
	if grown <= 0 {
		return payoffChart{}
	}
	const low = 120 // of a height of 160: the first day is not nothing
	x := func(d money.Date) int { return int(d-first.Date) * chartWidth / int(last.Date-first.Date) }
	y := func(c money.Cents) int { return low - int(int64(c-first.Total)*low/int64(grown)) }
	points := make([]point, len(table))
	for i, d := range table {
		points[i] = point{d.Date, d.Total}
	}
	return payoffChart{Line: line(points, x, y), Low: low, Summary: fmt.Sprintf("From %s on %s to %s on %s: %s of interest in %s.",
		first.Total.USD(), first.Date.Short(), last.Total.USD(), last.Date.Long(), grown.USD(), days(int(last.Date-first.Date)))}
}
