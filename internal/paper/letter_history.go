package paper

import (
	"slices"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// History sets everything that moved on an account between two dates.
func History(language string, h *billing.HistoryPaper) ([]byte, error) {
	p, err := letter(&h.Letter, language, "Account history", "Historial de la cuenta")
	if err != nil {
		return nil, err
	}
	lease := h.Kind == contract.Lease
	p.tell("This is everything that was posted on your account from "+p.long(h.From)+" through "+p.long(h.Through)+", by the day on which it counts.",
		"Esto es todo lo que se registró en su cuenta desde el "+p.long(h.From)+" hasta el "+p.long(h.Through)+", según el día en que cuenta.")
	p.openAndClose(h)
	p.section(p.say("What happened", "Qué pasó"), 60)
	if len(h.Lines) == 0 {
		p.tell("Nothing was posted in this time.", "No se registró nada en este tiempo.")
	} else {
		p.historyTable(h, lease)
	}
	p.section(p.say("In all", "En total"), 80)
	p.historyTotals(h, lease)
	p.end("")
	return p.finish()
}

// openAndClose sets the balances at both ends side by side.
func (p *sheet) openAndClose(h *billing.HistoryPaper) {
	row := func(label string, a, b money.Cents) []string { return []string{label, a.USD(), b.USD()} }
	rows := [][]string{
		row(p.principal(h.Kind)+p.say(" left", " por pagar"), h.Opening.Principal, h.Closing.Principal),
		row(p.say("Fees not paid", "Cargos por pagar"), h.Opening.Fees, h.Closing.Fees),
	}
	if h.Opening.Held != 0 || h.Closing.Held != 0 {
		rows = append(rows, row(p.say("Money held for you", "Dinero guardado para usted"), h.Opening.Held, h.Closing.Held))
	}
	p.table([]col{{title: p.say("Balance", "Saldo"), w: p.w - 260}, {title: p.say("Before ", "Antes del ") + p.short(h.From), w: 130, figure: true},
		{title: p.say("After ", "Después del ") + p.short(h.Through), w: 130, figure: true}}, rows, nil)
}

func (p *sheet) historyTable(h *billing.HistoryPaper, lease bool) {
	more := func(a contract.Allocation) money.Cents {
		rest := a.Unapplied + a.Recovered - a.Forgiven - a.ChargedOff
		if !lease {
			rest += a.Tax
		}
		return rest
	}
	other := slices.ContainsFunc(h.Lines, func(l billing.PrintedLine) bool { return more(l.Allocation) != 0 })
	rows := make([][]string, len(h.Lines))
	for i, l := range h.Lines {
		a := l.Allocation
		row := []string{p.short(l.Date), p.lineName(l.Kind, l.Source, l.Of), billing.USD(l.Amount)}
		if lease {
			row = append(row, billing.USD(a.Principal), billing.USD(a.Tax))
		} else {
			row = append(row, billing.USD(a.Interest), billing.USD(a.Principal))
		}
		if row = append(row, billing.USD(a.LateFee+a.OtherFee)); other {
			row = append(row, billing.USD(more(a)))
		}
		rows[i] = append(row, l.Balance.USD())
	}
	cols := append([]col{{title: p.say("Date", "Fecha"), w: dateWidth}, {}, {title: p.say("Amount", "Cantidad"), w: moneyWidth, figure: true}}, p.splitColumns(h.Kind)...)
	cols = append(cols, col{title: p.say("Fees", "Cargos"), w: moneyWidth - 12, figure: true})
	if other {
		cols = append(cols, col{title: p.say("Other", "Otro"), w: moneyWidth - 12, figure: true})
	}
	cols = append(cols, col{title: p.say("Balance", "Saldo"), w: moneyWidth, figure: true})
	cols[1] = col{title: p.say("What", "Qué"), w: p.rest(cols)}
	p.table(cols, rows, nil)
	p.gap(3)
	p.para(p.say("Payments stand without a sign; fees, and payments that came back, with a minus. The balance is what is left of the "+strings.ToLower(p.principal(h.Kind))+" after the line.",
		"Los pagos van sin signo; los cargos y los pagos devueltos, con signo menos. El saldo es lo que queda de "+strings.ToLower(p.principal(h.Kind))+" después de la línea."), small)
	if other {
		p.para(p.say("“Other” is money that we held for you, or a balance that was given up or charged off.", "“Otro” es dinero que guardamos para usted, o un saldo que se perdonó o se dio por perdido."), small)
	}
}

func (p *sheet) historyTotals(h *billing.HistoryPaper, lease bool) {
	t := h.Total
	kept := pair{label: p.say("Paid, and kept", "Pagado y conservado"), value: billing.USD(t.Received - t.Returned), total: true}
	var list []pair
	some := func(c money.Cents, english, spanish string) {
		if c != 0 {
			list = append(list, pair{label: p.say(english, spanish), value: billing.USD(c)})
		}
	}
	if t.Returned != 0 {
		some(t.Received, "Payments received", "Pagos recibidos")
		some(-t.Returned, "Payments that came back or were taken back", "Pagos devueltos o anulados")
		p.list(append(list, kept))
		p.gap(6)
		list = nil
	}
	if !lease {
		list = append(list, pair{label: p.say("Paid to interest", "Pagado a interés"), value: billing.USD(t.Interest)})
	}
	list = append(list, pair{label: p.say("Paid to ", "Pagado a ") + strings.ToLower(p.principal(h.Kind)), value: billing.USD(t.Principal)})
	some(t.Fees, "Paid to fees", "Pagado a cargos")
	some(t.Tax, "Paid to tax", "Pagado a impuesto")
	some(t.Other, "Held for you or paid to a balance charged off, less what was forgiven", "Guardado para usted o pagado a un saldo dado por perdido, menos lo perdonado")
	p.list(append(list, kept))
	p.gap(6)
	list = nil
	some(t.Charged, "Fees charged, less those taken back", "Cargos agregados, menos los anulados")
	some(t.Refunded, "Given back to you", "Devuelto a usted")
	p.list(list)
}
