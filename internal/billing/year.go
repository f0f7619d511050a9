package billing

import (
	"marque/internal/contract"
	"marque/internal/money"
)

// Year is what a calendar year did to an account, as its borrower needs it for
// taxes: by the days that things count for. What was corrected later counts on the
// day of what corrected it, as on statements.
type Year struct {
	Year             int
	From, Through    money.Date  // of the year, what these books know
	Opening, Closing money.Cents // principal, or the lease payments still to make, before From and after Through
	YearSum
	Other  money.Cents // what changed the balance and was not paid: forgiven, charged off, a lease changed or ended
	Months []YearMonth
}

// YearMonth is one month of it.
type YearMonth struct {
	Month   money.Date // its first day
	Balance money.Cents
	YearSum
}

// YearSum is what was paid in a time, by what it paid, and the fees charged.
type YearSum struct {
	Paid                           money.Cents // all of it
	Interest, Principal, Fees, Tax money.Cents
	FeesCharged                    money.Cents // less those taken back
}

func (s *YearSum) add(l *HistoryLine) {
	paid := l.Paid()
	s.Paid += paid.Total()
	s.Interest += paid.Interest
	s.Principal += paid.Principal
	s.Fees += paid.LateFee + paid.OtherFee
	s.Tax += paid.Tax
	switch l.Event.Kind {
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge:
		s.FeesCharged -= l.Amount
	}
}

// MakeYear sums a calendar year of a history, until today where it is not over.
// False for a year that these books do not know.
func MakeYear(t *contract.Terms, history []HistoryLine, year int, today money.Date) (Year, bool) {
	y := Year{Year: year, From: max(money.NewDate(year, 1, 1), t.Start), Through: min(money.NewDate(year, 12, 31), today), Opening: t.Principal}
	if year < t.Start.Year() || year > today.Year() {
		return y, false
	}
	began, ends := money.NewDate(year, 1, 1), y.Through
	var lines []*HistoryLine
	for i := range history {
		switch l := &history[i]; {
		case l.Entry.Effective < began:
			y.Opening = l.Balance
		case l.Entry.Effective.Year() == year:
			lines, ends = append(lines, l), max(ends, l.Entry.Effective)
			y.From = min(y.From, l.Entry.Effective)
		}
	}
	y.Closing = y.Opening
	first := y.From - money.Date(y.From.Day()-1)
	for ; first <= ends; first = first.MonthEnd() + 1 {
		m := YearMonth{Month: first}
		for len(lines) > 0 && lines[0].Entry.Effective <= first.MonthEnd() {
			m.add(lines[0])
			y.add(lines[0])
			y.Closing, lines = lines[0].Balance, lines[1:]
		}
		m.Balance = y.Closing
		y.Months = append(y.Months, m)
	}
	y.Other = y.Closing - y.Opening + y.Principal
	return y, true
}
