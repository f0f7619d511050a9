package billing

import (
	"marque/internal/contract"
	"marque/internal/money"
)

// NoticeKind names a message to a person.
type NoticeKind string

// Messages about an account and its money. Each is rendered from Notice alone.
const (
	NoticePaymentReceived  NoticeKind = "payment_received"  // made today
	NoticePaymentScheduled NoticeKind = "payment_scheduled" // for a later day
	NoticePhonePayment     NoticeKind = "phone_payment"     // taken by phone; Text is what was agreed to
	NoticePaymentCancelled NoticeKind = "payment_cancelled"
	NoticePaymentReturned  NoticeKind = "payment_returned"
	NoticePaymentReversed  NoticeKind = "payment_reversed" // an erroneous debit that the lender gives back; Again is when it arrives
	NoticeAutopayOn        NoticeKind = "autopay_on"       // carries the authorisation
	NoticeAutopayOff       NoticeKind = "autopay_off"
	NoticeAutopayDrawn     NoticeKind = "autopay_drawn"
	NoticeAutopayComing    NoticeKind = "autopay_coming"    // of one draft, at least ten days before; Balance is the usual amount
	NoticeAutopayNotTaken  NoticeKind = "autopay_not_taken" // it should have been told and was not
	NoticeAutopayChanged   NoticeKind = "autopay_changed"   // paused, resumed or one left out; Text says how
	NoticeStatementReady   NoticeKind = "statement_ready"
	NoticeLateFee          NoticeKind = "late_fee"
	NoticePaidOff          NoticeKind = "paid_off"
	NoticeAccountChanged   NoticeKind = "account_changed" // Text says how
)

// What is coming, and what a person has to know in time.
const (
	NoticeDueSoon        NoticeKind = "due_soon"        // AmountDue, DueDate; Method when autopay takes it, on Date
	NoticeDueToday       NoticeKind = "due_today"       // AmountDue, DueDate
	NoticePastDue        NoticeKind = "past_due"        // PastDue, DueDate; Date: a late fee of Fee is added after it
	NoticePayoffNear     NoticeKind = "payoff_near"     // Count payments left; Balance pays it off on Date
	NoticePaymentChanged NoticeKind = "payment_changed" // a scheduled one: Amount as it is now, Balance as it was
	NoticeLeaseMaturity  NoticeKind = "lease_maturity"  // the lease ends on Date, in Count days
	NoticeMileagePace    NoticeKind = "mileage_pace"    // Count miles over at the end, at the pace so far; Balance what they cost; Date of the reading
	NoticeTitleSent      NoticeKind = "title_sent"      // Date; Text is to whom
	NoticeSupportMessage NoticeKind = "support_message" // Text, read on the website only
)

// Answers to what a person sends us by text message.
const (
	NoticeTextsOn      NoticeKind = "texts_on"      // they were agreed to
	NoticeTextsStopped NoticeKind = "texts_stopped" // the one confirmation of STOP
	NoticeTextsHelp    NoticeKind = "texts_help"
	NoticeTextsBack    NoticeKind = "texts_back" // START after STOP
)

// One-time codes. Each says what it is for, so that a code asked for by one page
// is not read out for another.
const (
	NoticeActivationCode NoticeKind = "activation_code"
	NoticeSignInCode     NoticeKind = "sign_in_code"
	NoticeRecoveryCode   NoticeKind = "recovery_code"
	NoticeUnlockCode     NoticeKind = "unlock_code"
	NoticeContactCode    NoticeKind = "contact_code" // confirms the address it is sent to
	NoticeCallerCode     NoticeKind = "caller_code"  // read to the lender's agent; Purpose says why
)

// What happened to a person's sign-in. NIST SP 800-63B-4, 4.6: they go to every
// address on file, to the old one too after a change.
const (
	NoticeActivated        NoticeKind = "activated"
	NoticeUsernameReminder NoticeKind = "username_reminder"  // Username
	NoticeNewDevice        NoticeKind = "sign_in_new_device" // Device, Where, At
	NoticeSignInLocked     NoticeKind = "sign_in_locked"     // Until, when it ends by itself
	NoticeSignInUnlocked   NoticeKind = "sign_in_unlocked"   //
	NoticeFactorFailed     NoticeKind = "factor_failed"      // the password was right
	NoticeFactorAdded      NoticeKind = "factor_added"       // Factor, Label
	NoticeFactorRemoved    NoticeKind = "factor_removed"     // Factor, Label
	NoticeSavedCodesMade   NoticeKind = "saved_codes_made"   // Count
	NoticeSavedCodeUsed    NoticeKind = "saved_code_used"    // Count is what is left
	NoticePasswordChanged  NoticeKind = "password_changed"   //
	NoticePasswordBreached NoticeKind = "password_breached"  // found in a list of stolen ones
	NoticeEmailChanged     NoticeKind = "email_changed"      // Masked is the new one; Old
	NoticePhoneChanged     NoticeKind = "phone_changed"      // Masked is the new one; Old
	NoticeAddressChanged   NoticeKind = "address_changed"    // postal
	NoticeRecoveryStarted  NoticeKind = "recovery_started"   // Until, when there is a hold
	NoticeRecoveryDone     NoticeKind = "recovery_done"      // Until, the end of the hold
	NoticeChangesHeld      NoticeKind = "changes_held"       // Until
	NoticeSessionsEnded    NoticeKind = "sessions_ended"     // the oldest, because there were too many
	NoticeLockedByYou      NoticeKind = "locked_by_you"      // "this was not me" was pressed
	NoticeQuestionsChanged NoticeKind = "questions_changed"  //
	NoticeDeviceForgotten  NoticeKind = "device_forgotten"   // Device
	NoticePaperlessOn      NoticeKind = "paperless_on"       //
	NoticePaperlessOff     NoticeKind = "paperless_off"      //
	NoticeBankAccountAdded NoticeKind = "bank_account_added" // Method
)

// How it stands with a payment method: its check, and what the bank said of it.
const (
	NoticeCheckSent        NoticeKind = "account_check_sent"   // Method; Date the deposits are there; DueDate the last day to say them
	NoticeCheckPassed      NoticeKind = "account_check_passed" // Method
	NoticeCheckFailed      NoticeKind = "account_check_failed" // Method, Reason
	NoticeAccountCorrected NoticeKind = "account_corrected"    // Method as the bank wants it; Masked as it was
	NoticeMethodReplaced   NoticeKind = "method_replaced"      // Method; Masked is the one whose place it takes
	NoticeMethodRemoved    NoticeKind = "method_removed"       // Method
	NoticePaymentNotTaken  NoticeKind = "payment_not_taken"    // a scheduled one; Amount, Date, Method, Reason
)

// The languages of messages.
const (
	English = "en"
	Spanish = "es"
)

// Factors a notice can name.
const (
	FactorPasskey = "passkey"
	FactorApp     = "app"  // authenticator app
	FactorText    = "text" // codes to a phone; Masked is the phone
	FactorSaved   = "saved_codes"
)

// Purposes of a caller's code.
const (
	CallerAccount  = "account"  // to talk about the account
	CallerContact  = "contact"  // to change how we reach the person
	CallerPayment  = "payment"  // to change payments or bank accounts
	CallerUnlock   = "unlock"   // to unlock sign-in
	CallerRecovery = "recovery" // to get back in
)

// Notice is the frozen content of one message. Which fields are filled follows
// from the kind. It never holds a whole account number or a link that signs
// anyone in.
type Notice struct {
	Kind     NoticeKind `json:"kind"`
	Channel  string     `json:"channel,omitempty"`  // ByEmail when empty
	Address  string     `json:"address,omitempty"`  // where to send it; empty: where the person is reached at the time of sending
	Language string     `json:"language,omitempty"` // English when empty
	To       string     `json:"to"`                 // the address it is sent to, filled in when it is
	Name     string     `json:"name"`

	Lease        bool                `json:"lease,omitempty"` // the money is lease payments, and there is no interest
	AccountEnds  string              `json:"account_ends,omitempty"`
	Vehicle      string              `json:"vehicle,omitempty"`
	Code         string              `json:"code,omitempty"`
	Amount       money.Cents         `json:"amount,omitempty"`
	Fee          money.Cents         `json:"fee,omitempty"`
	Date         money.Date          `json:"date,omitzero"`
	Method       string              `json:"method,omitempty"`
	Confirmation string              `json:"confirmation,omitempty"`
	Allocation   contract.Allocation `json:"allocation,omitzero"`
	Balance      money.Cents         `json:"balance,omitempty"`
	AmountDue    money.Cents         `json:"amount_due,omitempty"`
	PastDue      money.Cents         `json:"past_due,omitempty"` // with fees: what to pay now
	DueDate      money.Date          `json:"due_date,omitzero"`
	Again        money.Date          `json:"again,omitzero"` // when a returned payment is tried again, or the money of a reversed one arrives
	Reason       string              `json:"reason,omitempty"`
	Text         string              `json:"text,omitempty"` // autopay: the authorisation in full

	At       money.Instant `json:"at,omitempty"`       // when it happened
	Device   string        `json:"device,omitempty"`   // "Chrome on a phone"
	Where    string        `json:"where,omitempty"`    // "near Dallas, TX"
	Until    money.Instant `json:"until,omitempty"`    // the end of a lock or a hold
	Factor   string        `json:"factor,omitempty"`   // FactorPasskey, ...
	Label    string        `json:"label,omitempty"`    // the name the person gave a passkey
	Masked   string        `json:"masked,omitempty"`   // an address as it may be shown elsewhere: "m•••@mail.example", "••21"
	Old      bool          `json:"old,omitempty"`      // this copy goes to the address that was replaced
	Count    int           `json:"count,omitempty"`    // of saved codes
	Username string        `json:"username,omitempty"` // of a reminder
	Purpose  string        `json:"purpose,omitempty"`  // CallerAccount, ...
	// Link is a path of the portal, /not-me/ and a token. Opening it changes
	// nothing and signs nobody in; a button there locks sign-in.
	Link string `json:"link,omitempty"`
}

// Secret says that the content is not to be kept once the message is on its way:
// it holds a code, or the token of a "this was not me" page.
func (n Notice) Secret() bool { return n.Code != "" || n.Link != "" }

// Kept is what stays of a message once it is on its way: all but its secrets.
// False when nothing does, because it was about a code.
func (n Notice) Kept() (Notice, bool) {
	if n.Code != "" {
		return Notice{}, false
	}
	n.Link, n.To = "", ""
	return n, true
}
