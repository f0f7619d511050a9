package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"marque/internal/money"
)

// AuditRow is a line of the audit trail: who did or saw what, when, about whom
// and why. It is never changed. It holds no personal data but names by id.
type AuditRow struct {
	ID       string
	At       money.Instant
	Actor    string // "kind:id"
	Action   string
	Contract string // "" when it is about none
	Subject  string // the customer it is about; "" for none but the contract's own
	Reason   string // why, in the words of who did it
	Detail   string
}

// Link is a sealed row's place in the chain. Hash covers the hash before it and
// the whole row, so that no row can be changed, taken out or put in between
// without every later hash changing with it.
type Link struct {
	Seq     int64
	AuditID string
	Hash    string
}

const auditColumns = `a.id, a.at, a.actor, a.action, a.contract_id, a.subject, a.reason, a.detail`

var (
	insertAudit = stmt(`INSERT INTO audit (id, at, actor, action, contract_id, subject, reason, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	insertOpen  = stmt(`INSERT INTO audit_unsealed (audit_id) VALUES ($1)`)
	selectOpen  = stmt(`SELECT ` + auditColumns + ` FROM audit_unsealed u JOIN audit a ON a.id = u.audit_id ORDER BY u.audit_id LIMIT $1`)
	deleteOpen  = stmt(`DELETE FROM audit_unsealed WHERE audit_id = $1`)
	countOpen   = stmt(`SELECT COUNT(*) FROM audit_unsealed`)

	insertLink  = stmt(`INSERT INTO audit_chain (seq, audit_id, hash) VALUES ($1, $2, $3)`)
	selectHead  = stmt(`SELECT seq, audit_id, hash FROM audit_chain ORDER BY seq DESC LIMIT 1`)
	selectLink  = stmt(`SELECT seq, audit_id, hash FROM audit_chain WHERE seq = $1`)
	selectLinks = stmt(`SELECT c.seq, c.audit_id, c.hash, COALESCE(a.id, ''), COALESCE(a.at, 0), COALESCE(a.actor, ''), COALESCE(a.action, ''),
			COALESCE(a.contract_id, ''), COALESCE(a.subject, ''), COALESCE(a.reason, ''), COALESCE(a.detail, '')
		FROM audit_chain c LEFT JOIN audit a ON a.id = c.audit_id WHERE c.seq > $1 ORDER BY c.seq LIMIT $2`)
	selectStray = stmt(`SELECT id, CASE WHEN known = 1 THEN 'lost' ELSE 'stray' END FROM (
			SELECT id, 0 AS known FROM audit WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.audit_id = audit.id)
				AND NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.audit_id = audit.id)
			UNION ALL SELECT audit_id, 1 FROM audit_unsealed WHERE NOT EXISTS (SELECT 1 FROM audit WHERE id = audit_id)
		) x ORDER BY id LIMIT 1`)

	selectAuditOf = stmt(`SELECT ` + auditColumns + ` FROM (
			SELECT * FROM audit WHERE subject = $1 AND id < $2
			UNION SELECT audit.* FROM contract_party p JOIN audit ON audit.contract_id = p.contract_id WHERE p.customer_id = $1 AND audit.id < $2
		) a ORDER BY a.id DESC LIMIT $3`)
	selectAuditBy = stmt(`SELECT ` + auditColumns + ` FROM audit a WHERE a.actor = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3`)
)

// Audit adds a line to the audit trail: who did what, when. What a customer does
// is about that customer. The detail holds no personal data.
func (tx *Tx) Audit(at money.Instant, actor, action, contract, detail string) {
	subject, _ := strings.CutPrefix(actor, "customer:")
	if subject == actor {
		subject = ""
	}
	tx.AuditRow(AuditRow{At: at, Actor: actor, Action: action, Contract: contract, Subject: subject, Detail: detail})
}

// AuditRow adds a line with its subject and reason. Its id is made here.
func (tx *Tx) AuditRow(r AuditRow) {
	r.ID = NewID()
	tx.later(insertAudit, r.ID, r.At, r.Actor, r.Action, r.Contract, r.Subject, r.Reason, r.Detail)
	tx.later(insertOpen, r.ID)
}

// linkHash is the hash of a row behind the hash before it: SHA-256 of both as a
// JSON array of text, in which no field can run into the next.
func linkHash(before string, seq int64, r *AuditRow) (string, error) {
	b, err := json.Marshal([]string{before, fmt.Sprint(seq), r.ID, fmt.Sprint(int64(r.At)), r.Actor, r.Action, r.Contract, r.Subject, r.Reason, r.Detail})
	if err != nil {
		return "", fmt.Errorf("hash audit row %s: %w", r.ID, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// sealing is how a row is hashed; a test puts a broken one in its place.
type sealing func(before string, seq int64, r *AuditRow) (string, error)

// SealAudit puts audit rows that are not in the chain yet at its end, oldest
// first, at most limit, and says how many. Another process that seals at the same
// moment makes it a *ConflictError: try again.
func (tx *Tx) SealAudit(limit int) (int, error) { return tx.seal(limit, linkHash) }

func (tx *Tx) seal(limit int, hash sealing) (int, error) {
	head, err := tx.AuditHead()
	if err != nil {
		return 0, err
	}
	rows, err := tx.auditRows(selectOpen, limit)
	if err != nil {
		return 0, err
	}
	for i := range rows {
		head.Seq++
		if head.Hash, err = hash(head.Hash, head.Seq, &rows[i]); err != nil {
			return 0, err
		}
		tx.later(insertLink, head.Seq, rows[i].ID, head.Hash)
		tx.later(deleteOpen, rows[i].ID)
	}
	return len(rows), nil
}

// AuditHead reads the end of the chain; the zero Link of one that has not begun.
func (tx *Tx) AuditHead() (Link, error) {
	l, err := tx.link(selectHead)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return l, err
}

// AuditLink reads one link of the chain.
func (tx *Tx) AuditLink(seq int64) (Link, error) { return tx.link(selectLink, seq) }

func (tx *Tx) link(s *statement, args ...any) (l Link, err error) {
	err = tx.one(s, []any{&l.Seq, &l.AuditID, &l.Hash}, args...)
	return l, err
}

// CountUnsealed counts audit rows that are not in the chain yet.
func (tx *Tx) CountUnsealed() (n int, err error) {
	err = tx.one(countOpen, []any{&n})
	return n, err
}

// AuditBreak says where the audit trail is not what was sealed.
type AuditBreak struct {
	Seq     int64  // in the chain; 0 for a row that is not in it
	AuditID string // "" when not even that is known
	What    string // changed, missing or inserted
}

// WalkAudit checks links after one, at most limit, and gives the last that is
// sound. A break ends the walk; last.Seq is from.Seq when there are no more.
func (tx *Tx) WalkAudit(from Link, limit int) (last Link, broken *AuditBreak, err error) {
	last = from
	err = tx.query(selectLinks, func(r row) error {
		var l Link
		var a AuditRow
		if err := r.Scan(&l.Seq, &l.AuditID, &l.Hash, &a.ID, &a.At, &a.Actor, &a.Action, &a.Contract, &a.Subject, &a.Reason, &a.Detail); err != nil || broken != nil {
			return err
		}
		want, err := linkHash(last.Hash, l.Seq, &a)
		switch {
		case err != nil:
			return err
		case l.Seq != last.Seq+1:
			broken = &AuditBreak{last.Seq + 1, "", "missing"}
		case a.ID == "":
			broken = &AuditBreak{l.Seq, l.AuditID, "missing"}
		case want != l.Hash:
			broken = &AuditBreak{l.Seq, l.AuditID, "changed"}
		default:
			last = l
		}
		return nil
	}, from.Seq, limit)
	return last, broken, err
}

// StrayAudit finds the first audit row that nothing here wrote, in neither the
// chain nor the queue for it, or one that is gone before it was sealed.
func (tx *Tx) StrayAudit() (*AuditBreak, error) {
	var id, what string
	err := tx.one(selectStray, []any{&id, &what})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if what == "lost" {
		return &AuditBreak{AuditID: id, What: "missing"}, err
	}
	return &AuditBreak{AuditID: id, What: "inserted"}, err
}

// AuditOf reads who did or saw what about a customer, newest first: rows about
// the customer and about the contracts that the customer owes. before is the id
// of the last row of the page before; empty for the first page.
func (tx *Tx) AuditOf(subject, before string, limit int) ([]AuditRow, error) {
	return tx.auditRows(selectAuditOf, subject, pageBefore(before), limit)
}

// AuditBy reads what an actor, as "kind:id", did and saw, newest first; paged as
// AuditOf is.
func (tx *Tx) AuditBy(actor, before string, limit int) ([]AuditRow, error) {
	return tx.auditRows(selectAuditBy, actor, pageBefore(before), limit)
}

func pageBefore(id string) string {
	if id == "" {
		return "z" // behind every id, in any collation
	}
	return id
}

func (tx *Tx) auditRows(s *statement, args ...any) (out []AuditRow, err error) {
	err = tx.query(s, func(r row) error {
		var a AuditRow
		err := r.Scan(&a.ID, &a.At, &a.Actor, &a.Action, &a.Contract, &a.Subject, &a.Reason, &a.Detail)
		out = append(out, a)
		return err
	}, args...)
	return out, err
}
