package paper

import (
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
)

// Receipt sets the proof of one payment. The parts it was applied to must sum to
// its amount when the payment stands in the account.
func Receipt(language string, r *billing.Receipt) ([]byte, error) {
	return receipt(language, r, billing.Words{English: "Receipt", Spanish: "Recibo"},
		billing.Words{English: "Keep this receipt for your records.", Spanish: "Guarde este recibo."})
}

// Confirmation sets the confirmation of a payment that is scheduled.
func Confirmation(language string, r *billing.Receipt) ([]byte, error) {
	return receipt(language, r, billing.Words{English: "Payment confirmation", Spanish: "Confirmación de pago"},
		billing.Words{English: "Keep this confirmation for your records.", Spanish: "Guarde esta confirmación."})
}

func receipt(language string, r *billing.Receipt, title, keep billing.Words) ([]byte, error) {
	if r.Rail.Posts(r.State) && r.Allocation.Total() != r.Amount {
		return nil, fmt.Errorf("receipt %s: %s applied of %s", r.Confirmation, r.Allocation.Total(), r.Amount)
	}
	p, err := begin(&r.Lender, language, func(p *sheet) head {
		return head{title: title.In(language), about: p.say("confirmation ", "confirmación ") + r.Confirmation, account: r.AccountNumber, made: r.Made.Time()}
	})
	if err != nil {
		return nil, err
	}
	state := p.standing(r)
	if state == "" {
		return nil, fmt.Errorf("receipt %s: unknown payment state %q", r.Confirmation, r.State)
	}
	p.beside(0, func() { p.window(r.Recipient) }, func() { p.reading(p.say("Payment", "Pago"), r.Amount.USD(), state) })
	p.section(p.say("Payment", "Pago"), 80)
	how := p.say("You made this payment", "Usted hizo este pago")
	if r.Autopay {
		how = p.say("Autopay made this payment", "Se hizo con pagos automáticos")
	}
	p.facts(140, append(p.whose(r.AccountNumber, r.Vehicle),
		pair{label: p.say("Confirmation number", "Número de confirmación"), value: r.Confirmation},
		pair{label: p.say("Payment date", "Fecha del pago"), value: p.long(r.Date)},
		pair{label: how, value: p.clock(r.Made)},
		pair{label: p.say("From", "De"), value: p.method(r.Method)}))
	p.applied(r)
	if len(r.Spans) > 0 && r.Kind != contract.Lease && stands(r.State) {
		p.section(p.say("Interest", "Interés"), 50)
		p.interestTable(r.Spans)
	}
	if r.Authorization != "" {
		p.section(p.say("What you authorized", "Lo que usted autorizó"), 40)
		p.para(r.Authorization, body)
	}
	p.closing(keep.In(language))
	return p.finish()
}

// standing says in a sentence where the payment is on its way; empty for a state
// that is unknown.
func (p *sheet) standing(r *billing.Receipt) string {
	on := p.long(r.Date)
	switch r.State {
	case billing.Scheduled:
		return p.say("Scheduled for ", "Programado para el ") + on + p.say(". Nothing has been taken yet.", ". Todavía no se ha tomado nada.")
	case billing.Authorised:
		return p.say("Received. It counts from ", "Recibido. Cuenta desde el ") + on + p.say(" and goes to your bank next.", " y luego va a su banco.")
	case billing.Submitted:
		return p.say("Received. It counts from ", "Recibido. Cuenta desde el ") + on + p.say(" and was sent to your bank.", " y se envió a su banco.")
	case billing.Settled:
		return p.say("Paid. It counts from ", "Pagado. Cuenta desde el ") + on + "."
	case billing.Created, billing.Unknown:
		return p.say("We asked for this payment and have no answer yet. It does not count on your account yet.", "Pedimos este pago y todavía no hay respuesta. Todavía no se aplica a su cuenta.")
	case billing.Refused:
		return p.say("This payment was not made. Nothing was taken.", "Este pago no se hizo. No se tomó nada.")
	case billing.Reversed:
		return p.say("We took this payment by mistake and are giving it back. It no longer counts on your account.", "Tomamos este pago por error y lo vamos a devolver. Ya no se aplica a su cuenta.")
	case billing.Cancelled:
		return p.say("Canceled. Nothing was taken.", "Cancelado. No se tomó nada.")
	case billing.Returned:
		words := p.say("Payment returned by the bank", "Pago devuelto por el banco")
		if r.ReturnedOn != 0 {
			words += p.say(" on ", " el ") + p.long(r.ReturnedOn)
		}
		return words + before(": ", r.ReturnReason) + p.say(". This payment does not count on your account.", ". Este pago ya no se aplica a su cuenta.")
	}
	return ""
}

// methodNames turns the fixed words of a bank account.
var methodNames = strings.NewReplacer("checking ending in", "cuenta corriente terminada en", "savings ending in", "cuenta de ahorros terminada en", " ending in ", " terminada en ")

func (p *sheet) method(s string) string {
	if p.language == billing.Spanish {
		return methodNames.Replace(s)
	}
	return s
}

// stands says that a payment counts, or will on its day: where its money goes is
// then worth saying.
func stands(s billing.PaymentState) bool {
	switch s {
	case billing.Scheduled, billing.Authorised, billing.Submitted, billing.Settled:
		return true
	}
	return false
}

func (p *sheet) applied(r *billing.Receipt) {
	if !stands(r.State) {
		return
	}
	title := p.say("How it was applied", "Cómo se aplicó")
	if r.State == billing.Scheduled {
		title = p.say("How it will be applied", "Cómo se aplicará")
	}
	p.section(title, 90)
	p.w = column
	var list []pair
	for _, part := range billing.Parts(r.Kind, r.Allocation, true) {
		list = append(list, pair{label: part.Name.In(p.language), value: billing.USD(part.Amount)})
	}
	p.pairs(append(list, pair{label: p.say("Payment", "Pago"), value: r.Amount.USD(), total: true}))
	p.gap(6)
	p.pairs([]pair{{label: p.say("Balance after this payment", "Saldo después de este pago"), value: r.BalanceAfter.USD()}})
	p.w = right - left
	if f := r.Allocation.InterestForgiven; f > 0 {
		p.gap(4)
		p.para(p.say("Interest of ", "También se perdonó interés de ")+f.USD()+p.say(" was forgiven as well. You do not owe it.", ". No lo debe."), body)
	}
}

// whose is the account that a paper is about.
func (p *sheet) whose(account, vehicle string) []pair {
	return []pair{{label: p.say("Account number", "Número de cuenta"), value: account}, {label: p.say("Vehicle", "Vehículo"), value: vehicle}}
}

// Authorization sets the customer's copy of an autopay authorization (Regulation
// E, 12 CFR 1005.10(b)). A copy without the text agreed to is refused. The text
// stays in the language that it was agreed to in.
func Authorization(language string, a *billing.AutopayPaper) ([]byte, error) {
	if a.Text == "" {
		return nil, fmt.Errorf("autopay copy, account ending %s: no authorization text", ending(a.AccountNumber))
	}
	p, err := begin(&a.Lender, language, func(p *sheet) head {
		return head{title: p.say("Autopay authorization", "Autorización de pagos automáticos"), account: a.AccountNumber, made: a.Agreed.Time()}
	})
	if err != nil {
		return nil, err
	}
	method := p.method(a.Method)
	p.beside(0, func() { p.window(a.Recipient) }, func() {
		if a.FirstAmount > 0 {
			p.reading(p.say("First payment", "Primer pago"), a.FirstAmount.USD(), p.say("On ", "El ")+p.long(a.FirstDate)+p.say(" from ", " de ")+method+".")
			return
		}
		p.reading(p.say("Pay from", "Pagar de"), method, p.say("The payment of ", "El pago del ")+p.long(a.FirstDate)+p.say(" was already paid when you agreed.", " ya estaba pagado cuando usted aceptó."))
	})
	p.section(p.say("Autopay", "Pagos automáticos"), 80)
	list := append(p.whose(a.AccountNumber, a.Vehicle),
		pair{label: p.say("From", "De"), value: method},
		pair{label: p.say("You agreed on", "Usted aceptó el"), value: p.clock(a.Agreed)})
	if a.Signed != "" {
		list = append(list, pair{label: p.say("Signed", "Firmado"), value: a.Signed}, pair{label: p.say("Wording", "Versión del texto"), value: a.Version},
			pair{label: p.say("Fingerprint (SHA-256)", "Huella (SHA-256)"), value: a.Hash})
	}
	if a.Ended != 0 {
		list = append(list, pair{label: p.say("Ended", "Terminó"), value: p.long(a.Ended)})
	}
	p.facts(140, list)
	p.section(p.say("What you authorized", "Lo que usted autorizó"), 40)
	p.para(a.Text, style{false, 10})
	p.closing(p.say("Keep this copy. To change or stop autopay, sign in or call us.", "Guarde esta copia. Para cambiar o apagar los pagos automáticos, entre a su cuenta o llámenos."))
	return p.finish()
}
