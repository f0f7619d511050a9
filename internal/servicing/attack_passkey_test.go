package servicing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
)

// A passkey's answer is good once, for the question it answers, in the place it
// was asked, from the person who has it (W3C Web Authentication Level 3, 7.2;
// pocket-id fe003b92).
func TestAPasskeysAnswerIsGoodForOneQuestion(t *testing.T) {
	elsewhere := virtualwebauthn.RelyingParty{ID: portalSite.ID, Name: portalSite.Name, Origin: "https://pay.marque.example.attacker.example"}
	otherSite := virtualwebauthn.RelyingParty{ID: "attacker.example", Name: portalSite.Name, Origin: portalSite.Origin}
	tries := func(thief *passkey) map[string]func(r *resident) error {
		return map[string]func(r *resident) error{
			"the same answer again": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				answer := r.key.sign(r, call.Options)
				got(r.FinishPasskeySignIn(ctx, call.Box, answer, src))(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, answer, src))
			},
			"the same box with a new answer, after one that was wrong": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				if _, err := r.FinishPasskeySignIn(ctx, call.Box, newPasskey().sign(r, call.Options), src); err == nil {
					return nil
				}
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), src))
			},
			"the answer to another question": func(r *resident) error {
				one, two := got(r.PasskeySignIn())(r), got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, two.Box, r.key.sign(r, one.Options), src))
			},
			"a box that is too old": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				r.wait(21 * time.Minute)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), src))
			},
			"a box that was tampered with": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, other(call.Box[:40])+call.Box[40:], r.key.sign(r, call.Options), src))
			},
			"no box": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, "", r.key.sign(r, call.Options), src))
			},
			"asked to sign in, used to confirm": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				return second(r.FinishConfirmPasskey(ctx, r.me(), call.Box, r.key.sign(r, call.Options), src))
			},
			"asked to confirm, used to sign in": func(r *resident) error {
				call := got(r.ConfirmPasskey(ctx, r.me()))(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), src))
			},
			"asked in a recovery, used to sign in": func(r *resident) error {
				flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
				call := got(r.RecoveryPasskey(ctx, flow))(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), src))
			},
			"asked in one recovery, used in another": func(r *resident) error {
				one, two := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r), got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
				call := got(r.RecoveryPasskey(ctx, one))(r)
				return second(r.ProveRecoveryPasskey(ctx, two, call.Box, r.key.sign(r, call.Options), src))
			},
			"asked in one run of signing in, used in another": func(r *resident) error {
				one, two := r.pending(), r.pending()
				call := got(r.SignInPasskey(ctx, one))(r)
				return second(r.ProveSignInPasskey(ctx, two, call.Box, r.key.sign(r, call.Options), false, src))
			},
			"asked in one session, used in another": func(r *resident) error {
				call := got(r.ConfirmPasskey(ctx, r.me()))(r)
				r.in = r.enter()
				return second(r.FinishConfirmPasskey(ctx, r.me(), call.Box, r.key.sign(r, call.Options), src))
			},
			"asked for a new one, used to sign in": func(r *resident) error {
				call := got(r.StartPasskey(ctx, r.me()))(r)
				one := got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, one.Options), src))
			},
			"signed for another origin": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.signAt(r, elsewhere, call.Options), src))
			},
			"signed for another site": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.signAt(r, otherSite, call.Options), src))
			},
			"a key that is nobody's": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				stranger := newPasskey()
				stranger.phone.Options.UserHandle = r.key.phone.Options.UserHandle
				return second(r.FinishPasskeySignIn(ctx, call.Box, stranger.sign(r, call.Options), src))
			},
			"another's key, in this one's run": func(r *resident) error {
				flow := r.pending()
				call := got(r.SignInPasskey(ctx, flow))(r)
				return second(r.ProveSignInPasskey(ctx, flow, call.Box, thief.sign(r, call.Options), false, src))
			},
			"another's key in this one's recovery": func(r *resident) error {
				flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
				must(r, r.shows(flow, identity.ProofEmailCode))
				call := got(r.RecoveryPasskey(ctx, flow))(r)
				return second(r.ProveRecoveryPasskey(ctx, flow, call.Box, thief.sign(r, call.Options), src))
			},
			"another's key under this one's name": func(r *resident) error {
				flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
				call := got(r.RecoveryPasskey(ctx, flow))(r)
				posing := *thief
				posing.phone.Options.UserHandle = r.key.phone.Options.UserHandle
				return second(r.ProveRecoveryPasskey(ctx, flow, call.Box, posing.sign(r, call.Options), src))
			},
			"this one's key in a run that is nobody's": func(r *resident) error {
				flow := got(r.StartRecovery(ctx, identity.GoalPassword, "nobody@mail.example", src))(r)
				call := got(r.RecoveryPasskey(ctx, flow))(r)
				return second(r.ProveRecoveryPasskey(ctx, flow, call.Box, r.key.sign(r, call.Options), src))
			},
			"a key that was taken away": func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				for _, f := range got(r.Security(ctx, r.me()))(r).Factors {
					if f.Kind == servicing.Passkey {
						r.in = got(r.RemoveFactor(ctx, r.me(), f.ID, src))(r)
					}
				}
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), src))
			},
			"a key that did not check the person, alone": func(r *resident) error {
				r.key.phone.Options.UserNotVerified = true
				call := got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), src))
			},
			"a key that did not check the person, in a recovery": func(r *resident) error {
				r.key.phone.Options.UserNotVerified = true
				flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
				call := got(r.RecoveryPasskey(ctx, flow))(r)
				return second(r.ProveRecoveryPasskey(ctx, flow, call.Box, r.key.sign(r, call.Options), src))
			},
		}
	}
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		r.take("L2", loan())
		thief := newPasskey()
		thief.register(r, r.activateAs("L2"))
		for what, try := range tries(thief) {
			t.Run(what, func(t *testing.T) {
				o.wait(25 * time.Hour)
				r.in = r.enter()
				if err := try(r); err == nil || !strings.HasPrefix(outcome(err), "refused ") {
					t.Errorf("%v", err)
				}
				// And the true one, from the true one's phone, is good.
				r.key.phone.Options.UserNotVerified = false
				if what == "a key that was taken away" {
					r.in = r.enter()
					r.key = newPasskey()
					r.in = r.key.register(r, r.in)
				}
				call := got(r.PasskeySignIn())(t)
				r.in = got(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(t, call.Options), r.home()))(t)
			})
		}
	})
}

// A counter that goes back locks nobody out and is noticed.
func TestACounterThatGoesBackIsNoticed(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		enter := func(count uint32) []string {
			r.key.key.Counter = count
			call := got(r.PasskeySignIn())(t)
			r.in = got(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(t, call.Options), r.home()))(t)
			return o.rows(`SELECT signals FROM visit ORDER BY at DESC, id DESC LIMIT 1`)
		}
		if s := enter(10); strings.Contains(s[0], string(identity.CounterBack)) {
			t.Errorf("noticed in %s", s)
		}
		o.wait(time.Hour)
		if s := enter(4); !strings.Contains(s[0], string(identity.CounterBack)) {
			t.Errorf("not noticed in %s", s)
		}
		o.expect(10, "the counter that is kept", `SELECT MAX(counter) FROM authenticator WHERE kind = 'passkey'`)
		if _, err := r.AddBankAccount(ctx, r.me(), bankRequest("5550001112")); outcome(err) != "refused held" {
			t.Errorf("a bank account after it: %s", outcome(err))
		}
		if len(o.messages(billing.NoticeChangesHeld)) == 0 {
			t.Error("the owner was not told")
		}
	})
}
