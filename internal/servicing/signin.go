package servicing

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/store"
)

// Entry is what a step of signing in leads to: a session, or a run in which a
// second factor is wanted. Device is what the browser is to keep from now on,
// when it is to keep something.
type Entry struct {
	Session string
	Flow    FlowID
	Device  string
}

// pending is what a run of signing in remembers.
type pending struct {
	Breached bool `json:"breached,omitempty"`
}

func packed(p pending) (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

func unpacked(f *store.Flow) (p pending, err error) {
	if f.Detail != "" {
		err = json.Unmarshal([]byte(f.Detail), &p)
	}
	return p, err
}

var errSignIn = &Refusal{"sign_in_wrong", "", "That username and password do not match. Check both and try again. If you have not used this site before, activate online access first."}

// SignIn checks a customer's username, or e-mail address, and password. Wrong
// ones, and names that nobody has, get the same answer after the same time.
func (s *Service) SignIn(ctx context.Context, username, password string, src Source) (Entry, error) {
	return s.signIn(ctx, borrowers, username, password, src)
}

// loginNamed finds the login that a typed name means: a username, or for customers
// an e-mail address that only one of them has; nil for none.
func (s *Service) loginNamed(tx *store.Tx, r realm, name string) (*store.Login, error) {
	name = identity.NormalName(name)
	login, err := tx.LoginNamed(string(r.kind), name)
	if !errors.Is(err, store.ErrNotFound) || r.kind != identity.KindCustomer || !strings.Contains(name, "@") {
		if err != nil {
			login = nil
		}
		return login, absent(err)
	}
	all, err := tx.LoginsByEmail(identity.NormalEmail(name))
	if err != nil || len(all) != 1 {
		return nil, err
	}
	return all[0], nil
}

func (s *Service) signIn(ctx context.Context, r realm, name, password string, src Source) (out Entry, err error) {
	if strings.TrimSpace(name) == "" {
		return out, refuse("username_missing", "username", "Enter your username or e-mail address.")
	}
	if password == "" {
		return out, refuse("password_missing", "password", "Enter your password.")
	}
	source := string(r.kind) + " " + identity.SourceBucket(src.IP)
	// One account is one bucket, however its name is spelled. Devices that have
	// signed it in have their own, so that a stranger's guesses keep nobody out, and
	// neither does a neighbor behind the same address. A name that nobody has is
	// counted as it is looked up, so that two spellings share a count for nobody just
	// when they would for somebody.
	login, lane, known := (*store.Login)(nil), string(r.kind)+" "+identity.NormalName(name), false
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if login, err = s.loginNamed(tx, r, name); err != nil || login == nil {
			return err
		}
		lane = login.Owner
		d, err := s.knownDevice(tx, login.Owner, src)
		if err == nil && d != nil {
			lane, known = lane+" "+d.ID, true
		}
		return err
	})
	if err != nil {
		return out, err
	}
	if !known {
		if err := s.attempt(ctx, "source", source); err != nil {
			return out, err
		}
	}
	if err := s.attempt(ctx, "password", lane); err != nil {
		return out, err
	}
	hash := ""
	if login != nil {
		hash = login.PasswordHash
	}
	right := false
	if len(password) <= 4*identity.MaxPassword {
		if right, err = identity.CheckPassword(ctx, s.db.Keys().Pepper(), password, hash); err != nil {
			return out, err
		}
	}
	if !right {
		return out, s.wrongPassword(ctx, lane, login, src)
	}
	breached, err := s.rules.Access.Breached.Has(password)
	if err != nil {
		return out, err
	}
	var no error // a refusal is committed with what was noticed about it
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if out, no, err = s.passwordShown(tx, r, login, breached, src); err != nil || no != nil {
			return err
		}
		forgiveIn(tx, "password", lane)
		if !known {
			takeBack(tx, "source", source)
		}
		return nil
	})
	if err == nil {
		err = no
	}
	return out, err
}

// wrongPassword keeps the try and tells the owner when the door closes.
func (s *Service) wrongPassword(ctx context.Context, lane string, login *store.Login, src Source) error {
	err := s.db.Update(ctx, func(tx *store.Tx) error {
		owner := "nobody:" + tx.Keys().Hash("visit", lane)[:24]
		if login != nil {
			owner = login.Owner
		}
		s.visit(tx, owner, "wrong_password", "password", noticed{}, "", src)
		if login == nil {
			return nil
		}
		n, _, err := tx.Attempts(tx.Keys().Hash("attempt:password", login.Owner))
		if err = absent(err); err == nil && n == identity.FreeTries {
			hour := strconv.FormatInt(int64(s.clock())/time.Hour.Microseconds(), 36)
			err = s.alarm(tx, login.Owner, login.Owner+hour, s.told(billing.NoticeSignInLocked, src)) // said once an hour
		}
		return err
	})
	if err != nil {
		return err
	}
	return errSignIn
}

var errUnusual = &Refusal{"unusual", "", "We stopped this sign-in because it does not look like you. Sign in with a passkey, use “Unlock my access”, or call us."}

// passwordShown goes on after the right password: to a session where a device
// that is trusted stands for the second factor, to a run that wants one, or to a
// refusal.
func (s *Service) passwordShown(tx *store.Tx, r realm, login *store.Login, breached bool, src Source) (out Entry, no, err error) {
	proofs := identity.Proofs("").And(identity.ProofPassword)
	compared := login.PasswordHash
	if login, err = tx.TakeLogin(login.Owner); err != nil {
		return out, nil, err
	}
	if login.PasswordHash != compared {
		return out, errSignIn, nil // it was changed while it was compared
	}
	d, err := s.knownDevice(tx, login.Owner, src)
	if err != nil {
		return out, nil, err
	}
	trusted := d != nil && d.Trusted > s.clock()
	if login.Locked != 0 {
		s.visit(tx, login.Owner, "locked", string(proofs), noticed{}, "", src)
		return out, errLocked, nil
	}
	seen, err := s.look(tx, login.Owner, identity.Facts{Breached: breached}, false, 0, src)
	if err != nil {
		return out, nil, err
	}
	if seen.decision == identity.Refuse {
		s.visit(tx, login.Owner, "refused", string(proofs), seen, "", src)
		return out, errUnusual, s.alarm(tx, login.Owner, store.NewID(), s.told(billing.NoticeFactorFailed, src))
	}
	if breached && !login.Stale {
		tx.StaleLogin(login.Owner)
		if err := s.alarm(tx, login.Owner, store.NewID(), s.told(billing.NoticePasswordBreached, src)); err != nil {
			return out, nil, err
		}
	}
	factors, err := s.factorsOf(tx, login.Owner)
	if err != nil {
		return out, nil, err
	}
	switch {
	case len(factors) == 0 && s.rules.Access.SecondFactorOptional && r.kind == identity.KindCustomer:
		out, err = s.enter(tx, grant{owner: login.Owner, scope: identity.ScopeFull, level: 1, proofs: proofs, factorAt: s.clock()}, seen, false, src)
		return out, nil, err
	case trusted && seen.decision == identity.Allow && r.kind == identity.KindCustomer:
		out, err = s.enter(tx, grant{owner: login.Owner, scope: identity.ScopeFull, level: 2, proofs: proofs.And(identity.ProofDevice)}, seen, false, src)
		return out, nil, err
	}
	detail, err := packed(pending{Breached: breached})
	if err != nil {
		return out, nil, err
	}
	s.visit(tx, login.Owner, "waiting", string(proofs), seen, "", src)
	out.Flow, err = s.newFlow(tx, &store.Flow{Kind: r.run(), Owner: login.Owner, Proofs: string(proofs), Detail: detail}, flowLife)
	return out, nil, err
}

// enter gives a session and notes how, from where, and what was unusual.
func (s *Service) enter(tx *store.Tx, g grant, seen noticed, trust bool, src Source) (out Entry, err error) {
	fresh, err := s.knownDevice(tx, g.owner, src)
	if err != nil {
		return out, err
	}
	if g.device, out.Device, err = s.rememberDevice(tx, g.owner, src, trust); err != nil {
		return out, err
	}
	if seen.decision == identity.HoldChanges || seen.decision == identity.Refuse {
		// What became worse between the password and the second factor is held too.
		// The hold is the login's: signing in again must not shed it.
		g.heldUntil = s.clock().Add(identity.HoldAfterRecovery)
		tx.HoldLogin(g.owner, g.heldUntil)
		tx.HoldFactors(g.owner, g.heldUntil)
		n := s.told(billing.NoticeChangesHeld, src)
		n.Until = g.heldUntil
		if err := s.alarm(tx, g.owner, store.NewID(), n); err != nil {
			return out, err
		}
	}
	if out.Session, err = s.issue(tx, g, src); err != nil {
		return out, err
	}
	if fresh == nil && !seen.first {
		if err := s.alarm(tx, g.owner, g.device, s.told(billing.NoticeNewDevice, src)); err != nil {
			return out, err
		}
	}
	s.visit(tx, g.owner, "in", string(g.proofs), seen, g.device, src)
	return out, tx.Flush()
}

// FactorKind is a kind of second factor.
type FactorKind string

// The kinds of second factor.
const (
	Passkey   FactorKind = "passkey"
	App       FactorKind = "totp"
	Text      FactorKind = "text"
	SavedCode FactorKind = "saved_code"
)

func (k FactorKind) proof() identity.Proof {
	switch k {
	case Passkey:
		return identity.ProofPasskey
	case App:
		return identity.ProofTOTP
	case SavedCode:
		return identity.ProofSavedCode
	}
	return identity.ProofTextCode
}

// factorsOf are the second factors of an owner that work now.
func (s *Service) factorsOf(tx *store.Tx, owner string) ([]*store.Authenticator, error) {
	all, err := tx.Authenticators(owner)
	return slices.DeleteFunc(all, func(a *store.Authenticator) bool { return a.Ended != 0 }), err
}

func hasKind(all []*store.Authenticator, k FactorKind) bool {
	return slices.ContainsFunc(all, func(a *store.Authenticator) bool { return FactorKind(a.Kind) == k })
}

// Offer is a second factor that can be used now.
type Offer struct {
	Kind FactorKind
	Hint string // of a telephone: its last two digits
}

func offers(all []*store.Authenticator) (out []Offer) {
	for _, k := range []FactorKind{Passkey, App, Text, SavedCode} {
		for _, a := range all {
			if FactorKind(a.Kind) != k {
				continue
			}
			o := Offer{Kind: k}
			if k == Text {
				o.Hint = identity.MaskPhone(a.Secret)
			}
			out = append(out, o)
			break
		}
	}
	return out
}

// SignInFactors says with which second factors a run of signing in can be
// finished.
func (s *Service) SignInFactors(ctx context.Context, id FlowID) ([]Offer, error) {
	return s.signInFactors(ctx, borrowers, id)
}

func (s *Service) signInFactors(ctx context.Context, r realm, id FlowID) (out []Offer, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		f, err := s.flow(tx, id, r.run())
		if err != nil {
			return err
		}
		all, err := s.factorsOf(tx, f.Owner)
		out = offers(all)
		return err
	})
	return out, err
}

// SendSignInText sends a code to the telephone bound to the account.
func (s *Service) SendSignInText(ctx context.Context, id FlowID, src Source) error {
	f, err := s.readFlow(ctx, id, "sign_in")
	if err != nil {
		return err
	}
	return s.sendFactorText(ctx, asking{purpose: "sign_in", binding: f.TokenHash, owner: f.Owner, kind: billing.NoticeSignInCode}, src)
}

// ProveSignIn finishes signing in with a second factor. remember lets the device
// stand for it the next times.
func (s *Service) ProveSignIn(ctx context.Context, id FlowID, kind FactorKind, code string, remember bool, src Source) (Entry, error) {
	return s.proveSignIn(ctx, borrowers, id, kind, code, remember, src)
}

func (s *Service) proveSignIn(ctx context.Context, r realm, id FlowID, kind FactorKind, code string, remember bool, src Source) (out Entry, err error) {
	f, err := s.readFlow(ctx, id, r.run())
	if err != nil {
		return out, err
	}
	if err := s.proveFactor(ctx, asking{purpose: "sign_in", binding: f.TokenHash, owner: f.Owner}, kind, code); err != nil {
		return out, s.factorFailed(ctx, f, kind, src, err)
	}
	return s.finishSignIn(ctx, f, kind.proof(), remember, identity.Facts{}, src)
}

// finishSignIn gives the session, once. The lock is looked at again by issue.
func (s *Service) finishSignIn(ctx context.Context, f *store.Flow, proof identity.Proof, remember bool, facts identity.Facts, src Source) (out Entry, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		// From here on nobody changes the password or ends what is open; who did
		// before has ended this run.
		if _, err := tx.TakeLogin(f.Owner); err != nil {
			return err
		}
		if err := endFlow(tx, f); err != nil {
			return err
		}
		p, err := unpacked(f)
		if err != nil {
			return err
		}
		facts.Breached = p.Breached
		seen, err := s.look(tx, f.Owner, facts, proof == identity.ProofPasskey, f.Created, src)
		if err != nil {
			return err
		}
		g := grant{owner: f.Owner, scope: identity.ScopeFull, level: 2, proofs: identity.Proofs(f.Proofs).And(proof), factorAt: s.clock()}
		out, err = s.enter(tx, g, seen, remember, src)
		return err
	})
	return out, err
}

// slips are the wrong codes in one run that nobody is told about.
const slips = 3

// factorFailed tells the owner, once a run, that somebody knew the password.
func (s *Service) factorFailed(ctx context.Context, f *store.Flow, kind FactorKind, src Source, why error) error {
	if _, refused := asRefused(why); !refused {
		return why
	}
	err := s.db.Update(ctx, func(tx *store.Tx) error {
		s.visit(tx, f.Owner, "wrong_factor", string(kind), noticed{signals: []identity.Signal{identity.FactorFailed}}, "", src)
		if errors.Is(why, errFlow) {
			if _, err := tx.EndFlow(f.TokenHash); err != nil {
				return err
			}
		}
		// One wrong code is a slip of the finger; the third is not.
		n, _, err := tx.Attempts(tx.Keys().Hash("attempt:run", f.TokenHash))
		if err != nil || n < slips {
			return absent(err)
		}
		return s.alarm(tx, f.Owner, f.TokenHash[:16], s.told(billing.NoticeFactorFailed, src))
	})
	if err != nil {
		return err
	}
	return why
}

// asRefused gives the refusal that an error is.
func asRefused(err error) (*Refusal, bool) { return errors.AsType[*Refusal](err) }

// told is a message about something that was done from somewhere.
func (s *Service) told(kind billing.NoticeKind, src Source) billing.Notice {
	n := billing.Notice{Kind: kind, At: s.clock(), Device: identity.DeviceName(src.UserAgent)}
	if p, ok := s.place(src.IP); ok {
		n.Where = "near " + p.Name
	}
	return n
}
