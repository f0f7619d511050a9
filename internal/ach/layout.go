package ach

import (
	"strings"
	"unicode/utf8"

	"marque/internal/money"
)

// width is the number of columns of every record.
const width = 94

// card is one line of a file, cut by columns. Banks that send letters outside
// ASCII count characters, not bytes; a byte that is no UTF-8 counts as one.
type card struct {
	text string
	wide []rune // set when text is not ASCII
}

// newCard reports how many columns the line has and the first column whose
// character the format does not allow, 0 if none.
func newCard(line string) (c card, columns, bad int) {
	c, columns = card{text: line}, len(line)
	if bad = firstUnprintable(line); bad != 0 && strings.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) {
		c.wide = []rune(line)
		columns = len(c.wide)
	}
	if pad := width - columns; pad > 0 {
		if c.wide == nil {
			c.text += strings.Repeat(" ", pad)
		} else {
			c.wide = append(c.wide, []rune(strings.Repeat(" ", pad))...)
		}
	}
	return c, columns, bad
}

func (c card) cut(from, to int) string {
	if c.wide != nil {
		return string(c.wide[from-1 : to])
	}
	return c.text[from-1 : to]
}

// Fits says whether a string consists of the characters a NACHA file may hold:
// printable ASCII. How to spell a name that does not is the caller's decision.
func Fits(s string) bool { return firstUnprintable(s) == 0 }

// firstUnprintable is the place, from 1, of the first character that does not
// fit, or 0.
func firstUnprintable(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 { // eight at a time: every column of every line is looked at
		const ones = 0x0101010101010101
		v := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		if (v|(v-ones*' ')|(v+ones))&(ones<<7) != 0 {
			break // one of them is below the space, above the tilde, or not ASCII
		}
	}
	for i < len(s) && s[i]-' ' <= '~'-' ' {
		i++
	}
	if i == len(s) {
		return 0
	}
	n := 0
	for _, r := range s {
		n++
		if r < ' ' || r > '~' {
			return n
		}
	}
	return 0
}

// report is told of a field that could not be read or written.
type report func(field string, reason Reason)

// column is one field of a record: where it stands, how it is read into a value
// and how it is written. An empty Reason means that all is well. cell comes
// filled with spaces.
type column[T any] struct {
	from, to int
	name     string
	read     func(*T, string) Reason
	write    func(*T, []byte) Reason
}

// layout is one kind of record: its name, the columns it begins with, and its
// fields. Columns in no field are reserved and written as spaces.
type layout[T any] struct {
	record  string
	prefix  string
	columns []column[T]
}

func (l *layout[T]) read(c card, v *T, fail report) {
	for i := range l.columns {
		col := &l.columns[i]
		if reason := col.read(v, c.cut(col.from, col.to)); reason != "" {
			fail(col.name, reason)
		}
	}
}

// write fills a line of spaces.
func (l *layout[T]) write(v *T, line []byte, fail report) {
	copy(line, l.prefix)
	for i := range l.columns {
		col := &l.columns[i]
		if reason := col.write(v, line[col.from-1:col.to]); reason != "" {
			fail(col.name, reason)
		}
	}
}

// put writes a text from the left.
func put(cell []byte, s string) Reason {
	switch {
	case !Fits(s):
		return BadCharacter
	case len(s) > len(cell):
		return TooLong
	}
	copy(cell, s)
	return ""
}

func putNumber(cell []byte, n int64) Reason {
	if n < 0 {
		return Negative
	}
	i := len(cell) - 1
	for ; i >= 0 && n != 0; i-- {
		cell[i] = byte('0' + n%10)
		n /= 10
	}
	for ; i >= 0; i-- {
		cell[i] = '0'
	}
	if n != 0 {
		return TooLarge
	}
	return ""
}

// text is left-justified; spaces around it do not belong to it.
func text[T any, S ~string](from, to int, name string, at func(*T) *S) column[T] {
	return column[T]{from, to, name,
		func(v *T, s string) Reason { *at(v) = S(trim(s)); return "" },
		func(v *T, cell []byte) Reason {
			s := string(*at(v))
			if padded(s) {
				return Padded
			}
			return put(cell, s)
		}}
}

func padded(s string) bool { return s != "" && (s[0] == ' ' || s[len(s)-1] == ' ') }

// trim is strings.Trim for spaces, which most of the columns of a file are.
func trim(s string) string {
	for s != "" && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	for s != "" && s[0] == ' ' {
		s = s[1:]
	}
	return s
}

// free is text in which leading spaces count.
func free[T any, S ~string](from, to int, name string, at func(*T) *S) column[T] {
	return column[T]{from, to, name,
		func(v *T, s string) Reason { *at(v) = S(strings.TrimRight(s, " ")); return "" },
		func(v *T, cell []byte) Reason {
			s := string(*at(v))
			if strings.TrimRight(s, " ") != s {
				return Padded
			}
			return put(cell, s)
		}}
}

// right is text that stands at the right end of its columns.
func right[T any, S ~string](from, to int, name string, at func(*T) *S) column[T] {
	c := text(from, to, name, at)
	c.write = func(v *T, cell []byte) Reason {
		s := string(*at(v))
		if padded(s) {
			return Padded
		}
		return put(cell[max(0, len(cell)-len(s)):], s)
	}
	return c
}

// must makes a field one that cannot be written empty. It may be read so.
func must[T any](c column[T]) column[T] {
	write := c.write
	c.write = func(v *T, cell []byte) Reason {
		if reason := write(v, cell); reason != "" {
			return reason
		}
		for _, b := range cell {
			if b != ' ' {
				return ""
			}
		}
		return Missing
	}
	return c
}

// digits is text of as many digits as there are columns. Read, it is kept
// whatever it is.
func digits[T any, S ~string](from, to int, name string, at func(*T) *S) column[T] {
	c := optionalDigits(from, to, name, at)
	read := c.read
	c.read = func(v *T, s string) Reason {
		if reason := read(v, s); reason != "" {
			return reason
		}
		if *at(v) == "" {
			return NotDigits
		}
		return ""
	}
	return must(c)
}

// optionalDigits is digits that may be left out.
func optionalDigits[T any, S ~string](from, to int, name string, at func(*T) *S) column[T] {
	return column[T]{from, to, name,
		func(v *T, s string) Reason {
			*at(v) = S(trim(s))
			if *at(v) != "" && !allDigits(s) {
				return NotDigits
			}
			return ""
		},
		func(v *T, cell []byte) Reason {
			switch s := string(*at(v)); {
			case s != "" && !allDigits(s):
				return NotDigits
			case s != "" && len(s) < len(cell):
				return TooShort
			default:
				return put(cell, s)
			}
		}}
}

// number is right-justified and filled with zeros. What is not digits reads as 0.
func number[T any, N ~int | ~int64](from, to int, name string, at func(*T) *N) column[T] {
	return column[T]{from, to, name,
		func(v *T, s string) Reason {
			if !allDigits(s) {
				return NotDigits
			}
			n := int64(0) // no column of numbers is wider than twelve digits
			for i := range len(s) {
				n = n*10 + int64(s[i]-'0')
			}
			*at(v) = N(n)
			return ""
		},
		func(v *T, cell []byte) Reason { return putNumber(cell, int64(*at(v))) }}
}

// dayOfYear is 001 to 366, or empty for 0.
func dayOfYear[T any](from, to int, name string, at func(*T) *int) column[T] {
	c := number(from, to, name, at)
	read := c.read
	c.read = func(v *T, s string) Reason {
		if trim(s) == "" {
			return ""
		}
		if reason := read(v, s); reason != "" {
			return reason
		}
		if *at(v) > 366 {
			*at(v) = 0
			return NotADate
		}
		return ""
	}
	c.write = func(v *T, cell []byte) Reason {
		switch n := *at(v); {
		case n == 0:
			return ""
		case n > 366:
			return NotADate
		default:
			return putNumber(cell, int64(n))
		}
	}
	return c
}

// date is YYMMDD in this century; spaces or zeros are no date.
func date[T any](from, to int, name string, at func(*T) *money.Date) column[T] {
	return column[T]{from, to, name,
		func(v *T, s string) Reason {
			if trim(s) == "" || s == "000000" {
				return ""
			}
			if !allDigits(s) {
				return NotADate
			}
			d, err := money.ParseDate("20" + s[:2] + "-" + s[2:4] + "-" + s[4:])
			if err != nil {
				return NotADate
			}
			*at(v) = d
			return ""
		},
		func(v *T, cell []byte) Reason {
			d := *at(v)
			if d.IsZero() {
				return ""
			}
			y, m, day := d.Civil()
			if y < 2000 || y > 2099 {
				return NotADate
			}
			return putNumber(cell, int64(y%100*10000+m*100+day))
		}}
}

// clock is HHMM, or empty.
func clock[T any](from, to int, name string, at func(*T) *string) column[T] {
	ok := func(s string) bool { return allDigits(s) && len(s) == 4 && s[:2] < "24" && s[2:] < "60" }
	return column[T]{from, to, name,
		func(v *T, s string) Reason {
			if *at(v) = trim(s); *at(v) != "" && !ok(s) {
				return NotATime
			}
			return ""
		},
		func(v *T, cell []byte) Reason {
			if s := *at(v); s != "" && !ok(s) {
				return NotATime
			}
			return put(cell, *at(v))
		}}
}

// literal is a field that always has the same value.
func literal[T any](from, to int, name, value string) column[T] {
	return column[T]{from, to, name,
		func(_ *T, s string) Reason {
			if s != value {
				return UnknownValue
			}
			return ""
		},
		func(_ *T, cell []byte) Reason { return put(cell, value) }}
}
