// Package portal is what a borrower sees: pages rendered by the server that
// work without a script, on a phone and at a desk. It promises that every route
// stands on this one page, that all but those marked open need a session, that
// nothing personal stands in an address, and that a payment confirmed twice is
// made once: its key is made with the form and travels in it.
//
// A handler parses, makes one servicing call and renders; a page that shows two
// lists makes two. What a person may not see is answered like what does not
// exist. The package decides nothing about money: it shows what servicing says
// and keeps what was typed when servicing refuses.
//
// It knows nothing of the database, of the bank or of mail.
package portal

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

//go:embed template/*.html
var templateFiles embed.FS

// Options are the settings of one portal.
type Options struct {
	// BaseURL is where the portal is reached, "https://pay.lender.example".
	// With https the session cookie is bound to the host and sent only
	// encrypted. Empty accepts any Host, for a machine of one's own.
	BaseURL string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Now            func() time.Time // for the access log only
}

type portal struct {
	svc    *servicing.Service
	site   *web.Site
	pages  *web.Templates
	secure bool
}

// New makes the portal's handler. It serves its assets under /assets/.
func New(svc *servicing.Service, brand *web.Brand, o Options) (http.Handler, error) {
	p, err := newPortal(svc, brand, o)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", p.site.Assets)
	for _, r := range p.routes() {
		h := r.open
		if h == nil {
			h = p.signedIn(r.mine)
		}
		mux.Handle(r.pattern, p.site.Handle(h))
	}
	return p.site.Serve(mux), nil
}

func newPortal(svc *servicing.Service, brand *web.Brand, o Options) (*portal, error) {
	site, err := web.NewSite(web.Config{
		Brand: brand,
		Places: []web.Place{
			{Key: "overview", Name: "Overview", Href: "/"},
			{Key: "payments", Name: "Payments", Href: "/payments"},
			{Key: "documents", Name: "Documents", Href: "/documents"},
			{Key: "help", Name: "Help", Href: "/help"},
		},
		Account: []web.Place{{Key: "bank", Name: "Bank accounts", Href: "/bank-accounts"}, {Key: "profile", Name: "Profile", Href: "/profile"}, {Key: "security", Name: "Security", Href: "/security"}},
		Home:    "/", SignIn: "/sign-in", SignOut: "/sign-out", BaseURL: o.BaseURL, TrustedProxies: o.TrustedProxies, Log: o.Log, Now: o.Now,
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
	return &portal{svc: svc, site: site, pages: pages, secure: strings.HasPrefix(o.BaseURL, "https://")}, nil
}

// route is one line of the list below: open to everybody, or for the signed in.
type route struct {
	pattern string
	open    func(http.ResponseWriter, *http.Request) error
	mine    func(http.ResponseWriter, *http.Request, servicing.Session) error
}

func (p *portal) routes() []route {
	open := func(pattern string, h func(http.ResponseWriter, *http.Request) error) route {
		return route{pattern: pattern, open: h}
	}
	mine := func(pattern string, h func(http.ResponseWriter, *http.Request, servicing.Session) error) route {
		return route{pattern: pattern, mine: h}
	}
	return []route{
		open("GET /healthz", p.healthy),
		open("GET /readyz", p.ready),
		open("GET /{$}", p.home),
		open("GET /help", p.help),
		open("GET /sign-in", p.showSignIn),
		open("POST /sign-in", p.signIn),
		open("POST /sign-out", p.signOut),
		open("GET /activate", p.showActivate),
		open("POST /activate", p.startActivation),
		open("GET /activate/code", p.showCode),
		open("POST /activate/code", p.proveActivation),
		open("GET /activate/password", p.showPassword),
		open("POST /activate/password", p.finishActivation),

		mine("GET /accounts/{id}", p.account),
		mine("GET /accounts/{id}/history/{event}", p.history),
		mine("GET /accounts/{id}/lease", p.lease),
		mine("GET /accounts/{id}/payoff", p.payoff),
		mine("POST /accounts/{id}/payoff", p.quotePayoff),
		mine("GET /accounts/{id}/payoff/letter.pdf", p.payoffPDF),
		mine("GET /accounts/{id}/pay", p.showPay),
		mine("POST /accounts/{id}/pay", p.changePay),
		mine("POST /accounts/{id}/pay/review", p.reviewPay),
		mine("GET /accounts/{id}/pay/review", p.showReview),
		mine("POST /accounts/{id}/pay/bank-account", p.addBankAccountToPay),
		mine("POST /accounts/{id}/pay/confirm", p.confirmPay),
		mine("GET /accounts/{id}/payments/{payment}", p.payment),
		mine("GET /accounts/{id}/payments/{payment}/receipt.pdf", p.receiptPDF),
		mine("GET /accounts/{id}/payments/{payment}/cancel", p.showCancel),
		mine("POST /accounts/{id}/payments/{payment}/cancel", p.cancelPayment),
		mine("GET /accounts/{id}/autopay", p.autopay),
		mine("POST /accounts/{id}/autopay/review", p.reviewAutopay),
		mine("POST /accounts/{id}/autopay/bank-account", p.addBankAccountToAutopay),
		mine("POST /accounts/{id}/autopay/agree", p.enrollAutopay),
		mine("GET /accounts/{id}/autopay/authorization.pdf", p.autopayPDF),
		mine("GET /accounts/{id}/autopay/off", p.showAutopayOff),
		mine("POST /accounts/{id}/autopay/off", p.cancelAutopay),
		mine("GET /accounts/{id}/statements/{closing}", p.statement), // also {closing}.pdf
		mine("GET /payments", p.payments),
		mine("GET /bank-accounts", p.bankAccounts),
		mine("GET /bank-accounts/new", p.showAddBankAccount),
		mine("POST /bank-accounts/new", p.addBankAccount),
		mine("GET /bank-accounts/{id}/remove", p.showRemoveBankAccount),
		mine("POST /bank-accounts/{id}/remove", p.removeBankAccount),
		mine("GET /documents", p.documents),

		// The own way in and how one is reached. Those that name what they need ask
		// for a fresh second factor before they are shown.
		mine("GET /security", p.security),
		mine("GET /security/not-me", p.notMe),
		mine("POST /security/sessions/{id}/end", p.endSession),
		mine("POST /security/sessions/end-others", p.endOtherSessions),
		mine("POST /security/devices/{id}/forget", p.forgetDevice),
		mine("GET /security/second-step", p.needs(identity.ActFactors, p.showAddStep)),
		mine("POST /security/second-step/passkey", p.needs(identity.ActFactors, p.addPasskey)),
		mine("GET /security/second-step/app", p.needs(identity.ActFactors, p.showAddApp)),
		mine("POST /security/second-step/app", p.needs(identity.ActFactors, p.addApp)),
		mine("GET /security/second-step/phone", p.needs(identity.ActFactors, p.showAddPhone)),
		mine("POST /security/second-step/phone", p.needs(identity.ActFactors, p.addPhone)),
		mine("POST /security/second-step/phone/code", p.needs(identity.ActFactors, p.provePhone)),
		mine("GET /security/second-step/{id}/remove", p.needs(identity.ActFactors, p.showRemoveStep)),
		mine("POST /security/second-step/{id}/remove", p.needs(identity.ActFactors, p.removeStep)),
		mine("GET /security/saved-codes", p.needs(identity.ActFactors, p.showSavedCodes)),
		mine("POST /security/saved-codes", p.needs(identity.ActFactors, p.makeSavedCodes)),
		mine("GET /security/password", p.needs(identity.ActPassword, p.showChangePassword)),
		mine("POST /security/password", p.needs(identity.ActPassword, p.choosePassword)),
		mine("GET /security/questions", p.needs(identity.ActQuestions, p.showQuestions)),
		mine("POST /security/questions", p.needs(identity.ActQuestions, p.setQuestions)),
		mine("GET /profile", p.profile),
		mine("GET /profile/email", p.needs(identity.ActContact, p.showContact(servicing.ContactEmail))),
		mine("POST /profile/email", p.needs(identity.ActContact, p.startContact(servicing.ContactEmail))),
		mine("GET /profile/email/{change}", p.needs(identity.ActContact, p.showContactCode(servicing.ContactEmail))),
		mine("POST /profile/email/{change}", p.needs(identity.ActContact, p.finishContact(servicing.ContactEmail))),
		mine("GET /profile/phone", p.needs(identity.ActContact, p.showContact(servicing.ContactPhone))),
		mine("POST /profile/phone", p.needs(identity.ActContact, p.startContact(servicing.ContactPhone))),
		mine("GET /profile/phone/{change}", p.needs(identity.ActContact, p.showContactCode(servicing.ContactPhone))),
		mine("POST /profile/phone/{change}", p.needs(identity.ActContact, p.finishContact(servicing.ContactPhone))),
		mine("GET /profile/address", p.needs(identity.ActContact, p.showAddress)),
		mine("POST /profile/address", p.needs(identity.ActContact, p.changeAddress)),
		mine("GET /profile/language", p.showLanguage),
		mine("POST /profile/language", p.setLanguage),
		mine("GET /profile/paperless", p.showPaperless),
		mine("POST /profile/paperless", p.agreePaperless),
		mine("POST /profile/paperless/withdraw", p.withdrawPaperless),
		mine("GET /profile/paperless/sample.pdf", p.paperlessSample),
	}
}

// page is the base of a page for the signed in.
func page(s servicing.Session, title, here string) web.Page {
	return web.Page{Title: title, Here: here, SignedIn: strings.TrimSpace(s.FirstName + " " + s.LastName)}
}

// about names the contract in view at the top of the page.
func about(b web.Page, c servicing.Card) web.Page {
	b.Contract = vehicleName(c.Vehicle) + " ••" + ends(c.AccountNumber)
	b.ContractHref = accountHref(c.ID)
	return b
}

func accountHref(id servicing.ContractID) string { return "/accounts/" + string(id) }

func paymentHref(p servicing.Payment) string {
	return accountHref(p.Contract) + "/payments/" + string(p.ID)
}

// show renders a page: 422 when its form has something to mend.
func (p *portal) show(w http.ResponseWriter, r *http.Request, name string, form *web.Form, data any) error {
	status := http.StatusOK
	if !form.OK() {
		status = http.StatusUnprocessableEntity
	}
	return p.pages.Render(w, r, status, name, data)
}

// told notes a refusal on the form, beside its field, and lets any other error
// through. fields gives the form's name for a refusal's field where they differ.
func told(form *web.Form, err error, fields map[string]string) error {
	refused, ok := errors.AsType[*servicing.Refusal](err)
	if !ok {
		return found(err)
	}
	field := refused.Field
	if name, ok := fields[field]; ok {
		field = name
	}
	form.Error(field, refused.Message)
	return nil
}

// found answers what is not there and what is not theirs alike.
func found(err error) error {
	if errors.Is(err, servicing.ErrNotFound) {
		return web.NotFound()
	}
	return err
}

func (p *portal) healthy(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, "ok\n")
}

func (p *portal) ready(w http.ResponseWriter, r *http.Request) error {
	if err := p.svc.ReadyCheck(r.Context()); err != nil {
		return errors.Join(web.Unavailable(), err)
	}
	return plain(w, "ready\n")
}

func plain(w http.ResponseWriter, words string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte(words))
	return err
}
