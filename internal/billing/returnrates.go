package billing

import "marque/internal/money"

// RateDays is how many calendar days Nacha's return rates look back, the last of
// them included (Nacha Operating Rules, subsection 2.17.2).
const RateDays = 60

// RateLevel is one of Nacha's levels, with the least number of returns that is
// an alarm. Without the least number a lender of fifty payments a month would be
// alarmed by each single return.
type RateLevel struct {
	Class    ReturnClass // empty for all returns
	PerMille int64       // the level: more is a breach
	Least    int64       // returns without which half the level is no alarm
}

// The levels: unauthorized 0.5 %, administrative 3 %, all 15 %.
var (
	UnauthorizedLevel   = RateLevel{UnauthorizedReturn, 5, 2}
	AdministrativeLevel = RateLevel{AdministrativeReturn, 30, 3}
	OverallLevel        = RateLevel{"", 150, 5}
)

// SentDebits are debit entries that were sent, of any kind that moves money:
// payments, retries and fees. Prenotes, credits and reversals are not counted.
type SentDebits struct {
	Date    money.Date // of settlement
	Entries int64
}

// ReturnedDebits are debit entries that came back, whenever they were sent.
type ReturnedDebits struct {
	Date    money.Date // on which the returns were received
	Code    string
	Entries int64
}

// ReturnRate is one rate over a period: Returned of Debits.
type ReturnRate struct {
	Level            RateLevel
	Returned, Debits int64
}

// Breach says that the rate is above the level. It has no least number: the rule
// has none.
func (r ReturnRate) Breach() bool { return r.Returned*1000 > r.Level.PerMille*r.Debits }

// Alarm says that the rate has reached half the level, with at least as many
// returns as the level asks for.
func (r ReturnRate) Alarm() bool {
	return r.Returned >= r.Level.Least && r.Returned*2000 >= r.Level.PerMille*r.Debits
}

// PerTenThousand is the rate in hundredths of a percent, rounded up, so that a
// rate above a level never shows as the level; false without any debit.
func (r ReturnRate) PerTenThousand() (int64, bool) {
	if r.Debits == 0 {
		return 0, false
	}
	return (r.Returned*10_000 + r.Debits - 1) / r.Debits, true
}

// ReturnRates are the three rates of one period.
type ReturnRates struct {
	From, To money.Date // both included
	Rates    [3]ReturnRate
}

// RatesOn counts the return rates as Nacha does: of the last days calendar days
// (RateDays; 0 means that) up to and with a day, entries returned in the period
// divided by entries sent in it. What lies outside the period is not counted, so
// that more may be given; returns between banks are not counted either.
func RatesOn(on money.Date, days int, sent []SentDebits, back []ReturnedDebits) ReturnRates {
	if days <= 0 {
		days = RateDays
	}
	r := ReturnRates{From: on - money.Date(days) + 1, To: on}
	within := func(d money.Date) bool { return r.From <= d && d <= r.To }
	var debits int64
	for _, s := range sent {
		if within(s.Date) {
			debits += s.Entries
		}
	}
	for i, level := range [3]RateLevel{UnauthorizedLevel, AdministrativeLevel, OverallLevel} {
		rate := ReturnRate{Level: level, Debits: debits}
		for _, b := range back {
			class := ReturnRule(b.Code).Class
			if within(b.Date) && class != BetweenBanks && (level.Class == "" || level.Class == class) {
				rate.Returned += b.Entries
			}
		}
		r.Rates[i] = rate
	}
	return r
}

// Alarms are the rates that have reached half their level.
func (r ReturnRates) Alarms() []ReturnRate {
	var out []ReturnRate
	for _, rate := range r.Rates {
		if rate.Alarm() {
			out = append(out, rate)
		}
	}
	return out
}
