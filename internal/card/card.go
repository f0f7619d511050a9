// Package card finds card numbers where none belongs: in what people type, in
// file names and addresses, in headers and in the log. A card is entered on the
// processor's own page and nowhere else; whoever types one elsewhere is told, and
// it is neither kept nor shown (PCI DSS 4.0.1, requirement 3).
//
// A card number is 14 to 19 digits that begin as a card scheme's numbers do, have
// a length of that scheme and pass the Luhn check, written in one piece or in
// groups, in any script's digits. One number in ten passes the check by chance,
// so the beginning and the way the groups stand count as well: a routing number,
// a trace number, a VIN, a telephone number or a date is none.
//
// The package knows no forms, no log and no processor.
package card

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Number says whether the text has a card number in it.
func Number(text string) bool { return len(find(text, true)) > 0 }

// Mask puts "card ending 1111" in place of each card number of the text.
func Mask(text string) string {
	found := find(text, false)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, f := range found {
		b.WriteString(text[at:f.from])
		b.WriteString("card ending ")
		b.WriteString(f.last4)
		at = f.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// The lengths of card numbers (ISO/IEC 7812-1, and the schemes').
const (
	fewest = 14
	most   = 19
)

// match is a card number of a text, in bytes.
type match struct {
	from, to int
	last4    string
}

// group is digits that stand together.
type group struct {
	from, to int    // in the text, in bytes
	at       int    // of its first digit, among the run's
	digits   int    // how many
	before   string // what separates it from the group before
}

// run is groups with nothing but separators between them.
type run struct {
	digits []byte
	groups []group
	glued  bool // it is part of something longer, like the digits of 7f-4111-22
}

// find gives the card numbers of a text from left to right, without overlap.
func find(text string, first bool) []match {
	if !enoughDigits(text) {
		return nil
	}
	var found []match
	var r run
	gap := -1 // where the separators since the last digit begin
	previous := ' '
	inGroup := false
	for i, c := range text + "\x00" {
		d, isDigit := digit(c)
		switch {
		case isDigit:
			if len(r.groups) == 0 {
				r.glued = glues(previous)
			}
			if !inGroup {
				g := group{from: i, at: len(r.digits)}
				if len(r.groups) > 0 {
					g.before = text[gap:i]
				}
				r.groups = append(r.groups, g)
			}
			r.digits = append(r.digits, d)
			g := &r.groups[len(r.groups)-1]
			g.digits++
			g.to = i + utf8.RuneLen(c)
			inGroup, gap = true, -1
		case separates(c) && len(r.groups) > 0 && (gap < 0 || i-gap < maxGap):
			if gap < 0 {
				gap = i
			}
			inGroup = false
		default:
			r.glued = r.glued || glues(c) && (gap < 0 || glues(previous))
			found = append(found, r.cards()...)
			if first && len(found) > 0 {
				return found
			}
			r = run{digits: r.digits[:0], groups: r.groups[:0]}
			inGroup, gap = false, -1
		}
		previous = c
	}
	return found
}

// maxGap is how many bytes of separators may stand between two groups: " - ".
const maxGap = 6

// glues says whether a character beside digits makes them part of a longer word.
func glues(c rune) bool { return c == '-' || c == '_' || c == '.' || unicode.IsLetter(c) }

// enoughDigits sorts out most texts at little cost: of a text in ASCII that has
// too few digits nothing else is looked at.
func enoughDigits(text string) bool {
	n := 0
	for i := range len(text) {
		if c := text[i]; c-'0' <= 9 || c >= utf8.RuneSelf {
			n++
		}
	}
	return n >= fewest
}

// digit is the value of a decimal digit of any script. Those of a script stand in
// order, from its zero.
func digit(c rune) (byte, bool) {
	if c < utf8.RuneSelf {
		return byte(c - '0'), '0' <= c && c <= '9'
	}
	if !unicode.Is(unicode.Nd, c) {
		return 0, false
	}
	if c >= 0x1D7CE && c <= 0x1D7FF { // five sets of mathematical digits, one after the other
		return byte((c - 0x1D7CE) % 10), true
	}
	n := rune(0)
	for n < 9 && unicode.Is(unicode.Nd, c-n-1) {
		n++
	}
	return byte(n), true
}

// separates says whether people, or programs that hide something, set a character
// between the digits of one number: spaces, dashes, dots, strokes and characters
// that cannot be seen.
func separates(c rune) bool {
	switch c {
	case ' ', '-', '.', ',', '_', '*', '/', '+', '\t', '\n', '\r', '\u00b7', '\u2022', '\u2212', '\u3002', '\uff0e', '\u30fb':
		return true
	}
	return c >= utf8.RuneSelf && unicode.In(c, unicode.Zs, unicode.Pd, unicode.Cf, unicode.Mn)
}

// cards are the card numbers of a run. A group is never cut: what stands in the
// middle of a longer number is no card.
func (r *run) cards() []match {
	if len(r.digits) < fewest {
		return nil
	}
	var found []match
	for i := 0; i < len(r.groups); i++ {
		for k := min(len(r.groups), i+most); k > i; k-- { // the longest first
			part := r.groups[i:k]
			last := part[len(part)-1]
			from, to := part[0].at, last.at+last.digits
			if to-from > most {
				continue
			}
			if to-from < fewest {
				break
			}
			alone := len(part) == len(r.groups) && !r.glued
			if !usual(part) && !(alone && even(part)) || !valid(r.digits[from:to]) {
				continue
			}
			last4 := make([]byte, 4)
			for j := range last4 {
				last4[j] = '0' + r.digits[to-4+j]
			}
			found = append(found, match{part[0].from, last.to, string(last4)})
			i = k - 1
			break
		}
	}
	return found
}

// usual says whether groups stand as in card numbers: in one piece; in fours,
// whatever separates them; in groups of one length, of which the last may be
// another; or as on the cards of 14 and 15 digits, 4-6-4 and 4-6-5. Digits that
// stand otherwise are a card only when they are all there is.
func usual(part []group) bool {
	first, last := part[0].digits, part[len(part)-1].digits
	for _, g := range part[:len(part)-1] {
		if g.digits != first {
			return len(part) == 3 && first == 4 && part[1].digits == 6 && (last == 4 || last == 5)
		}
	}
	switch {
	case len(part) == 1, first == 4 && (len(part) > 2 || last == 4):
		return true
	case len(part) == 2:
		return first == last
	}
	return evenly(part)
}

// even says whether one separator stands throughout, and the groups are not
// those of a telephone number and a ZIP code.
func even(part []group) bool {
	zip := len(part) == 4 && part[0].digits == 3 && part[1].digits == 3 && part[2].digits == 4 && part[3].digits == 5
	return evenly(part) && !zip
}

func evenly(part []group) bool {
	for i := 2; i < len(part); i++ {
		if part[i].before != part[1].before {
			return false
		}
	}
	return true
}

// valid says whether digits are a card number of a known scheme.
func valid(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i])
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	if sum%10 != 0 {
		return false
	}
	begin := 0
	for _, d := range digits[:6] {
		begin = begin*10 + int(d)
	}
	for _, s := range schemes {
		if s.low <= begin && begin <= s.high && s.lengths&(1<<len(digits)) != 0 {
			return true
		}
	}
	return false
}

const (
	of14   = 1 << 14
	of15   = 1 << 15
	of16   = 1 << 16
	of19   = 1 << 19
	longer = 1<<16 | 1<<17 | 1<<18 | 1<<19
)

// schemes are the first six digits of the schemes' numbers and their lengths, as
// the schemes publish them. Left out are lengths that are not issued any more and
// that other numbers have: Visa's of 13, as bank accounts, and Maestro's and
// JCB's of up to 15, as trace numbers.
var schemes = []struct {
	low, high int
	lengths   uint32
}{
	{400000, 499999, of16 | of19}, // Visa
	{510000, 559999, of16},        // Mastercard
	{222100, 272099, of16},
	{340000, 349999, of15}, // American Express
	{370000, 379999, of15},
	{601100, 601199, longer}, // Discover
	{644000, 659999, longer},
	{620000, 629999, longer}, // UnionPay
	{810000, 817199, longer},
	{300000, 305999, of14 | of16}, // Diners Club
	{309500, 309599, of14 | of16},
	{360000, 369999, of14 | of16},
	{380000, 399999, of14 | of16},
	{352800, 358999, longer}, // JCB
	{500000, 509999, longer}, // Maestro
	{560000, 589999, longer},
	{630400, 630499, longer},
	{639000, 639099, longer},
	{670000, 679999, longer},
	{220000, 220499, longer}, // Mir
	{606900, 608999, of16},   // RuPay
}
