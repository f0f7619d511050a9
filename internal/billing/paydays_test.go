package billing_test

import (
	"errors"
	"testing"

	"marque/internal/billing"
	"marque/internal/money"
)

// 2026-11-27 is a Friday after Thanksgiving; the banks are open.
func TestPaymentsCountOnBankingDaysUpToTheCutOff(t *testing.T) {
	const five = 17 * 60
	for _, c := range []struct {
		what         string
		today, civil string
		minute       int
		cutOff       int
		banking      bool
		first        string
		ask, code    string
		words        string
	}{
		{"before the cut-off", "2026-11-24", "2026-11-24", five - 1, five, true, "2026-11-24", "2026-11-24", "", ""},
		{"at the cut-off", "2026-11-24", "2026-11-24", five, five, true, "2026-11-25", "2026-11-24", "date_past", "It is too late for a payment that counts today. Choose Nov 25, 2026 or a later day."},
		{"the evening before a holiday", "2026-11-25", "2026-11-25", five, five, true, "2026-11-27", "2026-11-26", "date_past", "Choose Nov 27, 2026 or a later day."},
		{"on a holiday", "2026-11-26", "2026-11-26", 9 * 60, five, true, "2026-11-27", "2026-11-27", "", ""},
		{"on a Saturday", "2026-11-28", "2026-11-28", 9 * 60, five, true, "2026-11-30", "2026-12-05", "date_closed", "Banks are closed on Dec 5, 2026. Choose Dec 7, 2026, or another banking day."},
		{"every day is taken", "2026-11-28", "2026-11-28", 9 * 60, 0, false, "2026-11-28", "2026-11-28", "", ""},
		{"without a cut-off", "2026-11-24", "2026-11-24", 23*60 + 59, 0, true, "2026-11-24", "2026-11-24", "", ""},
		{"the business date is another than the clock's", "2026-11-24", "2026-11-30", 23 * 60, five, true, "2026-11-24", "2026-11-24", "", ""},
		{"sixty days ahead", "2026-11-24", "2026-11-24", 0, five, true, "2026-11-24", "2027-01-22", "", ""},
		{"further", "2026-11-24", "2026-11-24", 0, five, true, "2026-11-24", "2027-01-25", "date_far", "Choose a day no later than Jan 23, 2027."},
	} {
		t.Run(c.what, func(t *testing.T) {
			days := billing.OpenAt(day(c.today), day(c.civil), c.minute, c.cutOff, c.banking)
			if days.First != day(c.first) {
				t.Errorf("the first day is %s, want %s", days.First, c.first)
			}
			terms := loan()
			terms.Start, terms.FirstDue = day("2026-10-15"), day("2026-11-15")
			_, err := billing.Decide(&terms, terms.Open(), billing.Ask{Kind: billing.AmountOther, Amount: money.Cents(50_00), Date: day(c.ask)}, days)
			no, refused := errors.AsType[*billing.Refusal](err)
			switch {
			case c.code == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.code != "" && (!refused || no.Code != c.code || no.Message != c.words):
				t.Errorf("%v, want %s: %s", err, c.code, c.words)
			}
		})
	}
}
