package main

import (
	"context"
	"errors"
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
	"marque/internal/sandbox"
	"marque/internal/servicing"
)

// deskWork is an event that the lender's staff put on a contract.
type deskWork struct {
	*player
	event contract.Event
}

// atTheDesk plans what staff do over the years: odometers are read, and by turns
// an account is deferred, gets another due day, has its rate capped for military
// service, is charged a fee that is taken back, is paid by check, or is given up
// and recovered in part.
func atTheDesk(all []*player) map[money.Date][]deskWork {
	work := map[money.Date][]deskWork{}
	add := func(who *player, on money.Date, e contract.Event) {
		e.Date = on
		work[on] = append(work[on], deskWork{who, e})
	}
	for n, who := range all {
		t, from := &who.contract.Loan.Terms, who.contract.Boards
		if t.Kind == contract.Lease {
			perDay := 26 + n%5*5
			for i := 1; i <= 8; i++ {
				on := from + money.Date(i*91)
				add(who, on, contract.Event{Kind: contract.Odometer, Miles: t.LeaseTerms.Odometer + int(on-t.LeaseTerms.Start)*perDay})
			}
			continue
		}
		if who.customer.Role != sandbox.Everyone {
			continue
		}
		on := from + 150
		switch n % 25 {
		case 2:
			add(who, on, contract.Event{Kind: contract.Deferral, Months: 1})
		case 6:
			add(who, on, contract.Event{Kind: contract.DueDateChange, DueDay: 5 + n%20})
		case 10:
			add(who, on, contract.Event{Kind: contract.Service})
			add(who, on+270, contract.Event{Kind: contract.ServiceEnd})
		case 14:
			add(who, on, contract.Event{Kind: contract.OtherCharge, Amount: 35_00})
			add(who, on+3, contract.Event{Kind: contract.Waiver, Of: contract.OtherFees, Amount: 35_00})
		case 18:
			add(who, on, contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Amount: t.Payment, Extra: contract.Reduce})
		case 22:
			add(who, on+100, contract.Event{Kind: contract.ChargeOff})
			for i := range 3 {
				add(who, on+140+money.Date(30*i), contract.Event{Kind: contract.Payment, Source: contract.FromCheck, Amount: 150_00})
			}
		}
	}
	return work
}

// desk puts a day's events on their contracts. What cannot be done that day, a
// new due date for an account that is past due, is left.
func (p *players) desk(ctx context.Context, w deskWork) error {
	if w.id == "" {
		return nil // not on the books
	}
	_, err := p.d.service.PostEvent(ctx, operator, servicing.EventRequest{
		Key: fmt.Sprintf("desk:%s:%s", w.event.Date, w.event.Kind), Contract: w.id, Event: w.event,
	})
	if _, refused := errors.AsType[*servicing.Refusal](err); refused {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s on account %s: %w", w.event.Kind, w.contract.Loan.AccountNumber, err)
	}
	return nil
}
