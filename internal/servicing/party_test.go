package servicing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/tape"
)

// together boards a loan of Jordan Avery's that Alex Avery owes too, and gives
// each a bank account.
func (o *office) together(number string) (first, second *account) {
	o.Helper()
	b := boarding(number, loan())
	other := *b.Person
	other.FirstName, other.Email, other.SSN = "Alex", "alex."+number+"@mail.example", "6789"
	b.CoBorrower = &other
	first = o.takeAll(b)[0]
	second = &account{number: number, id: first.id}
	var customer string
	must(o, o.raw.QueryRow(`SELECT customer_id FROM contract_party WHERE contract_id = $1 AND role = 'co_borrower'`, string(first.id)).Scan(&customer))
	second.actor = identity.Customer(identity.CustomerID(customer))
	req := bankRequest("5550001234")
	req.Holder, req.Routing = "Alex Avery", "121042882"
	second.bank = got(o.AddBankAccount(ctx, o.fresh(second.actor), req))(o).ID
	return first, second
}

// onlyTheirs are the calls of theirs that a co-borrower must not get through:
// what belongs to the other person and not to the contract.
var onlyTheirs = map[string]string{
	"PrintAuthorization": "fault: not found", "Document": "fault: not found", "RemoveMethod": "fault: not found", "MethodInDetail": "fault: not found", "RenameMethod": "fault: not found",
	"SetDefaultMethod": "fault: not found", "StartAccountCheck": "fault: not found", "ConfirmAmounts": "fault: not found", "ReplaceBankAccount": "fault: not found",
	"ReviewPayment": "refused method_gone", "SubmitPayment": "refused method_gone",
	"ReviewTogether": "refused method_gone", "SubmitTogether": "refused method_gone", "Together": "fault: not found",
	"ReviewAutopay": "refused method_gone", "EnrollAutopay": "refused method_gone",
	"CardSetup": "fault: not found", "CardSetupBack": "fault: not found",
	"ReadMessage": "fault: not found", "SendAgain": "fault: not found",
	"CancelPayment": "refused not_yours", "CancelAutopay": "refused autopay_taken",
	"PauseAutopay": "refused autopay_taken", "ResumeAutopay": "refused autopay_taken", "SkipAutopay": "refused autopay_taken",
}

func TestACoBorrowerReachesTheContractAndNotTheOthersBank(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		first, second := o.together("L1")
		v := &victim{office: o, account: *first}
		v.spare = got(o.AddBankAccount(ctx, o.fresh(v.actor), bankRequest("4440009991")))(o).ID
		got(o.EnrollAutopay(ctx, o.fresh(v.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: v.id, Method: v.bank, Signed: servicing.AutopayWord}, src))(o)
		v.pay(&v.account, 10_00)
		o.to(day("2026-01-26"))
		v.ready()
		for _, r := range slices.Concat(theirs, own) {
			answer, err := r.call(v, second.actor)
			want, refused := onlyTheirs[r.method]
			if !refused {
				want = "accepted"
			}
			if outcome(err) != want {
				t.Errorf("%s by the co-borrower: %s, not %s", r.method, outcome(err), want)
			}
			if err != nil {
				continue
			}
			text := got(json.Marshal(answer))(t)
			for _, secret := range []string{string(v.bank), string(v.spare), bankRouting, bankAccount, v.actor.ID} {
				if r.method != "AddBankAccount" && strings.Contains(string(text), secret) {
					t.Errorf("%s shows the other's %s", r.method, secret)
				}
			}
		}
		card := got(o.Card(ctx, second.actor, v.id))(t)
		if m := card.Autopay.Method; m != (servicing.Method{Kind: billing.Bank, Type: "checking", Last4: bankAccount[len(bankAccount)-4:], Theirs: true}) {
			t.Errorf("autopay's bank account as the co-borrower sees it: %+v", m)
		}
		p := got(o.Payment(ctx, second.actor, v.id, v.pending))(t)
		if p.Cancellable || !p.Method.Theirs {
			t.Errorf("the other's payment: %+v", p)
		}
		if letter := got(o.PayoffLetter(ctx, v.actor, v.id))(t); letter.Recipient.Name != "Jordan Avery and Alex Avery" {
			t.Errorf("a letter to %q", letter.Recipient.Name)
		}
		// By the owner the very same calls do reach.
		for _, r := range theirs {
			if _, err := r.call(v, v.actor); err != nil {
				t.Errorf("%s by its owner: %v", r.method, err)
			}
		}
	})
}

func TestBothBorrowersPayOneLoan(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		first, second := o.together("L1")
		a, b := o.pay(first, 100_00), o.pay(second, 200_00)
		if all := got(o.Payments(ctx, first.actor))(t); len(all) != 2 || !all[0].Method.Theirs || all[1].Method.Theirs {
			t.Errorf("the first sees %+v", all)
		}
		if all := got(o.Payments(ctx, second.actor))(t); len(all) != 2 || all[0].Method.Theirs || !all[1].Method.Theirs {
			t.Errorf("the second sees %+v", all)
		}
		if c := got(o.Card(ctx, second.actor, first.id))(t); c.Balance != 24_000_00-300_00 {
			t.Errorf("balance %s", c.Balance)
		}
		if _, err := o.CancelPayment(ctx, second.actor, first.id, a.ID); outcome(err) != "refused not_yours" {
			t.Errorf("the second cancels the first's: %s", outcome(err))
		}
		got(o.CancelPayment(ctx, second.actor, first.id, b.ID))(t)
		// The other way round, and only one's own: a wall with no door proves nothing.
		if err := o.RemoveMethod(ctx, o.fresh(second.actor), first.bank, "", src); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("removed the other's bank account: %v", err)
		}
		o.closeDay()
		o.verify()
		got := o.rows(`SELECT customer_id, kind FROM notice WHERE kind <> 'bank_account_added' ORDER BY created_at, id`)
		// Each is told of the three things that happened.
		if len(got) != 6 {
			t.Errorf("%d notices: %q", len(got), got)
		}
		text := fmt.Sprint(o.told())
		for _, words := range []string{"Jordan Avery made a payment of $100.00", "Alex Avery made a payment of $200.00", "The payment of $200.00 by Alex Avery on Jan 15, 2026 was canceled."} {
			if !strings.Contains(text, words) {
				t.Errorf("nobody was told %q in %s", words, text)
			}
		}
	})
}

// told reads the words of everything in the outbox.
func (o *office) told() (out []string) {
	o.Helper()
	o.wait(1)
	for _, m := range got(o.Outbox(ctx, system, 1000))(o) {
		out = append(out, m.Notice.To+": "+m.Notice.Text)
	}
	return out
}

// An instalment is drawn once, also when another borrower takes autopay over on
// the due date.
func TestAutopayThatChangesHandsDrawsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		first, second := o.together("L1")
		enroll := func(a *account) string {
			_, err := o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src)
			return outcome(err)
		}
		if got := enroll(first); got != "accepted" {
			t.Fatal(got)
		}
		if got := enroll(second); got != "refused autopay_taken" {
			t.Errorf("put in the place of the other's: %s", got)
		}
		o.to(day("2026-02-15"))
		must(t, o.DraftAutopay(ctx, system, first.id, o.day))
		must(t, o.CancelAutopay(ctx, first.actor, first.id))
		if got := enroll(second); got != "accepted" {
			t.Fatal(got)
		}
		if on := got(o.Card(ctx, second.actor, first.id))(t).Autopay.NextDate; on != day("2026-03-15") {
			t.Errorf("the next draft is on %s", on)
		}
		o.to(day("2026-03-17"))
		payers := o.rows(`SELECT date, customer_id FROM payment ORDER BY date`)
		want := []string{"date=2026-02-15 customer_id=" + first.actor.ID + " ", "date=2026-03-15 customer_id=" + second.actor.ID + " "}
		if !slices.Equal(payers, want) {
			t.Errorf("drawn %q", payers)
		}
		o.verify()
	})
}

func TestACoBorrowerIsAnotherPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		b := boarding("L1", loan())
		other := *b.Person
		b.CoBorrower, b.CoBorrowerID = &other, b.CustomerID
		_, err := o.Board(ctx, system, func(yield func(tape.Boarding, error) bool) { yield(b, nil) }, false)
		if located, ok := errors.AsType[*tape.Error](err); !ok || located.Field != "co_borrower_number" {
			t.Errorf("got %v", err)
		}
		if n := len(o.rows(`SELECT id FROM contract`)); n != 0 {
			t.Errorf("%d contracts remained", n)
		}
	})
}
