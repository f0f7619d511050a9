package sandbox

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"time"

	"marque/internal/ach"
	"marque/internal/money"
	"marque/internal/web"
)

//go:embed template/*.html
var templateFiles embed.FS

//go:embed brand
var brandFiles embed.FS

// Options are what the pages show and may do.
type Options struct {
	Lender *web.Brand // who is tried out: its time zone and telephone
	Inbox  *Inbox
	Texts  *Texts // nil: no text messages are sent
	Bank   *Bank
	// Statements are the bank's; nil leaves none.
	Statements *Statements
	Cards      *Processor // nil: no cards are charged
	// Today is the open business day.
	Today func(context.Context) (money.Date, error)
	// Forward closes the business days from the open one up to one.
	Forward func(ctx context.Context, through money.Date) error
	SignIns []SignIn
	Console string // where staff sign in
	// Base ends when the process stops; days that are being run stop with it.
	Base context.Context
	Log  *slog.Logger
	Now  func() time.Time // for the access log, and the codes of authenticator apps
}

// SignIn is somebody to be tried out: a customer or a member of the lender's
// staff with a password, or a customer whose access is still to be activated.
type SignIn struct {
	Who, Username, Password string
	Staff                   bool     `json:",omitempty"` // signs in to the console
	Phone                   string   `json:",omitempty"` // text messages go there
	Key                     string   `json:",omitempty"` // of an authenticator app
	Saved                   []string `json:",omitempty"` // codes for when the phone is lost
	AccountNumber, SSN4     string
	ZIP                     string
}

type site struct {
	Options
	site     *web.Site
	pages    *web.Templates
	calendar calendar
}

// Register adds the pages, all under /sandbox/, and their assets.
func Register(mux *http.ServeMux, o Options) error {
	folder, err := fs.Sub(brandFiles, "brand")
	if err != nil {
		return err
	}
	brand, err := web.LoadBrand(folder)
	if err != nil {
		return err
	}
	brand.Location, brand.Phone = o.Lender.Location, o.Lender.Phone
	s := &site{Options: o}
	places := []web.Place{
		{Key: "account", Name: "People", Href: "/sandbox/"},
		{Key: "documents", Name: "Inbox", Href: "/sandbox/inbox"},
		{Key: "bank", Name: "Bank", Href: "/sandbox/bank"},
	}
	if o.Cards != nil {
		places = append(places, web.Place{Key: "payments", Name: "Cards", Href: "/sandbox/cards"})
	}
	s.site, err = web.NewSite(web.Config{
		Brand:   brand,
		Places:  append(places, web.Place{Key: "wait", Name: "Calendar", Href: "/sandbox/calendar"}),
		Account: []web.Place{{Name: "Go to " + o.Lender.ShortName, Href: "/"}},
		Home:    "/sandbox/", Log: o.Log, Now: o.Now,
	})
	if err != nil {
		return err
	}
	files, err := fs.Sub(templateFiles, "template")
	if err != nil {
		return err
	}
	if s.pages, err = s.site.Parse(files); err != nil {
		return err
	}
	// The assets' names hold their content's hash, so they stand beside the
	// lender's own.
	for _, name := range []string{"marque.css", "inter.woff2", "logo.svg", "icon.svg", "print.js"} {
		address, err := s.site.Assets.URL(name)
		if err != nil {
			return err
		}
		mux.Handle("GET "+address, s.site.Assets)
	}
	routes := map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /sandbox/{$}":                  s.people,
		"GET /sandbox/inbox":                s.inbox,
		"GET /sandbox/inbox/{id}":           s.message,
		"GET /sandbox/inbox/{id}/as-sent":   s.asSent,
		"GET /sandbox/texts/{id}":           s.text,
		"POST /sandbox/texts/{id}":          s.reply,
		"GET /sandbox/bank":                 s.bank,
		"POST /sandbox/bank":                s.operateStatements,
		"GET /sandbox/bank/{file}":          s.bankFile,
		"GET /sandbox/bank/{file}/{trace}":  s.showReturn,
		"POST /sandbox/bank/{file}/{trace}": s.sendBack,
		"GET /sandbox/calendar":             s.showCalendar,
		"POST /sandbox/calendar":            s.moveCalendar,
	}
	if o.Cards != nil {
		maps.Copy(routes, map[string]func(http.ResponseWriter, *http.Request) error{
			"GET /sandbox/cards":           s.cards,
			"POST /sandbox/cards":          s.operateCards,
			"GET /sandbox/cards/events":    s.cardEvents,
			"GET /sandbox/cards/{charge}":  s.cardCharge,
			"POST /sandbox/cards/{charge}": s.operateCharge,
		})
	}
	own := http.NewServeMux()
	for pattern, h := range routes {
		own.Handle(pattern, s.site.Handle(h))
	}
	mux.Handle("/sandbox/", s.site.Serve(own))
	return nil
}

func (s *site) page(r *http.Request, title, here string) (web.Page, error) {
	day, err := s.Today(r.Context())
	return web.Page{Title: title, Here: here, SignedIn: "Sandbox", BusinessDate: day}, err
}

type peoplePage struct {
	web.Page
	Lender, Console  string
	Customers, Staff []personRow
	Cards            bool // there is a card processor
}

// personRow is somebody with what their telephone shows at this moment.
type personRow struct {
	SignIn
	Code, Messages, Texts, Console string
}

func (s *site) people(w http.ResponseWriter, r *http.Request) error {
	base, err := s.page(r, "People", "account")
	if err != nil {
		return err
	}
	base.Scripts = []string{"print.js"}
	p := peoplePage{Page: base, Lender: s.Lender.Name, Console: s.Console, Cards: s.Cards != nil}
	for _, in := range s.SignIns {
		row := personRow{SignIn: in, Console: s.Console, Messages: "/sandbox/inbox?find=" + url.QueryEscape(in.Username)}
		if in.Key != "" {
			row.Code = AppCode(in.Key, s.Now())
		}
		if in.Phone != "" {
			row.Texts = "/sandbox/inbox?kind=text&find=" + url.QueryEscape(in.Phone)
		}
		if in.Staff {
			p.Staff = append(p.Staff, row)
		} else {
			p.Customers = append(p.Customers, row)
		}
	}
	return s.pages.Render(w, r, http.StatusOK, "people", p)
}

type bankPage struct {
	web.Page
	Rows            []BankFile
	Taken, SentBack int
	Pages           web.Pages
	States, Odd     bool // leaves statements; with odd differences
}

func (s *site) bank(w http.ResponseWriter, r *http.Request) error {
	if err := s.Bank.Take(); err != nil {
		return err
	}
	base, err := s.page(r, "Bank", "bank")
	if err != nil {
		return err
	}
	all := s.Bank.Files()
	p := bankPage{Page: base}
	p.Taken, p.SentBack = s.Bank.AllReturns()
	if s.Statements != nil {
		p.States, p.Odd = true, s.Statements.Odd()
	}
	if p.Pages, err = web.Paginate(r.URL, len(all), perPage); err != nil {
		return err
	}
	p.Rows = all[p.Pages.Offset:min(len(all), p.Pages.Offset+perPage)]
	return s.pages.Render(w, r, http.StatusOK, "bank", p)
}

type bankFilePage struct {
	web.Page
	File    BankFile
	Entries []entryRow
}

type entryRow struct {
	BankEntry
	Href string
	Ends string // of the account number
}

func rowOf(e BankEntry) entryRow {
	return entryRow{e, "/sandbox/bank/" + url.PathEscape(e.File.Name) + "/" + url.PathEscape(string(e.Trace)), e.Account[max(0, len(e.Account)-4):]}
}

func (s *site) bankFile(w http.ResponseWriter, r *http.Request) error {
	file, entries, ok := s.Bank.File(r.PathValue("file"))
	if !ok {
		return web.NotFound()
	}
	base, err := s.page(r, file.Name, "bank")
	if err != nil {
		return err
	}
	base.Back = "/sandbox/bank"
	p := bankFilePage{Page: base, File: file}
	for _, e := range entries {
		p.Entries = append(p.Entries, rowOf(e))
	}
	return s.pages.Render(w, r, http.StatusOK, "bank-file", p)
}

type returnPage struct {
	web.Page
	entryRow
	Code web.Field
}

// reasons are the codes that a person can send an entry back with.
var reasons = []ach.ReturnCode{"R01", "R02", "R03", "R04", "R07", "R08", "R09", "R10", "R16", "R20", "R29"}

func (s *site) entry(r *http.Request) (entryRow, bool) {
	_, entries, _ := s.Bank.File(r.PathValue("file"))
	for _, e := range entries {
		if string(e.Trace) == r.PathValue("trace") {
			return rowOf(e), true
		}
	}
	return entryRow{}, false
}

func (s *site) showReturn(w http.ResponseWriter, r *http.Request) error {
	e, ok := s.entry(r)
	if !ok {
		return web.NotFound()
	}
	return s.renderReturn(w, r, e, nil)
}

func (s *site) renderReturn(w http.ResponseWriter, r *http.Request, e entryRow, form *web.Form) error {
	base, err := s.page(r, "Send an entry back", "bank")
	if err != nil {
		return err
	}
	base.Layout, base.Back, base.Form = "flow", "/sandbox/bank/"+url.PathEscape(e.File.Name), form
	p := returnPage{Page: base, entryRow: e, Code: web.Field{Name: "code", Label: "Reason", Value: form.Value("code"), Error: form.ErrorFor("code")}}
	p.Code.Options = []web.Option{{Value: "", Label: "Choose a reason"}}
	for _, c := range reasons {
		name := c.Name()
		if len(name) > 48 {
			name = "Not authorized, says the account holder"
		}
		p.Code.Options = append(p.Code.Options, web.Option{Value: string(c), Label: string(c) + " " + name})
	}
	status := http.StatusOK
	if !form.OK() {
		status = http.StatusUnprocessableEntity
	}
	return s.pages.Render(w, r, status, "bank-return", p)
}

func (s *site) sendBack(w http.ResponseWriter, r *http.Request) error {
	e, ok := s.entry(r)
	if !ok {
		return web.NotFound()
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	var known []string
	for _, c := range reasons {
		known = append(known, string(c))
	}
	code := form.OneOf("code", "Choose why the bank sends it back", known...)
	if !form.OK() {
		return s.renderReturn(w, r, e, form)
	}
	day, err := s.Today(r.Context())
	if err != nil {
		return err
	}
	if e.Code == "" { // sent again, the same form changes nothing
		if err := s.Bank.Return(e.Trace, ach.ReturnCode(code), day); err != nil {
			return fmt.Errorf("send entry %s back: %w", e.Trace, err)
		}
	}
	http.Redirect(w, r, e.Href, http.StatusSeeOther)
	return nil
}
