package pgtest

import (
	"bufio"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// ErrMissing means that the machine has no PostgreSQL server programs.
var ErrMissing = errors.New("PostgreSQL's initdb was not found in /usr/lib/postgresql/*/bin or on PATH: install the package postgresql (Debian: apt-get install postgresql)")

//go:embed cluster.sh
var watch string

const superuser = "marque"

// Cluster is a running private PostgreSQL.
type Cluster struct {
	// URL reaches the cluster's own database as its superuser.
	URL string

	watcher *exec.Cmd
	leash   io.Closer
}

// Start makes a cluster and waits until it answers. It lives until Stop or
// until this process is gone, whichever is first. Its commits are durable.
func Start() (*Cluster, error) { return startWith("") }

// StartQuick makes a cluster that does not wait for the disk: what it committed
// outlives its processes and not the machine. Tests of what a program does may
// use it; a measurement may not.
func StartQuick() (*Cluster, error) {
	return startWith("-c fsync=off -c full_page_writes=off -c autovacuum=off -c jit=off")
}

func startWith(options string) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// A free port can be taken by another process before PostgreSQL has it.
	const attempts = 3
	for attempt := 1; ; attempt++ {
		cluster, err := start(bin, owner, options)
		if err == nil || attempt == attempts {
			return cluster, err
		}
	}
}

// Stop ends the server and returns when its folder is removed.
func (c *Cluster) Stop() error {
	if err := c.leash.Close(); err != nil {
		return fmt.Errorf("let go of the PostgreSQL watcher: %w", err)
	}
	if err := c.watcher.Wait(); err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	return nil
}

func start(bin string, owner *syscall.Credential, options string) (*Cluster, error) {
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	password := rand.Text()
	dir, err := folder(password, owner)
	if err != nil {
		return nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}

	// A session of its own keeps the terminal's Ctrl-C from the watcher, which
	// must outlive us. Standard error is not handed down either: `go test`
	// waits for whoever still holds it.
	watcher := exec.Command("/bin/sh", "-c", watch, "pgtest", bin, superuser, dir, strconv.Itoa(port), options)
	watcher.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: owner}
	watcher.Dir = dir
	leash, err := watcher.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	news, err := watcher.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := watcher.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the PostgreSQL watcher: %w", err), os.RemoveAll(dir))
	}

	said := bufio.NewReader(news)
	if line, err := said.ReadString('\n'); err != nil || line != "ready\n" {
		rest, readErr := io.ReadAll(said)
		return nil, errors.Join(fmt.Errorf("PostgreSQL did not start (%s):\n%s%s", bin, line, rest), readErr, watcher.Wait())
	}
	location := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	return &Cluster{URL: location.String(), watcher: watcher, leash: leash}, nil
}

// folder is in /var/tmp, which is on disk where /tmp may be memory, and which
// any user may enter where TMPDIR may be ours alone.
func folder(password string, owner *syscall.Credential) (string, error) {
	dir, err := os.MkdirTemp("/var/tmp", "marque-postgres-")
	if err != nil {
		return "", err
	}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	if owner == nil {
		return dir, nil
	}
	for _, path := range []string{secret, dir} {
		if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
			return "", errors.Join(err, os.RemoveAll(dir))
		}
	}
	return dir, nil
}

// programs finds the folder of the newest server; Debian keeps it off PATH.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	best, newest := "", -1
	for _, path := range found {
		bin := filepath.Dir(path)
		major, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
		if err == nil && major > newest {
			best, newest = bin, major
		}
	}
	if best != "" {
		return best, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrMissing
	}
	// The name on PATH may be a link without pg_ctl beside it.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// unprivileged is the user to run as when we are root, whom PostgreSQL
// refuses; nil when we are somebody else already.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read the id of user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("read the group of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}
