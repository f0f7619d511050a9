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
// Memory grows with the number of entries (Scanner's does not); bound an untrusted input by
// io.LimitReader.
func Read(r io.Reader) (*File, error) {
	f := &File{}
	var entries []Entry
	rd := reader{
		entry: func(_ *openBatch, e *Entry) { entries = append(entries, *e) },
		batch: func(b *openBatch) {
			f.Batches = append(f.Batches, Batch{b.header, entries, b.control})
			entries = nil
		},
	}
	in := bufio.NewReaderSize(r, 4096)
	for rd.next(in) {
	}
	f.Header, f.Control = rd.header, rd.control
	if rd.err != nil {
		return f, rd.err
	}
	rd.sort()
	if len(rd.problems) > 0 {
		return f, rd.problems
	}
	return f, nil
}

// Scanner reads a NACHA file entry by entry, with the checks of Read, in memory
// that does not grow with the file:
//
//	s := ach.NewScanner(r)
//	for s.Scan() {
//		use(s.Batch(), s.Entry())
//	}
//	err := s.Err()
//
// Totals stand at the end of a file: what Scan has given counts only when Err
// says that the whole file is without fault.
type Scanner struct {
	rd     reader
	in     *bufio.Reader
	ready  bool
	header *BatchHeader
	now    Entry
}

// NewScanner begins to read.
func NewScanner(r io.Reader) *Scanner {
	s := &Scanner{in: bufio.NewReaderSize(r, full)}
	s.rd.most = maxProblems
	s.rd.batch = func(*openBatch) {}
	s.rd.entry = func(b *openBatch, e *Entry) { s.ready, s.header, s.now = true, &b.header, *e }
	return s
}

// Scan goes to the next entry. It gives false at the end of the file, when the
// reader failed, and after a thousand faults.
func (s *Scanner) Scan() bool {
	for s.ready = false; !s.ready; {
		if !s.rd.next(s.in) {
			return s.ready // the last of a file that ends in the middle
		}
	}
	return true
}

// Header is the file's; it stands before the entries.
func (s *Scanner) Header() FileHeader { return s.rd.header }

// Batch is the header of the entry's batch.
func (s *Scanner) Batch() BatchHeader { return *s.header }

// Entry is the current one, with its addenda. The pointer is to the same place
// for every entry: copy what is kept.
func (s *Scanner) Entry() *Entry { return &s.now }

// Control is the file's control record, once Scan has given false.
func (s *Scanner) Control() FileControl { return s.rd.control }

// Err is as Read's error, after Scan has given false.
func (s *Scanner) Err() error {
	if s.rd.err != nil {
		return s.rd.err
	}
	s.rd.sort()
	if len(s.rd.problems) > 0 {
		return s.rd.problems
	}
	return nil
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
	header  FileHeader
	control FileControl
	// Told of each entry when all its addenda have been read, and of each batch
	// after its entries.
	entry func(*openBatch, *Entry)
	batch func(*openBatch)

	problems Problems
	most     int // of problems; 0 for all
	err      error
	done     bool

	line    int // the current line
	records int // lines that are not blank
	blank   int // the first of the blank lines just passed, 0 if none

	headerSeen, controlSeen, ended bool
	controlLine                    int
	anyAdvices                     bool
	batches                        int
	all                            tally

	open    *openBatch
	waiting bool // rec waits for addenda
	rec     entryRecord
	recLine int
}

// openBatch is a batch whose control record has not come yet.
type openBatch struct {
	header  BatchHeader
	control BatchControl
	line    int
	headed  bool
	advices bool
	entries int
	last    TraceNumber
	tally   tally
}

// next reads one line, and false after the last.
func (r *reader) next(in *bufio.Reader) bool {
	if r.done {
		return false
	}
	line, err := nextLine(in)
	switch {
	case err == io.EOF:
		r.done = true
		r.end()
		return false
	case err != nil:
		r.done, r.err = true, fmt.Errorf("read NACHA line %d: %w", r.line+1, err)
		return false
	}
	r.line++
	r.record(line)
	if r.most > 0 && len(r.problems) >= r.most {
		r.done = true
		r.fault("file", "", TooMany)
		return false
	}
	return true
}

func (r *reader) sort() {
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
}

func (r *reader) add(p Problem) { r.problems = append(r.problems, p) }

func (r *reader) fault(record, field string, reason Reason) {
	r.add(Problem{Line: r.line, Record: record, Field: field, Reason: reason})
}

func (r *reader) into(record string) report {
	return func(field string, reason Reason) { r.fault(record, field, reason) }
}

func (r *reader) record(line string) {
	if trim(line) == "" {
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
	if line[0] == '9' && strings.Trim(line, "9") == "" {
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
	fileHeaderLayout.read(c, &r.header, r.into(fileHeaderLayout.record))
}

func (r *reader) batchHeader(c card) {
	r.closeBatch(nil)
	r.open = &openBatch{line: r.line, headed: true}
	h := &r.open.header
	batchHeaderLayout.read(c, h, r.into(batchHeaderLayout.record))
	if !h.ServiceClass.known() {
		r.fault(batchHeaderLayout.record, "service class code", UnknownValue)
	}
	switch {
	case h.SEC == IAT || h.SEC == ADV:
		r.fault(batchHeaderLayout.record, "standard entry class code", Unsupported)
		r.open.advices = h.SEC == ADV
		r.anyAdvices = r.anyAdvices || h.SEC == ADV
	case !h.SEC.known():
		r.fault(batchHeaderLayout.record, "standard entry class code", UnknownValue)
	}
}

func (r *reader) entryDetail(c card) {
	r.closeEntry()
	if r.open == nil {
		r.fault("entry before batch header", "", OutOfPlace)
		r.open = &openBatch{line: r.line}
	}
	r.rec = entryRecord{}
	entryLayout.read(c, &r.rec, r.into(entryLayout.record))
	e := &r.rec.Entry
	if len(e.RDFI) == 9 && allDigits(string(e.RDFI)) && !e.RDFI.checks() {
		r.fault(entryLayout.record, "check digit", BadCheckDigit)
	}
	if !e.TransactionCode.Debit() && !e.TransactionCode.Credit() {
		r.fault(entryLayout.record, "transaction code", UnknownValue)
	}
	if r.rec.addendaIndicator > 1 {
		r.fault(entryLayout.record, "addenda record indicator", UnknownValue)
	}
	if r.open.entries > 0 && !ascends(r.open.last, e.Trace) {
		r.fault(entryLayout.record, "trace number", NotAscending)
	}
	r.open.entries++
	r.open.last = e.Trace
	r.waiting, r.recLine = true, r.line
}

// ascends compares trace numbers of full length; others were reported already.
func ascends(before, after TraceNumber) bool {
	return len(before) != 15 || len(after) != 15 || before < after
}

// closeEntry is called when no more addenda can follow.
func (r *reader) closeEntry() {
	if !r.waiting {
		return
	}
	r.waiting = false
	e := &r.rec.Entry
	if n := e.addendaCount(); (n > 0) != (r.rec.addendaIndicator > 0) {
		r.add(Problem{r.recLine, entryLayout.record, "addenda record indicator", Disagrees, strconv.Itoa(r.rec.addendaIndicator), strconv.Itoa(n)})
	}
	r.open.tally = r.open.tally.plus(e.tally())
	r.entry(r.open, e)
}

func (r *reader) addenda(c card) {
	if !r.waiting {
		r.fault("addenda without entry", "", OutOfPlace)
		return
	}
	e, kind := &r.rec.Entry, c.cut(2, 3)
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
	r.rec.Addenda = append(r.rec.Addenda, Addenda{PaymentInformation, p.text})
	if n := len(r.rec.Addenda); p.sequence != n {
		r.add(Problem{r.line, paymentLayout.record, "addenda sequence number", Disagrees, strconv.Itoa(p.sequence), strconv.Itoa(n)})
	}
	if want := r.rec.Trace.sequence(); len(r.rec.Trace) == 15 && p.entrySequence != want {
		r.add(Problem{r.line, paymentLayout.record, "entry detail sequence number", Disagrees, p.entrySequence, want})
	}
}

// sequence is the seven digits that are the bank's own.
func (t TraceNumber) sequence() string { return string(t[min(len(t), 8):]) }

func (r *reader) batchControl(c card) {
	var control BatchControl
	batchControlLayout.read(c, &control, r.into(batchControlLayout.record))
	if r.open == nil {
		r.fault("batch control without batch header", "", OutOfPlace)
		return
	}
	r.closeBatch(&control)
}

// closeBatch ends the open batch; control is nil when its record has not come.
func (r *reader) closeBatch(control *BatchControl) {
	r.closeEntry()
	b := r.open
	if b == nil {
		return
	}
	r.open = nil
	r.batches++
	r.all = r.all.plus(b.tally)
	if control == nil {
		r.add(Problem{Line: b.line, Record: batchControlLayout.record, Reason: Missing})
	} else {
		b.control = *control
		r.compareBatch(b, b.tally)
	}
	r.batch(b)
}

func (r *reader) compareBatch(b *openBatch, t tally) {
	record, h, c := batchControlLayout.record, &b.header, &b.control
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
	fileControlLayout.read(c, &r.control, r.into(fileControlLayout.record))
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
	record, c := fileControlLayout.record, &r.control
	compare(r, record, "batch count", c.BatchCount, r.batches)
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
