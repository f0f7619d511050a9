package sandbox

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// AccountChecks is a provider that says whether a bank account is open, as the
// sandbox has it: see CheckAccount. Numbers that end in 98 find it away.
type AccountChecks struct {
	server *http.Server
	listen net.Listener
	serve  sync.WaitGroup
}

const accountKey = "sandbox-account-key-of-no-worth"

// OpenAccountChecks listens on a free port of the loopback.
func OpenAccountChecks() (*AccountChecks, error) {
	c := &AccountChecks{}
	var err error
	if c.listen, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("open account checks: %w", err)
	}
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, IdleTimeout: time.Minute}
	c.serve.Go(func() { _ = c.server.Serve(c.listen) }) // ends with Close; who asks sees any other end
	return c, nil
}

// Address is where it is asked, Key what it wants to be shown.
func (c *AccountChecks) Address() string { return "http://" + c.listen.Addr().String() + "/" }

// Key is the bearer key.
func (c *AccountChecks) Key() string { return accountKey }

// Close stops the server.
func (c *AccountChecks) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := c.server.Shutdown(ctx)
	if shut := c.listen.Close(); !errors.Is(shut, net.ErrClosed) {
		err = errors.Join(err, shut) // stopped before Serve knew its listener
	}
	c.serve.Wait()
	return err
}

// ServeHTTP answers one question.
func (c *AccountChecks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+accountKey)) != 1 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var asked struct {
		Routing, Account, Type, Holder string
	}
	if r.Method != http.MethodPost || json.NewDecoder(http.MaxBytesReader(w, r.Body, longestForm)).Decode(&asked) != nil || asked.Account == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if strings.HasSuffix(asked.Account, "98") {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"status":%q}`+"\n", CheckAccount(asked.Account))
}
