package servicing_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	_ "unsafe" // for what a password costs

	"github.com/alexedwards/argon2id"

	"marque/internal/pgtest"
	"marque/internal/store"
)

// argon is what a password costs, and decoy what is compared with for nobody. The
// product has no way to change them; identity's tests show what they must be.
//
//go:linkname argon marque/internal/identity.argon
var argon *argon2id.Params

//go:linkname decoy marque/internal/identity.decoy
var decoy string

// migrated is a folder with a SQLite database that has the schema and nothing else.
var migrated = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "marque-servicing-")
	if err != nil {
		return "", err
	}
	return dir, migrate(filepath.Join(dir, "marque.db"))
})

func TestMain(m *testing.M) {
	flag.Parse()
	// Thousands of passwords are made and compared, most of them on the way to
	// something else; only a measurement must pay for each.
	if flag.Lookup("test.bench").Value.String() == "" {
		argon.Memory, argon.Iterations = 8, 1
		decoy = strings.Replace(decoy, "m=19456,t=2", "m=8,t=1", 1)
	}
	status := m.Run()
	dir, _ := migrated() // whoever asked for it was told
	if err := errors.Join(os.RemoveAll(dir), pgtest.Sweep()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

func migrate(url string) (err error) {
	dir, err := os.MkdirTemp("", "marque-keys-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	keys, err := store.LoadKeys(filepath.Join(dir, "keys.json"))
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, url, keys)
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}

// freshSQLite and freshPostgres are a fresh database each, with the schema.
func freshSQLite(t testing.TB) string {
	t.Helper()
	url := filepath.Join(t.TempDir(), "marque.db")
	must(t, os.WriteFile(url, got(os.ReadFile(filepath.Join(got(migrated())(t), "marque.db")))(t), 0o600))
	return url
}

func freshPostgres(t testing.TB) string {
	t.Helper()
	return pgtest.Copy(t, "migrated", migrate)
}
