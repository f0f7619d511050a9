package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"marque/internal/money"
)

// Processor is an invented processor of card payments, with an HTTP interface in
// the shape of the part of Stripe's that the lender uses (API version
// 2026-02-25), a page of its own on which people pay, signed events, payouts to
// the lender's bank, and ways to misbehave. It keeps what it did in a journal and
// knows it again when it is opened again. It may be used by many at once.
//
// A card number is looked at and dropped: brand, last four, expiration and what
// the card does are kept.
type Processor struct {
	dir, base string
	today     func() money.Date
	now       func() time.Time
	server    *http.Server
	listen    net.Listener
	work      sync.WaitGroup
	stop      context.CancelFunc

	api, hooks processorTrouble

	mu      sync.Mutex
	journal *os.File
	closed  bool
	books
	answers map[string]*answered // by idempotency key
	dirty   []thing              // changed and not yet in the journal
	lie     money.Cents          // what is added to every amount that was charged, in answers and events
	lapses  int64                // when the next open page runs out, at the earliest

	hook    string       // where events go; empty keeps them
	fresh   []*sentEvent // of the request under the lock
	queue   []*sentEvent
	sending int // events under way
	wake    chan struct{}
}

// ProcessorConfig is where a processor stands.
type ProcessorConfig struct {
	Dir    string
	Listen string // its own address; empty is a free port of the loopback
	// Base is how a browser reaches it, where that is not http:// and the address.
	Base  string
	Today func() money.Date // dates charges and payouts; nil is the machine's day
	Now   func() time.Time  // nil is the machine's clock
}

const (
	processorKey    = "sk_test_sandbox_of_no_worth"
	processorSecret = "whsec_sandbox_of_no_worth"
	processorName   = "Cardinal Test Processor"
	apiVersion      = "2026-02-25.clover"
)

// OpenProcessor reads the journal in the folder, listens, and goes on sending the
// events that had not arrived.
func OpenProcessor(c ProcessorConfig) (p *Processor, err error) {
	p = &Processor{dir: c.Dir, base: c.Base, today: c.Today, now: c.Now, books: newBooks(), answers: map[string]*answered{}, wake: make(chan struct{}, 1)}
	if p.now == nil {
		p.now = time.Now
	}
	if p.today == nil {
		p.today = func() money.Date { return money.DateOf(p.now()) }
	}
	if err := p.readJournal(); err != nil {
		return nil, fmt.Errorf("open card processor: %w", err)
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if p.listen, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, errors.Join(fmt.Errorf("open card processor: %w", err), p.journal.Close())
	}
	if p.base == "" {
		p.base = "http://" + p.listen.Addr().String()
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.server = &http.Server{Handler: p.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, IdleTimeout: time.Minute}
	p.work.Go(func() { _ = p.server.Serve(p.listen) }) // ends with Close
	p.work.Go(func() { p.deliver(ctx) })
	return p, nil
}

func (p *Processor) handler() http.Handler {
	mux := http.NewServeMux()
	p.interfaces(mux)
	p.payPages(mux)
	return mux
}

// Address is the base URL of the interface, and the origin of the page.
func (p *Processor) Address() string { return p.base }

// Credentials are the key that the interface wants, and the secret that its
// events are signed with.
func (p *Processor) Credentials() (key, secret string) { return processorKey, processorSecret }

// SendEventsTo says where events are sent. Those that wait go there too.
func (p *Processor) SendEventsTo(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = address
	p.rouse()
}

// Close stops it. Requests that hang are let go.
func (p *Processor) Close() error {
	p.api.set(Well, 0, 0)
	p.hooks.set(Well, 0, 0)
	p.stop()
	// A second for requests under way; connections on which nothing came, which
	// browsers open ahead, are not waited for.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := p.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = p.server.Close()
	}
	if shut := p.listen.Close(); !errors.Is(shut, net.ErrClosed) {
		err = errors.Join(err, shut) // stopped before Serve knew its listener
	}
	p.work.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return err
	}
	p.closed = true
	return errors.Join(err, p.journal.Close())
}

// A journal line is one thing as it became; the last of a name counts.
type journalLine struct {
	Kind  string          `json:"kind"`
	Value json.RawMessage `json:"value"`
}

func (p *Processor) readJournal() (err error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(p.dir, "journal.jsonl")
	if p.journal, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	in := bufio.NewReader(p.journal)
	good := int64(0)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // also a line that a kill cut short: nobody was answered for it
		}
		if err == nil {
			var l journalLine
			if err = json.Unmarshal(line, &l); err == nil {
				err = p.recall(l)
			}
		}
		if err != nil {
			return errors.Join(fmt.Errorf("%s at byte %d: %w", name, good, err), p.journal.Close())
		}
		good += int64(len(line))
	}
	if err := p.journal.Truncate(good); err != nil {
		return errors.Join(err, p.journal.Close())
	}
	_, err = p.journal.Seek(good, io.SeekStart)
	for _, e := range p.events.order {
		if !e.Done {
			p.queue = append(p.queue, e)
		}
	}
	return err
}

// changed notes things that belong into the journal. The caller holds the lock.
func (p *Processor) changed(things ...thing) { p.dirty = append(p.dirty, things...) }

// keep writes what has changed to the journal in one write: all of it or nothing.
// Like the sandbox's other papers it is not forced to disk. The caller holds the
// lock.
func (p *Processor) keep() error {
	var out bytes.Buffer
	for _, t := range p.dirty {
		value, err := json.Marshal(t)
		if err != nil {
			return err
		}
		line, err := json.Marshal(journalLine{t.kind(), value})
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	p.dirty = nil
	if _, err := p.journal.Write(out.Bytes()); err != nil {
		return fmt.Errorf("card processor writes its journal: %w", err)
	}
	return nil
}

func newID(prefix string) string { return prefix + "_test_" + strings.ToLower(rand.Text()) }

// Charges is how often each of the lender's payments has been charged.
func (p *Processor) Charges() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	times := map[string]int{}
	for _, c := range p.charges.order {
		if c.Decline == "" {
			times[c.Metadata["payment_id"]]++
		}
	}
	return times
}

// CardCharge is one charge as the processor's books have it.
type CardCharge struct {
	PaymentID, IntentID string
	Amount, Refunded    money.Cents
	Date                money.Date
	Disputed            bool // and not won by the lender
}

// Book lists the charges that were made, oldest first.
func (p *Processor) Book() []CardCharge {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []CardCharge
	for _, c := range p.charges.order {
		if c.Decline == "" {
			d := p.disputes.byID[c.Dispute]
			all = append(all, CardCharge{c.Metadata["payment_id"], c.Intent, c.Amount, c.Refunded, c.Date, d != nil && d.Status != "won"})
		}
	}
	return all
}
