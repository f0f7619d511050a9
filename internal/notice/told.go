package notice

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"marque/internal/billing"
	"marque/internal/money"
)

// told is a notice with its values as a person of its language reads them. What
// somebody else may have chosen (a device's name, a place) is said only when it
// looks like one: an alarm is no place for a stranger's advertisement.
type told struct {
	billing.Notice
	at, until          string
	device, where      string
	label, factor, why string
	method             string
}

func (t told) spanish() bool { return t.Language == billing.Spanish }

func tell(n billing.Notice, l billing.Lender) told {
	t := told{Notice: n, device: decent(n.Device, 60), where: decent(n.Where, 60), label: decent(n.Label, 40), method: n.Method}
	t.factor, t.why = factors[n.Factor].en, purposes[n.Purpose].en
	if t.spanish() {
		t.factor, t.why = factors[n.Factor].es, purposes[n.Purpose].es
		t.device, t.where, t.method = inSpanish.Replace(t.device), inSpanish.Replace(t.where), inSpanish.Replace(t.method)
	}
	if n.At != 0 {
		t.at = t.clock(n.At, l)
	}
	if n.Until != 0 {
		t.until = t.clock(n.Until, l)
	}
	return t
}

// word is a thing's name in both languages.
type word struct{ en, es string }

var factors = map[string]word{
	billing.FactorPasskey: {"a passkey", "una llave de acceso"},
	billing.FactorApp:     {"an authenticator app", "una aplicación de autenticación"},
	billing.FactorText:    {"codes by text message", "códigos por mensaje de texto"},
	billing.FactorSaved:   {"saved codes", "códigos guardados"},
}

var purposes = map[string]word{
	billing.CallerAccount:  {"to talk about your account", "para hablar de su cuenta"},
	billing.CallerContact:  {"to change how we reach you", "para cambiar sus datos de contacto"},
	billing.CallerPayment:  {"to change a payment or a bank account", "para cambiar un pago o una cuenta bancaria"},
	billing.CallerUnlock:   {"to unlock your sign-in", "para desbloquear su acceso"},
	billing.CallerRecovery: {"to help you get back in", "para ayudarle a recuperar su acceso"},
}

// inSpanish turns the fixed words of a device, a place or a bank account.
var inSpanish = strings.NewReplacer(
	" on a phone", " en un teléfono", " on an iPhone", " en un iPhone", " on an iPad", " en un iPad", " on an Android phone", " en un teléfono Android",
	" on a tablet", " en una tableta", " on a computer", " en una computadora", " on a Mac", " en una Mac", " on Windows", " en Windows",
	" on a Chromebook", " en una Chromebook", "Unknown browser", "Navegador desconocido", "Unknown device", "Dispositivo desconocido",
	"near ", "cerca de ",
	"checking ending in", "cuenta corriente terminada en", "savings ending in", "cuenta de ahorros terminada en",
)

var plainForm = regexp.MustCompile(`^[\pL\pM\pN .,'’()/-]+$`)

// decent is a short name as it may stand in a message, or nothing.
func decent(s string, most int) string {
	s = oneLine(s)
	if len([]rune(s)) > most || !plainForm.MatchString(s) || strings.Contains(s, "//") || longNumber.MatchString(s) || siteForm.MatchString(s) {
		return ""
	}
	return s
}

// siteForm is what a mail program or a telephone would turn into a link.
var siteForm = regexp.MustCompile(`(?i)[\pL\pN-]\.\pL{2,}`)

// oneLine keeps a value from a file or a bank from starting lines of its own,
// and drops characters that steer the line it stands in.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u200b', r == '\ufeff':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func before(word, s string, said bool) string {
	if !said || s == "" {
		return ""
	}
	return word + s
}

var months = [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}

// long is the date as a person reads it: "Dec 15, 2026", "15 de diciembre de 2026".
func (t told) long(d money.Date) string {
	if d == 0 || !t.spanish() {
		return d.Long()
	}
	at := d.Time()
	return strconv.Itoa(at.Day()) + " de " + months[at.Month()-1] + " de " + strconv.Itoa(at.Year())
}

func (t told) clock(at money.Instant, l billing.Lender) string {
	if !t.spanish() {
		return clock(at, l)
	}
	zone, err := time.LoadLocation(l.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	local := at.Time().In(zone)
	half := "a. m."
	if local.Hour() >= 12 {
		half = "p. m."
	}
	return strconv.Itoa(local.Day()) + " de " + months[local.Month()-1] + " de " + local.Format("2006, 3:04 ") + half + local.Format(" MST")
}

// labelled is a figure's name in the notice's language.
func (t told) labelled(s string) string {
	if !t.spanish() {
		return s
	}
	if d, ok := strings.CutPrefix(s, "Next payment ("); ok {
		return "Próximo pago (" + d
	}
	if es, ok := labelsInSpanish[s]; ok {
		return es
	}
	return s
}

var labelsInSpanish = map[string]string{
	"Principal balance after this payment": "Saldo de capital después de este pago", "Payments left to make": "Pagos que faltan",
	"Past due now, with fees": "Vencido ahora, con cargos", "Confirmation number": "Número de confirmación", "Amount": "Cantidad",
	"Payment date": "Fecha del pago", "From": "De", "Your bank's reason": "Motivo de su banco", "Returned payment fee": "Cargo por pago devuelto",
	"Interest": "Interés", "Principal": "Capital", "Lease payments": "Pagos del arrendamiento", "Tax": "Impuesto", "Late fees": "Cargos por atraso",
	"Other fees": "Otros cargos", "Toward the balance charged off": "Al saldo dado por perdido", "Held for you": "Guardado para usted",
	"Forgiven, not paid by you": "Perdonado, no pagado por usted",
	"Sent to":                   "Enviado a", "Odometer read on": "Odómetro leído el", "What they would cost at the end": "Lo que costarían al final",
	"When": "Cuándo", "Phone": "Teléfono", "Device": "Dispositivo", "Place": "Lugar", "Name": "Nombre", "Until": "Hasta", "New": "Nuevo", "Username": "Nombre de usuario",
}
