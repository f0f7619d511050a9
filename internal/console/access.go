package console

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"

	"marque/internal/servicing"
	"marque/internal/web"
)

// The console's cookies. None has a name that the portal uses, and none is sent
// along from another site.
const (
	sessionCookie = "marque-desk"
	runCookie     = "marque-desk-run"
	deviceCookie  = "marque-desk-device"
)

// cookieName is bound to the host by its prefix where cookies travel encrypted;
// browsers refuse the prefix over plain http.
func (c *console) cookieName(name string) string {
	if c.secure {
		return "__Host-" + name
	}
	return name
}

func (c *console) setCookie(w http.ResponseWriter, name, value string, age int) {
	k := &http.Cookie{Name: c.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteStrictMode, MaxAge: age}
	if value == "" {
		k.MaxAge = -1
	}
	http.SetCookie(w, k)
}

func (c *console) cookie(r *http.Request, name string) string {
	k, err := r.Cookie(c.cookieName(name))
	if err != nil {
		return "" // the only error is that there is none
	}
	return k.Value
}

// keepDevice is how long a browser is known, in seconds.
const keepDevice = 365 * 24 * 3600

// enter keeps what a step of signing in leads to, and leads on.
func (c *console) enter(w http.ResponseWriter, r *http.Request, e servicing.Entry, next string) error {
	if e.Device != "" {
		c.setCookie(w, deviceCookie, e.Device, keepDevice)
	}
	if e.Flow != "" {
		c.setCookie(w, runCookie, string(e.Flow), 0)
		return see(w, r, "/second")
	}
	c.setCookie(w, runCookie, "", 0)
	c.setCookie(w, sessionCookie, e.Session, 0)
	return see(w, r, next)
}

// source says where a request came from, for limits and for the record.
func (c *console) source(r *http.Request) servicing.Source {
	return servicing.Source{IP: c.site.ClientIP(r), UserAgent: r.UserAgent(), Device: c.cookie(r, deviceCookie)}
}

// signedIn lets a handler run only with a session of staff. Who is still setting up
// a second factor, or must change the password, is led there.
func (c *console) signedIn(h handler, enrol bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := c.svc.StaffSession(r.Context(), c.cookie(r, sessionCookie))
		if errors.Is(err, servicing.ErrNoSession) {
			return c.askSignIn(w, r)
		}
		if err != nil {
			return err
		}
		if s.Enrolling && !enrol {
			return see(w, r, "/me/factor")
		}
		err = h(w, r, s)
		switch no := refusal(err); {
		case no != nil && no.Code == "step_up":
			return see(w, r, "/confirm?next="+url.QueryEscape(pageFor(r.URL.Path)))
		case no != nil && no.Code == "view_closed":
			return see(w, r, pageFor(path.Dir(r.URL.Path)))
		case no != nil:
			return &web.HTTPError{Status: http.StatusConflict, Title: "That was not done", Message: no.Message}
		case errors.Is(err, servicing.ErrForbidden) && s.Actor.Standing.MustChange:
			return see(w, r, "/me")
		}
		return found(err)
	}
}

func (c *console) askSignIn(w http.ResponseWriter, r *http.Request) error {
	q := url.Values{}
	if next := pageFor(r.URL.Path); next != "/" {
		q.Set("next", next)
	}
	if c.cookie(r, sessionCookie) != "" {
		q.Set("why", "ended")
		if r.Method == http.MethodPost {
			q.Set("why", "ended-form")
		}
		c.setCookie(w, sessionCookie, "", 0)
	}
	to := "/sign-in"
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return see(w, r, to)
}

// pagePath lists the pages that signing in and confirming may lead to. Anything
// else, another site above all, leads to the search.
var pagePath = regexp.MustCompile(`^/(?:approvals|signals|audit|me|rates|settlement(?:/differences|/days/[0-9-]{10})?|exceptions(?:/[0-9A-Za-z_-]{1,64})?|staff(?:/[0-9A-Za-z_-]{1,64}(?:/audit)?)?|` +
	`customers/[0-9A-Za-z_-]{1,64}(?:/audit|/unlock|/end-sessions|/recovery|/checks/[0-9A-Za-z_-]{1,64}|/payments/[0-9A-Za-z_-]{1,64}/[0-9A-Za-z_-]{1,64}/reverse|/accounts/[0-9A-Za-z_-]{1,64}/(?:pay|payments/[0-9A-Za-z_-]{1,64}(?:/refund)?))?)$`)

// pageFor is the page to come back to for an address: itself, or the nearest page
// above it when it is a form's.
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

func (c *console) stay(w http.ResponseWriter, _ *http.Request, _ servicing.StaffSession) error {
	w.WriteHeader(http.StatusNoContent) // the session was seen on the way here
	return nil
}

func (c *console) signOut(w http.ResponseWriter, r *http.Request) error {
	if token := c.cookie(r, sessionCookie); token != "" {
		if err := c.svc.SignOut(r.Context(), token); err != nil {
			return err
		}
	}
	c.setCookie(w, sessionCookie, "", 0)
	web.ClearSiteData(w)
	return see(w, r, "/sign-in?why=out")
}
