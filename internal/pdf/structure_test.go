package pdf_test

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// element is a part of a document's structure as a program that reads aloud
// has it.
type element struct {
	tag   string
	says  string // Alt or ActualText
	text  string // what is drawn directly in it
	kids  []element
	attrs dict // of all owners
}

// reading is the element's text in the order of reading.
func (e element) reading() string {
	if e.tag == "Span" && e.says != "" {
		return e.says
	}
	var b strings.Builder
	b.WriteString(e.text)
	for _, k := range e.kids {
		b.WriteString(k.reading())
	}
	return b.String()
}

func (e element) each(visit func(element)) {
	visit(e)
	for _, k := range e.kids {
		k.each(visit)
	}
}

// piece is the text of one marked content sequence.
type piece struct {
	page ref
	mcid int
}

type walker struct {
	*reader
	pieces map[piece]string
	owners map[piece]ref
	err    error
}

func (w *walker) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// structure reads a document's structure and checks that it is whole: all that
// is drawn is in exactly one element or an artifact, every character has a
// width and a meaning, rows of a table are equally long, no level of heading
// is skipped, figures are described.
func structure(file []byte) (element, error) {
	r, err := read(file)
	if err != nil {
		return element{}, err
	}
	w := &walker{reader: r, pieces: map[piece]string{}, owners: map[piece]ref{}}
	root := r.dict(r.catalog()["StructTreeRoot"])
	numbers := r.dict(root["ParentTree"])["Nums"].(array)
	for i, p := range r.dict(r.catalog()["Pages"])["Kids"].(array) {
		page := r.dict(p)
		if page["StructParents"] != float64(i) || page["Tabs"] != name("S") || numbers[2*i] != float64(i) {
			w.fail("page %d is not in the parent tree", i)
			continue
		}
		w.page(p.(ref), page, numbers[2*i+1].(array))
	}
	if w.err != nil {
		return element{}, w.err
	}
	document := w.element(root["K"].(ref), r.catalog()["StructTreeRoot"].(ref))
	for p := range w.pieces {
		w.fail("piece %v is in no element", p)
	}
	level := 0
	document.each(func(e element) {
		w.check(e)
		if len(e.tag) == 2 && e.tag[0] == 'H' {
			n := int(e.tag[1] - '0')
			if n > level+1 {
				w.fail("%s after H%d", e.tag, level)
			}
			level = n
		}
	})
	return document, w.err
}

func (w *walker) check(e element) {
	switch {
	case e.tag == "Figure" && e.says == "":
		w.fail("a figure without a description")
	case e.tag == "TH" && e.attrs["Scope"] == nil:
		w.fail("header cell %q without a scope", e.reading())
	case e.tag == "Table":
		columns := map[int]bool{}
		reach := map[int]int{} // columns that cells above take, by how many rows more
		e.each(func(row element) {
			if row.tag != "TR" {
				return
			}
			n := 0
			still := map[int]int{}
			for rows, wide := range reach {
				n += wide
				if rows > 1 {
					still[rows-1] += wide
				}
			}
			for _, cell := range row.kids {
				wide, rows := 1, 1
				if span, is := cell.attrs["ColSpan"].(float64); is {
					wide = int(span)
				}
				if span, is := cell.attrs["RowSpan"].(float64); is {
					rows = int(span)
				}
				n += wide
				if rows > 1 {
					still[rows-1] += wide
				}
			}
			columns[n], reach = true, still
		})
		if len(columns) > 1 {
			w.fail("rows of different lengths: %v", columns)
		}
	}
}

func (w *walker) element(self, parent ref) element {
	d := w.dict(self)
	if d["P"] != parent {
		w.fail("element %d has parent %v, not %d", self, d["P"], parent)
	}
	e := element{tag: string(d["S"].(name)), attrs: dict{}}
	for _, key := range []string{"Alt", "ActualText"} {
		if s, is := d[key].(string); is {
			e.says = text(s)
		}
	}
	owned, _ := d["A"].(array)
	for _, o := range owned {
		for k, v := range o.(dict) {
			e.attrs[k] = v
		}
	}
	kids, several := d["K"].(array)
	if !several && d["K"] != nil {
		kids = array{d["K"]}
	}
	for _, k := range kids {
		p := piece{mcid: -1}
		p.page, _ = d["Pg"].(ref)
		switch k := k.(type) {
		case ref:
			e.kids = append(e.kids, w.element(k, self))
			continue
		case float64:
			p.mcid = int(k)
		case dict:
			p.page, p.mcid = k["Pg"].(ref), int(k["MCID"].(float64))
		}
		s, has := w.pieces[p]
		if !has || w.owners[p] != self {
			w.fail("element %d has piece %v, which is %v's", self, p, w.owners[p])
		}
		delete(w.pieces, p)
		// Between two elements the order of the text is that of the kids.
		e.kids = append(e.kids, element{tag: "text", text: s})
	}
	return e
}

// page reads what is drawn on a page into pieces.
func (w *walker) page(self ref, page dict, parents array) {
	fonts := w.fonts(page)
	s := scanner{b: w.get(page["Contents"]).(stream).data}
	var operands []any
	var here *piece
	var font map[uint16]string
	marked, inText := false, false
	for {
		v, err := s.object()
		if err != nil {
			break
		}
		op, is := v.(operator)
		if !is {
			operands = append(operands, v)
			continue
		}
		switch op {
		case "BDC", "BMC":
			if marked {
				w.fail("marked content within marked content")
			}
			marked = true
			if op == "BDC" {
				here = &piece{self, int(operands[1].(dict)["MCID"].(float64))}
				if here.mcid != len(w.owned(self)) || here.mcid >= len(parents) {
					w.fail("piece %v is out of turn", here)
					return
				}
				w.pieces[*here], w.owners[*here] = "", parents[here.mcid].(ref)
			}
		case "EMC":
			marked, here = false, nil
		case "BT", "ET":
			if inText == (op == "BT") {
				w.fail("%s twice", op)
			}
			inText = op == "BT"
		case "Tf":
			font = fonts[operands[0].(name)]
		case "Tj", "TJ":
			if !marked || !inText || font == nil {
				w.fail("text that is not marked, or without a font")
			}
			said := w.said(operands[0], font)
			if here != nil {
				w.pieces[*here] += said
			}
		case "f", "S":
			if !marked || inText {
				w.fail("a shape that is not marked, or within text")
			}
		case "Td", "Ts", "re", "m", "l", "w", "d", "g", "rg", "G", "RG":
		default:
			w.fail("operator %q", op)
		}
		operands = operands[:0]
	}
	if s.at != len(s.b) || marked || inText || len(w.owned(self)) != len(parents) {
		w.fail("page %d ends amid something", self)
	}
}

func (w *walker) owned(page ref) (out []piece) {
	for p := range w.pieces {
		if p.page == page {
			out = append(out, p)
		}
	}
	return out
}

func (w *walker) said(shown any, font map[uint16]string) string {
	var b strings.Builder
	parts, is := shown.(array)
	if !is {
		parts = array{shown}
	}
	for _, part := range parts {
		codes, is := part.(string)
		if !is {
			continue
		}
		for i := 0; i+1 < len(codes); i += 2 {
			c, has := font[uint16(codes[i])<<8|uint16(codes[i+1])]
			if !has {
				w.fail("code %x means nothing", codes[i:i+2])
			}
			b.WriteString(c)
		}
	}
	return b.String()
}

// fonts are the meanings of the codes of a page's fonts.
func (w *walker) fonts(page dict) map[name]map[uint16]string {
	out := map[name]map[uint16]string{}
	for key, v := range w.dict(w.dict(page["Resources"])["Font"]) {
		font := w.dict(v)
		meaning := map[uint16]string{}
		cid := w.dict(font["DescendantFonts"].(array)[0])
		widths := cid["W"].(array)[1].(array)
		lines := strings.Split(string(w.get(font["ToUnicode"]).(stream).data), "\n")
		for _, line := range lines {
			var code uint16
			var hex string
			if n, _ := fmt.Sscanf(strings.ReplaceAll(line, "><", "> <"), "<%x> <%s", &code, &hex); n != 2 {
				continue
			}
			var units []uint16
			for hex = strings.TrimSuffix(hex, ">"); len(hex) >= 4; hex = hex[4:] {
				var u uint16
				if _, err := fmt.Sscanf(hex[:4], "%x", &u); err != nil {
					w.fail("%v", err)
				}
				units = append(units, u)
			}
			if int(code) >= len(widths) || code == 0 {
				w.fail("code %d has no width", code)
			}
			meaning[code] = string(utf16.Decode(units))
		}
		if program, is := w.get(w.dict(cid["FontDescriptor"])["FontFile2"]).(stream); !is ||
			float64(len(program.data)) != program.dict["Length1"] {
			w.fail("font %s is not in the file", key)
		}
		out[name(key)] = meaning
	}
	return out
}

// text is a text string in the one or the other encoding.
func text(s string) string {
	if !strings.HasPrefix(s, "\xfe\xff") {
		return s
	}
	var units []uint16
	for i := 2; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(units))
}
