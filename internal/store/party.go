package store

import (
	"marque/internal/money"
)

// Role is what a customer is to a contract.
type Role string

// The roles. A contract has one borrower at most, whom its papers are addressed to.
const (
	Borrower   Role = "borrower"
	CoBorrower Role = "co_borrower"
)

// Party is a customer who owes a contract. All parties owe all of it and see all
// of it; what is each one's own is the way in and the bank accounts.
type Party struct {
	CustomerID string
	Role       Role
	Since      money.Date
}

var (
	insertParty   = stmt(`INSERT INTO contract_party (contract_id, customer_id, role, since) VALUES ($1, $2, $3, $4)`)
	selectParties = stmt(`SELECT customer_id, role, since FROM contract_party WHERE contract_id = $1 ORDER BY role, customer_id`)
)

// AddParty adds a customer to those who owe a contract. One who does already is
// a *ConflictError.
func (tx *Tx) AddParty(contractID string, p Party) {
	tx.later(insertParty, contractID, p.CustomerID, p.Role, p.Since)
}

// Parties reads who owes a contract, the borrower first.
func (tx *Tx) Parties(contractID string) (out []Party, err error) {
	err = tx.query(selectParties, func(r row) error {
		var p Party
		err := r.Scan(&p.CustomerID, &p.Role, &p.Since)
		out = append(out, p)
		return err
	}, contractID)
	return out, err
}
