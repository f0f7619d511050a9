package contract

import (
	"errors"
	"fmt"
	"slices"

	"marque/internal/money"
)

// Kind tells loans from leases.
type Kind string

// The kinds of contract.
const (
	Loan  Kind = "loan"
	Lease Kind = "lease"
)

// Bucket is a place that a payment's money can go.
type Bucket string

// The buckets of the payment application order.
const (
	Interest  Bucket = "interest"
	Principal Bucket = "principal"
	LateFees  Bucket = "late_fee"
	OtherFees Bucket = "other_fee"
)

// DefaultApplication pays interest, then principal, then fees. Fees come last
// because taking them before interest and principal has been found unfair where
// the contract did not say so (CFPB supervisory findings, 2023 and 2024).
var DefaultApplication = []Bucket{Interest, Principal, LateFees, OtherFees}

// Extra says what becomes of money beyond the instalments billed by its date.
type Extra string

// The choices for extra money.
const (
	// Prepay reduces principal and pays the next instalments ahead: the due date
	// moves on. Fees are paid before it.
	Prepay Extra = "prepay"
	// Reduce reduces principal now and pays no later instalment: the next due
	// date stays. Fees are left for last.
	Reduce Extra = "principal"
	// PayFees pays fees before an instalment that is not yet due, then goes on as
	// Prepay does.
	PayFees Extra = "fees"
)

// Terms are what the parties agreed. They do not change; what changes them
// later is an event.
type Terms struct {
	Kind      Kind           `json:"kind"`
	Principal money.Cents    `json:"principal"` // amount financed, or the base rent of all payments of a lease
	Rate      money.Rate     `json:"annual_rate"`
	DayCount  money.DayCount `json:"day_count"`
	Rounding  money.Rounding `json:"rounding"`

	// FactorDecimals cuts the daily factor rate/basis to so many decimals; 0 leaves it whole.
	FactorDecimals int `json:"factor_decimals,omitempty"`
	// CarryFraction takes the fraction of a cent that rounding gave or left to the
	// next payment, as some lenders do; without it each payment settles its own.
	CarryFraction bool `json:"carry_fraction,omitempty"`

	Start    money.Date `json:"start_date"` // interest accrues from here
	FirstDue money.Date `json:"first_due_date"`
	// DueDay is the day of the month that later due dates keep; 0 means FirstDue's.
	DueDay int `json:"due_day,omitempty"`
	// PerYear is how often instalments fall due: 12 (or 0), 24 twice a month, 26
	// every two weeks, 52 weekly, 13 every four weeks, or 1, 2, 3, 4 and 6 by months.
	PerYear int `json:"periods_per_year,omitempty"`
	// SkipMonths are months of the year, 1 to 12, in which no instalment falls due.
	SkipMonths []int       `json:"skip_months,omitempty"`
	Payments   int         `json:"n_payments"`
	Payment    money.Cents `json:"payment"` // each payment, tax included; the last one is whatever is left
	// Steps change the payment from an instalment on, in order of From.
	Steps []Step `json:"steps,omitempty"`
	// Balloon is due with the last payment beyond a regular one. The last payment
	// takes whatever is left, so the fold needs it only to recast payments.
	Balloon money.Cents `json:"balloon,omitempty"`
	// Tax is the part of each payment that is tax, on a lease.
	Tax money.Cents `json:"payment_tax,omitempty"`

	Application []Bucket    `json:"application"`
	Extra       Extra       `json:"extra,omitempty"` // for payments that do not choose; empty is Prepay
	GraceDays   int         `json:"grace_days"`
	LateFee     LateFee     `json:"late_fee"`
	ReturnedFee money.Cents `json:"returned_fee"`
	// CloseTolerance is the most that is written off when a payment leaves no more
	// than that owed in all.
	CloseTolerance money.Cents `json:"close_tolerance,omitempty"`
	// FeeState is the state whose law limits the contract's fees, as its two
	// letters; empty: the contract's terms alone. FeeStateConfirmed says that the
	// lender has confirmed a row of the table that nobody has read in its source.
	FeeState          string `json:"fee_state,omitempty"`
	FeeStateConfirmed bool   `json:"fee_state_confirmed,omitempty"`

	LeaseTerms *LeaseTerms `json:"lease,omitempty"`
	Brought    Brought     `json:"brought,omitzero"`
}

// Step changes the payment from an instalment on.
type Step struct {
	From    int         `json:"from"`
	Payment money.Cents `json:"payment"`
}

// Brought is what a contract taken over from other books brings with it beyond
// its principal: late fees unpaid there, and the last instalment that they or
// their absence have settled, so that none is charged twice.
type Brought struct {
	LateFees    money.Cents `json:"late_fees,omitempty"`
	LateThrough int         `json:"late_through,omitempty"`
}

// LateFee is the charge for an instalment still unpaid after the days of grace:
// a flat amount, or a percentage of the unpaid part of the instalment with an
// optional minimum (Flat) and cap. The zero value charges nothing.
type LateFee struct {
	Flat    money.Cents `json:"flat,omitempty"`
	Percent money.Rate  `json:"percent,omitempty"`
	Cap     money.Cents `json:"cap,omitempty"`
}

// ErrTerms is wrapped by every error of Validate.
var ErrTerms = errors.New("terms")

// TermsError says which term is wrong and why.
type TermsError struct{ Field, Reason string }

func (e *TermsError) Error() string { return "terms: " + e.Field + ": " + e.Reason }
func (e *TermsError) Unwrap() error { return ErrTerms }

// maxRate is a yearly rate of 1,000 %.
const maxRate = 10 * money.RateScale

// Validate refuses terms that the engine does not understand: the first reason, as a *TermsError.
func (t *Terms) Validate() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	if t.Kind != Loan && t.Kind != Lease {
		return bad("kind", fmt.Sprintf("loan or lease, not %q", t.Kind))
	}
	if t.Principal <= 0 || t.Principal > money.MaxAmount {
		return bad("principal", "must be more than zero")
	}
	if t.Rate < 0 || t.Rate > maxRate {
		return bad("annual_rate", "must be a fraction from 0 to 10")
	}
	if t.Kind == Lease && t.Rate != 0 {
		return bad("annual_rate", "a lease has no rate here")
	}
	if _, err := money.ParseDayCount(string(t.DayCount)); err != nil {
		return bad("day_count", err.Error())
	}
	if _, err := money.ParseRounding(string(t.Rounding)); err != nil {
		return bad("rounding", err.Error())
	}
	if t.FactorDecimals < 0 || t.FactorDecimals > 12 {
		return bad("factor_decimals", "must be 0 to 12")
	}
	if err := t.validDates(); err != nil {
		return err
	}
	if err := t.validPayments(); err != nil {
		return err
	}
	if t.GraceDays < 0 || t.Brought.LateFees < 0 || t.ReturnedFee < 0 || t.LateFee.Flat < 0 || t.LateFee.Percent < 0 || t.LateFee.Cap < 0 {
		return bad("late_fee", "fees and days of grace are not negative")
	}
	if t.CloseTolerance < 0 || t.CloseTolerance > 100_00 {
		return bad("close_tolerance", "must be 0.00 to 100.00")
	}
	switch t.Extra {
	case "", Prepay, Reduce, PayFees:
	default:
		return bad("extra", fmt.Sprintf("prepay, principal or fees, not %q", t.Extra))
	}
	if l := t.LeaseTerms; l != nil && t.Kind == Lease {
		if err := l.Validate(); err != nil {
			var e *TermsError
			if errors.As(err, &e) {
				return bad("lease."+e.Field, e.Reason)
			}
			return err
		}
	}
	if law, err := t.FeeLaw(); err != nil {
		var e *TermsError
		if errors.As(err, &e) {
			return e
		}
		return bad("fee_state", err.Error())
	} else if err := law.Check(t.LateFee, t.Payment, t.GraceDays, t.ReturnedFee); err != nil {
		return err
	}
	return validApplication(t.Application)
}

func (t *Terms) validDates() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	if t.Start.IsZero() || t.FirstDue.IsZero() {
		return bad("first_due_date", "start_date and first_due_date are needed")
	}
	if t.DueDay < 0 || t.DueDay > 31 {
		return bad("due_day", "must be 1 to 31")
	}
	switch t.PerYear {
	case 0, 1, 2, 3, 4, 6, 12, 13, 24, 26, 52:
	default:
		return bad("periods_per_year", "one of 1, 2, 3, 4, 6, 12, 13, 24, 26, 52")
	}
	if per := t.perYear(); t.DueDay != 0 && per > 12 && !(per == 24 && t.FirstDue == t.FirstDue.AddMonths(0, t.DueDay)) {
		return bad("due_day", "payments by weeks keep none, and payments twice a month keep that of the first one")
	}
	if len(t.SkipMonths) == 0 {
		return nil
	}
	if t.perYear() != 12 {
		return bad("skip_months", "is for monthly payments")
	}
	if len(t.SkipMonths) > 11 || !slices.IsSorted(t.SkipMonths) || t.SkipMonths[0] < 1 || t.SkipMonths[len(t.SkipMonths)-1] > 12 ||
		len(slices.Compact(slices.Clone(t.SkipMonths))) != len(t.SkipMonths) {
		return bad("skip_months", "must be months 1 to 12 in order, and not all of them")
	}
	if _, month, _ := t.FirstDue.Civil(); slices.Contains(t.SkipMonths, month) {
		return bad("first_due_date", "lies in a month that is skipped")
	}
	return nil
}

func (t *Terms) validPayments() error {
	bad := func(field, reason string) error { return &TermsError{field, reason} }
	if t.Payments < 1 || t.Payments > 1200 {
		return bad("n_payments", "must be 1 to 1200")
	}
	if t.Payment <= 0 || t.Payment > money.MaxAmount {
		return bad("payment", "must be more than zero")
	}
	if t.Balloon < 0 || t.Balloon > t.Principal {
		return bad("balloon", "must be from zero to the principal")
	}
	if t.Tax < 0 || t.Tax >= t.Payment {
		return bad("payment_tax", "must be zero or more and less than the payment")
	}
	if t.Kind == Loan && t.Tax != 0 {
		return bad("payment_tax", "a loan's payment bears no tax")
	}
	from := 0
	for _, s := range t.Steps {
		if s.From <= from || s.From > t.Payments {
			return bad("steps", "must be in order and within the payments")
		}
		if s.Payment <= t.Tax || s.Payment > money.MaxAmount {
			return bad("steps", "each payment must be more than zero")
		}
		from = s.From
	}
	return nil
}

func validApplication(order []Bucket) error {
	var seen [4]bool
	for _, b := range order {
		i := slices.Index(DefaultApplication, b)
		if i < 0 || seen[i] {
			return &TermsError{"application", fmt.Sprintf("%q is unknown or stands twice", b)}
		}
		seen[i] = true
	}
	if !seen[0] || !seen[1] {
		return &TermsError{"application", "interest and principal must be in the order"}
	}
	return nil
}

func (t *Terms) perYear() int {
	if t.PerYear == 0 {
		return 12
	}
	return t.PerYear
}

// Accrual is how the contract's interest grows at its first rate.
func (t *Terms) Accrual() money.Accrual { return t.accrualAt(t.Rate) }

func (t *Terms) accrualAt(r money.Rate) money.Accrual {
	return money.Accrual{Rate: r, DayCount: t.DayCount, FactorDecimals: t.FactorDecimals}
}
