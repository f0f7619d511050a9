package servicing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// PaymentRef names a payment.
type PaymentRef = store.PaymentRef

// Work names what a day has to do, in lists short enough to hold.
type Work struct {
	Scheduled  []PaymentRef
	Drafts     []ContractID
	LateFees   []ContractID
	Statements []ContractID
	Settling   []PaymentRef
}

// WorkPage is how many pieces of work of a kind are listed at once.
const WorkPage = 500

// DayWork finds what is still to be done by a date, from the business tables
// alone: nothing depends on what an earlier run remembered.
func (s *Service) DayWork(ctx context.Context, actor identity.Actor, on money.Date) (w Work, err error) {
	if err := system(actor); err != nil {
		return w, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if w.Scheduled, err = tx.ScheduledPayments(on, WorkPage); err != nil {
			return err
		}
		for _, list := range []struct {
			into *[]ContractID
			read func(money.Date, int) ([]string, error)
		}{{&w.Drafts, tx.DraftsDue}, {&w.LateFees, tx.LateFeesDue}, {&w.Statements, tx.StatementsDue}} {
			ids, err := list.read(on, WorkPage)
			if err != nil {
				return err
			}
			for _, id := range ids {
				*list.into = append(*list.into, ContractID(id))
			}
		}
		w.Settling, err = tx.SettlingPayments(on, WorkPage)
		return err
	})
	return w, err
}

// take runs fn on a contract whose row is held, for the system.
func (s *Service) take(ctx context.Context, actor identity.Actor, id ContractID, fn func(*store.Tx, *store.Contract) error) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.TakeContract(string(id), "")
		if err != nil {
			return err
		}
		return fn(tx, c)
	})
}

// ReleasePayment posts a scheduled payment whose day has come. Never more than
// is owed that day is taken; a payment for which nothing is owed any more, or
// that a bankruptcy has overtaken, is cancelled. Run again it changes nothing.
func (s *Service) ReleasePayment(ctx context.Context, actor identity.Actor, ref PaymentRef, on money.Date) error {
	return s.take(ctx, actor, ContractID(ref.ContractID), func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, ref.ID)
		if err != nil || p.State != billing.Scheduled || p.Date > on {
			return err
		}
		payoff, err := c.State.Payoff(&c.Terms, on)
		if err != nil {
			return err
		}
		b, err := tx.BankAccount(p.CustomerID, p.BankAccountID)
		if err != nil {
			return err
		}
		kind := billing.NoticePaymentReceived
		if p.Amount = min(p.Amount, payoff.Total); p.Amount <= 0 || c.State.Bankruptcy {
			p.Amount, p.State, kind = p.Plan.Allocation.Total(), billing.Cancelled, billing.NoticePaymentCancelled
		} else if err := s.postPayment(tx, c, p, on, actor); err != nil {
			return err
		}
		if err := tx.SavePayment(p, billing.Scheduled); err != nil {
			return err
		}
		return s.tell(tx, c, p.CustomerID, p.ID, s.paymentNotice(kind, c, p, b))
	})
}

// DraftAutopay draws the instalment of a due date. The day is the payment's key,
// so that running the day twice draws once.
func (s *Service) DraftAutopay(ctx context.Context, actor identity.Actor, id ContractID, on money.Date) error {
	return s.take(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if c.DraftOn.IsZero() || c.DraftOn > on {
			return nil
		}
		in, err := tx.Autopay(c.ID)
		if err != nil {
			return fmt.Errorf("contract %s has a draft date and no autopay: %w", c.ID, err)
		}
		day := c.DraftOn
		amount, err := draftAmount(c, day)
		if err != nil {
			return err
		}
		c.DraftOn = dueOnOrAfter(c, on+1)
		if amount <= 0 || held(c) { // paid ahead, or to be left alone
			return s.save(tx, c)
		}
		b, err := tx.BankAccount(in.CustomerID, in.BankAccountID)
		if err != nil {
			return err
		}
		today, err := today(tx)
		if err != nil {
			return err
		}
		key := draftKey(c, day)
		p := &store.Payment{
			ContractID: c.ID, ID: store.NewID(), Key: key, InputHash: inputHash(key), CustomerID: in.CustomerID, BankAccountID: b.ID,
			AgreementID: in.AgreementID, Confirmation: confirmation(), Kind: billing.AmountDue, Autopay: true, State: billing.Pending,
			Amount: amount, Date: on, CreatedOn: today, Created: s.clock(),
		}
		if err := s.postPayment(tx, c, p, on, actor); err != nil {
			return err
		}
		if err := tx.InsertPayment(p); err != nil {
			return err
		}
		return s.tell(tx, c, p.CustomerID, p.ID, s.paymentNotice(billing.NoticeAutopayDrawn, c, p, b))
	})
}

// ChargeLateFees charges every late fee that the contract allows by a day: one
// for each instalment past its grace.
func (s *Service) ChargeLateFees(ctx context.Context, actor identity.Actor, id ContractID, on money.Date) error {
	return s.take(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		for {
			n, fee, err := s.lateFee(tx, c, on)
			if err != nil {
				return err
			}
			if n == 0 {
				return s.save(tx, c)
			}
			if fee == 0 {
				if _, err := s.post(tx, c, contract.Event{Kind: contract.Waiver, Date: on, Of: contract.LateFees, Instalment: n}, cause{}, actor); err != nil {
					return err
				}
				continue
			}
			if _, err := s.post(tx, c, contract.Event{Kind: contract.LateCharge, Date: on, Amount: fee, Instalment: n}, cause{}, actor); err != nil {
				return err
			}
			d, err := due(c, on)
			if err != nil {
				return err
			}
			if held(c) {
				continue
			}
			err = s.tell(tx, c, "", c.ID+":"+strconv.Itoa(n), billing.Notice{
				Kind: billing.NoticeLateFee, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c),
				Fee: fee, Date: on, PastDue: d.PastDue + d.Fees, AmountDue: d.UpcomingAmount, DueDate: d.Upcoming,
			})
			if err != nil {
				return err
			}
		}
	})
}

// lateFee is the next late fee that may be charged, and its instalment; zero for
// one that the law of the contract's state says must be passed over.
func (s *Service) lateFee(tx *store.Tx, c *store.Contract, on money.Date) (instalment int, fee money.Cents, err error) {
	n, fee := billing.LateFee(&c.Terms, c.State, on)
	if law, err := c.Terms.FeeLaw(); n == 0 || fee == 0 || err != nil || !law.CurrentFirst {
		return n, fee, err
	}
	if err := tx.Flush(); err != nil {
		return 0, 0, err
	}
	history, err := tx.Events(c.ID)
	if err != nil {
		return 0, 0, err
	}
	if billing.PaidInItsTime(&c.Terms, &c.State, plain(history), n) {
		fee = 0
	}
	return n, fee, nil
}

// CutStatement freezes the statement that closes by a day. Run again it changes
// nothing.
func (s *Service) CutStatement(ctx context.Context, actor identity.Actor, id ContractID, on money.Date) error {
	return s.take(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		closing := c.StatementOn
		if closing.IsZero() || closing > on {
			return nil
		}
		st, err := s.makeStatement(tx, c, closing)
		if err != nil {
			return err
		}
		content, err := json.Marshal(&st)
		if err != nil {
			return fmt.Errorf("write statement of %s: %w", c.ID, err)
		}
		sum := sha256.Sum256(content)
		tx.InsertStatement(&store.Statement{
			ContractID: c.ID, Closing: closing, DueDate: st.DueDate, AmountDue: st.AmountDue, ClosingBalance: st.EndingBalance,
			LastEntry: c.LastEntry, Content: string(content), Hash: hex.EncodeToString(sum[:]), Created: s.clock(),
		})
		c.StatementOn = 0
		if c.Status == "open" {
			c.StatementOn = billing.NextClosing(&c.Terms, &c.State, closing, s.rules.StatementDays)
		}
		if err := s.save(tx, c); err != nil {
			return err
		}
		if held(c) {
			return nil
		}
		return s.tell(tx, c, "", c.ID+":"+closing.String(), billing.Notice{
			Kind: billing.NoticeStatementReady, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Date: closing,
			AmountDue: st.AmountDue, DueDate: st.DueDate, Text: st.AutopayText,
		})
	})
}

func (s *Service) makeStatement(tx *store.Tx, c *store.Contract, closing money.Date) (billing.Statement, error) {
	events, err := tx.Events(c.ID)
	if err != nil {
		return billing.Statement{}, err
	}
	journal, err := tx.Entries(c.ID, 0)
	if err != nil {
		return billing.Statement{}, err
	}
	payments, err := linePayments(tx, c)
	if err != nil {
		return billing.Statement{}, err
	}
	in := billing.StatementInput{
		Lender: s.lender, AccountNumber: c.AccountNumber, Vehicle: vehicle(c), Terms: &c.Terms, State: c.State, Events: plain(events),
		Lines: billing.Lines(journal, plain(events), payments), Opening: c.Terms.Start, Closing: closing,
		DueDate: closing + money.Date(s.rules.StatementDays),
	}
	if closing < in.Opening {
		in.Opening = closing
	}
	if n := c.State.DueThrough(&c.Terms, closing) + 1; n <= c.State.Payments {
		in.DueDate = c.State.DueDate(&c.Terms, n)
	}
	if in.Previous, in.PreviousEntry, err = previousStatement(tx, c.ID); err != nil {
		return billing.Statement{}, err
	}
	if in.Recipient, err = addressed(tx, c); err != nil {
		return billing.Statement{}, err
	}
	if in.AutopayText, err = s.autopayLine(tx, c); err != nil {
		return billing.Statement{}, err
	}
	return billing.MakeStatement(in)
}

func previousStatement(tx *store.Tx, id string) (*billing.Statement, int, error) {
	row, err := tx.LastStatement(id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	st := &billing.Statement{}
	if err := json.Unmarshal([]byte(row.Content), st); err != nil {
		return nil, 0, fmt.Errorf("read statement %s of %s: %w", row.Closing, id, err)
	}
	return st, row.LastEntry, nil
}

func (s *Service) autopayLine(tx *store.Tx, c *store.Contract) (string, error) {
	in, err := s.autopay(tx, c, identity.Actor{})
	if err != nil || in == nil || in.NextDate.IsZero() || in.NextAmount == 0 {
		return "", err
	}
	parties, err := tx.Parties(c.ID)
	if err != nil {
		return "", err
	}
	whose := "your"
	if len(parties) > 1 {
		whose = "the"
	}
	return fmt.Sprintf("Autopay will pay %s on %s from %s %s account ending in %s.", in.NextAmount.USD(), in.NextDate.Long(), whose, in.Method.Type, in.Method.Last4), nil
}

// absent makes nothing of ErrNotFound.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

const settingTrace = "ach_trace"

// CutResult says what went into a file to the bank.
type CutResult struct {
	File    string
	Entries int
	Total   money.Cents
	Aside   []string // payments that could not go into a file, and why; they stay pending
}

// CutFile puts all pending payments into one file to the bank, in the
// transaction that marks them sent. The file leaves the process later, from the
// row that is written here. No pending payments, no file.
func (s *Service) CutFile(ctx context.Context, actor identity.Actor, on money.Date) (res CutResult, err error) {
	if err := system(actor); err != nil {
		return res, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		res = CutResult{}
		id := store.NewID()
		claimed, err := tx.ClaimPending(id, on)
		if err != nil || claimed == 0 {
			return err
		}
		payments, err := tx.ClaimedPayments(id)
		if err != nil {
			return err
		}
		n, err := tx.CountACHFiles(on)
		if err != nil {
			return err
		}
		const modifiers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		if n >= len(modifiers) {
			return fmt.Errorf("cut file for %s: all %d files of the day are used", on, len(modifiers))
		}
		f := s.newFile(on, modifiers[n:n+1])
		if err := s.fill(tx, f, payments, on, &res); err != nil || res.Entries == 0 {
			return err
		}
		var b bytes.Buffer
		if err := ach.Write(&b, f); err != nil {
			return fmt.Errorf("cut file for %s: %w", on, err)
		}
		sum := sha256.Sum256(b.Bytes())
		row := &store.ACHFile{ID: id, Name: fmt.Sprintf("%s-%s.ach", on, modifiers[n:n+1]), Modifier: modifiers[n : n+1], Date: on,
			Content: b.String(), Hash: hex.EncodeToString(sum[:]), Entries: res.Entries, Total: res.Total, Created: s.clock()}
		res.File = row.Name
		tx.Audit(row.Created, actor.String(), "cut_file", "", row.Name)
		return tx.InsertACHFile(row)
	})
	return res, err
}

func (s *Service) newFile(on money.Date, modifier string) *ach.File {
	return &ach.File{Header: ach.FileHeader{
		ImmediateDestination: s.lender.ODFI, ImmediateOrigin: s.lender.OriginID, CreationDate: on, FileIDModifier: modifier,
		DestinationName: "SETTLING BANK", OriginName: s.lender.ShortName,
	}}
}

// fill makes the entries: authorised over the internet, so WEB (Nacha). Trace
// numbers go on from the last file's and are given once.
func (s *Service) fill(tx *store.Tx, f *ach.File, payments []*store.Payment, on money.Date, res *CutResult) error {
	last := 0
	switch v, err := tx.Setting(settingTrace); {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		if last, err = strconv.Atoi(v); err != nil {
			return fmt.Errorf("read last trace number: %w", err)
		}
	}
	odfi := s.lender.ODFI[:8]
	effective := on.AddBankingDays(1)
	b := ach.Batch{Header: ach.BatchHeader{
		ServiceClass: ach.DebitsOnly, CompanyName: s.lender.ShortName, CompanyID: s.lender.OriginID, SEC: ach.WEB,
		EntryDescription: "AUTO PYMT", EffectiveDate: effective, OriginatorStatus: "1", ODFI: odfi, BatchNumber: 1,
	}}
	accounts := map[string]*store.BankAccount{}
	for _, p := range payments {
		entry, err := debit(tx, p, accounts)
		if err != nil {
			res.Aside = append(res.Aside, fmt.Sprintf("payment %s of contract %s: %v", p.ID, p.ContractID, err))
			continue
		}
		if last++; last > 9_999_999 {
			last = 1
		}
		p.Trace, p.State, p.SettlesOn = odfi+fmt.Sprintf("%07d", last), billing.Sent, effective.AddBankingDays(s.rules.SettleDays)
		entry.Trace = ach.TraceNumber(p.Trace)
		b.Entries = append(b.Entries, entry)
		res.Entries++
		res.Total += p.Amount
		if err := tx.SendPayment(p); err != nil {
			return err
		}
	}
	f.Batches = []ach.Batch{b}
	tx.SetSetting(settingTrace, strconv.Itoa(last))
	return nil
}

// debit makes a payment's entry, without its trace number.
func debit(tx *store.Tx, p *store.Payment, accounts map[string]*store.BankAccount) (ach.Entry, error) {
	account := accounts[p.BankAccountID]
	if account == nil {
		var err error
		if account, err = tx.BankAccount(p.CustomerID, p.BankAccountID); err != nil {
			return ach.Entry{}, err
		}
		accounts[p.BankAccountID] = account
	}
	number, err := tx.BankAccountNumber(account)
	if err != nil {
		return ach.Entry{}, err
	}
	name, fits := achName(account.Holder)
	if !fits || p.Amount > ach.MaxEntryAmount {
		return ach.Entry{}, errors.New("the holder's name or the amount does not fit the bank's format")
	}
	e := ach.Entry{TransactionCode: ach.CheckingDebit, RDFI: ach.RoutingNumber(account.Routing), Account: number, Amount: p.Amount,
		IndividualID: strings.ReplaceAll(p.Confirmation, "-", ""), Name: name, Discretionary: "S"} // WEB: single
	if p.Autopay {
		e.Discretionary = "R" // WEB: recurring
	}
	if account.Type == "savings" {
		e.TransactionCode = ach.SavingsDebit
	}
	return e, nil
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

// SettlePayment counts a sent payment as settled once the ordinary return window
// has passed, and moves its money from transit to cash.
func (s *Service) SettlePayment(ctx context.Context, actor identity.Actor, ref PaymentRef, on money.Date) error {
	return s.take(ctx, actor, ContractID(ref.ContractID), func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, ref.ID)
		if err != nil || p.State != billing.Sent || p.SettlesOn > on {
			return err
		}
		p.State = billing.Settled
		if err := tx.SavePayment(p, billing.Sent); err != nil {
			return err
		}
		if err := s.settle(tx, c, p.EventSeq, p.SettlesOn, ledger.Move(ledger.Transit, ledger.Cash, p.Amount)); err != nil {
			return err
		}
		return s.save(tx, c)
	})
}
