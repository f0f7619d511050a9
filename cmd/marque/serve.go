package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"marque/internal/card"
	desk "marque/internal/console"
	"marque/internal/cycle"
	"marque/internal/money"
	"marque/internal/portal"
)

// interruptible is a context that ends when the process is asked to stop.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// ServeCmd serves the portal, and the staff's console where it has an address.
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
		collectLess()
		if err := c.config.checkServe(c.data, settingsFile(c.data, cmd.Config)); err != nil {
			return fmt.Errorf("will not serve:\n%w", err)
		}
		doors, err := c.doors(ctx)
		if err != nil {
			return err
		}
		// The first day is the machine's date where the lender is; from then on the
		// business date moves with the cycle only.
		if _, err := c.service.OpenDay(ctx, operator, 0, money.DateOf(time.Now().In(c.brand.Location))); err != nil {
			return errors.Join(err, closeAll(doors))
		}
		post, err := c.config.post(c.brand)
		if err != nil {
			return errors.Join(err, closeAll(doors))
		}
		if post.mail == nil {
			c.log.Warn("no mail server is set: e-mails stay queued")
		}
		if post.text == nil {
			c.log.Warn("no provider of text messages is set: texts stay queued, and codes go by e-mail only")
		}
		if c.cards != nil {
			go c.cards.Run(ctx)
		}
		go c.deliver(ctx, c.runner(post))
		for _, d := range doors {
			fmt.Fprintf(s.out, "Marque serves %s at %s, listening on %s\n", d.what, d.base, d.listener.Addr())
		}
		return serveAll(ctx, doors...)
	})
}

// collectLess has garbage collected when the heap has grown to five times what
// lives, unless GOGC says otherwise. Little does: a hundred megabytes buy a fifth
// of the time that answering takes.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// doors opens the portal's listener, and the console's where it has one.
func (c *company) doors(ctx context.Context) (doors []door, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(doors))
		}
	}()
	proxies, err := c.config.trustedProxies()
	if err != nil {
		return doors, err
	}
	for _, d := range []struct{ what, listen, base string }{
		{c.brand.Name, c.config.Listen, c.config.BaseURL},
		{"the console", c.config.Console.Listen, c.config.Console.BaseURL},
	} {
		if d.listen == "" {
			continue
		}
		l, err := net.Listen("tcp", d.listen)
		if err != nil {
			return doors, fmt.Errorf("listen: %w", err)
		}
		if d.base == "" {
			d.base = "http://" + l.Addr().String()
			c.log.Warn("base_url is not set: only this machine can sign in", "address", d.base)
		}
		doors = append(doors, door{what: d.what, base: d.base, listener: l})
	}
	// One keeper of certificates for all names.
	secure, err := c.config.tlsConfig(ctx, c.data, doors[0].listener.Addr(), c.log)
	if err != nil {
		return doors, err
	}
	for i := range doors {
		doors[i].secure = secure
	}
	console := ""
	if len(doors) > 1 {
		console = doors[1].base
	}
	if err := c.at(doors[0].base, console); err != nil {
		return doors, err
	}
	if err := c.openCards(); err != nil {
		return doors, err
	}
	pages, err := portal.New(c.service, c.brand, portal.Options{BaseURL: doors[0].base, TrustedProxies: proxies, QuickenID: c.config.Quicken, Log: c.log, Now: time.Now, Papers: c.papers.Open})
	if err == nil {
		doors[0].handler = c.withHooks(pages, doors[0].base, c.config.textToken())
	}
	if err == nil && len(doors) > 1 {
		doors[1].handler, err = desk.New(c.service, c.brand, desk.Options{BaseURL: doors[1].base, TrustedProxies: proxies, Log: c.log, Now: time.Now})
	}
	return doors, err
}

// sweepEvery is how often what has ended is deleted.
const sweepEvery = time.Hour

// deliver sends messages as they come, sets papers, seals the audit trail, and deletes runs,
// codes and challenges that are over, until the context ends.
func (c *company) deliver(ctx context.Context, r *cycle.Runner) {
	var beside sync.WaitGroup
	beside.Go(func() { c.setPapers(ctx, r) })
	defer beside.Wait()
	swept, looked := time.Time{}, time.Time{}
	for ctx.Err() == nil {
		if _, err := r.Deliver(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("deliver messages", "error", err)
		}
		if err := r.Seal(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("seal the audit trail", "error", err)
		}
		if time.Since(swept) >= sweepEvery {
			swept = time.Now()
			if err := c.service.DropExpired(ctx, operator); err != nil && ctx.Err() == nil {
				c.log.Error("delete what has ended", "error", err)
			}
		}
		if time.Since(looked) >= bouncesEvery {
			looked = time.Now()
			if _, err := r.Bounced(ctx); err != nil && ctx.Err() == nil {
				c.log.Error("take in mail that came back", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(deliverEvery):
		}
	}
}

// setPapers sets documents as they come, beside the messages: an archive that is
// slow or away keeps no code waiting.
func (c *company) setPapers(ctx context.Context, r *cycle.Runner) {
	for ctx.Err() == nil {
		wait := deliverEvery
		if _, err := r.Papers.Run(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("set papers", "error", err)
			wait = archiveAway
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// archiveAway is the pause after an archive did not take a paper.
const archiveAway = 15 * time.Second

// bouncesEvery is how often mail that came back is looked for.
const bouncesEvery = time.Minute

// deliverEvery is how long a message waits at most before its first attempt.
const deliverEvery = 500 * time.Millisecond

// door is one listener and what stands behind it.
type door struct {
	what, base string
	listener   net.Listener
	secure     *tls.Config // nil speaks plain HTTP
	handler    http.Handler
}

// closeAll closes listeners that never served.
func closeAll(doors []door) (err error) {
	for _, d := range doors {
		err = errors.Join(err, d.listener.Close())
	}
	return err
}

// serveAll serves at all doors until the context ends; when one fails, the
// others close too.
func serveAll(ctx context.Context, doors ...door) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(doors))
	for _, d := range doors {
		go func() { ended <- serveOn(ctx, d.listener, d.secure, d.handler) }()
	}
	var err error
	for range doors {
		err = errors.Join(err, <-ended)
		stop()
	}
	return err
}

// serveOn serves until the context ends, then lets requests that are under way
// finish. It closes the listener. Without secure it speaks plain HTTP.
func serveOn(ctx context.Context, l net.Listener, secure *tls.Config, h http.Handler) error {
	server := &http.Server{
		Handler: h, TLSConfig: secure, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		DisableGeneralOptionsHandler: true, // the program's own answer has the headers
		ErrorLog:                     log.New(nameless{}, "", 0),
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

// nameless passes on what the server says about connections without the address it
// says it of: the log names nobody.
type nameless struct{}

var fromAddress = regexp.MustCompile(` from [^ ]+:[0-9]+:?`)

func (nameless) Write(b []byte) (int, error) {
	slog.Warn("connection", "error", card.Mask(strings.TrimSpace(fromAddress.ReplaceAllString(string(b), ""))))
	return len(b), nil
}
