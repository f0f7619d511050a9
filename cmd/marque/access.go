package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"

	"marque/internal/ach"
	"marque/internal/cycle"
	"marque/internal/identity"
	"marque/internal/notice"
	"marque/internal/servicing"
	"marque/internal/web"
)

// accessRules are the lender's choices about who comes in and how, but for
// passkeys, which depend on the address. The file, when there is one, is to be
// closed at the end.
func (c *Config) accessRules(b *web.Brand) (a servicing.Access, stolen *os.File, err error) {
	s := &c.Security
	a = servicing.Access{
		BlockedWords:         append([]string{b.Name, b.ShortName}, s.BlockedWords...),
		SecondFactorOptional: s.SecondFactor == factorOptional,
	}
	if s.Questions != questionsOff {
		a.Questions = servicing.QuestionUse(s.Questions)
	}
	if s.Places != "" {
		f, err := os.Open(s.Places)
		if err != nil {
			return a, nil, fmt.Errorf("open places: %w", err)
		}
		a.Places, err = identity.ReadPlaces(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return a, nil, fmt.Errorf("%s: %w", s.Places, err)
		}
	}
	if s.BreachedPasswords == "" {
		return a, nil, nil
	}
	if stolen, err = os.Open(s.BreachedPasswords); err != nil {
		return a, nil, fmt.Errorf("open breached passwords: %w", err)
	}
	info, err := stolen.Stat()
	if err == nil {
		a.Breached, err = identity.OpenBreached(stolen, info.Size())
	}
	if err != nil {
		return a, nil, errors.Join(fmt.Errorf("%s: %w", s.BreachedPasswords, err), stolen.Close())
	}
	return a, stolen, nil
}

// passkeysAt are the passkeys of one address; nil where there can be none: they
// are bound to a host's name, and an IP address is not one.
func passkeysAt(address, name string) (*identity.Passkeys, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, nil // the settings have been looked at: there is no address yet
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, nil
	}
	return identity.NewPasskeys(u.Hostname(), name, []string{u.Scheme + "://" + u.Host})
}

// at says where people reach the portal and staff the console: links in messages
// begin with the first, and passkeys are bound to each. Empty is nowhere.
func (c *company) at(portal, console string) (err error) {
	c.lender.Portal = portal
	c.service, err = c.serviceAt(portal, console)
	c.papers = &cycle.Papers{Service: c.service, Archive: c.archive, Log: c.log}
	return err
}

// serviceAt does the verbs for people who come by these addresses.
func (c *company) serviceAt(portal, console string) (*servicing.Service, error) {
	rules := c.config.rules()
	rules.Access, rules.CheckAccount = c.access, c.checkAccount
	if c.banks.Len() > 0 {
		rules.BankName = func(routing string) (string, bool) { return c.banks.Bank(ach.RoutingNumber(routing)) }
	}
	rules.Paying.Zone = c.brand.Location
	rules.Cards = c.cardRules()
	rules.NoTexts = c.config.Text.URL == "" && !c.sandboxTexts
	rules.PaperMail = c.config.MailHouse.Folder != ""
	rules.Quiet, _ = c.config.Mail.quiet() // looked at when the settings were read
	var err error
	if rules.Access.Passkeys, err = passkeysAt(portal, c.brand.Name); err != nil {
		return nil, err
	}
	if rules.Access.StaffPasskeys, err = passkeysAt(console, c.brand.Name+" console"); err != nil {
		return nil, err
	}
	return servicing.New(c.db, c.lender, rules, c.clock), nil
}

// post is how messages leave; what is nil leaves its messages queued.
type post struct {
	mail *notice.Mailer
	text *notice.Texter
}

// post is by the settings.
func (c *Config) post(b *web.Brand) (p post, err error) {
	if p.mail, err = c.mailer(b); err != nil {
		return p, err
	}
	p.text, err = c.texter()
	return p, err
}

// texter is nil when no provider of text messages is set.
func (c *Config) texter() (*notice.Texter, error) {
	if c.Text.URL == "" {
		return nil, nil
	}
	return notice.NewTexter(notice.TextConfig{BaseURL: c.Text.URL, AccountSID: c.Text.Account, AuthToken: c.textToken(), From: c.Text.From})
}

// runner runs business days and sends messages by a post.
func (c *company) runner(p post) *cycle.Runner {
	return &cycle.Runner{Service: c.service, Rail: c.files, Log: c.log, Clock: c.clock, Heads: c.heads(), Mail: c.mails(p.mail), Text: c.texts(p.text), Cards: c.cards, Papers: c.papers,
		Bounces: c.config.Mail.Bounces, Letter: c.letters(), MailHouse: c.mailHouse()}
}
