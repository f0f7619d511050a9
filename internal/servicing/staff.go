package servicing

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// The states of a member of staff.
const (
	staffInvited  = "invited"
	staffActive   = "active"
	staffDisabled = "disabled"
)

// inviteLife is how long an invitation works.
const inviteLife = 24 * time.Hour

// StaffSession is a member of staff who is signed in.
type StaffSession struct {
	Actor             identity.Actor
	Name              string
	Enrolling         bool // may only bind a second factor
	IdleUntil, EndsAt money.Instant
	At                money.Instant // when this was read
}

// duty refuses whoever may not do something as a member of staff: customers, the
// system, sessions without a second factor, and roles that do not list it. It is
// the only place where that is decided.
func duty(actor identity.Actor, d identity.Duty) error {
	if !actor.IsStaff() || !actor.Role.Has(d) || actor.Standing.Session == "" || actor.Standing.Level < 2 || actor.Standing.May(identity.ActRead, 0) != identity.Allowed {
		return ErrForbidden
	}
	return nil
}

// freshDuty is duty for what a session left open at a desk must not be enough for.
func (s *Service) freshDuty(actor identity.Actor, d identity.Duty) error {
	if err := duty(actor, d); err != nil {
		return err
	}
	if !actor.Standing.Fresh(s.clock()) {
		return refuse("step_up", "", "For this we need to make sure it is you. Confirm with your second step and go on.")
	}
	return nil
}

// StaffSession finds which member of staff is signed in with a token and moves the
// idle clock on. The role and the state are read each time.
func (s *Service) StaffSession(ctx context.Context, token string) (out StaffSession, err error) {
	err = s.session(ctx, token, office, func(row *store.SignedIn, st identity.Standing) error {
		id, _ := identity.OwnerStaff(row.Owner)
		if row.StaffState != staffActive {
			return ErrNoSession
		}
		out = StaffSession{Actor: identity.Staff(id, identity.Role(row.StaffRole)).With(st), Name: row.StaffName, Enrolling: st.Scope == identity.ScopeEnrol, EndsAt: row.Ends}
		return nil
	})
	out.At = s.clock()
	out.IdleUntil = min(out.At.Add(identity.IdleLimit), out.EndsAt)
	return out, err
}

// StaffSignIn checks a member of staff's username and password. It leads to a run
// in which the second factor is wanted, always.
func (s *Service) StaffSignIn(ctx context.Context, username, password string, src Source) (Entry, error) {
	out, err := s.signIn(ctx, office, username, password, src)
	return out, deskWords(err)
}

// deskWords says to staff what borrowers are told in other words.
func deskWords(err error) error {
	switch {
	case errors.Is(err, errSignIn):
		return refuse("sign_in_wrong", "", "That username and password do not match. Check both and try again.")
	case errors.Is(err, errLocked):
		return refuse("locked", "", "Your access is closed. Ask an administrator.")
	case errors.Is(err, errUnusual):
		return refuse("unusual", "", "This sign-in was stopped because it does not look like you. Sign in with a passkey, or ask an administrator.")
	case errors.Is(err, errStopped):
		return refuse("stopped", "", "There were too many tries, so this is closed for now. Ask an administrator to set up your access anew.")
	}
	return err
}

// StaffPasskey begins signing in to the desk with a passkey and no username.
func (s *Service) StaffPasskey() (PasskeyCall, error) {
	return s.askPasskey(office, "sign_in", "", nil)
}

// FinishStaffPasskey signs in to the desk with a passkey.
func (s *Service) FinishStaffPasskey(ctx context.Context, box, response string, src Source) (Entry, error) {
	out, err := s.finishPasskey(ctx, office, box, response, src)
	return out, deskWords(err)
}

// StaffFactors says with which second factors a member of staff can go on.
func (s *Service) StaffFactors(ctx context.Context, id FlowID) ([]Offer, error) {
	return s.signInFactors(ctx, office, id)
}

// ProveStaff finishes signing in with a code from an authenticator app: never one
// from a message.
func (s *Service) ProveStaff(ctx context.Context, id FlowID, code string, src Source) (Entry, error) {
	out, err := s.proveSignIn(ctx, office, id, App, code, false, src)
	return out, deskWords(err)
}

// AskStaffPasskey begins the second step of signing in with a passkey.
func (s *Service) AskStaffPasskey(ctx context.Context, id FlowID) (PasskeyCall, error) {
	return s.signInPasskey(ctx, office, id)
}

// ProveStaffPasskey finishes signing in with a passkey after the password.
func (s *Service) ProveStaffPasskey(ctx context.Context, id FlowID, box, response string, src Source) (Entry, error) {
	out, err := s.proveSignInPasskey(ctx, office, id, box, response, false, src)
	return out, deskWords(err)
}

func nameProblem(name string) error {
	letters := 0
	for _, r := range name {
		if unicode.IsLetter(r) {
			letters++
		} else if !unicode.IsPrint(r) {
			letters = -len(name) // nothing makes up for what nobody sees
		}
	}
	switch {
	case letters < 2:
		return refuse("name", "name", "Enter the person’s first and last name, in letters.")
	case utf8.RuneCountInString(name) > 80:
		return refuse("name", "name", "Enter a name of at most 80 characters.")
	}
	return nil
}

// invite makes an invitation; those before it end.
func (s *Service) invite(tx *store.Tx, staff, by string) string {
	token, now := identity.NewToken()+identity.NewToken(), s.clock()
	tx.InsertInvite(&store.Invite{TokenHash: tx.Keys().Hash("invite", token), StaffID: staff, CreatedBy: by, Created: now, Expires: now.Add(inviteLife)})
	return token
}

func (s *Service) auditStaff(tx *store.Tx, by identity.Actor, action, staff, detail, reason string) {
	tx.AuditRow(store.AuditRow{At: s.clock(), Actor: by.String(), Action: action, Reason: reason, Detail: strings.TrimSpace("staff:" + staff + " " + detail)})
}

// FoundAdministrator makes the first administrator and gives the token, good for a
// day, by which that person sets up a way in. Of two that are asked for at once one
// is made. It is refused while an administrator can sign in or the invitation is
// open; when nobody can, the operator founds anew.
func (s *Service) FoundAdministrator(ctx context.Context, actor identity.Actor, name string) (token string, err error) {
	if err := system(actor); err != nil {
		return "", err
	}
	name = strings.Join(strings.Fields(name), " ")
	if err := nameProblem(name); err != nil {
		return "", err
	}
	founded := refuse("founded", "", "There is a first administrator already.")
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		now := s.clock()
		id, err := tx.TakeFounder()
		if errors.Is(err, ErrNotFound) {
			m := &store.Staff{ID: store.NewID(), Name: name, Role: string(identity.RoleAdministrator), State: staffInvited, Founder: true, Created: now, CreatedBy: actor.String()}
			tx.InsertStaff(m)
			token = s.invite(tx, m.ID, actor.String())
			s.auditStaff(tx, actor, "staff_founded", m.ID, "", "")
			return tx.Flush()
		}
		if err != nil {
			return err
		}
		able, err := tx.TakeAdministrators()
		if err != nil {
			return err
		}
		open, err := tx.OpenInvites(id, now)
		if err != nil {
			return err
		}
		if len(able) > 0 || open > 0 {
			return founded
		}
		if _, err := tx.SetStaffState(id, staffInvited); err != nil {
			return err
		}
		if err := s.closeStaff(tx, id, "founded_anew"); err != nil {
			return err
		}
		token = s.invite(tx, id, actor.String())
		s.auditStaff(tx, actor, "staff_founded", id, "anew", "")
		return nil
	})
	if isConflict(err) {
		err = founded
	}
	return token, err
}

// closeStaff ends all that a member of staff could come in by.
func (s *Service) closeStaff(tx *store.Tx, id, reason string) error {
	owner, now := "staff:"+id, s.clock()
	for _, k := range []FactorKind{Passkey, App, Text, SavedCode} {
		tx.EndAuthenticators(owner, string(k), reason, now)
	}
	tx.LockLogin(owner, reason, now)
	return s.endAll(tx, owner, "", reason)
}

// Invite adds a member of staff and gives the token, good for a day, by which that
// person sets up a way in. Of two with the same key the second is refused as
// "invited_already"; an empty key is no key.
func (s *Service) Invite(ctx context.Context, actor identity.Actor, key, name string, role identity.Role) (token string, err error) {
	if err := s.freshDuty(actor, identity.DutyStaff); err != nil {
		return "", err
	}
	name = strings.Join(strings.Fields(name), " ")
	if err := nameProblem(name); err != nil {
		return "", err
	}
	if err := roleProblem(role); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if key != "" {
			first, err := tx.Spend(tx.Keys().Hash("invite_key", actor.String()+" "+key), s.clock().Add(day))
			if err != nil || !first {
				return absentOr(err, refuse("invited_already", "", "That invitation was made before. It was shown once, and no second one was made."))
			}
		}
		m := &store.Staff{ID: store.NewID(), Name: name, Role: string(role), State: staffInvited, Created: s.clock(), CreatedBy: actor.String()}
		tx.InsertStaff(m)
		token = s.invite(tx, m.ID, actor.String())
		s.auditStaff(tx, actor, "staff_invited", m.ID, string(role), "")
		return nil
	})
	return token, err
}

func roleProblem(role identity.Role) error {
	for _, r := range identity.Roles {
		if r == role {
			return nil
		}
	}
	return refuse("role", "role", "Choose what this person does.")
}

var errInvite = &Refusal{"invite_gone", "", "This invitation was used or is too old. Ask for a new one."}

// Invited is whom an invitation is for.
type Invited struct {
	Name     string
	Role     identity.Role
	Username string // of somebody who comes back
}

func (s *Service) invited(tx *store.Tx, token string) (*store.Invite, *store.Staff, error) {
	i, err := tx.Invite(tx.Keys().Hash("invite", token))
	if errors.Is(err, ErrNotFound) || err == nil && (i.Used != 0 || i.Expires <= s.clock()) {
		err = errInvite
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := tx.Staff(i.StaffID)
	if err == nil && m.State == staffDisabled {
		err = errInvite
	}
	return i, m, err
}

// ReadInvite looks at an invitation without using it.
func (s *Service) ReadInvite(ctx context.Context, token string) (out Invited, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		_, m, err := s.invited(tx, token)
		if err == nil {
			out = Invited{m.Name, identity.Role(m.Role), m.Username}
		}
		return err
	})
	return out, err
}

// AcceptInvite uses an invitation up and sets username and password. The session
// that it gives can do nothing but bind a passkey or an authenticator app.
func (s *Service) AcceptInvite(ctx context.Context, token, username, password string, src Source) (out Entry, err error) {
	if err := s.attempt(ctx, "source", "staff "+identity.SourceBucket(src.IP)); err != nil {
		return out, deskWords(err)
	}
	if _, err := s.ReadInvite(ctx, token); err != nil {
		return out, err
	}
	username = identity.NormalName(username)
	if err := usernameProblem(username); err != nil {
		return out, err
	}
	if err := s.passwordProblem(nil, username, password, 1); err != nil {
		return out, err
	}
	hash, err := identity.HashPassword(ctx, s.db.Keys().Pepper(), password)
	if err != nil {
		return out, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		i, m, err := s.invited(tx, token)
		if err != nil {
			return err
		}
		now, owner := s.clock(), "staff:"+m.ID
		used, err := tx.SpendInvite(i.TokenHash, now)
		if err != nil {
			return err
		}
		if !used {
			return errInvite
		}
		if _, err := tx.SetStaffState(m.ID, staffActive); err != nil {
			return err
		}
		if m.Username == "" {
			tx.InsertLogin(&store.Login{Owner: owner, Realm: string(identity.KindStaff), Username: username, PasswordHash: hash, Created: now})
		} else {
			tx.SetUsername(owner, username)
			tx.SetPassword(owner, hash, now)
			s.pardon(tx, owner)
		}
		s.auditAccess(tx, owner, "invite_accepted", "")
		out, err = s.enter(tx, grant{owner: owner, scope: identity.ScopeEnrol, level: 1, proofs: identity.Proofs("").And(identity.ProofPassword)}, noticed{first: true}, false, src)
		return err
	})
	if isConflict(err) {
		return out, refuse("username_taken", "username", "Somebody else uses that username. Choose another.")
	}
	return out, err
}

// StaffMember is a member of staff as colleagues see one.
type StaffMember struct {
	ID, Name, Username string
	Role               identity.Role
	State              string // invited, active or disabled
	Factors            int
	Created, LastIn    money.Instant
}

// ListStaff lists all who are or were on the staff.
func (s *Service) ListStaff(ctx context.Context, actor identity.Actor) ([]StaffMember, error) {
	if !actor.IsSystem() {
		if err := duty(actor, identity.DutyStaff); err != nil {
			return nil, err
		}
	}
	return s.listStaff(ctx)
}

func (s *Service) listStaff(ctx context.Context) (out []StaffMember, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.AllStaff()
		out = nil
		for _, m := range all {
			out = append(out, StaffMember{m.ID, m.Name, m.Username, identity.Role(m.Role), m.State, m.Factors, m.Created, m.LastIn})
		}
		return err
	})
	return out, err
}

var (
	errOwnself = &Refusal{"yourself", "", "Nobody changes their own access. Ask another administrator."}
	errLast    = &Refusal{"last_administrator", "", "This is the only administrator who can sign in. Make another one first."}
)

// keepOne refuses to take the last administrator away.
func keepOne(tx *store.Tx, id string) error {
	able, err := tx.TakeAdministrators()
	if err == nil && len(able) == 1 && able[0] == id {
		err = errLast
	}
	return err
}

// ChangeRole gives a colleague another role, from the next request on. Their
// sessions end.
func (s *Service) ChangeRole(ctx context.Context, actor identity.Actor, staff string, role identity.Role) error {
	if err := s.freshDuty(actor, identity.DutyStaff); err != nil {
		return err
	}
	if actor.ID == staff {
		return errOwnself
	}
	if err := roleProblem(role); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if role != identity.RoleAdministrator {
			if err := keepOne(tx, staff); err != nil {
				return err
			}
		}
		m, err := tx.Staff(staff)
		if err != nil {
			return err
		}
		if m.Role == string(role) {
			return nil
		}
		changed, err := tx.SetStaffRole(staff, m.Role, string(role))
		if err != nil || !changed {
			return absentOr(err, errChanged)
		}
		tx.EndSessions("staff:"+staff, "", "role_changed", s.clock())
		s.auditStaff(tx, actor, "staff_role", staff, m.Role+" to "+string(role), "")
		return nil
	})
}

// DisableStaff closes a colleague's access at once. The operator may disable the
// last administrator too, to found anew.
func (s *Service) DisableStaff(ctx context.Context, actor identity.Actor, staff string) error {
	if !actor.IsSystem() {
		if err := s.freshDuty(actor, identity.DutyStaff); err != nil {
			return err
		}
		if actor.ID == staff {
			return errOwnself
		}
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if !actor.IsSystem() {
			if err := keepOne(tx, staff); err != nil {
				return err
			}
		}
		if _, err := tx.Staff(staff); err != nil {
			return err
		}
		changed, err := tx.SetStaffState(staff, staffDisabled)
		if err != nil || !changed {
			return err // it was so before
		}
		tx.EndInvites(staff, s.clock())
		if err := s.closeStaff(tx, staff, "disabled"); err != nil {
			return err
		}
		s.auditStaff(tx, actor, "staff_disabled", staff, "", "")
		return nil
	})
}
