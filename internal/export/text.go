package export

import (
	"bufio"
	"fmt"
	"strings"

	"marque/internal/billing"
)

var (
	inString  = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	inComment = strings.NewReplacer(";", ",", "|", "/")
)

// quoted is a string of beancount's.
func quoted(s string) string { return `"` + inString.Replace(clean(s, 0)) + `"` }

// plain is text in a description or a comment of hledger and ledger: a semicolon
// begins a comment there, and a bar parts payee and note.
func plain(s string) string { return inComment.Replace(clean(s, 0)) }

// partial says in a comment that lines are missing.
const partial = "; A choice of the account's lines: the balance does not follow from them.\n"

// opened stands for the id of the opening balance, which is no entry of ours.
const opened = "opening"

// entries writes what moved the borrower's books, the opening balance first.
func (a *Account) entries(n *names, lines []billing.HistoryLine, entry func(day fmt.Stringer, id, words string, legs []leg)) {
	if opening := a.opening(n); opening != nil {
		entry(a.first(lines), opened, "Opening balance", opening)
	}
	for i := range lines {
		l := &lines[i]
		if legs := n.legs(a.Kind, l); len(legs) > 0 {
			entry(l.Entry.Effective, l.Key(), l.Title(), legs)
		}
	}
}

func writeBeancount(w *bufio.Writer, a *Account, lines []billing.HistoryLine) error {
	n, first := a.names(), a.first(lines)
	lender := quoted(a.Lender)
	fmt.Fprintf(w, "option \"title\" %s\noption \"operating_currency\" \"%s\"\n\n", quoted(a.Vehicle+" "+a.ends()), currency)
	if !a.Whole {
		w.WriteString(partial)
	}
	for _, name := range n.all(a, lines) {
		fmt.Fprintf(w, "%s open %s %s\n", first, name, currency)
	}
	entry := func(day fmt.Stringer, id, words string, legs []leg) {
		fmt.Fprintf(w, "\n%s * %s %s\n", day, lender, quoted(words))
		if id != opened {
			fmt.Fprintf(w, "  id: \"%s\"\n", id)
		}
		for _, x := range legs {
			fmt.Fprintf(w, "  %s  %s %s\n", x.account, x.amount, currency)
		}
	}
	a.entries(&n, lines, entry)
	if !a.Whole {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s balance %s  %s %s\n", a.last(lines)+1, n.debt, -a.Closing, currency) // as the day begins
	return err
}

func writeLedger(w *bufio.Writer, a *Account, lines []billing.HistoryLine) error {
	n := a.names()
	lender := or(plain(a.Lender), "Lender")
	fmt.Fprintf(w, "; %s, account ending in %s\n", plain(a.Vehicle), plain(a.ends()))
	if !a.Whole {
		w.WriteString(partial)
	}
	fmt.Fprintf(w, "\ncommodity %s\n    format 1000.00 %s\n\n", currency, currency)
	for _, name := range n.all(a, lines) {
		fmt.Fprintf(w, "account %s\n", name)
	}
	entry := func(day fmt.Stringer, id, words string, legs []leg) {
		fmt.Fprintf(w, "\n%s * (%s) %s: %s\n", day, id, lender, plain(words))
		for _, x := range legs {
			fmt.Fprintf(w, "    %s  %s %s\n", x.account, x.amount, currency)
		}
	}
	a.entries(&n, lines, entry)
	if !a.Whole {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s * (check) %s: Balance\n    %s  0 %s = %s %s\n", a.last(lines), lender, n.debt, currency, -a.Closing, currency)
	return err
}

// opening brings what was owed before the first line into the books.
func (a *Account) opening(n *names) []leg {
	if !a.Whole || a.Opening == 0 {
		return nil
	}
	return []leg{{n.debt, -a.Opening}, {n.opening, a.Opening}}
}
