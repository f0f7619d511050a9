package notice

import "strings"

// pair is a label and its figure.
type pair struct {
	label, value string
	total        bool // stands under a rule
}

// pairs draws labels at the left and figures at the right of a column, and
// keeps them on one page. A label wraps, a figure shrinks and then wraps.
func (p *paper) pairs(x, w float64, list []pair) {
	p.need(float64(len(list))*14 + 3)
	for _, v := range list {
		low := body
		if v.total {
			low = strong
			p.y += 2
			p.rule(x, x+w)
		}
		labels := p.wrap(v.label, low, w*0.66)
		st := p.shrink(v.value, low, w*0.34-4)
		values := p.wrap(v.value, st, w*0.34-4)
		for i := range max(len(labels), len(values)) {
			p.need(14)
			if i < len(labels) {
				p.text(x, p.y+11, labels[i], low)
			}
			if i < len(values) {
				p.right(x+w, p.y+11, values[i], st)
			}
			p.y += 14
		}
	}
}

// facts draws labels with wrapped text beside them.
func (p *paper) facts(x, w, label float64, list []pair) {
	for _, v := range list {
		if strings.TrimSpace(v.value) == "" {
			continue
		}
		for i, line := range p.wrap(v.value, strong, w-label) {
			p.need(13)
			if i == 0 {
				p.text(x, p.y+10, v.label, body)
			}
			p.text(x+label, p.y+10, line, strong)
			p.y += 13
		}
	}
}

// col is a table's column. Text wraps; figures stand at the right and shrink.
type col struct {
	title  string
	w      float64
	figure bool
}

// table draws rows under a head that is repeated on each page they run on to.
func (p *paper) table(cols []col, rows [][]string, total []string) {
	p.head(cols)
	for _, row := range rows {
		p.row(cols, row, body)
	}
	if total != nil {
		p.need(20)
		p.rule(left, right)
		p.row(cols, total, strong)
	}
}

func (p *paper) head(cols []col) {
	x := left
	for _, c := range cols {
		if c.figure {
			p.right(x+c.w, p.y+9, c.title, small)
		} else {
			p.text(x, p.y+9, c.title, small)
		}
		x += c.w
	}
	p.y += 13
}

const rowLead = 13.5

func (p *paper) row(cols []col, cells []string, st style) {
	lines := make([][]string, len(cols))
	styles := make([]style, len(cols))
	n := 1
	for i, c := range cols {
		styles[i] = st
		room := c.w - 6
		if c.figure {
			styles[i] = p.shrink(cells[i], st, room)
		}
		lines[i] = p.wrap(cells[i], styles[i], room)
		n = max(n, len(lines[i]))
	}
	if h := float64(n) * rowLead; p.y+h > p.floor && (n <= 8 || p.y+rowLead > p.floor) {
		p.newPage()
		p.head(cols)
	}
	for i := range n {
		if p.y+rowLead > p.floor { // a row longer than what is left of the page
			p.newPage()
			p.head(cols)
		}
		x := left
		for j, c := range cols {
			if i < len(lines[j]) && c.figure {
				p.right(x+c.w, p.y+10, lines[j][i], styles[j])
			} else if i < len(lines[j]) {
				p.text(x, p.y+10, lines[j][i], styles[j])
			}
			x += c.w
		}
		p.y += rowLead
	}
}
