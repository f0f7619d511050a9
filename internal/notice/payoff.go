package notice

import (
	"fmt"
	"io"
	"strings"

	"marque/internal/billing"
	"marque/internal/money"
)

// PayoffPDF writes a payoff quote as a letter that a bank or a dealer can act
// on. Its parts must sum to its total, and its table must end in it.
func PayoffPDF(w io.Writer, l billing.PayoffLetter) error {
	if sum := l.Principal + l.Interest + l.LateFees + l.OtherFees; sum != l.Total {
		return fmt.Errorf("payoff letter for %s: the parts come to %s, the total is %s", l.AccountNumber, sum, l.Total)
	}
	if n := len(l.Table); n == 0 || l.Table[n-1] != (billing.PayoffDay{Date: l.GoodThrough, Total: l.Total}) {
		return fmt.Errorf("payoff letter for %s: its days do not end in %s on %s", l.AccountNumber, l.Total, l.GoodThrough)
	}
	p, err := newPaper(l.Lender, "Payoff letter", l.Made.Long()+", account ending in "+ending(l.AccountNumber), l.Made.Time())
	if err != nil {
		return fmt.Errorf("payoff letter for %s: %w", l.AccountNumber, err)
	}
	p.sum("Payoff amount", l.Total.USD(), "Pays the account off if it arrives by "+l.GoodThrough.Long()+".")
	p.payoffParts(l)
	p.payoffDays(l)
	p.onTheirWay(l)
	p.howToPay(l)
	p.y += 12
	p.closing("")
	if err := p.finish(w); err != nil {
		return fmt.Errorf("payoff letter for %s: %w", l.AccountNumber, err)
	}
	return nil
}

// ending is the last four digits of an account number, for where a page that is
// lost may show it to anyone.
func ending(account string) string { return account[max(0, len(account)-4):] }

// payoffParts sets whose account it is beside what the amount is made of, so that
// the letter stays on one page; facts too long for that stand above.
func (p *paper) payoffParts(l billing.PayoffLetter) {
	p.section("Account, and what the amount is made of", 110)
	start, page := p.y, p.pdf.PageNo()
	p.facts(left, column, 86, append(whose(l.Recipient, l.AccountNumber, l.Vehicle),
		pair{label: "VIN", value: l.VIN},
		pair{label: "Quoted on", value: l.Made.Long()},
		pair{label: "Good through", value: l.GoodThrough.Long()}))
	x, end := second, p.y
	if p.pdf.PageNo() != page || end-start > 200 {
		x, end = left, 0
		p.y += 8
	} else {
		p.y = start
	}
	list := []pair{{label: "Principal", value: l.Principal.USD()}, {label: "Interest to " + l.GoodThrough.Long(), value: l.Interest.USD()}}
	if l.LateFees != 0 {
		list = append(list, pair{label: "Late fees", value: l.LateFees.USD()})
	}
	if l.OtherFees != 0 {
		list = append(list, pair{label: "Other fees", value: l.OtherFees.USD()})
	}
	p.pairs(x, column, append(list, pair{label: "Payoff amount", value: l.Total.USD(), total: true}))
	p.y = max(p.y, end)
	if len(l.InterestLines) == 0 {
		return
	}
	p.y += 8
	p.need(60)
	if l.Carried != 0 {
		p.pairs(left, right-left, []pair{{label: "Interest left unpaid before, about", value: l.Carried.USD()}})
		p.y += 4
	}
	p.interestTable(l.InterestLines, "")
}

// payoffDays sets the days in columns, read downwards.
func (p *paper) payoffDays(l billing.PayoffLetter) {
	columns, date := 3, money.Date.Long
	if len(l.Table) > 15 { // shorter dates make room for a column more
		columns, date = 4, money.Date.Short
	}
	rows := (len(l.Table) + columns - 1) / columns
	p.section("Day by day", 30+rowLead*float64(rows))
	words := "What pays the account off on each day through " + l.GoodThrough.Long() + "."
	if strings.Trim(l.PerDiem, "0.") != "" {
		words += " Each day adds $" + l.PerDiem + " of interest, rounded to the cent once in each day's total."
	}
	p.para(left, right-left, words, small)
	p.y += 4
	const gap = 22.0
	w := (right - left - gap*float64(columns-1)) / float64(columns)
	start, end := p.y, p.y
	for i, d := range l.Table {
		if i%rows == 0 {
			p.y = start
		}
		x := left + float64(i/rows)*(w+gap)
		p.text(x, p.y+10, date(d.Date), body)
		p.right(x+w, p.y+10, d.Total.USD(), p.shrink(d.Total.USD(), body, w-p.width(date(d.Date), body)-6))
		p.y += rowLead
		end = max(end, p.y)
	}
	p.y = end
}

func (p *paper) onTheirWay(l billing.PayoffLetter) {
	if len(l.Pending)+len(l.Scheduled) == 0 {
		return
	}
	p.section("Payments on their way", 60)
	list := func(words string, all []billing.PayoffPayment) {
		if len(all) == 0 {
			return
		}
		p.para(left, right-left, words, body)
		p.y += 2
		for _, v := range all {
			p.pairs(left, column, []pair{{label: v.Date.Long() + ", " + v.Confirmation, value: v.Amount.USD()}})
		}
		p.y += 6
	}
	list("Counted in already, but not cleared by the bank yet. If one comes back, this quote no longer holds.", l.Pending)
	list("Scheduled and not counted. They are still taken unless they are canceled.", l.Scheduled)
}

func (p *paper) howToPay(l billing.PayoffLetter) {
	p.section("How to pay it", 90)
	list := []pair{
		{label: "Online", value: "Sign in" + before(" at ", l.Lender.Website, true) + " and choose the payoff amount."},
		{label: "By check", value: "Payable to " + l.Lender.Name + ", with the account number on it. Mail it to " + strings.Join(street(l.Lender), ", ") + "."},
		{label: "By wire", value: "Call us" + before(" at ", l.Lender.Phone, true) + " for instructions. We never send them by e-mail or text."},
	}
	for _, v := range list {
		for i, line := range p.wrap(v.value, body, right-left-92) {
			p.need(13)
			if i == 0 {
				p.text(left, p.y+10, v.label, strong)
			}
			p.text(left+92, p.y+10, line, body)
			p.y += 13
		}
	}
	p.y += 6
	p.para(left, right-left, "When the payoff amount arrives by "+l.GoodThrough.Long()+", nothing more is owed and the account is closed. If it is found later that a little was missing, it is not asked for. "+
		"We then write about the title of the vehicle and any other papers. After that day the quote ends, and the amount is worked out anew.", body)
}
