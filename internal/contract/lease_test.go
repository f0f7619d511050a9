package contract_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

// fed is the lease of the Federal Reserve's leasing guide: 18,800 to 12,350 in 48
// payments of 244.69 in advance.
func fed() contract.LeaseTerms {
	return contract.LeaseTerms{
		CapitalizedCost: 18_800_00, Residual: 12_350_00, Term: 48, BasePayment: 244_69, Start: date("2026-01-31"),
		MilesPerYear: 12_000, ExcessMile: 15, Odometer: 12, SecurityDeposit: 250_00, DispositionFee: 395_00, PurchaseFee: 300_00, EarlyTerminationFee: 200_00,
	}
}

func standing(t *testing.T, l contract.LeaseTerms, on string) contract.LeaseStanding {
	t.Helper()
	s, err := l.Standing(date(on))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// items are a settlement's amounts by name, with its total.
func items(list []contract.Why) map[string]string {
	out := map[string]string{}
	for _, w := range list {
		out[w.What] = w.Amount.String()
	}
	return out
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, amount := range want {
		if got[name] != amount {
			t.Errorf("%s: %s is %q, want %s", what, name, got[name], amount)
		}
	}
	for name, amount := range got {
		if want[name] == "" {
			t.Errorf("%s: %s of %s is not expected", what, name, amount)
		}
	}
}

// Published lease payments, each (cost, residual, money factor, months) to base
// payment: sample cases of public lease calculators.
func TestPublishedLeasePayments(t *testing.T) {
	for _, c := range []struct {
		cost, residual money.Cents
		factor         string
		term           int
		base           money.Cents
	}{
		{30_000_00, 18_000_00, "0.00125", 36, 393_33}, {80_000_00, 56_000_00, "0.0008", 36, 775_47}, {25_000_00, 25_000_00, "0.00125", 36, 62_50},
		{30_000_00, 21_000_00, "0.00125", 24, 438_75}, {35_000_00, 15_000_00, "0.0015", 48, 491_67}, {999_999_99, 500_000_00, "0.002", 48, 13_416_67},
	} {
		q := contract.LeaseQuote{GrossCapCost: c.cost, Residual: c.residual, MoneyFactor: rate(c.factor), Term: c.term, TaxMethod: contract.TaxNone, Rounding: money.HalfUp}
		if f, err := q.Figures(); err != nil || f.BasePayment != c.base {
			t.Errorf("%s to %s: %s, want %s, %v", c.cost, c.residual, f.BasePayment, c.base, err)
		}
	}
}

func offer() contract.LeaseOffer {
	return contract.LeaseOffer{
		AgreedValue: 33_500_00, Capitalized: []contract.LeaseItem{{"Acquisition fee", 680_00}}, Cash: 3_500_00, Trade: 1_500_00, Rebate: 1_000_00,
		Residual: 21_000_00, Term: 36, MoneyFactor: rate("0.002"), TaxRate: rate("0.095"), TaxMethod: contract.TaxOnPayment, Rounding: money.HalfUp,
		Signing: []contract.LeaseItem{{"Title", 45_00}, {"Registration", 210_00}}, SecurityDeposit: 350_00, DispositionFee: 395_00,
	}
}

// A published lease: 33,500 with a 680 fee, 6,000 down, 21,000 residual, factor
// 0.002, 36 months, 9.5 % tax: 297.80 and 28.29 tax, 326.09 a month.
func TestAnOfferItemizesEverything(t *testing.T) {
	o := offer()
	d, err := o.Disclose()
	if err != nil {
		t.Fatal(err)
	}
	if d.AdjustedCapCost != 28_180_00 || d.Depreciation != 7_180_00 || d.BasePayment != 297_80 || d.Tax != 28_29 || d.LeaseFigures.Payment != 326_09 {
		t.Errorf("%+v", d.LeaseFigures)
	}
	same(t, "cost", items(d.Cost), map[string]string{"Agreed value of the vehicle": "33500.00", "Acquisition fee": "680.00"})
	same(t, "payment", items(d.Payment), map[string]string{
		"Gross capitalized cost": "34180.00", "Capitalized cost reduction": "-6000.00", "Adjusted capitalized cost": "28180.00", "Residual value": "-21000.00",
		"Depreciation": "7180.00", "Rent charge": "3540.96", "Total of base payments": "10720.96", "Base payment": "297.80", "Tax on each payment": "28.29", "Monthly payment": "326.09",
	})
	same(t, "due at signing", items(d.Signing), map[string]string{
		"Capitalized cost reduction": "6000.00", "First monthly payment": "326.09", "Refundable security deposit": "350.00", "Title": "45.00", "Registration": "210.00",
	})
	same(t, "how it is paid", items(d.Paid), map[string]string{
		"Net trade-in allowance": "1500.00", "Rebates and noncash credits": "1000.00", "Amount to be paid in cash": "4431.09",
	})
	// 6,931.09 at signing less the deposit, 35 more payments, the disposition fee
	if d.DueAtSigning != 6_931_09 || d.WillHavePaid != 6_581_09+35*326_09+395_00 {
		t.Errorf("at signing %s, in all %s", d.DueAtSigning, d.WillHavePaid)
	}
}

func TestTaxesAtSigning(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*contract.LeaseOffer)
		tax    money.Cents // at signing
		pay    money.Cents // each payment
	}{
		{"on the reduction, too", func(o *contract.LeaseOffer) { o.TaxReduction = true }, 570_00, 326_09},
		{"on all payments", func(o *contract.LeaseOffer) { o.TaxMethod = contract.TaxUpfrontTotal }, 1018_48, 297_80}, // 9.5 % of 10,720.80
		{"on the price", func(o *contract.LeaseOffer) { o.TaxMethod, o.Price = contract.TaxUpfrontPrice, 33_500_00 }, 3182_50, 297_80},
		{"in the cost", func(o *contract.LeaseOffer) { o.TaxMethod, o.Price = contract.TaxCapitalised, 33_500_00 }, 0, 392_57}, // 3,182.50 more cost: 88.40 and 6.37 more
	} {
		o := offer()
		c.change(&o)
		d, err := o.Disclose()
		if err != nil || d.DueAtSigningTax != c.tax || d.LeaseFigures.Payment != c.pay {
			t.Errorf("%s: %s at signing, %s a payment, %v", c.name, d.DueAtSigningTax, d.LeaseFigures.Payment, err)
		}
	}
}

// One payment: depreciation 7,180 and rent of 49,180 × 0.0015 × 36 = 2,655.72.
func TestASinglePaymentLease(t *testing.T) {
	o := offer()
	o.SinglePay, o.MoneyFactor = true, rate("0.0015")
	d, err := o.Disclose()
	if err != nil {
		t.Fatal(err)
	}
	if d.BasePayment != 9_835_72 || d.Tax != 934_39 || d.TotalOfPayments != 10_770_11 || items(d.Signing)["Single payment"] != "10770.11" {
		t.Errorf("%+v", d.LeaseFigures)
	}
	if d.WillHavePaid != d.DueAtSigning-350_00+395_00 {
		t.Errorf("in all %s", d.WillHavePaid)
	}
	l := o.Terms(&d, date("2026-01-15"))
	rows, err := l.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Payment != 9_835_72 || rows[1].Payment != 0 || rows[1].Rent <= 0 || rows[35].Balance != 21_000_00 || rows[35].Earned != 2_655_72 {
		t.Errorf("first %+v, second %+v, last %+v", rows[0], rows[1], rows[35])
	}
	// returned in month 12 and worth far more than the balance: the 24 months not
	// begun of 10,770.11 come back, and the deposit
	got, err := l.Payoff(standing(t, l, "2027-01-14"), contract.LeasePayoff{Realized: 40_000_00})
	if err != nil || got.Refund() != 7_180_07+350_00 {
		t.Errorf("ended early: %s %v %v", got.Total, items(got.Items), err)
	}
}

// Seven deposits, each the base payment rounded up to 50, lower the factor by
// 7 × 0.00007: 28,180 + 21,000 at 0.00151 is 74.26 a month with 199.44 of depreciation.
func TestSeveralSecurityDepositsLowerTheFactor(t *testing.T) {
	o := offer()
	o.SecurityDeposit, o.Deposits = 0, contract.SecurityDeposits{Number: 7, FactorCut: rate("0.00007"), Step: 50_00}
	d, err := o.Disclose()
	if err != nil || d.BasePayment != 273_71 || d.SecurityDeposit != 7*300_00 {
		t.Errorf("%s, deposit %s, %v", d.BasePayment, d.SecurityDeposit, err)
	}
	o.Deposits.Number = 30
	if _, err := o.Disclose(); err == nil || !strings.Contains(err.Error(), "deposits.factor_cut") {
		t.Errorf("a factor below zero: %v", err)
	}
}

// The Federal Reserve's table: 131.39 and 113.30, then 130.59 and 114.10; the
// rent charge of the whole lease is 5,295.12.
func TestTheBalanceByConstantYield(t *testing.T) {
	l := fed()
	rows, err := l.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []contract.LeaseRow{
		{N: 1, Payment: 244_69, Rent: 131_39, Depreciation: 113_30, Balance: 18_686_70, Earned: 131_39},
		{N: 2, Payment: 244_69, Rent: 130_59, Depreciation: 114_10, Balance: 18_572_60, Earned: 261_98},
	}
	if rows[0] != want[0] || rows[1] != want[1] {
		t.Errorf("%+v", rows[:2])
	}
	for n, balance := range map[int]money.Cents{12: 17_386_19, 24: 15_847_45, 36: 14_172_73, 48: 12_350_00} {
		if rows[n-1].Balance != balance {
			t.Errorf("after %d: %s, want %s", n, rows[n-1].Balance, balance)
		}
	}
	if rows[47].Earned != 5_295_12 || l.RentCharge() != 5_295_12 {
		t.Errorf("rent %s of %s", rows[47].Earned, l.RentCharge())
	}
	// signed on the 31st: the second payment is due on 28 February
	for on, month := range map[string]int{"2026-01-31": 1, "2026-02-27": 1, "2026-02-28": 2, "2026-03-30": 2, "2026-03-31": 3, "2029-12-30": 47, "2029-12-31": 48, "2031-01-01": 48} {
		if row, err := l.BalanceOn(date(on)); err != nil || row.N != month {
			t.Errorf("on %s month %d, want %d, %v", on, row.N, month, err)
		}
	}
	if l.End(0) != date("2030-01-31") {
		t.Errorf("ends %s", l.End(0))
	}
}

// An early return in month 12: the balance, the fees and what is past due, less
// the vehicle's value, deposit and money held.
func TestEndingEarly(t *testing.T) {
	l := fed()
	s := standing(t, l, "2027-01-10")
	s.PastDue, s.Fees, s.PassThrough, s.Held = 244_69, 25_00, 61_20, 10_00
	ask := contract.LeasePayoff{Realized: 15_000_00, QuoteFee: 20_00}
	got, err := l.Payoff(s, ask)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Adjusted lease balance": "17386.19", "Early termination fee": "200.00", "Disposition fee": "395.00", "Past-due payments": "244.69", "Fees": "25.00",
		"Taxes and charges passed on": "61.20", "Quote fee": "20.00", "Value credited for the vehicle": "-15000.00", "Security deposit": "-250.00", "Money already received": "-10.00",
	}
	same(t, "return", items(got.Items), want)
	if got.Total != 3_072_08 || got.Due() != 3_072_08 || got.Refund() != 0 || got.Account != 320_89 {
		t.Errorf("%s, account %s", got.Total, got.Account)
	}

	// 36 payments of 244.69 were still to come, 8,808.84: a value of 5,000 leaves more than that
	l.Rules.CapCharge = true
	ask.Realized = 5_000_00
	if got, err = l.Payoff(s, ask); err != nil || items(got.Items)["Limit on the charge"] != "-3777.35" || got.Total != 8_808_84+395_00+320_89+20_00-250_00 {
		t.Errorf("limited: %s, %v %v", got.Total, items(got.Items), err)
	}

	// a vehicle worth more than all that is owed pays it, and the deposit comes back
	ask.Realized = 30_000_00
	if got, err = l.Payoff(s, ask); err != nil || got.Refund() != 260_00 {
		t.Errorf("%s %v", got.Total, err)
	}
	l.Rules.PaySurplus = true
	if got, err = l.Payoff(s, ask); err != nil || got.Refund() != 30_000_00+260_00-(17_386_19+200_00+395_00+244_69+25_00+61_20+20_00) {
		t.Errorf("surplus %s %v", got.Total, err)
	}

	// miles over the allowance to the day, where the lender charges them early
	l.Rules = contract.LeaseRules{MilesEarly: true}
	ask.Realized, ask.Odometer = 15_000_00, 12+12_000 // allowed to the day: 48,000 × 344 / 1,461, rounded up, 11,302
	if got, err = l.Payoff(s, ask); err != nil || items(got.Items)["Excess miles"] != "104.70" {
		t.Errorf("%v %v", items(got.Items), err)
	}
}

func TestBuyingTheVehicle(t *testing.T) {
	l := fed()
	got, err := l.Payoff(standing(t, l, "2027-01-10"), contract.LeasePayoff{BuyOut: true, PurchaseTax: rate("0.06"), OfficialFees: 75_00})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "early", items(got.Items), map[string]string{
		"Adjusted lease balance": "17386.19", "Purchase option fee": "300.00", "Tax on the purchase": "1061.17", "Official fees": "75.00", "Security deposit": "-250.00",
	})
	got, err = l.Payoff(standing(t, l, "2030-01-10"), contract.LeasePayoff{BuyOut: true, PurchaseTax: rate("0.06")})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "at the end", items(got.Items), map[string]string{
		"Purchase price": "12350.00", "Purchase option fee": "300.00", "Tax on the purchase": "759.00", "Security deposit": "-250.00",
	})
	l.NoPurchase = true
	var terms *contract.TermsError
	if _, err = l.Payoff(standing(t, l, "2027-01-10"), contract.LeasePayoff{BuyOut: true}); !errors.As(err, &terms) || terms.Field != "buy_out" {
		t.Errorf("%v", err)
	}
}

// A quote good past a due date says what is owed from that day on: the payment
// of 244.69 less its depreciation.
func TestAPayoffAcrossADueDate(t *testing.T) {
	l := fed()
	got, err := l.Payoff(standing(t, l, "2027-02-20"), contract.LeasePayoff{BuyOut: true, GoodThrough: date("2027-03-31")})
	if err != nil || len(got.Later) != 2 || got.Later[0].On != date("2027-02-28") || got.Later[1].On != date("2027-03-31") {
		t.Fatalf("%+v %v", got.Later, err)
	}
	rows, err := l.Schedule(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Later[0].Total != got.Total+rows[13].Rent || got.Later[1].Total != got.Later[0].Total+rows[14].Rent {
		t.Errorf("%s, then %+v", got.Total, got.Later)
	}
}

func TestReturningAtTheEnd(t *testing.T) {
	l := fed()
	l.MilesPurchased, l.MonthlyTax = 3_000, 15_00
	end := contract.LeaseReturn{Odometer: 12 + 52_000, Wear: []contract.LeaseItem{{"Windshield chip", 120_00}}}
	got, err := l.Return(standing(t, l, "2029-12-01"), end)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "two months early", items(got.Items), map[string]string{
		"Payments still to come": "259.69", "Excess miles": "150.00", "Windshield chip": "120.00", "Disposition fee": "395.00", "Security deposit": "-250.00",
	})
	l.SecurityDeposit, end.Odometer = 900_00, 40_000
	if got, err = l.Return(standing(t, l, "2030-01-31"), end); err != nil || got.Refund() != 385_00 {
		t.Errorf("%s %v", got.Total, err)
	}
	var terms *contract.TermsError
	if _, err = l.Return(standing(t, l, "2030-01-31"), contract.LeaseReturn{}); !errors.As(err, &terms) || terms.Field != "odometer" {
		t.Errorf("no odometer: %v", err)
	}
}

// 12 CFR 1013.5: more than six months of extension in all need new disclosures.
func TestExtendingALease(t *testing.T) {
	l := fed()
	s := standing(t, l, "2030-01-10")
	e, err := l.Extend(s, 6, 0, false)
	if err != nil || e.NewDisclosures || e.Payment != 244_69 || e.Total != 1_468_14 || e.Miles != 6_000 || e.End != date("2030-07-31") {
		t.Errorf("%+v %v", e, err)
	}
	s.Extended = 6
	if e, err = l.Extend(s, 1, 6, false); !errors.Is(err, contract.ErrNewDisclosures) || !e.NewDisclosures {
		t.Errorf("a seventh month: %+v %v", e, err)
	}
	if e, err = l.Extend(s, 1, 6, true); err != nil || e.End != date("2030-08-31") {
		t.Errorf("disclosed: %+v %v", e, err)
	}
	if _, err = l.Extend(s, 6, 0, false); err != nil {
		t.Errorf("six more after disclosures: %v", err)
	}
}

// 50 USC 3955: no early termination charge; rent paid in advance and its part of
// the cost reduction come back by days within 30 days.
func TestEndingALeaseForMilitaryService(t *testing.T) {
	l := fed()
	l.CapReduction, l.Start = 1_461_00, date("2026-01-15") // a dollar for each of its 1,461 days
	e := contract.ServiceReturn{Notice: date("2027-03-01"), Returned: date("2027-03-09"), Odometer: 12 + 14_000}
	s := standing(t, l, "2027-03-09")
	got, err := l.EndForService(s, e)
	if err != nil {
		t.Fatal(err)
	}
	// the month runs 28 days from 15 February: 5 are left; 1,042 days of the lease are left;
	// allowed 48,000 × 418 / 1,461, rounded up, 13,734 miles; 43.6946 of rent, rounded up
	same(t, "service", items(got.Items), map[string]string{
		"Early termination charge": "0.00", "Rent for the days after the end": "-43.70", "Part of the capitalized cost reduction": "-1042.00",
		"Excess miles": "39.90", "Security deposit": "-250.00",
	})
	if e.RefundBy() != date("2027-04-08") {
		t.Errorf("refund by %s", e.RefundBy())
	}
	s.PastDue = 244_69 // the month's payment was not made: only its days to the end are owed
	unpaid, err := l.EndForService(s, e)
	if err != nil || unpaid.Total != got.Total+244_69 {
		t.Errorf("%s %v", unpaid.Total, err)
	}
	e.Returned = date("2027-03-17")
	if _, err := l.EndForService(standing(t, l, "2027-03-17"), e); err == nil {
		t.Error("a vehicle returned after 16 days")
	}
}

func TestMilesAndTheirPace(t *testing.T) {
	l := fed()
	l.Start, l.MilesPurchased = date("2026-01-01"), 2_000
	m, err := l.Mileage([]contract.Reading{{Date: date("2026-07-02"), Miles: 7_012}, {Date: date("2027-01-01"), Miles: 15_012}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	// 50,000 over 1,461 days; 15,000 in 365
	if m.Allowance != 50_000 || m.Driven != 15_000 || m.Allowed != 12_492 || m.Over != 2_508 || m.PerYear != 15_000 || m.AllowedPerYear != 12_491 ||
		m.Projected != 60_041 || m.Excess != 10_041 || m.Charge != 1_506_15 || len(m.Points) != 4 || !m.Points[3].Projected {
		t.Errorf("%+v", m)
	}
	if m, err = l.Mileage([]contract.Reading{{Date: l.Start, Miles: 12}}, 0); err != nil || m.Paced || m.Projected != 0 {
		t.Errorf("on the first day: %+v %v", m, err)
	}
	if m, err = l.Mileage([]contract.Reading{{Date: date("2030-02-01"), Miles: 49_012}}, 2); err != nil || m.Allowance != 52_000 || m.Excess != 0 || m.Charge != 0 {
		t.Errorf("extended: %+v %v", m, err)
	}
	var terms *contract.TermsError
	if _, err = l.Mileage([]contract.Reading{{Date: date("2026-07-02"), Miles: 11}}, 0); !errors.As(err, &terms) || terms.Field != "readings[0].odometer" {
		t.Errorf("an odometer that ran backward: %v", err)
	}
}

// 12 CFR 1013.4(s): nothing that a lease shows speaks of a yearly rate.
func TestALeaseNeverSpeaksOfARate(t *testing.T) {
	banned := regexp.MustCompile(`(?i)\b(apr|rates?|interest|percent|yield rate)\b`)
	var words []string
	tell := func(list []contract.Why) {
		for _, w := range list {
			if w.Rule.Words() == "" || w.Clause == "" {
				t.Errorf("%s says nothing of itself", w.What)
			}
			words = append(words, w.What, w.Rule.Words())
			for _, f := range w.Figures {
				words = append(words, f.Name)
			}
		}
	}
	o := offer()
	d, err := o.Disclose()
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]contract.Why{d.Cost, d.Payment, d.Signing, d.Paid} {
		tell(list)
	}
	for _, single := range []bool{false, true} {
		l := fed()
		if l.SinglePay = single; single {
			l.BasePayment = 11_000_00
		}
		l.Rules = contract.LeaseRules{CapCharge: true, MilesEarly: true, FeeOnBuyOut: true}
		s := standing(t, l, "2027-01-10")
		s.PastDue, s.Fees, s.PassThrough, s.Held = 1, 1, 1, 1
		for _, p := range []contract.LeasePayoff{{Realized: 1_000_00, Odometer: 90_000, QuoteFee: 1, OtherFee: 1, Adjustment: 1}, {BuyOut: true, PurchaseTax: rate("0.06"), OfficialFees: 1}} {
			got, err := l.Payoff(s, p)
			if err != nil {
				t.Fatal(err)
			}
			tell(got.Items)
		}
		paragraphs, err := l.ExplainMethod()
		if err != nil || paragraphs[len(paragraphs)-1] != contract.EarlyTerminationWarning || !strings.Contains(strings.Join(paragraphs, " "), "$18,800.00") {
			t.Errorf("%q %v", paragraphs, err)
		}
		words = append(words, paragraphs...)
	}
	for _, w := range words {
		if found := banned.FindString(w); found != "" {
			t.Errorf("%q in %q", found, w)
		}
	}
}

// drawLease is any lease up to 100 million and 600 months, as a quote and as terms.
func drawLease(t *rapid.T) (contract.LeaseQuote, contract.LeaseFigures, contract.LeaseTerms, bool) {
	q := contract.LeaseQuote{
		GrossCapCost: money.Cents(rapid.Int64Range(1_000_00, 100_000_000_00).Draw(t, "cost")),
		Term:         rapid.IntRange(1, 600).Draw(t, "term"),
		MoneyFactor:  money.Rate(rapid.Int64Range(0, 500).Draw(t, "factor, hundred-thousandths")) * money.RateScale / 100_000,
		SinglePay:    rapid.Bool().Draw(t, "single pay"),
		TaxMethod:    contract.TaxOnPayment,
		TaxRate:      money.Rate(rapid.Int64Range(0, 150).Draw(t, "tax, thousandths")) * money.RateScale / 1000,
		Rounding:     rapid.SampledFrom([]money.Rounding{money.HalfUp, money.HalfEven, money.Up, money.Truncate}).Draw(t, "rounding"),
	}
	q.CapReduction = q.GrossCapCost / money.Cents(rapid.IntRange(2, 50).Draw(t, "down"))
	q.Residual = (q.GrossCapCost - q.CapReduction) * money.Cents(rapid.IntRange(0, 95).Draw(t, "residual")) / 100
	f, err := q.Figures()
	if err != nil {
		return q, f, contract.LeaseTerms{}, false
	}
	l := contract.LeaseTerms{
		CapitalizedCost: f.AdjustedCapCost, Residual: q.Residual, Term: q.Term, BasePayment: f.BasePayment, MonthlyTax: f.Tax, SinglePay: q.SinglePay,
		Start: money.NewDate(2024, 1, rapid.IntRange(1, 31).Draw(t, "day")), PurchaseFee: 300_00,
	}
	return q, f, l, true
}

func TestEveryLeaseAddsUp(t *testing.T) {
	worked := 0
	rapid.Check(t, func(t *rapid.T) {
		q, f, l, ok := drawLease(t)
		if !ok {
			return
		}
		payments := money.Cents(q.Term)
		if q.SinglePay {
			payments = 1
		}
		// depreciation and rent are the base payments but for the rounding of each
		if off := f.BasePayment*payments - f.Depreciation - f.RentCharge; off > payments+1 || off < -payments-1 {
			t.Fatalf("%+v", f)
		}
		rows, err := l.Schedule(nil)
		if err != nil {
			return // the payment is as much as the cost, or the rent runs away
		}
		worked++
		var paid, rent, depreciation money.Cents
		balance := l.CapitalizedCost
		for n, r := range rows {
			paid, rent, depreciation = paid+r.Payment, rent+r.Rent, depreciation+r.Depreciation
			if balance -= r.Depreciation; r.N != n+1 || r.Payment != r.Rent+r.Depreciation || r.Balance != balance || r.Earned != rent {
				t.Fatalf("%+v", r)
			}
		}
		if balance != l.Residual || paid != f.BasePayment*payments || depreciation != f.Depreciation || rent != l.RentCharge() {
			t.Fatalf("ends at %s, paid %s, rent %s", balance, paid, rent)
		}
		end, err := l.Standing(l.DueDate(l.Term))
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Payoff(end, contract.LeasePayoff{BuyOut: true})
		if err != nil || got.Total != l.Residual+300_00 {
			t.Fatalf("bought at the end for %s, %v", got.Total, err)
		}
	})
	if worked == 0 {
		t.Error("no lease was drawn that has a schedule")
	}
}

// Payments made on time never make it dearer to buy or to leave.
func TestLeavingNeverGetsDearer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, f, l, ok := drawLease(t)
		if !ok || l.SinglePay || l.Term < 3 || l.Term > 96 || f.Depreciation < money.Cents(l.Term)*100 {
			return
		}
		l.Rules.CapCharge = rapid.Bool().Draw(t, "limit")
		for _, ask := range []contract.LeasePayoff{{BuyOut: true}, {Realized: l.Residual / 2}} {
			before := money.MaxAmount * 1000
			for month := 1; month < l.Term; month++ {
				s, err := l.Standing(l.DueDate(month))
				if err != nil {
					t.Fatal(err)
				}
				got, err := l.Payoff(s, ask)
				if err != nil {
					return
				}
				if got.Total > before {
					t.Fatalf("month %d: %s after %s", month, got.Total, before)
				}
				before = got.Total
			}
		}
	})
}

// Due dates, refunds and miles on any day, with any account,
// are answered or refused, and every total is the sum of its items.
func TestAnyEndOfAnyLeaseIsAnsweredOrRefused(t *testing.T) {
	amount := func(t *rapid.T, name string) money.Cents {
		return money.Cents(rapid.Int64Range(-1, 100_000_000_00).Draw(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		_, _, l, ok := drawLease(t)
		if !ok {
			return
		}
		l.MilesPerYear, l.ExcessMile, l.CapReduction = rapid.IntRange(0, 9_999_999).Draw(t, "miles"), money.Cents(rapid.IntRange(0, 10_000).Draw(t, "mile")), amount(t, "reduction")
		l.EarlyTerminationFee, l.DispositionFee, l.SecurityDeposit = amount(t, "early fee"), amount(t, "disposition"), amount(t, "deposit")
		l.Rules = contract.LeaseRules{CapCharge: rapid.Bool().Draw(t, "cap"), MilesEarly: rapid.Bool().Draw(t, "miles early"), PaySurplus: rapid.Bool().Draw(t, "surplus"), FeeOnBuyOut: rapid.Bool().Draw(t, "fee")}
		s, err := l.Standing(l.Start + money.Date(rapid.IntRange(-1, 20_000).Draw(t, "days")))
		if err != nil {
			return
		}
		s.PastDue, s.Fees, s.Held = amount(t, "past due"), amount(t, "fees"), amount(t, "held")
		odometer := rapid.IntRange(-1, 10_000_000).Draw(t, "odometer")
		var got []contract.LeaseSettlement
		keep := func(s contract.LeaseSettlement, err error) {
			if err == nil {
				got = append(got, s)
			}
		}
		keep(l.Payoff(s, contract.LeasePayoff{Realized: amount(t, "value"), Odometer: odometer, GoodThrough: s.On + money.Date(rapid.IntRange(0, 400).Draw(t, "good"))}))
		keep(l.Payoff(s, contract.LeasePayoff{BuyOut: true, PurchaseTax: money.RateScale}))
		keep(l.Return(s, contract.LeaseReturn{Odometer: odometer, Wear: []contract.LeaseItem{{"scratch", amount(t, "wear")}}}))
		keep(l.EndForService(s, contract.ServiceReturn{Notice: s.On - 3, Returned: s.On, Odometer: odometer}))
		for _, one := range got {
			var sum money.Cents
			for _, w := range one.Items {
				sum += w.Amount
			}
			if sum != one.Total || one.Due()-one.Refund() != one.Total || sum > 1<<55 || sum < -(1<<55) {
				t.Fatalf("%s is not %s", sum, one.Total)
			}
		}
		if m, err := l.Mileage([]contract.Reading{{Date: s.On, Miles: odometer}}, s.Extended); err == nil && (m.Charge < 0 || m.Projected < 0 || m.Allowed > m.Allowance) {
			t.Fatalf("%+v", m)
		}
	})
}
