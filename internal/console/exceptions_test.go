package console

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"marque/internal/ach"
	"marque/internal/money"
)

var (
	itemPath    = regexp.MustCompile(`href="(/exceptions/[0-9A-Za-z_-]+)"`)
	reversePath = regexp.MustCompile(`href="(/customers/[^"]+/reverse)"`)
)

// A return that nobody knows is looked at and cleared with a reason; a payment
// that was sent by mistake goes back when two people say so.
func TestExceptionsAndReversalsAtTheDesk(t *testing.T) {
	d := openDesk(t)
	_, agent, boss := d.staffed()
	_, err := d.svc.OpenDay(ctx, system, money.NewDate(2026, 11, 22), money.NewDate(2026, 11, 23))
	must(t, err)
	_, err = d.svc.CutFile(ctx, system, money.NewDate(2026, 11, 23))
	must(t, err)
	var file bytes.Buffer
	must(t, ach.Write(&file, &ach.File{
		Header: ach.FileHeader{ImmediateDestination: "121042882", ImmediateOrigin: "231380104", CreationDate: money.NewDate(2026, 11, 23), FileIDModifier: "A"},
		Batches: []ach.Batch{{
			Header: ach.BatchHeader{ServiceClass: ach.DebitsOnly, CompanyName: "KESTRANE MOTOR", CompanyID: "9000000001", SEC: ach.WEB, EntryDescription: "AUTO PYMT",
				EffectiveDate: money.NewDate(2026, 11, 20), OriginatorStatus: "1", ODFI: "23138010", BatchNumber: 1},
			Entries: []ach.Entry{{TransactionCode: ach.CheckingReturnOrChangeDebit, RDFI: "121042882", Account: "5550001112", Amount: 77_14, Name: "SOMEBODY", Trace: "231380100000001",
				Return: &ach.ReturnAddenda{Code: "R03", OriginalTrace: "121042880004711", OriginalRDFI: "23138010", Trace: "231380100000001"}}},
		}},
	}))
	_, err = d.svc.ReadReturns(ctx, system, "r.ach", file.Bytes())
	must(t, err)

	agent.open("/exceptions")
	agent.expect("/exceptions", "Return of an unknown entry", "$77.14", "no entry has this trace number", "All (1)")
	item := itemPath.FindStringSubmatch(agent.page)[1]
	agent.open(item)
	agent.expect(item, "Ask our bank which entry is meant", "A supervisor clears it")
	if agent.send(item+"/clear", "note", "asked"); agent.status != http.StatusForbidden {
		t.Errorf("an agent cleared it: %d", agent.status)
	}
	boss.open(item)
	boss.send(item + "/clear")
	boss.expect(item+"/clear", "Say how it was dealt with")
	boss.send(item+"/clear", "note", "the bank took it back")
	boss.expect("/exceptions", "Nothing here", "It stays in the list of cleared items")
	boss.open("/exceptions?cleared=1")
	boss.expect("/exceptions", "by Sam Colleague: the bank took it back")
	boss.open(item)
	boss.expect(item, "Cleared</span>", "by Sam Colleague")
	if boss.open("/exceptions?kind=nonsense"); boss.status != http.StatusNotFound {
		t.Errorf("a kind that there is not: %d", boss.status)
	}
	boss.open("/rates")
	boss.expect("/rates", "Unauthorized", "0.5 %", "Below half of the level")

	maya := "/customers/" + string(d.who)
	agent.send(maya+"/view", "reason", why)
	found := reversePath.FindStringSubmatch(agent.page)
	if found == nil {
		t.Fatalf("no payment can be reversed:\n%s", agent.page)
	}
	agent.open(found[1])
	agent.expect(found[1], "Reverse a payment of $100.00", "A supervisor must agree by Dec 1, 2026", "sent twice")
	agent.send(found[1], "reason", why)
	agent.expect(found[1], "Choose what was wrong with the payment")
	agent.send(found[1], "why", "duplicate", "reason", why)
	agent.expect("/approvals", "Reverse a payment: Maya Okafor", "The same payment was sent twice", "Somebody else must agree")
	boss.open("/approvals")
	form, hash := approvalPath.FindStringSubmatch(boss.page)[1], boss.hidden("hash")
	boss.send(form, "hash", hash, "kind", "reversal", "verdict", "agree")
	if boss.at == "/confirm" {
		boss.confirm()
		boss.send(form, "hash", hash, "kind", "reversal", "verdict", "agree")
	}
	boss.expect("/approvals", "The payment is off the account")
	agent.open(maya)
	if reversePath.MatchString(agent.page) {
		t.Error("it can be reversed again")
	}
	if strings.Contains(agent.seen+boss.seen, "5550001112") {
		t.Error("a page shows an account number")
	}
}
