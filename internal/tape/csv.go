package tape

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"marque/internal/contract"
	"marque/internal/money"
)

// ReadCSV reads contracts with customers, as Columns documents them. The first
// row names the columns, in any order; an unknown or repeated name is refused.
// UTF-8, with or without a byte order mark; quoted fields may hold commas and
// line breaks. Values may be padded with spaces.
//
// It yields a contract, or an *Error; every wrong field of a row is an error of
// its own. What a row leaves out comes from the rules. Account numbers and
// customers are remembered, so memory grows with the number of rows, by some
// hundred bytes each.
func ReadCSV(r io.Reader, name string, rules BoardingRules) iter.Seq2[Boarding, error] {
	return func(yield func(Boarding, error) bool) {
		t, err := openTable(r, name)
		if err != nil {
			yield(Boarding{}, err)
			return
		}
		f := contractFile{table: t, rules: rules, accounts: map[string]int{}, customers: map[string]customer{}}
		if errs := f.header(); len(errs) > 0 {
			for _, e := range errs {
				if !yield(Boarding{}, e) {
					return
				}
			}
			return
		}
		for {
			row, err := t.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if !yield(Boarding{}, err) {
					return
				}
				continue
			}
			b, errs := f.contract(row)
			for _, e := range errs {
				if !yield(Boarding{}, e) {
					return
				}
			}
			if len(errs) == 0 && !yield(b, nil) {
				return
			}
		}
	}
}

// table is a CSV file with a header.
type table struct {
	file   string
	csv    *csv.Reader
	header []string
	row    int
	line   int
	ended  bool
}

func openTable(r io.Reader, name string) (*table, error) {
	in := bufio.NewReader(r)
	fatal := func(reason string, cause error) error {
		return &Error{File: name, Line: 1, Reason: reason, Fatal: true, cause: cause}
	}
	if start, err := in.Peek(3); err == nil && bytes.Equal(start, []byte("\xEF\xBB\xBF")) {
		if _, err := in.Discard(3); err != nil {
			return nil, fatal("cannot be read: "+err.Error(), err)
		}
	} else if len(start) >= 2 && (start[0] == 0 || start[1] == 0 || start[0] >= 0xFE) {
		return nil, fatal("the file is in UTF-16; only UTF-8 is read", nil)
	}
	t := &table{file: name, csv: csv.NewReader(in)}
	t.csv.ReuseRecord = true
	header, err := t.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fatal("the file is empty", nil)
	case err != nil:
		return nil, fatal("cannot be read: "+err.Error(), err)
	}
	for _, h := range header {
		h = strings.TrimSpace(h)
		if !utf8.ValidString(h) {
			return nil, fatal("the header has bytes that are not UTF-8", nil)
		}
		t.header = append(t.header, h)
	}
	return t, nil
}

// next gives the next row, trimmed; valid until the call after. Errors other
// than io.EOF are *Error, and reading goes on after them unless Fatal.
func (t *table) next() ([]string, error) {
	if t.ended {
		return nil, io.EOF
	}
	row, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	t.row++
	var pe *csv.ParseError
	switch {
	case errors.As(err, &pe):
		t.line = pe.StartLine
		reason := pe.Err.Error()
		if errors.Is(pe.Err, csv.ErrFieldCount) {
			reason = fmt.Sprintf("has %d fields where the header has %d", len(row), len(t.header))
		}
		return nil, &Error{File: t.file, Record: t.row, Line: pe.Line, Reason: reason}
	case err != nil:
		t.ended = true
		return nil, &Error{File: t.file, Line: t.line + 1, Reason: "cannot be read on: " + err.Error(), Fatal: true, cause: err}
	}
	t.line, _ = t.csv.FieldPos(0)
	for i, v := range row {
		if !utf8.ValidString(v) {
			line, _ := t.csv.FieldPos(i)
			return nil, &Error{File: t.file, Record: t.row, Line: line, Field: t.header[i], Reason: "has bytes that are not UTF-8"}
		}
		row[i] = strings.TrimSpace(v)
	}
	return row, nil
}

func (t *table) at(i int) int {
	line, _ := t.csv.FieldPos(i)
	return line
}

type contractFile struct {
	*table
	rules     BoardingRules
	columns   []int // of Columns, by place in the file
	accounts  map[string]int
	customers map[string]customer
}

type customer struct {
	person Person
	line   int
}

func (f *contractFile) header() (bad []error) {
	wrong := func(field, reason string) {
		bad = append(bad, &Error{File: f.file, Line: 1, Field: field, Reason: reason, Fatal: true})
	}
	seen := map[int]bool{}
	for _, h := range f.table.header {
		i := columnNamed(h)
		switch {
		case i < 0:
			wrong(printable(h), "unknown column")
		case seen[i]:
			wrong(h, "the column stands twice")
		}
		seen[i] = true
		f.columns = append(f.columns, i)
	}
	for i, c := range Columns {
		if c.Need == Always && !seen[i] {
			wrong(c.Name, "the column is missing")
		}
	}
	return bad
}

func (f *contractFile) contract(row []string) (Boarding, []error) {
	b := Boarding{Position: Position{File: f.file, Number: f.row, Line: f.line}, Person: &Person{}}
	b.Terms = f.rules.terms("")
	var bad []*Error
	wrong := func(line int, field, reason string) {
		e := b.Error(field, reason)
		e.Line = line
		bad = append(bad, e)
	}
	given, ownFee := make([]bool, len(Columns)), false
	for i, v := range row {
		c := &Columns[f.columns[i]]
		if v == "" {
			continue
		}
		given[f.columns[i]] = true
		if strings.HasPrefix(c.Name, "late_fee_") && !ownFee {
			// One column of the row's own takes the place of the lender's whole rule.
			ownFee, b.Terms.LateFee = true, contract.LateFee{}
		}
		if err := c.set(&b, v); err != nil {
			reason := err.Error()
			switch {
			case strings.HasSuffix(c.Name, "ssn") || strings.HasSuffix(c.Name, "birth_date"):
				// An error may be printed and logged; what identifies a person may not.
				reason = strings.ReplaceAll(reason, v, "…")
			case !strings.Contains(reason, printable(v)):
				reason = "\"" + printable(v) + "\" " + reason
			}
			wrong(f.at(i), c.Name, reason)
		}
	}
	for i, c := range Columns {
		needed := c.Need == Always || (c.Need == ForLoan && b.Terms.Kind == contract.Loan) || (c.Need == ForLease && b.Terms.Kind == contract.Lease)
		if needed && !given[i] {
			wrong(f.line, c.Name, "is needed")
		}
	}
	if b.CoBorrower != nil {
		for _, name := range []string{"first_name", "last_name", "email", "ssn", "zip"} {
			if name = "co_borrower_" + name; !given[columnNamed(name)] {
				wrong(f.line, name, "is needed for a co-borrower")
			}
		}
	}
	if len(bad) == 0 {
		f.together(&b, given, wrong)
	}
	errs := make([]error, 0, len(bad))
	for _, e := range bad {
		e.Asset = b.AccountNumber
		errs = append(errs, e)
	}
	return b, errs
}

// together checks what only the whole row can tell.
func (f *contractFile) together(b *Boarding, given []bool, wrong func(int, string, string)) {
	t := &b.Terms
	if t.Kind == contract.Lease {
		rent := (t.Payment - t.Tax) * money.Cents(t.Payments)
		if t.Principal != 0 && t.Principal != rent {
			wrong(f.line, "principal", "of a lease is payment less its tax, times n_payments: "+rent.String())
		}
		t.Principal = rent
		l := t.LeaseTerms
		if l.Term == 0 {
			l.Term = t.Payments
		}
		if l.BasePayment == 0 {
			l.BasePayment = t.Payment - t.Tax
		}
		l.MonthlyTax = t.Tax
	} else if t.LeaseTerms != nil {
		wrong(f.line, "cap_cost", "a loan has no lease columns")
	}
	t.FeeStateConfirmed = slices.Contains(f.rules.FeeStates, t.FeeState)
	if t.FirstDue < t.Start {
		wrong(f.line, "first_due_date", "is before start_date")
	}
	if err := t.Validate(); err != nil {
		var te *contract.TermsError
		if errors.As(err, &te) {
			wrong(f.line, te.Field, te.Reason)
		} else {
			wrong(f.line, "", err.Error())
		}
	}
	if p := b.Person; p.BirthDate != 0 && p.BirthDate >= t.Start {
		wrong(f.line, "birth_date", "is not before start_date")
	}
	if line, twice := f.accounts[b.AccountNumber]; twice {
		wrong(f.line, "account_number", fmt.Sprintf("stands on line %d already", line))
	}
	f.accounts[b.AccountNumber] = f.line
	b.Asset, b.AsOf = b.AccountNumber, t.Start
	if !given[columnNamed("original_amount")] {
		b.OriginalAmount = t.Principal
	}
	b.OriginalRate = t.Rate
	f.same(b.CustomerID, b.Person, func(reason string) { wrong(f.line, "customer_id", reason) })
	if p := b.CoBorrower; p != nil {
		if p.BirthDate != 0 && p.BirthDate >= t.Start {
			wrong(f.line, "co_borrower_birth_date", "is not before start_date")
		}
		if b.CoBorrowerID != "" && b.CoBorrowerID == b.CustomerID {
			wrong(f.line, "co_borrower_number", "is the customer's own")
		}
		f.same(b.CoBorrowerID, p, func(reason string) { wrong(f.line, "co_borrower_number", reason) })
	}
}

// same checks that rows with the same number name the same person.
func (f *contractFile) same(number string, p *Person, wrong func(reason string)) {
	if number == "" {
		return
	}
	if first, known := f.customers[number]; !known {
		f.customers[number] = customer{*p, f.line}
	} else if first.person != *p {
		wrong(fmt.Sprintf("names another person on line %d", first.line))
	}
}
