package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// A cell of text that a spreadsheet would take for a formula, and the signs it is
// told by, also as wide characters.
const formula = "=+-@|%＝＋－＠"

// cell is text as a spreadsheet shows it: what would be a formula has an
// apostrophe before it, which makes it text. Amounts and dates are ours and do not
// pass here.
func cell(s string) string {
	s = clean(s, 0)
	if first := strings.TrimLeft(s, "'\" "); first != "" && strings.ContainsRune(formula, []rune(first)[0]) {
		return "'" + s
	}
	return s
}

// writeCSV writes RFC 4180: a header, CRLF, quotes where needed. A lease has no
// interest, and its balance is the payments still to make.
func writeCSV(w *bufio.Writer, a *Account, lines []billing.HistoryLine) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := []string{"id", "date", "posted", "account", "vehicle", "kind", "description", "amount"}
	parts := []string{"principal", "interest"}
	if a.Kind == contract.Lease {
		parts = []string{"lease_payment"}
	}
	head = append(append(head, parts...), "tax", "late_fees", "other_fees", "held", "recovered", "forgiven", "charged_off", "balance", "owed")
	if err := out.Write(head); err != nil {
		return err
	}
	account, vehicle, row := cell(a.ends()), cell(a.Vehicle), make([]string, 0, len(head))
	for i := range lines {
		l := &lines[i]
		p := &l.Allocation
		row = append(row[:0], l.Key(), l.Entry.Effective.String(), posted(l).String(), account, vehicle, cell(l.Kind), cell(l.Title()), l.Amount.String(), p.Principal.String())
		if a.Kind != contract.Lease {
			row = append(row, p.Interest.String())
		}
		for _, c := range [...]money.Cents{p.Tax, p.LateFee, p.OtherFee, p.Unapplied, p.Recovered, p.Forgiven, p.ChargedOff, l.Balance, l.Owed} {
			row = append(row, c.String())
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// posted is the day a line was written, in UTC.
func posted(l *billing.HistoryLine) money.Date { return money.DateOf(l.Entry.Posted.Time()) }

// headJSON is a history as JSON without its transactions. Fields are added and
// never change their meaning within a schema.
type headJSON struct {
	Schema  string      `json:"schema"`
	Lender  string      `json:"lender"`
	Account accountJSON `json:"account"`
	AsOf    money.Date  `json:"as_of"`
	From    money.Date  `json:"from"`
	Through money.Date  `json:"through"`
	Whole   bool        `json:"complete"`
	Opening string      `json:"opening_owed,omitempty"`
	Closing money.Cents `json:"closing_owed"`
}

type accountJSON struct {
	Kind     contract.Kind `json:"kind"`
	Ends     string        `json:"ends"`
	Vehicle  string        `json:"vehicle"`
	Currency string        `json:"currency"`
}

type lineJSON struct {
	ID           string       `json:"id"`
	Date         money.Date   `json:"date"`
	Posted       money.Date   `json:"posted"`
	Kind         string       `json:"kind"`
	Description  string       `json:"description"`
	Amount       money.Cents  `json:"amount"`
	Principal    *money.Cents `json:"principal,omitempty"`
	Interest     *money.Cents `json:"interest,omitempty"`
	LeasePayment *money.Cents `json:"lease_payment,omitempty"`
	Tax          money.Cents  `json:"tax"`
	LateFees     money.Cents  `json:"late_fees"`
	OtherFees    money.Cents  `json:"other_fees"`
	Held         money.Cents  `json:"held"`
	Recovered    money.Cents  `json:"recovered"`
	Forgiven     money.Cents  `json:"forgiven"`
	ChargedOff   money.Cents  `json:"charged_off"`
	Balance      money.Cents  `json:"balance"`
	Owed         money.Cents  `json:"owed"`
}

// schema names the shape of the JSON. Another shape has another name.
const schema = "history/1"

func writeJSON(w *bufio.Writer, a *Account, lines []billing.HistoryLine) error {
	head := headJSON{Schema: schema, Lender: clean(a.Lender, 0), Account: accountJSON{a.Kind, a.ends(), clean(a.Vehicle, 0), currency},
		AsOf: a.AsOf, From: a.From, Through: a.Through, Whole: a.Whole, Closing: a.Closing}
	if a.Whole {
		head.Opening = a.Opening.String()
	}
	b, err := json.Marshal(head)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s,\"transactions\":[", b[:len(b)-1]) // the head stays open for them
	for i := range lines {
		l := &lines[i]
		p := &l.Allocation
		row := lineJSON{ID: l.Key(), Date: l.Entry.Effective, Posted: posted(l), Kind: clean(l.Kind, 0), Description: clean(l.Title(), 0), Amount: l.Amount,
			Principal: &p.Principal, Interest: &p.Interest, Tax: p.Tax, LateFees: p.LateFee, OtherFees: p.OtherFee, Held: p.Unapplied, Recovered: p.Recovered,
			Forgiven: p.Forgiven, ChargedOff: p.ChargedOff, Balance: l.Balance, Owed: l.Owed}
		if a.Kind == contract.Lease {
			row.LeasePayment, row.Principal, row.Interest = row.Principal, nil, nil
		}
		if b, err = json.Marshal(row); err != nil {
			return err
		}
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('\n')
		w.Write(b) // what goes wrong is kept until Flush
	}
	_, err = w.WriteString("\n]}\n")
	return err
}
