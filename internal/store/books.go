package store

import (
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// AccountTotal is what a ledger account held before some day, and what was
// debited and credited from then on.
type AccountTotal struct {
	Account                ledger.Account
	Opening, Debit, Credit money.Cents
}

// JournalEntry is an entry as the journal tells it, with its contract and the
// event behind it, if there is one.
type JournalEntry struct {
	ledger.Entry
	ContractID    string
	AccountNumber string
	ContractKind  contract.Kind
	EventKind     contract.EventKind
}

var (
	trialByEffective = stmt(`SELECT p.account,
			CAST(SUM(CASE WHEN e.effective < $1 THEN p.amount ELSE 0 END) AS BIGINT),
			CAST(SUM(CASE WHEN e.effective >= $1 AND p.amount > 0 THEN p.amount ELSE 0 END) AS BIGINT),
			CAST(SUM(CASE WHEN e.effective >= $1 AND p.amount < 0 THEN -p.amount ELSE 0 END) AS BIGINT)
		FROM entry e JOIN posting p ON p.contract_id = e.contract_id AND p.entry_id = e.id
		WHERE e.effective <= $2 GROUP BY p.account`)
	trialByPosted = stmt(`SELECT p.account,
			CAST(SUM(CASE WHEN e.posted_at < $1 THEN p.amount ELSE 0 END) AS BIGINT),
			CAST(SUM(CASE WHEN e.posted_at >= $1 AND p.amount > 0 THEN p.amount ELSE 0 END) AS BIGINT),
			CAST(SUM(CASE WHEN e.posted_at >= $1 AND p.amount < 0 THEN -p.amount ELSE 0 END) AS BIGINT)
		FROM entry e JOIN posting p ON p.contract_id = e.contract_id AND p.entry_id = e.id
		WHERE e.posted_at < $2 GROUP BY p.account`)

	selectJournal = stmt(`SELECT e.contract_id, c.account_number, c.kind, e.id, e.kind, e.event_seq, COALESCE(v.kind, ''), e.corrects,
			e.effective, e.posted_at, p.account, p.amount
		FROM entry e JOIN posting p ON p.contract_id = e.contract_id AND p.entry_id = e.id
			JOIN contract c ON c.id = e.contract_id
			LEFT JOIN event v ON v.contract_id = e.contract_id AND v.seq = e.event_seq
		WHERE e.effective >= $1 AND e.effective <= $2
		ORDER BY e.effective, e.contract_id, e.id, p.amount DESC, p.account`)

	selectEventsBetween = stmt(`SELECT contract_id, seq, kind, effective, amount, instalment, reverses, detail FROM event
		WHERE contract_id >= $1 AND contract_id <= $2 ORDER BY contract_id, seq`)
)

// TrialByEffective sums all postings that count by a day, account by account,
// apart by whether they count before from; a zero from leaves no opening.
func (tx *Tx) TrialByEffective(from, through money.Date) ([]AccountTotal, error) {
	return tx.trial(trialByEffective, from, through)
}

// TrialByPosted sums all postings that were written before an instant, apart by
// whether they were written before from.
func (tx *Tx) TrialByPosted(from, before money.Instant) ([]AccountTotal, error) {
	return tx.trial(trialByPosted, from, before)
}

func (tx *Tx) trial(s *statement, args ...any) (out []AccountTotal, err error) {
	err = tx.query(s, func(r row) error {
		var t AccountTotal
		if err := r.Scan(&t.Account, &t.Opening, &t.Debit, &t.Credit); err != nil {
			return err
		}
		out = append(out, t)
		return nil
	}, args...)
	return out, err
}

// EachEntry calls fn with every entry that counts within some days, in order of
// effective date, of contract and of number, debits first. One entry is in
// memory at a time; fn must not keep its postings and must not use tx.
func (tx *Tx) EachEntry(from, through money.Date, fn func(*JournalEntry) error) error {
	var e, next JournalEntry
	err := tx.query(selectJournal, func(r row) error {
		next = JournalEntry{Entry: ledger.Entry{Postings: next.Postings[:0]}}
		var p ledger.Posting
		if err := r.Scan(&next.ContractID, &next.AccountNumber, &next.ContractKind, &next.ID, &next.Kind, &next.Event, &next.EventKind,
			&next.Corrects, &next.Effective, &next.Posted, &p.Account, &p.Amount); err != nil {
			return err
		}
		if next.ContractID != e.ContractID || next.ID != e.ID {
			if e.ID > 0 {
				if err := fn(&e); err != nil {
					return err
				}
			}
			e, next = next, e
		}
		e.Postings = append(e.Postings, p)
		return nil
	}, from, through)
	if err == nil && e.ID > 0 {
		err = fn(&e)
	}
	return err
}

// EventsBetween reads the histories of all contracts from one id to another, each
// in the order it was posted.
func (tx *Tx) EventsBetween(first, last string) (map[string][]contract.Event, error) {
	out := map[string][]contract.Event{}
	err := tx.query(selectEventsBetween, func(r row) error {
		var id string
		var e contract.Event
		var detail []byte
		if err := r.Scan(&id, &e.Seq, &e.Kind, &e.Date, &e.Amount, &e.Instalment, &e.Reverses, &detail); err != nil {
			return err
		}
		if err := readDetail(&e, id, detail); err != nil {
			return err
		}
		out[id] = append(out[id], e)
		return nil
	}, first, last)
	return out, err
}
