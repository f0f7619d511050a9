package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"marque/internal/pgtest"
)

// asHolder makes this test binary a process that starts a cluster, says where
// it is, and holds it until it is killed.
const asHolder = "MARQUE_PGTEST_HOLD"

func TestMain(m *testing.M) {
	if os.Getenv(asHolder) != "" {
		hold()
	}
	os.Exit(m.Run())
}

func hold() {
	cluster, err := pgtest.Start()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(cluster.URL)
	select {}
}

func TestEachURLIsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	one, two := pgtest.URL(t), pgtest.URL(t)
	if one == two {
		t.Fatalf("two calls gave the same database: %s", one)
	}
	must(t, one, "CREATE TABLE contract (id TEXT PRIMARY KEY)")
	must(t, two, "CREATE TABLE contract (id TEXT PRIMARY KEY)")
	must(t, one, "INSERT INTO contract VALUES ('L1')")
	if n := count(t, one, "SELECT count(*) FROM contract"); n != 1 {
		t.Errorf("the first database has %d contracts, want 1", n)
	}
	if n := count(t, two, "SELECT count(*) FROM contract"); n != 0 {
		t.Errorf("the second database has %d contracts of the first, want 0", n)
	}
}

func TestADatabaseIsDroppedWhenItsTestEnds(t *testing.T) {
	var gone string
	t.Run("a test with a connection left open", func(t *testing.T) {
		gone = pgtest.URL(t)
		connect(t, gone)
	})
	if _, err := pgx.Connect(t.Context(), gone); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("connect after the test: %v, want: database does not exist", err)
	}
}

func TestCommitsAreDurableWhereTheyAreMeasured(t *testing.T) {
	for want, start := range map[string]func() (*pgtest.Cluster, error){"on": pgtest.Start, "off": pgtest.StartQuick} {
		cluster, err := start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := cluster.Stop(); err != nil {
				t.Error(err)
			}
		})
		conn := connect(t, cluster.URL)
		for setting, want := range map[string]string{"fsync": want, "full_page_writes": want, "synchronous_commit": "on"} {
			var value string
			if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
				t.Fatalf("read %s: %v", setting, err)
			}
			if value != want {
				t.Errorf("%s is %s, want %s", setting, value, want)
			}
		}
	}
}

func TestACopyIsLikeItsOriginalAndApartFromIt(t *testing.T) {
	prepared := 0
	copied := func() string {
		return pgtest.Copy(t, "one contract", func(url string) error {
			prepared++
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				return err
			}
			_, err = conn.Exec(t.Context(), "CREATE TABLE contract (id TEXT PRIMARY KEY); INSERT INTO contract VALUES ('L1')")
			return errors.Join(err, conn.Close(t.Context()))
		})
	}
	must(t, copied(), "INSERT INTO contract VALUES ('L2')")
	if n := count(t, copied(), "SELECT count(*) FROM contract"); n != 1 || prepared != 1 {
		t.Errorf("the second copy has %d contracts and was prepared %d times, want 1 and 1", n, prepared)
	}
	if err := pgtest.Sweep(); err != nil {
		t.Error(err)
	}
}

func TestTheClusterIsClosedToAWrongPassword(t *testing.T) {
	location, err := url.Parse(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	location.User = url.UserPassword(location.User.Username(), "guess")
	if _, err := pgx.Connect(t.Context(), location.String()); err == nil {
		t.Error("connected with a wrong password")
	}
}

func TestTheClusterGoesWhenItsProcessIsKilled(t *testing.T) {
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), asHolder+"=yes")
	holder.Stderr = os.Stderr
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "postgres://") {
		t.Fatalf("the holder said %q (%v), want the URL of its cluster", line, err)
	}
	server := strings.TrimSpace(line)
	var folder string
	conn := connect(t, server)
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('data_directory')").Scan(&folder); err != nil {
		t.Fatal(err)
	}

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err == nil {
		t.Error("the holder ended by itself, want it killed")
	}
	location, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server stops listening", func() bool {
		c, err := net.Dial("tcp", location.Host)
		if err == nil {
			// Only whether somebody answered counts.
			_ = c.Close()
		}
		return err != nil
	})
	eventually(t, "the folder is removed", func() bool {
		_, err := os.Stat(strings.TrimSuffix(folder, "/data"))
		return errors.Is(err, fs.ErrNotExist)
	})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 30 seconds: %s", what)
		}
	}
}

func connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	// The server may be gone by then, which some of these tests are about.
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func must(t *testing.T, database, statement string) {
	t.Helper()
	if _, err := connect(t, database).Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t *testing.T, database, query string) (n int) {
	t.Helper()
	if err := connect(t, database).QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
