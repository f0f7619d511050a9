package tape

import (
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
)

// ReadFlat reads EX-102 records from a CSV whose header carries the element
// names, one row for each asset and period, as researchers pass them on. It is
// for reconciliation, more lenient than ReadABSEE: columns that are not elements
// are passed over (but asset_id, when present, is taken for the asset number),
// names may be written in any case, "-" and the like stand for absent, repeated
// codes are parted by semicolons, dates may be YYYY-MM-DD, numbers may have
// blanks and commas between thousands, the dust of a spreadsheet's arithmetic is
// blown off the amounts, and values that nothing here needs are not checked.
// Errors are yielded as by ReadABSEE.
func ReadFlat(r io.Reader, name string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		t, err := openTable(r, name)
		if err != nil {
			yield(Record{}, err)
			return
		}
		f, err := newFlat(t)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for {
			row, err := t.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if !yield(Record{}, err) {
					return
				}
				continue
			}
			rec, bad := f.record(row)
			for _, e := range bad {
				if !yield(Record{}, e) {
					return
				}
			}
			if len(bad) == 0 && !yield(rec, nil) {
				return
			}
		}
	}
}

type flat struct {
	*table
	lease bool
	place []int // of the element in its table, by column; -1: passed over
	id    int   // column of asset_id; -1: none
}

func newFlat(t *table) (*flat, error) {
	f := &flat{table: t, id: -1}
	names := map[string]int{}
	for i, h := range t.header {
		if proper := properName(h); proper != h && !slices.Contains(t.header, proper) {
			h, t.header[i] = proper, proper
		}
		if _, twice := names[h]; twice && h != "" {
			return nil, &Error{File: t.file, Line: 1, Field: printable(h), Reason: "the column stands twice", Fatal: true}
		}
		names[h] = i
	}
	_, hasLoan := names["actualInterestCollectedAmount"]
	if _, ok := names["actualPrincipalCollectedAmount"]; ok {
		hasLoan = true // interest may follow from the total
	}
	_, hasLease := names["acquisitionCost"]
	f.lease = hasLease && !hasLoan
	byName := loanIndex
	if f.lease {
		byName = leaseIndex
	}
	if i, ok := names["asset_id"]; ok {
		f.id = i
	}
	if _, ok := names["assetNumber"]; (!ok && f.id < 0) || (!hasLoan && !hasLease) {
		return nil, &Error{File: t.file, Line: 1, Reason: "the header has no EX-102 element names: assetNumber and actualInterestCollectedAmount, or for leases acquisitionCost, are needed", Fatal: true}
	}
	for _, h := range t.header {
		i, ok := byName[h]
		if !ok {
			i = -1
		}
		f.place = append(f.place, i)
	}
	return f, nil
}

// properName is the element's own spelling of a column's name, else the name.
func properName(h string) string {
	if _, ok := loanIndex[h]; ok {
		return h
	}
	for _, f := range loanFields {
		if strings.EqualFold(f.name, h) {
			return f.name
		}
	}
	for _, f := range leaseFields {
		if strings.EqualFold(f.name, h) {
			return f.name
		}
	}
	if strings.EqualFold(h, "asset_id") {
		return "asset_id"
	}
	return h
}

func (f *flat) record(row []string) (Record, []*Error) {
	at := Position{File: f.file, Number: f.row, Line: f.line}
	var rec Record
	var bad []*Error
	var where *Position
	if f.lease {
		l := &Lease{Position: at}
		rec.Lease, where = l, &l.Position
		bad = flatFields(f, row, leaseFields, l, at)
	} else {
		l := &Loan{Position: at}
		rec.Loan, where = l, &l.Position
		bad = flatFields(f, row, loanFields, l, at)
	}
	if f.id >= 0 && row[f.id] != "" {
		where.Asset = row[f.id]
	}
	if where.Asset == "" && len(bad) == 0 {
		bad = append(bad, where.Error("assetNumber", "is missing"))
	}
	for _, e := range bad {
		e.Asset = where.Asset
	}
	where.Asset = strings.Clone(where.Asset)
	return rec, bad
}

func flatFields[R any](f *flat, row []string, fields []field[R], r *R, at Position) (bad []*Error) {
	d := dialect{flat: true}
	for i, v := range row {
		if f.place[i] < 0 {
			continue
		}
		el := &fields[f.place[i]]
		if el.unused {
			continue
		}
		parts := []string{v}
		if el.repeats {
			parts = strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == '|' })
		}
		for _, p := range parts {
			if p = strings.TrimSpace(p); d.absent(p) {
				continue
			}
			if err := el.set(r, p, d); err != nil {
				e := at.Error(el.name, "\""+printable(p)+"\" "+err.Error())
				e.Line = f.at(i)
				bad = append(bad, e)
			}
		}
	}
	return bad
}
