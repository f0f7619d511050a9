package contract_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marque/internal/contract"
	"marque/internal/money"
)

func law(t *testing.T, state, on string, confirmed ...string) contract.FeeLaw {
	t.Helper()
	l, known, err := contract.LawOf(contract.Loan, state, date(on), confirmed)
	if err != nil || !known {
		t.Fatalf("the law of %s on %s: known %v, %v", state, on, known, err)
	}
	return l
}

// What each state allows on an instalment, and the last day without a fee. The
// sections of KS, MI, NJ, PA and TX were read; OK is taken over as confirmed;
// CA, FL, IL and NY stand as a lender would confirm them.
func TestWhatEachStateAllows(t *testing.T) {
	for _, c := range []struct {
		state, on, instalment, unpaid, most string
		free                                int
		source                              string
	}{
		{"TX", "2026-01-15", "450.00", "450.00", "22.50", 15, "Fin. Code 348.107(a): 5 % of the amount of the instalment, unpaid after the 15th day"},
		{"TX", "2026-01-15", "450.00", "100.00", "22.50", 15, "the whole instalment, also when a part is paid"},
		{"TX", "2026-01-15", "450.00", "0.00", "0.00", 15, "nothing is unpaid"},
		{"PA", "2026-01-15", "450.00", "450.00", "9.00", 10, "12 Pa.C.S. 6245(b)(1): 2 % of the payment in arrears"},
		{"PA", "2026-01-15", "450.00", "100.00", "2.00", 10, "only what is in arrears"},
		{"PA", "2026-01-15", "450.00", "99.99", "1.99", 10, "1.9998 rounded down"},
		{"MI", "2026-01-15", "450.00", "450.00", "22.50", 0, "MCL 445.1856(1)(c): the greater of $15 and 5 %"},
		{"MI", "2026-01-15", "450.00", "300.00", "15.00", 0, "5 % of 300 is 15"},
		{"MI", "2026-01-15", "450.00", "120.00", "15.00", 0, "5 % would be 6"},
		{"OK", "2026-01-15", "450.00", "450.00", "22.50", 10, "14A O.S. 2-203(1): the greater of 5 % of the unpaid part and $5"},
		{"OK", "2026-01-15", "450.00", "60.00", "5.00", 10, "5 % would be 3"},
		{"KS", "2024-12-31", "450.00", "450.00", "22.50", 10, "K.S.A. 16a-2-502(1): the lesser of 5 % and $25"},
		{"KS", "2026-01-15", "640.00", "640.00", "25.00", 10, "5 % would be 32"},
		{"KS", "2026-01-15", "450.00", "50.00", "10.00", 10, "16a-2-502(2): or $10, where the contract chose so"},
		{"KS", "2026-01-15", "25.00", "25.00", "5.00", 10, "16a-2-502(2): $5 where the instalment is $25 or less"},
		{"NJ", "2026-01-15", "450.00", "30.00", "10.00", 10, "17:16C-42(a): $10"},
		{"CA", "2026-01-15", "450.00", "450.00", "22.50", 10, "Civ. Code 2982(k), not read"},
		{"FL", "2026-01-15", "450.00", "450.00", "22.50", 10, "Stat. 520.07(3), not read"},
		{"NY", "2026-01-15", "450.00", "450.00", "22.50", 10, "Pers. Prop. Law 302(7), not read"},
		{"IL", "2026-01-15", "450.00", "450.00", "22.50", 10, "815 ILCS 375/11, not read"},
		{"IL", "2026-01-15", "200.00", "200.00", "10.00", 10, "$10 where the instalment is $200 or less, not read"},
		{"IL", "2026-01-15", "200.01", "200.01", "10.00", 10, "5 % is 10.0005"},
	} {
		l := law(t, c.state, c.on, "CA", "FL", "IL", "NY")
		if got := l.MaxLateFee(cents(c.instalment), cents(c.unpaid)); got != cents(c.most) || l.FreeDays != c.free {
			t.Errorf("%s: %s unpaid of %s: at most %s after %d days, want %s after %d (%s)", c.state, c.unpaid, c.instalment, got, l.FreeDays, c.most, c.free, c.source)
		}
	}
}

func TestALaterRowSupersedes(t *testing.T) {
	for on, want := range map[string]string{"2024-12-31": "$0.00", "2025-01-01": "$30.00"} {
		if got := law(t, "KS", on).ReturnedMax.USD(); got != want {
			t.Errorf("KS on %s: a returned payment costs at most %s, want %s", on, got, want)
		}
	}
	for on, want := range map[string]bool{"2011-08-31": false, "2011-09-01": true} {
		if _, known, err := contract.LawOf(contract.Loan, "TX", date(on), nil); known != want || err != nil {
			t.Errorf("TX on %s: known %v, %v", on, known, err)
		}
	}
}

// Each ends without a law: an error where asking was wrong, "no law known here"
// where it was right.
func TestWhereNoLawIsGiven(t *testing.T) {
	for _, c := range []struct {
		kind      contract.Kind
		state     string
		confirmed []string
		want      string // "" is: none known, and no error
	}{
		{contract.Loan, "WY", nil, ""},
		{contract.Lease, "PA", nil, ""}, // the rows are law of retail instalment sales
		{contract.Lease, "CA", nil, ""},
		{contract.Loan, "CA", nil, "CA (Cal. Civ. Code 2982(k)) was not read"},
		{contract.Loan, "FL", []string{"CA", "NY"}, "FL (Fla. Stat. 520.07(3)) was not read"},
		{contract.Loan, "NY", []string{}, "NY (N.Y. Pers. Prop. Law 302(7)) was not read"},
		{contract.Loan, "IL", nil, "IL (815 ILCS 375/11) was not read"},
		{contract.Loan, "Pa", nil, `"Pa" is no state`},
		{contract.Loan, "XX", nil, `"XX" is no state`},
		{contract.Loan, "", nil, `"" is no state`},
		{contract.Loan, "A ", nil, `"A " is no state`},
	} {
		_, known, err := contract.LawOf(c.kind, c.state, date("2026-01-15"), c.confirmed)
		var terms *contract.TermsError
		switch {
		case known || (err == nil) != (c.want == ""):
			t.Errorf("%s %q: known %v, %v", c.kind, c.state, known, err)
		case err != nil && (!errors.As(err, &terms) || terms.Field != "fee_state" || !strings.Contains(terms.Reason, c.want)):
			t.Errorf("%q: %v, want fee_state: %s", c.state, err, c.want)
		case strings.Contains(c.want, "not read") != errors.Is(err, contract.ErrUnconfirmed):
			t.Errorf("%q: %v is not told apart from other errors", c.state, err)
		}
	}
}

// A contract signed with these terms: the field that is refused, or nothing.
func TestTermsThatAStateRefuses(t *testing.T) {
	flat := func(s string) contract.LateFee { return contract.LateFee{Flat: cents(s)} }
	percent := func(s string) contract.LateFee { return contract.LateFee{Percent: rate(s)} }
	with := func(f contract.LateFee, flat, limit string) contract.LateFee {
		f.Flat, f.Cap = cents(flat), cents(limit)
		return f
	}
	for _, c := range []struct {
		state    string
		fee      contract.LateFee
		payment  string
		grace    int
		returned string
		want     string
	}{
		{"PA", percent("0.02"), "450.00", 10, "50.00", ""},
		{"PA", percent("0.05"), "450.00", 10, "0.00", "late_fee: PA allows at most 2.00% of the payment in arrears (12 Pa.C.S. 6245)"},
		{"PA", percent("0.020001"), "450.00", 10, "0.00", "late_fee"},
		{"PA", flat("9.00"), "450.00", 10, "0.00", "late_fee"}, // more than 2 % of what is left of a part payment
		{"PA", with(percent("0.02"), "5.00", "0.00"), "450.00", 10, "0.00", "late_fee"},
		{"PA", percent("0.02"), "450.00", 9, "0.00", "grace_days: PA allows no late fee during the 10 days after the due date (12 Pa.C.S. 6245)"},
		{"PA", flat("0.00"), "450.00", 0, "0.00", ""}, // no late fee, no days of grace needed
		{"TX", percent("0.05"), "450.00", 15, "30.00", ""},
		{"TX", flat("22.50"), "450.00", 15, "0.00", ""},
		{"TX", flat("22.51"), "450.00", 15, "0.00", "late_fee"},
		{"TX", percent("0.05"), "450.00", 14, "0.00", "grace_days"},
		{"MI", with(percent("0.05"), "15.00", "0.00"), "450.00", 10, "25.00", ""},
		{"MI", flat("15.00"), "450.00", 1, "0.00", ""},
		{"MI", flat("15.01"), "450.00", 10, "0.00", "late_fee"}, // 300 unpaid: 5 % is no more than 15
		{"MI", percent("0.06"), "450.00", 10, "0.00", "late_fee"},
		{"MI", percent("0.06"), "250.00", 10, "0.00", ""}, // 15 at most
		{"MI", with(percent("0.10"), "0.00", "15.00"), "450.00", 10, "0.00", ""},
		{"MI", flat("15.00"), "450.00", 0, "0.00", "grace_days: MI allows a late fee only after agreed days of grace"},
		{"MI", flat("15.00"), "450.00", 10, "25.01", "returned_fee: MI allows at most $25.00 (MCL 445.1856(2))"},
		{"OK", with(percent("0.05"), "5.00", "0.00"), "450.00", 10, "0.00", ""},
		{"OK", with(percent("0.05"), "10.00", "0.00"), "450.00", 10, "0.00", "late_fee"},
		{"KS", with(percent("0.05"), "0.00", "25.00"), "900.00", 10, "30.00", ""},
		{"KS", percent("0.05"), "900.00", 10, "0.00", "late_fee: KS allows at most the lesser of 5.00% of the payment in arrears and $25.00, or $10.00, $5.00 where the instalment is $25.00 or less"},
		{"KS", flat("10.00"), "900.00", 10, "0.00", ""},
		{"KS", with(percent("0.05"), "10.00", "25.00"), "900.00", 10, "0.00", "late_fee"}, // one of the two, not the better of both
		{"KS", flat("10.00"), "25.00", 10, "0.00", "late_fee"},
		{"KS", flat("10.00"), "900.00", 10, "30.01", "returned_fee"},
		{"NJ", flat("10.00"), "450.00", 10, "20.00", ""},
		{"NJ", percent("0.05"), "450.00", 10, "0.00", "late_fee: NJ allows at most $10.00 (N.J.S.A. 17:16C-42)"},
		{"NJ", percent("0.05"), "200.00", 10, "0.00", ""},
		{"NJ", flat("10.00"), "450.00", 10, "20.01", "returned_fee: NJ allows at most $20.00 (N.J.S.A. 17:16C-42(e))"},
		{"NJ", flat("0.00"), "450.00", 0, "25.00", "returned_fee"},
	} {
		err := law(t, c.state, "2026-01-15").Check(c.fee, cents(c.payment), c.grace, cents(c.returned))
		if c.want == "" && err == nil {
			continue
		}
		var terms *contract.TermsError
		if c.want == "" || !errors.As(err, &terms) || !strings.HasPrefix(terms.Field+": "+terms.Reason, c.want) {
			t.Errorf("%s: %+v on %s, grace %d, returned %s: %v, want %q", c.state, c.fee, c.payment, c.grace, c.returned, err, c.want)
		}
	}
}

// Terms that pass never charge more than the law allows, whatever part is
// unpaid, by more than the fraction of a cent that Check leaves to Refuse.
func TestTermsThatPassStayWithinTheLaw(t *testing.T) {
	lawful := 0
	rapid.Check(t, func(r *rapid.T) {
		state := rapid.SampledFrom([]string{"CA", "IL", "KS", "MI", "NJ", "OK", "PA", "TX"}).Draw(r, "state")
		l := law(t, state, "2026-01-15", "CA", "IL")
		amount := func(most int64, label string) money.Cents {
			return money.Cents(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(1, most)).Draw(r, label))
		}
		fee := contract.LateFee{
			Flat: amount(20_00, "flat"), Cap: amount(40_00, "cap"),
			Percent: money.Rate(rapid.Int64Range(0, 700).Draw(r, "hundredths of a percent")) * money.RateScale / 10_000,
		}
		payment := 1 + amount(2_000_00, "payment")
		if l.Check(fee, payment, 15, 0) != nil {
			return
		}
		lawful++
		unpaid := money.Cents(rapid.Int64Range(1, int64(payment)).Draw(r, "unpaid"))
		if got, most := fee.On(unpaid), l.MaxLateFee(payment, unpaid); got > most+1 {
			r.Fatalf("%s: %+v on %s of %s is %s, at most %s", state, fee, unpaid, payment, got, most)
		}
	})
	if lawful < 5 {
		t.Errorf("only %d terms passed: nothing was tried", lawful)
	}
}

func TestFeesThatAreRefused(t *testing.T) {
	for _, wrong := range wrongRefusals(t, contract.FeeLaw.Refuse) {
		t.Error(wrong)
	}
}

// Each of these forgets one rule; the lines of wrongRefusals must notice.
func TestForgettingARuleIsNoticed(t *testing.T) {
	for name, forget := range map[string]func(*contract.Charge){
		"a fee because of an earlier fee":       func(c *contract.Charge) { c.FeesTook = 0 },
		"a second fee on one instalment":        func(c *contract.Charge) { c.Charged = false },
		"a fee after acceleration":              func(c *contract.Charge) { c.Accelerated = false },
		"a fee besides a deferral charge":       func(c *contract.Charge) { c.Deferred = false },
		"a fee though the month's payment came": func(c *contract.Charge) { c.Received = 0 },
		"a fee one day early":                   func(c *contract.Charge) { c.DaysLate++ },
		"a fee posted one day too late":         func(c *contract.Charge) { c.DaysLate-- },
		"a fee one cent too high":               func(c *contract.Charge) { c.Amount-- },
		"a fee on the whole, a part being paid": func(c *contract.Charge) { c.Unpaid = c.Instalment },
	} {
		broken := func(l contract.FeeLaw, c contract.Charge) error {
			forget(&c)
			return l.Refuse(c)
		}
		if len(wrongRefusals(t, broken)) == 0 {
			t.Errorf("%s is not noticed", name)
		}
	}
}

// wrongRefusals tries one fee on an instalment of 450.00, wholly unpaid, on a
// lawful day; each line that is refused breaks one rule.
func wrongRefusals(t *testing.T, refuse func(contract.FeeLaw, contract.Charge) error) (wrong []string) {
	late := func(amount string, days int, change ...func(*contract.Charge)) contract.Charge {
		c := contract.Charge{Kind: contract.LateCharge, Amount: cents(amount), Instalment: 450_00, Unpaid: 450_00, DaysLate: days}
		for _, f := range change {
			f(&c)
		}
		return c
	}
	returned := func(amount string) contract.Charge {
		return contract.Charge{Kind: contract.ReturnedFee, Amount: cents(amount)}
	}
	again := func(c *contract.Charge) { c.Charged = true }
	called := func(c *contract.Charge) { c.Accelerated = true }
	deferred := func(c *contract.Charge) { c.Deferred = true }
	inTime := func(c *contract.Charge) { c.Received = 450_00 }
	short := func(unpaid, feesTook string) func(*contract.Charge) {
		return func(c *contract.Charge) { c.Unpaid, c.FeesTook = cents(unpaid), cents(feesTook) }
	}
	for _, c := range []struct {
		state  string // "" is no known law
		charge contract.Charge
		want   string
	}{
		{"PA", late("9.00", 11), ""},
		{"PA", late("9.01", 11), "late_fee_limit: PA allows at most 2.00% of the payment in arrears, here $9.00 (12 Pa.C.S. 6245)"},
		{"PA", late("9.00", 10), "late_fee_early: PA allows no late fee during the 10 days after the due date (12 Pa.C.S. 6245)"},
		{"PA", late("9.00", 11, again), "late_fee_twice: the instalment has had its late fee (12 Pa.C.S. 6245)"},
		{"PA", late("9.00", 11, called), "late_fee_accelerated: no late fee on a sum due by acceleration (12 Pa.C.S. 6245)"},
		{"PA", late("2.01", 11, short("100.00", "0.00")), "late_fee_limit"},
		{"PA", late("2.00", 11, short("100.00", "0.00")), ""},
		{"TX", late("22.50", 16), ""},
		{"TX", late("22.50", 15), "late_fee_early: TX"},
		{"TX", late("22.50", 16, short("100.00", "0.00")), ""},
		{"TX", late("22.51", 16), "late_fee_limit"},
		{"MI", late("15.00", 1, short("100.00", "0.00")), ""},
		{"MI", late("22.50", 11, called), "late_fee_accelerated: no late fee on a sum due by acceleration (MCL 492.120, 445.1856)"},
		{"MI", returned("25.01"), "returned_fee_limit: MI"},
		{"OK", late("22.50", 11), ""},
		{"OK", late("22.50", 40, deferred), "late_fee_deferred"},
		{"TX", late("22.50", 40, deferred), ""}, // TX has no such rule that is known here
		{"OK", late("22.50", 11, inTime), "late_fee_current_paid"},
		{"KS", late("22.50", 11, inTime), ""}, // gone from 2025
		{"KS", late("22.51", 11), "late_fee_limit"},
		{"KS", late("22.50", 10), "late_fee_early"},
		{"NJ", late("10.00", 11), ""},
		{"NJ", late("10.00", 35), ""},
		{"NJ", late("10.00", 36), "late_fee_stale: NJ allows no late fee to be posted more than 35 days after the due date"},
		{"NJ", returned("20.00"), ""},
		{"NJ", returned("20.01"), "returned_fee_limit: NJ allows at most $20.00 for a returned payment (N.J.S.A. 17:16C-42(e))"},

		{"TX", late("1.00", 16, short("22.50", "22.50")), "late_fee_pyramid: the instalment lacks only what earlier fees took (16 CFR 444.4)"},
		{"TX", late("1.00", 16, short("22.51", "22.50")), ""},
		{"TX", late("1.00", 16, short("0.00", "0.00")), "late_fee_paid"},
		{"", late("22.50", 1), ""},
		{"", late("22.50", 0), "late_fee_early: the due date has not passed"},
		{"", late("1.00", 16, short("22.50", "22.50")), "late_fee_pyramid"},
		{"", late("22.50", 16, again), "late_fee_twice: the instalment has had its late fee (the contract's late fee)"},
		{"", late("22.50", 16, called), "late_fee_accelerated: no late fee on a sum due by acceleration (CFPB supervisory findings, 2023)"},
		{"", returned("99.00"), ""},
		{"PA", contract.Charge{Kind: contract.Payment, Amount: 9_00}, ""},
	} {
		var l contract.FeeLaw
		if c.state != "" {
			l = law(t, c.state, "2026-01-15")
		}
		got := ""
		var refused *contract.FeeRefused
		if err := refuse(l, c.charge); errors.As(err, &refused) {
			got = refused.Error()
		}
		if !strings.HasPrefix(got, c.want) || (c.want == "") != (got == "") {
			wrong = append(wrong, fmt.Sprintf("%q: %+v: %q, want %q", c.state, c.charge, got, c.want))
		}
	}
	return wrong
}

// February is missed, and March's own payment comes on 20 March: in Kansas
// before 2025 and in Oklahoma March has no late fee, though the account counts
// the money for February.
func TestThePaymentOfTheMonthCountsForTheMonth(t *testing.T) {
	old := law(t, "KS", "2024-01-15")
	pay := func(seq int, on string) contract.Event {
		return contract.Event{Seq: seq, Kind: contract.Payment, Date: date(on), Amount: 450_00}
	}
	for _, c := range []struct {
		events []contract.Event
		want   string
	}{
		{[]contract.Event{pay(1, "2024-03-20")}, "450.00"},
		{[]contract.Event{pay(1, "2024-03-25")}, "450.00"},
		{[]contract.Event{pay(1, "2024-03-26")}, "0.00"},
		{[]contract.Event{pay(1, "2024-02-26")}, "450.00"},
		{[]contract.Event{pay(1, "2024-02-25")}, "0.00"}, // February's
		{[]contract.Event{pay(1, "2024-03-20"), {Seq: 2, Kind: contract.Reversal, Date: date("2024-03-22"), Reverses: 1}}, "0.00"},
		{[]contract.Event{{Seq: 1, Kind: contract.Payment, Date: date("2024-03-20"), Amount: 450_00, PrincipalOnly: true}}, "0.00"},
	} {
		if got := old.Received(c.events, date("2024-02-15"), date("2024-03-15")); got != cents(c.want) {
			t.Errorf("%+v: %s for March, want %s", c.events, got, c.want)
		}
	}
	if got := old.Received([]contract.Event{pay(1, "2024-02-01")}, 0, date("2024-02-15")); got != 450_00 {
		t.Errorf("before the first due date: %s", got)
	}
	march := contract.Charge{Kind: contract.LateCharge, Amount: 22_50, Instalment: 450_00, Unpaid: 450_00, DaysLate: 11, Received: 450_00}
	if err := old.Refuse(march); err == nil || !strings.HasPrefix(err.Error(), "late_fee_current_paid") {
		t.Errorf("March: %v", err)
	}
	march.Received = 449_99
	if err := old.Refuse(march); err != nil {
		t.Errorf("March, a cent short: %v", err)
	}
}

func TestNoticeOfALateFee(t *testing.T) {
	if got := law(t, "NJ", "2026-01-15").NoticeBy(date("2026-03-01")); got != date("2026-03-06") {
		t.Errorf("NJ: notice by %s", got)
	}
	if got := law(t, "PA", "2026-01-15").NoticeBy(date("2026-03-01")); !got.IsZero() {
		t.Errorf("PA: notice by %s", got)
	}
}

func TestTheLawOfAContract(t *testing.T) {
	terms := loan()
	if l, err := terms.FeeLaw(); err != nil || l.State != "" || l.MaxLateFee(450_00, 450_00) != money.MaxAmount {
		t.Errorf("no state: %+v, %v", l, err)
	}
	terms.FeeState = "CA"
	if _, err := terms.FeeLaw(); !errors.Is(err, contract.ErrUnconfirmed) {
		t.Errorf("CA: %v", err)
	}
	terms.FeeStateConfirmed = true
	if l, err := terms.FeeLaw(); err != nil || l.State != "CA" || l.Confirmed {
		t.Errorf("CA, confirmed by the lender: %+v, %v", l, err)
	}
}

func TestAFeeForTheWayOfPayingIsOff(t *testing.T) {
	for _, c := range []struct {
		state string
		on    []string
		want  string
	}{
		{"TX", nil, "convenience_fee_off: a fee for the way of paying is not turned on for TX"},
		{"TX", []string{"FL"}, "convenience_fee_off"},
		{"TX", []string{"FL", "TX"}, ""},
		{"tx", []string{"tx"}, `terms: fee_state: "tx"`},
	} {
		if got := fmt.Sprint(contract.ConvenienceFee(c.state, c.on)); !strings.HasPrefix(got, c.want) || (c.want == "" && got != "<nil>") {
			t.Errorf("%s with %v: %s, want %q", c.state, c.on, got, c.want)
		}
	}
}

func TestALateFeeOnWhatIsUnpaid(t *testing.T) {
	f := contract.LateFee{Flat: 5_00, Percent: rate("0.05"), Cap: 25_00}
	for unpaid, want := range map[string]string{"0.00": "0.00", "0.01": "5.00", "100.00": "5.00", "100.20": "5.01", "450.39": "22.51", "450.40": "22.52", "900.00": "25.00"} {
		if got := f.On(cents(unpaid)); got != cents(want) {
			t.Errorf("on %s: %s, want %s", unpaid, got, want)
		}
	}
	if got := (contract.LateFee{Percent: 10 * money.RateScale}).On(money.MaxAmount); got != 10*money.MaxAmount {
		t.Errorf("the largest percentage of the largest amount: %s", got)
	}
}
