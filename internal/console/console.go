// Package console is what staff see: one customer on one screen, rendered by the
// server, that works from the keyboard and without a script. It has an address,
// cookies and handler types of its own, and shares nothing with the borrowers'
// portal. It promises that every route stands on this one page, that all but those
// marked open need a session of staff, that nothing personal stands in an address,
// and that no page sets or shows a password, a code that was sent, or an answer.
//
// There is no way to act as a customer. A customer's account is looked at under a
// banner that says so, after a reason was given, and each page of it that is read
// is a row of the audit trail, which servicing writes before anything is shown.
//
// A handler parses, makes one servicing call and renders. What may be done is
// decided by servicing; the links that a role cannot use are left out here, and
// would be refused there.
package console

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

//go:embed template/*.html
var templateFiles embed.FS

// Options are the settings of one console.
type Options struct {
	// BaseURL is where the console is reached, "https://desk.lender.example": a host
	// name of its own. Empty accepts any Host, for a machine of one's own.
	BaseURL string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Now            func() time.Time // for the access log only
}

type console struct {
	svc    *servicing.Service
	site   *web.Site
	pages  *web.Templates
	secure bool
	base   string
}

// New makes the console's handler. It serves its assets under /assets/.
func New(svc *servicing.Service, brand *web.Brand, o Options) (http.Handler, error) {
	c, err := newConsole(svc, brand, o)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", c.site.Assets)
	for _, r := range c.routes() {
		h := r.open
		if h == nil {
			h = c.signedIn(r.desk, r.enrol)
		}
		mux.Handle(r.pattern, c.site.Handle(h))
	}
	for _, r := range c.routes() {
		if path, up := c.above(r.pattern); up > 0 {
			mux.Handle("GET "+path, c.site.Handle(toAbove(up)))
		}
	}
	return c.site.Serve(mux), nil
}

func newConsole(svc *servicing.Service, brand *web.Brand, o Options) (*console, error) {
	site, err := web.NewSite(web.Config{
		Brand: brand, Name: "Console", Account: []web.Place{{Key: "me", Name: "How you sign in", Href: "/me"}},
		Home: "/", SignIn: "/sign-in", SignOut: "/sign-out", BaseURL: o.BaseURL, TrustedProxies: o.TrustedProxies, Log: o.Log, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(templateFiles, "template")
	if err != nil {
		return nil, err
	}
	pages, err := site.Parse(files)
	if err != nil {
		return nil, err
	}
	return &console{svc: svc, site: site, pages: pages, secure: strings.HasPrefix(o.BaseURL, "https://"), base: strings.TrimSuffix(o.BaseURL, "/")}, nil
}

// handler shows or does something for a member of staff.
type handler func(http.ResponseWriter, *http.Request, servicing.StaffSession) error

// route is one line of the list below: open to everybody, for staff, or for staff
// who are still setting up their second factor.
type route struct {
	pattern string
	open    func(http.ResponseWriter, *http.Request) error
	desk    handler
	enrol   bool
}

func (c *console) routes() []route {
	open := func(pattern string, h func(http.ResponseWriter, *http.Request) error) route {
		return route{pattern: pattern, open: h}
	}
	desk := func(pattern string, h handler) route { return route{pattern: pattern, desk: h} }
	enrol := func(pattern string, h handler) route { return route{pattern: pattern, desk: h, enrol: true} }
	return []route{
		open("GET /healthz", c.healthy),
		open("GET /readyz", c.ready),
		open("GET /sign-in", c.showSignIn),
		open("POST /sign-in", c.signIn),
		open("POST /sign-in/passkey", c.signInPasskey),
		open("GET /second", c.showSecond),
		open("POST /second", c.proveSecond),
		open("POST /second/passkey", c.proveSecondPasskey),
		open("POST /sign-out", c.signOut),
		open("GET /invite/{token}", c.showInvite),
		open("POST /invite/{token}", c.acceptInvite),

		enrol("GET /me/factor", c.showAddFactor),
		enrol("POST /me/factor/passkey", c.addPasskey),
		enrol("POST /me/factor/app", c.showApp),
		enrol("POST /me/factor/app/code", c.addApp),

		desk("GET /{$}", c.search),
		desk("POST /find", c.find),
		desk("GET /customers/{id}", c.customer),
		desk("POST /customers/{id}/view", c.openView),
		desk("POST /customers/{id}/close", c.closeView),
		desk("POST /customers/{id}/reveal", c.reveal),
		desk("GET /customers/{id}/audit", c.whoSaw),
		desk("GET /customers/{id}/messages", c.messagesTo),
		desk("POST /customers/{id}/messages", c.writeTo),
		desk("POST /customers/{id}/check", c.startCheck),
		desk("GET /customers/{id}/checks/{check}", c.check),
		desk("POST /customers/{id}/checks/{check}", c.finishCheck),
		desk("GET /customers/{id}/unlock", c.showUnlock),
		desk("POST /customers/{id}/unlock", c.unlock),
		desk("POST /customers/{id}/unlock/ask", c.askUnlock),
		desk("GET /customers/{id}/end-sessions", c.showEndSessions),
		desk("POST /customers/{id}/end-sessions", c.endSessions),
		desk("GET /customers/{id}/recovery", c.showRecovery),
		desk("POST /customers/{id}/recovery", c.askRecovery),
		desk("GET /customers/{id}/payments/{contract}/{payment}/reverse", c.showReverse),
		desk("POST /customers/{id}/payments/{contract}/{payment}/reverse", c.askReverse),
		desk("GET /exceptions", c.exceptions),
		desk("GET /exceptions/{id}", c.exceptionItem),
		desk("POST /exceptions/{id}/clear", c.clearException),
		desk("GET /rates", c.rates),
		desk("GET /customers/{id}/accounts/{account}/pay", c.showPhone),
		desk("POST /customers/{id}/accounts/{account}/pay/review", c.reviewPhone),
		desk("POST /customers/{id}/accounts/{account}/pay/confirm", c.confirmPhone),
		desk("GET /customers/{id}/accounts/{account}/payments/{payment}", c.taken),
		desk("POST /customers/{id}/accounts/{account}/payments/{payment}/cancel", c.cancelTaken),
		desk("GET /customers/{id}/accounts/{account}/payments/{payment}/refund", c.showRefund),
		desk("POST /customers/{id}/accounts/{account}/payments/{payment}/refund", c.askRefund),
		desk("GET /approvals", c.approvals),
		desk("POST /approvals/{id}", c.decide),
		desk("POST /approvals/{id}/reset", c.reset),
		desk("GET /settlement", c.settlement),
		desk("GET /settlement/days/{day}", c.settlementDay),
		desk("GET /settlement/differences", c.differences),
		desk("POST /settlement/differences", c.clearDifferences),
		desk("GET /notices", c.notices),
		desk("GET /notices/{kind}", c.notice),
		desk("GET /notices/{kind}/{language}", c.noticeAsSent),
		desk("GET /signals", c.signals),
		desk("GET /audit", c.auditPlace),
		desk("GET /staff", c.staff),
		desk("GET /staff/new", c.showNewStaff),
		desk("POST /staff/new", c.invite),
		desk("GET /staff/{id}", c.colleague),
		desk("POST /staff/{id}/role", c.changeRole),
		desk("POST /staff/{id}/disable", c.disable),
		desk("POST /staff/{id}/reset", c.askReset),
		desk("GET /staff/{id}/audit", c.whatDid),
		desk("GET /confirm", c.showConfirm),
		desk("POST /confirm", c.confirm),
		desk("POST /confirm/passkey", c.confirmPasskey),
		desk("POST /stay", c.stay),
		desk("GET /me", c.me),
		desk("POST /me/password", c.changePassword),
		desk("POST /me/factor/{id}/remove", c.removeFactor),
		desk("POST /me/sessions/end", c.endOthers),
	}
}

// above says for the address of a form, which has no page of its own, how many
// steps up the page is: whoever goes back or loads it again is led there.
func (c *console) above(pattern string) (path string, up int) {
	path, post := strings.CutPrefix(pattern, "POST ")
	if !post || c.shows(path) {
		return path, 0
	}
	for at := path; at != "/"; up++ {
		if at = at[:max(1, strings.LastIndex(at, "/"))]; c.shows(at) {
			return path, up + 1
		}
	}
	return path, up
}

func (c *console) shows(path string) bool {
	return slices.ContainsFunc(c.routes(), func(r route) bool { return r.pattern == "GET "+path })
}

func toAbove(up int) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		to := r.URL.EscapedPath()
		for range up {
			to = to[:max(1, strings.LastIndex(to, "/"))]
		}
		return see(w, r, to)
	}
}

// page is the base of a page for staff: its places are those of the role.
func page(s servicing.StaffSession, title, here string) web.Page {
	p := web.Page{Title: title, Here: here, SignedIn: s.Name, Layout: "dense", Places: []web.Place{},
		IdleSeconds: seconds(s.At, s.IdleUntil), EndsSeconds: seconds(s.At, s.EndsAt), StayPath: "/stay"}
	if s.Enrolling || s.Actor.Standing.MustChange {
		return p
	}
	for _, l := range []struct {
		place web.Place
		any   []identity.Duty
	}{
		{web.Place{Key: "find", Name: "Customers", Href: "/"}, []identity.Duty{identity.DutyFind}},
		{web.Place{Key: "approvals", Name: "Approvals", Href: "/approvals"}, []identity.Duty{identity.DutyRecover, identity.DutyAgree, identity.DutyAgreeStaff}},
		{web.Place{Key: "exceptions", Name: "Exceptions", Href: "/exceptions"}, []identity.Duty{identity.DutyExceptions}},
		{web.Place{Key: "settlement", Name: "Settlement", Href: "/settlement"}, []identity.Duty{identity.DutySettlement}},
		{web.Place{Key: "notices", Name: "Messages", Href: "/notices"}, []identity.Duty{identity.DutyFind}},
		{web.Place{Key: "signals", Name: "Unusual sign-ins", Href: "/signals"}, []identity.Duty{identity.DutySignals}},
		{web.Place{Key: "audit", Name: "Audit", Href: "/audit"}, []identity.Duty{identity.DutyAudit}},
		{web.Place{Key: "staff", Name: "Staff", Href: "/staff"}, []identity.Duty{identity.DutyStaff}},
	} {
		for _, d := range l.any {
			if s.Actor.Role.Has(d) {
				p.Places = append(p.Places, l.place)
				break
			}
		}
	}
	return p
}

func seconds(from, to money.Instant) int { return max(0, int(to.Time().Sub(from.Time())/time.Second)) }

// show renders a page: 422 when its form has something to mend.
func (c *console) show(w http.ResponseWriter, r *http.Request, name string, form *web.Form, data any) error {
	status := http.StatusOK
	if !form.OK() {
		status = http.StatusUnprocessableEntity
	}
	return c.pages.Render(w, r, status, name, data)
}

// refusal is the refusal that an error is; nil when it is none.
func refusal(err error) *servicing.Refusal {
	no, _ := errors.AsType[*servicing.Refusal](err)
	return no
}

// told notes a refusal on the form, and lets any other error through.
func told(form *web.Form, err error) error {
	no := refusal(err)
	if no == nil {
		return found(err)
	}
	form.Error(no.Field, no.Message)
	return nil
}

// found answers what is not there and what may not be done.
func found(err error) error {
	switch {
	case errors.Is(err, servicing.ErrNotFound):
		return &web.HTTPError{Status: http.StatusNotFound, Title: "There is nothing here", Message: "The address may be wrong. Nothing has changed. Search for the customer again."}
	case errors.Is(err, servicing.ErrForbidden):
		return &web.HTTPError{Status: http.StatusForbidden, Title: "Your role does not include this", Message: "Nothing has changed. Ask a supervisor or an administrator."}
	}
	return err
}

func see(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (c *console) healthy(w http.ResponseWriter, _ *http.Request) error { return plain(w, "ok\n") }

func (c *console) ready(w http.ResponseWriter, r *http.Request) error {
	if err := c.svc.ReadyCheck(r.Context()); err != nil {
		return errors.Join(web.Unavailable(), err)
	}
	return plain(w, "ready\n")
}

func plain(w http.ResponseWriter, words string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte(words))
	return err
}
