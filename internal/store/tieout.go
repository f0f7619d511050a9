package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

// InTransit is a payment by bank for which the bank and the books do not hold the
// same on a day: Amount is what the bank has of it and cash in the books has not.
type InTransit struct {
	ContractID, PaymentID string
	AccountNumber         string
	Confirmation          string
	State                 billing.PaymentState
	Amount                money.Cents
}

// TransitTotal sums them by the payment's state.
type TransitTotal struct {
	State    billing.PaymentState
	Payments int
	Amount   money.Cents
}

// BankSums are what the statement and what was expected come to within some days.
type BankSums struct {
	Lines        money.Cents // all
	OpenLines    money.Cents // of them, those that answer to nothing
	OpenExpected money.Cents // what nothing answers to
	Timing       money.Cents // matched amounts of other days, less matched lines of other days
	Tests        money.Cents // expected: entries that prove bank accounts
	Unknown      money.Cents // expected: returns that answer to no entry
	Payouts      money.Cents // expected: the card processor's
}

// DifferenceTotal is what people have accounted for on a ledger account.
type DifferenceTotal struct {
	Account string
	Matches int
	Amount  money.Cents
}

const (
	// transitRows are, for each payment by bank, what the bank took and gave within
	// some days by the entries that were made for it, less what cash in the books did.
	transitRows = `SELECT contract_id, payment_id, CAST(SUM(amount) AS BIGINT) AS amount FROM (
			SELECT contract_id, payment_id, CASE kind WHEN 'reversal' THEN -amount ELSE amount END AS amount
			FROM ach_entry WHERE payment_id <> '' AND effective >= $1 AND effective <= $2
			UNION ALL SELECT contract_id, payment_id, CASE kind WHEN 'reversal' THEN amount ELSE -amount END
			FROM ach_entry WHERE payment_id <> '' AND returned_on >= $1 AND returned_on <= $2
			UNION ALL SELECT p.contract_id, p.id, -x.amount
			FROM entry e JOIN posting x ON x.contract_id = e.contract_id AND x.entry_id = e.id
				JOIN payment p ON p.contract_id = e.contract_id AND p.event_seq = e.event_seq
			WHERE x.account = 'cash' AND e.event_seq > 0 AND p.rail = 'ach' AND e.effective >= $1 AND e.effective <= $2) AS moved
		GROUP BY contract_id, payment_id HAVING SUM(amount) <> 0`
	// answered are matches with a line or an amount within the days.
	answered = `match_id IN (SELECT match_id FROM bank_line WHERE match_id <> '' AND day >= $1 AND day <= $2
		UNION SELECT match_id FROM expected_settlement WHERE match_id <> '' AND day >= $1 AND day <= $2)`
)

var (
	transitTotals = stmt(`SELECT p.state, COUNT(*), CAST(SUM(t.amount) AS BIGINT) FROM (` + transitRows + `) AS t
		JOIN payment p ON p.contract_id = t.contract_id AND p.id = t.payment_id GROUP BY p.state ORDER BY p.state`)
	transitList = stmt(`SELECT t.contract_id, t.payment_id, c.account_number, p.confirmation, p.state, t.amount FROM (` + transitRows + `) AS t
		JOIN payment p ON p.contract_id = t.contract_id AND p.id = t.payment_id JOIN contract c ON c.id = t.contract_id
		ORDER BY p.state, t.contract_id, t.payment_id LIMIT $3`)
	cashByRail = stmt(`SELECT COALESCE(p.rail, ''), CAST(SUM(x.amount) AS BIGINT)
		FROM entry e JOIN posting x ON x.contract_id = e.contract_id AND x.entry_id = e.id
			LEFT JOIN payment p ON p.contract_id = e.contract_id AND p.event_seq = e.event_seq AND e.event_seq > 0
		WHERE x.account = 'cash' AND e.effective >= $1 AND e.effective <= $2 GROUP BY 1`)
	bankSums = stmt(`SELECT
		COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM bank_line WHERE day >= $1 AND day <= $2), 0),
		COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM bank_line WHERE match_id = '' AND day >= $1 AND day <= $2), 0),
		COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM expected_settlement WHERE match_id = '' AND day >= $1 AND day <= $2), 0),
		COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM expected_settlement WHERE (day < $1 OR day > $2) AND ` + answered + `), 0)
		- COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM bank_line WHERE (day < $1 OR day > $2) AND ` + answered + `), 0),
		COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM expected_settlement WHERE kind = 'tests' AND day >= $1 AND day <= $2), 0),
		COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM expected_settlement WHERE kind = 'unknown' AND day >= $1 AND day <= $2), 0),
		COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM expected_settlement WHERE kind = 'payout' AND day >= $1 AND day <= $2), 0)`)
	differenceTotals = stmt(`SELECT account, COUNT(*), CAST(SUM(difference) AS BIGINT) FROM settlement_match
		WHERE difference <> 0 AND id IN (SELECT match_id FROM bank_line WHERE match_id <> '' AND day >= $1 AND day <= $2
			UNION SELECT match_id FROM expected_settlement WHERE match_id <> '' AND day >= $1 AND day <= $2) GROUP BY account ORDER BY account`)
)

// TransitTotals sums, by state, the payments by bank of which the bank and cash in
// the books do not hold the same within some days.
func (tx *Tx) TransitTotals(from, through money.Date) (out []TransitTotal, err error) {
	err = tx.query(transitTotals, func(r row) error {
		var t TransitTotal
		err := r.Scan(&t.State, &t.Payments, &t.Amount)
		out = append(out, t)
		return err
	}, from, through)
	return out, err
}

// InTransit lists those payments.
func (tx *Tx) InTransit(from, through money.Date, limit int) (out []InTransit, err error) {
	err = tx.query(transitList, func(r row) error {
		var t InTransit
		err := r.Scan(&t.ContractID, &t.PaymentID, &t.AccountNumber, &t.Confirmation, &t.State, &t.Amount)
		out = append(out, t)
		return err
	}, from, through, limit)
	return out, err
}

// CashByRail is what cash in the books did within some days, by the rail of the
// payment behind it; empty for money that came without one.
func (tx *Tx) CashByRail(from, through money.Date) (map[billing.Rail]money.Cents, error) {
	out := map[billing.Rail]money.Cents{}
	err := tx.query(cashByRail, func(r row) error {
		var rail billing.Rail
		var amount money.Cents
		err := r.Scan(&rail, &amount)
		out[rail] = amount
		return err
	}, from, through)
	return out, err
}

// BankSums sums lines and expected amounts within some days.
func (tx *Tx) BankSums(from, through money.Date) (b BankSums, err error) {
	err = tx.one(bankSums, []any{&b.Lines, &b.OpenLines, &b.OpenExpected, &b.Timing, &b.Tests, &b.Unknown, &b.Payouts}, from, through)
	return b, err
}

// DifferenceTotals sums the differences that people have accounted for, by account.
func (tx *Tx) DifferenceTotals(from, through money.Date) (out []DifferenceTotal, err error) {
	err = tx.query(differenceTotals, func(r row) error {
		var t DifferenceTotal
		err := r.Scan(&t.Account, &t.Matches, &t.Amount)
		out = append(out, t)
		return err
	}, from, through)
	return out, err
}
