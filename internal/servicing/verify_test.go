package servicing_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/tape"
)

// unlock takes the guards off, as one with the database's own password could.
func (o *office) unlock() {
	o.Helper()
	for _, table := range []string{"event", "entry", "posting", "agreement", "document", "statement", "audit"} {
		names := []string{table + "_never_changed ON " + table}
		if o.db.Name() == "sqlite" {
			names = []string{table + "_never_update", table + "_never_delete"}
		}
		for _, name := range names {
			_, err := o.raw.Exec(`DROP TRIGGER ` + name)
			must(o, err)
		}
	}
}

// Each is done behind the store's back to one contract, of which a payment of
// 450.00 was posted as event 1 and entry 2, sent and settled, and two statements
// cut; verify must find it and name it.
var tamperings = []struct{ name, text, named string }{
	{"one posting changed", `UPDATE posting SET amount = amount + 1 WHERE contract_id = $1 AND entry_id = 2 AND account = 'principal'`, "entry 2"},
	{"a cent moved from interest to principal", `UPDATE posting SET amount = amount + CASE account WHEN 'principal' THEN 1 ELSE -1 END
		WHERE contract_id = $1 AND entry_id = 2 AND account IN ('principal', 'interest_income')`, "application of event 1"},
	{"the opening balance changed on both sides", `UPDATE posting SET amount = amount + CASE WHEN amount > 0 THEN 100 ELSE -100 END
		WHERE contract_id = $1 AND entry_id = 1`, "ledger balance of principal"},
	{"the settlement posted elsewhere", `UPDATE posting SET account = 'portfolio' WHERE contract_id = $1 AND entry_id = 3 AND account = 'cash'`, "ledger balance of cash"},
	{"an event's amount", `UPDATE event SET amount = 44900 WHERE contract_id = $1`, "state"},
	{"an event's date", `UPDATE event SET effective = '2026-02-14' WHERE contract_id = $1`, "state"},
	{"an event gone", `DELETE FROM event WHERE contract_id = $1`, "number of events"},
	{"an event that no payment has", `INSERT INTO event SELECT contract_id, 2, kind, effective, amount, instalment, reverses, detail, payment_id, '', '', posted_at, actor
		FROM event WHERE contract_id = $1`, "event 2"},
	{"the state's principal", `UPDATE contract SET state = REPLACE(state, '"principal":"23670.26"', '"principal":"23670.25"') WHERE id = $1`, "state"},
	{"the rate", `UPDATE contract SET terms = REPLACE(terms, '"annual_rate":"0.059"', '"annual_rate":"0.058"') WHERE id = $1`, "state"},
	{"the status", `UPDATE contract SET status = 'paid' WHERE id = $1`, "status"},
	{"the late fee put off", `UPDATE contract SET late_fee_on = '2099-01-01' WHERE id = $1`, "late fee date"},
	{"a settled payment called cancelled", `UPDATE payment SET state = 'cancelled' WHERE contract_id = $1`, "(cancelled) stands in the account"},
	{"a settled payment called sent", `UPDATE payment SET state = 'submitted' WHERE contract_id = $1`, "ledger balance of ach_in_transit"},
	{"a payment's amount", `UPDATE payment SET amount = amount + 1 WHERE contract_id = $1`, "amount"},
	{"what a receipt says", `UPDATE payment SET plan = REPLACE(plan, '"principal":"329.74"', '"principal":"329.75"') WHERE contract_id = $1`, "receipt"},
	{"a payment gone", `DELETE FROM payment WHERE contract_id = $1`, "event 1"},
	{"a statement's words", `UPDATE document SET content = REPLACE(content, 'Springfield', 'Springfeld') WHERE contract_id = $1 AND once = 'statement:2026-02-22'`, "(statement of 2026-02-22) content"},
	{"a statement's closing balance", `UPDATE statement SET closing_balance = closing_balance - 1 WHERE contract_id = $1 AND closing = '2026-02-22'`, "statement 2026-02-22 closing balance"},
	{"a statement's figure and its hash", "", "statement 2026-02-22 ending balance on paper"},
}

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		var all []tape.Boarding
		for i := range len(tamperings) + 1 {
			all = append(all, boarding(fmt.Sprintf("L%02d", i), loan()))
		}
		accounts := o.takeAll(all...)
		o.to(day("2026-02-15"))
		for _, a := range accounts {
			o.pay(a, 450_00)
		}
		o.to(day("2026-02-23"))
		if res := o.verify(); res.Contracts != len(all) || res.Statements != 2*len(all) || res.Differing != 0 {
			t.Fatalf("before: %+v", res)
		}
		o.unlock()
		for i, c := range tamperings {
			id := string(accounts[i].id)
			if c.text == "" {
				o.forgeStatement(id)
				continue
			}
			res, err := o.raw.Exec(c.text, id)
			must(t, err)
			if n := got(res.RowsAffected())(t); n == 0 {
				t.Errorf("%s: nothing was changed", c.name)
			}
		}
		res := got(o.Verify(ctx, system, nil))(t)
		found := map[servicing.ContractID][]string{}
		for _, f := range res.Findings {
			found[f.Contract] = append(found[f.Contract], f.What)
		}
		for i, c := range tamperings {
			if all := strings.Join(found[accounts[i].id], "; "); !strings.Contains(all, c.named) {
				t.Errorf("%s: found %q, want %q among it", c.name, all, c.named)
			}
		}
		if res.Differing != len(tamperings) || len(found[accounts[len(tamperings)].id]) != 0 {
			t.Errorf("%d contracts differ, want %d; of the sound one: %q", res.Differing, len(tamperings), found[accounts[len(tamperings)].id])
		}
	})
}

// forgeStatement changes a statement's ending balance and makes its hash fit.
func (o *office) forgeStatement(contract string) {
	o.Helper()
	var content string
	must(o, o.raw.QueryRow(`SELECT content FROM document WHERE contract_id = $1 AND once = 'statement:2026-02-22'`, contract).Scan(&content))
	forged := strings.Replace(content, `"ending_balance":"23670.26"`, `"ending_balance":"23600.26"`, 1)
	sum := sha256.Sum256([]byte(forged))
	_, err := o.raw.Exec(`UPDATE document SET content = $1, content_hash = $2 WHERE contract_id = $3 AND once = 'statement:2026-02-22'`, forged, hex.EncodeToString(sum[:]), contract)
	must(o, err)
	if forged == content {
		o.Error("the statement holds no such ending balance")
	}
}

func TestTheGuardsHoldWithoutVerify(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.pay(o.take("L1", loan()), 450_00)
		for _, table := range []string{"event", "entry", "posting", "agreement", "audit"} {
			if _, err := o.raw.Exec(`DELETE FROM ` + table); err == nil {
				t.Errorf("rows of %s were deleted", table)
			}
		}
		if _, err := o.raw.Exec(`UPDATE posting SET amount = amount * 2`); err == nil {
			t.Error("postings were changed")
		}
	})
}

func TestTheFileToTheBankReadsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		accounts := o.takeAll(boarding("L1", loan()), boarding("L2", loan()), boarding("L3", loan()))
		savings := bankRequest("8811223344")
		savings.Type, savings.Holder = "savings", "Renée Ångström de la Fuente"
		accounts[2].bank = got(o.AddBankAccount(ctx, o.fresh(accounts[2].actor), savings))(t).ID
		got(o.EnrollAutopay(ctx, o.fresh(accounts[1].actor), servicing.AutopayRequest{Key: "k", Contract: accounts[1].id, Method: accounts[1].bank, Signed: servicing.AutopayWord}, src))(t)
		o.to(day("2026-02-13")) // a Friday before Presidents' Day
		first, third := o.pay(accounts[0], 450_00), o.pay(accounts[2], 123_45)
		cut := got(o.CutFile(ctx, system, o.day))(t)
		if cut.Entries != 2 || cut.Total != 573_45 {
			t.Errorf("%+v", cut)
		}
		f := o.readBack(cut.File)
		h := f.Batches[0].Header
		if len(f.Batches) != 1 || h.SEC != ach.WEB || h.ServiceClass != ach.DebitsOnly || h.EffectiveDate != day("2026-02-17") || h.ODFI != lender.ODFI[:8] || f.Control.TotalDebit != 573_45 {
			t.Errorf("%+v, %+v", h, f.Control)
		}
		e := f.Batches[0].Entries
		if e[0].TransactionCode != ach.CheckingDebit || e[0].Account != bankAccount || e[0].RDFI != bankRouting || e[0].Amount != 450_00 ||
			e[0].Name != "JORDAN AVERY" || e[0].Discretionary != "S" || e[0].IndividualID != strings.ReplaceAll(first.Confirmation, "-", "") {
			t.Errorf("%+v", e[0])
		}
		if e[1].TransactionCode != ach.SavingsDebit || e[1].Account != "8811223344" || e[1].Name != "R A DE LA FUENTE" || e[1].Trace != o.trace(third.ID) {
			t.Errorf("%+v", e[1])
		}
		o.to(day("2026-02-18"))
		second := o.readBack("2026-02-17-A.ach")
		d := second.Batches[0].Entries[0]
		if d.Discretionary != "R" || d.Amount != 450_00 || second.Batches[0].Header.EffectiveDate != day("2026-02-18") {
			t.Errorf("autopay: %+v", d)
		}
		last := ach.TraceNumber("")
		for _, e := range append(e, second.Batches[0].Entries...) {
			if e.Trace <= last || !strings.HasPrefix(string(e.Trace), lender.ODFI[:8]) {
				t.Errorf("trace %s after %s", e.Trace, last)
			}
			last = e.Trace
		}
		if again := got(o.CutFile(ctx, system, o.day))(t); again.File != "" {
			t.Errorf("a file of nothing: %+v", again)
		}
	})
}

func (o *office) readBack(name string) *ach.File {
	o.Helper()
	for _, f := range got(o.FilesToDrop(ctx, system))(o) {
		if f.Name == name {
			return got(ach.Read(bytes.NewReader(f.Content)))(o)
		}
	}
	o.Fatalf("no file %s is waiting", name)
	return nil
}

// Everything that touches personal data is done once, and then no table holds
// any of it as it was typed.
func TestNoTableHoldsPersonalNumbersInTheClear(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.activate()
		got(o.EnrollAutopay(ctx, o.fresh(a.actor), servicing.AutopayRequest{Key: "k", Contract: a.id, Method: a.bank, Signed: servicing.AutopayWord}, src))(t)
		p := o.pay(a, 450_00)
		o.to(day("2026-02-18"))
		o.bringBack(p.ID, "R01")
		got(o.ReadReturns(ctx, system, "unknown", returnFile(t, o.day, "B", returned{"121042889999999", "R01", money.Cents(1)})))(t)
		o.expect(1, "kept aside", `SELECT COUNT(*) FROM exception WHERE kind = 'unknown_return'`)
		req := o.request(a, 450_00)
		req.Kind = billing.AmountPayoff
		req.Amount = got(o.Account(ctx, a.actor, a.id))(t).Payoff.Total
		got(o.SubmitPayment(ctx, a.actor, req, src))(t)
		o.to(day("2026-02-23"))
		rows := o.everything()
		if len(rows) < 40 {
			t.Fatalf("only %d rows", len(rows))
		}
		for _, row := range rows {
			for what, canary := range map[string]string{
				"bank account": bankAccount, "SSN": nationalID, "birth date": birthDate, "password": password,
				"SSN with hyphens": nationalID[:3] + "-" + nationalID[3:5] + "-" + nationalID[5:],
			} {
				if strings.Contains(row, canary) {
					t.Errorf("%s in the clear: %s", what, row[:min(len(row), 200)])
				}
			}
		}
		// The search would see it: the name is not encrypted.
		if !strings.Contains(strings.Join(rows, "\n"), "Avery") {
			t.Error("the search finds nothing at all")
		}
	})
}

// Each is done to a database in which three payments went out in one file, of
// which one came back and is tried again, and one was reversed.
var sendings = []struct{ name, text, named string }{
	{"an entry's amount", `UPDATE ach_entry SET amount = amount + 1 WHERE payment_id = $1`, "amount"},
	{"an entry of no payment", `UPDATE ach_entry SET payment_id = 'nobody' WHERE payment_id = $1`, "no payment has it"},
	{"an entry gone", `DELETE FROM ach_entry WHERE payment_id = $1`, "no entry in any file"},
	{"an entry in another file", `UPDATE ach_entry SET file_id = (SELECT MAX(id) FROM ach_file) WHERE payment_id = $1`, "file"},
	{"a payment that says it was sent with another file", `UPDATE payment SET file_id = 'none' WHERE id = $1`, "file"},
	{"a payment of nobody's making", `UPDATE payment SET made_by = '' WHERE id = $1`, "nobody"},
	{"a return of another code", `UPDATE ach_entry SET return_code = 'R02', returned_on = '2026-02-19' WHERE payment_id = $1`, "return"},
	{"a file's hash", `UPDATE ach_file SET hash = 'x' WHERE $1 <> ''`, "content"},
	{"a file's total", `UPDATE ach_file SET total = total + 1 WHERE $1 <> ''`, "total of debits"},
	{"an entry twice", `INSERT INTO ach_entry SELECT '999999999999999', file_id, 'retry', contract_id, payment_id, customer_id, method_id, sec, amount, effective, return_code, returned_on FROM ach_entry WHERE payment_id = $1 AND kind = 'debit'`, "two entries"},
}

func TestVerifyReadsTheFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		o.with(func(r *servicing.Rules) { r.Returns = servicing.Returns{Retry: 1, RetryAfter: 1} })
		a := o.take("L1", loan())
		o.to(day("2026-02-16"))
		p, back := o.pay(a, 450_00), o.pay(a, 100_00)
		o.to(day("2026-02-19"))
		o.bringBack(back.ID, "R01")
		o.to(day("2026-02-25"))
		if res := o.verify(); res.Files != 2 || res.FilesDiffering != 0 {
			t.Fatalf("%+v", res)
		}
		for _, c := range sendings {
			tx := got(o.raw.Begin())(t)
			saved := []string{"ach_entry", "ach_file", "payment"}
			for _, table := range saved {
				if _, err := tx.Exec(`CREATE TABLE kept_` + table + ` AS SELECT * FROM ` + table); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := tx.Exec(c.text, string(p.ID)); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			must(t, tx.Commit())
			var found []string
			for _, f := range got(o.Verify(ctx, system, nil))(t).Findings {
				found = append(found, f.String())
			}
			if all := strings.Join(found, "; "); !strings.Contains(all, c.named) {
				t.Errorf("%s: found %q, want %q among it", c.name, all, c.named)
			}
			tx = got(o.raw.Begin())(t)
			for _, text := range []string{`DELETE FROM ach_entry`, `DELETE FROM payment`, `DELETE FROM ach_file`,
				`INSERT INTO ach_file SELECT * FROM kept_ach_file`, `INSERT INTO payment SELECT * FROM kept_payment`, `INSERT INTO ach_entry SELECT * FROM kept_ach_entry`,
				`DROP TABLE kept_ach_file`, `DROP TABLE kept_payment`, `DROP TABLE kept_ach_entry`} {
				if _, err := tx.Exec(text); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
			}
			must(t, tx.Commit())
			o.verify()
		}
	})
}
