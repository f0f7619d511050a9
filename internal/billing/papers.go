package billing

import (
	"regexp"

	"marque/internal/contract"
	"marque/internal/money"
)

// Lender is the letterhead: who sends, and where a person can ask.
type Lender struct {
	Name      string   `json:"name"`
	Address   []string `json:"address"` // lines; also where checks go when PaymentAddress is empty
	Phone     string   `json:"phone"`
	Hours     string   `json:"hours"`
	Website   string   `json:"website"`
	Email     string   `json:"email"` // the address that messages come from
	Legal     []string `json:"legal"`
	Accent    string   `json:"accent"`     // brand colour on paper, #rrggbb
	OriginID  string   `json:"origin_id"`  // ACH company identification, ten characters
	ODFI      string   `json:"odfi"`       // routing number of the lender's bank
	TimeZone  string   `json:"time_zone"`  // an IANA name: the zone that times on paper are told in
	ShortName string   `json:"short_name"` // ACH company name, at most sixteen characters
	Portal    string   `json:"-"`          // scheme and host of the online account, as set and never as asked for; not part of a paper

	PaymentAddress    []string `json:"payment_address,omitempty"`    // where checks go, as lines
	DisputeAddress    []string `json:"dispute_address,omitempty"`    // for what was reported to credit bureaus (12 CFR 1022.43(c)); empty: Address
	BankruptcyAddress []string `json:"bankruptcy_address,omitempty"` // notices about a bankruptcy; empty: Address
	Agency            []string `json:"agency,omitempty"`             // name and address, as lines, of the federal agency that an adverse-action notice names (12 CFR 1002.9(b)(1))
	Messages          []Words  `json:"-"`                            // what every statement says at present; frozen in Statement.Messages
}

// Words are the same words in both languages.
type Words struct {
	English string `json:"en"`
	Spanish string `json:"es"`
}

// In gives the words of a language; English where there are no Spanish ones.
func (w Words) In(language string) string {
	if language == Spanish && w.Spanish != "" {
		return w.Spanish
	}
	return w.English
}

var colorForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Color is the brand's colour, #rrggbb; empty when Accent is no such thing.
func (l *Lender) Color() string {
	if colorForm.MatchString(l.Accent) {
		return l.Accent
	}
	return ""
}

// PayTo is the address that checks go to, as lines.
func (l *Lender) PayTo() []string { return firstAddress(l.PaymentAddress, l.Address) }

// Disputes is the address for what was reported to credit bureaus, as lines.
func (l *Lender) Disputes() []string { return firstAddress(l.DisputeAddress, l.Address) }

// Bankruptcies is the address for notices about a bankruptcy, as lines.
func (l *Lender) Bankruptcies() []string { return firstAddress(l.BankruptcyAddress, l.Address) }

func firstAddress(a, otherwise []string) []string {
	if len(a) > 0 {
		return a
	}
	return otherwise
}

// Recipient is the customer as addressed on paper.
type Recipient struct {
	Name    string   `json:"name"`
	Address []string `json:"address"`
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
	Code          string          `json:"code,omitempty"`      // what a dealer or a buyer types to see that the letter is ours and what it said
	CheckAt       string          `json:"check_at,omitempty"`  // the web address where; without a code there is none
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
