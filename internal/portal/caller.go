package portal

import (
	"errors"
	"net/http"

	"marque/internal/billing"
	"marque/internal/servicing"
	"marque/internal/web"
)

// callerPage asks whether it is the person who is signed in here that one of our
// people has on the phone.
type callerPage struct {
	web.Page
	ID, Agent, About string
	Gone             bool
}

// callerAbout says what the call is about.
var callerAbout = map[string]string{
	billing.CallerAccount:  "to talk about your account",
	billing.CallerContact:  "to change how we reach you",
	billing.CallerPayment:  "to change payments or bank accounts",
	billing.CallerUnlock:   "to unlock your access",
	billing.CallerRecovery: "to help you get back in",
}

// callerBanner tells the person on the page they open first that somebody asks.
func (p *portal) callerBanner(r *http.Request, s servicing.Session) (*web.Banner, error) {
	c, err := p.svc.CallerPrompt(r.Context(), s.Actor)
	if errors.Is(err, servicing.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &web.Banner{Kind: "warn", Text: c.Agent + " is asking whether you are on the phone with us.", Label: "Answer", Href: "/on-the-phone"}, nil
}

func (p *portal) showCaller(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.renderCaller(w, r, s, nil)
}

func (p *portal) renderCaller(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	v := callerPage{Page: page(s, "Are you on the phone with us?", "help")}
	v.Layout, v.Form = "flow", form
	c, err := p.svc.CallerPrompt(r.Context(), s.Actor)
	switch {
	case errors.Is(err, servicing.ErrNotFound):
		v.Title, v.Gone, v.Form = "Nobody is asking", true, nil
		return p.show(w, r, "on-the-phone", nil, v)
	case err != nil:
		return err
	}
	v.ID, v.Agent, v.About = c.ID, c.Agent, callerAbout[c.Purpose]
	return p.show(w, r, "on-the-phone", form, v)
}

func (p *portal) answerCaller(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	yes := form.OneOf("answer", "Choose yes or no.", "yes", "no") == "yes"
	number := form.Value("number")
	if yes && number == "" {
		form.Error("number", "Enter the number that the person on the phone reads to you.")
	}
	if !form.OK() {
		return p.renderCaller(w, r, s, form)
	}
	if err := p.svc.AnswerCallerPrompt(r.Context(), s.Actor, form.Value("id"), yes, number); err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		return p.renderCaller(w, r, s, form)
	}
	to := "/?done=caller"
	if !yes {
		to = "/?done=not-caller"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
