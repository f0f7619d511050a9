package store

import (
	"marque/internal/money"
)

// Refund is the money of a card payment that staff give back.
type Refund struct {
	ID, ContractID, PaymentID, CustomerID string
	Amount                                money.Cents
	ApprovalID, Reason                    string
	State                                 string
	AskedBy, AgreedBy                     string
	Asked, TryAt                          money.Instant
	Attempts                              int
	ProcessorID                           string
	Created                               money.Instant
}

const refundColumns = `id, contract_id, payment_id, customer_id, amount, approval_id, reason, state, asked_by, agreed_by, asked_at, try_at, attempts, processor_id, created_at`

var (
	insertRefund           = stmt(`INSERT INTO refund (` + refundColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked', $8, '', 0, 0, 0, '', $9)`)
	selectRefund           = stmt(`SELECT ` + refundColumns + ` FROM refund WHERE id = $1`)
	selectRefundByApproval = stmt(`SELECT ` + refundColumns + ` FROM refund WHERE approval_id = $1`)
	selectRefundsOf        = stmt(`SELECT ` + refundColumns + ` FROM refund WHERE payment_id = $1 ORDER BY id`)
	selectRefundWork       = stmt(`SELECT ` + refundColumns + ` FROM refund WHERE try_at > 0 AND try_at <= $1 ORDER BY try_at, id LIMIT $2`)
	claimRefund            = stmt(`UPDATE refund SET try_at = $3, attempts = attempts + 1, asked_at = CASE WHEN asked_at = 0 THEN $4 ELSE asked_at END
		WHERE id = $1 AND try_at = $2`)
	updateRefund = stmt(`UPDATE refund SET state = $2, agreed_by = $3, try_at = $4, processor_id = $5 WHERE id = $1`)
)

// InsertRefund adds one that was asked for. A second that is not over is a
// *ConflictError.
func (tx *Tx) InsertRefund(r *Refund) {
	tx.later(insertRefund, r.ID, r.ContractID, r.PaymentID, r.CustomerID, r.Amount, r.ApprovalID, r.Reason, r.AskedBy, r.Created)
}

// Refund reads one.
func (tx *Tx) Refund(id string) (*Refund, error) { return tx.refund(selectRefund, id) }

// RefundByApproval finds the one that an approval is about.
func (tx *Tx) RefundByApproval(approval string) (*Refund, error) {
	return tx.refund(selectRefundByApproval, approval)
}

// RefundsOf reads those of a payment, oldest first.
func (tx *Tx) RefundsOf(payment string) ([]*Refund, error) {
	return tx.refunds(selectRefundsOf, payment)
}

// RefundWork reads those that somebody must work on by now.
func (tx *Tx) RefundWork(now money.Instant, limit int) ([]*Refund, error) {
	return tx.refunds(selectRefundWork, now, limit)
}

// ClaimRefund takes one for an attempt; false when another process has it.
func (tx *Tx) ClaimRefund(r *Refund, until, now money.Instant) (bool, error) {
	n, err := tx.exec(claimRefund, r.ID, r.TryAt, until, now)
	return n == 1, err
}

// SaveRefund writes what changes. The contract's row is held by the caller.
func (tx *Tx) SaveRefund(r *Refund) {
	tx.later(updateRefund, r.ID, r.State, r.AgreedBy, r.TryAt, r.ProcessorID)
}

func (tx *Tx) refund(s *statement, args ...any) (*Refund, error) {
	all, err := tx.refunds(s, args...)
	if err == nil && len(all) == 0 {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (tx *Tx) refunds(s *statement, args ...any) (out []*Refund, err error) {
	err = tx.query(s, func(r row) error {
		f := &Refund{}
		out = append(out, f)
		return r.Scan(&f.ID, &f.ContractID, &f.PaymentID, &f.CustomerID, &f.Amount, &f.ApprovalID, &f.Reason, &f.State, &f.AskedBy, &f.AgreedBy, &f.Asked, &f.TryAt, &f.Attempts,
			&f.ProcessorID, &f.Created)
	}, args...)
	return out, err
}

// ProcessorEvent is what the processor told by itself, as it came. Body is
// encrypted at rest.
type ProcessorEvent struct {
	ID, Type, Body      string
	About               string
	PaymentID, IntentID string // what it is about, as it says
	Amount              money.Cents
	State, Reason       string
	Received, Applied   money.Instant
	Attempts            int
	TryAt               money.Instant
}

var (
	eventBody = encryptedColumn("processor_event", "body", "id")

	insertProcessorEvent = stmt(`INSERT INTO processor_event (id, type, about, payment_id, intent_id, amount, body, state, reason, received_at, applied_at, attempts, try_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'new', '', $8, 0, 0, $8) ON CONFLICT (id) DO NOTHING`)
	selectProcessorEvents = stmt(`SELECT id, type, about, payment_id, intent_id, amount, body, state, reason, received_at, applied_at, attempts, try_at FROM processor_event
		WHERE state = 'new' AND try_at <= $1 ORDER BY try_at, id LIMIT $2`)
	delayProcessorEvent  = stmt(`UPDATE processor_event SET attempts = attempts + 1, reason = $2, try_at = $3 WHERE id = $1 AND state = 'new'`)
	finishProcessorEvent = stmt(`UPDATE processor_event SET state = $2, reason = $3, applied_at = $4, try_at = 0 WHERE id = $1 AND state = 'new'`)
	countProcessorEvents = stmt(`SELECT state, COUNT(*) FROM processor_event GROUP BY state`)
)

// InsertProcessorEvent keeps an event as it came; false when one of its name is
// there.
func (tx *Tx) InsertProcessorEvent(e *ProcessorEvent) (bool, error) {
	sealed, err := eventBody.seal(tx.db.keys, e.Body, e.ID)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(insertProcessorEvent, e.ID, e.Type, e.About, e.PaymentID, e.IntentID, e.Amount, sealed, e.Received)
	return n == 1, err
}

// NewProcessorEvents reads those that nobody has applied, oldest first.
func (tx *Tx) NewProcessorEvents(now money.Instant, limit int) (out []*ProcessorEvent, err error) {
	err = tx.query(selectProcessorEvents, func(r row) error {
		e := &ProcessorEvent{}
		if err := r.Scan(&e.ID, &e.Type, &e.About, &e.PaymentID, &e.IntentID, &e.Amount, &e.Body, &e.State, &e.Reason, &e.Received, &e.Applied, &e.Attempts, &e.TryAt); err != nil {
			return err
		}
		var err error
		e.Body, err = eventBody.unseal(tx.db.keys, e.Body, e.ID)
		out = append(out, e)
		return err
	}, now, limit)
	return out, err
}

// DelayProcessorEvent puts one off.
func (tx *Tx) DelayProcessorEvent(id, reason string, next money.Instant) {
	tx.later(delayProcessorEvent, id, reason, next)
}

// FinishProcessorEvent writes what became of one; false when it was written
// before.
func (tx *Tx) FinishProcessorEvent(id, state, reason string, at money.Instant) (bool, error) {
	n, err := tx.exec(finishProcessorEvent, id, state, reason, at)
	return n == 1, err
}

// CountProcessorEvents counts the events of each state.
func (tx *Tx) CountProcessorEvents() (out map[string]int, err error) {
	out = map[string]int{}
	err = tx.query(countProcessorEvents, func(r row) error {
		var state string
		var n int
		err := r.Scan(&state, &n)
		out[state] = n
		return err
	})
	return out, err
}

// CardPayout is money that the processor has sent to our bank.
type CardPayout struct {
	ID      string
	Arrival money.Date
	Amount  money.Cents
}

// PayoutLine is one movement that a payout is made of: Net is what it adds.
type PayoutLine struct {
	ID, PayoutID, Kind    string
	ContractID, PaymentID string
	Amount, Fee, Net      money.Cents
	Posted                money.Instant
	Arrival               money.Date // of its payout
}

const lineColumns = `l.id, l.payout_id, l.kind, l.contract_id, l.payment_id, l.amount, l.fee, l.net, l.posted_at, p.arrival`

var (
	insertPayout     = stmt(`INSERT INTO card_payout (id, arrival, amount, read_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`)
	selectPayout     = stmt(`SELECT id, arrival, amount FROM card_payout WHERE id = $1`)
	insertPayoutLine = stmt(`INSERT INTO card_payout_line (id, payout_id, kind, contract_id, payment_id, amount, fee, net, posted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`)
	selectOpenLines   = stmt(`SELECT ` + lineColumns + ` FROM card_payout_line l JOIN card_payout p ON p.id = l.payout_id WHERE l.posted_at = 0 AND l.id > $1 ORDER BY l.id LIMIT $2`)
	selectLinesOf     = stmt(`SELECT ` + lineColumns + ` FROM card_payout_line l JOIN card_payout p ON p.id = l.payout_id WHERE l.contract_id = $1 AND l.payment_id <> '' ORDER BY l.id`)
	postPayoutLine    = stmt(`UPDATE card_payout_line SET posted_at = $2 WHERE id = $1 AND posted_at = 0`)
	selectPayoutLines = stmt(`SELECT ` + lineColumns + ` FROM card_payout_line l JOIN card_payout p ON p.id = l.payout_id WHERE l.payout_id = $1 ORDER BY l.id`)
)

// InsertPayout keeps a payout; false when it was kept before.
func (tx *Tx) InsertPayout(p CardPayout, now money.Instant) (bool, error) {
	n, err := tx.exec(insertPayout, p.ID, p.Arrival, p.Amount, now)
	return n == 1, err
}

// Payout reads one.
func (tx *Tx) Payout(id string) (p CardPayout, err error) {
	err = tx.one(selectPayout, []any{&p.ID, &p.Arrival, &p.Amount}, id)
	return p, err
}

// InsertPayoutLine keeps a movement. One that is no payment's is never posted, and
// counts as done.
func (tx *Tx) InsertPayoutLine(l *PayoutLine) {
	tx.later(insertPayoutLine, l.ID, l.PayoutID, l.Kind, l.ContractID, l.PaymentID, l.Amount, l.Fee, l.Net, l.Posted)
}

// OpenPayoutLines reads movements that are not in the ledger, from one on.
func (tx *Tx) OpenPayoutLines(after string, limit int) ([]*PayoutLine, error) {
	return tx.lines(selectOpenLines, after, limit)
}

// PayoutLinesOf reads the movements of a contract's payments.
func (tx *Tx) PayoutLinesOf(contractID string) ([]*PayoutLine, error) {
	return tx.lines(selectLinesOf, contractID)
}

// PayoutLines reads what a payout is made of.
func (tx *Tx) PayoutLines(payout string) ([]*PayoutLine, error) {
	return tx.lines(selectPayoutLines, payout)
}

// PostPayoutLine marks a movement as posted; false when it was before.
func (tx *Tx) PostPayoutLine(id string, at money.Instant) (bool, error) {
	n, err := tx.exec(postPayoutLine, id, at)
	return n == 1, err
}

func (tx *Tx) lines(s *statement, args ...any) (out []*PayoutLine, err error) {
	err = tx.query(s, func(r row) error {
		l := &PayoutLine{}
		out = append(out, l)
		return r.Scan(&l.ID, &l.PayoutID, &l.Kind, &l.ContractID, &l.PaymentID, &l.Amount, &l.Fee, &l.Net, &l.Posted, &l.Arrival)
	}, args...)
	return out, err
}
