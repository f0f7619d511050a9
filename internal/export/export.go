// Package export writes an account's history for other programs: CSV and JSON for
// tables and scripts, OFX and QFX for personal finance programs, beancount and
// hledger text for plain-text accounting.
//
// It promises that each form is accepted by the programs that read it without a
// complaint, that totals in them are the account's to the cent, that a line has
// the same id in every file for good, and that no text in it, whatever a name
// holds, is anything but text: not a formula, a tag, a directive or a comment.
//
// The books in the last four forms are the borrower's, not the lender's: what is
// owed is a liability, interest is an expense on the day that it is paid, and the
// money comes from an asset account. The package knows nothing of who asked and
// where the bytes go.
package export

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// Format is a form that a history can be written in, by the name it has in
// addresses and on the command line.
type Format string

// The forms. Ledger text is read by both hledger and ledger.
const (
	CSV       Format = "csv"
	JSON      Format = "json"
	OFX       Format = "ofx"
	QFX       Format = "qfx" // OFX with what Quicken asks for; only with an id that Quicken knows
	Beancount Format = "beancount"
	Ledger    Format = "ledger"
)

// Form is what is known of a format.
type Form struct {
	Format    Format
	Name      string // for people
	For       string // who reads it
	MediaType string
	Extension string // of a file, without the dot
	write     func(*bufio.Writer, *Account, []billing.HistoryLine) error
}

var forms = []Form{
	{CSV, "CSV", "Spreadsheets", "text/csv; charset=utf-8", "csv", writeCSV},
	{OFX, "OFX", "GnuCash and most money programs", "application/x-ofx", "ofx", writeOFX},
	{QFX, "QFX", "Quicken", "application/vnd.intu.qfx", "qfx", writeOFX},
	{JSON, "JSON", "Programs of your own", "application/json", "json", writeJSON},
	{Beancount, "Beancount", "Plain-text accounting", "text/plain; charset=utf-8", "beancount", writeBeancount},
	{Ledger, "hledger and ledger", "Plain-text accounting", "text/plain; charset=utf-8", "journal", writeLedger},
}

// Forms lists the forms that an account can be written in, the usual one first.
// QFX is among them when the lender has an id with Quicken.
func Forms(quicken bool) []Form {
	return slices.DeleteFunc(slices.Clone(forms), func(f Form) bool { return f.Format == QFX && !quicken })
}

// Account is what a history is of.
type Account struct {
	Lender  string
	Number  string // whole: in OFX programs tell accounts apart by it. Other forms hold its last four digits
	Kind    contract.Kind
	Vehicle string // "2023 Halden Orla"

	From, Through money.Date // the days that the lines are of, both in it
	AsOf          money.Date // the business date
	// Whole says that no line is missing between From and Through. Then Opening is
	// what the account stood at in the borrower's books before them, Closing after
	// them, and accounting programs are told to check. Without it Closing is what
	// the account stands at after Through and Opening is nothing.
	Whole            bool
	Opening, Closing money.Cents

	QuickenID string // the lender's INTU.BID, digits; needed for QFX alone
}

// Write writes lines, in the order of billing.History, in a form. An unknown
// format, QFX without its id and books that do not add up are errors before
// anything is written; any other error is the writer's.
func Write(w io.Writer, f Format, a Account, lines []billing.HistoryLine) error {
	i := slices.IndexFunc(forms, func(have Form) bool { return have.Format == f })
	switch {
	case i < 0:
		return fmt.Errorf("export: no format %q", f)
	case f == QFX && a.QuickenID == "":
		return fmt.Errorf("export %s: the lender has no id with Quicken", f)
	case f != QFX:
		a.QuickenID = ""
	}
	if err := a.check(lines); err != nil {
		return fmt.Errorf("export %s: %w", f, err)
	}
	out := bufio.NewWriterSize(w, 1<<14)
	if err := forms[i].write(out, &a, lines); err != nil {
		return fmt.Errorf("export %s: %w", f, err)
	}
	return out.Flush()
}

// check sums what it is about to write: a file whose lines do not lead from its
// opening to its closing balance is worse than none.
func (a *Account) check(lines []billing.HistoryLine) error {
	if !a.Whole {
		return nil
	}
	owed := a.Opening
	for i := range lines {
		owed -= billing.Settles(a.Kind, lines[i].Allocation)
	}
	if owed != a.Closing {
		return fmt.Errorf("%d lines from %s lead to %s and not to %s", len(lines), a.Opening, owed, a.Closing)
	}
	return nil
}

// ends are the last four characters of the account number.
func (a *Account) ends() string {
	number := clean(a.Number, 0)
	for utf8.RuneCountInString(number) > 4 {
		_, n := utf8.DecodeRuneInString(number)
		number = number[n:]
	}
	return number
}

// last is the last day of the file: a line may count for a day after Through.
func (a *Account) last(lines []billing.HistoryLine) money.Date {
	day := max(a.From, a.Through)
	for i := range lines {
		day = max(day, lines[i].Entry.Effective)
	}
	return day
}

// first is its first day.
func (a *Account) first(lines []billing.HistoryLine) money.Date {
	day := a.From
	for i := range lines {
		day = min(day, lines[i].Entry.Effective)
	}
	return day
}

// longest is how much of a text is kept, in characters.
const longest = 200

// clean makes text safe to stand in one line: what is not UTF-8, not a character
// in XML or turns the direction of what follows is left out, and all space is one
// space. most is the number of characters to keep; 0 is longest.
func clean(s string, most int) string {
	if most == 0 {
		most = longest
	}
	var b strings.Builder
	space, n := false, 0
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = true
			continue
		case r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF || unicode.Is(unicode.Bidi_Control, r) || r == 0xFEFF:
			continue
		}
		if space && n > 0 && n < most {
			b.WriteByte(' ')
			n++
		}
		space = false
		if n == most {
			break
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

// leg is one account of the borrower's books and what a line adds to it.
type leg struct {
	account string
	amount  money.Cents
}

// names are the accounts of the borrower's books, by what they are for.
type names struct{ debt, interest, rent, tax, fees, end, forgiven, others, bank, opening string }

func (a *Account) names() names {
	tail := ":" + component(a.Vehicle+" "+a.ends())
	debt := "Liabilities:Loan"
	if a.Kind == contract.Lease {
		debt = "Liabilities:Lease"
	}
	return names{debt: debt + tail, interest: "Expenses:Interest" + tail, rent: "Expenses:Lease" + tail, tax: "Expenses:Tax" + tail,
		fees: "Expenses:Fees" + tail, end: "Expenses:Lease-End" + tail, forgiven: "Income:Forgiven" + tail, others: "Income:Paid-by-Others" + tail,
		bank: "Assets:Checking", opening: "Equity:Opening-Balances"}
}

// component spells a name as part of an account: ASCII letters, digits and single
// dashes, which all three programs take; it begins with a capital or a digit.
func component(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range name {
		letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
		if !letter && (r < '0' || r > '9') {
			dash = b.Len() > 0
			continue
		}
		if dash {
			b.WriteByte('-')
		}
		if dash = false; b.Len() == 0 {
			r = unicode.ToUpper(r)
		}
		if b.Len() >= 60 {
			break
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "Vehicle"
	}
	return strings.TrimSuffix(b.String(), "-")
}

// legs are what a line does to the borrower's books. They sum to zero; a line that
// moves nothing in them has none.
func (n *names) legs(kind contract.Kind, l *billing.HistoryLine) []leg {
	a := &l.Allocation
	all := [...]leg{
		{n.counter(l), -a.Total()}, {n.interest, a.Interest}, {n.rentOf(l), 0}, {n.tax, a.Tax},
		{n.debt, billing.Settles(kind, *a)}, {n.forgiven, -a.Forgiven},
	}
	if kind == contract.Lease {
		all[2].amount = a.Principal
	}
	out := make([]leg, 0, len(all))
	for _, x := range all {
		if i := slices.IndexFunc(out, func(o leg) bool { return o.account == x.account }); i >= 0 {
			out[i].amount += x.amount
		} else {
			out = append(out, x)
		}
	}
	return slices.DeleteFunc(out, func(x leg) bool { return x.amount == 0 })
}

// counter is where a line's money came from or went, or what its charge is.
func (n *names) counter(l *billing.HistoryLine) string {
	switch l.Event.Kind {
	case contract.LateCharge, contract.ReturnedFee, contract.OtherCharge, contract.Waiver:
		return n.fees
	case contract.LeaseEnd, contract.LeaseExtension:
		return n.end
	case contract.Sale:
		return n.others
	case contract.Payment:
		if l.Event.Source == contract.FromInsurer {
			return n.others
		}
	}
	return n.bank
}

// rentOf is where a lease's payments go: the rent of a lease that is changed or
// ends was never paid, and stays with the charge for it.
func (n *names) rentOf(l *billing.HistoryLine) string {
	if l.Event.Kind == contract.LeaseEnd || l.Event.Kind == contract.LeaseExtension {
		return n.end
	}
	return n.rent
}

// all lists the accounts that lines touch, in one order.
func (n *names) all(a *Account, lines []billing.HistoryLine) []string {
	used := map[string]bool{n.debt: true}
	if a.Whole && a.Opening != 0 {
		used[n.opening] = true
	}
	for i := range lines {
		for _, x := range n.legs(a.Kind, &lines[i]) {
			used[x.account] = true
		}
	}
	var out []string
	for _, name := range []string{n.bank, n.debt, n.opening, n.interest, n.rent, n.end, n.fees, n.tax, n.forgiven, n.others} {
		if used[name] {
			out = append(out, name)
		}
	}
	return out
}
