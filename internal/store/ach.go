package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

// ACHFile is a file to the bank; Content is encrypted at rest.
type ACHFile struct {
	ID, Name, Modifier string
	Date               money.Date
	Content, Hash      string
	Entries            int
	Total              money.Cents
	Created            money.Instant
}

// ACHEntry is one entry that went into a file to the bank, and into no other:
// its trace number is given once for ever. What it is about is a payment, or,
// for an entry that only tests an account, a payment method.
type ACHEntry struct {
	Trace, FileID        string
	Kind                 billing.EntryKind
	ContractID           string
	PaymentID            string
	CustomerID, MethodID string
	SEC                  string
	Amount               money.Cents
	Effective            money.Date
	ReturnCode           string
	ReturnedOn           money.Date
}

const achEntryColumns = `trace, file_id, kind, contract_id, payment_id, customer_id, method_id, sec, amount, effective, return_code, returned_on`

var (
	fileContent = encryptedBig(4, "ach_file", "content", "id")

	insertACHFile = stmt(`INSERT INTO ach_file (id, name, date, modifier, content, hash, entries, total, state, created_at, dropped_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'cut', $9, 0)`)
	selectACHFiles  = stmt(`SELECT id, name, date, modifier, content, hash, entries, total, created_at FROM ach_file WHERE state = 'cut' ORDER BY id`)
	countACHFilesOf = stmt(`SELECT COUNT(*) FROM ach_file WHERE date = $1`)
	dropACHFile     = stmt(`UPDATE ach_file SET state = 'dropped', dropped_at = $2 WHERE id = $1 AND state = 'cut'`)

	insertACHRead = stmt(`INSERT INTO ach_read (hash, name, read_on, read_at, entries) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO NOTHING`)
	selectACHRead = stmt(`SELECT name FROM ach_read WHERE hash = $1`)

	insertACHEntry = stmt(`INSERT INTO ach_entry (trace, file_id, kind, contract_id, payment_id, customer_id, method_id, sec, amount, effective, return_code, returned_on)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '')`)
	selectACHEntry  = stmt(`SELECT ` + achEntryColumns + ` FROM ach_entry WHERE trace = $1`)
	selectEntriesOf = stmt(`SELECT ` + achEntryColumns + ` FROM ach_entry WHERE contract_id = $1 AND payment_id = $2 ORDER BY trace`)
	returnACHEntry  = stmt(`UPDATE ach_entry SET return_code = $2, returned_on = $3 WHERE trace = $1 AND return_code = ''`)
)

// InsertACHFile keeps a file that has been cut, until it is dropped.
func (tx *Tx) InsertACHFile(f *ACHFile) error {
	sealed, err := fileContent.seal(tx.db.keys, f.Content, f.ID)
	if err != nil {
		return err
	}
	tx.later(insertACHFile, f.ID, f.Name, f.Date, f.Modifier, sealed, f.Hash, f.Entries, f.Total, f.Created)
	return nil
}

// ACHFilesToDrop reads files that were cut and not yet dropped.
func (tx *Tx) ACHFilesToDrop() ([]*ACHFile, error) { return tx.achFiles(selectACHFiles) }

func (tx *Tx) achFiles(s *statement, args ...any) (out []*ACHFile, err error) {
	err = tx.query(s, func(r row) error {
		f := &ACHFile{}
		if err := r.Scan(&f.ID, &f.Name, &f.Date, &f.Modifier, &f.Content, &f.Hash, &f.Entries, &f.Total, &f.Created); err != nil {
			return err
		}
		var err error
		f.Content, err = fileContent.unseal(tx.db.keys, f.Content, f.ID)
		out = append(out, f)
		return err
	}, args...)
	return out, err
}

// CountACHFiles counts the files cut for a date.
func (tx *Tx) CountACHFiles(date money.Date) (n int, err error) {
	err = tx.one(countACHFilesOf, []any{&n}, date)
	return n, err
}

// DropACHFile marks a file as dropped.
func (tx *Tx) DropACHFile(id string, at money.Instant) { tx.later(dropACHFile, id, at) }

// InsertACHRead remembers a file that was read.
func (tx *Tx) InsertACHRead(hash, name string, on money.Date, at money.Instant, entries int) {
	tx.later(insertACHRead, hash, name, on, at, entries)
}

// ACHRead says whether a file with this hash was read before.
func (tx *Tx) ACHRead(hash string) (bool, error) {
	var name string
	err := tx.one(selectACHRead, []any{&name}, hash)
	if err == ErrNotFound {
		return false, nil
	}
	return err == nil, err
}

// InsertACHEntry keeps that an entry stands in a file. A trace number that was
// given before is a *ConflictError, and so is a second live debit of a payment.
func (tx *Tx) InsertACHEntry(e *ACHEntry) {
	tx.later(insertACHEntry, e.Trace, e.FileID, e.Kind, e.ContractID, e.PaymentID, e.CustomerID, e.MethodID, e.SEC, e.Amount, e.Effective)
}

// ACHEntry finds the entry that a trace number was given to.
func (tx *Tx) ACHEntry(trace string) (*ACHEntry, error) {
	all, err := tx.achEntries(selectACHEntry, trace)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

// ACHEntriesOf reads the entries that were made for a payment, oldest first.
func (tx *Tx) ACHEntriesOf(contractID, payment string) ([]*ACHEntry, error) {
	return tx.achEntries(selectEntriesOf, contractID, payment)
}

// ReturnACHEntry writes that an entry came back; false when it had already.
func (tx *Tx) ReturnACHEntry(trace, code string, on money.Date) (bool, error) {
	n, err := tx.exec(returnACHEntry, trace, code, on)
	return n == 1, err
}

func (tx *Tx) achEntries(s *statement, args ...any) (out []*ACHEntry, err error) {
	err = tx.query(s, func(r row) error {
		e := &ACHEntry{}
		out = append(out, e)
		return r.Scan(&e.Trace, &e.FileID, &e.Kind, &e.ContractID, &e.PaymentID, &e.CustomerID, &e.MethodID, &e.SEC, &e.Amount, &e.Effective, &e.ReturnCode, &e.ReturnedOn)
	}, args...)
	return out, err
}
