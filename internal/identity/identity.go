// Package identity says who is acting and what they may do. It holds no SQL and
// no HTTP: the rules for passwords, second factors, one-time codes, recovery,
// sessions and unusual sign-ins as pure functions of their inputs and of the
// moment they are given.
//
// Every verb and every query takes an Actor and checks it. A customer may touch
// what belongs to that customer, as far as the session has shown (Standing); a
// member of staff may do what the role lists (Role); the system acts for the
// business day.
package identity

import (
	"fmt"
	"strings"
)

// CustomerID names a customer.
type CustomerID string

// Kind tells who acts.
type Kind string

// The kinds of actor.
const (
	KindCustomer Kind = "customer"
	KindStaff    Kind = "staff"
	KindSystem   Kind = "system"
)

// Actor is who does something. The zero value may do nothing.
type Actor struct {
	Kind Kind
	ID   string // the customer's or the member of staff's id, or the name of the system's part
	Role Role   // of staff
	// Standing is what the actor's session has shown; zero for a session that
	// showed one factor, long ago.
	Standing Standing
}

// Customer is the actor for a signed-in customer.
func Customer(id CustomerID) Actor { return Actor{Kind: KindCustomer, ID: string(id)} }

// Staff is the actor for a signed-in member of staff.
func Staff(id string, role Role) Actor { return Actor{Kind: KindStaff, ID: id, Role: role} }

// System is the actor for the business day and the operator's commands.
func System(part string) Actor { return Actor{Kind: KindSystem, ID: part} }

// With gives the actor what its session has shown.
func (a Actor) With(s Standing) Actor {
	a.Standing = s
	return a
}

// CustomerID is the customer who acts, and whether it is one.
func (a Actor) CustomerID() (CustomerID, bool) { return CustomerID(a.ID), a.Kind == KindCustomer }

// IsSystem says whether the system acts.
func (a Actor) IsSystem() bool { return a.Kind == KindSystem && a.ID != "" }

// IsStaff says whether a member of staff acts.
func (a Actor) IsStaff() bool { return a.Kind == KindStaff && a.ID != "" && a.Role != "" }

// String is how the actor is written in the audit trail, and the owner of its
// login, sessions and second factors: "customer:ID".
func (a Actor) String() string { return fmt.Sprintf("%s:%s", a.Kind, a.ID) }

// OwnerCustomer is the customer that an owner in writing names, and whether it
// names one.
func OwnerCustomer(owner string) (CustomerID, bool) {
	id, ok := strings.CutPrefix(owner, string(KindCustomer)+":")
	return CustomerID(id), ok && id != ""
}

// OwnerStaff is the member of staff that an owner in writing names, and whether
// it names one.
func OwnerStaff(owner string) (string, bool) {
	id, ok := strings.CutPrefix(owner, string(KindStaff)+":")
	return id, ok && id != ""
}
