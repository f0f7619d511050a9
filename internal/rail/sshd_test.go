package rail

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// bank is OpenSSH's own server, one process for each connection, so that a test
// can stop or kill the one it talks to.
type bank struct {
	dir      string // out and in, as the server has them
	address  string
	hostKey  ssh.PublicKey
	userKey  string // file of the key that is let in
	settings string
	log      string

	mu       sync.Mutex
	mute     bool // takes calls and says nothing
	sessions []*exec.Cmd
}

// openBank starts a server whose SFTP has the arguments given.
func openBank(t *testing.T, sftpArgs string) *bank {
	t.Helper()
	if os.Getuid() == 0 { // where a packaged sshd separates its privileges
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	b := &bank{dir: t.TempDir()}
	b.log, b.settings = filepath.Join(b.dir, "log"), filepath.Join(b.dir, "sshd_config")
	hostKey, public := newKey(t)
	var mine ssh.PublicKey
	b.hostKey, b.userKey = public, ""
	b.userKey, mine = newKey(t)
	write(t, filepath.Join(b.dir, "authorized_keys"), string(ssh.MarshalAuthorizedKey(mine)))
	write(t, b.settings, fmt.Sprintf(`HostKey %s
AuthorizedKeysFile %s/authorized_keys
AllowUsers %s
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
LogLevel VERBOSE
Subsystem sftp internal-sftp %s
`, hostKey, b.dir, me.Username, sftpArgs))
	for _, dir := range []string{"out", "in"} {
		if err := os.Mkdir(filepath.Join(b.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.address = l.Addr().String()
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			ended.Go(func() { b.serve(t, sshd, conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		b.eachSession(func(p *os.Process) { _ = p.Kill() }) // may be over
		ended.Wait()
		if log, err := os.ReadFile(b.log); err == nil && t.Failed() {
			t.Logf("the server's log:\n%s", log)
		}
	})
	return b
}

func (b *bank) serve(t *testing.T, sshd string, conn *net.TCPConn) {
	defer conn.Close()
	b.mu.Lock()
	if b.mute {
		b.mu.Unlock()
		_, _ = conn.Read(make([]byte, 1<<10)) // its hello
		_, _ = conn.Read(make([]byte, 1<<10)) // until it gives up
		return
	}
	line, err := conn.File()
	if err != nil {
		b.mu.Unlock()
		t.Error(err)
		return
	}
	cmd := exec.Command(sshd, "-i", "-f", b.settings, "-E", b.log)
	cmd.Stdin, cmd.Stdout = line, line
	err = cmd.Start()
	b.sessions = append(b.sessions, cmd)
	b.mu.Unlock()
	if err != nil {
		t.Errorf("%v: the test needs OpenSSH's server; on Debian: apt-get install openssh-server", err)
		return
	}
	line.Close()
	conn.Close()
	_ = cmd.Wait() // killed, or with the status of a client that hung up
}

// eachSession does something to every process that answers or has answered a call.
func (b *bank) eachSession(do func(*os.Process)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, cmd := range b.sessions {
		if cmd.Process != nil {
			do(cmd.Process)
		}
	}
}

func (b *bank) setMute(mute bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mute = mute
}

// customer is somebody whom the server knows and who knows it.
func (b *bank) customer(t *testing.T) *SFTP {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(t.TempDir(), "known_hosts")
	write(t, known, knownhosts.Line([]string{b.address}, b.hostKey)+"\n")
	s := &SFTP{
		Address: b.address, User: me.Username, KeyFile: b.userKey, KnownHosts: known, OutDir: filepath.Join(b.dir, "out"), InDir: filepath.Join(b.dir, "in"),
		Keep: filepath.Join(t.TempDir(), "ach"),
	}
	t.Cleanup(func() { _ = s.Close() }) // always nil
	return s
}

// holds lists what stands in a folder of the server, hidden files too.
func (b *bank) holds(t *testing.T, dir string) map[string]string {
	t.Helper()
	return folder(t, filepath.Join(b.dir, dir))
}

func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		if e.Type().IsRegular() {
			content, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			all[e.Name()] = string(content)
		}
	}
	return all
}

func (b *bank) accepted(t *testing.T) bool {
	t.Helper()
	log, err := os.ReadFile(b.log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Contains(string(log), "Accepted publickey")
}

// onPart calls do as soon as the server has so many bytes of an upload.
func (b *bank) onPart(t *testing.T, bytes int64, do func()) (stop func()) {
	t.Helper()
	over := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			parts, err := filepath.Glob(filepath.Join(b.dir, "out", ".*"))
			if err != nil {
				t.Error(err)
			}
			for _, part := range parts {
				if info, err := os.Stat(part); err == nil && info.Size() >= bytes {
					do()
					return
				}
			}
			select {
			case <-over:
				t.Error("the upload was over before anything could happen to it")
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	})
	return func() { close(over); ended.Wait() }
}

// newKey makes a key pair and writes its private half.
func newKey(t *testing.T) (file string, public ssh.PublicKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if public, err = ssh.NewPublicKey(private.Public()); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key")
	write(t, file, string(pem.EncodeToMemory(block)))
	return file, public
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// dropper is the name of a program of this test's: it drops one file.
const dropper = "RAIL_TEST_DROPPER"

// anotherProcess drops a file from a process of its own.
func anotherProcess(t *testing.T, s *SFTP, name, content string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	order, err := json.Marshal(map[string]any{"rail": &SFTP{Address: s.Address, User: s.User, KeyFile: s.KeyFile, KnownHosts: s.KnownHosts, OutDir: s.OutDir, InDir: s.InDir, Keep: s.Keep}, "name": name, "content": content})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "order")
	write(t, file, string(order))
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), dropper+"="+file)
	return cmd
}

func TestMain(m *testing.M) {
	if file := os.Getenv(dropper); file != "" {
		if err := dropAsOrdered(file); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func dropAsOrdered(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var order struct {
		Rail          SFTP
		Name, Content string
	}
	if err := json.Unmarshal(text, &order); err != nil {
		return err
	}
	return order.Rail.Drop(order.Name, []byte(order.Content))
}
