package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// sshServer is OpenSSH's own server, one process for each connection.
type sshServer struct {
	address, user, key, known string
}

func openSSHServer(t *testing.T) *sshServer {
	t.Helper()
	if os.Getuid() == 0 { // where a packaged sshd separates its privileges
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &sshServer{user: me.Username, key: filepath.Join(dir, "user"), known: filepath.Join(dir, "known_hosts")}
	host, mine := newSSHKey(t, filepath.Join(dir, "host")), newSSHKey(t, s.key)
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("authorized_keys", string(ssh.MarshalAuthorizedKey(mine)))
	put("sshd_config", fmt.Sprintf("HostKey %s/host\nAuthorizedKeysFile %s/authorized_keys\nAllowUsers %s\nAuthenticationMethods publickey\n"+
		"PermitRootLogin prohibit-password\nStrictModes no\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n", dir, dir, me.Username))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	put("known_hosts", knownhosts.Line([]string{s.address}, host)+"\n")
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	ctx, stop := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			ended.Go(func() {
				defer conn.Close()
				line, err := conn.(*net.TCPConn).File()
				if err != nil {
					t.Error(err)
					return
				}
				defer line.Close()
				cmd := exec.CommandContext(ctx, sshd, "-i", "-f", filepath.Join(dir, "sshd_config"), "-E", filepath.Join(dir, "log"))
				cmd.Stdin, cmd.Stdout = line, line
				if err := cmd.Start(); err != nil {
					t.Errorf("%v: the test needs OpenSSH's server; on Debian: apt-get install openssh-server", err)
					return
				}
				conn.Close()
				_ = cmd.Wait() // its client hung up, or was killed
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		stop()
		ended.Wait()
	})
	return s
}

func newSSHKey(t *testing.T, name string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// settings are the lender's for this server, with the bank's door in a folder.
func (s *sshServer) settings(door string) map[string]any {
	return map[string]any{"address": s.address, "user": s.user, "key_file": s.key, "known_hosts": s.known,
		"out": filepath.Join(door, "out"), "in": filepath.Join(door, "in")}
}

// copyDatabase makes a database from another that nobody is connected to.
func copyDatabase(t *testing.T, from string) string {
	t.Helper()
	u, err := url.Parse(from)
	if err != nil {
		t.Fatal(err)
	}
	name, template := "t_"+strings.ToLower(rand.Text()[:16]), strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	admin := func(statement string) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		conn, err := pgx.Connect(ctx, u.String())
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	if err := admin("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	out := *u
	out.Path = "/" + name
	return out.String()
}

// restartPostgres stops a cluster as said and starts it again with its own options.
func restartPostgres(t *testing.T, address, how string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	var data string
	err = conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&data)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	program := "pg_ctl"
	if len(found) > 0 {
		program = found[len(found)-1]
	}
	about, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "restart", "-D", data, "-w", "-m", how, "-l", filepath.Join(filepath.Dir(data), "log"))
	cmd.Dir = filepath.Dir(data)
	if owner := about.Sys().(*syscall.Stat_t); os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("restart PostgreSQL: %v\n%s", err, out)
	}
}
