// Package identity says who is acting and what they may do. It holds no SQL and
// no HTTP: the rules for passwords, one-time codes and sessions as pure
// functions of their inputs and of the moment they are given.
//
// Every verb and every query takes an Actor and checks it. A customer may touch
// what belongs to that customer; the system acts for the business day; staff
// arrive with the agents' console.
package identity

import "fmt"

// CustomerID names a customer.
type CustomerID string

// Kind tells who acts.
type Kind string

// The kinds of actor.
const (
	KindCustomer Kind = "customer"
	KindSystem   Kind = "system"
)

// Actor is who does something. The zero value may do nothing.
type Actor struct {
	Kind Kind
	ID   string // the customer's id, or the name of the system's part
}

// Customer is the actor for a signed-in customer.
func Customer(id CustomerID) Actor { return Actor{KindCustomer, string(id)} }

// System is the actor for the business day and the operator's commands.
func System(part string) Actor { return Actor{KindSystem, part} }

// CustomerID is the customer who acts, and whether it is one.
func (a Actor) CustomerID() (CustomerID, bool) { return CustomerID(a.ID), a.Kind == KindCustomer }

// IsSystem says whether the system acts.
func (a Actor) IsSystem() bool { return a.Kind == KindSystem && a.ID != "" }

// String is how the actor is written in the audit trail.
func (a Actor) String() string { return fmt.Sprintf("%s:%s", a.Kind, a.ID) }
