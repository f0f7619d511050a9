package console

import (
	"net/http"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/servicing"
	"marque/internal/web"
)

// noticesPage lists what people are told, by what they can choose about.
type noticesPage struct {
	web.Page
	Groups []noticeGroup
}

type noticeGroup struct {
	Name  string
	Kinds []noticeLine
}

type noticeLine struct {
	Name, Href string
	Ways       []string
	Required   bool
	AtOnce     bool
}

var groupNames = map[billing.EventGroup]string{
	billing.AboutStatements: "Statements", billing.AboutPayments: "Payments", billing.AboutAutopay: "Autopay", billing.AboutReminders: "Reminders",
	billing.AboutAccount: "Changes to the account", billing.AboutLease: "Lease", billing.AboutTitle: "Title papers", billing.AboutMessages: "Messages from staff",
	billing.AboutSecurity: "Sign-in and security", billing.AboutCodes: "Codes", billing.AboutAnswers: "Answers to text messages",
}

var ways = []struct{ way, name string }{{billing.ByEmail, "e-mail"}, {billing.ByText, "text message"}, {billing.ByPortal, "inbox"}, {billing.ByPaper, "letter"}}

func (c *console) notices(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	p := noticesPage{Page: page(s, "Messages", "notices")}
	at := map[billing.EventGroup]int{}
	for _, e := range billing.Events {
		i, known := at[e.Group]
		if !known {
			i, at[e.Group] = len(p.Groups), len(p.Groups)
			p.Groups = append(p.Groups, noticeGroup{Name: groupNames[e.Group]})
		}
		l := noticeLine{Name: noticeWord(e.Kind), Href: "/notices/" + string(e.Kind), Required: e.Required, AtOnce: e.AtOnce}
		for _, way := range ways {
			if e.Ways.Has(way.way) {
				l.Ways = append(l.Ways, way.name)
			}
		}
		p.Groups[i].Kinds = append(p.Groups[i].Kinds, l)
	}
	return c.show(w, r, "notices", nil, p)
}

// noticePage shows one kind of message in both languages and by each way, about
// somebody invented. Nothing is sent.
type noticePage struct {
	web.Page
	Name      string
	Kind      string
	Languages []noticeIn
}

type noticeIn struct {
	Code, Name string
	Email      *notice.Message
	Text       string
	Characters int
	Inbox      *notice.Page
	Letter     *notice.Page
}

// example is a preview's moment: the same each day, so that pages can be compared.
func (c *console) example(kind billing.NoticeKind, language string, at money.Instant) billing.Notice {
	return notice.Example(kind, language, at)
}

func (c *console) notice(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	e, known := billing.EventOf(billing.NoticeKind(r.PathValue("kind")))
	if !known {
		return found(servicing.ErrNotFound)
	}
	p := noticePage{Page: page(s, noticeWord(e.Kind), "notices"), Name: noticeWord(e.Kind), Kind: string(e.Kind)}
	p.Back = "/notices"
	for _, l := range [][2]string{{billing.English, "English"}, {billing.Spanish, "Spanish"}} {
		in, err := c.noticeIn(e, l[0], l[1], s.At)
		if err != nil {
			return err
		}
		p.Languages = append(p.Languages, in)
	}
	return c.show(w, r, "notice", nil, p)
}

func (c *console) noticeIn(e billing.Event, code, name string, at money.Instant) (in noticeIn, err error) {
	in, n, lender := noticeIn{Code: code, Name: name}, c.example(e.Kind, code, at), c.svc.Lender()
	if e.Ways.Has(billing.ByEmail) {
		m, err := notice.Mail(n, lender)
		if err != nil {
			return in, err
		}
		in.Email = &m
	}
	if e.Ways.Has(billing.ByText) {
		if in.Text, err = notice.Text(n, lender); err != nil {
			return in, err
		}
		in.Characters = len([]rune(in.Text))
	}
	for _, way := range []struct {
		way  string
		into **notice.Page
		set  func(billing.Notice, billing.Lender) (notice.Page, error)
	}{{billing.ByPortal, &in.Inbox, notice.Inbox}, {billing.ByPaper, &in.Letter, notice.Letter}} {
		if !e.Ways.Has(way.way) {
			continue
		}
		words, err := way.set(n, lender)
		if err != nil {
			return in, err
		}
		*way.into = &words
	}
	return in, nil
}

// noticeAsSent is an e-mail as a mail program shows it: with styles of its own and
// nothing else.
func (c *console) noticeAsSent(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	e, known := billing.EventOf(billing.NoticeKind(r.PathValue("kind")))
	language := r.PathValue("language")
	if !known || !e.Ways.Has(billing.ByEmail) || language != billing.English && language != billing.Spanish {
		return found(servicing.ErrNotFound)
	}
	m, err := notice.Mail(c.example(e.Kind, language, s.At), c.svc.Lender())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(m.HTML))
	return err
}

// messagesPage is what was sent to a customer, and where staff write to them.
type messagesPage struct {
	customerPage
	Sent []sentRow
	Key  string
}

type sentRow struct {
	servicing.SentMessage
	Name string
	Ways []string
}

func (c *console) messagesTo(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.messagesForm(w, r, s, nil)
}

func (c *console) messagesForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	all, err := c.svc.MessagesTo(r.Context(), s.Actor, id(r))
	if no := refusal(err); no != nil {
		return see(w, r, href(r)) // the account is not open: there it is asked why
	}
	if err != nil {
		return found(err)
	}
	p := messagesPage{Key: servicing.NewKey()}
	if p.customerPage, err = c.about(r, s, form); err != nil {
		return err
	}
	p.Title, p.Back = "Messages to "+p.Name, href(r)
	if r.URL.Query().Get("done") == "sent" {
		p.Notice = "The message stands in the customer’s inbox."
	}
	for _, m := range all {
		row := sentRow{SentMessage: m, Name: noticeWord(m.Kind)}
		for _, way := range m.Ways {
			line := capital(wayName(way.Channel))
			if way.Channel == "" {
				line = "As chosen"
			}
			if way.Where != "" {
				line += " to " + way.Where
			}
			line += ": " + word(way.Outcome)
			if way.Reason != "" {
				line += " (" + way.Reason + ")"
			}
			row.Ways = append(row.Ways, line)
		}
		p.Sent = append(p.Sent, row)
	}
	return c.show(w, r, "messages", form, p)
}

func (c *console) writeTo(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if err := c.svc.WriteTo(r.Context(), s.Actor, id(r), form.Value("key"), form.Value("text")); err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.messagesForm(w, r, s, form)
	}
	return see(w, r, href(r)+"/messages?done=sent")
}
