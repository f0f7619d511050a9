package pdf_test

import (
	"bytes"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"marque/internal/pdf"
)

func TestMistakesAreNamed(t *testing.T) {
	f := regular(9)
	for want, write := range map[string]func(d *pdf.Doc){
		"it has no page":                 func(*pdf.Doc) {},
		"draw: there is no page":         func(d *pdf.Doc) { d.In(pdf.P, func() { d.Text(1, 1, "x", f) }) },
		"add page: 0 by 792":             func(d *pdf.Doc) { d.AddPage(0, 792) },
		"add page: 20000 by 792":         func(d *pdf.Doc) { d.AddPage(20000, 792) },
		"set page: 2 of 1":               func(d *pdf.Doc) { d.AddPage(9, 9); d.SetPage(2) },
		"directly within Document":       func(d *pdf.Doc) { d.AddPage(9, 9); d.Text(1, 1, "x", f) },
		"directly within TR":             func(d *pdf.Doc) { d.AddPage(9, 9); d.Open(pdf.Table); d.Open(pdf.TR); d.Rect(1, 1, 1, 1, f.Color) },
		"P is open":                      func(d *pdf.Doc) { d.AddPage(9, 9); d.Open(pdf.P) },
		"no element is open":             func(d *pdf.Doc) { d.AddPage(9, 9); d.Close() },
		"open TD: within Document":       func(d *pdf.Doc) { d.Open(pdf.TD) },
		"open P: within Table":           func(d *pdf.Doc) { d.Open(pdf.Table); d.Open(pdf.P) },
		"open LBody: within L":           func(d *pdf.Doc) { d.Open(pdf.L); d.Open(pdf.LBody) },
		"open H2: after H0":              func(d *pdf.Doc) { d.Open(pdf.H2) },
		"open H3: after H1":              func(d *pdf.Doc) { d.In(pdf.H1, func() {}); d.Open(pdf.H3) },
		"open P: within an artifact":     func(d *pdf.Doc) { d.Artifact(func() { d.Open(pdf.P) }) },
		"nothing says in words":          func(d *pdf.Doc) { d.Open(pdf.Figure, pdf.Alt(" ")) },
		"open TD: over 0 columns":        func(d *pdf.Doc) { rows(d, []int{0}) },
		"more than 2 columns":            func(d *pdf.Doc) { rows(d, []int{1, 1}, []int{2, 1}) },
		"2 heads, 1 bodies and 0 feet":   func(d *pdf.Doc) { parts(d, pdf.THead, pdf.THead, pdf.TBody) },
		"0 heads, 0 bodies and 1 feet":   func(d *pdf.Doc) { parts(d, pdf.TFoot) },
		"2 captions":                     func(d *pdf.Doc) { parts(d, pdf.Caption, pdf.TBody, pdf.Caption) },
		"close Table: a caption amid it": func(d *pdf.Doc) { parts(d, pdf.TBody, pdf.Caption, pdf.TBody) },
		"close L: a caption amid it":     func(d *pdf.Doc) { d.In(pdf.L, func() { d.In(pdf.LI, func() {}); d.In(pdf.Caption, func() {}) }) },
		"reaches 1 rows below": func(d *pdf.Doc) {
			d.In(pdf.Table, func() { d.In(pdf.TR, func() { d.In(pdf.TD, func() {}, pdf.RowSpan(2)) }) })
		},
		"the ID \"a b\"":              func(d *pdf.Doc) { d.Open(pdf.P, pdf.ID("a b")) },
		"\"Spanish!\" is no language": func(d *pdf.Doc) { d.Open(pdf.P, pdf.Lang("Spanish!")) },
		"1 columns in a table of 3":   func(d *pdf.Doc) { rows(d, []int{2, 1}, []int{1}) },
		"no font":                     func(d *pdf.Doc) { d.AddPage(9, 9); d.In(pdf.P, func() { d.Text(1, 1, "x", pdf.Style{Size: 9}) }) },
		"a size of NaN":               func(d *pdf.Doc) { d.AddPage(9, 9); d.Text(1, 1, "x", pdf.Style{Font: f.Font, Size: math.NaN()}) },
		"a length of +Inf":            func(d *pdf.Doc) { d.AddPage(9, 9); d.In(pdf.P, func() { d.Text(math.Inf(1), 1, "x", f) }) },
		"two elements have the ID \"a\"": func(d *pdf.Doc) {
			d.AddPage(9, 9)
			d.In(pdf.P, func() {}, pdf.ID("a"))
			d.In(pdf.P, func() {}, pdf.ID("a"))
		},
		"header cell \"b\" is not in the file": func(d *pdf.Doc) {
			d.AddPage(9, 9)
			d.In(pdf.Table, func() { d.In(pdf.TR, func() { d.In(pdf.TD, func() {}, pdf.Headers("b")) }) })
		},
		"bytes in one string": func(d *pdf.Doc) { d.AddPage(9, 9); d.In(pdf.P, func() {}, pdf.ActualText(strings.Repeat("é", 20000))) },
	} {
		d := pdf.New(info)
		write(d)
		if _, err := d.Bytes(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the mistake is %v, want %q", err, want)
		}
		if _, err := d.Bytes(); err == nil {
			t.Errorf("%q: it ends twice", want)
		}
	}
	for want, change := range map[string]func(*pdf.Info){
		"no title": func(i *pdf.Info) { i.Title = " \x00" }, "is no language": func(i *pdf.Info) { i.Language = "" },
	} {
		i := info
		change(&i)
		d := pdf.New(i)
		d.AddPage(612, 792)
		if _, err := d.Bytes(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the mistake is %v, want %q", err, want)
		}
	}
}

// parts draws a table of these parts, without rows.
func parts(d *pdf.Doc, tags ...pdf.Tag) {
	d.In(pdf.Table, func() {
		for _, tag := range tags {
			d.In(tag, func() {})
		}
	})
}

// rows draws a table whose cells reach over these numbers of columns.
func rows(d *pdf.Doc, spans ...[]int) {
	if d.Pages() == 0 {
		d.AddPage(612, 792)
	}
	d.Open(pdf.Table)
	for _, row := range spans {
		d.Open(pdf.TR)
		for _, n := range row {
			d.In(pdf.TD, func() { d.Text(1, 1, "x", regular(9)) }, pdf.ColSpan(n))
		}
		d.Close()
	}
	d.Close()
}

func TestTablesMaySpanAndNameTheirHeaders(t *testing.T) {
	d := page()
	rows(d, []int{3}, []int{2, 1}, []int{1, 1, 1})
	d.In(pdf.Table, func() {
		d.In(pdf.Caption, func() { d.Text(9, 9, "Fees", regular(9)) })
		d.In(pdf.TR, func() {
			d.In(pdf.TH, func() { d.Text(9, 20, "Late", regular(9)) }, pdf.ID("late"), pdf.ScopeRow)
			d.In(pdf.TD, func() { d.Text(90, 20, "$15.00", regular(9)) }, pdf.Headers("late"))
		})
	})
	d.In(pdf.Table, func() {
		for n, row := range [][]pdf.Attribute{{pdf.RowSpan(2), pdf.ColSpan(2)}, {pdf.ColSpan(1), pdf.RowSpan(2)}, {pdf.ColSpan(2)}} {
			d.In(pdf.TR, func() {
				d.In(pdf.TD, func() { d.Text(9, float64(40+20*n), "a", regular(9)) }, row...)
				if n == 0 {
					d.In(pdf.TD, func() { d.Text(90, 40, "b", regular(9)) })
				}
			})
		}
	})
	file, e := finished(t, d)
	if got := e.kids[1].kids[1].kids[1].attrs["Headers"]; len(got.(array)) != 1 || got.(array)[0] != "late" {
		t.Errorf("headers %v", got)
	}
	run(t, file, "qpdf", "--check", "FILE")
}

func TestABrokenFontIsRefused(t *testing.T) {
	ttf, err := os.ReadFile("../paper/font/inter-regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(ttf); n += 1 + n/8 {
		if _, err := pdf.NewFont(ttf[:n], "X"); err == nil {
			t.Errorf("%d bytes of %d are a font", n, len(ttf))
		}
	}
	for n := 0; n < 400; n += 3 { // the tables' heads
		broken := bytes.Clone(ttf)
		broken[n] ^= 0x5a
		if f, err := pdf.NewFont(broken, "X"); err == nil {
			d := pdf.New(info)
			d.AddPage(9, 9)
			d.In(pdf.P, func() { d.Text(1, 1, "Łukasz ế", pdf.Style{Font: f, Size: 9}) })
			if _, err := d.Bytes(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestTheSizeOfADocument(t *testing.T) {
	for what, c := range map[string]struct {
		name string
		most int
	}{
		"plain":      {"Maria Lopez", 45 << 10},
		"Polish":     {"Łukasz Żółć", 47 << 10},
		"Vietnamese": {"Nguyễn Thị Phương Ươ", 47 << 10},
		"Chinese":    {"王小明", 46 << 10},
	} {
		file, _ := finished(t, statementLike(c.name))
		if len(file) > c.most {
			t.Errorf("%s: %d bytes", what, len(file))
		}
	}
}

// A history of an account may have more cells than two bytes count.
func TestALongTable(t *testing.T) {
	const lines, pages = 140, 100
	d := pdf.New(info)
	d.Open(pdf.Table)
	for n := range pages {
		d.AddPage(612, 2000)
		for i := range lines {
			d.In(pdf.TR, func() {
				for c := range 5 {
					d.In(pdf.TD, func() { d.Text(float64(20+100*c), float64(20+14*i), strconv.Itoa(n*lines+i), regular(9)) })
				}
			})
		}
	}
	d.Close()
	file, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if out := words(run(t, file, "pdftotext", "-f", "100", "-raw", "FILE", "-")); !strings.HasSuffix(out, "13999 13999 13999 13999 13999") {
		t.Errorf("it ends with %s", out[len(out)-40:])
	}
}

// Hundred thousand documents in a row take no more memory than a few: every
// one has the same few allocations, most of them the file that is given out.
func TestMemoryStaysTheSame(t *testing.T) {
	write := func() {
		if _, err := statementLike("Maria Lopez").Bytes(); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if n := testing.AllocsPerRun(50, write); n > 500 {
		t.Errorf("%g allocations a document", n)
	}
}

func TestTheDateIsTheDocuments(t *testing.T) {
	i := info
	i.Created = time.Date(2027, 1, 2, 3, 4, 5, 6, time.FixedZone("", -5*3600))
	d := pdf.New(i)
	d.AddPage(612, 792)
	file, _ := finished(t, d)
	r, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	meta := string(r.get(r.catalog()["Metadata"]).(stream).data)
	if got := r.dict(r.trailer["Info"])["CreationDate"]; got != "D:20270102080405+00'00'" || !strings.Contains(meta, ">2027-01-02T08:04:05Z<") {
		t.Errorf("created %v", got)
	}
	for _, want := range []string{"<pdfuaid:part>1<", "<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfaSchema:prefix>pdfuaid<"} {
		if !strings.Contains(meta, want) {
			t.Errorf("the metadata has no %s", want)
		}
	}
}
