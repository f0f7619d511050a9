package identity

import (
	"slices"
	"strings"
	"time"
)

// Proof is something that was shown on the way in or back.
type Proof string

// The proofs. Codes by e-mail and by text message are one class, issued codes:
// two of them are no more than one (NIST SP 800-63B-4, 4.2).
const (
	ProofFacts     Proof = "facts" // account number with what only its owner knows; never enough for anything
	ProofPassword  Proof = "password"
	ProofEmailCode Proof = "email_code"
	ProofTextCode  Proof = "text_code"
	ProofTOTP      Proof = "totp"
	ProofPasskey   Proof = "passkey"
	ProofSavedCode Proof = "saved_code"
	ProofDevice    Proof = "device"    // a device that was remembered
	ProofQuestions Proof = "questions" // a gate in front of another proof, never one itself
	ProofAgent     Proof = "agent"     // two members of staff made sure on the telephone
)

// Proofs is a set of proofs, written with spaces between.
type Proofs string

// Has says whether a proof is among them.
func (p Proofs) Has(q Proof) bool {
	for has := range strings.FieldsSeq(string(p)) {
		if has == string(q) {
			return true
		}
	}
	return false
}

// And adds one.
func (p Proofs) And(q Proof) Proofs {
	if p.Has(q) {
		return p
	}
	return Proofs(strings.TrimSpace(string(p) + " " + string(q)))
}

// Goal is what was lost, and so what a recovery gives back.
type Goal string

// The goals.
const (
	GoalPassword Goal = "password"
	GoalFactor   Goal = "factor" // the phone or the app; the password is known
	GoalBoth     Goal = "both"
	GoalUsername Goal = "username"
	GoalUnlock   Goal = "unlock"
)

// Goals lists them all.
var Goals = []Goal{GoalPassword, GoalFactor, GoalBoth, GoalUsername, GoalUnlock}

// How long changes to money and contact data are held after a recovery.
const (
	HoldAfterRecovery = 24 * time.Hour
	HoldAfterAgent    = 72 * time.Hour
)

// SettledFor is how long an address must have been on file before a code sent to
// it counts in a recovery: one that was changed days ago may be the thief's.
const SettledFor = 7 * 24 * time.Hour

// Held is what an account has, as far as recovery asks.
type Held struct {
	App, Passkey, Text, SavedCodes bool
	TextOnFile                     bool // the phone that is bound is the one on file
	Required                       bool // the lender asks everybody for a second factor
	Questions                      bool // the lender asks security questions as an extra gate here
	Unanswered                     bool // and this account has never set any: they are asked, and open nothing
}

// strong says whether the account has a second factor of any kind, or would have
// one if it had not been taken out.
func (h Held) strong() bool { return h.Required || h.App || h.Passkey || h.Text || h.SavedCodes }

// Recovered is the decision about a recovery: whether the proofs are enough, how
// long changes are held then, and whether the lost second factors end.
type Recovered struct {
	Enough     bool
	Hold       time.Duration
	EndFactors bool
}

// Recover decides whether the proofs shown give back what was lost.
//
//	lost                    way back
//	password                a code by e-mail or text, and a second factor that is still held
//	                        (app, passkey, saved code); where the account has none at all, the code
//	second factor           password and a saved code; or password and a code by e-mail, and changes
//	                        are held
//	both                    a saved code and a code by e-mail or text; or two members of staff, and a
//	                        code by e-mail or text, and changes are held longer
//	nothing, but locked     a code by e-mail or text, and the second factor where there is one
//	username                nothing is given back: it is sent to the address on file
//
// A code by e-mail and one by text are never enough together for an account with
// a second factor, and a code by text does not stand beside itself.
// Source: NIST SP 800-63B-4, 4.2; ASVS 6.4.3.
func Recover(goal Goal, p Proofs, h Held) Recovered {
	issued := p.Has(ProofEmailCode) || p.Has(ProofTextCode)
	if h.Questions && !h.Unanswered && !p.Has(ProofQuestions) && !p.Has(ProofAgent) {
		return Recovered{}
	}
	possession := p.Has(ProofTOTP) || p.Has(ProofPasskey) || p.Has(ProofSavedCode)
	byStaff := p.Has(ProofAgent) && issued
	switch goal {
	case GoalPassword:
		switch {
		case issued && (possession || !h.strong()):
			return Recovered{Enough: true, Hold: HoldAfterRecovery}
		case byStaff:
			return Recovered{Enough: true, Hold: HoldAfterAgent}
		}
	case GoalFactor:
		switch {
		case p.Has(ProofPassword) && p.Has(ProofSavedCode):
			return Recovered{Enough: true, Hold: HoldAfterRecovery, EndFactors: true}
		case p.Has(ProofPassword) && p.Has(ProofEmailCode):
			return Recovered{Enough: true, Hold: HoldAfterRecovery, EndFactors: true}
		}
	case GoalBoth:
		switch {
		case issued && p.Has(ProofSavedCode):
			return Recovered{Enough: true, Hold: HoldAfterRecovery, EndFactors: true}
		case byStaff:
			return Recovered{Enough: true, Hold: HoldAfterAgent, EndFactors: true}
		}
	case GoalUnlock:
		// No way in: the password and the second factor are asked for after it. A
		// text to a bound phone counts as that factor beside a code by e-mail.
		if issued && (possession || !h.strong() || p.Has(ProofEmailCode) && p.Has(ProofTextCode) && h.Text && h.TextOnFile) || byStaff {
			return Recovered{Enough: true}
		}
	}
	return Recovered{}
}

// Proving lists the proofs that can bring a recovery further, in the order they
// are offered. First comes what a stranger does not have, a code sent to an
// address on file or the password: who only knows a name can try nothing else. It
// depends on the goal and on what was shown and never on the account, so that it
// tells nobody what an account has.
func Proving(goal Goal, p Proofs) []Proof {
	var all []Proof
	issued := p.Has(ProofEmailCode) || p.Has(ProofTextCode)
	switch {
	case goal == GoalFactor && !p.Has(ProofPassword):
		all = []Proof{ProofPassword}
	case goal == GoalFactor:
		all = []Proof{ProofSavedCode, ProofEmailCode}
	case goal != GoalPassword && goal != GoalBoth && goal != GoalUnlock:
	case !issued:
		all = []Proof{ProofEmailCode, ProofTextCode}
	case goal == GoalBoth:
		all = []Proof{ProofSavedCode}
	case goal == GoalPassword:
		all = []Proof{ProofTOTP, ProofPasskey, ProofSavedCode}
	default:
		all = []Proof{ProofEmailCode, ProofTextCode, ProofTOTP, ProofPasskey, ProofSavedCode}
	}
	return slices.DeleteFunc(all, p.Has)
}
