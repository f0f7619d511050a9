package pdf_test

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"marque/internal/pdf"
)

// faces are the typeface that papers are set in.
var faces = sync.OnceValue(func() [2]*pdf.Font {
	var out [2]*pdf.Font
	for i, name := range []string{"Regular", "SemiBold"} {
		ttf, err := os.ReadFile(map[string]string{
			"Regular": "../paper/font/inter-regular.ttf", "SemiBold": "../paper/font/inter-semibold.ttf",
		}[name])
		if err != nil {
			panic(err)
		}
		if out[i], err = pdf.NewFont(ttf, "InterMarque-"+name); err != nil {
			panic(err)
		}
	}
	return out
})

var made = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

var info = pdf.Info{
	Title: "Statement of November 23, 2026", Author: "Harbor Auto Finance", Subject: "Account ending in 4821",
	Language: "en-US", Producer: "Marque", Created: made,
}

// statementLike draws what a monthly statement has: two pages, two fonts, three
// tables, a figure, about 150 pieces of text.
func statementLike(name string) *pdf.Doc {
	f := faces()
	body, strong := pdf.Style{Font: f[0], Size: 9}, pdf.Style{Font: f[1], Size: 9}
	head, title := pdf.Style{Font: f[1], Size: 12}, pdf.Style{Font: f[1], Size: 20, Color: pdf.Color{R: 20, G: 60, B: 110}}
	hair := pdf.Pen{Width: 0.5, Color: pdf.Color{R: 120, G: 120, B: 120}}
	d := pdf.New(info)
	y := 0.0
	page := func() {
		d.AddPage(612, 792)
		d.Artifact(func() {
			d.Rect(54, 40, 504, 2, title.Color)
			d.Text(54, 36, "Harbor Auto Finance", strong)
		})
		y = 70
	}
	text := func(tag pdf.Tag, s string, st pdf.Style) {
		d.Open(tag)
		y += st.Size * 1.5
		d.Text(54, y, s, st)
		d.Close()
	}
	columns := []float64{54, 140, 360, 440, 500}
	row := func(cell pdf.Tag, st pdf.Style, texts ...string) {
		d.Open(pdf.TR)
		y += 14
		for i, s := range texts {
			switch {
			case cell == pdf.TH:
				d.Open(pdf.TH, pdf.ScopeColumn)
			default:
				d.Open(pdf.TD)
			}
			x := columns[i]
			if i > 1 {
				x += 50 - st.Font.Width(s, st.Size)
			}
			d.Text(x, y, s, st)
			d.Close()
		}
		d.Close()
		d.Artifact(func() { d.Line(54, y+4, 558, y+4, hair) })
	}
	table := func(n int) {
		d.Open(pdf.Table)
		d.Open(pdf.THead)
		row(pdf.TH, strong, "Date", "What happened", "Amount", "Principal", "Balance")
		d.Close()
		d.Open(pdf.TBody)
		for i := range n {
			row(pdf.TD, body, fmt.Sprintf("Nov %d, 2026", i+1), "Payment received, thank you", fmt.Sprintf("$%d.40", 612+i),
				fmt.Sprintf("$%d.17", 401+i), fmt.Sprintf("$%d.93", 18000-401*i))
		}
		d.Close()
		d.Close()
	}
	page()
	text(pdf.H1, "Statement of November 23, 2026", title)
	text(pdf.P, "For "+name, body)
	for _, s := range []string{"2024 Corvane Meridian LX", "Account ending in 4821", "Amount due $612.40", "Due date December 15, 2026"} {
		text(pdf.P, s, strong)
	}
	text(pdf.H2, "How your loan goes", head)
	d.Open(pdf.Figure, pdf.Alt("Balance of the loan: from $24,000.00 in January to $18,000.93 now."), pdf.Box(54, y+6, 504, 60))
	d.Rect(54, y+20, 300, 12, title.Color)
	d.Stroke(pdf.Pen{Width: 1, Dash: []float64{3, 2}}, pdf.Point{X: 54, Y: y + 60}, pdf.Point{X: 300, Y: y + 40}, pdf.Point{X: 558, Y: y + 6})
	d.Text(54, y+56, "$18,000.93", body)
	d.Close()
	y += 66
	text(pdf.H2, "What happened", head)
	table(14)
	page()
	text(pdf.H2, "Interest", head)
	table(6)
	text(pdf.H2, "Year to date", head)
	table(4)
	d.Open(pdf.L, pdf.Bullets)
	for _, s := range []string{"Pay online at any hour.", "Pay by phone: 555-0134.", "Pay by mail with the coupon below."} {
		d.Open(pdf.LI)
		y += 14
		d.Open(pdf.Lbl)
		d.Text(54, y, "•", body)
		d.Close()
		d.Open(pdf.LBody)
		d.Text(64, y, s, body)
		d.Close()
		d.Close()
	}
	d.Close()
	d.Open(pdf.P)
	for _, s := range []string{"If you think that something on this statement is wrong, write to us at the", "address above. We answer within thirty days, and while we look into it", "you need not pay the amount in question."} {
		y += 13
		d.Text(54, y, s, body)
	}
	d.Close()
	for n := 1; n <= d.Pages(); n++ {
		d.SetPage(n)
		d.Artifact(func() { d.Text(500, 770, fmt.Sprintf("Page %d of %d", n, d.Pages()), body) })
	}
	return d
}

// docs/cpu-s counts the processor's time, so that it says the same on a busy
// machine.
func BenchmarkStatementLike(b *testing.B) {
	b.ReportAllocs()
	size := 0
	before := used(b)
	for b.Loop() {
		file, err := statementLike("Maria Lopez").Bytes()
		if err != nil {
			b.Fatal(err)
		}
		size = len(file)
	}
	b.ReportMetric(float64(size), "bytes/doc")
	b.ReportMetric(float64(b.N)/(used(b)-before), "docs/cpu-s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
}

// used is the processor's time that the program has taken, in seconds.
func used(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
