package notice

import (
	"strconv"

	"marque/internal/billing"
	"marque/internal/money"
)

// Text messages that a person has agreed to: each ends with the word that ends
// them (47 CFR 64.1200(a)(10); the carriers ask for it).

const (
	stopWord     = " Reply STOP to end."
	stopWordInEs = " Responda STOP para terminar."
)

// brief is a date without its year: "Dec 15", "15 de diciembre".
func (t told) brief(d money.Date) string {
	if !t.spanish() {
		return d.Short()
	}
	at := d.Time()
	return strconv.Itoa(at.Day()) + " de " + months[at.Month()-1]
}

// plainly is one wording in each language.
func plainly(en, es func(told) string) bothTexts {
	return bothTexts{en: func(n told) []string { return []string{en(n)} }, es: func(n told) []string { return []string{es(n)} }}
}

// onBrief is " on Dec 15" by the words given, or nothing without a date.
func (t told) onBrief(words string, d money.Date) string { return before(words, t.brief(d), d != 0) }

var moneyTexts = map[billing.NoticeKind]bothTexts{
	billing.NoticeStatementReady: plainly(
		func(n told) string {
			if n.AmountDue <= 0 || n.DueDate == 0 {
				return "Your statement is ready. No payment is due."
			}
			return "Your statement is ready. " + n.AmountDue.USD() + " is due" + n.onBrief(" ", n.DueDate) + "."
		},
		func(n told) string {
			if n.AmountDue <= 0 || n.DueDate == 0 {
				return "Su estado de cuenta está listo. No debe ningún pago."
			}
			return "Su estado de cuenta está listo. Debe pagar " + n.AmountDue.USD() + n.onBrief(" el ", n.DueDate) + "."
		}),
	billing.NoticePaymentReceived: plainly(
		func(n told) string { return "We received your payment of " + n.Amount.USD() + "." },
		func(n told) string { return "Recibimos su pago de " + n.Amount.USD() + "." }),
	billing.NoticePaymentScheduled: plainly(
		func(n told) string {
			return "Your payment of " + n.Amount.USD() + " is scheduled" + n.onBrief(" for ", n.Date) + "."
		},
		func(n told) string {
			return "Su pago de " + n.Amount.USD() + " está programado" + n.onBrief(" para el ", n.Date) + "."
		}),
	billing.NoticePaymentChanged: plainly(
		func(n told) string {
			return "Your payment" + n.onBrief(" for ", n.Date) + " is now " + n.Amount.USD() + "."
		},
		func(n told) string {
			return "Su pago" + n.onBrief(" para el ", n.Date) + " es ahora de " + n.Amount.USD() + "."
		}),
	billing.NoticePaymentCancelled: plainly(
		func(n told) string {
			return "Your payment of " + n.Amount.USD() + n.onBrief(" for ", n.Date) + " was canceled."
		},
		func(n told) string {
			return "Se canceló su pago de " + n.Amount.USD() + n.onBrief(" para el ", n.Date) + "."
		}),
	billing.NoticePaymentNotTaken: plainly(
		func(n told) string {
			return "Your payment of " + n.Amount.USD() + n.onBrief(" for ", n.Date) + " was not made. Sign in to see why."
		},
		func(n told) string {
			return "Su pago de " + n.Amount.USD() + n.onBrief(" para el ", n.Date) + " no se hizo. Entre para ver por qué."
		}),
	billing.NoticePaymentReturned: plainly(
		func(n told) string {
			return "Your bank returned your payment of " + n.Amount.USD() + ". Sign in to see what to do."
		},
		func(n told) string {
			return "Su banco devolvió su pago de " + n.Amount.USD() + ". Entre para ver qué hacer."
		}),
	billing.NoticePaidOff: plainly(
		func(told) string { return "Your account is paid off. Thank you." },
		func(told) string { return "Su cuenta está pagada por completo. Gracias." }),
	billing.NoticeAutopayComing: plainly(
		func(n told) string { return "Autopay will take " + n.Amount.USD() + n.onBrief(" on ", n.Date) + "." },
		func(n told) string {
			return "Su pago automático de " + n.Amount.USD() + " se tomará" + n.onBrief(" el ", n.Date) + "."
		}),
	billing.NoticeAutopayNotTaken: plainly(
		func(n told) string {
			return "Autopay did not take " + n.Amount.USD() + n.onBrief(" on ", n.Date) + ". This payment is yours to make."
		},
		func(n told) string {
			return "El pago automático de " + n.Amount.USD() + n.onBrief(" del ", n.Date) + " no se tomó. Le toca a usted pagarlo."
		}),
	billing.NoticeAutopayDrawn: plainly(
		func(n told) string {
			return "Autopay took your payment of " + n.Amount.USD() + n.onBrief(" on ", n.Date) + "."
		},
		func(n told) string {
			return "Su pago automático de " + n.Amount.USD() + " se tomó" + n.onBrief(" el ", n.Date) + "."
		}),
	billing.NoticeDueSoon: plainly(
		func(n told) string {
			if n.byAutopay() {
				return n.AmountDue.USD() + " is due" + n.onBrief(" ", n.DueDate) + ". Autopay will pay it" + n.onBrief(" ", n.Date) + "."
			}
			return n.AmountDue.USD() + " is due" + n.onBrief(" ", n.DueDate) + "."
		},
		func(n told) string {
			if n.byAutopay() {
				return n.AmountDue.USD() + " vence" + n.onBrief(" el ", n.DueDate) + ". Se pagará solo" + n.onBrief(" el ", n.Date) + "."
			}
			return n.AmountDue.USD() + " vence" + n.onBrief(" el ", n.DueDate) + "."
		}),
	billing.NoticeDueToday: plainly(
		func(n told) string { return n.AmountDue.USD() + " is due today, " + n.brief(n.DueDate) + "." },
		func(n told) string { return n.AmountDue.USD() + " vence hoy, " + n.brief(n.DueDate) + "." }),
	billing.NoticePastDue: plainly(
		func(n told) string { return n.PastDue.USD() + " is past due. Sign in to pay, or {call}" },
		func(n told) string { return n.PastDue.USD() + " está vencido. Entre para pagar, o {call}" }),
	billing.NoticePayoffNear: plainly(
		func(n told) string {
			if n.Count == 1 {
				return "Your loan is nearly paid off: one payment is left."
			}
			return "Your loan is nearly paid off: " + strconv.Itoa(n.Count) + " payments are left."
		},
		func(n told) string {
			if n.Count == 1 {
				return "Su préstamo está casi pagado: queda un pago."
			}
			return "Su préstamo está casi pagado: quedan " + strconv.Itoa(n.Count) + " pagos."
		}),
	billing.NoticeAccountChanged: plainly(
		func(told) string { return "Something changed on your account. Sign in to see it." },
		func(told) string { return "Algo cambió en su cuenta. Entre para verlo." }),
	billing.NoticeLeaseMaturity: plainly(
		func(n told) string {
			return "Your lease ends" + n.onBrief(" on ", n.Date) + ", in " + strconv.Itoa(n.Count) + " days. Sign in to see your choices."
		},
		func(n told) string {
			return "Su arrendamiento termina" + n.onBrief(" el ", n.Date) + ". Entre para ver sus opciones."
		}),
	billing.NoticeMileagePace: plainly(
		func(n told) string {
			return "At the pace so far your lease will end " + milesIn(n.Count) + " miles over."
		},
		func(n told) string {
			return "Al ritmo que lleva terminará con " + milesIn(n.Count) + " millas de más."
		}),
	billing.NoticeTitleSent: plainly(
		func(n told) string { return "We sent your title papers" + n.onBrief(" on ", n.Date) + "." },
		func(n told) string { return "Enviamos los papeles de su título" + n.onBrief(" el ", n.Date) + "." }),
	billing.NoticeSupportMessage: plainly(
		func(told) string { return "You have a message from us. Sign in to read it." },
		func(told) string { return "Tiene un mensaje nuestro. Entre para leerlo." }),

	billing.NoticeTextsOn: only("Texts about your account are on. Msg & data rates may apply. Reply HELP for help, STOP to end.",
		"Sus mensajes de texto están activos. Pueden aplicar tarifas. Responda HELP o STOP."),
	billing.NoticeTextsStopped: only("You will get no more texts from us, not even codes. Reply START to get them again.",
		"No recibirá más textos nuestros, ni códigos. Responda START para recibirlos otra vez."),
	billing.NoticeTextsHelp: only("We text codes, alarms and what you chose. For help, {call} Reply STOP to end.",
		"Enviamos códigos, avisos y lo que usted eligió. Ayuda: {call} STOP para terminar."),
	billing.NoticeTextsBack: only("Texts from us are on again. Reply HELP for help, STOP to end.",
		"Volvió a activar nuestros textos. Responda HELP para ayuda, STOP para terminar."),
}
