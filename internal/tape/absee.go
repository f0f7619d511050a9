package tape

import (
	"bytes"
	"io"
	"iter"
	"strings"
)

// The namespaces of the two kinds of file.
const (
	LoanNamespace  = "http://www.sec.gov/edgar/document/absee/autoloan/assetdata"
	LeaseNamespace = "http://www.sec.gov/edgar/document/absee/autolease/assetdata"
)

// Record is one asset of one reporting period: a loan or a lease, never both.
type Record struct {
	Loan  *Loan
	Lease *Lease
}

// Where is the record's place in its file.
func (r Record) Where() Position {
	if r.Loan != nil {
		return r.Loan.Position
	}
	return r.Lease.Position
}

// ReadABSEE reads an EX-102 file of auto loans or auto leases. It yields a
// record, or an error that is always an *Error and belongs to no record
// yielded. An error in a value does not end the reading; the record is left out
// and the next one is read. A file that is not well-formed XML of one of the two
// kinds gives a Fatal error, after which nothing follows.
//
// Read as written: UTF-8 or ASCII, with or without a byte order mark; elements
// in any order, each at most once unless the schema lets it repeat; values may
// be padded with spaces; an empty element is an absent one. No document type,
// no entities. Balances, payments and fees must be whole cents.
func ReadABSEE(r io.Reader, name string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		d := &absee{scanner: newScanner(r, name), yield: yield}
		if err := d.file(); err != nil && !d.stopped {
			yield(Record{}, err)
		}
	}
}

type absee struct {
	*scanner
	yield   func(Record, error) bool
	stopped bool
	root    string // the root's name as written
	prefix  string // with its colon
	ns      string
	number  int
	parent  []byte
}

func (d *absee) file() error {
	if err := d.prolog(); err != nil {
		return err
	}
	if err := d.rootTag(); err != nil {
		return err
	}
	for !d.ended {
		tok, err := d.next()
		if err != nil {
			return err
		}
		if tok == tokenEOF {
			return d.cutShort()
		}
		if !blank(d.text) {
			return d.fail("text stands between the records")
		}
		if tok == tokenEnd {
			if string(d.name) != d.root {
				return d.fail("</%s> closes nothing", d.name)
			}
			break
		}
		if err := d.child(); err != nil || d.stopped {
			return err
		}
	}
	tok, err := d.next()
	if err == nil && (tok != tokenEOF || !blank(d.text)) {
		err = d.fail("something stands after the end of the data")
	}
	return err
}

// prolog reads what may stand before the root: a mark and a declaration.
func (d *absee) prolog() error {
	if !d.fill() {
		if d.readErr != nil {
			return d.cutShort()
		}
		return d.fail("the file is empty")
	}
	if d.has("\xFE\xFF") || d.has("\xFF\xFE") || d.has("<\x00") || d.has("\x00<") {
		return d.fail("the file is in UTF-16; only UTF-8 is read")
	}
	if d.has("\xEF\xBB\xBF") {
		d.pos += 3
	}
	if !d.has("<?xml") || d.has("<?xml-") {
		return nil
	}
	n, err := d.find("?>", 0, "XML declaration")
	if err != nil {
		return err
	}
	d.attrs = append(d.attrs[:0], d.buf[d.pos+len("<?xml"):d.pos+n]...)
	d.line += bytes.Count(d.attrs, []byte{'\n'})
	d.pos += n + 2
	declared, err := d.attributes()
	if err != nil {
		return err
	}
	if declared["version"] != "1.0" {
		return d.fail("XML version %q; only 1.0 is read", printable(declared["version"]))
	}
	switch e := strings.ToLower(declared["encoding"]); e {
	case "", "utf-8", "utf8", "ascii", "us-ascii":
		return nil
	default:
		return d.fail("the file says its encoding is %s; only UTF-8 is read", printable(declared["encoding"]))
	}
}

func (d *absee) rootTag() error {
	tok, err := d.next()
	if err != nil {
		return err
	}
	if tok == tokenEOF || !blank(d.text) {
		return d.fail("this is not XML")
	}
	if tok == tokenEnd {
		return d.fail("</%s> closes nothing", d.name)
	}
	d.root = string(d.name)
	local := d.root
	if i := strings.IndexByte(d.root, ':'); i >= 0 {
		d.prefix, local = d.root[:i+1], d.root[i+1:]
	}
	if local != "assetData" {
		return d.fail("the root element is %s; an asset file begins with assetData", printable(d.root))
	}
	attrs, err := d.attributes()
	if err != nil {
		return err
	}
	d.ns = attrs[d.xmlns()]
	if d.ns != LoanNamespace && d.ns != LeaseNamespace {
		return d.fail("namespace %q is not the SEC's for auto loans or auto leases", printable(d.ns))
	}
	return nil
}

func (d *absee) xmlns() string {
	if d.prefix == "" {
		return "xmlns"
	}
	return "xmlns:" + strings.TrimSuffix(d.prefix, ":")
}

// local takes the namespace off the tag just read; foreign elements have none of ours.
func (d *absee) local() ([]byte, error) {
	if len(d.attrs) > 0 {
		attrs, err := d.attributes()
		if err != nil {
			return nil, err
		}
		for k, v := range attrs {
			if k == d.xmlns() && v != d.ns {
				return nil, d.fail("namespace %q inside the data", printable(v))
			}
		}
	}
	if d.prefix == "" {
		if bytes.IndexByte(d.name, ':') >= 0 {
			return nil, nil
		}
		return d.name, nil
	}
	if len(d.name) > len(d.prefix) && string(d.name[:len(d.prefix)]) == d.prefix {
		return d.name[len(d.prefix):], nil
	}
	return nil, nil
}

func (d *absee) child() error {
	local, err := d.local()
	if err != nil {
		return err
	}
	if string(local) != "assets" {
		e := &Error{File: d.scanner.file, Line: d.line, Field: printable(string(d.name)), Reason: "unknown element; records are named assets"}
		d.report(e)
		return d.skip()
	}
	d.number++
	at := Position{File: d.scanner.file, Number: d.number, Line: d.line}
	if d.ns == LoanNamespace {
		l := &Loan{Position: at}
		return fill(d, loanFields, loanIndex, l, &l.Position, func() (Record, *Error) { return Record{Loan: l}, l.check() })
	}
	l := &Lease{Position: at}
	return fill(d, leaseFields, leaseIndex, l, &l.Position, func() (Record, *Error) { return Record{Lease: l}, l.check() })
}

func (d *absee) report(e error) {
	if !d.stopped && !d.yield(Record{}, e) {
		d.stopped = true
	}
}

// fill reads the elements of one record and hands it over when it is sound.
func fill[R any](d *absee, fields []field[R], byName map[string]int, r *R, at *Position, done func() (Record, *Error)) error {
	var seen [maxFields]bool
	var bad []*Error
	wrong := func(line int, name, reason string) {
		bad = append(bad, &Error{File: at.File, Record: at.Number, Line: line, Field: name, Reason: reason})
	}
	for guess := 0; !d.ended; {
		tok, err := d.next()
		if err != nil {
			return inRecord(err, at)
		}
		if tok == tokenEOF {
			return inRecord(d.cutShort(), at)
		}
		if !blank(d.text) {
			wrong(d.line, "", "text stands between the elements")
		}
		if tok == tokenEnd {
			if !bytes.HasSuffix(d.name, []byte("assets")) || len(d.name) != len(d.prefix)+len("assets") {
				return inRecord(d.fail("</%s> where </assets> is due", d.name), at)
			}
			break
		}
		name, err := d.local()
		if err != nil {
			return inRecord(err, at)
		}
		i := guess
		if i >= len(fields) || fields[i].name != string(name) {
			var known bool
			if i, known = byName[string(name)]; !known {
				wrong(d.line, printable(string(d.name)), "unknown element")
				if err := d.skip(); err != nil {
					return inRecord(err, at)
				}
				continue
			}
		}
		guess = i + 1
		f := &fields[i]
		if f.repeats {
			guess = i
		}
		line := d.line
		value, nested, err := d.leaf()
		if err != nil {
			return inRecord(err, at)
		}
		switch {
		case nested:
			wrong(line, f.name, "holds an element where a value is due")
		case seen[i] && !f.repeats:
			wrong(line, f.name, "stands twice in one record")
		case value != "":
			if err := f.set(r, value, dialect{}); err != nil {
				wrong(line, f.name, "\""+printable(value)+"\" "+err.Error())
			}
		}
		seen[i] = true
	}
	d.ended = false
	rec, e := done()
	if e != nil && len(bad) == 0 {
		bad = append(bad, e)
	}
	for _, e := range bad {
		e.Asset = at.Asset
		d.report(e)
	}
	if len(bad) == 0 && !d.yield(rec, nil) {
		d.stopped = true
	}
	return nil
}

func inRecord(err error, at *Position) error {
	if e, ok := err.(*Error); ok && e.Record == 0 {
		e.Record, e.Asset = at.Number, at.Asset
	}
	return err
}

// leaf reads the value of the element just opened, to its closing tag.
// nested: there were elements in it.
func (d *absee) leaf() (value string, nested bool, err error) {
	if d.ended {
		d.ended = false
		return "", false, nil
	}
	d.parent = append(d.parent[:0], d.name...)
	tok, err := d.next()
	if err != nil {
		return "", false, err
	}
	if tok == tokenEOF {
		return "", false, d.cutShort()
	}
	if tok == tokenStart {
		open := []string{string(d.parent)}
		if !d.ended {
			open = append(open, string(d.name))
		}
		return "", true, d.skipOpen(open)
	}
	if !bytes.Equal(d.name, d.parent) {
		return "", false, d.fail("</%s> where </%s> is due", d.name, d.parent)
	}
	trimmed := bytes.Trim(d.text, " \t\r\n")
	return string(trimmed), false, nil
}

// maxDepth bounds elements in elements where none belong.
const maxDepth = 64

// skip passes over the element just opened and all in it.
func (d *absee) skip() error {
	if d.ended {
		d.ended = false
		return nil
	}
	return d.skipOpen([]string{string(d.name)})
}

// skipOpen passes over everything until the open elements are closed.
func (d *absee) skipOpen(open []string) error {
	for len(open) > 0 {
		tok, err := d.next()
		if err != nil {
			return err
		}
		switch {
		case tok == tokenEOF:
			return d.cutShort()
		case tok == tokenEnd && string(d.name) != open[len(open)-1]:
			return d.fail("</%s> where </%s> is due", d.name, open[len(open)-1])
		case tok == tokenEnd:
			open = open[:len(open)-1]
		case !d.ended:
			if len(open) == maxDepth {
				return d.fail("elements nested more than %d deep", maxDepth)
			}
			open = append(open, string(d.name))
		}
	}
	d.ended = false
	return nil
}

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
