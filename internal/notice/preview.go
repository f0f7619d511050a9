package notice

import (
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// Example is a message of a kind about somebody invented, for staff to look at.
// at is the moment it happens; a message of a real person is never shown so.
func Example(kind billing.NoticeKind, language string, at money.Instant) billing.Notice {
	today := money.DateOf(at.Time())
	n := billing.Notice{
		Kind: kind, Language: language, Name: "Robin Example", AccountEnds: "2204", Vehicle: "2024 Vento Lumen",
		Amount: 612_40, Fee: 25_00, Date: today + 21, Method: "checking ending in 4821",
		Confirmation: "7K2-MQX-4PD", Allocation: contract.Allocation{Interest: 101_75, Principal: 510_65}, Balance: 640_10,
		AmountDue: 612_40, DueDate: today + 21,
		Factor: billing.FactorPasskey, Label: "Robin’s phone", Masked: "r•••@mail.example", Username: "robin.example", Purpose: billing.CallerPayment, Count: 3,
		At: at, Until: at.Add(72 * 3600 * 1e9), Device: "Chrome on a phone", Where: "near Dallas, TX",
	}
	switch kind {
	case billing.NoticeActivationCode, billing.NoticeSignInCode, billing.NoticeRecoveryCode, billing.NoticeUnlockCode, billing.NoticeContactCode, billing.NoticeCallerCode:
		n.Code = "481516"
	case billing.NoticePaymentReceived, billing.NoticeAutopayDrawn:
		n.Date, n.Balance = today, 23_489_35
	case billing.NoticePaymentReturned, billing.NoticePaymentNotTaken:
		n.Reason = "there was not enough money in the account"
		if n.Fee = 0; kind == billing.NoticePaymentReturned {
			n.Date, n.Fee = today-2, 15_00
		}
	case billing.NoticeCheckFailed:
		n.Reason = "the bank does not know this account"
	case billing.NoticePaymentReversed:
		n.Date, n.Again, n.Reason = today-1, today+3, "we took the amount of another month"
	case billing.NoticeLateFee:
		n.Date, n.PastDue = today, 637_40
	case billing.NoticeAutopayComing:
		n.Balance = 590_00
	case billing.NoticeCheckSent:
		n.Date, n.DueDate = today+2, today+12
	case billing.NoticePaidOff:
		n.Date = today
	case billing.NoticePaymentChanged:
		n.Amount, n.Balance, n.Reason = 418_77, 612_40, "no more than that is owed"
	case billing.NoticePastDue:
		n.PastDue, n.DueDate, n.Date = 612_40, today-3, today+7
	case billing.NoticeDueSoon:
		n.Method = ""
	case billing.NoticeDueToday:
		n.DueDate = today
	case billing.NoticePayoffNear:
		n.Date, n.Balance = today, 1_822_17
	case billing.NoticeLeaseMaturity:
		n.Count, n.Date = 90, today+90
	case billing.NoticeMileagePace:
		n.Count, n.Date, n.Balance = 1_850, today-12, 370_00
	case billing.NoticePhoneChanged:
		n.Masked = "••21"
	case billing.NoticeStatementReady:
		n.Text = ""
	case billing.NoticeAutopayOn, billing.NoticePhonePayment:
		n.Text = "I authorize the lender to take my payment from my checking account ending in 4821 on each due date. I may stop this at any time."
	case billing.NoticeAccountChanged, billing.NoticeAutopayChanged:
		n.Text = "Your payment that was due " + (today + 3).Long() + " is now due " + (today + 21).Long() + "."
	case billing.NoticeTitleSent:
		n.Text, n.Date = "Robin Example, at your mailing address", today
	case billing.NoticeSupportMessage:
		n.Text = "Thank you for your call. We looked at your March payment: it counted for March 3, the day it reached us."
	case billing.NoticeAutopayOff:
		n.Reason = "by the customer"
	}
	return n
}
