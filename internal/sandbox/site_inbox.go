package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"marque/internal/money"
	"marque/internal/web"
)

type inboxPage struct {
	web.Page
	Find, Kind web.Field
	Texts      bool // there are text messages in this sandbox
	Asked      bool
	Rows       []messageRow
	Pages      web.Pages
}

// messageRow is an e-mail or a text message in the list.
type messageRow struct {
	Title, To, Href string
	Text            bool
	At              money.Instant
}

func instant(t time.Time) money.Instant {
	if t.IsZero() {
		return 0
	}
	return money.InstantOf(t)
}

// firstWords of a text message, which has no subject. The lender's name, with
// which all begin, says nothing in a list of them.
func firstWords(body string) string {
	const most = 52
	if _, rest, ok := strings.Cut(body, ": "); ok {
		body = rest
	}
	if utf8.RuneCountInString(body) <= most {
		return body
	}
	cut := string([]rune(body)[:most])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return cut + "…"
}

const (
	perPage = 25
	emails  = "email"
	texts   = "text"
)

// received is what the inbox and the provider of texts have, newest first.
func (s *site) received(find, kind string) (all []messageRow) {
	if kind != texts {
		for _, m := range s.Inbox.Messages(find) {
			all = append(all, messageRow{Title: m.Subject, To: m.To, Href: "/sandbox/inbox/" + m.ID, At: instant(m.Date)})
		}
	}
	if s.Texts != nil && kind != emails {
		for _, m := range s.Texts.Messages(find) {
			all = append(all, messageRow{Title: firstWords(m.Body), To: phone(m.To), Href: "/sandbox/texts/" + m.ID, Text: true, At: instant(m.Date)})
		}
		slices.SortStableFunc(all, func(a, b messageRow) int { return cmp.Compare(b.At, a.At) })
	}
	return all
}

func (s *site) inbox(w http.ResponseWriter, r *http.Request) error {
	base, err := s.page(r, "Inbox", "documents")
	if err != nil {
		return err
	}
	find, kind := r.URL.Query().Get("find"), r.URL.Query().Get("kind")
	all := s.received(find, kind)
	p := inboxPage{Page: base, Asked: strings.TrimSpace(find) != "" || kind == emails || kind == texts, Texts: s.Texts != nil,
		Find: web.Field{Name: "find", Label: "To or about", Value: find, Type: "search", Autocomplete: "off", Width: 20},
		Kind: web.Field{Name: "kind", Label: "Kind", Value: kind, Options: []web.Option{{Value: "", Label: "All messages"}, {Value: emails, Label: "E-mail"}, {Value: texts, Label: "Text messages"}}}}
	if p.Pages, err = web.Paginate(r.URL, len(all), perPage); err != nil {
		return err
	}
	p.Rows = all[p.Pages.Offset:min(len(all), p.Pages.Offset+perPage)]
	return s.pages.Render(w, r, http.StatusOK, "inbox", p)
}

type textPage struct {
	web.Page
	ID, To, From, Body string
	At                 money.Instant
	Characters         int
}

// phone is an American number as it is printed.
func phone(s string) string {
	if len(s) == 12 && s[:2] == "+1" {
		return "(" + s[2:5] + ") " + s[5:8] + "-" + s[8:]
	}
	return s
}

func (s *site) text(w http.ResponseWriter, r *http.Request) error {
	if s.Texts == nil {
		return web.NotFound()
	}
	m, ok := s.Texts.Read(r.PathValue("id"))
	if !ok {
		return web.NotFound()
	}
	return s.textForm(w, r, m, nil)
}

func (s *site) textForm(w http.ResponseWriter, r *http.Request, m TextMessage, form *web.Form) error {
	base, err := s.page(r, "Text message", "documents")
	if err != nil {
		return err
	}
	base.Layout, base.Back, base.Form = "flow", "/sandbox/inbox", form
	status := http.StatusOK
	if !form.OK() {
		status = http.StatusUnprocessableEntity
	}
	return s.pages.Render(w, r, status, "text", textPage{base, m.ID, phone(m.To), phone(m.From), m.Body, instant(m.Date), utf8.RuneCountInString(m.Body)})
}

type messagePage struct {
	web.Page
	Message
	At         money.Instant
	Paragraphs [][]string
	HTML       bool
}

func (s *site) message(w http.ResponseWriter, r *http.Request) error {
	c, ok, err := s.Inbox.Read(r.PathValue("id"))
	if err != nil {
		return err
	}
	if !ok {
		return web.NotFound()
	}
	base, err := s.page(r, c.Subject, "documents")
	if err != nil {
		return err
	}
	base.Layout, base.Back = "flow", "/sandbox/inbox"
	p := messagePage{Page: base, Message: c.Message, At: instant(c.Date), HTML: c.HTML != ""}
	for part := range strings.SplitSeq(strings.TrimSpace(c.Text), "\n\n") {
		p.Paragraphs = append(p.Paragraphs, strings.Split(part, "\n"))
	}
	return s.pages.Render(w, r, http.StatusOK, "message", p)
}

// asSent shows a message's HTML as a mail program would: it may use its own
// styles, and nothing else.
func (s *site) asSent(w http.ResponseWriter, r *http.Request) error {
	c, ok, err := s.Inbox.Read(r.PathValue("id"))
	if err != nil {
		return err
	}
	if !ok || c.HTML == "" {
		return web.NotFound()
	}
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(c.HTML))
	return err
}
