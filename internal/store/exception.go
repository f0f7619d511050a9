package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

// Exception is an exception item: something that came from outside, or that the
// day could not do, and that a person must look at. Content, the record as it
// came, is encrypted at rest.
type Exception struct {
	ID, Once              string // Once: the same thing opens one item, however often it is met
	Kind                  billing.ExceptionKind
	ContractID, PaymentID string
	CustomerID            string
	Reference, Code       string // a trace number, a processor's id; a return code
	Amount                money.Cents
	Reason, Content       string
	OpenedOn              money.Date
	Opened                money.Instant
	ClearedBy             string
	Cleared               money.Instant
	Note                  string
}

const exceptionColumns = `id, once, kind, contract_id, payment_id, customer_id, reference, code, amount, reason, content, opened_on, opened_at, cleared_by, cleared_at, note`

var (
	exceptionContent = encryptedColumn("exception", "content", "id")

	insertException = stmt(`INSERT INTO exception (` + exceptionColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', 0, '') ON CONFLICT (once) DO NOTHING`)
	selectException  = stmt(`SELECT ` + exceptionColumns + ` FROM exception WHERE id = $1`)
	selectExceptions = stmt(`SELECT ` + exceptionColumns + ` FROM exception WHERE cleared_at = 0 AND id > $1 AND ($3 = '' OR kind = $3) ORDER BY id LIMIT $2`)
	selectCleared    = stmt(`SELECT ` + exceptionColumns + ` FROM exception WHERE cleared_at > 0 AND ($1 = '' OR id < $1) AND ($3 = '' OR kind = $3) ORDER BY id DESC LIMIT $2`)
	countExceptions  = stmt(`SELECT kind, COUNT(*) FROM exception WHERE cleared_at = 0 GROUP BY kind`)
	clearException   = stmt(`UPDATE exception SET cleared_by = $2, cleared_at = $3, note = $4 WHERE id = $1 AND cleared_at = 0`)
)

// OpenException opens an exception item; one for the same thing stays as it is.
func (tx *Tx) OpenException(e *Exception) error {
	sealed, err := exceptionContent.seal(tx.db.keys, e.Content, e.ID)
	if err != nil {
		return err
	}
	tx.later(insertException, e.ID, e.Once, e.Kind, e.ContractID, e.PaymentID, e.CustomerID, e.Reference, e.Code, e.Amount, e.Reason, sealed, e.OpenedOn, e.Opened)
	return nil
}

// Exception reads one exception item, open or cleared.
func (tx *Tx) Exception(id string) (*Exception, error) {
	all, err := tx.exceptions(selectException, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

// Exceptions reads exception items from the one after the given id on: the open
// ones, oldest first, or those that were cleared, newest first; of one kind, or of
// all when kind is empty.
func (tx *Tx) Exceptions(kind billing.ExceptionKind, cleared bool, after string, limit int) ([]*Exception, error) {
	if cleared {
		return tx.exceptions(selectCleared, after, limit, kind)
	}
	return tx.exceptions(selectExceptions, after, limit, kind)
}

// CountExceptions counts the open items of each kind.
func (tx *Tx) CountExceptions() (map[billing.ExceptionKind]int, error) {
	counts := map[billing.ExceptionKind]int{}
	err := tx.query(countExceptions, func(r row) error {
		var kind billing.ExceptionKind
		var n int
		err := r.Scan(&kind, &n)
		counts[kind] = n
		return err
	})
	return counts, err
}

// ClearException writes who has dealt with an item and how; false when somebody
// had before.
func (tx *Tx) ClearException(id, by string, at money.Instant, note string) (bool, error) {
	n, err := tx.exec(clearException, id, by, at, note)
	return n == 1, err
}

func (tx *Tx) exceptions(s *statement, args ...any) (out []*Exception, err error) {
	err = tx.query(s, func(r row) error {
		e := &Exception{}
		if err := r.Scan(&e.ID, &e.Once, &e.Kind, &e.ContractID, &e.PaymentID, &e.CustomerID, &e.Reference, &e.Code, &e.Amount, &e.Reason, &e.Content,
			&e.OpenedOn, &e.Opened, &e.ClearedBy, &e.Cleared, &e.Note); err != nil {
			return err
		}
		var err error
		e.Content, err = exceptionContent.unseal(tx.db.keys, e.Content, e.ID)
		out = append(out, e)
		return err
	}, args...)
	return out, err
}
