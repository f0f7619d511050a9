package portal

import (
	"net/http"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type documentsPage struct {
	web.Page
	Contracts []documentsOf
	Receipts  []paymentRow
}

// documentsOf are one contract's papers.
type documentsOf struct {
	Vehicle, Label, Href string
	Statements           []servicing.Statement
	FirstStatement       string // when it will appear
	Closed, Autopay      bool
}

// latestReceipts is how many receipts stand here; all are under Payments.
const latestReceipts = 12

// documents asks for the statements of each contract; few people have more than two.
func (p *portal) documents(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	o, err := p.svc.Overview(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	list, err := p.svc.Payments(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	statements := map[servicing.ContractID][]servicing.Statement{}
	for _, c := range o.Contracts {
		if statements[c.ID], err = p.svc.Statements(r.Context(), s.Actor, c.ID); err != nil {
			return found(err)
		}
	}
	return p.show(w, r, "documents", nil, newDocumentsPage(s, o, list, statements))
}

func newDocumentsPage(s servicing.Session, o servicing.Overview, list []servicing.Payment, statements map[servicing.ContractID][]servicing.Statement) documentsPage {
	v := documentsPage{Page: page(s, "Documents", "documents")}
	v.BusinessDate = o.Date
	vehicles := map[servicing.ContractID]string{}
	for _, c := range o.Contracts {
		vehicles[c.ID] = vehicleName(c.Vehicle)
		v.Contracts = append(v.Contracts, documentsOf{Vehicle: vehicleName(c.Vehicle), Label: kindName(c.Kind) + " ••" + ends(c.AccountNumber),
			Href: accountHref(c.ID), Statements: statements[c.ID], FirstStatement: firstStatement(c.Due.Upcoming), Closed: c.Closed, Autopay: c.Autopay != nil && !c.Autopay.Method.Theirs})
	}
	for _, pay := range list {
		if pay.State == billing.Scheduled || pay.State == billing.Cancelled || len(v.Receipts) == latestReceipts {
			continue
		}
		v.Receipts = append(v.Receipts, paymentRow{Payment: pay, Vehicle: vehicles[pay.Contract], Href: paymentHref(pay), Status: statusOfPayment(pay)})
	}
	return v
}

func firstStatement(due money.Date) string {
	if due.IsZero() {
		return "Statements for this account will be listed here."
	}
	return "Your first statement will be listed here some weeks before the payment due on " + due.Long() + ". We will send you an e-mail when it is ready."
}
