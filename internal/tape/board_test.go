package tape

import (
	"errors"
	"strings"
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

func day(s string) money.Date {
	d, err := money.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// aLoan stands at 31 July 2026 with interest paid to the 18th and 35 months to go.
func aLoan() *Loan {
	return &Loan{
		Position: Position{File: "tape.xml", Number: 1, Line: 3, Asset: "A1"}, AssetType: "Sample",
		PeriodBegin: day("2026-07-01"), PeriodEnd: day("2026-07-31"), PaidThrough: day("2026-07-18"),
		EndBalance: Opt[money.Cents]{13_250_40, true}, Rate: Opt[money.Rate]{65_000_000_000, true},
		ScheduledPayment: Opt[money.Cents]{421_37, true}, RemainingTerm: Opt[int]{35, true}, PaymentType: 2,
	}
}

func TestALoanIsBoardedWhereItStood(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*Loan)
		due      string
		payments int
		payment  money.Cents
	}{
		"current":            {func(*Loan) {}, "2026-08-18", 35, 421_37},
		"sixteen days late":  {func(l *Loan) { l.DaysPastDue.V = 16 }, "2026-07-15", 36, 421_37},
		"two months behind":  {func(l *Loan) { l.DaysPastDue.V = 46 }, "2026-06-15", 37, 421_37},
		"paid a month ahead": {func(l *Loan) { l.NextDue = Opt[money.Cents]{0, true} }, "2026-09-18", 34, 421_37},
		"past maturity":      {func(l *Loan) { l.RemainingTerm.V = -2 }, "2026-08-18", 1, 421_37},
		"maturity month only": {func(l *Loan) {
			l.RemainingTerm = Opt[int]{}
			l.Maturity = Month(2029*12 + 5)
		}, "2026-08-18", 35, 421_37},
		"deferred: no scheduled payment": {func(l *Loan) { l.ScheduledPayment.V = 0 }, "2026-08-18", 35, 416_63},
		"scheduled parts only": {func(l *Loan) {
			l.ScheduledPayment.V, l.ScheduledInterest.V, l.ScheduledPrincipal.V = 0, 71_77, 349_60
		}, "2026-08-18", 35, 421_37},
	} {
		l := aLoan()
		c.change(l)
		b, err := l.Contract(DefaultBoardingRules())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if b.Terms.FirstDue != day(c.due) || b.Terms.Payments != c.payments || b.Terms.Payment != c.payment {
			t.Errorf("%s: first due %s, %d payments of %s", name, b.Terms.FirstDue, b.Terms.Payments, b.Terms.Payment)
		}
		if b.Terms.Principal != 13_250_40 || b.Terms.Start != day("2026-07-18") || b.AsOf != day("2026-07-31") {
			t.Errorf("%s: %+v", name, b.Terms)
		}
	}
}

func TestTheDueDayIsTheRulesWhenSet(t *testing.T) {
	rules := DefaultBoardingRules()
	rules.DueDay, rules.GraceDays = 31, 10
	b, err := aLoan().Contract(rules)
	if err != nil || b.Terms.FirstDue != day("2026-08-31") || b.Terms.DueDay != 31 || b.Terms.GraceDays != 10 {
		t.Errorf("%+v %v", b.Terms, err)
	}
}

func TestClosedLoansAreSkippedWithTheReason(t *testing.T) {
	for reason, change := range map[string]func(*Loan){
		"paid off or matured":   func(l *Loan) { l.ZeroCodes, l.EndBalance.V = []int{1}, 0 },
		"charged off":           func(l *Loan) { l.ZeroCodes = []int{4} }, // its balance stays in the file
		"servicing transferred": func(l *Loan) { l.ZeroCodes = []int{5} },
		"no balance":            func(l *Loan) { l.EndBalance.V = 0 },
	} {
		l := aLoan()
		change(l)
		_, err := l.Contract(DefaultBoardingRules())
		var skip *Skip
		if !errors.As(err, &skip) || skip.Reason != reason {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

func TestALoanThatCannotBeBoardedSaysWhichFieldIsMissing(t *testing.T) {
	for field, change := range map[string]func(*Loan){
		"reportingPeriodActualEndBalanceAmount":           func(l *Loan) { l.EndBalance = Opt[money.Cents]{} },
		"reportingPeriodActualEndBalanceAmount, a credit": func(l *Loan) { l.EndBalance.V = -5 },
		"interestPaidThroughDate":                         func(l *Loan) { l.PaidThrough = 0 },
		"reportingPeriodEndingDate":                       func(l *Loan) { l.PeriodEnd = 0 },
		"reportingPeriodInterestRatePercentage":           func(l *Loan) { l.Rate.OK = false },
		"remainingTermToMaturityNumber":                   func(l *Loan) { l.RemainingTerm.OK = false },
		"paymentTypeCode":                                 func(l *Loan) { l.PaymentType = 1 },
		"n_payments":                                      func(l *Loan) { l.RemainingTerm.V = 5000 },
	} {
		l := aLoan()
		change(l)
		_, err := l.Contract(DefaultBoardingRules())
		var e *Error
		field, _, _ = strings.Cut(field, ",")
		if !errors.As(err, &e) || e.Field != field || e.Asset != "A1" || e.Line != 3 {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestALeaseIsBoardedAsLevelRentals(t *testing.T) {
	l := &Lease{
		Position: Position{Asset: "S1"}, PeriodEnd: day("2026-07-31"), PaidThrough: day("2026-08-10"),
		ScheduledPayment: Opt[money.Cents]{389_00, true}, RemainingTerm: Opt[int]{20, true},
		CapitalizedCost: Opt[money.Cents]{31_500_00, true}, Residual: Opt[money.Cents]{18_900_00, true}, OriginalTerm: Opt[int]{36, true},
	}
	b, err := l.Contract(DefaultBoardingRules())
	if err != nil {
		t.Fatal(err)
	}
	if b.Terms.Kind != contract.Lease || b.Terms.Payments != 20 || b.Terms.Principal != 20*389_00 || b.Terms.Rate != 0 || b.Terms.FirstDue != day("2026-08-10") {
		t.Errorf("%+v", b.Terms)
	}
	if *b.Terms.LeaseTerms != (contract.LeaseTerms{CapitalizedCost: 31_500_00, Residual: 18_900_00, Term: 36}) {
		t.Errorf("%+v", b.Terms.LeaseTerms)
	}
	for reason, change := range map[string]func(*Lease){
		"lease ended":         func(l *Lease) { l.Ended = []int{2} },
		"prepaid lease":       func(l *Lease) { l.PaymentType = 4 },
		"no rent left to pay": func(l *Lease) { l.RemainingTerm.V = 0 },
	} {
		closed := *l
		change(&closed)
		_, err := closed.Contract(DefaultBoardingRules())
		if err == nil || !strings.HasSuffix(err.Error(), reason) {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

func TestTheLevelPaymentIsTheLeastThatRepays(t *testing.T) {
	// 24,000.00 at 5.90 % over 60 months is 462.873 by the annuity formula.
	if p := level(24_000_00, 59_000_000_000, 60); p != 462_88 {
		t.Error(p)
	}
	if p := level(1000_00, 0, 3); p != 333_34 {
		t.Error(p)
	}
}

// Files that give only the month interest is paid through are read and can be
// reconciled; they cannot be boarded.
func TestAMonthIsNoDayToBoardFrom(t *testing.T) {
	recs, errs := readAll(strings.NewReader(loanFile(oneLoan("A1", strings.Replace(serviced, "07-18-2026", "07-2026", 1)))))
	if len(errs) > 0 || recs[0].Loan.PaidThrough != 0 || recs[0].Loan.PaidMonth != 2026*12+6 {
		t.Fatal(recs, errs)
	}
	var e *Error
	if _, err := recs[0].Board(DefaultBoardingRules()); !errors.As(err, &e) || e.Field != "interestPaidThroughDate" {
		t.Error(err)
	}
}
