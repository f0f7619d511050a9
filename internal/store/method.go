package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

// Method is a payment method's row: a bank account, whose number is encrypted at
// rest, or a card, of which the processor's token stands for the number.
type Method struct {
	CustomerID, ID, Key, InputHash string
	Kind                           billing.MethodKind
	Nickname                       string
	IsDefault                      bool

	Type, Holder, Routing, BankName string
	Number, Hash                    string
	Validation                      billing.Validation
	ValidatedBy                     billing.ValidatedBy
	Validated                       money.Instant
	StopCode                        string // the return or change that stopped it

	Brand, Funding    string
	ExpMonth, ExpYear int
	Processor, Token  string // the processor's names for the customer and the card

	Last4            string
	Created, Removed money.Instant
}

const methodColumns = `customer_id, id, key, input_hash, kind, nickname, is_default, type, holder, routing, bank_name, account, account_hash,
	validation, validated_by, validated_at, stop_code, brand, funding, exp_month, exp_year, processor, token, last4, created_at, removed_at`

var (
	bankAccountNumber = encryptedColumn("payment_method", "account", "customer_id", "id")

	insertMethod = stmt(`INSERT INTO payment_method (` + methodColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
		$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`)
	selectMethod  = stmt(`SELECT ` + methodColumns + ` FROM payment_method WHERE customer_id = $1 AND id = $2`)
	selectMethods = stmt(`SELECT ` + methodColumns + ` FROM payment_method WHERE customer_id = $1 ORDER BY id`)
	takeMethod    = locking(toChange, `SELECT `+methodColumns+` FROM payment_method WHERE customer_id = $1 AND id = $2`)
	keepMethod    = locking(toKeep, `SELECT `+methodColumns+` FROM payment_method WHERE customer_id = $1 AND id = $2`)
	updateMethod  = stmt(`UPDATE payment_method SET nickname = $3, is_default = $4, type = $5, holder = $6, routing = $7, bank_name = $8, account = $9, account_hash = $10,
		validation = $11, validated_by = $12, validated_at = $13, stop_code = $14, brand = $15, funding = $16, exp_month = $17, exp_year = $18, token = $19, last4 = $20
		WHERE customer_id = $1 AND id = $2`)
	clearDefault = stmt(`UPDATE payment_method SET is_default = 0 WHERE customer_id = $1 AND is_default = 1`)
	removeMethod = stmt(`UPDATE payment_method SET removed_at = $3, is_default = 0 WHERE customer_id = $1 AND id = $2 AND removed_at = 0`)
)

// InsertMethod adds a payment method; Number is given in the clear. The same bank
// account twice is a *ConflictError.
func (tx *Tx) InsertMethod(m *Method) error {
	sealed, err := m.sealed(tx)
	if err != nil {
		return err
	}
	tx.later(insertMethod, m.CustomerID, m.ID, m.Key, m.InputHash, m.Kind, m.Nickname, flag(m.IsDefault), m.Type, m.Holder, m.Routing, m.BankName, sealed, m.Hash,
		m.Validation, m.ValidatedBy, m.Validated, m.StopCode, m.Brand, m.Funding, m.ExpMonth, m.ExpYear, m.Processor, m.Token, m.Last4, m.Created, m.Removed)
	return nil
}

// SaveMethod writes what may change in a method that TakeMethod has read. Number
// stays as it was read, encrypted; RenumberMethod changes it.
func (tx *Tx) SaveMethod(m *Method) {
	tx.later(updateMethod, m.CustomerID, m.ID, m.Nickname, flag(m.IsDefault), m.Type, m.Holder, m.Routing, m.BankName, m.Number, m.Hash,
		m.Validation, m.ValidatedBy, m.Validated, m.StopCode, m.Brand, m.Funding, m.ExpMonth, m.ExpYear, m.Token, m.Last4)
}

// RenumberMethod gives a method that is to be saved another account number, in
// the clear: the bank has asked for the correction.
func (tx *Tx) RenumberMethod(m *Method, number string) (err error) {
	m.Number = number
	m.Number, err = m.sealed(tx)
	return err
}

func (m *Method) sealed(tx *Tx) (string, error) {
	if m.Kind != billing.Bank {
		return "", nil
	}
	return bankAccountNumber.seal(tx.db.keys, m.Number, m.CustomerID, m.ID)
}

// ClearDefaultMethod leaves a customer without a default method.
func (tx *Tx) ClearDefaultMethod(customer string) { tx.later(clearDefault, customer) }

// Method reads a customer's payment method; a bank account's Number is encrypted.
func (tx *Tx) Method(customer, id string) (*Method, error) {
	return tx.method(selectMethod, customer, id)
}

// KeepMethod reads a method and keeps it as it is until the transaction ends, so
// that it cannot be removed while something is made to draw from it. Several may
// draw from it at once.
func (tx *Tx) KeepMethod(customer, id string) (*Method, error) {
	return tx.method(keepMethod, customer, id)
}

// TakeMethod reads a method to change it, and holds its row until the transaction
// ends: until then nothing is made to draw from it.
func (tx *Tx) TakeMethod(customer, id string) (*Method, error) {
	return tx.method(takeMethod, customer, id)
}

// BankAccountNumber decrypts the account number, for the file to the bank.
func (tx *Tx) BankAccountNumber(m *Method) (string, error) {
	return bankAccountNumber.unseal(tx.db.keys, m.Number, m.CustomerID, m.ID)
}

// Methods reads all of a customer's payment methods, removed ones too. Numbers
// stay encrypted.
func (tx *Tx) Methods(customer string) ([]*Method, error) {
	return tx.methods(selectMethods, customer)
}

// RemoveMethod marks a method as removed; false when it was already.
func (tx *Tx) RemoveMethod(customer, id string, at money.Instant) (bool, error) {
	n, err := tx.exec(removeMethod, customer, id, at)
	return n == 1, err
}

func (tx *Tx) method(s *statement, args ...any) (*Method, error) {
	all, err := tx.methods(s, args...)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all[0], nil
}

func (tx *Tx) methods(s *statement, args ...any) (out []*Method, err error) {
	err = tx.query(s, func(r row) error {
		m := &Method{}
		var isDefault int
		err := r.Scan(&m.CustomerID, &m.ID, &m.Key, &m.InputHash, &m.Kind, &m.Nickname, &isDefault, &m.Type, &m.Holder, &m.Routing, &m.BankName, &m.Number, &m.Hash,
			&m.Validation, &m.ValidatedBy, &m.Validated, &m.StopCode, &m.Brand, &m.Funding, &m.ExpMonth, &m.ExpYear, &m.Processor, &m.Token, &m.Last4, &m.Created, &m.Removed)
		m.IsDefault = isDefault == 1
		out = append(out, m)
		return err
	}, args...)
	return out, err
}

// flag is a truth as both databases keep it.
func flag(is bool) int {
	if is {
		return 1
	}
	return 0
}
