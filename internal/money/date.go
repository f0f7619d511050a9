package money

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Date is a civil date: a day on the calendar, in no time zone. It counts days
// with 0001-01-01 as 1; zero means no date. Differences are numbers of days.
// In text, in JSON and in the database it is YYYY-MM-DD.
type Date int32

// unixDays is the number of days from 0000-12-31 to 1970-01-01.
const unixDays = 719163

// NewDate gives the date; months and days out of range carry over as in time.Date.
func NewDate(year, month, day int) Date {
	month-- // count months from 0, then years from March
	year += month / 12
	if month %= 12; month < 0 {
		month, year = month+12, year-1
	}
	y, m := year, month-2
	if m < 0 {
		y, m = y-1, m+12
	}
	return Date(365*y + y/4 - y/100 + y/400 + (153*m+2)/5 + day - 1 - 305)
}

// DateOf is the civil date that a time shows in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400 + unixDays)
}

// ParseDate reads YYYY-MM-DD and nothing else; the day must exist.
func ParseDate(s string) (Date, error) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || !digits(s[:4]) || !digits(s[5:7]) || !digits(s[8:]) {
		return 0, fmt.Errorf("not a date like 2026-01-31: %q", s)
	}
	n := func(t string) (v int) {
		for i := range len(t) {
			v = v*10 + int(t[i]-'0')
		}
		return v
	}
	y, m, d := n(s[:4]), n(s[5:7]), n(s[8:])
	date := NewDate(y, m, d)
	if yy, mm, dd := date.Civil(); y == 0 || yy != y || mm != m || dd != d {
		return 0, fmt.Errorf("no such day: %q", s)
	}
	return date, nil
}

// Time is the start of the day in UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d-unixDays)*86400, 0).UTC() }

// Civil gives year, month and day of the month. It counts in years that begin
// on 1 March, so that the leap day comes last, and divides by multiplying (Neri
// and Schneider, "Euclidean affine functions and their application to calendar
// algorithms", 2022).
func (d Date) Civil() (year, month, day int) {
	n := 4*uint32(d+305) + 3 // four times the days since 0000-03-01
	century := n / 146097
	of := uint64(n%146097|3) * 2939745
	yday := uint32(of) / 2939745 / 4
	m := 2141*yday + 197913
	year, month, day = int(100*century+uint32(of>>32)), int(m>>16), int(m&0xffff/2141)+1
	if yday >= 306 { // January or February
		year, month = year+1, month-12
	}
	return year, month, day
}

// Year is the calendar year.
func (d Date) Year() int { y, _, _ := d.Civil(); return y }

// Day is the day of the month.
func (d Date) Day() int { _, _, day := d.Civil(); return day }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(d % 7) }

// IsZero says that there is no date.
func (d Date) IsZero() bool { return d == 0 }

// MonthEnd is the last day of the date's month.
func (d Date) MonthEnd() Date {
	y, m, _ := d.Civil()
	return NewDate(y, m+1, 0)
}

// AddMonths moves by whole months to the given day of the month, or to the
// month's last day when it is shorter. The day is an argument so that a due
// date on the 31st comes back to the 31st after February.
func (d Date) AddMonths(months, day int) Date {
	y, m, _ := d.Civil()
	end := NewDate(y, m+months+1, 0)
	if day >= end.Day() {
		return end
	}
	return NewDate(y, m+months, day)
}

// String is YYYY-MM-DD, or nothing for no date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	y, m, dd := d.Civil()
	b := [10]byte{4: '-', 7: '-'}
	for i, v := range [...]struct{ at, n int }{{3, y}, {6, m}, {9, dd}} {
		width := 2
		if i == 0 {
			width = 4
		}
		for k := range width {
			b[v.at-k] = byte('0' + v.n%10)
			v.n /= 10
		}
	}
	return string(b[:])
}

// Long is the date as a person reads it: "Dec 15, 2026".
func (d Date) Long() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format("Jan 2, 2006")
}

// Short is the date without its year: "Dec 15".
func (d Date) Short() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format("Jan 2")
}

// MarshalText and UnmarshalText use YYYY-MM-DD; no date is empty.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	*d, err = ParseDate(string(b))
	return err
}

// Value stores the text form; no date is stored as empty text.
func (d Date) Value() (driver.Value, error) { return d.String(), nil }

// Scan reads the text form.
func (d *Date) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*d = 0
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	}
	return fmt.Errorf("scan date from %T", v)
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// Instant is a moment: microseconds since 1970-01-01 UTC. Zero means never.
type Instant int64

// InstantOf is the moment of a time, cut to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time is the moment in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Add moves by a duration.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d.Microseconds()) }
