//go:build broken

package servicing_test

import "testing"

// brokenMethods are programs in which an account is drawn from, or checked, as it
// must not be. The test named must fail on each.
var brokenMethods = brokenPrograms{
	"a payment from an account that is not checked": {"TestNoWebDebitGoesToAnAccountThatIsNotChecked", []patch{
		{"pay.go", `return b, drawable(b)`, `return b, nil`}}},
	"a move to an account that is not checked": {"TestNoWebDebitGoesToAnAccountThatIsNotChecked", []patch{
		{"move.go", `			return drawable(to)`, `			return nil`}}},
	"a scheduled payment is not looked at again": {"TestWhatWasAgreedToIsNotDrawnFromAnAccountThatIsStopped", []patch{
		{"day.go", `if p.Rail == billing.ACH && !b.Validation.MayDebit(p.SEC == string(ach.WEB)) {`, `if false {`}}},
	"a draft is not looked at again": {"TestWhatWasAgreedToIsNotDrawnFromAnAccountThatIsStopped", []patch{
		{"day.go", `if !b.Validation.MayDebit(true) {`, `if false {`}}},
	"the file takes what is there": {"TestWhatWasAgreedToIsNotDrawnFromAnAccountThatIsStopped", []patch{
		{"cut.go", `if !m.Validation.MayDebit(p.SEC == string(ach.WEB)) {`, `if false {`}}},
	"a try is counted when it was wrong": {"TestFiftyGuessesAtOnceAreThree", []patch{
		{"../store/validation.go", `SET tries = tries + 1 WHERE customer_id = $1 AND method_id = $2 AND id = $3 AND state = 'sent' AND tries < 3 RETURNING`,
			`SET tries = tries WHERE customer_id = $1 AND method_id = $2 AND id = $3 AND state = 'sent' AND tries < 3 RETURNING 1 +`}}},
	"a fourth try": {"TestThreeTriesAndNoFourth", []patch{
		{"../billing/validation.go", `const AccountTries = 3`, `const AccountTries = 4`}}},
	"the same try costs another": {"TestThreeTriesAndNoFourth", []patch{
		{"validation.go", `			t = known
			return nil`, `			t.Key += "again"`}}},
	"deposits never expire": {"TestDepositsThatNobodyNamesExpire", []patch{
		{"../billing/validation.go", `MicroEntryDays = 14`, `MicroEntryDays = 15`}}},
	"a prenote waits two days": {"TestAPrenoteThatDoesNotComeBackChecksAnAccount", []patch{
		{"../billing/validation.go", `PrenoteDays = 3`, `PrenoteDays = 2`}}},
	"a deposit that came back is forgotten": {"TestAReturnedDepositFailsTheCheck", []patch{
		{"validation.go", `		return s.failCheck(tx, m, c, string(r.Code), billing.ReturnReason(string(r.Code)))`, `		return nil`}}},
	"amounts stand in the clear": {"TestTwoDepositsCheckAnAccount", []patch{
		{"../store/schema/00001_start.sql", `CHECK ((kind IN ('prenote', 'micro_credit', 'micro_debit')) = (amount = 0))`, `CHECK (amount >= 0)`},
		{"checkfile.go", `row.Amount = 0`, `_ = row.Amount`}}},
	"a provider that is away lets everybody in": {"TestTheProviderDecidesAndDoesNotKeepAnybodyOut", []patch{
		{"validation.go", `		return billing.Unvalidated, nil // a provider`, `		return billing.Validated, nil // a provider`}}},
	"checks without end": {"TestAccountsAndChecksAreLimited", []patch{
		{"attempt.go", `"checks":    {window: 24 * time.Hour, spare: 1000, stop: 3}`, `"checks":    {window: 24 * time.Hour, spare: 1000, stop: 30}`}}},
	"a correction is not applied": {"TestTheNextEntryHasTheBanksCorrection", []patch{
		{"correction.go", `if err := tx.RenumberMethod(m, corrected); err != nil {`, `if err := error(nil); err != nil {`}}},
	"what is drawn stays behind": {"TestAReplacedAccountIsDrawnFromOnceItIsChecked", []patch{
		{"move.go", `tx.MoveUse(u, m.CustomerID, m.From, m.MethodID, id)`, `tx.MoveUse(u, m.CustomerID, m.From, m.From, id)`}}},
	"what is drawn moves before the check": {"TestAReplacedAccountIsDrawnFromOnceItIsChecked", []patch{
		{"methods.go", `old != "" && out.Validation == billing.Validated {`, `old != "" {`},
		{"move.go", `			case to.Validation != billing.Validated:
				return nil
			}`, `			}`}}},
	"an old debit is as good as a new one": {"TestAnImportedAccountIsKnownByItsLastDebit", []patch{
		{"methods.go", `in.Settled >= day-priorEntryDays`, `in.Settled >= 0`}}},
}

func TestBrokenMethodsAreFound(t *testing.T) { brokenMethods.areFound(t) }
