package store

import "marque/internal/money"

// PayoffQuote is a payoff quote's row; what it says is in its document.
type PayoffQuote struct {
	ContractID  string
	EventSeq    int
	Key         string
	GoodThrough money.Date
	Total       money.Cents
	CodeHash    string // of the code by which a dealer or a buyer checks the letter
	DocumentID  string
}

const payoffColumns = `contract_id, event_seq, key, good_through, total, code_hash, document_id`

var (
	insertPayoffQuote       = stmt(`INSERT INTO payoff_quote (` + payoffColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	selectPayoffQuote       = stmt(`SELECT ` + payoffColumns + ` FROM payoff_quote WHERE contract_id = $1 AND event_seq = $2`)
	selectPayoffQuoteByKey  = stmt(`SELECT ` + payoffColumns + ` FROM payoff_quote WHERE contract_id = $1 AND key = $2`)
	selectPayoffQuoteByCode = stmt(`SELECT ` + payoffColumns + ` FROM payoff_quote WHERE code_hash = $1`)
)

// InsertPayoffQuote keeps a quote. A key that is taken is a *ConflictError.
func (tx *Tx) InsertPayoffQuote(q *PayoffQuote) {
	tx.later(insertPayoffQuote, q.ContractID, q.EventSeq, q.Key, q.GoodThrough, q.Total, q.CodeHash, q.DocumentID)
}

// PayoffQuote reads the quote that an event made.
func (tx *Tx) PayoffQuote(contractID string, seq int) (*PayoffQuote, error) {
	return tx.payoffQuote(selectPayoffQuote, contractID, seq)
}

// PayoffQuoteByKey reads the quote that a request made.
func (tx *Tx) PayoffQuoteByKey(contractID, key string) (*PayoffQuote, error) {
	return tx.payoffQuote(selectPayoffQuoteByKey, contractID, key)
}

// PayoffQuoteByCode reads the quote whose letter has a code, by its keyed hash.
func (tx *Tx) PayoffQuoteByCode(hash string) (*PayoffQuote, error) {
	return tx.payoffQuote(selectPayoffQuoteByCode, hash)
}

func (tx *Tx) payoffQuote(s *statement, args ...any) (*PayoffQuote, error) {
	q := &PayoffQuote{}
	err := tx.one(s, []any{&q.ContractID, &q.EventSeq, &q.Key, &q.GoodThrough, &q.Total, &q.CodeHash, &q.DocumentID}, args...)
	return q, err
}
