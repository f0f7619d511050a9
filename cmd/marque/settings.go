package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/servicing"
)

// tlsSettings say where the listener's certificate comes from: two files that
// another program renews, or a directory that speaks ACME (RFC 8555).
type tlsSettings struct {
	Cert string        `json:"cert"` // PEM, with the chain; read again when it changes
	Key  string        `json:"key"`  // PEM, readable by its owner only
	ACME *acmeSettings `json:"acme"`
}

func (t *tlsSettings) set() bool { return t.Cert != "" || t.Key != "" || t.ACME != nil }

type acmeSettings struct {
	Email     string   `json:"email"`
	Directory string   `json:"directory"` // Let's Encrypt when empty
	Domains   []string `json:"domains"`
}

// paymentSettings say on which days payments made by hand count.
type paymentSettings struct {
	CutOff      string `json:"cut_off"`      // "17:00" in the brand's time zone: later payments count for the next day; empty: none
	BankingDays bool   `json:"banking_days"` // only days on which the banks settle can be chosen
}

// minutes is the cut-off in minutes after midnight; 0 for none.
func (p *paymentSettings) minutes() (int, error) {
	if p.CutOff == "" {
		return 0, nil
	}
	at, err := time.Parse("15:04", p.CutOff)
	if err != nil || at.Hour()+at.Minute() == 0 {
		return 0, fmt.Errorf("payments.cut_off is %q: it is a time of day such as 17:00, or empty", p.CutOff)
	}
	return at.Hour()*60 + at.Minute(), nil
}

// consoleSettings are the staff console's own door. It has a host name of its
// own, so that its cookies never travel to the borrowers' portal.
type consoleSettings struct {
	Listen  string `json:"listen"`
	BaseURL string `json:"base_url"`
}

// textSettings are the provider of text messages.
type textSettings struct {
	URL     string `json:"url"`
	Account string `json:"account"`
	Token   string `json:"token"` // or MARQUE_TEXT_TOKEN
	From    string `json:"from"`
}

// mailSettings are where e-mail that came back is found.
type mailSettings struct {
	Bounces string `json:"bounces"` // a maildir, or a folder of files; empty: nobody looks
	// QuietHours are when nobody is written to who has not chosen hours: "21-8" in
	// whole hours where the person lives, or "off". Empty is 21-8.
	QuietHours string `json:"quiet_hours"`
}

// quiet is nil for the usual hours.
func (m *mailSettings) quiet() (*servicing.QuietHours, error) {
	switch m.QuietHours {
	case "":
		return nil, nil
	case "off":
		return &servicing.QuietHours{}, nil
	}
	from, to, ok := strings.Cut(m.QuietHours, "-")
	a, err := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if !ok || err != nil || err2 != nil || a < 0 || a > 23 || b < 0 || b > 23 || a == b {
		return nil, fmt.Errorf("mail.quiet_hours is %q: it is hours such as 21-8, or off", m.QuietHours)
	}
	return &servicing.QuietHours{From: a * 60, To: b * 60}, nil
}

// mailHouseSettings are how letters reach who prints and mails them.
type mailHouseSettings struct {
	Folder string `json:"folder"` // where each day's file is put; empty: nothing goes by mail
}

// bankSettings are how files reach the bank and come from it.
type bankSettings struct {
	SFTP *sftpSettings `json:"sftp"`
}

type sftpSettings struct {
	Address    string `json:"address"` // with the port
	User       string `json:"user"`
	KeyFile    string `json:"key_file"`    // private key, readable by its owner only
	KnownHosts string `json:"known_hosts"` // file with the server's host key
	Out        string `json:"out"`         // folder on the server for files to the bank
	In         string `json:"in"`          // folder on the server with files from it
}

// bank is where files to and from the bank pass; folder is where they do without
// a server, and where their copies are kept with one.
func (c *Config) bank(folder rail.Folder) rail.Bank {
	s := c.Bank.SFTP
	if s == nil {
		return folder
	}
	return s.rail(folder)
}

func (s *sftpSettings) rail(folder rail.Folder) *rail.SFTP {
	return &rail.SFTP{Address: s.Address, User: s.User, KeyFile: s.KeyFile, KnownHosts: s.KnownHosts, OutDir: s.Out, InDir: s.In, Keep: folder.Dir}
}

func (s *sftpSettings) checkShape() error {
	if s == nil {
		return nil
	}
	for _, needed := range []struct{ name, value string }{
		{"address", s.Address}, {"user", s.User}, {"key_file", s.KeyFile}, {"known_hosts", s.KnownHosts}, {"out", s.Out}, {"in", s.In},
	} {
		if strings.TrimSpace(needed.value) == "" {
			return fmt.Errorf("bank.sftp.%s is missing", needed.name)
		}
	}
	if host, port, err := net.SplitHostPort(s.Address); err != nil || host == "" || port == "" {
		return fmt.Errorf("bank.sftp.address %q is not like sftp.bank.example:22", s.Address)
	}
	if out, in := path.Clean(s.Out), path.Clean(s.In); out == in || path.Dir(out) == in && (path.Base(out) == "read" || path.Base(out) == "refused") {
		return fmt.Errorf("bank.sftp: out %s and in %s are one folder, or one is where files from the other are put away", s.Out, s.In)
	}
	return nil
}

// checkBank refuses a key or a file of known hosts that cannot be used, before
// anything is sent to the bank.
func (c *Config) checkBank() error {
	s := c.Bank.SFTP
	if s == nil {
		return nil
	}
	if err := ownersOnly(s.KeyFile); err != nil {
		return fmt.Errorf("bank.sftp.key_file: %w", err)
	}
	if err := s.rail(rail.Folder{}).Check(); err != nil {
		return fmt.Errorf("bank.sftp: %w", err)
	}
	return nil
}

// What the settings may say about second factors and security questions.
const (
	factorRequired = "required"
	factorOptional = "optional"

	questionsOff      = "off"
	questionsAgent    = "agent_gate"          // asked by agents, after another proof
	questionsRecovery = "extra_recovery_gate" // asked in recovery, after another proof
)

// securitySettings are the lender's choices about how people prove who they are.
type securitySettings struct {
	// SecondFactor is required or optional. Optional is an exception that
	// somebody answers for, by name.
	SecondFactor string `json:"second_factor"`
	Exception    struct {
		By     string     `json:"by"`
		Reason string     `json:"reason"`
		Date   money.Date `json:"date"`
	} `json:"exception"`
	Questions         string   `json:"questions"`          // off, agent_gate or extra_recovery_gate
	BreachedPasswords string   `json:"breached_passwords"` // file of hashes of passwords known to thieves; empty is the built-in list alone
	Places            string   `json:"places"`             // file of networks and where they are; empty leaves places out
	BlockedWords      []string `json:"blocked_words"`      // never in a password, beside the lender's names
}

// checkShape refuses values that no command can work with.
func (c *Config) checkShape() error {
	if _, err := c.trustedProxies(); err != nil {
		return err
	}
	if _, err := c.Payments.minutes(); err != nil {
		return err
	}
	if _, err := c.Mail.quiet(); err != nil {
		return err
	}
	if err := c.Cards.checkShape(); err != nil {
		return err
	}
	if err := c.Bank.SFTP.checkShape(); err != nil {
		return err
	}
	s := &c.Security
	if s.SecondFactor != factorRequired && s.SecondFactor != factorOptional {
		return fmt.Errorf("security.second_factor is %q: it is required or optional", s.SecondFactor)
	}
	if e := s.Exception; s.SecondFactor == factorOptional && (strings.TrimSpace(e.By) == "" || strings.TrimSpace(e.Reason) == "" || e.Date.IsZero()) {
		return errors.New("security.second_factor is optional: security.exception names who decided it (by), why (reason) and when (date)")
	}
	if !slices.Contains([]string{questionsOff, questionsAgent, questionsRecovery}, s.Questions) {
		return fmt.Errorf("security.questions is %q: it is off, agent_gate or extra_recovery_gate", s.Questions)
	}
	for name, path := range map[string]string{"breached_passwords": s.BreachedPasswords, "places": s.Places} {
		if path == "" {
			continue
		}
		if info, err := os.Stat(path); err != nil {
			return fmt.Errorf("security.%s: %w", name, err)
		} else if info.IsDir() {
			return fmt.Errorf("security.%s: %s is a folder", name, path)
		}
	}
	for _, word := range s.BlockedWords {
		if len([]rune(strings.TrimSpace(word))) < 3 {
			return fmt.Errorf("security.blocked_words: %q is shorter than three characters and would refuse most passwords", word)
		}
	}
	return nil
}

// trustedProxies are the networks whose X-Forwarded-For is believed.
func (c *Config) trustedProxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("trusted_proxies: %q is not a network like 127.0.0.1/32", text)
		}
		if p != p.Masked() {
			return nil, fmt.Errorf("trusted_proxies: %s has an address inside the network; write %s", text, p.Masked())
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("trusted_proxies: %s is everybody", text)
		}
		all = append(all, p)
	}
	return all, nil
}

// textToken is the token from the environment, or else from the settings.
func (c *Config) textToken() string {
	if v := os.Getenv("MARQUE_TEXT_TOKEN"); v != "" {
		return v
	}
	return c.Text.Token
}

func (c *Config) smtpPassword() string {
	if v := os.Getenv("MARQUE_SMTP_PASSWORD"); v != "" {
		return v
	}
	return c.SMTP.Password
}

// checkServe refuses to open the door to people with settings that would let
// others read along or come in: plain HTTP that leaves the machine, an address
// that is not ours alone, secrets that are missing, well known or readable by
// others. It names all it finds. file is where the settings stand; it may be
// absent.
func (c *Config) checkServe(data, file string) error {
	found := []error{
		c.checkTLS(),
		checkDoor("", c.Listen, c.BaseURL, c.TLS.set()),
		c.checkConsole(),
		c.checkDomains(),
		c.checkText(),
		c.checkMail(),
		c.checkBank(),
		c.checkCards(),
	}
	if err := ownersOnly(filepath.Join(data, "keys.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		found = append(found, err)
	}
	if c.SMTP.Password != "" || c.Text.Token != "" {
		found = append(found, ownersOnly(file))
	}
	return errors.Join(found...)
}

func (c *Config) checkTLS() error {
	t := &c.TLS
	switch {
	case t.ACME != nil && (t.Cert != "" || t.Key != ""):
		return errors.New("tls: has cert and key, or acme, not both")
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("tls: cert and key go together")
	case t.ACME == nil:
		return nil
	case len(t.ACME.Domains) == 0:
		return errors.New("tls.acme.domains is empty")
	}
	if name, host, ok := strings.Cut(t.ACME.Email, "@"); !ok || name == "" || !strings.Contains(host, ".") {
		return fmt.Errorf("tls.acme.email %q is not an e-mail address: the directory writes there when a certificate is about to end", t.ACME.Email)
	}
	if t.ACME.Directory != "" {
		if err := checkRemote("tls.acme.directory", t.ACME.Directory); err != nil {
			return err
		}
	}
	for _, d := range t.ACME.Domains {
		if _, err := netip.ParseAddr(d); err == nil || !strings.Contains(d, ".") || strings.ContainsAny(d, "*/: ") {
			return fmt.Errorf("tls.acme.domains: %q is not a name like pay.lender.example", d)
		}
	}
	return nil
}

// checkDomains refuses names that would be served without a certificate.
func (c *Config) checkDomains() error {
	if c.TLS.ACME == nil {
		return nil
	}
	for at, address := range map[string]string{"base_url": c.BaseURL, "console.base_url": c.Console.BaseURL} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			continue // said elsewhere, or not set
		}
		if !slices.ContainsFunc(c.TLS.ACME.Domains, func(d string) bool { return strings.EqualFold(d, u.Hostname()) }) {
			return fmt.Errorf("tls.acme.domains lacks %s, the host of %s", u.Hostname(), at)
		}
	}
	return nil
}

// checkDoor holds for the portal ("") and for the console ("console."). Without
// TLS of its own a door is on this machine alone: for a proxy here that has it,
// and then the base URL is https, or for trying things out, and then it is this
// machine's.
func checkDoor(at, listen, base string, secure bool) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%slisten %q is not an address like 127.0.0.1:8080", at, listen)
	}
	if !secure && !loopback(host) {
		return fmt.Errorf("%slisten %s without tls: plain HTTP stays on this machine. Set tls, or listen on 127.0.0.1 behind a proxy that has a certificate", at, listen)
	}
	if base == "" && !secure {
		return nil // the address that is listened on
	}
	u, err := url.Parse(base)
	switch {
	case base == "":
		return fmt.Errorf("%sbase_url is missing: the address that people type, like https://pay.lender.example", at)
	case err != nil || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "http" && u.Scheme != "https"):
		return fmt.Errorf("%sbase_url %q is not like https://pay.lender.example", at, base)
	case u.Scheme == "https" || !secure && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%sbase_url %s is plain HTTP: passwords and account numbers would travel in the clear. It begins with https://", at, base)
}

func (c *Config) checkConsole() error {
	o := c.Console
	if o.Listen == "" && o.BaseURL == "" {
		return nil
	}
	if o.Listen == "" {
		return errors.New("console.listen is missing")
	}
	if err := checkDoor("console.", o.Listen, o.BaseURL, c.TLS.set()); err != nil {
		return err
	}
	if o.Listen == c.Listen {
		return fmt.Errorf("console.listen %s is the portal's: the console has a listener of its own", o.Listen)
	}
	ours, err := url.Parse(c.BaseURL)
	theirs, err2 := url.Parse(o.BaseURL)
	if err == nil && err2 == nil && ours.Scheme == "https" && strings.EqualFold(ours.Hostname(), theirs.Hostname()) {
		return fmt.Errorf("console.base_url %s has the portal's host name: cookies would travel between the two. Give the console a name of its own", o.BaseURL)
	}
	return nil
}

func (c *Config) checkText() error {
	t, token := c.Text, c.textToken()
	if t.URL == "" {
		if t.Account != "" || t.From != "" || t.Token != "" {
			return errors.New("text.url is missing")
		}
		return nil
	}
	if err := checkRemote("text.url", t.URL); err != nil {
		return err
	}
	if t.Account == "" || t.From == "" {
		return errors.New("text: account and from are needed")
	}
	return checkSecret("text.token (or MARQUE_TEXT_TOKEN)", token, 16)
}

func (c *Config) checkMail() error {
	m := c.SMTP
	if m.Host == "" {
		return nil
	}
	if m.TLS == "plain" && !loopback(m.Host) {
		return fmt.Errorf("smtp.tls is plain and %s is another machine: codes would travel in the clear. Use starttls or tls", m.Host)
	}
	if m.Username == "" {
		return nil
	}
	return checkSecret("smtp.password (or MARQUE_SMTP_PASSWORD)", c.smtpPassword(), 1)
}

// wellKnown are what files of examples say where a secret goes.
var wellKnown = []string{"changeme", "changeit", "password", "secret", "example", "test", "admin", "default", "token", "replaceme", "todo"}

func checkSecret(name, value string, least int) error {
	plain := strings.ToLower(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' || r == '<' || r == '>' {
			return -1
		}
		return r
	}, value))
	switch {
	case value == "":
		return fmt.Errorf("%s is missing", name)
	case slices.Contains(wellKnown, plain) || strings.Trim(plain, "x") == "" || strings.Trim(plain, "0") == "":
		return fmt.Errorf("%s is a placeholder", name)
	case len(value) < least:
		return fmt.Errorf("%s is shorter than %d characters", name, least)
	}
	return nil
}

// checkRemote refuses addresses that secrets would be sent to in the clear.
func checkRemote(name, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("%s %q is not like https://host/path", name, address)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return fmt.Errorf("%s %s is plain HTTP to another machine", name, address)
	}
	return nil
}

// loopback says that what is sent to the host stays on this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
