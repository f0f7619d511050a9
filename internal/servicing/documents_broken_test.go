//go:build broken

package servicing_test

import "testing"

// brokenDocuments are programs that keep or show papers wrongly in one way each.
var brokenDocuments = brokenPrograms{
	"a borrower opens the other's paper": {"TestAnothersPaperOnTheSameContractIsTheirs", []patch{
		{"document.go", `	case d.CustomerID != "" && d.CustomerID != who:
		return out, ErrNotFound
`, ``}}},
	"borrowers are told before the paper is there": {"TestAStatementIsToldOfWhenItsPaperIsKept", []patch{
		{"day.go", `		c.StatementOn = 0
`, `		if err := s.announce(tx, d); err != nil {
			return err
		}
		c.StatementOn = 0
`}}},
	"a receipt is made anew over the first": {"TestAReceiptStaysAsItWas", []patch{
		{"printed.go", `stage = string(p.State)`, `stage = "made"`}}},
	"a letter that another has replaced still holds": {"TestADealerChecksAPayoffLetter", []patch{
		{"payoffcheck.go", `err == nil && now.EventSeq == q.EventSeq`, `err == nil && now.EventSeq > 0`}}},
	"codes of letters can be tried for ever": {"TestCodesOfLettersAreNotGuessed", []patch{
		{"attempt.go", `"letter": {window: time.Hour, spare: 1000, stop: 30},`, `"letter": {window: time.Hour, spare: 1000},`}}},
	"a paper that cannot be set is nobody's": {"TestAPaperThatCannotBeSetIsPutOffAndShown", []patch{
		{"document.go", `		return s.exception(tx, day, &store.Exception{`, `		return nil
		return s.exception(tx, day, &store.Exception{`}}},
}

func TestBrokenDocumentsAreFound(t *testing.T) { brokenDocuments.areFound(t) }
