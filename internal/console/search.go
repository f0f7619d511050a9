package console

import (
	"net/http"

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
	return c.show(w, r, "search", nil, searchPage{Page: page(s, "Customers", "find")})
}

// find answers in place: what was typed is a name or a number of somebody's, and
// stands in no address.
func (c *console) find(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	p := searchPage{Page: page(s, "Customers", "find"), Searched: true}
	p.Form = form
	p.Found, err = c.svc.Find(r.Context(), s.Actor, form.Value("q"))
	if err != nil {
		if err := told(form, err); err != nil {
			return err
		}
	}
	return c.show(w, r, "search", form, p)
}
