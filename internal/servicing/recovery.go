package servicing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Recovery is how far a recovery has come.
type Recovery struct {
	Goal   identity.Goal
	Proofs identity.Proofs
	Next   []identity.Proof // what can be shown next, the same for every account
	Enough bool
	// NewPassword and NewFactor say what is set at the end.
	NewPassword, NewFactor bool
	Questions              []string      // to be answered before anything counts; ids
	HeldUntil              money.Instant // how long changes wait, were it finished now; 0 when they do not
}

// StartRecovery begins a way back in for a username or e-mail address. Whether or
// not anybody has it, the answer is the same.
func (s *Service) StartRecovery(ctx context.Context, goal identity.Goal, name string, src Source) (id FlowID, err error) {
	if !slices.Contains(identity.Goals, goal) || goal == identity.GoalUsername {
		return "", refuse("goal", "goal", "Choose what you need help with.")
	}
	if strings.TrimSpace(name) == "" || len(name) > 300 {
		return "", refuse("username_missing", "username", "Enter your username or e-mail address.")
	}
	if err := s.attempt(ctx, "source", "recovery "+identity.SourceBucket(src.IP)); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		login, err := s.loginNamed(tx, borrowers, name)
		if err != nil {
			return err
		}
		f := &store.Flow{Kind: "recovery", Goal: string(goal), Detail: identity.NormalName(name)}
		if login != nil {
			f.Owner = login.Owner
		}
		id, err = s.newFlow(tx, f, flowLife)
		return err
	})
	return id, err
}

// ReadRecovery says how far a recovery has come.
func (s *Service) ReadRecovery(ctx context.Context, id FlowID) (out Recovery, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		f, err := s.flow(tx, id, "recovery")
		if err == nil {
			out, err = s.recovery(tx, f)
		}
		return err
	})
	return out, err
}

func (s *Service) recovery(tx *store.Tx, f *store.Flow) (out Recovery, err error) {
	out = Recovery{Goal: identity.Goal(f.Goal), Proofs: identity.Proofs(f.Proofs)}
	held, err := s.heldBy(tx, f.Owner)
	if err != nil {
		return out, err
	}
	r := identity.Recover(out.Goal, out.Proofs, held)
	if out.Enough = r.Enough && f.Owner != ""; out.Enough && r.Hold > 0 {
		out.HeldUntil = s.clock().Add(r.Hold)
	}
	out.NewPassword = out.Goal == identity.GoalPassword || out.Goal == identity.GoalBoth
	out.NewFactor = out.Goal == identity.GoalFactor || out.Goal == identity.GoalBoth
	out.Next = identity.Proving(out.Goal, out.Proofs)
	if held.Questions && !out.Proofs.Has(identity.ProofQuestions) && issuedCode(out.Proofs) {
		if out.Questions, err = s.questionsFor(tx, f.Owner, f.Detail); err != nil {
			return out, err
		}
	}
	return out, nil
}

func issuedCode(p identity.Proofs) bool {
	return p.Has(identity.ProofEmailCode) || p.Has(identity.ProofTextCode)
}

// heldBy is what an account has, as far as recovery asks.
func (s *Service) heldBy(tx *store.Tx, owner string) (h identity.Held, err error) {
	h.Questions, h.Required = s.rules.Access.Questions == QuestionsRecovery, !s.rules.Access.SecondFactorOptional
	if owner == "" {
		return h, nil
	}
	if h.Questions {
		answers, err := tx.Answers(owner)
		if err != nil {
			return h, err
		}
		h.Unanswered = len(answers) == 0
	}
	all, err := s.factorsOf(tx, owner)
	if err != nil {
		return h, err
	}
	h.App, h.Passkey, h.Text, h.SavedCodes = hasKind(all, App), hasKind(all, Passkey), hasKind(all, Text), hasKind(all, SavedCode)
	if id, ok := identity.OwnerCustomer(owner); ok && h.Text {
		person, err := tx.Customer(string(id))
		if err != nil {
			return h, err
		}
		// A code on the way back goes to the phone on file: it stands for the second
		// factor only where that is the one bound.
		h.TextOnFile = slices.ContainsFunc(all, func(a *store.Authenticator) bool { return FactorKind(a.Kind) == Text && a.Secret == person.Phone })
	}
	return h, nil
}

func recovering(f *store.Flow) asking {
	kind := billing.NoticeRecoveryCode
	if identity.Goal(f.Goal) == identity.GoalUnlock {
		kind = billing.NoticeUnlockCode
	}
	return asking{purpose: "recovery", binding: f.TokenHash, owner: f.Owner, name: f.Detail, kind: kind}
}

// recoveringFrom is recovering with the device that has signed the owner in, if it
// is on one: a stranger who uses up the codes of the way back does not use up its.
func (s *Service) recoveringFrom(ctx context.Context, f *store.Flow, src Source) (asking, error) {
	a := recovering(f)
	if f.Owner == "" {
		return a, nil
	}
	err := s.db.View(ctx, func(tx *store.Tx) error {
		d, err := s.knownDevice(tx, f.Owner, src)
		if err == nil && d != nil {
			a.device = d.ID
		}
		return err
	})
	return a, err
}

// SendRecoveryCode sends a code to the address or phone on file. One that was
// changed within the last week gets none: it may be the thief's.
func (s *Service) SendRecoveryCode(ctx context.Context, id FlowID, by Channel, src Source) error {
	f, err := s.readFlow(ctx, id, "recovery")
	if err != nil {
		return err
	}
	if !slices.Contains(identity.Proving(identity.Goal(f.Goal), identity.Proofs(f.Proofs)), by.proof()) {
		return refuse("proof_kind", "", "Choose how to make sure it is you.")
	}
	person, err := s.personOf(ctx, f.Owner)
	if err != nil {
		return err
	}
	address := reach(person, by)
	if person != nil {
		fresh, err := s.changedLately(ctx, person.ID, by)
		if err != nil {
			return err
		}
		if fresh {
			address = ""
		}
	}
	a, err := s.recoveringFrom(ctx, f, src)
	if err != nil {
		return err
	}
	return s.sendCode(ctx, a, by, address, src)
}

// errProof is the one answer to every proof that does not hold, whatever the
// account has and whether there is one.
var errProof = &Refusal{"proof_wrong", "code", "That did not match. Check it and try again, or use another way."}

// ProveRecovery shows one more proof. All that fail are answered alike.
func (s *Service) ProveRecovery(ctx context.Context, id FlowID, proof identity.Proof, value string, src Source) (out Recovery, err error) {
	f, err := s.readFlow(ctx, id, "recovery")
	if err != nil {
		return out, err
	}
	if !slices.Contains(identity.Proving(identity.Goal(f.Goal), identity.Proofs(f.Proofs)), proof) {
		return out, refuse("proof_kind", "", "Choose how to make sure it is you.")
	}
	a, err := s.recoveringFrom(ctx, f, src)
	if err != nil {
		return out, err
	}
	switch proof {
	case identity.ProofEmailCode, identity.ProofTextCode:
		by, cerr := s.checkCode(ctx, a, value)
		err = cerr
		if err == nil && by.proof() != proof {
			proof = by.proof() // the code that was typed decides what was shown
		}
	case identity.ProofPassword:
		err = s.recoveryPassword(ctx, f, value, src)
	case identity.ProofTOTP:
		err = s.proveFactorOf(ctx, a, App, value)
	case identity.ProofSavedCode:
		err = s.proveFactorOf(ctx, a, SavedCode, value)
	default:
		err = refuse("proof_kind", "", "Choose how to make sure it is you.")
	}
	if err != nil {
		if r, refused := asRefused(err); refused && (r.Code == "code_wrong" || r.Code == "factor_wrong" || r.Code == "password_wrong") {
			err = errProof
		}
		return out, err
	}
	return s.shown(ctx, id, proof)
}

// proveFactorOf checks a second factor of somebody, or of nobody.
func (s *Service) proveFactorOf(ctx context.Context, a asking, kind FactorKind, value string) error {
	if a.owner == "" {
		a.owner = a.whose()
	}
	return s.proveFactor(ctx, a, kind, value)
}

// recoveryPassword checks a password on the way back, under the same count as
// signing in from a device that is not known. While a login is locked its password
// proves nothing: whoever locked it may have done so because others know it.
func (s *Service) recoveryPassword(ctx context.Context, f *store.Flow, password string, src Source) error {
	source := string(borrowers.kind) + " " + identity.SourceBucket(src.IP)
	if err := s.attempt(ctx, "source", source); err != nil {
		return err
	}
	lane := f.Owner
	if lane == "" {
		lane = "customer " + f.Detail
	}
	if err := s.attempt(ctx, "password", lane); err != nil {
		return err
	}
	var login *store.Login
	hash := ""
	if f.Owner != "" {
		err := s.db.View(ctx, func(tx *store.Tx) (err error) {
			if login, err = tx.LoginOf(f.Owner); err == nil && login.Locked == 0 {
				hash = login.PasswordHash
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	right, err := identity.CheckPassword(ctx, s.db.Keys().Pepper(), password, hash)
	if err != nil {
		return err
	}
	if !right {
		if err := s.wrongPassword(ctx, lane, login, src); !errors.Is(err, errSignIn) {
			return err
		}
		return errProof
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		forgiveIn(tx, "password", lane)
		takeBack(tx, "source", source)
		return nil
	})
}

// shown adds a proof to a recovery; the first that holds is told to the owner.
func (s *Service) shown(ctx context.Context, id FlowID, proof identity.Proof) (out Recovery, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		f, err := s.flow(tx, id, "recovery")
		if err != nil {
			return err
		}
		first := f.Proofs == ""
		if err := prove(tx, f, proof); err != nil {
			return err
		}
		if issuedCode(identity.Proofs(f.Proofs)) {
			if err := s.proveByStaff(tx, f); err != nil {
				return err
			}
		}
		if first && f.Owner != "" && identity.Goal(f.Goal) != identity.GoalUnlock {
			if err := s.alarm(tx, f.Owner, f.TokenHash[:16], billing.Notice{Kind: billing.NoticeRecoveryStarted, At: s.clock()}); err != nil {
				return err
			}
		}
		out, err = s.recovery(tx, f)
		return err
	})
	return out, err
}

// RecoveryPasskey begins showing a passkey on the way back.
func (s *Service) RecoveryPasskey(ctx context.Context, id FlowID) (c PasskeyCall, err error) {
	f, err := s.readFlow(ctx, id, "recovery")
	if err != nil {
		return c, err
	}
	// For whoever has one, not for the owner's: the browser must not be told which
	// an account has.
	return s.askPasskey(borrowers, "recovery", f.TokenHash, nil)
}

// ProveRecoveryPasskey shows a passkey on the way back.
func (s *Service) ProveRecoveryPasskey(ctx context.Context, id FlowID, box, response string, src Source) (out Recovery, err error) {
	f, err := s.readFlow(ctx, id, "recovery")
	if err != nil {
		return out, err
	}
	owner := f.Owner
	if owner == "" {
		owner = "nobody"
	}
	_, res, err := s.assert(ctx, borrowers, "recovery", f.TokenHash, owner, box, response)
	if err != nil {
		return out, err
	}
	if !res.UV {
		return out, errPasskey
	}
	return s.shown(ctx, id, identity.ProofPasskey)
}

// FinishRecovery gives back what was lost. After it all sessions and devices are
// ended, every address on file is told, and changes to money and contact data are
// held. It signs nobody in: where a second factor was lost, the session it gives
// can only bind a new one.
func (s *Service) FinishRecovery(ctx context.Context, id FlowID, password string, src Source) (out Entry, err error) {
	state, err := s.ReadRecovery(ctx, id)
	if err != nil {
		return out, err
	}
	if !state.Enough {
		return out, refuse("not_enough", "", "That is not enough yet to make sure it is you. Show one more thing.")
	}
	f, err := s.readFlow(ctx, id, "recovery")
	if err != nil {
		return out, err
	}
	hash := ""
	if state.NewPassword {
		if hash, err = s.newPassword(ctx, f.Owner, password); err != nil {
			return out, err
		}
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		f, err := s.flow(tx, id, "recovery")
		if err != nil {
			return err
		}
		held, err := s.heldBy(tx, f.Owner)
		if err != nil {
			return err
		}
		r := identity.Recover(identity.Goal(f.Goal), identity.Proofs(f.Proofs), held)
		if !r.Enough {
			return errFlow
		}
		if err := endFlow(tx, f); err != nil {
			return err
		}
		out, err = s.giveBack(tx, f, r, hash, src)
		return err
	})
	return out, err
}

// pardon opens a login and forgets the wrong tries that had closed it.
func (s *Service) pardon(tx *store.Tx, owner string) {
	forgiveIn(tx, "password", owner)
	forgiveIn(tx, "password", owner+" signed in")
	for _, way := range []string{" in", " back", " confirm", " new"} {
		forgiveIn(tx, "factor", owner+way)
		forgiveIn(tx, "code_of", owner+way)
	}
	tx.EndDevices(owner, s.clock()) // their counts end with them
	tx.UnlockLogin(owner)
}

func (s *Service) giveBack(tx *store.Tx, f *store.Flow, r identity.Recovered, hash string, src Source) (out Entry, err error) {
	now, goal := s.clock(), identity.Goal(f.Goal)
	if _, err := tx.TakeLogin(f.Owner); err != nil {
		return out, err
	}
	if identity.Proofs(f.Proofs).Has(identity.ProofAgent) {
		// What two members of staff agreed to is good once, whatever it is used for.
		if err := s.useStaffRecovery(tx, f.Owner); err != nil {
			return out, err
		}
	}
	s.pardon(tx, f.Owner)
	s.visit(tx, f.Owner, "recovery", f.Proofs, noticed{}, "", src)
	s.auditAccess(tx, f.Owner, "recovery_"+f.Goal, f.Proofs)
	if goal == identity.GoalUnlock {
		return out, s.alarm(tx, f.Owner, f.TokenHash[:16], s.told(billing.NoticeSignInUnlocked, src))
	}
	if hash != "" {
		tx.SetPassword(f.Owner, hash, now)
	}
	until := now.Add(r.Hold)
	tx.HoldLogin(f.Owner, until)
	if err := s.endAll(tx, f.Owner, "", "recovery"); err != nil {
		return out, err
	}
	tx.EndFlows(f.Owner, "not_me") // messages from before speak of what is over
	n := s.told(billing.NoticeRecoveryDone, src)
	n.Until = until
	if err := s.alarm(tx, f.Owner, f.TokenHash[:16], n); err != nil {
		return out, err
	}
	if !r.EndFactors {
		return out, nil
	}
	out.Session, err = s.issue(tx, grant{owner: f.Owner, scope: identity.ScopeRestore, level: 1, proofs: identity.Proofs(f.Proofs)}, src)
	return out, err
}

// newPassword checks and hashes a new password of an owner.
func (s *Service) newPassword(ctx context.Context, owner, password string) (hash string, err error) {
	if password == "" {
		return "", refuse("password_missing", "password", "Choose a new password.")
	}
	person, err := s.personOf(ctx, owner)
	if err != nil {
		return "", err
	}
	var login *store.Login
	var factors []*store.Authenticator
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if login, err = tx.LoginOf(owner); err != nil {
			return err
		}
		factors, err = s.factorsOf(tx, owner)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := s.passwordProblem(person, login.Username, password, len(factors)); err != nil {
		return "", err
	}
	same, err := identity.CheckPassword(ctx, s.db.Keys().Pepper(), password, login.PasswordHash)
	if err != nil {
		return "", err
	}
	if same {
		return "", refuse("password", "password", "That is the password you had. Choose another.")
	}
	return identity.HashPassword(ctx, s.db.Keys().Pepper(), password)
}

// changedLately says whether the address of a channel was changed within the time
// that recovery asks it to have been on file.
func (s *Service) changedLately(ctx context.Context, customer string, by Channel) (fresh bool, err error) {
	kind := "email"
	if by == ByText {
		kind = "phone"
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		at, err := tx.ContactChanged(customer, kind)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		fresh = err == nil && !settled(at, s.clock())
		return err
	})
	return fresh, err
}

// staffRecovery is the kind of an approval by which staff help somebody back who
// lost everything.
const staffRecovery = "recovery"

// proveByStaff adds two members of staff's word to a recovery, where there is
// one for its owner.
func (s *Service) proveByStaff(tx *store.Tx, f *store.Flow) error {
	id, ok := identity.OwnerCustomer(f.Owner)
	if !ok {
		return nil
	}
	_, err := tx.AgreedApproval(staffRecovery, string(id), s.clock())
	if errors.Is(err, store.ErrNotFound) || err != nil {
		return absent(err)
	}
	return prove(tx, f, identity.ProofAgent)
}

// useStaffRecovery uses it up.
func (s *Service) useStaffRecovery(tx *store.Tx, owner string) error {
	id, _ := identity.OwnerCustomer(owner)
	a, err := tx.AgreedApproval(staffRecovery, string(id), s.clock())
	if err != nil {
		return absent(err)
	}
	used, err := tx.UseApproval(a, s.clock())
	if err == nil && !used {
		err = errFlow
	}
	return err
}
