package store

import (
	"marque/internal/billing"
	"marque/internal/money"
)

// Expected is an amount that the bank's statement should show. MatchID is empty
// while nothing answers to it.
type Expected struct {
	billing.ExpectedSettlement
	MatchID string
	Made    money.Instant
}

// BankStatement is a day of an account as a file states it.
type BankStatement struct {
	Hash, Account    string // the account's last four digits
	AsOf             money.Date
	Name             string
	Opening, Closing *money.Cents // nil where the bank does not say
	Lines            int
	Read             money.Instant
}

// BankLine is a movement on the bank's statement; Words is encrypted at rest.
type BankLine struct {
	ID, Hash, Account                string
	Day                              money.Date
	Rail                             billing.Rail // that its type tells; empty for none
	Amount                           money.Cents
	Code                             string
	BankReference, CustomerReference string
	Words                            string
	MatchID                          string
}

// SettlementMatch says which lines are which expected amounts, and where what is
// left over goes.
type SettlementMatch struct {
	ID                             string
	Rule                           billing.MatchRule
	Day                            money.Date
	Rail                           billing.Rail
	Expected, Received, Difference money.Cents
	Account                        string
	By                             string
	At                             money.Instant
	Note                           string
}

// SettlementTotal sums a day and rail: what was expected and received, what of
// the difference somebody has accounted for, and how many pieces nobody has.
type SettlementTotal struct {
	Day                         money.Date
	Rail                        billing.Rail
	Expected, Received, Cleared money.Cents
	Open                        int
}

const (
	expectedColumns = `id, day, rail, kind, together, reference, amount, match_id, made_at`
	bankLineColumns = `id, hash, account, day, rail, amount, code, bank_reference, customer_reference, words, match_id`
	matchColumns    = `id, rule, day, rail, expected, received, difference, account, made_by, made_at, note`

	// movable are matches that were found by a rule and are young enough to be found
	// anew.
	movable = `(SELECT id FROM settlement_match WHERE rule <> 'person' AND day >= $1)`
)

var (
	bankLineWords = encryptedColumn("bank_line", "words", "id")

	insertExpected = stmt(`INSERT INTO expected_settlement (` + expectedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8) ON CONFLICT (id) DO NOTHING`)
	selectExpected = stmt(`SELECT ` + expectedColumns + ` FROM expected_settlement WHERE id = $1`)
	expectedToFind = stmt(`SELECT ` + expectedColumns + ` FROM expected_settlement WHERE match_id = '' OR match_id IN ` + movable + ` ORDER BY id`)
	expectedOpen   = stmt(`SELECT ` + expectedColumns + ` FROM expected_settlement WHERE match_id = '' AND day >= $1 AND day <= $2 ORDER BY day, id LIMIT $3`)
	expectedOf     = stmt(`SELECT ` + expectedColumns + ` FROM expected_settlement WHERE day = $1 ORDER BY rail, id`)
	expectedIn     = stmt(`SELECT ` + expectedColumns + ` FROM expected_settlement WHERE match_id = $1 ORDER BY id`)
	matchExpected  = stmt(`UPDATE expected_settlement SET match_id = $2 WHERE id = $1 AND match_id = ''`)
	freeExpected   = stmt(`UPDATE expected_settlement SET match_id = '' WHERE match_id = $1`)

	insertBankStatement  = stmt(`INSERT INTO bank_statement (hash, account, as_of, name, opening, closing, lines, read_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	knownStatement       = stmt(`SELECT COUNT(*) FROM bank_statement WHERE hash = $1`)
	firstStatement       = stmt(`SELECT COALESCE(MIN(as_of), '') FROM bank_statement`)
	selectBankStatements = stmt(`SELECT hash, account, as_of, name, opening, closing, lines, read_at FROM bank_statement WHERE as_of >= $1 AND as_of <= $2 ORDER BY as_of, account, hash`)

	insertBankLine = stmt(`INSERT INTO bank_line (` + bankLineColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '') ON CONFLICT (id) DO NOTHING`)
	selectBankLine = stmt(`SELECT ` + bankLineColumns + ` FROM bank_line WHERE id = $1`)
	linesToFind    = stmt(`SELECT ` + bankLineColumns + ` FROM bank_line WHERE match_id = '' OR match_id IN ` + movable + ` ORDER BY id`)
	linesOpen      = stmt(`SELECT ` + bankLineColumns + ` FROM bank_line WHERE match_id = '' AND day >= $1 AND day <= $2 ORDER BY day, id LIMIT $3`)
	linesOf        = stmt(`SELECT ` + bankLineColumns + ` FROM bank_line WHERE day = $1 ORDER BY rail, id`)
	linesIn        = stmt(`SELECT ` + bankLineColumns + ` FROM bank_line WHERE match_id = $1 ORDER BY id`)
	matchBankLine  = stmt(`UPDATE bank_line SET match_id = $2 WHERE id = $1 AND match_id = ''`)
	freeBankLine   = stmt(`UPDATE bank_line SET match_id = '' WHERE match_id = $1`)

	insertMatch = stmt(`INSERT INTO settlement_match (` + matchColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	selectMatch = stmt(`SELECT ` + matchColumns + ` FROM settlement_match WHERE id = $1`)
	foundBefore = stmt(`SELECT ` + matchColumns + ` FROM settlement_match WHERE rule <> 'person' AND day >= $1 ORDER BY id`)
	deleteMatch = stmt(`DELETE FROM settlement_match WHERE id = $1 AND rule <> 'person'`)

	settlementTotals = stmt(`SELECT day, rail, CAST(SUM(expected) AS BIGINT), CAST(SUM(received) AS BIGINT), CAST(SUM(cleared) AS BIGINT), CAST(SUM(items) AS BIGINT) FROM (
			SELECT day, rail, expected, received, difference AS cleared, 0 AS items FROM settlement_match WHERE day >= $1 AND day <= $2
			UNION ALL SELECT day, rail, amount, 0, 0, 1 FROM expected_settlement WHERE match_id = '' AND day >= $1 AND day <= $2
			UNION ALL SELECT day, rail, 0, amount, 0, 1 FROM bank_line WHERE match_id = '' AND day >= $1 AND day <= $2) AS all_rows
		GROUP BY day, rail ORDER BY day, rail`)

	selectExceptionOf = stmt(`SELECT ` + exceptionColumns + ` FROM exception WHERE once = $1`)
	clearExceptionOf  = stmt(`UPDATE exception SET cleared_by = $2, cleared_at = $3, note = $4 WHERE once = $1 AND cleared_at = 0`)
	reopenException   = stmt(`UPDATE exception SET cleared_by = '', cleared_at = 0, note = '', opened_on = $2 WHERE once = $1`)
)

// Expect keeps an amount that the bank's statement should show, once.
func (tx *Tx) Expect(e *Expected) {
	tx.later(insertExpected, e.ID, e.Day, e.Rail, e.Kind, e.Group, e.Reference, e.Amount, e.Made)
}

// Expected reads one expected amount.
func (tx *Tx) Expected(id string) (*Expected, error) {
	return first(tx.expected(selectExpected, id))
}

// ExpectedToMatch reads the expected amounts that nothing answers to, and those of
// matches from a day on that were not made by a person.
func (tx *Tx) ExpectedToMatch(from money.Date) ([]*Expected, error) {
	return tx.expected(expectedToFind, from)
}

// OpenExpected reads the expected amounts of some days that nothing answers to,
// oldest first.
func (tx *Tx) OpenExpected(from, through money.Date, limit int) ([]*Expected, error) {
	return tx.expected(expectedOpen, from, through, limit)
}

// ExpectedOn reads what was expected on a day.
func (tx *Tx) ExpectedOn(day money.Date) ([]*Expected, error) { return tx.expected(expectedOf, day) }

// ExpectedIn reads the expected amounts of a match.
func (tx *Tx) ExpectedIn(match string) ([]*Expected, error) { return tx.expected(expectedIn, match) }

func (tx *Tx) expected(s *statement, args ...any) (out []*Expected, err error) {
	err = tx.query(s, func(r row) error {
		e := &Expected{}
		out = append(out, e)
		return r.Scan(&e.ID, &e.Day, &e.Rail, &e.Kind, &e.Group, &e.Reference, &e.Amount, &e.MatchID, &e.Made)
	}, args...)
	return out, err
}

func first[T any](all []*T, err error) (*T, error) {
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// StatementRead says whether a file was read before.
func (tx *Tx) StatementRead(hash string) (bool, error) {
	n := 0
	err := tx.one(knownStatement, []any{&n}, hash)
	return n > 0, err
}

// InsertBankStatement keeps a day of an account.
func (tx *Tx) InsertBankStatement(b *BankStatement) {
	balance := func(c *money.Cents) any {
		if c == nil {
			return nil
		}
		return *c
	}
	tx.later(insertBankStatement, b.Hash, b.Account, b.AsOf, b.Name, balance(b.Opening), balance(b.Closing), b.Lines, b.Read)
}

// FirstStatementDay is the first day that any statement is of; zero when none was
// read.
func (tx *Tx) FirstStatementDay() (d money.Date, err error) {
	err = tx.one(firstStatement, []any{&d})
	return d, err
}

// BankStatements reads the statements of some days, oldest first.
func (tx *Tx) BankStatements(from, through money.Date) (out []*BankStatement, err error) {
	err = tx.query(selectBankStatements, func(r row) error {
		b := &BankStatement{}
		out = append(out, b)
		return r.Scan(&b.Hash, &b.Account, &b.AsOf, &b.Name, &b.Opening, &b.Closing, &b.Lines, &b.Read)
	}, from, through)
	return out, err
}

// InsertBankLine keeps a line; false when it was there.
func (tx *Tx) InsertBankLine(l *BankLine) (bool, error) {
	sealed, err := bankLineWords.seal(tx.db.keys, l.Words, l.ID)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(insertBankLine, l.ID, l.Hash, l.Account, l.Day, l.Rail, l.Amount, l.Code, l.BankReference, l.CustomerReference, sealed)
	return n == 1, err
}

// BankLine reads one line.
func (tx *Tx) BankLine(id string) (*BankLine, error) { return first(tx.bankLines(selectBankLine, id)) }

// LinesToMatch reads the lines that answer to nothing, and those of matches from a
// day on that were not made by a person.
func (tx *Tx) LinesToMatch(from money.Date) ([]*BankLine, error) {
	return tx.bankLines(linesToFind, from)
}

// OpenBankLines reads the lines of some days that answer to nothing, oldest first.
func (tx *Tx) OpenBankLines(from, through money.Date, limit int) ([]*BankLine, error) {
	return tx.bankLines(linesOpen, from, through, limit)
}

// BankLinesOn reads a day's lines.
func (tx *Tx) BankLinesOn(day money.Date) ([]*BankLine, error) { return tx.bankLines(linesOf, day) }

// BankLinesIn reads the lines of a match.
func (tx *Tx) BankLinesIn(match string) ([]*BankLine, error) { return tx.bankLines(linesIn, match) }

func (tx *Tx) bankLines(s *statement, args ...any) (out []*BankLine, err error) {
	err = tx.query(s, func(r row) error {
		l := &BankLine{}
		if err := r.Scan(&l.ID, &l.Hash, &l.Account, &l.Day, &l.Rail, &l.Amount, &l.Code, &l.BankReference, &l.CustomerReference, &l.Words, &l.MatchID); err != nil {
			return err
		}
		var err error
		l.Words, err = bankLineWords.unseal(tx.db.keys, l.Words, l.ID)
		out = append(out, l)
		return err
	}, args...)
	return out, err
}

// KeepMatch writes a match onto its lines and expected amounts. One of them that
// has another match is an error.
func (tx *Tx) KeepMatch(m *SettlementMatch, expected, lines []string) error {
	for _, of := range []struct {
		ids   []string
		write *statement
	}{{expected, matchExpected}, {lines, matchBankLine}} {
		for _, id := range of.ids {
			if n, err := tx.exec(of.write, id, m.ID); err != nil {
				return err
			} else if n != 1 {
				return &ConflictError{Constraint: "settlement_match"}
			}
		}
	}
	tx.later(insertMatch, m.ID, m.Rule, m.Day, m.Rail, m.Expected, m.Received, m.Difference, m.Account, m.By, m.At, m.Note)
	return nil
}

// DropMatch takes a match away that no person made.
func (tx *Tx) DropMatch(id string) {
	tx.later(freeExpected, id)
	tx.later(freeBankLine, id)
	tx.later(deleteMatch, id)
}

// FoundMatches reads the matches from a day on that no person made.
func (tx *Tx) FoundMatches(from money.Date) ([]*SettlementMatch, error) {
	return tx.matches(foundBefore, from)
}

// SettlementMatch reads one match.
func (tx *Tx) SettlementMatch(id string) (*SettlementMatch, error) {
	return first(tx.matches(selectMatch, id))
}

func (tx *Tx) matches(s *statement, args ...any) (out []*SettlementMatch, err error) {
	err = tx.query(s, func(r row) error {
		m := &SettlementMatch{}
		out = append(out, m)
		return r.Scan(&m.ID, &m.Rule, &m.Day, &m.Rail, &m.Expected, &m.Received, &m.Difference, &m.Account, &m.By, &m.At, &m.Note)
	}, args...)
	return out, err
}

// SettlementTotals sums some days by day and rail.
func (tx *Tx) SettlementTotals(from, through money.Date) (out []SettlementTotal, err error) {
	err = tx.query(settlementTotals, func(r row) error {
		var t SettlementTotal
		err := r.Scan(&t.Day, &t.Rail, &t.Expected, &t.Received, &t.Cleared, &t.Open)
		out = append(out, t)
		return err
	}, from, through)
	return out, err
}

// ExceptionOf reads the exception item about a thing.
func (tx *Tx) ExceptionOf(once string) (*Exception, error) {
	return first(tx.exceptions(selectExceptionOf, once))
}

// ClearExceptionOf clears the exception item about a thing, if one is open.
func (tx *Tx) ClearExceptionOf(once, by string, at money.Instant, note string) {
	tx.later(clearExceptionOf, once, by, at, note)
}

// ReopenException opens an item again that was cleared.
func (tx *Tx) ReopenException(once string, on money.Date) { tx.later(reopenException, once, on) }
