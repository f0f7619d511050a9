package store

import "marque/internal/money"

// Autopay is an enrolment's row.
type Autopay struct {
	ContractID, ID, Key, InputHash    string
	CustomerID, MethodID, AgreementID string
	FirstDate                         money.Date
	FirstAmount                       money.Cents
	Started, Ended                    money.Instant
	EndReason                         string
}

const autopayColumns = `contract_id, id, key, input_hash, customer_id, method_id, agreement_id, first_date, first_amount, started_at, ended_at, end_reason`

var (
	insertAutopay      = stmt(`INSERT INTO autopay (` + autopayColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	selectAutopay      = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 AND ended_at = 0`)
	selectAutopayByKey = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 AND key = $2`)
	selectLastAutopay  = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 ORDER BY started_at DESC, id DESC LIMIT 1`)
	endAutopay         = stmt(`UPDATE autopay SET ended_at = $2, end_reason = $3 WHERE contract_id = $1 AND ended_at = 0`)
	countAutopayUsing  = stmt(`SELECT COUNT(*) FROM autopay WHERE customer_id = $1 AND method_id = $2 AND ended_at = 0`)
)

// InsertAutopay adds an enrolment. A second one in force is a *ConflictError.
func (tx *Tx) InsertAutopay(a *Autopay) {
	tx.later(insertAutopay, a.ContractID, a.ID, a.Key, a.InputHash, a.CustomerID, a.MethodID, a.AgreementID, a.FirstDate, a.FirstAmount, a.Started, a.Ended, a.EndReason)
}

// Autopay reads the enrolment in force.
func (tx *Tx) Autopay(contractID string) (*Autopay, error) {
	return tx.autopay(selectAutopay, contractID)
}

// LastAutopay reads the newest enrolment, in force or not.
func (tx *Tx) LastAutopay(contractID string) (*Autopay, error) {
	return tx.autopay(selectLastAutopay, contractID)
}

// AutopayByKey finds the enrolment that a key has already made.
func (tx *Tx) AutopayByKey(contractID, key string) (*Autopay, error) {
	return tx.autopay(selectAutopayByKey, contractID, key)
}

func (tx *Tx) autopay(s *statement, args ...any) (*Autopay, error) {
	a := &Autopay{}
	err := tx.one(s, []any{&a.ContractID, &a.ID, &a.Key, &a.InputHash, &a.CustomerID, &a.MethodID, &a.AgreementID, &a.FirstDate, &a.FirstAmount, &a.Started, &a.Ended, &a.EndReason}, args...)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// EndAutopay ends the enrolment in force; false when there was none.
func (tx *Tx) EndAutopay(contractID string, at money.Instant, reason string) (bool, error) {
	n, err := tx.exec(endAutopay, contractID, at, reason)
	return n == 1, err
}

// CountAutopayUsing counts a bank account's enrolments in force.
func (tx *Tx) CountAutopayUsing(customer, bankAccount string) (n int, err error) {
	err = tx.one(countAutopayUsing, []any{&n}, customer, bankAccount)
	return n, err
}
