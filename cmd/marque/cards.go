package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marque/internal/contract"
	"marque/internal/cycle"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/sandbox"
	"marque/internal/servicing"
)

// stripe is the processor of cards that there is a client for.
const stripe = "stripe"

// cardSettings are how cards are charged. A card number never comes to this
// machine, so none of it is about numbers.
type cardSettings struct {
	Processor         string `json:"processor"`           // stripe; empty takes no cards
	KeyFile           string `json:"key_file"`            // the secret key, readable by its owner only
	WebhookSecretFile string `json:"webhook_secret_file"` // what events are signed with; two lines while one replaces another
	BaseURL           string `json:"base_url"`            // where the processor's interface is; empty is its own
	TimeoutSeconds    int    `json:"timeout_seconds"`     // of one request; 20 when left out

	// ConvenienceFee is what paying once by card costs, in the states where the
	// lender has turned it on. Empty is none anywhere.
	ConvenienceFee struct {
		Amount money.Cents `json:"amount"`
		States []string    `json:"states"`
	} `json:"convenience_fee"`
}

func (s *cardSettings) checkShape() error {
	fee := &s.ConvenienceFee
	switch {
	case s.Processor != "" && s.Processor != stripe:
		return fmt.Errorf("cards.processor is %q: it is stripe, or left out", s.Processor)
	case s.Processor == "" && (s.KeyFile != "" || s.WebhookSecretFile != ""):
		return errors.New("cards.processor is missing")
	case s.TimeoutSeconds < 0 || s.TimeoutSeconds > 60:
		return errors.New("cards.timeout_seconds is 1 to 60")
	case fee.Amount < 0 || fee.Amount > 25_00 || fee.Amount > 0 && len(fee.States) == 0:
		return errors.New("cards.convenience_fee: an amount of at most 25.00, and the states where it is turned on")
	}
	for _, state := range fee.States {
		if err := contract.ConvenienceFee(state, []string{state}); err != nil {
			return fmt.Errorf("cards.convenience_fee.states: %w", err)
		}
	}
	return nil
}

// checkCards refuses secrets that are missing, well known or readable by others.
func (c *Config) checkCards() error {
	if c.Cards.Processor == "" {
		return nil
	}
	_, err := c.Cards.client()
	return err
}

// client is the processor's; it asks nothing yet.
func (s *cardSettings) client() (*rail.Cards, error) {
	key, err := secretFile("cards.key_file", s.KeyFile, 16)
	if err != nil {
		return nil, err
	}
	secrets, err := secretFile("cards.webhook_secret_file", s.WebhookSecretFile, 16)
	if err != nil {
		return nil, err
	}
	timeout := 20
	if s.TimeoutSeconds > 0 {
		timeout = s.TimeoutSeconds
	}
	out, err := rail.NewCards(rail.CardConfig{Key: key[0], BaseURL: s.BaseURL, WebhookSecrets: secrets, Timeout: time.Duration(timeout) * time.Second})
	if err != nil {
		return nil, fmt.Errorf("cards: %w", err)
	}
	return out, nil
}

// secretFile reads the secrets of a file, one a line.
func secretFile(name, path string, least int) (lines []string, err error) {
	if path == "" {
		return nil, fmt.Errorf("%s is missing", name)
	}
	if err := ownersOnly(path); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := checkSecret(name, line, least); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s is empty", name)
	}
	return lines, nil
}

// cardRules are the settings as the verbs take them.
func (c *company) cardRules() servicing.CardRules {
	fee := c.config.Cards.ConvenienceFee
	return servicing.CardRules{On: c.config.Cards.Processor != "", Fee: fee.Amount, FeeStates: fee.States, Wake: c.bell.Ring}
}

// openCards makes the worker that takes card payments to their processor; nothing
// where no cards are taken. The verbs must be there.
func (c *company) openCards() error {
	if c.config.Cards.Processor == "" {
		return nil
	}
	client, err := c.config.Cards.client()
	if err != nil {
		return err
	}
	c.cards = &cycle.Cards{Service: c.service, Processor: client, Log: c.log, Clock: c.clock, Bell: c.bell}
	return nil
}

// withHooks puts the doors for the card processor's events and for text messages
// that people send beside the pages. base is the portal's address, token that of
// the provider of text messages; without one nobody sends any.
func (c *company) withHooks(pages http.Handler, base, token string) http.Handler {
	mux := http.NewServeMux()
	if c.cards != nil {
		mux.Handle(cycle.HookPath, c.cards.Hook())
	}
	if token != "" {
		_, path, _ := strings.Cut(cycle.TextHookPath, " ")
		mux.Handle(cycle.TextHookPath, &cycle.TextHook{Service: c.service, Token: token, Address: strings.TrimSuffix(base, "/") + path, Log: c.log})
	}
	mux.Handle("/", pages)
	return mux
}

// openProcessor starts the sandbox's processor of cards on an address of its own,
// and has it tell its events to the portal. Its key and secret stand in files, as
// a lender's do.
func (d *demo) openProcessor(ctx context.Context, base string) (err error) {
	dir := filepath.Join(d.data, "sandbox", "cards")
	today := func() money.Date {
		day, err := d.service.Today(ctx)
		if err != nil {
			return money.DateOf(time.Now())
		}
		return day
	}
	if d.processor, err = sandbox.OpenProcessor(sandbox.ProcessorConfig{Dir: dir, Today: today}); err != nil {
		return err
	}
	key, secret := d.processor.Credentials()
	s := &d.config.Cards
	s.Processor, s.BaseURL = stripe, d.processor.Address()
	s.KeyFile, s.WebhookSecretFile = filepath.Join(dir, "key"), filepath.Join(dir, "webhook-secret")
	err = errors.Join(os.WriteFile(s.KeyFile, []byte(key+"\n"), 0o600), os.WriteFile(s.WebhookSecretFile, []byte(secret+"\n"), 0o600))
	if err != nil {
		return fmt.Errorf("open card processor: %w", err)
	}
	if err := d.at(d.lender.Portal, d.console); err != nil {
		return err
	}
	if err := d.openCards(); err != nil {
		return err
	}
	_, path, _ := strings.Cut(cycle.HookPath, " ")
	d.processor.SendEventsTo(base + path)
	return nil
}

// payouts are what the sandbox's processor has sent to the bank.
func (d *demo) payouts() []sandbox.CardPayout {
	if d.processor == nil {
		return nil
	}
	return d.processor.Payouts()
}
