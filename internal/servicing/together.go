package servicing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"marque/internal/billing"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// TogetherRequest asks for payments on several contracts in one go, from one
// bank account and for one day. All of them are made, or none.
type TogetherRequest struct {
	Key    string
	Date   money.Date
	Method MethodID
	Lines  []TogetherLine
}

// TogetherLine is what one contract gets.
type TogetherLine struct {
	Contract ContractID
	Kind     billing.AmountKind
	Amount   money.Cents // as in PaymentRequest
}

// Together is a payment on several contracts: as reviewed, or as made.
type Together struct {
	Group    string // names what was made; empty in a review
	Reviews  []PaymentReview
	Payments []Payment
	Total    money.Cents
}

// request is one line as a payment of its own. Its key follows from the key of
// the whole.
func (r *TogetherRequest) request(l TogetherLine) PaymentRequest {
	return PaymentRequest{Key: r.Key + ":" + string(l.Contract), Contract: l.Contract, Kind: l.Kind, Amount: l.Amount, Date: r.Date, Method: r.Method}
}

// mostTogether bounds how many contracts are paid in one go.
const mostTogether = 20

func (r *TogetherRequest) check() error {
	switch {
	case !goodKey(r.Key) || len(r.Key) > 200:
		return refuse("key_missing", "", "Start again from your accounts.")
	case len(r.Lines) == 0:
		return refuse("amount_missing", "", "Enter an amount for at least one account.")
	case len(r.Lines) > mostTogether:
		return refuse("too_many", "", "Pay at most %d accounts in one go.", mostTogether)
	}
	slices.SortFunc(r.Lines, func(a, b TogetherLine) int { return cmp.Compare(a.Contract, b.Contract) })
	for i := 1; i < len(r.Lines); i++ {
		if r.Lines[i].Contract == r.Lines[i-1].Contract {
			return refuse("twice", "", "An account is in the list twice. Start again from your accounts.")
		}
	}
	return nil
}

// LineRefusal is a refusal of one line.
type LineRefusal struct {
	Contract ContractID
	*Refusal
}

func (e *LineRefusal) Unwrap() error { return e.Refusal }

func ofLine(l TogetherLine, err error) error {
	if no, ok := errors.AsType[*Refusal](err); ok && no.Field == "amount" {
		return &LineRefusal{l.Contract, no}
	}
	return err
}

// ReviewTogether shows what payments on several contracts would do.
func (s *Service) ReviewTogether(ctx context.Context, actor identity.Actor, req TogetherRequest) (t Together, err error) {
	if err := req.check(); err != nil {
		return t, err
	}
	for _, l := range req.Lines {
		r, err := s.ReviewPayment(ctx, actor, req.request(l))
		if err != nil {
			return t, ofLine(l, err)
		}
		if r.Made != nil {
			return s.Together(ctx, actor, r.Made.Group)
		}
		t.Reviews = append(t.Reviews, r)
		t.Total += r.Plan.Amount
	}
	return t, nil
}

// SubmitTogether makes payments on several contracts in one transaction. The same
// key with the same lines gives what it made, however often it comes.
func (s *Service) SubmitTogether(ctx context.Context, actor identity.Actor, req TogetherRequest, src Source) (t Together, err error) {
	who, err := customer(actor)
	if err != nil {
		return t, err
	}
	if err := req.check(); err != nil {
		return t, err
	}
	hash := inputHash(who, req.Date, req.Method, fmt.Sprint(req.Lines))
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		t = Together{}
		group := inputHash("together", who, req.Key)[:32]
		known, err := tx.PaymentsOfGroup(who, group)
		if err != nil {
			return err
		}
		if len(known) > 0 {
			if known[0].InputHash != hash {
				return errKeyReused
			}
			t, err = s.together(tx, who, group, actor)
			return err
		}
		for _, l := range req.Lines { // in the order of their ids, so that two of these never wait for each other
			c, err := tx.TakeContract(string(l.Contract), who)
			if err != nil {
				return err
			}
			one := req.request(l)
			p, m, err := s.submit(tx, c, who, one, actor, src)
			if err != nil {
				return ofLine(l, err)
			}
			p.Key, p.InputHash, p.Group = one.Key, hash, group
			if err := tx.InsertPayment(p); err != nil {
				return err
			}
			t.Payments = append(t.Payments, view(p, m, actor))
			t.Total += p.Amount
			if err := fault.Point("together.after_contract"); err != nil {
				return err
			}
		}
		t.Group = group
		return nil
	})
	if isConflict(err) { // the same request at the same moment made them
		if t, again := s.Together(ctx, actor, inputHash("together", who, req.Key)[:32]); again == nil {
			return t, nil
		}
		return Together{}, errKeyReused
	}
	return t, fault.After(err, "together.after_commit_before_reply")
}

// Together gives the payments that were made in one go, by the name that
// SubmitTogether gave them.
func (s *Service) Together(ctx context.Context, actor identity.Actor, group string) (t Together, err error) {
	who, err := customer(actor)
	if err != nil {
		return t, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		t, err = s.together(tx, who, group, actor)
		return err
	})
	return t, err
}

func (s *Service) together(tx *store.Tx, who, group string, actor identity.Actor) (t Together, err error) {
	rows, err := tx.PaymentsOfGroup(who, group)
	if err != nil {
		return t, err
	}
	if group == "" || len(rows) == 0 {
		return t, ErrNotFound
	}
	t.Group = group
	for _, p := range rows {
		v, err := s.payment(tx, p, actor)
		if err != nil {
			return t, err
		}
		t.Payments = append(t.Payments, v)
		t.Total += v.Amount
	}
	return t, nil
}
