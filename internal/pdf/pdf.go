// Package pdf writes tagged documents: PDF 1.7 with embedded fonts, marked up
// so that a program can read them aloud in order (PDF/UA-1, ISO 14289-1) and
// that can be kept for ever (PDF/A-2a, ISO 19005-2).
//
// It promises that the same calls give the same bytes, also when many documents
// are made at once; that text of any kind stays text; and that whatever a
// document shows is either in exactly one element of its structure or an
// artifact (rules, page heads, page numbers). A call in the wrong order is an
// error that Bytes returns.
//
// It does not know what a document is about, where lines break or how a page is
// divided; it opens no files and has no clock. Lengths are in points and y is
// measured from the top of the page; they are kept to a hundredth of a point.
package pdf

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// Info is what a document says of itself.
type Info struct {
	Title    string // shown in the window's title; required
	Author   string
	Subject  string
	Language string // BCP 47, "en-US"; required
	Producer string
	Created  time.Time
}

// Doc is a document being written. One goroutine writes it, and Bytes ends it.
type Doc struct {
	info Info
	err  error
	*work
}

// work is the part of a document whose memory is used again for the next.
type work struct {
	page     int // being drawn on, from 0
	pages    []page
	nodes    []node
	attrs    []byte // of all elements, as they are written
	ids      []identifier
	wanted   []string // IDs that cells name
	open     []int32  // elements under way, innermost last
	artifact bool
	tables   []table
	headings []heading
	level    int // of the last heading
	said     said
	fonts    []used
	out      output
}

type page struct {
	width, height int // in hundredths of a point
	content       []byte
	parents       []int32 // by MCID: the element that it belongs to
	state         state
}

// used is a part of a font that the document needs.
type used struct {
	font  *Font
	usual bool
	runes []rune // by code, if it is not the usual part
}

var works = sync.Pool{New: func() any { return new(work) }}

// New starts a document. It has no page yet.
func New(info Info) *Doc {
	d := &Doc{info: info, work: works.Get().(*work)}
	w := d.work
	w.page, w.level, w.artifact, w.said = -1, 0, false, said{}
	w.pages, w.nodes, w.attrs, w.ids = w.pages[:0], w.nodes[:0], w.attrs[:0], w.ids[:0]
	w.wanted = w.wanted[:0]
	w.open, w.tables, w.headings, w.fonts = w.open[:0], w.tables[:0], w.headings[:0], w.fonts[:0]
	d.Open(Document)
	return d
}

// fail keeps the first mistake.
func (d *Doc) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

var errEnded = errors.New("write document: it has ended")

// AddPage adds a page of this size after the last and goes to it.
func (d *Doc) AddPage(width, height float64) {
	w, h := d.length(width), d.length(height)
	if w < 300 || h < 300 || w > 1440000 || h > 1440000 {
		d.fail("add page: %g by %g points", width, height)
		return
	}
	n := len(d.pages)
	if n < cap(d.pages) {
		d.pages = d.pages[:n+1]
		p := &d.pages[n]
		p.content, p.parents, p.state = p.content[:0], p.parents[:0], state{}
	} else {
		d.pages = append(d.pages, page{})
	}
	d.pages[n].width, d.pages[n].height = w, h
	d.pages[n].state.reset()
	d.page = n
}

// Pages is how many pages there are.
func (d *Doc) Pages() int { return len(d.pages) }

// Page is the number of the page being drawn on, from 1.
func (d *Doc) Page() int { return d.page + 1 }

// SetPage goes to a page, from 1, and draws on top of what is there: for page
// numbers, when it is known how many pages there are.
func (d *Doc) SetPage(n int) {
	if n < 1 || n > len(d.pages) {
		d.fail("set page: %d of %d", n, len(d.pages))
		return
	}
	d.page = n - 1
}

// length is a measure in hundredths of a point.
func (d *Doc) length(v float64) int {
	if !(math.Abs(v) < 1e6) {
		d.fail("draw: a length of %g points", v)
		return 0
	}
	return int(math.Round(v * 100))
}
