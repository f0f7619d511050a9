package billing_test

import (
	"slices"
	"strings"
	"testing"

	"marque/internal/ach"
	"marque/internal/billing"
	"marque/internal/money"

	"pgregory.net/rapid"
)

func TestEveryReturnCodeHasItsRow(t *testing.T) {
	rules := map[string]billing.Return{}
	for _, r := range billing.ReturnRules() {
		rules[r.Code] = r
	}
	for n := range 100 {
		code := "R" + string([]byte{'0' + byte(n/10), '0' + byte(n%10)})
		r, there := rules[code]
		c := ach.ReturnCode(code)
		if there != c.Known() {
			t.Errorf("%s: in the table %t, in the rules %t", code, there, c.Known())
		}
		if !there {
			continue
		}
		if r != billing.ReturnRule(code) || r.Reason == "" || strings.HasSuffix(r.Reason, ".") || strings.ToUpper(r.Reason[:1]) == r.Reason[:1] {
			t.Errorf("%s: %+v", code, r)
		}
		if r.Retry != (c.Reinitiation() == ach.MayReinitiate) {
			t.Errorf("%s: retry %t, the rules say %s", code, r.Retry, c.Reinitiation())
		}
		if (r.Class == billing.UnauthorizedReturn) != c.Unauthorized() {
			t.Errorf("%s: counted %s, the rules say unauthorized %t", code, r.Class, c.Unauthorized())
		}
		if between := c.Dishonored() || c.Contested(); (r.Class == billing.BetweenBanks) != between || between && (r.Reverse || !r.Exception) {
			t.Errorf("%s: %+v", code, r)
		}
		if r.Retry && (r.StopsAccount || r.EndsAuthorization) || r.Fee && !r.Reverse {
			t.Errorf("%s contradicts itself: %+v", code, r)
		}
	}
	codes := func(is func(billing.Return) bool) string {
		var out []string
		for _, r := range billing.ReturnRules() {
			if is(r) {
				out = append(out, r.Code)
			}
		}
		return strings.Join(out, " ")
	}
	for name, c := range map[string]struct{ got, want string }{
		"unauthorized":           {codes(func(r billing.Return) bool { return r.Class == billing.UnauthorizedReturn }), "R05 R07 R10 R11 R29 R51"},
		"administrative":         {codes(func(r billing.Return) bool { return r.Class == billing.AdministrativeReturn }), "R02 R03 R04"},
		"fee":                    {codes(func(r billing.Return) bool { return r.Fee }), "R01 R09"},
		"retry":                  {codes(func(r billing.Return) bool { return r.Retry }), "R01 R09"},
		"stops the account":      {codes(func(r billing.Return) bool { return r.StopsAccount }), "R02 R03 R04 R12 R13 R14 R15 R16 R17 R20 R28 R34 R90"},
		"ends the authorization": {codes(func(r billing.Return) bool { return r.EndsAuthorization }), "R05 R07 R10 R14 R15 R29 R51"},
		"takes nothing back":     {codes(func(r billing.Return) bool { return !r.Reverse }), "R23 R61 R62 R67 R68 R69 R70 R71 R72 R73 R74 R75 R76 R77"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
	if r := billing.ReturnRule("R99"); !r.Reverse || !r.Exception || r.Fee || r.Retry || !strings.Contains(r.Reason, "R99") {
		t.Errorf("an unknown code: %+v", r)
	}
}

func TestPresentingADebitAgain(t *testing.T) {
	settled := day("2026-01-15")
	for name, c := range map[string]struct {
		code    string
		retries int
		on      string
		want    bool
	}{
		"first":                     {"R01", 0, "2026-01-20", true},
		"second":                    {"R09", 1, "2026-02-02", true},
		"third":                     {"R01", 2, "2026-02-03", false},
		"the 180th day":             {"R01", 1, "2026-07-14", true},
		"the 181st":                 {"R01", 0, "2026-07-15", false},
		"the day it settled":        {"R01", 0, "2026-01-15", false},
		"closed":                    {"R02", 0, "2026-01-20", false},
		"revoked":                   {"R07", 0, "2026-01-20", false},
		"stopped":                   {"R08", 0, "2026-01-20", false},
		"not authorized":            {"R10", 0, "2026-01-20", false},
		"not as authorized":         {"R11", 0, "2026-01-20", false},
		"corporate, not authorized": {"R29", 0, "2026-01-20", false},
		"a code nobody knows":       {"R99", 0, "2026-01-20", false},
		"a count that cannot be":    {"R01", -1, "2026-01-20", false},
	} {
		if got := billing.MayRetry(c.code, c.retries, settled, day(c.on)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if billing.MayRetry("R01", 0, 0, day("2026-01-20")) {
		t.Error("a debit that never settled is presented again")
	}
}

func TestAReversalIsWithinFiveBankingDays(t *testing.T) {
	settled := day("2026-11-06") // a Friday; the Wednesday after is Veterans Day
	for on, want := range map[string]bool{
		"2026-11-05": false, "2026-11-06": true, "2026-11-13": true, "2026-11-16": true, "2026-11-17": false,
	} {
		if got := billing.MayReverse(settled, day(on)); got != want {
			t.Errorf("on %s: %t", on, got)
		}
	}
}

// Sixty days to 2026-03-31 begin on 2026-01-31. Debits of the period: 4,000 in
// February and 4,000 in March; those of 2026-01-30 are a day too old.
//
//	unauthorized    20 = 12 R10 + 5 R07 + 3 R11            20 / 8,000 = 0.25 %, half of 0.5
//	administrative 119 = 60 R02 + 50 R03 + 9 R04          119 / 8,000 = 1.4875 %, below half of 3
//	all            600 = 20 + 119 + 441 R01 + 20 R08      600 / 8,000 = 7.5 %, half of 15
func TestReturnRatesOfSixtyDays(t *testing.T) {
	sent := []billing.SentDebits{
		{Date: day("2026-01-30"), Entries: 9_999}, {Date: day("2026-02-02"), Entries: 4_000}, {Date: day("2026-03-31"), Entries: 4_000}, {Date: day("2026-04-01"), Entries: 7},
	}
	back := []billing.ReturnedDebits{
		{Date: day("2026-01-30"), Code: "R10", Entries: 99}, // a day too old
		{Date: day("2026-01-31"), Code: "R10", Entries: 12}, {Date: day("2026-02-10"), Code: "R07", Entries: 5}, {Date: day("2026-03-02"), Code: "R11", Entries: 3},
		{Date: day("2026-02-04"), Code: "R02", Entries: 60}, {Date: day("2026-02-04"), Code: "R03", Entries: 50}, {Date: day("2026-03-31"), Code: "R04", Entries: 9},
		{Date: day("2026-02-05"), Code: "R01", Entries: 441}, {Date: day("2026-02-06"), Code: "R08", Entries: 20},
		{Date: day("2026-02-07"), Code: "R68", Entries: 50}, {Date: day("2026-02-08"), Code: "R73", Entries: 50}, // between banks
		{Date: day("2026-04-01"), Code: "R01", Entries: 50}, // tomorrow's
	}
	got := billing.RatesOn(day("2026-03-31"), billing.RateDays, sent, back)
	if got.From != day("2026-01-31") || got.To != day("2026-03-31") {
		t.Errorf("from %s to %s", got.From, got.To)
	}
	for i, want := range []struct {
		returned, shown int64
		alarm, breach   bool
	}{{20, 25, true, false}, {119, 149, false, false}, {600, 750, true, false}} {
		r := got.Rates[i]
		if shown, _ := r.PerTenThousand(); r.Returned != want.returned || r.Debits != 8_000 || shown != want.shown || r.Alarm() != want.alarm || r.Breach() != want.breach {
			t.Errorf("rate %d: %+v, %d, alarm %t, breach %t", i, r, shown, r.Alarm(), r.Breach())
		}
	}
	if n := len(got.Alarms()); n != 2 {
		t.Errorf("%d alarms", n)
	}
	if again := billing.RatesOn(day("2026-03-31"), 0, sent, back); again != got {
		t.Error("the period is sixty days where none is given")
	}
}

func TestLevelsAreComparedExactly(t *testing.T) {
	for name, c := range map[string]struct {
		rate          billing.ReturnRate
		alarm, breach bool
	}{
		"at the level is no breach":    {billing.ReturnRate{Level: billing.UnauthorizedLevel, Returned: 5, Debits: 1_000}, true, false},
		"one debit fewer is":           {billing.ReturnRate{Level: billing.UnauthorizedLevel, Returned: 5, Debits: 999}, true, true},
		"half the level":               {billing.ReturnRate{Level: billing.UnauthorizedLevel, Returned: 5, Debits: 2_000}, true, false},
		"a debit more than half":       {billing.ReturnRate{Level: billing.UnauthorizedLevel, Returned: 5, Debits: 2_001}, false, false},
		"one of fifty is chance":       {billing.ReturnRate{Level: billing.UnauthorizedLevel, Returned: 1, Debits: 50}, false, true},
		"two of fifty are not":         {billing.ReturnRate{Level: billing.UnauthorizedLevel, Returned: 2, Debits: 50}, true, true},
		"administrative at half":       {billing.ReturnRate{Level: billing.AdministrativeLevel, Returned: 3, Debits: 200}, true, false},
		"all at half":                  {billing.ReturnRate{Level: billing.OverallLevel, Returned: 15, Debits: 200}, true, false},
		"nothing sent, nothing back":   {billing.ReturnRate{Level: billing.OverallLevel}, false, false},
		"nothing sent, and some back":  {billing.ReturnRate{Level: billing.OverallLevel, Returned: 5}, true, true},
		"a billion debits do not wrap": {billing.ReturnRate{Level: billing.OverallLevel, Returned: 75_000_000, Debits: 1_000_000_000}, true, false},
	} {
		if c.rate.Alarm() != c.alarm || c.rate.Breach() != c.breach {
			t.Errorf("%s: alarm %t, breach %t", name, c.rate.Alarm(), c.rate.Breach())
		}
	}
}

// The order in which counts come, and how they are split, change nothing.
func TestRatesDoNotDependOnHowCountsCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		on := day("2026-03-31")
		near := func(label string) money.Date { return on - money.Date(rapid.IntRange(-3, 70).Draw(t, label)) }
		var sent []billing.SentDebits
		var back, split []billing.ReturnedDebits
		for range rapid.IntRange(0, 5).Draw(t, "days") {
			sent = append(sent, billing.SentDebits{Date: near("sent"), Entries: rapid.Int64Range(0, 100).Draw(t, "entries")})
		}
		for range rapid.IntRange(0, 8).Draw(t, "returns") {
			r := billing.ReturnedDebits{Date: near("back"), Code: rapid.SampledFrom([]string{"R01", "R02", "R10", "R68", "R99"}).Draw(t, "code"), Entries: rapid.Int64Range(0, 9).Draw(t, "entries")}
			back = append(back, r)
			for range r.Entries {
				split = append(split, billing.ReturnedDebits{Date: r.Date, Code: r.Code, Entries: 1})
			}
		}
		slices.Reverse(split)
		a, b := billing.RatesOn(on, 60, sent, back), billing.RatesOn(on, 60, sent, split)
		if a != b {
			t.Fatalf("%+v and %+v", a, b)
		}
		if all := a.Rates[2].Returned; a.Rates[0].Returned+a.Rates[1].Returned > all {
			t.Fatalf("more in the classes than in all: %+v", a)
		}
	})
}

func TestEveryReasonHasSpanishWords(t *testing.T) {
	unknown := billing.ReasonIn("another", billing.Spanish)
	for _, r := range billing.ReturnRules() {
		if es := billing.ReasonIn(r.Reason, billing.Spanish); es == r.Reason || es == unknown {
			t.Errorf("%s: %q in Spanish is %q", r.Code, r.Reason, es)
		}
		if billing.ReasonIn(r.Reason, billing.English) != r.Reason {
			t.Error(r.Reason)
		}
	}
}
