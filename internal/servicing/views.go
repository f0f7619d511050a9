package servicing

import (
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// ContractID, PaymentID and MethodID name things made by us. They
// sort by age and carry nothing personal.
type (
	ContractID string
	PaymentID  string
	MethodID   string
)

// Overview is a customer's first page: every contract in one card.
type Overview struct {
	Date      money.Date // the business date
	FirstName string
	Contracts []Card
}

// Card is one contract in short.
type Card struct {
	ID            ContractID
	Kind          contract.Kind
	AccountNumber string
	Vehicle       Vehicle
	Closed        bool
	ChargedOff    bool        // what is still owed stands in Payoff
	Called        bool        // all of it is due
	Ended         bool        // a lease that has come to its end
	Held          bool        // the customer is to be left alone: bankruptcy, or a request not to be contacted
	Balance       money.Cents // principal, or the rent still to come
	Due           contract.Due
	Payoff        contract.Payoff // as of the business date
	LateFeeOn     money.Date      // first day on which a late fee may be charged; zero when none can be
	Autopay       *Autopay        // nil when off
	AutopayEnded  *AutopayEnd     // when a returned payment turned it off and it has not been turned on since
	Scheduled     []Payment
	LastPayment   *Payment
	Paid          money.Cents // principal repaid so far
	Original      money.Cents // amount financed at the start
}

// Vehicle is the car behind the contract.
type Vehicle struct {
	Year        int
	Make, Model string
	VIN         string
}

// Account is a contract's own page.
type Account struct {
	Card
	Date      money.Date
	Terms     contract.Terms
	Origin    Origin
	State     contract.State
	Spans     []contract.Span // how the interest since the last payment came about
	History   []HistoryRow    // newest first
	Changes   []Explanation   // what changed the account without moving money, newest first
	Remaining []contract.Row  // the rest of the schedule
	YTD       YearToDate
}

// Origin is the contract as first made, before it came to these books.
type Origin struct {
	Date   money.Date
	Amount money.Cents
	Term   int
	Rate   money.Rate
}

// YearToDate sums a calendar year's payments.
type YearToDate struct {
	Year                      int
	Interest, Principal, Fees money.Cents
}

// HistoryRow is one posted thing: what it was, when it counts, and where its
// money went. A correction posted later stands as a row of its own.
type HistoryRow struct {
	Effective  money.Date
	Posted     money.Instant
	Kind       string // an event's kind, payment_returned, or correction
	Amount     money.Cents
	Allocation contract.Allocation
	Balance    money.Cents // principal after it
	PaymentID  PaymentID   // "" when none
	Event      int         // what Explain takes

	Source        contract.Source // of a payment
	PrincipalOnly bool
}

// Explanation is why one event on an account did what it did.
type Explanation struct {
	Event      contract.Event
	Allocation contract.Allocation // as it now stands
	Why        []contract.Why      // nothing for an event that was taken back
	Undone     bool                // it was taken back
}

// Payment is one payment as its customer sees it.
type Payment struct {
	ID           PaymentID
	Contract     ContractID
	Confirmation string
	Group        string             // of the payments made in one go; empty for one alone
	Kind         billing.AmountKind // due, other, payoff
	Extra        billing.Extra
	Autopay      bool
	Rail         billing.Rail
	State        billing.PaymentState
	Amount       money.Cents
	Fee          money.Cents // for the way of paying; charged with the amount, and not part of it
	Date         money.Date  // the day it counts
	SettlesOn    money.Date  // the bank can ordinarily send it back until then; zero before it has gone out
	FinalOn      money.Date  // and as unauthorised until then
	Created      money.Instant
	Method       Method
	Allocation   contract.Allocation // as posted; as planned while scheduled
	BalanceAfter money.Cents
	ReturnCode   string
	ReturnReason string // in plain words
	ReturnedOn   money.Date
	ReturnFee    money.Cents // charged because it came back
	Reason       string      // why it was refused or cancelled, in plain words
	Cancellable  bool        // by whom it is shown to
	Event        int         // what Explain takes; 0 until it is posted
	Phone, Form  bool        // taken by the lender's team: on the telephone, or from a signed form
}

// Method is a way to pay: a bank account with all but the last four digits
// hidden, or a card that the processor keeps. Of another borrower's, only the
// kind, the type and the last four digits are told.
type Method struct {
	ID         MethodID
	Kind       billing.MethodKind
	Nickname   string
	Default    bool
	Last4      string
	Theirs     bool // another borrower's on the same account
	Validation billing.Validation
	CheckedBy  billing.ValidatedBy
	StopCode   string        // the return code that stopped it, or failed its check
	Check      *AccountCheck // how far the check of a bank account is; nil when there was none, and in lists of other things

	Type    string // of a bank account: checking or savings
	Routing string
	Bank    string // its name, where it is known
	Holder  string

	Brand             string // of a card
	Funding           string // credit, debit, prepaid; empty when not known
	ExpMonth, ExpYear int
}

// AutopayEnd is why a returned payment turned autopay off.
type AutopayEnd struct {
	On     money.Date
	Reason string // in plain words
	Method Method
}

// Autopay is an enrolment in force. The next draft is the next that takes
// something, as things stand; no date: none is to come.
type Autopay struct {
	Method        Method
	Since         money.Date
	Plan          billing.AutopayPlan
	Agreed        money.Cents // each draft as a rule
	Made          int         // drafts so far
	NextDate      money.Date
	NextAmount    money.Cents
	Why           billing.Why     // why it is not the usual amount
	Coming        []billing.Draft // the next few
	Authorization string          // the text that was agreed to; empty for another borrower's
}

// AutopayRecord is one authorisation that a customer has given.
type AutopayRecord struct {
	ID        string
	Agreed    money.Date
	When      string // the rhythm, in words
	InForce   bool
	KeepUntil money.Date
}

// PaymentRequest asks for a payment. Key is made once, when the review page is
// made, so that however often the confirmation arrives there is one payment.
type PaymentRequest struct {
	Key      string
	Contract ContractID
	Kind     billing.AmountKind
	Amount   money.Cents // for Kind other; the amount reviewed for due and payoff
	Date     money.Date
	Method   MethodID
	Extra    billing.Extra // what money beyond what is billed does; empty leaves it to the contract
	SameDay  bool          // from a bank account, for today: to settle today where the lender's files go that fast
}

func (r *PaymentRequest) ask() billing.Ask {
	return billing.Ask{Kind: r.Kind, Amount: r.Amount, Date: r.Date, Extra: r.Extra}
}

// PaymentReview is what would happen: shown before anything is confirmed.
type PaymentReview struct {
	Request    PaymentRequest // with Amount filled in
	Method     Method
	Card       Card
	Plan       billing.Plan
	Authorizes string    // the words the customer agrees to by confirming
	Made       *Payment  // what the request's key has paid already; then nothing else is filled in
	SameDay    []Payment // payments of the same amount already made for that day
	Waiting    []Payment // all payments whose money is still on its way
}

// PayOptions is what the pay page needs.
type PayOptions struct {
	Card
	Date    money.Date // the business date
	First   money.Date // earliest day that can be chosen
	Last    money.Date // latest day that can be chosen
	Methods []Method
	Cards   bool           // cards are taken
	CardFee money.Cents    // for paying once by card
	Extra   contract.Extra // what the contract does with extra money; empty is prepay
	Days    billing.PayDays
	CutOff  Paying
	Waiting []Payment // whose money is still on its way
	// StatementBalance is what is left of the last statement's amount due.
	StatementBalance money.Cents
}

// AutopayReview is what enrolment would agree to.
type AutopayReview struct {
	Contract      Card
	Method        Method
	Plan          billing.AutopayPlan // with what was left open filled in
	Agreed        money.Cents         // each draft as a rule
	FirstDate     money.Date
	FirstAmount   money.Cents
	Authorization string
	Name          string // to sign with

	YearDrafts, YearDue money.Cents // what a year of drafts brings, and of instalments asks for
	ShortOn             money.Date  // the first due date on which drafts leave something unpaid
	ShortBy             money.Cents
}
