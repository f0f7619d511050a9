package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	modernc "modernc.org/sqlite"
)

// dialect is where SQLite and PostgreSQL differ.
type dialect string

const (
	sqlite   dialect = "sqlite"
	postgres dialect = "postgres"
)

func dialectOf(url string) dialect {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return postgres
	}
	return sqlite
}

func (d dialect) open(u string) (write, read *sql.DB, err error) {
	if d == postgres {
		write, err = sql.Open("pgx", u)
		if err != nil {
			return nil, nil, err
		}
		write.SetMaxOpenConns(24)
		write.SetMaxIdleConns(24)
		return write, write, nil
	}
	path, err := filepath.Abs(u)
	if err != nil {
		return nil, nil, err
	}
	// Pragmas stand in the DSN because set by a statement they reach one pooled
	// connection only.
	dsn := func(extra string) string {
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)" +
			"&_pragma=synchronous(FULL)&_pragma=cache_size(-65536)&_txlock=immediate" + extra
	}
	if write, err = sql.Open("sqlite", dsn("")); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(2) // the writer's own, and one for migrations
	if read, err = sql.Open("sqlite", dsn("&_pragma=query_only(1)")); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	return write, read, nil
}

// text is a statement as the database is sent it.
func (d dialect) text(s *statement) string {
	if d == postgres {
		return s.text + string(s.lock)
	}
	return s.text
}

func (d dialect) beginRead() string {
	if d == postgres {
		return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	return "BEGIN DEFERRED"
}

// send runs queued writes: in one round trip on PostgreSQL.
func (d dialect) send(tx *Tx, queue []queued) error {
	if d == sqlite {
		for _, q := range queue {
			if _, err := tx.exec(q.stmt, q.args...); err != nil {
				return err
			}
		}
		return nil
	}
	batch, err := batchOf(queue)
	if err != nil {
		return err
	}
	return tx.conn.Raw(func(c any) error {
		return c.(*stdlib.Conn).Conn().SendBatch(tx.ctx, batch).Close()
	})
}

func batchOf(queue []queued) (*pgx.Batch, error) {
	batch := &pgx.Batch{}
	for _, q := range queue {
		args := make([]any, len(q.args))
		for i, a := range q.args {
			v, err := driver.DefaultParameterConverter.ConvertValue(a)
			if err != nil {
				return nil, err
			}
			args[i] = v
		}
		batch.Queue(postgres.text(q.stmt), args...)
	}
	return batch, nil
}

// commit sends PostgreSQL the queued writes and the commit behind them in one
// round trip; after an error in one of them the commit is not done. A commit of a
// transaction that had already failed is answered with a rollback, which is an
// error here.
func (d dialect) commit(tx *Tx) error {
	batch, err := batchOf(tx.queue)
	if err != nil {
		return err
	}
	n := batch.Len()
	tx.queue = nil
	batch.Queue("COMMIT")
	return tx.conn.Raw(func(c any) error {
		results := c.(*stdlib.Conn).Conn().SendBatch(tx.ctx, batch)
		for range n {
			if _, err := results.Exec(); err != nil {
				_ = results.Close() // tells the same error again
				return err
			}
		}
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close() // as above
			return fmt.Errorf("commit: %w", err)
		}
		if err := results.Close(); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		if tag.String() != "COMMIT" {
			return fmt.Errorf("commit: answered with %s", tag)
		}
		return nil
	})
}

// explain turns the drivers' errors into the store's.
func (d dialect) explain(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "23505" || pg.Code == "23503") {
		return &ConflictError{pg.ConstraintName}
	}
	if lite, ok := errors.AsType[*modernc.Error](err); ok {
		switch lite.Code() {
		case 2067, 1555, 787: // unique, primary key, foreign key
			return &ConflictError{lite.Error()}
		}
	}
	return err
}

// retriable says whether a transaction was stopped by another and may be run again.
func (d dialect) retriable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// discard keeps a broken connection from going back to the pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // the error is the message
}

//go:embed schema/*.sql
var schema embed.FS

// appendOnly are the tables whose rows are never changed nor deleted.
var appendOnly = []string{"event", "entry", "posting", "agreement", "agreement_proof", "autopay_notice", "document", "document_file", "statement", "payoff_quote", "consent", "audit", "audit_chain"}

// Migrate brings the schema up to date. Running it again changes nothing, and
// processes that start together wait for each other.
func (db *DB) Migrate(ctx context.Context) (err error) {
	p, err := db.provider()
	if err != nil {
		return err
	}
	if db.dialect == postgres {
		conn, err := db.write.Conn(ctx)
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(7267)"); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		defer func() {
			if _, e := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7267)"); e != nil {
				err = errors.Join(err, e)
				discard(conn)
			}
		}()
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return db.guardOnce(ctx)
}

const settingGuard = "append_only"

// guardOnce puts the guards on the append-only tables, the first time.
func (db *DB) guardOnce(ctx context.Context) error {
	tables := strings.Join(appendOnly, " ")
	err := db.View(ctx, func(tx *Tx) error {
		v, err := tx.Setting(settingGuard)
		if err == nil && v != tables {
			return ErrNotFound
		}
		return err
	})
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	for _, table := range appendOnly {
		for _, text := range db.dialect.guard(table) {
			if _, err := db.write.ExecContext(ctx, text); err != nil {
				return fmt.Errorf("migrate: guard %s: %w", table, err)
			}
		}
	}
	return db.Update(ctx, func(tx *Tx) error {
		tx.SetSetting(settingGuard, tables)
		return nil
	})
}

const settingKeys = "key_check"

// ErrKeys says that the keys are not the ones this database was written with.
var ErrKeys = errors.New("the keys are not this database's: put its keys.json in place")

// CheckKeys refuses keys other than those the database was first opened with.
func (db *DB) CheckKeys(ctx context.Context) error {
	check := db.keys.Hash("key_check", "")
	return db.Update(ctx, func(tx *Tx) error {
		v, err := tx.Setting(settingKeys)
		if errors.Is(err, ErrNotFound) {
			tx.SetSetting(settingKeys, check)
			return nil
		}
		if err == nil && v != check {
			return ErrKeys
		}
		return err
	})
}

// Current says whether the schema is the one this program was built for.
func (db *DB) Current(ctx context.Context) error {
	p, err := db.provider()
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if pending {
		return errors.New("the schema is older than this program: run marque migrate")
	}
	return nil
}

func (db *DB) provider() (*goose.Provider, error) {
	kind := goose.DialectSQLite3
	if db.dialect == postgres {
		kind = goose.DialectPostgres
	}
	files, err := fsSub(schema)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(kind, db.write, files)
}

// guard is the text that forbids changing what was posted.
func (d dialect) guard(table string) []string {
	if d == sqlite {
		var out []string
		for _, verb := range []string{"UPDATE", "DELETE"} {
			out = append(out, fmt.Sprintf(`CREATE TRIGGER IF NOT EXISTS %s_never_%s BEFORE %s ON %s
				BEGIN SELECT RAISE(ABORT, '%s is append-only'); END`, table, strings.ToLower(verb), verb, table, table))
		}
		return out
	}
	return []string{
		`CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$`,
		fmt.Sprintf(`CREATE OR REPLACE TRIGGER %s_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION append_only()`, table, table),
	}
}
