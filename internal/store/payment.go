package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// Payment is a payment's row. CustomerID is who pays it, by a method of their
// own. What the card processor knows of one by card stands in its CardCharge.
type Payment struct {
	ContractID, ID, Key, InputHash    string
	CustomerID, MethodID, AgreementID string
	Confirmation                      string
	Kind                              billing.AmountKind
	Extra                             billing.Extra
	Autopay                           bool
	Rail                              billing.Rail
	SEC                               string // how an ACH debit was authorised: WEB, TEL or PPD
	SameDay                           bool   // an ACH debit that is to settle the day it is sent
	Group                             string // of the payments on several contracts that were made in one go; empty for one alone
	RetryOf                           string // the returned payment that this one presents again
	Attempt                           int    // 1 for the first, 3 for the last that the rules allow
	State                             billing.PaymentState
	Amount                            money.Cents
	ConvenienceFee                    money.Cents // taken with the amount; not part of it
	Date                              money.Date
	Plan                              PaymentPlan
	EventSeq                          int
	FileID                            string
	SettlesOn                         money.Date // ACH: the return window ends; card: the processor's payout arrived
	ReturnCode                        string
	ReturnedOn                        money.Date
	Reason                            string // why it was refused or cancelled, in plain words
	MadeBy                            string // who asked for it: an actor
	CreatedOn                         money.Date
	Created                           money.Instant
}

// PaymentPlan is how a payment is applied: as planned while it is scheduled, as
// posted afterwards.
type PaymentPlan struct {
	Allocation   contract.Allocation    `json:"allocation"`
	BalanceAfter money.Cents            `json:"balance_after"`
	Interest     []billing.InterestLine `json:"interest"`
}

const paymentColumns = `contract_id, id, key, input_hash, customer_id, method_id, agreement_id, confirmation, kind, extra, autopay,
	rail, sec, same_day, group_id, retry_of, attempt, state, amount, convenience_fee, date, plan, event_seq, file_id, settles_on, return_code, returned_on,
	reason, made_by, created_on, created_at`

var (
	insertPayment = stmt(`INSERT INTO payment (` + paymentColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
		$16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)`)
	selectPayment            = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE contract_id = $1 AND id = $2`)
	selectPaymentByKey       = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE customer_id = $1 AND key = $2`)
	selectDraft              = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE contract_id = $1 AND key = $2 AND autopay = 1`)
	selectPaymentsOfContract = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE contract_id = $1 ORDER BY created_at DESC, id DESC`)
	selectPaymentsOfCustomer = stmt(`SELECT ` + paymentColumns + ` FROM payment
		WHERE contract_id IN (SELECT contract_id FROM contract_party WHERE customer_id = $1) ORDER BY created_at DESC, id DESC`)
	selectPaymentsOfGroup = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE customer_id = $1 AND group_id = $2 ORDER BY id`)
	selectScheduled       = stmt(`SELECT contract_id, id FROM payment WHERE state = 'scheduled' AND date <= $1 ORDER BY date, id LIMIT $2`)
	claimAuthorised       = stmt(`UPDATE payment SET file_id = $1 WHERE state = 'authorised' AND date <= $2 AND rail = 'ach' AND same_day >= $3`)
	selectClaimed         = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE file_id = $1 AND state = 'authorised' ORDER BY id`)
	selectSettling        = stmt(`SELECT contract_id, id FROM payment WHERE state = 'submitted' AND rail = 'ach' AND settles_on <= $1 ORDER BY id LIMIT $2`)
	updatePayment         = stmt(`UPDATE payment SET state = $3, amount = $4, plan = $5, event_seq = $6, file_id = $7, settles_on = $8,
		return_code = $9, returned_on = $10, date = $11, reason = $12, method_id = $13, convenience_fee = $14 WHERE contract_id = $1 AND id = $2 AND state = $15`)
	countPaymentsUsing = stmt(`SELECT COUNT(*) FROM payment WHERE customer_id = $1 AND method_id = $2 AND state IN ('created', 'scheduled', 'authorised')`)
)

func (p *Payment) plan() (string, error) {
	b, err := json.Marshal(&p.Plan)
	if err != nil {
		return "", fmt.Errorf("write plan of payment %s: %w", p.ID, err)
	}
	return string(b), nil
}

// InsertPayment adds a payment. A key that is taken is a *ConflictError.
func (tx *Tx) InsertPayment(p *Payment) error {
	plan, err := p.plan()
	if err != nil {
		return err
	}
	autopay := 0
	if p.Autopay {
		autopay = 1
	}
	tx.later(insertPayment, p.ContractID, p.ID, p.Key, p.InputHash, p.CustomerID, p.MethodID, p.AgreementID, p.Confirmation, p.Kind, p.Extra, autopay,
		p.Rail, p.SEC, flag(p.SameDay), p.Group, p.RetryOf, p.Attempt, p.State, p.Amount, p.ConvenienceFee, p.Date, plan, p.EventSeq, p.FileID, p.SettlesOn, p.ReturnCode, p.ReturnedOn,
		p.Reason, p.MadeBy, p.CreatedOn, p.Created)
	return nil
}

// ErrMoved says that a payment is no longer in the state it was read in.
var ErrMoved = errors.New("payment has moved on")

// SavePayment writes what changes in a payment that was read in the state was;
// ErrMoved when another transaction has moved it on.
func (tx *Tx) SavePayment(p *Payment, was billing.PaymentState) error {
	args, err := p.changes(was)
	if err != nil {
		return err
	}
	n, err := tx.exec(updatePayment, args...)
	if err == nil && n == 0 {
		return ErrMoved
	}
	return err
}

func (p *Payment) changes(was billing.PaymentState) ([]any, error) {
	plan, err := p.plan()
	return []any{p.ContractID, p.ID, p.State, p.Amount, plan, p.EventSeq, p.FileID, p.SettlesOn, p.ReturnCode, p.ReturnedOn, p.Date,
		p.Reason, p.MethodID, p.ConvenienceFee, was}, err
}

// ClaimAuthorised marks all authorised bank payments through a date for a file, so that
// nothing else moves them until the transaction ends; of the same-day window only
// those that are marked for it.
func (tx *Tx) ClaimAuthorised(file string, through money.Date, sameDay bool) (int, error) {
	n, err := tx.exec(claimAuthorised, file, through, flag(sameDay))
	return int(n), err
}

// ClaimedPayments reads the payments claimed for a file, oldest first.
func (tx *Tx) ClaimedPayments(file string) ([]*Payment, error) {
	return tx.payments(selectClaimed, file)
}

// SendPayment writes that a claimed payment has gone into a file.
func (tx *Tx) SendPayment(p *Payment) error {
	args, err := p.changes(billing.Authorised)
	tx.later(updatePayment, args...)
	return err
}

// Payment reads one payment.
func (tx *Tx) Payment(contractID, id string) (*Payment, error) {
	return tx.payment(selectPayment, contractID, id)
}

// PaymentByKey finds the payment that a customer's key has already made.
func (tx *Tx) PaymentByKey(customer, key string) (*Payment, error) {
	return tx.payment(selectPaymentByKey, customer, key)
}

// Draft finds the payment that autopay's key has already made on a contract,
// whoever's bank account it drew from.
func (tx *Tx) Draft(contractID, key string) (*Payment, error) {
	return tx.payment(selectDraft, contractID, key)
}

// PaymentsOfContract reads a contract's payments, newest first.
func (tx *Tx) PaymentsOfContract(id string) ([]*Payment, error) {
	return tx.payments(selectPaymentsOfContract, id)
}

// PaymentsOfCustomer reads all payments on the contracts that a customer owes,
// by whomever, newest first.
func (tx *Tx) PaymentsOfCustomer(id string) ([]*Payment, error) {
	return tx.payments(selectPaymentsOfCustomer, id)
}

// PaymentsOfGroup reads the payments that a customer made in one go.
func (tx *Tx) PaymentsOfGroup(customer, group string) ([]*Payment, error) {
	return tx.payments(selectPaymentsOfGroup, customer, group)
}

// CountPaymentsUsing counts a method's payments that have not gone out.
func (tx *Tx) CountPaymentsUsing(customer, bankAccount string) (n int, err error) {
	err = tx.one(countPaymentsUsing, []any{&n}, customer, bankAccount)
	return n, err
}

// PaymentRef names a payment.
type PaymentRef struct{ ContractID, ID string }

// ScheduledPayments names payments whose day has come.
func (tx *Tx) ScheduledPayments(through money.Date, limit int) ([]PaymentRef, error) {
	return tx.refs(selectScheduled, through, limit)
}

// SettlingPayments names sent payments whose return window has passed.
func (tx *Tx) SettlingPayments(through money.Date, limit int) ([]PaymentRef, error) {
	return tx.refs(selectSettling, through, limit)
}

func (tx *Tx) refs(s *statement, through money.Date, limit int) (out []PaymentRef, err error) {
	err = tx.query(s, func(r row) error {
		var p PaymentRef
		err := r.Scan(&p.ContractID, &p.ID)
		out = append(out, p)
		return err
	}, through, limit)
	return out, err
}

func (tx *Tx) payment(s *statement, args ...any) (*Payment, error) {
	all, err := tx.payments(s, args...)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

func (tx *Tx) payments(s *statement, args ...any) (out []*Payment, err error) {
	err = tx.query(s, func(r row) error {
		p := &Payment{}
		var plan []byte
		var autopay, sameDay int
		if err := r.Scan(&p.ContractID, &p.ID, &p.Key, &p.InputHash, &p.CustomerID, &p.MethodID, &p.AgreementID, &p.Confirmation, &p.Kind, &p.Extra, &autopay,
			&p.Rail, &p.SEC, &sameDay, &p.Group, &p.RetryOf, &p.Attempt, &p.State, &p.Amount, &p.ConvenienceFee, &p.Date, &plan, &p.EventSeq, &p.FileID, &p.SettlesOn, &p.ReturnCode, &p.ReturnedOn,
			&p.Reason, &p.MadeBy, &p.CreatedOn, &p.Created); err != nil {
			return err
		}
		p.Autopay, p.SameDay = autopay == 1, sameDay == 1
		if err := json.Unmarshal(plan, &p.Plan); err != nil {
			return fmt.Errorf("read plan of payment %s: %w", p.ID, err)
		}
		out = append(out, p)
		return nil
	}, args...)
	return out, err
}

// Agreement is a text a customer agreed to, and how we know.
type Agreement struct {
	ContractID, ID, CustomerID string
	Kind, Text, Hash           string
	IP, UserAgent              string
	Agreed                     money.Instant
}

var (
	insertAgreement = stmt(`INSERT INTO agreement (contract_id, id, customer_id, kind, text, hash, ip, user_agent, agreed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	selectAgreement = stmt(`SELECT contract_id, id, customer_id, kind, text, hash, ip, user_agent, agreed_at FROM agreement WHERE contract_id = $1 AND id = $2`)
)

// InsertAgreement keeps what was agreed to.
func (tx *Tx) InsertAgreement(a *Agreement) {
	tx.later(insertAgreement, a.ContractID, a.ID, a.CustomerID, a.Kind, a.Text, a.Hash, a.IP, a.UserAgent, a.Agreed)
}

// AgreementProof is how a member of staff knows of an agreement.
type AgreementProof struct {
	ContractID, AgreementID string
	TakenBy                 string // an actor
	Proof                   string // recording, notice or form
	Reference               string
	Signed                  money.Date // of a form
}

var (
	insertProof       = stmt(`INSERT INTO agreement_proof (contract_id, agreement_id, taken_by, proof, reference, signed_on) VALUES ($1, $2, $3, $4, $5, $6)`)
	selectProof       = stmt(`SELECT contract_id, agreement_id, taken_by, proof, reference, signed_on FROM agreement_proof WHERE contract_id = $1 AND agreement_id = $2`)
	selectNoticeState = stmt(`SELECT state FROM notice WHERE once = $1`)
)

// InsertAgreementProof keeps how a member of staff knows of an agreement.
func (tx *Tx) InsertAgreementProof(c *AgreementProof) {
	tx.later(insertProof, c.ContractID, c.AgreementID, c.TakenBy, c.Proof, c.Reference, c.Signed)
}

// AgreementProof reads how a member of staff knows of an agreement.
func (tx *Tx) AgreementProof(contractID, agreement string) (*AgreementProof, error) {
	c := &AgreementProof{}
	err := tx.one(selectProof, []any{&c.ContractID, &c.AgreementID, &c.TakenBy, &c.Proof, &c.Reference, &c.Signed}, contractID, agreement)
	return c, err
}

// NoticeState is how far the message is that is said once under a name.
func (tx *Tx) NoticeState(once string) (state string, err error) {
	err = tx.one(selectNoticeState, []any{&state}, once)
	return state, err
}

// Agreement reads what was agreed to.
func (tx *Tx) Agreement(contractID, id string) (*Agreement, error) {
	a := &Agreement{}
	err := tx.one(selectAgreement, []any{&a.ContractID, &a.ID, &a.CustomerID, &a.Kind, &a.Text, &a.Hash, &a.IP, &a.UserAgent, &a.Agreed}, contractID, id)
	return a, err
}
