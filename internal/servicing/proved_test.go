package servicing_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// What was once possible, each by somebody who tried.

func TestAnAnswerIsNotGoodAgainWithALineBreakInIt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		call := got(r.PasskeySignIn())(t)
		answer := r.key.sign(t, call.Options)
		got(r.FinishPasskeySignIn(ctx, call.Box, answer, src))(t)
		for _, box := range []string{call.Box, call.Box[:8] + "\n" + call.Box[8:], call.Box[:9] + "\r\n" + call.Box[9:], call.Box + "\n"} {
			if e, err := r.FinishPasskeySignIn(ctx, box, answer, src); err == nil || e.Session != "" {
				t.Errorf("%q was taken", box[max(0, len(box)-12):])
			}
		}
	})
}

func TestThePasswordThatIsComparedIsTheOneInForce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		e := got(r.SignIn(ctx, chosenName, password, src))(t)
		r.wait(time.Minute)
		e = got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), true, src))(t)
		trusted := src
		trusted.Device = e.Device
		r.wait(time.Minute)
		r.in = r.enter()
		me := r.me()
		var calls atomic.Int32
		slow := servicing.New(r.db, lender, openAccounts, func() money.Instant {
			if calls.Add(1) == 1 { // the login was read, and its password not compared yet
				got(r.ChangePassword(ctx, me, password, "seven blue kites over town", src))(t)
			}
			return r.instant()
		})
		if in, err := slow.SignIn(ctx, chosenName, password, trusted); outcome(err) != "refused sign_in_wrong" || in.Session != "" {
			t.Errorf("the password from before gave %+v, %v", in, err)
		}
	})
}

func TestAHoldIsNotShedBySigningInAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		thief := servicing.Source{IP: "203.0.113.77", UserAgent: "another browser"}
		for range 5 {
			_, err := r.SignIn(ctx, chosenName, wrongPassword, thief)
			if err == nil {
				t.Fatal("a wrong password was taken")
			}
		}
		r.wait(time.Hour)
		enter := func() identity.Actor {
			r.wait(time.Minute)
			e := got(r.SignIn(ctx, chosenName, password, thief))(t)
			e = got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), false, thief))(t)
			thief.Device = e.Device
			return r.session(e).Actor
		}
		for i := range 2 {
			a := enter()
			if _, err := r.AddBankAccount(ctx, a, bankRequest("5550001112")); outcome(err) != "refused held" {
				t.Errorf("a bank account, time %d: %s", i+1, outcome(err))
			}
			if _, err := r.StartPasskey(ctx, a); outcome(err) != "refused held" {
				t.Errorf("a passkey of a thief's own, time %d: %s", i+1, outcome(err))
			}
		}
		r.wait(24 * time.Hour)
		got(r.AddBankAccount(ctx, enter(), bankRequest("5550001112")))(t)
	})
}

func TestAStrangersGuessesAtCodesNeverSentCostNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		for i := range 120 {
			flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, servicing.Source{IP: "198.51.100." + string(rune('0'+i%10)), UserAgent: "x"}))(t)
			if _, err := r.ProveRecovery(ctx, flow, identity.ProofEmailCode, "12345678", src); err == nil {
				t.Fatal("a code that was never sent was right")
			}
			r.wait(time.Minute)
		}
		flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(t)
		got(r.ProveRecovery(ctx, flow, identity.ProofEmailCode, r.recoveryCode(flow, servicing.ByEmail), src))(t)
	})
}

func TestWrongConfirmationsAreSeenAndEndTheSession(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		r.in = r.enter()
		me := r.me()
		for range identity.CodeTries + 1 {
			if _, err := r.Confirm(ctx, me, servicing.App, other(r.now(r.app)), r.home()); err == nil {
				t.Fatal("a wrong code confirmed")
			}
		}
		if _, err := r.Session(ctx, r.in.Session); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("the session goes on: %v", err)
		}
		if len(r.messages(billing.NoticeFactorFailed)) == 0 {
			t.Error("the owner was not told")
		}
		r.wait(time.Hour)
		e := got(r.SignIn(ctx, chosenName, password, r.home()))(t)
		if e.Session == "" {
			got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), false, r.home()))(t) // the app's owner still gets in
		}
	})
}

func TestADeskRunIsNotKnownAtThePortal(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, _, agent, _ := o.desk()
		o.wait(time.Minute)
		e := got(o.StaffSignIn(ctx, agent.name+".desk", deskPassword, agent.from()))(t)
		if in, err := o.ProveSignIn(ctx, e.Flow, servicing.App, o.now(agent.app), true, src); outcome(err) != "refused flow_gone" || in.Session != "" {
			t.Errorf("%+v, %v", in, err)
		}
		if _, err := o.SignInFactors(ctx, e.Flow); outcome(err) != "refused flow_gone" {
			t.Error(err)
		}
		got(o.ProveStaff(ctx, e.Flow, o.now(agent.app), agent.from()))(t)
	})
}

func TestWhatTwoPeopleAgreedToIsGoodOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		_, who, agent, boss := o.desk()
		agent.calls(who, billing.CallerRecovery)
		id := got(o.AskRecovery(ctx, agent.actor(), who, evidence, why))(t)
		a := got(o.ListApprovals(ctx, boss.fresh()))(t)[0]
		must(t, o.DecideApproval(ctx, boss.fresh(), id, a.Hash, true, boss.from()))
		for i, goal := range []identity.Goal{identity.GoalUnlock, identity.GoalBoth} {
			o.wait(2 * time.Minute)
			flow := got(o.StartRecovery(ctx, goal, username, src))(t)
			must(t, o.SendRecoveryCode(ctx, flow, servicing.ByEmail, src))
			got(o.ProveRecovery(ctx, flow, identity.ProofEmailCode, o.code(), src))(t)
			_, err := o.FinishRecovery(ctx, flow, "seven blue kites over town", src)
			if want := []string{"accepted", "refused not_enough"}[i]; outcome(err) != want {
				t.Errorf("%s: %s", goal, outcome(err))
			}
		}
	})
}
