package console

import (
	"errors"
	"net/http"
	"slices"

	"marque/internal/servicing"
	"marque/internal/web"
)

type factorPage struct {
	web.Page
	First   bool // before anything else
	Passkey ask
}

func (c *console) showAddFactor(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.factorForm(w, r, s, nil)
}

func (c *console) factorForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	p := factorPage{Page: page(s, "Add a second step", "me"), First: s.Enrolling}
	p.Layout, p.Form, p.Scripts = "flow", form, []string{"passkey.js"}
	var err error
	if p.Passkey, err = asked(c.svc.StartPasskey(r.Context(), s.Actor)); err != nil {
		return err
	}
	return c.show(w, r, "factor", form, p)
}

func (c *console) addPasskey(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.FinishPasskey(r.Context(), s.Actor, form.Value("box"), form.Value("name"), form.Value("credential"), c.source(r))
	if err == nil {
		return c.enter(w, r, entry, afterFactor(s))
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.factorForm(w, r, s, form)
}

func afterFactor(s servicing.StaffSession) string {
	if s.Enrolling {
		return "/"
	}
	return "/me"
}

type appPage struct {
	web.Page
	servicing.AppSetup
}

func (c *console) showApp(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	setup, err := c.svc.StartApp(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	return c.appForm(w, r, s, setup, nil)
}

func (c *console) appForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, setup servicing.AppSetup, form *web.Form) error {
	p := appPage{page(s, "Set up an authenticator app", "me"), setup}
	p.Layout, p.Form, p.Scripts = "flow", form, []string{"print.js"}
	return c.show(w, r, "app", form, p)
}

func (c *console) addApp(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.FinishApp(r.Context(), s.Actor, form.Value("box"), "", form.Value("code"), c.source(r))
	if err == nil {
		return c.enter(w, r, entry, afterFactor(s))
	}
	if no := refusal(err); no == nil || no.Code == "step_up" {
		return err
	}
	setup, gone := c.svc.ReadApp(r.Context(), s.Actor, form.Value("box"))
	if refusal(gone) != nil {
		return see(w, r, "/me/factor")
	}
	if gone != nil {
		return gone
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.appForm(w, r, s, setup, form)
}

func (c *console) showConfirm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.confirmForm(w, r, s, nil, pageFor(r.URL.Query().Get("next")))
}

func (c *console) confirmForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form, next string) error {
	offers, err := c.svc.Confirming(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	p := secondPage{Page: page(s, "Confirm that it is you", ""), Next: next, Code: "/confirm", Key: "/confirm/passkey"}
	p.Layout, p.Form, p.Scripts = "flow", form, []string{"passkey.js"}
	p.App = slices.ContainsFunc(offers, func(o servicing.Offer) bool { return o.Kind == servicing.App })
	if slices.ContainsFunc(offers, func(o servicing.Offer) bool { return o.Kind == servicing.Passkey }) {
		if p.Passkey, err = asked(c.svc.ConfirmPasskey(r.Context(), s.Actor)); err != nil {
			return err
		}
	}
	return c.show(w, r, "confirm", form, p)
}

func (c *console) confirm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.Confirm(r.Context(), s.Actor, servicing.App, form.Value("code"), c.source(r))
	return c.confirmed(w, r, s, form, entry, err)
}

func (c *console) confirmPasskey(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.FinishConfirmPasskey(r.Context(), s.Actor, form.Value("box"), form.Value("credential"), c.source(r))
	return c.confirmed(w, r, s, form, entry, err)
}

func (c *console) confirmed(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form, entry servicing.Entry, err error) error {
	next := pageFor(form.Value("next"))
	if err == nil {
		return c.enter(w, r, entry, next)
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.confirmForm(w, r, s, form, next)
}

type mePage struct {
	web.Page
	servicing.Security
	MustChange bool
}

func (c *console) me(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.meForm(w, r, s, nil)
}

func (c *console) meForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	sec, err := c.svc.Security(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	p := mePage{page(s, "How you sign in", "me"), sec, s.Actor.Standing.MustChange}
	p.Form, p.Scripts = form, []string{"password.js"}
	if r.URL.Query().Get("done") == "yes" {
		p.Notice = "Done."
	}
	return c.show(w, r, "me", form, p)
}

func (c *console) changePassword(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.ChangePassword(r.Context(), s.Actor, form.Raw("current"), form.Raw("password"), c.source(r))
	if err == nil {
		return c.enter(w, r, entry, "/me?done=yes")
	}
	if no := refusal(err); no == nil || no.Code == "step_up" {
		return err
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.meForm(w, r, s, form)
}

func (c *console) removeFactor(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := c.svc.RemoveFactor(r.Context(), s.Actor, r.PathValue("id"), c.source(r))
	if err == nil {
		return c.enter(w, r, entry, "/me?done=yes")
	}
	if no := refusal(err); no == nil || no.Code == "step_up" {
		return err
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.meForm(w, r, s, form)
}

func (c *console) endOthers(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	if err := c.svc.EndOtherSessions(r.Context(), s.Actor); err != nil && !errors.Is(err, servicing.ErrNotFound) {
		return err
	}
	return see(w, r, "/me?done=yes")
}
