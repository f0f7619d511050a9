// Package paper sets documents on US Letter pages from frozen snapshots:
// statements, receipts, authorizations, letters, in English and in the Spanish of
// the United States. It looks nothing up, decides nothing and reads no clock, so
// the same snapshot gives the same bytes today and in ten years.
//
// It promises that every paper is tagged in reading order, with headings, tables
// whose header cells are named, figures said in words, and page heads and numbers
// left out of it; that papers are black on white with the brand's colour once, and
// readable after a fax; that text from a customer or a file wraps, shrinks or runs
// on to the next page but never lies over other text; that pages after the first
// show only the ending of an account number; that a lease's papers speak of lease
// payments and never of a rate (Regulation M, 12 CFR 1013.4(s)); and that a
// snapshot whose figures contradict each other is refused, not printed.
//
// Where papers are kept, who may see them and how they are sent is not known here.
package paper

import (
	"encoding/json"
	"errors"
	"fmt"

	"marque/internal/billing"
)

// ErrPaper says that a snapshot cannot be set: its kind or language is unknown,
// it cannot be read, or its figures contradict each other.
var ErrPaper = errors.New("paper")

// setters has a line for each kind of document: how its snapshot is set.
var setters = map[billing.DocumentKind]func(language string, content []byte) ([]byte, error){
	billing.DocStatement:     of(Statement),
	billing.DocReceipt:       of(Receipt),
	billing.DocConfirmation:  of(Confirmation),
	billing.DocAuthorization: of(Authorization),
	billing.DocPayoffLetter:  of(PayoffLetter),

	billing.DocSchedule:        of(Schedule),
	billing.DocHistory:         of(History),
	billing.DocInterestSummary: of(InterestSummary),
	billing.DocPaidInFull:      of(PaidInFull),
	billing.DocLienRelease:     of(LienRelease),
	billing.DocLeaseEnd:        of(LeaseEnd),
	billing.DocLateNotice:      of(LateNotice),
	billing.DocReturnNotice:    of(ReturnNotice),
	billing.DocAdverseNotice:   of(Adverse),
	billing.DocChangeNotice:    of(ChangeNotice),
	billing.DocMessage:         of(Message),
}

// PDF sets a document from its snapshot, JSON as it was frozen. Errors wrap
// ErrPaper and come with no bytes.
func PDF(kind billing.DocumentKind, language string, content []byte) ([]byte, error) {
	set, ok := setters[kind]
	if !ok {
		return nil, fmt.Errorf("%w: unknown kind %q", ErrPaper, kind)
	}
	if language != billing.English && language != billing.Spanish {
		return nil, fmt.Errorf("%w: set %s: unknown language %q", ErrPaper, kind, language)
	}
	b, err := set(language, content)
	if err != nil {
		return nil, fmt.Errorf("%w: set %s: %w", ErrPaper, kind, err)
	}
	return b, nil
}

// of reads a snapshot and sets it.
func of[T any](set func(language string, snapshot *T) ([]byte, error)) func(string, []byte) ([]byte, error) {
	return func(language string, content []byte) ([]byte, error) {
		snapshot := new(T)
		if err := json.Unmarshal(content, snapshot); err != nil {
			return nil, fmt.Errorf("read snapshot: %w", err)
		}
		return set(language, snapshot)
	}
}
