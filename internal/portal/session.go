package portal

import (
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

// The runs through sign-in, activation and recovery, by the cookie that finds
// them again. None of them is a session.
const (
	signInRun     = "marque-sign-in"
	activationRun = "marque-activation"
	recoveryRun   = "marque-recovery"
	deviceCookie  = "marque-device"
)

// deviceFor is how long a browser keeps what it is known again by, in seconds:
// browsers keep nothing longer than 400 days.
const deviceFor = 400 * 24 * 60 * 60

// hostName is a cookie's name, bound to the host by its prefix where cookies
// travel encrypted; browsers refuse the prefix over plain http. The prefix asks
// for the path "/".
func (p *portal) hostName(name string) string {
	if p.secure {
		return "__Host-" + name
	}
	return name
}

func (p *portal) setCookie(w http.ResponseWriter, name, value, path string) {
	c := &http.Cookie{Name: name, Value: value, Path: path, HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode}
	switch {
	case value == "":
		c.MaxAge = -1
	case name == p.hostName(deviceCookie):
		c.MaxAge = deviceFor
	}
	http.SetCookie(w, c)
}

// keep gives the browser a secret of its own; an empty one takes it away.
func (p *portal) keep(w http.ResponseWriter, name, value string) {
	p.setCookie(w, p.hostName(name), value, "/")
}

// kept is what the browser keeps; empty when it keeps nothing.
func (p *portal) kept(r *http.Request, name string) string {
	c, err := r.Cookie(p.hostName(name))
	if err != nil {
		return "" // the only error is that there is none
	}
	return c.Value
}

func (p *portal) setSession(w http.ResponseWriter, token string) { p.keep(w, "marque", token) }

func (p *portal) token(r *http.Request) string { return p.kept(r, "marque") }

func (p *portal) run(r *http.Request, name string) servicing.FlowID {
	return servicing.FlowID(p.kept(r, name))
}

// session finds who is signed in. Without a token nothing is asked.
func (p *portal) session(r *http.Request) (servicing.Session, error) {
	token := p.token(r)
	if token == "" {
		return servicing.Session{}, servicing.ErrNoSession
	}
	return p.svc.Session(r.Context(), token)
}

// source says where a request came from, for limits and for the record.
func (p *portal) source(r *http.Request) servicing.Source {
	return servicing.Source{IP: p.site.ClientIP(r), UserAgent: r.UserAgent(), Device: p.kept(r, deviceCookie)}
}

// enter does what a step of signing in, of confirming or of setting up a second
// step has led to: the browser keeps what it is to keep, and goes on to the page
// given, to the second step, or to the one thing that the new session is for.
func (p *portal) enter(w http.ResponseWriter, r *http.Request, e servicing.Entry, next string) error {
	p.keepEntry(w, e)
	switch {
	case e.Session != "":
		s, err := p.svc.Session(r.Context(), e.Session)
		if err != nil {
			return err
		}
		next = wayOn(s.Actor.Standing, next)
	case e.Flow != "":
		next = withNext("/sign-in/second", next)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (p *portal) keepEntry(w http.ResponseWriter, e servicing.Entry) {
	if e.Device != "" {
		p.keep(w, deviceCookie, e.Device)
	}
	switch {
	case e.Session != "":
		p.setSession(w, e.Session)
		p.keep(w, signInRun, "")
	case e.Flow != "":
		p.keep(w, signInRun, string(e.Flow))
	}
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

// stay moves the idle clock on, which finding the session has done.
func (p *portal) stay(w http.ResponseWriter, _ *http.Request, _ servicing.Session) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// changePassword is where password managers look for the page.
func (p *portal) changePassword(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, passwordPage, http.StatusSeeOther)
	return nil
}
