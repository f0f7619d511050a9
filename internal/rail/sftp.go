package rail

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/sftp"

	"marque/internal/fault"
)

// SFTP is the bank's server. It connects when there is something to do, to a
// server whose host key is in KnownHosts and to no other, and may be used by
// several processes over one Keep folder at once.
type SFTP struct {
	Address    string // "sftp.bank.example:22"
	User       string
	KeyFile    string // private key in OpenSSH's or PEM form, without a passphrase
	KnownHosts string // host keys in OpenSSH's form
	OutDir     string // the server's folder for files to the bank
	InDir      string // the server's folder with files from it

	// Keep is the local folder of what has passed: sent, sending (see Drop), in/read
	// and in/refused. It must be one folder for all who use this account.
	Keep string

	Connect   time.Duration // for connecting and logging in; 0 is 15 seconds
	Operation time.Duration // for each answer, and each megabyte; 0 is 30 seconds
	MaxFile   int64         // bytes of a file from the bank; 0 is 64 MiB

	mu   sync.Mutex
	open *session
	read map[string]readFile // what Waiting gave and nobody has put away
}

type readFile struct {
	content []byte
	changed time.Time // on the server
}

const (
	connectWithin = 15 * time.Second
	answerWithin  = 30 * time.Second
	maxFile       = 64 << 20
)

// String says where files for the bank are put.
func (s *SFTP) String() string { return s.OutDir + " on " + s.Address }

func (s *SFTP) local(elem ...string) string {
	return filepath.Join(append([]string{s.Keep}, elem...)...)
}

// Drop hands a file over. On the server it is written under a hidden name of its
// own, synced where the server can (fsync@openssh.com), and then renamed; a rename
// of SFTP version 3 refuses a name that is taken. Here, a file is in sending from
// before that rename until it is moved to sent. It is handed over at most once,
// because every attempt ends in one of these states:
//
//   - Neither in sending nor in sent: no rename was asked for. A hidden part may
//     be left; the next attempt removes it and starts anew.
//   - In sending, and the server has it: the rename happened. It is only marked.
//   - In sending, and the server does not have it: the bank may have been quick,
//     or the rename never arrived, or is still on its way in a server that hangs.
//     ErrUnclear, and no upload. Who has asked the bank moves the file to sent, or
//     deletes it in sending.
//   - In sent: nothing is done.
//
// A file leaves sending in two other ways only: by that person, and when the
// server has answered that it refused the rename. Both folders are synced before
// what follows. Processes take turns by a lock on Keep that ends with its holder.
func (s *SFTP) Drop(name string, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.drop(name, content); err != nil {
		return fmt.Errorf("drop file %q into %s: %w", name, s, err)
	}
	return nil
}

func (s *SFTP) drop(name string, content []byte) (err error) {
	if !plain(name) {
		return errors.New("not a file name")
	}
	free, err := s.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, free()) }()

	if sent, err := hasFile(s.local("sent", name), content); sent || err != nil {
		return err
	}
	sending, err := hasFile(s.local("sending", name), content)
	if err != nil {
		return err
	}
	c, err := s.session()
	if err != nil {
		return err
	}
	there, err := c.has(path.Join(s.OutDir, name), content)
	if err != nil {
		return err
	}
	if !there && sending {
		return fmt.Errorf("%w: an attempt ended while the file got its name, and it is not on the server now. If the bank has it, move %s to %s; if not, delete it and it is sent",
			ErrUnclear, s.local("sending", name), s.local("sent"))
	}
	if err := c.sweep(s.OutDir, name); err != nil {
		return err
	}
	switch {
	case !there:
		err = s.deliver(c, name, content)
	case !sending:
		err = s.keep(s.local("sending", name), content)
	}
	if err != nil {
		return err
	}
	if err := fault.After(os.Rename(s.local("sending", name), s.local("sent", name)), "sftp.after_mark"); err != nil {
		return err
	}
	return errors.Join(syncDir(s.local("sent")), syncDir(s.local("sending")))
}

// deliver uploads a file that is neither there nor in sending. With an error the
// file is left in sending unless it is certain that the server has not got it.
func (s *SFTP) deliver(c *session, name string, content []byte) error {
	part, whole := path.Join(s.OutDir, partPrefix(name)+rand.Text()), path.Join(s.OutDir, name)
	if err := fault.After(c.upload(part, content), "sftp.after_upload"); err != nil {
		return err
	}
	if err := fault.After(s.keep(s.local("sending", name), content), "sftp.after_sending_before_rename"); err != nil {
		return err
	}
	err := fault.After(c.do(func(files *sftp.Client) error { return files.Rename(part, whole) }), "sftp.after_rename_before_mark")
	if !refused(err) {
		return err
	}
	// Perhaps somebody without our Keep was quicker; OpenSSH says "failure" for that.
	there, taken := c.has(whole, content)
	if taken != nil && !errors.Is(taken, ErrTaken) {
		return errors.Join(err, taken)
	}
	gone := c.remove(part)
	if there {
		return nil
	}
	return errors.Join(fmt.Errorf("the server refused to name the file: %w", err), taken, gone,
		os.Remove(s.local("sending", name)), syncDir(s.local("sending")))
}

// Waiting reads the files that the bank has left. Hidden files are still being
// written, and so are files that change while they are read: both are for the
// next time. What has been put away here but could not be moved on the server is
// not given again.
func (s *SFTP) Waiting() ([]File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	files, err := s.waiting()
	if err != nil {
		return nil, fmt.Errorf("look for files from the bank at %s: %w", s.Address, err)
	}
	return files, nil
}

func (s *SFTP) waiting() ([]File, error) {
	c, err := s.session()
	if err != nil {
		return nil, err
	}
	entries, err := c.list(s.InDir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.InDir, err)
	}
	slices.SortFunc(entries, func(a, b fs.FileInfo) int { return cmp.Compare(a.Name(), b.Name()) })
	s.read = map[string]readFile{}
	var out []File
	for _, e := range entries {
		name := e.Name()
		if !e.Mode().IsRegular() || strings.HasPrefix(name, ".") {
			continue
		}
		if !plain(name) {
			out = append(out, File{Name: strconv.QuoteToASCII(name), Err: fmt.Errorf("file %+q from the bank: not a name that a file may have here", name)})
			continue
		}
		content, whole, err := c.fetch(path.Join(s.InDir, name), e, cmp.Or(s.MaxFile, maxFile))
		switch {
		case errors.Is(err, fs.ErrNotExist): // another process has dealt with it
			continue
		case err != nil && (refused(err) || errors.Is(err, errTooLong)):
			out = append(out, File{Name: name, Err: fmt.Errorf("read file %s from the bank: %w", name, err)})
			continue
		case err != nil:
			return nil, fmt.Errorf("read file %s: %w", name, err)
		case !whole:
			continue
		}
		s.read[name] = readFile{content, e.ModTime()}
		to, err := s.putAway(name, content)
		if err != nil {
			return nil, err
		}
		if to == "" {
			out = append(out, File{Name: name, Content: content})
		} else if err := s.move(c, name, to); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Done puts a file away that has been read.
func (s *SFTP) Done(name string) error { return s.away(name, "read") }

// Refuse puts a file away that a person has to look at.
func (s *SFTP) Refuse(name string) error { return s.away(name, "refused") }

// away keeps what Waiting gave, and then moves the file on the server into a
// subfolder of its own, where that is allowed.
func (s *SFTP) away(name, to string) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if err != nil {
			err = fmt.Errorf("put file %q away: %w", name, err)
		}
	}()
	was, ok := s.read[name]
	if !ok {
		return errors.New("it has not been read, or was put away before")
	}
	free, err := s.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, free()) }()
	if there, err := s.putAway(name, was.content); err != nil {
		return err
	} else if there == "" {
		if err := fault.After(s.keepNumbered(to, name, was.content), "sftp.put_away_before_move"); err != nil {
			return err
		}
	}
	c, err := s.session()
	if err != nil {
		return err
	}
	return s.move(c, name, to)
}

// putAway says where a file with this name and content is kept: "read",
// "refused", or "" for nowhere.
func (s *SFTP) putAway(name string, content []byte) (string, error) {
	for _, to := range []string{"read", "refused"} {
		for n := 1; ; n++ {
			is, err := hasFile(s.local("in", to, numbered(name, n)), content)
			if is {
				return to, nil
			}
			if err == nil {
				break // no such file, and none with a higher number
			}
			if !errors.Is(err, ErrTaken) {
				return "", err
			}
		}
	}
	return "", nil
}

func (s *SFTP) keepNumbered(to, name string, content []byte) error {
	for n := 1; ; n++ {
		err := s.keep(s.local("in", to, numbered(name, n)), content)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// numbered gives the second file of a name a number: nothing is overwritten.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s.%d", name, n)
}

// move puts a file aside on the server. What the server does not allow stays
// where it is: the copy that is kept here says that it was dealt with.
func (s *SFTP) move(c *session, name, to string) error {
	from, was := path.Join(s.InDir, name), s.read[name]
	now, err := c.stat(from)
	if refused(err) || err == nil && (now.Size() != int64(len(was.content)) || !now.ModTime().Equal(was.changed)) {
		delete(s.read, name)
		return nil // moved by another process, or already a newer file of this name
	}
	if err != nil {
		return err
	}
	dir := path.Join(s.InDir, to)
	if err := c.do(func(files *sftp.Client) error { return files.Mkdir(dir) }); err != nil && !refused(err) {
		return err
	}
	for n := 1; n < 10_000; n++ {
		target := path.Join(dir, numbered(name, n))
		if _, err := c.stat(target); err == nil {
			continue
		} else if !refused(err) {
			return err
		}
		err := c.do(func(files *sftp.Client) error { return files.Rename(from, target) })
		if err != nil && !refused(err) {
			return err
		}
		delete(s.read, name)
		return nil
	}
	return fmt.Errorf("%s on the server is full of files of this name", dir)
}

// Close ends the connection, if there is one.
func (s *SFTP) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp()
	return nil
}

// keep writes a file here: whole, on disk, and under a name that was free. It is
// fs.ErrExist when it was not.
func (s *SFTP) keep(name string, content []byte) error {
	tmp, err := os.CreateTemp(s.local("part"), filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Link(tmp.Name(), name)
	}
	if err = errors.Join(err, os.Remove(tmp.Name())); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// lock waits for the turn of this process, in folders that survive a power cut.
func (s *SFTP) lock() (free func() error, err error) {
	for _, dir := range []string{"part", "sending", "sent", "in/read", "in/refused"} {
		if err := os.MkdirAll(s.local(filepath.FromSlash(dir)), 0o700); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(syncDir(filepath.Dir(s.Keep)), syncDir(s.Keep), syncDir(s.local("in"))); err != nil {
		return nil, err
	}
	held, err := takeTurn(s.local("lock"), 4*s.operation())
	if err != nil {
		return nil, err
	}
	if err := s.sweepHere(); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return held.Close, nil
}

// takeTurn waits until no other process holds a file, and holds it until it is
// closed or the process ends.
func takeTurn(name string, within time.Duration) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	const pause = 20 * time.Millisecond
	for wait := within; ; wait -= pause {
		got, err := tryLock(f)
		if err == nil && !got && wait <= 0 {
			err = errors.New("another process has been at it for too long")
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("take turns over %s: %w", filepath.Dir(name), err), f.Close())
		}
		if got {
			return f, nil
		}
		time.Sleep(pause)
	}
}

// sweepHere removes what writers that were killed have left. Only who has the lock
// writes.
func (s *SFTP) sweepHere() error {
	parts, err := filepath.Glob(s.local("part", "*"))
	for _, part := range parts {
		err = errors.Join(err, os.Remove(part))
	}
	return err
}

// hasFile says whether a file is there with this content; with other content it
// is ErrTaken.
func hasFile(name string, content []byte) (bool, error) {
	was, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !bytes.Equal(was, content):
		return false, ErrTaken
	}
	return true, nil
}

// plain says that a name is a file's in one folder, on this machine and on any
// server, and can be shown to people.
func plain(name string) bool {
	odd := func(r rune) bool { return r == '/' || r == '\\' || !unicode.IsPrint(r) }
	return name != "" && len(name) <= 150 && utf8.ValidString(name) && name[0] != '.' && !strings.ContainsFunc(name, odd)
}
