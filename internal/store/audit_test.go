package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
)

// trail writes n audit rows and seals them; it gives their ids, oldest first.
func trail(t *testing.T, db *DB, n int, hash sealing) (ids []string) {
	t.Helper()
	for i := range n {
		update(t, db, func(tx *Tx) error {
			tx.AuditRow(AuditRow{At: 1000, Actor: "staff:7", Action: "read", Contract: fmt.Sprint("c", i), Subject: "s1", Reason: "called about a payment", Detail: fmt.Sprint(i)})
			return nil
		})
	}
	update(t, db, func(tx *Tx) error {
		got, err := tx.seal(n, hash)
		if got != n {
			t.Fatalf("sealed %d of %d", got, n)
		}
		return err
	})
	update(t, db, func(tx *Tx) error {
		rows, err := tx.AuditBy("staff:7", "", n)
		for i := range rows {
			ids = append(ids, rows[len(rows)-1-i].ID)
		}
		return err
	})
	return ids
}

// proof is what a walk and the look for strays say.
func proof(t *testing.T, db *DB) (b *AuditBreak) {
	t.Helper()
	err := db.View(context.Background(), func(tx *Tx) (err error) {
		if _, b, err = tx.WalkAudit(Link{}, 1000); err == nil && b == nil {
			b, err = tx.StrayAudit()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asSuperuser takes the guards off the audit trail, and the keys between its
// tables, and runs a statement.
func asSuperuser(t *testing.T, db *DB, text string, args ...any) {
	t.Helper()
	ctx := context.Background()
	conn, err := db.write.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var off []string
	for _, table := range []string{"audit", "audit_chain"} {
		if db.dialect == sqlite {
			off = append(off, "DROP TRIGGER IF EXISTS "+table+"_never_update", "DROP TRIGGER IF EXISTS "+table+"_never_delete")
		} else {
			off = append(off, "DROP TRIGGER IF EXISTS "+table+"_never_changed ON "+table)
		}
	}
	if db.dialect == sqlite {
		off = append(off, "PRAGMA foreign_keys = OFF")
	} else {
		off = append(off, "SET session_replication_role = replica")
	}
	for _, s := range off {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	res, err := conn.ExecContext(ctx, text, args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: %d rows, %v", text, n, err)
	}
	on := "PRAGMA foreign_keys = ON"
	if db.dialect == postgres {
		on = "SET session_replication_role = DEFAULT"
	}
	if _, err := conn.ExecContext(ctx, on); err != nil {
		t.Fatal(err)
	}
}

// What one with the database's own password can do to row 3 of 5, and what the
// walk calls it.
var auditTamperings = []struct{ text, what string }{
	{`UPDATE audit SET at = 1001 WHERE id = $1`, "changed"},
	{`UPDATE audit SET actor = 'staff:8' WHERE id = $1`, "changed"},
	{`UPDATE audit SET action = 'write' WHERE id = $1`, "changed"},
	{`UPDATE audit SET contract_id = 'c9' WHERE id = $1`, "changed"},
	{`UPDATE audit SET subject = 's2' WHERE id = $1`, "changed"},
	{`UPDATE audit SET reason = '' WHERE id = $1`, "changed"},
	{`UPDATE audit SET detail = 'x' WHERE id = $1`, "changed"},
	{`UPDATE audit_chain SET hash = 'x' WHERE audit_id = $1`, "changed"},
	{`DELETE FROM audit WHERE id = $1`, "missing"},
	{`DELETE FROM audit_chain WHERE audit_id = $1`, "missing"},
	{`INSERT INTO audit SELECT id || 'b', at, actor, action, contract_id, subject, reason, detail FROM audit WHERE id = $1`, "inserted"},
}

func TestATamperedAuditRowIsNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		ids := trail(t, db, 5, linkHash)
		if b := proof(t, db); b != nil {
			t.Fatalf("untouched: %+v", b)
		}
		// One fresh database would do for each; on PostgreSQL making one takes longer
		// than the test, so each row of a longer trail is put back as it was.
		for _, c := range auditTamperings {
			rows := dump(t, db, "audit")
			links := dump(t, db, "audit_chain")
			asSuperuser(t, db, c.text, ids[2])
			b := proof(t, db)
			switch {
			case b == nil:
				t.Errorf("%s: not found", c.text)
			case b.What != c.what, c.what != "inserted" && b.Seq != 3, b.AuditID != "" && b.AuditID != ids[2] && b.AuditID != ids[2]+"b":
				t.Errorf("%s: %+v, not %s", c.text, *b, c.what)
			}
			restore(t, db, "audit", rows)
			restore(t, db, "audit_chain", links)
			if b := proof(t, db); b != nil {
				t.Fatalf("put back: %+v", b)
			}
		}
	})
}

// A sealer that hashes only the id lets every change of content through: the test
// above can fail.
func TestASealerOfIdsAloneProvesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		broken := func(_ string, _ int64, r *AuditRow) (string, error) {
			sum := sha256.Sum256([]byte(r.ID))
			return hex.EncodeToString(sum[:]), nil
		}
		ids := trail(t, db, 3, broken)
		asSuperuser(t, db, `UPDATE audit SET detail = 'x' WHERE id = $1`, ids[1])
		walk := func(hash sealing) (bad int) {
			before := ""
			for i, row := range dump(t, db, "audit") {
				r := AuditRow{ID: row[0].(string), At: 1000, Actor: row[2].(string), Action: row[3].(string), Contract: row[4].(string), Subject: row[5].(string), Reason: row[6].(string), Detail: row[7].(string)}
				got, err := hash(before, int64(i+1), &r)
				if err != nil {
					t.Fatal(err)
				}
				if before = dump(t, db, "audit_chain")[i][2].(string); got != before {
					bad++
				}
			}
			return bad
		}
		if n := walk(broken); n != 0 {
			t.Errorf("the broken sealer found %d", n)
		}
		if b := proof(t, db); b == nil {
			t.Error("the walk took the broken sealer's hashes for its own")
		}
	})
}

// Two processes that seal at once make one chain without a gap.
func TestTwoSealersMakeOneChain(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		const rows = 400
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range rows / 4 {
					if err := db.Update(context.Background(), func(tx *Tx) error {
						tx.Audit(1, "customer:c1", "act", "", fmt.Sprint(w, i))
						return nil
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		var sealers sync.WaitGroup
		done := make(chan struct{})
		for range 3 {
			sealers.Go(func() {
				for last := false; ; {
					n := 0
					err := db.Update(context.Background(), func(tx *Tx) (err error) { n, err = tx.SealAudit(50); return err })
					if _, ok := err.(*ConflictError); ok {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if n == 0 && last {
						return
					}
					select {
					case <-done:
						last = true
					default:
					}
				}
			})
		}
		wg.Wait()
		close(done)
		sealers.Wait()
		if b := proof(t, db); b != nil {
			t.Fatalf("%+v", b)
		}
		err := db.View(context.Background(), func(tx *Tx) error {
			h, err := tx.AuditHead()
			if h.Seq != rows {
				t.Errorf("%d rows sealed of %d", h.Seq, rows)
			}
			mine, e := tx.AuditOf("c1", "", 10)
			if len(mine) != 10 || e != nil {
				t.Errorf("%d rows about c1, %v", len(mine), e)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// dump and restore take a table's rows out and put them back.
func dump(t *testing.T, db *DB, table string) (out [][]any) {
	t.Helper()
	rows, err := db.read.Query("SELECT * FROM " + table + " ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func restore(t *testing.T, db *DB, table string, rows [][]any) {
	t.Helper()
	asSuperuser(t, db, "DELETE FROM "+table)
	for _, row := range rows {
		marks := ""
		for i := range row {
			marks += fmt.Sprintf(", $%d", i+1)
		}
		asSuperuser(t, db, "INSERT INTO "+table+" VALUES ("+marks[2:]+")", row...)
	}
}
