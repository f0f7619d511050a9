package paper

import (
	"strings"

	"marque/internal/pdf"
)

// pair is a label and its figure.
type pair struct {
	label, value string
	total        bool       // stands under a rule
	key          *pdf.Color // its colour in the chart above
}

const pairLead = 13.2

// pairs are labels at the left and figures at the right of the frame, as a table
// whose labels are its rows' headers. A label wraps, a figure shrinks and then
// wraps.
func (p *sheet) pairs(list []pair) {
	if len(list) == 0 {
		return
	}
	p.need(min(float64(len(list)), 10)*pairLead + 3)
	p.doc.Open(pdf.Table)
	for i, v := range list {
		st := body
		if v.total {
			st = strong
			p.y += 2
			if i > 0 {
				p.doc.Artifact(func() { p.doc.Line(p.x, p.y, p.x+p.w, p.y, thin) })
			}
			p.y++
		}
		x := p.x
		if v.key != nil {
			p.need(pairLead)
			p.doc.Artifact(func() { p.doc.Rect(x, p.y+2.5, 6.5, 6.5, *v.key) })
			x += 10
		}
		room := max(p.w*0.36, min(p.width(v.value, st), p.w*0.5)) - 4
		vs := p.shrink(v.value, st, room)
		p.row([]cell{
			{lines: p.wrap(v.label, st, p.w-room-8-x+p.x), style: st, x: x, tag: pdf.TH, scope: &pdf.ScopeRow},
			{lines: p.wrap(v.value, vs, room), style: vs, x: p.x + p.w, figure: true, tag: pdf.TD},
		}, pairLead, nil)
	}
	p.doc.Close()
}

// facts are labels with what they name beside them; those without it are left
// out.
func (p *sheet) facts(label float64, list []pair) { p.labelled(label, body, strong, list) }

// ways are names with sentences beside them.
func (p *sheet) ways(label float64, list []pair) { p.labelled(label, strong, body, list) }

func (p *sheet) labelled(label float64, first, second style, list []pair) {
	open := false
	for _, v := range list {
		if strings.TrimSpace(v.value) == "" {
			continue
		}
		if !open {
			p.doc.Open(pdf.Table)
			open = true
		}
		p.row([]cell{
			{lines: p.wrap(v.label, first, label-6), style: first, x: p.x, tag: pdf.TH, scope: &pdf.ScopeRow},
			{lines: p.wrap(v.value, second, p.w-label), style: second, x: p.x + label, tag: pdf.TD},
		}, 12.6, nil)
	}
	if open {
		p.doc.Close()
	}
}

// col is a table's column. Text wraps; figures stand at the right and shrink.
type col struct {
	title  string
	w      float64
	figure bool
}

// cell is what stands in one column of a row.
type cell struct {
	lines  []string
	style  style
	x      float64 // where it begins, or a figure ends
	figure bool
	tag    pdf.Tag
	scope  *pdf.Attribute
}

const rowLead = 12.6

// table draws rows under a head that is repeated, as an artifact, on each page
// they run on to.
func (p *sheet) table(cols []col, rows [][]string, total []string) {
	p.need(30)
	p.doc.Open(pdf.Table)
	titles := make([]string, len(cols))
	for i, c := range cols {
		titles[i] = c.title
	}
	h := p.cells(cols, titles, small, pdf.TH)
	high := 1
	for i := range h {
		h[i].scope = &pdf.ScopeColumn
		high = max(high, len(h[i].lines))
	}
	p.doc.Open(pdf.THead)
	p.row(h, 10, nil)
	p.doc.Close()
	p.y++
	again := func() {
		p.doc.Artifact(func() {
			for _, c := range h {
				p.drawCell(c, 0, len(c.lines), 10)
			}
			p.y += 10*float64(high) + 1
		})
	}
	p.doc.Open(pdf.TBody)
	for _, row := range rows {
		p.row(p.cells(cols, row, body, pdf.TD), rowLead, again)
	}
	p.doc.Close()
	if total != nil {
		p.y++
		p.doc.Open(pdf.TFoot)
		row := p.cells(cols, total, strong, pdf.TD)
		row[0].tag, row[0].scope = pdf.TH, &pdf.ScopeRow
		p.need(rowLead)
		p.doc.Artifact(func() { p.doc.Line(p.x, p.y, p.x+p.w, p.y, thin) })
		p.row(row, rowLead, again)
		p.doc.Close()
	}
	p.doc.Close()
}

func (p *sheet) cells(cols []col, texts []string, st style, tag pdf.Tag) []cell {
	out := make([]cell, len(cols))
	x := p.x
	for i, c := range cols {
		room := c.w - 6
		out[i] = cell{style: st, x: x, figure: c.figure, tag: tag}
		if c.figure {
			out[i].x = x + c.w
			out[i].style = p.shrink(texts[i], st, room)
		}
		out[i].lines = p.wrap(texts[i], out[i].style, room)
		x += c.w
	}
	return out
}

// row draws cells side by side, each read as a whole. A row that the page has no
// room for goes to the next; one that no page has room for goes on there as
// another row. again repeats the table's head at the top of a page.
func (p *sheet) row(cells []cell, lead float64, again func()) {
	n := 1
	for _, c := range cells {
		n = max(n, len(c.lines))
	}
	fresh := func() {
		p.newPage()
		if again != nil {
			again()
		}
	}
	for from := 0; from < n; {
		fits := int((p.floor - p.y) / lead)
		if fits < n-from && (n <= 8 || fits < 1) {
			fresh()
			fits = int((p.floor - p.y) / lead)
		}
		to := min(n, from+max(1, fits))
		p.doc.Open(pdf.TR)
		for _, c := range cells {
			if c.scope != nil {
				p.doc.Open(c.tag, *c.scope)
			} else {
				p.doc.Open(c.tag)
			}
			p.drawCell(c, min(from, len(c.lines)), min(to, len(c.lines)), lead)
			p.doc.Close()
		}
		p.doc.Close()
		p.y += float64(to-from) * lead
		from = to
	}
	if n > 1 {
		p.y += 1.5
	}
}

func (p *sheet) drawCell(c cell, from, to int, lead float64) {
	for i := from; i < to; i++ {
		x, y := c.x, p.y+c.style.size+float64(i-from)*lead
		if c.figure {
			x -= p.width(c.lines[i], c.style)
		}
		p.text(x, y, c.lines[i], c.style)
	}
}
