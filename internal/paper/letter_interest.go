package paper

import (
	"strconv"
	"strings"

	"marque/internal/billing"
	"marque/internal/money"
)

// InterestSummary sets a year's interest with what 26 USC 6050AA(b) asks for.
func InterestSummary(language string, s *billing.InterestSummary) ([]byte, error) {
	year := strconv.Itoa(s.Year)
	p, err := letter(&s.Letter, language, "Interest paid in "+year, "Interés pagado en "+year)
	if err != nil {
		return nil, err
	}
	sentence := p.say("This is the interest that we received from you on this loan in "+year+".", "Este es el interés que recibimos de usted por este préstamo en "+year+".")
	if !s.WholeYear() {
		sentence = p.say("This is the interest that we received from you from "+p.long(s.From)+" through "+p.long(s.Through)+". The year is not over: the summary of the whole year comes in January.",
			"Este es el interés que recibimos de usted desde el "+p.long(s.From)+" hasta el "+p.long(s.Through)+". El año no ha terminado: el resumen de todo el año llega en enero.")
	}
	p.reading(p.say("Interest received", "Interés recibido"), billing.USD(s.Interest), sentence)
	p.section(p.say("For your tax return", "Para su declaración de impuestos"), 120)
	p.facts(190, []pair{
		{label: p.say("Paid by", "Pagado por"), value: strings.Join(append([]string{s.Recipient.Name}, s.Recipient.Address...), ", ")},
		{label: p.say("Received by", "Recibido por"), value: strings.Join(nonEmpty(append(payee(p.lender), p.lender.Phone)...), ", ")},
		{label: p.say("Interest received in ", "Interés recibido en ") + year, value: billing.USD(s.Interest)},
		{label: p.say("Principal owed on ", "Capital adeudado el ") + p.long(s.PrincipalOn), value: s.Principal.USD()},
		{label: p.say("Date the loan was made", "Fecha del préstamo"), value: p.long(s.Originated)},
		{label: p.say("Vehicle’s year, make and model", "Año, marca y modelo del vehículo"), value: strings.TrimSpace(strconv.Itoa(s.VehicleYear) + " " + s.VehicleMake + " " + s.VehicleModel)},
		{label: p.say("Vehicle identification number (VIN)", "Número de identificación del vehículo (VIN)"), value: s.VIN},
	})
	p.beside(230, func() { p.months(s) }, func() { p.aboutTaxes(s) })
	p.end("")
	return p.finish()
}

var monthNames = [...]billing.Words{{English: "January", Spanish: "Enero"}, {English: "February", Spanish: "Febrero"}, {English: "March", Spanish: "Marzo"},
	{English: "April", Spanish: "Abril"}, {English: "May", Spanish: "Mayo"}, {English: "June", Spanish: "Junio"}, {English: "July", Spanish: "Julio"},
	{English: "August", Spanish: "Agosto"}, {English: "September", Spanish: "Septiembre"}, {English: "October", Spanish: "Octubre"},
	{English: "November", Spanish: "Noviembre"}, {English: "December", Spanish: "Diciembre"}}

func (p *sheet) months(s *billing.InterestSummary) {
	p.section(p.say("Month by month", "Mes por mes"), 60)
	var list []pair
	for _, m := range s.Lines {
		_, month, _ := m.Month.Civil()
		list = append(list, pair{label: monthNames[month-1].In(p.language), value: billing.USD(m.Interest)})
	}
	if s.EarlierYears != 0 {
		list = append(list, pair{label: p.say("For earlier years, posted after their summaries were made", "De años anteriores, registrado después de sus resúmenes"), value: billing.USD(s.EarlierYears)})
	}
	p.pairs(append(list, pair{label: p.say("Interest received", "Interés recibido"), value: billing.USD(s.Interest), total: true}))
}

// aboutTaxes says what the summary is and is not.
func (p *sheet) aboutTaxes(s *billing.InterestSummary) {
	p.section(p.say("What this is for", "Para qué sirve"), 80)
	p.tell("You may be able to deduct interest on a vehicle loan. Not every loan and not every vehicle qualifies. This is not tax advice: ask a tax professional, or see irs.gov.",
		"Es posible que pueda deducir el interés de un préstamo para un vehículo. No todos los préstamos ni todos los vehículos califican. Esto no es asesoría fiscal: pregunte a un profesional de impuestos o consulte irs.gov.")
	switch {
	case !s.WholeYear():
	case s.Files():
		p.tell("When a customer pays us "+whole(billing.InterestFiling)+" or more of interest in a year on a loan that qualifies, we report it to the Internal Revenue Service, where the law requires it. Use the figures of this summary.",
			"Cuando un cliente nos paga "+whole(billing.InterestFiling)+" o más de interés en un año por un préstamo que califica, lo informamos al Servicio de Impuestos Internos, cuando la ley lo exige. Use las cifras de este resumen.")
	default:
		p.tell("This is less than "+whole(billing.InterestFiling)+", so we are not required to report it to the Internal Revenue Service. You can still use the figures of this summary.",
			"Esto es menos de "+whole(billing.InterestFiling)+", así que no tenemos que informarlo al Servicio de Impuestos Internos. Usted puede usar las cifras de este resumen de todos modos.")
	}
	if s.Since != 0 {
		p.tell("We have kept this account since "+p.long(s.Since)+". Interest that you paid before was paid to the company that kept it then: ask them for their summary.",
			"Llevamos esta cuenta desde el "+p.long(s.Since)+". El interés que pagó antes se pagó a la compañía que la llevaba entonces: pídale su resumen.")
	}
	p.para(p.say("Interest counts on the day of the payment that paid it. When a payment comes back, its interest is taken off on the day it comes back, also when that is in another year.",
		"El interés cuenta el día del pago que lo pagó. Cuando un pago se devuelve, su interés se resta el día en que se devuelve, aunque sea en otro año."), small)
}

// whole is an amount of whole dollars in running text.
func whole(c money.Cents) string { return strings.TrimSuffix(c.USD(), ".00") }
