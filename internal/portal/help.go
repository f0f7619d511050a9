package portal

import (
	"errors"
	"net/http"
	"slices"

	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

type helpPage struct {
	web.Page
	In    bool
	Lease bool // leases only, and so no interest
}

// help is open to everybody: whoever cannot sign in needs it most.
func (p *portal) help(w http.ResponseWriter, r *http.Request) error {
	v := helpPage{Page: web.Page{Title: "Help"}}
	switch s, err := p.session(r); {
	case err == nil && may(s, identity.ActRead) == nil:
		v.Page, v.In = page(s, "Help", "help"), true
		o, err := p.svc.Overview(r.Context(), s.Actor)
		if err != nil {
			return err
		}
		loan := func(c servicing.Card) bool { return c.Kind == contract.Loan }
		v.Lease = len(o.Contracts) > 0 && !slices.ContainsFunc(o.Contracts, loan)
	case err != nil && !errors.Is(err, servicing.ErrNoSession):
		return err
	default:
		v.Back = "/"
	}
	return p.show(w, r, "help", nil, v)
}
