package servicing_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/servicing"
)

// colleague is a member of staff with a way in.
type colleague struct {
	*office
	name, token string
	app         app
}

const deskPassword = "nine tall ships"

// actor is who the colleague is at this moment, by the session.
func (c *colleague) actor() identity.Actor {
	c.Helper()
	return got(c.StaffSession(ctx, c.token))(c).Actor
}

// fresh shows the second factor again.
func (c *colleague) fresh() identity.Actor {
	c.Helper()
	c.wait(time.Minute)
	c.token = got(c.Confirm(ctx, c.actor(), servicing.App, c.now(c.app), c.from()))(c).Session
	return c.actor()
}

// from is the colleague's own desk.
func (c *colleague) from() servicing.Source {
	return servicing.Source{IP: "198.51.100.9", UserAgent: "desk of " + c.name}
}

// enrol takes an invitation and binds an authenticator app.
func (o *office) enrol(invite, name string) *colleague {
	o.Helper()
	c := &colleague{office: o, name: name}
	e := got(o.AcceptInvite(ctx, invite, name+".desk", deskPassword, c.from()))(o)
	who := got(o.StaffSession(ctx, e.Session))(o)
	if !who.Enrolling {
		o.Fatal("an invitation gave a whole session")
	}
	setup := got(o.StartApp(ctx, who.Actor))(o)
	c.app = app(setup.Seed)
	c.token = got(o.FinishApp(ctx, who.Actor, setup.Box, "", o.now(c.app), c.from()))(o).Session
	return c
}

// signInDesk shows the password and the app.
func (c *colleague) signInDesk() servicing.Entry {
	c.Helper()
	c.wait(time.Minute)
	e := got(c.StaffSignIn(ctx, c.name+".desk", deskPassword, c.from()))(c)
	return got(c.ProveStaff(ctx, e.Flow, c.now(c.app), c.from()))(c)
}

func (o *office) founder() *colleague {
	o.Helper()
	return o.enrol(got(o.FoundAdministrator(ctx, system, "Ada Founder"))(o), "ada")
}

func (c *colleague) hires(name string, role identity.Role) *colleague {
	c.Helper()
	return c.enrol(got(c.Invite(ctx, c.fresh(), name+" Colleague", role))(c), strings.ToLower(name))
}

const why = "ticket 4711, asked about a fee"

// The first administrator.

func TestOfTwoFoundersOneIsMade(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		var made atomic.Int32
		tokens := make([]string, 8)
		atOnce(8, func(i int) {
			token, err := o.FoundAdministrator(ctx, system, "Ada Founder")
			switch {
			case err == nil:
				made.Add(1)
				tokens[i] = token
			case outcome(err) != "refused founded":
				t.Error(err)
			}
		})
		if made.Load() != 1 {
			t.Fatalf("%d founders", made.Load())
		}
		o.expect(1, "founders", `SELECT COUNT(*) FROM staff`)
		// The database itself refuses a second one, whatever a program does.
		if _, err := o.raw.Exec(`INSERT INTO staff (id, name, role, state, founder, created_at, created_by) VALUES ('x', 'x', 'administrator', 'active', 1, 1, 'x')`); err == nil {
			t.Error("a second founder went into the table")
		}
		token := strings.Join(tokens, "")
		var accepted atomic.Int32
		atOnce(6, func(i int) {
			if _, err := o.AcceptInvite(ctx, token, "ada.desk"+string(rune('a'+i)), deskPassword, src); err == nil {
				accepted.Add(1)
			}
		})
		if accepted.Load() != 1 {
			t.Errorf("the invitation worked %d times", accepted.Load())
		}
	})
}

func TestAnInvitationLastsADayAndTheOperatorFoundsAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		old := got(o.FoundAdministrator(ctx, system, "Ada Founder"))(t)
		o.wait(24 * time.Hour)
		if _, err := o.AcceptInvite(ctx, old, "ada.desk", deskPassword, src); outcome(err) != "refused invite_gone" {
			t.Error(err)
		}
		admin := o.founder()
		if _, err := o.FoundAdministrator(ctx, system, "Mallory"); outcome(err) != "refused founded" {
			t.Error(err)
		}
		must(t, o.DisableStaff(ctx, system, admin.actor().ID))
		if _, err := o.StaffSession(ctx, admin.token); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("disabled, and still signed in: %v", err)
		}
		again := got(o.FoundAdministrator(ctx, system, "Ada Founder"))(t)
		if in := got(o.ReadInvite(ctx, again))(t); in.Role != identity.RoleAdministrator || in.Username != "ada.desk" {
			t.Errorf("%+v", in)
		}
		admin = o.enrol(again, "ada")
		if len(got(o.ListStaff(ctx, admin.actor()))(t)) != 1 {
			t.Error("founding anew made a second person")
		}
	})
}

// Signing in to the desk.

func TestStaffComeInWithAnAppAndNeverWithAMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		o.activate()
		admin := o.founder()
		agent := admin.hires("Dana", identity.RoleAgent)
		actor := agent.fresh()
		if _, err := o.StartPhone(ctx, actor, "+12025550188", src); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("a phone as a factor of staff: %v", err)
		}
		if _, err := o.MakeSavedCodes(ctx, actor, servicing.NewKey(), src); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("saved codes of staff: %v", err)
		}
		// The portal's door does not open for them, nor the desk's for a borrower.
		if _, err := o.SignIn(ctx, "dana.desk", deskPassword, src); outcome(err) != "refused sign_in_wrong" {
			t.Errorf("staff at the portal: %v", err)
		}
		if _, err := o.StaffSignIn(ctx, username, password, src); outcome(err) != "refused sign_in_wrong" {
			t.Errorf("a borrower at the desk: %v", err)
		}
		borrower := got(o.signIn(password, src))(t)
		if _, err := o.StaffSession(ctx, borrower.Session); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("a borrower's session at the desk: %v", err)
		}
		if _, err := o.Session(ctx, agent.token); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("a session of staff in the portal: %v", err)
		}
		run := got(o.SignIn(ctx, username, password, src))(t)
		if _, err := o.ProveStaff(ctx, run.Flow, "123456", src); outcome(err) != "refused flow_gone" {
			t.Errorf("a borrower's run at the desk: %v", err)
		}
		first, second := agent.signInDesk(), agent.signInDesk()
		for what, token := range map[string]string{"before": agent.token, "first": first.Session, "second": second.Session} {
			_, err := o.StaffSession(ctx, token)
			if (err == nil) != (what != "before") {
				t.Errorf("two desks at most: %s: %v", what, err)
			}
		}
		o.wait(15 * time.Minute)
		if _, err := o.StaffSession(ctx, second.Session); !errors.Is(err, servicing.ErrNoSession) {
			t.Error("lives after fifteen idle minutes")
		}
		last := agent.signInDesk().Session
		for range 60 {
			o.wait(10 * time.Minute)
			if _, err := o.StaffSession(ctx, last); err != nil {
				break
			}
		}
		if _, err := o.StaffSession(ctx, last); !errors.Is(err, servicing.ErrNoSession) {
			t.Error("lives after ten hours")
		}
	})
}

// A session that may only bind a factor reads nothing, whatever the role.
func TestWhoIsInvitedBindsAFactorBeforeAnythingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		admin := o.founder()
		token := got(o.Invite(ctx, admin.fresh(), "Dana Colleague", identity.RoleAdministrator))(t)
		e := got(o.AcceptInvite(ctx, token, "dana.desk", deskPassword, src))(t)
		who := got(o.StaffSession(ctx, e.Session))(t)
		if _, err := o.ListStaff(ctx, who.Actor); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("without a second factor: %v", err)
		}
		run := got(o.StaffSignIn(ctx, "dana.desk", deskPassword, src))(t)
		if run.Session != "" || len(got(o.StaffFactors(ctx, run.Flow))(t)) != 0 {
			t.Error("the password alone led somewhere")
		}
	})
}

// Who manages the staff.

func TestNobodyChangesThemselvesNorTakesTheLastAdministratorAway(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		admin := o.founder()
		agent := admin.hires("Dana", identity.RoleAgent)
		if err := o.ChangeRole(ctx, admin.fresh(), admin.actor().ID, identity.RoleAgent); outcome(err) != "refused yourself" {
			t.Error(err)
		}
		if err := o.DisableStaff(ctx, admin.actor(), admin.actor().ID); outcome(err) != "refused yourself" {
			t.Error(err)
		}
		if err := o.ChangeRole(ctx, agent.fresh(), agent.actor().ID, identity.RoleAdministrator); !errors.Is(err, servicing.ErrForbidden) {
			t.Error(err)
		}
		second := admin.hires("Bea", identity.RoleAdministrator)
		one, two := admin.fresh(), second.fresh()
		one = admin.fresh()
		var done atomic.Int32
		atOnce(2, func(i int) {
			by, whom := one, two
			if i == 1 {
				by, whom = two, one
			}
			switch err := o.DisableStaff(ctx, by, whom.ID); {
			case err == nil:
				done.Add(1)
			case outcome(err) != "refused last_administrator":
				t.Error(err)
			}
		})
		if done.Load() != 1 {
			t.Errorf("%d of two administrators were disabled by each other", done.Load())
		}
	})
}

func TestADisabledColleagueIsOutAtOnceAndAChangedRoleCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		admin := o.founder()
		agent := admin.hires("Dana", identity.RoleAgent)
		id := agent.actor().ID
		o.wait(10 * time.Minute)
		agent.actor()
		if err := o.ChangeRole(ctx, admin.actor(), id, identity.RoleSupervisor); outcome(err) != "refused step_up" {
			t.Errorf("without a fresh factor: %v", err)
		}
		must(t, o.ChangeRole(ctx, admin.fresh(), id, identity.RoleSupervisor))
		if _, err := o.StaffSession(ctx, agent.token); !errors.Is(err, servicing.ErrNoSession) {
			t.Error("sessions from before the change live on")
		}
		agent.token = agent.signInDesk().Session
		if agent.actor().Role != identity.RoleSupervisor {
			t.Error(agent.actor())
		}
		must(t, o.DisableStaff(ctx, admin.fresh(), id))
		if _, err := o.StaffSession(ctx, agent.token); !errors.Is(err, servicing.ErrNoSession) {
			t.Error("disabled, and still signed in")
		}
		if _, err := o.StaffSignIn(ctx, "dana.desk", deskPassword, agent.from()); outcome(err) != "refused locked" {
			t.Errorf("disabled, and signs in: %v", err)
		}
	})
}

func TestAColleaguesWayInIsSetUpAnewByTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		admin := o.founder()
		agent, boss := admin.hires("Dana", identity.RoleAgent), admin.hires("Sam", identity.RoleSupervisor)
		id := got(o.AskReset(ctx, admin.fresh(), agent.actor().ID, "lost the phone on the way home"))(t)
		if _, err := o.ResetStaff(ctx, admin.actor(), id); outcome(err) != "refused changed" {
			t.Errorf("before anybody agreed: %v", err)
		}
		a := got(o.ListApprovals(ctx, boss.fresh()))(t)[0]
		if err := o.DecideApproval(ctx, admin.fresh(), id, a.Hash, true, admin.from()); outcome(err) != "refused own_request" {
			t.Errorf("agreed to the own request: %v", err)
		}
		must(t, o.DecideApproval(ctx, boss.fresh(), id, a.Hash, true, boss.from()))
		if _, err := o.ResetStaff(ctx, boss.actor(), id); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("who agreed takes the invitation: %v", err)
		}
		token := got(o.ResetStaff(ctx, admin.fresh(), id))(t)
		if _, err := o.ResetStaff(ctx, admin.actor(), id); outcome(err) != "refused changed" {
			t.Errorf("twice: %v", err)
		}
		if _, err := o.StaffSession(ctx, agent.token); !errors.Is(err, servicing.ErrNoSession) {
			t.Error("the old session lives")
		}
		if _, err := o.StaffSignIn(ctx, "dana.desk", deskPassword, agent.from()); outcome(err) != "refused locked" {
			t.Errorf("the old password: %v", err)
		}
		agent = o.enrol(token, "dana")
		agent.actor()
	})
}

// Looking.

func TestASearchShowsLittleAndKeepsOnlyItsKind(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		b := boarding("L1", loan())
		b.Vehicle.VIN = "1HZ0RLA23P0000417"
		o.takeAll(b)
		admin := o.founder()
		agent := admin.hires("Dana", identity.RoleAgent).actor()
		for _, text := range []string{"avery", "Jordan A", "Avery, Jor", "L1", "1hz0rla23p0000417", "000417", "(202) 555-0143", "JORDAN.L1@mail.example"} {
			found := got(o.Find(ctx, agent, text))(t)
			if len(found) != 1 || found[0].Name != "Jordan Avery" || found[0].Accounts[0].Vehicle.Make != "HALDEN" {
				t.Errorf("%s: %+v", text, found)
				continue
			}
			for _, secret := range []string{username, "5550143", "12 Sample", b.Vehicle.VIN, birthDate, nationalID[5:]} {
				if words := string(got(json.Marshal(found))(t)); strings.Contains(words, secret) {
					t.Errorf("%s shows %s", text, secret)
				}
			}
		}
		for _, text := range []string{"%%", "__", "avery' OR 1=1 --", "nobody"} {
			if found := got(o.Find(ctx, agent, text))(t); len(found) != 0 {
				t.Errorf("%s finds %+v", text, found)
			}
		}
		for _, row := range o.rows(`SELECT detail FROM audit WHERE action = 'find'`) {
			if strings.Contains(strings.ToLower(row), "avery") || strings.Contains(row, "000417") {
				t.Errorf("what was typed is kept: %s", row)
			}
		}
		var err error
		for range 150 {
			if _, err = o.Find(ctx, agent, "avery"); err != nil {
				break
			}
		}
		if outcome(err) != "refused find_limit" {
			t.Errorf("without end: %v", err)
		}
	})
}

func TestAViewHasAReasonAndEndsAndEveryReadIsARow(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.pay(a, 450_00)
		o.activate()
		who := identity.CustomerID(a.actor.ID)
		admin := o.founder()
		agent, other := admin.hires("Dana", identity.RoleAgent), admin.hires("Max", identity.RoleAgent)
		auditor := admin.hires("Uma", identity.RoleAuditor)
		actor := agent.actor()
		if _, err := o.ViewCustomer(ctx, actor, who); outcome(err) != "refused view_closed" {
			t.Errorf("without a reason: %v", err)
		}
		for _, bad := range []string{"", "because", "card 4111 1111 1111 1111", "SSN 219-09-9873"} {
			if err := o.OpenView(ctx, actor, who, bad); outcome(err) != "refused reason" {
				t.Errorf("%q: %v", bad, err)
			}
		}
		must(t, o.OpenView(ctx, actor, who, why))
		view := got(o.ViewCustomer(ctx, actor, who))(t)
		if view.Reason != why || len(view.Contracts) != 1 || len(view.Payments) != 1 || !view.Access.Activated || len(view.Timeline) == 0 {
			t.Errorf("%+v", view)
		}
		words := string(got(json.Marshal(view))(t))
		for _, secret := range []string{username, "+12025550143", "5550143", bankRouting, bankAccount, "12 Sample", birthDate, nationalID[5:], "I authorize"} {
			if strings.Contains(words, secret) {
				t.Errorf("the view shows %s", secret)
			}
		}
		// A view is one person's, in one session.
		if _, err := o.ViewCustomer(ctx, other.actor(), who); outcome(err) != "refused view_closed" {
			t.Errorf("a colleague in the same view: %v", err)
		}
		if r := got(o.RevealContact(ctx, actor, who))(t); r.Email != username {
			t.Errorf("%+v", r)
		}
		o.wait(30 * time.Minute)
		agent.token = agent.signInDesk().Session
		if _, err := o.ViewCustomer(ctx, actor, who); outcome(err) != "refused view_closed" {
			t.Errorf("after half an hour: %v", err)
		}
		must(t, o.OpenView(ctx, agent.actor(), who, why))
		must(t, o.CloseView(ctx, agent.actor(), who))
		if _, err := o.RevealContact(ctx, agent.actor(), who); outcome(err) != "refused view_closed" {
			t.Errorf("after it was closed: %v", err)
		}
		auditor.token = auditor.signInDesk().Session
		saw := ""
		for _, l := range got(o.WhoSaw(ctx, auditor.actor(), who, ""))(t) {
			saw += l.Who + " " + l.Action + " " + l.Reason + "\n"
		}
		for _, want := range []string{"Dana Colleague view_customer " + why, "Dana Colleague reveal_contact " + why} {
			if strings.Count(saw, want) != 1 {
				t.Errorf("%q is not once in\n%s", want, saw)
			}
		}
		if did := got(o.WhatDid(ctx, auditor.actor(), actor.ID, ""))(t); !slices.ContainsFunc(did, func(l servicing.AuditLine) bool { return l.Action == "view_customer" && l.About == "Jordan Avery" }) {
			t.Errorf("%+v", did)
		}
		if _, err := o.WhoSaw(ctx, agent.actor(), who, ""); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("an agent reads the audit trail: %v", err)
		}
	})
}
