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

	"marque/internal/ach"
	"marque/internal/archive"
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
	config Config
	brand  *web.Brand
	lender billing.Lender
	access servicing.Access
	// checkAccount asks the lender's provider about bank accounts; nil asks nobody.
	checkAccount func(context.Context, servicing.AccountQuestion) (servicing.AccountAnswer, error)
	banks        ach.Directory // empty: the lender has none
	stolen       *os.File      // the list of passwords known to thieves; nil for none
	db           *store.DB
	service      *servicing.Service
	log          *slog.Logger
	clock        func() money.Instant
	data         string
	files        rail.Bank // to and from the bank
	bell         cycle.Bell
	cards        *cycle.Cards // takes card payments to their processor; nil until it is opened
	sandboxTexts bool         // texts go to the sandbox's telephones, whatever the settings say
	archive      *archive.Archive
	papers       *cycle.Papers
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
	c := &company{data: g.Data, clock: clock, bell: cycle.NewBell(), log: slog.New(cardless{slog.NewTextHandler(logs, nil)})}
	var err error
	if c.config, err = readConfig(g.Data, config); err != nil {
		return nil, err
	}
	if c.brand, err = c.config.brand(); err != nil {
		return nil, err
	}
	c.lender = c.config.lender(c.brand)
	c.files = c.config.bank(c.rail())
	if c.access, c.stolen, err = c.config.accessRules(c.brand); err != nil {
		return nil, err
	}
	if c.checkAccount, c.banks, err = c.config.accounts(); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if err := c.open(ctx, g); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// open opens the database.
func (c *company) open(ctx context.Context, g *Globals) error {
	keys, err := store.LoadKeys(filepath.Join(g.Data, "keys.json"))
	if err != nil {
		return err
	}
	url := g.Database
	if url == "" {
		url = filepath.Join(g.Data, "marque.db")
	}
	if c.db, err = store.Open(ctx, url, keys); err != nil {
		return err
	}
	if err := c.db.Migrate(ctx); err != nil {
		return err
	}
	if err := c.db.CheckKeys(ctx); err != nil {
		return err
	}
	where := c.config.Archive
	if where == "" {
		where = filepath.Join(c.data, "archive")
	}
	if c.archive, err = archive.New(ctx, where); err != nil {
		return err
	}
	return c.at(c.config.BaseURL, c.config.Console.BaseURL)
}

func (c *company) close() error {
	var err error
	if c.stolen != nil {
		err = c.stolen.Close()
	}
	if c.files != nil {
		err = errors.Join(err, c.files.Close())
	}
	if c.archive != nil {
		err = errors.Join(err, c.archive.Close())
	}
	if c.db != nil {
		err = errors.Join(err, c.db.Close())
	}
	return err
}

// rail is the folder of what passes to and from the bank: the bank's own, or where
// copies are kept.
func (c *company) rail() rail.Folder { return rail.Folder{Dir: filepath.Join(c.data, "ach")} }

// heads is where the ends of the audit trail's chain are kept.
func (c *company) heads() string { return filepath.Join(c.data, "audit") }

// mails sends e-mails; nil without a mail server.
func (c *company) mails(mailer *notice.Mailer) cycle.Send {
	if mailer == nil {
		return nil
	}
	return func(ctx context.Context, o servicing.Outgoing) error {
		m, err := notice.Mail(o.Notice, c.lender)
		if err != nil {
			return err
		}
		m.Unsubscribe = o.Unsubscribe
		return mailer.Send(ctx, o.Notice.To, m, o.MessageID(), c.clock())
	}
}

// texts sends text messages; nil without a provider of them.
func (c *company) texts(texter *notice.Texter) cycle.Send {
	if texter == nil {
		return nil
	}
	return func(ctx context.Context, o servicing.Outgoing) error {
		words, err := notice.Text(o.Notice, c.lender)
		if err != nil {
			return err
		}
		_, err = texter.Send(ctx, o.Notice.To, words)
		return err
	}
}

// letters puts messages on paper; nil where nothing goes by mail.
func (c *company) letters() cycle.Send {
	if c.config.MailHouse.Folder == "" {
		return nil
	}
	return func(ctx context.Context, o servicing.Outgoing) error {
		p, err := notice.Letter(o.Notice, c.lender)
		if err != nil {
			return err
		}
		words := servicing.LetterWords{Subject: p.Subject, Paragraphs: append([]string{p.Reason}, p.Rest...)}
		if p.Quoted != "" {
			words.Paragraphs = append(words.Paragraphs, p.Quoted)
		}
		for _, f := range p.Facts {
			words.Facts = append(words.Facts, billing.MessageFact{Name: f[0], Value: f[1]})
		}
		return c.service.PutOnPaper(ctx, operator, o, words)
	}
}

// mailHouse is where what goes by mail is put; nil where nothing does.
func (c *company) mailHouse() *cycle.MailHouse {
	if c.config.MailHouse.Folder == "" {
		return nil
	}
	return &cycle.MailHouse{Folder: rail.Folder{Dir: c.config.MailHouse.Folder}, Archive: c.archive}
}

// withExisting is with for commands that ask a company about itself: they do not
// make one where there is none.
func withExisting(g *Globals, logs io.Writer, do func(context.Context, *company) error) error {
	return withExistingBy(g, "", logs, do)
}

// withExistingBy is withExisting with a settings file of its own.
func withExistingBy(g *Globals, config string, logs io.Writer, do func(context.Context, *company) error) error {
	if g.Database == "" {
		if _, err := os.Stat(filepath.Join(g.Data, "marque.db")); err != nil {
			return fmt.Errorf("no company in %s: %w", g.Data, err)
		}
	}
	return with(g, config, logs, do)
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
