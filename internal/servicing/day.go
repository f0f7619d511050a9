package servicing

import (
	"context"
	"errors"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// PaymentRef names a payment, MethodRef a payment method.
type (
	PaymentRef = store.PaymentRef
	MethodRef  = store.MethodRef
)

// Work names what a day has to do, in lists short enough to hold.
type Work struct {
	Checks     []MethodRef // of bank accounts, that come to an end
	Moves      []MethodRef // that can take another's place
	Scheduled  []PaymentRef
	Drafts     []ContractID
	Telling    []ContractID // of autopay drafts to come
	LateFees   []ContractID
	Statements []ContractID
	Papers     []ContractID // that the days bring and nobody asks for
	Settling   []PaymentRef
	Due        []ReminderRef
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
		if w.Checks, err = tx.ChecksDue(on, WorkPage); err != nil {
			return err
		}
		if w.Moves, err = tx.MovesDue(WorkPage); err != nil {
			return err
		}
		if w.Scheduled, err = tx.ScheduledPayments(on, WorkPage); err != nil {
			return err
		}
		for _, list := range []struct {
			into *[]ContractID
			read func(money.Date, int) ([]string, error)
		}{{&w.Drafts, tx.DraftsDue}, {&w.Telling, tx.AutopayLooksDue}, {&w.LateFees, tx.LateFeesDue}, {&w.Statements, tx.StatementsDue}, {&w.Papers, tx.PapersDue}} {
			ids, err := list.read(on, WorkPage)
			if err != nil {
				return err
			}
			for _, id := range ids {
				*list.into = append(*list.into, ContractID(id))
			}
		}
		if w.Settling, err = tx.SettlingPayments(on, WorkPage); err != nil {
			return err
		}
		reminders, err := tx.RemindersDue(on, WorkPage)
		for _, r := range reminders {
			w.Due = append(w.Due, ReminderRef{ContractID(r.ContractID), r.Kind, r.About})
		}
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
		b, err := tx.Method(p.CustomerID, p.MethodID)
		if err != nil {
			return err
		}
		if p.Rail == billing.Card && payoff.Total > 0 && !c.State.Bankruptcy {
			return s.releaseCard(tx, c, p, b, payoff.Total, on, actor)
		}
		if p.Rail == billing.ACH && !b.Validation.MayDebit(true) {
			return s.notTaken(tx, c, p, b, actor)
		}
		off, err := s.retryOff(tx, c, p, on)
		if err != nil {
			return err
		}
		kind, asked := billing.NoticePaymentReceived, p.Amount
		if p.Amount = min(p.Amount, payoff.Total); p.Amount <= 0 || c.State.Bankruptcy || off != "" {
			p.Amount, p.State, p.Reason, kind = p.Plan.Allocation.Total(), billing.Cancelled, off, billing.NoticePaymentCancelled
		} else if err := s.postPayment(tx, c, p, on, actor); err != nil {
			return err
		}
		if err := tx.SavePayment(p, billing.Scheduled); err != nil {
			return err
		}
		if kind == billing.NoticePaymentReceived && p.Amount < asked {
			n := s.paymentNotice(billing.NoticePaymentChanged, c, p, b)
			n.Balance, n.Reason = asked, "no more than that was owed"
			if err := s.notify(tx, p.CustomerID, p.ID, n, 0); err != nil {
				return err
			}
		}
		n := s.paymentNotice(kind, c, p, b)
		n.Reason = p.Reason
		return fault.After(s.tell(tx, c, p.CustomerID, p.ID, n), "release.before_commit")
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
				return fault.After(s.save(tx, c), "late_fee.before_commit")
			}
			if fee == 0 {
				if _, err := s.post(tx, c, contract.Event{Kind: contract.Waiver, Date: on, Of: contract.LateFees, Instalment: n}, cause{}, actor); err != nil {
					return err
				}
				continue
			}
			charged := contract.Event{Kind: contract.LateCharge, Date: on, Amount: fee, Instalment: n}
			if _, err := s.post(tx, c, charged, cause{}, actor); err != nil {
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
			if err := s.lateLetter(tx, c, charged); err != nil {
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

// CutStatement freezes the statement that closes by a day; its pages are set
// afterwards, and the borrowers are told of it then. Run again it changes nothing.
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
		d, err := s.freeze(tx, c, paper{kind: billing.DocStatement, day: closing, about: closing.String(), snapshot: &st})
		if err != nil {
			return err
		}
		tx.InsertStatement(&store.Statement{
			ContractID: c.ID, Closing: closing, DueDate: st.DueDate, AmountDue: st.AmountDue, ClosingBalance: st.EndingBalance,
			LastEntry: c.LastEntry, DocumentID: d.ID,
		})
		s.planReminders(tx, c, st.DueDate, st.AmountDue, closing)
		c.StatementOn = 0
		if c.Status == "open" {
			c.StatementOn = billing.NextClosing(&c.Terms, &c.State, closing, s.rules.StatementDays)
		}
		return fault.After(s.save(tx, c), "statement.before_commit")
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
		DueDate: closing + money.Date(s.rules.StatementDays), Original: c.OriginalAmount, OriginalTerm: c.OriginalTerm,
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
	if in.Autopay, err = s.nextDraft(tx, c); err != nil {
		return billing.Statement{}, err
	}
	in.AutopayText = in.Autopay.Text(billing.English)
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
	return st, row.LastEntry, snapshot(tx, id, row.DocumentID, st)
}

func (s *Service) nextDraft(tx *store.Tx, c *store.Contract) (*billing.NextDraft, error) {
	in, err := s.autopay(tx, c, identity.Actor{})
	if err != nil || in == nil || in.NextDate.IsZero() || in.NextAmount == 0 {
		return nil, err
	}
	parties, err := tx.Parties(c.ID)
	if err != nil {
		return nil, err
	}
	return &billing.NextDraft{Amount: in.NextAmount, Date: in.NextDate, Type: in.Method.Type, Last4: in.Method.Last4, Shared: len(parties) > 1}, nil
}

// absent makes nothing of ErrNotFound.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// SettlePayment counts a sent payment as settled once the ordinary return window
// has passed, and moves its money from transit to cash.
func (s *Service) SettlePayment(ctx context.Context, actor identity.Actor, ref PaymentRef, on money.Date) error {
	return s.take(ctx, actor, ContractID(ref.ContractID), func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, ref.ID)
		if err != nil || p.State != billing.Submitted || p.SettlesOn > on {
			return err
		}
		p.State = billing.Settled
		if err := tx.SavePayment(p, billing.Submitted); err != nil {
			return err
		}
		if err := s.settle(tx, c, p.EventSeq, p.SettlesOn, ledger.Move(ledger.Transit, ledger.Cash, p.Amount)); err != nil {
			return err
		}
		if _, err := s.receiptPaper(tx, c, p, p.CustomerID); err != nil {
			return err
		}
		return fault.After(s.save(tx, c), "settle.before_commit")
	})
}
