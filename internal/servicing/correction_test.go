package servicing_test

import (
	"bytes"
	"fmt"
	"testing"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
)

// change is what a bank asks to be corrected.
type change struct {
	trace ach.TraceNumber
	code  ach.ChangeCode
	data  string
}

// changeFile is a file of notifications of change as the bank would write it.
func changeFile(t testing.TB, made money.Date, all ...change) []byte {
	t.Helper()
	b := ach.Batch{Header: ach.BatchHeader{
		ServiceClass: ach.DebitsOnly, CompanyName: lender.ShortName, CompanyID: lender.OriginID, SEC: ach.COR,
		EntryDescription: "AUTO PYMT", EffectiveDate: made, OriginatorStatus: "1", ODFI: bankRouting[:8], BatchNumber: 1,
	}}
	for i, c := range all {
		trace := ach.TraceNumber(fmt.Sprintf("%s%07d", bankRouting[:8], i+1))
		b.Entries = append(b.Entries, ach.Entry{
			TransactionCode: ach.CheckingReturnOrChangeDebit, RDFI: ach.RoutingNumber(lender.ODFI), Account: bankAccount, Name: "JORDAN AVERY", Trace: trace,
			Change: &ach.ChangeAddenda{Code: c.code, OriginalTrace: c.trace, OriginalRDFI: bankRouting[:8], CorrectedData: c.data, Trace: trace},
		})
	}
	var out bytes.Buffer
	must(t, ach.Write(&out, &ach.File{Header: ach.FileHeader{
		ImmediateDestination: lender.ODFI, ImmediateOrigin: bankRouting, CreationDate: made, FileIDModifier: "A",
		DestinationName: lender.ShortName, OriginName: "SETTLING BANK",
	}, Batches: []ach.Batch{b}}))
	return out.Bytes()
}

// entries are what went to the bank, by number of the account.
func (o *office) entries() (out []string) {
	o.Helper()
	for _, f := range got(o.FilesToDrop(ctx, system))(o) {
		file := got(ach.Read(bytes.NewReader(f.Content)))(o)
		for _, b := range file.Batches {
			for _, e := range b.Entries {
				out = append(out, fmt.Sprintf("%s %s %s %s", e.TransactionCode, e.RDFI, e.Account, e.Name))
			}
		}
	}
	return out
}

// A correction is in the next entry; what cannot be read waits for a person and
// changes nothing.
func TestTheNextEntryHasTheBanksCorrection(t *testing.T) {
	pad := func(parts ...any) string { return fmt.Sprintf("%-"+fmt.Sprint(parts[0])+"s%s", parts[1], parts[2]) }
	type correction struct {
		code       ach.ChangeCode
		data, next string // empty: it is kept for a person
	}
	cases, names := map[string]correction{}, []string(nil)
	for _, c := range []correction{
		{"C01", "70031842999", "27 231380104 70031842999 JORDAN AVERY"},
		{"C02", "121042882", "27 121042882 70031842916 JORDAN AVERY"},
		{"C03", pad(12, "121042882", "70031842999"), "27 121042882 70031842999 JORDAN AVERY"},
		{"C04", "JORDAN B AVERY", "27 231380104 70031842916 JORDAN B AVERY"},
		{"C05", "37", "37 231380104 70031842916 JORDAN AVERY"},
		{"C06", pad(20, "70031842999", "37"), "37 231380104 70031842999 JORDAN AVERY"},
		{"C07", "121042882" + pad(17, "70031842999", "37"), "37 121042882 70031842999 JORDAN AVERY"},
		{"C02", "121042883", ""}, // its check digit is wrong
		{"C05", "47", ""},        // a ledger account
		{"C06", pad(20, "", "37"), ""},
		{"C09", "X12345", ""},
		{"C13", "", ""},
	} {
		name := string(c.code) + " " + c.data
		cases[name], names = c, append(names, name)
	}
	eachOnBoth(t, names, func(t *testing.T, o *office, name string) {
		c := cases[name]
		a := o.take("L1", loan())
		p := o.pay(a, 5_00)
		o.to(o.day + 1)
		was := o.standing(a, a.bank)
		for i := range 2 { // twice, in two files
			res := got(o.ReadReturns(ctx, system, "noc", changeFile(t, o.day+money.Date(i), change{o.trace(p.ID), c.code, c.data})))(t)
			if aside := len(res.Aside) > 0; res.Changes != 1 || aside != (c.next == "") {
				t.Fatalf("%+v", res)
			}
		}
		o.pay(a, 6_00)
		o.to(o.day + 1)
		m, next := o.standing(a, a.bank), c.next
		if next == "" {
			next = "27 231380104 70031842916 JORDAN AVERY"
			if m != was || len(o.messages(billing.NoticeAccountCorrected)) != 0 || len(got(o.Exceptions(ctx, system, servicing.ExceptionFilter{Limit: 10}))(t)) == 0 {
				t.Errorf("changed to %+v", m)
			}
		} else if m.Validation != billing.Validated || m.CheckedBy != billing.ByPriorEntry || len(o.messages(billing.NoticeAccountCorrected)) != 1 {
			t.Errorf("%+v, told %d times", m, len(o.messages(billing.NoticeAccountCorrected)))
		}
		if sent := o.entries(); len(sent) != 2 || sent[1] != next {
			t.Errorf("sent %q, want %q", sent, next)
		}
		o.verify()
	})
}

// A correction of an entry that nobody sent, and one that would make two accounts
// the same, wait for a person.
func TestACorrectionThatFitsNothingWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest("70031842999")))(t)
		p := o.pay(a, 5_00)
		o.to(o.day + 1)
		res := got(o.ReadReturns(ctx, system, "noc", changeFile(t, o.day, change{"121042889999999", "C01", "70031842998"}, change{o.trace(p.ID), "C01", "70031842999"})))(t)
		if res.Changes != 2 || len(res.Aside) != 2 {
			t.Errorf("%+v", res)
		}
	})
}

// A correction of a deposit is applied, and the check goes on.
func TestACorrectionOfADepositDoesNotEndTheCheck(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, m := o.unsure("")
		o.to(o.day + 1)
		amounts, traces := o.deposits("5550006617")
		got(o.ReadReturns(ctx, system, "noc", changeFile(t, o.day, change{traces[0], "C01", "5550006618"}, change{traces[1], "C01", "5550006618"})))(t)
		if m := o.standing(a, m.ID); m.Last4 != "6618" || m.Validation != billing.Validating || !m.Check.Open {
			t.Errorf("%+v %+v", m, m.Check)
		}
		must(t, o.say(a, m.ID, amounts[0], amounts[1]))
	})
}

// ready is a borrower with autopay and a scheduled payment from the first account.
func (o *office) drawn() *account {
	o.Helper()
	a := o.take("L1", loan())
	got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: servicing.NewKey(), Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src))(o)
	req := o.request(a, 7_00)
	req.Date = day("2026-01-28")
	got(o.SubmitPayment(ctx, a.actor, req, src))(o)
	return a
}

func (o *office) drawsFrom(a *account, want servicing.MethodID) {
	o.Helper()
	var autopay, payment string
	must(o, o.raw.QueryRow(`SELECT method_id FROM autopay WHERE ended_at = 0`).Scan(&autopay))
	must(o, o.raw.QueryRow(`SELECT method_id FROM payment WHERE state = 'scheduled'`).Scan(&payment))
	if autopay != string(want) || payment != string(want) {
		o.Errorf("autopay draws from %s and the payment from %s, not %s", autopay, payment, want)
	}
}

func TestAReplacedAccountIsDrawnFromOnceItIsChecked(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.drawn()
		o.provider(servicing.AccountUnsure, nil, "")
		req := bankRequest("5550006617")
		var next servicing.Method
		for range 2 { // the same form twice
			next = got(o.ReplaceBankAccount(ctx, o.fresh(a.actor), a.bank, req, src))(t)
		}
		o.drawsFrom(a, a.bank)
		if d := got(o.MethodInDetail(ctx, a.actor, a.bank))(t); d.Taking == nil || d.Taking.ID != next.ID || len(d.Uses) != 2 {
			t.Errorf("%+v", d)
		}
		o.to(o.day + 1)
		amounts, _ := o.deposits("5550006617")
		must(t, o.say(a, next.ID, amounts[0], amounts[1]))
		o.drawsFrom(a, next.ID)
		list := got(o.Methods(ctx, a.actor))(t)
		if len(list) != 1 || list[0].ID != next.ID || !list[0].Default {
			t.Errorf("%+v", list)
		}
		if in := got(o.Card(ctx, a.actor, a.id))(t).Autopay; in == nil || in.Method.Last4 != "6617" || !bytes.Contains([]byte(in.Authorization), []byte("ending in 6617")) {
			t.Errorf("%+v", in)
		}
		if n := len(o.messages(billing.NoticeMethodReplaced)); n != 2 { // an alarm: by e-mail and as a text
			t.Errorf("told %d times", n)
		}
		o.to(day("2026-01-29"))
		if sent := o.entries(); sent[len(sent)-1] != "27 231380104 5550006617 JORDAN AVERY" {
			t.Errorf("%q", sent)
		}
		o.verify()
	})
}

func TestAReplacedAccountIsDrawnFromAtOnceWhenTheProviderKnowsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.drawn()
		next := got(o.ReplaceBankAccount(ctx, o.fresh(a.actor), a.bank, bankRequest("5550006617"), src))(t)
		o.drawsFrom(a, next.ID)
	})
}

// A check that passes while the day is closed moves what is drawn as well.
func TestAPrenoteThatPassesMovesWhatIsDrawn(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.drawn()
		o.provider(servicing.AccountUnsure, nil, billing.ByPrenote)
		next := got(o.ReplaceBankAccount(ctx, o.fresh(a.actor), a.bank, bankRequest("5550006617"), src))(t)
		o.to(day("2026-01-22"))
		o.drawsFrom(a, a.bank)
		o.to(day("2026-01-23"))
		o.drawsFrom(a, next.ID)
	})
}

func TestAMethodIsRemovedWhenNothingDrawsFromItOrAnotherTakesItsPlace(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.drawn()
		other := got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest("5550006617")))(t)
		remove := func(id, to servicing.MethodID) string {
			return outcome(o.RemoveMethod(ctx, o.fresh(a.actor), id, to, src))
		}
		for to, want := range map[servicing.MethodID]string{"": "refused autopay_uses", a.bank: "refused method_gone", "none": "fault: not found"} {
			if did := remove(a.bank, to); did != want {
				t.Errorf("to %q: %s", to, did)
			}
		}
		o.force(`UPDATE payment_method SET validation = 'none' WHERE id = $1`, string(other.ID))
		if did := remove(a.bank, other.ID); did != "refused method_unchecked" {
			t.Errorf("to one that is not checked: %s", did)
		}
		o.drawsFrom(a, a.bank)
		o.force(`UPDATE payment_method SET validation = 'validated' WHERE id = $1`, string(other.ID))
		if did := remove(a.bank, other.ID); did != "accepted" {
			t.Errorf("to another: %s", did)
		}
		o.drawsFrom(a, other.ID)
	})
}

func TestAMethodHasANicknameAndOneIsOfferedFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		other := got(o.AddBankAccount(ctx, o.fresh(a.actor), bankRequest("5550006617")))(t)
		card := servicing.MethodID("card-1")
		o.force(`INSERT INTO payment_method (customer_id, id, key, input_hash, kind, nickname, is_default, type, holder, routing, bank_name, account, account_hash,
			validation, validated_by, validated_at, stop_code, brand, funding, exp_month, exp_year, processor, token, last4, created_at, removed_at)
			VALUES ($1, 'card-1', 'k', '', 'card', '', 0, '', '', '', '', '', '', 'validated', 'processor', 1, '', 'visa', 'debit', 12, 2029, 'cus_1', 'pm_1', '4242', 1, 0)`, a.actor.ID)
		first := func() servicing.MethodID { return got(o.Methods(ctx, a.actor))(t)[0].ID }
		if first() != a.bank {
			t.Error("the first account is not offered first")
		}
		for _, id := range []servicing.MethodID{other.ID, card} {
			must(t, o.SetDefaultMethod(ctx, a.actor, id))
			must(t, o.RenameMethod(ctx, a.actor, id, "  Our   household "))
			if first() != id || o.standing(a, id).Nickname != "Our household" {
				t.Errorf("%+v", got(o.Methods(ctx, a.actor))(t))
			}
		}
		for name, want := range map[string]string{"4111 1111 1111 1111": "refused nickname_number", "a\u202eb": "refused nickname_letters", string(make([]byte, 50)): "refused nickname_long"} {
			if did := outcome(o.RenameMethod(ctx, a.actor, other.ID, name)); did != want {
				t.Errorf("%q: %s", name, did)
			}
		}
		if did := outcome(o.RemoveMethod(ctx, o.fresh(a.actor), card, "", src)); did != "accepted" {
			t.Errorf("the card: %s", did)
		}
	})
}

// An account that another servicer drew from of late is validated by that, and an
// older one is not.
func TestAnImportedAccountIsKnownByItsLastDebit(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		for number, settled := range map[string]money.Date{"5550006601": o.day - 20, "5550006602": o.day - 181, "5550006603": o.day + 1, "5550006604": 0} {
			in := servicing.ImportedAccount{Contract: a.id, Holder: "Jordan Avery", Type: "checking", Routing: bankRouting, Account: number, Settled: settled}
			m := got(o.ImportBankAccount(ctx, system, in))(t)
			if again := got(o.ImportBankAccount(ctx, system, in))(t); again.ID != m.ID {
				t.Error("imported twice")
			}
			if valid := m.Validation == billing.Validated && m.CheckedBy == billing.ByPriorEntry; valid != (settled == o.day-20) {
				t.Errorf("settled %s: %+v", settled, m)
			}
		}
	})
}
