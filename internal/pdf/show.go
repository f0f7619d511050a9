package pdf

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// Text draws one line with its baseline at y in the innermost open element, or
// as an artifact, and returns how wide it is. See Printable for what becomes of
// unusual characters; those that the font lacks are shown by name. Text that
// goes on in the same element at another place is read with a space between.
func (d *Doc) Text(x, y float64, s string, style Style) float64 {
	if style.Font == nil || !(style.Size > 0) {
		d.fail("draw text: no font, or a size of %g points", style.Size)
		return 0
	}
	s = style.Font.Printable(s)
	if s == "" {
		return 0
	}
	p, ok := d.begin(true)
	if !ok {
		return 0
	}
	left, base := d.length(x), p.height-d.length(y)
	d.title(s, base)
	w := writer{d: d, p: p, font: style.Font, size: d.length(style.Size)}
	st := &p.state
	if gap := left - st.end; st.joined && s[0] != ' ' && (base != st.y || gap > w.size/6 || gap < -w.size/6) {
		w.show(" ")
	}
	p.fillColor(style.Color)
	p.content = appendLengths(p.content, "Td\n", left-st.x, base-st.y)
	units := w.show(s)
	st.x, st.y, st.end = left, base, left+(units*w.size+500)/1000
	st.joined = s[len(s)-1] != ' '
	return float64(units) * style.Size / 1000
}

// title adds what is drawn within a heading to the outline's entry.
func (d *Doc) title(s string, y int) {
	if len(d.headings) == 0 || d.artifact {
		return
	}
	h := &d.headings[len(d.headings)-1]
	for i := len(d.open) - 1; i > 0; i-- {
		if d.open[i] != h.node {
			continue
		}
		if h.page < 0 {
			h.page, h.y = d.page, y
		} else {
			h.title += " "
		}
		h.title += s
		return
	}
}

// writer shows text in one font and size where the page's text stands.
type writer struct {
	d     *Doc
	p     *page
	font  *Font
	size  int
	open  bool // within a string
	count int  // characters in it
}

// longest is how many characters a string may have: ISO 19005-2, 6.1.13, has
// 32,767 bytes, and each may take two and need an escape.
const longest = 8000

// show draws printable text and returns its width in thousandths of the size.
func (w *writer) show(s string) (units int) {
	var before rune
	lacking := -1 // where characters that the font lacks begin
	for i, r := range s {
		g, attached := w.font.stand(r, before)
		if lacking >= 0 && g.code != 0 {
			units += w.name(s[lacking:i])
			lacking = -1
		}
		switch {
		case attached:
			w.mark(g, w.font.glyph(before), r, before)
			continue
		case g.code != 0:
			w.glyph(g)
			units += int(g.width)
		case lacking < 0:
			lacking = i
		}
		before = r
	}
	if lacking >= 0 {
		units += w.name(s[lacking:])
	}
	w.close()
	return units
}

func (w *writer) close() {
	if w.open {
		w.p.content = append(w.p.content, ")Tj\n"...)
		w.open = false
	}
}

func (w *writer) glyph(g glyph) {
	if n := w.d.use(w.font, g.block); n != w.p.state.font || w.size != w.p.state.size {
		w.close()
		w.choose(n)
	}
	if w.count == longest {
		w.close()
	}
	if !w.open {
		w.p.content = append(w.p.content, '(')
		w.open, w.count = true, 0
	}
	w.p.content = appendCode(w.p.content, g.code)
	w.count++
}

func (w *writer) choose(n int) {
	w.p.state.font, w.p.state.size = n, w.size
	w.p.content = strconv.AppendInt(append(w.p.content, "/F"...), int64(n), 10)
	w.p.content = appendLengths(append(w.p.content, ' '), "Tf\n", w.size)
}

func appendCode(b []byte, code uint16) []byte {
	for _, c := range [...]byte{byte(code >> 8), byte(code)} {
		switch c {
		case '(', ')', '\\':
			b = append(b, '\\', c)
		case '\r': // would be read as a line end of any kind
			b = append(b, '\\', 'r')
		default:
			b = append(b, c)
		}
	}
	return b
}

// name draws the names of characters that the font lacks, in an element of
// their own that has the characters themselves read, found and copied.
func (w *writer) name(s string) (units int) {
	w.close()
	target := w.p.state.mark
	span := target != artifact && strings.IndexFunc(s, func(r rune) bool { return !hasText(r) }) < 0
	if span {
		actual := ActualText(s)
		w.p.content = append(w.p.content, "EMC\n"...)
		w.d.Open(Span, actual)
		w.d.mark(w.p, w.d.top(), actual)
	}
	for _, r := range s {
		for _, c := range fallback(r) {
			g := w.font.glyph(c)
			w.glyph(g)
			units += int(g.width)
		}
	}
	w.close()
	if span {
		w.d.Close()
		w.p.content = append(w.p.content, "EMC\n"...)
		w.d.mark(w.p, target)
	}
	return units
}

// mark draws a combining mark on the letter before it: in its middle, and
// above a letter that is taller than an x by as much as it is taller.
func (w *writer) mark(g, base glyph, r, letter rune) {
	w.close()
	if n := w.d.use(w.font, g.block); n != w.p.state.font || w.size != w.p.state.size {
		w.choose(n)
	}
	f := w.font
	over, under := f.box(r), f.box(letter)
	shift := (under[0]+under[2])/2 - int(base.width) - (over[0]+over[2])/2
	rise := 0
	if over[1] >= f.xHeight {
		rise = max(0, under[3]-f.xHeight)
	}
	b := w.p.content
	if rise > 0 {
		b = appendLengths(b, "Ts\n", rise*w.size/1000)
	}
	b = strconv.AppendInt(append(b, '['), int64(-shift), 10)
	b = append(appendCode(append(b, '('), g.code), ')')
	b = append(strconv.AppendInt(b, int64(shift+int(g.width)), 10), "]TJ\n"...)
	if rise > 0 {
		b = append(b, "0 Ts\n"...)
	}
	w.p.content = b
}

// box is the glyph's left, lower, right and upper edge in thousandths.
func (f *Font) box(r rune) (edges [4]int) {
	if outline := f.file.outline(f.file.runes[r]); len(outline) >= 10 {
		for i := range edges {
			edges[i] = f.file.thousandths(int(int16(binary.BigEndian.Uint16(outline[2+2*i:]))))
		}
	}
	return edges
}

// use is the number of a block of a font in the document, from 1.
func (d *Doc) use(f *Font, block uint8) int {
	for i, u := range d.fonts {
		if u.font == f && u.block == block {
			return i + 1
		}
	}
	d.fonts = append(d.fonts, used{f, block})
	return len(d.fonts)
}
