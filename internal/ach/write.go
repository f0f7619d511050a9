package ach

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"marque/internal/money"
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
// class excludes, a prenote with an amount and a payment without one, a
// description that means something else (see CheckDescription), a test deposit
// of a dollar or more, an empty batch, and IAT and ADV batches. An error of w is
// returned wrapped.
func Write(w io.Writer, f *File) error {
	wr := NewWriter(w, f.Header)
	wr.whole = true
	entries := 0
	for i := range f.Batches {
		entries += len(f.Batches[i].Entries)
	}
	wr.out = slices.Grow(wr.out, (entries+2*len(f.Batches)+12)*(width+1))
	for i := range f.Batches {
		b := &f.Batches[i]
		wr.Batch(b.Header)
		wr.authentication = b.Control.MessageAuthentication
		for j := range b.Entries {
			wr.Entry(&b.Entries[j])
		}
	}
	_, err := wr.Close()
	return err
}

// Writer writes a NACHA file whose entries come one by one: what Write writes,
// with the same refusals, in memory that does not grow with the file. Batch
// begins a batch, Entry adds to it, Close ends the file.
//
// Lines leave for the underlying writer as they fill a buffer, so that a file
// refused late has been written in part. It never has its control records: from
// the first problem on nothing more is written. Write to a temporary name, and
// give the file its own when Close has returned no error.
type Writer struct {
	w     io.Writer
	err   error // of w
	out   []byte
	whole bool // nothing leaves before Close

	problems Problems
	lines    int
	batches  int
	all      tally

	open           bool
	header         BatchHeader
	headerLine     int
	authentication string
	entries        int
	last           TraceNumber
	batch          tally

	rec entryRecord // of the current entry: kept so that it is not allocated for each
}

// full is the size at which lines leave: what one write to a disk takes well.
const full = 64 << 10

// NewWriter begins a file.
func NewWriter(w io.Writer, h FileHeader) *Writer {
	wr := &Writer{w: w}
	put1(wr, &fileHeaderLayout, &h)
	if m := h.FileIDModifier; len(m) == 1 && (m[0] < 'A' || m[0] > 'Z') && !allDigits(m) {
		wr.fault(fileHeaderLayout.record, "file id modifier", UnknownValue)
	}
	return wr
}

// Batch ends the batch before and begins one.
func (w *Writer) Batch(h BatchHeader) {
	w.endBatch()
	record := batchHeaderLayout.record
	put1(w, &batchHeaderLayout, &h)
	switch {
	case h.SEC == IAT || h.SEC == ADV:
		w.fault(record, "standard entry class code", Unsupported)
	case h.SEC != "" && !h.SEC.known():
		w.fault(record, "standard entry class code", UnknownValue)
	}
	if !h.ServiceClass.known() || h.ServiceClass == AutomatedAdvices {
		w.fault(record, "service class code", UnknownValue)
	}
	if reason := CheckDescription(h.EntryDescription); reason != "" {
		w.fault(record, "company entry description", reason)
	}
	switch {
	case h.BatchNumber == 0:
		w.fault(record, "batch number", Zero)
	case w.batches > 0 && h.BatchNumber <= w.header.BatchNumber:
		w.fault(record, "batch number", NotAscending)
	}
	w.open, w.header, w.headerLine, w.authentication = true, h, w.lines, ""
	w.batches++
	w.entries, w.last, w.batch = 0, "", tally{}
}

// Entry adds an entry with its addenda to the batch. The entry is not kept.
func (w *Writer) Entry(e *Entry) {
	if !w.open {
		w.lines++ // where it would stand
		w.fault("entry before batch header", "", OutOfPlace)
		return
	}
	w.entry(&w.header, e)
	if w.entries > 0 && !ascends(w.last, e.Trace) {
		w.fault(entryLayout.record, "trace number", NotAscending)
	}
	w.addenda(e)
	w.entries++
	w.last = e.Trace
	w.batch = w.batch.plus(e.tally())
}

// Close ends the file and gives the totals that a bank asks to be told apart
// from it. The error is Problems, or the underlying writer's own.
func (w *Writer) Close() (FileControl, error) {
	w.endBatch()
	control := FileControl{
		BatchCount: w.batches, BlockCount: blocks(w.lines + 1), EntryAddendaCount: w.all.entryAddenda,
		EntryHash: w.all.hash, TotalDebit: w.all.debit, TotalCredit: w.all.credit,
	}
	put1(w, &fileControlLayout, &control)
	for ; w.lines%10 != 0; w.lines++ {
		w.out = append(w.out, nines...)
	}
	w.flush()
	switch {
	case len(w.problems) > 0:
		slices.SortStableFunc(w.problems, func(a, b Problem) int { return a.Line - b.Line })
		return FileControl{}, w.problems
	case w.err != nil:
		return FileControl{}, fmt.Errorf("write NACHA file: %w", w.err)
	}
	return control, nil
}

var (
	blank = append(bytes.Repeat([]byte(" "), width), '\n')
	nines = append(bytes.Repeat([]byte("9"), width), '\n')
)

// flush lets lines leave, unless the file is already refused.
func (w *Writer) flush() {
	if len(w.problems) == 0 && w.err == nil {
		_, w.err = w.w.Write(w.out)
	}
	w.out = w.out[:0]
}

func (w *Writer) fault(record, field string, reason Reason) {
	if len(w.problems) < maxProblems {
		w.problems = append(w.problems, Problem{Line: w.lines, Record: record, Field: field, Reason: reason})
	}
}

// line is the line put last.
func (w *Writer) line() []byte { return w.out[len(w.out)-width-1 : len(w.out)-1] }

func put1[T any](w *Writer, l *layout[T], v *T) {
	if len(w.out) >= full && !w.whole {
		w.flush()
	}
	w.lines++
	w.out = append(w.out, blank...)
	l.write(v, w.line(), func(field string, reason Reason) { w.fault(l.record, field, reason) })
}

func (w *Writer) endBatch() {
	if !w.open {
		return
	}
	w.open = false
	if w.entries == 0 {
		now := w.lines
		w.lines = w.headerLine
		w.fault("batch without entries", "", OutOfPlace)
		w.lines = now
	}
	control := w.header.control(w.batch, w.authentication)
	put1(w, &batchControlLayout, &control)
	w.all = w.all.plus(w.batch)
}

func (w *Writer) entry(h *BatchHeader, e *Entry) {
	w.rec = entryRecord{Entry: *e}
	if e.addendaCount() > 0 {
		w.rec.addendaIndicator = 1
	}
	put1(w, &entryLayout, &w.rec)
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
	case h.EntryDescription == AccountVerification && code.Credit() && e.Amount > MaxTestDeposit:
		w.fault(record, "amount", TooLarge)
	}
	if len(e.RDFI) == 9 && allDigits(string(e.RDFI)) && !e.RDFI.checks() {
		w.fault(record, "check digit", BadCheckDigit)
	}
	if len(e.Trace) == 15 && string(e.Trace[:8]) != h.ODFI {
		w.fault(record, "trace number", Disagrees)
	}
}

func (w *Writer) addenda(e *Entry) {
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
	before := len(w.problems)
	put1(w, l, e.Return)
	if e.Change != nil {
		w.fault("return beside a change", "", OutOfPlace)
	}
	// Which fields a return has depends on its code; one that has no columns
	// would be lost without a word.
	var back ReturnAddenda
	c, _, _ := newCard(string(w.line()))
	l.read(c, &back, func(string, Reason) {})
	if len(w.problems) == before && back != *e.Return {
		w.fault(l.record, "a field that this return code does not have", OutOfPlace)
	}
}

// The company entry descriptions that the Nacha Operating Rules give a meaning.
// They are written in capitals, and for nothing else.
const (
	AccountVerification = "ACCTVERIFY" // test deposits of less than a dollar, and the debit that takes them back
	RetryPayment        = "RETRY PYMT" // a debit presented again after R01 or R09
	ReversalOfEntry     = "REVERSAL"   // takes back an erroneous entry
	ReturnFee           = "RETURN FEE" // a fee for a returned entry
)

// MaxTestDeposit is the largest credit described as ACCTVERIFY.
const MaxTestDeposit money.Cents = 99

// CheckDescription says why a company entry description may not be written,
// empty when it may. PURCHASE is for goods bought on the internet and PAYROLL
// for wages (Nacha Operating Rules, from 2026-03-20): no entry of a lender is
// either. A description with a meaning has to be spelled in capitals.
func CheckDescription(s string) Reason {
	switch upper := string(bytes.ToUpper([]byte(s))); upper {
	case "PURCHASE", "PAYROLL":
		return Misnamed
	case AccountVerification, RetryPayment, ReversalOfEntry, ReturnFee:
		if s != upper {
			return UnknownValue
		}
	}
	return ""
}
