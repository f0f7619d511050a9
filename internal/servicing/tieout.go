package servicing

import (
	"context"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// TieOutItem is a reason why the bank's balance is not the books' cash, with its
// amount: positive where the bank has more.
type TieOutItem struct {
	Key    string      `json:"key"`
	What   string      `json:"what"`
	Count  int         `json:"count,omitempty"`
	Amount money.Cents `json:"amount"`
}

// TieOut leads from cash in the books to the bank's closing balance.
type TieOut struct {
	Since   money.Date  `json:"since"` // the first day of any statement
	Through money.Date  `json:"through"`
	Books   money.Cents `json:"books"`
	Bank    money.Cents `json:"bank"`
	// Stated is false when the bank's files give no balances, as a CSV does: Bank is
	// then what its lines come to.
	Stated bool         `json:"stated"`
	Items  []TieOutItem `json:"items"`
	// Unexplained is what the bank has beyond the books and all items. It is zero
	// unless a statement is missing or something was posted past the verbs.
	Unexplained money.Cents       `json:"unexplained"`
	Transit     []store.InTransit `json:"-"` // the payments behind the items in transit
}

// mostListed is how many payments in transit are listed; all are counted.
const mostListed = 1000

// TieOut compares the bank's closing balance of a day with cash in the books on
// it. Each item comes from rows of its own, so that what is unexplained is: the
// entries sent and returned, the expected amounts, the lines, the ledger. The zero
// day is the last that a statement is of.
func (s *Service) TieOut(ctx context.Context, actor identity.Actor, through money.Date) (out TieOut, err error) {
	if err := deskOrSystem(actor, identity.DutySettlement); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out = TieOut{Through: through}
		if out.Since, err = tx.FirstStatementDay(); err != nil {
			return err
		}
		if out.Since.IsZero() {
			return ErrNotFound
		}
		end := through
		if end.IsZero() {
			end = money.NewDate(9999, 12, 31)
		}
		statements, err := tx.BankStatements(out.Since, end)
		if err != nil || len(statements) == 0 {
			return absentOr(err, ErrNotFound)
		}
		if through.IsZero() {
			out.Through = statements[len(statements)-1].AsOf
		}
		return out.tie(tx, statements)
	})
	return out, err
}

func (t *TieOut) tie(tx *store.Tx, statements []*store.BankStatement) error {
	sums, err := tx.BankSums(t.Since, t.Through)
	if err != nil {
		return err
	}
	opening, before, err := t.balances(tx, statements, sums.Lines)
	if err != nil {
		return err
	}
	t.add("start", "Difference when the first statement began", 0, opening-before)
	transit, err := tx.TransitTotals(t.Since, t.Through)
	if err != nil {
		return err
	}
	for _, p := range transit {
		t.add("transit_"+string(p.State), transitWords(p.State), p.Payments, p.Amount)
	}
	if t.Transit, err = tx.InTransit(t.Since, t.Through, mostListed); err != nil {
		return err
	}
	cash, err := tx.CashByRail(t.Since, t.Through)
	if err != nil {
		return err
	}
	t.add("tests", "Entries that prove bank accounts: not in the books", 0, sums.Tests)
	t.add("unknown", "Returns that wait for a person", 0, sums.Unknown)
	t.add("payouts", "Card payouts the bank has and the books do not yet", 0, sums.Payouts-cash[billing.Card])
	t.add("by_hand", "Checks, wires and refunds cleared by hand in the books", 0, -cash[""])
	t.add("missing", "Expected, and not on the bank's statement", 0, -sums.OpenExpected)
	t.add("unexpected", "On the bank's statement, and not expected", 0, sums.OpenLines)
	t.add("timing", "On the statement on another day than expected", 0, sums.Timing)
	differences, err := tx.DifferenceTotals(t.Since, t.Through)
	if err != nil {
		return err
	}
	for _, d := range differences {
		name := "Cleared to an account outside this ledger"
		if c, ok := ledger.Of(ledger.Account(d.Account)); ok {
			name = "Cleared to " + c.Name
		}
		t.add("cleared_"+d.Account, name, d.Matches, d.Amount)
	}
	t.Unexplained = t.Bank - t.Books
	for _, i := range t.Items {
		t.Unexplained -= i.Amount
	}
	return nil
}

func (t *TieOut) add(key, what string, count int, amount money.Cents) {
	if amount != 0 {
		t.Items = append(t.Items, TieOutItem{key, what, count, amount})
	}
}

// transitWords say why the bank and the books differ over payments in a state.
func transitWords(state billing.PaymentState) string {
	switch state {
	case billing.Submitted:
		return "Drafts the bank has paid that can still come back"
	case billing.Reversed:
		return "Reversed payments whose money has not gone back yet"
	}
	return "Payments by bank, " + string(state)
}

// balances reads the two ends: the bank's, by the first and last statement of each
// account, and the books'. It gives what both held when the first statement began.
func (t *TieOut) balances(tx *store.Tx, statements []*store.BankStatement, lines money.Cents) (opening, before money.Cents, err error) {
	first, last := map[string]*money.Cents{}, map[string]*money.Cents{}
	for _, st := range statements {
		if _, met := first[st.Account]; !met {
			first[st.Account] = st.Opening
		}
		if st.Closing != nil {
			last[st.Account] = st.Closing
		}
	}
	t.Stated = true
	for account := range first {
		if first[account] == nil || last[account] == nil {
			t.Stated = false
			continue
		}
		opening += *first[account]
		t.Bank += *last[account]
	}
	if !t.Stated {
		opening, t.Bank = 0, lines
	}
	books := func(day money.Date) (money.Cents, error) {
		totals, err := tx.TrialByEffective(0, day)
		for _, a := range totals {
			if a.Account == ledger.Cash {
				return a.Opening + a.Debit - a.Credit, err
			}
		}
		return 0, err
	}
	if before, err = books(t.Since - 1); err != nil {
		return 0, 0, err
	}
	if !t.Stated {
		opening = before // lines alone tell what moved, not from where
		t.Bank += before
	}
	t.Books, err = books(t.Through)
	return opening, before, err
}
