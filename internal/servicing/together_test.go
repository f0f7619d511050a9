package servicing_test

import (
	"errors"
	"sync"
	"testing"

	"marque/internal/billing"
	"marque/internal/money"
	"marque/internal/servicing"
)

// twoLoans gives the borrower of the first contract the second as well.
func (o *office) twoLoans() (a, b *account) {
	o.Helper()
	a, b = o.take("L1", loan()), o.take("L2", loan())
	got(o.raw.Exec(`INSERT INTO contract_party (contract_id, customer_id, role, since) VALUES ($1, $2, 'co_borrower', '2026-01-15')`, string(b.id), a.actor.ID))(o)
	return a, b
}

func (o *office) inOneGo(a, b *account, first, second money.Cents) servicing.TogetherRequest {
	return servicing.TogetherRequest{Key: servicing.NewKey(), Date: o.day, Method: a.bank, Lines: []servicing.TogetherLine{
		{Contract: b.id, Kind: billing.AmountOther, Amount: second}, {Contract: a.id, Kind: billing.AmountOther, Amount: first}}}
}

func TestSeveralContractsArePaidInOneGo(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, b := o.twoLoans()
		req := o.inOneGo(a, b, 100_00, 250_00)
		review := got(o.ReviewTogether(ctx, a.actor, req))(t)
		if len(review.Reviews) != 2 || review.Total != 350_00 || review.Group != "" {
			t.Fatalf("%+v", review)
		}
		made := got(o.SubmitTogether(ctx, a.actor, req, src))(t)
		if len(made.Payments) != 2 || made.Total != 350_00 || made.Group == "" || made.Payments[0].State != billing.Authorised {
			t.Fatalf("%+v", made)
		}
		again := got(o.SubmitTogether(ctx, a.actor, req, src))(t)
		if again.Group != made.Group || again.Payments[0].ID != made.Payments[0].ID {
			t.Errorf("another payment: %+v", again)
		}
		if seen := got(o.ReviewTogether(ctx, a.actor, req))(t); seen.Group != made.Group {
			t.Errorf("the review does not say that it is made: %+v", seen)
		}
		other := req
		other.Lines = []servicing.TogetherLine{{Contract: a.id, Kind: billing.AmountOther, Amount: 100_00}}
		if _, err := o.SubmitTogether(ctx, a.actor, other, src); outcome(err) != "refused key_reused" {
			t.Errorf("the key with other accounts: %v", err)
		}
		if _, err := o.Together(ctx, b.actor, made.Group); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("the co-borrower sees what the other paid elsewhere: %v", err)
		}
		o.closeDay()
		o.expect(2, "entries in the file", `SELECT COUNT(*) FROM ach_entry`)
		o.verify()
	})
}

func TestOfSeveralContractsAllArePaidOrNone(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, b := o.twoLoans()
		_, err := o.SubmitTogether(ctx, a.actor, o.inOneGo(a, b, 100_00, 99_999_00), src)
		if line, ok := errors.AsType[*servicing.LineRefusal](err); !ok || line.Contract != b.id || line.Code != "amount_high" {
			t.Errorf("%v", err)
		}
		stranger := o.take("L3", loan())
		foreign := o.inOneGo(a, stranger, 100_00, 100_00)
		if _, err := o.SubmitTogether(ctx, a.actor, foreign, src); !errors.Is(err, servicing.ErrNotFound) {
			t.Errorf("another's contract: %v", err)
		}
		o.expect(0, "payments", `SELECT COUNT(*) FROM payment`)
	})
}

func TestTheSameSeveralPaymentsAtOnceAreMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o *office) {
		a, b := o.twoLoans()
		req := o.inOneGo(a, b, 100_00, 250_00)
		var wg sync.WaitGroup
		groups := make([]string, 20)
		for i := range groups {
			wg.Go(func() {
				mine := req
				mine.Lines = append([]servicing.TogetherLine(nil), req.Lines...)
				made, err := o.SubmitTogether(ctx, a.actor, mine, src)
				if err != nil {
					t.Error(err)
				}
				groups[i] = made.Group
			})
		}
		wg.Wait()
		for _, g := range groups {
			if g != groups[0] {
				t.Errorf("group %q beside %q", g, groups[0])
			}
		}
		o.expect(2, "payments", `SELECT COUNT(*) FROM payment`)
		o.verify()
	})
}
