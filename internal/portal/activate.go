package portal

import (
	"errors"
	"net/http"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

func (p *portal) showActivate(w http.ResponseWriter, r *http.Request) error {
	page := activationPage("Activate online access", nil)
	page.Ended = r.URL.Query().Get("why") == "ended"
	return p.show(w, r, "activate", nil, page)
}

// startActivation goes on to the next page whether or not anyone matches, so
// that nobody learns who has an account.
func (p *portal) startActivation(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	req := servicing.ActivationRequest{
		AccountNumber: form.Need("account_number", "Enter your account number."),
		SSN4:          form.Digits("ssn4", "Enter the last four digits of your Social Security number."),
		ZIP:           form.Need("zip", "Enter your ZIP code."),
	}
	if form.OK() {
		flow, err := p.svc.StartActivation(r.Context(), req, p.source(r))
		if err == nil {
			p.setCookie(w, flowCookie, string(flow), "/activate")
			http.Redirect(w, r, "/activate/code", http.StatusSeeOther)
			return nil
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	return p.show(w, r, "activate", form, activationPage("Activate online access", form))
}

func (p *portal) showCode(w http.ResponseWriter, r *http.Request) error {
	if p.flow(r) == "" {
		return p.restartActivation(w, r)
	}
	return p.show(w, r, "activate-code", nil, activationPage("Enter your code", nil))
}

func (p *portal) proveActivation(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if p.flow(r) == "" {
		return p.restartActivation(w, r)
	}
	if code := form.Need("code", "Enter the code from the e-mail."); code != "" {
		err := p.svc.ProveActivation(r.Context(), p.flow(r), code, p.source(r))
		switch {
		case err == nil:
			http.Redirect(w, r, "/activate/password", http.StatusSeeOther)
			return nil
		case flowGone(err):
			return p.restartActivation(w, r)
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	return p.show(w, r, "activate-code", form, activationPage("Enter your code", form))
}

func (p *portal) showPassword(w http.ResponseWriter, r *http.Request) error {
	if p.flow(r) == "" {
		return p.restartActivation(w, r)
	}
	name, err := p.svc.ActivationName(r.Context(), p.flow(r))
	switch {
	case flowGone(err):
		return p.restartActivation(w, r)
	case err != nil:
		return err
	}
	page := activationPage("Choose a password", nil)
	page.Username = name
	return p.show(w, r, "activate-password", nil, page)
}

func (p *portal) finishActivation(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if p.flow(r) == "" {
		return p.restartActivation(w, r)
	}
	username := form.Need("username", "Choose a username.")
	password := form.Raw("password")
	if password == "" {
		form.Error("password", "Choose a password of at least 15 characters.")
	} else {
		if problem := identity.PasswordProblem(password, identity.MinPasswordWithFactor, username); problem != "" {
			form.Error("password", problem)
		}
		if password != form.Raw("password_again") {
			form.Error("password_again", "The two passwords are not the same. Type both again.")
		}
	}
	if username != "" && !form.OK() {
		if err := p.usernameProblem(r, form, username); err != nil {
			return err
		}
	}
	if form.OK() {
		token, err := p.svc.FinishActivation(r.Context(), p.flow(r), username, password, p.source(r))
		switch {
		case err == nil:
			p.setCookie(w, flowCookie, "", "/activate")
			p.setSession(w, token.Session)
			http.Redirect(w, r, "/?done=activated", http.StatusSeeOther)
			return nil
		case flowGone(err):
			return p.restartActivation(w, r)
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	return p.show(w, r, "activate-password", form, activationPage("Choose a password", form))
}

// usernameProblem notes what is wrong with the username, so that it is said
// together with the password's problem: without a password nothing is finished.
func (p *portal) usernameProblem(r *http.Request, form *web.Form, username string) error {
	_, err := p.svc.FinishActivation(r.Context(), p.flow(r), username, "", p.source(r))
	no, ok := errors.AsType[*servicing.Refusal](err)
	switch {
	case !ok:
		return err
	case no.Field == "username":
		form.Error(no.Field, no.Message)
	}
	return nil
}

// flowGone says that the run through these pages is over, or never began.
func flowGone(err error) bool {
	no, ok := errors.AsType[*servicing.Refusal](err)
	return ok && no.Code == "flow_gone"
}

// restartActivation begins again when a try ran out or was never begun.
func (p *portal) restartActivation(w http.ResponseWriter, r *http.Request) error {
	p.setCookie(w, flowCookie, "", "/activate")
	http.Redirect(w, r, "/activate?why=ended", http.StatusSeeOther)
	return nil
}
