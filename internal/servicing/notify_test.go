package servicing_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/store"
)

// allOn are the switches of the page with everything on that can be.
func allOn() servicing.NoticeChoices {
	c := servicing.NoticeChoices{Quiet: billing.DefaultQuiet("America/Chicago"), AgreeTexts: true}
	for _, g := range billing.EventGroups {
		c.Email = append(c.Email, g)
		if g.Goes(billing.ByText) {
			c.Text = append(c.Text, g)
		}
	}
	return c
}

// without is a choice with one group less by a way.
func without(c servicing.NoticeChoices, way string, g billing.EventGroup) servicing.NoticeChoices {
	drop := func(list []billing.EventGroup) []billing.EventGroup {
		return slices.DeleteFunc(slices.Clone(list), func(other billing.EventGroup) bool { return other == g })
	}
	if way == billing.ByText {
		c.Text = drop(c.Text)
	} else {
		c.Email = drop(c.Email)
	}
	return c
}

// at sets the clock to a time in Chicago, where the tests' customers live.
func (o *office) at(when string) {
	o.Helper()
	zone := got(time.LoadLocation("America/Chicago"))(o)
	o.clock.Store(int64(money.InstantOf(got(time.ParseInLocation("2006-01-02 15:04", when, zone))(o))))
}

// sentOut delivers what waits and says what went where: "text due_soon +1202…".
func (o *office) sentOut() (out []string) {
	o.Helper()
	o.wait(time.Millisecond)
	for {
		list := got(o.Outbox(ctx, system, 1000))(o)
		if len(list) == 0 {
			return out
		}
		for _, m := range list {
			outcome := servicing.OutcomeSent
			if m.Blocked != "" {
				outcome = m.Blocked
			} else {
				out = append(out, m.Notice.Channel+" "+string(m.Notice.Kind)+" "+m.Notice.To)
			}
			o.claim(m)
			must(o, o.Record(ctx, system, m, outcome, "", 0))
		}
	}
}

func (o *office) claim(m servicing.Outgoing) {
	o.Helper()
	if !got(o.Claim(ctx, system, m, money.Instant(60e6)))(o) {
		o.Fatalf("%s is not to be claimed", m.ID)
	}
}

// one delivers the one message of a kind that waits, with an outcome.
func (o *office) one(kind billing.NoticeKind, outcome servicing.Outcome) servicing.Outgoing {
	o.Helper()
	o.wait(time.Millisecond)
	for _, m := range got(o.Outbox(ctx, system, 1000))(o) {
		if m.Notice.Kind == kind {
			o.claim(m)
			must(o, o.Record(ctx, system, m, outcome, "told by the test", 0))
			return m
		}
	}
	o.Fatalf("no %s waits", kind)
	return servicing.Outgoing{}
}

func about(list []string, kind billing.NoticeKind) (out []string) {
	for _, s := range list {
		if strings.Contains(s, " "+string(kind)+" ") {
			out = append(out, s)
		}
	}
	return out
}

func same(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

const (
	jordansMail  = "jordan.l1@mail.example"
	jordansPhone = "+12025550143"
)

func TestWhatIsRequiredCannotBeTurnedOff(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		for _, c := range []struct {
			way   string
			group billing.EventGroup
			want  string
		}{
			{billing.ByEmail, billing.AboutSecurity, "refused required"}, {billing.ByText, billing.AboutSecurity, "refused required"}, {billing.ByEmail, billing.AboutAccount, "refused required"},
			{billing.ByEmail, billing.AboutPayments, "accepted"}, {billing.ByText, billing.AboutPayments, "accepted"},
		} {
			if got := outcome(o.SaveNoticeSettings(ctx, a.actor, without(allOn(), c.way, c.group), src)); got != c.want {
				t.Errorf("%s off by %s: %s", c.group, c.way, got)
			}
		}
		// Payments are off by e-mail: a receipt stands in the inbox only, a payment that
		// comes back is told all the same.
		must(t, o.SaveNoticeSettings(ctx, a.actor, without(without(allOn(), billing.ByEmail, billing.AboutPayments), billing.ByText, billing.AboutPayments), src))
		o.sentOut()
		o.pay(a, 100_00)
		same(t, "a receipt that is not wanted", about(o.sentOut(), billing.NoticePaymentReceived))
		list, _, err := o.Inbox(ctx, a.actor, servicing.InboxCursor{}, 50)
		must(t, err)
		if list[0].Kind != billing.NoticePaymentReceived || list[0].Notice.Amount != 100_00 || list[0].Read {
			t.Errorf("the inbox: %+v", list[0])
		}
		o.to(day("2026-01-22"))
		o.at("2026-01-22 12:00")
		o.bringBack(a.paid1(o), "R01")
		same(t, "a payment that came back", about(o.sentOut(), billing.NoticePaymentReturned), "email payment_returned "+jordansMail)
	})
}

// paid1 is the account's only payment.
func (a *account) paid1(o *office) servicing.PaymentID {
	o.Helper()
	return got(o.Payments(ctx, a.actor))(o)[0].ID
}

func TestTextMessagesNeedAnAgreementToTheNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		ask := allOn()
		ask.AgreeTexts = false
		if got := outcome(o.SaveNoticeSettings(ctx, a.actor, ask, src)); got != "refused agree" {
			t.Errorf("texts without the words: %s", got)
		}
		o.sentOut()
		o.pay(a, 100_00)
		same(t, "nothing was agreed to", about(o.sentOut(), billing.NoticePaymentReceived), "email payment_received "+jordansMail)

		must(t, o.SaveNoticeSettings(ctx, a.actor, allOn(), src))
		same(t, "the agreement is confirmed", about(o.sentOut(), billing.NoticeTextsOn), "text texts_on "+jordansPhone)
		words := o.rows(`SELECT version, length(hash), given FROM consent WHERE kind = 'texts'`)
		if len(words) != 1 || !strings.Contains(words[0], "64") || !strings.Contains(words[0], servicing.TextsVersion) {
			t.Errorf("what was agreed to: %q", words)
		}
		o.pay(a, 110_00)
		same(t, "both ways", about(o.sentOut(), billing.NoticePaymentReceived), "email payment_received "+jordansMail, "text payment_received "+jordansPhone)

		// Another number has agreed to nothing.
		o.force(`UPDATE customer SET phone = '+12025550177'`)
		o.pay(a, 120_00)
		same(t, "another number", about(o.sentOut(), billing.NoticePaymentReceived), "email payment_received "+jordansMail)
		o.force(`UPDATE customer SET phone = '` + jordansPhone + `'`)
		must(t, o.StopTexts(ctx, a.actor, src))
		o.pay(a, 130_00)
		same(t, "taken back", about(o.sentOut(), billing.NoticePaymentReceived), "email payment_received "+jordansMail)
	})
}

func TestStopEndsAllTextsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		must(t, o.SaveNoticeSettings(ctx, a.actor, allOn(), src))
		o.sentOut()
		n := 0
		text := func(body string) {
			t.Helper()
			n++
			must(t, o.ReceiveText(ctx, system, servicing.TextReceived{ID: string(rune('a'+n)) + "1", From: jordansPhone, Body: body}))
		}
		for _, word := range []string{"STOP", "stop.", "Stop All", "UNSUBSCRIBE", "cancel", "END", "Quit", "revoke", "Opt out", "OPT-OUT", "OPTOUT"} {
			o.pay(a, 100_00+money.Cents(n))
			got(o.Outbox(ctx, system, 1))(t) // waits by both ways from here on
			text(word)
			same(t, word, o.sentOut(), "email payment_received "+jordansMail, "text texts_stopped "+jordansPhone)
			text("STOP") // is said already
			same(t, "again", o.sentOut())
			o.alarmed(a)
			same(t, "an alarm after "+word, o.sentOut(), "email bank_account_added "+jordansMail)
			o.queued(a, billing.ByText, `{"kind":"password_changed"}`)
			same(t, "one that was to go as a text after "+word, o.sentOut(), "email password_changed "+jordansMail)
			o.wait(3 * time.Hour) // so many bank accounts are added in a day, and no more
			text("help")
			same(t, "nothing but the confirmation goes there", o.sentOut())
			text("start")
			same(t, "START", o.sentOut(), "text texts_back "+jordansPhone)
		}
		text("help")
		same(t, "HELP", o.sentOut(), "text texts_help "+jordansPhone)
		text("stop calling me please") // no such word: nobody is cut off by a sentence that begins so
		o.pay(a, 90_00)
		same(t, "after START", o.sentOut(), "email payment_received "+jordansMail, "text payment_received "+jordansPhone)
		// A number that is nobody's is heard too.
		must(t, o.ReceiveText(ctx, system, servicing.TextReceived{ID: "z", From: "+12025550111", Body: "STOP"}))
		same(t, "a stranger", o.sentOut(), "text texts_stopped +12025550111")
		if err := o.ReceiveText(ctx, system, servicing.TextReceived{ID: "z", From: "55", Body: "STOP"}); outcome(err) != "refused text" {
			t.Error(err)
		}
	})
}

// alarmed causes an alarm that goes by e-mail and as a text message.
func (o *office) alarmed(a *account) {
	o.Helper()
	req := bankRequest("44400099" + string(rune('0'+o.count(`SELECT COUNT(*) FROM payment_method`)%10)) + "7")
	req.Account = req.Account + string(rune('0'+o.count(`SELECT COUNT(*) FROM payment_method`)/10%10))
	req.AccountAgain = req.Account
	got(o.AddBankAccount(ctx, o.fresh(a.actor), req))(o)
}

func TestACodeGoesByAnotherWayThanAStoppedNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		must(t, o.ReceiveText(ctx, system, servicing.TextReceived{ID: "1", From: jordansPhone, Body: "STOP"}))
		o.sentOut()
		id := got(o.StartActivation(ctx, servicing.ActivationRequest{AccountNumber: a.number, SSN4: nationalID[5:], ZIP: "62701", By: servicing.ByText}, src))(t)
		same(t, "a code to activate", o.sentOut(), "email activation_code "+jordansMail)
		if id == "" {
			t.Error("no run")
		}
		actor := o.fresh(a.actor)
		actor.Standing.Session = "s1"
		if _, err := o.StartContactChange(ctx, actor, servicing.ContactPhone, jordansPhone[:11]+"4", src); err != nil {
			t.Errorf("a number that never said STOP: %v", err)
		}
		must(t, o.ReceiveText(ctx, system, servicing.TextReceived{ID: "2", From: jordansPhone[:11] + "5", Body: "STOP"}))
		if _, err := o.StartContactChange(ctx, actor, servicing.ContactPhone, jordansPhone[:11]+"5", src); outcome(err) != "refused text_stopped" {
			t.Errorf("a code to a number that said STOP: %v", err)
		}
	})
}

func TestQuietHoursMakeWaitWhatCanWait(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.sentOut()
		o.at("2026-01-20 23:30")
		o.pay(a, 100_00)
		same(t, "the answer to what was just done", o.sentOut(), "email payment_received "+jordansMail)
		o.lateNotice(a)
		same(t, "by night", o.sentOut())
		o.at("2026-01-21 07:59")
		same(t, "before eight", o.sentOut())
		o.at("2026-01-21 08:01")
		same(t, "in the morning", o.sentOut(), "email support_message "+jordansMail)
		c := allOn()
		c.Quiet.From, c.Quiet.To, c.Quiet.Zone = 12*60, 14*60, "America/New_York"
		must(t, o.SaveNoticeSettings(ctx, a.actor, c, src))
		o.sentOut()
		o.at("2026-01-21 11:30") // half past twelve in New York
		o.lateNotice(a)
		same(t, "at a siesta of one's own", o.sentOut())
		o.at("2026-01-21 13:01")
		same(t, "after it", o.sentOut(), "email support_message "+jordansMail, "text support_message "+jordansPhone)
		for _, wrong := range []billing.Quiet{{Zone: "Europe/Paris", From: 60, To: 120}, {Zone: "America/Chicago", From: -60, To: 0}, {Zone: "America/Chicago", From: 61, To: 0}, {Zone: "America/Chicago", From: 0, To: 24 * 60}} {
			c.Quiet = wrong
			if got := outcome(o.SaveNoticeSettings(ctx, a.actor, c, src)); got != "refused zone" && got != "refused hours" {
				t.Errorf("%+v: %s", wrong, got)
			}
		}
	})
}

// lateNotice is a message that can wait.
func (o *office) lateNotice(a *account) {
	o.Helper()
	o.queued(a, "", `{"kind":"support_message","text":"Thank you for your call."}`)
}

// queued enqueues a message as a verb would.
func (o *office) queued(a *account, way, content string) {
	o.Helper()
	var n billing.Notice
	must(o, json.Unmarshal([]byte(content), &n))
	id := store.NewID()
	row := &store.Notice{ID: id, Once: id, SaidID: id, CustomerID: a.actor.ID, Kind: string(n.Kind), Channel: way, TryAt: o.instant(), Created: o.instant(), Content: content}
	must(o, o.db.Update(ctx, func(tx *store.Tx) error { return tx.InsertNotice(row) }))
}

func TestMailThatComesBackGoesAnotherWay(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.PaperMail = true })
		a := o.take("L1", loan())
		must(t, o.SaveNoticeSettings(ctx, a.actor, without(allOn(), billing.ByText, billing.AboutPayments), src))
		o.sentOut()
		o.pay(a, 100_00)
		m := o.one(billing.NoticePaymentReceived, servicing.OutcomeSent)
		b := servicing.BouncedMail{MessageID: m.MessageID(), Gone: true, Why: "5.1.1"}
		for i, want := range []bool{true, false, false} {
			if taken := got(o.Bounced(ctx, system, b))(t); taken != want {
				t.Errorf("the report read the %d. time: %t", i+1, taken)
			}
		}
		same(t, "by text instead", o.sentOut(), "text payment_received "+jordansPhone)
		if shown := got(o.UnreachableAt(ctx, a.actor))(t); shown != "j•••1@mail.example" {
			t.Errorf("the person is told %q", shown)
		}
		o.pay(a, 110_00)
		same(t, "nothing more goes to an address that fails", o.sentOut(), "text payment_received "+jordansPhone)
		must(t, o.TryEmailAgain(ctx, a.actor))
		o.pay(a, 120_00)
		same(t, "until its owner says that it is right", o.sentOut(), "email payment_received "+jordansMail)
		for _, unknown := range []string{"none", m.ID + "_7", m.ID + "_x", ""} {
			if got(o.Bounced(ctx, system, servicing.BouncedMail{MessageID: unknown, Gone: true}))(t) {
				t.Errorf("%q was taken", unknown)
			}
		}
		ways := got(o.ReadMessage(ctx, a.actor, m.ID))(t).Ways
		if len(ways) != 2 || ways[0].Outcome != "bounced" || ways[0].Where != "j•••1@mail.example" || ways[1].Channel != billing.ByText || ways[1].Outcome != "sent" {
			t.Errorf("what the person sees of it: %+v", ways)
		}
	})
}

func TestARefusedAddressIsMarkedAndPaperIsTheLastWay(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.PaperMail = true })
		a := o.take("L1", loan())
		o.sentOut()
		o.to(day("2026-01-20"))
		o.at("2026-01-20 12:00")
		p := o.pay(a, 100_00)
		o.sentOut()
		o.to(day("2026-01-22"))
		o.at("2026-01-22 12:00")
		o.bringBack(p.ID, "R01")
		o.one(billing.NoticePaymentReturned, servicing.OutcomeGone) // the server knows no such mailbox
		same(t, "by mail", o.sentOut(), "paper payment_returned 12 Sample Street")
		o.with(func(r *servicing.Rules) { r.PaperMail = false })
		must(t, o.TryEmailAgain(ctx, a.actor))
		p = o.pay(a, 110_00)
		o.sentOut()
		o.to(day("2026-01-26"))
		o.at("2026-01-26 12:00")
		o.bringBack(p.ID, "R01")
		o.one(billing.NoticePaymentReturned, servicing.OutcomeFailed)
		same(t, "without a mail house", o.sentOut())
		if failed := o.count(`SELECT COUNT(*) FROM notice WHERE kind = 'payment_returned' AND state = 'failed'`); failed != 1 {
			t.Errorf("%d messages are seen to have failed", failed)
		}
	})
}

func TestAMessageIsSentAgainOnceForEachTimeItIsAskedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, other := o.take("L1", loan()), o.take("L2", loan())
		o.sentOut()
		o.pay(a, 100_00)
		m := o.one(billing.NoticePaymentReceived, servicing.OutcomeSent)
		for n := range 5 {
			for range 2 {
				must(t, o.SendAgain(ctx, a.actor, m.ID, n))
			}
			again := o.one(billing.NoticePaymentReceived, servicing.OutcomeSent)
			if again.ID != m.ID || again.MessageID() == m.MessageID() || again.Resent != n+1 {
				t.Errorf("sent again as %s, %d", again.MessageID(), again.Resent)
			}
			same(t, "and once", o.sentOut())
		}
		if got := outcome(o.SendAgain(ctx, a.actor, m.ID, 5)); got != "refused too_many" {
			t.Errorf("the sixth time in a day: %s", got)
		}
		if err := o.SendAgain(ctx, other.actor, m.ID, 5); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's: %v", err)
		}
		o.wait(25 * time.Hour)
		must(t, o.SendAgain(ctx, a.actor, m.ID, 5))
		if got := outcome(o.SendAgain(ctx, a.actor, m.ID, 6)); got != "refused not_again" {
			t.Errorf("while it waits: %s", got)
		}
		// A report about the first copy does not stop the one that is on its way.
		if !got(o.Bounced(ctx, system, servicing.BouncedMail{MessageID: m.MessageID()}))(t) {
			t.Error("the report was not taken")
		}
		same(t, "the last copy", o.sentOut(), "email payment_received "+jordansMail)
	})
}

func TestALinkEndsAGroupsMailAndNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.Service = o.service(o.db)
		a := o.take("L1", loan())
		for _, m := range got(o.Outbox(ctx, system, 100))(t) {
			if m.Unsubscribe != "" {
				t.Errorf("%s can be ended", m.Notice.Kind)
			}
		}
		o.sentOut()
		o.pay(a, 100_00)
		m := o.one(billing.NoticePaymentReceived, servicing.OutcomeSent)
		token, ok := strings.CutPrefix(m.Unsubscribe, lender.Portal+"/unsubscribe/")
		if !ok || strings.Contains(token, a.actor.ID) || len(token) > 80 {
			t.Fatalf("the address %q", m.Unsubscribe)
		}
		u := got(o.ReadUnsubscribe(ctx, token))(t)
		if u.Group != billing.AboutPayments || u.Done {
			t.Errorf("looking at it: %+v", u)
		}
		for range 2 {
			got(o.Unsubscribe(ctx, token))(t)
		}
		if u := got(o.ReadUnsubscribe(ctx, token))(t); !u.Done {
			t.Error("it is not off")
		}
		o.pay(a, 110_00)
		same(t, "after it", o.sentOut())
		last := token[len(token)-1:]
		for _, forged := range []string{"", m.ID, m.ID + "_", m.ID + "_" + strings.Repeat("0", 32), token[:len(token)-1] + string(rune('a'+(last[0]+1)%6)), token + "0"} {
			if _, err := o.Unsubscribe(ctx, forged); !errors.Is(err, servicing.ErrNotFound) {
				t.Errorf("%q: %v", forged, err)
			}
		}
	})
}

func TestRemindersFollowTheAccountAsItIs(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		ahead, quiet := o.take("L2", loan()), o.take("L3", loan())
		auto, sched, plain := o.take("L4", loan()), o.take("L5", loan()), o.take("L1", loan())
		got(o.EnrollAutopay(ctx, o.fresh(auto.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: auto.id, Method: auto.bank, Signed: servicing.AutopayWord}, src))(t)
		o.to(day("2026-02-01"))
		o.pay(ahead, 500_00)
		got(o.PostEvent(ctx, system, servicing.EventRequest{Key: "b", Contract: quiet.id, Event: contract.Event{Kind: contract.HoldBegins, Date: o.day, Hold: contract.Bankruptcy}}))(t)
		req := o.request(sched, 450_00)
		req.Date = day("2026-02-13")
		got(o.SubmitPayment(ctx, sched.actor, req, src))(t)
		told := func(date string, want ...string) {
			t.Helper()
			o.to(day(date))
			o.at(date + " 12:00")
			o.closeDay()
			must(t, remindAll(o.Service, o.day))
			must(t, remindAll(o.Service, o.day)) // a day run twice
			var list []string
			for _, s := range o.sentOut() {
				for _, k := range []billing.NoticeKind{billing.NoticeDueSoon, billing.NoticeDueToday, billing.NoticePastDue} {
					if strings.Contains(s, " "+string(k)+" ") {
						list = append(list, s)
					}
				}
			}
			same(t, date, list, want...)
		}
		o.sentOut()
		told("2026-02-09")
		told("2026-02-10", "email due_soon jordan.l4@mail.example", "email due_soon "+jordansMail)
		told("2026-02-14")
		told("2026-02-15", "email due_today "+jordansMail)
		told("2026-02-17")
		told("2026-02-18", "email past_due "+jordansMail)
		told("2026-02-20")
		list, _, err := o.Inbox(ctx, auto.actor, servicing.InboxCursor{}, 50)
		must(t, err)
		for _, m := range list {
			if m.Kind == billing.NoticeDueSoon && (m.Notice.Method == "" || m.Notice.Date != day("2026-02-15")) {
				t.Errorf("autopay is not named: %+v", m.Notice)
			}
		}
		list, _, err = o.Inbox(ctx, plain.actor, servicing.InboxCursor{}, 50)
		must(t, err)
		for _, m := range list {
			if m.Kind == billing.NoticePastDue && (m.Notice.PastDue != 450_00 || m.Notice.Fee == 0 || m.Notice.Date != day("2026-02-25")) {
				t.Errorf("past due: %+v", m.Notice)
			}
		}
	})
}

// remindAll does the reminders of a day.
func remindAll(s *servicing.Service, on money.Date) error {
	w, err := s.DayWork(ctx, system, on)
	for _, r := range w.Due {
		err = first(err, func() error { return s.TellDue(ctx, system, r, on) })
	}
	return err
}

func TestTheInboxIsPagedByKeyAndHoldsNoSecret(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		got(o.StartActivation(ctx, servicing.ActivationRequest{AccountNumber: a.number, SSN4: nationalID[5:], ZIP: "62701", By: servicing.ByText}, src))(t)
		for n := range 7 {
			o.pay(a, 100_00+money.Cents(n))
			o.wait(time.Second)
		}
		var seen []string
		for from := (servicing.InboxCursor{}); ; {
			list, next, err := o.Inbox(ctx, a.actor, from, 3)
			must(t, err)
			for _, m := range list {
				seen = append(seen, m.ID)
				if e, known := billing.EventOf(m.Kind); m.Notice.Secret() || !known || !e.Ways.Has(billing.ByPortal) {
					t.Errorf("a secret: %+v", m.Notice)
				}
			}
			if from = next; next.ID == "" {
				break
			}
		}
		if all := o.count(`SELECT COUNT(*) FROM notice WHERE said_id = id`); len(seen) != all || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != all || all < 8 {
			t.Errorf("%d of %d messages: %q", len(seen), all, seen)
		}
		if n := got(o.UnreadMessages(ctx, a.actor))(t); n != len(seen) {
			t.Errorf("%d not read", n)
		}
		got(o.ReadMessage(ctx, a.actor, seen[0]))(t)
		got(o.ReadMessage(ctx, a.actor, seen[0]))(t)
		if n := got(o.UnreadMessages(ctx, a.actor))(t); n != len(seen)-1 {
			t.Errorf("%d not read after reading one", n)
		}
		o.sentOut()
		if n := o.count(`SELECT COUNT(*) FROM notice WHERE kind = 'activation_code' AND content <> ''`); n != 0 {
			t.Error("a code is kept once it is on its way")
		}
	})
}

func TestAScheduledPaymentThatTakesLessSaysSo(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		req := o.request(a, 20_000_00)
		req.Date = day("2026-01-20")
		got(o.SubmitPayment(ctx, a.actor, req, src))(t)
		o.pay(a, 12_000_00)
		o.sentOut()
		o.to(day("2026-01-21"))
		o.at("2026-01-21 12:00")
		same(t, "the amount changed", about(o.sentOut(), billing.NoticePaymentChanged), "email payment_changed "+jordansMail)
		list, _, err := o.Inbox(ctx, a.actor, servicing.InboxCursor{}, 50)
		must(t, err)
		i := slices.IndexFunc(list, func(m servicing.InboxMessage) bool { return m.Kind == billing.NoticePaymentChanged })
		if i < 0 || list[i].Notice.Balance != 20_000_00 || list[i].Notice.Amount <= 0 || list[i].Notice.Amount >= 13_000_00 {
			t.Errorf("%+v", list)
		}
	})
}
