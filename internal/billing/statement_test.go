package billing_test

import (
	"errors"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

func TestStatementSaysWhichPaymentPreventsTheLateFee(t *testing.T) {
	s := billing.Statement{AmountDue: 565_25, FeesDue: 40_00, PastDue: 75_25, DueDate: day("2026-12-15"), LateAfter: day("2026-12-25"), LateFee: 22_50}
	if got := s.LateFeeWords(billing.English); got != "A late fee of $22.50 may be added if $525.25 is not paid by Dec 25, 2026." {
		t.Error(got)
	}
	s.LateAfter = day("2026-12-01") // of the payment past due, before the due date
	if got := s.LateFeeWords(billing.English); got != "A late fee of $22.50 may be added if $75.25 is not paid by Dec 1, 2026." {
		t.Error(got)
	}
	if got := s.LateFeeWords(billing.Spanish); got != "Se puede agregar un cargo por atraso de $22.50 si no se pagan $75.25 a más tardar el 1 de diciembre de 2026." {
		t.Error(got)
	}
	if s.LateAfter = 0; s.LateFeeWords(billing.English) != "" {
		t.Error("a late fee without a day")
	}
}

func TestWhatAStatementAsksForThisTime(t *testing.T) {
	for _, c := range []struct {
		due, past, left money.Cents
		label           string
		want            money.Cents
	}{
		{450_00, 0, 9_000_00, "Regular payment", 450_00}, {525_00, 75_00, 9_000_00, "Regular payment", 450_00},
		{120_00, 0, 9_000_00, "Regular payment (the rest of it)", 120_00}, {0, 0, 9_000_00, "Regular payment (already paid)", 0}, {75_00, 75_00, 9_000_00, "Regular payment (already paid)", 0},
	} {
		s := billing.Statement{AmountDue: c.due, PastDue: c.past, EndingBalance: c.left, RegularPayment: 450_00}
		if label, amount := s.ThisPayment(billing.English); label != c.label || amount != c.want {
			t.Errorf("%s due, %s past due: %q %s", c.due, c.past, label, amount)
		}
	}
}

func TestDatesOnPaper(t *testing.T) {
	on := day("2026-12-05")
	for _, got := range [][2]string{
		{billing.LongDate(on, billing.English), "Dec 5, 2026"}, {billing.LongDate(on, billing.Spanish), "5 de diciembre de 2026"},
		{billing.ShortDate(on, billing.Spanish), "5 dic 2026"}, {billing.ShortDate(day("2026-05-31"), billing.Spanish), "31 may 2026"}, {billing.LongDate(0, billing.Spanish), money.Date(0).Long()},
	} {
		if got[0] != got[1] {
			t.Errorf("%q, not %q", got[0], got[1])
		}
	}
}

func TestNextDraftInWords(t *testing.T) {
	n := &billing.NextDraft{Amount: 612_40, Date: day("2026-12-15"), Type: "savings", Last4: "4821"}
	if got := n.Text(billing.English); got != "Autopay will pay $612.40 on Dec 15, 2026 from your savings account ending in 4821." {
		t.Error(got)
	}
	if n.Shared = true; n.Text(billing.Spanish) != "Pagos automáticos: $612.40 el 15 de diciembre de 2026 de la cuenta de ahorros terminada en 4821." {
		t.Error(n.Text(billing.Spanish))
	}
	if n = nil; n.Text(billing.English) != "" {
		t.Error("nothing is taken, and it is said")
	}
}

// The check digit is that of every card: 79927398713 is the textbook's example.
func TestRemittanceLine(t *testing.T) {
	for _, c := range []struct {
		account string
		due     money.Cents
		want    string
	}{
		{"4400-118-2204", 565_25, "440011822040000000565253"},
		{"", 7992739871, "0079927398713"},
		{"kmf 12a", 0, "KMF12A0000000000005"},
		{"Ñ)Tj", money.MaxAmount, "TJ9999999999992"},
		{"a1b2c3d4e5f6g7h8i9j0k1l2", -5, "A1B2C3D4E5F6G7H8I9J00000000000003"},
	} {
		if got := billing.Remittance(c.account, c.due); got != c.want {
			t.Errorf("%q, %s: %s, not %s", c.account, c.due, got, c.want)
		}
	}
}

func TestAddressesOfALender(t *testing.T) {
	l := billing.Lender{Address: []string{"a"}, Accent: "#0b5c6b"}
	if l.PayTo()[0] != "a" || l.Disputes()[0] != "a" || l.Bankruptcies()[0] != "a" || l.Color() != "#0b5c6b" {
		t.Errorf("%+v", l)
	}
	l.PaymentAddress, l.DisputeAddress, l.BankruptcyAddress, l.Accent = []string{"p"}, []string{"d"}, []string{"b"}, "red; x"
	if l.PayTo()[0] != "p" || l.Disputes()[0] != "d" || l.Bankruptcies()[0] != "b" || l.Color() != "" {
		t.Errorf("%+v", l)
	}
	if w := (billing.Words{English: "yes"}); w.In(billing.Spanish) != "yes" {
		t.Error("words without Spanish are not said in English")
	}
}

// A statement of a lease tells miles where it can, and of a loan the payoff
// through the due date with the clauses of its fees.
func TestStatementKnowsWhereTheAccountLeads(t *testing.T) {
	terms := contract.Terms{Kind: contract.Loan, Principal: 24_000_00, Rate: 59_000_000_000, DayCount: money.Actual365, Rounding: money.HalfUp, Start: day("2026-01-15"), FirstDue: day("2026-02-15"),
		Payments: 60, Payment: 462_87, Application: contract.DefaultApplication, GraceDays: 10, LateFee: contract.LateFee{Flat: 15_00}, ReturnedFee: 20_00}
	in := billing.StatementInput{Terms: &terms, State: terms.Open(), Opening: terms.Start, Closing: day("2026-01-31"), DueDate: terms.FirstDue, Original: 28_400_00, OriginalTerm: 72}
	s, err := billing.MakeStatement(in)
	if err != nil {
		t.Fatal(err)
	}
	// 24,000 × 5.90 % / 365 × 31 days = 120.26
	if s.Payoff == nil || s.Payoff.GoodThrough != terms.FirstDue || s.Payoff.Total != 24_120_26 || s.Payoff.PerDiem != "3.879452" || s.Original != 28_400_00 || s.Payments != 72 || s.Maturity != day("2031-01-15") || s.Miles != nil {
		t.Errorf("%+v %+v", s, s.Payoff)
	}
	if c := s.Clauses; c == nil || c.GraceDays != 10 || c.LateFee.Flat != 15_00 || c.ReturnedFee != 20_00 {
		t.Errorf("%+v", s.Clauses)
	}
	lease := contract.Terms{Kind: contract.Lease, Principal: 10_800_00, DayCount: money.Actual365, Rounding: money.HalfUp, Start: day("2026-01-15"), FirstDue: day("2026-01-15"), Payments: 36, Payment: 300_00,
		Application: contract.DefaultApplication, LeaseTerms: &contract.LeaseTerms{CapitalizedCost: 30_000_00, Residual: 21_000_00, Term: 36, Start: day("2026-01-15"), MilesPerYear: 12_000, ExcessMile: 25, BasePayment: 300_00}}
	in = billing.StatementInput{Terms: &lease, State: lease.Open(), Opening: lease.Start, Closing: day("2026-12-31"), DueDate: day("2027-01-15"),
		Events: []contract.Event{{Seq: 1, Kind: contract.Odometer, Date: day("2026-07-16"), Miles: 9_000}, {Seq: 2, Kind: contract.Odometer, Date: day("2027-02-01"), Miles: 90_000}}}
	if s, err = billing.MakeStatement(in); err != nil {
		t.Fatal(err)
	}
	if m := s.Miles; m == nil || m.On != day("2026-07-16") || m.Driven != 9_000 || m.Allowance != 36_000 || m.Charge != money.Cents(m.Excess)*25 || m.Excess < 15_000 || s.Maturity != day("2029-01-15") || s.Payoff != nil || s.Original != 0 {
		t.Errorf("%+v %+v", s, s.Miles)
	}
	in.State.Principal++
	if s, err := billing.MakeStatement(in); err == nil || !errors.Is(err, billing.ErrStatement) {
		t.Errorf("a statement that does not add up was made: %+v", s)
	}
}
