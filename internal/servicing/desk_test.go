package servicing_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
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
		if _, err := o.MakeSavedCodes(ctx, actor, src); !errors.Is(err, servicing.ErrForbidden) {
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

// The caller.

// desk is a borrower who is signed in, an agent and a supervisor.
func (o *office) desk() (a *account, who identity.CustomerID, agent, boss *colleague) {
	o.Helper()
	a = o.take("L1", loan())
	o.activate()
	admin := o.founder()
	return a, identity.CustomerID(a.actor.ID), admin.hires("Dana", identity.RoleAgent), admin.hires("Sam", identity.RoleSupervisor)
}

// calls has the caller read a code to the agent.
func (c *colleague) calls(who identity.CustomerID, purpose string) servicing.CallerChecked {
	c.Helper()
	check := got(c.StartCallerCheck(ctx, c.actor(), who, purpose, servicing.CallerText))(c)
	must(c, c.FinishCallerCheck(ctx, c.actor(), check.ID, c.code()))
	return got(c.ReadCallerCheck(ctx, c.actor(), check.ID))(c)
}

func TestACallersCodeIsGoodForOneAgentOnePurposeAndNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, boss := o.desk()
		run := got(o.SignIn(ctx, username, password, servicing.Source{IP: "203.0.113.5"}))(t)
		recovery := got(o.StartRecovery(ctx, identity.GoalBoth, username, src))(t)
		check := got(o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerUnlock, servicing.CallerText))(t)
		code := o.code()
		if m := o.messages(billing.NoticeCallerCode); len(m) != 1 || m[0].Purpose != billing.CallerUnlock || m[0].Code != code {
			t.Fatalf("%+v", m)
		}
		if _, err := o.ProveSignIn(ctx, run.Flow, servicing.Text, code, false, src); err == nil {
			t.Error("a caller's code signed somebody in")
		}
		if _, err := o.ProveRecovery(ctx, recovery, identity.ProofTextCode, code, src); err == nil {
			t.Error("a caller's code was taken in a recovery")
		}
		if err := o.FinishCallerCheck(ctx, boss.actor(), check.ID, code); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's check: %v", err)
		}
		must(t, o.FinishCallerCheck(ctx, agent.actor(), check.ID, code))
		if err := o.FinishCallerCheck(ctx, agent.actor(), check.ID, code); err == nil {
			t.Error("twice")
		}
		if err := o.Unlock(ctx, boss.actor(), who, why); outcome(err) != "refused caller_unknown" {
			t.Errorf("on a colleague's check: %v", err)
		}
		if _, err := o.AskRecovery(ctx, agent.actor(), who, evidence, why); outcome(err) != "refused caller_unknown" {
			t.Errorf("for another purpose: %v", err)
		}
		o.wait(14 * time.Minute)
		must(t, o.Unlock(ctx, agent.actor(), who, why))
		o.wait(14 * time.Minute)
		agent.actor()
		o.wait(2 * time.Minute)
		if err := o.Unlock(ctx, agent.actor(), who, why); outcome(err) != "refused caller_unknown" {
			t.Errorf("after half an hour: %v", err)
		}
	})
}

func TestFiveWrongCodesAndTheCallerHasFailed(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, _ := o.desk()
		check := got(o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerUnlock, servicing.CallerEmail))(t)
		code := o.code()
		for range 6 {
			if err := o.FinishCallerCheck(ctx, agent.actor(), check.ID, "00000000"); err == nil {
				t.Fatal("guessed")
			}
		}
		if err := o.FinishCallerCheck(ctx, agent.actor(), check.ID, code); err == nil {
			t.Error("the right code after five wrong ones")
		}
		if c := got(o.ReadCallerCheck(ctx, agent.actor(), check.ID))(t); c.State != "failed" {
			t.Errorf("%+v", c)
		}
	})
}

func TestAPromptIsAnsweredByWhoIsOnThePhone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, _ := o.desk()
		stranger := o.take("L2", loan())
		e := o.activateAs("L2")
		if _, err := o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerUnlock, servicing.CallerOnScreen); outcome(err) != "refused method" {
			t.Errorf("a prompt to open the way in: %v", err)
		}
		check := got(o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerAccount, servicing.CallerOnScreen))(t)
		prompt := got(o.CallerPrompt(ctx, a.actor))(t)
		if prompt.Agent != "Dana" || prompt.Purpose != billing.CallerAccount || len(check.Number) != 2 {
			t.Errorf("%+v %+v", prompt, check)
		}
		if words := string(got(json.Marshal(prompt))(t)); strings.Contains(words, `"`+check.Number+`"`) {
			t.Error("the screen shows the number that only the agent has")
		}
		if err := o.AnswerCallerPrompt(ctx, o.session(e).Actor, prompt.ID, true, check.Number); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("%s answers for another: %v", stranger.number, err)
		}
		wrong := "10"
		if check.Number == wrong {
			wrong = "11"
		}
		if err := o.AnswerCallerPrompt(ctx, a.actor, prompt.ID, true, wrong); outcome(err) != "refused number_wrong" {
			t.Error(err)
		}
		must(t, o.AnswerCallerPrompt(ctx, a.actor, prompt.ID, true, check.Number))
		must(t, o.EndCustomerSessions(ctx, agent.actor(), who, why))
		if _, err := o.CallerPrompt(ctx, a.actor); !errors.Is(err, servicing.ErrNotFound) {
			t.Error("it still waits")
		}
		if _, err := o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerAccount, servicing.CallerOnScreen); outcome(err) != "refused method" {
			t.Errorf("to nobody's screen: %v", err)
		}
	})
}

func TestQuestionsAreAGateBesideACodeAndNothingAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		rules := servicing.DefaultRules
		rules.Access.Questions = servicing.QuestionsAgent
		off := o.Service
		o.Service = servicing.New(o.db, lender, rules, func() money.Instant { return money.Instant(o.clock.Load()) })
		a := o.take("L1", loan())
		borrower := o.session(o.activate()).Actor
		ids, answers := []string{}, []string{"amber lantern", "copper violin", "marble otter"}
		given := map[string]string{}
		for i, q := range identity.Questions()[:3] {
			ids = append(ids, q.ID)
			given[q.ID] = answers[i]
		}
		must(t, o.SetQuestions(ctx, borrower, ids, answers, src))
		admin := o.founder()
		agent, who := admin.hires("Dana", identity.RoleAgent), identity.CustomerID(a.actor.ID)
		if _, err := o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerUnlock, servicing.CallerQuestions); outcome(err) != "refused questions_alone" {
			t.Errorf("questions without a code: %v", err)
		}
		agent.calls(who, billing.CallerUnlock)
		if err := o.Unlock(ctx, agent.actor(), who, why); outcome(err) != "refused questions_first" {
			t.Errorf("the code without the questions: %v", err)
		}
		if _, err := off.StartCallerCheck(ctx, agent.actor(), who, billing.CallerUnlock, servicing.CallerQuestions); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("switched off: %v", err)
		}
		for try := range 4 {
			check := got(o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerUnlock, servicing.CallerQuestions))(t)
			if len(check.Questions) != 3 || check.Questions[0].Text == "" {
				t.Fatalf("%+v", check)
			}
			want, say := "refused answers_wrong", map[string]string{ids[0]: "amber lantern"}
			if try == 3 {
				want, say = "refused questions_over", given
			}
			if err := o.AnswerCallerCheck(ctx, agent.actor(), check.ID, say); outcome(err) != want {
				t.Errorf("try %d: %v", try+1, err)
			}
		}
		o.wait(24 * time.Hour)
		agent.token = agent.signInDesk().Session
		agent.calls(who, billing.CallerUnlock)
		check := got(o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerUnlock, servicing.CallerQuestions))(t)
		must(t, o.AnswerCallerCheck(ctx, agent.actor(), check.ID, given))
		must(t, o.Unlock(ctx, agent.actor(), who, why))
	})
}

// A phone that was changed yesterday may be the thief's.
func TestAFreshAddressOpensNoWayIn(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, _ := o.desk()
		must(t, o.db.Update(ctx, func(tx *store.Tx) error {
			return tx.InsertContactChange(&store.ContactChange{ID: store.NewID(), CustomerID: string(who), Kind: "phone", New: "+12025550188", Asked: 1, Made: money.Instant(o.clock.Load())})
		}))
		if _, err := o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerRecovery, servicing.CallerText); outcome(err) != "refused method" {
			t.Error(err)
		}
		got(o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerRecovery, servicing.CallerEmail))(t)
	})
}

// Helping.

var evidence = servicing.Evidence{Documents: []string{"license", "contract"}, Facts: []string{"vin"}}

func TestAnAgentUnlocksWhoIsVerified(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, boss := o.desk()
		if err := o.Unlock(ctx, agent.actor(), who, why); outcome(err) != "refused caller_unknown" {
			t.Errorf("without a check: %v", err)
		}
		if err := o.EndCustomerSessions(ctx, agent.actor(), who, why); outcome(err) != "refused caller_unknown" {
			t.Errorf("without a check: %v", err)
		}
		far := servicing.Source{IP: "203.0.113.77"}
		for range 60 {
			_, err := o.SignIn(ctx, username, "not the password at all", far)
			if outcome(err) == "refused stopped" {
				break
			}
			o.wait(time.Hour)
		}
		agent.token, boss.token = agent.signInDesk().Session, boss.signInDesk().Session
		must(t, o.OpenView(ctx, agent.actor(), who, why))
		if v := got(o.ViewCustomer(ctx, agent.actor(), who))(t); !v.Access.Stopped || v.Access.Failures < 50 {
			t.Errorf("why nobody comes in is not told: %+v", v.Access)
		}
		agent.calls(who, billing.CallerUnlock)
		must(t, o.Unlock(ctx, agent.actor(), who, why))
		if len(o.messages(billing.NoticeSignInUnlocked)) == 0 {
			t.Error("the owner is not told")
		}
		got(o.signIn(password, servicing.Source{IP: "203.0.113.5"}))(t)
	})
}

// Who calls may be the one whom the owner has locked out.
func TestWhatTheOwnerLockedIsOpenedByTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, boss := o.desk()
		owner := "customer:" + string(who)
		must(t, o.db.Update(ctx, func(tx *store.Tx) error {
			tx.LockLogin(owner, "owner", money.Instant(o.clock.Load()))
			tx.StaleLogin(owner)
			return nil
		}))
		agent.calls(who, billing.CallerUnlock)
		if err := o.Unlock(ctx, agent.actor(), who, why); outcome(err) != "refused second_person" {
			t.Errorf("by one: %v", err)
		}
		id := got(o.AskUnlock(ctx, agent.actor(), who, why))(t)
		a := got(o.ListApprovals(ctx, boss.actor()))(t)[0]
		must(t, o.DecideApproval(ctx, boss.fresh(), id, a.Hash, true, boss.from()))
		must(t, o.Unlock(ctx, agent.actor(), who, why))
		e := got(o.signIn(password, src))(t)
		if !o.session(e).Actor.Standing.MustChange {
			t.Error("the password that somebody else may know still counts")
		}
	})
}

func TestARecoveryNeedsTwoPeople(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, boss := o.desk()
		if _, err := o.AskRecovery(ctx, agent.actor(), who, evidence, why); outcome(err) != "refused caller_unknown" {
			t.Errorf("without a check: %v", err)
		}
		agent.calls(who, billing.CallerRecovery)
		if _, err := o.AskRecovery(ctx, agent.actor(), who, servicing.Evidence{Facts: []string{"vin", "account"}}, why); outcome(err) != "refused evidence" {
			t.Errorf("facts alone: %v", err)
		}
		id := got(o.AskRecovery(ctx, agent.actor(), who, evidence, why))(t)
		a := got(o.ListApprovals(ctx, boss.fresh()))(t)[0]
		if a.ID != id || !a.MayAgree || a.About != "Jordan Avery" || !strings.Contains(a.Detail, "Driver license") {
			t.Errorf("%+v", a)
		}
		if err := o.DecideApproval(ctx, agent.fresh(), id, a.Hash, true, agent.from()); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("by who asked: %v", err)
		}
		if err := o.DecideApproval(ctx, boss.fresh(), id, a.Hash[1:]+"0", true, boss.from()); outcome(err) != "refused changed" {
			t.Errorf("of something else: %v", err)
		}
		must(t, o.DecideApproval(ctx, boss.actor(), id, a.Hash, true, boss.from()))
		if err := o.DecideApproval(ctx, boss.actor(), id, a.Hash, false, boss.from()); outcome(err) != "refused changed" {
			t.Errorf("twice: %v", err)
		}
		if len(o.messages(billing.NoticeRecoveryStarted)) == 0 {
			t.Error("the owner is not told")
		}
		// The borrower walks the rest: a code to an address on file and a new password.
		o.wait(time.Minute)
		flow := got(o.StartRecovery(ctx, identity.GoalBoth, username, src))(t)
		must(t, o.SendRecoveryCode(ctx, flow, servicing.ByEmail, src))
		state := got(o.ProveRecovery(ctx, flow, identity.ProofEmailCode, o.code(), src))(t)
		if !state.Enough {
			t.Fatalf("%+v", state)
		}
		got(o.FinishRecovery(ctx, flow, "seven blue kites over town", src))(t)
		o.expect(1, "held for three days", `SELECT COUNT(*) FROM login WHERE owner = $1 AND held_until >= $2`, "customer:"+string(who), o.clock.Load()+int64(72*time.Hour/time.Microsecond)-1)
	})
}

// Somebody with both roles in turn, and with two accounts, is one person.
func TestNobodyAgreesToWhatTheyAskedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, _, boss := o.desk()
		boss.calls(who, billing.CallerRecovery)
		id := got(o.AskRecovery(ctx, boss.fresh(), who, evidence, why))(t)
		a := got(o.ListApprovals(ctx, boss.actor()))(t)[0]
		if a.MayAgree {
			t.Error("the page offers it")
		}
		if err := o.DecideApproval(ctx, boss.actor(), id, a.Hash, true, boss.from()); outcome(err) != "refused own_request" {
			t.Errorf("own request: %v", err)
		}
		// The database refuses it too, whatever a program does.
		if _, err := o.raw.Exec(`UPDATE approval SET decided_by = asked_by, state = 'agreed' WHERE id = $1`, id); err == nil {
			t.Error("the table took a self-approval")
		}
		// A second account in the browser of the first.
		e := boss.signInDesk()
		browser := boss.from()
		browser.Device = e.Device
		admin := o.founderAgain(boss)
		second := admin.hires("Sid", identity.RoleSupervisor)
		if err := o.DecideApproval(ctx, second.fresh(), id, a.Hash, true, browser); outcome(err) != "refused same_browser" {
			t.Errorf("in the same browser: %v", err)
		}
		o.wait(24 * time.Hour)
		second.token = second.signInDesk().Session
		if err := o.DecideApproval(ctx, second.fresh(), id, a.Hash, true, second.from()); outcome(err) != "refused changed" {
			t.Errorf("after a day: %v", err)
		}
	})
}

// founderAgain is another administrator, where the test has lost the first.
func (o *office) founderAgain(c *colleague) *colleague {
	o.Helper()
	for _, m := range got(o.ListStaff(ctx, system))(o) {
		if m.Role == identity.RoleAdministrator {
			must(o, o.DisableStaff(ctx, system, m.ID))
		}
	}
	return o.enrol(got(o.FoundAdministrator(ctx, system, "Ada Founder"))(o), "ada")
}

func TestTheOwnersNoEndsWhatStaffAgreedTo(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, boss := o.desk()
		agent.calls(who, billing.CallerRecovery)
		id := got(o.AskRecovery(ctx, agent.actor(), who, evidence, why))(t)
		a := got(o.ListApprovals(ctx, boss.fresh()))(t)[0]
		must(t, o.DecideApproval(ctx, boss.actor(), id, a.Hash, true, boss.from()))
		link := o.messages(billing.NoticeRecoveryStarted)[0].Link
		must(t, o.PressNotMe(ctx, servicing.FlowID(strings.TrimPrefix(link, "/not-me/")), src))
		o.expect(1, "ended", `SELECT COUNT(*) FROM approval WHERE id = $1 AND state = 'expired'`, id)
	})
}

func TestStaffSeeUnusualSignIns(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, _, agent, boss := o.desk()
		got(o.SignIn(ctx, username, password, servicing.Source{IP: "203.0.113.5", UserAgent: "another"}))(t)
		seen := got(o.Signals(ctx, boss.actor()))(t)
		if !slices.ContainsFunc(seen, func(v servicing.Signaled) bool {
			return v.Who == "Jordan Avery" && len(v.Signals) > 0 && v.Decision != ""
		}) {
			t.Errorf("%+v", seen)
		}
		if _, err := o.Signals(ctx, agent.actor()); !errors.Is(err, servicing.ErrForbidden) {
			t.Error(err)
		}
	})
}
