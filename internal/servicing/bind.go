package servicing

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// AppSetup is what an authenticator app is set up with.
type AppSetup struct {
	Seed    string // to be typed
	Address string // to be scanned
	Box     string // what the page holds until the first code
}

// StartApp begins binding an authenticator app.
func (s *Service) StartApp(ctx context.Context, actor identity.Actor) (out AppSetup, err error) {
	if err := s.mayBind(actor); err != nil {
		return out, err
	}
	name := ""
	err = s.db.View(ctx, func(tx *store.Tx) error {
		login, err := tx.LoginOf(actor.String())
		if err == nil {
			name = login.Username
		}
		return err
	})
	if err != nil {
		return out, err
	}
	out.Seed = identity.NewTOTPSeed()
	return s.appSetup(actor, name, out.Seed)
}

// ReadApp shows a setup again, after a code that was wrong.
func (s *Service) ReadApp(ctx context.Context, actor identity.Actor, box string) (out AppSetup, err error) {
	if err := s.mayBind(actor); err != nil {
		return out, err
	}
	seed, err := s.unseal("app", actor.Standing.Session, box)
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		login, err := tx.LoginOf(actor.String())
		if err == nil {
			out = AppSetup{string(seed), identity.TOTPAddress(s.lender.Name, login.Username, string(seed)), box}
		}
		return err
	})
	return out, err
}

func (s *Service) appSetup(actor identity.Actor, name, seed string) (out AppSetup, err error) {
	out = AppSetup{Seed: seed, Address: identity.TOTPAddress(s.lender.Name, name, seed)}
	out.Box, err = s.sealFor("app", actor.Standing.Session, []byte(seed))
	return out, err
}

// mayBind lets a session bind second factors.
func (s *Service) mayBind(actor identity.Actor) error {
	if err := inAnySession(actor); err != nil {
		return err
	}
	return s.mayDo(actor, identity.ActFactors)
}

// FinishApp binds the app with its first code.
func (s *Service) FinishApp(ctx context.Context, actor identity.Actor, box, name, code string, src Source) (out Entry, err error) {
	if err := s.mayBind(actor); err != nil {
		return out, err
	}
	seed, err := s.unseal("app", actor.Standing.Session, box)
	if err != nil {
		return out, err
	}
	// The count is the setup's: whoever starts anew has another seed.
	if err := s.attempt(ctx, "run", "app "+box); errors.Is(err, errStopped) {
		return out, errFlow
	} else if err != nil {
		return out, err
	}
	step, ok := identity.CheckTOTP(string(seed), code, s.clock(), 0)
	if !ok {
		return out, errFactor
	}
	a := &store.Authenticator{Kind: string(App), Name: named(name, "Authenticator app"), Secret: string(seed), Counter: step}
	return s.bind(ctx, actor, a, billing.FactorApp, src)
}

// named is the name a person gave, or the usual one.
func named(name, usual string) string {
	if name = strings.Join(strings.Fields(name), " "); name == "" {
		return usual
	}
	return cut(name, 60)
}

// StartPhone sends a code to a telephone that is to be bound.
func (s *Service) StartPhone(ctx context.Context, actor identity.Actor, phone string, src Source) (box string, err error) {
	if err := s.mayBind(actor); err != nil {
		return "", err
	}
	if actor.Kind == identity.KindStaff {
		return "", ErrForbidden // never a text message (ASVS 6.3.3, for staff)
	}
	if actor.Standing.Scope == identity.ScopeRestore {
		return "", refuse("phone_now", "phone", "A phone cannot be added now, so soon after getting back in. Use an authenticator app or a passkey.")
	}
	number, ok := identity.NormalPhone(phone)
	if !ok {
		return "", refuse("phone", "phone", "%s", identity.PhoneProblem(phone))
	}
	if err := s.sendCode(ctx, s.phoneCode(actor, number), ByText, number, src); err != nil {
		return "", err
	}
	return s.sealFor("phone", actor.Standing.Session, []byte(number))
}

func (s *Service) phoneCode(actor identity.Actor, number string) asking {
	return asking{purpose: "factor", binding: actor.Standing.Session + " " + number, owner: actor.String(), kind: billing.NoticeContactCode}
}

// FinishPhone binds the telephone with the code that was sent to it.
func (s *Service) FinishPhone(ctx context.Context, actor identity.Actor, box, code string, src Source) (out Entry, err error) {
	if err := s.mayBind(actor); err != nil {
		return out, err
	}
	number, err := s.unseal("phone", actor.Standing.Session, box)
	if err != nil {
		return out, err
	}
	if _, err := s.checkCode(ctx, s.phoneCode(actor, string(number)), code); err != nil {
		return out, err
	}
	a := &store.Authenticator{Kind: string(Text), Name: "Text message", Secret: string(number)}
	return s.bind(ctx, actor, a, billing.FactorText, src)
}

// StartPasskey begins making a passkey.
func (s *Service) StartPasskey(ctx context.Context, actor identity.Actor) (c PasskeyCall, err error) {
	if err := s.mayBind(actor); err != nil {
		return c, err
	}
	p, err := s.passkeys(realmOf(actor.String()))
	if err != nil {
		return c, err
	}
	var u identity.PasskeyUser
	err = s.db.View(ctx, func(tx *store.Tx) error {
		u, err = s.passkeyUser(tx, actor.String())
		return err
	})
	if err != nil {
		return c, err
	}
	options, session, err := p.BeginRegister(u)
	if err != nil {
		return c, err
	}
	c.Options = string(options)
	c.Box, err = s.sealFor("register", actor.Standing.Session, session)
	return c, err
}

// FinishPasskey binds the passkey that the browser made.
func (s *Service) FinishPasskey(ctx context.Context, actor identity.Actor, box, name, response string, src Source) (out Entry, err error) {
	if err := s.mayBind(actor); err != nil {
		return out, err
	}
	p, err := s.passkeys(realmOf(actor.String()))
	if err != nil {
		return out, err
	}
	session, err := s.unseal("register", actor.Standing.Session, box)
	if err != nil {
		return out, err
	}
	if err := s.spend(ctx, box); err != nil {
		return out, err
	}
	var u identity.PasskeyUser
	err = s.db.View(ctx, func(tx *store.Tx) error {
		u, err = s.passkeyUser(tx, actor.String())
		return err
	})
	if err != nil {
		return out, err
	}
	key, err := p.FinishRegister(u, session, []byte(response))
	if err != nil {
		return out, errPasskey
	}
	secret, err := json.Marshal(key)
	if err != nil {
		return out, err
	}
	a := &store.Authenticator{Kind: string(Passkey), Name: named(name, "Passkey on "+identity.DeviceName(src.UserAgent)), Secret: string(secret),
		Lookup: s.db.Keys().Hash("passkey", string(key.ID)), Counter: int64(key.SignCount)}
	out, err = s.bind(ctx, actor, a, billing.FactorPasskey, src)
	if isConflict(err) {
		return out, refuse("passkey_known", "", "That passkey is set up already.")
	}
	return out, err
}

// bind adds a second factor. It ends a session that was only for that: after
// activation it becomes a full one, after a recovery the lost factors end and the
// person signs in anew.
func (s *Service) bind(ctx context.Context, actor identity.Actor, a *store.Authenticator, what string, src Source) (out Entry, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		open, err := s.sessionOf(tx, actor)
		if err != nil {
			return err
		}
		now, scope := s.clock(), identity.Scope(open.Scope)
		if scope == identity.ScopeRestore {
			for _, k := range []FactorKind{Passkey, App, Text, SavedCode} {
				tx.EndAuthenticators(actor.String(), string(k), "lost", now)
			}
		} else if FactorKind(a.Kind) == Text || FactorKind(a.Kind) == App {
			tx.EndAuthenticators(actor.String(), a.Kind, "replaced", now)
		}
		a.ID, a.Owner, a.Added, a.Source = store.NewID(), actor.String(), now, string(scope)
		if err := tx.InsertAuthenticator(a); err != nil {
			return err
		}
		s.auditAccess(tx, a.Owner, "factor_added", a.Kind)
		n := s.told(billing.NoticeFactorAdded, src)
		n.Factor, n.Label = what, a.Name
		if what == billing.FactorText {
			n.Label, n.Masked = "", identity.MaskPhone(a.Secret)
		}
		if err := s.alarm(tx, a.Owner, a.ID, n); err != nil {
			return err
		}
		switch scope {
		case identity.ScopeRestore:
			err = s.endAll(tx, a.Owner, "", "restored")
		case identity.ScopeEnrol:
			out, err = s.rotate(tx, actor, FactorKind(a.Kind).proof(), src)
		default:
			// Whoever else is signed in did not show this factor.
			if err := s.endAll(tx, a.Owner, open.ID, "factor_added"); err != nil {
				return err
			}
			out, err = s.rotate(tx, actor, FactorKind(a.Kind).proof(), src)
		}
		if err != nil {
			return err
		}
		return tx.Flush()
	})
	return out, err
}

// bindText binds a telephone that a code has just been read from.
func (s *Service) bindText(tx *store.Tx, owner, phone, source string) error {
	now := s.clock()
	tx.EndAuthenticators(owner, string(Text), "replaced", now)
	return tx.InsertAuthenticator(&store.Authenticator{ID: store.NewID(), Owner: owner, Kind: string(Text), Name: "Text message", Secret: phone, Added: now, Source: source})
}

// MakeSavedCodes makes ten new saved codes; the old ones end. They are shown this
// once.
func (s *Service) MakeSavedCodes(ctx context.Context, actor identity.Actor, key string, src Source) (codes []string, err error) {
	if err := s.mayBind(actor); err != nil {
		return nil, err
	}
	if actor.Kind == identity.KindStaff {
		return nil, ErrForbidden // who loses a factor is invited anew, by two people
	}
	if actor.Standing.Scope == identity.ScopeEnrol || actor.Standing.Scope == identity.ScopeRestore {
		return nil, ErrForbidden // saved codes stand beside another second factor
	}
	if err := s.spend(ctx, "saved_codes "+actor.Standing.Session+" "+key); errors.Is(err, errFlow) {
		return nil, refuse("made", "", "These codes were made already, and are shown once only. If you did not keep them, make new ones: the ones before stop working.")
	} else if err != nil {
		return nil, err
	}
	codes = identity.NewSavedCodes()
	owner := actor.String()
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		now := s.clock()
		tx.EndAuthenticators(owner, string(SavedCode), "replaced", now)
		for _, c := range codes {
			a := &store.Authenticator{ID: store.NewID(), Owner: owner, Kind: string(SavedCode), Lookup: savedHash(tx, owner, c), Added: now, Source: "made"}
			if err := tx.InsertAuthenticator(a); err != nil {
				return err
			}
		}
		s.auditAccess(tx, owner, "saved_codes_made", "")
		n := s.told(billing.NoticeSavedCodesMade, src)
		n.Count = len(codes)
		return s.alarm(tx, owner, store.NewID(), n)
	})
	return codes, err
}

// RemoveFactor takes a second factor out of use. The last one stays while the
// lender asks for one.
func (s *Service) RemoveFactor(ctx context.Context, actor identity.Actor, id string, src Source) (out Entry, err error) {
	if err := s.mayBind(actor); err != nil {
		return out, err
	}
	if actor.Standing.Scope == identity.ScopeEnrol || actor.Standing.Scope == identity.ScopeRestore {
		return out, ErrForbidden
	}
	owner := actor.String()
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		all, err := s.factorsOf(tx, owner)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(a *store.Authenticator) bool { return a.ID == id && FactorKind(a.Kind) != SavedCode })
		if i < 0 {
			return ErrNotFound
		}
		others := slices.ContainsFunc(all, func(a *store.Authenticator) bool { return a.ID != id && FactorKind(a.Kind) != SavedCode })
		staff := actor.Kind == identity.KindStaff
		if !others && (staff || !s.rules.Access.SecondFactorOptional) {
			return refuse("last_factor", "", "This is your only second step. Add another one first, then remove this.")
		}
		now := s.clock()
		ended, err := tx.EndAuthenticator(id, owner, "removed", now)
		if err != nil || !ended {
			return absentOr(err, ErrNotFound)
		}
		if !others {
			tx.EndAuthenticators(owner, string(SavedCode), "removed", now)
		}
		s.auditAccess(tx, owner, "factor_removed", all[i].Kind)
		n := s.told(billing.NoticeFactorRemoved, src)
		n.Factor, n.Label = factorWord(FactorKind(all[i].Kind)), all[i].Name
		if err := s.alarm(tx, owner, id, n); err != nil {
			return err
		}
		if err := s.endAll(tx, owner, actor.Standing.Session, "factor_removed"); err != nil {
			return err
		}
		out, err = s.rotate(tx, actor, "", src)
		return err
	})
	return out, err
}

func absentOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func factorWord(k FactorKind) string {
	switch k {
	case Passkey:
		return billing.FactorPasskey
	case App:
		return billing.FactorApp
	case SavedCode:
		return billing.FactorSaved
	}
	return billing.FactorText
}
