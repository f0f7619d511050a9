package billing

import (
	"slices"

	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// Row is one line of the table that maps events to postings: for a kind of
// event, and the way its money came, the accounts that are debited and credited.
type Row struct {
	Kind   contract.EventKind
	Source contract.Source // of a payment; empty for other kinds
	Words  string          // the event, for people
	// Other takes the money that moved, or the charge: all of an event that no
	// part of its allocation has an account for.
	Other         ledger.Account
	Debit, Credit []ledger.Account // Other and the accounts of the parts, as an event of this kind first posts them
}

// part is one part of an allocation and the account that it moves: its credit
// side, or its debit side where debit says so.
type part struct {
	of      func(*contract.Allocation) *money.Cents
	account ledger.Account
	lease   ledger.Account // instead, on a lease
	debit   bool
}

var parts = []part{
	{of: func(a *contract.Allocation) *money.Cents { return &a.Principal }, account: ledger.Principal, lease: ledger.LeaseReceivable},
	{of: func(a *contract.Allocation) *money.Cents { return &a.Interest }, account: ledger.InterestEarn},
	{of: func(a *contract.Allocation) *money.Cents { return &a.LateFee }, account: ledger.LateFees},
	{of: func(a *contract.Allocation) *money.Cents { return &a.OtherFee }, account: ledger.OtherFees},
	{of: func(a *contract.Allocation) *money.Cents { return &a.Unapplied }, account: ledger.Unapplied},
	{of: func(a *contract.Allocation) *money.Cents { return &a.Tax }, account: ledger.SalesTax},
	{of: func(a *contract.Allocation) *money.Cents { return &a.Recovered }, account: ledger.Recoveries},
	{of: func(a *contract.Allocation) *money.Cents { return &a.Forgiven }, account: ledger.Forgiven, debit: true},
	{of: func(a *contract.Allocation) *money.Cents { return &a.ChargedOff }, account: ledger.ChargeOffs, debit: true},
}

// accounts is a list of accounts, to keep the table short.
func accounts(all ...ledger.Account) []ledger.Account { return all }

var paid = accounts(ledger.Principal, ledger.InterestEarn, ledger.LateFees, ledger.OtherFees, ledger.Unapplied, ledger.SalesTax, ledger.Recoveries)

// Table maps every kind of event to postings. A row without accounts is an event
// that posts nothing by itself; were there ever an amount, it would go to
// suspense and verify would name it. On a lease, principal is lease receivable.
var Table = []Row{
	{contract.Payment, contract.FromACH, "Payment by bank draft (ACH)", ledger.Transit, accounts(ledger.Transit, ledger.Forgiven), paid},
	{contract.Payment, contract.FromCard, "Payment by card", ledger.CardTransit, accounts(ledger.CardTransit, ledger.Forgiven), paid},
	{contract.Payment, contract.FromCheck, "Payment by check or lockbox", ledger.CheckTransit, accounts(ledger.CheckTransit, ledger.Forgiven), paid},
	{contract.Payment, contract.FromInsurer, "Insurer's payment, by check", ledger.CheckTransit, accounts(ledger.CheckTransit, ledger.Forgiven), paid},
	{contract.Payment, contract.FromWire, "Payment by wire", ledger.WireTransit, accounts(ledger.WireTransit, ledger.Forgiven), paid},
	{contract.Payment, contract.FromCash, "Payment in cash", ledger.Cash, accounts(ledger.Cash, ledger.Forgiven), paid},
	{contract.Sale, "", "Sale of a repossessed vehicle", ledger.WireTransit, accounts(ledger.WireTransit, ledger.Forgiven), paid},

	{contract.LateCharge, "", "Late fee", ledger.LateFeeEarn, accounts(ledger.LateFees, ledger.Unapplied), accounts(ledger.LateFeeEarn)},
	{contract.ReturnedFee, "", "Returned-payment fee", ledger.OtherFeeEarn, accounts(ledger.OtherFees, ledger.Unapplied), accounts(ledger.OtherFeeEarn)},
	{contract.OtherCharge, "", "Other charge", ledger.OtherFeeEarn, accounts(ledger.OtherFees, ledger.Unapplied), accounts(ledger.OtherFeeEarn)},
	{contract.Waiver, "", "Waiver of fees", ledger.Suspense, accounts(ledger.Forgiven), accounts(ledger.LateFees, ledger.OtherFees)},
	{contract.Refund, "", "Refund decided", ledger.RefundsPayable, accounts(ledger.Unapplied, ledger.Principal, ledger.OtherFees), accounts(ledger.RefundsPayable)},
	{contract.ChargeOff, "", "Charge-off", ledger.Suspense, accounts(ledger.ChargeOffs), accounts(ledger.Principal, ledger.LateFees, ledger.OtherFees)},
	{contract.LeaseExtension, "", "Lease extension", ledger.LeaseTermination, accounts(ledger.Principal), accounts(ledger.LeaseTermination)},
	{contract.LeaseEnd, "", "End of a lease", ledger.LeaseTermination, accounts(ledger.LeaseTermination, ledger.OtherFees, ledger.Unapplied, ledger.SalesTax), accounts(ledger.Principal, ledger.Unapplied)},

	{Kind: contract.Reversal, Words: "Reversal", Other: ledger.Suspense},
	{Kind: contract.RateChange, Words: "Rate change", Other: ledger.Suspense},
	{Kind: contract.Service, Words: "Military service begins", Other: ledger.Suspense},
	{Kind: contract.ServiceEnd, Words: "Military service ends", Other: ledger.Suspense},
	{Kind: contract.DueDateChange, Words: "Due date change", Other: ledger.Suspense},
	{Kind: contract.Deferral, Words: "Deferral", Other: ledger.Suspense},
	{Kind: contract.ReAge, Words: "Re-age", Other: ledger.Suspense},
	{Kind: contract.Modification, Words: "Modification", Other: ledger.Suspense},
	{Kind: contract.Acceleration, Words: "Acceleration", Other: ledger.Suspense},
	{Kind: contract.TotalLoss, Words: "Total loss", Other: ledger.Suspense},
	{Kind: contract.Repossession, Words: "Repossession", Other: ledger.Suspense},
	{Kind: contract.HoldBegins, Words: "Hold", Other: ledger.Suspense},
	{Kind: contract.HoldEnds, Words: "End of a hold", Other: ledger.Suspense},
	{Kind: contract.PayoffQuote, Words: "Payoff quote", Other: ledger.Suspense},
	{Kind: contract.Odometer, Words: "Odometer reading", Other: ledger.Suspense},
}

// Other is the account that an event's money, or its charge, stands on: what is
// in transit until the bank has settled it, what is payable until it is paid
// out, or income. Suspense when the table does not know the event.
func Other(e *contract.Event) ledger.Account {
	source := e.Source
	switch {
	case e.Kind != contract.Payment:
		source = ""
	case source == "":
		source = contract.FromACH
	}
	i := slices.IndexFunc(Table, func(r Row) bool { return r.Kind == e.Kind && r.Source == source })
	if i < 0 {
		return ledger.Suspense
	}
	return Table[i].Other
}

// Clears says whether an event's money passes the bank: it stands on Other's
// account until it is moved to or from cash.
func Clears(e *contract.Event) bool {
	return e.Kind == contract.Payment || e.Kind == contract.Sale || e.Kind == contract.Refund
}

// Postings gives the journal postings for an event's allocation, or for the
// difference between two: each part on its account, and the total on the other
// side. They sum to zero whatever the allocation.
func Postings(kind contract.Kind, e *contract.Event, a contract.Allocation) []ledger.Posting {
	out := make([]ledger.Posting, 0, len(parts)+4)
	out = append(out, ledger.Posting{Account: Other(e), Amount: a.Total()})
	for _, p := range parts {
		on := ledger.Posting{Account: p.account, Amount: -*p.of(&a)}
		if p.debit {
			on.Amount = -on.Amount
		}
		if kind == contract.Lease && p.lease != "" {
			on.Account = p.lease
		}
		out = append(out, on)
	}
	return ledger.Nonzero(out)
}

// Allocated reads an allocation back from postings: the inverse of Postings, but
// for interest that was forgiven, which posts nothing.
func Allocated(ps []ledger.Posting) (a contract.Allocation) {
	for _, on := range ps {
		for _, p := range parts {
			switch {
			case on.Account != p.account && on.Account != p.lease:
			case p.debit:
				*p.of(&a) += on.Amount
			default:
				*p.of(&a) -= on.Amount
			}
		}
	}
	return a
}

// Booked is what of an allocation is in the books: interest forgiven never was.
func Booked(a contract.Allocation) contract.Allocation {
	a.InterestForgiven = 0
	return a
}

// Receivable is the account that holds a contract's principal.
func Receivable(kind contract.Kind) ledger.Account {
	if kind == contract.Lease {
		return ledger.LeaseReceivable
	}
	return ledger.Principal
}

// Opening gives the postings that bring a contract onto the books: what it is
// owed, against the portfolio.
func Opening(t *contract.Terms) []ledger.Posting {
	s := t.Open()
	l := leaseBooks(t, &s)
	return ledger.Nonzero([]ledger.Posting{
		{Account: Receivable(t.Kind), Amount: s.Principal},
		{Account: ledger.LateFees, Amount: s.LateFees},
		{Account: ledger.Residual, Amount: l.residual},
		{Account: ledger.UnearnedRent, Amount: -l.unearned},
		{Account: ledger.PortfolioFund, Amount: -s.Principal - s.LateFees - l.residual + l.unearned},
	})
}

// Rent adds to an entry's postings what a lease earned, or what its end took off
// the books, between two states of the account. Whatever of residual and unearned
// rent does not become income is gain or loss on termination. Without a change
// the postings stay as they are.
func Rent(ps []ledger.Posting, t *contract.Terms, before, after *contract.State) []ledger.Posting {
	if t.Kind != contract.Lease {
		return ps
	}
	if progressOf(before) == progressOf(after) { // a schedule is not made for nothing
		return ps
	}
	was, is := leaseBooks(t, before), leaseBooks(t, after)
	for _, p := range []ledger.Posting{
		{Account: ledger.Residual, Amount: is.residual - was.residual},
		{Account: ledger.UnearnedRent, Amount: was.unearned - is.unearned},
		{Account: ledger.RentEarn, Amount: was.earned - is.earned},
		{Account: ledger.LeaseTermination, Amount: was.net() - is.net()},
	} {
		if i := slices.IndexFunc(ps, func(q ledger.Posting) bool { return q.Account == p.Account }); i >= 0 {
			ps[i].Amount += p.Amount
		} else {
			ps = append(ps, p)
		}
	}
	return ledger.Nonzero(ps)
}

// progress is all of a state that a lease's figures depend on.
type progress struct {
	paid, payments       int
	cleared, ended, lost bool
}

func progressOf(s *contract.State) progress {
	return progress{s.Paid(), s.Payments, s.Principal == 0, s.Ended, s.IsChargedOff}
}

// leaseFigures are what the books hold of a lease beside its rentals.
type leaseFigures struct{ residual, unearned, earned money.Cents }

func (l leaseFigures) net() money.Cents { return l.residual - l.unearned - l.earned }

// leaseBooks are a lease's figures in a state. Rent is earned by the constant
// yield of the lease's own schedule, a month with each rental that is paid in
// full; the rentals of an extension are rent to the cent. At the lease's end the
// rentals that had come due count as earned, and residual and unearned rent leave
// the books; after a charge-off the rent still unearned does. A lease of which
// cost, term or payment are not known has no unearned rent: its rentals stand
// against the portfolio.
func leaseBooks(t *contract.Terms, s *contract.State) (l leaseFigures) {
	if t.Kind != contract.Lease {
		return l
	}
	n := s.Paid()
	if s.Ended || (s.Principal == 0 && !s.IsChargedOff) {
		n = s.Payments
	}
	extended := func(n int) money.Cents { // rent of instalments beyond the first term
		if n <= t.Payments {
			return 0
		}
		return s.Asked(n) - s.Asked(t.Payments) - t.Tax*money.Cents(n-t.Payments)
	}
	whole, earned := rentCharge(t, min(n, t.Payments))
	l.earned = earned + extended(n)
	if !s.Ended && !s.IsChargedOff {
		l.unearned = whole + extended(s.Payments) - l.earned
	}
	if t.LeaseTerms != nil && !s.Ended {
		l.residual = t.LeaseTerms.Residual
	}
	return l
}

// rentCharge is the rent in the rentals that a lease came onto the books with,
// and what of it the first n of them earn. Payments made before that, on other
// books, are those that the lease's term has and the contract has not.
func rentCharge(t *contract.Terms, n int) (whole, earned money.Cents) {
	if t.LeaseTerms == nil {
		return 0, 0
	}
	l := *t.LeaseTerms
	if l.BasePayment == 0 {
		l.BasePayment = t.Payment - t.Tax
	}
	before := l.Term - t.Payments
	if l.SinglePay {
		before = 0
	}
	if before < 0 {
		return 0, 0
	}
	rows, err := l.Schedule(make([]contract.LeaseRow, 0, max(0, l.Term)))
	if err != nil { // not enough is known of the lease
		return 0, 0
	}
	open := contract.LeaseRow{Balance: l.CapitalizedCost}
	if before > 0 {
		open = rows[before-1]
	}
	if whole = t.Principal + l.Residual - open.Balance; whole <= 0 {
		return 0, 0
	}
	switch {
	case n <= 0:
		return whole, 0
	case n >= t.Payments: // with what the schedule leaves to the last rental
		return whole, whole
	}
	return whole, min(whole, rows[before+n-1].Earned-open.Earned)
}

// Difference is one figure that the books and the fold disagree about.
type Difference struct {
	Account ledger.Account `json:"account"`
	Ledger  money.Cents    `json:"ledger"`
	Fold    money.Cents    `json:"fold"`
}

// Differences sets a contract's ledger balances beside what its events fold to,
// account by account, without asking the Table. Cash, what is in transit,
// refunds payable and what a card's road costs are the bank's and the processor's
// to move and are not looked at. On sound books
// there are none.
func Differences(b ledger.Balances, t *contract.Terms, s *contract.State, events []contract.Event, allocations []contract.Allocation) (out []Difference) {
	want := expected(t, s, events, allocations)
	for _, c := range ledger.Chart {
		switch c.Account {
		case ledger.Cash, ledger.Transit, ledger.CardTransit, ledger.CheckTransit, ledger.WireTransit, ledger.RefundsPayable,
			ledger.ConvenienceFees, ledger.CardCosts:
			continue
		}
		if b[c.Account] != want[c.Account] {
			out = append(out, Difference{c.Account, b[c.Account], want[c.Account]})
		}
	}
	for a, amount := range b {
		if _, charted := ledger.Of(a); !charted && amount != 0 {
			out = append(out, Difference{a, amount, 0})
		}
	}
	return out
}

func expected(t *contract.Terms, s *contract.State, events []contract.Event, allocations []contract.Allocation) ledger.Balances {
	open := t.Open()
	was, is := leaseBooks(t, &open), leaseBooks(t, s)
	want := ledger.Balances{
		Receivable(t.Kind): s.Principal, ledger.LateFees: s.LateFees, ledger.OtherFees: s.OtherFees,
		ledger.Residual: is.residual, ledger.UnearnedRent: -is.unearned,
		ledger.Unapplied: -s.Unapplied, ledger.SalesTax: -s.TaxPaid,
		ledger.PortfolioFund: -open.Principal - open.LateFees - was.residual + was.unearned,
		ledger.InterestEarn:  -s.InterestPaid, ledger.RentEarn: -is.earned, ledger.LeaseTermination: was.net() - is.net(),
	}
	for i := range events {
		a := &allocations[i]
		want[ledger.Recoveries] -= a.Recovered
		want[ledger.ChargeOffs] += a.ChargedOff
		want[ledger.Forgiven] += a.Forgiven
		switch events[i].Kind {
		case contract.LateCharge:
			want[ledger.LateFeeEarn] += a.Total()
		case contract.ReturnedFee, contract.OtherCharge:
			want[ledger.OtherFeeEarn] += a.Total()
		case contract.LeaseEnd, contract.LeaseExtension:
			want[ledger.LeaseTermination] += a.Total()
		}
	}
	return want
}
