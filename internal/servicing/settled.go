package servicing

import (
	"context"
	"slices"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// Outside is the account of a difference that is none of this ledger's: the bank's
// own fee, money moved between the company's accounts.
const Outside = "outside"

// SettlementAccounts are where a difference may go.
func SettlementAccounts() []Choice {
	out := []Choice{}
	for _, a := range []ledger.Account{ledger.CheckTransit, ledger.WireTransit, ledger.CardTransit, ledger.Transit, ledger.RefundsPayable, ledger.Suspense} {
		c, _ := ledger.Of(a)
		out = append(out, Choice{string(a), c.Name})
	}
	return append(out, Choice{Outside, "Not in this ledger: a bank fee, a transfer"})
}

// SettlementClear says that lines and expected amounts belong together, or that
// one of them stands alone. Account is where what is left over goes.
type SettlementClear struct {
	Lines, Expected []string
	Account         string
	Reason          string
}

// ClearSettlement writes what a person has found out about a difference. A sum
// that is left over is never taken in silence: without an account that it goes to
// nothing is cleared. Cleared again the same way, nothing changes. The ledger is
// not touched: what belongs in it is posted by the verb for it.
func (s *Service) ClearSettlement(ctx context.Context, actor identity.Actor, req SettlementClear) error {
	if err := deskOrSystem(actor, identity.DutyReconcile); err != nil {
		return err
	}
	reason, err := reasonFor(req.Reason)
	if err != nil {
		return err
	}
	if req.Lines, req.Expected = distinct(req.Lines), distinct(req.Expected); len(req.Lines)+len(req.Expected) == 0 {
		return refuse("nothing_chosen", "line", "Choose what is to be cleared.")
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.TakeSetting(settlementTurn, ""); err != nil {
			return err
		}
		m := &store.SettlementMatch{ID: matchID(billing.MatchByPerson, req.Expected, req.Lines), Rule: billing.MatchByPerson, By: actor.String(), At: s.clock(), Note: reason}
		if _, err := tx.SettlementMatch(m.ID); absent(err) != nil || err == nil {
			return err
		}
		if err := sumUp(tx, m, req); err != nil {
			return err
		}
		if m.Difference != 0 {
			if _, known := chosen(SettlementAccounts(), []string{req.Account}); !known {
				return refuse("difference", "account", "There is a difference of %s. Choose where it goes, or choose what makes the amounts agree.", m.Difference.USD())
			}
			m.Account = req.Account
		}
		if err := tx.KeepMatch(m, req.Expected, req.Lines); err != nil {
			return err
		}
		s.answered(tx, req.Expected, req.Lines, actor.String(), reason)
		tx.AuditRow(store.AuditRow{At: m.At, Actor: m.By, Action: "clear_settlement", Reason: reason, Detail: m.Difference.USD() + " " + m.Account})
		return nil
	})
}

func distinct(ids []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// sumUp reads what is to be cleared: all of it still open.
func sumUp(tx *store.Tx, m *store.SettlementMatch, req SettlementClear) error {
	gone := refuse("cleared_already", "line", "Somebody has cleared this, or its other side has come. Look again.")
	for _, id := range req.Lines {
		l, err := tx.BankLine(id)
		if err != nil || l.MatchID != "" {
			return absentOr(err, gone)
		}
		m.Received += l.Amount
		if m.Day.IsZero() || l.Day < m.Day {
			m.Day, m.Rail = l.Day, l.Rail
		}
	}
	for i, id := range req.Expected { // the day and rail are those of what was expected, if anything was
		e, err := tx.Expected(id)
		if err != nil || e.MatchID != "" {
			return absentOr(err, gone)
		}
		m.Expected += e.Amount
		if i == 0 || e.Day < m.Day {
			m.Day, m.Rail = e.Day, e.Rail
		}
	}
	m.Difference = m.Received - m.Expected
	return nil
}

// SettlementDay is a day and rail: what was expected and received, what of the
// difference somebody has accounted for, and what nobody has. Money is counted on
// the day it was expected, else on the day of the bank's line.
type SettlementDay struct {
	Day        money.Date   `json:"day"`
	Rail       billing.Rail `json:"rail,omitempty"` // ach or card; empty for lines of no rail: checks, wires, fees
	Expected   money.Cents  `json:"expected"`
	Received   money.Cents  `json:"received"`
	Cleared    money.Cents  `json:"cleared"`
	Difference money.Cents  `json:"difference"` // Received less Expected less Cleared
	Open       int          `json:"open"`       // amounts and lines without their other side
}

// SettlementReport is the settlement of some days.
type SettlementReport struct {
	From, Through money.Date
	Since         money.Date // the first day of any statement; zero before one was read
	Today         money.Date
	Days          []SettlementDay
	Total         SettlementDay
}

// Settlement sums what was expected and received by day and rail.
func (s *Service) Settlement(ctx context.Context, actor identity.Actor, from, through money.Date) (out SettlementReport, err error) {
	if err := deskOrSystem(actor, identity.DutySettlement); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out = SettlementReport{From: from, Through: through}
		if out.Today, err = today(tx); err != nil {
			return err
		}
		if out.Since, err = tx.FirstStatementDay(); err != nil {
			return err
		}
		totals, err := tx.SettlementTotals(from, through)
		for _, t := range totals {
			d := SettlementDay{t.Day, t.Rail, t.Expected, t.Received, t.Cleared, t.Received - t.Expected - t.Cleared, t.Open}
			out.Days = append(out.Days, d)
			out.Total.Expected += d.Expected
			out.Total.Received += d.Received
			out.Total.Cleared += d.Cleared
			out.Total.Difference += d.Difference
			out.Total.Open += d.Open
		}
		return err
	})
	return out, err
}

// SettlementItem is an expected amount or a line of the bank's statement, with the
// match that it is in.
type SettlementItem struct {
	ID      string
	Day     money.Date
	Rail    billing.Rail
	Kind    billing.SettlementKind // of an expected amount
	Code    string                 // of a line
	What    string                 // the file, or the line's references and text
	Amount  money.Cents
	Rule    billing.MatchRule // empty while it is open
	Account string            // where the match's difference goes
	By      string            // a name; empty for a rule
	Note    string
}

// Differences are the expected amounts and lines that are open.
type Differences struct {
	Expected, Lines []SettlementItem
}

// OpenDifferences lists what is open of some days, oldest first.
func (s *Service) OpenDifferences(ctx context.Context, actor identity.Actor, from, through money.Date) (out Differences, err error) {
	return s.differences(ctx, actor, func(tx *store.Tx) ([]*store.Expected, []*store.BankLine, error) {
		expected, err := tx.OpenExpected(from, through, mostDifferences)
		if err != nil {
			return nil, nil, err
		}
		lines, err := tx.OpenBankLines(from, through, mostDifferences)
		return expected, lines, err
	})
}

// SettlementOn lists all of a day, with how it was matched.
func (s *Service) SettlementOn(ctx context.Context, actor identity.Actor, day money.Date) (Differences, error) {
	return s.differences(ctx, actor, func(tx *store.Tx) ([]*store.Expected, []*store.BankLine, error) {
		expected, err := tx.ExpectedOn(day)
		if err != nil {
			return nil, nil, err
		}
		lines, err := tx.BankLinesOn(day)
		return expected, lines, err
	})
}

func (s *Service) differences(ctx context.Context, actor identity.Actor, read func(*store.Tx) ([]*store.Expected, []*store.BankLine, error)) (out Differences, err error) {
	if err := deskOrSystem(actor, identity.DutySettlement); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out = Differences{}
		expected, lines, err := read(tx)
		if err != nil {
			return err
		}
		known := names{}
		for _, e := range expected {
			item := SettlementItem{ID: e.ID, Day: e.Day, Rail: e.Rail, Kind: e.Kind, What: e.Group, Amount: e.Amount}
			if err := item.match(tx, e.MatchID, known); err != nil {
				return err
			}
			out.Expected = append(out.Expected, item)
		}
		for _, l := range lines {
			item := SettlementItem{ID: l.ID, Day: l.Day, Rail: l.Rail, Code: l.Code, What: joined(l.BankReference, l.CustomerReference, l.Words), Amount: l.Amount}
			if err := item.match(tx, l.MatchID, known); err != nil {
				return err
			}
			out.Lines = append(out.Lines, item)
		}
		return nil
	})
	return out, err
}

func joined(parts ...string) (out string) {
	for _, p := range parts {
		if p != "" && out != "" {
			out += " "
		}
		out += p
	}
	return out
}

func (i *SettlementItem) match(tx *store.Tx, id string, known names) error {
	if id == "" {
		return nil
	}
	m, err := tx.SettlementMatch(id)
	if err != nil {
		return err
	}
	i.Rule, i.Account, i.Note = m.Rule, m.Account, m.Note
	if staff, ok := identity.OwnerStaff(m.By); ok {
		i.By, err = known.of(tx, staff)
	} else if m.Rule == billing.MatchByPerson {
		i.By = m.By
	}
	return err
}
