package store

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgLine is a connection to PostgreSQL over which one statement is sent for several
// callers at once: each parameter travels as an array with a value of each, and
// the statement runs once for all.
type pgLine struct {
	url string

	conn  *pgx.Conn
	began bool
	known map[*statement]*joined
}

// openLines opens PostgreSQL's table and the line for glances.
func (db *DB) openLines(url string) {
	db.table, db.glances = newTable(&pgLine{url: url}, &pgLine{url: url}), make(chan *ask)
	db.done.Go(func() { db.table.serve(db.closed) })
	db.done.Go(func() { look(&pgLine{url: url}, db.glances, db.closed) })
}

// joined is a statement as it runs for several.
type joined struct {
	name  string
	kinds []kind
	err   error // cannot be joined
}

// kind is the type of a parameter.
type kind byte

const (
	text kind = iota
	bigint
)

// call connects when nobody is on the line. The settings make a plan that is made
// once the right one for good: whatever the size of the tables, a few rows are
// found by their index.
func (l *pgLine) call() error {
	if l.conn != nil && !l.conn.IsClosed() {
		return nil
	}
	config, err := pgx.ParseConfig(l.url)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_hashjoin": "off",
		"enable_mergejoin": "off", "enable_bitmapscan": "off", "jit": "off", "lock_timeout": "200", "application_name": lineName} {
		config.RuntimeParams[name] = value
	}
	l.conn, err = pgx.ConnectConfig(context.Background(), config)
	l.known, l.began = map[*statement]*joined{}, false
	return err
}

// lineName is how PostgreSQL's own views show a line.
const lineName = "marque line"

func (l *pgLine) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close(context.Background()) // everything was committed or answered with an error
	}
}

func (l *pgLine) read(asks []*ask) error {
	asks = slices.DeleteFunc(slices.Clone(asks), func(a *ask) bool {
		_, a.err = l.prepared(a.stmt, a.args)
		return a.err != nil
	})
	if len(asks) == 0 {
		return nil
	}
	b := &pgconn.Batch{}
	begins := !l.began && asks[0].place != outside
	if begins {
		b.ExecParams("BEGIN", nil, nil, nil, nil)
	}
	var sets [][]*ask
	for _, a := range asks {
		i := slices.IndexFunc(sets, func(s []*ask) bool { return s[0].stmt == a.stmt })
		if i < 0 {
			sets, i = append(sets, nil), len(sets)
		}
		sets[i] = append(sets[i], a)
	}
	for _, set := range sets {
		args := make([][]any, len(set))
		for i, a := range set {
			args[i] = a.args
		}
		if err := l.add(b, set[0].stmt, args); err != nil {
			return err
		}
	}
	l.began = l.began || begins
	results := l.conn.PgConn().ExecBatch(context.Background(), b)
	if begins {
		results.NextResult()
	}
	for _, set := range sets {
		if !results.NextResult() {
			break // Close says why
		}
		rows := results.ResultReader()
		for rows.NextRow() {
			values := rows.Values()
			n, err := strconv.Atoi(string(values[0]))
			if err != nil || n < 1 || n > len(set) {
				return errors.Join(fmt.Errorf("row of caller %q: %w", values[0], err), results.Close())
			}
			set[n-1].rows = append(set[n-1].rows, keep(values[1:]))
		}
	}
	return results.Close()
}

// write sends writes and the commit behind them in one conversation.
func (l *pgLine) write(sets [][]queued) error {
	err := l.send(sets)
	if err != nil && !isUnknown(err) {
		return errAlone
	}
	return err
}

func (l *pgLine) send(sets [][]queued) error {
	b := &pgconn.Batch{}
	if !l.began {
		b.ExecParams("BEGIN", nil, nil, nil, nil)
	}
	for _, set := range sets {
		args := make([][]any, len(set))
		for i, q := range set {
			args[i] = q.args
		}
		if err := l.add(b, set[0].stmt, args); err != nil {
			return err
		}
	}
	b.ExecParams("COMMIT", nil, nil, nil, nil)
	l.began = true
	all, err := l.conn.PgConn().ExecBatch(context.Background(), b).ReadAll()
	if err != nil {
		return err
	}
	if tag := all[len(all)-1].CommandTag.String(); tag != "COMMIT" {
		return errUndone
	}
	l.began = false
	return nil
}

// errUndone is a commit that was answered with a rollback.
var errUndone = errors.New("rolled back")

// isUnknown says whether a commit may have been done although its answer is missing.
func isUnknown(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.SeverityUnlocalized == "FATAL" || pg.SeverityUnlocalized == "PANIC"
	}
	return !errors.Is(err, errUndone) && !errors.Is(err, errCannotJoin) && !pgconn.SafeToRetry(err)
}

func (l *pgLine) rollback() {
	if !l.began {
		return
	}
	l.began = false
	if _, err := l.conn.Exec(context.Background(), "ROLLBACK"); err != nil {
		_ = l.conn.Close(context.Background()) // a new one is made for the next
	}
}

// add puts a statement for several into a batch.
func (l *pgLine) add(b *pgconn.Batch, s *statement, args [][]any) error {
	j, err := l.prepared(s, args[0])
	if err != nil {
		return err
	}
	values := make([][]byte, len(j.kinds))
	for i, k := range j.kinds {
		if values[i], err = array(k, args, i); err != nil {
			return err
		}
	}
	b.ExecPrepared(j.name, values, binaryFormat, nil)
	return nil
}

var binaryFormat = []int16{1}

func (l *pgLine) takes(q queued) bool {
	_, err := l.prepared(q.stmt, q.args)
	return err == nil
}

func (l *pgLine) prepared(s *statement, args []any) (*joined, error) {
	j := l.known[s]
	if j == nil {
		j = &joined{name: "j" + strconv.Itoa(len(l.known))}
		l.known[s] = j
		var words string
		if j.kinds, j.err = kindsOf(args); j.err == nil {
			words, j.err = forSeveral(postgres.text(s), j.kinds)
		}
		if j.err == nil {
			_, j.err = l.conn.PgConn().Prepare(context.Background(), j.name, words, nil)
		}
	}
	return j, j.err
}

// errCannotJoin says that a statement is not one that can run for several.
var errCannotJoin = errors.New("a statement for one only")

func kindsOf(args []any) ([]kind, error) {
	kinds := make([]kind, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, err
		}
		switch v.(type) {
		case string:
			kinds[i] = text
		case int64:
			kinds[i] = bigint
		default:
			return nil, fmt.Errorf("%w: it is given a %T", errCannotJoin, a)
		}
	}
	return kinds, nil
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// forSeveral rewrites a statement to run once for each element of its parameters,
// which are arrays now. A read gives the element's number before its columns.
func forSeveral(words string, kinds []kind) (string, error) {
	if len(kinds) == 0 {
		return "", errCannotJoin
	}
	arrays, columns := make([]string, len(kinds)), make([]string, len(kinds))
	for i, k := range kinds {
		arrays[i], columns[i] = fmt.Sprintf("CAST($%d AS %s[])", i+1, []string{"text", "bigint"}[k]), fmt.Sprintf("p%d", i+1)
	}
	each := "unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY AS q (" + strings.Join(columns, ", ") + ", of_member)"
	words = parameter.ReplaceAllString(words, "q.p$1")
	into, values, isInsert := strings.Cut(words, "VALUES")
	conflict := ""
	if at := strings.Index(values, "ON CONFLICT"); at >= 0 {
		values, conflict = values[:at], values[at:]
	}
	update, where, hasWhere := strings.Cut(words, "WHERE")
	switch {
	case strings.HasPrefix(words, "SELECT"):
		return "SELECT q.of_member, s.* FROM " + each + " CROSS JOIN LATERAL (" + words + ") AS s", nil
	case strings.HasPrefix(words, "INSERT") && isInsert && (conflict == "" || strings.HasSuffix(conflict, "DO NOTHING")):
		return into + "SELECT v.* FROM " + each + " CROSS JOIN LATERAL (VALUES " + values + ") AS v " + conflict, nil
	case strings.HasPrefix(words, "UPDATE") && hasWhere && !strings.Contains(where, "RETURNING"):
		return update + "FROM " + each + " WHERE" + where, nil
	}
	return "", errCannotJoin
}

// array is one parameter of all callers in PostgreSQL's binary form.
func array(k kind, args [][]any, i int) ([]byte, error) {
	oid := uint32(25)
	if k == bigint {
		oid = 20
	}
	b := make([]byte, 0, 20+24*len(args))
	for _, n := range []uint32{1, 0, oid, uint32(len(args)), 1} { // dimensions, nulls, type, length, first index
		b = binary.BigEndian.AppendUint32(b, n)
	}
	for _, one := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(one[i])
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case string:
			if k != text {
				return nil, errCannotJoin
			}
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
		case int64:
			if k != bigint {
				return nil, errCannotJoin
			}
			b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(v))
		default:
			return nil, errCannotJoin
		}
	}
	return b, nil
}

// keep copies a row out of the connection's buffer.
func keep(values [][]byte) cells {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	buf, out := make([]byte, 0, n), make(cells, len(values))
	for i, v := range values {
		if v == nil {
			continue
		}
		from := len(buf)
		buf = append(buf, v...)
		out[i] = buf[from:len(buf):len(buf)]
	}
	return out
}
