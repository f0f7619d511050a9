package portal

import (
	"encoding/json"
	"net/http"
	"strings"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

// addStepPage is where a second step is chosen. A session that is only for that
// sees it without the rest of the portal.
type addStepPage struct {
	web.Page
	IsFirst, IsRestore bool
	Passkey            json.RawMessage // what the browser is asked; nil: no passkeys at this address
	Box                string
}

// ofStep is the base of the pages that add a second step.
func ofStep(s servicing.Session, title, back string, form *web.Form) web.Page {
	b := page(s, title, "security")
	b.Layout, b.Back, b.Form = "flow", back, form
	if single(s) {
		b = alone(b)
		if back != "/security" {
			b.Back = back
		}
	}
	return b
}

func (p *portal) showAddStep(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.addStep(w, r, s, nil)
}

func (p *portal) addStep(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	v := addStepPage{IsFirst: s.Actor.Standing.Scope == identity.ScopeEnrol, IsRestore: s.Actor.Standing.Scope == identity.ScopeRestore}
	title := "Add a second step"
	switch {
	case v.IsFirst:
		title = "Set up a second step"
	case v.IsRestore:
		title = "Set up a new second step"
	}
	v.Page = ofStep(s, title, "/security", form)
	call, err := p.svc.StartPasskey(r.Context(), s.Actor)
	switch {
	case err == nil:
		v.Passkey, v.Box, v.Scripts = json.RawMessage(call.Options), call.Box, []string{"passkey.js"}
	default:
		if err := noPasskeys(err); err != nil {
			return found(err)
		}
	}
	return p.show(w, r, "second-step", form, v)
}

func (p *portal) addPasskey(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Need("credential", "Your browser sent no passkey. Try again, or choose another way.") == "" {
		return p.addStep(w, r, s, form)
	}
	entry, err := p.svc.FinishPasskey(r.Context(), s.Actor, form.Value("box"), "", form.Value("credential"), p.source(r))
	if err != nil {
		return mend(w, r, s, form, err, p.addStep)
	}
	return p.bound(w, r, s, entry)
}

// bound goes on after a second step was added: to the end of activation, which
// offers saved codes, or after a recovery to signing in anew.
func (p *portal) bound(w http.ResponseWriter, r *http.Request, s servicing.Session, entry servicing.Entry) error {
	switch s.Actor.Standing.Scope {
	case identity.ScopeRestore:
		p.setSession(w, "")
		return p.enter(w, r, entry, "/sign-in?why=restored")
	case identity.ScopeEnrol:
		return p.enter(w, r, entry, "/activate/done")
	}
	return p.enter(w, r, entry, "/security?done=added")
}

type appPage struct {
	web.Page
	servicing.AppSetup
}

func (p *portal) showAddApp(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.startApp(w, r, s, nil)
}

func (p *portal) startApp(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	setup, err := p.svc.StartApp(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	return p.showApp(w, r, s, form, setup)
}

func (p *portal) showApp(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, setup servicing.AppSetup) error {
	v := appPage{Page: ofStep(s, "Set up an authenticator app", "/security/second-step", form), AppSetup: setup}
	v.Scripts = []string{"print.js"}
	return p.show(w, r, "second-step-app", form, v)
}

func (p *portal) addApp(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Value("box") == "" { // confirming came between, which carries no code
		return p.newApp(w, r, s)
	}
	code := form.Digits("code", "Enter the six digits that the app shows.")
	if !form.OK() {
		return p.sameApp(w, r, s, form)
	}
	entry, err := p.svc.FinishApp(r.Context(), s.Actor, form.Value("box"), "", code, p.source(r))
	switch {
	case err == nil:
		return p.bound(w, r, s, entry)
	case flowGone(err):
		return p.newApp(w, r, s)
	}
	return mend(w, r, s, form, err, p.sameApp)
}

// newApp begins anew after a setup that took too long, or was guessed at.
func (p *portal) newApp(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form := &web.Form{}
	form.Error("", "This took too long, so there is a new code to scan. Remove the old entry from your app.")
	return p.startApp(w, r, s, form)
}

// sameApp shows the setup that is under way again: what was scanned stays good.
func (p *portal) sameApp(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	setup, err := p.svc.ReadApp(r.Context(), s.Actor, form.Value("box"))
	if flowGone(err) {
		return p.newApp(w, r, s)
	}
	if err != nil {
		return found(err)
	}
	return p.showApp(w, r, s, form, setup)
}

type phonePage struct {
	web.Page
	Phone, Box string
}

func (p *portal) showAddPhone(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.phoneForm(w, r, s, nil)
}

func (p *portal) phoneForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	if s.Actor.Standing.Scope == identity.ScopeRestore {
		return web.NotFound()
	}
	return p.show(w, r, "second-step-phone", form, phonePage{Page: ofStep(s, "Get codes by text message", "/security/second-step", form)})
}

// addPhone sends a code to the number, and again when it is asked for again.
func (p *portal) addPhone(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	box, err := p.svc.StartPhone(r.Context(), s.Actor, form.Value("phone"), p.source(r))
	switch {
	case tooSoon(err) && form.Value("box") != "":
		return mend(w, r, s, form, err, p.phoneCodeForm)
	case tooSoon(err):
		form.Error("", refusedWords(err))
		return p.phoneForm(w, r, s, form)
	case err != nil:
		return mend(w, r, s, form, err, p.phoneForm)
	}
	form.Set("box", box)
	return p.phoneCodeForm(w, r, s, form)
}

func (p *portal) phoneCodeForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	v := phonePage{Page: ofStep(s, "Enter the code", "/security/second-step/phone", form), Phone: phoneWords(form.Value("phone")), Box: form.Value("box")}
	return p.show(w, r, "second-step-phone-code", form, v)
}

func (p *portal) provePhone(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if form.Value("box") == "" { // confirming came between, which carries no code
		form.Error("", "This took too long. Have a new code sent.")
		return p.phoneForm(w, r, s, form)
	}
	code := form.Digits("code", "Enter the six digits from our text message.")
	if !form.OK() {
		return p.phoneCodeForm(w, r, s, form)
	}
	entry, err := p.svc.FinishPhone(r.Context(), s.Actor, form.Value("box"), code, p.source(r))
	switch {
	case err == nil:
		return p.bound(w, r, s, entry)
	case flowGone(err):
		return mend(w, r, s, form, err, p.phoneForm)
	}
	return mend(w, r, s, form, err, p.phoneCodeForm)
}

// phoneWords is a number as people write it: "(214) 555-0147".
func phoneWords(phone string) string {
	n, ok := identity.NormalPhone(phone)
	if !ok || len(n) != len("+12145550147") {
		return phone
	}
	return "(" + n[2:5] + ") " + n[5:8] + "-" + n[8:]
}

type removeStepPage struct {
	web.Page
	ID, Label string
	IsLast    bool // and the lender asks for one
}

func (p *portal) showRemoveStep(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.removeStepForm(w, r, s, nil)
}

func (p *portal) removeStepForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	if single(s) {
		return errNotHere
	}
	all, err := p.svc.Security(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	for _, f := range all.Factors {
		if f.ID == r.PathValue("id") {
			v := removeStepPage{Page: page(s, "Remove a second step", "security"), ID: f.ID, Label: factorLabel(f), IsLast: len(all.Factors) == 1 && !all.Optional}
			v.Layout, v.Back, v.Form = "flow", "/security", form
			return p.show(w, r, "second-step-remove", form, v)
		}
	}
	return web.NotFound()
}

func (p *portal) removeStep(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	entry, err := p.svc.RemoveFactor(r.Context(), s.Actor, r.PathValue("id"), p.source(r))
	if err != nil {
		return mend(w, r, s, form, err, p.removeStepForm)
	}
	return p.enter(w, r, entry, "/security?done=removed")
}

type savedCodesPage struct {
	web.Page
	Key     string // of the form: sent twice, it makes codes once
	Left    int
	IsAlone bool // there is no other second step
	Codes   []string
}

// Text is all codes as one copies them.
func (v savedCodesPage) Text() string { return strings.Join(v.Codes, "\n") }

func (p *portal) showSavedCodes(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.savedCodesForm(w, r, s, nil)
}

func (p *portal) savedCodesForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	if single(s) {
		return errNotHere
	}
	all, err := p.svc.Security(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	v := savedCodesPage{Page: page(s, "Saved codes", "security"), Key: servicing.NewKey(), Left: all.SavedCodes, IsAlone: len(all.Factors) == 0}
	v.Layout, v.Back, v.Form = "flow", "/security", form
	return p.show(w, r, "saved-codes", form, v)
}

// makeSavedCodes shows the codes in the answer to the form: no address leads to
// them, so that they are seen once.
func (p *portal) makeSavedCodes(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	codes, err := p.svc.MakeSavedCodes(r.Context(), s.Actor, form.Value("key"), p.source(r))
	if err != nil {
		return mend(w, r, s, form, err, p.savedCodesForm)
	}
	v := savedCodesPage{Page: page(s, "Your saved codes", "security"), Codes: codes}
	v.Layout, v.Scripts = "flow", []string{"print.js"}
	return p.show(w, r, "saved-codes-made", nil, v)
}
