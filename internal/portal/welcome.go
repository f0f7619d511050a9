package portal

import (
	"errors"
	"net/http"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

// home is the overview for those signed in, and the way in for all others.
func (p *portal) home(w http.ResponseWriter, r *http.Request) error {
	s, err := p.session(r)
	switch {
	case errors.Is(err, servicing.ErrNoSession) && p.token(r) != "":
		return p.askSignIn(w, r)
	case errors.Is(err, servicing.ErrNoSession):
		v, err := p.newSignInPage(web.Page{Title: "Manage your loan or lease", Layout: "narrow"}, "", "")
		if err != nil {
			return err
		}
		return p.show(w, r, "welcome", nil, v)
	case err != nil:
		return err
	}
	return p.let(w, r, s, identity.ActRead, p.overview)
}
