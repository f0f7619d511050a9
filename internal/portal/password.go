package portal

import (
	"net/http"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

type ownPasswordPage struct {
	web.Page
	Least    int  // characters
	IsForced bool // the password is known to others, and nothing else can be done first
	Strength *identity.Strength
}

func (p *portal) showChangePassword(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.passwordForm(w, r, s, nil)
}

func (p *portal) passwordForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	v := ownPasswordPage{Page: page(s, "Change your password", "security"), Least: p.svc.LeastPassword(), IsForced: s.Actor.Standing.MustChange}
	v.Layout, v.Back, v.Form, v.Scripts = "flow", "/security", form, []string{"password.js"}
	if v.IsForced {
		v.Title = "Choose a new password"
		v.Page = alone(v.Page)
	}
	if next := form.Raw("password"); next != "" && form.ErrorFor("password") != "" {
		all, err := p.svc.Security(r.Context(), s.Actor)
		if err != nil {
			return found(err)
		}
		strength := identity.PasswordStrength(next, s.FirstName, s.LastName, all.Username, p.site.Brand.Name, p.site.Brand.ShortName)
		v.Strength = &strength
	}
	return p.show(w, r, "password", form, v)
}

func (p *portal) choosePassword(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Raw("current") == "" {
		form.Error("current", "Enter the password you have now.")
	}
	password := needPassword(form)
	if !form.OK() {
		return p.passwordForm(w, r, s, form)
	}
	entry, err := p.svc.ChangePassword(r.Context(), s.Actor, form.Raw("current"), password, p.source(r))
	if err != nil {
		return mend(w, r, s, form, err, p.passwordForm)
	}
	return p.enter(w, r, entry, "/security?done=password")
}
