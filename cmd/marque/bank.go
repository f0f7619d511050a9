package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"marque/internal/billing"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/servicing"
)

// BankCmd is the bank's statement against what was expected of it.
type BankCmd struct {
	In     BankIn     `cmd:"" help:"Read the bank's statements, BAI2 or CSV, and match them."`
	Status BankStatus `cmd:"" help:"What was expected and received by day and rail, what is open, and how the books tie to the bank's balance."`
	Clear  BankClear  `cmd:"" help:"Say why something differs, and where what is left over goes."`
}

// BankIn reads statements.
type BankIn struct {
	Files []string `arg:"" name:"file" help:"Statements; each is read whole or not at all, and once."`
}

// Run reads the files in their order and matches what they brought. One that is
// refused leaves nothing, and the files after it are still read.
func (cmd *BankIn) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		var failed []error
		for _, name := range cmd.Files {
			content, err := os.ReadFile(name)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			res, err := c.service.ReadBankStatement(ctx, operator, filepath.Base(name), content)
			if err != nil {
				failed = append(failed, err)
				continue
			}
			printStatement(s, name, res)
		}
		res, err := c.service.MatchSettlement(ctx, operator)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		fmt.Fprintf(s.out, "%d matched\n", res.Matched)
		for _, why := range res.Opened {
			fmt.Fprintln(s.err, why)
		}
		return errors.Join(failed...)
	})
}

func printStatement(s streams, name string, res servicing.StatementResult) {
	if res.Known {
		fmt.Fprintf(s.out, "%s: read before; nothing changed\n", name)
		return
	}
	fmt.Fprintf(s.out, "%s: %d lines of %d days, %d read before", name, res.Lines, res.Days, res.Repeats)
	if res.Interim > 0 {
		fmt.Fprintf(s.out, ", %d of reports during a day left out", res.Interim)
	}
	fmt.Fprintln(s.out)
}

// BankStatus shows what was expected and received.
type BankStatus struct {
	From money.Date `placeholder:"YYYY-MM-DD" help:"First day (two weeks before the last)."`
	To   money.Date `placeholder:"YYYY-MM-DD" help:"Last day (the business date)."`
	JSON bool       `help:"Print one JSON object."`
}

// bankItem is an open amount or line on the wire.
type bankItem struct {
	ID     string                 `json:"id"`
	Day    money.Date             `json:"day"`
	Kind   billing.SettlementKind `json:"kind,omitempty"`
	Code   string                 `json:"code,omitempty"`
	What   string                 `json:"what,omitempty"`
	Amount money.Cents            `json:"amount"`
}

// bankJSON is the status on the wire.
type bankJSON struct {
	From     money.Date                `json:"from"`
	To       money.Date                `json:"to"`
	Days     []servicing.SettlementDay `json:"days"`
	Expected []bankItem                `json:"open_expected"`
	Lines    []bankItem                `json:"open_lines"`
	TieOut   *servicing.TieOut         `json:"tie_out,omitempty"`
}

// Run shows the days, what is open, and the way from the books to the bank.
func (cmd *BankStatus) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		to := cmd.To
		if to.IsZero() {
			var err error
			if to, err = c.service.Today(ctx); err != nil {
				return err
			}
		}
		from := cmd.From
		if from.IsZero() {
			from = to - 14
		}
		if from > to {
			return fmt.Errorf("bank status: --from %s is after --to %s", from, to)
		}
		report, err := c.service.Settlement(ctx, operator, from, to)
		if err != nil {
			return err
		}
		open, err := c.service.OpenDifferences(ctx, operator, from, to)
		if err != nil {
			return err
		}
		out := bankJSON{From: from, To: to, Days: report.Days, Expected: bankItems(open.Expected), Lines: bankItems(open.Lines)}
		tie, err := c.service.TieOut(ctx, operator, cmd.To)
		if err == nil {
			out.TieOut = &tie
		} else if !errors.Is(err, servicing.ErrNotFound) {
			return err
		}
		if cmd.JSON {
			text, err := json.MarshalIndent(out, "", "  ")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(s.out, "%s\n", text)
			return err
		}
		return printStatus(s.out, out)
	})
}

func bankItems(all []servicing.SettlementItem) []bankItem {
	out := []bankItem{}
	for _, i := range all {
		out = append(out, bankItem{i.ID, i.Day, i.Kind, i.Code, i.What, i.Amount})
	}
	return out
}

func printStatus(out io.Writer, b bankJSON) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "day\trail\texpected\treceived\tcleared\tdifference\t")
	for _, d := range b.Days {
		rail := string(d.Rail)
		if rail == "" {
			rail = "other"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", d.Day, rail, d.Expected, d.Received, d.Cleared, d.Difference)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, of := range []struct {
		what string
		all  []bankItem
	}{{"expected, and not on the statement", b.Expected}, {"on the statement, and not expected", b.Lines}} {
		for i, item := range of.all {
			if i == 0 {
				fmt.Fprintf(out, "\n%s:\n", of.what)
			}
			fmt.Fprintf(out, "  %s  %s  %s%s %s  %s\n", item.Day, item.Amount.USD(), item.Kind, item.Code, item.What, item.ID)
		}
	}
	if b.TieOut == nil {
		_, err := fmt.Fprintln(out, "\nno statement was read")
		return err
	}
	return printTieOut(out, b.TieOut)
}

func printTieOut(out io.Writer, t *servicing.TieOut) error {
	cash, _ := ledger.Of(ledger.Cash)
	fmt.Fprintf(out, "\nAt the end of %s, counted from %s\n", t.Through, t.Since)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  %s in the books\t%s\n", cash.Name, t.Books)
	for _, i := range t.Items {
		fmt.Fprintf(w, "  %s\t%s\n", i.What, i.Amount)
	}
	fmt.Fprintf(w, "  unexplained\t%s\n", t.Unexplained)
	bank := "balance at the bank"
	if !t.Stated {
		bank = "what the bank's lines come to: its files give no balance"
	}
	fmt.Fprintf(w, "  %s\t%s\n", bank, t.Bank)
	return w.Flush()
}

// BankClear clears differences.
type BankClear struct {
	Line     []string `placeholder:"ID" help:"Lines of the statement, by the ids that status shows."`
	Expected []string `placeholder:"ID" help:"Expected amounts, by their ids."`
	Account  string   `help:"Where what is left over goes: an account of the ledger, or outside."`
	Reason   string   `required:"" help:"Why, at least 8 characters."`
}

// Run clears. Run again it changes nothing.
func (cmd *BankClear) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		err := c.service.ClearSettlement(ctx, operator, servicing.SettlementClear{Lines: cmd.Line, Expected: cmd.Expected, Account: cmd.Account, Reason: cmd.Reason})
		if err == nil {
			fmt.Fprintln(s.out, "cleared")
		}
		return err
	})
}
