package portal

import (
	"net/http"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type statementPage struct {
	web.Page
	billing.Statement
	Ends      string
	IsLease   bool
	DueWords  string
	This      string      // what the payment of the due date is called
	ThisPays  money.Cents // and what is asked for it
	LateWords string
	HasTax    bool
	PDF       string
}

// statement shows one statement, or sends it as a PDF when the address ends in
// .pdf: a path's last part is the closing date with or without that ending.
func (p *portal) statement(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	name, isPDF := strings.CutSuffix(r.PathValue("closing"), ".pdf")
	closing, err := money.ParseDate(name)
	if err != nil {
		return web.NotFound()
	}
	id := servicing.ContractID(r.PathValue("id"))
	if isPDF {
		d, err := p.svc.StatementDocument(r.Context(), s.Actor, id, closing)
		if err != nil {
			return found(err)
		}
		return p.sendDocument(w, r, d, inline)
	}
	st, err := p.svc.Statement(r.Context(), s.Actor, id, closing)
	if err != nil {
		return found(err)
	}
	return p.show(w, r, "statement", nil, newStatementPage(s, r.URL.Path, st))
}

func newStatementPage(s servicing.Session, address string, st billing.Statement) statementPage {
	v := statementPage{Page: page(s, "Statement of "+st.Closing.Long(), "documents"), Statement: st, Ends: ends(st.AccountNumber),
		IsLease: st.Kind == contract.Lease, PDF: address + ".pdf", DueWords: "due " + st.DueDate.Long()}
	if st.PastDue > 0 {
		v.DueWords = st.PastDue.USD() + " of it past due now"
	}
	v.This, v.ThisPays = st.ThisPayment(billing.English)
	v.LateWords = st.LateFeeWords(billing.English)
	v.HasTax = slices.ContainsFunc(st.Lines, func(l billing.StatementLine) bool { return l.Allocation.Tax != 0 })
	v.Back, v.Contract = "/documents", st.Vehicle+" ••"+v.Ends
	return v
}

// FeesOf is the fee part of a line.
func (v statementPage) FeesOf(a contract.Allocation) money.Cents { return fees(a) }

// Shown is the amount that a line shows.
func (v statementPage) Shown(l billing.StatementLine) money.Cents { return l.Shown() }

// Less is an amount taken away, with a minus sign; zero has none.
func (v statementPage) Less(c money.Cents) string {
	if c == 0 {
		return c.USD()
	}
	return strings.Replace((-c).USD(), "-", "−", 1)
}
