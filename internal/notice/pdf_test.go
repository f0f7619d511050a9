package notice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

var harbor = billing.Lender{
	Name: "Harborline Motor Finance", Address: []string{"PO Box 4100", "Alder Falls, OR 97000"}, Phone: "(503) 555-0142",
	Hours: "Monday to Friday, 7 am to 6 pm Pacific", Website: "www.harborline.example", Email: "service@harborline.example",
	Legal:  []string{"Harborline Motor Finance services this contract. Invented company; not a lender."},
	Accent: "#0b5c6b",
}

var maria = billing.Recipient{Name: "María Álvarez-Dvořák", Address: []string{"218 Juniper Street, Apt 4", "Alder Falls, OR 97001"}}

func loanStatement() billing.Statement {
	d := money.NewDate
	return billing.Statement{
		Lender: harbor, Recipient: maria, Kind: contract.Loan, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen, ending in 8812",
		Rate: 59_000_000_000, DayCount: "actual/365", Opening: d(2026, 11, 1), Closing: d(2026, 11, 30), DueDate: d(2026, 12, 15),
		BeginningBalance: 24_000_00, PrincipalPaid: 329_74, Adjustments: 100_00, EndingBalance: 23_770_26,
		InterestAccrued: 57_41, FeesOutstanding: 40_00, InterestPaid: 120_26, FeesPaid: 5_00, FeesCharged: 45_00, FinanceCharge: 117_67,
		InterestPaidYear: 1_310_55, PrincipalPaidYear: 3_911_12, FeesPaidYear: 30_00,
		RegularPayment: 450_00, PastDue: 75_25, DaysPastDue: 15, FeesDue: 40_00, AmountDue: 565_25,
		LateAfter: d(2026, 12, 25), LateFee: 22_50, PayoffToday: 23_867_67, PaymentsLeft: 48,
		AutopayText: "Autopay will draw $565.25 on Dec 15 from checking ending in 4821.",
		Lines: []billing.StatementLine{
			{Date: d(2026, 11, 15), Kind: "payment", Text: "Payment, confirmation 7K2M-QX", Amount: 455_00, Allocation: contract.Allocation{Interest: 120_26, Principal: 329_74, LateFee: 5_00}},
			{Date: d(2026, 11, 18), Kind: "payment_returned", Text: "Payment of Nov 3 returned by the bank", Amount: -100_00, Allocation: contract.Allocation{Principal: -100_00}},
			{Date: d(2026, 11, 18), Kind: "returned_fee", Text: "Returned payment fee", Amount: -20_00, Allocation: contract.Allocation{OtherFee: -20_00}},
			{Date: d(2026, 11, 26), Kind: "late_fee", Text: "Late fee for the payment due Nov 15", Amount: -25_00, Allocation: contract.Allocation{LateFee: -25_00}},
		},
		InterestLines: []billing.InterestLine{
			{From: d(2026, 10, 31), To: d(2026, 11, 15), Days: 15, Balance: 24_000_00, Basis: 365, PerDiem: "3.879452", Amount: "58.1918"},
			{From: d(2026, 11, 15), To: d(2026, 11, 30), Days: 15, Balance: 23_770_26, Basis: 365, PerDiem: "3.842316", Amount: "57.6347"},
		},
	}
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

// read checks a PDF's structure and gives its text with runs of spaces as one.
func read(t testing.TB, pdf []byte) string {
	t.Helper()
	if out := tool(t, "qpdf", "qpdf", pdf, "--check", "FILE"); strings.Contains(strings.ToLower(out), "warning") {
		t.Fatalf("qpdf: %s", out)
	}
	return strings.Join(strings.Fields(tool(t, "pdftotext", "poppler-utils", pdf, "-layout", "FILE", "-")), " ")
}

func statementText(t testing.TB, s billing.Statement) string {
	t.Helper()
	var b bytes.Buffer
	if err := StatementPDF(&b, s); err != nil {
		t.Fatal(err)
	}
	keep(t, b.Bytes())
	return read(t, b.Bytes())
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

func TestStatementSaysEveryFigure(t *testing.T) {
	s := loanStatement()
	got := statementText(t, s)
	for _, want := range []string{
		"Harborline Motor Finance Statement", "PO Box 4100, Alder Falls, OR 97000", "Page 1 of 2", "Page 2 of 2",
		"Account number 4400-118-2204", "Statement closing Nov 30, 2026", "Period Nov 1, 2026 to Nov 30, 2026", "Dec 15, 2026",
		"María Álvarez-Dvořák", "2024 Vento Lumen, ending in 8812",
		"Past due for 15 days $75.25", "Regular payment $450.00", "Fees $40.00", "Amount due $565.25",
		"A late fee of $22.50 may be added if $525.25 is not paid by Dec 25, 2026.", s.AutopayText,
		"Beginning balance, Nov 1 $24,000.00", "Principal paid −$329.74", "Put back by returned payments $100.00", "Ending balance, Nov 30 $23,770.26",
		"Regular payment $450.00", "Payments left 48", "Annual interest rate 5.9", "Interest not paid yet $57.41", "Payoff amount on Nov 30 $23,867.67",
		"Nov 15, 2026 Payment, confirmation 7K2M-QX $455.00 $120.26 $329.74 $5.00", "−$100.00 $0.00 −$100.00 $0.00", "Total $355.00 $120.26 $229.74 $5.00",
		"Oct 31, 2026 Nov 15, 2026 $24,000.00 365 $3.879452 15 $58.1918", "Nov 15, 2026 Nov 30, 2026 $23,770.26 365 $3.842316 15 $57.6347",
		"Finance charge for this period $117.67", "Interest paid in this period $120.26",
		"Nov 18, 2026 Returned payment fee −$20.00", "Nov 26, 2026 Late fee for the payment due Nov 15 −$25.00",
		"Fees charged in this period $45.00", "Fees paid in this period $5.00", "Fees not paid yet on Nov 30, 2026 $40.00",
		"Year to date, 2026 Interest paid $1,310.55 Principal paid $3,911.12 Fees paid $30.00",
		"Payment coupon", "Amount enclosed $", "Due date Dec 15, 2026", harbor.Phone, harbor.Website, harbor.Legal[0],
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestStatementThatDoesNotRollIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*billing.Statement){
		"balances":   func(s *billing.Statement) { s.EndingBalance++ },
		"amount due": func(s *billing.Statement) { s.AmountDue = 100_00 },
	} {
		s := loanStatement()
		spoil(&s)
		var b bytes.Buffer
		if err := StatementPDF(&b, s); !errors.Is(err, ErrStatement) || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, b.Len())
		}
	}
}

func leaseStatement() billing.Statement {
	s := loanStatement()
	s.Kind, s.Rate, s.InterestLines, s.Unapplied = contract.Lease, 0, nil, 12_50
	s.InterestAccrued, s.InterestPaid, s.FinanceCharge, s.InterestPaidYear = 0, 0, 0, 0
	s.PrincipalPaid, s.Adjustments, s.EndingBalance = 450_00, 0, 23_550_00
	s.Lines = s.Lines[:1]
	s.Lines[0].Amount, s.Lines[0].Allocation = 462_50, contract.Allocation{Principal: 450_00, Unapplied: 12_50}
	return s
}

// 12 CFR 1013.4(s): a lessor does not speak of an annual percentage rate.
var leaseNever = regexp.MustCompile(`(?i)interest|\bAPR\b|annual|\brate\b|finance charge|principal`)

func TestLeaseStatementSpeaksOfLeasePayments(t *testing.T) {
	got := statementText(t, leaseStatement())
	if bad := leaseNever.FindAllString(got, -1); bad != nil {
		t.Errorf("%q in\n%s", bad, got)
	}
	for _, want := range []string{"Lease payments −$450.00", "Ending balance, Nov 30 $23,550.00", "On a lease the balance is the lease payments left to make, without tax.", "Amount Lease payments Fees Held",
		"Nov 15, 2026 Payment, confirmation 7K2M-QX $462.50 $450.00 $0.00 $12.50", "Held for you $12.50", "Year to date, 2026 Lease payments $3,911.12"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestStatementSaysWhichPaymentPreventsTheLateFee(t *testing.T) {
	s := loanStatement()
	s.LateAfter = money.NewDate(2026, 12, 1) // of the payment past due, before the due date
	if got := LateFeeWords(s); got != "A late fee of $22.50 may be added if $75.25 is not paid by Dec 1, 2026." {
		t.Error(got)
	}
	s.LateAfter = 0
	if got := LateFeeWords(s); got != "" {
		t.Error(got)
	}
}

func TestCouponWithAutopayAsksForNoCheck(t *testing.T) {
	s := loanStatement()
	s.PastDue, s.DaysPastDue, s.FeesDue, s.AmountDue, s.FinanceAdjustment = 0, 0, 0, 450_00, -1_25
	s.Lender.Website = "https://www.a-rather-long-name-for-a-lender-of-cars.example/customers/pay"
	got := statementText(t, s)
	for _, want := range []string{"Autopay is on. Do not send a check.", "Interest put back or taken off for earlier periods −$1.25"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "Amount enclosed") || strings.Contains(got, "with your check") {
		t.Errorf("asks for a check:\n%s", got)
	}
	s.AutopayText, s.Lender.Address = "", append([]string{s.Lender.Name}, s.Lender.Address...)
	if got := payee(s.Lender); len(got) != 3 || !strings.Contains(statementText(t, s), "Amount enclosed $") {
		t.Errorf("the name stands twice: %q", got)
	}
}

func TestStatementWithNothingDue(t *testing.T) {
	s := loanStatement()
	s.PastDue, s.DaysPastDue, s.FeesDue, s.AmountDue, s.AutopayText, s.Lines, s.InterestLines = 0, 0, 0, 0, "", nil, nil
	got := statementText(t, s)
	for _, want := range []string{"No payment is due", "We received no payments in this period."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "late fee of") {
		t.Errorf("threatens a late fee:\n%s", got)
	}
}

func TestLongStatementRepeatsItsHeads(t *testing.T) {
	s := loanStatement()
	line := s.Lines[0]
	for range 120 {
		s.Lines = append(s.Lines, line)
		s.InterestLines = append(s.InterestLines, s.InterestLines[0])
	}
	got := statementText(t, s)
	if n := strings.Count(got, "Date What Amount Interest Principal Fees"); n < 3 {
		t.Errorf("the head stands %d times", n)
	}
	if n := strings.Count(got, "Page "); n < 5 || !strings.Contains(got, fmt.Sprintf("Page %d of %d", n, n)) {
		t.Errorf("%d pages", n)
	}
	if n := strings.Count(got, line.Text); n != 121 {
		t.Errorf("%d of 121 payments", n)
	}
}

func TestSameSnapshotSameBytes(t *testing.T) {
	var a, b bytes.Buffer
	if err := errors.Join(StatementPDF(&a, loanStatement()), StatementPDF(&b, loanStatement())); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two copies differ")
	}
	info := tool(t, "pdfinfo", "poppler-utils", a.Bytes(), "FILE")
	for _, want := range []string{"Harborline Motor Finance statement, Nov 30, 2026", "Author:          Harborline Motor Finance", "612 x 792 pts (letter)", "Mon Nov 30 "} {
		if !strings.Contains(info, want) {
			t.Errorf("no %q in\n%s", want, info)
		}
	}
	if !bytes.Contains(a.Bytes(), []byte("/Lang (en-US)")) {
		t.Error("no language")
	}
}

// Hostile text is drawn inside the margins, on its own lines, as text.
func TestHostileTextOnPaper(t *testing.T) {
	for name, text := range map[string]string{
		"PDF operators":  `Bob) Tj ET Q endstream endobj (\`,
		"500 characters": strings.Repeat("Wolfeschlegelsteinhausen", 21),
		"many words":     strings.Repeat("Maria de los Angeles ", 25),
		"not Latin":      "Мария 王小明 \U0001F697 \u202eevil",
		"control":        "a\x00b\x1b[31mc\nd\te\xff",
		"nothing":        "",
	} {
		t.Run(name, func(t *testing.T) {
			s := loanStatement()
			s.Recipient.Name, s.Vehicle, s.AccountNumber, s.AutopayText = text, text, text, text
			s.Recipient.Address = []string{text, text}
			s.Lines[0].Text, s.Lines[2].Text = text, text
			s.Lender.Name, s.Lender.Website, s.Lender.Accent = text, text, text
			s.AmountDue, s.Lines[0].Amount = money.MaxAmount, -money.MaxAmount
			var b bytes.Buffer
			if err := StatementPDF(&b, s); err != nil {
				t.Fatal(err)
			}
			keep(t, b.Bytes())
			got := read(t, b.Bytes())
			for _, want := range []string{"$9,999,999,999.99", "Finance charge for this period $117.67", "Payment coupon"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if name == "not Latin" && !strings.Contains(got, "????? ??? ? ?evil") {
				t.Errorf("missing characters are not shown:\n%s", got)
			}
			noOverlap(t, b.Bytes())
		})
	}
}

var wordBox = regexp.MustCompile(`<word xMin="([-0-9.]+)" yMin="([-0-9.]+)" xMax="([-0-9.]+)" yMax="([-0-9.]+)">(.*)</word>`)

// noOverlap looks at where every word stands: within the margins, and none over
// another.
func noOverlap(t *testing.T, pdf []byte) {
	t.Helper()
	type box struct {
		x0, y0, x1, y1 float64
		word           string
	}
	for _, page := range strings.Split(tool(t, "pdftotext", "poppler-utils", pdf, "-bbox", "FILE", "-"), "</page>") {
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
			b.word = m[5]
			b.y0 += 0.3 * (b.y1 - b.y0) // boxes are as high as the face, letters are not
			if b.x0 < left-1 || b.x1 > right+1 || b.y1 > 792 {
				t.Errorf("%.40q at %.0f..%.0f, %.0f is off the page", b.word, b.x0, b.x1, b.y1)
			}
			for _, o := range boxes {
				if min(b.x1, o.x1)-max(b.x0, o.x0) > 0.5 && min(b.y1, o.y1)-max(b.y0, o.y0) > 1.5 {
					t.Errorf("%.30q (%.0f, %.0f) lies over %.30q (%.0f, %.0f)", b.word, b.x0, b.y0, o.word, o.x0, o.y0)
				}
			}
			boxes = append(boxes, b)
		}
	}
}

func TestPapersDoNotOverlap(t *testing.T) {
	for name, s := range map[string]billing.Statement{"loan": loanStatement(), "lease": leaseStatement()} {
		var b bytes.Buffer
		if err := StatementPDF(&b, s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		noOverlap(t, b.Bytes())
	}
}

func loanReceipt() billing.Receipt {
	return billing.Receipt{
		Lender: harbor, Recipient: maria, Kind: contract.Loan, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen, ending in 8812",
		Confirmation: "7K2M-QX", Rail: billing.ACH, State: billing.Submitted, Amount: 612_40, Date: money.NewDate(2026, 12, 15),
		Made: money.InstantOf(time.Date(2026, 12, 14, 22, 5, 0, 0, time.UTC)), Method: "checking ending in 4821",
		Allocation:   contract.Allocation{Interest: 101_75, Principal: 505_65, LateFee: 5_00},
		Spans:        []billing.InterestLine{{From: money.NewDate(2026, 11, 14), To: money.NewDate(2026, 12, 15), Days: 31, Balance: 20_000_00, Basis: 365, PerDiem: "3.282192", Amount: "101.7479"}},
		BalanceAfter: 19_494_35, Authorization: "I authorize one debit of $612.40 from checking ending in 4821 on Dec 15, 2026.",
	}
}

func paperText(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	keep(t, b.Bytes())
	noOverlap(t, b.Bytes())
	return read(t, b.Bytes())
}

func receiptText(t *testing.T, r billing.Receipt) string {
	t.Helper()
	return paperText(t, func(w io.Writer) error { return ReceiptPDF(w, r) })
}

func TestReceipt(t *testing.T) {
	got := receiptText(t, loanReceipt())
	for _, want := range []string{"Receipt", "$612.40", "Received. It counts from Dec 15, 2026 and was sent to your bank.", "Confirmation number 7K2M-QX",
		"Payment date Dec 15, 2026", "Dec 14, 2026, 10:05 PM UTC", "From checking ending in 4821", "Interest $101.75", "Principal $505.65", "Late fees $5.00",
		"Balance after this payment $19,494.35", "Each line is the interest a day × days.", "Nov 14, 2026 Dec 15, 2026 $20,000.00 365 $3.282192 31 $101.7479", loanReceipt().Authorization, "Page 1 of 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestReceiptOfAReturnedPayment(t *testing.T) {
	r := loanReceipt()
	r.State, r.ReturnedOn, r.ReturnReason, r.Allocation = billing.Returned, money.NewDate(2026, 12, 17), "Insufficient funds", contract.Allocation{}
	got := receiptText(t, r)
	if !strings.Contains(got, "Payment returned by the bank on Dec 17, 2026: Insufficient funds. This payment does not count on your account.") || strings.Contains(got, "Balance after") || strings.Contains(got, "Interest") {
		t.Error(got)
	}
}

func TestLeaseReceiptSpeaksOfLeasePayments(t *testing.T) {
	r := loanReceipt()
	r.Kind, r.Allocation = contract.Lease, contract.Allocation{Principal: 612_40}
	got := receiptText(t, r)
	if bad := leaseNever.FindAllString(got, -1); bad != nil || !strings.Contains(got, "Lease payments $612.40") {
		t.Errorf("%q in\n%s", bad, got)
	}
}

func TestReceiptIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*billing.Receipt){
		"parts are not the whole": func(r *billing.Receipt) { r.Allocation.Principal++ },
		"unknown state":           func(r *billing.Receipt) { r.State = "lost" },
	} {
		r := loanReceipt()
		spoil(&r)
		var b bytes.Buffer
		if err := ReceiptPDF(&b, r); err == nil || b.Len() > 0 {
			t.Errorf("%s: printed", name)
		}
	}
}

func TestAutopayCopyHoldsTheAuthorization(t *testing.T) {
	a := billing.AutopayPaper{Lender: harbor, Recipient: maria, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen, ending in 8812",
		Method: "checking ending in 4821", Agreed: loanReceipt().Made, FirstDate: money.NewDate(2027, 1, 15), FirstAmount: 450_00,
		Text: "I authorize Harborline Motor Finance to debit my account each month on the due date for the amount due. I may stop this by signing in or calling at least three business days before."}
	got := paperText(t, func(w io.Writer) error { return AutopayPDF(w, a) })
	for _, want := range []string{"Autopay authorization", "$450.00", "On Jan 15, 2027 from checking ending in 4821.", a.Text, "You agreed on Dec 14, 2026, 10:05 PM UTC", "Keep this copy."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	a.FirstAmount = 0
	if got := paperText(t, func(w io.Writer) error { return AutopayPDF(w, a) }); !strings.Contains(got, "The payment of Jan 15, 2027 was already paid when you agreed.") || strings.Contains(got, "$0.00") {
		t.Error(got)
	}
	a.Text = ""
	if err := AutopayPDF(io.Discard, a); err == nil {
		t.Error("a copy without its text was printed")
	}
}

func BenchmarkStatementPDF(b *testing.B) {
	s := loanStatement()
	for b.Loop() {
		if err := StatementPDF(io.Discard, s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
}
