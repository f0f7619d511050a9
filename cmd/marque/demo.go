package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	desk "marque/internal/console"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/portal"
	"marque/internal/sandbox"
)

// DemoCmd makes a company that looks alive, and serves it with the world around
// it: a bank, an inbox for mail and texts, and a calendar to be moved by hand.
type DemoCmd struct {
	Listen        string     `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Address to listen on (${default})."`
	ConsoleListen string     `placeholder:"ADDRESS" help:"Address of the staff's console; without it, the port after --listen's, or a free one."`
	Customers     int        `default:"300" placeholder:"N" help:"Customers to invent (${default}); at least 5."`
	Seed          uint64     `default:"1" placeholder:"S" help:"The same seed and date give the same people and the same habits (${default})."`
	Date          money.Date `placeholder:"YYYY-MM-DD" help:"Business date that the history leads up to; without it, today."`
	Months        int        `default:"24" placeholder:"M" help:"Length of the history (${default})."`

	base, console string // where they are reached, once it is known
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

// play sets the time; what is not yet does not come before its time.
func (c *demoClock) play(t time.Time) { c.played.Store(int64(min(money.InstantOf(t), now()))) }

// pass lets played time pass; the machine's passes by itself.
func (c *demoClock) pass(d time.Duration) {
	if t := c.played.Load(); t != 0 {
		c.played.Store(int64(min(money.Instant(t).Add(d), now())))
	}
}

func (c *demoClock) real() { c.played.Store(0) }

// Run makes the company if there is none in the data folder yet, and serves it
// until it is asked to stop.
func (cmd *DemoCmd) Run(g *Globals, s streams) error {
	ctx, stop := interruptible()
	defer stop()
	// A taken address is found before the history is played.
	doors, err := cmd.listen()
	if err != nil {
		return err
	}
	defer func() { _ = closeAll(doors) }() // serving has closed them, unless it never began
	if host, _, err := net.SplitHostPort(cmd.Listen); err == nil && !loopback(host) {
		fmt.Fprintf(s.err, "marque: the demo listens on %s in plain HTTP: others on the network can read along and sign in. Its people are invented; put nobody real into it.\n", cmd.Listen)
	}
	cmd.base, cmd.console = doors[0].base, doors[1].base
	if err := cmd.make(ctx, g, s); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(g.Data, "demo.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	d, err := openDemo(ctx, cmd, g, g.Data, log)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	return errors.Join(cmd.serve(ctx, d, doors, s), d.close(), log.Close())
}

// listen opens the portal's address and the console's.
func (cmd *DemoCmd) listen() ([]door, error) {
	first, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	at := first.Addr().(*net.TCPAddr)
	second, err := net.Listen("tcp", cmp.Or(cmd.ConsoleListen, net.JoinHostPort(at.IP.String(), strconv.Itoa(at.Port+1))))
	if err != nil && cmd.ConsoleListen == "" {
		second, err = net.Listen("tcp", net.JoinHostPort(at.IP.String(), "0"))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the console: %w", err), first.Close())
	}
	return []door{{base: nameOf(first.Addr()), listener: first}, {base: nameOf(second.Addr()), listener: second}}, nil
}

// nameOf is how a browser on this machine says an address: passkeys want a name.
func nameOf(a net.Addr) string {
	at := a.(*net.TCPAddr)
	if at.IP.IsLoopback() || at.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", at.Port)
	}
	return "http://" + a.String()
}

// demo is the company with the world around it.
type demo struct {
	*company
	state  demoState
	clock  *demoClock
	inbox  *sandbox.Inbox
	texts  *sandbox.Texts
	bank   *sandbox.Bank
	stated *sandbox.Statements
	post   post
	people *players

	processor *sandbox.Processor // of cards; nil until it is served
	console   string

	accounts *sandbox.AccountChecks
}

// openDemo opens a company made by this command. data is its folder; while it is
// being made that is not g's.
func openDemo(ctx context.Context, cmd *DemoCmd, g *Globals, data string, logs io.Writer) (d *demo, err error) {
	d = &demo{clock: &demoClock{}, console: cmd.console}
	settings := filepath.Join(g.Data, "marque.json")
	if _, err := os.Stat(settings); err != nil {
		settings = "" // the settings are the built-in ones
	}
	if d.company, err = openCompany(ctx, &Globals{Data: data, Database: g.Database}, settings, logs, d.clock.now); err != nil {
		return nil, err
	}
	d.files = d.rail() // whatever the settings say: invented debits never go to a bank
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.access.Places == nil {
		if d.access.Places, err = identity.ReadPlaces(strings.NewReader(sandbox.PlacesTable())); err != nil {
			return d, err
		}
	}
	if d.accounts, err = sandbox.OpenAccountChecks(); err != nil {
		return d, err
	}
	if d.checkAccount, err = askAt(d.accounts.Address(), d.accounts.Key()); err != nil {
		return d, err
	}
	if settings == "" {
		d.config.ACH.RetryReturned = 1
		d.config.Mail.QuietHours = "off" // whoever tries it out at night sees what comes
	}
	d.sandboxTexts = true
	if err := d.at(cmd.base, cmd.console); err != nil {
		return d, err
	}
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
	d.stated = sandbox.NewStatements(d.bank, d.payouts)
	if d.inbox, err = sandbox.OpenInbox(filepath.Join(d.data, "sandbox", "inbox")); err != nil {
		return err
	}
	if d.texts, err = sandbox.OpenTexts(filepath.Join(d.data, "sandbox", "texts")); err != nil {
		return err
	}
	d.texts.Now = func() time.Time { return d.clock.now().Time() }
	config := d.config
	config.SMTP.Host, config.SMTP.Port = d.inbox.Address()
	config.SMTP.Username, config.SMTP.TLS = "", string(notice.TLSPlain)
	if d.post.mail, err = config.mailer(d.brand); err != nil {
		return err
	}
	account, token := d.texts.Credentials()
	d.post.text, err = notice.NewTexter(notice.TextConfig{BaseURL: d.texts.Address(), AccountSID: account, AuthToken: token, From: sandbox.SandboxNumber})
	if err != nil {
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
	if d.texts != nil {
		err = errors.Join(err, d.texts.Close())
	}
	if d.processor != nil {
		err = errors.Join(err, d.processor.Close())
	}
	if d.accounts != nil {
		err = errors.Join(err, d.accounts.Close())
	}
	return errors.Join(err, d.company.close())
}

func (cmd *DemoCmd) serve(ctx context.Context, d *demo, doors []door, s streams) error {
	if err := d.openProcessor(ctx, "http://"+doors[0].listener.Addr().String()); err != nil {
		return err
	}
	if err := d.people.resume(ctx); err != nil {
		return err
	}
	mux := http.NewServeMux()
	pages, err := d.pages()
	if err != nil {
		return err
	}
	_, token := d.texts.Credentials()
	hooks := "http://" + doors[0].listener.Addr().String() // the provider is on this machine
	_, path, _ := strings.Cut(cycle.TextHookPath, " ")
	d.texts.SendRepliesTo(hooks + path)
	mux.Handle("/", d.withHooks(pages, hooks, token))
	err = sandbox.Register(mux, sandbox.Options{
		Lender: d.brand, Inbox: d.inbox, Texts: d.texts, Bank: d.bank, Statements: d.stated, Today: d.service.Today, SignIns: d.state.SignIns, Console: cmd.console,
		Forward: d.people.forward, Base: ctx, Log: d.log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	doors[0].handler = mux
	if doors[1].handler, err = desk.New(d.service, d.brand, desk.Options{Log: d.log, Now: time.Now}); err != nil {
		return err
	}
	delivering, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.deliver(delivering, d.runner(d.post))
	}()
	charging := make(chan struct{})
	go func() {
		defer close(charging)
		d.cards.Run(delivering)
	}()
	d.welcome(s.out, cmd)
	err = serveAll(ctx, doors...)
	stop()
	<-done
	<-charging
	d.people.stopped() // the day that is being closed when the process is asked to stop
	return err
}

// pages is the portal. It answers by whatever name it is reached; where that is
// a number, like 127.0.0.1, it offers no passkeys, which browsers bind to names.
func (d *demo) pages() (http.Handler, error) {
	options := portal.Options{Log: d.log, Now: time.Now, Papers: d.papers.Open}
	named, err := portal.New(d.service, d.brand, options)
	if err != nil {
		return nil, err
	}
	plain, err := d.serviceAt("", "")
	if err != nil {
		return nil, err
	}
	numbered, err := portal.New(plain, d.brand, options)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isName(r.Host) {
			named.ServeHTTP(w, r)
			return
		}
		numbered.ServeHTTP(w, r)
	}), nil
}

// isName says that a host, with a port or without, is a name and no IP address.
func isName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err != nil
}

// welcome says where everything is and who can be tried out.
func (d *demo) welcome(w io.Writer, cmd *DemoCmd) {
	fmt.Fprintf(w, "\n%s\n", d.brand.Name)
	fmt.Fprintf(w, "  Portal    %s/\n", cmd.base)
	fmt.Fprintf(w, "  Console   %s/\n", cmd.console)
	fmt.Fprintf(w, "  Sandbox   %s/sandbox/  (people and their codes, inbox for mail and texts, bank, calendar)\n", cmd.base)
	fmt.Fprintf(w, "  Cards     %s  (the sandbox's card processor, on an address of its own; paying by card leads there)\n\n", d.processor.Address())
	for _, p := range d.state.SignIns {
		fmt.Fprintf(w, "  %s\n", p.Who)
		if p.Password == "" {
			fmt.Fprintf(w, "    %s/activate with account number %s, Social Security number ending in %s, ZIP code %s\n", cmd.base, p.AccountNumber, p.SSN4, p.ZIP)
			continue
		}
		fmt.Fprintf(w, "    username  %s\n    password  %s\n    then      %s\n", p.Username, p.Password, second(p, cmd.base))
	}
	fmt.Fprintf(w, "\n  Data is in %s. Stop with Ctrl-C; run again to go on.\n", d.data)
}

// second says where a person's second step is found.
func second(p sandbox.SignIn, base string) string {
	if p.Key != "" {
		return fmt.Sprintf("the code of an authenticator app with the key %s; %s/sandbox/ shows it", p.Key, base)
	}
	return fmt.Sprintf("the code that arrives in %s/sandbox/inbox?kind=text", base)
}
