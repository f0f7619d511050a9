package billing_test

import (
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// Drafts of 15 May; the last day for a notice of its amount is 5 May, of its date
// alone 8 May.
func TestWhichDraftsNeedANotice(t *testing.T) {
	plan := func(tell billing.Tell, least, most money.Cents) billing.AutopayPlan {
		return billing.AutopayPlan{Rhythm: billing.EachDueDate, Tell: tell, Least: least, Most: most}
	}
	differs, every, outside := plan(billing.TellDiffers, 0, 0), plan(billing.TellEvery, 0, 0), plan(billing.TellOutside, 0, 500_00)
	given := billing.Given{Agreed: 450_00, First: day("2026-02-15"), FirstFor: 150_00, Previous: 450_00}
	moved := given
	moved.Moved = true
	before := given
	before.Previous = 300_00
	fresh := billing.Given{Agreed: 450_00, First: day("2026-05-15"), FirstFor: 150_00}
	for _, c := range []struct {
		name   string
		plan   billing.AutopayPlan
		given  billing.Given
		amount money.Cents
		by     string // none: no notice is needed
	}{
		{"the amount agreed to", differs, given, 450_00, ""},
		{"a cent less", differs, given, 449_99, "2026-05-05"},
		{"a cent more", differs, given, 450_01, "2026-05-05"},
		{"the amount agreed to, after another one", differs, before, 450_00, "2026-05-05"},
		{"as before, but not as agreed to", differs, before, 300_00, "2026-05-05"},
		{"the first one, as the authorisation shows it", differs, fresh, 150_00, ""},
		{"the first one, and something has come between", differs, fresh, 200_00, "2026-05-05"},
		{"the date has moved", differs, moved, 450_00, "2026-05-08"},
		{"date and amount", differs, moved, 300_00, "2026-05-05"},
		{"within the range", outside, before, 150_00, ""},
		{"at its end", outside, given, 500_00, ""},
		{"beyond it", outside, given, 500_01, "2026-05-05"},
		{"below it", plan(billing.TellOutside, 400_00, 500_00), given, 399_99, "2026-05-05"},
		{"within the range on another date", outside, moved, 450_00, "2026-05-08"},
		{"every time", every, given, 450_00, "2026-05-05"},
		{"every time, but it was signed ten days before", every, billing.Given{Agreed: 450_00, Signed: day("2026-05-05")}, 450_00, ""},
		{"every time, and it was signed ten days before for another amount", every, billing.Given{Agreed: 450_00, Signed: day("2026-05-05")}, 400_00, "2026-05-05"},
		{"every time, but the first was signed just now", every, fresh, 150_00, ""},
	} {
		d := billing.Draft{Date: day("2026-05-15"), Amount: c.amount}
		need := c.plan.NoticeNeeded(c.given, d)
		if need.By.String() != c.by || need.None() != (c.by == "") {
			t.Errorf("%s: %+v", c.name, need)
		}
		if c.by == "" {
			if why := c.plan.Covered(c.given, d, nil); why != "" {
				t.Errorf("%s: not covered: %s", c.name, why)
			}
			continue
		}
		for _, n := range []struct {
			what string
			told []billing.Told
			want billing.Why
		}{
			{"none", nil, billing.WhyNotTold},
			{"on the last day", []billing.Told{{Date: d.Date, Amount: d.Amount, Sent: day(c.by)}}, ""},
			{"a day late", []billing.Told{{Date: d.Date, Amount: d.Amount, Sent: day(c.by) + 1}}, billing.WhyNotTold},
			{"of a cent less", []billing.Told{{Date: d.Date, Amount: d.Amount - 1, Sent: day(c.by)}}, billing.WhyNotTold},
			{"of another day", []billing.Told{{Date: d.Date + 1, Amount: d.Amount, Sent: day(c.by)}}, billing.WhyNotTold},
			{"of another amount first", []billing.Told{{Date: d.Date, Amount: 1_00, Sent: day(c.by) - 9}, {Date: d.Date, Amount: d.Amount, Sent: day(c.by)}}, ""},
		} {
			if why := c.plan.Covered(c.given, d, n.told); why != n.want {
				t.Errorf("%s, a notice %s: %q", c.name, n.what, why)
			}
		}
	}
}

func TestNoticesAreForeseenWithTheirExactAmounts(t *testing.T) {
	terms := loan()
	terms.Payments = 4
	s := terms.Open()
	for _, on := range []string{"2026-02-15", "2026-03-15"} {
		if _, err := s.Apply(&terms, contract.Event{Kind: contract.Payment, Date: day(on), Amount: 450_00}); err != nil {
			t.Fatal(err)
		}
	}
	given := billing.Given{Agreed: 450_00, First: day("2026-02-15"), FirstFor: 450_00, Previous: 450_00}
	told := func(today string, ahead int, notices ...billing.Told) []billing.Draft {
		out, err := onDueDates.ToTell(&terms, s, nil, 2, given, notices, day(today), ahead)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if got := told("2026-05-03", 14); len(got) != 1 || got[0].Date != day("2026-05-15") { // April's 450.00 needs none
		t.Fatalf("%+v", got)
	}
	far := told("2026-04-01", 60)
	if len(far) != 1 || far[0].Date != day("2026-05-15") {
		t.Fatalf("%+v", far)
	}
	if got := told("2026-05-05", 14); len(got) != 1 {
		t.Errorf("on the last day: %+v", got)
	}
	if got := told("2026-05-06", 14); len(got) != 0 {
		t.Errorf("too late: %+v", got)
	}
	d, err := onDueDates.DraftAmount(&terms, paid(t, &terms, s, "2026-04-15"), nil, day("2026-05-15"))
	if err != nil || d.Amount != far[0].Amount || d.Why != billing.WhyLast {
		t.Errorf("drafted %+v, told %+v, %v", d, far[0], err)
	}
	if got := told("2026-04-01", 60, billing.Told{Date: far[0].Date, Amount: far[0].Amount, Sent: day("2026-03-31")}); len(got) != 0 {
		t.Errorf("told already: %+v", got)
	}
}

func paid(t *testing.T, terms *contract.Terms, s contract.State, on string) contract.State {
	if _, err := s.Apply(terms, contract.Event{Kind: contract.Payment, Date: day(on), Amount: 450_00}); err != nil {
		t.Fatal(err)
	}
	return s
}
