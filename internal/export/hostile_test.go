package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/export"
	"marque/internal/money"
)

// hostile is what has been typed where a name belongs.
var hostile = []string{
	"=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", "\"=1", "＝1", "a,\"b\"\r\nc", "line\nline", "x\x00y", "\xff\xfe",
	"\u202egnp.exe", "\u2066x\u2069", "\ufeffx", "\ufffe", strings.Repeat("long ", 100), strings.Repeat("é", 500), "Nguyễn Thị Ánh", "🚗👩‍👩‍👧", "مرحبا", "שלום",
	"; comment", "a ; b", "payee | note", "(code) x", "* x", "! x", "~ daily", "2020-01-01 * x", "include /etc/passwd", "  two  spaces  100 USD", "{1}", "@ 5", "= 5 USD",
	"</NAME><STMTTRN>", "]]>", "<!DOCTYPE a [<!ENTITY b \"c\">]>", "&b;", "&#0;", "\\\" option \"plugin\" \"os\"", "\\", "\"", "#tag ^link", "option \"x\" \"y\"", "%(account)", "",
}

// odd is an account whose every text is this.
func odd(b *book, s string) export.Account {
	a := b.account()
	a.Lender, a.Vehicle, a.Number = s, s, s
	return a
}

func TestNoNameIsMoreThanText(t *testing.T) {
	b := stories(t)["a loan with troubles"]
	for _, s := range hostile {
		a := odd(b, s)
		checkTables(t, a, b.history())
		checkXML(t, text(t, export.OFX, a, b.history()))
	}
	// The programs themselves read three at a time: starting them is what takes long.
	for i := 0; i < len(hostile); i += 3 {
		a := b.account()
		a.Lender, a.Vehicle, a.Number = hostile[i], hostile[min(i+1, len(hostile)-1)], hostile[min(i+2, len(hostile)-1)]
		want := sumsOf(b)
		got := groups(t, program(t, text(t, export.Ledger, a, b.history()), "journal", "hledger", "--strict", "-f", "FILE", "balance", "--flat", "--no-total", "--empty", "-O", "csv"))
		if got["Liabilities:Loan"] != -want.owed || got["Expenses:Interest"] != want.interest {
			t.Errorf("%q: hledger: %v", a.Lender, got)
		}
		got = groups(t, program(t, text(t, export.Ledger, a, b.history()), "journal", "ledger", "--pedantic", "--file", "FILE", "--init-file", "/dev/null", "balance", "--flat", "--no-total", "--balance-format", "%(account),%(display_total)\n"))
		if got["Liabilities:Loan"] != -want.owed || got["Expenses:Interest"] != want.interest {
			t.Errorf("%q: ledger: %v", a.Lender, got)
		}
		if said := program(t, text(t, export.Beancount, a, b.history()), "beancount", "bean-check", "FILE"); said != "" {
			t.Errorf("%q: beancount: %s", a.Lender, said)
		}
		said := program(t, text(t, export.OFX, a, b.history()), "ofx", "ofxdump", "FILE")
		if n := len(dumped.FindAllString(said, -1)); n < 15 || !strings.Contains(said, "Ledger balance: "+(-want.owed).String()) {
			t.Errorf("%q: ofxdump reads %d transactions", a.Lender, n)
		}
	}
}

var ours = regexp.MustCompile(`^-?[0-9]+\.[0-9]{2}$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]+$`)

// checkTables says whether a CSV has a cell that a spreadsheet would work out, a
// row of another length, or text that would not stay in its line, and whether
// JSON holds.
func checkTables(t testing.TB, a export.Account, lines []billing.HistoryLine) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text(t, export.CSV, a, lines))).ReadAll()
	if err != nil || len(rows) != len(lines)+1 {
		t.Fatalf("%q: %d rows for %d lines, %v", a.Vehicle, len(rows), len(lines), err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c != "" && !ours.MatchString(c) && strings.ContainsRune("=+-@\t\r|%＝＋－＠", []rune(c)[0]) {
				t.Errorf("%q becomes the cell %q", a.Vehicle, c)
			}
			if strings.ContainsFunc(c, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
				t.Errorf("%q becomes the cell %q", a.Vehicle, c)
			}
		}
	}
	if !json.Valid([]byte(text(t, export.JSON, a, lines))) {
		t.Errorf("%q: no JSON", a.Vehicle)
	}
}

// checkXML says whether a text is XML of OFX's elements and nothing else.
func checkXML(t testing.TB, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	d.Strict = true
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, s)
		}
		switch token.(type) {
		case xml.Directive, xml.Comment:
			t.Errorf("%v in\n%s", token, s)
		}
	}
}

// A line of text is one line of what it stands in, whatever it is.
func FuzzText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s)
	}
	b := stories(f)["a loan with troubles"]
	lines := b.history()
	plain := map[export.Format]int{}
	for _, form := range export.Forms(true) {
		plain[form.Format] = strings.Count(text(f, form.Format, b.account(), lines), "\n")
	}
	kinds := regexp.MustCompile(`(?m)^(?:\d{4}-\d{2}-\d{2} (?:\*|open|balance) .*|option "(?:title|operating_currency)" .*|  [A-Z].*|  id: "\d+"|)$`)
	journal := regexp.MustCompile(`(?m)^(?:\d{4}-\d{2}-\d{2} \* \([a-z0-9]+\) .*|; .*|commodity USD|account [A-Za-z0-9:-]+|    format 1000\.00 USD|    [A-Z][A-Za-z0-9:-]*  -?[0-9.]+ USD(?: = -?[0-9.]+ USD)?|)$`)
	f.Fuzz(func(t *testing.T, name, number string) {
		a := b.account()
		a.Lender, a.Vehicle, a.Number = name, name, number
		checkTables(t, a, lines)
		checkXML(t, text(t, export.OFX, a, lines))
		for format, n := range plain {
			s := text(t, format, a, lines)
			if got := strings.Count(s, "\n"); got != n {
				t.Errorf("%q: %s has %d lines and not %d", name, format, got, n)
			}
			shape := kinds
			switch format {
			case export.Ledger:
				shape = journal
			case export.Beancount:
			default:
				continue
			}
			for line := range strings.Lines(s) {
				if !shape.MatchString(strings.TrimSuffix(line, "\n")) {
					t.Errorf("%q: %s has the line %q", name, format, line)
				}
			}
		}
	})
}

// Whatever happens to an account, every form adds up to the state that its events
// fold to.
func TestRandomHistoriesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := loan()
		if rapid.Bool().Draw(t, "lease") {
			terms = lease()
		}
		b := open(terms)
		on := terms.Start
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			on += money.Date(rapid.IntRange(0, 40).Draw(t, "days"))
			e := contract.Event{Kind: rapid.SampledFrom([]contract.EventKind{contract.Payment, contract.Payment, contract.Payment, contract.LateCharge, contract.OtherCharge,
				contract.Reversal, contract.Waiver, contract.Refund, contract.ChargeOff}).Draw(t, "kind"), Date: on, Amount: money.Cents(rapid.IntRange(1, 90_000).Draw(t, "amount"))}
			switch e.Kind {
			case contract.Payment:
				e.Date = max(terms.Start, e.Date-money.Date(rapid.SampledFrom([]int{0, 0, 0, 25}).Draw(t, "back")))
				e.Source = rapid.SampledFrom([]contract.Source{"", contract.FromCard, contract.FromInsurer}).Draw(t, "source")
			case contract.LateCharge:
				e.Instalment = 1 + rapid.IntRange(0, 3).Draw(t, "instalment")
			case contract.Reversal:
				e.Amount, e.Reverses = 0, rapid.IntRange(1, len(b.events)+1).Draw(t, "reverses")
			case contract.Waiver:
				e.Of = rapid.SampledFrom([]contract.Bucket{contract.LateFees, contract.OtherFees}).Draw(t, "of")
			case contract.ChargeOff:
				e.Amount = 0
			}
			b.add(e)
		}
		want, lines := sumsOf(b), b.history()
		if n := len(lines); n > 0 && lines[n-1].Balance != b.state.Principal {
			t.Fatalf("the last line stands at %s, and the account at %s", lines[n-1].Balance, b.state.Principal)
		}
		for _, f := range export.Forms(true) {
			var out bytes.Buffer
			if err := export.Write(&out, f.Format, b.account(), lines); err != nil {
				t.Fatal(err)
			}
			owed, interest, ok := readBack(f.Format, out.String())
			if !ok || owed != want.owed || (f.Format != export.CSV && f.Format != export.JSON && interest != want.interest) {
				t.Fatalf("%s: %s owed and %s interest; want %s and %s\n%s", f.Name, owed, interest, want.owed, want.interest, out.String())
			}
		}
	})
}

var (
	amountsOFX  = regexp.MustCompile(`<TRNTYPE>(\w+)</TRNTYPE>.*?<TRNAMT>([^<]+)<`)
	closingOFX  = regexp.MustCompile(`<BALAMT>([^<]+)<`)
	closingJSON = regexp.MustCompile(`"closing_owed":"([^"]+)"`)
	postings    = regexp.MustCompile(`(?m)^ +(Liabilities|Expenses:Interest)[^ ]*  ([-0-9.]+) USD$`)
	asserted    = regexp.MustCompile(`(?m)(?: = |balance \S+  )([-0-9.]+) USD$`)
)

// readBack is what a file says is owed and was interest, by its own words. A CSV
// of nothing says nothing.
func readBack(f export.Format, s string) (owed, interest money.Cents, ok bool) {
	amount := func(s string) money.Cents {
		c, err := money.ParseCents(s)
		ok = ok && err == nil
		return c
	}
	ok = true
	switch f {
	case export.CSV:
		rows, err := csv.NewReader(strings.NewReader(s)).ReadAll()
		if err != nil {
			return 0, 0, false
		}
		if len(rows) == 1 {
			terms := loan()
			if !strings.Contains(s, "interest") {
				terms = lease()
			}
			return billing.Opened(&terms), 0, true
		}
		last := rows[len(rows)-1]
		return amount(last[len(last)-1]), 0, ok
	case export.JSON:
		return amount(closingJSON.FindStringSubmatch(s)[1]), 0, ok
	case export.OFX, export.QFX:
		for _, m := range amountsOFX.FindAllStringSubmatch(s, -1) {
			if m[1] == "INT" {
				interest -= amount(m[2])
			}
		}
		return -amount(closingOFX.FindStringSubmatch(s)[1]), interest, ok
	}
	var debt money.Cents
	for _, m := range postings.FindAllStringSubmatch(s, -1) {
		if m[1] == "Liabilities" {
			debt -= amount(m[2])
		} else {
			interest += amount(m[2])
		}
	}
	return debt, interest, ok && amount(asserted.FindStringSubmatch(s)[1]) == -debt
}

func BenchmarkWrite(b *testing.B) {
	k := open(loan())
	for n := 1; n <= 60; n++ {
		k.add(contract.Event{Kind: contract.Payment, Date: k.terms.DueDate(n), Amount: k.terms.Payment})
	}
	a, lines := k.account(), k.history()
	for _, f := range export.Forms(true) {
		b.Run(string(f.Format), func(b *testing.B) {
			for b.Loop() {
				if err := export.Write(io.Discard, f.Format, a, lines); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
