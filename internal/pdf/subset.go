package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// A document takes a font in one or two parts. The usual characters are cut out
// and packed once for all documents, which take that part over as it is. The
// others, which most documents have none of, are cut out for each document: only
// those that it has, in the order in which it first has them. So the same calls
// give the same bytes whatever other documents have had.

// part is a part of a font as a document takes it.
type part struct {
	name      string // with the tag that tells parts of a font apart
	file      []byte // packed TrueType
	length    int    // of the file unpacked
	widths    []byte
	toUnicode []byte // packed
}

// usual are Windows-1252, which has all of English and Spanish, and the signs
// that papers use.
func usual() []rune {
	var out []rune
	for r := rune(0x20); r < 0x7f; r++ {
		out = append(out, r)
	}
	for r := rune(0xa1); r <= 0xff; r++ {
		out = append(out, r)
	}
	return append(out, []rune("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ−✓→")...)
}

// divide says of each character where it is: the usual ones have their code,
// the others get one in each document.
func (f *Font) divide() {
	f.usual = []rune{0}
	for r, id := range f.file.runes {
		if f.pages[r>>8] == nil {
			f.pages[r>>8] = make([]glyph, 256)
		}
		advance, _ := f.file.metric(id)
		f.pages[r>>8][r&255] = glyph{width: uint16(f.file.thousandths(int(advance))), has: true}
	}
	for _, r := range usual() {
		if f.Covers(r) {
			f.pages[r>>8][r&255].code = uint16(len(f.usual))
			f.usual = append(f.usual, r)
		}
	}
	f.prepared = sync.OnceValue(func() part { return f.cut(f.usual, new(heads)) })
}

// cut makes the part of the font that has these characters, by code. Code 0 is
// the glyph for what is missing.
func (f *Font) cut(runes []rune, seen *heads) part {
	ids := make([]uint16, len(runes))
	for i, r := range runes {
		ids[i] = f.file.runes[r]
	}
	file := f.file.subset(ids)
	var widths bytes.Buffer
	widths.WriteString("[0[")
	for i, id := range ids {
		advance, _ := f.file.metric(id)
		if i > 0 {
			widths.WriteByte(' ')
		}
		fmt.Fprint(&widths, f.file.thousandths(int(advance)))
	}
	widths.WriteString("]]")
	sum := sha256.Sum256(file)
	var tag [6]byte
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return part{
		name:      string(tag[:]) + "+" + f.name,
		file:      fontBook().deflate(nil, file, seen),
		length:    len(file),
		widths:    widths.Bytes(),
		toUnicode: objectBook().deflate(nil, toUnicode(runes), seen),
	}
}

// toUnicode is the CMap that gives back the characters of the codes.
func toUnicode(runes []rune) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n" +
		"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	for code := 1; code < len(runes); code += 100 { // a section may have a hundred lines
		last := min(code+100, len(runes))
		fmt.Fprintf(&b, "%d beginbfchar\n", last-code)
		for c := code; c < last; c++ {
			fmt.Fprintf(&b, "<%04X><%X>\n", c, utf16BE(nil, string(runes[c])))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end\n")
	return b.Bytes()
}

// subset writes a TrueType file with these glyphs in this order and the parts
// that composite ones are put together of after them.
func (t *trueType) subset(ids []uint16) []byte {
	ids = slices.Clone(ids)
	place := make(map[uint16]int)
	for i, id := range ids {
		if _, has := place[id]; !has {
			place[id] = i
		}
	}
	var glyf, hmtx, loca []byte
	var starts []int
	for i := 0; i < len(ids); i++ { // ids grows
		advance, bearing := t.metric(ids[i])
		hmtx = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(hmtx, advance), bearing)
		at := len(glyf)
		starts = append(starts, at)
		glyf = append(glyf, t.outline(ids[i])...)
		eachPart(glyf[at:], func(number []byte) {
			id := binary.BigEndian.Uint16(number)
			if int(id) >= len(t.loca)-1 {
				id = 0
			}
			if _, has := place[id]; !has {
				place[id] = len(ids)
				ids = append(ids, id)
			}
			binary.BigEndian.PutUint16(number, uint16(place[id]))
		})
		if len(glyf)%2 != 0 {
			glyf = append(glyf, 0)
		}
	}
	long := uint16(len(glyf) >> 17) // whether two bytes are too few for half an offset
	for _, at := range append(starts, len(glyf)) {
		if long > 0 {
			loca = binary.BigEndian.AppendUint32(loca, uint32(at))
		} else {
			loca = binary.BigEndian.AppendUint16(loca, uint16(at/2))
		}
	}

	head := slices.Clone(t.tables["head"])
	binary.BigEndian.PutUint32(head[8:], 0) // sum of the whole, reckoned last
	binary.BigEndian.PutUint16(head[50:], min(long, 1))
	hhea := slices.Clone(t.tables["hhea"])
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(ids)))
	maxp := slices.Clone(t.tables["maxp"])
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(ids)))

	tables := []struct {
		tag  string
		data []byte
	}{{"glyf", glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}}
	out := []byte{0, 1, 0, 0, 0, byte(len(tables)), 0, 64, 0, 2, 0, byte(16*len(tables) - 64)}
	at := len(out) + 16*len(tables)
	var body []byte
	headAt := 0
	for _, table := range tables {
		if table.tag == "head" {
			headAt = at + len(body)
		}
		out = append(out, table.tag...)
		out = binary.BigEndian.AppendUint32(out, checksum(table.data))
		out = binary.BigEndian.AppendUint32(out, uint32(at+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(table.data)))
		body = append(body, table.data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[headAt+8:], 0xb1b0afba-checksum(out))
	return out
}

// eachPart goes over the glyph numbers within a composite outline.
func eachPart(outline []byte, visit func(number []byte)) {
	const (
		words = 1 << iota
		_
		_
		scale
		_
		more
		xyScale
		matrix
	)
	if len(outline) < 10 || signed(outline) >= 0 {
		return
	}
	for at := 10; at+4 <= len(outline); {
		flags := binary.BigEndian.Uint16(outline[at:])
		visit(outline[at+2 : at+4])
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&xyScale != 0:
			at += 4
		case flags&matrix != 0:
			at += 8
		}
		if flags&more == 0 {
			return
		}
	}
}

func checksum(b []byte) (sum uint32) {
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	for i, c := range b {
		sum += uint32(c) << (24 - 8*i)
	}
	return sum
}
