package servicing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/store"
)

// sent counts the codes on their way by text.
func (o *office) sent() (n int) {
	o.Helper()
	return o.count(`SELECT COUNT(*) FROM notice WHERE kind IN ('activation_code', 'sign_in_code', 'recovery_code', 'unlock_code', 'contact_code')`)
}

// fill sets a count as if so much had been sent today already.
func (o *office) fill(limit, value string, n int) {
	o.Helper()
	got(o.raw.Exec(`DELETE FROM attempt WHERE bucket = $1`, o.keys.Hash("attempt:"+limit, value)))(o)
	got(o.raw.Exec(`INSERT INTO attempt (bucket, count, since, until) VALUES ($1, $2, $3, 0)`, o.keys.Hash("attempt:"+limit, value), n, int64(o.instant())))(o)
}

// No number, account, place, area or day gets more messages than its share, and
// who is not there gets none; nobody is told so.
func TestMessagesHaveCaps(t *testing.T) {
	many := func(r *resident, n int, wait time.Duration, ask func(i int) error) int {
		was := r.sent()
		for i := range n {
			if err := ask(i); err != nil && outcome(err) != "refused too_many" && outcome(err) != "refused stopped" && outcome(err) != "refused too_soon" {
				r.Error(err)
			}
			r.wait(wait)
		}
		return r.sent() - was
	}
	for what, c := range map[string]struct {
		most  int
		times int
		wait  time.Duration
		ask   func(r *resident) func(i int) error
	}{
		"asked for again at once": {1, 5, time.Second, func(r *resident) func(int) error {
			flow := r.pending()
			return func(int) error { return r.SendSignInText(ctx, flow, src) }
		}},
		"to one account": {10, 30, 30 * time.Second, func(r *resident) func(int) error {
			return func(i int) error { return r.SendSignInText(ctx, r.pending(), from(i)) }
		}},
		"to one number of two accounts": {10, 30, time.Minute, func(r *resident) func(int) error {
			r.take("L2", loan())
			r.activateAs("L2")
			r.wait(25 * time.Hour)
			return func(i int) error {
				if i%2 == 0 {
					return r.SendSignInText(ctx, r.pending(), from(i))
				}
				e := got(r.SignIn(ctx, "jordan.l2@mail.example", password, from(i)))(r)
				return r.SendSignInText(ctx, e.Flow, from(i))
			}
		}},
		"from one place": {1, 5, time.Minute, func(r *resident) func(int) error {
			r.fill("text_source", identity.SourceBucket(src.IP), 39)
			return func(int) error { return r.SendSignInText(ctx, r.pending(), src) }
		}},
		"to one area": {1, 5, time.Minute, func(r *resident) func(int) error {
			r.fill("text_area", "+1202", 499)
			return func(i int) error { return r.SendSignInText(ctx, r.pending(), from(i)) }
		}},
		"in all": {1, 5, time.Minute, func(r *resident) func(int) error {
			r.fill("text_all", "", 19_999)
			return func(i int) error { return r.SendSignInText(ctx, r.pending(), from(i)) }
		}},
		"to one account by e-mail": {15, 40, 15 * time.Minute, func(r *resident) func(int) error {
			return func(i int) error {
				flow, err := r.StartRecovery(ctx, identity.GoalPassword, chosenName, from(i))
				if err != nil {
					return err
				}
				for range 3 {
					must(r, r.SendRecoveryCode(ctx, flow, servicing.ByEmail, from(i)))
					r.wait(30 * time.Second)
				}
				return nil
			}
		}},
		"to nobody": {0, 20, 10 * time.Minute, func(r *resident) func(int) error {
			return func(i int) error {
				req := known()
				req.AccountNumber = fmt.Sprintf("L%d", 100+i)
				flow, err := r.StartActivation(ctx, req, from(i))
				if err == nil {
					r.wait(time.Minute)
					err = r.SendActivationCode(ctx, flow, servicing.ByText, from(i))
				}
				must(r, err)
				id := got(r.StartRecovery(ctx, identity.GoalPassword, fmt.Sprintf("nobody%d@mail.example", i), from(i)))(r)
				return r.SendRecoveryCode(ctx, id, servicing.ByText, from(i))
			}
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				if n := many(r, c.times, c.wait, c.ask(r)); n > c.most || c.most > 0 && n == 0 {
					t.Errorf("%d were sent, want at most %d", n, c.most)
				}
			})
		})
	}
}

// Nobody gets a share of the area's or the day's messages, so that a stranger
// cannot use them up without a number.
func TestNobodyUsesUpNobodysMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		flow := r.pending()
		must(t, r.SendSignInText(ctx, flow, src))
		bucket := o.keys.Hash("attempt:text_all", "")
		was := o.count(`SELECT count FROM attempt WHERE bucket = $1`, bucket)
		for i := range 10 {
			id := got(r.StartRecovery(ctx, identity.GoalPassword, fmt.Sprintf("nobody%d@mail.example", i), from(i)))(t)
			must(t, r.SendRecoveryCode(ctx, id, servicing.ByText, from(i)))
		}
		o.expect(was, "counted", `SELECT count FROM attempt WHERE bucket = $1`, bucket)
	})
}

// Whatever changes the way in, all addresses hear of, an old one too, each with a
// way to say that it was somebody else (NIST SP 800-63B-4, 4.6; ASVS 6.3.7).
func TestAllAddressesHearOfEveryChange(t *testing.T) {
	oneHome := []string{billing.ByEmail, billing.ByText}
	for what, c := range map[string]struct {
		kind billing.NoticeKind
		do   func(r *resident)
		to   []string // channels, with an address where it is not the one on file
	}{
		"an activation":   {billing.NoticeActivated, func(r *resident) { r.take("L2", loan()); r.activateAs("L2") }, oneHome},
		"a new device":    {billing.NoticeNewDevice, func(r *resident) { r.comeFrom(1) }, oneHome},
		"a new app":       {billing.NoticeFactorAdded, func(r *resident) { r.addApp(r.in) }, oneHome},
		"a new passkey":   {billing.NoticeFactorAdded, func(r *resident) { newPasskey().register(r, r.in) }, oneHome},
		"new saved codes": {billing.NoticeSavedCodesMade, func(r *resident) { got(r.MakeSavedCodes(ctx, r.me(), servicing.NewKey(), src))(r) }, oneHome},
		"a saved code used": {billing.NoticeSavedCodeUsed, func(r *resident) {
			got(r.ProveSignIn(ctx, r.pending(), servicing.SavedCode, r.saved[0], false, src))(r)
		}, oneHome},
		"a factor taken away": {billing.NoticeFactorRemoved, func(r *resident) {
			got(r.RemoveFactor(ctx, r.me(), got(r.Security(ctx, r.me()))(r).Factors[0].ID, src))(r)
		}, oneHome},
		"a new password": {billing.NoticePasswordChanged, func(r *resident) {
			got(r.ChangePassword(ctx, r.me(), password, "seven grey hills in the rain", src))(r)
		}, oneHome},
		"a new e-mail address": {billing.NoticeEmailChanged, func(r *resident) {
			id := got(r.StartContactChange(ctx, r.me(), servicing.ContactEmail, "new@post.example", src))(r)
			must(r, r.FinishContactChange(ctx, r.me(), id, r.code(), src))
		}, []string{billing.ByEmail, billing.ByText, billing.ByEmail + " " + username}},
		"a new phone": {billing.NoticePhoneChanged, func(r *resident) {
			id := got(r.StartContactChange(ctx, r.me(), servicing.ContactPhone, "202-555-0177", src))(r)
			must(r, r.FinishContactChange(ctx, r.me(), id, r.code(), src))
		}, []string{billing.ByEmail, billing.ByText, billing.ByText + " +12025550143"}},
		"a new postal address": {billing.NoticeAddressChanged, func(r *resident) {
			must(r, r.ChangeAddress(ctx, r.me(), servicing.PostalAddress{Street: "9 Sample Street", City: "Springfield", State: "IL", ZIP: "62701"}, src))
		}, oneHome},
		"a recovery begun": {billing.NoticeRecoveryStarted, func(r *resident) {
			flow := got(r.StartRecovery(ctx, identity.GoalFactor, chosenName, src))(r)
			must(r, r.shows(flow, identity.ProofPassword))
		}, oneHome},
		"a recovery done": {billing.NoticeRecoveryDone, func(r *resident) { r.recoverFactor() }, oneHome},
		"the password right and the second step wrong": {billing.NoticeFactorFailed, func(r *resident) {
			flow := r.pending()
			for range 4 {
				if _, err := r.ProveSignIn(ctx, flow, servicing.App, other(r.now(r.app)), false, src); err == nil {
					r.Error("a wrong code was taken")
				}
			}
		}, oneHome},
		"five wrong passwords": {billing.NoticeSignInLocked, func(r *resident) {
			for i := range 8 {
				if _, err := r.SignIn(ctx, chosenName, wrongPassword, from(i)); err == nil {
					r.Error("a wrong password was taken")
				}
			}
		}, oneHome},
		"the button pressed": {billing.NoticeLockedByYou, func(r *resident) { must(r, r.PressNotMe(ctx, r.button(), src)) }, oneHome},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, o *office) {
				r := moveIn(o)
				was := len(o.messages(c.kind))
				c.do(r)
				var to []string
				for _, m := range o.messages(c.kind)[was:] {
					to = append(to, strings.TrimSpace(m.Channel+" "+m.Address))
					if !strings.HasPrefix(m.Link, "/not-me/") || len(m.Link) < 50 {
						t.Errorf("no way to say that it was somebody else: %q", m.Link)
					}
				}
				slices.Sort(to)
				want := slices.Sorted(slices.Values(c.to))
				if !slices.Equal(to, want) {
					t.Errorf("told %q, want %q", to, want)
				}
			})
		})
	}
}

// comeFrom signs in somewhere new, with the app.
func (r *resident) comeFrom(n int) servicing.Entry {
	r.Helper()
	r.wait(time.Minute)
	e := got(r.SignIn(ctx, chosenName, password, from(n)))(r)
	return got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), false, from(n)))(r)
}

// Looking at the button presses nothing; pressing it closes everything, and opens
// nothing for whoever pressed.
func TestAButtonIsPressedAndNotOnlyLookedAt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		r := moveIn(o)
		button := r.button()
		was := o.everything()
		for range 5 {
			if out := got(r.ReadNotMe(ctx, button))(t); out.Kind == "" || out.Used {
				t.Errorf("%+v", out)
			}
		}
		if now := o.everything(); !slices.Equal(was, now) {
			t.Errorf("looking changed %q", missing(now, was))
		}
		must(t, r.PressNotMe(ctx, button, src))
		o.expect(0, "sessions", `SELECT COUNT(*) FROM session WHERE owner = $1 AND ended_at = 0`, r.owner)
		o.expect(0, "devices", `SELECT COUNT(*) FROM device WHERE owner = $1 AND ended_at = 0`, r.owner)
		o.expect(1, "locked", `SELECT COUNT(*) FROM login WHERE owner = $1 AND locked_at > 0 AND stale = 1 AND held_until > 0`, r.owner)
	})
}

// A password is as long as it must be, as long as somebody likes, all of it counts,
// and what others know or guess first is refused with the reason (NIST SP
// 800-63B-4, 3.1.1.2).
func TestPasswordsThatAreTakenAndRefused(t *testing.T) {
	var long strings.Builder
	for i, x := 0, uint32(7); i < 200; i++ {
		x = x*1664525 + 1013904223
		long.WriteRune('а' + rune(x>>16%31)) // Cyrillic: two bytes each
	}
	cases := map[string]struct {
		word   string
		single bool // no second factor is asked for
		taken  bool
	}{
		"eight beside a second factor":          {"mqz7 vpt", false, true},
		"seven":                                 {"mqz7 vp", false, false},
		"eight alone":                           {"mqz7 vpt", true, false},
		"fourteen alone":                        {"mqz7 vpt kwx9r", true, false},
		"fifteen alone":                         {"mqz7 vpt kwx9rb", true, true},
		"sixty-four":                            {"h" + strings.Repeat("ay mow q", 8)[:63], false, true},
		"two hundred and more, and not English": {long.String(), false, true},
		"too long to keep":                      {strings.Repeat(long.String(), 4), false, false},
		"no capitals and no digits":             {"correct staple horses", false, true},
		"on the list":                           {"basketball", false, false},
		"one letter":                            {"aaaaaaaaaaaaaaaaaaaa", false, false},
		"a run":                                 {"abcdefghijklmnop", false, false},
		"the username":                          {chosenName + "1", false, false},
		"the last name":                         {"jordanavery", false, false},
		"the lender":                            {"MarqueFinancial9", false, false},
		"the e-mail address":                    {username, false, false},
	}
	for _, single := range []bool{false, true} {
		onBoth(t, func(t *testing.T, o *office) {
			r, now := moveIn(o), password
			if single {
				o.ruled(func(a *servicing.Access) { a.SecondFactorOptional = true })
				must(t, o.db.Update(ctx, func(tx *store.Tx) error {
					for _, k := range []servicing.FactorKind{servicing.App, servicing.Text, servicing.Passkey, servicing.SavedCode} {
						tx.EndAuthenticators(r.owner, string(k), "test", o.instant())
					}
					return nil
				}))
			}
			for what, c := range cases {
				if c.single != single {
					continue
				}
				o.wait(2 * time.Hour)
				r.in = r.enterAs(now)
				e, err := r.ChangePassword(ctx, r.me(), now, c.word, src)
				if !c.taken {
					if outcome(err) != "refused password" || len(strings.Fields(err.Error())) < 6 {
						t.Errorf("%s: %q: %v", what, c.word, err)
					}
					continue
				}
				if err != nil || e.Session == "" {
					t.Errorf("%s: %q: %v", what, c.word, err)
					continue
				}
				now = c.word
				runes := []rune(c.word)
				cut := string(runes[:len(runes)-1])
				for _, close := range []string{cut, cut + "X", strings.ToUpper(c.word), " " + c.word} {
					if _, err := r.SignIn(ctx, chosenName, close, src); outcome(err) != "refused sign_in_wrong" {
						t.Errorf("%s: %q was taken for %q: %v", what, close, c.word, err)
					}
				}
			}
		})
	}
}

// What is unusual together asks for the second step on a device that is remembered
// too, and holds what a thief would change; a traveler with a passkey goes on.
func TestUnusualSignIns(t *testing.T) {
	places := "192.0.2.0/24,41.88,-87.63,\"Chicago, Illinois\"\n198.18.0.0/16,1.35,103.82,Singapore\n"
	scene := func(t *testing.T, play func(t *testing.T, r *resident)) {
		t.Helper()
		onBoth(t, func(t *testing.T, o *office) {
			r := moveIn(o)
			known := got(identity.ReadPlaces(strings.NewReader(places)))(t)
			o.ruled(func(a *servicing.Access) { a.Places = known })
			// Trusted for a month, at home.
			o.wait(time.Minute)
			e := got(r.ProveSignIn(ctx, r.pending(), servicing.App, r.now(r.app), true, r.home()))(t)
			r.device = e.Device
			if e := got(r.SignIn(ctx, chosenName, password, r.home()))(t); e.Session == "" {
				t.Fatal("the device is not trusted")
			}
			o.wait(2 * time.Hour)
			play(t, r)
		})
	}
	abroad := func(r *resident) servicing.Source {
		s := from(7)
		s.Device = r.device
		return s
	}
	t.Run("a remembered device that cannot be there", func(t *testing.T) {
		scene(t, func(t *testing.T, r *resident) {
			e := got(r.SignIn(ctx, chosenName, password, abroad(r)))(t)
			if e.Session != "" || e.Flow == "" {
				t.Fatalf("went on without the second step: %+v", e)
			}
			r.in = got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), false, abroad(r)))(t)
		})
	})
	t.Run("a remembered device on another network nearby", func(t *testing.T) {
		scene(t, func(t *testing.T, r *resident) {
			near := r.home()
			near.IP = "203.0.113.9"
			if e := got(r.SignIn(ctx, chosenName, password, near))(t); e.Session == "" {
				t.Errorf("asked for more: %+v", e)
			}
		})
	})
	t.Run("a new device, a new network, and no way to be there", func(t *testing.T) {
		scene(t, func(t *testing.T, r *resident) {
			r.in = r.comeFrom(7)
			if s := r.me().Standing; s.HeldUntil <= r.instant() {
				t.Errorf("nothing is held: %+v", s)
			}
			for what, try := range map[string]error{
				"a bank account":    second(r.AddBankAccount(ctx, r.me(), bankRequest("5550001112"))),
				"an e-mail address": second(r.StartContactChange(ctx, r.me(), servicing.ContactEmail, "new@post.example", src)),
				"autopay":           second(r.EnrollAutopay(ctx, r.me(), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: r.id, Method: r.bank, Signed: servicing.AutopayWord}, src)),
			} {
				if outcome(try) != "refused held" {
					t.Errorf("%s: %s", what, outcome(try))
				}
			}
			if len(r.messages(billing.NoticeChangesHeld)) != 2 {
				t.Error("the owner was not told")
			}
			if len(got(r.Security(ctx, r.me()))(t).Visits[0].Signals) < 3 {
				t.Error("the signals are not shown")
			}
		})
	})
	t.Run("and the second step wrong before it is right", func(t *testing.T) {
		scene(t, func(t *testing.T, r *resident) {
			e := got(r.SignIn(ctx, chosenName, password, from(7)))(t)
			if _, err := r.ProveSignIn(ctx, e.Flow, servicing.App, other(r.now(r.app)), false, from(7)); err == nil {
				t.Error("a wrong code was taken")
			}
			r.in = got(r.ProveSignIn(ctx, e.Flow, servicing.App, r.now(r.app), false, from(7)))(t)
			if s := r.me().Standing; s.HeldUntil <= r.instant() {
				t.Errorf("nothing is held: %+v", s)
			}
		})
	})
	t.Run("a traveler with a passkey", func(t *testing.T) {
		scene(t, func(t *testing.T, r *resident) {
			call := got(r.PasskeySignIn())(t)
			if e := got(r.FinishPasskeySignIn(ctx, call.Box, r.key.sign(t, call.Options), abroad(r)))(t); e.Session == "" {
				t.Errorf("%+v", e)
			}
		})
	})
	t.Run("a place that tries many accounts", func(t *testing.T) {
		scene(t, func(t *testing.T, r *resident) {
			for i := range 12 {
				at := from(256 + i)
				if _, err := r.SignIn(ctx, fmt.Sprintf("somebody-%d", i), wrongPassword, at); err == nil {
					t.Error("a wrong password was taken")
				}
			}
			if _, err := r.SignIn(ctx, chosenName, password, from(300)); outcome(err) != "refused unusual" {
				t.Errorf("the right password from there: %s", outcome(err))
			}
			if len(r.messages(billing.NoticeFactorFailed)) != 2 {
				t.Error("the owner was not told")
			}
		})
	})
}
