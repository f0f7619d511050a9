package portal

import (
	"errors"
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

type helpPage struct {
	web.Page
	In bool
}

// help is open to everybody: whoever cannot sign in needs it most.
func (p *portal) help(w http.ResponseWriter, r *http.Request) error {
	v := helpPage{Page: web.Page{Title: "Help"}}
	switch s, err := p.session(r); {
	case err == nil:
		v.Page, v.In = page(s, "Help", "help"), true
	case !errors.Is(err, servicing.ErrNoSession):
		return err
	default:
		v.Back = "/"
	}
	return p.show(w, r, "help", nil, v)
}
