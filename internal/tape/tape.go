// Package tape reads portfolios that come in from outside: the SEC's asset-level
// files for auto loans and leases (Form ABS-EE, exhibit EX-102, 17 CFR 229.1125
// Items 3 and 4), the same records in flat CSV, and contracts with customers in
// a CSV of our own. It turns records into contract terms and measures how well
// a lender's reported interest is reproduced by the engine.
//
// Reading is streaming: memory does not grow with the file. Every error is
// located (file, record, line, asset, field, reason) and reading goes on after
// an error where it can, so that all of them are found in one pass. A record
// with an error is never handed over.
//
// The package knows no database. That an asset stands twice in a file is for
// the caller's unique key to find; Position.Error makes the located error.
package tape

import (
	"errors"
	"fmt"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
)

// Position is where a record stands in its file.
type Position struct {
	File   string
	Number int // of the record, from 1
	Line   int // of the record's first line, from 1
	Asset  string
}

// Error makes a located error about a field of the record; the field may be empty.
func (p Position) Error(field, reason string) *Error {
	return &Error{File: p.File, Record: p.Number, Line: p.Line, Asset: p.Asset, Field: field, Reason: reason}
}

// Error says what is wrong and where. Fatal means that nothing after it was read.
type Error struct {
	File   string `json:"file"`
	Record int    `json:"record,omitempty"`
	Line   int    `json:"line"`
	Asset  string `json:"asset,omitempty"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Fatal  bool   `json:"fatal,omitempty"`
	cause  error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	if e.Record > 0 {
		fmt.Fprintf(&b, "record %d", e.Record)
		if e.Asset != "" {
			fmt.Fprintf(&b, " (%s)", e.Asset)
		}
		b.WriteString(": ")
	}
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}

// Unwrap is the read error behind a file that could not be read on, if any.
func (e *Error) Unwrap() error { return e.cause }

// KeptErrors is how many errors Errors keeps; more are only counted.
const KeptErrors = 1000

// Errors collects errors in the order they are found.
type Errors struct {
	Kept  []error
	Count int
}

// Add counts an error and keeps it while there is room.
func (e *Errors) Add(err error) {
	e.Count++
	if len(e.Kept) < KeptErrors {
		e.Kept = append(e.Kept, err)
	}
}

// Err is nil when nothing was added, else one error that joins what was kept.
func (e *Errors) Err() error {
	if e.Count == 0 {
		return nil
	}
	all := e.Kept
	if e.Count > len(all) {
		all = append(all[:len(all):len(all)], fmt.Errorf("and %d more errors", e.Count-len(all)))
	}
	return errors.Join(all...)
}

// Opt is a value that a record may leave out. Absent is not zero.
type Opt[T any] struct {
	V  T
	OK bool
}

func (o Opt[T]) or(p Opt[T]) Opt[T] {
	if o.OK {
		return o
	}
	return p
}

// Month is a calendar month, counted from year 0; zero means no month.
type Month int32

// MonthOf is the month that a date lies in.
func MonthOf(d money.Date) Month {
	y, m, _ := d.Civil()
	return Month(y*12 + m - 1)
}

// First is the month's first day; no month gives no date.
func (m Month) First() money.Date {
	if m == 0 {
		return 0
	}
	return money.NewDate(int(m)/12, int(m)%12+1, 1)
}

// String is MM/YYYY, as the SEC's files write it.
func (m Month) String() string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%02d/%04d", m%12+1, m/12)
}

// iso is YYYY-MM, which sorts.
func (m Month) iso() string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", m/12, m%12+1)
}

// Vehicle is what a contract finances. New is false when nothing was said.
type Vehicle struct {
	Year  int
	Make  string
	Model string
	VIN   string
	New   bool
}

// Person is a customer as a CSV names one. All fields have been checked; Phone
// is in E.164 form, SSN has nine digits or the last four.
type Person struct {
	FirstName string
	LastName  string
	Email     string
	Phone     string
	SSN       string
	BirthDate money.Date
	Street    string
	City      string
	State     string
	ZIP       string
}

// Boarding is one contract as it comes on our books: terms from the day it is
// taken over, the facts of its origin, and who owes it when the source says.
type Boarding struct {
	Position
	AccountNumber string
	CustomerID    string  // rows with the same one have one customer; empty in SEC files
	Person        *Person // nil in SEC files, which name nobody
	CoBorrower    *Person // who owes it together with that person; nil for nobody
	CoBorrowerID  string  // as CustomerID
	Terms         contract.Terms
	AsOf          money.Date // the day the balance stood
	Originator    string
	Vehicle       Vehicle
	State         string

	OriginalAmount  money.Cents
	OriginalDate    money.Date // the first of the month when only the month is known
	OriginalTerm    int
	OriginalRate    money.Rate
	FeesOutstanding money.Cents // charged before and not paid
}

// Skip says that a record is sound and is not to be boarded: nothing is left to
// service. Callers count the reasons.
type Skip struct{ Reason string }

func (s *Skip) Error() string { return "not boarded: " + s.Reason }
