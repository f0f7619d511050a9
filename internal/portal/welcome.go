package portal

import (
	"errors"
	"net/http"

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
		return p.show(w, r, "welcome", nil, signInPage{Page: web.Page{Title: "Manage your loan or lease", Layout: "narrow"}})
	case err != nil:
		return err
	}
	return p.overview(w, r, s)
}
