package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

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

// capital sets a sentence's first letter.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

var words = map[string]string{
	// What staff did.
	"view_opened":      "opened the account",
	"view_closed":      "closed the account",
	"view_customer":    "read the account",
	"read_caller":      "looked up how to reach the customer",
	"read_customer":    "read the customer’s record",
	"reveal_contact":   "saw e-mail, phone and address in full",
	"find":             "searched",
	"refused_request":  "told a customer that something asked for is refused",
	"caller_asked":     "asked the caller to prove who they are",
	"caller_passed":    "the caller passed the check",
	"caller_failed":    "the caller did not pass the check",
	"unlock":           "unlocked sign-in",
	"unlock_asked":     "asked a supervisor to agree to an unlock",
	"unlock_agreed":    "agreed to an unlock",
	"unlock_refused":   "refused an unlock",
	"end_sessions":     "signed the customer out everywhere",
	"recovery_asked":   "asked a supervisor to agree to help the customer back in",
	"recovery_agreed":  "agreed to help the customer back in",
	"recovery_refused": "refused to help the customer back in",
	"reset_asked":      "asked to set up a colleague’s access anew",
	"reset_agreed":     "agreed to set up a colleague’s access anew",
	"reset_refused":    "refused to set up a colleague’s access anew",
	"read_audit":       "read the audit trail",
	"read_signals":     "read the unusual sign-ins",
	"read_messages":    "read what was sent to the customer",
	"write_message":    "wrote a message to the customer",
	"staff_founded":    "made the first administrator",
	"staff_invited":    "invited a colleague",
	"staff_role":       "changed a colleague’s role",
	"staff_disabled":   "disabled a colleague",
	"staff_reset":      "made a new invitation for a colleague",
	"invite_accepted":  "took the invitation",

	// What owners did about their access.
	"activated":         "activated online access",
	"sign_in":           "signed in",
	"confirm":           "confirmed with the second step",
	"lock":              "locked the sign-in: “this was not me”",
	"factor_added":      "added a second step",
	"factor_removed":    "removed a second step",
	"password_changed":  "changed the password",
	"saved_codes_made":  "made new saved codes",
	"questions_changed": "changed the security questions",
	"session_ended":     "signed out one device",
	"sessions_ended":    "signed out everywhere else",
	"device_forgotten":  "forgot a device",
	"contact_changed":   "changed how we reach them",
	"language":          "changed the language of messages",
	"paperless_on":      "turned paperless on",
	"paperless_off":     "turned paperless off",
	"recovery_password": "got back in with a new password",
	"recovery_factor":   "got back in with a new second step",
	"recovery_both":     "got back in after losing both, password and second step",
	"recovery_username": "asked for the username",
	"recovery_unlock":   "unlocked the sign-in with a code",
	"notice_settings":   "chose which messages to get",
	"unsubscribe":       "turned e-mails off by the link in one",
	"texts_on":          "agreed to text messages",
	"texts_off":         "stopped text messages",
	"send_again":        "had a message sent again",
	"email_again":       "said that the e-mail address works again",

	// What happened to money.
	"add_bank_account":    "added a bank account",
	"remove_bank_account": "removed a bank account",
	"pay":                 "made a payment",
	"cancel_payment":      "canceled a payment",
	"phone_pay":           "took a payment by phone",
	"paper_pay":           "took a payment from a signed form",
	"phone_cancel":        "canceled a payment for a caller",
	"payment_returned":    "took back a payment that the bank returned",
	"retry_payment":       "scheduled a returned payment once more",
	"reverse_payment":     "reversed a payment that should not have been sent",
	"reversal_returned":   "the bank did not take a reversal",
	"reversal_asked":      "asked to reverse a payment",
	"reversal_agreed":     "agreed to reverse a payment",
	"reversal_refused":    "refused to reverse a payment",
	"payment_reversed":    "took back a card payment that was given back",
	"payment_restored":    "let a card payment count again",
	"pay_by_card":         "began a payment by card",
	"release_card":        "had a saved card charged on its day",
	"card_charged":        "posted a card payment that was charged",
	"card_refused":        "was told that a card was not charged",
	"card_cancelled":      "was told that nobody paid on the card page",
	"card_unanswered":     "got no answer from the card processor",
	"save_card":           "began to save a card",
	"card_saved":          "saved a card",
	"card_payout":         "read a payout of the card processor",
	"refund_asked":        "asked a supervisor to agree to a card refund",
	"refund_agreed":       "agreed to a card refund",
	"refund_refused":      "refused a card refund",
	"read_statement":      "read a statement of our bank",
	"clear_settlement":    "cleared a difference with our bank",
	"autopay_told":        "told a customer of an autopay draft to come",
	"autopay_not_told":    "left out an autopay draft that could not be told in time",
	"correct_account":     "corrected a bank account as its bank asked",
	"remove_method":       "removed a payment method",
	"move_method":         "moved what drew from a payment method to another",
	"check_account":       "began to check a bank account",
	"say_amounts":         "typed the amounts of two deposits",
	"check_returned":      "was told that a deposit to a bank account came back",
	"payment_not_taken":   "did not make a scheduled payment from an unchecked account",
	"autopay_on":          "turned autopay on",
	"autopay_off":         "turned autopay off",
	"payoff_quote":        "asked for a payoff quote",

	// What the system and its operators did.
	"event":           "changed the account",
	"clear_event":     "decided about an entry that waited",
	"board":           "took contracts onto the books",
	"cut_file":        "made the file to the bank",
	"clear_exception": "cleared an exception item",
	"drop_file":       "handed the file to the bank",
	"drop_mail":       "handed letters to the mail house",
	"link":            "a link in an e-mail",

	"take_over_documents": "took papers over from another archive",

	"read_returns":  "read the bank’s returns",
	"keys_prepared": "prepared a new key",
	"keys_rotated":  "put a new key into use",

	// Where a message stands.
	"queued":  "waits to be sent",
	"sent":    "sent",
	"failed":  "could not be delivered",
	"expired": "not sent in time",

	// Where an approval stands.
	"asked":   "waits for a decision",
	"agreed":  "agreed",
	"refused": "refused",
	"used":    "agreed and done",
}

// noticeWord is what a message was about.
func noticeWord(k billing.NoticeKind) string {
	if w, ok := noticeWords[k]; ok {
		return w
	}
	return capital(word(string(k)))
}

var noticeWords = map[billing.NoticeKind]string{
	billing.NoticeDueSoon:          "Due soon",
	billing.NoticeDueToday:         "Due today",
	billing.NoticePastDue:          "Past due",
	billing.NoticePayoffNear:       "Nearly paid off",
	billing.NoticePaymentChanged:   "Scheduled payment changed",
	billing.NoticeLeaseMaturity:    "Lease ends soon",
	billing.NoticeMileagePace:      "Miles run ahead",
	billing.NoticeTitleSent:        "Title sent",
	billing.NoticeSupportMessage:   "Message from staff",
	billing.NoticeTextsOn:          "Text messages turned on",
	billing.NoticeTextsStopped:     "Text messages stopped",
	billing.NoticeTextsHelp:        "Answer to HELP",
	billing.NoticeTextsBack:        "Text messages back on",
	billing.NoticeAutopayComing:    "Autopay to come",
	billing.NoticeAutopayNotTaken:  "Autopay not taken",
	billing.NoticeAutopayChanged:   "Autopay changed",
	billing.NoticePaymentReceived:  "Payment received",
	billing.NoticePaymentScheduled: "Payment scheduled",
	billing.NoticePhonePayment:     "Payment by phone",
	billing.NoticePaymentCancelled: "Payment canceled",
	billing.NoticePaymentReturned:  "Payment returned by the bank",
	billing.NoticePaymentReversed:  "Payment given back",
	billing.NoticeAutopayOn:        "Autopay is on",
	billing.NoticeAutopayOff:       "Autopay is off",
	billing.NoticeAutopayDrawn:     "Autopay payment",
	billing.NoticeStatementReady:   "Statement ready",
	billing.NoticeLateFee:          "Late fee charged",
	billing.NoticePaidOff:          "Paid in full",
	billing.NoticeAccountChanged:   "Account changed",
	billing.NoticeActivationCode:   "Code to activate online access",
	billing.NoticeSignInCode:       "Code to sign in",
	billing.NoticeRecoveryCode:     "Code to get back in",
	billing.NoticeUnlockCode:       "Code to unlock sign-in",
	billing.NoticeContactCode:      "Code to confirm an address",
	billing.NoticeCallerCode:       "Code to read to our agent",
	billing.NoticeActivated:        "Online access activated",
	billing.NoticeUsernameReminder: "Username reminder",
	billing.NoticeNewDevice:        "Sign-in on a new device",
	billing.NoticeSignInLocked:     "Sign-in locked",
	billing.NoticeSignInUnlocked:   "Sign-in unlocked",
	billing.NoticeFactorFailed:     "Right password, wrong second step",
	billing.NoticeFactorAdded:      "Second step added",
	billing.NoticeFactorRemoved:    "Second step removed",
	billing.NoticeSavedCodesMade:   "New saved codes",
	billing.NoticeSavedCodeUsed:    "Saved code used",
	billing.NoticePasswordChanged:  "Password changed",
	billing.NoticePasswordBreached: "Password found in a list of stolen ones",
	billing.NoticeEmailChanged:     "E-mail address changed",
	billing.NoticePhoneChanged:     "Phone changed",
	billing.NoticeAddressChanged:   "Postal address changed",
	billing.NoticeRecoveryStarted:  "Somebody asked to get back in",
	billing.NoticeRecoveryDone:     "Got back in",
	billing.NoticeChangesHeld:      "Changes are held",
	billing.NoticeSessionsEnded:    "Signed out on the oldest device",
	billing.NoticeLockedByYou:      "Locked by the customer",
	billing.NoticeQuestionsChanged: "Security questions changed",
	billing.NoticeDeviceForgotten:  "Device forgotten",
	billing.NoticePaperlessOn:      "Paperless is on",
	billing.NoticePaperlessOff:     "Paperless is off",
	billing.NoticeBankAccountAdded: "Bank account added",
	billing.NoticeCheckSent:        "Bank account is being checked",
	billing.NoticeCheckPassed:      "Bank account checked",
	billing.NoticeCheckFailed:      "Bank account could not be checked",
	billing.NoticeAccountCorrected: "Bank account corrected by its bank",
	billing.NoticeMethodReplaced:   "Payment method replaced",
	billing.NoticeMethodRemoved:    "Payment method removed",
	billing.NoticePaymentNotTaken:  "Scheduled payment not made",
}

func wayName(channel string) string {
	switch channel {
	case billing.ByText:
		return "text message"
	case billing.ByPaper:
		return "letter"
	case billing.ByPortal:
		return "inbox"
	}
	return "e-mail"
}

// paymentWord says where a payment stands as the portal does.
func paymentWord(s billing.PaymentState) string {
	switch s {
	case billing.Scheduled:
		return "scheduled"
	case billing.Authorised:
		return "received"
	case billing.Submitted:
		return "sent to the bank"
	case billing.Settled:
		return "complete"
	case billing.Returned:
		return "returned by the bank"
	case billing.Cancelled:
		return "canceled"
	}
	return word(string(s))
}

// PaymentWord says where a payment stands.
func (customerPage) PaymentWord(s billing.PaymentState) string { return capital(paymentWord(s)) }

// State is an approval's state, said.
func (approvalsPage) State(s string) string { return capital(word(s)) }

// State is an approval's state, said.
func (customerPage) State(s string) string { return word(s) }

// DueOf is what a contract's borrower reads about what is due: the same words and
// figures, each a line.
func (customerPage) DueOf(c servicing.Card) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	due := c.Due
	switch {
	case c.Closed:
		say("Nothing")
	case c.Held:
		say("Nothing is asked for")
	case c.ChargedOff:
		say("Still owed %s", c.Payoff.Total.USD())
	case c.Called || due.PastDue > 0 && due.Upcoming.IsZero():
		say("All that is left %s, due now", c.Payoff.Total.USD())
	case due.PastDue > 0:
		say("Past due now %s, since %s", (due.PastDue + due.Fees).USD(), due.NextDate.Long())
		if due.Fees > 0 {
			say("%s past due and %s in fees", due.PastDue.USD(), due.Fees.USD())
		}
		if due.UpcomingAmount > 0 {
			say("Next payment %s on %s", due.UpcomingAmount.USD(), due.Upcoming.Long())
		}
	case due.Amount() <= 0:
		say("Nothing is due right now")
	case due.Upcoming.IsZero():
		say("Amount due %s in fees", due.Amount().USD())
	default:
		say("Amount due %s by %s", due.Amount().USD(), due.Upcoming.Long())
		if due.Fees > 0 {
			say("%s payment and %s in fees", due.UpcomingAmount.USD(), due.Fees.USD())
		}
	}
	return lines
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

// signalTable is the unusual sign-ins of customers, or of staff.
type signalTable struct {
	Name string
	Rows []servicing.Signaled
	View bool // may open a customer
}

// Table makes one of the page's tables.
func (p signalsPage) Table(name string, rows []servicing.Signaled) signalTable {
	return signalTable{name, rows, p.View}
}

// Outcome is a try to get in, said.
func (signalTable) Outcome(o string) string { return outcomeWords(o) }

// Decision is what the signals led to, said, with the tone of its tag.
func (signalTable) Decision(d identity.Decision) string {
	switch d {
	case identity.Allow:
		return "Let in"
	case identity.StepUp:
		return "Second step asked for"
	case identity.HoldChanges:
		return "Let in, changes held for a day"
	case identity.Refuse:
		return "Kept out"
	}
	return "Noted, nothing else done"
}

// Tone goes with Decision.
func (signalTable) Tone(d identity.Decision) string {
	switch d {
	case identity.HoldChanges:
		return "warn"
	case identity.Refuse:
		return "bad"
	}
	return "plain"
}

// Words joins the signals.
func (signalTable) Words(all []identity.Signal) string {
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
		out = append(out, web.Option{Value: string(servicing.CallerOnScreen), Label: "On the screen", Hint: "The customer is signed in now and answers there."})
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
	case c.Held:
		return "Do not contact"
	case c.Called || c.Due.PastDue > 0 && c.Due.Upcoming.IsZero():
		return "All of it is due"
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
	case "reversal":
		return "Reverse a payment"
	case "reset":
		return "Set up a colleague’s access anew"
	}
	return k
}

// Follows is what happens when it is agreed to.
func (approvalsPage) Follows(k string) string {
	switch k {
	case "recovery":
		return "The customer can choose “I lost both” and set a new password and a new second step with a code to an address on file. All addresses are told now. Changes to money and contact data are held for 72 hours."
	case "unlock":
		return "Who asked can unlock the sign-in. The customer must set a new password."
	case "reversal":
		return "The payment comes off the account now, the money goes back to the customer’s bank account with the next file, and the customer is told."
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
