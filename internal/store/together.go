package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// table is where transactions share one database transaction and its commit. Each
// caller runs its own function, all at the same time; what the functions ask for
// goes to the database together.
//
// A function at a table reads, and what it writes goes out with everybody's at the
// end: nothing of it can be seen before. One that has to see what it wrote is run
// again alone, and so are all when anything at all goes wrong with the group.
//
// With two lines one group reads while the one before it writes.
type table struct {
	seats chan *seat
	idle  chan line // lines that no group is using
	wait  bool      // one group is over before anything else begins
}

func newTable(lines ...line) *table {
	t := &table{seats: make(chan *seat), idle: make(chan line, len(lines)), wait: len(lines) == 1}
	for _, l := range lines {
		t.idle <- l
	}
	return t
}

// line is how a table reaches its database.
type line interface {
	call() error              // makes sure that somebody answers
	read(asks []*ask) error   // answers all, or says with each what was wrong with it
	takes(q queued) bool      // says whether a write can be sent among others
	write(w [][]queued) error // writes and commits; errAlone when nothing of it was done
	rollback()                // ends what has begun, if anything
	hangUp()
}

// seat is a caller's place in a group.
type seat struct {
	row   string // what the function takes first: no two in a group take the same
	ctx   context.Context
	turn  chan error // nil to begin, then how it ended
	said  chan *seat // that it asks, or has returned
	heard chan struct{}
	place int

	asked []*ask // what the function waits for; none when it has returned
	known []*ask // what was asked ahead
	err   error
	alone bool
	queue []queued
}

// ask is a read that waits for the others of its group.
type ask struct {
	stmt  *statement
	args  []any
	place int
	rows  []cells
	err   error
	done  chan struct{} // of a glance
}

// groupSize bounds how many transactions share one commit.
const groupSize = 64

// errAlone says that a function is to be run again, alone.
var errAlone = errors.New("not in a group")

// UpdateOn is Update for a short function that begins by taking one row, which is
// named here; several such may share a commit. Each is answered when its own
// commit is on disk. The function may be run more than once.
func (db *DB) UpdateOn(ctx context.Context, row string, fn func(*Tx) error) error {
	if err := db.together(ctx, row, fn); !errors.Is(err, errAlone) {
		return err
	}
	return db.Update(ctx, fn)
}

func (db *DB) together(ctx context.Context, row string, fn func(*Tx) error) error {
	s := &seat{row: row, ctx: ctx, turn: make(chan error, 1), heard: make(chan struct{}, 1)}
	select {
	case db.table.seats <- s: // nobody takes one that is not served
	case <-db.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := <-s.turn; err != nil {
		return err
	}
	s.run(db, fn)
	err := <-s.turn
	if err == nil {
		err = s.err
	}
	return err
}

// run runs the caller's function and leaves the group however it ends.
func (s *seat) run(db *DB, fn func(*Tx) error) {
	tx := &Tx{ctx: context.WithoutCancel(s.ctx), db: db, joint: s}
	s.err = errAlone
	defer func() { // also when it panics
		s.asked = nil
		if s.err == nil {
			s.queue = tx.queue
		}
		s.said <- s
	}()
	s.err = fn(tx)
}

// ask waits for the answers that the group gets.
func (s *seat) ask(asks ...*ask) {
	for _, a := range asks {
		a.place = s.place
	}
	s.asked = asks
	s.said <- s
	<-s.heard
}

// ahead asks at once for what the function is going to read.
func (s *seat) ahead(reads []queued) {
	s.known = make([]*ask, len(reads))
	for i, r := range reads {
		s.known[i] = &ask{stmt: r.stmt, args: r.args}
	}
	s.ask(s.known...)
}

func (s *seat) query(tx *Tx, st *statement, scan func(row) error, args []any) error {
	if err := s.flush(tx); err != nil {
		return err
	}
	a := &ask{stmt: st, args: args}
	at := slices.IndexFunc(s.known, func(k *ask) bool { return k.stmt == st && reflect.DeepEqual(k.args, args) })
	if at >= 0 {
		a = s.known[at]
		s.known = slices.Delete(s.known, at, at+1)
	} else {
		s.ask(a)
	}
	if a.err != nil {
		return s.leave()
	}
	return scanAll(a.rows, scan)
}

// flush refuses to write before the end.
func (s *seat) flush(tx *Tx) error {
	if len(tx.queue) > 0 {
		return s.leave()
	}
	return nil
}

func (s *seat) leave() error {
	s.alone = true
	return errAlone
}

func scanAll(rows []cells, scan func(row) error) error {
	for _, r := range rows {
		if err := scan(r); err != nil {
			return err
		}
	}
	return nil
}

// serve runs groups until the database is closed.
func (t *table) serve(closed <-chan struct{}) {
	defer t.leave()
	for {
		select {
		case s := <-t.seats:
			t.sit(s)
		case <-closed:
			return
		}
	}
}

// sit runs the group of a caller, and those of the callers that it makes wait.
func (t *table) sit(first *seat) {
	for waiting := []*seat{first}; len(waiting) > 0; {
		l := <-t.idle
		waiting = t.more(waiting)
		var now []*seat
		now, waiting = choose(waiting)
		in, err := t.rounds(l, begin(l, now))
		if t.wait {
			t.end(l, in, err)
		} else {
			go t.end(l, in, err)
		}
	}
}

// leave waits until no group is at the table.
func (t *table) leave() {
	for range cap(t.idle) {
		(<-t.idle).hangUp()
	}
}

// more adds the callers that wait already, as many as share a commit.
func (t *table) more(waiting []*seat) []*seat {
	for len(waiting) < groupSize {
		select {
		case s := <-t.seats:
			waiting = append(waiting, s)
		default:
			return waiting
		}
	}
	return waiting
}

// choose takes the first of each row, in the order of the rows: groups of several
// processes then wait for rows in one order and never for each other.
func choose(waiting []*seat) (now, later []*seat) {
	taken := map[string]bool{}
	for _, s := range waiting {
		if taken[s.row] {
			later = append(later, s)
			continue
		}
		taken[s.row] = true
		now = append(now, s)
	}
	slices.SortFunc(now, func(a, b *seat) int { return cmp.Compare(a.row, b.row) })
	return now, later
}

// begin lets the callers of a group begin, and gives those who did.
func begin(l line, seats []*seat) (in []*seat) {
	ready := l.call()
	said := make(chan *seat, len(seats))
	for _, s := range seats {
		err := s.ctx.Err()
		if err == nil && ready != nil {
			err = errAlone // which meets the same and tells it as always
		}
		if err == nil {
			s.said, s.place = said, len(in)
			in = append(in, s)
		}
		s.turn <- err
	}
	return in
}

// rounds answers what the functions of a group ask until all have returned. They
// go on when the first error has been met, but nothing is asked any more.
func (t *table) rounds(l line, in []*seat) (_ []*seat, failed error) {
	for running := len(in); running > 0; {
		var asking []*seat
		var asks []*ask
		for ; running > 0; running-- {
			if s := <-in[0].said; len(s.asked) > 0 {
				asking, asks = append(asking, s), append(asks, s.asked...)
			}
		}
		if failed == nil && len(asks) > 0 {
			slices.SortStableFunc(asks, func(a, b *ask) int { return a.place - b.place })
			if l.read(asks) != nil {
				failed = errAlone // where it is met again
			}
		}
		for _, a := range asks {
			if failed != nil {
				a.err = failed
			}
		}
		for _, s := range asking {
			s.heard <- struct{}{}
		}
		running = len(asking)
	}
	return in, failed
}

// end writes and commits, and tells each how it ended.
func (t *table) end(l line, in []*seat, err error) {
	if err == nil {
		err = commit(l, in)
	}
	l.rollback()
	t.idle <- l
	for _, s := range in {
		if s.alone {
			s.turn <- errAlone
		} else {
			s.turn <- err
		}
	}
}

// commit writes what the functions that ended well have queued, and commits.
func commit(l line, in []*seat) error {
	var queues [][]queued
	for _, s := range in {
		if s.err != nil || s.alone {
			continue
		}
		if s.alone = slices.ContainsFunc(s.queue, func(q queued) bool { return !l.takes(q) }); !s.alone && len(s.queue) > 0 {
			queues = append(queues, s.queue)
		}
	}
	if len(queues) == 0 {
		return nil
	}
	if err := l.write(inOrder(queues)); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// inOrder puts the writes of several together, equal statements side by side and
// each one's own in their order.
func inOrder(queues [][]queued) (out [][]queued) {
	for {
		next := head(queues)
		if next == nil {
			return out
		}
		var same []queued
		for i, q := range queues {
			n := 0
			for n < len(q) && q[n].stmt == next {
				n++
			}
			same, queues[i] = append(same, q[:n]...), q[n:]
		}
		out = append(out, same)
	}
}

// head is the statement to send next: a first one that nobody else has further
// back, if there is one.
func head(queues [][]queued) (next *statement) {
	for _, q := range queues {
		if len(q) == 0 {
			continue
		}
		if next == nil {
			next = q[0].stmt
		}
		waits := slices.ContainsFunc(queues, func(o []queued) bool {
			return len(o) > 0 && o[0].stmt != q[0].stmt && slices.ContainsFunc(o, func(w queued) bool { return w.stmt == q[0].stmt })
		})
		if !waits {
			return q[0].stmt
		}
	}
	return next
}

// glance reads one thing in company.
type glance struct {
	asks  chan<- *ask
	asked bool
	alone bool
}

// Glance is View for a function that reads with one statement. It sees all that was
// committed before.
func (db *DB) Glance(ctx context.Context, fn func(*Tx) error) error {
	g := &glance{asks: db.glances}
	if err := fn(&Tx{ctx: ctx, db: db, joint: g}); !g.alone {
		return err
	}
	return db.View(ctx, fn)
}

func (g *glance) query(tx *Tx, st *statement, scan func(row) error, args []any) error {
	if g.asked {
		return g.leave()
	}
	g.asked = true
	if tx.db.dialect == sqlite {
		return tx.glance(st, scan, args)
	}
	a := &ask{stmt: st, args: args, place: outside, done: make(chan struct{})}
	select {
	case g.asks <- a:
	case <-tx.db.closed:
		return ErrClosed
	case <-tx.ctx.Done():
		return tx.ctx.Err()
	}
	if <-a.done; a.err != nil {
		return g.leave()
	}
	return scanAll(a.rows, scan)
}

func (g *glance) flush(tx *Tx) error {
	if len(tx.queue) > 0 {
		return g.leave()
	}
	return nil
}

func (g *glance) ahead([]queued) {}

func (g *glance) leave() error {
	g.alone = true
	return errAlone
}

// outside is the place of an ask that belongs to no group.
const outside = -1

// look answers glances until the database is closed.
func look(l line, glances <-chan *ask, closed <-chan struct{}) {
	defer l.hangUp()
	for {
		var asks []*ask
		select {
		case a := <-glances:
			asks = append(asks, a)
		case <-closed:
			return
		}
		for more := true; more && len(asks) < groupSize; {
			select {
			case a := <-glances:
				asks = append(asks, a)
			default:
				more = false
			}
		}
		err := l.call()
		if err == nil {
			err = l.read(asks)
		}
		for _, a := range asks {
			if err != nil {
				a.err = err
			}
			close(a.done)
		}
	}
}
