package billing

import (
	"strconv"

	"marque/internal/money"
)

var monthsInSpanish = [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}

// LongDate is a date as running text has it: "Dec 15, 2026", "15 de diciembre de
// 2026".
func LongDate(d money.Date, language string) string {
	if d == 0 || language != Spanish {
		return d.Long()
	}
	year, month, day := d.Civil()
	return strconv.Itoa(day) + " de " + monthsInSpanish[month-1] + " de " + strconv.Itoa(year)
}

// ShortDate is a date as a table has it: "Dec 15, 2026", "15 dic 2026".
func ShortDate(d money.Date, language string) string {
	if d == 0 || language != Spanish {
		return d.Long()
	}
	year, month, day := d.Civil()
	return strconv.Itoa(day) + " " + monthsInSpanish[month-1][:3] + " " + strconv.Itoa(year)
}

// Text says what autopay takes next: "Autopay will pay $612.40 on Dec 15, 2026
// from your checking account ending in 4821." Nothing when it takes nothing.
func (d *NextDraft) Text(language string) string {
	if d == nil {
		return ""
	}
	if language == Spanish {
		kind := "cuenta corriente"
		if d.Type == "savings" {
			kind = "cuenta de ahorros"
		}
		whose := "su"
		if d.Shared {
			whose = "la"
		}
		return "El pago automático pagará " + d.Amount.USD() + " el " + LongDate(d.Date, language) + " de " + whose + " " + kind + " terminada en " + d.Last4 + "."
	}
	whose := "your"
	if d.Shared {
		whose = "the"
	}
	return "Autopay will pay " + d.Amount.USD() + " on " + d.Date.Long() + " from " + whose + " " + d.Type + " account ending in " + d.Last4 + "."
}

// LateFeeWords says when the next late fee may be added and what prevents it;
// nothing when none can be in the period. A fee that can come before the due
// date is for what is past due.
func (s *Statement) LateFeeWords(language string) string {
	unpaid := s.AmountDue - s.FeesDue
	if s.PastDue > 0 && s.LateAfter < s.DueDate {
		unpaid = s.PastDue
	}
	if s.LateAfter == 0 || s.LateFee <= 0 || unpaid <= 0 {
		return ""
	}
	if language == Spanish {
		return "Se puede agregar un cargo por atraso de " + s.LateFee.USD() + " si no se pagan " + unpaid.USD() + " a más tardar el " + LongDate(s.LateAfter, language) + "."
	}
	return "A late fee of " + s.LateFee.USD() + " may be added if " + unpaid.USD() + " is not paid by " + s.LateAfter.Long() + "."
}

// ThisPayment is what a statement asks for the payment of its due date, and what
// that is called: less than the regular payment when some of it is paid already.
func (s *Statement) ThisPayment(language string) (label string, amount money.Cents) {
	amount = s.AmountDue - s.PastDue - s.FeesDue
	label = Words{"Regular payment", "Pago regular"}.In(language)
	switch {
	case amount == 0 && s.EndingBalance > 0:
		label += Words{" (already paid)", " (ya pagado)"}.In(language)
	case amount < s.RegularPayment:
		label += Words{" (the rest of it)", " (lo que falta)"}.In(language)
	}
	return label, amount
}
