package servicing_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/servicing"
)

// secret is something that can be guessed at: ready gives a way to try it, right
// or wrong, on one instance or another.
type secret struct {
	name  string
	tries int // that are compared, before it is closed even for the right one
	wait  time.Duration
	ready func(r *resident) func(s *servicing.Service, right bool) error
}

// secrets are all that can be guessed at. A name is in parentheses behind the verb
// that tries it.
var secrets = []secret{
	{"SignIn (password)", 50, 2 * time.Hour, func(r *resident) func(*servicing.Service, bool) error {
		var n atomic.Int32
		return func(s *servicing.Service, right bool) error {
			word := wrongPassword
			if right {
				word = password
			}
			_, err := s.SignIn(ctx, chosenName, word, from(int(n.Add(1))))
			return err
		}
	}},
	{"ProveSignIn (app)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		flow := r.pending()
		return func(s *servicing.Service, right bool) error {
			code := r.now(r.app)
			if !right {
				code = other(code)
			}
			_, err := s.ProveSignIn(ctx, flow, servicing.App, code, false, src)
			return err
		}
	}},
	{"ProveSignIn (app, a new run each time)", 20, 2 * time.Hour, func(r *resident) func(*servicing.Service, bool) error {
		return func(s *servicing.Service, right bool) error {
			flow := r.pending()
			code := r.now(r.app)
			if !right {
				code = other(code)
			}
			_, err := s.ProveSignIn(ctx, flow, servicing.App, code, false, src)
			return err
		}
	}},
	{"ProveSignIn (saved code)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		flow := r.pending()
		return func(s *servicing.Service, right bool) error {
			code := r.saved[0]
			if !right {
				code = identity.NewSavedCodes()[0]
			}
			_, err := s.ProveSignIn(ctx, flow, servicing.SavedCode, code, false, src)
			return err
		}
	}},
	{"ProveSignIn (text)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		flow := r.pending()
		must(r, r.SendSignInText(ctx, flow, src))
		return r.codes(func(s *servicing.Service, code string) error {
			_, err := s.ProveSignIn(ctx, flow, servicing.Text, code, false, src)
			return err
		})
	}},
	{"Confirm (app)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		me := r.me()
		return func(s *servicing.Service, right bool) error {
			code := r.now(r.app)
			if !right {
				code = other(code)
			}
			_, err := s.Confirm(ctx, me, servicing.App, code, src)
			return err
		}
	}},
	{"Confirm (text)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		me := r.me()
		must(r, r.SendConfirmText(ctx, me, src))
		return r.codes(func(s *servicing.Service, code string) error {
			_, err := s.Confirm(ctx, me, servicing.Text, code, src)
			return err
		})
	}},
	{"ProveActivation (code)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		r.take("L2", loan())
		req := known()
		req.AccountNumber = "L2"
		flow := got(r.StartActivation(ctx, req, src))(r)
		return r.codes(func(s *servicing.Service, code string) error { return s.ProveActivation(ctx, flow, code, src) })
	}},
	{"ProveRecovery (code by e-mail)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
		r.recoveryCode(flow, servicing.ByEmail)
		return r.codes(func(s *servicing.Service, code string) error {
			_, err := s.ProveRecovery(ctx, flow, identity.ProofEmailCode, code, src)
			return err
		})
	}},
	{"ProveRecovery (app)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
		must(r, r.shows(flow, identity.ProofEmailCode))
		return func(s *servicing.Service, right bool) error {
			code := r.now(r.app)
			if !right {
				code = other(code)
			}
			_, err := s.ProveRecovery(ctx, flow, identity.ProofTOTP, code, src)
			return err
		}
	}},
	{"ProveRecovery (password)", 50, 2 * time.Hour, func(r *resident) func(*servicing.Service, bool) error {
		flow := servicing.FlowID("")
		return func(s *servicing.Service, right bool) error {
			if next, err := s.StartRecovery(ctx, identity.GoalFactor, chosenName, src); err == nil {
				flow = next
			}
			word := wrongPassword
			if right {
				word = password
			}
			_, err := s.ProveRecovery(ctx, flow, identity.ProofPassword, word, from(1))
			return err
		}
	}},
	{"ChangePassword (the password there is)", 50, 2 * time.Hour, func(r *resident) func(*servicing.Service, bool) error {
		me := r.me()
		return func(s *servicing.Service, right bool) error {
			word := wrongPassword
			if right {
				word = password
			}
			_, err := s.ChangePassword(ctx, r.fresh(me), word, "seven grey hills in the rain", src)
			return err
		}
	}},
	{"FinishContactChange (code)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		me := r.me()
		id := got(r.StartContactChange(ctx, me, servicing.ContactEmail, "avery@post.example", src))(r)
		return r.codes(func(s *servicing.Service, code string) error { return s.FinishContactChange(ctx, me, id, code, src) })
	}},
	{"FinishPhone (code)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		me := r.me()
		box := got(r.StartPhone(ctx, me, "202-555-0177", src))(r)
		return r.codes(func(s *servicing.Service, code string) error {
			_, err := s.FinishPhone(ctx, me, box, code, src)
			return err
		})
	}},
	{"FinishApp (first code)", 5, 0, func(r *resident) func(*servicing.Service, bool) error {
		me := r.me()
		setup := got(r.StartApp(ctx, me))(r)
		return func(s *servicing.Service, right bool) error {
			code := r.now(app(setup.Seed))
			if !right {
				code = other(code)
			}
			_, err := s.FinishApp(ctx, me, setup.Box, "", code, src)
			return err
		}
	}},
}

// codes tries the newest code that was sent.
func (r *resident) codes(try func(*servicing.Service, string) error) func(*servicing.Service, bool) error {
	code := r.code()
	return func(s *servicing.Service, right bool) error {
		if right {
			return try(s, code)
		}
		return try(s, other(code))
	}
}

// A refused try leaves nothing behind but its count (CVE-2026-35597; NIST SP
// 800-63B-4, 3.2.2).
func TestExactlySoManyTriesAreComparedAndThenNotTheRightOneEither(t *testing.T) {
	for _, c := range secrets {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				try, n := c.ready(r), 0
				for i := range c.tries + 3 {
					if err := try(r.both()[i%2], false); compared(err) {
						n++
					}
					r.wait(c.wait)
				}
				if n != c.tries {
					t.Errorf("%d tries were compared, want %d", n, c.tries)
				}
				for _, s := range r.both() {
					if err := try(s, true); err == nil || compared(err) {
						t.Errorf("then the right one: %s", outcome(err))
					}
				}
			})
		})
	}
}

// Two hundred guesses at once on two instances are no more than one after the
// other (Ory Kratos 4ca4d79cf).
func TestTwoHundredGuessesAtOnceAreNoMoreThanTheLimit(t *testing.T) {
	for _, c := range secrets {
		if strings.Contains(c.name, "new run") {
			continue // each needs the password first
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				try, both := c.ready(r), r.both()
				var n, in atomic.Int32
				atOnce(200, func(i int) {
					switch err := try(both[i%2], false); {
					case err == nil:
						in.Add(1)
					case compared(err):
						n.Add(1)
					}
				})
				if n.Load() != 5 || in.Load() != 0 {
					t.Errorf("%d were compared and %d accepted, want 5 and none", n.Load(), in.Load())
				}
				if err := try(both[1], true); err == nil || compared(err) {
					t.Errorf("then the right one: %s", outcome(err))
				}
			})
		})
	}
}

// once is something that works one time. runs says that it is tried in one run,
// which more than five tries at once close, for the right one too.
type once struct {
	name  string
	run   bool
	ready func(r *resident) func(s *servicing.Service, i int) error
}

var onces = []once{
	{"a code of the app, in ten runs and a session", false, func(r *resident) func(*servicing.Service, int) error {
		var flows [10]servicing.FlowID
		for i := range flows {
			flows[i] = r.pending()
		}
		r.wait(time.Minute)
		code, me := r.now(r.app), r.me()
		return func(s *servicing.Service, i int) (err error) {
			if i == 49 {
				_, err = s.Confirm(ctx, me, servicing.App, code, src)
				return err
			}
			_, err = s.ProveSignIn(ctx, flows[i%10], servicing.App, code, false, src)
			return err
		}
	}},
	{"a saved code, in ten runs", false, func(r *resident) func(*servicing.Service, int) error {
		var flows [10]servicing.FlowID
		for i := range flows {
			flows[i] = r.pending()
		}
		return func(s *servicing.Service, i int) error {
			_, err := s.ProveSignIn(ctx, flows[i%10], servicing.SavedCode, r.saved[0], false, src)
			return err
		}
	}},
	{"a code by text", true, func(r *resident) func(*servicing.Service, int) error {
		flow := r.pending()
		must(r, r.SendSignInText(ctx, flow, src))
		code := r.code()
		return func(s *servicing.Service, _ int) error {
			_, err := s.ProveSignIn(ctx, flow, servicing.Text, code, false, src)
			return err
		}
	}},
	{"a code by text, to confirm", true, func(r *resident) func(*servicing.Service, int) error {
		me := r.me()
		must(r, r.SendConfirmText(ctx, me, src))
		code := r.code()
		return func(s *servicing.Service, _ int) error {
			_, err := s.Confirm(ctx, me, servicing.Text, code, src)
			return err
		}
	}},
	{"a code of recovery", true, func(r *resident) func(*servicing.Service, int) error {
		flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
		code := r.recoveryCode(flow, servicing.ByEmail)
		return func(s *servicing.Service, _ int) error {
			_, err := s.ProveRecovery(ctx, flow, identity.ProofEmailCode, code, src)
			return err
		}
	}},
	{"a recovery", false, func(r *resident) func(*servicing.Service, int) error {
		flow := got(r.StartRecovery(ctx, identity.GoalBoth, chosenName, src))(r)
		got(r.ProveRecovery(ctx, flow, identity.ProofEmailCode, r.recoveryCode(flow, servicing.ByEmail), src))(r)
		got(r.ProveRecovery(ctx, flow, identity.ProofSavedCode, r.saved[0], src))(r)
		return func(s *servicing.Service, i int) error {
			if i > 5 {
				return servicing.ErrNotFound // each hashes a new password
			}
			_, err := s.FinishRecovery(ctx, flow, "seven grey hills in the rain", src)
			return err
		}
	}},
	{"a code of activation", true, func(r *resident) func(*servicing.Service, int) error {
		r.take("L2", loan())
		req := known()
		req.AccountNumber = "L2"
		flow := got(r.StartActivation(ctx, req, src))(r)
		code := r.code()
		return func(s *servicing.Service, _ int) error { return s.ProveActivation(ctx, flow, code, src) }
	}},
	{"an activation", false, func(r *resident) func(*servicing.Service, int) error {
		r.take("L2", loan())
		req := known()
		req.AccountNumber = "L2"
		flow := got(r.StartActivation(ctx, req, src))(r)
		must(r, r.ProveActivation(ctx, flow, r.code(), src))
		return func(s *servicing.Service, i int) error {
			if i > 5 {
				return servicing.ErrNotFound // each hashes a password
			}
			_, err := s.FinishActivation(ctx, flow, fmt.Sprintf("avery-the-%dth", i), password, src)
			return err
		}
	}},
	{"a code for a new address", true, func(r *resident) func(*servicing.Service, int) error {
		me := r.me()
		id := got(r.StartContactChange(ctx, me, servicing.ContactEmail, "avery@post.example", src))(r)
		code := r.code()
		return func(s *servicing.Service, _ int) error { return s.FinishContactChange(ctx, me, id, code, src) }
	}},
	{"a passkey's answer", false, func(r *resident) func(*servicing.Service, int) error {
		call := got(r.PasskeySignIn())(r)
		answer := r.key.sign(r, call.Options)
		return func(s *servicing.Service, i int) error {
			_, err := s.FinishPasskeySignIn(ctx, call.Box, answer, from(i))
			return err
		}
	}},
	{"an invitation", false, func(r *resident) func(*servicing.Service, int) error {
		invite := got(r.FoundAdministrator(ctx, system, "Ada Founder"))(r)
		return func(s *servicing.Service, i int) error {
			if i > 5 {
				return servicing.ErrNotFound // each hashes a password
			}
			_, err := s.AcceptInvite(ctx, invite, fmt.Sprintf("ada-the-%dth", i), deskPassword, from(i))
			return err
		}
	}},
	{"the button that says it was somebody else", false, func(r *resident) func(*servicing.Service, int) error {
		button := r.button()
		return func(s *servicing.Service, _ int) error { return s.PressNotMe(ctx, button, src) }
	}},
}

// What works once works once, fifty times at once on two instances (Keycloak
// #26106; ASVS 6.5.1).
func TestWhatWorksOnceWorksOnce(t *testing.T) {
	for _, c := range onces {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				try, both := c.ready(r), r.both()
				var n atomic.Int32
				times := 50
				if c.run {
					times = identity.CodeTries
				}
				atOnce(times, func(i int) {
					if try(both[i%2], i) == nil {
						n.Add(1)
					}
				})
				atOnce(50, func(i int) {
					if try(both[i%2], i) == nil {
						n.Add(1)
					}
				})
				if n.Load() != 1 {
					t.Errorf("it worked %d times", n.Load())
				}
			})
		})
	}
}

// Asking for another code gives no more tries (NIST SP 800-63B-4, 3.1.3).
func TestAnotherCodeGivesNoMoreTries(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(t)
		n := 0
		for range 4 {
			code := r.recoveryCode(flow, servicing.ByEmail)
			for range 2 {
				if _, err := r.ProveRecovery(ctx, flow, identity.ProofEmailCode, other(code), src); compared(err) {
					n++
				}
			}
		}
		if n != identity.CodeTries {
			t.Errorf("%d guesses at four codes of one run were compared", n)
		}
		// Nor does another run, in the end: the account has a count of its own.
		n = 0
		last := ""
		for range 40 {
			r.wait(time.Hour)
			flow, err := r.StartRecovery(ctx, identity.GoalPassword, chosenName, src)
			if err != nil {
				continue
			}
			code := r.recoveryCode(flow, servicing.ByEmail)
			if code == last {
				continue // none was sent: there is nothing to guess at
			}
			last = code
			for range 5 {
				if _, err := r.ProveRecovery(ctx, flow, identity.ProofEmailCode, other(code), src); compared(err) {
					n++
				}
			}
		}
		if n > 100 {
			t.Errorf("%d guesses in forty runs of forty hours were compared", n)
		}
	})
}

// One account is one count, however its name is spelled and whichever door is
// tried (CVE-2025-24806, CVE-2026-47203).
func TestSpellingsOfANameShareACount(t *testing.T) {
	known := []string{chosenName, "AVERY-of-Springfield", "  " + chosenName + " ", "ａｖｅｒｙ-of-springfield", username, "Jordan.L1@MAIL.example ", "ｊordan.l1@mail.example"}
	nobody := []string{"nobody@mail.example", "NOBODY@Mail.Example", " nobody@mail.example", "ｎobody@mail.example", "nobody@mail.example\t", "Nobody@mail.EXAMPLE", "ＮＯbody@mail.example"}
	for name, spellings := range map[string][]string{"somebody": known, "nobody": nobody} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				n := 0
				try := func(i int, spelling string, recovering bool) {
					t.Helper()
					var err error
					if recovering {
						flow := got(r.StartRecovery(ctx, identity.GoalFactor, spelling, from(i)))(t)
						_, err = r.ProveRecovery(ctx, flow, identity.ProofPassword, wrongPassword, from(i))
					} else {
						_, err = r.SignIn(ctx, spelling, wrongPassword, from(i))
					}
					if compared(err) {
						n++
					} else if outcome(err) != "refused too_many" {
						t.Errorf("%q: %s", spelling, outcome(err))
					}
				}
				for i, spelling := range spellings {
					try(i, spelling, false)
					try(100+i, spelling, i < 4) // recoveries are counted too
				}
				if n != identity.FreeTries {
					t.Errorf("%d passwords were compared before a wait, want %d", n, identity.FreeTries)
				}
			})
		})
	}
}

// A stranger's guesses close the door to strangers and to nobody else
// (GHSA-cq42-vhv7-xr7p).
func TestAStrangersGuessesKeepNobodyOut(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		var last time.Duration
		n, since := 0, time.Duration(0)
		for i := range 3000 {
			_, err := r.SignIn(ctx, chosenName, wrongPassword, from(i))
			if compared(err) {
				if n++; n > identity.FreeTries && since < last {
					t.Errorf("guess %d was waited %s for, the one before %s", n, since, last)
				}
				last, since = since, 0
			}
			r.wait(time.Minute)
			since += time.Minute
		}
		if n != 50 {
			t.Errorf("%d of 3000 guesses were compared, want 50", n)
		}
		if _, err := r.SignIn(ctx, chosenName, password, from(1)); outcome(err) != "refused stopped" {
			t.Errorf("a stranger with the right password: %s", outcome(err))
		}
		// The owner at home, and with a passkey anywhere.
		if e := r.enter(); e.Session == "" {
			t.Errorf("the owner's own browser: %+v", e)
		}
		call := got(r.PasskeySignIn())(t)
		if e := got(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(t, call.Options), from(9999)))(t); e.Session == "" {
			t.Errorf("a passkey on a browser that is not known: %+v", e)
		}
		// And from anywhere after an unlock.
		flow := got(r.StartRecovery(ctx, identity.GoalUnlock, chosenName, from(9998)))(t)
		got(r.ProveRecovery(ctx, flow, identity.ProofEmailCode, r.recoveryCode(flow, servicing.ByEmail), src))(t)
		got(r.ProveRecovery(ctx, flow, identity.ProofTOTP, r.now(r.app), src))(t)
		if e := got(r.FinishRecovery(ctx, flow, "", src))(t); e.Session != "" {
			t.Error("an unlock signed somebody in")
		}
		if e := got(r.SignIn(ctx, chosenName, password, from(9997)))(t); e.Flow == "" {
			t.Errorf("after the unlock: %+v", e)
		}
	})
}
