package store

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"marque/internal/pgtest"
)

// The role that serves people adds to what was posted; it cannot change it, not
// even where a trigger is missing.
func TestTheServingRoleCannotChangeWhatWasPosted(t *testing.T) {
	ctx := context.Background()
	at := pgtest.URL(t)
	owner := fresh(t, at)
	role := "serving_" + strings.ToLower(strings.ReplaceAll(NewID()[:13], "-", "_"))
	for _, text := range []string{"CREATE ROLE " + role + " LOGIN PASSWORD 'x1'", "ALTER TABLE posting DISABLE TRIGGER ALL"} {
		if _, err := owner.write.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_, err := owner.write.ExecContext(context.Background(), "DROP OWNED BY "+role)
		if err == nil {
			_, err = owner.write.ExecContext(context.Background(), "DROP ROLE "+role)
		}
		if err != nil {
			t.Error(err)
		}
	})
	for range 2 { // again, it changes nothing
		if err := owner.Grant(ctx, role); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "x1")
	serving, err := Open(ctx, u.String(), owner.keys)
	if err != nil {
		t.Fatal(err)
	}
	defer serving.Close()
	if err := serving.Migrate(ctx); err != nil {
		t.Errorf("with nothing to migrate it does not start: %v", err)
	}
	update(t, serving, func(tx *Tx) error {
		tx.Audit(1, "system:test", "looked", "", "")
		tx.SetSetting("a setting", "of the day")
		return nil
	})
	for _, table := range appendOnly {
		for _, text := range []string{"UPDATE " + table + " SET " + firstColumn(t, owner, table), "DELETE FROM " + table, "TRUNCATE " + table} {
			_, err := serving.write.ExecContext(ctx, text)
			if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "42501" { // insufficient privilege
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if _, err := serving.write.ExecContext(ctx, "CREATE TABLE more (id TEXT)"); err == nil {
		t.Error("the role changes the schema")
	}
	for _, name := range []string{"", "a; DROP TABLE posting", "Mixed", strings.Repeat("a", 64)} {
		if err := owner.Grant(ctx, name); err == nil {
			t.Errorf("%q is taken for a role", name)
		}
	}
	if err := fresh(t, filepath.Join(t.TempDir(), "marque.db")).Grant(ctx, role); err == nil {
		t.Error("SQLite has roles")
	}
}

// firstColumn is an assignment that changes nothing.
func firstColumn(t *testing.T, db *DB, table string) string {
	t.Helper()
	var name string
	err := db.write.QueryRow("SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema() ORDER BY ordinal_position LIMIT 1", table).Scan(&name)
	if err != nil {
		t.Fatal(err)
	}
	return name + " = " + name
}
