package paper

import (
	"slices"
	"strconv"
	"strings"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/money"
)

// payments lists what was received, came back or was given back, and where the
// money went.
func (t *statement) payments() {
	lines := t.of(isMoney)
	t.section(t.say("Payments received and how they were applied", "Pagos recibidos y cómo se aplicaron"), 38)
	if len(lines) == 0 {
		t.para(t.say("We received no payments in this period.", "No recibimos pagos en este período."), body)
		return
	}
	cols, cells := t.paymentColumns(lines)
	rows := make([][]string, len(lines))
	var sum contract.Allocation
	var amount money.Cents
	for i, l := range lines {
		rows[i] = append([]string{t.short(l.Date), t.what(l)}, cells(l.Amount, l.Allocation)...)
		sum, amount = sum.Plus(l.Allocation), amount+l.Amount
	}
	t.table(cols, rows, append([]string{t.say("Total", "Total"), ""}, cells(amount, sum)...))
}

// share is one part of an allocation as a column.
type share struct {
	title string
	of    func(contract.Allocation) money.Cents
	usual bool // stands even when no line has it
}

// paymentColumns leaves out the parts that no line has, but for the usual ones.
func (t *statement) paymentColumns(lines []*billing.StatementLine) ([]col, func(money.Cents, contract.Allocation) []string) {
	part := make([]share, 0, 8)
	for _, p := range []share{
		{t.say("Interest", "Interés"), func(a contract.Allocation) money.Cents { return a.Interest }, !t.lease},
		{t.principal(), func(a contract.Allocation) money.Cents { return a.Principal }, true},
		{t.say("Tax", "Impuesto"), func(a contract.Allocation) money.Cents { return a.Tax }, false},
		{t.say("Fees", "Cargos"), func(a contract.Allocation) money.Cents { return a.LateFee + a.OtherFee }, true},
		{t.say("Held", "Guardado"), func(a contract.Allocation) money.Cents { return a.Unapplied }, false},
		{t.say("Charged off", "Dado por perdido"), func(a contract.Allocation) money.Cents { return a.Recovered - a.ChargedOff }, false},
		{t.say("Forgiven", "Perdonado"), func(a contract.Allocation) money.Cents { return -a.Forgiven }, false},
	} {
		if p.usual || slices.ContainsFunc(lines, func(l *billing.StatementLine) bool { return p.of(l.Allocation) != 0 }) {
			part = append(part, p)
		}
	}
	w := 60.0
	if len(part) > 3 {
		w = 56
	}
	if len(part) > 5 {
		w = 48
	}
	cols := []col{{title: t.say("Date", "Fecha"), w: 70}, {title: t.say("What", "Qué"), w: right - left - 70 - w*float64(len(part)+1)}, {title: t.say("Amount", "Cantidad"), w: w, figure: true}}
	for _, p := range part {
		cols = append(cols, col{title: p.title, w: w, figure: true})
	}
	return cols, func(amount money.Cents, a contract.Allocation) []string {
		out := []string{billing.USD(amount)}
		for _, p := range part {
			out = append(out, billing.USD(p.of(a)))
		}
		return out
	}
}

// what says what a line is. Statements cut before lines said what they are of
// have only words.
func (t *statement) what(l *billing.StatementLine) string {
	if l.Event == "" && l.Text != "" {
		return l.Text
	}
	words := t.named(l)
	if about, ok := ofEarlier[l.Kind]; ok && l.EventDate != 0 && l.Event == contract.Payment {
		words = t.say("Payment of ", "Pago del ") + t.short(l.EventDate) + about.In(t.language)
	} else if l.EventDate != 0 {
		words += t.say(", of ", ", del ") + t.short(l.EventDate)
	}
	if l.Confirmation != "" {
		words += ", " + l.Confirmation
	}
	return words
}

// ofEarlier is what became of a payment of an earlier day.
var ofEarlier = map[string]billing.Words{
	"payment_canceled": {English: " canceled", Spanish: " cancelado"},
	"payment_returned": {English: " returned by the bank", Spanish: " devuelto por el banco"},
	"correction":       {English: " applied again", Spanish: " aplicado de nuevo"},
	"taken_back":       {English: " taken back", Spanish: " anulado"},
}

var received = map[contract.Source]billing.Words{
	contract.FromCheck:   {English: "Payment by check", Spanish: "Pago con cheque"},
	contract.FromWire:    {English: "Payment by wire", Spanish: "Pago por transferencia"},
	contract.FromCash:    {English: "Payment in cash", Spanish: "Pago en efectivo"},
	contract.FromCard:    {English: "Payment by card", Spanish: "Pago con tarjeta"},
	contract.FromInsurer: {English: "Payment from an insurer", Spanish: "Pago de un seguro"},
	contract.FromACH:     {English: "Payment by bank account", Spanish: "Pago con cuenta bancaria"},
}

var lineNames = map[string]billing.Words{
	"payment":          {English: "Payment received", Spanish: "Pago recibido"},
	"payment_canceled": {English: "Payment canceled", Spanish: "Pago cancelado"},
	"payment_returned": {English: "Payment returned by the bank", Spanish: "Pago devuelto por el banco"},
	"late_fee":         {English: "Late fee", Spanish: "Cargo por atraso"},
	"returned_fee":     {English: "Returned payment fee", Spanish: "Cargo por pago devuelto"},
	"other_fee":        {English: "Other fee", Spanish: "Otro cargo"},
	"waiver":           {English: "Fee forgiven", Spanish: "Cargo perdonado"},
	"refund":           {English: "Refund", Spanish: "Reembolso"},
	"sale":             {English: "Vehicle sold", Spanish: "Vehículo vendido"},
	"charge_off":       {English: "Balance charged off", Spanish: "Saldo dado por perdido"},
	"lease_extension":  {English: "Lease extended", Spanish: "Arrendamiento extendido"},
	"lease_end":        {English: "Lease ended", Spanish: "Fin del arrendamiento"},
	"correction":       {English: "Earlier entry corrected", Spanish: "Movimiento anterior corregido"},
}

func (t *statement) named(l *billing.StatementLine) string {
	if by, ok := received[l.Source]; ok && l.Kind == "payment" {
		return by.In(t.language)
	}
	if words, ok := lineNames[l.Kind]; ok {
		return words.In(t.language)
	}
	if words, ok := lineNames[string(l.Event)]; ok && l.Kind == "taken_back" {
		return words.In(t.language) + t.say(", taken back", ", anulado")
	}
	return t.say("Change to the account", "Cambio en la cuenta")
}

func (t *statement) interest() {
	s := t.s
	t.section(t.say("Interest", "Interés"), 80)
	if len(s.InterestLines) > 0 {
		t.interestTable(s.InterestLines)
		t.gap(3)
	}
	var list []pair
	if s.FinanceAdjustment != 0 {
		list = append(list, pair{label: t.say("Interest put back or taken off for earlier periods", "Interés agregado o quitado de períodos anteriores"), value: billing.USD(s.FinanceAdjustment)})
	}
	t.pairs(append(list,
		pair{label: t.say("Interest charged in this period (finance charge)", "Interés cobrado en este período (cargo financiero)"), value: billing.USD(s.FinanceCharge)},
		pair{label: t.say("Interest paid in this period", "Interés pagado en este período"), value: billing.USD(s.InterestPaid)},
		pair{label: t.say("Interest not paid yet on ", "Interés por pagar el ") + t.long(s.Closing), value: s.InterestAccrued.USD(), total: true}))
}

// interestTable shows each span so that a person with a calculator gets the
// same. Papers frozen before lines knew their rate do not show it.
func (p *sheet) interestTable(lines []billing.InterestLine) {
	rated := slices.ContainsFunc(lines, func(l billing.InterestLine) bool { return l.Rate != 0 })
	how := p.say("The interest a day is the balance × the yearly rate ÷ the days in the year. Each line is the interest a day × the days.",
		"El interés por día es el saldo × la tasa anual ÷ los días del año. Cada línea es el interés por día × los días.")
	p.para(how+" "+p.say("Interest counts from the day after the first date, which is the last closing or payment, to the second date. It is rounded to the cent once, when it is posted.",
		"El interés cuenta desde el día después de la primera fecha, que es el último cierre o pago, hasta la segunda fecha. Se redondea al centavo una vez, cuando se registra."), small)
	p.y += 2
	cols := []col{{title: p.say("From", "Desde"), w: 70}, {title: p.say("To", "Hasta"), w: 70}, {title: p.say("Balance", "Saldo"), w: 82, figure: true}}
	if rated {
		cols = append(cols, col{title: p.say("Yearly rate", "Tasa anual"), w: 56, figure: true})
	}
	cols = append(cols, col{title: p.say("Days in year", "Días del año"), w: 52, figure: true}, col{title: p.say("Interest a day", "Interés por día"), w: 64, figure: true},
		col{title: p.say("Days", "Días"), w: 36, figure: true})
	used := 0.0
	for _, c := range cols {
		used += c.w
	}
	cols = append(cols, col{title: p.say("Interest", "Interés"), w: right - left - used, figure: true})
	rows := make([][]string, len(lines))
	for i, l := range lines {
		row := []string{p.short(l.From), p.short(l.To), l.Balance.USD()}
		if rated {
			row = append(row, l.Rate.Percent())
		}
		rows[i] = append(row, strconv.Itoa(l.Basis), "$"+l.PerDiem, strconv.Itoa(l.Days), "$"+l.Amount)
	}
	var total []string
	if len(lines) > 1 {
		total = make([]string, len(cols))
		total[0], total[len(cols)-1] = p.say("Sum", "Suma"), "$"+sum(lines)
	}
	p.table(cols, rows, total)
}

// sum adds amounts of four decimals as they are written.
func sum(lines []billing.InterestLine) string {
	var n int64
	for _, l := range lines {
		v, _ := strconv.ParseInt(strings.Replace(l.Amount, ".", "", 1), 10, 64) // Check and the makers let no other form pass
		n += v
	}
	s := strconv.FormatInt(n+100000, 10)
	if n < 90000 { // the figure before the point is a zero
		return strconv.FormatInt(n/10000, 10) + "." + s[len(s)-4:]
	}
	s = strconv.FormatInt(n, 10)
	return s[:len(s)-4] + "." + s[len(s)-4:]
}

// fees lists each fee with its reason and the clause that it stands on.
func (t *statement) fees() {
	s := t.s
	lines := t.of(isFee)
	t.section(t.say("Fees", "Cargos"), 50)
	if len(lines) > 0 {
		rows := make([][]string, len(lines))
		for i, l := range lines {
			rows[i] = []string{t.short(l.Date), t.what(l), t.reason(l), billing.USD(l.Shown())}
		}
		t.table([]col{{title: t.say("Date", "Fecha"), w: 70}, {title: t.say("Fee", "Cargo"), w: 128},
			{title: t.say("Why, and what your contract says", "Por qué, y qué dice su contrato"), w: right - left - 70 - 128 - 70}, {title: t.say("Amount", "Cantidad"), w: 70, figure: true}}, rows, nil)
		t.gap(3)
	}
	list := []pair{{label: t.say("Fees charged in this period", "Cargos agregados en este período"), value: s.FeesCharged.USD()},
		{label: t.say("Fees paid in this period", "Cargos pagados en este período"), value: billing.USD(s.FeesPaid)}}
	if s.FeesForgiven != 0 {
		list = append(list, pair{label: t.say("Fees forgiven in this period", "Cargos perdonados en este período"), value: billing.USD(s.FeesForgiven)})
	}
	t.pairs(append(list, pair{label: t.say("Fees not paid yet on ", "Cargos por pagar el ") + t.long(s.Closing), value: s.FeesOutstanding.USD(), total: true}))
}

// reason is why a fee was charged and the clause of the contract for it.
func (t *statement) reason(l *billing.StatementLine) string {
	c := t.s.Clauses
	switch l.Kind {
	case "late_fee":
		var words []string
		if l.Instalment != 0 {
			words = append(words, t.say("The payment due ", "El pago del ")+t.short(l.Instalment)+t.say(" was not paid in full in time.", " no se pagó completo a tiempo."))
		}
		if c != nil && c.LateFee != (contract.LateFee{}) {
			words = append(words, t.lateClause(c))
		}
		return strings.Join(words, " ")
	case "returned_fee":
		words := t.say("A payment came back from the bank.", "El banco devolvió un pago.")
		if c != nil && c.ReturnedFee > 0 {
			words += t.say(" Contract: ", " Contrato: ") + c.ReturnedFee.USD() + t.say(" for each returned payment.", " por cada pago devuelto.")
		}
		return words
	case "waiver":
		return t.say("You do not have to pay it.", "No tiene que pagarlo.")
	case "taken_back":
		return t.say("It should not have been charged.", "No se debió cobrar.")
	}
	return ""
}

func (t *statement) lateClause(c *billing.FeeClauses) string {
	f := c.LateFee
	fee := f.Flat.USD()
	if f.Percent > 0 {
		fee = f.Percent.Percent() + t.say(" of the part not paid", " de la parte no pagada")
		if f.Flat > 0 {
			fee += t.say(", at least ", ", al menos ") + f.Flat.USD()
		}
		if f.Cap > 0 {
			fee += t.say(", at most ", ", no más de ") + f.Cap.USD()
		}
	}
	words := t.say("Contract: ", "Contrato: ") + fee + t.say(" when a payment is more than ", " cuando un pago tiene más de ") + t.days(c.GraceDays) + t.say(" late", " de atraso")
	if c.Law != "" {
		words += t.say(", limited by ", "; límite: ") + c.Law
	}
	return words + "."
}

// others are the changes that are neither money nor a fee.
func (t *statement) others() {
	lines := t.of(func(l *billing.StatementLine) bool { return !isFee(l) && !isMoney(l) })
	if len(lines) == 0 {
		return
	}
	t.section(t.say("Other transactions", "Otros movimientos"), 40)
	rows := make([][]string, len(lines))
	for i, l := range lines {
		rows[i] = []string{t.short(l.Date), t.what(l), billing.USD(l.Shown())}
	}
	t.table([]col{{title: t.say("Date", "Fecha"), w: 70}, {title: t.say("What", "Qué"), w: right - left - 170}, {title: t.say("Amount", "Cantidad"), w: 100, figure: true}}, rows, nil)
}
