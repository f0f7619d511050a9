package ach

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"marque/internal/money"
)

// Read reads a NACHA file line by line. Lines may end in LF or CRLF, trailing
// spaces and the 9-lines that fill the last block may be missing, and blank
// lines may follow; a line of another length is reported and still read.
//
// The file is never nil: it holds all that could be read, faulty or not, with a
// zero header or control where one is missing. The error is nil for a file
// without fault; Problems, all of them, when the file has any; anything else is
// the reader's own error, and then the file is not whole. A caller that must
// not act on a faulty file refuses every error; one that must not lose a return
// because of a bank's bad block count looks at the reasons.
//
// Counts, hashes and totals are compared with what the entries add up to, check
// digits and the order of trace numbers are verified, and what a control record
// repeats must equal its header. Entry classes unknown here are read by the
// common columns. IAT and ADV batches are read so too, with an Unsupported
// problem: of IAT the account and names are not to be trusted, of ADV also the
// totals, which are not compared. Records after the file control are not read.
//
// Memory grows with the number of entries; bound an untrusted input by
// io.LimitReader.
func Read(r io.Reader) (*File, error) {
	rd := reader{file: &File{}}
	in := bufio.NewReaderSize(r, 4096)
	for {
		line, err := nextLine(in)
		if err == io.EOF {
			break
		}
		rd.line++
		if err != nil {
			return rd.file, fmt.Errorf("read NACHA line %d: %w", rd.line, err)
		}
		rd.record(line)
	}
	rd.end()
	slices.SortStableFunc(rd.problems, func(a, b Problem) int { return a.Line - b.Line })
	if len(rd.problems) > 0 {
		return rd.file, rd.problems
	}
	return rd.file, nil
}

// nextLine gives a line without its end. Of a line longer than the buffer only
// the beginning is kept, which is enough to see that it is too long.
func nextLine(in *bufio.Reader) (string, error) {
	b, err := in.ReadSlice('\n')
	line := string(bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")))
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	if err == io.EOF && len(b) > 0 {
		err = nil
	}
	return line, err
}

type reader struct {
	file     *File
	problems Problems

	line    int // the current line
	records int // lines that are not blank
	blank   int // the first of the blank lines just passed, 0 if none

	headerSeen, controlSeen, ended bool
	controlLine                    int
	anyAdvices                     bool
	all                            tally

	batch     *openBatch
	entry     *Entry // the last of the batch, waiting for addenda
	entryLine int
	indicator int
}

// openBatch is a batch whose control record has not come yet.
type openBatch struct {
	Batch
	line    int
	headed  bool
	advices bool
}

func (r *reader) add(p Problem) { r.problems = append(r.problems, p) }

func (r *reader) fault(record, field string, reason Reason) {
	r.add(Problem{Line: r.line, Record: record, Field: field, Reason: reason})
}

func (r *reader) into(record string) report {
	return func(field string, reason Reason) { r.fault(record, field, reason) }
}

func (r *reader) record(line string) {
	if strings.Trim(line, " ") == "" {
		if r.blank == 0 {
			r.blank = r.line
		}
		return
	}
	if r.blank != 0 {
		r.add(Problem{Line: r.blank, Record: "line", Reason: BadLength})
		r.blank = 0
	}
	r.records++
	c, columns, bad := newCard(line)
	if columns != width {
		r.fault("line", "", BadLength)
	}
	if bad != 0 {
		r.fault("line", "column "+strconv.Itoa(bad), BadCharacter)
	}
	if strings.Trim(line, "9") == "" {
		return
	}
	if r.controlSeen {
		if !r.ended {
			r.fault("record after file control", "", OutOfPlace)
			r.ended = true
		}
		return
	}
	switch line[0] {
	case '1':
		r.fileHeader(c)
	case '5':
		r.batchHeader(c)
	case '6':
		r.entryDetail(c)
	case '7':
		r.addenda(c)
	case '8':
		r.batchControl(c)
	case '9':
		r.fileControl(c)
	default:
		r.fault("line", "record type code", UnknownRecord)
	}
}

func (r *reader) fileHeader(c card) {
	if r.headerSeen || r.records > 1 {
		r.fault(fileHeaderLayout.record, "", OutOfPlace)
	}
	if r.headerSeen {
		return
	}
	r.headerSeen = true
	fileHeaderLayout.read(c, &r.file.Header, r.into(fileHeaderLayout.record))
}

func (r *reader) batchHeader(c card) {
	r.closeBatch(nil)
	r.batch = &openBatch{line: r.line, headed: true}
	h := &r.batch.Header
	batchHeaderLayout.read(c, h, r.into(batchHeaderLayout.record))
	if !h.ServiceClass.known() {
		r.fault(batchHeaderLayout.record, "service class code", UnknownValue)
	}
	switch {
	case h.SEC == IAT || h.SEC == ADV:
		r.fault(batchHeaderLayout.record, "standard entry class code", Unsupported)
		r.batch.advices = h.SEC == ADV
		r.anyAdvices = r.anyAdvices || h.SEC == ADV
	case !h.SEC.known():
		r.fault(batchHeaderLayout.record, "standard entry class code", UnknownValue)
	}
}

func (r *reader) entryDetail(c card) {
	r.closeEntry()
	if r.batch == nil {
		r.fault("entry before batch header", "", OutOfPlace)
		r.batch = &openBatch{line: r.line}
	}
	var rec entryRecord
	entryLayout.read(c, &rec, r.into(entryLayout.record))
	e := &rec.Entry
	if len(e.RDFI) == 9 && allDigits(string(e.RDFI)) && !e.RDFI.checks() {
		r.fault(entryLayout.record, "check digit", BadCheckDigit)
	}
	if !e.TransactionCode.Debit() && !e.TransactionCode.Credit() {
		r.fault(entryLayout.record, "transaction code", UnknownValue)
	}
	if rec.addendaIndicator > 1 {
		r.fault(entryLayout.record, "addenda record indicator", UnknownValue)
	}
	if n := len(r.batch.Entries); n > 0 && !ascends(r.batch.Entries[n-1].Trace, e.Trace) {
		r.fault(entryLayout.record, "trace number", NotAscending)
	}
	r.batch.Entries = append(r.batch.Entries, rec.Entry)
	r.entry = &r.batch.Entries[len(r.batch.Entries)-1]
	r.entryLine, r.indicator = r.line, rec.addendaIndicator
}

// ascends compares trace numbers of full length; others were reported already.
func ascends(before, after TraceNumber) bool {
	return len(before) != 15 || len(after) != 15 || before < after
}

// closeEntry is called when no more addenda can follow.
func (r *reader) closeEntry() {
	if r.entry == nil {
		return
	}
	if n := r.entry.addendaCount(); (n > 0) != (r.indicator > 0) {
		r.add(Problem{r.entryLine, entryLayout.record, "addenda record indicator", Disagrees, strconv.Itoa(r.indicator), strconv.Itoa(n)})
	}
	r.entry = nil
}

func (r *reader) addenda(c card) {
	if r.entry == nil {
		r.fault("addenda without entry", "", OutOfPlace)
		return
	}
	e, kind := r.entry, c.cut(2, 3)
	last := e.Return != nil || e.Change != nil
	if last {
		r.fault("addenda after a return or change", "", OutOfPlace)
	}
	switch {
	case kind == PaymentInformation:
		r.payment(c)
	case kind == "98" && !last:
		e.Change = &ChangeAddenda{}
		changeLayout.read(c, e.Change, r.into(changeLayout.record))
	case kind == "99" && !last:
		e.Return = &ReturnAddenda{}
		l := returnLayoutOf(ReturnCode(c.cut(4, 6)))
		l.read(c, e.Return, r.into(l.record))
	default:
		var a Addenda
		otherAddendaLayout.read(c, &a, r.into(otherAddendaLayout.record))
		e.Addenda = append(e.Addenda, a)
	}
}

func (r *reader) payment(c card) {
	var p paymentRecord
	paymentLayout.read(c, &p, r.into(paymentLayout.record))
	r.entry.Addenda = append(r.entry.Addenda, Addenda{PaymentInformation, p.text})
	if n := len(r.entry.Addenda); p.sequence != n {
		r.add(Problem{r.line, paymentLayout.record, "addenda sequence number", Disagrees, strconv.Itoa(p.sequence), strconv.Itoa(n)})
	}
	if want := r.entry.Trace.sequence(); len(r.entry.Trace) == 15 && p.entrySequence != want {
		r.add(Problem{r.line, paymentLayout.record, "entry detail sequence number", Disagrees, p.entrySequence, want})
	}
}

// sequence is the seven digits that are the bank's own.
func (t TraceNumber) sequence() string { return string(t[min(len(t), 8):]) }

func (r *reader) batchControl(c card) {
	var control BatchControl
	batchControlLayout.read(c, &control, r.into(batchControlLayout.record))
	if r.batch == nil {
		r.fault("batch control without batch header", "", OutOfPlace)
		return
	}
	r.closeBatch(&control)
}

// closeBatch takes the open batch into the file; nil when its control record
// has not come.
func (r *reader) closeBatch(control *BatchControl) {
	r.closeEntry()
	b := r.batch
	if b == nil {
		return
	}
	r.batch = nil
	t := b.tally()
	r.all = r.all.plus(t)
	if control == nil {
		r.add(Problem{Line: b.line, Record: batchControlLayout.record, Reason: Missing})
	} else {
		b.Control = *control
		r.compareBatch(b, t)
	}
	r.file.Batches = append(r.file.Batches, b.Batch)
}

func (r *reader) compareBatch(b *openBatch, t tally) {
	record, h, c := batchControlLayout.record, &b.Header, &b.Control
	if b.headed {
		compare(r, record, "service class code", c.ServiceClass, h.ServiceClass)
		if h.SEC != IAT && h.SEC != ADV { // left out in the one, not a column of the other
			compare(r, record, "company identification", c.CompanyID, h.CompanyID)
		}
		compare(r, record, "originating DFI identification", c.ODFI, h.ODFI)
		compare(r, record, "batch number", c.BatchNumber, h.BatchNumber)
	}
	compare(r, record, "entry/addenda count", c.EntryAddendaCount, t.entryAddenda)
	compare(r, record, "entry hash", c.EntryHash, t.hash)
	if !b.advices {
		r.totals(record, c.TotalDebit, c.TotalCredit, t)
	}
}

func (r *reader) totals(record string, debit, credit money.Cents, t tally) {
	compare(r, record, "total debit", debit, t.debit)
	compare(r, record, "total credit", credit, t.credit)
}

func compare[V comparable](r *reader, record, field string, stated, counted V) {
	if stated != counted {
		r.add(Problem{r.line, record, field, Disagrees, fmt.Sprint(stated), fmt.Sprint(counted)})
	}
}

func (r *reader) fileControl(c card) {
	r.closeBatch(nil)
	r.controlSeen, r.controlLine = true, r.line
	fileControlLayout.read(c, &r.file.Control, r.into(fileControlLayout.record))
}

func (r *reader) end() {
	if !r.headerSeen {
		r.add(Problem{Line: 1, Record: fileHeaderLayout.record, Reason: Missing})
	}
	r.closeBatch(nil)
	if !r.controlSeen {
		r.add(Problem{Line: max(r.line, 1), Record: fileControlLayout.record, Reason: Missing})
		return
	}
	r.line = r.controlLine
	record, c := fileControlLayout.record, &r.file.Control
	compare(r, record, "batch count", c.BatchCount, len(r.file.Batches))
	compare(r, record, "block count", c.BlockCount, blocks(r.records))
	compare(r, record, "entry/addenda count", c.EntryAddendaCount, r.all.entryAddenda)
	compare(r, record, "entry hash", c.EntryHash, r.all.hash)
	if !r.anyAdvices {
		r.totals(record, c.TotalDebit, c.TotalCredit, r.all)
	}
}

func (c ServiceClass) known() bool {
	switch c {
	case MixedDebitsAndCredits, CreditsOnly, DebitsOnly, AutomatedAdvices:
		return true
	}
	return false
}

const knownSEC = "ACK ADV ARC ATX BOC CCD CIE COR CTX DNE ENR IAT MTE POP POS PPD RCK SHR TEL TRC TRX WEB XCK"

func (s SEC) known() bool {
	return len(s) == 3 && strings.Contains(knownSEC, string(s)) && !strings.Contains(string(s), " ")
}
