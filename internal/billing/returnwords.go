package billing

// inSpanish has each reason of a returned payment in Spanish, to finish "Su banco
// devolvió este pago porque ".
var inSpanish = map[string]string{
	"there was not enough money in the bank account":      "no había suficiente dinero en la cuenta bancaria",
	"the bank account is closed":                          "la cuenta bancaria está cerrada",
	noSuchAccount:                                         "el banco no encontró la cuenta: puede haber un dígito equivocado",
	notAuthorized:                                         "se le dijo al banco que el pago no estaba autorizado",
	"our bank asked for it back":                          "nuestro banco pidió que se devolviera",
	takenBack:                                             "se retiró el permiso para cobrar de la cuenta",
	"the payment was stopped at the bank":                 "se detuvo el pago en el banco",
	"the money in the bank account was not available yet": "el dinero de la cuenta bancaria todavía no estaba disponible",
	"the bank has sold the branch that had the account":   "el banco vendió la sucursal que tenía la cuenta",
	bankNotReached:                                        "no se pudo llegar al banco con su número de ruta",
	"the person who acted for the account's owner can no longer do so": "la persona que actuaba por el dueño de la cuenta ya no puede hacerlo",
	"the bank says that the account's owner has died":                  "el banco dice que el dueño de la cuenta falleció",
	"the bank account is frozen":                                       "la cuenta bancaria está congelada",
	notDrawable:                                                        "la cuenta bancaria no permite este tipo de pagos",
	"the bank account did not take the money we sent":                  "la cuenta bancaria no aceptó el dinero que enviamos",
	"the bank took it for a second copy of another payment":            "el banco lo tomó por una segunda copia de otro pago",
	"our bank agreed to take it back":                                  "nuestro banco aceptó que se devolviera",
	ourMistake:                                                         "hubo un error en la forma en que se envió el pago; no fue suyo",
	"the bank sent it back as a kind of payment that it was not":       "el banco lo devolvió como un tipo de pago que no era",
	aboutReturn: "los bancos todavía están resolviendo una devolución anterior",
	"the payment was disputed with the card’s bank":                       "el pago se disputó con el banco de la tarjeta",
	"the cardholder told the card’s bank that the payment was not theirs": "el titular de la tarjeta le dijo a su banco que el pago no era suyo",
	"the cardholder told the card’s bank that it was charged twice":       "el titular de la tarjeta le dijo a su banco que se cobró dos veces",
	"the cardholder told the card’s bank that money was to be given back": "el titular de la tarjeta le dijo a su banco que se le debía devolver dinero",
	"the cardholder disputed it with the card’s bank":                     "el titular de la tarjeta lo disputó con su banco",
}

// ReasonIn gives the reason of a returned payment in a language. One that has no
// Spanish words, of a code that nobody knows, is told without a reason.
func ReasonIn(reason, language string) string {
	if language != Spanish {
		return reason
	}
	if words, ok := inSpanish[reason]; ok {
		return words
	}
	return "el banco no dio una razón que podamos nombrar"
}
