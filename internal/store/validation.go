package store

import (
	"errors"

	"marque/internal/billing"
	"marque/internal/money"
)

// AccountCheck is a check's row: a bank account is checked by entries to it.
// Amounts, of micro-entries that are not over, are encrypted at rest.
type AccountCheck struct {
	CustomerID, MethodID, ID, Key string
	Way                           billing.ValidatedBy
	State                         billing.CheckState
	Amounts                       string
	Tries                         int
	FileID                        string
	Effective, EndsOn             money.Date
	Reason                        string
	StartedOn                     money.Date
	Started, Ended                money.Instant
}

// CheckTry is one time that somebody said the amounts.
type CheckTry struct {
	CustomerID, MethodID, CheckID string
	N                             int
	Key, InputHash                string
	Outcome                       string // right, wrong; empty until they are compared
	Tried                         money.Instant
}

// MethodMove says that a method is to take another's place, and how that was
// agreed to.
type MethodMove struct {
	CustomerID, MethodID, From string
	IP, UserAgent              string
	Agreed, Done               money.Instant
}

// MethodRef names a payment method.
type MethodRef struct{ CustomerID, ID string }

// MethodUse is what draws from a method on one contract: autopay, or a payment
// that has not left.
type MethodUse struct{ ContractID, PaymentID string }

const (
	accountCheckColumns = `customer_id, method_id, id, key, way, state, amounts, tries, file_id, effective, ends_on, reason, started_on, started_at, ended_at`
	checkTryColumns     = `customer_id, method_id, check_id, n, key, input_hash, outcome, tried_at`
)

var (
	checkAmounts = encryptedColumn("account_check", "amounts", "customer_id", "method_id", "id")

	insertAccountCheck  = stmt(`INSERT INTO account_check (` + accountCheckColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`)
	selectAccountCheck  = stmt(`SELECT ` + accountCheckColumns + ` FROM account_check WHERE customer_id = $1 AND method_id = $2 ORDER BY started_at DESC, id DESC LIMIT 1`)
	selectCheckByKey    = stmt(`SELECT ` + accountCheckColumns + ` FROM account_check WHERE customer_id = $1 AND key = $2`)
	selectCheckByFile   = stmt(`SELECT ` + accountCheckColumns + ` FROM account_check WHERE customer_id = $1 AND method_id = $2 AND file_id = $3`)
	claimWaitingChecks  = stmt(`UPDATE account_check SET reason = reason WHERE state = 'waiting'`)
	selectWaitingChecks = stmt(`SELECT ` + accountCheckColumns + ` FROM account_check WHERE state = 'waiting' ORDER BY id`)
	selectChecksDue     = stmt(`SELECT customer_id, method_id FROM account_check WHERE state = 'sent' AND (ends_on <= $1 OR tries >= 3) ORDER BY ends_on, id LIMIT $2`)
	sendAccountCheck    = stmt(`UPDATE account_check SET state = 'sent', file_id = $4, effective = $5, ends_on = $6 WHERE customer_id = $1 AND method_id = $2 AND id = $3 AND state = 'waiting'`)
	endAccountCheck     = stmt(`UPDATE account_check SET state = $4, reason = $5, ended_at = $6, amounts = '' WHERE customer_id = $1 AND method_id = $2 AND id = $3 AND state IN ('waiting', 'sent')`)
	countAccountTry     = stmt(`UPDATE account_check SET tries = tries + 1 WHERE customer_id = $1 AND method_id = $2 AND id = $3 AND state = 'sent' AND tries < 3 RETURNING tries`)
	insertCheckTry      = stmt(`INSERT INTO account_check_try (` + checkTryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, '', $7)`)
	selectCheckTry      = stmt(`SELECT ` + checkTryColumns + ` FROM account_check_try WHERE customer_id = $1 AND key = $2`)
	decideCheckTry      = stmt(`UPDATE account_check_try SET outcome = $5 WHERE customer_id = $1 AND method_id = $2 AND check_id = $3 AND n = $4 AND outcome = ''`)
	countOpenTries      = stmt(`SELECT COUNT(*) FROM account_check_try WHERE customer_id = $1 AND method_id = $2 AND check_id = $3 AND outcome = ''`)
	insertMethodMove    = stmt(`INSERT INTO method_move (customer_id, method_id, from_id, ip, user_agent, agreed_at, done_at) VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (customer_id, method_id, from_id) DO UPDATE SET ip = $4, user_agent = $5, agreed_at = $6, done_at = 0`)
	selectMethodMoves   = stmt(`SELECT customer_id, method_id, from_id, ip, user_agent, agreed_at, done_at FROM method_move WHERE customer_id = $1 AND method_id = $2 AND done_at = 0 ORDER BY from_id`)
	selectMoveTo        = stmt(`SELECT customer_id, method_id, from_id, ip, user_agent, agreed_at, done_at FROM method_move WHERE customer_id = $1 AND from_id = $2 AND done_at = 0 ORDER BY method_id DESC LIMIT 1`)
	selectMovesDue      = stmt(`SELECT m.customer_id, m.method_id FROM method_move m JOIN payment_method p ON p.customer_id = m.customer_id AND p.id = m.method_id
		WHERE m.done_at = 0 AND p.validation = 'validated' AND p.removed_at = 0 ORDER BY m.method_id LIMIT $1`)
	dropMovesFrom    = stmt(`UPDATE method_move SET done_at = $3 WHERE customer_id = $1 AND from_id = $2 AND done_at = 0`)
	passMethodMoves  = stmt(`UPDATE method_move SET method_id = $3 WHERE customer_id = $1 AND method_id = $2 AND done_at = 0 AND from_id <> $3`)
	doneMethodMove   = stmt(`UPDATE method_move SET done_at = $4 WHERE customer_id = $1 AND method_id = $2 AND from_id = $3 AND done_at = 0`)
	dropMethodMoves  = stmt(`UPDATE method_move SET done_at = $3 WHERE customer_id = $1 AND (method_id = $2 OR from_id = $2) AND done_at = 0`)
	selectMethodUses = stmt(`SELECT contract_id, '' FROM autopay WHERE customer_id = $1 AND method_id = $2 AND ended_at = 0
		UNION ALL SELECT contract_id, id FROM payment WHERE customer_id = $1 AND method_id = $2 AND state IN ('scheduled', 'authorised') AND attempt = 1 ORDER BY 1, 2`)
	moveAutopayTo = stmt(`UPDATE autopay SET method_id = $4, agreement_id = $5 WHERE contract_id = $1 AND customer_id = $2 AND method_id = $3 AND ended_at = 0`)
	movePaymentTo = stmt(`UPDATE payment SET method_id = $4, agreement_id = $5 WHERE contract_id = $1 AND id = $2 AND method_id = $3 AND state IN ('scheduled', 'authorised') AND attempt = 1`)
)

// InsertAccountCheck adds a check; Amounts is given in the clear. A second one
// of the same account that goes on is a *ConflictError.
func (tx *Tx) InsertAccountCheck(c *AccountCheck) error {
	sealed := ""
	if c.Amounts != "" {
		var err error
		if sealed, err = checkAmounts.seal(tx.db.keys, c.Amounts, c.CustomerID, c.MethodID, c.ID); err != nil {
			return err
		}
	}
	tx.later(insertAccountCheck, c.CustomerID, c.MethodID, c.ID, c.Key, c.Way, c.State, sealed, c.Tries, c.FileID, c.Effective, c.EndsOn, c.Reason, c.StartedOn, c.Started, c.Ended)
	return nil
}

// AccountCheck reads the newest check of an account; its amounts stay encrypted.
func (tx *Tx) AccountCheck(customer, method string) (*AccountCheck, error) {
	return tx.accountCheck(selectAccountCheck, customer, method)
}

// AccountCheckByKey finds the check that a key has already started.
func (tx *Tx) AccountCheckByKey(customer, key string) (*AccountCheck, error) {
	return tx.accountCheck(selectCheckByKey, customer, key)
}

// AccountCheckByFile finds the check whose entries went into a file.
func (tx *Tx) AccountCheckByFile(customer, method, file string) (*AccountCheck, error) {
	return tx.accountCheck(selectCheckByFile, customer, method, file)
}

// CheckAmounts decrypts the amounts of a check that goes on.
func (tx *Tx) CheckAmounts(c *AccountCheck) (string, error) {
	return checkAmounts.unseal(tx.db.keys, c.Amounts, c.CustomerID, c.MethodID, c.ID)
}

// WaitingChecks reads the checks whose entries go into the next file, and holds
// their rows until the transaction ends.
func (tx *Tx) WaitingChecks() ([]*AccountCheck, error) {
	if _, err := tx.exec(claimWaitingChecks); err != nil {
		return nil, err
	}
	return tx.accountChecks(selectWaitingChecks)
}

// ChecksDue names the accounts whose check has come to its day, or to its last
// try.
func (tx *Tx) ChecksDue(through money.Date, limit int) ([]MethodRef, error) {
	return tx.methodRefs(selectChecksDue, through, limit)
}

// SendAccountCheck writes that a waiting check's entries are in a file.
func (tx *Tx) SendAccountCheck(c *AccountCheck) {
	tx.later(sendAccountCheck, c.CustomerID, c.MethodID, c.ID, c.FileID, c.Effective, c.EndsOn)
}

// EndAccountCheck ends a check that goes on and forgets its amounts; false when
// it was over.
func (tx *Tx) EndAccountCheck(c *AccountCheck, state billing.CheckState, reason string, at money.Instant) (bool, error) {
	n, err := tx.exec(endAccountCheck, c.CustomerID, c.MethodID, c.ID, state, reason, at)
	return n == 1, err
}

// CountAccountTry counts a try of a check and writes its row, whose N it sets.
// false when there is none left or the check is over. A key that was used is a
// *ConflictError.
func (tx *Tx) CountAccountTry(t *CheckTry) (bool, error) {
	err := tx.one(countAccountTry, []any{&t.N}, t.CustomerID, t.MethodID, t.CheckID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err == nil {
		tx.later(insertCheckTry, t.CustomerID, t.MethodID, t.CheckID, t.N, t.Key, t.InputHash, t.Tried)
	}
	return err == nil, err
}

// CheckTry finds the try that a key has already made.
func (tx *Tx) CheckTry(customer, key string) (*CheckTry, error) {
	t := &CheckTry{}
	err := tx.one(selectCheckTry, []any{&t.CustomerID, &t.MethodID, &t.CheckID, &t.N, &t.Key, &t.InputHash, &t.Outcome, &t.Tried}, customer, key)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// DecideCheckTry writes how a try came out.
func (tx *Tx) DecideCheckTry(t *CheckTry) {
	tx.later(decideCheckTry, t.CustomerID, t.MethodID, t.CheckID, t.N, t.Outcome)
}

// OpenTries counts the tries of a check that are not decided.
func (tx *Tx) OpenTries(c *AccountCheck) (n int, err error) {
	err = tx.one(countOpenTries, []any{&n}, c.CustomerID, c.MethodID, c.ID)
	return n, err
}

// InsertMethodMove adds that a method is to take another's place; what was to
// take it before no longer is.
func (tx *Tx) InsertMethodMove(m *MethodMove) {
	tx.later(dropMovesFrom, m.CustomerID, m.From, m.Agreed)
	tx.later(insertMethodMove, m.CustomerID, m.MethodID, m.From, m.IP, m.UserAgent, m.Agreed)
}

// MethodMoves reads whose place a method is still to take.
func (tx *Tx) MethodMoves(customer, method string) ([]*MethodMove, error) {
	return tx.methodMoves(selectMethodMoves, customer, method)
}

// MoveFrom reads which method is still to take a method's place; nil for none.
func (tx *Tx) MoveFrom(customer, from string) (*MethodMove, error) {
	all, err := tx.methodMoves(selectMoveTo, customer, from)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// MovesDue names the methods that can now take another's place.
func (tx *Tx) MovesDue(limit int) ([]MethodRef, error) { return tx.methodRefs(selectMovesDue, limit) }

// DoneMethodMove writes that a method has taken another's place.
func (tx *Tx) DoneMethodMove(m *MethodMove, at money.Instant) {
	tx.later(doneMethodMove, m.CustomerID, m.MethodID, m.From, at)
}

// PassMethodMoves lets the place that one method was to take be taken by another.
func (tx *Tx) PassMethodMoves(customer, method, to string) {
	tx.later(passMethodMoves, customer, method, to)
}

// DropMethodMoves ends the moves to and from a method that is taken away.
func (tx *Tx) DropMethodMoves(customer, method string, at money.Instant) {
	tx.later(dropMethodMoves, customer, method, at)
}

// MethodUses reads what draws from a method and can be moved to another, by
// contract. A payment that is presented again stays where it was.
func (tx *Tx) MethodUses(customer, method string) (out []MethodUse, err error) {
	err = tx.query(selectMethodUses, func(r row) error {
		var u MethodUse
		err := r.Scan(&u.ContractID, &u.PaymentID)
		out = append(out, u)
		return err
	}, customer, method)
	return out, err
}

// MoveUse makes what draws from one method draw from another, under an agreement.
func (tx *Tx) MoveUse(u MethodUse, customer, from, to, agreement string) {
	if u.PaymentID == "" {
		tx.later(moveAutopayTo, u.ContractID, customer, from, to, agreement)
		return
	}
	tx.later(movePaymentTo, u.ContractID, u.PaymentID, from, to, agreement)
}

func (tx *Tx) accountCheck(s *statement, args ...any) (*AccountCheck, error) {
	all, err := tx.accountChecks(s, args...)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

func (tx *Tx) accountChecks(s *statement, args ...any) (out []*AccountCheck, err error) {
	err = tx.query(s, func(r row) error {
		c := &AccountCheck{}
		out = append(out, c)
		return r.Scan(&c.CustomerID, &c.MethodID, &c.ID, &c.Key, &c.Way, &c.State, &c.Amounts, &c.Tries, &c.FileID, &c.Effective, &c.EndsOn, &c.Reason, &c.StartedOn, &c.Started, &c.Ended)
	}, args...)
	return out, err
}

func (tx *Tx) methodMoves(s *statement, args ...any) (out []*MethodMove, err error) {
	err = tx.query(s, func(r row) error {
		m := &MethodMove{}
		out = append(out, m)
		return r.Scan(&m.CustomerID, &m.MethodID, &m.From, &m.IP, &m.UserAgent, &m.Agreed, &m.Done)
	}, args...)
	return out, err
}

func (tx *Tx) methodRefs(s *statement, args ...any) (out []MethodRef, err error) {
	err = tx.query(s, func(r row) error {
		var m MethodRef
		err := r.Scan(&m.CustomerID, &m.ID)
		out = append(out, m)
		return err
	}, args...)
	return out, err
}
