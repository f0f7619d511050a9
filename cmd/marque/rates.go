package main

import (
	"context"
	"encoding/json"
	"fmt"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
)

// cutWindow makes the file of a window for the open day; none for no window.
func cutWindow(ctx context.Context, c *company, s streams, w servicing.Window) error {
	if w == "" {
		return nil
	}
	day, err := c.service.Today(ctx)
	if err != nil {
		return err
	}
	cut, err := c.service.CutWindow(ctx, operator, day, w)
	if err != nil {
		return err
	}
	for _, why := range cut.Aside {
		fmt.Fprintf(s.err, "left out: %s\n", why)
	}
	if cut.File != "" {
		fmt.Fprintf(s.out, "%s: %d entries, %s of debits\n", cut.File, cut.Entries, cut.Total.USD())
	}
	return nil
}

// ACHRates counts the return rates.
type ACHRates struct {
	On   string `placeholder:"DATE" help:"The last of the sixty days (the business date)."`
	JSON bool   `name:"json" help:"Write one JSON object."`
}

type rateLine struct {
	Of       string `json:"of"`
	Returned int64  `json:"returned"`
	Debits   int64  `json:"debits"`
	Rate     string `json:"rate"`
	Level    string `json:"level"`
	Alarm    bool   `json:"alarm"`
	Breach   bool   `json:"breach"`
}

func rateLines(r billing.ReturnRates) (out []rateLine) {
	for _, rate := range r.Rates {
		out = append(out, rateLine{rate.Level.Words(), rate.Returned, rate.Debits, rate.Percent(), rate.Level.Percent(), rate.Alarm(), rate.Breach()})
	}
	return out
}

// Run prints one line for each rate.
func (cmd *ACHRates) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		var on money.Date
		if cmd.On != "" {
			var err error
			if on, err = money.ParseDate(cmd.On); err != nil {
				return err
			}
		}
		r, err := c.service.ReturnRates(ctx, operator, on)
		if err != nil {
			return err
		}
		if cmd.JSON {
			b, err := json.MarshalIndent(struct {
				From  money.Date `json:"from"`
				To    money.Date `json:"to"`
				Rates []rateLine `json:"rates"`
			}{r.From, r.To, rateLines(r)}, "", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s\n", b)
			return nil
		}
		fmt.Fprintf(s.out, "%s to %s\n", r.From, r.To)
		for _, l := range rateLines(r) {
			mark := ""
			switch {
			case l.Alarm && l.Breach:
				mark = "  ABOVE THE LEVEL"
			case l.Alarm:
				mark = "  above half of the level"
			}
			fmt.Fprintf(s.out, "%-14s  %d of %d  %s  level %s%s\n", l.Of, l.Returned, l.Debits, l.Rate, l.Level, mark)
		}
		return nil
	})
}
