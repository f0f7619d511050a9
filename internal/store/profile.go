package store

import (
	"marque/internal/money"
)

// ContactChange is a change of an e-mail address, a telephone number or a postal
// address. Both values are encrypted at rest.
type ContactChange struct {
	ID, CustomerID, Kind, Old, New, Session string
	Asked, Made                             money.Instant
}

// Consent is what somebody agreed to, or took back.
type Consent struct {
	ID, CustomerID, Kind       string
	Given                      bool
	Version, Text, Hash, Shown string
	IP, UserAgent              string
	At                         money.Instant
}

// Answer is the hash of an answer to a security question.
type Answer struct{ Question, Hash string }

// Approval is what one member of staff asked for and another must agree to.
type Approval struct {
	ID, Kind, CustomerID, Detail, Hash, Reason string
	AskedBy                                    string
	Asked                                      money.Instant
	DecidedBy                                  string
	Decided                                    money.Instant
	State                                      string
	Expires                                    money.Instant
}

const approvalColumns = `id, kind, customer_id, detail, hash, reason, asked_by, asked_at, decided_by, decided_at, state, expires_at`

var (
	contactOld = encryptedColumn("contact_change", "old_value", "id")
	contactNew = encryptedColumn("contact_change", "new_value", "id")
)

var (
	setEmail    = stmt(`UPDATE customer SET email = $2 WHERE id = $1`)
	setPhone    = stmt(`UPDATE customer SET phone = $2 WHERE id = $1`)
	setAddress  = stmt(`UPDATE customer SET street = $2, city = $3, state = $4, zip = $5 WHERE id = $1`)
	setLanguage = stmt(`UPDATE customer SET language = $2 WHERE id = $1`)

	insertContactChange = stmt(`INSERT INTO contact_change (id, customer_id, kind, old_value, new_value, session, asked_at, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	selectContactChange = stmt(`SELECT id, customer_id, kind, old_value, new_value, session, asked_at, made_at FROM contact_change WHERE id = $1 AND customer_id = $2`)
	makeContactChange   = stmt(`UPDATE contact_change SET made_at = $2 WHERE id = $1 AND made_at = 0`)
	selectContactMade   = stmt(`SELECT made_at FROM contact_change WHERE customer_id = $1 AND kind = $2 AND made_at > 0 ORDER BY made_at DESC LIMIT 1`)

	insertConsent = stmt(`INSERT INTO consent (id, customer_id, kind, given, version, text, hash, shown, ip, user_agent, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	selectConsent = stmt(`SELECT id, customer_id, kind, given, version, text, hash, shown, ip, user_agent, at FROM consent
		WHERE customer_id = $1 AND kind = $2 ORDER BY at DESC, id DESC LIMIT 1`)

	dropAnswers   = stmt(`DELETE FROM answer WHERE owner = $1`)
	insertAnswer  = stmt(`INSERT INTO answer (owner, question, hash, set_at) VALUES ($1, $2, $3, $4)`)
	selectAnswers = stmt(`SELECT question, hash FROM answer WHERE owner = $1 ORDER BY question`)

	selectAgreed = stmt(`SELECT ` + approvalColumns + ` FROM approval WHERE kind = $1 AND customer_id = $2 AND state = 'agreed' AND expires_at > $3 ORDER BY asked_at DESC LIMIT 1`)
	useApproval  = stmt(`UPDATE approval SET state = 'used' WHERE id = $1 AND state = 'agreed' AND expires_at > $2`)
)

// SetEmail replaces a customer's e-mail address.
func (tx *Tx) SetEmail(customer, email string) { tx.later(setEmail, customer, email) }

// SetPhone replaces a customer's telephone number.
func (tx *Tx) SetPhone(customer, phone string) { tx.later(setPhone, customer, phone) }

// SetAddress replaces a customer's postal address.
func (tx *Tx) SetAddress(customer, street, city, state, zip string) {
	tx.later(setAddress, customer, street, city, state, zip)
}

// SetLanguage sets the language of a customer's messages.
func (tx *Tx) SetLanguage(customer, language string) { tx.later(setLanguage, customer, language) }

// InsertContactChange keeps a change that was asked for, or made.
func (tx *Tx) InsertContactChange(c *ContactChange) error {
	was, err := contactOld.seal(tx.db.keys, c.Old, c.ID)
	if err != nil {
		return err
	}
	is, err := contactNew.seal(tx.db.keys, c.New, c.ID)
	if err == nil {
		tx.later(insertContactChange, c.ID, c.CustomerID, c.Kind, was, is, c.Session, c.Asked, c.Made)
	}
	return err
}

// ContactChange finds a customer's change.
func (tx *Tx) ContactChange(id, customer string) (*ContactChange, error) {
	c := &ContactChange{}
	err := tx.one(selectContactChange, []any{&c.ID, &c.CustomerID, &c.Kind, &c.Old, &c.New, &c.Session, &c.Asked, &c.Made}, id, customer)
	if err != nil {
		return nil, err
	}
	if c.Old, err = contactOld.unseal(tx.db.keys, c.Old, c.ID); err != nil {
		return nil, err
	}
	c.New, err = contactNew.unseal(tx.db.keys, c.New, c.ID)
	return c, err
}

// MakeContactChange notes that a change was confirmed; false when it was before.
func (tx *Tx) MakeContactChange(id string, at money.Instant) (bool, error) {
	n, err := tx.exec(makeContactChange, id, at)
	return n == 1, err
}

// ContactChanged is when a customer's address of a kind was last changed;
// ErrNotFound when it never was.
func (tx *Tx) ContactChanged(customer, kind string) (at money.Instant, err error) {
	err = tx.one(selectContactMade, []any{&at}, customer, kind)
	return at, err
}

// InsertConsent keeps what was agreed to.
func (tx *Tx) InsertConsent(c *Consent) {
	given := 0
	if c.Given {
		given = 1
	}
	tx.later(insertConsent, c.ID, c.CustomerID, c.Kind, given, c.Version, c.Text, c.Hash, c.Shown, c.IP, c.UserAgent, c.At)
}

// Consent is what a customer last said about something; ErrNotFound when nothing.
func (tx *Tx) Consent(customer, kind string) (*Consent, error) {
	c := &Consent{}
	err := tx.one(selectConsent, []any{&c.ID, &c.CustomerID, &c.Kind, &c.Given, &c.Version, &c.Text, &c.Hash, &c.Shown, &c.IP, &c.UserAgent, &c.At}, customer, kind)
	return c, err
}

// SetAnswers replaces an owner's answers.
func (tx *Tx) SetAnswers(owner string, all []Answer, at money.Instant) {
	tx.later(dropAnswers, owner)
	for _, a := range all {
		tx.later(insertAnswer, owner, a.Question, a.Hash, at)
	}
}

// Answers lists an owner's questions with the hashes of their answers.
func (tx *Tx) Answers(owner string) (out []Answer, err error) {
	err = tx.query(selectAnswers, func(r row) error {
		out = append(out, Answer{})
		a := &out[len(out)-1]
		return r.Scan(&a.Question, &a.Hash)
	}, owner)
	return out, err
}

// AgreedApproval finds what was agreed to about a customer and not used yet.
func (tx *Tx) AgreedApproval(kind, customer string, now money.Instant) (*Approval, error) {
	a := &Approval{}
	err := tx.one(selectAgreed, a.dest(), kind, customer, now)
	return a, err
}

func (a *Approval) dest() []any {
	return []any{&a.ID, &a.Kind, &a.CustomerID, &a.Detail, &a.Hash, &a.Reason, &a.AskedBy, &a.Asked, &a.DecidedBy, &a.Decided, &a.State, &a.Expires}
}

// UseApproval uses up what was agreed to; false when it was used before.
func (tx *Tx) UseApproval(a *Approval, now money.Instant) (bool, error) {
	n, err := tx.exec(useApproval, a.ID, now)
	return n == 1, err
}
