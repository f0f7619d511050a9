package portal

import (
	"errors"
	"net/http"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

// handler is a page or a form of somebody who is signed in.
type handler = func(http.ResponseWriter, *http.Request, servicing.Session) error

// needs asks before a page is shown or a form is read whether the session may do
// what it is for, so that nobody fills in a form for nothing.
func (p *portal) needs(a identity.Action, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
		err := p.svc.May(s.Actor, a)
		switch {
		case err == nil:
			return h(w, r, s)
		case errors.Is(err, servicing.ErrForbidden):
			return p.elsewhere(w, r, s)
		case refusedAs(err, "step_up"):
			return p.askConfirm(w, r, pageFor(r.URL.Path))
		}
		return p.showHeld(w, r, s, err)
	}
}

type heldPage struct {
	web.Page
	Why string
}

// showHeld says until when something cannot be changed.
func (p *portal) showHeld(w http.ResponseWriter, r *http.Request, s servicing.Session, err error) error {
	held, ok := errors.AsType[*servicing.Refusal](err)
	if !ok {
		return err
	}
	v := heldPage{Page: page(s, "This has to wait", ""), Why: held.Message}
	v.Layout, v.Back = "flow", "/"
	return p.pages.Render(w, r, http.StatusForbidden, "held", v)
}
