package contract

import "marque/internal/money"

// The rules of a lease's amounts. Words gives each as a sentence.
const (
	RuleAgreedValue     Rule = "lease_agreed_value"
	RuleCapitalizedItem Rule = "lease_capitalized_item"
	RulePriorBalance    Rule = "lease_prior_balance"
	RuleGrossCost       Rule = "lease_gross_cost"
	RuleReduction       Rule = "lease_reduction"
	RuleTaxInCost       Rule = "lease_tax_in_cost"
	RuleAdjustedCost    Rule = "lease_adjusted_cost"
	RuleResidual        Rule = "lease_residual"
	RuleDepreciation    Rule = "lease_depreciation"
	RuleRentByFactor    Rule = "lease_rent_by_factor"
	RuleRentByPayments  Rule = "lease_rent_by_payments"
	RuleTotalBase       Rule = "lease_total_base"
	RuleBasePayment     Rule = "lease_base_payment"
	RulePaymentTax      Rule = "lease_payment_tax"
	RuleWholePayment    Rule = "lease_whole_payment"

	RuleSigningReduction Rule = "lease_signing_reduction"
	RuleSigningPayment   Rule = "lease_signing_payment"
	RuleSigningDeposit   Rule = "lease_signing_deposit"
	RuleSigningTax       Rule = "lease_signing_tax"
	RuleSigningItem      Rule = "lease_signing_item"
	RuleTradeIn          Rule = "lease_trade_in"
	RuleRebates          Rule = "lease_rebates"
	RuleCash             Rule = "lease_cash"

	RuleLeaseBalance    Rule = "lease_balance"
	RulePurchasePrice   Rule = "lease_purchase_price"
	RuleAdjustment      Rule = "lease_depreciation_adjustment"
	RulePurchaseFee     Rule = "lease_purchase_fee"
	RulePurchaseTax     Rule = "lease_purchase_tax"
	RuleOfficialFees    Rule = "lease_official_fees"
	RuleEarlyFee        Rule = "lease_early_fee"
	RuleQuoteFee        Rule = "lease_quote_fee"
	RuleOtherFee        Rule = "lease_other_fee"
	RuleDisposition     Rule = "lease_disposition"
	RuleRealized        Rule = "lease_realized_value"
	RuleChargeLimit     Rule = "lease_charge_limit"
	RulePaymentsToCome  Rule = "lease_payments_to_come"
	RulePastDue         Rule = "lease_past_due"
	RuleUnpaidFees      Rule = "lease_unpaid_fees"
	RulePassedOn        Rule = "lease_passed_on"
	RuleDepositBack     Rule = "lease_deposit_back"
	RuleReceived        Rule = "lease_received"
	RuleExcessMiles     Rule = "lease_excess_miles"
	RuleProjectedMiles  Rule = "lease_projected_miles"
	RuleWear            Rule = "lease_wear"
	RuleServiceNoCharge Rule = "lease_service_no_charge"
	RuleServiceRent     Rule = "lease_service_rent"
	RuleServicePayment  Rule = "lease_service_payment"
	RuleServiceCost     Rule = "lease_service_reduction"
)

const (
	signing   = "12 CFR 1013.4(b)"
	early     = "12 CFR 1013.4(g)"
	taxesFees = "12 CFR 1013.4(n)"
	scraLease = "50 USC 3955"
)

// leaseRules are what a rule says and what it rests on. A lease never shows its
// cost as a yearly percentage (12 CFR 1013.4(s)): no words here do.
var leaseRules = map[Rule]struct{ words, clause string }{
	RuleAgreedValue:     {"What you and the dealer agreed that the vehicle is worth.", "12 CFR 1013.4(f)(1)"},
	RuleCapitalizedItem: {"Paid for over the lease, as part of the cost.", "12 CFR 1013.4(f)(1)"},
	RulePriorBalance:    {"What was still owed on it and is now part of this lease.", "12 CFR 1013.4(f)(1)"},
	RuleGrossCost:       {"The agreed value of the vehicle and anything else that you pay for over the lease.", "12 CFR 1013.4(f)(1)"},
	RuleReduction:       {"Cash, net trade-in and rebates that lower the cost.", "12 CFR 1013.4(f)(2)"},
	RuleTaxInCost:       {"Tax that is paid for over the lease.", taxesFees},
	RuleAdjustedCost:    {"Gross capitalized cost less the reduction. Your base payment starts from it.", "12 CFR 1013.4(f)(3)"},
	RuleResidual:        {"What the vehicle is expected to be worth at the end of the lease.", "12 CFR 1013.4(f)(4)"},
	RuleDepreciation:    {"Adjusted capitalized cost less the residual value: what the vehicle loses through normal use.", "12 CFR 1013.4(f)(5)"},
	RuleRentByFactor:    {"Adjusted capitalized cost plus residual value, times the money factor, times the months.", "12 CFR 1013.4(f)(6)"},
	RuleRentByPayments:  {"The total of base payments less the depreciation.", "12 CFR 1013.4(f)(6)"},
	RuleTotalBase:       {"Depreciation plus the rent charge.", "12 CFR 1013.4(f)(7)"},
	RuleBasePayment:     {"The total of base payments divided by the number of payments.", "12 CFR 1013.4(f)(9)"},
	RulePaymentTax:      {"Tax on the base payment.", "12 CFR 1013.4(f)(10)"},
	RuleWholePayment:    {"Base payment plus tax.", "12 CFR 1013.4(f)(11)"},

	RuleSigningReduction: {"What lowers the cost of the lease from the start.", signing},
	RuleSigningPayment:   {"Payments are made in advance: the first is due when you sign.", signing},
	RuleSigningDeposit:   {"We hold it and give it back at the end, less what is then owed.", signing},
	RuleSigningTax:       {"Tax that is due once, when you sign.", signing},
	RuleSigningItem:      {"Paid when you sign.", signing},
	RuleTradeIn:          {"What your old vehicle is worth after paying what was owed on it.", signing},
	RuleRebates:          {"Credits that are not cash.", signing},
	RuleCash:             {"What is left of the amount due at signing.", signing},

	RuleLeaseBalance:    {"The adjusted capitalized cost less the depreciation of the months so far, by the constant-yield method.", early},
	RulePurchasePrice:   {"The residual value, which your lease set as the price at the end.", "12 CFR 1013.4(i)(1)"},
	RuleAdjustment:      {"A correction of the depreciation taken so far.", early},
	RulePurchaseFee:     {"The fee for buying the vehicle.", "12 CFR 1013.4(i)"},
	RulePurchaseTax:     {"Tax on the price and the purchase option fee.", taxesFees},
	RuleOfficialFees:    {"Title and registration in your name.", taxesFees},
	RuleEarlyFee:        {"The fee for ending the lease early.", early},
	RuleQuoteFee:        {"The fee for preparing this quote.", "lease: fees"},
	RuleOtherFee:        {"A fee that is due when the lease ends.", "lease: fees"},
	RuleDisposition:     {"The fee for inspecting and selling the vehicle.", "12 CFR 1013.4(d)"},
	RuleRealized:        {"What the vehicle was sold for, or its agreed or appraised value.", "12 CFR 1013.4(g), (l)"},
	RuleChargeLimit:     {"The charge for ending early is not more than the payments that were still to come.", "lease: early termination; Conn. Gen. Stat. 42-421(b)"},
	RulePaymentsToCome:  {"The remaining payments of the lease, with their tax.", "12 CFR 1013.4(c)"},
	RulePastDue:         {"Payments that have come due and are not yet paid, with their tax.", "12 CFR 1013.4(c)"},
	RuleUnpaidFees:      {"Late and other fees charged and not yet paid.", "12 CFR 1013.4(q)"},
	RulePassedOn:        {"Property tax, tickets and tolls that we were billed for and passed on to you.", taxesFees},
	RuleDepositBack:     {"The deposit that we hold comes back to you.", signing},
	RuleReceived:        {"Money that you paid ahead or that we hold for you.", "lease: how payments are applied"},
	RuleExcessMiles:     {"Miles over the allowance, times the charge for a mile.", "12 CFR 1013.4(h)(3)"},
	RuleProjectedMiles:  {"If you go on at this pace: miles over the allowance, times the charge for a mile.", "12 CFR 1013.4(h)(3)"},
	RuleWear:            {"Wear beyond the standard of your lease.", "12 CFR 1013.4(h)(2)"},
	RuleServiceNoCharge: {"None: the law does not allow one when a lease ends for military service.", scraLease + "(e)"},
	RuleServiceRent:     {"The month's payment counts only for the days to the end.", scraLease + "(e), (f)"},
	RuleServicePayment:  {"The payment for the days after the lease ended comes back.", scraLease + "(f)"},
	RuleServiceCost:     {"What you paid at the start for the days after the lease ended comes back.", scraLease + "(f)"},
}

// Words is the rule of a lease's amount as a sentence that a page may show;
// empty for the rules that have none.
func (r Rule) Words() string { return leaseRules[r].words }

// because lists items as they are found, leaving out what is zero. What lowers
// the total is negative, so that the items of a total sum to it.
type because []Why

func (b *because) add(what string, amount money.Cents, rule Rule, figures ...Figure) {
	if amount != 0 {
		*b = append(*b, leaseWhy(what, amount, rule, figures...))
	}
}

func leaseWhy(what string, amount money.Cents, rule Rule, figures ...Figure) Why {
	return Why{What: what, Amount: amount, Rule: rule, Clause: leaseRules[rule].clause, Figures: figures}
}

// total is the sum of the items.
func total(items []Why) (sum money.Cents) {
	for _, w := range items {
		sum += w.Amount
	}
	return sum
}
