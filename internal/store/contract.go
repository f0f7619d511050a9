package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// Customer is a customer's row. SSN (nine digits or the last four) and
// BirthDate are encrypted at rest.
type Customer struct {
	ID, Number, FirstName, LastName string
	Email, Phone                    string
	Street, City, State, ZIP        string
	Language                        string // of messages: en or es
	SSN, BirthDate                  string
	Created                         money.Instant
}

// Contract is a contract's row.
type Contract struct {
	ID, AccountNumber, CustomerID string
	Kind                          contract.Kind
	VehicleYear                   int
	VehicleMake, VehicleModel     string
	VIN                           string
	OriginalDate                  money.Date
	OriginalAmount                money.Cents
	OriginalTerm                  int
	OriginalRate                  money.Rate
	Terms                         contract.Terms
	State                         contract.State
	LastEvent, LastEntry          int
	Status                        string // open or paid
	StatementOn                   money.Date
	LateFeeOn                     money.Date
	DraftOn                       money.Date
	PapersOn                      money.Date
	BoardedOn                     money.Date
	BoardedAt                     money.Instant
	Parties                       []Party // who owes it; nil when that was not read
}

// Event is an event's row.
type Event struct {
	contract.Event
	PaymentID string
	Key       string // of the request that made it; empty when it followed from something else
	InputHash string
	Posted    money.Instant
	Actor     string
}

const contractColumns = `id, account_number, kind, COALESCE(customer_id, ''), vehicle_year, vehicle_make, vehicle_model, vin,
	original_date, original_amount, original_term, original_rate, terms, state, last_event, last_entry, status,
	statement_on, late_fee_on, draft_on, papers_on, boarded_on, boarded_at`

// ownContract limits contract $1 to those of a customer, $2, who owes it.
const ownContract = `EXISTS (SELECT 1 FROM contract_party WHERE contract_id = contract.id AND customer_id = $2)`

var (
	customerSSN   = encryptedColumn("customer", "ssn", "id")
	customerBirth = encryptedColumn("customer", "birth_date", "id")

	insertCustomer = stmt(`INSERT INTO customer (id, number, first_name, last_name, email, phone, street, city, state, zip, ssn, birth_date, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)
	selectCustomer = stmt(`SELECT id, number, first_name, last_name, email, phone, street, city, state, zip, ssn, birth_date, language, created_at
		FROM customer WHERE id = $1`)
	selectCustomerByNumber = stmt(`SELECT id, number, first_name, last_name, email, phone, street, city, state, zip, ssn, birth_date, language, created_at
		FROM customer WHERE number = $1`)

	insertContract = stmt(`INSERT INTO contract (id, account_number, kind, customer_id, vehicle_year, vehicle_make, vehicle_model, vin,
		original_date, original_amount, original_term, original_rate, terms, state, version, last_event, last_entry, status,
		statement_on, late_fee_on, draft_on, papers_on, boarded_on, boarded_at)
		VALUES ($1, $2, $3, NULLIF($4, ''), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, $16, $17, $18, $19, $20, $21, $22, $23)
		ON CONFLICT (account_number) DO NOTHING`)
	takeContract           = locking(toChange, `SELECT `+contractColumns+` FROM contract WHERE id = $1`)
	takeOwnContract        = locking(toChange, `SELECT `+contractColumns+` FROM contract WHERE id = $1 AND `+ownContract)
	selectContract         = stmt(`SELECT ` + contractColumns + ` FROM contract WHERE id = $1`)
	selectOwnContract      = stmt(`SELECT ` + contractColumns + ` FROM contract WHERE id = $1 AND ` + ownContract)
	selectContractByNumber = stmt(`SELECT ` + contractColumns + ` FROM contract WHERE account_number = $1`)
	selectContractsOf      = stmt(`SELECT ` + contractColumns + ` FROM contract
		WHERE id IN (SELECT contract_id FROM contract_party WHERE customer_id = $1) ORDER BY status, id`)
	selectContractsAfter = stmt(`SELECT ` + contractColumns + ` FROM contract WHERE id > $1 ORDER BY id LIMIT $2`)
	saveContract         = stmt(`UPDATE contract SET version = version + 1, state = $2, last_event = $3, last_entry = $4, status = $5,
		statement_on = $6, late_fee_on = $7, draft_on = $8, papers_on = $9 WHERE id = $1`)
	countContracts = stmt(`SELECT COUNT(*) FROM contract`)

	insertEvent = stmt(`INSERT INTO event (contract_id, seq, kind, effective, amount, instalment, reverses, detail, payment_id, key, input_hash, posted_at, actor)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`)
	selectEvents = stmt(`SELECT seq, kind, effective, amount, instalment, reverses, detail, payment_id, key, input_hash, posted_at, actor
		FROM event WHERE contract_id = $1 ORDER BY seq`)

	insertEntry   = stmt(`INSERT INTO entry (contract_id, id, kind, event_seq, corrects, effective, posted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	selectEntries = stmt(`SELECT e.id, e.kind, e.event_seq, e.corrects, e.effective, e.posted_at, p.account, p.amount
		FROM entry e JOIN posting p ON p.contract_id = e.contract_id AND p.entry_id = e.id
		WHERE e.contract_id = $1 AND e.id > $2 ORDER BY e.id, p.account`)

	insertPostings = func() (out [16]*statement) { // the most accounts that an entry can touch, and one
		for n := 2; n < len(out); n++ {
			values := make([]string, n)
			for i := range values {
				values[i] = fmt.Sprintf("($1, $2, $%d, $%d)", 3+2*i, 4+2*i)
			}
			out[n] = stmt(`INSERT INTO posting (contract_id, entry_id, account, amount) VALUES ` + strings.Join(values, ", "))
		}
		return out
	}()
)

// InsertCustomer adds a customer. A number that is taken is a *ConflictError.
func (tx *Tx) InsertCustomer(c *Customer) error {
	ssn, err := customerSSN.seal(tx.db.keys, c.SSN, c.ID)
	if err != nil {
		return err
	}
	birth, err := customerBirth.seal(tx.db.keys, c.BirthDate, c.ID)
	if err != nil {
		return err
	}
	tx.later(insertCustomer, c.ID, c.Number, c.FirstName, c.LastName, c.Email, c.Phone, c.Street, c.City, c.State, c.ZIP, ssn, birth, c.Created)
	return nil
}

// Customer reads a customer.
func (tx *Tx) Customer(id string) (*Customer, error) { return tx.customer(selectCustomer, id) }

// CustomerByNumber reads a customer by the lender's own number.
func (tx *Tx) CustomerByNumber(number string) (*Customer, error) {
	return tx.customer(selectCustomerByNumber, number)
}

func (tx *Tx) customer(s *statement, arg string) (*Customer, error) {
	c := &Customer{}
	err := tx.one(s, []any{&c.ID, &c.Number, &c.FirstName, &c.LastName, &c.Email, &c.Phone, &c.Street, &c.City, &c.State, &c.ZIP, &c.SSN, &c.BirthDate, &c.Language, &c.Created}, arg)
	if err != nil {
		return nil, err
	}
	if c.SSN, err = customerSSN.unseal(tx.db.keys, c.SSN, c.ID); err != nil {
		return nil, err
	}
	c.BirthDate, err = customerBirth.unseal(tx.db.keys, c.BirthDate, c.ID)
	return c, err
}

// InsertContract adds a contract, with its customer as the borrower; false when its account number is taken, and
// then nothing is added and the transaction may go on.
func (tx *Tx) InsertContract(c *Contract) (bool, error) {
	terms, err := asJSON(&c.Terms, "terms", c.ID)
	if err != nil {
		return false, err
	}
	state, err := asJSON(&c.State, "state", c.ID)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(insertContract, c.ID, c.AccountNumber, c.Kind, c.CustomerID, c.VehicleYear, c.VehicleMake, c.VehicleModel, c.VIN,
		c.OriginalDate, c.OriginalAmount, c.OriginalTerm, c.OriginalRate, terms, state, c.LastEvent, c.LastEntry, c.Status,
		c.StatementOn, c.LateFeeOn, c.DraftOn, c.PapersOn, c.BoardedOn, c.BoardedAt)
	if err == nil && n == 1 && c.CustomerID != "" {
		tx.AddParty(c.ID, Party{c.CustomerID, Borrower, c.BoardedOn})
	}
	return n == 1, err
}

func asJSON(v any, what, contractID string) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write %s of contract %s: %w", what, contractID, err)
	}
	return string(b), nil
}

// TakeContract reads a contract and holds its row until the transaction ends, so
// that changes to one contract come one after another. owner limits it to those
// that customer owes; empty means anyone's, for the system.
func (tx *Tx) TakeContract(id, owner string) (*Contract, error) {
	if owner == "" {
		return tx.contract(takeContract, id)
	}
	return tx.contract(takeOwnContract, id, owner)
}

// TakeContractToPay is TakeContract with its parties, for a payment by one of
// them: what the payment is going to be decided by is asked for in the same breath.
func (tx *Tx) TakeContractToPay(id, owner, key, method, setting string) (*Contract, error) {
	tx.ahead(queued{takeOwnContract, []any{id, owner}}, queued{selectParties, []any{id}}, queued{selectPaymentByKey, []any{owner, key}},
		queued{selectSetting, []any{setting}}, queued{keepMethod, []any{owner, method}})
	c, err := tx.TakeContract(id, owner)
	if err == nil {
		c.Parties, err = tx.Parties(id)
	}
	return c, err
}

// Contract reads a contract without holding it.
func (tx *Tx) Contract(id, owner string) (*Contract, error) {
	if owner == "" {
		return tx.contract(selectContract, id)
	}
	return tx.contract(selectOwnContract, id, owner)
}

// ContractByNumber reads a contract by its account number.
func (tx *Tx) ContractByNumber(number string) (*Contract, error) {
	return tx.contract(selectContractByNumber, number)
}

func (tx *Tx) contract(s *statement, args ...any) (*Contract, error) {
	all, err := tx.contracts(s, args...)
	if err == nil && len(all) == 0 {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// ContractsOf reads a customer's contracts, open ones first.
func (tx *Tx) ContractsOf(customer string) ([]*Contract, error) {
	return tx.contracts(selectContractsOf, customer)
}

// ContractsAfter reads contracts in order of id, for passes over all of them.
func (tx *Tx) ContractsAfter(id string, limit int) ([]*Contract, error) {
	return tx.contracts(selectContractsAfter, id, limit)
}

// CountContracts counts all contracts.
func (tx *Tx) CountContracts() (n int, err error) {
	err = tx.one(countContracts, []any{&n})
	return n, err
}

func (tx *Tx) contracts(s *statement, args ...any) (out []*Contract, err error) {
	var terms, state []byte
	err = tx.query(s, func(r row) error {
		c := &Contract{}
		if err := r.Scan(&c.ID, &c.AccountNumber, &c.Kind, &c.CustomerID, &c.VehicleYear, &c.VehicleMake, &c.VehicleModel, &c.VIN,
			&c.OriginalDate, &c.OriginalAmount, &c.OriginalTerm, &c.OriginalRate, &terms, &state, &c.LastEvent, &c.LastEntry, &c.Status,
			&c.StatementOn, &c.LateFeeOn, &c.DraftOn, &c.PapersOn, &c.BoardedOn, &c.BoardedAt); err != nil {
			return err
		}
		if err := json.Unmarshal(terms, &c.Terms); err != nil {
			return fmt.Errorf("read terms of contract %s: %w", c.ID, err)
		}
		if err := json.Unmarshal(state, &c.State); err != nil {
			return fmt.Errorf("read state of contract %s: %w", c.ID, err)
		}
		out = append(out, c)
		return nil
	}, args...)
	return out, err
}

// SaveContract writes what changes: state, numbering, status and the dates the
// day's work is found by.
func (tx *Tx) SaveContract(c *Contract) error {
	state, err := asJSON(&c.State, "state", c.ID)
	if err != nil {
		return err
	}
	tx.later(saveContract, c.ID, state, c.LastEvent, c.LastEntry, c.Status, c.StatementOn, c.LateFeeOn, c.DraftOn, c.PapersOn)
	return nil
}

// InsertEvent appends an event.
func (tx *Tx) InsertEvent(contractID string, e Event) error {
	detail := "{}"
	if more := e.Event; more != more.Plain() {
		b, err := json.Marshal(more)
		if err != nil {
			return fmt.Errorf("write event %d of %s: %w", e.Seq, contractID, err)
		}
		detail = string(b)
	}
	tx.later(insertEvent, contractID, e.Seq, e.Kind, e.Date, e.Amount, e.Instalment, e.Reverses, detail, e.PaymentID, e.Key, e.InputHash, e.Posted, e.Actor)
	return nil
}

// Events reads a contract's whole history in the order it was posted.
func (tx *Tx) Events(contractID string) (out []Event, err error) {
	err = tx.query(selectEvents, func(r row) error {
		var e Event
		out = append(out, e)
		p := &out[len(out)-1]
		var detail []byte
		if err := r.Scan(&p.Seq, &p.Kind, &p.Date, &p.Amount, &p.Instalment, &p.Reverses, &detail, &p.PaymentID, &p.Key, &p.InputHash, &p.Posted, &p.Actor); err != nil {
			return err
		}
		return readDetail(&p.Event, contractID, detail)
	}, contractID)
	return out, err
}

func readDetail(e *contract.Event, contractID string, detail []byte) error {
	if string(detail) == "{}" {
		return nil
	}
	if err := json.Unmarshal(detail, e); err != nil {
		return fmt.Errorf("read event %d of %s: %w", e.Seq, contractID, err)
	}
	return nil
}

// InsertEntry appends a journal entry. It is the only way postings are written,
// and an entry that does not balance stops here.
func (tx *Tx) InsertEntry(contractID string, e *ledger.Entry) error {
	if err := e.Check(); err != nil {
		return err
	}
	tx.later(insertEntry, contractID, e.ID, e.Kind, e.Event, e.Corrects, e.Effective, e.Posted)
	args := []any{contractID, e.ID}
	for _, p := range e.Postings {
		args = append(args, p.Account, p.Amount)
	}
	tx.later(insertPostings[len(e.Postings)], args...)
	return nil
}

// Entries reads a contract's journal after an entry (0 for all).
func (tx *Tx) Entries(contractID string, after int) (out []ledger.Entry, err error) {
	err = tx.query(selectEntries, func(r row) error {
		var e ledger.Entry
		var p ledger.Posting
		if err := r.Scan(&e.ID, &e.Kind, &e.Event, &e.Corrects, &e.Effective, &e.Posted, &p.Account, &p.Amount); err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].ID != e.ID {
			out = append(out, e)
		}
		last := &out[len(out)-1]
		last.Postings = append(last.Postings, p)
		return nil
	}, contractID, after)
	return out, err
}
