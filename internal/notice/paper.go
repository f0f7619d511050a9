package notice

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"marque/internal/billing"
)

// The grid, in points on a page of 612 by 792. The left edge and the address's
// height suit the window of a No. 10 envelope.
const (
	left    = 64.0
	right   = 548.0
	gutter  = 28.0
	column  = (right - left - gutter) / 2
	second  = left + column + gutter
	top     = 44.0
	bottom  = 752.0
	address = 146.0
)

// style is a weight and a size in points.
type style struct {
	weight weight
	size   float64
}

var (
	body    = style{regular, 9}
	strong  = style{semibold, 9}
	small   = style{regular, 7.5}
	heading = style{semibold, 11}
	large   = style{regular, 16}
	figure  = style{semibold, 27}
	figure2 = style{semibold, 17}
)

func (s style) leading() float64 { return s.size * 1.4 }

// smallest is how far text may shrink before it is wrapped or cut; below it a
// fax is not readable.
const smallest = 6.5

// paper is a document under way: a cursor going down the page, and the pages'
// head and foot.
type paper struct {
	pdf    *fpdf.Fpdf
	faces  [2]face
	now    style // what the page's stream has selected, with its code page
	coded  int
	loaded [2][len(codePages)]bool
	y      float64 // top of what comes next
	floor  float64 // where this page's text ends
	number float64 // baseline of the first page's number
	lender billing.Lender
	title  string
	about  string // beside the title on pages after the first
}

var accentForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// newPaper starts a document with its letterhead. made is the snapshot's own
// date: it becomes the file's, so that a copy has the same bytes.
func newPaper(l billing.Lender, title, about string, made time.Time) (*paper, error) {
	f, err := faces()
	if err != nil {
		return nil, err
	}
	p := &paper{pdf: fpdf.New("P", "pt", "Letter", ""), faces: f, floor: bottom, lender: l, title: title, about: about}
	p.pdf.SetCompression(false) // fpdf makes a new compressor for every page: three times the time for a fifth less in size
	p.pdf.SetCatalogSort(true)
	p.pdf.SetCreationDate(made)
	p.pdf.SetModificationDate(made)
	p.pdf.SetProducer("Marque", true)
	p.pdf.SetLang("en-US")
	p.pdf.SetTitle(printable(l.Name+" "+strings.ToLower(title)+", "+about), true)
	p.pdf.SetAuthor(printable(l.Name), true)
	p.pdf.SetMargins(0, 0, 0)
	p.pdf.SetAutoPageBreak(false, 0)
	p.pdf.SetLineWidth(0.6)
	p.pdf.AddPage()
	p.letterhead()
	return p, nil
}

func (p *paper) letterhead() {
	title := p.width(p.title, large)
	p.y = top
	for _, line := range p.wrap(p.lender.Name, style{semibold, 16}, right-left-title-gutter) {
		p.text(left, p.y+14, line, style{semibold, 16})
		p.y += 19
	}
	p.right(right, top+14, p.title, large)
	p.y = max(p.y, top+19) + 3
	p.accent()
	p.y += 7
	p.number = p.y + small.size
	p.items(left, right-left-70, small, strings.Join(street(p.lender), ", "), p.lender.Phone, p.lender.Website) // the page number stands at the right
	p.y += 10
}

// accent is the one place of the brand's colour; black when it gives none.
func (p *paper) accent() {
	if c := p.lender.Accent; accentForm.MatchString(c) {
		v, _ := strconv.ParseUint(c[1:], 16, 32) // six hexadecimal digits, as just checked
		p.pdf.SetFillColor(int(v>>16), int(v>>8&255), int(v&255))
	}
	p.pdf.Rect(left, p.y, right-left, 2.4, "F")
	p.y += 2.4
}

// newPage goes to the next page and gives it its short head.
func (p *paper) newPage() {
	p.pdf.AddPage()
	p.now, p.floor, p.y = style{}, bottom, top
	head := p.fit(p.lender.Name, strong, column)
	p.text(left, p.y+9, head.text, head.style)
	about := p.fit(p.title+", "+p.about, body, column-60)
	p.text(second, p.y+9, about.text, about.style)
	p.y += 15
	p.rule(left, right)
	p.y += 14
}

// need starts a new page when less than h is left of this one.
func (p *paper) need(h float64) {
	if p.y+h > p.floor {
		p.newPage()
	}
}

// finish numbers the pages and writes the document.
func (p *paper) finish(w io.Writer) error {
	n := p.pdf.PageCount()
	for page := 1; page <= n; page++ {
		p.pdf.SetPage(page)
		p.now = style{}
		y := top + 9
		if page == 1 {
			y = p.number
		}
		p.right(right, y, fmt.Sprintf("Page %d of %d", page, n), small)
	}
	return p.pdf.Output(w)
}

// width measures text in points.
func (p *paper) width(s string, st style) float64 {
	n := 0
	for _, r := range printable(s) {
		n += p.faces[st.weight].width[r]
	}
	return float64(n) * st.size / 1000
}

// text draws one line with its baseline at y.
func (p *paper) text(x, y float64, s string, st style) {
	var run []byte
	page := 0
	flush := func() {
		if len(run) > 0 {
			p.font(st, page)
			p.pdf.Text(x, y, string(run))
			for _, c := range run {
				x += float64(p.faces[st.weight].width[codePages[page][c-0x20]]) * st.size / 1000
			}
			run = run[:0]
		}
	}
	for _, r := range printable(s) {
		c := codes[r]
		if c.page != page {
			flush()
			page = c.page
		}
		run = append(run, c.char)
	}
	flush()
}

func (p *paper) font(st style, page int) {
	family, bold := "inter"+strconv.Itoa(page), [...]string{"", "B"}[st.weight]
	if !p.loaded[st.weight][page] {
		p.pdf.AddFontFromBytes(family, bold, p.faces[st.weight].definitions[page], p.faces[st.weight].packed)
		p.loaded[st.weight][page] = true
	}
	if p.now != st || p.coded != page {
		p.pdf.SetFont(family, bold, st.size)
		p.now, p.coded = st, page
	}
}

// right draws one line that ends at x.
func (p *paper) right(x, y float64, s string, st style) { p.text(x-p.width(s, st), y, s, st) }

type line struct {
	text  string
	style style
}

// fit shrinks one line to a width; what is still too wide at the smallest size
// ends in an ellipsis. Use it only where the full text stands elsewhere.
func (p *paper) fit(s string, st style, w float64) line {
	st = p.shrink(s, st, w)
	if p.width(s, st) <= w {
		return line{s, st}
	}
	room := w - p.width("…", st)
	end := 0
	for i := range s {
		if p.width(s[:i], st) > room {
			break
		}
		end = i
	}
	return line{s[:end] + "…", st}
}

// shrink is the largest size, down to the smallest, at which text has room.
func (p *paper) shrink(s string, st style, w float64) style {
	if have := p.width(s, st); have > w {
		st.size = max(smallest, st.size*w/have)
	}
	return st
}

// wrap breaks text at spaces, and a word that is wider than the line anywhere.
func (p *paper) wrap(s string, st style, w float64) []string {
	var lines []string
	cur, used := "", 0.0
	space := p.width(" ", st)
	for _, word := range strings.Fields(printable(s)) {
		ww := p.width(word, st)
		if cur != "" && used+space+ww <= w {
			cur, used = cur+" "+word, used+space+ww
			continue
		}
		if cur != "" {
			lines = append(lines, cur)
		}
		for ww > w {
			cut := p.cut(word, st, w)
			lines = append(lines, word[:cut])
			word = word[cut:]
			ww = p.width(word, st)
		}
		cur, used = word, ww
	}
	if cur != "" {
		lines = append(lines, cur)
	}
	return lines
}

// cut is how many bytes of a word fit on a line: at least one character.
func (p *paper) cut(word string, st style, w float64) int {
	used := 0.0
	for i, r := range word {
		used += p.width(string(r), st)
		if i > 0 && used > w {
			return i
		}
	}
	return len(word)
}

// para draws wrapped text and moves below it.
func (p *paper) para(x, w float64, s string, st style) {
	for _, line := range p.wrap(s, st, w) {
		p.need(st.leading())
		p.text(x, p.y+st.size, line, st)
		p.y += st.leading()
	}
}

// items draws short texts with dots between them. One that the line has no room
// for begins the next, without a dot.
func (p *paper) items(x, w float64, st style, parts ...string) {
	line := ""
	for _, s := range nonEmpty(parts...) {
		switch joined := line + " · " + s; {
		case line == "":
			line = s
		case p.width(joined, st) <= w:
			line = joined
		default:
			p.para(x, w, line, st)
			line = s
		}
	}
	p.para(x, w, line, st)
}

func (p *paper) rule(from, to float64) { p.pdf.Line(from, p.y, to, p.y) }

// section starts a part of the paper; least is the height that must follow on
// the same page.
func (p *paper) section(title string, least float64) {
	p.y += 15
	p.need(22 + least)
	p.text(left, p.y+heading.size, title, heading)
	p.y += 17
	p.rule(left, right)
	p.y += 4
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
