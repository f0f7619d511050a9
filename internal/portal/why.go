package portal

import (
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/web"
)

const howInterestWorks = "Each line is the balance, times the yearly rate, divided by the days in the year, times the days. The sum is rounded to the cent once. Interest is charged on principal only, never on fees or on interest."

// whyInterest answers "why this interest?" with the sum: one line for each
// stretch of days. carried is interest that the payment before left unpaid, and
// total what all of it comes to.
func whyInterest(question string, spans []contract.Span, carried, total money.Cents) web.Why {
	w := web.Why{Question: question, Note: howInterestWorks}
	if carried > 0 {
		w.Lines = append(w.Lines, web.WhyLine{Text: "Interest left unpaid before", Amount: carried.USD()})
	}
	for _, p := range spans {
		w.Lines = append(w.Lines, web.WhyLine{Text: spanWords(p.From, p.To, p.Balance, p.Rate, p.Basis, p.Days), Amount: "$" + p.Interest.Decimal(4)})
	}
	w.Lines = append(w.Lines, web.WhyLine{Text: "Interest, rounded to the cent", Amount: total.USD(), Total: true})
	return w
}

func spanWords(from, to money.Date, balance money.Cents, rate money.Rate, basis, n int) string {
	return fmt.Sprintf("%s to %s: %s × %s ÷ %d × %s", from.Short(), to.Long(), balance.USD(), rate.Percent(), basis, days(n))
}

// whyPayoff says what a payoff amount is made of.
func whyPayoff(kind contract.Kind, p contract.Payoff, spans []contract.Span, carried money.Cents) web.Why {
	if kind == contract.Lease {
		w := web.Why{Question: "Why " + p.Total.USD() + "?", Lines: []web.WhyLine{{Text: "Payments left to make", Amount: p.Principal.USD()}},
			Note: "This is the sum of the payments and fees still owed. It does not buy the vehicle."}
		if p.Tax != 0 {
			w.Lines = append(w.Lines, web.WhyLine{Text: "Tax on them", Amount: p.Tax.USD()})
		}
		w.Lines = append(w.Lines, web.WhyLine{Text: "Fees", Amount: p.Fees.USD()}, web.WhyLine{Text: "Total of what is left", Amount: p.Total.USD(), Total: true})
		return w
	}
	w := web.Why{Question: "Why " + p.Total.USD() + "?", Lines: []web.WhyLine{{Text: "Principal", Amount: p.Principal.USD()}}}
	if p.PerDiem.IsZero() && p.Interest == 0 {
		w.Lines = append(w.Lines, web.WhyLine{Text: "Fees", Amount: p.Fees.USD()}, web.WhyLine{Text: "Payoff amount for " + p.On.Long(), Amount: p.Total.USD(), Total: true})
		return w
	}
	if carried > 0 {
		w.Lines = append(w.Lines, web.WhyLine{Text: "Interest left unpaid before", Amount: carried.USD()})
	}
	for _, s := range spans {
		w.Lines = append(w.Lines, web.WhyLine{Text: spanWords(s.From, s.To, s.Balance, s.Rate, s.Basis, s.Days), Amount: "$" + s.Interest.Decimal(4)})
	}
	w.Lines = append(w.Lines,
		web.WhyLine{Text: "Interest to " + p.On.Long() + ", rounded to the cent", Amount: p.Interest.USD()},
		web.WhyLine{Text: "Fees", Amount: p.Fees.USD()},
		web.WhyLine{Text: "Payoff amount for " + p.On.Long(), Amount: p.Total.USD(), Total: true})
	w.Note = fmt.Sprintf("Each day after that adds $%s of interest until a payment is made.", p.PerDiem.Decimal(4))
	return w
}

// whyNow says what the overview's figure is made of: what is past due with the
// fees, and else the amount due.
func whyNow(d contract.Due) web.Why {
	if d.PastDue <= 0 {
		return whyDue(d)
	}
	d.UpcomingAmount = 0
	w := whyDue(d)
	w.Lines[len(w.Lines)-1].Text = "Past due now, with fees"
	return w
}

// whyDue says what an amount due is made of.
func whyDue(d contract.Due) web.Why {
	w := web.Why{Question: "Why " + d.Amount().USD() + "?"}
	if d.PastDue > 0 {
		w.Lines = append(w.Lines, web.WhyLine{Text: "Past due " + pastDueSince(d, d.NextDate.Long()+", "+days(d.DaysPastDue)+" ago"), Amount: d.PastDue.USD()})
	}
	if d.UpcomingAmount > 0 {
		w.Lines = append(w.Lines, web.WhyLine{Text: "Payment due " + d.Upcoming.Long(), Amount: d.UpcomingAmount.USD()})
	}
	if d.Fees > 0 {
		w.Lines = append(w.Lines, web.WhyLine{Text: "Unpaid fees", Amount: d.Fees.USD()})
	}
	w.Lines = append(w.Lines, web.WhyLine{Text: "Amount due", Amount: d.Amount().USD(), Total: true})
	return w
}

// part is one share of a payment: how much, and what it pays.
type part struct {
	Amount money.Cents
	Name   string
	Detail string // "for 31 days at $3.28 a day"
}

// parts says where a payment's money goes. Spans explain the interest and may
// be empty when only the outcome is known; unpaid is the interest that the
// payment is too small for.
func parts(kind contract.Kind, a contract.Allocation, spans []contract.Span, carried, unpaid money.Cents) []part {
	var out []part
	add := func(c money.Cents, name, detail string) {
		if c != 0 {
			out = append(out, part{c, name, detail})
		}
	}
	principal := "principal"
	if kind == contract.Lease {
		principal = "lease payments"
	}
	if unpaid > 0 {
		add(a.Interest, fmt.Sprintf("of %s interest", (a.Interest+unpaid).USD()), fmt.Sprintf("(%s of it stays unpaid)", unpaid.USD()))
	} else {
		add(a.Interest, "interest", interestDetail(spans, carried))
	}
	add(a.Principal, principal, "")
	add(a.Tax, "tax", "")
	add(a.LateFee, "late fees", "")
	add(a.OtherFee, "other fees", "")
	add(a.Recovered, "toward the balance charged off", "")
	add(a.Unapplied, "held for you", "")
	add(-a.Forgiven, "forgiven", "(taken off what you owe, not paid by you)")
	return out
}

func interestDetail(spans []contract.Span, carried money.Cents) string {
	if len(spans) == 0 {
		return ""
	}
	var n int
	for _, s := range spans {
		n += s.Days
	}
	about := ""
	if len(spans) > 1 {
		about = "about "
	}
	detail := fmt.Sprintf("for %s at %s$%s a day", days(n), about, spans[len(spans)-1].PerDiem.Decimal(2))
	if carried > 0 {
		detail += fmt.Sprintf(", and %s from before", carried.USD())
	}
	return detail
}
