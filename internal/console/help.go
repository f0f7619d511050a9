package console

import (
	"net/http"

	"marque/internal/servicing"
	"marque/internal/web"
)

// actionPage is a page with one thing to do for a customer, beside what follows
// from it.
type actionPage struct {
	customerPage
	Second    bool // a second person must agree first
	Documents []servicing.Choice
	Facts     []servicing.Choice
}

func (c *console) action(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, name, title string, form *web.Form, second bool) error {
	about, err := c.about(r, s, form)
	if err != nil {
		return err
	}
	p := actionPage{about, second, servicing.EvidenceDocuments, servicing.EvidenceFacts}
	p.Title, p.Back, p.Layout = title, href(r), "flow"
	return c.show(w, r, name, form, p)
}

func (c *console) showUnlock(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.action(w, r, s, "unlock", "Unlock sign-in", nil, false)
}

func (c *console) unlock(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	err = c.svc.Unlock(r.Context(), s.Actor, id(r), form.Value("reason"))
	if err == nil {
		return see(w, r, href(r))
	}
	second := false
	if no := refusal(err); no != nil {
		second = no.Code == "second_person"
	}
	if err := told(form, err); err != nil {
		return err
	}
	return c.action(w, r, s, "unlock", "Unlock sign-in", form, second)
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
		return c.action(w, r, s, "unlock", "Unlock sign-in", form, true)
	}
	return see(w, r, "/approvals")
}

func (c *console) showEndSessions(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.action(w, r, s, "end-sessions", "Sign the customer out everywhere", nil, false)
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
		return c.action(w, r, s, "end-sessions", "Sign the customer out everywhere", form, false)
	}
	return see(w, r, href(r))
}

func (c *console) showRecovery(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.action(w, r, s, "recovery", "Help the customer back in", nil, false)
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
		return c.action(w, r, s, "recovery", "Help the customer back in", form, false)
	}
	return see(w, r, "/approvals")
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
	p.Form = form
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
	return see(w, r, "/approvals")
}
