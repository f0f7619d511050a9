package store

import (
	"marque/internal/money"
)

// Login is a customer's way in.
type Login struct {
	CustomerID, Username, PasswordHash string
	Created, Changed                   money.Instant
}

// Session is a signed-in browser. Only the token's hash is kept.
type Session struct {
	TokenHash, CustomerID      string
	Created, Seen, Ends, Ended money.Instant
	IP, UserAgent              string
}

// Activation is a run of the activation road.
type Activation struct {
	ID, CustomerID, CodeHash, State string
	Expires, Created                money.Instant
}

var (
	upsertLogin = stmt(`INSERT INTO login (customer_id, username, password_hash, created_at, changed_at) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (customer_id) DO UPDATE SET username = excluded.username, password_hash = excluded.password_hash, changed_at = excluded.changed_at`)
	selectLogin           = stmt(`SELECT customer_id, username, password_hash, created_at, changed_at FROM login WHERE username = $1`)
	selectLoginByCustomer = stmt(`SELECT customer_id, username, password_hash, created_at, changed_at FROM login WHERE customer_id = $1`)

	insertSession = stmt(`INSERT INTO session (token_hash, customer_id, created_at, seen_at, ends_at, ended_at, ip, user_agent)
		VALUES ($1, $2, $3, $3, $4, 0, $5, $6)`)
	selectSession = stmt(`SELECT token_hash, customer_id, created_at, seen_at, ends_at, ended_at, ip, user_agent FROM session WHERE token_hash = $1`)
	seeSession    = stmt(`UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND ended_at = 0`)
	endSession    = stmt(`UPDATE session SET ended_at = $2 WHERE token_hash = $1 AND ended_at = 0`)
	endSessions   = stmt(`UPDATE session SET ended_at = $2 WHERE customer_id = $1 AND ended_at = 0`)

	insertActivation = stmt(`INSERT INTO activation (id, customer_id, code_hash, state, expires_at, created_at) VALUES ($1, $2, $3, 'sent', $4, $5)`)
	selectActivation = stmt(`SELECT id, customer_id, code_hash, state, expires_at, created_at FROM activation WHERE id = $1`)
	endActivations   = stmt(`UPDATE activation SET state = 'done' WHERE customer_id = $1 AND id <> $2 AND state <> 'done'`)
	moveActivation   = stmt(`UPDATE activation SET state = $3 WHERE id = $1 AND state = $2`)

	countAttempt = stmt(`INSERT INTO attempt (bucket, count, since, until) VALUES ($1, 1, $2, 0)
		ON CONFLICT (bucket) DO UPDATE SET
			count = CASE WHEN attempt.since < $3 THEN 1 WHEN attempt.until > $2 THEN attempt.count ELSE attempt.count + 1 END,
			since = CASE WHEN attempt.since < $3 THEN $2 ELSE attempt.since END
		RETURNING count, until`)
	holdAttempt  = stmt(`UPDATE attempt SET until = $2 WHERE bucket = $1`)
	clearAttempt = stmt(`DELETE FROM attempt WHERE bucket = $1`)
)

// SaveLogin makes or replaces a customer's login. A username that is another's is a *ConflictError.
func (tx *Tx) SaveLogin(l *Login) {
	tx.later(upsertLogin, l.CustomerID, l.Username, l.PasswordHash, l.Changed)
}

// LoginByUsername finds a login.
func (tx *Tx) LoginByUsername(username string) (*Login, error) {
	return tx.login(selectLogin, username)
}

// LoginOf finds a customer's login.
func (tx *Tx) LoginOf(customer string) (*Login, error) {
	return tx.login(selectLoginByCustomer, customer)
}

func (tx *Tx) login(s *statement, arg string) (*Login, error) {
	l := &Login{}
	err := tx.one(s, []any{&l.CustomerID, &l.Username, &l.PasswordHash, &l.Created, &l.Changed}, arg)
	return l, err
}

// InsertSession keeps a new session.
func (tx *Tx) InsertSession(s *Session) {
	tx.later(insertSession, s.TokenHash, s.CustomerID, s.Created, s.Ends, s.IP, s.UserAgent)
}

// Session finds a session by its token's hash.
func (tx *Tx) Session(hash string) (*Session, error) {
	s := &Session{}
	err := tx.one(selectSession, []any{&s.TokenHash, &s.CustomerID, &s.Created, &s.Seen, &s.Ends, &s.Ended, &s.IP, &s.UserAgent}, hash)
	return s, err
}

// SeeSession moves the idle clock on.
func (tx *Tx) SeeSession(hash string, at money.Instant) { tx.later(seeSession, hash, at) }

// EndSession ends one session.
func (tx *Tx) EndSession(hash string, at money.Instant) { tx.later(endSession, hash, at) }

// EndSessions ends all of a customer's sessions.
func (tx *Tx) EndSessions(customer string, at money.Instant) { tx.later(endSessions, customer, at) }

// InsertActivation keeps a new run.
func (tx *Tx) InsertActivation(a *Activation) {
	tx.later(insertActivation, a.ID, a.CustomerID, a.CodeHash, a.Expires, a.Created)
}

// Activation finds a run.
func (tx *Tx) Activation(id string) (*Activation, error) {
	a := &Activation{}
	err := tx.one(selectActivation, []any{&a.ID, &a.CustomerID, &a.CodeHash, &a.State, &a.Expires, &a.Created}, id)
	return a, err
}

// MoveActivation moves a run on; false when it was not in that state, so that a
// code works once.
func (tx *Tx) MoveActivation(id, from, to string) (bool, error) {
	n, err := tx.exec(moveActivation, id, from, to)
	return n == 1, err
}

// EndActivations ends a customer's other runs: only the newest code works.
func (tx *Tx) EndActivations(customer, but string) { tx.later(endActivations, customer, but) }

// CountAttempt counts one more attempt, in one statement, and says how many
// there have been since and whether the bucket is held. Counts older than since
// start again; an attempt on a held bucket is refused anyway and not counted, so
// that impatience does not lengthen the wait.
func (tx *Tx) CountAttempt(bucket string, now, since money.Instant) (n int, until money.Instant, err error) {
	err = tx.one(countAttempt, []any{&n, &until}, bucket, now, since)
	return n, until, err
}

// HoldAttempt refuses the bucket until a moment.
func (tx *Tx) HoldAttempt(bucket string, until money.Instant) { tx.later(holdAttempt, bucket, until) }

// ClearAttempt forgets a bucket after a success.
func (tx *Tx) ClearAttempt(bucket string) { tx.later(clearAttempt, bucket) }
