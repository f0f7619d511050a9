package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"marque/internal/billing"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/notice"
	"marque/internal/rail"
	"marque/internal/servicing"
	"marque/internal/store"
	"marque/internal/web"
)

// company is an open data folder: settings, database, verbs. It is where the
// parts are put together.
type company struct {
	config  Config
	brand   *web.Brand
	lender  billing.Lender
	db      *store.DB
	service *servicing.Service
	log     *slog.Logger
	clock   func() money.Instant
	data    string
}

// now is the machine's clock; every package below takes a clock as an argument.
func now() money.Instant { return money.InstantOf(time.Now()) }

// operator is who runs commands.
var operator = identity.System("operator")

// openCompany opens the data folder, making it when there is none, and brings
// the schema up to date.
func openCompany(ctx context.Context, g *Globals, config string, logs io.Writer, clock func() money.Instant) (*company, error) {
	if err := os.MkdirAll(g.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	c := &company{data: g.Data, clock: clock, log: slog.New(slog.NewTextHandler(logs, nil))}
	var err error
	if c.config, err = readConfig(g.Data, config); err != nil {
		return nil, err
	}
	if c.brand, err = c.config.brand(); err != nil {
		return nil, err
	}
	c.lender = c.config.lender(c.brand)
	keys, err := store.LoadKeys(filepath.Join(g.Data, "keys.json"))
	if err != nil {
		return nil, err
	}
	url := g.Database
	if url == "" {
		url = filepath.Join(g.Data, "marque.db")
	}
	if c.db, err = store.Open(ctx, url, keys); err != nil {
		return nil, err
	}
	if err := c.db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	if err := c.db.CheckKeys(ctx); err != nil {
		return nil, errors.Join(err, c.db.Close())
	}
	c.service = servicing.New(c.db, c.lender, c.config.rules(), clock)
	return c, nil
}

func (c *company) close() error { return c.db.Close() }

func (c *company) rail() rail.Folder { return rail.Folder{Dir: filepath.Join(c.data, "ach")} }

// heads is where the ends of the audit trail's chain are kept.
func (c *company) heads() string { return filepath.Join(c.data, "audit") }

// runner runs business days; mail may be nil.
func (c *company) runner(mailer *notice.Mailer) *cycle.Runner {
	r := &cycle.Runner{Service: c.service, Rail: c.rail(), Log: c.log, Clock: c.clock, Heads: c.heads()}
	if mailer != nil {
		r.Mail = func(ctx context.Context, o servicing.Outgoing) error {
			m, err := notice.Mail(o.Notice, c.lender)
			if err != nil {
				return err
			}
			return mailer.Send(ctx, o.Notice.To, m, o.ID, c.clock())
		}
	}
	return r
}

// withExisting is with for commands that ask a company about itself: they do not
// make one where there is none.
func withExisting(g *Globals, logs io.Writer, do func(context.Context, *company) error) error {
	if g.Database == "" {
		if _, err := os.Stat(filepath.Join(g.Data, "marque.db")); err != nil {
			return fmt.Errorf("no company in %s: %w", g.Data, err)
		}
	}
	return with(g, "", logs, do)
}

// with opens the company for one command and closes it after.
func with(g *Globals, config string, logs io.Writer, do func(context.Context, *company) error) error {
	ctx, stop := interruptible()
	defer stop()
	c, err := openCompany(ctx, g, config, logs, now)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, c), c.close())
}
