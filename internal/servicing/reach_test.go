package servicing_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/tape"
)

// reach is one way to something with an actor: the exported method that it is a
// case for, and a call that names what belongs to the victim.
type reach struct {
	method string
	call   func(v *victim, by identity.Actor) (any, error)
}

// victim is a customer with one of everything, and what it is named by.
type victim struct {
	*office
	account
	pending servicing.PaymentID
	group   string // of payments made in one go
	spare   servicing.MethodID
	closing money.Date
	paper   servicing.DocumentID // a receipt
	due     servicing.DueDocument
	out     servicing.Outgoing
	file    servicing.FileToDrop
	check   int                 // an event: money that came by check
	card    servicing.CardTask  // of a payment by card
	setup   servicing.CardSetup // a card that is being saved

	security servicing.Security
	change   string // of the e-mail address, not confirmed yet
	message  string // in the inbox
}

func newVictim(o *office, number string) *victim {
	v := &victim{office: o, account: *o.take(number, loan())}
	v.spare = got(o.AddBankAccount(ctx, o.fresh(v.actor), bankRequest("4440009991")))(o).ID
	got(o.EnrollAutopay(ctx, o.fresh(v.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: v.id, Method: v.bank, Signed: servicing.AutopayWord}, src))(o)
	return v
}

func (v *victim) ready() *victim {
	v.pending = v.pay(&v.account, 450_00).ID
	v.group = got(v.SubmitTogether(ctx, v.actor, v.inOneGo(), src))(v).Group
	v.closing = day("2026-01-25")
	v.paper = got(v.PrintReceipt(ctx, v.actor, v.id, v.pending))(v).ID
	v.due = got(v.DocumentsDue(ctx, system, 1))(v)[0]
	p := v.startCard(&v.account, 5_00)
	v.setup = got(v.SaveCard(ctx, v.fresh(v.actor), servicing.SaveCardRequest{Key: servicing.NewKey()}))(v)
	for _, t := range v.tasks() {
		if t.ID == string(p.ID) {
			v.card = t
		}
	}
	v.out = got(v.Outbox(ctx, system, 1))(v)[0]
	messages, _, err := v.Inbox(ctx, v.actor, servicing.InboxCursor{}, 1)
	must(v, err)
	v.message = messages[0].ID
	for _, f := range got(v.FilesToDrop(ctx, system))(v) {
		v.file = f
	}
	check := contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: v.day, Amount: 5_00}
	v.check = got(v.PostEvent(ctx, system, servicing.EventRequest{Key: "check", Contract: v.id, Event: check}))(v).Event.Seq
	return v
}

// inOneGo asks for payments on several contracts, of which there is one.
func (v *victim) inOneGo() servicing.TogetherRequest {
	return servicing.TogetherRequest{Key: servicing.NewKey(), Date: v.day, Method: v.bank, Lines: []servicing.TogetherLine{{Contract: v.id, Kind: billing.AmountOther, Amount: 5_00}}}
}

// waiver is an event that the operator could post.
func (v *victim) waiver() servicing.EventRequest {
	return servicing.EventRequest{Key: "waiver", Contract: v.id, Event: contract.Event{Kind: contract.OtherCharge, Date: v.day, Amount: 5_00}}
}

// theirs reach for what is one customer's. Asked by another they must answer as
// if it did not exist.
var theirs = []reach{
	{"FundsFinal", func(v *victim, by identity.Actor) (any, error) {
		_, final, err := v.FundsFinal(ctx, by, v.id)
		return final, err
	}},
	{"Card", func(v *victim, by identity.Actor) (any, error) { return v.Card(ctx, by, v.id) }},
	{"Account", func(v *victim, by identity.Actor) (any, error) { return v.Account(ctx, by, v.id) }},
	{"Payment", func(v *victim, by identity.Actor) (any, error) { return v.Payment(ctx, by, v.id, v.pending) }},
	{"Lease", func(v *victim, by identity.Actor) (any, error) { return v.Lease(ctx, by, v.id) }},
	{"ReadMessage", func(v *victim, by identity.Actor) (any, error) { return v.ReadMessage(ctx, by, v.message) }},
	{"SendAgain", func(v *victim, by identity.Actor) (any, error) { return nil, v.SendAgain(ctx, by, v.message, 99) }},
	{"Explain", func(v *victim, by identity.Actor) (any, error) { return v.Explain(ctx, by, v.id, 1) }},
	{"History", func(v *victim, by identity.Actor) (any, error) {
		return v.History(ctx, by, v.id, servicing.HistoryRequest{Limit: 5})
	}},
	{"Year", func(v *victim, by identity.Actor) (any, error) {
		return v.Year(ctx, by, v.id, 2026)
	}},
	{"QuotePayoff", func(v *victim, by identity.Actor) (any, error) {
		return v.QuotePayoff(ctx, by, servicing.PayoffRequest{Key: servicing.NewKey(), Contract: v.id, GoodThrough: v.day + 5})
	}},
	{"PayoffLetter", func(v *victim, by identity.Actor) (any, error) { return v.PayoffLetter(ctx, by, v.id) }},
	{"PrintReceipt", func(v *victim, by identity.Actor) (any, error) { return v.PrintReceipt(ctx, by, v.id, v.pending) }},
	{"PrintSchedule", func(v *victim, by identity.Actor) (any, error) { return v.PrintSchedule(ctx, by, v.id) }},
	{"PrintHistory", func(v *victim, by identity.Actor) (any, error) { return v.PrintHistory(ctx, by, v.id, 0, 0) }},
	{"PrintInterest", func(v *victim, by identity.Actor) (any, error) { return v.PrintInterest(ctx, by, v.id, v.day.Year()) }},
	{"PrintAuthorization", func(v *victim, by identity.Actor) (any, error) { return v.PrintAuthorization(ctx, by, v.id, "") }},
	{"StatementDocument", func(v *victim, by identity.Actor) (any, error) { return v.StatementDocument(ctx, by, v.id, v.closing) }},
	{"PayoffDocument", func(v *victim, by identity.Actor) (any, error) { return v.PayoffDocument(ctx, by, v.id) }},
	{"Document", func(v *victim, by identity.Actor) (any, error) { return v.Document(ctx, by, v.id, v.paper) }},
	{"Statement", func(v *victim, by identity.Actor) (any, error) { return v.Statement(ctx, by, v.id, v.closing) }},
	{"AutopayPapers", func(v *victim, by identity.Actor) (any, error) { return v.AutopayPapers(ctx, by, v.id) }},
	{"PayOptions", func(v *victim, by identity.Actor) (any, error) { return v.PayOptions(ctx, by, v.id) }},
	{"ReviewPayment", func(v *victim, by identity.Actor) (any, error) {
		return v.ReviewPayment(ctx, by, v.request(&v.account, 5_00))
	}},
	{"ReviewAutopay", func(v *victim, by identity.Actor) (any, error) {
		return v.ReviewAutopay(ctx, by, servicing.AutopayRequest{Contract: v.id, Method: v.bank, Signed: servicing.AutopayWord})
	}},
	{"PauseAutopay", func(v *victim, by identity.Actor) (any, error) { return nil, v.PauseAutopay(ctx, by, v.id, v.day+9) }},
	{"ResumeAutopay", func(v *victim, by identity.Actor) (any, error) { return nil, v.ResumeAutopay(ctx, by, v.id) }},
	{"SkipAutopay", func(v *victim, by identity.Actor) (any, error) { return nil, v.SkipAutopay(ctx, by, v.id, 0) }},
	{"SubmitPayment", func(v *victim, by identity.Actor) (any, error) {
		return v.SubmitPayment(ctx, by, v.request(&v.account, 5_00), src)
	}},
	{"ReviewTogether", func(v *victim, by identity.Actor) (any, error) { return v.ReviewTogether(ctx, by, v.inOneGo()) }},
	{"SubmitTogether", func(v *victim, by identity.Actor) (any, error) { return v.SubmitTogether(ctx, by, v.inOneGo(), src) }},
	{"Together", func(v *victim, by identity.Actor) (any, error) { return v.Together(ctx, by, v.group) }},
	{"CancelPayment", func(v *victim, by identity.Actor) (any, error) { return v.CancelPayment(ctx, by, v.id, v.pending) }},
	{"EnrollAutopay", func(v *victim, by identity.Actor) (any, error) {
		return v.EnrollAutopay(ctx, v.fresh(by), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: v.id, Method: v.bank, Signed: servicing.AutopayWord}, src)
	}},
	{"CancelAutopay", func(v *victim, by identity.Actor) (any, error) { return nil, v.CancelAutopay(ctx, by, v.id) }},
	{"ReviewCard", func(v *victim, by identity.Actor) (any, error) {
		return v.ReviewCard(ctx, by, v.byCard(&v.account, 5_00).PaymentRequest)
	}},
	{"StartCardPayment", func(v *victim, by identity.Actor) (any, error) {
		return v.StartCardPayment(ctx, by, v.byCard(&v.account, 5_00), src)
	}},
	{"CardStatus", func(v *victim, by identity.Actor) (any, error) {
		return v.CardStatus(ctx, by, v.id, servicing.PaymentID(v.card.ID))
	}},
	{"CardBack", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.CardBack(ctx, by, v.id, servicing.PaymentID(v.card.ID))
	}},
	{"CardSetup", func(v *victim, by identity.Actor) (any, error) { return v.CardSetup(ctx, by, v.setup.ID) }},
	{"CardSetupBack", func(v *victim, by identity.Actor) (any, error) { return nil, v.CardSetupBack(ctx, by, v.setup.ID) }},
	{"RemoveMethod", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.RemoveMethod(ctx, v.fresh(by), v.spare, "", src)
	}},
	{"MethodInDetail", func(v *victim, by identity.Actor) (any, error) { return v.MethodInDetail(ctx, by, v.bank) }},
	{"RenameMethod", func(v *victim, by identity.Actor) (any, error) { return nil, v.RenameMethod(ctx, by, v.bank, "Bills") }},
	{"SetDefaultMethod", func(v *victim, by identity.Actor) (any, error) { return nil, v.SetDefaultMethod(ctx, by, v.bank) }},
	{"StartAccountCheck", func(v *victim, by identity.Actor) (any, error) {
		return reached(v.StartAccountCheck(ctx, v.fresh(by), servicing.NewKey(), v.bank))("checked")
	}},
	{"ConfirmAmounts", func(v *victim, by identity.Actor) (any, error) {
		return reached(v.ConfirmAmounts(ctx, by, servicing.AmountsRequest{Key: servicing.NewKey(), Method: v.bank, First: 17, Second: 42}))("checked")
	}},
	{"ReplaceBankAccount", func(v *victim, by identity.Actor) (any, error) {
		return reached(v.ReplaceBankAccount(ctx, v.fresh(by), v.bank, bankRequest(bankAccount), src))("same_account")
	}},
}

// reached takes a refusal that only who owns the thing can get for an answer.
func reached(_ servicing.Method, err error) func(code string) (any, error) {
	return func(code string) (any, error) {
		if outcome(err) == "refused "+code {
			err = nil
		}
		return nil, err
	}
}

// own name nothing: what they answer with must be the asker's.
var own = []reach{
	{"Overview", func(v *victim, by identity.Actor) (any, error) { return v.Overview(ctx, by) }},
	{"Payments", func(v *victim, by identity.Actor) (any, error) { return v.Payments(ctx, by) }},
	{"Documents", func(v *victim, by identity.Actor) (any, error) { return v.Documents(ctx, by) }},
	{"Methods", func(v *victim, by identity.Actor) (any, error) { return v.Methods(ctx, by) }},
	{"AddBankAccount", func(v *victim, by identity.Actor) (any, error) {
		return v.AddBankAccount(ctx, v.fresh(by), bankRequest("4440009991"))
	}},
	{"SaveCard", func(v *victim, by identity.Actor) (any, error) {
		return v.SaveCard(ctx, v.fresh(by), servicing.SaveCardRequest{Key: servicing.NewKey()})
	}},
	{"Inbox", func(v *victim, by identity.Actor) (any, error) {
		list, _, err := v.Inbox(ctx, by, servicing.InboxCursor{}, 50)
		return list, err
	}},
	{"UnreadMessages", func(v *victim, by identity.Actor) (any, error) { return v.UnreadMessages(ctx, by) }},
	{"StatementsTold", func(v *victim, by identity.Actor) (any, error) { return v.StatementsTold(ctx, by) }},
	{"UnreachableAt", func(v *victim, by identity.Actor) (any, error) { return v.UnreachableAt(ctx, by) }},
	{"TryEmailAgain", func(v *victim, by identity.Actor) (any, error) { return nil, v.TryEmailAgain(ctx, by) }},
	{"NoticeSettings", func(v *victim, by identity.Actor) (any, error) { return v.NoticeSettings(ctx, by) }},
	{"SaveNoticeSettings", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.SaveNoticeSettings(ctx, by, allOn(), src)
	}},
	{"StopTexts", func(v *victim, by identity.Actor) (any, error) { return nil, v.StopTexts(ctx, by, src) }},
	{"Profile", func(v *victim, by identity.Actor) (any, error) { return v.Profile(ctx, by) }},
	{"SetLanguage", func(v *victim, by identity.Actor) (any, error) { return nil, v.SetLanguage(ctx, by, "es") }},
	{"PaperlessWord", func(v *victim, by identity.Actor) (any, error) { return v.PaperlessWord(ctx, by) }},
	{"AgreePaperless", func(v *victim, by identity.Actor) (any, error) {
		word, err := v.PaperlessWord(ctx, by)
		if err != nil {
			return nil, err
		}
		return nil, v.AgreePaperless(ctx, by, word, src)
	}},
	{"WithdrawPaperless", func(v *victim, by identity.Actor) (any, error) { return nil, v.WithdrawPaperless(ctx, by, src) }},
}

// sessions are what is done in a session: without one they are refused, and what
// they name of another's is not there.
var sessions = []reach{
	{"Security", func(v *victim, by identity.Actor) (any, error) { return v.Security(ctx, by) }},
	{"Confirming", func(v *victim, by identity.Actor) (any, error) { return v.Confirming(ctx, by) }},
	{"SendConfirmText", func(v *victim, by identity.Actor) (any, error) { return nil, v.SendConfirmText(ctx, by, src) }},
	{"Confirm", func(v *victim, by identity.Actor) (any, error) {
		return v.Confirm(ctx, by, servicing.Text, "123456", src)
	}},
	{"ConfirmPasskey", func(v *victim, by identity.Actor) (any, error) { return v.ConfirmPasskey(ctx, by) }},
	{"FinishConfirmPasskey", func(v *victim, by identity.Actor) (any, error) { return v.FinishConfirmPasskey(ctx, by, "", "", src) }},
	{"StartApp", func(v *victim, by identity.Actor) (any, error) { return v.StartApp(ctx, by) }},
	{"ReadApp", func(v *victim, by identity.Actor) (any, error) { return v.ReadApp(ctx, by, "") }},
	{"FinishApp", func(v *victim, by identity.Actor) (any, error) { return v.FinishApp(ctx, by, "", "", "123456", src) }},
	{"StartPhone", func(v *victim, by identity.Actor) (any, error) { return v.StartPhone(ctx, by, "+12025550188", src) }},
	{"FinishPhone", func(v *victim, by identity.Actor) (any, error) { return v.FinishPhone(ctx, by, "", "123456", src) }},
	{"StartPasskey", func(v *victim, by identity.Actor) (any, error) { return v.StartPasskey(ctx, by) }},
	{"FinishPasskey", func(v *victim, by identity.Actor) (any, error) { return v.FinishPasskey(ctx, by, "", "", "", src) }},
	{"MakeSavedCodes", func(v *victim, by identity.Actor) (any, error) {
		return v.MakeSavedCodes(ctx, by, servicing.NewKey(), src)
	}},
	{"ChangePassword", func(v *victim, by identity.Actor) (any, error) {
		return v.ChangePassword(ctx, by, password, "seven blue kites over town", src)
	}},
	{"EndOtherSessions", func(v *victim, by identity.Actor) (any, error) { return nil, v.EndOtherSessions(ctx, by) }},
	{"StartContactChange", func(v *victim, by identity.Actor) (any, error) {
		return v.StartContactChange(ctx, by, servicing.ContactEmail, "new@mail.example", src)
	}},
	{"ChangeAddress", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.ChangeAddress(ctx, by, servicing.PostalAddress{Street: "9 Sample Street", City: "Springfield", State: "IL", ZIP: "62701"}, src)
	}},
	{"SetQuestions", func(v *victim, by identity.Actor) (any, error) { return nil, v.SetQuestions(ctx, by, nil, nil, src) }},
}

// named are those of them that name what is one customer's.
var named = []reach{
	{"RemoveFactor", func(v *victim, by identity.Actor) (any, error) {
		return v.RemoveFactor(ctx, by, v.security.Factors[0].ID, src)
	}},
	{"EndOneSession", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.EndOneSession(ctx, by, v.security.Sessions[0].ID)
	}},
	{"ForgetDevice", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.ForgetDevice(ctx, by, v.security.Devices[0].ID)
	}},
	{"ReadContactChange", func(v *victim, by identity.Actor) (any, error) { return v.ReadContactChange(ctx, by, v.change) }},
	{"FinishContactChange", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.FinishContactChange(ctx, by, v.change, "12345678", src)
	}},
}

func TestWhatIsDoneInASessionNeedsOne(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		thief, v := newVictim(o, "L1"), newVictim(o, "L2")
		for _, who := range []*victim{thief, v} {
			e := o.activateAs(who.number)
			who.actor = o.session(e).Actor
			who.security = got(o.Security(ctx, who.actor))(t)
			o.wait(time.Minute)
			who.change = got(o.StartContactChange(ctx, who.actor, servicing.ContactEmail, "new@mail.example", src))(t)
		}
		was := o.everything()
		for _, r := range slices.Concat(sessions, named) {
			for _, nobody := range []identity.Actor{{}, identity.Customer(""), system, identity.Staff("1", identity.RoleAgent), {ID: v.actor.ID}, identity.Customer(identity.CustomerID(v.actor.ID))} {
				if _, err := r.call(v, nobody); !errors.Is(err, servicing.ErrForbidden) && !(r.method == "SetQuestions" || r.method == "ReadContactChange") {
					t.Errorf("%s by %q: %v", r.method, nobody, err)
				}
			}
		}
		for _, r := range named {
			if _, err := r.call(v, thief.actor); !errors.Is(err, servicing.ErrNotFound) {
				t.Errorf("%s by another customer: %v", r.method, err)
			}
		}
		if now := o.everything(); !slices.Equal(was, now) {
			t.Errorf("something changed: %q", missing(now, was))
		}
		for _, r := range named[:3] {
			if _, err := r.call(v, v.actor); err != nil && outcome(err) != "refused last_factor" {
				t.Errorf("%s by its owner: %v", r.method, err)
			}
		}
	})
}

// systems are the business day's and the operator's: no customer may call them.
var systems = []reach{
	{"OpenDay", func(v *victim, by identity.Actor) (any, error) { return v.OpenDay(ctx, by, 0, v.day) }},
	{"Board", func(v *victim, by identity.Actor) (any, error) {
		return v.Board(ctx, by, func(func(tape.Boarding, error) bool) {}, true)
	}},
	{"FindContract", func(v *victim, by identity.Actor) (any, error) { return v.FindContract(ctx, by, v.number) }},
	{"PreviewEvent", func(v *victim, by identity.Actor) (any, error) { return v.PreviewEvent(ctx, by, v.waiver()) }},
	{"PostEvent", func(v *victim, by identity.Actor) (any, error) { return v.PostEvent(ctx, by, v.waiver()) }},
	{"FinishCheck", func(v *victim, by identity.Actor) (any, error) {
		err := v.FinishCheck(ctx, by, servicing.MethodRef{CustomerID: v.actor.ID, ID: string(v.bank)}, v.day)
		if errors.Is(err, servicing.ErrNotFound) {
			err = nil // there is no check, and whose turn it is was looked at first
		}
		return nil, err
	}},
	{"TakePlace", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.TakePlace(ctx, by, servicing.MethodRef{CustomerID: v.actor.ID, ID: string(v.bank)})
	}},
	{"ImportBankAccount", func(v *victim, by identity.Actor) (any, error) {
		return v.ImportBankAccount(ctx, by, servicing.ImportedAccount{Contract: v.id, Holder: "Jordan Avery", Type: "checking", Routing: bankRouting, Account: bankAccount})
	}},
	{"Outbox", func(v *victim, by identity.Actor) (any, error) { return v.Outbox(ctx, by, 10) }},
	{"OutboxAfter", func(v *victim, by identity.Actor) (any, error) { return v.OutboxAfter(ctx, by, v.out, 10) }},
	{"Claim", func(v *victim, by identity.Actor) (any, error) { return v.Claim(ctx, by, v.out, 1) }},
	{"Record", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.Record(ctx, by, v.out, servicing.OutcomeSent, "", 0)
	}},
	{"Exceptions", func(v *victim, by identity.Actor) (any, error) {
		return v.Exceptions(ctx, by, servicing.ExceptionFilter{Limit: 10})
	}},
	{"ClearException", func(v *victim, by identity.Actor) (any, error) {
		_, err := v.ClearException(ctx, by, "there is none", "looked at")
		if errors.Is(err, servicing.ErrNotFound) {
			err = nil // whose turn it is was looked at first
		}
		return nil, err
	}},
	{"CardWork", func(v *victim, by identity.Actor) (any, error) { return v.CardWork(ctx, by, 10) }},
	{"CardLater", func(v *victim, by identity.Actor) (any, error) { return nil, v.CardLater(ctx, by, v.card) }},
	{"CardUnanswered", func(v *victim, by identity.Actor) (any, error) { return nil, v.CardUnanswered(ctx, by, v.card) }},
	{"CardStarted", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.CardStarted(ctx, by, v.card, "cs_"+v.card.ID, "https://processor.example/pay")
	}},
	{"CardSeen", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.CardSeen(ctx, by, v.card, servicing.CardAnswer{})
	}},
	{"CardNothing", func(v *victim, by identity.Actor) (any, error) { return nil, v.CardNothing(ctx, by, v.card) }},
	{"CardRefused", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.CardRefused(ctx, by, v.card, "expired_card", "No.")
	}},
	{"RefundSeen", func(v *victim, by identity.Actor) (any, error) {
		err := v.RefundSeen(ctx, by, v.card, "re_1", servicing.RefundDone)
		if errors.Is(err, servicing.ErrNotFound) {
			err = nil // whose turn it is was looked at first
		}
		return nil, err
	}},
	{"ReceiveEvent", func(v *victim, by identity.Actor) (any, error) {
		return v.ReceiveEvent(ctx, by, servicing.ProcessorEvent{ID: "evt", Type: "x"})
	}},
	{"ApplyEvents", func(v *victim, by identity.Actor) (any, error) { return v.ApplyEvents(ctx, by) }},
	{"EventCounts", func(v *victim, by identity.Actor) (any, error) { return v.EventCounts(ctx, by) }},
	{"WakeOpenCards", func(v *victim, by identity.Actor) (any, error) { return v.WakeOpenCards(ctx, by) }},
	{"KnownPayout", func(v *victim, by identity.Actor) (any, error) { return v.KnownPayout(ctx, by, "po") }},
	{"KeepPayout", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.KeepPayout(ctx, by, servicing.CardPayout{ID: "po", Arrival: v.day})
	}},
	{"PostPayouts", func(v *victim, by identity.Actor) (any, error) {
		n, _, err := v.PostPayouts(ctx, by)
		return n, err
	}},
	{"FilesToDrop", func(v *victim, by identity.Actor) (any, error) { return v.FilesToDrop(ctx, by) }},
	{"Dropped", func(v *victim, by identity.Actor) (any, error) { return nil, v.Dropped(ctx, by, v.file) }},
	{"ReadReturns", func(v *victim, by identity.Actor) (any, error) {
		return v.ReadReturns(ctx, by, "r", returnFile(v, v.day, "A", returned{"121042889999999", "R01", 1}))
	}},
	{"ReadBankStatement", func(v *victim, by identity.Actor) (any, error) {
		return v.ReadBankStatement(ctx, by, "b", []byte((&bankDay{v.day, 0, nil}).bai2()))
	}},
	{"MatchSettlement", func(v *victim, by identity.Actor) (any, error) { return v.MatchSettlement(ctx, by) }},
	{"Settlement", func(v *victim, by identity.Actor) (any, error) { return v.Settlement(ctx, by, v.day, v.day) }},
	{"SettlementOn", func(v *victim, by identity.Actor) (any, error) { return v.SettlementOn(ctx, by, v.day) }},
	{"OpenDifferences", func(v *victim, by identity.Actor) (any, error) { return v.OpenDifferences(ctx, by, v.day, v.day) }},
	{"TieOut", func(v *victim, by identity.Actor) (any, error) { return v.TieOut(ctx, by, v.day) }},
	{"ClearSettlement", func(v *victim, by identity.Actor) (any, error) {
		err := v.ClearSettlement(ctx, by, servicing.SettlementClear{Lines: []string{"none"}, Reason: why})
		if errors.Is(err, servicing.ErrNotFound) {
			err = nil // whose turn it is was looked at first
		}
		return nil, err
	}},
	{"CutMail", func(v *victim, by identity.Actor) (any, error) { return v.CutMail(ctx, by, v.day) }},
	{"MailToDrop", func(v *victim, by identity.Actor) (any, error) {
		_, some, err := v.MailToDrop(ctx, by)
		return some, err
	}},
	{"MailDropped", func(v *victim, by identity.Actor) (any, error) { return nil, v.MailDropped(ctx, by, "none", "", 0) }},
	{"PutOnPaper", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.PutOnPaper(ctx, by, v.out, servicing.LetterWords{Subject: "Your payment"})
	}},
	{"Bounced", func(v *victim, by identity.Actor) (any, error) {
		return v.Bounced(ctx, by, servicing.BouncedMail{MessageID: "none"})
	}},
	{"ReceiveText", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.ReceiveText(ctx, by, servicing.TextReceived{ID: "SM1", From: "+12025550199", Body: "hello"})
	}},
	{"TellDue", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.TellDue(ctx, by, servicing.ReminderRef{Contract: v.id}, v.day)
	}},
	{"DayWork", func(v *victim, by identity.Actor) (any, error) { return v.DayWork(ctx, by, v.day) }},
	{"ReleasePayment", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.ReleasePayment(ctx, by, servicing.PaymentRef{ContractID: string(v.id), ID: string(v.pending)}, v.day)
	}},
	{"SettlePayment", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.SettlePayment(ctx, by, servicing.PaymentRef{ContractID: string(v.id), ID: string(v.pending)}, v.day)
	}},
	{"DraftAutopay", func(v *victim, by identity.Actor) (any, error) { return nil, v.DraftAutopay(ctx, by, v.id, v.day) }},
	{"TellAutopay", func(v *victim, by identity.Actor) (any, error) { return nil, v.TellAutopay(ctx, by, v.id, v.day) }},
	{"ChargeLateFees", func(v *victim, by identity.Actor) (any, error) { return nil, v.ChargeLateFees(ctx, by, v.id, v.day) }},
	{"MakePapers", func(v *victim, by identity.Actor) (any, error) { return nil, v.MakePapers(ctx, by, v.id, v.day) }},
	{"CutStatement", func(v *victim, by identity.Actor) (any, error) { return nil, v.CutStatement(ctx, by, v.id, v.day) }},
	{"CutWindow", func(v *victim, by identity.Actor) (any, error) {
		return v.CutWindow(ctx, by, v.day, servicing.StandardWindow)
	}},
	{"WatchRates", func(v *victim, by identity.Actor) (any, error) { return v.WatchRates(ctx, by, v.day) }},
	{"CutFile", func(v *victim, by identity.Actor) (any, error) { return v.CutFile(ctx, by, v.day) }},
	{"TrialBalance", func(v *victim, by identity.Actor) (any, error) {
		return v.TrialBalance(ctx, by, servicing.Period{Through: v.day})
	}},
	{"AccruedInterest", func(v *victim, by identity.Actor) (any, error) { return v.AccruedInterest(ctx, by, v.day) }},
	{"Journal", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.Journal(ctx, by, 0, v.day, func(*servicing.JournalEntry) error { return nil })
	}},
	{"ClearEvent", func(v *victim, by identity.Actor) (any, error) {
		return v.ClearEvent(ctx, by, v.id, v.check, v.day)
	}},
	{"FoundAdministrator", func(v *victim, by identity.Actor) (any, error) { return v.FoundAdministrator(ctx, by, "Ada Founder") }},
	{"DropExpired", func(v *victim, by identity.Actor) (any, error) { return nil, v.DropExpired(ctx, by) }},
	{"SealAudit", func(v *victim, by identity.Actor) (any, error) { return v.SealAudit(ctx, by) }},
	{"AuditHead", func(v *victim, by identity.Actor) (any, error) { return v.AuditHead(ctx, by) }},
	{"VerifyAudit", func(v *victim, by identity.Actor) (any, error) { return v.VerifyAudit(ctx, by, nil) }},
	{"AuditOf", func(v *victim, by identity.Actor) (any, error) { return v.AuditOf(ctx, by, v.actor.ID, "") }},
	{"AuditBy", func(v *victim, by identity.Actor) (any, error) { return v.AuditBy(ctx, by, "staff:1", "") }},
	{"FieldKeys", func(v *victim, by identity.Actor) (any, error) { return v.FieldKeys(ctx, by) }},
	{"RotateKeys", func(v *victim, by identity.Actor) (any, error) { return v.RotateKeys(ctx, by, false) }},
	{"Rekey", func(v *victim, by identity.Actor) (any, error) { return v.Rekey(ctx, by, nil) }},
	{"RetireKeys", func(v *victim, by identity.Actor) (any, error) { return v.RetireKeys(ctx, by) }},
	{"TakeOver", func(v *victim, by identity.Actor) (any, error) {
		return v.TakeOver(ctx, by, func(func(servicing.ArchivedPaper, error) bool) {}, true)
	}},
	{"DocumentsDue", func(v *victim, by identity.Actor) (any, error) { return v.DocumentsDue(ctx, by, 9) }},
	{"DocumentContent", func(v *victim, by identity.Actor) (any, error) { return v.DocumentContent(ctx, by, v.id, v.paper) }},
	{"FileDocuments", func(v *victim, by identity.Actor) (any, error) { return nil, v.FileDocuments(ctx, by, nil, nil) }},
	{"DelayDocument", func(v *victim, by identity.Actor) (any, error) {
		return nil, v.DelayDocument(ctx, by, v.due, "not set")
	}},
	{"Verify", func(v *victim, by identity.Actor) (any, error) { return v.Verify(ctx, by, nil) }},
}

// open are the doors before anyone is known, and what concerns nobody.
var open = strings.Fields(`Today ReadyCheck PaperlessText LeastPassword Lender TakesCards CheckPayoff
	StartActivation SendActivationCode ProveActivation ActivationName FinishActivation RemindUsername
	SignIn SignInFactors SendSignInText ProveSignIn SignInPasskey ProveSignInPasskey PasskeySignIn FinishPasskeySignIn SignOut Session
	StartRecovery ReadRecovery SendRecoveryCode ProveRecovery RecoveryPasskey ProveRecoveryPasskey AnswerRecovery FinishRecovery ReadNotMe PressNotMe
	ReadUnsubscribe Unsubscribe TextsWords
	StaffSignIn StaffFactors ProveStaff AskStaffPasskey ProveStaffPasskey StaffPasskey FinishStaffPasskey StaffSession ReadInvite AcceptInvite`)

func TestEveryMethodHasItsCase(t *testing.T) {
	cases := map[string]bool{}
	for _, r := range slices.Concat(theirs, own, systems, sessions, named) {
		cases[r.method] = true
	}
	for _, d := range desks {
		cases[d.method] = true
	}
	for _, d := range prompts {
		cases[d.method] = true
	}
	s, actor := reflect.TypeFor[*servicing.Service](), reflect.TypeFor[identity.Actor]()
	for m := range s.Methods() {
		acts := m.Type.NumIn() > 2 && m.Type.In(2) == actor
		switch {
		case acts && !cases[m.Name]:
			t.Errorf("%s takes an actor and has no case here", m.Name)
		case !acts && !slices.Contains(open, m.Name):
			t.Errorf("%s takes no actor: say here why anyone may call it", m.Name)
		}
	}
}

func TestNobodyReachesWhatIsAnothers(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		thief, v := newVictim(o, "L1"), newVictim(o, "L2")
		v.pay(&v.account, 10_00)
		o.to(day("2026-01-26"))
		thief.ready()
		v.ready()
		was := o.everything()
		for _, r := range theirs {
			if _, err := r.call(v, thief.actor); !errors.Is(err, servicing.ErrNotFound) {
				t.Errorf("%s by another customer: %v", r.method, err)
			}
		}
		for _, r := range systems {
			if _, err := r.call(v, v.actor); !errors.Is(err, servicing.ErrForbidden) {
				t.Errorf("%s by a customer: %v", r.method, err)
			}
		}
		for _, r := range slices.Concat(theirs, own, systems) {
			for _, nobody := range []identity.Actor{{}, identity.Customer(""), identity.System(""), {Kind: "staff", ID: "1"}, {ID: v.actor.ID}} {
				if _, err := r.call(v, nobody); !errors.Is(err, servicing.ErrForbidden) {
					t.Errorf("%s by %q: %v", r.method, nobody, err)
				}
			}
		}
		// Theirs by way of the thief's own contract.
		if _, err := o.Payment(ctx, thief.actor, thief.id, v.pending); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's payment on an own contract: %v", err)
		}
		if _, err := o.PrintReceipt(ctx, thief.actor, thief.id, v.pending); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's receipt on an own contract: %v", err)
		}
		if _, err := o.Document(ctx, thief.actor, thief.id, v.paper); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's paper on an own contract: %v", err)
		}
		if _, err := o.CancelPayment(ctx, thief.actor, thief.id, v.pending); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's payment cancelled: %v", err)
		}
		req := o.request(&thief.account, 5_00)
		req.Method = v.bank
		if _, err := o.SubmitPayment(ctx, thief.actor, req, src); outcome(err) != "refused method_gone" {
			t.Errorf("paid from another's bank account: %s", outcome(err))
		}
		_, err := o.EnrollAutopay(ctx, o.fresh(thief.actor), servicing.AutopayRequest{Key: "k", Contract: thief.id, Method: v.bank, Signed: servicing.AutopayWord}, src)
		if outcome(err) != "refused method_gone" {
			t.Errorf("autopay from another's bank account: %s", outcome(err))
		}
		if now := o.everything(); !slices.Equal(was, now) {
			t.Errorf("something changed: %q", missing(now, was))
		}
		for _, r := range own {
			answer := got(r.call(v, thief.actor))(t)
			text, err := json.Marshal(answer)
			must(t, err)
			for _, secret := range []string{string(v.id), string(v.pending), string(v.bank), string(v.spare), v.actor.ID, v.number} {
				if strings.Contains(string(text), `"`+secret+`"`) {
					t.Errorf("%s shows another's %s", r.method, secret)
				}
			}
		}

		// The same calls by whom they belong to do reach: a lock on a wall proves
		// nothing.
		for _, r := range slices.Concat(theirs, own) {
			if _, err := r.call(v, v.actor); err != nil {
				t.Errorf("%s by its owner: %v", r.method, err)
			}
		}
		for _, r := range systems {
			if _, err := r.call(v, system); err != nil {
				t.Errorf("%s by the system: %v", r.method, err)
			}
		}
	})
}

// What the system may look at it may not spend.
func TestTheSystemPaysForNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		if _, err := o.SubmitPayment(ctx, system, o.request(a, 5_00), src); !errors.Is(err, servicing.ErrForbidden) {
			t.Error(err)
		}
		if c := got(o.Card(ctx, system, a.id))(t); c.Balance != 24_000_00 || c.Due.Amount() != 450_00 {
			t.Errorf("%+v", c)
		}
	})
}
