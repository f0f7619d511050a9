package portal

import (
	"fmt"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// leaseChart draws the lease balance by months: a point where each begins, and
// the signing before the first.
func leaseChart(v servicing.LeaseView) chart {
	at := func(n int) money.Cents {
		if n == 0 {
			return v.Terms.CapitalizedCost
		}
		return v.Rows[n-1].Balance
	}
	term, now := len(v.Rows), min(v.Standing.Month, len(v.Rows))
	var top money.Cents
	for n := range term + 1 {
		top = max(top, at(n))
	}
	if top <= 0 {
		return chart{}
	}
	step := gridStep(top, 100_00)
	top = (top + step - 1) / step * step
	x := func(n int) int { return n * chartWidth / term }
	y := func(c money.Cents) int {
		return chartHeight - int(int64(max(c, 0))*chartHeight/int64(top))
	}
	draw := func(from, to int) string {
		var b strings.Builder
		for n := from; n <= to && from < to; n++ {
			fmt.Fprintf(&b, "%c%d %d", "ML"[min(1, n-from)], x(n), y(at(n)))
		}
		return b.String()
	}
	c := chart{ID: "balance-chart", Title: "Lease balance by months", Past: draw(0, now), Planned: draw(now, term), NowX: x(now), NowY: y(at(now)), Y: dollarTicks(top, step, y)}
	// A label stands over its line, at the end where the balance does not.
	crossed := func(from, to int) (is bool) {
		for n := from; n <= to; n++ {
			is = is || (at(n)%step > 0 && int64(at(n)%step)*chartHeight/int64(top) < 20)
		}
		return is
	}
	c.IsLeft = crossed(term-term/6, term) && !crossed(0, term/8)
	every := 12 * (1 + term/84)
	for n := every; n <= term; n += every {
		c.X = append(c.X, tick{x(n), fmt.Sprintf("Month %d", n)})
	}
	c.Summary = fmt.Sprintf("From %s when you signed to %s now, in month %d, and to %s, the residual value, in month %d.", at(0).USD(), at(now).USD(), now, at(term).USD(), term)
	if now == 0 {
		c.Summary = fmt.Sprintf("From %s when you signed to %s, the residual value, in month %d.", at(0).USD(), at(term).USD(), term)
	}
	return c
}

// milesChart draws the miles driven, where they lead, and the allowance as a thin
// line to compare with.
func milesChart(m contract.Mileage, start money.Date) chart {
	last := m.Points[len(m.Points)-1]
	from, to := start, max(m.End, last.On)
	top := max(m.Allowance, m.Projected, m.Driven)
	if to <= from || top <= 0 {
		return chart{}
	}
	step := gridStep(top, 1_000)
	top = (top + step - 1) / step * step
	x := func(d money.Date) int { return int(d-from) * chartWidth / int(to-from) }
	y := func(n int) int { return chartHeight - n*chartHeight/top }
	c := chart{ID: "miles-chart", Title: "Miles driven and allowed", IsLeft: true, NowX: x(m.On), NowY: y(m.Driven),
		Limit: fmt.Sprintf("%d,%d %d,%d %d,%d", x(from), y(0), x(m.End), y(m.Allowance), x(to), y(m.Allowance))}
	var path strings.Builder
	for i, p := range m.Points {
		if p.Projected {
			c.Planned = fmt.Sprintf("M%d %dL%d %d", c.NowX, c.NowY, x(p.On), y(p.Driven))
			continue
		}
		fmt.Fprintf(&path, "%c%d %d", "ML"[min(1, i)], x(p.On), y(p.Driven))
	}
	c.Past = path.String()
	for n := step; n <= top; n += step {
		c.Y = append(c.Y, tick{y(n), thousands(n)})
	}
	c.Y = append(c.Y, tick{y(0), ""})
	every := 1 + (to.Year()-from.Year())/7
	for year := from.Year() + 1; year <= to.Year(); year += every {
		c.X = append(c.X, tick{x(money.NewDate(year, 1, 1)), fmt.Sprint(year)})
	}
	c.Summary = fmt.Sprintf("%s miles driven by %s, when %s were allowed.", thousands(m.Driven), m.On.Long(), thousands(m.Allowed))
	if m.Paced && m.On < m.End {
		c.Summary += fmt.Sprintf(" At this pace %s by %s, when %s are allowed.", thousands(m.Projected), m.End.Long(), thousands(m.Allowance))
	}
	return c
}
