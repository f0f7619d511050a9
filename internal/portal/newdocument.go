package portal

import (
	"net/http"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/servicing"
	"marque/internal/web"
)

type newDocumentPage struct {
	web.Page
	IsLease bool
	Year    int // this one; the summaries of earlier years are made when they are over
	Href    string
}

// showNewDocument offers the papers that are made when somebody asks for them.
func (p *portal) showNewDocument(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.newDocumentForm(w, r, s, nil)
}

func (p *portal) newDocumentForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	card, err := p.svc.Card(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	return p.show(w, r, "document-new", form, makeNewDocumentPage(s, card, form))
}

func makeNewDocumentPage(s servicing.Session, card servicing.Card, form *web.Form) newDocumentPage {
	v := newDocumentPage{Page: about(page(s, "Get a document", "documents"), card), IsLease: card.Kind == contract.Lease, Href: accountHref(card.ID)}
	v.Layout, v.Back, v.Form, v.BusinessDate = "flow", "/documents", form, card.Due.AsOf
	v.Year = card.Due.AsOf.Year()
	return v
}

// makeDocument makes one of them and leads to it.
func (p *portal) makeDocument(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	id := servicing.ContractID(r.PathValue("id"))
	var d servicing.DueDocument
	switch billing.DocumentKind(form.Value("kind")) {
	case billing.DocSchedule:
		d, err = p.svc.PrintSchedule(r.Context(), s.Actor, id)
	case billing.DocHistory:
		from, through := form.Date("from"), form.Date("through")
		if !form.OK() {
			return p.newDocumentForm(w, r, s, form)
		}
		d, err = p.svc.PrintHistory(r.Context(), s.Actor, id, from, through)
	case billing.DocInterestSummary:
		year, wrong := strconv.Atoi(form.Value("year"))
		if wrong != nil {
			return web.NotFound()
		}
		d, err = p.svc.PrintInterest(r.Context(), s.Actor, id, year)
	default:
		return web.NotFound()
	}
	if err != nil {
		if err := told(form, err, nil); err != nil {
			return found(err)
		}
		return p.newDocumentForm(w, r, s, form)
	}
	http.Redirect(w, r, accountHref(id)+"/documents/"+string(d.ID), http.StatusSeeOther)
	return nil
}
