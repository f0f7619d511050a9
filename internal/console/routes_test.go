package console

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/web"
)

// openRoutes are all that may be reached without a session of staff.
var openRoutes = map[string]bool{
	"GET /healthz": true, "GET /readyz": true, "GET /sign-in": true, "POST /sign-in": true, "POST /sign-in/passkey": true, "GET /second": true,
	"POST /second": true, "POST /second/passkey": true, "POST /sign-out": true, "GET /invite/{token}": true, "POST /invite/{token}": true,
}

// enrolRoutes are all that somebody without a second factor may reach.
var enrolRoutes = map[string]bool{
	"GET /me/factor": true, "POST /me/factor/passkey": true, "POST /me/factor/app": true, "POST /me/factor/app/code": true,
}

var fill = strings.NewReplacer("{id}", "k1", "{check}", "c1", "{token}", "t1", "{day}", "2026-02-18", "{contract}", "l1", "{account}", "a1", "{payment}", "p1", "{kind}", "due_soon", "{language}", "en", "{$}", "")

func TestEveryRouteButTheListedNeedsASessionOfStaff(t *testing.T) {
	d := openDesk(t)
	brand, err := web.LoadBrand(web.DefaultBrand())
	must(t, err)
	c, err := newConsole(d.svc, brand, Options{Log: slog.New(slog.DiscardHandler), Now: time.Now})
	must(t, err)
	token, err := d.svc.FoundAdministrator(ctx, system, "Ada Founder")
	must(t, err)
	half := d.clerk("ada.desk") // has the password and no second factor
	half.send("/invite/"+token, "username", half.username, "password", deskPassword, "again", deskPassword)
	half.expect("/me/factor")
	half.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, r := range c.routes() {
		if (r.open != nil) != openRoutes[r.pattern] || r.enrol != enrolRoutes[r.pattern] {
			t.Errorf("%s: open is %t, enrol is %t", r.pattern, r.open != nil, r.enrol)
		}
		if openRoutes[r.pattern] {
			continue
		}
		method, path, _ := strings.Cut(r.pattern, " ")
		for what, cookie := range map[string]string{"nobody": "", "a borrower": "marque", "something": sessionCookie} {
			w := httptest.NewRecorder()
			asked := httptest.NewRequest(method, d.site+fill.Replace(path), nil)
			asked.Header.Set("Sec-Fetch-Site", "same-origin")
			if cookie != "" {
				asked.AddCookie(&http.Cookie{Name: cookie, Value: "x"})
			}
			d.Config.Handler.ServeHTTP(w, asked)
			to, err := url.Parse(w.Header().Get("Location"))
			must(t, err)
			if w.Code != http.StatusSeeOther || to.Path != "/sign-in" {
				t.Errorf("%s by %s: %d to %q", r.pattern, what, w.Code, to)
			}
		}
		if r.enrol {
			continue
		}
		r, err := http.NewRequest(method, d.site+fill.Replace(path), nil)
		must(t, err)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := half.Do(r)
		must(t, err)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/me/factor" {
			t.Errorf("%s %s without a second factor: %d to %q", method, path, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestFormsFromElsewhereAreRefused(t *testing.T) {
	d := openDesk(t)
	_, agent, _ := d.staffed()
	for _, pattern := range []string{"/find", "/sign-out", "/customers/" + string(d.who) + "/view", "/stay"} {
		for what, set := range map[string]func(http.Header){
			"another site":           func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
			"the borrowers' portal":  func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
			"a page of another host": func(h http.Header) { h.Set("Origin", "https://pay.lender.example") },
			"a program":              func(http.Header) {},
		} {
			r, err := http.NewRequest("POST", d.site+pattern, strings.NewReader("q=okafor"))
			must(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			set(r.Header)
			if agent.read(agent.Do(r)); agent.status != http.StatusForbidden {
				t.Errorf("%s from %s: %d", pattern, what, agent.status)
			}
		}
	}
}

func TestCookiesAreTheDesksOwn(t *testing.T) {
	brand, err := web.LoadBrand(web.DefaultBrand())
	must(t, err)
	c, err := newConsole(nil, brand, Options{BaseURL: "https://desk.lender.example", Log: slog.New(slog.DiscardHandler), Now: time.Now})
	must(t, err)
	w := httptest.NewRecorder()
	c.setCookie(w, sessionCookie, "x", 0)
	set := w.Header().Get("Set-Cookie")
	for _, want := range []string{"__Host-marque-desk=x", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(set, want) {
			t.Errorf("%s is not in %s", want, set)
		}
	}
}

func TestNothingLeadsAway(t *testing.T) {
	for address, want := range map[string]string{
		"/customers/k1": "/customers/k1", "/customers/k1/view": "/customers/k1", "/customers/k1/unlock/ask": "/customers/k1/unlock", "/approvals/a1": "/approvals",
		"/customers/k1/accounts/a1/pay/review": "/customers/k1/accounts/a1/pay", "/customers/k1/accounts/a1/payments/p1/cancel": "/customers/k1/accounts/a1/payments/p1", "/customers/k1/accounts/a1": "/customers/k1",
		"/staff/new": "/staff/new", "/staff/s1/disable": "/staff/s1", "/find": "/", "": "/", "//evil.example/me": "/", "https://evil.example/me": "/", "/\\evil.example": "/",
		"/me/../../evil": "/", "/invite/t1": "/", "/sign-out": "/", "/confirm": "/",
	} {
		if got := pageFor(address); got != want {
			t.Errorf("%q leads to %q, not %q", address, got, want)
		}
	}
}

// What a role is not for has no link, and its address is refused.
func TestARolesPlacesAreItsOwn(t *testing.T) {
	d := openDesk(t)
	admin, agent, boss := d.staffed()
	uma := admin.invites("Uma", identity.RoleAuditor)
	for _, c := range []struct {
		who    *clerk
		places string
	}{{admin, "approvals staff audit settlement"}, {agent, "find approvals exceptions"}, {boss, "find approvals exceptions settlement signals audit"}, {uma, "find exceptions settlement signals audit"}} {
		c.who.open("/me")
		for key, href := range map[string]string{"find": `href="/"><svg`, "approvals": `href="/approvals"`, "exceptions": `href="/exceptions"`, "settlement": `href="/settlement"`, "signals": `href="/signals"`, "staff": `href="/staff"`, "audit": `href="/audit"`} {
			if strings.Contains(c.places, key) != strings.Contains(c.who.page, href) {
				t.Errorf("%s: %s", c.who.username, key)
			}
		}
		for key, path := range map[string]string{"approvals": "/approvals", "exceptions": "/exceptions", "settlement": "/settlement", "signals": "/signals", "staff": "/staff", "audit": "/audit"} {
			if c.who.open(path); (c.who.status == http.StatusOK) != strings.Contains(c.places, key) {
				t.Errorf("%s at %s: %d", c.who.username, path, c.who.status)
			}
		}
	}
}
