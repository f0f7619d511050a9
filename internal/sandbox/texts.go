package sandbox

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Texts is a provider of text messages with an HTTP interface in the shape of
// Twilio's Messages resource (API version 2010-04-01). It takes every message,
// whoever it is for, and keeps each as a file. It may be used by many at once.
type Texts struct {
	// Now is when a message came; the machine's clock unless it is set before
	// the first.
	Now func() time.Time

	dir    string
	server *http.Server
	listen net.Listener

	troubles

	hook string // where replies go

	mu      sync.Mutex
	all     []TextMessage // oldest first
	replies int
	serve   sync.WaitGroup
}

// TextMessage is one text message as it arrived.
type TextMessage struct {
	ID   string    `json:"id"`
	SID  string    `json:"sid"` // what the sender was told
	To   string    `json:"to"`
	From string    `json:"from"`
	Body string    `json:"body"`
	Date time.Time `json:"date"`
}

const (
	textAccount = "AC5a4db0c5a4db0c5a4db0c5a4db0c5a4d"
	textToken   = "sandbox-token-of-no-worth"
	// SandboxNumber is a number to send texts from.
	SandboxNumber = "+18005550107"
	textPath      = "POST /2010-04-01/Accounts/{account}/Messages.json"
	longestForm   = 64 << 10
)

// OpenTexts reads the messages in dir and listens on a free port of the loopback.
func OpenTexts(dir string) (*Texts, error) {
	t := &Texts{dir: dir, Now: time.Now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open texts: %w", err)
	}
	err := eachFile(dir, func(name string, content []byte) error {
		if path.Ext(name) != ".json" {
			return nil
		}
		var m TextMessage
		if err := json.Unmarshal(content, &m); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.all = append(t.all, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open texts: %w", err)
	}
	if t.listen, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("open texts: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc(textPath, t.take)
	t.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, IdleTimeout: time.Minute}
	t.serve.Go(func() { _ = t.server.Serve(t.listen) }) // ends with Close; senders see any other end
	return t, nil
}

// Address is the base URL of the interface.
func (t *Texts) Address() string { return "http://" + t.listen.Addr().String() }

// Credentials are the account and the token that the interface wants.
func (t *Texts) Credentials() (account, token string) { return textAccount, textToken }

// Close stops the server; messages that are arriving are finished first.
func (t *Texts) Close() error {
	t.Misbehave(Well, 0)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := t.server.Shutdown(ctx)
	if shut := t.listen.Close(); !errors.Is(shut, net.ErrClosed) {
		err = errors.Join(err, shut) // stopped before Serve knew its listener
	}
	t.serve.Wait()
	return err
}

var phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

func (t *Texts) take(w http.ResponseWriter, r *http.Request) {
	account, token, _ := r.BasicAuth()
	if r.PathValue("account") != textAccount || subtle.ConstantTimeCompare([]byte(account+":"+token), []byte(textAccount+":"+textToken)) != 1 {
		refuseText(w, http.StatusUnauthorized, 20003, "Authenticate")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		refuseText(w, http.StatusBadRequest, 21620, "The form cannot be read")
		return
	}
	m := TextMessage{To: r.PostForm.Get("To"), From: r.PostForm.Get("From"), Body: r.PostForm.Get("Body"), Date: t.Now()}
	if service := r.PostForm.Get("MessagingServiceSid"); m.From == "" && service != "" {
		m.From = SandboxNumber
	}
	switch {
	case !phoneForm.MatchString(m.To):
		refuseText(w, http.StatusBadRequest, 21211, "The 'To' number "+m.To+" is not a valid phone number.")
		return
	case m.From == "":
		refuseText(w, http.StatusBadRequest, 21603, "A 'From' phone number is required.")
		return
	case strings.TrimSpace(m.Body) == "":
		refuseText(w, http.StatusBadRequest, 21602, "Message body is required.")
		return
	case utf8.RuneCountInString(m.Body) > 1600:
		refuseText(w, http.StatusBadRequest, 21617, "The message is longer than 1600 characters.")
		return
	}
	trouble := t.meet()
	switch trouble {
	case Busy:
		w.Header().Set("Retry-After", "5")
		refuseText(w, http.StatusTooManyRequests, 20429, "Too many requests")
		return
	case Broken:
		refuseText(w, http.StatusInternalServerError, 20500, "Internal server error")
		return
	case Refusing:
		refuseText(w, http.StatusBadRequest, 21614, "'To' number "+m.To+" is not a mobile number")
		return
	case Hanging:
		panic(http.ErrAbortHandler)
	}
	m, err := t.keep(m)
	if err == nil && trouble == Twice {
		_, err = t.keep(m)
	}
	switch {
	case err != nil:
		refuseText(w, http.StatusInternalServerError, 20500, "Internal server error")
	case trouble == Dropping:
		panic(http.ErrAbortHandler)
	default:
		answerText(w, http.StatusCreated, map[string]any{
			"sid": m.SID, "account_sid": textAccount, "to": m.To, "from": m.From, "body": m.Body, "status": "queued", "direction": "outbound-api",
			"num_segments": "1", "error_code": nil, "error_message": nil, "date_created": m.Date.UTC().Format(time.RFC1123Z), "api_version": "2010-04-01",
		})
	}
}

func refuseText(w http.ResponseWriter, status, code int, why string) {
	answerText(w, status, map[string]any{"code": code, "message": why, "status": status, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)})
}

func answerText(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a sender who has gone does not read it
}

func (t *Texts) keep(m TextMessage) (TextMessage, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.all) + 1
	m.ID, m.SID = fmt.Sprintf("%07d", n), fmt.Sprintf("SM%032x", n)
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := write(t.dir, m.ID+".json", append(b, '\n')); err != nil {
		return m, err
	}
	t.all = append(t.all, m)
	return m, nil
}

// Messages lists what arrived, newest first; only for one number or part of one,
// or with these words, when they are given.
func (t *Texts) Messages(to string) []TextMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	words := strings.ToLower(strings.TrimSpace(to))
	number := digits(words)
	var out []TextMessage
	for _, m := range slices.Backward(t.all) {
		if strings.Contains(strings.ToLower(m.Body), words) || number != "" && strings.Contains(digits(m.To), number) {
			out = append(out, m)
		}
	}
	return out
}

// digits of a number that somebody typed; empty when it is something else.
func digits(s string) string {
	if strings.Trim(s, "+()- .0123456789") != "" {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// Read gives one message; false when there is none of that id.
func (t *Texts) Read(id string) (TextMessage, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.all, func(m TextMessage) bool { return m.ID == id })
	if i < 0 {
		return TextMessage{}, false
	}
	return t.all[i], true
}
