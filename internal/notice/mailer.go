package notice

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"marque/internal/money"
)

// TLSMode says how the connection to the SMTP server is protected.
type TLSMode string

// The modes. Plain is for a server on the same machine.
const (
	TLSPlain    TLSMode = "plain"
	TLSStart    TLSMode = "starttls" // refused when the server does not offer it
	TLSImplicit TLSMode = "tls"
)

// SMTPConfig names the server that takes our messages.
type SMTPConfig struct {
	Host     string
	Port     int
	Username string // empty: no sign-in
	Password string
	TLS      TLSMode
	From     string         // "Harborline Motor Finance <service@harborline.example>"
	Timeout  time.Duration  // for one message from dial to answer; 0 is 30 seconds
	RootCAs  *x509.CertPool // nil: the system's
}

// Mailer sends messages one at a time, each over its own connection. It keeps no
// state and may be used by many at once.
type Mailer struct {
	cfg  SMTPConfig
	from *netmail.Address
}

// NewMailer checks the settings; it does not connect.
func NewMailer(cfg SMTPConfig) (*Mailer, error) {
	bad := func(why string) (*Mailer, error) { return nil, errors.New("mail settings: " + why) }
	from, err := netmail.ParseAddress(cfg.From)
	switch {
	case err != nil:
		return nil, fmt.Errorf("mail settings: from: %w", err)
	case cfg.Host == "":
		return bad("host is empty")
	case cfg.Port < 1 || cfg.Port > 65535:
		return bad("port must be 1 to 65535")
	case cfg.TLS != TLSPlain && cfg.TLS != TLSStart && cfg.TLS != TLSImplicit:
		return bad(fmt.Sprintf("tls is %q; use plain, starttls or tls", cfg.TLS))
	case cfg.Username != "" && cfg.TLS == TLSPlain:
		return bad("a password would cross the network unprotected; use starttls or tls")
	case cfg.Timeout < 0:
		return bad("timeout is negative")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	return &Mailer{cfg, from}, nil
}

// sendError is a failure to send; permanent when another try cannot help.
type sendError struct {
	what      string // mail, text
	permanent bool
	err       error
	stopped   bool // the number has sent STOP to the provider
}

func (e *sendError) Error() string {
	if e.permanent {
		return "send " + e.what + ", refused: " + e.err.Error()
	}
	return "send " + e.what + ", may work later: " + e.err.Error()
}
func (e *sendError) Unwrap() error { return e.err }

// Permanent says whether an error of Send, Mail or Text will stay: the address or
// the message itself was refused, or cannot be put into words. A server that is
// away, busy, slow, or does not accept our password is not permanent.
func Permanent(err error) bool {
	var e *sendError
	return errors.Is(err, ErrNotice) || errors.As(err, &e) && e.permanent
}

// Away says whether an error speaks of the server rather than of one message:
// it cannot be reached, hangs, is overloaded or does not let us in. Nothing else
// will go there for now. A mailbox that is busy is no such thing.
func Away(err error) bool {
	var e *mail.SendError
	if errors.As(err, &e) && e.ErrorCode() >= 430 && e.ErrorCode() < 500 {
		return false
	}
	return err != nil && !Permanent(err)
}

// Gone says whether an error of Send says that the address itself is no good: the
// server knows no such mailbox, or it is closed. Nothing sent there will arrive.
func Gone(err error) bool {
	var e *mail.SendError
	if !errors.As(err, &e) || e.Reason != mail.ErrSMTPRcptTo || !Permanent(err) {
		return false
	}
	if status := e.EnhancedStatusCode(); status != "" {
		return goneForm.MatchString(status)
	}
	return slices.Contains([]int{521, 550, 551, 553, 556}, e.ErrorCode())
}

// Stopped says whether an error of Texter says that the number has sent STOP.
func Stopped(err error) bool {
	var e *sendError
	return errors.As(err, &e) && e.stopped
}

// Why says in a few words why sending failed, without the person's address or
// number, which a server may repeat in its answer.
func Why(err error) string {
	var smtp *mail.SendError
	switch {
	case errors.As(err, &smtp) && smtp.ErrorCode() != 0:
		return fmt.Sprintf("the mail server answered %d", smtp.ErrorCode())
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return "no answer in time"
	case errors.As(err, &smtp):
		return "the mail server: " + smtp.Reason.String()
	}
	return err.Error()
}

var unsubscribeForm = regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9/_-]+$`)

var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// Send hands one message to the server and returns when the server has taken
// responsibility for it. id is the notice's own: it becomes the Message-ID, so
// that a message sent again after a lost answer is seen to be the same one. at
// is the message's Date. See Permanent for errors.
func (m *Mailer) Send(ctx context.Context, to string, msg Message, id string, at money.Instant) error {
	mm, err := m.compose(to, msg, id, at)
	if err != nil {
		return &sendError{what: "mail", permanent: true, err: fmt.Errorf("message %s: %w", id, err)}
	}
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	client, err := m.client(ctx)
	if err != nil {
		return &sendError{what: "mail", err: fmt.Errorf("message %s: %w", id, err)}
	}
	err = client.DialAndSendWithContext(ctx, mm)
	if err == nil || mm.IsDelivered() {
		return nil // an error after the server took the message is only a bad goodbye
	}
	if cause := ctx.Err(); cause != nil {
		err = errors.Join(cause, err)
	}
	return &sendError{what: "mail", permanent: refused(err), err: fmt.Errorf("message %s: %w", id, err)}
}

func (m *Mailer) compose(to string, msg Message, id string, at money.Instant) (*mail.Msg, error) {
	if !idForm.MatchString(id) {
		return nil, errors.New("the id must be letters, digits, - or _")
	}
	mm := mail.NewMsg(mail.WithNoDefaultUserAgent())
	mm.FromMailAddress(m.from)
	if err := mm.To(to); err != nil {
		return nil, err
	}
	mm.Subject(msg.Subject)
	mm.SetMessageIDWithValue(id + "@" + m.domain())
	mm.SetDateWithValue(at.Time())
	mm.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	if msg.Unsubscribe != "" {
		if !unsubscribeForm.MatchString(msg.Unsubscribe) {
			return nil, errors.New("the address to unsubscribe at is not one")
		}
		mm.SetGenHeaderPreformatted(mail.HeaderListUnsubscribe, "<"+msg.Unsubscribe+">")
		mm.SetGenHeaderPreformatted(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click") // RFC 8058
	}
	mm.SetBodyString(mail.TypeTextPlain, msg.Text)
	mm.AddAlternativeString(mail.TypeTextHTML, msg.HTML)
	return mm, nil
}

// client is made for one message. go-mail's deadline starts anew at each step
// and it does not watch the context, so the connection is closed when ctx ends.
// The sign-in is PLAIN or LOGIN, which both need TLS: NewMailer saw to that.
func (m *Mailer) client(ctx context.Context) (*mail.Client, error) {
	conf := &tls.Config{ServerName: m.cfg.Host, RootCAs: m.cfg.RootCAs, MinVersion: tls.VersionTLS12}
	policy := mail.NoTLS
	if m.cfg.TLS == TLSStart {
		policy = mail.TLSMandatory
	}
	opts := []mail.Option{
		mail.WithPort(m.cfg.Port), mail.WithTimeout(2 * m.cfg.Timeout), mail.WithTLSConfig(conf), mail.WithTLSPolicy(policy),
		mail.WithHELO(m.domain()), mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(dialing, network, address)
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever reads from it gets the error
			if m.cfg.TLS != TLSImplicit {
				return conn, nil
			}
			secure := tls.Client(conn, conf)
			return secure, secure.HandshakeContext(dialing)
		}),
	}
	if m.cfg.Username != "" {
		opts = append(opts, mail.WithOpportunisticSMTPAuth(mail.SMTPAuthPlain, mail.SMTPAuthLogin),
			mail.WithUsername(m.cfg.Username), mail.WithPassword(m.cfg.Password))
	}
	return mail.NewClient(m.cfg.Host, opts...)
}

func (m *Mailer) domain() string {
	return m.from.Address[strings.LastIndexByte(m.from.Address, '@')+1:]
}

// refused says whether the server turned the message or the address down for
// good. Codes about commands and signing in (RFC 5321, RFC 4954) speak of our
// settings, not of the message: once they are mended, the message can go.
func refused(err error) bool {
	var e *mail.SendError
	if !errors.As(err, &e) {
		return false
	}
	switch code := e.ErrorCode(); {
	case code >= 502 && code <= 504, code >= 530 && code <= 538:
		return false
	default:
		return code >= 500
	}
}
