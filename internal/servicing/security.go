package servicing

import (
	"context"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// Factor is a second factor as its owner sees it.
type Factor struct {
	ID          string
	Kind        FactorKind
	Name        string // what the owner calls it; of a telephone its last digits
	Added, Used money.Instant
}

// SignedIn is a session as its owner sees it.
type SignedIn struct {
	ID, Device, Near string
	Since, Seen      money.Instant
	This             bool
}

// KnownDevice is a browser that signed the owner in.
type KnownDevice struct {
	ID, Device, Near string
	Since, Seen      money.Instant
	Trusted          money.Instant // stands for the second step until then; 0 when it does not
}

// PastVisit is one try to get in, in words.
type PastVisit struct {
	At           money.Instant
	Device, Near string
	Outcome      string
	Method       identity.Proofs
	Signals      []identity.Signal
}

// Security is what a person sees of the own way in.
type Security struct {
	Username   string
	Changed    money.Instant // the password
	Factors    []Factor      // without saved codes
	SavedCodes int
	Sessions   []SignedIn
	Devices    []KnownDevice
	Visits     []PastVisit
	HeldUntil  money.Instant // 0 when nothing is held
	MustChange bool
	Optional   bool // the lender lets people sign in without a second factor
	Questions  bool // the lender's process has security questions
	Answered   int
}

// visitsShown are the tries that a person is shown.
const visitsShown = 30

// Security shows the own way in: what it is guarded by, where it is open, and who
// tried.
func (s *Service) Security(ctx context.Context, actor identity.Actor) (out Security, err error) {
	if err := s.mayRun(actor); err != nil {
		return out, err
	}
	owner, now := actor.String(), s.clock()
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if err := s.guarded(tx, owner, &out); err != nil {
			return err
		}
		if actor.Standing.HeldUntil > now {
			out.HeldUntil = actor.Standing.HeldUntil // also where this session alone is held
		}
		var err error
		if out.Sessions, err = s.openSessions(tx, owner, actor.Standing.Session); err != nil {
			return err
		}
		devices, err := tx.Devices(owner)
		if err != nil {
			return err
		}
		for _, d := range devices {
			k := KnownDevice{ID: d.ID, Device: identity.DeviceName(d.UserAgent), Near: s.near(d.IP), Since: d.Created, Seen: d.Seen}
			if d.Trusted > now {
				k.Trusted = d.Trusted
			}
			out.Devices = append(out.Devices, k)
		}
		out.Visits, err = s.pastVisits(tx, owner, visitsShown)
		return err
	})
	return out, err
}

// mayRun lets a session look after the own way in: not one that is only to bind a
// second factor.
func (s *Service) mayRun(actor identity.Actor) error {
	if err := inSession(actor); err != nil {
		return err
	}
	return s.mayDo(actor, identity.ActSessions)
}

// openSessions lists where an owner is signed in, the newest first.
func (s *Service) openSessions(tx *store.Tx, owner, this string) (out []SignedIn, err error) {
	now := s.clock()
	sessions, err := tx.Sessions(owner, now)
	for _, o := range slices.Backward(sessions) {
		if identity.SessionLives(o.Seen, o.Ends, o.Ended, now) {
			out = append(out, SignedIn{o.ID, identity.DeviceName(o.UserAgent), s.near(o.IP), o.Created, o.Seen, o.ID == this})
		}
	}
	return out, err
}

// guarded fills in what a login is guarded by.
func (s *Service) guarded(tx *store.Tx, owner string, out *Security) error {
	login, err := tx.LoginOf(owner)
	if err != nil {
		return err
	}
	out.Username, out.Changed, out.MustChange = login.Username, login.Changed, login.Stale
	if login.HeldUntil > s.clock() {
		out.HeldUntil = login.HeldUntil
	}
	all, err := s.factorsOf(tx, owner)
	if err != nil {
		return err
	}
	for _, a := range all {
		if FactorKind(a.Kind) == SavedCode {
			out.SavedCodes++
			continue
		}
		f := Factor{a.ID, FactorKind(a.Kind), a.Name, a.Added, a.Used}
		if f.Kind == Text {
			f.Name = identity.MaskPhone(a.Secret)
		}
		out.Factors = append(out.Factors, f)
	}
	out.Optional = s.rules.Access.SecondFactorOptional
	out.Questions = s.rules.Access.Questions != QuestionsOff
	answers, err := tx.Answers(owner)
	out.Answered = len(answers)
	return err
}

func (s *Service) pastVisits(tx *store.Tx, owner string, most int) (out []PastVisit, err error) {
	rows, err := tx.Visits(owner, most)
	for _, v := range rows {
		p := PastVisit{At: v.At, Device: identity.DeviceName(v.UserAgent), Near: s.near(v.IP), Outcome: v.Outcome, Method: identity.Proofs(v.Method)}
		for w := range strings.FieldsSeq(v.Signals) {
			p.Signals = append(p.Signals, identity.Signal(w))
		}
		out = append(out, p)
	}
	return out, err
}

// near is where an address is, in words; empty when that is not known.
func (s *Service) near(ip string) string {
	p, ok := s.place(ip)
	if !ok {
		return ""
	}
	return "near " + p.Name
}

// ChangePassword sets a new password. All other sessions and all devices end.
func (s *Service) ChangePassword(ctx context.Context, actor identity.Actor, current, next string, src Source) (out Entry, err error) {
	if err := inSession(actor); err != nil {
		return out, err
	}
	if err := s.mayDo(actor, identity.ActPassword); err != nil {
		return out, err
	}
	owner := actor.String()
	if current == "" {
		return out, refuse("password_wrong", "current", "Enter the password you have now.")
	}
	if err := s.checkOwnPassword(ctx, owner, current, "current"); err != nil {
		return out, err
	}
	hash, err := s.newPassword(ctx, owner, next)
	if err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		tx.SetPassword(owner, hash, s.clock())
		s.auditAccess(tx, owner, "password_changed", "")
		if err := s.endAll(tx, owner, actor.Standing.Session, "password_changed"); err != nil {
			return err
		}
		if err := s.alarm(tx, owner, store.NewID(), s.told(billing.NoticePasswordChanged, src)); err != nil {
			return err
		}
		out, err = s.rotate(tx, actor, "", src)
		return err
	})
	return out, err
}

// EndOneSession ends one of the own sessions.
func (s *Service) EndOneSession(ctx context.Context, actor identity.Actor, id string) error {
	if err := s.mayRun(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndSessionID(id, actor.String(), "ended_by_owner", s.clock())
		if err == nil && !ended {
			err = ErrNotFound
		}
		s.auditAccess(tx, actor.String(), "session_ended", "")
		return err
	})
}

// EndOtherSessions ends all own sessions but this one, and forgets all devices.
func (s *Service) EndOtherSessions(ctx context.Context, actor identity.Actor) error {
	if err := s.mayRun(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if err := s.endAll(tx, actor.String(), actor.Standing.Session, "ended_by_owner"); err != nil {
			return err
		}
		s.auditAccess(tx, actor.String(), "sessions_ended", "")
		return nil
	})
}

// ForgetDevice forgets one of the own devices: it needs the second step again.
func (s *Service) ForgetDevice(ctx context.Context, actor identity.Actor, id string) error {
	if err := s.mayRun(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndDevice(id, actor.String(), s.clock())
		if err == nil && !ended {
			err = ErrNotFound
		}
		s.auditAccess(tx, actor.String(), "device_forgotten", "")
		return err
	})
}
