package pdf

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable is the text in the form in which Text draws it: white space and
// line ends of any kind become plain spaces; control characters, marks of
// writing direction and other characters without a shape are left out; letters
// with accents typed apart are put together (so that Vietnamese is right
// however it was typed); full-width Latin becomes plain. Characters that the
// font lacks stay: Text shows them by name.
func (f *Font) Printable(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			if strings.IndexFunc(s[i:], func(r rune) bool { return !f.isPlain(r) }) < 0 {
				break
			}
			return string(f.compose(spell(s)))
		}
	}
	return s
}

// isPlain says of most characters that Printable leaves as they are that it
// does so.
func (f *Font) isPlain(r rune) bool {
	switch {
	case r < 0x7f:
		return r >= ' '
	case r > 0xa0 && r < 0x300, r > 0x2011 && r < 0x2028, r >= 0x20a0 && r < 0x20d0, r >= 0x2190 && r < 0x2c00:
		return r != 0xad && f.Covers(r)
	}
	return false
}

// spell maps character by character.
func spell(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case r == 0x2010, r == 0x2011: // hyphens that people do not search for
			r = '-'
		case r > 0xff00 && r <= 0xff5e: // full-width forms
			r -= 0xff00 - 0x20
		case r == 0x212a, r == 0x212b: // the signs of kelvin and ångström
			r = map[rune]rune{0x212a: 'K', 0x212b: 'Å'}[r]
		case shapeless(r):
			continue
		}
		out = append(out, r)
	}
	return out
}

// shapeless says whether a character has no shape of its own: controls, marks
// of direction, joiners, variation selectors, tags.
func shapeless(r rune) bool {
	return unicode.IsControl(r) || r == 0xad || r == 0x34f || r == 0x61c || r == 0x180e ||
		r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f ||
		r >= 0xfe00 && r <= 0xfe0f || r == 0xfeff || r >= 0xfff0 && r <= 0xfffb || r >= 0xe0000 && r <= 0xe0fff
}

func isMark(r rune) bool { return r >= 0x300 && r <= 0x36f }

// compose puts letters and their marks together as far as the font has the
// result, by Unicode's canonical algorithm.
func (f *Font) compose(in []rune) []rune {
	if !slices.ContainsFunc(in, isMark) {
		return in
	}
	out := make([]rune, 0, len(in))
	for i := 0; i < len(in); {
		end := i + 1
		for end < len(in) && isMark(in[end]) {
			end++
		}
		if end == i+1 {
			out = append(out, in[i])
		} else {
			out = append(out, f.cluster(in[i], in[i+1:end])...)
		}
		i = end
	}
	return out
}

// cluster composes one letter with its marks.
func (f *Font) cluster(base rune, marks []rune) []rune {
	var own []rune
	for p, is := decomposed[base]; is; p, is = decomposed[base] {
		base, own = p.base, append(own, p.mark)
	}
	slices.Reverse(own)
	all := append(own, marks...)
	slices.SortStableFunc(all, func(a, b rune) int { return combiningClass(a) - combiningClass(b) })
	out := []rune{base}
	last := -1 // class of the mark before, if it stayed apart
	for _, m := range all {
		class := combiningClass(m)
		whole, has := composed[pair{out[0], m}]
		if has && class > last && (f.Covers(whole) || !f.Covers(m)) {
			out[0] = whole
			continue
		}
		out, last = append(out, m), class
	}
	return out
}

// fallback is what is drawn for a character that the font lacks: its Unicode
// number in brackets. A reader sees that a character is meant and which, two
// names stay two names, and the text behind it (ActualText) has the character
// itself, so that searching, copying and reading aloud give the name.
func fallback(r rune) string { return fmt.Sprintf("[U+%04X]", r) }

// meansNothing says of a character that a reader can do nothing with it: it is
// private or not assigned.
func meansNothing(r rune) bool {
	return r == utf8.RuneError || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

// Width is how far the text reaches, in points, as Text draws it.
func (f *Font) Width(s string, size float64) float64 {
	return float64(f.units(f.Printable(s))) * size / 1000
}

// units measures printable text in thousandths of the size.
func (f *Font) units(s string) (units int) {
	for i := 0; i < len(s) && s[i] < utf8.RuneSelf; i++ { // by far the most is nothing else
		if units += int(f.ascii[s[i]]); i == len(s)-1 {
			return units
		}
	}
	units = 0
	for len(s) > 0 {
		kind, n := f.stretch(s)
		for i, r := range s[:n] {
			switch {
			case kind == lacking:
				units += f.units(fallback(r))
			case kind == plain || i == 0:
				units += int(f.glyph(r).width)
			}
		}
		s = s[n:]
	}
	return units
}

type stretchKind uint8

const (
	plain    stretchKind = iota // characters that the font has
	accented                    // one of them with marks that it has
	lacking                     // characters that the font lacks, and marks without a letter
)

// stretch is how printable text begins, and how far it is all of that kind.
func (f *Font) stretch(s string) (stretchKind, int) {
	last := 0 // where the last plain character begins
	for n := 0; n < len(s); {
		if s[n] < utf8.RuneSelf { // by far the most; NewFont has seen that they are there
			last, n = n, n+1
			continue
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		switch covers := f.Covers(r); {
		case covers && !isMark(r):
			last, n = n, n+size
		case covers && n > last && s[last] != ' ':
			if last > 0 {
				return plain, last
			}
			return accented, n + f.marks(s[n:])
		case n > 0:
			return plain, n
		default:
			return lacking, f.lacks(s)
		}
	}
	return plain, len(s)
}

// marks is how far text begins with marks that the font has.
func (f *Font) marks(s string) int {
	return prefix(s, func(r rune) bool { return isMark(r) && f.Covers(r) })
}

// lacks is how far text begins with characters that cannot be drawn.
func (f *Font) lacks(s string) int {
	return prefix(s, func(r rune) bool { return isMark(r) || !f.Covers(r) })
}

func prefix(s string, holds func(rune) bool) int {
	if n := strings.IndexFunc(s, func(r rune) bool { return !holds(r) }); n >= 0 {
		return n
	}
	return len(s)
}

// utf16BE appends text as UTF-16 with the high byte first.
func utf16BE(b []byte, s string) []byte {
	for _, r := range s {
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			b = append(b, byte(hi>>8), byte(hi), byte(lo>>8), byte(lo))
		} else {
			b = append(b, byte(r>>8), byte(r))
		}
	}
	return b
}

// readable is text as it goes into titles, alternative text and metadata:
// valid, and without controls.
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == 0xfffe, r == 0xffff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}
