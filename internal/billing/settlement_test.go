package billing

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"marque/internal/money"
)

// What the bank may show for what we expect, and what is a person's to decide.
// Amounts are written "id day kind group amount [reference]", lines "id day code
// amount [words]"; days are those of December 2026, the 14th a Monday.
func TestALineIsMatchedByNamedRulesAndNeverGuessed(t *testing.T) {
	for _, c := range []struct {
		what            string
		expected, lines []string
		want            string
	}{
		{"one batch, one line", []string{"a 14 drafts f1 100.00"}, []string{"x 14 166 100.00"}, "same_day x=a"},
		{"one cent off", []string{"a 14 drafts f1 100.00"}, []string{"x 14 166 100.01"}, ""},
		{"the other way", []string{"a 14 drafts f1 100.00"}, []string{"x 14 466 -100.00"}, ""},
		{"a day late", []string{"a 14 drafts f1 100.00"}, []string{"x 15 166 100.00"}, "near_day x=a"},
		{"over a weekend", []string{"a 18 drafts f1 100.00"}, []string{"x 22 166 100.00"}, "near_day x=a"},
		{"a banking day too late", []string{"a 18 drafts f1 100.00"}, []string{"x 23 166 100.00"}, ""},
		{"over the holiday", []string{"a 24 drafts f1 100.00"}, []string{"x 28 166 100.00"}, "near_day x=a"},
		{"expected on a Sunday", []string{"a 13 return r1 -40.00"}, []string{"x 14 557 -40.00"}, "same_day x=a"},
		{"a type of another kind", []string{"a 14 drafts f1 100.00"}, []string{"x 14 195 100.00"}, ""},
		{"a type that says nothing", []string{"a 14 drafts f1 100.00"}, []string{"x 14 399 100.00"}, "same_day x=a"},
		{"no type", []string{"a 14 drafts f1 100.00"}, []string{"x 14 - 100.00"}, "same_day x=a"},
		{"a type of the bank's own", []string{"a 14 drafts f1 100.00"}, []string{"x 14 ACH 100.00"}, "same_day x=a"},
		{"a file in one amount", []string{"a 14 drafts f1 100.00", "b 14 drafts f1 50.00"}, []string{"x 14 166 150.00"}, "same_day x=a,b"},
		{"a file by batches", []string{"a 14 drafts f1 100.00", "b 14 drafts f1 50.00"}, []string{"x 14 166 50.00", "y 14 166 100.00"}, "same_day x=b same_day y=a"},
		{"two files in one amount", []string{"a 14 drafts f1 100.00", "b 14 drafts f2 50.00"}, []string{"x 14 166 150.00"}, "same_day x=a,b"},
		{"net of what goes out", []string{"a 14 drafts f1 100.00", "b 14 reversals f1 -30.00"}, []string{"x 14 166 70.00"}, "same_day x=a,b"},
		{"out and in apart", []string{"a 14 drafts f1 100.00", "b 14 reversals f1 -30.00"}, []string{"x 14 166 100.00", "y 14 466 -30.00"}, "same_day x=a same_day y=b"},
		{"returns one by one", []string{"a 14 return r1 -40.00", "b 14 return r1 -55.00"}, []string{"x 14 557 -55.00", "y 14 557 -40.00"}, "same_day x=b same_day y=a"},
		{"returns in one amount", []string{"a 14 return r1 -40.00", "b 14 return r1 -40.00"}, []string{"x 14 557 -80.00"}, "same_day x=a,b"},
		{"a payout in two lines", []string{"a 14 payout p1 90.00 po_900001"}, []string{"x 14 147 60.00", "y 14 147 30.00"}, "several_lines x,y=a"},
		{"equal returns, equal lines", []string{"a 14 return r1 -40.00", "b 14 return r1 -40.00"}, []string{"x 14 557 -40.00", "y 14 557 -40.00"}, "several_lines x,y=a,b"},
		{"a line twice", []string{"a 14 drafts f1 100.00"}, []string{"x 14 166 100.00", "y 14 166 100.00"}, ""},
		{"two amounts, one line", []string{"a 14 drafts f1 100.00", "b 14 drafts f2 100.00"}, []string{"x 14 166 100.00"}, ""},
		{"a batch or a whole file", []string{"a 14 drafts f1 100.00", "b 14 drafts f1 50.00", "c 14 drafts f2 150.00"}, []string{"x 14 166 150.00"}, ""},
		{"the same amount each day", []string{"a 14 drafts f1 100.00", "b 15 drafts f2 100.00"}, []string{"x 14 166 100.00", "y 15 166 100.00"}, "same_day x=a same_day y=b"},
		{"the same amount each day, late", []string{"a 14 drafts f1 100.00", "b 15 drafts f2 100.00"}, []string{"x 16 166 100.00"}, ""},
		{"two payouts told apart by name", []string{"a 14 payout p1 90.00 po_900001", "b 14 payout p2 90.00 po_900002"},
			[]string{"x 14 142 90.00 po_900002", "y 14 142 90.00 po_900001"}, "reference x=b reference y=a"},
		{"a name counts for a week", []string{"a 14 payout p1 90.00 po_900001"}, []string{"x 21 142 90.00 po_900001"}, "reference x=a"},
		{"a file by its name", []string{"a 14 drafts 2026-12-11-A 100.00", "b 14 drafts 2026-12-11-A 50.00"}, []string{"x 14 166 150.00 2026-12-11-A"}, "reference x=a,b"},
		{"a name, and the amount is off", []string{"a 14 payout p1 90.00 po_900001", "b 14 payout p2 89.99 po_900002"}, []string{"x 14 142 89.99 po_900001"}, ""},
		{"part of a name", []string{"a 14 payout p1 90.00 po_900001", "b 14 payout p2 90.00 po_900002"}, []string{"x 14 142 90.00 po_9000012"}, ""},
	} {
		expected, lines := expectedOf(t, c.expected), linesOf(t, c.lines)
		if got := matchWords(MatchSettlement(expected, lines)); got != c.want {
			t.Errorf("%s: %q, not %q", c.what, got, c.want)
		}
	}
}

// Matches keep the sums, take nothing twice, and do not depend on the order.
func TestMatchesAreExactAndOrderDoesNotCount(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	kinds := []SettlementKind{SettledDrafts, SettledReversals, SettledReturn, SettledPayout}
	matched := 0
	for round := range 500 {
		var expected []ExpectedSettlement
		var lines []BankLine
		for i := range 1 + r.IntN(12) {
			k := kinds[r.IntN(len(kinds))]
			e := ExpectedSettlement{ID: fmt.Sprint("e", i), Day: december(14 + r.IntN(8)), Rail: ACH, Kind: k, Group: fmt.Sprint("f", r.IntN(4)), Amount: money.Cents(100 * (1 + r.IntN(6)))}
			if k == SettledReversals || k == SettledReturn {
				e.Amount = -e.Amount
			}
			expected = append(expected, e)
			if r.IntN(5) > 0 {
				lines = append(lines, BankLine{ID: fmt.Sprint("e", i), Day: e.Day + money.Date(r.IntN(2)), Amount: e.Amount, Code: "166"})
			}
		}
		amounts, got, once := map[string]money.Cents{}, MatchSettlement(expected, lines), map[string]bool{}
		for _, e := range expected {
			amounts["e"+e.ID] = e.Amount
		}
		for _, l := range lines {
			amounts["l"+l.ID] = l.Amount
		}
		for _, m := range got {
			matched++
			var sum money.Cents
			for _, id := range m.Expected {
				sum += amounts["e"+id]
				if once["e"+id] {
					t.Fatalf("round %d: amount %s is taken twice", round, id)
				}
				once["e"+id] = true
			}
			for _, id := range m.Lines {
				sum -= amounts["l"+id]
				if once["l"+id] {
					t.Fatalf("round %d: line %s is taken twice", round, id)
				}
				once["l"+id] = true
			}
			if sum != 0 {
				t.Fatalf("round %d: %v is off by %s", round, m, sum)
			}
		}
		r.Shuffle(len(expected), func(i, j int) { expected[i], expected[j] = expected[j], expected[i] })
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		if again := MatchSettlement(expected, lines); !reflect.DeepEqual(again, got) {
			t.Fatalf("round %d: %v in another order, %v before", round, again, got)
		}
	}
	if matched < 500 {
		t.Fatalf("only %d matches were looked at", matched)
	}
}

func december(n int) money.Date { return money.NewDate(2026, 12, n) }

func expectedOf(t *testing.T, said []string) (out []ExpectedSettlement) {
	for _, s := range said {
		var e ExpectedSettlement
		var day int
		var amount string
		if n, _ := fmt.Sscan(s, &e.ID, &day, &e.Kind, &e.Group, &amount, &e.Reference); n < 5 {
			t.Fatal(s)
		}
		var err error
		if e.Amount, err = money.ParseDollars(amount); err != nil {
			t.Fatal(err)
		}
		if e.Day, e.Rail = december(day), ACH; e.Kind == SettledPayout {
			e.Rail = Card
		}
		out = append(out, e)
	}
	return out
}

func linesOf(t *testing.T, said []string) (out []BankLine) {
	for _, s := range said {
		var l BankLine
		var day int
		var amount string
		if n, _ := fmt.Sscan(s, &l.ID, &day, &l.Code, &amount, &l.Words); n < 4 {
			t.Fatal(s)
		}
		var err error
		if l.Amount, err = money.ParseDollars(amount); err != nil {
			t.Fatal(err)
		}
		l.Day, l.Code = december(day), strings.Trim(l.Code, "-")
		out = append(out, l)
	}
	return out
}

func matchWords(all []SettlementMatch) string {
	var out []string
	for _, m := range all {
		slices.Sort(m.Expected)
		slices.Sort(m.Lines)
		out = append(out, string(m.Rule)+" "+strings.Join(m.Lines, ",")+"="+strings.Join(m.Expected, ","))
	}
	return strings.Join(out, " ")
}
