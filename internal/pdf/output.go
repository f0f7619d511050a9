package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// The numbers of the objects that every document has.
const (
	catalogObject = iota + 1
	pagesObject
	infoObject
	metadataObject
	profileObject
	structureObject
	resourcesObject
	packedObject
	xrefObject
	firstFree
)

// output is the file under way.
type output struct {
	file   []byte
	places []place // of the objects, by number
	body   []byte  // the objects of the object stream, one after the other
	index  []byte  // their numbers and places in it
	inside int     // how many
	z      []byte  // the stream being packed
	seen   heads
	fixed  [2]int // where the fonts begin and end in the file
}

// place is where an object is: at an offset in the file, or at an index in the
// object stream.
type place struct {
	at     int
	packed bool
}

// WriteTo ends the document and writes the file.
func (d *Doc) WriteTo(w io.Writer) (int64, error) {
	file, err := d.Bytes()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(file)
	return int64(n), err
}

// Bytes ends the document and gives the file, or the first mistake that was
// made in writing it.
func (d *Doc) Bytes() ([]byte, error) {
	if d.work == nil {
		return nil, errEnded
	}
	defer func() {
		works.Put(d.work)
		d.work = nil
	}()
	switch {
	case d.err != nil:
	case len(d.open) > 1:
		d.fail("end document: %s is open", d.nodes[d.top()].tag)
	case len(d.pages) == 0:
		d.fail("end document: it has no page")
	case strings.TrimSpace(readable(d.info.Title)) == "":
		d.fail("end document: it has no title")
	}
	d.language(d.info.Language)
	if d.err == nil {
		d.write()
	}
	if d.err != nil {
		return nil, d.err
	}
	return bytes.Clone(d.out.file), nil
}

// write makes the file.
func (d *Doc) write() {
	o := &d.out
	o.file, o.body, o.index, o.inside = o.file[:0], o.body[:0], o.index[:0], 0
	fonts := firstFree
	pages := fonts + 5*len(d.fonts)
	next := pages + 2*len(d.pages)
	for i := range d.nodes {
		if n := &d.nodes[i]; n.page == 0 {
			n.object = int32(next)
			next++
		}
	}
	outline := 0
	if len(d.pages) > 2 && len(d.headings) > 0 {
		outline = next
		next += 1 + len(d.headings)
	}
	o.places = slices.Grow(o.places[:0], next)[:next]

	o.file = append(o.file, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"...)
	o.stream(metadataObject, "/Type/Metadata/Subtype/XML", d.metadata())
	o.stream(profileObject, "/N 3/Filter/FlateDecode", profile())
	o.fixed[0] = len(o.file)
	for i, u := range d.fonts {
		d.writeFont(fonts+5*i, u)
	}
	o.fixed[1] = len(o.file)
	for i := range d.pages {
		d.writePage(i, pages+2*i)
	}
	d.writeTree(pages, outline)
	if outline != 0 {
		d.writeOutline(outline, pages)
	}
	d.writeRest(fonts, pages, outline)
	o.pack()
	o.xref()
}

// start begins an object of the object stream.
func (o *output) start(number int) {
	o.places[number] = place{at: o.inside, packed: true}
	o.inside++
	o.index = append(strconv.AppendInt(o.index, int64(number), 10), ' ')
	o.index = append(strconv.AppendInt(o.index, int64(len(o.body)), 10), ' ')
}

func (o *output) str(s string) { o.body = append(o.body, s...) }
func (o *output) num(n int)    { o.body = strconv.AppendInt(o.body, int64(n), 10) }
func (o *output) ref(n int)    { o.body = append(strconv.AppendInt(o.body, int64(n), 10), " 0 R"...) }
func (o *output) length(v int) { o.body = appendLength(o.body, v) }
func (o *output) finish()      { o.body = append(o.body, '\n') }

// stream writes an object that is a stream.
func (o *output) stream(number int, dict string, data []byte) {
	o.places[number] = place{at: len(o.file)}
	o.file = strconv.AppendInt(o.file, int64(number), 10)
	o.file = append(append(o.file, " 0 obj\n<<"...), dict...)
	o.file = strconv.AppendInt(append(o.file, "/Length "...), int64(len(data)), 10)
	o.file = append(o.file, ">>\nstream\n"...)
	o.file = append(append(o.file, data...), "\nendstream\nendobj\n"...)
}

func (d *Doc) writeFont(number int, u used) {
	o, f := &d.out, u.font
	var made part
	if u.usual {
		made = f.prepared()
	} else {
		made = f.cut(u.runes, &o.seen)
	}
	o.start(number)
	o.str("<</Type/Font/Subtype/Type0/Encoding/Identity-H/BaseFont/" + made.name + "/DescendantFonts[")
	o.ref(number + 1)
	o.str("]/ToUnicode ")
	o.ref(number + 4)
	o.str(">>")
	o.finish()
	o.start(number + 1)
	o.str("<</Type/Font/Subtype/CIDFontType2/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/DW 0/BaseFont/" +
		made.name + "/FontDescriptor ")
	o.ref(number + 2)
	o.str("/W")
	o.body = append(o.body, made.widths...)
	o.str(">>")
	o.finish()
	o.start(number + 2)
	o.str("<</Type/FontDescriptor/Flags 4/ItalicAngle 0/FontName/" + made.name + "/FontBBox[")
	for i, v := range f.bbox {
		if i > 0 {
			o.str(" ")
		}
		o.num(v)
	}
	o.str("]/Ascent ")
	o.num(f.ascent)
	o.str("/Descent ")
	o.num(f.descent)
	o.str("/CapHeight ")
	o.num(f.capHeight)
	o.str("/StemV ")
	o.num(f.weight / 5)
	o.str("/FontFile2 ")
	o.ref(number + 3)
	o.str(">>")
	o.finish()
	o.stream(number+3, "/Filter/FlateDecode/Length1 "+strconv.Itoa(made.length), made.file)
	o.stream(number+4, "/Filter/FlateDecode", made.toUnicode)
}

func (d *Doc) writePage(i, number int) {
	o, p := &d.out, &d.pages[i]
	p.end()
	o.start(number)
	o.str("<</Type/Page/Tabs/S/Parent ")
	o.ref(pagesObject)
	o.str("/MediaBox[0 0 ")
	o.length(p.width)
	o.str(" ")
	o.length(p.height)
	o.str("]/Resources ")
	o.ref(resourcesObject)
	o.str("/Contents ")
	o.ref(number + 1)
	o.str("/StructParents ")
	o.num(i)
	o.str(">>")
	o.finish()
	o.z = contentBook().deflate(o.z[:0], p.content, &o.seen)
	o.stream(number+1, "/Filter/FlateDecode", o.z)
}

// writeTree writes the structure: its root, and every element with its
// children in the order of reading.
func (d *Doc) writeTree(pages, outline int) {
	o := &d.out
	o.start(structureObject)
	o.str("<</Type/StructTreeRoot/K ")
	o.ref(int(d.nodes[0].object))
	o.str("/ParentTreeNextKey ")
	o.num(len(d.pages))
	o.str("/ParentTree<</Nums[")
	for i, p := range d.pages {
		o.num(i)
		o.str("[")
		for _, n := range p.parents {
			o.ref(int(d.nodes[n].object))
			o.str(" ")
		}
		o.str("]")
	}
	o.str("]>>")
	d.writeIDs()
	o.str(">>")
	o.finish()
	for i := range d.nodes {
		n := &d.nodes[i]
		if n.page != 0 {
			continue
		}
		o.start(int(n.object))
		o.str("<</S/")
		o.str(tagNames[n.tag])
		o.str("/P ")
		if n.parent < 0 {
			o.ref(structureObject)
		} else {
			o.ref(int(d.nodes[n.parent].object))
		}
		d.writeKids(n, pages)
		o.body = append(o.body, d.attrs[n.attrs[0]:n.attrs[1]]...)
		o.str(">>")
		o.finish()
	}
}

func (d *Doc) writeKids(n *node, pages int) {
	o := &d.out
	if n.first == 0 {
		return
	}
	page := int32(0) // the one that numbers alone refer to
	for k := n.first; k != 0 && page == 0; k = d.nodes[k].next {
		page = d.nodes[k].page
	}
	if page != 0 {
		o.str("/Pg ")
		o.ref(pages + 2*int(page-1))
	}
	one := n.first == n.last
	o.str("/K ")
	if !one {
		o.str("[")
	}
	for k := n.first; k != 0; k = d.nodes[k].next {
		if k != n.first {
			o.str(" ")
		}
		switch kid := &d.nodes[k]; kid.page {
		case 0:
			o.ref(int(kid.object))
		case page:
			o.num(int(kid.mcid))
		default:
			o.str("<</Type/MCR/Pg ")
			o.ref(pages + 2*int(kid.page-1))
			o.str("/MCID ")
			o.num(int(kid.mcid))
			o.str(">>")
		}
	}
	if !one {
		o.str("]")
	}
}

// writeIDs writes the tree of the elements' names, in order as it has to be.
func (d *Doc) writeIDs() {
	slices.SortFunc(d.ids, func(a, b identifier) int { return strings.Compare(a.id, b.id) })
	for _, id := range d.wanted {
		if _, has := slices.BinarySearchFunc(d.ids, id, func(a identifier, b string) int { return strings.Compare(a.id, b) }); !has {
			d.fail("end document: header cell %q is not in the file", id)
		}
	}
	if len(d.ids) == 0 {
		return
	}
	o := &d.out
	o.str("/IDTree<</Kids[<</Limits[")
	o.body = d.appendText(d.appendText(o.body, d.ids[0].id), d.ids[len(d.ids)-1].id)
	o.str("]/Names[")
	for i, id := range d.ids {
		if i > 0 && id.id == d.ids[i-1].id {
			d.fail("end document: two elements have the ID %q", id.id)
		}
		o.body = d.appendText(o.body, id.id)
		o.ref(int(d.nodes[id.node].object))
	}
	o.str("]>>]>>")
}

// writeOutline writes the headings as bookmarks.
func (d *Doc) writeOutline(root, pages int) {
	o := &d.out
	type item struct{ up, first, last, prev, next, under int }
	items := make([]item, len(d.headings)+1) // 0 is the root
	var path [4]int                          // by level
	for i, h := range d.headings {
		n := i + 1
		up := path[h.level-1]
		for l := h.level; l < len(path); l++ {
			path[l] = n
		}
		it := &items[n]
		it.up = up
		if items[up].first == 0 {
			items[up].first = n
		} else {
			it.prev = items[up].last
			items[it.prev].next = n
		}
		items[up].last = n
		for ; ; up = items[up].up {
			items[up].under++
			if up == 0 {
				break
			}
		}
	}
	for n, it := range items {
		o.start(root + n)
		o.str("<<")
		if n == 0 {
			o.str("/Type/Outlines")
		} else {
			h := &d.headings[n-1]
			o.str("/Title")
			o.body = d.appendText(o.body, h.title)
			o.str("/Dest[")
			o.ref(pages + 2*max(h.page, 0))
			o.str("/XYZ null ")
			o.length(h.y + 2000)
			o.str(" null]/Parent ")
			o.ref(root + it.up)
		}
		for _, link := range []struct {
			key string
			to  int
		}{{"/First ", it.first}, {"/Last ", it.last}, {"/Prev ", it.prev}, {"/Next ", it.next}} {
			if link.to != 0 {
				o.str(link.key)
				o.ref(root + link.to)
			}
		}
		if it.under > 0 {
			o.str("/Count ")
			o.num(it.under)
		}
		o.str(">>")
		o.finish()
	}
}

// writeRest writes the catalog and what hangs on it.
func (d *Doc) writeRest(fonts, pages, outline int) {
	o := &d.out
	o.start(catalogObject)
	o.str("<</Type/Catalog/Version/1.7/Pages ")
	o.ref(pagesObject)
	o.str("/Metadata ")
	o.ref(metadataObject)
	o.str("/StructTreeRoot ")
	o.ref(structureObject)
	o.str("/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>/Lang")
	o.body = d.appendText(o.body, d.info.Language)
	o.str("/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)/Info(sRGB IEC61966-2.1)/DestOutputProfile ")
	o.ref(profileObject)
	o.str(">>]")
	if outline != 0 {
		o.str("/PageMode/UseOutlines/Outlines ")
		o.ref(outline)
	}
	o.str(">>")
	o.finish()
	o.start(pagesObject)
	o.str("<</Type/Pages/Count ")
	o.num(len(d.pages))
	o.str("/Kids[")
	for i := range d.pages {
		o.ref(pages + 2*i)
		o.str(" ")
	}
	o.str("]>>")
	o.finish()
	o.start(resourcesObject)
	o.str("<</Font<<")
	for i := range d.fonts {
		o.str("/F")
		o.num(i + 1)
		o.str(" ")
		o.ref(fonts + 5*i)
	}
	o.str(">>>>")
	o.finish()
	o.start(infoObject)
	o.str("<<")
	for _, e := range []struct{ key, text string }{
		{"/Title", d.info.Title}, {"/Author", d.info.Author}, {"/Subject", d.info.Subject}, {"/Producer", d.info.Producer},
	} {
		if e.text != "" {
			o.str(e.key)
			o.body = d.appendText(o.body, e.text)
		}
	}
	when := d.info.Created.UTC().Format("(D:20060102150405+00'00')")
	o.str("/CreationDate" + when + "/ModDate" + when + ">>")
	o.finish()
}

// pack writes the object stream.
func (o *output) pack() {
	first := len(o.index)
	o.index = append(o.index, o.body...)
	o.z = objectBook().deflate(o.z[:0], o.index, &o.seen)
	o.stream(packedObject, fmt.Sprintf("/Type/ObjStm/N %d/First %d/Filter/FlateDecode", o.inside, first), o.z)
}

// xref writes the table of the objects. The file's identifier is reckoned from
// all that documents differ in, so it is the same for the same document; the
// fonts have names that are reckoned from what is in them.
func (o *output) xref() {
	at := len(o.file)
	h := sha256.New()
	h.Write(o.file[:o.fixed[0]])
	h.Write(o.file[o.fixed[1]:])
	id := strings.ToUpper(hex.EncodeToString(h.Sum(nil)[:16]))
	o.places[xrefObject] = place{at: at}
	o.body = o.body[:0]
	for i, p := range o.places {
		kind, where, index := byte(1), p.at, 0
		switch {
		case i == 0: // the head of the list of free objects, which is empty
			kind = 0
		case p.packed:
			kind, where, index = 2, packedObject, p.at
		}
		o.body = binary.BigEndian.AppendUint32(append(o.body, kind), uint32(where))
		o.body = append(o.body, byte(index>>16), byte(index>>8), byte(index))
	}
	o.stream(xrefObject, fmt.Sprintf("/Type/XRef/Size %d/W[1 4 3]/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]",
		len(o.places), catalogObject, infoObject, id, id), o.body)
	o.file = append(strconv.AppendInt(append(o.file, "startxref\n"...), int64(at), 10), "\n%%EOF\n"...)
}
