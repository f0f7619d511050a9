package portal

import (
	"fmt"
	"net/http"

	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type overviewPage struct {
	web.Page
	Cards []overviewCard
}

type overviewCard struct {
	servicing.Card
	Reading     reading
	Ended       string // that a returned payment turned autopay off
	Why         web.Why
	Vehicle     string
	Label       string // "Loan ••4821"
	BalanceName string
	Method      string // of autopay
	WhyPayoff   web.Why
	PayoffName  string
	Charged     bool // off
	AllDue      bool
	Progress    string // in words; empty when there is nothing to measure
	Lately      []event
	Next        []event
	Href        string
}

var overviewDone = map[string]string{
	"caller":     "Thank you. The person on the phone knows now that it is you.",
	"not-caller": "Thank you. The caller gets nothing. If you think that somebody pretends to be you, change your password under Security.",
}

func (p *portal) overview(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	o, err := p.svc.Overview(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	accounts := map[servicing.ContractID]servicing.Account{}
	for _, c := range o.Contracts {
		if accounts[c.ID], err = p.svc.Account(r.Context(), s.Actor, c.ID); err != nil {
			return found(err)
		}
	}
	v := newOverview(s, o, accounts)
	v.Notice = overviewDone[r.URL.Query().Get("done")]
	if v.Banner, err = p.callerBanner(r, s); err == nil && v.Banner == nil {
		v.Banner, err = p.unreachableBanner(r, s)
	}
	if err != nil {
		return err
	}
	return p.show(w, r, "overview", nil, v)
}

// newOverview takes each contract's own page with it, for what a card does not
// say: money that came otherwise, and the days behind the interest.
func newOverview(s servicing.Session, o servicing.Overview, accounts map[servicing.ContractID]servicing.Account) overviewPage {
	v := overviewPage{Page: page(s, "Overview", "overview")}
	v.BusinessDate = o.Date
	for _, c := range o.Contracts {
		a, carried := accounts[c.ID], money.Cents(0)
		if a.ID != "" {
			carried = a.State.Accrued.Round(a.Terms.Rounding)
		}
		v.Cards = append(v.Cards, overviewCard{
			Card: c, Reading: read(c), Ended: endedWords(c), Why: whyNow(c.Due), Vehicle: vehicleName(c.Vehicle),
			Label: kindName(c.Kind) + " ••" + ends(c.AccountNumber), BalanceName: balanceName(c.Kind), PayoffName: payoffName(c), Method: autopayMethod(c),
			Charged: c.ChargedOff, AllDue: allDue(c), Progress: progressWords(c), WhyPayoff: whyPayoff(c.Kind, c.Payoff, a.Spans, carried), Lately: lately(c, outside(a)), Next: next(c), Href: accountHref(c.ID),
		})
	}
	if len(o.Contracts) == 1 {
		v.Page = about(v.Page, o.Contracts[0])
	}
	return v
}

func autopayMethod(c servicing.Card) string {
	if c.Autopay == nil {
		return ""
	}
	return methodName(c.Autopay.Method)
}

func progressWords(c servicing.Card) string {
	if c.ChargedOff || c.Original <= 0 || c.Paid < 0 || c.Paid > c.Original {
		return ""
	}
	percent := int64(c.Paid) * 100 / int64(c.Original)
	if c.Kind == contract.Lease {
		return fmt.Sprintf("%s of %s in lease payments made (%d%%)", c.Paid.USD(), c.Original.USD(), percent)
	}
	return fmt.Sprintf("%s of %s principal repaid (%d%%)", c.Paid.USD(), c.Original.USD(), percent)
}
