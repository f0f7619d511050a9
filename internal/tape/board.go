package tape

import (
	"fmt"
	"slices"

	"marque/internal/contract"
	"marque/internal/money"
)

// BoardingRules are a lender's settings for what a file does not say.
type BoardingRules struct {
	DayCount       money.DayCount
	Rounding       money.Rounding
	FactorDecimals int
	Application    []contract.Bucket
	GraceDays      int
	LateFee        contract.LateFee
	ReturnedFee    money.Cents
	CarryFraction  bool
	Extra          contract.Extra
	CloseTolerance money.Cents
	FeeState       string   // the state whose law limits the fees
	FeeStates      []string // whose law the lender has confirmed, beyond those that were read
	DueDay         int      // of the month, for contracts whose due day cannot be read; 0: the paid-through day
}

// DefaultBoardingRules are daily simple interest over 365 days, half a cent up,
// interest before principal before fees, and no fees.
func DefaultBoardingRules() BoardingRules {
	return BoardingRules{
		DayCount: money.Actual365, Rounding: money.HalfUp, Application: contract.DefaultApplication,
	}
}

func (b BoardingRules) terms(kind contract.Kind) contract.Terms {
	return contract.Terms{
		Kind: kind, DayCount: b.DayCount, Rounding: b.Rounding, FactorDecimals: b.FactorDecimals,
		Application: b.Application, GraceDays: b.GraceDays, LateFee: b.LateFee, ReturnedFee: b.ReturnedFee,
		CarryFraction: b.CarryFraction, Extra: b.Extra, CloseTolerance: b.CloseTolerance,
		FeeState: b.FeeState, FeeStateConfirmed: slices.Contains(b.FeeStates, b.FeeState),
	}
}

// Board gives the contract that a record becomes on our books. The error is a
// *Skip when there is nothing left to service, else an *Error.
func (r Record) Board(rules BoardingRules) (Boarding, error) {
	if r.Loan != nil {
		return r.Loan.Contract(rules)
	}
	return r.Lease.Contract(rules)
}

// Contract boards a loan as it stood at the end of the reporting period.
//
//   - Principal is the actual end balance. Interest accrues from the date that
//     interest is paid through, at the rate in effect in the period (else the
//     next period's, else the original).
//   - The first due date is the oldest unpaid instalment's: the period's end
//     less the days past due. A loan that is not past due falls due next on the
//     first due day after the period's end, or a month later when the file says
//     that nothing is due next period. The due day is the rules', else the day
//     of the month that interest is paid through.
//   - Instalments run from there to maturity (period end plus remaining term,
//     else the maturity month), at least one. What was already paid towards the
//     oldest one the file does not say; the last instalment is whatever is left.
//   - The instalment is the scheduled payment; where the file has none (as for
//     deferred loans), scheduled interest plus principal, else the level payment
//     that the balance needs.
//
// Loans with a zero-balance code or no balance are skipped.
func (l *Loan) Contract(rules BoardingRules) (Boarding, error) {
	if reason := l.done(); reason != "" {
		return Boarding{}, &Skip{reason}
	}
	switch {
	case !l.EndBalance.OK:
		return Boarding{}, l.Error("reportingPeriodActualEndBalanceAmount", "is needed to board a loan")
	case l.EndBalance.V < 0:
		return Boarding{}, l.Error("reportingPeriodActualEndBalanceAmount", "must not be negative to board a loan: it is a credit")
	case l.PeriodEnd.IsZero():
		return Boarding{}, l.Error("reportingPeriodEndingDate", "is needed to board a loan")
	case l.PaidThrough.IsZero():
		return Boarding{}, l.Error("interestPaidThroughDate", "is needed to board a loan")
	case l.PaymentType == 1 || l.PaymentType == 3:
		return Boarding{}, l.Error("paymentTypeCode", "only monthly payments can be serviced")
	}
	rate := l.Rate.or(l.NextRate).or(l.OriginalRate)
	if !rate.OK {
		return Boarding{}, l.Error("reportingPeriodInterestRatePercentage", "is needed to board a loan")
	}
	maturity := l.Maturity
	if l.RemainingTerm.OK {
		maturity = MonthOf(l.PeriodEnd) + Month(l.RemainingTerm.V)
	}
	if maturity == 0 {
		return Boarding{}, l.Error("remainingTermToMaturityNumber", "this or loanMaturityDate is needed to board a loan")
	}
	t := rules.terms(contract.Loan)
	t.Principal, t.Rate, t.Start = l.EndBalance.V, rate.V, l.PaidThrough
	t.FirstDue, t.DueDay = firstDue(rules, l.PeriodEnd, l.PaidThrough, l.DaysPastDue.V, l.NextDue)
	t.Payments = max(1, int(maturity-MonthOf(t.FirstDue))+1)
	t.Payment = l.instalment(t)
	b := Boarding{
		Position: l.Position, AccountNumber: l.Asset, Terms: t, AsOf: l.PeriodEnd,
		Originator: l.Originator, Vehicle: l.Vehicle, State: l.State,
		OriginalAmount: l.OriginalAmount.V, OriginalDate: l.Originated.First(),
		OriginalTerm: l.OriginalTerm.V, OriginalRate: l.OriginalRate.V,
		FeesOutstanding: max(0, l.FeesOutstanding.V),
	}
	return b, valid(l.Position, &t)
}

func (l *Loan) done() string {
	for _, c := range l.ZeroCodes {
		switch c {
		case 1:
			return "paid off or matured"
		case 2:
			return "sold"
		case 3:
			return "repurchased or replaced"
		case 4:
			return "charged off"
		case 5:
			return "servicing transferred"
		case 99:
			return "closed, reason not given"
		}
	}
	if l.EndBalance.OK && l.EndBalance.V == 0 {
		return "no balance"
	}
	return ""
}

func (l *Loan) instalment(t contract.Terms) money.Cents {
	if l.ScheduledPayment.V > 0 {
		return l.ScheduledPayment.V
	}
	if p := l.ScheduledInterest.V + l.ScheduledPrincipal.V; p > 0 {
		return p
	}
	return level(t.Principal, t.Rate, min(t.Payments, 1200)) // more is refused later
}

// level is the least monthly payment, at a twelfth of the rate a month rounded
// half up, that repays the principal in n payments.
func level(principal money.Cents, rate money.Rate, n int) money.Cents {
	monthly := money.Accrual{Rate: rate, DayCount: money.Thirty360}
	repays := func(payment money.Cents) bool {
		left := principal
		for range n {
			interest, err := monthly.OverDays(left, 30)
			if err != nil {
				return false
			}
			left += interest.Round(money.HalfUp) - payment
			if left <= 0 {
				return true
			}
			if left > principal {
				return false
			}
		}
		return false
	}
	low, high := principal/money.Cents(n), 12*principal+1
	for low < high {
		if mid := (low + high) / 2; repays(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// firstDue is the oldest due date that is not met, and the due day.
func firstDue(rules BoardingRules, end, paidThrough money.Date, pastDue int, next Opt[money.Cents]) (money.Date, int) {
	if pastDue > 0 {
		oldest := end - money.Date(pastDue)
		return oldest, oldest.Day()
	}
	day := rules.DueDay
	if day == 0 {
		day = paidThrough.Day()
	}
	due := end.AddMonths(0, day)
	if due <= end {
		due = end.AddMonths(1, day)
	}
	if next.OK && next.V <= 0 {
		due = due.AddMonths(1, day)
	}
	return due, day
}

// Contract boards a lease as level rentals: the rate is zero and the principal
// is the rent still to come. Rentals left are the remaining term plus those
// past due; due dates are found as for loans, from the paid-through date.
// Leases that have ended, were prepaid, or have no rent left are skipped.
func (l *Lease) Contract(rules BoardingRules) (Boarding, error) {
	if reason := l.done(); reason != "" {
		return Boarding{}, &Skip{reason}
	}
	remaining := l.RemainingTerm
	if !remaining.OK && l.Termination != 0 && !l.PeriodEnd.IsZero() {
		remaining = Opt[int]{int(l.Termination - MonthOf(l.PeriodEnd)), true}
	}
	rent := l.ScheduledPayment
	if rent.V <= 0 && l.DaysPastDue.V <= 0 {
		rent = l.NextDue
	}
	switch {
	case l.PeriodEnd.IsZero():
		return Boarding{}, l.Error("reportingPeriodEndDate", "is needed to board a lease")
	case !remaining.OK:
		return Boarding{}, l.Error("remainingTermNumber", "this or scheduledTerminationDate is needed to board a lease")
	case l.PaymentType == 1 || l.PaymentType == 3:
		return Boarding{}, l.Error("paymentTypeCode", "only monthly rentals can be serviced")
	}
	start := l.PaidThrough
	if start.IsZero() {
		start = l.PeriodEnd
	}
	t := rules.terms(contract.Lease)
	t.Start = start
	t.FirstDue, t.DueDay = firstDue(rules, l.PeriodEnd, start, l.DaysPastDue.V, l.NextDue)
	last := MonthOf(l.PeriodEnd) + Month(remaining.V)
	t.Payments = int(last-MonthOf(t.FirstDue)) + 1
	if t.Payments <= 0 {
		return Boarding{}, &Skip{"no rent left to pay"}
	}
	if rent.V <= 0 {
		return Boarding{}, l.Error("reportingPeriodScheduledPaymentAmount", "is needed to board a lease")
	}
	t.Payment, t.Principal = rent.V, rent.V*money.Cents(t.Payments)
	t.LeaseTerms = &contract.LeaseTerms{
		CapitalizedCost: l.CapitalizedCost.V, Residual: l.Residual.or(l.BaseResidual).V, Term: l.OriginalTerm.V,
	}
	b := Boarding{
		Position: l.Position, AccountNumber: l.Asset, Terms: t, AsOf: l.PeriodEnd,
		Originator: l.Originator, Vehicle: l.Vehicle, State: l.State,
		OriginalAmount: l.CapitalizedCost.V, OriginalDate: l.Originated.First(), OriginalTerm: l.OriginalTerm.V,
		FeesOutstanding: max(0, l.FeesOutstanding.V),
	}
	return b, valid(l.Position, &t)
}

func (l *Lease) done() string {
	switch {
	case len(l.Ended) > 0:
		return "lease ended"
	case l.PaymentType == 4:
		return "prepaid lease"
	}
	for _, c := range l.ZeroCodes {
		switch c {
		case 1:
			return "lease ended"
		case 2:
			return "repurchased or replaced"
		case 3:
			return "charged off"
		case 4:
			return "servicing transferred"
		case 99:
			return "closed, reason not given"
		}
	}
	if l.EndBalance.OK && l.EndBalance.V == 0 {
		return "no balance"
	}
	return ""
}

// valid holds the terms against what the engine understands.
func valid(at Position, t *contract.Terms) error {
	if at.Asset == "" {
		return at.Error("assetNumber", "is needed")
	}
	if err := t.Validate(); err != nil {
		if te, ok := err.(*contract.TermsError); ok {
			return at.Error(te.Field, te.Reason)
		}
		return at.Error("", fmt.Sprintf("terms: %v", err))
	}
	return nil
}

func (l *Loan) check() *Error {
	switch {
	case l.Asset == "":
		return l.Error("assetNumber", "is missing")
	case l.AssetType == "":
		return l.Error("assetTypeNumber", "is missing")
	case l.PeriodEnd != 0 && l.PeriodEnd < l.PeriodBegin:
		return l.Error("reportingPeriodEndingDate", "is before the period begins")
	case l.PeriodEnd != 0 && l.Originated > MonthOf(l.PeriodEnd):
		return l.Error("originationDate", "is after the period ends")
	case l.Maturity != 0 && l.Maturity < l.Originated:
		return l.Error("loanMaturityDate", "is before the loan was made")
	}
	return nil
}

func (l *Lease) check() *Error {
	switch {
	case l.Asset == "":
		return l.Error("assetNumber", "is missing")
	case l.AssetType == "":
		return l.Error("assetTypeNumber", "is missing")
	case l.PeriodEnd != 0 && l.PeriodEnd < l.PeriodBegin:
		return l.Error("reportingPeriodEndDate", "is before the period begins")
	case l.PeriodEnd != 0 && l.Originated > MonthOf(l.PeriodEnd):
		return l.Error("originationDate", "is after the period ends")
	case l.Termination != 0 && l.Termination < l.Originated:
		return l.Error("scheduledTerminationDate", "is before the lease was made")
	}
	return nil
}
