package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// job is one transaction waiting for SQLite's writer.
type job struct {
	ctx   context.Context
	fn    func(*Tx) error
	done  chan error
	panic any
}

// ErrClosed says that the database has been closed.
var ErrClosed = errors.New("database is closed")

func (db *DB) enqueue(ctx context.Context, fn func(*Tx) error) error {
	j := &job{ctx: ctx, fn: fn, done: make(chan error, 1)}
	select {
	case db.jobs <- j:
	case <-db.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		if j.panic != nil {
			panic(j.panic)
		}
		return err
	case <-db.closed:
		// The writer empties its queue before it stops.
		db.done.Wait()
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// writer runs transactions one after another and commits those that were
// waiting together with one write to disk.
func (db *DB) writer(conn *sql.Conn) {
	cache := map[*statement]*sql.Stmt{}
	defer func() {
		// A connection with statements left open does not fold the log in.
		for _, p := range cache {
			_ = p.Close() // nothing is lost with a statement
		}
		db.table.leave()
		_ = conn.Close() // everything was committed or answered with an error
	}()
	for {
		select {
		case j := <-db.jobs:
			db.group(conn, cache, j)
		case s := <-db.table.seats:
			db.table.sit(s)
		case <-db.closed:
			for {
				select {
				case j := <-db.jobs:
					db.group(conn, cache, j)
				default:
					return
				}
			}
		}
	}
}

func (db *DB) group(conn *sql.Conn, cache map[*statement]*sql.Stmt, first *job) {
	ctx := context.Background()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		first.done <- fmt.Errorf("begin: %w", err)
		return
	}
	var kept []*job
	for j := first; j != nil; j = db.next(len(kept)) {
		err := db.inSavepoint(conn, cache, j)
		if err == nil {
			kept = append(kept, j)
			continue
		}
		j.done <- err
	}
	var err error
	if _, err = conn.ExecContext(ctx, "COMMIT"); err != nil {
		err = db.dialect.explain(fmt.Errorf("commit: %w", err))
		if _, rerr := conn.ExecContext(ctx, "ROLLBACK"); rerr != nil {
			err = errors.Join(err, rerr)
		}
	}
	for _, j := range kept {
		j.done <- err
	}
}

// next takes a transaction that is already waiting; none when the group is full.
func (db *DB) next(have int) *job {
	if have >= groupSize {
		return nil
	}
	select {
	case j := <-db.jobs:
		return j
	default:
		return nil
	}
}

func (db *DB) inSavepoint(conn *sql.Conn, cache map[*statement]*sql.Stmt, j *job) (err error) {
	if err := j.ctx.Err(); err != nil {
		return err
	}
	// A statement that runs is not interrupted in the middle of a shared
	// transaction: the caller's context is honoured before it starts.
	ctx := context.WithoutCancel(j.ctx)
	tx := &Tx{ctx: ctx, db: db, conn: conn, cache: cache}
	if _, err := tx.exec(savepoint); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			j.panic, err = p, fmt.Errorf("panic in transaction: %v", p)
		}
		end := release
		if err != nil {
			end = rollbackTo
		}
		if _, e := tx.exec(end); e != nil {
			err = errors.Join(err, e)
		}
	}()
	if err := j.fn(tx); err != nil {
		return err
	}
	return tx.Flush()
}

// These are SQLite's own and are not in the list of shared statements.
var (
	savepoint  = &statement{text: `SAVEPOINT one`}
	release    = &statement{text: `RELEASE one`}
	rollbackTo = &statement{text: `ROLLBACK TO one`}
)
