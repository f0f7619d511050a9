package servicing_test

// Interest on 24,000.00 at 5.90 % over 365 days is 3.879452 a day: 120.26 for 31
// days, 131.90 for 34.
var stories = map[string]string{
	"paid on time": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted interest 120.26 principal 329.74
		balance  L1 on 2026-02-15  principal 23670.26  interest 0.00  fees 0.00
		due      L1 on 2026-02-16  next 2026-03-15  past 0.00  upcoming 450.00
		pay      L1 due on 2026-03-15 -> accepted amount 450.00 interest 107.13 principal 342.87
		late fee L1 on 2026-03-26 -> none`,

	"paid early": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-05 -> accepted interest 81.47 principal 368.53
		late fee L1 on 2026-02-26 -> none
		pay      L1 450.00 on 2026-03-15 -> accepted interest 145.16 principal 304.84
		balance  L1 on 2026-03-15  principal 23326.63  interest 0.00`,

	"a late fee after grace, once for an instalment and never for an earlier fee": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-25 -> none
		late fee L1 on 2026-02-26 -> 22.50
		late fee L1 on 2026-02-27 -> none
		pay      L1 450.00 on 2026-03-01 -> accepted interest 174.58 principal 275.42 fees 0.00
		balance  L1 on 2026-03-01  principal 23724.58  fees 22.50
		pay      L1 450.00 on 2026-03-15 -> accepted interest 53.69 principal 396.31
		late fee L1 on 2026-03-26 -> none
		due      L1 on 2026-03-27  next 2026-04-15  past 0.00  amount 472.50
		pay      L1 due on 2026-04-10 -> accepted amount 472.50 fees 22.50
		balance  L1 on 2026-04-10  fees 0.00`,

	"two instalments missed have a fee each": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 22.50
		late fee L1 on 2026-03-26 -> 22.50
		balance  L1 on 2026-03-26  fees 45.00  principal 24000.00
		due      L1 on 2026-03-26  next 2026-02-15  past 900.00  days 39`,

	"a part payment leaves a late fee on the rest": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 400.00 on 2026-02-15 -> accepted interest 120.26 principal 279.74
		due      L1 on 2026-02-16  next 2026-02-15  past 50.00
		late fee L1 on 2026-02-26 -> 2.50
		pay      L1 50.00 on 2026-02-27 -> accepted interest 46.01 principal 3.99
		due      L1 on 2026-02-27  next 2026-03-15  past 0.00`,

	"a few cents short has no fee and is not asked about again": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 449.90 on 2026-02-15 -> accepted
		late fee L1 on 2026-02-26 -> none
		late fee L1 on 2026-03-26 -> 22.50`,

	"the payoff closes the account to zero": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		pay      L1 payoff on 2026-03-05 -> accepted amount 23739.13 interest 68.87 principal 23670.26
		balance  L1 on 2026-03-05  principal 0.00  interest 0.00  fees 0.00  closed true  left 0
		pay      L1 10.00 on 2026-03-06 -> refused nothing_owed
		autopay  L1 starts on 2026-03-06 -> refused closed
		statement L1 on 2026-03-25  beginning 23670.26  ending 0.00  principal 23670.26  amount 0.00
		statement L1 on 2026-04-24 -> none`,

	"more than is owed is refused": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 24120.27 on 2026-02-15 -> refused amount_high
		pay      L1 0.99 on 2026-02-15 -> refused amount_low
		pay      L1 24120.26 on 2026-02-15 -> accepted
		balance  L1 on 2026-02-15  principal 0.00  closed true`,

	"a returned payment reopens what it paid, with a fee": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		balance  L1 on 2026-02-15  principal 23670.26  interest 0.00  fees 0.00
		payment  L1 on 2026-02-17  state authorised
		return   L1 R01 on 2026-02-18 -> reversed fee 15.00
		balance  L1 on 2026-02-18  principal 24000.00  interest 131.90  fees 15.00
		payment  L1 on 2026-02-18  state returned  code R01
		ledger   L1 on 2026-02-18  principal 24000.00  interest_income 0.00  ach_in_transit 0.00  other_fees 15.00
		late fee L1 on 2026-02-26 -> 22.50`,

	"a return without a fee": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-16 -> accepted
		return   L1 R03 on 2026-02-19 -> reversed fee 0.00
		balance  L1 on 2026-02-19  principal 24000.00  fees 0.00`,

	"a return moves the payments after it": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		pay      L1 450.00 on 2026-03-15 -> accepted interest 107.13 principal 342.87
		verify
		return   L1 #1 R10 on 2026-03-20 -> reversed fee 0.00
		balance  L1 on 2026-03-20  principal 23778.89  interest 19.22
		due      L1 on 2026-03-20  next 2026-03-15  past 450.00
		ledger   L1 on 2026-03-20  principal 23778.89  interest_income -228.89  ach_in_transit 0.00  cash 450.00
		payment  L1 #2 on 2026-03-20  interest 107.13  principal 342.87`,

	"a return after settlement takes the cash back": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-10 -> accepted
		payment  L1 on 2026-02-11  state submitted
		ledger   L1 on 2026-02-13  ach_in_transit 450.00  cash 0.00
		payment  L1 on 2026-02-14  state settled
		ledger   L1 on 2026-02-14  ach_in_transit 0.00  cash 450.00
		return   L1 R10 on 2026-03-10 -> reversed fee 0.00
		ledger   L1 on 2026-03-10  ach_in_transit 0.00  cash 0.00  principal 24000.00
		return   L1 R10 on 2026-03-11 -> nothing`,

	"a returned payoff reopens the account": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 payoff on 2026-02-15 -> accepted amount 24120.26
		balance  L1 on 2026-02-18  principal 0.00  closed true
		return   L1 R01 on 2026-02-18 -> reversed fee 15.00
		balance  L1 on 2026-02-18  principal 24000.00  interest 131.90  fees 15.00  closed false
		statement L1 on 2026-02-22  beginning 24000.00  principal 24000.00  adjustments 24000.00  ending 24000.00  interest 0.00  outstanding 15.00  past 450.00
		late fee L1 on 2026-02-26 -> 22.50`,

	"autopay goes on when a payoff comes back": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		pay      L1 payoff on 2026-02-03 -> accepted
		return   L1 R01 on 2026-02-06 -> reversed fee 15.00
		autopay  L1 on 2026-02-06  next 2026-02-15  amount 450.00
		payment  L1 drawn on 2026-02-16  amount 450.00  autopay true`,

	"a scheduled payment is made on its day": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		schedule L1 450.00 for 2026-02-15 on 2026-02-01 -> accepted state scheduled interest 120.26 principal 329.74
		balance  L1 on 2026-02-15  principal 24000.00
		payment  L1 on 2026-02-16  state authorised  interest 120.26  principal 329.74  date 2026-02-15
		payment  L1 on 2026-02-18  state submitted
		balance  L1 on 2026-02-18  principal 23670.26`,

	"a scheduled payment never takes more than is owed": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		schedule L1 450.00 for 2026-03-01 on 2026-02-01 -> accepted
		pay      L1 24000.00 on 2026-02-15 -> accepted interest 120.26 principal 23879.74
		balance  L1 on 2026-02-16  principal 120.26
		payment  L1 #1 on 2026-03-02  state authorised  amount 120.53  interest 0.27
		balance  L1 on 2026-03-02  principal 0.00  closed true`,

	"a scheduled payment with nothing left to pay is cancelled": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		schedule L1 450.00 for 2026-03-01 on 2026-02-01 -> accepted
		pay      L1 payoff on 2026-02-15 -> accepted
		payment  L1 #1 on 2026-03-02  state cancelled  amount 450.00`,

	"cancelled before it was sent": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-02 -> accepted
		cancel   L1 on 2026-02-02 -> accepted state cancelled
		balance  L1 on 2026-02-02  principal 24000.00  interest 69.83  fees 0.00
		schedule L1 300.00 for 2026-02-20 on 2026-02-03 -> accepted
		cancel   L1 on 2026-02-04 -> accepted state cancelled
		cancel   L1 on 2026-02-04 -> accepted state cancelled
		pay      L1 450.00 on 2026-02-15 -> accepted
		cancel   L1 on 2026-02-18 -> refused too_late
		balance  L1 on 2026-02-21  principal 23670.26`,

	"autopay draws each due date, and the last draft is what is left": `
		contract L1 loan 1200.00 6.00% 3 months of 404.01 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		autopay  L1 on 2026-01-20  next 2026-02-15  amount 404.01
		payment  L1 drawn on 2026-02-16  amount 404.01  interest 6.12  principal 397.89
		autopay  L1 on 2026-02-16  next 2026-03-15  amount 404.01
		payment  L1 drawn on 2026-03-16  amount 404.01  interest 3.69  principal 400.32
		payment  L1 drawn on 2026-04-16  amount 403.84  interest 2.05  principal 401.79
		balance  L1 on 2026-04-16  principal 0.00  closed true`,

	"autopay takes the day's instalment, and nothing past due or in fees": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 22.50
		autopay  L1 starts on 2026-03-01 -> accepted
		autopay  L1 on 2026-03-01  next 2026-03-15  amount 450.00
		payment  L1 drawn on 2026-03-16  amount 450.00  fees 0.00
		due      L1 on 2026-03-16  next 2026-03-15  past 450.00  amount 922.50`,

	"autopay that starts on a due date draws that day, and moving it keeps the day": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-02-15 -> accepted
		autopay  L1 on 2026-02-15  next 2026-02-15  amount 450.00
		autopay  L1 starts on 2026-02-15 -> accepted
		payment  L1 drawn on 2026-02-16  amount 450.00
		autopay  L1 on 2026-02-16  next 2026-03-15  amount 450.00`,

	"past due and its fee are cleared together, before an instalment to come": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 22.50
		pay      L1 472.50 on 2026-03-02 -> accepted
		due      L1 on 2026-03-03  next 2026-03-15  past 0.00  amount 450.00`,

	"money for an instalment to come pays it whole before fees": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 22.50
		pay      L1 900.00 on 2026-03-02 -> accepted
		due      L1 on 2026-03-16  next 2026-04-15  past 0.00  amount 472.50
		late fee L1 on 2026-03-27 -> none`,

	"an instalment short only of what fees took is not late": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		late fee L1 on 2026-02-26 -> 22.50
		pay      L1 600.00 on 2026-03-02 -> accepted
		pay      L1 300.00 on 2026-03-14 -> accepted
		late fee L1 on 2026-03-27 -> none`,

	"autopay counts what was paid by hand": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		pay      L1 200.00 on 2026-02-02 -> accepted
		payment  L1 drawn on 2026-02-16  amount 250.00
		pay      L1 450.00 on 2026-03-02 -> accepted
		autopay  L1 on 2026-03-16  next 2026-04-15  amount 450.00
		due      L1 on 2026-03-16  next 2026-04-15  past 0.00`,

	"a closed bank account ends autopay": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		autopay  L1 starts on 2026-01-20 -> accepted
		payment  L1 drawn on 2026-02-16  amount 450.00
		return   L1 R02 on 2026-02-19 -> reversed fee 0.00
		autopay  L1 on 2026-02-19 -> off
		due      L1 on 2026-03-16  next 2026-02-15  past 900.00`,

	"statements roll from one to the next": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		statement L1 on 2026-01-25  opening 2026-01-15  beginning 24000.00  ending 24000.00  accrued 38.79  finance 38.79  due 2026-02-15  amount 450.00  lines 0  left 60
		pay      L1 450.00 on 2026-02-15 -> accepted
		statement L1 on 2026-02-22  opening 2026-01-26  beginning 24000.00  ending 23670.26  principal 329.74  interest 120.26  accrued 26.78  finance 108.25  due 2026-03-15  amount 450.00  lines 1  left 59
		statement L1 on 2026-03-25  opening 2026-02-23  beginning 23670.26  ending 23670.26  past 450.00  amount 900.00  finance 118.61  lines 0
		late fee L1 on 2026-03-26 -> 22.50
		pay      L1 due on 2026-03-30 -> accepted amount 922.50  fees 22.50
		statement L1 on 2026-04-24  beginning 23670.26  charged 22.50  fees 22.50  outstanding 0.00  past 0.00  lines 2  due 2026-05-15`,

	"a statement after a return shows it": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-15 -> accepted
		statement L1 on 2026-02-22  ending 23670.26
		return   L1 R01 on 2026-02-24 -> reversed fee 15.00
		statement L1 on 2026-03-25  beginning 23670.26  adjustments 329.74  ending 24000.00  charged 37.50  outstanding 37.50  interest -120.26  lines 3`,

	"a lease is serviced as level rentals": `
		contract L1 lease 3 months of 399.00 from 2026-01-15
		balance  L1 on 2026-01-15  principal 1197.00  interest 0.00
		pay      L1 due on 2026-02-15 -> accepted amount 399.00 principal 399.00 interest 0.00
		statement L1 on 2026-02-22  beginning 1197.00  ending 798.00  finance 0.00  amount 399.00
		return   L1 R01 on 2026-02-24 -> reversed fee 15.00
		balance  L1 on 2026-02-24  principal 1197.00  interest 0.00  fees 15.00
		pay      L1 payoff on 2026-02-25 -> accepted amount 1212.00
		balance  L1 on 2026-02-25  principal 0.00  fees 0.00  closed true`,

	"a payment of Saturday goes to the bank on Monday": `
		contract L1 loan 24000.00 5.90% 60 months of 450.00 from 2026-01-15
		pay      L1 450.00 on 2026-02-07 -> accepted
		payment  L1 on 2026-02-09  state authorised
		payment  L1 on 2026-02-10  state submitted
		payment  L1 on 2026-02-12  state submitted
		payment  L1 on 2026-02-14  state settled`,
}
