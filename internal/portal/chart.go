package portal

import (
	"fmt"
	"slices"
	"strings"

	"marque/internal/money"
	"marque/internal/servicing"
)

// The chart's drawing area, in units of its viewBox. Labels stand outside it.
const (
	chartWidth  = 640
	chartHeight = 200
)

// chart is a line over the life of a contract: what was, and what is planned or
// will be at the pace so far.
type chart struct {
	ID, Title     string
	Past, Planned string // the d of an SVG path; empty when there is none
	Limit         string // the points of a thin line to compare with
	NowX, NowY    int
	X, Y          []tick
	IsLeft        bool       // where the labels of heights stand
	Rows          []chartRow // the same figures at the end of each year
	Summary       string
}

type tick struct {
	At    int
	Label string
}

// Anchor keeps the last label inside the picture.
func (t tick) Anchor() string {
	if t.At > chartWidth-40 {
		return "end"
	}
	return "middle"
}

type chartRow struct {
	Date    money.Date
	Balance money.Cents
	Planned bool
}

type point struct {
	date    money.Date
	balance money.Cents
}

func balanceChart(a servicing.Account) chart {
	past := pastPoints(a)
	planned := []point{{a.Date, a.Card.Balance}}
	for _, r := range a.Remaining {
		if r.Date > a.Date {
			planned = append(planned, point{r.Date, r.Balance})
		}
	}
	from, to := past[0].date, max(planned[len(planned)-1].date, a.Date)
	var top money.Cents
	for _, p := range slices.Concat(past, planned) {
		top = max(top, p.balance)
	}
	if to <= from || top <= 0 {
		return chart{}
	}
	step := gridStep(top, 100_00)
	top = (top + step - 1) / step * step
	x := func(d money.Date) int { return int(d-from) * chartWidth / int(to-from) }
	y := func(c money.Cents) int {
		return chartHeight - int(int64(max(c, 0))*chartHeight/int64(top))
	}
	c := chart{ID: "chart", Title: balanceName(a.Kind) + " over time", Past: line(past, x, y), NowX: x(a.Date), NowY: y(a.Card.Balance), Rows: yearEnds(past, planned)}
	if len(planned) > 1 {
		c.Planned = line(planned, x, y)
	}
	c.Y = dollarTicks(top, step, y)
	every := 1 + (to.Year()-from.Year())/7
	for year := from.Year() + 1; year <= to.Year(); year += every {
		c.X = append(c.X, tick{x(money.NewDate(year, 1, 1)), fmt.Sprint(year)})
	}
	c.Summary = fmt.Sprintf("From %s on %s to %s on %s", past[0].balance.USD(), from.Long(), a.Card.Balance.USD(), a.Date.Long())
	if len(planned) > 1 {
		last := planned[len(planned)-1]
		c.Summary += fmt.Sprintf(", and planned to reach %s on %s", last.balance.USD(), last.date.Long())
	}
	c.Summary += "."
	return c
}

// pastPoints starts where these books know the balance: at the contract's
// start, or where it came in. From there it is the balance as it now stands on
// each date that something counts for, whenever it was posted.
func pastPoints(a servicing.Account) []point {
	out := []point{{a.Terms.Start, a.Terms.Principal}}
	if a.Origin.Date != 0 && a.Origin.Date < a.Terms.Start && a.Original > 0 {
		out = slices.Insert(out, 0, point{a.Origin.Date, a.Original})
	}
	balance := a.Terms.Principal
	add := func(p point) {
		if last := len(out) - 1; out[last].date == p.date && last > 0 {
			out[last] = p
			return
		}
		out = append(out, p)
	}
	for _, l := range byDate(a.History) {
		if change := l.principal(); change != 0 {
			balance -= change
			add(point{l.date, balance})
		}
	}
	add(point{a.Date, a.Card.Balance})
	return out
}

// dollarTicks are the lines across. The lowest has no label: the line itself says
// so, and the plan may end there.
func dollarTicks(top, step money.Cents, y func(money.Cents) int) (out []tick) {
	for v := money.Cents(0); v <= top; v += step {
		label := strings.TrimSuffix(v.USD(), ".00")
		if v == 0 {
			label = ""
		}
		out = append(out, tick{y(v), label})
	}
	return out
}

// gridStep is a round number, step or one, two, five, ten times it and so on, that
// parts the height in three to six.
func gridStep[N ~int | ~int64](top, step N) N {
	for i := 0; top/step > 5; i++ {
		if i%3 == 1 {
			step = step / 2 * 5
		} else {
			step *= 2
		}
	}
	return step
}

func line(points []point, x func(money.Date) int, y func(money.Cents) int) string {
	var b strings.Builder
	for i, p := range points {
		if i == 0 {
			fmt.Fprintf(&b, "M%d %d", x(p.date), y(p.balance))
			continue
		}
		fmt.Fprintf(&b, "L%d %d", x(p.date), y(p.balance))
	}
	return b.String()
}

// yearEnds is the chart as a table: the start, the end of each year, today, and
// the last payment.
func yearEnds(past, planned []point) []chartRow {
	var out []chartRow
	add := func(points []point, later bool) {
		for i, p := range points {
			last := i == len(points)-1
			if last || points[i+1].date.Year() != p.date.Year() || (i == 0 && !later) {
				out = append(out, chartRow{p.date, p.balance, later})
			}
		}
	}
	add(past, false)
	add(planned[1:], true)
	return out
}
