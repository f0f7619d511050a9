package servicing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Profile is how a customer is reached.
type Profile struct {
	FirstName, LastName      string
	Username                 string
	Email, Phone             string
	Street, City, State, ZIP string
	Language                 string
	Paperless                bool
	PaperlessSince           money.Instant
}

// Profile shows how the acting customer is reached.
func (s *Service) Profile(ctx context.Context, actor identity.Actor) (out Profile, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		p, err := tx.Customer(who)
		if err != nil {
			return err
		}
		out = Profile{FirstName: p.FirstName, LastName: p.LastName, Email: p.Email, Phone: p.Phone,
			Street: p.Street, City: p.City, State: p.State, ZIP: p.ZIP, Language: p.Language}
		switch login, err := tx.LoginOf(actor.String()); {
		case err == nil:
			out.Username = login.Username
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		c, err := tx.Consent(who, consentPaperless)
		if err = absent(err); err == nil && c.Given {
			out.Paperless, out.PaperlessSince = true, c.At
		}
		return err
	})
	return out, err
}

// SetLanguage sets the language of a customer's messages.
func (s *Service) SetLanguage(ctx context.Context, actor identity.Actor, language string) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	if language != billing.English && language != billing.Spanish {
		return refuse("language", "language", "Choose English or Spanish.")
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.SetLanguage(who, language)
		s.auditAccess(tx, actor.String(), "language", language)
		return nil
	})
}

// ContactKind is a kind of address.
type ContactKind string

// The kinds that are confirmed with a code at the new place.
const (
	ContactEmail ContactKind = "email"
	ContactPhone ContactKind = "phone"
)

// mayReach lets an actor's session change how the customer is reached.
func (s *Service) mayReach(actor identity.Actor) (string, error) {
	who, err := customer(actor)
	if err != nil {
		return "", err
	}
	if err := inSession(actor); err != nil {
		return "", err
	}
	return who, s.mayDo(actor, identity.ActContact)
}

// StartContactChange sends a code to a new e-mail address or telephone. Nothing
// changes until it is typed.
func (s *Service) StartContactChange(ctx context.Context, actor identity.Actor, kind ContactKind, value string, src Source) (id string, err error) {
	who, err := s.mayReach(actor)
	if err != nil {
		return "", err
	}
	by := ByEmail
	switch kind {
	case ContactEmail:
		value = identity.NormalEmail(value)
		if problem := identity.EmailProblem(value); problem != "" {
			return "", refuse("email", "email", "%s", problem)
		}
	case ContactPhone:
		number, ok := identity.NormalPhone(value)
		if !ok {
			return "", refuse("phone", "phone", "%s", identity.PhoneProblem(value))
		}
		value, by = number, ByText
	default:
		return "", ErrNotFound
	}
	change := &store.ContactChange{ID: store.NewID(), CustomerID: who, Kind: string(kind), New: value, Session: actor.Standing.Session, Asked: s.clock()}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		p, err := tx.Customer(who)
		if err != nil {
			return err
		}
		change.Old = reach(p, by)
		if change.Old == value {
			return refuse("same", string(kind), "That is the one we have already.")
		}
		return tx.InsertContactChange(change)
	})
	if err != nil {
		return "", err
	}
	return change.ID, s.sendCode(ctx, contactCode(actor, change.ID), by, value, src)
}

func contactCode(actor identity.Actor, change string) asking {
	return asking{purpose: "contact", binding: change + " " + actor.Standing.Session, owner: actor.String(), kind: billing.NoticeContactCode}
}

// AskedChange is a change of contact data that waits for its code.
type AskedChange struct {
	Kind  ContactKind
	Value string
}

// ReadContactChange shows a change that waits for its code.
func (s *Service) ReadContactChange(ctx context.Context, actor identity.Actor, id string) (out AskedChange, err error) {
	who, err := customer(actor)
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.ContactChange(id, who)
		if err != nil {
			return err
		}
		if c.Made != 0 || c.Session != actor.Standing.Session {
			return ErrNotFound
		}
		out = AskedChange{ContactKind(c.Kind), c.New}
		return nil
	})
	return out, err
}

// FinishContactChange confirms a new e-mail address or telephone with its code,
// and tells the old place and the new one. A phone that is the second factor is
// replaced there as well.
func (s *Service) FinishContactChange(ctx context.Context, actor identity.Actor, id, code string, src Source) error {
	who, err := s.mayReach(actor)
	if err != nil {
		return err
	}
	if _, err := s.ReadContactChange(ctx, actor, id); err != nil {
		return err
	}
	if _, err := s.checkCode(ctx, contactCode(actor, id), code); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := tx.ContactChange(id, who)
		if err != nil {
			return err
		}
		now := s.clock()
		if made, err := tx.MakeContactChange(id, now); err != nil || !made {
			return absentOr(err, errFlow)
		}
		n, old := s.told(billing.NoticeEmailChanged, src), billing.Notice{Channel: billing.ByEmail, Address: c.Old}
		if ContactKind(c.Kind) == ContactPhone {
			tx.SetPhone(who, c.New)
			n.Kind, n.Masked, old.Channel = billing.NoticePhoneChanged, identity.MaskPhone(c.New), billing.ByText
			factors, err := s.factorsOf(tx, actor.String())
			if err != nil {
				return err
			}
			if slices.ContainsFunc(factors, func(a *store.Authenticator) bool { return FactorKind(a.Kind) == Text && a.Secret == c.Old }) {
				if err := s.bindText(tx, actor.String(), c.New, "contact"); err != nil {
					return err
				}
				if err := s.endAll(tx, actor.String(), actor.Standing.Session, "factor_added"); err != nil {
					return err
				}
			}
		} else {
			tx.SetEmail(who, c.New)
			n.Masked = identity.MaskEmail(c.New)
		}
		s.auditAccess(tx, actor.String(), "contact_changed", c.Kind)
		if c.Old == "" {
			return s.alarm(tx, actor.String(), c.ID, n)
		}
		return s.alarm(tx, actor.String(), c.ID, n, old)
	})
}

// PostalAddress is where letters go.
type PostalAddress struct{ Street, City, State, ZIP string }

// ChangeAddress changes the postal address, and tells every address on file.
func (s *Service) ChangeAddress(ctx context.Context, actor identity.Actor, to PostalAddress, src Source) error {
	who, err := s.mayReach(actor)
	if err != nil {
		return err
	}
	to = PostalAddress{oneLine(to.Street), oneLine(to.City), strings.ToUpper(oneLine(to.State)), oneLine(to.ZIP)}
	problems := identity.PostalProblem(to.Street, to.City, to.State, to.ZIP)
	for _, field := range []string{"street", "city", "state", "zip"} {
		if p := problems[field]; p != "" {
			return refuse("address", field, "%s", p)
		}
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		p, err := tx.Customer(who)
		if err != nil {
			return err
		}
		was, is, now := strings.Join([]string{p.Street, p.City, p.State, p.ZIP}, "\n"), strings.Join([]string{to.Street, to.City, to.State, to.ZIP}, "\n"), s.clock()
		if was == is {
			return refuse("same", "street", "That is the address we have already.")
		}
		c := &store.ContactChange{ID: store.NewID(), CustomerID: who, Kind: "address", Old: was, New: is, Session: actor.Standing.Session, Asked: now, Made: now}
		if err := tx.InsertContactChange(c); err != nil {
			return err
		}
		tx.SetAddress(who, to.Street, to.City, to.State, to.ZIP)
		s.auditAccess(tx, actor.String(), "contact_changed", "address")
		return s.alarm(tx, actor.String(), c.ID, s.told(billing.NoticeAddressChanged, src))
	})
}

func oneLine(s string) string { return cut(strings.Join(strings.Fields(s), " "), 120) }

const consentPaperless = "paperless"

// PaperlessVersion names the wording of PaperlessText; a change of what it asks
// for needs a new consent.
const PaperlessVersion = "2026-1"

// PaperlessText is what a customer agrees to, as the Electronic Signatures in
// Global and National Commerce Act asks (15 USC 7001(c)): the right to paper, how
// to take consent back and what follows, what it covers, how to keep the address
// up to date, what is needed to read.
func (s *Service) PaperlessText() []string {
	return []string{
		"You may have your statements, notices and letters on paper. If you agree to paperless, you get them on this website instead, and we tell you by e-mail when there is a new one.",
		"This covers statements, payment notices, letters about your account, and notices that the law asks us to send in writing.",
		"You can change your mind at any time, here on your profile page or by calling " + s.lender.Phone + ". It is free, and your account does not change. From then on we send paper again.",
		"You can ask for a paper copy of any document at any time by calling us. The copy is free.",
		"Keep your e-mail address up to date on your profile page. If our e-mail to you comes back, we send paper again.",
		"You need a current web browser, a program that opens PDF files, and enough space to keep or a printer to print them.",
	}
}

// PaperlessWord is what stands in the sample document that has to be opened, and
// shows that it could be. It is the customer's own.
func (s *Service) PaperlessWord(ctx context.Context, actor identity.Actor) (string, error) {
	who, err := customer(actor)
	if err != nil {
		return "", err
	}
	words := strings.Fields("anchor basket candle desert engine forest garden harbor island jacket kettle ladder meadow needle orchard pencil river saddle timber valley")
	h := s.db.Keys().Hash("paperless", who)
	n := int(h[0])*7 + int(h[1])*3 + int(h[2])
	return words[n%len(words)], nil
}

// AgreePaperless keeps the consent, with the word from the sample as the proof
// that documents can be read.
func (s *Service) AgreePaperless(ctx context.Context, actor identity.Actor, word string, src Source) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	right, err := s.PaperlessWord(ctx, actor)
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(word), right) {
		return refuse("word", "word", "That is not the word in the sample. Open it and look for the word in the box.")
	}
	return s.consent(ctx, actor, who, true, "typed the word shown in the sample PDF", src)
}

// WithdrawPaperless takes the consent back, at once.
func (s *Service) WithdrawPaperless(ctx context.Context, actor identity.Actor, src Source) error {
	who, err := customer(actor)
	if err != nil {
		return err
	}
	return s.consent(ctx, actor, who, false, "", src)
}

func (s *Service) consent(ctx context.Context, actor identity.Actor, who string, given bool, shown string, src Source) error {
	text := strings.Join(s.PaperlessText(), "\n\n")
	sum := sha256.Sum256([]byte(text))
	return s.db.Update(ctx, func(tx *store.Tx) error {
		before, err := tx.Consent(who, consentPaperless)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && before.Given == given || err != nil && !given {
			return nil // said already
		}
		c := &store.Consent{ID: store.NewID(), CustomerID: who, Kind: consentPaperless, Given: given, Version: PaperlessVersion, Text: text,
			Hash: hex.EncodeToString(sum[:]), Shown: shown, IP: src.IP, UserAgent: cut(src.UserAgent, 300), At: s.clock()}
		tx.InsertConsent(c)
		kind := billing.NoticePaperlessOff
		if given {
			kind = billing.NoticePaperlessOn
		}
		s.auditAccess(tx, actor.String(), string(kind), "")
		return s.notifyOwner(tx, actor.String(), c.ID, billing.Notice{Kind: kind, Channel: billing.ByEmail}, 0)
	})
}
