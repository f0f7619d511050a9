//go:build broken

package servicing_test

import "testing"

// brokenSettlement are programs that set the bank's statement beside the books
// wrongly in one way each. The test named must fail on each.
var brokenSettlement = brokenPrograms{
	"a file is not expected": {"TestTheBanksStatementIsSetBesideWhatWasExpected", []patch{
		{"cut.go", "	c.expected(row.Name)\n", ""}}},
	"a return is not expected": {"TestWhatTheBankTakesIsExpectedToo", []patch{
		{"returns.go", `err == nil && res.Repeated == repeated {`, `repeated < 0 {`}}},
	"a return comes in": {"TestWhatTheBankTakesIsExpectedToo", []patch{
		{"settlement.go", `e.Amount = -sign * r.Amount`, `e.Amount = sign * r.Amount`}}},
	"a return that answers to nothing is nothing": {"TestWhatTheBankTakesIsExpectedToo", []patch{
		{"settlement.go", `e.ID, e.Kind = fmt.Sprintf("unknown:%s:%s", r.Trace, r.ReturnTrace), billing.SettledUnknown`, `return nil`}}},
	"a line in two files is two": {"TestAStatementIsReadWholeOrNotAtAll", []patch{
		{"settlement.go", `inputHash(says, times[says])`, `inputHash(says, times[says], hash)`}}},
	"two equal lines of a file are one": {"TestAStatementIsReadWholeOrNotAtAll", []patch{
		{"settlement.go", `inputHash(says, times[says])`, `inputHash(says)`}}},
	"an interim report counts": {"TestAStatementIsReadWholeOrNotAtAll", []patch{
		{"settlement.go", "			interim++\n			continue\n", "			interim++\n"}}},
	"euro are dollars": {"TestAStatementIsReadWholeOrNotAtAll", []patch{
		{"settlement.go", `b.Currency != "USD"`, `b.Currency == ""`}, {"settlement.go", `l.Currency != "USD"`, `l.Currency == ""`}}},
	"totals are not looked at": {"TestAStatementIsReadWholeOrNotAtAll", []patch{
		{"../bai/bai2.go", `total != p.total {`, `false {`}}},
	"about right is right": {"TestTheBanksStatementIsSetBesideWhatWasExpected", []patch{
		{"../billing/settlement.go", `range bySum[o.sum] {`, `range append(bySum[o.sum], bySum[o.sum+1]...) {`}}},
	"the first of two is taken": {"TestALineThatComesLateAnswersTheQuestion", []patch{
		{"../billing/settlement.go", `alone = alone && claims[id] == 1`, `alone = alone && claims[id] > 0; claims[id] = -1`}}},
	"what was found stays found": {"TestAnyOrderOfStatementsEndsTheSame", []patch{
		{"settlement.go", `const settlementMemory = 45`, `const settlementMemory = 0`}}},
	"matches are made once and never looked at again": {"TestALineThatComesLateAnswersTheQuestion", []patch{
		{"../store/settlement.go", `WHERE rule <> 'person' AND day >= $1)`, `WHERE rule = 'none' AND day >= $1)`},
		{"../store/settlement.go", `WHERE rule <> 'person' AND day >= $1 ORDER BY id`, `WHERE rule = 'none' AND day >= $1 ORDER BY id`}}},
	"what is missing is nobody's question": {"TestTheBanksStatementIsSetBesideWhatWasExpected", []patch{
		{"settlement.go", `	return s.missed(tx, since, day, &res)
`, `	return nil
`}}},
	"each day asks again": {"TestTheBanksStatementIsSetBesideWhatWasExpected", []patch{
		{"settlement.go", "	case was.ClearedBy == \"\":\n		return nil\n", "	case was.ClearedBy == \"\":\n"}}},
	"the question stays when the line comes": {"TestALineThatComesLateAnswersTheQuestion", []patch{
		{"settlement.go", `s.answered(tx, m.Expected, m.Lines, matcher,`, `s.answered(tx, nil, nil, matcher,`}}},
	"a difference is taken in silence": {"TestADifferenceIsClearedBySomebodyAndNeverInSilence", []patch{
		{"settled.go", `; !known {
				return refuse("difference"`, `; false && known {
				return refuse("difference"`},
		{"settled.go", `m.Account = req.Account`, `m.Account = Outside`}}},
	"cleared twice": {"TestADifferenceIsClearedBySomebodyAndNeverInSilence", []patch{
		{"settled.go", `if err != nil || l.MatchID != "" {`, `if err != nil {`},
		{"../store/settlement.go", "UPDATE bank_line SET match_id = $2 WHERE id = $1 AND match_id = ''", "UPDATE bank_line SET match_id = $2 WHERE id = $1"}}},
	"whoever": {"TestEachRoleDoesWhatTheTableSaysAndNothingElse", []patch{
		{"settled.go", `deskOrSystem(actor, identity.DutyReconcile)`, `deskOrSystem(actor, identity.DutySettlement)`}}},
	"a return in transit is not counted": {"TestCashInTheBooksTiesToTheBanksClosingBalance", []patch{
		{"../store/tieout.go", `returned_on >= $1 AND returned_on <= $2`, `returned_on > $2 AND returned_on <= $2`}}},
	"money is cash when the file is cut": {"TestCashInTheBooksTiesToTheBanksClosingBalance", []patch{
		{"../store/tieout.go", `WHERE x.account = 'cash' AND e.event_seq > 0`, `WHERE x.account <> '' AND e.event_seq > 0`}}},
}

func TestBrokenSettlementIsFound(t *testing.T) { brokenSettlement.areFound(t) }
