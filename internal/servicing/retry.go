package servicing

import (
	"fmt"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// retryKey begins the keys of payments that present a returned one again: one for
// each returned payment.
const retryKey = "retry:"

// retryReturned schedules a returned debit once more, where the lender's settings
// and the rules of the network allow it: only when the money was not there (R01,
// R09), for the same amount, at most twice and within 180 days of the first
// settlement (Nacha Operating Rules, subsection 2.12.4). It says on which day; zero
// when it is not tried again. The customer is told the day and can cancel it.
func (s *Service) retryReturned(tx *store.Tx, actor identity.Actor, c *store.Contract, p *store.Payment, day money.Date) (money.Date, error) {
	if p.Rail != billing.ACH || p.Attempt-1 >= s.rules.Returns.Retry {
		return 0, nil
	}
	on := (day + money.Date(max(s.rules.Returns.RetryAfter, 1)) - 1).AddBankingDays(1)
	why, err := s.noRetry(tx, c, p, on)
	if err != nil || why != "" {
		return 0, err
	}
	key := retryKey + p.ID
	again := &store.Payment{
		ContractID: c.ID, ID: store.NewID(), Key: key, InputHash: inputHash(key), CustomerID: p.CustomerID, MethodID: p.MethodID, AgreementID: p.AgreementID,
		Confirmation: confirmation(), Kind: p.Kind, Extra: p.Extra, Autopay: p.Autopay, Rail: p.Rail, SEC: p.SEC, RetryOf: p.ID, Attempt: p.Attempt + 1,
		State: billing.Scheduled, Amount: p.Amount, Date: on, Plan: p.Plan, MadeBy: actor.String(), CreatedOn: day, Created: s.clock(),
	}
	tx.Audit(again.Created, actor.String(), "retry_payment", c.ID, again.ID)
	return on, tx.InsertPayment(again)
}

// noRetry is why a returned payment is not presented again on a day, in words for
// its customer; empty when it may be.
func (s *Service) noRetry(tx *store.Tx, c *store.Contract, p *store.Payment, on money.Date) (string, error) {
	first, err := firstSettled(tx, p)
	if err != nil {
		return "", err
	}
	if p.Attempt-1 >= s.rules.Returns.Retry || !billing.MayRetry(p.ReturnCode, p.Attempt-1, first, on.AddBankingDays(1)) {
		return "it cannot be tried again", nil
	}
	if c.Status != "open" || held(c) {
		return "nothing is to be drawn for this account", nil
	}
	m, err := tx.Method(p.CustomerID, p.MethodID)
	if err != nil {
		return "", err
	}
	if m.Removed != 0 || m.Validation != billing.Validated {
		return "the bank account can no longer be used", nil
	}
	if p.Autopay {
		in, err := tx.Autopay(c.ID)
		if absent(err) != nil {
			return "", err
		}
		if err != nil || in.CustomerID != p.CustomerID || in.MethodID != p.MethodID {
			return "autopay was turned off", nil
		}
	}
	payoff, err := c.State.Payoff(&c.Terms, on)
	if err != nil {
		return "", err
	}
	if payoff.Total < p.Amount {
		return "less than this is owed now", nil
	}
	paid, err := paidSince(tx, c, p)
	if err != nil || !paid {
		return "", err
	}
	return "you have paid since", nil
}

// firstSettled is the day on which the first attempt of a payment settled.
func firstSettled(tx *store.Tx, p *store.Payment) (money.Date, error) {
	for p.RetryOf != "" {
		var err error
		if p, err = tx.Payment(p.ContractID, p.RetryOf); err != nil {
			return 0, err
		}
	}
	e, err := debitOf(tx, p)
	if err != nil {
		return 0, err
	}
	return e.Effective, nil
}

// debitOf is the entry that drew a payment; ErrNotFound while none has.
func debitOf(tx *store.Tx, p *store.Payment) (*store.ACHEntry, error) {
	entries, err := tx.ACHEntriesOf(p.ContractID, p.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Kind == billing.EntryDebit || e.Kind == billing.EntryRetry {
			return e, nil
		}
	}
	return nil, store.ErrNotFound
}

// paidSince says whether anybody has paid, or arranged to pay, by themselves since
// a payment settled that came back.
func paidSince(tx *store.Tx, c *store.Contract, p *store.Payment) (bool, error) {
	debit, err := debitOf(tx, p)
	if err != nil {
		return false, err
	}
	payments, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return false, err
	}
	for _, q := range payments {
		if q.ID == p.ID || q.Autopay || q.RetryOf != "" || q.CreatedOn < debit.Effective {
			continue
		}
		switch q.State {
		case billing.Returned, billing.Reversed, billing.Cancelled, billing.Refused:
		default:
			return true, nil
		}
	}
	events, err := tx.Events(c.ID)
	if err != nil {
		return false, err
	}
	undone := map[int]bool{}
	for _, e := range events {
		undone[e.Reverses] = undone[e.Reverses] || e.Kind == contract.Reversal
	}
	for _, e := range events { // by check, wire or cash
		if e.Kind == contract.Payment && e.PaymentID == "" && e.Date >= debit.Effective && !undone[e.Seq] {
			return true, nil
		}
	}
	return false, nil
}

// retryOff is why a payment that presents a returned one again is not made after
// all; empty for any other payment.
func (s *Service) retryOff(tx *store.Tx, c *store.Contract, p *store.Payment, on money.Date) (string, error) {
	if p.RetryOf == "" {
		return "", nil
	}
	of, err := tx.Payment(c.ID, p.RetryOf)
	if err != nil {
		return "", err
	}
	if of.State != billing.Returned || of.Amount != p.Amount {
		return "it cannot be tried again", nil
	}
	return s.noRetry(tx, c, of, on)
}

// retryWords is what an authorization says about trying again.
func (s *Service) retryWords() string {
	if s.rules.Returns.Retry == 0 {
		return ""
	}
	times := "once more"
	if s.rules.Returns.Retry > 1 {
		times = "up to two more times"
	}
	return fmt.Sprintf(". If there was not enough money, it may be tried %s within %d days, for the same amount; I am told the day before and can cancel it", times, billing.RetryDays)
}
