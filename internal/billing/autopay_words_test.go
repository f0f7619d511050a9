package billing_test

import (
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
)

func TestAnAuthorisationSaysWhatIsAgreed(t *testing.T) {
	terms := billing.AutopayTerms{
		Lender: "Halden Finance", Phone: "800-555-0114", From: "take payments from my checking account ending in 4821", AccountEnds: "0017",
		Kind: contract.Loan, Agreed: 450_00, ReturnedFee: 15_00, First: billing.Draft{Date: day("2026-02-15"), Amount: 450_00},
	}
	for _, c := range []struct {
		plan billing.AutopayPlan
		want []string
	}{
		{billing.AutopayPlan{Rhythm: billing.EachDueDate, Tell: billing.TellOutside, Most: 450_00},
			[]string{"on each due date, starting Feb 15, 2026.", "the monthly payment due: $450.00 in all as a rule. The first payment is $450.00.", "are not taken.",
				"until the account is paid off.", "at least 10 days before", "only before a payment of more than $450.00.", "3 business days", "fee of $15.00", "account ending in 0017"}},
		{billing.AutopayPlan{Rhythm: billing.Monthly, Day: 22, Extra: 50_00, Tell: billing.TellEvery, Count: 12, LastDate: day("2027-06-30")},
			[]string{"on the 22nd of each month", "due next and $50.00 extra, which reduces my principal", "for 12 payments, until Jun 30, 2027, or until", "before every payment."}},
		{billing.AutopayPlan{Rhythm: billing.TwiceMonthly, Day: billing.LastDay, Second: 13, Fixed: 225_00, Tell: billing.TellDiffers},
			[]string{"on the 13th and the last day of each month", "Each payment is $225.00, and the last one is whatever is left.", "from $450.00. If"}},
		{billing.AutopayPlan{Rhythm: billing.Weekly, Weekday: time.Friday, Fixed: 110_00, Tell: billing.TellOutside, Least: 50_00, Most: 120_00},
			[]string{"each Friday", "less than $50.00 or more than $120.00."}},
		{billing.AutopayPlan{Rhythm: billing.EveryTwoWeeks, Anchor: day("2026-02-27"), Fixed: 210_00, Tell: billing.TellDiffers}, []string{"every two weeks on Friday"}},
	} {
		terms.Plan = c.plan
		for _, want := range c.want {
			if text := terms.Text(); !strings.Contains(text, want) {
				t.Errorf("%q is not in: %s", want, text)
			}
		}
	}
	terms.Kind, terms.Plan, terms.First.Amount, terms.ReturnedFee = contract.Lease, onDueDates, 0, 0
	if text := terms.Text(); !strings.Contains(text, "lease payment") || !strings.Contains(text, "already made") || strings.Contains(text, "fee of") {
		t.Error(text)
	}
}
