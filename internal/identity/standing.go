package identity

import (
	"time"

	"marque/internal/money"
)

// Scope limits what a session is for.
type Scope string

// The scopes. A session to enrol is given at the end of activation until a
// second factor is bound; one to restore is given by recovery and can do nothing
// but bind a new one (a recovery must not be a sign-in).
const (
	ScopeFull    Scope = "full"
	ScopeEnrol   Scope = "enrol"
	ScopeRestore Scope = "restore"
)

// Standing is what a session has shown, and what it is kept from.
type Standing struct {
	Session   string // the session's id; empty outside one
	Scope     Scope  // empty is full
	Level     int    // factors shown when signing in
	FactorAt  money.Instant
	HeldUntil money.Instant
	// FactorsHeldUntil keeps the second factors as they are after a sign-in that was
	// unusual: a thief would bind one of their own.
	FactorsHeldUntil money.Instant
	// MustChange says that the password is known to others: until a new one is
	// set nothing else can be done.
	MustChange bool
}

// FreshFor is how long a second factor opens the doors that ask for a fresh one
// (ASVS 7.5.1).
const FreshFor = 5 * time.Minute

// Action is a class of things that a customer does.
type Action string

// The actions.
const (
	ActRead           Action = "read"
	ActPay            Action = "pay" // from a bank account that is there already
	ActBankAccounts   Action = "bank_accounts"
	ActAutopay        Action = "autopay"
	ActContact        Action = "contact"
	ActFactors        Action = "factors"
	ActPassword       Action = "password"
	ActQuestions      Action = "questions"
	ActSessions       Action = "sessions" // end sessions and forget devices
	ActPaperless      Action = "paperless"
	ActVerifyOnScreen Action = "verify_on_screen" // answer an agent's prompt
)

// rule is what an action asks of a session.
type rule struct {
	fresh bool // a second factor within FreshFor
	held  bool // waits while changes are held
	enrol bool // open to a session that may only bind a second factor
}

var actions = map[Action]rule{
	ActRead: {}, ActPay: {}, ActSessions: {}, ActPaperless: {}, ActVerifyOnScreen: {},
	ActBankAccounts: {fresh: true, held: true},
	ActAutopay:      {fresh: true, held: true},
	ActContact:      {fresh: true, held: true},
	ActFactors:      {fresh: true, enrol: true},
	ActPassword:     {fresh: true},
	ActQuestions:    {fresh: true},
}

// Verdict is the answer to whether a session may do something.
type Verdict string

// The verdicts.
const (
	Allowed   Verdict = "allowed"
	AskFactor Verdict = "ask_factor" // after a fresh second factor
	OnHold    Verdict = "held"       // not before HeldUntil
	NotHere   Verdict = "not_here"   // not in this session at all
)

// May decides what a session may do at a moment. It is the only place where that
// is decided; an action that is not listed is refused.
func (s Standing) May(a Action, now money.Instant) Verdict {
	r, known := actions[a]
	switch {
	case !known:
		return NotHere
	case s.Scope == ScopeEnrol || s.Scope == ScopeRestore:
		if r.enrol {
			return Allowed
		}
		return NotHere
	case s.MustChange && a != ActPassword && a != ActSessions:
		return NotHere
	case r.held && now < s.HeldUntil, a == ActFactors && now < s.FactorsHeldUntil:
		return OnHold
	case r.fresh && !s.Fresh(now):
		return AskFactor
	}
	return Allowed
}

// Fresh says whether a second factor was shown within FreshFor. A clock that was
// set back makes nothing fresh.
func (s Standing) Fresh(now money.Instant) bool {
	return s.FactorAt > 0 && s.FactorAt <= now && now < s.FactorAt.Add(FreshFor)
}
