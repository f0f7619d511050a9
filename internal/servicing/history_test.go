package servicing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// eventful boards a loan to which a little of everything has happened.
func (o *office) eventful(number string) *account {
	a := o.take(number, loan())
	post := func(e contract.Event) int {
		return got(o.PostEvent(ctx, system, servicing.EventRequest{Key: servicing.NewKey(), Contract: a.id, Event: e}))(o).Event.Seq
	}
	o.to(day("2026-02-20"))
	post(contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: day("2026-01-20"), Amount: 450_00})
	bad := post(contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: day("2026-02-16"), Amount: 500_00})
	post(contract.Event{Kind: contract.OtherCharge, Date: day("2026-02-17"), Amount: 35_00})
	post(contract.Event{Kind: contract.Waiver, Of: contract.OtherFees, Date: day("2026-02-18"), Amount: 10_00})
	post(contract.Event{Kind: contract.Deferral, Months: 1, Date: day("2026-02-19")}) // posts nothing
	post(contract.Event{Kind: contract.Reversal, Reverses: bad, Date: day("2026-02-20")})
	post(contract.Event{Kind: contract.Payment, Source: contract.FromCash, Date: day("2026-02-20"), Amount: 1_000_00})
	post(contract.Event{Kind: contract.Payment, Source: contract.FromWire, Date: day("2026-02-10"), Amount: 200_00}) // what came later is applied again
	return a
}

func keysOf(h servicing.History) (keys []string) {
	for _, e := range h.Entries {
		keys = append(keys, e.Key)
	}
	return keys
}

func TestPagesOfAHistoryAreTheWholeOfItInBothDirections(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.eventful("L1")
		read := func(req servicing.HistoryRequest) servicing.History {
			return got(o.History(ctx, a.actor, a.id, req))(t)
		}
		for name, f := range map[string]billing.HistoryFilter{
			"all": {}, "payments": {Group: billing.GroupPayments}, "fees": {Group: billing.GroupFees}, "changes": {Group: billing.GroupChanges}, "corrections": {Group: billing.GroupCorrections},
			"words": {Text: "february payment"}, "an amount": {Text: "500.00"}, "days": {From: day("2026-02-16"), Through: day("2026-02-18")}, "none": {Text: "zebra"},
		} {
			whole := read(servicing.HistoryRequest{HistoryFilter: f})
			want := keysOf(whole)
			if name != "none" && len(want) == 0 {
				t.Errorf("%s: nothing", name)
			}
			for limit := 1; limit <= 4; limit++ {
				var down []string
				page := read(servicing.HistoryRequest{HistoryFilter: f, Limit: limit})
				for {
					down = append(down, keysOf(page)...)
					if page.Total != len(want) {
						t.Errorf("%s: %d in all, and there are %d", name, page.Total, len(want))
					}
					if page.Older == "" || len(down) > len(want) {
						break
					}
					page = read(servicing.HistoryRequest{HistoryFilter: f, Limit: limit, After: page.Older})
				}
				if !slices.Equal(down, want) {
					t.Errorf("%s by %d: %v, and it is %v", name, limit, down, want)
				}
				var up []string
				for {
					up = append(keysOf(page), up...)
					if page.Newer == "" || len(up) > len(want) {
						break
					}
					page = read(servicing.HistoryRequest{HistoryFilter: f, Limit: limit, Before: page.Newer})
				}
				if !slices.Equal(up, want) {
					t.Errorf("%s back by %d: %v, and it is %v", name, limit, up, want)
				}
			}
		}
		// What is posted while somebody reads is on no page twice and takes nothing from the next.
		first := read(servicing.HistoryRequest{Limit: 3})
		next := keysOf(read(servicing.HistoryRequest{Limit: 3, After: first.Older}))
		got(o.PostEvent(ctx, system, servicing.EventRequest{Key: servicing.NewKey(), Contract: a.id, Event: contract.Event{Kind: contract.OtherCharge, Date: o.day, Amount: 5_00}}))(t)
		if now := keysOf(read(servicing.HistoryRequest{Limit: 3, After: first.Older})); !slices.Equal(now, next) {
			t.Errorf("the next page was %v and is %v", next, now)
		}
		for _, bad := range []string{"999", "e1", "x", "1"} { // 1 is the boarding
			if _, err := o.History(ctx, a.actor, a.id, servicing.HistoryRequest{After: bad, Limit: 3}); !errors.Is(err, servicing.ErrNotFound) {
				t.Errorf("after %q: %v", bad, err)
			}
		}
		if _, err := o.History(ctx, a.actor, a.id, servicing.HistoryRequest{HistoryFilter: billing.HistoryFilter{From: o.day, Through: o.day - 1}}); outcome(err) != "refused dates" {
			t.Errorf("days the wrong way round: %v", err)
		}
	})
}

func TestTheBalancesOfAHistoryAreTheAccounts(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.eventful("L1")
		h := got(o.History(ctx, a.actor, a.id, servicing.HistoryRequest{}))(t)
		state := got(o.Account(ctx, a.actor, a.id))(t).State
		lines := h.Lines()
		last := lines[len(lines)-1]
		if owed := state.Principal + state.LateFees + state.OtherFees - state.Unapplied; last.Balance != state.Principal || last.Owed != owed || h.Closing != owed {
			t.Errorf("the last line stands at %s and %s, the history closes at %s, and the account stands at %s and %s", last.Balance, last.Owed, h.Closing, state.Principal, owed)
		}
		balance := loan().Principal
		for i, l := range lines {
			if balance -= l.Allocation.Principal; l.Balance != balance {
				t.Errorf("line %d, %s: %s, not %s", i, l.Kind, l.Balance, balance)
			}
			if i > 0 && l.Entry.Effective < lines[i-1].Entry.Effective {
				t.Errorf("line %d, %s, is before the one before it", i, l.Kind)
			}
		}
		// Any days lead from their opening to their closing balance.
		for from := day("2026-01-10"); from <= o.day; from += 7 {
			part := got(o.History(ctx, a.actor, a.id, servicing.HistoryRequest{HistoryFilter: billing.HistoryFilter{From: from, Through: from + 20}}))(t)
			owed := part.Opening
			for _, l := range part.Lines() {
				owed -= billing.Settles(contract.Loan, l.Allocation)
			}
			if owed != part.Closing {
				t.Errorf("from %s: %s leads to %s and not %s", from, part.Opening, owed, part.Closing)
			}
		}
		var titles []string
		for _, e := range h.Entries {
			if e.Change != nil {
				titles = append(titles, billing.EventTitle(e.Change.Event))
			} else {
				titles = append(titles, e.Line.Title())
			}
		}
		for _, want := range []string{"Payment in cash", "Taken back: Payment by check of Feb 16, 2026", "Fee forgiven", "Other fee", "Payment by wire", "Payments moved to later"} {
			if !slices.Contains(titles, want) {
				t.Errorf("no %q in %q", want, titles)
			}
		}
	})
}

func TestAYearSumsWhatItsStatementsSum(t *testing.T) {
	o := newOffice(t, t.TempDir()+"/marque.db")
	a := o.eventful("L1")
	head, y, err := o.Year(ctx, a.actor, a.id, 2026)
	must(t, err)
	acct := got(o.Account(ctx, a.actor, a.id))(t)
	if y.Interest != acct.YTD.Interest || y.Principal != acct.YTD.Principal || y.Fees != acct.YTD.Fees || y.Closing != acct.State.Principal || y.Opening-y.Principal+y.Other != y.Closing {
		t.Errorf("%+v, and the account has %+v", y, acct.YTD)
	}
	var sum billing.YearSum
	for _, m := range y.Months {
		sum.Interest, sum.Principal, sum.Fees, sum.Paid = sum.Interest+m.Interest, sum.Principal+m.Principal, sum.Fees+m.Fees, sum.Paid+m.Paid
	}
	if sum.Interest != y.Interest || sum.Principal != y.Principal || sum.Fees != y.Fees || sum.Paid != y.Paid || sum.Paid != sum.Interest+sum.Principal+sum.Fees {
		t.Errorf("the months make %+v of %+v", sum, y.YearSum)
	}
	if y.Paid != 450_00+200_00+1_000_00 || y.FeesCharged != 35_00 || head.AccountNumber != "L1" || y.Months[len(y.Months)-1].Balance != y.Closing {
		t.Errorf("%+v of %+v", y, head)
	}
	for _, other := range []int{2024, 2027, 0, -1, 999999} {
		if _, _, err := o.Year(ctx, a.actor, a.id, other); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("%d: %v", other, err)
		}
	}
}

func TestAnotherBorrowersHistoryIsNotThere(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, other := o.eventful("L1"), o.take("L2", loan())
		for name, read := range map[string]func() error{
			"history": func() error { _, err := o.History(ctx, other.actor, a.id, servicing.HistoryRequest{}); return err },
			"a key": func() error {
				_, err := o.History(ctx, other.actor, a.id, servicing.HistoryRequest{After: "2", Limit: 1})
				return err
			},
			"year": func() error { _, _, err := o.Year(ctx, other.actor, a.id, 2026); return err },
		} {
			if err := read(); !errors.Is(err, servicing.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A page of a long history costs what the whole of it costs: see its comment.
func BenchmarkHistory(b *testing.B) {
	o := newOffice(b, b.TempDir()+"/marque.db")
	a := o.take("L1", loan())
	o.to(day("2026-01-20"))
	for n := range 300 {
		e := contract.Event{Kind: contract.Payment, Source: contract.FromCash, Date: o.day, Amount: money.Cents(10_00 + n)}
		got(o.PostEvent(ctx, system, servicing.EventRequest{Key: fmt.Sprint(n), Contract: a.id, Event: e}))(b)
	}
	for name, text := range map[string]string{"newest": "", "search": strings.ToLower("10.42")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := o.History(ctx, a.actor, a.id, servicing.HistoryRequest{HistoryFilter: billing.HistoryFilter{Text: text}, Limit: 24}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
