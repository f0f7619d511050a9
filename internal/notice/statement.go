package notice

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// ErrStatement says that a statement's own figures contradict each other. Such
// a paper is never printed.
var ErrStatement = errors.New("statement does not add up")

// couponTop is where the payment coupon begins on a statement's first page.
const couponTop = 610.0

// StatementPDF writes a statement as PDF. The beginning balance less the
// principal paid plus the adjustments must be the ending balance, and what is
// past due and the fees must not exceed the amount due: else ErrStatement.
func StatementPDF(w io.Writer, s billing.Statement) error {
	if s.BeginningBalance-s.PrincipalPaid+s.Adjustments != s.EndingBalance {
		return fmt.Errorf("%w: account %s on %s: %s - %s + %s is not %s", ErrStatement, s.AccountNumber, s.Closing,
			s.BeginningBalance, s.PrincipalPaid, s.Adjustments, s.EndingBalance)
	}
	if s.AmountDue < s.PastDue+s.FeesDue {
		return fmt.Errorf("%w: account %s on %s: %s due, of which %s past due and %s fees", ErrStatement,
			s.AccountNumber, s.Closing, s.AmountDue, s.PastDue, s.FeesDue)
	}
	p, err := newPaper(s.Lender, "Statement", s.Closing.Long()+", account "+s.AccountNumber, s.Closing.Time())
	if err != nil {
		return fmt.Errorf("statement %s: %w", s.Closing, err)
	}
	t := statement{p, s, wordsFor(s.Kind)}
	t.coupon()
	t.head()
	t.summary()
	t.payments()
	if s.Kind != contract.Lease {
		t.interest()
	}
	t.fees()
	t.others()
	t.year()
	t.ask()
	if err := p.finish(w); err != nil {
		return fmt.Errorf("statement %s: %w", s.Closing, err)
	}
	return nil
}

// words are what a loan and a lease call the same figure. On a lease principal
// is the payments still to make and nothing is said of a rate (12 CFR 1013.4(s)).
type words struct{ paid, principal string }

func wordsFor(k contract.Kind) words {
	if k == contract.Lease {
		return words{"Lease payments", "Lease payments"}
	}
	return words{"Principal paid", "Principal"}
}

type statement struct {
	*paper
	s     billing.Statement
	words words
}

// head is the address and, beside it, what to pay.
func (t *statement) head() {
	s, start := t.s, t.y
	t.whatToPay()
	end := t.y
	t.y = start
	t.facts(left, column, 92, []pair{
		{label: "Account number", value: s.AccountNumber},
		{label: "Statement closing", value: s.Closing.Long()},
		{label: "Period", value: s.Opening.Long() + " to " + s.Closing.Long()},
	})
	t.y = max(t.y+10, address)
	t.para(left, column, s.Recipient.Name, style{regular, 10})
	for _, line := range s.Recipient.Address {
		t.para(left, column, line, style{regular, 10})
	}
	t.y += 8
	t.para(left, column, s.Vehicle, body)
	if t.pdf.PageNo() == 1 {
		t.y = max(t.y, end)
	}
	t.y += 8
	if s.AutopayText != "" {
		t.para(left, right-left, s.AutopayText, strong)
	}
	if words := LateFeeWords(s); words != "" {
		t.para(left, right-left, words, body)
	}
}

// LateFeeWords says when the next late fee may be added and what prevents it;
// nothing when none can be in the period. A fee that can come before the due
// date is for what is past due.
func LateFeeWords(s billing.Statement) string {
	unpaid := s.AmountDue - s.FeesDue
	if s.PastDue > 0 && s.LateAfter < s.DueDate {
		unpaid = s.PastDue
	}
	if s.LateAfter == 0 || s.LateFee <= 0 || unpaid <= 0 {
		return ""
	}
	return fmt.Sprintf("A late fee of %s may be added if %s is not paid by %s.", s.LateFee.USD(), unpaid.USD(), s.LateAfter.Long())
}

// ThisPayment is what a statement asks for the payment of its due date, and what
// that is called: less than the regular payment when some of it is paid already.
func ThisPayment(s billing.Statement) (label string, amount money.Cents) {
	amount = s.AmountDue - s.PastDue - s.FeesDue
	switch {
	case amount == 0 && s.EndingBalance > 0:
		label = "Regular payment (already paid)"
	case amount < s.RegularPayment:
		label = "Regular payment (the rest of it)"
	default:
		label = "Regular payment"
	}
	return label, amount
}

// whatToPay ends in the amount due, which its lines sum to.
func (t *statement) whatToPay() {
	s := t.s
	t.text(second, t.y+10, "Amount due", body)
	st := t.shrink(s.AmountDue.USD(), figure, column)
	t.text(second, t.y+37, s.AmountDue.USD(), st)
	t.text(second, t.y+55, "Due date", body)
	due := "No payment is due"
	if s.AmountDue > 0 && s.DueDate != 0 {
		due = s.DueDate.Long()
	}
	t.text(second, t.y+74, due, figure2)
	t.y += 86
	label, amount := ThisPayment(s)
	list := []pair{{label: "Past due", value: s.PastDue.USD()}}
	if s.DaysPastDue > 0 {
		list[0].label = "Past due for " + days(s.DaysPastDue)
	}
	if s.PastDue > s.RegularPayment {
		list[0].label = "Past due, the oldest part for " + days(s.DaysPastDue)
	}
	list = append(list,
		pair{label: label, value: amount.USD()},
		pair{label: "Fees", value: s.FeesDue.USD()},
		pair{label: "Amount due", value: s.AmountDue.USD(), total: true})
	t.rule(second, right)
	t.pairs(second, column, list)
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return strconv.Itoa(n) + " days"
}

func (t *statement) summary() {
	s := t.s
	t.section("Account summary", 100)
	start := t.y
	t.pairs(left, column, []pair{
		{label: "Beginning balance, " + s.Opening.Short(), value: s.BeginningBalance.USD()},
		{label: t.words.paid, value: usd(-s.PrincipalPaid)},
		{label: "Put back by returned payments and corrections", value: usd(s.Adjustments)},
		{label: "Ending balance, " + s.Closing.Short(), value: s.EndingBalance.USD(), total: true},
	})
	end := t.y
	t.y = start
	list := []pair{{label: "Regular payment", value: s.RegularPayment.USD()}, {label: "Payments left", value: strconv.Itoa(s.PaymentsLeft)}}
	if s.Kind != contract.Lease {
		list = append(list,
			pair{label: "Annual interest rate", value: s.Rate.Percent()},
			pair{label: "Interest not paid yet", value: s.InterestAccrued.USD()})
	}
	list = append(list, pair{label: "Fees not paid yet", value: s.FeesOutstanding.USD()})
	if s.TaxPaid != 0 {
		list = append(list, pair{label: "Tax paid in this period", value: usd(s.TaxPaid)})
	}
	if s.Unapplied != 0 {
		list = append(list, pair{label: "Held for you", value: s.Unapplied.USD()})
	}
	if s.Kind != contract.Lease {
		list = append(list, pair{label: "Payoff amount on " + s.Closing.Short(), value: s.PayoffToday.USD()})
	}
	t.pairs(second, column, list)
	t.y = max(t.y, end)
	if s.Kind == contract.Lease {
		t.y += 4
		t.para(left, right-left, "On a lease the balance is the lease payments left to make, without tax.", small)
	}
}

// payments lists what was received, came back or was given back, and where the
// money went.
func (t *statement) payments() {
	lines := t.of(isMoney)
	t.section("Payments received and how they were applied", 60)
	if len(lines) == 0 {
		t.para(left, right-left, "We received no payments in this period.", body)
		return
	}
	cols, cells := t.paymentColumns(lines)
	rows := make([][]string, len(lines))
	var sum contract.Allocation
	var amount money.Cents
	for i, l := range lines {
		rows[i] = append([]string{l.Date.Long(), l.Text}, cells(l.Amount, l.Allocation)...)
		sum, amount = sum.Plus(l.Allocation), amount+l.Amount
	}
	t.table(cols, rows, append([]string{"", "Total"}, cells(amount, sum)...))
}

// of is the lines of some kinds.
func (t *statement) of(is func(billing.StatementLine) bool) (out []billing.StatementLine) {
	for _, l := range t.s.Lines {
		if is(l) {
			out = append(out, l)
		}
	}
	return out
}

// share is one part of an allocation as a column.
type share struct {
	title string
	of    func(contract.Allocation) money.Cents
	usual bool // stands even when no line has it
}

// paymentColumns leaves out the parts that no line has, but for the usual ones.
func (t *statement) paymentColumns(lines []billing.StatementLine) ([]col, func(money.Cents, contract.Allocation) []string) {
	var part []share
	for _, p := range []share{
		{"Interest", func(a contract.Allocation) money.Cents { return a.Interest }, t.s.Kind != contract.Lease},
		{t.words.principal, func(a contract.Allocation) money.Cents { return a.Principal }, true},
		{"Tax", func(a contract.Allocation) money.Cents { return a.Tax }, false},
		{"Fees", func(a contract.Allocation) money.Cents { return a.LateFee + a.OtherFee }, true},
		{"Held", func(a contract.Allocation) money.Cents { return a.Unapplied }, false},
		{"Forgiven", func(a contract.Allocation) money.Cents { return -a.Forgiven }, false},
	} {
		if p.usual || slices.ContainsFunc(lines, func(l billing.StatementLine) bool { return p.of(l.Allocation) != 0 }) {
			part = append(part, p)
		}
	}
	cols := []col{{title: "Date", w: 68}, {title: "What"}, {title: "Amount", figure: true}}
	for _, p := range part {
		cols = append(cols, col{title: p.title, figure: true})
	}
	w := 66.0
	if len(part) > 4 {
		w = 58
	}
	rest := right - left - cols[0].w
	for i := range cols[2:] {
		cols[2+i].w = w
		rest -= w
	}
	cols[1].w = rest
	return cols, func(amount money.Cents, a contract.Allocation) []string {
		out := []string{usd(amount)}
		for _, p := range part {
			out = append(out, usd(p.of(a)))
		}
		return out
	}
}

// usd has a real minus sign, as pages do.
func usd(c money.Cents) string { return strings.Replace(c.USD(), "-", "−", 1) }

// isFee says whether a line is a fee, one given up, or one taken back.
func isFee(l billing.StatementLine) bool {
	switch l.Kind {
	case "late_fee", "returned_fee", "other_fee", "waiver":
		return true
	case "taken_back":
		return l.Allocation.Principal == 0 && l.Amount >= 0
	}
	return false
}

// isMoney says whether a line is money that came or went. A payment that is taken
// back goes; a charge that is taken back does not.
func isMoney(l billing.StatementLine) bool {
	switch l.Kind {
	case "payment", "payment_returned", "payment_canceled", "correction", "sale", "refund":
		return true
	case "taken_back":
		return l.Amount < 0
	}
	return false
}

// LineAmount is the amount that a statement's line shows: the money that moved
// or the charge, and for what was given up how much.
func LineAmount(l billing.StatementLine) money.Cents {
	if l.Amount == 0 { // a waiver, or one taken back
		return l.Allocation.Forgiven
	}
	return l.Amount
}

func (t *statement) interest() {
	s := t.s
	t.section("Interest and finance charges", 95+rowLead*float64(min(len(s.InterestLines), 12)))
	if len(s.InterestLines) > 0 {
		t.interestTable(s.InterestLines, s.Rate.Percent())
		t.y += 4
	}
	if s.FinanceAdjustment != 0 {
		t.pairs(left, right-left, []pair{{label: "Interest put back or taken off for earlier periods", value: usd(s.FinanceAdjustment)}})
	}
	t.pairs(left, right-left, []pair{
		{label: "Finance charge for this period", value: usd(s.FinanceCharge), total: true},
		{label: "Interest paid in this period", value: usd(s.InterestPaid)},
		{label: "Interest not paid yet on " + s.Closing.Long(), value: s.InterestAccrued.USD()},
	})
}

// interestTable shows each span so that a person with a calculator gets the
// same. rate is empty where the paper does not know it.
func (p *paper) interestTable(lines []billing.InterestLine, rate string) {
	how := "Each line is the interest a day × days. The interest a day is the balance × your yearly rate ÷ days in the year."
	if rate != "" {
		how = "Each line is balance × " + rate + " ÷ days in the year × days."
	}
	p.para(left, right-left, how+" Interest counts from the day after the first date, which is the last closing or payment, to the second date. It is rounded to the cent once, when it is posted.", small)
	p.y += 3
	rows := make([][]string, len(lines))
	for i, l := range lines {
		rows[i] = []string{l.From.Long(), l.To.Long(), l.Balance.USD(), strconv.Itoa(l.Basis), "$" + l.PerDiem, strconv.Itoa(l.Days), "$" + l.Amount}
	}
	p.table([]col{
		{title: "From", w: 70}, {title: "To", w: 70}, {title: "Balance", w: 86, figure: true}, {title: "Days in year", w: 62, figure: true},
		{title: "Interest a day", w: 78, figure: true}, {title: "Days", w: 40, figure: true}, {title: "Interest", w: 78, figure: true},
	}, rows, nil)
}

func (t *statement) fees() {
	s := t.s
	t.section("Fees", 60)
	t.lines(t.of(isFee))
	list := []pair{{label: "Fees charged in this period", value: s.FeesCharged.USD()}, {label: "Fees paid in this period", value: usd(s.FeesPaid)}}
	if s.FeesForgiven != 0 {
		list = append(list, pair{label: "Fees forgiven in this period", value: usd(s.FeesForgiven)})
	}
	t.pairs(left, right-left, append(list, pair{label: "Fees not paid yet on " + s.Closing.Long(), value: s.FeesOutstanding.USD(), total: true}))
}

// others are the changes that are neither money nor a fee.
func (t *statement) others() {
	lines := t.of(func(l billing.StatementLine) bool { return !isFee(l) && !isMoney(l) })
	if len(lines) == 0 {
		return
	}
	t.section("Other changes", 40)
	t.lines(lines)
}

// lines is a table of dates, words and amounts.
func (t *statement) lines(lines []billing.StatementLine) {
	if len(lines) == 0 {
		return
	}
	var rows [][]string
	for _, l := range lines {
		rows = append(rows, []string{l.Date.Long(), l.Text, usd(LineAmount(l))})
	}
	t.table([]col{{title: "Date", w: 68}, {title: "What", w: right - left - 168}, {title: "Amount", w: 100, figure: true}}, rows, nil)
	t.y += 4
}

func (t *statement) year() {
	s := t.s
	t.section(fmt.Sprintf("Year to date, %d", s.Closing.Year()), 45)
	list := []pair{{label: "Interest paid", value: usd(s.InterestPaidYear)}}
	if s.Kind == contract.Lease {
		list = nil
	}
	t.pairs(left, right-left, append(list,
		pair{label: t.words.paid, value: usd(s.PrincipalPaidYear)},
		pair{label: "Fees paid", value: usd(s.FeesPaidYear)}))
}

func (t *statement) ask() {
	t.y += 15
	t.closing("Is something not right on this statement? Tell us and we will look into it.")
}

// closing is how a paper ends: where to ask, and the lender's legal lines.
func (p *paper) closing(first string) {
	l := p.lender
	p.para(left, right-left, strings.Join(nonEmpty(first, askUs(l)), " "), body)
	p.items(left, right-left, body, l.Website, l.Email)
	p.y += 4
	for _, legal := range l.Legal {
		p.para(left, right-left, legal, small)
	}
}

// coupon is the part to cut off and send with a check. It has fixed room, so
// what does not fit is shrunk and then cut: all of it stands above in full.
func (t *statement) coupon() {
	s := t.s
	keep := t.y
	t.floor = couponTop - 8
	t.pdf.SetDashPattern([]float64{3, 3}, 0)
	t.pdf.Line(0, couponTop, 612, couponTop)
	t.pdf.SetDashPattern(nil, 0)
	auto, cut := autopayCovers(s), "Cut here. Send this part with your check."
	if auto {
		cut = noCheck
	}
	t.text(left, couponTop+12, cut, small)
	one := func(x, y, w float64, text string, st style) {
		l := t.fit(text, st, w)
		t.text(x, y, l.text, l.style)
	}
	y := couponTop + 34
	one(left, y, column, "Payment coupon", heading)
	one(left, y+14, column, s.Recipient.Name, body)
	if !auto {
		one(left, y+40, column, "Make your check payable and mail it to", small)
		for i, text := range payee(s.Lender) {
			if i < 5 {
				one(left, y+54+float64(i)*13, column, text, style{regular, 10})
			}
		}
	}
	due := "None"
	if s.AmountDue > 0 && s.DueDate != 0 {
		due = s.DueDate.Long()
	}
	for i, v := range []pair{{label: "Account number", value: s.AccountNumber}, {label: "Due date", value: due}, {label: "Amount due", value: s.AmountDue.USD()}} {
		at := y + float64(i)*18
		t.text(second, at, v.label, body)
		l := t.fit(v.value, style{semibold, 12}, column-92)
		t.right(right, at, l.text, l.style)
	}
	if auto {
		t.text(second, y+70, noCheck, strong)
	} else {
		t.text(second, y+70, "Amount enclosed", body)
		t.pdf.Rect(second+92, y+54, column-92, 24, "D")
		t.text(second+98, y+70, "$", style{regular, 12})
		t.text(second, y+96, "Write your account number on your check.", small)
	}
	t.y = keep
}

const noCheck = "Autopay is on. Do not send a check."

// autopayCovers says that autopay leaves nothing of the amount due: it takes no
// past-due amounts and no fees.
func autopayCovers(s billing.Statement) bool {
	return s.AutopayText != "" && s.PastDue == 0 && s.FeesDue == 0
}

// payee is the name and address that a check is made out and mailed to.
func payee(l billing.Lender) []string { return append([]string{l.Name}, street(l)...) }
