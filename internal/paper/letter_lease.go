package paper

import (
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
)

// LeaseEnd sets what a customer gets before a lease ends.
func LeaseEnd(language string, l *billing.LeaseEndPacket) ([]byte, error) {
	p, err := letter(&l.Letter, language, "Your lease is ending", "Su arrendamiento está por terminar")
	if err != nil {
		return nil, err
	}
	p.reading(p.say("Your lease ends on", "Su arrendamiento termina el"), p.long(l.Ends), p.say("Here is how it stands, what each choice costs as things stand today, and what to do next.",
		"Aquí está cómo va, cuánto cuesta cada opción tal como está hoy, y qué hacer después."))
	p.leaseStanding(l)
	p.leaseMiles(l)
	p.section(p.say("Your choices", "Sus opciones"), 80)
	p.tell("You can return the vehicle, keep it for longer, or lease another one from a dealer"+map[bool]string{true: "", false: ", or buy it"}[l.NoPurchase]+". Tell us by about 30 days before the end.",
		"Puede devolver el vehículo, quedárselo por más tiempo o arrendar otro con un concesionario"+map[bool]string{true: "", false: ", o comprarlo"}[l.NoPurchase]+". Avísenos unos 30 días antes del final.")
	p.wayOut(l.Return, p.say("If you return it at the end", "Si lo devuelve al final"), p.say(
		"This counts every payment until then"+p.milesCounted(l)+". Wear beyond the standard of your lease would come on top; it is found at the inspection.",
		"Esto cuenta todos los pagos hasta entonces"+p.milesCounted(l)+". El desgaste que pase de lo normal según su contrato se sumaría; se ve en la inspección."))
	p.wayOut(l.Buy, p.say("If you buy it at the end", "Si lo compra al final"), p.say(
		"Tax on the purchase, title and registration come on top. They depend on where you live. Miles and wear are not charged when you buy.",
		"El impuesto de la compra, el título y el registro se suman. Dependen de dónde vive. Si lo compra, no se cobran millas ni desgaste."))
	if len(l.Missing) > 0 {
		p.tell("Some figures of this lease are not known to us here. Call us and we will look them up for you.", "Algunas cifras de este arrendamiento no las tenemos aquí. Llámenos y las buscaremos.")
	}
	p.leaseSteps(l)
	p.end(p.say("Have you decided, or would you like to talk about it?", "¿Ya decidió, o quisiera hablar de eso?"))
	return p.finish()
}

func (p *sheet) leaseStanding(l *billing.LeaseEndPacket) {
	p.section(p.say("How your lease stands", "Cómo va su arrendamiento"), 80)
	term := p.count(l.Term, "month", "months", "mes", "meses")
	if l.Extended > 0 {
		term += p.say(", of which extended ", ", de ellos extendido ") + p.count(l.Extended, "month", "months", "mes", "meses")
	}
	left := p.count(l.PaymentsLeft, "payment", "payments", "pago", "pagos")
	if l.PaymentsLeft > 0 {
		left += p.say(" of ", " de ") + l.Payment.USD()
	}
	list := []pair{{label: p.say("Term", "Plazo"), value: term}, {label: p.say("Still to come due", "Por vencer"), value: left}}
	if l.DispositionFee > 0 {
		list = append(list, pair{label: p.say("Disposition fee when you return it", "Cargo de disposición si lo devuelve"), value: l.DispositionFee.USD()})
	}
	p.list(list)
}

func (p *sheet) leaseMiles(l *billing.LeaseEndPacket) {
	m := l.Miles
	if m == nil {
		return
	}
	p.section(p.say("Your miles", "Sus millas"), 90)
	list := []pair{{label: p.say("Miles in the whole lease", "Millas de todo el arrendamiento"), value: number(m.Allowed)}}
	add := func(english, spanish, value string) {
		list = append(list, pair{label: p.say(english, spanish), value: value})
	}
	if m.ReadOn != 0 {
		add("Odometer on "+p.long(m.ReadOn), "Odómetro el "+p.long(m.ReadOn), number(m.Odometer))
		add("Driven by then", "Recorridas hasta entonces", number(m.Driven))
		add("Allowed by then", "Permitidas hasta entonces", number(m.ByThen))
	}
	if m.Paced {
		add("Pace so far, in a year", "Ritmo hasta ahora, por año", number(m.PerYear))
		add("At the end, at this pace", "Al final, a este ritmo", number(m.Projected))
		add("Over your miles at the end", "De más al final", number(m.Excess))
	}
	if m.ExcessMile > 0 {
		add("A mile over costs", "Cada milla de más cuesta", m.ExcessMile.USD())
	}
	if m.Paced {
		list = append(list, pair{label: p.say("Estimated charge for miles", "Cargo estimado por millas"), value: m.Charge.USD(), total: true})
	}
	p.list(list)
	p.gap(4)
	if !m.Paced {
		p.tell("We have no reading of the odometer after the first day. Tell us what it shows, and we can say where the miles lead.", "No tenemos una lectura del odómetro después del primer día. Díganos qué marca y podremos decirle a dónde llegan las millas.")
	}
}

func (p *sheet) milesCounted(l *billing.LeaseEndPacket) string {
	if l.Miles == nil || !l.Miles.Paced {
		return ""
	}
	return p.say(" and the miles at your pace so far", " y las millas a su ritmo hasta ahora")
}

// leaseItems are the items of a settlement in words.
var leaseItems = map[contract.Rule]billing.Words{
	contract.RulePaymentsToCome: {English: "Payments still to come", Spanish: "Pagos por venir"},
	contract.RulePastDue:        {English: "Past-due payments", Spanish: "Pagos vencidos"},
	contract.RuleUnpaidFees:     {English: "Fees", Spanish: "Cargos"},
	contract.RulePassedOn:       {English: "Taxes and charges passed on", Spanish: "Impuestos y cargos que le corresponden"},
	contract.RuleExcessMiles:    {English: "Miles over the allowance", Spanish: "Millas de más"},
	contract.RuleDisposition:    {English: "Disposition fee", Spanish: "Cargo de disposición"},
	contract.RulePurchasePrice:  {English: "Purchase price", Spanish: "Precio de compra"},
	contract.RulePurchaseFee:    {English: "Purchase option fee", Spanish: "Cargo por la opción de compra"},
	contract.RuleDepositBack:    {English: "Security deposit, back to you", Spanish: "Depósito de garantía, a su favor"},
	contract.RuleReceived:       {English: "Money already received", Spanish: "Dinero ya recibido"},
	contract.RuleWear:           {English: "Wear", Spanish: "Desgaste"},
}

func (p *sheet) wayOut(w *billing.LeaseWayOut, title, about string) {
	if w == nil {
		return
	}
	p.section(title, 90)
	var list []pair
	for _, i := range w.Items {
		words, known := leaseItems[i.Rule]
		if !known {
			words = billing.Words{English: i.What}
		}
		list = append(list, pair{label: words.In(p.language), value: billing.USD(i.Amount)})
	}
	total := pair{label: p.say("You pay", "Usted paga"), value: w.Total.USD(), total: true}
	if w.Total < 0 {
		total = pair{label: p.say("Comes back to you", "Se le devuelve"), value: (-w.Total).USD(), total: true}
	}
	p.list(append(list, total))
	p.gap(4)
	p.para(about, small)
}

func (p *sheet) leaseSteps(l *billing.LeaseEndPacket) {
	p.section(p.say("How a return works", "Cómo se devuelve"), 100)
	p.steps(
		billing.Words{English: "Set up an inspection 30 to 60 days before the end. It is done where you like and costs you nothing. You get the report, and have time to repair what you would rather repair yourself.",
			Spanish: "Programe una inspección de 30 a 60 días antes del final. Se hace donde usted quiera y no le cuesta nada. Recibe el informe y tiene tiempo de reparar por su cuenta lo que prefiera."},
		billing.Words{English: "Call a dealer of the make and set a day for the return, on " + p.long(l.Ends) + " or before.", Spanish: "Llame a un concesionario de la marca y fije un día para la devolución, el " + p.long(l.Ends) + " o antes."},
		billing.Words{English: "At the dealer both of you sign the odometer statement that federal law asks for. Keep a copy.", Spanish: "En el concesionario ambos firman la declaración del odómetro que pide la ley federal. Guarde una copia."},
		billing.Words{English: "We send you a last bill or a refund within about 30 days, with every item explained.", Spanish: "Le enviamos una última factura o un reembolso en unos 30 días, con cada cosa explicada."},
	)
	p.section(p.say("Bring with the vehicle", "Lleve con el vehículo"), 60)
	p.tell(strings.Join([]string{"All keys and remotes", "the owner’s manual and service records", "spare tire, jack and tools", "floor mats, covers and charging cables that came with it"}, "; ")+". Take out what is yours, the toll tag, and your data: phones, garage codes and addresses.",
		"Todas las llaves y controles; el manual y los comprobantes de servicio; la llanta de repuesto, el gato y las herramientas; los tapetes, cubiertas y cables de carga que venían con él. Saque lo que es suyo, el dispositivo de peaje y sus datos: teléfonos, códigos de garaje y direcciones.")
	p.tell("Until then keep paying on the due dates, and keep the vehicle insured and registered.", "Hasta entonces siga pagando en las fechas de pago y mantenga el vehículo asegurado y registrado.")
}
