package identity

import "slices"

// Role is what a member of staff is there for.
type Role string

// The roles.
const (
	RoleAgent         Role = "agent"
	RoleSupervisor    Role = "supervisor"
	RoleAdministrator Role = "administrator"
	RoleAuditor       Role = "auditor"
)

// Roles lists them all.
var Roles = []Role{RoleAgent, RoleSupervisor, RoleAdministrator, RoleAuditor}

// Duty is one thing that staff may be allowed.
type Duty string

// The duties.
const (
	DutyFind        Duty = "find"         // search for customers
	DutyView        Duty = "view"         // a customer's account, read only, with a reason
	DutyVerify      Duty = "verify"       // ask a caller to prove who they are
	DutyUnlock      Duty = "unlock"       // after the caller was verified
	DutyEndSessions Duty = "end_sessions" // of a customer
	DutyRecover     Duty = "recover"      // start a recovery; a second person must agree
	DutyAgree       Duty = "agree"        // to what another asked for
	DutyStaff       Duty = "staff"        // invite, change and disable staff
	DutyAgreeStaff  Duty = "agree_staff"  // to a colleague's way in being set up anew
	DutyAudit       Duty = "audit"        // read who saw and did what
	DutySignals     Duty = "signals"      // unusual sign-ins of all customers
	DutyExceptions  Duty = "exceptions"   // what a person must look at, and the return rates: read
	DutyClear       Duty = "clear"        // say how an exception item was dealt with
	DutySettlement  Duty = "settlement"   // what the bank moved against what was expected: read
	DutyReconcile   Duty = "reconcile"    // say where a difference between the two goes
	DutyReverse     Duty = "reverse"      // ask that an erroneous debit be reversed; a second person must agree
	DutyPhonePay    Duty = "phone_pay"    // take or cancel a payment for a caller who was verified
	DutyPaperPay    Duty = "paper_pay"    // take a payment that a signed form authorises
	DutyRefund      Duty = "refund"       // ask for a card payment to be given back; a second person must agree
	DutyRefuse      Duty = "refuse"       // tell a customer that something asked for is refused
)

// duties is the one table of who may do what. Whoever may manage staff may not
// touch customers, so that no one person can make an agent and be one.
var duties = map[Role][]Duty{
	RoleAgent:         {DutyFind, DutyView, DutyVerify, DutyUnlock, DutyEndSessions, DutyRecover, DutyExceptions, DutyReverse, DutyPhonePay, DutyRefund, DutyRefuse},
	RoleSupervisor:    {DutyFind, DutyView, DutyVerify, DutyUnlock, DutyEndSessions, DutyRecover, DutyAgree, DutyAgreeStaff, DutySignals, DutyAudit, DutyExceptions, DutyClear, DutyReverse, DutySettlement, DutyReconcile, DutyPhonePay, DutyPaperPay, DutyRefund, DutyRefuse},
	RoleAdministrator: {DutyStaff, DutyAgreeStaff, DutyAudit, DutySettlement, DutyReconcile},
	RoleAuditor:       {DutyFind, DutyView, DutyAudit, DutySignals, DutyExceptions, DutySettlement},
}

// Has says whether a role includes a duty.
func (r Role) Has(d Duty) bool { return slices.Contains(duties[r], d) }
