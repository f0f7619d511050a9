package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// Payment is a payment's row. CustomerID is who pays it, from a bank account of
// their own.
type Payment struct {
	ContractID, ID, Key, InputHash         string
	CustomerID, BankAccountID, AgreementID string
	Confirmation                           string
	Kind                                   billing.AmountKind
	Extra                                  billing.Extra
	Autopay                                bool
	State                                  billing.PaymentState
	Amount                                 money.Cents
	Date                                   money.Date
	Plan                                   PaymentPlan
	EventSeq                               int
	FileID, Trace                          string
	SettlesOn                              money.Date
	ReturnCode                             string
	ReturnedOn                             money.Date
	CreatedOn                              money.Date
	Created                                money.Instant
}

// PaymentPlan is how a payment is applied: as planned while it is scheduled, as
// posted afterwards.
type PaymentPlan struct {
	Allocation   contract.Allocation    `json:"allocation"`
	BalanceAfter money.Cents            `json:"balance_after"`
	Interest     []billing.InterestLine `json:"interest"`
}

const paymentColumns = `contract_id, id, key, input_hash, customer_id, bank_account_id, agreement_id, confirmation, kind, extra, autopay, state,
	amount, date, plan, event_seq, file_id, trace, settles_on, return_code, returned_on, created_on, created_at`

var (
	insertPayment = stmt(`INSERT INTO payment (` + paymentColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`)
	selectPayment            = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE contract_id = $1 AND id = $2`)
	selectPaymentByKey       = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE customer_id = $1 AND key = $2`)
	selectDraft              = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE contract_id = $1 AND key = $2 AND autopay = 1`)
	selectPaymentByTrace     = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE trace = $1`)
	selectPaymentsOfContract = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE contract_id = $1 ORDER BY created_at DESC, id DESC`)
	selectPaymentsOfCustomer = stmt(`SELECT ` + paymentColumns + ` FROM payment
		WHERE contract_id IN (SELECT contract_id FROM contract_party WHERE customer_id = $1) ORDER BY created_at DESC, id DESC`)
	selectScheduled = stmt(`SELECT contract_id, id FROM payment WHERE state = 'scheduled' AND date <= $1 ORDER BY date, id LIMIT $2`)
	claimPending    = stmt(`UPDATE payment SET file_id = $1 WHERE state = 'pending' AND date <= $2`)
	selectClaimed   = stmt(`SELECT ` + paymentColumns + ` FROM payment WHERE file_id = $1 AND state = 'pending' ORDER BY id`)
	selectSettling  = stmt(`SELECT contract_id, id FROM payment WHERE state = 'sent' AND settles_on <= $1 ORDER BY id LIMIT $2`)
	updatePayment   = stmt(`UPDATE payment SET state = $3, amount = $4, plan = $5, event_seq = $6, file_id = $7, trace = $8, settles_on = $9,
		return_code = $10, returned_on = $11, date = $12 WHERE contract_id = $1 AND id = $2 AND state = $13`)
	countPaymentsUsing = stmt(`SELECT COUNT(*) FROM payment WHERE customer_id = $1 AND bank_account_id = $2 AND state IN ('scheduled', 'pending')`)
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
	tx.later(insertPayment, p.ContractID, p.ID, p.Key, p.InputHash, p.CustomerID, p.BankAccountID, p.AgreementID, p.Confirmation, p.Kind, p.Extra, autopay, p.State,
		p.Amount, p.Date, plan, p.EventSeq, p.FileID, p.Trace, p.SettlesOn, p.ReturnCode, p.ReturnedOn, p.CreatedOn, p.Created)
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
	return []any{p.ContractID, p.ID, p.State, p.Amount, plan, p.EventSeq, p.FileID, p.Trace, p.SettlesOn, p.ReturnCode, p.ReturnedOn, p.Date, was}, err
}

// ClaimPending marks all pending payments through a date for a file, so that
// nothing else moves them until the transaction ends.
func (tx *Tx) ClaimPending(file string, through money.Date) (int, error) {
	n, err := tx.exec(claimPending, file, through)
	return int(n), err
}

// ClaimedPayments reads the payments claimed for a file, oldest first.
func (tx *Tx) ClaimedPayments(file string) ([]*Payment, error) {
	return tx.payments(selectClaimed, file)
}

// SendPayment writes that a claimed payment has gone into a file.
func (tx *Tx) SendPayment(p *Payment) error {
	args, err := p.changes(billing.Pending)
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

// PaymentByTrace finds the payment that a trace number was given to.
func (tx *Tx) PaymentByTrace(trace string) (*Payment, error) {
	return tx.payment(selectPaymentByTrace, trace)
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

// CountPaymentsUsing counts a bank account's payments that have not gone out.
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
	err = tx.query(s, func(r *sql.Rows) error {
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
	err = tx.query(s, func(r *sql.Rows) error {
		p := &Payment{}
		var plan []byte
		var autopay int
		if err := r.Scan(&p.ContractID, &p.ID, &p.Key, &p.InputHash, &p.CustomerID, &p.BankAccountID, &p.AgreementID, &p.Confirmation, &p.Kind, &p.Extra, &autopay, &p.State,
			&p.Amount, &p.Date, &plan, &p.EventSeq, &p.FileID, &p.Trace, &p.SettlesOn, &p.ReturnCode, &p.ReturnedOn, &p.CreatedOn, &p.Created); err != nil {
			return err
		}
		p.Autopay = autopay == 1
		if err := json.Unmarshal(plan, &p.Plan); err != nil {
			return fmt.Errorf("read plan of payment %s: %w", p.ID, err)
		}
		out = append(out, p)
		return nil
	}, args...)
	return out, err
}

// BankAccount is a bank account's row; Number is encrypted at rest.
type BankAccount struct {
	CustomerID, ID, Key, InputHash string
	Type, Holder, Routing          string
	Number, Hash, Last4            string
	Created, Removed               money.Instant
}

const bankAccountColumns = `customer_id, id, key, input_hash, type, holder, routing, account, account_hash, last4, created_at, removed_at`

var (
	bankAccountNumber = encryptedColumn("bank_account", "account", "customer_id", "id")

	insertBankAccount  = stmt(`INSERT INTO bank_account (` + bankAccountColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	selectBankAccount  = stmt(`SELECT ` + bankAccountColumns + ` FROM bank_account WHERE customer_id = $1 AND id = $2`)
	selectBankAccounts = stmt(`SELECT ` + bankAccountColumns + ` FROM bank_account WHERE customer_id = $1 ORDER BY id`)
	takeBankAccount    = stmt(`UPDATE bank_account SET removed_at = removed_at WHERE customer_id = $1 AND id = $2 RETURNING ` + bankAccountColumns)
	removeBankAccount  = stmt(`UPDATE bank_account SET removed_at = $3 WHERE customer_id = $1 AND id = $2 AND removed_at = 0`)
)

// InsertBankAccount adds a bank account. The same account twice is a *ConflictError.
func (tx *Tx) InsertBankAccount(b *BankAccount) error {
	sealed, err := bankAccountNumber.seal(tx.db.keys, b.Number, b.CustomerID, b.ID)
	if err != nil {
		return err
	}
	tx.later(insertBankAccount, b.CustomerID, b.ID, b.Key, b.InputHash, b.Type, b.Holder, b.Routing, sealed, b.Hash, b.Last4, b.Created, b.Removed)
	return nil
}

// BankAccount reads a customer's bank account, without its number.
func (tx *Tx) BankAccount(customer, id string) (*BankAccount, error) {
	return tx.bankAccount(selectBankAccount, customer, id)
}

// TakeBankAccount reads a bank account and holds its row until the transaction
// ends, so that it cannot be removed while something is made to draw from it.
func (tx *Tx) TakeBankAccount(customer, id string) (*BankAccount, error) {
	return tx.bankAccount(takeBankAccount, customer, id)
}

// BankAccountNumber decrypts the account number, for the file to the bank.
func (tx *Tx) BankAccountNumber(b *BankAccount) (string, error) {
	return bankAccountNumber.unseal(tx.db.keys, b.Number, b.CustomerID, b.ID)
}

// BankAccounts reads all of a customer's bank accounts, removed ones too. Number
// stays encrypted.
func (tx *Tx) BankAccounts(customer string) ([]*BankAccount, error) {
	return tx.bankAccounts(selectBankAccounts, customer)
}

// RemoveBankAccount marks a bank account as removed; false when it was already.
func (tx *Tx) RemoveBankAccount(customer, id string, at money.Instant) (bool, error) {
	n, err := tx.exec(removeBankAccount, customer, id, at)
	return n == 1, err
}

func (tx *Tx) bankAccount(s *statement, args ...any) (*BankAccount, error) {
	all, err := tx.bankAccounts(s, args...)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

func (tx *Tx) bankAccounts(s *statement, args ...any) (out []*BankAccount, err error) {
	err = tx.query(s, func(r *sql.Rows) error {
		b := &BankAccount{}
		out = append(out, b)
		return r.Scan(&b.CustomerID, &b.ID, &b.Key, &b.InputHash, &b.Type, &b.Holder, &b.Routing, &b.Number, &b.Hash, &b.Last4, &b.Created, &b.Removed)
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

// Autopay is an enrolment's row.
type Autopay struct {
	ContractID, ID, Key, InputHash         string
	CustomerID, BankAccountID, AgreementID string
	FirstDate                              money.Date
	FirstAmount                            money.Cents
	Started, Ended                         money.Instant
	EndReason                              string
}

const autopayColumns = `contract_id, id, key, input_hash, customer_id, bank_account_id, agreement_id, first_date, first_amount, started_at, ended_at, end_reason`

var (
	insertAgreement = stmt(`INSERT INTO agreement (contract_id, id, customer_id, kind, text, hash, ip, user_agent, agreed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	selectAgreement = stmt(`SELECT contract_id, id, customer_id, kind, text, hash, ip, user_agent, agreed_at FROM agreement WHERE contract_id = $1 AND id = $2`)

	insertAutopay      = stmt(`INSERT INTO autopay (` + autopayColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	selectAutopay      = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 AND ended_at = 0`)
	selectAutopayByKey = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 AND key = $2`)
	selectLastAutopay  = stmt(`SELECT ` + autopayColumns + ` FROM autopay WHERE contract_id = $1 ORDER BY started_at DESC, id DESC LIMIT 1`)
	endAutopay         = stmt(`UPDATE autopay SET ended_at = $2, end_reason = $3 WHERE contract_id = $1 AND ended_at = 0`)
	countAutopayUsing  = stmt(`SELECT COUNT(*) FROM autopay WHERE customer_id = $1 AND bank_account_id = $2 AND ended_at = 0`)
)

// InsertAgreement keeps what was agreed to.
func (tx *Tx) InsertAgreement(a *Agreement) {
	tx.later(insertAgreement, a.ContractID, a.ID, a.CustomerID, a.Kind, a.Text, a.Hash, a.IP, a.UserAgent, a.Agreed)
}

// Agreement reads what was agreed to.
func (tx *Tx) Agreement(contractID, id string) (*Agreement, error) {
	a := &Agreement{}
	err := tx.one(selectAgreement, []any{&a.ContractID, &a.ID, &a.CustomerID, &a.Kind, &a.Text, &a.Hash, &a.IP, &a.UserAgent, &a.Agreed}, contractID, id)
	return a, err
}

// InsertAutopay adds an enrolment. A second one in force is a *ConflictError.
func (tx *Tx) InsertAutopay(a *Autopay) {
	tx.later(insertAutopay, a.ContractID, a.ID, a.Key, a.InputHash, a.CustomerID, a.BankAccountID, a.AgreementID, a.FirstDate, a.FirstAmount, a.Started, a.Ended, a.EndReason)
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
	err := tx.one(s, []any{&a.ContractID, &a.ID, &a.Key, &a.InputHash, &a.CustomerID, &a.BankAccountID, &a.AgreementID, &a.FirstDate, &a.FirstAmount, &a.Started, &a.Ended, &a.EndReason}, args...)
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
