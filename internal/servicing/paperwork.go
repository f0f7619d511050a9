package servicing

import (
	"context"
	"errors"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// The papers that the days bring, and nobody asks for: a year's interest, the
// packet before a lease ends, and the release of a lien once the money for it is
// safe. Each contract keeps the first day on which one may be due; what is made is
// found in the papers that it has.

// summariesOn is the day of January on which the year before is summed: what came
// in December and was posted in the first days of January is in it, and the law has
// them out by the 31st (26 USC 6050AA(d)).
const summariesOn = 5

// leaseEndDays is how long before a lease ends its packet goes out: lenders write
// three months ahead, so that there is time to choose and for an inspection.
const leaseEndDays = 90

// againAfter is when a customer who is to be left alone is looked at again.
const againAfter = 7

// nextPapers is the first day after one on which a contract may have a paper to
// make; zero when it has none any more. release is when its lien is to be released.
func nextPapers(c *store.Contract, after, release money.Date) (next money.Date) {
	sooner := func(d money.Date) {
		if d > after && (next == 0 || d < next) {
			next = d
		}
	}
	if c.Kind == contract.Lease {
		if l, _, err := c.State.Lease(&c.Terms, max(after, c.Terms.Start)); err == nil && !l.Start.IsZero() && c.Status == "open" && !c.State.Ended {
			if on := l.End(c.State.Extended) - leaseEndDays; on > after || l.End(c.State.Extended) > after {
				sooner(max(on, after+1))
			}
		}
		return next
	}
	sooner(release)
	summary := money.NewDate(after.Year(), 1, summariesOn)
	if summary <= after {
		summary = money.NewDate(after.Year()+1, 1, summariesOn)
	}
	if c.Status == "open" || c.State.LastEvent.Year() >= summary.Year()-1 {
		sooner(summary)
	}
	return next
}

// MakePapers makes the papers that have come due on a contract by a day. Run again
// it changes nothing.
func (s *Service) MakePapers(ctx context.Context, actor identity.Actor, id ContractID, on money.Date) error {
	return s.take(ctx, actor, id, func(tx *store.Tx, c *store.Contract) error {
		if c.PapersOn.IsZero() || c.PapersOn > on {
			return nil
		}
		made := c.PapersOn
		c.PapersOn = 0
		if c.CustomerID != "" { // of a portfolio without people nobody is written to
			var err error
			if c.PapersOn, err = s.makePapers(tx, c, made, on); err != nil {
				return err
			}
		}
		return s.save(tx, c)
	})
}

// makePapers makes what is due and says when to look again.
func (s *Service) makePapers(tx *store.Tx, c *store.Contract, since, on money.Date) (next money.Date, err error) {
	if c.Kind == contract.Lease {
		if c.Status != "open" || c.State.Ended || c.State.IsChargedOff {
			return 0, nil
		}
		if held(c) {
			return on + againAfter, nil
		}
		return 0, s.leaseEndPaper(tx, c, on)
	}
	for year := since.Year() - 1; money.NewDate(year+1, 1, summariesOn) <= on; year++ {
		if err := s.yearsInterest(tx, c, year, on); err != nil {
			return 0, err
		}
	}
	release, err := s.releaseLien(tx, c, on)
	return nextPapers(c, on, release), err
}

func (s *Service) leaseEndPaper(tx *store.Tx, c *store.Contract, on money.Date) error {
	packet, err := s.leaseEnd(tx, c, on)
	if err != nil {
		return err
	}
	_, err = s.printed(tx, c, paper{kind: billing.DocLeaseEnd, day: on, about: packet.Ends.String()}, func() (any, error) { return &packet, nil })
	return err
}

// yearsInterest furnishes a year's interest, once: of a loan that was open in the
// year or paid interest in it.
func (s *Service) yearsInterest(tx *store.Tx, c *store.Contract, year int, on money.Date) error {
	if c.Terms.Start.Year() > year {
		return nil
	}
	if _, err := tx.DocumentOnce(c.ID, interestOf(year)); !errors.Is(err, ErrNotFound) {
		return err
	}
	furnished, err := furnishedBefore(tx, c, year)
	if err != nil {
		return err
	}
	summary, err := s.interestSummary(tx, c, "", year, furnished, on)
	if err != nil || (c.Status != "open" && summary.Interest == 0 && c.State.LastEvent.Year() < year) {
		return err
	}
	_, err = s.freeze(tx, c, paper{kind: billing.DocInterestSummary, day: on, about: strconv.Itoa(year), snapshot: &summary})
	return err
}

// interestOf names the summary of a whole year that was furnished.
func interestOf(year int) string {
	return string(billing.DocInterestSummary) + ":" + strconv.Itoa(year)
}

// furnishedBefore is the last summary of a whole year before one that has gone out;
// nil when there is none.
func furnishedBefore(tx *store.Tx, c *store.Contract, year int) (*billing.InterestSummary, error) {
	for year--; year >= c.Terms.Start.Year(); year-- {
		d, err := tx.DocumentOnce(c.ID, interestOf(year))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out := &billing.InterestSummary{}
		return out, snapshot(tx, c.ID, d.ID, out)
	}
	return nil, nil
}

// paidOff tells the borrowers that nothing is owed any more, and keeps the letter
// that proves it. p is the payment that closed the account, nil when none did; once
// names what did.
func (s *Service) paidOff(tx *store.Tx, c *store.Contract, p *store.Payment, once string, on money.Date) error {
	err := s.tell(tx, c, "", once, billing.Notice{Kind: billing.NoticePaidOff, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c), Date: on})
	if err != nil || c.CustomerID == "" {
		return err
	}
	letter, err := s.paidInFull(tx, c, p, on)
	if err != nil {
		return err
	}
	if letter.Title {
		c.PapersOn = nextPapers(c, on-1, max(on, letter.Release.By))
		if err := tx.SaveContract(c); err != nil {
			return err
		}
	}
	_, err = s.freeze(tx, c, paper{kind: billing.DocPaidInFull, day: on, about: strconv.Itoa(c.LastEvent), snapshot: &letter})
	return err
}

// releaseLien makes the cover that goes with the title once the day for it has come
// and the account is still paid; until then it says which day that is. A payment
// that came back has opened the account again: then nothing is released.
func (s *Service) releaseLien(tx *store.Tx, c *store.Contract, on money.Date) (money.Date, error) {
	if c.Status != "paid" {
		return 0, nil
	}
	proof, letter, err := lastPaidInFull(tx, c)
	if err != nil || proof == nil || !letter.Title {
		return 0, err
	}
	final, known, err := fundsFinal(tx, c)
	if err != nil {
		return 0, err
	}
	if by := letter.Release.By; by > on {
		return by, nil
	}
	if letter.Release.Law == "" && (!known || final > on) { // no law hurries, and the money is not safe yet
		return max(final, on+1), nil
	}
	letter.Date = on
	if known {
		letter.FinalOn = final
	}
	letter.Refund = c.State.RefundDue(&c.Terms)
	_, err = s.printed(tx, c, paper{kind: billing.DocLienRelease, day: on, about: proof.Once}, func() (any, error) { return letter, nil })
	return 0, err
}

// lastPaidInFull is the newest proof that an account is paid; nil when there is
// none.
func lastPaidInFull(tx *store.Tx, c *store.Contract) (*store.Document, *billing.PaidInFull, error) {
	rows, err := tx.Documents(c.ID, "")
	if err != nil {
		return nil, nil, err
	}
	for _, d := range rows { // newest first
		if d.Kind == string(billing.DocPaidInFull) {
			letter := &billing.PaidInFull{}
			return d, letter, snapshot(tx, c.ID, d.ID, letter)
		}
	}
	return nil, nil, nil
}
