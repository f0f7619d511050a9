package servicing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// errMoreUses says that something came to draw from a method while it was about
// to be moved.
var errMoreUses = errors.New("something else draws from the method now")

// mostMoveTries bounds how often a move is begun again.
const mostMoveTries = 5

// TakePlace lets a method that is validated take the place of the one that it
// replaces. Run again it changes nothing.
func (s *Service) TakePlace(ctx context.Context, actor identity.Actor, ref MethodRef) error {
	if err := system(actor); err != nil {
		return err
	}
	return s.takePlaces(ctx, ref.CustomerID, ref.ID, actor)
}

func (s *Service) takePlaces(ctx context.Context, who, id string, actor identity.Actor) error {
	var moves []*store.MethodMove
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		moves, err = tx.MethodMoves(who, id)
		return err
	})
	for _, move := range moves {
		if err == nil {
			err = s.move(ctx, move, actor, nil)
		}
	}
	return err
}

// removeInFavour removes a method and lets another take its place, in one step.
func (s *Service) removeInFavour(ctx context.Context, actor identity.Actor, who string, id, to MethodID, src Source) error {
	m := &store.MethodMove{CustomerID: who, MethodID: string(to), From: string(id), IP: src.IP, UserAgent: cut(src.UserAgent, 300), Agreed: s.clock()}
	if id == to {
		return refuse("method_gone", "method", "Choose another way to pay.")
	}
	return s.move(ctx, m, actor, func(tx *store.Tx, from, to *store.Method) error {
		switch {
		case to.Removed != 0 || to.Kind != from.Kind:
			return refuse("method_gone", "method", "Choose another %s of yours.", kindWord(from.Kind))
		case to.Kind == billing.Bank:
			return drawable(to)
		}
		return nil
	})
}

// move does one move with all its contracts held. check refuses it first.
func (s *Service) move(ctx context.Context, m *store.MethodMove, actor identity.Actor, check func(tx *store.Tx, from, to *store.Method) error) (err error) {
	for range mostMoveTries {
		err = s.db.Update(ctx, func(tx *store.Tx) error {
			held, err := s.holdUses(tx, m)
			if err != nil {
				return err
			}
			// In the order of their ids, as everything that takes two does.
			both := map[string]*store.Method{}
			for _, id := range slices.Sorted(slices.Values([]string{m.From, m.MethodID})) {
				if both[id], err = tx.TakeMethod(m.CustomerID, id); err != nil {
					return err
				}
			}
			from, to := both[m.From], both[m.MethodID]
			if check != nil {
				err = check(tx, from, to)
			}
			if err != nil {
				return err
			}
			switch {
			case from.Removed != 0, to.Removed != 0:
				tx.DoneMethodMove(m, s.clock())
				return nil
			case to.Validation != billing.Validated:
				return nil
			}
			return s.moveUses(tx, m, from, to, held, actor)
		})
		if !errors.Is(err, errMoreUses) {
			return err
		}
	}
	return errChanged
}

// holdUses takes the row of every contract that something draws for, in the order
// of their ids.
func (s *Service) holdUses(tx *store.Tx, m *store.MethodMove) (held map[string]*store.Contract, err error) {
	uses, err := tx.MethodUses(m.CustomerID, m.From)
	held = map[string]*store.Contract{}
	for _, u := range uses {
		if held[u.ContractID] == nil && err == nil {
			held[u.ContractID], err = tx.TakeContract(u.ContractID, "")
		}
	}
	return held, err
}

func (s *Service) moveUses(tx *store.Tx, m *store.MethodMove, from, to *store.Method, held map[string]*store.Contract, actor identity.Actor) error {
	uses, err := tx.MethodUses(m.CustomerID, m.From)
	if err != nil {
		return err
	}
	for _, u := range uses {
		c := held[u.ContractID]
		if c == nil {
			return errMoreUses
		}
		if err := s.moveUse(tx, m, u, from, to); err != nil {
			return err
		}
		tx.Audit(s.clock(), actor.String(), "move_method", c.ID, from.ID+" "+to.ID)
	}
	wasDefault := from.IsDefault
	if err := s.leave(tx, from, actor); err != nil {
		return err
	}
	if wasDefault {
		tx.ClearDefaultMethod(m.CustomerID)
		to.IsDefault = true
		tx.SaveMethod(to)
	}
	tx.DoneMethodMove(m, s.clock())
	tx.PassMethodMoves(m.CustomerID, from.ID, to.ID)
	return s.notify(tx, m.CustomerID, to.ID+":"+from.ID, billing.Notice{Kind: billing.NoticeMethodReplaced, Method: describe(to), Masked: describe(from)}, 0)
}

// leave removes a method whose place was taken, unless something that cannot be
// moved still draws from it: a payment that is presented again.
func (s *Service) leave(tx *store.Tx, from *store.Method, actor identity.Actor) error {
	n, err := tx.CountPaymentsUsing(from.CustomerID, from.ID)
	if err != nil || n > 0 {
		return err
	}
	now := s.clock()
	removed, err := tx.RemoveMethod(from.CustomerID, from.ID, now)
	if err == nil && removed {
		tx.Audit(now, actor.String(), "remove_method", "", from.ID)
	}
	return err
}

// moveUse makes one thing draw from the other method. What was agreed to stays as
// it is, and the new agreement repeats it (12 CFR 1005.10(b)).
func (s *Service) moveUse(tx *store.Tx, m *store.MethodMove, u store.MethodUse, from, to *store.Method) error {
	agreement, kind := "", "payment"
	if u.PaymentID == "" {
		in, err := tx.Autopay(u.ContractID)
		if err != nil {
			return err
		}
		agreement, kind = in.AgreementID, "autopay"
	} else {
		p, err := tx.Payment(u.ContractID, u.PaymentID)
		if err != nil {
			return err
		}
		agreement = p.AgreementID
	}
	was, err := tx.Agreement(u.ContractID, agreement)
	if err != nil {
		return err
	}
	text := s.moveAgreement(from, to, money.DateOf(m.Agreed.Time())) + "\n\n" + was.Text
	sum := sha256.Sum256([]byte(text))
	id := store.NewID()
	tx.InsertAgreement(&store.Agreement{ContractID: u.ContractID, ID: id, CustomerID: m.CustomerID, Kind: kind, Text: text, Hash: hex.EncodeToString(sum[:]),
		IP: m.IP, UserAgent: m.UserAgent, Agreed: m.Agreed})
	tx.MoveUse(u, m.CustomerID, m.From, m.MethodID, id)
	return nil
}

// moveAgreement is what a customer agrees to by putting one method in the place
// of another.
func (s *Service) moveAgreement(from, to *store.Method, on money.Date) string {
	with := ""
	if to.Kind == billing.Bank {
		with = fmt.Sprintf(" (routing number %s)", to.Routing)
	}
	return fmt.Sprintf("Changed on %s: I authorize %s to take from my %s%s what I authorized to be taken from my %s. All else stays as I agreed before:",
		on.Long(), s.lender.Name, describe(to), with, describe(from))
}
