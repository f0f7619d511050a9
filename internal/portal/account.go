package portal

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

type accountPage struct {
	web.Page
	servicing.Account
	Reading                 reading
	Ended                   string // that a returned payment turned autopay off
	WhyDue                  web.Why
	PastDueNow              money.Cents // with fees; zero when nothing is past due
	WhyPayoff               web.Why
	WhyAccrued              web.Why
	Vehicle                 string
	Label                   string
	BalanceName, PayoffName string
	Ends                    string
	IsLease                 bool
	Accrued                 money.Cents
	AccruedName             string
	FeesCharged             money.Cents // this year
	Standing                []string    // what sets the account apart
	IsChargedOff, AllDue    bool
	Rate, Payment           string // in force, and as first agreed
	Dates                   string // how due dates were moved
	LateFee                 string
	Applied, Extra          string
	DayCount                string
	Chart                   chart
	Rows                    []historyRow // the latest of the history
	HasTax                  bool
	Href                    string
}

type historyRow struct {
	servicing.HistoryRow
	What  string
	Fees  money.Cents
	Moves bool // it moved money
	// BalanceMoved says that the balance after it is said by another row.
	BalanceMoved, IsCorrection bool
	Href                       string // of its payment
	Why                        string // of its explanation
}

// latestHistory is how many rows of the history stand on the account's page.
const latestHistory = 12

func (p *portal) account(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	a, err := p.svc.Account(r.Context(), s.Actor, servicing.ContractID(r.PathValue("id")))
	if err != nil {
		return found(err)
	}
	return p.show(w, r, "account", nil, newAccountPage(s, a))
}

func newAccountPage(s servicing.Session, a servicing.Account) accountPage {
	if a.State.Accelerated != 0 || a.State.Ended || allDue(a.Card) { // no payment is still to come: all of it is due
		a.Remaining = nil
	}
	accrued, carried := a.Payoff.Interest, a.State.Accrued.Round(a.Terms.Rounding)
	v := accountPage{
		Page: about(page(s, vehicleName(a.Vehicle), "overview"), a.Card), Account: a,
		Reading: read(a.Card), Ended: endedWords(a.Card), WhyDue: whyNow(a.Due),
		WhyPayoff:  whyPayoff(a.Kind, a.Payoff, a.Spans, carried),
		WhyAccrued: whyInterest("Why "+accrued.USD()+"?", a.Spans, carried, accrued),
		Vehicle:    vehicleName(a.Vehicle), Label: kindName(a.Kind) + " ••" + ends(a.AccountNumber),
		BalanceName: balanceName(a.Kind), PayoffName: payoffName(a.Card), Ends: ends(a.AccountNumber), IsLease: a.Kind == contract.Lease, Accrued: accrued,
		Standing: standing(a.Terms, a.State, a.History), IsChargedOff: a.ChargedOff, AllDue: allDue(a.Card),
		Rate: rateWords(a.Terms, a.State), Payment: paymentWord(a.Terms, a.State), Dates: datesMoved(a.Kind, a.Changes),
		LateFee: lateFeeWords(a.Terms), Applied: applicationWords(a.Terms), Extra: extraWords(a.Terms), DayCount: dayCountWord(a.Terms.DayCount),
		Chart: balanceChart(a), Href: accountHref(a.ID), HasTax: a.Terms.Tax != 0,
	}
	v.BusinessDate = a.Date
	v.AccruedName = "Interest since " + a.State.Through.Long()
	if carried > 0 {
		v.AccruedName = "Interest not paid yet"
	}
	if a.Due.PastDue > 0 {
		v.PastDueNow = a.Due.PastDue + a.Due.Fees
	}
	if v.IsChargedOff { // the line would fall to nothing, and what is owed has not
		v.Chart = chart{}
	}
	v.FeesCharged = feesCharged(a.History, a.YTD.Year)
	v.Rows = merged(a)
	v.Rows = v.Rows[:min(len(v.Rows), latestHistory)]
	return v
}

// yearOptions lists years, newest first, and gives the chosen one: none when
// what was asked for is not a year. One without rows stays among the choices.
func yearOptions(years map[int]bool, asked string) (options []web.Option, chosen string) {
	if y, err := strconv.Atoi(asked); err == nil && y >= 1900 && y <= 9999 && strconv.Itoa(y) == asked {
		years[y], chosen = true, asked
	}
	var list []int
	for y := range years {
		list = append(list, y)
	}
	slices.Sort(list)
	slices.Reverse(list)
	out := []web.Option{{Value: "", Label: "All years"}}
	for _, y := range list {
		out = append(out, web.Option{Value: strconv.Itoa(y), Label: strconv.Itoa(y)})
	}
	return out, chosen
}

// PaymentsLeft counts the payments still to make.
func (v accountPage) PaymentsLeft() int { return len(v.Remaining) }

// IsPastDue says that a row of the payments still to come is late already.
func (v accountPage) IsPastDue(r contract.Row) bool { return r.Date < v.Date }

// LastDate is the due date of the last of them.
func (v accountPage) LastDate() money.Date {
	if len(v.Remaining) == 0 {
		return 0
	}
	return v.Remaining[len(v.Remaining)-1].Date
}

// Payments says how many payments the contract has in these books: one that came
// later has those that were left.
func (v accountPage) Payments() string {
	first, now := v.Terms.Payments, v.State.Payments
	came := v.Origin.Term > first
	switch {
	case came && now != first:
		return fmt.Sprintf("%d left when the contract came to us, %d after later changes", first, now)
	case came:
		return fmt.Sprintf("%d left when the contract came to us", first)
	case now != first:
		return fmt.Sprintf("%d (first agreed: %d)", now, first)
	}
	return strconv.Itoa(now)
}

// Miles is a lease's yearly allowance, "12,000".
func (v accountPage) Miles() string { return thousands(v.Terms.LeaseTerms.MilesPerYear) }

func lateFeeWords(t contract.Terms) string {
	f := t.LateFee
	if f == (contract.LateFee{}) {
		return "None"
	}
	when := fmt.Sprintf(", when a payment is more than %s late", days(t.GraceDays))
	if t.GraceDays == 0 {
		when = ", when a payment is late"
	}
	if f.Percent == 0 {
		return f.Flat.USD() + when
	}
	amount := f.Percent.Percent() + " of the unpaid part of the payment"
	if f.Flat > 0 {
		amount += ", at least " + f.Flat.USD()
	}
	if f.Cap > 0 {
		amount += ", at most " + f.Cap.USD()
	}
	return amount + when
}

// applicationWords says in what order the contract applies a payment.
func applicationWords(t contract.Terms) string {
	names := map[contract.Bucket]string{contract.Interest: "interest", contract.Principal: "principal", contract.LateFees: "late fees", contract.OtherFees: "other fees"}
	if t.Kind == contract.Lease {
		names[contract.Principal] = "lease payments"
		delete(names, contract.Interest)
	}
	var order []string
	for _, b := range t.Application {
		if n, ok := names[b]; ok {
			order = append(order, n)
		}
	}
	s := strings.Join(order, ", then ")
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
