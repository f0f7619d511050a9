package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"marque/internal/cycle"
	"marque/internal/servicing"
)

// ACHCmd moves files to and from the bank.
type ACHCmd struct {
	Out ACHOut `cmd:"" help:"Put the files that were cut for the bank, and have not left yet, into its folder or onto its server."`
	In  ACHIn  `cmd:"" help:"Read files of returns and changes from the bank."`

	Rates ACHRates `cmd:"" help:"Count the return rates as the network does."`
}

// ACHOut hands files over to the bank.
type ACHOut struct {
	Window string `enum:",standard,same-day" default:"" help:"Make the file of this window first: standard or same-day. Without it, the day's cycle makes the files."`
	Config string `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings file (marque.json in the data folder)."`
}

// Run hands over what is waiting.
func (cmd *ACHOut) Run(g *Globals, s streams) error {
	return withExistingBy(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		if err := c.config.checkBank(); err != nil {
			return err
		}
		if err := cutWindow(ctx, c, s, servicing.Window(cmd.Window)); err != nil {
			return err
		}
		var d cycle.Day
		if err := c.runner(post{}).Drop(ctx, &d); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%d files put into %s\n", d.Dropped, c.files)
		return forPeople(s, d)
	})
}

// ACHIn reads files from the bank.
type ACHIn struct {
	Files  []string `arg:"" optional:"" name:"file" help:"NACHA files; each is applied whole or not at all, and once. Without any, what waits at the bank is picked up."`
	Config string   `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings file (marque.json in the data folder)."`
}

// Run reads the files in their order. One that is refused leaves nothing, and
// the files after it are still read.
func (cmd *ACHIn) Run(g *Globals, s streams) error {
	return withExistingBy(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		if len(cmd.Files) == 0 {
			return pickUp(ctx, c, s)
		}
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
			printReturns(s, name, res)
		}
		return errors.Join(failed...)
	})
}

// pickUp reads what waits at the bank.
func pickUp(ctx context.Context, c *company, s streams) error {
	if err := c.config.checkBank(); err != nil {
		return err
	}
	var d cycle.Day
	err := c.runner(post{}).Returns(ctx, &d)
	for _, res := range d.Returns {
		printReturns(s, res.File, res)
	}
	for _, res := range d.Bank {
		printStatement(s, res.File, res)
	}
	if err == nil && len(d.Returns)+len(d.Bank) == 0 && len(d.Problems) == 0 {
		fmt.Fprintln(s.out, "no files wait at the bank")
	}
	return errors.Join(err, forPeople(s, d))
}

func printReturns(s streams, name string, res servicing.ReturnsResult) {
	if res.Known {
		fmt.Fprintf(s.out, "%s: read before; nothing changed\n", name)
		return
	}
	fmt.Fprintf(s.out, "%s: %d payments returned, %d returned before, %d kept aside\n", name, res.Returned, res.Repeated, len(res.Aside))
	for _, a := range res.Aside {
		fmt.Fprintf(s.err, "%s: trace %s, code %s kept aside: %s\n", name, a.Trace, a.Code, a.Reason)
	}
}

// forPeople says what a person has to look at; then the command has failed.
func forPeople(s streams, d cycle.Day) error {
	for _, p := range d.Problems {
		fmt.Fprintln(s.err, p)
	}
	if len(d.Problems) > 0 {
		return fmt.Errorf("%d files need a person", len(d.Problems))
	}
	return nil
}
