package billing

import "marque/internal/money"

// UnauthorizedDays is how many calendar days after settlement a consumer's bank
// may still send back a debit that the consumer says was not authorized (Nacha
// Operating Rules, subsection 3.13.1: by the opening of the banking day that
// follows the sixtieth).
const UnauthorizedDays = 60

// DisputeDays is how many calendar days after a charge a cardholder may still
// dispute it, as the card networks count for most reasons.
const DisputeDays = 120

// LastReturn is the last day on which an entry that settled on a day may come
// back.
func LastReturn(settled money.Date) money.Date {
	return (settled + UnauthorizedDays).AddBankingDays(1)
}

// FinalOn is the first day on which nobody can send a payment back any more: by
// bank counted from its settlement, by card from the charge.
func FinalOn(r Rail, settled money.Date) money.Date {
	if r == Card {
		return settled + DisputeDays + 1
	}
	return LastReturn(settled) + 1
}
