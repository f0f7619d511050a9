package paper

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// inOrder says that each fact stands after the one before it, in the order in
// which the page is read.
func inOrder(t *testing.T, got string, facts ...string) {
	t.Helper()
	rest := got
	for _, want := range facts {
		i := strings.Index(rest, want)
		if i < 0 {
			t.Errorf("%q is not there, or not in its place, in\n%s", want, got)
			continue
		}
		rest = rest[i+len(want):]
	}
}

func TestStatementSaysEveryFigureInOrder(t *testing.T) {
	got := set(t, Statement, billing.English, loanStatement())
	inOrder(t, got, "Harborline Motor Finance", "Statement", "12 Wharf Road, Alder Falls, OR 97000 · (503) 555-0142 · www.harborline.example",
		"Account number 4400-118-2204", "Closing date Nov 30, 2026", "Period Nov 1, 2026 – Nov 30, 2026", "María Álvarez-Dvořák", "218 Juniper Street, Apt 4", "Alder Falls, OR 97001", "2024 Vento Lumen",
		"Amount due $565.25", "Due date Dec 15, 2026", "Past due for 15 days $75.25", "Regular payment $450.00", "Fees $40.00", "Amount due $565.25",
		"Your account is past due", "$75.25 is past due. A late fee of $22.50 may be added if $525.25 is not paid by Dec 25, 2026.",
		"How to pay", "Autopay will pay $450.00 on Dec 15, 2026 from your checking account ending in 4821.", "Online Sign in at www.harborline.example.",
		"Account summary", "Beginning balance, Nov 1, 2026 $24,000.00", "Principal paid −$329.74", "Put back by returned payments", "$100.00", "Ending balance, Nov 30, 2026 $23,770.26", "Interest not paid yet $57.41", "Fees not paid yet $40.00",
		"Amount of the loan $28,400.00", "Principal paid so far $4,629.74", "Principal left $23,770.26", "Payments left 48", "Regular payment $450.00", "Last payment due Nov 15, 2030",
		"Payments received and how they were applied", "Date What Amount Interest Principal Fees", "Nov 15, 2026 Payment by bank account, 7K2M-QX $455.00 $120.26 $329.74 $5.00")
	says(t, got, "Payment of Nov 3, 2026 returned", "−$100.00 $0.00 −$100.00 $0.00", "Total $355.00 $120.26 $229.74 $5.00")
	inOrder(t, got, "Cut here. Send this part with your check.", "Payment coupon", "María Álvarez-Dvořák", "Harborline Motor Finance PO Box 4100 Alder Falls, OR 97000",
		"Account number 4400-118-2204", "Due date Dec 15, 2026", "Amount due $565.25", "Amount enclosed $", "440011822040000000565253",
		"Interest", "Oct 31, 2026 Nov 15, 2026 $24,000.00 5.90% 365 $3.879452 15 $58.1918", "Nov 15, 2026 Nov 30, 2026 $23,770.26 5.90% 365 $3.842316 15 $57.6347", "Sum", "$115.8265",
		"Interest put back or taken off for earlier periods $1.85", "Interest charged in this period (finance charge) $117.67", "Interest paid in this period $120.26", "Interest not paid yet on Nov 30, 2026 $57.41",
		"Fees", "Nov 18, 2026 Returned payment fee A payment came back from the bank. Contract: $20.00 for each returned payment. −$20.00",
		"Nov 26, 2026 Late fee The payment due Nov 15, 2026 was not paid in full in time. Contract: 5.00% of the part not paid, at most $25.00 when a payment is more than 10 days late, limited by ORS 82.010. −$25.00",
		"Fees charged in this period $45.00", "Fees paid in this period $5.00", "Fees not paid yet on Nov 30, 2026 $40.00",
		"Payoff amount", "On Nov 30, 2026 $23,867.67", "Interest added each day $3.842316", "Good through Dec 15, 2026 $23,925.30",
		"Year to date, 2026", "Interest paid $1,310.55", "Principal paid $3,911.12", "Fees paid $30.00", "Messages", "Our office is closed on December 25.",
		"Where to write", "Payments by check Harborline Motor Finance, PO Box 4100, Alder Falls, OR 97000", "Disputes Credit Disputes, PO Box 4177", "Bankruptcy notices Bankruptcy Notices, PO Box 4188",
		"Questions? Call (503) 555-0142, Monday to Friday, 7 am to 6 pm Pacific.", harbor.Legal[0])
	says(t, got, "Page 1 of 2", "Page 2 of 2", "Statement, Nov 30, 2026, account ending in 2204")
	if n := strings.Count(got, "4400-118-2204"); n != 2 {
		t.Errorf("the account number stands %d times: on the first page and its coupon only", n)
	}
}

func TestStatementInSpanish(t *testing.T) {
	got := set(t, Statement, billing.Spanish, loanStatement())
	inOrder(t, got, "Estado de cuenta", "Número de cuenta 4400-118-2204", "Fecha de cierre 30 de noviembre de 2026", "Cantidad a pagar $565.25", "Fecha de pago 15 de diciembre de 2026", "Vencido hace 15 días $75.25", "Pago regular $450.00", "Cargos $40.00",
		"Su cuenta está vencida", "Se puede agregar un cargo por atraso de $22.50 si no se pagan $525.25 a más tardar el 25 de diciembre de 2026.",
		"Pagos automáticos: $450.00 el 15 de diciembre de 2026 de su cuenta corriente terminada en 4821.", "Saldo inicial, 1 nov 2026 $24,000.00", "Capital pagado −$329.74", "Saldo final, 30 nov 2026 $23,770.26",
		"15 nov 2026 Pago con cuenta bancaria, 7K2M-QX $455.00 $120.26 $329.74 $5.00", "Interés cobrado en este período (cargo financiero) $117.67",
		"Cargo por atraso El pago del 15 nov 2026 no se pagó completo a tiempo.", "5.00% de la parte no pagada, no más de $25.00", "Válida hasta el 15 dic 2026 $23,925.30", "Nuestra oficina cierra el 25 de diciembre.", "Disputas Credit Disputes")
	if english := regexp.MustCompile(`(?i)\b(the|due|payment|balance|fee|account)\b`).FindAllString(strings.NewReplacer("12 Wharf Road", "", "Harborline Motor Finance services this contract. Invented company; not a lender.", "").Replace(got), -1); english != nil {
		t.Errorf("English words %q in\n%s", english, got)
	}
}

func TestStatementThatDoesNotAddUpIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*billing.Statement){
		"balances":           func(s *billing.Statement) { s.EndingBalance++ },
		"amount due":         func(s *billing.Statement) { s.AmountDue = 100_00 },
		"a line's parts":     func(s *billing.Statement) { s.Lines[0].Amount++ },
		"lines and balances": func(s *billing.Statement) { s.Lines[0].Allocation.Principal++; s.Lines[0].Amount++ },
		"interest lines":     func(s *billing.Statement) { s.InterestLines[0].Amount = "60.1918" },
		"no interest figure": func(s *billing.Statement) { s.InterestLines[0].Amount = "58.19" },
		"finance charge":     func(s *billing.Statement) { s.FinanceCharge += 5_00 },
		"payoff amount":      func(s *billing.Statement) { s.PayoffToday-- },
		"payoff later":       func(s *billing.Statement) { s.Payoff.Total = s.PayoffToday - 1 },
		"payoff before":      func(s *billing.Statement) { s.Payoff.GoodThrough = s.Closing - 1 },
		"period":             func(s *billing.Statement) { s.Opening = s.Closing + 2 },
		"kind":               func(s *billing.Statement) { s.Kind = "mortgage" },
		"interest of lease":  func(s *billing.Statement) { s.Kind = contract.Lease },
		"miles":              func(s *billing.Statement) { s.Miles = &billing.StatementMiles{Projected: 10, Allowance: 5} },
	} {
		s := loanStatement()
		spoil(s)
		if b, err := Statement(billing.English, s); !errors.Is(err, billing.ErrStatement) || b != nil {
			t.Errorf("%s: %v, %d bytes", name, err, len(b))
		}
	}
}

// 12 CFR 1013.4(s): a lessor does not speak of an annual percentage rate.
var leaseNever = regexp.MustCompile(`(?i)interest|\bAPR\b|annual|\brate\b|finance charge|principal|interés|tasa|capital\b|cargo financiero`)

func TestLeaseStatementSpeaksOfLeasePaymentsAndMiles(t *testing.T) {
	got := set(t, Statement, billing.English, leaseStatement())
	if bad := leaseNever.FindAllString(got, -1); bad != nil {
		t.Errorf("%q in\n%s", bad, got)
	}
	inOrder(t, got, "Lease payments −$450.00", "Ending balance, Nov 30, 2026 $10,350.00", "On a lease the balance is the lease payments left to make, without tax.", "Tax paid in this period $37.50", "Held for you $12.50",
		"Payments made 13 of 36", "Payments left 23", "Lease ends Oct 15, 2028", "Amount Lease payments Tax Fees Held", "$500.00 $450.00 $37.50 $0.00 $12.50",
		"Mileage", "Miles allowed over the whole lease 36,000", "Miles driven by Nov 20, 2026 14,210", "Miles allowed by that day (the mark in the bar) 13,050", "Miles a year allowed 12,000", "Miles a year at your pace 13,067",
		"Miles at the end of the lease at this pace 39,201", "3,201 miles over, at $0.25 a mile $800.25", "Nothing of it is due now.", "Year to date, 2026 Lease payments $3,911.12")
	if bad := leaseNever.FindAllString(set(t, Statement, billing.Spanish, leaseStatement()), -1); bad != nil {
		t.Errorf("%q in Spanish", bad)
	}
	s := leaseStatement()
	s.Miles = &billing.StatementMiles{Allowance: 36_000}
	says(t, set(t, Statement, billing.English, s), "We have no reading of your odometer yet.")
	s.Miles = nil
	if got := set(t, Statement, billing.English, s); strings.Contains(got, "Mileage") {
		t.Error(got)
	}
}

func TestCouponWithAutopayAsksForNoCheck(t *testing.T) {
	for _, language := range []string{billing.English, billing.Spanish} {
		s := calmStatement()
		s.Lender.Website = "https://www.a-rather-long-name-for-a-lender-of-cars.example/customers/pay"
		got := set(t, Statement, language, s)
		if n := strings.Count(got, "Autopay is on. Do not send a check.") + strings.Count(got, "Los pagos automáticos están activos. No envíe un cheque."); n != 2 {
			t.Errorf("said %d times\n%s", n, got)
		}
		for _, never := range []string{"Amount enclosed", "Cantidad que envía", "with your check", "con su cheque"} {
			if strings.Contains(got, never) {
				t.Errorf("asks for a check:\n%s", got)
			}
		}
	}
}

func TestStatementWithNothingDue(t *testing.T) {
	s := calmStatement()
	s.AmountDue, s.Autopay, s.Lines, s.PrincipalPaid, s.BeginningBalance = 0, nil, nil, 0, s.EndingBalance
	got := set(t, Statement, billing.English, s)
	says(t, got, "Due date No payment is due", "There is nothing to pay now.", "We received no payments in this period.", "Regular payment (already paid) $0.00")
	if strings.Contains(got, "late fee of") {
		t.Errorf("threatens a late fee:\n%s", got)
	}
}

func TestStatementPaidAheadAsksForTheRest(t *testing.T) {
	s := calmStatement()
	s.AmountDue, s.Autopay = 120_00, nil
	says(t, set(t, Statement, billing.English, s), "Regular payment (the rest of it) $120.00", "Amount due $120.00", "A late fee of $22.50 may be added if $120.00 is not paid by Dec 25, 2026.")
}

func TestStatementPaidOff(t *testing.T) {
	s := calmStatement()
	s.Lines[0].Allocation.Principal, s.PrincipalPaid, s.EndingBalance = 24_000_00, 24_000_00, 0
	s.Lines[0].Amount = s.Lines[0].Allocation.Total()
	s.AmountDue, s.Autopay, s.Payoff, s.PayoffToday, s.PaymentsLeft, s.InterestAccrued, s.LateAfter = 0, nil, nil, 0, 0, 0, 0
	got := set(t, Statement, billing.English, s)
	says(t, got, "Ending balance, Nov 30, 2026 $0.00", "Principal paid so far $28,400.00")
	for _, never := range []string{"Payoff amount", "Payments left", "Regular payment", "Payment coupon"} {
		if strings.Contains(got, never) {
			t.Errorf("%q in\n%s", never, got)
		}
	}
}

func TestStatementInABankruptcyDemandsNothing(t *testing.T) {
	s := loanStatement()
	s.Bankruptcy = true
	got := set(t, Statement, billing.English, s)
	says(t, got, "About your bankruptcy", "It is not a demand for payment")
	for _, never := range []string{"Your account is past due", "late fee of", "Payment coupon", "How to pay"} {
		if strings.Contains(got, never) {
			t.Errorf("%q in\n%s", never, got)
		}
	}
}

func TestLongStatementRepeatsItsHeads(t *testing.T) {
	s := loanStatement()
	line := s.Lines[0]
	line.Allocation.Principal, line.Allocation.Interest, line.Amount = 0, 0, 5_00
	for range 40 {
		s.Lines = append(s.Lines, line)
		s.InterestLines = append(s.InterestLines, billing.InterestLine{From: d(2026, 11, 1), To: d(2026, 11, 1), Balance: 1_00, Basis: 365, PerDiem: "0.000100", Amount: "0.0001"})
	}
	got := set(t, Statement, billing.English, s)
	if n := strings.Count(got, "Date What Amount Interest Principal Fees"); n != 2 {
		t.Errorf("the head stands %d times", n)
	}
	pages := strings.Count(got, "Page ")
	if pages < 4 || !strings.Contains(got, fmt.Sprintf("Page %d of %d", pages, pages)) {
		t.Errorf("%d pages", pages)
	}
	if n := strings.Count(got, "Payment by bank account, 7K2M-QX"); n != 41 {
		t.Errorf("%d of 41 payments", n)
	}
}

func TestStatementOfHugeAmounts(t *testing.T) {
	s := loanStatement()
	most := money.MaxAmount
	s.BeginningBalance, s.EndingBalance, s.PrincipalPaid, s.Adjustments, s.Original = most, most, 0, 0, most
	s.Lines = []billing.StatementLine{{Date: s.Closing, Kind: "payment", Event: contract.Payment, Amount: most, Allocation: contract.Allocation{Interest: most}}}
	s.AmountDue, s.PastDue, s.FeesDue, s.DaysPastDue, s.FeesOutstanding, s.InterestAccrued = most, most-450_00, 0, 9999, 0, 0
	s.PayoffToday = most
	s.Payoff.Total, s.InterestPaidYear, s.LateFee = most, most, most
	says(t, set(t, Statement, billing.English, s), "Amount due $9,999,999,999.99", "Past due, the oldest part for 9999 days $9,999,999,549.99", "Ending balance, Nov 30, 2026 $9,999,999,999.99")
	set(t, Statement, billing.Spanish, s)
}

func TestStatementSetsEachKindOfLineInItsPlace(t *testing.T) {
	s := loanStatement()
	s.Lines = append(s.Lines,
		billing.StatementLine{Date: d(2026, 11, 20), Kind: "other_fee", Text: "Title fee", Amount: -12_00, Allocation: contract.Allocation{OtherFee: -12_00}},
		billing.StatementLine{Date: d(2026, 11, 21), Kind: "waiver", Event: contract.Waiver, Allocation: contract.Allocation{LateFee: 25_00, Forgiven: 25_00}},
		billing.StatementLine{Date: d(2026, 11, 21), Kind: "taken_back", Event: contract.OtherCharge, Amount: 12_00, Allocation: contract.Allocation{OtherFee: 12_00}},
		billing.StatementLine{Date: d(2026, 11, 22), Kind: "refund", Event: contract.Refund, Amount: -8_00, Allocation: contract.Allocation{Unapplied: -8_00}},
		billing.StatementLine{Date: d(2026, 11, 23), Kind: "payment", Event: contract.Payment, Source: contract.FromCheck, Amount: 10_00, Allocation: contract.Allocation{OtherFee: 10_02, Forgiven: 2}},
		billing.StatementLine{Date: d(2026, 11, 23), Kind: "taken_back", Event: contract.Payment, Amount: -10_00, Allocation: contract.Allocation{Interest: -10_00}},
		billing.StatementLine{Date: d(2026, 11, 23), Kind: "payment_canceled", Event: contract.Payment, Amount: -9_00, Allocation: contract.Allocation{Interest: -9_00}},
		billing.StatementLine{Date: d(2026, 11, 23), Kind: "correction", Event: contract.Payment, EventDate: d(2026, 10, 2), Amount: 1_00, Allocation: contract.Allocation{Interest: 1_00}},
		billing.StatementLine{Date: d(2026, 11, 24), Kind: "charge_off", Event: contract.ChargeOff, Allocation: contract.Allocation{OtherFee: 9_00, ChargedOff: 9_00}})
	s.FeesForgiven = 25_00
	got := set(t, Statement, billing.English, s)
	says(t, got, "Nov 20, 2026 Title fee −$12.00", "Nov 21, 2026 Fee forgiven You do not have to pay it. $25.00", "Nov 21, 2026 Other fee, taken back It should not have been charged. $12.00", "Fees forgiven in this period $25.00",
		"Date What Amount Interest Principal Fees Held Forgiven", "Refund −$8.00 $0.00 $0.00 $0.00 −$8.00 $0.00", "Payment by check $10.00 $0.00 $0.00 $10.02 $0.00 −$0.02", "Payment canceled −$9.00", "Payment of Oct 2, 2026", "Other transactions Date What Amount Nov 24, 2026 Balance charged off")
	set(t, Statement, billing.Spanish, s)
}

// The structure is what a screen reader follows: one title, headings, tables with
// header cells, figures in words.
func TestStatementIsTagged(t *testing.T) {
	b, err := Statement(billing.English, loanStatement())
	if err != nil {
		t.Fatal(err)
	}
	tree := tool(t, "pdfinfo", "poppler-utils", b, "-struct-text", "FILE")
	if n := strings.Count(tree, "H1 "); n != 1 {
		t.Errorf("%d titles in\n%s", n, tree)
	}
	inOrder(t, strings.Join(strings.Fields(tree), " "), "Document", "H1 (block) \"Statement\"", "H2 (block) \"How to pay\"", "Table", "TH", "Figure",
		"H2 (block) \"Interest\"", "TFoot TR TH: /Scope /Row \"Sum\"", "H2 (block) \"Where to write\"", "H2 (block) \"Payment coupon\"", "Figure")
	says(t, tool(t, "qpdf", "qpdf", b, "--qdf", "--object-streams=disable", "FILE", "-"), "/Alt (Of $28,400.00 borrowed, $4,629.74 is paid and $23,770.26 is left.)", "/Alt (Bar code of the line 440011822040000000565253)")
	if strings.Contains(tree, "Page 1") || strings.Contains(tree, "ending in 2204\"") {
		t.Error("page heads and numbers are read aloud")
	}
}
