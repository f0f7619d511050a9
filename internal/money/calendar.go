package money

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/us"
)

// federalReserve holds the days on which the Reserve Banks do not settle: the
// eleven statutory holidays. A holiday on a Sunday is kept on the Monday; one
// on a Saturday is not moved (Federal Reserve Bank holiday schedule), which is
// where the library's own observed days differ.
var federalReserve = func() *cal.Calendar {
	c := &cal.Calendar{Name: "Federal Reserve"}
	for _, h := range []*cal.Holiday{
		us.NewYear, us.MlkDay, us.PresidentsDay, us.MemorialDay, us.Juneteenth, us.IndependenceDay,
		us.LaborDay, us.ColumbusDay, us.VeteransDay, us.ThanksgivingDay, us.ChristmasDay,
	} {
		c.AddHoliday(h.Clone(&cal.Holiday{Observed: []cal.AltDay{{Day: time.Sunday, Offset: 1}}}))
	}
	return c
}()

// BankingDay says whether the Reserve Banks settle on this day.
func (d Date) BankingDay() bool {
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	actual, observed, _ := federalReserve.IsHoliday(d.Time())
	return !actual && !observed
}

// AddBankingDays moves forward by n banking days; a day on which the banks are
// closed counts as the banking day before it.
func (d Date) AddBankingDays(n int) Date {
	for n > 0 {
		d++
		if d.BankingDay() {
			n--
		}
	}
	return d
}
