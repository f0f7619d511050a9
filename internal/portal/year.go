package portal

import (
	"net/http"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type yearPage struct {
	web.Page
	billing.Year
	IsLease, HasTax bool
	BalanceName     string
	OpeningName     string
	ClosingName     string
	Chart           yearChart
	Earlier, Later  int // years that there are; zero for none
	Href            string
}

// year sums a calendar year of an account.
func (p *portal) year(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	n, err := strconv.Atoi(r.PathValue("year"))
	if err != nil || strconv.Itoa(n) != r.PathValue("year") {
		return web.NotFound()
	}
	head, y, err := p.svc.Year(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")), n)
	if err != nil {
		return found(err)
	}
	return p.show(w, r, "year", nil, newYearPage(s, head, y))
}

func newYearPage(s servicing.Session, head servicing.AccountHead, y billing.Year) yearPage {
	v := yearPage{Page: aboutHead(page(s, strconv.Itoa(y.Year)+" in numbers", "overview"), head), Year: y, IsLease: head.Kind == contract.Lease, HasTax: head.HasTax || y.Tax != 0,
		BalanceName: balanceName(head.Kind), Href: accountHref(head.ID)}
	v.Back, v.BusinessDate = v.Href+"/history", head.Date
	v.OpeningName, v.ClosingName = v.BalanceName+" on "+y.From.Long(), v.BalanceName+" on "+y.Through.Long()
	if y.Year > head.First.Year() {
		v.Earlier = y.Year - 1
	}
	if y.Year < head.Date.Year() {
		v.Later = y.Year + 1
	}
	v.Chart = newYearChart(head.Kind, y)
	return v
}

// AsOf is the day that a year's figures stand on when it is not over; zero when it
// is.
func (v yearPage) AsOf() money.Date {
	if v.Through == money.NewDate(v.Year.Year, 12, 31) {
		return 0
	}
	return v.Through
}

// Name is a month's name.
func (v yearPage) Name(m billing.YearMonth) string { return m.Month.Time().Month().String() }
