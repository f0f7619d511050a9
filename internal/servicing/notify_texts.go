package servicing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

const consentTexts = "texts"

// TextsVersion names the wording of TextsWords; a change of what it asks for needs
// a new agreement.
const TextsVersion = "2026-1"

// TextsWords is what a customer agrees to before any text message but codes and
// alarms is sent (47 CFR 64.1200(a), (f)(9); the carriers ask for the rest).
func (s *Service) TextsWords() []string {
	return []string{
		s.lender.Name + " may send text messages about your account to your phone number on file: the kinds you choose on this page. They may be sent by a computer.",
		"You do not have to agree in order to get or keep a loan or a lease.",
		"How many come depends on your account: usually two to six a month. Message and data rates may apply.",
		"Reply STOP to any of them to end all text messages, HELP for help. You can also turn them off here, or call us at " + s.lender.Phone + ".",
	}
}

// textsTo is what an agreement is bound to: the number of that day. Another number
// needs its own.
func textsTo(tx *store.Tx, number string) string {
	return "number " + tx.AddressHash(billing.ByText, number)
}

// agreedToTexts says whether a customer has agreed to text messages at the number
// on file.
func agreedToTexts(tx *store.Tx, p *store.Customer) (bool, error) {
	c, err := tx.Consent(p.ID, consentTexts)
	if err != nil {
		return false, absent(err)
	}
	return c.Given && c.Shown == textsTo(tx, p.Phone), nil
}

// keepTexts keeps a customer's agreement to text messages, or its end.
func (s *Service) keepTexts(tx *store.Tx, by string, p *store.Customer, given bool, src Source) string {
	words := strings.Join(s.TextsWords(), "\n\n")
	sum := sha256.Sum256([]byte(words))
	c := &store.Consent{ID: store.NewID(), CustomerID: p.ID, Kind: consentTexts, Given: given, Version: TextsVersion, Text: words, Hash: hex.EncodeToString(sum[:]),
		Shown: textsTo(tx, p.Phone), IP: src.IP, UserAgent: cut(src.UserAgent, 300), At: s.clock()}
	tx.InsertConsent(c)
	action := "texts_off"
	if given {
		action = "texts_on"
	}
	s.auditAccessBy(tx, by, identity.Customer(identity.CustomerID(p.ID)).String(), action, "")
	return c.ID
}

// stopWords end all text messages (47 CFR 64.1200(a)(10)); the rest are what the
// carriers ask for. They count alone, however they are written.
var (
	stopWords  = []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "PARAR", "ALTO"}
	helpWords  = []string{"HELP", "INFO", "AYUDA"}
	startWords = []string{"START", "UNSTOP", "YES"}
)

// wordOf is the word that a person has sent, if it is one of ours.
func wordOf(body string) string {
	word := strings.ToUpper(strings.Trim(strings.TrimSpace(body), ".,!\"'“”’"))
	word = strings.NewReplacer(" ", "", "-", "").Replace(word) // opt out, opt-out, stop all
	return word
}

// TextReceived is a text message that somebody sent to the lender's number.
type TextReceived struct {
	ID   string // the provider's own
	From string // E.164
	Body string
}

// ReceiveText does what a text message asks for. STOP and its kin count at once,
// whoever the number belongs to, and are confirmed once; the same message again
// does nothing more. What is no such word is left alone: nobody reads it, and the
// answer to HELP says where to turn.
func (s *Service) ReceiveText(ctx context.Context, actor identity.Actor, in TextReceived) error {
	if err := system(actor); err != nil {
		return err
	}
	number, ok := identity.NormalPhone(in.From)
	if !ok || in.ID == "" {
		return refuse("text", "", "That is no text message from a telephone number.")
	}
	word := wordOf(in.Body)
	return s.db.Update(ctx, func(tx *store.Tx) error {
		kind := billing.NoticeKind("")
		switch {
		case slices.Contains(stopWords, word):
			kind = billing.NoticeTextsStopped
			since, err := tx.TextsStopped(number)
			if err != nil {
				return err
			}
			if since > 0 {
				return nil // it was confirmed when it was first said
			}
			if err := s.stopNumber(tx, number, word, actor); err != nil {
				return err
			}
		case slices.Contains(startWords, word):
			was, err := tx.StartTexts(number)
			if err != nil || !was {
				return err
			}
			kind = billing.NoticeTextsBack
			if err := s.agreeAgain(tx, number, actor); err != nil {
				return err
			}
		case slices.Contains(helpWords, word):
			kind = billing.NoticeTextsHelp
			if since, err := tx.TextsStopped(number); err != nil || since > 0 {
				return err
			}
		default:
			return nil
		}
		return s.answerText(tx, number, in.ID, kind)
	})
}

// answerText answers a text message, in the language of whose number it is.
func (s *Service) answerText(tx *store.Tx, number, id string, kind billing.NoticeKind) error {
	n := billing.Notice{Kind: kind, Channel: billing.ByText, Address: number}
	who, err := tx.CustomersWithPhone(number)
	if err != nil {
		return err
	}
	owner := ""
	if len(who) > 0 {
		owner = who[0]
	}
	_, err = s.enqueue(tx, owner, "", id, n, 0)
	return err
}

// stopNumber ends all text messages to a number, and the agreement of whoever has
// it on file.
func (s *Service) stopNumber(tx *store.Tx, number, word string, by identity.Actor) error {
	tx.StopTexts(number, word, s.clock())
	return s.eachAt(tx, number, func(p *store.Customer) error {
		agreed, err := agreedToTexts(tx, p)
		if err == nil && agreed {
			s.keepTexts(tx, by.String(), p, false, Source{})
		}
		return err
	})
}

// agreeAgain takes up the agreement that a STOP from the number ended.
func (s *Service) agreeAgain(tx *store.Tx, number string, by identity.Actor) error {
	return s.eachAt(tx, number, func(p *store.Customer) error {
		c, err := tx.Consent(p.ID, consentTexts)
		if err != nil {
			return absent(err)
		}
		if !c.Given && c.IP == "" && c.Shown == textsTo(tx, number) {
			s.keepTexts(tx, by.String(), p, true, Source{})
		}
		return nil
	})
}

func (s *Service) eachAt(tx *store.Tx, number string, do func(*store.Customer) error) error {
	who, err := tx.CustomersWithPhone(number)
	if err != nil {
		return err
	}
	for _, id := range who {
		p, err := tx.Customer(id)
		if err != nil {
			return err
		}
		if err := do(p); err != nil {
			return err
		}
	}
	return nil
}

// errTextStopped is what a person is told who asks for a code at a number that
// wants none.
var errTextStopped = &Refusal{"text_stopped", "code", "That phone number has told us STOP, so we send it no text messages, not even codes. Text START to us from it, or choose another way."}

// ifTextsStopped decides where a code goes that was asked for by text message. To a
// number that has sent STOP it does not go: who has signed in is told so; in an
// activation, where either proves as much, it goes by e-mail; on the way back it
// goes nowhere, because what each address proves there is looked at before.
func (s *Service) ifTextsStopped(ctx context.Context, a asking, address string) (by Channel, to string, err error) {
	by, to = ByText, address
	err = s.db.View(ctx, func(tx *store.Tx) error {
		since, err := tx.TextsStopped(address)
		if err != nil || since == 0 || address == "" {
			return err
		}
		switch a.purpose {
		case "recovery":
			to = ""
			return nil
		case "activation":
			by, to = ByEmail, ""
		default:
			return errTextStopped
		}
		id, ok := identity.OwnerCustomer(a.owner)
		if !ok {
			return nil
		}
		p, err := tx.Customer(string(id))
		if err == nil {
			to = p.Email
		}
		return err
	})
	return by, to, err
}
