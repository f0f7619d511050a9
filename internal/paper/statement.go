package paper

import (
	"slices"
	"strconv"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// Statement sets a monthly statement. Figures that contradict each other are
// billing.ErrStatement and give no page.
func Statement(language string, s *billing.Statement) ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	p, err := begin(&s.Lender, language, func(p *sheet) head {
		return head{title: p.say("Statement", "Estado de cuenta"), about: p.long(s.Closing), account: s.AccountNumber, made: s.Closing.Time()}
	})
	if err != nil {
		return nil, err
	}
	t := statement{p, s, s.Kind == contract.Lease}
	if t.payable() {
		p.floor = couponTop - 10
	}
	t.head()
	t.pastDue()
	if t.payable() {
		t.howToPay()
	}
	t.summary()
	t.payments()
	if t.lease {
		t.miles()
	} else {
		t.interest()
	}
	t.fees()
	t.others()
	t.closingFigures()
	t.messages()
	t.rights()
	p.closing(p.say("Is something not right on this statement? Tell us and we will look into it.", "¿Hay algo que no está bien en este estado de cuenta? Avísenos y lo revisaremos."))
	if t.payable() {
		t.coupon()
	}
	return p.finish()
}

type statement struct {
	*sheet
	s     *billing.Statement
	lease bool
}

// payable says whether the statement asks for money or takes it with a coupon.
func (t *statement) payable() bool {
	return !t.s.Bankruptcy && (t.s.AmountDue > 0 || t.s.EndingBalance > 0)
}

// principal is what is paid down: on a lease that is the payments still to make,
// and nothing is said of a rate (12 CFR 1013.4(s)).
func (t *statement) principal() string {
	if t.lease {
		return t.say("Lease payments", "Pagos del arrendamiento")
	}
	return t.say("Principal", "Capital")
}

// head is whose account it is and, beside it, what to pay and when.
func (t *statement) head() {
	s := t.s
	t.beside(0, func() {
		t.facts(96, []pair{
			{label: t.say("Account number", "Número de cuenta"), value: s.AccountNumber},
			{label: t.say("Closing date", "Fecha de cierre"), value: t.long(s.Closing)},
			{label: t.say("Period", "Período"), value: t.short(s.Opening) + " – " + t.short(s.Closing)},
		})
		t.window(s.Recipient)
		t.para(s.Vehicle, body)
	}, t.whatToPay)
}

// dueDay is the due date, or that there is none.
func (t *statement) dueDay() string {
	if t.s.AmountDue > 0 && t.s.DueDate != 0 {
		return t.long(t.s.DueDate)
	}
	return t.say("No payment is due", "No debe ningún pago")
}

// whatToPay ends in the amount due, which its lines sum to.
func (t *statement) whatToPay() {
	s := t.s
	t.figure(t.say("Amount due", "Cantidad a pagar"), s.AmountDue.USD(), figure)
	t.beneath(t.say("Due date", "Fecha de pago"), t.dueDay())
	t.gap(5)
	label, amount := s.ThisPayment(t.language)
	var list []pair
	if s.PastDue > 0 {
		words := t.say("Past due for ", "Vencido hace ") + t.days(s.DaysPastDue)
		if s.PastDue > s.RegularPayment {
			words = t.say("Past due, the oldest part for ", "Vencido; la parte más antigua, hace ") + t.days(s.DaysPastDue)
		}
		list = append(list, pair{label: words, value: s.PastDue.USD()})
	}
	if amount > 0 || s.EndingBalance > 0 {
		list = append(list, pair{label: label, value: amount.USD()})
	}
	if s.FeesDue > 0 {
		list = append(list, pair{label: t.say("Fees", "Cargos"), value: s.FeesDue.USD()})
	}
	if len(list) > 0 {
		t.pairs(append(list, pair{label: t.say("Amount due", "Cantidad a pagar"), value: s.AmountDue.USD(), total: true}))
	}
}

func (t *statement) days(n int) string {
	if n == 1 {
		return t.say("1 day", "1 día")
	}
	return strconv.Itoa(n) + t.say(" days", " días")
}

// pastDue says what is late and what helps. In a bankruptcy nothing is asked for.
func (t *statement) pastDue() {
	s := t.s
	if s.Bankruptcy {
		t.notice(t.say("About your bankruptcy", "Sobre su bancarrota"), t.say(
			"Our records show a bankruptcy case for this account. This statement only tells you how the account stands. It is not a demand for payment, and no one is trying to collect a debt from you.",
			"Nuestros registros muestran un caso de bancarrota para esta cuenta. Este estado de cuenta solo le informa cómo está la cuenta. No le exige un pago, y nadie intenta cobrarle una deuda."))
		return
	}
	if s.PastDue == 0 {
		if words := s.LateFeeWords(t.language); words != "" && t.autopay() == "" {
			t.gap(6)
			t.para(words, body)
		}
		return
	}
	words := s.PastDue.USD() + t.say(" is past due. ", " está vencido. ") + s.LateFeeWords(t.language)
	words = strings.TrimSpace(words) + " " + t.say(
		"Paying it brings your account up to date. If paying is hard right now, call us, and we will see together what can be done.",
		"Al pagarlo, su cuenta queda al día. Si le cuesta pagar en este momento, llámenos y veremos juntos qué se puede hacer.")
	t.notice(t.say("Your account is past due", "Su cuenta está vencida"), words)
}

// autopay is what autopay takes next; older statements have only words of it.
func (t *statement) autopay() string {
	if t.s.Autopay != nil {
		return t.s.Autopay.Text(t.language)
	}
	return t.s.AutopayText
}

func (t *statement) howToPay() {
	s, l := t.s, t.lender
	t.section(t.say("How to pay", "Cómo pagar"), 60)
	if words := t.autopay(); words != "" {
		t.para(words, strong)
		if !t.covered() {
			t.para(t.say("Autopay does not take past due amounts or fees. Please pay them in one of these ways:", "Los pagos automáticos no toman cantidades vencidas ni cargos. Puede pagarlos de una de estas formas:"), body)
		} else {
			return
		}
	} else if s.AmountDue == 0 {
		t.para(t.say("There is nothing to pay now.", "No hay nada que pagar ahora."), body)
		return
	}
	t.ways(76, []pair{
		{label: t.say("Online", "En línea"), value: t.say("Sign in", "Entre a su cuenta") + before(t.say(" at ", " en "), l.Website) + t.say(". It counts from the day you choose.", ". Cuenta desde el día que usted elija.")},
		{label: t.say("By phone", "Por teléfono"), value: strings.Join(nonEmpty(l.Phone, l.Hours), ", ")},
		{label: t.say("By mail", "Por correo"), value: t.say("Send the coupon below with your check.", "Envíe el cupón de abajo con su cheque.")},
	})
}

// covered says that autopay leaves nothing of the amount due: it takes no
// past-due amounts and no fees.
func (t *statement) covered() bool {
	return t.autopay() != "" && t.s.PastDue == 0 && t.s.FeesDue == 0
}

// summary is how the balance came about and, beside it, how far it has come.
func (t *statement) summary() {
	s := t.s
	t.section(t.say("Account summary", "Resumen de la cuenta"), 112)
	t.beside(110, func() {
		list := []pair{
			{label: t.say("Beginning balance, ", "Saldo inicial, ") + t.short(s.Opening), value: s.BeginningBalance.USD()},
			{label: t.say("Principal paid", "Capital pagado"), value: billing.USD(-s.PrincipalPaid)},
			{label: t.say("Put back by returned payments and corrections", "Agregado de nuevo por pagos devueltos y correcciones"), value: billing.USD(s.Adjustments)},
			{label: t.say("Ending balance, ", "Saldo final, ") + t.short(s.Closing), value: s.EndingBalance.USD(), total: true},
		}
		if t.lease {
			list[1].label = t.principal()
		}
		if s.Adjustments == 0 {
			list = slices.Delete(list, 2, 3)
		}
		t.pairs(list)
		if t.lease {
			t.gap(3)
			t.para(t.say("On a lease the balance is the lease payments left to make, without tax.", "En un arrendamiento el saldo son los pagos que faltan, sin impuesto."), small)
		}
		list = nil
		if !t.lease {
			list = append(list, pair{label: t.say("Interest not paid yet", "Interés por pagar"), value: s.InterestAccrued.USD()})
		}
		list = append(list, pair{label: t.say("Fees not paid yet", "Cargos por pagar"), value: s.FeesOutstanding.USD()})
		if s.TaxPaid != 0 {
			list = append(list, pair{label: t.say("Tax paid in this period", "Impuesto pagado en este período"), value: billing.USD(s.TaxPaid)})
		}
		if s.Unapplied != 0 {
			list = append(list, pair{label: t.say("Held for you", "Guardado para usted"), value: s.Unapplied.USD()})
		}
		t.gap(4)
		t.pairs(list)
	}, t.progress)
}

// progress is a picture of what is paid and what is left, with its figures.
func (t *statement) progress() {
	s := t.s
	var list []pair
	switch {
	case t.lease && s.Payments > 0 && s.PaymentsLeft <= s.Payments:
		made := s.Payments - s.PaymentsLeft
		words := t.say("Payments made: ", "Pagos hechos: ") + strconv.Itoa(made) + t.say(" of ", " de ") + strconv.Itoa(s.Payments)
		t.bar(words, int64(made), int64(s.Payments), 0)
		list = append(list, pair{label: t.say("Payments made", "Pagos hechos"), value: strconv.Itoa(made) + t.say(" of ", " de ") + strconv.Itoa(s.Payments), key: &dark})
	case !t.lease && s.Original > 0 && s.EndingBalance <= s.Original:
		paid := s.Original - s.EndingBalance
		alt := t.say("Of ", "De ") + s.Original.USD() + t.say(" borrowed, ", " de préstamo, ") + paid.USD() + t.say(" is paid and ", " están pagados y quedan ") + s.EndingBalance.USD() + t.say(" is left.", ".")
		t.bar(alt, int64(paid), int64(s.Original), 0)
		list = append(list,
			pair{label: t.say("Amount of the loan", "Cantidad del préstamo"), value: s.Original.USD()},
			pair{label: t.say("Principal paid so far", "Capital pagado hasta ahora"), value: paid.USD(), key: &dark},
			pair{label: t.say("Principal left", "Capital que queda"), value: s.EndingBalance.USD(), key: &shade})
	}
	if s.PaymentsLeft > 0 {
		left := pair{label: t.say("Payments left", "Pagos que faltan"), value: strconv.Itoa(s.PaymentsLeft)}
		if t.lease && len(list) > 0 {
			left.key = &shade
		}
		list = append(list, left)
	}
	if s.PaymentsLeft > 0 {
		list = append(list, pair{label: t.say("Regular payment", "Pago regular"), value: s.RegularPayment.USD()})
	}
	if s.Maturity != 0 && s.PaymentsLeft > 0 {
		words := t.say("Last payment due", "Último pago")
		if t.lease {
			words = t.say("Lease ends", "Fin del arrendamiento")
		}
		list = append(list, pair{label: words, value: t.short(s.Maturity)})
	}
	t.pairs(list)
}

// miles is how a lease's miles stand, in place of interest.
func (t *statement) miles() {
	m := t.s.Miles
	if m == nil {
		return
	}
	least := 60.0
	if m.Paced {
		least = 132 // picture, figures and what they mean stay together
	}
	t.section(t.say("Mileage", "Millas"), least)
	n := func(v int) string { return miles(v) }
	list := []pair{{label: t.say("Miles allowed over the whole lease", "Millas permitidas en todo el arrendamiento"), value: n(m.Allowance)}}
	if m.On != 0 {
		alt := n(m.Driven) + t.say(" miles driven by ", " millas recorridas hasta el ") + t.long(m.On) + t.say(", where the lease allows ", "; el arrendamiento permite ") + n(m.Allowed) +
			t.say(" by that day and ", " hasta ese día y ") + n(m.Allowance) + t.say(" in all.", " en total.")
		t.bar(alt, int64(m.Driven), int64(m.Allowance), int64(m.Allowed))
		list = append(list,
			pair{label: t.say("Miles driven by ", "Millas recorridas hasta el ") + t.short(m.On), value: n(m.Driven), key: &dark},
			pair{label: t.say("Miles allowed by that day (the mark in the bar)", "Millas permitidas hasta ese día (la marca en la barra)"), value: n(m.Allowed)})
	}
	if m.Paced {
		list = append(list,
			pair{label: t.say("Miles a year allowed", "Millas por año permitidas"), value: n(m.AllowedPerYear)},
			pair{label: t.say("Miles a year at your pace", "Millas por año a su ritmo"), value: n(m.PerYear)},
			pair{label: t.say("Miles at the end of the lease at this pace", "Millas al final del arrendamiento a este ritmo"), value: n(m.Projected)})
	}
	if m.Excess > 0 {
		list = append(list, pair{label: n(m.Excess) + t.say(" miles over, at ", " millas de más, a ") + m.ExcessMile.USD() + t.say(" a mile", " por milla"), value: m.Charge.USD(), total: true})
	}
	t.pairs(list)
	if m.On == 0 {
		t.para(t.say("We have no reading of your odometer yet. Tell us its miles online or by phone.", "Todavía no tenemos una lectura de su odómetro. Díganos las millas en línea o por teléfono."), small)
	} else if m.Excess > 0 {
		t.para(t.say("This is what the miles would cost if you give the vehicle back at the end and go on at this pace. Nothing of it is due now.", "Esto costarían las millas si devuelve el vehículo al final y sigue a este ritmo. No debe nada de esto ahora."), small)
	}
}

// closingFigures are what would pay the account off and, beside it, the year.
func (t *statement) closingFigures() {
	if t.lease || t.s.EndingBalance == 0 {
		t.year()
		return
	}
	t.beside(98, t.payoff, t.year)
}

// payoff is what would close the account through a day.
func (t *statement) payoff() {
	s := t.s
	t.section(t.say("Payoff amount", "Cantidad para liquidar"), 62)
	list := []pair{{label: t.say("On ", "El ") + t.short(s.Closing), value: s.PayoffToday.USD()}}
	if l := s.Payoff; l != nil {
		list = append(list,
			pair{label: t.say("Interest added each day", "Interés que se agrega cada día"), value: "$" + l.PerDiem},
			pair{label: t.say("Good through ", "Válida hasta el ") + t.short(l.GoodThrough), value: l.Total.USD(), total: true})
	}
	t.pairs(list)
	t.para(t.say("If nothing else is added or paid before that day. For a letter with each day's amount, sign in or call us.",
		"Si no se agrega ni se paga nada más antes de ese día. Para una carta con la cantidad de cada día, entre a su cuenta o llámenos."), small)
}

func (t *statement) year() {
	s := t.s
	t.section(t.say("Year to date, ", "En lo que va del año, ")+strconv.Itoa(s.Closing.Year()), 45)
	var list []pair
	if !t.lease {
		list = append(list, pair{label: t.say("Interest paid", "Interés pagado"), value: billing.USD(s.InterestPaidYear)})
	}
	name := t.say("Principal paid", "Capital pagado")
	if t.lease {
		name = t.principal()
	}
	t.pairs(append(list, pair{label: name, value: billing.USD(s.PrincipalPaidYear)}, pair{label: t.say("Fees paid", "Cargos pagados"), value: billing.USD(s.FeesPaidYear)}))
}

func (t *statement) messages() {
	if len(t.s.Messages) == 0 {
		return
	}
	t.section(t.say("Messages", "Mensajes"), 30)
	for _, m := range t.s.Messages {
		t.para(m.In(t.language), body)
		t.gap(3)
	}
}

// rights are the addresses that the law gives a meaning to: a dispute sent
// elsewhere need not be looked into as one (12 CFR 1022.43(c)).
func (t *statement) rights() {
	l := t.lender
	t.section(t.say("Where to write", "A dónde escribir"), 70)
	t.ways(110, []pair{
		{label: t.say("Payments by check", "Pagos con cheque"), value: strings.Join(payee(l), ", ")},
		{label: t.say("Disputes", "Disputas"), value: strings.Join(l.Disputes(), ", ")},
		{label: t.say("Bankruptcy notices", "Avisos de bancarrota"), value: strings.Join(l.Bankruptcies(), ", ")},
	})
	t.para(t.say(
		"We may report how you pay to credit bureaus. If you think that something we reported is wrong, write to the address for disputes with your name, your account number, what is wrong and why, and copies of what shows it.",
		"Podemos informar a las agencias de crédito cómo paga usted. Si cree que algo que informamos está mal, escriba a la dirección para disputas con su nombre, su número de cuenta, qué está mal y por qué, y copias de lo que lo demuestra."), small)
}

// payee is the name and address that a check is made out and mailed to.
func payee(l *billing.Lender) []string {
	return append([]string{l.Name}, withoutName(l, l.PayTo())...)
}

// isFee says whether a line is a fee, one given up, or one taken back.
func isFee(l *billing.StatementLine) bool {
	switch l.Kind {
	case "late_fee", "returned_fee", "other_fee", "waiver":
		return true
	case "taken_back":
		return l.Allocation.Principal == 0 && l.Amount >= 0
	}
	return false
}

// isMoney says whether a line is money that came or went. A payment that is taken
// back goes; a charge that is taken back does not.
func isMoney(l *billing.StatementLine) bool {
	switch l.Kind {
	case "payment", "payment_returned", "payment_canceled", "correction", "sale", "refund":
		return true
	case "taken_back":
		return l.Amount < 0
	}
	return false
}

// of is the lines of some kinds.
func (t *statement) of(is func(*billing.StatementLine) bool) (out []*billing.StatementLine) {
	for i := range t.s.Lines {
		if l := &t.s.Lines[i]; is(l) {
			out = append(out, l)
		}
	}
	return out
}

func miles(n int) string {
	return strings.TrimSuffix(strings.TrimPrefix(money.Cents(int64(n)*100).USD(), "$"), ".00")
}
