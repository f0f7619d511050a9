package console

import (
	"net/http"
	"slices"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type staffPage struct {
	web.Page
	All   []servicing.StaffMember
	One   servicing.StaffMember
	Self  bool
	Roles []web.Option
	Key   string // one invitation's
}

func (c *console) staff(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	all, err := c.svc.ListStaff(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	p := staffPage{Page: page(s, "Staff", "staff"), All: all}
	if r.URL.Query().Get("done") == "invited" {
		p.Notice = "That invitation was made already, and its address was shown that once. If it is lost, open the person’s page and ask to set up access anew."
	}
	return c.show(w, r, "staff", nil, p)
}

func (c *console) showNewStaff(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	if !s.Actor.Role.Has(identity.DutyStaff) {
		return servicing.ErrForbidden
	}
	if !s.Actor.Standing.Fresh(s.At) { // asked for before the form is filled in, not after
		return see(w, r, "/confirm?next=/staff/new")
	}
	return c.newStaffForm(w, r, s, nil)
}

func (c *console) newStaffForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	p := staffPage{Page: page(s, "Invite somebody", "staff"), Roles: roleOptions(), Key: identity.NewToken()}
	if form.Has("key") {
		p.Key = form.Value("key")
	}
	p.Form, p.Layout, p.Back = form, "flow", "/staff"
	return c.show(w, r, "staff-new", form, p)
}

// invitedPage shows an invitation, once.
type invitedPage struct {
	web.Page
	Link string
	Name string
}

func (c *console) invite(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	token, err := c.svc.Invite(r.Context(), s.Actor, form.Value("key"), form.Value("name"), identity.Role(form.Value("role")))
	if no := refusal(err); no != nil && no.Code == "invited_already" {
		return see(w, r, "/staff?done=invited")
	}
	if no := refusal(err); no != nil && no.Code != "step_up" {
		form.Error(no.Field, no.Message)
		return c.newStaffForm(w, r, s, form)
	}
	if err != nil {
		return err
	}
	return c.invited(w, r, s, token, form.Value("name"))
}

func (c *console) invited(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, token, name string) error {
	base := c.base
	if base == "" {
		base = "http://" + r.Host // a machine of one's own; elsewhere the address is set
	}
	p := invitedPage{page(s, "Invitation", "staff"), base + "/invite/" + token, name}
	p.Layout, p.Scripts = "flow", []string{"print.js"}
	return c.show(w, r, "invited", nil, p)
}

func (c *console) colleague(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	return c.colleagueForm(w, r, s, nil)
}

func (c *console) colleagueForm(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form) error {
	all, err := c.svc.ListStaff(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(m servicing.StaffMember) bool { return m.ID == r.PathValue("id") })
	if i < 0 {
		return servicing.ErrNotFound
	}
	p := staffPage{Page: page(s, all[i].Name, "staff"), One: all[i], Self: all[i].ID == s.Actor.ID, Roles: roleOptions()}
	p.Form, p.Back = form, "/staff"
	return c.show(w, r, "colleague", form, p)
}

// changed goes back to the colleague after something was done, or shows why not.
func (c *console) changed(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, form *web.Form, err error) error {
	if no := refusal(err); no != nil && no.Code != "step_up" {
		form.Error(no.Field, no.Message)
		return c.colleagueForm(w, r, s, form)
	}
	if err != nil {
		return err
	}
	return see(w, r, "/staff/"+r.PathValue("id"))
}

func (c *console) changeRole(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return c.changed(w, r, s, form, c.svc.ChangeRole(r.Context(), s.Actor, r.PathValue("id"), identity.Role(form.Value("role"))))
}

func (c *console) disable(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	return c.changed(w, r, s, form, c.svc.DisableStaff(r.Context(), s.Actor, r.PathValue("id")))
}

func (c *console) askReset(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	_, err = c.svc.AskReset(r.Context(), s.Actor, r.PathValue("id"), form.Value("reason"))
	if err == nil {
		return see(w, r, "/approvals?done=asked")
	}
	return c.changed(w, r, s, form, err)
}

func (c *console) reset(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	token, err := c.svc.ResetStaff(r.Context(), s.Actor, r.PathValue("id"))
	if no := refusal(err); no != nil && no.Code != "step_up" {
		form := web.NewForm()
		form.Error("", no.Message)
		return c.approvalsForm(w, r, s, form)
	}
	if err != nil {
		return err
	}
	return c.invited(w, r, s, token, "your colleague")
}

type auditPage struct {
	web.Page
	What string
	Rows []auditRow
	More string // the next page's address
}

type auditRow struct {
	At                     money.Instant
	Who, Did, About        string
	Customer, Reason, Note string
}

// auditPlace leads to what each colleague did and to who saw a customer.
func (c *console) auditPlace(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	all, err := c.svc.AuditedStaff(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	return c.show(w, r, "audits", nil, auditsPage{staffPage{Page: page(s, "Audit", "audit"), All: all}, s.Actor.Role.Has(identity.DutyFind)})
}

type auditsPage struct {
	staffPage
	Find bool // may look for customers
}

func (c *console) whoSaw(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	lines, err := c.svc.WhoSaw(r.Context(), s.Actor, id(r), r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	back := "/audit"
	if s.Actor.Role.Has(identity.DutyFind) {
		back = href(r)
	}
	return c.audit(w, r, s, "Who saw this customer", "audit", back, lines)
}

func (c *console) whatDid(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	lines, err := c.svc.WhatDid(r.Context(), s.Actor, r.PathValue("id"), r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	return c.audit(w, r, s, "What this person did and saw", "audit", "/audit", lines)
}

func (c *console) audit(w http.ResponseWriter, r *http.Request, s servicing.StaffSession, title, here, back string, lines []servicing.AuditLine) error {
	p := auditPage{Page: page(s, title, here), What: title}
	p.Back = back
	for _, l := range lines {
		p.Rows = append(p.Rows, auditRow{l.At, l.Who, capital(word(l.Action)), l.About, l.Subject, l.Reason, l.Detail})
	}
	if len(lines) == servicing.AuditPage {
		p.More = r.URL.Path + "?before=" + lines[len(lines)-1].ID
	}
	return c.show(w, r, "audit", nil, p)
}

type signalsPage struct {
	web.Page
	Customers, Staff []servicing.Signaled
	View             bool
}

func (c *console) signals(w http.ResponseWriter, r *http.Request, s servicing.StaffSession) error {
	rows, err := c.svc.Signals(r.Context(), s.Actor)
	if err != nil {
		return err
	}
	p := signalsPage{Page: page(s, "Unusual sign-ins", "signals"), View: s.Actor.Role.Has(identity.DutyView)}
	for _, row := range rows {
		if row.Staff {
			p.Staff = append(p.Staff, row)
		} else {
			p.Customers = append(p.Customers, row)
		}
	}
	return c.show(w, r, "signals", nil, p)
}
