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
}
