package paper

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

var harbor = billing.Lender{
	Name: "Harborline Motor Finance", Address: []string{"Harborline Motor Finance", "12 Wharf Road", "Alder Falls, OR 97000"}, Phone: "(503) 555-0142",
	Hours: "Monday to Friday, 7 am to 6 pm Pacific", Website: "www.harborline.example", Email: "service@harborline.example",
	Legal:  []string{"Harborline Motor Finance services this contract. Invented company; not a lender."},
	Accent: "#0b5c6b", PaymentAddress: []string{"Harborline Motor Finance", "PO Box 4100", "Alder Falls, OR 97000"},
	DisputeAddress: []string{"Credit Disputes", "PO Box 4177", "Alder Falls, OR 97000"}, BankruptcyAddress: []string{"Bankruptcy Notices", "PO Box 4188", "Alder Falls, OR 97000"},
}

var maria = billing.Recipient{Name: "María Álvarez-Dvořák", Address: []string{"218 Juniper Street, Apt 4", "Alder Falls, OR 97001"}}

var d = money.NewDate

func loanStatement() *billing.Statement {
	return &billing.Statement{
		Lender: harbor, Recipient: maria, Kind: contract.Loan, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen",
		Rate: 59_000_000_000, DayCount: "actual/365", Opening: d(2026, 11, 1), Closing: d(2026, 11, 30), DueDate: d(2026, 12, 15),
		BeginningBalance: 24_000_00, PrincipalPaid: 329_74, Adjustments: 100_00, EndingBalance: 23_770_26,
		InterestAccrued: 57_41, FeesOutstanding: 40_00, InterestPaid: 120_26, FeesPaid: 5_00, FeesCharged: 45_00, FinanceCharge: 117_67,
		FinanceAdjustment: 1_85, InterestPaidYear: 1_310_55, PrincipalPaidYear: 3_911_12, FeesPaidYear: 30_00,
		RegularPayment: 450_00, PastDue: 75_25, DaysPastDue: 15, FeesDue: 40_00, AmountDue: 565_25,
		LateAfter: d(2026, 12, 25), LateFee: 22_50, PayoffToday: 23_867_67, PaymentsLeft: 48, Payments: 60, Maturity: d(2030, 11, 15), Original: 28_400_00,
		Payoff:   &billing.StatementPayoff{GoodThrough: d(2026, 12, 15), Total: 23_925_30, PerDiem: "3.842316"},
		Autopay:  &billing.NextDraft{Amount: 450_00, Date: d(2026, 12, 15), Type: "checking", Last4: "4821"},
		Clauses:  &billing.FeeClauses{GraceDays: 10, LateFee: contract.LateFee{Percent: 50_000_000_000, Cap: 25_00}, ReturnedFee: 20_00, Law: "ORS 82.010"},
		Messages: []billing.Words{{English: "Our office is closed on December 25.", Spanish: "Nuestra oficina cierra el 25 de diciembre."}},
		Lines: []billing.StatementLine{
			{Date: d(2026, 11, 15), Kind: "payment", Event: contract.Payment, Source: contract.FromACH, Confirmation: "7K2M-QX", Amount: 455_00, Allocation: contract.Allocation{Interest: 120_26, Principal: 329_74, LateFee: 5_00}},
			{Date: d(2026, 11, 18), Kind: "payment_returned", Event: contract.Payment, EventDate: d(2026, 11, 3), Confirmation: "4WW-18A", Amount: -100_00, Allocation: contract.Allocation{Principal: -100_00}},
			{Date: d(2026, 11, 18), Kind: "returned_fee", Event: contract.ReturnedFee, Amount: -20_00, Allocation: contract.Allocation{OtherFee: -20_00}},
			{Date: d(2026, 11, 26), Kind: "late_fee", Event: contract.LateCharge, Instalment: d(2026, 11, 15), Amount: -25_00, Allocation: contract.Allocation{LateFee: -25_00}},
		},
		InterestLines: []billing.InterestLine{
			{From: d(2026, 10, 31), To: d(2026, 11, 15), Days: 15, Balance: 24_000_00, Rate: 59_000_000_000, Basis: 365, PerDiem: "3.879452", Amount: "58.1918"},
			{From: d(2026, 11, 15), To: d(2026, 11, 30), Days: 15, Balance: 23_770_26, Rate: 59_000_000_000, Basis: 365, PerDiem: "3.842316", Amount: "57.6347"},
		},
	}
}

// calmStatement is of an account with nothing behind: the usual one.
func calmStatement() *billing.Statement {
	s := loanStatement()
	s.Adjustments, s.EndingBalance = 0, 23_670_26
	s.Lines, s.FeesOutstanding, s.FeesPaid, s.FeesCharged, s.FeesDue, s.PastDue, s.DaysPastDue = s.Lines[:1], 0, 0, 0, 0, 0, 0
	s.Lines[0].Amount, s.Lines[0].Allocation.LateFee = 450_00, 0
	s.AmountDue, s.FinanceAdjustment, s.FinanceCharge, s.InterestAccrued = 450_00, 0, 115_58, 57_39
	s.InterestLines[1].Balance, s.InterestLines[1].PerDiem, s.InterestLines[1].Amount = 23_670_26, "3.826152", "57.3923"
	s.PayoffToday = s.EndingBalance + s.InterestAccrued
	s.Payoff = &billing.StatementPayoff{GoodThrough: d(2026, 12, 15), Total: 23_785_04, PerDiem: "3.826152"}
	return s
}

func leaseStatement() *billing.Statement {
	s := calmStatement()
	s.Kind, s.Rate, s.InterestLines, s.Unapplied, s.Payoff, s.Original, s.Autopay = contract.Lease, 0, nil, 12_50, nil, 0, nil
	s.InterestAccrued, s.InterestPaid, s.FinanceCharge, s.InterestPaidYear = 0, 0, 0, 0
	s.BeginningBalance, s.PrincipalPaid, s.EndingBalance = 10_800_00, 450_00, 10_350_00
	s.PaymentsLeft, s.Payments, s.Maturity, s.PayoffToday = 23, 36, d(2028, 10, 15), 10_350_00
	s.Miles = &billing.StatementMiles{On: d(2026, 11, 20), Driven: 14_210, Allowed: 13_050, Allowance: 36_000, Paced: true, PerYear: 13_067, AllowedPerYear: 12_000, Projected: 39_201, Excess: 3_201, ExcessMile: 25, Charge: 800_25}
	s.Lines[0].Amount, s.Lines[0].Allocation = 500_00, contract.Allocation{Principal: 450_00, Tax: 37_50, Unapplied: 12_50}
	s.TaxPaid = 37_50
	return s
}

func loanReceipt() *billing.Receipt {
	return &billing.Receipt{
		Lender: harbor, Recipient: maria, Kind: contract.Loan, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen",
		Confirmation: "7K2M-QX", Rail: billing.ACH, State: billing.Submitted, Amount: 612_40, Date: d(2026, 12, 15),
		Made: money.InstantOf(time.Date(2026, 12, 14, 22, 5, 0, 0, time.UTC)), Method: "checking ending in 4821",
		Allocation:   contract.Allocation{Interest: 101_75, Principal: 505_65, LateFee: 5_00},
		Spans:        []billing.InterestLine{{From: d(2026, 11, 14), To: d(2026, 12, 15), Days: 31, Balance: 20_000_00, Basis: 365, PerDiem: "3.282192", Amount: "101.7479"}},
		BalanceAfter: 19_494_35, Authorization: "I authorize one debit of $612.40 from checking ending in 4821 on Dec 15, 2026.",
	}
}

func authorization() *billing.AutopayPaper {
	return &billing.AutopayPaper{Lender: harbor, Recipient: maria, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen",
		Method: "checking ending in 4821", Agreed: loanReceipt().Made, FirstDate: d(2027, 1, 15), FirstAmount: 450_00,
		Version: "autopay-2", Signed: "María Álvarez", Hash: strings.Repeat("ab12", 16),
		Text: "I authorize Harborline Motor Finance to debit my account each month on the due date for the amount due. I may stop this by signing in or calling at least three business days before."}
}

// payoffLetter is 24,000.00 at 5.90 %, actual/365, 31 days after it began, good
// for ten days more: 120.26 and 38.79 of interest, 159.05 in all.
func payoffLetter() *billing.PayoffLetter {
	l := &billing.PayoffLetter{
		Lender: harbor, Recipient: maria, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen", VIN: "1HZ0LMN24P0008812",
		Made: d(2026, 2, 15), GoodThrough: d(2026, 2, 25), Principal: 24_000_00, Interest: 159_05, LateFees: 25_00, OtherFees: 15_00, Total: 24_199_05,
		PerDiem: "3.879452", Code: "QX7-4KM-22P", CheckAt: "www.harborline.example/check",
		InterestLines: []billing.InterestLine{{From: d(2026, 1, 15), To: d(2026, 2, 25), Days: 41, Balance: 24_000_00, Basis: 365, PerDiem: "3.879452", Amount: "159.0575"}},
		Pending:       []billing.PayoffPayment{{Date: d(2026, 2, 13), Amount: 462_87, Confirmation: "7K2-MQX-44P"}},
		Scheduled:     []billing.PayoffPayment{{Date: d(2026, 3, 15), Amount: 462_87, Confirmation: "9TT-2RW-A5B"}},
	}
	for day := money.Date(0); day <= 10; day++ {
		l.Table = append(l.Table, billing.PayoffDay{Date: l.Made + day, Total: 24_160_26 + 3_87*money.Cents(day)}) // near enough for a table
	}
	l.Table[10].Total = l.Total
	return l
}

// tool runs a program that these tests need; they say which package it is in.
func tool(t testing.TB, name, pkg string, in []byte, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is needed: install the package %s", name, pkg)
	}
	file := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(file, in, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// read checks a PDF's structure and gives its text in the order of its content,
// with runs of spaces as one.
func read(t testing.TB, pdf []byte) string {
	t.Helper()
	if out := tool(t, "qpdf", "qpdf", pdf, "--check", "FILE"); strings.Contains(strings.ToLower(out), "warning") {
		t.Fatalf("qpdf: %s", out)
	}
	return strings.Join(strings.Fields(tool(t, "pdftotext", "poppler-utils", pdf, "-raw", "FILE", "-")), " ")
}

// keep leaves a copy to look at in the folder that KEEP_PAPERS names.
func keep(t testing.TB, pdf []byte) {
	t.Helper()
	if dir := os.Getenv("KEEP_PAPERS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, strings.NewReplacer("/", "_", " ", "_").Replace(t.Name())+".pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// set sets a snapshot, looks where its words stand, and reads it.
func set[T any](t testing.TB, of func(string, *T) ([]byte, error), language string, snapshot *T) string {
	t.Helper()
	b, err := of(language, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, b)
	noOverlap(t, b)
	return read(t, b)
}

func says(t testing.TB, got string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

var wordBox = regexp.MustCompile(`<word xMin="([-0-9.]+)" yMin="([-0-9.]+)" xMax="([-0-9.]+)" yMax="([-0-9.]+)">(.*)</word>`)

// noOverlap looks at where every word stands: within the margins, and none over
// another.
func noOverlap(t testing.TB, pdf []byte) {
	t.Helper()
	type box struct {
		x0, y0, x1, y1 float64
		word           string
	}
	for n, page := range strings.Split(tool(t, "pdftotext", "poppler-utils", pdf, "-bbox", "FILE", "-"), "</page>") {
		var boxes []box
		for _, m := range wordBox.FindAllStringSubmatch(page, -1) {
			var b box
			for i, at := range []*float64{&b.x0, &b.y0, &b.x1, &b.y1} {
				v, err := strconv.ParseFloat(m[i+1], 64)
				if err != nil {
					t.Fatal(err)
				}
				*at = v
			}
			if b.word = m[5]; !strings.ContainsFunc(b.word, func(r rune) bool { return !unicode.Is(unicode.Mn, r) }) {
				continue // accents of the letter that they stand on
			}
			b.y0 += 0.3 * (b.y1 - b.y0) // boxes are as high as the face, letters are not
			if b.x0 < left-1 || b.x1 > right+1 || b.y1 > 792 {
				t.Errorf("page %d: %.40q at %.0f..%.0f, %.0f is off the page", n+1, b.word, b.x0, b.x1, b.y1)
			}
			for _, o := range boxes {
				if min(b.x1, o.x1)-max(b.x0, o.x0) > 0.5 && min(b.y1, o.y1)-max(b.y0, o.y0) > 1.5 {
					t.Errorf("page %d: %.30q (%.0f, %.0f) lies over %.30q (%.0f, %.0f)", n+1, b.word, b.x0, b.y0, o.word, o.x0, o.y0)
				}
			}
			boxes = append(boxes, b)
		}
	}
}
