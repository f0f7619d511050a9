package portal

import (
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

// signInPage is also the welcome page's: both hold the same form.
type signInPage struct {
	web.Page
	Next string // the page wanted
	Why  string // what happened before, when something did
}

// whySignIn are the reasons a person is sent here, by their name in the
// address. Words that are not in this list cannot be put on the page.
var whySignIn = map[string]string{
	"ended":      "You were signed out because nothing happened for a while. Sign in to go on where you were.",
	"ended-form": "You were signed out because nothing happened for a while. What you sent was not carried out: no payment was made and nothing was changed. Sign in to go on.",
	"out":        "You are signed out.",
}

func (p *portal) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := pageFor(r.URL.Query().Get("next"))
	if _, err := p.session(r); err == nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	return p.showSignInForm(w, r, nil, next)
}

func (p *portal) showSignInForm(w http.ResponseWriter, r *http.Request, form *web.Form, next string) error {
	return p.show(w, r, "signin", form, signInPage{
		Page: web.Page{Title: "Sign in", Layout: "narrow", Form: form},
		Next: next, Why: whySignIn[r.URL.Query().Get("why")],
	})
}

func (p *portal) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	next := pageFor(form.Value("next"))
	username := form.Need("username", "Enter your username.")
	if form.Raw("password") == "" {
		form.Error("password", "Enter your password.")
	}
	if !form.OK() {
		return p.showSignInForm(w, r, form, next)
	}
	token, err := p.svc.SignIn(r.Context(), username, form.Raw("password"), p.source(r))
	if err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.showSignInForm(w, r, form, next)
	}
	p.setSession(w, token.Session)
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (p *portal) signOut(w http.ResponseWriter, r *http.Request) error {
	if token := p.token(r); token != "" {
		if err := p.svc.SignOut(r.Context(), token); err != nil {
			return err
		}
	}
	p.setSession(w, "")
	web.ClearSiteData(w)
	http.Redirect(w, r, "/sign-in?why=out", http.StatusSeeOther)
	return nil
}

// activatePage is each of the three pages of activation.
type activatePage struct {
	web.Page
	Username string
	Ended    bool // an earlier try had run out
}

func activationPage(title string, form *web.Form) activatePage {
	return activatePage{Page: web.Page{Title: title, Layout: "narrow", Form: form}}
}

func (p *portal) flow(r *http.Request) servicing.FlowID {
	c, err := r.Cookie(flowCookie)
	if err != nil {
		return "" // the only error is that there is none
	}
	return servicing.FlowID(c.Value)
}
