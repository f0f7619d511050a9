package paper

import (
	"marque/internal/billing"
	"marque/internal/pdf"
)

// couponTop is where the payment coupon begins on a statement's first page: the
// last third of the sheet, which is cut off and sent with a check.
const couponTop = 590.0

// coupon has fixed room, so what does not fit is shrunk and then cut: all of it
// stands above in full. It is read last, whatever page it follows.
func (t *statement) coupon() {
	s := t.s
	t.doc.SetPage(1)
	auto := t.covered()
	cut := t.say("Cut here. Send this part with your check.", "Corte aquí. Envíe esta parte con su cheque.")
	if auto {
		cut = t.noCheck()
	}
	t.doc.Artifact(func() {
		t.doc.Line(0, couponTop, pageWidth, couponTop, dashed)
		t.text(left, couponTop+10, cut, small)
	})
	t.x, t.w, t.y, t.floor = left, column, couponTop+20, pageHeight
	t.doc.Open(pdf.Sect)
	t.doc.In(pdf.H2, func() { t.text(left, t.y+heading.size, t.say("Payment coupon", "Cupón de pago"), heading) })
	one := func(y float64, text string, st style) {
		l := t.fit(text, st, column)
		t.text(left, y, l.text, l.style)
	}
	t.doc.In(pdf.P, func() { one(t.y+25, s.Recipient.Name, body) })
	t.doc.In(pdf.P, func() {
		if auto {
			return
		}
		one(t.y+46, t.say("Make your check payable and mail it to", "Haga su cheque a nombre de esta dirección y envíelo"), small)
		for i, text := range payee(&s.Lender) {
			if i < 5 {
				one(t.y+60+float64(i)*12.5, text, style{false, 10})
			}
		}
	})
	t.couponFigures(auto)
	t.x, t.y = left, couponTop+148
	line := billing.Remittance(s.AccountNumber, s.AmountDue)
	t.barcode(right-left, 26, line, t.say("Bar code of the line ", "Código de barras de la línea ")+line)
	t.doc.Close()
}

func (t *statement) couponFigures(auto bool) {
	s, x, y := t.s, left+column+gutter, couponTop+30.0
	t.doc.Open(pdf.Table)
	for i, v := range []pair{
		{label: t.say("Account number", "Número de cuenta"), value: s.AccountNumber},
		{label: t.say("Due date", "Fecha de pago"), value: t.dueDay()},
		{label: t.say("Amount due", "Cantidad a pagar"), value: s.AmountDue.USD()},
	} {
		at := y + float64(i)*18
		l := t.fit(v.value, style{true, 11.5}, column-94)
		t.doc.Open(pdf.TR)
		t.doc.In(pdf.TH, func() { t.text(x, at, v.label, body) }, pdf.ScopeRow)
		t.doc.In(pdf.TD, func() { t.right(right, at, l.text, l.style) })
		t.doc.Close()
	}
	t.doc.Close()
	if auto {
		t.doc.In(pdf.P, func() { t.text(x, y+62, t.noCheck(), strong) })
		return
	}
	t.doc.In(pdf.P, func() {
		t.text(x, y+65, t.say("Amount enclosed", "Cantidad que envía"), body)
		t.text(x+94, y+65, "$", style{false, 12})
	})
	t.doc.Artifact(func() {
		t.doc.Stroke(firm, pdf.Point{X: x + 88, Y: y + 50}, pdf.Point{X: right, Y: y + 50}, pdf.Point{X: right, Y: y + 73}, pdf.Point{X: x + 88, Y: y + 73}, pdf.Point{X: x + 88, Y: y + 50})
	})
	t.doc.In(pdf.P, func() {
		t.text(x, y+88, t.say("Write your account number on your check.", "Escriba su número de cuenta en el cheque."), small)
	})
}

func (t *statement) noCheck() string {
	return t.say("Autopay is on. Do not send a check.", "Los pagos automáticos están activos. No envíe un cheque.")
}
