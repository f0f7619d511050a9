package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// liteLine is SQLite's one writer as a table reaches it. Statements run one by one
// on the driver's own connection: what sharing saves are the commits, and that the
// callers do their own work meanwhile.
type liteLine struct {
	conn  *sql.Conn
	began bool
	known map[*statement]driver.Stmt
}

func (l *liteLine) call() error { return nil }

// raw gives the driver's connection, in a transaction.
func (l *liteLine) raw(fn func(driver.ConnPrepareContext) error) error {
	if !l.began {
		if _, err := l.conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		l.began = true
	}
	return l.conn.Raw(func(c any) error { return fn(c.(driver.ConnPrepareContext)) })
}

func (l *liteLine) read(asks []*ask) error {
	return l.raw(func(c driver.ConnPrepareContext) error {
		for _, a := range asks {
			if err := l.answer(c, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *liteLine) answer(c driver.ConnPrepareContext, a *ask) error {
	p, err := l.prepared(c, a.stmt)
	if err != nil {
		return err
	}
	args, err := named(a.args)
	if err != nil {
		return err
	}
	rows, err := p.(driver.StmtQueryContext).QueryContext(context.Background(), args)
	if err != nil {
		return err
	}
	for {
		line := make([]driver.Value, len(rows.Columns()))
		if err := rows.Next(line); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(err, rows.Close())
		}
		out := make(cells, len(line))
		for i, v := range line {
			out[i] = v
		}
		a.rows = append(a.rows, out)
	}
}

func (l *liteLine) takes(queued) bool { return true }

func (l *liteLine) write(sets [][]queued) error {
	err := l.raw(func(c driver.ConnPrepareContext) error {
		for _, set := range sets {
			for _, q := range set {
				p, err := l.prepared(c, q.stmt)
				if err != nil {
					return err
				}
				args, err := named(q.args)
				if err != nil {
					return err
				}
				if _, err := p.(driver.StmtExecContext).ExecContext(context.Background(), args); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		_, err = l.conn.ExecContext(context.Background(), "COMMIT")
	}
	if err != nil {
		return errAlone // where it is met again
	}
	l.began = false
	return nil
}

func (l *liteLine) rollback() {
	if l.began {
		_, _ = l.conn.ExecContext(context.Background(), "ROLLBACK") // what cannot be rolled back cannot be begun again either
		l.began = false
	}
}

func (l *liteLine) prepared(c driver.ConnPrepareContext, s *statement) (driver.Stmt, error) {
	p := l.known[s]
	if p == nil {
		var err error
		if p, err = c.PrepareContext(context.Background(), sqlite.text(s)); err != nil {
			return nil, err
		}
		l.known[s] = p
	}
	return p, nil
}

// hangUp closes the statements: a connection with one left open does not fold the
// log in.
func (l *liteLine) hangUp() {
	for _, p := range l.known {
		_ = p.Close() // nothing is lost with a statement
	}
}

func named(args []any) ([]driver.NamedValue, error) {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, err
		}
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out, nil
}

// glance reads with a statement that stays prepared.
func (tx *Tx) glance(s *statement, scan func(row) error, args []any) error {
	p, err := tx.db.standing(tx.ctx, s)
	if err != nil {
		return err
	}
	rows, err := p.QueryContext(tx.ctx, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// standing is a statement that stays prepared on the connections that read.
func (db *DB) standing(ctx context.Context, s *statement) (*sql.Stmt, error) {
	if p, ok := db.prepared.Load(s); ok {
		return p.(*sql.Stmt), nil
	}
	p, err := db.read.PrepareContext(ctx, sqlite.text(s))
	if err != nil {
		return nil, err
	}
	if was, ok := db.prepared.LoadOrStore(s, p); ok {
		return was.(*sql.Stmt), p.Close()
	}
	return p, nil
}
