//go:build broken

package servicing_test

import "testing"

// brokenHistories are programs that read a history wrongly in one way each.
var brokenHistories = brokenPrograms{
	"whose history it is does not matter": {"TestAnotherBorrowersHistoryIsNotThere", []patch{
		{"history.go", "	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {\n		b, err := s.passbook(tx, c)\n		if err != nil {\n			return err\n		}\n		h.AccountHead",
			"	err = s.view(ctx, identity.System(\"x\"), id, func(tx *store.Tx, c *store.Contract) error {\n		b, err := s.passbook(tx, c)\n		if err != nil {\n			return err\n		}\n		h.AccountHead"}}},
	"a page begins with the last of the one before": {"TestPagesOfAHistoryAreTheWholeOfItInBothDirections", []patch{
		{"history.go", "		from++\n", ""}}},
	"the way back gives the first and not the last": {"TestPagesOfAHistoryAreTheWholeOfItInBothDirections", []patch{
		{"history.go", `if req.Before != "" { // the last before the key`, `if req.Before == "never" {`}}},
	"balances are those of the order of posting": {"TestTheBalancesOfAHistoryAreTheAccounts", []patch{
		{"../billing/history.go", "l.Balance, l.Owed = balance, owed", "l.Owed = owed"}}},
	"fees count as principal paid": {"TestAYearSumsWhatItsStatementsSum", []patch{
		{"../billing/year.go", "s.Principal += paid.Principal", "s.Principal += paid.Principal + paid.OtherFee"}}},
}

func TestBrokenHistoriesAreFound(t *testing.T) { brokenHistories.areFound(t) }
