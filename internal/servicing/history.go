package servicing

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// HistoryRequest asks for a page of a contract's history, newest first: what the
// filter chooses, older than the key in After or newer than the one in Before. No
// limit is all of it.
type HistoryRequest struct {
	billing.HistoryFilter
	After, Before string
	Limit         int
}

// AccountHead names the account that something is of.
type AccountHead struct {
	ID            ContractID
	Kind          contract.Kind
	AccountNumber string
	Vehicle       Vehicle
	Date          money.Date // the business date
	First         money.Date // the first day that these books know of it
	HasTax        bool
}

// History is a page of a contract's history and what leads on from it.
type History struct {
	AccountHead
	Entries      []HistoryEntry // newest first
	Before       int            // how many that the filter chooses are newer than these
	Total        int            // and how many it chooses
	Any          bool           // there is a history, though the filter may choose nothing of it
	Newer, Older string         // keys for Before and After; empty at the ends

	// From and Through are the filter's days, kept to those that these books know.
	// Whole says that nothing between them was left out.
	From, Through money.Date
	Whole         bool
	// What the account stands at in the borrower's own books before and after them.
	Opening, Closing money.Cents
}

// HistoryEntry is one line, or one change that posted nothing. Its key is its own
// for good.
type HistoryEntry struct {
	Key    string
	Line   *billing.HistoryLine
	Change *Explanation
}

// Lines are the lines among the entries, oldest first.
func (h *History) Lines() (out []billing.HistoryLine) {
	for _, e := range slices.Backward(h.Entries) {
		if e.Line != nil {
			out = append(out, *e.Line)
		}
	}
	return out
}

// History reads a page of a contract's history. A balance after each line needs
// all lines before it, and words are found in what pages say: so the whole journal
// of the one contract is read, by its key, and the page is cut from it. That grows
// with the contract's own entries, some hundreds over its life, and with nothing
// else. ErrNotFound for a key that the history does not have.
func (s *Service) History(ctx context.Context, actor identity.Actor, id ContractID, req HistoryRequest) (h History, err error) {
	if !req.From.IsZero() && !req.Through.IsZero() && req.From > req.Through {
		return h, refuse("dates", "through", "Choose a last day that is not before the first.")
	}
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		b, err := s.passbook(tx, c)
		if err != nil {
			return err
		}
		h.AccountHead, h.Whole = b.head, req.Whole()
		h.From = max(b.head.First, req.From)
		h.Through = max(h.From, b.head.Date)
		if !req.Through.IsZero() {
			h.Through = max(h.From, min(h.Through, req.Through))
		}
		h.Opening = billing.Opened(&c.Terms)
		for i := range b.lines {
			if l := &b.lines[i]; !req.From.IsZero() && l.Entry.Effective < req.From {
				h.Opening = l.Owed
			}
		}
		h.Closing = h.Opening
		for i := range b.lines {
			if l := &b.lines[i]; l.Entry.Effective >= req.From && req.Within(l.Entry.Effective) {
				h.Closing = l.Owed
			}
		}
		all, err := b.entries()
		if err != nil {
			return err
		}
		h.Any = len(all) > 0
		return h.cut(all, &req, b.payments)
	})
	return h, err
}

// Year sums a calendar year of a contract. ErrNotFound for a year that these books
// do not know.
func (s *Service) Year(ctx context.Context, actor identity.Actor, id ContractID, year int) (head AccountHead, y billing.Year, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		b, err := s.passbook(tx, c)
		if err != nil {
			return err
		}
		known := false
		if y, known = billing.MakeYear(&c.Terms, b.lines, year, b.head.Date); !known {
			return ErrNotFound
		}
		head = b.head
		return nil
	})
	return head, y, err
}

// passbook is a contract's history as it is read, before anything is chosen.
type passbook struct {
	head     AccountHead
	rows     []store.Event
	lines    []billing.HistoryLine
	journal  []journalMark
	payments map[int]billing.LinePayment
	silent   func() ([]Explanation, error)
}

// journalMark is when an entry was written: where a change without an entry stands
// follows from it.
type journalMark struct {
	id     int
	posted money.Instant
}

func (s *Service) passbook(tx *store.Tx, c *store.Contract) (b passbook, err error) {
	day, err := today(tx)
	if err != nil {
		return b, err
	}
	b.head = AccountHead{ID: ContractID(c.ID), Kind: c.Kind, AccountNumber: c.AccountNumber, Vehicle: Vehicle{c.VehicleYear, c.VehicleMake, c.VehicleModel, c.VIN},
		Date: day, First: c.Terms.Start, HasTax: c.Terms.Tax != 0}
	if b.rows, err = tx.Events(c.ID); err != nil {
		return b, err
	}
	journal, err := tx.Entries(c.ID, 0)
	if err != nil {
		return b, err
	}
	if b.payments, err = linePayments(tx, c); err != nil {
		return b, err
	}
	b.lines = billing.History(&c.Terms, billing.Lines(journal, plain(b.rows), b.payments))
	for _, e := range journal {
		b.journal = append(b.journal, journalMark{e.ID, e.Posted})
	}
	b.silent = func() ([]Explanation, error) { return changes(c, plain(b.rows), journal) }
	return b, nil
}

// entries puts lines and changes in one order, newest first.
func (b *passbook) entries() ([]HistoryEntry, error) {
	type place struct {
		HistoryEntry
		day       money.Date
		after, as int // the entry it stands at or behind; its own place behind that
	}
	var all []place
	for i := range b.lines {
		l := &b.lines[i]
		all = append(all, place{HistoryEntry{Key: l.Key(), Line: l}, l.Entry.Effective, l.Entry.ID, 0})
	}
	silent, err := b.silent()
	if err != nil {
		return nil, err
	}
	written := map[int]money.Instant{}
	for _, r := range b.rows {
		written[r.Seq] = r.Posted
	}
	for i := range silent {
		x := &silent[i]
		p := place{HistoryEntry{Key: "e" + strconv.Itoa(x.Event.Seq), Change: x}, x.Event.Date, 0, x.Event.Seq}
		for _, m := range b.journal {
			if m.posted < written[x.Event.Seq] {
				p.after = max(p.after, m.id)
			}
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.day, a.day), cmp.Compare(b.after, a.after), cmp.Compare(b.as, a.as))
	})
	out := make([]HistoryEntry, len(all))
	for i, p := range all {
		out[i] = p.HistoryEntry
	}
	return out, nil
}

// cut takes from a whole history what was asked for.
func (h *History) cut(all []HistoryEntry, req *HistoryRequest, payments map[int]billing.LinePayment) error {
	from, to := 0, len(all)
	at := func(key string) (int, error) {
		if i := slices.IndexFunc(all, func(e HistoryEntry) bool { return e.Key == key }); i >= 0 {
			return i, nil
		}
		return 0, ErrNotFound
	}
	var err error
	if req.After != "" {
		if from, err = at(req.After); err != nil {
			return err
		}
		from++
	}
	if req.Before != "" {
		if to, err = at(req.Before); err != nil {
			return err
		}
	}
	var newer, page, older []HistoryEntry
	for i, e := range all {
		switch {
		case !e.chosen(req.HistoryFilter, payments):
		case i < from:
			newer = append(newer, e)
		case i >= to:
			older = append(older, e)
		default:
			page = append(page, e)
		}
	}
	h.Total = len(newer) + len(page) + len(older)
	if over := len(page) - req.Limit; req.Limit > 0 && over > 0 {
		if req.Before != "" { // the last before the key
			newer, page = page[:over], page[over:]
		} else {
			older, page = page[req.Limit:], page[:req.Limit]
		}
	}
	h.Before = len(newer)
	if h.Entries = page; len(page) > 0 && len(newer) > 0 {
		h.Newer = page[0].Key
	}
	if len(page) > 0 && len(older) > 0 {
		h.Older = page[len(page)-1].Key
	}
	return nil
}

func (e *HistoryEntry) chosen(f billing.HistoryFilter, payments map[int]billing.LinePayment) bool {
	if x := e.Change; x != nil {
		says := []string{billing.EventTitle(x.Event)}
		if x.Undone {
			says = append(says, "taken back")
		}
		return f.Has(x.Event.Date, billing.GroupOf(string(x.Event.Kind), x.Event.Kind), 0, says...)
	}
	l := e.Line
	return f.Has(l.Entry.Effective, billing.GroupOf(l.Kind, l.Event.Kind), l.Shown(), l.Title(), payments[l.Entry.Event].Confirmation)
}
