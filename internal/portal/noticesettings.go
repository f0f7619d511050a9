package portal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"marque/internal/billing"
	"marque/internal/servicing"
	"marque/internal/web"
)

// noticeSettingsPage is what a person wants to be told, how and when: one form.
type noticeSettingsPage struct {
	web.Page
	servicing.NoticeSettings
	Groups     []groupRow
	PhoneShown string
	From, To   web.Field
	Zone       web.Field
}

// groupRow is one group of messages with its switches.
type groupRow struct {
	servicing.NoticeChoice
	Name, Hint string
}

// switchWords name the groups as the page does.
var switchWords = map[billing.EventGroup][2]string{
	billing.AboutStatements: {"Statements", "When there is a new one"},
	billing.AboutPayments:   {"Payments", "Received, scheduled, changed or canceled. A payment that fails or is returned is always told by e-mail."},
	billing.AboutAutopay:    {"Autopay", "After each payment. When autopay is turned on or off, or takes another amount, is always told by e-mail."},
	billing.AboutReminders:  {"Reminders", "Before the due date, on it, and when a payment is late"},
	billing.AboutAccount:    {"Changes to your account", "Of due dates, amounts and how you get papers"},
	billing.AboutLease:      {"Lease", "Before it ends, and when the miles run ahead"},
	billing.AboutTitle:      {"Title papers", "When they are sent"},
	billing.AboutMessages:   {"Messages from us", "When we write to you here"},
	billing.AboutSecurity:   {"Sign-in and security", "It is how you hear when somebody else tries to get in"},
}

var settingsDone = map[string]string{
	"saved": "Your choices were saved.",
	"off":   "Text messages are off. Codes and security alarms still come by text.",
}

func (p *portal) showNoticeSettings(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	return p.noticeSettingsForm(w, r, s, nil)
}

func (p *portal) noticeSettingsForm(w http.ResponseWriter, r *http.Request, s servicing.Session, form *web.Form) error {
	set, err := p.svc.NoticeSettings(r.Context(), s.Actor)
	if err != nil {
		return found(err)
	}
	v := newNoticeSettingsPage(s, set, form)
	v.Notice = settingsDone[r.URL.Query().Get("done")]
	return p.show(w, r, "notice-settings", form, v)
}

func newNoticeSettingsPage(s servicing.Session, set servicing.NoticeSettings, form *web.Form) noticeSettingsPage {
	v := noticeSettingsPage{Page: page(s, "Which messages you get", "messages"), NoticeSettings: set, PhoneShown: phoneWords(set.Phone)}
	v.Layout, v.Back, v.Form = "flow", "/messages", form
	for _, c := range set.Choices {
		if form != nil { // what was chosen comes back with what is wrong
			c.Email = c.EmailFixed || slices.Contains(form.All("email"), string(c.Group))
			c.Text = c.TextFixed || slices.Contains(form.All("text"), string(c.Group))
		}
		v.Groups = append(v.Groups, groupRow{c, switchWords[c.Group][0], switchWords[c.Group][1]})
	}
	field := func(name, label, value string, options []web.Option) web.Field {
		f := web.Field{Name: name, Label: label, Value: value, Options: options, Error: form.ErrorFor(name)}
		if form.Has(name) {
			f.Value = form.Value(name)
		}
		return f
	}
	v.From = field("from", "From", strconv.Itoa(set.Quiet.From), hourOptions)
	v.To = field("to", "Until", strconv.Itoa(set.Quiet.To), hourOptions)
	v.Zone = field("zone", "Time zone", set.Quiet.Zone, zoneOptions)
	return v
}

// hourOptions are the hours of a day, by minutes after midnight.
var hourOptions = func() (out []web.Option) {
	for h := range 24 {
		name := fmt.Sprintf("%d am", h)
		switch {
		case h == 0:
			name = "Midnight"
		case h == 12:
			name = "Noon"
		case h > 12:
			name = fmt.Sprintf("%d pm", h-12)
		}
		out = append(out, web.Option{Value: strconv.Itoa(h * 60), Label: name})
	}
	return out
}()

var zoneOptions = func() (out []web.Option) {
	for _, z := range billing.Zones {
		out = append(out, web.Option{Value: z[0], Label: z[1]})
	}
	return out
}()

func (p *portal) saveNoticeSettings(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	form, err := web.ReadForm(r, "email", "text")
	if err != nil {
		return err
	}
	c := servicing.NoticeChoices{AgreeTexts: form.Value("agree") != "", Quiet: billing.Quiet{Zone: form.Value("zone")}}
	for _, g := range form.All("email") {
		c.Email = append(c.Email, billing.EventGroup(g))
	}
	for _, g := range form.All("text") {
		c.Text = append(c.Text, billing.EventGroup(g))
	}
	for name, into := range map[string]*int{"from": &c.Quiet.From, "to": &c.Quiet.To} {
		if *into, err = strconv.Atoi(form.Value(name)); err != nil {
			form.Error(name, "Choose an hour of the day.")
		}
	}
	if !form.OK() {
		return p.noticeSettingsForm(w, r, s, form)
	}
	if err := p.svc.SaveNoticeSettings(r.Context(), s.Actor, c, p.source(r)); err != nil {
		return mend(w, r, s, form, err, p.noticeSettingsForm)
	}
	http.Redirect(w, r, "/messages/settings?done=saved", http.StatusSeeOther)
	return nil
}

func (p *portal) stopTexts(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	if err := p.svc.StopTexts(r.Context(), s.Actor, p.source(r)); err != nil {
		return found(err)
	}
	http.Redirect(w, r, "/messages/settings?done=off", http.StatusSeeOther)
	return nil
}

// unsubscribePage is behind the link that mail programs show beside an e-mail.
type unsubscribePage struct {
	web.Page
	Group, Action string
	Done          bool
}

func (p *portal) showUnsubscribe(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	u, err := p.svc.ReadUnsubscribe(r.Context(), token)
	if err != nil {
		return found(err)
	}
	v := unsubscribePage{Page: web.Page{Title: "End these e-mails?", Layout: "flow"}, Group: strings.ToLower(switchWords[u.Group][0]), Action: "/unsubscribe/" + token, Done: u.Done}
	if u.Done {
		v.Title = "These e-mails are off"
	}
	return p.show(w, r, "unsubscribe", nil, v)
}

func (p *portal) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.svc.Unsubscribe(r.Context(), r.PathValue("token")); err != nil {
		return found(err)
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
	return nil
}

// longestOneClick is more than the form of RFC 8058 has, in bytes.
const longestOneClick = 4 << 10

// oneClick takes the POST that a mail provider sends for its reader (RFC 8058). It
// comes from no page of ours, with no cookie, and can do nothing but what the link
// in the message can.
func (p *portal) oneClick(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, is := strings.CutPrefix(r.URL.Path, "/unsubscribe/")
		if !is || r.Method != http.MethodPost || r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != "" {
			pages.ServeHTTP(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, longestOneClick)
		if r.PostFormValue("List-Unsubscribe") != "One-Click" {
			http.Error(w, "not a one-click request", http.StatusBadRequest)
			return
		}
		_, err := p.svc.Unsubscribe(r.Context(), token)
		switch {
		case errors.Is(err, servicing.ErrNotFound):
			http.Error(w, "no such message", http.StatusNotFound)
		case err != nil:
			p.log.Error("unsubscribe", "error", err)
			http.Error(w, "try again later", http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusOK)
		}
	})
}
