package paper

import (
	"image/color"

	"github.com/boombuler/barcode/code128"

	"marque/internal/pdf"
)

// bar is a picture of a part of a whole, which alt says in words; a mark above
// zero is a line across it at that place. The figures stand beside it.
func (p *sheet) bar(alt string, part, whole, mark int64) {
	const h = 11.0
	p.y += 3
	p.need(h + 8)
	at := func(n int64) float64 { return p.w * float64(min(max(n, 0), whole)) / float64(max(whole, 1)) }
	p.doc.In(pdf.Figure, func() {
		p.doc.Rect(p.x, p.y, p.w, h, shade)
		p.doc.Rect(p.x, p.y, at(part), h, dark)
		if mark > 0 {
			p.doc.Rect(p.x+at(mark)-0.8, p.y-3, 1.6, h+6, black)
		}
	}, pdf.Alt(alt), pdf.Box(p.x, p.y-3, p.w, h+6))
	p.y += h + 6
}

// bars are the modules of a text as Code 128 (ISO/IEC 15417); none for a text
// that the code cannot hold.
func bars(text string) []bool {
	code, err := code128.Encode(text)
	if text == "" || err != nil {
		return nil
	}
	out := make([]bool, code.Bounds().Dx())
	for i := range out {
		out[i] = code.At(i, 0) == color.Black
	}
	return out
}

// barcode draws a text as bars with their upper left corner at the frame's and
// the text below, within w points; one that has no room even in thin bars is only
// written. A scanner needs a tenth of an inch of white beside it.
func (p *sheet) barcode(w, h float64, text, alt string) {
	modules := bars(text)
	unit := min(1.05, w/float64(max(1, len(modules))))
	if len(modules) > 0 && unit >= 0.7 {
		p.doc.In(pdf.Figure, func() {
			for i := 0; i < len(modules); i++ {
				from := i
				for i < len(modules) && modules[i] {
					i++
				}
				if i > from {
					p.doc.Rect(p.x+float64(from)*unit, p.y, float64(i-from)*unit, h, black)
				}
			}
		}, pdf.Alt(alt), pdf.Box(p.x, p.y, unit*float64(len(modules)), h))
		p.y += h + 2
	}
	at := p.fit(text, small, w)
	p.doc.In(pdf.P, func() { p.text(p.x, p.y+at.style.size, at.text, at.style) })
}
