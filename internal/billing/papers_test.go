package billing_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/ledger"
	"marque/internal/money"
)

// account is a contract whose events are posted as they come, each entry the
// difference to what was posted before.
type account struct {
	t       *testing.T
	terms   contract.Terms
	state   contract.State
	events  []contract.Event
	entries []ledger.Entry
	posted  map[int]contract.Allocation
	behind  map[int]billing.LinePayment
}

func opened(t *testing.T, terms contract.Terms) *account {
	t.Helper()
	a := &account{t: t, terms: terms, state: terms.Open(), posted: map[int]contract.Allocation{}, behind: map[int]billing.LinePayment{}}
	a.entries = append(a.entries, ledger.Entry{ID: 1, Kind: ledger.Boarding, Effective: terms.Start, Postings: billing.Opening(&terms)})
	return a
}

// post adds an event; a payment by bank has a row of its own.
func (a *account) post(e contract.Event) *account {
	a.t.Helper()
	e.Seq = len(a.events) + 1
	a.events = append(a.events, e)
	state, now, err := contract.Replay(&a.terms, a.events)
	if err != nil {
		a.t.Fatal(err)
	}
	for i, ev := range a.events {
		d := now[i].Minus(a.posted[ev.Seq])
		if ps := billing.Postings(a.terms.Kind, &ev, d); len(ps) > 0 {
			kind := ledger.Correction
			if ev.Seq == e.Seq {
				kind = ledger.Posted
			}
			a.entries = append(a.entries, ledger.Entry{ID: len(a.entries) + 1, Kind: kind, Event: ev.Seq, Effective: max(e.Date, ev.Date), Postings: ps})
		}
		a.posted[ev.Seq] = now[i]
	}
	if a.state = state; e.Kind == contract.Payment && e.Source == "" {
		a.behind[e.Seq] = billing.LinePayment{ID: "pay"}
	}
	return a
}

func (a *account) pay(on string, amount money.Cents) *account {
	return a.post(contract.Event{Kind: contract.Payment, Date: day(on), Amount: amount})
}

func (a *account) back(seq int, on string) *account {
	return a.post(contract.Event{Kind: contract.Reversal, Date: day(on), Reverses: seq, Amount: a.events[seq-1].Amount})
}

func (a *account) lines() []billing.Line { return billing.Lines(a.entries, a.events, a.behind) }

// on is the account with interest to a day, and its letter of that day.
func (a *account) on(date string) (contract.State, billing.Letter) {
	a.t.Helper()
	s, _, err := contract.Fold(&a.terms, a.events, day(date))
	if err != nil {
		a.t.Fatal(err)
	}
	return s, billing.Letter{Lender: billing.Lender{Name: "Halden Finance"}, Recipient: billing.Recipient{Name: "Ana Ortiz"}, Kind: a.terms.Kind, AccountNumber: "HF-0017", Vehicle: "2026 Corvane Alder", VIN: "1HGCM82633A004352", Date: day(date)}
}

// again reads a paper back from how it is kept.
func again[T any](t *testing.T, paper T) {
	t.Helper()
	b, err := json.Marshal(paper)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(paper, back) {
		t.Errorf("%s reads back as %+v, %v", b, back, err)
	}
}

func (a *account) schedule(on string, lines []billing.Line) (billing.SchedulePaper, error) {
	s, letter := a.on(on)
	return billing.MakeSchedule(billing.ScheduleInput{Letter: letter, Terms: &a.terms, State: s, Lines: lines, OriginalDate: a.terms.Start, OriginalAmount: a.terms.Principal})
}

func TestAScheduleShowsWhatWasPaidAndWhatIsLeft(t *testing.T) {
	a := opened(t, loan()).pay("2026-02-15", 450_00).pay("2026-03-15", 450_00).back(2, "2026-03-18").
		post(contract.Event{Kind: contract.LateCharge, Date: day("2026-03-26"), Amount: 22_50, Instalment: 2}).pay("2026-04-02", 950_00)
	p, err := a.schedule("2026-04-10", a.lines())
	if err != nil {
		t.Fatal(err)
	}
	// 24,000.00 × 5.90 % / 365 × 31 days = 120.26
	if first := p.Posted[0]; first.Interest != 120_26 || first.Principal != 329_74 || first.Balance != 23_670_26 {
		t.Errorf("%+v", first)
	}
	if len(p.Posted) != 4 || p.Posted[2].Kind != "payment_returned" || p.Posted[2].Amount != -450_00 || p.Posted[2].Balance != 23_670_26 {
		t.Errorf("%+v", p.Posted)
	}
	if p.Paid.Amount != 1400_00 || p.Paid.Fees != 22_50 || p.Opening-p.Paid.Principal != p.Balance {
		t.Errorf("%+v, balance %s", p.Paid, p.Balance)
	}
	if n := len(p.Projected); n != 57 || p.Projected[0].N != 4 || p.Projected[0].Date != day("2026-05-15") || p.Projected[n-1].Balance != 0 || p.Projected[n-1].Date != p.Maturity {
		t.Errorf("%d rows from %+v", n, p.Projected[0])
	}
	if p.Left.Principal != p.Balance || p.Left.Amount != p.Left.Interest+p.Left.Principal {
		t.Errorf("%+v", p.Left)
	}
	again(t, p)

	short := a.lines()
	if _, err := a.schedule("2026-04-10", short[:len(short)-1]); err == nil {
		t.Error("a schedule without the last payment adds up")
	}
}

func TestALeaseHasAScheduleWithoutInterest(t *testing.T) {
	a := opened(t, lease()).pay("2026-01-15", 633_20)
	p, err := a.schedule("2026-02-01", a.lines())
	if err != nil {
		t.Fatal(err)
	}
	if p.Rate != 0 || p.OriginalAmount != 0 || p.Left.Interest != 0 || p.Paid.Interest != 0 || len(p.Projected) != 35 || p.Left.Amount != 35*633_20 {
		t.Errorf("%+v", p)
	}
	if p.Posted[0].Tax != 33_20 || p.Left.Tax != 35*33_20 || p.Left.Principal != p.Balance {
		t.Errorf("%+v, %+v", p.Posted[0], p.Left)
	}
}

// lease is 36 payments of 600.00 and 33.20 tax from 15 January 2026; 12,000 miles
// a year, 25 cents for one more.
func lease() contract.Terms {
	return contract.Terms{
		Kind: contract.Lease, Principal: 36 * 600_00, DayCount: money.Actual365, Rounding: money.HalfUp, Start: day("2026-01-15"), FirstDue: day("2026-01-15"),
		Payments: 36, Payment: 633_20, Tax: 33_20, Application: contract.DefaultApplication, GraceDays: 10,
		LeaseTerms: &contract.LeaseTerms{
			CapitalizedCost: 45_000_00, Residual: 27_000_00, Term: 36, Start: day("2026-01-15"), BasePayment: 600_00, MonthlyTax: 33_20,
			MilesPerYear: 12_000, ExcessMile: 25, Odometer: 12, DispositionFee: 395_00, PurchaseFee: 150_00, SecurityDeposit: 500_00,
		},
	}
}

func (a *account) history(from, through string, lines []billing.Line) (billing.HistoryPaper, error) {
	_, letter := a.on(through)
	return billing.MakeHistory(billing.HistoryInput{Letter: letter, Terms: &a.terms, State: a.state, Lines: lines, From: day(from), Through: day(through)})
}

func TestAHistoryLeadsFromItsOpeningToItsClosing(t *testing.T) {
	a := opened(t, loan()).pay("2026-02-15", 450_00).pay("2026-03-15", 450_00).back(2, "2026-03-18").
		post(contract.Event{Kind: contract.ReturnedFee, Date: day("2026-03-18"), Amount: 15_00}).
		post(contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Date: day("2026-03-10"), Amount: 465_00}) // posted late
	p, err := a.history("2026-03-01", "2026-12-31", a.lines())
	if err != nil {
		t.Fatal(err)
	}
	if p.Opening != (billing.HistoryStanding{Principal: 23_670_26}) || p.Closing.Principal != a.state.Principal || p.Closing.Fees != a.state.OtherFees {
		t.Errorf("from %+v to %+v", p.Opening, p.Closing)
	}
	if p.Lines[0].Source != contract.FromCheck || p.Lines[0].Date != day("2026-03-10") {
		t.Errorf("the check that was posted late is not the first: %+v", p.Lines)
	}
	if last := p.Lines[len(p.Lines)-1]; last.Balance != p.Closing.Principal {
		t.Errorf("%+v", last)
	}
	if p.Total.Received != 915_00 || p.Total.Returned != 450_00 || p.Total.Charged != 15_00 {
		t.Errorf("%+v", p.Total)
	}
	again(t, p)
	before, err := a.history("2026-01-01", "2026-02-28", a.lines())
	if err != nil || before.Closing != p.Opening || before.Opening.Principal != 24_000_00 {
		t.Errorf("%+v, %v", before, err)
	}

	short := a.lines()
	if _, err := a.history("2026-03-01", "2026-12-31", short[1:]); err == nil {
		t.Error("a history without its first line adds up")
	}
	short[0].Amount++
	if _, err := a.history("2026-01-01", "2026-12-31", short); err == nil {
		t.Error("a cent that went nowhere adds up")
	}
	if _, err := a.history("2026-03-01", "2026-02-01", nil); err == nil {
		t.Error("a history from March to February")
	}
}

// Every range of dates opens where the one before it closed.
func TestHistoriesFollowOneAnother(t *testing.T) {
	a := opened(t, loan()).pay("2026-02-10", 450_00).pay("2026-02-20", 100_00).pay("2026-03-15", 450_00).back(3, "2026-04-01").pay("2026-03-02", 75_00).pay("2026-05-15", 900_00)
	days := []string{"2026-01-15", "2026-02-10", "2026-02-20", "2026-03-02", "2026-03-31", "2026-04-30", "2026-05-31"}
	var last billing.HistoryPaper
	var lines int
	for i, through := range days[1:] {
		p, err := a.history(next(days[i]), through, a.lines())
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && p.Opening != last.Closing {
			t.Errorf("%s opens with %+v after %+v", p.From, p.Opening, last.Closing)
		}
		last, lines = p, lines+len(p.Lines)
	}
	if lines != len(a.lines()) {
		t.Errorf("%d lines of %d", lines, len(a.lines()))
	}
}

func next(d string) string { return (day(d) + 1).String() }

func (a *account) paidInFull(on string, how func(*billing.PaidInput)) (billing.PaidInFull, error) {
	s, letter := a.on(on)
	in := billing.PaidInput{Letter: letter, Terms: &a.terms, State: s, Lines: a.lines(), OriginalDate: a.terms.Start, OriginalAmount: a.terms.Principal,
		Method: "checking ending in 4821", Confirmation: "7KM-2PQ-XW4", HomeState: "TX", Cleared: day("2026-03-18"), FinalOn: day("2026-05-16")}
	if how != nil {
		how(&in)
	}
	return billing.MakePaidInFull(in)
}

func TestAnAccountIsProvenPaid(t *testing.T) {
	a := opened(t, loan()).pay("2026-02-15", 450_00)
	if _, err := a.paidInFull("2026-02-15", nil); err == nil {
		t.Error("23,670.26 is owed, and it is paid in full")
	}
	a.pay("2026-03-15", 23_900_00)
	p, err := a.paidInFull("2026-03-15", nil)
	if err != nil {
		t.Fatal(err)
	}
	// 23,670.26 × 5.90 % / 365 × 28 days = 107.13
	if p.PaidOn != day("2026-03-15") || p.Applied.Interest != 107_13 || p.Owed != 23_777_39 || p.Refund != 122_61 || p.Balance != 0 || p.How != contract.FromACH {
		t.Errorf("%+v", p)
	}
	if !p.Title || p.IsFinal() || p.Release.By != day("2026-05-16") || p.Release.Law != "" {
		t.Errorf("%+v", p)
	}
	again(t, p)
	a.post(contract.Event{Kind: contract.Refund, Date: day("2026-03-20"), Amount: 122_61})
	if p, err = a.paidInFull("2026-05-16", nil); err != nil || p.Refund != 0 || p.Refunded != 122_61 || p.PaidOn != day("2026-03-15") || !p.IsFinal() {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestATitleIsReleasedWhenItsStateSaysSo(t *testing.T) {
	paid, cleared, final := day("2026-03-16"), day("2026-03-19"), day("2026-05-19") // a Monday
	for _, c := range []struct {
		state string
		how   contract.Source
		by    string
	}{
		{"NY", contract.FromACH, "2026-03-19"}, {"NY", contract.FromWire, "2026-03-16"}, {"NY", contract.FromInsurer, "2026-03-16"},
		{"MO", contract.FromACH, "2026-03-26"}, {"MO", contract.FromCash, "2026-03-23"}, {"TX", contract.FromACH, "2026-05-19"}, {"", contract.FromCheck, "2026-05-19"},
	} {
		if r := billing.ReleaseTitle(c.state, c.how, paid, cleared, final); r.By != day(c.by) || (r.Law == "") != (c.state != "NY" && c.state != "MO") {
			t.Errorf("%s by %s: %+v", c.state, c.how, r)
		}
	}
}

func TestALeaseIsToldHowItEnds(t *testing.T) {
	a := opened(t, lease())
	for n := range 33 {
		a.pay(a.terms.DueDate(n+1).String(), 633_20)
	}
	s, letter := a.on("2028-10-17")
	in := billing.LeaseEndInput{Letter: letter, Terms: &a.terms, State: s, Readings: []contract.Reading{{Date: day("2028-09-15"), Miles: 35_012}}}
	p, err := billing.MakeLeaseEnd(in)
	if err != nil {
		t.Fatal(err)
	}
	if p.Ends != day("2029-01-15") || p.PaymentsLeft != 2 || p.Payment != 633_20 || p.Missing != nil {
		t.Fatalf("%+v", p)
	}
	// 35,000 miles in 974 of 1,096 days is 39,384 at the end: 3,384 over 36,000, at 25 cents.
	if m := p.Miles; m == nil || m.Driven != 35_000 || m.Projected != 39_384 || m.Excess != 3_384 || m.Charge != 846_00 {
		t.Errorf("%+v", p.Miles)
	}
	// One instalment is past due, and two are still to come.
	if want := 3*633_20 + 846_00 + 395_00 - money.Cents(500_00); p.Return.Total != want {
		t.Errorf("%+v, want %s", p.Return, want)
	}
	if want := 3*633_20 + 27_000_00 + 150_00 - money.Cents(500_00); p.Buy.Total != want {
		t.Errorf("%+v, want %s", p.Buy, want)
	}
	again(t, p)

	in.Readings = nil
	if p, err = billing.MakeLeaseEnd(in); err != nil || p.Miles == nil || p.Miles.Paced || p.Miles.Allowed != 36_000 || p.Return == nil {
		t.Errorf("%+v, %v", p, err)
	}
	other := opened(t, loan())
	ls, _ := other.on("2026-02-01")
	if _, err := billing.MakeLeaseEnd(billing.LeaseEndInput{Letter: letter, Terms: &other.terms, State: ls}); err == nil {
		t.Error("a loan ends as a lease")
	}
}

func TestALateNoticeIsOfTheInstalmentThatIsLate(t *testing.T) {
	a := opened(t, loan()).pay("2026-02-15", 450_00).pay("2026-03-14", 50_00)
	fee := contract.Event{Kind: contract.LateCharge, Date: day("2026-03-26"), Amount: 20_00, Instalment: 2}
	a.post(fee)
	s, letter := a.on("2026-03-26")
	p, err := billing.MakeLateNotice(billing.LateInput{Letter: letter, Terms: &a.terms, State: s, Event: fee})
	if err != nil {
		t.Fatal(err)
	}
	if p.DueDate != day("2026-03-15") || p.DaysLate != 11 || p.Unpaid != 400_00 || p.AmountNow != 420_00 || p.NextDue != day("2026-04-15") || p.Next != 450_00 {
		t.Errorf("%+v", p)
	}
	again(t, p)
	fee.Instalment = 1
	if _, err := billing.MakeLateNotice(billing.LateInput{Letter: letter, Terms: &a.terms, State: s, Event: fee}); err == nil {
		t.Error("an instalment that is paid is late")
	}
}

func (a *account) change(e contract.Event) (billing.ChangeNotice, bool) {
	a.t.Helper()
	was, letter := a.on(e.Date.String())
	a.post(e)
	is, _ := a.on(e.Date.String())
	n, changed, err := billing.MakeChangeNotice(billing.ChangeInput{Letter: letter, Terms: &a.terms, Before: was, After: is, Event: e, Allocation: a.posted[len(a.events)]})
	if err != nil {
		a.t.Fatal(err)
	}
	again(a.t, n)
	return n, changed
}

func TestAChangeIsToldBeforeAndAfter(t *testing.T) {
	rate := money.Rate(6) * money.RateScale / 100
	a := opened(t, loan()).pay("2026-02-15", 450_00)

	n, ok := a.change(contract.Event{Kind: contract.DueDateChange, Date: day("2026-02-20"), DueDay: 25})
	if !ok || n.DueDay != 25 || n.DueDate == nil || n.DueDate.Was != day("2026-03-15") || n.DueDate.Is != day("2026-03-25") || n.ExtraDays != 10 || n.Payment != nil || n.Rate != nil {
		t.Errorf("%v %+v", ok, n)
	}
	// 23,670.26 × 5.90 % / 365 × 10 days
	if n.Extra != 38_26 {
		t.Errorf("ten days cost %s", n.Extra)
	}
	n, ok = a.change(contract.Event{Kind: contract.RateChange, Date: day("2026-02-21"), Rate: &rate, Payment: 451_00})
	if !ok || n.Rate == nil || n.Rate.Is != rate || n.Payment == nil || n.Payment.Is != 451_00 || n.PaymentFrom != day("2026-03-25") || n.DueDate != nil {
		t.Errorf("%v %+v", ok, n)
	}
	n, ok = a.change(contract.Event{Kind: contract.Deferral, Date: day("2026-02-22"), Months: 1})
	if !ok || n.DueDate == nil || n.DueDate.Is != day("2026-04-25") || n.Maturity == nil || n.Maturity.Is != day("2031-02-25") {
		t.Errorf("%v %+v", ok, n)
	}
	if n, ok = a.change(contract.Event{Kind: contract.OtherCharge, Date: day("2026-02-23"), Amount: 10_00}); ok {
		t.Errorf("a fee is no change of terms: %+v", n)
	}
}

func TestServiceLowersRateAndPayment(t *testing.T) {
	terms := loan()
	terms.Rate, terms.Payment = 12*money.RateScale/100, 534_00
	a := opened(t, terms).pay("2026-02-15", 534_00)
	n, ok := a.change(contract.Event{Kind: contract.Service, Date: day("2026-02-20")})
	if !ok || n.Rate == nil || n.Rate.Is != 6*money.RateScale/100 || n.Payment == nil || n.Payment.Is >= 534_00 || n.DueDate != nil || n.Maturity != nil {
		t.Errorf("%v %+v", ok, n)
	}
}

func TestARefusalSaysWhatTheLawAsks(t *testing.T) {
	_, letter := opened(t, loan()).on("2026-03-01")
	letter.Lender.Agency = []string{"Federal Trade Commission", "Equal Credit Opportunity", "Washington, DC 20580"}
	good := billing.AdverseNotice{Letter: letter, Request: billing.AskedDeferral, AskedOn: day("2026-02-20"), Reasons: []billing.AdverseReason{billing.ReasonRecent, billing.ReasonPaidLate}}
	n, err := billing.MakeAdverseNotice(good)
	if err != nil {
		t.Fatal(err)
	}
	again(t, n)
	report := &billing.CreditReport{Agency: "Lindgate Bureau", Address: []string{"PO Box 100", "Springfield, IL 62701"}, Phone: "800-555-0160"}
	for name, c := range map[string]struct {
		code  string
		spoil func(*billing.AdverseNotice)
	}{
		"no agency":                   {"agency", func(n *billing.AdverseNotice) { n.Lender.Agency = nil }},
		"no reason":                   {"reasons", func(n *billing.AdverseNotice) { n.Reasons = nil }},
		"five reasons":                {"reasons", func(n *billing.AdverseNotice) { n.Reasons = billing.AdverseReasons[:5] }},
		"a reason of one's own":       {"reasons", func(n *billing.AdverseNotice) { n.Reasons = []billing.AdverseReason{"we_would_rather_not"} }},
		"one reason twice":            {"reasons", func(n *billing.AdverseNotice) { n.Reasons = slices.Repeat(n.Reasons[:1], 2) }},
		"nothing was asked":           {"request", func(n *billing.AdverseNotice) { n.Request = "" }},
		"asked tomorrow":              {"asked_on", func(n *billing.AdverseNotice) { n.AskedOn = n.Date + 1 }},
		"a report, and nobody's":      {"report", func(n *billing.AdverseNotice) { n.Reasons = []billing.AdverseReason{billing.ReasonCreditReport} }},
		"a report, and no telephone":  {"report", func(n *billing.AdverseNotice) { r := *report; r.Phone = ""; n.Report = &r }},
		"a score, and nothing for it": {"score", func(n *billing.AdverseNotice) { r := *report; r.Score = 610; n.Report = &r }},
	} {
		spoiled := good
		c.spoil(&spoiled)
		if _, err := billing.MakeAdverseNotice(spoiled); err == nil || err.(*billing.Refusal).Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := *report
	r.Score, r.Lowest, r.Highest, r.ScoredOn, r.Factors = 610, 300, 850, day("2026-02-25"), []string{"Serious delinquency"}
	good.Reasons, good.Report = append(good.Reasons, billing.ReasonCreditReport), &r
	if _, err := billing.MakeAdverseNotice(good); err != nil {
		t.Error(err)
	}
}
