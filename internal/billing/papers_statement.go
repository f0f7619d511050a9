package billing

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
)

// ErrStatement says that a statement's own figures contradict each other. Such
// a statement is neither kept nor printed.
var ErrStatement = errors.New("statement does not add up")

// StatementLine is one thing posted in a statement's period. For a payment the
// allocation says how it was applied; for a fee, which one.
type StatementLine struct {
	Date       money.Date          `json:"date"`
	Kind       string              `json:"kind"` // as in Line
	Text       string              `json:"text"`
	Amount     money.Cents         `json:"amount"` // payments positive, charges and returned payments negative
	Allocation contract.Allocation `json:"allocation"`

	Event        contract.EventKind `json:"event,omitempty"`        // what was posted, changed or taken back
	EventDate    money.Date         `json:"event_date,omitzero"`    // its own date, where the line's is another
	Source       contract.Source    `json:"source,omitempty"`       // of a payment
	Confirmation string             `json:"confirmation,omitempty"` // of a payment
	Instalment   money.Date         `json:"instalment,omitzero"`    // of a late fee: the due date of the payment that is late
}

// Shown is the amount that a line shows: the money that moved or the charge, and
// for what was given up how much.
func (l *StatementLine) Shown() money.Cents {
	if l.Amount == 0 { // a waiver, or one taken back
		return l.Allocation.Forgiven
	}
	return l.Amount
}

// InterestLine is one span of the period's interest that can be checked by hand.
type InterestLine struct {
	From    money.Date  `json:"from"`
	To      money.Date  `json:"to"`
	Days    int         `json:"days"`
	Balance money.Cents `json:"balance"`
	Rate    money.Rate  `json:"annual_rate,omitempty"`
	Basis   int         `json:"basis"`
	PerDiem string      `json:"per_diem"` // dollars, six decimals
	Amount  string      `json:"amount"`   // dollars, four decimals: rounded only when posted
}

// FeeClauses are what the contract agreed about fees, and the law that limits
// them: the clause that each fee on a statement stands on.
type FeeClauses struct {
	GraceDays   int              `json:"grace_days"`
	LateFee     contract.LateFee `json:"late_fee"`
	ReturnedFee money.Cents      `json:"returned_fee"`
	Law         string           `json:"law,omitempty"` // the section, as cited
}

// StatementPayoff is what would close the account through a day after closing,
// if nothing else is posted before.
type StatementPayoff struct {
	GoodThrough money.Date  `json:"good_through"`
	Total       money.Cents `json:"total"`
	PerDiem     string      `json:"per_diem"` // dollars, six decimals
}

// StatementMiles is how a lease's miles stand: see contract.Mileage. On is zero
// where there is no reading yet; then only the allowance is known.
type StatementMiles struct {
	On             money.Date  `json:"on,omitzero"`
	Driven         int         `json:"driven"`
	Allowed        int         `json:"allowed"` // to On
	Allowance      int         `json:"allowance"`
	Paced          bool        `json:"paced"`
	PerYear        int         `json:"per_year"`
	AllowedPerYear int         `json:"allowed_per_year"`
	Projected      int         `json:"projected"`
	Excess         int         `json:"excess"`
	ExcessMile     money.Cents `json:"excess_mile"` // charge for one mile
	Charge         money.Cents `json:"charge"`      // for Excess
}

// NextDraft is the payment that autopay takes next.
type NextDraft struct {
	Amount money.Cents `json:"amount"`
	Date   money.Date  `json:"date"`
	Type   string      `json:"type"` // checking or savings
	Last4  string      `json:"last4"`
	Shared bool        `json:"shared,omitempty"` // the account has more than one customer: it is not said whose bank account it is
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
	Bankruptcy     bool        `json:"bankruptcy,omitempty"`

	PayoffToday   money.Cents      `json:"payoff"`                    // as of closing
	Payoff        *StatementPayoff `json:"payoff_later,omitempty"`    // none on a lease, or when nothing is left
	Original      money.Cents      `json:"original_amount,omitempty"` // the loan as it was made
	PaymentsLeft  int              `json:"payments_left"`
	Payments      int              `json:"payments,omitempty"`      // in all, those before we had the account counted
	Maturity      money.Date       `json:"maturity,omitzero"`       // the last payment's due date; of a lease its end
	Miles         *StatementMiles  `json:"miles,omitempty"`         // of a lease with an allowance
	Autopay       *NextDraft       `json:"autopay_draft,omitempty"` //
	AutopayText   string           `json:"autopay,omitempty"`       // "Autopay will draw $612.40 on Dec 15 from checking ending in 4821."
	Clauses       *FeeClauses      `json:"fee_clauses,omitempty"`   //
	Messages      []Words          `json:"messages,omitempty"`      //
	Lines         []StatementLine  `json:"lines"`
	InterestLines []InterestLine   `json:"interest_lines"`
}

// Check refuses a statement whose figures contradict each other, as
// ErrStatement: the balances roll through the lines, each line's parts are its
// amount, the interest lines come to the finance charge, the parts of the amount
// due do not exceed it, and the payoff amount is made of what is owed.
func (s *Statement) Check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: account ending %s closing %s: %s", ErrStatement, s.AccountNumber[max(0, len(s.AccountNumber)-4):], s.Closing, fmt.Sprintf(format, args...))
	}
	if s.Kind != contract.Loan && s.Kind != contract.Lease {
		return bad("it is of a %q", s.Kind)
	}
	if s.Closing.IsZero() || s.Opening > s.Closing+1 {
		return bad("its period begins %s", s.Opening)
	}
	if s.BeginningBalance-s.PrincipalPaid+s.Adjustments != s.EndingBalance {
		return bad("%s - %s + %s is not %s", s.BeginningBalance, s.PrincipalPaid, s.Adjustments, s.EndingBalance)
	}
	var principal money.Cents
	for i, l := range s.Lines {
		if l.Amount != l.Allocation.Total() {
			return bad("line %d is %s, its parts %s", i, l.Amount, l.Allocation.Total())
		}
		principal += l.Allocation.Principal
	}
	if s.BeginningBalance-principal != s.EndingBalance {
		return bad("the lines take %s from %s, which is not %s", principal, s.BeginningBalance, s.EndingBalance)
	}
	if s.PastDue < 0 || s.FeesDue < 0 || s.AmountDue < s.PastDue+s.FeesDue {
		return bad("%s is due, of which %s past due and %s fees", s.AmountDue, s.PastDue, s.FeesDue)
	}
	if s.Kind == contract.Loan && s.EndingBalance > 0 && s.PayoffToday != s.EndingBalance+s.InterestAccrued+s.FeesOutstanding {
		return bad("the payoff amount %s is not %s + %s + %s", s.PayoffToday, s.EndingBalance, s.InterestAccrued, s.FeesOutstanding)
	}
	if p := s.Payoff; p != nil && (p.GoodThrough < s.Closing || p.Total < s.PayoffToday) {
		return bad("the payoff amount is %s and on %s %s", s.PayoffToday, p.GoodThrough, p.Total)
	}
	if m := s.Miles; m != nil && (m.Excess != max(0, m.Projected-m.Allowance) || m.Charge != money.Cents(m.Excess)*m.ExcessMile) {
		return bad("%d miles of %d are %d over for %s", m.Projected, m.Allowance, m.Excess, m.Charge)
	}
	return s.checkInterest(bad)
}

// checkInterest allows a cent for each line: each payment rounds once.
func (s *Statement) checkInterest(bad func(string, ...any) error) error {
	var sum int64
	for i, l := range s.InterestLines {
		n, err := strconv.ParseInt(strings.Replace(l.Amount, ".", "", 1), 10, 64)
		if err != nil || len(l.Amount) < 6 || l.Amount[len(l.Amount)-5] != '.' {
			return bad("interest line %d is %q", i, l.Amount)
		}
		sum += n
	}
	if s.Kind == contract.Lease && (len(s.InterestLines) > 0 || s.FinanceCharge != 0) {
		return bad("a lease has no interest")
	}
	want := int64(s.FinanceCharge-s.FinanceAdjustment) * 100
	if room := 100 * int64(len(s.InterestLines)+1); sum-want > room || want-sum > room {
		return bad("the interest lines come to %d ten-thousandths, the finance charge to %s", sum, s.FinanceCharge-s.FinanceAdjustment)
	}
	return nil
}
