package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Font is a TrueType typeface in one weight. It is safe for use by many
// documents at once.
type Font struct {
	name     string
	file     trueType
	pages    [(utf8.MaxRune + 1) >> 8][]glyph
	usual    []rune // by code
	prepared func() part
	ascii    [128]uint16 // widths

	bbox                                [4]int
	ascent, descent, capHeight, xHeight int
	weight                              int
}

// glyph is what the font has for a character. All measures of a Font are in
// thousandths of its size.
type glyph struct {
	width uint16
	code  uint16 // among the usual characters; 0 if it is not one
	has   bool
}

// NewFont reads a TrueType file. name is the PostScript name that documents
// give the font, letters, digits and hyphens only.
func NewFont(ttf []byte, name string) (*Font, error) {
	f := &Font{name: name}
	if err := f.read(ttf); err != nil {
		return nil, fmt.Errorf("read font %s: %w", name, err)
	}
	for r := rune(' '); r < 0x7f; r++ {
		if !f.Covers(r) {
			return nil, fmt.Errorf("read font %s: no glyph for %q", name, r)
		}
	}
	for r := rune(' '); r < 0x7f; r++ {
		f.ascii[r] = f.glyph(r).width
	}
	return f, nil
}

// Covers says whether the font has a glyph for a character.
func (f *Font) Covers(r rune) bool { return f.glyph(r).has }

// Ascent is how far letters reach above the baseline, in points.
func (f *Font) Ascent(size float64) float64 { return float64(f.ascent) * size / 1000 }

// Descent is how far letters reach below the baseline, in points, positive.
func (f *Font) Descent(size float64) float64 { return float64(-f.descent) * size / 1000 }

// CapHeight is the height of capital letters, in points.
func (f *Font) CapHeight(size float64) float64 { return float64(f.capHeight) * size / 1000 }

func (f *Font) glyph(r rune) glyph {
	if uint32(r) > utf8.MaxRune {
		return glyph{}
	}
	if page := f.pages[r>>8]; page != nil {
		return page[r&255]
	}
	return glyph{}
}

var errShort = errors.New("the file ends within a table")

// trueType is the part of a font file that is needed to cut it.
type trueType struct {
	tables     map[string][]byte
	unitsPerEm int
	loca       []uint32
	glyf       []byte
	hmtx       []byte
	metrics    int // glyphs with a width of their own
	runes      map[rune]uint16
}

func (f *Font) read(ttf []byte) error {
	t := &f.file
	if err := t.directory(ttf); err != nil {
		return err
	}
	head, hhea, maxp := t.tables["head"], t.tables["hhea"], t.tables["maxp"]
	if len(head) < 54 || len(hhea) < 36 || len(maxp) < 6 {
		return errShort
	}
	t.unitsPerEm = int(binary.BigEndian.Uint16(head[18:]))
	if t.unitsPerEm < 16 {
		return fmt.Errorf("%d units to the em", t.unitsPerEm)
	}
	for i := range f.bbox {
		f.bbox[i] = t.thousandths(signed(head[36+2*i:]))
	}
	f.ascent, f.descent = t.thousandths(signed(hhea[4:])), t.thousandths(signed(hhea[6:]))
	f.capHeight, f.xHeight, f.weight = f.ascent, f.ascent/2, 400
	if os2 := t.tables["OS/2"]; len(os2) >= 90 {
		f.weight = int(binary.BigEndian.Uint16(os2[4:]))
		f.xHeight, f.capHeight = t.thousandths(signed(os2[86:])), t.thousandths(signed(os2[88:]))
	}
	glyphs := int(binary.BigEndian.Uint16(maxp[4:]))
	if err := t.outlines(glyphs, binary.BigEndian.Uint16(head[50:]) == 1, int(binary.BigEndian.Uint16(hhea[34:]))); err != nil {
		return err
	}
	if err := t.characters(); err != nil {
		return err
	}
	f.divide()
	return nil
}

func signed(b []byte) int { return int(int16(binary.BigEndian.Uint16(b))) }

// thousandths turns font units into thousandths of the size, to the nearest.
func (t *trueType) thousandths(units int) int {
	n := units*2000 + t.unitsPerEm
	if n < 0 {
		n -= 2*t.unitsPerEm - 1
	}
	return n / (2 * t.unitsPerEm)
}

func (t *trueType) directory(ttf []byte) error {
	if len(ttf) < 12 || binary.BigEndian.Uint32(ttf) != 0x00010000 {
		return errors.New("not a TrueType file")
	}
	t.tables = make(map[string][]byte)
	n := int(binary.BigEndian.Uint16(ttf[4:]))
	if len(ttf) < 12+16*n {
		return errShort
	}
	for i := range n {
		e := ttf[12+16*i:]
		at, size := uint64(binary.BigEndian.Uint32(e[8:])), uint64(binary.BigEndian.Uint32(e[12:]))
		if at+size > uint64(len(ttf)) {
			return errShort
		}
		t.tables[string(e[:4])] = ttf[at : at+size]
	}
	return nil
}

func (t *trueType) outlines(glyphs int, long bool, metrics int) error {
	loca, size := t.tables["loca"], 2
	if long {
		size = 4
	}
	t.glyf, t.hmtx, t.metrics = t.tables["glyf"], t.tables["hmtx"], metrics
	if glyphs == 0 || metrics == 0 || metrics > glyphs || len(loca) < size*(glyphs+1) || len(t.hmtx) < 4*metrics+2*(glyphs-metrics) {
		return errShort
	}
	t.loca = make([]uint32, glyphs+1)
	for i := range t.loca {
		if long {
			t.loca[i] = binary.BigEndian.Uint32(loca[4*i:])
		} else {
			t.loca[i] = 2 * uint32(binary.BigEndian.Uint16(loca[2*i:]))
		}
		if int(t.loca[i]) > len(t.glyf) || i > 0 && t.loca[i] < t.loca[i-1] {
			return fmt.Errorf("outline %d is not in the file", i)
		}
	}
	return nil
}

// metric is a glyph's advance width and left bearing, in font units.
func (t *trueType) metric(id uint16) (advance uint16, bearing uint16) {
	i := int(id)
	if i < t.metrics {
		return binary.BigEndian.Uint16(t.hmtx[4*i:]), binary.BigEndian.Uint16(t.hmtx[4*i+2:])
	}
	return binary.BigEndian.Uint16(t.hmtx[4*(t.metrics-1):]), binary.BigEndian.Uint16(t.hmtx[4*t.metrics+2*(i-t.metrics):])
}

func (t *trueType) outline(id uint16) []byte { return t.glyf[t.loca[id]:t.loca[id+1]] }

// characters reads the Unicode character map: format 12 if there is one, else
// format 4.
func (t *trueType) characters() error {
	cmap := t.tables["cmap"]
	if len(cmap) < 4 {
		return errShort
	}
	t.runes = make(map[rune]uint16)
	var four, twelve []byte
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		if len(cmap) < 12+8*i {
			return errShort
		}
		e := cmap[4+8*i:]
		at := binary.BigEndian.Uint32(e[4:])
		if uint64(at)+16 > uint64(len(cmap)) {
			return errShort
		}
		switch sub := cmap[at:]; binary.BigEndian.Uint16(sub) {
		case 4:
			four = sub
		case 12:
			twelve = sub
		}
	}
	switch {
	case twelve != nil:
		return t.format12(twelve)
	case four != nil:
		return t.format4(four)
	}
	return errors.New("no Unicode character map")
}

func (t *trueType) add(r rune, id int) {
	if id > 0 && id < len(t.loca)-1 {
		t.runes[r] = uint16(id)
	}
}

func (t *trueType) format12(b []byte) error {
	n := uint64(binary.BigEndian.Uint32(b[12:]))
	if uint64(len(b)) < 16+12*n {
		return errShort
	}
	for g := b[16 : 16+12*n]; len(g) > 0; g = g[12:] {
		first, last, id := binary.BigEndian.Uint32(g), binary.BigEndian.Uint32(g[4:]), binary.BigEndian.Uint32(g[8:])
		if first > last || last > utf8.MaxRune {
			return errors.New("a range of characters is out of order")
		}
		for r := first; r <= last; r++ {
			t.add(rune(r), int(id+r-first))
		}
	}
	return nil
}

func (t *trueType) format4(b []byte) error {
	n := int(binary.BigEndian.Uint16(b[6:])) // twice the segments
	if len(b) < 16+4*n {
		return errShort
	}
	ends, starts, deltas, offsets := b[14:], b[16+n:], b[16+2*n:], b[16+3*n:]
	for i := 0; i < n; i += 2 {
		first, last := int(binary.BigEndian.Uint16(starts[i:])), int(binary.BigEndian.Uint16(ends[i:]))
		delta, offset := int(binary.BigEndian.Uint16(deltas[i:])), int(binary.BigEndian.Uint16(offsets[i:]))
		for r := first; r <= last && r < 0xffff; r++ {
			id := r
			if offset != 0 {
				at := i + offset + 2*(r-first)
				if at+2 > len(offsets) {
					return errShort
				}
				if id = int(binary.BigEndian.Uint16(offsets[at:])); id == 0 {
					continue
				}
			}
			t.add(rune(r), (id+delta)&0xffff)
		}
	}
	return nil
}
