package paper

import (
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// letterText is the size that a letter is read at.
var letterText = style{false, 9.5}

// letter begins a letter: the letterhead, who it is to, and what it is about.
func letter(l *billing.Letter, language, english, spanish string) (*sheet, error) {
	p, err := begin(&l.Lender, language, func(p *sheet) head {
		return head{title: p.say(english, spanish), about: p.long(l.Date), account: l.AccountNumber, made: l.Date.Time()}
	})
	if err != nil {
		return nil, err
	}
	p.beside(0, func() { p.window(l.Recipient) }, func() {
		p.y = max(p.y, windowTop-10)
		p.facts(92, []pair{
			{label: p.say("Date", "Fecha"), value: p.long(l.Date)},
			{label: p.say("Account number", "Número de cuenta"), value: l.AccountNumber},
			{label: p.say("Vehicle", "Vehículo"), value: l.Vehicle},
			{label: "VIN", value: l.VIN},
		})
	})
	p.gap(4)
	return p, nil
}

// tell is a paragraph of a letter.
func (p *sheet) tell(english, spanish string) {
	p.para(p.say(english, spanish), letterText)
	p.gap(5)
}

// list is pairs that are narrow enough for an eye to go across.
func (p *sheet) list(l []pair) {
	w := p.w
	p.w = min(w, 360)
	p.pairs(l)
	p.w = w
}

// end closes a letter, its last lines together.
func (p *sheet) end(first string) {
	p.need(58)
	p.closing(first)
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
	p.list(append(list, pair{label: p.say("To pay now", "Para pagar ahora"), value: o.now.USD(), total: true}))
	if !o.nextDue.IsZero() && o.next > 0 {
		p.gap(4)
		p.para(p.say("After that, "+o.next.USD()+" is due on "+p.long(o.nextDue)+".", "Después, "+o.next.USD()+" vence el "+p.long(o.nextDue)+"."), letterText)
	}
	p.gap(3)
}

// waysToPay says where money can be sent.
func (p *sheet) waysToPay() {
	l := p.lender
	p.section(p.say("How to pay", "Cómo pagar"), 40)
	p.facts(76, []pair{
		{label: p.say("Online", "En línea"), value: p.say("Sign in", "Entre a su cuenta") + before(p.say(" at ", " en "), l.Website) + "."},
		{label: p.say("By mail", "Por correo"), value: p.say("Write your account number on your check: ", "Escriba su número de cuenta en el cheque: ") + strings.Join(payee(l), ", ")},
	})
}

// help says what can be done by whoever cannot pay now.
func (p *sheet) help() {
	p.section(p.say("If it is hard to pay right now", "Si le cuesta pagar en este momento"), 60)
	p.tell("Call us before the next payment is due. We will look together at what can be done: another due date, paying in parts, or moving a payment to later. Asking costs nothing and does not hurt your account. If you serve in the military, have filed for bankruptcy or were hit by a disaster, tell us: other rules may apply to you.",
		"Llámenos antes del próximo pago. Veremos juntos qué se puede hacer: otra fecha de pago, pagar en partes o mover un pago para más adelante. Preguntar no cuesta nada y no perjudica su cuenta. Si está en el servicio militar, se declaró en bancarrota o le afectó un desastre, avísenos: puede que se le apliquen otras reglas.")
}
