package paper

import (
	"strings"

	"marque/internal/billing"
)

var asked = map[billing.AdverseRequest]billing.Words{
	billing.AskedDeferral:   {English: "to move payments to later", Spanish: "mover pagos para más adelante"},
	billing.AskedDueDate:    {English: "to change your due date", Spanish: "cambiar su fecha de pago"},
	billing.AskedPayment:    {English: "to lower your payment", Spanish: "bajar su pago"},
	billing.AskedRate:       {English: "to lower your interest rate", Spanish: "bajar su tasa de interés"},
	billing.AskedTerm:       {English: "to have more time to pay", Spanish: "tener más tiempo para pagar"},
	billing.AskedRelease:    {English: "to release one of the borrowers", Spanish: "liberar a uno de los deudores"},
	billing.AskedTransfer:   {English: "to transfer the account to another person", Spanish: "transferir la cuenta a otra persona"},
	billing.AskedLeaseStay:  {English: "to extend your lease", Spanish: "extender su arrendamiento"},
	billing.AskedRefinance:  {English: "to refinance the account", Spanish: "refinanciar la cuenta"},
	billing.AskedReinstated: {English: "to reinstate the account", Spanish: "reactivar la cuenta"},
}

var reasons = map[billing.AdverseReason]billing.Words{
	billing.ReasonPastDue:      {English: "The account is past due.", Spanish: "La cuenta está vencida."},
	billing.ReasonPaidLate:     {English: "Payments on this account were late too often.", Spanish: "Los pagos de esta cuenta se atrasaron con demasiada frecuencia."},
	billing.ReasonReturned:     {English: "Payments on this account came back from the bank.", Spanish: "El banco devolvió pagos de esta cuenta."},
	billing.ReasonNewAccount:   {English: "The account has not been open long enough.", Spanish: "La cuenta no lleva suficiente tiempo abierta."},
	billing.ReasonRecent:       {English: "The account was changed too recently.", Spanish: "La cuenta se cambió hace muy poco."},
	billing.ReasonLimit:        {English: "The account has had the most changes of this kind that are allowed.", Spanish: "La cuenta ya tuvo el máximo de cambios de este tipo que se permiten."},
	billing.ReasonIncomplete:   {English: "The request was not complete.", Spanish: "La solicitud no estaba completa."},
	billing.ReasonIncome:       {English: "We were not able to verify income.", Spanish: "No pudimos verificar los ingresos."},
	billing.ReasonIncomeLow:    {English: "The income is not enough for the amount asked for.", Spanish: "Los ingresos no alcanzan para la cantidad solicitada."},
	billing.ReasonObligations:  {English: "Obligations are too high for the income.", Spanish: "Las obligaciones son demasiado altas para los ingresos."},
	billing.ReasonVehicleWorth: {English: "The vehicle is worth less than what is owed on it.", Spanish: "El vehículo vale menos de lo que se debe por él."},
	billing.ReasonInsurance:    {English: "We have no proof that the vehicle is insured.", Spanish: "No tenemos prueba de que el vehículo esté asegurado."},
	billing.ReasonTooLong:      {English: "The account would run for longer than we allow.", Spanish: "La cuenta duraría más de lo que permitimos."},
	billing.ReasonNotAgreed:    {English: "The contract does not provide for it.", Spanish: "El contrato no lo prevé."},
	billing.ReasonCreditReport: {English: "Information in a report from a credit reporting agency.", Spanish: "Información en un informe de una agencia de crédito."},
}

// Adverse sets the notice of a refusal. The notice of the Equal Credit Opportunity
// Act has the words of 12 CFR 1002.9(b)(1); in Spanish they are translated, and a
// copy in English can be asked for (12 CFR 1002.4(e)).
func Adverse(language string, n *billing.AdverseNotice) ([]byte, error) {
	p, err := letter(&n.Letter, language, "About your request", "Sobre su solicitud")
	if err != nil {
		return nil, err
	}
	what := asked[n.Request].In(language)
	p.tell("On "+p.long(n.AskedOn)+" you asked us "+what+". We are not able to do this.", "El "+p.long(n.AskedOn)+" nos pidió "+what+". No podemos hacerlo.")
	p.section(p.say("Why", "Por qué"), 60)
	p.tell("These are the main reasons for our decision:", "Estas son las razones principales de nuestra decisión:")
	for _, r := range n.Reasons {
		p.para("•  "+reasons[r].In(language), letterText)
		p.gap(2)
	}
	p.gap(3)
	p.tell("Your account goes on as before. If something above is not right or has changed, tell us, and we will look at your request again.", "Su cuenta sigue como antes. Si algo de lo anterior no es correcto o ha cambiado, avísenos y revisaremos su solicitud otra vez.")
	if n.Report != nil {
		p.report(n.Report)
	}
	p.section(p.say("Equal Credit Opportunity Act notice", "Aviso de la Ley de Igualdad de Oportunidades de Crédito"), 90)
	agency := strings.Join(n.Lender.Agency, ", ")
	p.tell("The Federal Equal Credit Opportunity Act prohibits creditors from discriminating against credit applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided the applicant has the capacity to enter into a binding contract); because all or part of the applicant’s income derives from any public assistance program; or because the applicant has in good faith exercised any right under the Consumer Credit Protection Act. The Federal agency that administers compliance with this law concerning this creditor is "+agency+".",
		"La Ley federal de Igualdad de Oportunidades de Crédito prohíbe a los acreedores discriminar a los solicitantes de crédito por raza, color, religión, origen nacional, sexo, estado civil o edad (siempre que el solicitante tenga capacidad para celebrar un contrato vinculante); porque todo o parte del ingreso del solicitante proviene de un programa de asistencia pública; o porque el solicitante ha ejercido de buena fe cualquier derecho que le otorga la Ley de Protección al Crédito del Consumidor. La agencia federal que vigila el cumplimiento de esta ley por parte de este acreedor es "+agency+".")
	if language == billing.Spanish {
		p.tell("", "Puede pedirnos esta carta en inglés.")
	}
	p.end("")
	return p.finish()
}

// report is what 15 USC 1681m(a) has a letter say when a credit report was used.
func (p *sheet) report(r *billing.CreditReport) {
	p.section(p.say("The credit report", "El informe de crédito"), 90)
	p.tell("Our decision was based in whole or in part on information from the agency below. The agency did not make the decision and cannot tell you why it was made.",
		"Nuestra decisión se basó en todo o en parte en información de la agencia de abajo. La agencia no tomó la decisión y no puede decirle por qué se tomó.")
	p.facts(130, []pair{
		{label: p.say("Agency", "Agencia"), value: r.Agency},
		{label: p.say("Address", "Dirección"), value: strings.Join(r.Address, ", ")},
		{label: p.say("Toll-free phone", "Teléfono gratuito"), value: r.Phone},
	})
	p.gap(5)
	p.tell("You have the right to a free copy of your report from this agency if you ask for it within 60 days of receiving this letter, and to dispute with the agency anything in it that is not accurate or complete.",
		"Tiene derecho a una copia gratis de su informe de esta agencia si la pide dentro de los 60 días después de recibir esta carta, y a disputar con la agencia lo que no sea exacto o completo.")
	if r.Score == 0 {
		return
	}
	p.tell("We used a credit score from this agency. It is a number that reflects the information in your report and can change with it.", "Usamos un puntaje de crédito de esta agencia. Es un número que refleja la información de su informe y puede cambiar con ella.")
	p.facts(130, []pair{
		{label: p.say("Your score", "Su puntaje"), value: number(r.Score)},
		{label: p.say("Made on", "Hecho el"), value: p.long(r.ScoredOn)},
		{label: p.say("Scores range from", "Los puntajes van de"), value: number(r.Lowest) + p.say(" to ", " a ") + number(r.Highest)},
		{label: p.say("What weighed most", "Lo que más pesó"), value: strings.Join(r.Factors, "; ")},
	})
	p.gap(5)
}
