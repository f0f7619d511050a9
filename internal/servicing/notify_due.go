package servicing

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"marque/internal/billing"
	"marque/internal/contract"
	"marque/internal/fault"
	"marque/internal/identity"
	"marque/internal/money"
	"marque/internal/store"
)

// What a contract's customers are reminded of is planned with each statement, as a
// row with the day on which it is looked at. What is said then follows from the
// account as it is on that day, not as it was planned.

// ReminderRef names what a contract's customers may have to be told.
type ReminderRef struct {
	Contract ContractID
	kind     string
	about    money.Date
}

// The kinds of reminders.
const (
	aboutDue      = "due"
	aboutMaturity = "maturity"
	aboutMileage  = "mileage"
)

// The steps of a due date, and of a lease's end.
const (
	stepSoon  = "soon"
	stepToday = "today"
	stepPast  = "past"

	dueSoonDays = 5 // before the due date
	pastDueDays = 3 // after it

	maturityFirst = 90 // days before the end
	maturityLast  = 30

	payoffNear = 3 // payments left
)

// planReminders plans what follows from a statement.
func (s *Service) planReminders(tx *store.Tx, c *store.Contract, due money.Date, amount money.Cents, closing money.Date) {
	if amount > 0 {
		tx.InsertReminder(store.Reminder{ContractID: c.ID, Kind: aboutDue, About: due, LookOn: max(closing, due-dueSoonDays), Step: stepSoon})
	}
	if c.Kind != contract.Lease || c.Terms.LeaseTerms == nil {
		return
	}
	if end := c.Terms.LeaseTerms.End(c.State.Extended); end-maturityFirst <= closing+31 && end > closing {
		step := maturityFirst
		if closing > end-maturityFirst {
			step = maturityLast
		}
		tx.InsertReminder(store.Reminder{ContractID: c.ID, Kind: aboutMaturity, About: end, LookOn: max(closing, end-money.Date(step)), Step: strconv.Itoa(step)})
	}
	if read := c.State.Odometer.Date; read > 0 {
		tx.InsertReminder(store.Reminder{ContractID: c.ID, Kind: aboutMileage, About: read, LookOn: closing})
	}
}

// TellDue looks at what was planned for a day and tells what holds. Run again it
// tells nothing twice. Nobody is reminded who has paid ahead, whose payment is
// scheduled, who is to be left alone, or whose account is closed.
func (s *Service) TellDue(ctx context.Context, actor identity.Actor, ref ReminderRef, on money.Date) error {
	return s.take(ctx, actor, ref.Contract, func(tx *store.Tx, c *store.Contract) error {
		r, err := tx.Reminder(c.ID, ref.kind, ref.about)
		if err != nil {
			return absent(err)
		}
		if r.LookOn.IsZero() || r.LookOn > on {
			return nil
		}
		next := r
		next.LookOn = 0
		if c.Status == "open" && !held(c) {
			switch r.Kind {
			case aboutDue:
				next, err = s.tellDueDate(tx, c, r, on)
			case aboutMaturity:
				next, err = s.tellMaturity(tx, c, r, on)
			case aboutMileage:
				err = s.tellMileage(tx, c, r)
			}
			if err != nil {
				return fmt.Errorf("remind of %s %s: %w", r.Kind, r.About, err)
			}
		}
		tx.MoveReminder(next)
		return fault.After(s.save(tx, c), "reminder.before_commit")
	})
}

// aboutContract begins a message about a contract.
func aboutContract(kind billing.NoticeKind, c *store.Contract) billing.Notice {
	return billing.Notice{Kind: kind, Lease: c.Kind == contract.Lease, AccountEnds: accountEnds(c.AccountNumber), Vehicle: vehicle(c)}
}

// tellDueDate says what is due on a date, or was, and when it is looked at next.
func (s *Service) tellDueDate(tx *store.Tx, c *store.Contract, r store.Reminder, on money.Date) (next store.Reminder, err error) {
	next = r
	switch {
	case r.Step == stepSoon && on < r.About:
		next.LookOn, next.Step = r.About, stepToday
	case on <= r.About+pastDueDays-1:
		next.LookOn, next.Step = r.About+pastDueDays, stepPast
	default:
		next.LookOn = 0
	}
	d, err := due(c, on)
	if err != nil {
		return next, err
	}
	step := r.Step
	switch { // a day that was not run is no reason to say what no longer holds
	case on > r.About:
		step = stepPast
	case on == r.About:
		step = stepToday
	}
	if step == stepPast {
		return next, s.tellPastDue(tx, c, r, d, on)
	}
	if step == stepSoon {
		if err := s.tellPayoffNear(tx, c, on); err != nil {
			return next, err
		}
	}
	if d.Upcoming != r.About || d.UpcomingAmount <= 0 {
		return next, nil // paid, or the date has moved
	}
	auto, err := s.autopayTakes(tx, c, d)
	if err != nil {
		return next, err
	}
	ahead, err := agreedBy(tx, c, r.About)
	if err != nil || ahead >= d.Amount() {
		return next, err
	}
	once := c.ID + ":" + r.About.String()
	n := aboutContract(billing.NoticeDueSoon, c)
	n.AmountDue, n.DueDate = d.Amount(), r.About
	switch {
	case auto != nil && step == stepSoon:
		// Only who gave the authorisation is told: whose bank it is is theirs.
		n.Date, n.Method = auto.on, auto.method
		return next, s.notify(tx, auto.payer, once+":"+auto.payer, n, 0)
	case auto != nil:
		return next, nil
	case step == stepToday:
		n.Kind = billing.NoticeDueToday
	}
	return next, s.tell(tx, c, "", once, n)
}

// coveredBy is autopay that pays all that is due by its date.
type coveredBy struct {
	on            money.Date
	payer, method string
}

func (s *Service) autopayTakes(tx *store.Tx, c *store.Contract, d contract.Due) (*coveredBy, error) {
	auto, err := s.autopay(tx, c, identity.Actor{})
	if err != nil || auto == nil || auto.NextDate.IsZero() || auto.NextDate > d.Upcoming || auto.NextAmount < d.Amount() {
		return nil, err
	}
	in, err := tx.Autopay(c.ID)
	if err != nil {
		return nil, err
	}
	b, err := tx.Method(in.CustomerID, in.MethodID)
	if err != nil {
		return nil, err
	}
	return &coveredBy{auto.NextDate, in.CustomerID, describe(b)}, nil
}

// agreedBy is the money of payments that were agreed to and will be made by a day.
func agreedBy(tx *store.Tx, c *store.Contract, by money.Date) (sum money.Cents, err error) {
	coming, err := comingTo(tx, c)
	for _, p := range coming {
		if p.Date <= by {
			sum += p.Amount
		}
	}
	return sum, err
}

// tellPastDue says once of a due date that its payment has not come, before a late
// fee is added where that is still to be.
func (s *Service) tellPastDue(tx *store.Tx, c *store.Contract, r store.Reminder, d contract.Due, on money.Date) error {
	if d.PastDue <= 0 || d.NextDate > r.About {
		return nil
	}
	ahead, err := agreedBy(tx, c, on+dueSoonDays)
	if err != nil || ahead >= d.PastDue {
		return err
	}
	n := aboutContract(billing.NoticePastDue, c)
	n.PastDue, n.DueDate = d.PastDue, d.NextDate
	if after := c.LateFeeOn; !after.IsZero() {
		of, fee := billing.LateFee(&c.Terms, c.State, after)
		if of > d.Instalment {
			return nil // its fee was added, and told with what is past due
		}
		if fee > 0 && after > on {
			n.Fee, n.Date = fee, after-1
		}
	}
	return s.tell(tx, c, "", c.ID+":"+r.About.String(), n)
}

// tellPayoffNear says once that a loan has few payments left.
func (s *Service) tellPayoffNear(tx *store.Tx, c *store.Contract, on money.Date) error {
	if c.Kind != contract.Loan {
		return nil
	}
	left, err := c.Terms.Remaining(c.State, on)
	if err != nil || len(left) == 0 || len(left) > payoffNear || c.Terms.Payments <= 2*payoffNear {
		return err
	}
	payoff, err := c.State.Payoff(&c.Terms, on)
	if err != nil {
		return err
	}
	n := aboutContract(billing.NoticePayoffNear, c)
	n.Count, n.Balance, n.Date = len(left), payoff.Total, on
	return s.tell(tx, c, "", c.ID, n)
}

// tellMaturity says that a lease ends, at ninety and at thirty days.
func (s *Service) tellMaturity(tx *store.Tx, c *store.Contract, r store.Reminder, on money.Date) (next store.Reminder, err error) {
	next = r
	if next.LookOn = 0; c.State.Ended || c.Terms.LeaseTerms == nil || c.Terms.LeaseTerms.End(c.State.Extended) != r.About || on >= r.About {
		return next, nil // it was extended, which plans anew, or it is over
	}
	if r.Step == strconv.Itoa(maturityFirst) && on < r.About-maturityLast {
		next.LookOn, next.Step = r.About-maturityLast, strconv.Itoa(maturityLast)
	}
	n := aboutContract(billing.NoticeLeaseMaturity, c)
	n.Date, n.Count = r.About, int(r.About-on)
	return next, s.tell(tx, c, "", c.ID+":"+r.About.String()+":"+r.Step, n)
}

// tellMileage says that a lease's miles are above its pace, once for a reading.
func (s *Service) tellMileage(tx *store.Tx, c *store.Contract, r store.Reminder) error {
	rows, err := tx.Events(c.ID)
	if err != nil {
		return err
	}
	readings, err := contract.Readings(&c.Terms, plain(rows))
	if err != nil {
		return err
	}
	m, err := c.Terms.LeaseTerms.Mileage(readings, c.State.Extended)
	if _, lacking := errors.AsType[*contract.TermsError](err); lacking || err == nil && (!m.Paced || m.Excess <= 0 || c.State.Ended) {
		return nil // the lease does not say how many miles it allows, or they are fewer
	}
	if err != nil {
		return err
	}
	n := aboutContract(billing.NoticeMileagePace, c)
	n.Count, n.Balance, n.Date = m.Excess, m.Charge, r.About
	return s.tell(tx, c, "", c.ID+":"+r.About.String(), n)
}
