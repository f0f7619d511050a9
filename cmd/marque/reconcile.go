package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"text/tabwriter"

	"marque/internal/tape"
)

// ReconcileCmd compares the engine with what lenders report.
type ReconcileCmd struct {
	ABSEE ReconcileABSEECmd `cmd:"" name:"absee" help:"Find each lender's interest rule in EX-102 files."`
}

// ReconcileABSEECmd reads EX-102 XML files of auto loans, and CSV files whose
// header carries the same element names.
type ReconcileABSEECmd struct {
	Files []string `arg:"" name:"file" help:"EX-102 XML, or CSV with EX-102 element names." type:"existingfile"`
	JSON  bool     `help:"Print the whole report as JSON."`
}

// shownErrors is how many unreadable records are named on standard error.
const shownErrors = 20

// Run prints the report. A record that cannot be read is counted and the first
// ones are named; a file that cannot be read is an error.
func (c *ReconcileABSEECmd) Run(std streams) error {
	all := tape.NewReconciler()
	var bad tape.Errors
	for _, name := range c.Files {
		if err := reconcileFile(all, &bad, name); err != nil {
			return err
		}
	}
	for _, err := range bad.Kept[:min(shownErrors, len(bad.Kept))] {
		fmt.Fprintln(std.err, "left out:", err)
	}
	if bad.Count > shownErrors {
		fmt.Fprintf(std.err, "and %d more\n", bad.Count-shownErrors)
	}
	report := all.Report()
	if report.LoanMonths == 0 {
		return errors.New("reconcile: no loan in these files")
	}
	if c.JSON {
		out := json.NewEncoder(std.out)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}
	return printReconciliation(std.out, report)
}

func reconcileFile(all *tape.Reconciler, bad *tape.Errors, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("reconcile %s: %w", name, err)
	}
	defer f.Close() // read only: nothing is lost when closing fails
	last := 0
	for rec, err := range recordsOf(f, name) {
		var located *tape.Error
		switch {
		case err == nil:
			all.Add(rec)
		case errors.As(err, &located) && !located.Fatal:
			bad.Add(err)
			if located.Record != last { // a record may have several errors
				all.Refused()
				last = located.Record
			}
		default:
			return fmt.Errorf("reconcile: %w", err)
		}
	}
	return nil
}

// recordsOf tells XML from CSV by how the file begins.
func recordsOf(f io.Reader, name string) iter.Seq2[tape.Record, error] {
	in := bufio.NewReaderSize(f, 1<<16)
	start, _ := in.Peek(512) // a short or unreadable file shows itself in the reading
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xEF\xBB\xBF")), " \t\r\n")
	if bytes.HasPrefix(start, []byte("<")) || len(start) == 0 || start[0] >= 0x80 || start[0] == 0 {
		return tape.ReadABSEE(in, name)
	}
	return tape.ReadFlat(in, name)
}

func share(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d (%d.%d %%)", n, of, n*100/of, n*1000/of%10)
}

func ruleWords(r tape.Rule) string {
	s := fmt.Sprintf("%s %s", r.DayCount, r.Rounding)
	if r.FactorDecimals > 0 {
		s += fmt.Sprintf(", daily factor cut to %d decimals", r.FactorDecimals)
	}
	if r.Carried {
		s += ", the fraction of a cent carried to the next payment"
	}
	return s
}

func printReconciliation(w io.Writer, r tape.Reconciliation) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) } // Flush reports errors
	for _, l := range r.Lenders {
		line("%s: %d loans, %d loan-months", l.Name, l.Loans, l.LoanMonths)
		fit, dated := l.Rule()
		if fit.Tested == 0 {
			line("  no month can be tested")
		} else {
			printFit(line, &l, fit, dated)
		}
		line("  interest + principal + other = total paid\t%s", share(l.Split.Matched, l.Split.Of))
		line("  balance begins - principal = ends\t%s", share(l.Roll.Matched, l.Roll.Of))
		for _, o := range l.LeftOut {
			line("  left out: %s\t%d", o.Reason, o.Months)
		}
		line("")
	}
	if r.Leases > 0 {
		line("%d lease records passed over: leases bear no interest here", r.Leases)
	}
	if r.Refused > 0 {
		line("%d records left out because of errors", r.Refused)
	}
	return t.Flush()
}

func printFit(line func(string, ...any), l *tape.Lender, fit tape.Fit, dated bool) {
	how := "days between paid-through dates"
	if !dated {
		how = "no two paid-through dates: whole days that fit (weaker)"
	}
	line("  rule found\t%s\t%s", ruleWords(fit.Best.Rule), how)
	line("  to the cent\t%s", share(fit.Best.Exact, fit.Tested))
	line("  within 1 cent\t%s", share(fit.Best.Within1, fit.Tested))
	line("  within 2 cents\t%s", share(fit.Best.Within2, fit.Tested))
	if dated {
		line("  months of one payment, to the cent\t%s\tby %s", share(l.Single.Best.Exact, l.Single.Tested), ruleWords(l.Single.Best.Rule))
		line("  exact on a day other than the paid-through date\t%s", share(l.Explained.DateOff, fit.Tested))
		line("  exact if the money came as two payments (weaker)\t%s", share(l.Explained.TwoPayments, fit.Tested))
		line("  unexplained\t%s", share(l.Explained.Unexplained, fit.Tested))
	} else {
		line("  to the cent, with 25 to 38 days\t%s", share(l.ImpliedPlausible, fit.Tested))
	}
	for _, s := range fit.Ranking {
		line("    %s\t%s", ruleWords(s.Rule), share(s.Exact, fit.Tested))
	}
	for _, y := range l.Years {
		line("  %d\t%s\t%s to the cent\t%s within 1 cent", y.Year, ruleWords(y.Fit.Best.Rule), share(y.Fit.Best.Exact, y.Fit.Tested), share(y.Fit.Best.Within1, y.Fit.Tested))
	}
	if l.Changed {
		line("  the rule changed: to the cent with each year's own\t%s", share(l.ExactByYear, fit.Tested))
	}
}
