package notice

import (
	"bytes"
	"compress/zlib"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"codeberg.org/go-pdf/fpdf"
)

//go:embed font/inter-regular.ttf
var interRegular []byte

//go:embed font/inter-semibold.ttf
var interSemibold []byte

// weight chooses one of the two faces.
type weight int

const (
	regular weight = iota
	semibold
)

// face is one weight of the typeface, prepared once for all documents. fpdf can
// take the TrueType file itself, but then reads, cuts and packs it anew for
// every document, which costs ten times what writing the document does. As
// 8-bit fonts over two code pages the same file goes in as it is.
type face struct {
	width       map[rune]int // in thousandths of the size
	definitions [len(codePages)][]byte
	packed      []byte
}

// codePages are the characters the typeface has, each page from code 0x20 on; a
// zero is a code not used. The first is Windows-1252, the second the rest of
// Latin Extended-A, so that Łukasz and Dvořák keep their names.
var codePages = [...][]rune{windows1252(), latinExtended()}

func windows1252() []rune {
	var p []rune
	for r := rune(0x20); r < 0x7f; r++ {
		p = append(p, r)
	}
	p = append(p, 0)
	p = append(p, []rune("€\x00‚\x00„…†\x00\x00‰Š‹Œ\x00Ž\x00\x00‘’“”•–—\x00™š›œ\x00žŸ")...)
	for r := rune(0xa0); r <= 0xff; r++ {
		p = append(p, r)
	}
	p[0xa0-0x20], p[0xad-0x20] = 0, 0 // no-break space and soft hyphen are written otherwise
	return p
}

func latinExtended() []rune {
	p := make([]rune, 0x60)
	for r := rune(0x100); r <= 0x17f; r++ {
		if r != 0x149 && !strings.ContainsRune("ŒœŠšŸŽž", r) {
			p = append(p, r)
		}
	}
	return append(p, []rune("ȘșȚț−✓")...)
}

type code struct {
	page int
	char byte
}

// codes is where each character stands on the code pages.
var codes = func() map[rune]code {
	m := make(map[rune]code)
	for page, runes := range codePages {
		for i, r := range runes {
			if r != 0 {
				m[r] = code{page, byte(0x20 + i)}
			}
		}
	}
	return m
}()

// printable is the text as the typeface can show it: white space of any kind
// becomes a space, and a character that it lacks a question mark.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch _, ok := codes[r]; {
		case r == '\t', r == '\n', r == '\r', r == 0xa0, r == 0x2009, r == 0x202f:
			return ' '
		case r == 0x2010, r == 0x2011, r == 0xad:
			return '-'
		case !ok:
			return '?'
		}
		return r
	}, s)
}

var faces = sync.OnceValues(func() ([2]face, error) {
	var out [2]face
	for w, ttf := range map[weight][]byte{regular: interRegular, semibold: interSemibold} {
		f, err := newFace(ttf, [...]string{"InterMarque-Regular", "InterMarque-SemiBold"}[w])
		if err != nil {
			return out, fmt.Errorf("prepare %s: %w", [...]string{"regular", "semibold"}[w], err)
		}
		out[w] = f
	}
	return out, nil
})

// newFace measures the font by fpdf's own reader and writes the definitions
// that fpdf takes for 8-bit fonts.
func newFace(ttf []byte, name string) (face, error) {
	f := face{width: make(map[rune]int)}
	doc := fpdf.New("P", "pt", "Letter", "")
	doc.AddUTF8FontFromBytes("inter", "", ttf)
	doc.SetFont("inter", "", 1000)
	for r := range codes {
		f.width[r] = doc.GetStringSymbolWidth(string(r))
	}
	desc := doc.GetFontDesc("inter", "")
	if err := doc.Error(); err != nil {
		return face{}, err
	}
	desc.Flags = fpdf.FontFlagNonsymbolic
	for page, runes := range codePages {
		widths := make([]int, 256)
		var names []string
		for i, r := range runes {
			widths[0x20+i] = f.width[r]
			if page > 0 && r != 0 {
				names = append(names, fmt.Sprintf("%d /uni%04X", 0x20+i, r))
			}
		}
		def, err := json.Marshal(struct {
			Tp, Name     string
			Desc         fpdf.FontDescType
			Cw           []int
			Diff, File   string
			OriginalSize int
		}{"TrueType", name, desc, widths, strings.Join(names, " "), name + ".z", len(ttf)})
		if err != nil {
			return face{}, err
		}
		f.definitions[page] = def
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(ttf); err != nil {
		return face{}, err
	}
	if err := w.Close(); err != nil {
		return face{}, err
	}
	f.packed = z.Bytes()
	return f, nil
}
