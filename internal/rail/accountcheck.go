package rail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// AccountChecker asks a provider over HTTPS whether a bank account is there and
// open. The question and the answer are small JSON objects; docs/operations.md
// shows both. It may be used by many at once, keeps nothing and logs nothing.
type AccountChecker struct {
	url, key string
	client   *http.Client
}

// Account is what is asked about.
type Account struct {
	Routing string `json:"routing"`
	Number  string `json:"account"`
	Type    string `json:"type"` // checking or savings
	Holder  string `json:"holder"`
}

// The limits of a question: somebody waits for the answer on a page.
const (
	accountTimeout = 5 * time.Second
	longestCheck   = 64 << 10
)

// NewAccountChecker makes a client of the provider at an address, https or on
// this machine, with its bearer key. Redirects are not followed: the key and the
// account number go to nobody else.
func NewAccountChecker(address, key string) (*AccountChecker, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("account check: %q is not like https://host/path", address)
	}
	if key == "" {
		return nil, errors.New("account check: the key is empty")
	}
	return &AccountChecker{address, key, &http.Client{Timeout: accountTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Check gives the provider's answer: open, closed or unsure. Anything else, and a
// provider that does not answer in five seconds, is an error, which holds no
// account number.
func (c *AccountChecker) Check(ctx context.Context, a Account) (string, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("account check: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("account check: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("account check: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is only read
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("account check: the provider answers %s", resp.Status)
	}
	var answer struct {
		Status string `json:"status"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, longestCheck)).Decode(&answer); err != nil {
		return "", fmt.Errorf("account check: the provider's answer: %w", err)
	}
	switch answer.Status {
	case "open", "closed", "unsure":
		return answer.Status, nil
	}
	return "", errors.New("account check: the provider's answer is none that is known")
}
