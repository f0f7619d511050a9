package billing

import "marque/internal/money"

// PayDays are the days that a payment made now can count for.
type PayDays struct {
	Today   money.Date // the business date
	First   money.Date // the earliest: a later day than today's once the cut-off is past, or when the banks are closed
	Banking bool       // only days on which the banks settle
}

// AnyDay takes payments for every day from the business date on.
func AnyDay(today money.Date) PayDays { return PayDays{Today: today, First: today} }

// OpenAt says which days are open at a moment, given as the civil day and the
// minute of it where the lender is. Past the cut-off, in minutes after midnight,
// a payment no longer counts for that day; zero is none.
func OpenAt(today, civil money.Date, minute, cutOff int, banking bool) PayDays {
	d := PayDays{Today: today, First: today, Banking: banking}
	if cutOff > 0 && civil == today && minute >= cutOff {
		d.First++
	}
	d.First = d.Next(d.First)
	return d
}

// Next is the first day from the given one on that a payment can count for.
func (d PayDays) Next(on money.Date) money.Date {
	for d.Banking && !on.BankingDay() {
		on++
	}
	return on
}

// Last is the latest day that a payment can be scheduled for.
func (d PayDays) Last() money.Date { return d.Today + DaysAhead }

// refuse says why a payment cannot be for a day, and which day it can be for.
// earliest is the first day that the account itself allows.
func (d PayDays) refuse(on, earliest money.Date) error {
	first := d.Next(max(d.First, earliest))
	switch {
	case on.IsZero():
		return refuse("date_missing", "date", "Choose a payment date.")
	case on < first && on == d.Today && d.First > d.Today && d.Today.BankingDay():
		return refuse("date_past", "date", "It is too late for a payment that counts today. Choose %s or a later day.", first.Long())
	case on < first:
		return refuse("date_past", "date", "Choose %s or a later day.", first.Long())
	case on > d.Last():
		return refuse("date_far", "date", "Choose a day no later than %s.", d.Last().Long())
	case d.Banking && !on.BankingDay():
		return refuse("date_closed", "date", "Banks are closed on %s. Choose %s, or another banking day.", on.Long(), d.Next(on).Long())
	}
	return nil
}
