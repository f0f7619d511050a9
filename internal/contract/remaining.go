package contract

import "marque/internal/money"

// LevelPayment is the exact level payment of the contract's own dates, day
// count and rounding; t.Payment is not looked at.
func (t *Terms) LevelPayment() (money.Cents, error) {
	p := Plan{
		Principal: t.Principal, Accrual: t.Accrual(), Rounding: t.Rounding,
		Start: t.Start, First: t.FirstDue, DueDay: t.DueDay,
		Payments: t.Payments, PerYear: 12, Method: Daily,
	}
	return p.LevelPayment()
}

// Remaining is the rest of the contract as it stands, from a date: one row for
// each instalment not yet paid in full, numbered as in the contract, each with
// its due date. The split supposes that every instalment is paid on its due
// date, and one already past due on the date given. The first row asks only for
// what is missing of its instalment, and takes the interest since s.Through.
// Fees stand apart. The last row is whatever is left.
func (t *Terms) Remaining(s State, from money.Date) ([]Row, error) {
	if s.Principal == 0 && s.Accrued.Round(t.Rounding) == 0 {
		return nil, nil
	}
	var rows []Row
	for n := min(int(s.Credited/t.Payment)+1, t.Payments); n <= t.Payments; n++ {
		due := t.DueDate(n)
		if err := s.accrue(t, max(due, from)); err != nil {
			return nil, err
		}
		owed := s.Accrued.Round(t.Rounding)
		pay := money.Cents(n)*t.Payment - s.Credited
		if all := s.Principal + owed; n == t.Payments || pay > all {
			pay = all
		}
		interest := min(pay, owed)
		s.Accrued = s.Accrued.Paid(interest, t.Rounding)
		s.Principal -= pay - interest
		s.Credited += pay
		rows = append(rows, Row{n, due, pay, interest, pay - interest, s.Principal})
		if s.Principal == 0 && interest == owed {
			break
		}
	}
	return rows, nil
}
