package servicing

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/ledger"
	"marque/internal/money"
	"marque/internal/store"
	"marque/internal/tape"
)

// BoardResult counts what an import did.
type BoardResult struct {
	Contracts, Customers int
	Skipped              map[string]int // sound records that are not to be boarded, by reason
	Principal            money.Cents
}

// errDry undoes a dry run.
var errDry = errors.New("dry run")

// flushEvery bounds how many writes wait in memory during an import.
const flushEvery = 200

// Board takes a portfolio onto the books: all of it or nothing. Each contract is
// boarded with its opening entry. A dry run does everything and keeps nothing.
// Errors of single records are collected and returned joined, each a *tape.Error;
// with any of them nothing is kept. Memory does not grow with the number of
// contracts.
func (s *Service) Board(ctx context.Context, actor identity.Actor, contracts iter.Seq2[tape.Boarding, error], dry bool) (BoardResult, error) {
	if err := system(actor); err != nil {
		return BoardResult{}, err
	}
	res := BoardResult{Skipped: map[string]int{}}
	var bad tape.Errors
	// Once: the records are a stream and cannot be read a second time.
	err := s.db.UpdateOnce(ctx, func(tx *store.Tx) error {
		day, err := today(tx)
		if err != nil && !errors.Is(err, ErrNoBusinessDate) {
			return err
		}
		waiting := 0
		for b, err := range contracts {
			if skip, ok := errors.AsType[*tape.Skip](err); ok {
				res.Skipped[skip.Reason]++
				continue
			}
			if err == nil {
				err = s.board(tx, day, &b, &res)
			}
			if err != nil {
				if _, located := errors.AsType[*tape.Error](err); !located {
					return err
				}
				bad.Add(err)
			}
			if waiting++; waiting >= flushEvery {
				waiting = 0
				if err := tx.Flush(); err != nil {
					return err
				}
			}
		}
		if err := bad.Err(); err != nil {
			return err
		}
		tx.Audit(s.clock(), actor.String(), "board", "", fmt.Sprintf("%d contracts, %s principal", res.Contracts, res.Principal))
		if err := tx.Flush(); err != nil {
			return err
		}
		if dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return res, err
}

// board takes one contract onto the books on the open day, if there is one. A
// number that is taken, in the file or on the books, is a located error.
func (s *Service) board(tx *store.Tx, day money.Date, b *tape.Boarding, res *BoardResult) error {
	owner, err := s.boardCustomer(tx, b, "customer_id", b.CustomerID, b.Person, res)
	if err != nil {
		return err
	}
	second, err := s.boardCustomer(tx, b, "co_borrower_number", b.CoBorrowerID, b.CoBorrower, res)
	if err != nil {
		return err
	}
	if second != "" && (second == owner || owner == "") {
		return b.Error("co_borrower_number", "must name another person than the customer")
	}
	t := b.Terms
	// What fell due before the contract came to these books is past, and has had
	// its late fees or will have none.
	t.Brought = contract.Brought{LateFees: b.FeesOutstanding, LateThrough: t.DueThrough(max(b.AsOf, day-1))}
	if err := t.Validate(); err != nil {
		if te, ok := errors.AsType[*contract.TermsError](err); ok {
			return b.Error(te.Field, te.Reason)
		}
		return err
	}
	if len(t.Application) != len(contract.DefaultApplication) {
		return b.Error("application", "must name interest, principal, late_fee and other_fee, so that every fee can be paid")
	}
	if !feesLast(t.Application) {
		return b.Error("application", "interest and principal must come before fees: taking fees first makes later payments late (16 CFR 444.4)")
	}
	now := s.clock()
	c := &store.Contract{
		ID: store.NewID(), AccountNumber: b.AccountNumber, CustomerID: owner, Kind: t.Kind,
		VehicleYear: b.Vehicle.Year, VehicleMake: b.Vehicle.Make, VehicleModel: b.Vehicle.Model, VIN: b.Vehicle.VIN,
		OriginalDate: b.OriginalDate, OriginalAmount: b.OriginalAmount, OriginalTerm: b.OriginalTerm, OriginalRate: b.OriginalRate,
		Terms: t, State: t.Open(), LastEntry: 1, Status: "open", BoardedOn: b.AsOf, BoardedAt: now,
	}
	c.StatementOn = billing.NextClosing(&t, &c.State, b.AsOf, s.rules.StatementDays)
	c.PapersOn = nextPapers(c, b.AsOf, 0)
	refresh(c, s.rules)
	if added, err := tx.InsertContract(c); err != nil {
		return err
	} else if !added {
		return b.Error("account_number", "stands twice in the file or is on the books already")
	}
	if second != "" {
		tx.AddParty(c.ID, store.Party{CustomerID: second, Role: store.CoBorrower, Since: b.AsOf})
	}
	opening := ledger.Entry{ID: 1, Kind: ledger.Boarding, Effective: t.Start, Posted: now, Postings: billing.Opening(&t)}
	if err := tx.InsertEntry(c.ID, &opening); err != nil {
		return err
	}
	res.Contracts++
	res.Principal += t.Principal
	return nil
}

// feesLast says whether no fee is taken before interest and principal.
func feesLast(order []contract.Bucket) bool {
	last, first := 0, len(order)
	for i, b := range order {
		if b == contract.Interest || b == contract.Principal {
			last = i
		} else {
			first = min(first, i)
		}
	}
	return last < first
}

// boardCustomer finds or adds a person behind a contract; SEC files name none.
// field is where the person's number stands. Without one the person is known by
// the account number, a co-borrower with "#2" behind it.
func (s *Service) boardCustomer(tx *store.Tx, b *tape.Boarding, field, number string, p *tape.Person, res *BoardResult) (string, error) {
	if p == nil {
		return "", nil
	}
	if number == "" {
		if number = b.AccountNumber; p == b.CoBorrower {
			number += "#2"
		}
	}
	c := &store.Customer{
		Number: number, FirstName: p.FirstName, LastName: p.LastName, Email: normalEmail(p.Email), Phone: p.Phone,
		Street: p.Street, City: p.City, State: p.State, ZIP: p.ZIP, SSN: p.SSN, BirthDate: p.BirthDate.String(), Created: s.clock(),
	}
	known, err := tx.CustomerByNumber(number)
	if err == nil {
		c.ID, c.Created, c.Language = known.ID, known.Created, known.Language
		if err := keepContact(tx, c, known); err != nil {
			return "", err
		}
		if *c != *known {
			return "", b.Error(field, "is on the books, or earlier in the file, with other personal data")
		}
		return known.ID, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	c.ID = store.NewID()
	res.Customers++
	if err := tx.InsertCustomer(c); err != nil {
		return "", err
	}
	return c.ID, tx.Flush() // its contract refers to it
}

// keepContact leaves what a customer has changed here as it is: a file that knows
// the address before is behind, not wrong.
func keepContact(tx *store.Tx, c, known *store.Customer) error {
	for kind, keep := range map[string]func(){
		"email":   func() { c.Email = known.Email },
		"phone":   func() { c.Phone = known.Phone },
		"address": func() { c.Street, c.City, c.State, c.ZIP = known.Street, known.City, known.State, known.ZIP },
	} {
		switch _, err := tx.ContactChanged(known.ID, kind); {
		case err == nil:
			keep()
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	return nil
}
