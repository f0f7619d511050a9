package billing

import (
	"marque/internal/contract"
	"marque/internal/money"
)

// Lender is the letterhead: who sends, and where a person can ask.
type Lender struct {
	Name      string   `json:"name"`
	Address   []string `json:"address"` // lines; also where checks go
	Phone     string   `json:"phone"`
	Hours     string   `json:"hours"`
	Website   string   `json:"website"`
	Email     string   `json:"email"` // the address that messages come from
	Legal     []string `json:"legal"`
	Accent    string   `json:"accent"`           // brand colour on paper, #rrggbb
	OriginID  string   `json:"origin_id"`        // ACH company identification, ten characters
	ODFI      string   `json:"odfi"`             // routing number of the lender's bank
	Agency    []string `json:"agency,omitempty"` // name and address lines of the federal agency that an adverse-action notice names (12 CFR 1002.9(b)(1))
	TimeZone  string   `json:"time_zone"`        // an IANA name: the zone that times on paper are told in
	ShortName string   `json:"short_name"`       // ACH company name, at most sixteen characters
	Portal    string   `json:"-"`                // scheme and host of the online account, as set and never as asked for; not part of a paper
}

// Recipient is the customer as addressed on paper.
type Recipient struct {
	Name    string   `json:"name"`
	Address []string `json:"address"`
}

// StatementLine is one thing posted in a statement's period. For a payment the
// allocation says how it was applied; for a fee, which one.
type StatementLine struct {
	Date       money.Date          `json:"date"`
	Kind       string              `json:"kind"` // payment, payment_returned, late_fee, returned_fee, correction
	Text       string              `json:"text"`
	Amount     money.Cents         `json:"amount"` // payments positive, charges and returned payments negative
	Allocation contract.Allocation `json:"allocation"`
}

// InterestLine is one span of the period's interest that can be checked by hand.
type InterestLine struct {
	From    money.Date  `json:"from"`
	To      money.Date  `json:"to"`
	Days    int         `json:"days"`
	Balance money.Cents `json:"balance"`
	Basis   int         `json:"basis"`
	PerDiem string      `json:"per_diem"` // dollars, six decimals
	Amount  string      `json:"amount"`   // dollars, four decimals: rounded only when posted
}

// Statement is the frozen content of one statement. It is stored when it is cut
// and every copy is made from it, so that a copy made years later says the same.
type Statement struct {
	Lender        Lender        `json:"lender"`
	Recipient     Recipient     `json:"recipient"`
	Kind          contract.Kind `json:"kind"`
	AccountNumber string        `json:"account_number"`
	Vehicle       string        `json:"vehicle"`
	Rate          money.Rate    `json:"annual_rate"` // zero on a lease, and not printed there
	DayCount      string        `json:"day_count"`

	Opening money.Date `json:"opening"` // first day of the period
	Closing money.Date `json:"closing"` // last day of the period
	DueDate money.Date `json:"due_date"`

	// Account summary.
	BeginningBalance  money.Cents `json:"beginning_balance"` // principal
	PrincipalPaid     money.Cents `json:"principal_paid"`
	Adjustments       money.Cents `json:"adjustments"` // principal put back by returned payments and corrections
	EndingBalance     money.Cents `json:"ending_balance"`
	InterestAccrued   money.Cents `json:"interest_accrued"` // unpaid at closing
	FeesOutstanding   money.Cents `json:"fees_outstanding"`
	Unapplied         money.Cents `json:"unapplied"`
	InterestPaid      money.Cents `json:"interest_paid"`
	FeesPaid          money.Cents `json:"fees_paid"`
	FeesCharged       money.Cents `json:"fees_charged"`
	FeesForgiven      money.Cents `json:"fees_forgiven,omitempty"`
	TaxPaid           money.Cents `json:"tax_paid,omitempty"` // of a lease
	FinanceCharge     money.Cents `json:"finance_charge"`     // interest of the period: its lines and FinanceAdjustment
	FinanceAdjustment money.Cents `json:"finance_adjustment"` // interest for earlier periods, put back or taken off by returned payments and corrections
	InterestPaidYear  money.Cents `json:"interest_paid_year"`
	PrincipalPaidYear money.Cents `json:"principal_paid_year"`
	FeesPaidYear      money.Cents `json:"fees_paid_year"`

	// What to pay.
	RegularPayment money.Cents `json:"regular_payment"`
	PastDue        money.Cents `json:"past_due"`
	DaysPastDue    int         `json:"days_past_due"`
	FeesDue        money.Cents `json:"fees_due"`
	AmountDue      money.Cents `json:"amount_due"`
	LateAfter      money.Date  `json:"late_after"` // the next late fee may be charged after this day; zero when none can be in the period
	LateFee        money.Cents `json:"late_fee"`   // what that fee would be

	PayoffToday   money.Cents     `json:"payoff"` // as of closing
	PaymentsLeft  int             `json:"payments_left"`
	AutopayText   string          `json:"autopay,omitempty"` // "Autopay will draw $612.40 on Dec 15 from checking ending in 4821."
	Lines         []StatementLine `json:"lines"`
	InterestLines []InterestLine  `json:"interest_lines"`
}

// Receipt is the proof of one payment.
type Receipt struct {
	Lender        Lender              `json:"lender"`
	Recipient     Recipient           `json:"recipient"`
	Kind          contract.Kind       `json:"kind"`
	AccountNumber string              `json:"account_number"`
	Vehicle       string              `json:"vehicle"`
	Confirmation  string              `json:"confirmation"`
	Rail          Rail                `json:"rail"`
	State         PaymentState        `json:"state"`
	Amount        money.Cents         `json:"amount"`
	Date          money.Date          `json:"date"`
	Made          money.Instant       `json:"made"`
	Method        string              `json:"method"` // "checking ending in 4821"
	Allocation    contract.Allocation `json:"allocation"`
	Spans         []InterestLine      `json:"interest_lines"`
	BalanceAfter  money.Cents         `json:"balance_after"`
	Authorization string              `json:"authorization"`
	Autopay       bool                `json:"autopay"`
	ReturnReason  string              `json:"return_reason,omitempty"`
	ReturnedOn    money.Date          `json:"returned_on,omitzero"`
}

// PayoffLetter is a payoff quote as it was frozen: what closes the account on
// each day through GoodThrough.
type PayoffLetter struct {
	Lender        Lender          `json:"lender"`
	Recipient     Recipient       `json:"recipient"`
	AccountNumber string          `json:"account_number"`
	Vehicle       string          `json:"vehicle"`
	VIN           string          `json:"vin"`
	Made          money.Date      `json:"made"`
	GoodThrough   money.Date      `json:"good_through"`
	Principal     money.Cents     `json:"principal"`
	Interest      money.Cents     `json:"interest"` // to GoodThrough, rounded once
	LateFees      money.Cents     `json:"late_fees"`
	OtherFees     money.Cents     `json:"other_fees"`
	Total         money.Cents     `json:"total"`    // on GoodThrough
	PerDiem       string          `json:"per_diem"` // dollars, six decimals
	Carried       money.Cents     `json:"carried"`  // interest that was unpaid before the lines
	InterestLines []InterestLine  `json:"interest_lines"`
	Table         []PayoffDay     `json:"table"`
	Pending       []PayoffPayment `json:"pending,omitempty"`   // counted in, not yet cleared
	Scheduled     []PayoffPayment `json:"scheduled,omitempty"` // not counted
}

// PayoffDay is the total on one day.
type PayoffDay struct {
	Date  money.Date  `json:"date"`
	Total money.Cents `json:"total"`
}

// PayoffPayment is a payment that a payoff letter names apart.
type PayoffPayment struct {
	Date         money.Date  `json:"date"`
	Amount       money.Cents `json:"amount"`
	Confirmation string      `json:"confirmation"`
}

// AutopayPaper is the written authorisation that a customer keeps (Reg E, 12
// CFR 1005.10(b): a copy is given).
type AutopayPaper struct {
	Lender        Lender        `json:"lender"`
	Recipient     Recipient     `json:"recipient"`
	AccountNumber string        `json:"account_number"`
	Vehicle       string        `json:"vehicle"`
	Method        string        `json:"method"`
	Text          string        `json:"text"`
	Agreed        money.Instant `json:"agreed"`
	FirstDate     money.Date    `json:"first_date"`
	FirstAmount   money.Cents   `json:"first_amount"`
	Version       string        `json:"version"` // of the wording
	Hash          string        `json:"hash"`    // SHA-256 of the text
	Signed        string        `json:"signed"`  // as typed
	Ended         money.Date    `json:"ended,omitzero"`
}
