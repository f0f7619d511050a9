package main

import (
	"context"
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
		handler, err := portal.New(c.service, c.brand, portal.Options{BaseURL: c.config.BaseURL, Log: c.log, Now: time.Now})
		if err != nil {
			return err
		}
		go deliver(ctx, c.runner(mailer))
		return serveHTTP(ctx, c.config.Listen, handler, func(addr string) {
			fmt.Fprintf(s.out, "Marque serves %s at http://%s\n", c.brand.Name, addr)
		})
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

// serveHTTP listens and serves until the context ends, then lets requests that
// are under way finish.
func serveHTTP(ctx context.Context, listen string, h http.Handler, ready func(addr string)) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	ready(l.Addr().String())
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
