package notice

import (
	"strconv"

	"marque/internal/billing"
)

// What happened to a person's sign-in. Each says what it was, what it was not,
// and ends with the way to say that it was somebody else.

// sight is when, on what and where something was done.
func (t told) sight() []pair {
	return []pair{{label: "When", value: t.at}, {label: "Device", value: t.device}, {label: "Place", value: t.where}}
}

// alarm is a letter about something that was done, with when and where.
func alarm(subject, reason string, rest ...string) func(told) letter {
	return func(n told) letter {
		return letter{subject: subject, reason: reason, facts: n.sight(), rest: rest, alarm: true}
	}
}

var signInLetters = letters{
	billing.NoticeActivated: {
		en: alarm("Your online access is set up", "Online access to your account was set up.",
			"You can now see your account, pay, and read your statements on our website."),
		es: alarm("Su acceso en línea está activo", "Se activó el acceso en línea a su cuenta.",
			"Ya puede ver su cuenta, pagar y leer sus estados de cuenta en nuestro sitio web."),
	},
	billing.NoticeUsernameReminder: {
		en: func(n told) letter {
			return letter{subject: "Your username", reason: "You asked for your username.", facts: []pair{{label: "Username", value: n.Username}},
				rest: []string{"To sign in, go to our website the way you always do.", "If you did not ask for it, you do not need to do anything. A username alone lets nobody in."}}
		},
		es: func(n told) letter {
			return letter{subject: "Su nombre de usuario", reason: "Usted pidió su nombre de usuario.", facts: []pair{{label: "Username", value: n.Username}},
				rest: []string{"Para entrar, vaya a nuestro sitio web como siempre.", "Si usted no lo pidió, no tiene que hacer nada. Nadie puede entrar solo con un nombre de usuario."}}
		},
	},
	billing.NoticeNewDevice: {
		en: alarm("New sign-in to your account", "Your account was signed in to on a device that we have not seen before.",
			"If it was you, you do not need to do anything."),
		es: alarm("Nuevo acceso a su cuenta", "Se entró a su cuenta en un dispositivo que no habíamos visto antes.",
			"Si fue usted, no tiene que hacer nada."),
	},
	billing.NoticeSignInLocked: {
		en: func(n told) letter {
			return letter{subject: "Sign-in is locked", reason: "We locked sign-in to your online access because a wrong password was typed too many times.",
				rest: append(nonEmpty(n.Reason, before("It unlocks by itself on ", n.until+".", n.until != "")),
					"If it was you, wait a while and try again, or call us and we will help. A passkey, or a device that you have used before, still lets you in."), alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "El acceso está bloqueado", reason: "Bloqueamos el acceso en línea a su cuenta porque se escribió una contraseña incorrecta demasiadas veces.",
				rest: append(nonEmpty(before("Se desbloquea solo: ", n.until+".", n.until != "")),
					"Si fue usted, espere un rato e intente otra vez, o llámenos y le ayudamos. Todavía puede entrar con una llave de acceso o con un dispositivo que ya ha usado."), alarm: true}
		},
	},
	billing.NoticeSignInUnlocked: {
		en: alarm("Sign-in is unlocked", "Sign-in to your online access was unlocked. You can sign in again."),
		es: alarm("El acceso está desbloqueado", "Se desbloqueó el acceso en línea a su cuenta. Ya puede entrar otra vez."),
	},
	billing.NoticeFactorFailed: {
		en: alarm("Someone knew your password", "Someone typed your right password, but could not take the second step. They did not get in.",
			"If it was you, try again when you have your phone, your passkey or a saved code at hand.",
			"If it was not you, somebody knows your password. Change it on our website, and wherever else you use it."),
		es: alarm("Alguien conocía su contraseña", "Alguien escribió su contraseña correcta, pero no pudo dar el segundo paso. No pudo entrar.",
			"Si fue usted, intente otra vez cuando tenga a la mano su teléfono, su llave de acceso o un código guardado.",
			"Si no fue usted, alguien conoce su contraseña. Cámbiela en nuestro sitio web y en cualquier otro lugar donde la use."),
	},
	billing.NoticeFactorAdded: {
		en: func(n told) letter {
			return letter{subject: "A way to sign in was added", reason: "This was added as a way to sign in to your account: " + n.factor + ".", facts: n.named(), alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Se agregó una forma de entrar", reason: "Se agregó una forma de entrar a su cuenta: " + n.factor + ".", facts: n.named(), alarm: true}
		},
	},
	billing.NoticeFactorRemoved: {
		en: func(n told) letter {
			return letter{subject: "A way to sign in was removed", reason: "This was removed as a way to sign in to your account: " + n.factor + ".", facts: n.named(),
				rest: []string{"It no longer works."}, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Se quitó una forma de entrar", reason: "Se quitó una forma de entrar a su cuenta: " + n.factor + ".", facts: n.named(),
				rest: []string{"Ya no sirve."}, alarm: true}
		},
	},
	billing.NoticeSavedCodesMade: {
		en: alarm("New saved codes were made", "New saved codes were made for your account.", "Codes you saved earlier no longer work. Keep the new ones where only you can find them."),
		es: alarm("Se crearon códigos guardados nuevos", "Se crearon códigos guardados nuevos para su cuenta.", "Los códigos que guardó antes ya no sirven. Guarde los nuevos donde solo usted pueda encontrarlos."),
	},
	billing.NoticeSavedCodeUsed: {
		en: func(n told) letter {
			left := strconv.Itoa(n.Count) + " saved codes are left."
			switch n.Count {
			case 0:
				left = "It was the last one. Make new ones on our website under Security."
			case 1:
				left = "One saved code is left."
			}
			return letter{subject: "A saved code was used", reason: "One of your saved codes was used. It works only once.", facts: n.sight(), rest: []string{left}, alarm: true}
		},
		es: func(n told) letter {
			left := "Quedan " + strconv.Itoa(n.Count) + " códigos guardados."
			switch n.Count {
			case 0:
				left = "Era el último. Cree códigos nuevos en nuestro sitio web, en Seguridad."
			case 1:
				left = "Queda un código guardado."
			}
			return letter{subject: "Se usó un código guardado", reason: "Se usó uno de sus códigos guardados. Cada uno sirve una sola vez.", facts: n.sight(), rest: []string{left}, alarm: true}
		},
	},
	billing.NoticePasswordChanged: {
		en: alarm("Your password was changed", "The password for your online access was changed."),
		es: alarm("Su contraseña cambió", "Se cambió la contraseña de su acceso en línea."),
	},
	billing.NoticePasswordBreached: {
		en: alarm("Please choose a new password", "Your password is in a list of passwords stolen from other websites.",
			"The list is known to people who break into accounts. Nobody has got into yours because of it, as far as we can see.",
			"Go to our website the way you always do, sign in and choose a new password. Change it too wherever else you use it."),
		es: alarm("Elija una contraseña nueva", "Su contraseña está en una lista de contraseñas robadas de otros sitios web.",
			"Las personas que roban cuentas conocen esa lista. Por lo que vemos, nadie ha entrado a la suya por eso.",
			"Vaya a nuestro sitio web como siempre, entre y elija una contraseña nueva. Cámbiela también en cualquier otro lugar donde la use."),
	},
	billing.NoticeRecoveryStarted: {
		en: func(n told) letter {
			return letter{subject: "Someone asked to get back into your account", reason: "Someone asked to get back into your account without the password or a second step.",
				facts: n.sight(), rest: nonEmpty("Nothing has changed yet.", before("Nothing can change before ", n.until+".", n.until != "")), alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Alguien pidió recuperar el acceso a su cuenta", reason: "Alguien pidió recuperar el acceso a su cuenta sin la contraseña o sin el segundo paso.",
				facts: n.sight(), rest: nonEmpty("Nada ha cambiado todavía.", before("Nada puede cambiar antes de esta fecha: ", n.until+".", n.until != "")), alarm: true}
		},
	},
	billing.NoticeRecoveryDone: {
		en: func(n told) letter {
			return letter{subject: "Your account was recovered", reason: "Your sign-in was set up again after a lost password or a lost second step.", facts: n.sight(),
				rest: []string{"Every device was signed out.", "To keep you safe, bank accounts, autopay and contact data cannot be changed until " + n.until + "."}, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Se recuperó el acceso a su cuenta", reason: "Se volvió a crear su acceso después de perder la contraseña o el segundo paso.", facts: n.sight(),
				rest: []string{"Se cerró la sesión en todos los dispositivos.",
					"Para protegerle, las cuentas bancarias, los pagos automáticos y los datos de contacto no se pueden cambiar hasta esta fecha: " + n.until + "."}, alarm: true}
		},
	},
	billing.NoticeChangesHeld: {
		en: func(n told) letter {
			return letter{subject: "Changes to your account wait", reason: "A sign-in to your account looked unusual, so some changes have to wait.", facts: n.sight(),
				rest: []string{"Bank accounts, autopay and contact data cannot be changed until " + n.until + ". Payments work as always.",
					"If it was you and you cannot wait, call us."}, alarm: true}
		},
		es: func(n told) letter {
			return letter{subject: "Los cambios en su cuenta esperan", reason: "Un acceso a su cuenta nos pareció fuera de lo común, así que algunos cambios tienen que esperar.", facts: n.sight(),
				rest: []string{"Las cuentas bancarias, los pagos automáticos y los datos de contacto no se pueden cambiar hasta esta fecha: " + n.until + ". Los pagos funcionan como siempre.",
					"Si fue usted y no puede esperar, llámenos."}, alarm: true}
		},
	},
	billing.NoticeSessionsEnded: {
		en: alarm("A device was signed out", "Your account was signed in to on too many devices at once, so the one used longest ago was signed out.",
			"If all of them are yours, you do not need to do anything."),
		es: alarm("Se cerró la sesión en un dispositivo", "Su cuenta estaba abierta en demasiados dispositivos a la vez, así que se cerró la sesión del que llevaba más tiempo sin usarse.",
			"Si todos son suyos, no tiene que hacer nada."),
	},
	billing.NoticeLockedByYou: {
		en: func(n told) letter {
			return letter{subject: "Sign-in is locked because you told us", reason: "You told us that it was not you, so we locked sign-in and signed out every device.", facts: n.sight(),
				rest: []string{"Nobody can get in now. Payments that are already set up go on as planned.", "Call us. We will make sure that it is you and help you choose a new password."}}
		},
		es: func(n told) letter {
			return letter{subject: "El acceso está bloqueado porque usted nos avisó", reason: "Usted nos dijo que no fue usted, así que bloqueamos el acceso y cerramos la sesión en todos los dispositivos.", facts: n.sight(),
				rest: []string{"Ahora nadie puede entrar. Los pagos ya programados siguen como estaban.", "Llámenos. Confirmaremos que es usted y le ayudaremos a elegir una contraseña nueva."}}
		},
	},
	billing.NoticeQuestionsChanged: {
		en: alarm("Your security questions were changed", "The security questions for your account were changed."),
		es: alarm("Sus preguntas de seguridad cambiaron", "Se cambiaron las preguntas de seguridad de su cuenta."),
	},
	billing.NoticeDeviceForgotten: {
		en: alarm("A device was removed", "A device was removed from the ones we remember for you. It needs the second step again at its next sign-in."),
		es: alarm("Se quitó un dispositivo", "Se quitó un dispositivo de los que recordamos para usted. La próxima vez necesitará otra vez el segundo paso."),
	},
}

// named is what was added or removed, by the name the person gave it.
func (t told) named() []pair {
	var list []pair
	if t.label != "" {
		list = append(list, pair{label: "Name", value: "“" + t.label + "”"})
	}
	if t.Masked != "" {
		list = append(list, pair{label: "Phone", value: t.Masked})
	}
	return append(list, t.sight()...)
}
