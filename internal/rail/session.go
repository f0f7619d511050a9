package rail

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// session is one connection, logged in.
type session struct {
	conn  net.Conn
	files *sftp.Client
	wait  time.Duration
	dead  bool
}

// piece is how much is sent or read within one SFTP.Operation.
const piece = 1 << 20

func (s *SFTP) operation() time.Duration { return cmp.Or(s.Operation, answerWithin) }

// Check says whether the key and the known hosts can be used, without connecting.
func (s *SFTP) Check() error {
	_, err := s.config()
	return err
}

// config is how to log in. Only kinds of host keys that are known of this server
// are asked for: it may have others first.
func (s *SFTP) config() (*ssh.ClientConfig, error) {
	text, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read our key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, fmt.Errorf("read our key %s: it has a passphrase, which nobody could type at night; it needs a key file without one", s.KeyFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read our key %s: %w", s.KeyFile, err)
	}
	known, err := knownhosts.New(s.KnownHosts)
	if err != nil {
		return nil, fmt.Errorf("read known hosts: %w", err)
	}
	kinds, err := s.hostKeyKinds(known)
	if err != nil {
		return nil, err
	}
	return &ssh.ClientConfig{
		User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyAlgorithms: kinds,
		HostKeyCallback: func(host string, from net.Addr, key ssh.PublicKey) error {
			if err := known(host, from, key); err != nil {
				return fmt.Errorf("%w: %s showed %s %s, which is not the key in %s. Do not change that file before the bank has confirmed the new key: %w",
					ErrHostKey, s.Address, key.Type(), ssh.FingerprintSHA256(key), s.KnownHosts, err)
			}
			return nil
		},
	}, nil
}

// hostKeyKinds are the algorithms for the keys that are known of the server,
// found by asking about one that nobody has. RSA is never with SHA-1.
func (s *SFTP) hostKeyKinds(known ssh.HostKeyCallback) ([]string, error) {
	nobodys, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		return nil, err
	}
	var kinds []string
	if unknown, ok := errors.AsType[*knownhosts.KeyError](known(s.Address, &net.TCPAddr{}, nobodys)); ok {
		for _, k := range unknown.Want {
			kind := k.Key.Type()
			if kind == ssh.KeyAlgoRSA {
				kinds = append(kinds, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			} else if slices.Contains(ssh.SupportedAlgorithms().HostKeys, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	if len(kinds) == 0 {
		return nil, fmt.Errorf("%w: no key of %s is in %s. Add the one that the bank has given you", ErrHostKey, s.Address, s.KnownHosts)
	}
	return kinds, nil
}

// session is the connection that is open, or a new one.
func (s *SFTP) session() (*session, error) {
	if s.open != nil {
		if err := s.open.do(func(files *sftp.Client) error { _, err := files.RealPath("."); return err }); err == nil {
			return s.open, nil
		}
		s.hangUp() // the server has closed an idle line
	}
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	within := cmp.Or(s.Connect, connectWithin)
	conn, err := net.DialTimeout("tcp", s.Address, within)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &session{conn: conn, wait: s.operation()}
	err = c.within(within, func() error {
		line, channels, requests, err := ssh.NewClientConn(conn, s.Address, config)
		if err != nil {
			return err
		}
		c.files, err = sftp.NewClient(ssh.NewClient(line, channels, requests), sftp.UseConcurrentWrites(true))
		return err
	})
	if no, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err); ok && no.What == "host key" {
		err = fmt.Errorf("%w: it has none of the kinds in %s: %w", ErrHostKey, s.KnownHosts, err)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("log in as %s: %w", s.User, err), closed(conn))
	}
	s.open = c
	return c, nil
}

func (s *SFTP) hangUp() {
	if s.open != nil {
		// A polite end would wait for the server's; what it answers is of no use now.
		_ = s.open.conn.Close()
	}
	s.open = nil
}

func closed(conn net.Conn) error {
	if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// within ends the connection when something takes too long, and with it
// everything that waits for an answer.
func (c *session) within(d time.Duration, do func() error) error {
	var late atomic.Bool
	bell := time.AfterFunc(d, func() {
		late.Store(true)
		_ = c.conn.Close() // its only purpose is that do returns
	})
	err := do()
	bell.Stop()
	if err != nil && late.Load() && !refused(err) {
		err = fmt.Errorf("no answer within %s: %w", d, err)
	}
	return err
}

// do asks the server for one thing. After an error that is not the server's
// answer the connection is not used again.
func (c *session) do(ask func(*sftp.Client) error) error {
	if c.dead {
		return net.ErrClosed
	}
	err := c.within(c.wait, func() error { return ask(c.files) })
	if err != nil && !refused(err) {
		c.dead = true
	}
	return err
}

// refused says that the server has answered, with no. Any other error leaves open
// what it did.
func refused(err error) bool {
	_, status := errors.AsType[*sftp.StatusError](err)
	return status || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

func (c *session) stat(name string) (info fs.FileInfo, err error) {
	err = c.do(func(files *sftp.Client) error { info, err = files.Lstat(name); return err })
	return info, err
}

func (c *session) list(dir string) (entries []fs.FileInfo, err error) {
	err = c.do(func(files *sftp.Client) error {
		entries, err = files.ReadDirContext(context.Background(), dir)
		return err
	})
	return entries, err
}

// remove takes one of our own temporary files away. One that the server does not
// let us remove is hidden and stays: it must not keep the day's file from leaving.
func (c *session) remove(name string) error {
	err := c.do(func(files *sftp.Client) error { return files.Remove(name) })
	if refused(err) {
		return nil
	}
	return err
}

func partPrefix(name string) string { return "." + name + ".part-" }

// sweep removes what attempts that were cut off have left of a file. Where the
// server shows no list there is nothing to be done about it.
func (c *session) sweep(dir, name string) error {
	entries, err := c.list(dir)
	if err != nil && !refused(err) {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), partPrefix(name)) {
			if err := c.remove(path.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// upload writes a file of a name that nobody has, to the server's disk where it
// can be asked for that.
func (c *session) upload(name string, content []byte) error {
	var f *sftp.File
	err := c.do(func(files *sftp.Client) (err error) {
		f, err = files.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to write: %w", err)
	}
	for part := range slices.Chunk(content, piece) {
		if err == nil {
			err = c.do(func(*sftp.Client) error { _, err := f.Write(part); return err })
		}
	}
	if _, can := c.files.HasExtension("fsync@openssh.com"); can && err == nil {
		err = c.do(func(*sftp.Client) error { return f.Sync() })
	}
	if e := c.do(func(*sftp.Client) error { return f.Close() }); err == nil {
		err = e // after an earlier error nobody wants this one
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	info, err := c.stat(name)
	if err == nil && info.Size() != int64(len(content)) {
		err = fmt.Errorf("the server has %d of %d bytes", info.Size(), len(content))
	}
	return err
}

// has says whether the server has a file with this content; with other content it
// is ErrTaken.
func (c *session) has(name string, content []byte) (bool, error) {
	info, err := c.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && info.Size() != int64(len(content)) {
		return false, ErrTaken
	}
	var was []byte
	if err == nil {
		was, err = c.download(name, int64(len(content)))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist): // the bank has just taken it
		return false, nil
	case err != nil:
		return false, fmt.Errorf("compare with the file that has this name on the server: %w", err)
	case !bytes.Equal(was, content):
		return false, ErrTaken
	}
	return true, nil
}

var errTooLong = errors.New("longer than a file may be")

// fetch reads a file; whole is false when it changed meanwhile.
func (c *session) fetch(name string, listed fs.FileInfo, most int64) (content []byte, whole bool, err error) {
	if listed.Size() > most {
		return nil, false, fmt.Errorf("%d bytes: %w (%d)", listed.Size(), errTooLong, most)
	}
	if content, err = c.download(name, most); err != nil {
		return nil, false, err
	}
	now, err := c.stat(name)
	if err != nil {
		return nil, false, err
	}
	same := int64(len(content)) == listed.Size() && now.Size() == listed.Size() && now.ModTime().Equal(listed.ModTime())
	return content, same, nil
}

func (c *session) download(name string, most int64) ([]byte, error) {
	var f *sftp.File
	err := c.do(func(files *sftp.Client) (err error) { f, err = files.Open(name); return err })
	if err != nil {
		return nil, err
	}
	var content []byte
	buf := make([]byte, min(piece, most+1))
	for end := false; !end && err == nil; {
		err = c.do(func(*sftp.Client) error {
			n, err := f.Read(buf)
			content = append(content, buf[:n]...)
			if end = errors.Is(err, io.EOF); end {
				return nil
			}
			return err
		})
		if int64(len(content)) > most {
			err = errTooLong
		}
	}
	// A line that breaks looks like the end of the file; then this fails.
	if e := c.do(func(*sftp.Client) error { return f.Close() }); err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}
