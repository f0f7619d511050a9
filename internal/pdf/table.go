package pdf

// table is one under way: for how many more rows a cell reaches down in each of
// its columns, and the column that the row has come to.
type table struct {
	reach []int
	here  int
	begun bool // the first row has said how many columns there are
}

// cell takes its columns in the row.
func (d *Doc) cell(tag Tag, columns, rows int) {
	if columns < 1 || rows < 1 || columns > 1000 || rows > 100000 {
		d.fail("open %s: over %d columns and %d rows", tag, columns, rows)
	}
	if d.err != nil {
		return
	}
	t := &d.tables[len(d.tables)-1]
	t.skip()
	for range columns {
		switch {
		case t.here < len(t.reach) && t.reach[t.here] > 0:
			d.fail("open %s: where a cell reaches down", tag)
			return
		case t.here < len(t.reach):
		case t.begun:
			d.fail("open %s: more than %d columns", tag, len(t.reach))
			return
		default:
			t.reach = append(t.reach, 0)
		}
		t.reach[t.here] = rows
		t.here++
	}
}

// skip goes over the columns that cells of earlier rows reach into.
func (t *table) skip() {
	for t.here < len(t.reach) && t.reach[t.here] > 0 {
		t.here++
	}
}

func (d *Doc) closeRow() {
	if d.err != nil {
		return
	}
	t := &d.tables[len(d.tables)-1]
	t.skip()
	if t.here != len(t.reach) {
		d.fail("close TR: %d columns in a table of %d", t.here, len(t.reach))
		return
	}
	for i := range t.reach {
		t.reach[i]--
	}
	t.here, t.begun = 0, true
}

// closeRows ends a part of a table: no cell reaches out of it.
func (d *Doc) closeRows() {
	if d.err != nil {
		return
	}
	for i, n := range d.tables[len(d.tables)-1].reach {
		if n > 0 {
			d.fail("close rows: a cell in column %d reaches %d rows below", i+1, n)
		}
	}
}

// closeTable checks what a table has to have (ISO 32000-1, 14.8.4.3.4): one
// head, one foot, a body if it has either, one caption at an end.
func (d *Doc) closeTable(n int32) {
	first := d.nodes[n].first
	if first == 0 {
		return
	}
	var have [len(tagNames)]int
	for k := first; k != 0; k = d.nodes[k].next {
		have[d.nodes[k].tag]++
	}
	if have[THead] > 1 || have[TFoot] > 1 || have[THead]+have[TFoot] > 0 && have[TBody] == 0 {
		d.fail("close Table: %d heads, %d bodies and %d feet", have[THead], have[TBody], have[TFoot])
	}
	switch {
	case have[Caption] > 1:
		d.fail("close Table: %d captions", have[Caption])
	case d.nodes[first].tag != Caption && d.nodes[d.nodes[n].last].tag != Caption:
		d.captions(first, Table)
	}
}

// captions refuses captions from this child on.
func (d *Doc) captions(from int32, of Tag) {
	for k := from; k != 0; k = d.nodes[k].next {
		if d.nodes[k].tag == Caption {
			d.fail("close %s: a caption amid it", of)
		}
	}
}
