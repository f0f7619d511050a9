package store

import (
	"strings"

	"marque/internal/money"
)

// Login is the way in of a borrower or of a member of staff. An owner is
// identity's Actor in writing: "customer:ID" or "staff:ID".
type Login struct {
	Owner, Realm, Username, PasswordHash string
	Created, Changed                     money.Instant
	Locked                               money.Instant // 0 while open
	LockReason                           string
	HeldUntil                            money.Instant
	FactorsHeldUntil                     money.Instant
	Stale                                bool // the password is known to others
}

// Authenticator is a second factor that is or was bound to an owner. Secret is
// encrypted at rest; Lookup is a keyed hash, empty when it is not looked up by
// one.
type Authenticator struct {
	ID, Owner, Kind, Name, Secret, Lookup string
	Counter                               int64
	Source                                string
	Added, Used, Ended                    money.Instant
	EndReason                             string
}

// Session is a signed-in browser. Only the token's hash is kept.
type Session struct {
	TokenHash, ID, Owner, Scope string
	Level                       int
	Method                      string
	FactorAt, HeldUntil         money.Instant
	DeviceID, IP, UserAgent     string
	Created, Seen, Ends, Ended  money.Instant
	EndReason                   string
}

// SignedIn is a session with what its owner's login and own row say about it.
type SignedIn struct {
	Session
	Locked, LoginHeldUntil, FactorsHeldUntil money.Instant
	Stale                                    bool
	CustomerID, FirstName, LastName          string // empty for staff
	StaffName, StaffRole, StaffState         string // empty for customers
}

// Device is a browser that has signed an owner in.
type Device struct {
	ID, Owner, IP, UserAgent      string
	Created, Seen, Trusted, Ended money.Instant
}

// Flow is a run through sign-in, activation or recovery. Detail is encrypted at
// rest.
type Flow struct {
	TokenHash, Kind, Owner, Goal, Proofs, Detail, State string
	Created, Expires                                    money.Instant
}

// Code is a one-time code that was sent, by its keyed hash.
type Code struct {
	ID, Purpose, Binding, Owner, Channel, Hash string
	Sent, Expires, Used                        money.Instant
}

// Visit is one try to get in and what was noticed about it.
type Visit struct {
	ID, Owner                        string
	At                               money.Instant
	Outcome, Method, Signals         string
	Score                            int
	Decision                         string
	IP, Network, DeviceID, UserAgent string
}

const (
	loginColumns         = `owner, realm, username, password_hash, created_at, changed_at, locked_at, lock_reason, held_until, factors_held_until, stale`
	authenticatorColumns = `id, owner, kind, name, secret, lookup, counter, source, added_at, used_at, ended_at, end_reason`
	sessionColumns       = `token_hash, id, owner, scope, level, method, factor_at, held_until, device_id, ip, user_agent, created_at, seen_at, ends_at, ended_at, end_reason`
	deviceColumns        = `id, owner, ip, user_agent, created_at, seen_at, trusted_until, ended_at`
	flowColumns          = `token_hash, kind, owner, goal, proofs, detail, state, created_at, expires_at`
	visitColumns         = `id, owner, at, outcome, method, signals, score, decision, ip, network, device_id, user_agent`
)

var (
	insertLogin = stmt(`INSERT INTO login (` + loginColumns + `) VALUES ($1, $2, $3, $4, $5, $5, 0, '', 0, 0, 0)`)
	setPassword = stmt(`UPDATE login SET password_hash = $2, changed_at = $3, stale = 0 WHERE owner = $1`)
	setUsername = stmt(`UPDATE login SET username = $2 WHERE owner = $1`)
	staleLogin  = stmt(`UPDATE login SET stale = 1 WHERE owner = $1`)
	lockLogin   = stmt(`UPDATE login SET locked_at = $2, lock_reason = $3 WHERE owner = $1 AND locked_at = 0`)
	unlockLogin = stmt(`UPDATE login SET locked_at = 0, lock_reason = '' WHERE owner = $1`)
	holdLogin   = stmt(`UPDATE login SET held_until = $2 WHERE owner = $1 AND held_until < $2`)

	holdFactors       = stmt(`UPDATE login SET factors_held_until = $2 WHERE owner = $1 AND factors_held_until < $2`)
	takeLogin         = stmt(`UPDATE login SET owner = owner WHERE owner = $1 RETURNING ` + loginColumns)
	selectLogin       = stmt(`SELECT ` + loginColumns + ` FROM login WHERE realm = $1 AND username = $2`)
	selectLoginOf     = stmt(`SELECT ` + loginColumns + ` FROM login WHERE owner = $1`)
	selectLoginsEmail = stmt(`SELECT ` + loginColumns + ` FROM login WHERE owner IN (SELECT 'customer:' || id FROM customer WHERE LOWER(email) = $1 AND email <> '')`)

	insertAuthenticator  = stmt(`INSERT INTO authenticator (` + authenticatorColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, '')`)
	selectAuthenticators = stmt(`SELECT ` + authenticatorColumns + ` FROM authenticator WHERE owner = $1 ORDER BY added_at, id`)
	selectAuthenticator  = stmt(`SELECT ` + authenticatorColumns + ` FROM authenticator WHERE lookup = $1`)
	stepAuthenticator    = stmt(`UPDATE authenticator SET counter = $3, used_at = $4 WHERE id = $1 AND owner = $2 AND counter < $3 AND ended_at = 0`)
	useAuthenticator     = stmt(`UPDATE authenticator SET counter = $3, used_at = $4 WHERE id = $1 AND owner = $2 AND ended_at = 0`)
	endAuthenticator     = stmt(`UPDATE authenticator SET ended_at = $3, end_reason = $4 WHERE id = $1 AND owner = $2 AND ended_at = 0`)
	endAuthenticators    = stmt(`UPDATE authenticator SET ended_at = $3, end_reason = $4 WHERE owner = $1 AND kind = $2 AND ended_at = 0`)
	undoBound            = stmt(`UPDATE authenticator SET ended_at = $3, end_reason = 'not_me' WHERE owner = $1 AND ended_at = 0 AND added_at >= $2`)
	undoEnded            = stmt(`UPDATE authenticator SET ended_at = 0, end_reason = '' WHERE owner = $1 AND ended_at >= $2 AND end_reason IN ('replaced', 'removed', 'lost')`)
	spendSavedCode       = stmt(`UPDATE authenticator SET used_at = $3, ended_at = $3, end_reason = 'used' WHERE lookup = $1 AND owner = $2 AND kind = 'saved_code' AND ended_at = 0`)
	nameAuthenticator    = stmt(`UPDATE authenticator SET name = $3 WHERE id = $1 AND owner = $2 AND ended_at = 0`)

	insertSession  = stmt(`INSERT INTO session (` + sessionColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, 0, '')`)
	renewSession   = stmt(`UPDATE session SET token_hash = $2, scope = $3, level = $4, method = $5, factor_at = $6, seen_at = $7 WHERE token_hash = $1 AND ended_at = 0`)
	selectSession  = stmt(`SELECT ` + sessionColumns + ` FROM session WHERE token_hash = $1`)
	selectSignedIn = stmt(`SELECT ` + "s." + strings.ReplaceAll(sessionColumns, ", ", ", s.") + `, l.locked_at, l.held_until AS login_held, l.factors_held_until, l.stale,
			COALESCE(c.id, ''), COALESCE(c.first_name, ''), COALESCE(c.last_name, ''), COALESCE(m.name, ''), COALESCE(m.role, ''), COALESCE(m.state, '')
		FROM session s JOIN login l ON l.owner = s.owner
			LEFT JOIN customer c ON c.id = SUBSTR(s.owner, 10) AND s.owner LIKE 'customer:%'
			LEFT JOIN staff m ON m.id = SUBSTR(s.owner, 7) AND s.owner LIKE 'staff:%'
		WHERE s.token_hash = $1`)
	selectSessions = stmt(`SELECT ` + sessionColumns + ` FROM session WHERE owner = $1 AND ended_at = 0 AND ends_at > $2 ORDER BY created_at, id`)
	seeSession     = stmt(`UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND ended_at = 0`)
	endSession     = stmt(`UPDATE session SET ended_at = $2, end_reason = $3 WHERE token_hash = $1 AND ended_at = 0`)
	endSessionID   = stmt(`UPDATE session SET ended_at = $3, end_reason = $4 WHERE id = $1 AND owner = $2 AND ended_at = 0`)
	endSessions    = stmt(`UPDATE session SET ended_at = $2, end_reason = $3 WHERE owner = $1 AND ended_at = 0 AND id <> $4`)

	insertDevice  = stmt(`INSERT INTO device (` + deviceColumns + `) VALUES ($1, $2, $3, $4, $5, $5, $6, 0)`)
	selectDevice  = stmt(`SELECT ` + deviceColumns + ` FROM device WHERE id = $1 AND owner = $2`)
	selectDevices = stmt(`SELECT ` + deviceColumns + ` FROM device WHERE owner = $1 AND ended_at = 0 ORDER BY seen_at DESC, id`)
	seeDevice     = stmt(`UPDATE device SET seen_at = $3, ip = $4, user_agent = $5, trusted_until = CASE WHEN trusted_until > $6 THEN trusted_until ELSE $6 END WHERE id = $1 AND owner = $2`)
	endDevice     = stmt(`UPDATE device SET ended_at = $3 WHERE id = $1 AND owner = $2 AND ended_at = 0`)
	endDevices    = stmt(`UPDATE device SET ended_at = $2 WHERE owner = $1 AND ended_at = 0`)

	insertFlow   = stmt(`INSERT INTO flow (` + flowColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	selectFlow   = stmt(`SELECT ` + flowColumns + ` FROM flow WHERE token_hash = $1 AND kind = $2`)
	proveFlow    = stmt(`UPDATE flow SET proofs = $3, state = $4 WHERE token_hash = $1 AND proofs = $2 AND state <> 'done'`)
	endFlow      = stmt(`UPDATE flow SET state = 'done' WHERE token_hash = $1 AND state <> 'done'`)
	endFlows     = stmt(`UPDATE flow SET state = 'done' WHERE owner = $1 AND kind = $2 AND state <> 'done'`)
	dropFlows    = stmt(`DELETE FROM flow WHERE expires_at < $1`)
	dropCodes    = stmt(`DELETE FROM code WHERE expires_at < $1`)
	dropSpent    = stmt(`DELETE FROM spent WHERE expires_at < $1`)
	dropAttempts = stmt(`DELETE FROM attempt WHERE since < $1 AND until < $2`)
	dropNobodies = stmt(`DELETE FROM visit WHERE at < $1 AND owner LIKE 'nobody:%'`)

	insertCode  = stmt(`INSERT INTO code (id, purpose, binding, owner, channel, hash, sent_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`)
	retireCodes = stmt(`UPDATE code SET used_at = $3 WHERE purpose = $1 AND binding = $2 AND used_at = 0`)
	countLive   = stmt(`SELECT COUNT(*) FROM code WHERE purpose = $1 AND binding = $2 AND used_at = 0 AND expires_at > $3`)
	spendCode   = stmt(`UPDATE code SET used_at = $4 WHERE purpose = $1 AND binding = $2 AND hash = $3 AND used_at = 0 AND expires_at > $4 AND owner <> '' RETURNING channel`)

	insertSpent = stmt(`INSERT INTO spent (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`)

	countAttempt = stmt(`INSERT INTO attempt (bucket, count, since, until) VALUES ($1, 1, $2, 0)
		ON CONFLICT (bucket) DO UPDATE SET
			count = CASE WHEN attempt.since < $3 THEN 1 WHEN attempt.until > $2 THEN attempt.count ELSE attempt.count + 1 END,
			since = CASE WHEN attempt.since < $3 THEN $2 ELSE attempt.since END,
			until = CASE WHEN attempt.since < $3 THEN 0 ELSE attempt.until END
		RETURNING count, until`)
	holdAttempt  = stmt(`UPDATE attempt SET until = $2 WHERE bucket = $1`)
	backAttempt  = stmt(`UPDATE attempt SET count = count - 1 WHERE bucket = $1 AND count > 0`)
	clearAttempt = stmt(`DELETE FROM attempt WHERE bucket = $1`)
	readAttempt  = stmt(`SELECT count, until FROM attempt WHERE bucket = $1`)

	insertVisit   = stmt(`INSERT INTO visit (` + visitColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	selectVisits  = stmt(`SELECT ` + visitColumns + ` FROM visit WHERE owner = $1 ORDER BY at DESC, id DESC LIMIT $2`)
	selectNoticed = stmt(`SELECT ` + visitColumns + ` FROM visit WHERE signals <> '' AND at > $1 ORDER BY at DESC, id DESC LIMIT $2`)
	countOthers   = stmt(`SELECT COUNT(*), COALESCE(SUM(got_in), 0) FROM (SELECT owner, MAX(CASE WHEN outcome = 'in' THEN 1 ELSE 0 END) AS got_in
		FROM visit WHERE network = $1 AND at > $2 AND owner <> $3 GROUP BY owner) AS others`)
	countNetworks = stmt(`SELECT COUNT(DISTINCT network) FROM visit WHERE owner = $1 AND at > $2 AND outcome <> 'in' AND network <> $3`)
)

// InsertLogin makes a login. A username that is taken in its realm, and a second
// login of one owner, are a *ConflictError.
func (tx *Tx) InsertLogin(l *Login) {
	tx.later(insertLogin, l.Owner, l.Realm, l.Username, l.PasswordHash, l.Created)
}

// SetPassword replaces a password.
func (tx *Tx) SetPassword(owner, hash string, at money.Instant) {
	tx.later(setPassword, owner, hash, at)
}

// SetUsername replaces a username; one that is taken is a *ConflictError.
func (tx *Tx) SetUsername(owner, username string) { tx.later(setUsername, owner, username) }

// StaleLogin notes that a password is known to others.
func (tx *Tx) StaleLogin(owner string) { tx.later(staleLogin, owner) }

// LockLogin closes a login until somebody opens it; the first reason stays.
func (tx *Tx) LockLogin(owner, reason string, at money.Instant) {
	tx.later(lockLogin, owner, at, reason)
}

// UnlockLogin opens a login.
func (tx *Tx) UnlockLogin(owner string) { tx.later(unlockLogin, owner) }

// HoldLogin holds changes until a moment; an earlier one shortens nothing.
func (tx *Tx) HoldLogin(owner string, until money.Instant) { tx.later(holdLogin, owner, until) }

// HoldFactors holds changes of second factors until a moment.
func (tx *Tx) HoldFactors(owner string, until money.Instant) { tx.later(holdFactors, owner, until) }

// TakeLogin reads an owner's login and holds its row until the transaction ends:
// what gives a session and what ends sessions come one after the other.
func (tx *Tx) TakeLogin(owner string) (*Login, error) { return tx.login(takeLogin, owner) }

// LoginNamed finds a login by its username in a realm.
func (tx *Tx) LoginNamed(realm, username string) (*Login, error) {
	return tx.login(selectLogin, realm, username)
}

// LoginOf finds an owner's login.
func (tx *Tx) LoginOf(owner string) (*Login, error) { return tx.login(selectLoginOf, owner) }

func (tx *Tx) login(s *statement, args ...any) (*Login, error) {
	all, err := tx.logins(s, args...)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// LoginsByEmail finds the logins of the customers with an e-mail address, which
// must be in small letters.
func (tx *Tx) LoginsByEmail(email string) ([]*Login, error) {
	return tx.logins(selectLoginsEmail, email)
}

func (tx *Tx) logins(s *statement, args ...any) (out []*Login, err error) {
	err = tx.query(s, func(r row) error {
		l := &Login{}
		out = append(out, l)
		return r.Scan(&l.Owner, &l.Realm, &l.Username, &l.PasswordHash, &l.Created, &l.Changed, &l.Locked, &l.LockReason, &l.HeldUntil, &l.FactorsHeldUntil, &l.Stale)
	}, args...)
	return out, err
}

var (
	authenticatorSecret = encryptedColumn("authenticator", "secret", "id")
	flowDetail          = encryptedColumn("flow", "detail", "token_hash")
)

// InsertAuthenticator binds a second factor. A Lookup that is taken is a
// *ConflictError.
func (tx *Tx) InsertAuthenticator(a *Authenticator) error {
	secret, err := authenticatorSecret.seal(tx.db.keys, a.Secret, a.ID)
	if err == nil {
		tx.later(insertAuthenticator, a.ID, a.Owner, a.Kind, a.Name, secret, a.Lookup, a.Counter, a.Source, a.Added)
	}
	return err
}

// Authenticators lists all that was ever bound to an owner, oldest first.
func (tx *Tx) Authenticators(owner string) ([]*Authenticator, error) {
	return tx.authenticators(selectAuthenticators, owner)
}

// AuthenticatorByLookup finds one by its keyed hash, in force or not.
func (tx *Tx) AuthenticatorByLookup(lookup string) (*Authenticator, error) {
	all, err := tx.authenticators(selectAuthenticator, lookup)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (tx *Tx) authenticators(s *statement, args ...any) (out []*Authenticator, err error) {
	err = tx.query(s, func(r row) error {
		a := &Authenticator{}
		out = append(out, a)
		return r.Scan(&a.ID, &a.Owner, &a.Kind, &a.Name, &a.Secret, &a.Lookup, &a.Counter, &a.Source, &a.Added, &a.Used, &a.Ended, &a.EndReason)
	}, args...)
	for _, a := range out {
		if err == nil {
			a.Secret, err = authenticatorSecret.unseal(tx.db.keys, a.Secret, a.ID)
		}
	}
	return out, err
}

// StepAuthenticator uses a step that is later than any used before; false when
// it is not, so that each works once.
func (tx *Tx) StepAuthenticator(a *Authenticator, step int64, at money.Instant) (bool, error) {
	n, err := tx.exec(stepAuthenticator, a.ID, a.Owner, step, at)
	return n == 1, err
}

// UseAuthenticator notes a use; false when it has been ended.
func (tx *Tx) UseAuthenticator(a *Authenticator, counter int64, at money.Instant) (bool, error) {
	n, err := tx.exec(useAuthenticator, a.ID, a.Owner, counter, at)
	return n == 1, err
}

// EndAuthenticator takes a second factor out of use; false when it is not the
// owner's or was ended before.
func (tx *Tx) EndAuthenticator(id, owner, reason string, at money.Instant) (bool, error) {
	n, err := tx.exec(endAuthenticator, id, owner, at, reason)
	return n == 1, err
}

// EndAuthenticators takes all of a kind out of use.
func (tx *Tx) EndAuthenticators(owner, kind, reason string, at money.Instant) {
	tx.later(endAuthenticators, owner, kind, at, reason)
}

// UndoAuthenticators takes back what was done to an owner's second factors since a
// moment: those bound since end, those taken out since work again.
func (tx *Tx) UndoAuthenticators(owner string, since, now money.Instant) {
	tx.later(undoEnded, owner, since)
	tx.later(undoBound, owner, since, now)
}

// NameAuthenticator renames a second factor; false when it is not the owner's.
func (tx *Tx) NameAuthenticator(id, owner, name string) (bool, error) {
	n, err := tx.exec(nameAuthenticator, id, owner, name)
	return n == 1, err
}

// SpendSavedCode uses a saved code; false when there is none, or no longer.
func (tx *Tx) SpendSavedCode(owner, lookup string, at money.Instant) (bool, error) {
	n, err := tx.exec(spendSavedCode, lookup, owner, at)
	return n == 1, err
}

// InsertSession keeps a new session.
func (tx *Tx) InsertSession(s *Session) {
	tx.later(insertSession, s.TokenHash, s.ID, s.Owner, s.Scope, s.Level, s.Method, s.FactorAt, s.HeldUntil, s.DeviceID, s.IP, s.UserAgent, s.Created, s.Ends)
}

// RenewSession gives a session another token and what it has shown since; false
// when it has ended.
func (tx *Tx) RenewSession(oldHash string, s *Session) (bool, error) {
	n, err := tx.exec(renewSession, oldHash, s.TokenHash, s.Scope, s.Level, s.Method, s.FactorAt, s.Seen)
	return n == 1, err
}

// Session finds a session by its token's hash.
func (tx *Tx) Session(hash string) (*Session, error) {
	all, err := tx.sessions(selectSession, hash)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Sessions lists an owner's sessions that have not ended, oldest first.
func (tx *Tx) Sessions(owner string, now money.Instant) ([]*Session, error) {
	return tx.sessions(selectSessions, owner, now)
}

func (tx *Tx) sessions(s *statement, args ...any) (out []*Session, err error) {
	err = tx.query(s, func(r row) error {
		s := &Session{}
		out = append(out, s)
		return r.Scan(s.fields()...)
	}, args...)
	return out, err
}

func (s *Session) fields() []any {
	return []any{&s.TokenHash, &s.ID, &s.Owner, &s.Scope, &s.Level, &s.Method, &s.FactorAt, &s.HeldUntil, &s.DeviceID, &s.IP, &s.UserAgent,
		&s.Created, &s.Seen, &s.Ends, &s.Ended, &s.EndReason}
}

// SignedIn finds a session by its token's hash, with its owner.
func (tx *Tx) SignedIn(hash string) (*SignedIn, error) {
	s := &SignedIn{}
	err := tx.one(selectSignedIn, append(s.fields(), &s.Locked, &s.LoginHeldUntil, &s.FactorsHeldUntil, &s.Stale,
		&s.CustomerID, &s.FirstName, &s.LastName, &s.StaffName, &s.StaffRole, &s.StaffState), hash)
	return s, err
}

// SeeSession moves the idle clock on.
func (tx *Tx) SeeSession(hash string, at money.Instant) { tx.later(seeSession, hash, at) }

// EndSession ends the session of a token.
func (tx *Tx) EndSession(hash, reason string, at money.Instant) {
	tx.later(endSession, hash, at, reason)
}

// EndSessionID ends one of an owner's sessions; false when there is none.
func (tx *Tx) EndSessionID(id, owner, reason string, at money.Instant) (bool, error) {
	n, err := tx.exec(endSessionID, id, owner, at, reason)
	return n == 1, err
}

// EndSessions ends an owner's sessions, all but one when it is named.
func (tx *Tx) EndSessions(owner, but, reason string, at money.Instant) {
	tx.later(endSessions, owner, at, reason, but)
}

// InsertDevice keeps a new device.
func (tx *Tx) InsertDevice(d *Device) {
	tx.later(insertDevice, d.ID, d.Owner, d.IP, d.UserAgent, d.Created, d.Trusted)
}

// Device finds one of an owner's devices, in use or not.
func (tx *Tx) Device(id, owner string) (*Device, error) {
	all, err := tx.devices(selectDevice, id, owner)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Devices lists an owner's devices, the latest seen first.
func (tx *Tx) Devices(owner string) ([]*Device, error) { return tx.devices(selectDevices, owner) }

func (tx *Tx) devices(s *statement, args ...any) (out []*Device, err error) {
	err = tx.query(s, func(r row) error {
		d := &Device{}
		out = append(out, d)
		return r.Scan(&d.ID, &d.Owner, &d.IP, &d.UserAgent, &d.Created, &d.Seen, &d.Trusted, &d.Ended)
	}, args...)
	return out, err
}

// SeeDevice notes that a device signed in; trust is only lengthened.
func (tx *Tx) SeeDevice(d *Device) {
	tx.later(seeDevice, d.ID, d.Owner, d.Seen, d.IP, d.UserAgent, d.Trusted)
}

// EndDevice forgets one of an owner's devices; false when there is none.
func (tx *Tx) EndDevice(id, owner string, at money.Instant) (bool, error) {
	n, err := tx.exec(endDevice, id, owner, at)
	return n == 1, err
}

// EndDevices forgets all of an owner's devices.
func (tx *Tx) EndDevices(owner string, at money.Instant) { tx.later(endDevices, owner, at) }

// InsertFlow keeps a new run.
func (tx *Tx) InsertFlow(f *Flow) error {
	detail, err := flowDetail.seal(tx.db.keys, f.Detail, f.TokenHash)
	if err == nil {
		tx.later(insertFlow, f.TokenHash, f.Kind, f.Owner, f.Goal, f.Proofs, detail, f.State, f.Created, f.Expires)
	}
	return err
}

// Flow finds a run of a kind by its token's hash.
func (tx *Tx) Flow(hash, kind string) (*Flow, error) {
	f := &Flow{}
	err := tx.one(selectFlow, []any{&f.TokenHash, &f.Kind, &f.Owner, &f.Goal, &f.Proofs, &f.Detail, &f.State, &f.Created, &f.Expires}, hash, kind)
	if err != nil {
		return nil, err
	}
	f.Detail, err = flowDetail.unseal(tx.db.keys, f.Detail, hash)
	return f, err
}

// ProveFlow adds to a run's proofs; false when it moved on meanwhile.
func (tx *Tx) ProveFlow(f *Flow, proofs, state string) (bool, error) {
	n, err := tx.exec(proveFlow, f.TokenHash, f.Proofs, proofs, state)
	return n == 1, err
}

// EndFlow finishes a run; false when it was finished before.
func (tx *Tx) EndFlow(hash string) (bool, error) {
	n, err := tx.exec(endFlow, hash)
	return n == 1, err
}

// EndFlows finishes all of an owner's runs of a kind.
func (tx *Tx) EndFlows(owner, kind string) { tx.later(endFlows, owner, kind) }

// DropExpired deletes runs, codes and challenges that ended before a moment.
func (tx *Tx) DropExpired(before money.Instant) {
	for _, s := range []*statement{dropFlows, dropCodes, dropSpent} {
		tx.later(s, before)
	}
}

// DropCounts deletes counts that nobody has added to since a moment and that hold
// nothing back now, and what was tried by names that nobody has.
func (tx *Tx) DropCounts(since, now money.Instant) {
	tx.later(dropAttempts, since, now)
	tx.later(dropNobodies, since)
}

// InsertCode keeps a code and retires those sent before for the same thing: only
// the newest works.
func (tx *Tx) InsertCode(c *Code) {
	tx.later(retireCodes, c.Purpose, c.Binding, c.Sent)
	tx.later(insertCode, c.ID, c.Purpose, c.Binding, c.Owner, c.Channel, c.Hash, c.Sent, c.Expires)
}

// LiveCode says whether a code for something is out and still works.
func (tx *Tx) LiveCode(purpose, binding string, now money.Instant) (bool, error) {
	n := 0
	err := tx.one(countLive, []any{&n}, purpose, binding, now)
	return n > 0, err
}

// SpendCode uses a code and says how it had been sent; ErrNotFound when it is
// not the one, is too old, or was used.
func (tx *Tx) SpendCode(purpose, binding, hash string, now money.Instant) (channel string, err error) {
	err = tx.one(spendCode, []any{&channel}, purpose, binding, hash, now)
	return channel, err
}

// Spend notes that a challenge was answered; false when it was before.
func (tx *Tx) Spend(id string, expires money.Instant) (bool, error) {
	n, err := tx.exec(insertSpent, id, expires)
	return n == 1, err
}

// CountAttempt counts one more attempt, in one statement, and says how many
// there have been since and whether the bucket is held. Counts older than since
// start again; an attempt on a held bucket is refused anyway and not counted, so
// that impatience does not lengthen the wait.
func (tx *Tx) CountAttempt(bucket string, now, since money.Instant) (n int, until money.Instant, err error) {
	err = tx.one(countAttempt, []any{&n, &until}, bucket, now, since)
	return n, until, err
}

// Attempts reads a bucket without counting.
func (tx *Tx) Attempts(bucket string) (n int, until money.Instant, err error) {
	err = tx.one(readAttempt, []any{&n, &until}, bucket)
	return n, until, err
}

// HoldAttempt refuses the bucket until a moment.
func (tx *Tx) HoldAttempt(bucket string, until money.Instant) { tx.later(holdAttempt, bucket, until) }

// BackAttempt takes one attempt back that turned out to be none.
func (tx *Tx) BackAttempt(bucket string) { tx.later(backAttempt, bucket) }

// ClearAttempt forgets a bucket after a success.
func (tx *Tx) ClearAttempt(bucket string) { tx.later(clearAttempt, bucket) }

// InsertVisit keeps a try to get in.
func (tx *Tx) InsertVisit(v *Visit) {
	tx.later(insertVisit, v.ID, v.Owner, v.At, v.Outcome, v.Method, v.Signals, v.Score, v.Decision, v.IP, v.Network, v.DeviceID, v.UserAgent)
}

// Visits lists an owner's tries, newest first.
func (tx *Tx) Visits(owner string, limit int) ([]*Visit, error) {
	return tx.visits(selectVisits, owner, limit)
}

// VisitsNoticed lists all tries since a moment about which something was
// noticed, newest first.
func (tx *Tx) VisitsNoticed(since money.Instant, limit int) ([]*Visit, error) {
	return tx.visits(selectNoticed, since, limit)
}

func (tx *Tx) visits(s *statement, args ...any) (out []*Visit, err error) {
	err = tx.query(s, func(r row) error {
		v := &Visit{}
		out = append(out, v)
		return r.Scan(&v.ID, &v.Owner, &v.At, &v.Outcome, &v.Method, &v.Signals, &v.Score, &v.Decision, &v.IP, &v.Network, &v.DeviceID, &v.UserAgent)
	}, args...)
	return out, err
}

// Around counts, since a moment, the other owners that a network failed to get in
// as and did get in as, and the other networks that failed to get in as an owner.
func (tx *Tx) Around(owner, network string, since money.Instant) (tried, in, networks int, err error) {
	all := 0
	if err = tx.one(countOthers, []any{&all, &in}, network, since, owner); err != nil {
		return 0, 0, 0, err
	}
	err = tx.one(countNetworks, []any{&networks}, owner, since, network)
	return all - in, in, networks, err
}
