package paper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
)

// samples are snapshots of every kind that this room sets, as they are frozen.
func samples(t testing.TB) map[billing.DocumentKind][]any {
	scheduled := loanReceipt()
	scheduled.State = billing.Scheduled
	all := map[billing.DocumentKind][]any{
		billing.DocStatement:     {loanStatement(), calmStatement(), leaseStatement()},
		billing.DocReceipt:       {loanReceipt()},
		billing.DocConfirmation:  {scheduled},
		billing.DocAuthorization: {authorization()},
		billing.DocPayoffLetter:  {payoffLetter()},
	}
	for _, l := range letters(t) {
		all[l.kind] = append(all[l.kind], l.snapshot)
	}
	return all
}

func frozen(t testing.TB, snapshot any) []byte {
	t.Helper()
	b, err := json.Marshal(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryKindIsSetInBothLanguages(t *testing.T) {
	for kind, all := range samples(t) {
		for i, snapshot := range all {
			for _, language := range []string{billing.English, billing.Spanish} {
				t.Run(fmt.Sprintf("%s %d %s", kind, i, language), func(t *testing.T) {
					b, err := PDF(kind, language, frozen(t, snapshot))
					if err != nil {
						t.Fatal(err)
					}
					keep(t, b)
					noOverlap(t, b)
					read(t, b)
					if len(b) > 60<<10 {
						t.Errorf("%d bytes", len(b))
					}
					says(t, tool(t, "qpdf", "qpdf", b, "--qdf", "--object-streams=disable", "FILE", "-"), "/Lang ("+language+"-US)")
				})
			}
		}
	}
}

func TestWhatCannotBeSetIsNoPaper(t *testing.T) {
	spoiled := calmStatement()
	spoiled.EndingBalance++
	for name, try := range map[string]struct {
		kind     billing.DocumentKind
		language string
		content  []byte
	}{
		"unknown kind":     {"diary", billing.English, frozen(t, loanStatement())},
		"unknown language": {billing.DocStatement, "fr", frozen(t, loanStatement())},
		"no language":      {billing.DocStatement, "", frozen(t, loanStatement())},
		"no JSON":          {billing.DocStatement, billing.English, []byte("{")},
		"nothing":          {billing.DocStatement, billing.English, []byte("{}")},
		"a contradiction":  {billing.DocStatement, billing.English, frozen(t, spoiled)},
		"another paper":    {billing.DocPayoffLetter, billing.English, frozen(t, loanReceipt())},
		"an amount":        {billing.DocReceipt, billing.English, []byte(`{"amount": "=cmd"}`)},
	} {
		if b, err := PDF(try.kind, try.language, try.content); !errors.Is(err, ErrPaper) || b != nil {
			t.Errorf("%s: %v, %d bytes", name, err, len(b))
		}
	}
	if _, err := PDF(billing.DocStatement, billing.English, frozen(t, spoiled)); !errors.Is(err, billing.ErrStatement) {
		t.Errorf("it is not said that it does not add up: %v", err)
	}
}

func TestSameSnapshotSameBytes(t *testing.T) {
	for kind, all := range samples(t) {
		for _, snapshot := range all {
			content := frozen(t, snapshot)
			want, err := PDF(kind, billing.Spanish, content)
			if err != nil {
				t.Fatal(err)
			}
			want = bytes.Clone(want)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 5 {
						if got, err := PDF(kind, billing.Spanish, content); err != nil || !bytes.Equal(got, want) {
							t.Errorf("%s: %v, or other bytes", kind, err)
						}
					}
				})
			}
			wg.Wait()
		}
	}
}

func TestTheFileSaysWhatItIs(t *testing.T) {
	b, err := Statement(billing.English, loanStatement())
	if err != nil {
		t.Fatal(err)
	}
	says(t, tool(t, "pdfinfo", "poppler-utils", b, "FILE"), "Harborline Motor Finance, Statement, Nov 30, 2026", "Author:          Harborline Motor Finance", "612 x 792 pts (letter)", "Tagged:          yes", "Mon Nov 30 ")
	if strings.Contains(tool(t, "pdfinfo", "poppler-utils", b, "FILE"), "2204") {
		t.Error("the file's own title holds the account")
	}
}

// hostile is what people and files can put into any field.
var hostile = map[string]string{
	"operators":  `Bob) Tj ET Q endstream endobj (\`,
	"500 signs":  strings.Repeat("Wolfeschlegelsteinhausen", 21),
	"many words": strings.Repeat("Maria de los Angeles ", 25),
	"not Latin":  "Мария 王小明 \U0001F697 \u202eevil",
	"right left": "שלום \u2067עולם\u2069 مرحبا",
	"controls":   "a\x00b\x1b[31mc\nd\te\xff",
	"formula":    `=cmd|' /C calc'!A0`,
	"markup":     `<img src=file:///etc/passwd><script>alert(1)</script>`,
	"nothing":    "",
	"marks":      "Zalgo" + strings.Repeat("\u0301\u0323\u0308", 60),
	"percent":    "%s%n%!d(MISSING) {{.}}",
}

// figures are fields that a snapshot's maker writes and checks: text, but not
// anybody's words.
var figures = map[string]bool{"PerDiem": true, "Amount": true, "DayCount": true, "Kind": true}

// poison puts a text into every field that holds words.
func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !figures[f.Name] {
				poison(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(text)
		}
	}
}

// Text of any kind, in every field of every paper at once, is drawn inside the
// margins, on its own lines, as text.
func TestHostileTextInEveryField(t *testing.T) {
	for name, text := range hostile {
		for kind, all := range samples(t) {
			for i, snapshot := range all {
				t.Run(fmt.Sprintf("%s %s %d", name, kind, i), func(t *testing.T) {
					mine := reflect.New(reflect.TypeOf(snapshot).Elem())
					if err := json.Unmarshal(frozen(t, snapshot), mine.Interface()); err != nil {
						t.Fatal(err)
					}
					poison(mine, text)
					switch s := mine.Interface().(type) {
					case *billing.AutopayPaper:
						if s.Text == "" {
							s.Text = "I agree."
						}
					case *billing.Statement:
						s.Lines[0].Event = ""
					}
					// As the database gives it back: JSON has no broken UTF-8.
					b, err := PDF(kind, billing.English, frozen(t, mine.Interface()))
					if err != nil {
						t.Fatal(err)
					}
					keep(t, b)
					noOverlap(t, b)
					got := read(t, b)
					if kind == billing.DocStatement {
						says(t, got, "Amount due $", "Payment coupon", "Where to write")
					}
					if name == "markup" || name == "formula" {
						says(t, strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(text, " ", "")[:8])
					}
					for _, never := range []string{"/JavaScript", "/URI", "/Launch", "/EmbeddedFile", "/OpenAction"} {
						if bytes.Contains(b, []byte(never)) {
							t.Errorf("the file has %s", never)
						}
					}
				})
			}
		}
	}
}

// The last four are all that a page which is lost may show, whatever the number.
func TestEndingOfAnAccountNumber(t *testing.T) {
	for number, want := range map[string]string{"4400-118-2204": "2204", "12": "12", "": "", "Ñandú": "andú"} {
		if got := ending(number); got != want {
			t.Errorf("%q ends in %q", number, got)
		}
	}
}

func TestUnknownLinesHaveWordsToo(t *testing.T) {
	s := calmStatement()
	s.Lines = append(s.Lines, billing.StatementLine{Date: s.Closing, Kind: "modification", Event: contract.Modification})
	says(t, set(t, Statement, billing.English, s), "Other transactions", "Change to the account")
}
