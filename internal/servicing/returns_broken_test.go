//go:build broken

package servicing_test

import "testing"

// brokenReturns are programs that handle what comes back, or goes back, wrongly in
// one way each. The test named must fail on each: go test -tags broken -run Broken.
var brokenReturns = brokenPrograms{
	"the same return is taken twice": {"TestReturnsInAnyOrderEndInOneState", []patch{
		{"returns.go", `	case entry.ReturnCode != "":
		res.Repeated++
		return nil
`, ``},
		{"returns.go", "	if !back { // another file brought it at the same moment\n		res.Repeated++\n		return nil\n	}", "	_ = back"},
		{"returns.go", "	if !p.Rail.MayBecome(p.State, billing.Returned) {", "	if false {"}}},
	"a return for a stop or a closed account has a fee": {"TestEveryReturnCodeDoesWhatTheTableSays", []patch{
		{"takeback.go", `billing.ReturnedFeeAllowed(code) && c.Terms`, `c.Terms`}}},
	"an account that is gone is drawn on again": {"TestEveryReturnCodeDoesWhatTheTableSays", []patch{
		{"takeback.go", `m.Validation, m.StopCode, m.IsDefault = billing.Stopped, code, false`, `m.IsDefault = false`}}},
	"autopay outlives its authorization": {"TestEveryReturnCodeDoesWhatTheTableSays", []patch{
		{"takeback.go", `for _, id := range contracts {`, `for _, id := range contracts[:0] {`}}},
	"what is scheduled goes all the same": {"TestEveryReturnCodeDoesWhatTheTableSays", []patch{
		{"takeback.go", `for _, w := range waiting {`, `for _, w := range waiting[:0] {`}}},
	"the last code to come is the one that is kept": {"TestReturnsInAnyOrderEndInOneState", []patch{
		{"takeback.go", `(m.Validation != billing.Stopped || code < m.StopCode)`, `true`}}},
	"nobody is asked to look": {"TestLateReturnsOpenWhatTheyTouch", []patch{
		{"takeback.go", "	return s.exception(tx, day, &e)\n", "	return nil\n"}}},
	"money is final when it settles": {"TestLateReturnsOpenWhatTheyTouch", []patch{
		{"rates.go", `on = max(on, billing.FinalOn(p.Rail, at))`, `on = max(on, at)`}}},
	"a third attempt": {"TestADebitThatLackedMoneyIsTriedTwiceMoreAndNeverAThirdTime", []patch{
		{"retry.go", `p.Attempt-1 >= s.rules.Returns.Retry {
		return 0, nil`, `p.Attempt > 3 {
		return 0, nil`},
		{"retry.go", `	if p.Attempt-1 >= s.rules.Returns.Retry || !billing.MayRetry(p.ReturnCode, p.Attempt-1, first, on.AddBankingDays(1)) {`, `	if first.IsZero() {`}}},
	"a fee for each attempt": {"TestADebitThatLackedMoneyIsTriedTwiceMoreAndNeverAThirdTime", []patch{
		{"takeback.go", ` && p.Attempt == 1 {`, ` {`}}},
	"tried again after they paid": {"TestARetryIsOffWhenThingsHaveChanged", []patch{
		{"retry.go", `	return "you have paid since", nil`, `	return "", nil`}}},
	"tried again after autopay was turned off": {"TestARetryIsOffWhenThingsHaveChanged", []patch{
		{"retry.go", `			return "autopay was turned off", nil`, `			return "", nil`}}},
	"a retry is not looked at on its day": {"TestARetryIsOffWhenThingsHaveChanged", []patch{
		{"retry.go", `	return s.noRetry(tx, c, of, on)`, `	return "", nil`}}},
	"a reversal at any time": {"TestAReversalNeedsTwoPeopleAndFiveBankingDays", []patch{
		{"reversal.go", `; !billing.MayReverse(entry.Effective, settles) {
		return nil, nil, refuse`, `; settles == 0 {
		return nil, nil, refuse`}}},
	"reversed, and taken off once more when it comes back": {"TestAReversalNeedsTwoPeopleAndFiveBankingDays", []patch{
		{"takeback.go", `	if !p.Rail.Posts(was) {
		return nil
	}
`, ``}}},
	"an alarm each day": {"TestReturnRatesAlarmOnceForEachCrossing", []patch{
		{"rates.go", `case w.above && since == "":`, `case w.above:`}}},
	"credits count as sent": {"TestReturnRatesAlarmOnceForEachCrossing", []patch{
		{"../store/returned.go", `effective <= $2 AND kind IN ('debit', 'retry', 'micro_debit')`, `effective <= $2 AND kind NOT IN ('debit')`}}},
	"a same-day payment waits a day": {"TestASameDayPaymentGoesWithTheSameDayFile", []patch{
		{"cut.go", `		effective = c.on
`, ``}}},
	"the same-day file takes everything": {"TestASameDayPaymentGoesWithTheSameDayFile", []patch{
		{"cut.go", `c.window == SameDayWindow); err`, `false); err`}}},
	"PPD on nobody's word": {"TestAnEntryOnPaperNeedsASignedForm", []patch{
		{"cut.go", `err != nil || g.Kind != agreedOnPaper`, `err != nil && g.Kind != agreedOnPaper`}}},
	"the counter begins anew": {"TestATraceNumberIsNeverGivenAgain", []patch{
		{"cut.go", `c.last++; c.last > lastSequence {
		return`, `c.last = c.last%lastSequence + 1; c.last == 0 {
		return`}}},
	"verify does not read the files": {"TestVerifyReadsTheFiles", []patch{
		{"verify.go", `err = s.files(ctx, &res)`, `err = nil`}}},
}

func TestBrokenReturnsAreFound(t *testing.T) { brokenReturns.areFound(t) }
