package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

// Autopay is an authorisation's row: what was agreed to, which does not change, and
// where it stands.
type Autopay struct {
	ContractID, ID, Key, InputHash    string
	CustomerID, MethodID, AgreementID string
	Version                           string // of the wording
	Signed                            string // as typed
	Session                           string
	Plan                              billing.AutopayPlan
	Agreed                            money.Cents // each draft as a rule
	FirstDate                         money.Date
	FirstAmount                       money.Cents
	SignedOn                          money.Date // the business date

	Made     int         // drafts so far
	Previous money.Cents // the last of them
	Moved    bool        // the next draft's date is another than was agreed to
	PausedBy string      // customer or deferral
	LookOn   money.Date  // when its next drafts are looked at for notices

	Started, Ended money.Instant
	EndReason      string
	KeepUntil      money.Date // once ended
}

const autopayColumns = `contract_id, id, key, input_hash, customer_id, method_id, agreement_id, version, signed, session,
	rhythm, first_day, second_day, weekday, anchor, extra, fixed, last_date, drafts, paused_from, paused_until, skip_on, tell, least, most,
	agreed, first_date, first_amount, signed_on, made, previous, moved, paused_by, look_on, started_at, ended_at, end_reason, keep_until`

var (
	insertAutopay = stmt(`INSERT INTO autopay (` + autopayColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
		$20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38)`)
	selectAutopay      = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 AND ended_at = 0`)
	selectAutopayByID  = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 AND id = $2`)
	selectAutopayByKey = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 AND key = $2`)
	selectAutopays     = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 ORDER BY started_at DESC, id DESC`)
	updateAutopay      = stmt(`UPDATE autopay SET paused_from = $3, paused_until = $4, skip_on = $5, made = $6, previous = $7, moved = $8, paused_by = $9, look_on = $10
		WHERE contract_id = $1 AND id = $2`)
	endAutopay        = stmt(`UPDATE autopay SET ended_at = $2, end_reason = $3, keep_until = $4, look_on = '' WHERE contract_id = $1 AND ended_at = 0`)
	countAutopayUsing = stmt(`SELECT COUNT(*) FROM autopay WHERE customer_id = $1 AND method_id = $2 AND ended_at = 0`)
	selectLooksDue    = stmt(`SELECT contract_id FROM autopay WHERE look_on <> '' AND look_on <= $1 ORDER BY look_on, contract_id LIMIT $2`)

	insertAutopayNotice = stmt(`INSERT INTO autopay_notice (contract_id, autopay_id, draft_on, amount, notice_once, sent_on) VALUES ($1, $2, $3, $4, $5, $6)`)
	selectAutopayNotice = stmt(`SELECT draft_on, amount, sent_on FROM autopay_notice a WHERE contract_id = $1 AND autopay_id = $2 AND draft_on >= $3
		AND NOT EXISTS (SELECT 1 FROM notice WHERE once = a.notice_once AND state IN ('failed', 'expired')) ORDER BY draft_on, sent_on`)
)

// InsertAutopay adds an authorisation. A second one in force is a *ConflictError.
func (tx *Tx) InsertAutopay(a *Autopay) {
	p := &a.Plan
	tx.later(insertAutopay, a.ContractID, a.ID, a.Key, a.InputHash, a.CustomerID, a.MethodID, a.AgreementID, a.Version, a.Signed, a.Session,
		p.Rhythm, p.Day, p.Second, int(p.Weekday), p.Anchor, p.Extra, p.Fixed, p.LastDate, p.Count, p.PausedFrom, p.PausedUntil, p.Skip, p.Tell, p.Least, p.Most,
		a.Agreed, a.FirstDate, a.FirstAmount, a.SignedOn, a.Made, a.Previous, flag(a.Moved), a.PausedBy, a.LookOn, a.Started, a.Ended, a.EndReason, a.KeepUntil)
}

// SaveAutopay writes where an authorisation stands.
func (tx *Tx) SaveAutopay(a *Autopay) {
	p := &a.Plan
	tx.later(updateAutopay, a.ContractID, a.ID, p.PausedFrom, p.PausedUntil, p.Skip, a.Made, a.Previous, flag(a.Moved), a.PausedBy, a.LookOn)
}

// Autopay reads the authorisation in force.
func (tx *Tx) Autopay(contractID string) (*Autopay, error) {
	return tx.autopay(selectAutopay, contractID)
}

// AutopayByID reads an authorisation, in force or not.
func (tx *Tx) AutopayByID(contractID, id string) (*Autopay, error) {
	return tx.autopay(selectAutopayByID, contractID, id)
}

// AutopayByKey finds the authorisation that a key has already made.
func (tx *Tx) AutopayByKey(contractID, key string) (*Autopay, error) {
	return tx.autopay(selectAutopayByKey, contractID, key)
}

// LastAutopay reads the newest authorisation, in force or not.
func (tx *Tx) LastAutopay(contractID string) (*Autopay, error) {
	return tx.autopay(selectAutopays, contractID)
}

// Autopays reads a contract's authorisations, newest first.
func (tx *Tx) Autopays(contractID string) ([]*Autopay, error) {
	return tx.autopays(selectAutopays, contractID)
}

func (tx *Tx) autopay(s *statement, args ...any) (*Autopay, error) {
	all, err := tx.autopays(s, args...)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

func (tx *Tx) autopays(s *statement, args ...any) (out []*Autopay, err error) {
	err = tx.query(s, func(r row) error {
		a, moved := &Autopay{}, 0
		p := &a.Plan
		err := r.Scan(&a.ContractID, &a.ID, &a.Key, &a.InputHash, &a.CustomerID, &a.MethodID, &a.AgreementID, &a.Version, &a.Signed, &a.Session,
			&p.Rhythm, &p.Day, &p.Second, &p.Weekday, &p.Anchor, &p.Extra, &p.Fixed, &p.LastDate, &p.Count, &p.PausedFrom, &p.PausedUntil, &p.Skip, &p.Tell, &p.Least, &p.Most,
			&a.Agreed, &a.FirstDate, &a.FirstAmount, &a.SignedOn, &a.Made, &a.Previous, &moved, &a.PausedBy, &a.LookOn, &a.Started, &a.Ended, &a.EndReason, &a.KeepUntil)
		a.Moved = moved == 1
		out = append(out, a)
		return err
	}, args...)
	return out, err
}

// EndAutopay ends the authorisation in force; false when there was none. What was
// agreed to is kept until a date.
func (tx *Tx) EndAutopay(contractID string, at money.Instant, reason string, keep money.Date) (bool, error) {
	n, err := tx.exec(endAutopay, contractID, at, reason, keep)
	return n == 1, err
}

// CountAutopayUsing counts a payment method's authorisations in force.
func (tx *Tx) CountAutopayUsing(customer, method string) (n int, err error) {
	err = tx.one(countAutopayUsing, []any{&n}, customer, method)
	return n, err
}

// AutopayLooksDue names contracts whose next drafts are to be looked at for
// notices by a date.
func (tx *Tx) AutopayLooksDue(by money.Date, limit int) ([]string, error) {
	return tx.ids(selectLooksDue, by, limit)
}

// InsertAutopayNotice notes that a draft's date and amount were told; once is what
// the message was enqueued under.
func (tx *Tx) InsertAutopayNotice(a *Autopay, told billing.Told, once string) {
	tx.later(insertAutopayNotice, a.ContractID, a.ID, told.Date, told.Amount, once, told.Sent)
}

// AutopayNotices reads the notices of an authorisation's drafts from a date on,
// without those whose message could not be delivered.
func (tx *Tx) AutopayNotices(a *Autopay, from money.Date) (out []billing.Told, err error) {
	err = tx.query(selectAutopayNotice, func(r row) error {
		var t billing.Told
		err := r.Scan(&t.Date, &t.Amount, &t.Sent)
		out = append(out, t)
		return err
	}, a.ContractID, a.ID, from)
	return out, err
}
