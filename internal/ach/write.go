package ach

import (
	"bytes"
	"fmt"
	"io"
)

// Write writes a NACHA file: 94 columns and LF to a line, the last block of ten
// filled with lines of 9s. Control records, addenda sequence numbers and the
// block count are computed; those in the file are not looked at, and the file
// is not changed.
//
// A value that does not fit is refused, with every other such value, by
// Problems that name line, record and field; then nothing is written. Beyond
// the columns: amounts (of an entry at most 99,999,999.99, of a batch or file
// 9,999,999,999.99), check digits, trace numbers and batch numbers that do not
// ascend, a trace number that is not the ODFI's, a direction that the service
// class excludes, a prenote with an amount and a payment without one, an empty
// batch, and IAT and ADV batches. An error of w is returned wrapped.
func Write(w io.Writer, f *File) error {
	wr := writer{}
	wr.file(f.Seal())
	if len(wr.problems) > 0 {
		return wr.problems
	}
	if _, err := w.Write(wr.out.Bytes()); err != nil {
		return fmt.Errorf("write NACHA file: %w", err)
	}
	return nil
}

type writer struct {
	out      bytes.Buffer
	problems Problems
	lines    int
	line     [width]byte
}

func (w *writer) fault(record, field string, reason Reason) {
	w.problems = append(w.problems, Problem{Line: w.lines, Record: record, Field: field, Reason: reason})
}

func put1[T any](w *writer, l *layout[T], v *T) {
	w.lines++
	l.write(v, &w.line, func(field string, reason Reason) { w.fault(l.record, field, reason) })
	w.out.Write(w.line[:])
	w.out.WriteByte('\n')
}

func (w *writer) file(f *File) {
	put1(w, &fileHeaderLayout, &f.Header)
	if m := f.Header.FileIDModifier; len(m) == 1 && (m[0] < 'A' || m[0] > 'Z') && !allDigits(m) {
		w.fault(fileHeaderLayout.record, "file id modifier", UnknownValue)
	}
	for i := range f.Batches {
		w.batch(&f.Batches[i])
		if i > 0 && f.Batches[i].Header.BatchNumber <= f.Batches[i-1].Header.BatchNumber {
			w.fault(batchHeaderLayout.record, "batch number", NotAscending)
		}
	}
	put1(w, &fileControlLayout, &f.Control)
	for ; w.lines%10 != 0; w.lines++ {
		w.out.Write(bytes.Repeat([]byte("9"), width))
		w.out.WriteByte('\n')
	}
}

func (w *writer) batch(b *Batch) {
	h, record := &b.Header, batchHeaderLayout.record
	put1(w, &batchHeaderLayout, h)
	switch {
	case h.SEC == IAT || h.SEC == ADV:
		w.fault(record, "standard entry class code", Unsupported)
	case h.SEC != "" && !h.SEC.known():
		w.fault(record, "standard entry class code", UnknownValue)
	}
	if !h.ServiceClass.known() || h.ServiceClass == AutomatedAdvices {
		w.fault(record, "service class code", UnknownValue)
	}
	if h.BatchNumber == 0 {
		w.fault(record, "batch number", Zero)
	}
	if len(b.Entries) == 0 {
		w.fault("batch without entries", "", OutOfPlace)
	}
	for i := range b.Entries {
		e := &b.Entries[i]
		w.entry(h, e)
		if i > 0 && !ascends(b.Entries[i-1].Trace, e.Trace) {
			w.fault(entryLayout.record, "trace number", NotAscending)
		}
		w.addenda(e)
	}
	put1(w, &batchControlLayout, &b.Control)
}

func (w *writer) entry(h *BatchHeader, e *Entry) {
	rec := entryRecord{Entry: *e}
	if e.addendaCount() > 0 {
		rec.addendaIndicator = 1
	}
	put1(w, &entryLayout, &rec)
	record, code := entryLayout.record, e.TransactionCode
	switch {
	case !code.Debit() && !code.Credit(),
		code.Debit() && h.ServiceClass == CreditsOnly,
		code.Credit() && h.ServiceClass == DebitsOnly:
		w.fault(record, "transaction code", UnknownValue)
	}
	switch {
	case code.Prenote() && e.Amount != 0:
		w.fault(record, "amount", NotZero)
	case code.live() && e.Amount == 0 && h.SEC != COR:
		w.fault(record, "amount", Zero)
	}
	if len(e.RDFI) == 9 && allDigits(string(e.RDFI)) && !e.RDFI.checks() {
		w.fault(record, "check digit", BadCheckDigit)
	}
	if len(e.Trace) == 15 && string(e.Trace[:8]) != h.ODFI {
		w.fault(record, "trace number", Disagrees)
	}
}

func (w *writer) addenda(e *Entry) {
	for i, a := range e.Addenda {
		if a.Type == PaymentInformation {
			put1(w, &paymentLayout, &paymentRecord{a.Text, i + 1, e.Trace.sequence()})
			continue
		}
		put1(w, &otherAddendaLayout, &a)
		if a.Type == "98" || a.Type == "99" {
			w.fault(otherAddendaLayout.record, "addenda type code", UnknownValue)
		}
	}
	if e.Change != nil {
		put1(w, &changeLayout, e.Change)
	}
	if e.Return == nil {
		return
	}
	l := returnLayoutOf(e.Return.Code)
	put1(w, l, e.Return)
	if e.Change != nil {
		w.fault("return beside a change", "", OutOfPlace)
	}
	// Which fields a return has depends on its code; one that has no columns
	// would be lost without a word.
	var back ReturnAddenda
	c, _, _ := newCard(string(w.line[:]))
	l.read(c, &back, func(string, Reason) {})
	if len(w.problems) == 0 && back != *e.Return {
		w.fault(l.record, "a field that this return code does not have", OutOfPlace)
	}
}
