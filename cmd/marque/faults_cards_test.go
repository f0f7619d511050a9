package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/rail"
	"marque/internal/sandbox"
	"marque/internal/servicing"
	"marque/internal/store"
)

// openProcessor opens the processor of cards with the papers of a town.
func openProcessor(t *testing.T, dir string) *sandbox.Processor {
	t.Helper()
	p, err := sandbox.OpenProcessor(sandbox.ProcessorConfig{Dir: filepath.Join(dir, "processor"), Today: func() money.Date { return openDay }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cardSettingsFor writes the secrets that the processor knows us by.
func cardSettingsFor(t *testing.T, data string, p *sandbox.Processor) map[string]any {
	t.Helper()
	key, secret := p.Credentials()
	keyFile, secretFile := filepath.Join(data, "card-key"), filepath.Join(data, "card-secret")
	if err := errors.Join(os.WriteFile(keyFile, []byte(key+"\n"), 0o600), os.WriteFile(secretFile, []byte(secret+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"processor": "stripe", "base_url": p.Address(), "key_file": keyFile, "webhook_secret_file": secretFile}
}

// savesACard gives a payer a card that the processor keeps.
func (w *town) savesACard(t *testing.T, c *company, i int) error {
	p := openProcessor(t, w.dir)
	defer p.Close()
	key, secret := p.Credentials()
	client, err := rail.NewCards(rail.CardConfig{Key: key, BaseURL: p.Address(), WebhookSecrets: []string{secret}, Timeout: 20 * time.Second})
	if err != nil {
		return err
	}
	page, err := client.SetupCard(t.Context(), rail.SetupRequest{Key: "setup", Reference: "setup", SuccessURL: "http://127.0.0.1/done", CancelURL: "http://127.0.0.1/left", ExpiresAt: now().Add(time.Hour)})
	if err == nil {
		err = typeCard(page.URL)
	}
	if err != nil {
		return err
	}
	seen, err := client.Look(t.Context(), rail.Ask{SessionID: page.ID})
	if err != nil {
		return err
	}
	card := seen.Card
	w.payers[i].card = store.NewID()
	return c.db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertMethod(&store.Method{CustomerID: w.payers[i].customer, ID: w.payers[i].card, Key: "card", Kind: billing.CardMethod, Holder: "Jordan Reyes",
			Validation: billing.Validated, ValidatedBy: billing.ByProvider, Validated: now(), Brand: card.Brand, Funding: card.Funding, ExpMonth: card.ExpMonth, ExpYear: card.ExpYear,
			Processor: card.Customer, Token: card.Token, Last4: card.Last4, Created: now()})
	})
}

// typeCard is a person at the processor's page.
func typeCard(page string) error {
	res, err := oneShot.PostForm(page, url.Values{"number": {"4242 4242 4242 4242"}, "expiry": {"04 / 40"}, "code": {"123"}, "zip": {"00501"}})
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("the processor's page answers %s", res.Status)
	}
	return nil
}

const hookAddress = "/webhooks/card"

// byCard is a payment of an amount on the processor's page, or by the saved card.
func (w *world) byCard(i int, key string, amount money.Cents, method string) *form {
	f := w.pays(i, key, amount, openDay)
	f.path = "/accounts/" + w.payers[i].contracts[0] + "/pay/card"
	f.fields.Set("method", method)
	f.fields.Set("fee", "0.00")
	f.told = func(to string) {
		to, _, _ = strings.Cut(to, "?")
		to = strings.TrimSuffix(to, "/card")
		w.journal.hears(key, told{contract: w.payers[i].contracts[0], payment: to[strings.LastIndexByte(to, '/')+1:], amount: amount})
	}
	return f
}

// borrowersPayByCard: one on the processor's page, one by a card that it keeps.
func (w *world) borrowersPayByCard(fault, seen string) (died bool) {
	w.t.Helper()
	s := w.serve(fault, seen)
	again := func() {
		died = true
		s.kill()
		s = w.serve("", "")
		w.processor.SendEventsTo(s.base + hookAddress)
	}
	w.processor.SendEventsTo(s.base + hookAddress)
	for _, f := range []*form{w.byCard(9, "c1", 110_00, "card"), w.byCard(10, "c2", 130_00, "card:"+w.payers[10].card)} {
		for tries := 0; ; tries++ {
			status, to, page, err := w.payers[f.who].send(s.base, f.path, f.fields)
			if err == nil && status == http.StatusSeeOther {
				f.told(to)
				break
			}
			if tries > 5 || err == nil && status != http.StatusInternalServerError {
				w.complain("%s: %d %s %v", f.path, status, heading(page), err)
				break
			}
			died = true
			if s.dead() || err != nil {
				again()
			}
		}
	}
	first := w.journal.acked["c1"]
	for tries := 0; tries < 4 && !w.paid; tries++ {
		at, err := w.payers[9].look(s.base, "/accounts/"+first.contract+"/payments/"+first.payment+"/card?go=on")
		switch {
		case err != nil || s.dead():
			again()
		case at != "":
			if err := typeCard(at); err != nil {
				w.complain("%v", err)
			}
			w.paid = true
		}
	}
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if s.dead() {
			again()
		}
	}
	s.kill()
	w.processor.SendEventsTo("")
	return died
}

// look gives where a page sends its reader.
func (p *payer) look(base, path string) (to string, err error) {
	req, err := http.NewRequest(http.MethodGet, base+path, nil)
	if err != nil {
		return "", err
	}
	req.AddCookie(&http.Cookie{Name: "marque", Value: p.token})
	res, err := oneShot.Do(req)
	if err != nil {
		return "", errors.Join(errUnanswered, err)
	}
	defer res.Body.Close()
	if m := sentOn.FindStringSubmatch(res.Header.Get("Refresh")); m != nil {
		return m[1], nil
	}
	return "", nil
}

var sentOn = regexp.MustCompile(`^0; url=(.+)$`)

// cardsGoOn is the worker of cards after the program is back, and the borrower who
// had not come to the processor's page yet.
func (w *world) cardsGoOn(ctx context.Context, c *company) error {
	if err := c.openCards(); err != nil {
		return err
	}
	if _, err := c.cards.Once(ctx); err != nil {
		return err
	}
	if was, asked := w.journal.acked["c1"]; asked && !w.paid {
		st, err := c.service.CardStatus(ctx, w.payers[9].actor(), servicing.ContractID(was.contract), servicing.PaymentID(was.payment))
		if err != nil {
			return err
		}
		if st.Page == "" {
			return fmt.Errorf("the payment by card %s is %s and has no page", was.payment, st.State)
		}
		if err := typeCard(st.Page); err != nil {
			return err
		}
	}
	return nil
}

// charges sets our payments by card beside the processor's book.
func (j *judgement) charge(p *store.Payment) {
	n := 0
	for _, c := range j.processor.Book() {
		if c.PaymentID != p.ID {
			continue
		}
		n++
		if c.Amount != p.Amount+p.ConvenienceFee {
			j.complain("payment %s of %s was charged as %s", p.ID, p.Amount, c.Amount)
		}
	}
	want := 0
	if p.State == billing.Settled {
		want = 1
	}
	if n != want {
		j.complain("payment %s by card is %s and was charged %d times", p.ID, p.State, n)
	}
	j.charged += n
}
