package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"marque/internal/cycle"
	"marque/internal/money"
	"marque/internal/portal"
)

// interruptible is a context that ends when the process is asked to stop.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// ServeCmd serves the portal.
type ServeCmd struct {
	Config string `env:"MARQUE_CONFIG" placeholder:"FILE" help:"Settings file (marque.json in the data folder)."`
	Listen string `env:"MARQUE_LISTEN" placeholder:"ADDRESS" help:"Address to listen on, over the settings'."`
}

// Run serves until it is asked to stop, and delivers messages meanwhile.
func (cmd *ServeCmd) Run(g *Globals, s streams) error {
	return with(g, cmd.Config, s.err, func(ctx context.Context, c *company) error {
		if cmd.Listen != "" {
			c.config.Listen = cmd.Listen
		}
		if err := c.config.checkServe(c.data, settingsFile(c.data, cmd.Config)); err != nil {
			return fmt.Errorf("will not serve:\n%w", err)
		}
		proxies, err := c.config.trustedProxies()
		if err != nil {
			return err
		}
		l, err := net.Listen("tcp", c.config.Listen)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		defer func() { _ = l.Close() }() // serving has closed it, unless it never began
		base := c.config.BaseURL
		if base == "" {
			base = "http://" + l.Addr().String()
			c.log.Warn("base_url is not set: only this machine can sign in", "address", base)
		}
		// The first day is the machine's date where the lender is; from then on the
		// business date moves with the cycle only.
		if _, err := c.service.OpenDay(ctx, operator, 0, money.DateOf(time.Now().In(c.brand.Location))); err != nil {
			return err
		}
		mailer, err := c.config.mailer(c.brand)
		if err != nil {
			return err
		}
		if mailer == nil {
			c.log.Warn("no mail server is set: messages stay queued")
		}
		handler, err := portal.New(c.service, c.brand, portal.Options{BaseURL: base, TrustedProxies: proxies, Log: c.log, Now: time.Now})
		if err != nil {
			return err
		}
		secure, err := c.config.tlsConfig(ctx, c.data, l.Addr(), c.log)
		if err != nil {
			return err
		}
		go deliver(ctx, c.runner(mailer))
		fmt.Fprintf(s.out, "Marque serves %s at %s, listening on %s\n", c.brand.Name, base, l.Addr())
		return serveOn(ctx, l, secure, handler)
	})
}

// deliver sends messages as they come, and seals the audit trail, until the
// context ends.
func deliver(ctx context.Context, r *cycle.Runner) {
	for ctx.Err() == nil {
		if _, err := r.Deliver(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("deliver messages", "error", err)
		}
		if err := r.Seal(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("seal the audit trail", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// serveHTTP listens and serves plain HTTP, for the demo: serve opens its own
// listener, after it has looked at the settings.
func serveHTTP(ctx context.Context, listen string, h http.Handler, ready func(addr string)) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ready(l.Addr().String())
	return serveOn(ctx, l, nil, h)
}

// serveOn serves until the context ends, then lets requests that are under way
// finish. It closes the listener. Without secure it speaks plain HTTP.
func serveOn(ctx context.Context, l net.Listener, secure *tls.Config, h http.Handler) error {
	server := &http.Server{
		Handler: h, TLSConfig: secure, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	failed := make(chan error, 1)
	go func() {
		if secure != nil {
			failed <- server.ServeTLS(l, "", "")
			return
		}
		failed <- server.Serve(l)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("stop serving: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
