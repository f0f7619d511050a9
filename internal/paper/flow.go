package paper

import (
	"strings"

	"marque/internal/billing"
	"marque/internal/pdf"
)

// smallest is how far text may shrink before it is wrapped or cut; below it a
// fax is not readable.
const smallest = 6.5

func (p *sheet) face(st style) *pdf.Font {
	if st.bold {
		return p.semibold
	}
	return p.regular
}

// width measures text in points.
func (p *sheet) width(s string, st style) float64 { return p.face(st).Width(s, st.size) }

// text draws one line with its baseline at y.
func (p *sheet) text(x, y float64, s string, st style) {
	p.doc.Text(x, y, s, pdf.Style{Font: p.face(st), Size: st.size})
}

// right draws one line that ends at x.
func (p *sheet) right(x, y float64, s string, st style) { p.text(x-p.width(s, st), y, s, st) }

type line struct {
	text  string
	style style
}

// fit shrinks one line to a width; what is still too wide at the smallest size
// ends in an ellipsis. Use it only where the full text stands elsewhere.
func (p *sheet) fit(s string, st style, w float64) line {
	s = p.face(st).Printable(s)
	st = p.shrink(s, st, w)
	if p.width(s, st) <= w {
		return line{s, st}
	}
	room := w - p.width("…", st)
	return line{s[:p.cut(s, st, room)] + "…", st}
}

// shrink is the largest size, down to the smallest, at which text has room.
func (p *sheet) shrink(s string, st style, w float64) style {
	if have := p.width(s, st); have > w {
		st.size = max(smallest, float64(int(st.size*w/have*20))/20)
	}
	return st
}

// wrap breaks text at spaces, and a word that is wider than the line anywhere.
func (p *sheet) wrap(s string, st style, w float64) []string {
	s = strings.TrimSpace(p.face(st).Printable(s))
	if s == "" {
		return nil
	}
	if !strings.Contains(s, "  ") && p.width(s, st) <= w {
		return []string{s}
	}
	var lines []string
	cur, used := "", 0.0
	space := p.width(" ", st)
	for word := range strings.FieldsSeq(s) {
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
			if cut == len(word) {
				break
			}
			lines = append(lines, word[:cut])
			word = word[cut:]
			ww = p.width(word, st)
		}
		cur, used = word, ww
	}
	return append(lines, cur)
}

// cut is how many bytes of a word fit on a line: at least one character.
func (p *sheet) cut(word string, st style, w float64) int {
	used := 0.0
	for i, r := range word {
		used += p.width(string(r), st)
		if i > 0 && used > w {
			return i
		}
	}
	return len(word)
}

// lines draws wrapped text in the open element and moves below it.
func (p *sheet) lines(s string, st style) {
	for _, line := range p.wrap(s, st, p.w) {
		p.need(st.leading())
		p.text(p.x, p.y+st.size, line, st)
		p.y += st.leading()
	}
}

// para is a paragraph; text without words is none.
func (p *sheet) para(s string, st style) {
	if strings.TrimSpace(p.face(st).Printable(s)) == "" {
		return
	}
	p.doc.Open(pdf.P)
	p.lines(s, st)
	p.doc.Close()
}

// items are short texts with dots between them. One that the line has no room
// for begins the next, without a dot.
func (p *sheet) items(st style, parts ...string) {
	line := ""
	var rows []string
	for _, s := range nonEmpty(parts...) {
		switch joined := line + " · " + s; {
		case line == "":
			line = s
		case p.width(joined, st) <= p.w:
			line = joined
		default:
			rows, line = append(rows, line), s
		}
	}
	for _, row := range append(rows, line) {
		p.para(row, st)
	}
}

func (p *sheet) gap(h float64) { p.y += h }

// section starts a part of the paper; least is the height that must follow on
// the same page.
func (p *sheet) section(title string, least float64) {
	p.y += 10.5
	p.need(20 + least)
	p.doc.Open(pdf.H2)
	p.lines(title, heading)
	p.doc.Close()
	p.y += 1.5
	p.doc.Artifact(func() { p.doc.Line(p.x, p.y, p.x+p.w, p.y, firm) })
	p.y += 3
}

// beside sets two parts in columns, the first at the left. When the first runs
// on to another page the second follows below it.
func (p *sheet) beside(least float64, first, second func()) {
	p.need(least)
	start, page, x, w := p.y, p.doc.Page(), p.x, p.w
	p.w = column
	first()
	end := p.y
	if p.doc.Page() == page {
		p.x, p.y = left+column+gutter, start
	} else {
		p.w = w
	}
	was := p.doc.Page()
	second()
	if p.doc.Page() == was {
		p.y = max(p.y, end)
	}
	p.x, p.w = x, w
}

// figure is a label and the figure that a reader looks for.
func (p *sheet) figure(label, value string, st style) {
	st = p.shrink(value, st, p.w)
	p.need(st.leading() + 14)
	p.doc.Open(pdf.P)
	p.text(p.x, p.y+body.size, label, body)
	p.y += body.leading()
	p.lines(value, st)
	p.doc.Close()
	p.y += 2
}

// beneath is what goes with the figure above it, in one line and one size, so
// that programs that guess columns keep label and value together.
func (p *sheet) beneath(label, value string) {
	line := label + " " + value
	st := p.shrink(line, second, p.w)
	p.need(st.leading() + 4)
	p.doc.Open(pdf.P)
	p.lines(line, st)
	p.doc.Close()
	p.y += 4
}

// reading is a paper's one reading: a label, the figure, a sentence.
func (p *sheet) reading(label, value, sentence string) {
	p.figure(label, value, figure)
	p.para(sentence, style{false, 10})
}

// window sets an address where a window envelope shows it; long ones run on
// below.
func (p *sheet) window(r billing.Recipient) {
	p.y = max(p.y+8, windowTop)
	x, w := p.x, p.w
	p.x, p.w = windowX, x+w-windowX
	p.doc.Open(pdf.P)
	for _, line := range append([]string{r.Name}, r.Address...) {
		p.lines(line, style{false, 10})
	}
	p.doc.Close()
	p.x, p.w = x, w
	p.y = max(p.y+6, windowEnd)
}

// notice is a paragraph under a heading of its own, beside a thick rule.
func (p *sheet) notice(title, words string) {
	p.y += 10
	p.need(40)
	start, page := p.y, p.doc.Page()
	p.x, p.w = p.x+11, p.w-11
	p.doc.Open(pdf.H2)
	p.lines(title, heading)
	p.doc.Close()
	p.para(words, body)
	p.x, p.w = p.x-11, p.w+11
	if p.doc.Page() == page {
		p.doc.Artifact(func() { p.doc.Rect(p.x, start, 3, p.y-start, black) })
	}
}

// closing is how a paper ends: where to ask, and the lender's legal lines.
func (p *sheet) closing(first string) {
	l := p.lender
	p.y += 9
	ask := ""
	if l.Phone != "" {
		ask = strings.TrimSuffix(strings.Join(nonEmpty(p.say("Questions? Call ", "¿Preguntas? Llame al ")+l.Phone, l.Hours), ", "), ".") + "."
	}
	p.para(strings.Join(nonEmpty(first, ask), " "), body)
	p.items(body, l.Website, l.Email)
	p.y += 3
	for _, legal := range l.Legal {
		p.para(legal, small)
	}
}
