package ach

import (
	"fmt"
	"strings"
)

// Reason says what is wrong, in words that finish a sentence about a field.
type Reason string

// The reasons for which a file is faulted on reading or refused on writing.
const (
	BadLength     Reason = "is not 94 characters long"
	BadCharacter  Reason = "has a character outside printable ASCII"
	UnknownRecord Reason = "is not a known kind of record"
	Missing       Reason = "is missing"
	OutOfPlace    Reason = "is out of place"
	NotDigits     Reason = "is not digits"
	NotADate      Reason = "is not a date"
	NotATime      Reason = "is not a time of day"
	UnknownValue  Reason = "has a value the format does not know"
	Disagrees     Reason = "does not agree"
	BadCheckDigit Reason = "has a wrong check digit"
	NotAscending  Reason = "does not ascend"
	TooLong       Reason = "is too long"
	TooShort      Reason = "has too few digits"
	TooLarge      Reason = "is too large"
	Negative      Reason = "is negative"
	Padded        Reason = "has spaces around it that would be lost"
	Unsupported   Reason = "has columns of its own that are not read"
	NotZero       Reason = "is not zero"
	Zero          Reason = "is zero"
	Misnamed      Reason = "means another kind of entry"
	TooMany       Reason = "has more faults than are listed"
)

// maxProblems bounds what a hostile or broken file can make a Scanner or a
// Writer remember.
const maxProblems = 1000

// Problem is one fault of a file. Stated and Counted are filled where two
// figures or texts disagree. A problem never repeats an account number, an
// individual's id or a name of one.
type Problem struct {
	Line    int    // counted from 1; when writing, the line as it would stand in the file
	Record  string // such as "batch control"
	Field   string // such as "entry hash"; empty when it is the record itself
	Reason  Reason
	Stated  string
	Counted string
}

// Error is one line of text: "line 7: batch control: entry hash does not agree:
// stated 0012104288, counted 0".
func (p Problem) Error() string {
	s := fmt.Sprintf("line %d: %s", p.Line, p.Record)
	if p.Field != "" {
		s += ": " + p.Field
	}
	s += " " + string(p.Reason)
	if p.Stated != "" || p.Counted != "" {
		s += fmt.Sprintf(": stated %s, counted %s", p.Stated, p.Counted)
	}
	return s
}

// Problems are all the faults of a file, in the order of its lines. It is the
// error of Read and of Write.
type Problems []Problem

// Error shows the first ten.
func (p Problems) Error() string {
	var b strings.Builder
	for i, one := range p {
		if i == 10 {
			fmt.Fprintf(&b, "; and %d more", len(p)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(one.Error())
	}
	return b.String()
}
