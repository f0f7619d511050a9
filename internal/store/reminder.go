package store

import (
	"marque/internal/money"
)

// Reminder is what a contract's customers are to be told of by a day.
type Reminder struct {
	ContractID string
	Kind       string     // due, maturity, mileage
	About      money.Date // the due date, the lease's end or the day looked at
	LookOn     money.Date // zero when it is done with
	Step       string     // what is to be said then
}

const reminderColumns = `contract_id, kind, about, look_on, step`

var (
	insertReminder = stmt(`INSERT INTO reminder (` + reminderColumns + `) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (contract_id, kind, about) DO NOTHING`)
	selectReminder = stmt(`SELECT ` + reminderColumns + ` FROM reminder WHERE contract_id = $1 AND kind = $2 AND about = $3`)
	remindersDue   = stmt(`SELECT ` + reminderColumns + ` FROM reminder WHERE look_on <> '' AND look_on <= $1 ORDER BY look_on, contract_id LIMIT $2`)
	moveReminder   = stmt(`UPDATE reminder SET look_on = $4, step = $5 WHERE contract_id = $1 AND kind = $2 AND about = $3`)
)

func (r *Reminder) dest() []any {
	return []any{&r.ContractID, &r.Kind, &r.About, &r.LookOn, &r.Step}
}

// InsertReminder keeps what is to be told; one about the same is there already.
func (tx *Tx) InsertReminder(r Reminder) {
	tx.later(insertReminder, r.ContractID, r.Kind, r.About, r.LookOn, r.Step)
}

// Reminder finds what is to be told.
func (tx *Tx) Reminder(contractID, kind string, about money.Date) (r Reminder, err error) {
	err = tx.one(selectReminder, r.dest(), contractID, kind, about)
	return r, err
}

// RemindersDue lists what is to be looked at by a day.
func (tx *Tx) RemindersDue(on money.Date, limit int) (out []Reminder, err error) {
	err = tx.query(remindersDue, func(r row) error {
		var one Reminder
		err := r.Scan(one.dest()...)
		out = append(out, one)
		return err
	}, on, limit)
	return out, err
}

// MoveReminder sets the next look.
func (tx *Tx) MoveReminder(r Reminder) {
	tx.later(moveReminder, r.ContractID, r.Kind, r.About, r.LookOn, r.Step)
}
