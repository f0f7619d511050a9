package servicing_test

import (
	"strings"
	"testing"

	"marque/internal/servicing"
	"marque/internal/store"
)

func TestWhoSawThisCustomerAndWhatDidThisPersonRead(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		first, second := o.together("L1")
		o.pay(second, 10_00)
		other := o.take("L2", loan())
		must(t, o.db.Update(ctx, func(tx *store.Tx) error {
			tx.AuditRow(store.AuditRow{At: 5, Actor: "staff:7", Action: "read_customer", Subject: first.actor.ID, Reason: "called about a payment"})
			tx.AuditRow(store.AuditRow{At: 6, Actor: "staff:7", Action: "read_customer", Subject: other.actor.ID, Reason: "called about a letter"})
			return nil
		}))
		said := func(rows []servicing.AuditRow) (out string) {
			for _, r := range rows {
				out += r.Actor + " " + r.Action + " " + r.Reason + "\n"
			}
			return out
		}
		// The other borrower's payment is about the contract that both owe.
		of := said(got(o.AuditOf(ctx, system, "CL1", ""))(t))
		for _, want := range []string{"staff:7 read_customer called about a payment", second.actor.String() + " pay", first.actor.String() + " add_bank_account"} {
			if !strings.Contains(of, want) {
				t.Errorf("%q is not in\n%s", want, of)
			}
		}
		if strings.Contains(of, "letter") || strings.Contains(of, second.actor.String()+" add_bank_account") {
			t.Errorf("another's is in\n%s", of)
		}
		by := got(o.AuditBy(ctx, system, "staff:7", ""))(t)
		if len(by) != 2 || by[0].Reason != "called about a letter" {
			t.Errorf("%+v", by)
		}
		if rest := got(o.AuditBy(ctx, system, "staff:7", by[0].ID))(t); len(rest) != 1 || rest[0].ID != by[1].ID {
			t.Errorf("the next page: %+v", rest)
		}
	})
}

// Who can change a row can write the whole chain anew behind it. A head that was
// kept somewhere else says so.
func TestAChainWrittenAnewIsNotTheOneThatWasKept(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.pay(a, 10_00)
		if n := got(o.SealAudit(ctx, system))(t); n < 3 {
			t.Fatalf("%d sealed", n)
		}
		head := got(o.AuditHead(ctx, system))(t)
		o.pay(a, 20_00)
		got(o.SealAudit(ctx, system))(t)
		if p := got(o.VerifyAudit(ctx, system, []servicing.AuditHead{head}))(t); p.Broken != "" || p.Unsealed != 0 || p.Sealed <= head.Seq {
			t.Fatalf("%+v", p)
		}
		for _, table := range []string{"audit", "audit_chain"} {
			names := []string{table + "_never_changed ON " + table}
			if o.db.Name() == "sqlite" {
				names = []string{table + "_never_update", table + "_never_delete"}
			}
			for _, name := range names {
				got(o.raw.Exec(`DROP TRIGGER ` + name))(t)
			}
		}
		got(o.raw.Exec(`UPDATE audit SET detail = 'nothing' WHERE action = 'pay'`))(t)
		p := got(o.VerifyAudit(ctx, system, nil))(t)
		if !strings.HasSuffix(p.Broken, "changed") {
			t.Errorf("a changed row: %+v", p)
		}
		got(o.raw.Exec(`DELETE FROM audit_chain`))(t)
		got(o.raw.Exec(`INSERT INTO audit_unsealed SELECT id FROM audit`))(t)
		got(o.SealAudit(ctx, system))(t)
		if p := got(o.VerifyAudit(ctx, system, nil))(t); p.Broken != "" {
			t.Errorf("alone, the new chain is sound: %+v", p)
		}
		if p := got(o.VerifyAudit(ctx, system, []servicing.AuditHead{head}))(t); !strings.Contains(p.Broken, "written anew") {
			t.Errorf("beside the head that was kept: %+v", p)
		}
	})
}
