package billing

import "time"

// EventGroup is what a person sees as one switch: messages that are wanted or
// not wanted together.
type EventGroup string

// The groups. Codes and answers to a text message are asked for one by one and
// have no switch.
const (
	GroupStatements EventGroup = "statements"
	GroupPayments   EventGroup = "payments"
	GroupAutopay    EventGroup = "autopay"
	GroupReminders  EventGroup = "reminders"
	GroupSecurity   EventGroup = "security"
	GroupAccount    EventGroup = "account"
	GroupLease      EventGroup = "lease"
	GroupTitle      EventGroup = "title"
	GroupMessages   EventGroup = "messages"
	GroupCodes      EventGroup = "codes"
	GroupAnswers    EventGroup = "answers"
)

// EventGroups are the groups that a person chooses about, in the order of the page.
var EventGroups = []EventGroup{GroupStatements, GroupPayments, GroupAutopay, GroupReminders, GroupAccount, GroupLease, GroupTitle, GroupMessages, GroupSecurity}

// The ways a message goes. One by the portal stands in the person's inbox there;
// one on paper is a letter.
const (
	ByEmail  = "email"
	ByText   = "text"
	ByPortal = "portal"
	ByPaper  = "paper"
)

// Ways is a set of ways.
type Ways uint8

// The ways as a set.
const (
	InEmail Ways = 1 << iota
	InText
	InPortal
	OnPaper
)

// Has says whether a way is in the set.
func (w Ways) Has(way string) bool {
	switch way {
	case ByEmail:
		return w&InEmail != 0
	case ByText:
		return w&InText != 0
	case ByPortal:
		return w&InPortal != 0
	case ByPaper:
		return w&OnPaper != 0
	}
	return false
}

// Event is what holds for the messages of one kind, whoever they go to.
type Event struct {
	Kind  NoticeKind
	Group EventGroup
	Ways  Ways
	// Required messages have no switch: the law wants them (12 CFR 1005.10(d)(1), a
	// draft that differs), or the person's safety does (NIST SP 800-63B-4, 4.6).
	Required bool
	// AtOnce goes out in quiet hours too: a code or an alarm, or the answer to what
	// the person has just done.
	AtOnce bool
	// Unasked text messages need no agreement of their own: they were asked for one
	// by one, or warn of harm. All others need it (47 CFR 64.1200(a)).
	Unasked bool
	Life    time.Duration // of no use after; 0: always of use
}

const (
	written = InEmail | InPortal
	spread  = InEmail | InText | InPortal
	certain = InEmail | InPortal | OnPaper // what must arrive
	widest  = InEmail | InText | InPortal | OnPaper
)

// Events is the one list of what people are told, a line for each kind.
var Events = []Event{
	{Kind: NoticeStatementReady, Group: GroupStatements, Ways: spread},

	{Kind: NoticePaymentReceived, Group: GroupPayments, Ways: spread, AtOnce: true},
	{Kind: NoticePaymentScheduled, Group: GroupPayments, Ways: spread, AtOnce: true},
	{Kind: NoticePaymentChanged, Group: GroupPayments, Ways: spread},
	{Kind: NoticePaymentCancelled, Group: GroupPayments, Ways: spread, AtOnce: true},
	{Kind: NoticePhonePayment, Group: GroupPayments, Ways: certain, Required: true, AtOnce: true},
	{Kind: NoticePaymentNotTaken, Group: GroupPayments, Ways: widest, Required: true},
	{Kind: NoticePaymentReturned, Group: GroupPayments, Ways: widest, Required: true},
	{Kind: NoticePaymentReversed, Group: GroupPayments, Ways: certain, Required: true},
	{Kind: NoticeCheckSent, Group: GroupPayments, Ways: written, AtOnce: true},
	{Kind: NoticeCheckPassed, Group: GroupPayments, Ways: written},
	{Kind: NoticeCheckFailed, Group: GroupPayments, Ways: written, Required: true},
	{Kind: NoticeLateFee, Group: GroupPayments, Ways: certain, Required: true},
	{Kind: NoticePaidOff, Group: GroupPayments, Ways: widest, Required: true},

	{Kind: NoticeAutopayOn, Group: GroupAutopay, Ways: certain, Required: true, AtOnce: true},
	{Kind: NoticeAutopayOff, Group: GroupAutopay, Ways: certain, Required: true, AtOnce: true},
	{Kind: NoticeAutopayChanged, Group: GroupAutopay, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeAutopayComing, Group: GroupAutopay, Ways: widest, Required: true},
	{Kind: NoticeAutopayNotTaken, Group: GroupAutopay, Ways: widest, Required: true},
	{Kind: NoticeAutopayDrawn, Group: GroupAutopay, Ways: spread},

	{Kind: NoticeDueSoon, Group: GroupReminders, Ways: spread, Life: 4 * 24 * time.Hour},
	{Kind: NoticeDueToday, Group: GroupReminders, Ways: spread, Life: 24 * time.Hour},
	{Kind: NoticePastDue, Group: GroupReminders, Ways: spread, Life: 4 * 24 * time.Hour},
	{Kind: NoticePayoffNear, Group: GroupReminders, Ways: spread, Life: 14 * 24 * time.Hour},

	{Kind: NoticeAccountChanged, Group: GroupAccount, Ways: widest, Required: true},
	{Kind: NoticePaperlessOn, Group: GroupAccount, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticePaperlessOff, Group: GroupAccount, Ways: certain, Required: true, AtOnce: true},

	{Kind: NoticeLeaseMaturity, Group: GroupLease, Ways: widest},
	{Kind: NoticeMileagePace, Group: GroupLease, Ways: spread, Life: 21 * 24 * time.Hour},

	{Kind: NoticeTitleSent, Group: GroupTitle, Ways: widest, Required: true},

	{Kind: NoticeSupportMessage, Group: GroupMessages, Ways: widest},

	{Kind: NoticeActivated, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeUsernameReminder, Group: GroupCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeNewDevice, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSignInLocked, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSignInUnlocked, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeFactorFailed, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeFactorAdded, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeFactorRemoved, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSavedCodesMade, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSavedCodeUsed, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticePasswordChanged, Group: GroupSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticePasswordBreached, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeEmailChanged, Group: GroupSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticePhoneChanged, Group: GroupSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeAddressChanged, Group: GroupSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeRecoveryStarted, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeRecoveryDone, Group: GroupSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeChangesHeld, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSessionsEnded, Group: GroupSecurity, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeLockedByYou, Group: GroupSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeQuestionsChanged, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeDeviceForgotten, Group: GroupSecurity, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeBankAccountAdded, Group: GroupSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeAccountCorrected, Group: GroupSecurity, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeMethodReplaced, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeMethodRemoved, Group: GroupSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},

	{Kind: NoticeActivationCode, Group: GroupCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSignInCode, Group: GroupCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeRecoveryCode, Group: GroupCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeUnlockCode, Group: GroupCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeContactCode, Group: GroupCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeCallerCode, Group: GroupCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},

	{Kind: NoticeTextsOn, Group: GroupAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: time.Hour},
	{Kind: NoticeTextsStopped, Group: GroupAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: 5 * time.Minute}, // 47 CFR 64.1200(a)(12)
	{Kind: NoticeTextsHelp, Group: GroupAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: time.Hour},
	{Kind: NoticeTextsBack, Group: GroupAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: time.Hour},
}

var events = func() map[NoticeKind]Event {
	all := make(map[NoticeKind]Event, len(Events))
	for _, e := range Events {
		all[e.Kind] = e
	}
	return all
}()

// EventOf is what holds for a kind; false for one that is not known.
func EventOf(k NoticeKind) (Event, bool) {
	e, ok := events[k]
	return e, ok
}

// ByText says whether a kind has a form for a text message.
func (k NoticeKind) ByText() bool { return events[k].Ways.Has(ByText) }

// Chosen says whether a group's messages by a way can be turned off: false when
// all of them are required, or none goes that way.
func (g EventGroup) Chosen(way string) bool {
	for _, e := range Events {
		if e.Group == g && e.Ways.Has(way) && (!e.Required || way == ByText && !e.Unasked) {
			return true
		}
	}
	return false
}

// Goes says whether any message of a group goes by a way.
func (g EventGroup) Goes(way string) bool {
	for _, e := range Events {
		if e.Group == g && e.Ways.Has(way) {
			return true
		}
	}
	return false
}

// Always says whether some of a group's messages go by e-mail whatever is chosen.
func (g EventGroup) Always() bool {
	for _, e := range Events {
		if e.Group == g && e.Required {
			return true
		}
	}
	return false
}
