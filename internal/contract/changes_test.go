package contract_test

import (
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

// lease is 36 rentals of 450.00, of which 25.00 is tax, from 15 January 2026.
func lease() contract.Terms {
	t := loan()
	t.Kind, t.Rate, t.Payments, t.Payment, t.Tax, t.Principal = contract.Lease, 0, 36, 450_00, 25_00, 36*425_00
	return t
}

// dear is 24,000.00 at 9.00 %, 500.00 a month from 15 February 2026: a day on
// the whole principal costs 5.917808.
func dear() contract.Terms {
	t := loan()
	t.Rate, t.Payment = rate("0.09"), 500_00
	return t
}

func with(t contract.Terms, change func(*contract.Terms)) contract.Terms {
	change(&t)
	return t
}

func TestChanges(t *testing.T) {
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) { play(t, contract.Fold, c.terms, c.text) })
	}
}

var changes = []struct {
	name  string
	terms contract.Terms
	text  string
}{
	// 23,346.52 × 26 days at 5.90 % = 98.12, at 4.90 % = 81.49.
	{"a new rate counts from its day", loan(), `
		pay     450.00 on 2026-02-15
		pay     450.00 on 2026-03-20  interest 126.26 principal 323.74
		rate    0.0490 on 2026-04-15
		balance on 2026-04-15  principal 23346.52  interest 98.12  fees 0.00
		balance on 2026-05-11  principal 23346.52  interest 179.61  fees 0.00`},

	{"a new rate may bring a new payment, from the next instalment on", loan(), `
		pay     450.00 on 2026-02-15
		rate    0.0490 on 2026-03-01  payment 440.00
		payment 1 on 2026-03-01  450.00
		payment 2 on 2026-03-01  440.00
		bill    on 2026-03-01  2026-03-15 past 0.00 next 440.00 fees 0.00 in all 440.00`},

	// Five days more on 23,670.26 are 19.13 of the 126.26.
	{"a new due day moves the next due date on, and the days between cost interest", loan(), `
		pay     450.00 on 2026-02-15
		due-day 20 on 2026-03-01
		dates 1 to 4 on 2026-03-01  2026-02-15 2026-03-20 2026-04-20 2026-05-20
		due     on 2026-03-20  next 2026-03-20  past 0.00
		pay     450.00 on 2026-03-20  interest 126.26  principal 323.74
		due     on 2026-03-21  next 2026-04-20  past 0.00
		maturity on 2026-03-21  2031-01-20`},

	{"a due day earlier in the month comes a month later, never sooner than agreed", loan(), `
		pay     450.00 on 2026-02-15
		due-day 3 on 2026-03-01
		dates 1 to 3 on 2026-03-01  2026-02-15 2026-04-03 2026-05-03`},

	{"the due day is changed when nothing is past due, and not for the last payment", loan(), `
		refused kind due-day 20 on 2026-02-16
		refused due_day due-day 29 on 2026-02-01
		pay     450.00 on 2026-02-15
		pay     26000.00 on 2026-02-16
		refused kind due-day 20 on 2026-03-01
		due     on 2026-03-01  next  past 0.00`},

	// No money in March: 59 days on 23,670.26 are 225.74 in April.
	{"a deferral moves the due dates on, clears what is past due, and interest goes on", loan(), `
		pay     450.00 on 2026-02-15
		due     on 2026-03-20  next 2026-03-15  past 450.00
		defer   1 on 2026-03-20
		due     on 2026-03-20  next 2026-04-15  past 0.00
		refused amount late 22.50 on 2026-03-26  instalment 2
		pay     450.00 on 2026-04-15  interest 225.74  principal 224.26
		dates 2 to 3 on 2026-04-15  2026-04-15 2026-05-15
		maturity on 2026-04-15  2031-02-15`},

	{"a deferral taken back leaves the instalment past due", loan(), `
		pay     450.00 on 2026-02-15
		defer   1 on 2026-03-10
		reverse 2 on 2026-03-20
		due     on 2026-03-20  next 2026-03-15  past 450.00
		maturity on 2026-03-20  2031-01-15`},

	// February's payment came back after the due day had been changed.
	{"a deferral keeps the due day that later instalments were given", loan(), `
		pay     450.00 on 2026-02-10
		due-day 20 on 2026-03-01
		reverse 1 on 2026-03-05
		defer   1 on 2026-03-10
		dates 1 to 3 on 2026-03-10  2026-03-15 2026-04-20 2026-05-20`},

	{"two instalments past due are re-aged to the next due date", loan(), `
		pay     450.00 on 2026-02-15
		due     on 2026-05-01  next 2026-03-15  past 900.00
		re-age  on 2026-05-01
		due     on 2026-05-01  next 2026-05-15  past 0.00
		dates 2 to 3 on 2026-05-01  2026-05-15 2026-06-15
		maturity on 2026-05-01  2031-03-15`},

	{"re-age keeps the due day that later instalments were given", loan(), `
		pay     450.00 on 2026-02-10
		due-day 20 on 2026-03-01
		reverse 1 on 2026-03-05
		re-age  on 2026-03-10
		dates 1 to 2 on 2026-03-10  2026-03-20 2026-04-20`},

	{"after the last due date, too, re-age leaves nothing past due", with(loan(), func(t *contract.Terms) { t.Payments = 2 }), `
		re-age  on 2026-12-01
		due     on 2026-12-01  next 2026-12-15  past 0.00
		maturity on 2026-12-01  2027-01-15`},

	// 23,670.26 and 286.96 of interest over 72 months at 3.00 % from 1 May, by
	// days: 364.05 by the annuity formula over the real dates.
	{"a modification gives what is left a new rate, term and payment", loan(), `
		pay     450.00 on 2026-02-15
		modify  on 2026-05-01  at 0.03 payments 72 first 2026-06-01
		balance on 2026-05-01  principal 23670.26  interest 286.96  fees 0.00
		annual  on 2026-05-01  0.03
		payment 2 on 2026-05-01  364.05
		due     on 2026-05-02  next 2026-06-01  past 0.00
		dates 1 to 3 on 2026-05-02  2026-02-15 2026-06-01 2026-07-01
		maturity on 2026-05-02  2032-05-01`},

	// 100.00 of March's instalment had been paid: it has reduced principal and
	// counts for nothing after the modification, nor after the deferral.
	{"what was paid in part before a modification is not credited again", loan(), `
		pay     450.00 on 2026-02-15
		pay     100.00 on 2026-03-15
		modify  on 2026-05-01  payment 400.00 first 2026-06-01
		bill    on 2026-05-02  2026-06-01 past 0.00 next 400.00 fees 0.00 in all 400.00
		defer   1 on 2026-05-10
		bill    on 2026-05-11  2026-07-01 past 0.00 next 400.00 fees 0.00 in all 400.00`},

	// Posted in June, back to 10 March. February: 24,000.00 × 31 days × 9 % = 183.45.
	// March: 23 days at 9 % and 5 at 6 % = 134.31 + 19.47. What the payments held
	// beyond 6 % (22,695.75 − 22,569.36 = 126.39) has reduced principal.
	{"military service: 6 % from its first day, the difference forgiven, the payment lowered, maturity kept", dear(), `
		pay     500.00 on 2026-02-15  interest 183.45 principal 316.55
		pay     500.00 on 2026-03-15  interest 163.51 principal 336.49
		pay     500.00 on 2026-04-15  interest 178.46 principal 321.54
		pay     500.00 on 2026-05-15  interest 170.33 principal 329.67
		balance on 2026-05-15  principal 22695.75  interest 0.00  fees 0.00
		service on 2026-03-10
		balance on 2026-05-15  principal 22569.36  interest 0.00  fees 0.00
		annual  on 2026-05-15  0.06
		payment 1 on 2026-05-15  500.00
		payment 2 on 2026-05-15  465.34
		maturity on 2026-05-15  2031-01-15
		refused kind late 10.00 on 2026-07-30  instalment 6
		refused kind service on 2026-06-01`},

	// 16 days at 6 % and 14 at 9 % on 22,184.37: 58.35 + 76.58 = 134.93.
	{"the end of service brings rate and payment back from its day on", dear(), `
		service on 2026-03-10
		pay     500.00 on 2026-02-15
		pay     500.00 on 2026-03-15
		pay     500.00 on 2026-04-15
		pay     500.00 on 2026-05-15
		pay     500.00 on 2026-06-15
		service-ends on 2026-07-01
		pay     500.00 on 2026-07-15  interest 134.93 principal 365.07
		annual  on 2026-07-15  0.09
		payment 6 on 2026-07-15  500.00
		refused kind service-ends on 2026-07-16`},

	{"service taken back: the contract's rate and payment as if it had never been", dear(), `
		pay     500.00 on 2026-02-15
		pay     500.00 on 2026-03-15
		pay     500.00 on 2026-04-15
		pay     500.00 on 2026-05-15
		service on 2026-03-10
		reverse 5 on 2026-06-01
		balance on 2026-05-15  principal 22569.36  interest 0.00  fees 0.00
		payment 5 on 2026-06-01  500.00
		annual  on 2026-06-01  0.09
		payoff  on 2026-06-01  22790.89`},

	// Nine instalments ahead (5,000.00 − 500.00): the level payment of 19,183.45 and
	// 108.79 of interest with the 4,500.00 that counts for instalments to come.
	{"the payment lowered for service leaves what was paid ahead its place", dear(), `
		pay     5000.00 on 2026-02-15
		service on 2026-03-10
		payment 2 on 2026-03-10  464.84`},

	{"a rate agreed during service waits for its end", dear(), `
		service on 2026-03-10
		rate    0.08 on 2026-04-01
		annual  on 2026-04-01  0.06
		rate    0.05 on 2026-05-01
		annual  on 2026-05-01  0.05
		rate    0.07 on 2026-06-01
		annual  on 2026-06-01  0.06
		service-ends on 2026-07-01
		annual  on 2026-07-01  0.07`},

	{"a modification agreed during service outlasts it", dear(), `
		service on 2026-03-10
		modify  on 2026-04-01  at 0.04 payment 430.00 first 2026-04-15
		service-ends on 2026-07-01
		annual  on 2026-07-01  0.04
		payment 7 on 2026-07-01  430.00`},

	{"a rate under the cap is not touched by service", loan(), `
		service on 2026-03-10
		annual  on 2026-03-10  0.059
		payment 2 on 2026-03-10  450.00`},

	// 300.00 twelve times, then 600.00: both in the proportion that repays 23,883.45
	// and 135.45 of interest at 6 % from 10 March by January 2031.
	{"service lowers payments that step up in their proportion, and its end brings each back", with(dear(), func(t *contract.Terms) {
		t.Payment, t.Steps = 300_00, []contract.Step{{From: 13, Payment: 600_00}}
	}), `
		pay     300.00 on 2026-02-15
		service on 2026-03-10
		payment 2 on 2026-03-10  262.08
		payment 13 on 2026-03-10  524.16
		last    on 2026-03-10  60 2031-01-15 523.81
		service-ends on 2026-07-01
		payment 7 on 2026-07-01  300.00
		payment 13 on 2026-07-01  600.00`},

	{"service raises no payment, though later ones are smaller", with(dear(), func(t *contract.Terms) {
		t.Payment, t.Steps = 600_00, []contract.Step{{From: 13, Payment: 460_00}}
	}), `
		pay     600.00 on 2026-02-15
		service on 2026-03-10
		payment 2 on 2026-03-10  568.18
		payment 13 on 2026-03-10  435.60`},

	{"service that begins after the last due date caps the rate; all of it is due as before", with(dear(), func(t *contract.Terms) { t.Payments = 2 }), `
		service on 2026-12-01
		annual  on 2026-12-01  0.06
		due     on 2026-12-01  next 2026-02-15  past 25893.70`},

	{"service with a few cents left asks for a cent", dear(), `
		pay     24183.25 on 2026-02-15  choice principal
		service on 2026-03-10
		payoff  on 2026-03-10  0.20
		payment 2 on 2026-03-10  0.01`},

	// Three years left; all is due from the day of acceleration, interest goes on.
	{"an acceleration makes all of it due, and no late fee on it", loan(), `
		pay     450.00 on 2026-02-15
		accelerate on 2026-05-01
		due     on 2026-05-01  next 2026-03-15  past 23957.22
		due     on 2026-05-31  next 2026-03-15  past 24072.01
		refused amount late 22.50 on 2026-05-31  instalment 3
		flags   on 2026-05-31  accelerated
		reverse 2 on 2026-06-01
		due     on 2026-06-01  next 2026-03-15  past 1350.00`},

	// The insurer pays 20,000.00 on 1 March: 53.57 of interest, and the March
	// instalment; April is not paid ahead.
	{"a total loss: the insurer's money pays what is billed and principal, and no month ahead", loan(), `
		pay     450.00 on 2026-02-15
		total-loss on 2026-02-20
		pay     20000.00 on 2026-03-01  from insurer  interest 53.57 principal 19946.43
		balance on 2026-03-01  principal 3723.83  interest 0.00  fees 0.00
		bill    on 2026-03-16  2026-04-15 past 0.00 next 450.00 fees 0.00 in all 450.00
		flags   on 2026-03-16  total-loss`},

	// 23,670.26 from 15 February to 20 May, 94 days: 359.66. 20,000.00 less costs
	// of 600.00 and that interest leaves 4,629.92.
	{"proceeds pay the costs, then the debt: a deficiency is due at once", loan(), `
		pay     450.00 on 2026-02-15
		refused kind sell 20000.00 on 2026-05-01
		repossess on 2026-05-01
		charge  600.00 on 2026-05-10
		sell    20000.00 on 2026-05-20  interest 359.66 principal 19040.34 other 600.00
		balance on 2026-05-20  principal 4629.92  interest 0.00  fees 0.00
		due     on 2026-06-01  next 2026-03-15  past 4638.90
		refused amount late 22.50 on 2026-06-01  instalment 3
		fee     15.00 on 2026-06-10
		pay     500.00 on 2026-06-20  interest 23.20 principal 476.80
		flags   on 2026-06-20  repossessed sold`},

	{"proceeds beyond the debt are a surplus to be given back", loan(), `
		pay     450.00 on 2026-02-15
		late    22.50 on 2026-03-26  instalment 2
		repossess on 2026-05-01
		charge  600.00 on 2026-05-10
		sell    26000.00 on 2026-05-20  interest 359.66 principal 23670.26 late 22.50 other 600.00 held 1347.58
		held    on 2026-05-20  1347.58 refund 1347.58
		refund  1347.58 on 2026-06-01
		held    on 2026-06-01  0.00 refund 0.00`},

	// Principal 23,670.26, the fee, and 692.53 of interest of 181 days.
	{"a charge-off takes principal and fees off the books; what comes later is a recovery", loan(), `
		pay     450.00 on 2026-02-15
		fee     15.00 on 2026-03-01
		charge-off on 2026-08-15  principal 23670.26 other 15.00 charged-off 23685.26
		lost    on 2026-08-15  24377.79
		due     on 2026-08-16  next  past 0.00
		payoff  on 2027-08-15  24377.79
		refused kind defer 1 on 2026-08-20
		pay     1000.00 on 2026-09-01  recovered 1000.00
		lost    on 2026-09-01  23377.79
		pay     23400.00 on 2027-01-05  held 22.21 recovered 23377.79
		lost    on 2027-01-05  0.00
		held    on 2027-01-05  22.21 refund 22.21`},

	// 24,000.00 and 212 days = 822.44.
	{"a payment from before the charge-off comes back: more was lost", loan(), `
		pay     450.00 on 2026-02-15
		charge-off on 2026-08-15  principal 23670.26 charged-off 23670.26
		pay     1000.00 on 2026-09-01
		lost    on 2026-09-01  23362.79
		reverse 1 on 2026-09-10
		charge-off on 2026-09-11
		reverse 5 on 2026-09-11
		lost    on 2026-09-11  23822.44`},

	{"a charge-off taken back: the account stands and what came is a payment", loan(), `
		pay     450.00 on 2026-02-15
		charge-off on 2026-08-15
		pay     1000.00 on 2026-09-01  recovered 1000.00
		lost    on 2026-09-01  23362.79
		reverse 2 on 2026-09-02
		lost    on 2026-09-02  0.00
		balance on 2026-09-02  principal 23427.84  interest 3.79  fees 0.00
		reverse 4 on 2026-09-03
		lost    on 2026-09-03  23362.79
		reverse 5 on 2026-09-04
		balance on 2026-09-04  principal 23427.84  interest 11.36  fees 0.00`},

	{"the vehicle sold after the charge-off is a recovery, and sold", loan(), `
		repossess on 2026-05-01
		charge-off on 2026-08-15
		sell    20000.00 on 2026-09-01  recovered 20000.00
		flags   on 2026-09-01  charged-off repossessed sold
		lost    on 2026-09-01  4822.44`},

	{"holds begin and end, each for its own reason", loan(), `
		hold    bankruptcy on 2026-03-01
		hold    cease_contact on 2026-03-02
		flags   on 2026-03-02  bankruptcy cease
		hold-ends bankruptcy on 2026-04-01
		flags   on 2026-04-01  cease
		refused hold hold-ends bankruptcy on 2026-04-02
		balance on 2026-04-02  principal 24000.00  interest 298.72  fees 0.00`},

	// The payoff of 5 March is 23,739.13.
	{"what is left within the tolerance is written off, and no more than that", with(loan(), func(t *contract.Terms) { t.CloseTolerance = 5_00 }), `
		pay     450.00 on 2026-02-15
		pay     23734.12 on 2026-03-05  interest 68.87 principal 23665.25
		payoff  on 2026-03-05  5.01
		reverse 2 on 2026-03-05
		pay     23734.13 on 2026-03-05  interest 68.87 principal 23670.26 forgiven 5.00
		payoff  on 2026-03-06  0.00
		held    on 2026-03-06  0.00 refund 0.00`},

	// Interest of the six months unrounded: 120.2630, 107.1352, 116.8943, 111.5066,
	// 113.5233, 108.2335. Carried, March costs a cent more and May a cent less.
	{"the fraction of a cent is carried where the contract says so", with(loan(), func(t *contract.Terms) { t.CarryFraction = true }), `
		pay     450.00 on 2026-02-15  interest 120.26 principal 329.74
		pay     450.00 on 2026-03-15  interest 107.14 principal 342.86
		pay     450.00 on 2026-04-15  interest 116.89 principal 333.11
		pay     450.00 on 2026-05-15  interest 111.50 principal 338.50
		pay     450.00 on 2026-06-15  interest 113.53 principal 336.47
		pay     450.00 on 2026-07-15  interest 108.24 principal 341.76
		quote   on 2026-07-16  good 2026-08-01
		balance on 2026-07-16  principal 21977.56  interest 3.55  fees 0.00`},

	{"a payment that steps up asks for its amount from its instalment on", with(loan(), func(t *contract.Terms) { t.Steps = []contract.Step{{From: 3, Payment: 500_00}} }), `
		payment 2 on 2026-01-15  450.00
		payment 3 on 2026-01-15  500.00
		pay     900.00 on 2026-02-15
		due     on 2026-04-16  next 2026-04-15  past 500.00
		due     on 2026-05-16  next 2026-04-15  past 1000.00`},

	{"no instalment falls due in a month that is skipped", with(loan(), func(t *contract.Terms) { t.SkipMonths = []int{7, 12} }), `
		dates 5 to 12 on 2026-01-15  2026-06-15 2026-08-15 2026-09-15 2026-10-15 2026-11-15 2027-01-15 2027-02-15 2027-03-15
		pay     2250.00 on 2026-06-01
		due     on 2026-07-31  next 2026-08-15  past 0.00
		due     on 2026-08-16  next 2026-08-15  past 450.00
		refused kind due-day 20 on 2026-07-01`},

	{"a deferral lands in no month that is skipped", with(loan(), func(t *contract.Terms) { t.SkipMonths = []int{7} }), `
		pay     1800.00 on 2026-05-01
		defer   1 on 2026-06-01
		dates 5 to 7 on 2026-06-01  2026-08-15 2026-09-15 2026-10-15
		dates 15 to 17 on 2026-06-01  2027-06-15 2027-08-15 2027-09-15`},

	{"every two weeks", with(loan(), func(t *contract.Terms) { t.PerYear, t.FirstDue = 26, date("2026-01-30") }), `
		dates 1 to 4 on 2026-01-15  2026-01-30 2026-02-13 2026-02-27 2026-03-13
		due     on 2026-02-14  next 2026-01-30  past 900.00`},

	{"a deferral of payments every two weeks keeps their weekday and covers the month", with(loan(), func(t *contract.Terms) { t.PerYear, t.FirstDue = 26, date("2026-01-02"); t.Start = date("2025-12-20") }), `
		pay     450.00 on 2026-01-02
		defer   1 on 2026-01-10
		dates 1 to 3 on 2026-01-10  2026-01-02 2026-02-27 2026-03-13`},

	{"twice a month, and the last day of February", with(loan(), func(t *contract.Terms) { t.PerYear, t.FirstDue = 24, date("2026-01-31") }), `
		dates 1 to 6 on 2026-01-15  2026-01-31 2026-02-16 2026-02-28 2026-03-16 2026-03-31 2026-04-16
		due     on 2026-03-01  next 2026-01-31  past 1350.00`},

	{"twice a month with a step on the second date", with(loan(), func(t *contract.Terms) {
		t.PerYear, t.FirstDue, t.Steps = 24, date("2026-02-01"), []contract.Step{{From: 2, Payment: 300_00}, {From: 5, Payment: 200_00}}
	}), `
		dates 1 to 6 on 2026-01-15  2026-02-01 2026-02-16 2026-03-01 2026-03-16 2026-04-01 2026-04-16
		due     on 2026-04-02  next 2026-02-01  past 1550.00
		rate    0.05 on 2026-02-05  payment 250.00
		dates 1 to 4 on 2026-02-05  2026-02-01 2026-02-16 2026-03-01 2026-03-16
		defer   1 on 2026-02-10  instalment 2
		dates 1 to 4 on 2026-02-10  2026-02-01 2026-03-16 2026-04-01 2026-04-16`},

	{"twice a month and long past the end, a modification begins on the next of its days", with(loan(), func(t *contract.Terms) { t.PerYear, t.FirstDue, t.Payments = 24, date("2026-02-10"), 2 }), `
		modify  on 2026-06-12  payments 3
		dates 1 to 3 on 2026-06-12  2026-06-25 2026-07-10 2026-07-25`},

	// Each rental is 425.00 and 25.00 of tax; its own part is paid before its tax.
	{"a lease's payment is split into rent and tax", lease(), `
		pay     450.00 on 2026-02-15  principal 425.00 tax 25.00
		pay     430.00 on 2026-03-15  principal 425.00 tax 5.00
		pay     30.00 on 2026-03-20  principal 10.00 tax 20.00
		balance on 2026-03-20  principal 14440.00  interest 0.00  fees 0.00
		payoff  on 2026-03-20  15290.00
		refused principal_only pay 10.00 on 2026-03-20 choice only`},

	// 35 rentals were left, of which March's is due: 34 × 425.00 are cancelled.
	{"a lease that ends: rentals to come are cancelled, the charge is due, what was due stays", lease(), `
		pay     450.00 on 2026-02-15
		end     350.00 on 2026-03-20  principal 14450.00 other -350.00
		payoff  on 2026-03-20  800.00
		due     on 2026-03-20  next 2026-03-15  past 450.00
		pay     800.00 on 2026-03-25  principal 425.00 tax 25.00 other 350.00
		payoff  on 2026-03-25  0.00
		flags   on 2026-03-25  ended`},

	{"money for a part of a rental that is cancelled is held for the customer", lease(), `
		pay     550.00 on 2026-02-15  principal 525.00 tax 25.00
		end     on 2026-02-20
		payoff  on 2026-02-20  0.00
		held    on 2026-02-20  100.00 refund 100.00`},

	{"a lease with every rental paid can be extended, and can end", with(lease(), func(t *contract.Terms) { t.Payments, t.Principal = 2, 850_00 }), `
		pay     900.00 on 2026-02-15  principal 850.00 tax 50.00
		extend  3 on 2026-03-20  principal -1275.00
		payoff  on 2026-03-20  1350.00
		dates 3 to 5 on 2026-03-20  2026-04-15 2026-05-15 2026-06-15
		due     on 2026-04-16  next 2026-04-15  past 450.00
		pay     1350.00 on 2026-04-20  principal 1275.00 tax 75.00
		payoff  on 2026-06-20  0.00
		refused months extend 25 on 2026-06-20
		end     395.00 on 2026-06-20  other -395.00
		refused kind extend 1 on 2026-06-20
		payoff  on 2026-06-20  395.00`},

	{"a lease charged off: what is lost is the rent, and its payoff closes it", lease(), `
		pay     450.00 on 2026-02-15
		charge-off on 2026-06-15  principal 14875.00 charged-off 14875.00
		payoff  on 2026-06-20  14875.00
		pay     14875.00 on 2026-06-20  recovered 14875.00
		payoff  on 2026-06-21  0.00
		due     on 2026-06-21  next  past 0.00`},
}

// Service, put in at its first day years later or never: maturity and dates stay,
// no payment rises, less or as much is owed, and no rest is left for the end but what lateness costs.
func TestServiceKeepsMaturityAndLowersThePayment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := dear()
		terms.Start = date("2000-01-01") + money.Date(rapid.IntRange(0, 40*365).Draw(t, "start"))
		terms.FirstDue = terms.Start + money.Date(rapid.IntRange(1, 60).Draw(t, "first due"))
		terms.Payments = rapid.IntRange(6, 84).Draw(t, "payments")
		terms.Rate = money.Rate(rapid.Int64Range(61_000, 250_000).Draw(t, "rate")) * 1_000_000
		if months := rapid.SampledFrom([][]int{nil, nil, {7}, {6, 12}}).Draw(t, "skipped"); rapid.Bool().Draw(t, "skips") {
			for terms.SkipMonths = months; terms.Validate() != nil; {
				terms.FirstDue += 28
			}
		}
		plan := contract.Plan{Principal: terms.Principal, Accrual: terms.Accrual(), Rounding: terms.Rounding, Start: terms.Start, First: terms.FirstDue, Payments: terms.Payments, PerYear: 12, SkipMonths: terms.SkipMonths, Method: contract.Daily}
		payment, err := plan.LevelPayment()
		if err != nil {
			t.Fatal(err)
		}
		terms.Payment = payment
		var events []contract.Event
		for n := range rapid.IntRange(0, terms.Payments-2).Draw(t, "paid") {
			e := contract.Event{Seq: n + 1, Kind: contract.Payment, Date: terms.DueDate(n+1) + money.Date(rapid.IntRange(-10, 25).Draw(t, "days")), Amount: terms.Payment}
			if e.Date < terms.Start {
				e.Date = terms.Start
			}
			events = append(events, e)
		}
		on := terms.DueDate(max(1, len(events))) + 26
		before, _, err := contract.Fold(&terms, events, on)
		if err != nil {
			t.Fatal(err)
		}
		since := terms.Start + money.Date(rapid.IntRange(0, int(on-terms.Start)).Draw(t, "since"))
		events = append(events, contract.Event{Seq: len(events) + 1, Kind: contract.Service, Date: since})
		s, _, err := contract.Fold(&terms, events, on)
		if err != nil {
			t.Fatal(err)
		}
		if s.Maturity(&terms) != before.Maturity(&terms) || s.Owed(&terms) > before.Owed(&terms) || s.Rate != contract.ServiceRate {
			t.Fatalf("%s owed until %s, before it %s until %s", s.Owed(&terms), s.Maturity(&terms), before.Owed(&terms), before.Maturity(&terms))
		}
		for n := 1; n <= s.Payments; n++ {
			if s.PaymentOf(n) > before.PaymentOf(n) || s.DueDate(&terms, n) != before.DueDate(&terms, n) {
				t.Fatalf("instalment %d asks for %s on %s, before it %s on %s", n, s.PaymentOf(n), s.DueDate(&terms, n), before.PaymentOf(n), before.DueDate(&terms, n))
			}
		}
		lowered := s.PaymentOf(s.Payments)
		rows, err := terms.Remaining(s, on)
		if err != nil {
			t.Fatal(err)
		}
		late, err := terms.Remaining(before, on)
		if err != nil {
			t.Fatal(err)
		}
		last := func(rows []contract.Row) money.Cents {
			if len(rows) == 0 {
				return 0
			}
			return rows[len(rows)-1].Payment
		}
		if last(rows) > max(lowered+lowered/10, last(late)) {
			t.Fatalf("payments of %s leave %s for the last one", lowered, last(rows))
		}
	})
}
