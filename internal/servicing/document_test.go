package servicing_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"marque/internal/archive"
	"marque/internal/billing"
	"marque/internal/servicing"
)

// says reads the snapshot that a paper is set from.
func says[T any](o *office, d servicing.DueDocument) (v T) {
	o.Helper()
	must(o, json.Unmarshal(d.Content, &v))
	return v
}

// filePapers stands for the archive: it names bytes for all papers that are due.
func (o *office) filePapers() (filed []servicing.DueDocument) {
	o.Helper()
	for {
		due := got(o.DocumentsDue(ctx, system, 100))(o)
		if len(due) == 0 {
			return filed
		}
		var files []servicing.Bytes
		for _, d := range due {
			files = append(files, servicing.Bytes{Hash: archive.Hash(d.Content), Size: int64(len(d.Content))})
		}
		must(o, o.FileDocuments(ctx, system, due, files))
		filed = append(filed, due...)
	}
}

func TestAStatementIsToldOfWhenItsPaperIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.activateAs("L1")
		must(t, o.CutStatement(ctx, system, a.id, day("2026-01-25")))
		if m := o.messages(billing.NoticeStatementReady); len(m) != 0 {
			t.Errorf("told before the paper is there: %+v", m)
		}
		d := got(o.StatementDocument(ctx, a.actor, a.id, day("2026-01-25")))(t)
		if d.Filed() || says[billing.Statement](o, d).Closing != day("2026-01-25") {
			t.Errorf("%+v", d.Document)
		}
		due := got(o.DocumentsDue(ctx, system, 9))(t)
		files := []servicing.Bytes{{Hash: archive.Hash([]byte("pages")), Size: 5}}
		for range 2 { // by two processes, or again after one was stopped
			must(t, o.FileDocuments(ctx, system, due, files))
		}
		if m := o.messages(billing.NoticeStatementReady); len(m) != 1 || m[0].Date != day("2026-01-25") || m[0].AmountDue == 0 {
			t.Errorf("%+v", m)
		}
		must(t, o.FileDocuments(ctx, system, due, []servicing.Bytes{{Hash: archive.Hash([]byte("others")), Size: 6}}))
		d = got(o.Document(ctx, a.actor, a.id, d.ID))(t)
		if d.Hash != files[0].Hash || d.Size != 5 || len(d.Content) != 0 {
			t.Errorf("what was filed has changed: %+v", d.Document)
		}
		if all := got(o.Documents(ctx, a.actor))(t); len(all) != 1 || all[0].Kind != billing.DocStatement || !all[0].Filed() {
			t.Errorf("%+v", all)
		}
	})
}

func TestAReceiptStaysAsItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		p := o.pay(a, 450_00)
		first := got(o.PrintReceipt(ctx, a.actor, a.id, p.ID))(t)
		r := says[billing.Receipt](o, first)
		if first.Kind != billing.DocReceipt || r.Amount != 450_00 || r.Confirmation != p.Confirmation || r.Allocation.Total() != 450_00 {
			t.Errorf("%+v", r)
		}
		if again := got(o.PrintReceipt(ctx, a.actor, a.id, p.ID))(t); again.ID != first.ID {
			t.Error("the same receipt was made twice")
		}
		o.filePapers()
		got(o.CancelPayment(ctx, a.actor, a.id, p.ID))(t)
		second := got(o.PrintReceipt(ctx, a.actor, a.id, p.ID))(t)
		if second.ID == first.ID || says[billing.Receipt](o, second).State != billing.Cancelled {
			t.Errorf("%+v", second.Document)
		}
		if kept := got(o.Document(ctx, a.actor, a.id, first.ID))(t); kept.Hash != archive.Hash(first.Content) {
			t.Errorf("%+v", kept.Document)
		}
	})
}

func TestASettledPaymentHasAReceiptAndAnAuthorizationItsPaper(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		v := newVictim(o, "L1")
		o.pay(&v.account, 450_00)
		o.to(day("2026-01-26"))
		kinds := map[billing.DocumentKind]int{}
		for _, d := range got(o.Documents(ctx, v.actor))(t) {
			kinds[d.Kind]++
		}
		if kinds[billing.DocReceipt] != 1 || kinds[billing.DocAuthorization] != 1 {
			t.Errorf("%v", kinds)
		}
		if n := len(o.filePapers()); n == 0 {
			t.Error("nothing was to be set")
		}
	})
}

// A paper made out to one borrower is not the other's, though both owe.
func TestAnothersPaperOnTheSameContractIsTheirs(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, second := o.together("L1")
		other := second.actor
		p := o.pay(a, 450_00)
		d := got(o.PrintReceipt(ctx, a.actor, a.id, p.ID))(t)
		if _, err := o.Document(ctx, other, a.id, d.ID); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("the other borrower opened it: %v", err)
		}
		if all := got(o.Documents(ctx, other))(t); len(all) != 0 {
			t.Errorf("the other borrower has %+v", all)
		}
		own := got(o.PrintReceipt(ctx, other, a.id, p.ID))(t)
		if r := says[billing.Receipt](o, own); own.ID == d.ID || r.Authorization != "" || strings.Contains(r.Recipient.Name, "Avery") && r.Recipient.Name == says[billing.Receipt](o, d).Recipient.Name {
			t.Errorf("%+v", r)
		}
	})
}

func TestAPaperThatCannotBeSetIsPutOffAndShown(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		must(t, o.CutStatement(ctx, system, a.id, day("2026-01-25")))
		due := got(o.DocumentsDue(ctx, system, 9))(t)
		for range 2 {
			must(t, o.DelayDocument(ctx, system, due[0], "It does not add up."))
		}
		if now := got(o.DocumentsDue(ctx, system, 9))(t); len(now) != 0 {
			t.Errorf("it is tried again at once: %d", len(now))
		}
		if items := o.exceptions(); len(items) != 1 || items[0].Kind != billing.PaperNotSet {
			t.Errorf("%+v", items)
		}
		o.wait(time.Hour)
		if now := got(o.DocumentsDue(ctx, system, 9))(t); len(now) != 1 {
			t.Error("it is never tried again")
		}
	})
}
