package portal

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// handler shows or does something for somebody who is signed in.
type handler func(http.ResponseWriter, *http.Request, servicing.Session) error

// signedIn lets a handler run only with a session that may do what it does.
// Without one the person signs in, with words when a session had ended, and comes
// back to the page wanted.
func (p *portal) signedIn(act identity.Action, h handler) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := p.session(r)
		if errors.Is(err, servicing.ErrNoSession) {
			return p.askSignIn(w, r)
		}
		if err != nil {
			return err
		}
		return p.let(w, r, s, act, h)
	}
}

// let is the one place that asks what a session may do, and leads on when it may
// not yet. Servicing asks again: what it refuses for the same reasons leads on
// here too. The empty action is anything that every session may do.
func (p *portal) let(w http.ResponseWriter, r *http.Request, s servicing.Session, act identity.Action, h handler) error {
	err := may(s, act)
	if err == nil {
		err = h(w, r, s)
	}
	no, refused := errors.AsType[*servicing.Refusal](err)
	switch {
	case errors.Is(err, errNotHere):
		return p.notHere(w, r, s)
	case refused && no.Code == stepUp:
		return p.askConfirm(w, r, s)
	case refused && no.Code == onHold:
		return p.showHeld(w, r, s)
	}
	return err
}

// What servicing calls the refusals that lead on to another page.
const (
	stepUp = "step_up"
	onHold = "held"
)

var errNotHere = errors.New("not in this session")

// may asks on the way what servicing will ask in the end, so that a person is
// told before anything is typed.
func may(s servicing.Session, act identity.Action) error {
	if act == "" {
		return nil
	}
	switch s.Actor.Standing.May(act, s.At) {
	case identity.Allowed:
		return nil
	case identity.AskFactor:
		return &servicing.Refusal{Code: stepUp}
	case identity.OnHold:
		return &servicing.Refusal{Code: onHold}
	}
	return errNotHere
}

// Where a session leads that is for one thing only.
const (
	secondStepPage = "/security/second-step"
	passwordPage   = "/security/password"
)

// wayOn is where a session leads: to the page wanted, unless it is for one thing
// only.
func wayOn(st identity.Standing, next string) string {
	switch {
	case st.Scope == identity.ScopeEnrol || st.Scope == identity.ScopeRestore:
		return secondStepPage
	case st.MustChange:
		return passwordPage
	}
	return next
}

// notHere answers a session that is for one thing only with the way to it.
func (p *portal) notHere(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	st := s.Actor.Standing
	if st.Scope == identity.ScopeEnrol || st.Scope == identity.ScopeRestore {
		b := alone(page(s, "First set up your second step", ""))
		return p.pages.Render(w, r, http.StatusForbidden, "one-thing", b)
	}
	if st.MustChange {
		http.Redirect(w, r, passwordPage, http.StatusSeeOther)
		return nil
	}
	return servicing.ErrForbidden
}

type heldPage struct {
	web.Page
	Until money.Instant
	Adds  bool // a bank account, where others change what is there
}

// showHeld says until when changes wait, and why.
func (p *portal) showHeld(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	b := page(s, "This is on hold", "")
	b.Layout = "flow"
	adds := r.URL.Path == "/payment-methods/new" || strings.HasSuffix(r.URL.Path, "/bank-account")
	return p.pages.Render(w, r, http.StatusForbidden, "held", heldPage{b, s.Actor.Standing.HeldUntil, adds})
}

func (p *portal) askSignIn(w http.ResponseWriter, r *http.Request) error {
	q := url.Values{}
	if next := wanted(r); next != "/" {
		q.Set("next", next)
	}
	if p.token(r) != "" {
		q.Set("why", "ended")
		if r.Method == http.MethodPost {
			q.Set("why", "ended-form")
		}
		p.setSession(w, "")
	}
	to := "/sign-in"
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// wanted is the page that a request wants, or the nearest page above it.
func wanted(r *http.Request) string { return pageFor(r.URL.Path) }

// withNext adds the page wanted to an address.
func withNext(address, next string) string {
	if next == "" || next == "/" {
		return address
	}
	return address + "?" + url.Values{"next": {next}}.Encode()
}

// pagePath lists the pages that signing in and confirming may lead to. Anything
// else, another site above all, leads to the overview.
var pagePath = regexp.MustCompile(`^/(?:payments|pay|cards(?:/new|/[0-9a-f-]{36})?|documents|help|on-the-phone|messages(?:/settings|/not-there|/[0-9a-f-]{36})?|bank-accounts(?:/new)?|payment-methods(?:/[0-9A-Za-z_-]{1,64}(?:/name|/check|/replace|/remove)?)?|profile(?:/email|/phone|/address|/language|/paperless)?|` +
	`security(?:/not-me|/password|/questions|/saved-codes|/second-step(?:/app|/phone|/[0-9a-f-]{36}/remove)?)?|` +
	`accounts/[0-9A-Za-z_-]{1,64}(?:/pay(?:/review)?|/payoff|/lease|/history(?:/[1-9][0-9]{0,8})?|/years/[0-9]{4}|/autopay(?:/off|/pause|/skip)?|/payments/[0-9A-Za-z_-]{1,64}(?:/cancel|/card)?|/statements/[0-9]{4}-[0-9]{2}-[0-9]{2})?)?$`)

// pageFor is the page to come back to for an address: itself, or the nearest
// page above it when it is a form's.
func pageFor(address string) string {
	if len(address) > 300 || len(address) == 0 || address[0] != '/' {
		return "/"
	}
	for a := path.Clean(address); a != "/"; a = path.Dir(a) {
		if pagePath.MatchString(a) {
			return a
		}
	}
	return "/"
}
