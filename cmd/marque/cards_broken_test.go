//go:build broken

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// brokenCards are programs that are wrong in one way each: the test named must
// fail on each of them. go test -tags broken -run BrokenCards.
var brokenCards = map[string]struct{ file, was, is, in, test string }{
	"a new key for each try": {"internal/cycle/cards.go", `p.Charge(ctx, rail.ChargeRequest{Key: t.ID,`, `p.Charge(ctx, rail.ChargeRequest{Key: t.ID + w.Clock().Time().String(),`,
		"cmd/marque", "TestTwoProcessesThatBothAskChargeOnce/sqlite"},
	"an event without a signature": {"internal/cycle/cardhook.go", "		case err != nil:\n			w.Log", "		case err != nil && len(body) == 0:\n			w.Log", "cmd/marque", "TestTheDoorForEvents"},
	"what is not known has failed": {"internal/cycle/cards.go", "	return w.Service.CardUnanswered(ctx, actor, t)", `	return w.Service.CardRefused(ctx, actor, t, "", "")`,
		"cmd/marque", "TestTroubleWithTheCardProcessorEndsRight/hangs"},
	"an answer that comes again is posted again": {"internal/servicing/cardseen.go", "	to := ch.Facts.State()\n",
		"	to := ch.Facts.State()\n	if p.State == billing.Settled && to == p.State {\n		return s.cardCharged(tx, c, p, ch, billing.Settled, day, actor)\n	}\n",
		"internal/servicing", "TestAnswersInAnyOrderEndInOneState/sqlite"},
	"an event's word is the truth": {"internal/servicing/cardevent.go", "		tx.WakeCharge(ch.PaymentID, now)\n",
		"		tx.WakeCharge(ch.PaymentID, now)\n		if c, err := tx.TakeContract(ch.ContractID, \"\"); err == nil {\n			p, err := tx.Payment(c.ID, ch.PaymentID)\n			if err != nil {\n				return err\n			}\n			if err := s.learn(tx, c, p, ch, billing.CardFacts{Opened: true, Charged: ch.Amount}, identity.System(\"event\")); err != nil {\n				return err\n			}\n		}\n",
		"cmd/marque", "TestTroubleWithTheProcessorsEventsEndsRight/lies-paid"},
	"any amount is applied": {"internal/servicing/cardseen.go", "if a.Facts.Charged != 0 && a.Facts.Charged != ch.Amount {", "if a.Facts.Charged != ch.Amount {\n			a.Facts.Charged = min(a.Facts.Charged, ch.Amount)\n		}\n		if false {",
		"internal/servicing", "TestAnotherAmountIsNeverApplied/sqlite"},
	"one task for everybody": {"internal/store/card.go", "WHERE payment_id = $1 AND try_at = $2`)\n	updateCharge", "WHERE payment_id = $1 AND $2 > 0`)\n	updateCharge",
		"internal/servicing", "TestFiftyConfirmationsByCardAreOneRequest/postgres"},
	"a payout is posted each day": {"internal/servicing/cardpayout.go", "		if done, err = tx.PostPayoutLine(l.ID, s.clock()); err != nil || !done {", "		if done = true; err != nil {",
		"internal/servicing", "TestWhatTheProcessorPaysOutGoesToCashOnce/sqlite"},
	"one person gives money back": {"internal/servicing/cardrefund.go", "AskedBy: actor.String(), Created: s.clock()})", "AskedBy: actor.String(), Created: s.clock()})\n		if r, err := tx.RefundByApproval(approval); err == nil {\n			r.State, r.AgreedBy, r.TryAt = \"agreed\", \"staff:nobody\", s.clock()\n			tx.SaveRefund(r)\n		}",
		"internal/servicing", "TestARefundNeedsTwoPeople/sqlite"},
}

func TestBrokenCardsAreFound(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range brokenCards {
		t.Run(what, func(t *testing.T) {
			name := filepath.Join(root, b.file)
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(text), b.was) != 1 {
				t.Fatalf("%s does not hold %q once", b.file, b.was)
			}
			dir := t.TempDir()
			broken, list := filepath.Join(dir, filepath.Base(name)), filepath.Join(dir, "overlay.json")
			overlay, err := json.Marshal(struct{ Replace map[string]string }{map[string]string{name: broken}})
			if err != nil {
				t.Fatal(err)
			}
			for path, content := range map[string]string{broken: strings.Replace(string(text), b.was, b.is, 1), list: string(overlay)} {
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := exec.CommandContext(t.Context(), "go", "test", "-overlay", list, "-vet=off", "-count=1", "-timeout", "120s", "-run", "^"+strings.ReplaceAll(b.test, "/", "$/^"), "./"+b.in)
			run.Dir = root
			out, err := run.CombinedOutput()
			top, _, _ := strings.Cut(b.test, "/")
			if err == nil || !strings.Contains(string(out), "--- FAIL: "+top) {
				t.Errorf("%s does not find it: %v\n%s", b.test, err, out)
			}
		})
	}
}
