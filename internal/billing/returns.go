package billing

import (
	"maps"
	"slices"

	"marque/internal/money"
)

// ReturnClass says in which of Nacha's return rates a code counts, beside the
// rate of all returns.
type ReturnClass string

// The classes. Dishonored and contested returns are messages between banks about
// a return that was counted before.
const (
	UnauthorizedReturn   ReturnClass = "unauthorized"   // R05 R07 R10 R11 R29 R51
	AdministrativeReturn ReturnClass = "administrative" // R02 R03 R04
	OtherReturn          ReturnClass = "other"
	BetweenBanks         ReturnClass = "between banks"
)

// Return is what is done when a debit comes back with one code.
type Return struct {
	Code  string
	Class ReturnClass

	Reverse           bool // the payment is taken back from the account
	Fee               bool // the contract's returned-payment fee may be charged
	Retry             bool // may be presented again; see MayRetry
	StopsAccount      bool // nothing more is drawn from this bank account until the customer mends or replaces it
	EndsAuthorization bool // the customer's authorization is over; a new one is needed
	Exception         bool // a person has to look

	Reason string // in a borrower's words, to finish "Your bank returned this payment: "
}

// The reasons that several codes share.
const (
	noSuchAccount  = "the bank could not find the account: a digit may be wrong"
	notAuthorized  = "the bank was told that the payment was not authorized"
	takenBack      = "the permission to draw from the account was taken back"
	notDrawable    = "the bank account does not allow such payments"
	bankNotReached = "the bank could not be reached under its routing number"
	ourMistake     = "there was a mistake in how the payment was sent; it was not yours"
	aboutReturn    = "the banks are still settling an earlier return of it"
)

// returns is the one table of what a code means for a payment. Who may be
// debited again and which codes end the authorization: Nacha Operating Rules,
// subsections 2.12.4 and 3.12, as bank guides state them. A fee is for money that
// was not there, and for nothing else.
var returns = byCode(
	Return{Code: "R01", Reverse: true, Fee: true, Retry: true, Reason: "there was not enough money in the bank account"},
	Return{Code: "R02", Class: AdministrativeReturn, Reverse: true, StopsAccount: true, Reason: "the bank account is closed"},
	Return{Code: "R03", Class: AdministrativeReturn, Reverse: true, StopsAccount: true, Reason: noSuchAccount},
	Return{Code: "R04", Class: AdministrativeReturn, Reverse: true, StopsAccount: true, Reason: noSuchAccount},
	Return{Code: "R05", Class: UnauthorizedReturn, Reverse: true, EndsAuthorization: true, Exception: true, Reason: notAuthorized},
	Return{Code: "R06", Reverse: true, Exception: true, Reason: "our bank asked for it back"},
	Return{Code: "R07", Class: UnauthorizedReturn, Reverse: true, EndsAuthorization: true, Reason: takenBack},
	Return{Code: "R08", Reverse: true, Reason: "the payment was stopped at the bank"},
	Return{Code: "R09", Reverse: true, Fee: true, Retry: true, Reason: "the money in the bank account was not available yet"},
	Return{Code: "R10", Class: UnauthorizedReturn, Reverse: true, EndsAuthorization: true, Exception: true, Reason: notAuthorized},
	// The authorization stands, the entry was not what it allows: a corrected one
	// may follow within 60 days, and a person says whether.
	Return{Code: "R11", Class: UnauthorizedReturn, Reverse: true, Exception: true, Reason: notAuthorized},
	Return{Code: "R12", Reverse: true, StopsAccount: true, Reason: "the bank has sold the branch that had the account"},
	Return{Code: "R13", Reverse: true, StopsAccount: true, Reason: bankNotReached},
	Return{Code: "R14", Reverse: true, StopsAccount: true, EndsAuthorization: true, Exception: true, Reason: "the person who acted for the account's owner can no longer do so"},
	Return{Code: "R15", Reverse: true, StopsAccount: true, EndsAuthorization: true, Exception: true, Reason: "the bank says that the account's owner has died"},
	Return{Code: "R16", Reverse: true, StopsAccount: true, Exception: true, Reason: "the bank account is frozen"},
	Return{Code: "R17", Reverse: true, StopsAccount: true, Exception: true, Reason: noSuchAccount},
	Return{Code: "R20", Reverse: true, StopsAccount: true, Reason: notDrawable},
	Return{Code: "R23", Exception: true, Reason: "the bank account did not take the money we sent"},
	Return{Code: "R24", Reverse: true, Exception: true, Reason: "the bank took it for a second copy of another payment"},
	Return{Code: "R28", Reverse: true, StopsAccount: true, Exception: true, Reason: bankNotReached},
	Return{Code: "R29", Class: UnauthorizedReturn, Reverse: true, EndsAuthorization: true, Exception: true, Reason: takenBack},
	Return{Code: "R31", Reverse: true, Exception: true, Reason: "our bank agreed to take it back"},
	Return{Code: "R32", Reverse: true, Exception: true, Reason: bankNotReached},
	Return{Code: "R34", Reverse: true, StopsAccount: true, Exception: true, Reason: notDrawable},
	Return{Code: "R51", Class: UnauthorizedReturn, Reverse: true, EndsAuthorization: true, Exception: true, Reason: notAuthorized},
	Return{Code: "R90", Reverse: true, StopsAccount: true, Exception: true, Reason: notDrawable},
).
	// Mistakes of ours or of our bank in making the entry.
	and(Return{Reverse: true, Exception: true, Reason: ourMistake},
		"R18", "R19", "R21", "R22", "R25", "R26", "R27", "R35", "R36", "R80", "R81", "R82", "R83", "R84", "R85").
	// Entries that this program never makes: checks and enrolments.
	and(Return{Reverse: true, Exception: true, Reason: "the bank sent it back as a kind of payment that it was not"},
		"R30", "R33", "R37", "R38", "R39", "R40", "R41", "R42", "R43", "R44", "R45", "R46", "R47", "R50", "R52", "R53").
	// What our bank refuses of a return, and what the other bank answers.
	and(Return{Class: BetweenBanks, Exception: true, Reason: aboutReturn},
		"R61", "R62", "R67", "R68", "R69", "R70", "R71", "R72", "R73", "R74", "R75", "R76", "R77")

type returnTable map[string]Return

func byCode(rows ...Return) returnTable {
	t := returnTable{}
	for _, r := range rows {
		if r.Class == "" {
			r.Class = OtherReturn
		}
		t[r.Code] = r
	}
	return t
}

func (t returnTable) and(as Return, codes ...string) returnTable {
	for _, code := range codes {
		as.Code = code
		maps.Copy(t, byCode(as))
	}
	return t
}

// ReturnRule is what is done with a return code. A code that the table does not
// have takes the payment back all the same, since the bank has taken the money,
// and opens an exception.
func ReturnRule(code string) Return {
	if r, ok := returns[code]; ok {
		return r
	}
	return Return{Code: code, Class: OtherReturn, Reverse: true, Exception: true,
		Reason: "the bank sent it back without a reason we can name (code " + code + ")"}
}

// ReturnRules is the whole table in the order of its codes.
func ReturnRules() []Return {
	return slices.SortedFunc(maps.Values(returns), func(a, b Return) int {
		if a.Code < b.Code {
			return -1
		}
		return 1
	})
}

// ReturnedFeeAllowed says whether a payment that came back with this code may
// bear the contract's returned-payment fee: only when the money was not there
// (R01, R09). A closed or mistyped account, a stop or a dispute bears none.
func ReturnedFeeAllowed(code string) bool { return ReturnRule(code).Fee }

// ReturnEndsAutopay says whether a return tells that the next draft would come
// back too: the account cannot be drawn on, the authorization is over, or the
// customer says that the draft was not as authorized (R11).
func ReturnEndsAutopay(code string) bool {
	r := ReturnRule(code)
	return r.StopsAccount || r.EndsAuthorization || r.Class == UnauthorizedReturn
}

// ReturnReason says in a borrower's words why a bank sent a payment back.
func ReturnReason(code string) string { return ReturnRule(code).Reason }

// The bounds of presenting a debit again (Nacha Operating Rules, subsection
// 2.12.4): R01 and R09 alone, at most twice after the first, within 180 days of
// the original settlement date, for the same amount.
const (
	MaxRetries = 2
	RetryDays  = 180
)

// MayRetry says whether a debit that came back with this code may be presented
// again to settle on a day. retries counts the entries that followed the first,
// sent or waiting; settled is the settlement date of the first.
func MayRetry(code string, retries int, settled, on money.Date) bool {
	return ReturnRule(code).Retry && retries >= 0 && retries < MaxRetries &&
		!settled.IsZero() && on > settled && on-settled <= RetryDays
}

// ReversalDays is how many banking days after the settlement of an erroneous
// entry its reversal has to be with the receiving bank (Nacha Operating Rules,
// subsection 2.9).
const ReversalDays = 5

// MayReverse says whether a reversal that settles on a day is still in time for
// an entry that settled on another.
func MayReverse(settled, on money.Date) bool {
	return !settled.IsZero() && on >= settled && on <= settled.AddBankingDays(ReversalDays)
}
