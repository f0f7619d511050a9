package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/portal"
	"marque/internal/sandbox"
)

// DemoCmd makes a company that looks alive, and serves it with the world around
// it: a bank, an inbox and a calendar to be moved by hand.
type DemoCmd struct {
	Listen    string     `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Address to listen on (${default})."`
	Customers int        `default:"300" placeholder:"N" help:"Customers to invent (${default}); at least 4."`
	Seed      uint64     `default:"1" placeholder:"S" help:"The same seed and date give the same people and the same habits (${default})."`
	Date      money.Date `placeholder:"YYYY-MM-DD" help:"Business date that the history leads up to; without it, today."`
	Months    int        `default:"24" placeholder:"M" help:"Length of the history (${default})."`
}

// demoClock is the machine's clock, or while history is played the time that is
// played.
type demoClock struct{ played atomic.Int64 }

func (c *demoClock) now() money.Instant {
	if t := c.played.Load(); t != 0 {
		return money.Instant(t)
	}
	return now()
}

func (c *demoClock) play(t time.Time) { c.played.Store(int64(money.InstantOf(t))) }

// pass lets played time pass; the machine's passes by itself.
func (c *demoClock) pass(d time.Duration) {
	if t := c.played.Load(); t != 0 {
		c.played.Store(int64(money.Instant(t).Add(d)))
	}
}

func (c *demoClock) real() { c.played.Store(0) }

// Run makes the company if there is none in the data folder yet, and serves it
// until it is asked to stop.
func (cmd *DemoCmd) Run(g *Globals, s streams) error {
	ctx, stop := interruptible()
	defer stop()
	// A taken address is found before the history is played.
	l, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if err := l.Close(); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if host, _, err := net.SplitHostPort(cmd.Listen); err == nil && !loopback(host) {
		fmt.Fprintf(s.err, "marque: the demo listens on %s in plain HTTP: others on the network can read along and sign in. Its people are invented; put nobody real into it.\n", cmd.Listen)
	}
	if err := cmd.make(ctx, g, s); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(g.Data, "demo.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	d, err := openDemo(ctx, g, g.Data, log)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	return errors.Join(cmd.serve(ctx, d, s), d.close(), log.Close())
}

// demo is the company with the world around it.
type demo struct {
	*company
	state  demoState
	clock  *demoClock
	inbox  *sandbox.Inbox
	bank   *sandbox.Bank
	mailer *notice.Mailer
	people *players
}

// openDemo opens a company made by this command. data is its folder; while it is
// being made that is not g's.
func openDemo(ctx context.Context, g *Globals, data string, logs io.Writer) (d *demo, err error) {
	d = &demo{clock: &demoClock{}}
	settings := filepath.Join(g.Data, "marque.json")
	if _, err := os.Stat(settings); err != nil {
		settings = "" // the settings are the built-in ones
	}
	if d.company, err = openCompany(ctx, &Globals{Data: data, Database: g.Database}, settings, logs, d.clock.now); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.state, err = readDemoState(ctx, d.db); err != nil {
		return d, err
	}
	return d, d.around(ctx)
}

// around opens what surrounds the company, once it is known who its people are.
func (d *demo) around(ctx context.Context) (err error) {
	if d.state.Customers == 0 {
		return nil // nobody invented yet
	}
	customers, err := sandbox.Portfolio(d.state.Seed, d.state.Customers, d.state.From, d.state.Through)
	if err != nil {
		return err
	}
	sound := map[string]bool{}
	for _, c := range customers {
		if c.Role != sandbox.Everyone {
			sound[c.Bank.Number] = true
		}
	}
	if d.bank, err = sandbox.OpenBank(filepath.Join(d.data, "sandbox", "bank"), d.rail().Dir, d.state.Seed, sound); err != nil {
		return err
	}
	if d.inbox, err = sandbox.OpenInbox(filepath.Join(d.data, "sandbox", "inbox")); err != nil {
		return err
	}
	config := d.config
	config.SMTP.Host, config.SMTP.Port = d.inbox.Address()
	config.SMTP.Username, config.SMTP.TLS = "", string(notice.TLSPlain)
	if d.mailer, err = config.mailer(d.brand); err != nil {
		return err
	}
	d.people = newPlayers(d, customers)
	return nil
}

func (d *demo) close() error {
	var err error
	if d.inbox != nil {
		err = d.inbox.Close()
	}
	return errors.Join(err, d.company.close())
}

func (cmd *DemoCmd) serve(ctx context.Context, d *demo, s streams) error {
	if err := d.people.resume(ctx); err != nil {
		return err
	}
	pages, err := portal.New(d.service, d.brand, portal.Options{Log: d.log, Now: time.Now})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	err = sandbox.Register(mux, sandbox.Options{
		Lender: d.brand, Inbox: d.inbox, Bank: d.bank, Today: d.service.Today, SignIns: d.state.SignIns,
		Forward: d.people.forward, Base: ctx, Log: d.log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		deliver(ctx, d.runner(d.mailer))
	}()
	err = serveHTTP(ctx, cmd.Listen, mux, func(addr string) { d.welcome(s.out, addr) })
	<-done
	d.people.stopped() // the day that is being closed when the process is asked to stop
	return err
}

// welcome says where everything is and who can be tried out.
func (d *demo) welcome(w io.Writer, addr string) {
	fmt.Fprintf(w, "\n%s\n", d.brand.Name)
	fmt.Fprintf(w, "  Portal    http://%s/\n", addr)
	fmt.Fprintf(w, "  Sandbox   http://%s/sandbox/  (people, inbox, bank, calendar)\n\n", addr)
	for _, p := range d.state.SignIns {
		if p.Password != "" {
			fmt.Fprintf(w, "  %s\n    username  %s\n    password  %s\n", p.Who, p.Username, p.Password)
			continue
		}
		fmt.Fprintf(w, "  %s\n    http://%s/activate with account number %s, Social Security number ending in %s, ZIP code %s\n", p.Who, addr, p.AccountNumber, p.SSN4, p.ZIP)
	}
	fmt.Fprintf(w, "\n  Data is in %s. Stop with Ctrl-C; run again to go on.\n", d.data)
}
