package servicing

import (
	"context"
	"fmt"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// Finding is one figure that does not agree.
type Finding struct {
	Contract ContractID `json:"contract"`
	Account  string     `json:"account_number"`
	What     string     `json:"what"`
	Kept     string     `json:"kept"`
	Computed string     `json:"computed"`
}

func (f Finding) String() string {
	if f.Contract == "" {
		return fmt.Sprintf("%s: kept %s, computed %s", f.What, f.Kept, f.Computed)
	}
	return fmt.Sprintf("contract %s: %s: kept %s, computed %s", f.Contract, f.What, f.Kept, f.Computed)
}

// VerifyResult says what was proven.
type VerifyResult struct {
	Contracts  int `json:"contracts"`
	Events     int `json:"events"`
	Entries    int `json:"entries"`
	Payments   int `json:"payments"`
	Statements int `json:"statements"`
	Documents  int `json:"documents"`
	Files      int `json:"files"` // to the bank
	Differing  int `json:"contracts_differing"`

	FilesDiffering int `json:"files_differing"`

	Findings []Finding `json:"findings"` // of the first contracts that differ
}

// maxFindings bounds what is listed; more contracts are only counted.
const maxFindings = 100

// Verify recomputes every contract from its terms and events and nothing else,
// and compares: the kept state and dates, every entry and every balance of the
// ledger, how each payment was applied, payment states, what left for each payment
// and came back, the files to the bank, the closing balances of statements, and what every document says. archived, when given, reads a file of the
// archive and says whether its bytes are those that were kept. It changes nothing.
func (s *Service) Verify(ctx context.Context, actor identity.Actor, archived func(ctx context.Context, hash string, size int64) error) (res VerifyResult, err error) {
	if err := system(actor); err != nil {
		return res, err
	}
	after := ""
	for {
		n := 0
		err := s.db.View(ctx, func(tx *store.Tx) error {
			page, err := tx.ContractsAfter(after, WorkPage)
			if err != nil {
				return err
			}
			n = len(page)
			for _, c := range page {
				a := &audit{c: c, res: &res}
				err := a.run(tx, s.rules)
				if err == nil {
					err = a.documents(ctx, tx, archived)
				}
				if err != nil {
					return fmt.Errorf("verify contract %s: %w", c.ID, err)
				}
				if a.differs {
					res.Differing++
				}
				after = c.ID
			}
			return nil
		})
		if err == nil && n == 0 {
			err = s.files(ctx, &res)
		}
		if err != nil || n == 0 {
			return res, err
		}
		res.Contracts += n
	}
}

// audit looks at one contract.
type audit struct {
	c       *store.Contract
	res     *VerifyResult
	differs bool
}

func (a *audit) find(what string, kept, computed any) {
	a.differs = true
	if len(a.res.Findings) < maxFindings {
		a.res.Findings = append(a.res.Findings, Finding{ContractID(a.c.ID), a.c.AccountNumber, what, fmt.Sprint(kept), fmt.Sprint(computed)})
	}
}

func same[T comparable](a *audit, what string, kept, computed T) {
	if kept != computed {
		a.find(what, kept, computed)
	}
}

func (a *audit) run(tx *store.Tx, rules Rules) error {
	rows, err := tx.Events(a.c.ID)
	if err != nil {
		return err
	}
	journal, err := tx.Entries(a.c.ID, 0)
	if err != nil {
		return err
	}
	payments, err := tx.PaymentsOfContract(a.c.ID)
	if err != nil {
		return err
	}
	sent, err := tx.ACHEntriesOfContract(a.c.ID)
	if err != nil {
		return err
	}
	cards, err := readCards(tx, a.c, payments)
	if err != nil {
		return err
	}
	a.res.Events += len(rows)
	a.res.Entries += len(journal)
	a.res.Payments += len(payments)

	events := plain(rows)
	state, allocations, err := contract.Replay(&a.c.Terms, events)
	if err != nil {
		a.find("events", "kept", err)
		return nil
	}
	a.state(state, rules, len(rows), len(journal))
	balances := a.journal(journal, events, allocations, state)
	a.payments(payments, rows, journal, allocations, balances, cards)
	a.external(payments, sent, rows)
	if err := a.statements(tx, journal); err != nil {
		return err
	}
	return a.autopays(tx, payments)
}

func (a *audit) state(s contract.State, rules Rules, events, entries int) {
	if !a.c.State.Equal(&s) {
		a.find("state", a.c.State, s)
	}
	same(a, "number of events", a.c.LastEvent, events)
	same(a, "number of entries", a.c.LastEntry, entries)
	fresh := *a.c
	fresh.State = s
	refresh(&fresh, rules)
	same(a, "status", a.c.Status, fresh.Status)
	same(a, "late fee date", a.c.LateFeeOn, fresh.LateFeeOn)
}

func (a *audit) journal(journal []ledger.Entry, events []contract.Event, allocations []contract.Allocation, s contract.State) ledger.Balances {
	b := ledger.Balances{}
	for i := range journal {
		if err := journal[i].Check(); err != nil {
			a.find(fmt.Sprintf("entry %d", journal[i].ID), "posted", err)
		}
		same(a, "entry number", journal[i].ID, i+1)
		b.Add(journal[i].Postings)
	}
	for _, d := range billing.Differences(b, &a.c.Terms, &s, events, allocations) {
		a.find("ledger balance of "+string(d.Account), d.Ledger, d.Fold)
	}
	posted, _ := postedSoFar(journal)
	for i, e := range events {
		same(a, fmt.Sprintf("application of event %d", e.Seq), posted[e.Seq], billing.Booked(allocations[i]))
	}
	return b
}

// payments sets each payment's state beside its events, what its receipt says
// beside the entry it was posted by, and what is on its way and settled beside
// the ledger. Money that came without a payment here, a check or a wire, is its
// event's: what of it is on its way and what is in cash are its whole amount.
func (a *audit) payments(payments []*store.Payment, rows []store.Event, journal []ledger.Entry, allocations []contract.Allocation, b ledger.Balances, cards cardRows) {
	receipts := map[int]contract.Allocation{}
	for _, e := range journal {
		if e.Kind == ledger.Posted {
			receipts[e.Event] = billing.Allocated(e.Postings)
		}
	}
	stands, amounts, transit := map[int]bool{}, map[int]money.Cents{}, map[int]ledger.Account{}
	taken := map[int]int{} // the payment that a reversal takes back
	for _, e := range rows {
		transit[e.Seq] = road(&e.Event)
		switch e.Kind {
		case contract.Payment:
			stands[e.Seq], amounts[e.Seq] = byPayment(&e), e.Amount
		case contract.Reversal:
			of, again := taken[e.Reverses]
			if !again {
				of = e.Reverses
			}
			taken[e.Seq], stands[of] = of, again && amounts[of] > 0 // a dispute that was won lets the payment stand again
		}
	}
	want := a.cleared(rows, journal, allocations)
	a.cards(payments, cards, want)
	for _, p := range payments {
		what := "payment " + p.ID
		if p.EventSeq != 0 {
			same(a, what+" amount", p.Amount, amounts[p.EventSeq])
			same(a, what+" receipt", billing.Booked(p.Plan.Allocation), receipts[p.EventSeq])
		}
		same(a, what+" ("+string(p.State)+") stands in the account", p.Rail.Posts(p.State), stands[p.EventSeq])
		delete(stands, p.EventSeq)
		switch {
		case p.Rail == billing.Card: // said by what was charged and paid out
		case p.State == billing.Authorised, p.State == billing.Submitted:
			want[transit[p.EventSeq]] += p.Amount
		case p.State == billing.Settled:
			want[ledger.Cash] += p.Amount
		}
	}
	for seq, standing := range stands {
		if standing {
			a.find(fmt.Sprintf("event %d", seq), "a payment", "no payment has it")
		}
	}
	for _, account := range []ledger.Account{ledger.Cash, ledger.Transit, ledger.CardTransit, ledger.CheckTransit, ledger.WireTransit, ledger.RefundsPayable,
		ledger.ConvenienceFees, ledger.CardCosts} {
		same(a, "ledger balance of "+string(account), b[account], want[account])
	}
}

// statements sets each frozen statement beside its hash, its row and the ledger
// as it stood when the statement was cut.
func (a *audit) statements(tx *store.Tx, journal []ledger.Entry) error {
	statements, err := tx.Statements(a.c.ID)
	if err != nil {
		return err
	}
	a.res.Statements += len(statements)
	for _, st := range statements {
		what := "statement " + st.Closing.String()
		var said struct {
			Closing       money.Date  `json:"closing"`
			EndingBalance money.Cents `json:"ending_balance"`
			AmountDue     money.Cents `json:"amount_due"`
		}
		if err := snapshot(tx, a.c.ID, st.DocumentID, &said); err != nil {
			a.find(what+" content", "kept", err)
			continue
		}
		b := ledger.Balances{}
		for _, e := range journal {
			if e.ID <= st.LastEntry {
				b.Add(e.Postings)
			}
		}
		owed := b[billing.Receivable(a.c.Kind)]
		same(a, what+" closing balance", st.ClosingBalance, owed)
		same(a, what+" ending balance on paper", said.EndingBalance, owed)
		same(a, what+" amount due on paper", said.AmountDue, st.AmountDue)
		same(a, what+" closing date on paper", said.Closing, st.Closing)
	}
	return nil
}

// documents makes sure of what every paper says, and of its bytes.
func (a *audit) documents(ctx context.Context, tx *store.Tx, archived func(context.Context, string, int64) error) error {
	all, err := tx.Documents(a.c.ID, "")
	if err != nil {
		return err
	}
	a.res.Documents += len(all)
	for _, d := range all {
		what := "document " + d.ID + " (" + d.Kind + " of " + d.Day.String() + ")"
		if d.ContentHash != "" {
			content, err := tx.DocumentContent(a.c.ID, d.ID)
			if err != nil {
				return err
			}
			same(a, what+" content", d.ContentHash, contentHash([]byte(content)))
		}
		if d.File.Hash == "" || archived == nil {
			continue
		}
		if err := archived(ctx, d.File.Hash, d.File.Size); err != nil {
			a.find(what+" file", d.File.Hash, err)
		}
	}
	return nil
}
