package portal

import (
	"bytes"
	"net/http"

	"marque/internal/paper"
	"marque/internal/servicing"
	"marque/internal/web"
)

// paperlessPage asks for the consent to electronic records, or offers to take it
// back.
type paperlessPage struct {
	web.Page
	servicing.Profile
	Terms []string
}

func (p *portal) showPaperless(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.paperlessForm(w, r, s, nil)
}

func (p *portal) paperlessForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	who, err := p.svc.Profile(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	return p.show(w, r, "paperless", form, newPaperlessPage(s, who, p.svc.PaperlessText(), form))
}

func newPaperlessPage(s servicing.Session, who servicing.Profile, terms []string, form *web.Form) paperlessPage {
	v := paperlessPage{Page: page(s, "Paperless", "profile"), Profile: who, Terms: terms}
	v.Layout, v.Back, v.Form = "flow", "/profile", form
	return v
}

// paperlessSample is the document that has to be opened, with the customer's own
// word in it.
func (p *portal) paperlessSample(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	word, err := p.svc.PaperlessWord(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	who, err := p.svc.Profile(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	sample, err := paper.Sample(who.Language, p.svc.Lender(), word)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `inline; filename="sample.pdf"`)
	return p.send(w, r, int64(len(sample)), bytes.NewReader(sample))
}

func (p *portal) agreePaperless(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	word := form.Need("word", "Open the sample and type the word in its box.")
	if !form.OK() {
		return p.paperlessForm(w, r, s, form)
	}
	if err := p.svc.AgreePaperless(r.Context(), s.Actor, word, p.source(r)); err != nil {
		return mend(w, r, s, form, err, p.paperlessForm)
	}
	http.Redirect(w, r, "/profile?done=paperless", http.StatusSeeOther)
	return nil
}

func (p *portal) withdrawPaperless(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if err := p.svc.WithdrawPaperless(r.Context(), s.Actor, p.source(r)); err != nil {
		return found(err)
	}
	http.Redirect(w, r, "/profile?done=paper", http.StatusSeeOther)
	return nil
}
