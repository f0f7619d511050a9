package notice

import "marque/internal/billing"

// How we reach a person. After a change the old place is told as well as the new
// one: a thief who changes the address must not be the only one to hear of it.

// moved is a letter about a changed address, in two forms.
func moved(subject, atOld, atNew string) func(told) letter {
	return func(n told) letter {
		m := letter{subject: subject, reason: atNew, alarm: true}
		if n.Old {
			m.reason = atOld
			m.facts = []pair{{label: "New", value: n.Masked}}
		}
		m.facts = append(m.facts, n.sight()...)
		return m
	}
}

var contactLetters = letters{
	billing.NoticeEmailChanged: {
		en: moved("Your e-mail address was changed", "The e-mail address for your account was changed. From now on we write to the new one.",
			"This is now the e-mail address for your account."),
		es: moved("Su dirección de correo cambió", "Se cambió la dirección de correo de su cuenta. Desde ahora escribimos a la nueva.",
			"Esta es ahora la dirección de correo de su cuenta."),
	},
	billing.NoticePhoneChanged: {
		en: moved("Your phone number was changed", "The phone number for your account was changed. From now on we send codes and alarms to the new one.",
			"The phone number for your account was changed."),
		es: moved("Su número de teléfono cambió", "Se cambió el número de teléfono de su cuenta. Desde ahora enviamos códigos y avisos al nuevo.",
			"Se cambió el número de teléfono de su cuenta."),
	},
	billing.NoticeAddressChanged: {
		en: alarm("Your mailing address was changed", "The mailing address for your account was changed.", "You can see it on our website under Profile."),
		es: alarm("Su dirección postal cambió", "Se cambió la dirección postal de su cuenta.", "Puede verla en nuestro sitio web, en Perfil."),
	},
	billing.NoticePaperlessOn: {
		en: alarm("Paperless is on", "You chose to get your statements and letters on our website only, and no longer on paper.",
			"We send an e-mail when there is a new one. You can go back to paper at any time on our website under Profile, or by phone."),
		es: alarm("Ya no recibe papel", "Usted eligió recibir sus estados de cuenta y cartas solo en nuestro sitio web, y ya no en papel.",
			"Le enviamos un correo cuando hay algo nuevo. Puede volver al papel en cualquier momento en nuestro sitio web, en Perfil, o por teléfono."),
	},
	billing.NoticePaperlessOff: {
		en: alarm("Paperless is off", "From now on we mail your statements and letters on paper.", "You can still read them on our website."),
		es: alarm("Vuelve a recibir papel", "Desde ahora le enviamos sus estados de cuenta y cartas en papel.", "Todavía puede leerlos en nuestro sitio web."),
	},
	billing.NoticeBankAccountAdded: {
		en: func(n told) letter {
			return letter{subject: "A bank account was added", reason: "A bank account was added to your online access" + before(": ", n.method, true) + ".", facts: n.sight(), alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Se agregó una cuenta bancaria", reason: "Se agregó una cuenta bancaria a su acceso en línea" + before(": ", n.method, true) + ".", facts: n.sight(), alarm: true}
		},
	},
	billing.NoticeCheckSent: {
		en: func(n told) letter {
			m := letter{subject: "We are checking your bank account", reason: "We are checking your bank account" + before(": ", n.method, true) + "."}
			if n.Count == 0 {
				m.rest = []string{"You have nothing to do. If your bank sends nothing back, you can pay from it from " + n.long(n.Date) + "."}
				return m
			}
			m.rest = []string{"Two deposits of less than a dollar each, marked ACCTVERIFY, are in it by " + n.long(n.Date) + ". Sign in and type both amounts by " + n.long(n.DueDate) + ". Then you can pay from it.",
				"The deposits are yours to keep."}
			return m
		},
		es: func(n told) letter {
			m := letter{subject: "Estamos comprobando su cuenta bancaria", reason: "Estamos comprobando su cuenta bancaria" + before(": ", n.method, true) + "."}
			if n.Count == 0 {
				m.rest = []string{"No tiene que hacer nada. Si su banco no devuelve nada, podrá pagar desde ella a partir del " + n.long(n.Date) + "."}
				return m
			}
			m.rest = []string{"Dos depósitos de menos de un dólar cada uno, marcados ACCTVERIFY, estarán en ella a más tardar el " + n.long(n.Date) + ". Entre y escriba las dos cantidades a más tardar el " + n.long(n.DueDate) + ". Después podrá pagar desde ella.",
				"Los depósitos son suyos."}
			return m
		},
	},
	billing.NoticeCheckPassed: {
		en: func(n told) letter {
			return letter{subject: "Your bank account is checked", reason: "Your bank account is checked" + before(": ", n.method, true) + ".", rest: []string{"You can pay from it now."}}
		},
		es: func(n told) letter {
			return letter{subject: "Su cuenta bancaria está comprobada", reason: "Su cuenta bancaria está comprobada" + before(": ", n.method, true) + ".", rest: []string{"Ya puede pagar desde ella."}}
		},
	},
	billing.NoticeCheckFailed: {
		en: func(n told) letter {
			return letter{subject: "We could not check your bank account", reason: "We could not check your bank account" + before(": ", n.method, true) + ".", facts: []pair{{label: "Why", value: n.Reason}},
				rest: []string{"Nothing will be taken from it. Sign in to see what you can do, or pay from another account."}}
		},
		es: func(n told) letter {
			return letter{subject: "No pudimos comprobar su cuenta bancaria", reason: "No pudimos comprobar su cuenta bancaria" + before(": ", n.method, true) + ".",
				rest: []string{"No se tomará nada de ella. Entre para ver qué puede hacer, o pague desde otra cuenta."}}
		},
	},
	billing.NoticeAccountCorrected: {
		en: func(n told) letter {
			return letter{subject: "Your bank corrected your account details", reason: "Your bank asked us to correct what we have on file for your bank account. It is now" + before(" ", n.method, true) + ".",
				rest: []string{"Payments and autopay go on with the corrected details. You have nothing to do."}, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Su banco corrigió los datos de su cuenta", reason: "Su banco nos pidió corregir los datos de su cuenta bancaria. Ahora es" + before(" ", n.method, true) + ".",
				rest: []string{"Los pagos y el pago automático siguen con los datos corregidos. No tiene que hacer nada."}, alarm: true}
		},
	},
	billing.NoticeMethodReplaced: {
		en: func(n told) letter {
			return letter{subject: "You pay from another account now", reason: "Your payments now come" + before(" from ", n.method, true) + ".",
				rest: []string{"Autopay and payments that have not gone out were moved to it. The account they came from before was removed."}, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Ahora paga desde otra cuenta", reason: "Sus pagos salen ahora" + before(" de ", n.method, true) + ".",
				rest: []string{"El pago automático y los pagos que no han salido se pasaron a ella. La cuenta anterior se quitó."}, alarm: true}
		},
	},
	billing.NoticeMethodRemoved: {
		en: func(n told) letter {
			return letter{subject: "A way to pay was removed", reason: "A way to pay was removed from your online access" + before(": ", n.method, true) + ".", alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Se quitó una forma de pago", reason: "Se quitó una forma de pago de su acceso en línea" + before(": ", n.method, true) + ".", alarm: true}
		},
	},
}
