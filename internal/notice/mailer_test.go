package notice

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"marque/internal/money"
)

// post is an SMTP server that can be told to misbehave.
type post struct {
	rcpt, data error         // what it answers
	hang       chan struct{} // Data waits for it
	drop       bool          // the line goes dead after the message, before the answer
	login      bool          // it asks for a user and password

	mu       sync.Mutex
	received []string
}

type postSession struct {
	post *post
	conn *smtp.Conn
	user string
}

func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &postSession{post: p, conn: c}, nil
}

func (s *postSession) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *postSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "marque" || password != "correct horse" {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}
func (s *postSession) Reset()        {}
func (s *postSession) Logout() error { return nil }
func (s *postSession) Mail(string, *smtp.MailOptions) error {
	if s.post.login && s.user == "" {
		return smtp.ErrAuthRequired
	}
	return nil
}
func (s *postSession) Rcpt(string, *smtp.RcptOptions) error { return s.post.rcpt }
func (s *postSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.post.hang != nil {
		<-s.post.hang
	}
	if s.post.drop {
		return s.conn.Conn().Close()
	}
	if s.post.data == nil {
		s.post.mu.Lock()
		s.post.received = append(s.post.received, string(b))
		s.post.mu.Unlock()
	}
	return s.post.data
}

// open starts the server and gives a mailer that sends to it.
func (p *post) open(t *testing.T, cfg SMTPConfig) *Mailer {
	t.Helper()
	web := httptest.NewUnstartedServer(http.NotFoundHandler()) // for its certificate
	web.StartTLS()
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	conf := &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(p)
	server.ErrorLog = silence{}
	port := l.Addr().(*net.TCPAddr).Port
	switch cfg.TLS {
	case TLSImplicit:
		l = tls.NewListener(l, conf)
	case TLSStart:
		server.TLSConfig = conf
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		closed := server.Close()
		// A server closed before Serve has begun does not know its listener yet
		// and would go on to wait at it for ever.
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := errors.Join(closed, <-done); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	cfg.Host, cfg.Port, cfg.RootCAs = "127.0.0.1", port, roots
	cfg.From = "Harborline Motor Finance <service@harborline.example>"
	m, err := NewMailer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// silence drops the server's log: the tests make it complain on purpose.
type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}

var (
	plain  = SMTPConfig{TLS: TLSPlain}
	hello  = Message{Subject: "Your statement is ready · Ñ", Text: "Your statement is ready.\n", HTML: "<p>Your statement is ready.</p>"}
	sentAt = money.InstantOf(time.Date(2026, 12, 1, 8, 30, 0, 0, time.UTC))
)

func (m *Mailer) try(id string) error {
	return m.Send(context.Background(), "maria@customer.example", hello, id, sentAt)
}

func TestMessageArrives(t *testing.T) {
	for _, mode := range []TLSMode{TLSPlain, TLSStart, TLSImplicit} {
		t.Run(string(mode), func(t *testing.T) {
			p := &post{login: mode != TLSPlain}
			cfg := SMTPConfig{TLS: mode}
			if p.login {
				cfg.Username, cfg.Password = "marque", "correct horse"
			}
			m := p.open(t, cfg)
			if err := m.try("N-000123"); err != nil {
				t.Fatal(err)
			}
			got, err := netmail.ReadMessage(strings.NewReader(p.received[0]))
			if err != nil {
				t.Fatal(err)
			}
			for header, want := range map[string]string{
				"From":           `"Harborline Motor Finance" <service@harborline.example>`,
				"To":             "<maria@customer.example>",
				"Message-Id":     "<N-000123@harborline.example>",
				"Date":           "Tue, 01 Dec 2026 08:30:00 +0000",
				"Auto-Submitted": "auto-generated",
			} {
				if have := got.Header.Get(header); have != want {
					t.Errorf("%s: %q, want %q", header, have, want)
				}
			}
			if s, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject")); err != nil || s != hello.Subject {
				t.Errorf("subject %q, %v", s, err)
			}
			_, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
			if err != nil {
				t.Fatal(err)
			}
			parts := multipart.NewReader(got.Body, params["boundary"])
			for _, want := range []string{"text/plain", "text/html"} {
				part, err := parts.NextPart()
				if err != nil || !strings.HasPrefix(part.Header.Get("Content-Type"), want) {
					t.Fatalf("part %s: %v", want, err)
				}
			}
		})
	}
}

func TestSendingTwiceIsRecognised(t *testing.T) {
	p := &post{}
	m := p.open(t, plain)
	for range 2 {
		if err := m.try("N-7"); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range p.received {
		if !strings.Contains(got, "Message-ID: <N-7@harborline.example>") {
			t.Errorf("message without the notice's id:\n%s", got)
		}
	}
}

func TestRefusals(t *testing.T) {
	answer := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no"}
	}
	for name, c := range map[string]struct {
		post      *post
		permanent bool
	}{
		"no such mailbox":         {&post{rcpt: answer(550)}, true},
		"mailbox busy":            {&post{rcpt: answer(450)}, false},
		"content refused":         {&post{data: answer(554)}, true},
		"server out of room":      {&post{data: answer(452)}, false},
		"server wants a password": {&post{login: true}, false},
		"line dead before answer": {&post{drop: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.post.open(t, plain).try("N-1")
			if err == nil || Permanent(err) != c.permanent {
				t.Errorf("permanent %t, want %t: %v", Permanent(err), c.permanent, err)
			}
		})
	}
}

func TestWrongPasswordIsNotTheMessagesFault(t *testing.T) {
	m := (&post{login: true}).open(t, SMTPConfig{TLS: TLSStart, Username: "marque", Password: "wrong"})
	if err := m.try("N-1"); err == nil || Permanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestServerThatHangs(t *testing.T) {
	for name, send := range map[string]func(*Mailer) error{
		"own timeout": func(m *Mailer) error { return m.try("N-1") },
		"caller's context": func(m *Mailer) error {
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
			defer cancel()
			return m.Send(ctx, "maria@customer.example", hello, "N-1", sentAt)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &post{hang: make(chan struct{})}
			cfg := plain
			if cfg.Timeout = 200 * time.Millisecond; name != "own timeout" {
				cfg.Timeout = time.Minute
			}
			m := p.open(t, cfg)
			t.Cleanup(func() { close(p.hang) })
			start := time.Now()
			err := send(m)
			if err == nil || Permanent(err) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("waited %s", took)
			}
		})
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := NewMailer(SMTPConfig{Host: "127.0.0.1", Port: port, TLS: TLSPlain, From: "a@harborline.example"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.try("N-1"); err == nil || Permanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestAddressThatIsNone(t *testing.T) {
	p := &post{}
	m := p.open(t, plain)
	for _, to := range []string{"", "nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example"} {
		if err := m.Send(context.Background(), to, hello, "N-1", sentAt); !Permanent(err) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if err := m.try("N 1>\r\nX: y"); !Permanent(err) {
		t.Errorf("id: %v", err)
	}
	if len(p.received) > 0 {
		t.Errorf("%d messages left", len(p.received))
	}
}

func TestMailSettings(t *testing.T) {
	good := SMTPConfig{Host: "mail.harborline.example", Port: 587, TLS: TLSStart, From: "a@harborline.example"}
	if _, err := NewMailer(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*SMTPConfig){
		"no host":            func(c *SMTPConfig) { c.Host = "" },
		"no port":            func(c *SMTPConfig) { c.Port = 0 },
		"no mode":            func(c *SMTPConfig) { c.TLS = "" },
		"no sender":          func(c *SMTPConfig) { c.From = "" },
		"password unguarded": func(c *SMTPConfig) { c.TLS, c.Username = TLSPlain, "marque" },
	} {
		c := good
		if spoil(&c); func() error { _, err := NewMailer(c); return err }() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
