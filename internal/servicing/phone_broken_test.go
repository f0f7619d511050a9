//go:build broken

package servicing_test

import "testing"

// brokenPhones are programs that take payments by telephone wrongly, in one way
// each; brokenDesk says how they are made.
var brokenPhones = brokenPrograms{
	"the caller is not checked": {"TestAPaymentByPhoneNeedsTheCallersCheck", []patch{
		{"phone.go", `	if err := s.verified(tx, actor, string(req.Customer), identity.DutyPhonePay); err != nil {
		return err
	}
	p, err := tx.Customer`, `	p, err := tx.Customer`}}},
	"any check will do": {"TestAPaymentByPhoneNeedsTheCallersCheck", []patch{
		{"staff_caller.go", `identity.DutyPhonePay:    {billing.CallerPayment},`, `identity.DutyPhonePay:    CallerPurposes,`}}},
	"a caller who was not checked cancels": {"TestACallerCancelsUntilTheFileIsCut", []patch{
		{"phone.go", `		if err := s.verified(tx, actor, string(who), identity.DutyPhonePay); err != nil {
			return err
		}
		if err := s.cancel(`, `		if err := s.cancel(`}}},
	"WEB in the place of TEL": {"TestAFileKeepsWhatWasAgreedToByPhoneApart", []patch{
		{"phone.go", `p.SEC = string(sec)`, `_ = sec`}}},
	"no notice": {"TestAWrittenNoticeGoesOutBeforeTheDebit", []patch{
		{"pay.go", `return p, b, s.tell(tx, c, p.CustomerID, p.ID, by.told(s.paymentNotice(kind, c, p, b)))`, `by.told(s.paymentNotice(kind, c, p, b))
	return p, b, nil`}}},
	"a debit before its notice": {"TestAWrittenNoticeGoesOutBeforeTheDebit", []patch{
		{"phone.go", `case state == "sent":`, `case state == "sent", state == "queued":`}}},
	"an account that was not checked": {"TestOnlyACheckedBankAccountOnFileIsPaidFromByPhone", []patch{
		{"pay.go", `	return b, drawable(b)`, `	return b, nil`}}},
	"an account that lost its check": {"TestOnlyACheckedBankAccountOnFileIsPaidFromByPhone", []patch{
		{"cut.go", `if m.Validation != billing.Validated {`, `if m.Validation == billing.Stopped {`}}},
	"other words than were read": {"TestTheWordsThatWereReadAreTheWordsThatAreKept", []patch{
		{"phone.go", `case !identity.Same(req.Read, scriptHash(text)):`, `case req.Read == "never":`}}},
	"nobody agreed": {"TestTheWordsThatWereReadAreTheWordsThatAreKept", []patch{
		{"phone.go", `case !req.Agreed:`, `case false:`}}},
	"a card number for a reference": {"TestTheWordsThatWereReadAreTheWordsThatAreKept", []patch{
		{"phone.go", ` || card.Number(req.Reference)`, ` || card.Number("")`}}},
	"twice without a question": {"TestOneKeyIsOnePaymentByPhoneAndAnotherIsAskedAbout", []patch{
		{"phone.go", `case req.Again:`, `case req.Key != "":`}}},
	"an agent with a form": {"TestAPaperFormIsForSupervisorsAndHasADayAndAName", []patch{
		{"phone.go", `		return identity.DutyPaperPay`, `		return identity.DutyPhonePay`}}},
	"a row that nothing proves": {"TestAPaperFormIsForSupervisorsAndHasADayAndAName", []patch{
		{"phone.go", `	if p.SEC == string(ach.WEB) {`, `	if p.SEC != "" {`}}},
}

func TestBrokenPhonesAreFound(t *testing.T) { brokenPhones.areFound(t) }
