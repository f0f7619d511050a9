package store

import (
	"marque/internal/money"
)

// Preference is what a customer chose about a group of messages and a way.
type Preference struct {
	Group, Channel string
	Wanted         bool
}

// Hours are the quiet hours that a customer chose.
type Hours struct {
	Zone     string
	From, To int // minutes after midnight
}

var (
	selectPreferences = stmt(`SELECT event_group, channel, wanted FROM notice_preference WHERE customer_id = $1 ORDER BY event_group, channel`)
	setPreference     = stmt(`INSERT INTO notice_preference (customer_id, event_group, channel, wanted, set_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (customer_id, event_group, channel) DO UPDATE SET wanted = $4, set_at = $5`)
	selectHours = stmt(`SELECT zone, from_minute, to_minute FROM quiet_hours WHERE customer_id = $1`)
	setHours    = stmt(`INSERT INTO quiet_hours (customer_id, zone, from_minute, to_minute, set_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (customer_id) DO UPDATE SET zone = $2, from_minute = $3, to_minute = $4, set_at = $5`)

	markFailing   = stmt(`INSERT INTO failing_address (channel, address_hash, reason, since) VALUES ($1, $2, $3, $4) ON CONFLICT (channel, address_hash) DO NOTHING`)
	selectFailing = stmt(`SELECT since FROM failing_address WHERE channel = $1 AND address_hash = $2`)
	clearFailing  = stmt(`DELETE FROM failing_address WHERE channel = $1 AND address_hash = $2`)

	stopTexts    = stmt(`INSERT INTO text_stop (number_hash, word, at) VALUES ($1, $2, $3) ON CONFLICT (number_hash) DO NOTHING`)
	selectStop   = stmt(`SELECT at FROM text_stop WHERE number_hash = $1`)
	startTexts   = stmt(`DELETE FROM text_stop WHERE number_hash = $1`)
	whoHasNumber = stmt(`SELECT id FROM customer WHERE phone = $1 ORDER BY id`)
)

// Preferences reads what a customer chose.
func (tx *Tx) Preferences(customer string) (out []Preference, err error) {
	err = tx.query(selectPreferences, func(r row) error {
		var p Preference
		var wanted int
		err := r.Scan(&p.Group, &p.Channel, &wanted)
		p.Wanted = wanted == 1
		out = append(out, p)
		return err
	}, customer)
	return out, err
}

// SetPreference keeps what a customer chose.
func (tx *Tx) SetPreference(customer string, p Preference, at money.Instant) {
	wanted := 0
	if p.Wanted {
		wanted = 1
	}
	tx.later(setPreference, customer, p.Group, p.Channel, wanted, at)
}

// QuietHours reads the quiet hours that a customer chose; ErrNotFound when none.
func (tx *Tx) QuietHours(customer string) (h Hours, err error) {
	err = tx.one(selectHours, []any{&h.Zone, &h.From, &h.To}, customer)
	return h, err
}

// SetQuietHours keeps the quiet hours that a customer chose.
func (tx *Tx) SetQuietHours(customer string, h Hours, at money.Instant) {
	tx.later(setHours, customer, h.Zone, h.From, h.To, at)
}

// AddressHash is by what an address is looked up that is not kept itself.
func (tx *Tx) AddressHash(channel, address string) string {
	return tx.db.keys.Hash("reach "+channel, address)
}

// MarkFailing notes that nothing arrives at the address with a hash.
func (tx *Tx) MarkFailing(channel, hash, reason string, at money.Instant) {
	tx.later(markFailing, channel, hash, reason, at)
}

// FailingSince says since when nothing arrives at an address; 0 when it does.
func (tx *Tx) FailingSince(channel, address string) (since money.Instant, err error) {
	err = absent(tx.one(selectFailing, []any{&since}, channel, tx.AddressHash(channel, address)))
	return since, err
}

// ClearFailing counts on an address again.
func (tx *Tx) ClearFailing(channel, address string) {
	tx.later(clearFailing, channel, tx.AddressHash(channel, address))
}

// StopTexts notes that a number wants no more text messages.
func (tx *Tx) StopTexts(number, word string, at money.Instant) {
	tx.later(stopTexts, tx.AddressHash("text", number), word, at)
}

// TextsStopped says since when a number wants no text messages; 0 when it may get
// them.
func (tx *Tx) TextsStopped(number string) (since money.Instant, err error) {
	err = absent(tx.one(selectStop, []any{&since}, tx.AddressHash("text", number)))
	return since, err
}

// StartTexts takes a STOP back; false when there was none.
func (tx *Tx) StartTexts(number string) (bool, error) {
	rows, err := tx.exec(startTexts, tx.AddressHash("text", number))
	return rows == 1, err
}

// CustomersWithPhone lists who has a telephone number on file.
func (tx *Tx) CustomersWithPhone(number string) (out []string, err error) {
	err = tx.query(whoHasNumber, func(r row) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	}, number)
	return out, err
}
