package pdf_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"

	"marque/internal/pdf"
)

// finished ends a document and reads it back.
func finished(t testing.TB, d *pdf.Doc) ([]byte, element) {
	t.Helper()
	file, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	e, err := structure(file)
	if err != nil {
		t.Fatal(err)
	}
	return file, e
}

// run gives a file to a program and returns what it prints.
func run(t *testing.T, file []byte, program string, args ...string) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(at, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = at
		}
	}
	var out, mistakes bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, &mistakes
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, out.String(), mistakes.String())
	}
	said := strings.ReplaceAll(mistakes.String(), "warning: ICC support is not available\n", "") // Debian builds mutool so
	if said != "" {
		t.Errorf("%s complains: %s", program, said)
	}
	return out.String()
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// page starts a document with one page.
func page() *pdf.Doc {
	d := pdf.New(info)
	d.AddPage(612, 792)
	return d
}

func regular(size float64) pdf.Style { return pdf.Style{Font: faces()[0], Size: size} }

func TestAStatementIsReadInOrder(t *testing.T) {
	file, e := finished(t, statementLike("Maria Lopez"))
	if len(file) > 60<<10 {
		t.Errorf("%d bytes", len(file))
	}
	var tags []string
	for _, k := range e.kids {
		tags = append(tags, k.tag)
	}
	if got := strings.Join(tags, " "); got != "H1 P P P P P H2 Figure H2 Table H2 Table H2 Table L P" {
		t.Errorf("the document has %s", got)
	}
	var b strings.Builder
	e.each(func(e element) { b.WriteString(e.text); b.WriteString(" ") })
	if want := "wrong, write to us at the address above. We answer within thirty days, and while we look into it you need not"; !strings.Contains(e.reading(), want) {
		t.Errorf("lines of a paragraph do not join: %s", e.kids[len(e.kids)-1].reading())
	}
	run(t, file, "qpdf", "--check", "FILE")
	if out := run(t, file, "mutool", "info", "FILE"); strings.Contains(out, "error") || strings.Contains(out, "warning") {
		t.Errorf("mutool: %s", out)
	}
	drawn := run(t, file, "pdftotext", "-raw", "FILE", "-")
	for _, artifact := range []string{"Harbor Auto Finance", "Page 1 of 2", "Page 2 of 2", "\f"} {
		drawn = strings.ReplaceAll(drawn, artifact, " ")
	}
	if want := words(b.String()); words(drawn) != want {
		t.Errorf("pdftotext reads\n%s\nthe structure\n%s", words(drawn), want)
	}
	if out := run(t, file, "mutool", "draw", "-q", "-F", "stext", "FILE"); strings.Count(out, "<page") != 2 {
		t.Errorf("mutool draws %d pages", strings.Count(out, "<page"))
	}
	if out := run(t, file, "pdfinfo", "FILE"); !strings.Contains(out, "Tagged:          yes") || !strings.Contains(out, "Title:           Statement of November 23, 2026") {
		t.Errorf("pdfinfo: %s", out)
	}
}

func TestSameCallsSameBytes(t *testing.T) {
	names := []string{"Maria Lopez", "Nguyễn Thị Phương", "Łukasz Dvořák", "王小明", strings.Repeat("x ", 400)}
	var want [][]byte
	for _, n := range names {
		file, err := statementLike(n).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, file)
	}
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 40 {
				n := (i*7 + g) % len(names)
				file, err := statementLike(names[n]).Bytes()
				if err != nil || !bytes.Equal(file, want[n]) {
					t.Errorf("the statement of %.20s came out another way (%v)", names[n], err)
					return
				}
				if i%5 == 0 { // one that is given up halfway
					d := page()
					d.Open(pdf.P)
					d.Text(1, 1, "half", regular(9))
					if _, err := d.Bytes(); err == nil {
						t.Error("an open paragraph is no mistake")
					}
				}
			}
		})
	}
	wait.Wait()
}

func TestNamesComeOutAsTheyAreSpelled(t *testing.T) {
	for typed, want := range map[string]string{
		"Nguyễn Thị Phương Ươ":                   "",
		"Łukasz Dvořák":                          "",
		"Þórður":                                 "",
		"Ñandú":                                  "",
		"Đặng Quốc Tuấn":                         "",
		"Ștefan Țepeș":                           "",
		"Şükrü Öztürk İğne":                      "",
		"Жанна Ґалаґан":                          "",
		"Γιώργος Παπαδόπουλος":                   "",
		"Ọláńrewájú":                             "",
		"₫1.234 €5 −3 ✓ “so” … – —":              "",
		"Nguye\u0302\u0303n":                     "Nguyễn",
		"Nguy\u00ea\u0303n":                      "Nguyễn", // as code page 1258 has it
		"Vi\u00ea\u0323t":                        "Việt",
		"Vie\u0302\u0323t":                       "Việt",
		"Phu\u031bo\u031b\u0300ng":               "Phường",
		"Dvor\u030ca\u0301k":                     "Dvořák",
		"Zoe\u0308\u200b\u00adLynn":              "ZoëLynn",
		"ann\tbea\ncid\r\ndan\u00a0eve\u2028fay": "ann bea cid  dan eve fay",
		"\u202eMaria\u202c \u2066Lopez\u2069":    "Maria Lopez",
		"\uff2d\uff21\uff32\uff29\uff21":         "MARIA",
		"Anne\u2011Marie":                        "Anne-Marie",
		"nul\x00bell\x07del\x7f":                 "nulbelldel",
		"\u212bsa":                               "Åsa",
		"na\u0301\u0323\u0302":                   "nạ\u0301\u0302",
	} {
		if want == "" {
			want = typed
		}
		f := faces()[0]
		if got := f.Printable(typed); got != want {
			t.Errorf("%+q is printable as %+q, want %+q", typed, got, want)
		}
		d := page()
		d.Open(pdf.P)
		wide := d.Text(72, 100, typed, regular(12))
		d.Close()
		if measured := f.Width(typed, 12); wide != measured {
			t.Errorf("%q is %g wide and measured as %g", typed, wide, measured)
		}
		file, e := finished(t, d)
		if got := e.reading(); got != want {
			t.Errorf("%+q reads %+q", typed, got)
		}
		if got := words(run(t, file, "pdftotext", "FILE", "-")); got != words(want) {
			t.Errorf("pdftotext reads %+q as %+q", typed, got)
		}
	}
}

func TestAllOfLatinIsCovered(t *testing.T) {
	for _, f := range faces() {
		for r := rune(0x20); r <= 0x24f; r++ {
			if !unicode.IsControl(r) && f.Printable(string(r)) != "" && !f.Covers([]rune(f.Printable(string(r)))[0]) && r != 0x149 && r != 0x1c4 {
				t.Errorf("%U %c", r, r)
			}
		}
		for r := rune(0x1ea0); r <= 0x1ef9; r++ {
			if !f.Covers(r) {
				t.Errorf("%U %c", r, r)
			}
		}
		if f.Covers('王') || f.Covers(-1) || f.Covers(unicode.MaxRune) || f.Covers(unicode.MaxRune+1) {
			t.Error("the font covers what it has not")
		}
	}
}

func TestWhatTheFontLacksIsNamed(t *testing.T) {
	for typed, want := range map[string]struct{ seen, read string }{
		"王小明":              {"[U+738B][U+5C0F][U+660E]", "王小明"},
		"Wang 王 (Amy)":     {"Wang [U+738B] (Amy)", "Wang 王 (Amy)"},
		"שלום":             {"[U+05E9][U+05DC][U+05D5][U+05DD]", "שלום"},
		"محمد":             {"[U+0645][U+062D][U+0645][U+062F]", "محمد"},
		"Bo 👍🏽":            {"Bo [U+1F44D][U+1F3FD]", "Bo 👍🏽"},
		"👨\u200d👩\ufe0f":   {"[U+1F468][U+1F469]", "👨👩"},
		"\u0301a":          {"[U+0301]a", "\u0301a"},
		"\ue000":           {"[U+E000]", "[U+E000]"},
		"bad \xff\xed\xa0": {"bad [U+FFFD][U+FFFD][U+FFFD]", "bad [U+FFFD][U+FFFD][U+FFFD]"},
	} {
		d := page()
		d.Open(pdf.H1)
		wide := d.Text(72, 100, typed, regular(12))
		d.Close()
		d.Artifact(func() { d.Text(72, 200, typed, regular(12)) })
		if measured := faces()[0].Width(typed, 12); wide != measured || measured != faces()[0].Width(want.seen, 12) && !strings.HasSuffix(typed, "a") {
			t.Errorf("%q is %g wide and measured as %g", typed, wide, measured)
		}
		file, e := finished(t, d)
		if got := e.reading(); got != want.read {
			t.Errorf("%+q is read as %+q", typed, got)
		}
		var seen strings.Builder
		e.each(func(e element) { seen.WriteString(e.text) })
		if seen.String() != want.seen {
			t.Errorf("%+q is seen as %+q", typed, seen.String())
		}
		run(t, file, "qpdf", "--check", "FILE")
	}
	d := page()
	d.Open(pdf.P)
	d.Text(72, 100, "For 王小明 and Ann", regular(12))
	d.Close()
	file, _ := finished(t, d)
	if got := words(run(t, file, "pdftotext", "FILE", "-")); got != "For 王小明 and Ann" {
		t.Errorf("pdftotext reads %q", got)
	}
}

// hostile is text that would like to be something else.
var hostile = []string{
	`) Tj ET Q q 1 0 0 rg (`, `\) \\( \`, "endstream\nendobj\n%%EOF", "<</S/URI/URI(http://a.example)>>", "]]>--><!--&lt;&<b>\"'",
	"\x00\x01\x1b[31m", "\xff\xfe\xed\xa0\x80", "=cmd|' /C calc'!A0", "\u202egnp.exe", strings.Repeat("Å", 500), strings.Repeat("x", 500),
	strings.Repeat("👍", 500), strings.Repeat("e\u0301\u0323\u0302", 200), "(((((((((", "))))", "\r\n\r\n", "\ufeff\ufffe\uffff", "/JS /JavaScript",
}

func TestHostileTextStaysText(t *testing.T) {
	for _, s := range hostile {
		file, e := finished(t, everywhere(s))
		f := faces()[0]
		if got, want := e.kids[1].reading(), f.Printable(s); words(strings.ReplaceAll(got, "[U+FFFD]", "\ufffd")) != words(strings.ReplaceAll(want, "\ufffe", "[U+FFFE]")) && !strings.Contains(s, "\uffff") {
			t.Errorf("%.40q is read as %.80q", s, got)
		}
		if len(file) > 90<<10 {
			t.Errorf("%.40q: %d bytes", s, len(file))
		}
		run(t, file, "qpdf", "--check", "FILE")
		r, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		meta := r.get(r.catalog()["Metadata"]).(stream)
		if err := wellFormed(meta.data); err != nil {
			t.Errorf("%.40q: metadata: %v", s, err)
		}
		for key := range r.catalog() {
			if key == "AA" || key == "OpenAction" || key == "Names" {
				t.Errorf("%.40q: the catalog has %s", s, key)
			}
		}
	}
}

// everywhere is a document that has a text in every place that takes one.
func everywhere(s string) *pdf.Doc {
	d := pdf.New(pdf.Info{Title: "T" + s, Author: s, Subject: s, Language: "en-US", Producer: s, Created: made})
	for range 3 {
		d.AddPage(612, 792)
	}
	d.In(pdf.H1, func() { d.Text(10, 20, "H"+s, regular(9)) }, pdf.ActualText(s))
	d.In(pdf.P, func() { d.Text(10, 50, s, regular(9)) }, pdf.Lang("es-US"))
	d.In(pdf.Figure, func() { d.Rect(1, 2, 3, 4, pdf.Color{R: 255}) }, pdf.Alt("A"+s), pdf.Box(1, 2, 3, 4))
	d.In(pdf.Note, func() { d.Text(10, 90, s, regular(9)) })
	d.Artifact(func() { d.Text(10, 70, s, regular(9)) })
	return d
}

func wellFormed(b []byte) error {
	x := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := x.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		file, err := everywhere(s).Bytes()
		if err != nil {
			if len(s) < 2000 {
				t.Fatal(err)
			}
			return
		}
		if _, err := structure(file); err != nil {
			t.Fatal(err)
		}
		r, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(r.get(r.catalog()["Metadata"]).(stream).data); err != nil {
			t.Fatal(err)
		}
		face := faces()[0]
		if once := face.Printable(s); face.Printable(once) != once {
			t.Fatalf("%+q is printable as %+q, and that as %+q", s, once, face.Printable(once))
		}
	})
}

func TestAParagraphGoesOverThePage(t *testing.T) {
	d := page()
	d.Open(pdf.P)
	d.Text(72, 700, "On the first page", regular(9))
	d.AddPage(612, 792)
	d.Artifact(func() { d.Text(72, 20, "Harbor Auto Finance", regular(9)) })
	d.Text(72, 40, "and on the second,", regular(9))
	d.In(pdf.Span, func() { d.Text(150, 40, "loud", regular(9)) })
	d.Text(180, 40, "and clear.", regular(9))
	d.Close()
	d.SetPage(1)
	d.Artifact(func() { d.Text(72, 780, fmt.Sprintf("Page %d of %d", d.Page(), d.Pages()), regular(9)) })
	file, e := finished(t, d)
	if len(e.kids) != 1 || words(e.reading()) != "On the first page and on the second, loud and clear." {
		t.Errorf("read as %q in %d elements", e.reading(), len(e.kids))
	}
	run(t, file, "qpdf", "--check", "FILE")
}

func TestLongDocumentsHaveAnOutline(t *testing.T) {
	headings := []struct {
		tag   pdf.Tag
		title string
	}{{pdf.H1, "Your lease"}, {pdf.H2, "Ending it"}, {pdf.H3, "Wear (and tear)"}, {pdf.H2, "Buying the car"}, {pdf.H1, "Después"}}
	write := func(pages int) dict {
		d := pdf.New(info)
		for i := range pages {
			d.AddPage(612, 792)
			if i == 0 {
				continue
			}
			for n, h := range headings {
				d.In(h.tag, func() { d.Text(72, float64(100+50*n), h.title, regular(12)) })
			}
		}
		file, _ := finished(t, d)
		run(t, file, "qpdf", "--check", "FILE")
		r, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		root := r.dict(r.catalog()["Outlines"])
		if pages > 2 {
			first := r.dict(root["First"])
			second := r.dict(r.dict(first["First"])["Next"])
			if text(first["Title"].(string)) != "Your lease" || text(second["Title"].(string)) != "Buying the car" ||
				text(r.dict(root["Last"])["Title"].(string)) != "Después" || first["Count"] != 3.0 || root["Count"] != 10.0 {
				t.Errorf("outline %v, %v, %v", root, first, second)
			}
		}
		return root
	}
	write(3)
	if root := write(2); len(root) != 0 {
		t.Errorf("a short one has %v", root)
	}
}
