package billing_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// dates lists a plan's draft dates after a day through another.
func dates(p billing.AutopayPlan, t *contract.Terms, after, through money.Date) (out []money.Date) {
	s := t.Open()
	for {
		on := p.Next(t, &s, len(out), after)
		if on.IsZero() || on > through {
			return out
		}
		out, after = append(out, on), on
	}
}

func TestDraftDates(t *testing.T) {
	terms := loan()
	last := loan()
	last.FirstDue, last.Payments = day("2026-01-31"), 4
	biweekly := loan()
	biweekly.PerYear, biweekly.FirstDue = 26, day("2026-01-30")
	for _, c := range []struct {
		name  string
		terms contract.Terms
		plan  billing.AutopayPlan
		after string
		want  []string
	}{
		{"each due date", terms, billing.AutopayPlan{Rhythm: billing.EachDueDate}, "2026-02-15", []string{"2026-03-15", "2026-04-15", "2026-05-15"}},
		{"due dates at month ends, until the last", last, billing.AutopayPlan{Rhythm: billing.EachDueDate}, "2026-01-01", []string{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", ""}},
		{"due dates every two weeks", biweekly, billing.AutopayPlan{Rhythm: billing.EachDueDate}, "2026-01-30", []string{"2026-02-13", "2026-02-27", "2026-03-13"}},
		{"the 31st is the last day, and comes back", terms, billing.AutopayPlan{Rhythm: billing.Monthly, Day: 31}, "2028-01-30", []string{"2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"}},
		{"the 29th in a leap year", terms, billing.AutopayPlan{Rhythm: billing.Monthly, Day: 29}, "2028-01-29", []string{"2028-02-29", "2028-03-29"}},
		{"the 29th in another", terms, billing.AutopayPlan{Rhythm: billing.Monthly, Day: 29}, "2027-01-29", []string{"2027-02-28", "2027-03-29"}},
		{"the 30th across the year's end", terms, billing.AutopayPlan{Rhythm: billing.Monthly, Day: 30}, "2026-11-30", []string{"2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"}},
		{"the 10th, and today is the 10th", terms, billing.AutopayPlan{Rhythm: billing.Monthly, Day: 10}, "2026-03-10", []string{"2026-04-10"}},
		{"twice a month", terms, billing.AutopayPlan{Rhythm: billing.TwiceMonthly, Day: 1, Second: 15, Fixed: 225_00}, "2026-01-31", []string{"2026-02-01", "2026-02-15", "2026-03-01"}},
		{"the 15th and the last day, whichever is named first", terms, billing.AutopayPlan{Rhythm: billing.TwiceMonthly, Day: 31, Second: 15, Fixed: 225_00}, "2026-01-31", []string{"2026-02-15", "2026-02-28", "2026-03-15", "2026-03-31"}},
		{"on Fridays", terms, billing.AutopayPlan{Rhythm: billing.Weekly, Weekday: time.Friday, Fixed: 110_00}, "2026-02-26", []string{"2026-02-27", "2026-03-06", "2026-03-13"}},
		{"on Fridays, and today is one", terms, billing.AutopayPlan{Rhythm: billing.Weekly, Weekday: time.Friday, Fixed: 110_00}, "2026-02-27", []string{"2026-03-06"}},
		{"every two weeks through the change of clocks", terms, billing.AutopayPlan{Rhythm: billing.EveryTwoWeeks, Anchor: day("2026-02-27"), Fixed: 210_00}, "2026-01-01", []string{"2026-02-27", "2026-03-13", "2026-03-27", "2026-04-10"}},
		{"a holiday keeps its date", terms, billing.AutopayPlan{Rhythm: billing.Monthly, Day: 25}, "2026-12-01", []string{"2026-12-25"}},
		{"one is skipped", terms, billing.AutopayPlan{Rhythm: billing.EachDueDate, Skip: day("2026-04-15")}, "2026-02-15", []string{"2026-03-15", "2026-05-15"}},
		{"paused for two months", terms, billing.AutopayPlan{Rhythm: billing.EachDueDate, PausedFrom: day("2026-03-15"), PausedUntil: day("2026-05-15")}, "2026-02-15", []string{"2026-05-15", "2026-06-15"}},
		{"paused until resumed", terms, billing.AutopayPlan{Rhythm: billing.Monthly, Day: 10, PausedFrom: day("2026-04-01")}, "2026-02-15", []string{"2026-03-10", ""}},
		{"until a date, itself included", terms, billing.AutopayPlan{Rhythm: billing.EachDueDate, LastDate: day("2026-04-15")}, "2026-02-15", []string{"2026-03-15", "2026-04-15", ""}},
		{"three in all", terms, billing.AutopayPlan{Rhythm: billing.Weekly, Weekday: time.Monday, Fixed: 100_00, Count: 3}, "2026-03-01", []string{"2026-03-02", "2026-03-09", "2026-03-16", ""}},
	} {
		got := dates(c.plan, &c.terms, day(c.after), day("2099-01-01"))
		for i, want := range c.want {
			switch {
			case want == "" && len(got) == i:
			case i >= len(got) || want == "" || got[i] != day(want):
				t.Errorf("%s: %v, want %v", c.name, got[:min(len(got), len(c.want))], c.want)
			}
		}
	}
}

// plans makes any plan that a loan with its due date on the day may have.
func plans(t *rapid.T, terms *contract.Terms, today money.Date) billing.AutopayPlan {
	days := rapid.IntRange(1, 31)
	p := billing.AutopayPlan{Tell: billing.TellDiffers, Extra: money.Cents(rapid.SampledFrom([]int{0, 0, 25_00, 333_33}).Draw(t, "extra"))}
	p.Rhythm = rapid.SampledFrom([]billing.Rhythm{billing.EachDueDate, billing.Monthly, billing.TwiceMonthly, billing.Weekly, billing.EveryTwoWeeks}).Draw(t, "rhythm")
	switch p.Rhythm {
	case billing.Monthly:
		p.Day = days.Draw(t, "day")
	case billing.TwiceMonthly:
		p.Day = days.Draw(t, "day")
		p.Second = days.Filter(func(n int) bool { return min(n, 28) != min(p.Day, 28) }).Draw(t, "second")
	case billing.Weekly:
		p.Weekday = time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday"))
	case billing.EveryTwoWeeks:
		p.Anchor = today + money.Date(rapid.IntRange(0, 60).Draw(t, "anchor"))
	}
	if p.Rhythm != billing.EachDueDate && (p.Rhythm != billing.Monthly || rapid.Bool().Draw(t, "own amount")) {
		p.Fixed, p.Extra = money.Cents(rapid.IntRange(20_00, 700_00).Draw(t, "fixed")), 0
	}
	s := terms.Open()
	if err := p.Check(terms, &s, today); err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return p
}

func anyLoan(t *rapid.T) contract.Terms {
	terms := loan()
	terms.FirstDue = day("2026-02-01") + money.Date(rapid.IntRange(0, 45).Draw(t, "first due"))
	terms.DueDay = terms.FirstDue.Day()
	if terms.FirstDue == terms.FirstDue.MonthEnd() {
		terms.DueDay = rapid.IntRange(terms.DueDay, 31).Draw(t, "due day")
	}
	terms.Payments = 120
	terms.Payment = 265_00
	return terms
}

func TestTenYearsOfEveryRhythm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := anyLoan(t)
		today := day("2026-01-20") + money.Date(rapid.IntRange(0, 500).Draw(t, "today"))
		p := plans(t, &terms, today)
		got := dates(p, &terms, today, today+3653)
		if len(got) < 98 {
			t.Fatalf("%d drafts in ten years", len(got))
		}
		state, month := terms.Open(), map[int]int{}
		for i, on := range got {
			gap := 0
			if i > 0 {
				gap = int(on - got[i-1])
			}
			if on <= today || (i > 0 && gap <= 0) {
				t.Fatalf("%s after %s", on, today)
			}
			end, y := on.MonthEnd().Day(), on.Year()
			_, m, _ := on.Civil()
			month[y*12+m]++
			kept := func(day int) bool { return on.Day() == min(day, end) }
			ok := true
			switch p.Rhythm {
			case billing.EachDueDate:
				n := state.DueThrough(&terms, on)
				ok = kept(terms.DueDay) && state.DueDate(&terms, n) == on
			case billing.Monthly:
				ok = kept(p.Day) && (i == 0 || (gap >= 28 && gap <= 31))
			case billing.TwiceMonthly:
				ok = (kept(p.Day) || kept(p.Second)) && gap <= 31
			case billing.Weekly:
				ok = on.Weekday() == p.Weekday && (i == 0 || gap == 7)
			case billing.EveryTwoWeeks:
				ok = on >= p.Anchor && (on-p.Anchor)%14 == 0 && (i == 0 || gap == 14)
			}
			if !ok {
				t.Fatalf("%+v: %s follows %d days after the one before", p, on, gap)
			}
		}
		first, last := got[0].MonthEnd(), got[len(got)-1].AddMonths(0, 1)
		for on := first + 1; on < last; on = on.AddMonths(1, 1) {
			_, m, _ := on.Civil()
			want := map[billing.Rhythm][2]int{billing.EachDueDate: {1, 1}, billing.Monthly: {1, 1}, billing.TwiceMonthly: {2, 2}, billing.Weekly: {4, 5}, billing.EveryTwoWeeks: {2, 3}}[p.Rhythm]
			if n := month[on.Year()*12+m]; n < want[0] || n > want[1] {
				t.Fatalf("%+v: %d drafts in the month of %s", p, n, on)
			}
		}
	})
}

func TestASkippedOrPausedDateIsTheOnlyOneMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := anyLoan(t)
		today := day("2026-01-20")
		p := plans(t, &terms, today)
		all := dates(p, &terms, today, today+800)
		p.Skip = rapid.SampledFrom(all).Draw(t, "skip")
		p.PausedFrom = today + money.Date(rapid.IntRange(0, 400).Draw(t, "from"))
		p.PausedUntil = p.PausedFrom + money.Date(rapid.IntRange(1, 200).Draw(t, "for"))
		var want []money.Date
		for _, on := range all {
			if on != p.Skip && (on < p.PausedFrom || on >= p.PausedUntil) {
				want = append(want, on)
			}
		}
		got := dates(p, &terms, today, today+800)
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		resumed := p.Resume()
		resumed.Skip = 0
		if again := dates(resumed, &terms, today, today+800); len(again) != len(all) {
			t.Fatalf("resumed: %d drafts, want %d", len(again), len(all))
		}
	})
}

func TestAPlanIsCheckedBeforeItIsAgreedTo(t *testing.T) {
	terms, lease, fortnightly := loan(), leaseTerms(), loan()
	fortnightly.PerYear = 26
	good := billing.AutopayPlan{Rhythm: billing.EachDueDate, Tell: billing.TellDiffers}
	with := func(change func(p *billing.AutopayPlan)) billing.AutopayPlan {
		p := good
		change(&p)
		return p
	}
	for _, c := range []struct {
		code  string // none: allowed
		terms contract.Terms
		plan  billing.AutopayPlan
	}{
		{"", terms, good},
		{"", lease, good},
		{"", terms, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Day, p.Extra = billing.Monthly, billing.LastDay, 50_00 })},
		{"", terms, with(func(p *billing.AutopayPlan) { p.Tell, p.Least, p.Most = billing.TellOutside, 0, 900_00 })},
		{"rhythm", terms, with(func(p *billing.AutopayPlan) { p.Rhythm = "daily" })},
		{"rhythm", fortnightly, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Day = billing.Monthly, 3 })},
		{"", fortnightly, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Day, p.Fixed = billing.Monthly, 3, 500_00 })},
		{"day", terms, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Day = billing.Monthly, 32 })},
		{"day", terms, with(func(p *billing.AutopayPlan) {
			p.Rhythm, p.Day, p.Second, p.Fixed = billing.TwiceMonthly, 28, 31, 225_00
		})},
		{"amount_low", terms, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Day, p.Second = billing.TwiceMonthly, 1, 15 })},
		{"amount_low", terms, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Fixed = billing.Weekly, 99 })},
		{"weekday", terms, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Weekday, p.Fixed = billing.Weekly, 7, 100_00 })},
		{"anchor", terms, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Fixed = billing.EveryTwoWeeks, 100_00 })},
		{"anchor", terms, with(func(p *billing.AutopayPlan) {
			p.Rhythm, p.Fixed, p.Anchor = billing.EveryTwoWeeks, 100_00, day("2026-05-01")
		})},
		{"fixed", terms, with(func(p *billing.AutopayPlan) { p.Fixed = 100_00 })},
		{"extra", terms, with(func(p *billing.AutopayPlan) { p.Rhythm, p.Fixed, p.Extra = billing.Weekly, 100_00, 10_00 })},
		{"extra", terms, with(func(p *billing.AutopayPlan) { p.Extra = -1 })},
		{"extra", lease, with(func(p *billing.AutopayPlan) { p.Extra = 10_00 })},
		{"count", terms, with(func(p *billing.AutopayPlan) { p.Count = -1 })},
		{"last_date", terms, with(func(p *billing.AutopayPlan) { p.LastDate = day("2026-01-19") })},
		{"range", terms, with(func(p *billing.AutopayPlan) { p.Tell, p.Most = billing.TellOutside, 449_99 })},
		{"range", terms, with(func(p *billing.AutopayPlan) { p.Tell, p.Most = billing.TellOutside, 900_01 })},
		{"range", terms, with(func(p *billing.AutopayPlan) { p.Tell, p.Least, p.Most = billing.TellOutside, 450_01, 900_00 })},
		{"tell", terms, with(func(p *billing.AutopayPlan) { p.Tell = "" })},
	} {
		s := c.terms.Open()
		var refused *billing.Refusal
		err := c.plan.Check(&c.terms, &s, day("2026-01-20"))
		if errors.As(err, &refused); (refused == nil) != (c.code == "") || (refused != nil && refused.Code != c.code) {
			t.Errorf("%+v: %v, want %q", c.plan, err, c.code)
		}
	}
}
