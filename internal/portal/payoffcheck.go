package portal

import (
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

type payoffCheckPage struct {
	web.Page
	Found *servicing.PayoffCheck
	Payee []string
}

// showPayoffCheck is for a dealer or a buyer who holds a payoff letter.
func (p *portal) showPayoffCheck(w http.ResponseWriter, r *http.Request) error {
	return p.showPayoffCheckForm(w, r, nil, nil)
}

func (p *portal) showPayoffCheckForm(w http.ResponseWriter, r *http.Request, form *web.Form, found *servicing.PayoffCheck) error {
	return p.show(w, r, "payoff-check", form, newPayoffCheckPage(p.svc.Lender().Address, form, found))
}

func newPayoffCheckPage(payee []string, form *web.Form, found *servicing.PayoffCheck) payoffCheckPage {
	v := payoffCheckPage{Page: web.Page{Title: "Check a payoff letter", Layout: "narrow", Back: "/", Form: form}, Found: found, Payee: payee}
	if found != nil {
		v.Layout, v.Back = "flow", servicing.PayoffCheckPath
	}
	return v
}

// checkPayoff answers on the page itself: nothing of a letter stands in an address.
func (p *portal) checkPayoff(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	found, err := p.svc.CheckPayoff(r.Context(), form.Value("code"), p.source(r))
	if err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showPayoffCheckForm(w, r, form, nil)
	}
	return p.showPayoffCheckForm(w, r, form, &found)
}
