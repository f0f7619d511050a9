package servicing_test

import (
	"errors"
	"slices"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/servicing"
)

// kept are the papers of a kind that a customer may see, oldest first.
func (o *office) kept(a *account, kind billing.DocumentKind) (out []servicing.DueDocument) {
	o.Helper()
	for _, d := range got(o.Documents(ctx, a.actor))(o) {
		if d.Kind == kind && d.Contract == a.id {
			out = append(out, got(o.Document(ctx, a.actor, a.id, d.ID))(o))
		}
	}
	slices.Reverse(out)
	return out
}

// only is the one paper of a kind.
func only[T any](o *office, a *account, kind billing.DocumentKind) (v T) {
	o.Helper()
	all := o.kept(a, kind)
	if len(all) != 1 {
		o.Fatalf("%d papers of kind %s", len(all), kind)
	}
	return says[T](o, all[0])
}

// A loan is paid off by bank debit: its letter comes at once, the lien goes when
// nobody can take the money back, and the year's interest in January.
func TestALoanThatIsPaidOffHasItsLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-13"))
		o.pay(a, 450_00)
		o.to(day("2026-03-13"))
		card := got(o.Card(ctx, a.actor, a.id))(t)
		p := o.pay(a, card.Payoff.Total)
		paid := only[billing.PaidInFull](o, a, billing.DocPaidInFull)
		if paid.Balance != 0 || paid.Owed != card.Payoff.Total || paid.Confirmation != p.Confirmation || paid.How != contract.FromACH || paid.PaidOn != o.day || !paid.Title || paid.IsFinal() {
			t.Errorf("%+v", paid)
		}
		// Sent on the 13th it settles on Monday the 16th, and may come back on the
		// banking day after sixty more.
		if want := day("2026-05-19"); paid.FinalOn != want || paid.Release.By != want {
			t.Errorf("final on %s, released by %s", paid.FinalOn, paid.Release.By)
		}
		o.to(day("2026-05-19"))
		if n := len(o.kept(a, billing.DocLienRelease)); n != 0 {
			t.Fatalf("%d liens are released while a payment can come back", n)
		}
		o.to(day("2026-05-20"))
		lien := only[billing.PaidInFull](o, a, billing.DocLienRelease)
		if lien.Date != day("2026-05-19") || !lien.IsFinal() || lien.VIN != paid.VIN {
			t.Errorf("%+v", lien)
		}
		o.to(day("2027-01-07"))
		year := only[billing.InterestSummary](o, a, billing.DocInterestSummary)
		if account := got(o.Account(ctx, a.actor, a.id))(t); year.Interest != account.State.InterestPaid || !year.WholeYear() || year.Principal != 24_000_00 {
			t.Errorf("%+v", year)
		}
		again := got(o.PrintInterest(ctx, a.actor, a.id, 2026))(t)
		if all := o.kept(a, billing.DocInterestSummary); len(all) != 1 || again.ID != all[0].ID {
			t.Error("the year's summary was made again")
		}
		o.to(day("2028-01-10"))
		if n := len(o.kept(a, billing.DocInterestSummary)); n != 1 {
			t.Errorf("%d summaries of an account that has been closed all year", n)
		}
		o.verify()
	})
}

// The payment that paid the loan comes back: nothing is released, and the next time
// it is paid it has a letter of its own.
func TestAPayoffThatComesBackReleasesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-13"))
		p := o.pay(a, got(o.Card(ctx, a.actor, a.id))(t).Payoff.Total)
		o.to(day("2026-02-18"))
		o.bringBack(p.ID, "R01")
		n := only[billing.ReturnNotice](o, a, billing.DocReturnNotice)
		if !n.Reopened || n.Code != "R01" || n.Fee != 15_00 || n.Amount != p.Amount || n.Balance != 24_000_00 || n.Method != "checking ending in 6916" && n.Method != "checking ending in "+bankAccount[len(bankAccount)-4:] {
			t.Errorf("%+v", n)
		}
		o.to(day("2026-04-24")) // it would have been final on the 21st
		if n := len(o.kept(a, billing.DocLienRelease)); n != 0 {
			t.Errorf("%d liens are released for money that came back", n)
		}
		card := got(o.Card(ctx, a.actor, a.id))(t)
		check := contract.Event{Kind: contract.Payment, Source: contract.FromWire, Date: o.day, Amount: card.Payoff.Total}
		got(o.PostEvent(ctx, system, servicing.EventRequest{Key: "wire", Contract: a.id, Event: check}))(t)
		all := o.kept(a, billing.DocPaidInFull)
		if len(all) != 2 {
			t.Fatalf("%d letters for two payoffs", len(all))
		}
		if last := says[billing.PaidInFull](o, all[1]); last.How != contract.FromWire || last.Confirmation != "" || !last.IsFinal() || last.Release.By != o.day {
			t.Errorf("%+v", last)
		}
		o.to(o.day + 1)
		only[billing.PaidInFull](o, a, billing.DocLienRelease)
	})
}

func TestALateFeeHasItsNotice(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, held := o.take("L1", loan()), o.take("L2", loan())
		hold := contract.Event{Kind: contract.HoldBegins, Date: day("2026-01-15"), Hold: contract.Bankruptcy}
		got(o.PostEvent(ctx, system, servicing.EventRequest{Key: "hold", Contract: held.id, Event: hold}))(t)
		o.to(day("2026-02-27"))
		n := only[billing.LateNotice](o, a, billing.DocLateNotice)
		if n.DueDate != day("2026-02-15") || n.Fee != 22_50 || n.AmountNow != 472_50 || n.Unpaid != 450_00 || n.Date != day("2026-02-26") {
			t.Errorf("%+v", n)
		}
		if got := o.kept(held, billing.DocLateNotice); len(got) != 0 {
			t.Errorf("a bankruptcy has %d late notices", len(got))
		}
		o.to(day("2026-03-27"))
		if got := o.kept(a, billing.DocLateNotice); len(got) != 2 {
			t.Errorf("%d notices for two instalments", len(got))
		}
	})
}

func TestAChangeHasItsNotice(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-01"))
		for key, e := range map[string]contract.Event{
			"due": {Kind: contract.DueDateChange, Date: o.day, DueDay: 25}, "fee": {Kind: contract.OtherCharge, Date: o.day, Amount: 10_00},
		} {
			got(o.PostEvent(ctx, system, servicing.EventRequest{Key: key, Contract: a.id, Event: e}))(t)
		}
		n := only[billing.ChangeNotice](o, a, billing.DocChangeNotice)
		if n.Change != contract.DueDateChange || n.DueDate == nil || n.DueDate.Was != day("2026-02-15") || n.DueDate.Is != day("2026-02-25") {
			t.Errorf("%+v", n)
		}
	})
}

func TestALeaseHasItsPacketNinetyDaysBeforeItEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		terms := loan()
		terms.Kind, terms.Rate, terms.LateFee = contract.Lease, 0, contract.LateFee{}
		terms.Start, terms.FirstDue, terms.Payments, terms.Payment, terms.Tax = day("2026-01-15"), day("2026-02-15"), 5, 254_69, 10_00
		terms.Principal = 5 * 244_69
		terms.LeaseTerms = &contract.LeaseTerms{
			CapitalizedCost: 18_800_00, Residual: 12_350_00, Term: 48, MilesPerYear: 12_000, ExcessMile: 20, Start: day("2022-07-15"),
			BasePayment: 244_69, MonthlyTax: 10_00, DispositionFee: 395_00, PurchaseFee: 300_00, SecurityDeposit: 250_00,
		}
		a := o.take("L1", terms)
		o.to(day("2026-04-16"))
		if n := len(o.kept(a, billing.DocLeaseEnd)); n != 0 {
			t.Errorf("%d packets 91 days before the end", n)
		}
		o.to(day("2026-04-17"))
		p := only[billing.LeaseEndPacket](o, a, billing.DocLeaseEnd)
		if p.Ends != day("2026-07-15") || p.Date != day("2026-04-16") || p.DispositionFee != 395_00 || p.Return == nil || p.Buy == nil {
			t.Errorf("%+v", p)
		}
		longer := contract.Event{Kind: contract.LeaseExtension, Date: o.day, Months: 3}
		if _, err := o.PostEvent(ctx, system, servicing.EventRequest{Key: "longer", Contract: a.id, Event: longer}); err != nil {
			t.Fatal(err)
		}
		o.to(day("2026-07-20"))
		all := o.kept(a, billing.DocLeaseEnd)
		if len(all) != 2 || says[billing.LeaseEndPacket](o, all[1]).Ends != day("2026-10-15") {
			t.Errorf("%d packets", len(all))
		}
		if len(o.kept(a, billing.DocInterestSummary)) != 0 {
			t.Error("a lease has an interest summary")
		}
		if _, err := o.PrintInterest(ctx, a.actor, a.id, 2026); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("interest of a lease: %v", err)
		}
	})
}

func TestPapersOnRequestAreOfToday(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a := o.take("L1", loan())
		o.to(day("2026-02-13"))
		o.pay(a, 450_00)
		schedule := got(o.PrintSchedule(ctx, a.actor, a.id))(t)
		if s := says[billing.SchedulePaper](o, schedule); len(s.Posted) != 1 || s.Paid.Amount != 450_00 || s.Date != o.day {
			t.Errorf("%+v", s)
		}
		if again := got(o.PrintSchedule(ctx, a.actor, a.id))(t); again.ID != schedule.ID {
			t.Error("nothing has happened, and there is another schedule")
		}
		history := says[billing.HistoryPaper](o, got(o.PrintHistory(ctx, a.actor, a.id, 0, 0))(t))
		if history.From != day("2026-01-15") || history.Through != o.day || len(history.Lines) != 1 || history.Opening.Principal != 24_000_00 {
			t.Errorf("%+v", history)
		}
		if _, err := o.PrintHistory(ctx, a.actor, a.id, day("2026-03-01"), 0); outcome(err) != "refused range" {
			t.Errorf("a history of the future: %v", err)
		}
		sofar := says[billing.InterestSummary](o, got(o.PrintInterest(ctx, a.actor, a.id, 2026))(t))
		if sofar.WholeYear() || sofar.Interest != history.Total.Interest || sofar.Through != o.day {
			t.Errorf("%+v", sofar)
		}
		for _, year := range []int{2025, 2027} {
			if _, err := o.PrintInterest(ctx, a.actor, a.id, year); !errors.Is(err, servicing.ErrNotFound) {
				t.Errorf("interest of %d: %v", year, err)
			}
		}
		o.pay(a, 100_00)
		if again := got(o.PrintSchedule(ctx, a.actor, a.id))(t); again.ID == schedule.ID {
			t.Error("a payment was made, and the schedule is the old one")
		}
		for n := range money.Date(25) { // other ranges, the same day
			if _, err := o.PrintHistory(ctx, a.actor, a.id, day("2026-01-15")+n, 0); n > 20 && outcome(err) != "refused too_many" {
				t.Fatalf("history %d: %v", n, err)
			}
		}
	})
}

func TestARefusalIsWrittenToWhoAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, who, agent, _ := o.desk()
		req := servicing.AdverseRequest{Key: servicing.NewKey(), Customer: who, Contract: a.id, Request: billing.AskedDeferral, AskedOn: o.day, Reasons: []billing.AdverseReason{billing.ReasonRecent}}
		if _, err := o.RefuseRequest(ctx, agent.actor(), req); outcome(err) != "refused view_closed" {
			t.Errorf("without a view of the customer: %v", err)
		}
		must(t, o.OpenView(ctx, agent.actor(), who, why))
		if _, err := o.RefuseRequest(ctx, agent.actor(), req); outcome(err) != "refused agency" {
			t.Errorf("a letter without the agency that the law has it name: %v", err)
		}
		o.named([]string{"Federal Trade Commission", "Equal Credit Opportunity", "Washington, DC 20580"})
		id := got(o.RefuseRequest(ctx, agent.actor(), req))(t)
		if again := got(o.RefuseRequest(ctx, agent.actor(), req))(t); again != id {
			t.Error("refused twice")
		}
		n := only[billing.AdverseNotice](o, a, billing.DocAdverseNotice)
		if n.Request != billing.AskedDeferral || len(n.Lender.Agency) != 3 || n.Recipient.Name == "" {
			t.Errorf("%+v", n)
		}
		other := o.take("L2", loan())
		req.Key, req.Contract = servicing.NewKey(), other.id
		if _, err := o.RefuseRequest(ctx, agent.actor(), req); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("on another's contract: %v", err)
		}
	})
}

// named gives the lender the federal agency that refusals name.
func (o *office) named(agency []string) {
	l := lender
	l.Agency = agency
	o.Service = servicing.New(o.db, l, servicing.DefaultRules, o.instant)
}
