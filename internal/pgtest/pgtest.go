// Package pgtest gives tests and benchmarks a real PostgreSQL to run against:
// URL returns a fresh, empty database that is dropped when the test ends.
//
// The server is a private cluster on a loopback port of its own, made with
// initdb under a user that is not root and reached with a random password.
// Nothing on the machine is touched but one folder in /var/tmp, and that goes
// with the process that asked for it, however that process ends. When
// MARQUE_TEST_POSTGRES names a server, that one is used and none is started;
// `make test` sets it so that all packages share one.
//
// fsync and synchronous_commit stay on, so a measured commit is a durable one.
// A machine without PostgreSQL fails the test with the package to install; it
// is never skipped. The package knows nothing of Marque's schema, and only
// tests import it.
package pgtest

import (
	"context"
	"crypto/rand"
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
var shared = sync.OnceValues(func() (*Cluster, error) { return Start() })

// URL creates an empty database and returns its postgres:// URL. The database
// is dropped when the test and its subtests are done, with whatever
// connections are still open to it.
func URL(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(Env)
	if server == "" {
		cluster, err := shared()
		if err != nil {
			tb.Fatalf("start a private PostgreSQL: %v", err)
		}
		server = cluster.URL
	}
	database, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("read %s: not a URL", Env)
	}
	name := "t_" + strings.ToLower(rand.Text()[:16])
	database.Path = "/" + name
	if err := admin(server, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		tb.Fatalf("create database %s: %v", name, err)
	}
	tb.Cleanup(func() {
		if err := admin(server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop database %s: %v", name, err)
		}
	})
	return database.String()
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
