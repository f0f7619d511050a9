package notice

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"marque/internal/billing"
)

// OneText is how many characters of the GSM-7 alphabet fit in one text message
// (3GPP TS 23.038): a message with any other character has room for 70 only.
const OneText = 160

// Text puts a notice into one text message: at most OneText characters of the
// GSM-7 alphabet, which lacks á, í, ó and ú, so Spanish is written without those
// accents. It names the lender first, holds no link and no account number, and
// leaves out a place or a device for which there is no room, but never the code
// or the way to call. "Reply STOP" ends those that a person agreed to get; codes
// and alarms are asked for or owed, and have it in the first to a number only. Errors wrap ErrNotice; kinds without a
// text form are those whose NoticeKind.ByText is false.
func Text(n billing.Notice, l billing.Lender) (string, error) {
	if err := check(n, l); err != nil {
		return "", err
	}
	words, ok := texts[n.Kind]
	if !ok {
		return "", wrong(n, "no text form")
	}
	t := tell(n, l)
	list := words.en(t)
	tail := "call us."
	if l.Phone != "" {
		tail = "call " + l.Phone + "."
	}
	if t.spanish() {
		list, tail = words.es(t), "llámenos."
		if l.Phone != "" {
			tail = "llame al " + l.Phone + "."
		}
	}
	end := ""
	if e, _ := billing.EventOf(n.Kind); !e.Unasked {
		end = stopWord
		if t.spanish() {
			end = stopWordInEs
		}
	}
	if n.Kind == billing.NoticeUsernameReminder && gsm7(n.Username) != n.Username {
		return "", wrong(n, "a username that a text message cannot hold")
	}
	if len(nonEmpty(l.Name, l.ShortName)) == 0 {
		return "", wrong(n, "no lender's name")
	}
	for _, name := range nonEmpty(l.Name, l.ShortName) {
		for _, s := range list {
			s = gsm7(oneLine(name + ": " + strings.ReplaceAll(s, "{call}", tail) + end))
			if len([]rune(s)) <= OneText {
				return s, nil
			}
		}
	}
	return "", fmt.Errorf("%w %q: longer than %d characters", ErrNotice, n.Kind, OneText)
}

// bothTexts are the wordings of one kind, the fullest first. {call} is where the
// lender's telephone number goes.
type bothTexts struct{ en, es func(told) []string }

func typed(en, es string) bothTexts {
	return bothTexts{
		en: func(n told) []string {
			return []string{n.Code + " is your code " + en + ". Never tell it to anyone, not even us.", n.Code + " is your code " + en + ". Never tell it to anyone."}
		},
		es: func(n told) []string {
			return []string{n.Code + " es su código " + es + ". No se lo diga a nadie, ni a nosotros.", n.Code + " es su código " + es + ". No se lo diga a nadie."}
		},
	}
}

func said(en, es string) bothTexts {
	return bothTexts{
		en: func(told) []string { return []string{en + " Not you? Please {call}"} },
		es: func(told) []string { return []string{es + " ¿No fue usted? Por favor {call}"} },
	}
}

// only is a wording with nothing to be added.
func only(en, es string) bothTexts {
	return bothTexts{en: func(told) []string { return []string{en} }, es: func(told) []string { return []string{es} }}
}

// factor names what was added or removed.
func factor(en, es string) bothTexts {
	return bothTexts{
		en: func(n told) []string { return said(en+n.factor+".", "").en(n) },
		es: func(n told) []string { return said("", es+n.factor+".").es(n) },
	}
}

// seen says a sign-in with as much of when, on what and where as there is room for.
func seen(n told, start, otherwise, end string) (list []string) {
	for _, parts := range [][]string{{n.device, n.where, n.at}, {n.device, n.where}, {n.device}} {
		if said := strings.Join(nonEmpty(parts...), ", "); said != "" {
			list = append(list, start+said+end)
		}
	}
	return append(list, otherwise+end)
}

var signInTexts = map[billing.NoticeKind]bothTexts{
	billing.NoticeActivationCode: typed("to set up online access", "para activar el acceso en línea"),
	billing.NoticeSignInCode:     typed("to sign in", "para entrar a su cuenta"),
	billing.NoticeRecoveryCode:   typed("to get back into your account", "para recuperar el acceso a su cuenta"),
	billing.NoticeUnlockCode:     typed("to unlock sign-in", "para desbloquear el acceso"),
	billing.NoticeContactCode:    typed("to confirm this phone number", "para confirmar este número de teléfono"),
	billing.NoticeCallerCode: {
		en: func(n told) []string {
			const rest = " Read it only to the person you called. It cannot be used to sign in."
			return []string{n.Code + " is your code " + n.why + "." + rest, n.Code + "." + rest}
		},
		es: func(n told) []string {
			const rest = " Léalo solo si usted hizo la llamada. No sirve para entrar."
			return []string{n.Code + " es su código " + n.why + "." + rest, n.Code + "." + rest}
		},
	},
	billing.NoticeUsernameReminder: {
		en: func(n told) []string { return []string{"Your username is " + n.Username} },
		es: func(n told) []string { return []string{"Su nombre de usuario es " + n.Username} },
	},
	billing.NoticeActivated: said("Online access to your account was set up.", "Se activó el acceso en línea a su cuenta."),
	billing.NoticeNewDevice: {
		en: func(n told) []string {
			return seen(n, "New sign-in: ", "New sign-in on a new device", ". Not you? Please {call}")
		},
		es: func(n told) []string {
			return seen(n, "Nuevo acceso: ", "Nuevo acceso en otro dispositivo", ". ¿No fue usted? Por favor {call}")
		},
	},
	billing.NoticeSignInLocked:   said("Sign-in is locked after too many wrong passwords.", "Acceso bloqueado: demasiadas contraseñas incorrectas."),
	billing.NoticeSignInUnlocked: said("Sign-in to your account was unlocked.", "Se desbloqueó el acceso a su cuenta."),
	billing.NoticeFactorFailed:   said("Someone knew your password but failed the second step.", "Alguien sabía su contraseña pero falló el segundo paso."),
	billing.NoticeFactorAdded:    factor("Added to your sign-in: ", "Se agregó a su acceso: "),
	billing.NoticeFactorRemoved:  factor("Removed from your sign-in: ", "Se quitó de su acceso: "),
	billing.NoticeSavedCodesMade: said("New saved codes were made. Old ones no longer work.", "Hay códigos guardados nuevos. Los de antes ya no sirven."),
	billing.NoticeSavedCodeUsed: {
		en: func(n told) []string {
			return said("A saved code was used. Left: "+strconv.Itoa(n.Count)+".", "").en(n)
		},
		es: func(n told) []string {
			return said("", "Se usó un código guardado. Quedan: "+strconv.Itoa(n.Count)+".").es(n)
		},
	},
	billing.NoticePasswordChanged:  said("Your password was changed.", "Se cambió su contraseña."),
	billing.NoticePasswordBreached: only("Your password is in a list of stolen passwords. Sign in and choose a new one.", "Su contraseña está en una lista de contraseñas robadas. Entre y elija una nueva."),
	billing.NoticeEmailChanged:     said("Your e-mail address with us was changed.", "Se cambió su dirección de correo."),
	billing.NoticePhoneChanged: {
		en: func(n told) []string {
			if n.Old {
				return said("Your phone number with us was changed.", "").en(n)
			}
			return []string{"This number is now on your account for codes and alarms. Not you? Please {call} Reply STOP to end texts.", "This number is now on your account. Not you? Please {call} Reply STOP to end texts."}
		},
		es: func(n told) []string {
			if n.Old {
				return said("", "Se cambió su número de teléfono.").es(n)
			}
			return []string{"Este número ya está en su cuenta para códigos y avisos. ¿No fue usted? Por favor {call} Responda STOP para terminar.", "Este número ya está en su cuenta. ¿No fue usted? Por favor {call} Responda STOP para terminar."}
		},
	},
	billing.NoticeAddressChanged:   said("Your mailing address with us was changed.", "Se cambió su dirección postal."),
	billing.NoticeRecoveryStarted:  said("Someone asked to get into your account without the password.", "Alguien pidió entrar a su cuenta sin la contraseña."),
	billing.NoticeRecoveryDone:     said("Your sign-in was set up again. Changes are on hold.", "Se volvió a crear su acceso. Los cambios están en espera."),
	billing.NoticeChangesHeld:      said("A sign-in looked unusual. Changes are on hold.", "Un acceso fuera de lo común. Los cambios están en espera."),
	billing.NoticeLockedByYou:      only("Sign-in is locked because you told us that it was not you. To get back in, {call}", "Bloqueamos el acceso porque usted nos avisó. Para volver a entrar, {call}"),
	billing.NoticeQuestionsChanged: said("Your security questions were changed.", "Se cambiaron sus preguntas de seguridad."),
	billing.NoticeMethodReplaced:   said("You pay from another bank account now.", "Ahora paga desde otra cuenta bancaria."),
	billing.NoticeMethodRemoved:    said("A way to pay was removed from your online access.", "Se quitó una forma de pago de su acceso en línea."),
	billing.NoticeBankAccountAdded: said("A bank account was added to your online access.", "Se agregó una cuenta bancaria a su acceso en línea."),
}

var texts = func() map[billing.NoticeKind]bothTexts {
	all := maps.Clone(signInTexts)
	maps.Copy(all, moneyTexts)
	return all
}()

// gsm7 is the text in the GSM-7 alphabet without its extension table, of which
// each character would take the room of two. What the alphabet lacks is written
// with its nearest letters, or a question mark.
func gsm7(s string) string {
	var out strings.Builder
	for _, r := range s {
		switch near, known := nearest[r]; {
		case strings.ContainsRune(gsmAlphabet, r):
			out.WriteRune(r)
		case known:
			out.WriteString(near)
		default:
			out.WriteByte('?')
		}
	}
	return out.String()
}

const gsmAlphabet = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

var nearest = map[rune]string{
	'á': "a", 'í': "i", 'ó': "o", 'ú': "u", 'Á': "A", 'Í': "I", 'Ó': "O", 'Ú': "U", 'ç': "c", 'ê': "e", 'â': "a", 'ô': "o", 'î': "i", 'û': "u", 'ã': "a", 'õ': "o", 'ë': "e", 'ï': "i",
	'À': "A", 'È': "E", 'Ê': "E", 'Ë': "E", 'Ì': "I", 'Ò': "O", 'Ù': "U", 'ł': "l", 'Ł': "L", 'ř': "r", 'š': "s", 'ž': "z",
	'‘': "'", '’': "'", '“': "\"", '”': "\"", '–': "-", '—': "-", '−': "-", '·': ".", '•': "*", '…': "...", '€': "EUR",
	'[': "(", ']': ")", '{': "(", '}': ")", '|': "/", '\\': "/", '^': " ", '~': "-", '`': "'", '\u00a0': " ", '\u202f': " ",
}
