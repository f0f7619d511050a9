package paper

import (
	"strconv"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/pdf"
)

// The grid, in points on a page of US Letter. The address stands where a No. 10
// window envelope shows it: 2.2 to 3.1 inches from the top of a sheet folded in
// three, clear of the window's edge wherever the sheet slides.
const (
	pageWidth  = 612.0
	pageHeight = 792.0
	left       = 64.0
	right      = 548.0
	gutter     = 28.0
	column     = (right - left - gutter) / 2
	top        = 44.0
	bottom     = 758.0
	windowTop  = 159.0
	windowEnd  = 222.0
	windowX    = 72.0
)

// style is a weight and a size in points.
type style struct {
	bold bool
	size float64
}

var (
	body    = style{false, 9}
	strong  = style{true, 9}
	small   = style{false, 7.5}
	heading = style{true, 10.5}
	large   = style{false, 15}
	name    = style{true, 15}
	figure  = style{true, 28}
	second  = style{true, 16}
)

func (s style) leading() float64 { return s.size * 1.38 }

var (
	black  = pdf.Color{}
	shade  = pdf.Color{R: 0xe4, G: 0xe4, B: 0xe4}
	dark   = pdf.Color{R: 0x44, G: 0x44, B: 0x44}
	thin   = pdf.Pen{Width: 0.5, Color: pdf.Color{R: 0x80, G: 0x80, B: 0x80}}
	firm   = pdf.Pen{Width: 0.7}
	dashed = pdf.Pen{Width: 0.6, Dash: []float64{3, 3}}
)

// sheet is a document under way: a cursor going down the page within a frame.
// Everything that is drawn is in reading order and tagged, or an artifact.
type sheet struct {
	doc      *pdf.Doc
	regular  *pdf.Font
	semibold *pdf.Font
	language string
	lender   *billing.Lender
	head     head
	x, w     float64 // the frame
	y, floor float64 // top of what comes next; where this page's text ends
	number   float64 // baseline of the first page's number
}

// head is what a paper is called, and what its later pages say of it beside the
// ending of the account's number. made becomes the file's date, so that a copy
// has the same bytes.
type head struct {
	title   string
	about   string
	account string
	made    time.Time
}

// begin starts a document with its letterhead, whose title is the document's
// first heading.
func begin(l *billing.Lender, language string, of func(*sheet) head) (*sheet, error) {
	f, err := faces()
	if err != nil {
		return nil, err
	}
	printed := *l
	printed.Website = strings.TrimPrefix(l.Website, "https://") // nobody clicks on paper
	l = &printed
	p := &sheet{language: language, lender: l, regular: f.regular, semibold: f.semibold, x: left, w: right - left, y: top, floor: bottom}
	p.head = of(p)
	tag := "en-US"
	if language == billing.Spanish {
		tag = "es-US"
	}
	p.doc = pdf.New(pdf.Info{Title: strings.Join(nonEmpty(l.Name, p.head.title, p.head.about), ", "), Author: l.Name, Language: tag, Producer: "Marque", Created: p.head.made})
	p.doc.AddPage(pageWidth, pageHeight)
	p.letterhead()
	return p, nil
}

func (p *sheet) letterhead() {
	l := p.lender
	title := p.shrink(p.head.title, large, column)
	lines := p.wrap(l.Name, name, p.w-p.width(p.head.title, title)-gutter)
	p.doc.In(pdf.P, func() {
		for _, line := range lines {
			p.text(left, p.y+13, line, name)
			p.y += 18
		}
	})
	p.doc.In(pdf.H1, func() { p.right(right, top+13, p.head.title, title) })
	p.y = max(p.y, top+18) + 3
	p.doc.Artifact(func() { p.doc.Rect(left, p.y, right-left, 2.2, accent(l)) })
	p.y += 8
	p.number = p.y + small.size
	p.w -= 70 // the page number stands at the right
	p.items(small, strings.Join(withoutName(l, l.Address), ", "), l.Phone, l.Website)
	p.w = right - left
	p.y += 10
}

// accent is the one place of the brand's colour; black when it gives none.
func accent(l *billing.Lender) pdf.Color {
	c := l.Color()
	if c == "" {
		return black
	}
	v, _ := strconv.ParseUint(c[1:], 16, 32) // six hexadecimal digits, as Color checks
	return pdf.Color{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v)}
}

// withoutName is an address without the lender's name, which it may begin with
// and which stands before it.
func withoutName(l *billing.Lender, address []string) []string {
	if len(address) > 0 && strings.EqualFold(strings.TrimSpace(address[0]), strings.TrimSpace(l.Name)) {
		return address[1:]
	}
	return address
}

// newPage goes to the next page and gives it its short head, which shows no more
// than the ending of the account's number.
func (p *sheet) newPage() {
	p.doc.AddPage(pageWidth, pageHeight)
	p.floor, p.y = bottom, top+29
	p.doc.Artifact(func() {
		who := p.fit(p.lender.Name, strong, 150)
		p.text(left, top+9, who.text, who.style)
		about := strings.Join(nonEmpty(p.head.title, p.head.about), ", ")
		if p.head.account != "" {
			about += p.say(", account ending in ", ", cuenta terminada en ") + ending(p.head.account)
		}
		of := p.fit(about, body, right-left-150-70)
		p.right(right-62, top+9, of.text, of.style)
		p.doc.Line(left, top+15, right, top+15, firm)
	})
}

// ending is the last four digits of an account number, for where a page that is
// lost may show it to anyone.
func ending(account string) string {
	r := []rune(account)
	return string(r[max(0, len(r)-4):])
}

// need starts a new page when less than h is left of this one.
func (p *sheet) need(h float64) {
	if p.y+h > p.floor {
		p.newPage()
	}
}

// finish numbers the pages and writes the document.
func (p *sheet) finish() ([]byte, error) {
	n := p.doc.Pages()
	for page := 1; page <= n; page++ {
		p.doc.SetPage(page)
		y := top + 9
		if page == 1 {
			y = p.number
		}
		words := p.say("Page ", "Página ") + strconv.Itoa(page) + p.say(" of ", " de ") + strconv.Itoa(n)
		p.doc.Artifact(func() { p.right(right, y, words, small) })
	}
	return p.doc.Bytes()
}

// say is the words in the paper's language.
func (p *sheet) say(english, spanish string) string {
	if p.language == billing.Spanish {
		return spanish
	}
	return english
}

// long is a date in running text, short one in a table.
func (p *sheet) long(d money.Date) string  { return billing.LongDate(d, p.language) }
func (p *sheet) short(d money.Date) string { return billing.ShortDate(d, p.language) }

// clock is a moment as a person reads it, in the lender's time zone and with its
// name. A snapshot without a zone, or with one unknown here, is told in UTC.
func (p *sheet) clock(at money.Instant) string {
	zone, err := time.LoadLocation(p.lender.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	local := at.Time().In(zone)
	if p.language != billing.Spanish {
		return local.Format("Jan 2, 2006, 3:04 PM MST")
	}
	half := " a. m. "
	if local.Hour() >= 12 {
		half = " p. m. "
	}
	return p.long(money.DateOf(local)) + ", " + local.Format("3:04") + half + local.Format("MST")
}

func before(word, s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return word + s
}

func nonEmpty(s ...string) []string {
	var out []string
	for _, v := range s {
		if strings.TrimSpace(v) != "" {
			out = append(out, v)
		}
	}
	return out
}
