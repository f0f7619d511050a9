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
	"context"
	"embed"
	"errors"
	"io"
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

// Options are the settings of one portal.
type Options struct {
	// BaseURL is where the portal is reached, "https://pay.lender.example".
	// With https the session cookie is bound to the host and sent only
	// encrypted. Empty accepts any Host, for a machine of one's own.
	BaseURL string
	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Log            *slog.Logger
	Now            func() time.Time // for the access log and the patience with a connection
	// Papers opens the bytes of a document that the person may see.
	Papers func(context.Context, servicing.DueDocument) (io.ReadCloser, int64, error)
	// QuickenID is what Quicken knows the lender by; empty offers no QFX.
	QuickenID string
}

type portal struct {
	svc    *servicing.Service
	site   *web.Site
	pages  *web.Templates
	secure bool
	base   string // where it is reached; empty on a machine of one's own
	now    func() time.Time
	log    *slog.Logger
	papers func(context.Context, servicing.DueDocument) (io.ReadCloser, int64, error)
	lender string
	quick  string         // what Quicken knows the lender by
	forms  *http.ServeMux // the addresses of the signed in's forms
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
			h = p.signedIn(r.act, r.mine)
		}
		mux.Handle(r.pattern, p.site.Handle(h))
	}
	for _, path := range postOnly(p.routes()) {
		mux.Handle("GET "+path, p.site.Handle(toPage))
	}
	return p.oneClick(p.site.Serve(mux)), nil
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
		Account: []web.Place{{Key: "messages", Name: "Messages", Href: "/messages"}, {Key: "bank", Name: "Payment methods", Href: "/payment-methods"}, {Key: "profile", Name: "Profile", Href: "/profile"}, {Key: "security", Name: "Security", Href: "/security"}},
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
	p := &portal{svc: svc, site: site, pages: pages, secure: strings.HasPrefix(o.BaseURL, "https://"), base: o.BaseURL, papers: o.Papers, now: o.Now,
		log: o.Log, lender: brand.Name, quick: o.QuickenID}
	p.forms = newForms(p.routes())
	return p, nil
}

// route is one line of the list below: open to everybody, or for the signed in
// whose session may do what the route does.
type route struct {
	pattern string
	open    func(http.ResponseWriter, *http.Request) error
	mine    handler
	act     identity.Action // empty: every session may
}

func (p *portal) routes() []route {
	open := func(pattern string, h func(http.ResponseWriter, *http.Request) error) route {
		return route{pattern: pattern, open: h}
	}
	mine := func(pattern string, h handler) route {
		return route{pattern: pattern, mine: h, act: identity.ActRead}
	}
	needs := func(act identity.Action, pattern string, h handler) route {
		return route{pattern: pattern, mine: h, act: act}
	}
	return []route{
		open("GET /healthz", p.healthy),
		open("GET /readyz", p.ready),
		open("GET /{$}", p.home),
		open("GET /help", p.help),

		// Signing in, activation, the ways back, confirming and the session.
		open("GET /sign-in", p.showSignIn),
		open("POST /sign-in", p.signIn),
		open("POST /sign-in/passkey", p.signInPasskey),
		open("GET /sign-in/second", p.showSecond),
		open("POST /sign-in/second", p.second),
		open("POST /sign-out", p.signOut),
		open("GET /activate", p.showActivate),
		open("POST /activate", p.startActivation),
		open("GET /activate/code", p.showCode),
		open("POST /activate/code", p.proveActivation),
		open("POST /activate/code/send", p.sendActivationCode),
		open("GET /activate/password", p.showPassword),
		open("POST /activate/password", p.finishActivation),
		mine("GET /activate/done", p.activated),
		open("GET "+servicing.PayoffCheckPath, p.showPayoffCheck),
		open("POST "+servicing.PayoffCheckPath, p.checkPayoff),
		open("GET /help-signing-in", p.helpSigningIn),
		open("GET /recover", p.showRecover),
		open("POST /recover", p.startRecovery),
		open("GET /recover/proofs", p.showProofs),
		open("POST /recover/proofs", p.prove),
		open("POST /recover/questions", p.answerQuestions),
		open("GET /recover/finish", p.showFinish),
		open("POST /recover/finish", p.finishRecovery),
		open("GET /recover/username", p.showRemind),
		open("POST /recover/username", p.remind),
		open("GET /not-me/{token}", p.showNotMe),
		open("POST /not-me/{token}", p.pressNotMe),
		open("GET /not-me/done", p.notMeDone),
		open("GET /unsubscribe/{token}", p.showUnsubscribe),
		open("POST /unsubscribe/{token}", p.unsubscribe),
		open("GET /.well-known/change-password", p.changePassword),
		needs("", "GET /confirm", p.showConfirm),
		needs("", "POST /confirm", p.confirm),
		needs("", "POST /session/stay", p.stay),

		mine("GET /accounts/{id}", p.account),
		mine("GET /accounts/{id}/history", p.transactions),
		mine("GET /accounts/{id}/history/download", p.exportHistory),
		mine("GET /accounts/{id}/history/{event}", p.history),
		mine("GET /accounts/{id}/years/{year}", p.year),
		mine("GET /accounts/{id}/lease", p.lease),
		mine("GET /accounts/{id}/payoff", p.payoff),
		mine("POST /accounts/{id}/payoff", p.quotePayoff),
		mine("GET /accounts/{id}/payoff/letter.pdf", p.payoffPDF),
		mine("GET /accounts/{id}/pay", p.showPay),
		mine("POST /accounts/{id}/pay", p.changePay),
		mine("POST /accounts/{id}/pay/review", p.reviewPay),
		mine("GET /accounts/{id}/pay/review", p.showReview),
		needs(identity.ActBankAccounts, "POST /accounts/{id}/pay/bank-account", p.addBankAccountToPay),
		mine("POST /accounts/{id}/pay/confirm", p.confirmPay),
		mine("POST /accounts/{id}/pay/card", p.confirmCard),
		mine("GET /accounts/{id}/payments/{payment}/card", p.cardPayment),
		mine("GET /accounts/{id}/payments/{payment}", p.payment),
		mine("GET /accounts/{id}/payments/{payment}/receipt.pdf", p.receiptPDF),
		mine("GET /accounts/{id}/payments/{payment}/cancel", p.showCancel),
		mine("POST /accounts/{id}/payments/{payment}/cancel", p.cancelPayment),
		mine("GET /accounts/{id}/autopay", p.autopay),
		needs(identity.ActAutopay, "POST /accounts/{id}/autopay/review", p.reviewAutopay),
		needs(identity.ActAutopay, "POST /accounts/{id}/autopay/bank-account", p.addBankAccountToAutopay),
		needs(identity.ActAutopay, "POST /accounts/{id}/autopay/agree", p.enrollAutopay),
		mine("GET /accounts/{id}/autopay/authorization.pdf", p.autopayPDF),
		mine("GET /accounts/{id}/autopay/off", p.showAutopayOff),
		mine("POST /accounts/{id}/autopay/off", p.cancelAutopay),
		mine("GET /accounts/{id}/autopay/pause", p.showAutopayPause),
		mine("POST /accounts/{id}/autopay/pause", p.pauseAutopay),
		mine("POST /accounts/{id}/autopay/resume", p.resumeAutopay),
		mine("GET /accounts/{id}/autopay/skip", p.showAutopaySkip),
		mine("POST /accounts/{id}/autopay/skip", p.skipAutopay),
		mine("GET /accounts/{id}/statements/{closing}", p.statement), // also {closing}.pdf
		mine("GET /payments", p.payments),
		mine("GET /pay", p.showTogether),
		mine("POST /pay/review", p.reviewTogether),
		mine("POST /pay/confirm", p.confirmTogether),
		mine("GET /pay/done/{group}", p.togetherMade),
		mine("GET /payment-methods", p.methods),
		needs(identity.ActBankAccounts, "GET /payment-methods/new", p.showAddBankAccount),
		needs(identity.ActBankAccounts, "POST /payment-methods/new", p.addBankAccount),
		mine("GET /payment-methods/{id}", p.method),
		mine("POST /payment-methods/{id}/first", p.firstMethod),
		mine("GET /payment-methods/{id}/name", p.showMethodName),
		mine("POST /payment-methods/{id}/name", p.nameMethod),
		mine("GET /payment-methods/{id}/check", p.showMethodCheck),
		mine("POST /payment-methods/{id}/check", p.checkMethod),
		needs(identity.ActBankAccounts, "POST /payment-methods/{id}/check/start", p.startMethodCheck),
		needs(identity.ActBankAccounts, "GET /payment-methods/{id}/replace", p.showReplace),
		needs(identity.ActBankAccounts, "POST /payment-methods/{id}/replace", p.replaceMethod),
		needs(identity.ActBankAccounts, "GET /payment-methods/{id}/remove", p.showRemoveMethod),
		needs(identity.ActBankAccounts, "POST /payment-methods/{id}/remove", p.removeMethod),
		mine("GET /bank-accounts", p.oldAddress),
		needs(identity.ActBankAccounts, "GET /bank-accounts/new", p.oldAddress),
		mine("GET /cards", p.cards),
		needs(identity.ActBankAccounts, "GET /cards/new", p.showSaveCard),
		needs(identity.ActBankAccounts, "POST /cards/new", p.saveCard),
		mine("GET /cards/{id}", p.cardSetup),
		mine("GET /documents", p.documents),
		mine("GET /documents/all.zip", p.documentsZIP),
		mine("GET /accounts/{id}/documents/new", p.showNewDocument),
		mine("POST /accounts/{id}/documents/new", p.makeDocument),
		mine("GET /accounts/{id}/documents/{document}", p.document),
		mine("GET /accounts/{id}/documents/{document}/download", p.download),

		mine("GET /messages", p.messages),
		mine("GET /messages/settings", p.showNoticeSettings),
		mine("POST /messages/settings", p.saveNoticeSettings),
		mine("POST /messages/settings/texts-off", p.stopTexts),
		mine("GET /messages/not-there", p.notThere),
		mine("POST /messages/not-there/email", p.tryEmailAgain),
		mine("GET /messages/{message}", p.message),
		mine("POST /messages/{message}/again", p.sendAgain),

		// The own way in, and how one is reached. The last step of a change asks for
		// a fresh factor itself: a form that is carried past confirming has lost its
		// code.
		needs(identity.ActVerifyOnScreen, "GET /on-the-phone", p.showCaller),
		needs(identity.ActVerifyOnScreen, "POST /on-the-phone", p.answerCaller),
		needs(identity.ActSessions, "GET /security", p.security),
		needs(identity.ActSessions, "GET /security/not-me", p.stranger),
		needs(identity.ActSessions, "POST /security/sessions/{id}/end", p.endSession),
		needs(identity.ActSessions, "POST /security/sessions/end-others", p.endOtherSessions),
		needs(identity.ActSessions, "POST /security/devices/{id}/forget", p.forgetDevice),
		needs(identity.ActFactors, "GET /security/second-step", p.showAddStep),
		needs(identity.ActFactors, "POST /security/second-step/passkey", p.addPasskey),
		needs(identity.ActFactors, "GET /security/second-step/app", p.showAddApp),
		needs(identity.ActFactors, "POST /security/second-step/app", p.addApp),
		needs(identity.ActFactors, "GET /security/second-step/phone", p.showAddPhone),
		needs(identity.ActFactors, "POST /security/second-step/phone", p.addPhone),
		needs(identity.ActFactors, "POST /security/second-step/phone/code", p.provePhone),
		needs(identity.ActFactors, "GET /security/second-step/{id}/remove", p.showRemoveStep),
		needs(identity.ActFactors, "POST /security/second-step/{id}/remove", p.removeStep),
		needs(identity.ActFactors, "GET /security/saved-codes", p.showSavedCodes),
		needs(identity.ActFactors, "POST /security/saved-codes", p.makeSavedCodes),
		needs(identity.ActPassword, "GET /security/password", p.showChangePassword),
		needs(identity.ActPassword, "POST /security/password", p.choosePassword),
		needs(identity.ActQuestions, "GET /security/questions", p.showQuestions),
		needs(identity.ActQuestions, "POST /security/questions", p.setQuestions),
		mine("GET /profile", p.profile),
		needs(identity.ActContact, "GET /profile/email", p.showContact(servicing.ContactEmail)),
		needs(identity.ActContact, "POST /profile/email", p.startContact(servicing.ContactEmail)),
		needs(identity.ActContact, "GET /profile/email/{change}", p.showContactCode(servicing.ContactEmail)),
		mine("POST /profile/email/{change}", p.finishContact(servicing.ContactEmail)),
		needs(identity.ActContact, "GET /profile/phone", p.showContact(servicing.ContactPhone)),
		needs(identity.ActContact, "POST /profile/phone", p.startContact(servicing.ContactPhone)),
		needs(identity.ActContact, "GET /profile/phone/{change}", p.showContactCode(servicing.ContactPhone)),
		mine("POST /profile/phone/{change}", p.finishContact(servicing.ContactPhone)),
		needs(identity.ActContact, "GET /profile/address", p.showAddress),
		needs(identity.ActContact, "POST /profile/address", p.changeAddress),
		mine("GET /profile/language", p.showLanguage),
		mine("POST /profile/language", p.setLanguage),
		needs(identity.ActPaperless, "GET /profile/paperless", p.showPaperless),
		needs(identity.ActPaperless, "POST /profile/paperless", p.agreePaperless),
		needs(identity.ActPaperless, "POST /profile/paperless/withdraw", p.withdrawPaperless),
		needs(identity.ActPaperless, "GET /profile/paperless/sample.pdf", p.paperlessSample),
	}
}

// postOnly are the addresses that only forms are sent to. People come to them
// by reloading what a form answered, and are led to the page that has the form.
func postOnly(all []route) (paths []string) {
	for _, r := range all {
		path, isForm := strings.CutPrefix(r.pattern, "POST ")
		if isForm && pageOfForm(path) != "/" && !slices.ContainsFunc(all, func(o route) bool { return o.pattern == "GET "+path }) {
			paths = append(paths, path)
		}
	}
	return paths
}

// pageOfForm is the page that a form stands on; "/" for none of its own.
func pageOfForm(path string) string {
	switch path {
	case "/sign-in/passkey":
		return "/sign-in"
	case "/activate/code/send":
		return "/activate/code"
	case "/recover/questions":
		return "/recover/proofs"
	}
	return pageFor(strings.NewReplacer("{", "", "}", "").Replace(path))
}

func toPage(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, pageOfForm(r.URL.Path), http.StatusSeeOther)
	return nil
}

// page is the base of a page for the signed in.
func page(s servicing.Session, title, here string) web.Page {
	return web.Page{Title: title, Here: here, SignedIn: strings.TrimSpace(s.FirstName + " " + s.LastName),
		IdleSeconds: seconds(s.At, s.IdleUntil), EndsSeconds: seconds(s.At, s.EndsAt), StayPath: "/session/stay"}
}

func seconds(from, to money.Instant) int { return max(0, int(to.Time().Sub(from.Time())/time.Second)) }

// about names the contract in view at the top of the page.
func about(b web.Page, c servicing.Card) web.Page {
	return aboutHead(b, servicing.AccountHead{ID: c.ID, Vehicle: c.Vehicle, AccountNumber: c.AccountNumber})
}

func aboutHead(b web.Page, h servicing.AccountHead) web.Page {
	b.Contract = vehicleName(h.Vehicle) + " ••" + ends(h.AccountNumber)
	b.ContractHref = accountHref(h.ID)
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
// through, and what leads to another page. fields gives the form's name for a refusal's field where they differ.
func told(form *web.Form, err error, fields map[string]string) error {
	refused, ok := errors.AsType[*servicing.Refusal](err)
	if !ok || refused.Code == stepUp || refused.Code == onHold {
		return found(err)
	}
	field := refused.Field
	if name, ok := fields[field]; ok {
		field = name
	}
	form.Error(field, refused.Message)
	return nil
}

// tooSoon says that a code was asked for again before the last one can have
// arrived. That one still works.
func tooSoon(err error) bool { return refusedAs(err, "too_soon") }

// found answers what is not there and what is not theirs alike.
func found(err error) error {
	switch {
	case errors.Is(err, servicing.ErrNotFound):
		return web.NotFound()
	case errors.Is(err, servicing.ErrForbidden):
		return web.Forbidden()
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
