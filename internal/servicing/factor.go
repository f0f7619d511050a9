package servicing

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

var errFactor = &Refusal{"factor_wrong", "code", "That code is not right. Wait for the next one in your app and try again."}

// proveFactor checks a second factor of an owner, for one purpose in one run or
// session. It is the only checker of second factors but for passkeys, which
// assert checks. Tries are counted for the run and for the account before
// anything is compared.
func (s *Service) proveFactor(ctx context.Context, a asking, kind FactorKind, code string) error {
	if strings.TrimSpace(code) == "" {
		return refuse("code_missing", "code", "Enter the code.")
	}
	if err := s.attempt(ctx, "run", a.binding); err != nil {
		if errors.Is(err, errStopped) {
			return errFlow
		}
		return err
	}
	if kind != Text && kind != App && kind != SavedCode {
		return refuse("factor_kind", "", "Choose how to make sure it is you.")
	}
	if err := s.attempt(ctx, "factor", a.owner+a.way()); err != nil {
		return err
	}
	if kind == Text {
		return s.textCode(ctx, a, code)
	}
	now := s.clock()
	return s.db.Update(ctx, func(tx *store.Tx) error {
		var right bool
		var err error
		if kind == App {
			right, err = s.appCode(tx, a.owner, code, now)
		} else {
			right, err = s.savedCode(tx, a.owner, code, now)
		}
		switch {
		case err != nil:
			return err
		case !right && kind == SavedCode:
			return refuse("factor_wrong", "code", "That is not one of your saved codes, or it was used before. Each works once.")
		case !right:
			return errFactor
		}
		a.pardon(tx)
		return nil
	})
}

// pardon forgets the failures before a second factor that was right.
func (a asking) pardon(tx *store.Tx) {
	forgiveIn(tx, "factor", a.owner+a.way())
	forgiveIn(tx, "run", a.binding)
}

// textCode checks a code that was sent to the telephone of an owner. One sent by
// e-mail is no second factor (NIST SP 800-63B-4, 3.1.3).
func (s *Service) textCode(ctx context.Context, a asking, code string) error {
	by, err := s.checkCode(ctx, a, code)
	if err != nil {
		return err
	}
	if by != ByText {
		return errCode
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		a.pardon(tx)
		all, err := s.factorsOf(tx, a.owner)
		if err != nil {
			return err
		}
		for _, f := range all {
			if FactorKind(f.Kind) == Text {
				if _, err := tx.UseAuthenticator(f, 0, s.clock()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// appCode checks an authenticator app's code: each step works once, whichever
// process is asked.
func (s *Service) appCode(tx *store.Tx, owner, code string, now money.Instant) (bool, error) {
	all, err := s.factorsOf(tx, owner)
	if err != nil {
		return false, err
	}
	for _, f := range all {
		if FactorKind(f.Kind) != App {
			continue
		}
		if step, ok := identity.CheckTOTP(f.Secret, code, now, f.Counter); ok {
			return tx.StepAuthenticator(f, step, now)
		}
	}
	return false, nil
}

// savedCode uses up a saved code.
func (s *Service) savedCode(tx *store.Tx, owner, code string, now money.Instant) (bool, error) {
	used, err := tx.SpendSavedCode(owner, savedHash(tx, owner, code), now)
	if err != nil || !used {
		return false, err
	}
	all, err := s.factorsOf(tx, owner)
	if err != nil {
		return false, err
	}
	left := 0
	for _, f := range all {
		if FactorKind(f.Kind) == SavedCode {
			left++
		}
	}
	return true, s.alarm(tx, owner, store.NewID(), billing.Notice{Kind: billing.NoticeSavedCodeUsed, Count: left, At: now})
}

func savedHash(tx *store.Tx, owner, code string) string {
	return tx.Keys().Hash("saved_code", owner+" "+identity.NormalSavedCode(code))
}

// sendFactorText sends a code to the telephone that is bound to an owner.
func (s *Service) sendFactorText(ctx context.Context, a asking, src Source) error {
	number := ""
	err := s.db.View(ctx, func(tx *store.Tx) error {
		all, err := s.factorsOf(tx, a.owner)
		for _, f := range all {
			if FactorKind(f.Kind) == Text {
				number = f.Secret
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.sendCode(ctx, a, ByText, number, src)
}

// sealFor locks what a page holds between two steps; it opens for the same
// purpose and binding, and not for long.
func (s *Service) sealFor(purpose, binding string, content []byte) (string, error) {
	b, err := json.Marshal(sealed{s.clock().Add(flowLife), string(content)})
	if err != nil {
		return "", err
	}
	return s.db.Keys().Seal(string(b), "page:"+purpose+":"+binding)
}

func (s *Service) unseal(purpose, binding, box string) ([]byte, error) {
	plain, err := s.db.Keys().Unseal(box, "page:"+purpose+":"+binding)
	var out sealed
	if err != nil || plain == "" || json.Unmarshal([]byte(plain), &out) != nil || out.Until <= s.clock() {
		return nil, errFlow // it was tampered with, belongs elsewhere, or is too old: all are told the same
	}
	return []byte(out.Content), nil
}

// PasskeyCall is what the browser is asked, and what the page holds until it
// answers.
type PasskeyCall struct {
	Options string // JSON for the browser
	Box     string
}

// errPasskey is what a person is told when a passkey's answer is not accepted.
var errPasskey = &Refusal{"passkey", "", "That passkey did not work here. Try again, or use another way."}

func (s *Service) passkeys(r realm) (*identity.Passkeys, error) {
	p := s.rules.Access.Passkeys
	if r.kind == identity.KindStaff {
		p = s.rules.Access.StaffPasskeys
	}
	if p == nil {
		return nil, refuse("no_passkeys", "", "Passkeys cannot be used at this address.")
	}
	return p, nil
}

// PasskeySignIn begins signing in with a passkey and no username.
func (s *Service) PasskeySignIn() (PasskeyCall, error) {
	return s.askPasskey(borrowers, "sign_in", "", nil)
}

// askPasskey begins a ceremony; with an owner's passkeys, or for whoever has one.
func (s *Service) askPasskey(r realm, purpose, binding string, u *identity.PasskeyUser) (c PasskeyCall, err error) {
	p, err := s.passkeys(r)
	if err != nil {
		return c, err
	}
	options, session, err := p.BeginAssert(u)
	if err != nil {
		return c, err
	}
	c.Options = string(options)
	c.Box, err = s.sealFor("passkey_"+string(r.kind)+"_"+purpose, binding, session)
	return c, err
}

// assert checks a passkey's answer. The challenge is spent before the answer is
// looked at, so that no answer can be given twice. It is the only checker.
func (s *Service) assert(ctx context.Context, r realm, purpose, binding, owner, box, response string) (whose string, res identity.AssertResult, err error) {
	p, err := s.passkeys(r)
	if err != nil {
		return "", res, err
	}
	session, err := s.unseal("passkey_"+string(r.kind)+"_"+purpose, binding, box)
	if err != nil {
		return "", res, err
	}
	if err := s.spend(ctx, box); err != nil {
		return "", res, err
	}
	var key *store.Authenticator
	find := func(handle, id []byte) (u identity.PasskeyUser, err error) {
		err = s.db.View(ctx, func(tx *store.Tx) error {
			if key, err = tx.AuthenticatorByLookup(tx.Keys().Hash("passkey", string(id))); err != nil {
				return err
			}
			if key.Ended != 0 || realmOf(key.Owner).kind != r.kind || owner != "" && key.Owner != owner {
				return store.ErrNotFound
			}
			u, err = s.passkeyUser(tx, key.Owner)
			return err
		})
		return u, err
	}
	if res, err = p.FinishAssert(session, []byte(response), find); err != nil || key == nil {
		if err == nil || errors.Is(err, identity.ErrPasskey) || errors.Is(err, store.ErrNotFound) {
			err = errPasskey
		}
		return "", res, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		used, err := tx.UseAuthenticator(key, max(key.Counter, int64(res.SignCount)), s.clock())
		if err == nil && !used {
			err = errPasskey
		}
		return err
	})
	return key.Owner, res, err
}

// spend notes that a challenge was answered.
func (s *Service) spend(ctx context.Context, box string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		first, err := tx.Spend(tx.Keys().Hash("spent", box), s.clock().Add(flowLife))
		if err == nil && !first {
			err = errFlow
		}
		return err
	})
}

// passkeyUser is an owner with the passkeys bound to it. The handle that a
// passkey keeps tells nothing about a person.
func (s *Service) passkeyUser(tx *store.Tx, owner string) (u identity.PasskeyUser, err error) {
	login, err := tx.LoginOf(owner)
	if err != nil {
		return u, err
	}
	u = identity.PasskeyUser{Handle: []byte(tx.Keys().Hash("passkey_handle", owner)), Name: login.Username, Display: login.Username}
	all, err := s.factorsOf(tx, owner)
	for _, a := range all {
		if FactorKind(a.Kind) != Passkey {
			continue
		}
		var k identity.Passkey
		if err := json.Unmarshal([]byte(a.Secret), &k); err != nil {
			return u, err
		}
		k.SignCount = uint32(max(0, a.Counter))
		u.Keys = append(u.Keys, k)
	}
	return u, err
}

// FinishPasskeySignIn signs in with a passkey. One that did not check the person
// counts as one factor and is not enough alone.
func (s *Service) FinishPasskeySignIn(ctx context.Context, box, response string, src Source) (out Entry, err error) {
	return s.finishPasskey(ctx, borrowers, box, response, src)
}

func (s *Service) finishPasskey(ctx context.Context, r realm, box, response string, src Source) (out Entry, err error) {
	// Nothing is counted: a passkey cannot be guessed, and a neighbor's guesses at
	// passwords must not keep its owner out.
	owner, res, err := s.assert(ctx, r, "sign_in", "", "", box, response)
	if err != nil {
		return out, err
	}
	if !res.UV {
		return out, refuse("passkey_alone", "", "That passkey did not check that it was you. Sign in with your username and password.")
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.TakeLogin(owner); err != nil {
			return err
		}
		if bound, err := s.stillBound(tx, owner, res.CredentialID); err != nil || !bound {
			return absentOr(err, errPasskey)
		}
		seen, err := s.look(tx, owner, identity.Facts{CounterBack: res.CountWentBack}, true, 0, src)
		if err != nil {
			return err
		}
		g := grant{owner: owner, scope: identity.ScopeFull, level: 2, proofs: identity.Proofs("").And(identity.ProofPasskey), factorAt: s.clock()}
		out, err = s.enter(tx, g, seen, false, src)
		return err
	})
	if errors.Is(err, errLocked) {
		if note := s.noteVisit(ctx, owner, "locked", "passkey", src); note != nil {
			return out, note
		}
	}
	return out, err
}

// stillBound says whether a passkey was not taken out while its answer was looked
// at.
func (s *Service) stillBound(tx *store.Tx, owner string, id []byte) (bool, error) {
	key, err := tx.AuthenticatorByLookup(tx.Keys().Hash("passkey", string(id)))
	return err == nil && key.Owner == owner && key.Ended == 0, absent(err)
}

// SignInPasskey begins the second step of signing in with a passkey.
func (s *Service) SignInPasskey(ctx context.Context, id FlowID) (PasskeyCall, error) {
	return s.signInPasskey(ctx, borrowers, id)
}

func (s *Service) signInPasskey(ctx context.Context, r realm, id FlowID) (c PasskeyCall, err error) {
	f, err := s.readFlow(ctx, id, r.run())
	if err != nil {
		return c, err
	}
	return s.askOwner(ctx, "second", f.TokenHash, f.Owner)
}

// askOwner begins a ceremony for one owner's passkeys.
func (s *Service) askOwner(ctx context.Context, purpose, binding, owner string) (c PasskeyCall, err error) {
	var u identity.PasskeyUser
	err = s.db.View(ctx, func(tx *store.Tx) error {
		u, err = s.passkeyUser(tx, owner)
		return err
	})
	if err != nil {
		return c, err
	}
	if len(u.Keys) == 0 {
		return c, refuse("no_passkeys", "", "There is no passkey for this account yet.")
	}
	return s.askPasskey(realmOf(owner), purpose, binding, &u)
}

// ProveSignInPasskey finishes signing in with a passkey after the password.
func (s *Service) ProveSignInPasskey(ctx context.Context, id FlowID, box, response string, remember bool, src Source) (Entry, error) {
	return s.proveSignInPasskey(ctx, borrowers, id, box, response, remember, src)
}

func (s *Service) proveSignInPasskey(ctx context.Context, r realm, id FlowID, box, response string, remember bool, src Source) (out Entry, err error) {
	f, err := s.readFlow(ctx, id, r.run())
	if err != nil {
		return out, err
	}
	_, res, err := s.assert(ctx, realmOf(f.Owner), "second", f.TokenHash, f.Owner, box, response)
	if err != nil {
		return out, s.factorFailed(ctx, f, Passkey, src, err)
	}
	return s.finishSignIn(ctx, f, identity.ProofPasskey, remember, identity.Facts{CounterBack: res.CountWentBack}, src)
}

// Confirming says with which second factors a signed-in person can confirm.
// Someone without any confirms with the password.
func (s *Service) Confirming(ctx context.Context, actor identity.Actor) (out []Offer, err error) {
	if err := inSession(actor); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		all, err := s.factorsOf(tx, actor.String())
		out = offers(all)
		return err
	})
	return out, err
}

// inSession refuses whoever does not act in a session, and a session that may
// only bind a second factor: such a one cannot be raised to a full one, except by
// that (a recovery must not be a sign-in).
func inSession(actor identity.Actor) error {
	if actor.Standing.May(identity.ActSessions, 0) != identity.Allowed {
		return ErrForbidden
	}
	return inAnySession(actor)
}

// inAnySession refuses whoever does not act in a session.
func inAnySession(actor identity.Actor) error {
	if actor.Standing.Session == "" || (actor.Kind != identity.KindCustomer && actor.Kind != identity.KindStaff) {
		return ErrForbidden
	}
	return nil
}

func confirming(actor identity.Actor) asking {
	return asking{purpose: "confirm", binding: actor.Standing.Session, owner: actor.String(), kind: billing.NoticeSignInCode}
}

// SendConfirmText sends a code to the telephone bound to the account.
func (s *Service) SendConfirmText(ctx context.Context, actor identity.Actor, src Source) error {
	if err := inSession(actor); err != nil {
		return err
	}
	return s.sendFactorText(ctx, confirming(actor), src)
}

// Password is what someone without a second factor confirms with.
const Password FactorKind = "password"

// Confirm shows a second factor again, and gives the session a new token.
func (s *Service) Confirm(ctx context.Context, actor identity.Actor, kind FactorKind, code string, src Source) (out Entry, err error) {
	if err := inSession(actor); err != nil {
		return out, err
	}
	if kind == Password {
		err = s.confirmPassword(ctx, actor, code)
	} else {
		err = s.proveFactor(ctx, confirming(actor), kind, code)
	}
	if err != nil {
		return out, s.confirmFailed(ctx, actor, kind, src, err)
	}
	return s.confirmed(ctx, actor, kind.proof(), src)
}

// confirmFailed keeps a wrong confirmation, tells the owner of the third, and ends
// the session after the fifth: whoever sits there is not its owner.
func (s *Service) confirmFailed(ctx context.Context, actor identity.Actor, kind FactorKind, src Source, why error) error {
	no, refused := asRefused(why)
	if !refused || no.Code == "code_missing" || no.Code == "factor_kind" {
		return why
	}
	owner, session := actor.String(), actor.Standing.Session
	err := s.db.Update(ctx, func(tx *store.Tx) error {
		s.visit(tx, owner, "wrong_factor", string(kind), noticed{signals: []identity.Signal{identity.FactorFailed}}, "", src)
		if errors.Is(why, errFlow) {
			if _, err := tx.EndSessionID(session, owner, "confirm_failed", s.clock()); err != nil {
				return err
			}
		}
		n, _, err := tx.Attempts(tx.Keys().Hash("attempt:run", session))
		if err != nil || n < slips {
			return absent(err)
		}
		return s.alarm(tx, owner, "confirm "+session, s.told(billing.NoticeFactorFailed, src))
	})
	if err != nil {
		return err
	}
	if errors.Is(why, errFlow) {
		return ErrNoSession
	}
	return why
}

func (s *Service) confirmPassword(ctx context.Context, actor identity.Actor, password string) error {
	all, err := s.Confirming(ctx, actor)
	if err != nil {
		return err
	}
	if len(all) > 0 || !s.rules.Access.SecondFactorOptional {
		return refuse("factor_kind", "", "Choose how to make sure it is you.")
	}
	return s.checkOwnPassword(ctx, actor.String(), password, "code")
}

// checkOwnPassword compares the password of somebody who is signed in, under the
// same count as signing in.
func (s *Service) checkOwnPassword(ctx context.Context, owner, password, field string) error {
	if err := s.attempt(ctx, "password", owner+" signed in"); err != nil {
		return err
	}
	var login *store.Login
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		login, err = tx.LoginOf(owner)
		return err
	})
	if err != nil {
		return err
	}
	right, err := identity.CheckPassword(ctx, s.db.Keys().Pepper(), password, login.PasswordHash)
	if err != nil {
		return err
	}
	if !right {
		return refuse("password_wrong", field, "That is not your password. Check it and try again.")
	}
	return s.forgive(ctx, "password", owner+" signed in")
}

// confirmed gives the session a fresh factor and a new token.
func (s *Service) confirmed(ctx context.Context, actor identity.Actor, proof identity.Proof, src Source) (out Entry, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		out, err = s.rotate(tx, actor, proof, src)
		return err
	})
	return out, err
}

// rotate gives a session a new token. proof is what was shown just now; without
// one the session has shown no more than before.
func (s *Service) rotate(tx *store.Tx, actor identity.Actor, proof identity.Proof, src Source) (out Entry, err error) {
	old, err := s.sessionOf(tx, actor)
	if err != nil {
		return out, err
	}
	level, factorAt := old.Level, old.FactorAt
	if proof != "" {
		factorAt = s.clock()
		if proof != identity.ProofPassword {
			level = 2
		}
	}
	out.Session, err = s.issue(tx, grant{owner: actor.String(), scope: identity.ScopeFull, level: level, proofs: identity.Proofs(old.Method).And(proof),
		factorAt: factorAt, heldUntil: old.HeldUntil, device: old.DeviceID, renews: old.TokenHash}, src)
	return out, err
}

// sessionOf is the session that an actor acts in, if it is still open and the
// login is not locked.
func (s *Service) sessionOf(tx *store.Tx, actor identity.Actor) (*store.Session, error) {
	login, err := tx.LoginOf(actor.String())
	if err != nil {
		return nil, err
	}
	if login.Locked != 0 {
		return nil, errLocked
	}
	open, err := tx.Sessions(actor.String(), s.clock())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(open, func(o *store.Session) bool { return o.ID == actor.Standing.Session })
	if i < 0 {
		return nil, ErrNoSession
	}
	return open[i], nil
}

// ConfirmPasskey begins confirming with a passkey.
func (s *Service) ConfirmPasskey(ctx context.Context, actor identity.Actor) (c PasskeyCall, err error) {
	if err := inSession(actor); err != nil {
		return c, err
	}
	return s.askOwner(ctx, "confirm", actor.Standing.Session, actor.String())
}

// FinishConfirmPasskey confirms with a passkey.
func (s *Service) FinishConfirmPasskey(ctx context.Context, actor identity.Actor, box, response string, src Source) (out Entry, err error) {
	if err := inSession(actor); err != nil {
		return out, err
	}
	if _, _, err := s.assert(ctx, realmOf(actor.String()), "confirm", actor.Standing.Session, actor.String(), box, response); err != nil {
		return out, err
	}
	return s.confirmed(ctx, actor, identity.ProofPasskey, src)
}

// settled says whether something that was added is old enough to be trusted in a
// recovery.
func settled(added, now money.Instant) bool { return now >= added.Add(identity.SettledFor) }

const day = 24 * time.Hour
