package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

var (
	selectWaitingOn = stmt(`SELECT ` + paymentColumns + ` FROM payment
		WHERE customer_id = $1 AND method_id = $2 AND state IN ('scheduled', 'authorised') ORDER BY contract_id, id`)
	selectAutopaysOn = stmt(`SELECT a.contract_id FROM autopay a JOIN contract_party p ON p.contract_id = a.contract_id AND p.customer_id = a.customer_id
		WHERE p.customer_id = $1 AND a.method_id = $2 AND a.ended_at = 0 ORDER BY a.contract_id`)
	selectReversalsToSend = stmt(`SELECT ` + paymentColumns + ` FROM payment p WHERE state = 'reversed' AND rail = 'ach'
		AND NOT EXISTS (SELECT 1 FROM ach_entry e WHERE e.payment_id = p.id AND e.kind = 'reversal')
		AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.once = 'reversal:' || p.id) ORDER BY id`)

	selectSentDebits = stmt(`SELECT effective, COUNT(*) FROM ach_entry
		WHERE effective >= $1 AND effective <= $2 AND kind IN ('debit', 'retry', 'micro_debit') GROUP BY effective ORDER BY effective`)
	selectReturnedDebits = stmt(`SELECT returned_on, return_code, COUNT(*) FROM ach_entry
		WHERE returned_on >= $1 AND returned_on <= $2 AND kind IN ('debit', 'retry', 'micro_debit') GROUP BY returned_on, return_code ORDER BY returned_on, return_code`)

	selectACHFilesAfter     = stmt(`SELECT id, name, date, modifier, content, hash, entries, total, created_at FROM ach_file WHERE id > $1 ORDER BY id LIMIT 1`)
	selectEntriesOfFile     = stmt(`SELECT ` + achEntryColumns + ` FROM ach_entry WHERE file_id = $1 ORDER BY trace`)
	selectEntriesOfContract = stmt(`SELECT ` + achEntryColumns + ` FROM ach_entry WHERE contract_id = $1 ORDER BY trace`)

	keepSetting = stmt(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`)
	takeSetting = stmt(`UPDATE setting SET value = value WHERE name = $1 RETURNING value`)
)

// PaymentsWaitingOn reads a customer's payments by a method that have not gone to
// the bank, in the order of their contracts.
func (tx *Tx) PaymentsWaitingOn(customer, method string) ([]*Payment, error) {
	return tx.payments(selectWaitingOn, customer, method)
}

// AutopaysOn names the contracts that a customer's autopay draws a method for.
func (tx *Tx) AutopaysOn(customer, method string) (out []string, err error) {
	err = tx.query(selectAutopaysOn, func(r row) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	}, customer, method)
	return out, err
}

// ReversalsToSend reads reversed bank payments whose reversal is in no file, and
// has not been given up.
func (tx *Tx) ReversalsToSend() ([]*Payment, error) { return tx.payments(selectReversalsToSend) }

// SentDebits counts the debits by the day they settle, from one day to another.
func (tx *Tx) SentDebits(from, to money.Date) (out []billing.SentDebits, err error) {
	err = tx.query(selectSentDebits, func(r row) error {
		var s billing.SentDebits
		err := r.Scan(&s.Date, &s.Entries)
		out = append(out, s)
		return err
	}, from, to)
	return out, err
}

// ReturnedDebits counts the debits that came back by day and code.
func (tx *Tx) ReturnedDebits(from, to money.Date) (out []billing.ReturnedDebits, err error) {
	err = tx.query(selectReturnedDebits, func(r row) error {
		var b billing.ReturnedDebits
		err := r.Scan(&b.Date, &b.Code, &b.Entries)
		out = append(out, b)
		return err
	}, from, to)
	return out, err
}

// ACHFileAfter reads the next file to the bank in the order of their ids, dropped
// or not; ErrNotFound after the last.
func (tx *Tx) ACHFileAfter(id string) (*ACHFile, error) {
	all, err := tx.achFiles(selectACHFilesAfter, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

// ACHEntriesOfFile reads what was put into a file, in the order of trace numbers.
func (tx *Tx) ACHEntriesOfFile(id string) ([]*ACHEntry, error) {
	return tx.achEntries(selectEntriesOfFile, id)
}

// ACHEntriesOfContract reads every entry that was made for a contract.
func (tx *Tx) ACHEntriesOfContract(id string) ([]*ACHEntry, error) {
	return tx.achEntries(selectEntriesOfContract, id)
}

// TakeSetting reads a setting, first if there is none, and holds its row until
// the transaction ends.
func (tx *Tx) TakeSetting(name, first string) (value string, err error) {
	if _, err := tx.exec(keepSetting, name, first); err != nil {
		return "", err
	}
	err = tx.one(takeSetting, []any{&value}, name)
	return value, err
}
