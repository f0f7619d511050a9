package servicing_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
)

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
		rules := openAccounts
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
