// Package bai reads what a bank says happened on an account: a statement in BAI2
// (Cash Management Balance Reporting Specifications, version 2) or a plain CSV,
// turned into signed lines.
//
// A file is read whole or not at all. Every control total, every count of
// records, accounts and groups is compared, and one that is wrong refuses the file
// with all its problems, each with its line: half a statement reconciles to a
// wrong answer. So do a group that is a test, a deletion or a correction, which a
// person has to look at.
//
// The package knows nothing of payments, of what was expected, of files or of
// clocks. Account numbers are in the clear; problems never repeat them.
package bai

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"marque/internal/money"
)

// Line is one movement on an account, as the bank states it.
type Line struct {
	Account           string
	Currency          string      // ISO 4217; USD where the bank names none
	Date              money.Date  // as of which the bank reports it
	ValueDate         money.Date  // on which the money can be used, where the bank says so (funds type V)
	Interim           bool        // from a report during the day: the final one repeats it
	Amount            money.Cents // in hundredths of the currency; positive is money to the account
	Code              Code
	BankReference     string
	CustomerReference string
	Text              string
}

// Code is what kind of movement or balance it is: three digits in BAI2, in a CSV
// whatever the bank writes.
type Code string

// Name is the title that the specification gives the more common codes, or
// nothing.
func (c Code) Name() string { return names[c] }

// Credit and Debit say which way money goes, by the ranges of the specification;
// codes of balances, of loans and of no amount are neither.
func (c Code) Credit() bool { return c.within(100, 399) || c.within(920, 959) }

// Debit says that money leaves the account.
func (c Code) Debit() bool { return c.within(400, 699) || c.within(960, 999) }

func (c Code) within(low, high int) bool {
	n, ok := number(string(c))
	return ok && len(c) == 3 && low <= n && n <= high
}

// nonMonetary is the code of a message: it has no amount.
const nonMonetary Code = "890"

var names = map[Code]string{
	"010": "Opening ledger", "015": "Closing ledger", "040": "Opening available", "045": "Closing available", "060": "Current available",
	"100": "Total credits", "108": "Credit", "115": "Lockbox deposit", "140": "Total ACH credits", "142": "ACH credit received", "145": "ACH concentration credit",
	"147": "Bank card deposit", "155": "Preauthorized draft credit", "164": "Corporate trade payment credit", "165": "Preauthorized ACH credit", "166": "ACH settlement",
	"168": "ACH return item or adjustment settlement", "169": "Miscellaneous ACH credit", "172": "Deposit correction", "174": "Other deposit", "175": "Check deposit package",
	"190": "Total incoming money transfers", "191": "Incoming internal money transfer", "195": "Incoming money transfer", "206": "Book transfer credit",
	"208": "International money transfer credit", "252": "Debit reversal", "254": "Posting error correction credit", "255": "Check posted and returned",
	"257": "ACH return item", "258": "ACH reversal credit", "275": "ZBA credit", "301": "Commercial deposit", "354": "Interest credit", "357": "Credit adjustment",
	"398": "Miscellaneous fee refund", "399": "Miscellaneous credit",
	"400": "Total debits", "409": "Debit", "445": "ACH concentration debit", "447": "ACH disbursement funding debit", "450": "Total ACH debits", "451": "ACH debit received",
	"455": "Preauthorized ACH debit", "462": "Account holder initiated ACH debit", "464": "Corporate trade payment debit", "466": "ACH settlement",
	"468": "ACH return item or adjustment settlement", "469": "Miscellaneous ACH debit", "475": "Check paid", "477": "Bank originated debit",
	"490": "Total outgoing money transfers", "491": "Outgoing internal money transfer", "495": "Outgoing money transfer", "506": "Book transfer debit",
	"508": "International money transfer debit", "552": "Credit reversal", "554": "Posting error correction debit", "555": "Deposited item returned",
	"557": "ACH return item", "558": "ACH reversal debit", "567": "Return item fee", "575": "ZBA debit", "631": "Debit adjustment", "654": "Interest debit",
	"661": "Account analysis fee", "698": "Miscellaneous fees", "699": "Miscellaneous debit", nonMonetary: "Message",
}

// Problem is one fault of a statement. It never repeats an account number.
type Problem struct {
	Line   int // counted from 1
	Record string
	Reason string
}

// Error is one line of text: "line 5: account trailer: the control total is
// 72000000, counted 71500000".
func (p Problem) Error() string { return fmt.Sprintf("line %d: %s: %s", p.Line, p.Record, p.Reason) }

// Problems are the faults of a statement in the order of its lines, at most a
// hundred of them.
type Problems []Problem

func (p Problems) Error() string {
	said := make([]string, 0, len(p))
	for i, one := range p {
		if i == 10 {
			said = append(said, fmt.Sprintf("and %d more", len(p)-i))
			break
		}
		said = append(said, one.Error())
	}
	return strings.Join(said, "; ")
}

// The bounds of a statement; what is beyond them is refused.
const (
	maxProblems = 100
	maxLine     = 64 << 10 // bytes of a line, and of a record with its continuations
	maxRecords  = 250_000
)

// Balance is what an account held, as the bank states it: OpeningLedger at the
// beginning of a day or ClosingLedger at its end.
type Balance struct {
	Account, Currency string
	Date              money.Date
	Interim           bool
	Code              Code
	Amount            money.Cents
}

// The balances that a statement gives.
const (
	OpeningLedger Code = "010"
	ClosingLedger Code = "015"
)

// Statement is all that a file says. A CSV has no balances.
type Statement struct {
	Lines    []Line
	Balances []Balance
}

// Read reads the lines of a statement, as ReadStatement does.
func Read(r io.Reader, account string) ([]Line, error) {
	st, err := ReadStatement(r, account)
	return st.Lines, err
}

// ReadStatement reads a statement: BAI2 when it begins with a file header, else
// CSV, of which account is the account. The error is Problems, or the reader's
// own; with either there is nothing of the statement.
func ReadStatement(r io.Reader, account string) (Statement, error) {
	in := bufio.NewReader(r)
	first, err := in.Peek(3)
	if err != nil && err != io.EOF {
		return Statement{}, fmt.Errorf("read statement: %w", err)
	}
	if IsBAI2(first) {
		return readBAI2(in)
	}
	lines, err := ReadCSV(in, account)
	return Statement{Lines: lines}, err
}

// IsBAI2 says whether a file begins as BAI2 does.
func IsBAI2(content []byte) bool { return bytes.HasPrefix(content, []byte("01,")) }

// number reads digits and nothing else.
func number(s string) (n int, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// scale gives how many units of the amount field are a hundredth of the currency,
// or how many hundredths are a unit: amounts have the decimals of ISO 4217 and no
// point.
func scale(currency string) (times, by int64) {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 100, 1
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 1, 10
	}
	return 1, 1
}
