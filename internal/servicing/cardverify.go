package servicing

import (
	"slices"

	"marque/internal/billing"
	"marque/internal/ledger"
	"marque/internal/store"
)

// cardRows are what stands about a contract's payments by card.
type cardRows struct {
	charges map[string]*store.CardCharge // by payment
	lines   []*store.PayoutLine
}

func readCards(tx *store.Tx, c *store.Contract, payments []*store.Payment) (out cardRows, err error) {
	if !slices.ContainsFunc(payments, func(p *store.Payment) bool { return p.Rail == billing.Card }) {
		return out, nil
	}
	charges, err := tx.ChargesOf(c.ID)
	if err != nil {
		return out, err
	}
	out.charges = map[string]*store.CardCharge{}
	for _, ch := range charges {
		out.charges[ch.PaymentID] = ch
	}
	out.lines, err = tx.PayoutLinesOf(c.ID)
	return out, err
}

// cards sets each payment by card beside what the processor has told of it, and
// adds to want what is in transit, in cash, in fees and in costs: the charge with
// its fee from the moment it stands, less what was paid out of it.
func (a *audit) cards(payments []*store.Payment, rows cardRows, want ledger.Balances) {
	posted := map[string]bool{}
	for _, p := range payments {
		if p.Rail != billing.Card {
			continue
		}
		what := "card payment " + p.ID
		ch := rows.charges[p.ID]
		switch {
		case ch == nil && (p.State == billing.Scheduled || p.State == billing.Cancelled || p.State == billing.Refused) && p.EventSeq == 0: // it never left
		case ch == nil:
			a.find(what, p.State, "nothing was asked of the processor")
		default:
			same(a, what+" as it was asked for", ch.Amount, p.Amount+p.ConvenienceFee)
			same(a, what+" is charged, and posted", p.EventSeq > 0 || p.State == billing.Cancelled || p.State == billing.Refused, ch.Facts.Charged > 0 || p.State == billing.Cancelled || p.State == billing.Refused)
			if at := billing.CardStep(p.State, ch.Facts.State()); at != "" {
				same(a, what+" as the processor told", p.State, at)
			}
		}
		posted[p.ID] = p.EventSeq > 0
		if p.Rail.Posts(p.State) {
			want[ledger.CardTransit] += p.Amount + p.ConvenienceFee
			want[ledger.ConvenienceFees] -= p.ConvenienceFee
		}
	}
	for _, l := range rows.lines {
		if l.Posted != 0 && !posted[l.PaymentID] {
			a.find("payout line "+l.ID, "posted", "its payment is not")
		}
		if l.Posted == 0 {
			continue
		}
		want[ledger.CardTransit] -= l.Amount
		want[ledger.Cash] += l.Net
		want[ledger.CardCosts] += l.Fee
	}
}
