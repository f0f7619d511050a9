package sandbox

import (
	"strings"

	"marque/internal/money"
)

// What things look like in answers and events. The caller holds the lock.

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (p *Processor) pageObject(s *payPage, a cardAsk) object {
	paid := "unpaid"
	if i := p.intents.byID[s.Intent]; i != nil && i.Status == "succeeded" {
		paid = "paid"
	}
	if s.Mode == "setup" {
		paid = "no_payment_required"
	}
	o := object{
		"id": s.ID, "object": "checkout.session", "mode": s.Mode, "client_reference_id": orNil(s.Reference), "metadata": s.Metadata, "livemode": false,
		"status": s.Status, "payment_status": paid, "customer": orNil(s.Customer), "created": s.Created, "expires_at": s.Expires, "url": nil,
		"success_url": s.Success, "cancel_url": orNil(s.Cancel), "payment_method_types": []string{"card"}, "payment_intent": orNil(s.Intent), "setup_intent": orNil(s.Setup),
	}
	if s.Mode == "payment" {
		o["amount_total"], o["amount_subtotal"], o["currency"] = int64(s.Amount+p.lie), int64(s.Amount+p.lie), "usd"
	}
	if s.Status == "open" {
		o["url"] = p.base + "/pay/" + s.ID
	}
	if i := p.intents.byID[s.Intent]; i != nil && a.expands("payment_intent") {
		o["payment_intent"] = p.intentObject(i, a.expands("payment_intent.latest_charge"), a.expands("payment_intent.payment_method"))
	}
	if s.Setup != "" && a.expands("setup_intent") {
		si := object{"id": s.Setup, "object": "setup_intent", "status": "succeeded", "metadata": s.OfIntent, "customer": orNil(s.Customer), "payment_method": s.Method}
		if m := p.methods.byID[s.Method]; m != nil && a.expands("setup_intent.payment_method") {
			si["payment_method"] = cardObject(m)
		}
		o["setup_intent"] = si
	}
	return o
}

func (p *Processor) intentObject(i *intent, withCharge, withMethod bool) object {
	o := object{
		"id": i.ID, "object": "payment_intent", "amount": int64(i.Amount), "amount_received": 0, "currency": "usd", "status": i.Status, "metadata": i.Metadata, "livemode": false,
		"customer": orNil(i.Customer), "description": i.What, "created": i.Created, "latest_charge": orNil(i.Charge), "payment_method": orNil(i.Method),
		"payment_method_types": []string{"card"}, "last_payment_error": nil,
	}
	if i.Status == "succeeded" {
		o["amount_received"] = int64(i.Amount + p.lie)
	}
	if i.Decline != "" && i.Status != "succeeded" {
		o["last_payment_error"] = declined(i.Decline, i.Charge).object()["error"]
	}
	if c := p.charges.byID[i.Charge]; c != nil && withCharge {
		o["latest_charge"] = p.chargeObject(c)
	}
	if m := p.methods.byID[i.Method]; m != nil && withMethod {
		o["payment_method"] = cardObject(m)
	}
	return o
}

func (p *Processor) chargeObject(c *charge) object {
	o := object{
		"id": c.ID, "object": "charge", "amount": int64(c.Amount), "amount_captured": int64(c.Amount + p.lie), "amount_refunded": int64(c.Refunded), "captured": true, "paid": true, "currency": "usd",
		"status": "succeeded", "refunded": c.Refunded == c.Amount, "disputed": c.Dispute != "", "metadata": c.Metadata, "livemode": false, "customer": orNil(c.Customer),
		"payment_intent": c.Intent, "payment_method": orNil(c.Method), "balance_transaction": orNil(c.Move), "created": c.Created,
		"payment_method_details": object{"type": "card", "card": faceObject(c.Card)},
	}
	if c.Decline != "" {
		o["status"], o["captured"], o["paid"], o["amount_captured"] = "failed", false, false, 0
		o["failure_code"], o["outcome"] = "card_declined", object{"reason": c.Decline, "network_status": "declined_by_network"}
	}
	return o
}

func faceObject(f cardFace) object {
	return object{"brand": f.Brand, "last4": f.Last4, "funding": f.Funding, "exp_month": f.ExpMonth, "exp_year": f.ExpYear, "fingerprint": f.Fingerprint, "country": "US"}
}

func cardObject(m *savedCard) object {
	o := object{"id": m.ID, "object": "payment_method", "type": "card", "customer": orNil(m.Customer), "created": m.Created, "livemode": false, "card": faceObject(m.Card)}
	if m.Gone {
		o["customer"] = nil
	}
	return o
}

func refundObject(r *cardRefund) object {
	return object{"id": r.ID, "object": "refund", "amount": int64(r.Amount), "currency": "usd", "status": r.Status, "charge": r.Charge, "payment_intent": r.Intent, "created": r.Created, "metadata": object{}}
}

func disputeObject(d *dispute) object {
	return object{"id": d.ID, "object": "dispute", "amount": int64(d.Amount), "currency": "usd", "status": d.Status, "reason": d.Reason, "charge": d.Charge, "payment_intent": d.Intent, "created": d.Created, "metadata": object{}}
}

func payoutObject(o *payout) object {
	return object{"id": o.ID, "object": "payout", "amount": int64(o.Amount), "currency": "usd", "status": "paid", "automatic": true, "arrival_date": unix(o.Date), "created": o.Created, "method": "standard", "type": "bank_account"}
}

func (p *Processor) movementObject(m *movement, whole bool) object {
	o := object{"id": m.ID, "object": "balance_transaction", "type": m.Type, "amount": int64(m.Amount), "fee": int64(m.Fee), "net": int64(m.net()), "currency": "usd", "created": m.Created, "available_on": unix(m.Available), "source": m.Source, "status": "available"}
	if !whole {
		return o
	}
	switch prefix, _, _ := strings.Cut(m.Source, "_"); prefix {
	case "ch":
		o["source"] = p.chargeObject(p.charges.byID[m.Source])
	case "re":
		o["source"] = refundObject(p.refunds.byID[m.Source])
	case "dp":
		o["source"] = disputeObject(p.disputes.byID[m.Source])
	}
	return o
}

// declined is how the interface tells a decline.
func declined(code, chargeID string) *no {
	n := &no{status: 402, kind: "card_error", code: "card_declined", decline: code, message: "Your card was declined.", chargeID: chargeID}
	switch code {
	case "expired_card", "incorrect_cvc", "authentication_required":
		n.code = code
	}
	return n
}

// fee of a charge: 2.9 % to the nearest cent and thirty cents.
func fee(amount money.Cents) money.Cents { return (amount*29+500)/1000 + 30 }

// disputeFee is kept whoever wins.
const disputeFee money.Cents = 1500
