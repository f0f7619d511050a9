package paper

import (
	"strings"
	"testing"

	"marque/internal/billing"
	"marque/internal/money"
)

func TestPayoffLetterSaysEveryFigure(t *testing.T) {
	inOrder(t, set(t, PayoffLetter, billing.English, payoffLetter()), "Payoff letter", "María Álvarez-Dvořák", "Payoff amount $24,199.05", "Good through Feb 25, 2026", "Check this letter at www.harborline.example/check with the code QX7-4KM-22P.",
		"Account number 4400-118-2204", "Vehicle 2024 Vento Lumen", "VIN 1HZ0LMN24P0008812", "Quoted on Feb 15, 2026", "Principal $24,000.00", "Interest to Feb 25, 2026 $159.05", "Late fees $25.00", "Other fees $15.00", "Payoff amount $24,199.05",
		"Jan 15, 2026 Feb 25, 2026 $24,000.00 365 $3.879452 41 $159.0575", "Each day adds $3.879452 of interest", "Feb 15, 2026 $24,160.26", "Feb 18, 2026", "Feb 19, 2026", "Feb 25, 2026 $24,199.05",
		"Counted in already, but not cleared by the bank yet.", "Feb 13, 2026, 7K2-MQX-44P $462.87", "Scheduled and not counted.", "Mar 15, 2026, 9TT-2RW-A5B $462.87",
		"Payable to Harborline Motor Finance", "PO Box 4100, Alder Falls, OR 97000", "We never send them by e-mail or text.", "nothing more is owed and the account is closed", harbor.Phone)
	inOrder(t, set(t, PayoffLetter, billing.Spanish, payoffLetter()), "Carta de liquidación", "Cantidad para liquidar $24,199.05", "Válida hasta el 25 de febrero de 2026", "con el código QX7-4KM-22P.", "Capital $24,000.00", "15 feb 2026 $24,160.26", "no se debe nada más y la cuenta se cierra")
}

func TestPayoffLetterForToday(t *testing.T) {
	l := payoffLetter()
	l.GoodThrough, l.Interest, l.Total, l.LateFees, l.OtherFees, l.Code, l.CheckAt = l.Made, 120_26, 24_120_26, 0, 0, "", ""
	l.Table, l.Pending, l.Scheduled, l.InterestLines = []billing.PayoffDay{{Date: l.Made, Total: l.Total}}, nil, nil, nil
	got := set(t, PayoffLetter, billing.English, l)
	if strings.Contains(got, "on their way") || strings.Contains(got, "fees") || strings.Contains(got, "code") || !strings.Contains(got, "Feb 15, 2026 $24,120.26") {
		t.Error(got)
	}
}

// The longest that is asked for, with text that does not fit, stays on the page.
func TestPayoffLetterOfThirtyDays(t *testing.T) {
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
	got := set(t, PayoffLetter, billing.English, l)
	if n := strings.Count(got, "$24,199.05"); n != 33 {
		t.Errorf("the amount stands %d times\n%s", n, got)
	}
}

func TestPayoffLetterThatContradictsItselfIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*billing.PayoffLetter){
		"parts":      func(l *billing.PayoffLetter) { l.Interest++ },
		"last day":   func(l *billing.PayoffLetter) { l.GoodThrough++ },
		"no table":   func(l *billing.PayoffLetter) { l.Table = nil },
		"its total":  func(l *billing.PayoffLetter) { l.Table[10].Total++ },
		"no address": func(l *billing.PayoffLetter) { l.CheckAt = "" },
	} {
		l := payoffLetter()
		spoil(l)
		if b, err := PayoffLetter(billing.English, l); err == nil || b != nil {
			t.Errorf("%s: printed", name)
		}
	}
}
