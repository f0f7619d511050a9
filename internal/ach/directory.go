package ach

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Directory says which bank has a routing number. The zero Directory knows none.
type Directory struct {
	names map[RoutingNumber]string
	moved map[RoutingNumber]RoutingNumber
}

// Bank gives the name of the bank that a routing number leads to, spelled as
// people write it, and whether the directory has the number at all. Where the
// bank has moved to another number, as after a merger, the name is that of the
// bank there.
func (d Directory) Bank(r RoutingNumber) (name string, known bool) {
	for range maxMoves {
		next, moved := d.moved[r]
		if !moved {
			break
		}
		if _, there := d.names[next]; !there {
			break
		}
		r = next
	}
	name, known = d.names[r]
	return name, known
}

// Len is how many routing numbers the directory has.
func (d Directory) Len() int { return len(d.names) }

// maxMoves ends a chain of new routing numbers that leads in a circle.
const maxMoves = 8

// The limits of a directory: the Fed's has about 18,000 lines of 155 columns.
const (
	maxDirectoryLines = 200_000
	maxDirectoryLine  = 1_000
)

// ReadDirectory reads a directory of banks: the Reserve Banks' FedACHdir.txt, or
// a CSV with the columns routing and name. Of the Reserve Banks' file it reads
// the routing number (columns 1 to 9), the record type (20; 2 says that there is
// a new number), the new routing number (27 to 35) and the customer name (36 to
// 71). A line that is neither is an error that names it, and then there is no
// directory: half of one would call good routing numbers unknown.
func ReadDirectory(r io.Reader) (Directory, error) {
	in := bufio.NewReaderSize(r, 4096)
	first, err := in.Peek(20)
	if err != nil && err != io.EOF {
		return Directory{}, fmt.Errorf("read bank directory: %w", err)
	}
	d := Directory{names: map[RoutingNumber]string{}, moved: map[RoutingNumber]RoutingNumber{}}
	if len(first) == 20 && allDigits(string(first[:9])) && allDigits(string(first[10:20])) {
		err = d.readFixed(in)
	} else {
		err = d.readCSV(in)
	}
	if err == nil && len(d.names) == 0 {
		err = errors.New("it has no banks")
	}
	if err != nil {
		return Directory{}, fmt.Errorf("read bank directory: %w", err)
	}
	return d, nil
}

func (d *Directory) readFixed(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxDirectoryLine), maxDirectoryLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), "\r\x1a")
		if trim(line) == "" {
			continue
		}
		c, columns, _ := newCard(line)
		if columns < 71 {
			return fmt.Errorf("line %d is too short", n)
		}
		number := RoutingNumber(c.cut(1, 9))
		if err := d.add(n, number, c.cut(36, 71)); err != nil {
			return err
		}
		if c.cut(20, 20) != "2" {
			continue
		}
		next := RoutingNumber(c.cut(27, 35))
		if !next.checks() || next == number {
			return fmt.Errorf("line %d: the new routing number is not valid", n)
		}
		d.moved[number] = next
	}
	return lines.Err()
}

func (d *Directory) readCSV(r io.Reader) error {
	rows := csv.NewReader(io.LimitReader(r, maxDirectoryLines*maxDirectoryLine))
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		n, _ := rows.FieldPos(0)
		if len(row) < 2 {
			return fmt.Errorf("line %d has no name", n)
		}
		number := strings.TrimPrefix(strings.TrimSpace(row[0]), "\ufeff")
		if len(d.names) == 0 && strings.EqualFold(number, "routing") && strings.EqualFold(strings.TrimSpace(row[1]), "name") {
			continue
		}
		if err := d.add(n, RoutingNumber(number), row[1]); err != nil {
			return err
		}
	}
}

func (d *Directory) add(line int, number RoutingNumber, name string) error {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case !number.checks():
		return fmt.Errorf("line %d: the routing number is not valid", line)
	case name == "" || strings.ContainsFunc(name, unicode.IsControl) || len(name) > 100:
		return fmt.Errorf("line %d: the name is missing or is no name", line)
	case len(d.names) == maxDirectoryLines:
		return fmt.Errorf("line %d: there are more than %d banks", line, maxDirectoryLines)
	}
	if _, again := d.names[number]; again {
		return fmt.Errorf("line %d: the routing number comes twice", line)
	}
	d.names[number] = humanName(name)
	return nil
}

// humanName spells a name that stands in capitals as people write it; a name
// that has small letters is left as it is.
func humanName(s string) string {
	if s != strings.ToUpper(s) {
		return s
	}
	words := strings.Split(s, " ")
	for i, w := range words {
		words[i] = humanWord(w, i == 0)
	}
	return strings.Join(words, " ")
}

// Words of banks' names that stay in capitals although they have a vowel, and
// those that are small inside a name.
const (
	capitalWords = " NA N.A. USA US U.S. UMB USAA BMO AFL-CIO FCU ECU CU EFCU MCU SECU II III IV "
	smallWords   = " OF AND THE IN FOR AT ON A "
	plainWords   = " ST MT FT DR MR MRS JR SR LTD BK TR SVGS CNTY NATL MTN BR TWP " // have no vowel, and are no initials
)

func humanWord(w string, first bool) string {
	listed := func(words string) bool { return strings.Contains(words, " "+strings.Trim(w, ",()")+" ") }
	switch {
	case w == "" || listed(capitalWords):
		return w
	case listed(smallWords) && !first:
		return strings.ToLower(w)
	case !strings.ContainsAny(w, "AEIOUY0123456789") && !listed(plainWords): // initials: BB&T, PNC, FSB
		return w
	}
	// A capital begins the word and each part of it: O'Neil, Winston-Salem.
	out := []rune(strings.ToLower(w))
	begins := true
	for i, r := range out {
		letter := unicode.IsLetter(r)
		if letter && begins {
			out[i] = unicode.ToUpper(r)
		}
		possessive := r == '\'' && i+2 >= len(out) // Farmer's
		begins = !letter && !unicode.IsDigit(r) && !possessive
	}
	return string(out)
}
