package paper

import (
	"slices"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// Schedule sets what has been paid on a contract and what is left to pay.
func Schedule(language string, s *billing.SchedulePaper) ([]byte, error) {
	lease := s.Kind == contract.Lease
	english, spanish := "Amortization schedule", "Tabla de amortización"
	if lease {
		english, spanish = "Payment schedule", "Calendario de pagos"
	}
	p, err := letter(&s.Letter, language, english, spanish)
	if err != nil {
		return nil, err
	}
	p.tell("This is your account as it stands on "+p.long(s.Date)+": what has been paid, and what is left if each payment comes on its due date. It is not the schedule that you signed: extra, late and returned payments are in it, and so are changes that you agreed to.",
		"Así está su cuenta el "+p.long(s.Date)+": lo que se ha pagado y lo que falta si cada pago llega en su fecha. No es el calendario que firmó: incluye pagos adicionales, atrasados y devueltos, y los cambios que acordó.")
	p.scheduleFigures(s, lease)
	p.paidSoFar(s, lease)
	p.stillToCome(s, lease)
	p.end("")
	return p.finish()
}

func (p *sheet) scheduleFigures(s *billing.SchedulePaper, lease bool) {
	var list []pair
	if !lease {
		list = append(list, pair{label: p.say("Amount financed on ", "Cantidad financiada el ") + p.long(s.OriginalDate), value: s.OriginalAmount.USD()})
	}
	if lease || s.OpenedOn != s.OriginalDate || s.Opening != s.OriginalAmount {
		list = append(list, pair{label: p.principal(s.Kind) + p.say(" when we began to keep this account, ", " cuando empezamos a llevar esta cuenta, ") + p.long(s.OpenedOn), value: s.Opening.USD()})
	}
	list = append(list, pair{label: p.principal(s.Kind) + p.say(" left on ", " por pagar el ") + p.long(s.Date), value: s.Balance.USD()})
	if !lease {
		list = append(list, pair{label: p.say("Interest rate a year", "Tasa de interés anual"), value: s.Rate.Percent()})
	}
	if len(s.Projected) > 0 {
		list = append(list, pair{label: p.say("Regular payment", "Pago regular"), value: s.RegularPayment.USD()}, pair{label: p.say("Last payment is due", "El último pago vence"), value: p.long(s.Maturity)})
	}
	p.list(list)
}

// money columns of both tables, so that they line up.
const (
	dateWidth  = 70.0
	moneyWidth = 62.0
)

func (p *sheet) paidSoFar(s *billing.SchedulePaper, lease bool) {
	p.section(p.say("Paid so far", "Pagado hasta ahora"), 60)
	if len(s.Posted) == 0 {
		p.tell("Nothing has been paid yet.", "Todavía no se ha pagado nada.")
		return
	}
	other := slices.ContainsFunc(s.Posted, func(r billing.SchedulePaid) bool { return r.Other != 0 })
	fees := slices.ContainsFunc(s.Posted, func(r billing.SchedulePaid) bool { return r.Fees != 0 })
	row := func(date, what string, amount, interest, principal, fee, tax, more money.Cents, balance string) []string {
		out := []string{date, what, billing.USD(amount)}
		if lease {
			out = append(out, billing.USD(principal), billing.USD(tax))
		} else {
			out = append(out, billing.USD(interest), billing.USD(principal))
		}
		if fees {
			out = append(out, billing.USD(fee))
		}
		if other {
			out = append(out, billing.USD(more))
		}
		return append(out, balance)
	}
	rows := make([][]string, len(s.Posted))
	for i, r := range s.Posted {
		rows[i] = row(p.short(r.Date), p.lineName(r.Kind, "", ""), r.Amount, r.Interest, r.Principal, r.Fees, r.Tax, r.Other, r.Balance.USD())
	}
	cols := []col{{title: p.say("Date", "Fecha"), w: dateWidth}, {}, {title: p.say("Payment", "Pago"), w: moneyWidth, figure: true}}
	cols = append(cols, p.splitColumns(s.Kind)...)
	if fees {
		cols = append(cols, col{title: p.say("Fees", "Cargos"), w: moneyWidth - 12, figure: true})
	}
	if other {
		cols = append(cols, col{title: p.say("Other", "Otro"), w: moneyWidth - 12, figure: true})
	}
	cols = append(cols, col{title: p.say("Balance", "Saldo"), w: moneyWidth, figure: true})
	cols[1] = col{title: p.say("What", "Qué"), w: p.rest(cols)}
	t := s.Paid
	p.table(cols, rows, row("", p.say("Total so far", "Total hasta ahora"), t.Amount, t.Interest, t.Principal, t.Fees, t.Tax, t.Other, s.Balance.USD()))
	if other {
		p.gap(3)
		p.para(p.say("“Other” is money that we held for you, less what was forgiven.", "“Otro” es dinero que guardamos para usted, menos lo que se perdonó."), small)
	}
}

// splitColumns are the two parts of a payment.
func (p *sheet) splitColumns(kind contract.Kind) []col {
	if kind == contract.Lease {
		return []col{{title: p.principal(kind), w: moneyWidth, figure: true}, {title: p.say("Tax", "Impuesto"), w: moneyWidth - 8, figure: true}}
	}
	return []col{{title: p.say("Interest", "Interés"), w: moneyWidth - 8, figure: true}, {title: p.principal(kind), w: moneyWidth, figure: true}}
}

// rest is the width that the other columns leave to one.
func (p *sheet) rest(cols []col) float64 {
	w := p.w
	for _, c := range cols {
		w -= c.w
	}
	return w
}

// stillToCome is marked as what it is: nobody has paid it yet.
func (p *sheet) stillToCome(s *billing.SchedulePaper, lease bool) {
	p.section(p.say("Still to come: a projection", "Lo que falta: una proyección"), 60)
	if len(s.Projected) == 0 {
		p.tell("There are no payments to come.", "No hay pagos por venir.")
		return
	}
	p.para(p.say("These payments have not been made. Each row supposes that the ones before it came on their due dates.", "Estos pagos no se han hecho. Cada fila supone que los anteriores llegaron en su fecha."), small)
	p.gap(2)
	row := func(n, date string, amount, interest, principal, tax money.Cents, balance string) []string {
		out := []string{date, n, amount.USD()}
		if lease {
			return append(out, principal.USD(), tax.USD(), balance)
		}
		return append(out, interest.USD(), principal.USD(), balance)
	}
	rows := make([][]string, len(s.Projected))
	for i, r := range s.Projected {
		rows[i] = row(p.say("Payment ", "Pago ")+number(r.N), p.short(r.Date), r.Amount, r.Interest, r.Principal, r.Tax, r.Balance.USD())
	}
	cols := append([]col{{title: p.say("Due date", "Fecha de pago"), w: dateWidth}, {}, {title: p.say("Payment", "Pago"), w: moneyWidth, figure: true}}, p.splitColumns(s.Kind)...)
	cols = append(cols, col{title: p.say("Balance", "Saldo"), w: moneyWidth, figure: true})
	cols[1] = col{title: p.say("Which", "Cuál"), w: p.rest(cols)}
	t := s.Left
	p.table(cols, rows, row(p.say("Total to come", "Total por venir"), "", t.Amount, t.Interest, t.Principal, t.Tax, money.Cents(0).USD()))
}

// lineName says what a line of the books is.
func (p *sheet) lineName(kind string, source contract.Source, of contract.EventKind) string {
	return (&statement{sheet: p}).named(&billing.StatementLine{Kind: kind, Source: source, Event: of})
}
