package rail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

const day = "2026-02-16-A.ach"

func TestAFileReachesTheBankWholeAndOnce(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	big := strings.Repeat("6270310002120000000001", 150_000) // more than three pieces
	want := map[string]string{day: "debits", "2026-02-16-B.ach": big, "2026-02-16-C.ach": ""}
	for name, content := range want {
		for range 2 { // again, as after a crash
			if err := s.Drop(name, []byte(content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := b.holds(t, "out"); !maps.Equal(got, want) {
		t.Errorf("the bank has %q", slices.Collect(maps.Keys(got)))
	}
	if err := s.Drop(day, []byte("other")); !errors.Is(err, ErrTaken) {
		t.Errorf("other content: %v", err)
	}
	take(t, b, day)
	if err := s.Drop(day, []byte("debits")); err != nil {
		t.Error(err)
	}
	if _, again := b.holds(t, "out")[day]; again {
		t.Error("handed over again after the bank had taken it")
	}
	if left := folder(t, filepath.Join(s.Keep, "sending")); len(left) > 0 {
		t.Errorf("left in sending: %q", left)
	}
	for _, name := range []string{"", ".", "..", "a/b", "../a", ".hidden", "a\nb", "a\\b", "a\x00", "\xff", "a\u202eb", strings.Repeat("a", 200)} {
		if s.Drop(name, nil) == nil {
			t.Errorf("dropped as %q", name)
		}
	}
}

func take(t *testing.T, b *bank, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(b.dir, "out", name)); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherFileOfTheNameIsNeverReplaced(t *testing.T) {
	b := openBank(t, "")
	for _, there := range []string{"other debits", "debits"} { // not, and as long as, ours
		write(t, filepath.Join(b.dir, "out", day), there)
		s := b.customer(t)
		if err := s.Drop(day, []byte("DEBITS")); !errors.Is(err, ErrTaken) {
			t.Errorf("over %q: %v", there, err)
		}
		if got := b.holds(t, "out"); !maps.Equal(got, map[string]string{day: there}) {
			t.Errorf("the bank has %q", got)
		}
	}
	// It appears during our upload.
	late := b.customer(t)
	free, err := late.lock()
	if err != nil {
		t.Fatal(err)
	}
	c, err := late.session()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(late.deliver(c, day, []byte("DEBITS")), free()); !errors.Is(err, ErrTaken) {
		t.Errorf("during an upload: %v", err)
	}
	if got := b.holds(t, "out"); !maps.Equal(got, map[string]string{day: "debits"}) || len(folder(t, filepath.Join(late.Keep, "sending"))) > 0 {
		t.Errorf("the bank has %q", got)
	}
	// A file that we sent before this folder lost its memory.
	s := b.customer(t)
	if err := s.Drop(day, []byte("debits")); err != nil {
		t.Error(err)
	}
	take(t, b, day)
	if err := s.Drop(day, []byte("debits")); err != nil || len(b.holds(t, "out")) > 0 {
		t.Errorf("%v, and the bank has %q", err, b.holds(t, "out"))
	}
}

// A program that took any host key would hand the file over in each of these.
func TestAServerThatIsNotTheBanksGetsNothing(t *testing.T) {
	b := openBank(t, "")
	_, other := newKey(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherKind, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ known, says string }{
		"another key":          {knownhosts.Line([]string{b.address}, other), ErrHostKey.Error()},
		"another kind of key":  {knownhosts.Line([]string{b.address}, otherKind), "it has none of the kinds in"},
		"the key of another":   {knownhosts.Line([]string{"sftp.bank.example:22"}, b.hostKey), ErrHostKey.Error()},
		"a key taken back":     {"@revoked * " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(b.hostKey))) + "\n" + knownhosts.Line([]string{b.address}, b.hostKey), ErrHostKey.Error()},
		"nobody is known":      {"", ErrHostKey.Error()},
		"a file of known what": {"[127.0.0.1]:22 ssh-ed25519 AAAA", "read known hosts"},
	} {
		s := b.customer(t)
		write(t, s.KnownHosts, c.known+"\n")
		if err := s.Drop(day, []byte("debits")); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := s.Waiting(); err == nil {
			t.Errorf("%s: looked for files", what)
		}
		if kept := folder(t, filepath.Join(s.Keep, "sent")); len(kept) > 0 {
			t.Errorf("%s: taken for sent: %q", what, kept)
		}
	}
	s := b.customer(t)
	s.KnownHosts = filepath.Join(t.TempDir(), "none")
	if err := s.Drop(day, []byte("debits")); err == nil || s.Check() == nil {
		t.Errorf("without a file of known hosts: %v", err)
	}
	if got := b.holds(t, "out"); len(got) > 0 || b.accepted(t) {
		t.Errorf("logged in; the bank has %q", got)
	}
}

func TestTheBankKnowsUsByOurKey(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	s.KeyFile, _ = newKey(t)
	if err := s.Drop(day, []byte("debits")); err == nil || !strings.Contains(err.Error(), "log in as "+s.User) {
		t.Errorf("with another's key: %v", err)
	}
	_, private, err := generateLocked()
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"has a passphrase": string(private), "read our key": "not a key"} {
		write(t, s.KeyFile, text)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q: %v", what, err)
		}
	}
	if b.accepted(t) || len(b.holds(t, "out")) > 0 {
		t.Error("let in")
	}
}

func generateLocked() (*ecdsa.PrivateKey, []byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("seven lanterns"))
	if err != nil {
		return nil, nil, err
	}
	return private, pem.EncodeToMemory(block), nil
}

// long is a file whose upload takes long enough for something to happen.
var long = strings.Repeat("6270310002120000000001234567890", 1<<20)

func TestAServerThatDiesDuringAnUploadGetsTheFileLater(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	stop := b.onPart(t, 1<<20, func() { b.eachSession(func(p *os.Process) { _ = p.Kill() }) })
	if err := s.Drop(day, []byte(long)); err == nil {
		t.Error("no error from a server that died")
	}
	stop()
	for name := range b.holds(t, "out") {
		if name == day {
			t.Error("a part has the file's name")
		}
	}
	if err := s.Drop(day, []byte(long)); err != nil {
		t.Fatal(err)
	}
	if got := b.holds(t, "out"); len(got) != 1 || got[day] != long {
		t.Errorf("the bank has %q", slices.Collect(maps.Keys(got)))
	}
}

func TestAServerThatHangsIsGivenUp(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	s.Connect, s.Operation = 400*time.Millisecond, 400*time.Millisecond
	soon := func(what string, do func() error) {
		t.Helper()
		begun := time.Now()
		if err := do(); err == nil || !strings.Contains(err.Error(), "no answer within") {
			t.Errorf("%s: %v", what, err)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s: took %s", what, took)
		}
	}
	b.setMute(true)
	soon("before it says hello", func() error { return s.Drop(day, []byte(long)) })
	b.setMute(false)

	s.Connect = connectWithin
	stop := b.onPart(t, 1<<20, func() { b.eachSession(func(p *os.Process) { _ = p.Signal(syscall.SIGSTOP) }) })
	soon("during an upload", func() error { return s.Drop(day, []byte(long)) })
	stop()

	s.Operation = answerWithin
	if err := s.Drop(day, []byte(long)); err != nil {
		t.Fatal(err)
	}
	// What hung goes on.
	b.eachSession(func(p *os.Process) { _ = p.Signal(syscall.SIGCONT) })
	if got := b.holds(t, "out"); got[day] != long {
		t.Errorf("the bank has %q", slices.Collect(maps.Keys(got)))
	}
}

// The line that was open when the server was last asked is closed by the next day.
func TestAnIdleLineIsOpenedAgain(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	if _, err := s.Waiting(); err != nil {
		t.Fatal(err)
	}
	b.eachSession(func(p *os.Process) { _ = p.Kill() })
	if err := s.Drop(day, []byte("debits")); err != nil {
		t.Error(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
}

func TestAFileDroppedByTwoProcessesIsOneFile(t *testing.T) {
	for _, apart := range []bool{false, true} { // whether each has a folder of its own, against our advice
		b := openBank(t, "")
		var all []*exec.Cmd
		one := b.customer(t)
		for range 4 {
			s := one
			if apart {
				s = b.customer(t)
			}
			all = append(all, anotherProcess(t, s, day, long[:2<<20]))
		}
		for _, cmd := range all {
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
		}
		for _, cmd := range all {
			if err := cmd.Wait(); err != nil && !apart {
				t.Error(err)
			}
		}
		got := b.holds(t, "out")
		if got[day] != long[:2<<20] || (len(got) != 1 && !apart) {
			t.Errorf("the bank has %q", slices.Collect(maps.Keys(got)))
		}
	}
}

// Between the rename on the server and our own mark.
func TestAFileThatWasOnItsWayIsNotSentTwice(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	cut := func() { // as if we had stopped before the mark
		t.Helper()
		if err := s.Drop(day, []byte("debits")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(s.Keep, "sent", day), filepath.Join(s.Keep, "sending", day)); err != nil {
			t.Fatal(err)
		}
	}
	cut()
	if err := s.Drop(day, []byte("other")); !errors.Is(err, ErrTaken) {
		t.Errorf("other content: %v", err)
	}
	if err := s.Drop(day, []byte("debits")); err != nil {
		t.Errorf("still at the bank: %v", err)
	}
	if sent := folder(t, filepath.Join(s.Keep, "sent")); !maps.Equal(sent, map[string]string{day: "debits"}) {
		t.Errorf("marked: %q", sent)
	}
	if err := os.Remove(filepath.Join(s.Keep, "sent", day)); err != nil {
		t.Fatal(err)
	}
	cut()
	take(t, b, day)
	for range 3 {
		if err := s.Drop(day, []byte("debits")); !errors.Is(err, ErrUnclear) || !strings.Contains(err.Error(), "sending/"+day) {
			t.Errorf("taken, or never arrived: %v", err)
		}
	}
	if got := b.holds(t, "out"); len(got) > 0 {
		t.Errorf("the bank has %q", got)
	}
	// The bank says that it does not have the file.
	if err := os.Remove(filepath.Join(s.Keep, "sending", day)); err != nil {
		t.Fatal(err)
	}
	if err := s.Drop(day, []byte("debits")); err != nil || b.holds(t, "out")[day] != "debits" {
		t.Errorf("%v, and the bank has %q", err, b.holds(t, "out"))
	}
}

func TestARefusedRenameIsNotTakenForSent(t *testing.T) {
	b := openBank(t, "-P rename")
	s := b.customer(t)
	for range 2 {
		if err := s.Drop(day, []byte("debits")); err == nil || !strings.Contains(err.Error(), "refused to name") {
			t.Errorf("%v", err)
		}
	}
	if got := b.holds(t, "out"); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
	s.OutDir = filepath.Join(b.dir, "nowhere")
	if err := s.Drop(day, []byte("debits")); err == nil {
		t.Error("dropped into a folder that is not there")
	}
	if left := folder(t, filepath.Join(s.Keep, "sending")); len(left) > 0 {
		t.Errorf("left in sending: %q", left)
	}
}

// A process that is killed at any moment, again and again, while the bank takes
// files away as soon as it sees them: the bank never gets a file twice.
func TestAKilledProcessNeverSendsTwice(t *testing.T) {
	b := openBank(t, "")
	s := b.customer(t)
	const files = 16
	content, taken, unclear := long[:300_000], map[string]int{}, 0
	seen, over := make(chan struct{}, 10*files), make(chan struct{})
	picksUp := func() {
		for name, got := range b.holds(t, "out") {
			if strings.HasPrefix(name, ".") {
				continue
			}
			seen <- struct{}{}
			_, sending := os.Stat(filepath.Join(s.Keep, "sending", name))
			_, sent := os.Stat(filepath.Join(s.Keep, "sent", name))
			if sending != nil && sent != nil {
				t.Errorf("the bank has %s and we would not know it", name)
			}
			if got != content {
				t.Errorf("%s has %d bytes", name, len(got))
			}
			take(t, b, name)
			taken[name]++
		}
	}
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(100 * time.Microsecond):
				picksUp()
			}
		}
	})
	for n := range files {
		name := "2026-02-16-" + string(rune('A'+n)) + ".ach"
		for attempt := 0; ; attempt++ {
			cmd := anotherProcess(t, s, name, content)
			words := &strings.Builder{}
			for len(seen) > 0 {
				<-seen
			}
			cmd.Stdout = words
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			kill := func() { _ = cmd.Process.Kill() } // may be over
			switch delay, err := rand.Int(rand.Reader, big.NewInt(150)); {
			case err != nil:
				t.Fatal(err)
			case attempt == 0 && n%2 == 0: // when the bank sees the file, which is before we know that it has it
				go func() { <-seen; kill() }()
			case attempt < 2:
				time.AfterFunc(time.Duration(delay.Int64())*time.Millisecond, kill)
			}
			err := cmd.Wait()
			if err != nil && words.Len() == 0 {
				continue // killed
			}
			if strings.Contains(words.String(), ErrUnclear.Error()) {
				unclear++
			} else if err != nil {
				t.Errorf("%s: %s", name, words)
			}
			break
		}
	}
	close(over)
	ended.Wait()
	picksUp()
	for name, times := range taken {
		if times != 1 {
			t.Errorf("the bank got %s %d times", name, times)
		}
	}
	if left := folder(t, filepath.Join(s.Keep, "part")); len(left) > 0 {
		t.Errorf("%d copies of account numbers are left behind", len(left))
	}
	if len(taken)+unclear < files {
		t.Errorf("the bank got %d of %d files, and %d are said to be unclear", len(taken), files, unclear)
	}
	t.Logf("%d files, %d at the bank, %d for a person to ask the bank about", files, len(taken), unclear)
}
