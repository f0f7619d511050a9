package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"marque/internal/cycle"
	"marque/internal/money"
	"marque/internal/servicing"
)

// ACHCmd moves files to and from the bank.
type ACHCmd struct {
	Out ACHOut `cmd:"" help:"Put the files that were cut for the bank, and have not left yet, into its folder."`
	In  ACHIn  `cmd:"" help:"Read files of returns and changes from the bank."`

	Aside ACHAside `cmd:"" help:"List the records from the bank that are kept aside for a person."`
}

// ACHAside lists what is kept aside.
type ACHAside struct{}

// Run prints one line for each record, oldest first, without account numbers.
func (cmd *ACHAside) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		after := ""
		for {
			open, err := c.service.Exceptions(ctx, operator, after, servicing.WorkPage)
			for _, e := range open {
				fmt.Fprintf(s.out, "%s  %s  %s  %s  %s  %s\n", money.DateOf(e.Opened.Time()), e.Kind, e.Reference, e.Code, e.Amount.USD(), e.Reason)
				after = e.ID
			}
			if err != nil || len(open) < servicing.WorkPage {
				return err
			}
		}
	})
}

// ACHOut drops files for the bank.
type ACHOut struct{}

// Run drops what is waiting.
func (cmd *ACHOut) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		var d cycle.Day
		if err := c.runner(post{}).Drop(ctx, &d); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d files put into %s\n", d.Dropped, filepath.Join(c.rail().Dir, "out"))
		return nil
	})
}

// ACHIn reads files from the bank.
type ACHIn struct {
	Files []string `arg:"" name:"file" help:"NACHA files; each is applied whole or not at all, and once."`
}

// Run reads the files in their order. One that is refused leaves nothing, and
// the files after it are still read.
func (cmd *ACHIn) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		var failed []error
		for _, name := range cmd.Files {
			content, err := os.ReadFile(name)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			res, err := c.service.ReadReturns(ctx, operator, filepath.Base(name), content)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			if res.Known {
				fmt.Fprintf(s.out, "%s: read before; nothing changed\n", name)
				continue
			}
			fmt.Fprintf(s.out, "%s: %d payments returned, %d returned before, %d kept aside\n", name, res.Returned, res.Repeated, len(res.Aside))
			for _, a := range res.Aside {
				fmt.Fprintf(s.err, "%s: trace %s, code %s kept aside: %s\n", name, a.Trace, a.Code, a.Reason)
			}
		}
		return errors.Join(failed...)
	})
}
