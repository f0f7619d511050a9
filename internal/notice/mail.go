package notice

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"marque/internal/billing"
)

// Message is an e-mail: the text is the message, the HTML the same words. With
// an Unsubscribe it says to mail programs how messages like it are ended.
type Message struct {
	Subject, Text, HTML string
	Unsubscribe         string // https address that takes a POST (RFC 8058); empty for what must be sent
}

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
	alarm   bool   // it ends with the way to say "this was not me"
}

// pair is a label and its figure.
type pair struct{ label, value string }

// both is one message in both languages, side by side so that they stay alike.
type both struct{ en, es func(told) letter }

type letters map[billing.NoticeKind]both

var allLetters = func() letters {
	all := letters{}
	for _, some := range []letters{codeLetters, signInLetters, contactLetters, paymentLetters, autopayLetters, reminderLetters} {
		maps.Copy(all, some)
	}
	return all
}()

// Mail puts a notice into words, in its language. The first line is the reason
// for it. There are no links but the website's plain address and, in an alarm,
// the address of the page where a person says "this was not me", which changes
// nothing when it is opened. Each kind needs what its first line says: a code,
// an amount, a fee, for autopay_on the authorization's text, for account_changed
// the words. Errors wrap ErrNotice.
func Mail(n billing.Notice, l billing.Lender) (Message, error) {
	if err := check(n, l); err != nil {
		return Message{}, err
	}
	b, ok := allLetters[n.Kind]
	if !ok {
		return Message{}, wrong(n, "unknown kind")
	}
	t := tell(n, l)
	write := b.en
	if t.spanish() {
		write = b.es
	}
	return write(t).message(t, l)
}

// Inbox puts a notice into words as it stands in the person's inbox on the
// website: those of its e-mail, without the foot and without any address. A
// message from support is there in full. Errors wrap ErrNotice.
func Inbox(n billing.Notice, l billing.Lender) (Page, error) {
	if e, _ := billing.EventOf(n.Kind); !e.Ways.Has(billing.ByPortal) {
		return Page{}, wrong(n, "not for the inbox")
	}
	n.Link = ""
	return onPage(n, l)
}

// Letter puts a notice into words as it goes by mail. Errors wrap ErrNotice.
func Letter(n billing.Notice, l billing.Lender) (Page, error) {
	if e, _ := billing.EventOf(n.Kind); !e.Ways.Has(billing.ByPaper) {
		return Page{}, wrong(n, "not for paper")
	}
	n.Link = ""
	return onPage(n, l)
}

func onPage(n billing.Notice, l billing.Lender) (Page, error) {
	if err := check(n, l); err != nil {
		return Page{}, err
	}
	b, ok := allLetters[n.Kind]
	if !ok {
		return Page{}, wrong(n, "unknown kind")
	}
	t, write := tell(n, l), b.en
	if t.spanish() {
		write = b.es
	}
	m := write(t)
	if n.Kind == billing.NoticeSupportMessage {
		m.quoted, m.rest = n.Text, nil
	}
	return m.page(t, l), nil
}

func wrong(n billing.Notice, why string) error {
	return fmt.Errorf("%w %q: %s", ErrNotice, n.Kind, why)
}

var (
	longNumber = regexp.MustCompile(`[0-9]{5}`)
	codeForm   = regexp.MustCompile(`^[0-9A-Z-]{4,20}$`)
	linkForm   = regexp.MustCompile(`^/not-me/[A-Za-z0-9_-]{16,128}$`)
	portalForm = regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]-]+$`)
)

// check refuses what no message may say, and a notice that lacks what its kind
// is about.
func check(n billing.Notice, l billing.Lender) error {
	switch {
	case len(n.AccountEnds) > 4, longNumber.MatchString(n.Method), longNumber.MatchString(n.Masked):
		return wrong(n, "more than the last four digits of an account number")
	case strings.Contains(n.Masked, "@") && !strings.ContainsAny(n.Masked, "•*"):
		return wrong(n, "an e-mail address that is not masked")
	case n.Language != "" && n.Language != billing.English && n.Language != billing.Spanish:
		return wrong(n, "unknown language")
	case n.Code != "" && !codeForm.MatchString(n.Code):
		return wrong(n, "the code is not one")
	case n.Link != "" && !linkForm.MatchString(n.Link):
		return wrong(n, "a link that is not the page to say that it was somebody else")
	case n.Link != "" && l.Portal != "" && !portalForm.MatchString(l.Portal):
		return wrong(n, "the portal's address is not a scheme and a host")
	}
	if need := missing(n); need != "" {
		return wrong(n, "no "+need)
	}
	return nil
}

// missing names what a notice of its kind cannot be written without.
func missing(n billing.Notice) string {
	switch n.Kind {
	case billing.NoticeActivationCode, billing.NoticeSignInCode, billing.NoticeRecoveryCode, billing.NoticeUnlockCode, billing.NoticeContactCode, billing.NoticeCallerCode:
		if n.Code == "" {
			return "code"
		}
		if _, known := purposes[n.Purpose]; !known && n.Kind == billing.NoticeCallerCode {
			return "purpose that is known"
		}
	case billing.NoticeFactorAdded, billing.NoticeFactorRemoved:
		if _, known := factors[n.Factor]; !known {
			return "factor that is known"
		}
	case billing.NoticeUsernameReminder:
		if n.Username == "" {
			return "username"
		}
	case billing.NoticeRecoveryDone, billing.NoticeChangesHeld:
		if n.Until == 0 {
			return "end of the hold"
		}
	case billing.NoticePaymentReceived, billing.NoticePaymentScheduled, billing.NoticePaymentCancelled,
		billing.NoticePaymentReturned, billing.NoticePaymentReversed, billing.NoticeAutopayDrawn:
		if n.Amount <= 0 {
			return "amount"
		}
	case billing.NoticeLateFee:
		if n.Fee <= 0 {
			return "fee"
		}
	case billing.NoticePhonePayment:
		if n.Text == "" || n.Amount <= 0 {
			return "authorization text and amount"
		}
	case billing.NoticeAutopayOn:
		if n.Text == "" {
			return "authorization text"
		}
	case billing.NoticeAccountChanged:
		if n.Text == "" {
			return "words for what changed"
		}
	case billing.NoticeDueSoon, billing.NoticeDueToday:
		if n.AmountDue <= 0 || n.DueDate == 0 {
			return "amount and due date"
		}
	case billing.NoticePastDue:
		if n.PastDue <= 0 || n.DueDate == 0 {
			return "amount and due date"
		}
	case billing.NoticePaymentChanged:
		if n.Amount <= 0 {
			return "amount"
		}
	case billing.NoticePayoffNear, billing.NoticeMileagePace:
		if n.Count <= 0 {
			return "count"
		}
	case billing.NoticeLeaseMaturity:
		if n.Count <= 0 || n.Date == 0 {
			return "date and days"
		}
	case billing.NoticeTitleSent, billing.NoticeSupportMessage:
		if n.Text == "" {
			return "words"
		}
	}
	return ""
}

// fraud stands at the foot of every message.
const (
	fraud      = "We never ask for your password or your full Social Security number: not by e-mail, not by text, not by phone."
	fraudInEs  = "Nunca le pedimos su contraseña ni su número completo de Seguro Social: ni por correo electrónico, ni por mensaje de texto, ni por teléfono."
	pressHere  = "If this was not you, go to this address and press the button there. It locks sign-in and ends every session, so that nobody can get in. Opening the page changes nothing."
	pressInEs  = "Si no fue usted, vaya a esta dirección y oprima el botón. Así se bloquea el acceso y se cierran todas las sesiones, para que nadie pueda entrar. Abrir la página no cambia nada."
	notYou     = "If this was not you, call us right away."
	notYouInEs = "Si no fue usted, llámenos de inmediato."
)

// notMe is how a person says that it was somebody else.
func (t told) notMe(l billing.Lender) []string {
	switch {
	case (t.Link == "" || l.Portal == "") && t.spanish():
		return []string{notYouInEs}
	case t.Link == "" || l.Portal == "":
		return []string{notYou}
	case t.spanish():
		return []string{pressInEs, l.Portal + t.Link, "También puede llamarnos."}
	}
	return []string{pressHere, l.Portal + t.Link, "You can also call us."}
}

// page is the letter's words, as they stand in an e-mail, in the inbox and on
// paper.
func (m letter) page(t told, l billing.Lender) Page {
	ends, about, lang := "account ending in ", "For ", billing.English
	if t.spanish() {
		ends, about, lang = "cuenta terminada en ", "Para ", billing.Spanish
	}
	who := strings.Join(nonEmpty(t.Name, before(ends, t.AccountEnds, true), t.Vehicle), ", ")
	p := Page{Language: lang, Subject: m.subject, Reason: oneLine(m.reason), About: oneLine(before(about, who, true)), Quoted: strings.TrimSpace(m.quoted)}
	for _, f := range m.facts {
		if v := oneLine(f.value); v != "" {
			p.Facts = append(p.Facts, [2]string{t.labelled(f.label), v})
		}
	}
	if m.alarm {
		m.rest = append(m.rest, t.notMe(l)...)
	}
	for _, s := range m.rest {
		p.Rest = append(p.Rest, oneLine(s))
	}
	return p
}

// foot is what stands below every e-mail.
func (t told) foot(l billing.Lender) []string {
	ask, warn := askUs(l), fraud
	if t.spanish() {
		ask, warn = "", fraudInEs
		if l.Phone != "" {
			ask = "¿Preguntas? Llame al " + l.Phone + "."
		}
	}
	e, _ := billing.EventOf(t.Kind)
	if !e.Required {
		warn += " " + t.in("You choose which messages you get on our website under Messages.", "Usted elige en nuestro sitio web, en Mensajes, qué mensajes recibe.")
	}
	return append(nonEmpty(ask, warn, strings.Join(nonEmpty(l.Name, strings.Join(street(l), ", "), l.Website), " · ")), l.Legal...)
}

// in is the wording of the notice's language.
func (t told) in(en, es string) string {
	if t.spanish() {
		return es
	}
	return en
}

func (m letter) message(t told, l billing.Lender) (Message, error) {
	set := struct {
		Page
		Lender, Accent string
		Foot           []string
	}{Page: m.page(t, l), Lender: l.Name, Accent: l.Color(), Foot: t.foot(l)}
	var html bytes.Buffer
	if err := mailHTML.Execute(&html, set); err != nil {
		return Message{}, fmt.Errorf("%w %q: %w", ErrNotice, t.Kind, err)
	}
	return Message{Subject: m.subject, Text: set.text() + "\n-- \n" + strings.Join(set.Foot, "\n") + "\n", HTML: html.String()}, nil
}
