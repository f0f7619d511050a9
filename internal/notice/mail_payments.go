package notice

import (
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
)

// Money on its way, and papers. Figures carry the names they have on paper.

// on is " on Dec 15, 2026", or nothing without a date.
func (t told) on() string {
	if t.spanish() {
		return before(" el ", t.long(t.Date), t.Date != 0)
	}
	return before(" on ", t.long(t.Date), t.Date != 0)
}

func (t told) from() string {
	if t.spanish() {
		return before(" de ", t.method, true)
	}
	return before(" from ", t.method, true)
}

// forDay is the day that a payment is for.
func (t told) forDay(word string) string { return before(word, t.long(t.Date), t.Date != 0) }

// split is where a payment's money went, in the words of a loan or of a lease.
func (t told) split() []pair {
	left := "Principal balance after this payment"
	if t.Lease {
		left = "Payments left to make"
	}
	kind := contract.Loan
	if t.Lease {
		kind = contract.Lease
	}
	var list []pair
	for _, part := range billing.Parts(kind, t.Allocation, false) {
		list = append(list, pair{label: part.Name.English, value: billing.USD(part.Amount)})
	}
	if len(list) > 0 {
		list = append(list, pair{label: left, value: t.Balance.USD()})
	}
	return list
}

// due is what is to be paid now, and next, when the notice says.
func (t told) due() []pair {
	var list []pair
	if t.PastDue > 0 {
		list = append(list, pair{label: "Past due now, with fees", value: t.PastDue.USD()})
	}
	if t.AmountDue > 0 && t.DueDate != 0 {
		list = append(list, pair{label: "Next payment (" + t.long(t.DueDate) + ")", value: t.AmountDue.USD()})
	}
	return list
}

func (t told) paid() []pair {
	list := []pair{{label: "Confirmation number", value: t.Confirmation}, {label: "Amount", value: t.Amount.USD()}}
	if t.Date != 0 {
		list = append(list, pair{label: "Payment date", value: t.long(t.Date)})
	}
	return append(list, pair{label: "From", value: t.method})
}

func (t told) applied() []pair { return append(append(t.paid(), t.split()...), t.due()...) }

// returned is the payment, why the bank sent it back, and what that costs.
func (t told) returned() []pair {
	facts := t.paid()
	if t.Reason != "" {
		facts = append(facts, pair{label: "Your bank's reason", value: t.Reason})
	}
	if t.Fee > 0 {
		facts = append(facts, pair{label: "Returned payment fee", value: t.Fee.USD()})
	}
	return append(facts, t.due()...)
}

const (
	receipt     = "Your receipt is on our website under Payments."
	receiptInEs = "Su recibo está en nuestro sitio web, en Pagos."
	hard        = "If paying is hard right now, call us and we will talk through what is possible."
	hardInEs    = "Si le cuesta pagar en este momento, llámenos y veremos juntos qué se puede hacer."
)

var paymentLetters = letters{
	billing.NoticePaymentReceived: {
		en: func(n told) letter {
			return letter{subject: "We received your payment", reason: "We received your payment of " + n.Amount.USD() + n.from() + ".", facts: n.applied(), rest: []string{receipt}}
		},
		es: func(n told) letter {
			return letter{subject: "Recibimos su pago", reason: "Recibimos su pago de " + n.Amount.USD() + n.from() + ".", facts: n.applied(), rest: []string{receiptInEs}}
		},
	},
	billing.NoticePaymentScheduled: {
		en: func(n told) letter {
			return letter{subject: "Your payment is scheduled", reason: "You scheduled a payment of " + n.Amount.USD() + n.forDay(" for ") + n.from() + ".",
				facts: n.paid(), rest: []string{"Nothing has been taken yet. To cancel this payment, sign in before that day."}}
		},
		es: func(n told) letter {
			return letter{subject: "Su pago está programado", reason: "Usted programó un pago de " + n.Amount.USD() + n.forDay(" para el ") + n.from() + ".",
				facts: n.paid(), rest: []string{"Todavía no se ha tomado nada. Para cancelar este pago, entre a su cuenta antes de ese día."}}
		},
	},
	billing.NoticePhonePayment: {
		en: func(n told) letter {
			return letter{subject: "Your payment by phone", reason: "You told us by phone to take a payment of " + n.Amount.USD() + n.on() + n.from() + ".",
				facts: n.paid(), rest: []string{"This is what we read to you and you agreed to. Keep this message for your records."}, quoted: n.Text, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Su pago por teléfono", reason: "Usted nos pidió por teléfono tomar un pago de " + n.Amount.USD() + n.on() + n.from() + ".",
				facts: n.paid(), rest: []string{"Esto es lo que le leímos y usted aceptó, palabra por palabra. Guarde este mensaje."}, quoted: n.Text, alarm: true}
		},
	},
	billing.NoticePaymentCancelled: {
		en: func(n told) letter {
			return letter{subject: "Your payment was canceled", reason: "Your payment of " + n.Amount.USD() + n.forDay(" for ") + " was canceled.",
				facts: append(n.paid(), n.due()...), rest: append(because("It was canceled because ", n.Reason), "Nothing will be taken"+n.from()+"."), alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Su pago se canceló", reason: "Se canceló su pago de " + n.Amount.USD() + n.forDay(" para el ") + ".",
				facts: append(n.paid(), n.due()...), rest: append(because("Motivo: ", n.Reason), "No se tomará nada"+n.from()+"."), alarm: true}
		},
	},
	billing.NoticePaymentNotTaken: {
		en: func(n told) letter {
			return letter{subject: "Your scheduled payment was not made", reason: "Your payment of " + n.Amount.USD() + n.forDay(" for ") + " was not made: " + n.Reason + ".", facts: append(n.paid(), n.due()...),
				rest: []string{"Nothing was taken" + n.from() + ".", "To pay, sign in to our website, or call us."}, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Su pago programado no se hizo", reason: "Su pago de " + n.Amount.USD() + n.forDay(" para el ") + " no se hizo.", facts: append(n.paid(), n.due()...),
				rest: []string{"No se tomó nada" + n.from() + ".", "Para pagar, entre a nuestro sitio web o llámenos."}, alarm: true}
		},
	},
	billing.NoticePaymentReturned: {
		en: func(n told) letter {
			return letter{subject: "Payment returned by the bank", reason: "Your bank returned your payment of " + n.Amount.USD() + n.forDay(", dated ") + ".", facts: n.returned(),
				rest: []string{"This payment no longer counts on your account." + n.again(), "To pay again, sign in to our website, or call us. " + hard}}
		},
		es: func(n told) letter {
			return letter{subject: "El banco devolvió el pago", reason: "Su banco devolvió su pago de " + n.Amount.USD() + n.forDay(", con fecha del ") + ".", facts: n.returned(),
				rest: []string{"Este pago ya no se aplica a su cuenta." + n.again(), "Para pagar otra vez, entre a nuestro sitio web o llámenos. " + hardInEs}}
		},
	},
	billing.NoticePaymentReversed: {
		en: func(n told) letter {
			return letter{subject: "We are giving back a payment", reason: "We took a payment of " + n.Amount.USD() + n.forDay(", dated ") + " that we should not have taken. We are giving it back.",
				facts: n.paid(), rest: append(because("What was wrong: ", n.Reason), before("The money should be in your bank account by ", n.long(n.Again), n.Again != 0)+".",
					"This payment no longer counts on your account. If something is still due, you will see it on our website.")}
		},
		es: func(n told) letter {
			return letter{subject: "Le devolvemos un pago", reason: "Tomamos un pago de " + n.Amount.USD() + n.forDay(", con fecha del ") + " que no debimos tomar. Se lo devolvemos.",
				facts: n.paid(), rest: append(because("Qué estuvo mal: ", n.Reason), before("El dinero debe estar en su cuenta bancaria a más tardar el ", n.long(n.Again), n.Again != 0)+".",
					"Este pago ya no se aplica a su cuenta. Si todavía debe algo, lo verá en nuestro sitio web.")}
		},
	},
	billing.NoticeAutopayOn: {
		en: func(n told) letter {
			first := ""
			if n.Amount > 0 && n.Date != 0 {
				first = ". The first payment is " + n.Amount.USD() + n.on()
			}
			return letter{subject: "Autopay is on", reason: "You turned on autopay" + n.from() + first + ".",
				rest: []string{"This is what you authorized. Keep this message for your records."}, quoted: n.Text}
		},
		es: func(n told) letter {
			first := ""
			if n.Amount > 0 && n.Date != 0 {
				first = ". El primer pago es de " + n.Amount.USD() + n.on()
			}
			return letter{subject: "Los pagos automáticos están activos", reason: "Usted activó los pagos automáticos" + n.from() + first + ".",
				rest: []string{"Esto es lo que usted autorizó, palabra por palabra. Guarde este mensaje."}, quoted: n.Text}
		},
	},
	billing.NoticeAutopayOff: {en: autopayOff, es: autopayOffInEs},
	billing.NoticeAutopayDrawn: {
		en: func(n told) letter {
			return letter{subject: "Autopay made your payment", reason: "Autopay took your payment of " + n.Amount.USD() + n.on() + n.from() + ".", facts: n.applied(), rest: []string{receipt}}
		},
		es: func(n told) letter {
			return letter{subject: "Se hizo su pago automático", reason: "Su pago automático de " + n.Amount.USD() + " se tomó" + n.on() + n.from() + ".", facts: n.applied(), rest: []string{receiptInEs}}
		},
	},
	billing.NoticeStatementReady: {
		en: func(n told) letter {
			reason := "Your statement is ready."
			if n.AmountDue > 0 && n.DueDate != 0 {
				reason += " " + n.AmountDue.USD() + " is due on " + n.long(n.DueDate) + "."
			} else if n.AmountDue <= 0 {
				reason += " No payment is due."
			}
			return letter{subject: "Your statement is ready", reason: reason,
				rest: append(nonEmpty(n.Text), "To read it, go to our website the way you always do and sign in. It is under Documents.")}
		},
		es: func(n told) letter {
			reason := "Su estado de cuenta está listo."
			if n.AmountDue > 0 && n.DueDate != 0 {
				reason += " Debe pagar " + n.AmountDue.USD() + " el " + n.long(n.DueDate) + "."
			} else if n.AmountDue <= 0 {
				reason += " No debe ningún pago."
			}
			return letter{subject: "Su estado de cuenta está listo", reason: reason,
				rest: append(nonEmpty(n.Text), "Para leerlo, vaya a nuestro sitio web como siempre y entre a su cuenta. Está en Documentos.")}
		},
	},
	billing.NoticeLateFee: {
		en: func(n told) letter {
			return letter{subject: "A late fee was added", reason: "A late fee of " + n.Fee.USD() + " was added to your account" + n.on() + ".",
				facts: n.due(), rest: append(nonEmpty(n.Reason), "If you have paid already, thank you. "+hard)}
		},
		es: func(n told) letter {
			return letter{subject: "Se agregó un cargo por atraso", reason: "Se agregó a su cuenta un cargo por atraso de " + n.Fee.USD() + n.on() + ".",
				facts: n.due(), rest: append(nonEmpty(n.Reason), "Si ya pagó, gracias. "+hardInEs)}
		},
	},
	billing.NoticeAccountChanged: {
		en: func(n told) letter {
			return letter{subject: "Something changed on your account", reason: n.Text, facts: n.due(),
				rest: []string{"Your account's history on our website shows what changed and why. If anything in this is not right, call us."}}
		},
		es: func(n told) letter {
			return letter{subject: "Algo cambió en su cuenta", reason: n.Text, facts: n.due(),
				rest: []string{"El historial de su cuenta en nuestro sitio web muestra qué cambió y por qué. Si algo no está bien, llámenos."}}
		},
	},
	billing.NoticePaidOff: {
		en: func(n told) letter {
			return letter{subject: "Your account is paid off", reason: "Your account was paid off" + n.on() + ". Thank you.",
				rest: []string{"Nothing more is due. If autopay was on, it is off now.", "We will write to you about any papers that are left."}}
		},
		es: func(n told) letter {
			return letter{subject: "Su cuenta está pagada", reason: "Su cuenta quedó pagada por completo" + n.on() + ". Gracias.",
				rest: []string{"Ya no debe nada. Si tenía pagos automáticos, ya no están activos.", "Le escribiremos sobre los papeles que falten."}}
		},
	},
}

// again says when a returned payment is tried once more.
func (t told) again() string {
	if t.Again == 0 {
		return ""
	}
	if t.spanish() {
		return " Lo intentaremos otra vez el " + t.long(t.Again) + ". Puede cancelarlo en nuestro sitio web antes de ese día; si paga antes, no lo intentaremos."
	}
	return " We will try it again on " + t.long(t.Again) + ". You can cancel that on our website before then; if you pay before, we will not try."
}

// because is a sentence that ends with a reason; none without one.
func because(words, reason string) []string {
	if reason == "" {
		return nil
	}
	return []string{words + strings.TrimSuffix(reason, ".") + "."}
}

// autopayOff tells apart who ended it: the customer, or a payment that the bank
// returned, for which nobody else can be to blame.
func autopayOff(n told) letter {
	m := letter{subject: "Autopay is off", reason: "Autopay is off. We will not take payments" + n.from() + " any more.", facts: n.due()}
	const still = "Your payments are still due each month. You can pay on our website or by check."
	method, broken := strings.CutPrefix(n.Reason, "method: ")
	switch why, returned := strings.CutPrefix(n.Reason, "returned: "); {
	case broken:
		m.rest = []string{"We turned it off because " + method + ".", still, "To turn autopay on again, sign in to our website and choose how to pay."}
	case n.Reason == "as agreed":
		m.rest = []string{"It made the last of the payments that you agreed to.", still}
	case returned:
		m.rest = []string{"Your bank returned a payment: " + strings.TrimSuffix(why, ".") + ". So we turned autopay off.", still,
			"To turn autopay on again, sign in to our website and choose a bank account."}
	case n.Reason == "by the customer":
		m.rest, m.alarm = []string{"You turned it off.", still}, true
	default:
		m.rest, m.alarm = []string{still}, true
	}
	return m
}

func autopayOffInEs(n told) letter {
	m := letter{subject: "Los pagos automáticos están apagados", reason: "Los pagos automáticos están apagados. Ya no tomaremos pagos" + n.from() + ".", facts: n.due()}
	const still = "Sus pagos siguen venciendo cada mes. Puede pagar en nuestro sitio web o con cheque."
	method, broken := strings.CutPrefix(n.Reason, "method: ")
	switch why, returned := strings.CutPrefix(n.Reason, "returned: "); {
	case broken:
		m.rest = []string{"Los apagamos porque ya no se puede cobrar de esa cuenta o tarjeta (" + method + ").", still, "Para activarlos otra vez, entre a nuestro sitio web y elija cómo pagar."}
	case n.Reason == "as agreed":
		m.rest = []string{"Se hizo el último de los pagos que usted autorizó.", still}
	case returned:
		m.rest = []string{"Su banco devolvió un pago (" + strings.TrimSuffix(why, ".") + "), así que apagamos los pagos automáticos.", still,
			"Para activarlos otra vez, entre a nuestro sitio web y elija una cuenta bancaria."}
	case n.Reason == "by the customer":
		m.rest, m.alarm = []string{"Usted los apagó.", still}, true
	default:
		m.rest, m.alarm = []string{still}, true
	}
	return m
}
