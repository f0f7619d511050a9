package portal

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"

	"marque/internal/servicing"
)

const flowCookie = "marque-activation"

// cookieName is bound to the host by its prefix where cookies travel encrypted;
// browsers refuse the prefix over plain http.
func (p *portal) cookieName() string {
	if p.secure {
		return "__Host-marque"
	}
	return "marque"
}

func (p *portal) setCookie(w http.ResponseWriter, name, value, path string) {
	c := &http.Cookie{Name: name, Value: value, Path: path, HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (p *portal) setSession(w http.ResponseWriter, token string) {
	p.setCookie(w, p.cookieName(), token, "/")
}

func (p *portal) token(r *http.Request) string {
	c, err := r.Cookie(p.cookieName())
	if err != nil {
		return "" // the only error is that there is none
	}
	return c.Value
}

// session finds who is signed in. Without a token nothing is asked.
func (p *portal) session(r *http.Request) (servicing.Session, error) {
	token := p.token(r)
	if token == "" {
		return servicing.Session{}, servicing.ErrNoSession
	}
	return p.svc.Session(r.Context(), token)
}

// signedIn lets a handler run only with a session. Without one the person signs
// in, with words when a session had ended, and comes back to the page wanted.
func (p *portal) signedIn(h func(http.ResponseWriter, *http.Request, servicing.Session) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := p.session(r)
		if errors.Is(err, servicing.ErrNoSession) {
			return p.askSignIn(w, r)
		}
		if err != nil {
			return err
		}
		return h(w, r, s)
	}
}

func (p *portal) askSignIn(w http.ResponseWriter, r *http.Request) error {
	q := url.Values{}
	if next := pageFor(r.URL.Path); next != "/" {
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

// pagePath lists the pages that signing in may lead to. Anything else, another
// site above all, leads to the overview.
var pagePath = regexp.MustCompile(`^/(?:payments|documents|help|bank-accounts(?:/new)?|profile(?:/email|/phone|/address|/language|/paperless)?|` +
	`security(?:/not-me|/password|/questions|/saved-codes|/second-step(?:/app|/phone|/[0-9a-f-]{36}/remove)?)?|` +
	`accounts/[0-9A-Za-z_-]{1,64}(?:/pay|/payoff|/lease|/history/[1-9][0-9]{0,8}|/autopay(?:/off)?|/payments/[0-9A-Za-z_-]{1,64}(?:/cancel)?|/statements/[0-9]{4}-[0-9]{2}-[0-9]{2})?)?$`)

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

// source says where a request came from, for limits and for the record.
func (p *portal) source(r *http.Request) servicing.Source {
	return servicing.Source{IP: p.site.ClientIP(r), UserAgent: r.UserAgent()}
}
