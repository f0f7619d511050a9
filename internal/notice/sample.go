package notice

import (
	"errors"
	"fmt"
	"io"
	"time"

	"marque/internal/billing"
)

// sampleMade is the day of the sample's wording, so that a copy has the same
// bytes.
var sampleMade = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// PaperlessSample writes a document of the kind that paperless customers are
// sent, with a word in a box. Typing the word shows that the document could be
// opened and read (15 USC 7001(c)(1)(C)(ii)).
func PaperlessSample(w io.Writer, l billing.Lender, word string) error {
	if word == "" {
		return errors.New("paperless sample: no word")
	}
	p, err := newPaper(l, "Sample", "paperless", sampleMade)
	if err != nil {
		return fmt.Errorf("paperless sample: %w", err)
	}
	text := style{regular, 11}
	p.y += 22
	p.para(left, right-left, "If you can read this, you can read the documents we send when paperless is on.", text)
	p.y += 10
	p.para(left, right-left, "Type this word on the page you came from:", text)
	p.y += 12
	st := p.shrink(word, figure, right-left-48)
	p.pdf.Rect(left, p.y, p.width(word, st)+48, 58, "D")
	p.text(left+24, p.y+39, word, st)
	p.y += 58 + 18
	p.para(left, right-left, "This page is only a sample. It says nothing about your account, and you need not keep it.", text)
	p.y += 18
	p.closing("")
	if err := p.finish(w); err != nil {
		return fmt.Errorf("paperless sample: %w", err)
	}
	return nil
}
