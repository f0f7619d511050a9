package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marque/internal/pgtest"
)

// count takes a contract and raises its counter by one.
func count(id string) func(*Tx) error {
	return func(tx *Tx) error {
		c, err := tx.TakeContract(id, "")
		if err != nil {
			return err
		}
		c.LastEvent++
		tx.Audit(1, "system:test", "count", id, "")
		return tx.SaveContract(c)
	}
}

func board(t *testing.T, db *DB, ids ...string) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		for _, id := range ids {
			if _, err := tx.InsertContract(sample(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

func counted(t *testing.T, db *DB, id string) int {
	t.Helper()
	var c *Contract
	if err := db.View(context.Background(), func(tx *Tx) (err error) { c, err = tx.Contract(id, ""); return err }); err != nil {
		t.Fatal(err)
	}
	return c.LastEvent
}

// each runs n functions at once and gives their errors in order.
func each(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	return errs
}

func noErrors(t *testing.T, errs []error) {
	t.Helper()
	for i, err := range errs {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// opened is a second process's view of a database.
func opened(t *testing.T, db *DB, url string) *DB {
	t.Helper()
	other, err := Open(context.Background(), url, db.keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	})
	return other
}

// Transactions that share a commit count every time: on one contract and on
// many, in one process and in two.
func TestSharingACommitLosesNothing(t *testing.T) {
	onBothAt(t, func(t *testing.T, url string) {
		one := fresh(t, url)
		dbs := []*DB{one}
		if one.dialect == postgres {
			dbs = append(dbs, opened(t, one, url))
		}
		ids := []string{"1", "2", "3", "4", "5"}
		board(t, one, ids...)
		noErrors(t, each(400, func(i int) error {
			id := ids[0]
			if i%2 == 1 {
				id = ids[i%len(ids)]
			}
			return dbs[i/2%len(dbs)].UpdateOn(context.Background(), id, count(id))
		}))
		sum := 0
		for _, id := range ids {
			sum += counted(t, one, id)
		}
		if sum != 400 {
			t.Errorf("counted %d of 400", sum)
		}
	})
}

// One that takes the row alone and those that share a commit come one after another.
func TestSharingACommitKeepsOthersOut(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		board(t, db, "1")
		noErrors(t, each(100, func(i int) error {
			if i%3 == 0 {
				return db.Update(context.Background(), count("1"))
			}
			return db.UpdateOn(context.Background(), "1", count("1"))
		}))
		if n := counted(t, db, "1"); n != 100 {
			t.Errorf("counted %d of 100", n)
		}
	})
}

// gathered makes a group of n functions for certain: the first holds the table
// until the others wait.
func gathered(db *DB, n int, fn func(i int) func(*Tx) error) []error {
	begun, together := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- db.UpdateOn(context.Background(), "first", func(*Tx) error {
			close(begun)
			<-together
			return nil
		})
	}()
	<-begun
	time.AfterFunc(300*time.Millisecond, func() { close(together) })
	errs := each(n, func(i int) error { return db.UpdateOn(context.Background(), fmt.Sprint(i), fn(i)) })
	return append(errs, <-first)
}

// Of those that share a commit one is refused, one breaks a rule of the database,
// one reads what it wrote, one writes at once: each is answered as it would be alone.
func TestOneOfAGroupDoesNotTouchTheOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		var ids []string
		for i := range 12 {
			ids = append(ids, fmt.Sprint(i))
		}
		board(t, db, ids...)
		refused := errors.New("refused")
		seen := ""
		odd := map[int]func(*Tx) error{
			1: func(*Tx) error { return refused },
			3: func(tx *Tx) error { // a number that is taken
				return errors.Join(tx.InsertCustomer(&Customer{ID: "a", Number: "same"}), tx.InsertCustomer(&Customer{ID: "b", Number: "same"}))
			},
			5: func(tx *Tx) (err error) {
				tx.SetSetting("five", "5")
				seen, err = tx.Setting("five")
				return err
			},
			7: func(tx *Tx) error { _, err := tx.MoveSetting("five", "5", "7"); return err },
			9: func(tx *Tx) error { tx.DropExpired(1); return nil },
		}
		errs := gathered(db, len(ids), func(i int) func(*Tx) error {
			return func(tx *Tx) error {
				if err := count(ids[i])(tx); err != nil || odd[i] == nil {
					return err
				}
				return odd[i](tx)
			}
		})
		for i, err := range errs {
			_, conflict := errors.AsType[*ConflictError](err)
			switch {
			case i == 1 && !errors.Is(err, refused), i == 3 && !conflict, i != 1 && i != 3 && err != nil:
				t.Errorf("%d: %v", i, err)
			}
		}
		for i, id := range ids {
			want := 1
			if i == 1 || i == 3 {
				want = 0
			}
			if n := counted(t, db, id); n != want {
				t.Errorf("%d was counted %d times, want %d", i, n, want)
			}
		}
		if seen != "5" {
			t.Errorf("read %q of what it wrote itself", seen)
		}
	})
}

// A panic is its caller's own, and so is a context that is over.
func TestAPanicInAGroupIsItsCallersOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		board(t, db, "0", "1", "2", "3")
		over, cancel := context.WithCancel(context.Background())
		cancel()
		panicked := make(chan any, 1)
		go func() {
			defer func() { panicked <- recover() }()
			_ = db.UpdateOn(context.Background(), "other", func(*Tx) error { panic("broken") }) // never returns
		}()
		noErrors(t, gathered(db, 4, func(i int) func(*Tx) error { return count(fmt.Sprint(i)) }))
		if p := <-panicked; p != "broken" {
			t.Errorf("recovered %v", p)
		}
		if err := db.UpdateOn(over, "0", count("0")); !errors.Is(err, context.Canceled) {
			t.Errorf("over: %v", err)
		}
		for i := range 4 {
			if n := counted(t, db, fmt.Sprint(i)); n != 1 {
				t.Errorf("%d was counted %d times", i, n)
			}
		}
	})
}

// Nobody is answered before the own commit: what was answered is there for a
// process that begins afterwards.
func TestAnAnswerWaitsForItsCommit(t *testing.T) {
	onBothAt(t, func(t *testing.T, url string) {
		db := fresh(t, url)
		board(t, db, "0", "1", "2", "3", "4", "5", "6", "7")
		other := opened(t, db, url)
		noErrors(t, each(64, func(i int) error {
			id, name := fmt.Sprint(i%8), fmt.Sprint("answered ", i)
			err := db.UpdateOn(context.Background(), id, func(tx *Tx) error {
				c, err := tx.TakeContract(id, "")
				if err != nil {
					return err
				}
				tx.Audit(1, "system:test", name, c.ID, "")
				return tx.SaveContract(c)
			})
			if err != nil {
				return err
			}
			n := 0
			if err := other.read.QueryRow(`SELECT COUNT(*) FROM audit WHERE action = $1`, name).Scan(&n); err != nil || n != 1 {
				return fmt.Errorf("%d rows (%v)", n, err)
			}
			return nil
		}))
	})
}

// Two that want each other's rows are both done: the group that meets it falls
// apart, and PostgreSQL stops one of them.
func TestTwoProcessesThatWantEachOthersRows(t *testing.T) {
	url := pgtest.URL(t)
	one := fresh(t, url)
	two := opened(t, one, url)
	board(t, one, "a", "b")
	both := func(db *DB, first, second string) error {
		return db.UpdateOn(context.Background(), first, func(tx *Tx) error {
			c, err := tx.TakeContract(first, "")
			if err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			d, err := tx.TakeContract(second, "")
			if err != nil {
				return err
			}
			c.LastEvent, d.LastEvent = c.LastEvent+1, d.LastEvent+1
			return errors.Join(tx.SaveContract(c), tx.SaveContract(d))
		})
	}
	noErrors(t, each(4, func(i int) error {
		if i%2 == 0 {
			return both(one, "a", "b")
		}
		return both(two, "b", "a")
	}))
	if a, b := counted(t, one, "a"), counted(t, one, "b"); a != 4 || b != 4 {
		t.Errorf("counted %d and %d of 4", a, b)
	}
}

// A row that somebody holds for long keeps back who wants it, and nobody else for
// longer than a moment.
func TestARowThatIsHeldKeepsNobodyElse(t *testing.T) {
	db := fresh(t, pgtest.URL(t))
	board(t, db, "0", "1", "2")
	held, free := make(chan struct{}), make(chan struct{})
	holder := make(chan error, 1)
	go func() {
		holder <- db.Update(context.Background(), func(tx *Tx) error {
			if err := count("1")(tx); err != nil {
				return err
			}
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	waits := make(chan error, 1)
	go func() { waits <- db.UpdateOn(context.Background(), "1", count("1")) }()
	noErrors(t, each(2, func(i int) error { return db.UpdateOn(context.Background(), fmt.Sprint(i*2), count(fmt.Sprint(i*2))) }))
	select {
	case err := <-waits:
		t.Errorf("did not wait: %v", err)
	default:
	}
	close(free)
	if err := errors.Join(<-holder, <-waits); err != nil {
		t.Error(err)
	}
	if n := counted(t, db, "1"); n != 2 {
		t.Errorf("counted %d of 2", n)
	}
}

// A line whose connection is cut falls back, and is there again afterwards.
func TestALineThatIsCutIsMadeAgain(t *testing.T) {
	db := fresh(t, pgtest.URL(t))
	board(t, db, "0", "1", "2", "3")
	for range 3 {
		noErrors(t, each(8, func(i int) error { return db.UpdateOn(context.Background(), fmt.Sprint(i%4), count(fmt.Sprint(i%4))) }))
		if _, err := db.write.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`, lineName); err != nil {
			t.Fatal(err)
		}
	}
	noErrors(t, each(8, func(i int) error { return db.UpdateOn(context.Background(), fmt.Sprint(i%4), count(fmt.Sprint(i%4))) }))
	sum := 0
	for i := range 4 {
		sum += counted(t, db, fmt.Sprint(i))
	}
	if sum != 32 {
		t.Errorf("counted %d of 32", sum)
	}
}

func TestClosingAnswersEverybody(t *testing.T) {
	onBothAt(t, func(t *testing.T, url string) {
		db := fresh(t, url)
		board(t, db, "0", "1", "2", "3")
		var wg sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i := range 40 {
			wg.Go(func() {
				for {
					err := db.UpdateOn(context.Background(), fmt.Sprint(i%4), count(fmt.Sprint(i%4)))
					mu.Lock()
					if err == nil {
						done++
					}
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		time.Sleep(200 * time.Millisecond)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		again := opened(t, db, url)
		sum := 0
		for i := range 4 {
			sum += counted(t, again, fmt.Sprint(i))
		}
		if sum != done {
			t.Errorf("%d were answered and %d are there", done, sum)
		}
	})
}

// Every read and write that PostgreSQL can run for several gives each caller its
// own rows, and none of another's.
func TestReadsOfSeveralAreNotMixedUp(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		var ids []string
		for i := range 20 {
			ids = append(ids, fmt.Sprint(i))
		}
		board(t, db, ids...)
		errs := gathered(db, len(ids), func(i int) func(*Tx) error {
			return func(tx *Tx) error {
				c, err := tx.TakeContract(ids[i], "")
				if err != nil || c.ID != ids[i] || c.AccountNumber != "A"+ids[i] {
					return fmt.Errorf("%+v (%v)", c, err)
				}
				if _, err := tx.Setting("none"); !errors.Is(err, ErrNotFound) {
					return fmt.Errorf("a setting that is not there: %w", err)
				}
				parties, err := tx.Parties(ids[i])
				if err != nil || len(parties) > 0 {
					return fmt.Errorf("%v (%v)", parties, err)
				}
				return tx.SaveContract(c)
			}
		})
		noErrors(t, errs)
	})
}

func TestWritesOfSeveralKeepEachOnesOrder(t *testing.T) {
	a, b, c := &statement{text: "a"}, &statement{text: "b"}, &statement{text: "c"}
	queue := func(all ...*statement) (out []queued) {
		for _, s := range all {
			out = append(out, queued{stmt: s})
		}
		return out
	}
	for _, one := range []struct {
		queues [][]queued
		want   string
	}{
		{[][]queued{queue(a, b, c), queue(a, b, c)}, "a2 b2 c2"},
		{[][]queued{queue(a, b, c), queue(b, c)}, "a1 b2 c2"},
		{[][]queued{queue(b, c), queue(a, b)}, "a1 b2 c1"},
		{[][]queued{queue(a, a, b), queue(a)}, "a3 b1"},
		{[][]queued{queue(a, b), queue(b, a)}, "a1 b2 a1"},
		{[][]queued{queue(a)}, "a1"},
	} {
		var got []string
		for _, set := range inOrder(slices.Clone(one.queues)) {
			got = append(got, fmt.Sprint(set[0].stmt.text, len(set)))
		}
		if s := strings.Join(got, " "); s != one.want {
			t.Errorf("sent %s, want %s", s, one.want)
		}
	}
}

// A glance sees what was answered before it began, and a function that wants more
// than one is run again on a snapshot.
func TestAGlanceSeesWhatWasAnswered(t *testing.T) {
	onBothAt(t, func(t *testing.T, url string) {
		db := fresh(t, url)
		noErrors(t, each(40, func(i int) error {
			name := fmt.Sprint("setting ", i)
			if err := db.Update(context.Background(), func(tx *Tx) error { tx.SetSetting(name, name); return nil }); err != nil {
				return err
			}
			return db.Glance(context.Background(), func(tx *Tx) error {
				for range 1 + i%2 {
					if v, err := tx.Setting(name); err != nil || v != name {
						return fmt.Errorf("%q (%v)", v, err)
					}
				}
				return nil
			})
		}))
		err := db.Glance(context.Background(), func(tx *Tx) error { _, err := tx.Setting("none"); return err })
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}

// Every statement that can run for several is one that PostgreSQL understands.
func TestStatementsForSeveralPrepare(t *testing.T) {
	db := fresh(t, pgtest.URL(t))
	ctx, l := context.Background(), &pgLine{url: pgURL(t, db)}
	if err := l.call(); err != nil {
		t.Fatal(err)
	}
	defer l.hangUp()
	joined := 0
	for _, s := range statements {
		d, err := l.conn.Prepare(ctx, "", postgres.text(s))
		if err != nil {
			t.Fatal(err)
		}
		kinds := make([]kind, len(d.ParamOIDs))
		for i, oid := range d.ParamOIDs {
			if oid == 20 {
				kinds[i] = bigint
			}
		}
		words, err := forSeveral(postgres.text(s), kinds)
		if err != nil {
			continue
		}
		if joined++; slices.ContainsFunc(d.ParamOIDs, func(oid uint32) bool { return oid != 20 && oid != 25 }) {
			continue
		}
		if _, err := l.conn.Prepare(ctx, "", words); err != nil {
			t.Errorf("%v\n%s", err, words)
		}
	}
	if joined < 100 {
		t.Errorf("only %d of %d can run for several", joined, len(statements))
	}
}

func pgURL(t *testing.T, db *DB) string {
	t.Helper()
	l := (<-db.table.idle).(*pgLine)
	db.table.idle <- l
	return l.url
}
