package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"
	"os"
	"slices"
	"testing"
)

// TestEveryCharacterIsCutOutWhole compares each part's file with the font that
// it was cut from, glyph by glyph, down to the parts of composite ones.
func TestEveryCharacterIsCutOutWhole(t *testing.T) {
	ttf, err := os.ReadFile("../paper/font/inter-regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFont(ttf, "InterMarque-Regular")
	if err != nil {
		t.Fatal(err)
	}
	var rest []rune
	for r := range f.file.runes {
		if f.glyph(r).code == 0 {
			rest = append(rest, r)
		}
	}
	slices.Sort(rest)
	cuts := [][]rune{f.usual}
	for chunk := range slices.Chunk(rest, 100) {
		cuts = append(cuts, append([]rune{0}, chunk...))
	}
	dealt, composites := 0, 0
	for n, runes := range cuts {
		made := f.cut(runes, new(heads))
		z, err := zlib.NewReader(bytes.NewReader(made.file))
		if err != nil {
			t.Fatal(err)
		}
		file, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if sum := checksum(file); sum != 0xb1b0afba {
			t.Errorf("part %d: the checksum is %x", n, sum)
		}
		cut := cutFont(t, file)
		var same func(of, cutAs uint16) bool
		same = func(of, cutAs uint16) bool {
			a, b := bytes.Clone(f.file.outline(of)), bytes.Clone(cut.outline(cutAs))
			var parts [2][]uint16
			for i, outline := range [][]byte{a, b} {
				eachPart(outline, func(number []byte) {
					parts[i] = append(parts[i], binary.BigEndian.Uint16(number))
					number[0], number[1] = 0, 0
				})
			}
			for len(b) > len(a) && b[len(b)-1] == 0 { // filled up to an even number
				b = b[:len(b)-1]
			}
			a = a[:min(len(a), len(b))]
			width, bearing := f.file.metric(of)
			w, l := cut.metric(cutAs)
			if !bytes.Equal(a, b) || width != w || bearing != l || len(parts[0]) != len(parts[1]) {
				return false
			}
			for i := range parts[0] {
				composites++
				if !same(parts[0][i], parts[1][i]) {
					return false
				}
			}
			return true
		}
		for code, r := range runes {
			if !same(f.file.runes[r], uint16(code)) {
				t.Errorf("part %d: %U %c is not what it was", n, r, r)
			}
			if g := f.glyph(r); n == 0 && int(g.code) != code {
				t.Errorf("%U has the code %d, not %d", r, g.code, code)
			}
		}
		dealt += len(runes) - 1
	}
	if dealt != len(f.file.runes) || composites < 500 {
		t.Errorf("%d characters of %d, %d parts", dealt, len(f.file.runes), composites)
	}
}

// cutFont reads a font that has no character map.
func cutFont(t *testing.T, file []byte) *trueType {
	t.Helper()
	var cut trueType
	if err := cut.directory(file); err != nil {
		t.Fatal(err)
	}
	for tag, table := range cut.tables {
		if tag == "head" {
			continue
		}
		for i := range int(binary.BigEndian.Uint16(file[4:])) {
			if e := file[12+16*i:]; string(e[:4]) == tag && binary.BigEndian.Uint32(e[4:]) != checksum(table) {
				t.Errorf("table %s has another checksum", tag)
			}
		}
	}
	glyphs := int(binary.BigEndian.Uint16(cut.tables["maxp"][4:]))
	if err := cut.outlines(glyphs, binary.BigEndian.Uint16(cut.tables["head"][50:]) == 1, int(binary.BigEndian.Uint16(cut.tables["hhea"][34:]))); err != nil {
		t.Fatal(err)
	}
	return &cut
}

// TestTheProfileIsSRGB reads the tags of the ICC profile as a color program
// does.
func TestTheProfileIsSRGB(t *testing.T) {
	z, err := zlib.NewReader(bytes.NewReader(profile()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if int(binary.BigEndian.Uint32(p)) != len(p) || string(p[12:24]) != "mntrRGB XYZ " || string(p[36:40]) != "acsp" {
		t.Fatalf("header %q", p[:40])
	}
	tags := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint32(p[128:])) {
		e := p[132+12*i:]
		at, size := binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:])
		tags[string(e[:4])] = p[at : at+size]
	}
	var white [3]float64
	for _, tag := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		for i := range white {
			white[i] += float64(int32(binary.BigEndian.Uint32(tags[tag][8+4*i:]))) / 65536
		}
	}
	for i, want := range []float64{0.9642, 1, 0.8249} { // red, green and blue together are D50
		if math.Abs(white[i]-want) > 0.0005 {
			t.Errorf("white is %v", white)
		}
	}
	for tag, want := range map[byte]float64{0: 0, 128: 0.21586, 255: 1} { // the middle gray of sRGB
		if got := float64(binary.BigEndian.Uint16(tags["gTRC"][12+2*int(tag):])) / 65535; math.Abs(got-want) > 0.0001 {
			t.Errorf("the tone of %d is %g", tag, got)
		}
	}
}
