package pdf

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
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
	goesOn := d.goesOn()
	p, ok := d.begin(true)
	if !ok {
		return 0
	}
	left, base := d.length(x), p.height-d.length(y)
	d.title(s, base)
	w := writer{d: d, p: p, font: style.Font, size: d.length(style.Size)}
	st := &p.state
	apart := 0 // width of a space to begin with
	if d.between(left, base, w.size) && s[0] != ' ' {
		if goesOn {
			w.show(" ")
		} else {
			apart = int(style.Font.ascii[' ']) * w.size / 1000
		}
	}
	p.fillColor(style.Color)
	p.content = appendLengths(p.content, "Td\n", left-apart-st.x, base-st.y)
	st.x, st.y = left-apart, base
	if apart > 0 {
		w.show(" ")
	}
	units := w.show(s)
	if !d.artifact {
		d.said = said{d.block(), d.page, left + (units*w.size+500)/1000, base, s[len(s)-1] != ' '}
	}
	return float64(units) * style.Size / 1000
}

// said is where the text of a paragraph, or of what else is one, stands.
type said struct {
	block     int32 // the innermost element that is not a Span
	page      int
	end, base int
	inWord    bool // it did not end in a space
}

// between says whether text at this place is to be read apart from the text
// before it: that of the same block, elsewhere than where it ended.
func (d *Doc) between(left, base, size int) bool {
	if d.artifact || !d.said.inWord || d.said.block != d.block() {
		return false
	}
	gap := left - d.said.end
	return d.said.page != d.page || d.said.base != base || gap > size/6 || gap < -size/6
}

func (d *Doc) block() int32 {
	for i := len(d.open) - 1; i > 0; i-- {
		if n := d.open[i]; d.nodes[n].tag != Span {
			return n
		}
	}
	return 0
}

// goesOn says whether text continues the marked content that is open, right
// after the text before it.
func (d *Doc) goesOn() bool {
	if d.page < 0 || d.artifact {
		return false
	}
	st := &d.pages[d.page].state
	return st.inText && st.mark == d.top()
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
	usual bool // the string is in the usual part of the font
	count int  // characters in it
}

// longest is how many characters a string may have: ISO 19005-2, 6.1.13, has
// 32,767 bytes, and each may take two and need an escape.
const longest = 8000

// show draws printable text and returns its width in thousandths of the size.
func (w *writer) show(s string) (units int) {
	for len(s) > 0 {
		kind, n := w.font.stretch(s)
		switch kind {
		case lacking:
			w.spoken(s[:n], strings.IndexFunc(s[:n], meansNothing) < 0, func() {
				for _, r := range s[:n] {
					units += w.letters(fallback(r))
				}
			})
		case accented:
			w.spoken(s[:n], true, func() { units += w.accents(s[:n]) })
		default:
			units += w.letters(s[:n])
		}
		s = s[n:]
	}
	w.close()
	return units
}

// letters draws characters that the font has.
func (w *writer) letters(s string) (units int) {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf && w.open && w.usual {
			n := min(len(s)-i, longest-w.count)
			b := w.p.content
			start := i
			for ; i < start+n && s[i] < utf8.RuneSelf; i++ { // NewFont has seen that they are all usual
				b = appendCode(b, uint16(s[i]-' '+1))
				units += int(w.font.ascii[s[i]])
			}
			w.p.content, w.count = b, w.count+i-start
			if i < len(s) && w.count == longest {
				w.close()
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		g := w.font.glyph(r)
		w.glyph(r, g)
		units += int(g.width)
		i += size
	}
	return units
}

func (w *writer) close() {
	if w.open {
		w.p.content = append(w.p.content, ")Tj\n"...)
		w.open = false
	}
}

func (w *writer) glyph(r rune, g glyph) {
	code := w.code(r, g)
	if w.count == longest {
		w.close()
	}
	if !w.open {
		w.p.content = append(w.p.content, '(')
		w.open, w.count, w.usual = true, 0, g.code != 0
	}
	w.p.content = appendCode(w.p.content, code)
	w.count++
}

// code chooses the part of the font that has a character, and gives its code
// there.
func (w *writer) code(r rune, g glyph) uint16 {
	n := w.d.use(w.font, g.code != 0)
	if n != w.p.state.font || w.size != w.p.state.size {
		w.close()
		w.choose(n)
	}
	if g.code != 0 {
		return g.code
	}
	u := &w.d.fonts[n-1]
	at := slices.Index(u.runes, r)
	if at < 0 {
		at = len(u.runes)
		u.runes = append(u.runes, r)
	}
	return uint16(at)
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

// spoken draws signs that do not say what they mean to a program, in an element
// of their own that has the text itself read, found and copied.
func (w *writer) spoken(text string, has bool, draw func()) {
	w.close()
	target := w.p.state.mark
	if !has || target == artifact {
		draw()
		w.close()
		return
	}
	actual := ActualText(text)
	w.p.content = append(w.p.content, "EMC\n"...)
	w.d.Open(Span, actual)
	w.d.mark(w.p, w.d.top(), actual)
	draw()
	w.close()
	w.d.Close()
	w.p.content = append(w.p.content, "EMC\n"...)
	w.d.mark(w.p, target)
}

// accents draws a letter and the combining marks on it, those on the same side
// one further out than the other.
func (w *writer) accents(s string) int {
	letter, n := utf8.DecodeRuneInString(s)
	base, f := w.font.glyph(letter), w.font
	w.glyph(letter, base)
	edges := f.box(letter)
	middle := (edges[0] + edges[2]) / 2
	for _, r := range s[n:] {
		g, mark := f.glyph(r), f.box(r)
		rise := 0
		switch {
		case mark[1] >= f.xHeight:
			rise = min(max(0, edges[3]-f.xHeight), farthest)
			edges[3] = mark[3] + rise
		case combiningClass(r) == below:
			rise = max(min(0, edges[1]), -farthest)
			edges[1] = mark[1] + rise
		}
		w.close()
		code := w.code(r, g)
		shift := middle - int(base.width) - (mark[0]+mark[2])/2
		b := appendLengths(w.p.content, "Ts\n", rise*w.size/1000)
		b = strconv.AppendInt(append(b, '['), int64(-shift), 10)
		b = append(appendCode(append(b, '('), code), ')')
		b = append(strconv.AppendInt(b, int64(shift+int(g.width)), 10), "]TJ\n0 Ts\n"...)
		w.p.content = b
	}
	return int(base.width)
}

// farthest is how far a mark is moved at most, in thousandths of the size: a
// hundred of them on one letter do not leave the line.
const farthest = 600

// box is the glyph's left, lower, right and upper edge in thousandths.
func (f *Font) box(r rune) (edges [4]int) {
	if outline := f.file.outline(f.file.runes[r]); len(outline) >= 10 {
		for i := range edges {
			edges[i] = f.file.thousandths(int(int16(binary.BigEndian.Uint16(outline[2+2*i:]))))
		}
	}
	return edges
}

// use is the number of a part of a font in the document, from 1.
func (d *Doc) use(f *Font, usual bool) int {
	for i, u := range d.fonts {
		if u.font == f && u.usual == usual {
			return i + 1
		}
	}
	u := used{font: f, usual: usual}
	if !usual {
		u.runes = []rune{0}
	}
	d.fonts = append(d.fonts, u)
	return len(d.fonts)
}
