// Package pgtest gives tests and benchmarks a real PostgreSQL to run against:
// URL returns a fresh, empty database that is dropped when the test ends, and
// Copy one that is like another, which is made once.
//
// The server is a private cluster on a loopback port of its own, made with
// initdb under a user that is not root and reached with a random password.
// Nothing on the machine is touched but one folder in /var/tmp, and that goes
// with the process that asked for it, however that process ends. When
// MARQUE_TEST_POSTGRES names a server, that one is used and none is started;
// `make test` sets it so that all packages share one.
//
// Tests do not wait for the disk; where benchmarks run it is waited for, so a
// measured commit is a durable one. A machine without PostgreSQL fails the test with the package to install; it
// is never skipped. The package knows nothing of Marque's schema, and only
// tests import it.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Env names the server to use instead of starting one: a postgres:// URL of a
// role that may create databases.
const Env = "MARQUE_TEST_POSTGRES"

// patience bounds each conversation with the server outside the test's own
// statements.
const patience = time.Minute

// The cluster of this process is never closed here: its watcher removes it
// when the process is gone (see cluster.go).
var shared = sync.OnceValues(func() (*Cluster, error) {
	if measuring := flag.Lookup("test.bench"); measuring != nil && measuring.Value.String() != "" {
		return Start()
	}
	return StartQuick()
})

// URL creates an empty database and returns its postgres:// URL. The database
// is dropped when the test and its subtests are done, with whatever
// connections are still open to it.
func URL(tb testing.TB) string {
	tb.Helper()
	return create(tb, "template0 ENCODING 'UTF8'")
}

// Copy creates a database like the one that prepare makes of an empty one, and is
// otherwise as URL. prepare is called once for each name in a process, and leaves
// no connection open. The original stays until Sweep.
func Copy(tb testing.TB, name string, prepare func(url string) error) string {
	tb.Helper()
	originals.Lock()
	defer originals.Unlock()
	original := originals.named[name]
	if original == "" {
		made := server(tb)
		original = newName()
		if err := admin(made, "CREATE DATABASE "+original+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
			tb.Fatalf("create database %s: %v", original, err)
		}
		if err := prepare(at(tb, made, original)); err != nil {
			tb.Fatalf("prepare database %s: %v", name, err)
		}
		originals.named[name] = original
	}
	return create(tb, original)
}

// Sweep drops what Copy copied from, for a TestMain: a server that was named
// outlives the process.
func Sweep() (err error) {
	originals.Lock()
	defer originals.Unlock()
	for name, original := range originals.named {
		delete(originals.named, name)
		server := os.Getenv(Env)
		if server == "" {
			continue // the cluster goes with this process
		}
		err = errors.Join(err, admin(server, "DROP DATABASE "+original+" WITH (FORCE)"))
	}
	return err
}

var originals = struct {
	sync.Mutex
	named map[string]string // a name to its database
}{named: map[string]string{}}

func newName() string { return "t_" + strings.ToLower(rand.Text()[:16]) }

func create(tb testing.TB, template string) string {
	tb.Helper()
	server, name := server(tb), newName()
	if err := admin(server, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		tb.Fatalf("create database %s: %v", name, err)
	}
	tb.Cleanup(func() {
		if err := admin(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop database %s: %v", name, err)
		}
	})
	return at(tb, server, name)
}

// server is the URL of the one to use.
func server(tb testing.TB) string {
	tb.Helper()
	if named := os.Getenv(Env); named != "" {
		return named
	}
	cluster, err := shared()
	if err != nil {
		tb.Fatalf("start a private PostgreSQL: %v", err)
	}
	return cluster.URL
}

func at(tb testing.TB, server, database string) string {
	tb.Helper()
	location, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("read %s: not a URL", Env)
	}
	location.Path = "/" + database
	return location.String()
}

func admin(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, statement)
	if closing := conn.Close(ctx); err == nil {
		err = closing
	}
	return err
}
