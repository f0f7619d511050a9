package billing

import (
	"strings"
	"time"

	"marque/internal/money"
)

// Quiet are the hours in which a person is left alone, by the clock where they
// are: minutes after midnight, from From until To. Equal ones are no quiet hours.
type Quiet struct {
	Zone     string // IANA name; UTC when it is unknown
	From, To int
}

// DefaultQuiet are the hours in which nobody may be called or texted unasked: 9 in
// the evening until 8 in the morning (47 CFR 64.1200(c)(1); 12 CFR 1006.6(b)(1)).
func DefaultQuiet(zone string) Quiet { return Quiet{Zone: zone, From: 21 * 60, To: 8 * 60} }

// Until is the first moment from at on that is not quiet: at itself, or when the
// quiet hours it falls into are over. On the days when clocks change they end at
// the same time by the clock as on any other.
func (q Quiet) Until(at money.Instant) money.Instant {
	if q.From == q.To {
		return at
	}
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		zone = time.UTC
	}
	local := at.Time().In(zone)
	now, day := local.Hour()*60+local.Minute(), local.Day()
	switch {
	case q.From < q.To && now >= q.From && now < q.To:
	case q.From > q.To && now >= q.From:
		day++
	case q.From > q.To && now < q.To:
	default:
		return at
	}
	end := time.Date(local.Year(), local.Month(), day, q.To/60, q.To%60, 0, 0, zone)
	// A time that the clocks leave out is moved on by what they leave out.
	if early := q.To - end.Hour()*60 - end.Minute(); early > 0 {
		end = end.Add(time.Duration(early) * time.Minute)
	}
	return money.InstantOf(end)
}

// Zones are the time zones of the United States that a person can choose, the
// name that people know beside the name that programs do.
var Zones = [][2]string{
	{"America/New_York", "Eastern"}, {"America/Chicago", "Central"}, {"America/Denver", "Mountain"}, {"America/Phoenix", "Mountain, Arizona"},
	{"America/Los_Angeles", "Pacific"}, {"America/Anchorage", "Alaska"}, {"America/Adak", "Aleutian Islands"}, {"Pacific/Honolulu", "Hawaii"}, {"America/Puerto_Rico", "Atlantic, Puerto Rico"},
	{"Pacific/Guam", "Guam"}, {"Pacific/Pago_Pago", "Samoa"},
}

// zoneOfState is where most of a state is (49 CFR part 71).
var zoneOfState = func() map[string]string {
	all := map[string]string{}
	for zone, states := range map[string]string{
		"America/New_York":    "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV AA AE",
		"America/Chicago":     "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
		"America/Denver":      "CO ID MT NM UT WY",
		"America/Phoenix":     "AZ",
		"America/Los_Angeles": "CA NV OR WA AP",
		"America/Anchorage":   "AK",
		"Pacific/Honolulu":    "HI",
		"America/Puerto_Rico": "PR VI",
		"Pacific/Guam":        "GU MP FM MH PW",
		"Pacific/Pago_Pago":   "AS",
	} {
		for state := range strings.FieldsSeq(states) {
			all[state] = zone
		}
	}
	return all
}()

// zoneOfZIP are the parts of states that keep another time, by the first three
// digits of their ZIP codes, where all or nearly all of such a part does.
var zoneOfZIP = func() map[string]string {
	all := map[string]string{}
	for zone, parts := range map[string]string{
		"America/Chicago":     "324 325 420 421 422 423 424 427 463 464 476 477",
		"America/New_York":    "373 374 376 377 378 379",
		"America/Denver":      "577 586 693 798 799 885 979",
		"America/Los_Angeles": "838",
	} {
		for part := range strings.FieldsSeq(parts) {
			all[part] = zone
		}
	}
	return all
}()

// ZoneOf is the time zone of a postal address; fallback where the state is not
// known. A person at the edge of one can choose another.
func ZoneOf(state, zip, fallback string) string {
	zone, known := zoneOfState[strings.ToUpper(strings.TrimSpace(state))]
	if !known {
		return fallback
	}
	if len(zip) >= 3 {
		if other, is := zoneOfZIP[zip[:3]]; is {
			return other
		}
	}
	return zone
}
