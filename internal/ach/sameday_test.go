package ach

import (
	"testing"
	"time"

	"marque/internal/money"
)

func TestEffectiveDates(t *testing.T) {
	clock := func(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }
	tuesday, friday := money.NewDate(2026, 11, 10), money.NewDate(2026, 11, 13)
	for name, c := range map[string]struct {
		day     money.Date
		at      time.Duration
		lead    time.Duration
		sameDay bool
		largest money.Cents
		want    money.Date
	}{
		"standard, over Veterans Day":           {tuesday, clock(9, 0), 0, false, 450_00, money.NewDate(2026, 11, 12)},
		"first window":                          {tuesday, clock(10, 30), 0, true, 450_00, tuesday},
		"last window to the minute":             {tuesday, clock(16, 45), 0, true, 450_00, tuesday},
		"a minute late":                         {tuesday, clock(16, 46), 0, true, 450_00, money.NewDate(2026, 11, 12)},
		"the bank needs an hour":                {friday, clock(15, 46), time.Hour, true, 450_00, money.NewDate(2026, 11, 16)},
		"a million":                             {friday, clock(9, 0), time.Hour, true, MaxSameDayEntry, friday},
		"a cent above":                          {friday, clock(9, 0), time.Hour, true, MaxSameDayEntry + 1, money.NewDate(2026, 11, 16)},
		"a Saturday":                            {money.NewDate(2026, 11, 14), clock(9, 0), 0, true, 450_00, money.NewDate(2026, 11, 16)},
		"a holiday":                             {money.NewDate(2026, 11, 11), clock(9, 0), 0, true, 450_00, money.NewDate(2026, 11, 12)},
		"a Friday before Monday's bank holiday": {money.NewDate(2026, 9, 4), clock(17, 0), 0, true, 450_00, money.NewDate(2026, 9, 8)},
	} {
		if got := EffectiveDate(c.day, c.at, c.lead, c.sameDay, c.largest); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for at, want := range map[time.Duration]time.Duration{
		0: clock(10, 30), clock(10, 31): clock(14, 45), clock(14, 46): clock(16, 45),
	} {
		if got, ok := SameDay(tuesday, at, 0); !ok || got != want {
			t.Errorf("at %s: %s %t", at, got, ok)
		}
	}
}
