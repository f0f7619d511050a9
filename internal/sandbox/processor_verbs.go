package sandbox

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"marque/internal/money"
)

// What the interface does. The caller holds the lock.

func (p *Processor) seconds() int64 { return p.now().Unix() }

func (p *Processor) makePage(a cardAsk) (object, *no) {
	f := a.form
	s := &payPage{ID: newID("cs"), Mode: f.Get("mode"), Status: "open", Reference: f.Get("client_reference_id"), Metadata: a.metadata("metadata"),
		Success: f.Get("success_url"), Cancel: f.Get("cancel_url"), Customer: f.Get("customer"), Created: p.seconds()}
	if f.Get("payment_method_types[0]") != "card" {
		return nil, invalid("parameter_missing", "This processor takes cards.")
	}
	for _, address := range []string{s.Success, s.Cancel} {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, invalid("url_invalid", "Not an address to go back to.")
		}
	}
	var err error
	if s.Expires, err = strconv.ParseInt(f.Get("expires_at"), 10, 64); err != nil || s.Expires < s.Created+1800 || s.Expires > s.Created+86400 {
		return nil, invalid("parameter_invalid_integer", "expires_at is between 30 minutes and 24 hours ahead.")
	}
	switch s.Mode {
	case "payment":
		var bad *no
		if s.Amount, bad = cents(f, "line_items[0][price_data][unit_amount]"); bad != nil {
			return nil, bad
		}
		if f.Get("line_items[0][price_data][currency]") != "usd" || f.Get("line_items[0][quantity]") != "1" {
			return nil, invalid("parameter_missing", "One item, in US dollars.")
		}
		s.What, s.OfIntent = f.Get("line_items[0][price_data][product_data][name]"), a.metadata("payment_intent_data[metadata]")
		s.Save = f.Get("payment_intent_data[setup_future_usage]") == "off_session"
	case "setup":
		s.What, s.OfIntent, s.Save = "Save a card", a.metadata("setup_intent_data[metadata]"), true
	default:
		return nil, invalid("parameter_missing", "mode is payment or setup.")
	}
	if s.NewCustomer = s.Customer == "" && (s.Save || f.Get("customer_creation") == "always"); s.Customer != "" && !strings.HasPrefix(s.Customer, "cus_") {
		return nil, invalid("resource_missing", "No such customer.")
	}
	p.pages.put(s)
	p.changed(s)
	p.lapses = min(p.lapses, s.Expires)
	if p.hooks.is() == LiesPaid {
		p.lieThatItIsPaid(s)
	}
	return p.pageObject(s, a), nil
}

func (p *Processor) lieThatItIsPaid(s *payPage) {
	o := p.pageObject(s, cardAsk{})
	o["status"], o["payment_status"] = "complete", "paid"
	p.emit("checkout.session.completed", o)
	i := &intent{ID: newID("pi"), Amount: s.Amount, Status: "succeeded", Metadata: s.OfIntent, Created: s.Created}
	p.emit("payment_intent.succeeded", p.intentObject(i, false, false))
}

// lapse ends the pages whose time is over.
func (p *Processor) lapse() {
	now := p.seconds()
	if now < p.lapses {
		return
	}
	p.lapses = math.MaxInt64
	for _, s := range p.pages.order {
		switch {
		case s.Status != "open":
		case s.Expires <= now:
			p.endPage(s)
		default:
			p.lapses = min(p.lapses, s.Expires)
		}
	}
}

func (p *Processor) endPage(s *payPage) {
	s.Status = "expired"
	p.changed(s)
	if i := p.intents.byID[s.Intent]; i != nil && i.Status != "succeeded" {
		i.Status = "canceled"
		p.changed(i)
		p.emit("payment_intent.canceled", p.intentObject(i, false, false))
	}
	p.emit("checkout.session.expired", p.pageObject(s, cardAsk{}))
}

func (p *Processor) closePage(a cardAsk) (object, *no) {
	s := p.pages.byID[a.id]
	if s == nil {
		return nil, missing("checkout.session")
	}
	if s.Status != "open" {
		return nil, invalid("", "Only an open page can be expired.")
	}
	p.endPage(s)
	return p.pageObject(s, a), nil
}

func (p *Processor) makeIntent(a cardAsk) (object, *no) {
	f := a.form
	amount, bad := cents(f, "amount")
	if bad != nil {
		return nil, bad
	}
	m := p.methods.byID[f.Get("payment_method")]
	switch {
	case f.Get("currency") != "usd" || f.Get("confirm") != "true" || f.Get("off_session") != "true":
		return nil, invalid("parameter_missing", "Only charges of saved cards, in US dollars.")
	case m == nil || m.Gone || m.Customer != f.Get("customer"):
		return nil, invalid("resource_missing", "No such PaymentMethod.")
	}
	i := &intent{ID: newID("pi"), Amount: amount, Status: "requires_payment_method", Customer: m.Customer, What: f.Get("description"), Metadata: a.metadata("metadata"), Created: p.seconds()}
	p.intents.put(i)
	p.emit("payment_intent.created", p.intentObject(i, false, false))
	card := m.Card
	if card.Does == declinesLater {
		card.Does = "generic_decline"
	}
	if !p.attempt(i, card, m.ID) {
		n := declined(i.Decline, i.Charge)
		n.intent = p.intentObject(i, false, false)
		return nil, n
	}
	return p.intentObject(i, a.expands("latest_charge"), a.expands("payment_method")), nil
}

// attempt charges a card, or does not, and tells it.
func (p *Processor) attempt(i *intent, card cardFace, method string) bool {
	c := &charge{ID: newID("ch"), Intent: i.ID, Amount: i.Amount, Card: card, Method: method, Customer: i.Customer, Metadata: i.Metadata, Created: p.seconds(), Date: p.today()}
	p.charges.put(c)
	i.Charge = c.ID
	p.changed(i, c)
	if card.Does != "" {
		c.Decline, i.Decline, i.Status, i.Method = card.Does, card.Does, "requires_payment_method", ""
		p.emit("charge.failed", p.chargeObject(c))
		p.emit("payment_intent.payment_failed", p.intentObject(i, false, false))
		return false
	}
	i.Status, i.Decline, i.Method = "succeeded", "", method
	p.emit("charge.succeeded", p.chargeObject(c))
	p.emit("payment_intent.succeeded", p.intentObject(i, false, false))
	c.Move = p.move("charge", c.ID, c.Amount, fee(c.Amount), c.Date.AddBankingDays(2))
	p.emit("charge.updated", p.chargeObject(c))
	return true
}

func (p *Processor) move(kind, source string, amount, fee money.Cents, available money.Date) string {
	m := &movement{ID: newID("txn"), Type: kind, Source: source, Amount: amount, Fee: fee, Created: p.seconds(), Available: available}
	p.moves.put(m)
	p.changed(m)
	return m.ID
}

func (p *Processor) makeRefund(a cardAsk) (object, *no) {
	i := p.intents.byID[a.form.Get("payment_intent")]
	if i == nil || i.Status != "succeeded" {
		return nil, invalid("resource_missing", "No such charge.")
	}
	c := p.charges.byID[i.Charge]
	amount := c.Amount - c.Refunded
	if a.form.Has("amount") {
		var bad *no
		if amount, bad = centsFrom(a.form, "amount"); bad != nil {
			return nil, bad
		}
	}
	switch {
	case c.Dispute != "":
		return nil, invalid("charge_disputed", "The charge has been charged back.")
	case c.Refunded == c.Amount:
		return nil, invalid("charge_already_refunded", "The charge has already been refunded.")
	case amount > c.Amount-c.Refunded:
		return nil, invalid("amount_too_large", "More than is left of the charge.")
	}
	r := p.refund(c, amount)
	return refundObject(r), nil
}

func centsFrom(f url.Values, name string) (money.Cents, *no) {
	n, err := strconv.ParseInt(f.Get(name), 10, 64)
	if err != nil || n < 1 {
		return 0, invalid("parameter_invalid_integer", name+" is at least one cent.")
	}
	return money.Cents(n), nil
}

func (p *Processor) refund(c *charge, amount money.Cents) *cardRefund {
	r := &cardRefund{ID: newID("re"), Intent: c.Intent, Charge: c.ID, Amount: amount, Status: "succeeded", Created: p.seconds()}
	p.refunds.put(r)
	c.Refunded += amount
	p.changed(r, c)
	p.move("refund", r.ID, -amount, 0, p.today())
	p.emit("refund.created", refundObject(r))
	p.emit("charge.refunded", p.chargeObject(c))
	return r
}

func (p *Processor) forgetCard(a cardAsk) (object, *no) {
	m := p.methods.byID[a.id]
	switch {
	case m == nil:
		return nil, missing("PaymentMethod")
	case m.Gone:
		return nil, invalid("payment_method_unexpected_state", "The card is not attached to a customer.")
	}
	m.Gone = true
	p.changed(m)
	p.emit("payment_method.detached", cardObject(m))
	return cardObject(m), nil
}

func (p *Processor) showPage(a cardAsk) (object, *no) {
	if s := p.pages.byID[a.id]; s != nil {
		return p.pageObject(s, a), nil
	}
	return nil, missing("checkout.session")
}

func (p *Processor) showIntent(a cardAsk) (object, *no) {
	if i := p.intents.byID[a.id]; i != nil {
		return p.intentObject(i, a.expands("latest_charge"), a.expands("payment_method")), nil
	}
	return nil, missing("payment_intent")
}

func (p *Processor) showRefund(a cardAsk) (object, *no) {
	if r := p.refunds.byID[a.id]; r != nil {
		return refundObject(r), nil
	}
	return nil, missing("refund")
}

func (p *Processor) listPages(a cardAsk) (object, *no) {
	return list(a, p.pages.order, func(s *payPage) int64 { return s.Created }, func(s *payPage) bool { return wants(a.form, "customer", s.Customer) },
		func(s *payPage) object { return p.pageObject(s, cardAsk{}) })
}

func (p *Processor) listIntents(a cardAsk) (object, *no) {
	return list(a, p.intents.order, func(i *intent) int64 { return i.Created }, func(i *intent) bool { return wants(a.form, "customer", i.Customer) },
		func(i *intent) object { return p.intentObject(i, false, false) })
}

var searchForm = regexp.MustCompile(`^metadata\['([a-z_]+)'\]:'([^'\\]*)'$`)

func (p *Processor) searchIntents(a cardAsk) (object, *no) {
	q := searchForm.FindStringSubmatch(a.form.Get("query"))
	if q == nil {
		return nil, invalid("parameter_invalid_string", "The search cannot be read.")
	}
	out, bad := list(a, p.intents.order, func(i *intent) int64 { return i.Created }, func(i *intent) bool { return i.Metadata[q[1]] == q[2] },
		func(i *intent) object { return p.intentObject(i, false, false) })
	if bad == nil {
		out["object"] = "search_result"
	}
	return out, bad
}

func (p *Processor) listRefunds(a cardAsk) (object, *no) {
	return list(a, p.refunds.order, func(r *cardRefund) int64 { return r.Created }, func(r *cardRefund) bool { return wants(a.form, "payment_intent", r.Intent) }, refundObject)
}

func (p *Processor) listDisputes(a cardAsk) (object, *no) {
	return list(a, p.disputes.order, func(d *dispute) int64 { return d.Created }, func(d *dispute) bool { return wants(a.form, "payment_intent", d.Intent) }, disputeObject)
}

func (p *Processor) listPayouts(a cardAsk) (object, *no) {
	return list(a, p.payouts.order, func(o *payout) int64 { return o.Created }, func(o *payout) bool { return within(a.form, "arrival_date", unix(o.Date)) }, payoutObject)
}

func (p *Processor) listMovements(a cardAsk) (object, *no) {
	return list(a, p.moves.order, func(m *movement) int64 { return m.Created }, func(m *movement) bool { return wants(a.form, "payout", m.Payout) },
		func(m *movement) object { return p.movementObject(m, a.expands("data.source")) })
}

func (p *Processor) listEvents(a cardAsk) (object, *no) {
	return list(a, p.events.order, func(e *sentEvent) int64 { return e.Created }, func(e *sentEvent) bool { return wants(a.form, "type", e.Type) }, func(e *sentEvent) object { return e.object() })
}

// What an operator does. Each takes the lock.

var errOperator = errors.New("the card processor cannot do that now")

func (p *Processor) operate(what string, do func() bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lieAbout(p.api.is())
	if !do() {
		return fmt.Errorf("%s: %w", what, errOperator)
	}
	p.send(p.told()...)
	return p.keep()
}

// Dispute takes a charge's money back for the cardholder, who says that they did
// not make it.
func (p *Processor) Dispute(intentID string) error {
	return p.operate("dispute charge "+intentID, func() bool {
		i := p.intents.byID[intentID]
		if i == nil || i.Status != "succeeded" {
			return false
		}
		c := p.charges.byID[i.Charge]
		if c.Dispute != "" || c.Refunded == c.Amount {
			return false
		}
		d := &dispute{ID: newID("dp"), Intent: i.ID, Charge: c.ID, Amount: c.Amount - c.Refunded, Reason: "fraudulent", Status: "needs_response", Created: p.seconds()}
		p.disputes.put(d)
		c.Dispute = d.ID
		p.changed(d, c)
		p.move("adjustment", d.ID, -d.Amount, disputeFee, p.today())
		p.emit("charge.dispute.created", disputeObject(d))
		p.emit("charge.dispute.funds_withdrawn", disputeObject(d))
		return true
	})
}

// Decide ends the dispute of a charge.
func (p *Processor) Decide(intentID string, lenderWins bool) error {
	return p.operate("decide the dispute of charge "+intentID, func() bool {
		i := p.intents.byID[intentID]
		if i == nil || p.charges.byID[i.Charge] == nil {
			return false
		}
		d := p.disputes.byID[p.charges.byID[i.Charge].Dispute]
		if d == nil || d.Status != "needs_response" {
			return false
		}
		d.Status = "lost"
		if lenderWins {
			d.Status = "won"
			p.move("adjustment", d.ID, d.Amount, 0, p.today())
			p.emit("charge.dispute.funds_reinstated", disputeObject(d))
		}
		p.changed(d)
		p.emit("charge.dispute.closed", disputeObject(d))
		return true
	})
}

// GiveBack refunds what is left of a charge, as somebody at the processor can
// without the lender's program.
func (p *Processor) GiveBack(intentID string) error {
	return p.operate("refund charge "+intentID, func() bool {
		i := p.intents.byID[intentID]
		if i == nil || i.Status != "succeeded" {
			return false
		}
		c := p.charges.byID[i.Charge]
		if c.Dispute != "" || c.Refunded == c.Amount {
			return false
		}
		p.refund(c, c.Amount-c.Refunded)
		return true
	})
}

// CardPayout is money sent to the lender's bank.
type CardPayout struct {
	ID     string
	Amount money.Cents
	Date   money.Date
	Lines  int
}

// Morning pays out, on a banking day, what has become available: charges two
// banking days after they were made, less their fees, refunds and disputes. The
// same day pays out once. When more was taken back than came in, it waits.
func (p *Processor) Morning(day money.Date) (out *CardPayout, err error) {
	if !day.BankingDay() {
		return nil, nil
	}
	return p.payOut(day, false)
}

// PayOutNow pays out everything, available or not.
func (p *Processor) PayOutNow() (*CardPayout, error) { return p.payOut(p.today(), true) }

func (p *Processor) payOut(day money.Date, all bool) (out *CardPayout, err error) {
	err = p.operate(fmt.Sprintf("pay out on %s", day), func() bool {
		var ready []*movement
		var sum money.Cents
		for _, m := range p.moves.order {
			if m.Payout == "" && (all || m.Available <= day) {
				ready, sum = append(ready, m), sum+m.net()
			}
		}
		if sum <= 0 {
			return true
		}
		o := &payout{ID: newID("po"), Amount: sum, Date: day, Created: p.seconds()}
		p.payouts.put(o)
		p.changed(o)
		for _, m := range ready {
			m.Payout = o.ID
			p.changed(m)
		}
		p.emit("payout.paid", payoutObject(o))
		out = &CardPayout{o.ID, o.Amount, o.Date, len(ready)}
		return true
	})
	return out, err
}

// Payouts lists the payouts that were made, oldest first.
func (p *Processor) Payouts() (all []CardPayout) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := map[string]int{}
	for _, m := range p.moves.order {
		lines[m.Payout]++
	}
	for _, o := range p.payouts.order {
		all = append(all, CardPayout{o.ID, o.Amount, o.Date, lines[o.ID]})
	}
	return all
}
