package ledger_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/ledger"
	"marque/internal/money"
)

func TestAnEntryBalancesOrIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		postings []ledger.Posting
		sound    bool
	}{
		"two sides":            {[]ledger.Posting{{ledger.Cash, 450_00}, {ledger.Principal, -450_00}}, true},
		"three sides":          {[]ledger.Posting{{ledger.Transit, 450_00}, {ledger.Principal, -329_74}, {ledger.InterestEarn, -120_26}}, true},
		"off by a cent":        {[]ledger.Posting{{ledger.Transit, 450_00}, {ledger.Principal, -329_74}, {ledger.InterestEarn, -120_25}}, false},
		"one side":             {[]ledger.Posting{{ledger.Cash, 450_00}}, false},
		"nothing":              {nil, false},
		"nothing, twice":       {[]ledger.Posting{{ledger.Cash, 0}, {ledger.Principal, 0}}, false},
		"one account twice":    {[]ledger.Posting{{ledger.Cash, 1}, {ledger.Cash, -1}}, false},
		"a sum that overflows": {[]ledger.Posting{{ledger.Cash, math.MinInt64}, {ledger.Principal, math.MinInt64}}, false},
	} {
		e := ledger.Entry{Postings: c.postings}
		if err := e.Check(); (err == nil) != c.sound || (err != nil && !errors.Is(err, ledger.ErrUnbalanced)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMoveBalancesAndItsReverseUndoesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := money.Cents(rapid.Int64Range(1, int64(money.MaxAmount)).Draw(t, "amount"))
		from := rapid.SampledFrom(ledger.Chart).Draw(t, "from").Account
		to := rapid.SampledFrom(ledger.Chart).Draw(t, "to").Account
		e := ledger.Entry{Postings: ledger.Move(from, to, amount)}
		if err := e.Check(); (err == nil) != (from != to) {
			t.Fatalf("from %s to %s: %v", from, to, err)
		}
		b := ledger.Balances{}
		b.Add(e.Postings)
		b.Add(ledger.Move(to, from, amount))
		for account, left := range b {
			if left != 0 {
				t.Fatalf("%s is left on %s", left, account)
			}
		}
	})
}

func TestAMoveOfNothingPostsNothing(t *testing.T) {
	if ps := ledger.Move(ledger.Cash, ledger.Transit, 0); len(ps) != 0 {
		t.Errorf("%v", ps)
	}
}

func TestTheChartDescribesEachAccountOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range ledger.Chart {
		for _, name := range []string{string(c.Account), c.Name, string(c.Class) + ":" + c.Path} {
			if name == "" || seen[name] {
				t.Errorf("%q stands twice or is empty", name)
			}
			seen[name] = true
		}
		if of, charted := ledger.Of(c.Account); !charted || of != c || c.Says == "" {
			t.Errorf("%s: %+v", c.Account, of)
		}
	}
	if _, charted := ledger.Of("petty_cash"); charted {
		t.Error("an account that is not in the chart was found")
	}
}
