package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"

	"marque/internal/servicing"
	"marque/internal/tape"
)

// ImportCmd takes portfolios onto the books.
type ImportCmd struct {
	Absee ImportABSEE `cmd:"" help:"Read SEC ABS-EE EX-102 XML: auto loans or auto leases."`
	CSV   ImportCSV   `cmd:"" name:"csv" help:"Read contracts with their customers from CSV."`

	Documents ImportDocuments `cmd:"" help:"Take over old statements and letters from another archive, by a manifest."`
}

// ImportABSEE imports SEC files.
type ImportABSEE struct {
	Files  []string `arg:"" name:"file" help:"Files to read; all or nothing per file."`
	DryRun bool     `help:"Check everything and keep nothing."`
	Config string   `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings file (marque.json in the data folder)."`
}

// Run imports the files in their order.
func (cmd *ImportABSEE) Run(g *Globals, s streams) error {
	return with(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		rules := c.config.boarding()
		return importFiles(ctx, c, s, cmd.Files, cmd.DryRun, func(r io.Reader, name string) iter.Seq2[tape.Boarding, error] {
			return func(yield func(tape.Boarding, error) bool) {
				for record, err := range tape.ReadABSEE(r, name) {
					var b tape.Boarding
					if err == nil {
						b, err = record.Board(rules)
					}
					if !yield(b, err) {
						return
					}
				}
			}
		})
	})
}

// ImportCSV imports contracts with customers.
type ImportCSV struct {
	Files   []string `arg:"" optional:"" name:"file" help:"Files to read; all or nothing per file."`
	DryRun  bool     `help:"Check everything and keep nothing."`
	Example bool     `help:"Print an example file and stop."`
	Columns bool     `help:"Print what each column means and stop."`
	Config  string   `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings file (marque.json in the data folder)."`
}

// Run imports the files in their order.
func (cmd *ImportCSV) Run(g *Globals, s streams) error {
	switch {
	case cmd.Example:
		return tape.WriteExample(s.out)
	case cmd.Columns:
		return tape.WriteColumns(s.out)
	case len(cmd.Files) == 0:
		return errors.New("import csv: name a file, or use --example or --columns")
	}
	return with(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		rules := c.config.boarding()
		return importFiles(ctx, c, s, cmd.Files, cmd.DryRun, func(r io.Reader, name string) iter.Seq2[tape.Boarding, error] {
			return tape.ReadCSV(r, name, rules)
		})
	})
}

// importFiles boards each file in a transaction of its own. A file with errors
// leaves nothing; the files after it are still read.
func importFiles(ctx context.Context, c *company, s streams, files []string, dry bool, read func(io.Reader, string) iter.Seq2[tape.Boarding, error]) error {
	bad := 0
	for _, name := range files {
		res, err := importFile(ctx, c, name, dry, read)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			bad++
			fmt.Fprintf(s.err, "%v\n%s: nothing was imported\n", err, name)
			continue
		}
		what := "imported"
		if dry {
			what = "sound; nothing kept (dry run)"
		}
		fmt.Fprintf(s.out, "%s: %s: %d contracts, %d customers, %s principal\n", name, what, res.Contracts, res.Customers, res.Principal.USD())
		for _, reason := range slices.Sorted(maps.Keys(res.Skipped)) {
			fmt.Fprintf(s.out, "%s: not boarded, %s: %d\n", name, reason, res.Skipped[reason])
		}
	}
	if bad > 0 {
		return fmt.Errorf("import: %d of %d files had errors", bad, len(files))
	}
	return nil
}

func importFile(ctx context.Context, c *company, name string, dry bool, read func(io.Reader, string) iter.Seq2[tape.Boarding, error]) (servicing.BoardResult, error) {
	f, err := os.Open(name)
	if err != nil {
		return servicing.BoardResult{}, err
	}
	defer f.Close()
	return c.service.Board(ctx, operator, read(f, name), dry)
}
