package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// roleName is a role that needs no quoting, so that none is done.
var roleName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Grant lets a role of PostgreSQL work with the schema and no more: it may add to
// what was posted, agreed to and audited, and read it, but not change, delete or
// empty it, and it may not change the schema. The program that serves people runs
// as such a role; migrations run as the owner. SQLite has no roles.
func (db *DB) Grant(ctx context.Context, role string) error {
	if db.dialect != postgres {
		return errors.New("grant: only PostgreSQL has roles")
	}
	if !roleName.MatchString(role) {
		return fmt.Errorf("grant: %q is not the name of a role: lower-case letters, digits and underscores", role)
	}
	tables, err := db.tables(ctx)
	if err != nil {
		return fmt.Errorf("grant to %s: %w", role, err)
	}
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("grant to %s: %w", role, err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var schema string
	if err := tx.QueryRowContext(ctx, "SELECT quote_ident(current_schema())").Scan(&schema); err != nil {
		return fmt.Errorf("grant to %s: %w", role, err)
	}
	texts := []string{"GRANT USAGE ON SCHEMA " + schema + " TO " + role, "REVOKE CREATE ON SCHEMA " + schema + " FROM " + role}
	for _, table := range tables {
		may := "SELECT, INSERT, UPDATE, DELETE"
		switch {
		case slices.Contains(appendOnly, table):
			may = "SELECT, INSERT"
		case table == "goose_db_version":
			may = "SELECT"
		}
		texts = append(texts, "REVOKE ALL ON "+table+" FROM "+role, "GRANT "+may+" ON "+table+" TO "+role)
	}
	for _, text := range texts {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("grant to %s: %w", role, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("grant to %s: %w", role, err)
	}
	return nil
}

// tables are PostgreSQL's names for the schema's tables.
func (db *DB) tables(ctx context.Context) (names []string, err error) {
	rows, err := db.write.QueryContext(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		names = append(names, name)
	}
	return names, errors.Join(rows.Err(), rows.Close())
}
