package portal

import (
	"fmt"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// yearChart is a year's payments, a column for each month, by what they paid. A
// part that came back in its month draws nothing: the table behind it has it.
type yearChart struct {
	Columns []column
	Labels  []tick
	Y       []tick
	Summary string
}

// column is one part of one month.
type column struct {
	X, Y, Width, Height int
	Class               string // principal, interest or fees
}

func newYearChart(kind contract.Kind, y billing.Year) yearChart {
	var top money.Cents
	for _, m := range y.Months {
		top = max(top, max(m.Principal, 0)+max(m.Interest+m.Tax, 0)+max(m.Fees, 0))
	}
	if top <= 0 {
		return yearChart{}
	}
	step := gridStep(top, 10_00)
	top = (top + step - 1) / step * step
	height := func(c money.Cents) int { return int(int64(max(c, 0)) * chartHeight / int64(top)) }
	var c yearChart
	c.Y = dollarTicks(top, step, func(m money.Cents) int { return chartHeight - height(m) })
	const slot = chartWidth / 13 // the labels of heights stand in the last
	for _, m := range y.Months {
		_, month, _ := m.Month.Civil()
		at, foot := (month-1)*slot, chartHeight
		for _, part := range []struct {
			class  string
			amount money.Cents
		}{{"principal", m.Principal}, {"interest", m.Interest + m.Tax}, {"fees", m.Fees}} {
			if h := height(part.amount); h > 0 {
				foot -= h
				c.Columns = append(c.Columns, column{at + slot/5, foot, slot * 3 / 5, h, part.class})
			}
		}
	}
	for month := 1; month <= 12; month++ {
		c.Labels = append(c.Labels, tick{(month-1)*slot + slot/2, money.NewDate(y.Year, month, 1).Time().Format("Jan")})
	}
	c.Summary = fmt.Sprintf("In %d you paid %s: %s in interest, %s in principal and %s in fees.", y.Year, y.Paid.USD(), y.Interest.USD(), y.Principal.USD(), y.Fees.USD())
	if kind == contract.Lease {
		c.Summary = fmt.Sprintf("In %d you paid %s: %s in lease payments, %s in tax and %s in fees.", y.Year, y.Paid.USD(), y.Principal.USD(), y.Tax.USD(), y.Fees.USD())
	}
	return c
}
