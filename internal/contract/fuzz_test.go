package contract_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"marque/internal/contract"
	"marque/internal/money"
)

// Amounts to $100 million, 600 payments, rates to 1,000 %, days to 50 years.

// bytesOf deals out numbers from random bytes; when they are used up, zeros.
type bytesOf struct{ b []byte }

func (r *bytesOf) upTo(n int) int {
	var word [8]byte
	used := copy(word[:], r.b[:min(4, len(r.b))])
	r.b = r.b[used:]
	return int(binary.LittleEndian.Uint64(word[:]) % uint64(n+1))
}

func (r *bytesOf) one() int {
	if len(r.b) == 0 {
		return 0
	}
	n := int(r.b[0])
	r.b = r.b[1:]
	return n
}

func pick[T any](r *bytesOf, of ...T) T { return of[r.one()%len(of)] }

const hundredMillion = 100_000_000_00

func (r *bytesOf) amount() money.Cents {
	return money.Cents(r.upTo(pick(r, 0, 100, 1_000_00, 50_000_00, 1<<32-1)) * pick(r, 1, 2) % (hundredMillion + 1))
}

func (r *bytesOf) terms() contract.Terms {
	t := contract.Terms{
		Kind: pick(r, contract.Loan, contract.Loan, contract.Lease), Principal: max(1, r.amount()), Rate: money.Rate(r.upTo(pick(r, 0, 300_000, 10_000_000))) * 1_000_000,
		DayCount:       pick(r, money.Actual365, money.ActualActual, money.Actual360, money.Thirty360, money.Actual366),
		Rounding:       pick(r, money.HalfUp, money.HalfEven, money.Truncate, money.Up),
		FactorDecimals: r.one() % 13, CarryFraction: r.one()%2 == 1,
		Start: date("2020-01-01") + money.Date(r.upTo(3660)), DueDay: r.one() % 32, PerYear: pick(r, 0, 12, 24, 26, 52, 1, 2, 4, 12),
		Payments: 1 + r.upTo(599), Payment: max(1, r.amount()), Balloon: r.amount(), Tax: r.amount(),
		Application: pick(r, contract.DefaultApplication, []contract.Bucket{contract.Principal, contract.Interest}, []contract.Bucket{contract.LateFees, contract.OtherFees, contract.Interest, contract.Principal}),
		Extra:       pick(r, "", contract.Prepay, contract.Reduce, contract.PayFees), GraceDays: r.one(), CloseTolerance: r.amount() % 120_00,
		LateFee: contract.LateFee{Flat: r.amount()}, ReturnedFee: r.amount(), Brought: contract.Brought{LateFees: r.amount(), LateThrough: r.one()},
	}
	t.FirstDue = t.Start + money.Date(r.upTo(800))
	for n := r.one() % 4; n > 0; n-- {
		t.Steps = append(t.Steps, contract.Step{From: r.upTo(t.Payments), Payment: r.amount()})
	}
	for n := r.one() % 6; n > 0; n-- {
		t.SkipMonths = append(t.SkipMonths, r.one()%13)
	}
	if t.Kind == contract.Lease {
		t.Rate = 0
	} else {
		t.Tax = 0
	}
	return t
}

var allKinds = []contract.EventKind{
	contract.Payment, contract.Payment, contract.Payment, contract.Payment, contract.Reversal, contract.LateCharge, contract.ReturnedFee, contract.OtherCharge,
	contract.Waiver, contract.Refund, contract.RateChange, contract.Service, contract.ServiceEnd, contract.DueDateChange, contract.Deferral, contract.ReAge,
	contract.Modification, contract.Acceleration, contract.TotalLoss, contract.Repossession, contract.Sale, contract.ChargeOff, contract.HoldBegins,
	contract.HoldEnds, contract.PayoffQuote, contract.LeaseExtension, contract.LeaseEnd, "nonsense",
}

func (r *bytesOf) event(t *contract.Terms, seq int) contract.Event {
	e := contract.Event{
		Seq: seq, Kind: pick(r, allKinds...), Date: t.Start + money.Date(r.upTo(pick(r, 100, 3000, 50*366))) - money.Date(pick(r, 0, 0, 0, 0, 0, 0, 0, 3)),
		Amount: r.amount(), Instalment: pick(r, 0, 0, 1, r.upTo(700)), Reverses: r.one() % max(1, seq),
		Source: pick(r, "", contract.FromCard, contract.FromInsurer, "pigeon"), Extra: pick(r, "", contract.Prepay, contract.Reduce, contract.PayFees),
		PrincipalOnly: r.one()%4 == 0, Of: pick(r, contract.LateFees, contract.OtherFees, contract.Interest, ""), Payment: r.amount(),
		Payments: pick(r, 0, r.upTo(700)), DueDay: r.one() % 33, Months: r.one() % 27, Hold: pick(r, contract.Bankruptcy, contract.CeaseContact, ""),
	}
	if r.one()%2 == 0 {
		rate := money.Rate(r.upTo(10_000_000)) * 1_000_000
		e.Rate = &rate
	}
	if r.one()%2 == 0 {
		e.FirstDue = e.Date + money.Date(r.upTo(400))
	}
	e.GoodThrough = e.Date + money.Date(r.one()%70)
	return e
}

// FuzzFold folds anything: it may be refused with a reason, and nothing else.
// What is accepted keeps within its bounds and answers every question.
func FuzzFold(f *testing.F) {
	for n := range 40 {
		seed := make([]byte, 2000)
		x := uint32(n + 1)
		for i := range seed {
			x = x*1664525 + 1013904223
			seed[i] = byte(x >> 24)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &bytesOf{b}
		terms := r.terms()
		if err := terms.Validate(); err != nil {
			if !errors.Is(err, contract.ErrTerms) {
				t.Fatalf("terms refused without a reason: %v", err)
			}
			// A step or month out of place spoils most terms: without them.
			terms.Steps, terms.SkipMonths, terms.Balloon, terms.CloseTolerance = nil, nil, 0, 0
			if terms.PerYear > 12 {
				terms.DueDay = 0
			}
			if terms.Tax >= terms.Payment {
				terms.Tax = terms.Payment - 1
			}
			if terms.Validate() != nil {
				return
			}
		}
		var events []contract.Event
		for len(r.b) > 0 && len(events) < 60 {
			events = append(events, r.event(&terms, len(events)+1))
		}
		checkFold(t, &terms, events)
	})
}

func checkFold(t *testing.T, terms *contract.Terms, events []contract.Event) {
	t.Helper()
	// One by one, so that an event that makes no sense does not hide the others.
	var kept []contract.Event
	for _, e := range events {
		_, _, err := contract.Replay(terms, append(kept, e))
		if err == nil {
			kept = append(kept, e)
			continue
		}
		var bad *contract.EventError
		if !errors.As(err, &bad) || bad.Field == "" || bad.Reason == "" {
			t.Fatalf("%+v after %+v in %+v: %v", e, kept, terms, err)
		}
	}
	if len(kept) == 0 {
		return
	}
	s, split, err := contract.Replay(terms, kept)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range split {
		if e := &kept[i]; e.Kind == contract.Payment && a != (contract.Allocation{}) && a.Total() != e.Amount {
			t.Fatalf("%+v went to %+v", e, a)
		}
	}
	bounded(t, terms, &s)
	for _, gap := range []money.Date{0, 1, 40, 4000} {
		on := max(s.LastEvent, s.Through) + gap
		d, err := s.Due(terms, on)
		if err != nil || min(d.PastDue, d.UpcomingAmount, d.Fees) < 0 || d.DaysPastDue < 0 {
			t.Fatalf("due %+v, %v", d, err)
		}
		p, err := s.Payoff(terms, on)
		if err != nil || p.Total < 0 {
			t.Fatalf("payoff %+v, %v", p, err)
		}
		if _, err := terms.Remaining(s, on); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range kept[:min(3, len(kept))] {
		if _, err := contract.Explain(terms, kept, e.Seq); err != nil {
			t.Fatal(err)
		}
		after, _, _, err := s.Preview(terms, contract.Event{Seq: 1000, Kind: e.Kind, Date: s.LastEvent, Amount: e.Amount})
		if err == nil {
			bounded(t, terms, &after)
		}
	}
	if _, err := contract.Accruals(terms, kept, terms.Start, s.LastEvent+10); err != nil {
		t.Fatal(err)
	}
}

// bounded says that no balance is negative or larger than all that was lent, let
// or charged, which a silent overflow would be.
func bounded(t *testing.T, terms *contract.Terms, s *contract.State) {
	t.Helper()
	const most = money.Cents(1) << 52
	for name, c := range map[string]money.Cents{
		"principal": s.Principal, "late fees": s.LateFees, "other fees": s.OtherFees, "held": s.Unapplied, "credited": s.Credited, "interest paid": s.InterestPaid,
		"tax paid": s.TaxPaid, "fees ahead": s.FeesAhead, "charged off": s.ChargedOff, "charged interest": s.ChargedInterest,
		"owed": s.Owed(terms), "interest": s.Accrued.Round(terms.Rounding),
	} {
		if c < 0 || c > most {
			t.Fatalf("%s is %d in %+v", name, c, s)
		}
	}
	if s.Payments < 0 || s.Payments > 1<<20 || s.Paid() < 0 || s.Paid() > max(0, s.Payments) {
		t.Fatalf("%d of %d instalments paid", s.Paid(), s.Payments)
	}
	for i, p := range s.Plan {
		if p.Payment <= 0 || p.From < 1 || (i > 0 && (p.From <= s.Plan[i-1].From || p.Before < s.Plan[i-1].Before)) {
			t.Fatalf("plan %+v", s.Plan)
		}
	}
}
