package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/servicing"
)

// BooksCmd reads the ledger: what a controller asks at the end of a day or month.
type BooksCmd struct {
	Trial   TrialCmd   `cmd:"" help:"Trial balance through a day, with the interest accrued by then."`
	Journal JournalCmd `cmd:"" help:"The journal for other accounting programs, on standard output."`
	History HistoryCmd `cmd:"" help:"One account's history as its borrower downloads it, on standard output."`
	Clear   ClearCmd   `cmd:"" help:"Move an event's money to or from cash: a check has cleared, a refund was paid out."`
}

// TrialCmd prints a trial balance.
type TrialCmd struct {
	Through money.Date `required:"" placeholder:"YYYY-MM-DD" help:"Last day."`
	From    money.Date `placeholder:"YYYY-MM-DD" help:"First day of the debits and credits; what was before is the opening balance."`
	Posted  bool       `help:"By the day entries were written, in UTC, instead of the day they count for."`
	JSON    bool       `help:"Print one JSON object."`
}

// trialJSON is a trial balance on the wire.
type trialJSON struct {
	From    money.Date                `json:"from,omitempty"`
	Through money.Date                `json:"through"`
	By      string                    `json:"by"`
	Lines   []servicing.TrialLine     `json:"accounts"`
	Debit   money.Cents               `json:"debit"`
	Credit  money.Cents               `json:"credit"`
	Accrued servicing.AccruedInterest `json:"accrued_interest"`
}

// Run fails unless debits equal credits.
func (cmd *TrialCmd) Run(g *Globals, s streams) error {
	if cmd.From > cmd.Through {
		return fmt.Errorf("books trial: --from %s is after --through %s", cmd.From, cmd.Through)
	}
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		b, err := c.service.TrialBalance(ctx, operator, servicing.Period{From: cmd.From, Through: cmd.Through, Posted: cmd.Posted})
		if err != nil {
			return err
		}
		by := "effective"
		if cmd.Posted {
			by = "posted"
		}
		if cmd.JSON {
			out, err := json.MarshalIndent(trialJSON{cmd.From, cmd.Through, by, b.Lines, b.Total.Debit, b.Total.Credit, b.Accrued}, "", "  ")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(s.out, "%s\n", out)
			return err
		}
		return cmd.print(s.out, by, &b)
	})
}

func (cmd *TrialCmd) print(out io.Writer, by string, b *servicing.TrialBalance) error {
	fmt.Fprintf(out, "Trial balance through %s, by %s date; credit balances are negative\n\n", cmd.Through, by)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "account\topening\tdebits\tcredits\tbalance\t")
	for _, l := range b.Lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", l.Name, l.Opening, l.Debit, l.Credit, l.Balance)
	}
	fmt.Fprintf(w, "all accounts\t%s\t%s\t%s\t%s\t\n", b.Total.Opening, b.Total.Debit, b.Total.Credit, b.Total.Balance)
	if err := w.Flush(); err != nil {
		return err
	}
	a := &b.Accrued
	if a.On.IsZero() {
		fmt.Fprintln(out, "\nInterest accrues by effective date: see the trial balance without --posted.")
		return nil
	}
	debit, _ := ledger.Of(ledger.AccruedInterest)
	credit, _ := ledger.Of(ledger.AccruedEarn)
	fmt.Fprintf(out, "\nAccrued on %s and not posted; reversed on %s:\n  debit   %s  %s\n  credit  %s  %s\n  on %d contracts\n",
		a.On, a.On+1, debit.Name, a.Interest, credit.Name, a.Interest, a.Contracts)
	for _, r := range a.ByRule {
		fmt.Fprintf(out, "  %s: %s on principal of %s, %d contracts\n", r.DayCount, r.Interest, r.Principal, r.Contracts)
	}
	return nil
}

// ClearCmd moves one event's money.
type ClearCmd struct {
	Account string     `arg:"" help:"Account number."`
	Event   int        `arg:"" help:"The event's number on the contract."`
	Date    money.Date `required:"" placeholder:"YYYY-MM-DD" help:"The day the bank moved it."`
}

// Run clears the event. Run again it changes nothing.
func (cmd *ClearCmd) Run(g *Globals, s streams) error {
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		id, err := c.service.FindContract(ctx, operator, cmd.Account)
		if err != nil {
			return fmt.Errorf("account %s: %w", cmd.Account, err)
		}
		moved, err := c.service.ClearEvent(ctx, operator, id, cmd.Event, cmd.Date)
		switch {
		case err != nil:
			return err
		case moved == 0:
			fmt.Fprintf(s.out, "nothing to clear: the money of event %d is not in transit\n", cmd.Event)
		case moved < 0:
			fmt.Fprintf(s.out, "%s taken out of cash on %s\n", (-moved).USD(), cmd.Date)
		default:
			fmt.Fprintf(s.out, "%s moved to cash on %s\n", moved.USD(), cmd.Date)
		}
		return nil
	})
}

// JournalCmd writes the journal in another program's form.
type JournalCmd struct {
	Format  string     `required:"" enum:"hledger,beancount,csv" help:"hledger, beancount or csv."`
	From    money.Date `placeholder:"YYYY-MM-DD" help:"First effective date (the beginning)."`
	Through money.Date `placeholder:"YYYY-MM-DD" help:"Last effective date (the end)."`
}

// endOfTime is after every date that an event can have.
var endOfTime = money.NewDate(9999, 12, 31)

// Run streams: entries are written as they are read, in order of effective date.
func (cmd *JournalCmd) Run(g *Globals, s streams) error {
	through := cmd.Through
	if through.IsZero() {
		through = endOfTime
	}
	if cmd.From > through {
		return fmt.Errorf("books journal: --from %s is after --through %s", cmd.From, through)
	}
	return withExisting(g, s.err, func(ctx context.Context, c *company) error {
		w := bufio.NewWriterSize(s.out, 1<<16)
		form := journalForms[cmd.Format](w, c.lender.Name)
		if err := c.service.Journal(ctx, operator, cmd.From, through, form); err != nil {
			return err
		}
		return w.Flush()
	})
}

// journalForms write what comes before the entries and give what writes one.
// Errors of a bufio.Writer stay until Flush.
var journalForms = map[string]func(w *bufio.Writer, lender string) func(*servicing.JournalEntry) error{
	"hledger": hledgerJournal, "beancount": beancountJournal, "csv": csvJournal,
}

var roots = map[ledger.Class]string{
	ledger.Asset: "Assets", ledger.Liability: "Liabilities", ledger.Equity: "Equity", ledger.Income: "Income", ledger.Expense: "Expenses",
}

// paths are the accounts' names as programs that nest them read them.
func paths(space string) map[ledger.Account]string {
	out := map[ledger.Account]string{}
	for _, c := range ledger.Chart {
		out[c.Account] = roots[c.Class] + ":" + strings.ReplaceAll(c.Path, " ", space)
	}
	return out
}

// entryWords says in a line what an entry is.
func entryWords(e *servicing.JournalEntry) string {
	what := strings.ReplaceAll(string(e.EventKind), "_", " ")
	switch e.Kind {
	case ledger.Boarding:
		return "opening"
	case ledger.Correction:
		return "correction of " + what
	case ledger.Settlement:
		return "settlement of " + what
	}
	return what
}

// tag makes an account number safe inside a comment or a code: letters, digits
// and a few signs stay, anything else becomes its number in the character set.
func tag(number, signs string) string {
	var b strings.Builder
	for _, r := range number {
		if (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z') || strings.ContainsRune(signs, r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "_%X_", r)
		}
	}
	return b.String()
}

func hledgerJournal(w *bufio.Writer, lender string) func(*servicing.JournalEntry) error {
	names := paths(" ")
	fmt.Fprintf(w, "; The journal of %s. Dates are effective; the tag posted is the day an entry was written.\n\ncommodity 1000.00 USD\n\n", tag(lender, " .&-"))
	for _, c := range ledger.Chart {
		fmt.Fprintf(w, "account %s  ; type: %s\n", names[c.Account], map[ledger.Class]string{
			ledger.Asset: "A", ledger.Liability: "L", ledger.Equity: "E", ledger.Income: "R", ledger.Expense: "X"}[c.Class])
	}
	return func(e *servicing.JournalEntry) error {
		number := tag(e.AccountNumber, "-/=.+")
		fmt.Fprintf(w, "\n%s * (%s/%d) %s\n    ; contract: %s, entry: %d, posted: %s", e.Effective, number, e.ID, entryWords(e), number, e.ID, money.DateOf(e.Posted.Time()))
		if e.Event > 0 {
			fmt.Fprintf(w, ", event: %d", e.Event)
		}
		if e.Corrects > 0 {
			fmt.Fprintf(w, ", corrects: %d", e.Corrects)
		}
		w.WriteByte('\n')
		for _, p := range e.Postings {
			fmt.Fprintf(w, "    %s  %s USD\n", names[p.Account], p.Amount)
		}
		return nil
	}
}

func beancountJournal(w *bufio.Writer, lender string) func(*servicing.JournalEntry) error {
	names := paths("-")
	fmt.Fprintf(w, "; Dates are effective; posted is the day an entry was written. A correction has its entry's link.\n\noption \"title\" %s\noption \"operating_currency\" \"USD\"\n\n1900-01-01 commodity USD\n", strconv.Quote(tag(lender, " .&-")))
	for _, c := range ledger.Chart {
		fmt.Fprintf(w, "1900-01-01 open %s USD\n", names[c.Account])
	}
	return func(e *servicing.JournalEntry) error {
		link := tag(e.AccountNumber, "-/.")
		fmt.Fprintf(w, "\n%s * \"%s\" ^%s.%d", e.Effective, entryWords(e), link, e.ID)
		if e.Corrects > 0 {
			fmt.Fprintf(w, " ^%s.%d", link, e.Corrects)
		}
		fmt.Fprintf(w, "\n  contract: \"%s\"\n  entry: %d\n  posted: %s\n", tag(e.AccountNumber, "-/=.+"), e.ID, money.DateOf(e.Posted.Time()))
		if e.Event > 0 {
			fmt.Fprintf(w, "  event: %d\n", e.Event)
		}
		if e.Corrects > 0 {
			fmt.Fprintf(w, "  corrects: %d\n", e.Corrects)
		}
		for _, p := range e.Postings {
			fmt.Fprintf(w, "  %s  %s USD\n", names[p.Account], p.Amount)
		}
		return nil
	}
}

// csvJournal writes one row for each posting.
func csvJournal(w *bufio.Writer, _ string) func(*servicing.JournalEntry) error {
	out, names := csv.NewWriter(w), paths(" ")
	head := []string{"effective", "posted", "contract", "contract_kind", "entry", "kind", "event", "event_kind", "corrects", "account", "path", "debit", "credit"}
	if err := out.Write(head); err != nil {
		return func(*servicing.JournalEntry) error { return err }
	}
	out.Flush()
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return func(e *servicing.JournalEntry) error {
		row := []string{
			e.Effective.String(), e.Posted.Time().Format("2006-01-02T15:04:05.000000Z"), e.AccountNumber, string(e.ContractKind), number(e.ID), string(e.Kind),
			number(e.Event), string(e.EventKind), number(e.Corrects), "", "", "", "",
		}
		for _, p := range e.Postings {
			debit, credit := p.Amount.String(), ""
			if p.Amount < 0 {
				debit, credit = "", (-p.Amount).String()
			}
			copy(row[9:], []string{string(p.Account), names[p.Account], debit, credit})
			if err := out.Write(row); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	}
}
