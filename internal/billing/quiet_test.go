package billing_test

import (
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/money"
)

func TestQuietHoursEndByTheClockWhereThePersonIs(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	night := billing.DefaultQuiet("America/Chicago")
	for _, c := range []struct {
		quiet    billing.Quiet
		at, want string
	}{
		{night, "2026-11-23 12:00", "2026-11-23 12:00"},
		{night, "2026-11-23 20:59", "2026-11-23 20:59"},
		{night, "2026-11-23 21:00", "2026-11-24 08:00"},
		{night, "2026-11-24 07:59", "2026-11-24 08:00"},
		{night, "2026-11-24 08:00", "2026-11-24 08:00"},
		{night, "2026-12-31 23:30", "2027-01-01 08:00"},
		{night, "2026-03-07 22:00", "2026-03-08 08:00"}, // the night that is an hour shorter
		{night, "2026-03-08 01:30", "2026-03-08 08:00"},
		{night, "2026-10-31 23:00", "2026-11-01 08:00"},                                                     // an hour longer
		{night, "2026-11-01 01:30", "2026-11-01 08:00"},                                                     // the first of the two half past ones
		{billing.Quiet{Zone: "America/Chicago", From: 60, To: 150}, "2026-03-08 01:10", "2026-03-08 03:30"}, // half past two is not on that clock
		{billing.Quiet{Zone: "America/Chicago", From: 9 * 60, To: 17 * 60}, "2026-11-23 10:00", "2026-11-23 17:00"},
		{billing.Quiet{Zone: "America/Chicago", From: 9 * 60, To: 17 * 60}, "2026-11-23 18:00", "2026-11-23 18:00"},
		{billing.Quiet{Zone: "America/Chicago"}, "2026-11-23 03:00", "2026-11-23 03:00"},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, chicago)
		if err != nil {
			t.Fatal(err)
		}
		got := c.quiet.Until(money.InstantOf(at)).Time().In(chicago).Format("2006-01-02 15:04")
		if got != c.want {
			t.Errorf("%s with quiet hours %d to %d: %s, want %s", c.at, c.quiet.From, c.quiet.To, got, c.want)
		}
	}
	// The length of the two odd nights, from nine to eight.
	for date, hours := range map[string]float64{"2026-03-07": 10, "2026-10-31": 12, "2026-11-23": 11} {
		at, err := time.ParseInLocation("2006-01-02 15:04", date+" 21:00", chicago)
		if err != nil {
			t.Fatal(err)
		}
		if got := night.Until(money.InstantOf(at)).Time().Sub(at).Hours(); got != hours {
			t.Errorf("the night of %s has %v hours, want %v", date, got, hours)
		}
	}
}

func TestTheZoneOfAnAddress(t *testing.T) {
	for _, c := range []struct{ state, zip, want string }{
		{"TX", "75201", "America/Chicago"}, {"TX", "79901", "America/Denver"}, {"FL", "33101", "America/New_York"}, {"FL", "32501", "America/Chicago"},
		{"IN", "46204", "America/New_York"}, {"IN", "46402", "America/Chicago"}, {"AZ", "85004", "America/Phoenix"}, {"ID", "83702", "America/Denver"},
		{"ID", "83814", "America/Los_Angeles"}, {"TN", "37201", "America/Chicago"}, {"TN", "37902", "America/New_York"}, {"hi", "96813", "Pacific/Honolulu"},
		{"", "", "America/Denver"}, {"XX", "00000", "America/Denver"},
	} {
		if got := billing.ZoneOf(c.state, c.zip, "America/Denver"); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.state, c.zip, got, c.want)
		}
	}
	for _, z := range billing.Zones {
		if _, err := time.LoadLocation(z[0]); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryKindIsOneEvent(t *testing.T) {
	seen := map[billing.NoticeKind]bool{}
	for _, e := range billing.Events {
		if seen[e.Kind] {
			t.Errorf("%s stands twice", e.Kind)
		}
		seen[e.Kind] = true
		choosable := e.Group != billing.AboutCodes && e.Group != billing.AboutAnswers
		if e.Ways == 0 || e.Ways.Has(billing.ByPortal) != choosable {
			t.Errorf("%s: secrets and answers are not kept in the inbox, all else is", e.Kind)
		}
		if e.Ways.Has(billing.ByPaper) && e.Life > 0 {
			t.Errorf("%s goes by mail and is of no use when it arrives", e.Kind)
		}
	}
	if billing.AboutSecurity.Chosen(billing.ByEmail) || billing.AboutSecurity.Chosen(billing.ByText) || !billing.AboutReminders.Chosen(billing.ByText) {
		t.Error("what can be turned off is not as the list says")
	}
}
