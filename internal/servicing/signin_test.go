package servicing_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
)

const password = "four green boats at noon"

func known() servicing.ActivationRequest {
	return servicing.ActivationRequest{AccountNumber: "L1", SSN4: nationalID[5:], ZIP: "62701", By: servicing.ByText}
}

// code is the newest code on its way to a customer.
func (o *office) code() (code string) {
	o.Helper()
	for _, m := range got(o.Outbox(ctx, system, 1000))(o) {
		if m.Notice.Code != "" {
			code = m.Notice.Code
		}
	}
	return code
}

// messages lists what is on its way of a kind.
func (o *office) messages(kind billing.NoticeKind) (out []billing.Notice) {
	o.Helper()
	for _, m := range got(o.Outbox(ctx, system, 1000))(o) {
		if m.Notice.Kind == kind {
			out = append(out, m.Notice)
		}
	}
	return out
}

// activate goes the whole road with a code by text, which binds the phone, and
// gives the entry.
func (o *office) activate() servicing.Entry { return o.activateAs("L1") }

func (o *office) activateAs(number string) servicing.Entry {
	o.Helper()
	req := known()
	req.AccountNumber = number
	flow := got(o.StartActivation(ctx, req, src))(o)
	must(o, o.ProveActivation(ctx, flow, o.code(), src))
	name := got(o.ActivationName(ctx, flow))(o)
	e := got(o.FinishActivation(ctx, flow, name, password, src))(o)
	if e.Session == "" || e.Device == "" {
		o.Fatalf("activation led to %+v", e)
	}
	return e
}

// signIn shows the password and a code by text.
func (o *office) signIn(password string, from servicing.Source) (servicing.Entry, error) {
	o.Helper()
	e, err := o.SignIn(ctx, username, password, from)
	if err != nil || e.Session != "" {
		return e, err
	}
	o.wait(time.Minute)
	must(o, o.SendSignInText(ctx, e.Flow, from))
	return o.ProveSignIn(ctx, e.Flow, servicing.Text, o.code(), false, from)
}

func (o *office) session(e servicing.Entry) servicing.Session {
	o.Helper()
	return got(o.Session(ctx, e.Session))(o)
}

// app is an authenticator app that a person has.
type app string

func (o *office) now(a app) string {
	o.Helper()
	return got(totp.GenerateCodeCustom(string(a), time.UnixMicro(o.clock.Load()), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix}))(o)
}

// addApp binds an authenticator app in a session, and gives the session's new
// token.
func (o *office) addApp(e servicing.Entry) (app, servicing.Entry) {
	o.Helper()
	actor := o.session(e).Actor
	setup := got(o.StartApp(ctx, actor))(o)
	next := got(o.FinishApp(ctx, actor, setup.Box, "", o.now(app(setup.Seed)), src))(o)
	o.wait(time.Minute) // each of the app's codes works once
	return app(setup.Seed), next
}

const username = "jordan.l1@mail.example"

func TestActivationTellsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		right := got(o.StartActivation(ctx, known(), src))(t)
		for what, change := range map[string]func(*servicing.ActivationRequest){
			"an unknown account":    func(r *servicing.ActivationRequest) { r.AccountNumber = "L9" },
			"a wrong SSN":           func(r *servicing.ActivationRequest) { r.SSN4 = "0001" },
			"a wrong ZIP":           func(r *servicing.ActivationRequest) { r.ZIP = "62702" },
			"a wrong date of birth": func(r *servicing.ActivationRequest) { r.ZIP, r.BirthDate = "", day("1950-01-01") },
		} {
			req := known()
			change(&req)
			flow, err := o.StartActivation(ctx, req, src)
			if err != nil || len(flow) != len(right) {
				t.Errorf("%s: %q, %v", what, flow, err)
			}
			if err := o.ProveActivation(ctx, flow, "123456", src); outcome(err) != "refused code_wrong" {
				t.Errorf("%s, then a code: %s", what, outcome(err))
			}
			if _, err := o.ActivationName(ctx, flow); outcome(err) != "refused flow_gone" {
				t.Errorf("%s, then a name: %s", what, outcome(err))
			}
		}
		o.expect(1, "codes sent", `SELECT COUNT(*) FROM notice WHERE kind = 'activation_code'`)
		wrong := "000000"
		if o.code() == wrong {
			wrong = "000001"
		}
		if err := o.ProveActivation(ctx, right, wrong, src); outcome(err) != "refused code_wrong" {
			t.Errorf("a known account, then a wrong code: %s", outcome(err))
		}
	})
}

func TestActivationByAccountNumberAndTwoOfThree(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		for what, req := range map[string]servicing.ActivationRequest{
			"SSN and ZIP":   {SSN4: nationalID[5:], ZIP: "62701-0001"},
			"SSN and birth": {SSN4: nationalID[5:], BirthDate: day(birthDate)},
			"ZIP and birth": {ZIP: "62701", BirthDate: day(birthDate)},
			"all three":     {SSN4: nationalID[5:], ZIP: "62701", BirthDate: day(birthDate)},
		} {
			req.AccountNumber, req.By = " L1 ", servicing.ByEmail
			o.wait(24 * time.Hour)
			flow := got(o.StartActivation(ctx, req, src))(t)
			if err := o.ProveActivation(ctx, flow, o.code(), src); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		for field, req := range map[string]servicing.ActivationRequest{
			"ssn4": {AccountNumber: "L1", ZIP: "62701"},
			"zip":  {AccountNumber: "L1", SSN4: nationalID[5:]},
			"by":   {AccountNumber: "L1", SSN4: nationalID[5:], ZIP: "62701", BirthDate: 1},
		} {
			if field != "by" {
				req.By = servicing.ByText
			}
			_, err := o.StartActivation(ctx, req, src)
			if no, ok := errors.AsType[*servicing.Refusal](err); !ok || no.Field != field {
				t.Errorf("%s is missing: %v", field, err)
			}
		}
	})
}

func TestActivationByEmailEndsInASecondFactor(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		req := known()
		req.By = servicing.ByEmail
		flow := got(o.StartActivation(ctx, req, src))(t)
		must(t, o.ProveActivation(ctx, flow, o.code(), src))
		e := got(o.FinishActivation(ctx, flow, username, password, src))(t)
		actor := o.session(e).Actor
		if _, err := o.Overview(ctx, actor); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("an account is shown before there is a second factor: %v", err)
		}
		_, full := o.addApp(e)
		if _, err := o.Session(ctx, e.Session); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("the session that could only enrol lives on: %v", err)
		}
		s := o.session(full)
		if got(o.Overview(ctx, s.Actor))(t).Contracts[0].ID != a.id {
			t.Error("the account is not shown afterwards")
		}
	})
}

// Who has access already gets a reminder and no way around the password.
func TestActivatingAgainIsNoWayIn(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		o.activate()
		o.wait(48 * time.Hour)
		before := o.code()
		flow := got(o.StartActivation(ctx, known(), src))(t)
		if o.code() != before || len(o.messages(billing.NoticeUsernameReminder)) != 1 {
			t.Error("a code was sent, or no reminder")
		}
		if err := o.ProveActivation(ctx, flow, before, src); outcome(err) != "refused code_wrong" {
			t.Errorf("an old code: %s", outcome(err))
		}
	})
}

func TestACodeWorksOnceForTenMinutesAndFiveTries(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		flow := got(o.StartActivation(ctx, known(), src))(t)
		code := o.code()
		if _, err := o.FinishActivation(ctx, flow, username, password, src); outcome(err) != "refused flow_gone" {
			t.Errorf("finished without the code: %s", outcome(err))
		}
		o.wait(identity.CodeLife + time.Second)
		if err := o.ProveActivation(ctx, flow, code, src); outcome(err) != "refused code_wrong" {
			t.Errorf("an old code: %s", outcome(err))
		}

		flow = got(o.StartActivation(ctx, known(), src))(t)
		code = o.code()
		for i := range identity.CodeTries {
			guess := fmt.Sprintf("%06d", i)
			if guess == code {
				continue
			}
			if err := o.ProveActivation(ctx, flow, guess, src); outcome(err) != "refused code_wrong" {
				t.Errorf("guess %d: %s", i+1, outcome(err))
			}
		}
		if err := o.ProveActivation(ctx, flow, code, src); outcome(err) != "refused flow_gone" {
			t.Errorf("the right code after five wrong ones: %s", outcome(err))
		}

		o.wait(24 * time.Hour)
		flow = got(o.StartActivation(ctx, known(), src))(t)
		code = o.code()
		var proven atomic.Int32
		atOnce(3, func(int) {
			if o.ProveActivation(ctx, flow, code, src) == nil {
				proven.Add(1)
			}
		})
		if proven.Load() != 1 {
			t.Errorf("the code worked %d times", proven.Load())
		}
		got(o.FinishActivation(ctx, flow, username, password, src))(t)
		if _, err := o.FinishActivation(ctx, flow, username, password, src); outcome(err) != "refused flow_gone" {
			t.Errorf("finished twice: %s", outcome(err))
		}
	})
}

func TestAHoldGrowsAndASuccessEndsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		o.activate()
		try := func(password string) string {
			_, err := o.SignIn(ctx, username, password, src)
			return outcome(err)
		}
		for i := range 5 {
			if got := try("not the password at all"); got != "refused sign_in_wrong" {
				t.Errorf("try %d: %s", i+1, got)
			}
		}
		// A try while held is refused and not counted: each hold is twice the one before.
		for _, hold := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute} {
			o.wait(hold - time.Second)
			if got := try(password); got != "refused too_many" {
				t.Errorf("the right one a second before the end of a hold of %s: %s", hold, got)
			}
			o.wait(time.Second)
			if got := try("not the password at all"); got != "refused sign_in_wrong" {
				t.Errorf("after a hold of %s: %s", hold, got)
			}
		}
		if len(o.messages(billing.NoticeSignInLocked)) == 0 {
			t.Error("the owner was not told")
		}
		o.wait(time.Hour)
		if got := try(password); got != "accepted" {
			t.Errorf("the right one in the end: %s", got)
		}
		for range 4 {
			if got := try("not the password at all"); got != "refused sign_in_wrong" {
				t.Errorf("after a success the count starts again: %s", got)
			}
		}
		if got := try(password); got != "accepted" {
			t.Errorf("four wrong ones do not hold: %s", got)
		}
	})
}

func TestAWrongNameAnswersAsAWrongPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		o.activate()
		_, nobody := o.SignIn(ctx, "nobody@mail.example", password, src)
		_, wrong := o.SignIn(ctx, username, "not the password at all", src)
		if nobody == nil || wrong == nil || nobody.Error() != wrong.Error() {
			t.Errorf("%v and %v", nobody, wrong)
		}
		if _, err := o.SignIn(ctx, username, strings.Repeat("long ", 100_000), src); outcome(err) != "refused sign_in_wrong" {
			t.Errorf("half a megabyte: %s", outcome(err))
		}
		if _, err := o.SignIn(ctx, "  JORDAN.L1@mail.example ", password, src); err != nil {
			t.Errorf("another case: %v", err)
		}
	})
}

func TestFiftyGuessesAtOnceAreFiveAndAHold(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		o.activate()
		var wrong, held, other atomic.Int32
		atOnce(50, func(i int) {
			from := servicing.Source{IP: fmt.Sprintf("198.51.100.%d", i), UserAgent: "test"}
			_, err := o.SignIn(ctx, username, "not the password at all", from)
			switch outcome(err) {
			case "refused sign_in_wrong":
				wrong.Add(1)
			case "refused too_many":
				held.Add(1)
			default:
				other.Add(1)
			}
		})
		if wrong.Load() != 5 || held.Load() != 45 {
			t.Errorf("%d compared, %d held, %d other", wrong.Load(), held.Load(), other.Load())
		}
		if _, err := o.SignIn(ctx, username, password, src); outcome(err) != "refused too_many" {
			t.Errorf("the right one afterwards: %s", outcome(err))
		}
	})
}

func TestASessionIdlesAndEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		first := o.activate()
		lives := func(e servicing.Entry) bool {
			s, err := o.Session(ctx, e.Session)
			if err != nil && !errors.Is(err, servicing.ErrNoSession) {
				t.Fatal(err)
			}
			return err == nil && s.Actor.ID == a.actor.ID
		}
		for range 4 {
			o.wait(14 * time.Minute)
			if !lives(first) {
				t.Fatal("ended although it was used")
			}
		}
		o.wait(15 * time.Minute)
		if lives(first) {
			t.Error("lives after 15 idle minutes")
		}
		second := got(o.signIn(password, src))(t)
		for passed := time.Duration(0); passed < identity.TotalLimit-10*time.Minute; passed += 10 * time.Minute {
			o.wait(10 * time.Minute)
			if !lives(second) {
				t.Fatalf("ended after %s of use", passed)
			}
		}
		o.wait(10 * time.Minute)
		if lives(second) {
			t.Error("lives after twelve hours")
		}
		third, fourth := got(o.signIn(password, src))(t), got(o.signIn(password, src))(t)
		must(t, o.SignOut(ctx, third.Session))
		if lives(third) || !lives(fourth) {
			t.Error("signing out must end that session and no other")
		}
		for _, token := range []string{"", "x", fourth.Session + " ", strings.ToLower(fourth.Session)} {
			if lives(servicing.Entry{Session: token}) {
				t.Errorf("%q is a session", token)
			}
		}
		for _, row := range o.everything() {
			if strings.Contains(row, fourth.Session) || strings.Contains(row, password) {
				t.Error("a token or password is kept in the clear")
			}
		}
	})
}

func TestSignInAsksForASecondFactorAndADeviceCanStandForIt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		first := o.activate()
		o.wait(24 * time.Hour)
		e := got(o.SignIn(ctx, username, password, src))(t)
		if e.Session != "" || e.Flow == "" {
			t.Fatalf("a password alone led to %+v", e)
		}
		if offers := got(o.SignInFactors(ctx, e.Flow))(t); len(offers) != 1 || offers[0].Kind != servicing.Text {
			t.Errorf("offered %v", offers)
		}
		must(t, o.SendSignInText(ctx, e.Flow, src))
		if _, err := o.ProveSignIn(ctx, e.Flow, servicing.Text, "000000", false, src); outcome(err) != "refused code_wrong" {
			t.Errorf("a wrong code: %s", outcome(err))
		}
		in := got(o.ProveSignIn(ctx, e.Flow, servicing.Text, o.code(), true, src))(t)
		if _, err := o.ProveSignIn(ctx, e.Flow, servicing.Text, o.code(), true, src); outcome(err) != "refused flow_gone" {
			t.Errorf("the same run again: %s", outcome(err))
		}
		home := src
		home.Device = in.Device
		if e := got(o.SignIn(ctx, username, password, home))(t); e.Session == "" {
			t.Error("a device that is trusted asks again")
		}
		seen := src
		seen.Device = first.Device
		if e := got(o.SignIn(ctx, username, password, seen))(t); e.Session != "" {
			t.Error("a device that was only seen before stands for the second factor")
		}
		tampered := home
		tampered.Device = strings.Replace(home.Device, home.Device[:8], "00000000", 1)
		if e := got(o.SignIn(ctx, username, password, tampered))(t); e.Session != "" {
			t.Error("a mark that is not ours is trusted")
		}
		o.wait(31 * 24 * time.Hour)
		if e := got(o.SignIn(ctx, username, password, home))(t); e.Session != "" {
			t.Error("trusted after thirty days")
		}
	})
}

func TestAnAppsCodeWorksOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		key, _ := o.addApp(o.activate())
		o.wait(time.Hour)
		code := o.now(key)
		var in atomic.Int32
		atOnce(5, func(int) {
			e, err := o.SignIn(ctx, username, password, src)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := o.ProveSignIn(ctx, e.Flow, servicing.App, code, false, src); err == nil {
				in.Add(1)
			}
		})
		if in.Load() != 1 {
			t.Errorf("one code let in %d times", in.Load())
		}
	})
}

func TestWayBack(t *testing.T) {
	const next = "seven blue kites over town"
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		key, e := o.addApp(o.activate())
		saved := got(o.MakeSavedCodes(ctx, o.session(e).Actor, servicing.NewKey(), src))(t)
		start := func(goal identity.Goal) servicing.FlowID {
			o.wait(2 * time.Hour)
			return got(o.StartRecovery(ctx, goal, username, src))(t)
		}
		issued := func(id servicing.FlowID, by servicing.Channel) servicing.Recovery {
			o.wait(time.Minute)
			must(t, o.SendRecoveryCode(ctx, id, by, src))
			return got(o.ProveRecovery(ctx, id, map[servicing.Channel]identity.Proof{servicing.ByEmail: identity.ProofEmailCode, servicing.ByText: identity.ProofTextCode}[by], o.code(), src))(t)
		}

		// A forgotten password: a code, and the second factor.
		id := start(identity.GoalPassword)
		if issued(id, servicing.ByEmail).Enough {
			t.Fatal("a code by e-mail gives a password back")
		}
		if err := o.SendRecoveryCode(ctx, id, servicing.ByText, src); outcome(err) != "refused proof_kind" {
			t.Errorf("a second code was sent: %s", outcome(err))
		}
		if _, err := o.ProveRecovery(ctx, id, identity.ProofTextCode, o.code(), src); outcome(err) != "refused proof_kind" {
			t.Errorf("a second code of the same class: %s", outcome(err))
		}
		if _, err := o.FinishRecovery(ctx, id, next, src); outcome(err) != "refused not_enough" {
			t.Errorf("finished with too little: %s", outcome(err))
		}
		if !got(o.ProveRecovery(ctx, id, identity.ProofTOTP, o.now(key), src))(t).Enough {
			t.Fatal("a code and the app are not enough")
		}
		if back := got(o.FinishRecovery(ctx, id, next, src))(t); back.Session != "" {
			t.Error("a recovery signed somebody in")
		}
		if _, err := o.Session(ctx, e.Session); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("sessions live on: %v", err)
		}
		if _, err := o.SignIn(ctx, username, password, src); outcome(err) != "refused sign_in_wrong" {
			t.Errorf("the old password: %s", outcome(err))
		}
		o.wait(time.Minute)
		e = got(o.SignIn(ctx, username, next, src))(t)
		e = got(o.ProveSignIn(ctx, e.Flow, servicing.App, o.now(key), false, src))(t)
		if _, err := o.AddBankAccount(ctx, o.session(e).Actor, bankRequest("5550001112")); outcome(err) != "refused held" {
			t.Errorf("a bank account within the hold: %s", outcome(err))
		}

		// A lost phone: the password and a saved code; a new factor, then sign in.
		id = start(identity.GoalFactor)
		got(o.ProveRecovery(ctx, id, identity.ProofPassword, next, src))(t)
		if !got(o.ProveRecovery(ctx, id, identity.ProofSavedCode, strings.ToLower(saved[0]), src))(t).Enough {
			t.Fatal("the password and a saved code are not enough")
		}
		back := got(o.FinishRecovery(ctx, id, "", src))(t)
		actor := o.session(back).Actor
		if _, err := o.Overview(ctx, actor); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("a session to restore reads: %v", err)
		}
		if _, err := o.StartPhone(ctx, actor, "+12025550199", src); outcome(err) != "refused phone_now" {
			t.Errorf("a phone set in the same breath: %s", outcome(err))
		}
		newKey, after := o.addApp(back)
		if after.Session != "" {
			t.Error("binding after a recovery signed somebody in")
		}
		e = got(o.SignIn(ctx, username, next, src))(t)
		if _, err := o.ProveSignIn(ctx, e.Flow, servicing.App, o.now(key), false, src); outcome(err) != "refused factor_wrong" {
			t.Errorf("the lost app: %s", outcome(err))
		}
		got(o.ProveSignIn(ctx, e.Flow, servicing.App, o.now(newKey), false, src))(t)

		// Everything lost, and no saved codes any more: only with staff.
		id = start(identity.GoalBoth)
		if issued(id, servicing.ByEmail).Enough {
			t.Error("an e-mail gives everything back")
		}
		if _, err := o.ProveRecovery(ctx, id, identity.ProofSavedCode, saved[1], src); outcome(err) != "refused proof_wrong" {
			t.Errorf("a saved code that ended with the lost phone: %s", outcome(err))
		}
	})
}

func TestThisWasNotMeLocks(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		o.activate()
		told := o.messages(billing.NoticeActivated)
		if len(told) != 2 || told[0].Link == "" {
			t.Fatalf("told %v", told)
		}
		o.wait(24 * time.Hour)
		elsewhere := servicing.Source{IP: "198.51.100.4", UserAgent: "elsewhere"}
		e := got(o.signIn(password, elsewhere))(t)
		_, e = o.addApp(e) // whoever it is binds a factor of their own
		told = o.messages(billing.NoticeNewDevice)
		link := servicing.FlowID(strings.TrimPrefix(told[0].Link, "/not-me/"))
		for range 3 { // a mail scanner looks
			got(o.ReadNotMe(ctx, link))(t)
		}
		o.session(e)
		must(t, o.PressNotMe(ctx, link, src))
		o.expect(0, "apps that still work", `SELECT COUNT(*) FROM authenticator WHERE kind = 'totp' AND ended_at = 0`)
		o.expect(1, "phones that still work", `SELECT COUNT(*) FROM authenticator WHERE kind = 'text' AND ended_at = 0`)
		if _, err := o.Session(ctx, e.Session); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("a session lives on: %v", err)
		}
		if _, err := o.SignIn(ctx, username, password, src); outcome(err) != "refused locked" {
			t.Errorf("the right password: %s", outcome(err))
		}
		if err := o.PressNotMe(ctx, link, src); outcome(err) != "refused flow_gone" {
			t.Errorf("pressed again: %s", outcome(err))
		}
		// Opened again with a code by e-mail and the phone; the password must be a new one.
		id := got(o.StartRecovery(ctx, identity.GoalUnlock, username, src))(t)
		for by, proof := range map[servicing.Channel]identity.Proof{servicing.ByEmail: identity.ProofEmailCode, servicing.ByText: identity.ProofTextCode} {
			o.wait(time.Minute)
			must(t, o.SendRecoveryCode(ctx, id, by, src))
			got(o.ProveRecovery(ctx, id, proof, o.code(), src))(t)
		}
		got(o.FinishRecovery(ctx, id, "", src))(t)
		in := got(o.signIn(password, src))(t)
		actor := o.session(in).Actor
		if _, err := o.Overview(ctx, actor); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("an account is shown with a password that others know: %v", err)
		}
		in = got(o.ChangePassword(ctx, actor, password, "seven blue kites over town", src))(t)
		got(o.Overview(ctx, o.session(in).Actor))(t)
	})
}

func TestConfirmingOpensForFiveMinutes(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		e := o.activate()
		add := func() string {
			_, err := o.AddBankAccount(ctx, o.session(e).Actor, bankRequest("5550001112"))
			return outcome(err)
		}
		o.wait(5 * time.Minute)
		if got := add(); got != "refused step_up" {
			t.Errorf("five minutes after the second factor: %s", got)
		}
		must(t, o.SendConfirmText(ctx, o.session(e).Actor, src))
		next := got(o.Confirm(ctx, o.session(e).Actor, servicing.Text, o.code(), src))(t)
		if _, err := o.Session(ctx, e.Session); !errors.Is(err, servicing.ErrNoSession) {
			t.Errorf("the token before confirming lives on: %v", err)
		}
		e = next
		if got := add(); got != "accepted" {
			t.Errorf("after confirming: %s", got)
		}
	})
}

func TestAnAddressIsConfirmedAtTheNewPlaceAndToldToTheOld(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		actor := o.session(o.activate()).Actor
		o.wait(time.Minute)
		id := got(o.StartContactChange(ctx, actor, servicing.ContactEmail, "New.Place@mail.example", src))(t)
		if got(o.Profile(ctx, actor))(t).Email != username {
			t.Error("changed before it was confirmed")
		}
		must(t, o.FinishContactChange(ctx, actor, id, o.code(), src))
		if p := got(o.Profile(ctx, actor))(t); p.Email != "new.place@mail.example" {
			t.Errorf("the address is %s", p.Email)
		}
		old, all := 0, o.messages(billing.NoticeEmailChanged)
		for _, n := range all {
			if n.Old && n.To == username {
				old++
			}
		}
		if old != 1 || len(all) != 3 {
			t.Errorf("told %d, the old address %d times", len(all), old)
		}
		// It gets no codes of a recovery within a week.
		before := o.code()
		o.wait(time.Hour)
		flow := got(o.StartRecovery(ctx, identity.GoalPassword, username, src))(t)
		must(t, o.SendRecoveryCode(ctx, flow, servicing.ByEmail, src))
		if o.code() != before {
			t.Error("a code went to an address that was changed an hour ago")
		}
	})
}
