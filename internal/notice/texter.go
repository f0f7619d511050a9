package notice

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // the provider's choice; as a MAC it holds
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TextConfig names the provider that takes our text messages: Twilio, or any
// that speaks as its Messages resource does (API version 2010-04-01).
type TextConfig struct {
	BaseURL          string // empty: https://api.twilio.com. Plain HTTP only to this machine
	AccountSID       string
	AuthToken        string
	From             string         // E.164 number or short code; or MessagingService
	MessagingService string         // its SID
	Timeout          time.Duration  // for one message from dial to answer; 0 is 10 seconds
	RootCAs          *x509.CertPool // nil: the system's
}

// Texter sends text messages one at a time. It may be used by many at once.
type Texter struct {
	cfg    TextConfig
	to     string
	client *http.Client
}

// largestAnswer is as much of an answer as is read, in bytes; a right one has
// about a thousand.
const largestAnswer = 64 << 10

var (
	sidForm    = regexp.MustCompile(`^[A-Za-z0-9]{2,64}$`)
	numberForm = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)
	senderForm = regexp.MustCompile(`^(\+[1-9][0-9]{7,14}|[0-9]{5,6})$`)
)

// NewTexter checks the settings; it does not connect.
func NewTexter(cfg TextConfig) (*Texter, error) {
	bad := func(why string) (*Texter, error) { return nil, errors.New("text message settings: " + why) }
	if cfg.BaseURL == "" {
		cfg.BaseURL = "https://api.twilio.com"
	}
	base, err := url.Parse(strings.TrimSuffix(cfg.BaseURL, "/"))
	switch {
	case err != nil:
		return bad("the base URL cannot be read")
	case base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return bad("the base URL must be a scheme and a host")
	case base.Scheme != "https" && (base.Scheme != "http" || !here(base.Hostname())):
		return bad("the token would cross the network unprotected; use https")
	case !sidForm.MatchString(cfg.AccountSID):
		return bad("the account SID must be letters and digits")
	case cfg.AuthToken == "":
		return bad("the auth token is empty")
	case (cfg.From == "") == (cfg.MessagingService == ""):
		return bad("give either a number to send from or a messaging service")
	case cfg.From != "" && !senderForm.MatchString(cfg.From):
		return bad("the number to send from must look like +18005550100, or be a short code")
	case cfg.MessagingService != "" && !sidForm.MatchString(cfg.MessagingService):
		return bad("the messaging service's SID must be letters and digits")
	case cfg.Timeout < 0:
		return bad("timeout is negative")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	return &Texter{
		cfg: cfg, to: base.JoinPath("2010-04-01", "Accounts", cfg.AccountSID, "Messages.json").String(),
		client: &http.Client{
			Timeout: cfg.Timeout,
			// A redirect would carry the message, and perhaps the token, to a host
			// nobody chose.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:     (&net.Dialer{Timeout: cfg.Timeout}).DialContext,
				TLSClientConfig: &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
				// No Proxy: the environment does not choose who reads codes.
				MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
				MaxResponseHeaderBytes: largestAnswer,
			},
		},
	}, nil
}

// here says that a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send hands one message to the provider and returns its SID when the provider
// has taken responsibility for it. The interface has no key by which a message
// sent again is seen to be the same one: after a lost answer another try may
// deliver it twice. See Permanent for errors; none holds the number, the words
// or the token.
func (t *Texter) Send(ctx context.Context, to, body string) (sid string, err error) {
	if !numberForm.MatchString(to) {
		return "", &sendError{what: "text", permanent: true, err: errors.New("the number is not in the form +12025550143")}
	}
	if strings.TrimSpace(body) == "" {
		return "", &sendError{what: "text", permanent: true, err: errors.New("no words")}
	}
	form := url.Values{"To": {to}, "Body": {body}}
	if t.cfg.From != "" {
		form.Set("From", t.cfg.From)
	} else {
		form.Set("MessagingServiceSid", t.cfg.MessagingService)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.to, strings.NewReader(form.Encode()))
	if err != nil {
		return "", &sendError{what: "text", err: err}
	}
	req.SetBasicAuth(t.cfg.AccountSID, t.cfg.AuthToken)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := t.client.Do(req)
	if err != nil {
		return "", &sendError{what: "text", err: err}
	}
	defer res.Body.Close()
	return answer(res)
}

// answer reads what the provider said. Only a created message with a SID counts
// as sent: a page that some box on the way answers with does not.
func answer(res *http.Response) (sid string, err error) {
	b, err := io.ReadAll(io.LimitReader(res.Body, largestAnswer))
	if err != nil {
		return "", &sendError{what: "text", err: fmt.Errorf("read the answer: %w", err)}
	}
	var said struct {
		SID  string `json:"sid"`
		Code int    `json:"code"`
	}
	unreadable := json.Unmarshal(b, &said)
	if res.StatusCode == http.StatusCreated || res.StatusCode == http.StatusOK {
		if unreadable != nil || !sidForm.MatchString(said.SID) {
			return "", &sendError{what: "text", err: fmt.Errorf("status %d without a message's SID", res.StatusCode)}
		}
		return said.SID, nil
	}
	why := "status " + strconv.Itoa(res.StatusCode)
	if unreadable == nil && said.Code != 0 {
		why += ", code " + strconv.Itoa(said.Code)
	}
	permanent := res.StatusCode == http.StatusBadRequest && unreadable == nil && slices.Contains(unreachable, said.Code)
	return "", &sendError{what: "text", permanent: permanent, err: errors.New(why), stopped: permanent && said.Code == saidStop}
}

// unreachable are the provider's codes that speak of the number or the words
// (Twilio's error dictionary): it is not a number, not a mobile one, not one we
// may send to, has sent STOP, or the words are missing or too long. All others
// speak of our account, our sender or the provider's own state; once those are
// mended, the message can go.
var unreachable = []int{21211, 21214, 21217, 21408, 21602, 21605, 21610, 21612, 21614, 21617, 21635}

// saidStop is the provider's code for a number that has sent STOP.
const saidStop = 21610

// Signed says whether a request was made by the provider: its signature is that of
// the address it was sent to and the form in it (Twilio's request validation,
// X-Twilio-Signature). An empty token signs nothing.
func Signed(token, signature, address string, form url.Values) bool {
	sent, err := base64.StdEncoding.DecodeString(signature)
	if token == "" || err != nil {
		return false
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			mac.Write([]byte(name + value))
		}
	}
	return hmac.Equal(mac.Sum(nil), sent)
}
