package main

import (
	"context"
	"encoding/json"
	"fmt"

	"marque/internal/cycle"
	"marque/internal/money"
)

// CycleCmd closes business days.
type CycleCmd struct {
	Date    money.Date `required:"" placeholder:"YYYY-MM-DD" help:"Business day to close; the open days before it are closed first. On an empty company it is the first day."`
	Through money.Date `placeholder:"YYYY-MM-DD" help:"Last day to close, when there are several."`
	JSON    bool       `help:"One JSON object for each day."`
	Config  string     `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings file (marque.json in the data folder)."`
}

// Run closes the days in order. A day that is closed already is left as it is.
func (cmd *CycleCmd) Run(g *Globals, s streams) error {
	through := max(cmd.Date, cmd.Through)
	if !cmd.Through.IsZero() && cmd.Through < cmd.Date {
		return fmt.Errorf("cycle: --through %s is before --date %s", cmd.Through, cmd.Date)
	}
	return with(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		if err := c.config.checkBank(); err != nil {
			return err
		}
		if err := c.openCards(); err != nil {
			return err
		}
		post, err := c.config.post(c.brand)
		if err != nil {
			return err
		}
		r := c.runner(post)
		days := 0
		r.Progress = func(d cycle.Day) {
			days++
			cmd.print(s, d)
		}
		if err := r.Run(ctx, cmd.Date, through); err != nil {
			return err
		}
		if days == 0 && !cmd.JSON {
			open, err := c.service.Today(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s is closed already; the open business day is %s\n", through, open)
		}
		if err := c.service.DropExpired(ctx, operator); err != nil {
			return err
		}
		_, err = r.Deliver(ctx)
		return err
	})
}

func (cmd *CycleCmd) print(s streams, d cycle.Day) {
	if cmd.JSON {
		b, err := json.Marshal(d)
		if err != nil {
			b = fmt.Appendf(nil, "{%q: %q}", "error", err)
		}
		fmt.Fprintf(s.out, "%s\n", b)
		return
	}
	fmt.Fprintf(s.out, "%s  released %d, autopay %d, late fees %d, settled %d, statements %d", d.Date, d.Released, d.Drafted, d.LateFees, d.Settled, d.Statements)
	if d.File.Entries > 0 {
		fmt.Fprintf(s.out, ", file %s with %d debits of %s", d.File.File, d.File.Entries, d.File.Total.USD())
	}
	for _, r := range d.Returns {
		fmt.Fprintf(s.out, ", %s: %d returned, %d aside", r.File, r.Returned, len(r.Aside))
	}
	fmt.Fprintln(s.out)
	for _, p := range d.Problems {
		fmt.Fprintf(s.err, "%s  %s\n", d.Date, p)
	}
}
