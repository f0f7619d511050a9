package paper

import (
	"fmt"
	"strings"

	"marque/internal/billing"
	"marque/internal/pdf"
)

// PayoffLetter sets a payoff quote as a letter that a bank or a dealer can act
// on. Its parts must sum to its total, and its table must end in it.
func PayoffLetter(language string, l *billing.PayoffLetter) ([]byte, error) {
	if sum := l.Principal + l.Interest + l.LateFees + l.OtherFees; sum != l.Total {
		return nil, fmt.Errorf("payoff letter, account ending %s: the parts come to %s, the total is %s", ending(l.AccountNumber), sum, l.Total)
	}
	if n := len(l.Table); n == 0 || l.Table[n-1] != (billing.PayoffDay{Date: l.GoodThrough, Total: l.Total}) {
		return nil, fmt.Errorf("payoff letter, account ending %s: its days do not end in %s on %s", ending(l.AccountNumber), l.Total, l.GoodThrough)
	}
	if (l.Code == "") != (l.CheckAt == "") {
		return nil, fmt.Errorf("payoff letter, account ending %s: a code and the address to check it go together", ending(l.AccountNumber))
	}
	p, err := begin(&l.Lender, language, func(p *sheet) head {
		return head{title: p.say("Payoff letter", "Carta de liquidación"), about: p.long(l.Made), account: l.AccountNumber, made: l.Made.Time()}
	})
	if err != nil {
		return nil, err
	}
	p.beside(0, func() { p.window(l.Recipient) }, func() {
		p.figure(p.say("Payoff amount", "Cantidad para liquidar"), l.Total.USD(), figure)
		p.beneath(p.say("Good through", "Válida hasta el"), p.long(l.GoodThrough))
		if l.Code != "" {
			p.gap(4)
			p.para(p.say("Dealer or buyer? Check this letter at ", "¿Concesionario o comprador? Verifique esta carta en ")+l.CheckAt+p.say(" with the code ", " con el código ")+l.Code+".", body)
		}
	})
	p.payoffParts(l)
	p.payoffDays(l)
	p.onTheirWay(l)
	p.howToPayOff(l)
	p.closing("")
	return p.finish()
}

// payoffParts is whose account it is beside what the amount is made of.
func (p *sheet) payoffParts(l *billing.PayoffLetter) {
	p.section(p.say("Account, and what the amount is made of", "La cuenta, y de qué está hecha la cantidad"), 96)
	p.beside(90, func() {
		p.facts(92, append(p.whose(l.AccountNumber, l.Vehicle),
			pair{label: "VIN", value: l.VIN},
			pair{label: p.say("Quoted on", "Calculada el"), value: p.long(l.Made)}))
	}, func() {
		list := []pair{{label: p.say("Principal", "Capital"), value: l.Principal.USD()}, {label: p.say("Interest to ", "Interés hasta el ") + p.short(l.GoodThrough), value: l.Interest.USD()}}
		if l.LateFees != 0 {
			list = append(list, pair{label: p.say("Late fees", "Cargos por atraso"), value: l.LateFees.USD()})
		}
		if l.OtherFees != 0 {
			list = append(list, pair{label: p.say("Other fees", "Otros cargos"), value: l.OtherFees.USD()})
		}
		p.pairs(append(list, pair{label: p.say("Payoff amount", "Cantidad para liquidar"), value: l.Total.USD(), total: true}))
	})
	if len(l.InterestLines) == 0 {
		return
	}
	p.section(p.say("Interest", "Interés"), 50)
	if l.Carried != 0 {
		p.pairs([]pair{{label: p.say("Interest left unpaid before, about", "Interés que quedó sin pagar antes, aproximado"), value: l.Carried.USD()}})
		p.gap(3)
	}
	p.interestTable(l.InterestLines)
}

// payoffDays sets the days in columns, read downwards: each column is a table.
func (p *sheet) payoffDays(l *billing.PayoffLetter) {
	columns, date := 3, p.long
	if len(l.Table) > 15 || p.language == billing.Spanish { // shorter dates make room
		date = p.short
	}
	if len(l.Table) > 15 {
		columns = 4
	}
	rows := (len(l.Table) + columns - 1) / columns
	p.section(p.say("Day by day", "Día por día"), 34+rowLead*float64(rows))
	words := p.say("What pays the account off on each day through ", "Lo que liquida la cuenta cada día hasta el ") + p.long(l.GoodThrough) + "."
	if strings.Trim(l.PerDiem, "0.") != "" {
		words += p.say(" Each day adds $", " Cada día agrega $") + l.PerDiem + p.say(" of interest; each total is rounded once.", " de interés; cada total se redondea una vez.")
	}
	p.para(words, small)
	p.gap(3)
	const gap = 22.0
	w := (right - left - gap*float64(columns-1)) / float64(columns)
	start := p.y
	for from := 0; from < len(l.Table); from += rows {
		x := left + float64(from/rows)*(w+gap)
		p.y = start
		p.doc.Open(pdf.Table)
		for _, d := range l.Table[from:min(from+rows, len(l.Table))] {
			day := date(d.Date)
			st := p.shrink(d.Total.USD(), body, w-p.width(day, body)-6)
			p.row([]cell{{lines: []string{day}, style: body, x: x, tag: pdf.TH, scope: &pdf.ScopeRow},
				{lines: []string{d.Total.USD()}, style: st, x: x + w, figure: true, tag: pdf.TD}}, rowLead, nil)
		}
		p.doc.Close()
	}
	p.y = start + float64(rows)*rowLead
}

func (p *sheet) onTheirWay(l *billing.PayoffLetter) {
	if len(l.Pending)+len(l.Scheduled) == 0 {
		return
	}
	p.section(p.say("Payments on their way", "Pagos en camino"), 60)
	list := func(words string, all []billing.PayoffPayment) {
		if len(all) == 0 {
			return
		}
		p.para(words, body)
		p.gap(1)
		p.w = column + 40
		var rows []pair
		for _, v := range all {
			rows = append(rows, pair{label: p.long(v.Date) + ", " + v.Confirmation, value: v.Amount.USD()})
		}
		p.pairs(rows)
		p.w = right - left
		p.gap(4)
	}
	list(p.say("Counted in already, but not cleared by the bank yet. If one comes back, this quote no longer holds.", "Ya están contados, pero el banco todavía no los confirma. Si uno se devuelve, esta cantidad ya no vale."), l.Pending)
	list(p.say("Scheduled and not counted. They are still taken unless they are canceled.", "Programados y no contados. Se tomarán si no se cancelan."), l.Scheduled)
}

func (p *sheet) howToPayOff(l *billing.PayoffLetter) {
	p.section(p.say("How to pay it", "Cómo pagarla"), 90)
	p.ways(88, []pair{
		{label: p.say("Online", "En línea"), value: p.say("Sign in", "Entre a su cuenta") + before(p.say(" at ", " en "), p.lender.Website) + p.say(" and choose the payoff amount.", " y elija la cantidad para liquidar.")},
		{label: p.say("By check", "Con cheque"), value: p.say("Payable to ", "A nombre de ") + l.Lender.Name + p.say(", with the account number on it. Mail it to ", ", con el número de cuenta. Envíelo a ") + strings.Join(withoutName(&l.Lender, l.Lender.PayTo()), ", ") + "."},
		{label: p.say("By wire", "Por transferencia"), value: p.say("Call us", "Llámenos") + before(p.say(" at ", " al "), l.Lender.Phone) + p.say(" for instructions. We never send them by e-mail or text.", " para las instrucciones. Nunca las enviamos por correo electrónico ni por mensaje de texto.")},
	})
	p.gap(4)
	p.para(p.say("When the payoff amount arrives by ", "Cuando la cantidad llega a más tardar el ")+p.long(l.GoodThrough)+
		p.say(", nothing more is owed and the account is closed. If it is found later that a little was missing, it is not asked for. We then write about the title of the vehicle and any other papers. After that day the quote ends, and the amount is worked out anew.",
			", no se debe nada más y la cuenta se cierra. Si después se ve que faltaba un poco, no se pide. Luego le escribimos sobre el título del vehículo y otros papeles. Después de ese día esta cantidad ya no vale y se calcula de nuevo."), body)
}
