package sandbox

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Inbox takes every message that is sent to its SMTP server, whoever it is for,
// and keeps each as a file in Dir. It may be used by many at once.
type Inbox struct {
	dir    string
	server *smtp.Server
	listen net.Listener
	addr   *net.TCPAddr

	troubles

	mu    sync.Mutex
	all   []Message // oldest first
	serve sync.WaitGroup
}

// Message is one message as it arrived.
type Message struct {
	ID      string
	To      string
	From    string
	Subject string
	Date    time.Time
}

// Content is what a message says.
type Content struct {
	Message
	Text, HTML string
}

// largestMessage in bytes; ours are a few kilobytes.
const largestMessage = 1 << 20

// OpenInbox reads the messages in dir and listens on a free port of the
// loopback.
func OpenInbox(dir string) (*Inbox, error) {
	in := &Inbox{dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	err := eachFile(dir, func(name string, content []byte) error {
		m, err := mail.ReadMessage(bytes.NewReader(content))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		in.all = append(in.all, describe(strings.TrimSuffix(name, ".eml"), m.Header))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	in.listen, in.addr = l, l.Addr().(*net.TCPAddr)
	in.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{inbox: in, conn: c}, nil }))
	in.server.Domain, in.server.MaxMessageBytes, in.server.MaxRecipients = "localhost", largestMessage, 1
	in.server.ReadTimeout, in.server.WriteTimeout = 20*time.Second, 20*time.Second
	in.serve.Go(func() { _ = in.server.Serve(l) }) // ends with Close; senders see any other end
	return in, nil
}

// Host and port of the SMTP server.
func (in *Inbox) Address() (host string, port int) { return "127.0.0.1", in.addr.Port }

// Close stops the server; messages that are arriving are finished first.
func (in *Inbox) Close() error {
	in.Misbehave(Well, 0)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := in.server.Shutdown(ctx)
	// A server that is stopped before Serve has begun does not know its listener
	// yet and would go on to wait at it for ever.
	if shut := in.listen.Close(); !errors.Is(shut, net.ErrClosed) {
		err = errors.Join(err, shut)
	}
	in.serve.Wait()
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// session is one sender's connection.
type session struct {
	inbox *Inbox
	conn  *smtp.Conn
	to    string
}

func (s *session) Reset()                               { s.to = "" }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.inbox.is(Refusing) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox: " + to}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "this is not a message"}
	}
	switch s.inbox.meet() {
	case Busy:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	case Broken:
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "closing"}
	case Hanging:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "too late"}
	case Dropping:
		return errors.Join(s.inbox.keep(b, m.Header), s.conn.Conn().Close())
	}
	return s.inbox.keep(b, m.Header)
}

func (in *Inbox) keep(b []byte, h mail.Header) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	m := describe(fmt.Sprintf("%07d", len(in.all)+1), h)
	if err := write(in.dir, m.ID+".eml", b); err != nil {
		return err
	}
	in.all = append(in.all, m)
	return nil
}

func describe(id string, h mail.Header) Message {
	var words mime.WordDecoder
	subject, err := words.DecodeHeader(h.Get("Subject"))
	if err != nil {
		subject = h.Get("Subject")
	}
	date, err := h.Date()
	if err != nil {
		date = time.Time{} // shown without one
	}
	return Message{ID: id, To: address(h, "To"), From: address(h, "From"), Subject: subject, Date: date}
}

func address(h mail.Header, name string) string {
	if list, err := h.AddressList(name); err == nil && len(list) > 0 {
		return list[0].Address
	}
	return h.Get(name)
}

// Messages lists what arrived, newest first; only for one address or part of
// one, when it is given.
func (in *Inbox) Messages(to string) []Message {
	in.mu.Lock()
	defer in.mu.Unlock()
	to = strings.ToLower(strings.TrimSpace(to))
	var out []Message
	for _, m := range slices.Backward(in.all) {
		if strings.Contains(strings.ToLower(m.To), to) || strings.Contains(strings.ToLower(m.Subject), to) {
			out = append(out, m)
		}
	}
	return out
}

// Read gives one message; false when there is none of that id.
func (in *Inbox) Read(id string) (c Content, ok bool, err error) {
	in.mu.Lock()
	i := slices.IndexFunc(in.all, func(m Message) bool { return m.ID == id })
	if i >= 0 {
		c.Message = in.all[i]
	}
	in.mu.Unlock()
	if i < 0 {
		return c, false, nil
	}
	b, err := os.ReadFile(filepath.Join(in.dir, id+".eml"))
	if err != nil {
		return c, true, fmt.Errorf("read message %s: %w", id, err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err == nil {
		err = c.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	}
	if err != nil {
		return c, true, fmt.Errorf("read message %s: %w", id, err)
	}
	return c, true, nil
}

// part reads a body and the parts in it.
func (c *Content) part(kind, encoding string, r io.Reader) error {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		media = "text/plain"
	}
	if strings.HasPrefix(media, "multipart/") {
		parts := multipart.NewReader(r, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := c.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	b, err := io.ReadAll(r)
	switch {
	case err != nil:
		return err
	case media == "text/plain" && c.Text == "":
		c.Text = strings.ReplaceAll(string(b), "\r\n", "\n")
	case media == "text/html" && c.HTML == "":
		c.HTML = string(b)
	}
	return nil
}
