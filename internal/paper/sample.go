package paper

import (
	"errors"
	"time"

	"marque/internal/billing"
	"marque/internal/pdf"
)

// sampleMade is the day of the sample's wording, so that a copy has the same
// bytes.
var sampleMade = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Sample writes a document of the kind that paperless customers are sent, with a
// word in a box. Typing the word shows that the document could be opened and read
// (15 USC 7001(c)(1)(C)(ii)).
func Sample(language string, l billing.Lender, word string) ([]byte, error) {
	if word == "" {
		return nil, errors.New("paperless sample: no word")
	}
	p, err := begin(&l, language, func(p *sheet) head {
		return head{title: p.say("Sample", "Muestra"), about: p.say("paperless", "documentos electrónicos"), made: sampleMade}
	})
	if err != nil {
		return nil, err
	}
	text := style{false, 11}
	p.gap(22)
	p.para(p.say("If you can read this, you can read the documents we send when paperless is on.", "Si puede leer esto, puede leer los documentos que enviamos sin papel."), text)
	p.gap(10)
	p.para(p.say("Type this word on the page you came from:", "Escriba esta palabra en la página de donde vino:"), text)
	p.gap(12)
	st := p.shrink(word, figure, p.w-48)
	w := p.width(word, st) + 48
	p.doc.Artifact(func() {
		p.doc.Stroke(firm, pdf.Point{X: p.x, Y: p.y}, pdf.Point{X: p.x + w, Y: p.y}, pdf.Point{X: p.x + w, Y: p.y + 58}, pdf.Point{X: p.x, Y: p.y + 58}, pdf.Point{X: p.x, Y: p.y})
	})
	p.doc.In(pdf.P, func() { p.text(p.x+24, p.y+39, word, st) })
	p.gap(58 + 18)
	p.para(p.say("This page is only a sample. It says nothing about your account, and you need not keep it.", "Esta página es solo una muestra. No dice nada de su cuenta y no hace falta guardarla."), text)
	p.closing("")
	return p.finish()
}
