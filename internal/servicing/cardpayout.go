package servicing

import (
	"context"
	"fmt"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
)

// CardPayout is money that the processor has sent to our bank, with what it is
// made of.
type CardPayout struct {
	ID      string
	Arrival money.Date
	Amount  money.Cents
	Lines   []CardPayoutLine
}

// CardPayoutLine is one movement of a payout; Net, the amount less the processor's
// fee, is what it adds. PaymentID and IntentID say whose charge, refund or dispute
// it is.
type CardPayoutLine struct {
	ID, Kind            string // charge, refund, dispute or other
	PaymentID, IntentID string
	Source              string
	Amount, Fee, Net    money.Cents
}

// KnownPayout says whether a payout was kept before.
func (s *Service) KnownPayout(ctx context.Context, actor identity.Actor, id string) (known bool, err error) {
	if err := system(actor); err != nil {
		return false, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Payout(id)
		known = err == nil
		return absent(err)
	})
	return known, err
}

// KeepPayout keeps a payout with its movements, each once. A movement of no
// payment here is an exception item, and so is a payout that is not the sum of its
// movements.
func (s *Service) KeepPayout(ctx context.Context, actor identity.Actor, p CardPayout) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		now := s.clock()
		fresh, err := tx.InsertPayout(store.CardPayout{ID: p.ID, Arrival: p.Arrival, Amount: p.Amount}, now)
		if err != nil || !fresh {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		var sum money.Cents
		for _, l := range p.Lines {
			sum += l.Net
			row := &store.PayoutLine{ID: l.ID, PayoutID: p.ID, Kind: l.Kind, Amount: l.Amount, Fee: l.Amount - l.Net, Net: l.Net}
			ch, err := chargeOf(tx, &store.ProcessorEvent{PaymentID: l.PaymentID, IntentID: l.IntentID})
			if err != nil {
				return err
			}
			if ch != nil {
				row.ContractID, row.PaymentID = ch.ContractID, ch.PaymentID
			} else if row.Posted = now; l.Kind != "other" {
				err := s.exception(tx, day, &store.Exception{Once: "payout_line:" + l.ID, Kind: billing.UnknownCharge, Reference: l.Source, Amount: l.Amount,
					Reason: "the card processor paid out a " + l.Kind + " that is no payment's here"})
				if err != nil {
					return err
				}
			}
			tx.InsertPayoutLine(row)
		}
		if sum != p.Amount {
			err = s.exception(tx, day, &store.Exception{Once: "payout:" + p.ID, Kind: billing.SettlementDifference, Reference: p.ID, Amount: p.Amount - sum,
				Reason: fmt.Sprintf("the card processor's payout of %s is not the sum of what it is made of, %s", p.Amount, sum)})
		}
		tx.Audit(now, actor.String(), "card_payout", "", p.ID)
		return err
	})
}

// PostPayouts moves what was paid out from transit to cash, movement by movement,
// and what the processor kept of it to its costs. It gives how many it posted, and
// the payments whose money came though it is not in their account: a person must
// look, and the movement waits.
func (s *Service) PostPayouts(ctx context.Context, actor identity.Actor) (posted int, waiting []PaymentRef, err error) {
	if err := system(actor); err != nil {
		return 0, nil, err
	}
	for after := ""; ; {
		var page []*store.PayoutLine
		err := s.db.View(ctx, func(tx *store.Tx) error {
			page, err = tx.OpenPayoutLines(after, WorkPage)
			return err
		})
		if err != nil || len(page) == 0 {
			return posted, waiting, err
		}
		for _, l := range page {
			after = l.ID
			done, err := s.postPayoutLine(ctx, actor, l)
			if err != nil {
				return posted, waiting, fmt.Errorf("payout line %s: %w", l.ID, err)
			}
			if done {
				posted++
			} else {
				waiting = append(waiting, PaymentRef{ContractID: l.ContractID, ID: l.PaymentID})
			}
		}
	}
}

func (s *Service) postPayoutLine(ctx context.Context, actor identity.Actor, l *store.PayoutLine) (done bool, err error) {
	err = s.take(ctx, actor, ContractID(l.ContractID), func(tx *store.Tx, c *store.Contract) error {
		p, err := tx.Payment(c.ID, l.PaymentID)
		if err != nil || p.EventSeq == 0 {
			return err
		}
		if done, err = tx.PostPayoutLine(l.ID, s.clock()); err != nil || !done {
			done = true // another process posted it
			return err
		}
		if l.Kind == "charge" && p.SettlesOn.IsZero() {
			p.SettlesOn = l.Arrival
			if err := tx.SavePayment(p, p.State); err != nil {
				return err
			}
		}
		postings := ledger.Nonzero([]ledger.Posting{{Account: ledger.Cash, Amount: l.Net}, {Account: ledger.CardCosts, Amount: l.Fee}, {Account: ledger.CardTransit, Amount: -l.Amount}})
		if len(postings) == 0 {
			return nil
		}
		if err := s.settle(tx, c, p.EventSeq, l.Arrival, postings); err != nil {
			return err
		}
		return s.save(tx, c)
	})
	return done, err
}
