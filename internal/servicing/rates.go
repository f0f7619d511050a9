package servicing

import (
	"context"
	"fmt"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// ReturnRates counts the return rates as the network does, of the sixty days up
// to and with a day; the business date when none is given.
func (s *Service) ReturnRates(ctx context.Context, actor identity.Actor, on money.Date) (r billing.ReturnRates, err error) {
	if err := deskOrSystem(actor, identity.DutyExceptions); err != nil {
		return r, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if on.IsZero() {
			if on, err = today(tx); err != nil {
				return err
			}
		}
		r, err = ratesOn(tx, on)
		return err
	})
	return r, err
}

func ratesOn(tx *store.Tx, on money.Date) (billing.ReturnRates, error) {
	from := on - billing.RateDays + 1
	sent, err := tx.SentDebits(from, on)
	if err != nil {
		return billing.ReturnRates{}, err
	}
	back, err := tx.ReturnedDebits(from, on)
	if err != nil {
		return billing.ReturnRates{}, err
	}
	return billing.RatesOn(on, billing.RateDays, sent, back), nil
}

// settingRate begins the name under which it is kept since when a return rate has
// been above half its level, or above the level itself.
const settingRate = "return_rate:"

// WatchRates looks at the return rates at the end of a day and gives what has
// crossed half of a level, or a level, since they were last below: words for the
// day's problems. Each crossing opens one exception item. Run again it says
// nothing more.
func (s *Service) WatchRates(ctx context.Context, actor identity.Actor, on money.Date) (crossed []string, err error) {
	if err := system(actor); err != nil {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		crossed = nil
		r, err := ratesOn(tx, on)
		if err != nil {
			return err
		}
		for _, rate := range r.Rates {
			for _, w := range []struct {
				mark  string
				above bool
				words string
			}{{"half", rate.Alarm(), "half of the network's level"}, {"level", rate.Alarm() && rate.Breach(), "the network's level"}} {
				name := settingRate + w.mark + ":" + string(rate.Level.Class)
				since, err := tx.TakeSetting(name, "")
				if err != nil {
					return err
				}
				switch {
				case w.above && since == "":
					words := fmt.Sprintf("return rate of %s debits: %s, above %s of %s (%d of %d in %d days)",
						rate.Level.Words(), rate.Percent(), w.words, rate.Level.Percent(), rate.Returned, rate.Debits, billing.RateDays)
					tx.SetSetting(name, on.String())
					if err := s.exception(tx, on, &store.Exception{Once: name + ":" + on.String(), Kind: billing.RateAlarm, Reference: rate.Level.Words(), Reason: words}); err != nil {
						return err
					}
					crossed = append(crossed, words)
				case !w.above && since != "":
					tx.SetSetting(name, "")
				}
			}
		}
		return nil
	})
	return crossed, err
}

// FundsFinal says from which day on nobody can send back any payment that stands
// in an account: what is given away for the money, a title above all, waits until
// then. Payments that are not by bank or card are final at once. final is false
// while a payment has not gone out, and nobody can say.
func (s *Service) FundsFinal(ctx context.Context, actor identity.Actor, id ContractID) (on money.Date, final bool, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		on, final, err = fundsFinal(tx, c)
		return err
	})
	return on, final, err
}

func fundsFinal(tx *store.Tx, c *store.Contract) (on money.Date, final bool, err error) {
	payments, err := tx.PaymentsOfContract(c.ID)
	if err != nil {
		return 0, false, err
	}
	entries, err := tx.ACHEntriesOfContract(c.ID)
	if err != nil {
		return 0, false, err
	}
	settled := map[string]money.Date{}
	for _, e := range entries {
		if e.Kind != billing.EntryReversal {
			settled[e.PaymentID] = e.Effective
		}
	}
	on, final = c.Terms.Start, true
	for _, p := range payments {
		if !p.Rail.Posts(p.State) {
			continue
		}
		at := p.Date
		if p.Rail == billing.ACH {
			if at = settled[p.ID]; at.IsZero() {
				return 0, false, nil
			}
		}
		on = max(on, billing.FinalOn(p.Rail, at))
	}
	return on, final, nil
}
