package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"marque/internal/ach"
	"marque/internal/archive"
	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/paper"
	"marque/internal/sandbox"
	"marque/internal/store"
)

// judge sets the books beside each other: ours against themselves, the bank's and
// what the borrowers were told. It gives what is left when nothing but chance is
// taken away, to be set beside a company that nothing was done to.
func (w *world) judge() (books []string) {
	w.t.Helper()
	var said bytes.Buffer
	args := []string{"--data", w.data, "verify"}
	if w.database != "" {
		args = append([]string{"--database", w.database}, args...)
	}
	if run(args, strings.NewReader(""), &said, &said) != 0 {
		w.complain("verify: %s", said.String())
	}
	c, err := openCompany(w.t.Context(), &Globals{Data: w.data, Database: w.database}, "", io.Discard, now)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.close()
	err = c.db.View(w.t.Context(), func(tx *store.Tx) error {
		j := &judgement{world: w, company: c, tx: tx, atBank: w.atBank(), made: map[string]int{}}
		books, err = j.books()
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	books = append(books, w.messages(c), w.pieces(c))
	slices.Sort(books)
	for _, f := range w.bank.Files() {
		books = append(books, fmt.Sprintf("file %s: %d entries of %s, %d back", f.Name, len(f.Entries), f.Total, f.Back))
	}
	return books
}

// atBank is all that the bank has taken, by trace number.
func (w *world) atBank() map[string]sandbox.BankEntry {
	all := map[string]sandbox.BankEntry{}
	for _, f := range w.bank.Files() {
		_, entries, _ := w.bank.File(f.Name)
		for _, e := range entries {
			if _, twice := all[string(e.Trace)]; twice {
				w.complain("bank: the trace number %s came twice", e.Trace)
			}
			all[string(e.Trace)] = e
		}
	}
	return all
}

type judgement struct {
	*world
	company *company
	tx      *store.Tx
	atBank  map[string]sandbox.BankEntry
	made    map[string]int // payments by hand, by customer
	charged int
}

// confirmations are chance, and stand on statements.
var confirmations = regexp.MustCompile(`[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]{3}`)

// saidOnPaper is what a paper says but for what is chance, when its file holds the
// very bytes that are set from that.
func saidOnPaper(tx *store.Tx, c *company, d *store.Document) (string, error) {
	content, err := tx.DocumentContent(d.ContractID, d.ID)
	if err != nil {
		return "", err
	}
	pages, err := paper.PDF(billing.DocumentKind(d.Kind), d.Language, []byte(content))
	if err != nil {
		return "", err
	}
	if hash := archive.Hash(pages); hash != d.File.Hash {
		return "", fmt.Errorf("document %s is filed as %q, and its pages are %s", d.ID, d.File.Hash, hash)
	}
	if err := c.archive.Check(context.Background(), d.File.Hash, d.File.Size); err != nil {
		return "", err
	}
	return archive.Hash(confirmations.ReplaceAll([]byte(content), nil)), nil
}

func (j *judgement) books() (books []string, err error) {
	all, err := j.tx.ContractsAfter("", 1000)
	if err != nil {
		return nil, err
	}
	payments := map[string]*store.Payment{}
	for _, k := range all {
		state, err := json.Marshal(k.State)
		if err != nil {
			return nil, err
		}
		books = append(books, fmt.Sprintf("%s %s %s %s %s %d %d", k.AccountNumber, state, k.StatementOn, k.LateFeeOn, k.DraftOn, k.LastEvent, k.LastEntry))
		statements, err := j.tx.Statements(k.ID)
		if err != nil {
			return nil, err
		}
		for _, s := range statements {
			d, err := j.tx.Document(k.ID, s.DocumentID)
			if err != nil {
				return nil, err
			}
			said, err := saidOnPaper(j.tx, j.company, d)
			if err != nil {
				return nil, err
			}
			books = append(books, k.AccountNumber+" statement "+said)
		}
		own, err := j.tx.PaymentsOfContract(k.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range own {
			payments[p.ID] = p
			books = append(books, fmt.Sprintf("%s payment %s %s %s %s", k.AccountNumber, p.Date, p.Amount, p.State, p.ReturnCode))
			if err := j.payment(p); err != nil {
				return nil, err
			}
		}
	}
	for trace, e := range j.atBank {
		j.complain("the bank was sent %s of %s, and nobody here knows why", trace, e.Amount)
	}
	if all := len(j.processor.Book()); j.charged != all {
		j.complain("the processor has %d charges, and we know of %d", all, j.charged)
	}
	j.promises(payments)
	return books, nil
}

// payment sets one beside the bank's entries, and takes those away.
func (j *judgement) payment(p *store.Payment) error {
	if !p.Autopay && p.RetryOf == "" {
		j.made[p.CustomerID]++
	}
	if p.Rail == billing.Card {
		j.charge(p)
		return nil
	}
	entries, err := j.tx.ACHEntriesOf(p.ContractID, p.ID)
	if err != nil {
		return err
	}
	debits := 0
	for _, e := range entries {
		if e.Kind != billing.EntryDebit && e.Kind != billing.EntryRetry {
			continue
		}
		debits++
		there, known := j.atBank[e.Trace]
		delete(j.atBank, e.Trace)
		switch {
		case !known:
			j.complain("payment %s (%s): entry %s never reached the bank", p.ID, p.State, e.Trace)
		case there.Amount != e.Amount || e.Amount != p.Amount || there.IndividualID != strings.ReplaceAll(p.Confirmation, "-", ""):
			j.complain("payment %s of %s: entry %s of %s is %s for %s at the bank", p.ID, p.Amount, e.Trace, e.Amount, there.Amount, there.IndividualID)
		case string(there.Code) != e.ReturnCode:
			j.complain("payment %s: entry %s came back as %q, the bank says %q", p.ID, e.Trace, e.ReturnCode, there.Code)
		case (there.Code != "") != (p.State == billing.Returned):
			j.complain("payment %s is %s and the bank has %q", p.ID, p.State, there.Code)
		}
	}
	want := 0
	switch p.State {
	case billing.Submitted, billing.Settled, billing.Returned:
		want = 1
	case billing.Created, billing.Scheduled, billing.Authorised, billing.Unknown:
		if p.Date <= lastDay {
			j.complain("payment %s is still %s", p.ID, p.State)
		}
	}
	if debits != want {
		j.complain("payment %s is %s and was sent %d times", p.ID, p.State, debits)
	}
	return nil
}

// promises looks for what the borrowers were told.
func (j *judgement) promises(payments map[string]*store.Payment) {
	for key, was := range j.journal.acked {
		p := payments[was.payment]
		switch {
		case p == nil:
			j.complain("payment %s of %s was confirmed to a borrower and is not there", was.payment, was.amount)
		case p.Amount != was.amount || p.ContractID != was.contract || p.Key != key:
			j.complain("payment %s was confirmed as %s on %s by %s, and is %s on %s by %s", p.ID, was.amount, was.contract, key, p.Amount, p.ContractID, p.Key)
		case p.State == billing.Cancelled && p.Reason != "": // by us: the bank said that the account is closed
		case was.cancelled != (p.State == billing.Cancelled):
			j.complain("payment %s: the borrower was told that it is cancelled: %t; it is %s", p.ID, was.cancelled, p.State)
		}
	}
	for customer, n := range j.made {
		least, most := 0, j.before(customer)+j.journal.asked[customer]
		for key, was := range j.journal.acked {
			if p := payments[was.payment]; p != nil && p.CustomerID == customer && p.Key == key {
				least++
			}
		}
		if least += j.before(customer); n < least || n > most {
			j.complain("customer %s asked for %d payments, was told of %d, and has %d", customer, most, least, n)
		}
	}
}

// before is how many payments by hand a customer had when the company was copied.
func (j *judgement) before(customer string) int {
	for i, p := range j.payers {
		if p.customer == customer {
			return map[int]int{6: 2, 7: 1, 8: 1, 9: 1, 10: 1}[i]
		}
	}
	return 0
}

// messages looks whether every message arrived. One whose sender was killed between
// the server's answer and writing it down comes again with the same id, by which a
// mailbox knows it.
func (w *world) messages(c *company) (all string) {
	arrived := w.mails()
	waiting, err := c.service.Outbox(context.Background(), identity.System("test"), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range waiting {
		if o.Notice.Channel == billing.ByText {
			continue // this lender has no provider of text messages
		}
		w.complain("the message %s (%s) still waits", o.ID, o.Notice.Kind)
	}
	again := 0
	for id, n := range arrived {
		if n > 2+w.kills/20 {
			w.complain("the message %s came %d times", id, n)
		}
		again += n - 1
	}
	if again > 4*max(1, w.kills) { // as many as are under way at once
		w.complain("%d messages came again", again)
	}
	return fmt.Sprintf("%d messages", len(arrived))
}

// pieces looks at what the mail house was given: each document that goes by mail, in
// one file.
func (w *world) pieces(c *company) string {
	seen := map[string]string{}
	files, err := filepath.Glob(filepath.Join(w.mailHouse(), "out", "*.zip"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range files {
		z, err := zip.OpenReader(name)
		if err != nil {
			w.complain("mail: %v", err)
			continue
		}
		for _, f := range z.File {
			if other := seen[f.Name]; other != "" && f.Name != "manifest.csv" {
				w.complain("mail: %s is in %s and in %s", f.Name, other, name)
			}
			seen[f.Name] = name
		}
		if err := z.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	delete(seen, "manifest.csv")
	if _, some, err := c.service.MailToDrop(w.t.Context(), identity.System("test")); err != nil || some {
		w.complain("mail: a file has not left, %v", err)
	}
	return fmt.Sprintf("%d pieces by mail", len(seen))
}

func (w *world) total() (all money.Cents) {
	for _, e := range w.atBank() {
		if e.TransactionCode.Debit() && e.Code == ach.ReturnCode("") {
			all += e.Amount
		}
	}
	return all
}
