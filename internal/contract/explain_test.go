package contract_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

// Every cent of a payment has its reason: the steps of each part sum to the
// part, and the interest can be added up from its spans.
func TestEveryCentOfAPaymentIsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		_, split := replay(t, &terms, events)
		for i, e := range events {
			why, err := contract.Explain(&terms, events, e.Seq)
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind == contract.Payment || e.Kind == contract.Sale {
				explained(t, &terms, why, split[i])
			}
			for _, w := range why {
				if w.What == "" || w.Rule == "" || w.Clause == "" {
					t.Fatalf("%+v: %+v has no rule or clause", e, w)
				}
			}
			if len(why) == 0 {
				t.Fatalf("nothing explains %+v", e)
			}
		}
	})
}

func explained(t *rapid.T, terms *contract.Terms, why []contract.Why, a contract.Allocation) {
	sum := map[string]money.Cents{}
	for _, w := range why {
		sum[w.What] += w.Amount
		if w.Rule != contract.RuleAccrued || terms.CarryFraction {
			continue
		}
		var total money.Interest
		before, owed := money.Cents(0), money.Cents(0)
		for _, f := range w.Figures {
			switch f.Name {
			case "owed":
				owed = cents(f.Value)
			case "unpaid_before":
				before = cents(f.Value[:len(f.Value)-4]) // its whole cents
			}
		}
		for _, span := range w.Spans {
			total = total.Add(span.Interest)
		}
		if got := before + total.Round(money.Truncate); got < owed-2 || got > owed+1 {
			t.Fatalf("spans make %s, owed is %s: %+v", got, owed, w)
		}
	}
	forgiven := sum["forgiven"]
	money := map[string]money.Cents{
		"interest": a.Interest, "principal": a.Principal + a.Tax, "late_fee": a.LateFee, "other_fee": a.OtherFee, "unapplied": a.Unapplied, "recovered": a.Recovered,
	}
	if forgiven != a.Forgiven+a.InterestForgiven {
		t.Fatalf("%s forgiven, explained %s", a.Forgiven+a.InterestForgiven, forgiven)
	}
	for part, amount := range money {
		if got := sum[part]; forgiven == 0 && got != amount || got > amount {
			t.Fatalf("%s of %s explained as %s: %+v", part, amount, got, why)
		}
	}
	if sum["tax"] != a.Tax {
		t.Fatalf("tax of %s explained as %s", a.Tax, sum["tax"])
	}
}

// What is shown before an event is agreed to is what it then does. A preview
// knows the interest since the last event, the explanation that of each day since
// interest was last paid.
func TestAPreviewIsWhatHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, events := anyLife(t)
		if len(events) == 0 {
			return
		}
		last := events[len(events)-1]
		s, _ := replay(t, &terms, events[:len(events)-1])
		before := s
		after, a, why, err := s.Preview(&terms, last)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Equal(&before) {
			t.Fatalf("the preview of %+v changed the account from %+v to %+v", last, before, s)
		}
		want, split := replay(t, &terms, events)
		if !after.Equal(&want) || a != split[len(split)-1] {
			t.Fatalf("%+v was shown as %+v and %+v, was %+v and %+v", last, a, after, split[len(split)-1], want)
		}
		explained, err := contract.Explain(&terms, events, last.Seq)
		if err != nil || !slices.EqualFunc(why, explained, sameReason) {
			t.Fatalf("%+v was shown as %+v, is explained as %+v, %v", last, why, explained, err)
		}
	})
}

func sameReason(a, b contract.Why) bool {
	if a.Rule == contract.RuleAccrued {
		a.Spans, b.Spans, a.Figures, b.Figures = nil, nil, nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// 24,000.00 at 5.90 % over 31 days.
func TestAPaymentInItsSteps(t *testing.T) {
	terms := loan()
	why, err := contract.Explain(&terms, []contract.Event{
		{Seq: 1, Kind: contract.OtherCharge, Date: date("2026-02-01"), Amount: 15_00},
		{Seq: 2, Kind: contract.Payment, Date: date("2026-02-15"), Amount: 500_00},
	}, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		what   string
		amount money.Cents
		rule   contract.Rule
	}{{"interest", 120_26, contract.RuleAccrued}, {"principal", 329_74, contract.RuleBilled}, {"other_fee", 15_00, contract.RuleFees}, {"principal", 35_00, contract.RuleAhead}}
	if len(why) != len(want) {
		t.Fatalf("%+v", why)
	}
	for i, w := range want {
		if got := why[i]; got.What != w.what || got.Amount != w.amount || got.Rule != w.rule {
			t.Errorf("step %d: %+v, want %+v", i+1, got, w)
		}
	}
	span := why[0].Spans[0]
	if len(why[0].Spans) != 1 || span.Days != 31 || span.Balance != 24_000_00 || span.Basis != 365 || span.PerDiem.Decimal(6) != "3.879452" {
		t.Errorf("the interest's span is %+v", why[0].Spans)
	}
}

// Five more days on 23,670.26 cost 19.13, said before the due day is changed.
func TestTheDaysThatANewDueDayAddsAreShownBefore(t *testing.T) {
	terms := loan()
	s, _, err := contract.Fold(&terms, []contract.Event{{Seq: 1, Kind: contract.Payment, Date: date("2026-02-15"), Amount: 450_00}}, date("2026-03-01"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, why, err := s.Preview(&terms, contract.Event{Seq: 2, Kind: contract.DueDateChange, Date: date("2026-03-01"), DueDay: 20})
	if err != nil || len(why) != 1 {
		t.Fatal(why, err)
	}
	got := map[string]string{}
	for _, f := range why[0].Figures {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{"due_date_before": "2026-03-15", "due_date": "2026-03-20", "extra_days": "5", "extra_interest": "19.13", "maturity": "2031-01-20"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// The interest between any two days is that of its spans: one for each balance,
// rate and year.
func TestTheSpansOfALifeSumToItsInterest(t *testing.T) {
	terms := loan()
	r := rate("0.049")
	events := []contract.Event{
		{Seq: 1, Kind: contract.Payment, Date: date("2026-02-15"), Amount: 450_00},
		{Seq: 2, Kind: contract.ReturnedFee, Date: date("2026-02-20"), Amount: 15_00},
		{Seq: 3, Kind: contract.RateChange, Date: date("2026-03-01"), Rate: &r},
		{Seq: 4, Kind: contract.Payment, Date: date("2026-03-15"), Amount: 450_00},
	}
	spans, err := contract.Accruals(&terms, events, date("2026-02-01"), date("2026-04-01"))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		days    int
		balance string
		rate    string
	}{{14, "24000.00", "0.059"}, {14, "23670.26", "0.059"}, {14, "23670.26", "0.049"}, {17, "23318.31", "0.049"}}
	if len(spans) != len(want) {
		t.Fatalf("%+v", spans)
	}
	for i, w := range want {
		if s := spans[i]; s.Days != w.days || s.Balance != cents(w.balance) || s.Rate != rate(w.rate) {
			t.Errorf("span %d is %+v, want %+v", i+1, s, w)
		}
	}
}
