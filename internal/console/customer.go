package console

import (
	"net/http"
	"net/url"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// customerPage is one customer on one screen; before a reason was given, only how
// the caller can be asked who they are.
type customerPage struct {
	web.Page
	ID, Name string
	Caller   servicing.Caller
	View     *servicing.CustomerView
	Reached  *servicing.Reached
	Can      can
	Purposes []web.Option
	Methods  []web.Option
	Timeline []line // the newest, or older ones
	Pages    web.Pages
}

// can are the links that a role has use for. What may be done servicing decides.
type can struct{ View, Verify, Unlock, EndSessions, Recover, Audit, Reverse, Phone, Paper, Refund bool }

func mayOf(s servicing.StaffSession) can {
	has := s.Actor.Role.Has
	return can{has(identity.DutyView), has(identity.DutyVerify), has(identity.DutyUnlock), has(identity.DutyEndSessions), has(identity.DutyRecover), has(identity.DutyAudit), has(identity.DutyReverse), has(identity.DutyPhonePay), has(identity.DutyPaperPay), has(identity.DutyRefund)}
}

func id(r *http.Request) identity.CustomerID { return identity.CustomerID(r.PathValue("id")) }

func href(r *http.Request) string { return "/customers/" + r.PathValue("id") }

func (c *console) customer(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	if p := r.URL.Query().Get("purpose"); p != "" {
		return c.customerForm(w, r, s, web.NewForm("purpose", p), nil)
	}
	return c.customerForm(w, r, s, nil, nil)
}

// customerDone says what was just done, by its name in the address.
var customerDone = map[string]string{
	"unlocked": "Unlocked. The customer signs in with the password and the second step as before.",
	"ended":    "Signed out everywhere. The customer signs in anew on each device.",
}

// timelineSize is how many lines of what happened stand on a page.
const timelineSize = 20

func (c *console) customerForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form, reached *servicing.Reached) error {
	p, err := c.about(r, s, form)
	if err != nil {
		return err
	}
	p.Reached = reached
	if p.Caller.Viewing == nil {
		return c.show(w, r, "caller", form, p)
	}
	view, err := c.svc.ViewCustomer(r.Context(), s.Actor, id(r))
	if err != nil {
		return err
	}
	p.View, p.Timeline, p.BusinessDate = &view, timelineOf(view.Timeline), view.Date
	at := url.URL{Path: href(r)}
	if n := r.URL.Query().Get("page"); n != "" {
		at.RawQuery = url.Values{"page": {n}}.Encode()
	}
	if p.Pages, err = web.Paginate(&at, len(p.Timeline), timelineSize); err != nil {
		return err
	}
	p.Timeline = p.Timeline[p.Pages.Offset:min(len(p.Timeline), p.Pages.Offset+timelineSize)]
	p.Notice = customerDone[r.URL.Query().Get("done")]
	return c.show(w, r, "customer", form, p)
}

// about begins a page about a customer, under the banner when the account is open.
func (c *console) about(r *http.Request, s servicing.StaffSession, form *web.Form) (p customerPage, err error) {
	p = customerPage{ID: r.PathValue("id"), Can: mayOf(s)}
	if p.Caller, err = c.svc.ReadCaller(r.Context(), s.Actor, id(r)); err != nil {
		return p, err
	}
	p.Name = strings.TrimSpace(p.Caller.FirstName + " " + p.Caller.LastName)
	p.Page = page(s, p.Name, "find")
	p.Form = form
	if v := p.Caller.Viewing; v != nil {
		p.Banner = &web.Banner{Kind: "warn", Text: "You are looking at " + p.Name + "’s account. Read only. Reason: " + v.Reason,
			Label: "Close", Href: href(r) + "/close", Post: true}
	}
	p.Purposes, p.Methods = purposeOptions(), methodOptions(p.Caller)
	return p, nil
}

func (c *console) openView(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if err := c.svc.OpenView(r.Context(), s.Actor, id(r), form.Value("reason")); err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.customerForm(w, r, s, form, nil)
	}
	return see(w, r, href(r))
}

func (c *console) closeView(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	if err := c.svc.CloseView(r.Context(), s.Actor, id(r)); err != nil {
		return err
	}
	return see(w, r, "/")
}

// reveal shows addresses in the answer to a form, so that going back or loading the
// page again does not.
func (c *console) reveal(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	reached, err := c.svc.RevealContact(r.Context(), s.Actor, id(r))
	if err != nil {
		return err
	}
	return c.customerForm(w, r, s, nil, &reached)
}

// line is one line of the timeline in words.
type line struct {
	At         money.Instant
	Kind       string
	Text, More string
	Amount     money.Cents
}

func timelineOf(all []servicing.Moment) (out []line) {
	for _, m := range all {
		l := line{At: m.At, Kind: m.Kind, Amount: m.Amount, More: m.Reason}
		switch m.Kind {
		case "payment":
			l.Text = "Payment " + m.Detail + ": " + paymentWord(billing.PaymentState(m.What))
		case "message":
			l.Text = capital(wayName(m.Way)) + " “" + noticeWord(billing.NoticeKind(m.Detail)) + "”: " + word(m.What)
		case "visit":
			l.Text = outcomeWords(m.What)
			if m.Detail != "" {
				l.Text += ", " + m.Detail
			}
		case "staff":
			l.Text = m.Who + ": " + word(m.What)
		default:
			l.Text = capital(word(m.What))
		}
		out = append(out, l)
	}
	return out
}
