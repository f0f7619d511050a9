package servicing_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/store"
)

// raise is a verb that can make or raise a session: ready goes up to it while the
// login is open, and gives the last step with the right secrets.
type raise struct {
	verb  string
	ready func(r *resident) func() (servicing.Entry, error)
	// opens says that the verb is the way to open a lock. It gives no session that
	// can do anything but bind a second factor.
	opens bool
}

var raises = []raise{
	{"SignIn", func(r *resident) func() (servicing.Entry, error) {
		return func() (servicing.Entry, error) { return r.SignIn(ctx, chosenName, password, r.home()) }
	}, false},
	{"ProveSignIn", func(r *resident) func() (servicing.Entry, error) {
		flow := r.pending()
		return func() (servicing.Entry, error) {
			return r.ProveSignIn(ctx, flow, servicing.App, r.now(r.app), true, r.home())
		}
	}, false},
	{"ProveSignInPasskey", func(r *resident) func() (servicing.Entry, error) {
		flow := r.pending()
		call := got(r.SignInPasskey(ctx, flow))(r)
		return func() (servicing.Entry, error) {
			return r.ProveSignInPasskey(ctx, flow, call.Box, r.key.sign(r, call.Options), true, r.home())
		}
	}, false},
	{"FinishPasskeySignIn", func(r *resident) func() (servicing.Entry, error) {
		call := got(r.PasskeySignIn())(r)
		return func() (servicing.Entry, error) {
			return r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), r.home())
		}
	}, false},
	{"Confirm", func(r *resident) func() (servicing.Entry, error) {
		me := r.me()
		return func() (servicing.Entry, error) { return r.Confirm(ctx, me, servicing.App, r.now(r.app), src) }
	}, false},
	{"FinishConfirmPasskey", func(r *resident) func() (servicing.Entry, error) {
		me := r.me()
		call := got(r.ConfirmPasskey(ctx, me))(r)
		return func() (servicing.Entry, error) {
			return r.FinishConfirmPasskey(ctx, me, call.Box, r.key.sign(r, call.Options), src)
		}
	}, false},
	{"FinishApp", func(r *resident) func() (servicing.Entry, error) {
		me := r.me()
		setup := got(r.StartApp(ctx, me))(r)
		return func() (servicing.Entry, error) {
			return r.FinishApp(ctx, me, setup.Box, "", r.now(app(setup.Seed)), src)
		}
	}, false},
	{"FinishApp", restoring(func(r *resident, back servicing.Entry) func() (servicing.Entry, error) {
		me := got(r.Session(ctx, back.Session))(r).Actor
		setup := got(r.StartApp(ctx, me))(r)
		return func() (servicing.Entry, error) {
			return r.FinishApp(ctx, me, setup.Box, "", r.now(app(setup.Seed)), src)
		}
	}), false},
	{"FinishPhone", func(r *resident) func() (servicing.Entry, error) {
		me := r.me()
		box := got(r.StartPhone(ctx, me, "202-555-0177", src))(r)
		code := r.code()
		return func() (servicing.Entry, error) { return r.FinishPhone(ctx, me, box, code, src) }
	}, false},
	{"FinishPasskey", func(r *resident) func() (servicing.Entry, error) {
		me, second := r.me(), newPasskey()
		call := got(r.StartPasskey(ctx, me))(r)
		return func() (servicing.Entry, error) {
			return r.FinishPasskey(ctx, me, call.Box, "", second.make(r, call.Options), src)
		}
	}, false},
	{"RemoveFactor", func(r *resident) func() (servicing.Entry, error) {
		me := r.me()
		id := got(r.Security(ctx, me))(r).Factors[0].ID
		return func() (servicing.Entry, error) { return r.RemoveFactor(ctx, me, id, src) }
	}, false},
	{"ChangePassword", func(r *resident) func() (servicing.Entry, error) {
		me := r.me()
		return func() (servicing.Entry, error) {
			return r.ChangePassword(ctx, me, password, "seven grey hills in the rain", src)
		}
	}, false},
	// A login that is locked can only be there before somebody else's activation of
	// it; that activation is over.
	{"FinishActivation", func(r *resident) func() (servicing.Entry, error) {
		r.take("L2", loan())
		req, flows := known(), [2]servicing.FlowID{}
		req.AccountNumber, req.By = "L2", servicing.ByEmail
		for i := range flows {
			r.wait(time.Hour)
			flows[i] = got(r.StartActivation(ctx, req, src))(r)
			code := r.code()
			if i == 0 {
				must(r, r.ProveActivation(ctx, flows[0], code, src))
				got(r.FinishActivation(ctx, flows[0], "the-first-of-two", password, src))(r)
			}
		}
		return func() (servicing.Entry, error) {
			return r.FinishActivation(ctx, flows[0], "the-second-of-two", password, src)
		}
	}, false},
	{"FinishRecovery", func(r *resident) func() (servicing.Entry, error) {
		flow := got(r.StartRecovery(ctx, identity.GoalBoth, chosenName, src))(r)
		got(r.ProveRecovery(ctx, flow, identity.ProofEmailCode, r.recoveryCode(flow, servicing.ByEmail), src))(r)
		got(r.ProveRecovery(ctx, flow, identity.ProofSavedCode, r.saved[0], src))(r)
		return func() (servicing.Entry, error) {
			return r.FinishRecovery(ctx, flow, "seven grey hills in the rain", src)
		}
	}, true},
}

// restoring goes on from a recovery that gave a session to bind a second factor.
func restoring(next func(*resident, servicing.Entry) func() (servicing.Entry, error)) func(*resident) func() (servicing.Entry, error) {
	return func(r *resident) func() (servicing.Entry, error) { return next(r, r.recoverFactor()) }
}

// recoverFactor recovers with the password and a saved code.
func (r *resident) recoverFactor() servicing.Entry {
	r.Helper()
	flow := got(r.StartRecovery(ctx, identity.GoalFactor, chosenName, src))(r)
	got(r.ProveRecovery(ctx, flow, identity.ProofPassword, password, src))(r)
	got(r.ProveRecovery(ctx, flow, identity.ProofSavedCode, r.mint(), src))(r)
	return got(r.FinishRecovery(ctx, flow, "", src))(r)
}

// Whatever leads to a session looks at the lock when it ends, not only when it
// begins (CVE-2026-43914, CVE-2026-9798).
func TestALockedLoginIsRefusedAtTheStartAndAtTheEndOfEveryWay(t *testing.T) {
	entry := reflect.TypeFor[servicing.Entry]()
	for m := range reflect.TypeFor[*servicing.Service]().Methods() {
		if m.Type.NumOut() > 0 && m.Type.Out(0) == entry && !slices.Contains(staffRaises, m.Name) && !slices.ContainsFunc(raises, func(r raise) bool { return r.verb == m.Name }) {
			t.Errorf("%s gives an Entry and has no case here", m.Name)
		}
	}
	for _, c := range raises {
		t.Run(c.verb, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				// The lock alone, with all that was open left open.
				r := moveIn(o)
				last := c.ready(r)
				r.wait(time.Minute)
				r.lockQuietly()
				e, err := last()
				switch {
				case c.opens:
					if err != nil || e.Session != "" && r.session(e).Actor.Standing.Scope != identity.ScopeRestore {
						t.Errorf("%+v, %v", e, err)
					}
				case err == nil || e.Session != "" || e.Flow != "" || compared(err):
					t.Errorf("locked, and the right secrets at the end gave %+v, %v", e, err)
				}
				r.unlock()

				// The lock as the owner's button makes it: what was begun before is over.
				if c.opens || c.verb == "FinishActivation" { // these change what they begin with
					r = moveIn2(t, o)
				}
				r.wait(time.Hour)
				r.in = r.enter()
				last = c.ready(r)
				r.wait(time.Minute)
				must(t, r.PressNotMe(ctx, r.button(), src))
				if e, err := last(); err == nil || e.Session != "" || e.Flow != "" {
					t.Errorf("locked by the owner, and the right secrets at the end gave %+v, %v", e, err)
				}
				// And nothing begins.
				if e, err := r.SignIn(ctx, chosenName, password, r.home()); outcome(err) != "refused locked" || e != (servicing.Entry{}) {
					t.Errorf("then to sign in: %+v, %v", e, err)
				}
				call := got(r.PasskeySignIn())(t)
				if e, err := r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(t, call.Options), src); outcome(err) != "refused locked" || e.Session != "" {
					t.Errorf("then with a passkey: %+v, %v", e, err)
				}
				if _, err := r.Session(ctx, r.in.Session); !errors.Is(err, servicing.ErrNoSession) {
					t.Errorf("then the session of before: %v", err)
				}
				// The password that others may know is no proof while it is locked.
				flow := got(r.StartRecovery(ctx, identity.GoalFactor, chosenName, src))(t)
				if _, err := r.ProveRecovery(ctx, flow, identity.ProofPassword, password, src); outcome(err) != "refused proof_wrong" {
					t.Errorf("then the password in a recovery: %s", outcome(err))
				}
			})
		})
	}
}

// staffRaises are the verbs of the desk's door that lead to a session.
var staffRaises = []string{"StaffSignIn", "ProveStaff", "FinishStaffPasskey", "ProveStaffPasskey", "AcceptInvite"}

// So is a colleague whose login is locked, at the desk.
func TestALockedColleagueIsRefusedAtTheStartAndAtTheEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.ruled(func(a *servicing.Access) { a.StaffPasskeys = a.Passkeys })
		c := o.founder()
		key := newPasskey()
		call := got(o.StartPasskey(ctx, c.fresh()))(t)
		c.token = got(o.FinishPasskey(ctx, c.actor(), call.Box, "", key.make(t, call.Options), c.from()))(t).Session
		o.wait(time.Minute)
		waiting := got(o.StaffSignIn(ctx, "ada.desk", deskPassword, c.from()))(t).Flow
		alone := got(o.StaffPasskey())(t)
		also := got(o.AskStaffPasskey(ctx, waiting))(t)
		owner := c.actor().String()
		must(t, o.db.Update(ctx, func(tx *store.Tx) error {
			tx.LockLogin(owner, "test", o.instant())
			return nil
		}))
		for what, try := range map[string]func() (servicing.Entry, error){
			"StaffSignIn": func() (servicing.Entry, error) { return o.StaffSignIn(ctx, "ada.desk", deskPassword, c.from()) },
			"FinishStaffPasskey": func() (servicing.Entry, error) {
				return o.FinishStaffPasskey(ctx, alone.Box, key.sign(t, alone.Options), c.from())
			},
			"ProveStaffPasskey": func() (servicing.Entry, error) {
				return o.ProveStaffPasskey(ctx, waiting, also.Box, key.sign(t, also.Options), c.from())
			},
			"ProveStaff": func() (servicing.Entry, error) { return o.ProveStaff(ctx, waiting, o.now(c.app), c.from()) },
		} {
			if e, err := try(); err == nil || e.Session != "" || e.Flow != "" || compared(err) {
				t.Errorf("%s: %+v, %v", what, e, err)
			}
		}
		if _, err := o.StaffSession(ctx, c.token); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("the session of before: %v", err)
		}
	})
}

// Only to bind a second factor: every other verb refuses a session that a
// recovery or an activation by e-mail gave (Ory Kratos #4134).
func TestASessionToBindAFactorDoesNothingElse(t *testing.T) {
	binding := strings.Fields("StartApp ReadApp FinishApp StartPhone FinishPhone StartPasskey FinishPasskey")
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		security := got(r.Security(ctx, r.me()))(t)
		v := newVictimOf(r)
		v.security = security
		v.change = got(r.StartContactChange(ctx, r.me(), servicing.ContactEmail, "new@post.example", src))(t)
		v.ready()
		back := r.recoverFactor()
		restore := got(r.Session(ctx, back.Session))(t).Actor
		enrol := restore
		enrol.Standing.Scope = identity.ScopeEnrol
		was := o.everything()
		for _, c := range slices.Concat(theirs, own, sessions, named) {
			if slices.Contains(binding, c.method) {
				continue
			}
			for _, by := range []identity.Actor{restore, enrol} {
				if _, err := c.call(v, by); !errors.Is(err, servicing.ErrForbidden) {
					t.Errorf("%s in a session to %s: %v", c.method, by.Standing.Scope, err)
				}
			}
		}
		// Nor is it raised by a factor that is still there, or by any other verb.
		for kind, code := range map[servicing.FactorKind]string{servicing.App: o.now(r.app), servicing.SavedCode: r.saved[1], servicing.Password: password} {
			if e, err := r.Confirm(ctx, restore, kind, code, src); !errors.Is(err, servicing.ErrForbidden) || e.Session != "" {
				t.Errorf("confirmed with %s: %+v, %v", kind, e, err)
			}
		}
		if now := o.everything(); !slices.Equal(was, now) {
			t.Errorf("something changed: %q", missing(now, was))
		}
		// What it is for, it does, and it ends there: then one signs in anew.
		e := newPasskey().register(r, back)
		if e.Session != "" {
			t.Error("binding after a recovery signed somebody in")
		}
		for _, token := range []string{back.Session, r.in.Session} {
			if _, err := r.Session(ctx, token); !errors.Is(err, servicing.ErrNoSession) {
				t.Errorf("a session of before lives on: %v", err)
			}
		}
	})
}

// sensitive are the verbs that ask for a second factor shown within five minutes,
// with what makes them succeed then (CVE-2026-3429; ASVS 7.5.1 and 7.5.3).
var sensitive = []reach{
	{"FinishContactChange", func(v *victim, by identity.Actor) (any, error) {
		sent := v.messages(billing.NoticeContactCode)
		return nil, v.FinishContactChange(ctx, by, v.change, sent[len(sent)-1].Code, src)
	}},
	{"AddBankAccount", func(v *victim, by identity.Actor) (any, error) {
		return v.AddBankAccount(ctx, by, bankRequest("4440009992"))
	}},
	{"RemoveMethod", func(v *victim, by identity.Actor) (any, error) { return nil, v.RemoveMethod(ctx, by, v.spare, "", src) }},
	{"ReplaceBankAccount", func(v *victim, by identity.Actor) (any, error) {
		return reached(v.ReplaceBankAccount(ctx, by, v.bank, bankRequest(bankAccount), src))("same_account")
	}},
	{"StartAccountCheck", func(v *victim, by identity.Actor) (any, error) {
		return reached(v.StartAccountCheck(ctx, by, servicing.NewKey(), v.bank))("checked")
	}},
	{"EnrollAutopay", func(v *victim, by identity.Actor) (any, error) {
		return v.EnrollAutopay(ctx, by, servicing.AutopayRequest{Key: servicing.NewKey(), Contract: v.id, Method: v.bank, Signed: servicing.AutopayWord}, src)
	}},
	{"StartContactChange", func(v *victim, by identity.Actor) (any, error) {
		return v.StartContactChange(ctx, by, servicing.ContactEmail, "newer@post.example", src)
	}},
	{"ChangeAddress", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.ChangeAddress(ctx, by, servicing.PostalAddress{Street: "9 Sample Street", City: "Springfield", State: "IL", ZIP: "62701"}, src)
	}},
	{"StartApp", func(v *victim, by identity.Actor) (any, error) { return v.StartApp(ctx, by) }},
	{"ReadApp", func(v *victim, by identity.Actor) (any, error) { return nil, step(v.ReadApp(ctx, by, "")) }},
	{"FinishApp", func(v *victim, by identity.Actor) (any, error) {
		return nil, step(v.FinishApp(ctx, by, "", "", "123456", src))
	}},
	{"StartPhone", func(v *victim, by identity.Actor) (any, error) { return v.StartPhone(ctx, by, "202-555-0178", src) }},
	{"FinishPhone", func(v *victim, by identity.Actor) (any, error) {
		return nil, step(v.FinishPhone(ctx, by, "", "123456", src))
	}},
	{"StartPasskey", func(v *victim, by identity.Actor) (any, error) { return v.StartPasskey(ctx, by) }},
	{"FinishPasskey", func(v *victim, by identity.Actor) (any, error) {
		return nil, step(v.FinishPasskey(ctx, by, "", "", "", src))
	}},
	{"MakeSavedCodes", func(v *victim, by identity.Actor) (any, error) {
		return v.MakeSavedCodes(ctx, by, servicing.NewKey(), src)
	}},
	{"SetQuestions", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.SetQuestions(ctx, by, []string{"first-pet", "first-trip", "dream-job"}, []string{"quiet lantern", "copper window", "velvet ladder"}, src)
	}},
	{"RemoveFactor", func(v *victim, by identity.Actor) (any, error) {
		return v.RemoveFactor(ctx, by, v.security.Factors[0].ID, src)
	}},
	{"ChangePassword", func(v *victim, by identity.Actor) (any, error) {
		return v.ChangePassword(ctx, by, password, "seven grey hills in the rain", src)
	}},
}

// step keeps an error only when it is the wish for a second factor: the call had
// nothing to succeed with.
func step[T any](_ T, err error) error {
	if outcome(err) == "refused step_up" {
		return err
	}
	return nil
}

func TestWhatIsSensitiveAsksForAFreshSecondFactor(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		o.ruled(func(a *servicing.Access) { a.Questions = servicing.QuestionsAgent })
		v := newVictimOf(r)
		v.security = got(r.Security(ctx, r.me()))(t)
		v.ready()
		r.in = r.enter()
		v.change = got(r.StartContactChange(ctx, r.me(), servicing.ContactEmail, "new@post.example", src))(t)
		shown := r.me()
		with := func(change func(*identity.Standing)) identity.Actor {
			a := shown
			change(&a.Standing)
			return a
		}
		for what, by := range map[string]identity.Actor{
			"without a second factor":           with(func(s *identity.Standing) { s.Level, s.FactorAt = 1, 0 }),
			"with one that was never shown":     with(func(s *identity.Standing) { s.FactorAt = 0 }),
			"with one shown five minutes ago":   with(func(s *identity.Standing) { s.FactorAt = o.instant().Add(-identity.FreshFor) }),
			"with one shown on a later day":     with(func(s *identity.Standing) { s.FactorAt = o.instant().Add(24 * time.Hour) }),
			"with one shown an instant to come": with(func(s *identity.Standing) { s.FactorAt = o.instant() + 1 }),
		} {
			for _, c := range sensitive {
				if _, err := c.call(v, by); outcome(err) != "refused step_up" {
					t.Errorf("%s %s: %s", c.method, what, outcome(err))
				}
			}
			// Nothing else asks: what asks must be in the list above.
			for _, c := range slices.Concat(theirs, own, sessions, named) {
				if slices.ContainsFunc(sensitive, func(s reach) bool { return s.method == c.method }) || c.method == "EndOtherSessions" || c.method == "EndOneSession" {
					continue
				}
				if _, err := c.call(v, by); outcome(err) == "refused step_up" {
					t.Errorf("%s asks for a second factor and has no case here", c.method)
				}
			}
		}
		// The clock that goes back makes nothing fresh, nor does the session's own.
		token := r.in.Session
		o.wait(-time.Hour)
		if _, err := o.StartApp(ctx, got(o.Session(ctx, token))(t).Actor); outcome(err) != "refused step_up" {
			t.Errorf("after the clock went back: %s", outcome(err))
		}
		o.wait(time.Hour)
		// With a fresh one each works, one after the other; what gives a new token
		// without a factor shown is no fresher than before.
		for _, c := range sensitive {
			if _, err := c.call(v, r.me()); err != nil {
				t.Errorf("%s with a fresh second factor: %v", c.method, err)
			}
			if slices.Contains([]string{"RemoveFactor", "ChangePassword"}, c.method) {
				break
			}
		}
	})
}

// Taking a factor away or changing the password shows none: the session is as
// fresh as before.
func TestANewTokenIsNoFresherThanTheOldOne(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		before := r.me().Standing
		o.wait(4 * time.Minute)
		factors := got(r.Security(ctx, r.me()))(t).Factors
		r.in = got(r.RemoveFactor(ctx, r.me(), factors[0].ID, src))(t)
		if now := r.me().Standing; now.FactorAt != before.FactorAt || now.Level != before.Level {
			t.Errorf("after a factor was removed: %+v, before %+v", now, before)
		}
		r.in = got(r.ChangePassword(ctx, r.me(), password, "seven grey hills in the rain", src))(t)
		if now := r.me().Standing; now.FactorAt != before.FactorAt || now.Level != before.Level {
			t.Errorf("after the password was changed: %+v, before %+v", now, before)
		}
		o.wait(2 * time.Minute)
		if _, err := r.MakeSavedCodes(ctx, r.me(), servicing.NewKey(), src); outcome(err) != "refused step_up" {
			t.Errorf("six minutes after the factor was shown: %s", outcome(err))
		}
	})
}
