package servicing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
)

// way is one way back, as NIST SP 800-63B-4, 4.2 has them, written down apart from
// the code that decides: all of these proofs, and what follows.
type way struct {
	goal    identity.Goal
	all     []identity.Proof
	any     []identity.Proof // one of them besides; none: nothing besides
	only    func(identity.Held) bool
	hold    time.Duration
	endings bool
}

var (
	issued = []identity.Proof{identity.ProofEmailCode, identity.ProofTextCode}
	kept   = []identity.Proof{identity.ProofTOTP, identity.ProofPasskey, identity.ProofSavedCode}
)

func bare(h identity.Held) bool {
	return !h.Required && !h.App && !h.Passkey && !h.Text && !h.SavedCodes
}

// ways are all there are. A way with two sets wants one of each.
var ways = []struct {
	way
	and []identity.Proof
}{
	{way{identity.GoalPassword, nil, issued, nil, 24 * time.Hour, false}, kept},
	{way{identity.GoalPassword, nil, issued, bare, 24 * time.Hour, false}, nil},
	{way{identity.GoalPassword, []identity.Proof{identity.ProofAgent}, issued, nil, 72 * time.Hour, false}, nil},
	{way{identity.GoalFactor, []identity.Proof{identity.ProofPassword, identity.ProofSavedCode}, nil, nil, 24 * time.Hour, true}, nil},
	{way{identity.GoalFactor, []identity.Proof{identity.ProofPassword, identity.ProofEmailCode}, nil, nil, 24 * time.Hour, true}, nil},
	{way{identity.GoalBoth, []identity.Proof{identity.ProofSavedCode}, issued, nil, 24 * time.Hour, true}, nil},
	{way{identity.GoalBoth, []identity.Proof{identity.ProofAgent}, issued, nil, 72 * time.Hour, true}, nil},
	{way{identity.GoalUnlock, nil, issued, nil, 0, false}, kept},
	{way{identity.GoalUnlock, nil, issued, bare, 0, false}, nil},
	{way{identity.GoalUnlock, issued, nil, func(h identity.Held) bool { return h.Text && h.TextOnFile }, 0, false}, nil},
	{way{identity.GoalUnlock, []identity.Proof{identity.ProofAgent}, issued, nil, 0, false}, nil},
}

// wayBack says whether some way is open, by the table alone.
func wayBack(goal identity.Goal, has func(identity.Proof) bool, h identity.Held) (open bool, holds []time.Duration, endings bool) {
	if h.Questions && !h.Unanswered && !has(identity.ProofQuestions) && !has(identity.ProofAgent) {
		return false, nil, false
	}
	for _, w := range ways {
		some := func(set []identity.Proof) bool { return len(set) == 0 || slices.ContainsFunc(set, has) }
		every := !slices.ContainsFunc(w.all, func(p identity.Proof) bool { return !has(p) })
		if w.goal == goal && every && some(w.any) && some(w.and) && (w.only == nil || w.only(h)) {
			open, holds, endings = true, append(holds, w.hold), w.endings
		}
	}
	return open, holds, endings
}

type recovers func(identity.Goal, identity.Proofs, identity.Held) identity.Recovered

var proofs = []identity.Proof{identity.ProofFacts, identity.ProofPassword, identity.ProofEmailCode, identity.ProofTextCode, identity.ProofTOTP,
	identity.ProofPasskey, identity.ProofSavedCode, identity.ProofDevice, identity.ProofQuestions, identity.ProofAgent}

// differ counts where a rule decides otherwise than the table: every goal, every
// set of proofs, everything an account can have.
func differ(rule recovers, enough int) (cases int, differences []string) {
	for _, goal := range append(slices.Clone(identity.Goals), "", "anything") {
		for set := range 1 << len(proofs) {
			shown := identity.Proofs("")
			for i, p := range proofs {
				if set>>i&1 == 1 {
					shown = shown.And(p)
				}
			}
			// What an account has, once with a phone that is the one on file, and once
			// under a lender who asks for a second factor and for answers never given.
			for n := range 1 << 6 {
				h := identity.Held{App: n&1 > 0, Passkey: n&2 > 0, Text: n&4 > 0, SavedCodes: n&8 > 0, Questions: n&16 > 0, TextOnFile: n&32 == 0}
				h.Required, h.Unanswered = n&32 > 0, n&32 > 0
				open, holds, endings := wayBack(goal, shown.Has, h)
				got := rule(goal, shown, h)
				if got.Enough != open || open && (!slices.Contains(holds, got.Hold) || got.EndFactors != endings) {
					differences = append(differences, fmt.Sprintf("%s by %q with %+v: %+v, the table says %v %v %v", goal, shown, h, got, open, holds, endings))
					if len(differences) == enough {
						return cases, differences
					}
				}
				cases++
			}
		}
	}
	return cases, differences
}

func TestEveryCombinationOfProofsIsDecidedAsTheTableHasIt(t *testing.T) {
	n, wrong := differ(identity.Recover, 20)
	for _, d := range wrong {
		t.Error(d)
	}
	if n < 200_000 {
		t.Errorf("only %d cases", n)
	}
}

// Rules as other systems had them must be told apart from ours.
func TestTheTableTellsWrongRecoveriesApart(t *testing.T) {
	has := func(p identity.Proofs, any ...identity.Proof) bool { return slices.ContainsFunc(any, p.Has) }
	for what, rule := range map[string]recovers{
		"a link by e-mail is enough (Keycloak #12759)": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			r := identity.Recover(g, p, h)
			r.Enough = r.Enough || g == identity.GoalPassword && p.Has(identity.ProofEmailCode)
			return r
		},
		"e-mail and text are two (Ory Kratos #4317)": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			r := identity.Recover(g, p, h)
			r.Enough = r.Enough || p.Has(identity.ProofEmailCode) && p.Has(identity.ProofTextCode)
			return r
		},
		"questions prove something": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			if p.Has(identity.ProofQuestions) {
				p = p.And(identity.ProofSavedCode)
			}
			return identity.Recover(g, p, h)
		},
		"the facts prove something": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			if p.Has(identity.ProofFacts) {
				p = p.And(identity.ProofEmailCode)
			}
			return identity.Recover(g, p, h)
		},
		"a device proves something": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			if p.Has(identity.ProofDevice) {
				p = p.And(identity.ProofTOTP)
			}
			return identity.Recover(g, p, h)
		},
		"staff need no code": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			if p.Has(identity.ProofAgent) {
				p = p.And(identity.ProofEmailCode)
			}
			return identity.Recover(g, p, h)
		},
		"a text replaces the phone it goes to": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			if g == identity.GoalFactor && p.Has(identity.ProofTextCode) {
				p = p.And(identity.ProofEmailCode)
			}
			return identity.Recover(g, p, h)
		},
		"the questions' gate is open": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			h.Questions = false
			return identity.Recover(g, p, h)
		},
		"nothing is held": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			r := identity.Recover(g, p, h)
			r.Hold = 0
			return r
		},
		"a saved code is enough (ovumcy #571)": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			r := identity.Recover(g, p, h)
			r.Enough = r.Enough || has(p, identity.ProofSavedCode)
			return r
		},
		"the lost factors stay": func(g identity.Goal, p identity.Proofs, h identity.Held) identity.Recovered {
			r := identity.Recover(g, p, h)
			r.EndFactors = false
			return r
		},
	} {
		if _, wrong := differ(rule, 1); len(wrong) == 0 {
			t.Errorf("the table does not notice that %s", what)
		}
	}
}

// shows shows one proof to a recovery by its verbs.
func (r *resident) shows(flow servicing.FlowID, p identity.Proof) error {
	r.Helper()
	value := ""
	switch p {
	case identity.ProofEmailCode, identity.ProofTextCode:
		by := servicing.ByEmail
		if p == identity.ProofTextCode {
			by = servicing.ByText
		}
		r.wait(time.Minute)
		if err := r.SendRecoveryCode(ctx, flow, by, src); err != nil {
			return err
		}
		value = r.code()
	case identity.ProofPassword:
		value = password
	case identity.ProofSavedCode:
		value = r.mint()
	case identity.ProofTOTP:
		r.wait(time.Minute)
		value = r.now(r.app)
	case identity.ProofPasskey:
		call, err := r.RecoveryPasskey(ctx, flow)
		if err == nil {
			_, err = r.ProveRecoveryPasskey(ctx, flow, call.Box, r.key.sign(r, call.Options), src)
		}
		return err
	default:
		value = "anything"
	}
	_, err := r.ProveRecovery(ctx, flow, p, value, src)
	return err
}

// The verbs decide as the table: each one and each two of all proofs, for each
// goal, right to the last step, which is tried whatever was shown.
func TestNoWayBackByTheVerbsThatTheTableHasNot(t *testing.T) {
	some := []identity.Proof{identity.ProofEmailCode, identity.ProofTextCode, identity.ProofPassword, identity.ProofTOTP, identity.ProofPasskey, identity.ProofSavedCode}
	var sets [][]identity.Proof
	for i, p := range some {
		sets = append(sets, []identity.Proof{p})
		for _, q := range some[i+1:] {
			sets = append(sets, []identity.Proof{p, q}, []identity.Proof{q, p})
		}
	}
	sets = append(sets, nil, []identity.Proof{identity.ProofQuestions}, []identity.Proof{identity.ProofAgent, identity.ProofEmailCode}, []identity.Proof{identity.ProofDevice, identity.ProofEmailCode},
		[]identity.Proof{identity.ProofFacts, identity.ProofTextCode}, []identity.Proof{identity.ProofEmailCode, identity.ProofEmailCode})
	for _, goal := range []identity.Goal{identity.GoalPassword, identity.GoalFactor, identity.GoalBoth, identity.GoalUnlock} {
		t.Run(string(goal), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				held := identity.Held{App: true, Passkey: true, Text: true, SavedCodes: true, TextOnFile: true, Required: true}
				hash := o.rows(`SELECT password_hash FROM login WHERE owner = $1`, r.owner)[0]
				for _, set := range sets {
					o.wait(24 * time.Hour)
					flow := got(r.StartRecovery(ctx, goal, chosenName, src))(t)
					var shown identity.Proofs
					for _, p := range set {
						if err := r.shows(flow, p); err == nil {
							shown = shown.And(p)
						}
					}
					if state := got(r.ReadRecovery(ctx, flow))(t); state.Proofs != shown {
						t.Errorf("%v: shown %q, kept %q", set, shown, state.Proofs)
					}
					open, _, endings := wayBack(goal, shown.Has, held)
					e, err := r.FinishRecovery(ctx, flow, "seven grey hills in the rain", src)
					switch {
					case !open && (outcome(err) != "refused not_enough" || e != (servicing.Entry{})):
						t.Errorf("%v: finished with %q: %+v, %v", set, shown, e, err)
					case open && err != nil:
						t.Errorf("%v: %v", set, err)
					case open && endings:
						if s := r.session(e); s.Actor.Standing.Scope != identity.ScopeRestore {
							t.Errorf("%v: gave a session of %+v", set, s.Actor.Standing)
						}
					case e.Session != "":
						t.Errorf("%v: a recovery signed somebody in", set)
					}
					now := o.rows(`SELECT password_hash FROM login WHERE owner = $1`, r.owner)[0]
					if changed := now != hash; changed != (open && (goal == identity.GoalPassword || goal == identity.GoalBoth)) {
						t.Errorf("%v: the password changed: %v", set, changed)
					}
					if _, err := o.raw.Exec(`UPDATE login SET password_hash = $1 WHERE owner = $2`, strings.TrimSuffix(strings.TrimPrefix(hash, "password_hash="), " "), r.owner); err != nil {
						t.Fatal(err)
					}
					if _, err := r.AnswerRecovery(ctx, flow, nil, src); err == nil {
						t.Error("questions that are off were answered")
					}
				}
				o.expect(1, "apps", `SELECT COUNT(*) FROM authenticator WHERE kind = 'totp' AND owner = $1`, r.owner)
			})
		})
	}
}

// A code counts for the way it came, whatever the page says of it: a text does not
// become an e-mail.
func TestACodeIsTheProofOfItsOwnWay(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		flow := got(r.StartRecovery(ctx, identity.GoalFactor, chosenName, src))(t)
		must(t, r.shows(flow, identity.ProofPassword))
		if err := r.SendRecoveryCode(ctx, flow, servicing.ByText, src); outcome(err) != "refused proof_kind" {
			t.Errorf("a text to the lost phone: %s", outcome(err))
		}
		code := r.recoveryCode(flow, servicing.ByEmail)
		got(r.raw.Exec(`UPDATE code SET channel = 'text' WHERE purpose = 'recovery'`))(t)
		if state, err := r.ProveRecovery(ctx, flow, identity.ProofEmailCode, code, src); err == nil && state.Enough {
			t.Error("a text was taken for an e-mail")
		}
		if state := got(r.ReadRecovery(ctx, flow))(t); state.Enough || state.Proofs.Has(identity.ProofEmailCode) {
			t.Errorf("%+v", state)
		}
		// Nor is it a second factor of signing in when it came by e-mail.
		flow = r.pending()
		r.wait(time.Minute)
		must(t, r.SendSignInText(ctx, flow, src))
		got(r.raw.Exec(`UPDATE code SET channel = 'email' WHERE purpose = 'sign_in'`))(t)
		if e, err := r.ProveSignIn(ctx, flow, servicing.Text, r.code(), false, src); err == nil {
			t.Errorf("a code by e-mail is a second factor: %+v", e)
		}
	})
}

// Somebody and nobody are told the same at every step, however often it is tried:
// the words, what can be done next, and when it is enough of trying.
func TestNobodyIsAnsweredAsSomebody(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		o.take("L2", loan())
		script := func(s *servicing.Service, name, account string, ip int) (said []string) {
			say := func(step string, err error) { said = append(said, step+": "+fmt.Sprint(err)) }
			at := func(n int) servicing.Source { return from(ip + n) }
			// A name that is almost the same shares no count with it, or shares it for
			// everybody.
			for i, almost := range []string{name[:2] + "\u200b" + name[2:], strings.Replace(name, "@", "+a@", 1) + "+", name[:2] + " " + name[2:], name} {
				for n := range 6 {
					_, err := s.SignIn(ctx, almost, wrongPassword, at(10*i+n))
					say("sign in", err)
				}
			}
			o.wait(2 * time.Hour)
			for _, goal := range identity.Goals {
				for run := range 3 {
					flow, err := s.StartRecovery(ctx, goal, name, at(10+run))
					say("recovery of "+string(goal), err)
					if err != nil {
						continue
					}
					for _, by := range []servicing.Channel{servicing.ByEmail, servicing.ByText} {
						o.wait(30 * time.Second)
						say("code by "+string(by), s.SendRecoveryCode(ctx, flow, by, at(20+run)))
					}
					state, err := s.ReadRecovery(ctx, flow)
					say(fmt.Sprintf("state %+v", state), err)
					for i := range 7 {
						// One kind a run, since all count for the run.
						try := []struct {
							proof identity.Proof
							value string
						}{{identity.ProofEmailCode, "11223344"}, {identity.ProofTOTP, "112233"}, {identity.ProofSavedCode, "AAAA-BBBB"}}[run]
						_, err := s.ProveRecovery(ctx, flow, try.proof, try.value, at(30+i))
						say(string(try.proof), err)
						if i == 0 {
							_, err = s.ProveRecovery(ctx, flow, identity.ProofPassword, wrongPassword, at(30+i))
							say("password", err)
						}
					}
					_, err = s.FinishRecovery(ctx, flow, "seven grey hills in the rain", at(40))
					say("finish", err)
					o.wait(time.Minute)
				}
				o.wait(25 * time.Hour)
			}
			for run := range 3 {
				req := known()
				req.AccountNumber = account
				flow, err := s.StartActivation(ctx, req, at(50+run))
				say("activation", err)
				for range 7 {
					say("code", s.ProveActivation(ctx, flow, "112233", at(60)))
				}
				o.wait(30 * time.Second)
				say("another code", s.SendActivationCode(ctx, flow, servicing.ByEmail, at(61)))
				_, err = s.ActivationName(ctx, flow)
				say("name", err)
				_, err = s.FinishActivation(ctx, flow, "avery-of-nowhere", password, at(62))
				say("finish", err)
				say("username", s.RemindUsername(ctx, req, at(63)))
				o.wait(time.Minute)
			}
			o.wait(48 * time.Hour)
			return said
		}
		nobody := script(o.Service, "nobody@mail.example", "L9", 5000)
		again := func(name, account string) []string {
			r = moveIn2(t, o)
			o = r.office
			o.take("L2", loan())
			return script(o.Service, name, account, 5000)
		}
		somebody, byMail := again(chosenName, "L2"), again(username, "L1")
		for who, said := range map[string][]string{"a username": somebody, "an e-mail address, of who has access": byMail} {
			if len(said) != len(nobody) || len(said) < 150 {
				t.Fatalf("%s: %d answers and %d", who, len(said), len(nobody))
			}
			for i := range said {
				if said[i] != nobody[i] {
					t.Errorf("%s, step %d: %s\nnobody is told: %s", who, i, said[i], nobody[i])
				}
			}
		}
	})
}

// Security questions are a gate before another proof, where a lender has them, and
// nothing else.
func TestQuestionsLetNobodyIn(t *testing.T) {
	answers := map[string]string{"first-pet": "quiet lantern", "first-trip": "copper window", "dream-job": "velvet ladder"}
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		ids := []string{"first-pet", "first-trip", "dream-job"}
		given := []string{answers[ids[0]], answers[ids[1]], answers[ids[2]]}
		if err := r.SetQuestions(ctx, r.me(), ids, given, src); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("set although they are off: %v", err)
		}
		o.ruled(func(a *servicing.Access) { a.Questions = servicing.QuestionsRecovery })
		must(t, r.SetQuestions(ctx, r.me(), ids, given, src))
		for _, row := range o.rows(`SELECT hash FROM answer`) {
			if !strings.HasPrefix(row, "hash=$argon2id$") {
				t.Errorf("an answer is kept as %s", row)
			}
		}
		if n := len(o.messages(billing.NoticeQuestionsChanged)); n != 2 {
			t.Errorf("%d addresses were told", n)
		}

		// Right answers alone: no step forward, whatever was lost.
		flow := got(r.StartRecovery(ctx, identity.GoalBoth, chosenName, src))(t)
		if asked := got(r.ReadRecovery(ctx, flow))(t).Questions; len(asked) != 0 {
			t.Error("asked before another proof was shown")
		}
		if _, err := r.AnswerRecovery(ctx, flow, answers, src); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("answered before another proof was shown: %v", err)
		}
		if _, err := r.ProveRecovery(ctx, flow, identity.ProofQuestions, "quiet lantern", src); outcome(err) != "refused proof_kind" {
			t.Errorf("shown as a proof: %v", err)
		}
		must(t, r.shows(flow, identity.ProofEmailCode))
		if asked := got(r.ReadRecovery(ctx, flow))(t).Questions; len(asked) != 3 {
			t.Errorf("asked %v", asked)
		}
		if got(r.AnswerRecovery(ctx, flow, answers, src))(t).Enough {
			t.Error("a code and answers are enough")
		}
		if e, err := r.FinishRecovery(ctx, flow, "seven grey hills in the rain", src); outcome(err) != "refused not_enough" {
			t.Errorf("finished: %+v, %v", e, err)
		}
		// And wrong ones keep out whoever has all else.
		o.wait(24 * time.Hour)
		flow = got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(t)
		must(t, r.shows(flow, identity.ProofEmailCode))
		must(t, r.shows(flow, identity.ProofTOTP))
		for i := range 4 {
			_, err := r.AnswerRecovery(ctx, flow, map[string]string{"first-pet": "rex"}, src)
			if want := []string{"refused proof_wrong", "refused proof_wrong", "refused proof_wrong", "refused stopped"}[i]; outcome(err) != want {
				t.Errorf("try %d: %s", i+1, outcome(err))
			}
		}
		if _, err := r.AnswerRecovery(ctx, flow, answers, src); outcome(err) != "refused stopped" {
			t.Errorf("the right ones after three wrong: %s", outcome(err))
		}
		if _, err := r.FinishRecovery(ctx, flow, "seven grey hills in the rain", src); outcome(err) != "refused not_enough" {
			t.Errorf("finished without the answers: %s", outcome(err))
		}
	})
}
