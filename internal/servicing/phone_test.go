package servicing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
)

// byPhone asks for a payment of another amount today, with a recording.
func (o *office) byPhone(a *account, amount money.Cents) servicing.PhoneRequest {
	return servicing.PhoneRequest{PaymentRequest: o.request(a, amount), Customer: identity.CustomerID(a.actor.ID), Proof: servicing.ProofRecording, Reference: "REC-20260115-0042"}
}

// reads looks at what would happen and reads it to the caller, who agrees.
func (c *colleague) reads(req servicing.PhoneRequest) servicing.PhoneRequest {
	c.Helper()
	r := got(c.ReviewPhonePayment(ctx, c.actor(), req))(c)
	req.PaymentRequest, req.Read, req.Agreed = r.Request.PaymentRequest, r.Hash, true
	return req
}

// answers has the customer open on the desk and the caller verified to pay.
func (c *colleague) answers(who identity.CustomerID) {
	c.Helper()
	must(c, c.OpenView(ctx, c.actor(), who, why))
	c.calls(who, billing.CallerPayment)
}

func (c *colleague) takes(req servicing.PhoneRequest) servicing.Payment {
	c.Helper()
	return got(c.SubmitPhonePayment(ctx, c.actor(), c.reads(req), c.from()))(c)
}

func TestAPaymentByPhoneNeedsTheCallersCheck(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, boss := o.desk()
		must(t, agent.OpenView(ctx, agent.actor(), who, why))
		req := o.byPhone(a, 120_00)
		refused := func(what, code string) {
			t.Helper()
			read := req
			read.Agreed = true
			if _, err := o.ReviewPhonePayment(ctx, agent.actor(), req); outcome(err) != "refused "+code {
				t.Errorf("%s: the review is %s", what, outcome(err))
			}
			if _, err := o.SubmitPhonePayment(ctx, agent.actor(), read, src); outcome(err) != "refused "+code {
				t.Errorf("%s: the payment is %s", what, outcome(err))
			}
			o.expect(0, "payments", `SELECT COUNT(*) FROM payment`)
			if n := len(o.messages(billing.NoticePhonePayment)); n != 0 {
				t.Errorf("%s: %d messages", what, n)
			}
		}
		refused("nobody was asked", "caller_unknown")
		agent.calls(who, billing.CallerAccount)
		refused("asked for another purpose", "caller_unknown")
		boss.calls(who, billing.CallerPayment)
		refused("asked by a colleague", "caller_unknown")
		check := got(o.StartCallerCheck(ctx, agent.actor(), who, billing.CallerPayment, servicing.CallerText))(t)
		refused("asked and not answered", "caller_unknown")
		must(t, o.FinishCallerCheck(ctx, agent.actor(), check.ID, o.code()))
		if options := got(o.PhoneOptions(ctx, agent.actor(), who, a.id))(t); options.Lacks != "" || len(options.Methods) != 1 {
			t.Errorf("%+v", options)
		}
		must(t, o.CloseView(ctx, agent.actor(), who))
		refused("the account is closed on the desk", "view_closed")
		o.wait(14 * time.Minute)
		agent.actor()
		o.wait(14 * time.Minute)
		must(t, agent.OpenView(ctx, agent.actor(), who, why))
		o.wait(2 * time.Minute)
		refused("asked half an hour ago", "caller_unknown")
		agent.calls(who, billing.CallerPayment)
		if p := agent.takes(req); p.State != billing.Authorised || !p.Phone {
			t.Errorf("%+v", p)
		}

		// A check of one customer is good for no other, nor for another's contract.
		other := o.takeAll(boarding("L2", loan()))[0]
		theirs := o.byPhone(other, 50_00)
		must(t, agent.OpenView(ctx, agent.actor(), theirs.Customer, why))
		if _, err := o.ReviewPhonePayment(ctx, agent.actor(), theirs); outcome(err) != "refused caller_unknown" {
			t.Errorf("another customer: %v", err)
		}
		theirs.Customer = who
		if _, err := o.SubmitPhonePayment(ctx, agent.actor(), theirs, src); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's contract: %v", err)
		}
		if _, err := o.CancelByPhone(ctx, agent.actor(), who, other.id, o.pay(other, 5_00).ID); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's payment: %v", err)
		}
	})
}

func TestTheWordsThatWereReadAreTheWordsThatAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, _ := o.desk()
		agent.answers(who)
		req := o.byPhone(a, 120_00)
		r := got(o.ReviewPhonePayment(ctx, agent.actor(), req))(t)
		for _, part := range []string{"This is Marque Financial", "Today is Jan 15, 2026", "This call is recorded", "Jordan Avery, do you authorize us", "one payment of $120.00 by ACH debit",
			"checking account ending in 2916", "on or after Jan 15, 2026", "a returned payment fee of $15.00 may be charged", "You can cancel it at no cost until we send it to your bank on Jan 15, 2026: call (800) 555-0100", "Do you agree?"} {
			if !strings.Contains(r.Script, part) {
				t.Errorf("%q is not read out:\n%s", part, r.Script)
			}
		}
		borrowers := got(o.ReviewPayment(ctx, a.actor, req.PaymentRequest))(t)
		if fmt.Sprint(borrowers.Plan) != fmt.Sprint(r.Plan) {
			t.Errorf("the borrower would see %+v, the agent sees %+v", borrowers.Plan, r.Plan)
		}
		if shown := string(got(json.Marshal(r))(t)); strings.Contains(shown, bankRouting) || strings.Contains(shown, bankAccount) {
			t.Error("staff see more of a bank account than its end")
		}
		read := agent.reads(req)
		for what, c := range map[string]struct {
			code   string
			change func(*servicing.PhoneRequest)
		}{
			"nobody agreed":        {"not_agreed", func(r *servicing.PhoneRequest) { r.Agreed = false }},
			"nothing was read":     {"script_changed", func(r *servicing.PhoneRequest) { r.Read = "" }},
			"another amount":       {"script_changed", func(r *servicing.PhoneRequest) { r.Amount = 130_00 }},
			"another day":          {"script_changed", func(r *servicing.PhoneRequest) { r.Date++ }},
			"another proof":        {"script_changed", func(r *servicing.PhoneRequest) { r.Proof, r.Reference = servicing.ProofNotice, "" }},
			"no proof":             {"proof", func(r *servicing.PhoneRequest) { r.Proof = "" }},
			"no recording":         {"reference", func(r *servicing.PhoneRequest) { r.Reference = "" }},
			"a card number":        {"reference", func(r *servicing.PhoneRequest) { r.Reference = "4111111111111111" }},
			"a card, written else": {"reference", func(r *servicing.PhoneRequest) { r.Reference = "4111-1111-1111-1111" }},
			"a sentence":           {"reference", func(r *servicing.PhoneRequest) { r.Reference = "the caller said yes" }},
			"markup":               {"reference", func(r *servicing.PhoneRequest) { r.Reference = "<b>1234</b>" }},
			"two proofs":           {"reference", func(r *servicing.PhoneRequest) { r.Proof = servicing.ProofNotice }},
			"a form's day":         {"signed", func(r *servicing.PhoneRequest) { r.Signed = o.day }},
			"no key":               {"key_missing", func(r *servicing.PhoneRequest) { r.Key = "" }},
		} {
			wrong := read
			if c.change(&wrong); what != "no key" {
				wrong.Key = servicing.NewKey()
			}
			if _, err := o.SubmitPhonePayment(ctx, agent.actor(), wrong, src); outcome(err) != "refused "+c.code {
				t.Errorf("%s: %s", what, outcome(err))
			}
		}
		o.expect(0, "payments", `SELECT COUNT(*) FROM payment`)
		o.expect(0, "agreements", `SELECT COUNT(*) FROM agreement`)

		p := got(o.SubmitPhonePayment(ctx, agent.actor(), read, agent.from()))(t)
		o.expect(1, "payments of the class TEL by the agent", `SELECT COUNT(*) FROM payment WHERE sec = 'TEL' AND made_by = $1`, agent.actor().String())
		o.expect(1, "agreements by phone", `SELECT COUNT(*) FROM agreement WHERE kind = 'phone' AND text = $1 AND hash = $2`, r.Script, r.Hash)
		o.expect(1, "proofs", `SELECT COUNT(*) FROM agreement_proof WHERE taken_by = $1 AND proof = 'recording' AND reference = $2`, agent.actor().String(), req.Reference)
		o.expect(1, "rows of the trail", `SELECT COUNT(*) FROM audit WHERE action = 'phone_pay' AND subject = $1 AND reason = $2`, string(who), why)
		if m := o.messages(billing.NoticePhonePayment); len(m) != 1 || m[0].Text != r.Script || m[0].Confirmation != p.Confirmation || m[0].Amount != 120_00 {
			t.Errorf("%+v", m)
		}
		theirs := got(o.Payment(ctx, a.actor, a.id, p.ID))(t)
		if !theirs.Phone || !theirs.Cancellable || theirs.Confirmation != p.Confirmation {
			t.Errorf("the borrower sees %+v", theirs)
		}
		if paper := says[billing.Receipt](o, got(o.PrintReceipt(ctx, a.actor, a.id, p.ID))(t)); paper.Authorization != r.Script {
			t.Errorf("the receipt says %q", paper.Authorization)
		}
		seen := got(o.TakenPayment(ctx, agent.actor(), who, a.id, p.ID))(t)
		if seen.TakenBy != "Dana Colleague" || seen.Proof != servicing.ProofRecording || seen.Reference != req.Reference || seen.Text != r.Script || seen.Lacks != "" {
			t.Errorf("%+v", seen)
		}
		if _, err := o.raw.Exec(`UPDATE agreement_proof SET reference = 'another'`); err == nil {
			t.Error("a proof was changed")
		}
		o.verify()
	})
}

func TestOneKeyIsOnePaymentByPhoneAndAnotherIsAskedAbout(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, boss := o.desk()
		agent.answers(who)
		req := agent.reads(o.byPhone(a, 120_00))
		ids := make([]servicing.PaymentID, 8)
		atOnce(len(ids), func(i int) {
			p, err := o.SubmitPhonePayment(ctx, agent.actor(), req, src)
			if err != nil {
				t.Error(err)
			}
			ids[i] = p.ID
		})
		if len(slices.Compact(slices.Clone(ids))) != 1 {
			t.Errorf("%q", ids)
		}
		o.expect(1, "payments", `SELECT COUNT(*) FROM payment`)
		if r := got(o.ReviewPhonePayment(ctx, agent.actor(), req))(t); r.Made == nil || r.Made.ID != ids[0] {
			t.Errorf("%+v", r)
		}
		more := req
		more.Amount = 130_00
		if _, err := o.SubmitPhonePayment(ctx, agent.actor(), more, src); outcome(err) != "refused key_reused" {
			t.Error(err)
		}
		boss.answers(who)
		if _, err := o.SubmitPhonePayment(ctx, boss.actor(), req, src); outcome(err) != "refused key_reused" {
			t.Errorf("a colleague's page: %v", err)
		}
		second := o.byPhone(a, 120_00)
		if r := got(o.ReviewPhonePayment(ctx, agent.actor(), second))(t); len(r.SameDay) != 1 {
			t.Errorf("%+v", r.SameDay)
		}
		second = agent.reads(second)
		if _, err := o.SubmitPhonePayment(ctx, agent.actor(), second, src); outcome(err) != "refused again" {
			t.Error(err)
		}
		second.Again = true
		if p := got(o.SubmitPhonePayment(ctx, agent.actor(), second, src))(t); p.ID == ids[0] {
			t.Error("one payment for two keys")
		}
		for range 3 { // long after the check and the view have ended
			o.wait(14 * time.Minute)
			agent.actor()
		}
		if p := got(o.SubmitPhonePayment(ctx, agent.actor(), req, src))(t); p.ID != ids[0] {
			t.Error("the same key made another payment")
		}
		o.expect(2, "payments", `SELECT COUNT(*) FROM payment`)
	})
}

func TestOnlyACheckedBankAccountOnFileIsPaidFromByPhone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, _ := o.desk()
		other := o.take("L2", loan())
		agent.answers(who)
		req := agent.reads(o.byPhone(a, 120_00))
		for state, code := range map[string]string{"none": "method_unchecked", "pending": "method_unchecked", "failed": "method_failed", "stopped": "method_stopped"} {
			o.set(`UPDATE payment_method SET validation = $1, validated_by = '', validated_at = 0, stop_code = $2 WHERE id = $3`,
				state, map[bool]string{true: "R03"}[state == "stopped"], string(a.bank))
			if _, err := o.SubmitPhonePayment(ctx, agent.actor(), req, src); outcome(err) != "refused "+code {
				t.Errorf("%s: %s", state, outcome(err))
			}
			if options := got(o.PhoneOptions(ctx, agent.actor(), who, a.id))(t); len(options.Methods) != 0 || len(options.Barred) != 1 {
				t.Errorf("%s: %+v", state, options)
			}
		}
		theirs := req
		theirs.Method = other.bank
		if _, err := o.SubmitPhonePayment(ctx, agent.actor(), theirs, src); outcome(err) != "refused method_gone" {
			t.Errorf("another's bank account: %v", err)
		}
		o.expect(0, "payments", `SELECT COUNT(*) FROM payment`)

		// One that lost its check after the call waits for a person, and is in no file.
		o.set(`UPDATE payment_method SET validation = 'validated', validated_by = 'provider', validated_at = 1, stop_code = '' WHERE id = $1`, string(a.bank))
		got(o.SubmitPhonePayment(ctx, agent.actor(), req, src))(t)
		o.set(`UPDATE payment_method SET validation = 'pending', validated_by = '', validated_at = 0 WHERE id = $1`, string(a.bank))
		if cut := got(o.CutFile(ctx, system, o.day))(t); cut.Entries != 0 || len(cut.Aside) != 1 {
			t.Errorf("%+v", cut)
		}
	})
}

// set changes the database behind the program's back.
func (o *office) set(query string, args ...any) {
	o.Helper()
	_, err := o.raw.Exec(query, args...)
	for n := 0; err != nil && strings.Contains(err.Error(), "locked") && n < 100; n++ { // SQLite: somebody is writing
		time.Sleep(20 * time.Millisecond)
		_, err = o.raw.Exec(query, args...)
	}
	must(o, err)
}

// sends says what became of the messages of a kind that wait.
func (o *office) sends(kind billing.NoticeKind, outcome servicing.Outcome) {
	o.Helper()
	for _, m := range got(o.Outbox(ctx, system, 100))(o) {
		if m.Notice.Kind == kind {
			if !got(o.Claim(ctx, system, m, money.Instant(time.Minute.Microseconds())))(o) {
				o.Fatal("somebody else sends it")
			}
			must(o, o.Record(ctx, system, m, outcome, "", 0))
		}
	}
}

func TestAWrittenNoticeGoesOutBeforeTheDebit(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, _ := o.desk()
		agent.answers(who)
		req := o.byPhone(a, 120_00)
		req.Proof, req.Reference = servicing.ProofNotice, ""
		r := got(o.ReviewPhonePayment(ctx, agent.actor(), req))(t)
		if !strings.Contains(r.Script, "We will send you a written notice of what we agree on by e-mail, before we send the payment to your bank.") || strings.Contains(r.Script, "recorded") {
			t.Error(r.Script)
		}
		p := agent.takes(req)
		o.expect(1, "notices in the payment's own transaction", `SELECT COUNT(*) FROM notice WHERE kind = 'phone_payment' AND customer_id = $1 AND state = 'queued'`, string(who))
		if m := o.messages(billing.NoticePhonePayment); len(m) != 1 || m[0].Text != r.Script {
			t.Errorf("%+v", m)
		}
		if cut := got(o.CutFile(ctx, system, o.day))(t); cut.Entries != 0 || len(cut.Aside) != 0 {
			t.Errorf("sent before its notice: %+v", cut)
		}
		o.expect(0, "exception items", `SELECT COUNT(*) FROM exception`)
		o.sends(billing.NoticePhonePayment, servicing.OutcomeSent)
		if cut := got(o.CutFile(ctx, system, o.day))(t); cut.Entries != 1 || cut.Total != 120_00 {
			t.Errorf("%+v", cut)
		}
		if v := got(o.Payment(ctx, a.actor, a.id, p.ID))(t); v.State != billing.Submitted {
			t.Error(v.State)
		}

		// One that reaches nobody keeps the debit back until a person has looked.
		req.PaymentRequest = o.request(a, 75_00)
		agent.takes(req)
		o.sends(billing.NoticePhonePayment, servicing.OutcomeFailed)
		if cut := got(o.CutFile(ctx, system, o.day))(t); cut.Entries != 0 || len(cut.Aside) != 1 {
			t.Errorf("%+v", cut)
		}
		o.expect(1, "exception items", `SELECT COUNT(*) FROM exception WHERE kind = 'quarantined_entry'`)

		o.set(`UPDATE customer SET email = '' WHERE id = $1`, string(who))
		req.PaymentRequest = o.request(a, 80_00)
		if _, err := o.ReviewPhonePayment(ctx, agent.actor(), req); outcome(err) != "refused notice_nowhere" {
			t.Error(err)
		}
	})
}

// batches reads a file by the columns of the record layout alone: the class of each
// batch with the amounts of its entries.
func batches(file []byte) map[string][]string {
	out, class := map[string][]string{}, ""
	for line := range strings.Lines(string(file)) {
		switch line[0] {
		case '5':
			class = line[50:53]
		case '6':
			out[class] = append(out[class], line[29:39]+" "+line[76:78])
		}
	}
	return out
}

func TestAFileKeepsWhatWasAgreedToByPhoneApart(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, boss := o.desk()
		agent.answers(who)
		o.pay(a, 110_00)
		agent.takes(o.byPhone(a, 120_00))
		must(t, boss.OpenView(ctx, boss.actor(), who, why))
		form := o.byPhone(a, 130_00)
		form.Proof, form.Reference, form.Signed = servicing.ProofForm, "F-2026-0815", o.day-3
		p := boss.takes(form) // nobody has called
		if !p.Form || p.Phone {
			t.Errorf("%+v", p)
		}
		got(o.CutFile(ctx, system, o.day))(t)
		files := got(o.FilesToDrop(ctx, system))(t)
		if len(files) != 1 {
			t.Fatalf("%d files", len(files))
		}
		want := map[string][]string{"WEB": {"0000011000 S "}, "TEL": {"0000012000 S "}, "PPD": {"0000013000 S "}}
		if have := batches(files[0].Content); fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("%v, want %v\n%s", have, want, files[0].Content)
		}
		o.verify()
	})
}

func TestAPaperFormIsForSupervisorsAndHasADayAndAName(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, boss := o.desk()
		agent.answers(who)
		must(t, boss.OpenView(ctx, boss.actor(), who, why))
		form := o.byPhone(a, 130_00)
		form.Proof, form.Reference, form.Signed = servicing.ProofForm, "F-2026-0815", o.day-3
		if _, err := o.ReviewPhonePayment(ctx, agent.actor(), form); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("an agent: %v", err)
		}
		read := boss.reads(form)
		if _, err := o.SubmitPhonePayment(ctx, agent.actor(), read, src); !errors.Is(err, servicing.ErrForbidden) {
			t.Errorf("an agent: %v", err)
		}
		for what, change := range map[string]func(*servicing.PhoneRequest){
			"no day": func(r *servicing.PhoneRequest) { r.Signed = 0 }, "tomorrow": func(r *servicing.PhoneRequest) { r.Signed = o.day + 1 },
			"long ago": func(r *servicing.PhoneRequest) { r.Signed = o.day - 91 },
		} {
			wrong := read
			change(&wrong)
			if _, err := o.SubmitPhonePayment(ctx, boss.actor(), wrong, src); outcome(err) != "refused signed" {
				t.Errorf("%s: %v", what, err)
			}
		}
		nameless := read
		nameless.Reference = ""
		if _, err := o.SubmitPhonePayment(ctx, boss.actor(), nameless, src); outcome(err) != "refused reference" {
			t.Error(err)
		}
		p := got(o.SubmitPhonePayment(ctx, boss.actor(), read, src))(t)
		o.expect(1, "agreements", `SELECT COUNT(*) FROM agreement g JOIN agreement_proof f ON f.contract_id = g.contract_id AND f.agreement_id = g.id
			WHERE g.kind = 'signed_form' AND f.proof = 'form' AND f.reference = 'F-2026-0815' AND f.signed_on = $1`, (o.day - 3).String())
		o.expect(1, "payments of the class PPD", `SELECT COUNT(*) FROM payment WHERE sec = 'PPD' AND id = $1`, string(p.ID))

		// A row that nothing proves is in no file, however it came there.
		o.set(`UPDATE payment SET sec = 'TEL' WHERE id = $1`, string(p.ID))
		o.pay(a, 110_00)
		o.set(`UPDATE payment SET sec = 'PPD' WHERE amount = 11000`)
		if cut := got(o.CutFile(ctx, system, o.day))(t); cut.Entries != 0 || len(cut.Aside) != 2 {
			t.Errorf("%+v", cut)
		}
	})
}

func TestACallerCancelsUntilTheFileIsCut(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, _ := o.desk()
		web := o.pay(a, 110_00)
		must(t, agent.OpenView(ctx, agent.actor(), who, why))
		if _, err := o.CancelByPhone(ctx, agent.actor(), who, a.id, web.ID); outcome(err) != "refused caller_unknown" {
			t.Errorf("nobody was asked: %v", err)
		}
		agent.answers(who)
		due := o.byPhone(a, 0)
		due.Kind, due.Date = billing.AmountDue, o.day+20
		later := agent.takes(due)
		if later.Amount != 340_00 || later.State != billing.Scheduled {
			t.Errorf("%+v", later)
		}
		for _, p := range []servicing.Payment{web, later} {
			for range 2 {
				if c := got(o.CancelByPhone(ctx, agent.actor(), who, a.id, p.ID))(t); c.State != billing.Cancelled {
					t.Error(c.State)
				}
			}
		}
		o.expect(2, "rows of the trail", `SELECT COUNT(*) FROM audit WHERE action = 'phone_cancel' AND subject = $1`, string(who))
		if n := len(o.messages(billing.NoticePaymentCancelled)); n != 2 {
			t.Errorf("%d messages", n)
		}
		gone := agent.takes(o.byPhone(a, 120_00))
		got(o.CutFile(ctx, system, o.day))(t)
		if _, err := o.CancelByPhone(ctx, agent.actor(), who, a.id, gone.ID); outcome(err) != "refused too_late" {
			t.Error(err)
		}
		o.verify()
	})
}
