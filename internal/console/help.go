package console

import (
	"net/http"
	"net/url"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

// actionPage is a page with one thing to do for a customer, beside what follows
// from it.
type actionPage struct {
	customerPage
	Second    bool   // a second person must agree first
	Lacks     string // what the caller has still to show, in words
	Purpose   string // what to verify the caller for
	Documents []servicing.Choice
	Facts     []servicing.Choice
}

// actions are the pages by the names of their templates.
var actions = map[string]struct {
	title, purpose string
	duty           identity.Duty
}{
	"unlock":       {"Unlock sign-in", billing.CallerUnlock, identity.DutyUnlock},
	"end-sessions": {"Sign the customer out everywhere", billing.CallerAccount, identity.DutyEndSessions},
	"recovery":     {"Help the customer back in", billing.CallerRecovery, identity.DutyRecover},
}

func (c *console) action(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, name string, form *web.Form, second bool) error {
	about, err := c.about(r, s, form)
	if err != nil {
		return err
	}
	a := actions[name]
	p := actionPage{about, second, about.Caller.Lacks[a.duty], a.purpose, servicing.EvidenceDocuments, servicing.EvidenceFacts}
	p.Title, p.Back, p.Layout = a.title, href(r), "flow"
	return c.show(w, r, name, form, p)
}

func (c *console) showUnlock(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.action(w, r, s, "unlock", nil, false)
}

func (c *console) unlock(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = c.svc.Unlock(r.Context(), s.Actor, id(r), form.Value("reason"))
	if err == nil {
		return see(w, r, href(r)+"?done=unlocked")
	}
	second := false
	if no := refusal(err); no != nil {
		second = no.Code == "second_person"
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.action(w, r, s, "unlock", form, second)
}

func (c *console) askUnlock(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if _, err := c.svc.AskUnlock(r.Context(), s.Actor, id(r), form.Value("reason")); err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.action(w, r, s, "unlock", form, true)
	}
	return see(w, r, "/approvals?done=asked")
}

func (c *console) showEndSessions(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.action(w, r, s, "end-sessions", nil, false)
}

func (c *console) endSessions(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	if err := c.svc.EndCustomerSessions(r.Context(), s.Actor, id(r), form.Value("reason")); err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.action(w, r, s, "end-sessions", form, false)
	}
	return see(w, r, href(r)+"?done=ended")
}

func (c *console) showRecovery(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.action(w, r, s, "recovery", nil, false)
}

func (c *console) askRecovery(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r, "documents", "facts")
	if err != nil {
		return err
	}
	seen := servicing.Evidence{Documents: form.All("documents"), Facts: form.All("facts")}
	if _, err := c.svc.AskRecovery(r.Context(), s.Actor, id(r), seen, form.Value("reason")); err != nil {
		if err := told(form, err); err != nil {
			return err
		}
		return c.action(w, r, s, "recovery", form, false)
	}
	return see(w, r, "/approvals?done=asked")
}

// Ticked says whether a box of a group was ticked.
func (p actionPage) Ticked(group, id string) bool {
	for _, v := range p.Form.All(group) {
		if v == id {
			return true
		}
	}
	return false
}

type approvalsPage struct {
	web.Page
	Open, Done []servicing.Approval
}

func (c *console) approvals(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.approvalsForm(w, r, s, nil)
}

func (c *console) approvalsForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	all, err := c.svc.ListApprovals(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	p := approvalsPage{Page: page(s, "Approvals", "approvals")}
	p.Form, p.Notice = form, approvalsDone[r.URL.Query().Get("done")]
	for _, a := range all {
		if a.State == "asked" || a.State == "agreed" {
			p.Open = append(p.Open, a)
		} else {
			p.Done = append(p.Done, a)
		}
	}
	return c.show(w, r, "approvals", form, p)
}

func (c *console) decide(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	verdict := form.OneOf("verdict", "Choose whether you agree.", "agree", "refuse")
	if !form.OK() {
		return c.approvalsForm(w, r, s, form)
	}
	err = c.svc.DecideApproval(r.Context(), s.Actor, r.PathValue("id"), form.Value("hash"), verdict == "agree", c.source(r))
	if no := refusal(err); no != nil && no.Code != "step_up" {
		form.Error("", no.Message)
		return c.approvalsForm(w, r, s, form)
	}
	if err != nil {
		return err
	}
	done := "refused"
	if verdict == "agree" {
		done = form.Value("kind")
	}
	return see(w, r, "/approvals?done="+url.QueryEscape(done))
}

// approvalsDone says what was done and what happens next: by the kind of what was
// agreed to, or by what else was done.
var approvalsDone = map[string]string{
	"asked":    "Asked. Somebody else must agree within 24 hours. Then it goes on from here.",
	"refused":  "Refused. Nothing changes, and who asked can see it here.",
	"recovery": "Agreed. The customer can now choose “I lost both” under “Help signing in” and gets in with a code to an address on file. We have told all addresses. Who asked can tell the customer.",
	"unlock":   "Agreed. Who asked can now unlock the sign-in. The customer must then set a new password.",
	"reversal": "Agreed. The payment is off the account, and the money goes back with the next file. The customer was told.",
	"reset":    "Agreed. Who asked can now end the old access and make the invitation.",
}
