package notice

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

var harbor = billing.Lender{
	Name: "Harborline Motor Finance", Address: []string{"PO Box 4100", "Alder Falls, OR 97000"}, Phone: "(503) 555-0142",
	Hours: "Monday to Friday, 7 am to 6 pm Pacific", Website: "www.harborline.example", Email: "service@harborline.example",
	Legal:  []string{"Harborline Motor Finance services this contract. Invented company; not a lender."},
	Accent: "#0b5c6b",
}

const dayLong = money.Instant(24 * 60 * 60 * 1_000_000)

var atNight = money.InstantOf(time.Date(2026, 12, 15, 21, 4, 0, 0, time.UTC))

func noticeOf(kind billing.NoticeKind) billing.Notice {
	n := billing.Notice{
		Kind: kind, To: "maria@customer.example", Name: "María Álvarez", AccountEnds: "2204", Vehicle: "2024 Vento Lumen",
		Code: "481516", Amount: 612_40, Fee: 25_00, Date: money.NewDate(2026, 12, 15), Method: "checking ending in 4821",
		Confirmation: "7K2M-QX", Allocation: contract.Allocation{Interest: 101_75, Principal: 510_65}, Balance: 23_489_35,
		AmountDue: 1_049_90, DueDate: money.NewDate(2027, 1, 15), Reason: "Insufficient funds",
		Factor: billing.FactorPasskey, Label: "María's phone", Masked: "••21", Username: "maria.alvarez", Purpose: billing.CallerPayment, Count: 7,
		At: atNight, Until: atNight + dayLong, Device: "Chrome on a phone", Where: "near Dallas, TX",
		Text: "I authorize Harborline Motor Finance to debit my account each month on the due date for the amount due.\nI may stop this at any time.",
	}
	if kind == billing.NoticePastDue {
		n.PastDue = 612_40
	}
	return n
}

func TestMailSaysWhyInItsFirstLine(t *testing.T) {
	for kind, want := range map[billing.NoticeKind]string{
		billing.NoticeActivationCode:   "You asked to set up online access. Your code is 481516.",
		billing.NoticeActivated:        "Online access to your account was set up.",
		billing.NoticePasswordChanged:  "The password for your online access was changed.",
		billing.NoticeSignInLocked:     "We locked sign-in to your online access because a wrong password was typed too many times.",
		billing.NoticeBankAccountAdded: "A bank account was added to your online access: checking ending in 4821.",
		billing.NoticeCheckSent:        "We are checking your bank account: checking ending in 4821.",
		billing.NoticeCheckPassed:      "Your bank account is checked: checking ending in 4821.",
		billing.NoticeCheckFailed:      "We could not check your bank account: checking ending in 4821.",
		billing.NoticeMethodReplaced:   "Your payments now come from checking ending in 4821.",
		billing.NoticeMethodRemoved:    "A way to pay was removed from your online access: checking ending in 4821.",
		billing.NoticePaymentNotTaken:  "Your payment of $612.40 for Dec 15, 2026 was not made: Insufficient funds.",
		billing.NoticePaymentReceived:  "We received your payment of $612.40 from checking ending in 4821.",
		billing.NoticePaymentScheduled: "You scheduled a payment of $612.40 for Dec 15, 2026 from checking ending in 4821.",
		billing.NoticePhonePayment:     "You told us by phone to take a payment of $612.40 on Dec 15, 2026 from checking ending in 4821.",
		billing.NoticePaymentCancelled: "Your payment of $612.40 for Dec 15, 2026 was canceled.",
		billing.NoticePaymentReturned:  "Your bank returned your payment of $612.40, dated Dec 15, 2026.",
		billing.NoticeAutopayOn:        "You turned on autopay from checking ending in 4821. The first payment is $612.40 on Dec 15, 2026.",
		billing.NoticeAutopayOff:       "Autopay is off. We will not take payments from checking ending in 4821 any more.",
		billing.NoticeAutopayDrawn:     "Autopay took your payment of $612.40 on Dec 15, 2026 from checking ending in 4821.",
		billing.NoticeStatementReady:   "Your statement is ready. $1,049.90 is due on Jan 15, 2027.",
		billing.NoticeLateFee:          "A late fee of $25.00 was added to your account on Dec 15, 2026.",
		billing.NoticePaidOff:          "Your account was paid off on Dec 15, 2026. Thank you.",
		billing.NoticeAccountChanged:   "I authorize Harborline Motor Finance to debit my account each month on the due date for the amount due. I may stop this at any time.",
		billing.NoticeSignInCode:       "You are signing in. Your code is 481516.",
		billing.NoticeRecoveryCode:     "You asked to get back into your account. Your code is 481516.",
		billing.NoticeUnlockCode:       "You asked to unlock sign-in. Your code is 481516.",
		billing.NoticeContactCode:      "You asked us to write to this e-mail address. Your code to confirm it is 481516.",
		billing.NoticeCallerCode:       "You are on the phone with us to change a payment or a bank account. Your code is 481516.",
		billing.NoticeUsernameReminder: "You asked for your username.",
		billing.NoticeNewDevice:        "Your account was signed in to on a device that we have not seen before.",
		billing.NoticeFactorFailed:     "Someone typed your right password, but could not take the second step. They did not get in.",
		billing.NoticeFactorAdded:      "This was added as a way to sign in to your account: a passkey.",
		billing.NoticeEmailChanged:     "This is now the e-mail address for your account.",
		billing.NoticeRecoveryStarted:  "Someone asked to get back into your account without the password or a second step.",
		billing.NoticeLockedByYou:      "You told us that it was not you, so we locked sign-in and signed out every device.",
	} {
		m, err := Mail(noticeOf(kind), harbor)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if first, _, _ := strings.Cut(m.Text, "\n"); first != want {
			t.Errorf("%s: %q", kind, first)
		}
		for _, part := range []string{m.Text, m.HTML} {
			if !strings.Contains(part, want) || !strings.Contains(part, fraud) || !strings.Contains(part, harbor.Phone) {
				t.Errorf("%s lacks its reason, the warning or the telephone:\n%s", kind, part)
			}
			if regexp.MustCompile(`(?i)https?:|<a |href|src=|url\(|<img|<script|please note`).MatchString(part) {
				t.Errorf("%s has a link, a picture or worse:\n%s", kind, part)
			}
		}
		if m.Subject == "" || strings.Contains(m.Subject, "481516") {
			t.Errorf("%s: subject %q", kind, m.Subject)
		}
	}
}

func TestMailOfAPaymentSaysWhereItWent(t *testing.T) {
	m, err := Mail(noticeOf(billing.NoticePaymentReceived), harbor)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Confirmation number: 7K2M-QX", "Interest: $101.75", "Principal: $510.65", "Principal balance after this payment: $23,489.35",
		"Next payment (Jan 15, 2027): $1,049.90", "For María Álvarez, account ending in 2204, 2024 Vento Lumen"} {
		if !strings.Contains(m.Text, want+"\n") {
			t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
}

func TestMailOfALeasePaymentNamesNoInterest(t *testing.T) {
	n := noticeOf(billing.NoticePaymentReceived)
	n.Allocation, n.Lease = contract.Allocation{Principal: 612_40}, true
	m, err := Mail(n, harbor)
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`(?i)interest|principal|rate`).MatchString(m.Text) || !strings.Contains(m.Text, "Lease payments: $612.40") {
		t.Error(m.Text)
	}
}

func TestMailOfAChangeSaysItInItsWordsAndWhatIsDueThen(t *testing.T) {
	n := noticeOf(billing.NoticeAccountChanged)
	n.Text = "Your payment that was due Dec 15, 2026 is now due Jan 15, 2027."
	m, err := Mail(n, harbor)
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "Something changed on your account" || !strings.HasPrefix(m.Text, n.Text+"\n") || !strings.Contains(m.Text, "Next payment (Jan 15, 2027): $1,049.90\n") {
		t.Errorf("%s\n%s", m.Subject, m.Text)
	}
}

func TestMailOfAPaymentSaysTaxAndWhatWasForgiven(t *testing.T) {
	n := noticeOf(billing.NoticePaymentReceived)
	n.Allocation = contract.Allocation{Principal: 600_00, Tax: 12_43, Forgiven: 3}
	m, err := Mail(n, harbor)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Principal: $600.00", "Tax: $12.43", "Forgiven, not paid by you: −$0.03"} {
		if !strings.Contains(m.Text, want+"\n") {
			t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
}

func TestAutopayMailCarriesTheAuthorization(t *testing.T) {
	n := noticeOf(billing.NoticeAutopayOn)
	m, err := Mail(n, harbor)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Text, n.Text) || !strings.Contains(m.HTML, n.Text) {
		t.Errorf("authorization not word for word:\n%s\n%s", m.Text, m.HTML)
	}
}

func TestMailTellsPastDueFromTheNextPayment(t *testing.T) {
	for _, kind := range []billing.NoticeKind{billing.NoticeLateFee, billing.NoticePaymentReturned} {
		n := noticeOf(kind)
		n.PastDue, n.AmountDue = 310_52, 147_50
		m, err := Mail(n, harbor)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.Text, "Past due now, with fees: $310.52\nNext payment (Jan 15, 2027): $147.50\n") {
			t.Errorf("%s:\n%s", kind, m.Text)
		}
	}
}

func TestMailOfAutopayOffSaysWhoEndedIt(t *testing.T) {
	for reason, want := range map[string]struct {
		line string
		you  bool
	}{
		"returned: the bank account is closed": {"Your bank returned a payment: the bank account is closed. So we turned autopay off.", false},
		"by the customer":                      {"You turned it off.", true},
		"":                                     {"Your payments are still due each month.", true},
	} {
		n := noticeOf(billing.NoticeAutopayOff)
		n.Reason = reason
		m, err := Mail(n, harbor)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.Text, "\n"+want.line) || strings.Contains(m.Text, notYou) != want.you || strings.Contains(m.Text, "draw") {
			t.Errorf("%q:\n%s", reason, m.Text)
		}
	}
}

func TestMailIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*billing.Notice){
		"unknown kind":           func(n *billing.Notice) { n.Kind = "birthday" },
		"whole account number":   func(n *billing.Notice) { n.AccountEnds = "44001182204" },
		"whole bank account":     func(n *billing.Notice) { n.Method = "checking 000123454821" },
		"payment without amount": func(n *billing.Notice) { n.Amount = 0 },
		"fee without amount":     func(n *billing.Notice) { n.Kind, n.Fee = billing.NoticeLateFee, 0 },
		"code without code":      func(n *billing.Notice) { n.Kind, n.Code = billing.NoticeActivationCode, "" },
		"change without words":   func(n *billing.Notice) { n.Kind, n.Text = billing.NoticeAccountChanged, "" },
		"autopay without text":   func(n *billing.Notice) { n.Kind, n.Text = billing.NoticeAutopayOn, "" },
	} {
		n := noticeOf(billing.NoticePaymentReturned)
		spoil(&n)
		if m, err := Mail(n, harbor); !errors.Is(err, ErrNotice) {
			t.Errorf("%s: %v\n%s", name, err, m.Text)
		}
	}
}

func TestHostileTextInMail(t *testing.T) {
	n := noticeOf(billing.NoticePaymentReturned)
	n.Name = "<script>alert(1)</script>"
	n.Reason = "no funds\nFraud? Write to us at <a href=\"https://evil.example\">here</a>"
	m, err := Mail(n, harbor)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<a ") {
		t.Errorf("not escaped:\n%s", m.HTML)
	}
	if strings.Contains(m.Text, "\nFraud?") {
		t.Errorf("a value starts a line of its own:\n%s", m.Text)
	}
}
