package paper

import (
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// letterText is the size that a letter is read at.
var letterText = style{false, 10}

// letter begins a letter: the letterhead, who it is to, and what it is about.
func letter(l *billing.Letter, language, english, spanish string) (*sheet, error) {
	p, err := begin(&l.Lender, language, func(p *sheet) head {
		return head{title: p.say(english, spanish), about: p.long(l.Date), account: l.AccountNumber, made: l.Date.Time()}
	})
	if err != nil {
		return nil, err
	}
	p.window(l.Recipient)
	p.facts(110, []pair{
		{label: p.say("Date", "Fecha"), value: p.long(l.Date)},
		{label: p.say("Account number", "Número de cuenta"), value: l.AccountNumber},
		{label: p.say("Vehicle", "Vehículo"), value: l.Vehicle},
		{label: "VIN", value: l.VIN},
	})
	p.gap(8)
	return p, nil
}

// tell is a paragraph of a letter.
func (p *sheet) tell(english, spanish string) {
	p.para(p.say(english, spanish), letterText)
	p.gap(5)
}

// steps are numbered paragraphs.
func (p *sheet) steps(list ...billing.Words) {
	for i, w := range list {
		p.para(number(i+1)+". "+w.In(p.language), letterText)
		p.gap(2)
	}
	p.gap(3)
}

// number writes a count with its commas.
func number(n int) string { return miles(n) }

// count is a number of things in words of the language.
func (p *sheet) count(n int, one, many, oneSpanish, manySpanish string) string {
	if n == 1 {
		return "1 " + p.say(one, oneSpanish)
	}
	return number(n) + " " + p.say(many, manySpanish)
}

// method is a way of paying as the verbs write it, in the paper's language.
func (p *sheet) method(s string) string {
	if p.language != billing.Spanish {
		return s
	}
	return methods.Replace(s)
}

var methods = strings.NewReplacer("checking ending in", "cuenta corriente terminada en", "savings ending in", "cuenta de ahorros terminada en", " ending in ", " terminada en ")

// principal is what is paid down: of a lease the payments still to make.
func (p *sheet) principal(kind contract.Kind) string {
	if kind == contract.Lease {
		return p.say("Lease payments", "Pagos del arrendamiento")
	}
	return p.say("Principal", "Capital")
}

// toPay is what an account owes now and next.
type toPay struct {
	pastDue, fees, now, next money.Cents
	nextDue                  money.Date
}

// owed sets what brings an account up to date, and what is due after it.
func (p *sheet) owed(o toPay) {
	list := []pair{{label: p.say("Past due payments", "Pagos vencidos"), value: o.pastDue.USD()}}
	if o.fees != 0 {
		list = append(list, pair{label: p.say("Fees not paid yet", "Cargos por pagar"), value: o.fees.USD()})
	}
	p.pairs(append(list, pair{label: p.say("To pay now", "Para pagar ahora"), value: o.now.USD(), total: true}))
	if !o.nextDue.IsZero() && o.next > 0 {
		p.gap(4)
		p.para(p.say("After that, "+o.next.USD()+" is due on "+p.long(o.nextDue)+".", "Después, "+o.next.USD()+" vence el "+p.long(o.nextDue)+"."), letterText)
	}
	p.gap(3)
}

// waysToPay says where money can be sent.
func (p *sheet) waysToPay() {
	l := p.lender
	p.section(p.say("How to pay", "Cómo pagar"), 50)
	p.facts(76, []pair{
		{label: p.say("Online", "En línea"), value: p.say("Sign in", "Entre a su cuenta") + before(p.say(" at ", " en "), l.Website) + "."},
		{label: p.say("By phone", "Por teléfono"), value: strings.Join(nonEmpty(l.Phone, l.Hours), ", ")},
		{label: p.say("By mail", "Por correo"), value: p.say("Write your account number on your check: ", "Escriba su número de cuenta en el cheque: ") + strings.Join(payee(l), ", ")},
	})
}

// help says what can be done by whoever cannot pay now.
func (p *sheet) help() {
	p.section(p.say("If it is hard to pay right now", "Si le cuesta pagar en este momento"), 60)
	p.tell("Call us before the next payment is due. We will look together at what can be done: another due date, paying in parts, or moving a payment to later. Asking costs nothing and does not hurt your account.",
		"Llámenos antes del próximo pago. Veremos juntos qué se puede hacer: otra fecha de pago, pagar en partes o mover un pago para más adelante. Preguntar no cuesta nada y no perjudica su cuenta.")
	p.tell("If you serve in the military, have filed for bankruptcy, or were hit by a disaster, tell us: other rules may apply to you.",
		"Si usted está en el servicio militar, se declaró en bancarrota o le afectó un desastre, avísenos: puede que se le apliquen otras reglas.")
}
