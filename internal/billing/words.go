package billing

import (
	"fmt"
	"strconv"
	"strings"

	"marque/internal/contract"
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
		return "Pagos automáticos: " + d.Amount.USD() + " el " + LongDate(d.Date, language) + " de " + whose + " " + kind + " terminada en " + d.Last4 + "."
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

// USD is an amount with a real minus sign, as papers and pages have it.
func USD(c money.Cents) string { return strings.Replace(c.USD(), "-", "−", 1) }

// Part is one of the places where a payment's money went.
type Part struct {
	Name   Words
	Amount money.Cents
}

// Parts is where a payment's money went, in the words of a loan or of a lease.
// What was forgiven is taken off, so that the parts sum to the money that came.
// whole gives the usual parts even when they are nothing.
func Parts(kind contract.Kind, a contract.Allocation, whole bool) []Part {
	lease := kind == contract.Lease
	var list []Part
	add := func(c money.Cents, always bool, english, spanish string) {
		if c != 0 || always {
			list = append(list, Part{Words{english, spanish}, c})
		}
	}
	add(a.Interest, whole && !lease, "Interest", "Interés")
	if lease {
		add(a.Principal, whole, "Lease payments", "Pagos del arrendamiento")
	} else {
		add(a.Principal, whole, "Principal", "Capital")
	}
	add(a.Tax, false, "Tax", "Impuesto")
	add(a.LateFee, whole, "Late fees", "Cargos por atraso")
	add(a.OtherFee, false, "Other fees", "Otros cargos")
	add(a.Recovered, false, "Toward the balance charged off", "Al saldo dado por perdido")
	add(a.Unapplied, false, "Held for you", "Guardado para usted")
	add(-a.Forgiven, false, "Forgiven, not paid by you", "Perdonado, no pagado por usted")
	return list
}

// Remittance is the line that a payment coupon carries as bars: the account
// number's letters and digits, the amount due in cents as twelve digits, and a
// last digit that checks all digits before it (ISO/IEC 7812-1, Luhn). Of a
// longer account number only the first twenty signs.
func Remittance(account string, due money.Cents) string {
	var line []byte
	for _, r := range strings.ToUpper(account) {
		if (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') && len(line) < 20 {
			line = append(line, byte(r))
		}
	}
	line = fmt.Appendf(line, "%012d", max(0, due))
	sum, double := 0, true
	for i := len(line) - 1; i >= 0; i-- {
		n := int(line[i] - '0')
		if n > 9 {
			continue
		}
		if double {
			n = n*2 - n*2/10*9
		}
		sum, double = sum+n, !double
	}
	return string(append(line, '0'+byte((10-sum%10)%10)))
}
