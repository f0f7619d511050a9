package billing

import (
	"errors"
	"fmt"

	"marque/internal/contract"
	"marque/internal/money"
)

// LeaseEndPacket is what a customer gets before a lease ends: how it stands, what
// each way out of it costs as things stand, and what to do. It never shows a rate
// (12 CFR 1013.4(s)). A figure that the lease's terms do not give is zero or nil,
// and Missing names its term.
type LeaseEndPacket struct {
	Letter
	Ends           money.Date  `json:"ends"`
	Term           int         `json:"term"`     // months, with Extended
	Extended       int         `json:"extended"` // months
	PaymentsLeft   int         `json:"payments_left"`
	Payment        money.Cents `json:"payment"` // each month, tax included
	Miles          *LeaseMiles `json:"miles,omitempty"`
	DispositionFee money.Cents `json:"disposition_fee"`
	NoPurchase     bool        `json:"no_purchase"`

	// What is still to be paid from the letter's day when the vehicle comes back at
	// the end, and when it is bought then; tax and official fees on a purchase come
	// on top. Below zero it comes back to the customer.
	Return *LeaseWayOut `json:"return,omitempty"`
	Buy    *LeaseWayOut `json:"buy,omitempty"`

	Missing []string `json:"missing,omitempty"`
}

// LeaseMiles is how the miles stand, since the start of the lease.
type LeaseMiles struct {
	Allowed    int         `json:"allowed"` // for the whole lease
	ReadOn     money.Date  `json:"read_on,omitzero"`
	Odometer   int         `json:"odometer"` // at the last reading
	Driven     int         `json:"driven"`   // by then
	ByThen     int         `json:"by_then"`  // allowed by then
	Paced      bool        `json:"paced"`    // a reading after the first day exists, and what follows is known
	PerYear    int         `json:"per_year"` // at the pace so far
	Projected  int         `json:"projected"`
	Excess     int         `json:"excess"`
	ExcessMile money.Cents `json:"excess_mile"` // charge for a mile over
	Charge     money.Cents `json:"charge"`      // for Excess
}

// LeaseWayOut is one way out: items that sum to Total.
type LeaseWayOut struct {
	Items []LeaseItem `json:"items"`
	Total money.Cents `json:"total"`
}

// LeaseItem is one amount, under the rule that made it.
type LeaseItem struct {
	Rule   contract.Rule `json:"rule"`
	What   string        `json:"what"` // in English
	Amount money.Cents   `json:"amount"`
}

// LeaseEndInput is all that a lease-end packet is made from.
type LeaseEndInput struct {
	Letter   Letter
	Terms    *contract.Terms
	State    contract.State
	Readings []contract.Reading
}

// MakeLeaseEnd works out how a lease will end, on the letter's day: every payment
// still to come is made, and the miles go on at the pace so far. A loan, a lease
// that has ended, and one whose end is not known are errors.
func MakeLeaseEnd(in LeaseEndInput) (LeaseEndPacket, error) {
	s := &in.State
	if s.Ended {
		return LeaseEndPacket{}, fmt.Errorf("lease end of %s: it has ended", in.Letter.AccountNumber)
	}
	l, standing, err := s.Lease(in.Terms, in.Letter.Date)
	if err != nil {
		return LeaseEndPacket{}, fmt.Errorf("lease end of %s: %w", in.Letter.AccountNumber, err)
	}
	if l.Start.IsZero() {
		return LeaseEndPacket{}, fmt.Errorf("lease end of %s: its start is not known", in.Letter.AccountNumber)
	}
	out := LeaseEndPacket{
		Letter: in.Letter, Ends: l.End(s.Extended), Term: l.Term + s.Extended, Extended: s.Extended, Payment: l.Monthly(),
		DispositionFee: l.DispositionFee, NoPurchase: l.NoPurchase,
	}
	if !l.SinglePay {
		out.PaymentsLeft = max(0, s.Payments-s.DueThrough(in.Terms, in.Letter.Date))
	}
	odometer, err := out.miles(&l, in.Readings, s.Extended)
	if err != nil {
		return LeaseEndPacket{}, err
	}
	// At the end every month has begun. What is owed and held today stays with it,
	// and the payments still to come are added by themselves.
	end := contract.LeaseStanding{
		On: out.Ends, Month: l.Term, MonthFrom: out.Ends, MonthTo: out.Ends.AddMonths(1, out.Ends.Day()),
		PastDue: standing.PastDue, Fees: standing.Fees, PassThrough: standing.PassThrough, Held: standing.Held, Deposit: standing.Deposit, Extended: s.Extended,
	}
	left := LeaseItem{contract.RulePaymentsToCome, "Payments still to come", s.Asked(s.Payments) - s.Asked(s.Payments-out.PaymentsLeft)}
	back, err := l.Return(end, contract.LeaseReturn{Odometer: odometer})
	if out.Return, err = out.wayOut(left, back, err); err != nil {
		return LeaseEndPacket{}, err
	}
	if !l.NoPurchase {
		bought, err := l.Payoff(end, contract.LeasePayoff{BuyOut: true})
		if out.Buy, err = out.wayOut(left, bought, err); err != nil {
			return LeaseEndPacket{}, err
		}
	}
	return out, nil
}

// missing notes a term that a figure lacks; any other error is one.
func (out *LeaseEndPacket) missing(err error) (bool, error) {
	var lacks *contract.TermsError
	if errors.As(err, &lacks) {
		out.Missing = append(out.Missing, lacks.Field)
		return true, nil
	}
	return err != nil, err
}

// miles reads the odometer, and says what it will show at the end; what it shows
// now where no pace is known.
func (out *LeaseEndPacket) miles(l *contract.LeaseTerms, readings []contract.Reading, extended int) (odometer int, err error) {
	if odometer = l.Odometer; len(readings) > 0 {
		odometer = readings[len(readings)-1].Miles
	}
	if l.MilesPerYear == 0 {
		return odometer, nil
	}
	out.Miles = &LeaseMiles{Allowed: l.Allowance(extended), ExcessMile: l.ExcessMile}
	if len(readings) == 0 {
		return odometer, nil
	}
	m, err := l.Mileage(readings, extended)
	if lacks, err := out.missing(err); lacks {
		return odometer, err
	}
	*out.Miles = LeaseMiles{
		Allowed: m.Allowance, ReadOn: m.On, Odometer: odometer, Driven: m.Driven, ByThen: m.Allowed, Paced: m.Paced,
		PerYear: m.PerYear, Projected: m.Projected, Excess: m.Excess, ExcessMile: l.ExcessMile, Charge: m.Charge,
	}
	if m.Paced {
		odometer = l.Odometer + m.Projected
	}
	return odometer, nil
}

// wayOut is a settlement at the end with the payments until then; nil when the
// terms do not give it.
func (out *LeaseEndPacket) wayOut(left LeaseItem, s contract.LeaseSettlement, err error) (*LeaseWayOut, error) {
	if lacks, err := out.missing(err); lacks {
		return nil, err
	}
	w := &LeaseWayOut{}
	if left.Amount != 0 {
		w.add(left)
	}
	for _, i := range s.Items {
		w.add(LeaseItem{i.Rule, i.What, i.Amount})
	}
	if w.Total != left.Amount+s.Total {
		return nil, fmt.Errorf("lease end of %s: %s and %s are not %s", out.AccountNumber, left.Amount, s.Total, w.Total)
	}
	return w, nil
}

func (w *LeaseWayOut) add(i LeaseItem) {
	w.Items = append(w.Items, i)
	w.Total += i.Amount
}
