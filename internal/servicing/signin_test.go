package servicing_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marque/internal/identity"
	"marque/internal/servicing"
)

const password = "four green boats at noon"

func known() servicing.ActivationRequest {
	return servicing.ActivationRequest{AccountNumber: "L1", SSN4: nationalID[5:], ZIP: "62701"}
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

// activate goes the whole road and gives the session's token.
func (o *office) activate() string {
	o.Helper()
	flow := got(o.StartActivation(ctx, known(), src))(o)
	must(o, o.ProveActivation(ctx, flow, o.code(), src))
	name := got(o.ActivationName(ctx, flow))(o)
	return got(o.FinishActivation(ctx, flow, name, password, src))(o)
}

const username = "jordan.l1@mail.example"

func TestActivationTellsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		right := got(o.StartActivation(ctx, known(), src))(t)
		for what, req := range map[string]servicing.ActivationRequest{
			"an unknown account": {AccountNumber: "L9", SSN4: nationalID[5:], ZIP: "62701"},
			"a wrong SSN":        {AccountNumber: "L1", SSN4: "0001", ZIP: "62701"},
			"a wrong ZIP":        {AccountNumber: "L1", SSN4: nationalID[5:], ZIP: "62702"},
		} {
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

func TestACodeWorksOnceForTenMinutesAndFiveTries(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.take("L1", loan())
		flow := got(o.StartActivation(ctx, known(), src))(t)
		code := o.code()
		if _, err := o.FinishActivation(ctx, flow, username, password, src); outcome(err) != "refused flow_gone" {
			t.Errorf("finished without the code: %s", outcome(err))
		}
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

		o.wait(48 * time.Hour)
		flow = got(o.StartActivation(ctx, known(), src))(t)
		code = o.code()
		o.wait(identity.CodeLife + time.Second)
		if err := o.ProveActivation(ctx, flow, code, src); outcome(err) != "refused flow_gone" {
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
		for range 2 { // held at first, and over when the hold is
			if err := o.ProveActivation(ctx, flow, code, src); err == nil {
				t.Error("the right code after five wrong ones was taken")
			}
			o.wait(5 * time.Minute)
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
		atOnce(50, func(int) {
			_, err := o.SignIn(ctx, username, "not the password at all", src)
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
		o.expect(5, "counted", `SELECT MAX(count) FROM attempt`)
		if _, err := o.SignIn(ctx, username, password, src); outcome(err) != "refused too_many" {
			t.Errorf("the right one afterwards: %s", outcome(err))
		}
	})
}

func TestASessionIdlesAndEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		first := o.activate()
		lives := func(token string) bool {
			s, err := o.Session(ctx, token)
			if err != nil && !errors.Is(err, servicing.ErrNoSession) {
				t.Fatal(err)
			}
			return err == nil && s.Actor == a.actor
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
		second := got(o.SignIn(ctx, username, password, src))(t)
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
		third, fourth := got(o.SignIn(ctx, username, password, src))(t), got(o.SignIn(ctx, username, password, src))(t)
		must(t, o.SignOut(ctx, third))
		if lives(third) || !lives(fourth) {
			t.Error("signing out must end that session and no other")
		}
		o.wait(24 * time.Hour)
		fifth := got(o.SignIn(ctx, username, password, src))(t)
		sixth := o.activate()
		if lives(fifth) || !lives(sixth) {
			t.Error("a new password must end the sessions before it")
		}
		for _, token := range []string{"", "x", sixth + " ", strings.ToLower(sixth)} {
			if lives(token) {
				t.Errorf("%q is a session", token)
			}
		}
		for _, row := range o.everything() {
			if strings.Contains(row, sixth) || strings.Contains(row, password) {
				t.Error("a token or password is kept in the clear")
			}
		}
	})
}
