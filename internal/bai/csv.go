package bai

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"marque/internal/money"
)

// ReadCSV reads a statement as a CSV: a first row that names the columns, then a
// row for each movement. date (2026-12-15 or 12/15/2026) and amount (signed;
// positive is money to the account) are needed, type, reference and description
// may be missing, and columns of other names are not read. Amounts are US dollars.
// A CSV has no totals: whether it is whole, the caller has to know.
func ReadCSV(r io.Reader, account string) ([]Line, error) {
	limited := &io.LimitedReader{R: r, N: maxCSV + 1}
	rows := csv.NewReader(limited)
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	rows.TrimLeadingSpace = true
	c := table{account: account}
	for n := 0; len(c.problems) < maxProblems; n++ {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if syntax := (*csv.ParseError)(nil); errors.As(err, &syntax) {
			c.line = syntax.Line
			c.fault("is not CSV: %v", syntax.Err)
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read statement: %w", err)
		}
		c.line, _ = rows.FieldPos(0)
		switch {
		case n > maxRecords || limited.N <= 0:
			c.fault("is more than a statement may have")
			return nil, c.problems
		case n == 0:
			c.head(row)
		default:
			c.row(row)
		}
		if c.columns == nil {
			break
		}
	}
	if c.columns == nil && len(c.problems) == 0 {
		c.line = 1
		c.fault("the first row does not name the columns date and amount")
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return c.lines, nil
}

// maxCSV is the most bytes of a CSV.
const maxCSV = 64 << 20

type table struct {
	account  string
	columns  map[string]int
	lines    []Line
	problems Problems
	line     int
}

func (c *table) fault(format string, args ...any) {
	c.problems = append(c.problems, Problem{c.line, "row", fmt.Sprintf(format, args...)})
}

func (c *table) head(row []string) {
	columns := map[string]int{}
	for i, name := range row {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if _, twice := columns[name]; twice && name != "" {
			c.fault("a column comes twice")
			return
		}
		columns[name] = i
	}
	_, date := columns["date"]
	_, amount := columns["amount"]
	if date && amount {
		c.columns = columns
	}
}

func (c *table) row(row []string) {
	at := func(name string) string {
		i, there := c.columns[name]
		if !there || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	if len(row) != len(c.columns) {
		c.fault("has %d fields, the first row %d", len(row), len(c.columns))
		return
	}
	l := Line{Account: c.account, Currency: "USD", Code: Code(at("type")), BankReference: at("reference"), Text: at("description")}
	var err error
	if l.Date, err = day(at("date")); err != nil {
		c.fault("the date is not a date")
		return
	}
	if l.Amount, err = money.ParseDollars(at("amount")); err != nil {
		c.fault("the amount is not an amount")
		return
	}
	if l.Code.Credit() && l.Amount < 0 || l.Code.Debit() && l.Amount > 0 {
		c.fault("the sign of the amount and the type disagree")
		return
	}
	c.lines = append(c.lines, l)
}

// day reads 2026-12-15 and 12/15/2026.
func day(s string) (money.Date, error) {
	if m, rest, ok := strings.Cut(s, "/"); ok {
		d, y, _ := strings.Cut(rest, "/")
		s = y + "-" + two(m) + "-" + two(d)
	}
	return money.ParseDate(s)
}

func two(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}
