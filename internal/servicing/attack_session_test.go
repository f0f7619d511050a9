package servicing_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/store"
)

// A token stands for one level, and is dead when there is another (ASVS 7.2.4).
func TestEveryLevelHasATokenOfItsOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		seen := map[string]bool{}
		next := func(what string, e servicing.Entry) {
			t.Helper()
			if e.Session == "" || seen[e.Session] {
				t.Errorf("%s gave the token %q", what, e.Session)
			}
			seen[e.Session] = true
			for _, s := range r.both() {
				if _, err := s.Session(ctx, r.in.Session); !errors.Is(err, servicing.ErrNoSession) {
					t.Errorf("%s: the token of before lives on: %v", what, err)
				}
				if _, err := s.Session(ctx, e.Session); err != nil {
					t.Errorf("%s: the new token: %v", what, err)
				}
			}
			r.in = e
		}
		seen[r.in.Session] = true
		ends := got(r.Session(ctx, r.in.Session))(t).EndsAt
		o.wait(time.Minute)
		next("confirming", got(r.Confirm(ctx, r.me(), servicing.App, r.now(r.app), src))(t))
		call := got(r.ConfirmPasskey(ctx, r.me()))(t)
		next("confirming with a passkey", got(r.FinishConfirmPasskey(ctx, r.me(), call.Box, r.key.sign(t, call.Options), src))(t))
		next("a second passkey", newPasskey().register(r, r.in))
		id := got(r.Security(ctx, r.me()))(t).Factors[0].ID
		next("a factor removed", got(r.RemoveFactor(ctx, r.me(), id, src))(t))
		next("a new password", got(r.ChangePassword(ctx, r.me(), password, "seven grey hills in the rain", src))(t))
		if now := got(r.Session(ctx, r.in.Session))(t).EndsAt; now > ends {
			t.Error("a session lives longer for a new token")
		}

		// A run of signing in is no session, and a session no run, nor is one run another.
		e := got(r.SignIn(ctx, chosenName, "seven grey hills in the rain", src))(t)
		if _, err := r.Session(ctx, string(e.Flow)); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("a run of signing in is a session: %v", err)
		}
		if _, err := r.ProveSignIn(ctx, servicing.FlowID(r.in.Session), servicing.App, r.now(r.app), false, src); outcome(err) != "refused flow_gone" {
			t.Errorf("a session is a run: %s", outcome(err))
		}
		// A token that was planted is never taken up.
		if _, err := r.Session(ctx, strings.Repeat("PLANTED2", 7)); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("a planted token: %v", err)
		}
	})
}

// A run through one thing goes on with no verb of another.
func TestARunIsGoodForOneThing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		o.take("L2", loan())
		req := known()
		req.AccountNumber = "L2"
		flows := map[string]servicing.FlowID{
			"SignIn":     r.pending(),
			"Activation": got(r.StartActivation(ctx, req, src))(t),
			"Recovery":   got(r.StartRecovery(ctx, identity.GoalBoth, chosenName, src))(t),
			"NotMe":      r.button(),
			"nothing":    "",
			"invention":  servicing.FlowID(strings.Repeat("INVENTED", 7)),
		}
		must(t, r.ProveActivation(ctx, flows["Activation"], r.code(), src))
		was := o.everything()
		service, flow, tries := reflect.ValueOf(o.Service), reflect.TypeFor[servicing.FlowID](), 0
		for m := range service.Type().Methods() {
			if m.Type.NumIn() < 3 || m.Type.In(2) != flow {
				continue
			}
			for kind, id := range flows {
				if strings.Contains(m.Name, kind) {
					continue
				}
				args := []reflect.Value{service, reflect.ValueOf(ctx), reflect.ValueOf(id)}
				for i := 3; i < m.Type.NumIn(); i++ {
					args = append(args, plausible(m.Type.In(i)))
				}
				out := m.Func.Call(args)
				err, _ := out[len(out)-1].Interface().(error)
				if outcome(err) != "refused flow_gone" && !(m.Name == "FinishActivation" && outcome(err) == "refused username") {
					t.Errorf("%s with a run of %s: %s", m.Name, kind, outcome(err))
				}
				tries++
			}
		}
		if tries < 60 {
			t.Errorf("only %d tries", tries)
		}
		if now := o.everything(); !slices.Equal(was, now) {
			t.Errorf("something changed: %q", missing(now, was))
		}
	})
}

// plausible is a value that passes the checks of form.
func plausible(of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	switch of {
	case reflect.TypeFor[servicing.FactorKind]():
		v.SetString(string(servicing.App))
	case reflect.TypeFor[servicing.Channel]():
		v.SetString(string(servicing.ByEmail))
	case reflect.TypeFor[identity.Proof]():
		v.SetString(string(identity.ProofSavedCode))
	case reflect.TypeFor[string]():
		v.SetString("12345678")
	}
	return v
}

// ender is something after which nobody else stays in.
type ender struct {
	name  string
	do    func(r *resident)
	stays bool // the session in which it was done
}

var enders = []ender{
	{"a new password", func(r *resident) {
		r.in = got(r.ChangePassword(ctx, r.me(), password, "seven grey hills in the rain", src))(r)
	}, true},
	{"a new app", func(r *resident) { r.app, r.in = r.addApp(r.in) }, true},
	{"a new phone", func(r *resident) {
		box := got(r.StartPhone(ctx, r.me(), "202-555-0177", src))(r)
		r.in = got(r.FinishPhone(ctx, r.me(), box, r.code(), src))(r)
	}, true},
	{"a new passkey", func(r *resident) { r.in = newPasskey().register(r, r.in) }, true},
	{"a factor taken away", func(r *resident) {
		r.in = got(r.RemoveFactor(ctx, r.me(), got(r.Security(ctx, r.me()))(r).Factors[0].ID, src))(r)
	}, true},
	{"another number for the codes", func(r *resident) {
		id := got(r.StartContactChange(ctx, r.me(), servicing.ContactPhone, "202-555-0177", src))(r)
		must(r, r.FinishContactChange(ctx, r.me(), id, r.code(), src))
	}, true},
	{"all others signed out", func(r *resident) { must(r, r.EndOtherSessions(ctx, r.me())) }, true},
	{"the password recovered", func(r *resident) {
		flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(r)
		got(r.ProveRecovery(ctx, flow, identity.ProofEmailCode, r.recoveryCode(flow, servicing.ByEmail), src))(r)
		got(r.ProveRecovery(ctx, flow, identity.ProofTOTP, r.now(r.app), src))(r)
		got(r.FinishRecovery(ctx, flow, "seven grey hills in the rain", src))(r)
	}, false},
	{"the factor recovered", func(r *resident) { r.recoverFactor() }, false},
	{"the owner's button", func(r *resident) { must(r, r.PressNotMe(ctx, r.button(), src)) }, false},
	{"the login locked", func(r *resident) { r.lockQuietly() }, false},
}

// What changes the way in ends all other sessions and what the devices stand for,
// at once and on every instance (ASVS 7.4.3; Ory Kratos #3514).
func TestAChangeOfTheWayInEndsEverybodyElse(t *testing.T) {
	for _, c := range enders {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				// Somebody else's browser, signed in and trusted for a month.
				e := got(r.SignIn(ctx, chosenName, password, from(1)))(t)
				o.wait(time.Minute)
				thief := got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), true, from(1)))(t)
				there := from(1)
				there.Device = thief.Device
				if e := got(r.SignIn(ctx, chosenName, password, there))(t); e.Session == "" {
					t.Fatal("the device does not stand for the second factor")
				}
				waiting := got(r.SignIn(ctx, chosenName, password, from(2)))(t).Flow
				both := r.both()
				for _, s := range both {
					got(s.Session(ctx, thief.Session))(t)
				}
				r.in = r.enter()
				c.do(r)
				for i, s := range both {
					if _, err := s.Session(ctx, thief.Session); !errors.Is(err, servicing.ErrNoSession) {
						t.Errorf("instance %d: the other session lives on: %v", i, err)
					}
					_, err := s.Session(ctx, r.in.Session)
					if c.stays && err != nil || !c.stays && !errors.Is(err, servicing.ErrNoSession) {
						t.Errorf("instance %d: the own session: %v", i, err)
					}
					for _, word := range []string{password, "seven grey hills in the rain"} {
						if e, _ := s.SignIn(ctx, chosenName, word, there); e.Session != "" {
							t.Errorf("instance %d: the device still stands for the second factor", i)
						}
					}
				}
				if !c.stays {
					o.wait(time.Minute)
					if e, err := r.ProveSignIn(ctx, waiting, servicing.App, r.now(r.app), false, from(2)); err == nil {
						t.Errorf("a run that waited for the second factor went on: %+v", e)
					}
				}
			})
		})
	}
}

// Nothing that a form could send says who somebody is, what was proven or what is
// allowed: the verbs' requests have no place for it (CVE-2026-27946; ASVS 15.3.3).
func TestRequestsHaveNoPlaceForWhatIsDecidedHere(t *testing.T) {
	decided := strings.Fields("verified confirmed proven owner customer customerid user userid actor role scope level standing state status approved approvedby decidedby proofs held locked created session")
	service := reflect.TypeFor[*servicing.Service]()
	var walk func(verb string, of reflect.Type, within []string)
	walk = func(verb string, of reflect.Type, within []string) {
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[identity.Actor]() || of == reflect.TypeFor[servicing.Outgoing]() || len(within) > 3 {
			return
		}
		for i := range of.NumField() {
			f := of.Field(i)
			if f.IsExported() && of != reflect.TypeFor[servicing.PostalAddress]() && slices.Contains(decided, strings.ToLower(f.Name)) {
				t.Errorf("%s takes %s", verb, strings.Join(append(within, f.Name), "."))
			}
			walk(verb, f.Type, append(within, f.Name))
		}
	}
	open := slices.Concat(theirs, own, sessions, named)
	for m := range service.Methods() {
		acts := slices.ContainsFunc(open, func(c reach) bool { return c.method == m.Name })
		if !acts && m.Type.NumIn() > 2 && m.Type.In(2) == reflect.TypeFor[identity.Actor]() {
			continue // the system's and the staff's
		}
		for i := 2; i < m.Type.NumIn(); i++ {
			walk(m.Name, m.Type.In(i), []string{m.Type.In(i).Name()})
		}
	}
}

// A new address counts when its code was typed in the session that asked for it,
// and in no other way.
func TestAnAddressIsNotConfirmedByAnythingButItsCode(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		thief := o.take("L2", loan())
		id := got(r.StartContactChange(ctx, r.me(), servicing.ContactEmail, "new@post.example", src))(t)
		code := o.code()
		was := o.rows(`SELECT email, phone FROM customer ORDER BY id`)
		again := r.enter()
		for what, by := range map[string]identity.Actor{
			"another customer":           thief.actor.With(r.me().Standing),
			"another session":            got(o.Session(ctx, again.Session))(t).Actor,
			"the customer, no session":   o.fresh(r.actor),
			"a session made up entirely": o.fresh(identity.Customer("c1")),
		} {
			if err := o.FinishContactChange(ctx, by, id, code, src); !errors.Is(err, servicing.ErrNotFound) && !errors.Is(err, servicing.ErrForbidden) {
				t.Errorf("by %s: %v", what, err)
			}
		}
		for _, wrong := range []string{"", "0", other(code), code + code, " ' OR 1=1 -- ", strings.Repeat("9", 1<<20)} {
			if err := o.FinishContactChange(ctx, r.me(), id, wrong, src); !compared(err) {
				t.Errorf("with a code of %d characters: %v", len(wrong), err)
			}
		}
		if now := o.rows(`SELECT email, phone FROM customer ORDER BY id`); !slices.Equal(was, now) {
			t.Errorf("changed to %q", now)
		}
		must(t, o.FinishContactChange(ctx, r.me(), id, code, src))
		o.expect(1, "changed", `SELECT COUNT(*) FROM customer WHERE email = 'new@post.example'`)

		// And for a week it is no way back: whoever is in could have set it.
		flow := got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(t)
		before := o.count(`SELECT COUNT(*) FROM notice`)
		must(t, r.SendRecoveryCode(ctx, flow, servicing.ByEmail, src))
		o.expect(before, "messages", `SELECT COUNT(*) FROM notice`)
		o.wait(identity.SettledFor)
		flow = got(r.StartRecovery(ctx, identity.GoalPassword, chosenName, src))(t)
		must(t, r.SendRecoveryCode(ctx, flow, servicing.ByEmail, src))
		o.expect(before+1, "messages", `SELECT COUNT(*) FROM notice`)
	})
}

func readPerson(r *resident) error {
	return r.db.View(ctx, func(tx *store.Tx) error { return second(tx.Customer(r.actor.ID)) })
}

// What is encrypted is encrypted for its row and column: moved elsewhere it cannot
// be read, and nothing goes on with what it would have been.
func TestACiphertextIsGoodInItsPlaceOnly(t *testing.T) {
	for what, swap := range map[string]struct {
		sql   string
		after func(r *resident) error
	}{
		"the seed of an app": {`UPDATE authenticator SET secret = (SELECT secret FROM authenticator WHERE kind = 'totp' AND owner <> $1) WHERE kind = 'totp' AND owner = $1`,
			func(r *resident) error { return second(r.SignIn(ctx, chosenName, password, src)) }},
		"a passkey": {`UPDATE authenticator SET secret = (SELECT secret FROM authenticator WHERE kind = 'totp' AND owner <> $1) WHERE kind = 'passkey' AND owner = $1`,
			func(r *resident) error {
				call := got(r.PasskeySignIn())(r)
				return second(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(r, call.Options), src))
			}},
		"a new address": {`UPDATE contact_change SET new_value = (SELECT new_value FROM contact_change WHERE customer_id <> SUBSTR($1, 10)) WHERE customer_id = SUBSTR($1, 10)`,
			func(r *resident) error {
				var id string
				must(r, r.raw.QueryRow(`SELECT id FROM contact_change WHERE customer_id = $1`, r.actor.ID).Scan(&id))
				return second(r.ReadContactChange(ctx, r.me(), id))
			}},
		"an old address for a new one": {`UPDATE contact_change SET new_value = old_value WHERE customer_id = SUBSTR($1, 10)`,
			func(r *resident) error {
				var id string
				must(r, r.raw.QueryRow(`SELECT id FROM contact_change WHERE customer_id = $1`, r.actor.ID).Scan(&id))
				return second(r.ReadContactChange(ctx, r.me(), id))
			}},
		"what a run remembers": {`UPDATE flow SET detail = (SELECT MAX(detail) FROM flow WHERE kind = 'recovery' AND owner <> $1) WHERE kind = 'recovery' AND owner = $1`,
			func(r *resident) error {
				return r.db.View(ctx, func(tx *store.Tx) error {
					for _, row := range r.rows(`SELECT token_hash FROM flow WHERE kind = 'recovery' AND owner = $1`, r.owner) {
						if _, err := tx.Flow(strings.TrimSpace(strings.TrimPrefix(row, "token_hash=")), "recovery"); err != nil {
							return err
						}
					}
					return nil
				})
			}},
		"a Social Security number":                  {`UPDATE customer SET ssn = (SELECT ssn FROM customer WHERE id <> SUBSTR($1, 10)) WHERE id = SUBSTR($1, 10)`, readPerson},
		"a birth date for a Social Security number": {`UPDATE customer SET ssn = birth_date WHERE id = SUBSTR($1, 10)`, readPerson},
		"a bank account": {`UPDATE payment_method SET account = (SELECT MAX(account) FROM payment_method WHERE customer_id <> SUBSTR($1, 10)) WHERE customer_id = SUBSTR($1, 10)`,
			func(r *resident) error {
				return r.db.View(ctx, func(tx *store.Tx) error {
					b, err := tx.Method(r.actor.ID, string(r.bank))
					if err != nil {
						return err
					}
					return second(tx.BankAccountNumber(b))
				})
			}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				o.take("L2", loan())
				o.addApp(o.activateAs("L2"))
				for _, name := range []string{chosenName, "jordan.l2@mail.example"} {
					got(r.StartRecovery(ctx, identity.GoalPassword, name, src))(t)
				}
				got(r.StartContactChange(ctx, r.me(), servicing.ContactEmail, "new@post.example", src))(t)
				must(t, o.db.Update(ctx, func(tx *store.Tx) error {
					var id string
					must(t, o.raw.QueryRow(`SELECT id FROM customer WHERE id <> $1`, r.actor.ID).Scan(&id))
					return tx.InsertContactChange(&store.ContactChange{ID: store.NewID(), CustomerID: id, Kind: "email", Old: "a@b.example", New: "c@d.example", Asked: 1})
				}))
				must(t, swap.after(r))
				changed := got(got(o.raw.Exec(swap.sql, r.owner))(t).RowsAffected())(t)
				if changed == 0 {
					t.Fatal("nothing was moved")
				}
				if err := swap.after(r); err == nil || !strings.Contains(err.Error(), "decrypt") {
					t.Errorf("what was moved was read: %v", err)
				}
			})
		})
	}
}

func second[T any](_ T, err error) error { return err }
