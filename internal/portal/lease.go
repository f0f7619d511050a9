package portal

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
	"marque/internal/web"
)

// leasePage never shows the cost of a lease as a yearly percentage and never
// names one (12 CFR 1013.4(s)).
type leasePage struct {
	web.Page
	servicing.LeaseView
	Vehicle, Label string
	Lead           string
	Notes          []string
	Facts          []leaseFact
	Ways           []way  // to leave the lease
	NoWays         string // why there are none to show
	Miles          leaseMiles
	Balance        money.Cents // of the lease in this month
	Chart          chart
	IsDated        bool // the months have due dates
	Href           string
}

type leaseFact struct{ Name, Value, Note string }

// way is one way out of a lease: what it costs and what the cost is made of.
type way struct {
	ID, Title string
	Words     string   // the reading
	None      string   // in place of what the terms do not give
	Items     []item   // sum to the total
	Total     string   // empty: the items do not say all
	TotalName string   // "You pay" or "Comes back to you"
	Notes     []string // what is not in it yet
}

// item is one line of a settlement, with the rule in a sentence and in small
// print where it comes from.
type item struct {
	What, Amount       string
	Words, Sum, Clause string
}

func (p *portal) lease(w http.ResponseWriter, r *http.Request, s servicing.Session) error {
	id := servicing.ContractID(r.PathValue("id"))
	v, err := p.svc.Lease(r.Context(), s.Actor, id)
	if err != nil {
		return found(err)
	}
	if v.Kind != contract.Lease {
		return web.NotFound()
	}
	a, err := p.svc.Account(r.Context(), s.Actor, id)
	if err != nil {
		return found(err)
	}
	return p.show(w, r, "lease", nil, newLeasePage(s, a, v))
}

func newLeasePage(s servicing.Session, a servicing.Account, v servicing.LeaseView) leasePage {
	b := about(page(s, "Your lease", "overview"), v.Card)
	b.Back, b.BusinessDate = accountHref(v.ID), v.Date
	out := leasePage{Page: b, LeaseView: v, Vehicle: vehicleName(v.Card.Vehicle), Label: kindName(v.Kind) + " ••" + ends(v.AccountNumber),
		Lead: leaseLead(a.State, v), Notes: standing(a.Terms, a.State, a.History), IsDated: !v.Terms.Start.IsZero(), Href: accountHref(v.ID)}
	if v.Held {
		out.Notes = append([]string{forInformation}, out.Notes...)
	}
	if len(v.Rows) > 0 {
		out.Balance = balanceIn(v)
		out.Chart = leaseChart(v)
	}
	out.Facts = leaseFacts(a, v, out.Balance)
	out.Miles = readMiles(v)
	switch st := a.State; {
	case st.Ended:
	case st.IsChargedOff || st.Accelerated != 0 || st.Repossessed || st.TotalLoss:
		out.NoWays = "What it costs depends on where your account stands now. Call us and we will go through it with you."
	default:
		out.Ways = leaseWays(v)
	}
	return out
}

// balanceIn is the lease balance of the month that has begun.
func balanceIn(v servicing.LeaseView) money.Cents {
	if n := min(v.Standing.Month, len(v.Rows)); n > 0 {
		return v.Rows[n-1].Balance
	}
	return v.Terms.CapitalizedCost
}

func leaseLead(st contract.State, v servicing.LeaseView) string {
	if st.Ended {
		return "This lease has ended."
	}
	gone, term := v.Standing.Month, v.Terms.Term
	if term == 0 { // nothing is known of it
		return "We do not have all the terms of this lease here."
	}
	words := fmt.Sprintf("%d of %s have begun, and %d are to come.", gone, months(term), term-gone)
	switch {
	case gone == 0:
		words = fmt.Sprintf("All %s are still to come.", months(term))
	case gone == 1:
		words = fmt.Sprintf("The first of %s has begun, and %d are to come.", months(term), term-gone)
	case gone == term:
		words = fmt.Sprintf("The last of %s has begun.", months(term))
	case gone == term-1:
		words = fmt.Sprintf("%d of %s have begun, and one is to come.", gone, months(term))
	}
	if v.Standing.Extended > 0 {
		words += fmt.Sprintf(" The lease was extended by %s.", months(v.Standing.Extended))
	}
	switch {
	case v.Terms.Start.IsZero():
	case v.Ends <= v.Date:
		words += fmt.Sprintf(" The lease came to its end on %s.", v.Ends.Long())
	default:
		words += fmt.Sprintf(" The lease ends on %s.", v.Ends.Long())
	}
	return words
}

func months(n int) string {
	if n == 1 {
		return "1 month"
	}
	return fmt.Sprintf("%d months", n)
}

// leaseFacts are how the lease stands. What its terms do not give is left to a
// call.
func leaseFacts(a servicing.Account, v servicing.LeaseView, balance money.Cents) []leaseFact {
	l := &v.Terms
	var out []leaseFact
	add := func(name, value, note string) { out = append(out, leaseFact{name, value, note}) }
	parts := fmt.Sprintf("%s base, %s tax", l.BasePayment.USD(), l.MonthlyTax.USD())
	if l.MonthlyTax == 0 {
		parts = "without tax"
	}
	switch pay := paymentInForce(a.State); {
	case a.State.Ended:
	case l.SinglePay:
		add("Paid when you signed", (l.BasePayment + l.MonthlyTax).USD(), parts)
	case pay == l.Monthly():
		add("Payment each month", pay.USD(), parts)
	case pay > 0: // changed since
		add("Payment each month", pay.USD(), "with tax")
	}
	if l.Term > 0 && !a.State.Ended {
		add("Months begun", fmt.Sprintf("%d of %d", v.Standing.Month, l.Term), fmt.Sprintf("%d to come", l.Term-v.Standing.Month))
	}
	if !a.State.Ended && !l.Start.IsZero() {
		note := ""
		if v.Standing.Extended > 0 {
			note = "with " + months(v.Standing.Extended) + " of extension"
		}
		add("Ends", v.Ends.Long(), note)
	}
	if balance > 0 {
		add("Lease balance", balance.USD(), "what an early end starts from")
	}
	return out
}

// leaseWays are the ways out of a lease that goes on.
func leaseWays(v servicing.LeaseView) []way {
	out := []way{buyWay(v)}
	if v.Standing.Month < v.Terms.Term || v.EndEarly != nil {
		out = append(out, earlyWay(v))
	}
	return append(out, returnWay(v))
}

const callForFigure = "Call us for this figure."

func buyWay(v servicing.LeaseView) way {
	w := way{ID: "buy", Title: "Buy the vehicle today"}
	switch {
	case v.Terms.NoPurchase:
		w.None = "Your lease has no option to buy the vehicle. If you would like to, call us and we will see what is possible."
	case v.BuyOut == nil:
		w.None = callForFigure
	default:
		w.settle(*v.BuyOut, "buys the vehicle today, "+v.Date.Long()+".", "Buying the vehicle today")
		w.Notes = []string{"Tax on the purchase and official fees, like title and registration, come on top. They depend on where you live."}
	}
	return w
}

func earlyWay(v servicing.LeaseView) way {
	w := way{ID: "early", Title: "End the lease early"}
	switch {
	case v.EndEarly == nil && slices.Contains(v.Missing, "odometer"):
		w.None = "This figure counts your miles, and we have no odometer reading yet. " + callForFigure
	case v.EndEarly == nil:
		w.None = callForFigure
	default:
		w.settle(*v.EndEarly, "ends the lease today, before what the vehicle brings.", "Ending the lease today")
		w.Notes = []string{"This is not yet what you would pay. You give the vehicle back, and its value is taken off: what it is sold for, or a value that we agree on or that an independent person finds. That can only make the amount smaller."}
		w.TotalName += ", before what the vehicle brings"
	}
	return w
}

// returnWay is the vehicle coming back at the end. Before that, where the whole
// is not known, it says what the lease and the miles say already.
func returnWay(v servicing.LeaseView) way {
	w := way{ID: "return", Title: "Return it at the end"}
	wear := "Wear beyond the standard of your lease would come on top. It is found when the vehicle is inspected."
	if v.Return == nil {
		if v.Standing.Month == v.Terms.Term || v.EndEarly == nil {
			w.None = callForFigure
			return w
		}
		w.Words = "You make the payments still to come and bring the vehicle back. This is what is known of the rest today."
		for _, i := range v.EndEarly.Items {
			if i.Rule == contract.RuleDisposition || i.Rule == contract.RuleDepositBack {
				w.Items = append(w.Items, newItem(i))
			}
		}
		if v.Mileage != nil {
			for _, i := range v.Mileage.Why {
				w.Items = append(w.Items, newItem(i))
			}
		}
		if len(w.Items) == 0 {
			w.Words = "You make the payments still to come and bring the vehicle back. Your lease adds no fee for that."
		}
		w.Notes = []string{wear}
		return w
	}
	about := "is to pay when you return the vehicle."
	if v.Standing.Month < v.Terms.Term {
		about = "is to pay from today to the end, when you return the vehicle."
	}
	w.settle(*v.Return, about, "Returning the vehicle")
	w.Notes = []string{wear}
	if m := v.Mileage; m != nil {
		w.Notes = append(w.Notes, "Miles are counted as of "+m.On.Long()+".")
	} else if v.Terms.MilesPerYear > 0 {
		w.Notes = append(w.Notes, "We have no odometer reading yet, so no miles are counted.")
	}
	return w
}

// settle shows a settlement; about ends the sentence that its amount begins, and
// doing is what is done.
func (w *way) settle(s contract.LeaseSettlement, about, doing string) {
	for _, i := range s.Items {
		w.Items = append(w.Items, newItem(i))
	}
	switch {
	case s.Refund() > 0:
		w.Words, w.Total, w.TotalName = fmt.Sprintf("%s leaves %s that comes back to you.", doing, s.Refund().USD()), s.Refund().USD(), "Comes back to you"
	case s.Due() == 0:
		w.Words, w.Total, w.TotalName = doing+" leaves nothing to pay.", s.Due().USD(), "You pay"
	default:
		w.Words, w.Total, w.TotalName = s.Due().USD()+" "+about, s.Due().USD(), "You pay"
	}
}

func newItem(w contract.Why) item {
	i := item{What: w.What, Amount: less(w.Amount), Words: w.Rule.Words()}
	if strings.HasPrefix(w.Clause, "12 CFR") || strings.Contains(w.Clause, "USC") || strings.Contains(w.Clause, "Stat.") {
		i.Clause = w.Clause
	} else if w.Clause != "" {
		i.Clause = "Your lease"
	}
	var sum []string
	for _, f := range w.Figures {
		sum = append(sum, f.Name+" "+f.Value)
	}
	i.Sum = capital(strings.Join(sum, ", "))
	return i
}

// less writes an amount with a real minus sign.
func less(c money.Cents) string { return strings.Replace(c.USD(), "-", "−", 1) }

// leaseMiles is how the miles of a lease stand, in words, figures and a picture.
type leaseMiles struct {
	Words  string
	None   string // in place of the reading; a call follows
	Facts  []leaseFact
	Charge string // projected; empty when none is known
	Why    web.Why
	Chart  chart
	Points []contract.MileagePoint
}

// readMiles says where the miles stand and where they lead. Too many miles are
// told like too few: as a number.
func readMiles(v servicing.LeaseView) leaseMiles {
	l, m := &v.Terms, v.Mileage
	switch {
	case m == nil && l.MilesPerYear == 0:
		return leaseMiles{None: "We have no mile allowance for this lease here, and will look it up for you."}
	case m == nil && v.Ended:
		return leaseMiles{None: "We have no odometer reading for this lease here.", Facts: allowanceFacts(v)}
	case m == nil:
		return leaseMiles{None: "No reading yet. Tell us what the odometer shows, and this page will show how your miles stand and where they lead.", Facts: allowanceFacts(v)}
	}
	out := leaseMiles{Points: reached(v).Points, Facts: allowanceFacts(v), Chart: milesChart(reached(v), l.Start)}
	over := "exactly your allowance to that day"
	if m.Over > 0 {
		over = thousands(m.Over) + " more than your allowance to that day"
	} else if m.Over < 0 {
		over = thousands(-m.Over) + " fewer than your allowance to that day"
	}
	out.Words = fmt.Sprintf("By %s you had driven %s miles: %s.", m.On.Long(), thousands(m.Driven), over)
	if v.Ended { // nothing is to come
		return out
	}
	if !m.Paced {
		out.Words += " Once there is a reading after the first day, this page shows where the miles lead."
		return out
	}
	out.Facts = append(out.Facts,
		leaseFact{"Pace so far", thousands(m.PerYear) + " a year", "allowance: " + thousands(m.AllowedPerYear)},
		leaseFact{"At the end, at this pace", thousands(m.Projected), excessWords(*m)})
	switch {
	case m.Excess == 0:
	case l.ExcessMile == 0:
		out.Words += " Call us for the charge for a mile over the allowance."
	default:
		out.Charge = m.Charge.USD()
		out.Why = whyMiles(m.Why)
	}
	return out
}

// reached is the mileage without what the pace leads to once the lease has ended.
func reached(v servicing.LeaseView) contract.Mileage {
	m := *v.Mileage
	if v.Ended {
		m.Paced, m.Projected = false, 0
		m.Points = slices.DeleteFunc(slices.Clone(m.Points), func(p contract.MileagePoint) bool { return p.Projected })
	}
	return m
}

func excessWords(m contract.Mileage) string {
	switch {
	case m.Excess > 0:
		return thousands(m.Excess) + " over"
	case m.Projected == m.Allowance:
		return "just the allowance"
	}
	return thousands(m.Allowance-m.Projected) + " to spare"
}

func allowanceFacts(v servicing.LeaseView) []leaseFact {
	l, m := &v.Terms, v.Mileage
	note := thousands(l.MilesPerYear) + " a year"
	if l.MilesPurchased > 0 {
		note += " and " + thousands(l.MilesPurchased) + " bought when you signed"
	}
	out := []leaseFact{{"Miles for the whole lease", thousands(l.Allowance(v.Standing.Extended)), note}}
	if m != nil {
		out = append(out, leaseFact{"Driven by " + m.On.Short(), thousands(m.Driven), thousands(m.Allowed) + " allowed by then"})
	}
	if l.ExcessMile > 0 {
		out = append(out, leaseFact{"A mile over costs", l.ExcessMile.USD(), "at the end of the lease"})
	}
	return out
}

func whyMiles(list []contract.Why) web.Why {
	var out web.Why
	for _, w := range list {
		out.Question = "Why " + w.Amount.USD() + "?"
		for _, f := range w.Figures {
			out.Lines = append(out.Lines, web.WhyLine{Text: capital(f.Name), Amount: f.Value})
		}
		out.Lines = append(out.Lines, web.WhyLine{Text: w.What, Amount: w.Amount.USD(), Total: true})
		out.Note = w.Rule.Words() + " " + w.Clause + "."
	}
	return out
}

// Thousands writes a number of miles with its commas.
func (v leasePage) Thousands(n int) string { return thousands(n) }

// Begins is the day that a month of the lease begins on.
func (v leasePage) Begins(n int) money.Date { return v.Terms.DueDate(n) }
