package pdf

import "strconv"

// Color is red, green and blue in sRGB; the zero value is black.
type Color struct{ R, G, B uint8 }

// Style is how text looks.
type Style struct {
	Font  *Font
	Size  float64 // in points
	Color Color
}

// Pen is how lines are drawn.
type Pen struct {
	Width float64 // in points
	Color Color
	Dash  []float64 // lengths of lines and gaps in turn, in points; none is a solid line
}

// Point is a place on the page.
type Point struct{ X, Y float64 }

// state is what a page's content has last set, so that it is not set again.
type state struct {
	inText     bool
	mark       int32 // the element whose marked content is open; none, artifact
	markInText bool
	font       int // in the document's fonts, from 1
	size       int
	fill, line Color
	width      int
	dashed     bool
	x, y       int // where the last text began
}

const (
	nothing  = -1
	artifact = -2
)

func (s *state) reset() { *s = state{mark: nothing, width: 100} }

// appendLength writes hundredths as a decimal number.
func appendLength(b []byte, v int) []byte {
	if v < 0 {
		b, v = append(b, '-'), -v
	}
	b = strconv.AppendInt(b, int64(v/100), 10)
	if c := v % 100; c != 0 {
		b = append(b, '.', '0'+byte(c/10))
		if c%10 != 0 {
			b = append(b, '0'+byte(c%10))
		}
	}
	return b
}

func appendLengths(b []byte, operator string, vs ...int) []byte {
	for _, v := range vs {
		b = append(appendLength(b, v), ' ')
	}
	return append(b, operator...)
}

// begin readies the page for drawing in the innermost element or as an
// artifact, and says whether it can be.
func (d *Doc) begin(text bool) (*page, bool) {
	if d.err != nil {
		return nil, false
	}
	if d.page < 0 {
		d.fail("draw: there is no page")
		return nil, false
	}
	target := int32(artifact)
	if !d.artifact {
		target = d.top()
		if tag := d.nodes[target].tag; !tag.holdsText() {
			d.fail("draw: directly within %s", tag)
			return nil, false
		}
	}
	p := &d.pages[d.page]
	s := &p.state
	if s.mark != nothing && (s.mark != target || s.markInText != text) {
		p.content = append(p.content, "EMC\n"...)
		s.mark = nothing
	}
	if s.inText != text {
		if text {
			p.content = append(p.content, "BT\n"...)
			s.x, s.y = 0, 0
		} else {
			p.content = append(p.content, "ET\n"...)
		}
		s.inText = text
	}
	if s.mark == nothing {
		d.mark(p, target)
		s.mark, s.markInText = target, text
	}
	return p, true
}

// mark opens a marked content sequence. Text that it says instead of what is
// drawn is repeated there for programs that do not read the structure.
func (d *Doc) mark(p *page, target int32, says ...Attribute) {
	if target == artifact {
		p.content = append(p.content, "/Artifact BMC\n"...)
		return
	}
	mcid := int32(len(p.parents))
	p.parents = append(p.parents, target)
	n := int32(len(d.nodes))
	d.nodes = append(d.nodes, node{parent: target, page: int32(d.page) + 1, mcid: mcid})
	d.adopt(target, n)
	p.content = append(p.content, '/')
	p.content = append(p.content, tagNames[d.nodes[target].tag]...)
	p.content = append(p.content, "<</MCID "...)
	p.content = strconv.AppendInt(p.content, int64(mcid), 10)
	for _, a := range says {
		p.content = d.appendText(append(p.content, "/ActualText"...), a.text)
	}
	p.content = append(p.content, ">>BDC\n"...)
}

// end closes what is open on a page.
func (p *page) end() {
	if p.state.mark != nothing {
		p.content = append(p.content, "EMC\n"...)
	}
	if p.state.inText {
		p.content = append(p.content, "ET\n"...)
	}
	p.state.mark, p.state.inText = nothing, false
}

func appendColor(b []byte, c Color, gray, rgb string) []byte {
	if c.R == c.G && c.G == c.B {
		return append(append(appendPart(b, c.R), ' '), gray...)
	}
	for _, v := range [...]uint8{c.R, c.G, c.B} {
		b = append(appendPart(b, v), ' ')
	}
	return append(b, rgb...)
}

// appendPart writes v/255 to three decimals.
func appendPart(b []byte, v uint8) []byte {
	switch n := (int(v)*1000 + 127) / 255; n {
	case 0:
		return append(b, '0')
	case 1000:
		return append(b, '1')
	default:
		return append(b, '.', '0'+byte(n/100), '0'+byte(n/10%10), '0'+byte(n%10))
	}
}

func (p *page) fillColor(c Color) {
	if p.state.fill != c {
		p.state.fill = c
		p.content = appendColor(p.content, c, "g\n", "rg\n")
	}
}

// Rect fills a rectangle.
func (d *Doc) Rect(x, y, w, h float64, c Color) {
	p, ok := d.begin(false)
	if !ok {
		return
	}
	p.fillColor(c)
	p.content = appendLengths(p.content, "re f\n", d.length(x), p.height-d.length(y+h), d.length(w), d.length(h))
}

// Line draws a straight line.
func (d *Doc) Line(x1, y1, x2, y2 float64, pen Pen) {
	d.Stroke(pen, Point{x1, y1}, Point{x2, y2})
}

// Stroke draws a line through points.
func (d *Doc) Stroke(pen Pen, points ...Point) {
	p, ok := d.begin(false)
	if !ok || len(points) < 2 {
		return
	}
	s := &p.state
	if s.line != pen.Color {
		s.line = pen.Color
		p.content = appendColor(p.content, pen.Color, "G\n", "RG\n")
	}
	if w := d.length(pen.Width); s.width != w {
		s.width = w
		p.content = appendLengths(p.content, "w\n", w)
	}
	if s.dashed || len(pen.Dash) > 0 {
		s.dashed = len(pen.Dash) > 0
		p.content = append(p.content, '[')
		for _, v := range pen.Dash {
			p.content = append(appendLength(p.content, max(d.length(v), 1)), ' ')
		}
		p.content = append(p.content, "]0 d\n"...)
	}
	d.path(p, points)
	p.content = append(p.content, "S\n"...)
}

// Fill fills the shape between points.
func (d *Doc) Fill(c Color, points ...Point) {
	p, ok := d.begin(false)
	if !ok || len(points) < 3 {
		return
	}
	p.fillColor(c)
	d.path(p, points)
	p.content = append(p.content, "f\n"...)
}

func (d *Doc) path(p *page, points []Point) {
	for i, at := range points {
		op := "l\n"
		if i == 0 {
			op = "m\n"
		}
		p.content = appendLengths(p.content, op, d.length(at.X), p.height-d.length(at.Y))
	}
}
