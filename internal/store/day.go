package store

import (
	"marque/internal/money"
)

// Statement is a statement's row; what it says is in its document.
type Statement struct {
	ContractID     string
	Closing        money.Date
	DueDate        money.Date
	AmountDue      money.Cents
	ClosingBalance money.Cents
	LastEntry      int
	DocumentID     string
}

const statementColumns = `contract_id, closing, due_date, amount_due, closing_balance, last_entry, document_id`

var (
	insertStatement     = stmt(`INSERT INTO statement (` + statementColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	selectStatement     = stmt(`SELECT ` + statementColumns + ` FROM statement WHERE contract_id = $1 AND closing = $2`)
	selectStatements    = stmt(`SELECT ` + statementColumns + ` FROM statement WHERE contract_id = $1 ORDER BY closing DESC`)
	selectLastStatement = stmt(`SELECT ` + statementColumns + ` FROM statement WHERE contract_id = $1 ORDER BY closing DESC LIMIT 1`)

	selectStatementsDue = stmt(`SELECT id FROM contract WHERE statement_on <> '' AND statement_on <= $1 ORDER BY statement_on, id LIMIT $2`)
	selectLateFeesDue   = stmt(`SELECT id FROM contract WHERE late_fee_on <> '' AND late_fee_on <= $1 ORDER BY late_fee_on, id LIMIT $2`)
	selectDraftsDue     = stmt(`SELECT id FROM contract WHERE draft_on <> '' AND draft_on <= $1 ORDER BY draft_on, id LIMIT $2`)
	selectPapersDue     = stmt(`SELECT id FROM contract WHERE papers_on <> '' AND papers_on <= $1 ORDER BY papers_on, id LIMIT $2`)
)

// InsertStatement keeps a statement. A second one with the same closing date is a *ConflictError.
func (tx *Tx) InsertStatement(s *Statement) {
	tx.later(insertStatement, s.ContractID, s.Closing, s.DueDate, s.AmountDue, s.ClosingBalance, s.LastEntry, s.DocumentID)
}

// Statement reads one statement.
func (tx *Tx) Statement(contractID string, closing money.Date) (*Statement, error) {
	return tx.statement(selectStatement, contractID, closing)
}

// LastStatement reads the newest statement.
func (tx *Tx) LastStatement(contractID string) (*Statement, error) {
	return tx.statement(selectLastStatement, contractID)
}

func (tx *Tx) statement(s *statement, args ...any) (*Statement, error) {
	all, err := tx.statements(s, args...)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

// Statements reads a contract's statements, newest first.
func (tx *Tx) Statements(contractID string) ([]*Statement, error) {
	return tx.statements(selectStatements, contractID)
}

func (tx *Tx) statements(s *statement, args ...any) (out []*Statement, err error) {
	err = tx.query(s, func(r row) error {
		s := &Statement{}
		out = append(out, s)
		return r.Scan(&s.ContractID, &s.Closing, &s.DueDate, &s.AmountDue, &s.ClosingBalance, &s.LastEntry, &s.DocumentID)
	}, args...)
	return out, err
}

// StatementsDue names contracts whose statement closes by a date.
func (tx *Tx) StatementsDue(by money.Date, limit int) ([]string, error) {
	return tx.ids(selectStatementsDue, by, limit)
}

// LateFeesDue names contracts that may have a late fee by a date.
func (tx *Tx) LateFeesDue(by money.Date, limit int) ([]string, error) {
	return tx.ids(selectLateFeesDue, by, limit)
}

// DraftsDue names contracts whose autopay draws by a date.
func (tx *Tx) DraftsDue(by money.Date, limit int) ([]string, error) {
	return tx.ids(selectDraftsDue, by, limit)
}

// PapersDue names contracts that may have papers to make by a date.
func (tx *Tx) PapersDue(by money.Date, limit int) ([]string, error) {
	return tx.ids(selectPapersDue, by, limit)
}

func (tx *Tx) ids(s *statement, args ...any) (out []string, err error) {
	err = tx.query(s, func(r row) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	}, args...)
	return out, err
}

// Notice is a message's row; Content is encrypted at rest.
type Notice struct {
	ID, Once, CustomerID, Kind string
	Content                    string
	Attempts                   int
	TryAt, ExpiresAt, Created  money.Instant
}

var (
	noticeContent = encryptedColumn("notice", "content", "id")

	insertNotice = stmt(`INSERT INTO notice (id, once, customer_id, kind, content, state, attempts, try_at, expires_at, error, created_at, sent_at)
		VALUES ($1, $2, $3, $4, $5, 'queued', 0, $6, $7, '', $8, 0) ON CONFLICT (once) DO NOTHING`)
	selectNotices = stmt(`SELECT id, once, customer_id, kind, content, attempts, try_at, expires_at, created_at
		FROM notice WHERE state = 'queued' AND try_at <= $1 AND (try_at > $2 OR try_at = $2 AND id > $3) ORDER BY try_at, id LIMIT $4`)
	claimNotice  = stmt(`UPDATE notice SET try_at = $3, attempts = attempts + 1 WHERE id = $1 AND state = 'queued' AND try_at = $2`)
	finishNotice = stmt(`UPDATE notice SET state = $2, error = $3, sent_at = $4, content = CASE WHEN $5 THEN '' ELSE content END WHERE id = $1 AND state = 'queued'`)
	delayNotice  = stmt(`UPDATE notice SET try_at = $2, error = $3 WHERE id = $1`)
)

// InsertNotice enqueues a message. One with the same Once is already there: nothing is added.
func (tx *Tx) InsertNotice(n *Notice) error {
	sealed, err := noticeContent.seal(tx.db.keys, n.Content, n.ID)
	if err != nil {
		return err
	}
	tx.later(insertNotice, n.ID, n.Once, n.CustomerID, n.Kind, sealed, n.TryAt, n.ExpiresAt, n.Created)
	return nil
}

// QueuedNotices reads messages whose time has come, in the order of their times,
// from the one after the given one on; nil begins with the first. One whose
// content cannot be decrypted comes without it.
func (tx *Tx) QueuedNotices(now money.Instant, after *Notice, limit int) (out []*Notice, err error) {
	if after == nil {
		after = &Notice{TryAt: -1}
	}
	err = tx.query(selectNotices, func(r row) error {
		n := &Notice{}
		if err := r.Scan(&n.ID, &n.Once, &n.CustomerID, &n.Kind, &n.Content, &n.Attempts, &n.TryAt, &n.ExpiresAt, &n.Created); err != nil {
			return err
		}
		var err error
		if n.Content, err = noticeContent.unseal(tx.db.keys, n.Content, n.ID); err != nil {
			n.Content = "" // one that cannot be read does not stop the others
		}
		out = append(out, n)
		return nil
	}, now, after.TryAt, after.ID, limit)
	return out, err
}

// ClaimNotice takes a message for one attempt; false when another process has it.
func (tx *Tx) ClaimNotice(n *Notice, until money.Instant) (bool, error) {
	rows, err := tx.exec(claimNotice, n.ID, n.TryAt, until)
	return rows == 1, err
}

// FinishNotice ends a message's way: sent, failed or expired. One that has ended
// already stays as it ended. forget drops its content: a code is not kept.
func (tx *Tx) FinishNotice(id, state, reason string, at money.Instant, forget bool) {
	tx.later(finishNotice, id, state, reason, at, forget)
}

// DelayNotice sets the next attempt.
func (tx *Tx) DelayNotice(id, reason string, next money.Instant) {
	tx.later(delayNotice, id, next, reason)
}
