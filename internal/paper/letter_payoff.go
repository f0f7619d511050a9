package paper

import (
	"strings"

	"marque/internal/billing"
)

// PaidInFull sets the proof that nothing is owed any more.
func PaidInFull(language string, f *billing.PaidInFull) ([]byte, error) {
	p, err := letter(&f.Letter, language, "Paid in full", "Pagado por completo")
	if err != nil {
		return nil, err
	}
	p.reading(p.say("You owe", "Usted debe"), f.Balance.USD(), p.say("Your account was paid in full on "+p.long(f.PaidOn)+". Thank you.", "Su cuenta quedó pagada por completo el "+p.long(f.PaidOn)+". Gracias."))
	p.section(p.say("How it was paid", "Cómo se pagó"), 80)
	p.proof(f)
	if f.Refund > 0 {
		p.tell("You paid "+f.Refund.USD()+" more than you owed. We are sending it back to you.", "Usted pagó "+f.Refund.USD()+" más de lo que debía. Se lo estamos devolviendo.")
	}
	if f.Refunded > 0 {
		p.tell("We have sent "+f.Refunded.USD()+" back to you that you paid beyond what you owed.", "Le hemos devuelto "+f.Refunded.USD()+" que pagó de más.")
	}
	p.finality(f)
	if f.Title {
		p.titleComes(f)
	}
	p.tell("Keep this letter with your records.", "Guarde esta carta con sus documentos.")
	p.end("")
	return p.finish()
}

// proof leads from what was owed to nothing.
func (p *sheet) proof(f *billing.PaidInFull) {
	list := []pair{{label: p.say("Owed before your last payment", "Se debía antes de su último pago"), value: f.Owed.USD()}}
	if f.How != "" {
		label := received[f.How].In(p.language) + ", " + p.short(f.PaidOn)
		if f.Method != "" {
			label += ", " + p.method(f.Method)
		}
		list = append(list, pair{label: label, value: billing.USD(-f.Amount)})
	} else if f.Amount != 0 {
		list = append(list, pair{label: p.say("Posted on ", "Registrado el ") + p.short(f.PaidOn), value: billing.USD(-f.Amount)})
	}
	if given := f.Applied.Forgiven + f.Applied.ChargedOff; given != 0 {
		list = append(list, pair{label: p.say("Forgiven: you do not owe it", "Perdonado: no lo debe"), value: billing.USD(-given)})
	}
	if f.Applied.Unapplied != 0 {
		list = append(list, pair{label: p.say("Paid beyond what was owed", "Pagado de más"), value: billing.USD(f.Applied.Unapplied)})
	}
	p.list(append(list, pair{label: p.say("Balance now", "Saldo ahora"), value: f.Balance.USD(), total: true}))
	p.gap(3)
	var facts []pair
	if f.Confirmation != "" {
		facts = append(facts, pair{label: p.say("Confirmation", "Confirmación"), value: f.Confirmation})
	}
	if f.OriginalAmount > 0 {
		facts = append(facts, pair{label: p.say("Loan of ", "Préstamo del ") + p.long(f.OriginalDate), value: f.OriginalAmount.USD()})
	}
	p.facts(180, facts)
	p.gap(5)
}

// finality says when the money can no longer come back.
func (p *sheet) finality(f *billing.PaidInFull) {
	if f.IsFinal() {
		return
	}
	last := f.FinalOn - 1
	p.tell("A bank can still take a payment back until "+p.long(last)+", for example when an account holder says that it was not theirs. If that happened, the amount would be owed again and we would write to you.",
		"Un banco todavía puede retirar un pago hasta el "+p.long(last)+", por ejemplo, si el dueño de la cuenta dice que no era suyo. Si eso pasara, la cantidad se debería de nuevo y le escribiríamos.")
}

// titleComes says what becomes of the lien and the title.
func (p *sheet) titleComes(f *billing.PaidInFull) {
	p.section(p.say("Your title", "Su título"), 90)
	by := p.say("We will release our lien on the vehicle by "+p.long(f.Release.By), "Liberaremos nuestro gravamen sobre el vehículo a más tardar el "+p.long(f.Release.By))
	switch {
	case f.Release.Law != "":
		by += p.say(", as the law of your state asks (", ", como lo pide la ley de su estado (") + f.Release.Law + ")."
	case !f.IsFinal():
		by += p.say(", when your payment can no longer come back. If you need the title sooner, call us: a wire or a cashier’s check is final at once.",
			", cuando su pago ya no pueda devolverse. Si necesita el título antes, llámenos: una transferencia o un cheque de caja es definitivo de inmediato.")
	default:
		by += "."
	}
	p.para(by, letterText)
	p.gap(5)
	p.steps(
		billing.Words{English: "We send you the title with a letter that releases the lien. If your state keeps titles electronically, we tell the state, and the state sends you the title.",
			Spanish: "Le enviamos el título con una carta que libera el gravamen. Si su estado guarda los títulos de forma electrónica, le avisamos al estado y el estado le envía el título."},
		billing.Words{English: "It goes to the address above. If you have moved, tell us now.", Spanish: "Se envía a la dirección de arriba. Si se mudó, avísenos ahora."},
		billing.Words{English: "Ask your insurance company to take us off your policy. If you bought a service contract or gap coverage with the loan, ask its provider whether part of the price comes back to you.",
			Spanish: "Pida a su compañía de seguros que nos quite de su póliza. Si compró un contrato de servicio o una cobertura gap con el préstamo, pregunte a su proveedor si le toca la devolución de una parte del precio."},
	)
}

// LienRelease sets the cover that goes with the title.
func LienRelease(language string, f *billing.PaidInFull) ([]byte, error) {
	p, err := letter(&f.Letter, language, "Lien release", "Liberación del gravamen")
	if err != nil {
		return nil, err
	}
	p.tell("The loan on the vehicle below is paid in full. "+p.lender.Name+" releases its lien on this vehicle as of "+p.long(f.Date)+" and claims no further interest in it.",
		"El préstamo del vehículo indicado abajo está pagado por completo. "+p.lender.Name+" libera su gravamen sobre este vehículo a partir del "+p.long(f.Date)+" y ya no reclama ningún derecho sobre él.")
	p.section(p.say("The vehicle and the loan", "El vehículo y el préstamo"), 100)
	p.facts(190, []pair{
		{label: p.say("Vehicle", "Vehículo"), value: f.Vehicle},
		{label: p.say("Vehicle identification number (VIN)", "Número de identificación del vehículo (VIN)"), value: f.VIN},
		{label: p.say("Owner", "Propietario"), value: strings.Join(append([]string{f.Recipient.Name}, f.Recipient.Address...), ", ")},
		{label: p.say("Lienholder", "Titular del gravamen"), value: strings.Join(append([]string{p.lender.Name}, withoutName(p.lender, p.lender.Address)...), ", ")},
		{label: p.say("Account number", "Número de cuenta"), value: f.AccountNumber},
		{label: p.say("Date the loan was made", "Fecha del préstamo"), value: p.long(f.OriginalDate)},
		{label: p.say("Paid in full on", "Pagado por completo el"), value: p.long(f.PaidOn)},
		{label: p.say("Balance", "Saldo"), value: f.Balance.USD()},
	})
	p.section(p.say("Signed for the lienholder", "Firmado por el titular del gravamen"), 90)
	p.signature()
	p.section(p.say("What to do with it", "Qué hacer con esto"), 70)
	p.steps(
		billing.Words{English: "Keep this letter with the title. It shows that we no longer have a claim on the vehicle.", Spanish: "Guarde esta carta con el título. Muestra que ya no tenemos ningún derecho sobre el vehículo."},
		billing.Words{English: "To have a title without our name, take both to the motor vehicle office of your state. It may ask for a fee of its own.",
			Spanish: "Para tener un título sin nuestro nombre, lleve ambos a la oficina de vehículos de su estado. Puede pedirle un cargo propio."},
		billing.Words{English: "If your state keeps titles electronically, we have told it, and the title comes from the state.", Spanish: "Si su estado guarda los títulos de forma electrónica, ya le avisamos y el título viene del estado."},
	)
	if f.Refund > 0 {
		p.tell("We still hold "+f.Refund.USD()+" of yours and are sending it back to you.", "Todavía tenemos "+f.Refund.USD()+" suyos y se los estamos devolviendo.")
	}
	p.end("")
	return p.finish()
}

// signature leaves room for a name by hand; the lines are decoration.
func (p *sheet) signature() {
	p.gap(26)
	p.need(24)
	half := p.w/2 - 12
	y := p.y
	p.doc.Artifact(func() {
		p.doc.Line(p.x, y, p.x+half, y, thin)
		p.doc.Line(p.x+half+24, y, p.x+p.w, y, thin)
	})
	p.beside(14, func() { p.para(p.say("Signature", "Firma"), small) }, func() { p.para(p.say("Name, title and date", "Nombre, cargo y fecha"), small) })
}
