package notice

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"marque/internal/billing"
	"marque/internal/money"
)

// Message is an e-mail: the text is the message, the HTML the same words.
type Message struct{ Subject, Text, HTML string }

// ErrNotice says that a notice cannot be put into words: its kind is unknown, or
// what its kind must say is missing or may not be said.
var ErrNotice = errors.New("notice")

// letter is a message before it is set as text or HTML.
type letter struct {
	subject string
	reason  string // the first line: why this message was sent
	facts   []pair
	rest    []string
	quoted  string // an authorization, word for word
}

// Mail puts a notice into words. The first line is the reason for it; there are
// no links but the website's plain address. Each kind needs what its first line
// says: a code, an amount, a fee, for autopay_on the authorization's text, for
// account_changed the words. Errors wrap ErrNotice.
func Mail(n billing.Notice, l billing.Lender) (Message, error) {
	bad := func(why string) (Message, error) { return Message{}, fmt.Errorf("%w %q: %s", ErrNotice, n.Kind, why) }
	write, ok := letters[n.Kind]
	if !ok {
		return bad("unknown kind")
	}
	if len(n.AccountEnds) > 4 || longNumber.MatchString(n.Method) {
		return bad("more than the last four digits of an account number")
	}
	if need := missing(n); need != "" {
		return bad("no " + need)
	}
	m := write(n)
	return m.message(n, l)
}

var longNumber = regexp.MustCompile(`[0-9]{5}`)

// missing names what a notice of its kind cannot be written without.
func missing(n billing.Notice) string {
	switch n.Kind {
	case billing.NoticeActivationCode:
		if n.Code == "" {
			return "code"
		}
	case billing.NoticePaymentReceived, billing.NoticePaymentScheduled, billing.NoticePaymentCancelled,
		billing.NoticePaymentReturned, billing.NoticeAutopayDrawn:
		if n.Amount <= 0 {
			return "amount"
		}
	case billing.NoticeLateFee:
		if n.Fee <= 0 {
			return "fee"
		}
	case billing.NoticeAutopayOn:
		if n.Text == "" {
			return "authorization text"
		}
	case billing.NoticeAccountChanged:
		if n.Text == "" {
			return "words for what changed"
		}
	}
	return ""
}

// on is " on Dec 15, 2026", or nothing without a date.
func on(d money.Date) string { return before(" on ", d.Long(), d != 0) }

func before(word, s string, said bool) string {
	if !said || s == "" {
		return ""
	}
	return word + s
}

func from(n billing.Notice) string { return before(" from ", n.Method, true) }

// split is where a payment's money went, in the words of a loan or of a lease.
func split(n billing.Notice) []pair {
	left := "Principal balance after this payment"
	if n.Lease {
		left = "Payments left to make"
	}
	list := partsOf(n.Lease, n.Allocation, false)
	if len(list) > 0 {
		list = append(list, pair{label: left, value: n.Balance.USD()})
	}
	return list
}

// due is what is to be paid now, and next, when the notice says.
func due(n billing.Notice) []pair {
	var list []pair
	if n.PastDue > 0 {
		list = append(list, pair{label: "Past due now, with fees", value: n.PastDue.USD()})
	}
	if n.AmountDue > 0 && n.DueDate != 0 {
		list = append(list, pair{label: "Next payment (" + n.DueDate.Long() + ")", value: n.AmountDue.USD()})
	}
	return list
}

func paid(n billing.Notice) []pair {
	list := []pair{{label: "Confirmation number", value: n.Confirmation}, {label: "Amount", value: n.Amount.USD()}}
	if n.Date != 0 {
		list = append(list, pair{label: "Payment date", value: n.Date.Long()})
	}
	return append(list, pair{label: "From", value: n.Method})
}

const notYou = "If this was not you, call us right away."

var letters = map[billing.NoticeKind]func(billing.Notice) letter{
	billing.NoticeActivationCode: func(n billing.Notice) letter {
		return letter{subject: "Your code to set up online access",
			reason: "You asked to set up online access. Your code is " + n.Code + ".",
			rest: []string{"Type it on the page where you asked for it. It works once, and only for a short time.",
				"Do not share this code with anyone. We will not ask you for it by phone, text or e-mail.",
				"If you did not ask for it, you do not need to do anything, but please call us so that we know."}}
	},
	billing.NoticeActivated: func(billing.Notice) letter {
		return letter{subject: "Your online access is set up", reason: "Online access to your account was set up.",
			rest: []string{"You can now see your account, pay, and read your statements on our website.", notYou}}
	},
	billing.NoticePasswordChanged: func(billing.Notice) letter {
		return letter{subject: "Your password was changed", reason: "The password for your online access was changed.", rest: []string{notYou}}
	},
	billing.NoticeSignInLocked: func(n billing.Notice) letter {
		return letter{subject: "Sign-in is locked", reason: "We locked sign-in to your online access because a wrong password was typed too many times.",
			rest: append(nonEmpty(n.Reason), "If it was you, wait a while and try again, or call us and we will help.",
				"If this was not you, your account is still safe. Call us so that we know.")}
	},
	billing.NoticeBankAccountAdded: func(n billing.Notice) letter {
		return letter{subject: "A bank account was added", reason: "A bank account was added to your online access" + before(": ", n.Method, true) + ".",
			rest: []string{notYou}}
	},
	billing.NoticePaymentReceived: func(n billing.Notice) letter {
		return letter{subject: "We received your payment", reason: "We received your payment of " + n.Amount.USD() + from(n) + ".",
			facts: append(append(paid(n), split(n)...), due(n)...), rest: []string{"Your receipt is on our website under Payments."}}
	},
	billing.NoticePaymentScheduled: func(n billing.Notice) letter {
		return letter{subject: "Your payment is scheduled", reason: "You scheduled a payment of " + n.Amount.USD() + before(" for ", n.Date.Long(), n.Date != 0) + from(n) + ".",
			facts: paid(n), rest: []string{"Nothing has been taken yet. To cancel this payment, sign in before that day."}}
	},
	billing.NoticePaymentCancelled: func(n billing.Notice) letter {
		return letter{subject: "Your payment was canceled", reason: "Your payment of " + n.Amount.USD() + before(" for ", n.Date.Long(), n.Date != 0) + " was canceled.",
			facts: append(paid(n), due(n)...), rest: []string{"Nothing will be taken" + from(n) + ".", notYou}}
	},
	billing.NoticePaymentReturned: func(n billing.Notice) letter {
		facts := paid(n)
		if n.Reason != "" {
			facts = append(facts, pair{label: "Your bank's reason", value: n.Reason})
		}
		if n.Fee > 0 {
			facts = append(facts, pair{label: "Returned payment fee", value: n.Fee.USD()})
		}
		return letter{subject: "Payment returned by the bank",
			reason: "Your bank returned your payment of " + n.Amount.USD() + before(", dated ", n.Date.Long(), n.Date != 0) + ".",
			facts:  append(facts, due(n)...),
			rest: []string{"This payment no longer counts on your account.",
				"To pay again, sign in to our website, or call us. If paying is hard right now, call us and we will talk through what is possible."}}
	},
	billing.NoticeAutopayOn: func(n billing.Notice) letter {
		first := ""
		if n.Amount > 0 && n.Date != 0 {
			first = ". The first payment is " + n.Amount.USD() + on(n.Date)
		}
		return letter{subject: "Autopay is on", reason: "You turned on autopay" + from(n) + first + ".",
			rest: []string{"This is what you authorized. Keep this message for your records."}, quoted: n.Text}
	},
	billing.NoticeAutopayOff: func(n billing.Notice) letter {
		return autopayOff(n)
	},
	billing.NoticeAutopayDrawn: func(n billing.Notice) letter {
		return letter{subject: "Autopay made your payment", reason: "Autopay took your payment of " + n.Amount.USD() + on(n.Date) + from(n) + ".",
			facts: append(append(paid(n), split(n)...), due(n)...), rest: []string{"Your receipt is on our website under Payments."}}
	},
	billing.NoticeStatementReady: func(n billing.Notice) letter {
		reason := "Your statement is ready."
		if n.AmountDue > 0 && n.DueDate != 0 {
			reason += " " + n.AmountDue.USD() + " is due" + on(n.DueDate) + "."
		} else if n.AmountDue <= 0 {
			reason += " No payment is due."
		}
		return letter{subject: "Your statement is ready", reason: reason,
			rest: append(nonEmpty(n.Text), "To read it, go to our website the way you always do and sign in. It is under Documents.")}
	},
	billing.NoticeLateFee: func(n billing.Notice) letter {
		return letter{subject: "A late fee was added", reason: "A late fee of " + n.Fee.USD() + " was added to your account" + on(n.Date) + ".",
			facts: due(n), rest: append(nonEmpty(n.Reason), "If you have paid already, thank you. If paying is hard right now, call us and we will talk through what is possible.")}
	},
	billing.NoticeAccountChanged: func(n billing.Notice) letter {
		return letter{subject: "Something changed on your account", reason: n.Text, facts: due(n),
			rest: []string{"Your account's history on our website shows what changed and why. If anything in this is not right, call us."}}
	},
	billing.NoticePaidOff: func(n billing.Notice) letter {
		return letter{subject: "Your account is paid off", reason: "Your account was paid off" + on(n.Date) + ". Thank you.",
			rest: []string{"Nothing more is due. If autopay was on, it is off now.", "We will write to you about any papers that are left."}}
	},
}

// autopayOff tells apart who ended it: the customer, or a payment that the bank
// returned, for which nobody else can be to blame.
func autopayOff(n billing.Notice) letter {
	m := letter{subject: "Autopay is off", reason: "Autopay is off. We will not take payments" + from(n) + " any more.", facts: due(n)}
	const still = "Your payments are still due each month. You can pay on our website or by check."
	switch why, returned := strings.CutPrefix(n.Reason, "returned: "); {
	case returned:
		m.rest = []string{"Your bank returned a payment: " + strings.TrimSuffix(why, ".") + ". So we turned autopay off.", still,
			"To turn autopay on again, sign in to our website and choose a bank account."}
	case n.Reason == "by the customer":
		m.rest = []string{"You turned it off.", still, notYou}
	default:
		m.rest = []string{still, notYou}
	}
	return m
}

// fraud stands at the foot of every message.
const fraud = "We never ask for your password or your full Social Security number: not by e-mail, not by text, not by phone."

func (m letter) message(n billing.Notice, l billing.Lender) (Message, error) {
	about := strings.Join(nonEmpty(n.Name, before("account ending in ", n.AccountEnds, true), n.Vehicle), ", ")
	foot := nonEmpty(askUs(l), fraud, strings.Join(nonEmpty(l.Name, strings.Join(street(l), ", "), l.Website), " · "))
	foot = append(foot, l.Legal...)
	var facts []pair
	for _, f := range m.facts {
		if f.value = oneLine(f.value); f.value != "" {
			facts = append(facts, f)
		}
	}
	page := struct {
		Subject, Reason, About, Quoted, Accent string
		Facts                                  [][2]string
		Rest, Foot                             []string
	}{Subject: m.subject, Reason: oneLine(m.reason), About: oneLine(before("For ", about, true)), Quoted: strings.TrimSpace(m.quoted), Rest: m.rest, Foot: foot}
	for _, f := range facts {
		page.Facts = append(page.Facts, [2]string{f.label, f.value})
	}
	if accentForm.MatchString(l.Accent) {
		page.Accent = l.Accent
	}
	var html bytes.Buffer
	if err := mailHTML.Execute(&html, page); err != nil {
		return Message{}, fmt.Errorf("%w %q: %w", ErrNotice, n.Kind, err)
	}
	var t strings.Builder
	t.WriteString(page.Reason + "\n")
	if page.About != "" {
		t.WriteString("\n" + page.About + "\n")
	}
	for i, f := range facts {
		if i == 0 {
			t.WriteString("\n")
		}
		t.WriteString(f.label + ": " + f.value + "\n")
	}
	for _, s := range m.rest {
		t.WriteString("\n" + oneLine(s) + "\n")
	}
	if page.Quoted != "" {
		t.WriteString("\n" + page.Quoted + "\n")
	}
	t.WriteString("\n-- \n" + strings.Join(foot, "\n") + "\n")
	return Message{Subject: m.subject, Text: t.String(), HTML: html.String()}, nil
}

// oneLine keeps a value from a file or a bank from starting lines of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

var mailHTML = template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;background:#ffffff;color:#111111;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:560px;margin:0 auto">
<p style="font-size:18px;font-weight:600;margin:0 0 16px{{with .Accent}};border-top:3px solid {{.}};padding-top:16px{{end}}">{{.Reason}}</p>
{{with .About}}<p style="margin:0 0 16px">{{.}}</p>
{{end}}{{range .Facts}}<p style="margin:0 0 4px">{{index . 0}}: <strong>{{index . 1}}</strong></p>
{{end}}{{range .Rest}}<p style="margin:16px 0">{{.}}</p>
{{end}}{{with .Quoted}}<p style="margin:16px 0;white-space:pre-wrap">{{.}}</p>
{{end}}<hr style="border:0;border-top:1px solid #999999;margin:24px 0 12px">
{{range .Foot}}<p style="font-size:14px;margin:0 0 8px">{{.}}</p>
{{end}}</div>
</body>
</html>
`))
