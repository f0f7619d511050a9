package notice

import (
	"strconv"

	"marque/internal/billing"
)

// What is coming. A reminder says what is due, by when and what can be done, and
// blames nobody.

// byAutopay says that autopay takes what is due, and when.
func (t told) byAutopay() bool { return t.method != "" && t.Date != 0 }

const (
	payHere     = "You can pay on our website, by phone or by check."
	payHereInEs = "Puede pagar en nuestro sitio web, por teléfono o con cheque."
	thanks      = "If you have paid already, thank you: you can ignore this message."
	thanksInEs  = "Si ya pagó, gracias: puede ignorar este mensaje."
)

var reminderLetters = letters{
	billing.NoticeDueSoon: {
		en: func(n told) letter {
			if n.byAutopay() {
				return letter{subject: "Autopay will make your payment", reason: "Your payment of " + n.AmountDue.USD() + " is due on " + n.long(n.DueDate) + ". Autopay will pay it" + n.on() + n.from() + ".",
					rest: []string{"You have nothing to do. Make sure that there is enough money in the account."}}
			}
			return letter{subject: "Your payment is due soon", reason: "Your payment of " + n.AmountDue.USD() + " is due on " + n.long(n.DueDate) + ".", rest: []string{payHere, thanks}}
		},
		es: func(n told) letter {
			if n.byAutopay() {
				return letter{subject: "Su pago se hará de forma automática", reason: "Su pago de " + n.AmountDue.USD() + " vence el " + n.long(n.DueDate) + ". El pago automático lo hará" + n.on() + n.from() + ".",
					rest: []string{"No tiene que hacer nada. Asegúrese de que haya suficiente dinero en la cuenta."}}
			}
			return letter{subject: "Su pago vence pronto", reason: "Su pago de " + n.AmountDue.USD() + " vence el " + n.long(n.DueDate) + ".", rest: []string{payHereInEs, thanksInEs}}
		},
	},
	billing.NoticeDueToday: {
		en: func(n told) letter {
			return letter{subject: "Your payment is due today", reason: "Your payment of " + n.AmountDue.USD() + " is due today, " + n.long(n.DueDate) + ".", rest: []string{payHere, thanks}}
		},
		es: func(n told) letter {
			return letter{subject: "Su pago vence hoy", reason: "Su pago de " + n.AmountDue.USD() + " vence hoy, " + n.long(n.DueDate) + ".", rest: []string{payHereInEs, thanksInEs}}
		},
	},
	billing.NoticePastDue: {
		en: func(n told) letter {
			m := letter{subject: "Your payment is past due", reason: "The payment that was due on " + n.long(n.DueDate) + " has not arrived. " + n.PastDue.USD() + " is past due."}
			if n.Fee > 0 && n.Date != 0 {
				m.rest = []string{"If it arrives by " + n.long(n.Date) + ", there is no late fee. After that day a late fee of " + n.Fee.USD() + " is added."}
			}
			m.rest = append(m.rest, payHere, hard, thanks)
			return m
		},
		es: func(n told) letter {
			m := letter{subject: "Su pago está vencido", reason: "El pago que vencía el " + n.long(n.DueDate) + " no ha llegado. " + n.PastDue.USD() + " está vencido."}
			if n.Fee > 0 && n.Date != 0 {
				m.rest = []string{"Si llega a más tardar el " + n.long(n.Date) + ", no hay cargo por atraso. Después de ese día se agrega un cargo por atraso de " + n.Fee.USD() + "."}
			}
			m.rest = append(m.rest, payHereInEs, hardInEs, thanksInEs)
			return m
		},
	},
	billing.NoticePayoffNear: {
		en: func(n told) letter {
			left := strconv.Itoa(n.Count) + " payments are left."
			if n.Count == 1 {
				left = "One payment is left."
			}
			m := letter{subject: "Your loan is nearly paid off", reason: "Your loan is nearly paid off. " + left}
			if n.Balance > 0 && n.Date != 0 {
				m.facts = []pair{{label: "Payoff amount on " + n.long(n.Date), value: n.Balance.USD()}}
				m.rest = []string{"The payoff amount is what closes your account on that day. It changes from day to day: our website shows it under Payoff."}
			}
			m.rest = append(m.rest, "When it is paid off, we send the title papers to your mailing address. See on our website under Profile that it is right.")
			return m
		},
		es: func(n told) letter {
			left := "Quedan " + strconv.Itoa(n.Count) + " pagos."
			if n.Count == 1 {
				left = "Queda un pago."
			}
			m := letter{subject: "Su préstamo está casi pagado", reason: "Su préstamo está casi pagado. " + left}
			if n.Balance > 0 && n.Date != 0 {
				m.facts = []pair{{label: "Cantidad para liquidar el " + n.long(n.Date), value: n.Balance.USD()}}
				m.rest = []string{"Esa cantidad cierra su cuenta ese día. Cambia de un día a otro: nuestro sitio web la muestra en Liquidación."}
			}
			m.rest = append(m.rest, "Cuando quede pagado, le enviamos los papeles del título a su dirección postal. Vea en nuestro sitio web, en Perfil, que esté correcta.")
			return m
		},
	},
	billing.NoticePaymentChanged: {
		en: func(n told) letter {
			return letter{subject: "Your scheduled payment changed", reason: "Your scheduled payment" + n.forDay(" for ") + " is now " + n.Amount.USD() + n.insteadOf(" instead of ") + ".",
				facts: n.paid(), rest: append(because("It changed because ", n.Reason), "If this is not right, call us.")}
		},
		es: func(n told) letter {
			return letter{subject: "Su pago programado cambió", reason: "Su pago programado" + n.forDay(" para el ") + " es ahora de " + n.Amount.USD() + n.insteadOf(" en lugar de ") + ".",
				facts: n.paid(), rest: []string{"Si esto no está bien, llámenos."}}
		},
	},
	billing.NoticeLeaseMaturity: {
		en: func(n told) letter {
			return letter{subject: "Your lease ends soon", reason: "Your lease ends on " + n.long(n.Date) + ", in " + strconv.Itoa(n.Count) + " days.",
				rest: []string{"You can return the vehicle, buy it, or ask us about keeping it longer. Our website shows what each would cost, under Lease.",
					"Before you return it, have it looked at early: wear that is found in time can be mended."}}
		},
		es: func(n told) letter {
			return letter{subject: "Su arrendamiento termina pronto", reason: "Su arrendamiento termina el " + n.long(n.Date) + ", en " + strconv.Itoa(n.Count) + " días.",
				rest: []string{"Puede devolver el vehículo, comprarlo o preguntarnos si puede conservarlo más tiempo. Nuestro sitio web muestra cuánto costaría cada opción, en Arrendamiento.",
					"Antes de devolverlo, pida una revisión: el desgaste que se encuentra a tiempo se puede reparar."}}
		},
	},
	billing.NoticeMileagePace: {
		en: func(n told) letter {
			return letter{subject: "Your miles are above your lease’s pace", reason: "At the pace so far, your vehicle will have " + milesIn(n.Count) + " more miles at the end of your lease than it allows.", facts: n.overMiles(),
				rest: []string{"Nothing is due for miles now. They are counted when the lease ends, and driving less until then lowers the cost.", "The numbers and how they are worked out are on our website under Lease."}}
		},
		es: func(n told) letter {
			return letter{subject: "Sus millas van por encima de lo previsto", reason: "Al ritmo que lleva, su vehículo tendrá al final del arrendamiento " + milesIn(n.Count) + " millas más de las permitidas.", facts: n.overMiles(),
				rest: []string{"Ahora no debe nada por millas. Se cuentan cuando termina el arrendamiento, y si maneja menos hasta entonces el costo baja.", "Las cifras y cómo se calculan están en nuestro sitio web, en Arrendamiento."}}
		},
	},
	billing.NoticeTitleSent: {
		en: func(n told) letter {
			return letter{subject: "Your title is on its way", reason: "We sent the title papers of your vehicle" + n.on() + ".", facts: []pair{{label: "Sent to", value: n.Text}},
				rest: []string{"They can take up to ten days by mail. If they have not come by then, call us."}}
		},
		es: func(n told) letter {
			return letter{subject: "Su título va en camino", reason: "Enviamos los papeles del título de su vehículo" + n.on() + ".", facts: []pair{{label: "Sent to", value: n.Text}},
				rest: []string{"Por correo pueden tardar hasta diez días. Si no han llegado para entonces, llámenos."}}
		},
	},
	billing.NoticeSupportMessage: {
		en: func(told) letter {
			return letter{subject: "You have a message from us", reason: "We wrote you a message about your account.",
				rest: []string{"To read it, go to our website the way you always do and sign in. It is under Messages."}}
		},
		es: func(told) letter {
			return letter{subject: "Tiene un mensaje nuestro", reason: "Le escribimos un mensaje sobre su cuenta.",
				rest: []string{"Para leerlo, vaya a nuestro sitio web como siempre y entre a su cuenta. Está en Mensajes."}}
		},
	},
}

func (t told) insteadOf(words string) string { return before(words, t.Balance.USD(), t.Balance > 0) }

// overMiles is what the miles over would cost at the end.
func (t told) overMiles() []pair {
	var list []pair
	if t.Date != 0 {
		list = append(list, pair{label: "Odometer read on", value: t.long(t.Date)})
	}
	if t.Balance > 0 {
		list = append(list, pair{label: "What they would cost at the end", value: t.Balance.USD()})
	}
	return list
}

// milesIn writes miles with a comma between thousands, as both languages do in
// the United States.
func milesIn(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
