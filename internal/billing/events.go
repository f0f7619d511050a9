package billing

import "time"

// EventGroup is what a person sees as one switch: messages that are wanted or
// not wanted together.
type EventGroup string

// The groups. Codes and answers to a text message are asked for one by one and
// have no switch.
const (
	AboutStatements EventGroup = "statements"
	AboutPayments   EventGroup = "payments"
	AboutAutopay    EventGroup = "autopay"
	AboutReminders  EventGroup = "reminders"
	AboutSecurity   EventGroup = "security"
	AboutAccount    EventGroup = "account"
	AboutLease      EventGroup = "lease"
	AboutTitle      EventGroup = "title"
	AboutMessages   EventGroup = "messages"
	AboutCodes      EventGroup = "codes"
	AboutAnswers    EventGroup = "answers"
)

// EventGroups are the groups that a person chooses about, in the order of the page.
var EventGroups = []EventGroup{AboutStatements, AboutPayments, AboutAutopay, AboutReminders, AboutAccount, AboutLease, AboutTitle, AboutMessages, AboutSecurity}

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
	{Kind: NoticeStatementReady, Group: AboutStatements, Ways: spread},

	{Kind: NoticePaymentReceived, Group: AboutPayments, Ways: spread, AtOnce: true},
	{Kind: NoticePaymentScheduled, Group: AboutPayments, Ways: spread, AtOnce: true},
	{Kind: NoticePaymentChanged, Group: AboutPayments, Ways: spread},
	{Kind: NoticePaymentCancelled, Group: AboutPayments, Ways: spread, AtOnce: true},
	{Kind: NoticePhonePayment, Group: AboutPayments, Ways: certain, Required: true, AtOnce: true},
	{Kind: NoticePaymentNotTaken, Group: AboutPayments, Ways: widest, Required: true},
	{Kind: NoticePaymentReturned, Group: AboutPayments, Ways: widest, Required: true},
	{Kind: NoticePaymentReversed, Group: AboutPayments, Ways: certain, Required: true},
	{Kind: NoticeCheckSent, Group: AboutPayments, Ways: written, AtOnce: true},
	{Kind: NoticeCheckPassed, Group: AboutPayments, Ways: written},
	{Kind: NoticeCheckFailed, Group: AboutPayments, Ways: written, Required: true},
	{Kind: NoticeLateFee, Group: AboutPayments, Ways: certain, Required: true},
	{Kind: NoticePaidOff, Group: AboutPayments, Ways: widest, Required: true},

	{Kind: NoticeAutopayOn, Group: AboutAutopay, Ways: certain, Required: true, AtOnce: true},
	{Kind: NoticeAutopayOff, Group: AboutAutopay, Ways: certain, Required: true, AtOnce: true},
	{Kind: NoticeAutopayChanged, Group: AboutAutopay, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeAutopayComing, Group: AboutAutopay, Ways: widest, Required: true},
	{Kind: NoticeAutopayNotTaken, Group: AboutAutopay, Ways: widest, Required: true},
	{Kind: NoticeAutopayDrawn, Group: AboutAutopay, Ways: spread},

	{Kind: NoticeDueSoon, Group: AboutReminders, Ways: spread, Life: 4 * 24 * time.Hour},
	{Kind: NoticeDueToday, Group: AboutReminders, Ways: spread, Life: 24 * time.Hour},
	{Kind: NoticePastDue, Group: AboutReminders, Ways: spread, Life: 4 * 24 * time.Hour},
	{Kind: NoticePayoffNear, Group: AboutReminders, Ways: spread, Life: 14 * 24 * time.Hour},

	{Kind: NoticeAccountChanged, Group: AboutAccount, Ways: widest, Required: true},
	{Kind: NoticePaperlessOn, Group: AboutAccount, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticePaperlessOff, Group: AboutAccount, Ways: certain, Required: true, AtOnce: true},

	{Kind: NoticeLeaseMaturity, Group: AboutLease, Ways: widest},
	{Kind: NoticeMileagePace, Group: AboutLease, Ways: spread, Life: 21 * 24 * time.Hour},

	{Kind: NoticeTitleSent, Group: AboutTitle, Ways: widest, Required: true},

	{Kind: NoticeSupportMessage, Group: AboutMessages, Ways: widest},

	{Kind: NoticeActivated, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeUsernameReminder, Group: AboutCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeNewDevice, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSignInLocked, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSignInUnlocked, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeFactorFailed, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeFactorAdded, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeFactorRemoved, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSavedCodesMade, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSavedCodeUsed, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticePasswordChanged, Group: AboutSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticePasswordBreached, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeEmailChanged, Group: AboutSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticePhoneChanged, Group: AboutSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeAddressChanged, Group: AboutSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeRecoveryStarted, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeRecoveryDone, Group: AboutSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeChangesHeld, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSessionsEnded, Group: AboutSecurity, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeLockedByYou, Group: AboutSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeQuestionsChanged, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeDeviceForgotten, Group: AboutSecurity, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeBankAccountAdded, Group: AboutSecurity, Ways: widest, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeAccountCorrected, Group: AboutSecurity, Ways: written, Required: true, AtOnce: true},
	{Kind: NoticeMethodReplaced, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeMethodRemoved, Group: AboutSecurity, Ways: spread, Required: true, AtOnce: true, Unasked: true},

	{Kind: NoticeActivationCode, Group: AboutCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeSignInCode, Group: AboutCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeRecoveryCode, Group: AboutCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeUnlockCode, Group: AboutCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeContactCode, Group: AboutCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},
	{Kind: NoticeCallerCode, Group: AboutCodes, Ways: InEmail | InText, Required: true, AtOnce: true, Unasked: true},

	{Kind: NoticeTextsOn, Group: AboutAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: time.Hour},
	{Kind: NoticeTextsStopped, Group: AboutAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: 5 * time.Minute}, // 47 CFR 64.1200(a)(12)
	{Kind: NoticeTextsHelp, Group: AboutAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: time.Hour},
	{Kind: NoticeTextsBack, Group: AboutAnswers, Ways: InText, Required: true, AtOnce: true, Unasked: true, Life: time.Hour},
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
