package portal

import (
	"net/http"
	"strconv"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/servicing"
	"marque/internal/web"
)

// messagesPage is the inbox. Each message stands in its own language.
type messagesPage struct {
	web.Page
	Rows   []messageRow
	Older  string // where the list goes on
	Later  bool   // this is not its beginning
	Unread int
}

type messageRow struct {
	servicing.InboxMessage
	Words notice.Page
	Href  string
}

// messageRows is how many messages stand on a page.
const messageRows = 25

func (p *portal) messages(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	from, ok := cursor(r.URL.Query().Get("before"))
	if !ok {
		return web.NotFound()
	}
	list, next, err := p.svc.Inbox(r.Context(), s.Actor, from, messageRows)
	if err != nil {
		return found(err)
	}
	v := messagesPage{Page: page(s, "Messages", "messages"), Later: from.ID != ""}
	if v.Unread, err = p.svc.UnreadMessages(r.Context(), s.Actor); err != nil {
		return found(err)
	}
	for _, m := range list {
		row, err := p.messageRow(m)
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, row)
	}
	if next.ID != "" {
		v.Older = "/messages?before=" + strconv.FormatInt(int64(next.At), 10) + "-" + next.ID
	}
	return p.show(w, r, "messages", nil, v)
}

func (p *portal) messageRow(m servicing.InboxMessage) (messageRow, error) {
	words, err := notice.Inbox(m.Notice, p.svc.Lender())
	return messageRow{m, words, "/messages/" + m.ID}, err
}

// cursor reads the place in an inbox from an address; the beginning for an empty one.
func cursor(s string) (c servicing.InboxCursor, ok bool) {
	if s == "" {
		return c, true
	}
	at, id, ok := strings.Cut(s, "-")
	n, err := strconv.ParseInt(at, 10, 64)
	return servicing.InboxCursor{At: money.Instant(n), ID: id}, ok && err == nil && n > 0 && len(id) <= 40
}

type messagePage struct {
	web.Page
	messageRow
	Ways  []wayRow
	Again bool
}

// wayRow is where a message went, in words.
type wayRow struct {
	servicing.MessageWay
	How, What string
	Tone      string
}

var messageDone = map[string]string{"again": "We are sending it again. It can take a few minutes."}

func (p *portal) message(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	m, err := p.svc.ReadMessage(r.Context(), s.Actor, r.PathValue("message"))
	if err != nil {
		return found(err)
	}
	return p.messageForm(w, r, s, nil, m)
}

func (p *portal) messageForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form, m servicing.InboxMessage) error {
	row, err := p.messageRow(m)
	if err != nil {
		return err
	}
	v := messagePage{Page: page(s, row.Words.Subject, "messages"), messageRow: row, Ways: waysIn(m.Ways), Again: m.Again}
	v.Layout, v.Back, v.Form, v.Notice = "flow", "/messages", form, messageDone[r.URL.Query().Get("done")]
	return p.show(w, r, "message", form, v)
}

func waysIn(all []servicing.MessageWay) (out []wayRow) {
	for _, way := range all {
		out = append(out, wayRow{way, howWords[way.Channel], outcomeWords[way.Outcome], outcomeTones[way.Outcome]})
	}
	return out
}

var howWords = map[string]string{"": "As you chose", billing.ByEmail: "E-mail", billing.ByText: "Text message", billing.ByPaper: "By mail"}

var outcomeWords = map[string]string{"sent": "Sent", "failed": "Could not be sent", "expired": "Not sent: too late to be of use", "bounced": "Came back", "queued": "Waiting to be sent"}

var outcomeTones = map[string]string{"sent": "good", "failed": "warn", "expired": "warn", "bounced": "warn", "queued": "plain"}

func (p *portal) sendAgain(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	resent, err := strconv.Atoi(form.Value("resent"))
	if err != nil {
		return web.NotFound()
	}
	id := r.PathValue("message")
	if err := p.svc.SendAgain(r.Context(), s.Actor, id, resent); err != nil {
		if err := told(form, err, nil); err != nil {
			return err
		}
		m, err := p.svc.ReadMessage(r.Context(), s.Actor, id)
		if err != nil {
			return found(err)
		}
		return p.messageForm(w, r, s, form, m)
	}
	http.Redirect(w, r, "/messages/"+id+"?done=again", http.StatusSeeOther)
	return nil
}

// notTherePage says of each statement what was sent, where and with what result.
type notTherePage struct {
	web.Page
	Rows      []toldRow
	Email     string
	Failing   bool
	Paperless bool
}

type toldRow struct {
	messageRow
	Closing money.Date
	Ways    []wayRow
}

var notThereDone = map[string]string{"email": "We will write to this address again. If our e-mail comes back once more, we tell you here."}

func (p *portal) notThere(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	list, err := p.svc.StatementsTold(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	who, err := p.svc.Profile(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	failing, err := p.svc.UnreachableAt(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	v := notTherePage{Page: page(s, "Statement not there?", "messages"), Failing: failing != "", Paperless: who.Paperless}
	v.Back, v.Notice = "/documents", notThereDone[r.URL.Query().Get("done")]
	if who.Email != "" {
		v.Email = identity.MaskEmail(who.Email)
	}
	for _, m := range list {
		row, err := p.messageRow(m)
		if err != nil {
			return err
		}
		v.Rows = append(v.Rows, toldRow{row, m.Notice.Date, waysIn(m.Ways)})
	}
	return p.show(w, r, "not-there", nil, v)
}

func (p *portal) tryEmailAgain(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if err := p.svc.TryEmailAgain(r.Context(), s.Actor); err != nil {
		return found(err)
	}
	http.Redirect(w, r, "/messages/not-there?done=email", http.StatusSeeOther)
	return nil
}

// unreachableBanner says that our e-mails come back.
func (p *portal) unreachableBanner(r *http.Request, s servicing.Session) (*web.Banner, error) {
	shown, err := p.svc.UnreachableAt(r.Context(), s.Actor)
	if err != nil || shown == "" {
		return nil, found(err)
	}
	return &web.Banner{Kind: "warn", Text: "We could not reach you at " + shown + ". Our e-mail came back.", Label: "Mend it", Href: "/messages/not-there"}, nil
}
