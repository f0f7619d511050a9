package paper

import (
	"marque/internal/billing"
	"marque/internal/pdf"
)

// couponTop is where the payment coupon begins on a statement's first page: the
// foot of the sheet, which is cut off and sent with a check.
const couponTop = 630.0

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
		t.text(left, couponTop+9, cut, small)
	})
	t.x, t.w, t.y, t.floor = left, column, couponTop, pageHeight
	one := func(down float64, text string, st style) {
		l := t.fit(text, st, column)
		t.text(left, couponTop+down, l.text, l.style)
	}
	t.doc.Open(pdf.Sect)
	t.doc.In(pdf.H2, func() { one(32, t.say("Payment coupon", "Cupón de pago"), heading) })
	t.doc.In(pdf.P, func() { one(46, s.Recipient.Name, body) })
	if !auto {
		t.doc.In(pdf.P, func() {
			one(66, t.say("Make your check payable and mail it to", "Haga el cheque a este nombre y envíelo a"), small)
			for i, text := range payee(&s.Lender) {
				if i < 5 {
					one(80+float64(i)*12.5, text, style{false, 10})
				}
			}
		})
	}
	t.couponFigures(auto)
	t.x, t.y = left+column+gutter, couponTop+107
	line := billing.Remittance(s.AccountNumber, s.AmountDue)
	t.barcode(column, 24, line, t.say("Bar code of the line ", "Código de barras de la línea ")+line)
	t.doc.Close()
}

func (t *statement) couponFigures(auto bool) {
	s, x := t.s, left+column+gutter
	t.doc.Open(pdf.Table)
	for i, v := range []pair{
		{label: t.say("Account number", "Número de cuenta"), value: s.AccountNumber},
		{label: t.say("Due date", "Fecha de pago"), value: t.dueDay()},
		{label: t.say("Amount due", "Cantidad a pagar"), value: s.AmountDue.USD()},
	} {
		at := couponTop + 32 + float64(i)*16
		l := t.fit(v.value, style{true, 11}, column-94)
		t.doc.Open(pdf.TR)
		t.doc.In(pdf.TH, func() { t.text(x, at, v.label, body) }, pdf.ScopeRow)
		t.doc.In(pdf.TD, func() { t.right(right, at, l.text, l.style) })
		t.doc.Close()
	}
	t.doc.Close()
	if auto {
		t.x, t.y = x, couponTop+76
		t.para(t.noCheck(), strong)
		return
	}
	const high, low = couponTop + 74.0, couponTop + 96.0
	t.doc.In(pdf.P, func() {
		t.text(x, low-8, t.say("Amount enclosed", "Cantidad que envía"), body)
		t.text(x+100, low-7, "$", style{false, 12})
	})
	t.doc.Artifact(func() {
		t.doc.Stroke(firm, pdf.Point{X: x + 94, Y: high}, pdf.Point{X: right, Y: high}, pdf.Point{X: right, Y: low}, pdf.Point{X: x + 94, Y: low}, pdf.Point{X: x + 94, Y: high})
	})
}

func (t *statement) noCheck() string {
	return t.say("Autopay is on. Do not send a check.", "Los pagos automáticos están activos. No envíe un cheque.")
}
