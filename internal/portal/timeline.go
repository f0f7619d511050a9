package portal

import (
	"cmp"
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// lines are all that the books say of one event: first what was posted for it,
// then what changed that later.
type lines struct {
	date  money.Date // of the event
	event int
	rows  []servicing.HistoryRow // as they were posted
}

// principal is what an event took off the balance, as it now stands.
func (l lines) principal() (sum money.Cents) {
	for _, h := range l.rows {
		sum += h.Allocation.Principal
	}
	return sum
}

// byDate folds a history, newest posted first, into its events by effective
// date, oldest first. A change that was dated back so takes its place among what
// had been posted before.
func byDate(history []servicing.HistoryRow) []lines {
	var out []lines
	at := map[int]int{}
	for _, h := range slices.Backward(history) {
		i, known := at[h.Event]
		if !known {
			i, at[h.Event] = len(out), len(out)
			out = append(out, lines{date: h.Effective, event: h.Event})
		}
		out[i].rows = append(out[i].rows, h)
	}
	slices.SortStableFunc(out, func(a, b lines) int { return cmp.Compare(a.date, b.date) })
	return out
}

// isUndoing says that a row takes an event back.
func isUndoing(kind string) bool {
	return kind == "payment_returned" || kind == "payment_canceled" || kind == "taken_back"
}

// placed is a row of the history with its place in time.
type placed struct {
	date  money.Date
	event int
	rows  []historyRow // a row and its corrections below it
}

// merged is the history newest first by the dates that things count for, with
// the changes that moved no money among them. Corrections stand below the row
// that they correct. The balance after each is as it now stands; a row that was
// corrected since leaves it to its last correction.
func merged(a servicing.Account) []historyRow {
	var all []placed
	balance, events := a.Terms.Principal, byDate(a.History)
	for _, l := range events {
		balance -= l.principal()
		own, undone := placed{date: l.date, event: l.event}, false
		for i, h := range l.rows {
			row := newHistoryRow(a.ID, h)
			row.Balance = balance
			switch {
			case i > 0 && isUndoing(h.Kind): // has a day of its own
				undone, row.Balance = true, balanceOn(a, events, h.Effective)
				all = append(all, placed{h.Effective, l.event, []historyRow{row}})
				continue
			case h.Kind == correctionKind:
				if !movesMoney(h.Allocation) {
					continue
				}
				row.What, row.Effective, row.IsCorrection = "applied anew because of "+causeOf(a, h), l.date, true
			case i == 0 && h.Amount == 0 && h.Allocation == (contract.Allocation{}):
				row.Moves = false
			}
			own.rows = append(own.rows, row)
		}
		for i := range own.rows {
			own.rows[i].BalanceMoved = undone || i < len(own.rows)-1
		}
		all = append(all, own)
	}
	for _, x := range a.Changes {
		all = append(all, placed{x.Event.Date, x.Event.Seq, []historyRow{changeLine(a.ID, x)}})
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(b.date, a.date), cmp.Compare(b.event, a.event))
	})
	var out []historyRow
	for _, p := range all {
		out = append(out, p.rows...)
	}
	return out
}

// balanceOn is the balance at the end of a day, as it now stands.
func balanceOn(a servicing.Account, events []lines, day money.Date) money.Cents {
	balance := a.Terms.Principal
	for _, l := range events {
		if l.date <= day {
			balance -= l.principal()
		}
	}
	return balance
}

const correctionKind = "correction"

// movesMoney says that a part of an allocation that a history shows is not zero.
func movesMoney(a contract.Allocation) bool {
	a.InterestForgiven = 0
	return a != contract.Allocation{}
}

func newHistoryRow(id servicing.ContractID, h servicing.HistoryRow) historyRow {
	h.Amount = rowAmount(h)
	row := historyRow{HistoryRow: h, What: lineTitle(h), Fees: fees(h.Allocation), Moves: true, Why: historyHref(id, h.Event)}
	if h.PaymentID != "" {
		row.Href = accountHref(id) + "/payments/" + string(h.PaymentID)
	}
	return row
}

// causeOf names what a correction came from. The books post a cause and then
// what it corrects, at one instant; a change that moves no money posts nothing,
// and is found by its number, which lies between what was posted before and after.
func causeOf(a servicing.Account, h servicing.HistoryRow) string {
	rows := a.History
	i := slices.IndexFunc(rows, func(r servicing.HistoryRow) bool { return r == h })
	first := map[int]money.Date{}
	for _, r := range slices.Backward(rows) {
		if _, ok := first[r.Event]; !ok {
			first[r.Event] = r.Effective
		}
	}
	for _, r := range rows[i+1:] {
		if r.Posted != h.Posted {
			break
		}
		if r.Kind == correctionKind {
			continue
		}
		if first[r.Event] <= first[h.Event] {
			return causeWords(r, first[r.Event])
		}
		break
	}
	return silentCause(a, h, first[h.Event])
}

func causeWords(r servicing.HistoryRow, on money.Date) string {
	switch r.Kind {
	case "payment_returned":
		return "the payment of " + on.Long() + " that the bank returned"
	case "payment_canceled":
		return "the payment of " + on.Long() + " that was canceled"
	case "taken_back":
		return "an entry of " + on.Long() + " that was taken back"
	}
	title := lineTitle(r)
	return "“" + strings.ToLower(title[:1]) + title[1:] + "” of " + on.Long()
}

func silentCause(a servicing.Account, h servicing.HistoryRow, on money.Date) string {
	before, after := 0, int(^uint(0)>>1)
	for _, r := range a.History {
		switch {
		case r.Kind == correctionKind || isUndoing(r.Kind):
		case r.Posted < h.Posted:
			before = max(before, r.Event)
		case r.Posted > h.Posted:
			after = min(after, r.Event)
		}
	}
	var found []servicing.Explanation
	for _, x := range a.Changes {
		switch e := x.Event; {
		case e.Kind == contract.PayoffQuote || e.Kind == contract.Odometer:
		case e.Seq > before && e.Seq < after && e.Date <= on:
			found = append(found, x)
		}
	}
	if len(found) != 1 {
		return "something with an earlier date"
	}
	title := billing.EventTitle(found[0].Event)
	return "a change dated " + found[0].Event.Date.Long() + " (" + strings.ToLower(title[:1]) + title[1:] + ")"
}

// correction is when and because of what an event stands differently than it was
// first posted.
type correction struct {
	Posted money.Instant
	Cause  string
}

// lastCorrection is the last correction of an event; nil when it stands as it was
// first posted.
func lastCorrection(a servicing.Account, event int) *correction {
	for _, h := range a.History { // the last correction
		if h.Event == event && h.Kind == correctionKind && movesMoney(h.Allocation) {
			return &correction{h.Posted, causeOf(a, h)}
		}
	}
	return nil
}

// outside are the payments that did not come through this portal or autopay: by
// check, wire, card or cash, or from an insurer. Those taken back say so.
func outside(a servicing.Account) []paymentRow {
	undone := map[int]bool{}
	var out []paymentRow
	for _, h := range a.History {
		undone[h.Event] = undone[h.Event] || isUndoing(h.Kind)
		if h.Kind != string(contract.Payment) || h.PaymentID != "" {
			continue
		}
		row := paymentRow{Payment: servicing.Payment{Contract: a.ID, Date: h.Effective, Amount: h.Amount}, What: lineTitle(h), Vehicle: vehicleName(a.Vehicle),
			From: sourceName(h.Source), Href: historyHref(a.ID, h.Event), Status: statusOf(billing.Settled)}
		if undone[h.Event] {
			row.Status = status{"plain", "Taken back"}
		}
		out = append(out, row)
	}
	return out
}

func sourceName(s contract.Source) string {
	return map[contract.Source]string{contract.FromCard: "Card", contract.FromCheck: "Check", contract.FromWire: "Wire", contract.FromCash: "Cash",
		contract.FromInsurer: "Insurance company", contract.FromACH: "Bank account"}[s]
}
