package servicing

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// AccountQuestion asks whether a bank account is there and open.
type AccountQuestion struct {
	Routing, Account, Type, Holder string
}

// AccountAnswer is what a provider says of a bank account.
type AccountAnswer string

// The answers.
const (
	AccountOpen   AccountAnswer = "open"
	AccountClosed AccountAnswer = "closed" // or never there
	AccountUnsure AccountAnswer = "unsure"
)

// AccountCheck is how far the check of a bank account is.
type AccountCheck struct {
	Way      billing.ValidatedBy
	State    billing.CheckState
	There    money.Date // the bank has the entries; expected, while they wait for the file
	EndsOn   money.Date // the last day to say the amounts, or the day on which a prenote has passed; zero while it waits
	Open     bool       // the amounts can be said today
	Left     int        // tries to say them
	Reason   string     // why it failed: billing.CheckTries, CheckExpired, CheckRemoved, or a return code
	MayAgain bool
}

// askProvider says how a bank account that is added begins: validated when the
// provider knows it, refused when the provider knows that there is none.
func (s *Service) askProvider(ctx context.Context, r *BankAccountRequest) (billing.Validation, error) {
	if s.rules.CheckAccount == nil {
		return billing.Unvalidated, nil
	}
	answer, err := s.rules.CheckAccount(ctx, AccountQuestion{r.Routing, r.Account, r.Type, r.Holder})
	switch {
	case err != nil:
		return billing.Unvalidated, nil // a provider that is away does not keep anybody from adding an account
	case answer == AccountOpen:
		return billing.Validated, nil
	case answer == AccountClosed:
		return "", refuse("account_unknown", "account", "The bank does not know an open account with this number. Check the routing number and the account number.")
	}
	return billing.Unvalidated, nil
}

// checkOf is how far the newest check of a bank account is; nil for none.
func checkOf(tx *store.Tx, who string, m *Method) (*AccountCheck, error) {
	if m.Kind != billing.Bank {
		return nil, nil
	}
	c, err := tx.AccountCheck(who, string(m.ID))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	day, err := today(tx)
	if err != nil {
		return nil, err
	}
	out := &AccountCheck{Way: c.Way, State: c.State, There: c.Effective, EndsOn: c.EndsOn, Left: billing.AccountTries - c.Tries, Reason: c.Reason}
	if c.State == billing.CheckWaiting {
		out.There = fileDay(day).AddBankingDays(1)
	}
	out.Open = c.Way == billing.ByMicroEntries && c.State == billing.CheckSent && day >= c.Effective && out.Left > 0
	out.MayAgain = c.State == billing.CheckFailed && m.Validation == billing.NotValid && billing.MayCheckAgain(c.Reason)
	return out, nil
}

// fileDay is the day on which what waits now goes to the bank.
func fileDay(day money.Date) money.Date {
	if day.BankingDay() {
		return day
	}
	return day.AddBankingDays(1)
}

// mayStartCheck counts a check by entries against the customer's day and the
// account's month.
func (s *Service) mayStartCheck(ctx context.Context, m *store.Method) error {
	const words = "Too many accounts were checked. Try again tomorrow, or call us at %s."
	if err := s.counted(ctx, "checks", m.CustomerID, words); err != nil {
		return err
	}
	return s.counted(ctx, "checks_of", m.Hash, "This account was checked too often. Use another account, or call us at %s.")
}

// startCheck writes that an account is to be checked by entries in the next file.
func (s *Service) startCheck(tx *store.Tx, m *store.Method, key string, actor identity.Actor) error {
	day, err := today(tx)
	if err != nil {
		return err
	}
	c := &store.AccountCheck{CustomerID: m.CustomerID, MethodID: m.ID, ID: store.NewID(), Key: key, Way: s.rules.ValidateBy,
		State: billing.CheckWaiting, StartedOn: day, Started: s.clock()}
	if c.Way != billing.ByPrenote {
		c.Way = billing.ByMicroEntries
		if c.Amounts, err = microAmounts(); err != nil {
			return err
		}
	}
	tx.Audit(c.Started, actor.String(), "check_account", "", m.ID+" "+string(c.Way))
	return tx.InsertAccountCheck(c)
}

// microAmounts are two different amounts of 1 to 99 cents that nobody can guess,
// as "17 42".
func microAmounts() (string, error) {
	first, err := rand.Int(rand.Reader, big.NewInt(99))
	if err != nil {
		return "", fmt.Errorf("choose amounts: %w", err)
	}
	second, err := rand.Int(rand.Reader, big.NewInt(98))
	if err != nil {
		return "", fmt.Errorf("choose amounts: %w", err)
	}
	a, b := first.Int64()+1, second.Int64()+1
	if b >= a {
		b++
	}
	return fmt.Sprintf("%d %d", a, b), nil
}

// StartAccountCheck checks a bank account that is not validated, by entries to
// it. While a check goes on, and for the same key again, it changes nothing.
func (s *Service) StartAccountCheck(ctx context.Context, actor identity.Actor, key string, id MethodID) (out Method, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	if err := s.mayDo(actor, identity.ActBankAccounts); err != nil {
		return out, err
	}
	if key == "" {
		return out, refuse("key_missing", "", "Start again from your payment methods.")
	}
	var m *store.Method
	done := false
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if m, err = tx.Method(who, string(id)); err == nil && (m.Removed != 0 || m.Kind != billing.Bank) {
			err = ErrNotFound
		}
		if err == nil {
			done, err = checkStarted(tx, m, key)
		}
		return err
	})
	if err == nil && !done {
		err = s.mayStartCheck(ctx, m)
	}
	if err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if m, err = takeOwnMethod(tx, who, id); err != nil {
			return err
		}
		if done, err = checkStarted(tx, m, key); err == nil && !done {
			m.Validation, m.StopCode = billing.Validating, ""
			tx.SaveMethod(m)
			err = s.startCheck(tx, m, key, actor)
		}
		if err != nil {
			return err
		}
		out = method(m)
		out.Check, err = checkOf(tx, who, &out)
		return err
	})
	if isConflict(err) { // another request started it at the same moment
		return s.StartAccountCheck(ctx, actor, key, id)
	}
	return out, err
}

// checkStarted says that a check goes on or that the key has started one, and
// refuses an account that cannot be checked.
func checkStarted(tx *store.Tx, m *store.Method, key string) (bool, error) {
	known, err := tx.AccountCheckByKey(m.CustomerID, key)
	switch {
	case err == nil && known.MethodID != m.ID:
		return false, errKeyReused
	case err == nil:
		return true, nil
	case absent(err) != nil:
		return false, err
	}
	last, err := tx.AccountCheck(m.CustomerID, m.ID)
	switch {
	case absent(err) != nil:
		return false, err
	case m.Validation == billing.Validating:
		return true, nil
	case m.Validation == billing.Validated:
		return false, refuse("checked", "", "This account is checked already. You can pay from it.")
	case !m.Validation.MayBecome(billing.Validating), last != nil && !billing.MayCheckAgain(last.Reason):
		return false, refuse("check_again", "", "Your bank sent back what we sent to this account: %s. Add the account again with the right numbers, or use another.", billing.ReturnReason(m.StopCode))
	}
	return false, nil
}

// AmountsRequest says the amounts of two deposits that checked an account, in
// any order. Key is made once for each try.
type AmountsRequest struct {
	Key           string
	Method        MethodID
	First, Second money.Cents
}

// ConfirmAmounts compares what somebody says that a check's deposits were. A try
// is counted and on disk before anything is compared, and there are three. The
// same key again with the same amounts gives the same answer and costs no try.
func (s *Service) ConfirmAmounts(ctx context.Context, actor identity.Actor, req AmountsRequest) (out Method, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	switch {
	case req.Key == "":
		return out, refuse("key_missing", "", "Start again from your payment methods.")
	case req.First < 1 || req.First > 99:
		return out, refuse("amount_range", "first", "Each deposit is less than a dollar. For 17 cents, type 0.17.")
	case req.Second < 1 || req.Second > 99:
		return out, refuse("amount_range", "second", "Each deposit is less than a dollar. For 17 cents, type 0.17.")
	}
	t, err := s.countAmounts(ctx, who, req)
	if err != nil {
		return out, err
	}
	var answer error
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		answer = nil
		m, err := takeOwnMethod(tx, who, req.Method)
		if err != nil {
			return err
		}
		if t.Outcome == "" {
			err = s.compare(tx, m, t, req, actor)
		}
		if err != nil {
			return err
		}
		if answer = wrongAmounts(m, t); answer != nil {
			return nil
		}
		out = method(m)
		out.Check, err = checkOf(tx, who, &out)
		return err
	})
	if err == nil {
		err = answer
	}
	if err == nil {
		err = s.takePlaces(ctx, who, string(req.Method), actor)
	}
	return out, err
}

// The ways a try comes out.
const (
	tryRight = "right"
	tryWrong = "wrong"
)

// countAmounts writes down that a try is made.
func (s *Service) countAmounts(ctx context.Context, who string, req AmountsRequest) (t *store.CheckTry, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		least, most := min(req.First, req.Second), max(req.First, req.Second)
		t = &store.CheckTry{CustomerID: who, MethodID: string(req.Method), Key: req.Key, Tried: s.clock(),
			InputHash: tx.Keys().Hash("account_check_try", inputHash(who, req.Method, least, most))}
		m, err := takeOwnMethod(tx, who, req.Method)
		if err != nil {
			return err
		}
		known, err := tx.CheckTry(who, req.Key)
		if err == nil {
			if known.InputHash != t.InputHash {
				return errKeyReused
			}
			t = known
			return nil
		}
		if absent(err) != nil {
			return err
		}
		v := method(m)
		c, err := checkOf(tx, who, &v)
		if err != nil {
			return err
		}
		if err := mayTry(m, c); err != nil {
			return err
		}
		row, err := tx.AccountCheck(who, m.ID)
		if err != nil {
			return err
		}
		t.CheckID = row.ID
		counted, err := tx.CountAccountTry(t)
		if err == nil && !counted {
			err = errNoTries
		}
		return err
	})
	if isConflict(err) { // the same key at the same moment
		return s.countAmounts(ctx, who, req)
	}
	return t, err
}

var errNoTries = &Refusal{"no_tries", "", "The amounts were wrong three times, so this check is over. Start a new one, or use another account."}

// mayTry refuses to take amounts that cannot be compared; that costs no try.
func mayTry(m *store.Method, c *AccountCheck) error {
	switch {
	case m.Validation == billing.Validated:
		return refuse("checked", "", "This account is checked already. You can pay from it.")
	case c == nil || c.Way != billing.ByMicroEntries || c.State == billing.CheckPassed:
		return refuse("no_check", "", "No deposits were sent to this account. Start the check first.")
	case c.Left <= 0 || c.Reason == billing.CheckTries:
		return errNoTries
	case c.Reason == billing.CheckExpired:
		return refuse("check_expired", "", "The time to type the amounts is over. Start a new check.")
	case c.State == billing.CheckFailed:
		return refuse("no_check", "", "This check is over. Start a new one, or use another account.")
	case !c.Open:
		return refuse("too_early", "", "The deposits are on their way. Your bank has them by %s; look there first.", c.There.Long())
	}
	return nil
}

// compare decides a try. The last of three that is wrong ends the check; while
// others are still being compared it leaves that to them.
func (s *Service) compare(tx *store.Tx, m *store.Method, t *store.CheckTry, req AmountsRequest, actor identity.Actor) error {
	c, err := tx.AccountCheck(m.CustomerID, m.ID)
	if err != nil {
		return err
	}
	t.Outcome = tryWrong
	if c.ID == t.CheckID && c.State == billing.CheckSent {
		first, second, err := checkAmounts(tx, c)
		if err != nil {
			return err
		}
		if sameAmounts(first, second, req.First, req.Second) {
			t.Outcome = tryRight
		}
	}
	tx.DecideCheckTry(t)
	tx.Audit(s.clock(), actor.String(), "say_amounts", "", m.ID+" "+t.Outcome)
	if t.Outcome == tryRight {
		return s.passCheck(tx, m, c, billing.ByMicroEntries)
	}
	open, err := tx.OpenTries(c)
	if err != nil || c.Tries < billing.AccountTries || open > 0 {
		return err
	}
	return s.failCheck(tx, m, c, billing.CheckTries, "the amounts were wrong three times")
}

// sameAmounts compares in either order, and takes the same time for each answer.
func sameAmounts(a, b, x, y money.Cents) bool {
	pair := func(p, q money.Cents) []byte { return []byte{byte(min(p, q)), byte(max(p, q))} }
	return subtle.ConstantTimeCompare(pair(a, b), pair(x, y)) == 1
}

// wrongAmounts is what a try that was wrong is answered with, each time.
func wrongAmounts(m *store.Method, t *store.CheckTry) error {
	left := billing.AccountTries - t.N
	switch {
	case t.Outcome == tryRight, m.Validation == billing.Validated:
		return nil
	case left <= 0:
		return errNoTries
	case left == 1:
		return refuse("amounts_wrong", "first", "These are not the amounts. You can try once more. Look at your bank’s app for two deposits from us.")
	}
	return refuse("amounts_wrong", "first", "These are not the amounts. You can try %d more times. Look at your bank’s app for two deposits from us.", left)
}

// passCheck validates an account.
func (s *Service) passCheck(tx *store.Tx, m *store.Method, c *store.AccountCheck, by billing.ValidatedBy) error {
	now := s.clock()
	if passed, err := tx.EndAccountCheck(c, billing.CheckPassed, "", now); err != nil || !passed {
		return err
	}
	m.Validation, m.ValidatedBy, m.Validated, m.StopCode = billing.Validated, by, now, ""
	tx.SaveMethod(m)
	return s.notify(tx, m.CustomerID, c.ID, billing.Notice{Kind: billing.NoticeCheckPassed, Method: describe(m)}, 0)
}

// failCheck ends a check of an account that is not validated by it.
func (s *Service) failCheck(tx *store.Tx, m *store.Method, c *store.AccountCheck, reason, words string) error {
	ended, err := tx.EndAccountCheck(c, billing.CheckFailed, reason, s.clock())
	if err != nil || !ended || m.Validation != billing.Validating {
		return err
	}
	m.Validation = billing.NotValid
	tx.SaveMethod(m)
	return s.notify(tx, m.CustomerID, c.ID, billing.Notice{Kind: billing.NoticeCheckFailed, Method: describe(m), Reason: words}, 0)
}

// FinishCheck ends a check whose day has come: a prenote that was not returned
// has passed, micro-entries whose amounts nobody has said in time have failed.
// Run again it changes nothing.
func (s *Service) FinishCheck(ctx context.Context, actor identity.Actor, ref MethodRef, on money.Date) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		m, err := tx.TakeMethod(ref.CustomerID, ref.ID)
		if err != nil {
			return err
		}
		c, err := tx.AccountCheck(ref.CustomerID, ref.ID)
		if err != nil || c.State != billing.CheckSent {
			return err
		}
		switch {
		case c.Tries >= billing.AccountTries:
			return s.failCheck(tx, m, c, billing.CheckTries, "the amounts were wrong three times")
		case c.EndsOn > on:
			return nil
		case c.Way == billing.ByPrenote:
			return s.passCheck(tx, m, c, billing.ByPrenote)
		}
		return s.failCheck(tx, m, c, billing.CheckExpired, "nobody typed the amounts in time")
	})
}

// checkReturned takes back an entry that tested an account: its bank says that it
// is not there, or takes nothing.
func (s *Service) checkReturned(tx *store.Tx, actor identity.Actor, entry *store.ACHEntry, r *ach.Return, day money.Date, res *ReturnsResult) error {
	m, err := tx.TakeMethod(entry.CustomerID, entry.MethodID)
	if err != nil {
		return err
	}
	back, err := tx.ReturnACHEntry(entry.Trace, string(r.Code), day)
	if err != nil {
		return err
	}
	if !back {
		res.Repeated++
		return nil
	}
	res.Returned++
	tx.Audit(s.clock(), actor.String(), "check_returned", "", m.ID+" "+string(r.Code))
	c, err := tx.AccountCheckByFile(entry.CustomerID, entry.MethodID, entry.FileID)
	if err != nil {
		return err
	}
	m.StopCode = string(r.Code)
	if c.State == billing.CheckSent {
		return s.failCheck(tx, m, c, string(r.Code), billing.ReturnReason(string(r.Code)))
	}
	if m.Validation != billing.Validated || (m.ValidatedBy != billing.ByMicroEntries && m.ValidatedBy != billing.ByPrenote) {
		return nil // the other of two deposits, or known by something better meanwhile
	}
	m.Validation = billing.Stopped
	tx.SaveMethod(m)
	return s.notify(tx, m.CustomerID, c.ID, billing.Notice{Kind: billing.NoticeCheckFailed, Method: describe(m), Reason: billing.ReturnReason(m.StopCode)}, 0)
}

// uncheckedWords says why no debit may go to an account.
func uncheckedWords(m *store.Method) string {
	if m.StopCode != "" {
		return billing.ReturnReason(m.StopCode)
	}
	return "the bank account is not checked"
}

// notTaken refuses a scheduled payment whose day has come and whose account no
// debit may go to, and says so to its customer.
func (s *Service) notTaken(tx *store.Tx, c *store.Contract, p *store.Payment, m *store.Method, actor identity.Actor) error {
	p.State, p.Reason = billing.Refused, uncheckedWords(m)
	if err := tx.SavePayment(p, billing.Scheduled); err != nil {
		return err
	}
	tx.Audit(s.clock(), actor.String(), "payment_not_taken", c.ID, p.ID)
	n := s.paymentNotice(billing.NoticePaymentNotTaken, c, p, m)
	n.Reason = p.Reason
	return s.tell(tx, c, p.CustomerID, p.ID, n)
}
