package portal

import (
	"net/http"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/servicing"
	"marque/internal/web"
)

// papersOf are the papers that a borrower can have made of a contract, as things
// stand today.
type papersOf struct {
	Account string
	ID      servicing.ContractID
	Loan    bool   // its interest can be summed
	Year    string // the present one
}

func makeable(o servicing.Overview, names map[servicing.ContractID]string) (out []papersOf) {
	for _, c := range o.Contracts {
		out = append(out, papersOf{names[c.ID], c.ID, c.Kind == contract.Loan, strconv.Itoa(o.Date.Year())})
	}
	return out
}

// makeDocument makes the paper that was asked for and leads to it; a refusal is
// shown beside the list.
func (p *portal) makeDocument(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	d, err := p.made(r, s, servicing.ContractID(form.Value("account")), billing.DocumentKind(form.Value("kind")))
	if err == nil {
		http.Redirect(w, r, newDocumentRow(d.Document, "").Href, http.StatusSeeOther)
		return nil
	}
	if err := told(form, err, nil); err != nil {
		return err
	}
	return p.listDocuments(w, r, s, form)
}

func (p *portal) made(r *http.Request, s servicing.Session, id servicing.ContractID, kind billing.DocumentKind) (servicing.DueDocument, error) {
	switch kind {
	case billing.DocSchedule:
		return p.svc.PrintSchedule(r.Context(), s.Actor, id)
	case billing.DocHistory:
		return p.svc.PrintHistory(r.Context(), s.Actor, id, 0, 0)
	case billing.DocInterestSummary:
		day, err := p.svc.Today(r.Context())
		if err != nil {
			return servicing.DueDocument{}, err
		}
		return p.svc.PrintInterest(r.Context(), s.Actor, id, day.Year())
	}
	return servicing.DueDocument{}, servicing.ErrNotFound
}
