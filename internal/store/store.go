// Package store is the only place that talks to a database: schema, migrations,
// statements and transactions. One SQL text runs on SQLite and on PostgreSQL;
// what differs between them is in dialect.go and nowhere else.
//
// Reads run at once. Writes that cannot fail for business reasons are queued
// and go to the database together, just before the commit. Transactions that wait
// at the same time share a commit: on SQLite all, behind a savepoint each, and on
// both databases those of UpdateOn, whose statements travel together as well. Each
// stands or falls alone, and none is answered before the commit is on disk.
//
// Personal data goes in and comes out through the Keys given to Open, and is
// encrypted with its place (table, column and row) as associated data, so that
// a ciphertext moved elsewhere does not open. The store knows no rules of
// servicing: it keeps what the verbs tell it.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
)

// ErrNotFound says that no row answers, or none that the actor may see.
var ErrNotFound = errors.New("not found")

// ConflictError says that a unique index refused a row.
type ConflictError struct{ Constraint string }

func (e *ConflictError) Error() string { return "conflict: " + e.Constraint }

// DB is an open database.
type DB struct {
	dialect dialect
	write   *sql.DB
	read    *sql.DB
	keys    *Keys

	jobs     chan *job // SQLite's writer
	table    *table    // where transactions share a commit
	glances  chan *ask // PostgreSQL's reads of one statement
	prepared sync.Map  // SQLite's: *statement to *sql.Stmt
	closed   chan struct{}
	once     sync.Once
	done     sync.WaitGroup
}

// Open opens the database at a URL: "postgres://…", or a path for SQLite. It
// does not migrate.
func Open(ctx context.Context, url string, keys *Keys) (*DB, error) {
	db := &DB{dialect: dialectOf(url), keys: keys, closed: make(chan struct{})}
	var err error
	if db.write, db.read, err = db.dialect.open(url); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := db.write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	if db.dialect == sqlite {
		db.jobs = make(chan *job, 256)
		conn, err := db.write.Conn(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
		}
		db.table = newTable(&liteLine{conn: conn, known: map[*statement]driver.Stmt{}})
		db.done.Go(func() { db.writer(conn) })
		return db, nil
	}
	db.openLines(url)
	return db, nil
}

// Close waits for the writer and closes the connections.
func (db *DB) Close() error {
	db.once.Do(func() { close(db.closed) })
	db.done.Wait()
	// Readers first: SQLite folds its log into the database with the last
	// connection that may write.
	var err error
	if db.read != db.write {
		db.prepared.Range(func(_, p any) bool {
			err = errors.Join(err, p.(*sql.Stmt).Close())
			return true
		})
		err = errors.Join(err, db.read.Close())
	}
	return errors.Join(err, db.write.Close())
}

// Ping says whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.read.PingContext(ctx) }

// Name is "sqlite" or "postgres".
func (db *DB) Name() string { return string(db.dialect) }

// statement is one SQL text, and whether it takes the rows that it reads. All of
// them are listed so that a test can prepare each on both databases.
type statement struct {
	text string
	lock lock
}

// lock is how a statement takes the rows that it reads. SQLite has one writer and
// needs none.
type lock string

const (
	toChange lock = " FOR NO KEY UPDATE" // one after another
	toKeep   lock = " FOR SHARE"         // several at once, and nobody changes them
)

var statements []*statement

func stmt(text string) *statement { return locking("", text) }

// locking is a read that holds its rows until the transaction ends.
func locking(l lock, text string) *statement {
	s := &statement{text, l}
	statements = append(statements, s)
	return s
}

// queued is a write that waits for the end of its transaction.
type queued struct {
	stmt *statement
	args []any
}

// Tx is one transaction. It must not be used after the function it was given to
// has returned.
type Tx struct {
	ctx   context.Context
	db    *DB
	conn  *sql.Conn
	cache map[*statement]*sql.Stmt // SQLite's writer keeps its statements prepared
	queue []queued
	joint joint // nil when it has a connection of its own
}

// joint is how a transaction runs that shares a connection with others.
type joint interface {
	query(tx *Tx, s *statement, scan func(row) error, args []any) error
	flush(tx *Tx) error // sends what is queued, or else leaves
	ahead(reads []queued)
	leave() error // to be run again alone
}

// query runs a read and calls scan for each row.
func (tx *Tx) query(s *statement, scan func(row) error, args ...any) error {
	if tx.joint != nil {
		return tx.joint.query(tx, s, scan, args)
	}
	rows, err := tx.rows(s, args)
	if err != nil {
		return tx.db.dialect.explain(err)
	}
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	if err := rows.Err(); err != nil {
		return tx.db.dialect.explain(errors.Join(err, rows.Close()))
	}
	return rows.Close()
}

// ahead asks at once for what is read next, where that saves anything.
func (tx *Tx) ahead(reads ...queued) {
	if tx.joint != nil {
		tx.joint.ahead(reads)
	}
}

// rows sends what is queued first: a transaction reads what it has written.
func (tx *Tx) rows(s *statement, args []any) (*sql.Rows, error) {
	if err := tx.Flush(); err != nil {
		return nil, err
	}
	if p, err := tx.prepared(s); err != nil {
		return nil, err
	} else if p != nil {
		return p.QueryContext(tx.ctx, args...)
	}
	return tx.conn.QueryContext(tx.ctx, tx.db.dialect.text(s), args...)
}

// one reads exactly one row; none is ErrNotFound.
func (tx *Tx) one(s *statement, dest []any, args ...any) error {
	found := false
	err := tx.query(s, func(r row) error {
		found = true
		return r.Scan(dest...)
	}, args...)
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// exec runs a write at once and says how many rows it touched.
func (tx *Tx) exec(s *statement, args ...any) (int64, error) {
	if tx.joint != nil {
		return 0, tx.joint.leave()
	}
	if err := tx.Flush(); err != nil {
		return 0, err
	}
	var res sql.Result
	p, err := tx.prepared(s)
	if err == nil {
		if p != nil {
			res, err = p.ExecContext(tx.ctx, args...)
		} else {
			res, err = tx.conn.ExecContext(tx.ctx, s.text, args...)
		}
	}
	if err != nil {
		return 0, tx.db.dialect.explain(err)
	}
	return res.RowsAffected()
}

// later queues a write for the end of the transaction.
func (tx *Tx) later(s *statement, args ...any) { tx.queue = append(tx.queue, queued{s, args}) }

// Flush sends the queued writes. A verb calls it only when it must see their
// outcome before it goes on.
func (tx *Tx) Flush() error {
	if tx.joint != nil {
		return tx.joint.flush(tx)
	}
	if len(tx.queue) == 0 {
		return nil
	}
	q := tx.queue
	tx.queue = nil
	return tx.db.dialect.explain(tx.db.dialect.send(tx, q))
}

func (tx *Tx) prepared(s *statement) (*sql.Stmt, error) {
	if tx.cache == nil {
		return nil, nil
	}
	if p := tx.cache[s]; p != nil {
		return p, nil
	}
	p, err := tx.conn.PrepareContext(tx.ctx, s.text)
	if err != nil {
		return nil, err
	}
	tx.cache[s] = p
	return p, nil
}

// Update runs fn in a transaction that may write. When fn returns an error
// nothing of it remains. When Update returns nil, what fn did is on disk.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if db.dialect == sqlite {
		return db.enqueue(ctx, fn)
	}
	for attempt := 0; ; attempt++ {
		err := db.updateAlone(ctx, fn)
		if attempt == 4 || !db.dialect.retriable(err) {
			return err
		}
	}
}

// UpdateOnce is Update for a function that cannot be run twice, such as one that
// reads a stream: a transaction that PostgreSQL stops is not tried again.
func (db *DB) UpdateOnce(ctx context.Context, fn func(*Tx) error) error {
	if db.dialect == sqlite {
		return db.enqueue(ctx, fn)
	}
	return db.updateAlone(ctx, fn)
}

func (db *DB) updateAlone(ctx context.Context, fn func(*Tx) error) (err error) {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer conn.Close()
	tx := &Tx{ctx: ctx, db: db, conn: conn}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if !committed {
			rollback(conn)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := db.dialect.commit(tx); err != nil {
		return db.dialect.explain(err)
	}
	committed = true
	return nil
}

// rollback ends a transaction even when its context is over; a connection that
// cannot is thrown away.
func rollback(conn *sql.Conn) {
	if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		discard(conn)
	}
}

// View runs fn on one consistent snapshot, without writing.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	conn, err := db.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, db.dialect.beginRead()); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer rollback(conn)
	return fn(&Tx{ctx: ctx, db: db, conn: conn})
}

// Keys gives the keys that personal data is encrypted with.
func (db *DB) Keys() *Keys { return db.keys }

// Keys gives the transaction's keys, for hashes that a lookup needs.
func (tx *Tx) Keys() *Keys { return tx.db.keys }

// Setting reads a named value; none is ErrNotFound.
func (tx *Tx) Setting(name string) (v string, err error) {
	err = tx.one(selectSetting, []any{&v}, name)
	return v, err
}

// SetSetting writes a named value.
func (tx *Tx) SetSetting(name, value string) { tx.later(upsertSetting, name, value) }

// MoveSetting changes a named value from one to another; false when it is no
// longer the first.
func (tx *Tx) MoveSetting(name, from, to string) (bool, error) {
	n, err := tx.exec(moveSetting, name, from, to)
	return n == 1, err
}

var (
	moveSetting   = stmt(`UPDATE setting SET value = $3 WHERE name = $1 AND value = $2`)
	selectSetting = stmt(`SELECT value FROM setting WHERE name = $1`)
	upsertSetting = stmt(`INSERT INTO setting (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
)
