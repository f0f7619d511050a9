package contract

import (
	"fmt"

	"marque/internal/money"
)

// ServiceReturn ends a lease under the Servicemembers Civil Relief Act, 50 USC 3955:
// written notice with a copy of the orders, and the vehicle back within 15 days
// of it. Whether the orders qualify is for people to decide.
type ServiceReturn struct {
	Notice   money.Date // notice and orders delivered
	Returned money.Date // the vehicle came back
	Odometer int
	Wear     []LeaseItem
}

// Ends is the day the lease ends: that on which notice and vehicle are both here.
func (e ServiceReturn) Ends() money.Date { return max(e.Notice, e.Returned) }

// RefundBy is the last day for the refund: 30 days after the end.
func (e ServiceReturn) RefundBy() money.Date { return e.Ends() + 30 }

// EndForService settles a lease that ends for military service, for a standing
// of the day it ends. No early termination charge and no disposition fee is
// made. Rent paid in advance for days after the end comes back, and so does the
// part of the capitalized cost reduction for them, by days, rounded up (the
// Department of Justice counts it as rent paid in advance). Rent before the end,
// fees, taxes, and reasonable charges for miles and wear stay owed; miles count
// against the allowance to the day.
func (l *LeaseTerms) EndForService(s LeaseStanding, e ServiceReturn) (LeaseSettlement, error) {
	bad := func(field, reason string) (LeaseSettlement, error) {
		return LeaseSettlement{}, &TermsError{field, reason}
	}
	if err := l.dated(); err != nil {
		return LeaseSettlement{}, err
	}
	if err := s.check(l); err != nil {
		return LeaseSettlement{}, err
	}
	if e.Notice < l.Start || e.Returned < l.Start {
		return bad("notice", "notice and return are not before the lease began")
	}
	if e.Returned > e.Notice+15 {
		return bad("returned", "is more than 15 days after notice was given")
	}
	ends := e.Ends()
	if s.On != ends || s.MonthFrom > ends || s.MonthTo <= ends {
		return bad("on", "the standing must be that of the day the lease ends, "+ends.String())
	}
	b := because{leaseWhy("Early termination charge", 0, RuleServiceNoCharge)}
	s.owed(&b)
	unused := int(s.MonthTo - ends - 1)
	if left := int(l.End(s.Extended) - ends - 1); left > 0 {
		days, all := Figure{"days after the end", fmt.Sprint(left)}, int(l.End(s.Extended)-l.Start)
		if l.SinglePay {
			b.add("Part of the single payment", -portion(l.BasePayment+l.MonthlyTax, left, all, money.Up), RuleServicePayment,
				days, Figure{"days of the lease", fmt.Sprint(all)})
		}
		b.add("Part of the capitalized cost reduction", -portion(l.CapReduction, left, all, money.Up), RuleServiceCost,
			days, Figure{"days of the lease", fmt.Sprint(all)}, Figure{"capitalized cost reduction", l.CapReduction.USD()})
	}
	if !l.SinglePay {
		b.add("Rent for the days after the end", -portion(l.Monthly(), unused, int(s.MonthTo-s.MonthFrom), money.Up), RuleServiceRent,
			Figure{"days after the end", fmt.Sprint(unused)}, Figure{"days of the month", fmt.Sprint(int(s.MonthTo - s.MonthFrom))}, Figure{"payment", l.Monthly().USD()})
	}
	over, err := l.usage(e.Odometer, l.allowed(ends, s.Extended))
	if err != nil {
		return LeaseSettlement{}, err
	}
	b = append(b, over...)
	if err := wear(&b, e.Wear); err != nil {
		return LeaseSettlement{}, err
	}
	s.given(&b)
	return s.settled(b), nil
}
