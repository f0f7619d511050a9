package servicing

import (
	"context"
	"fmt"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// lateLetter keeps the notice of a late fee that was charged just now. It is one for
// each instalment, as the fee is.
func (s *Service) lateLetter(tx *store.Tx, c *store.Contract, fee contract.Event) error {
	if c.CustomerID == "" {
		return nil
	}
	n, err := s.lateNotice(tx, c, fee)
	if err != nil {
		return err
	}
	_, err = s.freeze(tx, c, paper{kind: billing.DocLateNotice, day: fee.Date, about: strconv.Itoa(c.LastEvent), snapshot: &n})
	return err
}

// returnLetter keeps the notice of a payment that came back, for who made it: it
// names their way of paying. told is what they are told at once; reopened says that
// the account had been paid off.
func (s *Service) returnLetter(tx *store.Tx, c *store.Contract, p *store.Payment, told billing.Notice, about string, on money.Date, reopened bool) error {
	n, err := s.returnNotice(tx, c, p, told, on, reopened && c.Status == "open")
	if err != nil {
		return err
	}
	_, err = s.printed(tx, c, paper{kind: billing.DocReturnNotice, customer: p.CustomerID, day: on, about: about}, func() (any, error) { return &n, nil })
	return err
}

// changeLetter keeps the notice of a change of terms or amounts, where an event has
// made one.
func (s *Service) changeLetter(tx *store.Tx, c *store.Contract, history []contract.Event, e contract.Event, a contract.Allocation, on money.Date) error {
	if c.CustomerID == "" {
		return nil
	}
	n, changed, err := s.changeNotice(tx, c, history, e, a, on)
	if err != nil || !changed {
		return err
	}
	_, err = s.freeze(tx, c, paper{kind: billing.DocChangeNotice, day: on, about: strconv.Itoa(e.Seq), snapshot: &n})
	return err
}

// papersADay is how many papers of a kind one customer is given for an account on
// one day: whoever asks for more has them already, or is no person.
const papersADay = 20

// printNow is a paper that a customer asks for: theirs, as things stand today. The
// same again on a day on which nothing was posted is the one that there is.
func (s *Service) printNow(ctx context.Context, actor identity.Actor, id ContractID, kind billing.DocumentKind, about string, make func(tx *store.Tx, c *store.Contract, who string, day money.Date) (any, error)) (DueDocument, error) {
	return s.print(ctx, actor, id, func(tx *store.Tx, c *store.Contract, who string) (*store.Document, error) {
		day, err := today(tx)
		if err != nil {
			return nil, err
		}
		p := paper{kind: kind, customer: who, day: day, about: fmt.Sprintf("%s%s:%d:%d:%s", about, day, c.LastEvent, c.LastEntry, who)}
		return s.printed(tx, c, p, func() (any, error) {
			all, err := tx.Documents(c.ID, who)
			if err != nil {
				return nil, err
			}
			made := 0
			for _, d := range all {
				if d.Day == day && d.Kind == string(kind) && d.CustomerID == who {
					made++
				}
			}
			if made >= papersADay {
				return nil, refuse("too_many", "", "You have made %d of these today. Use one of them, or come back tomorrow.", made)
			}
			return make(tx, c, who, day)
		})
	})
}

// PrintSchedule is the contract's schedule as it stands: what was paid and what is
// left.
func (s *Service) PrintSchedule(ctx context.Context, actor identity.Actor, id ContractID) (DueDocument, error) {
	return s.printNow(ctx, actor, id, billing.DocSchedule, "", func(tx *store.Tx, c *store.Contract, who string, day money.Date) (any, error) {
		out, err := s.schedulePaper(tx, c, who, day)
		return &out, err
	})
}

// PrintHistory is everything that moved on the account between two dates, both
// included; a zero From is the beginning, a zero Through the business date.
func (s *Service) PrintHistory(ctx context.Context, actor identity.Actor, id ContractID, from, through money.Date) (DueDocument, error) {
	about := fmt.Sprintf("%s:%s:", from, through)
	return s.printNow(ctx, actor, id, billing.DocHistory, about, func(tx *store.Tx, c *store.Contract, who string, day money.Date) (any, error) {
		from, through := max(from, c.Terms.Start), through
		if through.IsZero() || through > day {
			through = day
		}
		if from > through {
			return nil, refuse("range", "from", "The first day is after the last one, or after today.")
		}
		out, err := s.historyPaper(tx, c, who, from, through, day)
		return &out, err
	})
}

// PrintInterest is a year's interest on a loan: of the present year as far as it has
// gone, of an earlier one the summary that was furnished. ErrNotFound for a lease,
// and for a year of which there is none.
func (s *Service) PrintInterest(ctx context.Context, actor identity.Actor, id ContractID, year int) (DueDocument, error) {
	day, err := s.Today(ctx)
	if err != nil {
		return DueDocument{}, err
	}
	if year != day.Year() {
		return s.print(ctx, actor, id, func(tx *store.Tx, c *store.Contract, _ string) (*store.Document, error) {
			return tx.DocumentOnce(c.ID, interestOf(year))
		})
	}
	return s.printNow(ctx, actor, id, billing.DocInterestSummary, strconv.Itoa(year)+":", func(tx *store.Tx, c *store.Contract, who string, day money.Date) (any, error) {
		if c.Kind == contract.Lease || c.Terms.Start.Year() > year {
			return nil, ErrNotFound
		}
		furnished, err := furnishedBefore(tx, c, year)
		if err != nil {
			return nil, err
		}
		out, err := s.interestSummary(tx, c, who, year, furnished, day)
		return &out, err
	})
}

// AdverseRequest tells a customer that something asked for on an account is refused.
type AdverseRequest struct {
	Key      string
	Customer identity.CustomerID // who asked
	Contract ContractID
	Request  billing.AdverseRequest
	AskedOn  money.Date
	Reasons  []billing.AdverseReason
	Report   *billing.CreditReport // that the decision rests on; nil: none was used
}

// RefuseRequest keeps the notice of adverse action for who asked (12 CFR 1002.9). It is a
// duty to the customer and goes out also to one who is otherwise to be left alone.
// The same key with the same request gives the notice that was made.
func (s *Service) RefuseRequest(ctx context.Context, actor identity.Actor, req AdverseRequest) (id DocumentID, err error) {
	if err := duty(actor, identity.DutyRefuse); err != nil {
		return "", err
	}
	if !goodKey(req.Key) {
		return "", refuse("key_missing", "", "Start again from the customer's account.")
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		v, err := s.viewing(tx, actor, req.Customer)
		if err != nil {
			return err
		}
		c, err := tx.TakeContract(string(req.Contract), string(req.Customer))
		if err != nil {
			return err
		}
		day, err := today(tx)
		if err != nil {
			return err
		}
		n := billing.AdverseNotice{Request: req.Request, AskedOn: req.AskedOn, Reasons: req.Reasons, Report: req.Report}
		if n.Letter, err = s.letter(tx, c, string(req.Customer), day); err != nil {
			return err
		}
		if n, err = billing.MakeAdverseNotice(n); err != nil {
			return asRefusal(err)
		}
		about := req.Key + ":" + inputHash(req.Customer, req.Request, req.AskedOn, req.Reasons, req.Report != nil)[:16]
		d, err := s.printed(tx, c, paper{kind: billing.DocAdverseNotice, customer: string(req.Customer), day: day, about: about}, func() (any, error) {
			tx.AuditRow(store.AuditRow{At: s.clock(), Actor: actor.String(), Action: "refused_request", Subject: string(req.Customer), Reason: v.Reason, Detail: string(req.Request)})
			return &n, nil
		})
		if err == nil {
			id = DocumentID(d.ID)
		}
		return err
	})
	return id, err
}
