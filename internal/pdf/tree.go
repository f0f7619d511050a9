package pdf

import (
	"slices"
	"strconv"
	"strings"
)

// Tag is the kind of an element in a document's structure.
type Tag uint8

// The standard structure types (ISO 32000-1, 14.8.4). A document's root is
// opened and closed by itself.
const (
	Document Tag = iota
	Sect
	H1
	H2
	H3
	P
	L     // list
	LI    // item of a list
	Lbl   // its bullet or number
	LBody // its text
	Table
	THead
	TBody
	TFoot
	TR
	TH
	TD
	Figure // has to have Alt
	Caption
	Note
	Span
	BlockQuote
	Div
)

var tagNames = [...]string{"Document", "Sect", "H1", "H2", "H3", "P", "L", "LI", "Lbl", "LBody", "Table",
	"THead", "TBody", "TFoot", "TR", "TH", "TD", "Figure", "Caption", "Note", "Span", "BlockQuote", "Div"}

func (t Tag) String() string { return tagNames[t] }

// parents are the only elements that some may stand in.
var parents = map[Tag][]Tag{
	LI: {L}, Lbl: {LI, Note}, LBody: {LI},
	THead: {Table}, TBody: {Table}, TFoot: {Table}, TR: {Table, THead, TBody, TFoot}, TH: {TR}, TD: {TR},
	Caption: {Table, Figure, L},
}

// children are the only elements that may stand in some.
var children = map[Tag][]Tag{
	L: {LI, L, Caption}, LI: {Lbl, LBody},
	Table: {THead, TBody, TFoot, TR, Caption}, THead: {TR}, TBody: {TR}, TFoot: {TR}, TR: {TH, TD},
}

// holdsText says whether what is drawn may stand directly in an element.
func (t Tag) holdsText() bool {
	switch t {
	case Document, Sect, L, LI, Table, THead, TBody, TFoot, TR, BlockQuote, Div:
		return false
	}
	return true
}

// Attribute is a property of an element.
type Attribute struct {
	kind       attributeKind
	text       string
	list       []string
	n          int
	x, y, w, h float64
}

type attributeKind uint8

const (
	altKind attributeKind = iota
	actualKind
	langKind
	scopeKind
	colSpanKind
	rowSpanKind
	idKind
	headersKind
	boxKind
	bulletsKind
)

// Alt describes a figure in words.
func Alt(s string) Attribute { return Attribute{kind: altKind, text: s} }

// ActualText is what an element says when its signs do not.
func ActualText(s string) Attribute { return Attribute{kind: actualKind, text: s} }

// Lang is the element's language (BCP 47) where it is not the document's.
func Lang(tag string) Attribute { return Attribute{kind: langKind, text: tag} }

// A header cell's scope: what it heads.
var (
	ScopeColumn = Attribute{kind: scopeKind, text: "Column"}
	ScopeRow    = Attribute{kind: scopeKind, text: "Row"}
	ScopeBoth   = Attribute{kind: scopeKind, text: "Both"}
)

// ColSpan is how many columns a cell reaches over.
func ColSpan(n int) Attribute { return Attribute{kind: colSpanKind, n: n} }

// RowSpan is how many rows a cell reaches over.
func RowSpan(n int) Attribute { return Attribute{kind: rowSpanKind, n: n} }

// ID names an element, once in a document, for Headers.
func ID(s string) Attribute { return Attribute{kind: idKind, text: s} }

// Headers names the header cells of a cell where their scope does not say.
func Headers(ids ...string) Attribute { return Attribute{kind: headersKind, list: ids} }

// Box is where a figure is: its upper left corner and its size.
func Box(x, y, w, h float64) Attribute { return Attribute{kind: boxKind, x: x, y: y, w: w, h: h} }

// Bullets and Numbers say what the labels of a list are.
var (
	Bullets = Attribute{kind: bulletsKind, text: "Disc"}
	Numbers = Attribute{kind: bulletsKind, text: "Decimal"}
)

// node is an element or, with a page, a piece of what is drawn. The first node
// is the document.
type node struct {
	parent      int32
	first, last int32
	next        int32
	page        int32 // from 1, of a piece; 0 is an element
	mcid        int32
	object      int32    // of an element: its number in the file
	attrs       [2]int32 // where in the attributes
	tag         Tag
}

type identifier struct {
	id   string
	node int32
}

type heading struct {
	node  int32
	level int
	page  int
	y     int
	title string
}

func (d *Doc) top() int32 {
	if len(d.open) == 0 {
		return -1
	}
	return d.open[len(d.open)-1]
}

// Open starts an element within the innermost one that is open.
func (d *Doc) Open(tag Tag, attributes ...Attribute) {
	if d.artifact {
		d.fail("open %s: within an artifact", tag)
	}
	up := d.top()
	if up >= 0 {
		outer := d.nodes[up].tag
		if only, has := parents[tag]; has && !slices.Contains(only, outer) {
			d.fail("open %s: within %s", tag, outer)
		}
		if only, has := children[outer]; has && !slices.Contains(only, tag) {
			d.fail("open %s: within %s", tag, outer)
		}
	}
	n := int32(len(d.nodes))
	d.nodes = append(d.nodes, node{parent: up, tag: tag})
	d.adopt(up, n)
	d.open = append(d.open, n)
	switch tag {
	case H1, H2, H3:
		d.openHeading(n, int(tag-H1)+1)
	case Table:
		d.tables = append(d.tables, table{})
	}
	d.attribute(n, attributes)
}

// adopt puts a node after its parent's last.
func (d *Doc) adopt(parent, n int32) {
	if parent < 0 {
		return
	}
	p := &d.nodes[parent]
	if p.last == 0 {
		p.first = n
	} else {
		d.nodes[p.last].next = n
	}
	p.last = n
}

func (d *Doc) openHeading(n int32, level int) {
	if level > d.level+1 {
		d.fail("open H%d: after H%d", level, d.level)
	}
	d.level = level
	d.headings = append(d.headings, heading{node: n, level: level, page: -1})
}

// Close ends the innermost element.
func (d *Doc) Close() {
	if len(d.open) < 2 {
		d.fail("close: no element is open")
		return
	}
	n := d.top()
	d.open = d.open[:len(d.open)-1]
	switch tag := d.nodes[n].tag; tag {
	case TR:
		d.closeRow()
	case THead, TBody, TFoot:
		d.closeRows()
	case Table:
		d.closeRows()
		d.closeTable(n)
		d.tables = d.tables[:len(d.tables)-1]
	case L:
		if d.nodes[n].first != 0 {
			d.captions(d.nodes[d.nodes[n].first].next, tag)
		}
	}
}

// In writes one element: it opens it, calls draw and closes it.
func (d *Doc) In(tag Tag, draw func(), attributes ...Attribute) {
	d.Open(tag, attributes...)
	draw()
	d.Close()
}

// Artifact draws what is no part of the document's text: rules, page heads and
// page numbers. An element that is open goes on after it.
func (d *Doc) Artifact(draw func()) {
	was := d.artifact
	d.artifact = true
	draw()
	d.artifact = was
}

// attribute writes an element's properties: those of the element itself, then
// those that belong to a standard owner.
func (d *Doc) attribute(n int32, attributes []Attribute) {
	tag := d.nodes[n].tag
	b := d.attrs
	from := len(b)
	var table, layout, list []byte // rarely more than one, and short
	var space [3][48]byte
	table, layout, list = space[0][:0], space[1][:0], space[2][:0]
	columns, rows, named, described := 1, 1, false, false
	for _, a := range attributes {
		switch a.kind {
		case altKind:
			described = described || strings.TrimSpace(a.text) != ""
			b = d.appendText(append(b, "/Alt"...), a.text)
		case actualKind:
			described = true
			b = d.appendText(append(b, "/ActualText"...), a.text)
		case langKind:
			d.language(a.text)
			b = d.appendText(append(b, "/Lang"...), a.text)
		case scopeKind:
			table = append(append(table, "/Scope/"...), a.text...)
		case colSpanKind:
			columns = a.n
			table = strconv.AppendInt(append(table, "/ColSpan "...), int64(a.n), 10)
		case rowSpanKind:
			rows = a.n
			table = strconv.AppendInt(append(table, "/RowSpan "...), int64(a.n), 10)
		case idKind:
			named = true
			if a.text == "" || strings.ContainsFunc(a.text, func(r rune) bool { return r <= ' ' || r > '~' }) {
				d.fail("open %s: the ID %q", tag, a.text)
			}
			d.ids = append(d.ids, identifier{a.text, n})
			b = d.appendText(append(b, "/ID"...), a.text)
		case headersKind:
			table = append(table, "/Headers["...)
			for _, id := range a.list {
				d.wanted = append(d.wanted, id)
				table = d.appendText(table, id)
			}
			table = append(table, ']')
		case boxKind:
			layout = d.appendBox(append(layout, "/BBox"...), a)
		case bulletsKind:
			list = append(append(list, "/ListNumbering/"...), a.text...)
		}
	}
	switch tag {
	case TH, TD:
		d.cell(tag, columns, rows)
	case Figure:
		if !described {
			d.fail("open Figure: nothing says in words what it shows")
		}
		layout = append(layout, "/Placement/Block"...)
	case Note:
		if !named { // required by ISO 14289-1, 7.9
			id := "note-" + strconv.Itoa(int(n))
			d.ids = append(d.ids, identifier{id, n})
			b = d.appendText(append(b, "/ID"...), id)
		}
	}
	if len(table)+len(layout)+len(list) > 0 {
		b = append(b, "/A["...)
		b = appendOwned(b, "Table", table)
		b = appendOwned(b, "Layout", layout)
		b = appendOwned(b, "List", list)
		b = append(b, ']')
	}
	d.attrs = b
	d.nodes[n].attrs = [2]int32{int32(from), int32(len(b))}
}

func appendOwned(b []byte, owner string, properties []byte) []byte {
	if len(properties) == 0 {
		return b
	}
	b = append(append(b, "<</O/"...), owner...)
	return append(append(b, properties...), ">>"...)
}

func (d *Doc) appendBox(b []byte, a Attribute) []byte {
	if d.page < 0 {
		d.fail("open Figure: there is no page")
		return b
	}
	h := d.pages[d.page].height
	b = append(b, '[')
	for i, v := range []int{d.length(a.x), h - d.length(a.y+a.h), d.length(a.x + a.w), h - d.length(a.y)} {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendLength(b, v)
	}
	return append(b, ']')
}
