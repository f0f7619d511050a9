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
	"strings"
	"text/tabwriter"

	"marque/internal/money"
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

	Misfits int `default:"20" placeholder:"N" help:"List the months that do not fit of up to so many loans of each lender (the table shows fewer)."`
}

// shownErrors is how many unreadable records are named on standard error.
const shownErrors = 20

// Run prints the report. A record that cannot be read is counted and the first
// ones are named; a file that cannot be read is an error.
func (c *ReconcileABSEECmd) Run(std streams) error {
	if c.Misfits < 0 {
		return errors.New("reconcile: --misfits must not be negative")
	}
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
	report := all.Report(c.Misfits)
	if report.LoanMonths == 0 {
		return errors.New("reconcile: no loan in these files")
	}
	if c.JSON {
		out := json.NewEncoder(std.out)
		out.SetIndent("", "  ")
		return out.Encode(struct {
			Against string `json:"measured_against"`
			tape.Reconciliation
		}{measuredAgainst, report})
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

// measuredAgainst says what the figures mean; it stands over every report.
const measuredAgainst = `What is compared: actualInterestCollectedAmount of each loan and month with
  interest = balance x yearly rate x days / days in the year
from the same record: reportingPeriodBeginningLoanBalanceAmount, reportingPeriodInterestRatePercentage, and the days from
the interestPaidThroughDate before to this month's. "To the cent" means the same number of cents after the rule's rounding.
Where one of the two dates is not known, a whole number of days is sought that gives the amount; that is weaker.
`

func share(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d (%d.%d %%)", n, of, n*100/of, n*1000/of%10)
}

func roundingWords(r money.Rounding) string {
	switch r {
	case money.HalfUp:
		return "half a cent up"
	case money.HalfEven:
		return "half a cent to the even cent"
	case money.Truncate:
		return "fractions of a cent cut off (truncated)"
	}
	return "fractions of a cent up"
}

func ruleWords(r tape.Rule) string {
	s := string(r.DayCount)
	if r.FactorDecimals > 0 {
		s += fmt.Sprintf(", daily factor cut to %d decimals", r.FactorDecimals)
	}
	s += ", " + roundingWords(r.Rounding)
	if r.Carried {
		s += ", the fraction of a cent carried to the next payment"
	}
	return s
}

// sheet writes lines in columns; Flush reports the errors.
type sheet struct{ *tabwriter.Writer }

func (p sheet) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func printReconciliation(w io.Writer, r tape.Reconciliation) error {
	p := sheet{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	p.line("%s", measuredAgainst)
	for i := range r.Lenders {
		p.lender(&r.Lenders[i])
		p.line("")
	}
	if r.Leases > 0 {
		p.line("%d lease records passed over: leases bear no interest here", r.Leases)
	}
	if r.Refused > 0 {
		p.line("%d records left out because of errors", r.Refused)
	}
	return p.Flush()
}

func (p sheet) lender(l *tape.Lender) {
	p.line("%s: %d loans, %d loan-months", l.Name, l.Loans, l.LoanMonths)
	if l.All.Tested == 0 {
		p.line("  no month can be tested")
	} else {
		p.rules(l)
		p.counts(l)
	}
	p.line("  interest + principal + other = total paid\t%s", share(l.Split.Matched, l.Split.Of))
	p.line("  balance begins - principal = ends\t%s", share(l.Roll.Matched, l.Roll.Of))
	p.reasons(l, true, "  Tested months that are not to the cent, and why")
	p.reasons(l, false, "  Months not tested, and why")
	p.misfits(l)
}

// rules prints each period's rule and the years in it.
func (p sheet) rules(l *tape.Lender) {
	p.line("  Rule\tmonths tested\tto the cent\twithin 1 cent")
	for _, period := range l.Periods {
		span := "all months"
		if period.From != "" {
			span = period.From
			if period.Through != period.From {
				span += " to " + period.Through
			}
		}
		words := ruleWords(period.Rule)
		if len(period.SameHere) > 0 {
			words += fmt.Sprintf(" (%s gives the same here)", joined(period.SameHere))
		}
		p.line("  %s: %s\t%d\t%s\t%s", span, words, period.Tested, share(period.Exact, period.Tested), share(period.Within1, period.Tested))
		for _, y := range period.Years {
			if y.Year == 0 {
				continue
			}
			note := ""
			if y.Own.Rule != (tape.Rule{DayCount: period.DayCount, Rounding: period.Rounding, FactorDecimals: period.FactorDecimals}) && !period.Carried {
				note = fmt.Sprintf("\tthis year alone: %s, %d", ruleWords(y.Own.Rule), y.Own.Exact)
			}
			p.line("    %d, over %d days\t%d\t%s\t%s%s", y.Year, y.DaysInYear, y.Tested, share(y.Exact, y.Tested), share(y.Within1, y.Tested), note)
		}
	}
	if l.Changed {
		p.line("  The rule changed. The best one rule for all months: %s\t%d\t%s", ruleWords(l.OneRule.Rule), l.All.Tested, share(l.OneRule.Exact, l.All.Tested))
	}
	if l.DatesIgnored {
		p.line("  The paid-through dates do not bound the interest (due dates, or mostly some days off): days were sought in every month.")
	}
}

func joined(all []money.DayCount) string {
	words := make([]string, len(all))
	for i, d := range all {
		words[i] = string(d)
	}
	return strings.Join(words, ", ")
}

// counts prints how the months were tested and how many came out.
func (p sheet) counts(l *tape.Lender) {
	p.line("  Tested how\tmonths tested\tto the cent\twithin 1 cent")
	row := func(name string, n tape.Count) {
		if n.Tested > 0 {
			p.line("  %s\t%d\t%s\t%s", name, n.Tested, share(n.Exact, n.Tested), share(n.Within1, n.Tested))
		}
	}
	row("all", l.All)
	row("between two paid-through dates", l.Dated)
	if l.Dated.Tested > 0 {
		p.line("  likewise, or on another day than the date reported (re-dated)\t%d\t%s", l.Dated.Tested, share(l.Dated.Exact+l.DateOff, l.Dated.Tested))
	}
	row("between two dates, about one scheduled payment", l.Single)
	if l.Single.Tested > 0 {
		p.line("  the most that any one rule gives of those: %s\t%d\t%s", ruleWords(l.SingleCeiling.Rule), l.Single.Tested, share(l.SingleCeiling.Exact, l.Single.Tested))
	}
	row("a whole number of days sought", l.Sought)
	if l.Sought.Tested > 0 {
		p.line("  of those, about so many would be exact by chance\t\t%d", l.ByChance)
	}
	if y := l.YearEnd; y.Months > 0 {
		p.line("  Months over a 1 January next to a leap year\t%d\twithin 1 cent", y.Months)
		p.line("    each day over its own year's length\t\t%s", share(y.Split, y.Months))
		p.line("    all days over the new year's\t\t%s", share(y.NewYear, y.Months))
		p.line("    all days over the old year's\t\t%s", share(y.OldYear, y.Months))
		p.line("    all days over 365\t\t%s", share(y.Fixed, y.Months))
	}
	p.line("  Rules tried, one for all months\t\tto the cent")
	for _, s := range l.Ranking {
		p.line("    %s\t\t%s", ruleWords(s.Rule), share(s.Exact, l.All.Tested))
	}
}

func (p sheet) reasons(l *tape.Lender, tested bool, title string) {
	for _, r := range l.Reasons {
		if r.Tested != tested {
			continue
		}
		if title != "" {
			p.line("%s\tmonths\tloans", title)
			title = ""
		}
		p.line("    %s\t%d\t%d", r.Reason, r.Months, r.Loans)
	}
}

// shownLoans and shownMonths are how many misfits the table shows; --json has all that are listed.
const (
	shownLoans  = 5
	shownMonths = 4
)

func (p sheet) misfits(l *tape.Lender) {
	for i, loan := range l.Misfits[:min(shownLoans, len(l.Misfits))] {
		if i == 0 {
			p.line("  Loans with most months that do not fit (more with --json)\treported\tby the rule\twhy")
		}
		p.line("    %s: %d of %d tested months to the cent", loan.Asset, loan.Exact, loan.Tested)
		for _, m := range loan.Months[:min(shownMonths, len(loan.Months))] {
			given := "not tested"
			if m.Given != nil {
				given = m.Given.String()
			}
			why := m.Reason
			if m.FitsTo != 0 {
				why += " (" + m.FitsTo.String() + ")"
			}
			p.line("      %s\t%s\t%s\t%s", m.Month, m.Reported, given, why)
		}
		if n := len(loan.Months) - shownMonths; n > 0 {
			p.line("      and %d more", n)
		}
	}
}
