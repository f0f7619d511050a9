package portal

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

// activatePage is each of the pages of activation.
type activatePage struct {
	web.Page
	Ways     []web.Option // where a code can go
	By       string       // where it went
	Again    bool         // it was sent again
	Username string
	Least    int // characters of a password
	Strength *identity.Strength
	Ended    bool // an earlier try had run out
}

func activationPage(title string, form *web.Form) activatePage {
	return activatePage{Page: web.Page{Title: title, Layout: "narrow", Form: form}}
}

// factsPage asks what only its owner knows about an account.
func factsPage(title string, form *web.Form, text string) activatePage {
	v := activationPage(title, form)
	v.Ways = []web.Option{
		{Value: string(servicing.ByText), Label: "Text message", Hint: text},
		{Value: string(servicing.ByEmail), Label: "E-mail", Hint: "To the e-mail address we have for you."},
	}
	if form == nil {
		v.Form = web.NewForm("by", string(servicing.ByText))
	}
	return v
}

var (
	fourDigits = regexp.MustCompile(`^(?:[ -]*[0-9]){4}[ -]*$`)
	zipCode    = regexp.MustCompile(`^[0-9]{5}(?:[ -]?[0-9]{4})?$`)
)

// readFacts reads them as people type, and notes on the form what is missing.
func readFacts(form *web.Form) servicing.ActivationRequest {
	req := servicing.ActivationRequest{
		AccountNumber: form.Need("account_number", "Enter your account number. It is on your welcome letter and on each statement."),
		SSN4:          form.Value("ssn4"), ZIP: form.Value("zip"),
	}
	born := form.Value("birth_date") != ""
	if len(req.AccountNumber) > 40 {
		form.Error("account_number", "That is too long for an account number. It is on your welcome letter and on each statement.")
	}
	if req.SSN4 != "" && !fourDigits.MatchString(req.SSN4) {
		form.Error("ssn4", "Enter the last four digits of your Social Security number.")
	}
	switch {
	case req.SSN4 == "" && (req.ZIP == "" || !born):
		form.Error("ssn4", "Enter the last four digits of your Social Security number, or your ZIP code and your date of birth.")
	case req.ZIP == "" && !born:
		form.Error("zip", "Enter your ZIP code, or your date of birth.")
	}
	if req.ZIP != "" && !zipCode.MatchString(req.ZIP) {
		form.Error("zip", "Enter your ZIP code, five digits.")
	}
	if born {
		req.BirthDate = form.Date("birth_date")
	}
	req.By = servicing.Channel(form.OneOf("by", "Choose where we send your code.", string(servicing.ByText), string(servicing.ByEmail)))
	return req
}

func (p *portal) showActivate(w http.ResponseWriter, r *http.Request) error {
	v := factsForActivation(nil)
	v.Ended = r.URL.Query().Get("why") == "ended"
	return p.show(w, r, "activate", nil, v)
}

func factsForActivation(form *web.Form) activatePage {
	return factsPage("Activate online access", form, "To the phone we have for you. It also becomes your second step when you sign in, so this is the shorter way.")
}

// startActivation goes on to the next page whether or not anyone matches, so
// that nobody learns who has an account.
func (p *portal) startActivation(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if req := readFacts(form); form.OK() {
		run, err := p.svc.StartActivation(r.Context(), req, p.source(r))
		if err == nil {
			p.keep(w, activationRun, string(run))
			http.Redirect(w, r, "/activate/code?"+url.Values{"by": {string(req.By)}}.Encode(), http.StatusSeeOther)
			return nil
		}
		if err := told(form, err, map[string]string{"code": ""}); err != nil {
			return err
		}
		if tooSoon(err) && run != "" {
			p.keep(w, activationRun, string(run))
			return p.show(w, r, "activate-code", form, newCodePage(form, string(req.By), false))
		}
	}
	form.Set("ssn4", "")
	return p.show(w, r, "activate", form, factsForActivation(form))
}

func (p *portal) showCode(w http.ResponseWriter, r *http.Request) error {
	if p.run(r, activationRun) == "" {
		return p.restartActivation(w, r)
	}
	q := r.URL.Query()
	return p.show(w, r, "activate-code", nil, newCodePage(nil, q.Get("by"), q.Get("again") == "yes"))
}

func newCodePage(form *web.Form, by string, again bool) activatePage {
	v := activationPage("Enter your code", form)
	v.By, v.Again = string(servicing.ByEmail), again
	if by == string(servicing.ByText) {
		v.By = by
	}
	return v
}

// sendActivationCode sends another code, or seems to.
func (p *portal) sendActivationCode(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	by := form.OneOf("by", "Choose where we send your code.", string(servicing.ByText), string(servicing.ByEmail))
	if form.OK() {
		err := p.svc.SendActivationCode(r.Context(), p.run(r, activationRun), servicing.Channel(by), p.source(r))
		switch {
		case err == nil:
			http.Redirect(w, r, "/activate/code?"+url.Values{"again": {"yes"}, "by": {by}}.Encode(), http.StatusSeeOther)
			return nil
		case flowGone(err):
			return p.restartActivation(w, r)
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	return p.show(w, r, "activate-code", form, newCodePage(form, by, false))
}

func (p *portal) proveActivation(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if p.run(r, activationRun) == "" {
		return p.restartActivation(w, r)
	}
	if code := form.Need("code", "Enter the code from our message."); code != "" {
		err := p.svc.ProveActivation(r.Context(), p.run(r, activationRun), code, p.source(r))
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
	return p.show(w, r, "activate-code", form, newCodePage(form, form.Value("by"), false))
}

func (p *portal) showPassword(w http.ResponseWriter, r *http.Request) error {
	if p.run(r, activationRun) == "" {
		return p.restartActivation(w, r)
	}
	name, err := p.svc.ActivationName(r.Context(), p.run(r, activationRun))
	switch {
	case flowGone(err):
		return p.restartActivation(w, r)
	case err != nil:
		return err
	}
	v := p.newPasswordPage(nil)
	v.Username = name
	return p.show(w, r, "activate-password", nil, v)
}

func (p *portal) newPasswordPage(form *web.Form) activatePage {
	v := activationPage("Choose a username and password", form)
	v.Least, v.Strength, v.Scripts = p.svc.LeastPassword(), strengthOf(form, form.Value("username")), []string{"password.js"}
	return v
}

// strengthOf is how hard the password that was typed is to guess; nil when none
// was.
func strengthOf(form *web.Form, own ...string) *identity.Strength {
	password := form.Raw("password")
	if password == "" || len(password) > identity.MaxPassword {
		return nil
	}
	s := identity.PasswordStrength(password, own...)
	return &s
}

// needPassword reads a new password that is typed twice, and notes what is wrong.
func needPassword(form *web.Form) string {
	password := form.Raw("password")
	if password == "" {
		form.Error("password", "Choose a password.")
	} else if password != form.Raw("password_again") {
		form.Error("password_again", "The two passwords are not the same. Type both again.")
	}
	return password
}

func (p *portal) finishActivation(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	run := p.run(r, activationRun)
	if run == "" {
		return p.restartActivation(w, r)
	}
	username := form.Need("username", "Choose a username.")
	if password := form.Raw("password"); password != "" {
		if problem := identity.PasswordProblem(password, p.svc.LeastPassword(), username); problem != "" {
			form.Error("password", problem)
		}
	}
	password := needPassword(form)
	if username != "" && !form.OK() {
		if err := p.usernameProblem(r, form, username); err != nil {
			return err
		}
	}
	if form.OK() {
		entry, err := p.svc.FinishActivation(r.Context(), run, username, password, p.source(r))
		switch {
		case err == nil:
			p.keep(w, activationRun, "")
			return p.enter(w, r, entry, "/activate/done")
		case flowGone(err):
			return p.restartActivation(w, r)
		}
		if err := told(form, err, nil); err != nil {
			return err
		}
	}
	return p.show(w, r, "activate-password", form, p.newPasswordPage(form))
}

// usernameProblem notes what is wrong with the username, so that it is said
// together with the password's problem: without a password nothing is finished.
func (p *portal) usernameProblem(r *http.Request, form *web.Form, username string) error {
	_, err := p.svc.FinishActivation(r.Context(), p.run(r, activationRun), username, "", p.source(r))
	no, ok := errors.AsType[*servicing.Refusal](err)
	switch {
	case !ok:
		return err
	case no.Field == "username":
		form.Error(no.Field, no.Message)
	}
	return nil
}

// restartActivation begins again when a try ran out or was never begun.
func (p *portal) restartActivation(w http.ResponseWriter, r *http.Request) error {
	p.keep(w, activationRun, "")
	http.Redirect(w, r, "/activate?why=ended", http.StatusSeeOther)
	return nil
}

type activatedPage struct {
	web.Page
	Ends       string // of the phone that is the second step
	SavedCodes bool
	TextOnly   bool
}

// activated is the last page: what stands now, and the saved codes.
func (p *portal) activated(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	guard, err := p.svc.Security(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	v := activatedPage{Page: page(s, "Online access is on", ""), SavedCodes: guard.SavedCodes > 0, TextOnly: textOnly(guard)}
	v.Layout = "flow"
	for _, f := range guard.Factors {
		if f.Kind == servicing.Text {
			v.Ends = lastDigits(f.Name)
		}
	}
	return p.show(w, r, "activate-done", nil, v)
}
