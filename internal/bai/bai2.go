package bai

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"marque/internal/money"
)

// ReadBAI2 reads a BAI2 file. Lines may end in LF or CRLF and be filled with
// spaces. A record continued on 88 goes on with its next field; the text of a
// transaction goes on as text, with a space between. Records have to be on lines
// of their own.
func ReadBAI2(r io.Reader) ([]Line, error) {
	st, err := readBAI2(r)
	return st.Lines, err
}

func readBAI2(r io.Reader) (Statement, error) {
	rd := reader{}
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 4096), maxLine)
	for len(rd.problems) < maxProblems && in.Scan() {
		rd.line++
		if rd.line > maxRecords {
			rd.fault("file", "has more than %d lines", maxRecords)
			break
		}
		rd.physical(strings.TrimRight(in.Text(), " \r\x1a"))
	}
	if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
		rd.line++
		rd.fault("line", "is longer than %d bytes", maxLine)
	} else if err != nil {
		return Statement{}, fmt.Errorf("read statement line %d: %w", rd.line+1, err)
	}
	rd.logical()
	rd.end()
	if len(rd.problems) > 0 {
		return Statement{}, rd.problems
	}
	return Statement{rd.lines, rd.balances}, nil
}

// level is what has been opened: each holds the next.
type level int

const (
	nothing level = iota
	inFile
	inGroup
	inAccount
	ended
)

// part is a file, a group or an account so far: what its trailer must say.
type part struct {
	total    int64 // of all amounts as they stand, without decimals
	records  int   // lines, with header, continuations and trailer
	children int
}

type reader struct {
	lines    []Line
	balances []Balance
	problems Problems
	line     int

	// The record being put together from lines.
	record  string
	at      int
	inText  bool
	waiting bool

	level                level
	file, group, account part
	currency             string // the group's
	now                  Line   // what lines of the account have in common
}

var recordNames = map[string]string{
	"01": "file header", "02": "group header", "03": "account", "16": "transaction", "49": "account trailer", "98": "group trailer", "99": "file trailer", "88": "continuation",
}

func (r *reader) fault(record, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{r.line, record, fmt.Sprintf(format, args...)})
	}
}

// physical takes one line: the beginning of a record, or its continuation.
func (r *reader) physical(line string) {
	if line == "" {
		return
	}
	if rest, is := strings.CutPrefix(line, "88,"); is {
		r.count()
		if !r.waiting {
			r.fault("continuation", "continues nothing")
			return
		}
		r.goOn(rest)
		return
	}
	r.logical()
	code, _, _ := strings.Cut(strings.TrimSuffix(line, "/"), ",")
	if recordNames[code] == "" || code == "88" {
		r.fault("line", "is not a known kind of record")
		return
	}
	r.open(code)
	r.count()
	r.record, r.at, r.waiting = line, r.line, true
	r.inText = startsText(line)
}

// goOn joins a continuation. Before the text a slash ends the fields of a line,
// and the next line has the next field; in the text a line goes on with words.
func (r *reader) goOn(rest string) {
	switch {
	case r.inText:
		r.record = strings.TrimSuffix(r.record, "/") + " " + strings.TrimLeft(rest, " ")
	case strings.HasSuffix(r.record, ","):
		r.record += rest
	default:
		r.record = strings.TrimSuffix(r.record, "/") + "," + rest
	}
	if len(r.record) > maxLine {
		r.fault("continuation", "makes the record longer than %d bytes", maxLine)
		r.waiting = false
		return
	}
	r.inText = r.inText || startsText(r.record)
}

// startsText says whether a transaction has come to its text: the field after the
// customer's reference, which may hold commas and slashes.
func startsText(record string) bool {
	if !strings.HasPrefix(record, "16,") {
		return false
	}
	_, _, rest, ok := transactionFields(record)
	return ok && rest >= 0
}

// transactionFields cuts a transaction into fields up to its text. text is where
// the text begins, -1 while it has not.
func transactionFields(record string) (fields []string, funds int, text int, ok bool) {
	at := 0
	next := func() (string, bool) {
		i := strings.IndexByte(record[at:], ',')
		if i < 0 {
			return record[at:], false
		}
		field := record[at : at+i]
		at += i + 1
		return field, true
	}
	want := 6 // 16, type, amount, funds type, bank reference, customer reference
	for n := 0; n < want; n++ {
		field, more := next()
		fields = append(fields, field)
		if n == 3 {
			funds = 0
			switch strings.TrimSuffix(field, "/") {
			case "S":
				funds = 3
			case "V":
				funds = 2
			case "D":
				funds = -1 // told by the next field
			}
			want += max(funds, 0)
			if funds < 0 {
				want++
			}
		}
		if n == 4 && funds < 0 {
			distributions, isNumber := number(strings.TrimSuffix(field, "/"))
			if !isNumber || distributions > maxDistributions {
				return fields, funds, -1, false
			}
			funds = 1 + 2*distributions
			want += 2 * distributions
		}
		if !more {
			return fields, funds, -1, true
		}
	}
	return fields, funds, at, true
}

// maxDistributions is how many parts the availability of one amount may have.
const maxDistributions = 100

// count counts the line for everything that is open.
func (r *reader) count() {
	switch r.level {
	case inAccount:
		r.account.records++
		fallthrough
	case inGroup:
		r.group.records++
		fallthrough
	case inFile:
		r.file.records++
	}
}

// open moves to where a record belongs, before it is counted.
func (r *reader) open(code string) {
	want := map[string]level{"01": nothing, "02": inFile, "03": inGroup, "16": inAccount, "49": inAccount, "98": inGroup, "99": inFile}[code]
	if r.level != want {
		r.fault(recordNames[code], "is out of place")
	}
	switch code {
	case "01":
		r.level, r.file = inFile, part{}
	case "02":
		r.level, r.group = inGroup, part{}
	case "03":
		r.level, r.account = inAccount, part{}
	}
}

// logical takes a record that is whole.
func (r *reader) logical() {
	if !r.waiting {
		return
	}
	r.waiting = false
	last := r.line
	r.line = r.at
	code := r.record[:2]
	if code == "16" {
		r.transaction(r.record)
	} else {
		fields := strings.Split(strings.TrimSuffix(r.record, "/"), ",")
		switch code {
		case "01":
			r.fileHeader(fields)
		case "02":
			r.groupHeader(fields)
		case "03":
			r.accountHeader(fields)
		case "49":
			r.trailer(code, fields, &r.account, &r.group, inGroup)
		case "98":
			r.trailer(code, fields, &r.group, &r.file, inFile)
		case "99":
			r.trailer(code, fields, &r.file, &part{}, ended)
		}
	}
	r.line = last
}

func field(fields []string, n int) string {
	if n < len(fields) {
		return strings.TrimSpace(fields[n])
	}
	return ""
}

func (r *reader) fileHeader(f []string) {
	if v := field(f, 8); v != "2" {
		r.fault("file header", "is not of version 2")
	}
	r.day("file header", "creation date", field(f, 3))
}

func (r *reader) groupHeader(f []string) {
	switch field(f, 3) {
	case "1":
	case "2":
		r.fault("group header", "deletes what was reported before: a person has to look")
	case "3":
		r.fault("group header", "corrects what was reported before: a person has to look")
	case "4":
		r.fault("group header", "is a test")
	default:
		r.fault("group header", "has an unknown status")
	}
	r.now.Date = r.day("group header", "as-of date", field(f, 4))
	r.currency = field(f, 6)
	if r.currency == "" {
		r.currency = "USD"
	}
	switch field(f, 7) {
	case "", "2", "4":
		r.now.Interim = false
	case "1", "3":
		r.now.Interim = true
	default:
		r.fault("group header", "has an unknown as-of-date modifier")
	}
}

// day is YYMMDD of this century.
func (r *reader) day(record, name, s string) money.Date {
	if _, ok := number(s); ok && len(s) == 6 {
		if d, err := money.ParseDate("20" + s[:2] + "-" + s[2:4] + "-" + s[4:]); err == nil {
			return d
		}
	}
	r.fault(record, "the %s is not a date", name)
	return 0
}

// accountHeader reads the account and its balances and totals, which come in
// fours: type, amount, count of items, funds type.
func (r *reader) accountHeader(f []string) {
	r.now.Account, r.now.Currency = field(f, 1), field(f, 2)
	if r.now.Account == "" {
		r.fault("account", "has no number")
	}
	if r.now.Currency == "" {
		r.now.Currency = r.currency
	}
	if len(r.now.Currency) != 3 || strings.Trim(r.now.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		r.fault("account", "has an unknown currency")
	}
	for n := 3; n < len(f); n += 4 {
		code, amount := field(f, n), field(f, n+1)
		if code == "" {
			if amount != "" {
				r.fault("account", "has an amount without a type")
			}
			continue
		}
		if _, ok := number(code); !ok || len(code) != 3 {
			r.fault("account", "a type code is not three digits")
			return
		}
		if v, ok := r.amount("account", amount, true); ok {
			r.add("account", &r.account.total, v)
			if amount != "" && (Code(code) == OpeningLedger || Code(code) == ClosingLedger) {
				r.balance(Code(code), v)
			}
		}
		if items := field(f, n+2); items != "" {
			if _, ok := number(items); !ok {
				r.fault("account", "a count of items is not a number")
			}
		}
		n += r.funds("account", field(f, n+3), f[min(n+4, len(f)):])
	}
}

func (r *reader) balance(code Code, v int64) {
	times, by := scale(r.now.Currency)
	if limit := int64(money.MaxAmount) / times; v%by != 0 || v/by > limit || v/by < -limit {
		r.fault("account", "a balance cannot be held")
		return
	}
	r.balances = append(r.balances, Balance{r.now.Account, r.now.Currency, r.now.Date, r.now.Interim, code, money.Cents(v / by * times)})
}

// funds checks how an amount becomes available and gives how many fields that
// takes.
func (r *reader) funds(record, kind string, after []string) int {
	amounts := func(n, every, from int) int {
		for i := range n {
			if _, ok := r.amount(record, field(after, from+i*every), true); !ok {
				return from + n*every
			}
		}
		return from + n*every
	}
	switch kind {
	case "", "0", "1", "2", "Z":
		return 0
	case "S":
		return amounts(3, 1, 0)
	case "V":
		if s := field(after, 0); s != "" {
			r.day(record, "value date", s)
		}
		if _, ok := number(field(after, 1)); !ok && field(after, 1) != "" {
			r.fault(record, "the value time is not a time")
		}
		return 2
	case "D":
		n, ok := number(field(after, 0))
		if !ok || n > maxDistributions {
			r.fault(record, "the number of distributions is not right")
			return len(after)
		}
		for i := range n {
			if _, ok := number(field(after, 1+2*i)); !ok {
				r.fault(record, "the days of a distribution are not a number")
			}
		}
		amounts(n, 2, 2)
		return 1 + 2*n
	}
	r.fault(record, "has an unknown funds type")
	return 0
}

// amount is digits without a point; empty is zero.
func (r *reader) amount(record, s string, signed bool) (int64, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	if s == "" {
		return 0, true
	}
	n, ok := number(digits)
	if !ok || len(digits) > 15 {
		r.fault(record, "an amount is not digits")
		return 0, false
	}
	if negative && !signed {
		r.fault(record, "the amount has a sign: its type says which way the money goes")
		return 0, false
	}
	if negative {
		n = -n
	}
	return int64(n), true
}

// add adds to a total that cannot be counted beyond all reason.
func (r *reader) add(record string, total *int64, v int64) {
	const most = math.MaxInt64 / 4
	if v > most || v < -most || *total+v > most || *total+v < -most {
		r.fault(record, "the amounts add up to more than can be counted")
		return
	}
	*total += v
}

func (r *reader) transaction(record string) {
	f, funds, text, ok := transactionFields(record)
	if !ok {
		r.fault("transaction", "the number of distributions is not right")
		return
	}
	if text < 0 {
		f[len(f)-1] = strings.TrimSuffix(f[len(f)-1], "/")
	}
	l := r.now
	l.Code = Code(field(f, 1))
	if _, ok := number(string(l.Code)); !ok || len(l.Code) != 3 {
		r.fault("transaction", "the type code is not three digits")
		return
	}
	v, ok := r.amount("transaction", field(f, 2), false)
	if !ok {
		return
	}
	r.add("transaction", &r.account.total, v)
	r.funds("transaction", field(f, 3), f[min(4, len(f)):])
	if s := field(f, 4); field(f, 3) == "V" && s != "" {
		l.ValueDate = r.day("transaction", "value date", s)
	}
	l.BankReference, l.CustomerReference = field(f, 4+funds), field(f, 5+funds)
	if text >= 0 {
		l.Text = strings.TrimSpace(strings.TrimSuffix(record[text:], "/"))
	}
	switch times, by := scale(l.Currency); {
	case l.Code == nonMonetary && v != 0:
		r.fault("transaction", "a message has an amount")
	case l.Code == nonMonetary:
		return // it moves nothing
	case !l.Code.Credit() && !l.Code.Debit():
		r.fault("transaction", "the type does not say which way the money goes")
	case v%by != 0 || v/by > int64(money.MaxAmount)/times:
		r.fault("transaction", "the amount cannot be held")
	default:
		l.Amount = money.Cents(v / by * times)
	}
	if l.Code.Debit() {
		l.Amount = -l.Amount
	}
	r.lines = append(r.lines, l)
}

// trailer compares what a trailer says with what was counted, and adds it to what
// holds it.
func (r *reader) trailer(code string, f []string, p, to *part, next level) {
	record := recordNames[code]
	if total, ok := r.amount(record, field(f, 1), true); !ok || field(f, 1) == "" {
		r.fault(record, "has no control total")
	} else if total != p.total {
		r.fault(record, "the control total is %d, counted %d", total, p.total)
	}
	at := 2
	if code != "49" {
		what := map[string]string{"98": "accounts", "99": "groups"}[code]
		if n, ok := number(field(f, 2)); !ok || n != p.children {
			r.fault(record, "the number of %s is not %d", what, p.children)
		}
		at = 3
	}
	if n, ok := number(field(f, at)); !ok || n != p.records {
		r.fault(record, "the number of records is not %d", p.records)
	}
	if len(f) > at+1 {
		r.fault(record, "has more fields than it may")
	}
	r.add(record, &to.total, p.total)
	to.children++
	*p = part{}
	r.level = next
}

func (r *reader) end() {
	if r.level != ended {
		r.fault("file", "ends before its trailer")
	}
}
