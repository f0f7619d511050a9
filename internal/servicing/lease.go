package servicing

import (
	"context"
	"errors"
	"fmt"

	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// LeaseView is a lease as its customer sees it: the balance behind it, the miles,
// and what each way out of it costs on the business date. A figure that its terms
// do not give is nil, and Missing says in its place what is not known.
type LeaseView struct {
	Card
	Date     money.Date
	Terms    contract.LeaseTerms
	Standing contract.LeaseStanding
	Ends     money.Date
	Rows     []contract.LeaseRow       // the balance by months
	BuyOut   *contract.LeaseSettlement // to buy the vehicle; tax and official fees come on top
	EndEarly *contract.LeaseSettlement // to return it before the end, before what the vehicle brings
	Return   *contract.LeaseSettlement // to return it at the end: at the miles of the last reading then, until then at the pace so far
	Ended    bool
	Mileage  *contract.Mileage
	Method   []string // how the balance is worked out, in words (12 CFR 1013.4(g))
	Missing  []string // fields of the terms that a figure lacks
}

// Lease is the view of a lease. A loan has none of its figures.
func (s *Service) Lease(ctx context.Context, actor identity.Actor, id ContractID) (v LeaseView, err error) {
	err = s.view(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if v.Date, err = today(tx); err != nil {
			return err
		}
		if v.Card, err = s.card(tx, c, v.Date, actor); err != nil {
			return err
		}
		rows, err := tx.Events(c.ID)
		if err != nil {
			return err
		}
		readings, err := contract.Readings(&c.Terms, plain(rows))
		if err != nil {
			return fmt.Errorf("fold contract %s: %w", c.ID, err)
		}
		v.figures(c, readings)
		return nil
	})
	return v, err
}

// figures works out what the terms allow.
func (v *LeaseView) figures(c *store.Contract, readings []contract.Reading) {
	missing := func(err error) bool {
		if e, ok := errors.AsType[*contract.TermsError](err); ok {
			v.Missing = append(v.Missing, e.Field)
		} else if err != nil {
			v.Missing = append(v.Missing, err.Error())
		}
		return err != nil
	}
	var err error
	if v.Terms, v.Standing, err = c.State.Lease(&c.Terms, v.Date); missing(err) {
		return
	}
	l := &v.Terms
	v.Ends = l.End(c.State.Extended)
	if m, err := l.Mileage(readings, c.State.Extended); !missing(err) {
		v.Mileage = &m
	}
	if v.Ended = c.State.Ended; v.Ended {
		return
	}
	if v.Rows, err = l.Schedule(nil); missing(err) {
		return
	}
	if v.Method, err = l.ExplainMethod(); missing(err) {
		return
	}
	if x, err := l.Payoff(v.Standing, contract.LeasePayoff{BuyOut: true}); !missing(err) {
		v.BuyOut = &x
	}
	odometer, end := max(c.State.Odometer.Miles, l.Odometer), v.Standing
	if v.Standing.Month < l.Term {
		if x, err := l.Payoff(v.Standing, contract.LeasePayoff{Odometer: odometer}); !missing(err) {
			v.EndEarly = &x
		}
		// At the end every payment will have been made; the miles are those of the pace so far.
		end = contract.LeaseStanding{On: v.Ends, Month: l.Term, MonthFrom: v.Ends, MonthTo: v.Ends.AddMonths(1, v.Ends.Day()), Fees: end.Fees, Deposit: end.Deposit, Extended: end.Extended}
		if v.Mileage != nil && v.Mileage.Paced {
			odometer = l.Odometer + v.Mileage.Projected
		}
	}
	if x, err := l.Return(end, contract.LeaseReturn{Odometer: odometer}); !missing(err) {
		v.Return = &x
	}
}
