package notice

import "marque/internal/billing"

// One-time codes. Each says on which page it was asked for: a code that is read
// out to somebody else opens that page for them.

var codeRest = []string{"Type it on the page where you asked for it. It works once, and only for a short time.",
	"Never tell anyone this code, not even us. There is one exception: a code that says it is for a call you made to us."}

var codeRestInEs = []string{"Escríbalo en la página donde lo pidió. Sirve una sola vez y por poco tiempo.",
	"Nunca le diga este código a nadie, ni a nosotros. Hay una sola excepción: un código que dice que es para una llamada que usted nos hizo."}

// typedCode is a letter with a code that is typed where it was asked for.
func typedCode(subject, reason, otherwise string) func(told) letter {
	return func(n told) letter {
		rest := codeRest
		if n.spanish() {
			rest = codeRestInEs
		}
		return letter{subject: subject, reason: reason + " " + n.Code + ".", rest: append(rest[:len(rest):len(rest)], otherwise)}
	}
}

var codeLetters = letters{
	billing.NoticeActivationCode: {
		en: typedCode("Your code to set up online access", "You asked to set up online access. Your code is",
			"If you did not ask for it, you do not need to do anything, but please call us so that we know."),
		es: typedCode("Su código para activar el acceso en línea", "Usted pidió activar el acceso en línea. Su código es",
			"Si usted no lo pidió, no tiene que hacer nada, pero llámenos para que lo sepamos."),
	},
	billing.NoticeSignInCode: {
		en: typedCode("Your sign-in code", "You are signing in. Your code is",
			"If you are not signing in right now, somebody knows your password. Change it, or call us."),
		es: typedCode("Su código para entrar", "Usted está entrando a su cuenta. Su código es",
			"Si usted no está entrando ahora, alguien conoce su contraseña. Cámbiela o llámenos."),
	},
	billing.NoticeRecoveryCode: {
		en: typedCode("Your code to get back in", "You asked to get back into your account. Your code is",
			"If you did not ask for it, your account is still safe. Call us so that we know."),
		es: typedCode("Su código para recuperar el acceso", "Usted pidió recuperar el acceso a su cuenta. Su código es",
			"Si usted no lo pidió, su cuenta sigue segura. Llámenos para que lo sepamos."),
	},
	billing.NoticeUnlockCode: {
		en: typedCode("Your code to unlock sign-in", "You asked to unlock sign-in. Your code is",
			"If you did not ask for it, your account is still locked and safe. Call us so that we know."),
		es: typedCode("Su código para desbloquear el acceso", "Usted pidió desbloquear el acceso. Su código es",
			"Si usted no lo pidió, su cuenta sigue bloqueada y segura. Llámenos para que lo sepamos."),
	},
	billing.NoticeContactCode: {
		en: typedCode("Your code to confirm this e-mail address", "You asked us to write to this e-mail address. Your code to confirm it is",
			"If you did not ask for it, somebody typed your address by mistake. Without the code nothing will be sent here."),
		es: typedCode("Su código para confirmar esta dirección de correo", "Usted pidió que le escribamos a esta dirección de correo. Su código para confirmarla es",
			"Si usted no lo pidió, alguien escribió su dirección por error. Sin el código no enviaremos nada aquí."),
	},
	billing.NoticeCallerCode: {
		en: func(n told) letter {
			return letter{subject: "Your code for the person you called", reason: "You are on the phone with us " + n.why + ". Your code is " + n.Code + ".",
				rest: []string{"Read it only to the person you called. It shows that it is you who is calling, and it cannot be used to sign in.",
					"If somebody called you and asks for it, hang up. Then call us at the number you know."}}
		},
		es: func(n told) letter {
			return letter{subject: "Su código para la persona a quien llamó", reason: "Usted está hablando con nosotros por teléfono " + n.why + ". Su código es " + n.Code + ".",
				rest: []string{"Léalo solo a la persona a quien usted llamó. Muestra que es usted quien llama, y no sirve para entrar a la cuenta.",
					"Si alguien le llamó a usted y se lo pide, cuelgue. Luego llámenos al número que usted conoce."}}
		},
	},
}
