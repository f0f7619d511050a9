package servicing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// CutResult says what went into a file to the bank.
type CutResult struct {
	File    string
	Entries int
	Total   money.Cents // of debits
	Aside   []string    // what could not go into a file, and why; it waits as it was
}

// Window is which entries a file takes: those that settle the day it is made, or
// all that wait.
type Window string

// The windows.
const (
	StandardWindow Window = "standard"
	SameDayWindow  Window = "same-day"
)

// CutFile puts all that waits for the bank into one file, in the transaction that
// marks it submitted. The file leaves the process later, from the row that is
// written here. Nothing waiting, no file. An entry that cannot be written is set
// aside as an exception item, and the others go.
func (s *Service) CutFile(ctx context.Context, actor identity.Actor, on money.Date) (CutResult, error) {
	return s.CutWindow(ctx, actor, on, StandardWindow)
}

// CutWindow makes the file of one window. That of the same-day window holds the
// payments marked for it, effective the day itself; there may be several a day. A
// marked payment that has missed the window goes with the standard file, as any.
func (s *Service) CutWindow(ctx context.Context, actor identity.Actor, on money.Date, w Window) (res CutResult, err error) {
	if err := system(actor); err != nil {
		return res, err
	}
	if w != StandardWindow && (w != SameDayWindow || !s.rules.SameDay) {
		return res, refuse("window", "window", "There is no %s window.", w)
	}
	if w == SameDayWindow && !on.BankingDay() {
		return res, refuse("bank_closed", "date", "The banks are closed on %s.", on.Long())
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		res = CutResult{}
		c, err := s.newCut(tx, on, w, &res)
		if err != nil {
			return err
		}
		if err := fault.After(c.payments(), "cut.after_entries"); err != nil {
			return err
		}
		if w == StandardWindow {
			if err := c.reversals(); err != nil {
				return err
			}
			if err := c.checks(); err != nil {
				return err
			}
		}
		return fault.After(c.write(actor), "cut.before_commit")
	})
	return res, fault.After(err, "cut.after_commit")
}

// maySettleToday refuses a payment that cannot settle the day it is made.
func (s *Service) maySettleToday(on, day money.Date, amount money.Cents) error {
	switch {
	case !s.rules.SameDay || !day.BankingDay():
		return refuse("same_day", "date", "This payment cannot reach your bank today. It will on the next banking day.")
	case on != day:
		return refuse("same_day_date", "date", "Only a payment for today can reach your bank today.")
	case amount > ach.MaxSameDayEntry:
		return refuse("same_day_amount", "amount", "The most that can reach your bank today is %s.", ach.MaxSameDayEntry.USD())
	}
	return nil
}

// fileCut is a file to the bank while it is made.
type fileCut struct {
	s       *Service
	tx      *store.Tx
	id      string
	on      money.Date
	window  Window
	odfi    string
	last    int // sequence of the last trace number given
	batches []ach.Batch
	rows    []*store.ACHEntry
	res     *CutResult
}

// settingTrace begins the name under which the last trace number given for an
// originating bank is kept.
const settingTrace = "ach_trace:"

// lastSequence is the last of a trace number's own seven digits.
const lastSequence = 9_999_999

// newCut begins a file. It holds the counter of trace numbers until the file is
// written, so that of two files that are made at once one waits for the other.
func (s *Service) newCut(tx *store.Tx, on money.Date, w Window, res *CutResult) (*fileCut, error) {
	c := &fileCut{s: s, tx: tx, id: store.NewID(), on: on, window: w, odfi: s.lender.ODFI[:8], res: res}
	v, err := tx.TakeSetting(settingTrace+c.odfi, "0")
	if err == nil {
		c.last, err = strconv.Atoi(v)
	}
	if err != nil {
		return nil, fmt.Errorf("read last trace number: %w", err)
	}
	return c, nil
}

// batchOf are what entries have in common that stand in one batch.
type batchOf struct {
	sec         ach.SEC
	description string // what the customer's bank shows
	effective   money.Date
}

// describePayment is what the bank shows beside a payment's entry (Nacha company
// entry descriptions; ach has those with a meaning).
const describePayment = "AUTO PYMT"

// add puts an entry into its batch under the next trace number. The number is
// never given again: when an originating bank's have all been given, the file is
// refused, and the lender needs another originating number.
func (c *fileCut) add(of batchOf, e ach.Entry, row *store.ACHEntry) error {
	if c.last++; c.last > lastSequence {
		return fmt.Errorf("cut file for %s: all trace numbers of %s have been given", c.on, c.odfi)
	}
	e.Trace = ach.TraceNumber(c.odfi + fmt.Sprintf("%07d", c.last))
	i := slices.IndexFunc(c.batches, func(b ach.Batch) bool {
		return b.Header.SEC == of.sec && b.Header.EntryDescription == of.description && b.Header.EffectiveDate == of.effective
	})
	if i < 0 {
		i = len(c.batches)
		c.batches = append(c.batches, ach.Batch{Header: ach.BatchHeader{
			CompanyName: c.s.lender.ShortName, CompanyID: c.s.lender.OriginID, SEC: of.sec, EntryDescription: of.description,
			EffectiveDate: of.effective, OriginatorStatus: "1", ODFI: c.odfi, BatchNumber: i + 1,
		}})
	}
	c.batches[i].Entries = append(c.batches[i].Entries, e)
	row.Trace, row.FileID, row.SEC, row.Amount, row.Effective = string(e.Trace), c.id, string(of.sec), e.Amount, of.effective
	c.rows = append(c.rows, row)
	c.res.Entries++
	if e.TransactionCode.Debit() {
		c.res.Total += e.Amount
	}
	return nil
}

// payments takes every authorised payment by bank that the window is for.
func (c *fileCut) payments() error {
	if _, err := c.tx.ClaimAuthorised(c.id, c.on, c.window == SameDayWindow); err != nil {
		return err
	}
	payments, err := c.tx.ClaimedPayments(c.id)
	if err := fault.After(err, "cut.after_claim"); err != nil {
		return err
	}
	effective := c.on.AddBankingDays(1)
	if c.window == SameDayWindow {
		effective = c.on
	}
	methods := map[string]*store.Method{}
	for _, p := range payments {
		entry, err := c.debit(p, effective, methods)
		if err != nil {
			if err := c.aside(p, err); err != nil {
				return err
			}
			continue
		}
		of, row := batchOf{ach.SEC(p.SEC), describePayment, effective}, &store.ACHEntry{
			Kind: billing.EntryDebit, ContractID: p.ContractID, PaymentID: p.ID, CustomerID: p.CustomerID, MethodID: p.MethodID}
		if p.Attempt > 1 {
			of.description, row.Kind = ach.RetryPayment, billing.EntryRetry
		}
		if err := c.add(of, entry, row); err != nil {
			return err
		}
		p.State, p.SettlesOn = billing.Submitted, effective.AddBankingDays(c.s.rules.SettleDays)
		if err := c.tx.SendPayment(p); err != nil {
			return err
		}
	}
	return nil
}

// aside leaves a payment out of the file, for a person to look at unless it only
// waits for its notice.
func (c *fileCut) aside(p *store.Payment, why error) error {
	if errors.Is(why, errNotYetTold) {
		return nil
	}
	c.res.Aside = append(c.res.Aside, fmt.Sprintf("payment %s of contract %s: %v", p.ID, p.ContractID, why))
	return c.s.exception(c.tx, c.on, &store.Exception{
		Once: "cut:" + p.ID, Kind: billing.QuarantinedEntry, ContractID: p.ContractID, PaymentID: p.ID, CustomerID: p.CustomerID, Amount: p.Amount,
		Reason: why.Error(),
	})
}

// debit makes a payment's entry, without its trace number.
func (c *fileCut) debit(p *store.Payment, effective money.Date, methods map[string]*store.Method) (ach.Entry, error) {
	m := methods[p.MethodID]
	if m == nil {
		var err error
		if m, err = c.tx.Method(p.CustomerID, p.MethodID); err != nil {
			return ach.Entry{}, err
		}
		methods[p.MethodID] = m
	}
	if !m.Validation.MayDebit(true) { // the rules ask it of WEB; we ask it of all
		return ach.Entry{}, fmt.Errorf("the bank account is not validated (%s)", m.Validation)
	}
	if p.SEC == string(ach.PPD) {
		if g, err := c.tx.Agreement(p.ContractID, p.AgreementID); absent(err) != nil {
			return ach.Entry{}, err
		} else if err != nil || g.Kind != agreedOnPaper {
			return ach.Entry{}, errors.New("no signed form is recorded, and a PPD entry needs one")
		}
	}
	if p.RetryOf != "" {
		if first, err := firstSettled(c.tx, p); err != nil {
			return ach.Entry{}, err
		} else if effective > first+billing.RetryDays {
			return ach.Entry{}, fmt.Errorf("the first attempt settled on %s, more than %d days ago", first, billing.RetryDays)
		}
	}
	if p.Amount > ach.MaxEntryAmount {
		return ach.Entry{}, errors.New("the amount does not fit the bank's format")
	}
	if err := proven(c.tx, p); err != nil {
		return ach.Entry{}, err
	}
	e, err := c.entry(m, ach.CheckingDebit, p.Amount)
	e.IndividualID = strings.ReplaceAll(p.Confirmation, "-", "")
	if e.Discretionary = "S"; p.Autopay { // WEB and TEL: single or recurring
		e.Discretionary = "R"
	}
	return e, err
}

// agreedOnPaper is the kind of an agreement that a signed form stands for.
const agreedOnPaper = "signed_form"

// entry makes an entry to a bank account; code is the one for a checking account.
func (c *fileCut) entry(m *store.Method, code ach.TransactionCode, amount money.Cents) (ach.Entry, error) {
	number, err := c.tx.BankAccountNumber(m)
	if err != nil {
		return ach.Entry{}, err
	}
	name, fits := achName(m.Holder)
	if !fits {
		return ach.Entry{}, errors.New("the holder's name does not fit the bank's format")
	}
	if m.Type == "savings" {
		code += ach.SavingsDebit - ach.CheckingDebit
	}
	return ach.Entry{TransactionCode: code, RDFI: ach.RoutingNumber(m.Routing), Account: number, Amount: amount, Name: name}, nil
}

// modifiers tell the files of a day apart (Nacha file id modifier).
const modifiers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// write keeps the file and its entries.
func (c *fileCut) write(actor identity.Actor) error {
	if len(c.rows) == 0 {
		return nil
	}
	n, err := c.tx.CountACHFiles(c.on)
	if err != nil {
		return err
	}
	if n >= len(modifiers) {
		return fmt.Errorf("cut file for %s: all %d files of the day are used", c.on, len(modifiers))
	}
	f := &ach.File{Batches: c.batches, Header: ach.FileHeader{
		ImmediateDestination: c.s.lender.ODFI, ImmediateOrigin: c.s.lender.OriginID, CreationDate: c.on, FileIDModifier: modifiers[n : n+1],
		DestinationName: "SETTLING BANK", OriginName: c.s.lender.ShortName,
	}}
	for i := range f.Batches {
		f.Batches[i].Header.ServiceClass = serviceClass(f.Batches[i].Entries)
	}
	var b bytes.Buffer
	if err := ach.Write(&b, f); err != nil {
		return fmt.Errorf("cut file for %s: %w", c.on, err)
	}
	sum := sha256.Sum256(b.Bytes())
	row := &store.ACHFile{ID: c.id, Name: fmt.Sprintf("%s-%s.ach", c.on, modifiers[n:n+1]), Modifier: modifiers[n : n+1], Date: c.on,
		Content: b.String(), Hash: hex.EncodeToString(sum[:]), Entries: c.res.Entries, Total: c.res.Total, Created: c.s.clock()}
	c.res.File = row.Name
	if err := c.tx.InsertACHFile(row); err != nil {
		return err
	}
	for _, e := range c.rows {
		c.tx.InsertACHEntry(e)
	}
	c.expected(row.Name)
	c.tx.SetSetting(settingTrace+c.odfi, strconv.Itoa(c.last))
	c.tx.Audit(row.Created, actor.String(), "cut_file", "", row.Name)
	return nil
}

func serviceClass(entries []ach.Entry) ach.ServiceClass {
	debits, credits := false, false
	for i := range entries {
		debits = debits || entries[i].TransactionCode.Debit()
		credits = credits || entries[i].TransactionCode.Credit()
	}
	switch {
	case debits && credits:
		return ach.MixedDebitsAndCredits
	case credits:
		return ach.CreditsOnly
	}
	return ach.DebitsOnly
}

// achName spells an account holder's name in a NACHA file's 22 characters of
// plain letters: accents fall away, and given names shorten to initials when the
// whole does not fit. false when it still does not.
func achName(holder string) (string, bool) {
	var b strings.Builder
	for _, r := range norm.NFKD.String(holder) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	words := strings.Fields(strings.ToUpper(b.String()))
	for i := 0; len(strings.Join(words, " ")) > 22 && i < len(words)-1; i++ {
		words[i] = words[i][:1]
	}
	name := strings.Join(words, " ")
	return name, len(name) <= 22 && ach.Fits(name)
}
