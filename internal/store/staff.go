package store

import (
	"strings"

	"marque/internal/money"
)

// Staff is a member of staff. Username, Factors and LastIn are the login's, the
// second factors' and the newest session's.
type Staff struct {
	ID, Name, Role, State string
	Founder               bool
	Created               money.Instant
	CreatedBy             string
	Username              string
	Factors               int
	LastIn                money.Instant
}

// Invite is a token with which a member of staff sets up a way in. Only its hash
// is kept.
type Invite struct {
	TokenHash, StaffID, CreatedBy string
	Created, Expires, Used        money.Instant
}

// CallerCheck is one way in which a caller was asked to prove who they are.
type CallerCheck struct {
	ID, CustomerID, StaffID, Purpose, Method, State string
	Asked, Passed, Expires                          money.Instant
	StaffName                                       string
}

// Found is a customer as a search shows one.
type Found struct{ ID, Number, FirstName, LastName, Email, Phone, City, State string }

// SentNotice is a message to a customer, without its content.
type SentNotice struct {
	Kind, State   string
	Channel       string
	Created, Sent money.Instant
}

const (
	staffColumns = `s.id, s.name, s.role, s.state, COALESCE(s.founder, 0), s.created_at, s.created_by, COALESCE(l.username, ''),
		(SELECT COUNT(*) FROM authenticator a WHERE a.owner = 'staff:' || s.id AND a.ended_at = 0),
		(SELECT COALESCE(MAX(created_at), 0) FROM session i WHERE i.owner = 'staff:' || s.id)`
	staffTables   = ` FROM staff s LEFT JOIN login l ON l.owner = 'staff:' || s.id `
	inviteColumns = `token_hash, staff_id, created_by, created_at, expires_at, used_at`
	checkColumns  = `c.id, c.customer_id, c.staff_id, c.purpose, c.method, c.state, c.asked_at, c.passed_at, c.expires_at, s.name`
	checkTables   = ` FROM caller_check c JOIN staff s ON s.id = c.staff_id `
	foundColumns  = `id, number, first_name, last_name, email, phone, city, state`
)

var (
	insertStaff = stmt(`INSERT INTO staff (id, name, role, state, founder, created_at, created_by) VALUES ($1, $2, $3, $4, NULLIF(CAST($5 AS BIGINT), 0), $6, $7)`)
	selectStaff = stmt(`SELECT ` + staffColumns + staffTables + `WHERE s.id = $1`)
	listStaff   = stmt(`SELECT ` + staffColumns + staffTables + `ORDER BY s.state, s.name, s.id`)
	takeFounder = stmt(`UPDATE staff SET founder = 1 WHERE founder = 1 RETURNING id`)
	// Those who can sign in, each row held until the transaction ends.
	takeAdministrators = stmt(`UPDATE staff SET role = role WHERE role = 'administrator' AND state = 'active'
		AND EXISTS (SELECT 1 FROM authenticator a WHERE a.owner = 'staff:' || staff.id AND a.ended_at = 0) RETURNING id`)
	setStaffRole  = stmt(`UPDATE staff SET role = $2 WHERE id = $1 AND role = $3 AND state <> 'disabled'`)
	setStaffState = stmt(`UPDATE staff SET state = $2 WHERE id = $1 AND state <> $2`)

	insertInvite = stmt(`INSERT INTO invite (` + inviteColumns + `) VALUES ($1, $2, $3, $4, $5, 0)`)
	selectInvite = stmt(`SELECT ` + inviteColumns + ` FROM invite WHERE token_hash = $1`)
	spendInvite  = stmt(`UPDATE invite SET used_at = $2 WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`)
	endInvites   = stmt(`UPDATE invite SET used_at = $2 WHERE staff_id = $1 AND used_at = 0`)
	countInvites = stmt(`SELECT COUNT(*) FROM invite WHERE staff_id = $1 AND used_at = 0 AND expires_at > $2`)

	insertCheck  = stmt(`INSERT INTO caller_check (id, customer_id, staff_id, purpose, method, state, asked_at, passed_at, expires_at) VALUES ($1, $2, $3, $4, $5, 'asked', $6, 0, $7)`)
	selectCheck  = stmt(`SELECT ` + checkColumns + checkTables + `WHERE c.id = $1`)
	selectChecks = stmt(`SELECT ` + checkColumns + checkTables + `WHERE c.customer_id = $1 AND c.asked_at > $2 ORDER BY c.asked_at DESC, c.id DESC LIMIT $3`)
	decideCheck  = stmt(`UPDATE caller_check SET state = $2, passed_at = CASE WHEN $2 = 'passed' THEN $3 ELSE 0 END WHERE id = $1 AND state = 'asked' AND expires_at > $3`)

	insertApproval  = stmt(`INSERT INTO approval (` + approvalColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, 'asked', $9)`)
	selectApproval  = stmt(`SELECT ` + approvalColumns + ` FROM approval WHERE id = $1`)
	selectApprovals = stmt(`SELECT ` + approvalColumns + ` FROM approval WHERE expires_at > $1 ORDER BY asked_at DESC, id DESC LIMIT $2`)
	decideApproval  = stmt(`UPDATE approval SET state = $4, decided_by = $3, decided_at = $5
		WHERE id = $1 AND hash = $2 AND state = 'asked' AND asked_by <> $3 AND expires_at > $5`)

	endApprovals = stmt(`UPDATE approval SET state = 'expired' WHERE customer_id = $1 AND state IN ('asked', 'agreed')`)

	findByEmail   = stmt(`SELECT ` + foundColumns + ` FROM customer WHERE LOWER(email) = LOWER($1) AND email <> '' ORDER BY last_name, first_name, id LIMIT $2`)
	findByPhone   = stmt(`SELECT ` + foundColumns + ` FROM customer WHERE phone = $1 AND phone <> '' ORDER BY last_name, first_name, id LIMIT $2`)
	findByAccount = stmt(`SELECT ` + foundColumns + ` FROM customer WHERE id IN (SELECT p.customer_id FROM contract_party p
		JOIN contract c ON c.id = p.contract_id WHERE c.account_number = $1) ORDER BY last_name, first_name, id LIMIT $2`)
	findByVIN = stmt(`SELECT ` + foundColumns + ` FROM customer WHERE id IN (SELECT p.customer_id FROM contract_party p
		JOIN contract c ON c.id = p.contract_id WHERE UPPER(c.vin) LIKE $1 ESCAPE '\') ORDER BY last_name, first_name, id LIMIT $2`)
	findByName = stmt(`SELECT ` + foundColumns + ` FROM customer WHERE LOWER(first_name) LIKE LOWER($1) ESCAPE '\' AND LOWER(last_name) LIKE LOWER($2) ESCAPE '\'
		ORDER BY last_name, first_name, id LIMIT $3`)

	// The newest of the rows that open and close a view of a customer.
	selectViewRow = stmt(`SELECT ` + auditColumns + ` FROM audit a WHERE a.actor = $1 AND a.subject = $2 AND a.detail = $3
		AND a.action IN ('view_opened', 'view_closed') AND a.at > $4 ORDER BY a.id DESC LIMIT $5`)
	selectNoticesOf = stmt(`SELECT kind, state, channel, created_at, sent_at FROM notice WHERE customer_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`)
)

// InsertStaff adds a member of staff. A second founder is a *ConflictError.
func (tx *Tx) InsertStaff(s *Staff) {
	founder := 0
	if s.Founder {
		founder = 1
	}
	tx.later(insertStaff, s.ID, s.Name, s.Role, s.State, founder, s.Created, s.CreatedBy)
}

// Staff reads a member of staff.
func (tx *Tx) Staff(id string) (*Staff, error) {
	all, err := tx.staff(selectStaff, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// AllStaff lists all who are or were on the staff.
func (tx *Tx) AllStaff() ([]*Staff, error) { return tx.staff(listStaff) }

func (tx *Tx) staff(s *statement, args ...any) (out []*Staff, err error) {
	err = tx.query(s, func(r row) error {
		m := &Staff{}
		out = append(out, m)
		return r.Scan(&m.ID, &m.Name, &m.Role, &m.State, &m.Founder, &m.Created, &m.CreatedBy, &m.Username, &m.Factors, &m.LastIn)
	}, args...)
	return out, err
}

// TakeFounder holds the first administrator's row and gives its id; ErrNotFound
// when there is none yet.
func (tx *Tx) TakeFounder() (id string, err error) {
	err = tx.one(takeFounder, []any{&id})
	return id, err
}

// TakeAdministrators gives the administrators who can sign in, and holds their
// rows so that of two who disable each other one waits for the other.
func (tx *Tx) TakeAdministrators() ([]string, error) { return tx.ids(takeAdministrators) }

// SetStaffRole changes a role; false when it is not the one it was, or the
// person is disabled.
func (tx *Tx) SetStaffRole(id, was, role string) (bool, error) {
	n, err := tx.exec(setStaffRole, id, role, was)
	return n == 1, err
}

// SetStaffState changes a state; false when it was so before.
func (tx *Tx) SetStaffState(id, state string) (bool, error) {
	n, err := tx.exec(setStaffState, id, state)
	return n == 1, err
}

// InsertInvite keeps an invitation; those before it for the same person end.
func (tx *Tx) InsertInvite(i *Invite) {
	tx.later(endInvites, i.StaffID, i.Created)
	tx.later(insertInvite, i.TokenHash, i.StaffID, i.CreatedBy, i.Created, i.Expires)
}

// Invite finds an invitation, used or not.
func (tx *Tx) Invite(hash string) (*Invite, error) {
	i := &Invite{}
	err := tx.one(selectInvite, []any{&i.TokenHash, &i.StaffID, &i.CreatedBy, &i.Created, &i.Expires, &i.Used}, hash)
	return i, err
}

// SpendInvite uses an invitation up; false when it was used or is too old.
func (tx *Tx) SpendInvite(hash string, now money.Instant) (bool, error) {
	n, err := tx.exec(spendInvite, hash, now)
	return n == 1, err
}

// EndInvites makes a person's open invitations worthless.
func (tx *Tx) EndInvites(staff string, now money.Instant) { tx.later(endInvites, staff, now) }

// OpenInvites counts a person's invitations that can still be used.
func (tx *Tx) OpenInvites(staff string, now money.Instant) (n int, err error) {
	err = tx.one(countInvites, []any{&n}, staff, now)
	return n, err
}

// InsertCallerCheck keeps that a caller was asked.
func (tx *Tx) InsertCallerCheck(c *CallerCheck) {
	tx.later(insertCheck, c.ID, c.CustomerID, c.StaffID, c.Purpose, c.Method, c.Asked, c.Expires)
}

// CallerCheck reads one.
func (tx *Tx) CallerCheck(id string) (*CallerCheck, error) {
	all, err := tx.checks(selectCheck, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// CallerChecks lists those of a customer since a moment, newest first.
func (tx *Tx) CallerChecks(customer string, since money.Instant, limit int) ([]*CallerCheck, error) {
	return tx.checks(selectChecks, customer, since, limit)
}

func (tx *Tx) checks(s *statement, args ...any) (out []*CallerCheck, err error) {
	err = tx.query(s, func(r row) error {
		c := &CallerCheck{}
		out = append(out, c)
		return r.Scan(&c.ID, &c.CustomerID, &c.StaffID, &c.Purpose, &c.Method, &c.State, &c.Asked, &c.Passed, &c.Expires, &c.StaffName)
	}, args...)
	return out, err
}

// DecideCallerCheck notes whether a caller passed; false when that was decided
// before, or it is too late.
func (tx *Tx) DecideCallerCheck(id, state string, now money.Instant) (bool, error) {
	n, err := tx.exec(decideCheck, id, state, now)
	return n == 1, err
}

// InsertApproval keeps what one person asks another to agree to.
func (tx *Tx) InsertApproval(a *Approval) {
	tx.later(insertApproval, a.ID, a.Kind, a.CustomerID, a.Detail, a.Hash, a.Reason, a.AskedBy, a.Asked, a.Expires)
}

// Approval reads one.
func (tx *Tx) Approval(id string) (*Approval, error) {
	a := &Approval{}
	err := tx.one(selectApproval, a.dest(), id)
	return a, err
}

// Approvals lists those that end after a moment, newest first, decided or not.
func (tx *Tx) Approvals(after money.Instant, limit int) (out []*Approval, err error) {
	err = tx.query(selectApprovals, func(r row) error {
		a := &Approval{}
		out = append(out, a)
		return r.Scan(a.dest()...)
	}, after, limit)
	return out, err
}

// DecideApproval agrees to or refuses exactly what the hash is of; false when it
// was decided before, is too old or something else, or was asked by the same
// person.
func (tx *Tx) DecideApproval(id, hash, by, state string, now money.Instant) (bool, error) {
	n, err := tx.exec(decideApproval, id, hash, by, state, now)
	return n == 1, err
}

// EndApprovals makes worthless what was asked for or agreed to about a customer.
func (tx *Tx) EndApprovals(customer string) { tx.later(endApprovals, customer) }

// like is text as a LIKE pattern that means only itself.
func like(s string) string { return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) }

// FindByEmail finds customers by their e-mail address.
func (tx *Tx) FindByEmail(email string, limit int) ([]Found, error) {
	return tx.found(findByEmail, email, limit)
}

// FindByPhone finds customers by their telephone number in the form it is kept.
func (tx *Tx) FindByPhone(phone string, limit int) ([]Found, error) {
	return tx.found(findByPhone, phone, limit)
}

// FindByAccount finds who owes a contract.
func (tx *Tx) FindByAccount(number string, limit int) ([]Found, error) {
	return tx.found(findByAccount, number, limit)
}

// FindByVIN finds who owes for a vehicle, by the whole number or its end.
func (tx *Tx) FindByVIN(end string, limit int) ([]Found, error) {
	return tx.found(findByVIN, "%"+like(strings.ToUpper(end)), limit)
}

// FindByName finds customers whose names begin so; an empty one is any.
func (tx *Tx) FindByName(first, last string, limit int) ([]Found, error) {
	return tx.found(findByName, like(first)+"%", like(last)+"%", limit)
}

func (tx *Tx) found(s *statement, args ...any) (out []Found, err error) {
	err = tx.query(s, func(r row) error {
		var f Found
		err := r.Scan(&f.ID, &f.Number, &f.FirstName, &f.LastName, &f.Email, &f.Phone, &f.City, &f.State)
		out = append(out, f)
		return err
	}, args...)
	return out, err
}

// ViewRow is the newest row, after a moment, in which an actor opened or closed a
// view of a customer in a session; ErrNotFound when there is none.
func (tx *Tx) ViewRow(actor, subject, session string, after money.Instant) (AuditRow, error) {
	rows, err := tx.auditRows(selectViewRow, actor, subject, session, after, 1)
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return AuditRow{}, err
	}
	return rows[0], nil
}

// NoticesOf lists the messages to a customer without their content, newest first.
func (tx *Tx) NoticesOf(customer string, limit int) (out []SentNotice, err error) {
	err = tx.query(selectNoticesOf, func(r row) error {
		var n SentNotice
		err := r.Scan(&n.Kind, &n.State, &n.Channel, &n.Created, &n.Sent)
		out = append(out, n)
		return err
	}, customer, limit)
	return out, err
}
