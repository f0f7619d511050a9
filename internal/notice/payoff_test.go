package notice

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// payoffLetter is 24,000.00 at 5.90 %, actual/365, 31 days after it began, good
// for ten days more: 120.26 and 38.79 of interest, 159.05 in all.
func payoffLetter() billing.PayoffLetter {
	d := money.NewDate
	l := billing.PayoffLetter{
		Lender: harbor, Recipient: maria, AccountNumber: "4400-118-2204", Vehicle: "2024 Vento Lumen", VIN: "1HZ0LMN24P0008812",
		Made: d(2026, 2, 15), GoodThrough: d(2026, 2, 25), Principal: 24_000_00, Interest: 159_05, LateFees: 25_00, OtherFees: 15_00, Total: 24_199_05,
		PerDiem:       "3.879452",
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

func TestPayoffLetterSaysEveryFigure(t *testing.T) {
	got := paperText(t, func(w io.Writer) error { return PayoffPDF(w, payoffLetter()) })
	for _, want := range []string{"Payoff letter", "$24,199.05", "Pays the account off if it arrives by Feb 25, 2026.", "VIN 1HZ0LMN24P0008812", "Account number 4400-118-2204",
		"Quoted on Feb 15, 2026", "Good through Feb 25, 2026", "Principal $24,000.00", "Interest to Feb 25, 2026 $159.05", "Late fees $25.00", "Other fees $15.00", "Payoff amount $24,199.05",
		"Jan 15, 2026 Feb 25, 2026 $24,000.00 365 $3.879452 41 $159.0575", "Each day adds $3.879452 of interest", "Feb 25, 2026 $24,199.05",
		"Counted in already, but not cleared by the bank yet.", "Feb 13, 2026, 7K2-MQX-44P $462.87", "Scheduled and not counted.", "Mar 15, 2026, 9TT-2RW-A5B $462.87",
		"Payable to Harborline Motor Finance", "PO Box 4100, Alder Falls, OR 97000", "We never send them by e-mail or text.", "nothing more is owed and the account is closed", harbor.Phone} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestPayoffLetterForToday(t *testing.T) {
	l := payoffLetter()
	l.GoodThrough, l.Interest, l.Total, l.LateFees, l.OtherFees = l.Made, 120_26, 24_120_26, 0, 0
	l.Table, l.Pending, l.Scheduled, l.InterestLines = []billing.PayoffDay{{Date: l.Made, Total: l.Total}}, nil, nil, nil
	got := paperText(t, func(w io.Writer) error { return PayoffPDF(w, l) })
	if strings.Contains(got, "on their way") || strings.Contains(got, "fees") || !strings.Contains(got, "Feb 15, 2026 $24,120.26") {
		t.Error(got)
	}
}

// The longest that is asked for, with text that does not fit, stays on the page.
func TestPayoffLetterOfThirtyDaysDoesNotOverlap(t *testing.T) {
	l := payoffLetter()
	l.Vehicle, l.Recipient.Name = strings.Repeat("Wolfeschlegelsteinhausen", 12), strings.Repeat("Maria de los Angeles ", 12)
	l.Table = nil
	for day := money.Date(0); day <= 30; day++ {
		l.Table = append(l.Table, billing.PayoffDay{Date: l.Made + day, Total: l.Total})
	}
	l.GoodThrough = l.Made + 30
	for range 12 {
		l.Pending = append(l.Pending, l.Pending[0])
	}
	got := paperText(t, func(w io.Writer) error { return PayoffPDF(w, l) })
	if n := strings.Count(got, "$24,199.05"); n != 33 {
		t.Errorf("the amount stands %d times\n%s", n, got)
	}
}

func TestPayoffLetterThatContradictsItselfIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*billing.PayoffLetter){
		"parts":     func(l *billing.PayoffLetter) { l.Interest++ },
		"last day":  func(l *billing.PayoffLetter) { l.GoodThrough++ },
		"no table":  func(l *billing.PayoffLetter) { l.Table = nil },
		"its total": func(l *billing.PayoffLetter) { l.Table[10].Total++ },
	} {
		l := payoffLetter()
		spoil(&l)
		var b bytes.Buffer
		if err := PayoffPDF(&b, l); err == nil || b.Len() > 0 {
			t.Errorf("%s: printed", name)
		}
	}
}

func TestReceiptSaysTaxAndWhatWasForgiven(t *testing.T) {
	r := loanReceipt()
	r.Kind, r.Allocation, r.Spans = contract.Lease, contract.Allocation{Principal: 575_00, Tax: 37_43, Forgiven: 3}, nil
	got := receiptText(t, r)
	for _, want := range []string{"Lease payments $575.00", "Tax $37.43", "Forgiven, not paid by you −$0.03", "Payment $612.40"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	r = loanReceipt()
	r.Allocation = contract.Allocation{Recovered: 600_00, Unapplied: 12_40, InterestForgiven: 5}
	got = receiptText(t, r)
	for _, want := range []string{"Toward the balance charged off $600.00", "Held for you $12.40", "Interest of $0.05 was forgiven as well."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestStatementSetsEachKindOfLineInItsPlace(t *testing.T) {
	s := loanStatement()
	d := money.NewDate
	s.Lines = append(s.Lines,
		billing.StatementLine{Date: d(2026, 11, 20), Kind: "other_fee", Text: "Title fee", Amount: -12_00, Allocation: contract.Allocation{OtherFee: -12_00}},
		billing.StatementLine{Date: d(2026, 11, 21), Kind: "waiver", Text: "Late fee forgiven", Allocation: contract.Allocation{LateFee: 25_00, Forgiven: 25_00}},
		billing.StatementLine{Date: d(2026, 11, 21), Kind: "taken_back", Text: "Taken back", Amount: 12_00, Allocation: contract.Allocation{OtherFee: 12_00}},
		billing.StatementLine{Date: d(2026, 11, 22), Kind: "refund", Text: "Refund", Amount: -8_00, Allocation: contract.Allocation{Unapplied: -8_00}},
		billing.StatementLine{Date: d(2026, 11, 23), Kind: "payment", Text: "Payment by check", Amount: 10_00, Allocation: contract.Allocation{Principal: 10_02, Forgiven: 2}},
		billing.StatementLine{Date: d(2026, 11, 23), Kind: "taken_back", Text: "Taken back", Amount: -10_00, Allocation: contract.Allocation{Interest: -10_00}},
		billing.StatementLine{Date: d(2026, 11, 23), Kind: "payment_canceled", Text: "Payment canceled", Amount: -9_00, Allocation: contract.Allocation{Principal: -9_00}},
		billing.StatementLine{Date: d(2026, 11, 24), Kind: "lease_extension", Text: "Lease extended", Amount: -900_00})
	s.FeesForgiven = 25_00
	got := statementText(t, s)
	for _, want := range []string{"Nov 20, 2026 Title fee −$12.00", "Nov 21, 2026 Late fee forgiven $25.00 Nov 21, 2026 Taken back $12.00", "Fees forgiven in this period $25.00", "Date What Amount Interest Principal Fees Held Forgiven",
		"Nov 22, 2026 Refund −$8.00 $0.00 $0.00 $0.00 −$8.00 $0.00", "Nov 23, 2026 Payment by $10.00 $0.00 $10.02 $0.00 $0.00 −$0.02", "Nov 23, 2026 Taken back −$10.00 −$10.00", "Nov 23, 2026 Payment −$9.00 $0.00 −$9.00", "Other changes Nov 24, 2026 Lease extended −$900.00"} {
		if !strings.Contains(strings.ReplaceAll(got, "Date What Amount Nov", "Nov"), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	var b bytes.Buffer
	if err := StatementPDF(&b, s); err != nil {
		t.Fatal(err)
	}
	noOverlap(t, b.Bytes())

	l := leaseStatement()
	l.TaxPaid = 37_50
	l.Lines[0].Allocation = contract.Allocation{Principal: 425_00, Tax: 37_50}
	if got := statementText(t, l); !strings.Contains(got, "Date What Amount Lease payments Tax Fees") || !strings.Contains(got, "Tax paid in this period $37.50") {
		t.Error(got)
	}
}
