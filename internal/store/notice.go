package store

import (
	"cmp"
	"errors"

	"marque/internal/money"
)

// Notice is a message by one way; Content is encrypted at rest. Rows that say the
// same thing by several ways have one SaidID, the ID of the first, which stands in
// the inbox; it is empty for what has no place there, such as a code.
type Notice struct {
	ID, Once, SaidID, CustomerID, Kind string
	Channel                            string // empty until it is chosen
	Content                            string
	State, Error                       string
	Attempts, Resent                   int
	TryAt, ExpiresAt, Created          money.Instant
	Sent, Read                         money.Instant
}

// NoticeTry is what became of a message at one address.
type NoticeTry struct {
	NoticeID, Channel, Masked, AddressHash string
	Copy                                   int
	At                                     money.Instant
	Outcome, Reason                        string
}

const noticeColumns = `id, once, said_id, customer_id, kind, channel, content, state, error, attempts, resent, try_at, expires_at, created_at, sent_at, read_at`

var (
	noticeContent = encryptedColumn("notice", "content", "id")

	insertNotice = stmt(`INSERT INTO notice (` + noticeColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, 0, $9, $10, $11, $12, 0) ON CONFLICT (once) DO NOTHING`)
	selectNotice  = stmt(`SELECT ` + noticeColumns + ` FROM notice WHERE id = $1`)
	selectNotices = stmt(`SELECT ` + noticeColumns + `
		FROM notice WHERE state = 'queued' AND channel <> '' AND try_at <= $1 AND (try_at > $2 OR try_at = $2 AND id > $3) ORDER BY try_at, id LIMIT $4`)
	selectUnrouted = stmt(`SELECT ` + noticeColumns + ` FROM notice WHERE state = 'queued' AND channel = '' AND try_at <= $1 ORDER BY try_at, id LIMIT $2`)
	selectSaid     = stmt(`SELECT ` + noticeColumns + ` FROM notice WHERE said_id = $1 ORDER BY created_at, id`)
	claimNotice    = stmt(`UPDATE notice SET try_at = $3, attempts = attempts + 1 WHERE id = $1 AND state = 'queued' AND try_at = $2`)
	finishNotice   = stmt(`UPDATE notice SET state = $2, error = $3, sent_at = $4, content = CASE WHEN $5 THEN $6 ELSE content END WHERE id = $1 AND state = 'queued'`)
	delayNotice    = stmt(`UPDATE notice SET try_at = $2, error = $3 WHERE id = $1`)
	routeNotice    = stmt(`UPDATE notice SET channel = $2, state = $3, try_at = $4, sent_at = $5, error = $6 WHERE id = $1 AND state = 'queued' AND channel = ''`)
	moveNotice     = stmt(`UPDATE notice SET channel = $2, state = 'queued', attempts = 0, try_at = $3, sent_at = 0, error = $4 WHERE id = $1 AND state = $5`)
	failNotice     = stmt(`UPDATE notice SET state = 'failed', error = $2 WHERE id = $1`)
	againNotice    = stmt(`UPDATE notice SET state = 'queued', channel = $4, attempts = 0, try_at = $5, expires_at = 0, error = '', resent = resent + 1
		WHERE id = $1 AND customer_id = $2 AND resent = $3 AND state <> 'queued'`)
	readNotice = stmt(`UPDATE notice SET read_at = $3 WHERE id = $1 AND customer_id = $2 AND read_at = 0`)

	selectInbox = stmt(`SELECT ` + noticeColumns + ` FROM notice WHERE customer_id = $1 AND said_id = id AND content <> ''
		AND (created_at < $2 OR created_at = $2 AND id < $3) ORDER BY created_at DESC, id DESC LIMIT $4`)
	selectInboxOf = stmt(`SELECT ` + noticeColumns + ` FROM notice WHERE customer_id = $1 AND said_id = id AND content <> '' AND kind = $2 ORDER BY created_at DESC, id DESC LIMIT $3`)
	countUnread   = stmt(`SELECT COUNT(*) FROM notice WHERE customer_id = $1 AND said_id = id AND read_at = 0 AND content <> ''`)

	insertTry = stmt(`INSERT INTO notice_try (notice_id, n, channel, masked, address_hash, copy, at, outcome, reason)
		SELECT $1, COALESCE(MAX(n), 0) + 1, $2, $3, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT), $7, $8 FROM notice_try WHERE notice_id = $1`)
	selectTries = stmt(`SELECT notice_id, channel, masked, address_hash, copy, at, outcome, reason FROM notice_try WHERE notice_id = $1 ORDER BY n`)
	bounceTry   = stmt(`UPDATE notice_try SET outcome = 'bounced', reason = $3 WHERE notice_id = $1 AND copy = $2 AND channel = 'email' AND outcome = 'sent'`)
	triesOf     = stmt(`SELECT t.notice_id, t.channel, t.masked, t.address_hash, t.copy, t.at, t.outcome, t.reason FROM notice_try t JOIN notice n ON n.id = t.notice_id
		WHERE n.said_id = $1 ORDER BY t.at, t.n`)
)

func (n *Notice) dest() []any {
	return []any{&n.ID, &n.Once, &n.SaidID, &n.CustomerID, &n.Kind, &n.Channel, &n.Content, &n.State, &n.Error, &n.Attempts, &n.Resent, &n.TryAt, &n.ExpiresAt, &n.Created, &n.Sent, &n.Read}
}

// InsertNotice enqueues a message, or keeps one that is in the inbox only. One
// with the same Once is already there: nothing is added.
func (tx *Tx) InsertNotice(n *Notice) error {
	sealed, err := noticeContent.seal(tx.db.keys, n.Content, n.ID)
	if err != nil {
		return err
	}
	tx.later(insertNotice, n.ID, n.Once, n.SaidID, n.CustomerID, n.Kind, n.Channel, sealed, cmp.Or(n.State, "queued"), n.TryAt, n.ExpiresAt, n.Created, n.Sent)
	return nil
}

// notices reads messages. One whose content cannot be decrypted comes without it:
// it does not stop the others.
func (tx *Tx) notices(s *statement, args ...any) (out []*Notice, err error) {
	err = tx.query(s, func(r row) error {
		n := &Notice{}
		if err := r.Scan(n.dest()...); err != nil {
			return err
		}
		n.open(tx)
		out = append(out, n)
		return nil
	}, args...)
	return out, err
}

func (n *Notice) open(tx *Tx) {
	var err error
	if n.Content, err = noticeContent.unseal(tx.db.keys, n.Content, n.ID); err != nil {
		n.Content = ""
	}
}

// Notice finds a message.
func (tx *Tx) Notice(id string) (*Notice, error) {
	n := &Notice{}
	if err := tx.one(selectNotice, n.dest(), id); err != nil {
		return nil, err
	}
	n.open(tx)
	return n, nil
}

// QueuedNotices reads messages whose way is chosen and whose time has come, in the
// order of their times, from the one after the given one on; nil begins with the
// first.
func (tx *Tx) QueuedNotices(now money.Instant, after *Notice, limit int) ([]*Notice, error) {
	if after == nil {
		after = &Notice{TryAt: -1}
	}
	return tx.notices(selectNotices, now, after.TryAt, after.ID, limit)
}

// UnroutedNotices reads messages whose way is still to be chosen, oldest first.
func (tx *Tx) UnroutedNotices(now money.Instant, limit int) ([]*Notice, error) {
	return tx.notices(selectUnrouted, now, limit)
}

// SaidTogether reads the rows that say one thing by several ways.
func (tx *Tx) SaidTogether(said string) ([]*Notice, error) { return tx.notices(selectSaid, said) }

// RouteNotice chooses the way of a message; one whose way was chosen stays. Sent
// is when one came to the inbox that goes nowhere else.
func (tx *Tx) RouteNotice(id, channel, state string, tryAt, sent money.Instant, why string) {
	tx.later(routeNotice, id, channel, state, tryAt, sent, why)
}

// MoveNotice sends a message by another way than the one that failed, from the
// state that it was found in.
func (tx *Tx) MoveNotice(id, from, channel string, tryAt money.Instant, why string) {
	tx.later(moveNotice, id, channel, tryAt, why, from)
}

// FailNotice ends the way of a message that counted as sent.
func (tx *Tx) FailNotice(id, why string) { tx.later(failNotice, id, why) }

// ClaimNotice takes a message for one attempt; false when another process has it.
func (tx *Tx) ClaimNotice(n *Notice, until money.Instant) (bool, error) {
	rows, err := tx.exec(claimNotice, n.ID, n.TryAt, until)
	return rows == 1, err
}

// FinishNotice ends a message's way: sent, failed or expired. One that has ended
// already stays as it ended. With changed its content is replaced: a secret is not
// kept.
func (tx *Tx) FinishNotice(id, state, reason string, at money.Instant, changed bool, content string) error {
	sealed := ""
	if changed && content != "" {
		var err error
		if sealed, err = noticeContent.seal(tx.db.keys, content, id); err != nil {
			return err
		}
	}
	tx.later(finishNotice, id, state, reason, at, changed, sealed)
	return nil
}

// DelayNotice sets the next attempt.
func (tx *Tx) DelayNotice(id, reason string, next money.Instant) {
	tx.later(delayNotice, id, next, reason)
}

// SendNoticeAgain puts a customer's message in the queue once more; false when it
// is there already, or was sent again since it was looked at.
func (tx *Tx) SendNoticeAgain(id, customer string, resent int, channel string, at money.Instant) (bool, error) {
	rows, err := tx.exec(againNotice, id, customer, resent, channel, at)
	return rows == 1, err
}

// ReadNotice notes that a customer opened a message.
func (tx *Tx) ReadNotice(id, customer string, at money.Instant) {
	tx.later(readNotice, id, customer, at)
}

// Inbox reads a customer's messages before a moment and id, newest first.
func (tx *Tx) Inbox(customer string, before money.Instant, id string, limit int) ([]*Notice, error) {
	return tx.notices(selectInbox, customer, before, id, limit)
}

// InboxOf reads a customer's newest messages of one kind.
func (tx *Tx) InboxOf(customer, kind string, limit int) ([]*Notice, error) {
	return tx.notices(selectInboxOf, customer, kind, limit)
}

// Unread counts a customer's messages that were not opened.
func (tx *Tx) Unread(customer string) (n int, err error) {
	err = tx.one(countUnread, []any{&n}, customer)
	return n, err
}

// InsertTry keeps what became of a message at one address.
func (tx *Tx) InsertTry(t *NoticeTry) {
	tx.later(insertTry, t.NoticeID, t.Channel, t.Masked, t.AddressHash, t.Copy, t.At, t.Outcome, t.Reason)
}

// Tries reads what became of a message, or with said of all rows that say the same.
func (tx *Tx) Tries(id string, said bool) (out []NoticeTry, err error) {
	s := selectTries
	if said {
		s = triesOf
	}
	err = tx.query(s, func(r row) error {
		var t NoticeTry
		err := r.Scan(&t.NoticeID, &t.Channel, &t.Masked, &t.AddressHash, &t.Copy, &t.At, &t.Outcome, &t.Reason)
		out = append(out, t)
		return err
	}, id)
	return out, err
}

// BounceTry notes that an e-mail came back; false when none counts as sent any more.
func (tx *Tx) BounceTry(id string, sent int, reason string) (bool, error) {
	rows, err := tx.exec(bounceTry, id, sent, reason)
	return rows > 0, err
}

// absent makes nothing of ErrNotFound.
func absent(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
