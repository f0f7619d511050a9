package servicing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// ErrNoSession says that nobody is signed in with this token, or no longer.
var ErrNoSession = errors.New("no session")

// Session is a signed-in person.
type Session struct {
	Actor               identity.Actor
	FirstName, LastName string
	At                  money.Instant // when it was asked for: the moment that its Standing is judged at
	IdleUntil, EndsAt   money.Instant
}

// realm is who signs in at one door: what differs between borrowers and staff.
type realm struct {
	kind  identity.Kind
	total time.Duration // a session's life
	most  int           // sessions at once
}

// Staff work at one desk, a working day long (NIST SP 800-63B-4, 2.2.3; ASVS
// 7.1.2).
var (
	borrowers = realm{identity.KindCustomer, identity.TotalLimit, 5}
	office    = realm{identity.KindStaff, 10 * time.Hour, 2}
)

// run is the kind of a run of signing in at this door: one begun at the other is
// not known here.
func (r realm) run() string {
	if r.kind == identity.KindStaff {
		return "desk"
	}
	return "sign_in"
}

func realmOf(owner string) realm {
	if _, ok := identity.OwnerStaff(owner); ok {
		return office
	}
	return borrowers
}

// grant is what a session is made from.
type grant struct {
	owner     string
	scope     identity.Scope
	level     int
	proofs    identity.Proofs
	factorAt  money.Instant
	heldUntil money.Instant
	device    string // its id
	renews    string // the session that goes on under another token: its token's hash
}

// issue makes a session. It is the only way to one: whatever was shown before, a
// login that is locked gets none.
func (s *Service) issue(tx *store.Tx, g grant, src Source) (token string, err error) {
	login, err := tx.TakeLogin(g.owner)
	if err != nil {
		return "", err
	}
	if login.Locked != 0 {
		return "", errLocked
	}
	now := s.clock()
	token = identity.NewToken() + identity.NewToken()
	row := &store.Session{TokenHash: tx.Keys().Hash("session", token), ID: store.NewID(), Owner: g.owner, Scope: string(g.scope), Level: g.level,
		Method: string(g.proofs), FactorAt: g.factorAt, HeldUntil: g.heldUntil, DeviceID: g.device, IP: src.IP, UserAgent: cut(src.UserAgent, 300),
		Created: now, Seen: now, Ends: now.Add(realmOf(g.owner).total)}
	if g.renews != "" {
		renewed, err := tx.RenewSession(g.renews, row)
		if err == nil && !renewed {
			err = ErrNoSession
		}
		s.auditAccess(tx, g.owner, "confirm", strings.TrimSpace(string(g.proofs)))
		return token, err
	}
	if err := s.makeRoom(tx, g.owner); err != nil {
		return "", err
	}
	tx.InsertSession(row)
	s.auditAccess(tx, g.owner, "sign_in", strings.TrimSpace(string(g.proofs)))
	return token, nil
}

// makeRoom ends an owner's oldest sessions where one more would be too many.
func (s *Service) makeRoom(tx *store.Tx, owner string) error {
	now := s.clock()
	open, err := tx.Sessions(owner, now)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(o *store.Session) bool { return !identity.SessionLives(o.Seen, o.Ends, o.Ended, now) })
	for len(open) >= realmOf(owner).most {
		tx.EndSession(open[0].TokenHash, "too_many", now)
		if err := s.notifyOwner(tx, owner, open[0].ID, billing.Notice{Kind: billing.NoticeSessionsEnded}, 0); err != nil {
			return err
		}
		open = open[1:]
	}
	return nil
}

// auditAccess notes what an owner did about the own access.
func (s *Service) auditAccess(tx *store.Tx, owner, action, detail string) {
	s.auditAccessBy(tx, owner, owner, action, detail)
}

// auditAccessBy notes what somebody did about an owner's access.
func (s *Service) auditAccessBy(tx *store.Tx, by, owner, action, detail string) {
	subject, _ := identity.OwnerCustomer(owner)
	if _, staff := identity.OwnerStaff(owner); staff {
		subject, detail = "", strings.TrimSpace(owner+" "+detail)
	}
	tx.AuditRow(store.AuditRow{At: s.clock(), Actor: by, Action: action, Subject: string(subject), Detail: strings.TrimSpace(detail)})
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		tx.EndSession(tx.Keys().Hash("session", token), "signed_out", s.clock())
		return nil
	})
}

// seenEvery bounds how often a session's idle clock is written.
const seenEvery = 30 * time.Second

// Session finds which customer is signed in with a token and moves the idle
// clock on.
func (s *Service) Session(ctx context.Context, token string) (out Session, err error) {
	err = s.session(ctx, token, borrowers, func(row *store.SignedIn, st identity.Standing) error {
		id, _ := identity.OwnerCustomer(row.Owner)
		if row.CustomerID != string(id) {
			return ErrNoSession
		}
		out = Session{Actor: identity.Customer(id).With(st), FirstName: row.FirstName, LastName: row.LastName, EndsAt: row.Ends}
		return nil
	})
	out.At = s.clock()
	out.IdleUntil = min(out.At.Add(identity.IdleLimit), out.EndsAt)
	return out, err
}

// session finds a living session of a realm, gives it with what it has shown,
// and moves its idle clock on.
func (s *Service) session(ctx context.Context, token string, r realm, fn func(*store.SignedIn, identity.Standing) error) error {
	if token == "" {
		return ErrNoSession
	}
	now := s.clock()
	var row *store.SignedIn
	err := s.db.Glance(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.SignedIn(tx.Keys().Hash("session", token))
		return err
	})
	if err == nil {
		if realmOf(row.Owner).kind != r.kind || !identity.SessionLives(row.Seen, row.Ends, row.Ended, now) || row.Locked != 0 {
			return ErrNoSession
		}
		err = fn(row, identity.Standing{Session: row.ID, Scope: identity.Scope(row.Scope), Level: row.Level, FactorAt: row.FactorAt,
			HeldUntil: max(row.Session.HeldUntil, row.LoginHeldUntil), FactorsHeldUntil: row.FactorsHeldUntil, MustChange: row.Stale})
	}
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoSession
	}
	if err == nil && now > row.Seen.Add(seenEvery) {
		err = s.db.Update(ctx, func(tx *store.Tx) error {
			tx.SeeSession(row.TokenHash, now)
			return nil
		})
	}
	return err
}

// errLocked is what the owner of a locked login is told, after the right
// password only.
var errLocked = &Refusal{"locked", "", "Your access is locked, so nobody can sign in. Your account is safe. Use “Unlock my access” to open it with a code, or call us."}

// mayDo refuses what the actor's session may not do at this moment.
func (s *Service) mayDo(actor identity.Actor, a identity.Action) error {
	switch actor.Standing.May(a, s.clock()) {
	case identity.Allowed:
		return nil
	case identity.AskFactor:
		return &Refusal{"step_up", "", "For this we need to make sure it is you. Confirm with your second step and go on."}
	case identity.OnHold:
		return refuse("held", "", "To keep your account safe, this cannot be changed until %s. If you need it sooner, call us at %s.", s.when(max(actor.Standing.HeldUntil, actor.Standing.FactorsHeldUntil)), s.lender.Phone)
	}
	return ErrForbidden
}

// when is a moment in the lender's time zone, as a person reads it.
func (s *Service) when(at money.Instant) string {
	zone, err := time.LoadLocation(s.lender.TimeZone)
	if err != nil {
		zone = time.UTC // a lender without a zone is told in UTC, and the name says so
	}
	return at.Time().In(zone).Format("Jan 2, 2006, 3:04 PM MST")
}

// device is what a browser keeps so that it is known again: an id and a mark
// that binds it to one owner. Several people may share a browser, so it keeps
// several.
const (
	deviceJoin  = "~"
	devicesKept = 5
	trustFor    = 30 * 24 * time.Hour
)

func deviceMark(keys *store.Keys, id, owner string) string {
	return id + "." + keys.Hash("device", id+" "+owner)
}

// knownDevice finds the owner's device in what the browser kept; nil for none.
func (s *Service) knownDevice(tx *store.Tx, owner string, src Source) (*store.Device, error) {
	for mark := range strings.SplitSeq(cut(src.Device, 2000), deviceJoin) {
		id, _, ok := strings.Cut(mark, ".")
		if !ok || !identity.Same(mark, deviceMark(tx.Keys(), id, owner)) {
			continue
		}
		d, err := tx.Device(id, owner)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		case d.Ended == 0:
			return d, nil
		}
	}
	return nil, nil
}

// rememberDevice notes that a browser has signed an owner in, and gives its id
// and what it is to keep.
func (s *Service) rememberDevice(tx *store.Tx, owner string, src Source, trust bool) (id, keep string, err error) {
	now := s.clock()
	until := money.Instant(0)
	if trust {
		until = now.Add(trustFor)
	}
	d, err := s.knownDevice(tx, owner, src)
	if err != nil {
		return "", "", err
	}
	if d != nil {
		d.Seen, d.IP, d.UserAgent, d.Trusted = now, src.IP, cut(src.UserAgent, 300), until
		tx.SeeDevice(d)
		return d.ID, src.Device, nil
	}
	d = &store.Device{ID: store.NewID(), Owner: owner, IP: src.IP, UserAgent: cut(src.UserAgent, 300), Created: now, Trusted: until}
	tx.InsertDevice(d)
	marks := []string{deviceMark(tx.Keys(), d.ID, owner)}
	for mark := range strings.SplitSeq(cut(src.Device, 2000), deviceJoin) {
		if mark != "" && len(marks) < devicesKept {
			marks = append(marks, mark)
		}
	}
	return d.ID, strings.Join(marks, deviceJoin), nil
}
