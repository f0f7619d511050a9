package ach

import (
	"time"

	"marque/internal/money"
)

// MaxSameDayEntry is the largest amount of one entry that settles the day it is
// sent (Nacha Operating Rules, since 2022-03-18).
const MaxSameDayEntry money.Cents = 1_000_000_00

// SameDayDeadlines are the times of day in New York by which a file has to be
// with the Reserve Banks for its entries to settle that day (FedACH processing
// schedule). The originating bank's own deadline comes before.
var SameDayDeadlines = [3]time.Duration{
	10*time.Hour + 30*time.Minute,
	14*time.Hour + 45*time.Minute,
	16*time.Hour + 45*time.Minute,
}

// SameDay gives the first deadline that a file made on this day can meet, the
// time of day being New York's and lead what the originating bank needs before
// the deadline. It is false after the last, and on a day on which the banks are
// closed.
func SameDay(day money.Date, at, lead time.Duration) (deadline time.Duration, ok bool) {
	if !day.BankingDay() {
		return 0, false
	}
	for _, d := range SameDayDeadlines {
		if at+lead <= d {
			return d, true
		}
	}
	return 0, false
}

// EffectiveDate is the effective entry date of a batch that leaves at this time
// of day in New York: the day itself where same-day entries are wanted, a
// deadline can still be met and the largest amount is within the limit, and else
// the next banking day.
func EffectiveDate(day money.Date, at, lead time.Duration, sameDay bool, largest money.Cents) money.Date {
	if _, ok := SameDay(day, at, lead); ok && sameDay && largest <= MaxSameDayEntry {
		return day
	}
	return day.AddBankingDays(1)
}
