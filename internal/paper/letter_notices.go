package paper

import (
	"marque/internal/billing"
	"marque/internal/contract"
)

// LateNotice sets the notice of a payment that is past due and of its late fee. It
// says what helps and does not threaten.
func LateNotice(language string, n *billing.LateNotice) ([]byte, error) {
	p, err := letter(&n.Letter, language, "A payment is past due", "Un pago está vencido")
	if err != nil {
		return nil, err
	}
	p.reading(p.say("To bring your account up to date", "Para poner su cuenta al día"), n.AmountNow.USD(),
		p.say("Your payment that was due on "+p.long(n.DueDate)+" has not been paid in full: "+n.Unpaid.USD()+" of it is missing. If you have paid in the last few days, there is nothing more to do.",
			"Su pago que vencía el "+p.long(n.DueDate)+" no se ha pagado completo: faltan "+n.Unpaid.USD()+". Si pagó en los últimos días, no tiene que hacer nada más."))
	p.section(p.say("What is owed", "Lo que se debe"), 80)
	p.owed(toPay{n.PastDue, n.FeesDue, n.AmountNow, n.Next, n.NextDue})
	p.section(p.say("The late fee", "El cargo por atraso"), 50)
	p.tell("We added a late fee of "+n.Fee.USD()+" on "+p.long(n.FeeOn)+". Your contract has one when a payment is more than "+p.count(n.GraceDays, "day", "days", "día", "días")+" late. There is one for each payment, however long it takes, and never one because of an earlier fee."+before(" The law that limits it: ", n.Law)+ends(n.Law),
		"Agregamos un cargo por atraso de "+n.Fee.USD()+" el "+p.long(n.FeeOn)+". Su contrato lo prevé cuando un pago tiene más de "+p.count(n.GraceDays, "day", "days", "día", "días")+" de atraso. Hay uno por cada pago, sin importar cuánto tarde, y nunca por un cargo anterior."+before(" La ley que lo limita: ", n.Law)+ends(n.Law))
	if n.Autopay {
		p.tell("Autopay is on for this account. It does not take past due payments or fees: please pay them in one of the ways below.", "Los pagos automáticos están activos en esta cuenta. No toman pagos vencidos ni cargos: puede pagarlos de una de las formas de abajo.")
	}
	p.waysToPay()
	p.help()
	p.end(p.say("Is this not right? Tell us and we will look into it.", "¿No es correcto? Avísenos y lo revisaremos."))
	return p.finish()
}

// ends is the full stop of a sentence that has something to say.
func ends(s string) string {
	if s == "" {
		return ""
	}
	return "."
}

// ReturnNotice sets the notice of a payment that came back.
func ReturnNotice(language string, n *billing.ReturnNotice) ([]byte, error) {
	p, err := letter(&n.Letter, language, "A payment came back", "Un pago fue devuelto")
	if err != nil {
		return nil, err
	}
	reason := billing.ReasonIn(n.Reason, language)
	p.reading(p.say("Payment that came back", "Pago devuelto"), n.Amount.USD(),
		p.say("It no longer counts on your account. Why it came back: "+reason+".", "Ya no cuenta como pago. Se devolvió porque "+reason+"."))
	p.gap(6)
	p.facts(130, []pair{
		{label: p.say("Paid on", "Pagado el"), value: p.long(n.PaidOn)},
		{label: p.say("From", "Desde"), value: p.method(n.Method)},
		{label: p.say("Confirmation", "Confirmación"), value: n.Confirmation},
		{label: p.say("Came back on", "Devuelto el"), value: p.long(n.ReturnedOn)},
		{label: p.say("The bank’s code", "Código del banco"), value: n.Code},
	})
	p.gap(5)
	if n.Fee > 0 {
		p.tell("Your contract has a fee of "+n.Fee.USD()+" for a payment that comes back for lack of money. We have added it."+before(" The law that limits it: ", n.Law)+ends(n.Law),
			"Su contrato tiene un cargo de "+n.Fee.USD()+" por un pago que se devuelve por falta de dinero. Lo hemos agregado."+before(" La ley que lo limita: ", n.Law)+ends(n.Law))
	} else {
		p.tell("We have not charged a fee for this.", "No hemos cobrado ningún cargo por esto.")
	}
	if n.Reopened {
		p.tell("Your account had been paid off. It is open again, and we keep the title until it is paid.", "Su cuenta estaba pagada por completo. Está abierta de nuevo y conservamos el título hasta que se pague.")
	}
	p.section(p.say("What happens next", "Qué pasa ahora"), 80)
	if !n.Again.IsZero() {
		p.tell("We will try this payment again on "+p.long(n.Again)+", for the same amount. You can cancel that in your account until the day before.", "Intentaremos este pago de nuevo el "+p.long(n.Again)+", por la misma cantidad. Puede cancelarlo en su cuenta hasta el día anterior.")
	} else {
		p.tell("We will not try this payment again. Pay another way if it is still owed.", "No intentaremos este pago de nuevo. Pague de otra forma si todavía se debe.")
	}
	if n.Stopped {
		p.tell("Nothing more is taken from this way of paying, and autopay that used it is off. Add another one in your account.", "No se cobrará nada más de esta forma de pago, y los pagos automáticos que la usaban están desactivados. Agregue otra en su cuenta.")
	}
	if n.AmountNow > 0 || n.Next > 0 {
		p.owed(toPay{n.PastDue, n.FeesDue, n.AmountNow, n.Next, n.NextDue})
	}
	p.list([]pair{{label: p.principal(n.Kind) + p.say(" left now", " por pagar ahora"), value: n.Balance.USD()}})
	p.waysToPay()
	p.help()
	p.end("")
	return p.finish()
}

// changes says what changed, and why it was allowed to.
var changes = map[contract.EventKind]billing.Words{
	contract.DueDateChange:  {English: "Your due date changed, as you asked.", Spanish: "Su fecha de pago cambió, como lo pidió."},
	contract.Deferral:       {English: "We moved payments that were not paid yet to later dates, as agreed. Interest goes on in the time between on a loan.", Spanish: "Movimos los pagos que faltaban a fechas posteriores, como se acordó. En un préstamo, el interés sigue en ese tiempo."},
	contract.ReAge:          {English: "What was past due has moved on to the next due dates. Your account counts as up to date.", Spanish: "Lo que estaba vencido pasó a las próximas fechas de pago. Su cuenta se considera al día."},
	contract.RateChange:     {English: "Your interest rate changed.", Spanish: "Su tasa de interés cambió."},
	contract.Modification:   {English: "The terms of your account changed, as agreed.", Spanish: "Los términos de su cuenta cambiaron, como se acordó."},
	contract.Service:        {English: "Because of your military service your interest is lowered from the first day of it (Servicemembers Civil Relief Act, 50 USC 3937). What is above the limit is forgiven: you will not owe it later.", Spanish: "Por su servicio militar, su interés baja desde el primer día (Ley de Ayuda Civil a los Miembros del Servicio, 50 USC 3937). Lo que pasa del límite se perdona: no lo deberá después."},
	contract.ServiceEnd:     {English: "The lower interest for military service has ended, and the rate of your contract is back.", Spanish: "Terminó el interés reducido por servicio militar y vuelve la tasa de su contrato."},
	contract.LeaseExtension: {English: "Your lease goes on for longer, as agreed.", Spanish: "Su arrendamiento se extiende, como se acordó."},
}

// ChangeNotice sets what changed on an account: each figure as it was and as it is.
func ChangeNotice(language string, n *billing.ChangeNotice) ([]byte, error) {
	p, err := letter(&n.Letter, language, "Your account changed", "Su cuenta cambió")
	if err != nil {
		return nil, err
	}
	p.para(changes[n.Change].In(language), letterText)
	p.gap(5)
	p.tell("This counts from "+p.long(n.From)+".", "Vale desde el "+p.long(n.From)+".")
	var rows [][]string
	add := func(english, spanish, was, is string) {
		rows = append(rows, []string{p.say(english, spanish), was, is})
	}
	if d := n.DueDate; d != nil {
		add("Next payment is due", "El próximo pago vence", p.long(d.Was), p.long(d.Is))
	}
	if c := n.Payment; c != nil {
		add("Payment", "Pago", c.Was.USD(), c.Is.USD())
	}
	if r := n.Rate; r != nil && n.Kind == contract.Loan {
		add("Interest rate a year", "Tasa de interés anual", r.Was.Percent(), r.Is.Percent())
	}
	if k := n.PaymentsLeft; k != nil {
		add("Payments left", "Pagos que faltan", number(k.Was), number(k.Is))
	}
	if d := n.Maturity; d != nil {
		add("Last payment is due", "El último pago vence", p.long(d.Was), p.long(d.Is))
	}
	if len(rows) > 0 {
		p.section(p.say("Before and now", "Antes y ahora"), 60)
		p.table([]col{{title: p.say("What", "Qué"), w: p.w - 280}, {title: p.say("Before", "Antes"), w: 140, figure: true}, {title: p.say("Now", "Ahora"), w: 140, figure: true}}, rows, nil)
		p.gap(6)
	}
	p.changeWords(n)
	p.end(p.say("Did you not ask for this? Call us.", "¿No lo pidió? Llámenos."))
	return p.finish()
}

func (p *sheet) changeWords(n *billing.ChangeNotice) {
	if n.DueDay > 0 {
		p.tell("Later payments are due on day "+number(n.DueDay)+" of the month.", "Los pagos siguientes vencen el día "+number(n.DueDay)+" de cada mes.")
	}
	if n.Payment != nil {
		p.tell("The first payment of the new amount is due on "+p.long(n.PaymentFrom)+".", "El primer pago de la nueva cantidad vence el "+p.long(n.PaymentFrom)+".")
	}
	if n.Extra > 0 {
		p.tell("Interest goes on for the "+p.count(n.ExtraDays, "day", "days", "día", "días")+" in between: about "+n.Extra.USD()+" on what you owe today.", "El interés sigue por los "+p.count(n.ExtraDays, "day", "days", "día", "días")+" de diferencia: unos "+n.Extra.USD()+" sobre lo que debe hoy.")
	}
	if n.Forgiven > 0 {
		p.tell("We forgave "+n.Forgiven.USD()+" of interest. You do not owe it.", "Le perdonamos "+n.Forgiven.USD()+" de interés. No lo debe.")
	}
	if n.FeesBack > 0 {
		p.tell("We took off "+n.FeesBack.USD()+" of late fees.", "Quitamos "+n.FeesBack.USD()+" de cargos por atraso.")
	}
	p.tell("Autopay follows by itself where it is on. Everything else in your contract stays as it was.", "Los pagos automáticos se ajustan solos si están activos. Todo lo demás de su contrato sigue igual.")
}

// Message sets a message that goes by mail.
func Message(language string, m *billing.MessagePaper) ([]byte, error) {
	p, err := letter(&m.Letter, language, "Message", "Mensaje")
	if err != nil {
		return nil, err
	}
	p.section(m.Subject, 30)
	for _, words := range m.Paragraphs {
		p.para(words, letterText)
		p.gap(5)
	}
	var list []pair
	for _, f := range m.Facts {
		list = append(list, pair{label: f.Name, value: f.Value})
	}
	p.facts(150, list)
	p.end("")
	return p.finish()
}
