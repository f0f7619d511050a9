package portal

import (
	"encoding/json"
	"errors"
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

// signInPage is also the welcome page's: both hold the same form.
type signInPage struct {
	web.Page
	Next    string          // the page wanted
	Why     string          // what happened before, when something did
	Passkey json.RawMessage // what the browser is asked; nothing where there are no passkeys
	Box     string          // what the page holds until it answers
}

// whySignIn are the reasons a person is sent here, by their name in the
// address. Words that are not in this list cannot be put on the page.
var whySignIn = map[string]string{
	"ended":      "You were signed out because nothing happened for a while. Sign in to go on where you were.",
	"ended-form": "You were signed out because nothing happened for a while. What you sent was not carried out: no payment was made and nothing was changed. Sign in to go on.",
	"out":        "You are signed out.",
	"again":      "That took too long, or there were too many wrong codes. Start again with your username and password.",
	"restored":   "Your new second step is set up, and what you lost no longer works. Sign in with it now.",
	"changed":    "Your password is changed. Sign in with the new one.",
}

// newSignInPage asks for a passkey too, where the address has them.
func (p *portal) newSignInPage(b web.Page, next, why string) (signInPage, error) {
	v := signInPage{Page: b, Next: next, Why: whySignIn[why]}
	v.Scripts = []string{"password.js"}
	call, err := p.svc.PasskeySignIn()
	if err != nil {
		return v, noPasskeys(err)
	}
	v.Passkey, v.Box = json.RawMessage(call.Options), call.Box
	v.Scripts = append(v.Scripts, "passkey.js")
	return v, nil
}

// noPasskeys takes it for no error that an address has no passkeys.
func noPasskeys(err error) error {
	if no, ok := errors.AsType[*servicing.Refusal](err); ok && no.Code == "no_passkeys" {
		return nil
	}
	return err
}

func (p *portal) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := pageFor(r.URL.Query().Get("next"))
	if s, err := p.session(r); err == nil {
		http.Redirect(w, r, wayOn(s.Actor.Standing, next), http.StatusSeeOther)
		return nil
	}
	return p.showSignInForm(w, r, nil, next)
}

func (p *portal) showSignInForm(w http.ResponseWriter, r *http.Request, form *web.Form, next string) error {
	v, err := p.newSignInPage(web.Page{Title: "Sign in", Layout: "narrow", Form: form}, next, r.URL.Query().Get("why"))
	if err != nil {
		return err
	}
	return p.show(w, r, "signin", form, v)
}

func (p *portal) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	next := pageFor(form.Value("next"))
	username := form.Need("username", "Enter your username or e-mail address.")
	if form.Raw("password") == "" {
		form.Error("password", "Enter your password.")
	}
	if !form.OK() {
		return p.showSignInForm(w, r, form, next)
	}
	entry, err := p.svc.SignIn(r.Context(), username, form.Raw("password"), p.source(r))
	return p.entered(w, r, form, entry, err, next)
}

// entered goes on after a step of signing in, or shows the form again with what
// was wrong.
func (p *portal) entered(w http.ResponseWriter, r *http.Request, form *web.Form, entry servicing.Entry, err error, next string) error {
	if err == nil {
		return p.enter(w, r, entry, next)
	}
	if err := told(form, err, nil); err != nil {
		return err
	}
	return p.showSignInForm(w, r, form, next)
}

func (p *portal) signInPasskey(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	next := pageFor(form.Value("next"))
	entry, err := p.svc.FinishPasskeySignIn(r.Context(), form.Value("box"), form.Value("credential"), p.source(r))
	if flowGone(err) {
		form.Error("", "This page was open for too long. Use your passkey once more.")
		return p.showSignInForm(w, r, form, next)
	}
	return p.entered(w, r, form, entry, err, next)
}

// flowGone says that a run through these pages is over, or never began.
func flowGone(err error) bool {
	no, ok := errors.AsType[*servicing.Refusal](err)
	return ok && no.Code == "flow_gone"
}
