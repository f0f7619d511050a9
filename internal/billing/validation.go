package billing

import "slices"

// AccountTries is how often the amounts of a check's micro-entries may be said,
// right or wrong.
const AccountTries = 3

// The days of a check of a bank account.
const (
	// MicroEntryDays is how long the amounts can be said, from the day on which the
	// bank has them.
	MicroEntryDays = 14
	// PrenoteDays is how many banking days a prenote waits for a return, from its
	// settlement (Nacha Operating Rules, 2.6.2).
	PrenoteDays = 3
)

// CheckState is where one check of a bank account stands.
type CheckState string

// The states of a check.
const (
	CheckWaiting CheckState = "waiting" // for the day's file
	CheckSent    CheckState = "sent"
	CheckPassed  CheckState = "passed"
	CheckFailed  CheckState = "failed"
)

// Why a check failed; else it is the code with which the bank sent an entry back.
const (
	CheckTries   = "tries"
	CheckExpired = "expired"
	CheckRemoved = "removed" // the account was taken away meanwhile
)

var validations = map[Validation][]Validation{
	Unvalidated: {Validating, Validated, NotValid, Stopped},
	Validating:  {Validated, NotValid, Stopped},
	Validated:   {Validated, Stopped}, // again, by a later entry
	NotValid:    {Validating, Validated, Stopped},
}

// MayBecome says whether an account's validation may move from one state to
// another. What is stopped stays so: the account is added anew, with the right
// numbers.
func (v Validation) MayBecome(to Validation) bool { return slices.Contains(validations[v], to) }

// MayCheckAgain says whether a check that failed for a reason may be followed by
// another of the same account: not when the bank itself has sent an entry back.
func MayCheckAgain(reason string) bool {
	return reason == "" || reason == CheckTries || reason == CheckExpired
}

// MayDebit says whether a debit may go to a bank account in a state of
// validation. web: it was authorised on the web (Nacha Operating Rules, WEB
// account validation).
func (v Validation) MayDebit(web bool) bool {
	return v == Validated || !web && v != Stopped
}
