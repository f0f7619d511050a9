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
