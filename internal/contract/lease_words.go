package contract

import "fmt"

// EarlyTerminationWarning is the statement that 12 CFR 1013.4(g)(2) has a motor
// vehicle lease make.
const EarlyTerminationWarning = "You may have to pay a substantial charge if you end this lease early. The charge may be up to several thousand dollars. " +
	"The actual charge will depend on when the lease is terminated. The earlier you end the lease, the greater this charge is likely to be."

// ExplainMethod tells in plain words, as paragraphs and with the lease's own
// figures, how the adjusted lease balance and the cost of ending early are
// found: the written explanation that a lessor who names a method gives on
// request (comment 4(g)(1) of Regulation M's commentary).
func (l *LeaseTerms) ExplainMethod() ([]string, error) {
	rows, err := l.Schedule(make([]LeaseRow, 0, l.Term))
	if err != nil {
		return nil, err
	}
	first, last := rows[0], rows[len(rows)-1]
	words := []string{
		fmt.Sprintf("Your lease balance starts at %s, the adjusted capitalized cost, and comes to %s, the residual value, at the end of %d months. Where it stands in between is found by the constant-yield method.",
			l.CapitalizedCost.USD(), l.Residual.USD(), l.Term),
	}
	if l.SinglePay {
		words = append(words,
			fmt.Sprintf("You paid %s for the whole lease when you signed, before tax. That payment comes off the balance first. Then each month's rent charge is added. So the balance starts low and grows to the residual value.", l.BasePayment.USD()),
			fmt.Sprintf("Each month's rent charge is the same share of the balance at that time. There is one share that brings the balance exactly to the residual value, and we use that one. In the first month the rent charge is %s and the balance is then %s; in the last month the rent charge is %s.",
				first.Rent.USD(), first.Balance.USD(), last.Rent.USD()))
	} else {
		words = append(words,
			fmt.Sprintf("Each month, the base payment of %s comes off the balance when it is due. Then the month's rent charge is added. The rest of the payment is depreciation: it is what the balance went down by.", l.BasePayment.USD()),
			fmt.Sprintf("Each month's rent charge is the same share of the balance that the payment leaves. There is one share that brings the balance exactly to the residual value, and we use that one. As the balance goes down, the rent charge gets smaller and the depreciation larger. In the first month the rent charge is %s, the depreciation is %s, and the balance is then %s. In the last month the rent charge is %s and the depreciation is %s.",
				first.Rent.USD(), first.Depreciation.USD(), first.Balance.USD(), last.Rent.USD(), last.Depreciation.USD()))
	}
	words = append(words, l.returnWords())
	if l.Rules.CapCharge {
		words = append(words, "There is a limit. The balance less the vehicle's value, together with any early termination fee, is never more than the payments that were still to come.")
	}
	words = append(words, "The vehicle's value is what it is sold for, or a value that we agree on in writing. You may get an appraisal, at your own cost, from an independent person we both accept. That value then counts for both of us.")
	if !l.NoPurchase {
		fee := ""
		if l.PurchaseFee > 0 {
			fee = fmt.Sprintf(", the purchase option fee of %s", l.PurchaseFee.USD())
		}
		if l.Rules.FeeOnBuyOut && l.EarlyTerminationFee > 0 {
			fee += fmt.Sprintf(", the early termination fee of %s", l.EarlyTerminationFee.USD())
		}
		words = append(words, "If you buy the vehicle instead, you pay the lease balance"+fee+", tax on the purchase, official fees and anything past due. Money we hold for you is taken off.")
	}
	return append(words, EarlyTerminationWarning), nil
}

func (l *LeaseTerms) returnWords() string {
	fees := ""
	if l.EarlyTerminationFee > 0 {
		fees += fmt.Sprintf(", the early termination fee of %s", l.EarlyTerminationFee.USD())
	}
	if l.DispositionFee > 0 {
		fees += fmt.Sprintf(", the disposition fee of %s", l.DispositionFee.USD())
	}
	if l.Rules.MilesEarly && l.ExcessMile > 0 {
		fees += fmt.Sprintf(", %s for each mile over your allowance to that day", l.ExcessMile.USD())
	}
	text := "If you end the lease early and give the vehicle back, we add up the lease balance" + fees + ", and any payments, fees and taxes that are past due. Then we take off the vehicle's value, your security deposit and any money we hold for you. If something is left, you owe it."
	switch {
	case l.Rules.PaySurplus:
		text += " If the vehicle is worth more than all that, we pay you the difference."
	case l.SinglePay:
		text += " If the vehicle is worth more than all that, you get back up to the part of your payment for the months that had not begun."
	default:
		text += " If the vehicle is worth more than all that, you owe nothing, and your deposit and any money we hold come back to you."
	}
	return text
}
