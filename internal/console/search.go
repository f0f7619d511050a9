package console

import (
	"net/http"
	"net/url"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

type searchPage struct {
	web.Page
	Found    []servicing.FoundCustomer
	Searched bool
}

// search is the first page. Who may not look for customers is led to what they
// may do.
func (c *console) search(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	if s.Actor.Standing.MustChange {
		return see(w, r, "/me")
	}
	if !s.Actor.Role.Has(identity.DutyFind) {
		if s.Actor.Role.Has(identity.DutyStaff) {
			return see(w, r, "/staff")
		}
		return see(w, r, "/me")
	}
	p := searchPage{Page: page(s, "Customers", "find")}
	box := r.URL.Query().Get("found")
	if box == "" {
		return c.show(w, r, "search", nil, p)
	}
	text, err := c.svc.UnsealSearch(r.Context(), s.Actor, box)
	if refusal(err) != nil {
		return see(w, r, "/") // too old, or another session's
	}
	if err != nil {
		return err
	}
	p.Form, p.Searched = web.NewForm("q", text), true
	if p.Found, err = c.svc.Find(r.Context(), s.Actor, text); err != nil {
		if err := told(p.Form, err); err != nil {
			return err
		}
	}
	return c.show(w, r, "search", p.Form, p)
}

// find leads to the answer. What was typed is a name or a number of somebody's, and
// stands in the address only as nobody can read it.
func (c *console) find(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	box, err := c.svc.SealSearch(r.Context(), s.Actor, form.Value("q"))
	if err != nil {
		return err
	}
	return see(w, r, "/?found="+url.QueryEscape(box))
}
