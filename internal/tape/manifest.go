package tape

import (
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"marque/internal/money"
)

// ArchivedPaper is one line of the manifest of another archive's papers.
type ArchivedPaper struct {
	Position
	AccountNumber string
	Kind          string     // as Marque names papers: "statement"
	Day           money.Date // of the paper
	File          string     // by its path from the manifest's folder
	SHA256        string     // of the file, hexadecimal; empty when the manifest has none
	Language      string     // "en" or "es"; English when the manifest is silent
}

type manifestColumn struct {
	name   string
	needed bool
	set    func(*ArchivedPaper, string) error
}

// manifestColumns in the order in which the documentation shows them.
var manifestColumns = []manifestColumn{
	{"account_number", true, func(p *ArchivedPaper, v string) error { p.AccountNumber, p.Asset = v, v; return nil }},
	{"kind", true, func(p *ArchivedPaper, v string) error { p.Kind = v; return nil }},
	{"date", true, func(p *ArchivedPaper, v string) (err error) { p.Day, err = money.ParseDate(v); return err }},
	{"file", true, func(p *ArchivedPaper, v string) error { p.File = v; return nil }},
	{"sha256", false, func(p *ArchivedPaper, v string) error {
		p.SHA256 = strings.ToLower(v)
		if b, err := hex.DecodeString(p.SHA256); err != nil || len(b) != 32 {
			return errors.New("is not a SHA-256 in hexadecimal")
		}
		return nil
	}},
	{"language", false, func(p *ArchivedPaper, v string) error {
		p.Language = v
		if v != "en" && v != "es" {
			return errors.New("is neither en nor es")
		}
		return nil
	}},
}

// ReadManifest reads the list of another archive's papers: CSV whose first row
// names the columns account_number, kind, date (YYYY-MM-DD) and file, and may
// name sha256 and language. It yields a paper, or an *Error; the same file twice
// is one.
func ReadManifest(r io.Reader, name string) iter.Seq2[ArchivedPaper, error] {
	return func(yield func(ArchivedPaper, error) bool) {
		t, err := openTable(r, name)
		if err != nil {
			yield(ArchivedPaper{}, err)
			return
		}
		columns, err := manifestHeader(t)
		if err != nil {
			yield(ArchivedPaper{}, err)
			return
		}
		files := map[string]int{}
		for {
			row, err := t.next()
			if errors.Is(err, io.EOF) {
				return
			}
			p := ArchivedPaper{Language: "en"}
			if err == nil {
				p, err = manifestLine(t, columns, row)
			}
			if line, twice := files[p.File]; err == nil && twice {
				err = p.Error("file", "stands on line "+strconv.Itoa(line)+" already")
			}
			files[p.File] = p.Line
			if !yield(p, err) {
				return
			}
		}
	}
}

func manifestHeader(t *table) (columns []int, err error) {
	wrong := func(field, reason string) error {
		return &Error{File: t.file, Line: 1, Field: field, Reason: reason, Fatal: true}
	}
	for _, h := range t.header {
		at := slices.IndexFunc(manifestColumns, func(c manifestColumn) bool { return c.name == h })
		switch {
		case at < 0:
			return nil, wrong(printable(h), "unknown column")
		case slices.Contains(columns, at):
			return nil, wrong(h, "the column stands twice")
		}
		columns = append(columns, at)
	}
	for i, c := range manifestColumns {
		if c.needed && !slices.Contains(columns, i) {
			return nil, wrong(c.name, "the column is missing")
		}
	}
	return columns, nil
}

func manifestLine(t *table, columns []int, row []string) (ArchivedPaper, error) {
	p := ArchivedPaper{Position: Position{File: t.file, Number: t.row, Line: t.line}, Language: "en"}
	for i, v := range row {
		c := manifestColumns[columns[i]]
		if v == "" {
			if c.needed {
				return p, p.Error(c.name, "is needed")
			}
			continue
		}
		if err := c.set(&p, v); err != nil {
			return p, p.Error(c.name, err.Error())
		}
	}
	return p, nil
}
