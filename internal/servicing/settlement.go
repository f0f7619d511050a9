package servicing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"marque/internal/ach"
	"marque/internal/bai"
	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// expect keeps an amount that the bank's statement should show, in the transaction
// that makes it so. The same again changes nothing, and nothing is expected of zero.
func (s *Service) expect(tx *store.Tx, e billing.ExpectedSettlement) {
	if e.Amount != 0 {
		tx.Expect(&store.Expected{ExpectedSettlement: e, Made: s.clock()})
	}
}

// ofEntry is which kind of expected settlement an entry is a part of, and which
// way its money goes.
func ofEntry(k billing.EntryKind) (billing.SettlementKind, money.Cents) {
	switch k {
	case billing.EntryReversal:
		return billing.SettledReversals, -1
	case billing.EntryMicroCredit:
		return billing.SettledTests, -1
	case billing.EntryMicroDebit:
		return billing.SettledTests, 1
	}
	return billing.SettledDrafts, 1
}

// expected writes what the bank will post for a file: one amount for each batch and
// effective date, each way.
func (c *fileCut) expected(name string) {
	name = strings.TrimSuffix(name, ".ach")
	sums := map[billing.ExpectedSettlement]money.Cents{}
	for _, e := range c.rows {
		kind, sign := ofEntry(e.Kind)
		way := map[money.Cents]string{1: "in", -1: "out"}[sign]
		of := billing.ExpectedSettlement{Day: e.Effective, Rail: billing.ACH, Kind: kind, Group: name,
			ID: strings.Join([]string{string(kind), name, e.SEC, e.Effective.String(), way}, ":")}
		sums[of] += sign * e.Amount
	}
	for of, amount := range sums {
		of.Amount = amount
		c.s.expect(c.tx, of)
	}
}

// expectReturn writes that the bank moves a returned amount. Dishonored and
// contested returns are between the banks until a person has settled them.
func (s *Service) expectReturn(tx *store.Tx, r *ach.Return, file string, day money.Date) error {
	if r.Code.Dishonored() || r.Code.Contested() {
		return nil
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	e := billing.ExpectedSettlement{ID: "return:" + string(r.Trace), Day: day, Rail: billing.ACH, Kind: billing.SettledReturn,
		Group: file, Reference: string(r.Trace), Amount: -r.Amount}
	switch entry, err := tx.ACHEntry(string(r.Trace)); {
	case absent(err) != nil:
		return err
	case err != nil || entry.PaymentID != "" && entry.ReturnCode == "":
		e.ID, e.Kind = fmt.Sprintf("unknown:%s:%s", r.Trace, r.ReturnTrace), billing.SettledUnknown
		if !r.TransactionCode.Debit() {
			e.Amount = r.Amount
		}
	default:
		kind, sign := ofEntry(entry.Kind)
		if kind == billing.SettledTests {
			e.Kind = kind
		}
		e.Amount = -sign * r.Amount
	}
	s.expect(tx, e)
	return nil
}

// StatementResult says what a statement from the bank brought.
type StatementResult struct {
	File    string
	Known   bool // the file was read before: nothing was done
	Days    int
	Lines   int // new ones
	Repeats int // lines that another file had brought
	Interim int // lines of a report during the day: its final one repeats them
}

// settlementTurn names the setting that those who match or clear take turns by.
const settlementTurn = "settlement_turn"

// ReadBankStatement keeps the lines of a statement, BAI2 or CSV: all of them or
// none. A file with a wrong total or count, or that ends early, is a *FileRefused.
// The same file again changes nothing, and neither does a line that another file
// has brought. Two lines of one file that say the same are two.
func (s *Service) ReadBankStatement(ctx context.Context, actor identity.Actor, name string, content []byte) (res StatementResult, err error) {
	if err := system(actor); err != nil {
		return res, err
	}
	st, err := bai.ReadStatement(bytes.NewReader(content), "")
	if err != nil {
		return res, &FileRefused{name, err}
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	days, lines, interim, err := statementRows(st, hash, name)
	if err != nil {
		return res, &FileRefused{name, err}
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		res = StatementResult{File: name, Days: len(days), Interim: interim}
		if _, err := tx.TakeSetting(settlementTurn, ""); err != nil {
			return err
		}
		known, err := tx.StatementRead(hash)
		if err != nil {
			return err
		}
		if known {
			res = StatementResult{File: name, Known: true}
			return nil
		}
		now := s.clock()
		for _, d := range days {
			d.Read = now
			tx.InsertBankStatement(d)
		}
		for _, l := range lines {
			fresh, err := tx.InsertBankLine(l)
			if err != nil {
				return err
			}
			if fresh {
				res.Lines++
			} else {
				res.Repeats++
			}
		}
		tx.Audit(now, actor.String(), "read_statement", "", name)
		return nil
	})
	return res, err
}

// statementRows are the days and lines of a statement as they are kept.
func statementRows(st bai.Statement, hash, name string) (days []*store.BankStatement, lines []*store.BankLine, interim int, err error) {
	dayOf := func(account string, on money.Date) *store.BankStatement {
		account = account[max(0, len(account)-4):]
		for _, d := range days {
			if d.Account == account && d.AsOf == on {
				return d
			}
		}
		d := &store.BankStatement{Hash: hash, Account: account, AsOf: on, Name: name}
		days = append(days, d)
		return d
	}
	for _, b := range st.Balances {
		if b.Currency != "USD" {
			return nil, nil, 0, errors.New("an account is not in US dollars")
		}
		if b.Interim {
			continue
		}
		if d, amount := dayOf(b.Account, b.Date), b.Amount; b.Code == bai.OpeningLedger {
			d.Opening = &amount
		} else {
			d.Closing = &amount
		}
	}
	times := map[string]int{}
	for _, l := range st.Lines {
		switch {
		case l.Currency != "USD":
			return nil, nil, 0, errors.New("an account is not in US dollars")
		case l.Interim:
			interim++
			continue
		case l.Amount == 0:
			continue
		}
		d := dayOf(l.Account, l.Date)
		d.Lines++
		says := inputHash(l.Account, l.Date, l.Amount, l.Code, l.BankReference, l.CustomerReference, l.Text)
		times[says]++
		lines = append(lines, &store.BankLine{ID: inputHash(says, times[says]), Hash: hash, Account: d.Account, Day: l.Date, Rail: billing.LineRail(string(l.Code)),
			Amount: l.Amount, Code: string(l.Code), BankReference: l.BankReference, CustomerReference: l.CustomerReference, Words: l.Text})
	}
	return days, lines, interim, nil
}

// MatchResult says what a look at the lines has found.
type MatchResult struct {
	Matched int // matches that are new
	Freed   int // matches that no longer hold: what came since fits as well
	Opened  []string
}

// settlementMemory is how many days back matches are found anew, so that what is
// found does not depend on the order in which files came.
const settlementMemory = 45

// matcher is how what no person did is signed.
const matcher = "system:settlement"

// MatchSettlement finds which lines of the bank's statement are which expected
// amounts, and opens an exception item for each amount and each line that has
// waited too long for its other side. Run again it changes nothing. Before the
// first statement nothing is missed.
func (s *Service) MatchSettlement(ctx context.Context, actor identity.Actor) (res MatchResult, err error) {
	if err := system(actor); err != nil {
		return res, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		res = MatchResult{}
		if _, err := tx.TakeSetting(settlementTurn, ""); err != nil {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		since, err := tx.FirstStatementDay()
		if err != nil || since.IsZero() {
			return err
		}
		if err := s.matchAnew(tx, day-settlementMemory, &res); err != nil {
			return err
		}
		return s.missed(tx, since, day, &res)
	})
	return res, err
}

// matchAnew finds the matches of the last days again, and changes what differs.
func (s *Service) matchAnew(tx *store.Tx, from money.Date, res *MatchResult) error {
	expected, err := tx.ExpectedToMatch(from)
	if err != nil {
		return err
	}
	lines, err := tx.LinesToMatch(from)
	if err != nil {
		return err
	}
	before, err := tx.FoundMatches(from)
	if err != nil {
		return err
	}
	var want []billing.ExpectedSettlement
	amounts := map[string]*store.Expected{}
	for _, e := range expected {
		want = append(want, e.ExpectedSettlement)
		amounts[e.ID] = e
	}
	var got []billing.BankLine
	for _, l := range lines {
		got = append(got, billing.BankLine{ID: l.ID, Day: l.Day, Amount: l.Amount, Code: l.Code, Words: l.BankReference + " " + l.CustomerReference + " " + l.Words})
	}
	found := map[string]billing.SettlementMatch{}
	for _, m := range billing.MatchSettlement(want, got) {
		found[matchID(m.Rule, m.Expected, m.Lines)] = m
	}
	for _, m := range before {
		if _, still := found[m.ID]; still {
			delete(found, m.ID)
			continue
		}
		tx.DropMatch(m.ID)
		res.Freed++
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	for id, m := range found {
		row := &store.SettlementMatch{ID: id, Rule: m.Rule, By: matcher, At: s.clock()}
		for _, e := range m.Expected {
			of := amounts[e]
			row.Expected += of.Amount
			row.Day, row.Rail = of.Day, of.Rail
		}
		row.Received = row.Expected // a rule matches to the cent
		if err := tx.KeepMatch(row, m.Expected, m.Lines); err != nil {
			return err
		}
		s.answered(tx, m.Expected, m.Lines, matcher, "The bank's statement and what was expected agree now.")
		res.Matched++
	}
	return nil
}

// matchID names a match by what it is of.
func matchID(rule billing.MatchRule, expected, lines []string) string {
	e, l := slices.Sorted(slices.Values(expected)), slices.Sorted(slices.Values(lines))
	return inputHash(rule, strings.Join(e, " "), strings.Join(l, " "))
}

// What an exception item of a difference is about.
const (
	onceExpected = "settlement:expected:"
	onceLine     = "settlement:line:"
)

// answered clears the exception items of what is matched now.
func (s *Service) answered(tx *store.Tx, expected, lines []string, by, note string) {
	for _, id := range expected {
		tx.ClearExceptionOf(onceExpected+id, by, s.clock(), note)
	}
	for _, id := range lines {
		tx.ClearExceptionOf(onceLine+id, by, s.clock(), note)
	}
}

// missed opens an exception item for each amount and line of the statements' days
// that has waited too long.
func (s *Service) missed(tx *store.Tx, since, day money.Date, res *MatchResult) error {
	expected, err := tx.OpenExpected(since, day, mostDifferences)
	if err != nil {
		return err
	}
	lines, err := tx.OpenBankLines(since, day, mostDifferences)
	if err != nil {
		return err
	}
	for _, e := range expected {
		if !billing.Overdue(e.Day, day) {
			continue
		}
		why := fmt.Sprintf("%s was expected on %s and no line of the bank's statement shows it", e.Amount.USD(), e.Day.Long())
		if err := s.difference(tx, day, onceExpected+e.ID, e.Group, string(e.Kind), e.Amount, why, res); err != nil {
			return err
		}
	}
	for _, l := range lines {
		if !billing.Overdue(l.Day, day) {
			continue
		}
		why := fmt.Sprintf("the bank's statement of %s shows %s that answers to nothing expected", l.Day.Long(), l.Amount.USD())
		if err := s.difference(tx, day, onceLine+l.ID, l.BankReference, l.Code, l.Amount, why, res); err != nil {
			return err
		}
	}
	return nil
}

// mostDifferences bounds what is looked at in one go.
const mostDifferences = 10_000

// difference opens an item, once; one that a match had cleared opens again when
// the match no longer holds.
func (s *Service) difference(tx *store.Tx, day money.Date, once, reference, code string, amount money.Cents, why string, res *MatchResult) error {
	was, err := tx.ExceptionOf(once)
	switch {
	case absent(err) != nil:
		return err
	case err != nil:
		err = s.exception(tx, day, &store.Exception{Once: once, Kind: billing.SettlementDifference, Reference: reference, Code: code, Amount: amount, Reason: why})
	case was.ClearedBy == "":
		return nil
	default:
		tx.ReopenException(once, day)
	}
	res.Opened = append(res.Opened, why)
	return err
}
