package contract

import "marque/internal/money"

// LevelPayment is the exact level payment of the contract's own dates, day
// count, balloon and rounding; t.Payment is not looked at.
func (t *Terms) LevelPayment() (money.Cents, error) {
	p := Plan{
		Principal: t.Principal, Accrual: t.Accrual(), Rounding: t.Rounding,
		Start: t.Start, First: t.FirstDue, DueDay: t.dueDay(t.DueDay), SkipMonths: t.SkipMonths,
		Payments: t.Payments, PerYear: t.perYear(), Method: Daily, Balloon: t.Balloon,
	}
	for _, s := range t.Steps {
		p.Steps = append(p.Steps, PaymentStep{From: s.From, Payment: s.Payment})
	}
	return p.LevelPayment()
}

// dueDay is a day of the month for a Plan, which keeps one only by months.
func (t *Terms) dueDay(day int) int {
	if t.perYear() > 12 {
		return 0
	}
	return day
}

// Remaining is the rest of the contract as it stands, from a date: one row for
// each instalment not yet paid in full, numbered as in the contract, each with
// its due date. The split supposes that every instalment is paid on its due
// date, and one already past due on the date given. The first row asks only for
// what is missing of its instalment, and takes the interest since s.Through.
// Fees stand apart. The last row is whatever is left. A lease's payment bears
// its tax: Payment less Interest and Principal.
func (t *Terms) Remaining(s State, from money.Date) ([]Row, error) {
	if s.Owed(t) == s.LateFees+s.OtherFees {
		return nil, nil
	}
	var rows []Row
	for n := max(1, min(s.Paid()+1, s.Payments)); n <= max(1, s.Payments); n++ {
		due := s.DueDate(t, n)
		if err := s.accrue(t, max(due, from)); err != nil {
			return nil, err
		}
		owed := s.Accrued.Round(t.Rounding)
		pay := max(0, s.Asked(n)-s.Credited)
		if all := s.Principal + s.taxLeft(t) + owed; n >= s.Payments || pay > all {
			pay = all
		}
		interest := min(pay, owed)
		tax := s.taxIn(t, pay-interest)
		s.settle(t, interest)
		s.Principal -= pay - interest - tax
		s.TaxPaid += tax
		s.Credited += pay
		rows = append(rows, Row{n, due, pay, interest, pay - interest - tax, s.Principal})
		if s.Principal == 0 && interest == owed && s.taxLeft(t) == 0 {
			break
		}
	}
	return rows, nil
}
