package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// encrypted is a column whose text is encrypted for its place: table, column and
// row. Each is declared beside the code that reads and writes it; a test holds
// the list of them against the schema, so that a new one is not forgotten.
type encrypted struct {
	table, column string
	ids           []string
	limit         int // rows read at once

	page, swap, use *statement
}

var encryptedColumns []*encrypted

// encryptedColumn declares an encrypted column and the columns that name its row.
func encryptedColumn(table, column string, ids ...string) *encrypted {
	return encryptedBig(500, table, column, ids...)
}

// encryptedBig is encryptedColumn for a column of long texts: limit is how many
// of them may be in memory at once.
func encryptedBig(limit int, table, column string, ids ...string) *encrypted {
	e := &encrypted{table: table, column: column, ids: ids, limit: limit}
	var after, same []string
	for i, id := range ids {
		after = append(after, fmt.Sprintf("$%d", i+2))
		same = append(same, fmt.Sprintf("%s = $%d", id, i+3))
	}
	names := strings.Join(ids, ", ")
	e.page = stmt(fmt.Sprintf(`SELECT %s, %s FROM %s WHERE %s <> '' AND (%s) > (%s) ORDER BY %s LIMIT $1`,
		names, column, table, column, names, strings.Join(after, ", "), names))
	e.swap = stmt(fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s = $2 AND %s`, table, column, column, strings.Join(same, " AND ")))
	e.use = stmt(fmt.Sprintf(`SELECT substr(%s, 1, 7), COUNT(*) FROM %s WHERE %s <> '' GROUP BY 1`, column, table, column))
	encryptedColumns = append(encryptedColumns, e)
	return e
}

// place is what a value is bound to.
func (e *encrypted) place(ids ...string) string {
	return e.table + ":" + e.column + ":" + strings.Join(ids, ":")
}

func (e *encrypted) seal(k *Keys, plain string, ids ...string) (string, error) {
	return k.Seal(plain, e.place(ids...))
}

func (e *encrypted) unseal(k *Keys, sealed string, ids ...string) (string, error) {
	return k.Unseal(sealed, e.place(ids...))
}

// RekeyProgress is how far a re-encryption is.
type RekeyProgress struct {
	Column  string // table.column
	Read    int    // values looked at in this column and pass
	Changed int    // values re-encrypted in all
}

// rekeyPasses bounds how often the columns are gone through for values that were
// written with an old key meanwhile.
const rekeyPasses = 10

// Rekey encrypts every value that is not under the primary key anew, in batches,
// while others read and write: a value that changes under its hands is left and
// taken in the next pass. Stopped at any point it can be run again. Values that
// cannot be decrypted are left as they are and named in the error.
func (db *DB) Rekey(ctx context.Context, progress func(RekeyProgress)) (changed int, err error) {
	p := RekeyProgress{}
	for range rekeyPasses {
		before := p.Changed
		var bad error
		for _, e := range encryptedColumns {
			p.Column, p.Read = e.table+"."+e.column, 0
			unread, err := db.rekeyColumn(ctx, e, &p, progress)
			if err != nil {
				return p.Changed, fmt.Errorf("re-encrypt %s: %w", p.Column, err)
			}
			bad = errors.Join(bad, unread)
		}
		if p.Changed == before {
			return p.Changed, bad
		}
	}
	return p.Changed, errors.New("re-encrypt: values are still written with an old key: is a process running that cannot read the key file?")
}

// sealedValue is a value at rest and where it stands.
type sealedValue struct {
	ids          []string
	sealed, anew string
}

func (db *DB) rekeyColumn(ctx context.Context, e *encrypted, p *RekeyProgress, progress func(RekeyProgress)) (unread, err error) {
	after := make([]string, len(e.ids))
	for {
		if err := ctx.Err(); err != nil {
			return unread, err
		}
		page, err := db.sealedPage(ctx, e, after)
		if err != nil || len(page) == 0 {
			return unread, err
		}
		after = page[len(page)-1].ids
		p.Read += len(page)
		var old []sealedValue
		for _, v := range page {
			if db.keys.current(v.sealed) {
				continue
			}
			plain, err := e.unseal(db.keys, v.sealed, v.ids...)
			if err == nil {
				v.anew, err = e.seal(db.keys, plain, v.ids...)
			}
			if err != nil {
				unread = errors.Join(unread, err)
				continue
			}
			old = append(old, v)
		}
		if err := db.swapSealed(ctx, e, old); err != nil {
			return unread, err
		}
		p.Changed += len(old)
		if progress != nil {
			progress(*p)
		}
	}
}

func (db *DB) sealedPage(ctx context.Context, e *encrypted, after []string) (out []sealedValue, err error) {
	args := []any{e.limit}
	for _, id := range after {
		args = append(args, id)
	}
	err = db.View(ctx, func(tx *Tx) error {
		return tx.query(e.page, func(r row) error {
			v := sealedValue{ids: make([]string, len(e.ids))}
			into := make([]any, 0, len(e.ids)+1)
			for i := range v.ids {
				into = append(into, &v.ids[i])
			}
			err := r.Scan(append(into, &v.sealed)...)
			out = append(out, v)
			return err
		}, args...)
	})
	return out, err
}

// swapSealed puts the new texts in the place of the old ones, where they still
// stand.
func (db *DB) swapSealed(ctx context.Context, e *encrypted, values []sealedValue) error {
	if len(values) == 0 {
		return nil
	}
	return db.Update(ctx, func(tx *Tx) error {
		for _, v := range values {
			args := []any{v.anew, v.sealed}
			for _, id := range v.ids {
				args = append(args, id)
			}
			tx.later(e.swap, args...)
		}
		return nil
	})
}

// current says whether a text at rest was encrypted with the key that encrypts.
func (k *Keys) current(sealed string) bool {
	id, ok := textKey(sealed)
	return ok && id == k.fresh().primary
}

// textKey is keyOf for a text at rest, of which seven characters are enough.
func textKey(sealed string) (KeyID, bool) {
	if len(sealed) < 7 {
		return 0, false
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed[:7] + "A")
	if err != nil {
		return 0, false
	}
	return keyOf(b)
}

// KeyUse counts the values that are encrypted with each key.
func (db *DB) KeyUse(ctx context.Context) (map[KeyID]int, error) {
	out := map[KeyID]int{}
	err := db.View(ctx, func(tx *Tx) error {
		for _, e := range encryptedColumns {
			err := tx.query(e.use, func(r row) error {
				var head string
				var n int
				if err := r.Scan(&head, &n); err != nil {
					return err
				}
				id, ok := textKey(head)
				if !ok {
					return fmt.Errorf("%s.%s holds something that is not encrypted", e.table, e.column)
				}
				out[id] += n
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what keys are used for: %w", err)
	}
	return out, nil
}
