package ledger

// Account is a ledger account by its name in the chart.
type Account string

// The accounts of a finance company. What each is for stands in the Chart.
const (
	Cash         Account = "cash"
	Transit      Account = "ach_in_transit"
	CardTransit  Account = "card_in_transit"
	CheckTransit Account = "check_in_transit"
	WireTransit  Account = "wire_in_transit"

	Principal       Account = "principal"
	AccruedInterest Account = "accrued_interest"
	LateFees        Account = "late_fees"
	OtherFees       Account = "other_fees"
	LeaseReceivable Account = "lease_receivable"
	Residual        Account = "lease_residual"
	UnearnedRent    Account = "unearned_rent"
	Suspense        Account = "suspense"

	Unapplied      Account = "unapplied"
	RefundsPayable Account = "refunds_payable"
	SalesTax       Account = "sales_tax_payable"

	PortfolioFund Account = "portfolio"

	InterestEarn     Account = "interest_income"
	AccruedEarn      Account = "accrued_interest_income"
	RentEarn         Account = "rent_income"
	LateFeeEarn      Account = "late_fee_income"
	OtherFeeEarn     Account = "other_fee_income"
	ConvenienceFees  Account = "convenience_fee_income"
	Recoveries       Account = "recoveries"
	LeaseTermination Account = "lease_termination"

	ChargeOffs Account = "charge_offs"
	Forgiven   Account = "forgiven"
	CardCosts  Account = "card_costs"
)

// Class is an account's place in the balance sheet or the income statement.
type Class string

// The classes.
const (
	Asset     Class = "asset"
	Liability Class = "liability"
	Equity    Class = "equity"
	Income    Class = "income"
	Expense   Class = "expense"
)

// Charted is an account as the chart describes it.
type Charted struct {
	Account Account
	Class   Class
	Path    string // below its class, parts set off by colons, for programs that nest accounts
	Name    string
	Says    string
}

// Chart lists every account, in the order of a trial balance.
var Chart = []Charted{
	{Cash, Asset, "Cash", "Cash", "Money that the bank has settled."},
	{Transit, Asset, "Cash in Transit:ACH", "Cash in transit, ACH", "Drafts that the bank has not settled yet."},
	{CardTransit, Asset, "Cash in Transit:Card", "Cash in transit, card", "Card payments that the processor has not paid out yet."},
	{CheckTransit, Asset, "Cash in Transit:Check", "Cash in transit, check", "Checks taken in by mail or lockbox, an insurer's too, that have not cleared yet."},
	{WireTransit, Asset, "Cash in Transit:Wire", "Cash in transit, wire", "Wires, and the price of a sold vehicle, that the bank has not confirmed yet."},
	{Principal, Asset, "Contracts Receivable:Principal", "Principal receivable", "Principal that borrowers owe on loans."},
	{AccruedInterest, Asset, "Contracts Receivable:Accrued Interest", "Accrued interest receivable", "Interest earned by a month's end and not yet paid. Computed for the trial balance, never posted; reversed the next day."},
	{LateFees, Asset, "Contracts Receivable:Late Fees", "Late fees receivable", "Late fees charged and not yet paid."},
	{OtherFees, Asset, "Contracts Receivable:Other Fees", "Other fees receivable", "Returned-payment fees and other charges not yet paid."},
	{LeaseReceivable, Asset, "Leases:Rentals Receivable", "Lease receivable", "Base rent still to come on leases, without tax."},
	{Residual, Asset, "Leases:Residual", "Lease residual", "What leased vehicles are to be worth at the end, as the leases state it."},
	{UnearnedRent, Asset, "Leases:Unearned Rent", "Unearned rent", "Contra account of the two above: the rent in them that is not earned yet."},
	{Suspense, Asset, "Suspense", "Suspense", "Where an amount goes that no row of the table has a place for. It is always zero: verify says so."},
	{Unapplied, Liability, "Unapplied Money", "Unapplied", "Customers' money that nothing was owed for."},
	{RefundsPayable, Liability, "Refunds Payable", "Refunds payable", "Refunds decided and not yet paid out."},
	{SalesTax, Liability, "Sales Tax Payable", "Sales tax payable", "Tax collected with rentals, for the taxing authority."},
	{PortfolioFund, Equity, "Portfolio", "Portfolio", "What contracts were taken on for."},
	{InterestEarn, Income, "Interest", "Interest income", "Interest, taken when it is paid."},
	{AccruedEarn, Income, "Accrued Interest", "Accrued interest income", "The other side of accrued interest receivable at a month's end. Never posted; reversed the next day."},
	{RentEarn, Income, "Rent", "Rent income", "Rent earned on leases by the constant-yield method, as rentals are paid."},
	{LateFeeEarn, Income, "Late Fees", "Late fee income", "Late fees, taken when they are charged."},
	{OtherFeeEarn, Income, "Other Fees", "Other fee income", "Returned-payment fees and other charges, taken when they are charged."},
	{ConvenienceFees, Income, "Convenience Fees", "Convenience fee income", "Fees for paying by card, where the lender has turned them on."},
	{Recoveries, Income, "Recoveries", "Recoveries", "Money received on balances that were charged off."},
	{LeaseTermination, Income, "Lease Termination", "Lease termination gain or loss", "What the end of a lease charges, less the lease balance that it takes off the books."},
	{ChargeOffs, Expense, "Charge-offs", "Charge-offs", "Principal and fees taken off the books as lost."},
	{Forgiven, Expense, "Forgiven", "Fees and balances forgiven", "Waived fees, small balances written off, and the rest of a payoff quoted for less."},
	{CardCosts, Expense, "Card Processing", "Card processing costs", "What the processor of cards keeps of what it pays out."},
}

// Of finds an account in the chart; false for a name that is not in it.
func Of(a Account) (Charted, bool) {
	for _, c := range Chart {
		if c.Account == a {
			return c, true
		}
	}
	return Charted{}, false
}
