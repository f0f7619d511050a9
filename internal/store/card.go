package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

// CardCharge is what is asked of the processor of cards for one payment, and what
// it has told. Its Facts are added to, never taken away.
type CardCharge struct {
	ContractID, PaymentID, CustomerID string
	Kind                              string // page: on the processor's own; saved: a card on file
	Amount                            money.Cents
	Description, Back                 string
	Processor, Token                  string
	Asked, Expires, Close             money.Instant
	TryAt                             money.Instant
	Attempts                          int
	SessionID, PageURL, IntentID      string
	Facts                             billing.CardFacts
}

const chargeColumns = `contract_id, payment_id, customer_id, kind, amount, description, back, processor, token, asked_at, expires_at, close_at, try_at, attempts,
	session_id, page_url, intent_id, opened, processing, charged, differs, charged_at, failed, expired, refunded, unrefunded,
	dispute_id, dispute_state, dispute_amount, dispute_code, decline, reason, brand, last4, funding`

var (
	insertCharge = stmt(`INSERT INTO card_charge (` + chargeColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, $11, 0,
		'', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '', 0, '', '', '', '', '', '')`)
	selectCharge         = stmt(`SELECT ` + chargeColumns + ` FROM card_charge WHERE payment_id = $1`)
	selectChargeByIntent = stmt(`SELECT ` + chargeColumns + ` FROM card_charge WHERE intent_id = $1`)
	selectChargeWork     = stmt(`SELECT ` + chargeColumns + ` FROM card_charge WHERE try_at > 0 AND try_at <= $1 ORDER BY try_at, payment_id LIMIT $2`)
	selectOpenCharges    = stmt(`SELECT ` + chargeColumns + ` FROM card_charge WHERE try_at > 0 AND payment_id > $1 ORDER BY payment_id LIMIT $2`)
	claimCharge          = stmt(`UPDATE card_charge SET try_at = $3, attempts = attempts + 1, asked_at = CASE WHEN asked_at = 0 THEN $4 ELSE asked_at END
		WHERE payment_id = $1 AND try_at = $2`)
	updateCharge = stmt(`UPDATE card_charge SET close_at = $3, try_at = $4, session_id = $5, page_url = $6, intent_id = $7, opened = $8, processing = $9,
		charged = $10, differs = $11, charged_at = $12, failed = $13, expired = $14, refunded = $15, unrefunded = $16, dispute_id = $17, dispute_state = $18,
		dispute_amount = $19, dispute_code = $20, decline = $21, reason = $22, brand = $23, last4 = $24, funding = $25 WHERE contract_id = $1 AND payment_id = $2`)
	wakeCharge      = stmt(`UPDATE card_charge SET try_at = $2 WHERE payment_id = $1 AND asked_at > 0`)
	dropCharge      = stmt(`UPDATE card_charge SET try_at = 0 WHERE payment_id = $1 AND asked_at = 0`)
	selectChargesOf = stmt(`SELECT ` + chargeColumns + ` FROM card_charge WHERE contract_id = $1 ORDER BY payment_id`)
)

// InsertCharge adds what is to be asked for a payment.
func (tx *Tx) InsertCharge(c *CardCharge) {
	tx.later(insertCharge, c.ContractID, c.PaymentID, c.CustomerID, c.Kind, c.Amount, c.Description, c.Back, c.Processor, c.Token, c.Expires, c.TryAt)
}

// Charge reads what stands about a payment.
func (tx *Tx) Charge(payment string) (*CardCharge, error) { return tx.charge(selectCharge, payment) }

// ChargeByIntent finds the payment that the processor's name for a charge is of.
func (tx *Tx) ChargeByIntent(intent string) (*CardCharge, error) {
	return tx.charge(selectChargeByIntent, intent)
}

// ChargesOf reads those of a contract.
func (tx *Tx) ChargesOf(contractID string) ([]*CardCharge, error) {
	return tx.charges(selectChargesOf, contractID)
}

// ChargeWork reads those that somebody must work on by now.
func (tx *Tx) ChargeWork(now money.Instant, limit int) ([]*CardCharge, error) {
	return tx.charges(selectChargeWork, now, limit)
}

// OpenCharges reads those that are not over, from one on.
func (tx *Tx) OpenCharges(after string, limit int) ([]*CardCharge, error) {
	return tx.charges(selectOpenCharges, after, limit)
}

// ClaimCharge takes a charge for one attempt, until a moment; false when another
// process has it. The first claim is when it was first asked for.
func (tx *Tx) ClaimCharge(c *CardCharge, until, now money.Instant) (bool, error) {
	n, err := tx.exec(claimCharge, c.PaymentID, c.TryAt, until, now)
	return n == 1, err
}

// SaveCharge writes what changes. The contract's row is held by the caller.
func (tx *Tx) SaveCharge(c *CardCharge) {
	f := &c.Facts
	tx.later(updateCharge, c.ContractID, c.PaymentID, c.Close, c.TryAt, c.SessionID, c.PageURL, c.IntentID, flag(f.Opened), flag(f.Processing),
		f.Charged, f.Differs, f.ChargedAt, flag(f.Failed), flag(f.Expired), f.Refunded, f.Unrefunded, f.DisputeID, f.Dispute, f.DisputeAmount, f.DisputeCode,
		f.Decline, f.Reason, f.Brand, f.Last4, f.Funding)
}

// WakeCharge says that a charge is to be looked at now. One that was not asked for
// yet is not touched.
func (tx *Tx) WakeCharge(payment string, now money.Instant) { tx.later(wakeCharge, payment, now) }

// DropCharge leaves a charge that nobody has asked for yet alone; false when it
// was asked for.
func (tx *Tx) DropCharge(payment string) (bool, error) {
	n, err := tx.exec(dropCharge, payment)
	return n == 1, err
}

func (tx *Tx) charge(s *statement, args ...any) (*CardCharge, error) {
	all, err := tx.charges(s, args...)
	if err == nil && len(all) == 0 {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (tx *Tx) charges(s *statement, args ...any) (out []*CardCharge, err error) {
	err = tx.query(s, func(r row) error {
		c := &CardCharge{}
		f := &c.Facts
		var opened, processing, failed, expired int
		err := r.Scan(&c.ContractID, &c.PaymentID, &c.CustomerID, &c.Kind, &c.Amount, &c.Description, &c.Back, &c.Processor, &c.Token, &c.Asked, &c.Expires, &c.Close,
			&c.TryAt, &c.Attempts, &c.SessionID, &c.PageURL, &c.IntentID, &opened, &processing, &f.Charged, &f.Differs, &f.ChargedAt, &failed, &expired, &f.Refunded, &f.Unrefunded,
			&f.DisputeID, &f.Dispute, &f.DisputeAmount, &f.DisputeCode, &f.Decline, &f.Reason, &f.Brand, &f.Last4, &f.Funding)
		f.Opened, f.Processing, f.Failed, f.Expired = opened == 1, processing == 1, failed == 1, expired == 1
		out = append(out, c)
		return err
	}, args...)
	return out, err
}

// CardSetup is a card that somebody saves without paying.
type CardSetup struct {
	CustomerID, ID, Key, InputHash string
	Replaces                       string
	State                          string
	Back, Processor                string
	Asked, Expires, TryAt          money.Instant
	Attempts                       int
	SessionID, PageURL             string
	MethodID, Reason               string
	Created                        money.Instant
}

const setupColumns = `customer_id, id, key, input_hash, replaces, state, back, processor, asked_at, expires_at, try_at, attempts, session_id, page_url, method_id, reason, created_at`

var (
	insertSetup      = stmt(`INSERT INTO card_setup (` + setupColumns + `) VALUES ($1, $2, $3, $4, $5, 'created', $6, $7, 0, $8, $9, 0, '', '', '', '', $10)`)
	selectSetup      = stmt(`SELECT ` + setupColumns + ` FROM card_setup WHERE id = $1`)
	takeSetup        = stmt(`UPDATE card_setup SET attempts = attempts WHERE id = $1 RETURNING ` + setupColumns)
	selectSetupByKey = stmt(`SELECT ` + setupColumns + ` FROM card_setup WHERE customer_id = $1 AND key = $2`)
	selectSetupWork  = stmt(`SELECT ` + setupColumns + ` FROM card_setup WHERE try_at > 0 AND try_at <= $1 ORDER BY try_at, id LIMIT $2`)
	claimSetup       = stmt(`UPDATE card_setup SET try_at = $3, attempts = attempts + 1, asked_at = CASE WHEN asked_at = 0 THEN $4 ELSE asked_at END
		WHERE id = $1 AND try_at = $2`)
	updateSetup = stmt(`UPDATE card_setup SET state = $2, try_at = $3, session_id = $4, page_url = $5, method_id = $6, reason = $7 WHERE id = $1`)
	wakeSetup   = stmt(`UPDATE card_setup SET try_at = $2 WHERE id = $1 AND asked_at > 0 AND state IN ('created', 'open', 'unknown')`)
)

// InsertSetup adds one. A key that is taken is a *ConflictError.
func (tx *Tx) InsertSetup(c *CardSetup) {
	tx.later(insertSetup, c.CustomerID, c.ID, c.Key, c.InputHash, c.Replaces, c.Back, c.Processor, c.Expires, c.TryAt, c.Created)
}

// Setup reads one.
func (tx *Tx) Setup(id string) (*CardSetup, error) { return tx.setup(selectSetup, id) }

// TakeSetup reads one and holds its row.
func (tx *Tx) TakeSetup(id string) (*CardSetup, error) { return tx.setup(takeSetup, id) }

// SetupByKey finds the one that a customer's key has made.
func (tx *Tx) SetupByKey(customer, key string) (*CardSetup, error) {
	return tx.setup(selectSetupByKey, customer, key)
}

// SetupWork reads those that somebody must work on by now.
func (tx *Tx) SetupWork(now money.Instant, limit int) ([]*CardSetup, error) {
	return tx.setups(selectSetupWork, now, limit)
}

// ClaimSetup takes one for an attempt; false when another process has it.
func (tx *Tx) ClaimSetup(c *CardSetup, until, now money.Instant) (bool, error) {
	n, err := tx.exec(claimSetup, c.ID, c.TryAt, until, now)
	return n == 1, err
}

// SaveSetup writes what changes in one whose row is held.
func (tx *Tx) SaveSetup(c *CardSetup) {
	tx.later(updateSetup, c.ID, c.State, c.TryAt, c.SessionID, c.PageURL, c.MethodID, c.Reason)
}

// WakeSetup says that one is to be looked at now, unless it is over.
func (tx *Tx) WakeSetup(id string, now money.Instant) { tx.later(wakeSetup, id, now) }

func (tx *Tx) setup(s *statement, args ...any) (*CardSetup, error) {
	all, err := tx.setups(s, args...)
	if err == nil && len(all) == 0 {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (tx *Tx) setups(s *statement, args ...any) (out []*CardSetup, err error) {
	err = tx.query(s, func(r row) error {
		c := &CardSetup{}
		out = append(out, c)
		return r.Scan(&c.CustomerID, &c.ID, &c.Key, &c.InputHash, &c.Replaces, &c.State, &c.Back, &c.Processor, &c.Asked, &c.Expires, &c.TryAt, &c.Attempts,
			&c.SessionID, &c.PageURL, &c.MethodID, &c.Reason, &c.Created)
	}, args...)
	return out, err
}
