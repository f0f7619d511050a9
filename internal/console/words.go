package console

import (
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/servicing"
	"marque/internal/web"
)

// word is a word of the audit trail, of a state or of a message's kind as people
// say it.
func word(s string) string {
	if w, ok := words[s]; ok {
		return w
	}
	return strings.ReplaceAll(s, "_", " ")
}

var words = map[string]string{
	"view_opened":      "opened the account",
	"view_closed":      "closed the account",
	"view_customer":    "read the account",
	"read_caller":      "looked up how to reach the customer",
	"reveal_contact":   "saw e-mail, phone and address in full",
	"find":             "searched",
	"caller_asked":     "asked the caller to prove who they are",
	"caller_passed":    "the caller passed",
	"caller_failed":    "the caller did not pass",
	"unlock":           "unlocked sign-in",
	"unlock_asked":     "asked a supervisor to agree to an unlock",
	"unlock_agreed":    "agreed to an unlock",
	"unlock_refused":   "refused an unlock",
	"end_sessions":     "signed the customer out everywhere",
	"recovery_asked":   "asked a supervisor to agree to a recovery",
	"recovery_agreed":  "agreed to a recovery",
	"recovery_refused": "refused a recovery",
	"recovery_both":    "got back in after losing everything",
	"recovery_factor":  "got back in with a new second step",
	"recovery_unlock":  "unlocked the sign-in",
	"reset_asked":      "asked to set up a colleague’s access anew",
	"reset_agreed":     "agreed to set up a colleague’s access anew",
	"reset_refused":    "refused to set up a colleague’s access anew",
	"read_audit":       "read the audit trail",
	"read_signals":     "read the unusual sign-ins",
	"staff_founded":    "made the first administrator",
	"staff_invited":    "invited a colleague",
	"staff_role":       "changed a colleague’s role",
	"staff_disabled":   "disabled a colleague",
	"staff_reset":      "made a new invitation for a colleague",
	"invite_accepted":  "took the invitation",
	"add_bank_account": "added a bank account",
	"activated":        "set up online access",
	"lock":             "locked the sign-in: “this was not me”",
	"factor_added":     "added a second step",
	"factor_removed":   "removed a second step",
	"password_changed": "changed the password",
	"saved_codes_made": "made new saved codes",
	"sign_in":          "signed in",
	"sent":             "sent",
	"queued":           "waits to be sent",
	"confirm":          "confirmed with the second step",
	"wrong_password":   "wrong password",
}

// outcomeWords are a try to get in, said.
func outcomeWords(outcome string) string {
	switch outcome {
	case "in":
		return "Signed in"
	case "wrong_password":
		return "Wrong password"
	case "wrong_factor":
		return "Right password, wrong second step"
	case "waiting":
		return "Right password, second step asked for"
	case "refused":
		return "Refused"
	case "locked":
		return "Tried while locked"
	case "recovery":
		return "Got back in by recovery"
	}
	return word(outcome)
}

// Outcome is a try to get in, said.
func (signalsPage) Outcome(o string) string { return outcomeWords(o) }

// Decision is what the signals led to, said, with the tone of its tag.
func (signalsPage) Decision(d identity.Decision) string {
	switch d {
	case identity.Allow:
		return "let in"
	case identity.StepUp:
		return "second step asked for"
	case identity.HoldChanges:
		return "changes held"
	case identity.Refuse:
		return "refused"
	}
	return "noted"
}

// Tone goes with Decision.
func (signalsPage) Tone(d identity.Decision) string {
	switch d {
	case identity.HoldChanges:
		return "warn"
	case identity.Refuse:
		return "bad"
	}
	return "plain"
}

// Words joins the signals.
func (signalsPage) Words(all []identity.Signal) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Words()
	}
	return strings.Join(out, "; ")
}

func purposeName(p string) string {
	switch p {
	case billing.CallerAccount:
		return "Talk about the account"
	case billing.CallerPayment:
		return "Change a payment or a bank account"
	case billing.CallerContact:
		return "Change how we reach the customer"
	case billing.CallerUnlock:
		return "Unlock sign-in"
	case billing.CallerRecovery:
		return "Help the customer back in"
	}
	return p
}

func purposeOptions() (out []web.Option) {
	for _, p := range servicing.CallerPurposes {
		out = append(out, web.Option{Value: p, Label: purposeName(p)})
	}
	return out
}

func methodOptions(c servicing.Caller) (out []web.Option) {
	if c.Phone != "" {
		out = append(out, web.Option{Value: string(servicing.CallerText), Label: "Text message to " + c.Phone, Hint: fresh(c.PhoneFresh)})
	}
	if c.Email != "" {
		out = append(out, web.Option{Value: string(servicing.CallerEmail), Label: "E-mail to " + c.Email, Hint: fresh(c.EmailFresh)})
	}
	if c.OnScreen {
		out = append(out, web.Option{Value: string(servicing.CallerOnScreen), Label: "Question on the customer’s screen", Hint: "The customer is signed in now."})
	}
	if c.Questions {
		out = append(out, web.Option{Value: string(servicing.CallerQuestions), Label: "Security questions", Hint: "Beside a code that was read to you, never alone."})
	}
	return out
}

func fresh(lately bool) string {
	if lately {
		return "Changed within seven days: not good for unlocking or getting back in."
	}
	return ""
}

// MethodName is a way of asking, said.
func (customerPage) MethodName(m servicing.CallerMethod) string {
	switch m {
	case servicing.CallerText:
		return "Text message"
	case servicing.CallerEmail:
		return "E-mail"
	case servicing.CallerOnScreen:
		return "On the screen"
	}
	return "Security questions"
}

// PurposeName is what a check was for, said.
func (customerPage) PurposeName(p string) string { return purposeName(p) }

// FactorName is a kind of second step, said.
func (customerPage) FactorName(k servicing.FactorKind) string { return factorName(k) }

// FactorName is a kind of second step, said.
func (mePage) FactorName(k servicing.FactorKind) string { return factorName(k) }

func factorName(k servicing.FactorKind) string {
	switch k {
	case servicing.Passkey:
		return "Passkey"
	case servicing.App:
		return "Authenticator app"
	case servicing.Text:
		return "Text message"
	}
	return "Saved code"
}

// Outcome is a try to get in, said.
func (customerPage) Outcome(o string) string { return outcomeWords(o) }

// Outcome is a try to get in, said.
func (mePage) Outcome(o string) string { return outcomeWords(o) }

// StatusOf is a contract's state in a word, with the tone of its tag.
func (customerPage) StatusOf(c servicing.Card) string {
	switch {
	case c.Closed:
		return "Closed"
	case c.ChargedOff:
		return "Charged off"
	case c.Called:
		return "All of it is due"
	case c.Held:
		return "Do not contact"
	case c.Due.PastDue > 0:
		return "Past due"
	}
	return "Current"
}

// ToneOf goes with StatusOf.
func (p customerPage) ToneOf(c servicing.Card) string {
	switch p.StatusOf(c) {
	case "Current":
		return "good"
	case "Closed":
		return "plain"
	case "Past due":
		return "warn"
	}
	return "bad"
}

// Ends is the end of an account number.
func (customerPage) Ends(number string) string {
	if len(number) <= 4 {
		return number
	}
	return number[len(number)-4:]
}

// LockWords say why nobody gets in.
func (customerPage) LockWords(a servicing.AccessView) string {
	switch {
	case a.Locked != 0 && a.LockReason == "owner":
		return "Locked by the owner: “this was not me”. A supervisor must agree before it is unlocked, and the password must be a new one."
	case a.Locked != 0:
		return "Locked: " + word(a.LockReason) + "."
	case a.Stopped:
		return "Closed after too many wrong passwords. Devices that are known still get in."
	case a.WaitUntil != 0:
		return "Waiting after wrong passwords."
	}
	return ""
}

// KindName is what an approval is about, said.
func (approvalsPage) KindName(k string) string {
	switch k {
	case "recovery":
		return "Help a customer back in"
	case "unlock":
		return "Unlock what the owner has locked"
	case "reset":
		return "Set up a colleague’s access anew"
	}
	return k
}

// Follows is what happens when it is agreed to.
func (approvalsPage) Follows(k string) string {
	switch k {
	case "recovery":
		return "The customer can set a new password and a new second step with a code to an address on file. All addresses are told now. Changes to money and contact data are held for 72 hours."
	case "unlock":
		return "Who asked can unlock the sign-in. The customer must set a new password."
	}
	return "Who asked gets a new invitation to hand over. The old second steps and sessions end."
}

// Tone is the tone of an approval's state.
func (approvalsPage) Tone(state string) string {
	switch state {
	case "asked":
		return "wait"
	case "agreed", "used":
		return "good"
	case "refused":
		return "bad"
	}
	return "plain"
}

func roleName(r identity.Role) string {
	switch r {
	case identity.RoleAgent:
		return "Agent"
	case identity.RoleSupervisor:
		return "Supervisor"
	case identity.RoleAdministrator:
		return "Administrator"
	case identity.RoleAuditor:
		return "Auditor"
	}
	return string(r)
}

// RoleName is a role, said.
func (staffPage) RoleName(r identity.Role) string { return roleName(r) }

func roleOptions() []web.Option {
	return []web.Option{
		{Value: string(identity.RoleAgent), Label: "Agent", Hint: "Helps customers: looks, verifies callers, unlocks, asks for recoveries."},
		{Value: string(identity.RoleSupervisor), Label: "Supervisor", Hint: "What an agent does, agrees to what others ask for, reads the audit trail and unusual sign-ins."},
		{Value: string(identity.RoleAdministrator), Label: "Administrator", Hint: "Invites and disables staff and reads the audit trail. Sees no customer."},
		{Value: string(identity.RoleAuditor), Label: "Auditor", Hint: "Looks and reads the audit trail. Changes nothing."},
	}
}
